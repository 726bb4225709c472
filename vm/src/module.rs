//! The compiled dialplan: its parts in memory, and the bytes of a `.dialc` file.
//!
//! A [`Module`] can only be had from the [`Builder`](crate::Builder) or from [`Module::read`], and both verify it: whatever
//! bytes it was read from, running it cannot panic.

use std::sync::{Arc, OnceLock};

use strowger_stdlib::Dialect;
use strowger_stdlib::table::{QuickMap, Table, hash};
use strowger_stdlib::template::Slice;
use strowger_stdlib::timespec::TimeSpec;
use strowger_stdlib::timetext::Format;

use crate::choice::Choice;
use crate::format::VERSION;
use crate::known::{self, Known};
use crate::limits::Limits;
use crate::op::{Instr, Op};
use crate::origin::Origin;
use crate::pattern::Matches;
use crate::route::{self, Route};
use crate::strings::Strings;
use crate::trace::Source;
use crate::typed::{Exit, Function, Native, Round, Running, Typed};

/// A string of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StrId(pub(crate) u32);

/// Most temporaries that one step may use.
pub(crate) const TEMPORARIES: u16 = 4096;

/// Where a step without quick code would begin in it.
pub(crate) const NOT_QUICK: u32 = u32::MAX;

/// A verified dialplan in bytecode.
#[derive(Debug, Clone, Default)]
pub struct Module {
    pub(crate) parts: Parts,
    pub(crate) origin: Origin,
    /// Slot of a variable name.
    slots: Table,
    /// Index of a context name.
    by_context: Table,
    /// Per context: the first one whose name is the same in another letter case, or itself.
    folded: Vec<u32>,
    /// Per context: the index of each context that it includes, if there is one.
    included: Vec<Vec<Option<u32>>>,
    /// Per context: how its entries are found.
    choices: Vec<Choice>,
    /// What each application name means.
    known: Vec<Known>,
    /// Where each constant target leads, once it was asked for and if it leads there whatever the time and the caller.
    resolved: Vec<OnceLock<Resolved>>,
    /// The time formats, read.
    formats: Vec<Format>,
    /// Per context: that a call which ends there finds no `h`, once one has asked.
    ends: Vec<OnceLock<bool>>,
    /// Machine code of the functions, once somebody has made it.
    native: OnceLock<Arc<dyn Native>>,
}

/// What a module consists of, before it is verified.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Parts {
    pub(crate) options: Options,
    pub(crate) strings: Strings,
    pub(crate) slices: Vec<Slice>,
    /// Variable names; the index is the slot.
    pub(crate) names: Vec<StrId>,
    pub(crate) functions: Vec<StrId>,
    pub(crate) applications: Vec<StrId>,
    pub(crate) code: Vec<Instr>,
    /// Quick code; a stretch for each extension that has any.
    pub(crate) quick: Vec<Instr>,
    /// Constant targets of jumps out of an extension.
    pub(crate) targets: Vec<Target>,
    /// Constant zones (empty: the server's) and time formats.
    pub(crate) formats: Vec<(StrId, StrId)>,
    pub(crate) contexts: Vec<Context>,
    /// Functions in typed code.
    pub(crate) typed: Vec<Function>,
    /// Loops in typed code, by the number in the word that begins them.
    pub(crate) loops: Vec<Round>,
}

/// Where a loop in typed code stands in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoopPlace<'m> {
    /// The context.
    pub context: &'m [u8],
    /// The extension.
    pub exten: &'m [u8],
    /// The number of its first step.
    pub priority: u32,
    /// The file of that step.
    pub file: &'m [u8],
}

/// A constant target of a jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    /// `None`: the one in which the channel stands.
    pub(crate) context: Option<StrId>,
    pub(crate) exten: StrId,
    pub(crate) priority: Wanted,
}

/// The priority part of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Wanted {
    Number(u32),
    Label(StrId),
}

/// Where a constant target leads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolved {
    /// The context in which it was looked for.
    pub(crate) from: usize,
    pub(crate) route: Route,
    pub(crate) number: u32,
}

/// What `[general]` says about running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Where the priorities end: hang up by DIALSTATUS, instead of waiting for digits (DL-154).
    pub autofallthrough: bool,
    /// `extenpatternmatchnew`: only the best entry of a context counts (DL-122).
    pub best_only: bool,
    /// `priorityjumping`: a failed application goes to n+101 if that exists (DL-293). Only where the dialect knows it.
    pub jumping: bool,
    /// The Asterisk that it was compiled for, and its habits.
    pub dialect: Dialect,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            autofallthrough: true,
            best_only: false,
            jumping: false,
            dialect: Dialect::default(),
        }
    }
}

