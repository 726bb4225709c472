//! One shard's signalling, without input or output.
//!
//! [`Stack`] is a state machine: bytes, commands and the passing of time go in; bytes to send and events come out. It holds no
//! socket, reads no clock and draws no randomness (tags, branches and delays come from the seed), so a whole call, with its
//! losses and races, can be run in a test in virtual time. It knows neither accounts nor dialplans: a new request is shown to
//! the shard as [`Event::Incoming`], and the shard says [`Command::Admit`], [`Command::Respond`] or [`Command::Refuse`].
//!
//! One mutation ([`Stack::receive`], [`Stack::command`], [`Stack::timeout`], [`Stack::unreachable`]), then drain
//! [`Stack::transmit`] and [`Stack::event`] until both are empty; then sleep until [`Stack::deadline`].

pub use super::command::*;
pub use super::event::*;
pub use super::flow::*;
pub use super::limits::*;

use bytes::Bytes;

use super::client::Outgoing;
use super::compose::Say;
use super::headers::{Method, Name};
use super::leg::Leg;
use super::message::Message;
use super::tables::{Fired, Key, Map, Purpose, Tables, User};
use super::verdict::{Fault, Served, check};

/// What the stack serves. SUBSCRIBE and PUBLISH are answered (489), so they are not listed; nor are REFER and PRACK, which get 405.
pub const SERVED: Served = Served {
    methods: &[
        Method::Invite,
        Method::Ack,
        Method::Cancel,
        Method::Bye,
        Method::Options,
        Method::Message,
        Method::Info,
        Method::Update,
        Method::Register,
    ],
    schemes: &[],
    extensions: &[],
    sessions: &["application/sdp"],
    texts: &["text/*"],
};

/// One shard's signalling.
pub struct Stack {
    t: Tables,
    legs: Map<LegId, Leg>,
    requests: Map<RequestId, Outgoing>,
}

impl Stack {
    /// An empty stack. Two stacks with the same seed that are told the same do the same.
    #[must_use]
    pub fn new(limits: Limits, seed: [u8; 32]) -> Stack {
        Stack {
            t: Tables::new(limits, seed),
            legs: Map::default(),
            requests: Map::default(),
        }
    }

