//! A dialog: who talks to whom, along which route, in which order (RFC 3261 12).

use bytes::Bytes;

use super::command::{Body, HeaderLine};
use super::compose::Draft;
use super::flow::Flow;
use super::headers::{Method, Name, NameAddr};
use super::message::Message;
use super::uri::{Params, Uri};

/// One side of a dialog. Both ends of an INVITE make one.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: Bytes,
    /// The whole value of our From.
    pub(crate) local: Bytes,
    /// The whole value of our To.
    pub(crate) remote: Bytes,
    pub(crate) local_tag: Bytes,
    pub(crate) remote_tag: Bytes,
    /// CSeq number of our last request.
    pub(crate) number: u32,
    /// The highest CSeq number of theirs.
    seen: Option<u32>,
    /// Their Contact: the Request-URI of our requests.
    target: Bytes,
    /// Route set in the order in which we write it.
    routes: Vec<Bytes>,
    pub(crate) flow: Flow,
    /// User part of our Contact.
    contact: Bytes,
}

/// How a request of theirs stands in the order of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Newer than all.
    Next,
    /// The number was used already by another transaction.
    Again,
    /// Older than one that was seen: 500.
    Late,
}

/// What is inside a request in a dialog, beyond what the dialog itself writes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Inside<'a> {
    pub(crate) headers: &'a [HeaderLine],
    pub(crate) proofs: &'a [(Name, Vec<u8>)],
    pub(crate) body: Option<&'a Body>,
}

fn copy(text: &[u8]) -> Bytes {
    Bytes::copy_from_slice(text)
}

fn contact_of(message: &Message) -> Option<Bytes> {
    message.contact().ok().flatten().map(|c| copy(c.uri_text))
}

/// The address in a From or To value.
fn address_in(value: &[u8]) -> Bytes {
    NameAddr::parse(value).map_or_else(|_| Bytes::new(), |a| copy(a.uri_text))
}

impl Dialog {
    /// Ours, when an INVITE came. `None` if From, To or Call-ID cannot be read.
    pub(crate) fn of_request(
        request: &Message,
        flow: Flow,
        tag: &Bytes,
        contact: &Bytes,
    ) -> Option<Dialog> {
        let (from, to) = (request.from().ok()?, request.to().ok()?);
        let mut local = to.text.to_vec();
        local.extend_from_slice(b";tag=");
        local.extend_from_slice(tag);
        Some(Dialog {
            call_id: copy(request.call_id().ok()?),
            local: local.into(),
            remote: copy(from.text),
            local_tag: tag.clone(),
            remote_tag: copy(from.tag().unwrap_or_default()),
            number: 0,
            seen: Some(request.cseq().ok()?.number),
            target: contact_of(request).unwrap_or_else(|| address_in(from.text)),
            routes: request
                .addresses(Name::RecordRoute)
                .ok()?
                .iter()
                .map(|r| copy(r.text))
                .collect(),
            flow,
            contact: contact.clone(),
        })
    }

    /// Ours, when our INVITE was answered. `target`: the Request-URI, for answers without Contact.
    pub(crate) fn of_answer(
        answer: &Message,
        flow: Flow,
        target: &Bytes,
        contact: &Bytes,
    ) -> Option<Dialog> {
        let (from, to) = (answer.from().ok()?, answer.to().ok()?);
        let mut routes: Vec<Bytes> = answer
            .addresses(Name::RecordRoute)
            .ok()?
            .iter()
            .map(|r| copy(r.text))
            .collect();
        routes.reverse();
        Some(Dialog {
            call_id: copy(answer.call_id().ok()?),
            local: copy(from.text),
            remote: copy(to.text),
            local_tag: copy(from.tag().unwrap_or_default()),
            remote_tag: copy(to.tag().unwrap_or_default()),
            number: answer.cseq().ok()?.number,
            seen: None,
            target: contact_of(answer).unwrap_or_else(|| target.clone()),
            routes,
            flow,
            contact: contact.clone(),
        })
    }

    /// Takes note of the number of a request of theirs.
    pub(crate) fn note(&mut self, number: u32) -> Order {
        match self.seen {
            Some(seen) if number < seen => Order::Late,
            Some(seen) if number == seen => Order::Again,
            _ => {
                self.seen = Some(number);
                Order::Next
            }
        }
    }

    /// A re-INVITE, an UPDATE, or a 2xx to one may move the far end.
    pub(crate) fn refresh(&mut self, message: &Message) {
        if let Some(target) = contact_of(message) {
            self.target = target;
        }
    }

    /// The connection of the dialog is gone: go on with a new one to where they say that they are.
    pub(crate) fn reconnect(&mut self) {
        self.flow.connection = 0;
        let next = self
            .routes
            .first()
            .map_or_else(|| self.target.clone(), |route| address_in(route));
        if let Ok(Uri::Sip(uri)) = Uri::parse(&next)
            && let Some(ip) = uri.host.ip()
        {
            self.flow.remote = (ip, uri.port_or_default()).into();
        }
    }

