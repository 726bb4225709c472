//! A call that we make: attempts along the flows, early dialogs, forks, CANCEL and its races.

use bytes::Bytes;

use super::command::{Body, HeaderLine, Invite, LegId};
use super::compose::{self, Draft};
use super::dialog::{Dialog, Inside};
use super::event::{By, Ended, Event, State};
use super::headers::{Contacts, Method, Name};
use super::leg::{Leg, ended, reason_of};
use super::message::Message;
use super::proof::{PROOFS, proofs, refused};
use super::tables::{Key, Purpose, Tables, User};

/// An early dialog: who said what.
struct Early {
    tag: Bytes,
    sdp: Option<Bytes>,
}

/// What CANCEL carries, until it is out.
struct Cancel {
    sent: bool,
    headers: Vec<HeaderLine>,
}

/// The first INVITE of a leg, until its last answer.
pub(crate) struct Calling {
    invite: Box<Invite>,
    from: Bytes,
    to: Bytes,
    call_id: Bytes,
    local_tag: Bytes,
    /// CSeq number of the attempt that runs.
    number: u32,
    way: usize,
    key: Key,
    answered: u8,
    proofs: Vec<(Name, Vec<u8>)>,
    /// No final answer yet, so one may come.
    pub(crate) open: bool,
    /// The owner wants no answer any more.
    cancel: Option<Cancel>,
    rang: bool,
    said: u16,
    forks: Vec<Early>,
    /// Tags of dialogs that were ended because another one had won.
    lost: Vec<Bytes>,
}

/// SDP as a body.
pub(crate) fn sdp_body(sdp: &Bytes) -> Body {
    Body {
        kind: Bytes::from_static(b"application/sdp"),
        bytes: sdp.clone(),
    }
}

/// The SDP of a message, sharing its bytes.
pub(crate) fn sdp_of(message: &Message) -> Option<Bytes> {
    message.sdp().map(|_| message.body_bytes())
}

impl Leg {
    /// [`super::command::Command::Invite`]. `None`, and the event is out, if there is no way to call.
    pub(crate) fn call(id: LegId, mut invite: Box<Invite>, t: &mut Tables) -> Option<Leg> {
        let Some(&flow) = invite.flows.first() else {
            t.tell(Event::Ended {
                leg: id,
                ended: Box::new(ended(By::Unreachable, 503)),
            });
            return None;
        };
        if t.full() {
            t.tell(Event::Ended {
                leg: id,
                ended: Box::new(ended(By::Bound, 503)),
            });
            return None;
        }
        invite.flows.truncate(t.limits.targets.max(1));
        let credentials = std::mem::take(&mut invite.credentials);
        let mut leg = Leg::new(id, flow, invite.contact.clone(), credentials, t);
        leg.local = invite.offer.clone();
        let tag = t.dice.token();
        leg.calling = Some(Box::new(Calling {
            from: compose::address(&invite.from, Some(&tag)),
            to: compose::address(&invite.to, None),
            call_id: t.dice.token(),
            local_tag: tag,
            number: 0,
            way: 0,
            key: 0,
            answered: 0,
            proofs: Vec::new(),
            open: true,
            cancel: None,
            rang: false,
            said: 0,
            forks: Vec::new(),
            lost: Vec::new(),
            invite,
        }));
        leg.attempt(t);
        Some(leg)
    }

    fn attempt(&mut self, t: &mut Tables) {
        let Some(c) = &mut self.calling else { return };
        c.number += 1;
        c.forks.clear();
        let flow = c.invite.flows[c.way];
        let branch = t.branch();
        let body = c.invite.offer.as_ref().map(sdp_body);
        let draft = Draft {
            method: Method::Invite,
            uri: &c.invite.uri,
            flow,
            branch: &branch,
            routes: &[],
            from: &c.from,
            to: &c.to,
            call_id: &c.call_id,
            cseq: c.number,
            contact: Some(&self.contact),
            headers: &c.invite.headers,
            proofs: &c.proofs,
            body: body.as_ref(),
        };
        let bytes = draft.write();
        self.peer = flow;
        c.key = t.request(
            flow,
            Method::Invite,
            &branch,
            bytes,
            User::Leg(self.id, Purpose::Invite),
        );
    }

