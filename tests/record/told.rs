//! What `strowger replay` tells of eight calls that an exchange wrote down once (`calls.rec`), on plans that were changed since.

use crate::{folder, said, strowger};
use std::path::{Path, PathBuf};

/// The folder of the plan with these changes, and the record beside it.
fn changed(name: &str, changes: &[(&str, &str)]) -> PathBuf {
    let folder = folder(name);
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/record/calls.rec");
    std::fs::copy(record, folder.join("calls.rec")).unwrap();
    let plan = folder.join("extensions.conf");
    let mut text = std::fs::read_to_string(&plan).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    std::fs::write(plan, text).unwrap();
    folder
}

fn told(name: &str, changes: &[(&str, &str)], args: &[&str]) -> String {
    let folder = changed(name, changes);
    let mut all = vec!["replay", "calls.rec"];
    all.extend(args);
    let said = said(&folder, &all);
    std::fs::remove_dir_all(folder).unwrap();
    said
}

#[test]
fn nothing_changed() {
    insta::assert_snapshot!(told("same", &[], &[]));
}

/// What nobody outside notices is no change: lines of a log, another order of what is only read, other names and numbers of steps.
#[test]
fn nothing_that_anybody_notices() {
    let text = told(
        "unnoticed",
        &[
            (
                " same => n,Dial(SIP/${EXTEN},2,t)",
                " same => n,Verbose(1,now)\n same => n,Log(NOTICE,x)\n same => n(ring),Dial(SIP/${EXTEN},2,t)",
            ),
            (
                " same => n,Read(PIN,,6)",
                " same => n,Set(SAVED=${DB(pin/${CALLERID(num)})})\n same => n,Read(PIN,,6)",
            ),
            (
                "\"${PIN}\" = \"${DB(pin/${CALLERID(num)})}\"",
                "\"${DB(pin/${CALLERID(num)})}\" = \"${PIN}\"",
            ),
        ],
        &[],
    );
    assert!(
        text.contains("8 same, 0 changed") && text.ends_with("exit 0\n"),
        "{text}"
    );
}

#[test]
fn a_dial_rings_longer() {
    insta::assert_snapshot!(told(
        "longer",
        &[("${EXTEN},2,t", "${EXTEN},4,t")],
        &["--filter", "1002"]
    ));
}

#[test]
fn another_prompt_after_other_steps() {
    let changes = [(
        " same => n,Playback(vm-nobodyavail)",
        " same => n,Set(TRIED=yes)\n same => n,GotoIf($[\"${TRIED}\" = \"yes\"]?busy)",
    )];
    insta::assert_snapshot!(told("prompt", &changes, &["--filter", "1002"]));
}

#[test]
fn a_number_is_gone() {
    insta::assert_snapshot!(told(
        "gone",
        &[("exten => 200,", "exten => 201,")],
        &["--filter", "200 in"]
    ));
}

#[test]
fn a_call_ends_earlier_later_and_otherwise() {
    let changes = [
        (" same => n,Wait(0.2)", " same => n,Hangup(21)"),
        (
            "exten => 1,1,Playback(one)",
            "exten => 1,1,Playback(one)\n same => n,Wait(3)",
        ),
        (
            " same => n,Playback(no-way-${DIALSTATUS})\n same => n,Hangup()",
            " same => n,Playback(no-way-${DIALSTATUS})\n same => n,Hangup(41)",
        ),
    ];
    insta::assert_snapshot!(told("ends", &changes, &[]));
}

#[test]
fn something_is_read_that_nobody_asked_then() {
    let changes = [(
        "n,Dial(SIP/${EXTEN},2,t)",
        "n,Dial(SIP/${IF($[\"${DB(cfwd/${EXTEN})}\" = \"\"]?${EXTEN}:0)},2,t)",
    )];
    insta::assert_snapshot!(told("reads", &changes, &["--call", "2"]));
}

#[test]
fn a_loop_is_found() {
    let changes = [(
        " same => n,Playback(vm-nobodyavail)",
        " same => n(again),Set(x=1)\n same => n,Goto(again)",
    )];
    insta::assert_snapshot!(told("loop", &changes, &["--call", "2"]));
}

#[test]
fn for_programs() {
    insta::assert_snapshot!(told(
        "json",
        &[("${EXTEN},2,t", "${EXTEN},4,t")],
        &["--format", "json"]
    ));
}

#[test]
fn a_call_as_a_test() {
    let folder = changed("saved", &[]);
    let args = [
        "replay",
        "calls.rec",
        "--call",
        "6",
        "--save-test",
        "kept.test.yaml",
    ];
    let words = said(&folder, &args);
    let text = std::fs::read_to_string(folder.join("kept.test.yaml")).unwrap();
    insta::assert_snapshot!(format!("{words}\n{text}"));
    let tested = said(&folder, &["test", "kept.test.yaml"]);
    assert!(tested.contains("1 passed, 0 failed"), "{tested}");
    // Never over what is there.
    let again = said(&folder, &args);
    assert!(
        again.contains("is there already") && again.ends_with("exit 2\n"),
        "{again}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = changed("cannot", &[]);
    std::fs::write(folder.join("text"), "hello\n").unwrap();
    std::fs::write(folder.join("empty"), "").unwrap();
    let record = std::fs::read_to_string(folder.join("calls.rec")).unwrap();
    let newer = record.replace("\"version\":1", "\"version\":2");
    std::fs::write(folder.join("newer.rec"), newer).unwrap();
    let damaged = record
        .replace(
            "\"enters\":[\"office\",\"310\",1]",
            "\"enters\":[\"office\",\"310\"]",
        )
        .replace("\"gets\":{\"digit\":\"1\"", "\"gets\":{\"digit\":\"11\"")
        .replace("\"asks\":{\"do\":\"Wait\"", "\"asks\":{{\"do\":\"Wait\"");
    std::fs::write(folder.join("damaged.rec"), damaged).unwrap();
    let mut all = String::new();
    for args in [
        &["nosuch.rec"][..],
        &["text"],
        &["empty"],
        &["newer.rec"],
        &["calls.rec", "nosuch"],
        &["calls.rec", "--filter", "nobody"],
        &["calls.rec", "--save-test", "kept.yaml"],
        &["calls.rec", "--save-test", "sounds/kept.test.yaml"],
        &["damaged.rec"],
    ] {
        let args: Vec<&str> = ["replay"].iter().chain(args).copied().collect();
        all.push_str(&format!(
            "$ strowger {}\n{}\n",
            args.join(" "),
            said(&folder, &args)
        ));
    }
    insta::assert_snapshot!(all);
    assert!(
        !strowger(&folder, &["run", ".", "--record-plain"])
            .status
            .success()
    );
    std::fs::remove_dir_all(folder).unwrap();
}
