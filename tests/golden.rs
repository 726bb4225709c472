//! The answers of a real Asterisk (`tests/golden/README.md`), asked of the program through its `--batch` contract.
//!
//! Each file has a floor: the number of cases that pass today. It may only rise.
#![allow(clippy::unwrap_used)]

#[path = "golden/migrated.rs"]
mod migrated;

use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

type Case = Map<String, Value>;

fn cases(file: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(file);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .filter(|l| !l.trim().is_empty())
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

fn ask(verb: &str, cases: &[Case]) -> HashMap<String, Case> {
    const HIDDEN: &[&str] = &[
        "expect",
        "expect_hex",
        "log",
        "version",
        "cat",
        "func",
        "note",
        "set",
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args([verb, "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: String = cases
        .iter()
        .map(|c| {
            let shown: Case = c
                .iter()
                .filter(|(k, _)| !HIDDEN.contains(&k.as_str()))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            format!("{}\n", Value::Object(shown))
        })
        .collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(
        out.status.success(),
        "{verb} --batch ended with {}",
        out.status
    );
    String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str::<Case>(l).unwrap())
        .map(|a| (a["id"].as_str().unwrap().to_owned(), a))
        .collect()
}

/// Counts the cases that pass, prints the groups that fall short, and holds the floor.
fn score(file: &str, verb: &str, floor: usize, same: impl Fn(&Case, &Case) -> bool) {
    let cases = cases(file);
    let answers = ask(verb, &cases);
    let mut short: BTreeMap<&str, usize> = BTreeMap::new();
    let mut passed = 0;
    for case in &cases {
        if answers
            .get(case["id"].as_str().unwrap())
            .is_some_and(|a| same(case, a))
        {
            passed += 1;
        } else {
            *short.entry(case["cat"].as_str().unwrap()).or_default() += 1;
        }
    }
    let line = format!(
        "{file}: {passed} of {} as Asterisk answers; short: {short:?}",
        cases.len()
    );
    let _ = writeln!(std::io::stderr(), "{line}");
    assert!(passed >= floor, "{line}; it was {floor} before");
    assert!(
        passed < floor + 40 || floor == cases.len(),
        "{line}: raise the floor from {floor}"
    );
}

fn same_text(case: &Case, answer: &Case) -> bool {
    if !answer.contains_key("value") && !answer.contains_key("value_hex") {
        return false;
    }
    if let Some(hex) = case.get("expect_hex") {
        let got = answer.get("value_hex").cloned().or_else(|| {
            let text = answer.get("value")?.as_str()?;
            Some(
                text.bytes()
                    .map(|b| format!("{b:02x}"))
                    .collect::<String>()
                    .into(),
            )
        });
        return got.as_ref() == Some(hex);
    }
    match &case["expect"] {
        // Where the measured process crashed, any graceful answer will do.
        Value::Null => {
            answer.get("value").is_none_or(Value::is_null)
                || case.get("log").is_some_and(|l| l.get("CRASH").is_some())
        }
        text => answer.get("value") == Some(text),
    }
}

#[test]
fn expressions() {
    score("expressions.jsonl", "eval", 913, same_text);
}

#[test]
fn substitution() {
    score("substitution.jsonl", "eval", 426, same_text);
}

#[test]
fn functions() {
    score("functions.jsonl", "eval", 1250, same_text);
}

#[test]
fn patterns() {
    score("patterns.jsonl", "match", 503, |case, answer| {
        let (want, Some(got)) = (&case["expect"], answer.get("match")) else {
            return false;
        };
        if want.is_null() || got.is_null() {
            return want == got;
        }
        ["context", "exten", "index"]
            .iter()
            .all(|k| want.get(k) == got.get(k))
    });
}

#[test]
fn parse() {
    fn list(context: &Value, key: &str) -> Vec<String> {
        context
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(Value::to_string)
            .collect()
    }
    fn sorted(mut list: Vec<String>) -> Vec<String> {
        list.sort();
        list
    }
    fn shape(contexts: &Value) -> BTreeMap<String, Vec<Vec<String>>> {
        let priority = |p: &Value| {
            let or_empty = |k: &str| {
                p.get(k)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let cid = p
                .get("cidmatch")
                .map_or_else(|| "none".to_owned(), Value::to_string);
            let line = p.get("line").map(Value::to_string).unwrap_or_default();
            [
                or_empty("exten"),
                p["priority"].to_string(),
                or_empty("label"),
                cid,
                or_empty("app"),
                or_empty("args"),
                line,
                or_empty("file"),
            ]
            .join("\u{1}")
        };
        contexts
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| {
                let priorities = c["priorities"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(priority)
                    .collect();
                let lists = vec![
                    sorted(priorities),
                    list(c, "includes"),
                    sorted(list(c, "ignorepats")),
                    list(c, "switches"),
                ];
                (c["context"].as_str().unwrap().to_owned(), lists)
            })
            .collect()
    }
    let loud = |log: Option<&Value>| {
        log.and_then(Value::as_array)
            .into_iter()
            .flatten()
            .any(|m| {
                matches!(
                    m["level"]
                        .as_str()
                        .unwrap_or_default()
                        .to_uppercase()
                        .as_str(),
                    "WARN" | "WARNING" | "ERROR"
                )
            })
    };
    score("parse.jsonl", "show", 253, |case, answer| {
        let want = &case["expect"];
        answer
            .get("contexts")
            .is_some_and(|got| shape(got) == shape(&want["contexts"]))
            && want
                .get("globals")
                .is_none_or(|g| g.is_null() || answer.get("globals") == Some(g))
            && (loud(answer.get("log")) || !loud(want.get("log")))
    });
}

#[test]
fn flow() {
    /// Texts without the serial numbers of channels, at any depth.
    fn plain(value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let bytes = text.as_bytes();
                let mut out = String::new();
                let mut at = 0;
                while at < text.len() {
                    let serial = bytes[at] == b'-'
                        && bytes.len() >= at + 9
                        && bytes[at + 1..at + 9]
                            .iter()
                            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
                        && bytes.get(at + 9).is_none_or(|b| !b.is_ascii_alphanumeric());
                    if serial {
                        at += 9;
                    } else {
                        let c = text[at..].chars().next().unwrap();
                        out.push(c);
                        at += c.len_utf8();
                    }
                }
                Value::String(out)
            }
            Value::Array(list) => list.iter().map(plain).collect(),
            other => other.clone(),
        }
    }
    let bare = |name: &str| {
        name.strip_prefix("__")
            .or_else(|| name.strip_prefix('_'))
            .unwrap_or(name)
            .to_owned()
    };
    score("flow.jsonl", "simulate", 134, |case, answer| {
        let want = &case["expect"];
        if answer.get("trace").map(plain) != Some(plain(&want["trace"])) {
            return false;
        }
        let flag = |v: Option<&Value>| v.and_then(Value::as_bool).unwrap_or(false);
        if flag(answer.get("stalled")) != flag(want.get("stalled")) {
            return false;
        }
        if want.get("hangupcause").is_some()
            && !flag(want.get("stalled"))
            && answer.get("hangupcause") != want.get("hangupcause")
        {
            return false;
        }
        let pairs = |key: &str| -> Vec<(String, Value)> {
            let list = want
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            list.map(|p| (p[0].as_str().unwrap().to_owned(), p[1].clone()))
                .collect()
        };
        let places: Vec<String> = want["trace"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| {
                format!(
                    "{}_{}_{}",
                    s[0].as_str().unwrap(),
                    s[1].as_str().unwrap(),
                    s[2]
                )
            })
            .collect();
        let hidden: Vec<String> = pairs("sets")
            .iter()
            .filter_map(|(n, _)| Some(n.strip_prefix("LOCAL(")?.strip_suffix(')')?.to_owned()))
            .collect();
        let book = |n: &str| {
            let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
            n.starts_with("LOCAL(")
                || n.starts_with("~HASH~")
                || n == "ARGC"
                || ["ARG", "WHILE_", "END_WHILE_", "IF_"]
                    .iter()
                    .any(|p| n.strip_prefix(p).is_some_and(digits))
                || ["EXTEN", "CONTEXT", "PRIORITY"].contains(&n)
        };
        let mut last: BTreeMap<String, Value> = BTreeMap::new();
        for (name, value) in pairs("sets") {
            if !hidden.contains(&name) && !places.contains(&name) && !book(&name) {
                last.insert(bare(&name), value);
            }
        }
        let empty = Map::new();
        let got = answer
            .get("vars")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let got: BTreeMap<String, Value> = got.iter().map(|(k, v)| (bare(k), plain(v))).collect();
        let nothing = Value::String(String::new());
        let globals = answer
            .get("globals")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        last.iter()
            .all(|(n, v)| *got.get(n).unwrap_or(&nothing) == plain(v))
            && pairs("globals")
                .iter()
                .all(|(n, v)| globals.get(n).unwrap_or(&nothing) == v)
    });
}
