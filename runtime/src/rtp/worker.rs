//! Many streams, their orders and what flows between them. Sans-IO: packets and moments come in, packets go into the
//! [`Outbox`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use super::clock::Now;
use super::dtmf;
use super::stream::{Base, Rules, Stream};
use super::tone::Generator;
use super::{Digits, Event, Listener, Order, Payload, PlayEnd, StreamId};

/// How a worker treats its streams; `rtp.conf` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Once a source is learned, others are dropped (`strictrtp`).
    pub strict: bool,
    /// Packets in sequence from one source until it is learned (`probation`).
    pub probation: u8,
    /// A digit whose end was lost ends after this silence (`dtmftimeout`).
    pub digit_timeout: Duration,
    /// Time between two RTCP reports of a stream (`rtcpinterval`).
    pub rtcp_interval: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            strict: true,
            probation: 4,
            digit_timeout: Duration::from_millis(150),
            rtcp_interval: Duration::from_secs(5),
        }
    }
}

/// One worker's streams.
pub struct Worker {
    streams: BTreeMap<StreamId, Box<Stream>>,
    rules: Rules,
    random: u64,
    outbox: Outbox,
}

/// A packet that was relayed: send this part of the buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// From the RTP socket of this stream.
    pub stream: StreamId,
    /// To there.
    pub to: SocketAddr,
    /// The part of the buffer given to [`Worker::receive`].
    pub part: Range<usize>,
}

impl Worker {
    /// Without streams. `seed` is where SSRCs and first numbers come from.
    pub fn new(config: &Config, seed: u64) -> Worker {
        Worker {
            streams: BTreeMap::new(),
            rules: Rules {
                strict: config.strict,
                probation: config.probation,
                digit_timeout: config.digit_timeout,
                rtcp_interval: config.rtcp_interval,
            },
            random: seed,
            outbox: Outbox::default(),
        }
    }

    /// SplitMix64: well spread, not secret; nothing here needs to be.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A new stream. An `id` that is open already is opened anew.
    pub fn open(&mut self, now: Now, id: StreamId, listener: Listener) {
        let (a, b) = (self.random(), self.random());
        let numbers = ((a >> 32) as u32, a as u32, b as u16);
        self.streams.insert(
            id,
            Box::new(Stream::new(id, now, listener, &self.rules, numbers)),
        );
    }

