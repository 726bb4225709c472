//! The simulator: [`Perform`](crate::Perform) with a virtual clock in a made-up world.
//!
//! Nothing here touches the machine: the database, the environment and the phones are made up, time passes at once, and what is random
//! comes from a seed. Channels and phones take turns on one thread (`stage.rs`); a channel reached through `Local/` is a further one.
//!
//! A [`Scenario`] says what happens outside the plan, and [`Simulation::play`] gives back a [`Report`]:
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use strowger_runtime::sim::{Act, Attempt, Call, Endpoint, Scenario, Simulation};
//!
//! let plan = "[office]\nexten => 61,1,Dial(PJSIP/61,20)\n";
//! let sources = strowger_compiler::source::Sources::plan(plan);
//! let module = strowger_compiler::compile(&sources, &Default::default()).module.unwrap();
//! let scenario = Scenario {
//!     endpoints: vec![Endpoint {
//!         name: b"PJSIP/61".to_vec(),
//!         attempts: vec![Attempt::Answers {
//!             after: Duration::from_secs(2),
//!             then: vec![Act::Talk(Duration::from_secs(60)), Act::HangUp],
//!         }],
//!         ..Endpoint::default()
//!     }],
//!     calls: vec![Call {
//!         from: b"PJSIP/62".to_vec(),
//!         context: b"office".to_vec(),
//!         exten: b"61".to_vec(),
//!         ..Call::default()
//!     }],
//!     ..Scenario::default()
//! };
//! let report = Simulation::new(module).play(&Arc::new(scenario));
//! assert_eq!(report.calls[0].variable(b"DIALSTATUS"), Some(b"ANSWER".as_slice()));
//! assert_eq!(report.calls[0].cdr.billsec(), Duration::from_secs(60));
//! ```

mod answered;
mod ask;
mod call;
mod callee;
mod database;
mod dial;
mod effects;
mod endpoints;
mod files;
mod functions;
mod legs;
mod options;
mod phone;
mod profile;
mod prompts;
pub mod report;
pub mod scenario;
mod stage;
mod talk;
mod texts;
mod voicemail;

pub(crate) use self::database::children;

pub use self::answered::Answered;
pub use self::ask::{Ask, Dialled, Key};
pub use self::profile::Spent;
pub use self::report::Report;
pub use self::scenario::{
    Act, Attempt, Call, Endpoint, HangUp, Mailbox, Message, Scenario, Sounds,
};

use self::call::{Actor, Delivery, FarEnd, Progress, Which};
use self::effects::{Own, Simulated};
use self::phone::{Load, Phone};
use self::report::Of;
use self::stage::{Seats, Stage, Task, Timers};
use crate::channel::{End, Names, drive};
use crate::config::Features;
use crate::perform::Inbox;
use crate::tables::Tables;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;
use strowger_vm::effect::Level;
use strowger_vm::{
    Entry, Fault, FaultKind, Globals, Limits, Module, Party, Place, Run, State, System, Text, Time,
    Trace, Vm,
};

/// When a world begins of which nobody says it: 2026-03-11 12:30 UTC, a Wednesday.
const START: Time = Time(1_773_232_200_000_000);

/// What a made-up endpoint does when it is called, for those who want no [`Scenario`].
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

impl From<Behaviour> for Attempt {
    fn from(behaviour: Behaviour) -> Attempt {
        let (ms, after) = (Duration::from_millis, Duration::ZERO);
        match behaviour {
            Behaviour::Answers { after_ms, talks_ms } => Attempt::Answers {
                after: ms(after_ms),
                then: talks_ms
                    .map(|talks| vec![Act::Talk(ms(talks)), Act::HangUp])
                    .unwrap_or_default(),
            },
            Behaviour::Busy => Attempt::Busy { after },
            Behaviour::NoAnswer => Attempt::NeverAnswers,
            Behaviour::Congestion => Attempt::Congested { after },
            Behaviour::Refuses => Attempt::Declines { after },
            Behaviour::Unavailable => Attempt::Unavailable,
            Behaviour::Fails { after_ms, cause } => Attempt::Fails {
                after: ms(after_ms),
                cause,
            },
        }
    }
}

