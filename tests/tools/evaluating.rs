//! `eval`: one text, and the lines of a session without a terminal.

use crate::{run, seen, seen_with};

#[test]
fn one_text() {
    let mut all = String::new();
    for args in [
        &[
            "$[ ${LEN(${x})} > 3 ? \"long\" :: \"short\" ]",
            "--var",
            "x=hello",
        ][..],
        &[
            "${CUT(list,-,2)} in ${EXTEN}",
            "--setup",
            "Set(list=a-b-c)",
            "--exten",
            "100",
        ],
        &["${TRUNK}", "--plan", "office.conf"],
        &["$[1 + ]"],
        &["$[\"a\" = \"b]"],
        &["${LEN(${x})"],
        &["a;b ${NOSUCH(1)}", "--json"],
        &["x", "--setup", "Hangup()"],
        &["x", "--var", "y"],
    ] {
        all.push_str(&seen(&[&["eval"], args].concat()));
    }
    insta::assert_snapshot!("eval_one", all);
}

const SESSION: &str = "\
:set x=3
$[ ${x} * 2 ]
Set(__y=${x}${x})
Set(DB(a/b)=kept)
${y} ${DB(a/b)}
:vars

:unset y
<${y}>
:exten 61
${EXTEN}
:plan office.conf
:globals
${TRUNK} ${HINT(61@office)}
:plan nowhere.conf
:vras
:set
Hello(x)
Hangup()
still here
:quit
never read
";

#[test]
fn a_session() {
    insta::assert_snapshot!("eval_session", seen_with(&["eval"], SESSION));
    insta::assert_snapshot!(
        "eval_session_json",
        seen_with(&["eval", "--json"], "Set(x=1)\n${x}\n$[1+]\n")
    );
}

#[test]
fn lines_are_bytes() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_strowger"))
        .arg("eval")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    use std::io::Write;
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"\xff\xfe ${LEN(\xff)}\nlast")
        .unwrap();
    assert_eq!(
        child.wait_with_output().unwrap().stdout,
        b"\xff\xfe 1\nlast\n"
    );
    assert_eq!(run(&["eval"], "").stdout, b"");
}
