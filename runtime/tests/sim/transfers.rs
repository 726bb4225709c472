//! Transfers by REFER: this exchange answers 405, and so does the made-up one.

use crate::{answers, call, endpoint, notes, play, s, steps, variable};
use strowger_runtime::sim::{Act, Attempt, Call, Endpoint, Scenario};

const PLAN: &str = "\
[main]
exten => 61,1,Dial(PJSIP/61,20,g)
 same => n,NoOp(${DIALSTATUS} ${ANSWEREDTIME})
[phones]
exten => 62,1,NoOp(${CALLERID(num)})
 same => n,Dial(PJSIP/62,20)
";

fn scenario(then: Vec<Act>) -> Scenario {
    Scenario {
        endpoints: vec![
            Endpoint {
                context: b"phones".to_vec(),
                ..endpoint("61", vec![Attempt::Answers { after: s(1), then }])
            },
            endpoint("62", vec![answers(3, 60)]),
        ],
        calls: vec![call("1", "61")],
        ..Scenario::default()
    }
}

const REFUSED: &str =
    "PJSIP/61 asks to transfer the call to 62 (REFER): refused with 405, transfers are not served";

#[test]
fn a_blind_transfer_is_refused_and_the_call_goes_on() {
    let report = play(
        PLAN,
        scenario(vec![
            Act::Wait(s(4)),
            Act::BlindTransfer(b"62".to_vec()),
            Act::Talk(s(6)),
            Act::HangUp,
        ]),
    );
    assert_eq!(notes(&report), [REFUSED]);
    assert_eq!(steps(&report).last().unwrap(), "11 0 NoOp(ANSWER 10)");
}

#[test]
fn an_attended_transfer_makes_its_second_call_through_the_plan() {
    let report = play(
        PLAN,
        scenario(vec![
            Act::Wait(s(4)),
            Act::AttendedTransfer(b"62".to_vec()),
            Act::Talk(s(6)),
            Act::HangUp,
        ]),
    );
    assert_eq!(
        steps(&report),
        [
            "0 0 Dial(PJSIP/61,20,g)",
            "5 1 NoOp(61)",
            "5 1 Dial(PJSIP/62,20)",
            "14 0 NoOp(ANSWER 13)",
        ]
    );
    assert_eq!(notes(&report), [REFUSED]);
    // Refused: the second call ends, the first one goes on.
    assert_eq!(report.calls[1].by, Some(0));
    assert_eq!(report.calls[1].elapsed(), s(3));
    assert_eq!(variable(&report, 1, "DIALSTATUS"), "ANSWER");
    assert_eq!(report.calls[0].elapsed(), s(14));
}

#[test]
fn an_attended_transfer_to_nobody_comes_to_nothing() {
    let mut scenario = scenario(vec![
        Act::AttendedTransfer(b"99".to_vec()),
        Act::Talk(s(6)),
        Act::HangUp,
    ]);
    scenario.endpoints.truncate(1);
    let report = play(PLAN, scenario);
    assert_eq!(report.calls[0].elapsed(), s(7));
    assert_eq!(report.calls.len(), 2);
}

#[test]
fn who_hangs_up_meanwhile_ends_both_calls() {
    let mut scenario = scenario(vec![Act::AttendedTransfer(b"62".to_vec())]);
    scenario.calls[0] = Call {
        acts: vec![Act::Answered, Act::Wait(s(2)), Act::HangUp],
        ..call("1", "61")
    };
    let report = play(PLAN, scenario);
    assert_eq!(report.calls[0].elapsed(), s(3));
    assert_eq!(report.calls[1].elapsed(), s(2));
    assert_eq!(variable(&report, 1, "DIALSTATUS"), "CANCEL");
    assert!(!report.stalled);
}

#[test]
fn refer_and_hold_during_each_effect_disturb_none() {
    for effect in [
        "Wait(5)",
        "Playback(five)",
        "Dial(PJSIP/62,5)",
        "Read(x,,1,,1,5)",
        "SayDigits(12345)",
    ] {
        let plan =
            format!("[main]\nexten => s,1,Answer()\n same => n,{effect}\n same => n,NoOp(after)\n");
        let report = play(
            &plan,
            Scenario {
                sounds: strowger_runtime::sim::Sounds {
                    named: [(b"five".to_vec(), Some(s(5)))].into(),
                    ..Default::default()
                },
                endpoints: vec![endpoint("62", Vec::new())],
                calls: vec![Call {
                    acts: vec![
                        Act::Wait(s(1)),
                        Act::Hold,
                        Act::Wait(s(1)),
                        Act::Unhold,
                        Act::BlindTransfer(b"62".to_vec()),
                    ],
                    ..call("1", "s")
                }],
                ..Scenario::default()
            },
        );
        assert_eq!(
            steps(&report).last().unwrap(),
            "5 0 NoOp(after)",
            "{effect}"
        );
        assert!(notes(&report)[0].contains("refused with 405"), "{effect}");
        assert_eq!(report.acted.len(), 3, "{effect}");
    }
}
