//! Several callers at once.

use crate::{answers, call, endpoint, play, s, steps, variable};
use strowger_runtime::sim::report::Of;
use strowger_runtime::sim::{Act, Attempt, Call, Endpoint, Message, Scenario};

const PLAN: &str = "\
[main]
exten => line,1,Set(GROUP()=line)
 same => n,GotoIf($[${GROUP_COUNT(line)} > 2]?full)
 same => n,Dial(PJSIP/61,20)
 same => n,Hangup()
 same => n(full),Busy(1)
exten => state,1,Set(now=${DEVICE_STATE(PJSIP/61)})
 same => n,Set(mine=${DEVICE_STATE(PJSIP/9)})
 same => n,Set(hint=${EXTENSION_STATE(61@main)})
 same => n,Set(others=${CHANNELS()})
exten => 61,hint,PJSIP/61
exten => hold,1,Answer()
 same => n,Set(GLOBAL(holder)=${CALLERID(num)})
 same => n,Wait(30)
exten => ask,1,Set(seen=${holder} ${DB(a/b)})
exten => put,1,Set(DB(a/b)=x)
";

fn at(seconds: u64, call: Call) -> Call {
    Call {
        at: s(seconds),
        ..call
    }
}

fn sixty_one() -> Endpoint {
    endpoint("61", vec![answers(2, 20)])
}

#[test]
fn the_second_caller_finds_the_line_busy() {
    let phone = Endpoint {
        most_calls: Some(1),
        ..sixty_one()
    };
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![phone],
            calls: vec![
                call("1", "line"),
                at(10, call("2", "line")),
                at(30, call("3", "line")),
            ],
            ..Scenario::default()
        },
    );
    let all: Vec<_> = (0..3)
        .map(|call| variable(&report, call, "DIALSTATUS"))
        .collect();
    assert_eq!(all, ["ANSWER", "BUSY", "ANSWER"]);
    assert_eq!(report.calls[1].elapsed(), s(0));
}

#[test]
fn a_group_counts_the_channels_that_are_there_at_that_moment() {
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![sixty_one()],
            calls: vec![
                call("1", "line"),
                at(1, call("2", "line")),
                at(2, call("3", "line")),
                at(60, call("4", "line")),
            ],
            ..Scenario::default()
        },
    );
    let all: Vec<_> = (0..4)
        .map(|call| variable(&report, call, "DIALSTATUS"))
        .collect();
    assert_eq!(all, ["ANSWER", "ANSWER", "", "ANSWER"]);
    assert_eq!(report.calls[2].cause(), 17);
    assert_eq!(report.calls[2].cdr.disposition.name(), "BUSY");
}

#[test]
fn the_state_of_a_phone_is_that_of_its_calls() {
    let state = |seconds, most_calls| {
        let phone = Endpoint {
            most_calls,
            ..sixty_one()
        };
        let report = play(
            PLAN,
            Scenario {
                endpoints: vec![phone],
                calls: vec![call("1", "line"), at(seconds, call("9", "state"))],
                ..Scenario::default()
            },
        );
        ["now", "mine", "hint"].map(|name| variable(&report, 1, name))
    };
    assert_eq!(state(1, None), ["RINGING", "INUSE", "RINGING"]);
    assert_eq!(state(10, None), ["INUSE", "INUSE", "INUSE"]);
    assert_eq!(state(10, Some(1)), ["BUSY", "INUSE", "BUSY"]);
    assert_eq!(state(30, Some(1)), ["NOT_INUSE", "INUSE", "NOT_INUSE"]);
}

#[test]
fn a_phone_that_holds_its_only_call_is_on_hold() {
    let then = vec![
        Act::Hold,
        Act::Wait(s(10)),
        Act::Unhold,
        Act::Talk(s(10)),
        Act::HangUp,
    ];
    let phone = endpoint("61", vec![Attempt::Answers { after: s(0), then }]);
    let report = play(
        PLAN,
        Scenario {
            endpoints: vec![phone],
            calls: vec![
                call("1", "line"),
                at(5, call("9", "state")),
                at(15, call("9", "state")),
            ],
            ..Scenario::default()
        },
    );
    assert_eq!(variable(&report, 1, "now"), "ONHOLD");
    assert_eq!(variable(&report, 2, "now"), "INUSE");
    // The exchange agrees to hold, and no application hears of it.
    assert_eq!(variable(&report, 0, "ANSWEREDTIME"), "20");
}

#[test]
fn callers_share_globals_the_database_and_the_list_of_channels() {
    let report = play(
        PLAN,
        Scenario {
            calls: vec![
                at(0, call("1", "hold")),
                at(1, call("2", "put")),
                at(2, call("3", "ask")),
                at(3, call("4", "state")),
            ],
            ..Scenario::default()
        },
    );
    assert_eq!(variable(&report, 2, "seen"), "1 x");
    assert_eq!(
        variable(&report, 3, "others"),
        "PJSIP/1-00000000 PJSIP/4-00000003"
    );
    assert_eq!(report.globals.get(b"holder"), Some(b"1".as_slice()));
    assert_eq!(report.database[b"a/b".as_slice()], b"x");
}

#[test]
fn steps_of_all_callers_stand_in_the_order_of_time() {
    let plan = "[main]\nexten => _X,1,Wait(${EXTEN})\n same => n,NoOp(${EXTEN})\n";
    let report = play(
        plan,
        Scenario {
            calls: vec![call("1", "5"), at(1, call("2", "2"))],
            ..Scenario::default()
        },
    );
    assert_eq!(
        steps(&report),
        ["0 0 Wait(5)", "1 1 Wait(2)", "3 1 NoOp(2)", "5 0 NoOp(5)"]
    );
    let whose: Vec<_> = report.channels.iter().map(|channel| channel.of).collect();
    assert_eq!(whose, [Of::Call(0), Of::Call(1)]);
}

/// A phone that dials what is not there gets a 404 before any step runs, whatever `i` says (DL-147); so does a text.
#[test]
fn a_number_that_is_not_there_runs_nothing() {
    let plan = "[main]\nexten => 61,1,NoOp(here)\nexten => i,1,NoOp(invalid)\n";
    for (exten, expected, cause) in [("61", vec!["0 0 NoOp(here)"], 0), ("62", Vec::new(), 1)] {
        let report = play(
            plan,
            Scenario {
                calls: vec![call("1", exten)],
                ..Scenario::default()
            },
        );
        assert_eq!(steps(&report), expected);
        assert_eq!(report.calls[0].cause(), cause);
    }
    // Without a technology it is a channel of `simulate`, which goes where the plan sends it.
    let report = play(
        plan,
        Scenario {
            calls: vec![Call {
                from: Vec::new(),
                ..call("1", "62")
            }],
            ..Scenario::default()
        },
    );
    assert_eq!(steps(&report), ["0 0 NoOp(invalid)"]);
    let report = play(
        plan,
        Scenario {
            messages: vec![Message {
                to: b"sip:62@pbx".to_vec(),
                context: b"main".to_vec(),
                ..Message::default()
            }],
            ..Scenario::default()
        },
    );
    assert_eq!(steps(&report), [""; 0]);
}
