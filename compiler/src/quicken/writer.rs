//! Writes the words of a loop's typed code.

use strowger_vm::typed::{Leave, Op, REGISTERS, Type, Typed, Variable, Word};

use super::formula::{self, Value};

/// A place in the code that may not be known yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(usize);

/// Writes the words of a loop: the registers of its variables, of turns and writes, of constants, of what is in the making.
pub(super) struct Writer<'b> {
    variables: &'b [Variable],
    code: Vec<Word>,
    lines: Vec<u32>,
    exit_of: Vec<u16>,
    exits: Vec<Leave>,
    /// Where the words of the present step leave.
    pub(super) exit: u16,
    line: u32,
    pool: &'b [i32],
    /// The register of the first constant.
    first: usize,
    next: usize,
    top: usize,
    /// Where labels are; jumps name labels until the end.
    labels: Vec<Option<usize>>,
    /// Ways out that jumps lead to, with the line.
    stubs: Vec<(Label, u16, u32)>,
}

impl<'b> Writer<'b> {
    /// Constants have the registers from `first` on, and words stand for steps from the line on.
    pub(super) fn new(variables: &'b [Variable], pool: &'b [i32], first: usize, line: u32) -> Self {
        let next = first + pool.len();
        Writer {
            variables,
            code: Vec::new(),
            lines: Vec::new(),
            exit_of: Vec::new(),
            exits: Vec::new(),
            exit: 0,
            line,
            pool,
            first,
            next,
            top: next,
            labels: Vec::new(),
            stubs: Vec::new(),
        }
    }

    /// A step begins: nothing is in the making.
    pub(super) fn begin(&mut self, line: u32) {
        self.line = line;
        self.next = self.first + self.pool.len();
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.code.len()
    }

    pub(super) fn emit(&mut self, word: Word) {
        self.code.push(word);
        self.lines.push(self.line);
        self.exit_of.push(self.exit);
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    pub(super) fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.code.len());
    }

    pub(super) fn jump(&mut self, to: Label) {
        self.emit(Word::new(Op::Jump, 0, 0, 0, to.0 as i32));
    }

    /// A word that goes on at a label.
    pub(super) fn jump_if(&mut self, op: Op, a: u8, b: u8, to: Label) {
        self.emit(Word::new(op, a, b, 0, to.0 as i32));
    }

    pub(super) fn variable(&self, name: &[u8]) -> Option<u8> {
        let at = self.variables.iter().position(|v| v.name == name)?;
        u8::try_from(at).ok()
    }

    pub(super) fn temporary(&mut self) -> Option<u8> {
        let register = u8::try_from(self.next).ok()?;
        self.next += 1;
        self.top = self.top.max(self.next);
        Some(register)
    }

    /// A constant in a register.
    pub(super) fn constant(&mut self, n: i32) -> Option<u8> {
        if let Some(at) = self.pool.iter().position(|p| *p == n) {
            return u8::try_from(self.first + at).ok();
        }
        let to = self.temporary()?;
        self.emit(Word::new(Op::Int, to, 0, 0, n));
        Some(to)
    }

    /// Here the step gives up.
    pub(super) fn give_up(&mut self) {
        self.emit(Word::new(Op::GiveUp, 0, 0, 0, 0));
    }

    /// The number of a way out.
    pub(super) fn leave(&mut self, at: usize, to: usize, back: usize) -> Option<u16> {
        let leave = Leave {
            at: u16::try_from(at).ok()?,
            to: u16::try_from(to).ok()?,
            back: u32::try_from(back).ok()?,
        };
        let known = self.exits.iter().position(|e| *e == leave);
        let number = known.unwrap_or_else(|| {
            self.exits.push(leave);
            self.exits.len() - 1
        });
        u16::try_from(number).ok()
    }

    /// A way out that a jump leads to.
    pub(super) fn stub(&mut self, at: usize, to: usize, back: usize) -> Option<Label> {
        let exit = self.leave(at, to, back)?;
        let known = self.stubs.iter().find(|s| s.1 == exit);
        if let Some((label, ..)) = known {
            return Some(*label);
        }
        let label = self.label();
        self.stubs.push((label, exit, self.line));
        Some(label)
    }

    pub(super) fn value(&mut self, value: &Value, to: Option<u8>) -> Option<u8> {
        match (value, to) {
            (Value::Constant(n), Some(to)) => {
                self.emit(Word::new(Op::Int, to, 0, 0, *n));
                Some(to)
            }
            (Value::Constant(n), None) => self.constant(*n),
            (Value::Variable(name), Some(to)) => {
                let from = self.variable(name)?;
                self.emit(Word::new(Op::Move, to, from, 0, 0));
                Some(to)
            }
            (Value::Variable(name), None) => self.variable(name),
            (Value::Formula(terms), to) => formula::value(self, terms, to),
        }
    }

    /// Jumps if a condition is so, else goes on.
    pub(super) fn branch(&mut self, condition: &Value, when: bool, to: Label) -> Option<()> {
        match condition {
            Value::Constant(n) => {
                if (*n != 0) == when {
                    self.jump(to);
                }
            }
            Value::Variable(name) => {
                let register = self.variable(name)?;
                let op = if when { Op::If } else { Op::IfNot };
                self.jump_if(op, register, 0, to);
            }
            Value::Formula(terms) => formula::branch(self, terms, when, to)?,
        }
        Some(())
    }

    /// The ways out that jumps lead to, and all labels; what is there then.
    pub(super) fn finish(mut self) -> Option<(Vec<Leave>, Typed)> {
        for (label, exit, line) in std::mem::take(&mut self.stubs) {
            self.bind(label);
            (self.exit, self.line) = (exit, line);
            self.give_up();
        }
        let jumps = |w: &&mut Word| w.op.is_jump() && w.op != Op::Turn;
        for word in self.code.iter_mut().filter(jumps) {
            let at = self.labels.get(word.n as usize).copied().flatten()?;
            word.n = i32::try_from(at).ok()?;
        }
        let typed = Typed {
            parameters: Vec::new(),
            result: Type::Int,
            registers: u16::try_from(self.top).ok()?,
            constants: Vec::new(),
            code: self.code,
            lines: self.lines,
            exits: self.exit_of,
        };
        (self.top <= REGISTERS).then_some((self.exits, typed))
    }
}
