//! The shard: one task that owns a [`Stack`], judges what is new, and joins owners with their legs.
//!
//! ```text
//! wire ⇄ Stack ⇄ shard ⇄ owners        new request → judge → REGISTER: registrar · INVITE: channel · MESSAGE: queue · OPTIONS: answer
//! ```
//!
//! The shard never waits for anybody: an owner that does not read loses its line, a full queue is answered with 503.

use crate::auth::{Judge, Verdict};
use crate::call::{self, Arrival};
use crate::config::{Account, Aor};
use crate::engine::{Shared, StartError};
use crate::limits;
use crate::line::{Event as LineEvent, LineId};
use crate::messages::Text;
use crate::observe::What;
use crate::perform::{Address, Inbox};
use crate::sip::command::{Answer, Command, Incoming, Invite, LegId, Request, RequestId, Why};
use crate::sip::event::{Ended, Event};
use crate::sip::flow::{Flow, ListenerId, Now, Protocol, Transmit};
use crate::sip::stack::Stack;
use crate::sip::transport::{Bounds, Routes, Transport};
use crate::sip::{Message, Method};
use crate::store::Write;
use crate::wire::{self, Heard, Listening};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use strowger_vm::Inputs;
use strowger_vm::effect::Level;
use tokio::sync::{mpsc, oneshot};

/// What the rest of the exchange wants of the shard.
#[derive(Debug)]
pub(crate) enum Order {
    /// For a leg that an owner has.
    Command(Command),
    /// A new call out; its events go to this address.
    Call {
        /// What to send.
        invite: Box<Invite>,
        /// Whose it is; the leg has the line's number.
        address: Address,
    },
    /// The events of a leg go to this address from now on; told when that is so.
    Give {
        /// Where they go.
        address: Address,
        /// Told then, also if the leg is gone.
        done: oneshot::Sender<()>,
    },
    /// A request outside a call; the final answer comes back.
    Request {
        /// What to send.
        request: Box<Request>,
        /// Its status; 408 or 503 also if no answer came.
        answer: oneshot::Sender<u16>,
    },
    /// Says so when nothing is left to be answered; the last order.
    Finish(oneshot::Sender<()>),
}

/// The shard's end of what carries messages.
pub(crate) enum Wire {
    /// Sockets.
    Sockets(Box<Transport>),
    /// Bytes in memory.
    Memory(wire::Memory),
}

impl Wire {
    /// Opens what the configuration names, or takes the given wire, which serves datagrams (listener 0) and streams (listener 1).
    pub(crate) async fn open(
        config: &crate::config::Config,
        memory: Option<wire::Memory>,
    ) -> Result<(Wire, Vec<Listening>, Option<Routes>), StartError> {
        let numbered = |n: usize, protocol, address| {
            let listener = ListenerId(u16::try_from(n).unwrap_or(u16::MAX));
            Listening {
                listener,
                protocol,
                address,
            }
        };
        if let Some(memory) = memory {
            let protocols = [Protocol::Udp, Protocol::Tcp];
            let listening = protocols
                .into_iter()
                .enumerate()
                .map(|(n, p)| numbered(n, p, memory.near))
                .collect();
            return Ok((Wire::Memory(memory), listening, None));
        }
        let wanted: Vec<Listening> = config
            .listeners
            .iter()
            .enumerate()
            .map(|(n, l)| numbered(n, l.protocol, l.bind))
            .collect();
        let bounds = Bounds {
            inbox: limits::SHARD_INBOX,
            connections: limits::CONNECTIONS,
            per_address: limits::CONNECTIONS_PER_ADDRESS,
            message: limits::FIRST_MESSAGE,
            idle: limits::IDLE,
            ..Bounds::default()
        };
        let transport =
            Transport::open(&wanted, bounds)
                .await
                .map_err(|refused| StartError::Listen {
                    address: format!("{} {}", refused.protocol.name(), refused.address),
                    fault: refused.error,
                })?;
        let listening = transport.listening().to_vec();
        let routes = transport.routes();
        Ok((Wire::Sockets(Box::new(transport)), listening, Some(routes)))
    }

