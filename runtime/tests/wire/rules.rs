//! Single rules of the RFCs, by messages written by hand. What the exchange bounds is in `bounds.rs`.

use strowger_runtime::sip::stack::{Answer, By, Command, Counts, Event, Limits, Reply, State, Why};
use strowger_runtime::sip::{Method, Name};

use crate::desk::{Ask, Desk};
use crate::world::{body, sdp};

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
