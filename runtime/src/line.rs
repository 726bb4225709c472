//! What a channel talks through, and what it hears from there.
//!
//! A line has exactly one owner: the task whose [`Inbox`](crate::perform::Inbox) receives its events. The events are the
//! same whatever the line is made of, so that an application never asks which kind it has.

use crate::audio::Stream;
use crate::config::{self, Account, Dtmf, Technology};
use crate::engine::Shared;
use crate::perform::Ear;
use crate::rtp;
use crate::shard::Order;
use crate::sip::command::{Body, Command, InDialog, LegId, Reply, Why};
use crate::sip::session::{self, Agreed, Direction, Refused, Session, Terms};
use bytes::Bytes;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use strowger_vm::Text;
use strowger_vm::effect::Level;

/// The name of one line inside the exchange; never used twice while the exchange runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineId(pub u64);

impl fmt::Debug for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.0)
    }
}

/// What an owner learns about one of its lines.
#[derive(Clone, Debug)]
pub enum Event {
    /// The far end rings (180).
    Ringing,
    /// The far end makes progress (183 or another provisional), with its SDP when it sent one.
    Progress {
        /// The session description, as received.
        sdp: Option<Bytes>,
    },
    /// The far end answered (2xx), or, for a call that came without an offer, its ACK brought the answer.
    Answered {
        /// The session description, as received.
        sdp: Option<Bytes>,
    },
    /// The far end wants to change the session (re-INVITE, UPDATE); it waits for our `Reply`.
    Offered {
        /// Its offer; `None`: it wants us to make one.
        sdp: Option<Bytes>,
    },
    /// Our 2xx was acknowledged, or a change that we began was answered.
    Settled {
        /// The answer that came with it.
        sdp: Option<Bytes>,
        /// 200, or the status of the refusal: the session stays as it was.
        status: u16,
    },
    /// A digit was pressed.
    Digit {
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: u8,
        /// How long it was held, in milliseconds.
        ms: u32,
        /// It came as SIP INFO; else in the audio, where a relay passes it on by itself.
        info: bool,
    },
    /// A text came inside the call.
    Text {
        /// Its media type.
        kind: Vec<u8>,
        /// The text.
        body: Bytes,
    },
    /// A request of ours inside the call (MESSAGE, INFO) got its final status.
    Sent {
        /// The number that the command carried.
        token: u64,
        /// The SIP status; 408 when nobody answered.
        status: u16,
    },
    /// The audio side has something to say.
    Media(crate::rtp::Event),
    /// The line is over; its last event.
    Ended {
        /// Q.850 cause, from the SIP status (DL-313) or the `Reason` header.
        cause: u16,
        /// The SIP status which ended it; `None` for BYE and for our own end.
        status: Option<u16>,
    },
}

/// No RTP port is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPort;

/// A SIP line as its owner knows it: the leg in the shard, the negotiation, the audio. Dropping it ends the leg.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    /// Its channel's name.
    pub(crate) name: Text,
    pub(crate) account: Option<Arc<Account>>,
    /// The address of ours that its far end reaches: where its audio is to come.
    near: IpAddr,
    session: Session,
    terms: Terms,
    stream: Option<Stream>,
    /// Where events of the audio go.
    ear: Option<Arc<Mutex<Ear>>>,
    /// The offer of their INVITE, until we answered it.
    theirs: Option<Bytes>,
    /// Our SDP in 183 and 200.
    ours: Option<Bytes>,
    /// What was agreed on.
    agreed: Option<session::Audio>,
    /// Answered.
    pub(crate) up: bool,
    /// 180 was said.
    rings: bool,
    /// 183 with SDP was said, or heard.
    pub(crate) early: bool,
    ended: bool,
    shared: Arc<Shared>,
}

/// What an account's calls may carry.
pub(crate) fn terms(account: Option<&Account>) -> Terms {
    let Some(account) = account else {
        return Terms::default();
    };
    Terms {
        codecs: account.codecs.iter().map(|c| codec(*c)).collect(),
        our_order: account.technology == Technology::Sip,
        events: matches!(account.dtmf, Dtmf::Rfc4733 | Dtmf::Auto | Dtmf::AutoInfo),
        ..Terms::default()
    }
}

