//! The media side's sockets, clock and threads. Everything else in this folder is without them.
//!
//! One thread per worker: it sleeps in one poll over all of its sockets, carries out orders, relays what came, and ticks every
//! 20 ms while a stream is open. A relayed packet is read into one buffer, rewritten there and sent from there.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{io, mem, thread};

use mio::net::UdpSocket as Socket;
use mio::{Events, Interest, Poll, Token, Waker};

use super::clock::{Now, TICK};
use super::ports::Ports;
use super::worker::{Config, Port, Worker};
use super::{Listener, Order, RTP_PACKET, StreamId};

/// Orders that may wait for one worker; an owner that is faster waits.
pub const ORDERS: usize = 16_384;
/// Packets read from one socket before the others get their turn.
const TURN: usize = 32;
/// Ticks that are made up for when the thread was held up; more are left out.
const CATCH_UP: u32 = 5;
/// The token that wakes the thread for orders; sockets have twice their stream's number, or one more for RTCP.
const ORDERED: Token = Token(usize::MAX);

/// Why a stream could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Every pair of ports is taken, by us or by other programs.
    #[error("no free pair of RTP ports")]
    Exhausted,
    /// The system refuses, for a reason that another port would not change: no such address, too many open files.
    #[error("cannot open an RTP port at {0}: {1}")]
    Refused(IpAddr, io::Error),
}

/// What travels to a worker's thread.
enum Message {
    /// A stream was opened: its sockets and where its events go.
    Open(StreamId, (UdpSocket, UdpSocket), Listener),
    /// An order for a stream.
    Order(StreamId, Order),
    /// Nobody is left to give orders.
    End,
}

/// One worker thread, from outside. It ends when this is dropped.
#[derive(Debug)]
pub struct Thread {
    messages: SyncSender<Message>,
    waker: Waker,
    ports: Arc<Mutex<Ports>>,
}

static NEXT_STREAM: AtomicU64 = AtomicU64::new(1);

impl Thread {
    /// Starts a worker that owns `ports`.
    ///
    /// # Errors
    /// When the system gives no thread or no poll.
    pub fn start(config: &Config, ports: Ports) -> io::Result<Thread> {
        let (messages, inbox) = sync_channel(ORDERS);
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), ORDERED)?;
        let ports = Arc::new(Mutex::new(ports));
        // std's hasher keys are the one source of randomness in std.
        let seed = std::collections::hash_map::RandomState::new()
            .build_hasher()
            .finish();
        let mut running = Loop {
            poll,
            inbox,
            worker: Worker::new(config, seed),
            sockets: HashMap::new(),
            ports: Arc::clone(&ports),
            clock: Clock::start(),
            next_tick: Duration::ZERO,
            more_orders: false,
        };
        thread::Builder::new()
            .name("media".into())
            .spawn(move || running.run())?;
        Ok(Thread {
            messages,
            waker,
            ports,
        })
    }

    /// Binds a pair of ports at `at` and hands it to the worker. Returns the stream and its RTP address.
    ///
    /// # Errors
    /// [`OpenError`]: nothing is left open then.
    pub fn open(
        &self,
        at: IpAddr,
        listener: Listener,
    ) -> Result<(StreamId, SocketAddr), OpenError> {
        let mut ports = lock(&self.ports);
        for _ in 0..ports.free() {
            let port = ports.take().ok_or(OpenError::Exhausted)?;
            match bind(at, port) {
                Ok(pair) => {
                    let id = StreamId(NEXT_STREAM.fetch_add(1, Ordering::Relaxed));
                    drop(ports);
                    self.send(Message::Open(id, pair, listener));
                    return Ok((id, SocketAddr::new(at, port)));
                }
                Err(error) => {
                    ports.give_back(port);
                    // Somebody else's port, or one below 1024: the next one may do.
                    if !matches!(
                        error.kind(),
                        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
                    ) {
                        return Err(OpenError::Refused(at, error));
                    }
                }
            }
        }
        Err(OpenError::Exhausted)
    }

    /// Gives an order.
    pub fn order(&self, stream: StreamId, order: Order) {
        self.send(Message::Order(stream, order));
    }

    /// Pairs that are free now.
    pub fn free(&self) -> usize {
        lock(&self.ports).free()
    }

    fn send(&self, message: Message) {
        // Both fail only if the thread has died; a stream is silent then, and nothing else suffers.
        if self.messages.send(message).is_err() || self.waker.wake().is_err() {
            tracing::error!("the media worker is gone");
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.send(Message::End);
    }
}

