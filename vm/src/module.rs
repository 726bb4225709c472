//! The compiled dialplan: its parts in memory, and the bytes of a `.dialc` file.
//!
//! A [`Module`] can only be had from the [`Builder`](crate::Builder) or from [`Module::read`], and both verify it: whatever
//! bytes it was read from, running it cannot panic.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use strowger_stdlib::Dialect;
use strowger_stdlib::table::{QuickMap, Table, hash};
use strowger_stdlib::template::Slice;
use strowger_stdlib::timespec::TimeSpec;
use strowger_stdlib::timetext::Format;

use crate::builtin::Builtin;
use crate::choice::Choice;
use crate::format::VERSION;
use crate::guard::Comparison;
use crate::known::{self, Known};
use crate::limits::Limits;
use crate::op::{Instr, Kind, Op};
use crate::origin::Origin;
use crate::pattern::Matches;
use crate::route::{self, Route};
use crate::short::Short;
use crate::strings::Strings;
use crate::trace::Source;
use crate::typed::{Exit, Function, Native, Running, Typed};

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

    /// The code of every step in words, for people.
    pub fn disassemble(&self) -> String {
        let mut out = String::new();
        for context in &self.parts.contexts {
            let _ = writeln!(out, "context {}", lossy(self.text(context.name)));
            for entry in &context.entries {
                for p in &entry.priorities {
                    let _ = write!(out, "  {}", lossy(self.text(entry.name)));
                    if let Some(label) = p.label {
                        let _ = write!(out, ",{}({})", p.number, lossy(self.text(label)));
                    } else {
                        let _ = write!(out, ",{}", p.number);
                    }
                    let _ = writeln!(
                        out,
                        "  {}({})    ; {}:{}",
                        lossy(self.text(p.application)),
                        lossy(self.text(p.arguments)),
                        lossy(self.text(p.file)),
                        p.line
                    );
                    for (i, word) in self.parts.code.iter().enumerate().skip(p.pc as usize) {
                        let _ = writeln!(out, "    {i:5}  {}", self.word(i, *word));
                        if word.op() == Op::Next {
                            break;
                        }
                    }
                }
                let first = entry.priorities.first().map_or(NOT_QUICK, |p| p.quick);
                if first == NOT_QUICK {
                    continue;
                }
                let _ = writeln!(out, "  {} in short", lossy(self.text(entry.name)));
                let mut begun = 0;
                for (i, word) in self.parts.quick.iter().enumerate().skip(first as usize) {
                    if word.op() == Op::Step {
                        if word.bc() < begun {
                            break;
                        }
                        begun = word.bc() + 1;
                    }
                    let _ = writeln!(out, "    {i:5}  {}", self.word(i, *word));
                }
            }
            let typed = context.entries.iter().filter_map(|e| e.typed);
            for function in typed.filter_map(|n| self.parts.typed.get(n as usize)) {
                out.push_str(&self.function_in_words(function));
            }
            for include in &context.includes {
                let _ = write!(out, "  include {}", lossy(self.text(include.context)));
                let _ = match &include.times {
                    Some((times, _)) => writeln!(out, " when {}", lossy(self.text(*times))),
                    None => writeln!(out),
                };
            }
        }
        out
    }

    fn function_in_words(&self, function: &Function) -> String {
        let mut out = String::new();
        let f = &function.typed;
        let parameters: Vec<String> = (0..)
            .zip(&f.parameters)
            .map(|(i, ty)| format!("r{i}: {ty:?}"))
            .collect();
        let _ = writeln!(
            out,
            "  {}({}) -> {:?} in typed code",
            lossy(self.text(function.name)),
            parameters.join(", "),
            f.result
        );
        let name = |n: usize| {
            let called = self.parts.typed.get(n);
            called.map_or_else(|| "?".to_owned(), |f| lossy(self.text(f.name)))
        };
        let mut line = 0;
        for (at, (word, place)) in f.code.iter().zip(&f.lines).enumerate() {
            let _ = write!(out, "    {at:5}  {}", f.word(*word, name));
            if line != *place {
                line = *place;
                let _ = write!(out, "    ; {}:{line}", lossy(self.text(function.file)));
            }
            out.push('\n');
        }
        out
    }

    fn word(&self, at: usize, word: Instr) -> String {
        let op = word.op();
        let mut out = format!("{:8}", op.info().name);
        let mut before = 0;
        for (n, (field, kind)) in op.info().operands.iter().enumerate() {
            let value = word.field(*field);
            out.push_str(if n == 0 { " " } else { ", " });
            let _ = match kind {
                Kind::Write | Kind::Read => write!(out, "t{value}"),
                Kind::Count => match value {
                    0 => write!(out, ".."),
                    n => write!(out, "..t{}", before + n - 1),
                },
                Kind::Small => write!(out, "{}", value as u16 as i16),
                Kind::Number => write!(out, "{}", value as i32),
                Kind::Comparison => write!(out, "{}", Comparison::from_byte(value as u8).sign()),
                Kind::Flag => write!(out, "{}", if value == 0 { "not" } else { "if" }),
                Kind::Short => write!(
                    out,
                    "{}",
                    Short::from_byte(value as u8).map_or("?", Short::name)
                ),
                Kind::Word => write!(out, "@{value}"),
                Kind::Near => write!(out, "@{}", at as i64 + 1 + i64::from(value as u16 as i16)),
                Kind::Index => write!(out, "#{value}"),
                Kind::Place => match self.parts.targets.get(value as usize) {
                    Some(t) => write!(out, "{}", self.target_in_words(t)),
                    None => write!(out, "?"),
                },
                Kind::Format => match self.parts.formats.get(value as usize) {
                    Some((zone, format)) => write!(
                        out,
                        "\"{}\" {}",
                        lossy(self.text(*format)),
                        lossy(self.text(*zone))
                    ),
                    None => write!(out, "?"),
                },
                Kind::Byte => write!(out, "'{}'", (value as u8).escape_ascii()),
                Kind::Mark => write!(out, "{}", "_".repeat(value as usize)),
                Kind::Text => write!(out, "\"{}\"", lossy(self.text(StrId(value)))),
                Kind::Slot => write!(out, "{}", lossy(self.slot_name(value as u16))),
                Kind::Builtin => write!(
                    out,
                    "{}",
                    Builtin::from_byte(value as u8).map_or("?", Builtin::name)
                ),
                Kind::Slice => match self.parts.slices.get(value as usize) {
                    Some(Slice {
                        offset,
                        length: None,
                    }) => write!(out, "{offset}"),
                    Some(Slice {
                        offset,
                        length: Some(length),
                    }) => write!(out, "{offset}:{length}"),
                    None => write!(out, "?"),
                },
                Kind::Function => write!(out, "{}", self.listed(&self.parts.functions, value)),
                Kind::Application => {
                    write!(out, "{}", self.listed(&self.parts.applications, value))
                }
            };
            before = value;
        }
        out
    }

    fn target_in_words(&self, t: &Target) -> String {
        let mut out = String::new();
        if let Some(context) = t.context {
            out.push_str(&lossy(self.text(context)));
            out.push(',');
        }
        out.push_str(&lossy(self.text(t.exten)));
        let _ = match t.priority {
            Wanted::Number(n) => write!(out, ",{n}"),
            Wanted::Label(l) => write!(out, ",{}", lossy(self.text(l))),
        };
        out
    }

    fn listed(&self, list: &[StrId], index: u32) -> String {
        list.get(index as usize)
            .map_or_else(|| "?".into(), |id| lossy(self.text(*id)))
    }
}

fn lossy(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
