//! What became of tests, in each format and with each option.

use crate::{Folder, shop};

fn mixed(name: &str) -> Folder {
    let tests = shop::mixed();
    Folder::new(
        name,
        &[
            ("extensions.conf", shop::PLAN),
            ("extensions.test.yaml", &tests),
        ],
    )
}

fn good(name: &str) -> Folder {
    let tests = shop::good();
    Folder::new(
        name,
        &[
            ("extensions.conf", shop::PLAN),
            ("extensions.test.yaml", &tests),
        ],
    )
}

#[test]
fn failures_for_people() {
    insta::assert_snapshot!(mixed("human").seen(&["--color", "never"]));
}

#[test]
fn colours_change_no_word() {
    let folder = mixed("colour");
    let words = ["--color", "always", "--filter", "busy"];
    let coloured = folder.seen(&words);
    assert!(coloured.contains("\u{1b}[31;1mFAIL\u{1b}[0m  a busy colleague"));
    let mut plain = String::new();
    for part in coloured.split_inclusive('\u{1b}') {
        let (code, text) = match part.strip_prefix('[') {
            Some(escaped) => escaped.split_once('m').unwrap(),
            None => ("", part),
        };
        assert!(code.chars().all(|c| c.is_ascii_digit() || c == ';'));
        plain.push_str(text.trim_end_matches('\u{1b}'));
    }
    let lines = |text: &str| {
        text.lines()
            .skip(1)
            .map(|l| l.trim_end().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&plain), lines(&folder.seen(&["--filter", "busy"])));
}

#[test]
fn failures_as_json() {
    insta::assert_snapshot!(mixed("json").seen(&["--format", "json"]));
}

#[test]
fn failures_as_junit() {
    insta::assert_snapshot!(mixed("junit").seen(&["--format", "junit"]));
}

#[test]
fn failures_as_github() {
    insta::assert_snapshot!(mixed("github").seen(&["--format", "github"]));
}

#[test]
fn what_a_format_says_of_a_refused_file() {
    let folder = Folder::new(
        "refused",
        &[
            ("extensions.conf", shop::PLAN),
            (
                "a.test.yaml",
                "tests:\n  - name: a\n    dail: 1001\n    context: office\n",
            ),
        ],
    );
    let mut all = String::new();
    for format in ["json", "junit", "github"] {
        all.push_str(&folder.seen(&["--format", format]));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn coverage_for_people() {
    insta::assert_snapshot!(good("table").seen(&["--coverage"]));
}

#[test]
fn coverage_as_json() {
    let folder = good("coverage-json");
    let told = folder.seen(&["--coverage=c.json"]);
    assert!(told.ends_with("--- exit 0\n"), "{told}");
    insta::assert_snapshot!(folder.read("c.json"));
}

#[test]
fn too_little_was_tried() {
    let folder = good("under");
    let mut all = folder.seen(&["--fail-under", "30"]);
    all.push_str(&folder.seen(&["--fail-under", "80"]));
    all.push_str(&folder.seen(&["--fail-under", "80", "--format", "github"]));
    all.push_str(&folder.seen(&["--fail-under", "101"]));
    insta::assert_snapshot!(all);
}

#[test]
fn a_filter() {
    let folder = mixed("filter");
    let mut all = folder.seen(&["--filter", "ANSWERS", "--color", "never"]);
    all.push_str(&folder.seen(&["--filter", "no such test"]));
    all.push_str(&folder.seen(&["--filter", "no such test", "--format", "json"]));
    insta::assert_snapshot!(all);
}

/// The order is that of the file however many run at once.
#[test]
fn jobs_change_nothing() {
    let folder = mixed("jobs");
    let alone = folder.seen(&["--jobs", "1"]);
    assert_eq!(
        folder
            .seen(&["--jobs", "8"])
            .replacen("--jobs 8", "--jobs 1", 1),
        alone
    );
    assert!(folder.seen(&["--jobs", "0"]).ends_with("--- exit 2\n"));
}

#[test]
fn a_seed_repeats_what_is_random() {
    let folder = Folder::new(
        "seed",
        &[
            (
                "extensions.conf",
                "[a]\nexten => 1,1,Set(N=${RAND(1,1000000)})\n",
            ),
            (
                "a.test.yaml",
                "tests:\n  - { name: random, context: a, dial: 1, expect: { N: 0 } }\n",
            ),
        ],
    );
    let got = |words: &[&str]| {
        let told = folder.seen(&[&["--color", "never"], words].concat());
        let line = told.lines().find(|l| l.contains("got  ")).unwrap();
        let again = told.lines().find(|l| l.contains("again: ")).unwrap();
        (line.trim().to_owned(), again.trim().to_owned())
    };
    let first = got(&["--seed", "7"]);
    assert!(first.1.ends_with("--filter 'random' --seed 7"), "{first:?}");
    assert_eq!(got(&["--seed", "7"]), first);
    assert_ne!(got(&["--seed", "8"]).0, first.0);
    assert_ne!(got(&[]).0, first.0);
}

/// Below a folder, several files, one of which is no test file.
#[test]
fn folders_are_looked_through() {
    let tests = shop::good();
    let folder = Folder::new(
        "below",
        &[
            ("one/extensions.conf", shop::PLAN),
            ("one/extensions.test.yaml", &tests),
            ("two/deep/extensions.conf", shop::PLAN),
            ("two/deep/b.test.yaml", &tests),
            ("two/deep/broken.test.yaml", "tests: [\n"),
            ("two/notes.yaml", "nothing: [\n"),
        ],
    );
    insta::assert_snapshot!(folder.seen(&["--color", "never"]));
}

/// What a Dial asks for in vain is told once for each line, in each format; the tests pass all the same.
#[test]
fn options_without_effect() {
    let plan = "[office]
exten => _1X,1,Dial(PJSIP/${EXTEN},20,tB(office^20^1)n)
";
    let tests = "defaults: { context: office }
endpoints: { PJSIP/11: answers, PJSIP/12: answers }
tests:
  - name: they answer
    dial: [\"11\", \"12\"]
    expect: { DIALSTATUS: ANSWER }
";
    let files = [("extensions.conf", plan), ("extensions.test.yaml", tests)];
    let folder = Folder::new("options", &files);
    let mut all = folder.seen(&[]);
    all.push_str(&folder.seen(&["--format", "json", "--filter", "11"]));
    all.push_str(&folder.seen(&["--format", "github"]));
    insta::assert_snapshot!(all);
}
