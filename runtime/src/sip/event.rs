//! What the stack tells the owner of a leg, or the shard.

use bytes::Bytes;

use super::command::{Body, Incoming, LegId, OwnerId, RequestId};
use super::flow::Flow;
use super::message::Message;

/// Where a leg stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// INVITE out or in, nothing but 100 said.
    Calling,
    /// 180 or 183 said.
    Early,
    /// 2xx said, ACK open.
    Answered,
    /// The call stands.
    Up,
    /// Ended for its owner; waits for the last answer or repeat.
    Ending,
}

/// What a new owner must know of a leg that it was given.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Where the leg stands.
    pub state: State,
    /// Whether the call came to us (else we made it).
    pub incoming: bool,
    /// The SDP that we sent last and that counts.
    pub local: Option<Bytes>,
    /// The SDP that they sent last and that counts.
    pub remote: Option<Bytes>,
    /// An offer of theirs that waits for [`Command::Reply`]: `Some(None)` = they ask us to offer.
    pub offered: Option<Option<Bytes>>,
    /// The far end.
    pub peer: Flow,
}

/// Who or what ended a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// [`Command::End`].
    Us,
    /// BYE, CANCEL, or a final answer of the far end.
    Them,
    /// Nobody answered in time.
    Silence,
    /// No flow could be used: refused connection, broken stream.
    Unreachable,
    /// A bound of [`Limits`], or an impossible command.
    Bound,
}

/// How a leg ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Who did it.
    pub by: By,
    /// The final status of the INVITE if the call was not answered (486, 487, 404; 408 for silence, 503 for no way); 200 if it was.
    pub status: u16,
    /// Q.850 cause of the far end's Reason header; 0 = none given.
    pub cause: u8,
    /// Reason phrase, or the text of the Reason header.
    pub text: Bytes,
    /// Contacts of a 3xx, as written, in order.
    pub redirects: Vec<Bytes>,
    /// Credentials were asked for that we do not have, or that were refused.
    pub challenged: bool,
}

/// What an owner, or the shard, must know.
#[derive(Clone, Debug)]
pub enum Event {
    /// A new INVITE, REGISTER, OPTIONS or MESSAGE outside a dialog. Answer it with `Admit`, `Respond` or `Refuse` before the next
    /// message is received; if not, a repeat comes as a new event. What no account could change (400, 405, 416, 420, 481,
    /// 482, 489, 501, 505 ...) has been answered already.
    Incoming(Box<Incoming>),
    /// The final answer to [`Command::Request`]. Comes exactly once.
    Response {
        /// Which request.
        id: RequestId,
        /// Its status; 408 and 503 also if no answer came at all.
        status: u16,
        /// The answer, if one came.
        message: Option<Box<Message>>,
        /// The way that was used last.
        flow: Option<Flow>,
    },
    /// 180 came.
    Ringing(LegId),
    /// 183, or any provisional answer with SDP (a 180 with SDP gives `Ringing` and `Progress`).
    Progress {
        /// Which leg.
        leg: LegId,
        /// Its status, 101 to 199.
        status: u16,
        /// Their SDP; the newest early dialog's counts.
        sdp: Option<Bytes>,
    },
    /// They said 2xx to our INVITE.
    Answered {
        /// Which leg.
        leg: LegId,
        /// Their SDP.
        sdp: Option<Bytes>,
        /// It is an offer (our INVITE had none): answer with [`Command::Reply`]; ACK waits for it.
        offer: bool,
        /// The whole answer.
        message: Box<Message>,
    },
    /// They want to change the session: answer with [`Command::Reply`].
    Offered {
        /// Which leg.
        leg: LegId,
        /// Their offer; `None` = they ask us to offer.
        sdp: Option<Bytes>,
    },
    /// An exchange ended: our 2xx was ACKed, or our `Offer` was answered or refused.
    Settled {
        /// Which leg.
        leg: LegId,
        /// Their SDP that came with it (an answer to our offer).
        sdp: Option<Bytes>,
        /// 200, or the status of the refusal (the session stays as it was).
        status: u16,
    },
    /// A key, by INFO.
    Digit {
        /// Which leg.
        leg: LegId,
        /// `0`-`9`, `*`, `#`, `A`-`D`, or `!` for flash.
        digit: u8,
        /// How long it was held, in milliseconds.
        ms: u32,
    },
    /// A MESSAGE inside the call; answered with 200 already.
    Text {
        /// Which leg.
        leg: LegId,
        /// Its body.
        body: Body,
    },
    /// What became of [`Command::Send`].
    Sent {
        /// Which leg.
        leg: LegId,
        /// The command's token.
        token: u64,
        /// The final status; 408, 481 and 503 also if no answer came.
        status: u16,
    },
    /// From here on the events of the leg are for `to`.
    Given {
        /// Which leg.
        leg: LegId,
        /// The new owner.
        to: OwnerId,
        /// Where the leg stands.
        snapshot: Box<Snapshot>,
    },
    /// The leg is over for its owner: the last event of this leg, exactly once.
    Ended {
        /// Which leg.
        leg: LegId,
        /// How.
        ended: Box<Ended>,
    },
}

impl Event {
    /// The leg that this event is about, if it is about one.
    #[must_use]
    pub fn leg(&self) -> Option<LegId> {
        match self {
            Event::Incoming(_) | Event::Response { .. } => None,
            Event::Ringing(leg)
            | Event::Progress { leg, .. }
            | Event::Answered { leg, .. }
            | Event::Offered { leg, .. }
            | Event::Settled { leg, .. }
            | Event::Digit { leg, .. }
            | Event::Text { leg, .. }
            | Event::Sent { leg, .. }
            | Event::Given { leg, .. }
            | Event::Ended { leg, .. } => Some(*leg),
        }
    }
}
