//! Which loops of an extension only compute with whole numbers, and their typed code.
//!
//! A loop is the steps from where something goes back to, up to the last one that does, without another loop within. Each of them
//! sets a variable to such a number, branches, or does nothing; each has quick code, which does the same and burns the fuel that
//! typed code counts. What a step cannot do here is left to it: typed code leaves before it.
//!
//! A turn pays at its beginning for the steps that every turn comes through. What stands behind a jump over it pays for itself.

use std::collections::BTreeMap;

use strowger_stdlib::template::{HoleKind, Piece, Template};
use strowger_vm::typed::{Loop, Op, REGISTERS, Variable, Word, Written};

use super::formula::{self, Value};
use super::writer::{Label, Writer};
use super::{BYTES, Pairs, Places, Way, assignment, branch, branches_of, value, way};
use crate::hir::{Extension, Step};

/// Steps of a loop; a longer one stays as it is.
const STEPS: usize = 256;
/// How often the steps of an extension are looked at, on average.
const TIMES: usize = 4;
/// Fuel of a step.
const FUEL: usize = 3;
/// Constants that have a register of their own.
const POOL: usize = 32;

/// What a step does.
enum Act<'h> {
    Nothing,
    Set(Vec<u8>, u8, Value),
    Branch(Value, Way<'h>, Way<'h>),
    Go(Way<'h>),
    While(Value),
    /// EndWhile and ContinueWhile, with their While.
    Back(usize),
    /// What it does is not for a loop.
    Leave,
}

/// The loops of an extension, each with its first step.
pub(super) fn find(
    extension: &Extension,
    read: &[Option<Template>],
    places: &Places,
    pairs: &Pairs,
) -> BTreeMap<usize, Loop> {
    let steps = &extension.steps;
    // Where something goes back to, and from where.
    let mut back: Vec<(usize, usize)> = Vec::new();
    for (at, (step, template)) in steps.iter().zip(read).enumerate() {
        let to = template
            .as_ref()
            .map(|t| targets(step, t, at, places, pairs));
        back.extend(
            to.into_iter()
                .flatten()
                .filter(|to| *to <= at)
                .map(|to| (to, at)),
        );
    }
    // The first and the last step that goes back there.
    let mut ends: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (head, from) in back {
        let end = ends.entry(head).or_insert((from, from));
        *end = (end.0.min(from), end.1.max(from));
    }
    let mut left = steps.len() * TIMES;
    let mut found = BTreeMap::new();
    for (head, (_, last)) in &ends {
        let (head, last) = (*head, *last);
        if last - head >= STEPS || last >= usize::from(u16::MAX) {
            continue;
        }
        let mut others = ends.range(head + 1..last + 1);
        if others.any(|(_, (from, _))| *from <= last) {
            continue;
        }
        // Loops that overlap are looked at a few times, not without end.
        let Some(rest) = left.checked_sub(last - head + 1) else {
            break;
        };
        left = rest;
        let body = &steps[head..=last];
        let in_order = |w: &[Step]| w[0].priority.checked_add(1) == Some(w[1].priority);
        if !body.windows(2).all(in_order) {
            continue;
        }
        let acts: Option<Vec<Act>> = body
            .iter()
            .zip(&read[head..])
            .enumerate()
            .map(|(n, (step, template))| {
                let template = template.as_ref()?;
                act(step, template, head + n, head, places, pairs)
            })
            .collect();
        let written = acts.and_then(|acts| Body::new(head, steps, acts)?.write());
        if let Some(l) = written {
            found.insert(head, l);
        }
    }
    found
}

/// The steps of this extension to which a step may go.
fn targets(
    step: &Step,
    template: &Template,
    at: usize,
    places: &Places,
    pairs: &Pairs,
) -> Vec<usize> {
    let ways = match act(step, template, at, at, places, pairs) {
        Some(Act::Branch(_, then, otherwise)) => vec![then, otherwise],
        Some(Act::Go(way)) => vec![way],
        Some(Act::Back(to)) => return vec![to],
        _ => Vec::new(),
    };
    let steps = ways.into_iter().filter_map(|way| match way {
        Way::Step(to) => Some(to),
        _ => None,
    });
    steps.collect()
}

