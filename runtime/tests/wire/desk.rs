//! One stack and messages written by hand: what goes in, what comes out.

use bytes::Bytes;
use strowger_runtime::sip::stack::{
    Command, Event, Flow, Incoming, LegId, Limits, ListenerId, Protocol, Stack,
};
use strowger_runtime::sip::{Message, Method, Name, verdict};

use crate::world::{now, sdp};

pub(crate) struct Desk {
    pub(crate) stack: Stack,
    pub(crate) now: u64,
    pub(crate) flow: Flow,
    pub(crate) sent: Vec<Message>,
    pub(crate) events: Vec<Event>,
    count: u64,
}

/// The parts of a request that tests vary.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) branch: &'a str,
    pub(crate) call: &'a str,
    pub(crate) number: u32,
    /// With the semicolon.
    pub(crate) to_tag: &'a str,
    pub(crate) more: &'a str,
    pub(crate) body: &'a str,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Ask {
            method: "INVITE",
            branch: "z9hG4bK1",
            call: "call",
            number: 1,
            to_tag: "",
            more: "",
            body: "",
        }
    }
}

impl Ask<'_> {
    pub(crate) fn text(&self) -> String {
        let Ask {
            method,
            branch,
            call,
            number,
            to_tag,
            more,
            body,
        } = self;
        let kind = if body.is_empty() || more.contains("Content-Type") {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} sip:62@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch={branch};rport\r\nFrom: <sip:61@192.0.2.2>;tag=far\r\n\
             To: <sip:62@192.0.2.1>{to_tag}\r\nCall-ID: {call}\r\nCSeq: {number} {method}\r\nContact: <sip:61@192.0.2.2:5060>\r\n\
             Max-Forwards: 70\r\n{kind}{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Desk {
        let flow = Flow {
            listener: ListenerId(0),
            protocol: Protocol::Udp,
            local: "192.0.2.1:5060".parse().unwrap(),
            remote: "192.0.2.2:5060".parse().unwrap(),
            connection: 0,
        };
        Desk {
            stack: Stack::new(limits, [7; 32]),
            now: 0,
            flow,
            sent: Vec::new(),
            events: Vec::new(),
            count: 0,
        }
    }

    /// Puts bytes in; what came out, one word each: statuses, methods, events.
    pub(crate) fn hear(&mut self, text: impl Into<Bytes>) -> Vec<String> {
        self.stack.receive(now(self.now), self.flow, text.into());
        self.drain()
    }

    pub(crate) fn ask(&mut self, ask: &Ask<'_>) -> Vec<String> {
        self.hear(ask.text())
    }

    pub(crate) fn command(&mut self, command: Command) -> Vec<String> {
        self.stack.command(now(self.now), command);
        self.drain()
    }

    /// Lets time pass, deadline by deadline, up to `ms` from now.
    pub(crate) fn pass(&mut self, ms: u64) -> Vec<String> {
        let until = self.now + ms * 1000;
        let mut all = Vec::new();
        while let Some(at) = self.stack.deadline().filter(|d| d.micros <= until) {
            self.now = at.micros.max(self.now);
            self.stack.timeout(now(self.now));
            all.extend(self.drain());
        }
        self.now = until;
        all
    }

    pub(crate) fn drain(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            if let Some(transmit) = self.stack.transmit() {
                let m = Message::parse(transmit.bytes).unwrap();
                verdict::check(&m).unwrap_or_else(|f| panic!("{f}: {m:?}"));
                all.push(match m.status() {
                    Some(status) => status.to_string(),
                    None => m.method().unwrap().to_string(),
                });
                self.sent.push(m);
            } else if let Some(event) = self.stack.event() {
                let name = format!("{event:?}");
                all.push(
                    name.split([' ', '(', '{'])
                        .next()
                        .unwrap_or_default()
                        .to_string(),
                );
                self.events.push(event);
            } else {
                return all;
            }
        }
    }

    pub(crate) fn last(&self) -> &Message {
        self.sent.last().unwrap()
    }

    pub(crate) fn incoming(&self) -> Box<Incoming> {
        let found = self.events.iter().rev().find_map(|e| {
            if let Event::Incoming(i) = e {
                Some(i.clone())
            } else {
                None
            }
        });
        found.unwrap()
    }

    pub(crate) fn leg(&mut self) -> LegId {
        self.count += 1;
        LegId(self.count)
    }

    /// A call that came in, admitted.
    pub(crate) fn admitted(&mut self, ask: &Ask<'_>) -> LegId {
        assert_eq!(self.ask(ask), ["Incoming"]);
        let leg = self.leg();
        let incoming = self.incoming();
        assert_eq!(
            self.command(Command::Admit {
                incoming,
                leg,
                credentials: Vec::new()
            }),
            ["100"]
        );
        leg
    }

    /// A call that came in and stands; the To tag of ours, with its semicolon.
    pub(crate) fn up(&mut self) -> (LegId, String) {
        let body = String::from_utf8(sdp("far").to_vec()).unwrap();
        let leg = self.admitted(&Ask {
            body: &body,
            ..Ask::default()
        });
        assert_eq!(
            self.command(Command::Answer {
                leg,
                sdp: sdp("near")
            }),
            ["200"]
        );
        let tag = self.our_tag();
        let ack = Ask {
            method: "ACK",
            branch: "z9hG4bKack",
            to_tag: &tag,
            ..Ask::default()
        };
        assert_eq!(self.ask(&ack), ["Settled"]);
        (leg, tag)
    }

    /// The To tag of our last answer, with its semicolon.
    pub(crate) fn our_tag(&self) -> String {
        format!(
            ";tag={}",
            String::from_utf8_lossy(self.last().to().unwrap().tag().unwrap())
        )
    }

    /// A call that we make.
    pub(crate) fn calling(&mut self) -> LegId {
        let leg = self.leg();
        let invite = strowger_runtime::sip::stack::Invite {
            uri: Bytes::from_static(b"sip:62@192.0.2.2"),
            flows: vec![self.flow],
            contact: Bytes::from_static(b"61"),
            offer: Some(sdp("near")),
            ..Default::default()
        };
        assert_eq!(
            self.command(Command::Invite {
                leg,
                invite: Box::new(invite)
            }),
            ["INVITE"]
        );
        leg
    }

    /// An answer to our last request with that method.
    pub(crate) fn answer(
        &mut self,
        method: Method<'_>,
        status: u16,
        tag: &str,
        more: &str,
        body: &str,
    ) -> Vec<String> {
        let request = self
            .sent
            .iter()
            .rev()
            .find(|m| m.is_request() && m.method() == Some(method))
            .unwrap()
            .clone();
        let text = Desk::answer_text(&request, status, tag, more, body);
        self.hear(text)
    }

    pub(crate) fn answer_text(
        request: &Message,
        status: u16,
        tag: &str,
        more: &str,
        body: &str,
    ) -> String {
        let get = |name| String::from_utf8_lossy(request.get(name).unwrap()).into_owned();
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let mut to = get(Name::To);
        if !to.contains("tag=") && !tag.is_empty() {
            to = format!("{to};tag={tag}");
        }
        format!(
            "SIP/2.0 {status} Because\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:62@192.0.2.2:5060>\r\n\
             {kind}{more}Content-Length: {}\r\n\r\n{body}",
            get(Name::Via),
            get(Name::From),
            get(Name::CallId),
            get(Name::CSeq),
            body.len()
        )
    }
}
