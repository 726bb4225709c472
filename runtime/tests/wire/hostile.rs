//! Bytes of strangers into a stack that carries calls: nothing panics, bounds hold, the calls end as they should.

use bytes::Bytes;
use strowger_runtime::sip::stack::{Command, Counts, Event, Flow, Limits, Why};

use crate::desk::{Ask, Desk};
use crate::world::{Chance, SDP, now, sdp};

/// Changes a text as an unkind network would, or an unkind person.
fn mutate(chance: &mut Chance, text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(text.len().max(1) as u64) as usize;
        match chance.below(8) {
            0 if at < text.len() => text[at] = chance.next() as u8,
            1 => text.truncate(at),
            2 => text.insert(at.min(text.len()), chance.next() as u8),
            3 if at < text.len() => {
                text.remove(at);
            }
            4 => {
                let until = (at + chance.below(60) as usize).min(text.len());
                let piece = text[at.min(until)..until].to_vec();
                text.splice(at.min(text.len())..at.min(text.len()), piece);
            }
            5 => {
                // One line twice.
                let lines: Vec<Vec<u8>> = text
                    .split_inclusive(|&b| b == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect();
                if !lines.is_empty() {
                    let line = &lines[chance.below(lines.len() as u64) as usize];
                    let place = chance.below(lines.len() as u64) as usize;
                    let mut all = lines.clone();
                    all.insert(place, line.clone());
                    text = all.concat();
                }
            }
            6 => {
                const WORDS: [&[u8]; 12] = [
                    b";tag=",
                    b";;",
                    b"\"",
                    b"<",
                    b">",
                    b"4294967296",
                    b"-1",
                    b"\r\n ",
                    b"SIP/2.0",
                    b"%00",
                    b"z9hG4bK",
                    b",",
                ];
                let word = WORDS[chance.below(12) as usize];
                text.splice(at.min(text.len())..at.min(text.len()), word.iter().copied());
            }
            _ => {
                const METHODS: [&str; 12] = [
                    "INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "INFO", "MESSAGE", "OPTIONS",
                    "REFER", "NOTIFY", "PRACK", "REGISTER",
                ];
                let method = METHODS[chance.below(12) as usize];
                let whole = String::from_utf8_lossy(&text)
                    .replace("INVITE", method)
                    .replace("BYE", method);
                text = whole.into_bytes();
            }
        }
    }
    text
}

/// What a stranger hears can be sent back changed, too.
fn corpus(d: &Desk, tag: &str, chance: &mut Chance) -> Vec<Vec<u8>> {
    let body = String::from_utf8(SDP.to_vec()).unwrap();
    let mut all: Vec<Vec<u8>> = d
        .sent
        .iter()
        .rev()
        .take(40)
        .map(|m| m.bytes().to_vec())
        .collect();
    for method in [
        "INVITE", "BYE", "ACK", "CANCEL", "UPDATE", "INFO", "MESSAGE", "OPTIONS", "REGISTER",
    ] {
        for to_tag in ["", tag] {
            let branch = format!("z9hG4bK{}", chance.below(100_000));
            let call = if to_tag.is_empty() {
                format!("call{}", chance.below(1000))
            } else {
                "call".to_string()
            };
            let ask = Ask {
                method,
                number: 5,
                branch: &branch,
                call: &call,
                to_tag,
                body: &body,
                more: "",
            };
            all.push(ask.text().into_bytes());
        }
    }
    all.push(vec![0; 300]);
    all.push(b"\r\n\r\n".to_vec());
    all
}

