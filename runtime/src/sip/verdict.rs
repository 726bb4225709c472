//! What is wrong with a message, and the answer it gets (RFC 3261 8.2, RFC 4475).

use super::headers::{Contacts, MediaType, Method, Name};
use super::message::{Flaw, Message};
use super::uri::Uri;

/// A refusal: the status to answer a request with. A response with a fault is dropped, and so is an ACK.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {reason}")]
pub struct Fault {
    /// The status code of the answer.
    pub status: u16,
    /// The header at fault.
    pub header: Option<Name>,
    /// One sentence for the log.
    pub reason: &'static str,
    /// Headers that the answer must carry: `Allow`, `Unsupported`, `Accept` ...
    pub answer: Vec<(Name, Vec<u8>)>,
}

impl Fault {
    /// A refusal without further headers.
    pub const fn new(status: u16, header: Option<Name>, reason: &'static str) -> Fault {
        Fault {
            status,
            header,
            reason,
            answer: Vec::new(),
        }
    }

    /// 400.
    pub const fn bad_request(header: Option<Name>, reason: &'static str) -> Fault {
        Fault::new(400, header, reason)
    }

    fn with(mut self, name: Name, value: Vec<u8>) -> Fault {
        self.answer.push((name, value));
        self
    }
}

impl From<Flaw> for Fault {
    fn from(f: Flaw) -> Fault {
        Fault::new(f.status, f.header, f.reason)
    }
}

/// Judges what every message must have, before any transaction is looked for: 400 and 505.
///
/// # Errors
/// The first fault. A response that has one is to be dropped; so is one with more than one Via, which was meant for somebody else
/// (RFC 3261 8.1.3.3).
pub fn check(m: &Message) -> Result<(), Fault> {
    if let Some(flaw) = m.flaw() {
        return Err(flaw.into());
    }
    const ONCE: [Name; 7] = [
        Name::From,
        Name::To,
        Name::CallId,
        Name::CSeq,
        Name::MaxForwards,
        Name::ContentLength,
        Name::ContentType,
    ];
    for name in ONCE {
        if m.count(name) > 1 {
            return Err(Fault::bad_request(
                Some(name),
                "a header that may stand once stands twice",
            ));
        }
    }
    if !m.version_is_ours() {
        return Err(Fault::new(505, None, "not SIP/2.0"));
    }
    let mut hops = 0usize;
    for via in m.vias() {
        via?;
        hops += 1;
    }
    if hops == 0 {
        return Err(Fault::bad_request(Some(Name::Via), "no Via"));
    }
    m.from()?;
    m.to()?;
    m.call_id()?;
    let cseq = m.cseq()?;
    m.max_forwards()?;
    if !m.is_request() {
        return if hops > 1 {
            Err(Fault::bad_request(
                Some(Name::Via),
                "a response that was meant for somebody else",
            ))
        } else {
            Ok(())
        };
    }
    let method = m.method().unwrap_or(Method::Other(b""));
    if let Uri::Sip(u) = m.uri()?
        && u.headers.is_some()
    {
        return Err(Fault::bad_request(None, "headers inside the Request-URI"));
    }
    if cseq.method != method {
        return Err(Fault::bad_request(
            Some(Name::CSeq),
            "CSeq names another method than the request line",
        ));
    }
    let contacts = m.contacts()?;
    m.addresses(Name::Route)?;
    m.addresses(Name::RecordRoute)?;
    if matches!(contacts, Contacts::Star) && (method != Method::Register || m.expires() != Some(0))
    {
        return Err(Fault::bad_request(
            Some(Name::Contact),
            "`*` outside a REGISTER with Expires 0",
        ));
    }
    Ok(())
}

/// What an end point serves; it answers what it lacks with 405, 501, 416, 420, 415 or 406.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// Methods it acts on, in the order of its `Allow`.
    pub methods: &'static [Method<'static>],
    /// Schemes beside `sip` and `sips` that a Request-URI may have, as `tel`.
    pub schemes: &'static [&'static str],
    /// Option tags that it may be required to know.
    pub extensions: &'static [&'static str],
    /// Types of body that an INVITE, UPDATE, ACK or PRACK may carry.
    pub sessions: &'static [&'static str],
    /// Types of body that a MESSAGE may carry; a `/*` ending takes any subtype.
    pub texts: &'static [&'static str],
}

