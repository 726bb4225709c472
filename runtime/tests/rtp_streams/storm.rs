//! Bad packets, bad networks, orders in any order.

use std::time::Duration;

use proptest::prelude::*;
use strowger_runtime::rtp::packet::Header;
use strowger_runtime::rtp::tone::Tone;
use strowger_runtime::rtp::worker::Port;
use strowger_runtime::rtp::{Codec, Digits, Order, PlayId, StreamId, rtcp};

use crate::bench::*;
use crate::digits::digit;

#[test]
fn a_hundred_thousand_broken_packets_harm_no_call() {
    let (mut bench, one, two) = Bench::bridge(
        far(1, Codec::Pcmu, Some(96)),
        far(2, Codec::Pcma, Some(EVENT)),
    );
    let mut seed = 1_u64;
    let mut random = move |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut good = 0_u16;
    let mut report = Vec::new();
    let sent = rtcp::Sent {
        ntp: 1,
        timestamp: 2,
        packets: 3,
        bytes: 4,
    };
    rtcp::write(
        &mut report,
        0x51,
        "x",
        Some(sent),
        Some(rtcp::Block::default()),
        true,
    );
    for n in 0..100_000_u32 {
        let mut packet = match n % 3 {
            0 => audio(Codec::Pcmu, random(65_536) as u16, &[7; 160]),
            1 => digit(96, random(256) as u8, random(60_000) as u16, n).swap_remove(random(7)),
            _ => report.clone(),
        };
        for _ in 0..random(6) {
            let at = random(packet.len());
            packet[at] = random(256) as u8;
        }
        packet.truncate(random(packet.len() + 1));
        let from = if random(2) == 0 {
            phone(1)
        } else {
            phone(random(50) as u16)
        };
        let id = if random(2) == 0 { one } else { two };
        bench.worker.receive_report(bench.now(), id, from, &packet);
        let mut buffer = packet;
        let _ = bench.worker.receive(bench.now(), id, from, &mut buffer);
        if n % 100 == 0 {
            bench.ticks(1);
            bench.sent.clear();
            bench.events.lock().unwrap().clear();
            // The call goes on: even a forged packet of phone 1 with its own SSRC delays it by no more than a hundred packets.
            let passed = (0..120).any(|_| {
                good += 1;
                bench
                    .receive(one, phone(1), &audio(Codec::Pcmu, good, &[1; 160]))
                    .is_some()
            });
            assert!(passed, "after {n} broken packets");
        }
    }
}

proptest! {
    #[test]
    fn any_orders_and_packets_in_any_order(steps in proptest::collection::vec((0_u8..14, 1_u64..4, any::<u16>()), 0..120)) {
        let mut bench = Bench::new();
        for (step, n, value) in steps {
            let id = StreamId(n);
            let peer = StreamId(u64::from(value) % 4);
            match step {
                0 => { bench.open(n); }
                1 => bench.order(id, Order::Remote(far(n as u16, Codec::ALL[usize::from(value) % 2], (value % 3 == 0).then_some(EVENT)))),
                2 => bench.order(id, Order::Connect { peer, digits: Digits::Pass, peer_digits: Digits::Hold }),
                3 => bench.order(id, Order::Disconnect),
                4 => bench.order(id, Order::Play { id: PlayId(u64::from(value)), audio: clip(usize::from(value % 5)) }),
                5 => bench.order(id, Order::Echo(value % 2 == 0)),
                6 => bench.order(id, Order::SendDigit { digit: value as u8, length: Duration::from_millis(u64::from(value)) }),
                7 => bench.order(id, Order::Measure(Duration::from_millis(u64::from(value % 100)))),
                8 => bench.order(id, Order::Close),
                9 => bench.ticks(u64::from(value % 8)),
                10 => bench.order(id, Order::Tone(Tone::Busy)),
                11 => bench.order(id, Order::StopPlay),
                _ => { bench.receive(id, phone(n as u16), &audio(Codec::Pcmu, value, &[3; 160])); }
            }
        }
        // Each line of packets is one line: no number twice unless it came twice, one SSRC per opening.
        prop_assert!(bench.sent.iter().all(|s| s.port == Port::Rtcp || Header::read(&s.bytes).is_some()));
        for n in 1..4 {
            bench.order(StreamId(n), Order::Close);
        }
        prop_assert_eq!(bench.worker.streams(), 0);
    }
}

/// Packets on their way: some lost, some twice, some late.
struct Network {
    random: u64,
    /// When a packet arrives, and the packet.
    way: Vec<(u64, Vec<u8>)>,
}

impl Network {
    fn below(&mut self, n: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % n
    }

    fn send(&mut self, ms: u64, packet: &[u8]) {
        let copies = match self.below(10) {
            0 | 1 => 0,
            2 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let delay = if self.below(5) == 0 { 70 } else { 10 };
            self.way.push((ms + delay, packet.to_vec()));
        }
    }

    fn arrived(&mut self, ms: u64) -> Vec<Vec<u8>> {
        let (mut due, way) = std::mem::take(&mut self.way)
            .into_iter()
            .partition::<Vec<_>, _>(|p| p.0 <= ms);
        self.way = way;
        due.sort_by_key(|p| p.0);
        due.into_iter().map(|p| p.1).collect()
    }
}

#[test]
fn digits_come_once_and_in_order_through_a_network_that_loses_a_fifth() {
    let dialled = "0918273645*#";
    let mut wrong = Vec::new();
    for seed in 1..=300 {
        // Stream 1 dials, stream 2 listens; the network lies between them.
        let mut bench = Bench::new();
        let (one, two) = (bench.open(1), bench.open(2));
        bench.order(one, Order::Remote(far(2, Codec::Pcmu, Some(EVENT))));
        bench.order(two, Order::Remote(far(1, Codec::Pcmu, Some(EVENT))));
        bench.order(one, Order::Tone(Tone::Dial));
        let mut network = Network {
            random: seed,
            way: Vec::new(),
        };
        for digit in dialled.bytes() {
            bench.order(
                one,
                Order::SendDigit {
                    digit,
                    length: Duration::from_millis(100),
                },
            );
        }
        for _ in 0..200 {
            bench.ticks(1);
            for sent in std::mem::take(&mut bench.sent)
                .iter()
                .filter(|s| s.stream == 1 && s.port == Port::Rtp)
            {
                network.send(bench.ms, &sent.bytes);
            }
            for packet in network.arrived(bench.ms) {
                bench.receive(two, phone(1), &packet);
            }
        }
        if bench.digits(2) != dialled {
            wrong.push((seed, bench.digits(2)));
        }
    }
    // All seven packets of a digit are lost once in 80 000 times.
    assert!(wrong.is_empty(), "{wrong:?}");
}
