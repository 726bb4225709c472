//! The audio of a line: a stream of a media worker, or, for an exchange in memory, a stand-in that only keeps time.
//!
//! The stand-in exists so that whole calls can be run in virtual time: it has an address for SDP and says when a prompt would be over, and
//! nothing more.

use crate::media::{Media, StreamHandle};
use crate::prompts::Prompt;
use crate::rtp::tone::Tone;
use crate::rtp::{Digits, Event, Listener, PlayEnd, PlayId, Remote};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

/// Where streams come from.
#[derive(Debug)]
pub(crate) enum Audio {
    /// Media workers with sockets.
    Workers(Media),
    /// Stand-ins; the number is the next port, and how many are left.
    Mute {
        next: AtomicU16,
        left: std::sync::Arc<AtomicU64>,
    },
}

/// One line's stream. Dropping it frees its port.
#[derive(Debug)]
pub(crate) enum Stream {
    /// In a worker.
    Worker(StreamHandle),
    /// A stand-in.
    Mute(Mute),
}

/// A stream that nobody hears.
pub(crate) struct Mute {
    near: SocketAddr,
    listener: Listener,
    plays: AtomicU64,
    playing: std::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
    left: std::sync::Arc<AtomicU64>,
}

impl std::fmt::Debug for Mute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mute")
            .field("near", &self.near)
            .finish_non_exhaustive()
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        self.stop();
        self.left.fetch_add(1, Ordering::Relaxed);
    }
}

impl Mute {
    fn stop(&self) {
        let mut playing = self
            .playing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(task) = playing.take() {
            task.abort();
        }
    }

    fn play(&self, prompts: Vec<Prompt>) -> PlayId {
        self.stop();
        let id = PlayId(self.plays.fetch_add(1, Ordering::Relaxed));
        let length = prompts.into_iter().map(length).sum();
        let listener = self.listener.clone();
        let task = tokio::spawn(async move {
            tokio::time::sleep(length).await;
            listener(Event::Played {
                id,
                end: PlayEnd::Finished,
            });
        });
        *self
            .playing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(task);
        id
    }
}

/// How long a prompt lasts.
pub(crate) fn length(mut prompt: Prompt) -> Duration {
    let mut frames = 0;
    while prompt.frame().is_some() {
        frames += 1;
    }
    Duration::from_millis(20) * frames
}

impl Audio {
    /// Stand-ins, so many at a time.
    pub(crate) fn mute(streams: u64) -> Audio {
        Audio::Mute {
            next: AtomicU16::new(20_000),
            left: std::sync::Arc::new(AtomicU64::new(streams)),
        }
    }

    /// Opens a stream at this address; one `beside` another can be connected with it. `None`: no port is left.
    pub(crate) fn open(
        &self,
        at: IpAddr,
        beside: Option<&Stream>,
        listener: Listener,
    ) -> Option<Stream> {
        match self {
            Audio::Workers(media) => {
                let beside = match beside {
                    Some(Stream::Worker(handle)) => Some(handle),
                    _ => None,
                };
                media.open(at, beside, listener).map(Stream::Worker)
            }
            Audio::Mute { next, left } => {
                left.try_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                    .ok()?;
                let port = next.fetch_add(2, Ordering::Relaxed);
                Some(Stream::Mute(Mute {
                    near: SocketAddr::new(at, port),
                    listener,
                    plays: AtomicU64::new(1),
                    playing: std::sync::Mutex::new(None),
                    left: std::sync::Arc::clone(left),
                }))
            }
        }
    }
}

impl Stream {
    /// Where it takes RTP.
    pub(crate) fn near(&self) -> SocketAddr {
        match self {
            Stream::Worker(stream) => stream.near(),
            Stream::Mute(mute) => mute.near,
        }
    }

    /// The far end, as SDP agreed on it.
    pub(crate) fn remote(&self, remote: Remote) {
        if let Stream::Worker(stream) = self {
            stream.remote(remote);
        }
    }

    /// Relays between the two.
    pub(crate) fn connect(&self, peer: &Stream, digits: Digits, peer_digits: Digits) {
        if let (Stream::Worker(stream), Stream::Worker(peer)) = (self, peer) {
            stream.connect(peer, digits, peer_digits);
        }
    }

    /// Ends the relay.
    pub(crate) fn disconnect(&self) {
        if let Stream::Worker(stream) = self {
            stream.disconnect();
        }
    }

    /// Plays prompts; the event `Played` tells their end.
    pub(crate) fn play(&self, prompts: Vec<Prompt>) -> PlayId {
        match self {
            Stream::Worker(stream) => stream.play(prompts),
            Stream::Mute(mute) => mute.play(prompts),
        }
    }

    /// Plays a tone until told otherwise.
    pub(crate) fn tone(&self, tone: Tone) {
        if let Stream::Worker(stream) = self {
            stream.tone(tone);
        }
    }

    /// Ends prompt or tone.
    pub(crate) fn stop(&self) {
        match self {
            Stream::Worker(stream) => stream.stop(),
            Stream::Mute(mute) => mute.stop(),
        }
    }

    /// Sends back what comes.
    pub(crate) fn echo(&self, on: bool) {
        if let Stream::Worker(stream) = self {
            stream.echo(on);
        }
    }

    /// Sends a digit.
    pub(crate) fn send_digit(&self, digit: u8, length: Duration) {
        if let Stream::Worker(stream) = self {
            stream.send_digit(digit, length);
        }
    }
}