    async fn next(&mut self) -> Option<Heard> {
        match self {
            Wire::Sockets(transport) => Some(transport.next().await),
            Wire::Memory(memory) => memory.heard.recv().await,
        }
    }

    fn send(&mut self, transmit: Transmit) {
        match self {
            Wire::Sockets(transport) => transport.send(transmit),
            // An error only means that the test has dropped its end.
            Wire::Memory(memory) => drop(memory.sent.send(transmit)),
        }
    }

    /// More than half of what may wait does wait.
    fn is_loaded(&self) -> bool {
        match self {
            Wire::Sockets(transport) => transport.is_loaded(),
            Wire::Memory(memory) => memory.heard.len() > limits::SHARD_INBOX / 2,
        }
    }
}

struct Shard {
    shared: Arc<Shared>,
    stack: Stack,
    judge: Judge,
    wire: Wire,
    legs: HashMap<LegId, Address>,
    requests: HashMap<RequestId, oneshot::Sender<u16>>,
    finish: Option<oneshot::Sender<()>>,
}

/// Runs the shard until its task is aborted, or the last order was carried out.
pub(crate) async fn run(
    shared: Arc<Shared>,
    wire: Wire,
    mut orders: mpsc::Receiver<Order>,
    seed: [u8; 32],
) {
    let sip = &shared.config().sip;
    let limits = crate::sip::limits::Limits {
        t1: Duration::from_millis(sip.t1.into()),
        transactions: limits::TRANSACTIONS,
        legs: limits::LEGS,
        forks: limits::FORKS,
        targets: limits::TARGETS,
        ..crate::sip::limits::Limits::default()
    };
    let mut shard = Shard {
        stack: Stack::new(limits, seed),
        judge: Judge::new(seed),
        wire,
        legs: HashMap::new(),
        requests: HashMap::new(),
        finish: None,
        shared,
    };
    loop {
        let deadline = shard.deadline();
        let sleep = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(order) => shard.order(order),
                None => return,
            },
            heard = shard.wire.next() => match heard {
                Some(heard) => {
                    let loaded = orders.len() > limits::SHARD_INBOX / 2 || shard.wire.is_loaded();
                    shard.heard(heard, loaded);
                }
                // Nothing can come any more; owners still end their lines.
                None => match orders.recv().await {
                    Some(order) => shard.order(order),
                    None => return,
                },
            },
            () = sleep => {
                let now = shard.shared.clock.now();
                shard.stack.timeout(now);
                shard.shared.registrar().expire(now);
            }
        }
        shard.settle();
        if shard.finished() {
            return;
        }
    }
}

impl Shard {
    fn now(&self) -> Now {
        self.shared.clock.now()
    }

    fn deadline(&self) -> Option<tokio::time::Instant> {
        let bindings = self
            .shared
            .registrar()
            .deadline()
            .map(|micros| Now { micros, unix_ms: 0 });
        let signalling = self.stack.deadline();
        let first = match (signalling, bindings) {
            (Some(a), Some(b)) => Some(if a.micros <= b.micros { a } else { b }),
            (a, b) => a.or(b),
        };
        first.map(|at| self.shared.clock.instant(at))
    }

    fn order(&mut self, order: Order) {
        let now = self.now();
        match order {
            Order::Command(command) => self.stack.command(now, command),
            Order::Call { invite, address } => {
                let leg = LegId(address.line().0);
                self.legs.insert(leg, address);
                self.stack.command(now, Command::Invite { leg, invite });
            }
            Order::Give { address, done } => {
                let leg = LegId(address.line().0);
                if let Some(own) = self.legs.get_mut(&leg) {
                    *own = address;
                }
                // Nobody waits for it: then the exchange stops.
                let _ = done.send(());
            }
            Order::Request { request, answer } => {
                let id = RequestId(self.shared.switchboard.number());
                self.requests.insert(id, answer);
                self.stack.command(now, Command::Request { id, request });
            }
            Order::Finish(done) => self.finish = Some(done),
        }
    }

