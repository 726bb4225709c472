//! What a call and a registration cost in signalling, without sockets: both ends of the wire together, timers and clean-up included.

use bytes::Bytes;
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use strowger_runtime::sip::Method;
use strowger_runtime::sip::stack::{
    Answer, Command, Event, Flow, Invite, LegId, Limits, ListenerId, Now, Party, Protocol, Request,
    RequestId, Stack, Why,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const SDP: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\n\
    a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n";

/// Two stacks back to back; messages arrive at once.
struct Pair {
    stacks: [Stack; 2],
    micros: u64,
    count: u64,
    called: Option<LegId>,
    answered: bool,
}

impl Pair {
    fn new() -> Pair {
        Pair {
            stacks: [
                Stack::new(Limits::default(), [1; 32]),
                Stack::new(Limits::default(), [2; 32]),
            ],
            micros: 0,
            count: 0,
            called: None,
            answered: false,
        }
    }

    fn now(&self) -> Now {
        Now {
            micros: self.micros,
            unix_ms: 0,
        }
    }

    fn flow() -> Flow {
        Flow {
            listener: ListenerId(0),
            protocol: Protocol::Udp,
            local: ([192, 0, 2, 1], 5060).into(),
            remote: ([192, 0, 2, 2], 5060).into(),
            connection: 0,
        }
    }

    fn fresh(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn command(&mut self, side: usize, command: Command) {
        let now = self.now();
        self.stacks[side].command(now, command);
        self.settle();
    }

    fn settle(&mut self) {
        let now = self.now();
        loop {
            let mut quiet = true;
            for side in 0..2 {
                while let Some(t) = self.stacks[side].transmit() {
                    quiet = false;
                    let flow = Flow {
                        local: t.flow.remote,
                        remote: t.flow.local,
                        ..t.flow
                    };
                    self.stacks[1 - side].receive(now, flow, t.bytes);
                }
                while let Some(event) = self.stacks[side].event() {
                    quiet = false;
                    match event {
                        Event::Incoming(incoming)
                            if incoming.message.method() == Some(Method::Invite) =>
                        {
                            let leg = LegId(self.fresh());
                            self.called = Some(leg);
                            let admit = Command::Admit {
                                incoming,
                                leg,
                                credentials: Vec::new(),
                            };
                            self.stacks[side].command(now, admit);
                        }
                        Event::Incoming(incoming) => {
                            let respond = Command::Respond {
                                incoming,
                                answer: Answer::status(200),
                            };
                            self.stacks[side].command(now, respond);
                        }
                        Event::Answered { .. } => self.answered = true,
                        _ => {}
                    }
                }
            }
            if quiet {
                return;
            }
        }
    }

    /// A hundred calls or registrations a second: the tables hold what 32 seconds of that leave.
    fn pass(&mut self) {
        self.micros += 10_000;
        let now = self.now();
        for stack in &mut self.stacks {
            stack.timeout(now);
        }
        self.settle();
    }

    fn call(&mut self) {
        let leg = LegId(self.fresh());
        let party = |user: &'static str| Party {
            display: Bytes::new(),
            uri: Bytes::from_static(user.as_bytes()),
        };
        let invite = Invite {
            uri: Bytes::from_static(b"sip:62@192.0.2.2"),
            flows: vec![Pair::flow()],
            from: party("sip:61@192.0.2.1"),
            to: party("sip:62@192.0.2.2"),
            contact: Bytes::from_static(b"61"),
            offer: Some(Bytes::from_static(SDP)),
            ..Invite::default()
        };
        self.answered = false;
        self.command(
            0,
            Command::Invite {
                leg,
                invite: Box::new(invite),
            },
        );
        let called = self.called.take().expect("the INVITE has arrived");
        self.command(1, Command::Ring(called));
        self.command(
            1,
            Command::Answer {
                leg: called,
                sdp: Bytes::from_static(SDP),
            },
        );
        assert!(self.answered);
        self.command(
            0,
            Command::End {
                leg,
                why: Why::default(),
            },
        );
        self.pass();
    }

    fn register(&mut self) {
        let id = RequestId(self.fresh());
        let party = Party {
            display: Bytes::new(),
            uri: Bytes::from_static(b"sip:61@192.0.2.2"),
        };
        let request = Request {
            method: Bytes::from_static(b"REGISTER"),
            uri: Bytes::from_static(b"sip:192.0.2.2"),
            flows: vec![Pair::flow()],
            from: party.clone(),
            to: party,
            contact: Some(Bytes::from_static(b"61")),
            ..Request::default()
        };
        self.command(
            0,
            Command::Request {
                id,
                request: Box::new(request),
            },
        );
        self.pass();
    }
}

/// INVITE, 100, 180, 200, ACK, BYE, 200: two legs.
#[divan::bench]
fn answered_call_both_ends(bencher: Bencher<'_, '_>) {
    let mut pair = Pair::new();
    for _ in 0..5000 {
        pair.call();
    }
    bencher
        .counter(ItemsCount::new(1usize))
        .bench_local(|| pair.call());
}

/// REGISTER and 200, without digest: a client and a server transaction.
#[divan::bench]
fn registration_both_ends(bencher: Bencher<'_, '_>) {
    let mut pair = Pair::new();
    for _ in 0..5000 {
        pair.register();
    }
    bencher
        .counter(ItemsCount::new(1usize))
        .bench_local(|| pair.register());
}
