//! Requests of the far end inside a call: their order, BYE, keys by INFO, texts; and what we do not serve.

use bytes::Bytes;

use super::command::{Body, HeaderLine, Why};
use super::compose::Say;
use super::dialog::Order;
use super::event::{By, Ended, Event, State};
use super::flow::Flow;
use super::headers::{Method, Name};
use super::leg::{Leg, ended, reason_of};
use super::message::Message;
use super::stack::SERVED;
use super::tables::{Key, Tables};

impl Leg {
    /// Answers a request of theirs inside the dialog.
    pub(crate) fn say(
        &self,
        t: &mut Tables,
        key: Key,
        request: &Message,
        flow: Flow,
        say: Say<'_>,
    ) -> bool {
        let tag = self
            .dialog
            .as_ref()
            .map_or_else(|| t.tag_for(request), |d| d.local_tag.clone());
        let bytes = Say {
            tag: Some(&tag),
            ..say
        }
        .write(request, flow);
        t.respond(key, say.status, bytes)
    }

    fn status(&self, t: &mut Tables, key: Key, request: &Message, flow: Flow, status: u16) {
        self.say(t, key, request, flow, Say::status(status, b""));
    }

    /// 500 with a Retry-After of 0 to 10 s (RFC 3261 14.2, RFC 3311 5.2).
    pub(crate) fn say_later(&self, t: &mut Tables, key: Key, request: &Message, flow: Flow) {
        let after = t.dice.between(0, 10).to_string();
        let headers = [(Bytes::from_static(b"Retry-After"), Bytes::from(after))];
        self.say(
            t,
            key,
            request,
            flow,
            Say {
                headers: &headers,
                ..Say::status(500, b"")
            },
        );
    }

    /// A request with the tags of one of our dialogs. Its transaction is open.
    pub(crate) fn request(&mut self, t: &mut Tables, key: Key, request: &Message, flow: Flow) {
        let theirs = request
            .from()
            .ok()
            .and_then(|f| f.tag())
            .unwrap_or_default();
        let method = request.method().unwrap_or(Method::Other(b""));
        let number = request.cseq().map_or(0, |c| c.number);
        let Some(dialog) = self.dialog.as_mut().filter(|d| d.remote_tag == theirs) else {
            // An early dialog of our INVITE, or a fork that another one won.
            let status = if method == Method::Options { 200 } else { 481 };
            return self.status(t, key, request, flow, status);
        };
        match dialog.note(number) {
            Order::Next => {}
            Order::Again => return self.status(t, key, request, flow, 482),
            Order::Late => return self.status(t, key, request, flow, 500),
        }
        match method {
            Method::Bye => return self.bye_came(t, key, request, flow),
            _ if self.over => return self.status(t, key, request, flow, 481),
            // RFC 6665: no such event, and no such subscription.
            Method::Subscribe | Method::Publish => return self.status(t, key, request, flow, 489),
            Method::Notify => return self.status(t, key, request, flow, 481),
            _ => {}
        }
        if let Err(fault) = SERVED.check(request) {
            let headers: Vec<HeaderLine> = fault
                .answer
                .iter()
                .map(|(n, v)| (n.text().into(), Bytes::copy_from_slice(v)))
                .collect();
            self.say(
                t,
                key,
                request,
                flow,
                Say {
                    headers: &headers,
                    ..Say::status(fault.status, b"")
                },
            );
            return;
        }
        match method {
            Method::Invite => self.invite_again(t, key, request, flow),
            Method::Update => self.update(t, key, request, flow),
            Method::Info => self.info(t, key, request, flow),
            Method::Message => {
                self.status(t, key, request, flow, 200);
                let kind = request.get(Name::ContentType).unwrap_or(b"text/plain");
                let body = Body {
                    kind: Bytes::copy_from_slice(kind),
                    bytes: request.body_bytes(),
                };
                self.tell(t, Event::Text { leg: self.id, body });
            }
            Method::Options => self.status(t, key, request, flow, 200),
            _ => self.status(t, key, request, flow, 403),
        }
    }

