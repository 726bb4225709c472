//! Snapshots: traces that were accepted, and what becomes of them when the plan changes.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::{Folder, shop};

const TESTS: &str = "defaults: { context: office, from: \"1001\", at: \"2026-03-02 10:00\" }
tests:
  - name: a busy colleague
    dial: \"1002\"
    with: { PJSIP/1002: busy }
    expect: { snapshot: yes }
  - name: the clerk
    dial: \"1009\"
    with: { PJSIP/clerk: busy }
    expect: { snapshot: yes }
";

fn folder(name: &str) -> Folder {
    Folder::new(
        name,
        &[
            ("extensions.conf", shop::PLAN),
            ("extensions.test.yaml", TESTS),
        ],
    )
}

fn changed() -> String {
    let plan = shop::PLAN.replace("Playback(vm-isonphone)", "Playback(vm-tooshort)");
    plan.replace("Congestion(5)", "Busy(5)")
}

#[test]
fn a_trace_changes() {
    let folder = folder("accept");
    let mut all = folder.seen(&["--color", "never"]);
    all.push_str(&folder.seen(&["--accept"]));
    all.push_str("--- what was accepted\n");
    all.push_str(&folder.read("extensions.test.snap"));
    assert!(folder.seen(&[]).ends_with("--- exit 0\n"));
    // A comment moves the lines of the plan; the trace is the same.
    folder.write("extensions.conf", &format!("; more\n{}", shop::PLAN));
    assert!(folder.seen(&[]).ends_with("--- exit 0\n"));
    folder.write("extensions.conf", &changed());
    all.push_str(&folder.seen(&["--color", "never"]));
    // Nobody can be asked.
    all.push_str(&folder.seen(&["--review"]));
    all.push_str(&folder.seen(&["--accept"]));
    insta::assert_snapshot!(all);
}

/// On a terminal each change is shown, and accepted or not.
#[test]
fn traces_are_reviewed() {
    if Command::new("script").arg("--version").output().is_err() {
        crate::skipped(
            "traces_are_reviewed",
            "`script` (util-linux) is not installed: nothing else here makes a terminal",
        );
        return;
    }
    let folder = folder("review");
    assert!(folder.seen(&["--accept"]).ends_with("--- exit 0\n"));
    folder.write("extensions.conf", &changed());
    let program = env!("CARGO_BIN_EXE_strowger");
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command"])
        .arg(format!("'{program}' test --review --color never --jobs 1"))
        .arg("/dev/null")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"y\nn\n").unwrap();
    let out = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{told}");
    assert_eq!(
        told.matches("accept it? [y]es, [n]o, [q]uit").count(),
        2,
        "{told}"
    );
    assert!(
        told.contains("- ") && told.contains("vm-tooshort"),
        "{told}"
    );
    let kept = folder.read("extensions.test.snap");
    assert!(
        kept.contains("vm-tooshort") && kept.contains("Congestion(5)"),
        "{kept}"
    );
    assert!(!kept.contains("Busy(5)"), "{kept}");
}
