//! Requests of ours outside a dialog: MESSAGE, OPTIONS, and the REGISTER of a phone.

use bytes::Bytes;

use super::command::{Request, RequestId};
use super::compose::{self, Draft};
use super::event::Event;
use super::flow::Flow;
use super::headers::{Method, Name};
use super::message::Message;
use super::proof::{PROOFS, proofs, refused};
use super::tables::{Key, Tables, User};

/// A request that has no final answer yet.
pub(crate) struct Outgoing {
    id: RequestId,
    request: Box<Request>,
    from: Bytes,
    to: Bytes,
    call_id: Bytes,
    /// CSeq of the attempt that runs.
    number: u32,
    /// Which of the flows it uses.
    way: usize,
    /// Transaction of the attempt that runs.
    key: Key,
    answered: u8,
    proofs: Vec<(Name, Vec<u8>)>,
}

impl Outgoing {
    /// Sends the first attempt. `None`, and the event is out, if there is no way to send.
    pub(crate) fn start(id: RequestId, request: Box<Request>, t: &mut Tables) -> Option<Outgoing> {
        let invite = matches!(
            Method::of(&request.method),
            Method::Invite | Method::Ack | Method::Cancel
        );
        if request.flows.is_empty() || invite || request.method.is_empty() || t.full() {
            t.tell(Event::Response {
                id,
                status: 503,
                message: None,
                flow: None,
            });
            return None;
        }
        let tag = t.dice.token();
        let call_id = request
            .call_id
            .clone()
            .filter(|c| !c.is_empty())
            .unwrap_or_else(|| t.dice.token());
        let number = if request.cseq == 0 {
            1
        } else {
            request.cseq.min(0x7fff_0000)
        };
        let mut out = Outgoing {
            id,
            from: compose::address(&request.from, Some(&tag)),
            to: compose::address(&request.to, None),
            call_id,
            number,
            way: 0,
            key: 0,
            answered: 0,
            proofs: Vec::new(),
            request,
        };
        out.attempt(t);
        Some(out)
    }

    fn flow(&self) -> Flow {
        self.request.flows[self.way.min(self.request.flows.len() - 1)]
    }

    fn attempt(&mut self, t: &mut Tables) {
        let branch = t.branch();
        let flow = self.flow();
        let method = Method::of(&self.request.method);
        let draft = Draft {
            method,
            uri: &self.request.uri,
            flow,
            branch: &branch,
            routes: &[],
            from: &self.from,
            to: &self.to,
            call_id: &self.call_id,
            cseq: self.number,
            contact: self.request.contact.as_deref(),
            headers: &self.request.headers,
            proofs: &self.proofs,
            body: self.request.body.as_ref(),
        };
        let bytes = draft.write();
        self.key = t.request(flow, method, &branch, bytes, User::Request(self.id));
    }

    /// An answer, or what stands for one (408, 503), for the attempt `key`. True: it was the final one, and the event is out.
    pub(crate) fn heard(
        &mut self,
        t: &mut Tables,
        key: Key,
        status: u16,
        answer: Option<&Message>,
    ) -> bool {
        if key != self.key || status < 200 {
            return false;
        }
        if let (401 | 407, Some(answer)) = (status, answer)
            && self.answered < PROOFS
            && !refused(answer, &self.proofs)
        {
            let method = Method::of(&self.request.method);
            let found = proofs(
                t,
                &self.request.credentials,
                answer,
                method,
                &self.request.uri,
            );
            if !found.is_empty() {
                self.proofs = found;
                self.answered += 1;
                self.number += 1;
                self.attempt(t);
                return false;
            }
        }
        let more = self.request.flows.len().min(t.limits.targets);
        if matches!(status, 408 | 503) && self.way + 1 < more {
            self.way += 1;
            self.number += 1;
            self.proofs.clear();
            self.attempt(t);
            return false;
        }
        let message = answer.cloned().map(Box::new);
        t.tell(Event::Response {
            id: self.id,
            status,
            message,
            flow: Some(self.flow()),
        });
        true
    }
}
