//! What carries SIP messages to and from a shard: sockets, or an exchange of bytes in memory.

use crate::sip::flow::{Now, Transmit};
pub use crate::sip::transport::{Heard, Listening};
use std::net::SocketAddr;
use tokio::sync::mpsc;

/// The memory side of a wire, for tests: what the exchange sends comes out here, what is put in is received by it.
#[derive(Debug)]
pub struct Memory {
    pub(crate) heard: mpsc::Receiver<Heard>,
    pub(crate) sent: mpsc::UnboundedSender<Transmit>,
    pub(crate) near: SocketAddr,
}

/// The other end of a [`Memory`] wire.
#[derive(Debug)]
pub struct FarEnd {
    /// Puts a message to the exchange, or breaks a flow.
    pub say: mpsc::Sender<Heard>,
    /// What the exchange sent.
    pub heard: mpsc::UnboundedReceiver<Transmit>,
}

/// A wire without sockets; the exchange lives at `near` on it.
#[must_use]
pub fn memory(near: SocketAddr) -> (Memory, FarEnd) {
    let (say, heard) = mpsc::channel(crate::limits::SHARD_INBOX);
    let (sent, out) = mpsc::unbounded_channel();
    (Memory { heard, sent, near }, FarEnd { say, heard: out })
}

/// Reads the clock of a shard: tokio's, so that a test can pause it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: tokio::time::Instant,
    unix_ms: u64,
}

impl Clock {
    /// A clock that shows these milliseconds since 1970, or what the system shows.
    pub(crate) fn new(shows: Option<u64>) -> Clock {
        let of_system = || {
            let unix = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap_or_default();
            u64::try_from(unix.as_millis()).unwrap_or(0)
        };
        Clock {
            start: tokio::time::Instant::now(),
            unix_ms: shows.unwrap_or_else(of_system),
        }
    }

    pub(crate) fn now(&self) -> Now {
        let passed = self.start.elapsed();
        Now {
            micros: u64::try_from(passed.as_micros()).unwrap_or(u64::MAX),
            unix_ms: self
                .unix_ms
                .saturating_add(u64::try_from(passed.as_millis()).unwrap_or(0)),
        }
    }

    /// The instant of a moment of this clock.
    pub(crate) fn instant(&self, now: Now) -> tokio::time::Instant {
        self.start + std::time::Duration::from_micros(now.micros)
    }
}
