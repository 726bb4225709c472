//! Each flow once, on a good wire, with its exact outcome.

use strowger_runtime::sip::stack::{Body, By, Command, Event, InDialog, Protocol, Why};

use crate::world::{Manner, Wire, World, sdp};

fn ended(w: &World, side: usize) -> (By, u16) {
    let leg = w.sides[side].legs[0];
    let e = &w.sides[side].ended[&leg];
    (e.by, e.status)
}

#[test]
fn answer_and_bye_by_the_caller() {
    for wire in [Wire::good(), Wire::stream()] {
        let mut w = World::new(wire);
        let leg = w.call(0);
        w.end(0, 5000, leg);
        w.run();
        w.check();
        assert_eq!(ended(&w, 0), (By::Us, 200));
        assert_eq!(ended(&w, 1), (By::Them, 200));
        assert_eq!(
            (
                w.count(0, "INVITE"),
                w.count(1, "100"),
                w.count(1, "180"),
                w.count(1, "200")
            ),
            (1, 1, 1, 2)
        );
        assert_eq!((w.count(0, "ACK"), w.count(0, "BYE")), (1, 1));
        let contact = if wire.protocol == Protocol::Tcp {
            "<sip:61@192.0.2.1:5060;transport=tcp>"
        } else {
            "<sip:61@192.0.2.1:5060>"
        };
        assert_eq!(
            w.sent[0].1.contact().unwrap().unwrap().text,
            contact.as_bytes()
        );
    }
}

#[test]
fn answer_and_bye_by_the_called() {
    let mut w = World::new(Wire::good());
    w.call(0);
    w.run_until(2000);
    let called = w.sides[1].legs[0];
    w.command(
        1,
        Command::End {
            leg: called,
            why: Why {
                cause: 16,
                text: "Normal".into(),
                ..Why::default()
            },
        },
    );
    w.run();
    w.check();
    assert_eq!(ended(&w, 0), (By::Them, 200));
    assert_eq!(ended(&w, 1), (By::Us, 200));
    let heard = &w.sides[0].ended[&w.sides[0].legs[0]];
    assert_eq!((heard.cause, &heard.text[..]), (16, &b"Normal"[..]));
}

#[test]
fn busy_and_its_kind() {
    for status in [302, 403, 404, 408, 480, 486, 488, 503, 603] {
        let mut w = World::new(Wire::good());
        w.sides[1].manner = Manner::Says(status);
        w.call(0);
        w.run();
        w.check();
        assert_eq!(ended(&w, 0), (By::Them, status));
        assert_eq!(ended(&w, 1), (By::Us, status));
        assert_eq!(w.count(0, "ACK"), 1);
    }
}

#[test]
fn no_answer_is_cancelled() {
    let mut w = World::new(Wire::good());
    w.sides[1].manner = Manner::Rings;
    let leg = w.call(0);
    w.end(0, 12_000, leg);
    w.run();
    w.check();
    assert_eq!(ended(&w, 0), (By::Us, 487));
    assert_eq!(ended(&w, 1), (By::Them, 487));
    assert_eq!(
        (w.count(0, "CANCEL"), w.count(1, "487"), w.count(0, "ACK")),
        (1, 1, 1)
    );
}

#[test]
fn cancel_says_why() {
    let mut w = World::new(Wire::good());
    w.sides[1].manner = Manner::Rings;
    let leg = w.call(0);
    let elsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"";
    let headers = vec![("Reason".into(), elsewhere.into())];
    let why = Why {
        cause: 26,
        headers,
        ..Why::default()
    };
    w.later(0, 1000, Command::End { leg, why });
    w.run();
    w.check();
    let heard = &w.sides[1].ended[&w.sides[1].legs[0]];
    assert_eq!(
        (heard.cause, &heard.text[..]),
        (26, &b"Call completed elsewhere"[..])
    );
}

