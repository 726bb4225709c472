//! Answers of a real Asterisk (`tests/golden/`), as far as they need no
//! channel: expressions, substitution and the pure functions. Cases that need
//! a channel, a global store or another process are counted as skipped.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::Value as Json;
use strowger_stdlib::pure::{self, Env};
use strowger_stdlib::template::{self, Answered, Call, Resolve};
use strowger_stdlib::time::{Moment, Zone};
use strowger_stdlib::{Value, args, signatures};

/// A channel of variables: what `Set`, `MSet` and the pure functions can do.
struct Plan {
    variables: HashMap<Vec<u8>, Value>,
    exten: String,
    env: Env,
    /// Something was asked for that this harness does not have.
    beyond: Option<String>,
    depth: usize,
}

/// Names that the harness has no channel for.
const CHANNEL_NAMES: &[&str] = &[
    "CHANNEL",
    "CONTEXT",
    "PRIORITY",
    "UNIQUEID",
    "HANGUPCAUSE",
    "EPOCH",
    "CALLINGPRES",
    "CALLINGANI2",
    "CALLINGTON",
    "CALLINGTNS",
    "HINT",
    "HINTNAME",
    "SYSTEMNAME",
    "ENTITYID",
];

impl Resolve for Plan {
    fn variable(&mut self, name: &[u8]) -> Option<Value> {
        let text = String::from_utf8_lossy(name).into_owned();
        if text == "EXTEN" {
            return Some(Value::from(self.exten.as_str()));
        }
        if CHANNEL_NAMES.contains(&text.as_str())
            || text.starts_with("AST") && text.ends_with("DIR")
        {
            self.beyond = Some(text);
            return None;
        }
        self.variables.get(name).cloned()
    }

    fn call(&mut self, call: &Call) -> Answered {
        let name = String::from_utf8_lossy(&call.name).into_owned();
        if name == "EVAL" {
            if call.args.is_empty() {
                return Answered::Untouched;
            }
            self.depth += 1;
            if self.depth > template::DEPTH_LIMIT {
                return Answered::Untouched;
            }
            let (text, _) = template::expand(&call.args, self);
            self.depth -= 1;
            return Answered::Value(Value::from(text));
        }
        let Some(id) = pure::find(&call.name) else {
            // A function that was there once is not there now.
            if signatures::function(&call.name).is_some_and(|known| known.until.is_none()) {
                self.beyond = Some(name);
            }
            return Answered::Failed;
        };
        let mut read = Value::EMPTY;
        if let Some(body) = pure::reads(id, &call.args) {
            let mut text = b"${".to_vec();
            text.extend_from_slice(&body);
            text.push(b'}');
            read = Value::from(template::expand(&text, self).0);
        }
        let answer = pure::call(id, &call.args, &read, &self.env);
        for (name, value) in answer.writes {
            self.set(&name, value);
        }
        answer.outcome
    }
}

impl Plan {
    fn set(&mut self, name: &[u8], value: Value) {
        if name.ends_with(b")") {
            let call = Call::read(name);
            let mut read = Value::EMPTY;
            if let Some(body) = pure::write_reads(&call.name, &call.args) {
                read = self.variables.get(&body).cloned().unwrap_or_default();
            }
            match pure::write(&call.name, &call.args, &read, &value.bytes()) {
                Some(answer) => {
                    for (name, value) in answer.writes {
                        self.set(&name, value);
                    }
                }
                None => self.beyond = Some(String::from_utf8_lossy(&call.name).into_owned()),
            }
            return;
        }
        let (bare, _) = args::inheritance(name);
        self.variables.insert(bare.to_vec(), value);
    }

    /// The lines have passed the configuration reader, where `\\;` is `;`.
    fn run(&mut self, line: &str) {
        let line = &line.replace("\\;", ";");
        let (name, text) = args::application(line.as_bytes());
        let (text, _) = template::expand(text, self);
        match name.to_ascii_lowercase().as_slice() {
            b"set" if line.contains('(') => {
                if let Some((name, value)) = args::assignment(&text) {
                    self.set(name, Value::text(value));
                }
            }
            b"mset" => {
                for pair in args::split(&text, args::MSET_SLOTS) {
                    if let Some((name, value)) = args::assignment(&pair) {
                        self.set(name, Value::text(value));
                    }
                }
            }
            b"noop" => {}
            _ => self.beyond = Some(line.to_owned()),
        }
    }
}

struct Score {
    right: usize,
    wrong: Vec<String>,
    skipped: usize,
}

fn score(file: &str) -> Score {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden")
        .join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut score = Score {
        right: 0,
        wrong: Vec::new(),
        skipped: 0,
    };
    for line in text.lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let mut plan = Plan {
            variables: HashMap::new(),
            exten: case["exten"].as_str().unwrap_or("s").to_owned(),
            env: Env {
                now: Moment::from_seconds(1_786_000_000),
                zone: Zone::utc(),
                has_prompts: false,
                ..Env::default()
            },
            beyond: None,
            depth: 0,
        };
        if let Some(variables) = case["vars"].as_object() {
            for (name, value) in variables {
                plan.variables.insert(
                    name.as_bytes().to_vec(),
                    Value::from(value.as_str().unwrap()),
                );
            }
        }
        for line in case["setup"].as_array().into_iter().flatten() {
            plan.run(line.as_str().unwrap());
        }
        let expected = match (case["expect"].as_str(), case["expect_hex"].as_str()) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(hex)) => (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect(),
            // Asterisk stopped or crashed: there is no answer to compare.
            (None, None) => {
                score.skipped += 1;
                continue;
            }
        };
        let input = case["input"].as_str().unwrap();
        let (got, _) = template::expand(input.as_bytes(), &mut plan);
        if plan.beyond.is_some() {
            score.skipped += 1;
        } else if got == expected {
            score.right += 1;
        } else {
            score.wrong.push(format!(
                "{} {input:?} {} {}: expected {:?}, got {:?}",
                case["id"].as_str().unwrap(),
                case["vars"],
                case["setup"],
                String::from_utf8_lossy(&expected),
                String::from_utf8_lossy(&got),
            ));
        }
    }
    println!(
        "{file}: {} right, {} wrong, {} need a channel",
        score.right,
        score.wrong.len(),
        score.skipped
    );
    for wrong in &score.wrong {
        println!("  {wrong}");
    }
    score
}

/// The floor may only rise.
fn at_least(file: &str, floor: usize) {
    let score = score(file);
    assert!(
        score.right >= floor,
        "{file}: {} right, at least {floor} were once",
        score.right
    );
}

#[test]
fn expressions_have_asterisks_values() {
    at_least("expressions.jsonl", 913);
}

#[test]
fn substitution_gives_asterisks_text() {
    at_least("substitution.jsonl", 400);
}

/// One case stays wrong: Morocco has changed its clocks since the measurement.
#[test]
fn pure_functions_give_asterisks_answers() {
    at_least("functions.jsonl", 1092);
}
