//! The compiled dialplan: its parts in memory, and the bytes of a `.dialc` file.
//!
//! A [`Module`] can only be had from the [`Builder`](crate::Builder) or from [`Module::read`], and both verify it: whatever
//! bytes it was read from, running it cannot panic.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use strowger_stdlib::template::Slice;
use strowger_stdlib::timespec::TimeSpec;

use crate::known::{self, Known};
use crate::op::{Builtin, Field, Instr, Kind, Op};
use crate::pattern::{ByteSet, Element, Matches, Pattern};
use crate::trace::Source;
use crate::trie::Trie;

/// A string of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StrId(pub(crate) u32);

/// Most temporaries that one step may use.
pub(crate) const TEMPORARIES: u16 = 4096;

/// A verified dialplan in bytecode.
#[derive(Debug, Clone, Default)]
pub struct Module {
    pub(crate) parts: Parts,
    /// Slot of a variable name.
    slots: HashMap<Box<[u8]>, u16>,
    /// Index of a context name.
    by_context: HashMap<Box<[u8]>, u32>,
    /// Per context: index of the first entry of each plain name.
    plain: Vec<HashMap<Box<[u8]>, u32>>,
    /// Per context, if it holds many patterns.
    tries: Vec<Option<Trie>>,
    /// What each application name means.
    known: Vec<Known>,
    /// Tells modules apart when a channel is resumed.
    pub(crate) identity: u64,
}

/// What a module consists of, before it is verified.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Parts {
    pub(crate) options: Options,
    pub(crate) strings: Vec<Arc<[u8]>>,
    pub(crate) slices: Vec<Slice>,
    /// Variable names; the index is the slot.
    pub(crate) names: Vec<StrId>,
    pub(crate) functions: Vec<StrId>,
    pub(crate) applications: Vec<StrId>,
    pub(crate) code: Vec<Instr>,
    pub(crate) contexts: Vec<Context>,
}

/// What `[general]` says about running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Where the priorities end: hang up by DIALSTATUS, instead of waiting for digits (DL-154).
    pub autofallthrough: bool,
    /// `extenpatternmatchnew`: only the best entry of a context counts (DL-122).
    pub best_only: bool,
    /// The Asterisk that it was compiled for, by major version: which applications and functions there are.
    pub asterisk_version: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            autofallthrough: true,
            best_only: false,
            asterisk_version: 23,
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
        self.priorities
            .binary_search_by_key(&number, |p| p.number)
            .ok()
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

const MAGIC: &[u8; 8] = b"dialc\r\n\x1a";
const VERSION: u32 = 1;

impl Module {
    /// Verifies the parts and makes the tables that are not stored.
    pub(crate) fn verified(parts: Parts) -> Result<Module, BadModule> {
        verify(&parts)?;
        let text = |id: StrId| Box::<[u8]>::from(&parts.strings[id.0 as usize][..]);
        let slots = parts
            .names
            .iter()
            .enumerate()
            .rev()
            .map(|(i, n)| (text(*n), i as u16))
            .collect();
        let by_context = parts
            .contexts
            .iter()
            .enumerate()
            .rev()
            .map(|(i, c)| (text(c.name), i as u32))
            .collect();
        let mut plain = Vec::with_capacity(parts.contexts.len());
        for context in &parts.contexts {
            let mut first: HashMap<Box<[u8]>, u32> = HashMap::new();
            for (i, entry) in context.entries.iter().enumerate() {
                if let Matches::Name(name) = &entry.matches {
                    first.entry(name.as_slice().into()).or_insert(i as u32);
                }
            }
            plain.push(first);
        }
        let version = parts.options.asterisk_version;
        let known = parts
            .applications
            .iter()
            .map(|id| known::application(&text(*id), version))
            .collect();
        let tries = parts
            .contexts
            .iter()
            .map(|c| Trie::build(&c.entries))
            .collect();
        let identity = fingerprint(&parts);
        Ok(Module {
            parts,
            slots,
            by_context,
            plain,
            tries,
            known,
            identity,
        })
    }

    /// A string; empty for an id that a verified module cannot hold.
    pub(crate) fn text(&self, id: StrId) -> &[u8] {
        self.parts.strings.get(id.0 as usize).map_or(b"", |s| s)
    }