/// One thing that happened on one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// 0 for the channel that was started first, else the number of the further channel in order of appearance.
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
    /// Who is asked where nobody said what happens; nobody: an endpoint cannot be reached, and no key is pressed.
    pub ask: Option<Box<dyn Ask>>,
    /// A wait without an end was cut: the channel would still be there.
    pub stalled: bool,
    /// The bounds of each channel.
    pub limits: Limits,
    /// Keys that mean something in a talk.
    pub features: Features,
    scene: Arc<Scenario>,
    tables: Tables,
    random: u64,
    names: Names,
    run: Running,
}

/// What is there only while the world runs.
#[derive(Default)]
struct Running {
    began: Time,
    module: Arc<Module>,
    channels: Vec<Actor>,
    /// Channels by their number in the trace.
    numbers: Vec<usize>,
    phones: Vec<Phone>,
    calls: Vec<Progress>,
    deliveries: Vec<Delivery>,
    /// How often each endpoint was called, and in which calls it is.
    tries: Vec<usize>,
    /// Endpoints that were asked about.
    asked: Vec<usize>,
    loads: Vec<Load>,
    lines: u64,
    /// Channels and phones so far, and at once.
    tasks: usize,
    at_once: usize,
    spawned: Vec<Task>,
    timers: Timers,
    /// Those who wait for a call to begin or to end.
    waiting: Vec<Waker>,
    /// Of a single channel: how it ended.
    ran: Option<Ran>,
    cut: Option<report::Cut>,
    dialed: Vec<report::Dialed>,
    heard: Vec<report::Heard>,
    sent: Vec<report::Sent>,
    mail: Vec<report::Mail>,
    acted: Vec<report::Acted>,
    received: Vec<report::Received>,
    logs: Vec<report::Logged>,
    unmocked: Vec<report::Unmocked>,
    ignored: Vec<report::Ignored>,
    /// What found no place in these lists.
    dropped: u64,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("channels", &self.channels.len())
            .field("phones", &self.phones.len())
            .finish_non_exhaustive()
    }
}

impl Default for World {
    fn default() -> World {
        World {
            now: START,
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
            ask: None,
            stalled: false,
            scene: Arc::default(),
            tables: Tables::default(),
            random: 0x9e37_79b9_7f4a_7c15,
            names: Names::default(),
            run: Running::default(),
            limits: Limits::default(),
            features: Features::default(),
        }
    }
}

impl World {
    /// Says what an endpoint does: `SIP/61`, compared without case.
    pub fn endpoint(&mut self, target: &[u8], behaviour: Behaviour) {
        Arc::make_mut(&mut self.scene).endpoints.push(Endpoint {
            name: target.to_vec(),
            attempts: vec![behaviour.into()],
            ..Endpoint::default()
        });
    }

    /// What the plan called, and what became of it.
    #[must_use]
    pub fn dialed(&self) -> &[report::Dialed] {
        &self.run.dialed
    }

    /// Seeds what is random.
    pub fn seed(&mut self, seed: u64) {
        // Zero would stay zero for ever.
        self.random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    }

