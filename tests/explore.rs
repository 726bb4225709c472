//! `strowger explore`: each property on a plan that breaks it and on one that does not, what a user reads, and that a saved failure
//! runs as a test and fails.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let id = std::process::id();
    let folder = std::env::temp_dir().join(format!("strowger-explore-{id}-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn strowger(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strowger"));
    command.current_dir(folder).args(args).output().unwrap()
}

/// What it says, with its exit status.
fn explore(folder: &Path, args: &[&str]) -> String {
    let mut all = vec!["explore"];
    all.extend(args);
    let out = strowger(folder, &all);
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines()
            .map(|l| format!("{}\n", l.trim_end()))
            .collect::<String>()
    };
    let (stdout, stderr) = (text(&out.stdout), text(&out.stderr));
    format!("{stdout}{stderr}exit {}\n", out.status.code().unwrap())
}

/// The pages of the codes: their examples break, their counter-examples hold.
#[test]
fn each_property_is_found_and_is_not_found_where_it_holds() {
    for code in strowger_compiler::codes::explored() {
        for (files, breaks) in [(code.bad, true), (code.good, false)] {
            let folder = folder(&format!("{}-{breaks}", code.id), files);
            let mut args = vec!["--property", code.id, "--format", "json"];
            if files.iter().any(|(name, _)| name.starts_with("sounds/")) {
                args.extend(["--sounds", "sounds"]);
            }
            if files.iter().any(|(name, _)| *name == "old.conf") {
                args.extend(["--against", "old.conf"]);
            }
            let said = explore(&folder, &args);
            let found = said.contains(&format!("\"property\":\"{}\"", code.id));
            assert_eq!(found, breaks, "{}:\n{said}", code.id);
            let exit = if breaks { "exit 1\n" } else { "exit 0\n" };
            assert!(said.ends_with(exit), "{}:\n{said}", code.id);
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
}

#[test]
fn a_loop_before_the_hang_up_is_none_behind_it() {
    let plan = "[a]\nexten => 1,1,Answer()\nsame => n,Playback(hello)\nsame => n(x),Verbose(1,again)\nsame => n,Goto(x)\n";
    let folder = folder("before", &[("extensions.conf", plan)]);
    let said = explore(&folder, &["--property", "P005"]);
    assert!(said.ends_with("exit 0\n"), "{said}");
    let said = explore(&folder, &["--property", "P001"]);
    assert!(said.ends_with("exit 1\n"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

const MENU: &str = "\
[office]
exten => 600,1,Answer()
 same => n(again),Background(menu)
 same => n,WaitExten(5)
exten => 1,1,Dial(PJSIP/61&PJSIP/62,20)
 same => n,Goto(s-${DIALSTATUS},1)
exten => 2,1,GotoIfTime(9:00-17:00,mon-fri,*,*?600,again)
 same => n,Hangup()
exten => s-BUSY,1,Playback(busy)
 same => n,Hangup()
exten => s-CHANUNAVAIL,1,Hangup()
exten => s-NOANSWER,1,Hangup()
exten => t,1,Hangup()
";

#[test]
fn failures_are_told_with_the_shortest_way_and_a_test() {
    let folder = folder("menu", &[("extensions.conf", MENU)]);
    let said = explore(&folder, &["--context", "office"]);
    insta::assert_snapshot!(said);
    let again = explore(&folder, &["--context", "office", "--jobs", "1"]);
    assert_eq!(said, again, "the same whatever the threads do");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_saved_failure_runs_and_fails_and_passes_once_the_plan_is_mended() {
    let loops = "[a]\nexten => 100,1,Answer()\nsame => n(x),Background(menu)\nsame => n,WaitExten(5)\nexten => t,1,Goto(100,x)\n";
    let status = "[a]\nexten => 100,1,Dial(PJSIP/61,20)\nsame => n,Goto(s-${DIALSTATUS},1)\nexten => s-BUSY,1,Hangup()\n";
    for (name, plan, code, wrong, right) in [
        ("loops", loops, "P001", "t,1,Goto(100,x)", "t,1,Hangup()"),
        ("status", status, "P002", "exten => s-BUSY", "exten => _s-."),
    ] {
        let folder = folder(name, &[("extensions.conf", plan)]);
        let said = explore(&folder, &["--save", "found.test.yaml"]);
        assert!(said.contains(code), "{said}");
        let out = strowger(&folder, &["test"]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(out.status.code(), Some(1), "{text}");
        assert!(text.contains(&format!("FAIL  {code}")), "{text}");
        let mended = plan.replace(wrong, right);
        assert_ne!(mended, plan);
        std::fs::write(folder.join("extensions.conf"), mended).unwrap();
        let out = strowger(&folder, &["test"]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(out.status.code(), Some(0), "{text}");
        let again = explore(&folder, &["--save", "found.test.yaml"]);
        assert!(again.contains("is there already"), "{again}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_bound_is_told_and_nothing_is_said_to_be_complete() {
    let folder = folder("bound", &[("extensions.conf", MENU)]);
    let said = explore(&folder, &["--max-calls", "10", "--property", "P005"]);
    insta::assert_snapshot!(said);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn programs_get_an_object_a_line() {
    let folder = folder("json", &[("extensions.conf", MENU)]);
    let out = strowger(
        &folder,
        &["explore", "--format", "json", "--property", "P002"],
    );
    let text = String::from_utf8(out.stdout).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (summary, failures) = lines.split_last().unwrap();
    assert_eq!(failures.len(), 1, "{text}");
    assert_eq!(failures[0]["property"], "P002");
    assert_eq!(failures[0]["code"], "P002");
    assert!(failures[0]["test"].as_str().unwrap().contains("congested"));
    assert_eq!(summary["summary"]["failures"], 1);
    assert!(summary["summary"]["calls"].as_u64().unwrap() > 10);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn levels_and_mistakes() {
    let quiet = "[levels]\nP001 = \"allow\"\nP002 = \"allow\"\n";
    let folder = folder(
        "levels",
        &[("extensions.conf", MENU), ("strowger.toml", quiet)],
    );
    assert!(explore(&folder, &[]).ends_with("exit 0\n"));
    let said = explore(&folder, &["--context", "nowhere"]);
    assert!(said.contains("nothing in context `nowhere`") && said.ends_with("exit 2\n"));
    let said = explore(&folder, &["missing.conf"]);
    assert!(said.contains("there is no such plan") && said.ends_with("exit 2\n"));
    std::fs::remove_dir_all(folder).unwrap();
}

/// The plans that we show have none of these mistakes, but for those that are told here.
#[test]
fn the_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut said = String::new();
    for folder in plans(&root) {
        let shown = folder.strip_prefix(&root).unwrap().display().to_string();
        let out = strowger(
            &folder,
            &["explore", "--format", "json", "--max-calls", "20000"],
        );
        let text = String::from_utf8(out.stdout).unwrap();
        said.push_str(&format!("{shown}: exit {}\n", out.status.code().unwrap()));
        for line in text.lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(property) = object["property"].as_str() {
                let message = object["message"].as_str().unwrap();
                said.push_str(&format!("  {property} {message}\n"));
            }
            if let Some(summary) = object.get("summary") {
                let left = &summary["not_tried"];
                said.push_str(&format!("  not tried: {left}\n"));
            }
        }
    }
    insta::assert_snapshot!(said);
}

fn plans(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut work = vec![root.to_owned()];
    while let Some(folder) = work.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                work.push(path);
            } else if path.file_name().unwrap() == "extensions.conf" {
                found.push(folder.clone());
            }
        }
    }
    found.sort();
    found
}
