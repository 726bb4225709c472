//! Our side of one SIP call: one INVITE usage with its transactions, dialogs, and offers.
//!
//! `Calling → Early → Answered (2xx said, ACK open) → Up → Ending → gone`. What is special to a call that we make is in
//! `calling.rs`, to a call that came in `serving.rs`, the changes of a session in `change.rs`. One verb, [`Leg::end`], ends a leg
//! from anywhere; its owner hears [`Event::Ended`] exactly once, and the leg lives on unseen until no repeat can come any more.

use std::collections::VecDeque;

use bytes::Bytes;

use super::calling::Calling;
use super::change::{Exchange, Unacked};
use super::command::{Body, Credentials, HeaderLine, InDialog, LegId, OwnerId, Why};
use super::dialog::{Dialog, Inside};
use super::event::{By, Ended, Event, Snapshot, State};
use super::flow::Flow;
use super::headers::{Method, Name};
use super::message::Message;
use super::proof::{PROOFS, proofs, refused};
use super::serving::Serving;
use super::tables::{Key, Purpose, Tables, User};
use super::transaction::soonest;

/// A request of the owner that waits for its turn.
pub(crate) enum Waiting {
    Offer(Option<Bytes>),
    Send(u64, InDialog),
}

/// INFO, MESSAGE or BYE that waits for its answer.
struct Open {
    key: Key,
    method: Method<'static>,
    purpose: Purpose,
    /// The way it left by.
    flow: Option<Flow>,
    headers: Vec<HeaderLine>,
    body: Option<Body>,
    answered: u8,
    proofs: Vec<(Name, Vec<u8>)>,
}

impl Open {
    fn new(
        method: Method<'static>,
        purpose: Purpose,
        headers: Vec<HeaderLine>,
        body: Option<Body>,
    ) -> Open {
        Open {
            key: 0,
            method,
            purpose,
            flow: None,
            headers,
            body,
            answered: 0,
            proofs: Vec::new(),
        }
    }
}

/// See the module.
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) state: State,
    /// The owner has heard `Ended`.
    pub(crate) over: bool,
    /// For which moment the heap has this leg.
    pub(crate) armed: Option<u64>,
    pub(crate) credentials: Vec<Credentials>,
    /// User part of our Contact.
    pub(crate) contact: Bytes,
    pub(crate) peer: Flow,
    pub(crate) calling: Option<Box<Calling>>,
    pub(crate) serving: Option<Box<Serving>>,
    pub(crate) dialog: Option<Dialog>,
    /// Keys under which the dialog table knows us.
    pub(crate) keys: Vec<u128>,
    pub(crate) local: Option<Bytes>,
    pub(crate) remote: Option<Bytes>,
    pub(crate) exchange: Exchange,
    pub(crate) unacked: Option<Unacked>,
    /// Our last ACK of a 2xx, by the number of its INVITE.
    pub(crate) ack: Option<(u32, Bytes)>,
    pub(crate) waiting: VecDeque<Waiting>,
    /// No offer of ours before this moment (glare).
    pub(crate) not_before: Option<u64>,
    open: Vec<Open>,
    /// BYE must go out as soon as the dialog allows it.
    pub(crate) bye: Option<Vec<HeaderLine>>,
    /// Give up when there is no final answer by then.
    pub(crate) bound: Option<u64>,
    /// The far end may repeat its 2xx until then.
    pub(crate) linger: u64,
}

impl Leg {
    pub(crate) fn new(
        id: LegId,
        peer: Flow,
        contact: Bytes,
        credentials: Vec<Credentials>,
        t: &Tables,
    ) -> Leg {
        let ringing = u64::try_from(t.limits.ringing.as_micros()).unwrap_or(u64::MAX);
        Leg {
            id,
            state: State::Calling,
            over: false,
            armed: None,
            credentials,
            contact,
            peer,
            calling: None,
            serving: None,
            dialog: None,
            keys: Vec::new(),
            local: None,
            remote: None,
            exchange: Exchange::Stable,
            unacked: None,
            ack: None,
            waiting: VecDeque::new(),
            not_before: None,
            open: Vec::new(),
            bye: None,
            bound: Some(t.micros().saturating_add(ringing)),
            linger: 0,
        }
    }

