//! One plan run in one of three ways, and what could be seen of it.
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;

use strowger_vm::effect::Level;
use strowger_vm::{Effect, Entry, Limits, Module, Party, Place, Reply, State, Step, Trace, Vm};

use crate::world::{self, World};

/// What can be told of a run from outside.
#[derive(Debug, PartialEq)]
pub struct Seen {
    pub effects: Vec<Effect>,
    pub notes: Vec<(Level, String)>,
    /// With `_` or `__` before the names of those that are inherited.
    pub variables: Vec<(String, String)>,
    pub place: Place,
    /// `None`: it went round and round.
    pub end: Option<Step>,
}

impl Seen {
    /// Whether two ways did the same, as far as both were followed: they burn fuel at different rates, so one may have been cut off
    /// where the other came to its end.
    pub fn agrees(&self, other: &Seen) -> bool {
        if self.end.is_some() && other.end.is_some() {
            return self == other;
        }
        let both = self.effects.len().min(other.effects.len());
        self.effects[..both] == other.effects[..both]
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    Quick,
    Whole,
    Written,
}

/// Effects after which a run is taken for endless: the ways burn fuel at different rates, so only runs that end are compared to
/// the end.
const EFFECTS: usize = 60;

/// Runs a plan from a place to its end, or until it is seen to go round and round.
pub fn go(module: &Arc<Module>, at: &Place, variables: &[(&[u8], &[u8])], way: Way) -> Seen {
    let nothing = |_: usize, _: &mut Vm, _: &mut World, _: &mut Reply| None;
    go_with(module, at, variables, way, nothing)
}

/// The same, and `meanwhile` may do something while an effect, by its number, is open: to the machine, the world, the answer. What
/// it returns is the plan from then on.
pub fn go_with(
    module: &Arc<Module>,
    at: &Place,
    variables: &[(&[u8], &[u8])],
    way: Way,
    mut meanwhile: impl FnMut(usize, &mut Vm, &mut World, &mut Reply) -> Option<Arc<Module>>,
) -> Seen {
    let mut module = Arc::clone(module);
    let mut world = World {
        now: strowger_vm::Time::from_seconds(1_773_232_200),
        ..World::default()
    };
    world.globals.insert(b"g".to_vec(), b"7".to_vec());
    world.globals.insert(b"routes".to_vec(), b"a-bc-d".to_vec());
    let mut vm = Vm::new(Limits {
        naive: way == Way::Written,
        fuel: 3_000,
        refills: 2,
        ..Limits::default()
    });
    vm.trace_steps(way == Way::Whole);
    let mut party = Party {
        name: b"Local/x@y".to_vec(),
        state: State::Up,
        ..Party::default()
    };
    party.caller.number = Some(b"100".to_vec());
    let mut entry = Entry::call(party, at.clone());
    for (name, value) in variables {
        entry.variables.push((name.to_vec(), value.to_vec()));
    }
    let mut seen = Seen {
        effects: Vec::new(),
        notes: Vec::new(),
        variables: Vec::new(),
        place: Place::default(),
        end: None,
    };
    let mut step = vm.start(&module, &world.inputs(), entry);
    loop {
        for t in vm.take_trace() {
            if let Trace::Note { level, text } = t {
                seen.notes.push((level, text));
            }
        }
        let reply = match step {
            Step::Effect(e) => {
                if seen.effects.len() == EFFECTS {
                    return seen;
                }
                let mut reply = world.perform(&mut vm, e.clone());
                if let Some(newer) = meanwhile(seen.effects.len(), &mut vm, &mut world, &mut reply)
                {
                    module = newer;
                }
                seen.effects.push(e);
                reply
            }
            Step::OutOfFuel => Reply::done(),
            // Round and round without an effect.
            Step::Fault(_) => {
                seen.notes.clear();
                return seen;
            }
            last => {
                seen.place = vm.place().clone();
                seen.variables = vm
                    .bequest()
                    .into_iter()
                    .map(|(n, v)| (world::text(&n), world::text(&v)))
                    .collect();
                seen.end = Some(last);
                return seen;
            }
        };
        step = vm.resume(&module, &world.inputs(), reply);
    }
}
