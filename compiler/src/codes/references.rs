//! Family `references`: R.

use super::{Code, analysis, check, load, plan};
use crate::diagnostic::Level::{Error, Note, Warn};

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
    analysis(
        "R204",
        R,
        Warn,
        "a subroutine that never returns",
        "What Gosub calls goes back by Return only. A subroutine that ends without it hangs the call up, and what follows the Gosub never runs.",
        plan!(
            "[a]\nexten => 1,1,Gosub(sub,s,1)\nsame => n,Dial(SIP/1)\n[sub]\nexten => s,1,NoOp()\n"
        ),
        plan!(
            "[a]\nexten => 1,1,Gosub(sub,s,1)\nsame => n,Dial(SIP/1)\n[sub]\nexten => s,1,Return()\n"
        ),
    ),
    analysis(
        "R205",
        R,
        Error,
        "Return outside of a subroutine",
        "Return goes back to where Gosub was. Where a call has come by dialling there is no such place, and Asterisk hangs it up.",
        plan!("[a]\nexten => 1,1,NoOp()\nsame => n,Return()\n"),
        plan!("[a]\nexten => 1,1,Gosub(2,1)\nexten => 2,1,Return()\n"),
    ),
    analysis(
        "R214",
        R,
        Warn,
        "a jump by status with a missing case",
        "`Goto(s-${DIALSTATUS},1)` needs an extension for each value that the status can have: CHANUNAVAIL, CONGESTION, NOANSWER and BUSY come up sooner or later. A pattern `_s-.` takes what has no extension of its own.",
        plan!(
            "[a]\nexten => 1,1,Dial(SIP/1,20)\nsame => n,Goto(s-${DIALSTATUS},1)\nexten => s-BUSY,1,Busy()\nexten => s-NOANSWER,1,Hangup()\n"
        ),
        plan!(
            "[a]\nexten => 1,1,Dial(SIP/1,20)\nsame => n,Goto(s-${DIALSTATUS},1)\nexten => s-BUSY,1,Busy()\nexten => _s-.,1,Hangup()\n"
        ),
    ),
    analysis(
        "R215",
        R,
        Note,
        "a jump by number",
        "Lines that are numbered `n` have numbers that nobody sees. A line that is added or taken away moves them, and the jump goes somewhere else without a word. A label stays with its line.",
        plan!(
            "[a]\nexten => 1,1,Answer()\nsame => n,Playback(hi)\nsame => n,GotoIf($[${X} = 1]?2)\n"
        ),
        plan!(
            "[a]\nexten => 1,1,Answer()\nsame => n(hi),Playback(hi)\nsame => n,GotoIf($[${X} = 1]?hi)\n"
        ),
    ),
    analysis(
        "R216",
        R,
        Warn,
        "a step at n+101",
        "Before Asterisk 1.6 an application that failed went to its own priority plus 101. Now it goes on to the next one and says in a variable how it went: `DIALSTATUS`, `VMSTATUS` and the like.",
        plan!("[a]\nexten => 1,1,Dial(SIP/1,20)\nexten => 1,2,Hangup()\nexten => 1,102,Busy()\n"),
        plan!(
            "[a]\nexten => 1,1,Dial(SIP/1,20)\nexten => 1,2,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?102)\nexten => 1,3,Hangup()\nexten => 1,102,Busy()\n"
        ),
    ),
    analysis(
        "R210",
        R,
        Note,
        "a context that nothing leads to",
        "No device names the context, no include and no jump leads to it. Either it is left over, or something outside of these files sends calls there: name it under `[check]` in strowger.toml.",
        &[
            (
                "extensions.conf",
                "[in]\nexten => 100,1,Dial(SIP/100)\n[old]\nexten => 100,1,Dial(SIP/100)\n",
            ),
            (
                "sip.conf",
                "[general]\ncontext=in\n[100]\ntype=friend\nhost=dynamic\nsecret=Xk29sLq8vW\ncontext=in\n",
            ),
        ],
        &[
            (
                "extensions.conf",
                "[in]\nexten => 100,1,Dial(SIP/100)\ninclude => old\n[old]\nexten => 101,1,Dial(SIP/100)\n",
            ),
            (
                "sip.conf",
                "[general]\ncontext=in\n[100]\ntype=friend\nhost=dynamic\nsecret=Xk29sLq8vW\ncontext=in\n",
            ),
        ],
    ),
    check(
        "R212",
        R,
        Error,
        "the parts of a jump in the wrong order",
        "A target is `context,extension,priority`. Two parts are extension and priority, one part is a priority. As it is written nothing is found; in another order it is.",
        plan!("[a]\nexten => 1,1,Goto(incoming,s)\n[incoming]\nexten => s,1,NoOp()\n"),
        plan!("[a]\nexten => 1,1,Goto(incoming,s,1)\n[incoming]\nexten => s,1,NoOp()\n"),
    ),
    analysis(
        "R217",
        R,
        Warn,
        "names that are nearly the same",
        "Names of contexts and labels are compared letter by letter, capitals included. Two that differ in capitals only, or a context that nothing leads to beside one with nearly its name, are mostly meant to be one.",
        plan!(
            "[a]\nexten => 1,1,Goto(Fax-In,s,1)\n[Fax-In]\nexten => s,1,NoOp()\n[fax-in]\nexten => s,1,NoOp()\n"
        ),
        plan!("[a]\nexten => 1,1,Goto(fax-in,s,1)\n[fax-in]\nexten => s,1,NoOp()\n"),
    ),
];
