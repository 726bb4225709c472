//! The sockets of signalling: datagrams and streams in, whole messages out, and back.
//!
//! The only file of `sip` that knows tokio. A [`Transport`] turns what arrives into [`Heard`] and sends what the stack wants sent. The
//! shard that owns the stack and the clock calls [`Transport::next`] and [`Transport::send`]; nothing here looks into a message.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::crowd::{Crowd, Place};
use super::flow::{Flow, ListenerId, Protocol, Transmit};
use super::framing::{Frame, Framer, PONG, keeps_alive};

/// Longest datagram, in bytes.
pub const DATAGRAM: usize = 65_535;
/// Datagrams that are taken from a socket, and messages that are taken from the inbox, at once.
const BATCH: usize = 64;
/// Messages that wait to be sent on one connection. More: it is closed, for its peer does not read.
const WAITING: usize = 256;

/// Local addresses of routes that are remembered, and for how long.
const ROUTES: usize = 4_096;
const ROUTE_LIFE: Duration = Duration::from_secs(60);

/// Bounds of the sockets.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Messages that wait for the shard. Full: datagrams are dropped (a phone repeats), streams are not read.
    pub inbox: usize,
    /// Connections at once. More: refused.
    pub connections: usize,
    /// Connections at once from one address. More: refused.
    pub per_address: usize,
    /// Time for the first whole message of a connection, and for the rest of one that has begun.
    pub message: Duration,
    /// Time without a byte until a connection is closed.
    pub idle: Duration,
    /// Time to make a connection.
    pub connect: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            inbox: 4_096,
            connections: 4_096,
            per_address: 64,
            message: Duration::from_secs(10),
            idle: Duration::from_secs(15 * 60),
            connect: Duration::from_secs(4),
        }
    }
}

/// One address where the exchange listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// Its number, as flows name it.
    pub listener: ListenerId,
    /// Datagrams or streams.
    pub protocol: Protocol,
    /// The address. Asked for with port 0, the real port once bound.
    pub address: SocketAddr,
}

/// Something that came by a socket.
#[derive(Debug, Clone)]
pub enum Heard {
    /// One whole message: for `Stack::receive`.
    Message(Flow, Bytes),
    /// Nothing can be sent by this flow: for `Stack::unreachable`.
    Unreachable(Flow),
    /// The connection with this number has ended; nothing comes by it any more.
    Closed(u64),
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {} {address}: {error}", protocol.name())]
pub struct Refused {
    /// Datagrams or streams.
    pub protocol: Protocol,
    /// The address that was asked for.
    pub address: SocketAddr,
    /// What the system said.
    #[source]
    pub error: io::Error,
}

/// From tasks of sockets to the transport.
enum Arrival {
    Heard(Heard),
    /// A connection that somebody made to us, and the way to write to it.
    Opened(Flow, mpsc::Sender<Bytes>, Place),
}

/// The sockets. Dropping it closes them all.
pub struct Transport {
    routes: Routes,
    inbox: mpsc::Receiver<Arrival>,
    /// Kept for the connections that we make.
    arrivals: mpsc::Sender<Arrival>,
    ready: VecDeque<Heard>,
    datagrams: HashMap<ListenerId, Arc<UdpSocket>>,
    connections: HashMap<u64, Connection>,
    /// The newest connection to each peer.
    peers: HashMap<(ListenerId, SocketAddr), u64>,
    crowd: Crowd,
    numbers: Arc<AtomicU64>,
    bounds: Bounds,
    tasks: JoinSet<()>,
}

struct Connection {
    flow: Flow,
    out: mpsc::Sender<Bytes>,
    /// Counted as long as it lives.
    _place: Option<Place>,
}

impl Transport {
    /// Opens every listener, in order. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The first address that cannot be bound; nothing is left open then.
    pub async fn open(wanted: &[Listening], bounds: Bounds) -> Result<Transport, Refused> {
        let refused = |l: &Listening, error| Refused {
            protocol: l.protocol,
            address: l.address,
            error,
        };
        let (arrivals, inbox) = mpsc::channel(bounds.inbox.max(1));
        let numbers = Arc::new(AtomicU64::new(1));
        let crowd = Crowd::new(&bounds);
        let mut tasks = JoinSet::new();
        let mut datagrams = HashMap::new();
        let mut listening = Vec::with_capacity(wanted.len());
        let mut accepting = Vec::new();
        for l in wanted {
            let mut bound = *l;
            match l.protocol {
                Protocol::Udp => {
                    let socket = UdpSocket::bind(l.address)
                        .await
                        .map_err(|e| refused(l, e))?;
                    bound.address = socket.local_addr().map_err(|e| refused(l, e))?;
                    // A burst of phones after a power cut: as much as the system grants.
                    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
                    datagrams.insert(l.listener, Arc::new(socket));
                }
                Protocol::Tcp => {
                    let socket = TcpListener::bind(l.address)
                        .await
                        .map_err(|e| refused(l, e))?;
                    bound.address = socket.local_addr().map_err(|e| refused(l, e))?;
                    accepting.push((bound, socket));
                }
            }
            listening.push(bound);
        }
        let routes = Routes::new(listening);
        for (id, socket) in &datagrams {
            tasks.spawn(read_datagrams(
                *id,
                socket.clone(),
                routes.clone(),
                arrivals.clone(),
            ));
        }
        for (bound, socket) in accepting {
            let door = Door {
                bound,
                routes: routes.clone(),
                arrivals: arrivals.clone(),
                crowd: crowd.clone(),
                numbers: numbers.clone(),
                bounds: bounds.clone(),
            };
            tasks.spawn(door.accept(socket));
        }
        Ok(Transport {
            routes,
            inbox,
            arrivals,
            ready: VecDeque::new(),
            datagrams,
            connections: HashMap::new(),
            peers: HashMap::new(),
            crowd,
            numbers,
            bounds,
            tasks,
        })
    }

