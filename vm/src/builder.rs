//! How a module is made.

use strowger_stdlib::table::QuickMap;
use strowger_stdlib::template::{RESULT_LIMIT, Slice};
use strowger_stdlib::timespec::TimeSpec;

use crate::builtin::Builtin;
use crate::known::{self, Known};
use crate::module::{
    BadModule, Context, Entry, Include, Module, NOT_QUICK, Options, Parts, Priority, StrId,
    TEMPORARIES, Target,
};
use crate::op::{Instr, Op};
use crate::pattern::Matches;
use crate::strings::{BYTES, Interner};
use crate::typed::{Function, Typed};

/// Collects contexts, entries and steps, and makes a verified [`Module`] of them.
#[derive(Debug, Default)]
pub struct Builder {
    pub(crate) parts: Parts,
    strings: Interner,
    names: QuickMap<StrId, u16>,
    functions: QuickMap<StrId, u16>,
    pub(crate) applications: QuickMap<StrId, u32>,
    /// Whether there are applications of these names.
    known: QuickMap<StrId, bool>,
    pub(crate) slices: QuickMap<(i32, Option<i32>), u16>,
    pub(crate) formats: QuickMap<(StrId, StrId), u16>,
    pub(crate) targets: QuickMap<Target, u32>,
    /// The last file of a step, and its name.
    file: Option<(Vec<u8>, StrId)>,
    /// What there was too much of.
    overflow: Option<&'static str>,
    /// There was no room for a string.
    full: bool,
}

/// A context of a [`Builder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextId(usize);

/// An entry of a [`Builder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryId(pub(crate) usize, pub(crate) usize);

/// What is known of a step besides its code.
#[derive(Debug, Clone, Copy, Default)]
pub struct StepHead<'a> {
    /// From 1; rising within an entry.
    pub priority: u32,
    /// Its label.
    pub label: Option<&'a [u8]>,
    /// The application as written.
    pub application: &'a [u8],
    /// Its arguments as written.
    pub arguments: &'a [u8],
    /// The file of the line.
    pub file: &'a [u8],
    /// The line in it, from 1; 0: unknown.
    pub line: u32,
}

impl Builder {
    /// An empty module.
    pub fn new(options: Options) -> Builder {
        let mut b = Builder {
            parts: Parts {
                options,
                ..Parts::default()
            },
            ..Builder::default()
        };
        b.string(b"");
        b
    }

    /// Whether an application of this name exists, in any letter case (DL-077). The arguments of any other are not even
    /// substituted.
    pub fn has_application(&mut self, name: &[u8]) -> bool {
        let dialect = self.parts.options.dialect;
        let id = self.string(name);
        let known = || !matches!(known::application(name, &dialect), Known::Nowhere);
        *self.known.entry(id).or_insert_with(known)
    }

    pub(crate) fn string(&mut self, text: &[u8]) -> StrId {
        let id = self.strings.id(&mut self.parts.strings, text);
        id.unwrap_or_else(|| {
            self.full = true;
            StrId(0)
        })
    }

    /// The name of a file, nearly always that of the step before.
    fn file(&mut self, name: &[u8]) -> StrId {
        if let Some((_, id)) = self.file.as_ref().filter(|(last, _)| last == name) {
            return *id;
        }
        let id = self.string(name);
        self.file = Some((name.to_vec(), id));
        id
    }

    /// The slot of a variable; `None` if there are no more.
    pub(crate) fn slot(&mut self, name: StrId) -> Option<u16> {
        // The last number is not given out: a slot's index fits 16 bits, and so does their count.
        match number(&mut self.names, name) {
            Some((slot, new)) if slot < u16::MAX => {
                if new {
                    self.parts.names.push(name);
                }
                Some(slot)
            }
            _ => {
                self.names.remove(&name);
                None
            }
        }
    }

    /// Adds a context. A second one of the same name is never found.
    pub fn context(&mut self, name: &[u8]) -> ContextId {
        let name = self.string(name);
        self.parts.contexts.push(Context {
            name,
            entries: Vec::new(),
            includes: Vec::new(),
            switches: Vec::new(),
        });
        ContextId(self.parts.contexts.len() - 1)
    }

    /// Adds an include; `times` is the time part as written (DL-131).
    pub fn include(&mut self, to: ContextId, context: &[u8], times: Option<&[u8]>) {
        let context = self.string(context);
        let dialect = self.parts.options.dialect;
        let times = times.map(|t| (self.string(t), TimeSpec::read_for(t, &dialect).0));
        self.parts.contexts[to.0]
            .includes
            .push(Include { context, times });
    }

