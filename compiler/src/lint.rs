//! What is wrong with a plan, one file per family of codes.

pub(crate) mod reading;