    fn bye_came(&mut self, t: &mut Tables, key: Key, request: &Message, flow: Flow) {
        self.status(t, key, request, flow, 200);
        let answered = !matches!(self.state, State::Calling | State::Early);
        self.refuse_open_offer(t, 487);
        if self.serving.is_some() && !answered {
            self.reject(
                t,
                &Why {
                    status: 487,
                    ..Why::default()
                },
            );
        }
        self.unacked = None;
        self.bye = None;
        let (cause, text) = reason_of(request);
        let status = if answered { 200 } else { 487 };
        self.finish(
            t,
            Ended {
                cause,
                text,
                ..ended(By::Them, status)
            },
        );
    }

    fn info(&mut self, t: &mut Tables, key: Key, request: &Message, flow: Flow) {
        let body = request.body();
        let digit = match request.content_type() {
            Some(kind) if kind.is("application/dtmf-relay") => relay(body),
            Some(kind) if kind.is("application/dtmf") => signal(body).map(|digit| (digit, 100)),
            None if body.is_empty() => return self.status(t, key, request, flow, 200),
            _ => {
                let accept = Bytes::from_static(b"application/dtmf-relay, application/dtmf");
                let headers = [(Bytes::from_static(b"Accept"), accept)];
                self.say(
                    t,
                    key,
                    request,
                    flow,
                    Say {
                        headers: &headers,
                        ..Say::status(415, b"")
                    },
                );
                return;
            }
        };
        let Some((digit, ms)) = digit else {
            return self.status(t, key, request, flow, 400);
        };
        self.status(t, key, request, flow, 200);
        self.tell(
            t,
            Event::Digit {
                leg: self.id,
                digit,
                ms,
            },
        );
    }
}

/// `Signal=5`, `Duration=160`, a line each.
fn relay(body: &[u8]) -> Option<(u8, u32)> {
    let mut digit = None;
    let mut ms = 100;
    for line in body.split(|b| matches!(b, b'\r' | b'\n')) {
        let Some(equals) = line.iter().position(|&b| b == b'=') else {
            continue;
        };
        let (name, value) = (line[..equals].trim_ascii(), line[equals + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"signal") {
            digit = signal(value);
        } else if name.eq_ignore_ascii_case(b"duration") {
            ms = super::uri::number(value)
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(ms);
        }
    }
    digit.map(|d| (d, ms))
}

/// A key as INFO names it: itself, or its event number (10 is `*`, 11 `#`, 12 to 15 `A` to `D`, 16 flash).
fn signal(text: &[u8]) -> Option<u8> {
    match text.trim_ascii() {
        [b] if b.is_ascii_digit() || b"*#!".contains(b) => Some(*b),
        [b] if (b'A'..=b'D').contains(&b.to_ascii_uppercase()) => Some(b.to_ascii_uppercase()),
        b"10" => Some(b'*'),
        b"11" => Some(b'#'),
        [b'1', b @ b'2'..=b'5'] => Some(b - b'2' + b'A'),
        b"16" => Some(b'!'),
        text if text.eq_ignore_ascii_case(b"hf") || text.eq_ignore_ascii_case(b"flash") => {
            Some(b'!')
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_info() {
        assert_eq!(relay(b"Signal=5\r\nDuration=160\r\n"), Some((b'5', 160)));
        assert_eq!(relay(b"Signal= *\nDuration = x"), Some((b'*', 100)));
        assert_eq!(relay(b"Signal=11"), Some((b'#', 100)));
        assert_eq!(relay(b"Signal=13"), Some((b'B', 100)));
        assert_eq!(relay(b"Signal=d"), Some((b'D', 100)));
        assert_eq!(relay(b"Signal=flash"), Some((b'!', 100)));
        assert_eq!(relay(b"Signal=17"), None);
        assert_eq!(relay(b""), None);
    }
}
