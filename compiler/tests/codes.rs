//! The registry of codes: every entry is complete and its examples do what they say.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use strowger_compiler::codes::{self, Files};
use strowger_compiler::{Options, Sources, compile};
use strowger_stdlib::Dialect;

fn found(files: Files) -> HashSet<&'static str> {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, *text);
    }
    let mut options = Options::default();
    // The exchange reads this file; here one key of it counts.
    if let Some((_, text)) = files.iter().find(|(name, _)| *name == "strowger.toml") {
        let (_, release) = text.split_once("asterisk_version = ").unwrap();
        options.dialect = Dialect::named(release.trim()).unwrap();
    }
    // Codes that are off unless asked for are shown too.
    options
        .levels
        .extend(codes::all().map(|c| (c.id.to_owned(), strowger_compiler::Level::Warn)));
    compile(&sources, &options)
        .diagnostics
        .into_iter()
        .map(|d| d.code)
        .collect()
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
fn no_code_is_given_twice() {
    let mut seen = HashSet::new();
    for code in codes::all().chain(codes::exchange()) {
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
