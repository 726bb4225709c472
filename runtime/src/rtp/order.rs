//! What an owner tells a media worker, and what the worker tells back.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Codec, Frame, tone::Tone};

/// One stream of one media process. Never used again while the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u64);

/// One `Play` order, chosen by the owner, returned in [`Event::Played`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlayId(pub u64);

/// Where a stream's events go. Called on the worker's thread: it must not block (a bounded `try_send` is right).
pub type Listener = Arc<dyn Fn(Event) + Send + Sync>;

/// What one payload number means in packets that we get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Audio in this codec.
    Audio(Codec),
    /// Digits as events (`telephone-event`, RFC 4733).
    Event,
}

/// How packets that we send look: the codec agreed on, and the payload numbers **of the other side's SDP**.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The codec that we send.
    pub codec: Codec,
    /// Its payload number.
    pub payload: u8,
    /// Payload number of `telephone-event`; `None`: digits leave as tones inside the audio.
    pub event: Option<u8>,
}

impl Format {
    /// `codec` with its static number and `telephone-event` at `event`.
    pub fn of(codec: Codec, event: Option<u8>) -> Format {
        Format {
            codec,
            payload: codec.payload(),
            event,
        }
    }
}

/// Which way audio may flow, seen from us. Hold by the far end is `send: false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// We may send.
    pub send: bool,
    /// They may send; their packets are dropped otherwise.
    pub receive: bool,
}

impl Direction {
    /// `sendrecv`.
    pub const BOTH: Direction = Direction {
        send: true,
        receive: true,
    };
}

/// The far end of a stream as SDP agreed on it. Given again after each re-INVITE; giving the same address again keeps
/// what was learned from the packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Where SDP says to send audio; `None`: nowhere (0.0.0.0, hold of the old kind).
    pub rtp: Option<SocketAddr>,
    /// Where RTCP goes (`a=rtcp`); `None`: the port after `rtp`.
    pub rtcp: Option<SocketAddr>,
    /// How we send.
    pub send: Format,
    /// What we take: the payload numbers **of our SDP** (and theirs, for phones that mix them up).
    pub receive: Vec<(u8, Payload)>,
    /// Which ways are open.
    pub direction: Direction,
    /// Send where valid packets come from (`comedia`, `rtp_symmetric`), not where SDP says.
    pub symmetric: bool,
    /// Listen for digits in the audio (`dtmf_mode=inband`).
    pub inband_digits: bool,
}

/// What a bridge does with digits of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// They go on to the other side (as events, or as tones where it takes no events), and are reported.
    Pass,
    /// They are only reported: a feature may be meant.
    Hold,
}

/// What an audio source has for this tick.
pub enum Next {
    /// 20 ms of audio.
    Frame(Box<Frame>),
    /// Nothing yet; the stream stays silent for this tick and asks again.
    Late,
    /// It is over.
    End,
}

/// Audio to be played: asked once per tick, on the worker's thread, so it must never block.
pub trait Frames: Send {
    /// The next 20 ms.
    fn next(&mut self) -> Next;
}

/// What is played.
pub type Audio = Box<dyn Frames>;

