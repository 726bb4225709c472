//! Prompts: which there are, how long they last, who hears them.

use crate::{call, endpoint, heard, play, s, text, variable};
use std::collections::BTreeMap;
use strowger_runtime::sim::{Act, Attempt, Scenario, Sounds, scenario::Moment};

const PLAN: &str = "\
[main]
exten => 1,1,Answer()
 same => n,Playback(long&nosuch&short)
 same => n,SayDigits(10)
 same => n,Hangup()
exten => silent,1,Playback(short,noanswer)
 same => n,Progress()
 same => n,Playback(short,noanswer)
exten => local,1,Dial(Local/1@main,30)
exten => busy,1,Dial(PJSIP/61,30)
";

fn sounds() -> Sounds {
    let some = |seconds| Some(s(seconds));
    Sounds {
        others: some(1),
        named: BTreeMap::from([
            (b"long".to_vec(), some(30)),
            (b"nosuch".to_vec(), None),
            (b"short".to_vec(), some(2)),
        ]),
    }
}

fn scenario(exten: &str) -> Scenario {
    Scenario {
        sounds: sounds(),
        calls: vec![call("1", exten)],
        ..Scenario::default()
    }
}

#[test]
fn prompts_last_as_long_as_they_are() {
    let report = play(PLAN, scenario("1"));
    assert_eq!(
        heard(&report),
        [
            "long 0-30 Whole",
            "nosuch 30-30 Missing unheard",
            "short 30-32 Whole",
            "digits/1 32-33 Whole",
            "digits/0 33-34 Whole",
        ]
    );
    let said: Vec<_> = report.heard.iter().filter_map(|h| h.said.clone()).collect();
    assert_eq!(said, [b"10", b"10"]);
    assert_eq!(variable(&report, 0, "PLAYBACKSTATUS"), "FAILED");
}

#[test]
fn before_the_answer_only_progress_makes_them_heard() {
    let report = play(PLAN, scenario("silent"));
    assert_eq!(
        heard(&report),
        ["short 0-2 Whole unheard", "short 2-4 Whole"]
    );
}

#[test]
fn who_hangs_up_breaks_a_prompt_off() {
    let mut scenario = scenario("1");
    scenario.calls[0].acts = vec![Act::Wait(s(5)), Act::HangUp];
    let report = play(PLAN, scenario);
    assert_eq!(heard(&report), ["long 0-5 Broken"]);
}

#[test]
fn a_caller_hears_what_a_channel_behind_local_plays() {
    let mut scenario = scenario("local");
    scenario.calls[0].acts = vec![
        Act::Prompt {
            name: b"short".to_vec(),
            at: Moment::Ends,
        },
        Act::HangUp,
    ];
    let report = play(PLAN, scenario);
    assert_eq!(report.calls[0].elapsed(), s(32));
    assert!(report.heard.iter().any(|h| h.file == b"short" && h.audible));
}

#[test]
fn a_called_phone_hears_no_prompt_of_the_plan() {
    let mut scenario = scenario("busy");
    let then = vec![
        Act::Prompt {
            name: b"short".to_vec(),
            at: Moment::Begins,
        },
        Act::HangUp,
    ];
    scenario.endpoints = vec![endpoint("61", vec![Attempt::Answers { after: s(1), then }])];
    let report = play(PLAN, scenario);
    assert!(report.stalled && report.calls[0].stalled);
    assert_eq!(text(&report.calls[0].name), "PJSIP/1-00000000");
}
