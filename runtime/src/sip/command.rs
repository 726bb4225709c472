//! What the owner of a leg, or the shard, tells the stack.

use bytes::Bytes;

use super::flow::Flow;
use super::message::Message;

/// Our side of one SIP call. The commander chooses the number (one counter for the whole process) and never uses it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

/// A request of ours outside a dialog. Chosen by the commander, given back in [`Event::Response`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Whoever a leg is given to; the stack only carries the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerId(pub u64);

/// A header to be written: name and value, without the colon and the line end. Line breaks in a value are written as blanks.
pub type HeaderLine = (Bytes, Bytes);

/// A body and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// `Content-Type`, as `text/plain`.
    pub kind: Bytes,
    /// The bytes.
    pub bytes: Bytes,
}

/// Somebody in From or To.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Party {
    /// The name shown to people, raw: the stack quotes it. May be empty.
    pub display: Bytes,
    /// The address, as `sip:61@192.0.2.1`, without angle brackets.
    pub uri: Bytes,
}

/// A name and secret for challenges (401, 407) to our own requests.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The realm that they are for; `None` = any.
    pub realm: Option<Bytes>,
    /// User name in the digest.
    pub username: Bytes,
    /// The secret, or what stands for it.
    pub secret: Secret,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("realm", &self.realm)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// What proves who we are. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The password itself.
    Plain(Bytes),
    /// Lower-case hexadecimal MD5 of `user:realm:password` (`md5secret`, `md5_cred`).
    Md5(Bytes),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A request that belongs to no dialog and no transaction: nothing is kept of it until the shard says so. Give it back whole
/// in [`Command::Admit`], [`Command::Respond`] or [`Command::Refuse`].
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The request: INVITE, REGISTER, OPTIONS or MESSAGE.
    pub message: Message,
    /// How it came; the answer leaves by it.
    pub flow: Flow,
}

/// An answer to an out-of-dialog request. Via, From, To (with a tag), Call-ID, CSeq, Content-Length, and `Allow` where the RFC
/// asks for it are written by the stack.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// 200 to 699.
    pub status: u16,
    /// Reason phrase; empty = the usual one of the status.
    pub reason: Bytes,
    /// More headers, as `WWW-Authenticate` of a challenge, `Contact` of a registration, `Retry-After`.
    pub headers: Vec<HeaderLine>,
    /// A body, if any.
    pub body: Option<Body>,
}

impl Answer {
    /// An answer that is only its status.
    #[must_use]
    pub fn status(status: u16) -> Answer {
        Answer {
            status,
            ..Answer::default()
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Bytes>) -> Answer {
        self.headers
            .push((Bytes::from_static(name.as_bytes()), value.into()));
        self
    }
}

/// A request of ours outside a dialog: MESSAGE, OPTIONS, and, for a phone, REGISTER.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `MESSAGE`, `OPTIONS`, `REGISTER` ... (not INVITE: see [`Invite`]).
    pub method: Bytes,
    /// Request-URI, as it shall stand in the first line.
    pub uri: Bytes,
    /// Ways to send it, tried in order on time-out, 503 or a refused connection; at most `Limits::targets`, at least one.
    pub flows: Vec<Flow>,
    /// From; the stack adds the tag.
    pub from: Party,
    /// To.
    pub to: Party,
    /// Some = add a `Contact` with this user part and our address on the flow.
    pub contact: Option<Bytes>,
    /// Some = use this Call-ID, as the registrations of one phone do; else a fresh one.
    pub call_id: Option<Bytes>,
    /// Number of the first attempt in CSeq; it grows by one with each attempt. 0 = the stack chooses.
    pub cseq: u32,
    /// More headers.
    pub headers: Vec<HeaderLine>,
    /// Body.
    pub body: Option<Body>,
    /// Answers to challenges.
    pub credentials: Vec<Credentials>,
}

/// A call that we make.
#[derive(Clone, Debug, Default)]
pub struct Invite {
    /// Request-URI, as it shall stand in the first line: for a registered phone, the Contact as the phone wrote it.
    pub uri: Bytes,
    /// As [`Request::flows`].
    pub flows: Vec<Flow>,
    /// From; the stack adds the tag.
    pub from: Party,
    /// To.
    pub to: Party,
    /// User part of our Contact.
    pub contact: Bytes,
    /// More headers (`P-Asserted-Identity`, `Alert-Info`, `Max-Forwards` ...).
    pub headers: Vec<HeaderLine>,
    /// Our SDP. `None` = the far end offers in its 2xx and [`Command::Reply`] puts our answer into ACK.
    pub offer: Option<Bytes>,
    /// Answers to challenges of INVITE and of every later request of the leg.
    pub credentials: Vec<Credentials>,
}