/// What an owner wants of a stream. Orders of one owner are carried out in the order given.
pub enum Order {
    /// The far end, from SDP.
    Remote(Remote),
    /// Relay between this stream and the other one (of the same worker), both ways; `digits` are those that **this** stream
    /// hears, `peer_digits` those of the other one. Transcodes when the two speak different codecs. Ends Echo on both.
    Connect {
        /// The other stream.
        peer: StreamId,
        /// What happens to this stream's digits.
        digits: Digits,
        /// What happens to the peer's digits.
        peer_digits: Digits,
    },
    /// Ends the relay, both ways; nothing flows between the two (direct media, end of a bridge).
    Disconnect,
    /// Plays audio to the far end in place of whatever else flows there; replaces what plays now (`Played` with `Replaced`).
    Play {
        /// Comes back in [`Event::Played`].
        id: PlayId,
        /// The audio.
        audio: Audio,
    },
    /// Plays a tone until `StopPlay`, `Play`, `Connect` or `Echo`.
    Tone(Tone),
    /// Ends what plays (`Played` with `Stopped`); relay or echo go on beneath.
    StopPlay,
    /// Sends audio and digits back to where they come from, `#` excepted; `false` ends that.
    Echo(bool),
    /// Sends a digit (0-9, *, #, A-D) after those that wait already; others are dropped. At most 64 wait.
    SendDigit {
        /// The digit.
        digit: u8,
        /// How long it lasts.
        length: Duration,
    },
    /// Measures what is heard during this time and reports [`Event::Heard`].
    Measure(Duration),
    /// Reports [`Event::Silent`] when nothing valid came for so long, once per silence; `None`: never.
    Watch(Option<Duration>),
    /// Reports [`Event::Stats`].
    Stats,
    /// Events go to this listener from now on (the stream has a new owner).
    Listen(Listener),
    /// Ends the stream: RTCP BYE, sockets closed, port free. A handle that is dropped gives this order.
    Close,
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Order::Remote(remote) => f.debug_tuple("Remote").field(remote).finish(),
            Order::Connect { peer, .. } => f.debug_tuple("Connect").field(peer).finish(),
            Order::Disconnect => f.write_str("Disconnect"),
            Order::Play { id, .. } => f.debug_tuple("Play").field(id).finish(),
            Order::Tone(tone) => f.debug_tuple("Tone").field(tone).finish(),
            Order::StopPlay => f.write_str("StopPlay"),
            Order::Echo(on) => f.debug_tuple("Echo").field(on).finish(),
            Order::SendDigit { digit, length } => f
                .debug_tuple("SendDigit")
                .field(&char::from(*digit))
                .field(length)
                .finish(),
            Order::Measure(time) => f.debug_tuple("Measure").field(time).finish(),
            Order::Watch(time) => f.debug_tuple("Watch").field(time).finish(),
            Order::Stats => f.write_str("Stats"),
            Order::Listen(_) => f.write_str("Listen"),
            Order::Close => f.write_str("Close"),
        }
    }
}

/// How a `Play` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayEnd {
    /// All of it was played.
    Finished,
    /// `StopPlay`, `Connect`, `Echo` or `Close` ended it.
    Stopped,
    /// Another `Play` or `Tone` took its place.
    Replaced,
}

/// What a stream has to tell its owner.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A `Play` order is over.
    Played {
        /// Which one.
        id: PlayId,
        /// How it ended.
        end: PlayEnd,
    },
    /// The far end pressed a digit (0-9, *, #, A-D); told when it ends.
    Digit {
        /// The digit.
        digit: u8,
        /// How long it lasted.
        length: Duration,
    },
    /// Valid packets come, and from here. Told once the source is learned, and again when it changes.
    Learned(SocketAddr),
    /// Nothing valid came for this long.
    Silent(Duration),
    /// The answer to `Measure`.
    Heard(Heard),
    /// The answer to `Stats`.
    Stats(Box<Stats>),
}

/// What was heard during a `Measure`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Samples of audio that came.
    pub samples: usize,
    /// Loudness of all of it, in dB below the loudest possible sine (0 is loudest, -96 is silence).
    pub level: f32,
    /// The strongest single frequency, in Hz; 0 if there was no audio.
    pub hertz: f32,
    /// The part of the energy that lies at this frequency, 0 to 1. Near 1: a pure tone.
    pub purity: f32,
}

/// Figures of one stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Packets sent.
    pub sent: u64,
    /// Bytes of payload sent.
    pub sent_bytes: u64,
    /// Valid packets received.
    pub received: u64,
    /// Bytes of payload received.
    pub received_bytes: u64,
    /// Packets that never came, by the sequence numbers (RFC 3550 A.3); duplicates may make it smaller.
    pub lost: u64,
    /// Packets that came after a later one.
    pub reordered: u64,
    /// Packets that were dropped because they came from a stranger.
    pub strangers: u64,
    /// Packets that were dropped because they were broken, of no agreed payload, or not wanted (hold).
    pub dropped: u64,
    /// Interarrival jitter (RFC 3550 A.8).
    pub jitter: Duration,
    /// Packets that the far end says it lost (RTCP).
    pub far_lost: Option<u32>,
    /// Round-trip time by RTCP.
    pub round_trip: Option<Duration>,
    /// Where packets are sent now.
    pub sending_to: Option<SocketAddr>,
}