    /// Whether our Call-ID is ours: it decides who waits longer after glare.
    pub(crate) fn made_it(&self) -> bool {
        self.calling.is_some()
    }

    /// An answer to the first INVITE, or what stands for one (408, 503).
    pub(crate) fn called(
        &mut self,
        t: &mut Tables,
        key: Key,
        status: u16,
        answer: Option<&Message>,
    ) {
        let Some(c) = &self.calling else { return };
        let (ours, open) = (c.key == key, c.open);
        match (status, answer) {
            (100..=199, Some(answer)) if ours && open => self.rings(t, status, answer),
            (200..=299, Some(answer)) => self.accepted(t, answer),
            (300.., _) if ours && open => self.failed(t, status, answer),
            _ => {}
        }
    }

    fn rings(&mut self, t: &mut Tables, status: u16, answer: &Message) {
        let Some(c) = &mut self.calling else { return };
        if let Some(cancel) = &mut c.cancel {
            if !cancel.sent {
                cancel.sent = t.cancel(c.key, &cancel.headers);
            }
            return;
        }
        let tag = answer
            .to()
            .ok()
            .and_then(|to| to.tag().map(Bytes::copy_from_slice));
        if status == 100 {
            return;
        }
        let sdp = sdp_of(answer);
        let mut news = status != c.said;
        if let Some(tag) = tag {
            let known = c.forks.iter().position(|f| f.tag == tag);
            let index = match known {
                Some(index) => index,
                None if c.forks.len() >= t.limits.forks => return,
                None => {
                    c.forks.push(Early {
                        tag: tag.clone(),
                        sdp: None,
                    });
                    c.forks.len() - 1
                }
            };
            if sdp.is_some() && c.forks[index].sdp != sdp {
                c.forks[index].sdp.clone_from(&sdp);
                self.remote.clone_from(&sdp);
                news = true;
            }
            let key = t.dialog_key(&c.call_id, &c.local_tag, &tag);
            self.enter(t, key);
        }
        let Some(c) = &mut self.calling else { return };
        c.said = status;
        let first = status == 180 && !c.rang;
        c.rang |= first;
        self.state = State::Early;
        if first {
            self.tell(t, Event::Ringing(self.id));
        }
        if news && (status != 180 || sdp.is_some()) {
            self.tell(
                t,
                Event::Progress {
                    leg: self.id,
                    status,
                    sdp,
                },
            );
        }
    }

    fn accepted(&mut self, t: &mut Tables, answer: &Message) {
        let Some(c) = &mut self.calling else { return };
        let number = answer.cseq().map_or(0, |s| s.number);
        let target = c.invite.uri.clone();
        let Some(dialog) = Dialog::of_answer(answer, self.peer, &target, &self.contact) else {
            return;
        };
        let offered = c.invite.offer.is_some();
        self.linger = t.micros().saturating_add(t.times.silence());
        if let Some(won) = &self.dialog {
            if won.remote_tag != dialog.remote_tag {
                return self.end_fork(t, &dialog, number);
            }
            // Our ACK was lost; if our answer is not known yet, it still waits.
            if let Some((acked, ack)) = &self.ack
                && *acked == number
            {
                let (flow, ack) = (won.flow, ack.clone());
                t.send(flow, ack);
            }
            return;
        }
        c.open = false;
        self.bound = None;
        let cancelled = c.cancel.is_some();
        let early = c
            .forks
            .iter()
            .find(|f| f.tag == dialog.remote_tag)
            .and_then(|f| f.sdp.clone());
        let key = t.dialog_key(&c.call_id, &c.local_tag, &dialog.remote_tag);
        self.enter(t, key);
        self.dialog = Some(dialog);
        let sdp = sdp_of(answer);
        if cancelled {
            // The answer crossed our CANCEL.
            self.acknowledge(t, number, None);
            return self.hang_up(t, Vec::new());
        }
        let late = !offered && sdp.is_some();
        if late {
            self.state = State::Answered;
            self.answer_in_ack(t, number, sdp.clone(), true);
        } else {
            self.acknowledge(t, number, None);
            self.state = State::Up;
            self.remote = sdp.or(early);
        }
        let sdp = if late {
            sdp_of(answer)
        } else {
            self.remote.clone()
        };
        self.tell(
            t,
            Event::Answered {
                leg: self.id,
                sdp,
                offer: late,
                message: Box::new(answer.clone()),
            },
        );
        self.advance(t);
    }

