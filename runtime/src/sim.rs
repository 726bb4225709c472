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

mod answered;
mod dial;
mod files;
mod functions;
mod profile;

pub use self::answered::Answered;
pub use self::profile::Spent;

use self::dial::Far;
use crate::channel::{End, Names, drive};
use crate::perform::{Inbox, Perform};
use crate::tables::Tables;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use strowger_vm::effect::{Answer, Effect, Level, Outgoing, Play, Reply, Target};
use strowger_vm::{
    Entry, Globals, Inputs, Interrupt, Limits, Module, Party, Place, Run, State, System, Text,
    Time, Trace, Vm,
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
    /// It rings for a while, and then fails with this Q.850 cause.
    Fails {
        /// Milliseconds.
        after_ms: u64,
        /// 17 busy, 21 rejected, 34 congestion, 20 unavailable ...
        cause: u16,
    },
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
    /// Files that the dialplan wrote, or was given: they exist only here.
    pub files: functions::Files,
    /// Digits that the caller presses, each at the first wait for one.
    pub digits: VecDeque<u8>,
    /// How long a prompt lasts; `None`: there are no sound files, so every prompt is missing.
    pub prompt_ms: Option<u64>,
    /// Everything that happened, on all channels.
    pub trace: Vec<Happened>,
    /// What was asked of the world, and its answers.
    pub answers: Vec<Answered>,
    /// Whether trace and answers are kept. Without them steps run as fast as in the exchange.
    pub record: bool,
    /// A wait without an end was cut: the channel would still be there.
    pub stalled: bool,
    endpoints: Vec<(Text, Behaviour)>,
    tables: Tables,
    random: u64,
    names: Names,
    /// Channels that ran a step so far.
    channels: usize,
    depth: usize,
    /// The bounds of each channel.
    pub limits: Limits,
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
            files: BTreeMap::new(),
            digits: VecDeque::new(),
            prompt_ms: None,
            trace: Vec::new(),
            answers: Vec::new(),
            record: true,
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
            music: Text::new(),
            // What a channel driver answers about such a channel.
            items: [
                ("audiowriteformat", "slin"),
                ("audioreadformat", "slin"),
                ("audionativeformat", "(slin)"),
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
        vm.trace_steps(self.world.record);
        let mut inbox = Inbox::new(None);
        let channel = Channel::new(&entry.party);
        let mut performer = Simulated {
            world: &mut self.world,
            module: Arc::clone(&self.module),
            channel,
            far: None,
        };
        let end = block_on(drive(&mut vm, entry, &mut performer, &mut inbox));
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

struct Simulated<'w> {
    world: &'w mut World,
    module: Arc<Module>,
    channel: Channel,
    far: Option<Far>,
}

impl Perform for Simulated<'_> {
    fn module(&self) -> Arc<Module> {
        Arc::clone(&self.module)
    }

    fn inputs(&self) -> Inputs {
        Inputs {
            now: self.world.now,
            globals: Arc::clone(&self.world.globals),
            system: Arc::clone(&self.world.system),
        }
    }

    async fn perform(&mut self, effect: Effect, inbox: &mut Inbox) -> Reply {
        if !self.world.record || self.world.answers.len() == answered::KEPT {
            return self.act(effect, inbox).await;
        }
        let (asked, what) = (self.world.now, effect.clone());
        let reply = self.act(effect, inbox).await;
        let answered = Answered {
            before: self.world.trace.len(),
            channel: self.number(),
            asked,
            at: self.world.now,
            effect: what,
            reply: reply.clone(),
        };
        self.world.answers.push(answered);
        reply
    }

    fn knows(&mut self, party: &Party) {
        self.channel.up = party.state == State::Up;
    }

    fn watches(&self) -> bool {
        self.world.record
    }

    fn saw(&mut self, what: Trace) {
        let channel = self.number();
        if self.world.record {
            self.world.trace.push(Happened {
                channel,
                at: self.world.now,
                what,
            });
        }
    }
}

impl Simulated<'_> {
    /// The number of the channel, from now on.
    fn number(&mut self) -> usize {
        match self.channel.number {
            Some(number) => number,
            None => {
                let number = self.world.channels;
                self.world.channels += 1;
                *self.channel.number.insert(number)
            }
        }
    }

    async fn act(&mut self, effect: Effect, inbox: &mut Inbox) -> Reply {
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
            } => self.write(&function, &args, &value),
            Effect::Unserved { application, .. } => {
                let name = String::from_utf8_lossy(&application).into_owned();
                self.note(Level::Notice, format!("{name} does nothing in this world"));
                Reply::done()
            }
        }
    }

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
    let prefix = prefix.strip_suffix(b"/").unwrap_or(prefix);
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
