//! `strowger audit` as a user sees it.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;

const DIAL: &str = r#"import conf "old.conf" as old

context office as "default" {
  on `X.` {
    channel("A") = "x"
    let b = channel("B")
    app("System", 'rm ${B}')
    let t = asterisk('${SHELL(ls)}')
    log("{t} {b}")
    db("a/b") = "c"
    if exten == "5" { goto old["legacy"].61 }
    gosub old["legacy"].61(int(channel("B")) ?? 1)
    gosub old["legacy"].(exten)
    gosub dynamic("x", "z", 1)
    goto dynamic("x", "y", 1)
  }
}
"#;

const CONF: &str = "[legacy]\n\
exten => 61,1,Set(X=${CURL(http://${DB(a/b)})})\n\
same => n,AGI(x.py)\n\
same => n,ExecIf($[1]?${APP}:System(x))\n\
same => n,Goto(${WHERE},1)\n\
same => n,Dial(PJSIP/${EXTEN}@carrier)\n\
[guest]\n\
include => legacy\n\
";

const PJSIP: &str = "[carrier]\n\
type=endpoint\n\
aors=carrier\n\
context=guest\n\
[carrier]\n\
type=aor\n\
contact=sip:1.2.3.4\n\
";

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("strowger-audit-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder
}

/// What it says of these files, and its exit status.
fn said(name: &str, files: &[(&str, &str)], words: &[&str]) -> String {
    let folder = folder(name, files);
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .arg("audit")
        .args(words)
        .current_dir(&folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    format!(
        "{}{}--- exit {}\n",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
        out.status.code().unwrap()
    )
}

const FILES: [(&str, &str); 3] = [
    ("extensions.dial", DIAL),
    ("old.conf", CONF),
    ("pjsip.conf", PJSIP),
];

#[test]
fn doors_and_uses_of_both_languages() {
    insta::assert_snapshot!(said("both", &FILES, &[]));
}

#[test]
fn for_programs() {
    let out = said("json", &FILES, &["--format", "json"]);
    let json: serde_json::Value =
        serde_json::from_str(out.split("--- exit").next().unwrap()).unwrap();
    let doors: Vec<&str> = json["doors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["door"].as_str().unwrap())
        .collect();
    assert_eq!(
        doors,
        [
            "import-conf",
            "channel-write",
            "channel-read",
            "app",
            "asterisk",
            "channel-read",
            "dynamic",
            "dynamic",
            "dynamic",
            "computed",
            "dynamic"
        ]
    );
    let guest = json["contexts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["context"] == "guest")
        .unwrap();
    assert_eq!(guest["own"], serde_json::json!({}));
    let reached = serde_json::json!(["shell", "database", "network", "dial", "trunk"]);
    assert_eq!(guest["reached"], reached);
    assert_eq!(json["complete"], true);
}

#[test]
fn what_is_denied_fails() {
    let denied = said("deny", &FILES, &["--deny", "app,unchecked,shell"]);
    assert!(denied.contains("denied: app, 1 place\n"), "{denied}");
    assert!(denied.contains("denied: shell, 3 places\n"), "{denied}");
    assert!(!denied.contains("denied: unchecked"), "{denied}");
    assert!(denied.ends_with("--- exit 1\n"), "{denied}");
    let nothing = said("nothing", &FILES, &["--deny", "unchecked,listen"]);
    assert!(nothing.ends_with("--- exit 0\n"), "{nothing}");
    let unknown = said("unknown", &FILES, &["--deny", "shel"]);
    assert!(unknown.contains("write one of app, asterisk"), "{unknown}");
}

#[test]
fn a_plan_that_only_talks_and_one_that_is_wrong() {
    let quiet = "context office as \"default\" {\n  on 1 {\n    playback(\"hello\")\n    hangup()\n  }\n}\n";
    insta::assert_snapshot!(said("quiet", &[("extensions.dial", quiet)], &[]));
    let wrong = "context office as \"default\" {\n  on 1 {\n    playbak(\"hello\")\n    app(\"NoOp\", '')\n  }\n}\n";
    insta::assert_snapshot!(said("wrong", &[("extensions.dial", wrong)], &[]));
}

/// What `[check] denied` names is an error of the plan, but where a comment allows it with its reason.
#[test]
fn what_the_configuration_denies() {
    let dial = "context office as \"default\" {\n  on 1 {\n    app(\"NoOp\", '')\n    // strowger: allow X821 it says nothing\n    app(\"NoOp\", 'x')\n    system(\"ls\")\n    hangup()\n  }\n}\n";
    let toml = "[check]\ndenied = [\"app\", \"shell\"]\n";
    let files = [("extensions.dial", dial), ("strowger.toml", toml)];
    let folder = folder("denied-check", &files);
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(["check", "--color", "never", "."])
        .current_dir(&folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(out.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(out.stdout).unwrap());
}
