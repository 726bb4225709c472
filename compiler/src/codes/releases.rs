//! Family `migration`, as far as it depends on the release that a plan is read as.

use super::{Code, check, load, plan};
use crate::diagnostic::Level::{Error, Warn};

pub(super) static CODES: &[Code] = &[
    check(
        "M902",
        "migration",
        Error,
        "Macro, which is gone",
        "Asterisk 21 removed Macro, MacroIf, MacroExclusive and MacroExit: a call that comes there is hung up; the option `M` of Dial went too, and the seventh argument of Queue became a subroutine. Two remedies: call the context as a subroutine, `Gosub(macro-x,s,1(a,b))`, and end every way through it with `Return()`, also where it ran off its end, and with `StackPop()` where it jumps out for good; `${MACRO_EXTEN}` becomes an argument. Or have the plan read as the last Asterisk that had macros: `asterisk_version = 20` under [dialplan] in strowger.toml.",
        plan!("[a]\nexten => 1,1,Macro(stdexten,SIP/1)\n"),
        plan!("[a]\nexten => 1,1,Gosub(stdexten,s,1(SIP/1))\n[stdexten]\nexten => s,1,Return()\n"),
    ),
    check(
        "M911",
        "migration",
        Error,
        "Set with `|`",
        "In Asterisk 1.4 `Set(a=1|b=2)` set two variables. Since 1.6 the `|` and all behind it are part of the first value.",
        plan!("[a]\nexten => 1,1,Set(TRIES=1|WAIT=20)\n"),
        plan!("[a]\nexten => 1,1,MSet(TRIES=1,WAIT=20)\n"),
    ),
    load(
        "M912",
        "migration",
        Warn,
        "an option of another release",
        "The release that the plan is read as does not read this option of [general]: it came later, or is gone. `priorityjumping` is gone since 1.6; where the plan relies on jumps to n+101, have it read as 1.4, or test the status variable behind the application.",
        plan!("[general]\npriorityjumping=yes\n[a]\nexten => 1,1,NoOp()\n"),
        plan!("[general]\nautofallthrough=yes\n[a]\nexten => 1,1,NoOp()\n"),
    ),
    check(
        "M913",
        "migration",
        Error,
        "a form that came later",
        "The release that the plan is read as does not know this way of writing. Before 1.6 ExecIf took condition, application and arguments, separated by `|`; with `?` it finds no application, and the call is hung up.",
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,ExecIf($[1 = 1]?NoOp(x))\n",
            ),
            ("strowger.toml", "[dialplan]\nasterisk_version = 1.4\n"),
        ],
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,ExecIf($[1 = 1]|NoOp|x)\n",
            ),
            ("strowger.toml", "[dialplan]\nasterisk_version = 1.4\n"),
        ],
    ),
];
