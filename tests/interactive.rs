//! `strowger simulate --interactive` and `--ladder`, as somebody who sits there sees them.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const PLAN: &str = "[office]
exten => _10XX,1,Dial(PJSIP/${EXTEN},20)
 same => n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy)
 same => n,Playback(vm-nobodyavail)
 same => n,Hangup()
 same => n(busy),Playback(vm-isonphone)
 same => n,Hangup(17)
exten => 200,1,Answer()
 same => n,Background(welcome)
 same => n,WaitExten(5)
exten => 1,1,Goto(1001,1)
exten => 2,1,Dial(PJSIP/1001&PJSIP/1002&Local/1003@office,30)
exten => t,1,Playback(vm-goodbye)
exten => 300,1,Read(pin,enter-pin,4)
 same => n,SayDigits(${pin})
exten => 400,1,Dial(${LIST},5)
";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("strowger-ask-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("extensions.conf"), PLAN).unwrap();
        Folder(path)
    }

    /// Questions with answers, and the drawing.
    fn seen(&self, words: &[&str], typed: &str) -> String {
        let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args(["simulate", "extensions.conf"])
            .args(words)
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that asks nothing does not read.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        let out = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.lines()
                .map(|l| format!("{}\n", l.trim_end()))
                .collect::<String>()
        };
        format!(
            "$ strowger simulate extensions.conf {}\n{}--- the call\n{}--- exit {}\n",
            words.join(" "),
            text(&out.stderr),
            text(&out.stdout),
            out.status.code().unwrap()
        )
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_menu_and_a_busy_phone() {
    let folder = Folder::new("menu");
    let words = ["office,200", "--interactive", "--callerid", "\"Anna\" <61>"];
    insta::assert_snapshot!(folder.seen(&words, "1\n\nbusy after 3s\n"));
}

#[test]
fn answers_that_are_none() {
    let folder = Folder::new("none");
    let typed = "sings\nbusy after lunch\ncaller hangs up after 5s\n";
    insta::assert_snapshot!(folder.seen(&["office,1001", "--interactive"], typed));
}

#[test]
fn nobody_answers_the_questions() {
    let folder = Folder::new("nobody");
    let mut all = folder.seen(&["office,1001", "--interactive"], "");
    all.push_str(&folder.seen(&["office,200", "--interactive"], "\n"));
    // More wrong answers than anybody is asked for.
    all.push_str(&folder.seen(&["office,200", "--interactive"], &"x\n".repeat(9)));
    insta::assert_snapshot!(all);
}

#[test]
fn the_caller_hangs_up_or_presses_several_keys() {
    let folder = Folder::new("keys");
    let mut all = folder.seen(&["office,200", "--interactive"], "hang up\n");
    all.push_str(&folder.seen(&["office,300", "--interactive"], "12\n34\n"));
    insta::assert_snapshot!(all);
}

#[test]
fn what_the_options_say_is_not_asked() {
    let folder = Folder::new("options");
    let words = [
        "office,2",
        "--interactive",
        "--answer",
        "PJSIP/1001=busy",
        "--answer",
        "PJSIP/1002=noanswer",
    ];
    insta::assert_snapshot!(folder.seen(&words, "answers after 4s, hangs up after 1m\n"));
}

#[test]
fn a_ladder_without_questions() {
    let folder = Folder::new("ladder");
    let answers = "PJSIP/1001=answers after 2s, hangs up after 3s";
    let mut all = folder.seen(&["office,1001", "--ladder", "--answer", answers], "");
    // More endpoints than columns.
    let list: Vec<String> = (1..=7).map(|n| format!("PJSIP/{n}")).collect();
    let list = format!("LIST={}", list.join("&"));
    all.push_str(&folder.seen(
        &[
            "office,400",
            "--ladder",
            "--set",
            &list,
            "--answer",
            "PJSIP/1=noanswer",
        ],
        "",
    ));
    all.push_str(&folder.seen(&["office,1001", "--ladder", "--json"], ""));
    insta::assert_snapshot!(all);
}
