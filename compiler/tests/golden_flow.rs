//! What a real Asterisk did with plans, case by case (`tests/golden/flow.jsonl`): the steps of one channel, its variables and
//! its hangup cause. Cases in which a second channel appears are the simulator's.
#![allow(clippy::unwrap_used)]

mod world;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strowger_vm::{Limits, Outcome, Step, Time, Vm};
use world::{World, text};

fn run(case: &Value) -> (Value, BTreeMap<String, String>, Outcome) {
    let module = world::module(case["text"].as_str().unwrap());
    let start: Vec<&str> = case["start"].as_str().unwrap().split(',').collect();
    let mut world = World {
        now: Time::from_seconds(1_773_232_200),
        ..World::default()
    };
    let mut vm = Vm::new(Limits::default());
    let entry = world::call(start[0], start[1], start[2].parse().unwrap());
    let ran = world::run_with(&mut world, &mut vm, &module, entry, |_, _| None);
    let trace = ran.steps.iter().map(|s| {
        json!([
            text(&s.context),
            text(&s.exten),
            s.priority,
            text(&s.application),
            text(&s.arguments)
        ])
    });
    let Step::Done(outcome) = ran.last else {
        panic!("{:?}", ran.last)
    };
    let vars = vm
        .variables()
        .into_iter()
        .map(|(n, v)| (text(&n), text(&v)))
        .collect();
    (Value::Array(trace.collect()), vars, outcome)
}

/// Variables whose last publication is their value: not arguments, locals and the loops' own.
fn certain(want: &Value) -> BTreeMap<String, String> {
    let pairs: Vec<(&str, &str)> = want["sets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p[0].as_str().unwrap(), p[1].as_str().unwrap()))
        .collect();
    let hidden: Vec<&str> = pairs
        .iter()
        .filter_map(|(n, _)| n.strip_prefix("LOCAL(").and_then(|n| n.strip_suffix(')')))
        .collect();
    let own = |n: &str| {
        n.starts_with("LOCAL(")
            || n.starts_with("~HASH~")
            || n.starts_with("ARG")
            || n.starts_with("WHILE_")
            || n.starts_with("END_WHILE_")
            || n.starts_with("IF_")
            || n.starts_with("main_s_")
    };
    pairs
        .iter()
        .filter(|(n, _)| {
            !own(n) && !hidden.contains(n) && !["EXTEN", "CONTEXT", "PRIORITY"].contains(n)
        })
        .map(|(n, v)| (n.trim_start_matches('_').to_owned(), (*v).to_owned()))
        .collect()
}

#[test]
fn steps_variables_and_causes_are_those_of_asterisk() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/flow.jsonl");
    let mut failed = Vec::new();
    let mut tried = 0;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let want = &case["expect"];
        if case["text"].as_str().unwrap().contains("Dial(") {
            continue;
        }
        tried += 1;
        let (trace, vars, outcome) = run(&case);
        let values: BTreeMap<String, String> = certain(want)
            .into_keys()
            .map(|n| (n.clone(), vars.get(&n).cloned().unwrap_or_default()))
            .collect();
        if trace != want["trace"]
            || values != certain(want)
            || json!(outcome.cause) != want["hangupcause"]
        {
            failed.push(format!(
                "{}\n{}\n  want {} {:?} {}\n  got  {trace} {values:?} {outcome:?}",
                case["id"],
                case["text"].as_str().unwrap(),
                want["trace"],
                certain(want),
                want["hangupcause"]
            ));
        }
    }
    assert!(tried > 100);
    assert!(
        failed.is_empty(),
        "{} of {tried} differ:\n{}",
        failed.len(),
        failed.join("\n")
    );
}
