//! Single rules of the RFCs, by messages written by hand.

use strowger_runtime::sip::stack::{
    Answer, By, Command, Counts, Credentials, Event, LegId, Limits, OwnerId, Reply, Request,
    RequestId, Secret, State, Why,
};
use strowger_runtime::sip::{Method, Name};

use crate::desk::{Ask, Desk};
use crate::world::{SDP, sdp};

fn body() -> String {
    String::from_utf8(SDP.to_vec()).unwrap()
}

#[test]
fn strangers_get_answers_without_memory() {
    let mut d = Desk::new();
    assert_eq!(d.ask(&Ask::default()), ["Incoming"]);
    let incoming = d.incoming();
    let challenge = Answer::status(401).with("WWW-Authenticate", "Digest realm=\"x\", nonce=\"y\"");
    assert_eq!(
        d.command(Command::Refuse {
            incoming,
            answer: challenge.clone()
        }),
        ["401"]
    );
    let (first, tag) = (d.last().bytes().clone(), d.our_tag());
    assert_eq!(d.stack.counts(), Counts::default());
    // A repeat is a new request with an equivalent answer.
    assert_eq!(d.ask(&Ask::default()), ["Incoming"]);
    let incoming = d.incoming();
    assert_eq!(
        d.command(Command::Refuse {
            incoming,
            answer: challenge
        }),
        ["401"]
    );
    assert_eq!(d.last().bytes(), &first);
    assert!(
        d.last().via().unwrap().rport().flatten() == Some(5060),
        "{:?}",
        d.last()
    );
    // Its ACK matches nothing.
    assert!(
        d.ask(&Ask {
            method: "ACK",
            to_tag: &tag,
            ..Ask::default()
        })
        .is_empty()
    );
}

#[test]
fn what_no_account_could_change_is_answered_at_once() {
    let mut d = Desk::new();
    for (method, status) in [
        ("SUBSCRIBE", "489"),
        ("PUBLISH", "489"),
        ("NOTIFY", "481"),
        ("BYE", "481"),
        ("INFO", "481"),
        ("UPDATE", "481"),
        ("CANCEL", "481"),
        ("REFER", "405"),
        ("PRACK", "405"),
        ("NONSENSE", "501"),
    ] {
        assert_eq!(
            d.ask(&Ask {
                method,
                ..Ask::default()
            }),
            [status],
            "{method}"
        );
        assert_eq!(
            d.last().get(Name::Allow).is_some(),
            matches!(status, "405" | "501"),
            "{method}"
        );
    }
    assert_eq!(
        d.ask(&Ask {
            method: "OPTIONS",
            to_tag: ";tag=gone",
            ..Ask::default()
        }),
        ["481"]
    );
    assert_eq!(
        d.ask(&Ask {
            more: "Require: 100rel, timer\r\n",
            ..Ask::default()
        }),
        ["420"]
    );
    assert_eq!(d.last().get(Name::Unsupported).unwrap(), b"100rel, timer");
    assert_eq!(
        d.ask(&Ask {
            more: "Content-Type: text/html\r\n",
            body: "x",
            ..Ask::default()
        }),
        ["415"]
    );
    assert_eq!(d.last().get(Name::Accept).unwrap(), b"application/sdp");
    assert_eq!(
        d.hear(
            Ask::default()
                .text()
                .replace("sip:62@192.0.2.1 SIP", "tel:62 SIP")
        ),
        ["416"]
    );
    assert_eq!(
        d.hear(
            Ask::default()
                .text()
                .replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia")
        ),
        ["505"]
    );
    assert_eq!(
        d.hear(
            Ask::default()
                .text()
                .replace("CSeq: 1 INVITE", "CSeq: 1 BYE")
        ),
        ["400"]
    );
    assert!(
        d.ask(&Ask {
            method: "ACK",
            ..Ask::default()
        })
        .is_empty()
    );
    assert_eq!(
        d.ask(&Ask {
            more: "Session-Expires: 1800\r\nSupported: timer, 100rel\r\n",
            ..Ask::default()
        }),
        ["Incoming"]
    );
    assert_eq!(d.stack.counts(), Counts::default());
}

