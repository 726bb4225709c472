//! Bounds and times of the signalling, by name.

use std::time::Duration;

/// Bounds and times of one stack.
#[derive(Clone, Debug)]
pub struct Limits {
    /// T1 of RFC 3261 17: the estimated round trip; everything else is a multiple.
    pub t1: Duration,
    /// T2: the longest pause between repeats.
    pub t2: Duration,
    /// T4: how long a message may wander in the network.
    pub t4: Duration,
    /// Transactions at once, of both sides. Reached: 503 with Retry-After for new requests, `Ended`/`Response` with 503 for ours.
    pub transactions: usize,
    /// Legs at once, including those that only wait for the last repeat. Reached: as `transactions`.
    pub legs: usize,
    /// Early dialogs of one INVITE of ours. Reached: further forks are ignored, or ACKed and ended when they answer.
    pub forks: usize,
    /// Flows that one request may try in order.
    pub targets: usize,
    /// Commands of [`Command::Send`] and offers that may wait in one leg for their turn. Reached: refused with status 503.
    pub pending: usize,
    /// How long an admitted INVITE may stay without a final answer of ours before the leg gives up with 408.
    pub ringing: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            transactions: 100_000,
            legs: 10_000,
            forks: 8,
            targets: 64,
            pending: 16,
            ringing: Duration::from_secs(3600),
        }
    }
}

/// How much is alive in a stack; all zero after 64·T1 of silence without calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Client and server transactions.
    pub transactions: usize,
    /// Legs, including unseen ones that wait out the last repeat.
    pub legs: usize,
    /// Timers that are armed.
    pub timers: usize,
    /// Out-of-dialog requests of ours that have no final answer yet.
    pub requests: usize,
}