#[test]
fn cancel_waits_for_a_provisional_answer() {
    let mut w = World::new(Wire::good());
    w.sides[1].manner = Manner::Rings;
    let mut first = true;
    w.fate = Box::new(move |from, m| {
        !(from == 1 && m.status() == Some(100) && std::mem::take(&mut first))
    });
    let leg = w.call(0);
    w.end(0, 15, leg);
    w.run_until(40);
    assert_eq!(w.count(0, "CANCEL"), 0, "nothing came yet\n{}", w.ladder);
    w.run();
    w.check();
    assert_eq!(w.count(0, "CANCEL"), 1);
    assert_eq!(ended(&w, 1), (By::Them, 487));
}

#[test]
fn an_answer_that_crosses_cancel_is_acknowledged_and_ended() {
    let mut w = World::new(Wire::good());
    w.sides[1].manner = Manner::Answers {
        ring: 10,
        answer: 500,
    };
    let leg = w.call(0);
    // The 200 leaves at 510 ms and is on its way when CANCEL leaves.
    w.end(0, 515, leg);
    w.run();
    w.check();
    assert_eq!(w.count(0, "CANCEL"), 1);
    assert_eq!(w.count(0, "ACK"), 1);
    assert_eq!(w.count(0, "BYE"), 1);
    assert_eq!(ended(&w, 0), (By::Us, 487));
    assert_eq!(ended(&w, 1), (By::Them, 200));
}

#[test]
fn nobody_there() {
    let mut w = World::new(Wire {
        loss: 100,
        ..Wire::good()
    });
    let before = w.now;
    w.call(0);
    w.run();
    assert_eq!(ended(&w, 0), (By::Silence, 408));
    assert_eq!(w.now - before, 32_000_000);
    assert_eq!(w.count(0, "INVITE"), 7);
}

#[test]
fn flows_are_tried_in_order() {
    let mut w = World::new(Wire::good());
    let mut invite = w.invitation(0);
    let good = invite.flows[0];
    invite.flows = vec![good, good, good];
    // The first way is dead, the second says 503.
    let mut attempts = Vec::new();
    w.fate = Box::new(move |from, m| {
        if from == 0 && m.is_request() && m.method().unwrap().to_string() == "INVITE" {
            let branch = m.via().unwrap().branch().unwrap().to_vec();
            if !attempts.contains(&branch) {
                attempts.push(branch.clone());
            }
            return attempts[0] != branch;
        }
        true
    });
    w.sides[1].manner = Manner::Says(503);
    w.call_with(0, invite);
    w.run();
    w.check();
    assert_eq!(ended(&w, 0), (By::Them, 503));
    assert_eq!(w.sides[1].legs.len(), 2, "{}", w.ladder);
}

#[test]
fn a_200_without_ack_is_repeated_and_then_ended() {
    let mut w = World::new(Wire::good());
    w.sides[1].manner = Manner::Answers { ring: 0, answer: 0 };
    w.fate = Box::new(|_, m| m.method().unwrap().to_string() != "ACK" || m.status().is_some());
    w.call(0);
    w.run();
    w.check();
    assert_eq!(ended(&w, 1), (By::Silence, 408));
    assert_eq!(ended(&w, 0), (By::Them, 200));
    // T1 doubling to T2 until 64·T1: 0, 0.5, 1.5, 3.5, 7.5, then every 4 s to 31.5.
    assert_eq!(w.count(1, "200"), 11, "{}", w.ladder);
    assert_eq!(w.count(0, "ACK"), 11);
    assert_eq!(w.count(1, "BYE"), 1);
}

#[test]
fn bye_of_the_called_waits_for_ack() {
    let mut w = World::new(Wire::good());
    w.sides[1].manner = Manner::Waits;
    w.call(0);
    w.run_until(50);
    let called = w.sides[1].legs[0];
    w.command(
        1,
        Command::Answer {
            leg: called,
            sdp: sdp("answer"),
        },
    );
    w.command(
        1,
        Command::End {
            leg: called,
            why: Why::default(),
        },
    );
    assert_eq!(w.count(1, "BYE"), 0);
    w.run();
    w.check();
    assert_eq!(w.count(1, "BYE"), 1);
    assert_eq!(ended(&w, 0), (By::Them, 200));
}

