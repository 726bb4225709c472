//! A call that came to us: provisional answers, the final one, CANCEL, ACK.

use bytes::Bytes;

use super::calling::{sdp_body, sdp_of};
use super::change::Unacked;
use super::command::{Credentials, HeaderLine, Incoming, LegId, Why};
use super::compose::Say;
use super::dialog::Dialog;
use super::event::{By, Ended, Event, State};
use super::flow::Flow;
use super::leg::{Leg, ended, reason_header, reason_of};
use super::message::Message;
use super::tables::{Key, Tables};
use super::uri::Uri;

/// How often a provisional answer is repeated so that proxies do not give up (RFC 3261 13.3.1.1): a minute.
const AGAIN: u64 = 60_000_000;

/// The first INVITE of a leg that came to us.
pub(crate) struct Serving {
    key: Key,
    /// Until the final answer.
    request: Option<Message>,
    flow: Flow,
    number: u32,
    /// Their INVITE carried an offer.
    offered: bool,
    /// The last provisional answer, as status and SDP.
    said: Option<(u16, Option<Bytes>)>,
    /// When it is repeated.
    pub(crate) again: Option<u64>,
}

impl Leg {
    /// [`super::command::Command::Admit`]: the transaction and the leg; 100 is out. `None` if From, To or Call-ID are unreadable.
    pub(crate) fn serve(
        id: LegId,
        incoming: Incoming,
        key: Key,
        credentials: Vec<Credentials>,
        t: &mut Tables,
    ) -> Option<Leg> {
        let Incoming { message, flow } = incoming;
        let contact = match message.uri() {
            Ok(Uri::Sip(uri)) => uri.user.map(Bytes::copy_from_slice).unwrap_or_default(),
            _ => Bytes::new(),
        };
        let tag = t.tag_for(&message);
        let dialog = Dialog::of_request(&message, flow, &tag, &contact)?;
        let mut leg = Leg::new(id, flow, contact, credentials, t);
        t.serve(key, &message, flow, Some(id), true);
        let trying = Say {
            tag: None,
            ..Say::status(100, b"")
        }
        .write(&message, flow);
        t.respond(key, 100, trying);
        let name = t.dialog_key(&dialog.call_id, &dialog.local_tag, &dialog.remote_tag);
        leg.enter(t, name);
        leg.dialog = Some(dialog);
        leg.remote = sdp_of(&message);
        leg.serving = Some(Box::new(Serving {
            key,
            number: message.cseq().map_or(0, |c| c.number),
            offered: leg.remote.is_some(),
            request: Some(message),
            flow,
            said: None,
            again: None,
        }));
        Some(leg)
    }

    /// [`super::command::Command::Ring`], and `Progress` with SDP.
    pub(crate) fn ring(&mut self, t: &mut Tables, status: u16, sdp: Option<Bytes>) {
        if self.over || !matches!(self.state, State::Calling | State::Early) {
            return;
        }
        let Some(s) = &mut self.serving else { return };
        s.said = Some((status, sdp.clone()));
        s.again = Some(t.micros().saturating_add(AGAIN));
        self.state = State::Early;
        if sdp.is_some() {
            self.local = sdp;
        }
        self.say_provisional(t);
    }

    fn say_provisional(&self, t: &mut Tables) {
        let Some(s) = &self.serving else { return };
        let (Some((status, sdp)), Some(request)) = (&s.said, &s.request) else {
            return;
        };
        let body = sdp.as_ref().map(sdp_body);
        let say = Say {
            contact: Some(&self.contact),
            body: body.as_ref(),
            ..Say::status(*status, b"")
        };
        self.say(t, s.key, request, s.flow, say);
    }

    /// The minute is over: the last provisional answer again.
    pub(crate) fn say_again(&mut self, t: &mut Tables) {
        let now = t.micros();
        let Some(s) = &mut self.serving else { return };
        if s.again.is_none_or(|at| at > now) {
            return;
        }
        let early = matches!(self.state, State::Calling | State::Early);
        s.again = early.then(|| now.saturating_add(AGAIN));
        if early {
            self.say_provisional(t);
        }
    }

    /// [`super::command::Command::Answer`].
    pub(crate) fn answer(&mut self, t: &mut Tables, sdp: Bytes) {
        if self.over || !matches!(self.state, State::Calling | State::Early) {
            return;
        }
        let (Some(s), Some(dialog)) = (&mut self.serving, &self.dialog) else {
            return;
        };
        let Some(request) = s.request.take() else {
            return;
        };
        s.again = None;
        let body = sdp_body(&sdp);
        let say = Say {
            contact: Some(&self.contact),
            body: Some(&body),
            ..Say::status(200, &dialog.local_tag)
        };
        let bytes = say.write(&request, s.flow);
        // The dialog knows a new way if the connection of the INVITE broke.
        let (number, flow, late) = (s.number, dialog.flow, !s.offered);
        if !t.respond(s.key, 200, bytes.clone()) {
            return;
        }
        self.local = Some(sdp);
        self.state = State::Answered;
        self.bound = None;
        self.unacked = Some(Unacked::new(bytes, flow, number, late, true, t));
    }

    /// The final answer is no.
    pub(crate) fn reject(&mut self, t: &mut Tables, why: &Why) {
        let Some(s) = &mut self.serving else { return };
        let Some(request) = s.request.take() else {
            return;
        };
        s.again = None;
        let status = if (300..700).contains(&why.status) {
            why.status
        } else {
            603
        };
        let mut headers: Vec<HeaderLine> = why.headers.clone();
        headers.extend(reason_header(why));
        let tag = self
            .dialog
            .as_ref()
            .map(|d| d.local_tag.clone())
            .unwrap_or_default();
        let say = Say {
            reason: &why.text,
            headers: &headers,
            ..Say::status(status, &tag)
        };
        let bytes = say.write(&request, s.flow);
        t.respond(s.key, status, bytes);
    }

    /// CANCEL came for the INVITE `key`; its own 200 is out.
    pub(crate) fn cancelled(&mut self, t: &mut Tables, key: Key, cancel: &Message) {
        if !t.unanswered(key) {
            return;
        }
        if self.serving.as_ref().is_some_and(|s| s.key == key) {
            self.reject(
                t,
                &Why {
                    status: 487,
                    ..Why::default()
                },
            );
            let (cause, text) = reason_of(cancel);
            self.finish(
                t,
                Ended {
                    cause,
                    text,
                    ..ended(By::Them, 487)
                },
            );
        } else if self.refuse_open_offer(t, 487) {
            self.tell(
                t,
                Event::Settled {
                    leg: self.id,
                    sdp: None,
                    status: 487,
                },
            );
            self.advance(t);
        }
    }

    /// ACK of a 2xx of ours.
    pub(crate) fn acked(&mut self, t: &mut Tables, ack: &Message) {
        let number = ack.cseq().map_or(0, |c| c.number);
        let Some(unacked) = self.unacked.take_if(|u| u.number == number) else {
            return;
        };
        if self.state == State::Answered {
            self.state = State::Up;
        }
        let sdp = if unacked.late { sdp_of(ack) } else { None };
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
        self.hang_up_if_wanted(t);
        self.advance(t);
    }
}