/// What [`Command::Send`] sends inside a call.
#[derive(Clone, Debug)]
pub enum InDialog {
    /// INFO with `application/dtmf-relay`: one key and its length in milliseconds.
    Digit(u8, u32),
    /// INFO with any body.
    Info(Body),
    /// MESSAGE.
    Text(Body),
}

/// Our answer to [`Event::Offered`], or to the offer in [`Event::Answered`].
#[derive(Clone, Debug)]
pub enum Reply {
    /// Our SDP: the answer, or the offer if they asked for one.
    Sdp(Bytes),
    /// No: a final status, as 488.
    Refuse(u16),
}

/// Why a leg shall end. The leg picks the form: a final answer, CANCEL, or BYE.
#[derive(Clone, Debug, Default)]
pub struct Why {
    /// Final status if the call was not answered yet (486, 603, 404 ...); 0 = 603 Decline, or 487 after their CANCEL.
    pub status: u16,
    /// Q.850 cause, written as `Reason: Q.850;cause=16`; 0 = none.
    pub cause: u8,
    /// Text for the Reason header and the reason phrase; may be empty.
    pub text: Bytes,
    /// More headers on the final answer, as `Retry-After` or `Contact` of a 302. BYE and CANCEL carry those named `Reason`, as
    /// `SIP;cause=200;text="Call completed elsewhere"`.
    pub headers: Vec<HeaderLine>,
}

/// What the owner of a leg, or the shard, wants. A command for a leg that is gone does nothing.
#[derive(Clone, Debug)]
pub enum Command {
    /// An INVITE passed: make a transaction and a leg; 100 goes out at once. If the same request was admitted already, or the
    /// stack is full, the new leg gets [`Event::Ended`] at once.
    Admit {
        /// The request, given back.
        incoming: Box<Incoming>,
        /// Number of the new leg.
        leg: LegId,
        /// For challenges of the far end to our BYE, re-INVITE, MESSAGE.
        credentials: Vec<Credentials>,
    },
    /// Answer with a transaction: a repeat gets the same bytes again. For those who passed `auth`. INVITE: only 3xx to 6xx.
    Respond {
        /// The request, given back.
        incoming: Box<Incoming>,
        /// The final answer.
        answer: Answer,
    },
    /// Answer without memory (RFC 3261 8.2.7): 401, 403, 404, 503 for strangers, and 200 to an OPTIONS. The To tag is a keyed hash of the request, so
    /// a repeat gets an equivalent answer, and its ACK matches nothing.
    Refuse {
        /// The request, given back.
        incoming: Box<Incoming>,
        /// The final answer.
        answer: Answer,
    },
    /// Send a request outside a dialog; [`Event::Response`] comes exactly once.
    Request {
        /// Its number.
        id: RequestId,
        /// What to send.
        request: Box<Request>,
    },
    /// Make a call.
    Invite {
        /// Number of the new leg.
        leg: LegId,
        /// To whom, with what.
        invite: Box<Invite>,
    },
    /// Say 180 Ringing (incoming call, not answered yet).
    Ring(LegId),
    /// Say 183 with early media: the SDP is the one that the 200 will carry.
    Progress {
        /// Which leg.
        leg: LegId,
        /// Our SDP.
        sdp: Bytes,
    },
    /// Say 200: the call stands. With a late offer (INVITE without SDP) this is our offer; their answer comes in
    /// [`Event::Settled`].
    Answer {
        /// Which leg.
        leg: LegId,
        /// Our SDP.
        sdp: Bytes,
    },
    /// Change the session with a re-INVITE. Waits its turn behind an open exchange; glare is repeated as RFC 3261 14.1 says.
    /// Ends in [`Event::Settled`].
    Offer {
        /// Which leg.
        leg: LegId,
        /// Our new SDP; `None` = ask them to offer ([`Event::Offered`] comes, then answer with [`Command::Reply`]).
        sdp: Option<Bytes>,
    },
    /// Answer their offer.
    Reply {
        /// Which leg.
        leg: LegId,
        /// SDP or refusal.
        reply: Reply,
    },
    /// Send something inside the call; [`Event::Sent`] tells what became of it.
    Send {
        /// Which leg.
        leg: LegId,
        /// Given back in [`Event::Sent`].
        token: u64,
        /// What.
        what: InDialog,
    },
    /// The events of this leg are for somebody else from now on: [`Event::Given`] comes, with a snapshot.
    Give {
        /// Which leg.
        leg: LegId,
        /// To whom.
        to: OwnerId,
    },
    /// End the leg from whatever state. [`Event::Ended`] comes at once (unless it came already); the leg lives on unseen until the
    /// last repeat is impossible.
    End {
        /// Which leg.
        leg: LegId,
        /// Why.
        why: Why,
    },
}
