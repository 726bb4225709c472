//! Whatever comes to the ports of a call: a worker with two connected streams. The first byte of each piece says which port,
//! from whom, and how much time goes by.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;
use std::sync::Arc;
use strowger_runtime::rtp::clock::Now;
use strowger_runtime::rtp::worker::{Config, Worker};
use strowger_runtime::rtp::{Codec, Digits, Direction, Format, Order, Payload, Remote, StreamId};

fn phone(n: u8) -> SocketAddr {
    ([192, 0, 2, 1], 4_000 + u16::from(n)).into()
}

fuzz_target!(|bytes: &[u8]| {
    let mut now = Now {
        micros: 0,
        unix_ms: 0,
    };
    let mut worker = Worker::new(&Config::default(), 1);
    let streams = [StreamId(0), StreamId(1)];
    for (n, codec) in [(0, Codec::Pcmu), (1, Codec::Pcma)] {
        worker.open(now, streams[n], Arc::new(|_| ()));
        let remote = Remote {
            rtp: Some(phone(n as u8)),
            rtcp: None,
            send: Format::of(codec, Some(101)),
            receive: vec![
                (codec.payload(), Payload::Audio(codec)),
                (101, Payload::Event),
            ],
            direction: Direction::BOTH,
            symmetric: true,
            inband_digits: true,
        };
        worker.order(now, streams[n], Order::Remote(remote));
    }
    worker.order(
        now,
        streams[0],
        Order::Connect {
            peer: streams[1],
            digits: Digits::Pass,
            peer_digits: Digits::Pass,
        },
    );
    for piece in bytes.chunks(200) {
        let (how, mut packet) = (piece[0], piece[1..].to_vec());
        let stream = streams[usize::from(how & 1)];
        if how & 2 == 0 {
            if let Some(forward) = worker.receive(now, stream, phone(how >> 5), &mut packet) {
                assert!(forward.part.len() >= 12 && forward.part.end <= packet.len());
            }
        } else {
            worker.receive_report(now, stream, phone(how >> 5), &packet);
        }
        now.micros += u64::from(how) * 1_000;
        worker.tick(now);
        worker.outbox().drain(|_, _, _, _| ());
    }
});
