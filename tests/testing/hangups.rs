//! `--hangups`: a caller who hangs up wherever the call waits, in each test of a file.

use crate::Folder;

const PLAN: &str = "[office]
exten => 61,1,Answer()
 same => n,Playback(welcome)
 same => n,Dial(PJSIP/61,20)
 same => n,Hangup()
exten => 62,1,Answer()
 same => n,Goto(queue,s,1)
[queue]
exten => s,1,Playback(wait)
 same => n,Wait(5)
exten => h,1,Verbose(1,gone)
";

const TESTS: &str = "defaults: { context: office }
endpoints:
  PJSIP/61: answers after 5s, hangs up after 30s
tests:
  - name: somebody answers
    dial: \"61\"
    expect: { DIALSTATUS: ANSWER }
  - { name: the queue, dial: [62], expect: { heard: [wait] } }
  - name: two at once
    calls:
      - { dial: 61 }
      - { dial: 62, after: 2s, expect: { heard: [wait] } }
    expect: { answered: yes }
";

fn folder(name: &str, plan: &str) -> Folder {
    Folder::new(
        name,
        &[("extensions.conf", plan), ("extensions.test.yaml", TESTS)],
    )
}

#[test]
fn nothing_is_left_of_a_good_plan() {
    let folder = folder("hangups-good", PLAN);
    insta::assert_snapshot!(folder.seen(&["--hangups"]));
    let json = folder.seen(&["--hangups", "--format", "json", "--jobs", "1"]);
    assert!(json.contains("\"failures\":0"), "{json}");
}

/// `h` goes round: that is told, with tests that fail until the plan is mended.
#[test]
fn what_is_left_is_told_as_a_test() {
    let wrong = format!("{PLAN} same => n,Goto(h,1)\n");
    let folder = folder("hangups-round", &wrong);
    insta::assert_snapshot!(folder.seen(&["--hangups"]));
    let json = folder.seen(&["--hangups", "--format", "json"]);
    let mut tests = TESTS.to_owned();
    let mut found = 0;
    for line in json.lines().filter(|l| l.contains("\"test\"")) {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        for line in object["test"].as_str().unwrap().lines() {
            tests.push_str(&format!("  {line}\n"));
        }
        found += 1;
    }
    assert_eq!(found, 2, "{json}");
    folder.write("extensions.test.yaml", &tests);
    let said = folder.seen(&[]);
    let failed = said
        .lines()
        .filter(|l| l.trim_start().starts_with("FAIL") && l.contains(" hangs up during "));
    assert_eq!(failed.count(), found, "{said}");
    folder.write("extensions.conf", PLAN);
    let said = folder.seen(&[]);
    assert!(said.ends_with("--- exit 0\n"), "{said}");
}

/// A caller who polls for a day: the same waits again are not tried a thousand times.
#[test]
fn a_loop_is_not_tried_at_each_round() {
    let plan = "[office]\nexten => 1,1,Answer()\n same => n(x),Wait(5)\n same => n,GotoIf($[${I} > 10000]?:more)\n same => n(more),Set(I=$[0${I} + 1])\n same => n,GotoIf($[${I} < 10000]?x)\n";
    let tests =
        "tests:\n  - { name: polls, dial: 1, context: office, expect: { answered: yes } }\n";
    let folder = Folder::new(
        "hangups-loop",
        &[("extensions.conf", plan), ("extensions.test.yaml", tests)],
    );
    let said = folder.seen(&["--hangups"]);
    assert!(said.contains("polls   (3 hang-ups)"), "{said}");
}

#[test]
fn the_key_is_read_and_its_mistakes_are_told() {
    let folder = folder("hangups-key", PLAN);
    let tests = "defaults: { context: office }
endpoints: { PJSIP/61: answers after 5s }
tests:
  - { name: a, dial: 61, hangs up: 3s, expect: { time: 3s, DIALSTATUS: CANCEL } }
  - { name: b, dial: 61, hangs up: { at effect: 1 }, expect: { path: [Answer, Playback] } }
";
    folder.write("extensions.test.yaml", tests);
    let said = folder.seen(&[]);
    assert!(said.contains("2 passed"), "{said}");
    folder.write(
        "extensions.test.yaml",
        &tests.replace("3s, expect", "soon, expect"),
    );
    insta::assert_snapshot!(folder.seen(&[]));
}

/// Of a `.dial` file the test is a block; put into the file, it fails.
#[test]
fn blocks_of_a_dial_file() {
    const PLAN: &str = "\
context office as \"default\" {
  on 61 {
    answer()
    playback(\"welcome\")
    dial(pjsip(\"61\"), ring: 20s)
    hangup()
  }
  on hangup {
    while true { log(\"round\") }
  }
}

test \"somebody answers\" at \"2026-03-02 10:00\" {
  given pjsip(\"61\") = answers(after: 5s)
  call 61 from \"62\" in office { hangs_up(after: 300s) }
  expect reason == \"stalled\"
}

test \"two at once\" {
  given pjsip(\"61\") = answers(after: 5s)
  call 61 in office
  call 61 in office { begins(after: 1s) }
  expect reason == \"stalled\"
}
";
    let folder = Folder::new("hangups-blocks", &[("extensions.dial", PLAN)]);
    insta::assert_snapshot!(folder.seen(&["--hangups"]));
    let json = folder.seen(&["--hangups", "--format", "json"]);
    let mut plan = PLAN.to_owned();
    let mut found = 0;
    for line in json.lines().filter(|l| l.contains("\"test\"")) {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        plan.push_str(&format!("\n{}", object["test"].as_str().unwrap()));
        found += 1;
    }
    assert!(found >= 2, "{json}");
    folder.write("extensions.dial", &plan);
    let said = folder.seen(&[]);
    let failed = said
        .lines()
        .filter(|l| l.trim_start().starts_with("FAIL") && l.contains(" hangs up during "));
    assert_eq!(failed.count(), found, "{said}");
}
