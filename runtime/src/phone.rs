//! A softphone: the exchange's own signalling and media, seen from the other side. The demo and the tests talk with it.
//!
//! One task owns the [`Stack`] and its socket. A [`Phone`] gives it orders and hears [`Happened`]. It answers what a phone answers by
//! itself (OPTIONS, a re-INVITE, a text with 200) and tells its owner about the rest. UDP only.

use crate::media::{Media, StreamHandle};
use crate::rtp::{self, Heard};
use crate::sip::session::{self, Agreed, Audio, Direction, Session, Terms};
use crate::sip::stack::{
    Answer, Body, Command, Credentials, Event, Flow, Incoming, Invite, LegId, Limits, ListenerId,
    Now, Party, Protocol, Reply, Request, RequestId, Secret, Stack, Why,
};
use bytes::Bytes;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Orders and events that may wait.
const QUEUE: usize = 256;

/// Who the phone is and where its exchange is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// User part of its address and of its digest.
    pub user: String,
    /// Its password; never printed.
    pub password: Password,
    /// Where it listens; port 0 takes a free one.
    pub near: SocketAddr,
    /// The exchange.
    pub exchange: SocketAddr,
    /// Tags and branches come from it.
    pub seed: [u8; 32],
    /// Codecs and ways of media.
    pub terms: Terms,
}

/// A password that does not print itself.
#[derive(Clone)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a person does with the phone.
#[derive(Debug)]
enum Order {
    Register {
        seconds: u32,
        password: Option<Password>,
    },
    Call(String),
    Answer,
    Hold(bool),
    HangUp,
    Text {
        to: String,
        body: String,
    },
    Tone(rtp::tone::Tone),
    Measure(Duration),
    Digit(u8),
}

/// What the phone tells.
#[derive(Clone, Debug)]
pub enum Happened {
    /// A SIP message crossed the phone's socket: sent (`true`) or received, with its first line.
    Message {
        /// The phone sent it.
        sent: bool,
        /// `INVITE sip:62@… SIP/2.0` or `SIP/2.0 200 OK`.
        line: String,
    },
    /// The registration got its final status.
    Registered(u16),
    /// Somebody calls: the display name and address of From.
    Incoming(String),
    /// The other side rings.
    Ringing,
    /// The call stands, with or without audio agreed.
    Talking(bool),
    /// The other side changed the session; `true`: it holds us.
    Held(bool),
    /// What was heard.
    Heard(Heard),
    /// A key of the other side.
    Digit(u8),
    /// A text came.
    Text {
        /// From, as written.
        from: String,
        /// The text.
        body: String,
    },
    /// The text that was sent got its final status.
    Texted(u16),
    /// The call is over; the final status if it never stood (0 otherwise).
    Ended(u16),
}

/// A phone in somebody's hand. Dropping it ends its task at once, without a BYE.
#[derive(Debug)]
pub struct Phone {
    orders: mpsc::Sender<Order>,
    happened: mpsc::Receiver<Happened>,
    near: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Phone {
    /// Binds the socket and starts the task.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(settings: Settings, media: Arc<Media>) -> io::Result<Phone> {
        let socket = UdpSocket::bind(settings.near).await?;
        let near = socket.local_addr()?;
        let (orders, todo) = mpsc::channel(QUEUE);
        let (tell, happened) = mpsc::channel(QUEUE);
        let (heard, ear) = mpsc::channel(QUEUE);
        let core = Core {
            stack: Stack::new(Limits::default(), settings.seed),
            begin: Instant::now(),
            flow: Flow {
                listener: ListenerId(0),
                protocol: Protocol::Udp,
                local: near,
                remote: settings.exchange,
                connection: 0,
            },
            call_id: Bytes::from(format!(
                "{:02x}{:02x}{:02x}{:02x}-{}@{}",
                settings.seed[0],
                settings.seed[1],
                settings.seed[2],
                settings.seed[3],
                near.port(),
                near.ip()
            )),
            settings,
            media,
            tell,
            heard,
            call: None,
            numbers: 1,
            registering: None,
            cseq: 0,
            texting: Vec::new(),
            lost: false,
        };
        let task = tokio::spawn(core.run(socket, todo, ear));
        Ok(Phone {
            orders,
            happened,
            near,
            task,
        })
    }

    /// Its own address.
    #[must_use]
    pub fn near(&self) -> SocketAddr {
        self.near
    }