    /// Streams that are open.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Carries out an order. One for a stream that is closed is ignored.
    pub fn order(&mut self, now: Now, id: StreamId, order: Order) {
        if let Order::Connect {
            peer,
            digits,
            peer_digits,
        } = order
        {
            return self.connect(id, peer, digits, peer_digits);
        }
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        match order {
            Order::Remote(remote) => stream.remote(remote),
            Order::Connect { .. } => {}
            Order::Disconnect => self.disconnect(id),
            Order::Play { id, audio } => stream.play(Some(id), audio),
            Order::Tone(tone) => stream.play(None, Box::new(Generator::new(tone))),
            Order::StopPlay => stream.stop(PlayEnd::Stopped),
            Order::Echo(true) => {
                stream.stop(PlayEnd::Stopped);
                self.disconnect(id);
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.base = Base::Echo;
                }
            }
            Order::Echo(false) => {
                if stream.base == Base::Echo {
                    stream.base = Base::Idle;
                }
            }
            Order::SendDigit { digit, length } => {
                if !stream.digits_out.push(digit, length) {
                    tracing::debug!(stream = id.0, digit = %digit.escape_ascii(), "digit not sent: none, or too many wait");
                }
            }
            Order::Measure(time) => stream.measure(now, time),
            Order::Watch(limit) => stream.watch(now, limit),
            Order::Stats => stream.tell(Event::Stats(Box::new(stream.stats()))),
            Order::Listen(listener) => stream.listener = listener,
            Order::Close => self.close(now, id),
        }
    }

    fn connect(&mut self, a: StreamId, b: StreamId, a_digits: Digits, b_digits: Digits) {
        if a == b || !self.streams.contains_key(&a) || !self.streams.contains_key(&b) {
            return;
        }
        for (this, other, digits) in [(a, b, a_digits), (b, a, b_digits)] {
            let already = matches!(self.streams.get(&this).map(|s| s.base), Some(Base::Peer(peer, _)) if peer == other);
            if !already {
                self.disconnect(this);
            }
            if let Some(stream) = self.streams.get_mut(&this) {
                if !already {
                    stream.stop(PlayEnd::Stopped);
                }
                stream.base = Base::Peer(other, digits);
            }
        }
    }

    fn disconnect(&mut self, id: StreamId) {
        let base = self
            .streams
            .get_mut(&id)
            .map(|s| std::mem::replace(&mut s.base, Base::Idle));
        if let Some(Base::Peer(peer, _)) = base
            && let Some(peer) = self.streams.get_mut(&peer)
            && matches!(peer.base, Base::Peer(back, _) if back == id)
        {
            peer.base = Base::Idle;
        }
    }

    fn close(&mut self, now: Now, id: StreamId) {
        self.disconnect(id);
        if let Some(mut stream) = self.streams.remove(&id) {
            stream.stop(PlayEnd::Stopped);
            stream.report(now, &mut self.outbox, true);
        }
    }

    /// A packet came to the RTP port of a stream. What is relayed or echoed is rewritten in place and returned; the caller
    /// sends it.
    pub fn receive(
        &mut self,
        now: Now,
        id: StreamId,
        from: SocketAddr,
        packet: &mut [u8],
    ) -> Option<Forward> {
        let stream = self.streams.get_mut(&id)?;
        let counted = stream.hear(now, from, packet)?;
        let (base, fresh) = (stream.base, !stream.fresh.is_empty());
        if fresh {
            self.tell_digits(id);
        }
        let event = counted.payload == Payload::Event;
        let target = match base {
            Base::Idle => return None,
            Base::Peer(_, Digits::Hold) if event => return None,
            Base::Peer(peer, _) => peer,
            Base::Echo if event && is_hash(&packet[counted.header.body.clone()]) => return None,
            Base::Echo => id,
        };
        let (to, part) = self
            .streams
            .get_mut(&target)?
            .pass(now, id, &counted, packet)?;
        Some(Forward {
            stream: target,
            to,
            part,
        })
    }

    /// A packet came to the RTCP port of a stream.
    pub fn receive_report(&mut self, now: Now, id: StreamId, from: SocketAddr, packet: &[u8]) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.hear_report(now, from, packet);
        }
    }

    /// 20 ms have gone by: prompts, tones, digits and reports go into the outbox.
    pub fn tick(&mut self, now: Now) {
        let mut digits = Vec::new(); // allocates only when a digit's end was lost
        for (&id, stream) in &mut self.streams {
            stream.tick(now, &mut self.outbox);
            if !stream.fresh.is_empty() {
                digits.push(id);
            }
        }
        for id in digits {
            self.tell_digits(id);
        }
    }

    /// Tells the owner about digits that ended; where the peer takes no events, they go on as tones.
    fn tell_digits(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let (base, events, fresh) = (
            stream.base,
            stream.hears_events(),
            std::mem::take(&mut stream.fresh),
        );
        for &(digit, length) in &fresh {
            stream.tell(Event::Digit { digit, length });
        }
        if let Base::Peer(peer, Digits::Pass) = base
            && events
            && let Some(peer) = self.streams.get_mut(&peer)
            && !peer.takes_events()
        {
            for (digit, length) in fresh {
                peer.digits_out.push(digit, length);
            }
        }
    }

    /// What is to be sent besides [`Forward`]s.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }
}

fn is_hash(body: &[u8]) -> bool {
    dtmf::EventBody::read(body).and_then(|b| dtmf::digit(b.event)) == Some(b'#')
}

/// Packets that we made: one buffer for all of them, used again.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    packets: Vec<Packet>,
}

#[derive(Debug)]
struct Packet {
    stream: StreamId,
    port: Port,
    to: SocketAddr,
    part: Range<usize>,
}

/// Which of a stream's two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// Audio and events.
    Rtp,
    /// Reports.
    Rtcp,
}

impl Outbox {
    pub(super) fn rtp(
        &mut self,
        stream: StreamId,
        to: SocketAddr,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.push(stream, Port::Rtp, to, write);
    }

    pub(super) fn rtcp(
        &mut self,
        stream: StreamId,
        to: SocketAddr,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.push(stream, Port::Rtcp, to, write);
    }

    fn push(
        &mut self,
        stream: StreamId,
        port: Port,
        to: SocketAddr,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.packets.push(Packet {
            stream,
            port,
            to,
            part: start..self.bytes.len(),
        });
    }

    /// Hands out every packet, in the order made, and forgets them.
    pub fn drain(&mut self, mut send: impl FnMut(StreamId, Port, SocketAddr, &[u8])) {
        for packet in self.packets.drain(..) {
            send(
                packet.stream,
                packet.port,
                packet.to,
                &self.bytes[packet.part],
            );
        }
        self.bytes.clear();
    }
}
