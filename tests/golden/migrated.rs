//! The same plans and texts, but written anew as `.dial` and printed again as an extensions.conf: what comes out answers as before.

use super::{Case, ask, cases, same_text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use strowger_compiler::migrate::{FILE, Verdict, migrate};
use strowger_compiler::{Options, Reading, Sources, emit};

/// The plan as it is after both ways, and whether each context of it is proved.
fn there_and_back(plan: &str) -> (Vec<u8>, bool) {
    let migrated = migrate(&Sources::plan(plan), &Options::default(), &[]);
    let mut sources = Sources::new();
    sources.add("extensions.conf", migrated.conf.clone());
    sources.add(FILE, migrated.dial.clone());
    let reading = Reading::new(&sources, &Options::default());
    let printed = emit::conf(reading.hir(), &sources).unwrap();
    let mut out = Vec::new();
    for line in migrated.conf.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b"#include") {
            let own = printed.split_inclusive(|b| *b == b'\n');
            out.extend(own.filter(|l| !l.starts_with(b"#include")).flatten());
        } else {
            out.extend_from_slice(line);
        }
    }
    let proved = |v: &Verdict| *v == Verdict::Proved;
    (out, migrated.contexts.iter().all(|c| proved(&c.verdict)))
}

/// What a step is when jumps have other forms: its context, extension, application and arguments; none for what only leads on.
fn done(step: &Value) -> Option<String> {
    const LEADS: [&str; 12] = [
        "goto",
        "gotoif",
        "gotoiftime",
        "while",
        "endwhile",
        "exitwhile",
        "continuewhile",
        "execif",
        "gosubif",
        "if",
        "endif",
        "else",
    ];
    let part = |n: usize| step[n].as_str().unwrap_or_default().to_owned();
    let app = part(3).to_ascii_lowercase();
    let (mut args, empty) = (part(4), part(4).is_empty());
    if LEADS.contains(&app.as_str()) || app == "noop" && empty {
        return None;
    }
    if app == "gosub" || app == "hangup" {
        // A number has become a label, or a word.
        args.clear();
    }
    Some(format!(
        "{} {} {app} {}",
        part(0),
        part(1),
        args.trim_end_matches(',')
    ))
}

#[test]
fn flow() {
    let cases = cases("flow.jsonl");
    let (mut asked, mut proved) = (Vec::new(), 0);
    for case in &cases {
        let (text, all) = there_and_back(case["text"].as_str().unwrap());
        proved += usize::from(all);
        let mut case = case.clone();
        case.insert("text".into(), String::from_utf8(text).unwrap().into());
        asked.push(case);
    }
    let answers = ask("simulate", &asked);
    let mut wrong = Vec::new();
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let answer = &answers[id];
        let trace = |of: &Value| -> Vec<String> {
            of.as_array().unwrap().iter().filter_map(done).collect()
        };
        let text = case["text"].as_str().unwrap();
        // What stands in these is a step of its own afterwards.
        let carries = ["ExecIf", "GosubIf"].iter().any(|app| text.contains(app));
        // Numbers of priorities, and the variables in which loops keep them.
        let counts = text.contains("PRIORITY");
        let want = &case["expect"];
        let same = carries || counts || trace(&want["trace"]) == trace(&answer["trace"]);
        let ends = want.get("stalled").is_some() || want["hangupcause"] == answer["hangupcause"];
        if !same || !ends {
            wrong.push(format!(
                "{id}\n{:#?}\n{:#?}",
                trace(&want["trace"]),
                trace(&answer["trace"])
            ));
        }
    }
    let line = format!(
        "flow.jsonl through .dial: {} of {} as Asterisk answers; every context proved in {proved}",
        cases.len() - wrong.len(),
        cases.len()
    );
    let _ = writeln!(std::io::stderr(), "{line}");
    assert!(wrong.is_empty(), "{line}\n{}", wrong.join("\n"));
    assert!(proved >= 120, "{line}");
}

/// Texts of arguments: each is the value of a Set.
fn texts(file: &str, floor: usize) {
    let mut asked: Vec<Case> = Vec::new();
    let mut plan = String::from("[texts]\n");
    for case in cases(file) {
        let input = case["input"].as_str().unwrap().to_owned();
        // A line of a file holds them as they are, but for comments.
        if input.contains(['\n', '\r', '\0']) || input.trim() != input {
            continue;
        }
        let line = input.replace(';', "\\;");
        plan.push_str(&format!("exten => c{},1,Set(R={line})\n", asked.len()));
        asked.push(case);
    }
    let (printed, _) = there_and_back(&plan);
    let reading = Reading::new(&Sources::plan(printed), &Options::default());
    let context = reading.hir().context(b"texts").unwrap();
    let mut of: BTreeMap<String, String> = BTreeMap::new();
    for extension in &context.extensions {
        let args = extension.steps[0].args.bytes();
        let value = args.strip_prefix(b"R=").unwrap();
        of.insert(
            String::from_utf8(extension.name.clone()).unwrap(),
            String::from_utf8(value.to_vec()).unwrap(),
        );
    }
    let mut other = 0;
    for (n, case) in asked.iter_mut().enumerate() {
        let Some(value) = of.get(&format!("c{n}")) else {
            continue;
        };
        other += usize::from(case["input"].as_str() != Some(value));
        case.insert("input".into(), value.clone().into());
    }
    let answers = ask("eval", &asked);
    let passed = asked
        .iter()
        .filter(|c| same_text(c, &answers[c["id"].as_str().unwrap()]))
        .count();
    let line = format!(
        "{file} through .dial: {passed} of {} as Asterisk answers; {other} are written otherwise",
        asked.len()
    );
    let _ = writeln!(std::io::stderr(), "{line}");
    assert!(passed >= floor, "{line}");
}

#[test]
fn expressions() {
    texts("expressions.jsonl", 913);
}

#[test]
fn substitution() {
    texts("substitution.jsonl", 416);
}

#[test]
fn functions() {
    texts("functions.jsonl", 1250);
}
