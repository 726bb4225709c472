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
