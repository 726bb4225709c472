//! From extensions.conf to `.dial`, with a proof for each context: the file that was written is compiled, and what it means is compared
//! with what the lines meant.
//!
//! What has no form in `.dial` stays in an extensions.conf beside it, context by context, with the reason.

mod comment;
mod compare;
mod graph;
mod layout;
mod names;
mod print;
mod prove;
mod rest;
mod statement;
mod structure;
mod text;
mod word;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use self::graph::Reader;
use self::names::Names;
use self::statement::Statements;
use self::write::{Work, Written};
use crate::compile::{Options, Reading};
use crate::hir::{Context, Extension, Hir};
use crate::jump::Part;
use crate::resolve::Index;
use crate::source::Sources;

/// The name of the file with all that was migrated.
pub const FILE: &str = "plan.dial";

/// What became of a plan.
#[derive(Clone, Debug)]
pub struct Migrated {
    /// The text of `plan.dial`.
    pub dial: String,
    /// The extensions.conf that includes it, and holds what stays.
    pub conf: Vec<u8>,
    /// What became of each context, in the order of the plan.
    pub contexts: Vec<Moved>,
    /// What the proof cannot see, for the whole plan.
    pub doubts: Vec<String>,
}

/// A context.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Its name.
    pub name: String,
    /// File and line of its header.
    pub place: (String, u32),
    /// What is known of it.
    pub verdict: Verdict,
    /// Its statements, and how many of them use a door: `app`, `asterisk` or `unchecked`.
    pub statements: usize,
    /// See there.
    pub doors: usize,
    /// Extensions with steps.
    pub extensions: usize,
    /// It asks a realtime database, or something else that stands in no file.
    pub elsewhere: bool,
}

impl Moved {
    /// Whether more than half of its statements are doors.
    pub fn is_mostly_doors(&self) -> bool {
        self.doors * 2 > self.statements
    }
}

/// What is known of a context.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The graph of each of its extensions is the one that the lines made.
    Proved,
    /// It stays in extensions.conf, word for word: the reason.
    Kept(String),
}

/// An extension, by context and extension.
type At = (usize, usize);

/// Most steps that are added to an extension, so that no other one catches a call that ends there.
const PADDING: u32 = 50;
/// Most rounds in which some are.
const PADDINGS: usize = 100;

/// Writes a plan anew.
pub fn migrate(sources: &Sources, options: &Options) -> Migrated {
    let reading = Reading::new(sources, options);
    let hir = &reading.hir;
    let index = Index::new(hir);
    let mut reader = Reader::new(&index, true);
    let mut kept: BTreeMap<usize, String> = BTreeMap::new();
    for (number, context) in hir.contexts.iter().enumerate() {
        if let Some(reason) = stays(hir, &reader, context) {
            kept.insert(number, reason);
        }
    }
    let doubts = uncertain(hir, &reader, &mut kept);
    // So many steps are added to an extension, by context and extension.
    let mut padded: BTreeMap<At, u32> = BTreeMap::new();
    let mut statements = Statements::default();
    let mut names = Names::default();
    // Each round something more stays, or it is the last one.
    for _ in 0..=hir.contexts.len() + PADDINGS {
        reader.kept = kept.keys().map(|n| hir.contexts[*n].name.clone()).collect();
        let mut work = Work {
            sources,
            options,
            hir,
            reader: &reader,
            kept: &kept,
            padded: &padded,
            names: &mut names,
            statements: &mut statements,
            stubs: BTreeSet::new(),
        };
        let written = work.write();
        let mut more = Vec::new();
        let failed = match written.failed.is_empty() {
            true => work.prove(&written, &mut more),
            false => written.failed.clone(),
        };
        if failed.is_empty() && !more.is_empty() {
            for (at, steps) in more {
                let all = padded.entry(at).or_default();
                *all += steps;
                if *all > PADDING {
                    kept.insert(
                        at.0,
                        "a call that ends would run on in another extension".to_owned(),
                    );
                }
            }
            continue;
        }
        if failed.is_empty() {
            return finish(sources, hir, &kept, written, doubts);
        }
        kept.extend(failed);
    }
    // Everything stays: that cannot fail, since nothing is compared.
    let all = (0..hir.contexts.len()).map(|n| (n, "the plan does not fit".to_owned()));
    let kept: BTreeMap<usize, String> = all.collect();
    reader.kept = hir.contexts.iter().map(|c| c.name.clone()).collect();
    let mut work = Work {
        sources,
        options,
        hir,
        reader: &reader,
        kept: &kept,
        padded: &padded,
        names: &mut names,
        statements: &mut statements,
        stubs: BTreeSet::new(),
    };
    let written = work.write();
    finish(sources, hir, &kept, written, doubts)
}