#[test]
fn hold_by_reinvite_from_both_sides() {
    for side in 0..2 {
        let mut w = World::new(Wire::good());
        w.call(0);
        w.run_until(3000);
        let leg = w.sides[side].legs[0];
        w.command(
            side,
            Command::Offer {
                leg,
                sdp: Some(sdp("hold")),
            },
        );
        w.run_until(5000);
        assert_eq!(w.sides[side].settled[&leg], 200);
        let offered = w.sides[1 - side]
            .events
            .iter()
            .any(|e| matches!(e, Event::Offered { sdp: Some(s), .. } if *s == sdp("hold")));
        assert!(offered, "{}", w.ladder);
        w.end(1, 0, w.sides[1].legs[0]);
        w.run();
        w.check();
        assert_eq!(
            (w.count(side, "INVITE"), w.count(side, "ACK")),
            if side == 0 { (2, 2) } else { (1, 1) }
        );
    }
}

#[test]
fn a_refused_offer_leaves_the_call_as_it_was() {
    let mut w = World::new(Wire::good());
    w.sides[1].takes_offers = 488;
    let leg = w.call(0);
    w.run_until(3000);
    w.command(
        0,
        Command::Offer {
            leg,
            sdp: Some(sdp("video")),
        },
    );
    w.run_until(5000);
    assert_eq!(w.sides[0].settled[&leg], 488);
    assert!(w.sides[0].ended.is_empty());
    w.end(0, 0, leg);
    w.run();
    w.check();
}

#[test]
fn late_offer_in_the_200_and_answer_in_ack() {
    let mut w = World::new(Wire::good());
    let mut invite = w.invitation(0);
    invite.offer = None;
    let leg = w.call_with(0, invite);
    w.run_until(3000);
    let called = w.sides[1].legs[0];
    let answer = w.sides[1].events.iter().find_map(|e| match e {
        Event::Settled { sdp, .. } => sdp.clone(),
        _ => None,
    });
    assert_eq!(answer, Some(sdp("answer in ack")), "{}", w.ladder);
    // And the same by re-INVITE, asked for by the called.
    w.command(
        1,
        Command::Offer {
            leg: called,
            sdp: None,
        },
    );
    w.run_until(5000);
    let asked = w.sides[0]
        .events
        .iter()
        .any(|e| matches!(e, Event::Offered { sdp: None, .. }));
    assert!(asked, "{}", w.ladder);
    let offer = w.sides[1]
        .events
        .iter()
        .any(|e| matches!(e, Event::Offered { sdp: Some(s), .. } if *s == sdp("their turn")));
    assert!(offer, "{}", w.ladder);
    assert_eq!(
        (w.sides[0].settled[&leg], w.sides[1].settled[&called]),
        (200, 200)
    );
    w.end(0, 0, leg);
    w.run();
    w.check();
}

#[test]
fn glare_is_resolved_by_waiting() {
    let mut w = World::new(Wire::good());
    let leg = w.call(0);
    w.run_until(3000);
    let called = w.sides[1].legs[0];
    w.command(
        0,
        Command::Offer {
            leg,
            sdp: Some(sdp("mine")),
        },
    );
    w.command(
        1,
        Command::Offer {
            leg: called,
            sdp: Some(sdp("yours")),
        },
    );
    w.run_until(3100);
    assert_eq!(
        (w.count(0, "491"), w.count(1, "491")),
        (1, 1),
        "{}",
        w.ladder
    );
    w.run_until(15_000);
    assert_eq!(
        (w.sides[0].settled[&leg], w.sides[1].settled[&called]),
        (200, 200),
        "{}",
        w.ladder
    );
    w.end(0, 0, leg);
    w.run();
    w.check();
}

