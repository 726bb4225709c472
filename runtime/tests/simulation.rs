//! The simulator against calls that a real Asterisk ran: the same steps, the same end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use strowger_compiler::source::Sources;
use strowger_runtime::End;
use strowger_runtime::sim::{Behaviour, Happened, Simulation};
use strowger_vm::{Place, Trace};

fn simulation(plan: &str) -> Simulation {
    let compiled =
        strowger_compiler::compile(&Sources::plan(plan), &strowger_compiler::Options::default());
    let mut simulation = Simulation::new(compiled.module.unwrap());
    simulation.world.globals = Arc::new(strowger_runtime::globals(&compiled.hir));
    simulation
}

/// `context exten priority app args [n]`, with channel serials cut out.
fn steps(trace: &[Happened]) -> Vec<String> {
    trace
        .iter()
        .filter_map(|happened| {
            let Trace::Step(step) = &happened.what else {
                return None;
            };
            let text = |bytes: &[u8]| plain(&String::from_utf8_lossy(bytes));
            let number = if happened.channel == 0 {
                String::new()
            } else {
                format!(" {}", happened.channel)
            };
            Some(format!(
                "{} {} {} {} {}{number}",
                text(&step.context),
                text(&step.exten),
                step.priority,
                text(&step.application),
                text(&step.arguments)
            ))
        })
        .collect()
}

/// Without the serial numbers of channels.
fn plain(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let serial = bytes[at] == b'-'
            && bytes.len() >= at + 9
            && bytes[at + 1..at + 9]
                .iter()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            && bytes.get(at + 9).is_none_or(|b| !b.is_ascii_alphanumeric());
        if serial {
            at += 9;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn the_flows_of_a_real_asterisk() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/flow.jsonl");
    let text = std::fs::read_to_string(&path).expect("tests/golden/flow.jsonl");
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let case: Value = serde_json::from_str(line).unwrap();
        cases += 1;
        let mut simulation = simulation(case["text"].as_str().unwrap());
        let start: Vec<&str> = case["start"].as_str().unwrap().split(',').collect();
        let ran = simulation.call(Place::new(start[0], start[1], start[2].parse().unwrap()));
        let want: Vec<String> = case["expect"]["trace"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| {
                let words: Vec<String> = step
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|w| w.as_str().map_or_else(|| w.to_string(), ToOwned::to_owned))
                    .collect();
                plain(&words.join(" "))
            })
            .collect();
        let got = steps(&simulation.world.trace);
        let cause = u64::from(ran.end.cause());
        let want_cause = case["expect"]["hangupcause"].as_u64().unwrap_or(cause);
        if got != want || cause != want_cause {
            wrong.push(format!(
                "{}\n  want {want:?} {want_cause}\n  got  {got:?} {cause}",
                case["id"]
            ));
        }
    }
    assert!(cases > 100, "{cases} cases");
    assert!(
        wrong.is_empty(),
        "{} of {cases} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

const PLAN: &str = "\
[main]
exten => 100,1,Dial(SIP/61&SIP/62,20,g)
 same => n,NoOp(${DIALSTATUS} ${ANSWEREDTIME} ${DIALEDPEERNUMBER})
 same => n,Hangup()
exten => 200,1,Dial(SIP/63,20)
 same => n,NoOp(${DIALSTATUS} ${HANGUPCAUSE})
";

fn noop(simulation: &Simulation) -> String {
    steps(&simulation.world.trace)
        .iter()
        .find(|s| s.contains(" NoOp "))
        .cloned()
        .unwrap()
}

#[test]
fn made_up_endpoints_answer_as_told() {
    let mut sim = simulation(PLAN);
    sim.world.endpoint(b"SIP/61", Behaviour::NoAnswer);
    sim.world.endpoint(
        b"SIP/62",
        Behaviour::Answers {
            after_ms: 3_000,
            talks_ms: Some(7_500),
        },
    );
    let begin = sim.world.now;
    let ran = sim.call(Place::new("main", "100", 1));
    assert_eq!(noop(&sim), "main 100 2 NoOp ANSWER 7 62");
    assert_eq!(sim.world.now.0 - begin.0, 10_500_000);
    assert!(matches!(ran.end, End::Done(_)));

    let mut sim = simulation(PLAN);
    sim.world.endpoint(b"SIP/61", Behaviour::Busy);
    sim.world.endpoint(b"SIP/62", Behaviour::NoAnswer);
    sim.call(Place::new("main", "100", 1));
    assert_eq!(noop(&sim), "main 100 2 NoOp NOANSWER  ");
}

#[test]
fn an_endpoint_that_nobody_described_is_chanunavail_and_the_trace_says_so() {
    let mut sim = simulation(PLAN);
    sim.call(Place::new("main", "200", 1));
    assert_eq!(noop(&sim), "main 200 2 NoOp CHANUNAVAIL 20");
    assert!(
        sim.world
            .trace
            .iter()
            .any(|h| matches!(&h.what, Trace::Note { text, .. } if text.contains("SIP/63")))
    );
}
