//! Defects of real dialplans that a person labelled (`tests/labels/by-hand.tsv`), and how many of them `strowger check` finds; what it finds in all of them.
//!
//! The dialplans are other people's and stay outside: `STROWGER_CORPUS` names the folder that holds them, one folder a repository.
//! `STROWGER_HELD_OUT` names that of the plans of `tests/labels/held-out.tsv`, which were labelled before any check had seen them.
//! Without them the tests say so on standard error and pass. What came of it: `docs/precision.md`.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Certain defects found, in hundredths of all certain ones. It may only rise.
const FLOOR: usize = 95;

/// The same of the plans of `held-out.tsv`.
const HELD_OUT_FLOOR: usize = 88;

/// What the plans are to run on: the labels speak of what the newest Asterisk no longer has.
const TARGET: &str = "asterisk-23";

/// A finding this many lines beside the label is the same one.
const NEAR: u64 = 1;

struct Label {
    repository: String,
    path: String,
    line: u64,
    code: String,
    /// What every careful reader would call a defect; the others only show where judgement differs.
    certain: bool,
    /// One cause that shows at many places: it counts wherever in the file it is told.
    gathered: bool,
}

fn labels(file: &str) -> Vec<Label> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/labels")
        .join(file);
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .skip(1)
        .map(|l| {
            let [repository, path, line, code, sure, gathered] =
                l.split('\t').collect::<Vec<_>>().try_into().unwrap();
            assert!(matches!(sure, "certain" | "likely"), "{l}");
            assert!(matches!(gathered, "" | "*"), "{l}");
            Label {
                repository: repository.into(),
                path: path.into(),
                line: line.parse().unwrap(),
                code: code.into(),
                certain: sure == "certain",
                gathered: gathered == "*",
            }
        })
        .collect()
}

/// A finding that counts: where it points first and where else.
struct Finding {
    code: String,
    places: Vec<(String, u64)>,
}

/// What a user would name on the command line to have this file checked: its directory, or the file where no plan there reads it.
fn target(file: &Path) -> PathBuf {
    let directory = file.parent().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let Ok(plan) = std::fs::read(directory.join("extensions.conf")) else {
        return file.into();
    };
    let plan = String::from_utf8_lossy(&plan);
    let read = |l: &str| l.trim_start().starts_with("#include") && l.contains(name);
    let is_plan = name.starts_with("extensions") && name != "extensions.conf";
    if is_plan && !plan.lines().any(read) {
        file.into()
    } else {
        directory.into()
    }
}

fn check(target: &Path) -> Vec<Finding> {
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(["check", "--format", "json", "--target", TARGET])
        .arg(target)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(
        matches!(out.status.code(), Some(0 | 1)),
        "{}: {errors}",
        target.display()
    );
    let place = |v: &Value| {
        Some((
            v.get("file")?.as_str()?.to_owned(),
            v.get("line")?.as_u64()?,
        ))
    };
    String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .filter(|v| matches!(v["level"].as_str(), Some("warn" | "error")))
        .map(|v| Finding {
            code: v["code"].as_str().unwrap().into(),
            places: place(&v)
                .into_iter()
                .chain(v["related"].as_array().unwrap().iter().filter_map(place))
                .collect(),
        })
        .collect()
}

/// The folder that a variable names; without it a word on standard error, past the test harness, which would keep it to itself.
fn folder(variable: &str, test: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    if named.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED {test}: {variable} names no folder"
        );
    }
    named
}

fn recall(labels: &[Label], folder: &Path, floor: usize) {
    let mut checked: HashMap<PathBuf, Vec<Finding>> = HashMap::new();
    let mut codes: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut missed = String::new();
    let (mut certain, mut found) = (0, 0);
    for label in labels {
        let file = folder.join(&label.repository).join(&label.path);
        if !file.exists() {
            missed += &format!("absent {}/{}\n", label.repository, label.path);
            continue;
        }
        let findings = checked
            .entry(target(&file))
            .or_insert_with_key(|target| check(target));
        let told = findings.iter().any(|f| {
            f.code == label.code
                && f.places.iter().any(|(at, line)| {
                    Path::new(at) == file && (label.gathered || line.abs_diff(label.line) <= NEAR)
                })
        });
        let count = codes.entry(&label.code).or_default();
        let sure = usize::from(!label.certain) * 2;
        count[sure] += 1;
        count[sure + 1] += usize::from(told);
        if label.certain {
            certain += 1;
            found += usize::from(told);
        }
        if !told {
            let sure = if label.certain { "missed" } else { "unsaid" };
            missed += &format!(
                "{sure} {} {}/{}:{}\n",
                label.code, label.repository, label.path, label.line
            );
        }
    }
    println!("code  certain found  likely found");
    for (code, [a, b, c, d]) in &codes {
        println!("{code}  {a:7} {b:5}  {c:6} {d:5}");
    }
    println!("{missed}recall of certain defects: {found} of {certain}");
    assert!(certain > 0, "none of the labelled files is there");
    assert!(
        found * 100 >= certain * floor,
        "only {found} of {certain} certain defects, not {floor} of a hundred"
    );
}

#[test]
fn certain_defects_are_found() {
    if let Some(corpus) = folder("STROWGER_CORPUS", "certain_defects_are_found") {
        recall(&labels("by-hand.tsv"), &corpus, FLOOR);
    }
}

#[test]
fn certain_defects_are_found_in_plans_that_no_check_was_written_for() {
    if let Some(held_out) = folder("STROWGER_HELD_OUT", "certain_defects_are_found_in_plans") {
        recall(&labels("held-out.tsv"), &held_out, HELD_OUT_FLOOR);
    }
}

/// What a user would name to have all plans below a directory checked: each directory with a plan, and each further plan that it does not read.
fn targets(directory: &Path, all: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            targets(&path, all);
        } else if name.starts_with("extensions") && name.contains(".conf") {
            all.insert(target(&path));
        }
    }
}

#[test]
fn what_is_told_of_the_corpus() {
    let Some(corpus) = folder("STROWGER_CORPUS", "what_is_told_of_the_corpus") else {
        return;
    };
    let mut all = BTreeSet::new();
    targets(&corpus, &mut all);
    let mut found = BTreeSet::new();
    for target in &all {
        for finding in check(target) {
            if let Some((file, line)) = finding.places.into_iter().next() {
                found.insert((file, line, finding.code));
            }
        }
    }
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut repositories: BTreeMap<String, usize> = BTreeMap::new();
    for (file, _, code) in &found {
        *codes.entry(code).or_default() += 1;
        let inside = Path::new(file).strip_prefix(&corpus).unwrap();
        let repository = inside.components().next().unwrap();
        let name = repository.as_os_str().to_string_lossy().into_owned();
        *repositories.entry(name).or_default() += 1;
    }
    for (code, count) in &codes {
        println!("{code} {count}");
    }
    for (repository, count) in &repositories {
        println!("{count:5} {repository}");
    }
    println!(
        "{} findings at {} targets of {} repositories",
        found.len(),
        all.len(),
        repositories.len()
    );
    // Every verdict still names a line that is there.
    let judged = include_str!("labels/judged.tsv");
    for row in judged.lines().skip(1) {
        let mut columns = row.split('\t');
        let file = corpus
            .join(columns.next().unwrap())
            .join(columns.next().unwrap());
        let line: usize = columns.next().unwrap().parse().unwrap();
        let text = std::fs::read(&file).unwrap();
        assert!(text.split(|b| *b == b'\n').count() >= line, "{row}");
    }
}
