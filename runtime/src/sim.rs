//! The simulator: [`Perform`] with a virtual clock in a made-up world.
//!
//! Nothing here touches the machine: the database, the environment and the devices are made up and start empty, time passes at once, and
//! what is random comes from a seed. A channel reached through `Local/` runs as a further channel of the same world.
//!
//! ```text
//! let mut sim = Simulation::new(module);
//! sim.world.endpoint(b"SIP/61", Behaviour::Answers { after_ms: 2_000, talks_ms: None });
//! let run = sim.call(Place::new("main", "100", 1));
//! ```

use crate::apps::dialled::Record;
use crate::channel::{End, Names, drive};
use crate::limits;
use crate::perform::{Inbox, Perform};
use crate::tables::Tables;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use strowger_stdlib::status::{Cause, DialStatus};
use strowger_vm::effect::{Answer, Dial, Effect, Level, Outgoing, Play, Reply, Target};
use strowger_vm::{
    Entry, Globals, Identity, Inputs, Interrupt, Limits, Module, Party, Place, Run, State, System,
    Text, Time, Trace, Vm,
};

/// What a made-up endpoint does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It rings, answers, talks for a while (`None`: until the caller's side ends the call), and hangs up.
    Answers {
        /// Milliseconds until it answers.
        after_ms: u64,
        /// Milliseconds until it hangs up.
        talks_ms: Option<u64>,
    },
    /// It is busy.
    Busy,
    /// It rings and nobody takes the call.
    NoAnswer,
    /// There is no way to it.
    Congestion,
    /// It says no.
    Refuses,
    /// It cannot be called (not registered).
    Unavailable,
}

/// One thing that happened on one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// 0 for the channel that was started, else the number of the further channel in order of appearance.
    pub channel: usize,
    /// The virtual time.
    pub at: Time,
    /// What.
    pub what: Trace,
}

/// Everything outside the dialplan.
#[derive(Debug)]
pub struct World {
    /// The virtual clock.
    pub now: Time,
    /// Global variables.
    pub globals: Arc<Globals>,
    /// Names, directories and the time zone.
    pub system: Arc<System>,
    /// The database: `family/key` to value.
    pub database: BTreeMap<Text, Text>,
    /// The environment.
    pub environment: BTreeMap<Text, Text>,
    /// Digits that the caller presses, each at the first wait for one.
    pub digits: VecDeque<u8>,
    /// How long a prompt lasts; `None`: there are no sound files, so every prompt is missing.
    pub prompt_ms: Option<u64>,
    /// Everything that happened, on all channels.
    pub trace: Vec<Happened>,
    /// A wait without an end was cut: the channel would still be there.
    pub stalled: bool,
    endpoints: Vec<(Text, Behaviour)>,
    tables: Tables,
    random: u64,
    names: Names,
    /// Channels that ran a step so far.
    channels: usize,
    depth: usize,
    limits: Limits,
}

impl Default for World {
    fn default() -> World {
        World {
            // 2026-03-11 12:30 UTC, a Wednesday.
            now: Time::from_seconds(1_773_232_200),
            globals: Arc::default(),
            // Nothing is installed: `prompt_ms` is absent too.
            system: Arc::new(System {
                has_prompts: false,
                ..System::default()
            }),
            database: BTreeMap::new(),
            environment: BTreeMap::new(),
            digits: VecDeque::new(),
            prompt_ms: None,
            trace: Vec::new(),
            stalled: false,
            endpoints: Vec::new(),
            tables: Tables::default(),
            random: 0x9e37_79b9_7f4a_7c15,
            names: Names::default(),
            channels: 0,
            depth: 0,
            limits: Limits::default(),
        }
    }
}

impl World {
    /// Says what an endpoint does: `SIP/61`, compared without case.
    pub fn endpoint(&mut self, target: &[u8], behaviour: Behaviour) {
        self.endpoints.push((target.to_vec(), behaviour));
    }

    /// Seeds what is random.
    pub fn seed(&mut self, seed: u64) {
        // Zero would stay zero for ever.
        self.random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    }

    fn behaviour(&self, target: &Target) -> Option<Behaviour> {
        let name = [target.technology.as_slice(), b"/", &target.resource].concat();
        self.endpoints
            .iter()
            .rev()
            .find(|(t, _)| t.eq_ignore_ascii_case(&name))
            .map(|(_, b)| *b)
    }

