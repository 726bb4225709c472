//! Strowger compiler.