    /// The next random number (xorshift).
    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// The channel of `eval` and `simulate`: a Local channel that is Up, nobody's caller id.
    fn party(&mut self) -> Party {
        let mut name = self.names.channel(b"Local/s@main");
        name.extend_from_slice(b";2");
        let unique_id = self.names.unique_id(self.now.seconds());
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
}

/// A dialplan in a made-up world: one call after the other in the same one, or a scenario in a fresh one.
#[derive(Debug)]
pub struct Simulation {
    module: Arc<Module>,
    /// The world; it stays as the last run left it.
    pub world: World,
    /// The globals of the plan, for each fresh world.
    globals: Arc<Globals>,
    stage: Option<Arc<Stage>>,
    seats: Seats,
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
            globals: Arc::default(),
            stage: None,
            seats: Seats::default(),
        }
    }

    /// The global variables of the plan, with which each scenario begins.
    #[must_use]
    pub fn with_globals(mut self, globals: Arc<Globals>) -> Simulation {
        self.globals = globals;
        self
    }

    /// The channel of `eval` and `simulate`: a Local channel that is Up, nobody's caller id.
    pub fn party(&mut self) -> Party {
        self.world.party()
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

    /// Runs any entry to its end, in the world as it is.
    pub fn run(&mut self, entry: Entry) -> Ran {
        self.alone(entry, async |mut vm, entry, mut performer, mut inbox| {
            let end = drive(&mut vm, entry, &mut performer, &mut inbox).await;
            Ran { end, vm }
        })
    }

    /// Runs one channel that nobody is at, with the further ones that it starts.
    fn alone<F>(
        &mut self,
        entry: Entry,
        run: impl FnOnce(Vm, Entry, Simulated, Inbox) -> F + Send + 'static,
    ) -> Ran
    where
        F: Future<Output = Ran> + Send,
    {
        let (now, endpoints) = (self.world.now, self.world.scene.endpoints.len());
        self.world.run.begin(&self.module, now, endpoints);
        let (module, limits) = (Arc::clone(&self.module), self.world.limits);
        let place = entry.run.place().clone();
        self.on_stage(|stage| {
            let mut world = stage.world();
            let inbox = Inbox::new(None);
            let of = Of::Call(0);
            let (hand, up) = (inbox.hand(), entry.party.state == State::Up);
            let channel = world.add_channel(&entry.party, of, hand, FarEnd::Nobody);
            let mut performer = Simulated::new(stage, &module, channel, Own::Nobody);
            performer.up = up;
            let stage = Arc::clone(stage);
            world.spawn(Box::pin(async move {
                let mut vm = Vm::new(limits);
                vm.trace_steps(stage.world().record);
                let ran = run(vm, entry, performer, inbox).await;
                let mut world = stage.world();
                if let Some(actor) = world.run.channels.get_mut(channel) {
                    actor.over = true;
                }
                world.run.ran = Some(ran);
            }));
        });
        // Only a world in which far too much happened has no result.
        let cut = || Ran {
            end: End::Fault(Fault {
                kind: FaultKind::Effects,
                place,
            }),
            vm: Vm::new(limits),
        };
        self.world.run.ran.take().unwrap_or_else(cut)
    }

    /// Gives the world away, lets everybody run, takes it back.
    fn on_stage(&mut self, begin: impl FnOnce(&Arc<Stage>)) {
        let stage = self
            .stage
            .get_or_insert_with(|| Stage::new(World::default()));
        let stage = Arc::clone(stage);
        std::mem::swap(&mut self.world, &mut *stage.world());
        begin(&stage);
        stage.run(&mut self.seats);
        std::mem::swap(&mut self.world, &mut *stage.world());
    }

    /// Plays a scenario from its start to its end, in a fresh world.
    pub fn play(&mut self, scenario: &Arc<Scenario>) -> Report {
        self.world.set(scenario, &self.globals);
        let (start, endpoints) = (scenario.start, scenario.endpoints.len());
        self.world.run.begin(&self.module, start, endpoints);
        let module = Arc::clone(&self.module);
        self.on_stage(|stage| {
            let mut world = stage.world();
            for call in &scenario.calls {
                world.add_call(call, None);
            }
            match scenario.calls.as_slice() {
                [] => {}
                [only] if only.at.is_zero() => {
                    let which = Which::Scene(Arc::clone(scenario), 0);
                    let (stage, module) = (Arc::clone(stage), Arc::clone(&module));
                    world.spawn(Box::pin(call::run(stage, module, which, 0)));
                }
                _ => {
                    let (stage, module) = (Arc::clone(stage), Arc::clone(&module));
                    world.spawn(Box::pin(call::all(stage, module, Arc::clone(scenario))));
                }
            }
            for texts in by_sender(&scenario.messages) {
                let (stage, module) = (Arc::clone(stage), Arc::clone(&module));
                let scene = Arc::clone(scenario);
                world.spawn(Box::pin(call::texts(stage, module, scene, texts)));
            }
            world
                .run
                .deliveries
                .resize_with(scenario.messages.len(), Delivery::default);
        });
        self.world.report()
    }
}

/// Takes a list out, and leaves room for as long a one: the next run will be much like this one.
fn handed_out<T>(list: &mut Vec<T>) -> Vec<T> {
    let room = Vec::with_capacity(list.len());
    std::mem::replace(list, room)
}

/// The texts of each sender, in order of time.
fn by_sender(messages: &[Message]) -> Vec<Vec<usize>> {
    let mut senders: BTreeMap<&[u8], usize> = BTreeMap::new();
    let mut all: Vec<Vec<usize>> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let next = all.len();
        let sender = *senders.entry(&message.from).or_insert(next);
        if sender == next {
            all.push(Vec::new());
        }
        all[sender].push(at);
    }
    for texts in &mut all {
        texts.sort_by_key(|at| messages[*at].at);
    }
    all
}