    /// The next random number (xorshift).
    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

/// A simulated call or evaluation in its world.
#[derive(Debug)]
pub struct Simulation {
    module: Arc<Module>,
    /// The world; it stays as the last run left it.
    pub world: World,
}

/// What a simulated run left behind.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub end: End,
    /// The machine, for its variables.
    pub vm: Vm,
}

impl Simulation {
    /// A fresh world around a dialplan.
    #[must_use]
    pub fn new(module: Arc<Module>) -> Simulation {
        Simulation {
            module,
            world: World::default(),
        }
    }

    /// The channel of `eval` and `simulate`: a Local channel that is Up, nobody's caller id.
    pub fn party(&mut self) -> Party {
        let mut name = self.world.names.channel(b"Local/s@main");
        name.extend_from_slice(b";2");
        let unique_id = self.world.names.unique_id(self.world.now.seconds());
        Party {
            name,
            linked_id: unique_id.clone(),
            unique_id,
            technology: b"Local".to_vec(),
            state: State::Up,
            // What a channel driver answers about such a channel.
            items: [
                ("audiowriteformat", "slin"),
                ("audioreadformat", "slin"),
                ("audionativeformat", "(slin)"),
                ("onhold", "0"),
            ]
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
            ..Party::default()
        }
    }

    /// Runs a call that begins there, on the channel of [`party`](Simulation::party).
    pub fn call(&mut self, at: Place) -> Ran {
        let party = self.party();
        self.run(Entry::call(party, at))
    }

    /// Substitutes one text after some application lines, as if it were an argument at `place`: [`End::Returned`] with the text, or
    /// another end when a line before ended the dialplan.
    pub fn eval(
        &mut self,
        variables: Vec<(Text, Text)>,
        place: Place,
        before: Vec<Text>,
        text: Text,
    ) -> Ran {
        let party = self.party();
        self.run(Entry {
            party,
            variables,
            run: Run::Eval {
                place,
                before,
                text,
            },
        })
    }

    /// Runs any entry to its end.
    pub fn run(&mut self, entry: Entry) -> Ran {
        let mut vm = Vm::new(self.world.limits);
        let mut inbox = Inbox::new(None);
        let channel = Channel::new(&entry.party);
        let mut performer = Simulated {
            world: &mut self.world,
            module: Arc::clone(&self.module),
            channel,
            far: None,
        };
        let end = block_on(drive(
            &mut vm,
            &self.module,
            entry,
            &mut performer,
            &mut inbox,
        ));
        Ran { end, vm }
    }
}

/// Runs a future that never really waits.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        // Pending only means that a machine out of fuel let others go first; there are none.
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// One channel of the world.
struct Channel {
    name: Text,
    up: bool,
    /// Its number in the trace, once it ran a step.
    number: Option<usize>,
}

impl Channel {
    fn new(party: &Party) -> Channel {
        Channel {
            name: party.name.clone(),
            up: party.state == State::Up,
            number: None,
        }
    }
}

/// What the dialler of a Local channel learns from its far half, and how long it is patient.
struct Far {
    /// When the dialler gives up on an unanswered call.
    patience: Option<Time>,
    /// When the dialler ends an answered call.
    end: Option<Time>,
    rang: Option<Time>,
    progressed: Option<Time>,
    answered: Option<Time>,
    /// Busy or congestion, said before the answer.
    refused: Option<u16>,
}

struct Simulated<'w> {
    world: &'w mut World,
    module: Arc<Module>,
    channel: Channel,
    far: Option<Far>,
}

/// How a called line behaved.
struct Called {
    name: Text,
    rang: Option<Time>,
    progressed: Option<Time>,
    answered: Option<Time>,
    /// When it was over: the refusal, or the end of the talk.
    over: Option<Time>,
    /// Why it failed; `None` while it rang on.
    cause: Option<u16>,
    /// The cause is one that HANGUPCAUSE shows (Local channels show none).
    shown: bool,
}