    /// The bounds and times it works with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.t.limits
    }

    /// One whole message came by `flow` (streams are framed before). Bytes that are no message are dropped.
    pub fn receive(&mut self, now: Now, flow: Flow, bytes: Bytes) {
        self.t.now = now;
        let Ok(message) = Message::parse(bytes) else {
            return;
        };
        if message.is_request() {
            self.request(flow, message);
        } else if check(&message).is_ok()
            && let Some((key, user)) = self.t.heard(&message)
        {
            self.heard(key, user, message.status().unwrap_or(0), Some(&message));
        }
        self.settle();
    }

    /// What an owner, or the shard, wants.
    pub fn command(&mut self, now: Now, command: Command) {
        self.t.now = now;
        match command {
            Command::Admit {
                incoming,
                leg,
                credentials,
            } => self.admit(*incoming, leg, credentials),
            Command::Respond { incoming, answer } => self.respond(&incoming, &answer),
            Command::Refuse { incoming, answer } => self.refuse(&incoming, &answer),
            Command::Request { id, request } => {
                if let Some(outgoing) = Outgoing::start(id, request, &mut self.t) {
                    self.requests.insert(id, outgoing);
                }
            }
            Command::Invite { leg, invite } => {
                if self.legs.len() >= self.t.limits.legs {
                    Leg::refused(&mut self.t, leg, 503);
                } else if !self.legs.contains_key(&leg)
                    && let Some(made) = Leg::call(leg, invite, &mut self.t)
                {
                    self.legs.insert(leg, made);
                    self.touched(leg);
                }
            }
            Command::Ring(leg) => self.with(leg, |leg, t| leg.ring(t, 180, None)),
            Command::Progress { leg, sdp } => self.with(leg, |leg, t| leg.ring(t, 183, Some(sdp))),
            Command::Answer { leg, sdp } => self.with(leg, |leg, t| leg.answer(t, sdp)),
            Command::Offer { leg, sdp } => self.with(leg, |leg, t| leg.offer(t, sdp)),
            Command::Reply { leg, reply } => self.with(leg, |leg, t| leg.reply(t, reply)),
            Command::Send { leg, token, what } => self.with(leg, |leg, t| leg.send(t, token, what)),
            Command::Give { leg, to } => self.with(leg, |leg, t| leg.give(t, to)),
            Command::End { leg, why } => self.with(leg, |leg, t| leg.end(t, why)),
        }
        self.settle();
    }

    /// The deadline came. Calling it earlier, or twice, does no harm.
    pub fn timeout(&mut self, now: Now) {
        self.t.now = now;
        while let Some(timer) = self.t.due(|leg| self.legs.get(&leg).and_then(|l| l.armed)) {
            match self.t.fire(timer) {
                Fired::Done => {}
                Fired::Silent(key, user) => self.heard(key, user, 408, None),
                Fired::Leg(id) => {
                    if let Some(leg) = self.legs.get_mut(&id) {
                        self.t.disarm_leg(&mut leg.armed);
                        leg.timeout(&mut self.t);
                    }
                    self.touched(id);
                }
            }
        }
        self.settle();
    }

    /// Nothing can be sent by this flow, as it stood in [`Transmit`] or in [`Stack::receive`]: the connection was refused or broke.
    pub fn unreachable(&mut self, now: Now, flow: Flow) {
        self.t.now = now;
        for leg in self.legs.values_mut() {
            leg.unreachable(flow);
        }
        for (key, user) in self.t.lost(flow) {
            self.heard(key, user, 503, None);
        }
        self.settle();
    }

    /// The next bytes to send.
    pub fn transmit(&mut self) -> Option<Transmit> {
        self.t.out.pop_front()
    }

    /// The next thing that somebody must know.
    pub fn event(&mut self) -> Option<Event> {
        self.t.events.pop_front()
    }

    /// When [`Stack::timeout`] wants to be called next.
    #[must_use]
    pub fn deadline(&self) -> Option<Now> {
        let at = self.t.deadline()?;
        Some(self.t.now.after(std::time::Duration::from_micros(
            at.saturating_sub(self.t.now.micros),
        )))
    }

    /// How much is alive.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            transactions: self.t.transactions(),
            legs: self.legs.len(),
            timers: self.t.armed(),
            requests: self.requests.len(),
        }
    }

    /// Whether some request of ours, as the last BYE, still waits for its answer; a stop waits for that, but not for the silence after.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.t.waiting() > 0 || self.legs.values().any(Leg::wants_bye)
    }

    /// Where a leg stands; `None` once nothing is left of it.
    #[must_use]
    pub fn state(&self, leg: LegId) -> Option<State> {
        self.legs.get(&leg).map(|l| l.state)
    }

    /// Lets a command act on its leg.
    fn with(&mut self, id: LegId, act: impl FnOnce(&mut Leg, &mut Tables)) {
        if let Some(leg) = self.legs.get_mut(&id) {
            act(leg, &mut self.t);
            self.touched(id);
        }
    }

    /// A leg may have a new deadline now, or be gone.
    fn touched(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        if leg.gone(self.t.micros()) {
            leg.leave(&mut self.t);
            self.t.disarm_leg(&mut leg.armed);
            self.legs.remove(&id);
            return;
        }
        let deadline = leg.deadline();
        self.t.arm_leg(id, deadline, &mut leg.armed);
    }

    /// After every mutation: no stale timer on top of the heap, not too many inside.
    fn settle(&mut self) {
        let legs = &self.legs;
        self.t.sweep(|leg| legs.get(&leg).and_then(|l| l.armed));
        self.t
            .compact(legs.len(), |leg| legs.get(&leg).and_then(|l| l.armed));
    }

    /// An answer to a request of ours, or what stands for one, for whoever wanted it.
    fn heard(&mut self, key: Key, user: User, status: u16, answer: Option<&Message>) {
        match user {
            User::Nobody => {}
            User::Request(id) => {
                if let Some(outgoing) = self.requests.get_mut(&id)
                    && outgoing.heard(&mut self.t, key, status, answer)
                {
                    self.requests.remove(&id);
                }
            }
            User::Leg(id, purpose) => self.with(id, |leg, t| match purpose {
                Purpose::Invite => leg.called(t, key, status, answer),
                Purpose::Change => leg.changed(t, key, status, answer),
                Purpose::Bye | Purpose::Send(_) => leg.sent(t, key, status, answer),
            }),
        }
    }

    fn request(&mut self, flow: Flow, message: Message) {
        let method = message.method().unwrap_or(Method::Other(b""));
        if let Err(fault) = check(&message) {
            return self.fault(&message, flow, &fault);
        }
        let Some(key) = self.t.server_key(&message, method) else {
            return;
        };
        match method {
            Method::Ack => self.ack(key, &message),
            _ if self.t.repeated(key, flow) => {}
            Method::Cancel => self.cancel(key, &message, flow),
            // A REGISTER belongs to no dialog, whatever its To says.
            Method::Register => self.outside(key, message, flow),
            _ if message.to().is_ok_and(|to| to.tag().is_some()) => {
                self.inside(key, &message, flow)
            }
            _ => self.outside(key, message, flow),
        }
    }

    fn ack(&mut self, key: Key, message: &Message) {
        if self.t.acked(key) {
            return;
        }
        if let Some(leg) = self.dialog_of(message) {
            self.with(leg, |leg, t| leg.acked(t, message));
        }
    }

    fn cancel(&mut self, key: Key, message: &Message, flow: Flow) {
        let invite = self
            .t
            .server_key(message, Method::Invite)
            .filter(|k| self.t.serving(*k));
        let Some(invite) = invite else {
            return self.status(message, flow, 481);
        };
        let tag = self.t.tag_for(message);
        self.t.serve(key, message, flow, None, false);
        let bytes = Say::status(200, &tag).write(message, flow);
        self.t.respond(key, 200, bytes);
        if let Some(leg) = self.t.leg_of(invite) {
            self.with(leg, |leg, t| leg.cancelled(t, invite, message));
        }
    }

    /// The leg whose dialog a request names.
    fn dialog_of(&self, message: &Message) -> Option<LegId> {
        let (from, to) = (message.from().ok()?, message.to().ok()?);
        let key = self.t.dialog_key(
            message.call_id().ok()?,
            to.tag()?,
            from.tag().unwrap_or_default(),
        );
        self.t.dialog(key)
    }

    fn inside(&mut self, key: Key, message: &Message, flow: Flow) {
        let Some(leg) = self.dialog_of(message) else {
            return self.status(message, flow, 481);
        };
        // A call that stands may go on, and end, when the tables are full for new ones.
        if self.t.transactions() >= self.t.limits.transactions.saturating_mul(2) {
            return self.busy(message, flow);
        }
        self.t.serve(key, message, flow, Some(leg), false);
        self.with(leg, |leg, t| leg.request(t, key, message, flow));
    }

    fn outside(&mut self, key: Key, message: Message, flow: Flow) {
        if self.t.merges(&message, key) {
            return self.status(&message, flow, 482);
        }
        let method = message.method().unwrap_or(Method::Other(b""));
        match method {
            // RFC 6665: events that we do not have; a subscription that nobody made.
            Method::Subscribe | Method::Publish => return self.status(&message, flow, 489),
            // They belong into a dialog, and this is none.
            Method::Notify | Method::Bye | Method::Info | Method::Update => {
                return self.status(&message, flow, 481);
            }
            _ => {}
        }
        if let Err(fault) = SERVED.check(&message) {
            return self.fault(&message, flow, &fault);
        }
        let full = method == Method::Invite && self.legs.len() >= self.t.limits.legs;
        if full || self.t.full() {
            return self.busy(&message, flow);
        }
        self.t
            .tell(Event::Incoming(Box::new(Incoming { message, flow })));
    }

    fn admit(&mut self, incoming: Incoming, id: LegId, credentials: Vec<Credentials>) {
        if self.legs.contains_key(&id) {
            return self.status(&incoming.message, incoming.flow, 500);
        }
        let key = self.t.server_key(&incoming.message, Method::Invite);
        let invite = incoming.message.method() == Some(Method::Invite);
        let Some(key) = key.filter(|k| invite && !self.t.serving(*k)) else {
            return Leg::refused(&mut self.t, id, 482);
        };
        if self.t.full() || self.legs.len() >= self.t.limits.legs {
            self.busy(&incoming.message, incoming.flow);
            return Leg::refused(&mut self.t, id, 503);
        }
        match Leg::serve(id, incoming, key, credentials, &mut self.t) {
            Some(leg) => {
                self.legs.insert(id, leg);
                self.touched(id);
            }
            None => Leg::refused(&mut self.t, id, 400),
        }
    }

    fn respond(&mut self, incoming: &Incoming, answer: &Answer) {
        let message = &incoming.message;
        let method = message.method().unwrap_or(Method::Other(b""));
        let Some(key) = self.t.server_key(message, method) else {
            return;
        };
        if self.t.serving(key) || method == Method::Ack {
            return;
        }
        // A call is answered through a leg; and a provisional answer would leave the transaction waiting for ever.
        let least = if method == Method::Invite { 300 } else { 200 };
        let status = if (least..700).contains(&answer.status) {
            answer.status
        } else {
            500
        };
        let bytes = self.write(message, incoming.flow, answer, status);
        self.t.serve(key, message, incoming.flow, None, true);
        self.t.respond(key, status, bytes);
    }

    fn refuse(&mut self, incoming: &Incoming, answer: &Answer) {
        // An OPTIONS changes nothing, so its 200 may be forgotten as well.
        let least = match incoming.message.method() {
            Some(Method::Options) => 200,
            _ => 300,
        };
        let status = if (least..700).contains(&answer.status) {
            answer.status
        } else {
            500
        };
        let bytes = self.write(&incoming.message, incoming.flow, answer, status);
        self.t.send(incoming.flow, bytes);
    }

    fn write(&self, message: &Message, flow: Flow, answer: &Answer, status: u16) -> Bytes {
        let tag = self.t.tag_for(message);
        let (reason, headers, body) = (
            &answer.reason[..],
            &answer.headers[..],
            answer.body.as_ref(),
        );
        Say {
            status,
            reason,
            tag: Some(&tag),
            contact: None,
            headers,
            body,
        }
        .write(message, flow)
    }

    /// A stateless answer that is only a status.
    fn status(&mut self, message: &Message, flow: Flow, status: u16) {
        self.say(message, flow, status, &[]);
    }

    /// The tables are full.
    fn busy(&mut self, message: &Message, flow: Flow) {
        let after = self.t.dice.between(5, 30).to_string();
        self.say(
            message,
            flow,
            503,
            &[(
                Bytes::from_static(Name::RetryAfter.text().as_bytes()),
                after.into(),
            )],
        );
    }

    fn fault(&mut self, message: &Message, flow: Flow, fault: &Fault) {
        let headers: Vec<HeaderLine> = fault
            .answer
            .iter()
            .map(|(n, v)| {
                (
                    Bytes::from_static(n.text().as_bytes()),
                    Bytes::copy_from_slice(v),
                )
            })
            .collect();
        self.say(message, flow, fault.status, &headers);
    }

    fn say(&mut self, message: &Message, flow: Flow, status: u16, headers: &[HeaderLine]) {
        if message.method() == Some(Method::Ack) {
            return;
        }
        let tag = self.t.tag_for(message);
        let bytes = Say {
            headers,
            ..Say::status(status, &tag)
        }
        .write(message, flow);
        self.t.send(flow, bytes);
    }
}
