//! Challenges, broken connections, and what is bounded.

use strowger_runtime::sip::stack::{
    By, Command, Counts, Credentials, Event, LegId, Limits, OwnerId, Reply, Request, RequestId,
    Secret, State, Why,
};
use strowger_runtime::sip::{Method, Name};

use crate::desk::{Ask, Desk};
use crate::world::{body, sdp};

fn someone() -> Vec<Credentials> {
    vec![Credentials {
        realm: None,
        username: "61".into(),
        secret: Secret::Plain("secret".into()),
    }]
}

const CHALLENGE: &str =
    "WWW-Authenticate: Digest realm=\"there\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n";

#[test]
fn challenges_are_answered_once() {
    let mut d = Desk::new();
    let leg = d.leg();
    let invite = strowger_runtime::sip::stack::Invite {
        uri: "sip:62@192.0.2.2".into(),
        flows: vec![d.flow],
        offer: Some(sdp("near")),
        credentials: someone(),
        ..Default::default()
    };
    d.command(Command::Invite {
        leg,
        invite: Box::new(invite),
    });
    assert_eq!(
        d.answer(Method::Invite, 401, "x", CHALLENGE, ""),
        ["ACK", "INVITE"]
    );
    assert_eq!(d.last().cseq().unwrap().number, 2);
    assert!(
        d.last()
            .get(Name::Authorization)
            .unwrap()
            .starts_with(b"Digest username=\"61\", realm=\"there\"")
    );
    assert_eq!(
        d.answer(Method::Invite, 401, "x", CHALLENGE, ""),
        ["ACK", "Ended"]
    );
    let Some(Event::Ended { ended, .. }) = d.events.last() else {
        panic!()
    };
    assert!(ended.challenged && ended.status == 401);
    // A stale nonce is another matter.
    let id = RequestId(1);
    let request = Request {
        method: "MESSAGE".into(),
        uri: "sip:62@192.0.2.2".into(),
        flows: vec![d.flow],
        credentials: someone(),
        ..Default::default()
    };
    assert_eq!(
        d.command(Command::Request {
            id,
            request: Box::new(request)
        }),
        ["MESSAGE"]
    );
    assert_eq!(
        d.answer(Method::Message, 401, "x", CHALLENGE, ""),
        ["MESSAGE"]
    );
    assert_eq!(
        d.answer(
            Method::Message,
            401,
            "x",
            &CHALLENGE.replace("qop", "stale=true, qop"),
            ""
        ),
        ["MESSAGE"]
    );
    assert_eq!(d.answer(Method::Message, 200, "x", "", ""), ["Response"]);
    // And BYE may be challenged too.
    let invite = strowger_runtime::sip::stack::Invite {
        uri: "sip:62@192.0.2.2".into(),
        flows: vec![d.flow],
        offer: Some(sdp("n")),
        credentials: someone(),
        ..Default::default()
    };
    let leg = LegId(77);
    d.command(Command::Invite {
        leg,
        invite: Box::new(invite),
    });
    d.answer(Method::Invite, 200, "y", "", &body());
    assert_eq!(
        d.command(Command::End {
            leg,
            why: Why {
                cause: 16,
                ..Why::default()
            }
        }),
        ["BYE", "Ended"]
    );
    assert_eq!(
        d.answer(
            Method::Bye,
            407,
            "y",
            &CHALLENGE.replace("WWW", "Proxy"),
            ""
        ),
        ["BYE"]
    );
    assert!(d.last().get(Name::ProxyAuthorization).is_some());
    assert_eq!(d.last().get(Name::Reason).unwrap(), b"Q.850;cause=16");
}

#[test]
fn requests_outside_a_dialog_try_their_flows_and_answer_once() {
    let mut d = Desk::new();
    let request = Request {
        method: "OPTIONS".into(),
        uri: "sip:62@192.0.2.2".into(),
        flows: vec![d.flow, d.flow],
        ..Default::default()
    };
    assert_eq!(
        d.command(Command::Request {
            id: RequestId(5),
            request: Box::new(request)
        }),
        ["OPTIONS"]
    );
    let said = d.pass(31_999);
    assert!(said.iter().all(|s| s == "OPTIONS") && said.len() == 10);
    assert_eq!(d.pass(1), ["OPTIONS"]);
    assert_eq!(d.answer(Method::Options, 503, "x", "", ""), ["Response"]);
    assert_eq!(
        d.answer(Method::Options, 503, "x", "", ""),
        Vec::<String>::new()
    );
    let nowhere = Request {
        method: "OPTIONS".into(),
        ..Default::default()
    };
    assert_eq!(
        d.command(Command::Request {
            id: RequestId(6),
            request: Box::new(nowhere)
        }),
        ["Response"]
    );
    d.pass(32_000);
    assert_eq!(d.stack.counts(), Counts::default());
}