    fn heard(&mut self, heard: Heard, loaded: bool) {
        let now = self.now();
        match heard {
            Heard::Message(flow, bytes) => {
                self.observe(now, true, &flow, &bytes);
                if loaded && is_new(&bytes) {
                    // Answered without memory; the phone comes again.
                    if let Ok(message) = Message::parse(bytes) {
                        let answer = Answer::status(503).with("Retry-After", "5");
                        self.stack.command(
                            now,
                            Command::Refuse {
                                incoming: Box::new(Incoming { message, flow }),
                                answer,
                            },
                        );
                    }
                    return;
                }
                self.stack.receive(now, flow, bytes);
            }
            Heard::Unreachable(flow) => self.stack.unreachable(now, flow),
            Heard::Closed(connection) => self.shared.registrar().connection_gone(connection),
        }
    }

    fn observe(&self, now: Now, incoming: bool, flow: &Flow, bytes: &Bytes) {
        if self.shared.observed.watched() {
            let what = What::Message {
                incoming,
                protocol: flow.protocol,
                local: flow.local,
                remote: flow.remote,
                bytes: bytes.clone(),
            };
            self.shared.observed.say(now, what);
        }
    }

    /// Sends and tells everything that the stack has to send and tell.
    fn settle(&mut self) {
        loop {
            let now = self.now();
            if let Some(transmit) = self.stack.transmit() {
                self.observe(now, false, &transmit.flow, &transmit.bytes);
                self.wire.send(transmit);
            } else if let Some(event) = self.stack.event() {
                self.event(now, event);
            } else {
                break;
            }
        }
        let counts = self.stack.counts();
        let figures = &self.shared.figures;
        figures.legs.store(counts.legs, Ordering::Relaxed);
        figures
            .transactions
            .store(counts.transactions, Ordering::Relaxed);
        figures.timers.store(counts.timers, Ordering::Relaxed);
    }

    /// After the last order: true once nothing waits for an answer of the far end.
    fn finished(&mut self) -> bool {
        let Some(done) = self.finish.take() else {
            return false;
        };
        if self.legs.is_empty() && self.requests.is_empty() && !self.stack.is_waiting() {
            let _ = done.send(());
            return true;
        }
        self.finish = Some(done);
        false
    }

    fn event(&mut self, now: Now, event: Event) {
        match event {
            Event::Incoming(incoming) => self.incoming(now, incoming),
            Event::Response { id, status, .. } => {
                if let Some(answer) = self.requests.remove(&id) {
                    // The asker may have given up.
                    let _ = answer.send(status);
                }
            }
            Event::Ended { leg, ended } => {
                if let Some(address) = self.legs.remove(&leg) {
                    let (cause, status) = why(&ended);
                    address.end(cause, status);
                }
            }
            Event::Ringing(leg) => self.tell(now, leg, LineEvent::Ringing),
            Event::Progress { leg, sdp, .. } => self.tell(now, leg, LineEvent::Progress { sdp }),
            Event::Answered { leg, sdp, .. } => self.tell(now, leg, LineEvent::Answered { sdp }),
            Event::Offered { leg, sdp } => self.tell(now, leg, LineEvent::Offered { sdp }),
            Event::Settled { leg, sdp, status } => {
                self.tell(now, leg, LineEvent::Settled { sdp, status })
            }
            Event::Digit { leg, digit, ms } => self.tell(
                now,
                leg,
                LineEvent::Digit {
                    digit,
                    ms,
                    info: true,
                },
            ),
            Event::Text { leg, body } => self.tell(
                now,
                leg,
                LineEvent::Text {
                    kind: body.kind.to_vec(),
                    body: body.bytes,
                },
            ),
            Event::Sent { leg, token, status } => {
                self.tell(now, leg, LineEvent::Sent { token, status })
            }
            // Lines do not change owners yet; nobody gives a leg away.
            Event::Given { .. } => {}
        }
    }

