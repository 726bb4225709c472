//! Family `references`: R.

use super::{Code, load, plan};
use crate::diagnostic::Level::Warn;

const R: &str = "references";

pub(super) static CODES: &[Code] = &[load(
    "R209",
    R,
    Warn,
    "a context is included twice",
    "The second of two equal include lines is ignored, with a warning.",
    plan!("[a]\ninclude => b\ninclude => b\n[b]\nexten => 1,1,NoOp()\n"),
    plan!("[a]\ninclude => b\n[b]\nexten => 1,1,NoOp()\n"),
)];
