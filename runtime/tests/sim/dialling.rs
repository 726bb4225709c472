//! What endpoints do when they are dialled.

use crate::{answers, call, dialed, endpoint, notes, play, s, seconds, steps, variable};
use strowger_runtime::sim::report::{Disposition, Kind};
use strowger_runtime::sim::{Act, Attempt, Call, Endpoint, Scenario};

const PLAN: &str = "\
[main]
exten => 61,1,Dial(PJSIP/61,20,g)
 same => n,NoOp(${DIALSTATUS} ${HANGUPCAUSE} ${RINGTIME} ${ANSWEREDTIME} ${DIALEDTIME})
 same => n,Hangup()
exten => 600,1,Dial(PJSIP/61&PJSIP/62,20,g)
 same => n,NoOp(${DIALSTATUS} ${DIALEDPEERNUMBER})
exten => _3XXX,1,Dial(PJSIP/${EXTEN}@trunk,20)
exten => local,1,Dial(Local/61@main,20,g)
 same => n,NoOp(${DIALSTATUS} ${RINGTIME} ${ANSWEREDTIME})
";

fn one(attempt: Attempt) -> (String, strowger_runtime::sim::Report) {
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![endpoint("61", vec![attempt])],
            calls: vec![call("1", "61")],
            ..Scenario::default()
        },
    );
    let noop = steps(&report)
        .into_iter()
        .find(|step| step.contains("NoOp"))
        .unwrap();
    (noop, report)
}

#[test]
fn each_behaviour_has_its_status() {
    let after = s(3);
    let none = s(0);
    for (attempt, expected) in [
        (answers(3, 7), "10 0 NoOp(ANSWER 16 0 7 10)"),
        (Attempt::NeverAnswers, "20 0 NoOp(NOANSWER 0 0  20)"),
        (Attempt::Busy { after }, "3 0 NoOp(BUSY 17 0  3)"),
        (Attempt::Busy { after: none }, "0 0 NoOp(BUSY 17   0)"),
        (Attempt::Declines { after }, "3 0 NoOp(CHANUNAVAIL 21 0  3)"),
        (Attempt::Congested { after }, "3 0 NoOp(CONGESTION 34 0  3)"),
        (
            Attempt::Fails { after, cause: 18 },
            "3 0 NoOp(CHANUNAVAIL 18 0  3)",
        ),
        (Attempt::Unavailable, "0 0 NoOp(CHANUNAVAIL 20   0)"),
        (Attempt::Unregistered, "0 0 NoOp(CHANUNAVAIL 3   0)"),
        (
            Attempt::drops_after(s(1), s(4)),
            "5 0 NoOp(ANSWER 38 0 4 5)",
        ),
    ] {
        let shown = format!("{attempt:?}");
        assert_eq!(one(attempt).0, expected, "{shown}");
    }
}

#[test]
fn who_answers_when_the_patience_ends_comes_too_late() {
    assert_eq!(one(answers(20, 7)).0, "20 0 NoOp(NOANSWER 0 0  20)");
    assert_eq!(one(answers(19, 7)).0, "26 0 NoOp(ANSWER 16 0 7 26)");
}

#[test]
fn a_phone_that_forwards_is_unavailable_and_a_note_says_so() {
    for after in [s(0), s(2)] {
        let to = b"62".to_vec();
        let (noop, report) = one(Attempt::Redirects { after, to });
        assert!(noop.contains("CHANUNAVAIL 23"), "{noop}");
        assert!(
            notes(&report)
                .iter()
                .any(|note| note
                    .contains("forwards its calls (3xx); following that is not built yet")),
            "{:?}",
            notes(&report)
        );
    }
}

#[test]
fn attempts_come_one_after_the_other_and_the_last_repeats() {
    let later = |seconds| Call {
        at: s(seconds),
        ..call("1", "61")
    };
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![endpoint(
                "61",
                vec![
                    Attempt::Busy { after: s(0) },
                    answers(1, 1),
                    Attempt::NeverAnswers,
                ],
            )],
            calls: vec![later(0), later(10), later(20), later(60)],
            ..Scenario::default()
        },
    );
    let all: Vec<_> = (0..4)
        .map(|call| variable(&report, call, "DIALSTATUS"))
        .collect();
    assert_eq!(all, ["BUSY", "ANSWER", "NOANSWER", "NOANSWER"]);
}

#[test]
fn the_first_to_answer_wins_and_the_others_are_given_up() {
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![
                endpoint("61", vec![answers(5, 1)]),
                endpoint("62", vec![answers(3, 1)]),
            ],
            calls: vec![call("1", "600")],
            ..Scenario::default()
        },
    );
    assert_eq!(dialed(&report), ["PJSIP/61 GivenUp", "PJSIP/62 Answered"]);
    assert_eq!(seconds(&report, report.dialed[1].settled), 3.0);
    assert_eq!(variable(&report, 0, "DIALEDPEERNUMBER"), "62");
    assert_eq!(seconds(&report, report.ended), 4.0);
}

#[test]
fn a_trunk_stands_for_the_numbers_behind_it_that_have_no_entry() {
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![
                endpoint("trunk", vec![answers(1, 1)]),
                endpoint("3002@TRUNK", vec![Attempt::Busy { after: s(0) }]),
            ],
            calls: vec![call("1", "3001"), call("1", "3002")],
            ..Scenario::default()
        },
    );
    assert_eq!(variable(&report, 0, "DIALSTATUS"), "ANSWER");
    assert_eq!(variable(&report, 1, "DIALSTATUS"), "BUSY");
    assert!(report.unmocked.is_empty());
}

