//! What a real Asterisk made of single texts through the machine: templates compiled to code, functions of the channel, and the
//! applications that stood before them (`tests/golden/{expressions,substitution,functions}.jsonl`).
#![allow(clippy::unwrap_used)]

mod world;

use serde_json::Value;
use strowger_vm::{Entry, Limits, Module, Party, Place, Reply, Run, State, Step, Time, Vm};
use world::World;

/// The text as the argument of a priority of a plan of its own, so that it is compiled.
fn eval(case: &Value) -> Option<Vec<u8>> {
    let list = |name: &str| {
        case[name]
            .as_array()
            .into_iter()
            .flatten()
            .map(|s| s.as_str().unwrap().as_bytes().to_vec())
    };
    let mut world = World {
        now: Time::from_seconds(1_773_232_200),
        ..World::default()
    };
    let party = Party {
        name: b"Local/probe@probe-00000001;2".to_vec(),
        technology: b"Local".to_vec(),
        state: State::Up,
        ..Party::default()
    };
    let variables = case["vars"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, v)| (k.clone().into_bytes(), v.as_str().unwrap().into()));
    let entry = Entry {
        party,
        variables: variables.collect(),
        run: Run::Eval {
            place: Place::new("case", case["exten"].as_str().unwrap_or("s"), 2),
            // The lines stood in a file, where a backslash protects a semicolon.
            before: list("setup")
                .map(|l| String::from_utf8(l).unwrap().replace("\\;", ";").into())
                .collect(),
            text: case["input"].as_str().unwrap().into(),
        },
    };
    let module = std::sync::Arc::<Module>::default();
    let mut vm = Vm::new(Limits::default());
    let mut step = vm.start(&module, &world.inputs(), entry);
    loop {
        step = match step {
            Step::Effect(e) => {
                let reply = world.perform(&mut vm, e);
                vm.resume(&module, &world.inputs(), reply)
            }
            Step::OutOfFuel => vm.resume(&module, &world.inputs(), Reply::done()),
            Step::Returned(value) => return Some(value),
            Step::Done(_) => return None,
            Step::Fault(f) => panic!("{f}"),
        }
    }
}

fn check(file: &str, least: usize) {
    let path = format!(
        "{}/../tests/golden/{file}.jsonl",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut failed = Vec::new();
    let mut good = 0;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let got = eval(&case);
        let same = match (&case["expect"], &case["expect_hex"], &got) {
            (_, Value::String(hex), Some(got)) => {
                *hex == got.iter().map(|b| format!("{b:02x}")).collect::<String>()
            }
            (Value::String(want), _, Some(got)) => want.as_bytes() == got,
            (Value::Null, Value::Null, got) => got.is_none() || case["log"].get("CRASH").is_some(),
            _ => false,
        };
        if same {
            good += 1;
        } else {
            let got = got.map(|g| String::from_utf8_lossy(&g).into_owned());
            failed.push(format!(
                "{} {} {} {}\n  want {} {}\n  got  {got:?}",
                case["id"],
                case["input"],
                case["setup"],
                case["vars"],
                case["expect"],
                case["expect_hex"]
            ));
        }
    }
    assert!(
        good >= least,
        "{good} of {}:\n{}",
        good + failed.len(),
        failed.join("\n")
    );
}

#[test]
fn expressions() {
    check("expressions", 913);
}

#[test]
fn substitution() {
    check("substitution", 426);
}

#[test]
fn functions() {
    // The others ask the exchange: groups, devices, queues, prompts, formats of the channel.
    check("functions", 1208);
}
