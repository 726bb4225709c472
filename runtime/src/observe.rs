//! What can be watched from outside: SIP messages, dialplan steps, channels, and things a person should know.
//!
//! Everything is data; whoever watches makes ladders and stories of it. A slow watcher loses the oldest notices and is told how many;
//! the exchange never waits for one.

use crate::limits;
use crate::sip::flow::Protocol;
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use strowger_vm::Text;
use strowger_vm::effect::Level;
use strowger_vm::trace::Executed;
use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};

/// One thing that happened, and when.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Microseconds since the exchange started.
    pub micros: u64,
    /// Milliseconds since 1970 (UTC).
    pub unix_ms: u64,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// A SIP message came or left.
    Message {
        /// It came (else it left).
        incoming: bool,
        /// Datagram or stream.
        protocol: Protocol,
        /// Our address.
        local: SocketAddr,
        /// The other side's address.
        remote: SocketAddr,
        /// The message, as it is on the wire.
        bytes: Bytes,
    },
    /// A channel came into being.
    Began {
        /// Its name.
        channel: Arc<str>,
    },
    /// A priority ran on a channel.
    Step {
        /// The channel's name.
        channel: Arc<str>,
        /// Place, application, arguments, file and line.
        step: Box<Executed>,
    },
    /// An application said how it ended: DIALSTATUS and its relatives.
    Status {
        /// The channel's name.
        channel: Arc<str>,
        /// The variable.
        name: Text,
        /// Its value.
        value: Text,
    },
    /// A prompt was found and is played.
    Prompt {
        /// The channel's name.
        channel: Arc<str>,
        /// As the plan names it.
        file: Text,
    },
    /// A phone registered, refreshed or left.
    Registered {
        /// The address of record, `SIP/61`.
        aor: Arc<str>,
        /// How many contacts it has now.
        contacts: usize,
    },
    /// Something a person should know.
    Note {
        /// The channel's name; empty for what concerns none.
        channel: Arc<str>,
        /// How grave.
        level: Level,
        /// A short code that stays the same between releases; empty for the dialplan's own words.
        code: &'static str,
        /// One sentence.
        text: Arc<str>,
    },
    /// A channel is gone.
    Ended {
        /// Its name.
        channel: Arc<str>,
        /// Q.850 cause.
        cause: u16,
    },
}

/// Sends notices to whoever watches.
#[derive(Debug, Clone)]
pub(crate) struct Observed(broadcast::Sender<Notice>);

impl Observed {
    pub(crate) fn new() -> Observed {
        Observed(broadcast::channel(limits::OBSERVED).0)
    }

    /// True if anybody watches: a notice that costs something to make is only made then.
    pub(crate) fn watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub(crate) fn say(&self, now: crate::sip::flow::Now, what: What) {
        // An error only means that nobody watches.
        let _ = self.0.send(Notice {
            micros: now.micros,
            unix_ms: now.unix_ms,
            what,
        });
    }

    pub(crate) fn watch(&self) -> Observer {
        Observer {
            receiver: self.0.subscribe(),
            missed: 0,
        }
    }
}

/// Watches the exchange from the moment it was made.
#[derive(Debug)]
pub struct Observer {
    receiver: broadcast::Receiver<Notice>,
    missed: u64,
}

impl Observer {
    /// The next notice; `None` when the exchange is gone.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            match self.receiver.recv().await {
                Ok(notice) => return Some(notice),
                Err(RecvError::Lagged(missed)) => self.missed += missed,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The next notice if there is one already.
    pub fn ready(&mut self) -> Option<Notice> {
        loop {
            match self.receiver.try_recv() {
                Ok(notice) => return Some(notice),
                Err(TryRecvError::Lagged(missed)) => self.missed += missed,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }

    /// How many notices came faster than they were taken, and are lost.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
}
