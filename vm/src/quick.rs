//! Running quick code: what steps do to variables and priorities, without argument texts and applications.
//!
//! It runs only on a settled route (vm.md 3a), where a step's successor and the labels of its extension need no look-up. It
//! does not leave with effects and logs nothing. Where a value is not of the form that a word was written for, nothing of
//! the step has happened yet, and the step runs as whole code.

use strowger_stdlib::time::Moment;
use strowger_stdlib::{Fields, Value};

use crate::builtin::Builtin;
use crate::control::Phase;
use crate::frame::Mark;
use crate::guard::{self, Comparison};
use crate::module::{Entry, NOT_QUICK, Resolved, StrId, Wanted};
use crate::op::{Instr, Op};
use crate::route::{Route, Want};
use crate::run::{Vm, World};
use crate::short::Short;

/// Bytes of a value that is written without whole code: no limit of the language cuts what is shorter (DL-189).
const BYTES: usize = 4_000;

/// Fuel of a step.
pub(crate) const STEP: u32 = 3;

/// Bytes that texts in the making have room for from the beginning, and that are kept while the channel waits.
pub(crate) const SCRATCH: usize = 64;

/// Why quick code stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// The step is to run as whole code.
    Whole,
    /// An application, by its index, is to run with this argument text.
    Run(u16, StrId),
    /// The next priority, by look-up.
    Next,
    /// It stands at another place.
    Gone,
    /// The fuel is spent, or the memory; it stands before a step.
    Spent,
}

impl Vm {
    /// Whether the channel may run quick code at all.
    pub(crate) fn may_be_quick(&self) -> bool {
        !self.budget.limits.naive
            && !self.trail.wants_steps()
            && matches!(self.phase, Phase::Call | Phase::Sub | Phase::Message)
    }

    /// The word at which the present step has quick code, if it may run.
    pub(crate) fn quick_start(&self, w: World) -> Option<u32> {
        let route = self.route.filter(|r| r.settled)?;
        let step = w.module.priority(route.context, route.entry, route.index)?;
        (step.quick != NOT_QUICK && self.may_be_quick()).then_some(step.quick)
    }

    /// Goes to the next number, if nothing but quick code is to be thought of there: its head.
    pub(crate) fn next_quick(&mut self, w: World) -> Option<u32> {
        let plain = self.phase == Phase::Call
            && self.macros.is_empty()
            && self.jump.is_none()
            && !self.is_latched()
            && self.may_be_quick();
        let here = self.route.filter(|r| plain && r.settled)?;
        let next = here.index.saturating_add(1);
        let step = w.module.priority(here.context, here.entry, next)?;
        if step.quick == NOT_QUICK || Some(step.number) != self.place.priority.checked_add(1) {
            return None;
        }
        self.place.priority = step.number;
        self.route = Some(Route {
            index: next,
            ..here
        });
        self.budget.burn(1);
        Some(step.quick)
    }

    /// Runs from the head of a step on.
    pub(crate) fn quick(&mut self, w: World, pc: u32) -> Left {
        let Some(mut route) = self.route else {
            return Left::Whole;
        };
        let entry = w
            .module
            .parts
            .contexts
            .get(route.context)
            .and_then(|c| c.entries.get(route.entry));
        let Some(entry) = entry else {
            return Left::Whole;
        };
        let frame = usize::from(entry.frame);
        if self.temporaries.len() < frame {
            self.temporaries.resize(frame, Value::EMPTY);
        }
        // What a step that was given up had begun.
        self.scratch.clear();
        if self.scratch.capacity() == 0 {
            self.scratch.reserve(SCRATCH);
        }
        let mut fuel = self.budget.fuel;
        let left = self.quick_words(w, entry, pc, &mut route.index, &mut fuel);
        self.budget.fuel = fuel;
        if left != Left::Gone {
            self.route = Some(route);
            if let Some(step) = entry.priorities.get(route.index) {
                self.place.priority = step.number;
            }
        }
        left
    }

