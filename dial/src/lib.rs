//! The text of `.dial`, the typed dialplan language: what a file says, before anybody asks whether it makes sense.
//!
//! A crate of its own: the parser that is generated from the grammar is large and rarely changes.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod braces;
pub mod error;
mod lines;
mod literal;
mod made;
mod mistake;
mod nesting;
mod parse;
pub mod print;
pub mod token;
pub mod tree;
pub mod write;

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    unused
)]
mod grammar {
    include!(concat!(env!("OUT_DIR"), "/grammar.rs"));
}

pub use error::{Error, ErrorKind};
pub use parse::{Parsed, parse, parse_bytes};

/// Most bytes of a file.
pub const FILE_BYTES: usize = 4 << 20;

/// Most mistakes that are told of one file.
pub const ERRORS: usize = 100;

/// How deep parentheses, braces and the operators around them may be nested.
pub const NESTING: u32 = 100;
