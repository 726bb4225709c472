//! What testing costs, as a user pays for it: the search over everything that may happen, in calls a second of one core, and one test
//! with a day of polling and a thousand calls beside it, expectations and coverage included.
#![allow(clippy::expect_used)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use divan::Bencher;
use divan::counter::ItemsCount;
use strowger::testing::Suite;

fn main() {
    divan::main();
}

/// Numbers of the plan; each is searched from by itself.
const NUMBERS: usize = 400;

/// Short calls: a phone, what comes of it, a second phone, a prompt.
fn short_calls() -> String {
    let mut plan = "[office]\n".to_owned();
    for n in 0..NUMBERS {
        let number = 1_000 + n;
        let _ = writeln!(
            plan,
            "exten => {number},1,Dial(PJSIP/{number},20)\n\
             same => n,GotoIf($[\"${{DIALSTATUS}}\" = \"BUSY\"]?busy)\n\
             same => n,Dial(PJSIP/{number}-b,15)\n\
             same => n,Hangup()\n\
             same => n(busy),Playback(busy)\n\
             same => n,Hangup()"
        );
    }
    plan
}

/// So many calls were tried of at most `most`.
fn explored(folder: &Path, most: &str) -> usize {
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args([
            "explore",
            "--jobs",
            "1",
            "--max-calls",
            most,
            "--format",
            "json",
        ])
        .arg(folder)
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&out.stdout);
    let last = text.lines().last().unwrap_or_default();
    let summary: serde_json::Value = serde_json::from_str(last).expect("a summary");
    let calls = summary["summary"]["calls"].as_u64().unwrap_or_default();
    usize::try_from(calls).unwrap_or_default()
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("strowger-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("extensions.conf"), short_calls()).expect("a plan");
    folder
}

/// Short calls a second of one core: items are calls. Starting and reading the plan count too: how long that takes tells
/// [`explore_start`].
#[divan::bench(sample_count = 10, sample_size = 1)]
fn explore_short_calls(bencher: Bencher<'_, '_>) {
    let folder = folder();
    let calls = explored(&folder, "1000000");
    assert!(calls > 10 * NUMBERS, "only {calls} calls");
    bencher
        .counter(ItemsCount::new(calls))
        .bench_local(|| explored(&folder, "1000000"));
    // What is left in the folder for temporary files harms nobody.
    let _ = std::fs::remove_dir_all(folder);
}

/// The same plan and one call.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn explore_start(bencher: Bencher<'_, '_>) {
    let folder = folder();
    bencher.bench_local(|| explored(&folder, "1"));
    let _ = std::fs::remove_dir_all(folder);
}

/// Calls beside the one that polls.
const CALLS: usize = 1_000;

/// One call that polls every 5 s for 24 hours, and 1 000 ordinary calls in that time, as one test. Items are calls.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn a_day_of_polling_and_a_thousand_calls(bencher: Bencher<'_, '_>) {
    let plan = "\
[main]
exten => poll,1,Answer()
 same => n,Set(end=$[${EPOCH} + 86400])
 same => n(again),Wait(5)
 same => n,GotoIf($[${EPOCH} < ${end}]?again)
 same => n,Hangup()
exten => _6X,1,Dial(PJSIP/${EXTEN},20)
 same => n,Playback(vm-nobodyavail)
 same => n,Hangup()
";
    let mut tests = "\
defaults: { context: main, from: \"1001\" }
endpoints:
  PJSIP/61: answers after 3s, hangs up after 60s
  PJSIP/62: busy
  PJSIP/63: never answers
tests:
  - name: a day
    calls:
      - { dial: poll, expect: { time: \">= 86400s\" } }
"
    .to_owned();
    for n in 0..CALLS {
        let (number, status) = [(61, "ANSWER"), (62, "BUSY"), (63, "NOANSWER")][n % 3];
        let _ = writeln!(
            tests,
            "      - {{ dial: \"{number}\", after: {}s, expect: {{ DIALSTATUS: {status} }} }}",
            n * 86
        );
    }
    tests.push_str("    expect: { heard: [/./, ...] }\n");
    let suite = Suite::from_texts(plan, &tests).expect("the test is read");
    suite.run().assert();
    bencher
        .counter(ItemsCount::new(CALLS + 1))
        .bench_local(|| suite.run());
}
