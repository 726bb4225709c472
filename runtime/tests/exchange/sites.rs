//! Two exchanges that call each other.
