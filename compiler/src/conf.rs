//! Reading Asterisk configuration text.

mod comment;
pub mod exten;
pub mod line;
pub(crate) mod pipes;
mod reader;