    /// Delivers an event; a line whose owner does not read is ended.
    fn tell(&mut self, now: Now, leg: LegId, event: LineEvent) {
        let Some(address) = self.legs.get(&leg) else {
            return;
        };
        if address.deliver(event).is_err() {
            let why = Why {
                status: 500,
                cause: 41,
                ..Why::default()
            };
            self.stack.command(now, Command::End { leg, why });
        }
    }

    /// A new request: who is it, and what does it want?
    fn incoming(&mut self, now: Now, incoming: Box<Incoming>) {
        let verdict = {
            let registrar = self.shared.registrar();
            self.judge.judge(
                now,
                &incoming.message,
                &incoming.flow,
                &self.shared.config().accounts,
                &registrar,
            )
        };
        match verdict {
            Verdict::Accept(account) => self.accepted(now, incoming, &account),
            Verdict::Challenge { headers, .. } => {
                let mut answer = Answer::status(401);
                for value in headers {
                    answer = answer.with("WWW-Authenticate", value);
                }
                self.stack
                    .command(now, Command::Refuse { incoming, answer });
            }
            Verdict::Refuse { status, reason } => {
                let method = incoming
                    .message
                    .method()
                    .map(|m| String::from_utf8_lossy(m.text()).into_owned());
                let from = incoming.flow.remote;
                let text = format!(
                    "{} from {from} refused with {status}: {reason}",
                    method.unwrap_or_default()
                );
                self.shared.note("", Level::Notice, "refused", &text);
                self.refuse(now, incoming, status);
            }
        }
    }

    fn refuse(&mut self, now: Now, incoming: Box<Incoming>, status: u16) {
        let mut answer = Answer::status(status);
        if status == 503 {
            answer = answer.with("Retry-After", "10");
        }
        self.stack
            .command(now, Command::Refuse { incoming, answer });
    }

    fn respond(&mut self, now: Now, incoming: Box<Incoming>, answer: Answer) {
        self.stack
            .command(now, Command::Respond { incoming, answer });
    }

    /// A request of somebody whom we know, or let in.
    fn accepted(&mut self, now: Now, incoming: Box<Incoming>, account: &Arc<Account>) {
        match incoming.message.method() {
            Some(Method::Register) => self.register(now, incoming, account),
            Some(Method::Invite) => self.invite(now, incoming, account),
            Some(Method::Message) => self.message(now, incoming, account),
            Some(Method::Options) => {
                let answer = Answer::status(200).with("Accept", "application/sdp, text/plain");
                // Anybody may ask, so nothing is kept of it.
                self.stack
                    .command(now, Command::Refuse { incoming, answer });
            }
            _ => self.respond(now, incoming, Answer::status(501)),
        }
    }

    fn register(&mut self, now: Now, incoming: Box<Incoming>, account: &Arc<Account>) {
        let Some(aor) = self.aor(&incoming.message, account) else {
            return self.respond(now, incoming, Answer::status(404));
        };
        let (answer, contacts) = {
            let mut registrar = self.shared.registrar();
            let answer =
                registrar.register(now, &incoming.message, &incoming.flow, &aor, account.nat);
            let changes = registrar
                .changes()
                .into_iter()
                .map(Write::Binding)
                .collect();
            let contacts = registrar.bindings(&aor.name).len();
            drop(registrar);
            self.shared.keep(changes);
            (answer, contacts)
        };
        if answer.status == 200 && self.shared.observed.watched() {
            let what = What::Registered {
                aor: aor.name.to_string().into(),
                contacts,
            };
            self.shared.observed.say(now, what);
        }
        tracing::debug!(aor = %aor.name, status = answer.status, contacts, "REGISTER");
        self.respond(now, incoming, answer);
    }

    /// The address of record that a REGISTER is for.
    fn aor(&self, request: &Message, account: &Account) -> Option<Arc<Aor>> {
        let to = request.to().ok()?;
        let user = to.sip()?.user_text().unwrap_or_default();
        let accounts = &self.shared.config().accounts;
        accounts.registers_at(account, &user).cloned()
    }