    /// The Request-URI of our requests: their target, or a first route that does not know loose routing.
    pub(crate) fn uri(&self) -> Bytes {
        match self.routes.first() {
            Some(first) if !loose(first) => address_in(first),
            _ => self.target.clone(),
        }
    }

    /// Writes a request. ACK carries the number of its INVITE, everything else the next one: the caller sets it.
    pub(crate) fn write(
        &self,
        method: Method<'_>,
        number: u32,
        branch: &[u8],
        inside: Inside<'_>,
    ) -> Bytes {
        let uri = self.uri();
        let strict: Vec<Bytes>;
        let routes = match self.routes.first() {
            Some(first) if !loose(first) => {
                let mut last = b"<".to_vec();
                last.extend_from_slice(&self.target);
                last.push(b'>');
                strict = self
                    .routes
                    .iter()
                    .skip(1)
                    .cloned()
                    .chain([last.into()])
                    .collect();
                &strict
            }
            _ => &self.routes,
        };
        let contact =
            matches!(method, Method::Invite | Method::Update).then_some(&self.contact[..]);
        Draft {
            method,
            uri: &uri,
            flow: self.flow,
            branch,
            routes,
            from: &self.local,
            to: &self.remote,
            call_id: &self.call_id,
            cseq: number,
            contact,
            headers: inside.headers,
            proofs: inside.proofs,
            body: inside.body,
        }
        .write()
    }
}

fn loose(route: &[u8]) -> bool {
    let Ok(address) = NameAddr::parse(route) else {
        return true;
    };
    match address.sip() {
        Some(uri) => uri.params.has(b"lr"),
        None => Params(address.uri_text).has(b"lr"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::flow::{ListenerId, Protocol};

    fn flow() -> Flow {
        Flow {
            listener: ListenerId(0),
            protocol: Protocol::Udp,
            local: "192.0.2.1:5060".parse().unwrap(),
            remote: "192.0.2.9:5060".parse().unwrap(),
            connection: 0,
        }
    }

    fn invite(more: &str) -> Message {
        let text = format!(
            "INVITE sip:1@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\nFrom: <sip:a@x>;tag=f\r\n\
             To: <sip:b@y>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\nContact: <sip:a@192.0.2.9:5070>\r\n{more}Content-Length: 0\r\n\r\n"
        );
        Message::parse(text.into()).unwrap()
    }

    fn bye(more: &str) -> Message {
        let dialog = Dialog::of_request(
            &invite(more),
            flow(),
            &Bytes::from_static(b"t"),
            &Bytes::from_static(b"1"),
        )
        .unwrap();
        Message::parse(dialog.write(Method::Bye, 1, b"z9hG4bKx", Inside::default())).unwrap()
    }

    #[test]
    fn requests_go_to_the_contact() {
        let m = bye("");
        assert_eq!(m.uri_text(), b"sip:a@192.0.2.9:5070");
        assert_eq!(m.get(Name::From).unwrap(), b"<sip:b@y>;tag=t");
        assert_eq!(m.get(Name::To).unwrap(), b"<sip:a@x>;tag=f");
        assert_eq!(m.all(Name::Route).count(), 0);
    }

    #[test]
    fn loose_routes_are_kept_in_order() {
        let m = bye("Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\n");
        assert_eq!(m.uri_text(), b"sip:a@192.0.2.9:5070");
        assert_eq!(
            m.all(Name::Route).collect::<Vec<_>>(),
            [&b"<sip:p2;lr>"[..], b"<sip:p1;lr>"]
        );
    }

    #[test]
    fn a_strict_router_becomes_the_request_uri() {
        let m = bye("Record-Route: <sip:p2>, <sip:p1;lr>\r\n");
        assert_eq!(m.uri_text(), b"sip:p2");
        assert_eq!(
            m.all(Name::Route).collect::<Vec<_>>(),
            [&b"<sip:p1;lr>"[..], b"<sip:a@192.0.2.9:5070>"]
        );
    }

    #[test]
    fn numbers_must_grow_but_may_leap() {
        let mut d = Dialog::of_request(
            &invite(""),
            flow(),
            &Bytes::from_static(b"t"),
            &Bytes::new(),
        )
        .unwrap();
        assert_eq!(d.note(6), Order::Late);
        assert_eq!(d.note(7), Order::Again);
        assert_eq!(d.note(900), Order::Next);
        assert_eq!(d.note(8), Order::Late);
    }

    #[test]
    fn a_lost_connection_falls_back_to_the_target() {
        let mut d = Dialog::of_request(
            &invite(""),
            flow(),
            &Bytes::from_static(b"t"),
            &Bytes::new(),
        )
        .unwrap();
        d.flow.connection = 9;
        d.reconnect();
        assert_eq!(
            (d.flow.connection, d.flow.remote),
            (0, "192.0.2.9:5070".parse().unwrap())
        );
    }
}
