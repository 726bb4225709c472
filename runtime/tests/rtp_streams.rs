//! Streams of a media worker, driven with made-up packets and a made-up clock.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use strowger_runtime::rtp::clock::Now;
use strowger_runtime::rtp::packet::{Header, Stamp, make};
use strowger_runtime::rtp::tone::{Generator, Tone, measure};
use strowger_runtime::rtp::worker::{Config, Port, Worker};
use strowger_runtime::rtp::{
    Codec, Digits, Direction, Event, Format, Frame, Frames, Next, Order, Payload, PlayEnd, PlayId,
    Remote, StreamId, rtcp,
};

const EVENT: u8 = 101;

fn phone(n: u16) -> SocketAddr {
    ([192, 0, 2, 1], 4_000 + n * 2).into()
}

/// A far end at `phone(n)` that speaks `codec` and, if `event`, sends digits as events.
fn far(n: u16, codec: Codec, event: Option<u8>) -> Remote {
    let mut receive = vec![(codec.payload(), Payload::Audio(codec))];
    receive.extend(event.map(|number| (number, Payload::Event)));
    Remote {
        rtp: Some(phone(n)),
        rtcp: None,
        send: Format::of(codec, event),
        receive,
        direction: Direction::BOTH,
        symmetric: true,
        inband_digits: false,
    }
}

/// A worker, its clock, and all that it told and sent.
struct Bench {
    worker: Worker,
    ms: u64,
    events: Arc<Mutex<Vec<(u64, Event)>>>,
    sent: Vec<Sent>,
}

#[derive(Clone, Debug)]
struct Sent {
    ms: u64,
    stream: u64,
    port: Port,
    to: SocketAddr,
    bytes: Vec<u8>,
}

impl Sent {
    fn header(&self) -> Header {
        Header::read(&self.bytes).unwrap()
    }
}

impl Bench {
    fn new() -> Bench {
        let worker = Worker::new(&Config::default(), 42);
        Bench {
            worker,
            ms: 0,
            events: Arc::default(),
            sent: Vec::new(),
        }
    }

    fn now(&self) -> Now {
        Now {
            micros: self.ms * 1_000,
            unix_ms: 1_700_000_000_000 + self.ms,
        }
    }

    fn open(&mut self, n: u64) -> StreamId {
        let (id, events) = (StreamId(n), Arc::clone(&self.events));
        self.worker.open(
            self.now(),
            id,
            Arc::new(move |event| events.lock().unwrap().push((n, event))),
        );
        id
    }

    fn order(&mut self, id: StreamId, order: Order) {
        self.worker.order(self.now(), id, order);
        self.collect();
    }

    /// Streams 1 and 2, connected; digits of both pass.
    fn bridge(a: Remote, b: Remote) -> (Bench, StreamId, StreamId) {
        let mut bench = Bench::new();
        let (one, two) = (bench.open(1), bench.open(2));
        bench.order(one, Order::Remote(a));
        bench.order(two, Order::Remote(b));
        bench.order(
            one,
            Order::Connect {
                peer: two,
                digits: Digits::Pass,
                peer_digits: Digits::Pass,
            },
        );
        (bench, one, two)
    }

    fn ticks(&mut self, n: u64) {
        for _ in 0..n {
            self.ms += 20;
            self.worker.tick(self.now());
            self.collect();
        }
    }

    fn collect(&mut self) {
        let (ms, sent) = (self.ms, &mut self.sent);
        self.worker.outbox().drain(|stream, port, to, bytes| {
            sent.push(Sent {
                ms,
                stream: stream.0,
                port,
                to,
                bytes: bytes.to_vec(),
            });
        });
    }

    fn receive(&mut self, id: StreamId, from: SocketAddr, packet: &[u8]) -> Option<Sent> {
        let mut buffer = packet.to_vec();
        let forward = self.worker.receive(self.now(), id, from, &mut buffer)?;
        let sent = Sent {
            ms: self.ms,
            stream: forward.stream.0,
            port: Port::Rtp,
            to: forward.to,
            bytes: buffer[forward.part].to_vec(),
        };
        self.sent.push(sent.clone());
        Some(sent)
    }

    fn events(&self, n: u64) -> Vec<Event> {
        self.events
            .lock()
            .unwrap()
            .iter()
            .filter(|e| e.0 == n)
            .map(|e| e.1.clone())
            .collect()
    }

    fn digits(&self, n: u64) -> String {
        let digit = |e: Event| {
            if let Event::Digit { digit, .. } = e {
                Some(char::from(digit))
            } else {
                None
            }
        };
        self.events(n).into_iter().filter_map(digit).collect()
    }

