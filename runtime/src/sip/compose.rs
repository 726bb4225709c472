//! The text of every request and response of the stack, in one place.

use bytes::Bytes;

use super::command::{Body, HeaderLine, Party};
use super::flow::{Flow, Protocol};
use super::headers::{Method, Name};
use super::message::Message;
use super::stack::SERVED;
use super::uri::{write_quoted, write_socket};
use super::write::{Writer, reason};

/// Who we say we are.
pub(crate) const PRODUCT: &str = concat!("Strowger/", env!("CARGO_PKG_VERSION"));

/// A request that is about to be written.
#[derive(Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) method: Method<'a>,
    pub(crate) uri: &'a [u8],
    pub(crate) flow: Flow,
    pub(crate) branch: &'a [u8],
    pub(crate) routes: &'a [Bytes],
    /// The whole value of From, with our tag.
    pub(crate) from: &'a [u8],
    /// The whole value of To, with their tag if there is one.
    pub(crate) to: &'a [u8],
    pub(crate) call_id: &'a [u8],
    pub(crate) cseq: u32,
    /// The user part of our Contact, if the request carries one.
    pub(crate) contact: Option<&'a [u8]>,
    pub(crate) headers: &'a [HeaderLine],
    /// Answers to challenges.
    pub(crate) proofs: &'a [(Name, Vec<u8>)],
    pub(crate) body: Option<&'a Body>,
}

impl Draft<'_> {
    pub(crate) fn write(&self) -> Bytes {
        let mut w = Writer::request(self.method, self.uri);
        w.header(Name::Via, via(self.flow, self.branch));
        for route in self.routes {
            w.header(Name::Route, route);
        }
        if !self
            .headers
            .iter()
            .any(|(name, _)| Name::of(name) == Name::MaxForwards)
        {
            w.number(Name::MaxForwards, 70);
        }
        w.header(Name::From, self.from)
            .header(Name::To, self.to)
            .header(Name::CallId, self.call_id);
        let mut cseq = self.cseq.to_string().into_bytes();
        cseq.push(b' ');
        cseq.extend_from_slice(self.method.text());
        w.header(Name::CSeq, cseq);
        if let Some(user) = self.contact {
            w.header(Name::Contact, contact(user, self.flow));
        }
        for (name, value) in self.proofs {
            w.header(*name, value);
        }
        if matches!(self.method, Method::Invite | Method::Update) {
            w.header(Name::Allow, SERVED.allow());
        }
        more(&mut w, self.headers, self.contact.is_some());
        if !self
            .headers
            .iter()
            .any(|(name, _)| Name::of(name) == Name::UserAgent)
        {
            w.header(Name::UserAgent, PRODUCT);
        }
        finish(w, self.body)
    }
}

/// A response that is about to be written.
#[derive(Clone, Copy)]
pub(crate) struct Say<'a> {
    pub(crate) status: u16,
    /// Empty = the usual phrase.
    pub(crate) reason: &'a [u8],
    /// Our tag, added to To where it has none; never on 100.
    pub(crate) tag: Option<&'a [u8]>,
    /// The user part of our Contact.
    pub(crate) contact: Option<&'a [u8]>,
    pub(crate) headers: &'a [HeaderLine],
    pub(crate) body: Option<&'a Body>,
}

