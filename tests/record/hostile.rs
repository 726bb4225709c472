//! Records as nobody writes them: they are read to their end, and each call in them runs to its end.

use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use strowger_compiler::Sources;
use strowger_runtime::record::{Next, Reader, replay, words};
use strowger_vm::{Globals, Module};

const RECORD: &str = include_str!("calls.rec");

static PLAN: LazyLock<Arc<Module>> = LazyLock::new(|| {
    let sources = Sources::plan(include_str!("plan/extensions.conf"));
    let compiled = strowger_compiler::compile(&sources, &Default::default());
    compiled.module.unwrap()
});

/// How many calls and bad lines there are.
fn read(record: &[u8]) -> Option<(usize, usize)> {
    let mut reader = Reader::new(record).ok()?;
    let (mut calls, mut bad) = (0, 0);
    while let Some(next) = reader.next_one() {
        match next {
            Next::Bad(_) => bad += 1,
            Next::Call(call) => {
                calls += 1;
                for turn in &call.turns {
                    assert!(words(&turn.asks).chars().all(|c| !c.is_control()));
                }
                drop(replay(
                    &PLAN,
                    &Arc::new(Globals::default()),
                    &reader.head,
                    &call,
                ));
            }
        }
    }
    Some((calls, bad))
}

#[test]
fn the_record_itself_is_whole() {
    assert_eq!(read(RECORD.as_bytes()), Some((8, 0)));
}

#[test]
fn each_beginning_of_it_is_read() {
    let head = RECORD.find('\n').unwrap() + 1;
    for end in head..RECORD.len() {
        let (_, bad) = read(&RECORD.as_bytes()[..end]).unwrap();
        assert_eq!(bad, 0, "cut at {end}");
    }
}

#[test]
fn long_and_deep_lines_are_left_out() {
    let head = RECORD.lines().next().unwrap();
    let long = format!("{head}\n{}\n{{\"end\":{{}}}}\n", "x".repeat(20 << 20));
    assert_eq!(read(long.as_bytes()), Some((0, 1)));
    let deep = format!("{head}\n{}\n", "[".repeat(1 << 20));
    assert_eq!(read(deep.as_bytes()), Some((0, 1)));
    // A call that never ends, in lines that are whole.
    let begin = RECORD.lines().nth(1).unwrap();
    let steps = format!("[\"a\",\"b\",1,\"NoOp\",\"{}\"]", "x".repeat(10 << 20));
    let turn = format!(
        "{{\"call\":1,\"t\":0,\"took\":0,\"steps\":[{steps}],\"asks\":null,\"gets\":{{\"done\":true}}}}"
    );
    let mut endless = format!("{head}\n{begin}\n");
    for _ in 0..30 {
        endless.push_str(&turn);
        endless.push('\n');
    }
    let (calls, bad) = read(endless.as_bytes()).unwrap();
    assert!(calls == 0 && bad > 0, "{calls}, {bad}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_stands_in_it(
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..4_u8), 0..12),
        swaps in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>()), 0..4),
    ) {
        let mut lines: Vec<Vec<u8>> = RECORD.lines().map(|l| l.as_bytes().to_vec()).collect();
        for (a, b) in swaps {
            // The head stays where it is.
            let (a, b) = (1 + a.index(lines.len() - 1), 1 + b.index(lines.len() - 1));
            lines.swap(a, b);
        }
        let head = lines.remove(0);
        let mut text = lines.join(&b'\n');
        for (at, byte, how) in edits {
            let at = at.index(text.len());
            match how {
                0 => text[at] = byte,
                1 => drop(text.remove(at)),
                2 => text.insert(at, b"0123456789\"{}[],:-e"[usize::from(byte) % 19]),
                _ => text[at] = text[at].wrapping_add(1),
            }
        }
        read(&[head.as_slice(), b"\n", &text].concat());
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
        let head = RECORD.lines().next().unwrap().as_bytes();
        read(&[head, b"\n", &bytes].concat());
    }
}