    async fn order(&self, order: Order) {
        // The task lives as long as the phone; a full queue makes the person wait.
        let _ = self.orders.send(order).await;
    }

    /// Registers for so many seconds (0: takes the registration back); ends in [`Happened::Registered`].
    pub async fn register(&self, seconds: u32) {
        self.order(Order::Register {
            seconds,
            password: None,
        })
        .await;
    }

    /// Registers with another password than its own.
    pub async fn register_with(&self, password: &str) {
        self.order(Order::Register {
            seconds: 60,
            password: Some(Password(password.into())),
        })
        .await;
    }

    /// Dials.
    pub async fn call(&self, number: &str) {
        self.order(Order::Call(number.into())).await;
    }

    /// Takes the call that rings.
    pub async fn answer(&self) {
        self.order(Order::Answer).await;
    }

    /// Holds the other side, or ends that.
    pub async fn hold(&self, on: bool) {
        self.order(Order::Hold(on)).await;
    }

    /// Hangs up, declines or cancels.
    pub async fn hang_up(&self) {
        self.order(Order::HangUp).await;
    }

    /// Sends a text; ends in [`Happened::Texted`].
    pub async fn text(&self, to: &str, body: &str) {
        self.order(Order::Text {
            to: to.into(),
            body: body.into(),
        })
        .await;
    }

    /// Plays a tone into the call.
    pub async fn tone(&self, tone: rtp::tone::Tone) {
        self.order(Order::Tone(tone)).await;
    }

    /// Listens for so long; ends in [`Happened::Heard`].
    pub async fn measure(&self, time: Duration) {
        self.order(Order::Measure(time)).await;
    }

    /// Presses a key.
    pub async fn press(&self, digit: u8) {
        self.order(Order::Digit(digit)).await;
    }

    /// The next thing that happens; `None` after `limit` of silence.
    pub async fn next(&mut self, limit: Duration) -> Option<Happened> {
        tokio::time::timeout(limit, self.happened.recv())
            .await
            .ok()
            .flatten()
    }
}

/// The call that the phone has.
struct Call {
    leg: LegId,
    session: Session,
    stream: Option<StreamHandle>,
    /// Their offer, while it rings here.
    offer: Option<Bytes>,
    /// It was made from here.
    ours: bool,
    up: bool,
}

struct Core {
    stack: Stack,
    begin: Instant,
    flow: Flow,
    call_id: Bytes,
    settings: Settings,
    media: Arc<Media>,
    tell: mpsc::Sender<Happened>,
    heard: mpsc::Sender<rtp::Event>,
    call: Option<Call>,
    numbers: u64,
    registering: Option<RequestId>,
    cseq: u32,
    texting: Vec<RequestId>,
    lost: bool,
}