/// A context.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Context {
    pub(crate) name: StrId,
    /// In the order in which they are tried: plain names first.
    pub(crate) entries: Vec<Entry>,
    pub(crate) includes: Vec<Include>,
    /// `Tech/data`; none of them is served, so asking one is only noted.
    pub(crate) switches: Vec<StrId>,
}

/// An entry: one spelling of name and caller-id form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: StrId,
    pub(crate) matches: Matches,
    pub(crate) caller: Option<Matches>,
    /// By rising number.
    pub(crate) priorities: Vec<Priority>,
    /// Devices and name of its hint.
    pub(crate) hint: Option<(StrId, StrId)>,
    /// Temporaries that its quick code uses.
    pub(crate) frame: u16,
    /// The function that does what its steps do, from the first one to Return.
    pub(crate) typed: Option<u32>,
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Priority {
    pub(crate) number: u32,
    pub(crate) label: Option<StrId>,
    /// Where its code begins.
    pub(crate) pc: u32,
    /// Temporaries that its code uses.
    pub(crate) frame: u16,
    /// Where its quick code begins; [`NOT_QUICK`] if it has none.
    pub(crate) quick: u32,
    pub(crate) application: StrId,
    /// Arguments as written (the loops scan by name; `Exec` and listings want the text).
    pub(crate) arguments: StrId,
    pub(crate) file: StrId,
    pub(crate) line: u32,
}

/// An include.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Include {
    pub(crate) context: StrId,
    /// When it counts; always if `None`.
    pub(crate) times: Option<(StrId, TimeSpec)>,
}

impl Entry {
    pub(crate) fn priority(&self, number: u32) -> Option<usize> {
        // Nearly always without gaps.
        let near = (number as usize).wrapping_sub(1);
        if self
            .priorities
            .get(near)
            .is_some_and(|p| p.number == number)
        {
            return Some(near);
        }
        self.priorities
            .binary_search_by_key(&number, |p| p.number)
            .ok()
    }
}

/// The hash of a name, in any letter case if `folded`.
fn name_hash(name: &[u8], folded: bool) -> u64 {
    if folded {
        hash(&name.to_ascii_lowercase())
    } else {
        hash(name)
    }
}

fn same_name(a: &[u8], b: &[u8], folded: bool) -> bool {
    if folded {
        a.eq_ignore_ascii_case(b)
    } else {
        a == b
    }
}

/// Why bytes are no module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadModule {
    /// Not a module at all.
    #[error("not a compiled dialplan")]
    Magic,
    /// A module of another version of this program.
    #[error(
        "compiled by another version (format {0}, this program reads {VERSION}): compile it again"
    )]
    Version(u32),
    /// Not the bytes that were written.
    #[error("damaged: these are not the bytes that were written (the checksum differs)")]
    Altered,
    /// The bytes end too early or a number is out of range.
    #[error("damaged at byte {0}")]
    Damaged(usize),
    /// A part points to something that is not there.
    #[error("damaged: {0}")]
    Refused(String),
    /// More than a module can hold.
    #[error("too large: more than {1} {0}")]
    TooLarge(&'static str, usize),
}

