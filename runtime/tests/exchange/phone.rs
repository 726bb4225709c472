//! A scripted phone: a `Stack` and nothing else. The test says what it does and sees what its stack tells.

use crate::net::{Net, Packet};
use bytes::Bytes;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use strowger_runtime::sip::flow::{Flow, ListenerId, Now, Protocol};
use strowger_runtime::sip::stack::{
    Answer, Body, Command, Counts, Credentials, Event, Incoming, Invite, LegId, Limits, Party,
    Request, RequestId, Secret, Stack, Why,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

enum Order {
    Command(Box<Command>),
    Counts(oneshot::Sender<Counts>),
}

pub struct Phone {
    pub user: String,
    pub near: SocketAddr,
    pub exchange: SocketAddr,
    pub protocol: Protocol,
    pub password: String,
    /// Goes with its calls and texts.
    pub headers: Vec<(Bytes, Bytes)>,
    orders: mpsc::UnboundedSender<Order>,
    events: mpsc::UnboundedReceiver<Event>,
    /// Events that came while something else was waited for.
    backlog: VecDeque<Event>,
    numbers: u64,
    cseq: u32,
}

/// How long a test waits for something that must come; virtual time.
const PATIENCE: Duration = Duration::from_secs(200);

impl Phone {
    pub fn new(
        net: &Net,
        user: &str,
        near: &str,
        exchange: SocketAddr,
        protocol: Protocol,
    ) -> Phone {
        let near: SocketAddr = near.parse().unwrap();
        let arriving = net.open(near);
        let (orders, todo) = mpsc::unbounded_channel();
        let (tell, events) = mpsc::unbounded_channel();
        let flow = Flow {
            listener: ListenerId(0),
            protocol,
            local: near,
            remote: exchange,
            connection: u64::from(protocol == Protocol::Tcp),
        };
        let mut seed = [7; 32];
        seed[..2].copy_from_slice(&near.port().to_be_bytes());
        if let SocketAddr::V4(v4) = near {
            seed[2..6].copy_from_slice(&v4.ip().octets());
        }
        tokio::spawn(run(
            net.clone(),
            Stack::new(Limits::default(), seed),
            flow,
            todo,
            arriving,
            tell,
        ));
        let password = format!("secret{user}");
        Phone {
            user: user.into(),
            near,
            exchange,
            protocol,
            password,
            headers: Vec::new(),
            orders,
            events,
            backlog: VecDeque::new(),
            numbers: 0,
            cseq: 1,
        }
    }

    pub fn command(&self, command: Command) {
        let _ = self.orders.send(Order::Command(Box::new(command)));
    }

    pub async fn counts(&self) -> Counts {
        let (answer, counts) = oneshot::channel();
        let _ = self.orders.send(Order::Counts(answer));
        counts.await.unwrap()
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub fn flow(&self) -> Flow {
        let connection = u64::from(self.protocol == Protocol::Tcp);
        Flow {
            listener: ListenerId(0),
            protocol: self.protocol,
            local: self.near,
            remote: self.exchange,
            connection,
        }
    }

    fn me(&self) -> Party {
        Party {
            display: Bytes::new(),
            uri: format!("sip:{}@{}", self.user, self.exchange.ip()).into(),
        }
    }

    fn credentials(&self) -> Vec<Credentials> {
        vec![Credentials {
            realm: None,
            username: self.user.clone().into(),
            secret: Secret::Plain(self.password.clone().into()),
        }]
    }

    /// The next event of the stack.
    pub async fn next(&mut self) -> Event {
        if let Some(event) = self.backlog.pop_front() {
            return event;
        }
        self.fresh().await
    }

    async fn fresh(&mut self) -> Event {
        tokio::time::timeout(PATIENCE, self.events.recv())
            .await
            .expect("something must happen at the phone")
            .unwrap()
    }

    /// The next event, however long it takes.
    pub async fn any(&mut self) -> Event {
        if let Some(event) = self.backlog.pop_front() {
            return event;
        }
        self.events.recv().await.unwrap()
    }

    /// Nobody may call for this long.
    pub async fn quiet(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while let Ok(event) = tokio::time::timeout_at(until, self.events.recv()).await {
            assert!(
                !matches!(event, Some(Event::Incoming(_))),
                "{}: nobody should call, but {event:?}",
                self.user
            );
        }
    }

    async fn request(&mut self, request: Request) -> u16 {
        let id = RequestId(self.number());
        self.command(Command::Request {
            id,
            request: Box::new(request),
        });
        loop {
            match self.fresh().await {
                Event::Response {
                    id: answered,
                    status,
                    ..
                } if answered == id => return status,
                event => self.backlog.push_back(event),
            }
        }
    }

    /// Registers; the final status.
    pub async fn register(&mut self, seconds: u32) -> u16 {
        self.cseq += 10;
        let request = Request {
            method: "REGISTER".into(),
            uri: format!("sip:{}", self.exchange).into(),
            flows: vec![self.flow()],
            from: self.me(),
            to: self.me(),
            contact: Some(self.user.clone().into()),
            call_id: Some(format!("reg-{}@{}", self.user, self.near).into()),
            cseq: self.cseq,
            headers: vec![("Expires".into(), seconds.to_string().into())],
            credentials: self.credentials(),
            ..Request::default()
        };
        self.request(request).await
    }

    /// Sends a text outside a call; the final status.
    pub async fn text(&mut self, to: &str, body: &str) -> u16 {
        let request = Request {
            method: "MESSAGE".into(),
            uri: format!("sip:{to}@{}", self.exchange).into(),
            flows: vec![self.flow()],
            from: self.me(),
            to: Party {
                display: Bytes::new(),
                uri: format!("sip:{to}@{}", self.exchange.ip()).into(),
            },
            body: Some(Body {
                kind: "text/plain".into(),
                bytes: body.to_owned().into(),
            }),
            headers: self.headers.clone(),
            credentials: self.credentials(),
            ..Request::default()
        };
        self.request(request).await
    }

    /// Asks for options; the final status.
    pub async fn options(&mut self) -> u16 {
        let request = Request {
            method: "OPTIONS".into(),
            uri: format!("sip:{}", self.exchange).into(),
            flows: vec![self.flow()],
            from: self.me(),
            to: self.me(),
            credentials: self.credentials(),
            ..Request::default()
        };
        self.request(request).await
    }

    pub fn sdp(&self) -> Bytes {
        sdp(self.near, "sendrecv")
    }

    /// Calls; the leg.
    pub fn call(&mut self, number: &str) -> LegId {
        let offer = self.sdp();
        self.call_with(number, Some(offer))
    }

    pub fn call_with(&mut self, number: &str, offer: Option<Bytes>) -> LegId {
        let leg = LegId(self.number());
        let invite = Invite {
            uri: format!("sip:{number}@{}", self.exchange).into(),
            flows: vec![self.flow()],
            from: self.me(),
            to: Party {
                display: Bytes::new(),
                uri: format!("sip:{number}@{}", self.exchange.ip()).into(),
            },
            contact: self.user.clone().into(),
            headers: self.headers.clone(),
            offer,
            credentials: self.credentials(),
        };
        self.command(Command::Invite {
            leg,
            invite: Box::new(invite),
        });
        leg
    }

    /// Waits for an INVITE, takes it and rings.
    pub async fn rings(&mut self) -> (LegId, Box<Incoming>) {
        loop {
            if let Event::Incoming(incoming) = self.next().await {
                let leg = LegId(self.number());
                self.command(Command::Admit {
                    incoming: incoming.clone(),
                    leg,
                    credentials: self.credentials(),
                });
                self.command(Command::Ring(leg));
                return (leg, incoming);
            }
        }
    }

    /// Waits for a request and refuses it.
    pub async fn refuses(&mut self, status: u16) {
        loop {
            if let Event::Incoming(incoming) = self.next().await {
                return self.command(Command::Respond {
                    incoming,
                    answer: Answer::status(status),
                });
            }
        }
    }

    /// Waits for a text outside a call, takes it, and gives its From and its body.
    pub async fn reads(&mut self) -> (String, String) {
        loop {
            if let Event::Incoming(incoming) = self.next().await {
                let message = &incoming.message;
                let from = String::from_utf8_lossy(message.from().unwrap().uri_text).into_owned();
                let body = String::from_utf8_lossy(message.body()).into_owned();
                self.command(Command::Respond {
                    incoming,
                    answer: Answer::status(200),
                });
                return (from, body);
            }
        }
    }

    pub fn answer(&self, leg: LegId) {
        self.command(Command::Answer {
            leg,
            sdp: self.sdp(),
        });
    }

    pub fn hang_up(&self, leg: LegId) {
        self.command(Command::End {
            leg,
            why: Why::default(),
        });
    }

    /// Waits until the call is answered; their SDP.
    pub async fn answered(&mut self, leg: LegId) -> String {
        loop {
            match self.next().await {
                Event::Answered {
                    leg: answered, sdp, ..
                } if answered == leg => {
                    return String::from_utf8_lossy(&sdp.unwrap_or_default()).into_owned();
                }
                Event::Ended { leg: gone, ended } if gone == leg => {
                    panic!("{}: the call ended with {ended:?}", self.user)
                }
                _ => {}
            }
        }
    }

    /// Waits for the end of the call; status and cause.
    pub async fn ended(&mut self, leg: LegId) -> (u16, u8) {
        loop {
            match self.next().await {
                Event::Ended { leg: gone, ended } if gone == leg => {
                    return (ended.status, ended.cause);
                }
                _ => {}
            }
        }
    }
}

/// A plain session description.
pub fn sdp(near: SocketAddr, direction: &str) -> Bytes {
    let ip = near.ip();
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\n\
         a=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    )
    .into()
}

async fn run(
    net: Net,
    mut stack: Stack,
    flow: Flow,
    mut todo: mpsc::UnboundedReceiver<Order>,
    mut arriving: mpsc::UnboundedReceiver<Packet>,
    tell: mpsc::UnboundedSender<Event>,
) {
    let begin = Instant::now();
    let now = || {
        let passed = begin.elapsed();
        Now {
            micros: passed.as_micros() as u64,
            unix_ms: 1_800_000_000_000 + passed.as_millis() as u64,
        }
    };
    loop {
        loop {
            if let Some(out) = stack.transmit() {
                net.send(
                    out.flow.local,
                    out.flow.remote,
                    out.flow.protocol,
                    out.bytes,
                );
            } else if let Some(event) = stack.event() {
                if tell.send(event).is_err() {
                    return;
                }
            } else {
                break;
            }
        }
        let deadline = stack
            .deadline()
            .map(|at| begin + Duration::from_micros(at.micros));
        let sleep = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            order = todo.recv() => match order {
                Some(Order::Command(command)) => stack.command(now(), *command),
                Some(Order::Counts(answer)) => drop(answer.send(stack.counts())),
                None => return,
            },
            packet = arriving.recv() => match packet {
                Some(Packet { from, protocol, bytes }) => {
                    stack.receive(now(), Flow { remote: from, protocol, ..flow }, bytes);
                }
                None => return,
            },
            () = sleep => stack.timeout(now()),
        }
    }
}
