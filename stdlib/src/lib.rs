//! Strowger stdlib.
