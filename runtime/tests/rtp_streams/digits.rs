//! Digits: as events, as tones, lost, held and passed.

use std::time::Duration;

use strowger_runtime::rtp::detector::Detector;
use strowger_runtime::rtp::tone::{Generator, Tone};
use strowger_runtime::rtp::worker::Port;
use strowger_runtime::rtp::{Codec, Digits, Event, Order, Remote};

use crate::bench::*;

pub(crate) fn digit(number: u8, event: u8, sequence: u16, timestamp: u32) -> Vec<Vec<u8>> {
    (0..7_u16)
        .map(|n| {
            let duration = 160 * (n + 1).min(5);
            let end = u8::from(n >= 4) << 7;
            rtp(
                number,
                sequence + n,
                timestamp,
                0x51,
                &[event, end | 10, (duration >> 8) as u8, duration as u8],
            )
        })
        .collect()
}

#[test]
fn digits_are_told_once_and_passed_with_the_number_of_the_other_leg() {
    let (mut bench, one, _) = Bench::bridge(
        far(1, Codec::Pcmu, Some(96)),
        far(2, Codec::Pcmu, Some(EVENT)),
    );
    let mut passed = Vec::new();
    for packet in digit(96, 7, 20, 9_000) {
        passed.extend(bench.receive(one, phone(1), &packet));
    }
    assert_eq!(
        bench
            .events(1)
            .iter()
            .filter(|e| !matches!(e, Event::Learned(_)))
            .cloned()
            .collect::<Vec<_>>(),
        [Event::Digit {
            digit: b'7',
            length: Duration::from_millis(100)
        }]
    );
    assert_eq!(passed.len(), 7);
    let times: Vec<u32> = passed.iter().map(|s| s.header().timestamp).collect();
    assert!(
        passed.iter().all(|s| s.header().payload == EVENT) && times.iter().all(|&t| t == times[0])
    );
}

#[test]
fn held_digits_are_told_and_not_passed() {
    let (mut bench, one, two) = Bench::bridge(
        far(1, Codec::Pcmu, Some(96)),
        far(2, Codec::Pcmu, Some(EVENT)),
    );
    bench.order(
        one,
        Order::Connect {
            peer: two,
            digits: Digits::Hold,
            peer_digits: Digits::Pass,
        },
    );
    assert!(
        digit(96, 10, 20, 9_000)
            .iter()
            .all(|packet| bench.receive(one, phone(1), packet).is_none())
    );
    assert_eq!(bench.digits(1), "*");
    assert!(
        digit(EVENT, 11, 20, 9_000)
            .iter()
            .all(|packet| bench.receive(two, phone(2), packet).is_some())
    );
    assert_eq!(bench.digits(2), "#");
}

#[test]
fn a_digit_for_a_leg_without_events_becomes_a_tone() {
    let (mut bench, one, _) =
        Bench::bridge(far(1, Codec::Pcmu, Some(96)), far(2, Codec::Pcma, None));
    for packet in digit(96, 5, 20, 9_000) {
        assert!(bench.receive(one, phone(1), &packet).is_none());
    }
    bench.ticks(20);
    let mut detector = Detector::default();
    let mut heard = String::new();
    for sent in bench.sent_by(2, Port::Rtp) {
        let samples: Vec<i16> = sent.bytes[sent.header().body]
            .iter()
            .map(|&b| Codec::Pcma.decode(b))
            .collect();
        detector.hear(&samples, |digit, _| heard.push(digit.into()));
    }
    detector.hear(&[0; 400], |digit, _| heard.push(digit.into()));
    assert_eq!(heard, "5");
}

#[test]
fn a_digit_with_lost_ends_is_told_after_the_timeout() {
    let (mut bench, one, _) = Bench::bridge(
        far(1, Codec::Pcmu, Some(EVENT)),
        far(2, Codec::Pcmu, Some(EVENT)),
    );
    for packet in &digit(EVENT, 3, 20, 9_000)[..4] {
        bench.receive(one, phone(1), packet);
    }
    bench.ticks(7);
    assert_eq!(bench.digits(1), "");
    bench.ticks(1);
    assert_eq!(bench.digits(1), "3");
    bench.receive(one, phone(1), &digit(EVENT, 3, 20, 9_000)[5]);
    bench.ticks(20);
    assert_eq!(bench.digits(1), "3");
}

#[test]
fn digits_in_the_audio_are_heard_when_wanted() {
    for (wanted, expected) in [(true, "1"), (false, "")] {
        let remote = Remote {
            inband_digits: wanted,
            ..far(1, Codec::Pcmu, None)
        };
        let (mut bench, one, _) = Bench::bridge(remote, far(2, Codec::Pcmu, Some(EVENT)));
        let mut tone = Generator::new(Tone::Key(b'1'));
        for n in 0..10 {
            let body: Vec<u8> = if n < 5 {
                tone.frame().map(|s| Codec::Pcmu.encode(s)).into()
            } else {
                vec![0xff; 160]
            };
            assert!(
                bench
                    .receive(one, phone(1), &audio(Codec::Pcmu, n, &body))
                    .is_some(),
                "the tone passes as audio"
            );
            bench.ticks(1);
        }
        assert_eq!(bench.digits(1), expected);
        assert_eq!(
            bench.sent_by(2, Port::Rtp).len(),
            10,
            "and nothing else is sent for it"
        );
    }
}
