//! Quick code of an extension, as the compiler writes it: a stretch of words shared by all its steps.

use strowger_stdlib::Fields;
use strowger_stdlib::template::Slice;
use strowger_stdlib::timetext::Format;

use crate::builder::{Builder, EntryId, number};
use crate::builtin::Builtin;
use crate::guard::Comparison;
use crate::module::{NOT_QUICK, Parts, StrId, TEMPORARIES, Target, Wanted};
use crate::op::{Instr, Op};
use crate::short::Short;
use crate::typed::Loop;

/// A temporary that holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temporary(u16);

/// A jump whose end is not known yet.
#[derive(Debug)]
#[must_use]
pub struct Forward(usize);

/// A sum, a difference and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `&`
    And,
    /// `|`
    Or,
}

/// Steps and words up to which an extension is short enough for near jumps.
const NEAR_STEPS: usize = 256;
const NEAR_WORDS: usize = 16_000;

/// Writes the quick code of one extension. Steps are written in the order of their priorities; when all have been, [`Quick::finish`].
#[derive(Debug)]
pub struct Quick<'b> {
    builder: &'b mut Builder,
    of: EntryId,
    /// Where each step begins.
    heads: Vec<u32>,
    /// Words that jump to a step, by index.
    jumps: Vec<(usize, usize)>,
    depth: u16,
    top: u16,
    /// Some step has a form of its own.
    is_worthwhile: bool,
    start: usize,
    /// How many loops there were before.
    loops: usize,
}

impl Builder {
    /// Begins the quick code of an entry whose steps have all been written.
    pub fn quick(&mut self, of: EntryId) -> Quick<'_> {
        let (start, loops) = (self.parts.quick.len(), self.parts.loops.len());
        Quick {
            builder: self,
            of,
            heads: Vec::new(),
            jumps: Vec::new(),
            depth: 0,
            top: 0,
            is_worthwhile: false,
            start,
            loops,
        }
    }
}