impl Running {
    /// Nobody is there yet; what is only room stays.
    fn begin(&mut self, module: &Arc<Module>, began: Time, endpoints: usize) {
        self.began = began;
        if !Arc::ptr_eq(&self.module, module) {
            self.module = Arc::clone(module);
        }
        self.channels.clear();
        self.numbers.clear();
        self.phones.clear();
        self.calls.clear();
        self.deliveries.clear();
        self.tries.clear();
        self.asked.clear();
        self.tries.resize(endpoints, 0);
        self.loads.clear();
        self.loads.resize(endpoints, Load::default());
        self.lines = 0;
        self.tasks = 0;
        self.at_once = 0;
        self.waiting.clear();
        self.ran = None;
        self.cut = None;
        self.dialed.clear();
        self.heard.clear();
        self.sent.clear();
        self.mail.clear();
        self.acted.clear();
        self.received.clear();
        self.logs.clear();
        self.unmocked.clear();
        self.ignored.clear();
        self.dropped = 0;
    }
}

impl World {
    /// Makes this the fresh world of a scenario.
    fn set(&mut self, scenario: &Arc<Scenario>, globals: &Arc<Globals>) {
        self.now = scenario.start;
        self.globals = Arc::clone(globals);
        if !scenario.globals.is_empty() {
            let own = scenario.globals.iter();
            let own = own.map(|(name, value)| (name.clone(), value.clone()));
            Arc::make_mut(&mut self.globals).0.extend(own);
        }
        let (zone, has_prompts) = (&scenario.zone, scenario.sounds.others.is_some());
        let is_other = match zone {
            Some(zone) => self.system.zone != *zone,
            None => self.system.zone != strowger_stdlib::time::Zone::utc(),
        };
        if is_other || self.system.has_prompts != has_prompts {
            let system = Arc::make_mut(&mut self.system);
            system.has_prompts = has_prompts;
            system.zone = zone
                .clone()
                .unwrap_or_else(strowger_stdlib::time::Zone::utc);
        }
        self.database.clone_from(&scenario.database);
        self.environment.clone_from(&scenario.environment);
        self.files.clone_from(&scenario.files);
        self.digits.clear();
        let others = scenario.sounds.others;
        self.prompt_ms = others.map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
        self.trace.clear();
        self.answers.clear();
        self.stalled = false;
        self.scene = Arc::clone(scenario);
        self.tables = Tables::default();
        self.seed(scenario.seed);
        self.names = Names::default();
    }

    /// What it came to; the lists are taken out.
    fn report(&mut self) -> Report {
        let run = &mut self.run;
        let numbers: Vec<Option<usize>> = run.channels.iter().map(|actor| actor.number).collect();
        if run.dropped > 0 {
            let text = format!("{} more entries were not kept", run.dropped);
            self.trace.push(Happened {
                channel: 0,
                at: self.now,
                what: Trace::Note {
                    level: Level::Notice,
                    text,
                },
            });
        }
        let calls: Vec<_> = run.calls.drain(..).map(|c| c.report(&numbers)).collect();
        let messages: Vec<_> = run
            .deliveries
            .drain(..)
            .map(|d| d.report(&numbers))
            .collect();
        let ends = calls.iter().map(|call| call.ended);
        let ends = ends.chain(messages.iter().map(|message| message.ended));
        let channels = run.numbers.iter().filter_map(|at| run.channels.get(*at));
        Report {
            began: run.began,
            ended: ends.max().unwrap_or(run.began),
            channels: channels
                .map(|actor| report::Channel {
                    name: actor.name.clone(),
                    of: actor.of,
                    called: actor.called,
                })
                .collect(),
            calls,
            messages,
            trace: handed_out(&mut self.trace),
            answers: handed_out(&mut self.answers),
            dialed: handed_out(&mut run.dialed),
            heard: handed_out(&mut run.heard),
            sent: std::mem::take(&mut run.sent),
            mail: std::mem::take(&mut run.mail),
            acted: std::mem::take(&mut run.acted),
            received: std::mem::take(&mut run.received),
            logs: std::mem::take(&mut run.logs),
            unmocked: std::mem::take(&mut run.unmocked),
            ignored: std::mem::take(&mut run.ignored),
            stalled: self.stalled,
            cut: run.cut,
            globals: Arc::clone(&self.globals),
            database: std::mem::take(&mut self.database),
            environment: std::mem::take(&mut self.environment),
            files: std::mem::take(&mut self.files),
        }
    }
}
