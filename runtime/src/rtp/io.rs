//! The media side's sockets, clock and threads. Everything else in this folder is without them.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::ports::Ports;
use super::{Listener, Order, StreamId};

/// Orders that may wait for one worker; an owner that is faster waits.
pub const ORDERS: usize = 16_384;

/// What travels to a worker's thread.
enum Message {
    /// A stream was opened: its sockets and where its events go.
    Open(StreamId, Pair, Listener),
    /// An order for a stream.
    Order(StreamId, Order),
}

/// RTP and RTCP socket of one stream.
struct Pair {
    rtp: UdpSocket,
    _rtcp: UdpSocket,
}

/// One worker thread, from outside.
#[derive(Debug)]
pub struct Thread {
    messages: SyncSender<Message>,
    ports: Mutex<Ports>,
}

static NEXT_STREAM: AtomicU64 = AtomicU64::new(1);

impl Thread {
    /// Starts a worker that owns `ports`. It ends when the last `Thread` handle is gone.
    pub fn start(ports: Ports) -> io::Result<Arc<Thread>> {
        let (messages, inbox) = sync_channel(ORDERS);
        std::thread::Builder::new()
            .name("media".into())
            .spawn(move || run(&inbox))?;
        Ok(Arc::new(Thread {
            messages,
            ports: Mutex::new(ports),
        }))
    }

    /// Binds a pair of ports at `at` and hands it to the worker. `None`: every pair of the slice is taken, by us or by others.
    pub fn open(&self, at: IpAddr, listener: Listener) -> Option<(StreamId, SocketAddr)> {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..ports.free() {
            let port = ports.take()?;
            match bind(at, port) {
                Ok(pair) => {
                    let id = StreamId(NEXT_STREAM.fetch_add(1, Ordering::Relaxed));
                    let near = pair.rtp.local_addr().ok()?;
                    // The worker lives as long as this handle.
                    let _ = self.messages.send(Message::Open(id, pair, listener));
                    return Some((id, near));
                }
                Err(_) => ports.give_back(port),
            }
        }
        None
    }

    /// Gives an order.
    pub fn order(&self, stream: StreamId, order: Order) {
        let _ = self.messages.send(Message::Order(stream, order));
    }

    /// Pairs that are free now.
    pub fn free(&self) -> usize {
        self.ports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .free()
    }
}

fn bind(at: IpAddr, port: u16) -> io::Result<Pair> {
    let rtp = UdpSocket::bind((at, port))?;
    let rtcp = UdpSocket::bind((at, port + 1))?;
    rtp.set_nonblocking(true)?;
    rtcp.set_nonblocking(true)?;
    Ok(Pair { rtp, _rtcp: rtcp })
}

fn run(inbox: &Receiver<Message>) {
    let mut streams = std::collections::HashMap::new();
    while let Ok(message) = inbox.recv() {
        match message {
            Message::Open(id, pair, listener) => {
                streams.insert(id, (pair, listener));
            }
            Message::Order(id, Order::Close) => {
                streams.remove(&id);
            }
            Message::Order(id, order) => tracing::trace!(?id, ?order, "media order"),
        }
    }
}