impl Module {
    /// Verifies the parts and makes the tables that are not stored.
    pub(crate) fn verified(parts: Parts) -> Result<Module, BadModule> {
        crate::verify::verify(&parts)?;
        let dialect = parts.options.dialect;
        let text = |id: StrId| parts.strings.get(id).unwrap_or_default();
        // Of two of the same name the first counts.
        let table = |ids: Vec<StrId>, folded: bool| {
            let mut table = Table::with_capacity(ids.len());
            for (i, id) in (0u32..).zip(&ids) {
                let name = text(*id);
                if table
                    .find(name_hash(name, folded), |n| {
                        same_name(text(ids[n as usize]), name, folded)
                    })
                    .is_none()
                {
                    table.insert(name_hash(name, folded), i);
                }
            }
            table
        };
        let slots = table(parts.names.clone(), false);
        let by_context = table(
            parts.contexts.iter().map(|c| c.name).collect(),
            dialect.folded_contexts,
        );
        let mut names: QuickMap<Vec<u8>, u32> = QuickMap::default();
        let folded = (0u32..)
            .zip(&parts.contexts)
            .map(|(i, c)| *names.entry(text(c.name).to_ascii_lowercase()).or_insert(i))
            .collect();
        let included = parts
            .contexts
            .iter()
            .map(|c| {
                let found = c.includes.iter().map(|i| {
                    let name = text(i.context);
                    let folded = dialect.folded_contexts;
                    let same =
                        |n: u32| same_name(text(parts.contexts[n as usize].name), name, folded);
                    by_context.find(name_hash(name, folded), same)
                });
                found.collect()
            })
            .collect();
        let choices = parts
            .contexts
            .iter()
            .map(|c| Choice::new(&c.entries))
            .collect();
        let known = parts
            .applications
            .iter()
            .map(|id| known::application(text(*id), &dialect))
            .collect();
        let ends = parts.contexts.iter().map(|_| OnceLock::new()).collect();
        let resolved = parts.targets.iter().map(|_| OnceLock::new()).collect();
        let formats = parts
            .formats
            .iter()
            .map(|(zone, format)| {
                Format::read(text(*zone), text(*format))
                    .ok_or_else(|| BadModule::Refused("a time format has no short form".into()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Module {
            parts,
            origin: Origin::default(),
            slots,
            by_context,
            folded,
            included,
            choices,
            known,
            resolved,
            formats,
            ends,
            native: OnceLock::new(),
        })
    }

    /// The Asterisk that it was compiled for.
    pub fn dialect(&self) -> &Dialect {
        &self.parts.options.dialect
    }

    /// A string; empty for an id that a verified module cannot hold.
    pub(crate) fn text(&self, id: StrId) -> &[u8] {
        self.parts.strings.get(id).unwrap_or_default()
    }

    /// The slot of a variable that the module mentions.
    pub(crate) fn slot(&self, name: &[u8]) -> Option<u16> {
        let names = &self.parts.names;
        let same = |n: u32| {
            names
                .get(n as usize)
                .is_some_and(|id| self.text(*id) == name)
        };
        self.slots.find(hash(name), same).map(|n| n as u16)
    }

    /// The name of a slot.
    pub(crate) fn slot_name(&self, slot: u16) -> &[u8] {
        self.parts
            .names
            .get(usize::from(slot))
            .map_or(b"", |n| self.text(*n))
    }

    pub(crate) fn context(&self, name: &[u8]) -> Option<usize> {
        let contexts = &self.parts.contexts;
        let folded = self.dialect().folded_contexts;
        let same = |n: u32| {
            contexts
                .get(n as usize)
                .is_some_and(|c| same_name(self.text(c.name), name, folded))
        };
        self.by_context
            .find(name_hash(name, folded), same)
            .map(|n| n as usize)
    }

    /// The same; `near` is tried first.
    pub(crate) fn context_near(&self, near: usize, name: &[u8]) -> Option<usize> {
        match self.parts.contexts.get(near) {
            Some(c) if self.text(c.name) == name => Some(near),
            _ => self.context(name),
        }
    }

    /// Whether a call that ends in a context finds no `h`, whoever called and whenever.
    pub(crate) fn ends_without_h(&self, context: usize) -> bool {
        let ends = self.ends.get(context);
        ends.is_some_and(|known| *known.get_or_init(|| route::nobody_answers(self, context, b"h")))
    }

    /// Stands for the name of a context in any letter case.
    pub(crate) fn folded(&self, context: usize) -> u32 {
        self.folded.get(context).copied().unwrap_or(u32::MAX)
    }

    /// What a context includes: its index, for each line, if there is such a context.
    pub(crate) fn included(&self, context: usize) -> &[Option<u32>] {
        self.included.get(context).map_or(&[], Vec::as_slice)
    }

    /// How the entries of a context are found.
    pub(crate) fn choice(&self, context: usize) -> Option<&Choice> {
        self.choices.get(context)
    }

    /// Makes the automata of all contexts, those too that no look-up has asked for or would wait for. Worth doing once behind
    /// the back of a running exchange: it may take a second for a hundred thousand patterns, and until it is done these are
    /// found less quickly.
    pub fn prepare(&self) {
        for (choice, context) in self.choices.iter().zip(&self.parts.contexts) {
            choice.prepare(&context.entries);
        }
    }

    /// How many bytes the automata take that there are.
    pub fn automata_size(&self) -> usize {
        self.choices.iter().filter_map(Choice::dfa_size).sum()
    }

    /// The entry of a route.
    pub(crate) fn entry(&self, r: Route) -> Option<&Entry> {
        self.parts.contexts.get(r.context)?.entries.get(r.entry)
    }

    pub(crate) fn priority(&self, context: usize, entry: usize, index: usize) -> Option<&Priority> {
        self.parts
            .contexts
            .get(context)?
            .entries
            .get(entry)?
            .priorities
            .get(index)
    }

    pub(crate) fn source(&self, p: &Priority) -> Option<Source> {
        (p.line > 0).then(|| Source {
            file: String::from_utf8_lossy(self.text(p.file)).into_owned(),
            line: p.line,
        })
    }

    /// A time format; `None` for an index that a verified module cannot hold.
    pub(crate) fn format(&self, index: u16) -> Option<&Format> {
        self.formats.get(usize::from(index))
    }

    /// The functions in typed code: what they are called, and the code.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = (&[u8], &Typed)> {
        let all = self.parts.typed.iter();
        all.map(|f| (self.text(f.name), &f.typed))
    }

    /// The loops in typed code: the extension that holds each, its first step, and the code.
    pub fn loops(&self) -> Vec<(LoopPlace<'_>, &Typed)> {
        let mut found = vec![None; self.parts.loops.len()];
        for context in &self.parts.contexts {
            for entry in &context.entries {
                let steps = entry.priorities.iter().filter(|p| p.quick != NOT_QUICK);
                for step in steps {
                    let word = self.parts.quick.get(step.quick as usize + 1);
                    let number = word.filter(|w| w.op() == Op::Loop).map(|w| w.bc() as usize);
                    if let Some(place) = number.and_then(|n| found.get_mut(n)) {
                        *place = Some(LoopPlace {
                            context: self.text(context.name),
                            exten: self.text(entry.name),
                            priority: step.number,
                            file: self.text(step.file),
                        });
                    }
                }
            }
        }
        let loops = self.parts.loops.iter().zip(found);
        loops
            .map(|(l, place)| (place.unwrap_or_default(), &l.code))
            .collect()
    }

    /// The file of a function in typed code.
    pub fn function_file(&self, function: usize) -> Option<&[u8]> {
        let function = self.parts.typed.get(function)?;
        Some(self.text(function.file))
    }

    /// Calls a function in typed code by itself, as machine code or not; burns fuel. `None`: there is none, or the arguments are not
    /// what it was written for.
    pub fn compute(
        &self,
        function: usize,
        arguments: &[Vec<u8>],
        fuel: &mut i64,
        native: bool,
    ) -> Option<Exit> {
        let all = &self.parts.typed;
        let native = self.native().filter(|_| native);
        let depth = Limits::default().depth;
        let mut running = Running::new(all, function, arguments)?;
        Some(running.go(all, native, depth, fuel))
    }

    /// Gives the functions their machine code; calls use it from then on. `false`: they have some already.
    pub fn set_native(&self, native: Arc<dyn Native>) -> bool {
        self.native.set(native).is_ok()
    }

    pub(crate) fn native(&self) -> Option<&dyn Native> {
        self.native.get().map(|native| &**native)
    }

    /// Whether the functions have machine code.
    pub fn is_native(&self) -> bool {
        self.native.get().is_some()
    }

    /// A constant target, and where it led when it was asked for.
    pub(crate) fn target(&self, index: u32) -> Option<(Target, &OnceLock<Resolved>)> {
        let index = index as usize;
        Some((*self.parts.targets.get(index)?, self.resolved.get(index)?))
    }

    /// What the application of this name is.
    pub(crate) fn known(&self, name: &[u8]) -> Known {
        known::application(name, self.dialect())
    }

    /// The same for one that a step names.
    pub(crate) fn known_by_index(&self, index: u32) -> Known {
        self.known
            .get(index as usize)
            .copied()
            .unwrap_or(Known::Nowhere)
    }

    /// Whether a function that this program knows is not one of this release.
    pub(crate) fn lacks_function(&self, name: &[u8]) -> bool {
        self.dialect().release() < Dialect::NEWEST && !self.has_function(name)
    }

    pub(crate) fn has_function(&self, name: &[u8]) -> bool {
        known::function(name, self.dialect())
    }

    /// What `[general]` said about running.
    pub fn options(&self) -> Options {
        self.parts.options
    }

    /// All texts that the plan holds: names, arguments as they stand in it, constants.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.strings.iter()
    }

    /// Whether a context of this name exists.
    pub fn has_context(&self, name: &[u8]) -> bool {
        self.context(name).is_some()
    }

    /// The contexts in the order of the plan, with how many steps and hints each holds.
    pub fn sizes(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.parts.contexts.iter().map(|c| {
            let size = |e: &Entry| e.priorities.len() + usize::from(e.hint.is_some());
            (self.text(c.name), c.entries.iter().map(size).sum())
        })
    }

    /// The names of all contexts, in the order of the plan.
    pub fn contexts(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.contexts.iter().map(|c| self.text(c.name))
    }

    /// The devices and the name of an extension's hint.
    pub fn hint(&self, context: &[u8], exten: &[u8]) -> Option<(&[u8], &[u8])> {
        let plain = crate::pattern::without_dashes(exten);
        let context = &self.parts.contexts[self.context(context)?];
        let entry = context
            .entries
            .iter()
            .find(|e| e.hint.is_some() && e.matches.matches(&plain))?;
        entry
            .hint
            .map(|(devices, name)| (self.text(devices), self.text(name)))
    }
}