    #[inline]
    fn quick_words(
        &mut self,
        w: World,
        entry: &Entry,
        pc: u32,
        index: &mut usize,
        fuel: &mut u32,
    ) -> Left {
        let code = w.module.parts.quick.as_slice();
        let mut pc = pc as usize;
        let memory = self.budget.limits.memory;
        // Gives the value, or the step up.
        macro_rules! or_whole {
            ($e:expr) => {
                match $e {
                    Some(v) => v,
                    None => return Left::Whole,
                }
            };
        }
        loop {
            let word = *or_whole!(code.get(pc));
            pc += 1;
            match word.op() {
                Op::Step => {
                    *index = word.bc() as usize;
                    if *fuel == 0 || self.variables.bytes() > memory {
                        return Left::Spent;
                    }
                    *fuel = fuel.saturating_sub(STEP);
                }
                Op::Loop => {
                    if let Some(step) = self.run_loop(w, entry, word.bc(), fuel) {
                        let again = step == *index;
                        let head = or_whole!(entry.priorities.get(step)).quick as usize;
                        // Its own first step is done as it stands there, or the loop would begin once more.
                        if !again {
                            pc = head;
                        } else if *fuel == 0 || self.variables.bytes() > memory {
                            return Left::Spent;
                        } else {
                            *fuel = fuel.saturating_sub(STEP);
                        }
                    }
                }
                Op::While => {
                    let holds = or_whole!(guard::truth(or_whole!(self.value(word.a()))));
                    let step = or_whole!(entry.priorities.get(*index));
                    if !holds || !self.goes_round(w, step.number) {
                        return Left::Whole;
                    }
                }
                Op::Round => {
                    // A verified one leads to the head of a step.
                    let to = word.bc() as usize;
                    let step = or_whole!(code.get(to)).bc() as usize;
                    let number = or_whole!(entry.priorities.get(step)).number;
                    if !self.goes_round(w, number) {
                        return Left::Whole;
                    }
                    pc = to;
                }
                Op::Next => return Left::Next,
                Op::Whole => return Left::Whole,
                Op::Run => return Left::Run(word.a(), StrId(word.bc())),
                Op::Jump => pc = word.bc() as usize,
                Op::JumpIf => {
                    let holds = or_whole!(guard::truth(or_whole!(self.value(word.a()))));
                    if holds == (word.k() != 0) {
                        pc = word.bc() as usize;
                    }
                }
                Op::JumpN => {
                    let n = or_whole!(self.slot_number(w, word.a()));
                    if Comparison::from_byte(word.k()).holds(&n, &i64::from(word.b() as i16)) {
                        // A verified jump stays in the code.
                        pc = pc.wrapping_add_signed(isize::from(word.c() as i16));
                    }
                }
                Op::Inc => {
                    let n = or_whole!(self.slot_number(w, word.b()));
                    let sum = or_whole!(guard::add(n, i64::from(word.c() as i16)));
                    self.variables.set_slot(word.a(), sum, Mark::None);
                }
                Op::Set => {
                    let value = or_whole!(self.temporaries.get(usize::from(word.a())));
                    if value.heap_bytes() > BYTES {
                        return Left::Whole;
                    }
                    let mark = Mark::from_count(word.k());
                    self.variables
                        .write_slot(word.b(), mark, |place| place.set(value));
                }
                Op::Put
                | Op::PutVar
                | Op::PutSub
                | Op::PutBuilt
                | Op::PutExten
                | Op::PutTemp
                | Op::PutCut
                | Op::PutTime => or_whole!(self.put(w, word)),
                Op::End => {
                    if self.scratch.len() > BYTES {
                        return Left::Whole;
                    }
                    or_whole!(self.temporaries.get_mut(usize::from(word.a())))
                        .set_text(&self.scratch);
                    self.scratch.clear();
                }
                Op::EndSet => {
                    if self.scratch.len() > BYTES {
                        return Left::Whole;
                    }
                    let mark = Mark::from_count(word.k());
                    let text = self.scratch.as_slice();
                    self.variables
                        .write_slot(word.b(), mark, |place| place.set_text(text));
                    self.scratch.clear();
                }
                Op::SameAs => {
                    let text = w.module.text(StrId(word.bc()));
                    let same = match self.variables.slot(word.a()) {
                        Some(Value::Str(v)) => guard::same_text(v.as_bytes(), text),
                        Some(number) => guard::same_text(&number.bytes(), text),
                        None => guard::same_text(global_text(w, word.a()), text),
                    };
                    let same = or_whole!(same);
                    *or_whole!(self.temporaries.get_mut(usize::from(word.k()))) =
                        Value::truth_value(same);
                }
                Op::Goto => {
                    or_whole!(self.quick_goto(w, word.bc()));
                    return Left::Gone;
                }
                _ => or_whole!(self.compute(w, word)),
            }
        }
    }

