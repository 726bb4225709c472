//! The engine's face of the media side: open a stream, say what it does, hear what happens on it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::prompts::Prompt;
use crate::rtp::io::{OpenError, Thread};
use crate::rtp::ports::{Ports, pairs};
use crate::rtp::tone::Tone;
use crate::rtp::worker::Config;
use crate::rtp::{AHEAD, Audio, Digits, Frames, Listener, Next, Order, PlayId, Remote, StreamId};

/// What `rtp.conf` says, and how many threads work on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `rtpstart`.
    pub first_port: u16,
    /// `rtpend`, inclusive.
    pub last_port: u16,
    /// `strictrtp`, `probation`, `dtmftimeout`, `rtcpinterval`.
    pub streams: Config,
    /// Worker threads; each owns a slice of the ports. At least one.
    pub workers: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            first_port: 5_000,
            last_port: 31_000,
            streams: Config::default(),
            workers: 1,
        }
    }
}

/// How much the port range carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carries {
    /// Streams at a time: one per phone with audio through us (a call into an application).
    pub streams: usize,
    /// Relayed calls at a time: each takes two streams of one worker.
    pub calls: usize,
}

impl Carries {
    /// What `first..=last` carries when it is cut for `workers`.
    pub fn of(first: u16, last: u16, workers: usize) -> Carries {
        let slices = Ports::slices(first, last, workers);
        Carries {
            streams: pairs(first, last),
            calls: slices.iter().map(|s| s.all() / 2).sum(),
        }
    }
}

/// The media side. Dropping it and every [`StreamHandle`] ends its threads.
#[derive(Debug)]
pub struct Media {
    threads: Vec<Arc<Thread>>,
    settings: Settings,
    complained: Mutex<Option<Instant>>,
}

impl Media {
    /// Starts the worker threads. No port is opened yet.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(settings: Settings) -> io::Result<Media> {
        let threads = Ports::slices(settings.first_port, settings.last_port, settings.workers)
            .into_iter()
            .map(|ports| Thread::start(&settings.streams, ports).map(Arc::new))
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Media {
            threads,
            settings,
            complained: Mutex::new(None),
        })
    }

    /// What the port range carries.
    pub fn carries(&self) -> Carries {
        Carries::of(
            self.settings.first_port,
            self.settings.last_port,
            self.settings.workers,
        )
    }

    /// Opens a stream: binds an RTP and an RTCP port at `at` (an unspecified address is allowed). `beside`: a stream of the
    /// same call; only streams opened beside each other can be connected. `None`: the port range is exhausted (tell
    /// the operator what it [carries](Media::carries)), or the system refuses for another reason, which is logged here.
    pub fn open(
        &self,
        at: IpAddr,
        beside: Option<&StreamHandle>,
        listener: Listener,
    ) -> Option<StreamHandle> {
        let thread = match beside {
            Some(other) => &other.thread,
            None => self.threads.iter().max_by_key(|t| t.free())?,
        };
        let (id, near) = match thread.open(at, listener) {
            Ok(opened) => opened,
            Err(OpenError::Exhausted) => return None,
            Err(why @ OpenError::Refused(..)) => {
                self.complain(&why);
                return None;
            }
        };
        Some(StreamHandle {
            id,
            near,
            thread: Arc::clone(thread),
            plays: AtomicU64::new(1),
        })
    }

    fn complain(&self, why: &OpenError) {
        const AGAIN: Duration = Duration::from_secs(60);
        let mut last = self
            .complained
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|at| at.elapsed() >= AGAIN) {
            *last = Some(Instant::now());
            tracing::error!("{why}");
        }
    }
}

/// One open stream. Dropping it closes the stream and frees its ports.
#[derive(Debug)]
pub struct StreamHandle {
    id: StreamId,
    near: SocketAddr,
    thread: Arc<Thread>,
    plays: AtomicU64,
}

impl StreamHandle {
    /// Its number.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// Our RTP address: the address it was opened at (perhaps unspecified) and the port for SDP. RTCP is one port higher.
    pub fn near(&self) -> SocketAddr {
        self.near
    }

