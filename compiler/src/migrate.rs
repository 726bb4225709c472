//! From extensions.conf to `.dial`, with a proof for each context: the file that was written is compiled, and what it means is compared
//! with what the lines meant.
//!
//! What has no form in `.dial` stays in an extensions.conf beside it, context by context, with the reason.

mod comment;
mod compare;
mod formula;
mod graph;
mod kinds;
mod ladder;
mod layout;
mod names;
mod print;
mod prove;
mod rest;
mod statement;
mod structure;
mod subs;
mod text;
mod truth;
mod word;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use strowger_stdlib::template::has_hole;

use self::graph::Reader;
use self::names::Names;
use self::statement::Statements;
use self::write::{Work, Written};
use crate::call::Call;
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
    /// Printed as an extensions.conf by [`emit`](crate::emit) it is the same again.
    pub returned: bool,
    /// What of it stays in extensions.conf, though the rest does not.
    pub apart: Vec<String>,
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
    /// It was written, and the graphs do not tell whether it means the same: the reason.
    Unproved(String),
    /// It stays in extensions.conf, word for word: the reason.
    Kept(String),
}

/// An extension, by context and extension.
type At = (usize, usize);

/// Steps that do nothing and are added to an extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Pads {
    /// So that calls that run on in it find a number that is higher than theirs.
    before: u32,
    /// So that no call that ends in it runs on in another one.
    behind: u32,
}

/// Most steps that are added to an extension, so that no other one catches a call that ends there.
const PADDING: u32 = 50;
/// Most rounds in which some are.
const PADDINGS: usize = 100;

/// What is known before the first round.
#[derive(Default)]
struct Ground {
    /// What of a context stays, though the rest does not: extensions by their places, and why.
    apart: BTreeMap<At, String>,
    /// Contexts that the graphs cannot prove.
    unproved: BTreeMap<usize, String>,
    doubts: Vec<String>,
    /// Contexts that are the same when they are printed.
    returned: BTreeSet<usize>,
}

/// Writes a plan anew. Contexts that are `named` stay as they are, for the reason that stands there.
pub fn migrate(sources: &Sources, options: &Options, named: &[(String, String)]) -> Migrated {
    let reading = Reading::new(sources, options);
    let hir = &reading.hir;
    let index = Index::new(hir);
    let mut reader = Reader::new(&index, true);
    let mut kept: BTreeMap<usize, String> = BTreeMap::new();
    let mut ground = Ground::default();
    for (number, context) in hir.contexts.iter().enumerate() {
        let name = String::from_utf8_lossy(&context.name);
        let asked = named.iter().find(|(n, _)| *n == name);
        let reason = asked
            .map(|(_, reason)| reason.clone())
            .or_else(|| stays(hir, &reader, (number, context), &mut ground.apart));
        if let Some(reason) = reason {
            kept.insert(number, reason);
        }
    }
    uncertain(hir, &reader, &mut ground);
    // So many steps are added to an extension, by context and extension.
    let mut padded: BTreeMap<At, Pads> = BTreeMap::new();
    let mut statements = Statements::default();
    let mut names = Names::default();
    names.types = kinds::kinds(hir);
    names.subs = subs::subs(hir, &reader);
    for number in kept.keys() {
        names
            .subs
            .remove(&*String::from_utf8_lossy(&hir.contexts[*number].name));
    }
    // Each round something more stays, or it is the last one.
    for _ in 0..=2 * hir.contexts.len() + PADDINGS {
        run_on(hir, &reader, &mut kept);
        reader.kept = kept.keys().map(|n| hir.contexts[*n].name.clone()).collect();
        let mut work = Work {
            sources,
            options,
            hir,
            reader: &reader,
            kept: &kept,
            apart: &ground.apart,
            padded: &padded,
            names: &mut names,
            statements: &mut statements,
            returned: BTreeSet::new(),
            stubs: BTreeSet::new(),
        };
        let written = work.write();
        let mut more = Vec::new();
        let mut differing = BTreeMap::new();
        let failed = match written.failed.is_empty() {
            true => work.prove(&written, &mut more, &mut differing),
            false => written.failed.clone(),
        };
        if failed.is_empty() && !more.is_empty() {
            for (at, steps) in more {
                let all = padded.entry(at).or_default();
                all.before += steps.before;
                all.behind += steps.behind;
                if all.before.max(all.behind) > PADDING {
                    kept.insert(
                        at.0,
                        "a call that ends would run on in another extension".to_owned(),
                    );
                }
            }
            continue;
        }
        if failed.is_empty() {
            for (number, reason) in differing {
                ground.unproved.entry(number).or_insert(reason);
            }
            ground.returned = std::mem::take(&mut work.returned);
            return finish(sources, hir, &kept, ground, written);
        }
        for number in failed.keys() {
            // As a context it may have a form.
            let name = String::from_utf8_lossy(&hir.contexts[*number].name).into_owned();
            if names.subs.remove(&name).is_some() {
                statements.forget();
            } else {
                kept.insert(*number, failed[number].clone());
            }
        }
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
        apart: &ground.apart,
        padded: &padded,
        names: &mut names,
        statements: &mut statements,
        returned: BTreeSet::new(),
        stubs: BTreeSet::new(),
    };
    let written = work.write();
    finish(sources, hir, &kept, ground, written)
}