impl Perform for Simulated<'_> {
    fn inputs(&self) -> Inputs {
        Inputs {
            now: self.world.now,
            globals: Arc::clone(&self.world.globals),
            system: Arc::clone(&self.world.system),
        }
    }

    async fn perform(&mut self, effect: Effect, inbox: &mut Inbox) -> Reply {
        match effect {
            Effect::Answer { .. } => {
                self.answer();
                Reply::done().state(State::Up)
            }
            Effect::Dial(dial) => self.dial(*dial, inbox).await,
            Effect::Play(play) => self.play(play, inbox),
            Effect::Say { prompts, .. } => {
                let each = self.world.prompt_ms.unwrap_or(0);
                self.wait(Some(each.saturating_mul(prompts.len() as u64)), inbox)
            }
            Effect::Echo => self.wait(None, inbox),
            Effect::Wait { ms } => self.wait(Some(ms), inbox),
            Effect::Digit { timeout_ms } => match self.world.digits.pop_front() {
                Some(digit) => Reply::with(Answer::Digit(digit)),
                None => self.wait(timeout_ms, inbox),
            },
            Effect::Ringing => {
                let now = self.world.now;
                if let Some(far) = &mut self.far {
                    far.rang.get_or_insert(now);
                }
                Reply::done()
            }
            Effect::Progress => {
                let now = self.world.now;
                if let Some(far) = &mut self.far {
                    far.progressed.get_or_insert(now);
                }
                Reply::done()
            }
            Effect::Proceeding => Reply::done(),
            Effect::Busy { timeout_ms } => self.refuse(17, timeout_ms, inbox),
            Effect::Congestion { timeout_ms } => self.refuse(34, timeout_ms, inbox),
            Effect::SendMessage(message) => self.send(&message),
            Effect::SendText { .. } => Reply::done()
                .set("SENDTEXTSTATUS", "SUCCESS")
                .set("SENDTEXTTYPE", "BASIC"),
            Effect::Log { level, text } => {
                self.note(level, String::from_utf8_lossy(&text).into_owned());
                Reply::done()
            }
            Effect::Verbose { text, .. } => {
                self.note(Level::Verbose, String::from_utf8_lossy(&text).into_owned());
                Reply::done()
            }
            Effect::SetGlobal { name, value } => {
                let globals = Arc::make_mut(&mut self.world.globals);
                match value {
                    Some(value) => globals.0.insert(name, value),
                    None => globals.0.remove(&name),
                };
                Reply::done()
            }
            Effect::DbGet { family, key } => self
                .world
                .database
                .get(&path(&family, &key))
                .map_or_else(Reply::done, |v| Reply::value(v.clone())),
            Effect::DbPut { family, key, value } => {
                self.world.database.insert(path(&family, &key), value);
                Reply::done()
            }
            Effect::DbDelete { family, key, tree } => self.delete(&path(&family, &key), tree),
            Effect::DbKeys { prefix } => self.keys(&prefix),
            Effect::Random { min, max } => {
                let width = u128::try_from(i128::from(max) - i128::from(min)).unwrap_or(0) + 1;
                let drawn = i128::from(min)
                    + i128::try_from(u128::from(self.world.draw()) % width).unwrap_or(0);
                Reply::value(drawn.to_string())
            }
            Effect::ReadFunction { function, args } => self.read(&function, &args),
            Effect::WriteFunction {
                function,
                args,
                value,
            } => {
                if function == b"ENV" {
                    self.world.environment.insert(args, value);
                    return Reply::done();
                }
                self.world
                    .tables
                    .write(&self.channel.name, &function, &args, &value)
                    .unwrap_or_else(|| Reply::with(Answer::Unserved))
            }
            Effect::Unserved { application, .. } => {
                let name = String::from_utf8_lossy(&application).into_owned();
                self.note(Level::Notice, format!("{name} does nothing in this world"));
                Reply::done()
            }
        }
    }

    fn knows(&mut self, party: &Party) {
        self.channel.up = party.state == State::Up;
    }

    fn saw(&mut self, what: Trace) {
        let channel = match self.channel.number {
            Some(number) => number,
            None => {
                let number = self.world.channels;
                self.world.channels += 1;
                *self.channel.number.insert(number)
            }
        };
        self.world.trace.push(Happened {
            channel,
            at: self.world.now,
            what,
        });
    }
}