/// What a step of the loop that begins at `head` does; `None`: a loop cannot hold it.
fn act<'h>(
    step: &'h Step,
    template: &'h Template,
    at: usize,
    head: usize,
    places: &Places,
    pairs: &Pairs,
) -> Option<Act<'h>> {
    if step.args.bytes().len() > BYTES {
        return None;
    }
    let app = step.app.bytes();
    let is = |name: &str| app.eq_ignore_ascii_case(name.as_bytes());
    let silent = || template.pieces.iter().all(value::is_silent);
    if is("Set") {
        let (name, mark, pieces) = assignment(template)?;
        let value = match pieces.as_slice() {
            [Piece::Text(text)] => formula::constant(text)?,
            [Piece::Hole(hole)] => formula::hole(hole)?,
            _ => return None,
        };
        Some(Act::Set(name.to_vec(), mark, value))
    } else if is("NoOp") {
        silent().then_some(Act::Nothing)
    } else if is("Goto") {
        let target = template.as_plain().filter(|t| !t.is_empty())?;
        Some(Act::Go(way(target, step, places)))
    } else if is("GotoIf") {
        let (condition, then, otherwise) = branches_of(template)?;
        let condition = formula::hole(condition)?;
        Some(Act::Branch(
            condition,
            branch(then, step, places),
            branch(otherwise, step, places),
        ))
    } else if is("While") && at == head {
        match template.pieces.as_slice() {
            [Piece::Text(text)] => Some(Act::While(formula::constant(text)?)),
            [Piece::Hole(hole)] if hole.kind == HoleKind::Expression => {
                Some(Act::While(formula::hole(hole)?))
            }
            _ => None,
        }
    } else if is("EndWhile") || is("ContinueWhile") {
        let to = pairs.of(at).filter(|_| silent())?;
        Some(Act::Back(to))
    } else if is("ExitWhile") {
        silent().then_some(Act::Leave)
    } else {
        None
    }
}

/// Where a way leads, seen from a step of the loop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// To a step of the loop behind it.
    On(usize),
    /// To the next turn.
    Back,
    /// To a step outside.
    Out(usize),
    /// The step has to find out.
    Open,
}

/// Where a variable is read and written, and with which mark.
struct Use<'b> {
    name: &'b [u8],
    reads: Vec<usize>,
    writes: Vec<(usize, u8)>,
}

fn use_of<'u, 'b>(found: &'u mut Vec<Use<'b>>, name: &'b [u8]) -> &'u mut Use<'b> {
    let at = found.iter().position(|u| u.name == name);
    let at = at.unwrap_or_else(|| {
        found.push(Use {
            name,
            reads: Vec::new(),
            writes: Vec::new(),
        });
        found.len() - 1
    });
    &mut found[at]
}

/// The steps of a loop; they are counted from its first one.
struct Body<'h> {
    head: usize,
    steps: &'h [Step],
    acts: Vec<Act<'h>>,
    /// Some turns jump over it.
    is_skipped: Vec<bool>,
    /// Of what some turns jump over: how many of the same stretch come from here on.
    stretch: Vec<usize>,
    /// It begins a stretch.
    begins: Vec<bool>,
}

