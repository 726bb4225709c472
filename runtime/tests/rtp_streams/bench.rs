//! A worker on the bench: made-up phones, a made-up clock, and everything that it told and sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use strowger_runtime::rtp::clock::Now;
use strowger_runtime::rtp::packet::{Header, Stamp, make};
use strowger_runtime::rtp::tone::{Generator, Tone};
use strowger_runtime::rtp::worker::{Config, Port, Worker};
use strowger_runtime::rtp::{
    Codec, Digits, Direction, Event, Format, Frame, Frames, Next, Order, Payload, Remote, StreamId,
};

pub(crate) const EVENT: u8 = 101;

pub(crate) fn phone(n: u16) -> SocketAddr {
    ([192, 0, 2, 1], 4_000 + n * 2).into()
}

/// A far end at `phone(n)` that speaks `codec` and, if `event`, sends digits as events.
pub(crate) fn far(n: u16, codec: Codec, event: Option<u8>) -> Remote {
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
pub(crate) struct Bench {
    pub(crate) worker: Worker,
    pub(crate) ms: u64,
    pub(crate) events: Arc<Mutex<Vec<(u64, Event)>>>,
    pub(crate) sent: Vec<Sent>,
}

#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) ms: u64,
    pub(crate) stream: u64,
    pub(crate) port: Port,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

impl Sent {
    pub(crate) fn header(&self) -> Header {
        Header::read(&self.bytes).unwrap()
    }
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let worker = Worker::new(&Config::default(), 42);
        Bench {
            worker,
            ms: 0,
            events: Arc::default(),
            sent: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now {
            micros: self.ms * 1_000,
            unix_ms: 1_700_000_000_000 + self.ms,
        }
    }

    pub(crate) fn open(&mut self, n: u64) -> StreamId {
        let (id, events) = (StreamId(n), Arc::clone(&self.events));
        self.worker.open(
            self.now(),
            id,
            Arc::new(move |event| events.lock().unwrap().push((n, event))),
        );
        id
    }

    pub(crate) fn order(&mut self, id: StreamId, order: Order) {
        self.worker.order(self.now(), id, order);
        self.collect();
    }

    /// Streams 1 and 2, connected; digits of both pass.
    pub(crate) fn bridge(a: Remote, b: Remote) -> (Bench, StreamId, StreamId) {
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

    pub(crate) fn ticks(&mut self, n: u64) {
        for _ in 0..n {
            self.ms += 20;
            self.worker.tick(self.now());
            self.collect();
        }
    }

    pub(crate) fn collect(&mut self) {
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

    pub(crate) fn receive(
        &mut self,
        id: StreamId,
        from: SocketAddr,
        packet: &[u8],
    ) -> Option<Sent> {
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

    pub(crate) fn events(&self, n: u64) -> Vec<Event> {
        self.events
            .lock()
            .unwrap()
            .iter()
            .filter(|e| e.0 == n)
            .map(|e| e.1.clone())
            .collect()
    }

    pub(crate) fn digits(&self, n: u64) -> String {
        let digit = |e: Event| {
            if let Event::Digit { digit, .. } = e {
                Some(char::from(digit))
            } else {
                None
            }
        };
        self.events(n).into_iter().filter_map(digit).collect()
    }

    pub(crate) fn sent_by(&self, n: u64, port: Port) -> Vec<Sent> {
        self.sent
            .iter()
            .filter(|s| s.stream == n && s.port == port)
            .cloned()
            .collect()
    }

    pub(crate) fn stats(&mut self, id: StreamId) -> strowger_runtime::rtp::Stats {
        self.order(id, Order::Stats);
        match self.events(id.0).pop() {
            Some(Event::Stats(stats)) => *stats,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn rtp(payload: u8, sequence: u16, timestamp: u32, ssrc: u32, body: &[u8]) -> Vec<u8> {
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
pub(crate) fn audio(codec: Codec, n: u16, body: &[u8]) -> Vec<u8> {
    rtp(codec.payload(), n, u32::from(n) * 160, 0x51, body)
}

/// A clip of `frames` frames; `late` of them are not there in time.
pub(crate) struct Clip(pub(crate) Vec<Option<Frame>>);

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

pub(crate) fn clip(frames: usize) -> Box<Clip> {
    let mut tone = Generator::new(Tone::Sine(1_000));
    Box::new(Clip((0..frames).map(|_| Some(tone.frame())).collect()))
}