    /// The far end, from SDP. Give it again after each offer and answer.
    pub fn remote(&self, remote: Remote) {
        self.order(Order::Remote(remote));
    }

    /// Relays between this stream and `peer`, both ways, transcoding where needed. `digits`: what happens to the digits that
    /// this stream hears; `peer_digits`: the same for the peer's. Ends prompts, tones and echo on both. Again on a connected
    /// pair: changes only the digits' treatment. Streams that were not opened beside each other are not connected (logged).
    pub fn connect(&self, peer: &StreamHandle, digits: Digits, peer_digits: Digits) {
        if !Arc::ptr_eq(&self.thread, &peer.thread) {
            tracing::error!(
                a = self.id.0,
                b = peer.id.0,
                "these two streams live in different workers and cannot be connected"
            );
            return;
        }
        self.order(Order::Connect {
            peer: peer.id,
            digits,
            peer_digits,
        });
    }

    /// Ends the relay, both ways.
    pub fn disconnect(&self) {
        self.order(Order::Disconnect);
    }

    /// Plays prompts one after the other; [`Event::Played`](crate::rtp::Event::Played) with the returned number tells the end.
    /// Must be called inside a tokio runtime: a task reads the files at most [`AHEAD`] frames ahead.
    pub fn play(&self, prompts: Vec<Prompt>) -> PlayId {
        let (ahead, frames) = tokio::sync::mpsc::channel(AHEAD);
        tokio::spawn(async move {
            for mut prompt in prompts {
                while let Some(frame) = prompt.frame() {
                    if ahead.send(Box::new(frame)).await.is_err() {
                        return; // stopped
                    }
                }
            }
        });
        self.play_audio(Box::new(Fed(frames)))
    }

    /// Plays audio from any source.
    pub fn play_audio(&self, audio: Audio) -> PlayId {
        let id = PlayId(self.plays.fetch_add(1, Ordering::Relaxed));
        self.order(Order::Play { id, audio });
        id
    }

    /// Plays a tone until something else plays, [`stop`](Self::stop), [`connect`](Self::connect) or [`echo`](Self::echo).
    pub fn tone(&self, tone: Tone) {
        self.order(Order::Tone(tone));
    }

    /// Ends prompt or tone.
    pub fn stop(&self) {
        self.order(Order::StopPlay);
    }

    /// Sends everything back to where it comes from (`#` excepted), or ends that.
    pub fn echo(&self, on: bool) {
        self.order(Order::Echo(on));
    }

    /// Sends a digit to the far end, after those that still wait.
    pub fn send_digit(&self, digit: u8, length: Duration) {
        self.order(Order::SendDigit { digit, length });
    }

    /// Measures what is heard; the answer is [`Event::Heard`](crate::rtp::Event::Heard).
    pub fn measure(&self, time: Duration) {
        self.order(Order::Measure(time));
    }

    /// Asks for [`Event::Silent`](crate::rtp::Event::Silent) when nothing comes for so long (`rtptimeout`).
    pub fn watch(&self, silence: Option<Duration>) {
        self.order(Order::Watch(silence));
    }

    /// Asks for [`Event::Stats`](crate::rtp::Event::Stats).
    pub fn stats(&self) {
        self.order(Order::Stats);
    }

    /// Events go there from now on: the line got a new owner.
    pub fn listen(&self, listener: Listener) {
        self.order(Order::Listen(listener));
    }

    /// Any order, as data.
    pub fn order(&self, order: Order) {
        self.thread.order(self.id, order);
    }
}

impl Drop for StreamHandle {
    fn drop(&mut self) {
        self.order(Order::Close);
    }
}

/// Frames that a task reads ahead.
struct Fed(tokio::sync::mpsc::Receiver<Box<crate::rtp::Frame>>);

impl Frames for Fed {
    fn next(&mut self) -> Next {
        use tokio::sync::mpsc::error::TryRecvError;
        match self.0.try_recv() {
            Ok(frame) => Next::Frame(frame),
            Err(TryRecvError::Empty) => Next::Late,
            Err(TryRecvError::Disconnected) => Next::End,
        }
    }
}
