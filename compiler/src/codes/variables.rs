//! Families `variables` (V) and what belongs to functions of `migration` (M).

use super::{Code, analysis, check, plan};
use crate::diagnostic::Level::{Error, Note, Warn};

const V: &str = "variables";

pub(super) static CODES: &[Code] = &[
    check(
        "S117",
        "reading",
        Error,
        "almost a variable",
        "A variable is written `${NAME}`. `$(NAME)`, `$+{NAME}` and `{$NAME}` are plain text, and so is `$NAME` in an expression.",
        plan!("[a]\nexten => _X.,1,NoOp($(EXTEN))\n"),
        plan!("[a]\nexten => _X.,1,NoOp(${EXTEN})\n"),
    ),
    check(
        "V503",
        V,
        Error,
        "a variable that is no longer built in",
        "Since Asterisk 1.6 the caller's number, the language and the like are read by functions. The old variables are empty.",
        plan!("[a]\nexten => _X.,1,NoOp(${CALLERIDNUM})\n"),
        plan!("[a]\nexten => _X.,1,NoOp(${CALLERID(num)})\n"),
    ),
    check(
        "V506",
        V,
        Error,
        "a slice without a number",
        "`${NAME:offset:length}` cuts by numbers. If the offset is none, the slice is ignored and the whole value is used.",
        plan!("[a]\nexten => _X.,1,NoOp(${EXTEN:a})\n"),
        plan!("[a]\nexten => _X.,1,NoOp(${EXTEN:1})\n"),
    ),
    check(
        "V511",
        V,
        Error,
        "an unknown function",
        "No function is called so. It gives empty text and an error in the log; the call goes on.",
        plan!("[a]\nexten => _X.,1,NoOp(${CALLERIDD(num)})\n"),
        plan!("[a]\nexten => _X.,1,NoOp(${CALLERID(num)})\n"),
    ),
    check(
        "V512",
        V,
        Error,
        "a function in small letters",
        "Names of functions are written in capitals, other than those of applications.",
        plan!("[a]\nexten => _X.,1,NoOp(${callerid(num)})\n"),
        plan!("[a]\nexten => _X.,1,NoOp(${CALLERID(num)})\n"),
    ),
    check(
        "V516",
        V,
        Error,
        "a function used the wrong way",
        "Some functions can only be read, some only be set. The other use leaves an error in the log and nothing else.",
        plan!("[a]\nexten => _X.,1,Set(LEN(x)=1)\n"),
        plan!("[a]\nexten => _X.,1,Set(x=${LEN(abc)})\n"),
    ),
    check(
        "V525",
        V,
        Error,
        "text behind a function",
        "Between the `)` of a function and the `}` only a slice may stand. Other text is ignored.",
        plan!("[a]\nexten => _X.,1,NoOp(${LEN(abc)=3})\n"),
        plan!("[a]\nexten => _X.,1,NoOp(${LEN(abc):0:1})\n"),
    ),
    check(
        "V526",
        V,
        Warn,
        "quotes that become a part of the value",
        "Set takes everything behind the `=` as it stands, quotes too. A comparison with the text without quotes is then never true, and `\"\"` is not empty.",
        plan!("[a]\nexten => _X.,1,Set(X=\"\")\n"),
        plan!("[a]\nexten => _X.,1,Set(X=)\n"),
    ),
    check(
        "V527",
        V,
        Warn,
        "a function that is not built yet",
        "Asterisk has this function and this exchange does not yet. Reading it gives empty text.",
        plan!("[a]\nexten => _X.,1,NoOp(${SPEECH(status)})\n"),
        plan!("[a]\nexten => _X.,1,NoOp(${LEN(abc)})\n"),
    ),
    check(
        "M910",
        "migration",
        Error,
        "a function that is gone",
        "A later Asterisk removed the function. It gives empty text and an error in the log.",
        plan!("[a]\nexten => _X.,1,NoOp(${CALLERPRES()})\n"),
        plan!("[a]\nexten => _X.,1,NoOp(${LEN(abc)})\n"),
    ),
    check(
        "V504",
        V,
        Note,
        "a value as the name of a variable",
        "`Set(${FOO}=1)` sets the variable whose name is the value of FOO. That is a way to give a value back from a subroutine (`Set(${ARG1}=...)`); otherwise mostly `Set(FOO=1)` was meant.",
        plan!("[a]\nexten => 1,1,Set(FOO=12)\nsame => n,Set(${FOO}=1)\n"),
        plan!(
            "[a]\nexten => 1,1,Gosub(s,1(RESULT))\nexten => s,1,Set(${ARG1}=1)\nsame => n,Return()\n"
        ),
    ),
    check(
        "V513",
        V,
        Error,
        "wrong number of arguments of a function",
        "The function cannot do its work with what it is given: it gives empty text and a line in the log. What is more than it takes becomes a part of its last argument.",
        plan!("[a]\nexten => 1,1,NoOp(${CUT(X,-)})\n"),
        plan!("[a]\nexten => 1,1,NoOp(${CUT(X,-,1)})\n"),
    ),
    check(
        "V514",
        V,
        Error,
        "a value where a function takes a name",
        "CUT, FIELDQTY, REPLACE and others take the name of a variable. Given `${X}`, they read the variable whose name is the value of X, and mostly there is none. `PASSTHRU(text)` stands in where there is no variable.",
        plan!("[a]\nexten => 1,1,NoOp(${CUT(${CHANNEL},-,1)})\n"),
        plan!(
            "[a]\nexten => 1,1,NoOp(${CUT(CHANNEL,-,1)})\nsame => n,NoOp(${CUT(CUT(CHANNEL,-,1),/,2)})\nsame => n,NoOp(${CUT(${ARG1},-,1)})\n"
        ),
    ),
    check(
        "V515",
        V,
        Error,
        "the format of STRFTIME in the wrong place",
        "STRFTIME takes the time, the zone and the format, in this order. A format in another place is not used.",
        plan!("[a]\nexten => 1,1,NoOp(${STRFTIME(${EPOCH},%m%d)})\n"),
        plan!("[a]\nexten => 1,1,NoOp(${STRFTIME(${EPOCH},,%m%d)})\n"),
    ),
    check(
        "V518",
        V,
        Error,
        "REGEX in the wrong form",
        "REGEX takes its expression in quotes, a blank and the text: `REGEX(\"^[0-9]+$\" ${X})`. A comma belongs to the text; without quotes it gives nothing.",
        plan!("[a]\nexten => 1,1,NoOp(${REGEX(\"^[0-9]+$\",${EXTEN})})\n"),
        plan!("[a]\nexten => 1,1,NoOp(${REGEX(\"^[0-9]+$\" ${EXTEN})})\n"),
    ),
    check(
        "V520",
        V,
        Note,
        "a function whose name is in a variable",
        "What is called is only known when a call is there, so nothing about it can be checked.",
        plan!("[a]\nexten => 1,1,Set(F=LEN)\nsame => n,NoOp(${${F}(x)})\n"),
        plan!("[a]\nexten => 1,1,NoOp(${LEN(x)})\nsame => n,NoOp(${X${EXTEN}})\n"),
    ),
    check(
        "V521",
        V,
        Warn,
        "a global counter without a lock",
        "Calls run at the same time. When two read the counter, add one and write it, one of the two is lost. LOCK lets one of them wait.",
        plan!("[a]\nexten => 1,1,Set(GLOBAL(C)=$[${GLOBAL(C)} + 1])\n"),
        plan!(
            "[a]\nexten => 1,1,Set(L=${LOCK(c)})\nsame => n,Set(GLOBAL(C)=$[${GLOBAL(C)} + 1])\nsame => n,Set(L=${UNLOCK(c)})\n"
        ),
    ),
    check(
        "V524",
        V,
        Error,
        "a pattern as a value",
        "The text of the pattern stands where the number that was dialled was meant: that is in `${EXTEN}`.",
        plan!("[a]\nexten => _X.,1,Set(did=_X.)\n"),
        plan!("[a]\nexten => _X.,1,Set(did=${EXTEN})\n"),
    ),
    check(
        "V501",
        V,
        Warn,
        "a variable that nothing sets",
        "No line of the plan, no device file and no application sets the variable, so it is always empty. It is not told where something outside of the plan may set it: an AGI program, the manager, an included file that is not there.",
        plan!("[a]\nexten => _X.,1,Dial(SIP/trunk.example.com/${OUTNUM})\n"),
        plan!(
            "[a]\nexten => _X.,1,Set(OUTNUM=${EXTEN:1})\nsame => n,Dial(SIP/trunk.example.com/${OUTNUM})\n"
        ),
    ),
    check(
        "V502",
        V,
        Error,
        "a variable that differs only in letter case",
        "Letter case matters in names of variables: `${port}` is not `${PORT}`. The one that is read is never set, the other one is.",
        plan!(
            "[a]\nexten => _X.,1,Set(Port=5060)\nsame => n,Dial(SIP/${EXTEN}@h.example.com:${PORT})\n"
        ),
        plan!(
            "[a]\nexten => _X.,1,Set(PORT=5060)\nsame => n,Dial(SIP/${EXTEN}@h.example.com:${PORT})\n"
        ),
    ),
    check(
        "V510",
        V,
        Note,
        "a variable that nothing reads",
        "The variable is set and no line reads it: mostly it is written differently elsewhere, or it is left over.",
        plan!("[a]\nexten => _X.,1,Set(OUTNUN=${EXTEN:1})\nsame => n,NoOp()\n"),
        plan!(
            "[a]\nexten => _X.,1,Set(OUTNUM=${EXTEN:1})\nsame => n,NoOp(${OUTNUM})\nsame => n,Set(CDR(userfield)=x)\nsame => n,Set(QUEUE_PRIO=5)\n"
        ),
    ),
    check(
        "V523",
        V,
        Warn,
        "a prefix that is dialled too",
        "The lines around it leave out the digit that opens an outside line, `${EXTEN:1}`, and this one dials the whole number: the trunk gets one digit too many.",
        plan!(
            "[a]\nexten => _9XXXXXXX,1,Dial(SIP/one.example.com/${EXTEN:1})\nsame => n,Dial(SIP/two.example.com/${EXTEN})\n"
        ),
        plan!(
            "[a]\nexten => _9XXXXXXX,1,Dial(SIP/one.example.com/${EXTEN:1})\nsame => n,Dial(SIP/two.example.com/${EXTEN:1})\nexten => _911,1,Dial(SIP/one.example.com/${EXTEN})\n"
        ),
    ),
    check(
        "V508",
        V,
        Warn,
        "a variable that the other leg does not get",
        "Variables belong to a channel. A subroutine of `U`, `b` or `M` runs on the called channel, and what `Local/` dials on a channel of its own. They get only variables whose names were set with `_` (one level) or `__` (all levels) before them, and globals.",
        plan!(
            "[a]\nexten => 1,1,Set(who=boss)\nsame => n,Dial(SIP/h.example.com,20,U(greet))\n[greet]\nexten => s,1,NoOp(${who})\nsame => n,Return()\n"
        ),
        plan!(
            "[a]\nexten => 1,1,Set(__who=boss)\nsame => n,Dial(SIP/h.example.com,20,U(greet))\n[greet]\nexten => s,1,NoOp(${who})\nsame => n,Return()\n"
        ),
    ),
    analysis(
        "V509",
        V,
        Warn,
        "a variable that is set on one way only",
        "Two ways lead to a step that cannot do its work without the variable, and only one of them sets it: calls that come by the other one dial nothing, jump nowhere or play nothing. It is not told where the conditions on the way may hang together, where somebody asks whether the variable is empty, and where something outside of the extension may set it.",
        plan!(
            "[a]\nexten => _X.,1,GotoIf($[${LEN(${EXTEN})} > 4]?out)\nsame => n,Set(LINE=desk)\nsame => n(out),Dial(SIP/${LINE}/${EXTEN})\n"
        ),
        plan!(
            "[a]\nexten => _X.,1,Set(LINE=trunk)\nsame => n,GotoIf($[${LEN(${EXTEN})} > 4]?out)\nsame => n,Set(LINE=desk)\nsame => n(out),Dial(SIP/${LINE}/${EXTEN})\nexten => 1,1,GotoIf($[${A} = 1]?b)\nsame => n,Set(DESK=61)\nsame => n(b),GotoIf($[${A} = 1]?c)\nsame => n,Dial(SIP/${DESK})\nsame => n(c),Hangup()\nexten => 2,1,ExecIf($[${A} = 1]?Set(MAIL=12))\nsame => n,ExecIf($[\"${MAIL}\" = \"\"]?Hangup())\nsame => n,VoiceMail(${MAIL})\n"
        ),
    ),
];
