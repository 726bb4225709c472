//! Two stacks, one wire, a fake clock.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::net::SocketAddr;

use bytes::Bytes;
use strowger_runtime::sip::digest::{self, Nonces};
use strowger_runtime::sip::stack::{
    Answer, Command, Ended, Event, Flow, Incoming, Invite, LegId, Limits, ListenerId, Now, Party,
    Protocol, Reply, Stack, Why,
};
use strowger_runtime::sip::{Message, Method, Name, verdict};

/// Splitmix: a whole game of chance from one number.
pub(crate) struct Chance(pub u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
    pub(crate) fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }
}

/// How bad the wire is.
#[derive(Clone, Copy)]
pub(crate) struct Wire {
    pub(crate) seed: u64,
    /// Percent of datagrams.
    pub(crate) loss: u64,
    pub(crate) duplicate: u64,
    pub(crate) reorder: u64,
    /// Milliseconds.
    pub(crate) delay: u64,
    pub(crate) protocol: Protocol,
}

impl Wire {
    pub(crate) fn good() -> Wire {
        Wire {
            seed: 1,
            loss: 0,
            duplicate: 0,
            reorder: 0,
            delay: 10,
            protocol: Protocol::Udp,
        }
    }
    pub(crate) fn bad(seed: u64) -> Wire {
        Wire {
            seed,
            loss: 20,
            duplicate: 20,
            reorder: 20,
            delay: 20,
            protocol: Protocol::Udp,
        }
    }
    pub(crate) fn stream() -> Wire {
        Wire {
            protocol: Protocol::Tcp,
            ..Wire::good()
        }
    }
}

/// What an end does with a call that comes in. Times in milliseconds after the INVITE.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Rings, then answers.
    Answers { ring: u64, answer: u64 },
    /// Says 183 with SDP, then answers.
    EarlyMedia { progress: u64, answer: u64 },
    /// Rings and never answers.
    Rings,
    /// Says this status.
    Says(u16),
    /// The test drives it.
    Waits,
}

/// One stack and what happened to it.
pub(crate) struct Side {
    pub(crate) stack: Stack,
    pub(crate) manner: Manner,
    pub(crate) address: SocketAddr,
    pub(crate) legs: Vec<LegId>,
    pub(crate) ended: HashMap<LegId, Ended>,
    pub(crate) events: Vec<Event>,
    pub(crate) answered: HashSet<LegId>,
    pub(crate) settled: HashMap<LegId, u16>,
    /// How `Offered` is answered: a status other than 200 refuses.
    pub(crate) takes_offers: u16,
    /// Asks everybody who they are: nonces, user name, password.
    pub(crate) door: Option<(Nonces, &'static str, &'static str)>,
}

/// Whether a message of a side is carried at all.
pub(crate) type Fate = Box<dyn FnMut(usize, &Message) -> bool>;

/// See the module.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) sides: [Side; 2],
    wire: Wire,
    chance: Chance,
    flying: BTreeMap<(u64, u64), (usize, Flow, Bytes)>,
    agenda: BTreeMap<(u64, u64), (usize, Command)>,
    count: u64,
    last_at: [u64; 2],
    pub(crate) ladder: String,
    pub(crate) sent: Vec<(usize, Message)>,
    pub(crate) last_sent: u64,
    /// When a stack had something to do by itself for the last time.
    last_due: u64,
    /// Decides about each message by hand, before chance does.
    pub(crate) fate: Fate,
}

pub(crate) const SDP: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

pub(crate) fn sdp(text: &str) -> Bytes {
    let mut all = SDP.to_vec();
    all.extend_from_slice(b"a=label:");
    all.extend_from_slice(text.as_bytes());
    all.extend_from_slice(b"\r\n");
    all.into()
}

pub(crate) fn now(micros: u64) -> Now {
    Now {
        micros,
        unix_ms: 1_800_000_000_000 + micros / 1000,
    }
}

impl Side {
    /// The refusal of somebody who has not proved who they are.
    fn judge(&mut self, at: u64, incoming: &Incoming) -> Option<Answer> {
        let (nonces, user, password) = self.door.as_mut()?;
        let method = incoming.message.method()?;
        let given = digest::Credentials::find(&incoming.message, Name::Authorization, b"here");
        let verdict = given.filter(|g| g.username == user.as_bytes()).map(|g| {
            nonces.judge(
                at / 1000,
                method,
                &g,
                &digest::Secret::Password(password.as_bytes()),
            )
        });
        let stale = match verdict {
            Some(digest::Verdict::Right) => return None,
            Some(digest::Verdict::Wrong) => return Some(Answer::status(403)),
            Some(digest::Verdict::Stale) => true,
            None => false,
        };
        let nonce = nonces.issue(at / 1000);
        let value = digest::challenge(b"here", &nonce, digest::Algorithm::Md5, stale);
        Some(Answer::status(401).with("WWW-Authenticate", value))
    }
}

