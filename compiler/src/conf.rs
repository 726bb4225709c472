//! Reading Asterisk configuration text.

mod comment;
pub mod line;
