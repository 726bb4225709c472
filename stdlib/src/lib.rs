//! The language of the dialplan as data and pure functions: values, the readers
//! of `${...}`, `$[...]`, argument lists and time conditions, the functions that
//! need nothing from outside, and the table of all applications and functions.
//!
//! Nothing here does I/O, reads a clock or draws a random number.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod aes;
pub mod args;
mod causes;
mod charset;
pub mod clock;
pub mod dialect;
pub mod digits;
pub mod expr;
pub mod hash;
mod json;
mod list;
mod logic;
mod number;
pub mod pipes;
pub mod pure;
pub mod real;
mod realmath;
pub mod regex;
pub mod scan;
pub mod signatures;
mod sprintf;
pub mod status;
pub mod table;
pub mod template;
mod text;
pub mod time;
pub mod timespec;
pub mod timetext;
pub mod uri;
pub mod value;
pub mod words;

pub use dialect::Dialect;
pub use list::Fields;
pub use value::Value;