fn codec(codec: config::Codec) -> session::Codec {
    match codec {
        config::Codec::Ulaw => session::PCMU,
        config::Codec::Alaw => session::PCMA,
    }
}

impl Line {
    /// A line whose far end reaches us at `near`; `theirs` is the offer of its INVITE if it called us and made one.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        id: LineId,
        name: Text,
        account: Option<Arc<Account>>,
        near: IpAddr,
        theirs: Option<Bytes>,
    ) -> Line {
        Line {
            id,
            name,
            terms: terms(account.as_deref()),
            account,
            near,
            session: Session::new(shared.secret_number(id.0)),
            stream: None,
            ear: None,
            theirs,
            ours: None,
            agreed: None,
            up: false,
            rings: false,
            early: false,
            ended: false,
            shared: Arc::clone(shared),
        }
    }

    /// Its audio, once it has any.
    pub(crate) fn stream(&self) -> Option<&Stream> {
        self.stream.as_ref()
    }

    /// The codec that it speaks, once that is known.
    pub(crate) fn codec(&self) -> Option<session::Codec> {
        self.agreed.as_ref().map(|audio| audio.codec)
    }

    /// The codec that it would speak: the one agreed on, else the first of its own that its offer names.
    pub(crate) fn wishes(&self) -> Option<session::Codec> {
        self.codec().or_else(|| {
            let near = std::net::SocketAddr::new(self.near, 9);
            let (_, agreed) = self
                .session
                .clone()
                .answer(self.theirs.as_ref()?, &self.terms, near, Direction::BOTH)
                .ok()?;
            agreed.audio.map(|audio| audio.codec)
        })
    }

    /// Do keys pressed at the other side of a bridge have to leave as INFO?
    pub(crate) fn wants_info(&self) -> bool {
        match self.account.as_ref().map(|a| a.dtmf) {
            Some(Dtmf::Info) => true,
            Some(Dtmf::AutoInfo) => self.agreed.as_ref().is_some_and(|a| a.event.is_none()),
            _ => false,
        }
    }

    /// True once its last event came, or we ended it.
    pub(crate) fn is_over(&self) -> bool {
        self.ended
    }

    /// Its last event came: there is nothing more to say to it.
    pub(crate) fn over(&mut self) {
        self.ended = true;
    }

    /// Wants this codec first, so that a bridge need not convert. What the account does not allow is not added.
    pub(crate) fn prefer(&mut self, wanted: session::Codec) {
        if let Some(at) = self.terms.codecs.iter().position(|c| *c == wanted) {
            let codec = self.terms.codecs.remove(at);
            self.terms.codecs.insert(0, codec);
            self.terms.our_order = true;
        }
    }

    /// Does its account allow nothing that we can speak?
    pub(crate) fn is_speechless(&self) -> bool {
        self.terms.codecs.is_empty()
    }

    /// They called without an offer, ours rode in the 200, and its answer must come with ACK.
    pub(crate) fn awaits_their_answer(&self) -> bool {
        self.up && self.theirs.is_none() && self.ours.is_some() && self.agreed.is_none()
    }

    /// Takes an RTP port, if it has none yet.
    pub(crate) fn open(&mut self, beside: Option<&Stream>, ear: Ear) -> Result<(), NoPort> {
        if self.stream.is_some() {
            return Ok(());
        }
        let ear = Arc::new(Mutex::new(ear));
        self.ear = Some(Arc::clone(&ear));
        let listener: rtp::Listener = Arc::new(move |event| {
            let ear = ear.lock().unwrap_or_else(PoisonError::into_inner);
            ear.deliver(match event {
                rtp::Event::Digit { digit, length } => Event::Digit {
                    digit,
                    ms: u32::try_from(length.as_millis()).unwrap_or(u32::MAX),
                    info: false,
                },
                other => Event::Media(other),
            });
        });
        let Some(stream) = self.shared.audio.open(self.near, beside, listener) else {
            let rtp = &self.shared.config().rtp;
            let carries = crate::media::Carries::of(rtp.start, rtp.end, 1);
            let text = format!(
                "no RTP port is free: {} to {} carry {} relayed calls at a time; raise rtpend in rtp.conf",
                rtp.start, rtp.end, carries.calls
            );
            // The media side has said so in the log.
            if self.shared.each_minute("rtp-ports") {
                self.shared.tell("", Level::Warning, "rtp-ports", &text);
            }
            return Err(NoPort);
        };
        self.stream = Some(stream);
        Ok(())
    }

    /// Events of its audio go there from now on.
    pub(crate) fn hear(&self, ear: Ear) {
        if let Some(own) = &self.ear {
            *own.lock().unwrap_or_else(PoisonError::into_inner) = ear;
        }
    }

    async fn command(&self, command: Command) {
        if !self.ended {
            // An error only means that the exchange stops.
            let _ = self.shared.orders.send(Order::Command(command)).await;
        }
    }

    fn leg(&self) -> LegId {
        LegId(self.id.0)
    }

    /// Our offer for a call out; [`open`](Line::open) first.
    pub(crate) fn offer(&mut self) -> Option<Bytes> {
        let near = self.stream.as_ref()?.near();
        Some(Bytes::from(self.session.offer(
            &self.terms,
            near,
            Direction::BOTH,
        )))
    }

    /// Says 180, once.
    pub(crate) async fn ring(&mut self) {
        if !self.up && !self.rings {
            self.rings = true;
            self.command(Command::Ring(self.leg())).await;
        }
    }

    /// Our SDP for 183 and 200: the answer to their offer, or our offer if they made none.
    fn describe(&mut self) -> Result<Bytes, Refused> {
        if let Some(ours) = &self.ours {
            return Ok(ours.clone());
        }
        let Some(near) = self.stream.as_ref().map(Stream::near) else {
            return Err(Refused::NothingInCommon);
        };
        let ours = match &self.theirs {
            Some(theirs) => {
                let (ours, agreed) =
                    self.session
                        .answer(theirs, &self.terms, near, Direction::BOTH)?;
                self.agree(agreed);
                Bytes::from(ours)
            }
            None => Bytes::from(self.session.offer(&self.terms, near, Direction::BOTH)),
        };
        Ok(self.ours.insert(ours).clone())
    }

    /// Says 183 with our SDP, so that the caller hears us before the answer. Nothing happens without an offer of theirs.
    pub(crate) async fn progress(
        &mut self,
        beside: Option<&Stream>,
        ear: Ear,
    ) -> Result<(), NoPort> {
        if self.up || self.early || self.theirs.is_none() {
            return Ok(());
        }
        self.open(beside, ear)?;
        if let Ok(sdp) = self.describe() {
            self.early = true;
            self.command(Command::Progress {
                leg: self.leg(),
                sdp,
            })
            .await;
        }
        Ok(())
    }

    /// Says 200, once.
    pub(crate) async fn answer(&mut self, beside: Option<&Stream>, ear: Ear) -> Result<(), NoPort> {
        if self.up || self.ended {
            return Ok(());
        }
        self.open(beside, ear)?;
        match self.describe() {
            Ok(sdp) => {
                self.up = true;
                self.command(Command::Answer {
                    leg: self.leg(),
                    sdp,
                })
                .await;
            }
            Err(refused) => self.end(refused.status(), 58, "").await,
        }
        Ok(())
    }

    /// Their answer to our offer came, in 183, 200 or ACK. False if it cannot be served.
    pub(crate) fn answered(&mut self, sdp: &[u8]) -> bool {
        match self.session.accept(sdp) {
            Ok(agreed) => {
                self.agree(agreed);
                true
            }
            Err(refused) => {
                tracing::warn!(line = self.id.0, %refused, "the far end's answer cannot be served");
                false
            }
        }
    }

    /// They want to change the session: hold, another address, another codec. Answered from what the account allows, keeping the codec.
    pub(crate) async fn offered(&mut self, sdp: Option<&[u8]>) {
        if let Some(codec) = self.codec() {
            self.prefer(codec);
        }
        let Some(near) = self.stream.as_ref().map(Stream::near) else {
            return self
                .command(Command::Reply {
                    leg: self.leg(),
                    reply: Reply::Refuse(488),
                })
                .await;
        };
        let reply = match sdp {
            None => Reply::Sdp(Bytes::from(self.session.offer(
                &self.terms,
                near,
                Direction::BOTH,
            ))),
            Some(offer) => match self
                .session
                .answer(offer, &self.terms, near, Direction::BOTH)
            {
                Ok((answer, agreed)) => {
                    self.agree(agreed);
                    Reply::Sdp(Bytes::from(answer))
                }
                Err(refused) => Reply::Refuse(refused.status()),
            },
        };
        self.command(Command::Reply {
            leg: self.leg(),
            reply,
        })
        .await;
    }

    /// Tells the media side what was agreed on.
    fn agree(&mut self, agreed: Agreed) {
        if !agreed.declined.is_empty() {
            tracing::debug!(line = self.id.0, media = ?agreed.declined, "declined: only audio is served");
        }
        let Some(audio) = agreed.audio else {
            self.agreed = None;
            return;
        };
        let (Some(stream), Some(codec)) = (&self.stream, rtp::Codec::from_name(audio.codec.name))
        else {
            return;
        };
        let mut receive: Vec<(u8, rtp::Payload)> = audio
            .receive
            .iter()
            .filter_map(|(number, codec)| {
                Some((
                    *number,
                    rtp::Payload::Audio(rtp::Codec::from_name(codec.name)?),
                ))
            })
            .collect();
        receive.extend(
            audio
                .receive_event
                .map(|number| (number, rtp::Payload::Event)),
        );
        // Phones that send with the number which they gave us, not with ours.
        if !receive.iter().any(|(number, _)| *number == audio.payload) {
            receive.push((audio.payload, rtp::Payload::Audio(codec)));
        }
        let dtmf = self.account.as_ref().map(|a| a.dtmf);
        stream.remote(rtp::Remote {
            rtp: audio.rtp,
            rtcp: audio.rtcp,
            send: rtp::Format {
                codec,
                payload: audio.payload,
                event: audio.event,
            },
            receive,
            direction: rtp::Direction {
                send: audio.direction.send,
                receive: audio.direction.receive,
            },
            symmetric: self
                .account
                .as_ref()
                .is_none_or(|a| a.nat.comedia || a.nat.auto_comedia),
            inband_digits: dtmf == Some(Dtmf::Inband)
                || dtmf == Some(Dtmf::Auto) && audio.event.is_none(),
        });
        self.agreed = Some(audio);
    }

    /// Sends a text inside the call; [`Event::Sent`] tells what became of it.
    pub(crate) async fn text(&self, token: u64, kind: Bytes, bytes: Bytes) {
        let what = InDialog::Text(Body { kind, bytes });
        self.command(Command::Send {
            leg: self.leg(),
            token,
            what,
        })
        .await;
    }

    /// Presses a key at the far end.
    pub(crate) async fn press(&self, token: u64, digit: u8, ms: u32) {
        if self.wants_info() {
            let what = InDialog::Digit(digit, ms);
            self.command(Command::Send {
                leg: self.leg(),
                token,
                what,
            })
            .await;
        } else if let Some(stream) = &self.stream {
            stream.send_digit(digit, Duration::from_millis(ms.into()));
        }
    }

    /// Ends it: a refusal with `status` (0: 603), CANCEL or BYE. Its events stop to matter.
    pub(crate) async fn end(&mut self, status: u16, cause: u16, text: &str) {
        let why = why(status, cause, text);
        self.command(Command::End {
            leg: self.leg(),
            why,
        })
        .await;
        self.ended = true;
        self.stream = None;
    }
}

fn why(status: u16, cause: u16, text: &str) -> Why {
    Why {
        status,
        cause: u8::try_from(cause).unwrap_or(0),
        text: Bytes::copy_from_slice(text.as_bytes()),
        headers: Vec::new(),
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.ended {
            // Its owner left without ending it: only a defect does that, and the far end shall not pay for it.
            let command = Command::End {
                leg: self.leg(),
                why: why(500, 41, ""),
            };
            let _ = self.shared.orders.try_send(Order::Command(command));
        }
    }
}