    /// Where it listens, with the real ports.
    #[must_use]
    pub fn listening(&self) -> &[Listening] {
        self.routes.listening()
    }

    /// What makes flows to new peers; to be given to whoever chooses targets.
    #[must_use]
    pub fn routes(&self) -> Routes {
        self.routes.clone()
    }

    /// Whether more than half of the inbox is taken: new requests should be refused with 503.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.inbox.len() * 2 > self.inbox.max_capacity()
    }

    /// The next thing that came; waits for it. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Heard {
        loop {
            if let Some(heard) = self.ready.pop_front() {
                return heard;
            }
            // The sender that `self` holds keeps the channel open.
            let mut batch = Vec::new();
            if self.inbox.recv_many(&mut batch, BATCH).await == 0 {
                return std::future::pending().await;
            }
            for arrival in batch {
                self.arrived(arrival);
            }
        }
    }

    fn arrived(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Opened(flow, out, place) => {
                self.peers
                    .insert((flow.listener, flow.remote), flow.connection);
                self.connections.insert(
                    flow.connection,
                    Connection {
                        flow,
                        out,
                        _place: Some(place),
                    },
                );
            }
            Arrival::Heard(Heard::Closed(number)) => {
                if let Some(connection) = self.forget(number) {
                    self.ready.push_back(Heard::Unreachable(connection.flow));
                }
                self.ready.push_back(Heard::Closed(number));
            }
            Arrival::Heard(heard) => self.ready.push_back(heard),
        }
    }

    fn forget(&mut self, number: u64) -> Option<Connection> {
        let connection = self.connections.remove(&number)?;
        let peer = (connection.flow.listener, connection.flow.remote);
        if self.peers.get(&peer) == Some(&number) {
            self.peers.remove(&peer);
        }
        Some(connection)
    }

    /// Sends one message. What cannot be sent comes back as [`Heard::Unreachable`]; a datagram that the system has no room for is
    /// lost like any other.
    pub fn send(&mut self, transmit: Transmit) {
        let Transmit { flow, bytes } = transmit;
        let sent = match flow.protocol {
            Protocol::Udp => self.send_datagram(flow, &bytes),
            Protocol::Tcp => self.send_on_stream(flow, bytes),
        };
        if !sent {
            self.ready.push_back(Heard::Unreachable(flow));
        }
    }

    fn send_datagram(&self, flow: Flow, bytes: &[u8]) -> bool {
        let Some(socket) = self.datagrams.get(&flow.listener) else {
            return false;
        };
        let wide = socket.local_addr().is_ok_and(|a| a.is_ipv6());
        let to = match flow.remote {
            SocketAddr::V4(v4) if wide => {
                SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
            }
            other => other,
        };
        match socket.try_send_to(bytes, to) {
            Ok(_) => true,
            Err(e) => matches!(
                e.kind(),
                io::ErrorKind::WouldBlock
                    | io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::Interrupted
            ),
        }
    }

    fn send_on_stream(&mut self, flow: Flow, bytes: Bytes) -> bool {
        let number = if flow.connection == 0 {
            self.peers.get(&(flow.listener, flow.remote)).copied()
        } else {
            Some(flow.connection)
        };
        if let Some(number) = number {
            let Some(connection) = self.connections.get(&number) else {
                return false;
            };
            if connection.out.try_send(bytes).is_ok() {
                return true;
            }
            // Its queue is full, or its task is gone: either way it is of no use any more.
            self.forget(number);
            self.ready.push_back(Heard::Closed(number));
            return false;
        }
        self.connect(flow, bytes)
    }

    /// Makes a connection from the listener's address, so that the peer knows who calls.
    fn connect(&mut self, flow: Flow, bytes: Bytes) -> bool {
        let Some(bound) = self.routes.find(flow.listener, Protocol::Tcp) else {
            return false;
        };
        let Some(place) = self.crowd.enter(None) else {
            return false;
        };
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let flow = Flow {
            connection: number,
            ..flow
        };
        let (out, waiting) = mpsc::channel(WAITING);
        if out.try_send(bytes).is_err() {
            return false;
        }
        self.peers.insert((flow.listener, flow.remote), number);
        self.connections.insert(
            number,
            Connection {
                flow,
                out,
                _place: Some(place),
            },
        );
        let (arrivals, bounds) = (self.arrivals.clone(), self.bounds.clone());
        // Those that ended are reaped here, so that the set does not grow.
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(async move {
            match timeout(bounds.connect, dial(bound.address, flow.remote)).await {
                Ok(Ok(stream)) => serve(stream, flow, waiting, &arrivals, &bounds, false).await,
                Ok(Err(error)) => tracing::debug!(peer = %flow.remote, %error, "no connection"),
                Err(_) => tracing::debug!(peer = %flow.remote, "no connection in time"),
            }
            let _ = arrivals.send(Arrival::Heard(Heard::Closed(number))).await;
        });
        true
    }
}

