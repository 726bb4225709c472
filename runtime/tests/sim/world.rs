//! What a scenario gives the world, and what the world makes of those who never end.

use crate::{answers, call, endpoint, play, s, simulation, steps, text, variable};
use std::sync::Arc;
use std::time::Duration;
use strowger_runtime::sim::report::{Cut, Kind};
use strowger_runtime::sim::{Act, Attempt, Call, Scenario, Sounds};
use strowger_stdlib::time::Zone;
use strowger_vm::Time;

#[test]
fn each_run_begins_anew_and_is_the_same() {
    let plan = "[globals]\ng=of the plan\n[main]\n\
        exten => s,1,Set(x=${RAND(1,1000000)} ${DB(a/b)} ${g} ${own} ${ENV(E)} ${UNIQUEID})\n \
        same => n,Set(DB(a/b)=changed)\n same => n,Set(GLOBAL(g)=changed)\n same => n,Set(ENV(E)=changed)\n \
        same => n,Dial(PJSIP/61&PJSIP/62,20)\n";
    let scenario = Arc::new(Scenario {
        seed: 7,
        globals: [(b"own".to_vec(), b"preset".to_vec())].into(),
        database: [(b"a/b".to_vec(), b"stored".to_vec())].into(),
        environment: [(b"E".to_vec(), b"env".to_vec())].into(),
        endpoints: vec![
            endpoint("61", vec![answers(3, 5), Attempt::NeverAnswers]),
            endpoint("62", vec![answers(4, 5)]),
        ],
        calls: vec![call("1", "s"), call("2", "s")],
        ..Scenario::default()
    });
    let mut simulation = simulation(plan);
    let first = simulation.play(&scenario);
    let again = simulation.play(&scenario);
    assert_eq!(first, again);
    let x = variable(&first, 0, "x");
    assert!(x.contains(" stored of the plan preset env "), "{x}");
    let other = Scenario {
        seed: 8,
        ..(*scenario).clone()
    };
    let other = simulation.play(&Arc::new(other));
    assert_ne!(variable(&other, 0, "x"), x);
}

#[test]
fn the_clock_begins_where_it_is_told_in_its_zone() {
    let plan = "[main]\nexten => s,1,Set(x=${STRFTIME(,,%H:%M)})\n same => n,Wait(3600)\n same => n,Set(y=${STRFTIME(,,%H:%M)})\n";
    let report = play(
        plan,
        Scenario {
            start: Time::from_seconds(1_773_232_200),
            zone: Zone::named(b"Europe/Berlin"),
            calls: vec![call("1", "s")],
            ..Scenario::default()
        },
    );
    assert_eq!(variable(&report, 0, "x"), "13:30");
    assert_eq!(variable(&report, 0, "y"), "14:30");
}

#[test]
fn functions_that_reach_outside_answer_as_described() {
    let plan = "[main]\nexten => s,1,Set(a=${CURL(http://x)})\n same => n,Set(b=${CURL(http://y)})\n \
        same => n,Set(c=${ODBC_CREDIT(1)})\n same => n,VoiceMail(61)\n";
    let report = play(
        plan,
        Scenario {
            functions: [
                (b"CURL(http://x)".to_vec(), b"yes".to_vec()),
                (b"CURL".to_vec(), b"other".to_vec()),
            ]
            .into(),
            calls: vec![call("1", "s")],
            ..Scenario::default()
        },
    );
    assert_eq!(variable(&report, 0, "a"), "yes");
    assert_eq!(variable(&report, 0, "b"), "other");
    let unmocked: Vec<_> = report
        .unmocked
        .iter()
        .map(|u| (u.kind, text(&u.what)))
        .collect();
    assert_eq!(
        unmocked,
        [
            (Kind::Function, "ODBC_CREDIT(1)".to_owned()),
            (Kind::Application, "VoiceMail".to_owned()),
        ]
    );
}

#[test]
fn a_wait_without_an_end_is_told_as_one() {
    let plan = "[main]\nexten => echo,1,Answer()\n same => n,Echo()\nexten => h,1,NoOp(h)\n\
        exten => dial,1,Dial(PJSIP/61)\nexten => short,1,Wait(5)\n";
    for exten in ["echo", "dial"] {
        let report = play(
            plan,
            Scenario {
                endpoints: vec![endpoint("61", Vec::new())],
                calls: vec![call("1", exten), call("2", "short")],
                ..Scenario::default()
            },
        );
        assert!(report.stalled, "{exten}");
        assert!(
            report.calls[0].stalled && !report.calls[1].stalled,
            "{exten}"
        );
        // Others are not disturbed: it is told when nothing more can happen.
        assert_eq!(report.calls[1].elapsed(), s(5));
        assert_eq!(steps(&report).last().unwrap(), "5 0 NoOp(h)", "{exten}");
        assert!(report.calls[0].end.is_some());
    }
}

#[test]
fn a_call_of_years_is_cut() {
    let plan = "[main]\nexten => s,1,Answer()\n same => n(again),Wait(999999999)\n same => n,Goto(again)\n";
    let report = play(
        plan,
        Scenario {
            calls: vec![call("1", "s")],
            ..Scenario::default()
        },
    );
    assert_eq!(report.cut, Some(Cut::Time));
    assert!(report.calls[0].end.is_some());
}

#[test]
fn channels_that_call_each_other_without_end_are_bounded() {
    let list = ["Local/s@main"; 4].join("&");
    let plan = format!("[main]\nexten => s,1,Dial({list},5)\n");
    let report = play(
        &plan,
        Scenario {
            sounds: Sounds::default(),
            calls: vec![call("1", "s")],
            ..Scenario::default()
        },
    );
    assert_eq!(report.cut, Some(Cut::Tasks));
    assert!(report.calls[0].end.is_some());
    assert!(report.calls[0].elapsed() <= s(5));
}

#[test]
fn a_plan_that_polls_for_a_day() {
    let plan = "[main]\nexten => s,1,Answer()\n same => n(again),Wait(5)\n \
        same => n,GotoIf($[${EPOCH} < 1773318600]?again)\n same => n,Hangup()\n";
    let report = play(
        plan,
        Scenario {
            calls: vec![call("1", "s")],
            ..Scenario::default()
        },
    );
    assert_eq!(report.calls[0].elapsed(), Duration::from_secs(86_400));
    assert_eq!(report.calls[0].cdr.billsec(), Duration::from_secs(86_400));
}

#[test]
fn a_phone_that_presses_without_end_loses_its_line() {
    let plan = "[main]\nexten => s,1,Answer()\n same => n,Set(x=1)\n same => n,Wait(5)\n";
    let report = play(
        plan,
        Scenario {
            calls: vec![Call {
                acts: vec![Act::Press(vec![b'1'; 10_000])],
                ..call("1", "s")
            }],
            ..Scenario::default()
        },
    );
    assert_eq!(report.calls[0].cause(), 41);
    assert_eq!(report.calls[0].elapsed(), s(0));
}
