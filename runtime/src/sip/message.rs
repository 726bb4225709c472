//! A SIP message as an index over the bytes it came in (RFC 3261 7).
//!
//! [`Message::parse`] cuts; it does not judge. What can still be answered is a message, even a wrong one: its first defect is kept
//! for [`super::verdict::check`], so that 400 can be built from it. Values are read when somebody asks.

use std::ops::Range;

use bytes::Bytes;
use memchr::memchr;

use super::headers::{self, CSeq, Contacts, MediaType, Method, Name, NameAddr, Via, is_token};
use super::uri::{self, BadUri, Uri};
use super::verdict::Fault;

/// Most header rows of one message; more are not read.
pub const HEADERS: usize = 256;
/// Most bytes of a body.
pub const BODY: usize = 64 * 1024;

/// Bytes that are no SIP message and that nobody can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SIP message: {0}")]
pub struct Garbage(pub &'static str);

/// One request or response. Cheap to clone: the bytes are shared.
#[derive(Clone)]
pub struct Message {
    bytes: Bytes,
    start: Start,
    rows: Vec<Row>,
    body: Range<u32>,
    flaw: Option<Flaw>,
}

#[derive(Clone)]
enum Start {
    Request {
        method: Range<u32>,
        uri: Range<u32>,
        version: Range<u32>,
    },
    Response {
        status: u16,
        reason: Range<u32>,
    },
}

#[derive(Clone)]
struct Row {
    id: Name,
    name: Range<u32>,
    value: Range<u32>,
}

/// What was wrong with the cut itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) status: u16,
    pub(super) header: Option<Name>,
    pub(super) reason: &'static str,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.bytes))
    }
}

// Offsets fit: a message longer than `u32` is refused before the first one is made.
#[allow(clippy::cast_possible_truncation)]
fn span(from: usize, to: usize) -> Range<u32> {
    from as u32..to as u32
}

