//! What a plan names and where: contexts, extensions, labels, variables, devices.

use std::collections::HashMap;
use std::rc::Rc;

use strowger_stdlib::template::{HoleKind, Template, has_hole};
use strowger_stdlib::{Dialect, signatures};

use crate::ast::{Entry, Kind};
use crate::conf::exten;
use crate::conf::line::Config;
use crate::dialled::{self, Destination};
use crate::hir::{Context, Extension, Hir, Matches, Step};
use crate::jump::{self, Part, Shape};
use crate::peers::{CONTEXT_KEYS, Peers, Tech};
use crate::resolve::{Candidate, Index};
use crate::source::{FileId, Sources, Span, Text};

/// Something that has a name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Symbol {
    /// A context. A macro is the context `macro-name`.
    Context(Vec<u8>),
    /// An extension, with its caller-id form behind a `/`.
    Extension {
        /// Its context.
        context: Vec<u8>,
        /// Its name as shown.
        exten: Vec<u8>,
    },
    /// A label of an extension.
    Label {
        /// Its context.
        context: Vec<u8>,
        /// Its extension.
        exten: Vec<u8>,
        /// The label.
        label: Vec<u8>,
    },
    /// A priority that a jump names by number.
    Step {
        /// Its context.
        context: Vec<u8>,
        /// Its extension.
        exten: Vec<u8>,
        /// The number.
        priority: u32,
    },
    /// A variable. The plan is its scope: a channel carries it from context to context.
    Variable(Vec<u8>),
    /// What a `.dial` file declares, by the place of its name.
    Declared(Span),
    /// A device of sip.conf, users.conf, pjsip.conf or iax.conf, in small letters.
    Device {
        /// How it is dialled.
        tech: Tech,
        /// Its name.
        name: Vec<u8>,
    },
}

/// What happens with a name at a place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// It is made or, if it is a variable, set.
    Definition,
    /// It is used.
    Use,
}

/// One place of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Occurrence {
    /// Where.
    pub span: Span,
    /// What happens there.
    pub role: Role,
    /// The word `macro-` is left out there.
    pub(crate) short: bool,
}

/// All names with all their places.
#[derive(Default)]
pub struct Names {
    symbols: Vec<Symbol>,
    numbers: HashMap<Symbol, u32>,
    by_symbol: Vec<Vec<Occurrence>>,
    /// By file and start.
    by_place: Vec<(Span, u32)>,
}

/// Comparisons that looking for the targets of jumps may cost; beyond it targets are not known.
const WORK: usize = 4_000_000;
/// Entries that a number may lead to, as far as labels are looked for.
const CANDIDATES: usize = 16;
/// The word before the name of a macro.
pub(crate) const MACRO: &[u8] = b"macro-";

/// An extension's name with its caller-id form.
pub(crate) fn shown(extension: &Extension) -> Vec<u8> {
    match &extension.caller {
        Some(caller) => [&extension.name, &b"/"[..], &caller.text].concat(),
        None => extension.name.clone(),
    }
}

impl Names {
    /// The names at a place. A line that several contexts copy stands for all of them.
    pub fn at(&self, file: FileId, offset: u32) -> Vec<&Symbol> {
        let until = self
            .by_place
            .partition_point(|(span, _)| (span.file, span.start) <= (file, offset));
        // Names do not stand in each other, but for a hole in a computed one; a few back is enough.
        const BACK: usize = 16;
        let near = &self.by_place[until.saturating_sub(BACK)..until];
        let shortest = near
            .iter()
            .filter(|(span, _)| super::holds(*span, file, offset))
            .map(|(span, _)| span.len())
            .min();
        near.iter()
            .filter(|(span, _)| super::holds(*span, file, offset) && Some(span.len()) == shortest)
            .map(|(_, symbol)| &self.symbols[*symbol as usize])
            .collect()
    }

    /// The span of the name at a place.
    pub fn span_at(&self, file: FileId, offset: u32) -> Option<Span> {
        let symbol = self.at(file, offset).into_iter().next()?;
        self.occurrences(symbol)
            .map(|o| o.span)
            .find(|span| super::holds(*span, file, offset))
    }

    /// The places of a name.
    pub fn occurrences(&self, symbol: &Symbol) -> impl Iterator<Item = &Occurrence> {
        let at = self.numbers.get(symbol);
        at.into_iter().flat_map(|at| &self.by_symbol[*at as usize])
    }

