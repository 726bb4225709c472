//! `.dial`: from what a file says to the dialplan graph.

use strowger_dial::tree::At;

use crate::source::{FileId, Span};

pub mod syntax;
mod check;
mod hours;
mod numbers;
mod typed;
mod types;

/// The place of a piece of a `.dial` file among all files.
pub fn span(file: FileId, at: At) -> Span {
    Span {
        file,
        start: at.start,
        end: at.end,
    }
}
