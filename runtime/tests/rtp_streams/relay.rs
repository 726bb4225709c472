//! Two phones and what passes between them.

use std::net::SocketAddr;
use std::time::Duration;

use strowger_runtime::rtp::tone::{Generator, Tone, measure};
use strowger_runtime::rtp::worker::Port;
use strowger_runtime::rtp::{
    Codec, Digits, Direction, Event, Order, PlayEnd, PlayId, Remote, rtcp,
};

use crate::bench::*;

#[test]
fn a_relayed_packet_keeps_its_payload_and_gets_our_numbers() {
    let (mut bench, one, two) = Bench::bridge(
        far(1, Codec::Pcma, Some(96)),
        far(2, Codec::Pcma, Some(EVENT)),
    );
    let first = bench
        .receive(one, phone(1), &audio(Codec::Pcma, 500, &[1, 2, 3]))
        .unwrap();
    assert_eq!((first.stream, first.to), (two.0, phone(2)));
    let header = first.header();
    assert_eq!(first.bytes[header.body.clone()], [1, 2, 3]);
    assert!(header.marker && header.ssrc != 0x51 && header.payload == 8);
    let second = bench
        .receive(one, phone(1), &audio(Codec::Pcma, 501, &[4]))
        .unwrap()
        .header();
    assert_eq!(second.sequence, header.sequence.wrapping_add(1));
    assert_eq!(second.timestamp, header.timestamp.wrapping_add(160));
    assert!(!second.marker);
    let back = bench
        .receive(two, phone(2), &audio(Codec::Pcma, 9, &[5]))
        .unwrap();
    assert_eq!((back.stream, back.to), (one.0, phone(1)));
    assert_ne!(
        back.header().ssrc,
        header.ssrc,
        "each direction has its own SSRC"
    );
}

#[test]
fn a_tone_survives_the_change_of_law() {
    let (mut bench, one, two) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcma, None));
    bench.order(two, Order::Measure(Duration::from_secs(1)));
    let mut tone = Generator::new(Tone::Sine(425));
    let mut heard = Vec::new();
    for n in 0..50 {
        let body: Vec<u8> = tone
            .frame()
            .iter()
            .map(|&s| Codec::Pcmu.encode(s))
            .collect();
        let sent = bench
            .receive(one, phone(1), &audio(Codec::Pcmu, n, &body))
            .unwrap();
        assert_eq!(sent.header().payload, 8);
        heard.extend(
            sent.bytes[sent.header().body]
                .iter()
                .map(|&b| Codec::Pcma.decode(b)),
        );
        // Stream 2 hears another tone at the same time.
        let other: Vec<u8> = Generator::new(Tone::Sine(1_000))
            .frame()
            .iter()
            .map(|&s| Codec::Pcma.encode(s))
            .collect();
        bench
            .receive(two, phone(2), &audio(Codec::Pcma, n, &other))
            .unwrap();
        bench.ticks(1);
    }
    let heard = measure(&heard);
    assert!(
        (heard.hertz - 425.0).abs() <= 1.0 && heard.purity > 0.97,
        "{heard:?}"
    );
    let events = bench.events(2);
    assert!(
        events.iter().any(|e| matches!(e, Event::Heard(h) if (h.hertz - 1_000.0).abs() <= 1.0 && h.samples >= 7_840)),
        "{events:?}"
    );
}

#[test]
fn loss_order_and_duplicates_pass_as_they_are_and_are_counted() {
    let (mut bench, one, _) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    let first = bench
        .receive(one, phone(1), &audio(Codec::Pcmu, 10, &[0]))
        .unwrap()
        .header();
    let numbers: Vec<Option<u16>> = [11, 14, 13, 9, 15, 15]
        .into_iter()
        .map(|n| {
            bench
                .receive(one, phone(1), &audio(Codec::Pcmu, n, &[0]))
                .map(|s| s.header().sequence.wrapping_sub(first.sequence))
        })
        .collect();
    assert_eq!(numbers, [Some(1), Some(4), Some(3), None, Some(5), Some(5)]);
    let stats = bench.stats(one);
    assert_eq!((stats.received, stats.reordered), (7, 3));
}

#[test]
fn a_stranger_is_not_heard_and_a_phone_behind_nat_is_found() {
    let (mut bench, one, two) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    // Phone 1 really sends from another place: after four packets in sequence it counts, and gets its audio there.
    let real: SocketAddr = ([203, 0, 113, 9], 31_000).into();
    let relayed: Vec<bool> = (0..6)
        .map(|n| {
            bench
                .receive(one, real, &audio(Codec::Pcmu, n, &[0]))
                .is_some()
        })
        .collect();
    assert_eq!(relayed, [false, false, false, true, true, true]);
    assert!(bench.events(1).contains(&Event::Learned(real)));
    assert_eq!(
        bench
            .receive(two, phone(2), &audio(Codec::Pcmu, 1, &[0]))
            .unwrap()
            .to,
        real
    );
    // Now nobody else counts, not even the address in SDP.
    for from in [phone(1), phone(9)] {
        for n in 100..120 {
            assert!(
                bench
                    .receive(one, from, &audio(Codec::Pcmu, n, &[0]))
                    .is_none()
            );
        }
    }
    let stats = bench.stats(one);
    assert_eq!(
        (stats.strangers, stats.received, stats.sending_to),
        (43, 3, Some(real))
    );
}

