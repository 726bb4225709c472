//! One mistake gives one error, at the right place, and everything around it is still read.
#![allow(clippy::unwrap_used)]

use strowger_dial::tree::{At, DeclKind};
use strowger_dial::{ErrorKind, parse};

/// A statement in the middle of a file that is sound otherwise.
fn body(statement: &str) -> String {
    format!(
        "context a {{\n  on 61 {{\n{statement}\n  }}\n}}\n\ncontext b {{\n  on 1 {{ hangup() }}\n}}\n"
    )
}

/// An item in the middle of a context.
fn item(text: &str) -> String {
    format!(
        "context a {{\n{text}\n  on 99 {{ hangup() }}\n}}\n\ncontext b {{ on 1 {{ hangup() }} }}\n"
    )
}

/// A declaration in the middle of a file.
fn file(text: &str) -> String {
    format!(
        "const x = 1\n{text}\ncontext a {{ on 1 {{ hangup() }} }}\ncontext b {{ on 1 {{ hangup() }} }}\n"
    )
}

fn place(text: &str, at: At) -> String {
    let before = &text[..at.start as usize];
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |i| i + 1) + 1;
    let shown: String = text[at.start as usize..at.end as usize]
        .chars()
        .take(50)
        .collect();
    format!("{line}:{column} {shown:?}")
}

/// What is told of each text. Whether one thing is told, and the last context is kept.
fn told(cases: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut many = Vec::new();
    for (name, text) in cases {
        let read = parse(text);
        out.push_str(&format!("{name}\n"));
        for error in &read.errors {
            out.push_str(&format!("    {} {:?}\n", place(text, error.at), error.kind));
            for (at, words) in &error.also {
                out.push_str(&format!("        {} {words}\n", place(text, *at)));
            }
        }
        let last = read
            .module
            .decls
            .iter()
            .any(|d| matches!(&d.kind, DeclKind::Context { name, .. } if &*name.text == "b"));
        if read.errors.len() != 1 || !last {
            many.push(format!(
                "{name}: {} errors, the last context {}",
                read.errors.len(),
                if last { "kept" } else { "lost" }
            ));
        }
    }
    assert!(many.is_empty(), "{}\n{out}", many.join("\n"));
    out
}

#[test]
fn from_other_languages() {
    let cases = [
        ("semicolons", body("    answer();\n    hangup();")),
        ("semicolons on a line", body("    answer(); hangup()")),
        (
            "a comment of conf",
            body("    answer() ; say hello\n    ; and more\n    hangup()"),
        ),
        ("a comment with #", body("    # say hello\n    hangup()")),
        ("a comment with --", body("    -- say hello\n    hangup()")),
        ("a comment of C", body("    /* say\n    hello */ hangup()")),
        ("#include", file("#include \"other.conf\"")),
        (
            "lines of conf",
            file(
                "[phones]\nexten => 61,1,Dial(PJSIP/${EXTEN})\n same => n,Hangup()\n; nothing\nexten => _X.,1,Answer(\"",
            ),
        ),
        (
            "conf in a context",
            item("  exten => 61,1,Answer()\n  same => n,Hangup()"),
        ),
        ("a variable of conf", body("    dial(${EXTEN})")),
        ("an expression of conf", body("    let x = $[1 + 2]")),
        ("a variable of PHP", body("    let x = $y")),
        ("a hole of conf", body("    log(\"called ${EXTEN} now\")")),
        ("&&", body("    if a && b { hangup() }")),
        ("||", body("    if a || b { hangup() }")),
        ("!", body("    if !a { hangup() }")),
        ("===", body("    if a === b { hangup() }")),
        ("!==", body("    if a !== b { hangup() }")),
        ("<>", body("    if a <> b { hangup() }")),
        (":=", body("    x := 5")),
        ("+=", body("    x += 5")),
        ("++", body("    x++")),
        ("--", body("    x--")),
        ("?:", body("    let x = a ? b : c")),
        (
            "=>",
            body("    match a {\n      Busy => hangup()\n      _ -> answer()\n    }"),
        ),
        ("elif", body("    if a { answer() } elif b { hangup() }")),
        (
            "elsif on a line of its own",
            body("    if a {\n      answer()\n    }\n    elsif b {\n      hangup()\n    }"),
        ),
        ("def", file("def f(a) {\n  hangup()\n}")),
        ("function", file("function f(a: Str) {\n  hangup()\n}")),
        ("let outside", file("let y = 1")),
        (
            "switch",
            body("    switch x {\n      Busy -> hangup()\n    }"),
        ),
        (
            "case in match",
            body("    match x {\n      case Busy -> hangup()\n      _ -> answer()\n    }"),
        ),
        (
            "colon in match",
            body("    match x {\n      Busy: hangup()\n      _ -> answer()\n    }"),
        ),
        ("until", body("    until x { hangup() }")),
        ("= in a condition", body("    if x = 1 { hangup() }")),
        (
            "= in while",
            body("    while x = 1 and y == 2 {\n      hangup()\n    }"),
        ),
        ("a colon for a brace", body("    if x:\n      hangup()")),
        (
            "else with a colon",
            body("    if x { answer() }\n    else:\n      hangup()"),
        ),
        (
            "options in braces",
            body("    dial(x, { ring: 20s, transfer: Both })"),
        ),
        ("chained", body("    if 1 < x < 5 { hangup() }")),
        ("typographic quotes", body("    log(“hello”)")),
        ("an ampersand", body("    dial(a & b)")),
    ];
    insta::assert_snapshot!(told(&cases));
}

