//! Keys: pressed in a hurry, pressed when asked for, passed on.

use crate::{call, endpoint, heard, play, s, steps, variable};
use strowger_runtime::sim::report::Came;
use strowger_runtime::sim::scenario::Moment;
use strowger_runtime::sim::{Act, Attempt, Call, Scenario};

const PLAN: &str = "\
[main]
exten => s,1,Answer()
 same => n,Background(menu)
 same => n,WaitExten(5)
exten => 1,1,NoOp(sales)
exten => 12,1,NoOp(twelve)
exten => 2,1,NoOp(support)
exten => t,1,NoOp(nothing pressed)
exten => i,1,NoOp(invalid ${INVALID_EXTEN})
exten => read,1,Answer()
 same => n,Read(pin,enter,4,,1,5)
exten => talk,1,Dial(PJSIP/61,20)
exten => local,1,Dial(Local/talk@main,20)
exten => far,1,Dial(Local/read@main,20)
exten => echo,1,Answer()
 same => n,Echo()
 same => n,NoOp(echoed)
";

fn pressed(exten: &str, acts: Vec<Act>) -> strowger_runtime::sim::Report {
    let then = vec![Act::Talk(s(10)), Act::HangUp];
    play(
        PLAN,
        Scenario {
            endpoints: vec![endpoint("61", vec![Attempt::Answers { after: s(1), then }])],
            calls: vec![Call {
                acts,
                ..call("1", exten)
            }],
            ..Scenario::default()
        },
    )
}

fn press(keys: &str) -> Act {
    Act::Press(keys.into())
}

fn last(report: &strowger_runtime::sim::Report) -> String {
    steps(report).last().unwrap().clone()
}

#[test]
fn a_key_breaks_the_prompt_that_it_may_break() {
    let report = pressed("s", vec![Act::Answered, Act::Wait(s(0)), press("2")]);
    assert_eq!(last(&report), "0 0 NoOp(support)");
    assert_eq!(heard(&report), ["menu 0-0 Broken"]);
}

/// The plan comes to its first prompt before anybody else has a turn; the caller hears its beginning all the same.
#[test]
fn the_beginning_of_a_prompt_at_the_first_moment_is_heard() {
    let menu = Act::Prompt {
        name: b"menu".to_vec(),
        at: Moment::Begins,
    };
    let report = pressed("s", vec![menu, press("2")]);
    assert_eq!(last(&report), "0 0 NoOp(support)");
}

#[test]
fn after_a_prompt_the_plan_waits_for_keys() {
    let menu = Act::Prompt {
        name: b"menu".to_vec(),
        at: Moment::Ends,
    };
    let report = pressed("s", vec![menu.clone(), Act::Wait(s(2)), press("2")]);
    assert_eq!(last(&report), "3 0 NoOp(support)");
    assert_eq!(heard(&report), ["menu 0-1 Whole"]);
    // `1` may still become `12`: the digit timeout decides.
    let report = pressed("s", vec![menu.clone(), press("1")]);
    assert_eq!(last(&report), "6 0 NoOp(sales)");
    let report = pressed("s", vec![menu.clone(), press("12")]);
    assert_eq!(last(&report), "1 0 NoOp(twelve)");
    let report = pressed("s", vec![menu, press("7")]);
    assert_eq!(last(&report), "1 0 NoOp(invalid 7)");
    assert_eq!(last(&pressed("s", Vec::new())), "6 0 NoOp(nothing pressed)");
}

#[test]
fn read_collects_them() {
    let report = pressed(
        "read",
        vec![Act::Wait(s(3)), press("12"), Act::Wait(s(1)), press("34")],
    );
    assert_eq!(variable(&report, 0, "pin"), "1234");
    assert_eq!(variable(&report, 0, "READSTATUS"), "OK");
}

#[test]
fn a_patient_caller_presses_when_asked() {
    let report = play(
        PLAN,
        Scenario {
            calls: vec![Call {
                keys: b"1234".to_vec(),
                ..call("1", "read")
            }],
            ..Scenario::default()
        },
    );
    assert_eq!(variable(&report, 0, "pin"), "1234");
}

#[test]
fn keys_pass_between_two_who_talk() {
    for exten in ["talk", "local"] {
        let report = pressed(exten, vec![Act::Answered, Act::Wait(s(2)), press("5a")]);
        let keys: Vec<_> = report.received.iter().map(|r| r.what.clone()).collect();
        assert_eq!(keys, [Came::Key(b'5'), Came::Key(b'A')], "{exten}");
        assert!(report.received.iter().all(|r| r.endpoint == b"PJSIP/61"));
    }
}

#[test]
fn keys_reach_the_channel_behind_local() {
    let report = pressed("far", vec![Act::Answered, Act::Wait(s(2)), press("9#")]);
    assert!(
        report
            .answers
            .iter()
            .any(|a| a.channel == 1 && a.reply.answer == strowger_vm::effect::Answer::Digit(b'9')),
        "{:?}",
        report.answers
    );
}

#[test]
fn echo_goes_on_until_the_hash() {
    let report = pressed("echo", vec![Act::Wait(s(4)), press("1#")]);
    assert_eq!(last(&report), "4 0 NoOp(echoed)");
    assert_eq!(report.received[0].what, Came::Key(b'1'));
}