    pub(crate) fn tell(&self, t: &mut Tables, event: Event) {
        if !self.over {
            t.tell(event);
        }
    }

    pub(crate) fn enter(&mut self, t: &mut Tables, key: u128) {
        t.enter_dialog(key, self.id);
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }

    /// Takes the leg's names out of the tables; the last thing that happens to it.
    pub(crate) fn leave(&self, t: &mut Tables) {
        for key in &self.keys {
            if t.dialog(*key) == Some(self.id) {
                t.leave_dialog(*key);
            }
        }
    }

    /// The owner hears the end. What it still waited for is answered first.
    pub(crate) fn finish(&mut self, t: &mut Tables, ended: Ended) {
        if self.over {
            return;
        }
        let leg = self.id;
        let mut tokens: Vec<u64> = Vec::new();
        for open in &self.open {
            if let Purpose::Send(token) = open.purpose {
                tokens.push(token);
            }
        }
        for waiting in self.waiting.drain(..) {
            if let Waiting::Send(token, _) = waiting {
                tokens.push(token);
            }
        }
        for token in tokens {
            t.tell(Event::Sent {
                leg,
                token,
                status: 481,
            });
        }
        t.tell(Event::Ended {
            leg,
            ended: Box::new(ended),
        });
        if let Exchange::Ours { key, .. } = &self.exchange {
            t.give_up(*key);
        }
        self.over = true;
        self.state = State::Ending;
        self.bound = None;
        self.not_before = None;
    }

    /// Whether no repeat can come any more.
    pub(crate) fn gone(&self, now: u64) -> bool {
        self.over
            && self.bye.is_none()
            && self.unacked.is_none()
            && self.calling.as_ref().is_none_or(|c| !c.open)
            && !self.open.iter().any(|o| o.purpose == Purpose::Bye)
            && self.linger <= now
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        let mut at = self.bound;
        at = soonest(at, self.serving.as_ref().and_then(|s| s.again));
        at = soonest(at, self.unacked.as_ref().map(|u| u.at.min(u.until)));
        at = soonest(at, self.exchange.until());
        if !self.waiting.is_empty() {
            at = soonest(at, self.not_before);
        }
        if self.over && self.linger > 0 {
            at = soonest(at, Some(self.linger));
        }
        at
    }

    pub(crate) fn timeout(&mut self, t: &mut Tables) {
        let now = t.micros();
        if self.bound.is_some_and(|at| at <= now) {
            self.bound = None;
            if matches!(self.state, State::Calling | State::Early) {
                let why = Why {
                    status: 408,
                    ..Why::default()
                };
                self.end_as(t, why, By::Bound, 408);
            }
        }
        self.say_again(t);
        self.repeat_2xx(t);
        self.exchange_timeout(t);
        if self.linger <= now {
            self.linger = 0;
        }
        self.advance(t);
    }

    /// Sends what waits, as far as the state allows.
    pub(crate) fn advance(&mut self, t: &mut Tables) {
        if self.over || self.state != State::Up {
            return;
        }
        let (sends, offers): (VecDeque<_>, VecDeque<_>) = self
            .waiting
            .drain(..)
            .partition(|w| matches!(w, Waiting::Send(..)));
        self.waiting = offers;
        for send in sends {
            if let Waiting::Send(token, what) = send {
                self.send_now(t, token, &what);
            }
        }
        if self.not_before.is_some_and(|at| at > t.micros()) {
            return;
        }
        self.not_before = None;
        if matches!(self.exchange, Exchange::Stable)
            && self.unacked.is_none()
            && let Some(Waiting::Offer(sdp)) = self.waiting.pop_front()
        {
            self.offer_now(t, sdp);
        }
    }

