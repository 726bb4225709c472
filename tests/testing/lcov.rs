//! LCOV: the numbers add up, they are those of the JSON, and `genhtml` draws them.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::{Folder, shop};

/// A file that two contexts include: each has a step on each of its lines.
const SHARED: &str = "exten => 7,1,GotoIf($[${N}]?done)
 same => n(done),Hangup()
";

fn folder(name: &str) -> Folder {
    let plan = format!(
        "{}\n[day]\n#include \"shared.conf\"\n[night]\n#include \"shared.conf\"\n",
        shop::PLAN
    );
    let tests = format!(
        "{}\n  - name: a shared line\n    dial: 7\n    context: night\n    variables: {{ N: 1 }}\n    expect: {{ path: [GotoIf, Hangup] }}\n",
        shop::good()
    );
    Folder::new(
        name,
        &[
            ("extensions.conf", &plan),
            ("shared.conf", SHARED),
            ("extensions.test.yaml", &tests),
        ],
    )
}

/// What a record says of a file.
#[derive(Debug, Default)]
struct Record {
    lines: BTreeMap<u64, u64>,
    /// By line, block and branch; `None`: the block never ran.
    branches: BTreeMap<(u64, u64, u64), Option<u64>>,
    totals: BTreeMap<String, u64>,
}

/// Reads it as geninfo(1) tells it.
fn records(text: &str) -> BTreeMap<String, Record> {
    let mut all = BTreeMap::new();
    let mut open: Option<(String, Record)> = None;
    for line in text.lines() {
        if line == "end_of_record" {
            let (file, record) = open.take().unwrap();
            assert!(all.insert(file, record).is_none(), "{text}");
            continue;
        }
        let (key, value) = line.split_once(':').unwrap();
        if key == "TN" {
            continue;
        }
        if key == "SF" {
            assert!(open.is_none());
            open = Some((value.to_owned(), Record::default()));
            continue;
        }
        let record = &mut open.as_mut().unwrap().1;
        let words: Vec<&str> = value.split(',').collect();
        let number = |n: usize| words[n].parse::<u64>().unwrap();
        match key {
            "DA" => assert!(record.lines.insert(number(0), number(1)).is_none()),
            "BRDA" => {
                let taken = (words[3] != "-").then(|| number(3));
                let at = (number(0), number(1), number(2));
                assert!(record.branches.insert(at, taken).is_none());
            }
            "LF" | "LH" | "BRF" | "BRH" => {
                assert!(record.totals.insert(key.into(), number(0)).is_none());
            }
            _ => panic!("{line}"),
        }
    }
    assert!(open.is_none());
    all
}

#[test]
fn the_numbers_add_up() {
    let folder = folder("lcov");
    let told = folder.seen(&["--coverage=lcov.info"]);
    assert!(told.ends_with("--- exit 0\n"), "{told}");
    let text = folder.read("lcov.info");
    insta::assert_snapshot!(text);
    let all = records(&text);
    let names: Vec<&String> = all.keys().collect();
    assert_eq!(names, ["extensions.conf", "shared.conf"]);
    for (file, record) in &all {
        let count = |n: usize| u64::try_from(n).unwrap();
        let total = |key: &str| record.totals[key];
        assert_eq!(total("LF"), count(record.lines.len()));
        let hit = record.lines.values().filter(|n| **n > 0).count();
        assert_eq!(total("LH"), count(hit));
        assert_eq!(total("BRF"), count(record.branches.len()));
        let taken = record.branches.values().flatten().filter(|n| **n > 0);
        assert_eq!(total("BRH"), count(taken.count()));
        // Each line is one of the file, and has a step.
        let text = folder.read(file);
        let text: Vec<&str> = text.lines().collect();
        for line in record.lines.keys() {
            let line = text[usize::try_from(*line).unwrap() - 1];
            assert!(
                line.contains("exten =>") || line.contains("same =>"),
                "{line}"
            );
        }
    }
    // The shared lines ran in one of the two contexts.
    let shared = &all["shared.conf"];
    assert_eq!(shared.lines, BTreeMap::from([(1, 1), (2, 1)]));
    assert_eq!(shared.branches[&(1, 0, 0)], None);
    assert_eq!(shared.branches[&(1, 1, 0)], Some(1));
    assert_eq!(shared.branches[&(1, 1, 1)], Some(0));
}

#[test]
fn the_numbers_are_those_of_the_json() {
    let folder = folder("lcov-json");
    folder.seen(&["--coverage=lcov.info"]);
    folder.seen(&["--coverage=all.json"]);
    let json: Value = serde_json::from_str(&folder.read("all.json")).unwrap();
    let mut lines: BTreeMap<(String, u64), u64> = BTreeMap::new();
    let (mut found, mut hit) = (0, 0);
    for step in json["plans"][0]["all"].as_array().unwrap() {
        let at = (
            step["file"].as_str().unwrap().to_owned(),
            step["line"].as_u64().unwrap(),
        );
        *lines.entry(at).or_default() += step["count"].as_u64().unwrap();
        for branch in step["branches"].as_array().unwrap() {
            found += 1;
            hit += u64::from(branch["count"].as_u64().unwrap() > 0);
        }
    }
    let all = records(&folder.read("lcov.info"));
    let of_lcov = all.iter().flat_map(|(file, record)| {
        let lines = record.lines.iter();
        lines.map(move |(line, count)| ((file.clone(), *line), *count))
    });
    assert_eq!(of_lcov.collect::<BTreeMap<_, _>>(), lines);
    let total = |key: &str| all.values().map(|r| r.totals[key]).sum::<u64>();
    assert_eq!((total("BRF"), total("BRH")), (found, hit));
    assert_eq!(json["branches"]["all"], found);
    assert_eq!(json["branches"]["covered"], hit);
}

/// The reader that people have: `genhtml` of Debian's lcov.
#[test]
fn genhtml_draws_it() {
    let Ok(version) = Command::new("genhtml").arg("--version").output() else {
        crate::skipped(
            "genhtml_draws_it",
            "genhtml is not installed (apt-get install lcov)",
        );
        return;
    };
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let folder = folder("genhtml");
    folder.seen(&["--coverage=lcov.info"]);
    let out = Command::new("genhtml")
        .args(["--branch-coverage", "-o", "html", "lcov.info"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = format!(
        "{version}{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(out.status.success(), "{told}");
    let all = records(&folder.read("lcov.info"));
    let total = |key: &str| all.values().map(|r| r.totals[key]).sum::<u64>();
    for words in [
        format!("({} of {} lines)", total("LH"), total("LF")),
        format!("({} of {} branches)", total("BRH"), total("BRF")),
    ] {
        assert!(told.contains(&words), "{words}: {told}");
    }
    assert!(!told.to_lowercase().contains("warning"), "{told}");
    assert!(folder.path().join("html/index.html").is_file());
}