impl World {
    pub(crate) fn new(wire: Wire) -> World {
        World::with(wire, Limits::default())
    }

    pub(crate) fn with(wire: Wire, limits: Limits) -> World {
        let side = |n: u8| Side {
            stack: Stack::new(limits.clone(), [n.wrapping_add(wire.seed as u8); 32]),
            manner: Manner::Answers {
                ring: 100,
                answer: 1000,
            },
            address: format!("192.0.2.{n}:5060").parse().unwrap(),
            legs: Vec::new(),
            ended: HashMap::new(),
            events: Vec::new(),
            answered: HashSet::new(),
            settled: HashMap::new(),
            takes_offers: 200,
            door: None,
        };
        World {
            now: 0,
            sides: [side(1), side(2)],
            chance: Chance(wire.seed),
            wire,
            flying: BTreeMap::new(),
            agenda: BTreeMap::new(),
            count: 0,
            last_at: [0; 2],
            ladder: String::new(),
            sent: Vec::new(),
            last_sent: 0,
            last_due: 0,
            fate: Box::new(|_, _| true),
        }
    }

    /// The flow on which a side reaches the other.
    pub(crate) fn flow(&self, side: usize) -> Flow {
        Flow {
            listener: ListenerId(0),
            protocol: self.wire.protocol,
            local: self.sides[side].address,
            remote: self.sides[1 - side].address,
            connection: u64::from(self.wire.protocol == Protocol::Tcp),
        }
    }

    pub(crate) fn fresh_leg(&mut self, side: usize) -> LegId {
        self.count += 1;
        let leg = LegId(self.count);
        self.sides[side].legs.push(leg);
        leg
    }

    /// The connection breaks: what is on its way is lost, and both sides are told.
    pub(crate) fn break_stream(&mut self) {
        writeln!(
            self.ladder,
            "{:>9.3} the connection breaks",
            self.now as f64 / 1e6
        )
        .unwrap();
        self.flying.clear();
        for side in 0..2 {
            let flow = self.flow(side);
            self.sides[side].stack.unreachable(now(self.now), flow);
        }
        self.drain();
    }

    /// A command at a time, in milliseconds from now.
    pub(crate) fn later(&mut self, side: usize, ms: u64, command: Command) {
        self.count += 1;
        self.agenda
            .insert((self.now + ms * 1000, self.count), (side, command));
    }

    pub(crate) fn command(&mut self, side: usize, command: Command) {
        self.sides[side].stack.command(now(self.now), command);
        self.drain();
    }

    /// An INVITE with everything that one needs.
    pub(crate) fn invitation(&self, side: usize) -> Invite {
        let peer = self.sides[1 - side].address;
        Invite {
            uri: format!("sip:62@{peer}").into(),
            flows: vec![self.flow(side)],
            from: Party {
                display: Bytes::from_static(b"Anna \"A\""),
                uri: format!("sip:61@{}", self.sides[side].address).into(),
            },
            to: Party {
                display: Bytes::new(),
                uri: format!("sip:62@{peer}").into(),
            },
            contact: Bytes::from_static(b"61"),
            headers: Vec::new(),
            offer: Some(sdp("offer")),
            credentials: Vec::new(),
        }
    }

    pub(crate) fn call(&mut self, side: usize) -> LegId {
        let invite = self.invitation(side);
        self.call_with(side, invite)
    }

    pub(crate) fn call_with(&mut self, side: usize, invite: Invite) -> LegId {
        let leg = self.fresh_leg(side);
        self.command(
            side,
            Command::Invite {
                leg,
                invite: Box::new(invite),
            },
        );
        leg
    }

    /// Everything that the stacks want to say goes to the wire, and to us.
    pub(crate) fn drain(&mut self) {
        for side in 0..2 {
            loop {
                while let Some(transmit) = self.sides[side].stack.transmit() {
                    self.carry(side, transmit.flow, transmit.bytes);
                }
                let Some(event) = self.sides[side].stack.event() else {
                    break;
                };
                self.happened(side, event);
            }
        }
    }