fn finish(
    sources: &Sources,
    hir: &Hir,
    kept: &BTreeMap<usize, String>,
    written: Written,
    doubts: Vec<String>,
) -> Migrated {
    let contexts = hir.contexts.iter().enumerate().map(|(number, context)| {
        let file = sources.file(context.span.file);
        let counted = written.counts.get(&number).copied().unwrap_or_default();
        Moved {
            name: String::from_utf8_lossy(&context.name).into_owned(),
            place: (file.name().to_owned(), file.line(context.span.start)),
            verdict: match kept.get(&number) {
                Some(reason) => Verdict::Kept(reason.clone()),
                None => Verdict::Proved,
            },
            statements: counted.0,
            doors: counted.1,
            extensions: context
                .extensions
                .iter()
                .filter(|e| !e.steps.is_empty())
                .count(),
            elsewhere: !context.switches.is_empty(),
        }
    });
    Migrated {
        contexts: contexts.collect(),
        dial: written.dial,
        conf: written.conf,
        doubts,
    }
}

/// Why a context cannot be written in `.dial`, as far as its lines tell.
fn stays(hir: &Hir, reader: &Reader, context: &Context) -> Option<String> {
    if hir.general.priorityjumping {
        return Some("[general] has priorityjumping: steps are told by their numbers".to_owned());
    }
    if let Some(switch) = context.switches.first() {
        let tech = String::from_utf8_lossy(&switch.tech);
        return Some(format!("a switch to {tech} has no form in .dial"));
    }
    if !context.ignorepats.is_empty() {
        return Some("ignorepat has no form in .dial".to_owned());
    }
    if context.autohints {
        return Some("autohints has no form in .dial".to_owned());
    }
    if std::str::from_utf8(&context.name).is_err() {
        return Some("its name is no text".to_owned());
    }
    context.extensions.iter().find_map(|extension| {
        let name = String::from_utf8_lossy(&extension.name).into_owned();
        let reason = refused(reader, context, extension)?;
        Some(format!("{name}: {reason}"))
    })
}

fn refused(reader: &Reader, context: &Context, extension: &Extension) -> Option<String> {
    if text::number(&extension.name, true).is_none() {
        return Some("its name has no form in .dial".to_owned());
    }
    if let Some(caller) = &extension.caller
        && (caller.text.is_empty() || text::number(&caller.text, false).is_none())
    {
        return Some("the number of the caller has no form in .dial".to_owned());
    }
    if extension.hint.as_ref().is_some_and(|h| h.name.is_some()) {
        return Some("a hint with a name has no form in .dial".to_owned());
    }
    let first = extension.steps.first()?;
    if first.priority != 1 {
        return Some(format!("it begins at priority {}", first.priority));
    }
    let graph = reader.graph(context, extension);
    if let Some(torn) = graph.torn {
        return Some(torn.to_owned());
    }
    match graph.on.as_slice() {
        [] | [_] => None,
        _ => Some("a call may run on in other extensions at several priorities".to_owned()),
    }
}

/// Contexts to which jumps lead by numbers of priorities that nobody knows: they keep theirs. What is left is told.
fn uncertain(hir: &Hir, reader: &Reader, kept: &mut BTreeMap<usize, String>) -> Vec<String> {
    let mut doubts = Vec::new();
    let mut wild = 0usize;
    for context in &hir.contexts {
        for extension in &context.extensions {
            for step in &extension.steps {
                for target in step.targets() {
                    if reader.place(context, extension, target).is_some() {
                        continue;
                    }
                    let to = match &target.context {
                        _ if target.is_unknown() => None,
                        Part::Here => Some(&context.name[..]),
                        Part::Text(name) => Some(name.bytes()),
                        Part::Computed(_) => None,
                    };
                    let known = match &target.priority {
                        Part::Text(p) => p.bytes() == b"1",
                        Part::Here => true,
                        Part::Computed(_) => false,
                    };
                    if known {
                        continue;
                    }
                    match to.and_then(|name| reader.index.number(name)) {
                        Some(number) => {
                            let reason =
                                "a jump leads to a priority of it that only the call knows";
                            kept.entry(number).or_insert_with(|| reason.to_owned());
                        }
                        None if to.is_none() => wild += 1,
                        None => {}
                    }
                }
            }
        }
    }
    if wild > 0 {
        let jumps = if wild == 1 {
            "jump leads"
        } else {
            "jumps lead"
        };
        doubts.push(format!(
            "{wild} {jumps} to a place that only the call knows; if it names the number of a priority other than 1, that is another one now"
        ));
    }
    doubts
}
