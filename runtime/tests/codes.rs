//! The codes of the exchange: every entry is complete, its examples do what they say, and no finding carries another.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use strowger_compiler::codes::{self, Files};
use strowger_compiler::source::Sources;
use strowger_runtime::config;

fn found(files: Files) -> HashSet<&'static str> {
    let mut sources = Sources::new();
    for (name, text) in files {
        sources.add(name, *text);
    }
    config::load(&sources)
        .1
        .into_iter()
        .map(|d| d.code)
        .collect()
}

/// What each code says of its example. After a change: `INSTA_UPDATE=always cargo test -p strowger-runtime --test codes`.
#[test]
fn every_message() {
    let mut said = String::new();
    let mut codes: Vec<_> = codes::exchange().collect();
    codes.sort_by_key(|c| c.id);
    for code in codes {
        let mut sources = Sources::new();
        for (name, text) in code.bad {
            sources.add(name, *text);
        }
        for d in config::understand(&sources)
            .1
            .iter()
            .filter(|d| d.code == code.id)
        {
            let file = sources.file(d.primary.span.file);
            let line = file.line(d.primary.span.start);
            said.push_str(&format!(
                "{} {} {}:{line}: {}\n",
                d.code,
                d.level.word(),
                file.name(),
                d.message
            ));
            for more in std::iter::once(&d.primary.text).chain(&d.helps) {
                said.push_str(&format!("    {more}\n"));
            }
        }
    }
    insta::assert_snapshot!("messages", said);
}

#[test]
fn every_code_has_words_and_examples_that_hold() {
    let mut wrong = Vec::new();
    for code in codes::exchange() {
        if code.title.is_empty() || code.explain.len() < code.title.len() {
            wrong.push(format!("{} has no words", code.id));
        }
        let bad = found(code.bad);
        if !bad.contains(code.id) {
            wrong.push(format!("{}: its example gives {bad:?}", code.id));
        }
        if found(code.good).contains(code.id) {
            wrong.push(format!("{}: its counter-example triggers it", code.id));
        }
        for id in bad {
            if codes::find(id).is_none() {
                wrong.push(format!("{id} is not registered"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