#[test]
fn braces_and_parentheses() {
    let cases = [
        ("an item is not closed", "context a {\n  on 61 {\n    hangup()\n\n  on 62 {\n    hangup()\n  }\n}\n\ncontext b {\n  on 1 { hangup() }\n}\n".into()),
        ("a context is not closed", "context a {\n  on 61 {\n    hangup()\n  }\n\ncontext b {\n  on 1 { hangup() }\n}\n".into()),
        ("an if is not closed", body("    if x {\n      answer()\n    hangup()")),
        ("not closed at the end", "context b {\n}\n\ncontext c {\n  on 61 {\n    hangup()\n".into()),
        ("closed too often", body("    if x {\n      answer()\n    }\n    }\n    hangup()")),
        ("closed too often at the end", file("fn f() -> Int { 1 }\n}")),
        ("on without {", item("  on 61\n    hangup()\n  }")),
        ("if without {", body("    if x\n      hangup()\n    }\n    answer()")),
        ("else without {", body("    if x {\n      hangup()\n    } else\n      answer()\n    }")),
        ("context without {", file("context c\n  on 61 { hangup() }\n}")),
        ("on without a body", item("  on 61")),
        ("while without a body", body("    while x")),
        ("a call is not closed", body("    dial(pjsip(\"x\"), ring: 20s\n    hangup()")),
        ("a call is not closed before a keyword", body("    log(max(a, b)\n    let x = 1\n    hangup()")),
        ("a call is not closed before }", body("    log(max(a, b)")),
        ("a condition is not closed", body("    if (x == 1 {\n      hangup()\n    }")),
        ("a call is closed twice", body("    log(x))")),
        ("the wrong end", body("    log([x)")),
        ("nested declaration", item("  fn f() -> Int { 1 }")),
        ("an item in a body", body("    include other")),
        ("an item in the file", file("on 61 { hangup() }")),
        ("a statement in a context", item("  answer()")),
        ("a statement in the file", file("answer()")),
        ("a variable of globals", file("TRUNK=PJSIP")),
        ("expect in a body", body("    expect x == 1")),
        ("an arm in a body", body("    Busy -> hangup()")),
        (
            "return in a test",
            file("test \"t\" {\n  call 61 in b {\n    return\n  }\n}"),
        ),
        ("text not closed", body("    dial(pjsip(\"x), ring: 20s)\n    hangup()")),
        ("text not closed before {", body("    if x == \"abc {\n      hangup()\n    }")),
        ("raw text not closed", body("    log('it is)\n    hangup()")),
        ("pattern not closed", item("  on `9X. { hangup() }")),
        ("too deep", body(&format!("    log({}1{})", "(".repeat(200), ")".repeat(200)))),
        ("too many operators", body(&format!("    log(1{})", " + 1".repeat(200)))),
        ("too many braces", body(&format!("{}{}", "    if x {\n".repeat(200), "    }\n".repeat(200)))),
    ];
    insta::assert_snapshot!(told(&cases));
}

