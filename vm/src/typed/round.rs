//! A loop of priorities as typed code, and running it.
//!
//! It is entered at its first step, wherever the channel comes from, if every variable that it reads holds a whole number then. It
//! leaves at a step, with the variables, the order in which they came into being and the fuel that quick code would have left
//! there: when its condition says so, when there is not enough fuel for what comes next, when a number becomes too large. Quick
//! code, or whole code, goes on from there.
//!
//! Its first registers are its variables. What it counts is in one more: how many turns have begun, times [`TURN`], so that a turn
//! and a step in it are one number, and the later of two writes is the larger number.

use strowger_stdlib::Value;

use super::run::{Window, words};
use super::{Pause, REGISTERS, Typed};
use crate::frame::Mark;
use crate::guard;
use crate::module::Entry;
use crate::quick::{STEP, global_text};
use crate::run::{Vm, World};

/// What the register of turns grows by: more than an extension has steps in a loop.
pub const TURN: i64 = 1 << 16;

/// A loop of priorities, as the compiler writes it; in a module its variables are slots. Steps are numbered within the extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loop<N = Vec<u8>> {
    /// The step at which it is entered.
    pub head: u16,
    /// The fuel of a first turn, that of the first step included.
    pub cost: u16,
    /// The first step is a `While`.
    pub is_while: bool,
    /// The register that counts turns.
    pub turn: u8,
    /// What it reads and writes; they have the first registers.
    pub variables: Vec<Variable<N>>,
    /// Where it may be left.
    pub exits: Vec<Leave>,
    /// Its words. It has no parameters and no result.
    pub code: Typed,
}

/// The same in a module.
pub(crate) type Round = Loop<u16>;

/// A variable of a loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable<N = Vec<u8>> {
    /// Its name, or its slot.
    pub name: N,
    /// How often `_` stands before its name where it is written.
    pub mark: u8,
    /// It must hold a number when the loop begins.
    pub is_read: bool,
    /// When it was written.
    pub written: Written,
}

/// How a loop knows when a variable was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is not.
    Never,
    /// At these steps, by rising number, in every turn that comes as far.
    Steps(Vec<u16>),
    /// This register holds turn and step of the last write; -1 before the first one.
    Register(u8),
}

/// A way out of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// The step that leads out, or that is to be done otherwise. Those before it in this turn are done.
    pub at: u16,
    /// The step that comes next.
    pub to: u16,
    /// Fuel of this turn that is not spent.
    pub back: u32,
}

impl<N> Loop<N> {
    /// The same loop with something else for each name; `None` if one has nothing.
    pub fn renamed<M>(&self, mut name: impl FnMut(&N) -> Option<M>) -> Option<Loop<M>> {
        let variables = self.variables.iter().map(|v| {
            Some(Variable {
                name: name(&v.name)?,
                mark: v.mark,
                is_read: v.is_read,
                written: v.written.clone(),
            })
        });
        Some(Loop {
            head: self.head,
            cost: self.cost,
            is_while: self.is_while,
            turn: self.turn,
            variables: variables.collect::<Option<_>>()?,
            exits: self.exits.clone(),
            code: self.code.clone(),
        })
    }
}

impl Round {
    /// Whether all steps that it names are there, and its word is the one behind its first step.
    pub(crate) fn fits(&self, steps: usize, step: usize) -> bool {
        let is_step = |n: u16| usize::from(n) < steps;
        usize::from(self.head) == step && self.exits.iter().all(|e| is_step(e.at) && is_step(e.to))
    }

    /// Turn and step in which a variable was last written; negative: in none.
    fn last_write(&self, of: &Variable<u16>, at: u16, r: &Window) -> i64 {
        let turn = r[usize::from(self.turn)];
        match &of.written {
            Written::Never => -1,
            Written::Register(register) => r[usize::from(*register)],
            Written::Steps(steps) => match (steps.iter().rev().find(|s| **s < at), steps.last()) {
                (Some(step), _) => turn + i64::from(*step),
                (None, Some(step)) => turn - TURN + i64::from(*step),
                (None, None) => -1,
            },
        }
    }
}

impl Vm {
    /// Runs a loop whose first step has begun, and has paid its fuel. The step that comes next; `None`: nothing has happened.
    pub(crate) fn run_loop(
        &mut self,
        w: World,
        entry: &Entry,
        number: u32,
        fuel: &mut u32,
    ) -> Option<usize> {
        let number = number as usize;
        let l = w.module.parts.loops.get(number)?;
        if !self.budget.limits.typed {
            return None;
        }
        let left = fuel.checked_sub(u32::from(l.cost).saturating_sub(STEP))?;
        let mut r: Window = [0; REGISTERS];
        let mut fresh = 0;
        for (register, v) in r.iter_mut().zip(&l.variables) {
            let value = self.variables.slot(v.name);
            if v.is_read {
                *register = match value {
                    Some(value) => guard::plain(value)?,
                    None => guard::plain_text(global_text(w, v.name))?,
                };
            }
            fresh += usize::from(value.is_none() && v.written != Written::Never);
        }
        if fresh > 0 && !self.variables.has_room(fresh, self.budget.limits.memory) {
            return None;
        }
        if l.is_while {
            let head = entry.priorities.get(usize::from(l.head))?;
            if !self.goes_round(w, head.number) {
                return None;
            }
        }
        for v in &l.variables {
            if let Written::Register(register) = v.written {
                r[usize::from(register)] = -1;
            }
        }
        let (mut at, mut left) = (0, i64::from(left));
        let native = w.module.native();
        let number = w.module.parts.typed.len() + number;
        let pause = native
            .and_then(|native| native.enter(number, &mut at, &mut r, &mut left))
            .unwrap_or_else(|| words(&l.code, &mut at, &mut r, &mut left));
        // Its one way to stop: a verified loop calls nothing, and returns nothing.
        if pause != Pause::GaveUp {
            return None;
        }
        let exit = l.code.exits.get(at);
        let exit = *exit.and_then(|n| l.exits.get(usize::from(*n)))?;
        if r[usize::from(l.turn)] == 0 && exit.at == l.head && exit.to == l.head {
            return None;
        }
        // Whatever a module says, a loop gives no fuel.
        let left = left.saturating_add(i64::from(exit.back));
        *fuel = u32::try_from(left).unwrap_or(0).min(*fuel);
        self.write_back(l, exit.at, &r);
        Some(usize::from(exit.to))
    }

    /// Writes what the loop has written, the oldest write first.
    fn write_back(&mut self, l: &Round, at: u16, r: &Window) {
        let written = l.variables.iter().zip(r);
        let mut written: Vec<_> = written
            .map(|(v, value)| (l.last_write(v, at, r), v, *value))
            .filter(|(when, ..)| *when >= 0)
            .collect();
        written.sort_unstable_by_key(|(when, ..)| *when);
        for (_, v, value) in written {
            let mark = Mark::from_count(v.mark);
            self.variables.set_slot(v.name, Value::int(value), mark);
        }
    }
}