impl Quick<'_> {
    /// Writes the next step; where `write` gives up, the step runs as whole code. A loop may begin with it.
    pub fn step(&mut self, begins: Option<&Loop>, write: impl FnOnce(&mut Self) -> Option<()>) {
        let index = self.heads.len();
        self.heads.push(self.builder.parts.quick.len() as u32);
        self.emit(Instr::wide(Op::Step, 0, 0, index as u32));
        let round = begins.and_then(|l| l.renamed(|name| self.slot(name)));
        if let Some(round) = round {
            let number = self.builder.parts.loops.len() as u32;
            self.builder.parts.loops.push(round);
            self.emit(Instr::wide(Op::Loop, 0, 0, number));
        }
        let here = self.builder.parts.quick.len();
        self.depth = 0;
        let (jumps, top) = (self.jumps.len(), self.top);
        if write(self).is_some() {
            self.is_worthwhile = true;
            self.end(index);
        } else {
            self.builder.parts.quick.truncate(here);
            self.jumps.truncate(jumps);
            self.top = top;
            self.whole();
        }
    }

    /// What follows the last word of a step: the next step, if it has the next number.
    fn end(&mut self, index: usize) {
        let steps = &self.builder.parts.contexts[self.of.0].entries[self.of.1].priorities;
        let follows = match (steps.get(index), steps.get(index + 1)) {
            (Some(this), Some(next)) => this.number.checked_add(1) == Some(next.number),
            _ => false,
        };
        if !follows {
            self.emit(Instr::new(Op::Next, 0, 0, 0, 0));
        }
    }

    /// Fixes all jumps, or takes the whole stretch back if nothing in it is quicker than whole code.
    pub fn finish(self) {
        let Quick {
            builder,
            of,
            heads,
            jumps,
            top,
            start,
            loops,
            ..
        } = self;
        let take_back = |parts: &mut Parts| {
            parts.quick.truncate(start);
            parts.loops.truncate(loops);
        };
        let entry = &mut builder.parts.contexts[of.0].entries[of.1];
        let fits = u32::try_from(builder.parts.quick.len()).is_ok_and(|n| n < NOT_QUICK);
        if !self.is_worthwhile || !fits || entry.priorities.len() != heads.len() {
            take_back(&mut builder.parts);
            return;
        }
        for (at, step) in jumps {
            let target = heads.get(step).copied().unwrap_or(NOT_QUICK);
            let word = builder.parts.quick[at];
            builder.parts.quick[at] = if word.op() == Op::JumpN {
                let Ok(near) = i16::try_from(i64::from(target) - at as i64 - 1) else {
                    take_back(&mut builder.parts);
                    return;
                };
                Instr::new(Op::JumpN, word.k(), word.a(), word.b(), near as u16)
            } else {
                word.to(target)
            };
        }
        entry.frame = top;
        for (priority, head) in entry.priorities.iter_mut().zip(heads) {
            priority.quick = head;
        }
    }

    fn emit(&mut self, i: Instr) {
        self.builder.parts.quick.push(i);
    }

    fn push(&mut self) -> Option<u16> {
        let t = self.depth;
        if t >= TEMPORARIES {
            return None;
        }
        self.depth = t + 1;
        self.top = self.top.max(self.depth);
        Some(t)
    }

    /// A constant text.
    pub fn text(&mut self, text: &[u8]) -> Option<Temporary> {
        let id = self.builder.string(text);
        let t = self.push()?;
        self.emit(Instr::wide(Op::Text, 0, t, id.0));
        Some(Temporary(t))
    }

    /// A constant number.
    pub fn int(&mut self, n: i32) -> Option<Temporary> {
        let t = self.push()?;
        self.emit(Instr::wide(Op::Int, 0, t, n as u32));
        Some(Temporary(t))
    }

    /// The slot of a variable that is no built-in one.
    pub fn slot(&mut self, name: &[u8]) -> Option<u16> {
        if Builtin::of(name).is_some() {
            return None;
        }
        let id = self.builder.string(name);
        self.builder.slot(id)
    }

    /// The value of a variable, built-in or not.
    pub fn variable(&mut self, name: &[u8]) -> Option<Temporary> {
        let word = match Builtin::of(name) {
            // Quick code does not keep count of it.
            Some(Builtin::Priority) => {
                let steps = &self.builder.parts.contexts[self.of.0].entries[self.of.1].priorities;
                let step = steps.get(self.heads.len().checked_sub(1)?)?;
                return self.int(i32::try_from(step.number).ok()?);
            }
            Some(b) => {
                let t = self.push()?;
                Instr::new(Op::Built, b as u8, t, 0, 0)
            }
            None => {
                let slot = self.slot(name)?;
                let t = self.push()?;
                Instr::new(Op::Var, 0, t, slot, 0)
            }
        };
        self.emit(word);
        Some(Temporary(word.a()))
    }

    /// How many temporaries are in use.
    pub fn depth(&self) -> u16 {
        self.depth
    }

    /// Appends a constant to the text in the making. Between this and the end of the text nothing else may be computed.
    pub fn put(&mut self, text: &[u8]) {
        let id = self.builder.string(text);
        self.emit(Instr::wide(Op::Put, 0, 0, id.0));
    }

    /// Appends a variable, or bytes cut out of it.
    pub fn put_variable(&mut self, name: &[u8], slice: Option<Slice>) -> Option<()> {
        let cut = match slice {
            Some(slice) => Some(self.builder.slice_number(slice)?),
            None => None,
        };
        let word = match (Builtin::of(name), cut) {
            (Some(Builtin::Exten), Some(cut)) => Instr::new(Op::PutExten, 0, 0, 0, cut),
            // Quick code does not keep count of priorities.
            (Some(Builtin::Priority), _) | (Some(_), Some(_)) => return None,
            (Some(b), None) => Instr::new(Op::PutBuilt, b as u8, 0, 0, 0),
            (None, None) => Instr::new(Op::PutVar, 0, self.slot(name)?, 0, 0),
            (None, Some(cut)) => Instr::new(Op::PutSub, 0, self.slot(name)?, 0, cut),
        };
        self.emit(word);
        Some(())
    }

    /// Appends fields of a variable.
    pub fn put_fields(&mut self, name: &[u8], fields: Fields) -> Option<()> {
        let slot = self.slot(name)?;
        let from = i16::try_from(fields.from).ok()?;
        // `2-` goes on to the end, which is spelled as the greatest number.
        let to = match fields.to {
            Fields::END => i16::MAX,
            to => i16::try_from(to).ok().filter(|to| *to < i16::MAX)?,
        };
        self.emit(Instr::new(
            Op::PutCut,
            fields.delimiter,
            slot,
            from as u16,
            to as u16,
        ));
        Some(())
    }

    /// Appends a moment by a constant format.
    pub fn put_time(&mut self, at: Temporary, zone: &[u8], format: &[u8]) -> Option<()> {
        Format::read(zone, format)?;
        let key = (self.builder.string(zone), self.builder.string(format));
        let n = self.builder.format_number(key)?;
        self.emit(Instr::new(Op::PutTime, 0, at.0, 0, n));
        Some(())
    }

    /// Appends a value.
    pub fn put_value(&mut self, t: Temporary) {
        self.emit(Instr::new(Op::PutTemp, 0, t.0, 0, 0));
    }

    /// Ends the text; it is kept in a new temporary.
    pub fn end_text(&mut self) -> Option<Temporary> {
        let t = self.push()?;
        self.emit(Instr::new(Op::End, 0, t, 0, 0));
        Some(Temporary(t))
    }

    /// Ends the text; it is written into a variable.
    pub fn end_set(&mut self, name: &[u8], mark: u8) -> Option<()> {
        let slot = self.slot(name)?;
        self.emit(Instr::new(Op::EndSet, mark, 0, slot, 0));
        Some(())
    }

    /// Frees the temporaries from here on, but for one value, which takes the place of the first.
    pub fn keep(&mut self, from: u16, value: Temporary) -> Option<Temporary> {
        self.depth = from;
        let t = self.push()?;
        if t != value.0 {
            self.emit(Instr::new(Op::Move, 0, t, value.0, 0));
        }
        Some(Temporary(t))
    }

    /// A result in a new temporary.
    fn three(&mut self, op: Op, k: u8, b: u16, c: u16) -> Option<Temporary> {
        let t = self.push()?;
        self.emit(Instr::new(op, k, t, b, c));
        Some(Temporary(t))
    }

    /// A computation with two operands.
    pub fn compute(&mut self, what: Arithmetic, a: Temporary, b: Temporary) -> Option<Temporary> {
        let op = match what {
            Arithmetic::Add => Op::Add,
            Arithmetic::Subtract => Op::Sub,
            Arithmetic::Multiply => Op::Mul,
            Arithmetic::Divide => Op::Div,
            Arithmetic::Remainder => Op::Rem,
            Arithmetic::And => Op::And,
            Arithmetic::Or => Op::Or,
        };
        self.three(op, 0, a.0, b.0)
    }

    /// A sum with a constant.
    pub fn add(&mut self, a: Temporary, n: i16) -> Option<Temporary> {
        self.three(Op::AddI, 0, a.0, n as u16)
    }

    /// `ABS(a)`
    pub fn absolute(&mut self, a: Temporary) -> Option<Temporary> {
        self.three(Op::Abs, 0, a.0, 0)
    }

    /// `ABS(a) >= 1000000000000000000`
    pub fn is_large(&mut self, a: Temporary) -> Option<Temporary> {
        self.three(Op::Large, 0, a.0, 0)
    }

    /// `-a`
    pub fn negate(&mut self, a: Temporary) -> Option<Temporary> {
        self.three(Op::Neg, 0, a.0, 0)
    }

    /// `!a`
    pub fn not(&mut self, a: Temporary) -> Option<Temporary> {
        self.three(Op::Not, 0, a.0, 0)
    }

    /// `condition ? then :: otherwise`. The last two must be neighbours.
    pub fn choose(&mut self, condition: Temporary, then: Temporary) -> Option<Temporary> {
        self.three(Op::Choose, 0, condition.0, then.0)
    }

    /// Copies a value into a new temporary.
    pub fn copy(&mut self, from: Temporary) -> Option<Temporary> {
        self.three(Op::Move, 0, from.0, 0)
    }

    /// A comparison of numbers and words.
    pub fn compare(&mut self, how: Comparison, a: Temporary, b: Temporary) -> Option<Temporary> {
        self.three(Op::Cmp, how as u8, a.0, b.0)
    }

    /// Whether two texts are the same (or differ).
    pub fn same(&mut self, differ: bool, a: Temporary, b: Temporary) -> Option<Temporary> {
        self.three(Op::Same, u8::from(differ), a.0, b.0)
    }

    /// Whether a variable in quotes is this text.
    pub fn same_as(&mut self, name: &[u8], text: &[u8]) -> Option<Temporary> {
        let slot = self.slot(name)?;
        let id = self.builder.string(text);
        let t = self.push()?;
        self.emit(Instr::wide(Op::SameAs, u8::try_from(t).ok()?, slot, id.0));
        Some(Temporary(t))
    }

    /// Calls a function with the temporaries from here on.
    pub fn short(&mut self, f: Short, from: u16) -> Option<Temporary> {
        let count = self.depth.checked_sub(from)?;
        self.depth = from;
        (count == f.count()).then_some(())?;
        self.three(Op::Short, f as u8, from, count)
    }

    /// Writes a variable; `mark`: the number of `_` before its name.
    pub fn set(&mut self, name: &[u8], mark: u8, value: Temporary) -> Option<()> {
        let slot = self.slot(name)?;
        self.emit(Instr::new(Op::Set, mark, value.0, slot, 0));
        Some(())
    }

    /// Writes `from + n` into a variable that is not inherited.
    pub fn increase(&mut self, name: &[u8], from: &[u8], n: i16) -> Option<()> {
        let (to, from) = (self.slot(name)?, self.slot(from)?);
        self.emit(Instr::new(Op::Inc, 0, to, from, n as u16));
        Some(())
    }

    /// Goes on if the condition holds and the loop of this `While` is under way.
    pub fn while_holds(&mut self, condition: Temporary) {
        self.emit(Instr::new(Op::While, 0, condition.0, 0, 0));
    }

    /// Goes back to the `While` at a step, if its loop is under way.
    pub fn round(&mut self, step: usize) {
        self.jumps.push((self.builder.parts.quick.len(), step));
        self.emit(Instr::wide(Op::Round, 0, 0, NOT_QUICK));
    }

    /// Goes on with another step of this extension.
    pub fn jump(&mut self, step: usize) {
        self.jumps.push((self.builder.parts.quick.len(), step));
        self.emit(Instr::wide(Op::Jump, 0, 0, NOT_QUICK));
    }

    /// The same if a condition holds (or if it does not).
    pub fn jump_if(&mut self, holds: bool, condition: Temporary, step: usize) {
        self.jumps.push((self.builder.parts.quick.len(), step));
        self.emit(Instr::wide(
            Op::JumpIf,
            u8::from(holds),
            condition.0,
            NOT_QUICK,
        ));
    }

    /// The same if a variable compares so with a constant.
    pub fn jump_compared(
        &mut self,
        how: Comparison,
        name: &[u8],
        n: i16,
        step: usize,
    ) -> Option<()> {
        // Few words lead to a step of a short extension; how many is only known when all are written.
        let steps = self.builder.parts.contexts[self.of.0].entries[self.of.1]
            .priorities
            .len();
        if steps > NEAR_STEPS || self.builder.parts.quick.len() - self.start > NEAR_WORDS {
            let variable = self.variable(name)?;
            let constant = self.int(i32::from(n))?;
            let holds = self.compare(how, variable, constant)?;
            self.jump_if(true, holds, step);
            return Some(());
        }
        let slot = self.slot(name)?;
        self.jumps.push((self.builder.parts.quick.len(), step));
        self.emit(Instr::new(Op::JumpN, how as u8, slot, n as u16, 0));
        Some(())
    }

    /// Goes on at [`Quick::land`] if a condition holds (or if it does not).
    pub fn skip_if(&mut self, holds: bool, condition: Temporary) -> Forward {
        self.emit(Instr::wide(
            Op::JumpIf,
            u8::from(holds),
            condition.0,
            NOT_QUICK,
        ));
        Forward(self.builder.parts.quick.len() - 1)
    }

    /// Here a jump forward ends.
    pub fn land(&mut self, f: Forward) {
        let here = self.builder.parts.quick.len() as u32;
        let word = self.builder.parts.quick[f.0];
        self.builder.parts.quick[f.0] = word.to(here);
    }

    /// Goes to a constant place; without a context, in the one where the channel stands.
    pub fn goto(
        &mut self,
        context: Option<&[u8]>,
        exten: &[u8],
        priority: Result<u32, &[u8]>,
    ) -> Option<()> {
        let target = Target {
            context: context.map(|c| self.builder.string(c)),
            exten: self.builder.string(exten),
            priority: match priority {
                Ok(n) => Wanted::Number(n),
                Err(label) => Wanted::Label(self.builder.string(label)),
            },
        };
        let n = self.builder.target_number(target)?;
        self.emit(Instr::wide(Op::Goto, 0, 0, n));
        Some(())
    }

    /// Runs an application with a constant argument text.
    pub fn run(&mut self, application: &[u8], arguments: &[u8]) -> Option<()> {
        let name = self.builder.string(application);
        let (n, new) = number(&mut self.builder.applications, name)?;
        if new {
            self.builder.parts.applications.push(name);
        }
        let text = self.builder.string(arguments);
        self.emit(Instr::wide(Op::Run, 0, u16::try_from(n).ok()?, text.0));
        Some(())
    }

    /// Runs the step as whole code.
    pub fn whole(&mut self) {
        self.emit(Instr::new(Op::Whole, 0, 0, 0, 0));
    }
}

impl Builder {
    fn slice_number(&mut self, s: Slice) -> Option<u16> {
        let (n, new) = number(&mut self.slices, (s.offset, s.length))?;
        if new {
            self.parts.slices.push(s);
        }
        Some(n)
    }

    fn format_number(&mut self, key: (StrId, StrId)) -> Option<u16> {
        let (n, new) = number(&mut self.formats, key)?;
        if new {
            self.parts.formats.push(key);
        }
        Some(n)
    }

    fn target_number(&mut self, target: Target) -> Option<u32> {
        let (n, new) = number(&mut self.targets, target)?;
        if new {
            self.parts.targets.push(target);
        }
        Some(n)
    }
}