    /// All names.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.iter()
    }

    /// Places that begin in `start..end` of a file, from top to bottom, with the name.
    pub fn in_range(
        &self,
        file: FileId,
        start: u32,
        end: u32,
    ) -> impl Iterator<Item = (Span, &Symbol)> {
        let from = self
            .by_place
            .partition_point(|(span, _)| (span.file, span.start) < (file, start));
        self.by_place[from..]
            .iter()
            .take_while(move |(span, _)| span.file == file && span.start < end)
            .map(|(span, symbol)| (*span, &self.symbols[*symbol as usize]))
    }

    /// What happens with a name at one of its places.
    pub fn role(&self, symbol: &Symbol, span: Span) -> Option<Role> {
        let places = &self.by_symbol[*self.numbers.get(symbol)? as usize];
        let at = places.binary_search_by_key(&span, |o| o.span).ok()?;
        Some(places[at].role)
    }

    pub(super) fn add(&mut self, symbol: Symbol, span: Span, role: Role) {
        self.add_short(symbol, span, role, false);
    }

    fn add_short(&mut self, symbol: Symbol, span: Span, role: Role, short: bool) {
        if span.is_empty() {
            return;
        }
        let number = match self.numbers.get(&symbol) {
            Some(number) => *number,
            None => {
                let number = self.symbols.len() as u32;
                self.symbols.push(symbol.clone());
                self.numbers.insert(symbol, number);
                self.by_symbol.push(Vec::new());
                number
            }
        };
        let places = &mut self.by_symbol[number as usize];
        // Copies of a template's line follow each other.
        if places.last().is_some_and(|o| o.span == span) {
            return;
        }
        places.push(Occurrence { span, role, short });
        self.by_place.push((span, number));
    }

    fn finish(mut self) -> Names {
        self.by_place.sort_unstable();
        self.by_place.dedup();
        for places in &mut self.by_symbol {
            places.sort_unstable_by_key(|o| (o.span, o.role != Role::Definition));
            places.dedup_by_key(|o| o.span);
        }
        self
    }
}

/// Reads all names of a plan and of the device files beside it.
pub(crate) fn gather(
    sources: &Sources,
    config: &Config,
    hir: &Hir,
    peers: &Peers,
    dialect: &Dialect,
    dial: Option<&super::dial::Dial>,
) -> Names {
    let mut gather = Gather {
        names: Names::default(),
        index: Index::new(hir),
        found: HashMap::new(),
        searched: HashMap::new(),
        left: WORK,
        dialect,
    };
    gather.lines(config, hir);
    // What `.dial` says is told by its own files, not by the steps that are made of it.
    let typed = |file: FileId| crate::dial::is_dial(sources.file(file).name());
    for global in hir.globals.iter().filter(|g| !typed(g.span.file)) {
        let written = sources.bytes(global.span);
        let at = written
            .windows(global.name.len().max(1))
            .position(|w| w == global.name)
            .unwrap_or(0) as u32;
        let start = global.span.start + at;
        let span = Span {
            start,
            end: (start + global.name.len() as u32).min(global.span.end),
            ..global.span
        };
        let symbol = Symbol::Variable(global.name.clone());
        gather.names.add(symbol, span, Role::Definition);
        gather.holes(&global.written);
    }
    for context in &hir.contexts {
        for extension in &context.extensions {
            for step in extension.steps.iter().filter(|s| !typed(s.file)) {
                gather.step(&context.name, extension, step);
            }
            if let Some(hint) = &extension.hint
                && !typed(hint.written.span().file)
            {
                gather.holes(&hint.written);
                gather.devices(dialled::split(&hint.written));
            }
        }
    }
    gather.peers(peers);
    if let Some(dial) = dial {
        super::dial::gather(&mut gather.names, sources, dial);
    }
    gather.names.finish()
}

struct Gather<'a> {
    names: Names,
    index: Index<'a>,
    /// Entries that answer a number in a context.
    found: HashMap<(Vec<u8>, Vec<u8>), Vec<Candidate<'a>>>,
    /// The contexts that a search visits, by the one where it begins.
    searched: HashMap<Vec<u8>, Rc<Vec<&'a Context>>>,
    /// What is left of [`WORK`].
    left: usize,
    dialect: &'a Dialect,
}

