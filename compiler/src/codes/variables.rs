//! Families `variables` (V) and what belongs to functions of `migration` (M).

use super::{Code, check, plan};
use crate::diagnostic::Level::{Error, Warn};

const V: &str = "variables";

pub(super) static CODES: &[Code] = &[
    check(
        "S117",
        "reading",
        Error,
        "almost a variable",
        "A variable is written `${NAME}`. `$(NAME)` and `$+{NAME}` are plain text.",
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
        plan!("[a]\nexten => _X.,1,NoOp(${SIPPEER(100,ip)})\n"),
        plan!("[a]\nexten => _X.,1,NoOp(${LEN(abc)})\n"),
    ),
];
