//! Nothing that a file says makes the reader panic, hang or run out of stack.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use proptest::prelude::*;
use strowger_dial::parse;
use strowger_dial::print::{format, same_words};

const EXAMPLES: [&str; 3] = [
    include_str!("examples/reception.dial"),
    include_str!("examples/migrated.dial"),
    include_str!("examples/tested.dial"),
];

/// Pieces that files are made of, so that random ones get past the first token.
const WORDS: &[&str] = &[
    "context",
    "on",
    "fn",
    "sub",
    "test",
    "enum",
    "match",
    "if",
    "else",
    "let",
    "var",
    "while",
    "for",
    "return",
    "gosub",
    "goto",
    "import",
    "const",
    "global",
    "channel",
    "inherit",
    "include",
    "hint",
    "given",
    "call",
    "expect",
    "in",
    "and",
    "or",
    "not",
    "as",
    "at",
    "from",
    "when",
    "x",
    "Busy",
    "61",
    "5s",
    "10XX",
    "\"a {x} b\"",
    "\"a {",
    "'raw''s",
    "'r'",
    "`9{n: X}`",
    "`",
    "\"",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    ".",
    "..",
    "->",
    "=>",
    "|>",
    "??",
    "|",
    "==",
    "=",
    "!=",
    "<",
    "+",
    "-",
    "*",
    "/",
    "%",
    "@",
    "_",
    ";",
    "#",
    "--",
    "/*",
    "*/",
    "//",
    "///",
    "${",
    "$[",
    "&&",
    "||",
    "!",
    "++",
    "?",
    "\n",
    "\n",
    "\n",
    "  ",
    "\t",
    "\r\n",
    "é",
    "\u{201c}",
    "exten => 1,1,x",
    "\u{feff}",
    "\\",
    "\0",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_words(words in prop::collection::vec(prop::sample::select(WORDS), 0..60), blanks in any::<bool>()) {
        let text = words.join(if blanks { " " } else { "" });
        check(&text);
    }

    #[test]
    fn any_text(text in ".{0,200}") {
        check(&text);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        strowger_dial::parse_bytes(&bytes);
    }

    #[test]
    fn examples_with_something_else(which in 0..3usize, cut in any::<prop::sample::Index>(), length in 0..40usize, word in prop::sample::select(WORDS)) {
        let text = EXAMPLES[which];
        let at = cut.index(text.len());
        let Some(before) = text.get(..at) else { return Ok(()) };
        let behind = text.get((at + length).min(text.len())..).unwrap_or("");
        check(&format!("{before}{word}{behind}"));
    }
}

/// Tokens cover the text, and every place lies in it.
fn check(text: &str) {
    let read = parse(text);
    let mut at = 0;
    for token in &read.tokens {
        assert_eq!(token.at.start, at);
        at = token.at.end;
    }
    assert_eq!(at as usize, text.len());
    if let Some(out) = format(text) {
        assert!(same_words(text, &out), "{text:?} {out:?}");
        let again = format(&out);
        assert_eq!(again.as_ref(), Some(&out), "{text:?}");
    } else {
        assert!(!read.errors.is_empty());
    }
    for error in &read.errors {
        let place = error.at.start as usize..error.at.end as usize;
        assert!(text.get(place).is_some(), "{error:?} in {text:?}");
        for (at, _) in &error.also {
            assert!(
                text.get(at.start as usize..at.end as usize).is_some(),
                "{error:?} in {text:?}"
            );
        }
    }
}

/// What is repeated fifty thousand times must be read in time and on a small stack.
#[test]
fn long_files_cost_what_they_are_long() {
    const TIMES: usize = 50_000;
    let shapes = [
        ("", "(", ""),
        ("", "[", ""),
        ("", "{", ""),
        ("", "}", ""),
        ("", ")", ""),
        ("", "{\n", ""),
        ("context a {\n", "on 1 {\n", ""),
        ("context a {\n on 1 {\n", "if x {\n", ""),
        ("context a {\n on 1 {\n", "}\n", ""),
        ("const x = ", "- ", "1"),
        ("const x = ", "not ", "1"),
        ("const x = 1", " + 1", ""),
        ("const x = a", ".b", ""),
        ("const x = a", "()", ""),
        ("const x = a", "[1]", ""),
        ("const x = a", " |> f()", ""),
        ("const x: ", "Option(", ""),
        (
            "fn f() -> Int {\n if a { 1 }",
            " else if a { 1 }",
            " else { 2 }\n}",
        ),
        ("fn f() -> Int {\n match x {\n", "A(", ""),
        ("context a {\n on 1", ", 1", " { }\n}"),
        ("const x = \"", "{", "\""),
        ("const x = \"", "{a}", "\""),
        ("const x = \"", "{f(", "\""),
        ("const x = \"", "\\u{", "\""),
        ("const x = `", "{a:", "`"),
        ("", ";", ""),
        ("", "; ", ""),
        ("", "#", ""),
        ("", "--", ""),
        ("", "$", ""),
        ("", "${", ""),
        ("", "$[", ""),
        ("", "\"", ""),
        ("", "\"{\"a", ""),
        ("", "'", ""),
        ("", "`", ""),
        ("", "\u{201c}", ""),
        ("", "? ", ""),
        ("", "/*", ""),
        ("", "///\n", "const x = 1"),
        ("", "exten => 1,1,x\n", ""),
        ("", "\n", ""),
        ("", "context a { on 1 { hangup() } }\n", ""),
        ("", "context a {\n", ""),
        ("f(", "a\n", ""),
        ("enum E {", " A,", " B }"),
        ("", "match ", "{"),
        ("", "x { a ", ""),
    ];
    for (before, middle, behind) in shapes {
        let text = format!("{before}{}{behind}", middle.repeat(TIMES));
        // A megabyte is half of what a thread of a test has.
        let took = std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(move || {
                let start = Instant::now();
                check(&text);
                start.elapsed()
            })
            .unwrap()
            .join()
            .unwrap_or_else(|_| panic!("{before:?} {middle:?}"));
        // Ten microseconds a repetition in a debug build; what is quadratic takes minutes.
        assert!(took.as_secs() < 10, "{before:?} {middle:?}: {took:?}");
    }
}
