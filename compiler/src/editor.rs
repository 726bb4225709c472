//! What an editor asks about a plan: what stands at a place, what a name means and where else it stands, what could be written here.
//!
//! Places are byte offsets of one file. Nothing is remembered between two questions but the [`View`], which is a plan as it was
//! read once.

mod chosen;
mod complete;
mod dial;
mod hints;
mod hover;
mod names;
mod outline;
mod parts;
mod pattern;
mod rename;
mod tokens;
mod variables;

pub use complete::{Item, ItemKind, World};
pub use dial::{Elsewhere, Wanted};
pub use hints::Hint;
pub use hover::Hover;
pub use names::{Names, Occurrence, Role, Symbol};
pub use outline::{Entry, EntryKind, Fold, FoldKind};
pub use rename::Refused;
pub use tokens::{Token, TokenKind};

use std::cell::OnceCell;
use std::sync::Arc;

use strowger_stdlib::Dialect;

use crate::ast::{Kind, Line};
use crate::compile::{Options, Reading, Surroundings};
use crate::conf::line::{Config, Value};
use crate::conf::{exten, pipes};
use crate::hir::{Context, Extension, Hir, Step};
use crate::peers::{Device, Peers};
use crate::source::{FileId, Sources, Span};

/// A plan as an editor asks about it.
pub struct View {
    sources: Arc<Sources>,
    dialect: Dialect,
    reading: Arc<Reading>,
    /// The graph with `|` read as `,`, where a release reads it so.
    commas: Option<Hir>,
    peers: Peers,
    surroundings: Surroundings,
    devices: Vec<Device>,
    /// Gathered when somebody asks for one.
    names: OnceCell<Names>,
    /// The `.dial` files, read when somebody asks about one.
    dial: OnceCell<dial::Dial>,
    /// File, line, and the indices of section and value; by file and line, the line itself before its copies.
    lines: Vec<((FileId, u32), (usize, usize))>,
    /// File, line, and where its step stands in the graph; by file and line.
    steps: Vec<((FileId, u32), StepAt)>,
}

/// Indices of a step in the graph.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct StepAt {
    context: usize,
    extension: usize,
    step: usize,
}

impl View {
    /// Looks at a plan that was read with these options, and at the files beside it.
    pub fn new(sources: Arc<Sources>, options: &Options, reading: Arc<Reading>) -> View {
        let dialect = options.dialect;
        let commas = dialect.pipes.then(|| pipes::with_commas(&reading.hir));
        let hir = commas.as_ref().unwrap_or(&reading.hir);
        let config = &reading.config;
        let peers = Peers::read(&sources);
        let mut steps = Vec::new();
        for (context, c) in hir.contexts.iter().enumerate() {
            for (extension, e) in c.extensions.iter().enumerate() {
                for (step, s) in e.steps.iter().enumerate() {
                    let at = StepAt {
                        context,
                        extension,
                        step,
                    };
                    steps.push(((s.file, s.line), at));
                }
            }
        }
        steps.sort_unstable();
        let mut lines = Vec::new();
        for (section, s) in config.sections.iter().enumerate() {
            for (value, v) in s.values.iter().enumerate() {
                let key = (v.key.span().file, v.line);
                lines.push((key, v.inherited, (section, value)));
            }
        }
        lines.sort_unstable();
        let mut lines: Vec<_> = lines.into_iter().map(|(key, _, at)| (key, at)).collect();
        lines.dedup_by_key(|(key, _)| *key);
        View {
            devices: peers.devices(),
            peers,
            surroundings: options.surroundings.clone(),
            dialect,
            names: OnceCell::new(),
            dial: OnceCell::new(),
            lines,
            steps,
            sources,
            commas,
            reading,
        }
    }

    /// The files.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The plan as a graph.
    pub fn hir(&self) -> &Hir {
        self.commas.as_ref().unwrap_or(&self.reading.hir)
    }

    fn config(&self) -> &Config {
        &self.reading.config
    }

    /// What the plan names, and where.
    pub fn names(&self) -> &Names {
        self.names.get_or_init(|| {
            let (config, hir) = (self.config(), self.hir());
            let dial = (!self.reading.dials.is_empty()).then(|| self.dial());
            names::gather(&self.sources, config, hir, &self.peers, &self.dialect, dial)
        })
    }

