//! Strowger runtime.
