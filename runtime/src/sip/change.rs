//! Changing a session that stands: re-INVITE and UPDATE of both sides, glare, answers in ACK, and the repeats of a 2xx.

use bytes::Bytes;

use super::calling::{sdp_body, sdp_of};
use super::command::{Body, Reply, Why};
use super::compose::Say;
use super::dialog::Inside;
use super::event::{By, Event, State};
use super::flow::Flow;
use super::headers::{Method, Name};
use super::leg::{Leg, Waiting};
use super::message::Message;
use super::proof::{PROOFS, proofs, refused};
use super::tables::{Key, Purpose, Tables, User};

/// Where offer and answer stand (RFC 3264) once the first exchange is over.
pub(crate) enum Exchange {
    /// Nobody wants anything.
    Stable,
    /// Our re-INVITE is out.
    Ours {
        key: Key,
        sdp: Option<Bytes>,
        answered: u8,
        proofs: Vec<(Name, Vec<u8>)>,
        /// A far end that says 100 and then nothing gets CANCEL.
        until: Option<u64>,
    },
    /// Their offer came in a 2xx; ACK waits for our answer.
    Late {
        number: u32,
        sdp: Bytes,
        first: bool,
        until: u64,
    },
    /// Their re-INVITE or UPDATE waits for our answer.
    Theirs {
        key: Key,
        request: Box<Message>,
        flow: Flow,
        sdp: Option<Bytes>,
        until: u64,
    },
}

impl Exchange {
    pub(crate) fn until(&self) -> Option<u64> {
        match self {
            Exchange::Late { until, .. } | Exchange::Theirs { until, .. } => Some(*until),
            Exchange::Ours { until, .. } => *until,
            Exchange::Stable => None,
        }
    }

    /// What the owner has still to answer.
    pub(crate) fn offered(&self) -> Option<Option<Bytes>> {
        match self {
            Exchange::Theirs { sdp, .. } => Some(sdp.clone()),
            Exchange::Late { sdp, .. } => Some(Some(sdp.clone())),
            Exchange::Stable | Exchange::Ours { .. } => None,
        }
    }
}

/// A 2xx of ours to an INVITE, repeated until its ACK comes (RFC 3261 13.3.1.4).
pub(crate) struct Unacked {
    bytes: Bytes,
    pub(crate) flow: Flow,
    /// CSeq number of the INVITE.
    pub(crate) number: u32,
    /// The ACK carries their answer to our offer.
    pub(crate) late: bool,
    /// It is the 2xx that made the call.
    pub(crate) first: bool,
    pub(crate) at: u64,
    pause: u64,
    pub(crate) until: u64,
}

impl Unacked {
    pub(crate) fn new(
        bytes: Bytes,
        flow: Flow,
        number: u32,
        late: bool,
        first: bool,
        t: &Tables,
    ) -> Unacked {
        let (now, pause) = (t.micros(), t.times.t1);
        Unacked {
            bytes,
            flow,
            number,
            late,
            first,
            at: now.saturating_add(pause),
            pause,
            until: now.saturating_add(t.times.silence()),
        }
    }
}

impl Leg {
    /// The 2xx again; after 64·T1 without ACK the call is ended with BYE.
    pub(crate) fn repeat_2xx(&mut self, t: &mut Tables) {
        let now = t.micros();
        let Some(u) = &mut self.unacked else { return };
        if u.until <= now {
            let first = u.first;
            self.unacked = None;
            if self.over {
                return self.hang_up_if_wanted(t);
            }
            let status = if first { 408 } else { 200 };
            return self.end_as(t, Why::default(), By::Silence, status);
        }
        if u.at <= now {
            u.pause = u.pause.saturating_mul(2).min(t.times.t2);
            u.at = now.saturating_add(u.pause);
            let (flow, bytes) = (u.flow, u.bytes.clone());
            t.send(flow, bytes);
        }
    }

    /// [`super::command::Command::Offer`].
    pub(crate) fn offer(&mut self, t: &mut Tables, sdp: Option<Bytes>) {
        if self.over {
            return;
        }
        if self.waiting.len() >= t.limits.pending {
            return t.tell(Event::Settled {
                leg: self.id,
                sdp: None,
                status: 503,
            });
        }
        self.waiting.push_back(Waiting::Offer(sdp));
        self.advance(t);
    }

