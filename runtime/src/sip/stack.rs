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

use std::collections::VecDeque;

use bytes::Bytes;

use super::dice::Dice;
use super::headers::{Method, Name};
use super::message::Message;
use super::verdict::{Fault, Served, check};
use super::write::Writer;

/// What the stack serves. SUBSCRIBE and PUBLISH are answered (489), so they are not listed.
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
    schemes: &["tel"],
    extensions: &[],
    sessions: &["application/sdp"],
    texts: &["text/*", "application/*", "message/*"],
};

/// One shard's signalling.
pub struct Stack {
    limits: Limits,
    dice: Dice,
    out: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Stack {
    /// An empty stack. Two stacks with the same seed that are told the same do the same.
    #[must_use]
    pub fn new(limits: Limits, seed: [u8; 32]) -> Stack {
        Stack {
            limits,
            dice: Dice::new(seed),
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The bounds and times it works with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// One whole message came by `flow` (streams are framed before). Bytes that are no message are dropped.
    pub fn receive(&mut self, _now: Now, flow: Flow, bytes: Bytes) {
        let Ok(message) = Message::parse(bytes) else {
            return;
        };
        if !message.is_request() {
            return;
        }
        if let Err(fault) = check(&message).and_then(|()| SERVED.check(&message)) {
            return self.refuse(&message, flow, &fault);
        }
        self.events
            .push_back(Event::Incoming(Box::new(Incoming { message, flow })));
    }

    /// What an owner, or the shard, wants.
    pub fn command(&mut self, _now: Now, command: Command) {
        match command {
            Command::Refuse { incoming, answer } => {
                let fault = Fault::new(answer.status, None, "refused");
                self.refuse(&incoming.message, incoming.flow, &fault);
            }
            Command::Request { id, .. } => {
                self.events.push_back(Event::Response {
                    id,
                    status: 503,
                    message: None,
                    flow: None,
                });
            }
            Command::Admit { leg, .. } | Command::Invite { leg, .. } => {
                let ended = Ended {
                    by: By::Bound,
                    status: 503,
                    cause: 0,
                    text: Bytes::new(),
                    redirects: Vec::new(),
                    challenged: false,
                };
                self.events.push_back(Event::Ended {
                    leg,
                    ended: Box::new(ended),
                });
            }
            _ => {}
        }
    }

    /// The deadline came.
    pub fn timeout(&mut self, _now: Now) {}

    /// Nothing can be sent by this flow: the connection was refused or broke.
    pub fn unreachable(&mut self, _now: Now, _flow: Flow) {}

    /// The next bytes to send.
    pub fn transmit(&mut self) -> Option<Transmit> {
        self.out.pop_front()
    }

    /// The next thing that somebody must know.
    pub fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Stack::timeout`] wants to be called next.
    #[must_use]
    pub fn deadline(&self) -> Option<Now> {
        None
    }

    /// How much is alive.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::default()
    }

    fn refuse(&mut self, message: &Message, flow: Flow, fault: &Fault) {
        if message.method() == Some(Method::Ack) {
            return;
        }
        let tag = self.dice.tag(&[
            message.get(Name::CallId).unwrap_or_default(),
            message.get(Name::From).unwrap_or_default(),
        ]);
        let mut answer = Writer::response(message, fault.status, flow.remote, Some(&tag));
        for (name, value) in &fault.answer {
            answer.header(*name, value);
        }
        self.out.push_back(Transmit {
            flow,
            bytes: answer.end(),
        });
    }
}