impl Message {
    /// Cuts one message that fills `bytes`, as a datagram does: without Content-Length the body runs to the end, bytes after the
    /// body are dropped (RFC 3261 18.3), empty lines before the start line are skipped.
    ///
    /// # Errors
    /// No start line of SIP, a status code outside 100 to 699, more than [`HEADERS`] rows: nothing that could be answered.
    pub fn parse(bytes: Bytes) -> Result<Message, Garbage> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(Garbage("longer than any message"));
        }
        match index(&bytes)? {
            Index::Done(start, rows, body, flaw) => Ok(Message {
                bytes,
                start,
                rows,
                body,
                flaw,
            }),
            Index::Folded => {
                let bytes = unfold(&bytes);
                match index(&bytes)? {
                    Index::Done(start, rows, body, flaw) => Ok(Message {
                        bytes,
                        start,
                        rows,
                        body,
                        flaw,
                    }),
                    Index::Folded => Err(Garbage("a line that continues nothing")),
                }
            }
        }
    }

    /// The message as it came; folded lines are already joined by blanks.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    fn slice(&self, r: &Range<u32>) -> &[u8] {
        &self.bytes[r.start as usize..r.end as usize]
    }

    /// Whether it is a request.
    pub fn is_request(&self) -> bool {
        matches!(self.start, Start::Request { .. })
    }

    /// The method of a request; of a response the one in CSeq, if that can be read.
    pub fn method(&self) -> Option<Method<'_>> {
        match &self.start {
            Start::Request { method, .. } => Some(Method::of(self.slice(method))),
            Start::Response { .. } => self.cseq().ok().map(|c| c.method),
        }
    }

    /// The status code of a response, 100 to 699.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            Start::Response { status, .. } => Some(status),
            Start::Request { .. } => None,
        }
    }

    /// The reason phrase of a response, maybe empty, maybe not UTF-8; empty for a request.
    pub fn reason(&self) -> &[u8] {
        match &self.start {
            Start::Response { reason, .. } => self.slice(reason),
            Start::Request { .. } => b"",
        }
    }

    /// The Request-URI as written; empty for a response.
    pub fn uri_text(&self) -> &[u8] {
        match &self.start {
            Start::Request { uri, .. } => self.slice(uri),
            Start::Response { .. } => b"",
        }
    }

    /// The Request-URI.
    ///
    /// # Errors
    /// 400 where it cannot be read.
    pub fn uri(&self) -> Result<Uri<'_>, Fault> {
        Uri::parse(self.uri_text()).map_err(|BadUri(reason)| Fault::bad_request(None, reason))
    }

    /// `SIP/2.0` as written in the start line.
    pub(super) fn version_is_ours(&self) -> bool {
        match &self.start {
            Start::Request { version, .. } => self.slice(version).eq_ignore_ascii_case(b"SIP/2.0"),
            Start::Response { .. } => true,
        }
    }

    pub(super) fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// Every header row in order: its name, the name as written, its value without the blanks around it.
    pub fn headers(&self) -> impl Iterator<Item = (Name, &[u8], &[u8])> {
        self.rows
            .iter()
            .map(|r| (r.id, self.slice(&r.name), self.slice(&r.value)))
    }

    /// The first row of that name.
    pub fn get(&self, name: Name) -> Option<&[u8]> {
        self.rows
            .iter()
            .find(|r| r.id == name)
            .map(|r| self.slice(&r.value))
    }

    /// Every row of that name.
    pub fn all(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.rows
            .iter()
            .filter(move |r| r.id == name)
            .map(|r| self.slice(&r.value))
    }

    /// The first row with that name as text, in any case; for names that [`Name`] does not know.
    pub fn named(&self, name: &[u8]) -> Option<&[u8]> {
        match Name::of(name) {
            Name::Other => {
                let found = self.rows.iter().find(|r| {
                    r.id == Name::Other && self.slice(&r.name).eq_ignore_ascii_case(name)
                });
                found.map(|r| self.slice(&r.value))
            }
            known => self.get(known),
        }
    }

    /// How many rows have that name.
    pub(super) fn count(&self, name: Name) -> usize {
        self.rows.iter().filter(|r| r.id == name).count()
    }

    /// The elements of all rows of that name: a comma list is the same as repeated rows. Empty elements are left out.
    pub fn tokens(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.all(name)
            .flat_map(headers::list)
            .filter(|t| !t.is_empty())
    }

    /// Whether an element of that list header is `token`, in any case.
    pub fn lists(&self, name: Name, token: &[u8]) -> bool {
        self.tokens(name).any(|t| t.eq_ignore_ascii_case(token))
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        self.slice(&self.body)
    }

    /// The body, sharing the message's bytes.
    pub fn body_bytes(&self) -> Bytes {
        self.bytes
            .slice(self.body.start as usize..self.body.end as usize)
    }

    /// The top Via.
    ///
    /// # Errors
    /// 400 where it is missing or cannot be read.
    pub fn via(&self) -> Result<Via<'_>, Fault> {
        self.vias()
            .next()
            .unwrap_or(Err(Fault::bad_request(Some(Name::Via), "no Via")))
    }

    /// Every Via, top first.
    pub fn vias(&self) -> impl Iterator<Item = Result<Via<'_>, Fault>> {
        self.all(Name::Via)
            .flat_map(headers::list)
            .map(|t| Via::parse(t).map_err(|BadUri(r)| Fault::bad_request(Some(Name::Via), r)))
    }

    /// From.
    ///
    /// # Errors
    /// 400 where it is missing or cannot be read.
    pub fn from(&self) -> Result<NameAddr<'_>, Fault> {
        self.address(Name::From)
    }

    /// To.
    ///
    /// # Errors
    /// 400 where it is missing or cannot be read.
    pub fn to(&self) -> Result<NameAddr<'_>, Fault> {
        self.address(Name::To)
    }

    /// A header that holds one address: From, To, Refer-To, Referred-By ...
    ///
    /// # Errors
    /// 400 where it is missing or cannot be read.
    pub fn address(&self, name: Name) -> Result<NameAddr<'_>, Fault> {
        let value = self.get(name).ok_or(Fault::bad_request(
            Some(name),
            "a header that must be there is missing",
        ))?;
        NameAddr::parse(value).map_err(|BadUri(reason)| Fault::bad_request(Some(name), reason))
    }

    /// The addresses of a list header, in order: Route, Record-Route, P-Asserted-Identity ...
    ///
    /// # Errors
    /// 400 where one of them cannot be read.
    pub fn addresses(&self, name: Name) -> Result<Vec<NameAddr<'_>>, Fault> {
        let read =
            |t| NameAddr::parse(t).map_err(|BadUri(reason)| Fault::bad_request(Some(name), reason));
        self.all(name)
            .filter(|v| !v.is_empty())
            .flat_map(headers::list)
            .map(read)
            .collect()
    }

    /// The contacts of a REGISTER or its answer.
    ///
    /// # Errors
    /// 400 where one cannot be read, or `*` stands beside others.
    pub fn contacts(&self) -> Result<Contacts<'_>, Fault> {
        if self
            .all(Name::Contact)
            .flat_map(headers::list)
            .any(|t| t == b"*")
        {
            let alone = self.all(Name::Contact).flat_map(headers::list).count() == 1;
            let beside = Fault::bad_request(Some(Name::Contact), "`*` beside other contacts");
            return if alone {
                Ok(Contacts::Star)
            } else {
                Err(beside)
            };
        }
        self.addresses(Name::Contact).map(Contacts::List)
    }

    /// The one contact of an INVITE or its answer, where a dialog's requests go; `None` when there is none.
    ///
    /// # Errors
    /// 400 where it cannot be read.
    pub fn contact(&self) -> Result<Option<NameAddr<'_>>, Fault> {
        match self.contacts()? {
            Contacts::Star => Err(Fault::bad_request(
                Some(Name::Contact),
                "`*` is no contact of a dialog",
            )),
            Contacts::List(list) => Ok(list.into_iter().next()),
        }
    }

    /// CSeq.
    ///
    /// # Errors
    /// 400 where it is missing or cannot be read.
    pub fn cseq(&self) -> Result<CSeq<'_>, Fault> {
        let value = self
            .get(Name::CSeq)
            .ok_or(Fault::bad_request(Some(Name::CSeq), "no CSeq"))?;
        CSeq::parse(value).map_err(|BadUri(reason)| Fault::bad_request(Some(Name::CSeq), reason))
    }

    /// Call-ID.
    ///
    /// # Errors
    /// 400 where it is missing or empty.
    pub fn call_id(&self) -> Result<&[u8], Fault> {
        self.get(Name::CallId)
            .filter(|v| !v.is_empty())
            .ok_or(Fault::bad_request(Some(Name::CallId), "no Call-ID"))
    }

    /// Max-Forwards, 70 when absent.
    ///
    /// # Errors
    /// 400 where it is no number up to 255.
    pub fn max_forwards(&self) -> Result<u8, Fault> {
        let Some(value) = self.get(Name::MaxForwards) else {
            return Ok(70);
        };
        let n = uri::number(value).and_then(|n| u8::try_from(n).ok());
        n.ok_or(Fault::bad_request(
            Some(Name::MaxForwards),
            "Max-Forwards is no number up to 255",
        ))
    }

    /// Expires in seconds; too large counts as the largest, unreadable as absent (RFC 3261 10.3).
    pub fn expires(&self) -> Option<u32> {
        self.get(Name::Expires).and_then(headers::seconds)
    }

    /// Any header that holds seconds: Min-Expires, Retry-After ...
    pub fn seconds(&self, name: Name) -> Option<u32> {
        let value = self.get(name)?;
        let end = value
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(value.len());
        headers::seconds(&value[..end])
    }

    /// Content-Type.
    pub fn content_type(&self) -> Option<MediaType<'_>> {
        self.get(Name::ContentType)
            .filter(|v| !v.is_empty())
            .map(MediaType::parse)
    }

    /// The body if it is SDP, said so or not said at all.
    pub fn sdp(&self) -> Option<&[u8]> {
        let body = self.body();
        (!body.is_empty() && self.content_type().is_none_or(|t| t.is("application/sdp")))
            .then_some(body)
    }
}