impl Simulated<'_> {
    fn note(&mut self, level: Level, text: String) {
        self.saw(Trace::Note { level, text });
    }

    fn answer(&mut self) {
        self.channel.up = true;
        let now = self.world.now;
        if let Some(far) = &mut self.far {
            far.answered.get_or_insert(now);
        }
    }

    /// The moment at which this channel is taken out of any wait.
    fn horizon(&self, inbox: &Inbox) -> (Option<Time>, Option<Interrupt>) {
        let far = self.far.as_ref().and_then(|f| {
            if f.answered.is_some() {
                f.end
            } else {
                f.patience
            }
        });
        let own = inbox.deadline;
        match (far, own) {
            (Some(far), own) if own.is_none_or(|own| far <= own) => {
                (Some(far), Some(Interrupt::Hangup { cause: 0 }))
            }
            (_, own) => (own, None),
        }
    }

    /// Lets time pass: `Done` at its end, `Gone` when the channel is taken out of the wait. Without an end, the channel stalls.
    fn wait(&mut self, ms: Option<u64>, inbox: &mut Inbox) -> Reply {
        let until = ms.map(|ms| later(self.world.now, ms));
        let (horizon, why) = self.horizon(inbox);
        match (until, horizon) {
            (Some(until), horizon) if horizon.is_none_or(|h| until < h) => {
                self.world.now = until;
                Reply::done()
            }
            (_, Some(horizon)) => {
                self.world.now = horizon.max(self.world.now);
                if let Some(why) = why {
                    inbox.hand().interrupt(why);
                }
                Reply::with(Answer::Gone)
            }
            (_, None) => {
                self.world.stalled = true;
                inbox.hand().interrupt(Interrupt::Hangup { cause: 0 });
                Reply::with(Answer::Gone)
            }
        }
    }

    fn refuse(&mut self, cause: u16, timeout_ms: Option<u64>, inbox: &mut Inbox) -> Reply {
        if let Some(far) = &mut self.far
            && far.answered.is_none()
        {
            // The dialler hears it and hangs up at once.
            far.refused = Some(cause);
            inbox.hand().interrupt(Interrupt::Hangup { cause: 0 });
            return Reply::with(Answer::Gone);
        }
        let reply = self.wait(timeout_ms, inbox);
        if reply.answer == Answer::Done {
            Reply::with(Answer::Stop)
        } else {
            reply
        }
    }

    fn play(&mut self, play: Play, inbox: &mut Inbox) -> Reply {
        let mut reply = Reply::done();
        if play.answer && !self.channel.up {
            self.answer();
            reply = reply.state(State::Up);
        }
        let status = match self.world.prompt_ms {
            None => {
                for file in &play.files {
                    self.note(
                        Level::Warning,
                        format!("no sound file `{}`", String::from_utf8_lossy(file)),
                    );
                }
                "FAILED"
            }
            Some(ms) => {
                reply.answer = self
                    .wait(Some(ms.saturating_mul(play.files.len() as u64)), inbox)
                    .answer;
                "SUCCESS"
            }
        };
        if play.status.is_empty() {
            reply
        } else {
            reply.set(play.status, status)
        }
    }

    fn send(&mut self, message: &Outgoing) -> Reply {
        let scheme = message
            .destination
            .split(|b| *b == b':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let status = if message.destination.is_empty() {
            "INVALID_URI"
        } else if !matches!(scheme.as_slice(), b"sip" | b"pjsip" | b"xmpp") {
            "INVALID_PROTOCOL"
        } else {
            let rest = message
                .destination
                .get(scheme.len() + 1..)
                .unwrap_or_default();
            let name = rest.split(|b| *b == b'@').next().unwrap_or_default();
            let target = Target {
                technology: scheme,
                resource: name.to_vec(),
            };
            match self.world.behaviour(&target) {
                Some(Behaviour::Answers { .. }) => "SUCCESS",
                Some(_) => "FAILURE",
                None => {
                    self.note(
                        Level::Notice,
                        format!(
                            "nobody said that `{}` takes messages: FAILURE",
                            String::from_utf8_lossy(&message.destination)
                        ),
                    );
                    "FAILURE"
                }
            }
        };
        Reply::done().set("MESSAGE_SEND_STATUS", status)
    }

    fn read(&mut self, function: &[u8], args: &[u8]) -> Reply {
        if function == b"ENV" {
            return self
                .world
                .environment
                .get(args)
                .map_or_else(Reply::done, |v| Reply::value(v.clone()));
        }
        if let Some(reply) = self.world.tables.read(&self.channel.name, function, args) {
            return reply;
        }
        match function {
            b"DEVICE_STATE" => {
                let known = self
                    .world
                    .endpoints
                    .iter()
                    .rev()
                    .find(|(t, _)| t.eq_ignore_ascii_case(args))
                    .map(|(_, b)| *b);
                Reply::value(match known {
                    Some(Behaviour::Busy) => "BUSY",
                    Some(Behaviour::Unavailable) => "UNAVAILABLE",
                    Some(_) => "NOT_INUSE",
                    None => "INVALID",
                })
            }
            b"DB_KEYCOUNT" => {
                let at = args.strip_prefix(b"/").unwrap_or(args);
                let below = [at, b"/"].concat();
                let count = self.world.database.keys().filter(|k| *k == at || k.starts_with(&below)).count();
                Reply::value(count.to_string())
            }
            // This world has neither queues nor mailboxes.
            b"QUEUE_EXISTS" | b"VMCOUNT" if !args.is_empty() => Reply::value("0"),
            b"EXTENSION_STATE" => Reply::value("UNKNOWN"),
            b"DB_KEYCOUNT" => {
                let below = [args.strip_prefix(b"/").unwrap_or(args), b"/"].concat();
                let keys = self.world.database.keys();
                Reply::value(keys.filter(|k| k.starts_with(&below)).count().to_string())
            }
            _ => Reply::with(Answer::Unserved),
        }
    }

    fn delete(&mut self, at: &[u8], tree: bool) -> Reply {
        let old = self.world.database.remove(at);
        let below = [at, b"/"].concat();
        let before = self.world.database.len();
        if tree {
            self.world
                .database
                .retain(|key, _| !key.starts_with(&below));
        }
        match old {
            Some(old) => Reply::value(old),
            None if self.world.database.len() < before => Reply::value(Text::new()),
            None => Reply::done(),
        }
    }

    fn keys(&mut self, prefix: &[u8]) -> Reply {
        let keys = children(self.world.database.keys(), prefix);
        if keys.is_empty() {
            Reply::done()
        } else {
            Reply::value(keys.join(&b','))
        }
    }

    async fn dial(&mut self, dial: Dial, inbox: &mut Inbox) -> Reply {
        let start = self.world.now;
        let limit = |ms: Option<u64>| ms.map(|ms| later(start, ms));
        // The caller is patient until Dial's time is over, or until it is itself taken away.
        let (horizon, why) = self.horizon(inbox);
        let patience = earliest(limit(dial.timeout_ms), horizon);
        let mut failed = Vec::new();
        let mut cause = None;
        let mut record = Record::default();
        let mut winner: Option<Called> = None;
        let mut end = start;
        let mut waiting = false;
        for target in dial.targets.iter().take(limits::TARGETS) {
            self.world.now = start;
            // A line that answers later than another one never gets that far.
            let until = earliest(patience, winner.as_ref().and_then(|w| w.answered));
            let called = self.call(target, &dial, until, horizon).await;
            record.rang = first(record.rang, called.rang.map(|t| since(start, t)));
            record.progressed = first(
                record.progressed,
                called.progressed.map(|t| since(start, t)),
            );
            match (called.answered, called.cause) {
                (Some(at), _) => {
                    if winner
                        .as_ref()
                        .and_then(|w| w.answered)
                        .is_none_or(|won| at < won)
                    {
                        winner = Some(called);
                    }
                }
                (None, Some(why)) => {
                    failed.push(Cause(why));
                    if called.shown {
                        cause = Some(why);
                    }
                    end = end.max(called.over.unwrap_or(start));
                }
                (None, None) => waiting = true,
            }
        }
        let finish = |record: &Record, reply: Reply, status| {
            let reply = record.set(reply, status);
            match cause {
                Some(cause) => reply.cause(cause),
                None => reply,
            }
        };
        if let Some(won) = winner {
            let answered = won.answered.unwrap_or(start);
            record.answered = Some(since(start, answered));
            let number = dial
                .targets
                .first()
                .map(|t| t.resource.clone())
                .unwrap_or_default();
            let number = dial
                .targets
                .iter()
                .find(|t| {
                    won.name
                        .windows(t.resource.len().max(1))
                        .any(|w| w == t.resource)
                })
                .map_or(number, |t| t.resource.clone());
            record.peer = Some((won.name.clone(), number));
            self.answer();
            let mut longest = horizon;
            for letter in [b'S', b'L'] {
                let text = dial.option(letter).flatten().unwrap_or_default();
                let first = text.split(|b| *b == b':').next().unwrap_or_default();
                if let Some(value) = std::str::from_utf8(first)
                    .ok()
                    .and_then(|t| t.trim().parse::<f64>().ok())
                    .filter(|v| *v > 0.0)
                {
                    let ms = if letter == b'S' {
                        value * 1000.0
                    } else {
                        value
                    };
                    longest = earliest(longest, Some(later(answered, ms as u64)));
                }
            }
            let over = earliest(won.over, longest);
            let reply = match over {
                Some(over) => {
                    self.world.now = over.max(answered);
                    Reply::done()
                }
                None => {
                    self.world.stalled = true;
                    inbox.hand().interrupt(Interrupt::Hangup { cause: 0 });
                    Reply::with(Answer::Gone)
                }
            };
            record.ended = since(start, self.world.now);
            let caller_gone = won.over.is_none_or(|o| horizon.is_some_and(|h| h <= o));
            let reply = if caller_gone {
                if let Some(why) = why {
                    inbox.hand().interrupt(why);
                }
                Reply {
                    answer: Answer::Gone,
                    ..reply
                }
            } else if dial.option(b'g').is_some() {
                reply
            } else {
                Reply {
                    answer: Answer::Stop,
                    ..reply
                }
            };
            return finish(&record, reply.state(State::Up), DialStatus::Answer);
        }
        if !waiting {
            self.world.now = end;
            record.ended = since(start, end);
            return finish(&record, Reply::done(), DialStatus::of_legs(&failed));
        }
        // Somebody rang on to the end.
        match patience {
            Some(at) if Some(at) != horizon || why.is_none() && inbox.deadline != Some(at) => {
                self.world.now = at;
                record.ended = since(start, at);
                finish(&record, Reply::done(), DialStatus::NoAnswer)
            }
            over => {
                match over {
                    Some(at) => self.world.now = at,
                    None => self.world.stalled = true,
                }
                if let Some(why) = why.or(over.is_none().then_some(Interrupt::Hangup { cause: 0 }))
                {
                    inbox.hand().interrupt(why);
                }
                record.ended = since(start, self.world.now);
                finish(&record, Reply::with(Answer::Gone), DialStatus::Cancel)
            }
        }
    }

    /// Calls one target from now on, at most until `patience` while it does not answer.
    async fn call(
        &mut self,
        target: &Target,
        dial: &Dial,
        patience: Option<Time>,
        end: Option<Time>,
    ) -> Called {
        let start = self.world.now;
        let base = [target.technology.as_slice(), b"/", &target.resource].concat();
        let mut called = Called {
            name: Text::new(),
            rang: None,
            progressed: None,
            answered: None,
            over: None,
            cause: None,
            shown: true,
        };
        if target.technology.eq_ignore_ascii_case(b"Local") {
            return self.local(target, dial, patience, end).await;
        }
        called.name = self.world.names.channel(&base);
        let name = String::from_utf8_lossy(&base).into_owned();
        match self.world.behaviour(target) {
            Some(Behaviour::Answers { after_ms, talks_ms }) => {
                called.rang = Some(start);
                let at = later(start, after_ms);
                if patience.is_none_or(|p| at < p) {
                    called.answered = Some(at);
                    called.over = talks_ms.map(|ms| later(at, ms));
                }
            }
            Some(Behaviour::NoAnswer) => called.rang = Some(start),
            Some(Behaviour::Busy) => called.cause = Some(17),
            Some(Behaviour::Congestion) => called.cause = Some(34),
            Some(Behaviour::Refuses) => called.cause = Some(21),
            Some(Behaviour::Unavailable) => called.cause = Some(20),
            None => {
                // An unknown technology is 66; a known one without an answer counts as not registered.
                let known = [b"SIP".as_slice(), b"PJSIP"]
                    .iter()
                    .any(|t| t.eq_ignore_ascii_case(&target.technology));
                called.cause = Some(if known { 20 } else { 66 });
                self.note(
                    Level::Notice,
                    format!("nobody said what {name} does: CHANUNAVAIL"),
                );
            }
        }
        called
    }

    /// `Local/exten@context[/options]`: runs a further channel of this world.
    async fn local(
        &mut self,
        target: &Target,
        dial: &Dial,
        patience: Option<Time>,
        end: Option<Time>,
    ) -> Called {
        let mut called = Called {
            name: Text::new(),
            rang: None,
            progressed: None,
            answered: None,
            over: None,
            cause: None,
            shown: false,
        };
        let address = target
            .resource
            .split(|b| *b == b'/')
            .next()
            .unwrap_or_default();
        let (exten, context) = match address.iter().position(|b| *b == b'@') {
            Some(at) => (&address[..at], &address[at + 1..]),
            None => (address, b"default".as_slice()),
        };
        let base = [b"Local/".as_slice(), exten, b"@", context].concat();
        let pair = self.world.names.channel(&base);
        called.name = [pair.as_slice(), b";1"].concat();
        let place = Place::new(context, exten, 1);
        if self.world.depth >= limits::LOCAL_DEPTH
            || !self.module.exists(
                &self.inputs(),
                context,
                exten,
                dial.caller.number.as_deref(),
            )
        {
            called.cause = Some(3);
            return called;
        }
        let unique_id = self.world.names.unique_id(self.world.now.seconds());
        let party = Party {
            name: [pair.as_slice(), b";2"].concat(),
            linked_id: unique_id.clone(),
            unique_id,
            technology: b"Local".to_vec(),
            state: State::Ring,
            caller: Identity {
                dnid: Text::new(),
                ..dial.caller.clone()
            },
            language: dial.language.clone(),
            account: dial.account.clone(),
            ..Party::default()
        };
        let entry = Entry {
            variables: dial.inherited.clone(),
            run: Run::Call(place),
            party,
        };
        let far = Far {
            patience,
            end,
            rang: None,
            progressed: None,
            answered: None,
            refused: None,
        };
        let module = Arc::clone(&self.module);
        self.world.depth += 1;
        let (ended, far) = further(self.world, module, entry, far).await;
        self.world.depth -= 1;
        called.rang = far.rang;
        called.progressed = far.progressed;
        called.answered = far.answered;
        called.over = Some(self.world.now);
        if far.answered.is_none() {
            let given_up = patience.is_some_and(|p| self.world.now >= p) && ended.hung_up();
            called.cause = if given_up {
                None
            } else {
                Some(far.refused.unwrap_or_else(|| ended.cause()))
            };
        }
        called
    }
}

