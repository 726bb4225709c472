//! A caller who hangs up at any moment, and everybody else who does.

use crate::{answers, call, dialed, endpoint, play, s, simulation, steps, variable};
use std::sync::Arc;
use strowger_runtime::sim::report::Played;
use strowger_runtime::sim::{Act, Attempt, Call, HangUp, Message, Report, Scenario, Sounds};

/// One of each effect that can wait, each followed by a step that must not run.
const EFFECTS: &[&str] = &[
    "Wait(30)",
    "Dial(PJSIP/61,30)",
    "Dial(Local/inner@main,30)",
    "Playback(long)",
    "Background(long)",
    "SayDigits(123456789012345678901234567890)",
    "Echo()",
    "WaitExten(30)",
    "Read(x,long,4,,,30)",
    "Busy(30)",
    "Congestion(30)",
];

fn hung_up(effect: &str, hangs_up: HangUp, attempt: Attempt) -> Report {
    let plan = format!(
        "[main]\nexten => s,1,Answer()\n same => n,{effect}\n same => n,NoOp(never)\n\
         exten => inner,1,Dial(PJSIP/61,60)\n\
         exten => h,1,NoOp(${{DIALSTATUS}})\n same => n,Set(cause=${{HANGUPCAUSE}})\n"
    );
    play(
        &plan,
        Scenario {
            sounds: Sounds {
                named: [(b"long".to_vec(), Some(s(30)))].into(),
                ..Sounds::default()
            },
            endpoints: vec![endpoint("61", vec![attempt])],
            calls: vec![Call {
                hangs_up: Some(hangs_up),
                ..call("1", "s")
            }],
            ..Scenario::default()
        },
    )
}

#[test]
fn during_each_effect() {
    for effect in EFFECTS {
        let report = hung_up(effect, HangUp::After(s(7)), Attempt::NeverAnswers);
        let steps = steps(&report);
        assert!(
            steps.iter().all(|step| !step.contains("never")),
            "{effect}: {steps:?}"
        );
        let end = steps.iter().rfind(|step| step.starts_with("7 0 ")).unwrap();
        assert!(end.contains("Set(cause=16)"), "{effect}: {steps:?}");
        assert_eq!(report.calls[0].elapsed(), s(7), "{effect}");
        assert!(!report.stalled, "{effect}");
        let status = if effect.contains("Dial") {
            "CANCEL"
        } else {
            ""
        };
        assert_eq!(variable(&report, 0, "DIALSTATUS"), status, "{effect}");
    }
}

#[test]
fn while_two_talk() {
    for effect in ["Dial(PJSIP/61,30)", "Dial(Local/inner@main,30)"] {
        let report = hung_up(effect, HangUp::After(s(7)), answers(2, 60));
        assert_eq!(variable(&report, 0, "DIALSTATUS"), "ANSWER", "{effect}");
        assert_eq!(variable(&report, 0, "ANSWEREDTIME"), "5", "{effect}");
        assert_eq!(report.calls[0].elapsed(), s(7), "{effect}");
        // Nobody is left behind: the phone was told as well.
        assert_eq!(report.ended, report.calls[0].ended);
    }
}

#[test]
fn at_each_effect_by_number() {
    let plan = "[main]\nexten => s,1,Answer()\n same => n,Wait(1)\n same => n,Set(DB(a/b)=1)\n \
        same => n,Playback(hello)\n same => n,Dial(PJSIP/61,9)\n\
        exten => h,1,NoOp(h)\n";
    let mut simulation = simulation(plan);
    let mut run = |n| {
        let scenario = Scenario {
            endpoints: vec![endpoint("61", vec![answers(1, 1)])],
            calls: vec![Call {
                hangs_up: Some(HangUp::AtEffect(n)),
                ..call("1", "s")
            }],
            ..Scenario::default()
        };
        let report = simulation.play(&Arc::new(scenario));
        let steps = steps(&report);
        let last = steps[steps.len() - 2].clone();
        assert!(steps[steps.len() - 1].ends_with("NoOp(h)"), "{steps:?}");
        last
    };
    let mut seen = Vec::new();
    for n in 0..5 {
        seen.push(run(n));
    }
    assert_eq!(
        seen,
        [
            "0 0 Answer()",
            "0 0 Wait(1)",
            "1 0 Set(DB(a/b)=1)",
            "1 0 Playback(hello)",
            "2 0 Dial(PJSIP/61,9)",
        ]
    );
}