    /// Adds a switch (`Tech/data`).
    pub fn switch(&mut self, to: ContextId, text: &[u8]) {
        let text = self.string(text);
        self.parts.contexts[to.0].switches.push(text);
    }

    /// Adds an entry: its name as shown, and its caller-id form.
    pub fn entry(&mut self, to: ContextId, name: &[u8], caller: Option<&[u8]>) -> EntryId {
        let id = self.string(name);
        let entries = &mut self.parts.contexts[to.0].entries;
        entries.push(Entry {
            name: id,
            matches: Matches::read(name),
            caller: caller.map(Matches::read),
            priorities: Vec::new(),
            hint: None,
            frame: 0,
            typed: None,
        });
        EntryId(to.0, entries.len() - 1)
    }

    /// The hint of an entry: devices, and the name in parentheses.
    pub fn hint(&mut self, of: EntryId, devices: &[u8], name: &[u8]) {
        let hint = (self.string(devices), self.string(name));
        self.parts.contexts[of.0].entries[of.1].hint = Some(hint);
    }

    /// Adds a function in typed code, which does what the steps of an entry do from the first one to Return. Functions that it calls
    /// are numbered in the order in which they are added.
    pub fn function(&mut self, of: Option<EntryId>, name: &[u8], file: &[u8], typed: &Typed) {
        let number = self.parts.typed.len() as u32;
        let function = Function {
            name: self.string(name),
            file: self.file(file),
            typed: typed.clone(),
        };
        self.parts.typed.push(function);
        if let Some(of) = of {
            self.parts.contexts[of.0].entries[of.1].typed = Some(number);
        }
    }

    /// Begins a step. Its code leaves the pieces of the argument text on the stack of temporaries, then [`StepCode::run`].
    pub fn step(&mut self, of: EntryId, head: &StepHead) -> StepCode<'_> {
        let priority = Priority {
            number: head.priority,
            label: head.label.map(|l| self.string(l)),
            pc: self.parts.code.len() as u32,
            frame: 0,
            quick: NOT_QUICK,
            application: self.string(head.application),
            arguments: self.string(head.arguments),
            file: self.file(head.file),
            line: head.line,
        };
        StepCode {
            builder: self,
            of,
            priority,
            depth: 0,
            top: 0,
        }
    }

    /// Puts the entries into the order in which they are tried, and verifies.
    pub fn finish(mut self) -> Result<Module, BadModule> {
        let Parts { contexts, .. } = &mut self.parts;
        for context in contexts {
            context.entries.sort_by(|a, b| {
                a.matches
                    .rank(&b.matches)
                    .then_with(|| match (&a.caller, &b.caller) {
                        (Some(a), Some(b)) => a.rank(b),
                        (a, b) => b.is_some().cmp(&a.is_some()),
                    })
            });
            for entry in &mut context.entries {
                entry.priorities.sort_by_key(|p| p.number);
                entry.priorities.dedup_by_key(|p| p.number);
            }
        }
        if self.full {
            return Err(BadModule::TooLarge("bytes of text", BYTES));
        }
        if let Some(what) = self.overflow {
            return Err(BadModule::TooLarge(what, usize::from(u16::MAX)));
        }
        Module::verified(self.parts)
    }
}

/// The number of a thing in a table, and whether it is a new one; `None` when the table is full.
pub(crate) fn number<K: std::hash::Hash + Eq, N: TryFrom<usize> + Copy>(
    map: &mut QuickMap<K, N>,
    key: K,
) -> Option<(N, bool)> {
    if let Some(n) = map.get(&key) {
        return Some((*n, false));
    }
    let n = N::try_from(map.len()).ok()?;
    map.insert(key, n);
    Some((n, true))
}

/// The code of one step, written as for a stack: each call pushes a text or replaces those on top. What is left on the stack
/// is the argument text, in order.
#[derive(Debug)]
pub struct StepCode<'b> {
    builder: &'b mut Builder,
    of: EntryId,
    priority: Priority,
    depth: u16,
    top: u16,
}