impl<'a> Gather<'a> {
    fn context(&self, name: &[u8]) -> Symbol {
        // As the plan spells it, where letter case does not count.
        let known = self.index.context(name);
        Symbol::Context(known.map_or_else(|| name.to_vec(), |c| c.name.clone()))
    }

    /// Headers, includes, and the names and labels of steps.
    fn lines(&mut self, config: &Config, hir: &Hir) {
        let mut steps: HashMap<(FileId, u32, usize), (&Extension, Option<&Step>)> = HashMap::new();
        for (context, c) in hir.contexts.iter().enumerate() {
            for extension in &c.extensions {
                for step in &extension.steps {
                    steps.insert((step.file, step.line, context), (extension, Some(step)));
                }
                if let Some(hint) = &extension.hint {
                    steps.insert((hint.file, hint.line, context), (extension, None));
                }
            }
        }
        let plan = exten::parse(config, self.dialect);
        for section in plan.sections.iter().filter(|s| s.kind == Kind::Context) {
            let Some(number) = self.index.number(section.name) else {
                continue;
            };
            let context = &hir.contexts[number].name;
            let symbol = Symbol::Context(context.clone());
            self.names.add(symbol, section.span, Role::Definition);
            for line in section.lines() {
                match &line.entry {
                    Entry::Exten(written) => {
                        let key = (line.file(), line.line, number);
                        let Some((extension, step)) = steps.get(&key) else {
                            continue;
                        };
                        let exten = shown(extension);
                        if let Some(name) = &written.name {
                            self.holes(name);
                            if !has_hole(name.bytes()) {
                                let symbol = Symbol::Extension {
                                    context: context.clone(),
                                    exten: exten.clone(),
                                };
                                let span = name.trimmed().span();
                                self.names.add(symbol, span, Role::Definition);
                            }
                        }
                        let Some(label) = step.and_then(|s| s.label.as_ref()) else {
                            continue;
                        };
                        let symbol = Symbol::Label {
                            context: context.clone(),
                            exten,
                            label: label.bytes().to_vec(),
                        };
                        self.names.add(symbol, label.span(), Role::Definition);
                    }
                    Entry::Include => {
                        self.holes(line.value);
                        let bytes = line.value.bytes();
                        let end = bytes.iter().position(|b| matches!(b, b'|' | b','));
                        let name = line.value.slice(0..end.unwrap_or(bytes.len()));
                        self.context_used(&name);
                    }
                    Entry::Switch | Entry::LateSwitch => self.holes(line.value),
                    _ => {}
                }
            }
        }
    }

    /// A name that means a context, if it is no variable.
    fn context_used(&mut self, name: &Text) {
        if !has_hole(name.bytes()) && !name.is_empty() {
            let symbol = self.context(name.bytes());
            self.names.add(symbol, name.span(), Role::Use);
        }
    }

    /// Variables in `${...}`.
    fn holes(&mut self, text: &Text) {
        let bytes = text.bytes();
        if !bytes.contains(&b'$') {
            return;
        }
        for hole in Template::read(bytes).holes() {
            if hole.kind != HoleKind::Variable {
                continue;
            }
            let end = hole.span.end - usize::from(hole.closed);
            let from = hole.span.start + 2;
            if let Some((name, call)) = head(bytes, from..end) {
                match call {
                    None => self.variable(&text.slice(name), Role::Use),
                    Some(args) => {
                        let function = &bytes[name];
                        self.variables_of(function, &text.slice(args), Role::Use);
                    }
                }
            }
        }
    }

    fn variable(&mut self, name: &Text, role: Role) {
        let name = name.trimmed();
        let bytes = name.bytes();
        let bare = bytes
            .strip_prefix(b"__")
            .or_else(|| bytes.strip_prefix(b"_"))
            .filter(|_| role == Role::Definition)
            .unwrap_or(bytes);
        if bare.is_empty() || has_hole(bare) || bare.contains(&b'(') {
            return;
        }
        let span = name.span_of(bytes.len() - bare.len()..bytes.len());
        self.names.add(Symbol::Variable(bare.to_vec()), span, role);
    }

