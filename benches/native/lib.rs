//! Nothing: the bench is what counts.