#[test]
fn a_request_that_came_twice_by_two_ways_is_merged() {
    let mut d = Desk::new();
    d.admitted(&Ask::default());
    assert_eq!(
        d.ask(&Ask {
            branch: "z9hG4bK2",
            ..Ask::default()
        }),
        ["482"]
    );
    assert_eq!(d.ask(&Ask::default()), ["100"]);
}

#[test]
fn what_was_answered_is_repeated() {
    let mut d = Desk::new();
    let ask = Ask {
        method: "MESSAGE",
        more: "Content-Type: text/plain\r\n",
        body: "hi",
        ..Ask::default()
    };
    assert_eq!(d.ask(&ask), ["Incoming"]);
    let incoming = d.incoming();
    assert_eq!(
        d.command(Command::Respond {
            incoming,
            answer: Answer::status(202)
        }),
        ["202"]
    );
    let first = d.last().bytes().clone();
    assert_eq!(d.ask(&ask), ["202"]);
    assert_eq!(d.last().bytes(), &first);
    assert!(d.pass(32_000).is_empty());
    assert_eq!(d.stack.counts(), Counts::default());
}

#[test]
fn options_tell_what_works() {
    let mut d = Desk::new();
    d.ask(&Ask {
        method: "OPTIONS",
        ..Ask::default()
    });
    let incoming = d.incoming();
    d.command(Command::Respond {
        incoming,
        answer: Answer::status(200),
    });
    assert_eq!(
        d.last().get(Name::Allow).unwrap(),
        b"INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER"
    );
    assert_eq!(d.last().get(Name::Accept).unwrap(), b"application/sdp");
    assert_eq!(d.last().get(Name::Supported), None);
}

#[test]
fn requests_before_rfc_3261_are_matched_by_their_parts() {
    let mut d = Desk::new();
    let old = Ask {
        branch: "1",
        ..Ask::default()
    };
    d.admitted(&old);
    assert_eq!(d.ask(&old), ["100"]);
    assert_eq!(
        d.ask(&Ask {
            method: "CANCEL",
            ..old
        }),
        ["200", "487", "Ended"]
    );
    let tag = d.our_tag();
    assert!(
        d.ask(&Ask {
            method: "ACK",
            branch: "1",
            to_tag: &tag,
            ..Ask::default()
        })
        .is_empty()
    );
    assert!(d.pass(40_000).is_empty(), "the ACK has stopped the repeats");
    assert_eq!(d.stack.counts(), Counts::default());
}

#[test]
fn order_of_requests_in_a_dialog() {
    let mut d = Desk::new();
    let (_, tag) = d.up();
    let ask = |number, branch| Ask {
        method: "OPTIONS",
        number,
        branch,
        to_tag: &tag,
        ..Ask::default()
    };
    assert_eq!(d.ask(&ask(900, "z9hG4bKa")), ["200"]);
    assert_eq!(d.ask(&ask(899, "z9hG4bKb")), ["500"]);
    assert_eq!(d.ask(&ask(900, "z9hG4bKc")), ["482"]);
    assert_eq!(d.ask(&ask(900, "z9hG4bKa")), ["200"]);
    assert_eq!(
        d.ask(&Ask {
            to_tag: ";tag=other",
            ..ask(901, "z9hG4bKd")
        }),
        ["481"]
    );
}

