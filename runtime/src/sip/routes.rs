//! Which local address leads to a peer: what Via, Contact and SDP name when a listener is bound to all addresses.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::flow::{Flow, ListenerId, Protocol};
use super::transport::Listening;

/// Local addresses of routes that are remembered, and for how long.
const ROUTES: usize = 4_096;
const ROUTE_LIFE: Duration = Duration::from_secs(60);

/// What local address leads to a peer. Cheap to clone; shared by all that choose targets.
#[derive(Clone, Debug)]
pub struct Routes {
    listening: Arc<[Listening]>,
    cache: Arc<Mutex<HashMap<IpAddr, (IpAddr, std::time::Instant)>>>,
}

impl Routes {
    pub(crate) fn new(listening: Vec<Listening>) -> Routes {
        Routes {
            listening: listening.into(),
            cache: Arc::default(),
        }
    }

    pub(crate) fn listening(&self) -> &[Listening] {
        &self.listening
    }

    pub(crate) fn find(&self, listener: ListenerId, protocol: Protocol) -> Option<Listening> {
        self.listening
            .iter()
            .find(|l| l.listener == listener && l.protocol == protocol)
            .copied()
    }

    /// The flow from a listener to a new peer. On a stream it means the connection to that peer, or a new one. `None`: no such
    /// listener, or its address family has no way there.
    #[must_use]
    pub fn flow(
        &self,
        listener: ListenerId,
        protocol: Protocol,
        remote: SocketAddr,
    ) -> Option<Flow> {
        let bound = self.find(listener, protocol)?;
        let ip = if bound.address.ip().is_unspecified() {
            self.local(remote.ip())
        } else {
            bound.address.ip()
        };
        if ip.is_ipv4() != remote.is_ipv4() {
            return None;
        }
        Some(Flow {
            listener,
            protocol,
            local: SocketAddr::new(ip, bound.address.port()),
            remote,
            connection: 0,
        })
    }

    /// The address of ours that packets to `peer` leave from: what a connected socket says. Remembered for a minute.
    fn local(&self, peer: IpAddr) -> IpAddr {
        let now = std::time::Instant::now();
        let fresh = |at: &std::time::Instant| now.duration_since(*at) < ROUTE_LIFE;
        if let Some((ip, at)) = lock(&self.cache).get(&peer)
            && fresh(at)
        {
            return *ip;
        }
        let any: IpAddr = if peer.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let ask = || {
            let socket = std::net::UdpSocket::bind((any, 0))?;
            socket.connect((peer, 5060))?;
            socket.local_addr()
        };
        let loopback: IpAddr = if peer.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        };
        let ip = ask().map_or(loopback, |a: SocketAddr| a.ip());
        let mut cache = lock(&self.cache);
        if cache.len() >= ROUTES {
            cache.clear();
        }
        cache.insert(peer, (ip, now));
        ip
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What it holds is right after every single step, so a panic elsewhere spoils nothing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