impl StepCode<'_> {
    fn emit(&mut self, i: Instr) {
        self.builder.parts.code.push(i);
    }

    /// The next temporary.
    fn push(&mut self) -> u16 {
        if self.depth == TEMPORARIES {
            self.builder.overflow = Some("texts in one argument");
            self.depth -= 1;
        }
        let t = self.depth;
        self.depth = t + 1;
        self.top = self.top.max(self.depth);
        t
    }

    fn last(&self) -> u16 {
        self.depth.saturating_sub(1)
    }

    /// Pushes a literal.
    pub fn text(&mut self, text: &[u8]) {
        let id = self.builder.string(text);
        let t = self.push();
        self.emit(Instr::wide(Op::Text, 0, t, id.0));
    }

    /// Pushes a variable, built-in or not.
    pub fn variable(&mut self, name: &[u8]) {
        if let Some(b) = Builtin::of(name) {
            let t = self.push();
            return self.emit(Instr::new(Op::Built, b as u8, t, 0, 0));
        }
        let id = self.builder.string(name);
        match self.builder.slot(id) {
            Some(slot) => {
                let t = self.push();
                self.emit(Instr::new(Op::Var, 0, t, slot, 0));
            }
            // More names than slots: this one is found by its text.
            None => {
                self.text(name);
                self.body();
            }
        }
    }

    /// Cuts the text on top.
    pub fn slice(&mut self, s: Slice) {
        let Some((n, new)) = number(&mut self.builder.slices, (s.offset, s.length)) else {
            self.builder.overflow = Some("different slices");
            return;
        };
        if new {
            self.builder.parts.slices.push(s);
        }
        let t = self.last();
        self.emit(Instr::new(Op::Slice, 0, t, t, n));
    }

    /// Calls a function with the text on top as its arguments; its value replaces it.
    pub fn call(&mut self, name: &[u8]) {
        let id = self.builder.string(name);
        let Some((n, new)) = number(&mut self.builder.functions, id) else {
            self.builder.overflow = Some("different functions");
            return;
        };
        if new {
            self.builder.parts.functions.push(id);
        }
        let t = self.last();
        self.emit(Instr::new(Op::Call, 0, t, t, n));
    }

    /// Reads what the text on top names (`name`, `FUNC(args)`, with a slice); its value replaces it.
    pub fn body(&mut self) {
        let t = self.last();
        self.emit(Instr::new(Op::Body, 0, t, t, 0));
    }

    /// Evaluates the text on top as an expression; its value replaces it.
    pub fn expression(&mut self) {
        let t = self.last();
        self.emit(Instr::new(Op::Expr, 0, t, t, 0));
    }

    /// Fills in the text on top as it is written; its value replaces it.
    pub fn substitute(&mut self) {
        let t = self.last();
        self.emit(Instr::new(Op::Subst, 0, t, t, 0));
    }

    /// Joins everything pushed since the stack was `from` deep to one text. With nothing there: the empty text.
    pub fn join(&mut self, from: u16) {
        match self.depth.saturating_sub(from) {
            0 => self.text(b""),
            1 => {}
            n => {
                self.emit(Instr::new(Op::Cat, 0, from, from, n));
                self.depth = from + 1;
            }
        }
    }

    /// How deep the stack is, for [`StepCode::join`].
    pub fn depth(&self) -> u16 {
        self.depth
    }

    /// Runs the application with the whole stack as its argument text, and ends the step.
    pub fn run(mut self) {
        if self.depth == 0 {
            self.text(b"");
        }
        let n = self.depth;
        // A constant that is not cut is the whole argument text as it is.
        let is_whole = self.builder.parts.code.len() == self.priority.pc as usize + 1
            && match self.builder.parts.code.last() {
                Some(word) if word.op() == Op::Text => {
                    let id = StrId(word.bc());
                    self.builder
                        .parts
                        .strings
                        .get(id)
                        .is_some_and(|t| t.len() <= RESULT_LIMIT)
                }
                _ => false,
            };
        if !is_whole {
            self.emit(Instr::new(Op::Result, 0, 0, 0, n));
        }
        let name = self.priority.application;
        if let Some((application, new)) = number(&mut self.builder.applications, name) {
            if new {
                self.builder.parts.applications.push(name);
            }
            self.emit(Instr::wide(Op::App, 0, 0, application));
        }
        self.emit(Instr::new(Op::Next, 0, 0, 0, 0));
        self.priority.frame = self.top;
        self.builder.parts.contexts[self.of.0].entries[self.of.1]
            .priorities
            .push(self.priority);
    }
}
