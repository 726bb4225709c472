//! What one relayed packet costs, beside the bare thing: `cargo bench -p strowger-runtime --bench rtp`.
//!
//! Read the figures as ratios. `memory`: the relay path against copying the packet and writing twelve bytes. `sockets`: a
//! thousand packets through the exchange's worker against a bare program that receives, writes twelve bytes and sends.
#![allow(clippy::unwrap_used)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use divan::{Bencher, black_box, counter::ItemsCount};
use strowger_runtime::media::{Media, Settings};
use strowger_runtime::rtp::clock::Now;
use strowger_runtime::rtp::packet::{Stamp, make};
use strowger_runtime::rtp::worker::{Config, Worker};
use strowger_runtime::rtp::{Codec, Digits, Direction, Format, Order, Payload, Remote, StreamId};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Packets that travel at a time; fewer than a socket's buffer holds.
const BATCH: usize = 50;
const BATCHES: usize = 20;

fn main() {
    divan::main();
}

fn remote(at: SocketAddr, codec: Codec) -> Remote {
    Remote {
        rtp: Some(at),
        rtcp: None,
        send: Format::of(codec, Some(101)),
        receive: vec![
            (codec.payload(), Payload::Audio(codec)),
            (101, Payload::Event),
        ],
        direction: Direction::BOTH,
        symmetric: true,
        inband_digits: false,
    }
}

fn packet(sequence: u16) -> Vec<u8> {
    let mut packet = Vec::new();
    make(
        &mut packet,
        Stamp {
            marker: false,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 7,
        },
        0,
    );
    packet.resize(172, 0x5a);
    packet
}

mod memory {
    use super::*;

    #[divan::bench]
    fn bare(bencher: Bencher) {
        let source = packet(0);
        let (mut buffer, mut sequence) = ([0; 2_048], 0_u16);
        bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
            buffer[..172].copy_from_slice(&source);
            sequence = sequence.wrapping_add(1);
            buffer[2..4].copy_from_slice(&sequence.to_be_bytes());
            buffer[4..8].copy_from_slice(&(u32::from(sequence) * 160).to_be_bytes());
            buffer[8..12].copy_from_slice(&9_u32.to_be_bytes());
            black_box(&buffer[..172]).len()
        });
    }

    /// With this many calls in the worker, whose streams take turns.
    #[divan::bench(args = [1, 200])]
    fn relay(bencher: Bencher, calls: u64) {
        relayed(bencher, calls, Codec::Pcmu);
    }

    #[divan::bench(args = [1])]
    fn transcode(bencher: Bencher, calls: u64) {
        relayed(bencher, calls, Codec::Pcma);
    }

    fn relayed(bencher: Bencher, calls: u64, far: Codec) {
        let mut worker = Worker::new(&Config::default(), 1);
        let mut now = Now {
            micros: 0,
            unix_ms: 0,
        };
        let phone: SocketAddr = (LOCAL, 4_000).into();
        for n in 0..calls {
            let (a, b) = (StreamId(n * 2), StreamId(n * 2 + 1));
            for (id, codec) in [(a, Codec::Pcmu), (b, far)] {
                worker.open(now, id, Arc::new(|_| ()));
                worker.order(now, id, Order::Remote(remote(phone, codec)));
            }
            worker.order(
                now,
                a,
                Order::Connect {
                    peer: b,
                    digits: Digits::Pass,
                    peer_digits: Digits::Pass,
                },
            );
        }
        let source = packet(0);
        let (mut buffer, mut n) = ([0; 2_048], 0_u64);
        bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
            let sequence = (n / calls) as u16;
            buffer[..172].copy_from_slice(&source);
            buffer[2..4].copy_from_slice(&sequence.to_be_bytes());
            buffer[4..8].copy_from_slice(&((n / calls) as u32 * 160).to_be_bytes());
            now.micros += 20_000 / calls;
            let forward = worker
                .receive(now, StreamId(n % calls * 2), phone, &mut buffer[..172])
                .expect("relayed");
            n += 1;
            black_box(&buffer[forward.part]).len()
        });
    }
}

mod sockets {
    use super::*;

    /// Sends a thousand packets to `relay` and waits for all of them at the other phone.
    fn through(from: &UdpSocket, relay: SocketAddr, to: &UdpSocket, sequence: &mut u16) -> usize {
        let mut buffer = [0; 2_048];
        for _ in 0..BATCHES {
            for _ in 0..BATCH {
                *sequence = sequence.wrapping_add(1);
                from.send_to(&packet(*sequence), relay).unwrap();
            }
            for _ in 0..BATCH {
                to.recv(&mut buffer).expect("no packet is lost on loopback");
            }
        }
        BATCH * BATCHES
    }

    fn phone() -> UdpSocket {
        let socket = UdpSocket::bind((LOCAL, 0)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        socket
    }

    #[divan::bench(sample_count = 20)]
    fn bare(bencher: Bencher) {
        let (from, to, relay) = (phone(), phone(), phone());
        let (at, target) = (relay.local_addr().unwrap(), to.local_addr().unwrap());
        std::thread::spawn(move || {
            let mut buffer = [0; 2_048];
            while let Ok((length, _)) = relay.recv_from(&mut buffer) {
                buffer[8..12].copy_from_slice(&9_u32.to_be_bytes());
                let _ = relay.send_to(&buffer[..length], target);
            }
        });
        let mut sequence = 0;
        bencher
            .counter(ItemsCount::new(BATCH * BATCHES))
            .bench_local(|| through(&from, at, &to, &mut sequence));
    }

    #[divan::bench(sample_count = 20)]
    fn exchange(bencher: Bencher) {
        let media = Media::start(Settings::default()).unwrap();
        let (from, to) = (phone(), phone());
        let a = media.open(LOCAL, None, Arc::new(|_| ())).unwrap();
        let b = media.open(LOCAL, Some(&a), Arc::new(|_| ())).unwrap();
        a.remote(remote(from.local_addr().unwrap(), Codec::Pcmu));
        b.remote(remote(to.local_addr().unwrap(), Codec::Pcmu));
        a.connect(&b, Digits::Pass, Digits::Pass);
        let mut sequence = 0;
        bencher
            .counter(ItemsCount::new(BATCH * BATCHES))
            .bench_local(|| through(&from, a.near(), &to, &mut sequence));
    }
}