#[test]
fn a_broken_connection_is_heard_at_once() {
    let mut d = Desk::new();
    d.flow.protocol = strowger_runtime::sip::stack::Protocol::Tcp;
    let leg = d.calling();
    let flow = d.flow;
    d.stack.unreachable(crate::world::now(d.now), flow);
    assert_eq!(d.drain(), ["Ended"]);
    let Some(Event::Ended { ended, .. }) = d.events.last() else {
        panic!()
    };
    assert_eq!((ended.by, ended.status), (By::Unreachable, 503));
    assert_eq!(d.stack.state(leg), None);
}

#[test]
fn a_call_on_a_broken_connection_goes_on_by_a_new_one() {
    let mut d = Desk::new();
    d.flow.protocol = strowger_runtime::sip::stack::Protocol::Tcp;
    d.flow.connection = 4;
    d.flow.remote = "192.0.2.2:49152".parse().unwrap();
    let (leg, _) = d.up();
    d.stack.unreachable(crate::world::now(d.now), d.flow);
    d.stack.command(
        crate::world::now(d.now),
        Command::End {
            leg,
            why: Why::default(),
        },
    );
    let bye = d.stack.transmit().unwrap();
    // Their Contact says where they listen.
    assert_eq!(
        (bye.flow.connection, bye.flow.remote),
        (0, "192.0.2.2:5060".parse().unwrap())
    );
}

#[test]
fn an_answer_on_a_broken_connection_goes_to_where_the_caller_listens() {
    let mut d = Desk::new();
    d.flow.protocol = strowger_runtime::sip::stack::Protocol::Tcp;
    d.flow.connection = 4;
    d.flow.remote = "192.0.2.2:49152".parse().unwrap();
    let leg = d.admitted(&Ask::default());
    d.stack.unreachable(crate::world::now(d.now), d.flow);
    d.stack.command(
        crate::world::now(d.now),
        Command::End {
            leg,
            why: Why {
                status: 486,
                ..Why::default()
            },
        },
    );
    let answer = d.stack.transmit().unwrap();
    assert_eq!(
        (answer.flow.connection, answer.flow.remote),
        (0, "192.0.2.2:5060".parse().unwrap())
    );
}

#[test]
fn full_tables_refuse_new_calls_and_serve_those_that_stand() {
    let mut d = Desk::with(Limits {
        legs: 1,
        ..Limits::default()
    });
    let (leg, tag) = d.up();
    assert_eq!(
        d.ask(&Ask {
            call: "two",
            branch: "z9hG4bKt",
            ..Ask::default()
        }),
        ["503"]
    );
    assert!(d.last().seconds(Name::RetryAfter).is_some());
    let invite = strowger_runtime::sip::stack::Invite {
        flows: vec![d.flow],
        ..Default::default()
    };
    assert_eq!(
        d.command(Command::Invite {
            leg: LegId(9),
            invite: Box::new(invite)
        }),
        ["Ended"]
    );
    assert_eq!(
        d.ask(&Ask {
            method: "BYE",
            number: 2,
            branch: "z9hG4bKb",
            to_tag: &tag,
            ..Ask::default()
        }),
        ["200", "Ended"]
    );
    let _ = leg;
    let mut d = Desk::with(Limits {
        transactions: 1,
        ..Limits::default()
    });
    let (_, tag) = d.up();
    assert_eq!(
        d.ask(&Ask {
            method: "OPTIONS",
            call: "two",
            branch: "z9hG4bKt",
            ..Ask::default()
        }),
        ["503"]
    );
    assert_eq!(
        d.ask(&Ask {
            method: "BYE",
            number: 2,
            branch: "z9hG4bKb",
            to_tag: &tag,
            ..Ask::default()
        }),
        ["200", "Ended"]
    );
}

