//! Family `patterns`: P.

use super::{Code, analysis, check, load, plan};
use crate::diagnostic::Level::{Allow, Error, Note, Warn};

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
    analysis(
        "P708",
        P,
        Note,
        "a number that goes to the wider pattern",
        "Patterns are compared place by place from the left; at the first place that differs the one with fewer possible characters wins, whatever follows. The whole number does not count.",
        plan!("[a]\nexten => _1XXXX,1,NoOp()\nexten => _X1111,1,NoOp()\n"),
        plan!("[a]\nexten => _1XXXX,1,NoOp()\nexten => _21111,1,NoOp()\n"),
    ),
    analysis(
        "P709",
        P,
        Warn,
        "an emergency number that is changed",
        "A pattern that takes a prefix off, or puts one before, also takes short numbers that match it. Help is then called at a number that does not exist. Write `emergency = [\"112\"]` under `[check]` in strowger.toml to say which numbers count.",
        plan!("[a]\nexten => _9.,1,Dial(SIP/${EXTEN:1}@trunk.example.com,60)\n"),
        plan!(
            "[a]\nexten => _9.,1,Dial(SIP/${EXTEN:1}@trunk.example.com,60)\nexten => 911,1,Dial(SIP/${EXTEN}@trunk.example.com,60)\nexten => 999,1,Dial(SIP/${EXTEN}@trunk.example.com,60)\n"
        ),
    ),
    analysis(
        "P710",
        P,
        Allow,
        "a pattern with a shorter form",
        "`X` is `[0-9]`, `Z` is `[1-9]` and `N` is `[2-9]`. The shorter form reads better and means the same.",
        plan!("[a]\nexten => _[2-9]XX,1,NoOp()\n"),
        plan!("[a]\nexten => _NXX,1,NoOp()\n"),
    ),
    analysis(
        "P711",
        P,
        Note,
        "a dial tone for numbers that do not exist",
        "`ignorepat` keeps the dial tone while the digits match. No extension here begins with them.",
        plan!("[a]\nignorepat => 9\nexten => _8X.,1,NoOp()\n"),
        plan!("[a]\nignorepat => 9\nexten => _9X.,1,NoOp()\n"),
    ),
];