    /// Whether the plan or a file beside it holds something of this file.
    pub fn holds(&self, file: FileId) -> bool {
        let from = self.lines.partition_point(|((f, _), _)| *f < file);
        self.lines.get(from).is_some_and(|((f, _), _)| *f == file)
            || self.config().sections.iter().any(|s| s.span.file == file)
    }

    /// The line of a file as the reader took it, with the section that it stands in.
    fn line(&self, file: FileId, line: u32) -> Option<(Kind, Line<'_>)> {
        let at = self
            .lines
            .binary_search_by_key(&(file, line), |(key, _)| *key)
            .ok()?;
        let (section, value) = self.lines[at].1;
        let kind = self.kind(section);
        Some((
            kind,
            exten::line(self.value(section, value), kind, &self.dialect),
        ))
    }

    fn kind(&self, section: usize) -> Kind {
        kind_of(&self.config().sections[section].name)
    }

    fn value(&self, section: usize, value: usize) -> &Value {
        &self.config().sections[section].values[value]
    }

    /// Lines `from..to` of a file, from top to bottom.
    fn lines_in(&self, file: FileId, from: u32, to: u32) -> impl Iterator<Item = (Kind, Line<'_>)> {
        let start = self.lines.partition_point(|(key, _)| *key < (file, from));
        let end = self.lines.partition_point(|(key, _)| *key < (file, to));
        self.lines[start..end.max(start)]
            .iter()
            .map(|(_, (section, value))| {
                let kind = self.kind(*section);
                (
                    kind,
                    exten::line(self.value(*section, *value), kind, &self.dialect),
                )
            })
    }

    /// The step of a line; of a line that several contexts copy, that of the first.
    fn step(&self, file: FileId, line: u32) -> Option<(&Context, &Extension, &Step)> {
        let at = self.step_at(file, line)?;
        let context = &self.hir().contexts[at.context];
        let extension = &context.extensions[at.extension];
        Some((context, extension, &extension.steps[at.step]))
    }

    fn step_at(&self, file: FileId, line: u32) -> Option<StepAt> {
        let at = self.steps.partition_point(|(key, _)| *key < (file, line));
        let (key, at) = self.steps.get(at)?;
        (*key == (file, line)).then_some(*at)
    }

    /// Where the name at a place is defined: contexts, extensions, labels, variables, devices, and the priority of a jump.
    pub fn definitions(&self, file: FileId, offset: u32) -> Vec<Span> {
        let mut out = Vec::new();
        for symbol in self.names().at(file, offset) {
            match symbol {
                Symbol::Step {
                    context,
                    exten,
                    priority,
                } => out.extend(self.place_of(context, exten, *priority)),
                symbol => out.extend(
                    self.names()
                        .occurrences(symbol)
                        .filter(|o| o.role == Role::Definition)
                        .map(|o| o.span),
                ),
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// All places of the name at a place, with what happens there.
    pub fn references(&self, file: FileId, offset: u32) -> Vec<(Span, Role)> {
        let mut out: Vec<(Span, Role)> = self
            .names()
            .at(file, offset)
            .into_iter()
            .flat_map(|symbol| self.names().occurrences(symbol))
            .map(|o| (o.span, o.role))
            .collect();
        out.sort_unstable_by_key(|(span, role)| (*span, *role != Role::Definition));
        out.dedup_by_key(|(span, _)| *span);
        out
    }

    /// The line of a step, without its key.
    fn place_of(&self, context: &[u8], exten: &[u8], priority: u32) -> Option<Span> {
        let context = self.hir().contexts.iter().find(|c| c.name == context)?;
        let extension = context
            .extensions
            .iter()
            .find(|e| names::shown(e) == exten)?;
        Some(extension.step(priority)?.span)
    }
}

/// What a section of this name is (DL-044).
fn kind_of(name: &[u8]) -> Kind {
    if name.eq_ignore_ascii_case(b"general") {
        Kind::General
    } else if name.eq_ignore_ascii_case(b"globals") {
        Kind::Globals
    } else {
        Kind::Context
    }
}

/// Bytes as text for people.
fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether a span holds an offset; its end counts, since a cursor behind the last letter still means the word.
fn holds(span: Span, file: FileId, offset: u32) -> bool {
    span.file == file && span.start <= offset && offset <= span.end
}