fn rounds() -> u64 {
    std::env::var("STROWGER_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(30_000)
}

#[test]
fn mutated_messages_and_random_bytes() {
    let limits = Limits {
        transactions: 500,
        legs: 50,
        ..Limits::default()
    };
    let bound = limits.transactions * 2 + 200;
    let mut chance = Chance(42);
    let mut d = Desk::with(limits.clone());
    let (_, tag) = d.up();
    d.calling();
    // The call that nobody touches: another peer, another Call-ID.
    let quiet = Flow {
        remote: "192.0.2.77:5060".parse().unwrap(),
        ..d.flow
    };
    let theirs = d.flow;
    d.flow = quiet;
    let text = Ask {
        call: "quiet",
        branch: "z9hG4bKquiet",
        body: "",
        ..Ask::default()
    }
    .text()
    .replace("192.0.2.2", "192.0.2.77");
    assert_eq!(d.hear(text.clone()), ["Incoming"]);
    let leg = d.leg();
    let incoming = d.incoming();
    d.command(Command::Admit {
        incoming,
        leg,
        credentials: Vec::new(),
    });
    d.command(Command::Answer {
        leg,
        sdp: sdp("near"),
    });
    let quiet_tag = d.our_tag();
    let ack = text
        .replace("INVITE", "ACK")
        .replace("z9hG4bKquiet", "z9hG4bKqa")
        .replace(
            "<sip:62@192.0.2.1>\r\n",
            &format!("<sip:62@192.0.2.1>{quiet_tag}\r\n"),
        );
    assert_eq!(d.hear(ack.clone()), ["Settled"]);
    d.flow = theirs;
    let mut legs = Vec::new();
    let mut most = 0;
    for round in 0..rounds() {
        let bytes = if chance.percent(5) {
            (0..chance.below(400))
                .map(|_| chance.next() as u8)
                .collect()
        } else {
            let all = corpus(&d, &tag, &mut chance);
            let pick = chance.below(all.len() as u64) as usize;
            mutate(&mut chance, &all[pick])
        };
        d.stack.receive(now(d.now), d.flow, Bytes::from(bytes));
        // What is sent is read by our strict parser in `drain`; a hostile To or Via that it copied may fail there, so not here.
        while d.stack.transmit().is_some_and(|t| {
            if let Ok(m) = strowger_runtime::sip::Message::parse(t.bytes) {
                d.sent.push(m);
            }
            true
        }) {}
        if d.sent.len() > 200 {
            d.sent.drain(..100);
        }
        while let Some(event) = d.stack.event() {
            if let Event::Incoming(incoming) = event {
                let method = incoming
                    .message
                    .method()
                    .map(|m| m.to_string())
                    .unwrap_or_default();
                if method == "INVITE" {
                    let leg = d.leg();
                    legs.push(leg);
                    d.stack.command(
                        now(d.now),
                        Command::Admit {
                            incoming,
                            leg,
                            credentials: Vec::new(),
                        },
                    );
                    match chance.below(3) {
                        0 => d.stack.command(
                            now(d.now),
                            Command::Answer {
                                leg,
                                sdp: sdp("near"),
                            },
                        ),
                        1 => d.stack.command(now(d.now), Command::Ring(leg)),
                        _ => d.stack.command(
                            now(d.now),
                            Command::End {
                                leg,
                                why: Why::default(),
                            },
                        ),
                    }
                } else {
                    let answer = strowger_runtime::sip::stack::Answer::status(200);
                    d.stack
                        .command(now(d.now), Command::Respond { incoming, answer });
                }
            }
        }
        d.now += chance.below(20_000);
        d.stack.timeout(now(d.now));
        let counts = d.stack.counts();
        most = most.max(counts.transactions);
        assert!(
            counts.legs <= limits.legs && counts.transactions <= bound,
            "{round}: {counts:?}"
        );
        if legs.len() > 30 {
            for leg in legs.drain(..15) {
                d.stack.command(
                    now(d.now),
                    Command::End {
                        leg,
                        why: Why::default(),
                    },
                );
            }
        }
    }
    assert!(most > 50, "the test has reached transactions: {most}");
    while d.stack.transmit().is_some() {}
    while d.stack.event().is_some() {}
    // The quiet call still stands, and ends normally.
    d.flow = quiet;
    let bye = ack
        .replace("ACK", "BYE")
        .replace("CSeq: 1", "CSeq: 2")
        .replace("z9hG4bKqa", "z9hG4bKqb");
    assert_eq!(d.hear(bye), ["200", "Ended"]);
    d.flow = theirs;
    for leg in 0..100_000 {
        d.stack.command(
            now(d.now),
            Command::End {
                leg: strowger_runtime::sip::stack::LegId(leg),
                why: Why::default(),
            },
        );
        if leg > 1000 && d.stack.counts().legs == 0 {
            break;
        }
    }
    while d.stack.transmit().is_some() {}
    while let Some(at) = d.stack.deadline() {
        d.now = at.micros;
        d.stack.timeout(now(d.now));
        while d.stack.transmit().is_some() {}
        while d.stack.event().is_some() {}
    }
    assert_eq!(d.stack.counts(), Counts::default());
}

/// The messages of real phones, and those of RFC 4475 and 5118 where they are at hand.
fn torture() -> Vec<(String, Vec<u8>)> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = here.join("../../shared/sip-torture");
    let root = std::env::var_os("STROWGER_TORTURE").map_or(beside, Into::into);
    let mut all = Vec::new();
    for folder in [
        here.join("tests/sip/common"),
        root.join("rfc4475"),
        root.join("rfc5118"),
        root.join("rfc5118-archive"),
    ] {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries
            .map(|e| e.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "dat"))
        {
            all.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn every_strange_request_gets_one_answer_or_is_shown() {
    let all = torture();
    assert!(all.len() >= 33, "{}", all.len());
    let mut shown = 0;
    for (name, bytes) in all {
        let mut d = Desk::new();
        d.stack.receive(now(0), d.flow, Bytes::from(bytes.clone()));
        let answer = d.stack.transmit();
        let event = d.stack.event();
        let message = strowger_runtime::sip::Message::parse(Bytes::from(bytes)).ok();
        let method = message
            .as_ref()
            .filter(|m| m.is_request())
            .and_then(|m| m.method());
        let wanted = method.is_some_and(|m| m != strowger_runtime::sip::Method::Ack);
        assert_eq!(
            wanted,
            answer.is_some() != event.is_some(),
            "{name}: {answer:?} {event:?}"
        );
        assert!(
            d.stack.transmit().is_none() && d.stack.event().is_none(),
            "{name}"
        );
        assert_eq!(d.stack.counts(), Counts::default(), "{name}");
        if let Some(Event::Incoming(incoming)) = event {
            shown += 1;
            // And whatever the shard makes of it, it ends.
            if incoming.message.method() == Some(strowger_runtime::sip::Method::Invite) {
                let leg = d.leg();
                d.stack.command(
                    now(0),
                    Command::Admit {
                        incoming,
                        leg,
                        credentials: Vec::new(),
                    },
                );
                d.stack.command(
                    now(0),
                    Command::Answer {
                        leg,
                        sdp: sdp("near"),
                    },
                );
                d.stack.command(
                    now(0),
                    Command::End {
                        leg,
                        why: Why::default(),
                    },
                );
            } else {
                let answer = strowger_runtime::sip::stack::Answer::status(200);
                d.stack
                    .command(now(0), Command::Respond { incoming, answer });
            }
            while let Some(at) = d.stack.deadline() {
                d.stack.timeout(at);
                while d.stack.transmit().is_some() || d.stack.event().is_some() {}
            }
            assert_eq!(d.stack.counts(), Counts::default(), "{name}");
        }
    }
    assert!(shown > 10, "{shown}");
}
