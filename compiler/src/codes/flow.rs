//! Family `flow`: F.

use super::{Code, load, plan};
use crate::diagnostic::Level::{Error, Warn};

const F: &str = "flow";

pub(super) static CODES: &[Code] = &[
    load(
        "F302",
        F,
        Error,
        "a priority is written twice",
        "The first one stays, the second is dropped with a warning. Names that differ only in dashes, and patterns that mean the same sets (`_[1-9]X` and `_ZX`), are one extension.",
        plan!("[a]\nexten => 1,1,NoOp(a)\nexten => 1,1,NoOp(b)\n"),
        plan!("[a]\nexten => 1,1,NoOp(a)\nexten => 1,n,NoOp(b)\n"),
    ),
    load(
        "F303",
        F,
        Warn,
        "a label is used twice",
        "In one extension a label means one step. The second is dropped with a warning; its step stays.",
        plan!("[a]\nexten => 1,1(here),NoOp(a)\nsame => n(here),NoOp(b)\n"),
        plan!("[a]\nexten => 1,1(here),NoOp(a)\nsame => n(there),NoOp(b)\n"),
    ),
    load(
        "F330",
        F,
        Warn,
        "`n` counts on from another extension",
        "`n` is one more than the line before it, whatever extension that line belongs to. A new extension that begins with `n` mostly has no priority 1, and then nobody can call it.",
        plan!("[a]\nexten => s,1,NoOp()\nsame => n,NoOp()\nexten => t,n,Hangup()\n"),
        plan!("[a]\nexten => s,1,NoOp()\nsame => n,NoOp()\nexten => t,1,Hangup()\n"),
    ),
];
