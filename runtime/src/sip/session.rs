//! What two sides agree to send each other: SDP offers and answers (RFC 3264, RFC 8866).
//!
//! One [`Session`] belongs to one call leg. It writes our SDP, reads theirs, and says what came of it as [`Agreed`]. Whose turn it
//! is to offer is the leg's matter.

use std::net::{IpAddr, SocketAddr};

use super::sdp::{Line, Theirs};

/// A codec as SDP names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Codec {
    /// Encoding name; compared in any case.
    pub name: &'static str,
    /// Clock rate in Hz.
    pub rate: u32,
    /// Its number, if RFC 3551 gives it one; else one from 96 up is chosen.
    pub payload: Option<u8>,
}

/// G.711 µ-law.
pub const PCMU: Codec = Codec {
    name: "PCMU",
    rate: 8000,
    payload: Some(0),
};
/// G.711 A-law.
pub const PCMA: Codec = Codec {
    name: "PCMA",
    rate: 8000,
    payload: Some(8),
};
/// RFC 4733 events.
const EVENTS: Codec = Codec {
    name: "telephone-event",
    rate: 8000,
    payload: None,
};
/// The number that our offers give telephone-event, unless the far end named another before.
const EVENT_PAYLOAD: u8 = 101;

/// Which ways media may flow, seen from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Direction {
    /// We send.
    pub send: bool,
    /// We take what they send.
    pub receive: bool,
}

impl Direction {
    /// `sendrecv`.
    pub const BOTH: Direction = Direction {
        send: true,
        receive: true,
    };
    /// `sendonly`: what holds the far end.
    pub const SEND_ONLY: Direction = Direction {
        send: true,
        receive: false,
    };
    /// `recvonly`.
    pub const RECEIVE_ONLY: Direction = Direction {
        send: false,
        receive: true,
    };
    /// `inactive`.
    pub const NONE: Direction = Direction {
        send: false,
        receive: false,
    };

    fn attribute(self) -> &'static str {
        match (self.send, self.receive) {
            (true, true) => "sendrecv",
            (true, false) => "sendonly",
            (false, true) => "recvonly",
            (false, false) => "inactive",
        }
    }

    pub(super) fn of(attribute: &str) -> Option<Direction> {
        [Self::BOTH, Self::SEND_ONLY, Self::RECEIVE_ONLY, Self::NONE]
            .into_iter()
            .find(|d| d.attribute() == attribute)
    }

    /// What we may do at most when `self` is what they wrote and `ours` what we want.
    fn answered(self, ours: Direction) -> Direction {
        Direction {
            send: self.receive && ours.send,
            receive: self.send && ours.receive,
        }
    }
}

/// What the account wants of its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Codecs allowed, the preferred one first. `allow=all` is all that we have.
    pub codecs: Vec<Codec>,
    /// In an answer, our order counts (chan_sip); else the order of their offer (pjsip, and what RFC 3264 advises).
    pub our_order: bool,
    /// Answer with one codec only (`preferred_codec_only`).
    pub single: bool,
    /// Offer and take telephone-event; `false` for `dtmf_mode=inband` and `info`.
    pub events: bool,
    /// Milliseconds of audio per packet that we ask for.
    pub ptime: u8,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            codecs: vec![PCMU, PCMA],
            our_order: false,
            single: false,
            events: true,
            ptime: 20,
        }
    }
}

/// Audio as agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// Where their SDP wants our RTP; `None` for 0.0.0.0 (the old way to hold) or a host name.
    pub rtp: Option<SocketAddr>,
    /// Where their SDP wants our RTCP, if it says so (`a=rtcp`); else it is the port after `rtp`.
    pub rtcp: Option<SocketAddr>,
    /// The codec that we send.
    pub codec: Codec,
    /// The payload number that they gave it.
    pub payload: u8,
    /// The payload number that they gave telephone-event; `None`: they take none.
    pub event: Option<u8>,
    /// Payload numbers of what may come in, as our SDP gave them.
    pub receive: Vec<(u8, Codec)>,
    /// The payload number of telephone-event coming in, as our SDP gave it.
    pub receive_event: Option<u8>,
    /// Which ways are open.
    pub direction: Direction,
    /// Milliseconds per packet that they ask for, if they do.
    pub ptime: Option<u8>,
}