#[test]
fn methods_inside_a_dialog() {
    let mut d = Desk::new();
    let (_, tag) = d.up();
    let mut number = 1;
    let mut ask = |method: &str, more: &str, body: &str| {
        number += 1;
        let branch = format!("z9hG4bKm{number}");
        d.ask(&Ask {
            method,
            number,
            branch: &branch,
            to_tag: &tag,
            more,
            body,
            ..Ask::default()
        })
    };
    assert_eq!(ask("SUBSCRIBE", "Event: presence\r\n", ""), ["489"]);
    assert_eq!(ask("NOTIFY", "Event: refer\r\n", ""), ["481"]);
    assert_eq!(ask("REFER", "Refer-To: <sip:x@y>\r\n", ""), ["405"]);
    assert_eq!(ask("PRACK", "RAck: 1 1 INVITE\r\n", ""), ["405"]);
    assert_eq!(ask("INFO", "", ""), ["200"]);
    assert_eq!(
        ask(
            "INFO",
            "Content-Type: application/media_control+xml\r\n",
            "<x/>"
        ),
        ["415"]
    );
    assert_eq!(
        ask(
            "INFO",
            "Content-Type: application/dtmf-relay\r\n",
            "Signal=5\r\nDuration=160\r\n"
        ),
        ["200", "Digit"]
    );
    assert_eq!(
        ask(
            "INFO",
            "Content-Type: application/dtmf-relay\r\n",
            "Signal=17\r\n"
        ),
        ["400"]
    );
    assert_eq!(
        ask("MESSAGE", "Content-Type: text/plain\r\n", "hello"),
        ["200", "Text"]
    );
    assert_eq!(ask("UPDATE", "", ""), ["200"]);
    assert_eq!(ask("INVITE", "Require: timer\r\n", &body()), ["420"]);
    assert_eq!(
        ask("BYE", "Authorization: Digest username=\"61\"\r\n", ""),
        ["200", "Ended"]
    );
}

#[test]
fn a_second_invite_before_the_answer_to_the_first() {
    let mut d = Desk::new();
    let (leg, tag) = d.up();
    let ask = |method, number, branch| (method, number, branch);
    let send = |d: &mut Desk, (method, number, branch)| {
        d.ask(&Ask {
            method,
            number,
            branch,
            to_tag: &tag,
            body: &body(),
            ..Ask::default()
        })
    };
    assert_eq!(
        send(&mut d, ask("INVITE", 2, "z9hG4bKa")),
        ["100", "Offered"]
    );
    assert_eq!(send(&mut d, ask("INVITE", 3, "z9hG4bKb")), ["500"]);
    let after = d.last().seconds(Name::RetryAfter).unwrap();
    assert!(after <= 10);
    assert_eq!(send(&mut d, ask("UPDATE", 4, "z9hG4bKc")), ["500"]);
    assert_eq!(
        d.command(Command::Reply {
            leg,
            reply: Reply::Sdp(sdp("yes"))
        }),
        ["200"]
    );
    // Our 2xx is not acknowledged: it is not theirs to change yet.
    assert_eq!(send(&mut d, ask("UPDATE", 5, "z9hG4bKd")), ["491"]);
    assert_eq!(
        d.ask(&Ask {
            method: "ACK",
            number: 2,
            branch: "z9hG4bKe",
            to_tag: &tag,
            ..Ask::default()
        }),
        ["Settled"]
    );
    assert_eq!(send(&mut d, ask("UPDATE", 6, "z9hG4bKf")), ["Offered"]);
    assert_eq!(
        d.command(Command::Reply {
            leg,
            reply: Reply::Refuse(488)
        }),
        ["488"]
    );
    assert_eq!(
        d.command(Command::Reply {
            leg,
            reply: Reply::Refuse(488)
        }),
        Vec::<String>::new()
    );
}

#[test]
fn their_offer_is_not_left_without_answer() {
    let mut d = Desk::new();
    let (leg, tag) = d.up();
    d.ask(&Ask {
        number: 2,
        branch: "z9hG4bKa",
        to_tag: &tag,
        body: &body(),
        ..Ask::default()
    });
    let said = d.pass(32_000);
    assert_eq!(said[..2], ["500", "Settled"]);
    // And a re-INVITE that is cancelled.
    d.ask(&Ask {
        number: 3,
        branch: "z9hG4bKb",
        to_tag: &tag,
        body: &body(),
        ..Ask::default()
    });
    let cancel = Ask {
        method: "CANCEL",
        number: 3,
        branch: "z9hG4bKb",
        to_tag: &tag,
        ..Ask::default()
    };
    assert_eq!(d.ask(&cancel), ["200", "487", "Settled"]);
    assert_eq!(d.stack.state(leg), Some(State::Up));
    // And one that is open when the call ends.
    d.ask(&Ask {
        number: 4,
        branch: "z9hG4bKc",
        to_tag: &tag,
        body: &body(),
        ..Ask::default()
    });
    assert_eq!(
        d.command(Command::End {
            leg,
            why: Why::default()
        }),
        ["487", "BYE", "Ended"]
    );
}

