//! Family `arguments`: A.

use super::{Code, load, plan};
use crate::diagnostic::Level::Error;

const A: &str = "arguments";

pub(super) static CODES: &[Code] = &[load(
    "A403",
    A,
    Error,
    "arguments without parentheses",
    "Arguments stand in parentheses. Without them the whole text is the name of an application, none is called so, and the call is hung up. Asterisk up to 1.4 read `Wait,2`.",
    plan!("[a]\nexten => 1,1,Wait,2\n"),
    plan!("[a]\nexten => 1,1,Wait(2)\n"),
)];
