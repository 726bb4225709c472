//! What a channel talks through, and what it hears from there.
//!
//! A line has exactly one owner: the task whose [`Inbox`](crate::perform::Inbox) receives its events. The events are the
//! same whatever the line is made of, so that an application never asks which kind it has.

use bytes::Bytes;
use std::fmt;

/// The name of one line inside the exchange; never used twice while the exchange runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineId(pub u64);

impl fmt::Debug for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.0)
    }
}

/// What an owner learns about one of its lines.
#[derive(Clone, Debug)]
pub enum Event {
    /// The far end rings (180).
    Ringing,
    /// The far end makes progress (183 or another provisional), with its SDP when it sent one.
    Progress {
        /// The session description, as received.
        sdp: Option<Bytes>,
    },
    /// The far end answered (2xx), or, for a call that came without an offer, its ACK brought the answer.
    Answered {
        /// The session description, as received.
        sdp: Option<Bytes>,
    },
    /// The far end wants to change the session (re-INVITE, UPDATE); it waits for our `Reply`.
    Offered {
        /// Its offer; `None`: it wants us to make one.
        sdp: Option<Bytes>,
    },
    /// A change that we began was answered.
    Settled {
        /// Its answer; `None`: refused, the session stays as it was.
        sdp: Option<Bytes>,
    },
    /// A digit was pressed.
    Digit {
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: u8,
        /// How long it was held, in milliseconds.
        ms: u32,
    },
    /// A text came inside the call.
    Text {
        /// Its media type.
        kind: Vec<u8>,
        /// The text.
        body: Bytes,
    },
    /// A request of ours inside the call (MESSAGE, INFO) got its final status.
    Sent {
        /// The SIP status; 408 when nobody answered.
        status: u16,
    },
    /// The far end asks for a transfer.
    Referred {
        /// The target, as written in `Refer-To`.
        to: Vec<u8>,
    },
    /// What was played, or the tone, is over.
    Played {
        /// The number which the order carried.
        play: u64,
    },
    /// Nothing was heard from the far end for this long.
    Silent {
        /// Milliseconds.
        ms: u32,
    },
    /// The line is over; its last event.
    Ended {
        /// Q.850 cause, from the SIP status (DL-313) or the `Reason` header.
        cause: u16,
        /// The SIP status which ended it; `None` for BYE and for our own end.
        status: Option<u16>,
    },
}
