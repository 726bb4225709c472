//! What `docs/dial/` and `docs/testing.md` show in `.dial` is compiled, the tests in it pass, and the list of words is that of the table.
//!
//! After a change of the table: `UPDATE=1 cargo test --test dial_docs`.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use strowger::testing::Suite;
use strowger_compiler::{Level, Options, Sources, codes, compile};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/dial")
}

#[test]
fn every_example_is_sound() {
    let mut count = 0;
    let mut tests = 0;
    let all = std::fs::read_dir(docs()).unwrap();
    let beside = docs().join("../testing.md");
    for path in all.map(|entry| entry.unwrap().path()).chain([beside]) {
        let text = std::fs::read_to_string(&path).unwrap();
        for part in text.split("```dial\n").skip(1) {
            count += 1;
            let example = part.split("```").next().unwrap();
            let sources = Sources::new().with("extensions.dial", example);
            let compiled = compile(&sources, &Options::default());
            let wrong: Vec<_> = compiled
                .diagnostics
                .iter()
                .filter(|d| d.level >= Level::Warn)
                // The language has words for what this exchange does not do yet.
                .filter(|d| !codes::ONLY_HERE.contains(&d.code))
                .map(|d| (d.code, d.message.as_str()))
                .collect();
            assert!(
                wrong.is_empty(),
                "{}: {wrong:?} in\n{example}",
                path.display()
            );
            assert!(compiled.hir.steps().next().is_some(), "{example}");
            if !compiled.tests.is_empty() {
                tests += compiled.tests.len();
                let suite = Suite::from_dial(example).unwrap_or_else(|e| panic!("{e}"));
                suite.run().assert();
            }
        }
    }
    assert!(count >= 6, "{count}");
    assert!(tests >= 4, "{tests}");
}

#[test]
fn the_words_are_those_of_the_table() {
    let path = docs().join("words.md");
    let table = strowger_stdlib::words::reference();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap();
    assert!(
        there.trim() == table.trim(),
        "docs/dial/words.md is stale: UPDATE=1 cargo test --test dial_docs"
    );
}

/// Both sides of each pair do the same, as far as callers notice.
#[test]
fn side_by_side_is_equal() {
    let text = std::fs::read_to_string(docs().join("from-extensions-conf.md")).unwrap();
    let folder = std::env::temp_dir().join(format!("strowger-pairs-{}", std::process::id()));
    let mut count = 0;
    for part in text.split("```ini\n").skip(1) {
        let (lines, rest) = part.split_once("```\n```dial\n").unwrap();
        let (dial, _) = rest.split_once("```").unwrap();
        count += 1;
        let (old, new) = (folder.join("old"), folder.join("new"));
        for (side, name, text) in [
            (&old, "extensions.conf", lines),
            (&new, "extensions.dial", dial),
        ] {
            std::fs::create_dir_all(side).unwrap();
            std::fs::write(side.join(name), text).unwrap();
        }
        let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .arg("explore")
            .arg(&new)
            .arg("--against")
            .arg(&old)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&out.stdout).into_owned();
        let told = told + &String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{lines}{dial}{told}");
        assert!(told.contains("reached 100 % of steps"), "{dial}{told}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(count >= 12, "{count}");
}
