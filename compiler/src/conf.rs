//! Reading Asterisk configuration text.

pub(crate) mod comment;
pub mod exten;
pub mod line;
pub(crate) mod pipes;
mod reader;