impl Audio {
    /// Whether the far end holds us: nothing of ours shall be sent.
    pub fn is_held(&self) -> bool {
        !self.direction.send
    }
}

/// What an offer and its answer came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The audio; `None` when they closed it (port 0) or never had any.
    pub audio: Option<Audio>,
    /// Media of other kinds that they offered and that we closed, as `video`.
    pub declined: Vec<String>,
}

/// Why there is nothing to agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not SDP.
    #[error("the session description cannot be read")]
    Malformed,
    /// No codec that both have, or no audio that we can serve.
    #[error("no codec in common")]
    NothingInCommon,
    /// An answer to an offer that was never made.
    #[error("an answer without an offer")]
    NotAsked,
}

impl Refused {
    /// The status to refuse an offer with.
    pub fn status(self) -> u16 {
        match self {
            Refused::Malformed => 400,
            Refused::NothingInCommon | Refused::NotAsked => 488,
        }
    }
}

/// Our side of one leg's session.
#[derive(Debug, Clone)]
pub struct Session {
    id: u64,
    version: u64,
    /// All that we sent last but the version.
    last: Option<String>,
    /// The m= lines that the session has, in order. Their number never shrinks (RFC 3264 8).
    slots: Vec<Slot>,
    offered: Option<Offered>,
    event: u8,
}

/// Our open offer: what may come in, and which ways.
#[derive(Debug, Clone)]
struct Offered {
    formats: Vec<(u8, Codec)>,
    event: Option<u8>,
    direction: Direction,
}

#[derive(Debug, Clone)]
enum Slot {
    Audio {
        proto: String,
    },
    /// Closed: `media proto formats` to repeat with port 0.
    Closed {
        media: String,
        proto: String,
        fmt: String,
    },
}

impl Session {
    /// A session of its own; `id` names it in `o=` and must differ from call to call.
    pub fn new(id: u64) -> Session {
        // Many phones read these as 32 or 63 bits.
        let id = id & 0x7fff_ffff;
        Session {
            id,
            version: id,
            last: None,
            slots: Vec::new(),
            offered: None,
            event: EVENT_PAYLOAD,
        }
    }

    /// Our offer: the first one, a new one inside the call (hold, another address), or the one in a 2xx to an INVITE without SDP.
    /// `near` is where we take RTP.
    pub fn offer(&mut self, terms: &Terms, near: SocketAddr, direction: Direction) -> Vec<u8> {
        let mut next = 96;
        let formats: Vec<(u8, Codec)> = terms
            .codecs
            .iter()
            .map(|&c| (c.payload.unwrap_or_else(|| self.dynamic(&mut next)), c))
            .collect();
        let event = terms.events.then_some(self.event);
        let mut slots = self.slots.clone();
        if !slots.iter().any(|s| matches!(s, Slot::Audio { .. })) {
            // A closed audio line is opened again rather than a new one added.
            let open = Slot::Audio {
                proto: "RTP/AVP".into(),
            };
            match slots
                .iter_mut()
                .find(|s| matches!(s, Slot::Closed { media, .. } if media == "audio"))
            {
                Some(closed) => *closed = open,
                None => slots.push(open),
            }
        }
        let text = write(
            near,
            &slots,
            &Ours {
                formats: &formats,
                event,
                direction,
                ptime: terms.ptime,
                near,
            },
        );
        self.offered = Some(Offered {
            formats,
            event,
            direction,
        });
        self.slots = slots;
        self.send(text, near.ip())
    }

    fn dynamic(&self, next: &mut u8) -> u8 {
        if *next == self.event {
            *next += 1;
        }
        *next = next.wrapping_add(1);
        *next - 1
    }