    pub(crate) fn offer_now(&mut self, t: &mut Tables, sdp: Option<Bytes>) {
        self.exchange = Exchange::Ours {
            key: 0,
            sdp,
            answered: 0,
            proofs: Vec::new(),
            until: None,
        };
        self.invite_now(t);
    }

    fn invite_now(&mut self, t: &mut Tables) {
        let (
            Some(dialog),
            Exchange::Ours {
                key,
                sdp,
                proofs,
                until,
                ..
            },
        ) = (&mut self.dialog, &mut self.exchange)
        else {
            return;
        };
        dialog.number += 1;
        let branch = t.branch();
        let body = sdp.as_ref().map(sdp_body);
        let bytes = dialog.write(
            Method::Invite,
            dialog.number,
            &branch,
            Inside {
                proofs,
                body: body.as_ref(),
                headers: &[],
            },
        );
        *key = t.request(
            dialog.flow,
            Method::Invite,
            &branch,
            bytes,
            User::Leg(self.id, Purpose::Change),
        );
        // After timer B, which speaks for a far end that says nothing at all.
        *until = Some(t.micros().saturating_add(t.times.silence() + t.times.t1));
    }

    /// An answer to a re-INVITE of ours, or what stands for one.
    pub(crate) fn changed(
        &mut self,
        t: &mut Tables,
        key: Key,
        status: u16,
        answer: Option<&Message>,
    ) {
        let ours = matches!(&self.exchange, Exchange::Ours { key: k, .. } if *k == key);
        if let (200..=299, Some(answer)) = (status, answer) {
            return self.change_accepted(t, answer, ours);
        }
        if !ours || status < 300 || self.over {
            return;
        }
        let Exchange::Ours {
            sdp,
            answered,
            proofs: sent,
            ..
        } = &mut self.exchange
        else {
            return;
        };
        if let (401 | 407, Some(answer), Some(dialog)) = (status, answer, &self.dialog)
            && *answered < PROOFS
            && !refused(answer, sent)
        {
            let found = proofs(t, &self.credentials, answer, Method::Invite, &dialog.uri());
            if !found.is_empty() {
                *sent = found;
                *answered += 1;
                return self.invite_now(t);
            }
        }
        let sdp = sdp.take();
        self.exchange = Exchange::Stable;
        match status {
            // Glare (RFC 3261 14.1): the maker of the Call-ID waits longer, so that they do not meet again.
            491 => {
                let (from, to) = if self.made_it() {
                    (2_100, 4_000)
                } else {
                    (0, 2_000)
                };
                // Steps of 10 ms.
                let wait = t.dice.between(from / 10, to / 10) * 10_000;
                self.not_before = Some(t.micros().saturating_add(wait));
                self.waiting.push_front(Waiting::Offer(sdp));
            }
            481 => self.end_as(t, Why::default(), By::Them, 481),
            408 => {
                let by = if answer.is_some() {
                    By::Them
                } else {
                    By::Silence
                };
                self.end_as(t, Why::default(), by, 408);
            }
            _ => {
                self.tell(
                    t,
                    Event::Settled {
                        leg: self.id,
                        sdp: None,
                        status,
                    },
                );
                self.advance(t);
            }
        }
    }