#[test]
fn what_waits_in_a_leg_is_bounded() {
    let mut d = Desk::with(Limits {
        pending: 2,
        ..Limits::default()
    });
    let leg = d.calling();
    for _ in 0..2 {
        assert_eq!(
            d.command(Command::Offer { leg, sdp: None }),
            Vec::<String>::new()
        );
    }
    assert_eq!(d.command(Command::Offer { leg, sdp: None }), ["Settled"]);
}

#[test]
fn a_leg_is_given_away_with_its_state() {
    let mut d = Desk::new();
    let (leg, tag) = d.up();
    d.ask(&Ask {
        number: 2,
        branch: "z9hG4bKa",
        to_tag: &tag,
        body: &body(),
        ..Ask::default()
    });
    assert_eq!(
        d.command(Command::Give {
            leg,
            to: OwnerId(8)
        }),
        ["Given"]
    );
    let Some(Event::Given { to, snapshot, .. }) = d.events.last() else {
        panic!()
    };
    assert_eq!(
        (*to, snapshot.state, snapshot.incoming),
        (OwnerId(8), State::Up, true)
    );
    assert_eq!(snapshot.local, Some(sdp("near")));
    assert_eq!(snapshot.remote, Some(sdp("far")));
    assert_eq!(snapshot.offered.clone().flatten().unwrap(), body());
}

#[test]
fn admitting_twice_and_commands_for_nobody() {
    let mut d = Desk::new();
    let leg = d.admitted(&Ask::default());
    let incoming = d.incoming();
    assert_eq!(
        d.command(Command::Admit {
            incoming,
            leg: LegId(50),
            credentials: Vec::new()
        }),
        ["Ended"]
    );
    assert_eq!(d.stack.state(leg), Some(State::Calling));
    for command in [
        Command::Ring(LegId(99)),
        Command::Answer {
            leg: LegId(99),
            sdp: sdp("x"),
        },
        Command::End {
            leg: LegId(99),
            why: Why::default(),
        },
        Command::Reply {
            leg,
            reply: Reply::Refuse(488),
        },
    ] {
        assert_eq!(d.command(command), Vec::<String>::new());
    }
    assert_eq!(
        d.command(Command::End {
            leg,
            why: Why {
                status: 404,
                text: "Nobody\r\nX: y".into(),
                ..Why::default()
            }
        }),
        ["404", "Ended"]
    );
    assert_eq!(d.last().reason(), b"Nobody  X: y");
}

#[test]
fn the_reason_of_a_bye_is_heard() {
    let mut d = Desk::new();
    let (_, tag) = d.up();
    let more = "Reason: SIP;cause=200;text=\"elsewhere\", Q.850;cause=26\r\n";
    d.ask(&Ask {
        method: "BYE",
        number: 2,
        branch: "z9hG4bKb",
        to_tag: &tag,
        more,
        ..Ask::default()
    });
    let Some(Event::Ended { ended, .. }) = d.events.last() else {
        panic!()
    };
    assert_eq!((ended.cause, &ended.text[..]), (26, &b"elsewhere"[..]));
}

#[test]
fn targets_are_bounded() {
    let mut d = Desk::with(Limits {
        targets: 2,
        ..Limits::default()
    });
    let flows = vec![d.flow; 5];
    let request = Request {
        method: "OPTIONS".into(),
        uri: "sip:62@192.0.2.2".into(),
        flows: flows.clone(),
        ..Default::default()
    };
    let id = RequestId(1);
    d.command(Command::Request {
        id,
        request: Box::new(request),
    });
    assert_eq!(d.answer(Method::Options, 503, "x", "", ""), ["OPTIONS"]);
    assert_eq!(d.answer(Method::Options, 503, "x", "", ""), ["Response"]);
    let invite = strowger_runtime::sip::stack::Invite {
        uri: "sip:62@192.0.2.2".into(),
        flows,
        ..Default::default()
    };
    let leg = d.leg();
    d.command(Command::Invite {
        leg,
        invite: Box::new(invite),
    });
    assert_eq!(
        d.answer(Method::Invite, 503, "x", "", ""),
        ["ACK", "INVITE"]
    );
    assert_eq!(d.answer(Method::Invite, 503, "x", "", ""), ["ACK", "Ended"]);
}
