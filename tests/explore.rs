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
    let behind = "[a]\nexten => 100,1,Answer()\nsame => n,Wait(10)\nsame => n,Hangup()\nexten => h,1,Verbose(1,over)\nsame => n,Goto(1)\n";
    for (name, plan, code, wrong, right) in [
        ("loops", loops, "P001", "t,1,Goto(100,x)", "t,1,Hangup()"),
        ("status", status, "P002", "exten => s-BUSY", "exten => _s-."),
        ("behind", behind, "P005", "Goto(1)", "NoOp(1)"),
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

const STRANGERS: &[(&str, &str)] = &[
    (
        "extensions.conf",
        "[public]\ninclude => phones\n[phones]\nexten => _0XXXXXXX,1,Dial(SIP/${EXTEN}@provider)\n",
    ),
    (
        "sip.conf",
        "[general]\ncontext=public\nallowguest=yes\n[provider]\ntype=peer\nhost=sip.example.com\n",
    ),
];

/// What is seen in the text gets the call that shows it.
#[test]
fn a_stranger_who_dials_out_is_a_test() {
    let folder = folder("strangers", STRANGERS);
    let said = explore(
        &folder,
        &["--property", "P003", "--save", "found.test.yaml"],
    );
    insta::assert_snapshot!(said);
    let out = strowger(&folder, &["test"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(out.status.code(), Some(1), "{text}");
    assert!(text.contains("FAIL  P003"), "{text}");
    let mended = STRANGERS[0].1.replace("include => phones\n", "");
    std::fs::write(folder.join("extensions.conf"), mended).unwrap();
    let out = strowger(&folder, &["test"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(out.status.code(), Some(0), "{text}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_missing_prompt_is_a_test_until_it_is_recorded() {
    let plan = "[default]\nexten => 100,1,Answer()\nsame => n,Playback(hello)\nsame => n,Set(CHANNEL(language)=fr)\n\
                same => n,Playback(welcome)\nexten => 101,1,Playback(bye)\n";
    let pjsip = "[61]\ntype=endpoint\ncontext=default\nlanguage=de\n";
    let folder = folder(
        "prompts",
        &[
            ("extensions.conf", plan),
            ("pjsip.conf", pjsip),
            ("sounds/en/welcome.wav", ""),
            ("sounds/hello.wav", ""),
            ("sounds/en/bye.wav", ""),
            ("sounds/fr/bye.wav", ""),
        ],
    );
    let args = ["--property", "P004", "--sounds", "sounds"];
    let save = [&args[..], &["--save", "found.test.yaml"]].concat();
    insta::assert_snapshot!(explore(&folder, &save));
    let out = strowger(&folder, &["test"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(out.status.code(), Some(1), "{text}");
    assert!(text.contains("FAIL  P004"), "{text}");
    let file = folder.join("found.test.yaml");
    let tests = std::fs::read_to_string(&file).unwrap();
    let recorded: String = tests
        .lines()
        .filter(|l| !l.trim_start().starts_with("sounds:"))
        .map(|l| format!("{l}\n"))
        .collect();
    std::fs::write(&file, recorded).unwrap();
    let out = strowger(&folder, &["test"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(out.status.code(), Some(0), "{text}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A comment allows what is found at its line, by either of its codes, in both commands.
/// The called phone sends the caller on by 2, and he is kept waiting for ever.
#[test]
fn a_key_of_a_called_phone_is_tried() {
    let plan = "\
[office]
exten => 100,1,Dial(PJSIP/61,20,U(screen))
 same => n,GotoIf($[\"${DIALSTATUS}\" = \"ANSWER\"]?round)
 same => n,Hangup()
 same => n(round),Wait(1)
 same => n,Goto(round)
[screen]
exten => s,1,Read(key,press-1,1,,1,5)
 same => n,GotoIf($[\"${key}\" = \"2\"]?on)
 same => n,Return()
 same => n(on),Set(GOSUB_RESULT=CONTINUE)
 same => n,Return()
";
    let root = folder("phone-key", &[("extensions.conf", plan)]);
    let told = explore(&root, &["--property", "P001", "--save", "found.test.yaml"]);
    assert!(
        told.contains("PJSIP/61 answers; PJSIP/61 presses 2 "),
        "{told}"
    );
    let run = strowger(&root, &["test", "found.test.yaml"]);
    let run = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.contains("1 failed"), "the saved test shows it: {run}");
}

#[test]
fn what_a_comment_allows_is_not_told() {
    let status = "[a]\nexten => 100,1,Dial(PJSIP/61,20)\nsame => n,Goto(s-${DIALSTATUS},1)\nexten => s-BUSY,1,Hangup()\n";
    for code in ["P002", "R214"] {
        let comment = format!("; strowger: allow {code} the caller hears enough\nsame => n,Goto");
        let allowed = status.replace("same => n,Goto", &comment);
        let folder = folder(&format!("allow-{code}"), &[("extensions.conf", &allowed)]);
        let said = explore(&folder, &["--property", "P002"]);
        assert!(said.ends_with("exit 0\n"), "{said}");
        let out = strowger(&folder, &["check", ".", "--format", "json"]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(
            !text.contains("R214") && !text.contains("P002"),
            "{code}: {text}"
        );
        std::fs::write(folder.join("extensions.conf"), status).unwrap();
        let said = explore(&folder, &["--property", "P002"]);
        assert!(said.ends_with("exit 1\n"), "{said}");
        let out = strowger(&folder, &["check", ".", "--format", "json"]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(text.contains("R214"), "{text}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

/// No more calls than the text needs: what the search does not come to is told all the same.
#[test]
fn what_the_text_shows_is_told_without_a_call_too() {
    let status = "[a]\nexten => 100,1,Dial(PJSIP/61,20)\nsame => n,Goto(s-${DIALSTATUS},1)\nexten => s-CHANUNAVAIL,1,Hangup()\n";
    let folder = folder("still", &[("extensions.conf", status)]);
    let said = explore(&folder, &["--property", "P002", "--max-calls", "1"]);
    assert!(
        said.contains("check tells it as R214") && said.ends_with("exit 1\n"),
        "{said}"
    );
    let said = explore(&folder, &["--property", "P002"]);
    assert!(!said.contains("check tells it as R214"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
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

/// A plan in `.dial` has its failures as blocks: on the screen for the plan itself, in a file that imports it, and each of them fails.
#[test]
fn failures_of_a_dial_plan_are_blocks() {
    const PLAN: &str = "\
context office as \"default\" {
  on 1001 {
    match dial(pjsip(\"1001\"), ring: 12s) {
      Busy -> playback(\"vm-isonphone\")
      _ -> { while true { wait(5s) } }
    }
    hangup()
  }
}
";
    let folder = folder("dial", &[("extensions.dial", PLAN)]);
    let said = explore(&folder, &["--property", "P001", "--save", "found.dial"]);
    insta::assert_snapshot!(said);
    let saved = std::fs::read_to_string(folder.join("found.dial")).unwrap();
    insta::assert_snapshot!("failures_of_a_dial_plan_in_a_file", saved);
    let run = strowger(&folder, &["test", "found.dial"]);
    let run = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.contains("1 failed"), "the saved test shows it: {run}");
    let mended = PLAN.replace("{ while true { wait(5s) } }", "wait(5s)");
    std::fs::write(folder.join("extensions.dial"), &mended).unwrap();
    let run = strowger(&folder, &["test", "found.dial"]);
    let run = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.contains("1 passed"), "{run}");
    // On the screen it stands as the plan would have it.
    let block: String = said
        .lines()
        .skip_while(|l| !l.starts_with("    test \""))
        .take_while(|l| !l.is_empty())
        .map(|l| format!("{}\n", l.trim_start_matches("    ")))
        .collect();
    std::fs::remove_file(folder.join("found.dial")).unwrap();
    std::fs::write(folder.join("extensions.dial"), format!("{PLAN}\n{block}")).unwrap();
    let run = strowger(&folder, &["test", "."]);
    let run = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.contains("1 failed"), "{block}{run}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_plan_of_lines_has_no_blocks() {
    let plan = "[default]\nexten => 1,1,Answer()\nsame => n(x),Wait(5)\nsame => n,Goto(x)\n";
    let folder = folder("blocks-of-lines", &[("extensions.conf", plan)]);
    let said = explore(&folder, &["--property", "P001", "--save", "found.dial"]);
    assert!(said.ends_with("exit 2\n"), "{said}");
    assert!(said.contains("let the name end in .test.yaml"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}