    fn change_accepted(&mut self, t: &mut Tables, answer: &Message, ours: bool) {
        let number = answer.cseq().map_or(0, |c| c.number);
        if let (Some((acked, ack)), Some(dialog)) = (&self.ack, &self.dialog)
            && *acked == number
        {
            return t.send(dialog.flow, ack.clone());
        }
        if !ours {
            // Either the answer in ACK is not known yet, or the call is over: then the 2xx still wants its ACK.
            if self.over {
                self.acknowledge(t, number, None);
            }
            return;
        }
        if let Some(dialog) = &mut self.dialog {
            dialog.refresh(answer);
        }
        self.linger = t.micros().saturating_add(t.times.silence());
        let Exchange::Ours { sdp: asked, .. } =
            std::mem::replace(&mut self.exchange, Exchange::Stable)
        else {
            return;
        };
        let sdp = sdp_of(answer);
        match (asked, sdp) {
            (None, Some(theirs)) if !self.over => {
                self.wait_for_answer(t, number, theirs.clone(), false);
                self.tell(
                    t,
                    Event::Offered {
                        leg: self.id,
                        sdp: Some(theirs),
                    },
                );
            }
            (asked, sdp) => {
                self.acknowledge(t, number, None);
                if asked.is_some() {
                    self.local = asked;
                }
                if sdp.is_some() {
                    self.remote.clone_from(&sdp);
                }
                self.tell(
                    t,
                    Event::Settled {
                        leg: self.id,
                        sdp,
                        status: 200,
                    },
                );
                self.advance(t);
            }
        }
    }

    /// Their offer came in a 2xx: ACK waits for our answer, but not longer than they repeat it.
    pub(crate) fn wait_for_answer(&mut self, t: &mut Tables, number: u32, sdp: Bytes, first: bool) {
        let until = t.micros().saturating_add(t.times.silence());
        self.exchange = Exchange::Late {
            number,
            sdp,
            first,
            until,
        };
    }

    /// The leg ends while ACK waits for our answer: ACK without one.
    pub(crate) fn settle_late(&mut self, t: &mut Tables) {
        if let Exchange::Late { number, .. } = self.exchange {
            self.exchange = Exchange::Stable;
            self.acknowledge(t, number, None);
        }
    }

    pub(crate) fn exchange_timeout(&mut self, t: &mut Tables) {
        if self.exchange.until().is_none_or(|at| at > t.micros()) {
            return;
        }
        match &mut self.exchange {
            Exchange::Late { .. } => self.end_as(t, Why::default(), By::Bound, 408),
            Exchange::Theirs { .. } => {
                self.refuse_open_offer(t, 500);
                self.tell(
                    t,
                    Event::Settled {
                        leg: self.id,
                        sdp: None,
                        status: 500,
                    },
                );
                self.advance(t);
            }
            Exchange::Ours { key, until, .. } => {
                *until = None;
                t.cancel(*key, &[]);
            }
            Exchange::Stable => {}
        }
    }

    /// A second INVITE inside the dialog.
    pub(crate) fn invite_again(&mut self, t: &mut Tables, key: Key, request: &Message, flow: Flow) {
        match (self.state, &self.exchange) {
            // Their first INVITE, or the last, has no final answer yet.
            (State::Calling | State::Early, _) | (_, Exchange::Theirs { .. }) => {
                return self.say_later(t, key, request, flow);
            }
            (_, Exchange::Ours { .. } | Exchange::Late { .. }) | (State::Answered, _) => {
                return self.pending(t, key, request, flow);
            }
            _ if self.unacked.is_some() => return self.pending(t, key, request, flow),
            _ => {}
        }
        let trying = Say {
            tag: None,
            ..Say::status(100, b"")
        }
        .write(request, flow);
        t.respond(key, 100, trying);
        self.they_offer(t, key, request, flow);
    }

    /// UPDATE (RFC 3311).
    pub(crate) fn update(&mut self, t: &mut Tables, key: Key, request: &Message, flow: Flow) {
        if request.sdp().is_none() {
            if let Some(dialog) = &mut self.dialog {
                dialog.refresh(request);
            }
            self.say(
                t,
                key,
                request,
                flow,
                Say {
                    contact: Some(&self.contact),
                    ..Say::status(200, b"")
                },
            );
            return;
        }
        match (self.state, &self.exchange) {
            (State::Calling | State::Early, _) | (_, Exchange::Theirs { .. }) => {
                self.say_later(t, key, request, flow)
            }
            (_, Exchange::Ours { .. } | Exchange::Late { .. }) | (State::Answered, _) => {
                self.pending(t, key, request, flow)
            }
            _ if self.unacked.is_some() => self.pending(t, key, request, flow),
            _ => self.they_offer(t, key, request, flow),
        }
    }

