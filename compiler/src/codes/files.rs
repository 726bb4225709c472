//! Family `files`: C, what files say about each other.

use super::Code;

pub(super) static CODES: &[Code] = &[];
