//! The tokens of `.dial`, on any text: they cover it without a gap, and a part of it that begins at a token has the same ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strowger_dial::token::{Kind, lex};

fuzz_target!(|text: &str| {
    let tokens = lex(text);
    let mut end = 0;
    for token in &tokens {
        assert!(token.at.start == end && token.at.end > end);
        end = token.at.end;
    }
    assert_eq!(end as usize, text.len());
    // Behind a line end nothing of the lines before counts.
    let Some(cut) = tokens.iter().position(|t| t.kind == Kind::LineEnd) else {
        return;
    };
    let from = tokens[cut].at.end;
    let behind = lex(&text[from as usize..]);
    let rest = &tokens[cut + 1..];
    assert_eq!(behind.len(), rest.len());
    for (a, b) in behind.iter().zip(rest) {
        assert_eq!((a.kind, a.at.start + from), (b.kind, b.at.start));
    }
});