fn finish(
    sources: &Sources,
    hir: &Hir,
    kept: &BTreeMap<usize, String>,
    ground: Ground,
    written: Written,
) -> Migrated {
    let contexts = hir.contexts.iter().enumerate().map(|(number, context)| {
        let file = sources.file(context.span.file);
        let counted = written.counts.get(&number).copied().unwrap_or_default();
        Moved {
            name: String::from_utf8_lossy(&context.name).into_owned(),
            place: (file.name().to_owned(), file.line(context.span.start)),
            verdict: match kept.get(&number) {
                Some(reason) => Verdict::Kept(reason.clone()),
                None => match ground.unproved.get(&number) {
                    Some(reason) => Verdict::Unproved(reason.clone()),
                    None => Verdict::Proved,
                },
            },
            returned: ground.returned.contains(&number),
            apart: match kept.contains_key(&number) {
                true => Vec::new(),
                false => apart(context, number, &ground),
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
        doubts: ground.doubts,
    }
}

/// What of a context stays in extensions.conf, in words.
fn apart(context: &Context, number: usize, ground: &Ground) -> Vec<String> {
    let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let mut all: Vec<String> = context
        .extensions
        .iter()
        .enumerate()
        .filter_map(|(e, extension)| {
            let reason = ground.apart.get(&(number, e))?;
            Some(format!("{}: {reason}", lossy(&extension.name)))
        })
        .collect();
    let switches = context.switches.iter();
    all.extend(switches.map(|s| format!("the switch to {}", lossy(&s.tech))));
    if !context.ignorepats.is_empty() {
        all.push("ignorepat".to_owned());
    }
    if context.autohints {
        all.push("autohints".to_owned());
    }
    all
}

/// Why a context cannot be written in `.dial`, as far as its lines tell. An extension that cannot, and that nothing runs on in or
/// out of, stays alone.
fn stays(
    hir: &Hir,
    reader: &Reader,
    (number, context): (usize, &Context),
    apart: &mut BTreeMap<At, String>,
) -> Option<String> {
    if hir.general.priorityjumping {
        return Some("[general] has priorityjumping: steps are told by their numbers".to_owned());
    }
    if std::str::from_utf8(&context.name).is_err() {
        return Some("its name is no text".to_owned());
    }
    let mut alone = Vec::new();
    for (e, extension) in context.extensions.iter().enumerate() {
        let Some(reason) = refused(reader, context, extension) else {
            continue;
        };
        if !stays_alone(reader, context, extension) {
            let name = String::from_utf8_lossy(&extension.name).into_owned();
            return Some(format!("{name}: {reason}"));
        }
        alone.push(((number, e), reason));
    }
    if alone.len() == context.extensions.len() && context.includes.is_empty() {
        // Nothing would be left of it in .dial.
        let switch = context.switches.first().map(|s| {
            let tech = String::from_utf8_lossy(&s.tech);
            format!("a switch to {tech} has no form in .dial")
        });
        if let Some(reason) = alone.first().map(|(_, r)| r.clone()).or(switch) {
            return Some(reason);
        }
    }
    apart.extend(alone);
    None
}

/// A call that runs off an extension that stays may go on in others at the numbers of their priorities (DL-119): these stay, too.
fn run_on(hir: &Hir, reader: &Reader, kept: &mut BTreeMap<usize, String>) {
    let mut work: Vec<usize> = kept.keys().copied().collect();
    while let Some(number) = work.pop() {
        let context = &hir.contexts[number];
        for extension in &context.extensions {
            let ends = extension.steps.iter().map(|s| s.priority + 1);
            for priority in ends.filter(|p| extension.step(*p).is_none()) {
                for (to, _) in reader.catching(context, extension, priority, b"") {
                    let other = reader.index.number(&to);
                    if let Some(other) = other.filter(|o| !kept.contains_key(o)) {
                        let from = String::from_utf8_lossy(&context.name);
                        kept.insert(other, format!("calls of [{from}] run on in it"));
                        work.push(other);
                    }
                }
            }
        }
    }
}

/// Whether an extension can stay in extensions.conf while the others of its context do not: its priorities keep their numbers, so
/// none of the others may run on in it, nor it in them (DL-119). Its steps get the labels by which they are named now.
fn stays_alone(reader: &Reader, context: &Context, extension: &Extension) -> bool {
    let graph = reader.graph(context, extension);
    let ends = extension.steps.iter().map(|s| s.priority + 1);
    let gaps = ends.filter(|p| extension.step(*p).is_none());
    let plain = extension.steps.iter().all(|s| match &s.label {
        None => true,
        // It has one name: who names its number would have to name that.
        Some(label) => {
            graph::label_of(extension, s) == label.bytes() && !is_named(reader, s.priority)
        }
    });
    graph.torn.is_none()
        && plain
        && gaps
            .into_iter()
            .all(|p| !reader.runs_on(context, extension, p))
}

/// Whether some jump names a priority by this number.
fn is_named(reader: &Reader, priority: u32) -> bool {
    let number = priority.to_string().into_bytes();
    let contexts = reader.index.hir().contexts.iter();
    let mut steps = contexts.flat_map(|c| &c.extensions).flat_map(|e| &e.steps);
    steps.any(|s| {
        let mut targets = s.targets().iter();
        targets.any(|t| t.priority.constant().is_some_and(|p| p.bytes() == number))
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

/// Contexts to which jumps lead by priorities that nobody knows: labels stay, numbers do not. What is left is told.
fn uncertain(hir: &Hir, reader: &Reader, ground: &mut Ground) {
    let (mut wild, mut logged, mut beside, mut parted) = (0usize, 0usize, 0usize, 0usize);
    let steps = hir
        .contexts
        .iter()
        .flat_map(|c| &c.extensions)
        .flat_map(|e| &e.steps);
    let labels: BTreeSet<&[u8]> = steps
        .filter_map(|s| Some(s.label.as_ref()?.bytes()))
        .collect();
    for context in &hir.contexts {
        for extension in &context.extensions {
            for step in &extension.steps {
                let asks = |text: &[u8]| text.windows(10).any(|w| w == b"{PRIORITY}");
                logged += usize::from(graph::is_log(step) && asks(step.args.bytes()));
                let holds = |c: &Call| !c.own && has_hole(c.args.bytes());
                parted += usize::from(reader.parts(step) && step.calls().any(holds));
                let expressions = formula::inside(step.args.bytes());
                beside += expressions.iter().filter(|e| formula::touches(e)).count();
                for target in step.targets() {
                    if reader.place(context, extension, step, target).is_some() {
                        continue;
                    }
                    let to = match &target.context {
                        _ if target.is_unknown() => None,
                        Part::Here => Some(&context.name[..]),
                        Part::Text(name) => Some(name.bytes()),
                        Part::Computed(_) => None,
                    };
                    let known = match &target.priority {
                        // A label that nothing has ends the call, as it did.
                        Part::Text(p) if !p.bytes().iter().all(u8::is_ascii_digit) => {
                            !labels.contains(p.bytes())
                        }
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
                            let unproved = ground.unproved.entry(number);
                            unproved.or_insert_with(|| reason.to_owned());
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
        ground.doubts.push(format!(
            "{wild} {jumps} to a place that only the call knows; if it names the number of a priority other than 1, that is another one now"
        ));
    }
    if beside > 0 {
        let has = if beside == 1 {
            "expression has"
        } else {
            "expressions have"
        };
        ground.doubts.push(format!(
            "{beside} {has} a variable beside a sign, without a blank: a value that ends in a sign would have been read together with it"
        ));
    }
    if parted > 0 {
        let lines = if parted == 1 { "line" } else { "lines" };
        ground.doubts.push(format!(
            "{parted} {lines} with ExecIf put a variable into what is run: a value with a parenthesis too many and a colon would have been read as two calls"
        ));
    }
    if logged > 0 {
        let lines = if logged == 1 {
            "line writes"
        } else {
            "lines write"
        };
        ground.doubts.push(format!(
            "{logged} {lines} the number of a priority into the log: that is another one now"
        ));
    }
}
