//! Family `references`: R.

use super::{Code, check, load, plan};
use crate::diagnostic::Level::{Error, Warn};

const R: &str = "references";

pub(super) static CODES: &[Code] = &[
    check(
        "R201",
        R,
        Error,
        "a jump to a context that does not exist",
        "Names of contexts are compared letter by letter, capitals included. A Goto there ends the call; a Gosub hangs it up.",
        plan!("[default]\nexten => 1,1,Goto(defualt,1,1)\n"),
        plan!("[default]\nexten => 1,1,Goto(default,1,1)\n"),
    ),
    check(
        "R202",
        R,
        Error,
        "a jump to an extension that does not exist",
        "No name and no pattern of the context or of its includes matches. A Goto goes on at `i` if the context has one, else the call ends; a Gosub hangs it up.",
        plan!("[a]\nexten => 1,1,Goto(a,2,1)\n"),
        plan!("[a]\nexten => 1,1,Goto(a,2,1)\nexten => _X,1,NoOp()\n"),
    ),
    check(
        "R203",
        R,
        Error,
        "a jump to a label or priority that does not exist",
        "A jump to an unknown label hangs the call up at once. A jump to a number that the extension lacks ends it like the end of the extension. Blanks around a label belong to it.",
        plan!("[a]\nexten => 1,1,GotoIf($[1 = 1]?noanswer)\nsame => n(no-answer),NoOp()\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[1 = 1]?no-answer)\nsame => n(no-answer),NoOp()\n"),
    ),
    check(
        "R206",
        R,
        Error,
        "a macro that does not exist",
        "`Macro(x)` enters the extension `s` of the context `macro-x`. Without them nothing runs, and the call goes on at the next priority.",
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,Macro(stdextn,SIP/1)\n[macro-stdexten]\nexten => s,1,NoOp(${ARG1})\n",
            ),
            ("strowger.toml", "[dialplan]\nasterisk_version = 20\n"),
        ],
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,Macro(stdexten,SIP/1)\n[macro-stdexten]\nexten => s,1,NoOp(${ARG1})\n",
            ),
            ("strowger.toml", "[dialplan]\nasterisk_version = 20\n"),
        ],
    ),
    load(
        "R207",
        R,
        Warn,
        "an include of a context that does not exist",
        "Asterisk warns and keeps the include; it adds nothing until some module makes the context.",
        plan!("[a]\ninclude => emergncy\n[emergency]\nexten => 112,1,NoOp()\n"),
        plan!("[a]\ninclude => emergency\n[emergency]\nexten => 112,1,NoOp()\n"),
    ),
    check(
        "R208",
        R,
        Warn,
        "contexts that include each other in a circle",
        "A search enters a context once, so a circle does no harm; but one of its includes adds nothing, and mostly another context was meant.",
        plan!("[a]\ninclude => b\n[b]\ninclude => a\nexten => 1,1,NoOp()\n"),
        plan!("[a]\ninclude => b\n[b]\nexten => 1,1,NoOp()\n"),
    ),
    load(
        "R209",
        R,
        Warn,
        "a context is included twice",
        "The second of two equal include lines is ignored, with a warning.",
        plan!("[a]\ninclude => b\ninclude => b\n[b]\nexten => 1,1,NoOp()\n"),
        plan!("[a]\ninclude => b\n[b]\nexten => 1,1,NoOp()\n"),
    ),
    check(
        "R213",
        R,
        Warn,
        "a jump to a pattern by its text",
        "A jump to `_1XX` reaches the pattern, but the extension is then called `_1XX`: `${EXTEN}` is that text and no number.",
        plan!("[a]\nexten => 1,1,Goto(a,_1XX,1)\nexten => _1XX,1,NoOp()\n"),
        plan!("[a]\nexten => 1,1,Goto(a,100,1)\nexten => _1XX,1,NoOp()\n"),
    ),
];
