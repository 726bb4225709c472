//! The Strowger compiler: from the text of a dialplan to a verified module, with everything that is wrong told as data.
//!
//! No I/O here: a [`Sources`] holds the files. [`conf::line`] reads the text of any Asterisk configuration file.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod ast;
pub mod audit;
pub mod beside;

mod build;
mod call;
pub mod codes;
mod compile;
pub mod conf;
mod constant;
pub mod coverage;
pub mod diagnostic;
pub mod dial;
pub mod dialled;
mod draft;
pub mod edit_distance;
pub mod editor;
pub mod emit;
mod fields;
mod flow;
pub mod fmt;
pub mod generated;
pub mod graph;
pub mod hir;
pub mod jump;
pub mod levels;
mod lint;
pub mod listing;
mod lower;
pub mod migrate;
pub mod modernise;
pub mod mutation;
pub mod pattern;
pub mod peers;
mod quicken;
pub mod repair;
pub mod resolve;
mod roles;
pub mod show;
pub mod source;
mod taint;
mod values;
mod ways;

pub use compile::{
    Compiled, Crew, InForce, Options, Part, Reading, Surroundings, alone, analyse, check, compile,
    load,
};
pub use diagnostic::{Diagnostic, Edit, Fix, Label, Level};
pub use hir::Hir;
pub use lint::gather;
pub use lint::suppress::allow;
pub use lower::lower;
pub use roles::strangers;
pub use source::{FileId, SourceFile, Sources, Span, Text};