enum Index {
    Done(Start, Vec<Row>, Range<u32>, Option<Flaw>),
    /// A line continues another, or holds a CR of its own: make blanks of them first, then index again.
    Folded,
}

fn index(bytes: &[u8]) -> Result<Index, Garbage> {
    let skipped = bytes
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count();
    let (line, mut at) = line(bytes, skipped).ok_or(Garbage("no line end"))?;
    let mut flaw = None;
    let mut note = |status, header, reason| {
        flaw.get_or_insert(Flaw {
            status,
            header,
            reason,
        });
    };
    let start = start_line(bytes, skipped, line, &mut note)?;
    let mut rows: Vec<Row> = Vec::with_capacity(20);
    let mut length: Option<Option<usize>> = None;
    loop {
        let from = at;
        let Some((to, next)) = self::line(bytes, from) else {
            note(400, None, "the headers have no end");
            at = bytes.len();
            break;
        };
        at = next;
        if from == to {
            break;
        }
        if matches!(bytes[from], b' ' | b'\t') || memchr(b'\r', &bytes[from..to]).is_some() {
            return Ok(Index::Folded);
        }
        // A line without a colon is malformed and not needed: ignored (RFC 3261 8.2).
        let Some(colon) = memchr(b':', &bytes[from..to]).map(|i| from + i) else {
            continue;
        };
        if rows.len() == HEADERS {
            return Err(Garbage("too many headers"));
        }
        let name_end = from + bytes[from..colon].trim_ascii_end().len();
        let value = trim(bytes, colon + 1, to);
        let id = Name::of(&bytes[from..name_end]);
        if id == Name::ContentLength {
            let n =
                uri::number(&bytes[value.start..value.end]).and_then(|n| usize::try_from(n).ok());
            if length.is_some() {
                note(400, Some(id), "two Content-Length headers");
            } else if n.is_none() {
                note(400, Some(id), "Content-Length is no number");
            }
            length.get_or_insert(n);
        }
        rows.push(Row {
            id,
            name: span(from, name_end),
            value: span(value.start, value.end),
        });
    }
    let rest = bytes.len() - at;
    let size = match length {
        Some(Some(n)) if n > rest => {
            note(
                400,
                Some(Name::ContentLength),
                "Content-Length is larger than the message",
            );
            rest
        }
        Some(Some(n)) => n,
        Some(None) | None => rest,
    };
    if size > BODY {
        note(413, None, "the body is too large");
    }
    Ok(Index::Done(start, rows, span(at, at + size), flaw))
}

