//! Defects of real dialplans that a person labelled (`tests/labels/by-hand.tsv`), and how many of them `strowger check` finds.
//!
//! The dialplans are other people's and stay outside: `STROWGER_CORPUS` names the folder that holds them, one folder a repository.
//! Without it the test says so on standard error and passes.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Certain defects found, in hundredths of all certain ones. It may only rise.
const FLOOR: usize = 91;

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

fn labels() -> Vec<Label> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/labels/by-hand.tsv");
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

#[test]
fn certain_defects_are_found() {
    let Some(corpus) = std::env::var_os("STROWGER_CORPUS") else {
        // Not through the test harness, which would keep it to itself.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED certain_defects_are_found: STROWGER_CORPUS names no folder"
        );
        return;
    };
    let mut checked: HashMap<PathBuf, Vec<Finding>> = HashMap::new();
    let mut codes: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut missed = String::new();
    let (mut certain, mut found) = (0, 0);
    for label in labels() {
        let file = Path::new(&corpus).join(&label.repository).join(&label.path);
        let target = target(&file);
        let findings = checked
            .entry(target)
            .or_insert_with_key(|target| check(target));
        let told = findings.iter().any(|f| {
            f.code == label.code
                && f.places.iter().any(|(at, line)| {
                    Path::new(at) == file && (label.gathered || line.abs_diff(label.line) <= NEAR)
                })
        });
        let count = codes.entry(label.code.clone()).or_default();
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
    assert!(
        found * 100 >= certain * FLOOR,
        "only {found} of {certain} certain defects, not {FLOOR} of a hundred"
    );
}
