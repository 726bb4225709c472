//! Family `expressions`: E.

use super::{Code, check, plan};
use crate::diagnostic::Level::{Error, Note, Warn};

const E: &str = "expressions";

pub(super) static CODES: &[Code] = &[
    check(
        "E601",
        E,
        Error,
        "not an expression",
        "Asterisk warns, and what the expression then gives depends on how far it could be read: nothing if an operator comes first, `0` if an operand is missing at the end, or the part before the first thing that does not belong. `a ? b :: c` chooses; a single `:` matches a pattern.",
        plan!("[a]\nexten => 1,1,GotoIf($[${EPOCH} > ]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[${EPOCH} > 5]?1,1)\n"),
    ),
    check(
        "E602",
        E,
        Warn,
        "a comparison that an empty value breaks",
        "Values are put into an expression as text before it is read. If the variable is empty, `$[${x} = 1]` becomes `$[ = 1]`, which is no expression: Asterisk logs two warnings and the condition is false, also where `!=` was written. Quotes on both sides help: `$[\"${x}\" = \"1\"]`.",
        plan!("[a]\nexten => 1,1,GotoIf($[${CALLERID(num)} = 61]?1,1)\n"),
        plan!(
            "[a]\nexten => 1,1,GotoIf($[\"${CALLERID(num)}\" = \"61\"]?1,1)\nsame => n,Set(i=0)\nsame => n,GotoIf($[${i} < 3]?1,1)\n"
        ),
    ),
    check(
        "E603",
        E,
        Warn,
        "quotes on one side of a comparison",
        "Quotes belong to the text in an expression: `\"1\"` and `1` are not equal. Quote both sides, or neither.",
        plan!("[a]\nexten => 1,1,GotoIf($[\"${CALLERID(num)}\" = 61]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[\"${CALLERID(num)}\" = \"61\"]?1,1)\n"),
    ),
    check(
        "E604",
        E,
        Error,
        "numbers compared as text",
        "Where one side of `<`, `>`, `<=` or `>=` has quotes, both are compared as text, character by character: `\"10\" < \"9\"` is true. Numbers are compared without quotes; `0${X}` stands in for a value that may be empty.",
        plan!("[a]\nexten => 1,1,GotoIf($[\"${LEN(${CALLERID(num)})}\" < \"4\"]?1,1)\n"),
        plan!(
            "[a]\nexten => 1,1,GotoIf($[${LEN(${CALLERID(num)})} < 4]?1,1)\nsame => n,GotoIf($[\"${STRFTIME(${EPOCH},,%H)}\" > \"17\"]?1,1)\n"
        ),
    ),
    check(
        "E605",
        E,
        Error,
        "words side by side",
        "Text with blanks needs quotes in an expression. Without them the second word ends it, and the value is that of the part before.",
        plan!("[a]\nexten => 1,1,GotoIf($[${DIALSTATUS} = NO ANSWER]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[\"${DIALSTATUS}\" = \"NOANSWER\"]?1,1)\n"),
    ),
    check(
        "E614",
        E,
        Warn,
        "a bracket too many",
        "A `]` or `}` behind an expression becomes a part of the condition's text. Only its leading number counts, so it mostly does no harm, until the value is text.",
        plan!("[a]\nexten => 1,1,GotoIf($[\"${X}\" = \"1\"]]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[\"${X}\" = \"1\"]?1,1)\n"),
    ),
    check(
        "E617",
        E,
        Note,
        "an expression put together from text",
        "A value stands where no value can stand, so the expression is what its values make of it. It is read anew at each run.",
        plan!("[a]\nexten => 1,1,NoOp($[${a} ${op} ${b}])\n"),
        plan!("[a]\nexten => 1,1,NoOp($[${a} + ${b}])\n"),
    ),
    check(
        "E618",
        E,
        Warn,
        "a character that no expression knows",
        "Braces, brackets, tildes, back-ticks and a quote without its partner are dropped from expressions without a word, and the rest may mean something else.",
        plan!("[a]\nexten => 1,1,GotoIf($[{${EPOCH}} > 5]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[(${EPOCH}) > 5]?1,1)\n"),
    ),
    check(
        "F320",
        "flow",
        Error,
        "a status that never occurs",
        "The application writes one of a few words to its status variable, and this is none of them: the branch is never taken.",
        plan!("[a]\nexten => 1,1,GotoIf($[\"${DIALSTATUS}\" = \"NO ANSWER\"]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[\"${DIALSTATUS}\" = \"NOANSWER\"]?1,1)\n"),
    ),
    check(
        "A413",
        "arguments",
        Error,
        "a condition without `?`",
        "GotoIf, GosubIf, ExecIf and GotoIfTime take a condition, a `?`, and what to do. Without the `?` nothing is done.",
        plan!("[a]\nexten => 1,1,GotoIf($[1 = 1],1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[1 = 1]?1,1)\n"),
    ),
    check(
        "A414",
        "arguments",
        Error,
        "a comparison outside of `$[ ]`",
        "A condition is true if its text is not empty and does not begin with a zero. A comparison is made only inside of `$[ ]`; outside it is text, and text is true.",
        plan!("[a]\nexten => 1,1,GotoIf(\"${X}\" = \"pass\"?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[\"${X}\" = \"pass\"]?1,1)\n"),
    ),
    check(
        "E606",
        E,
        Warn,
        "arithmetic on a value that may be empty",
        "Values are put into an expression as text before it is read. If the variable is empty, `$[${x} + 1]` becomes `$[ + 1]`, which is no expression, and its value is empty. `$[0${x} + 1]` is safe. Division by zero gives 2147483647.",
        plan!("[a]\nexten => 1,1,Set(n=$[${CALLERID(num)} * 100])\n"),
        plan!(
            "[a]\nexten => 1,1,Set(n=$[0${CALLERID(num)} * 100])\nsame => n,Set(i=1)\nsame => n,Set(i=$[${i} + 1])\n"
        ),
    ),
    check(
        "E608",
        E,
        Error,
        "a word in arithmetic",
        "Text that is no number, also a number in quotes, is left out of a sum and counts as zero elsewhere. A `-` between words subtracts: text with a `-` in it needs quotes.",
        plan!("[a]\nexten => 1,1,GotoIf($[${CONTEXT} = from-trunk]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[\"${CONTEXT}\" = \"from-trunk\"]?1,1)\n"),
    ),
    check(
        "E609",
        E,
        Note,
        "`&` and `|` without parentheses",
        "`&` is done before `|`: `a | b & c` is `a | (b & c)`. Parentheses show what is meant.",
        plan!("[a]\nexten => 1,1,GotoIf($[${a} | ${b} & ${c}]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[${a} | (${b} & ${c})]?1,1)\n"),
    ),
    check(
        "E610",
        E,
        Note,
        "a match that looks only at the beginning",
        "`\"text\" : \"55\"` asks whether the text begins with 55, whatever follows. `=~` looks everywhere, `=` wants all of it.",
        plan!("[a]\nexten => 1,1,GotoIf($[\"${CALLERID(num)}\" : \"55\"]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf($[\"${CALLERID(num)}\" =~ \"^55\"]?1,1)\n"),
    ),
    check(
        "E613",
        E,
        Note,
        "an expression that is one variable",
        "`$[${X}]` is `${X}`, only slower, and a value that looks like an expression is computed.",
        plan!("[a]\nexten => 1,1,GotoIf($[${ISNULL(${X})}]?1,1)\n"),
        plan!("[a]\nexten => 1,1,GotoIf(${ISNULL(${X})}?1,1)\n"),
    ),
    check(
        "E616",
        E,
        Error,
        "the name of a variable without `${}`",
        "Inside of `$[ ]` a word is text. `$[COUNT > 3]` compares the text COUNT.",
        plan!("[a]\nexten => 1,1,Set(COUNT=5)\nsame => n,GotoIf($[COUNT > 3]?1,1)\n"),
        plan!(
            "[a]\nexten => 1,1,Set(COUNT=5)\nsame => n,GotoIf($[${COUNT} > 3]?1,1)\nsame => n,GotoIf($[DIALPLAN_EXISTS(a,2,1)]?1,1)\n"
        ),
    ),
    check(
        "F323",
        "flow",
        Warn,
        "a condition that never changes",
        "No variable of the call has a part in the condition, so one of its two ways is never taken. `EXISTS`, `ISNULL` and `LEN` look at text: `${EXISTS(NAME)}` asks whether the word NAME is empty.",
        plan!("[a]\nexten => 1,1,GotoIf($[1 = 1]?1,1)\n"),
        plan!(
            "[a]\nexten => 1,1,GotoIf($[\"${EXTEN}\" = \"1\"]?1,1)\nsame => n,While(1)\nsame => n,EndWhile()\n"
        ),
    ),
];