    /// 491: our own offer, or our 2xx, is open.
    fn pending(&self, t: &mut Tables, key: Key, request: &Message, flow: Flow) {
        self.say(t, key, request, flow, Say::status(491, b""));
    }

    fn they_offer(&mut self, t: &mut Tables, key: Key, request: &Message, flow: Flow) {
        if let Some(dialog) = &mut self.dialog {
            dialog.refresh(request);
            // A phone that moved, or came back on a new connection, is reached where it is now.
            dialog.flow = flow;
        }
        self.peer = flow;
        let sdp = sdp_of(request);
        let until = t.micros().saturating_add(t.times.silence());
        self.exchange = Exchange::Theirs {
            key,
            request: Box::new(request.clone()),
            flow,
            sdp: sdp.clone(),
            until,
        };
        self.tell(t, Event::Offered { leg: self.id, sdp });
    }

    /// [`super::command::Command::Reply`].
    pub(crate) fn reply(&mut self, t: &mut Tables, reply: Reply) {
        if self.over {
            return;
        }
        match (
            std::mem::replace(&mut self.exchange, Exchange::Stable),
            reply,
        ) {
            (
                Exchange::Late {
                    number, sdp, first, ..
                },
                Reply::Sdp(ours),
            ) => {
                self.acknowledge(t, number, Some(&ours));
                self.local = Some(ours);
                self.remote = Some(sdp);
                self.state = State::Up;
                if !first {
                    self.tell(
                        t,
                        Event::Settled {
                            leg: self.id,
                            sdp: None,
                            status: 200,
                        },
                    );
                }
            }
            (Exchange::Late { number, first, .. }, Reply::Refuse(status)) => {
                self.acknowledge(t, number, None);
                if first {
                    self.state = State::Up;
                    return self.end(
                        t,
                        Why {
                            status,
                            ..Why::default()
                        },
                    );
                }
                self.tell(
                    t,
                    Event::Settled {
                        leg: self.id,
                        sdp: None,
                        status,
                    },
                );
            }
            (
                Exchange::Theirs {
                    key,
                    request,
                    flow,
                    sdp,
                    ..
                },
                Reply::Sdp(ours),
            ) => {
                self.accept_change(t, key, &request, flow, sdp, ours);
            }
            (
                Exchange::Theirs {
                    key, request, flow, ..
                },
                Reply::Refuse(status),
            ) => {
                let status = if (300..700).contains(&status) {
                    status
                } else {
                    488
                };
                self.say(t, key, &request, flow, Say::status(status, b""));
            }
            // Nobody asked.
            (other, _) => self.exchange = other,
        }
        self.advance(t);
    }

    fn accept_change(
        &mut self,
        t: &mut Tables,
        key: Key,
        request: &Message,
        flow: Flow,
        theirs: Option<Bytes>,
        ours: Bytes,
    ) {
        let body: Body = sdp_body(&ours);
        let tag = self
            .dialog
            .as_ref()
            .map(|d| d.local_tag.clone())
            .unwrap_or_default();
        let say = Say {
            contact: Some(&self.contact),
            body: Some(&body),
            ..Say::status(200, &tag)
        };
        let bytes = say.write(request, flow);
        if !t.respond(key, 200, bytes.clone()) {
            return;
        }
        self.local = Some(ours);
        let late = theirs.is_none();
        if !late {
            self.remote = theirs;
        }
        if request.method() == Some(Method::Invite) {
            let number = request.cseq().map_or(0, |c| c.number);
            self.unacked = Some(Unacked::new(bytes, flow, number, late, false, t));
        }
    }

    /// Their open re-INVITE or UPDATE gets this status. False if there is none.
    pub(crate) fn refuse_open_offer(&mut self, t: &mut Tables, status: u16) -> bool {
        let Exchange::Theirs { .. } = &self.exchange else {
            return false;
        };
        if let Exchange::Theirs {
            key, request, flow, ..
        } = std::mem::replace(&mut self.exchange, Exchange::Stable)
        {
            self.say(t, key, &request, flow, Say::status(status, b""));
        }
        true
    }
}