    /// [`super::command::Command::Send`].
    pub(crate) fn send(&mut self, t: &mut Tables, token: u64, what: InDialog) {
        if self.over {
            return;
        }
        if self.waiting.len() + self.open.len() >= t.limits.pending {
            return t.tell(Event::Sent {
                leg: self.id,
                token,
                status: 503,
            });
        }
        self.waiting.push_back(Waiting::Send(token, what));
        self.advance(t);
    }

    fn send_now(&mut self, t: &mut Tables, token: u64, what: &InDialog) {
        let body = match what {
            InDialog::Digit(digit, ms) => Body {
                kind: Bytes::from_static(b"application/dtmf-relay"),
                bytes: format!("Signal={}\r\nDuration={ms}\r\n", char::from(*digit)).into(),
            },
            InDialog::Info(body) | InDialog::Text(body) => body.clone(),
        };
        let method = if matches!(what, InDialog::Text(_)) {
            Method::Message
        } else {
            Method::Info
        };
        self.start(
            t,
            Open::new(method, Purpose::Send(token), Vec::new(), Some(body)),
        );
    }

    /// Sends a request in the dialog that is not INVITE.
    fn start(&mut self, t: &mut Tables, mut open: Open) {
        let method = open.method;
        let Some(dialog) = &mut self.dialog else {
            return;
        };
        dialog.number += 1;
        let branch = t.branch();
        let inside = Inside {
            headers: &open.headers,
            proofs: &open.proofs,
            body: open.body.as_ref(),
        };
        let bytes = dialog.write(method, dialog.number, &branch, inside);
        open.flow = Some(dialog.flow);
        open.key = t.request(
            dialog.flow,
            method,
            &branch,
            bytes,
            User::Leg(self.id, open.purpose),
        );
        self.open.push(open);
    }

    /// An answer to INFO, MESSAGE or BYE, or what stands for one.
    pub(crate) fn sent(&mut self, t: &mut Tables, key: Key, status: u16, answer: Option<&Message>) {
        if status < 200 {
            return;
        }
        let Some(index) = self.open.iter().position(|o| o.key == key) else {
            return;
        };
        let mut open = self.open.swap_remove(index);
        if let (401 | 407, Some(answer), Some(dialog)) = (status, answer, &self.dialog)
            && open.answered < PROOFS
            && !refused(answer, &open.proofs)
        {
            let method = open.method;
            let found = proofs(t, &self.credentials, answer, method, &dialog.uri());
            if !found.is_empty() {
                open.proofs = found;
                open.answered += 1;
                return self.start(t, open);
            }
        }
        // Its connection broke, and the dialog goes on with another one.
        if let (503, None, Some(dialog)) = (status, answer, &self.dialog)
            && open
                .flow
                .is_some_and(|flow| flow.connection != 0 && flow != dialog.flow)
        {
            return self.start(t, open);
        }
        if let Purpose::Send(token) = open.purpose {
            self.tell(
                t,
                Event::Sent {
                    leg: self.id,
                    token,
                    status,
                },
            );
            // RFC 3261 12.2.1.2: the far end does not know this call any more, or says nothing at all.
            if status == 481 || (status == 408 && answer.is_none()) {
                let by = if answer.is_some() {
                    By::Them
                } else {
                    By::Silence
                };
                self.end_as(t, Why::default(), by, status);
            }
        }
    }

    /// Sends BYE, at once or when the dialog allows it.
    pub(crate) fn hang_up(&mut self, t: &mut Tables, headers: Vec<HeaderLine>) {
        // RFC 3261 15: the called side must not before its 2xx was acknowledged.
        if self.unacked.as_ref().is_some_and(|u| u.first) {
            self.bye = Some(headers);
            return;
        }
        self.bye = None;
        self.unacked = None;
        self.start(t, Open::new(Method::Bye, Purpose::Bye, headers, None));
    }

    /// The 2xx was acknowledged, or never will be.
    pub(crate) fn hang_up_if_wanted(&mut self, t: &mut Tables) {
        if let Some(headers) = self.bye.take() {
            self.hang_up(t, headers);
        }
    }