    /// Variables that a function takes by name.
    fn variables_of(&mut self, function: &[u8], args: &Text, role: Role) {
        let Some(signature) = signatures::function(function) else {
            return;
        };
        let named = signature
            .parameters
            .first()
            .is_some_and(|p| *p == "variable");
        if !named && !signature.reads_variable {
            return;
        }
        let shape = Shape::read(args.bytes());
        let mut from = 0;
        loop {
            let end = shape.find(args.bytes(), b',', from).unwrap_or(args.len());
            self.variable(&args.slice(from..end), role);
            from = end + 1;
            if !signature.repeats || from > args.len() {
                return;
            }
        }
    }

    fn step(&mut self, context: &[u8], extension: &'a Extension, step: &'a Step) {
        self.holes(&step.app);
        self.holes(&step.args);
        for (name, _) in step.own().assigned(self.dialect) {
            let bytes = name.bytes();
            match bytes.iter().position(|b| *b == b'(') {
                None => self.variable(name, Role::Definition),
                Some(open) if bytes.ends_with(b")") => {
                    let function = bytes[..open].trim_ascii();
                    let args = name.slice(open + 1..bytes.len() - 1);
                    self.variables_of(function, &args, Role::Definition);
                }
                Some(_) => {}
            }
        }
        let app = step.app.bytes().to_ascii_lowercase();
        let set = signatures::application(&app)
            .and_then(|s| s.parameters.first())
            .is_some_and(|p| *p == "variable");
        if set {
            self.variable(&first(&step.args), Role::Definition);
        }
        match app.as_slice() {
            b"macro" | b"macroexclusive" => self.macro_used(&first(&step.args)),
            b"macroif" => {
                let shape = Shape::read(step.args.bytes());
                for branch in jump::branches_of_calls(&step.args, &shape) {
                    self.macro_used(&first(&branch));
                }
            }
            // BackGround(files,options,language,context)
            b"background" => {
                if let Some(context) = argument(&step.args, 3) {
                    self.context_used(&context);
                }
            }
            _ => {}
        }
        self.devices(dialled::destinations(step).to_vec());
        for target in jump::targets(step) {
            self.target(context, extension, target);
        }
    }

    fn macro_used(&mut self, name: &Text) {
        if !name.is_empty() && !has_hole(name.bytes()) {
            let symbol = self.context(&[MACRO, name.bytes()].concat());
            self.names.add_short(symbol, name.span(), Role::Use, true);
        }
    }

    /// Devices that are dialled, and contexts behind `Local/`.
    fn devices(&mut self, destinations: Vec<Destination>) {
        for destination in destinations {
            let tech = match destination.tech.bytes().to_ascii_lowercase().as_slice() {
                b"sip" => Tech::Sip,
                b"pjsip" => Tech::Pjsip,
                b"iax2" => Tech::Iax,
                b"local" => {
                    self.local(&destination.resource);
                    continue;
                }
                _ => continue,
            };
            if let Some(device) = destination.device() {
                let name = device.bytes().to_ascii_lowercase();
                let symbol = Symbol::Device { tech, name };
                self.names.add(symbol, device.span(), Role::Use);
            }
        }
    }

    /// `exten@context/options`.
    fn local(&mut self, resource: &Text) {
        let bytes = resource.bytes();
        let shape = Shape::read(bytes);
        let Some(at) = shape.find(bytes, b'@', 0) else {
            return;
        };
        let end = shape.find(bytes, b'/', at).unwrap_or(bytes.len());
        let (exten, context) = (resource.slice(0..at), resource.slice(at + 1..end));
        self.context_used(&context);
        if !has_hole(exten.bytes()) && !has_hole(context.bytes()) {
            self.exten_used(context.bytes(), &exten);
        }
    }

    /// An extension that is named in a context.
    fn exten_used(&mut self, context: &[u8], exten: &Text) {
        if let Some(found) = self.candidates(context, exten.bytes()).first() {
            let symbol = Symbol::Extension {
                context: found.context.name.clone(),
                exten: shown(found.extension),
            };
            self.names.add(symbol, exten.span(), Role::Use);
        }
    }