fn lock(ports: &Mutex<Ports>) -> std::sync::MutexGuard<'_, Ports> {
    ports.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bind(at: IpAddr, port: u16) -> io::Result<(UdpSocket, UdpSocket)> {
    let rtp = UdpSocket::bind((at, port))?;
    let rtcp = UdpSocket::bind((at, port + 1))?;
    rtp.set_nonblocking(true)?;
    rtcp.set_nonblocking(true)?;
    Ok((rtp, rtcp))
}

/// The only place on the media side that reads a clock.
struct Clock {
    started: Instant,
    unix: Duration,
}

impl Clock {
    fn start() -> Clock {
        Clock {
            started: Instant::now(),
            unix: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        }
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn now(&self) -> Now {
        let elapsed = self.elapsed();
        Now {
            micros: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            unix_ms: u64::try_from((self.unix + elapsed).as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// RTP and RTCP socket of one stream.
struct Pair {
    rtp: Socket,
    rtcp: Socket,
    port: u16,
}

impl Pair {
    fn send(&self, port: Port, to: SocketAddr, packet: &[u8]) {
        let socket = match port {
            Port::Rtp => &self.rtp,
            Port::Rtcp => &self.rtcp,
        };
        // A packet that cannot leave now is lost, as on any network; the next one follows in 20 ms.
        let _ = socket.send_to(packet, family_of(socket, to));
    }
}

/// A socket for both families wants IPv4 addresses in their IPv6 form.
fn family_of(socket: &Socket, to: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(v4) if socket.local_addr().is_ok_and(|near| near.is_ipv6()) => {
            SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0).into()
        }
        to => to,
    }
}

fn token(id: StreamId, port: Port) -> Token {
    Token((id.0 as usize) << 1 | usize::from(port == Port::Rtcp))
}

struct Loop {
    poll: Poll,
    inbox: Receiver<Message>,
    worker: Worker,
    sockets: HashMap<StreamId, Pair>,
    ports: Arc<Mutex<Ports>>,
    clock: Clock,
    next_tick: Duration,
    /// Orders were left in the inbox.
    more_orders: bool,
}

impl Loop {
    fn run(&mut self) {
        let mut events = Events::with_capacity(1_024);
        // One byte more than a packet may have: what fills it was too long.
        let mut buffer = vec![0; RTP_PACKET + 1];
        // Sockets that may hold more packets; a poll tells of a socket only when new ones come.
        let (mut waiting, mut turn) = (Vec::new(), Vec::new());
        loop {
            let timeout = if self.more_orders || !waiting.is_empty() {
                Some(Duration::ZERO)
            } else if self.worker.streams() > 0 {
                Some(self.next_tick.saturating_sub(self.clock.elapsed()))
            } else {
                None
            };
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the media worker cannot wait for packets and ends");
                return;
            }
            waiting.extend(
                events
                    .iter()
                    .map(|event| event.token())
                    .filter(|&token| token != ORDERED),
            );
            if !self.orders() {
                return;
            }
            mem::swap(&mut waiting, &mut turn);
            for token in turn.drain(..) {
                if self.read(token, &mut buffer) {
                    waiting.push(token);
                }
            }
            self.tick();
            self.flush();
        }
    }

    /// Carries out the orders that wait. False: it is over.
    fn orders(&mut self) -> bool {
        self.more_orders = false;
        for _ in 0..ORDERS {
            match self.inbox.try_recv() {
                Ok(Message::Open(id, pair, listener)) => self.open(id, pair, listener),
                Ok(Message::Order(id, order)) => {
                    let close = matches!(order, Order::Close);
                    self.worker.order(self.clock.now(), id, order);
                    if close {
                        self.flush(); // the goodbye still needs the sockets
                        self.close(id);
                    }
                }
                Err(TryRecvError::Empty) => return true,
                Ok(Message::End) | Err(TryRecvError::Disconnected) => return false,
            }
        }
        self.more_orders = true; // the packets get their turn first
        true
    }

    fn open(&mut self, id: StreamId, (rtp, rtcp): (UdpSocket, UdpSocket), listener: Listener) {
        let port = rtp.local_addr().map_or(0, |a| a.port());
        let mut pair = Pair {
            rtp: Socket::from_std(rtp),
            rtcp: Socket::from_std(rtcp),
            port,
        };
        let registry = self.poll.registry();
        let registered = registry
            .register(&mut pair.rtp, token(id, Port::Rtp), Interest::READABLE)
            .and_then(|()| {
                registry.register(&mut pair.rtcp, token(id, Port::Rtcp), Interest::READABLE)
            });
        if let Err(error) = registered {
            tracing::error!(%error, port, "this stream stays deaf: its sockets cannot be watched");
        }
        if self.worker.streams() == 0 {
            self.next_tick = self.clock.elapsed() + TICK;
        }
        self.worker.open(self.clock.now(), id, listener);
        self.sockets.insert(id, pair);
    }

    fn close(&mut self, id: StreamId) {
        if let Some(Pair { rtp, rtcp, port }) = self.sockets.remove(&id) {
            drop((rtp, rtcp)); // before the port may be used again
            lock(&self.ports).give_back(port);
        }
    }

    /// Reads a socket's packets. True: it had its turn, and more may wait.
    fn read(&mut self, Token(token): Token, buffer: &mut [u8]) -> bool {
        let id = StreamId((token >> 1) as u64);
        let port = if token & 1 == 0 {
            Port::Rtp
        } else {
            Port::Rtcp
        };
        for _ in 0..TURN {
            let Some(pair) = self.sockets.get(&id) else {
                return false;
            };
            let received = match port {
                Port::Rtp => pair.rtp.recv_from(buffer),
                Port::Rtcp => pair.rtcp.recv_from(buffer),
            };
            let (length, from) = match received {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => continue, // an ICMP answer to something that we sent
            };
            if length > RTP_PACKET {
                continue;
            }
            let from = SocketAddr::new(from.ip().to_canonical(), from.port());
            let (now, packet) = (self.clock.now(), &mut buffer[..length]);
            match port {
                Port::Rtp => {
                    if let Some(forward) = self.worker.receive(now, id, from, packet)
                        && let Some(pair) = self.sockets.get(&forward.stream)
                    {
                        pair.send(Port::Rtp, forward.to, &packet[forward.part]);
                    }
                }
                Port::Rtcp => self.worker.receive_report(now, id, from, packet),
            }
        }
        true
    }

    fn tick(&mut self) {
        if self.worker.streams() == 0 {
            return;
        }
        let elapsed = self.clock.elapsed();
        if elapsed > self.next_tick + TICK * CATCH_UP {
            self.next_tick = elapsed; // held up for long: what was missed stays missed
        }
        while self.next_tick <= elapsed {
            self.worker.tick(self.clock.now());
            self.next_tick += TICK;
        }
    }

    fn flush(&mut self) {
        let sockets = &self.sockets;
        self.worker.outbox().drain(|stream, port, to, packet| {
            if let Some(pair) = sockets.get(&stream) {
                pair.send(port, to, packet);
            }
        });
    }
}