    /// Reads their answer to our last offer. May be asked again for the same offer: a 183 may say one thing and the 200 another.
    ///
    /// # Errors
    /// When it cannot be read, fits no offer, or takes none of our codecs.
    pub fn accept(&mut self, answer: &[u8]) -> Result<Agreed, Refused> {
        let Offered {
            formats,
            event,
            direction,
        } = self.offered.clone().ok_or(Refused::NotAsked)?;
        let theirs = Theirs::read(answer)?;
        let at = self
            .slots
            .iter()
            .position(|s| matches!(s, Slot::Audio { .. }))
            .ok_or(Refused::NotAsked)?;
        let Some(line) = theirs.lines.get(at).filter(|l| l.media == "audio") else {
            return Err(Refused::NothingInCommon);
        };
        if line.port == 0 {
            return Ok(Agreed {
                audio: None,
                declined: Vec::new(),
            });
        }
        let known = |t: &(u8, String, u32)| {
            formats
                .iter()
                .find(|(_, c)| c.is(&t.1, t.2))
                .map(|&(_, c)| (t.0, c))
        };
        let (payload, codec) = line
            .formats
            .iter()
            .find_map(known)
            .ok_or(Refused::NothingInCommon)?;
        let their_event = line
            .formats
            .iter()
            .find(|t| EVENTS.is(&t.1, t.2))
            .map(|t| t.0)
            .filter(|_| event.is_some());
        if let Some(event) = their_event {
            self.event = event;
        }
        let audio = Audio {
            rtp: line.rtp,
            rtcp: line.rtcp,
            codec,
            payload,
            event: their_event,
            receive: formats,
            receive_event: event,
            direction: line.flow().answered(direction),
            ptime: line.ptime,
        };
        Ok(Agreed {
            audio: Some(audio),
            declined: Vec::new(),
        })
    }

    /// Answers their offer: our SDP and what came of it. Every m= line is answered in its place; what we do not serve gets port 0.
    ///
    /// # Errors
    /// When it cannot be read, or holds open media but none that we can serve: refuse it with [`Refused::status`]; the session stays
    /// as it was.
    pub fn answer(
        &mut self,
        offer: &[u8],
        terms: &Terms,
        near: SocketAddr,
        direction: Direction,
    ) -> Result<(Vec<u8>, Agreed), Refused> {
        let theirs = Theirs::read(offer)?;
        let mut audio: Option<(Audio, Vec<(u8, Codec)>)> = None;
        let mut slots = Vec::with_capacity(theirs.lines.len());
        let mut declined = Vec::new();
        let mut open = false;
        for line in &theirs.lines {
            open |= line.port != 0;
            if audio.is_none()
                && let Some(found) = line.serve(terms, direction)
            {
                audio = Some(found);
                slots.push(Slot::Audio {
                    proto: line.proto.clone(),
                });
                continue;
            }
            if line.port != 0 {
                declined.push(line.media.clone());
            }
            slots.push(Slot::Closed {
                media: line.media.clone(),
                proto: line.proto.clone(),
                fmt: line.fmt.clone(),
            });
        }
        if audio.is_none() && open {
            return Err(Refused::NothingInCommon);
        }
        let none = Ours {
            formats: &[],
            event: None,
            direction: Direction::NONE,
            ptime: terms.ptime,
            near,
        };
        let ours = audio.as_ref().map_or(none, |(a, formats)| Ours {
            formats,
            event: a.receive_event,
            direction: a.direction,
            ptime: terms.ptime,
            near,
        });
        let text = write(near, &slots, &ours);
        self.slots = slots;
        self.offered = None;
        let audio = audio.map(|(a, _)| a);
        if let Some(event) = audio.as_ref().and_then(|a| a.event) {
            self.event = event;
        }
        Ok((self.send(text, near.ip()), Agreed { audio, declined }))
    }

