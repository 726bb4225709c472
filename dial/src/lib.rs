//! The text of `.dial`, the typed dialplan language: what a file says, before anybody asks whether it makes sense.
//!
//! A crate of its own: the parser that is generated from the grammar is large and rarely changes.

pub mod tree;