#[test]
fn the_far_end_does_not_know_the_call_any_more() {
    let mut d = Desk::new();
    let (leg, _) = d.up();
    assert_eq!(
        d.command(Command::Offer {
            leg,
            sdp: Some(sdp("hold"))
        }),
        ["INVITE"]
    );
    assert_eq!(
        d.answer(Method::Invite, 481, "", "", ""),
        ["ACK", "BYE", "Ended"]
    );
    let Some(Event::Ended { ended, .. }) = d.events.last() else {
        panic!()
    };
    assert_eq!((ended.by, ended.status), (By::Them, 481));
}

#[test]
fn forks_the_first_answer_wins_and_the_others_are_ended() {
    let mut d = Desk::new();
    let leg = d.calling();
    assert_eq!(d.answer(Method::Invite, 180, "a", "", ""), ["Ringing"]);
    assert_eq!(
        d.answer(Method::Invite, 183, "b", "", &body()),
        ["Progress"]
    );
    assert_eq!(
        d.answer(Method::Invite, 183, "b", "", &body()),
        Vec::<String>::new()
    );
    assert_eq!(
        d.answer(Method::Invite, 200, "b", "", &body()),
        ["ACK", "Answered"]
    );
    assert_eq!(
        d.answer(Method::Invite, 200, "a", "", &body()),
        ["ACK", "BYE"]
    );
    assert_eq!(d.answer(Method::Invite, 200, "a", "", &body()), ["ACK"]);
    assert_eq!(d.answer(Method::Invite, 200, "b", "", &body()), ["ACK"]);
    assert_eq!(d.stack.state(leg), Some(State::Up));
    let tag = |m: &strowger_runtime::sip::Message| m.to().unwrap().tag().unwrap().to_vec();
    assert_eq!(tag(d.last()), b"b");
}

#[test]
fn forks_are_bounded() {
    let mut d = Desk::with(Limits {
        forks: 2,
        ..Limits::default()
    });
    d.calling();
    d.answer(Method::Invite, 180, "a", "", "");
    d.answer(Method::Invite, 180, "b", "", "");
    assert_eq!(
        d.answer(Method::Invite, 183, "c", "", &body()),
        Vec::<String>::new()
    );
    d.answer(Method::Invite, 200, "a", "", &body());
    for tag in ["b", "c", "e", "f"] {
        assert_eq!(
            d.answer(Method::Invite, 200, tag, "", &body()),
            ["ACK", "BYE"],
            "{tag}"
        );
    }
}

#[test]
fn the_route_of_a_call_that_we_made() {
    let mut d = Desk::new();
    let leg = d.calling();
    let record = "Record-Route: <sip:near.example;lr>\r\nRecord-Route: <sip:far.example;lr>\r\n";
    d.answer(Method::Invite, 200, "a", record, &body());
    let routes = |d: &Desk| {
        d.last()
            .all(Name::Route)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        routes(&d),
        [
            b"<sip:far.example;lr>".to_vec(),
            b"<sip:near.example;lr>".to_vec()
        ]
    );
    d.command(Command::End {
        leg,
        why: Why::default(),
    });
    assert_eq!(d.sent.last().unwrap().uri_text(), b"sip:62@192.0.2.2:5060");
    assert_eq!(routes(&d).len(), 2);
}

#[test]
fn redirection_is_reported() {
    let mut d = Desk::new();
    d.calling();
    assert_eq!(
        d.answer(
            Method::Invite,
            302,
            "a",
            "Contact: <sip:other@192.0.2.7>;q=0.5\r\n",
            ""
        ),
        ["ACK", "Ended"]
    );
    let Some(Event::Ended { ended, .. }) = d.events.last() else {
        panic!()
    };
    assert_eq!(ended.redirects.len(), 2);
    assert_eq!(&ended.redirects[1][..], b"<sip:other@192.0.2.7>;q=0.5");
}

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
