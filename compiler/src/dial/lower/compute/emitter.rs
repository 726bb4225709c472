//! Writes the words of one function.

use strowger_vm::typed::{self, Op, Typed, WORDS, Word};

use crate::dial::typed::{LocalId, Place, Program};
use crate::source::Sources;

/// A place in the code that may not be known yet.
#[derive(Clone, Copy)]
pub(super) struct Label(pub(super) usize);

/// Writes the words of one function. Locals have the first registers, then come the constants of its loops, then what is in the
/// making. `None` anywhere: this function is not for typed code.
pub(super) struct Emitter<'p> {
    pub(super) program: &'p Program,
    pub(super) sources: &'p Sources,
    pub(super) code: Vec<Word>,
    pub(super) lines: Vec<u32>,
    pub(super) line: u32,
    /// Those that do not fit a word.
    pub(super) constants: Vec<i64>,
    /// The register of the first constant of `pool`.
    pub(super) first: usize,
    pub(super) pool: Vec<i64>,
    pub(super) next: usize,
    pub(super) top: usize,
    /// Where labels are; jumps name labels until the end.
    pub(super) labels: Vec<Option<usize>>,
    /// Where `continue` and `break` lead.
    pub(super) loops: Vec<(Label, Label)>,
}

impl Emitter<'_> {
    pub(super) fn emit(&mut self, op: Op, a: u8, b: u8, c: u8, n: i32) -> Option<()> {
        self.code.push(Word::new(op, a, b, c, n));
        self.lines.push(self.line);
        (self.code.len() <= WORDS).then_some(())
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    pub(super) fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.code.len());
    }

    pub(super) fn jump(&mut self, to: Label) -> Option<()> {
        self.emit(Op::Jump, 0, 0, 0, to.0 as i32)
    }

    pub(super) fn temporary(&mut self) -> Option<u8> {
        let register = u8::try_from(self.next).ok()?;
        self.next += 1;
        self.top = self.top.max(self.next);
        Some(register)
    }

    pub(super) fn register(&self, local: LocalId) -> Option<u8> {
        let local = local.0 as usize;
        (local < self.first).then(|| u8::try_from(local).ok())?
    }

    pub(super) fn go_to(&mut self, place: Place) {
        self.line = self.sources.file(place.file).line(place.at.start);
    }

    pub(super) fn finish(
        mut self,
        parameters: Vec<typed::Type>,
        result: typed::Type,
    ) -> Option<Typed> {
        for word in self.code.iter_mut().filter(|w| w.op.is_jump()) {
            let at = self.labels.get(word.n as usize).copied().flatten()?;
            word.n = i32::try_from(at).ok()?;
        }
        Some(Typed {
            parameters,
            result,
            registers: u16::try_from(self.top).ok()?,
            constants: self.constants,
            code: self.code,
            lines: self.lines,
            exits: Vec::new(),
        })
    }

    pub(super) fn load(&mut self, value: i64, to: u8) -> Option<()> {
        if let Ok(n) = i32::try_from(value) {
            return self.emit(Op::Int, to, 0, 0, n);
        }
        let known = self.constants.iter().position(|n| *n == value);
        let n = known.unwrap_or_else(|| {
            self.constants.push(value);
            self.constants.len() - 1
        });
        self.emit(Op::Wide, to, 0, 0, i32::try_from(n).ok()?)
    }

    /// A constant: in `to` if that is given.
    pub(super) fn number(&mut self, value: i64, to: Option<u8>) -> Option<u8> {
        if let (None, Some(at)) = (to, self.pool.iter().position(|n| *n == value)) {
            return u8::try_from(self.first + at).ok();
        }
        let to = self.place(to)?;
        self.load(value, to)?;
        Some(to)
    }

    pub(super) fn place(&mut self, to: Option<u8>) -> Option<u8> {
        to.map_or_else(|| self.temporary(), Some)
    }
}