    fn invite(&mut self, now: Now, incoming: Box<Incoming>, account: &Arc<Account>) {
        let shared = Arc::clone(&self.shared);
        shared.figures.calls.fetch_add(1, Ordering::Relaxed);
        if shared.draining() {
            return self.refuse(now, incoming, 503);
        }
        let line = LineId(shared.switchboard.number());
        let arrival = match Arrival::read(&shared, &incoming, account, line) {
            Ok(arrival) => arrival,
            Err(status) => return self.respond(now, incoming, Answer::status(status)),
        };
        let inputs = Inputs {
            now: arrival.time,
            globals: shared.globals(),
            system: Arc::clone(&shared.system),
        };
        let module = shared.module();
        if !module.exists(
            &inputs,
            &account.context,
            &arrival.exten,
            arrival.caller.number.as_deref(),
        ) {
            let begins = account.overlap
                && module.is_beginning(
                    &inputs,
                    &account.context,
                    &arrival.exten,
                    arrival.caller.number.as_deref(),
                );
            let status = if begins { 484 } else { 404 };
            let text = format!(
                "{} called `{}`, which context `{}` does not have: {status}",
                account.label(),
                String::from_utf8_lossy(&arrival.exten),
                String::from_utf8_lossy(&account.context)
            );
            shared.note("", Level::Notice, "no-extension", &text);
            return self.respond(now, incoming, Answer::status(status));
        }
        let inbox = Inbox::new(Some(line));
        let Some(address) = inbox.address(line) else {
            return self.refuse(now, incoming, 503);
        };
        let Some(entered) =
            shared
                .switchboard
                .enter(&arrival.name, Some(line), inbox.hand(), limits::CHANNELS)
        else {
            return self.refuse(now, incoming, 503);
        };
        let leg = LegId(line.0);
        self.legs.insert(leg, address);
        let credentials = call::credentials(account);
        self.stack.command(
            now,
            Command::Admit {
                incoming,
                leg,
                credentials,
            },
        );
        tokio::spawn(call::run(shared, arrival, inbox, entered));
    }

    fn message(&mut self, now: Now, incoming: Box<Incoming>, account: &Arc<Account>) {
        let shared = Arc::clone(&self.shared);
        shared.figures.messages.fetch_add(1, Ordering::Relaxed);
        if shared.draining() {
            return self.refuse(now, incoming, 503);
        }
        let text = match Text::read(&incoming.message, account) {
            Ok(text) => text,
            Err(status) => return self.respond(now, incoming, Answer::status(status)),
        };
        let inputs = Inputs {
            now: call::time(now),
            globals: shared.globals(),
            system: Arc::clone(&shared.system),
        };
        let module = shared.module();
        let context = module.entered_by_text(&account.message_context, &text.exten);
        if !module.exists(&inputs, &context, &text.exten, None) {
            return self.respond(now, incoming, Answer::status(404));
        }
        let answer = if shared.messages.put(text).is_ok() {
            Answer::status(202)
        } else {
            Answer::status(503).with("Retry-After", "5")
        };
        self.respond(now, incoming, answer);
    }
}

/// Is this an out-of-dialog request? Told from the first line and the To header's tag, before parsing, when the shard is loaded.
fn is_new(bytes: &[u8]) -> bool {
    ["INVITE ", "REGISTER ", "OPTIONS ", "MESSAGE "]
        .iter()
        .any(|m| bytes.starts_with(m.as_bytes()))
        && Message::parse(Bytes::copy_from_slice(bytes))
            .is_ok_and(|m| m.to().is_ok_and(|to| to.tag().is_none()))
}

/// Q.850 cause and SIP status of a leg's end.
fn why(ended: &Ended) -> (u16, Option<u16>) {
    let status = (ended.status != 0 && ended.status != 200).then_some(ended.status);
    let cause = match (ended.cause, status) {
        (0, Some(487)) => 0,
        (0, Some(status)) => strowger_stdlib::status::Cause::of_sip_answer(status).0,
        (0, None) => 16,
        (cause, _) => u16::from(cause),
    };
    (cause, status)
}