impl<'h> Body<'h> {
    fn new(head: usize, steps: &'h [Step], acts: Vec<Act<'h>>) -> Option<Body<'h>> {
        let count = acts.len();
        let mut body = Body {
            head,
            steps,
            acts,
            is_skipped: vec![false; count],
            stretch: vec![0; count],
            begins: vec![false; count],
        };
        let mut begins = vec![false; count];
        for at in 0..count {
            for lead in body.leads(at) {
                match lead {
                    Lead::On(to) => {
                        body.is_skipped[at + 1..to].fill(true);
                        begins[to] = true;
                    }
                    Lead::Back | Lead::Out(_) | Lead::Open => {}
                }
            }
            let branches = !matches!(body.acts[at], Act::Nothing | Act::Set(..));
            if branches && let Some(next) = begins.get_mut(at + 1) {
                *next = true;
            }
        }
        for at in (0..count).rev().filter(|at| body.is_skipped[*at]) {
            body.begins[at] = begins[at] || at == 0 || !body.is_skipped[at - 1];
            let more = at + 1 < count && body.is_skipped[at + 1] && !begins[at + 1];
            body.stretch[at] = 1 + if more { body.stretch[at + 1] } else { 0 };
        }
        let is_written = |a: &Act| matches!(a, Act::Set(..));
        body.acts.iter().any(is_written).then_some(body)
    }

    fn lead(&self, at: usize, way: &Way) -> Lead {
        let to = match way {
            Way::On => self.head + at + 1,
            Way::Step(to) => *to,
            Way::Place { .. } | Way::Unknown => return Lead::Open,
        };
        match to.checked_sub(self.head) {
            Some(0) => Lead::Back,
            Some(to) if to < self.acts.len() && to > at => Lead::On(to),
            _ if to < self.steps.len() => Lead::Out(to),
            _ => Lead::Open,
        }
    }

    fn leads(&self, at: usize) -> Vec<Lead> {
        match &self.acts[at] {
            Act::Branch(_, then, otherwise) => vec![self.lead(at, then), self.lead(at, otherwise)],
            Act::Go(way) => vec![self.lead(at, way)],
            Act::Back(_) => vec![Lead::Back],
            Act::Nothing | Act::Set(..) | Act::While(_) | Act::Leave => Vec::new(),
        }
    }

    /// Fuel of the steps behind this one that this turn has paid for already.
    fn paid_behind(&self, at: usize) -> usize {
        let always = self.is_skipped[at + 1..].iter().filter(|s| !**s).count();
        (always + self.stretch[at].saturating_sub(1)) * FUEL
    }

    /// Whether every turn that comes as far as to the steps behind has come through this one.
    fn is_passed(&self, at: usize) -> bool {
        let goes_back = |n: usize| self.leads(n).contains(&Lead::Back);
        !self.is_skipped[at] && !(0..at).any(goes_back)
    }

    /// What it reads and writes.
    fn variables(&self) -> Option<Vec<Variable>> {
        // In the order in which they are met.
        let mut found: Vec<Use> = Vec::new();
        for (at, act) in self.acts.iter().enumerate() {
            let value = match act {
                Act::Set(_, _, value) | Act::Branch(value, ..) | Act::While(value) => Some(value),
                _ => None,
            };
            for name in value.into_iter().flat_map(Value::variables) {
                use_of(&mut found, name).reads.push(at);
            }
            if let Act::Set(name, mark, _) = act {
                use_of(&mut found, name).writes.push((at, *mark));
            }
            if found.len() > REGISTERS {
                return None;
            }
        }
        let variables = found.into_iter().map(|used| {
            let Use {
                name,
                reads,
                writes,
            } = used;
            let mark = writes.first().map_or(0, |w| w.1);
            if writes.iter().any(|w| w.1 != mark || self.is_own(name)) {
                return None;
            }
            let set_before =
                |read: usize| writes.iter().any(|w| w.0 < read && !self.is_skipped[w.0]);
            let written = match writes.as_slice() {
                [] => Written::Never,
                writes if writes.iter().all(|w| self.is_passed(w.0)) => {
                    let steps = writes.iter().map(|w| u16::try_from(self.head + w.0).ok());
                    Written::Steps(steps.collect::<Option<_>>()?)
                }
                // Which register is told later.
                _ => Written::Register(0),
            };
            Some(Variable {
                name: name.to_vec(),
                mark,
                is_read: reads.iter().any(|read| !set_before(*read)),
                written,
            })
        });
        variables.collect()
    }

    /// Whether the loop itself may keep something in a variable of this name (DL-263).
    fn is_own(&self, name: &[u8]) -> bool {
        let line = format!("_{}", self.steps[self.head].priority);
        name.starts_with(b"WHILE_")
            || name.starts_with(b"END_WHILE_")
            || name.ends_with(line.as_bytes())
    }

    fn write(self) -> Option<Loop> {
        let mut variables = self.variables()?;
        let mut next = variables.len();
        let mut register = || {
            next += 1;
            u8::try_from(next - 1).ok()
        };
        let turn = register()?;
        for v in &mut variables {
            if matches!(v.written, Written::Register(_)) {
                v.written = Written::Register(register()?);
            }
        }
        let mut pool = Vec::new();
        for n in self.acts.iter().flat_map(constants) {
            if pool.len() < POOL && !pool.contains(&n) {
                pool.push(n);
            }
        }
        let first = next;
        let mut w = Writer::new(&variables, &pool, first, self.steps[self.head].line);
        let always = self.is_skipped.iter().filter(|s| !**s).count() * FUEL;
        w.exit = w.leave(self.head, self.head, self.paid_behind(0) + FUEL)?;
        for (n, value) in pool.iter().enumerate() {
            let to = u8::try_from(first + n).ok()?;
            w.emit(Word::new(Op::Int, to, 0, 0, *value));
        }
        let begin = i32::try_from(w.len()).ok()?;
        let starts: Vec<Label> = self.acts.iter().map(|_| w.label()).collect();
        for (at, act) in self.acts.iter().enumerate() {
            let step = self.head + at;
            w.bind(starts[at]);
            w.begin(self.steps[step].line);
            let behind = self.paid_behind(at);
            if self.begins[at] {
                // Not paid for yet.
                let stretch = self.stretch[at] * FUEL;
                w.exit = w.leave(step, step, behind + FUEL - stretch)?;
                w.emit(Word::new(Op::Burn, 0, 0, 0, i32::try_from(stretch).ok()?));
            }
            w.exit = w.leave(step, step, behind + FUEL)?;
            let cost = u16::try_from(always.checked_sub(behind)?).ok()?;
            let go = |w: &mut Writer, lead: Lead| -> Option<()> {
                match lead {
                    Lead::On(to) if to == at + 1 => {}
                    Lead::On(to) => w.jump(starts[to]),
                    Lead::Back => {
                        let exit = w.exit;
                        w.exit = w.leave(self.head, self.head, behind)?;
                        w.emit(Word::turn(turn, cost, begin));
                        w.exit = exit;
                    }
                    Lead::Out(to) => {
                        let stub = w.stub(step, to, behind)?;
                        w.jump(stub);
                    }
                    Lead::Open => w.give_up(),
                }
                Some(())
            };
            match act {
                Act::Nothing => {}
                Act::Set(name, _, value) => {
                    let to = w.variable(name)?;
                    w.value(value, Some(to))?;
                    if let Written::Register(register) = variables[usize::from(to)].written {
                        let step = i32::try_from(step).ok()?;
                        w.emit(Word::new(Op::AddI, register, turn, 0, step));
                    }
                }
                Act::Branch(condition, then, otherwise) => {
                    let (then, otherwise) = (self.lead(at, then), self.lead(at, otherwise));
                    // What comes next, or goes back, stands behind the jump.
                    let here = |lead| lead == Lead::On(at + 1) || lead == Lead::Back;
                    let (when, jumps, falls) = match (here(then), here(otherwise)) {
                        (true, false) => (false, otherwise, then),
                        (true, true) if then == Lead::Back => (false, otherwise, then),
                        _ => (true, then, otherwise),
                    };
                    let to = match jumps {
                        Lead::On(to) => starts[to],
                        Lead::Out(to) => w.stub(step, to, behind)?,
                        Lead::Open => w.stub(step, step, behind + FUEL)?,
                        Lead::Back => {
                            // Both go back.
                            let aside = w.label();
                            w.branch(condition, true, aside)?;
                            go(&mut w, falls)?;
                            w.bind(aside);
                            go(&mut w, jumps)?;
                            continue;
                        }
                    };
                    w.branch(condition, when, to)?;
                    go(&mut w, falls)?;
                }
                Act::Go(way) => go(&mut w, self.lead(at, way))?,
                Act::While(condition) => {
                    let stub = w.stub(step, step, behind + FUEL)?;
                    w.branch(condition, false, stub)?;
                }
                Act::Back(_) => go(&mut w, Lead::Back)?,
                Act::Leave => go(&mut w, Lead::Open)?,
            }
        }
        let (exits, code) = w.finish()?;
        Some(Loop {
            head: u16::try_from(self.head).ok()?,
            cost: u16::try_from(always).ok()?,
            is_while: matches!(self.acts.first(), Some(Act::While(_))),
            turn,
            variables,
            exits,
            code,
        })
    }
}

/// The constants of a step, as far as they need a register.
fn constants(act: &Act) -> Vec<i32> {
    match act {
        Act::Set(_, _, value) | Act::Branch(value, ..) | Act::While(value) => value.constants(),
        _ => Vec::new(),
    }
}