#[test]
fn what_nobody_described_is_named_with_its_step() {
    let report = play(
        PLAN,
        Scenario {
            calls: vec![call("1", "3001")],
            ..Scenario::default()
        },
    );
    let [unmocked] = report.unmocked.as_slice() else {
        panic!("{:?}", report.unmocked);
    };
    assert_eq!(unmocked.kind, Kind::Endpoint);
    assert_eq!(unmocked.what, b"PJSIP/3001@trunk");
    assert_eq!(unmocked.place.exten, b"3001");
    assert_eq!(unmocked.source.as_ref().unwrap().line, 7);
    assert_eq!(variable(&report, 0, "DIALSTATUS"), "CHANUNAVAIL");
}

#[test]
fn a_local_channel_tells_its_dialler_of_the_phone_behind_it() {
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![endpoint("61", vec![answers(3, 7)])],
            calls: vec![call("1", "local")],
            ..Scenario::default()
        },
    );
    assert_eq!(
        steps(&report),
        [
            "0 0 Dial(Local/61@main,20,g)",
            "0 0#1 Dial(PJSIP/61,20,g)",
            "10 0#1 NoOp(ANSWER 16 0 7 10)",
            "10 0#1 Hangup()",
            "10 0 NoOp(ANSWER 0 7)",
        ]
    );
    assert!(report.dialed[0].is_local() && !report.dialed[1].is_local());
    assert_eq!(report.calls.len(), 1);
}

#[test]
fn the_record_of_a_call_is_that_of_its_caller() {
    let cdr = |attempt| one(attempt).1.calls[0].cdr;
    let answered = cdr(answers(3, 7));
    assert_eq!(answered.disposition, Disposition::Answered);
    assert_eq!((answered.duration(), answered.billsec()), (s(10), s(7)));
    let busy = cdr(Attempt::Busy { after: s(2) });
    assert_eq!(busy.disposition.name(), "BUSY");
    assert_eq!((busy.duration(), busy.billsec()), (s(2), s(0)));
    assert_eq!(cdr(Attempt::NeverAnswers).disposition.name(), "NO ANSWER");
    assert_eq!(
        cdr(Attempt::Congested { after: s(0) }).disposition.name(),
        "FAILED"
    );
}

#[test]
fn an_endpoint_can_have_a_limit_of_calls() {
    let limited = Endpoint {
        most_calls: Some(1),
        ..endpoint("61", vec![answers(2, 30)])
    };
    let at = |seconds| Call {
        at: s(seconds),
        ..call("1", "61")
    };
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![limited],
            calls: vec![at(0), at(10), at(40)],
            ..Scenario::default()
        },
    );
    let all: Vec<_> = (0..3)
        .map(|call| variable(&report, call, "DIALSTATUS"))
        .collect();
    assert_eq!(all, ["ANSWER", "BUSY", "ANSWER"]);
}

#[test]
fn a_phone_acts_in_its_order() {
    let then = vec![
        Act::Wait(s(2)),
        Act::Press(b"12".to_vec()),
        Act::Text(b"hello".to_vec()),
        Act::HangUp,
    ];
    let (noop, report) = one(Attempt::Answers { after: s(1), then });
    assert_eq!(noop, "3 0 NoOp(ANSWER 16 0 2 3)");
    let came: Vec<_> = report
        .received
        .iter()
        .map(|r| format!("{:?}", r.what))
        .collect();
    assert_eq!(
        came,
        ["Key(49)", "Key(50)", "Text([104, 101, 108, 108, 111])"]
    );
    assert!(report.received.iter().all(|r| r.endpoint == b"PJSIP/1"));
}

/// What the exchange does not have, this world does not pretend: it is named where it would have counted, and nowhere else.
#[test]
fn an_option_without_effect_is_told() {
    let plan = "[main]
exten => 1,1,Dial(PJSIP/61,20,tTB(main^2^1)gm)
exten => 3,1,Dial(PJSIP/61,20,d)
";
    let told = |exten: &str, acts: Vec<Act>, then: Vec<Act>| {
        let attempt = Attempt::Answers { after: s(2), then };
        let report = play(
            plan,
            Scenario {
                endpoints: vec![endpoint("61", vec![attempt])],
                calls: vec![Call {
                    acts,
                    ..call("1", exten)
                }],
                ..Scenario::default()
            },
        );
        let mut out = String::new();
        for one in &report.ignored {
            let line = one.source.as_ref().unwrap().line;
            out.push_str(&format!(
                "{}@{}:{line} ",
                char::from(one.option),
                one.at.seconds() - report.began.seconds()
            ));
        }
        assert_eq!(notes(&report).len(), report.ignored.len());
        out
    };
    let press = || Act::Press(b"#".to_vec());
    let waits = |span| Act::Wait(s(span));
    let talks = || vec![Act::Talk(s(5)), Act::HangUp];
    assert_eq!(told("1", Vec::new(), talks()), "B@0:2 ");
    let by_caller = vec![waits(4), press(), press()];
    assert_eq!(told("1", by_caller, talks()), "B@0:2 T@4:2 ");
    let by_called = vec![waits(1), press(), waits(1), Act::HangUp];
    assert_eq!(told("1", Vec::new(), by_called), "B@0:2 t@3:2 ");
    // A key while it rings means d, and neither t nor T.
    assert_eq!(told("1", vec![waits(1), press()], talks()), "B@0:2 ");
    assert_eq!(told("3", vec![waits(1), press()], talks()), "d@1:3 ");
    assert_eq!(told("3", vec![waits(4), press()], talks()), "");
}