#[test]
fn the_called_phone_hangs_up_and_the_plan_goes_on() {
    let plan = "[main]\nexten => s,1,Dial(PJSIP/61,30,g)\n same => n,Playback(after)\n same => n,Hangup()\n";
    let report = play(
        plan,
        Scenario {
            endpoints: vec![endpoint("61", vec![answers(2, 5)])],
            calls: vec![call("1", "s")],
            ..Scenario::default()
        },
    );
    assert_eq!(dialed(&report), ["PJSIP/61 Answered"]);
    assert_eq!(report.heard[0].how, Played::Whole);
    assert_eq!(report.calls[0].elapsed(), s(8));
}

#[test]
fn a_local_channel_is_taken_along_and_runs_its_own_h() {
    let plan = "[main]\nexten => s,1,Dial(Local/x@far,30)\nexten => h,1,NoOp(near)\n\
        [far]\nexten => x,1,Answer()\n same => n,Wait(60)\nexten => h,1,NoOp(far)\n";
    let report = play(
        plan,
        Scenario {
            calls: vec![Call {
                acts: vec![Act::Answered, Act::Wait(s(3)), Act::HangUp],
                ..call("1", "s")
            }],
            ..Scenario::default()
        },
    );
    assert_eq!(
        steps(&report),
        [
            "0 0 Dial(Local/x@far,30)",
            "0 0#1 Answer()",
            "0 0#1 Wait(60)",
            "3 0#1 NoOp(far)",
            "3 0 NoOp(near)",
        ]
    );
}

#[test]
fn the_absolute_timeout_ends_a_call_that_waits() {
    let plan = "[main]\nexten => s,1,Answer()\n same => n,Set(TIMEOUT(absolute)=5)\n same => n,Wait(60)\n\
        exten => T,1,NoOp(too long)\n";
    let report = play(
        plan,
        Scenario {
            calls: vec![call("1", "s")],
            ..Scenario::default()
        },
    );
    assert!(steps(&report).contains(&"5 0 NoOp(too long)".to_owned()));
}

#[test]
fn who_refuses_a_call_before_its_answer_ends_it() {
    for (app, cause) in [("Busy(20)", 17), ("Congestion(20)", 34)] {
        let plan = format!("[main]\nexten => s,1,{app}\nexten => h,1,NoOp(h)\n");
        let report = play(
            &plan,
            Scenario {
                calls: vec![call("1", "s")],
                ..Scenario::default()
            },
        );
        assert_eq!(report.calls[0].cause(), cause);
        assert_eq!(report.calls[0].elapsed(), s(0));
        assert_eq!(steps(&report).last().unwrap(), "0 0 NoOp(h)");
    }
}

#[test]
fn a_text_has_nobody_who_could_hang_up() {
    let plan = "[sms]\nexten => 2,1,Wait(3)\n same => n,NoOp(${MESSAGE(body)})\n";
    let report = play(
        plan,
        Scenario {
            messages: vec![Message {
                from: b"<sip:1@pbx>".to_vec(),
                to: b"sip:2@pbx".to_vec(),
                context: b"sms".to_vec(),
                body: b"hello".to_vec(),
                ..Message::default()
            }],
            ..Scenario::default()
        },
    );
    assert_eq!(steps(&report), ["0 m0 Wait(3)", "3 m0 NoOp(hello)"]);
}
