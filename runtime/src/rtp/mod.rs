//! RTP: the audio of calls.
//!
//! Sans-IO inside. A stream knows one call leg's packets, [`Worker`](worker::Worker) owns many streams, carries out
//! [`Order`]s, relays between connected streams and reports [`Event`]s; neither knows a socket, a clock or a thread. Only
//! [`io`] does: one thread per worker with its sockets and the 20 ms tick. Nothing here imports the rest of the runtime.
//!
//! Time inside is [`clock::Now`], audio inside is 8 kHz mono, one [`Frame`] is 20 ms.

pub mod clock;
pub mod codecs;
pub mod detector;
pub mod dtmf;
pub mod io;
mod order;
pub mod packet;
pub mod ports;
mod reception;
pub mod rtcp;
mod sending;
mod source;
mod stream;
pub mod tone;
pub mod worker;

pub use codecs::Codec;
pub use order::{
    Audio, Digits, Direction, Event, Format, Frames, Heard, Listener, Next, Order, Payload,
    PlayEnd, PlayId, Remote, Stats, StreamId,
};
pub use source::FORGET;
pub use stream::MEASURE;

/// Samples in a second. All audio inside the exchange is 8 kHz mono.
pub const RATE: u32 = 8_000;
/// Samples in one frame of 20 ms.
pub const FRAME: usize = 160;
/// 20 ms of audio, linear 16 bit.
pub type Frame = [i16; FRAME];
/// Largest RTP or RTCP packet that is read, in bytes; a longer one is dropped.
pub const RTP_PACKET: usize = 2_048;
/// Frames that an owner may have decoded ahead of the packets that leave.
pub const AHEAD: usize = 64;