    /// Appends to the text in the making; `None`: it gives up.
    #[inline]
    fn put(&mut self, w: World, word: Instr) -> Option<()> {
        // Whatever a module says, no more than one text behind what could still be used.
        if self.scratch.len() > BYTES {
            return None;
        }
        match word.op() {
            Op::Put => self
                .scratch
                .extend_from_slice(w.module.text(StrId(word.bc()))),
            Op::PutVar => match self.variables.slot(word.a()) {
                Some(Value::Str(text)) => self.scratch.extend_from_slice(text.as_bytes()),
                Some(number) => number.append_to(&mut self.scratch),
                None => self.scratch.extend_from_slice(global_text(w, word.a())),
            },
            Op::PutSub => {
                let slice = w.module.parts.slices.get(usize::from(word.c()))?;
                match self.variables.slot(word.a()) {
                    Some(Value::Str(text)) => {
                        self.scratch.extend_from_slice(slice.cut(text.as_bytes()));
                    }
                    Some(number) => self.scratch.extend_from_slice(slice.cut(&number.bytes())),
                    None => self
                        .scratch
                        .extend_from_slice(slice.cut(global_text(w, word.a()))),
                }
            }
            Op::PutBuilt => match Builtin::from_byte(word.k())? {
                Builtin::Exten => self.scratch.extend_from_slice(&self.place.exten),
                Builtin::Context => self.scratch.extend_from_slice(&self.place.context),
                other => {
                    let value = self.builtin(w, other);
                    value.append_to(&mut self.scratch);
                }
            },
            Op::PutExten => {
                let slice = w.module.parts.slices.get(usize::from(word.c()))?;
                self.scratch.extend_from_slice(slice.cut(&self.place.exten));
            }
            Op::PutTemp => {
                let t = self.temporaries.get(usize::from(word.a()))?;
                t.append_to(&mut self.scratch);
            }
            Op::PutCut => {
                let fields = Fields {
                    delimiter: word.k(),
                    from: i64::from(word.b() as i16),
                    to: match word.c() as i16 {
                        i16::MAX => Fields::END,
                        to => i64::from(to),
                    },
                };
                match self.variables.slot(word.a()) {
                    Some(Value::Str(text)) => {
                        self.scratch.extend_from_slice(fields.cut(text.as_bytes()));
                    }
                    Some(number) => self.scratch.extend_from_slice(fields.cut(&number.bytes())),
                    None => self
                        .scratch
                        .extend_from_slice(fields.cut(global_text(w, word.a()))),
                }
            }
            Op::PutTime => {
                let at = Moment::from_seconds(self.whole_number(word.a())?);
                let format = w.module.format(word.c())?;
                if !format.write(at, &w.inputs.system.zone, &mut self.scratch) {
                    return None;
                }
            }
            // The others append nothing.
            _ => return None,
        }
        Some(())
    }

    #[inline]
    fn value(&self, t: u16) -> Option<&Value> {
        self.temporaries.get(usize::from(t))
    }

    /// The number that a variable holds, or the global behind it.
    #[inline]
    fn slot_number(&self, w: World, slot: u16) -> Option<i64> {
        match self.variables.slot(slot) {
            Some(value) => guard::number(value),
            None => guard::digits(global_text(w, slot)),
        }
    }

    fn whole_number(&self, t: u16) -> Option<i64> {
        guard::number(self.value(t)?)
    }

