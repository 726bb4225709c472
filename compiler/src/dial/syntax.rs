//! What cannot be read in a `.dial` file, as diagnostics.