    /// Puts `v=`, `o=` before the text; the version grows by one if, and only if, the text is another than the last (RFC 3264 8).
    fn send(&mut self, text: String, near: IpAddr) -> Vec<u8> {
        if self.last.as_ref().is_some_and(|l| *l != text) {
            self.version += 1;
        }
        let head = format!(
            "v=0\r\no=- {} {} IN {}\r\n{text}",
            self.id,
            self.version,
            family(near)
        );
        self.last = Some(text);
        head.into_bytes()
    }
}

impl Codec {
    fn is(&self, name: &str, rate: u32) -> bool {
        self.rate == rate && self.name.eq_ignore_ascii_case(name)
    }
}

fn family(ip: IpAddr) -> String {
    format!("{} {ip}", if ip.is_ipv4() { "IP4" } else { "IP6" })
}

/// What goes into our open audio line.
struct Ours<'a> {
    formats: &'a [(u8, Codec)],
    event: Option<u8>,
    direction: Direction,
    ptime: u8,
    near: SocketAddr,
}

fn write(near: SocketAddr, slots: &[Slot], ours: &Ours<'_>) -> String {
    use std::fmt::Write as _;
    let mut out = format!("s=-\r\nc=IN {}\r\nt=0 0\r\n", family(near.ip()));
    // Writing into a String cannot fail.
    for slot in slots {
        match slot {
            Slot::Closed { media, proto, fmt } => {
                let _ = write!(out, "m={media} 0 {proto} {fmt}\r\n");
            }
            // An account without codecs: a line without formats would not be SDP, so the line is closed.
            Slot::Audio { proto } if ours.formats.is_empty() => {
                let _ = write!(out, "m=audio 0 {proto} 0\r\n");
            }
            Slot::Audio { proto } => {
                let _ = write!(out, "m=audio {} {proto}", ours.near.port());
                for (n, _) in ours.formats {
                    let _ = write!(out, " {n}");
                }
                if let Some(n) = ours.event {
                    let _ = write!(out, " {n}");
                }
                out.push_str("\r\n");
                for (n, c) in ours.formats {
                    let _ = write!(out, "a=rtpmap:{n} {}/{}\r\n", c.name, c.rate);
                }
                if let Some(n) = ours.event {
                    let _ = write!(
                        out,
                        "a=rtpmap:{n} telephone-event/8000\r\na=fmtp:{n} 0-15\r\n"
                    );
                }
                let _ = write!(
                    out,
                    "a=ptime:{}\r\na={}\r\n",
                    ours.ptime,
                    ours.direction.attribute()
                );
            }
        }
    }
    out
}

impl Line {
    /// Our side of this line and the formats of our answer, if it is audio that we can serve.
    fn serve(&self, terms: &Terms, direction: Direction) -> Option<(Audio, Vec<(u8, Codec)>)> {
        let plain = self.proto.eq_ignore_ascii_case("RTP/AVP")
            || self.proto.eq_ignore_ascii_case("RTP/AVPF");
        if self.media != "audio" || self.port == 0 || !plain {
            return None;
        }
        let mut formats: Vec<(u8, Codec)> = Vec::new();
        for t in &self.formats {
            if let Some(&codec) = terms.codecs.iter().find(|c| c.is(&t.1, t.2))
                && !formats.iter().any(|(_, c)| *c == codec)
            {
                formats.push((t.0, codec));
            }
        }
        if terms.our_order {
            formats.sort_by_key(|(_, c)| terms.codecs.iter().position(|t| t == c));
        }
        if terms.single {
            formats.truncate(1);
        }
        let &(payload, codec) = formats.first()?;
        let event = self
            .formats
            .iter()
            .find(|t| EVENTS.is(&t.1, t.2))
            .map(|t| t.0)
            .filter(|_| terms.events);
        let audio = Audio {
            rtp: self.rtp,
            rtcp: self.rtcp,
            codec,
            payload,
            event,
            receive: formats.clone(),
            receive_event: event,
            direction: self.flow().answered(direction),
            ptime: self.ptime,
        };
        Some((audio, formats))
    }
}