    /// [`super::command::Command::End`].
    pub(crate) fn end(&mut self, t: &mut Tables, why: Why) {
        let status = match self.state {
            State::Calling | State::Early if self.serving.is_some() && why.status != 0 => {
                why.status
            }
            State::Calling | State::Early => 487,
            State::Answered | State::Up | State::Ending => 200,
        };
        self.end_as(t, why, By::Us, status);
    }

    /// Ends the leg towards the far end by what the state wants, and towards the owner as `by` with `status`.
    pub(crate) fn end_as(&mut self, t: &mut Tables, why: Why, by: By, status: u16) {
        if self.over {
            return;
        }
        let state = self.state;
        let ended = Ended {
            cause: 0,
            text: why.text.clone(),
            ..ended(by, status)
        };
        self.refuse_open_offer(t, 487);
        self.finish(t, ended);
        match state {
            State::Calling | State::Early if self.serving.is_some() => self.reject(t, &why),
            State::Calling | State::Early => self.cancel(t, reasons(&why)),
            State::Answered | State::Up => {
                self.settle_late(t);
                self.hang_up(t, reasons(&why));
            }
            State::Ending => {}
        }
    }

    /// [`super::command::Command::Give`].
    pub(crate) fn give(&mut self, t: &mut Tables, to: OwnerId) {
        if self.over {
            return;
        }
        let snapshot = Snapshot {
            state: self.state,
            incoming: self.serving.is_some(),
            local: self.local.clone(),
            remote: self.remote.clone(),
            offered: self.exchange.offered(),
            peer: self.peer,
        };
        t.tell(Event::Given {
            leg: self.id,
            to,
            snapshot: Box::new(snapshot),
        });
    }

    /// Whether BYE still waits for an ACK.
    pub(crate) fn wants_bye(&self) -> bool {
        self.bye.is_some()
    }

    /// The way to the far end broke.
    pub(crate) fn unreachable(&mut self, flow: Flow) {
        let Some(dialog) = &mut self.dialog else {
            return;
        };
        if dialog.flow.connection == 0 || dialog.flow != flow {
            return;
        }
        dialog.reconnect();
        if let Some(unacked) = &mut self.unacked {
            unacked.flow = dialog.flow;
        }
    }
}

/// An end without details.
pub(crate) fn ended(by: By, status: u16) -> Ended {
    Ended {
        by,
        status,
        cause: 0,
        text: Bytes::new(),
        redirects: Vec::new(),
        challenged: false,
    }
}

/// `Reason: Q.850;cause=16;text="..."` (RFC 3326), if there is something to say.
pub(crate) fn reason_header(why: &Why) -> Option<HeaderLine> {
    if why.cause == 0 {
        return None;
    }
    let mut value = format!("Q.850;cause={}", why.cause).into_bytes();
    if !why.text.is_empty() {
        value.extend_from_slice(b";text=");
        super::uri::write_quoted(&why.text, &mut value);
    }
    Some((Bytes::from_static(b"Reason"), value.into()))
}

/// The Reason headers of a BYE or CANCEL: the cause, and what the owner wrote itself, as `SIP;cause=200`.
fn reasons(why: &Why) -> Vec<HeaderLine> {
    let own = why
        .headers
        .iter()
        .filter(|(name, _)| Name::of(name) == Name::Reason)
        .cloned();
    reason_header(why).into_iter().chain(own).collect()
}

/// The Q.850 cause and the text of a message's Reason header.
pub(crate) fn reason_of(message: &Message) -> (u8, Bytes) {
    let mut cause = 0;
    let mut text = Bytes::new();
    for value in message.tokens(Name::Reason) {
        let end = value.iter().position(|&b| b == b';').unwrap_or(value.len());
        let params = super::uri::Params(&value[end..]);
        if value[..end].trim_ascii().eq_ignore_ascii_case(b"Q.850") {
            let number = params
                .get(b"cause")
                .and_then(|p| super::uri::number(&p.text()));
            cause = number.and_then(|n| u8::try_from(n).ok()).unwrap_or(0);
        }
        if let Some(found) = params.get(b"text").filter(|_| text.is_empty()) {
            text = Bytes::copy_from_slice(&found.text());
        }
    }
    (cause, text)
}
