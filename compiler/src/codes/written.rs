//! Family `dial`: how it is written (D1).

use super::{Code, Files, load};
use crate::diagnostic::Level::Error;

const D: &str = "dial";

/// A plan in `.dial`.
macro_rules! plan {
    ($text:expr) => {
        &[("extensions.dial", $text)] as Files
    };
}

pub(super) static CODES: &[Code] = &[
    load(
        "D101",
        D,
        Error,
        "a file that cannot be read as text",
        "A .dial file is text in UTF-8, at most 4 MB. Editors of older systems save `é` as one byte of another alphabet; the place is that of the first such byte. Nothing of the file is read.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    log(\"caf\u{fffd}\")\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    log(\"café\")\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D102",
        D,
        Error,
        "too many mistakes",
        "After a hundred mistakes reading is given up: what follows is mostly told again. Often one thing at the top is the cause, or the file is of another kind.",
        plan!(
            "context office as \"default\" {\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n  on { }\n}\n"
        ),
        plan!("context office as \"default\" {\n  on 61 { hangup() }\n}\n"),
    ),
    load(
        "D103",
        D,
        Error,
        "nested too deep",
        "Parentheses, braces and the operators around them may be nested a hundred deep. A person cannot read what is nested deeper; give a part a name with `let`, or a block one with `sub`.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    log(1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1)\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    let many = 100\n    log(\"{many}\")\n  }\n}\n"
        ),
    ),
    load(
        "D104",
        D,
        Error,
        "characters that mean nothing",
        "Outside of quotes the language knows letters, digits, `_` and its signs. Text stands in double quotes, text without holes and escapes in single ones, a pattern in back-quotes.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\") & pjsip(\"62\"))\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial([pjsip(\"61\"), pjsip(\"62\")])\n  }\n}\n"
        ),
    ),
    load(
        "D105",
        D,
        Error,
        "a character that is not what it looks like",
        "Word processors, chat programs and web pages turn quotes, dashes and blanks into others that look nicer. The language knows the plain ones.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    playback(\u{201c}hello\u{201d})\n  }\n}\n"
        ),
        plan!("context office as \"default\" {\n  on 61 {\n    playback(\"hello\")\n  }\n}\n"),
    ),
    load(
        "D106",
        D,
        Error,
        "quotes that are not closed",
        "A text or pattern ends on the line on which it begins. A line end inside of a text is written `\\n`.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    playback(\"hello)\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    playback(\"hello\")\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D107",
        D,
        Error,
        "an escape that stands for nothing",
        "In double quotes `\\\"` is a quote, `\\\\` a backslash, `\\n` a line end, `\\t` a tab and `\\u{e9}` the character with that number. Text in single quotes has no escapes: `'C:\\sounds'`.",
        plan!("context office as \"default\" {\n  on 61 {\n    log(\"a\\qb\")\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on 61 {\n    log(\"a\\\\qb\")\n  }\n}\n"),
    ),
    load(
        "D108",
        D,
        Error,
        "letters stuck to a number",
        "A number is digits; a duration is digits and `ms`, `s`, `m`, `h` or `d`. A pattern stands in back-quotes, a name begins with a letter.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20sec)\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n  }\n}\n"
        ),
    ),
    load(
        "D109",
        D,
        Error,
        "braces of a text that cannot be read",
        "`{…}` in a text in double quotes is a hole: a value is put in. Braces that are meant as they stand are doubled, `{{` and `}}`; text in single quotes has no holes.",
        plan!("context office as \"default\" {\n  on 61 {\n    log(\"set {a\")\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on 61 {\n    log(\"set {{a\")\n  }\n}\n"),
    ),
    load(
        "D110",
        D,
        Error,
        "quotes inside of a hole",
        "A text in double quotes ends at the next double quote, also inside of `{…}`. Give the value a name before, and put in the name.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    log(\"he said {channel(\"WORD\")}\")\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    let word = channel(\"WORD\")\n    log(\"he said {word}\")\n  }\n}\n"
        ),
    ),
    load(
        "D111",
        D,
        Error,
        "`$` of extensions.conf",
        "There `${X}` is a variable and `$[…]` arithmetic. Here a variable is its name, in a text `{name}`, and arithmetic is written as it is. Text with the meaning that it has in extensions.conf is written `asterisk('…')`.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"${exten}\"))\n  }\n}\n"
        ),
        plan!("context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"{exten}\"))\n  }\n}\n"),
    ),
    load(
        "D112",
        D,
        Error,
        "a hole where nothing can be put in",
        "Names of files and contexts, titles of tests and the like are read before any call, so there is no value yet. Braces that are meant as they stand are doubled.",
        plan!("context office as \"default\" {\n  include legacy[\"menu-{language}\"]\n}\n"),
        plan!(
            "import conf \"extensions.conf\" as legacy\ncontext office as \"default\" {\n  include legacy[\"menu-en\"]\n}\n"
        ),
    ),
    load(
        "D113",
        D,
        Error,
        "a pattern that cannot be read",
        "A pattern is written as in extensions.conf, without `_` and with capital classes: `X` 0-9, `Z` 1-9, `N` 2-9, `[…]` a set, `.` one or more of anything, `!` zero or more. A part that gets a name stands in braces: `` `00{rest: ZX.}` ``.",
        plan!("context office as \"default\" {\n  on `_10XX` { hangup() }\n}\n"),
        plan!("context office as \"default\" {\n  on `10XX` { hangup() }\n}\n"),
    ),
    load(
        "D114",
        D,
        Error,
        "a semicolon",
        "The end of the line ends a statement. A comment begins with `//`.",
        plan!("context office as \"default\" {\n  on 61 {\n    answer();\n    hangup();\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on 61 {\n    answer()\n    hangup()\n  }\n}\n"),
    ),
    load(
        "D115",
        D,
        Error,
        "a comment that begins otherwise",
        "A comment begins with `//` and goes to the end of its line. `///` says what the next declaration is for.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    answer() ; the caller pays from here\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    answer() // the caller pays from here\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D116",
        D,
        Error,
        "`#include`",
        "Another file comes in by `import`: a .dial file by its path without the ending, an extensions.conf by `import conf`. Its names are used behind the name of the import.",
        plan!(
            "#include \"features.conf\"\ncontext office as \"default\" {\n  on 61 { hangup() }\n}\n"
        ),
        plan!(
            "import conf \"features.conf\" as features\ncontext office as \"default\" {\n  on 61 { hangup() }\n}\n"
        ),
    ),
    load(
        "D117",
        D,
        Error,
        "lines of extensions.conf",
        "`[context]`, `exten =>` and `same =>` belong into a .conf file. A plan may live in both languages: `import conf` brings one in as it is, and `#include` of a .dial file works from extensions.conf.",
        plan!("[default]\nexten => 61,1,Dial(PJSIP/61)\nsame => n,Hangup()\n"),
        plan!("context office as \"default\" {\n  on 61 { hangup() }\n}\n"),
    ),
    load(
        "D118",
        D,
        Error,
        "an operator of another language",
        "`and`, `or` and `not` are words. `==` and `!=` compare, `=` writes, `->` stands between an arm and what it does.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if exten == \"61\" && quiet { hangup() }\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if exten == \"61\" and quiet { hangup() }\n  }\n}\n"
        ),
    ),
    load(
        "D119",
        D,
        Error,
        "an operator that writes",
        "Only `=` writes to a variable, so that a reader who looks for it finds every place.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    var tries = 0\n    tries += 1\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    var tries = 0\n    tries = tries + 1\n  }\n}\n"
        ),
    ),
    load(
        "D120",
        D,
        Error,
        "`? :`",
        "`if` is a value: what its last line gives.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    let sound = quiet ? \"beep\" : \"hello\"\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    let sound = if quiet { \"beep\" } else { \"hello\" }\n  }\n}\n"
        ),
    ),
    load(
        "D121",
        D,
        Error,
        "`elif`, or an `else` alone",
        "A further condition is `else if`. `else` follows the `}` of its `if`.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if true { answer() } elif false { hangup() }\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if true { answer() } else if false { hangup() }\n  }\n}\n"
        ),
    ),
    load(
        "D122",
        D,
        Error,
        "a word that begins something in other languages",
        "What acts on the call is a `sub`, what computes a `fn`. Cases are told apart by `match`, repeated is by `while` and `for`. Values of the file are `const`, variables `global` and `channel`.",
        plan!("function greet() {\n  answer()\n}\n"),
        plan!("sub greet() {\n  answer()\n}\n"),
    ),
    load(
        "D123",
        D,
        Error,
        "`=` in a condition",
        "`=` writes, `==` compares. Nothing is written in a condition.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if exten = \"61\" { hangup() }\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if exten == \"61\" { hangup() }\n  }\n}\n"
        ),
    ),
    load(
        "D124",
        D,
        Error,
        "a colon where a brace is meant",
        "What belongs to an `if`, `else`, `while` or `on` stands in braces. Indentation means nothing to the language; `strowger fmt` sets it.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if quiet:\n      hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if quiet {\n      hangup()\n    }\n  }\n}\n"
        ),
    ),
    load(
        "D125",
        D,
        Error,
        "comparisons in a row",
        "`1 < x < 5` would compare true or false with 5. Each comparison is written, with `and` between.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if 1 < tries < 5 { hangup() }\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    if 1 < tries and tries < 5 { hangup() }\n  }\n}\n"
        ),
    ),
    load(
        "D126",
        D,
        Error,
        "a brace that is not closed",
        "Every `{` has its `}`. Where one is missing, the indentation tells which `{` it probably is; that one is told. The rest of the file is read as if the `}` stood there.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    answer()\n  \n  on 62 {\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    answer()\n  }\n  \n  on 62 {\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D127",
        D,
        Error,
        "a brace is missing",
        "What happens stands in braces, also if it is one statement.",
        plan!("context office as \"default\" {\n  on 61\n    hangup()\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on 61 {\n    hangup()\n  }\n}\n"),
    ),
    load(
        "D128",
        D,
        Error,
        "a brace that closes nothing",
        "There is one `}` more than there are `{`. Where the indentation tells which one it is, that one is told.",
        plan!("context office as \"default\" {\n  on 61 {\n    hangup()\n  }\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on 61 {\n    hangup()\n  }\n}\n"),
    ),
    load(
        "D129",
        D,
        Error,
        "parentheses that do not fit",
        "Every `(` has its `)`, every `[` its `]`, in the order in which they were opened. Inside of them a line may end anywhere.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D130",
        D,
        Error,
        "arguments in braces",
        "Options have names and stand among the arguments.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), { ring: 20s })\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n  }\n}\n"
        ),
    ),
    load(
        "D131",
        D,
        Error,
        "a declaration inside of another",
        "`fn`, `sub`, `context`, `enum`, `const`, `global`, `channel`, `import` and `test` belong to the file: they begin outside of all braces, in any order. If the line looks right, a `}` is missing above it.",
        plan!("context office as \"default\" {\n  fn twice(n: Int) -> Int { n * 2 }\n}\n"),
        plan!(
            "fn twice(n: Int) -> Int { n * 2 }\ncontext office as \"default\" {\n  on 61 { hangup() }\n}\n"
        ),
    ),
    load(
        "D132",
        D,
        Error,
        "an item that stands elsewhere",
        "`on`, `include` and `hint` stand directly in a `context`; `given`, `call` and `expect` directly in a `test`.",
        plan!("on 61 { hangup() }\n"),
        plan!("context office as \"default\" {\n  on 61 { hangup() }\n}\n"),
    ),
    load(
        "D133",
        D,
        Error,
        "a statement that stands elsewhere",
        "Statements stand in the braces of an `on`, a `sub` or a `fn`; arms in those of a `match`. A context says which numbers there are, and their bodies what happens.",
        plan!("context office as \"default\" {\n  answer()\n}\n"),
        plan!("context office as \"default\" {\n  on start { answer() }\n}\n"),
    ),
    load(
        "D134",
        D,
        Error,
        "`return` without somebody to return to",
        "A `fn` or `sub` is called and returns, and so may a context that is called by `gosub`. A test is not: it ends where it is written out.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    answer()\n    hangup()\n  }\n}\n\ntest \"it answers\" {\n  call 61 in office {\n    return\n  }\n  expect result == Answered\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    answer()\n    hangup()\n  }\n}\n\ntest \"it answers\" {\n  call 61 in office {\n    hangup(after: 1s)\n  }\n  expect result == Answered\n}\n"
        ),
    ),
    load(
        "D135",
        D,
        Error,
        "a word of the language as a name",
        "The words of the language cannot be names of variables, parameters, labels and so on. They may be names of arguments and fields: `message.from`, `from: x`.",
        plan!("context office as \"default\" {\n  on 61 {\n    let from = exten\n  }\n}\n"),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    let caller_number = exten\n  }\n}\n"
        ),
    ),
    load(
        "D136",
        D,
        Error,
        "a capital letter, or none",
        "Types and cases of an enum begin with a capital letter, all other names with a small one. So a reader sees which is which, and a `match` knows a case from a name.",
        plan!("fn twice(n: int) -> Int { n * 2 }\n"),
        plan!("fn twice(n: Int) -> Int { n * 2 }\n"),
    ),
    load(
        "D137",
        D,
        Error,
        "a name without a value",
        "`let`, `var` and `const` begin with a value, so a variable is never without one. What may be missing has the type `Option`.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    var greeting: Option(Str)\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    var greeting: Option(Str) = None\n  }\n}\n"
        ),
    ),
    load(
        "D138",
        D,
        Error,
        "a type is missing",
        "Parameters, `global`, `channel` and what a `fn` gives have a written type; `let`, `var` and `const` take that of their value. So a message about a wrong value points at the line that is wrong.",
        plan!("fn twice(n) -> Int { n * 2 }\n"),
        plan!("fn twice(n: Int) -> Int { n * 2 }\n"),
    ),
    load(
        "D139",
        D,
        Error,
        "a number that needs quotes",
        "Digits may stand bare. Numbers with other characters stand in double quotes, patterns in back-quotes and without `_`.",
        plan!("context office as \"default\" {\n  on _10XX { hangup() }\n}\n"),
        plan!("context office as \"default\" {\n  on `10XX`, \"*98\" { hangup() }\n}\n"),
    ),
    load(
        "D140",
        D,
        Error,
        "two statements on one line",
        "The end of the line ends a statement; `{ answer() }` may stand on one line, two statements may not.",
        plan!("context office as \"default\" {\n  on 61 {\n    answer() hangup()\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on 61 {\n    answer()\n    hangup()\n  }\n}\n"),
    ),
    load(
        "D141",
        D,
        Error,
        "a comma is missing",
        "Arguments, values of a list and cases of an enum are parted by commas, also where each has a line of its own. One behind the last is welcome.",
        plan!("enum Team {\n  Sales\n  Support,\n}\n"),
        plan!("enum Team {\n  Sales,\n  Support,\n}\n"),
    ),
    load(
        "D142",
        D,
        Error,
        "something else is wanted here",
        "The line begins like something that the language knows and goes on otherwise. What could stand at that place is told.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"),, ring: 20s)\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n  }\n}\n"
        ),
    ),
];
