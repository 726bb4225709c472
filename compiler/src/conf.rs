//! Reading Asterisk configuration text.

mod comment;
pub mod exten;
pub mod line;
mod reader;
