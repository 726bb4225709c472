//! Which line a real Asterisk ran for a dialled number (`tests/golden/patterns.jsonl`), asked of the compiled module.
#![allow(clippy::unwrap_used)]

mod world;

use serde_json::Value;
use strowger_vm::Time;
use world::World;

#[test]
fn the_winning_line_is_the_one_that_asterisk_ran() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/golden/patterns.jsonl"
    );
    // 2026-03-11 12:30 UTC, a Wednesday.
    let world = World {
        now: Time::from_seconds(1_773_232_200),
        ..World::default()
    };
    let mut failed = Vec::new();
    let mut tried = 0;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        tried += 1;
        let mut plan = String::new();
        // Line of the plan -> running number among the entries.
        let mut numbers = Vec::new();
        for (context, lines) in case["contexts"].as_object().unwrap() {
            plan.push_str(&format!("[{context}]\n"));
            numbers.push(None);
            for line in lines.as_array().unwrap() {
                let line = line.as_str().unwrap();
                let is_entry = line.starts_with("exten");
                plan.push_str(line);
                plan.push_str(if is_entry { ",1,NoOp()\n" } else { "\n" });
                let index = numbers.iter().flatten().count();
                numbers.push(is_entry.then_some(index));
            }
        }
        let module = world::module(&plan);
        let caller = case["callerid"]
            .as_str()
            .filter(|c| !c.is_empty())
            .map(str::as_bytes);
        let context = case["context"].as_str().unwrap().as_bytes();
        let found = module.find(
            &world.inputs(),
            context,
            case["dial"].as_str().unwrap().as_bytes(),
            caller,
        );
        let got = found.map(|m| numbers[m.line as usize - 1].unwrap() as u64);
        if got != case["expect"]["index"].as_u64() {
            failed.push(format!(
                "{} {} dials {}: {got:?}, not {}",
                case["id"], plan, case["dial"], case["expect"]
            ));
        }
    }
    assert!(tried > 400);
    assert!(
        failed.is_empty(),
        "{} of {tried} differ:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

mod many {
    //! Contexts with many patterns are searched by a trie: it must find what a search one by one finds.
    use super::world::{self, World};
    use proptest::prelude::*;
    use strowger_compiler::pattern::Matches;

    fn pattern() -> impl Strategy<Value = String> {
        let element = prop::sample::select(vec![
            "1", "2", "3", "X", "N", "Z", "[12]", "[2-4]", "[13]", "[321]",
        ]);
        let end = prop::sample::select(vec!["", "", ".", "!"]);
        (prop::collection::vec(element, 0..4), end)
            .prop_map(|(e, end)| format!("_{}{end}", e.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn a_trie_finds_what_a_list_finds(patterns in prop::collection::vec(pattern(), 16..60), dialled in "[0-4]{0,5}") {
            let mut plan = String::from("[c]\n");
            for p in &patterns {
                plan.push_str(&format!("exten => {p},1,NoOp()\n"));
            }
            let mut ranked: Vec<(Matches, &String)> = patterns.iter().map(|p| (Matches::read(p.as_bytes()), p)).collect();
            ranked.sort_by(|a, b| a.0.rank(&b.0));
            let want = ranked.iter().find(|(m, _)| m.matches(dialled.as_bytes())).map(|(m, _)| m);
            let found = world::module(&plan).find(&World::default().inputs(), b"c", dialled.as_bytes(), None);
            let got = found.map(|m| Matches::read(&m.exten));
            prop_assert_eq!(got.as_ref(), want);
        }
    }
}
