//! Which entry a real Asterisk chose, case by case (`tests/golden/patterns.jsonl`).
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use strowger_compiler::resolve::Index;
use strowger_compiler::{Options, Sources, compile};

/// One case: the plan with a priority 1 for each pattern, what is dialled, and the chosen line.
fn answer(case: &Value) -> Option<(String, String, usize)> {
    let mut text = String::new();
    // Which running number a line of the text has.
    let mut numbers = Vec::new();
    for (name, lines) in case["contexts"].as_object().unwrap() {
        text.push_str(&format!("[{name}]\n"));
        numbers.push(None);
        for line in lines.as_array().unwrap() {
            let line = line.as_str().unwrap();
            let exten = line.starts_with("exten");
            let count = numbers.iter().flatten().count();
            numbers.push(exten.then_some(count));
            text.push_str(line);
            text.push_str(if exten { ",1,NoOp()\n" } else { "\n" });
        }
    }
    let compiled = compile(&Sources::plan(text), &Options::default());
    let index = Index::new(&compiled.hir);
    let caller = case["callerid"].as_str().unwrap_or("");
    let found = index.find(
        case["context"].as_str().unwrap().as_bytes(),
        case["dial"].as_str().unwrap().as_bytes(),
        caller.as_bytes(),
        1,
        &|_| true,
    )?;
    let (candidate, step) = found;
    let number = numbers[step.line as usize - 1].unwrap();
    let mut name = String::from_utf8(candidate.extension.name.clone()).unwrap();
    if let Some(caller) = &candidate.extension.caller {
        name = format!("{name}/{}", String::from_utf8_lossy(&caller.text));
    }
    Some((
        String::from_utf8(candidate.context.name.clone()).unwrap(),
        name,
        number,
    ))
}

#[test]
fn the_same_entry_wins() {
    let cases = include_str!("../../tests/golden/patterns.jsonl");
    let mut failed = Vec::new();
    let mut total = 0;
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        // Includes that ask the clock are tried where there is one.
        if case.get("now").is_some() {
            continue;
        }
        total += 1;
        let got = answer(&case);
        let want = case["expect"].as_object().map(|e| {
            (
                e["context"].as_str().unwrap(),
                e["index"].as_u64().unwrap() as usize,
            )
        });
        if got
            .as_ref()
            .map(|(context, _, index)| (context.as_str(), *index))
            != want
        {
            failed.push(format!(
                "{}: {} dials {}\n  want {want:?}\n  got  {got:?}\n  {}",
                case["id"], case["context"], case["dial"], case["contexts"]
            ));
        }
    }
    assert!(total > 400, "only {total} cases");
    assert!(
        failed.is_empty(),
        "{} of {total} differ\n{}",
        failed.len(),
        failed.join("\n")
    );
}