    /// Entries that answer a number, in the order in which they are tried.
    fn candidates(&mut self, context: &[u8], exten: &[u8]) -> Vec<Candidate<'a>> {
        let key = (context.to_vec(), exten.to_vec());
        if let Some(known) = self.found.get(&key) {
            return known.clone();
        }
        let searched = match self.searched.get(context) {
            Some(known) => Rc::clone(known),
            None => {
                let searched = Rc::new(self.index.searched(context).0);
                self.left = self.left.saturating_sub(searched.len());
                self.searched.insert(context.to_vec(), Rc::clone(&searched));
                searched
            }
        };
        let cost = searched.len() + self.index.patterns_in(&searched);
        let mut found = Vec::new();
        if self.left >= cost {
            self.left -= cost;
            found = self.index.candidates_in(&searched, exten);
            found.truncate(CANDIDATES);
        }
        self.found.insert(key, found.clone());
        found
    }

    fn target(&mut self, here: &[u8], extension: &'a Extension, target: &jump::Target) {
        let context = match &target.context {
            Part::Here => here.to_vec(),
            Part::Text(name) => {
                self.context_used(name);
                name.trimmed().bytes().to_vec()
            }
            Part::Computed(_) => return,
        };
        let candidates = match &target.exten {
            Part::Here => {
                let own = self.index.context(here);
                let own = own.map(|context| Candidate { context, extension });
                let mut all: Vec<Candidate<'a>> = own.into_iter().collect();
                if let Matches::Name(name) = &extension.matches {
                    all.extend(self.candidates(here, name));
                }
                all
            }
            Part::Text(exten) => {
                let exten = exten.trimmed();
                self.exten_used(&context, &exten);
                self.candidates(&context, exten.bytes())
            }
            Part::Computed(_) => return,
        };
        let Part::Text(priority) = &target.priority else {
            return;
        };
        let priority = priority.trimmed();
        let number = std::str::from_utf8(priority.bytes())
            .ok()
            .and_then(|t| t.parse::<u32>().ok());
        for found in candidates {
            let (context, exten) = (found.context.name.clone(), shown(found.extension));
            let symbol = match number {
                Some(number) if found.extension.step(number).is_some() => Symbol::Step {
                    context,
                    exten,
                    priority: number,
                },
                None if found.extension.labelled(priority.bytes()).is_some() => Symbol::Label {
                    context,
                    exten,
                    label: priority.bytes().to_vec(),
                },
                _ => continue,
            };
            self.names.add(symbol, priority.span(), Role::Use);
            return;
        }
    }

    /// Names of devices, and the contexts that they name.
    fn peers(&mut self, peers: &Peers) {
        for device in peers.devices() {
            let symbol = Symbol::Device {
                tech: device.tech,
                name: device.name.to_ascii_lowercase(),
            };
            self.names.add(symbol, device.span, Role::Definition);
        }
        for section in peers.files().flat_map(Config::sections) {
            for key in CONTEXT_KEYS {
                for value in section.all(key) {
                    self.context_used(&value.text);
                }
            }
        }
    }
}

/// The name in a `${...}` whose body stands at `range`, and the arguments if it is a function. None where it is computed.
pub(crate) fn head(
    bytes: &[u8],
    range: std::ops::Range<usize>,
) -> Option<(std::ops::Range<usize>, Option<std::ops::Range<usize>>)> {
    let body = bytes.get(range.clone())?;
    let end = body
        .iter()
        .position(|b| matches!(b, b':' | b'(' | b'$'))
        .unwrap_or(body.len());
    let name = range.start..range.start + end;
    match body.get(end) {
        None | Some(b':') => (end > 0).then_some((name, None)),
        Some(b'(') => {
            let open = range.start + end + 1;
            let close = body.iter().rposition(|b| *b == b')');
            let close = close.map_or(range.end, |c| range.start + c).max(open);
            Some((name, Some(open..close)))
        }
        Some(_) => None,
    }
}

/// The argument of this number, from 0, if it is there.
pub(crate) fn argument(args: &Text, number: usize) -> Option<Text> {
    let shape = Shape::read(args.bytes());
    let mut from = 0;
    for _ in 0..number {
        from = shape.find(args.bytes(), b',', from)? + 1;
    }
    let end = shape.find(args.bytes(), b',', from).unwrap_or(args.len());
    Some(args.slice(from..end).trimmed())
}

fn first(args: &Text) -> Text {
    argument(args, 0).unwrap_or_else(|| args.slice(0..0))
}
