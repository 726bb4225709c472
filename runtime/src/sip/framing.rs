//! Where one message ends and the next begins: on datagrams trivially, on streams by Content-Length (RFC 3261 18.3, RFC 5626 3.5.1).

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};

use super::headers::{Method, Name};
use super::message::{BODY, HEADERS, Message};
use super::uri;
use super::verdict::Fault;
use super::write::Writer;

/// Largest message on a stream, headers and body.
pub const STREAM_MESSAGE: usize = 128 * 1024;

/// Whether a datagram only keeps a path open: empty, or nothing but CR, LF and NUL. Swallowed without an answer.
pub fn keeps_alive(datagram: &[u8]) -> bool {
    datagram.iter().all(|b| matches!(b, b'\r' | b'\n' | 0))
}

/// What a stream brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One whole message.
    Message(Bytes),
    /// A double line end between messages: answer with [`PONG`].
    Ping,
    /// The stream cannot be cut any further: send [`Fatal::answer`], then close. Nothing comes after this.
    Fatal(Fatal),
}

/// The answer to a ping.
pub const PONG: &[u8] = b"\r\n";

/// Why a stream must be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fatal {
    /// The headers of the message at fault; empty where even they have no end.
    pub head: Bytes,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Fatal {
    /// The last response on this stream, if the message at fault was a request that can be answered. `tag` goes into To.
    pub fn answer(&self, source: SocketAddr, tag: &[u8]) -> Option<Bytes> {
        let request = Message::parse(self.head.clone()).ok()?;
        if !request.is_request() || request.method() == Some(Method::Ack) || request.via().is_err()
        {
            return None;
        }
        Some(Writer::response(&request, self.fault.status, source, Some(tag)).end())
    }
}

/// Cuts a stream into messages. Bytes go in as they arrive; the cuts of the network make no difference.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// Where the header row starts, where its last line starts, and up to where that was searched for its end.
    row: usize,
    line: usize,
    searched: usize,
    rows: usize,
    length: Option<Result<usize, &'static str>>,
    /// Set once the headers are whole: their size and that of the message.
    whole: Option<(usize, usize)>,
    /// Line ends seen in a row between messages.
    line_ends: u8,
    broken: bool,
}

impl Framer {
    /// A framer for a new connection.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Takes what arrived. The buffer stays below [`STREAM_MESSAGE`] plus one read as long as [`Framer::frame`] is called until it
    /// says `None`.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.broken {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Whether a message has begun and is not whole: the short time-out applies.
    pub fn is_waiting(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next frame, or `None` until more bytes come.
    pub fn frame(&mut self) -> Option<Frame> {
        if self.broken {
            return None;
        }
        if self.whole.is_none() && self.line == 0 {
            if self.skip_between() {
                return Some(Frame::Ping);
            }
            // What no method and no `SIP/` starts with is another protocol (TLS, most likely): no need to wait for its line end.
            if let Some(&b) = self.buffer.first()
                && !super::headers::token_byte(b)
            {
                return Some(self.fatal(0, Fault::bad_request(None, "not SIP")));
            }
        }
        let (head, size) = match self.whole {
            Some(found) => found,
            None => match self.head() {
                Ok(Some(found)) => found,
                Ok(None) => return None,
                Err(fatal) => return Some(fatal),
            },
        };
        if self.buffer.len() < size {
            self.whole = Some((head, size));
            return None;
        }
        let message = self.buffer.split_to(size).freeze();
        self.start_over();
        Some(Frame::Message(message))
    }

    fn start_over(&mut self) {
        (self.row, self.line, self.searched, self.rows) = (0, 0, 0, 0);
        (self.length, self.whole, self.line_ends) = (None, None, 0);
    }

    /// Drops line ends and NULs before a message; `true` for a ping.
    fn skip_between(&mut self) -> bool {
        let mut skip = 0;
        let mut ping = false;
        for &b in &self.buffer {
            match b {
                b'\r' | 0 => {}
                b'\n' => self.line_ends += 1,
                _ => break,
            }
            skip += 1;
            if self.line_ends == 2 {
                self.line_ends = 0;
                ping = true;
                break;
            }
        }
        // `split_to` keeps the memory of a long-lived buffer from growing at its front.
        let _ = self.buffer.split_to(skip);
        ping
    }

    /// Looks for the end of the headers: their size and that of the message.
    fn head(&mut self) -> Result<Option<(usize, usize)>, Frame> {
        loop {
            let found = self.buffer[self.searched..]
                .iter()
                .position(|&b| b == b'\n');
            let end = found.map_or(self.buffer.len(), |i| self.searched + i + 1);
            if end > STREAM_MESSAGE {
                return Err(self.fatal(0, Fault::new(513, None, "a message larger than any")));
            }
            self.searched = end;
            if found.is_none() {
                return Ok(None);
            }
            let text = &self.buffer[self.line..end - 1];
            let is_empty = matches!(text, b"" | b"\r");
            // A line that starts with a blank continues the one before it (RFC 3261 7.3.1).
            if is_empty || !matches!(text.first(), Some(b' ' | b'\t')) {
                self.note_length();
                self.row = self.line;
            }
            if is_empty {
                return self.measure(end).map(Some);
            }
            self.line = end;
            self.rows += 1;
            if self.rows > HEADERS + 1 {
                return Err(self.fatal(0, Fault::new(513, None, "too many headers")));
            }
        }
    }

    /// Remembers a Content-Length, if the row that just ended is one.
    fn note_length(&mut self) {
        let text = &self.buffer[self.row..self.line];
        let Some(colon) = text
            .iter()
            .position(|&b| b == b':')
            .filter(|_| self.row > 0)
        else {
            return;
        };
        if Name::of(text[..colon].trim_ascii_end()) == Name::ContentLength {
            let n =
                uri::number(text[colon + 1..].trim_ascii()).and_then(|n| usize::try_from(n).ok());
            let n = n.ok_or("Content-Length is no number");
            let twice = self.length.is_some();
            self.length = Some(if twice {
                Err("two Content-Length headers")
            } else {
                n
            });
        }
    }

    fn measure(&mut self, head: usize) -> Result<(usize, usize), Frame> {
        let bad = |reason| Fault::bad_request(Some(Name::ContentLength), reason);
        let fault = match self.length {
            None => bad("no Content-Length on a stream"),
            Some(Err(reason)) => bad(reason),
            Some(Ok(n)) if n > BODY => Fault::new(413, None, "the body is too large"),
            Some(Ok(n)) if head + n > STREAM_MESSAGE => {
                Fault::new(513, None, "a message larger than any")
            }
            Some(Ok(n)) => return Ok((head, head + n)),
        };
        Err(self.fatal(head, fault))
    }

    fn fatal(&mut self, head: usize, fault: Fault) -> Frame {
        self.broken = true;
        let head = self.buffer.split_to(head).freeze();
        self.buffer = BytesMut::new();
        Frame::Fatal(Fatal { head, fault })
    }
}
