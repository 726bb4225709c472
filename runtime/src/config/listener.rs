//! Sockets that the configuration asks for.

use std::net::SocketAddr;

use super::Place;
use super::account::Technology;
use crate::sip::flow::Protocol;

/// One socket for SIP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The transport's name in `pjsip.conf`; `udp` or `tcp` for those of `sip.conf`.
    pub name: Vec<u8>,
    /// Its protocol.
    pub protocol: Protocol,
    /// Where it listens. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// Whose file it is from: a call of a technology leaves by a listener of the same file, if one fits.
    pub technology: Technology,
    /// Where it is written; `None` for a default.
    pub place: Option<Place>,
}