async fn dial(from: SocketAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if !from.ip().is_unspecified() && from.is_ipv4() == to.is_ipv4() {
        socket.bind(SocketAddr::new(from.ip(), 0))?;
    }
    socket.connect(to).await
}

/// Reads one socket in batches.
async fn read_datagrams(
    id: ListenerId,
    socket: Arc<UdpSocket>,
    routes: Routes,
    arrivals: mpsc::Sender<Arrival>,
) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        if socket.readable().await.is_err() {
            return;
        }
        let mut dropped = 0;
        for _ in 0..BATCH {
            match socket.try_recv_from(&mut buffer) {
                Ok((size, _)) if keeps_alive(&buffer[..size]) => {}
                Ok((size, from)) => {
                    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
                    let Some(flow) = routes.flow(id, Protocol::Udp, from) else {
                        continue;
                    };
                    let bytes = Bytes::copy_from_slice(&buffer[..size]);
                    match arrivals.try_send(Arrival::Heard(Heard::Message(flow, bytes))) {
                        Ok(()) => {}
                        Err(mpsc::error::TrySendError::Full(_)) => dropped += 1,
                        Err(mpsc::error::TrySendError::Closed(_)) => return,
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                // An error of an earlier datagram, as a port that nobody listens on.
                Err(_) => {}
            }
        }
        if dropped > 0 {
            tracing::warn!(dropped, "the shard is full: datagrams dropped");
        }
    }
}