impl Served {
    /// The value of `Allow`.
    pub fn allow(&self) -> Vec<u8> {
        self.methods
            .iter()
            .map(Method::text)
            .collect::<Vec<_>>()
            .join(&b", "[..])
    }

    /// Judges a request that [`check`] passed, in the order of RFC 3261 8.2: method, Request-URI, Require, body. For new requests;
    /// nothing is asked of ACK and CANCEL.
    ///
    /// # Errors
    /// The first thing that is not served, with the headers that the answer must carry.
    pub fn check(&self, m: &Message) -> Result<(), Fault> {
        let Some(method) = m.method().filter(|_| m.is_request()) else {
            return Ok(());
        };
        if !self.methods.contains(&method) {
            let status = if matches!(method, Method::Other(_)) {
                501
            } else {
                405
            };
            return Err(Fault::new(status, None, "a method that is not served")
                .with(Name::Allow, self.allow()));
        }
        if matches!(method, Method::Ack | Method::Cancel) {
            return Ok(());
        }
        if let Uri::Other { scheme, .. } = m.uri()?
            && !self
                .schemes
                .iter()
                .any(|s| scheme.eq_ignore_ascii_case(s.as_bytes()))
        {
            return Err(Fault::new(
                416,
                None,
                "a Request-URI of a scheme that is not served",
            ));
        }
        let unknown: Vec<&[u8]> = m.tokens(Name::Require).filter(|t| !self.knows(t)).collect();
        if !unknown.is_empty() {
            let fault = Fault::new(420, Some(Name::Require), "an extension that is not served");
            return Err(fault.with(Name::Unsupported, unknown.join(&b", "[..])));
        }
        self.check_body(m, method)?;
        if method == Method::Invite
            && m.count(Name::Accept) > 0
            && !m
                .tokens(Name::Accept)
                .any(|t| self.sessions.iter().any(|s| MediaType::parse(t).takes(s)))
        {
            return Err(Fault::new(
                406,
                Some(Name::Accept),
                "the caller takes none of the answers that we could give",
            ));
        }
        Ok(())
    }

    fn knows(&self, tag: &[u8]) -> bool {
        self.extensions
            .iter()
            .any(|e| tag.eq_ignore_ascii_case(e.as_bytes()))
    }

    fn check_body(&self, m: &Message, method: Method<'_>) -> Result<(), Fault> {
        let optional = m
            .get(Name::ContentDisposition)
            .is_some_and(|d| MediaType::parse(d).params.is(b"handling", b"optional"));
        if m.body().is_empty() || optional {
            return Ok(());
        }
        let types = match method {
            Method::Invite | Method::Update | Method::Prack => self.sessions,
            Method::Message => self.texts,
            _ => return Ok(()),
        };
        let accept = || types.join(", ").into_bytes();
        if m.tokens(Name::ContentEncoding)
            .any(|e| !e.eq_ignore_ascii_case(b"identity"))
        {
            let fault = Fault::new(415, Some(Name::ContentEncoding), "an encoded body");
            return Err(fault.with(Name::AcceptEncoding, b"identity".to_vec()));
        }
        let Some(found) = m.content_type() else {
            // RFC 3261 7.4.1 wants a type with every body; an untyped one in an INVITE has never been anything but SDP.
            return Ok(());
        };
        if types
            .iter()
            .any(|t| MediaType::parse(t.as_bytes()).takes(&essence(found)))
        {
            return Ok(());
        }
        Err(Fault::new(
            415,
            Some(Name::ContentType),
            "a body of a type that is not served",
        )
        .with(Name::Accept, accept()))
    }
}

fn essence(t: MediaType<'_>) -> String {
    String::from_utf8_lossy(t.essence)
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase()
}
