//! Writing messages. What is written here passes our own strict reader: no header value can end its line.

use std::net::SocketAddr;

use bytes::Bytes;

use super::headers::{Method, Name};
use super::message::Message;

/// Builds one message: start line first, then headers in the order of the calls, then the body.
#[derive(Debug, Clone)]
pub struct Writer {
    buf: Vec<u8>,
}

impl Writer {
    /// Starts a request. `uri` is written as it stands, blanks and line ends taken out.
    pub fn request(method: Method<'_>, uri: &[u8]) -> Writer {
        let mut buf = Vec::with_capacity(640);
        buf.extend_from_slice(method.text());
        buf.push(b' ');
        buf.extend(uri.iter().filter(|b| !b.is_ascii_whitespace()));
        buf.extend_from_slice(b" SIP/2.0\r\n");
        Writer { buf }
    }

    /// Starts the response to `request` (RFC 3261 8.2.6): the Vias, the top one with `received` and `rport` filled in from `source`;
    /// From; To with `tag` added where it has none; Call-ID; CSeq. What the request lacks, or has unreadably, goes back as it is.
    pub fn response(
        request: &Message,
        status: u16,
        source: SocketAddr,
        tag: Option<&[u8]>,
    ) -> Writer {
        Self::response_saying(request, status, reason(status), source, tag)
    }

    /// As [`Writer::response`], with a reason phrase of one's own.
    pub fn response_saying(
        request: &Message,
        status: u16,
        reason: &str,
        source: SocketAddr,
        tag: Option<&[u8]>,
    ) -> Writer {
        let mut w = Writer {
            buf: Vec::with_capacity(640),
        };
        w.buf
            .extend_from_slice(format!("SIP/2.0 {status} ").as_bytes());
        w.raw(reason.as_bytes());
        w.buf.extend_from_slice(b"\r\n");
        let mut top = true;
        for value in request.all(Name::Via) {
            if !std::mem::take(&mut top) {
                w.header(Name::Via, value);
                continue;
            }
            match request.via() {
                Ok(via) => {
                    w.buf.extend_from_slice(b"Via: ");
                    let from = w.buf.len();
                    via.write_received(source, &mut w.buf);
                    // The rest of a comma list of hops stays in its row.
                    let after =
                        via.text.as_ptr() as usize - value.as_ptr() as usize + via.text.len();
                    w.buf.extend_from_slice(&value[after..]);
                    w.seal(from);
                }
                Err(_) => {
                    w.header(Name::Via, value);
                }
            }
        }
        w.copy(request, Name::From);
        if let Some(to) = request.get(Name::To) {
            w.buf.extend_from_slice(b"To: ");
            let from = w.buf.len();
            w.buf.extend_from_slice(to);
            if let Some(tag) = tag
                && request.to().is_ok_and(|t| t.tag().is_none())
            {
                w.buf.extend_from_slice(b";tag=");
                w.buf.extend_from_slice(tag);
            }
            w.seal(from);
        }
        w.copy(request, Name::CallId);
        w.copy(request, Name::CSeq);
        w
    }

    /// Adds a header. Line ends inside the value become blanks.
    pub fn header(&mut self, name: Name, value: impl AsRef<[u8]>) -> &mut Self {
        self.row(name.text().as_bytes(), value.as_ref())
    }

    /// Adds a header by its name as text.
    pub fn named(&mut self, name: &[u8], value: impl AsRef<[u8]>) -> &mut Self {
        self.row(name, value.as_ref())
    }

    /// Adds a header with a number.
    pub fn number(&mut self, name: Name, value: u64) -> &mut Self {
        self.row(name.text().as_bytes(), value.to_string().as_bytes())
    }

    /// Adds every row of that name of another message, in order: Record-Route into a response, Route into an ACK.
    pub fn copy(&mut self, from: &Message, name: Name) -> &mut Self {
        for value in from.all(name) {
            self.header(name, value);
        }
        self
    }

    /// Ends the message without a body.
    pub fn end(mut self) -> Bytes {
        self.buf.extend_from_slice(b"Content-Length: 0\r\n\r\n");
        self.buf.into()
    }

    /// Ends the message with a body of that type.
    pub fn body(mut self, content_type: &[u8], body: &[u8]) -> Bytes {
        self.header(Name::ContentType, content_type);
        self.buf.reserve(body.len() + 32);
        self.buf
            .extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        self.buf.extend_from_slice(body);
        self.buf.into()
    }

    /// Ends the message with SDP, or without a body.
    pub fn sdp(self, sdp: Option<&[u8]>) -> Bytes {
        match sdp {
            Some(text) => self.body(b"application/sdp", text),
            None => self.end(),
        }
    }

    fn row(&mut self, name: &[u8], value: &[u8]) -> &mut Self {
        self.buf
            .extend(name.iter().filter(|&&b| super::headers::token_byte(b)));
        self.buf.extend_from_slice(b": ");
        self.raw(value);
        self.buf.extend_from_slice(b"\r\n");
        self
    }

    fn raw(&mut self, value: &[u8]) {
        let from = self.buf.len();
        self.buf.extend_from_slice(value);
        blank_line_ends(&mut self.buf[from..]);
    }

    fn seal(&mut self, from: usize) {
        blank_line_ends(&mut self.buf[from..]);
        self.buf.extend_from_slice(b"\r\n");
    }
}

fn blank_line_ends(text: &mut [u8]) {
    for b in text {
        if matches!(b, b'\r' | b'\n') {
            *b = b' ';
        }
    }
}

/// The usual phrase for a status code.
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        380 => "Alternative Service",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Conditional Request Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        493 => "Undecipherable",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        _ => match status / 100 {
            1 => "Progress",
            2 => "OK",
            3 => "Redirection",
            4 => "Request Failure",
            5 => "Server Failure",
            _ => "Global Failure",
        },
    }
}