    /// Computes a value; `None`: it gives up.
    ///
    /// Each word writes its result where it belongs: a value that is made elsewhere and moved costs more than most words.
    #[inline]
    fn compute(&mut self, w: World, word: Instr) -> Option<()> {
        let (a, b, c) = (usize::from(word.a()), word.b(), word.c());
        macro_rules! put {
            ($value:expr) => {{
                let value = $value;
                *self.temporaries.get_mut(a)? = value;
            }};
        }
        match word.op() {
            Op::Text => self
                .temporaries
                .get_mut(a)?
                .set_text(w.module.text(StrId(word.bc()))),
            Op::Int => put!(Value::Int(i64::from(word.bc() as i32))),
            Op::Move => {
                if let Ok([to, from]) = self.temporaries.get_disjoint_mut([a, usize::from(b)]) {
                    to.set(from);
                }
            }
            Op::Var => {
                let to = self.temporaries.get_mut(a)?;
                match self.variables.slot(b) {
                    Some(value) => to.set(value),
                    None => to.set_text(global_text(w, b)),
                }
            }
            Op::Built => match Builtin::from_byte(word.k())? {
                Builtin::Epoch => put!(Value::Int(w.inputs.now.seconds())),
                other => put!(self.builtin(w, other)),
            },
            Op::Add => put!(guard::add(self.whole_number(b)?, self.whole_number(c)?)?),
            Op::AddI => put!(guard::add(self.whole_number(b)?, i64::from(c as i16))?),
            Op::Sub => put!(guard::subtract(
                self.whole_number(b)?,
                self.whole_number(c)?
            )?),
            Op::Mul => put!(guard::multiply(
                self.whole_number(b)?,
                self.whole_number(c)?
            )?),
            Op::Div => put!(guard::divide(self.whole_number(b)?, self.whole_number(c)?)?),
            Op::Rem => put!(guard::remainder(
                self.whole_number(b)?,
                self.whole_number(c)?
            )?),
            Op::Neg => put!(guard::negate(self.whole_number(b)?)?),
            Op::Not => put!(Value::truth_value(self.whole_number(b)? == 0)),
            Op::Abs => put!(guard::absolute(self.whole_number(b)?)?),
            Op::Large => {
                guard::absolute(self.whole_number(b)?)?;
                put!(Value::Int(0));
            }
            Op::And => put!(guard::and(self.value(b)?, self.value(c)?)?),
            Op::Or => put!(guard::or(self.value(b)?, self.value(c)?)?),
            Op::Choose => put!(guard::choose(
                self.value(b)?,
                self.value(c)?,
                self.value(c.checked_add(1)?)?,
            )?),
            Op::Cmp => {
                let how = Comparison::from_byte(word.k());
                let holds = guard::compare(how, self.value(b)?, self.value(c)?)?;
                put!(Value::truth_value(holds));
            }
            Op::Same => {
                let same = guard::same(self.value(b)?, self.value(c)?)?;
                put!(Value::truth_value(same != (word.k() != 0)));
            }
            Op::Short => put!(self.short(Short::from_byte(word.k())?, b)?),
            // The others are no values.
            _ => return None,
        }
        Some(())
    }

    /// Stands at a constant place now; `None`: whole code has to find out.
    fn quick_goto(&mut self, w: World, index: u32) -> Option<()> {
        let (target, known) = w.module.target(index)?;
        let context = match target.context {
            Some(context) => w.module.text(context),
            None => self.place.context.as_slice(),
        };
        let exten = w.module.text(target.exten);
        let is_same = |r: &&Resolved| {
            target.context.is_some() || {
                let from = w.module.parts.contexts.get(r.from);
                from.is_some_and(|c| w.module.text(c.name) == context)
            }
        };
        let resolved = match known.get().filter(is_same) {
            Some(r) => *r,
            None => {
                let want = match target.priority {
                    Wanted::Number(n) => Want::Number(n),
                    Wanted::Label(l) => Want::Label(w.module.text(l)),
                };
                let route = self.find(w, context, exten, want).filter(|r| r.settled)?;
                let step = w.module.priority(route.context, route.entry, route.index)?;
                let found = Resolved {
                    from: w.module.context(context)?,
                    route,
                    number: step.number,
                };
                // The first one to ask from here keeps it; it leads there whoever asks.
                let _ = known.set(found);
                found
            }
        };
        if let Some(context) = target.context {
            self.place.context.clear();
            self.place.context.extend_from_slice(w.module.text(context));
            self.home = resolved.from;
        }
        self.place.exten.clear();
        self.place.exten.extend_from_slice(exten);
        if self.place.exten.is_empty() {
            self.place.exten.push(b's');
        }
        self.place.priority = resolved.number;
        self.route = Some(resolved.route);
        Some(())
    }
}

/// The global that a channel variable hides.
pub(crate) fn global_text<'w>(w: World<'w>, slot: u16) -> &'w [u8] {
    w.inputs
        .globals
        .get(w.module.slot_name(slot))
        .unwrap_or_default()
}