/// Runs a further channel: boxed, because it may dial again.
fn further<'w>(
    world: &'w mut World,
    module: Arc<Module>,
    entry: Entry,
    far: Far,
) -> Pin<Box<dyn Future<Output = (End, Far)> + Send + 'w>> {
    Box::pin(async move {
        let mut vm = Vm::new(world.limits);
        let mut inbox = Inbox::new(None);
        let channel = Channel::new(&entry.party);
        let name = channel.name.clone();
        let mut performer = Simulated {
            world,
            module: Arc::clone(&module),
            channel,
            far: Some(far),
        };
        let end = drive(&mut vm, &module, entry, &mut performer, &mut inbox).await;
        performer.world.tables.forget(&name);
        let far = performer.far.take().unwrap_or(Far {
            patience: None,
            end: None,
            rang: None,
            progressed: None,
            answered: None,
            refused: None,
        });
        (end, far)
    })
}

/// `family/key`.
fn path(family: &[u8], key: &[u8]) -> Text {
    let family = family.strip_prefix(b"/").unwrap_or(family);
    if key.is_empty() {
        family.to_vec()
    } else {
        [family, b"/", key].concat()
    }
}

/// The path components right below a prefix, in order, each once.
pub(crate) fn children<'k>(keys: impl Iterator<Item = &'k Text>, prefix: &[u8]) -> Vec<Text> {
    let prefix = prefix.strip_prefix(b"/").unwrap_or(prefix);
    let mut found: Vec<Text> = Vec::new();
    for key in keys {
        let rest = if prefix.is_empty() {
            Some(key.as_slice())
        } else {
            key.strip_prefix(prefix).and_then(|k| k.strip_prefix(b"/"))
        };
        if let Some(next) = rest.and_then(|r| r.split(|b| *b == b'/').next())
            && found.last().is_none_or(|last| last != next)
        {
            found.push(next.to_vec());
        }
    }
    found
}

fn later(now: Time, ms: u64) -> Time {
    Time(
        now.0
            .saturating_add(i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX)),
    )
}

fn since(start: Time, now: Time) -> u64 {
    u64::try_from(now.0.saturating_sub(start.0) / 1_000).unwrap_or(0)
}

fn earliest(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn first(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