/// What accepts connections on one listener.
struct Door {
    bound: Listening,
    routes: Routes,
    arrivals: mpsc::Sender<Arrival>,
    crowd: Crowd,
    numbers: Arc<AtomicU64>,
    bounds: Bounds,
}

impl Door {
    async fn accept(self, socket: TcpListener) {
        let mut tasks = JoinSet::new();
        loop {
            let (stream, from) = match socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: they come back when connections close.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            while tasks.try_join_next().is_some() {}
            let from = SocketAddr::new(from.ip().to_canonical(), from.port());
            let Some(place) = self.crowd.enter(Some(from.ip())) else {
                tracing::warn!(peer = %from, "too many connections: refused");
                continue;
            };
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            // The address that the peer has reached; the port is the listener's either way.
            let near = stream
                .local_addr()
                .map_or(self.bound.address.ip(), |a| a.ip().to_canonical());
            let Some(flow) = self.routes.flow(self.bound.listener, Protocol::Tcp, from) else {
                continue;
            };
            let flow = Flow {
                local: SocketAddr::new(near, self.bound.address.port()),
                connection: number,
                ..flow
            };
            let (out, waiting) = mpsc::channel(WAITING);
            let (arrivals, bounds) = (self.arrivals.clone(), self.bounds.clone());
            tasks.spawn(async move {
                if arrivals
                    .send(Arrival::Opened(flow, out, place))
                    .await
                    .is_ok()
                {
                    serve(stream, flow, waiting, &arrivals, &bounds, true).await;
                    let _ = arrivals.send(Arrival::Heard(Heard::Closed(number))).await;
                }
            });
        }
    }
}

/// Reads and writes one connection until it ends. `strange`: the peer came to us, and has to prove soon that it speaks SIP.
async fn serve(
    mut stream: TcpStream,
    flow: Flow,
    mut waiting: mpsc::Receiver<Bytes>,
    arrivals: &mpsc::Sender<Arrival>,
    bounds: &Bounds,
    strange: bool,
) {
    let _ = stream.set_nodelay(true);
    let (mut read, mut write) = stream.split();
    let mut framer = Framer::new();
    let mut buffer = vec![0; 16 * 1024];
    let mut whole = !strange;
    let mut deadline = Instant::now() + if strange { bounds.message } else { bounds.idle };
    loop {
        tokio::select! {
            size = read.read(&mut buffer) => {
                let Ok(size @ 1..) = size else { return };
                let had_begun = framer.is_waiting();
                framer.push(&buffer[..size]);
                let mut cut = false;
                while let Some(frame) = framer.frame() {
                    cut = true;
                    match frame {
                        Frame::Message(bytes) => {
                            whole = true;
                            // While the inbox is full this waits, and the peer is not read.
                            if arrivals.send(Arrival::Heard(Heard::Message(flow, bytes))).await.is_err() {
                                return;
                            }
                        }
                        Frame::Ping => {
                            if !put(&mut write, PONG, bounds).await {
                                return;
                            }
                        }
                        Frame::Fatal(fatal) => {
                            tracing::debug!(peer = %flow.remote, fault = %fatal.fault, "a stream that cannot be cut: closed");
                            if let Some(answer) = fatal.answer(flow.remote, format!("c{}", flow.connection).as_bytes()) {
                                put(&mut write, &answer, bounds).await;
                            }
                            return;
                        }
                    }
                }
                if framer.is_waiting() {
                    if !had_begun || cut {
                        deadline = deadline.min(Instant::now() + bounds.message);
                    }
                } else if whole {
                    deadline = Instant::now() + bounds.idle;
                }
            }
            bytes = waiting.recv() => {
                let Some(bytes) = bytes else { return };
                if !put(&mut write, &bytes, bounds).await {
                    return;
                }
                if !framer.is_waiting() && whole {
                    deadline = Instant::now() + bounds.idle;
                }
            }
            () = sleep_until(deadline) => return,
        }
    }
}

async fn put(write: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8], bounds: &Bounds) -> bool {
    matches!(
        timeout(bounds.message, write.write_all(bytes)).await,
        Ok(Ok(()))
    )
}

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
