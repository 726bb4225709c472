//! When, and by which way: the moment and the path that accompany every message.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

/// A moment, as the shard's task read it. The stack itself never reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Now {
    /// Microseconds since the program started; never goes back.
    pub micros: u64,
    /// Milliseconds since 1970, for what people and peers read.
    pub unix_ms: u64,
}

impl Now {
    /// The moment `later` after this one.
    #[must_use]
    pub fn after(self, later: Duration) -> Now {
        let micros = u64::try_from(later.as_micros()).unwrap_or(u64::MAX);
        Now {
            micros: self.micros.saturating_add(micros),
            unix_ms: self.unix_ms.saturating_add(micros / 1000),
        }
    }
}

/// Which configured listener (a bound socket) something came by or leaves by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ListenerId(pub u16);

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Datagrams: repeats are ours to send.
    Udp,
    /// A stream: nothing is lost while the connection lives.
    Tcp,
}

impl Protocol {
    /// As Via writes it: `UDP`, `TCP`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
        }
    }

    /// Whether messages arrive in order or the connection breaks (RFC 3261 17: no repeats, waits of 0).
    #[must_use]
    pub fn reliable(self) -> bool {
        matches!(self, Protocol::Tcp)
    }
}

/// The way between us and one peer: where bytes came from, and where an answer must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// The listener that owns the socket.
    pub listener: ListenerId,
    /// Datagrams or a stream.
    pub protocol: Protocol,
    /// The address of ours that the peer can reach (never `0.0.0.0`): our Via sent-by and Contact. For a stream it names the
    /// listener's port, not the connection's.
    pub local: SocketAddr,
    /// The peer's address, as the packets show it.
    pub remote: SocketAddr,
    /// Number of the connection, unique in this process. 0 for datagrams; 0 on a stream means: the connection to `remote` if
    /// there is one, else a new one.
    pub connection: u64,
}

/// Bytes that leave, and by which way. One whole message.
#[derive(Clone, Debug)]
pub struct Transmit {
    /// Where to.
    pub flow: Flow,
    /// What.
    pub bytes: Bytes,
}
