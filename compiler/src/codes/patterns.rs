//! Family `patterns`: P.

use super::{Code, check, load, plan};
use crate::diagnostic::Level::{Error, Note, Warn};

const P: &str = "patterns";

pub(super) static CODES: &[Code] = &[
    load(
        "P701",
        P,
        Warn,
        "a pattern that matches everything",
        "`_.` and `_!` match the extensions which Asterisk itself calls: `h` at hang-up, `i` for a wrong number, `t` at a time-out, `s`, `fax`. A pattern that begins with `X` matches only what was dialled.",
        plan!("[a]\nexten => _.,1,NoOp()\n"),
        plan!("[a]\nexten => _X.,1,NoOp()\n"),
    ),
    check(
        "P702",
        P,
        Error,
        "a pattern without its underscore",
        "Only a name that begins with `_` is a pattern. Without it the name matches just its own text, and nobody dials that.",
        plan!("[a]\nexten => 9XXX,1,NoOp()\n"),
        plan!("[a]\nexten => _9XXX,1,NoOp()\n"),
    ),
    check(
        "P703",
        P,
        Note,
        "a pattern without anything that varies",
        "The underscore has no effect on what is matched. A pattern is tried after every plain name.",
        plan!("[a]\nexten => _911,1,NoOp()\n"),
        plan!("[a]\nexten => 911,1,NoOp()\n"),
    ),
    check(
        "P704",
        P,
        Warn,
        "characters behind `.` or `!`",
        "`.` and `!` stand for the whole rest of the number. What follows them in a pattern is never looked at.",
        plan!("[a]\nexten => _1.2,1,NoOp()\n"),
        plan!("[a]\nexten => _12.,1,NoOp()\n"),
    ),
    load(
        "P705",
        P,
        Error,
        "a character set that cannot match",
        "A set `[...]` must be closed, and a range in it must rise: `[1-5]`. An unclosed `[` in a name takes the rest of the line into the name.",
        plan!("[a]\nexten => _[12X,1,NoOp()\n"),
        plan!("[a]\nexten => _[12]X,1,NoOp()\n"),
    ),
    check(
        "P706",
        P,
        Warn,
        "commas in a set",
        "Every character between the brackets is a member, the comma too. `[123]` and `[1-3]` are sets of three.",
        plan!("[a]\nexten => _[1,2]X,1,NoOp()\n"),
        plan!("[a]\nexten => _[12]X,1,NoOp()\n"),
    ),
    check(
        "P707",
        P,
        Warn,
        "letters that are read as digits",
        "In a pattern x, z and n stand for digits, in small letters too. For the letter itself write a set: `[n]`.",
        plan!("[a]\nexten => _stdexten.,1,NoOp()\n"),
        plan!("[a]\nexten => _stde[x]te[n].,1,NoOp()\n"),
    ),
    check(
        "F324",
        "flow",
        Error,
        "a pattern that is never chosen",
        "Patterns are compared place by place from the left; the one with fewer characters at the first place that differs is tried first, wherever it stands in the file. Here another takes every number.",
        plan!("[a]\nexten => _X!,1,NoOp()\nexten => _X,1,NoOp()\n"),
        plan!("[a]\nexten => _X.,1,NoOp()\nexten => _1XX,1,NoOp()\n"),
    ),
];
