//! A world for machines under test: no phones, no sound, time that passes at once.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::sync::Arc;

use strowger_compiler::{Options, Sources, compile};
use strowger_vm::effect::Answer;
use strowger_vm::{
    Effect, Entry, Executed, Globals, Inputs, Interrupt, Module, Party, Place, Reply, State, Step,
    System, Text, Time, Trace, Vm,
};

/// A world without phones: time passes at once, a database and globals that start empty.
#[derive(Default)]
pub struct World {
    pub now: Time,
    pub globals: BTreeMap<Text, Text>,
    pub database: BTreeMap<(Vec<u8>, Vec<u8>), Vec<u8>>,
}

impl World {
    pub fn inputs(&self) -> Inputs {
        Inputs {
            now: self.now,
            globals: Arc::new(Globals(self.globals.clone())),
            system: Arc::new(System::default()),
        }
    }

    fn pass(&mut self, vm: &mut Vm, ms: u64) -> Reply {
        let end = Time(self.now.0 + ms as i64 * 1000);
        match vm.deadline() {
            Some(at) if at <= end => {
                self.now = at;
                vm.interrupt(Interrupt::AbsoluteTimeout);
                Reply::with(Answer::Gone)
            }
            _ => {
                self.now = end;
                Reply::done()
            }
        }
    }

    /// Does what the effect says.
    pub fn perform(&mut self, vm: &mut Vm, effect: Effect) -> Reply {
        match effect {
            Effect::Answer { .. } => Reply::done().state(State::Up),
            Effect::Wait { ms } => self.pass(vm, ms),
            Effect::Digit { timeout_ms } => {
                self.pass(vm, timeout_ms.unwrap_or(u64::from(u32::MAX)))
            }
            Effect::Busy { timeout_ms } | Effect::Congestion { timeout_ms } => {
                self.pass(vm, timeout_ms.unwrap_or(10_000))
            }
            Effect::SetGlobal { name, value } => {
                match value {
                    Some(v) => self.globals.insert(name, v),
                    None => self.globals.remove(&name),
                };
                Reply::done()
            }
            Effect::DbPut { family, key, value } => {
                self.database.insert((family, key), value);
                Reply::done()
            }
            Effect::DbGet { family, key } => match self.database.get(&(family, key)) {
                Some(v) => Reply::value(v.clone()),
                None => Reply::done(),
            },
            Effect::DbDelete {
                family,
                key,
                tree: true,
            } => {
                self.database
                    .retain(|(f, k), _| *f != family || !k.starts_with(&key));
                Reply::done()
            }
            Effect::Random { min, .. } => Reply::value(min.to_string()),
            Effect::DbDelete { family, key, .. } => match self.database.remove(&(family, key)) {
                Some(v) => Reply::value(v),
                None => Reply::done(),
            },
            Effect::ReadFunction { .. } | Effect::WriteFunction { .. } => {
                Reply::with(Answer::Unserved)
            }
            _ => Reply::done(),
        }
    }
}

/// The module of a plan.
pub fn module(plan: &str) -> Arc<Module> {
    compile(&Sources::plan(plan), &Options::default())
        .module
        .unwrap()
}

/// What became of a run.
pub struct Ran {
    pub steps: Vec<Executed>,
    pub notes: Vec<String>,
    pub effects: Vec<Effect>,
    pub last: Step,
}

impl Ran {
    /// The arguments of the steps, as far as they have any, joined by blanks.
    pub fn said(&self) -> String {
        let said: Vec<String> = self
            .steps
            .iter()
            .map(|s| text(&s.arguments))
            .filter(|a| !a.is_empty())
            .collect();
        said.join(" ")
    }
}

/// An answered channel that begins there.
pub fn call(context: &str, exten: &str, priority: u32) -> Entry {
    let party = Party {
        name: b"Local/x@y".to_vec(),
        state: State::Up,
        ..Party::default()
    };
    Entry::call(party, Place::new(context, exten, priority))
}

/// Runs a machine to its end in a world; `answers` may answer an effect itself.
pub fn run_with(
    world: &mut World,
    vm: &mut Vm,
    module: &Arc<Module>,
    entry: Entry,
    mut answers: impl FnMut(&Effect, &mut Vm) -> Option<Reply>,
) -> Ran {
    let mut ran = Ran {
        steps: Vec::new(),
        notes: Vec::new(),
        effects: Vec::new(),
        last: Step::OutOfFuel,
    };
    let mut step = vm.start(module, &world.inputs(), entry);
    loop {
        for t in vm.take_trace() {
            match t {
                Trace::Step(s) => ran.steps.push(s),
                Trace::Note { text, .. } => ran.notes.push(text),
                Trace::Set { .. } => {}
            }
        }
        let reply = match step {
            Step::Effect(e) => {
                let reply = answers(&e, vm).unwrap_or_else(|| world.perform(vm, e.clone()));
                ran.effects.push(e);
                reply
            }
            Step::OutOfFuel => Reply::done(),
            last => {
                ran.last = last;
                return ran;
            }
        };
        step = vm.resume(module, &world.inputs(), reply);
    }
}

/// Runs a plan from main,s,1.
pub fn run(plan: &str) -> Ran {
    let module = module(plan);
    let mut vm = Vm::new(strowger_vm::Limits::default());
    run_with(
        &mut World::default(),
        &mut vm,
        &module,
        call("main", "s", 1),
        |_, _| None,
    )
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
