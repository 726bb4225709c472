//! What is said of `.dial` files that cannot be read: each code by its example, and each kind of mistake.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use strowger_compiler::codes::{self, Files};
use strowger_compiler::dial::syntax;
use strowger_compiler::{Diagnostic, FileId, Fix, Sources};

fn read(bytes: &[u8]) -> Vec<Diagnostic> {
    syntax::diagnostics(FileId(0), bytes, &strowger_dial::parse_bytes(bytes))
}

fn checked(files: Files) -> (Vec<u8>, Vec<Diagnostic>) {
    let sources = codes::sources(files);
    let (_, file) = sources
        .files()
        .find(|(_, f)| f.name().ends_with(".dial"))
        .unwrap();
    (file.bytes().to_vec(), read(file.bytes()))
}

/// A finding in plain text.
fn words(sources: &Sources, d: &Diagnostic) -> String {
    let at = |span: strowger_compiler::Span| {
        let (line, column) = sources.file(span.file).line_column(span.start);
        format!("{line}:{column}")
    };
    let mut out = format!("{} {}: {}\n", d.code, at(d.primary.span), d.message);
    if !d.primary.text.is_empty() {
        out.push_str(&format!("    {}\n", d.primary.text));
    }
    for other in &d.secondary {
        out.push_str(&format!("    {}: {}\n", at(other.span), other.text));
    }
    for help in &d.helps {
        out.push_str(&format!("    help: {help}\n"));
    }
    for fix in &d.fixes {
        let sure = if fix.safe { "safe" } else { "suggested" };
        out.push_str(&format!("    fix ({sure}): {}\n", fix.title));
    }
    out
}

/// The bytes after a repair.
fn repaired(bytes: &[u8], fix: &Fix) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for edit in fix.edits.iter().rev() {
        out.splice(
            edit.span.start as usize..edit.span.end as usize,
            edit.text.iter().copied(),
        );
    }
    out
}

#[test]
fn every_code_has_words_and_examples_that_hold() {
    for code in codes::written() {
        assert!(code.explain.len() > code.title.len(), "{}", code.id);
        let (_, bad) = checked(code.bad);
        let found: BTreeSet<_> = bad.iter().map(|d| d.code).collect();
        if code.id == "D102" {
            assert!(found.contains("D102"));
        } else {
            assert_eq!(found, BTreeSet::from([code.id]), "{}", code.id);
            assert_eq!(bad.len(), 1, "{}: {bad:?}", code.id);
        }
        let (_, good) = checked(code.good);
        assert!(good.is_empty(), "{}: {good:?}", code.id);
    }
}

#[test]
fn every_message() {
    let mut said = String::new();
    for code in codes::written() {
        let (bytes, bad) = checked(code.bad);
        let sources = Sources::new().with("a.dial", bytes);
        for found in bad.iter().filter(|d| d.code == code.id) {
            said.push_str(&words(&sources, found));
        }
    }
    insta::assert_snapshot!(said);
}

/// Mistakes that the examples of the codes do not hold, each in a body, a context or a file.
#[test]
fn further_messages() {
    let bodies = [
        "let x = ${DIALSTATUS}",
        "let x = ${CALLERID(num)}",
        "let x = ${TRUNK}",
        "let x = $[1 + 2]",
        "log(\"a } b\")",
        "log(\"a {} b\")",
        "log(\"{x:5}\")",
        "log('it is)",
        "dial(10XX)",
        "wait(5apples)",
        "x++",
        "x := 1",
        "if !a||b { hangup() }",
        "match a {\n  Busy => hangup()\n}",
        "match a {\n  Busy: hangup()\n}",
        "match a {\n  case Busy -> hangup()\n}",
        "else { hangup() }",
        "switch a {\n  Busy -> hangup()\n}",
        "until a { hangup() }",
        "log(a))",
        "log([a)",
        "expect a == b",
        "include other",
        "Busy -> hangup()",
        "let Name = 1",
        "let a",
        "if a { hangup()",
        "let a = ",
        "goto 61",
        "dial(a b)",
        "let a = 1 +\nhangup()",
        "answer(); hangup()",
        "/* hello */ answer()",
        "# one\n; two\n-- three\nanswer()",
    ];
    let items = [
        "on *98 { hangup() }",
        "on 10XX { hangup() }",
        "on `9{X}` { hangup() }",
        "on `9{n: X` { hangup() }",
        "on `` { hangup() }",
        "fn f() -> Int { 1 }",
        "const x = 1",
        "exten => 61,1,Dial(PJSIP/61)",
        "hint 61",
        "include",
    ];
    let files = [
        "answer()",
        "let x = 1",
        "def f(x):\n  hangup()",
        "fn f(n: Int) { n }",
        "global x = 1",
        "#include \"other.dial\"",
        "import conf \"a.conf\"",
        "enum team { A }",
        "test \"a\" {\n  answer()\n}",
    ];
    let texts = bodies
        .iter()
        .map(|b| (*b, format!("context a {{\n  on 61 {{\n{b}\n  }}\n}}\n")))
        .chain(
            items
                .iter()
                .map(|i| (*i, format!("context a {{\n{i}\n}}\n"))),
        )
        .chain(files.iter().map(|f| (*f, (*f).to_owned())));
    let mut said = String::new();
    for (shown, text) in texts {
        let sources = Sources::new().with("a.dial", text.clone());
        said.push_str(&format!("> {}\n", shown.replace('\n', "\n> ")));
        for found in read(text.as_bytes()) {
            said.push_str(&words(&sources, &found));
        }
        said.push('\n');
    }
    insta::assert_snapshot!(said);
}

/// A repair that is applied unasked leaves a file without this mistake, and makes no new one.
#[test]
fn repairs_repair() {
    let mut tried = 0;
    for code in codes::written() {
        let (bytes, bad) = checked(code.bad);
        for fix in bad.iter().flat_map(|d| &d.fixes) {
            let after = read(&repaired(&bytes, fix));
            assert!(after.is_empty(), "{} {}: {after:?}", code.id, fix.title);
            tried += 1;
        }
    }
    assert!(tried >= 12, "only {tried}");
}

#[test]
fn repairs_of_many_places_are_one() {
    let text = "context a {\n  on 61 {\n    answer(); log(\"x\");\n    hangup();;\n  }\n  on 62 { hangup(); }\n}\n";
    let found = read(text.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].fixes[0].edits.len(), 5);
    assert!(read(&repaired(text.as_bytes(), &found[0].fixes[0])).is_empty());
    let text = "context a {\n  # one\n  on 61 { // two\n    hangup() ; three\n    --four\n  }\n}\n";
    let found = read(text.as_bytes());
    assert_eq!(found.len(), 1);
    let after = String::from_utf8(repaired(text.as_bytes(), &found[0].fixes[0])).unwrap();
    assert_eq!(
        after,
        "context a {\n  // one\n  on 61 { // two\n    hangup() // three\n    // four\n  }\n}\n"
    );
}