impl Core {
    fn now(&self) -> Now {
        Now {
            micros: u64::try_from(self.begin.elapsed().as_micros()).unwrap_or(u64::MAX),
            unix_ms: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    async fn run(
        mut self,
        socket: UdpSocket,
        mut todo: mpsc::Receiver<Order>,
        mut ear: mpsc::Receiver<rtp::Event>,
    ) {
        let mut datagram = vec![0; 65_535];
        loop {
            self.settle(&socket).await;
            let now = self.now();
            let sleep = self
                .stack
                .deadline()
                .map_or(Duration::from_secs(3600), |at| {
                    Duration::from_micros(at.micros.saturating_sub(now.micros))
                });
            tokio::select! {
                order = todo.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                event = ear.recv() => if let Some(event) = event { self.hear(event) },
                got = socket.recv_from(&mut datagram) => if let Ok((size, remote)) = got {
                    let bytes = Bytes::copy_from_slice(&datagram[..size]);
                    self.note(false, &bytes);
                    let now = self.now();
                    self.stack.receive(now, Flow { remote, ..self.flow }, bytes);
                },
                () = tokio::time::sleep(sleep) => { let now = self.now(); self.stack.timeout(now); }
            }
        }
    }

    /// Sends what the stack has, and looks at what it tells, until both are empty.
    async fn settle(&mut self, socket: &UdpSocket) {
        loop {
            let mut idle = true;
            while let Some(out) = self.stack.transmit() {
                idle = false;
                self.note(true, &out.bytes);
                let _ = socket.send_to(&out.bytes, out.flow.remote).await;
            }
            while let Some(event) = self.stack.event() {
                idle = false;
                self.event(event);
            }
            if idle {
                return;
            }
        }
    }

    fn say(&mut self, what: Happened) {
        // An owner that does not listen loses what happens; a phone does not wait for it.
        if self.tell.try_send(what).is_err() {
            self.lost = true;
        }
    }

    fn note(&mut self, sent: bool, bytes: &[u8]) {
        let line = bytes
            .split(|b| *b == b'\r' || *b == b'\n')
            .next()
            .unwrap_or_default();
        if !line.is_empty() {
            self.say(Happened::Message {
                sent,
                line: String::from_utf8_lossy(line).into_owned(),
            });
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn command(&mut self, command: Command) {
        let now = self.now();
        self.stack.command(now, command);
    }

    fn address(&self, user: &str) -> Bytes {
        Bytes::from(format!("sip:{user}@{}", self.settings.exchange.ip()))
    }

    fn me(&self) -> Party {
        Party {
            display: Bytes::new(),
            uri: self.address(&self.settings.user),
        }
    }

    fn credentials(&self, password: &Password) -> Vec<Credentials> {
        vec![Credentials {
            realm: None,
            username: Bytes::from(self.settings.user.clone()),
            secret: Secret::Plain(Bytes::from(password.0.clone())),
        }]
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Register { seconds, password } => {
                let id = RequestId(self.number());
                self.registering = Some(id);
                self.cseq += 10;
                let request = Request {
                    method: Bytes::from_static(b"REGISTER"),
                    uri: Bytes::from(format!("sip:{}", self.settings.exchange)),
                    flows: vec![self.flow],
                    from: self.me(),
                    to: self.me(),
                    contact: Some(Bytes::from(self.settings.user.clone())),
                    call_id: Some(self.call_id.clone()),
                    cseq: self.cseq,
                    headers: vec![(
                        Bytes::from_static(b"Expires"),
                        Bytes::from(seconds.to_string()),
                    )],
                    body: None,
                    credentials: self
                        .credentials(&password.unwrap_or_else(|| self.settings.password.clone())),
                };
                self.command(Command::Request {
                    id,
                    request: Box::new(request),
                });
            }
            Order::Call(number) => {
                let leg = LegId(self.number());
                let mut session = Session::new(leg.0);
                let stream = self.stream();
                let Some(near) = stream.as_ref().map(StreamHandle::near) else {
                    return self.say(Happened::Ended(503));
                };
                let offer = session.offer(&self.settings.terms, near, Direction::BOTH);
                self.call = Some(Call {
                    leg,
                    session,
                    stream,
                    offer: None,
                    ours: true,
                    up: false,
                });
                let invite = Invite {
                    uri: Bytes::from(format!("sip:{number}@{}", self.settings.exchange)),
                    flows: vec![self.flow],
                    from: self.me(),
                    to: Party {
                        display: Bytes::new(),
                        uri: self.address(&number),
                    },
                    contact: Bytes::from(self.settings.user.clone()),
                    headers: Vec::new(),
                    offer: Some(Bytes::from(offer)),
                    credentials: self.credentials(&self.settings.password),
                };
                self.command(Command::Invite {
                    leg,
                    invite: Box::new(invite),
                });
            }
            Order::Answer => self.answer(),
            Order::Hold(on) => {
                let terms = self.settings.terms.clone();
                let Some(call) = self.call.as_mut().filter(|c| c.up) else {
                    return;
                };
                let Some(near) = call.stream.as_ref().map(StreamHandle::near) else {
                    return;
                };
                let sdp = call.session.offer(
                    &terms,
                    near,
                    if on {
                        Direction::SEND_ONLY
                    } else {
                        Direction::BOTH
                    },
                );
                let leg = call.leg;
                self.command(Command::Offer {
                    leg,
                    sdp: Some(Bytes::from(sdp)),
                });
            }
            Order::HangUp => {
                if let Some(call) = &self.call {
                    let leg = call.leg;
                    // Who does not take a call is busy.
                    let cause = if call.up || call.ours { 16 } else { 17 };
                    self.command(Command::End {
                        leg,
                        why: Why {
                            status: 486,
                            cause,
                            ..Why::default()
                        },
                    });
                }
            }
            Order::Text { to, body } => {
                let id = RequestId(self.number());
                self.texting.push(id);
                let request = Request {
                    method: Bytes::from_static(b"MESSAGE"),
                    uri: Bytes::from(format!("sip:{to}@{}", self.settings.exchange)),
                    flows: vec![self.flow],
                    from: self.me(),
                    to: Party {
                        display: Bytes::new(),
                        uri: self.address(&to),
                    },
                    body: Some(Body {
                        kind: Bytes::from_static(b"text/plain"),
                        bytes: Bytes::from(body),
                    }),
                    credentials: self.credentials(&self.settings.password),
                    ..Request::default()
                };
                self.command(Command::Request {
                    id,
                    request: Box::new(request),
                });
            }
            Order::Tone(tone) => {
                if let Some(stream) = self.call.as_ref().and_then(|c| c.stream.as_ref()) {
                    stream.tone(tone);
                }
            }
            Order::Measure(time) => {
                if let Some(stream) = self.call.as_ref().and_then(|c| c.stream.as_ref()) {
                    stream.measure(time);
                }
            }
            Order::Digit(digit) => {
                if let Some(stream) = self.call.as_ref().and_then(|c| c.stream.as_ref()) {
                    stream.send_digit(digit, Duration::from_millis(120));
                }
            }
        }
    }

    fn stream(&self) -> Option<StreamHandle> {
        let heard = self.heard.clone();
        let listener: rtp::Listener = Arc::new(move |event| {
            let _ = heard.try_send(event);
        });
        self.media.open(self.settings.near.ip(), None, listener)
    }

    fn answer(&mut self) {
        let terms = self.settings.terms.clone();
        if self.call.as_ref().is_none_or(|c| c.up) {
            return;
        }
        let stream = self.stream();
        let Some(call) = self.call.as_mut() else {
            return;
        };
        let leg = call.leg;
        let Some(near) = stream.as_ref().map(StreamHandle::near) else {
            return self.command(Command::End {
                leg,
                why: Why {
                    status: 503,
                    ..Why::default()
                },
            });
        };
        call.stream = stream;
        let sdp = match call.offer.take() {
            Some(offer) => match call.session.answer(&offer, &terms, near, Direction::BOTH) {
                Ok((sdp, agreed)) => {
                    hear_from(call.stream.as_ref(), &agreed);
                    sdp
                }
                Err(refused) => {
                    return self.command(Command::End {
                        leg,
                        why: Why {
                            status: refused.status(),
                            ..Why::default()
                        },
                    });
                }
            },
            None => call.session.offer(&terms, near, Direction::BOTH),
        };
        call.up = true;
        self.command(Command::Answer {
            leg,
            sdp: Bytes::from(sdp),
        });
        self.say(Happened::Talking(true));
    }

    fn hear(&mut self, event: rtp::Event) {
        match event {
            rtp::Event::Heard(heard) => self.say(Happened::Heard(heard)),
            rtp::Event::Digit { digit, .. } => self.say(Happened::Digit(digit)),
            _ => {}
        }
    }

    fn incoming(&mut self, incoming: Box<Incoming>) {
        let from = incoming
            .message
            .get(crate::sip::headers::Name::From)
            .map(|f| String::from_utf8_lossy(f).into_owned())
            .unwrap_or_default();
        match incoming
            .message
            .method()
            .map(|m| m.text().to_vec())
            .as_deref()
        {
            Some(b"INVITE") if self.call.is_none() => {
                let leg = LegId(self.number());
                let offer = incoming.message.sdp().map(Bytes::copy_from_slice);
                self.call = Some(Call {
                    leg,
                    session: Session::new(leg.0),
                    stream: None,
                    offer,
                    ours: false,
                    up: false,
                });
                let credentials = self.credentials(&self.settings.password);
                self.command(Command::Admit {
                    incoming,
                    leg,
                    credentials,
                });
                self.command(Command::Ring(leg));
                self.say(Happened::Incoming(from));
            }
            Some(b"INVITE") => self.command(Command::Respond {
                incoming,
                answer: Answer::status(486),
            }),
            Some(b"MESSAGE") => {
                let body = String::from_utf8_lossy(incoming.message.body()).into_owned();
                self.command(Command::Respond {
                    incoming,
                    answer: Answer::status(200),
                });
                self.say(Happened::Text { from, body });
            }
            Some(b"OPTIONS") => self.command(Command::Respond {
                incoming,
                answer: Answer::status(200),
            }),
            _ => self.command(Command::Respond {
                incoming,
                answer: Answer::status(501),
            }),
        }
    }

    fn event(&mut self, event: Event) {
        if let Event::Incoming(incoming) = event {
            return self.incoming(incoming);
        }
        if let Event::Response { id, status, .. } = event {
            if self.registering == Some(id) {
                self.registering = None;
                self.say(Happened::Registered(status));
            } else if let Some(at) = self.texting.iter().position(|t| *t == id) {
                self.texting.swap_remove(at);
                self.say(Happened::Texted(status));
            }
            return;
        }
        let terms = self.settings.terms.clone();
        let Some(call) = self.call.as_mut().filter(|c| Some(c.leg) == event.leg()) else {
            return;
        };
        let leg = call.leg;
        match event {
            Event::Ringing(_) => self.say(Happened::Ringing),
            Event::Progress { sdp: Some(sdp), .. } => {
                if let Ok(agreed) = call.session.accept(&sdp) {
                    hear_from(call.stream.as_ref(), &agreed);
                }
            }
            Event::Answered { sdp, .. } => {
                let agreed = sdp.and_then(|sdp| call.session.accept(&sdp).ok());
                if let Some(agreed) = &agreed {
                    hear_from(call.stream.as_ref(), agreed);
                }
                call.up = true;
                self.say(Happened::Talking(agreed.is_some_and(|a| a.audio.is_some())));
            }
            Event::Offered { sdp, .. } => {
                let Some(near) = call.stream.as_ref().map(StreamHandle::near) else {
                    return;
                };
                let reply = match sdp {
                    None => Ok((call.session.offer(&terms, near, Direction::BOTH), None)),
                    Some(offer) => call
                        .session
                        .answer(&offer, &terms, near, Direction::BOTH)
                        .map(|(sdp, agreed)| (sdp, Some(agreed))),
                };
                match reply {
                    Ok((sdp, agreed)) => {
                        if let Some(agreed) = agreed {
                            hear_from(call.stream.as_ref(), &agreed);
                            let held = agreed.audio.as_ref().is_some_and(Audio::is_held);
                            self.say(Happened::Held(held));
                        }
                        self.command(Command::Reply {
                            leg,
                            reply: Reply::Sdp(Bytes::from(sdp)),
                        });
                    }
                    Err(refused) => self.command(Command::Reply {
                        leg,
                        reply: Reply::Refuse(refused.status()),
                    }),
                }
            }
            Event::Settled { sdp: Some(sdp), .. } => {
                if let Ok(agreed) = call.session.accept(&sdp) {
                    hear_from(call.stream.as_ref(), &agreed);
                }
            }
            Event::Digit { digit, .. } => self.say(Happened::Digit(digit)),
            Event::Text { body, .. } => {
                let body = String::from_utf8_lossy(&body.bytes).into_owned();
                self.say(Happened::Text {
                    from: String::new(),
                    body,
                });
            }
            Event::Ended { ended, .. } => {
                let status = if call.up { 0 } else { ended.status };
                self.call = None;
                self.say(Happened::Ended(status));
            }
            _ => {}
        }
    }
}

/// Tells a stream what was agreed.
fn hear_from(stream: Option<&StreamHandle>, agreed: &Agreed) {
    if let (Some(stream), Some(audio)) = (stream, &agreed.audio)
        && let Some(remote) = remote(audio)
    {
        stream.remote(remote);
    }
}

/// An agreement in the words of the media side.
fn remote(audio: &Audio) -> Option<rtp::Remote> {
    let codec = |c: &session::Codec| rtp::Codec::from_name(c.name);
    let mut receive: Vec<_> = audio
        .receive
        .iter()
        .filter_map(|(n, c)| Some((*n, rtp::Payload::Audio(codec(c)?))))
        .collect();
    receive.extend(audio.receive_event.map(|n| (n, rtp::Payload::Event)));
    Some(rtp::Remote {
        rtp: audio.rtp,
        rtcp: audio.rtcp,
        send: rtp::Format {
            codec: codec(&audio.codec)?,
            payload: audio.payload,
            event: audio.event,
        },
        receive,
        direction: rtp::Direction {
            send: audio.direction.send,
            receive: audio.direction.receive,
        },
        symmetric: false,
        inband_digits: false,
    })
}
