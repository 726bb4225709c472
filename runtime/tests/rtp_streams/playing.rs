//! Prompts, echo, and our own line of packets.

use std::time::Duration;

use strowger_runtime::rtp::packet::Header;
use strowger_runtime::rtp::tone::Tone;
use strowger_runtime::rtp::worker::Port;
use strowger_runtime::rtp::{Codec, Digits, Event, Order, Payload, PlayEnd, PlayId};

use crate::bench::*;
use crate::digits::digit;

#[test]
fn one_line_through_prompt_echo_digit_and_relay() {
    let mut bench = Bench::new();
    let (one, two) = (bench.open(1), bench.open(2));
    bench.order(one, Order::Remote(far(1, Codec::Pcmu, Some(EVENT))));
    bench.order(two, Order::Remote(far(2, Codec::Pcmu, Some(EVENT))));
    bench.order(
        one,
        Order::Play {
            id: PlayId(1),
            audio: clip(5),
        },
    );
    bench.ticks(8);
    bench.order(one, Order::Echo(true));
    for n in 0..5 {
        bench
            .receive(one, phone(1), &audio(Codec::Pcmu, 900 + n, &[1; 160]))
            .unwrap();
        bench.ticks(1);
    }
    bench.order(
        one,
        Order::SendDigit {
            digit: b'5',
            length: Duration::from_millis(60),
        },
    );
    bench.ticks(10);
    bench.order(
        one,
        Order::Connect {
            peer: two,
            digits: Digits::Pass,
            peer_digits: Digits::Pass,
        },
    );
    for n in 0..5 {
        bench
            .receive(two, phone(2), &audio(Codec::Pcmu, 77 + n, &[2; 160]))
            .unwrap();
        bench.ticks(1);
    }
    let line = bench.sent_by(1, Port::Rtp);
    let headers: Vec<Header> = line.iter().map(Sent::header).collect();
    assert_eq!(headers.len(), 5 + 5 + 5 + 5);
    for (n, pair) in headers.windows(2).enumerate() {
        assert_eq!(
            pair[1].sequence,
            pair[0].sequence.wrapping_add(1),
            "packet {n}"
        );
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
        let (samples, ms) = (
            pair[1].timestamp.wrapping_sub(pair[0].timestamp),
            line[n + 1].ms - line[n].ms,
        );
        if pair[1].payload == EVENT && pair[0].payload == EVENT {
            assert_eq!(samples, 0, "an event keeps its time stamp");
        } else if pair[0].payload != EVENT {
            assert!(
                samples >= 160 && u64::from(samples) <= ms.max(20) * 8,
                "packet {n}: {samples} samples in {ms} ms"
            );
        }
    }
    let marked: Vec<usize> = headers
        .iter()
        .enumerate()
        .filter(|(_, h)| h.marker)
        .map(|(n, _)| n)
        .collect();
    assert_eq!(
        marked,
        [0, 5, 10, 15],
        "the marker stands at each change of source, and only there"
    );
    assert_eq!(
        bench
            .events(1)
            .iter()
            .filter(|e| matches!(e, Event::Played { .. }))
            .count(),
        1
    );
}

#[test]
fn a_prompt_is_paced_and_a_late_frame_costs_its_time_only() {
    let mut bench = Bench::new();
    let one = bench.open(1);
    bench.order(one, Order::Remote(far(1, Codec::Pcma, None)));
    let mut frames = *clip(6);
    frames.0.insert(3, None);
    bench.order(
        one,
        Order::Play {
            id: PlayId(9),
            audio: Box::new(frames),
        },
    );
    bench.ticks(7);
    assert_eq!(bench.events(1), []);
    bench.ticks(1);
    assert_eq!(
        bench.events(1),
        [Event::Played {
            id: PlayId(9),
            end: PlayEnd::Finished
        }]
    );
    let sent = bench.sent_by(1, Port::Rtp);
    assert_eq!(
        sent.iter().map(|s| s.ms).collect::<Vec<_>>(),
        [20, 40, 60, 100, 120, 140]
    );
    let headers: Vec<Header> = sent.iter().map(Sent::header).collect();
    let base = headers[0].timestamp;
    let times: Vec<u32> = headers
        .iter()
        .map(|h| h.timestamp.wrapping_sub(base))
        .collect();
    assert_eq!(times, [0, 160, 320, 640, 800, 960]);
    assert_eq!(
        headers.iter().map(|h| h.marker).collect::<Vec<_>>(),
        [true, false, false, true, false, false]
    );
}

#[test]
fn every_play_is_told_its_end() {
    let mut bench = Bench::new();
    let (one, two) = (bench.open(1), bench.open(2));
    bench.order(one, Order::Remote(far(1, Codec::Pcmu, None)));
    let play = |n| Order::Play {
        id: PlayId(n),
        audio: clip(100),
    };
    bench.order(one, play(1));
    bench.order(one, play(2));
    bench.order(one, Order::StopPlay);
    bench.order(one, play(3));
    bench.order(
        one,
        Order::Connect {
            peer: two,
            digits: Digits::Pass,
            peer_digits: Digits::Pass,
        },
    );
    bench.order(one, play(4));
    bench.order(
        one,
        Order::Connect {
            peer: two,
            digits: Digits::Hold,
            peer_digits: Digits::Pass,
        },
    );
    bench.order(one, Order::Tone(Tone::Busy));
    bench.order(one, play(5));
    bench.order(one, Order::Close);
    let ends: Vec<(u64, PlayEnd)> = bench
        .events(1)
        .into_iter()
        .filter_map(|e| {
            if let Event::Played { id, end } = e {
                Some((id.0, end))
            } else {
                None
            }
        })
        .collect();
    use PlayEnd::*;
    assert_eq!(
        ends,
        [
            (1, Replaced),
            (2, Stopped),
            (3, Stopped),
            (4, Replaced),
            (5, Stopped)
        ]
    );
    assert_eq!(bench.worker.streams(), 1);
}

/// The packets of one digit: event packets and three ends, as a phone sends them.

#[test]
fn echo_returns_audio_and_digits_but_the_hash() {
    let mut bench = Bench::new();
    let one = bench.open(1);
    // Offered 0 and 8, agreed on 8: a packet in the other law comes back in the agreed one.
    let mut remote = far(1, Codec::Pcma, Some(EVENT));
    remote.receive.push((0, Payload::Audio(Codec::Pcmu)));
    bench.order(one, Order::Remote(remote));
    bench.order(one, Order::Echo(true));
    let back = bench
        .receive(one, phone(1), &audio(Codec::Pcma, 1, &[1, 2, 3]))
        .unwrap();
    assert_eq!((back.to, &back.bytes[12..]), (phone(1), &[1, 2, 3][..]));
    let other = bench
        .receive(one, phone(1), &audio(Codec::Pcmu, 2, &[0xff]))
        .unwrap();
    assert_eq!(other.header().payload, 8);
    assert!(Codec::Pcma.decode(other.bytes[12]).abs() <= 8);
    assert!(
        digit(EVENT, 1, 3, 500)
            .iter()
            .all(|p| bench.receive(one, phone(1), p).is_some())
    );
    assert!(
        digit(EVENT, 11, 10, 5_000)
            .iter()
            .all(|p| bench.receive(one, phone(1), p).is_none())
    );
    assert_eq!(bench.digits(1), "1#");
    bench.order(one, Order::Echo(false));
    assert!(
        bench
            .receive(one, phone(1), &audio(Codec::Pcma, 30, &[1]))
            .is_none()
    );
}