    /// Acknowledges a 2xx of the leg's dialog, and remembers the ACK for repeats.
    pub(crate) fn acknowledge(&mut self, t: &mut Tables, number: u32, sdp: Option<&Bytes>) {
        let Some(dialog) = &self.dialog else { return };
        let branch = t.branch();
        let body = sdp.map(sdp_body);
        let proofs = self
            .calling
            .as_ref()
            .filter(|c| c.number == number)
            .map_or(&[][..], |c| &c.proofs);
        let ack = dialog.write(
            Method::Ack,
            number,
            &branch,
            Inside {
                proofs,
                body: body.as_ref(),
                ..Inside::default()
            },
        );
        t.send(dialog.flow, ack.clone());
        self.ack = Some((number, ack));
    }

    /// Another fork answered too: its call is acknowledged and ended, and the owner never sees it.
    fn end_fork(&mut self, t: &mut Tables, dialog: &Dialog, number: u32) {
        let branch = t.branch();
        t.send(
            dialog.flow,
            dialog.write(Method::Ack, number, &branch, Inside::default()),
        );
        let Some(c) = &mut self.calling else { return };
        if c.lost.contains(&dialog.remote_tag) {
            return;
        }
        if c.lost.len() < t.limits.forks {
            c.lost.push(dialog.remote_tag.clone());
        }
        let branch = t.branch();
        let bye = dialog.write(Method::Bye, number + 1, &branch, Inside::default());
        t.request(dialog.flow, Method::Bye, &branch, bye, User::Nobody);
    }

    fn failed(&mut self, t: &mut Tables, status: u16, answer: Option<&Message>) {
        let Some(c) = &mut self.calling else { return };
        if c.cancel.is_some() {
            c.open = false;
            return;
        }
        let mut challenged = false;
        if let (401 | 407, Some(answer)) = (status, answer) {
            challenged = true;
            if c.answered < PROOFS && !refused(answer, &c.proofs) {
                let found = proofs(t, &self.credentials, answer, Method::Invite, &c.invite.uri);
                if !found.is_empty() {
                    c.proofs = found;
                    c.answered += 1;
                    return self.attempt(t);
                }
            }
        }
        if matches!(status, 408 | 503) && c.way + 1 < c.invite.flows.len() {
            c.way += 1;
            c.proofs.clear();
            return self.attempt(t);
        }
        c.open = false;
        let mut end = match answer {
            Some(answer) => {
                let (cause, text) = reason_of(answer);
                let text = if text.is_empty() {
                    Bytes::copy_from_slice(answer.reason())
                } else {
                    text
                };
                Ended {
                    cause,
                    text,
                    ..ended(By::Them, status)
                }
            }
            None if status == 408 => ended(By::Silence, status),
            None => ended(By::Unreachable, status),
        };
        end.challenged = challenged;
        if let (300..=399, Some(Ok(Contacts::List(list)))) = (status, answer.map(Message::contacts))
        {
            end.redirects = list
                .iter()
                .map(|contact| Bytes::copy_from_slice(contact.text))
                .collect();
        }
        self.finish(t, end);
    }

    /// No answer is wanted any more: CANCEL, once a provisional answer came.
    pub(crate) fn cancel(&mut self, t: &mut Tables, headers: Vec<HeaderLine>) {
        let Some(c) = &mut self.calling else { return };
        let sent = t.cancel(c.key, &headers);
        c.cancel = Some(Cancel { sent, headers });
    }

    /// Their offer came in a 2xx: our answer rides in ACK, which waits for it.
    fn answer_in_ack(&mut self, t: &mut Tables, number: u32, sdp: Option<Bytes>, first: bool) {
        self.wait_for_answer(t, number, sdp.unwrap_or_default(), first);
    }

    /// A leg that never was: why, for an owner who asked for it.
    pub(crate) fn refused(t: &mut Tables, id: LegId, status: u16) {
        t.tell(Event::Ended {
            leg: id,
            ended: Box::new(ended(By::Bound, status)),
        });
    }
}
