//! The registry of codes: every entry is complete and its examples do what they say.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use strowger_compiler::audit::Denied;
use strowger_compiler::codes::{self, Files};
use strowger_compiler::{Diagnostic, Level, Options, Sources, Span, analyse};
use strowger_stdlib::Dialect;

fn checked(files: Files) -> (Sources, Vec<Diagnostic>) {
    let sources = codes::sources(files);
    let mut options = Options::default();
    // The exchange reads this file; here two keys of it count.
    if let Some((_, text)) = files.iter().find(|(name, _)| *name == "strowger.toml") {
        if let Some((_, release)) = text.split_once("asterisk_version = ") {
            options.dialect = Dialect::named(release.trim()).unwrap();
        }
        if let Some((_, words)) = text.split_once("denied = ") {
            let words = words.split('"').skip(1).step_by(2);
            options.surroundings.denied = words.map(|w| Denied::named(w).unwrap()).collect();
        }
    }
    // Codes that are off unless asked for are shown too.
    options.levels.extend(
        codes::all()
            .filter(|c| c.level == Level::Allow)
            .map(|c| (c.id.to_owned(), Level::Note)),
    );
    let found = analyse(&sources, &options).diagnostics;
    (sources, found)
}

fn found(files: Files) -> HashSet<&'static str> {
    checked(files).1.into_iter().map(|d| d.code).collect()
}

/// What each code says of its example, a snapshot for each family. After a change: `INSTA_UPDATE=always cargo test -p
/// strowger-compiler --test codes`, and read what has changed.
#[test]
fn every_message() {
    // What a search finds is shown by the program's tests.
    let families = codes::FAMILIES.iter().map(|(family, _)| *family);
    for family in families.filter(|f| *f != "properties") {
        let mut codes: Vec<_> = codes::all().filter(|c| c.family == family).collect();
        codes.sort_by_key(|c| c.id);
        let mut said = String::new();
        for code in codes {
            let (sources, found) = checked(code.bad);
            for finding in found.iter().filter(|f| f.code == code.id) {
                said.push_str(&words(&sources, finding));
            }
        }
        insta::assert_snapshot!(format!("messages_{family}"), said);
    }
}

/// A finding in plain text.
fn words(sources: &Sources, d: &Diagnostic) -> String {
    let at = |span: Span| {
        let file = sources.file(span.file);
        let (line, column) = file.line_column(span.start);
        format!("{}:{line}:{column}", file.name())
    };
    let mut out = format!(
        "{} {} {}: {}\n",
        d.code,
        d.level.word(),
        at(d.primary.span),
        d.message
    );
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

#[test]
fn every_code_has_words_and_examples_that_hold() {
    let mut wrong = Vec::new();
    for code in codes::all() {
        if code.title.is_empty()
            || code.explain.len() < code.title.len()
            || code.bad.is_empty()
            || code.good.is_empty()
        {
            wrong.push(format!("{} is incomplete", code.id));
        }
        let bad = found(code.bad);
        if !bad.contains(code.id) {
            wrong.push(format!("{}: its example gives {bad:?}", code.id));
        }
        let good = found(code.good);
        if good.contains(code.id) {
            wrong.push(format!("{}: its counter-example triggers it", code.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_family_is_named() {
    for code in codes::all()
        .chain(codes::exchange())
        .chain(codes::explored())
    {
        assert!(
            codes::FAMILIES.iter().any(|(name, _)| *name == code.family),
            "{}: `{}` is not in FAMILIES",
            code.id,
            code.family
        );
    }
    for id in codes::ONLY_HERE {
        assert!(codes::find(id).is_some(), "{id} is not registered");
    }
}

#[test]
fn no_code_is_given_twice() {
    let mut seen = HashSet::new();
    for code in codes::all()
        .chain(codes::exchange())
        .chain(codes::explored())
    {
        assert!(seen.insert(code.id), "{} is given twice", code.id);
    }
}

#[test]
fn no_finding_carries_an_unknown_code() {
    for code in codes::all() {
        for id in found(code.bad).into_iter().chain(found(code.good)) {
            assert!(codes::find(id).is_some(), "{id} is not registered");
        }
    }
}