/// The line that starts at `from`: where its text ends and where the next one starts. A bare LF ends a line too.
fn line(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let lf = from + memchr(b'\n', bytes.get(from..)?)?;
    let end = if lf > from && bytes[lf - 1] == b'\r' {
        lf - 1
    } else {
        lf
    };
    Some((end, lf + 1))
}

fn trim(bytes: &[u8], from: usize, to: usize) -> Range<usize> {
    let text = &bytes[from..to];
    let from = to - text.trim_ascii_start().len();
    from..from + bytes[from..to].trim_ascii_end().len()
}

fn start_line(
    bytes: &[u8],
    from: usize,
    to: usize,
    note: &mut impl FnMut(u16, Option<Name>, &'static str),
) -> Result<Start, Garbage> {
    const NONE: Garbage = Garbage("no start line of SIP");
    let text = &bytes[from..to];
    if text
        .get(..4)
        .is_some_and(|t| t.eq_ignore_ascii_case(b"SIP/"))
    {
        let rest = text
            .get(..8)
            .filter(|v| v.eq_ignore_ascii_case(b"SIP/2.0 "))
            .map(|_| &text[8..]);
        let rest = rest.ok_or(Garbage("a response of another version"))?;
        let digits = rest.iter().position(|&b| b == b' ').unwrap_or(rest.len());
        let code = uri::number(&rest[..digits]).filter(|n| digits == 3 && (100..700).contains(n));
        let status = code
            .and_then(|n| u16::try_from(n).ok())
            .ok_or(Garbage("a status code outside 100 to 699"))?;
        let reason = from + 8 + (digits + 1).min(rest.len());
        return Ok(Start::Response {
            status,
            reason: span(reason, to),
        });
    }
    let method = text.iter().position(|&b| b == b' ').ok_or(NONE)?;
    let trimmed = text.trim_ascii_end();
    let version = trimmed
        .iter()
        .rposition(|&b| b == b' ')
        .map(|i| i + 1)
        .ok_or(NONE)?;
    let is_sip = trimmed[version..]
        .get(..4)
        .is_some_and(|t| t.eq_ignore_ascii_case(b"SIP/"));
    if !is_token(&text[..method]) || !is_sip || version <= method + 1 {
        return Err(NONE);
    }
    let uri = trim(bytes, from + method, from + version);
    if trimmed.len() != text.len() || uri.len() + 1 != version - method - 1 {
        note(400, None, "extra blanks in the request line");
    }
    Ok(Start::Request {
        method: span(from, from + method),
        uri: span(uri.start, uri.end),
        version: span(from + version, from + trimmed.len()),
    })
}

/// Joins folded header lines with blanks, byte for byte, so that every offset stays (RFC 3261 7.3.1). A CR inside a line becomes
/// a blank too: whoever we would pass it on to might take it for a line end.
fn unfold(bytes: &[u8]) -> Bytes {
    let mut out = bytes.to_vec();
    let mut at = out
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count();
    while let Some((end, next)) = line(&out, at) {
        if end == at {
            break;
        }
        for b in &mut out[at..end] {
            if *b == b'\r' {
                *b = b' ';
            }
        }
        if matches!(out.get(next), Some(b' ' | b'\t')) {
            out[end..next].fill(b' ');
        }
        at = next;
    }
    out.into()
}