    fn carry(&mut self, from: usize, flow: Flow, bytes: Bytes) {
        let message = Message::parse(bytes.clone()).expect("what we send can be read");
        verdict::check(&message)
            .unwrap_or_else(|fault| panic!("{fault} in what we sent:\n{message:?}"));
        assert_eq!(
            message.bytes(),
            &bytes,
            "nothing folded, nothing after the body"
        );
        assert_eq!(flow.remote, self.sides[1 - from].address);
        assert!(self.sent.len() < 20_000, "a storm:\n{}", self.ladder);
        let line = match message.status() {
            Some(status) => format!(
                "{status} ({})",
                String::from_utf8_lossy(message.get(Name::CSeq).unwrap_or(b"?"))
            ),
            None => format!(
                "{} {}",
                message.method().unwrap(),
                message.cseq().unwrap().number
            ),
        };
        let arrow = if from == 0 {
            "A ---->     "
        } else {
            "    <---- B "
        };
        let kept = (self.fate)(from, &message);
        let lost =
            !kept || (self.wire.protocol == Protocol::Udp && self.chance.percent(self.wire.loss));
        let mark = if lost { "  (lost)" } else { "" };
        writeln!(
            self.ladder,
            "{:>9.3} {arrow} {line}{mark}",
            self.now as f64 / 1e6
        )
        .unwrap();
        self.sent.push((from, message));
        self.last_sent = self.now;
        if lost {
            return;
        }
        let copies = 1 + usize::from(
            self.wire.protocol == Protocol::Udp && self.chance.percent(self.wire.duplicate),
        );
        for _ in 0..copies {
            let mut at = self.now + self.wire.delay * 1000;
            if self.wire.protocol == Protocol::Udp && self.chance.percent(self.wire.reorder) {
                at += self.chance.below(self.wire.delay * 20_000 + 1);
            }
            if self.wire.protocol == Protocol::Tcp {
                at = at.max(self.last_at[from]);
                self.last_at[from] = at;
            }
            self.count += 1;
            let to = Flow {
                local: flow.remote,
                remote: flow.local,
                ..flow
            };
            self.flying
                .insert((at, self.count), (1 - from, to, bytes.clone()));
        }
    }

    fn happened(&mut self, side: usize, event: Event) {
        let arrow = if side == 0 {
            "A *"
        } else {
            "                        * B"
        };
        let name = format!("{event:?}");
        let name: String = name
            .split([' ', '(', '{'])
            .next()
            .unwrap_or_default()
            .to_string();
        writeln!(
            self.ladder,
            "{:>9.3} {arrow} {name} {:?}",
            self.now as f64 / 1e6,
            event.leg().map(|l| l.0)
        )
        .unwrap();
        self.sides[side].events.push(event.clone());
        if let Some(leg) = event.leg() {
            assert!(
                !self.sides[side].ended.contains_key(&leg),
                "an event after Ended\n{}",
                self.ladder
            );
        }
        match event {
            Event::Incoming(incoming) => self.incoming(side, *incoming),
            Event::Answered { leg, offer, .. } => {
                self.sides[side].answered.insert(leg);
                if offer {
                    self.later(
                        side,
                        0,
                        Command::Reply {
                            leg,
                            reply: Reply::Sdp(sdp("answer in ack")),
                        },
                    );
                }
            }
            Event::Offered { leg, sdp: theirs } => {
                let reply = match self.sides[side].takes_offers {
                    200 => Reply::Sdp(sdp(if theirs.is_some() {
                        "answer"
                    } else {
                        "their turn"
                    })),
                    status => Reply::Refuse(status),
                };
                self.later(side, 0, Command::Reply { leg, reply });
            }
            Event::Settled { leg, status, .. } => {
                self.sides[side].settled.insert(leg, status);
            }
            Event::Ended { leg, ended } => {
                self.sides[side].ended.insert(leg, *ended);
            }
            _ => {}
        }
    }

    fn incoming(&mut self, side: usize, incoming: Incoming) {
        let boxed = Box::new(incoming.clone());
        if let Some(answer) = self.sides[side].judge(self.now, &incoming) {
            return self.sides[side].stack.command(
                now(self.now),
                Command::Refuse {
                    incoming: boxed,
                    answer,
                },
            );
        }
        match incoming.message.method() {
            Some(Method::Invite) => {
                let leg = self.fresh_leg(side);
                self.sides[side].stack.command(
                    now(self.now),
                    Command::Admit {
                        incoming: boxed,
                        leg,
                        credentials: Vec::new(),
                    },
                );
                match self.sides[side].manner.clone() {
                    Manner::Answers { ring, answer } => {
                        self.later(side, ring, Command::Ring(leg));
                        self.later(
                            side,
                            answer,
                            Command::Answer {
                                leg,
                                sdp: sdp("answer"),
                            },
                        );
                    }
                    Manner::EarlyMedia { progress, answer } => {
                        self.later(
                            side,
                            progress,
                            Command::Progress {
                                leg,
                                sdp: sdp("answer"),
                            },
                        );
                        self.later(
                            side,
                            answer,
                            Command::Answer {
                                leg,
                                sdp: sdp("answer"),
                            },
                        );
                    }
                    Manner::Rings => self.later(side, 50, Command::Ring(leg)),
                    Manner::Says(status) => {
                        self.later(
                            side,
                            50,
                            Command::End {
                                leg,
                                why: Why {
                                    status,
                                    ..Why::default()
                                },
                            },
                        );
                    }
                    Manner::Waits => {}
                }
            }
            _ => {
                self.sides[side].stack.command(
                    now(self.now),
                    Command::Respond {
                        incoming: boxed,
                        answer: Answer::status(200),
                    },
                );
            }
        }
    }