impl<'a> Say<'a> {
    /// Only a status.
    pub(crate) fn status(status: u16, tag: &'a [u8]) -> Say<'a> {
        Say {
            status,
            reason: b"",
            tag: Some(tag),
            contact: None,
            headers: &[],
            body: None,
        }
    }

    pub(crate) fn write(&self, request: &Message, flow: Flow) -> Bytes {
        let phrase = String::from_utf8_lossy(self.reason);
        let phrase = if phrase.is_empty() {
            reason(self.status)
        } else {
            &phrase
        };
        let tag = self.tag.filter(|_| self.status > 100);
        let mut w = Writer::response_saying(request, self.status, phrase, flow.remote, tag);
        if self.status == 100 {
            w.copy(request, Name::Timestamp);
        }
        let has = |name| self.headers.iter().any(|(n, _)| Name::of(n) == name);
        if let Some(user) = self.contact {
            // What makes a dialog carries the route back (RFC 3261 12.1.1).
            w.copy(request, Name::RecordRoute);
            w.header(Name::Contact, contact(user, flow));
        }
        let options = self.status == 200 && request.method() == Some(Method::Options);
        let session = matches!(request.method(), Some(Method::Invite | Method::Update))
            && (200..300).contains(&self.status);
        if (options || session || matches!(self.status, 405 | 501)) && !has(Name::Allow) {
            w.header(Name::Allow, SERVED.allow());
        }
        if (options || matches!(self.status, 415 | 488)) && !has(Name::Accept) {
            w.header(Name::Accept, SERVED.sessions.join(", "));
        }
        more(&mut w, self.headers, self.contact.is_some());
        w.header(Name::Server, PRODUCT);
        finish(w, self.body)
    }
}

/// The ACK of a final answer that is not 2xx: of the INVITE's transaction (RFC 3261 17.1.1.3).
pub(crate) fn acknowledge(invite: &Message, answer: &Message) -> Bytes {
    let to = answer.get(Name::To).unwrap_or_default();
    companion(invite, Method::Ack, to, &[])
}

/// The CANCEL of an INVITE (RFC 3261 9.1).
pub(crate) fn cancel(invite: &Message, headers: &[HeaderLine]) -> Bytes {
    let to = invite.get(Name::To).unwrap_or_default();
    companion(invite, Method::Cancel, to, headers)
}

fn companion(invite: &Message, method: Method<'_>, to: &[u8], headers: &[HeaderLine]) -> Bytes {
    let mut w = Writer::request(method, invite.uri_text());
    w.copy(invite, Name::Via)
        .copy(invite, Name::Route)
        .copy(invite, Name::MaxForwards)
        .copy(invite, Name::From);
    w.header(Name::To, to).copy(invite, Name::CallId);
    let number = invite.cseq().map_or(0, |c| c.number);
    let mut cseq = number.to_string().into_bytes();
    cseq.push(b' ');
    cseq.extend_from_slice(method.text());
    w.header(Name::CSeq, cseq);
    more(&mut w, headers, false);
    w.end()
}

fn finish(w: Writer, body: Option<&Body>) -> Bytes {
    match body {
        Some(body) if !body.bytes.is_empty() => w.body(&body.kind, &body.bytes),
        _ => w.end(),
    }
}

/// Headers of the commander, but none that the stack writes itself.
fn more(w: &mut Writer, headers: &[HeaderLine], contact: bool) {
    for (name, value) in headers {
        match Name::of(name) {
            Name::Via
            | Name::From
            | Name::To
            | Name::CallId
            | Name::CSeq
            | Name::ContentLength
            | Name::ContentType => {}
            Name::RecordRoute | Name::Server => {}
            Name::Contact if contact => {}
            _ if name.is_empty() => {}
            _ => {
                w.named(name, value);
            }
        }
    }
}

fn via(flow: Flow, branch: &[u8]) -> Vec<u8> {
    let mut text = b"SIP/2.0/".to_vec();
    text.extend_from_slice(flow.protocol.name().as_bytes());
    text.push(b' ');
    write_socket(flow.local, &mut text);
    text.extend_from_slice(b";branch=");
    text.extend_from_slice(branch);
    text.extend_from_slice(b";rport");
    text
}

/// Our address as the peer of this flow reaches it. `user` is written as it stands if it may, else escaped.
pub(crate) fn contact(user: &[u8], flow: Flow) -> Vec<u8> {
    let mut text = b"<sip:".to_vec();
    if !user.is_empty() {
        text.extend_from_slice(&userpart(user));
        text.push(b'@');
    }
    write_socket(flow.local, &mut text);
    if flow.protocol == Protocol::Tcp {
        text.extend_from_slice(b";transport=tcp");
    }
    text.push(b'>');
    text
}

/// A user part that is legal as it is stays; anything else is escaped.
fn userpart(user: &[u8]) -> Vec<u8> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/%".contains(&b);
    if user.iter().all(|&b| legal(b)) {
        user.to_vec()
    } else {
        super::uri::escape_user(user)
    }
}

/// `"name" <uri>` and a tag.
pub(crate) fn address(party: &Party, tag: Option<&[u8]>) -> Bytes {
    let mut text = Vec::with_capacity(party.display.len() + party.uri.len() + 32);
    if !party.display.is_empty() {
        write_quoted(&party.display, &mut text);
        text.push(b' ');
    }
    text.push(b'<');
    if party.uri.is_empty() {
        text.extend_from_slice(b"sip:anonymous@anonymous.invalid");
    }
    text.extend(
        party
            .uri
            .iter()
            .filter(|b| !b.is_ascii_whitespace() && !b"<>\"".contains(b)),
    );
    text.push(b'>');
    if let Some(tag) = tag {
        text.extend_from_slice(b";tag=");
        text.extend_from_slice(tag);
    }
    text.into()
}