#[test]
fn bye_that_crosses_a_reinvite() {
    let mut w = World::new(Wire::good());
    let leg = w.call(0);
    w.run_until(3000);
    w.command(
        0,
        Command::Offer {
            leg,
            sdp: Some(sdp("hold")),
        },
    );
    let called = w.sides[1].legs[0];
    w.command(
        1,
        Command::End {
            leg: called,
            why: Why::default(),
        },
    );
    w.run();
    w.check();
    assert_eq!(ended(&w, 0), (By::Them, 200));
    assert_eq!(ended(&w, 1), (By::Us, 200));
}

#[test]
fn both_hang_up_at_once() {
    let mut w = World::new(Wire::good());
    let leg = w.call(0);
    w.run_until(3000);
    let called = w.sides[1].legs[0];
    w.command(
        0,
        Command::End {
            leg,
            why: Why::default(),
        },
    );
    w.command(
        1,
        Command::End {
            leg: called,
            why: Why::default(),
        },
    );
    w.command(
        1,
        Command::End {
            leg: called,
            why: Why::default(),
        },
    );
    w.run();
    w.check();
    assert_eq!((w.count(0, "BYE"), w.count(1, "BYE")), (1, 1));
    assert_eq!((w.count(0, "200"), w.count(1, "200")), (1, 2));
}

#[test]
fn text_and_digits_inside_a_call() {
    let mut w = World::new(Wire::good());
    let leg = w.call(0);
    let text = Body {
        kind: "text/plain".into(),
        bytes: "hello".into(),
    };
    // Asked for before the call stands: waits.
    w.command(
        0,
        Command::Send {
            leg,
            token: 1,
            what: InDialog::Text(text.clone()),
        },
    );
    w.run_until(3000);
    w.command(
        0,
        Command::Send {
            leg,
            token: 2,
            what: InDialog::Digit(b'#', 160),
        },
    );
    w.run_until(5000);
    let heard: Vec<String> = w.sides[1]
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Text { body, .. } => {
                Some(format!("text {}", String::from_utf8_lossy(&body.bytes)))
            }
            Event::Digit { digit, ms, .. } => Some(format!("digit {} {ms}", char::from(*digit))),
            _ => None,
        })
        .collect();
    assert_eq!(heard, ["text hello", "digit # 160"]);
    let sent: Vec<(u64, u16)> = w.sides[0]
        .events
        .iter()
        .filter_map(|e| {
            if let Event::Sent { token, status, .. } = e {
                Some((*token, *status))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(sent, [(1, 200), (2, 200)]);
    w.end(0, 0, leg);
    w.run();
    w.check();
}

#[test]
fn a_ringing_call_is_not_rung_for_ever() {
    let mut w = World::new(Wire::good());
    w.sides[1].manner = Manner::Rings;
    w.call(0);
    w.run();
    w.check();
    // The called side says 180 again each minute; after an hour the caller gives up.
    assert!(w.count(1, "180") >= 59);
    assert_eq!(ended(&w, 0), (By::Bound, 408));
    assert_eq!(ended(&w, 1), (By::Them, 487));
}

#[test]
fn early_media_carries_the_sdp_of_the_answer() {
    let mut w = World::new(Wire::good());
    w.sides[1].manner = Manner::EarlyMedia {
        progress: 100,
        answer: 2000,
    };
    let leg = w.call(0);
    w.run_until(1000);
    let progress = w.sides[0].events.iter().any(|e| {
        matches!(
            e,
            Event::Progress {
                status: 183,
                sdp: Some(_),
                ..
            }
        )
    });
    assert!(progress, "{}", w.ladder);
    w.run_until(3000);
    w.end(0, 0, leg);
    w.run();
    w.check();
    assert_eq!(ended(&w, 1), (By::Them, 200));
}
