//! Plans of older releases on the command line: `asterisk_version` in strowger.toml, and `--asterisk-version`.

use super::{run, seen};

#[test]
fn a_plan_of_1_4() {
    let stories = [
        seen(&["check", "old"]),
        seen(&["show", "old", "--context", "macro-stdexten"]),
        seen(&[
            "simulate",
            "old",
            "office,62",
            "--at",
            "2026-03-02 10:00",
            "--answer",
            "SIP/62=busy",
            "--answer",
            "SIP/61=busy after 2s",
        ]),
        seen(&[
            "simulate",
            "old",
            "office,61",
            "--at",
            "2026-03-02 10:00",
            "--answer",
            "SIP/61=noanswer",
        ]),
    ];
    insta::assert_snapshot!("release_1_4", stories.concat());
}

#[test]
fn the_same_plan_read_as_others() {
    let stories = [
        seen(&["check", "old", "--asterisk-version", "23"]),
        seen(&["check", "old", "--asterisk-version", "18"]),
        seen(&[
            "simulate",
            "old",
            "office,61",
            "--at",
            "2026-03-02 10:00",
            "--asterisk-version",
            "23",
        ]),
    ];
    insta::assert_snapshot!("release_others", stories.concat());
}

#[test]
fn the_option_counts_on_every_tool() {
    let stdout = |args: &[&str]| String::from_utf8(run(args, "").stdout).unwrap();
    assert_eq!(stdout(&["eval", "$[10 / 4]"]), "2.5\n");
    assert_eq!(
        stdout(&["eval", "$[10 / 4]", "--asterisk-version", "1.4"]),
        "2\n"
    );
    assert_eq!(
        stdout(&["eval", "$[10 / 4]", "--plan", "old/extensions.conf"]),
        "2\n"
    );
    let shown = stdout(&["show", "old", "--asterisk-version", "1.8"]);
    assert!(shown.contains("Macro(stdexten|61,${DESK})"), "{shown}");
    let names = stdout(&["match", "old", "OFFICE", "61"]);
    assert!(names.contains("61"), "{names}");
    let out = run(
        &["match", "old", "OFFICE", "61", "--asterisk-version", "1.6"],
        "",
    );
    assert!(!out.status.success());
}

#[test]
fn what_is_no_release_is_said() {
    let stories = [
        seen(&["check", "old", "--asterisk-version", "1.2"]),
        seen(&["eval", "x", "--asterisk-version", "soon"]),
    ];
    insta::assert_snapshot!("release_unknown", stories.concat());
}

#[test]
fn a_compiled_plan_keeps_its_release() {
    let folder = std::env::temp_dir().join(format!("strowger-releases-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("old.dialc");
    let path = file.to_str().unwrap();
    let out = run(&["compile", "old", "-o", path], "");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let ran = String::from_utf8(run(&["simulate", path, "office,63"], "").stdout).unwrap();
    assert!(ran.contains("office,61,1"), "{ran}");
    let out = run(
        &["simulate", path, "office,63", "--asterisk-version", "18"],
        "",
    );
    assert_eq!(out.status.code(), Some(2));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(
        said.contains("stays with the Asterisk that it was compiled for"),
        "{said}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