#[test]
fn words() {
    let cases = [
        ("a keyword as a variable", body("    let when = 5")),
        ("a keyword is written to", body("    call = 5")),
        ("a keyword in an expression", body("    log(from)")),
        (
            "a keyword as a parameter",
            file("sub s(from: Str) { hangup() }"),
        ),
        (
            "a keyword as a context",
            file("context on { on 1 { hangup() } }"),
        ),
        ("a capital name", file("fn Team(a: Str) -> Str { a }")),
        ("a capital variable", body("    let Number = 5")),
        ("a small type", file("fn f(a: str) -> Str { a }")),
        ("a small enum", file("enum team { A, B }")),
        ("a small case", file("enum Team { A, b }")),
        ("let without a value", body("    let x")),
        ("var without a value", body("    var x: Option(Str)")),
        ("const without a value", file("const y")),
        (
            "a parameter without a type",
            file("fn f(a, b: Str) -> Str { b }"),
        ),
        ("a global without a type", file("global y = 5")),
        ("fn without a result", file("fn f(a: Str) { a }")),
        ("a pattern of conf", item("  on _10XX { hangup() }")),
        (
            "a pattern of conf with a dot",
            item("  on _X. { hangup() }"),
        ),
        ("a bare pattern", item("  on 10XX { hangup() }")),
        (
            "a bare pattern with a capital",
            item("  on X. { hangup() }"),
        ),
        ("a feature code", item("  on *98 { hangup() }")),
        ("a feature code with a hash", item("  on #1 { hangup() }")),
        ("a number of the world", item("  on +4930 { hangup() }")),
        ("a second number", item("  on 61, *98 { hangup() }")),
        ("a hint with a star", item("  hint *98 = pjsip(\"x\")")),
        ("two statements", body("    answer() hangup()")),
        (
            "two statements with a keyword",
            body("    answer() let x = 1"),
        ),
        ("no comma in a call", body("    dial(a b)")),
        ("no comma in a list", body("    let x = [a\n      b]")),
        ("no comma in an enum", file("enum E {\n  A\n  B\n}")),
        ("a number with a unit", body("    wait(5sec)")),
        ("an escape", body("    log(\"a\\qb\")")),
        (
            "an escape that is no character",
            body("    log(\"a\\u{d800}b\")"),
        ),
        ("a lone brace", body("    log(\"a } b\")")),
        ("an open hole", body("    log(\"a { b\")")),
        ("an empty hole", body("    log(\"a {} b\")")),
        ("a quote in a hole", body("    log(\"a {m[\"x\"]} b\")")),
        ("a format in a hole", body("    log(\"a {x:5} b\")")),
        ("an operator in a hole", body("    log(\"a {x +} b\")")),
        ("a hole in a constant", item("  include legacy[\"a{x}\"]")),
        ("an empty pattern", item("  on `` { hangup() }")),
        (
            "an underscore in a pattern",
            item("  on `_X.` { hangup() }"),
        ),
        ("a part without a name", item("  on `9{XX}` { hangup() }")),
        (
            "a part without characters",
            item("  on `9{n:}` { hangup() }"),
        ),
        ("a part that is open", item("  on `9{n: X` { hangup() }")),
        ("nothing behind =", body("    let x =")),
        ("nothing behind an operator", body("    let x = 1 +")),
        ("else alone", body("    else { hangup() }")),
        (
            "an import without a name",
            file("import conf \"extensions.conf\""),
        ),
        ("an argument left out", body("    dial(a,, b)")),
        ("goto nowhere", body("    goto")),
        ("goto a number", body("    goto 61")),
    ];
    insta::assert_snapshot!(told(&cases));
}

/// The classic of all: four mistakes far apart are four errors, and all that is sound is kept.
#[test]
fn four_mistakes_are_four_errors() {
    let text = "const y =\n\ncontext a {\n  on 61 {\n    let = 5\n    hangup()\n  }\n  on { }\n  on 62 { hangup() }\n}\n\nfn f(a: Str) -> Str { a b }\n\ncontext b { }\n";
    let read = parse(text);
    assert_eq!(read.errors.len(), 4, "{:?}", read.errors);
    assert_eq!(read.module.decls.len(), 3);
}

#[test]
fn mistakes_have_an_end() {
    let text = "context a {\n".to_owned() + &"  on { }\n".repeat(10_000) + "}\n";
    let read = parse(&text);
    assert_eq!(read.errors.len(), strowger_dial::ERRORS + 1);
    assert_eq!(read.errors.last().unwrap().kind, ErrorKind::TooMany);
}