    /// The next moment at which something happens.
    fn next(&self) -> Option<u64> {
        let stacks = self
            .sides
            .iter()
            .filter_map(|s| s.stack.deadline())
            .map(|n| n.micros);
        let flying = self.flying.keys().next().map(|(at, _)| *at);
        let agenda = self.agenda.keys().next().map(|(at, _)| *at);
        stacks
            .chain(flying)
            .chain(agenda)
            .min()
            .map(|at| at.max(self.now))
    }

    /// Runs until nothing is left to happen, or the clock says `until` (ms).
    pub(crate) fn run_until(&mut self, until: u64) {
        let mut steps = 0;
        while let Some(at) = self.next() {
            if at > until * 1000 {
                self.now = self.now.max(until * 1000);
                return;
            }
            steps += 1;
            assert!(steps < 100_000, "no end:\n{}", self.ladder);
            self.now = at;
            if let Some(entry) = self.agenda.first_entry()
                && entry.key().0 <= at
            {
                let (side, command) = entry.remove();
                self.sides[side].stack.command(now(at), command);
            } else if let Some(entry) = self.flying.first_entry()
                && entry.key().0 <= at
            {
                let (to, flow, bytes) = entry.remove();
                self.sides[to].stack.receive(now(at), flow, bytes);
            } else {
                self.last_due = at;
                for side in &mut self.sides {
                    if side.stack.deadline().is_some_and(|d| d.micros <= at) {
                        side.stack.timeout(now(at));
                    }
                }
            }
            self.drain();
        }
    }

    /// Runs to the end, at most for `hours` of virtual time.
    pub(crate) fn run(&mut self) {
        self.run_until(self.now / 1000 + 4 * 3_600_000);
    }

    pub(crate) fn end(&mut self, side: usize, ms: u64, leg: LegId) {
        self.later(
            side,
            ms,
            Command::End {
                leg,
                why: Why::default(),
            },
        );
    }

    /// Nothing is left, every leg ended once, each 2xx of an INVITE was acknowledged or its call ended by BYE.
    pub(crate) fn check(&self) {
        for (n, side) in self.sides.iter().enumerate() {
            let counts = side.stack.counts();
            assert_eq!(
                counts,
                Default::default(),
                "side {n} keeps something\n{}",
                self.ladder
            );
            for leg in &side.legs {
                assert!(
                    side.ended.contains_key(leg),
                    "leg {leg:?} of side {n} never ended\n{}",
                    self.ladder
                );
            }
        }
        // 64·T1 after the last message, nothing may be left; timers of silence end no later.
        let quiet = self.last_sent + 32_000_000 + 21_000 * self.wire.delay;
        assert!(
            self.last_due <= quiet,
            "{} {}\n{}",
            self.last_due,
            self.last_sent,
            self.ladder
        );
        let id = |m: &Message| (m.call_id().unwrap().to_vec(), m.cseq().unwrap().number);
        for (from, m) in &self.sent {
            let accepts = m.status().is_some_and(|s| (200..300).contains(&s))
                && m.method() == Some(Method::Invite);
            if !accepts {
                continue;
            }
            let acked = self.sent.iter().any(|(f, a)| {
                f != from && a.is_request() && a.method() == Some(Method::Ack) && id(a) == id(m)
            });
            let bye = self.sent.iter().any(|(_, a)| {
                a.is_request() && a.method() == Some(Method::Bye) && id(a).0 == id(m).0
            });
            assert!(acked || bye, "a 2xx was left alone\n{}", self.ladder);
        }
    }

    /// How many messages of this kind a side sent: a method, or a status.
    pub(crate) fn count(&self, side: usize, what: &str) -> usize {
        let is = |m: &Message| match m.status() {
            Some(status) => status.to_string() == what,
            None => m.method().unwrap().to_string() == what,
        };
        self.sent
            .iter()
            .filter(|(from, m)| *from == side && is(m))
            .count()
    }
}

/// [`SDP`] as text.
pub(crate) fn body() -> String {
    String::from_utf8(SDP.to_vec()).unwrap()
}
