//! Family `dial`, beyond how it is written: names (D2), ways (D3), types and taint (D4).

use super::{Code, Files, load};
use crate::diagnostic::Level::{Error, Note, Warn};

const D: &str = "dial";

/// A plan in `.dial`.
macro_rules! plan {
    ($text:expr) => {
        &[("extensions.dial", $text)] as Files
    };
}

pub(super) static CODES: &[Code] = &[
    load(
        "D201",
        D,
        Error,
        "an unknown name",
        "Every name is declared, or is one of the language. A variable of the dialplan that no `channel` or `global` declares is read by channel(\"NAME\"); an application without a word of its own is called by app(\"Name\", '...').",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    playbak(\"invalid\")\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    playback(\"invalid\")\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D202",
        D,
        Error,
        "a name that is declared twice",
        "A name means one thing. Inner blocks cannot hide a name of an outer one: whoever reads the line would have to look which one is meant.",
        plan!("const greeting = \"hello\"\nconst greeting = \"welcome\"\n"),
        plan!("const greeting = \"hello\"\nconst farewell = \"goodbye\"\n"),
    ),
    load(
        "D203",
        D,
        Error,
        "an unknown type",
        "The types are Str, Raw, Digits, Int, Bool, Duration, Time, Pattern, Hours, Endpoint, Trunk, Host, Uri, Mailbox, Prompt, Option(T), List(T), the enums of the language and those that are declared.",
        plan!("global limit: Number = 3\n"),
        plan!("global limit: Int = 3\n"),
    ),
    load(
        "D204",
        D,
        Error,
        "an unknown case",
        "An enum has the cases that it declares. Those of the language are listed in docs/dial/words.md.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    match dial(pjsip(\"61\"), ring: 20s) {\n      Bussy | NoAnswer | Congestion | Unavailable | Declined | Refused -> hangup()\n    }\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    match dial(pjsip(\"61\"), ring: 20s) {\n      Busy | NoAnswer | Congestion | Unavailable | Declined | Refused -> hangup()\n    }\n  }\n}\n"
        ),
    ),
    load(
        "D205",
        D,
        Error,
        "an `on` for something that does not happen",
        "Beside numbers and patterns `on` takes start (s), invalid (i), timeout (t), deadline (T), error (e), hangup (h), operator (o), escape (a), fax, failed and message. An extension with another name of letters is written in quotes.",
        plan!("context office as \"default\" {\n  on hangups {\n    log(\"ended\")\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on hangup {\n    log(\"ended\")\n  }\n}\n"),
    ),
    load(
        "D206",
        D,
        Error,
        "an unknown field",
        "`caller`, `message` and `channel` have the fields that docs/dial lists; an address has user, host and text.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    log(\"{caller.nubmer} calls\")\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    log(\"{caller.number} calls\")\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D207",
        D,
        Error,
        "an unknown label",
        "`goto @name` leads to a `label` of the same body.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    goto @clsoed\n    label closed\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    goto @closed\n    label closed\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D208",
        D,
        Error,
        "an unknown context",
        "`goto` and `include` name contexts of this file, of an imported one (`shop.reception`), or of an imported extensions.conf (`legacy[\"name\"]`).",
        plan!(
            "context office as \"default\" {\n  include emergncy\n}\ncontext emergency {\n  on 112 {\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  include emergency\n}\ncontext emergency {\n  on 112 {\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D209",
        D,
        Error,
        "a file that cannot be imported",
        "`import a/b as c` reads a/b.dial, `import conf \"f.conf\" as c` an extensions.conf, both from the folder of the plan.",
        plan!("import shop as shop\n"),
        &[
            ("extensions.dial", "import shop as shop\n"),
            ("shop.dial", "context shop {\n}\n"),
        ],
    ),
    load(
        "D210",
        D,
        Error,
        "a context that is there twice",
        "Contexts of all files share one set of names in the dialplan; a sub has a context of its name, too. One context cannot be written in both languages.",
        plan!("context first as \"default\" {\n}\ncontext second as \"default\" {\n}\n"),
        plan!("context first as \"default\" {\n}\ncontext second as \"other\" {\n}\n"),
    ),
    load(
        "D211",
        D,
        Error,
        "an unknown name of an argument",
        "Options of Asterisk are letters; here they have names. `strowger explain` and the editor list those of each word.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), rings: 20s)\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n  }\n}\n"
        ),
    ),
    load(
        "D212",
        D,
        Error,
        "no dialled number",
        "`exten` is the number that an `on` with numbers or a pattern answers. A sub, and an `on` with a name such as start, has none: give the number as an argument.",
        plan!("sub report() {\n  log(\"{exten} was called\")\n}\n"),
        plan!("sub report(number: Digits) {\n  log(\"{number} was called\")\n}\n"),
    ),
    load(
        "D301",
        D,
        Error,
        "a case without an arm",
        "`match` looks at every value that can come. What has no arm would be forgotten in silence, as a status that nobody compares with in extensions.conf is.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    match dial(pjsip(\"61\"), ring: 20s) {\n      Busy -> playback(\"vm-isonphone\")\n      NoAnswer -> playback(\"vm-isunavail\")\n    }\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    match dial(pjsip(\"61\"), ring: 20s) {\n      Busy -> playback(\"vm-isonphone\")\n      NoAnswer | Congestion | Unavailable | Declined | Refused -> playback(\"vm-isunavail\")\n    }\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D302",
        D,
        Error,
        "an arm that is never reached",
        "The first arm that fits is taken. What those before it take is not left for this one.",
        plan!("fn sort(key: Digits) -> Int {\n  match key {\n    _ -> 0\n    \"1\" -> 1\n  }\n}\n"),
        plan!("fn sort(key: Digits) -> Int {\n  match key {\n    \"1\" -> 1\n    _ -> 0\n  }\n}\n"),
    ),
    load(
        "D303",
        D,
        Error,
        "an `else` that runs on",
        "`let x = ... else { }` opens a value that may be nothing. Behind it `x` holds something; so the `else` must leave: by hangup(), return, goto, break or continue.",
        plan!(
            "context office as \"default\" {\n  on `X.` {\n    let number = digits(exten) else {\n      playback(\"invalid\")\n    }\n    say_digits(number)\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on `X.` {\n    let number = digits(exten) else {\n      playback(\"invalid\")\n      hangup()\n    }\n    say_digits(number)\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D304",
        D,
        Error,
        "statements that are never reached",
        "Behind hangup(), `goto`, `return` or an endless loop nothing runs, unless a label stands there.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    hangup()\n    playback(\"goodbye\")\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    playback(\"goodbye\")\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D305",
        D,
        Note,
        "a call that rings without end",
        "Without `ring:` a device rings until the caller gives up. A time lets the plan go on.",
        plan!("context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"))\n  }\n}\n"),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n  }\n}\n"
        ),
    ),
    load(
        "D306",
        D,
        Warn,
        "`_` for the other cases of an enum",
        "It compiles. But a case that a later version adds is then treated as the others without anybody deciding so; named, it would be told.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    match dial(pjsip(\"61\"), ring: 20s) {\n      Busy -> playback(\"vm-isonphone\")\n      _ -> playback(\"vm-isunavail\")\n    }\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    match dial(pjsip(\"61\"), ring: 20s) {\n      Busy -> playback(\"vm-isonphone\")\n      NoAnswer | Congestion | Unavailable | Declined | Refused -> playback(\"vm-isunavail\")\n    }\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D307",
        D,
        Error,
        "`break` or `continue` outside of a loop",
        "They leave or repeat the `while` or `for` around them.",
        plan!("context office as \"default\" {\n  on 61 {\n    break\n  }\n}\n"),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    while true {\n      break\n    }\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D308",
        D,
        Error,
        "a `return` that does not fit",
        "A sub or function gives the type that it promises on each way that ends. One of type Never does not come back. In a context there is nothing to return to.",
        plan!("sub twice(n: Int) -> Int {\n  return\n}\n"),
        plan!("sub twice(n: Int) -> Int {\n  return n + n\n}\n"),
    ),
    load(
        "D309",
        D,
        Error,
        "a result that nobody looks at",
        "What stands behind dial() runs only when nobody answered; most people believe the opposite. So what comes back is looked at, by `match` or `let`, or dropped in so many words by `let _ =`. As the last statement of a body dial() may stand alone: the call ends with its cause.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n    playback(\"goodbye\")\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    let _ = dial(pjsip(\"61\"), ring: 20s)\n    playback(\"goodbye\")\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D310",
        D,
        Error,
        "a function that depends on the call",
        "A `fn` depends on nothing but its arguments and does nothing to the call. That is why it can be tried with any values, computed beforehand and compiled to machine code. What acts is a `sub`.",
        plan!("fn greet() -> Str {\n  \"hello {caller.number}\"\n}\n"),
        plan!("fn greet(name: Raw) -> Raw {\n  \"hello {name}\"\n}\n"),
    ),
    load(
        "D311",
        D,
        Error,
        "a name that does not change",
        "`let`, `const`, parts of the number and most fields of the call keep their value. What changes is declared by `var`, `global` or `channel`.",
        plan!(
            "context office as \"default\" {\n  on start {\n    let tries = 0\n    tries = tries + 1\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on start {\n    var tries = 0\n    tries = tries + 1\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D312",
        D,
        Error,
        "a pattern that cannot be",
        "A pattern stands in back-quotes. X is 0 to 9, Z 1 to 9, N 2 to 9, [ ] a set, `.` at the end one or more of anything, `!` at the end any number of it. All other letters are themselves, also x, z and n.",
        plan!("context office as \"default\" {\n  on `9.1` {\n    hangup()\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on `91.` {\n    hangup()\n  }\n}\n"),
    ),
    load(
        "D313",
        D,
        Error,
        "a name in one of several alternatives",
        "`A(x) | B -> ...`: in the second case there is no `x`. What is named has an arm of its own.",
        plan!(
            "fn sort(key: Digits) -> Digits {\n  match key {\n    \"1\" | other -> other\n  }\n}\n"
        ),
        plan!(
            "fn sort(key: Digits) -> Digits {\n  match key {\n    \"1\" -> \"1\"\n    other -> other\n  }\n}\n"
        ),
    ),
    load(
        "D314",
        D,
        Error,
        "an include that depends on more than the time",
        "Asterisk asks for an include's condition at each look-up, and it knows only times. Everything else is asked in a body: `if night { goto closed }`.",
        plan!(
            "global night: Bool = false as \"NIGHT\"\ncontext office as \"default\" {\n  include closed when night\n}\ncontext closed {\n}\n"
        ),
        plan!(
            "const evening = hours(\"mon-fri 18:00-23:59\")\ncontext office as \"default\" {\n  include closed when now in evening\n}\ncontext closed {\n}\n"
        ),
    ),
    load(
        "D315",
        D,
        Error,
        "not known when the file is read",
        "Constants, hours, patterns, trunks, hints and what a `for` goes through are known before a call is there.",
        plan!("const greeting = \"hello {caller.number}\"\n"),
        plan!("const greeting = \"hello\"\n"),
    ),
    load(
        "D316",
        D,
        Warn,
        "a value that nobody uses",
        "The line computes something and forgets it.",
        plan!("context office as \"default\" {\n  on 61 {\n    \"hello\"\n    hangup()\n  }\n}\n"),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    log(\"hello\")\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D317",
        D,
        Error,
        "arguments that exclude each other",
        "Both are the same option of Asterisk, which can be there once.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s, ringback: true, ringback_tone: \"de\")\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s, ringback: true)\n  }\n}\n"
        ),
    ),
    load(
        "D318",
        D,
        Error,
        "more than a dialplan holds",
        "A body becomes steps of a dialplan: no more than 5 000, each with no more than 8 000 bytes of arguments, and no more than a million in all. `for` writes its body once for each element: loops in loops multiply.",
        plan!(
            "const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]\n\ncontext office as \"default\" {\n  on 61 {\n    for a in all {\n      for b in all {\n        for c in all {\n          log(\"{a} {b} {c}\")\n        }\n      }\n    }\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    var a = 0\n    while a < 18 {\n      log(\"{a}\")\n      a = a + 1\n    }\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D319",
        D,
        Warn,
        "a name in braces in single quotes",
        "Single quotes hold text as it stands, double quotes text with holes. `'{exten}'` is seven characters, `\"{exten}\"` the number that was called. Braces that are meant stand in double quotes as `{{` and `}}`.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    log('{exten} is called')\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    log(\"{exten} is called\")\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D401",
        D,
        Error,
        "text from outside where it is obeyed",
        "Caller ids, headers, bodies of messages and numbers under `.` or `!` are what a stranger chose: a caller can send 500&PJSIP/trunk/0900123456, and Dial obeys the `&`. Such text has type Raw. It may be shown, logged and looked up. To be dialled, run or used as a name it is looked at first: digits(x), keep(x, \"0-9a-z\"), peers.find(x).",
        plan!("context office as \"default\" {\n  on `X.` {\n    dial(pjsip(exten))\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on `XXXX` {\n    dial(pjsip(exten))\n  }\n}\n"),
    ),
    load(
        "D402",
        D,
        Error,
        "another type is needed",
        "Nothing is turned into something else unasked, but for Digits, which are text, and a value where it may be missing.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20)\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n  }\n}\n"
        ),
    ),
    load(
        "D403",
        D,
        Error,
        "too many or too few arguments",
        "Arguments without a name come first, in their order; all others are given by name.",
        plan!("context office as \"default\" {\n  on 61 {\n    dial()\n  }\n}\n"),
        plan!("context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"))\n  }\n}\n"),
    ),
    load(
        "D404",
        D,
        Error,
        "a value that may be missing",
        "An Option holds a value or nothing. It is opened: by `let x = ... else { }`, by `x ?? other`, or by `match`.",
        plan!(
            "context office as \"default\" {\n  on `X.` {\n    say_digits(digits(exten))\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on `X.` {\n    say_digits(digits(exten) ?? \"0\")\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D405",
        D,
        Error,
        "an operator that does not fit",
        "Numbers and times are computed with, texts are put together in quotes with holes, and only like is compared with like.",
        plan!("fn next(room: Digits) -> Bool {\n  room == 61\n}\n"),
        plan!("fn next(room: Digits) -> Bool {\n  room == \"61\"\n}\n"),
    ),
    load(
        "D406",
        D,
        Error,
        "`unchecked`",
        "`unchecked` says that text from outside is safe where nobody has looked at it. The migration writes it where a line of extensions.conf does that; such lines are to be mended one by one. A plan that has it runs all the same; a line is allowed by `// strowger: allow D406 why` before it, all are by `D406 = \"allow\"` below [levels] in strowger.toml.",
        plan!(
            "context office as \"default\" {\n  on `X.` {\n    dial(pjsip(unchecked(exten)), ring: 20s)\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on `X.` {\n    let peer = peers.find(exten) else {\n      hangup()\n    }\n    dial(pjsip(peer))\n  }\n}\n"
        ),
    ),
    load(
        "D407",
        D,
        Error,
        "a number that cannot be",
        "An Int has 64 bits; nothing is divided by zero.",
        plan!("const limit = 99999999999999999999\n"),
        plan!("const limit = 99999999\n"),
    ),
    load(
        "D408",
        D,
        Error,
        "a global of type Raw",
        "A global is shared by all calls. Text of one caller in it would reach every other call.",
        plan!("global last_caller: Raw = \"\"\n"),
        plan!("global last_caller: Digits = \"\"\n"),
    ),
    load(
        "D409",
        D,
        Error,
        "hours that cannot be read",
        "Parts are parted by commas; each has a time of day, days, and dates with a month, as far as they matter: \"mon-fri 09:00-17:30, sat 10:00-12:00, 24-26 dec\".",
        plan!("const open = hours(\"mon-fri 9-17\")\n"),
        plan!("const open = hours(\"mon-fri 09:00-17:00\")\n"),
    ),
    load(
        "D410",
        D,
        Error,
        "text that the type does not hold",
        "Digits are 0 to 9, *, #, + and A to D. A device, a host, a mailbox and a sound have no characters that mean something in a list.",
        plan!("const reception: Digits = \"61a\"\n"),
        plan!("const reception: Digits = \"61\"\n"),
    ),
    load(
        "D411",
        D,
        Error,
        "a text that would end the call of a function",
        "The arguments of a function are read once more when they are filled in: a `)` that closes too much, with a `:` behind it, ends the call there. A text from outside loses such parentheses; one of the program is to be written otherwise.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    let found = db(text)\n    log(\"{found ?? text}\")\n    hangup()\n  }\n}\n\nconst text = \"a):b\"\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    let found = db(text)\n    log(\"{found ?? text}\")\n    hangup()\n  }\n}\n\nconst text = \"(a):b\"\n"
        ),
    ),
    load(
        "D412",
        D,
        Error,
        "a pattern that holds a quote",
        "Asterisk asks for a pattern in quotes, so a quote cannot be one of its characters.",
        plan!(
            "context office as \"default\" {\n  on `X.` {\n    if exten in `[\"']X` { hangup(CallRejected) }\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on `X.` {\n    if exten in `[ab]X` { hangup(CallRejected) }\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D414",
        D,
        Error,
        "`bare`, `apart` or `choose` outside of a migrated file",
        "`bare(x)` reads what a variable holds as a part of an expression, as `$[${X} = 1]` does: what somebody writes into it changes what is asked. It is there for what `strowger migrate` writes. So do `apart(c)` (`$[ ]` in `$[ ]`) and `choose(c, a, otherwise: b)` (`IF(c?a:b)`). Without them values are compared and chosen.",
        plan!(
            "channel dnd: Raw = \"\" as \"DND\"\n\ncontext office as \"default\" {\n  on 61 {\n    if bare(dnd == \"yes\") { hangup(UserBusy) }\n    hangup()\n  }\n}\n"
        ),
        plan!(
            "channel dnd: Raw = \"\" as \"DND\"\n\ncontext office as \"default\" {\n  on 61 {\n    if dnd == \"yes\" { hangup(UserBusy) }\n    hangup()\n  }\n}\n"
        ),
    ),
    load(
        "D413",
        D,
        Error,
        "a text that a `gosub` cannot hand over",
        "What a context is given stands between the parentheses of Asterisk's Gosub, where a comma begins the next argument and nothing protects one. Numbers, digits, words of an enum and devices go there; a text goes in a channel variable, or the lines that are called become a `sub`, which takes any text.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    gosub greeting.1(caller.name)\n    hangup()\n  }\n}\n\ncontext greeting {\n  on 1 {\n    log(\"{channel('ARG1')} calls\")\n    return\n  }\n}\n"
        ),
        plan!(
            "channel who: Raw = \"\"\n\ncontext office as \"default\" {\n  on 61 {\n    who = caller.name\n    gosub greeting.1\n    hangup()\n  }\n}\n\ncontext greeting {\n  on 1 {\n    log(\"{who} calls\")\n    return\n  }\n}\n"
        ),
    ),
    load(
        "D501",
        D,
        Error,
        "a word that means nothing in a test",
        "A `test` is given phones and what they do, calls with what the caller does, and asks what came of it: each has words of its own (docs/testing.md).",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n    hangup()\n  }\n}\n\ntest \"the phone rings\" {\n  given pjsip(\"61\") = bussy()\n  call 61 from \"1001\" in office\n  expect dialed == [pjsip(\"61\")]\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n    hangup()\n  }\n}\n\ntest \"the phone rings\" {\n  given pjsip(\"61\") = busy()\n  call 61 from \"1001\" in office\n  expect dialed == [pjsip(\"61\")]\n}\n"
        ),
    ),
    load(
        "D502",
        D,
        Error,
        "a test that calls nobody, or expects nothing",
        "A test needs a call, or texts, but not both, and an `expect`: without one it cannot fail.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n    hangup()\n  }\n}\n\ntest \"the phone rings\" {\n  given pjsip(\"61\") = busy()\n  call 61 from \"1001\" in office\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n    hangup()\n  }\n}\n\ntest \"the phone rings\" {\n  given pjsip(\"61\") = busy()\n  call 61 from \"1001\" in office\n  expect dialed == [pjsip(\"61\")]\n}\n"
        ),
    ),
    load(
        "D503",
        D,
        Error,
        "an expectation that is always the same",
        "Nothing of it depends on the call, so the test says nothing.",
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n    hangup()\n  }\n}\n\ntest \"the phone rings\" {\n  given pjsip(\"61\") = busy()\n  call 61 from \"1001\" in office\n  expect 1 == 1\n}\n"
        ),
        plan!(
            "context office as \"default\" {\n  on 61 {\n    dial(pjsip(\"61\"), ring: 20s)\n    hangup()\n  }\n}\n\ntest \"the phone rings\" {\n  given pjsip(\"61\") = busy()\n  call 61 from \"1001\" in office\n  expect dialed.count == 1\n}\n"
        ),
    ),
];
