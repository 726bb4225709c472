//! Family `flow`: F.

use super::{Code, check, load, plan};
use crate::diagnostic::Level::{Error, Note, Warn};

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
    check(
        "F330",
        F,
        Warn,
        "`n` counts on from another extension",
        "`n` is one more than the line before it, whatever extension that line belongs to. A new extension that begins with `n` mostly has no priority 1, and then nobody can call it.",
        plan!("[a]\nexten => s,1,NoOp()\nsame => n,NoOp()\nexten => t,n,Hangup()\n"),
        plan!("[a]\nexten => s,1,NoOp()\nsame => n,NoOp()\nexten => t,1,Hangup()\n"),
    ),
    check(
        "F301",
        F,
        Warn,
        "no priority 1",
        "A call to an extension begins at priority 1. Without it the extension can only be entered by a jump.",
        plan!("[a]\nexten => 60,2,NoOp()\n"),
        plan!("[a]\nexten => 60,1,NoOp()\nexten => 61,50(sub),NoOp()\n"),
    ),
    check(
        "F304",
        F,
        Warn,
        "a gap between priorities",
        "A call goes from priority to priority. Where the next number is missing it ends, unless a less special pattern has it.",
        plan!("[a]\nexten => 60,1,NoOp()\nexten => 60,2,NoOp()\nexten => 60,4,NoOp()\n"),
        plan!("[a]\nexten => 60,1,NoOp()\nexten => 60,2,NoOp()\nexten => 60,3,NoOp()\n"),
    ),
    check(
        "F305",
        F,
        Warn,
        "a step that is never reached",
        "Goto, Hangup, Return, Busy and Congestion never go on to the next step. What follows them needs a label that something jumps to.",
        plan!("[a]\nexten => 60,1,Hangup()\nsame => n,NoOp()\n"),
        plan!(
            "[a]\nexten => 60,1,GotoIf($[1 = 2]?60,there)\nsame => n,Hangup()\nsame => n(there),NoOp()\n"
        ),
    ),
    check(
        "F317",
        F,
        Warn,
        "sound in `h`",
        "`h` runs after the call is hung up. Nobody hears a prompt there, and no digit comes.",
        plan!("[a]\nexten => h,1,Playback(bye)\n"),
        plan!("[a]\nexten => h,1,NoOp(bye)\n"),
    ),
    check(
        "F319",
        F,
        Note,
        "Hangup in `h`",
        "`h` runs after the call is hung up; Hangup has no effect there, except with a cause.",
        plan!("[a]\nexten => h,1,Hangup()\n"),
        plan!("[a]\nexten => h,1,NoOp()\n"),
    ),
    check(
        "V522",
        "variables",
        Error,
        "EXTEN is no number here",
        "In `s`, `i`, `t`, `h`, `e` and `T` the variable EXTEN holds that letter. Dialling it dials a letter.",
        plan!("[a]\nexten => s,1,Dial(SIP/trunk.example.com/${EXTEN})\n"),
        plan!("[a]\nexten => _X.,1,Dial(SIP/trunk.example.com/${EXTEN})\n"),
    ),
    check(
        "F331",
        F,
        Note,
        "a Hangup that is never reached",
        "The step before never goes on, so this Hangup does nothing. It does no harm either.",
        plan!("[a]\nexten => 60,1,Goto(61,1)\nsame => n,Hangup()\nexten => 61,1,NoOp()\n"),
        plan!("[a]\nexten => 60,1,NoOp()\nsame => n,Hangup()\n"),
    ),
];
