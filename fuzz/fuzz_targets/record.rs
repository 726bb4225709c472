//! Records of calls: whatever stands in one, it is read to its end, and each call in it runs to its end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use strowger_runtime::record::{Next, Reader, replay, words};
use strowger_vm::{Globals, Module};

/// The plan on which the calls run.
static PLAN: LazyLock<Arc<Module>> = LazyLock::new(|| {
    let text = include_bytes!("../../tests/record/plan/extensions.conf");
    let sources = strowger_compiler::source::Sources::plan(text.as_slice());
    strowger_compiler::compile(&sources, &Default::default())
        .module
        .unwrap_or_default()
});

/// What a record begins with; most of what comes at random has no head.
const HEAD: &[u8] = br#"{"strowger":"record","version":1,"program":"0","began":"2026-03-02T10:00:00Z","zone":"UTC","prompts":true,"names":{},"pseudonyms":true,"plan":""}
"#;

fuzz_target!(|data: &[u8]| {
    drop(Reader::new(data));
    let text = [HEAD, data].concat();
    let Ok(mut reader) = Reader::new(text.as_slice()) else {
        return;
    };
    while let Some(next) = reader.next_one() {
        if let Next::Call(call) = next {
            call.turns.iter().for_each(|turn| drop(words(&turn.asks)));
            drop(replay(&PLAN, &Arc::new(Globals::default()), &reader.head, &call));
        }
    }
});