    /// The slot of a variable that the module mentions.
    pub(crate) fn slot(&self, name: &[u8]) -> Option<u16> {
        self.slots.get(name).copied()
    }

    /// The name of a slot.
    pub(crate) fn slot_name(&self, slot: u16) -> &[u8] {
        self.parts
            .names
            .get(usize::from(slot))
            .map_or(b"", |n| self.text(*n))
    }

    pub(crate) fn context(&self, name: &[u8]) -> Option<usize> {
        self.by_context.get(name).map(|i| *i as usize)
    }

    /// The first entry of a context with this plain name (no dashes).
    pub(crate) fn plain_entry(&self, context: usize, name: &[u8]) -> Option<usize> {
        self.plain.get(context)?.get(name).map(|i| *i as usize)
    }

    pub(crate) fn trie(&self, context: usize) -> Option<&Trie> {
        self.tries.get(context)?.as_ref()
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

    /// What the application of this name is.
    pub(crate) fn known(&self, name: &[u8]) -> Known {
        known::application(name, self.parts.options.asterisk_version)
    }

    /// The same for one that a step names.
    pub(crate) fn known_by_index(&self, index: u32) -> Known {
        self.known
            .get(index as usize)
            .copied()
            .unwrap_or(Known::Nowhere)
    }

    pub(crate) fn has_function(&self, name: &[u8]) -> bool {
        known::function(name, self.parts.options.asterisk_version)
    }

    /// Whether a context of this name exists.
    pub fn has_context(&self, name: &[u8]) -> bool {
        self.by_context.contains_key(name)
    }

    /// How many steps it holds, for coverage and statistics.
    pub fn steps(&self) -> usize {
        self.parts
            .contexts
            .iter()
            .flat_map(|c| &c.entries)
            .map(|e| e.priorities.len())
            .sum()
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
                    let _ = writeln!(out, "    ; {}:{}", lossy(self.text(p.file)), p.line);
                    for (i, word) in self.parts.code.iter().enumerate().skip(p.pc as usize) {
                        let _ = writeln!(out, "    {i:5}  {}", self.word(*word));
                        if matches!(word.op(), Some(Op::Next) | None) {
                            break;
                        }
                    }
                }
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

    fn word(&self, word: Instr) -> String {
        let Some(op) = word.op() else {
            return format!("?{:016x}", word.0);
        };
        let mut out = format!("{:7}", op.info().name);
        let mut before = 0;
        for (n, (field, kind)) in op.info().operands.iter().enumerate() {
            let value = word.field(*field);
            out.push_str(if n == 0 { " " } else { ", " });
            let _ = match kind {
                Kind::Write | Kind::Read => write!(out, "t{value}"),
                Kind::Count => write!(out, "..t{}", before + value.saturating_sub(1)),
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

    fn listed(&self, list: &[StrId], index: u32) -> String {
        list.get(index as usize)
            .map_or_else(|| "?".into(), |id| lossy(self.text(*id)))
    }

    /// The bytes of a `.dialc` file.
    pub fn write(&self) -> Vec<u8> {
        let mut w = Writer(MAGIC.to_vec());
        w.u32(VERSION);
        let p = &self.parts;
        w.u8(u8::from(p.options.autofallthrough) | u8::from(p.options.best_only) << 1);
        w.u32(p.options.asterisk_version);
        w.list(&p.strings, |w, s| w.bytes(s));
        w.list(&p.slices, |w, s| {
            w.u32(s.offset as u32);
            w.u8(u8::from(s.length.is_some()));
            w.u32(s.length.unwrap_or(0) as u32);
        });
        for ids in [&p.names, &p.functions, &p.applications] {
            w.list(ids, |w, id| w.u32(id.0));
        }
        w.list(&p.code, |w, i| w.0.extend_from_slice(&i.0.to_le_bytes()));
        w.list(&p.contexts, |w, c| {
            w.u32(c.name.0);
            w.list(&c.entries, |w, e| {
                w.u32(e.name.0);
                w.matches(&e.matches);
                w.u8(u8::from(e.caller.is_some()));
                if let Some(c) = &e.caller {
                    w.matches(c);
                }
                w.list(&e.priorities, |w, p| {
                    for n in [
                        p.number,
                        p.label.map_or(u32::MAX, |l| l.0),
                        p.pc,
                        u32::from(p.frame),
                    ] {
                        w.u32(n);
                    }
                    for n in [p.application.0, p.arguments.0, p.file.0, p.line] {
                        w.u32(n);
                    }
                });
                w.u8(u8::from(e.hint.is_some()));
                if let Some((devices, name)) = e.hint {
                    w.u32(devices.0);
                    w.u32(name.0);
                }
            });
            w.list(&c.includes, |w, i| {
                w.u32(i.context.0);
                w.u32(i.times.as_ref().map_or(u32::MAX, |(t, _)| t.0));
            });
            w.list(&c.switches, |w, s| w.u32(s.0));
        });
        w.0
    }

    /// Reads a `.dialc` file and verifies it.
    pub fn read(bytes: &[u8]) -> Result<Module, BadModule> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(BadModule::Magic)?;
        let mut r = Reader {
            all: bytes.len(),
            rest,
        };
        let version = r.u32()?;
        if version != VERSION {
            return Err(BadModule::Version(version));
        }
        let flags = r.u8()?;
        let mut p = Parts {
            options: Options {
                autofallthrough: flags & 1 != 0,
                best_only: flags & 2 != 0,
                asterisk_version: r.u32()?,
            },
            ..Parts::default()
        };
        p.strings = r.list(|r| Ok(Arc::from(r.bytes()?)))?;
        p.slices = r.list(|r| {
            let offset = r.u32()? as i32;
            let bounded = r.flag()?;
            let length = r.u32()? as i32;
            Ok(Slice {
                offset,
                length: bounded.then_some(length),
            })
        })?;
        p.names = r.list(Reader::id)?;
        p.functions = r.list(Reader::id)?;
        p.applications = r.list(Reader::id)?;
        p.code = r.list(|r| Ok(Instr(u64::from(r.u32()?) | u64::from(r.u32()?) << 32)))?;
        let strings = std::mem::take(&mut p.strings);
        p.contexts = r.list(|r| r.context(&strings))?;
        p.strings = strings;
        if !r.rest.is_empty() {
            return Err(r.damaged());
        }
        Module::verified(p)
    }
}

fn lossy(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// FNV-1a over what tells two modules apart.
fn fingerprint(parts: &Parts) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat = |bytes: &[u8]| {
        for b in bytes {
            h = (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for word in &parts.code {
        eat(&word.0.to_le_bytes());
    }
    for s in &parts.strings {
        eat(s);
        eat(&[0]);
    }
    h
}

struct Writer(Vec<u8>);

impl Writer {
    fn u8(&mut self, n: u8) {
        self.0.push(n);
    }

    fn u32(&mut self, n: u32) {
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    fn bytes(&mut self, b: &[u8]) {
        // The builder refuses longer strings and lists.
        self.u32(b.len() as u32);
        self.0.extend_from_slice(b);
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Writer, &T)) {
        self.u32(items.len() as u32);
        for item in items {
            each(self, item);
        }
    }

    fn matches(&mut self, m: &Matches) {
        match m {
            Matches::Name(name) => {
                self.u8(0);
                self.bytes(name);
            }
            Matches::Pattern(p) => {
                self.u8(1);
                self.list(&p.elements, |w, e| match e {
                    Element::Set(set) => {
                        w.u8(0);
                        for n in set.0 {
                            w.0.extend_from_slice(&n.to_le_bytes());
                        }
                    }
                    Element::Dot => w.u8(1),
                    Element::Bang => w.u8(2),
                    Element::Broken => w.u8(3),
                });
            }
        }
    }
}

struct Reader<'a> {
    all: usize,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn damaged(&self) -> BadModule {
        BadModule::Damaged(self.all - self.rest.len())
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], BadModule> {
        let (head, rest) = self
            .rest
            .split_at_checked(n)
            .ok_or_else(|| self.damaged())?;
        self.rest = rest;
        Ok(head)
    }

    fn u8(&mut self) -> Result<u8, BadModule> {
        Ok(self.take(1)?[0])
    }

    fn flag(&mut self) -> Result<bool, BadModule> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.damaged()),
        }
    }

    fn u32(&mut self) -> Result<u32, BadModule> {
        let b = self.take(4)?;
        Ok(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    fn id(&mut self) -> Result<StrId, BadModule> {
        Ok(StrId(self.u32()?))
    }

    fn optional_id(&mut self) -> Result<Option<StrId>, BadModule> {
        Ok(Some(self.id()?).filter(|id| id.0 != u32::MAX))
    }

    fn bytes(&mut self) -> Result<&'a [u8], BadModule> {
        let n = self.u32()? as usize;
        self.take(n)
    }

    /// A list; never reserves more than the bytes that are left could hold.
    fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Reader<'a>) -> Result<T, BadModule>,
    ) -> Result<Vec<T>, BadModule> {
        let n = self.u32()? as usize;
        if n > self.rest.len() {
            return Err(self.damaged());
        }
        let mut items = Vec::new();
        for _ in 0..n {
            items.push(each(self)?);
        }
        Ok(items)
    }

    fn matches(&mut self) -> Result<Matches, BadModule> {
        if !self.flag()? {
            return Ok(Matches::Name(self.bytes()?.to_vec()));
        }
        let elements = self.list(|r| {
            Ok(match r.u8()? {
                0 => {
                    let mut set = ByteSet::default();
                    for word in &mut set.0 {
                        *word = u64::from(r.u32()?) | u64::from(r.u32()?) << 32;
                    }
                    Element::Set(set)
                }
                1 => Element::Dot,
                2 => Element::Bang,
                3 => Element::Broken,
                _ => return Err(r.damaged()),
            })
        })?;
        Ok(Matches::Pattern(Pattern { elements }))
    }

    fn context(&mut self, strings: &[Arc<[u8]>]) -> Result<Context, BadModule> {
        let name = self.id()?;
        let entries = self.list(|r| {
            let name = r.id()?;
            let matches = r.matches()?;
            let caller = if r.flag()? { Some(r.matches()?) } else { None };
            let priorities = r.list(|r| {
                Ok(Priority {
                    number: r.u32()?,
                    label: r.optional_id()?,
                    pc: r.u32()?,
                    frame: u16::try_from(r.u32()?).map_err(|_| r.damaged())?,
                    application: r.id()?,
                    arguments: r.id()?,
                    file: r.id()?,
                    line: r.u32()?,
                })
            })?;
            let hint = if r.flag()? {
                Some((r.id()?, r.id()?))
            } else {
                None
            };
            Ok(Entry {
                name,
                matches,
                caller,
                priorities,
                hint,
            })
        })?;
        let includes = self.list(|r| {
            let context = r.id()?;
            let times = match r.optional_id()? {
                None => None,
                Some(id) => {
                    let text = strings.get(id.0 as usize).ok_or_else(|| r.damaged())?;
                    // What is not understood in it was reported when it was compiled.
                    Some((id, TimeSpec::read(text).0))
                }
            };
            Ok(Include { context, times })
        })?;
        let switches = self.list(Reader::id)?;
        Ok(Context {
            name,
            entries,
            includes,
            switches,
        })
    }
}

/// Checks that every index points into its table and that every step is straight code that ends (linear in the size).
fn verify(p: &Parts) -> Result<(), BadModule> {
    let refuse = |what: String| Err(BadModule::Refused(what));
    if p.names.len() > usize::from(u16::MAX) {
        return Err(BadModule::TooLarge("variable names", usize::from(u16::MAX)));
    }
    let string = |id: StrId| (id.0 as usize) < p.strings.len();
    let lists = p.names.iter().chain(&p.functions).chain(&p.applications);
    if lists.into_iter().any(|id| !string(*id)) {
        return refuse("a name is no string of the module".into());
    }
    for (at, word) in p.code.iter().enumerate() {
        let Some(op) = word.op() else {
            return refuse(format!("no such instruction at {at}"));
        };
        let mut before = 0;
        for (field, kind) in op.info().operands {
            let value = word.field(*field) as usize;
            let sound = match kind {
                Kind::Write | Kind::Read => value < usize::from(TEMPORARIES),
                Kind::Count => before + value <= usize::from(TEMPORARIES),
                Kind::Text => value < p.strings.len(),
                Kind::Slot => value < p.names.len(),
                Kind::Builtin => value < Builtin::ALL.len(),
                Kind::Slice => value < p.slices.len(),
                Kind::Function => value < p.functions.len(),
                Kind::Application => value < p.applications.len(),
            };
            if !sound {
                return refuse(format!(
                    "operand {value} of `{}` at {at} is out of range",
                    op.info().name
                ));
            }
            before = value;
        }
        // No operation touches what it does not name: unused fields are zero, so equal code has equal bytes.
        if word.0 & !used(op) != 0 {
            return refuse(format!(
                "unused bits of `{}` at {at} are set",
                op.info().name
            ));
        }
    }
    // A step ends with `next`, and `app` stands before it: nothing runs from one step into another, or off the end.
    // `tops`: per word, the temporaries that the step uses from there on.
    let mut tops = vec![0; p.code.len()];
    let mut top = 0;
    let mut ended = false;
    for (at, word) in p.code.iter().enumerate().rev() {
        match word.op() {
            Some(Op::Next) => (ended, top) = (true, 0),
            Some(Op::App)
                if tops.get(at + 1) != Some(&0) || p.code[at + 1].op() != Some(Op::Next) =>
            {
                return refuse(format!("`app` at {at} is not followed by `next`"));
            }
            _ if !ended => return refuse("the code does not end".into()),
            _ => top = top.max(highest(*word)),
        }
        tops[at] = top;
    }
    for context in &p.contexts {
        let mut sound = string(context.name)
            && context.switches.iter().all(|s| string(*s))
            && context
                .includes
                .iter()
                .all(|i| string(i.context) && i.times.as_ref().is_none_or(|(t, _)| string(*t)));
        for entry in &context.entries {
            sound &= string(entry.name) && entry.hint.is_none_or(|(d, n)| string(d) && string(n));
            for q in &entry.priorities {
                sound &= [q.application, q.arguments, q.file]
                    .into_iter()
                    .chain(q.label)
                    .all(string);
                let at = q.pc as usize;
                let begins = at == 0 || p.code.get(at - 1).and_then(|w| w.op()) == Some(Op::Next);
                if at >= p.code.len() || !begins {
                    return refuse(format!(
                        "priority {} points at {at}, where no step begins",
                        q.number
                    ));
                }
                if q.frame > TEMPORARIES || q.number == 0 || q.number > i32::MAX as u32 {
                    return refuse(format!("priority {} is out of range", q.number));
                }
                if tops[at] > u32::from(q.frame) {
                    return refuse(format!(
                        "the step at {at} uses more temporaries than it declares"
                    ));
                }
            }
            if entry
                .priorities
                .windows(2)
                .any(|w| w[0].number >= w[1].number)
            {
                return refuse("priorities are not in rising order".into());
            }
        }
        if !sound {
            return refuse("a context names a string that is not there".into());
        }
        let names = context
            .entries
            .iter()
            .take_while(|e| matches!(e.matches, Matches::Name(_)))
            .count();
        if context.entries[names..]
            .iter()
            .any(|e| matches!(e.matches, Matches::Name(_)))
        {
            return refuse("a plain name stands behind a pattern".into());
        }
    }
    Ok(())
}

/// The bits of a word that an operation uses.
fn used(op: Op) -> u64 {
    op.info().operands.iter().fold(0xff, |bits, (field, _)| {
        bits | match field {
            Field::K => 0xff00,
            Field::A => 0xffff_0000,
            Field::B => 0xffff_0000_0000,
            Field::C => 0xffff_0000_0000_0000,
            Field::BC => 0xffff_ffff_0000_0000,
        }
    })
}

/// One more than the highest temporary that a word names.
fn highest(word: Instr) -> u32 {
    let mut top = 0;
    let mut before = 0;
    for (field, kind) in word.op().map_or(&[][..], |op| op.info().operands) {
        let value = word.field(*field);
        match kind {
            Kind::Write | Kind::Read => top = top.max(value + 1),
            Kind::Count => top = top.max(before + value),
            _ => {}
        }
        before = value;
    }
    top
}
