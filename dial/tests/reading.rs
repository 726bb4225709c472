//! Sound files are read without a word, and nothing of their text is lost.
#![allow(clippy::unwrap_used)]

use strowger_dial::{parse, parse_bytes};

fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/examples");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .map(|p| (p.display().to_string(), std::fs::read_to_string(p).unwrap()))
        .collect();
    all.sort();
    assert!(all.len() >= 3);
    all
}

#[test]
fn examples_have_no_mistakes() {
    for (name, text) in examples() {
        let read = parse(&text);
        assert!(read.errors.is_empty(), "{name}: {:?}", read.errors);
        assert!(read.module.decls.len() >= 2, "{name}");
    }
}

#[test]
fn a_file_is_its_tokens_in_a_row() {
    for (name, text) in examples() {
        let mut at = 0;
        for token in parse(&text).tokens {
            assert_eq!(token.at.start, at, "{name}");
            at = token.at.end;
        }
        assert_eq!(at as usize, text.len(), "{name}");
    }
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let read = parse_bytes(b"context a { }\n// \xff\n");
    assert_eq!(read.errors.len(), 1);
    assert_eq!(read.errors[0].at.start, 17);
}
