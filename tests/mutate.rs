//! `strowger test --mutate`: mistakes made on purpose, and which of them tests notice.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

const PLAN: &str = "\
[office]
exten => 61,1,Dial(PJSIP/61,20)
 same => n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy:busy)
 same => n(busy),Playback(vm-isonphone)
 same => n,Hangup()
exten => _7XX,1,Answer()
";

const STRICT: &str = "\
dialplan: extensions.conf
tests:
  - name: a colleague on the phone
    dial: \"61\"
    context: office
    with: { PJSIP/61: busy }
    expect: { path: [Dial, GotoIf, Playback, Hangup], dialed: [PJSIP/61], heard: [vm-isonphone] }
  - name: an absent colleague
    dial: \"61\"
    context: office
    with: { PJSIP/61: never answers }
    expect: { dialed: [PJSIP/61], time: \">= 20s\", DIALSTATUS: NOANSWER }
  - name: the seven hundreds
    dial: [\"700\", \"799\"]
    context: office
    expect: { path: [Answer] }
  - name: no other hundreds
    dial: [\"800\", \"600\"]
    context: office
    expect: { reason: not found }
";

const LOOSE: &str = "\
dialplan: extensions.conf
tests:
  - name: whatever happens
    dial: \"61\"
    context: office
    with: { PJSIP/61: busy, PJSIP/62: busy }
    expect: { snapshot: yes, answered: yes }
";

fn folder(name: &str, tests: &str) -> PathBuf {
    let id = std::process::id();
    let folder = std::env::temp_dir().join(format!("strowger-mutate-{id}-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("extensions.conf"), PLAN).unwrap();
    std::fs::write(folder.join("extensions.test.yaml"), tests).unwrap();
    folder
}

fn mutate(folder: &Path, args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .current_dir(folder)
        .args(["test", "--mutate"])
        .args(args)
        .output()
        .unwrap();
    format!(
        "{}{}exit {}\n",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
        out.status.code().unwrap()
    )
}

#[test]
fn tests_that_say_much_notice_much() {
    let folder = folder("strict", STRICT);
    insta::assert_snapshot!(mutate(&folder, &[]));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_snapshot_alone_notices_nothing() {
    let folder = folder("loose", LOOSE);
    let accepted = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .current_dir(&folder)
        .args(["test", "--accept"])
        .output()
        .unwrap();
    assert!(accepted.status.success());
    let said = mutate(&folder, &["--fail-under", "85"]);
    insta::assert_snapshot!(said);
    let one = mutate(&folder, &["--fail-under", "85", "--jobs", "1"]);
    assert_eq!(said, one, "the same whatever the threads do");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn tests_that_fail_already_are_mended_first() {
    let folder = folder("failing", &STRICT.replace("[Answer]", "[Hangup]"));
    let said = mutate(&folder, &[]);
    assert!(said.contains("fails as it is"), "{said}");
    assert!(said.contains("`the seven hundreds"), "{said}");
    assert!(said.ends_with("exit 2\n"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_format_that_it_does_not_have_is_refused() {
    let folder = folder("format", STRICT);
    let said = mutate(&folder, &["--format", "junit"]);
    assert!(said.contains("told to people or as JSON"), "{said}");
    assert!(said.ends_with("exit 2\n"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// What the examples must be able to do: of a hundred mistakes they notice at least 85.
#[test]
fn the_tests_of_the_examples_notice_most_mistakes() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let said = mutate(&examples, &["--format", "json", "--fail-under", "85"]);
    let (lines, exit) = said.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(exit, "exit 0", "{said}");
    let mut plans = 0;
    for line in lines.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(summary) = object.get("summary") {
            plans += 1;
            let percent = summary["percent"].as_u64().unwrap();
            assert!(percent >= 85, "{summary}");
            assert!(summary["mistakes"].as_u64().unwrap() > 0, "{summary}");
        }
    }
    assert!(plans >= 18, "{plans} plans\n{said}");
}
