//! Which extension answers: the automaton gives what trying one entry after the other gives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strowger_vm::pattern::{Found, Matches, Question, without_dashes};
use strowger_vm::{Builder, Inputs, Options, StepHead};

/// Entries of one context.
const ENTRIES: usize = 200;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|b| *b == b'\n');
    let dialled = lines.next().unwrap_or_default();
    let mut names: Vec<&[u8]> = Vec::new();
    for name in lines.filter(|n| !n.is_empty()).take(ENTRIES) {
        // One entry for each spelling of the same positions.
        let same = |other: &&[u8]| Matches::read(other).rank(&Matches::read(name)).is_eq();
        if !names.iter().any(same) {
            names.push(name);
        }
    }
    let mut builder = Builder::new(Options::default());
    let context = builder.context(b"c");
    for (n, name) in (1u32..).zip(&names) {
        let entry = builder.entry(context, name, None);
        let head = StepHead {
            priority: 1,
            application: b"NoOp",
            line: n,
            ..StepHead::default()
        };
        builder.step(entry, &head).run();
    }
    let Ok(module) = builder.finish() else {
        return;
    };
    module.prepare();
    let mut order: Vec<(u32, Matches)> = (1u32..)
        .zip(names.iter().map(|n| Matches::read(n)))
        .collect();
    order.sort_by(|(_, a), (_, b)| a.rank(b));
    let plain = without_dashes(dialled);
    let first = |question: Question| {
        order
            .iter()
            .find(|(_, m)| m.answer(dialled, &plain, question) != Found::No)
            .map(|(n, _)| *n)
    };
    let inputs = Inputs::default();
    let found = module.find(&inputs, b"c", dialled, None).map(|m| m.line);
    assert_eq!(
        found,
        first(Question::Match),
        "{:?}",
        dialled.escape_ascii().to_string()
    );
    let beginning = module.is_beginning(&inputs, b"c", dialled, None);
    assert_eq!(beginning, first(Question::CanMatch).is_some());
});