    fn sent_by(&self, n: u64, port: Port) -> Vec<Sent> {
        self.sent
            .iter()
            .filter(|s| s.stream == n && s.port == port)
            .cloned()
            .collect()
    }

    fn stats(&mut self, id: StreamId) -> strowger_runtime::rtp::Stats {
        self.order(id, Order::Stats);
        match self.events(id.0).pop() {
            Some(Event::Stats(stats)) => *stats,
            other => panic!("{other:?}"),
        }
    }
}

fn rtp(payload: u8, sequence: u16, timestamp: u32, ssrc: u32, body: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    make(
        &mut packet,
        Stamp {
            marker: false,
            sequence,
            timestamp,
            ssrc,
        },
        payload,
    );
    packet.extend(body);
    packet
}

/// Audio packet number `n` of a steady sender.
fn audio(codec: Codec, n: u16, body: &[u8]) -> Vec<u8> {
    rtp(codec.payload(), n, u32::from(n) * 160, 0x51, body)
}

/// A clip of `frames` frames; `late` of them are not there in time.
struct Clip(Vec<Option<Frame>>);

impl Frames for Clip {
    fn next(&mut self) -> Next {
        if self.0.is_empty() {
            return Next::End;
        }
        self.0
            .remove(0)
            .map_or(Next::Late, |frame| Next::Frame(Box::new(frame)))
    }
}

fn clip(frames: usize) -> Box<Clip> {
    let mut tone = Generator::new(Tone::Sine(1_000));
    Box::new(Clip((0..frames).map(|_| Some(tone.frame())).collect()))
}

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
fn digit(number: u8, event: u8, sequence: u16, timestamp: u32) -> Vec<Vec<u8>> {
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
    let mut detector = strowger_runtime::rtp::detector::Detector::default();
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

#[test]
fn silence_is_told_once_per_silence() {
    let (mut bench, one, _) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    bench.order(one, Order::Watch(Some(Duration::from_secs(1))));
    bench.ticks(120);
    assert_eq!(bench.events(1), [Event::Silent(Duration::from_secs(1))]);
    bench.receive(one, phone(1), &audio(Codec::Pcmu, 1, &[0]));
    bench.ticks(120);
    assert_eq!(bench.events(1).len(), 2);
    bench.order(one, Order::Watch(None));
    bench.ticks(120);
    assert_eq!(bench.events(1).len(), 2);
}

#[test]
fn reports_say_what_was_sent_heard_and_lost() {
    let (mut bench, one, two) = Bench::bridge(far(1, Codec::Pcmu, None), far(2, Codec::Pcmu, None));
    for n in 0..300 {
        if n % 10 != 9 {
            bench.receive(one, phone(1), &audio(Codec::Pcmu, n, &[0; 160]));
        }
        if n == 100 {
            // Phone 2 reports: it lost 5 of our packets.
            let ours = bench.sent_by(2, Port::Rtp)[0].header().ssrc;
            let block = rtcp::Block {
                ssrc: ours,
                lost: 5,
                ..rtcp::Block::default()
            };
            let mut report = Vec::new();
            rtcp::write(&mut report, 0x99, "phone", None, Some(block), false);
            let mut from = phone(2);
            from.set_port(from.port() + 1);
            bench.worker.receive_report(bench.now(), two, from, &report);
            bench
                .worker
                .receive_report(bench.now(), two, ([198, 51, 100, 1], 9).into(), &report);
        }
        bench.ticks(1);
    }
    let report = bench.sent_by(1, Port::Rtcp).remove(0);
    assert_eq!(
        (report.ms, report.to),
        (5_000, ([192, 0, 2, 1], phone(1).port() + 1).into())
    );
    let said: Vec<rtcp::Said> = rtcp::read(&report.bytes).collect();
    let [rtcp::Said::Heard(block)] = said[..] else {
        panic!("{said:?}")
    };
    assert_eq!(
        (block.ssrc, block.lost, block.fraction_lost, block.jitter),
        (0x51, 24, (24 * 256 / 249) as u8, 0)
    );
    let report = bench.sent_by(2, Port::Rtcp).remove(0);
    assert!(rtcp::read(&report.bytes).any(|said| matches!(said, rtcp::Said::Sent { .. })));
    let stats = bench.stats(two);
    assert_eq!(
        (stats.far_lost, stats.sent, stats.strangers),
        (Some(5), 270, 1)
    );
}

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