#[test]
fn without_symmetric_rtp_audio_goes_where_sdp_says() {
    let strict = Remote {
        symmetric: false,
        ..far(1, Codec::Pcmu, None)
    };
    let (mut bench, one, two) = Bench::bridge(strict, far(2, Codec::Pcmu, None));
    for n in 0..5 {
        bench.receive(one, phone(7), &audio(Codec::Pcmu, n, &[0]));
    }
    assert_eq!(
        bench
            .receive(two, phone(2), &audio(Codec::Pcmu, 1, &[0]))
            .unwrap()
            .to,
        phone(1)
    );
}

#[test]
fn a_new_ssrc_is_joined_to_the_same_line() {
    let (mut bench, one, _) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    let before = bench
        .receive(one, phone(1), &rtp(0, 40_000, 5, 1, &[0]))
        .unwrap()
        .header();
    bench.ticks(5);
    let after = bench
        .receive(one, phone(1), &rtp(0, 7, 4_000_000_000, 2, &[0]))
        .unwrap()
        .header();
    assert_eq!(after.ssrc, before.ssrc);
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
    assert_eq!(
        after.timestamp,
        before.timestamp.wrapping_add(800),
        "100 ms later"
    );
    assert!(after.marker);
}

#[test]
fn on_hold_nothing_is_sent_and_time_goes_on() {
    let (mut bench, one, two) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    bench
        .receive(one, phone(1), &audio(Codec::Pcmu, 1, &[0]))
        .unwrap();
    let hold = |send, receive| Remote {
        direction: Direction { send, receive },
        ..far(2, Codec::Pcmu, None)
    };
    bench.order(two, Order::Remote(hold(false, true)));
    assert!(
        bench
            .receive(one, phone(1), &audio(Codec::Pcmu, 2, &[0]))
            .is_none()
    );
    assert!(
        bench
            .receive(two, phone(2), &audio(Codec::Pcmu, 2, &[0]))
            .is_some(),
        "their music may come"
    );
    bench.order(two, Order::Remote(hold(false, false)));
    assert!(
        bench
            .receive(two, phone(2), &audio(Codec::Pcmu, 3, &[0]))
            .is_none()
    );
    bench.order(
        two,
        Order::Play {
            id: PlayId(1),
            audio: clip(3),
        },
    );
    bench.ticks(4);
    assert!(bench.sent_by(2, Port::Rtp).iter().all(|s| s.ms == 0));
    assert!(bench.events(2).contains(&Event::Played {
        id: PlayId(1),
        end: PlayEnd::Finished
    }));
    bench.order(two, Order::Remote(far(2, Codec::Pcmu, None)));
    let again = bench
        .receive(one, phone(1), &audio(Codec::Pcmu, 6, &[0]))
        .unwrap();
    assert_eq!(
        again.to,
        phone(2),
        "what was learned is kept: the address did not change"
    );
}

#[test]
fn a_closed_stream_leaves_its_peer_alone() {
    let (mut bench, one, two) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    bench
        .receive(one, phone(1), &audio(Codec::Pcmu, 1, &[0]))
        .unwrap();
    bench.order(two, Order::Close);
    assert!(
        bench
            .receive(one, phone(1), &audio(Codec::Pcmu, 2, &[0]))
            .is_none()
    );
    let reports = bench.sent_by(2, Port::Rtcp);
    assert_eq!(reports.len(), 1);
    assert!(rtcp::read(&reports[0].bytes).any(|said| matches!(said, rtcp::Said::Goodbye { .. })));
    // Orders for what is gone are nobody's business.
    bench.order(two, Order::Echo(true));
    bench.order(
        one,
        Order::Connect {
            peer: two,
            digits: Digits::Pass,
            peer_digits: Digits::Pass,
        },
    );
    assert!(
        bench
            .receive(one, phone(1), &audio(Codec::Pcmu, 3, &[0]))
            .is_none()
    );
}

#[test]
fn a_stream_can_change_its_partner() {
    let (mut bench, one, two) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    let three = bench.open(3);
    bench.order(three, Order::Remote(far(3, Codec::Pcmu, None)));
    bench.order(
        three,
        Order::Connect {
            peer: one,
            digits: Digits::Pass,
            peer_digits: Digits::Pass,
        },
    );
    assert_eq!(
        bench
            .receive(one, phone(1), &audio(Codec::Pcmu, 1, &[0]))
            .unwrap()
            .stream,
        3
    );
    assert!(
        bench
            .receive(two, phone(2), &audio(Codec::Pcmu, 1, &[0]))
            .is_none()
    );
    bench.order(one, Order::Disconnect);
    assert!(
        bench
            .receive(three, phone(3), &audio(Codec::Pcmu, 1, &[0]))
            .is_none()
    );
}
