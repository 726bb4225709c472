//! What is wrong with a plan, one file per family of codes.

use std::cell::Cell;
use std::sync::OnceLock;
use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::Dialect;

use crate::beside::Beside;
use crate::compile::Surroundings;
use crate::diagnostic::{Diagnostic, Label};
use crate::peers::{Peers, Tech};
use crate::resolve::Index;
use crate::source::Sources;
use crate::values::Values;

pub(crate) mod access;
mod applications;
mod arguments;
mod arrivals;
mod assigned;
mod chan_sip;
mod conditions;
mod denied;
mod emptiness;
mod every_call;
mod expressions;
pub(crate) mod facts;
mod files;
pub(crate) mod flow;
mod functions;
mod landings;
mod legs;
mod missing;
mod misused;
mod names;
mod old_names;
mod operands;
mod patterns;
mod prefixes;
pub(crate) mod reading;
mod references;
mod security;
mod single;
pub(crate) mod step;
mod subroutines;
pub(crate) mod suppress;
mod usage;
pub(crate) mod versions;
pub(crate) mod whole;

/// A plan with what lies around it.
pub(crate) struct Plan<'a> {
    /// Its contexts.
    pub(crate) index: Index<'a>,
    /// Something of the plan is out of sight: names that are missing may exist.
    pub(crate) open: bool,
    /// A file of it is missing, so that its contexts may hold more than is seen. A part of a plan has its own contexts whole.
    pub(crate) torn: bool,
    /// The plan is called `extensions.conf`; another file may be a part of something larger.
    pub(crate) whole: bool,
    /// The release that it is read as.
    pub(crate) dialect: &'a Dialect,
    /// The device files.
    pub(crate) peers: Peers,
    /// The other files beside the plan.
    pub(crate) beside: Beside,
    /// Contexts that modules make.
    made: Vec<Vec<u8>>,
    /// See [`Plan::facts`].
    facts: OnceLock<facts::Facts>,
}

/// What a family of checks looks at: the plan, and what it has to itself.
pub(crate) struct World<'a> {
    plan: &'a Plan<'a>,
    /// What the plan's variables may hold.
    pub(crate) values: Values<'a>,
    /// What is left of [`WORK`].
    left: Cell<usize>,
}

impl<'a> std::ops::Deref for World<'a> {
    type Target = Plan<'a>;

    fn deref(&self) -> &Plan<'a> {
        self.plan
    }
}

/// Most findings of one plan before each cause is told once.
const FOUND: usize = 200_000;

/// Most other places that one finding names.
const PLACES: usize = 100;

/// Comparisons that a family of checks may make. Beyond it they say less, never longer.
const WORK: usize = 4_000_000;

impl<'a> Plan<'a> {
    pub(crate) fn new(
        index: Index<'a>,
        torn: bool,
        part: bool,
        whole: bool,
        dialect: &'a Dialect,
        sources: &Sources,
    ) -> Plan<'a> {
        let peers = Peers::read(sources);
        let beside = Beside::read(sources);
        let torn = torn || beside.stored_in(&["extensions.conf"]).is_some();
        Plan {
            index,
            open: torn || part,
            torn,
            whole,
            dialect,
            made: beside.made_contexts(&peers),
            peers,
            beside,
            facts: OnceLock::new(),
        }
    }

    /// What is true of the whole plan, gathered when it is first asked for.
    pub(crate) fn facts(&self) -> &facts::Facts {
        self.facts
            .get_or_init(|| facts::Facts::gather(self.index.hir(), self.dialect))
    }

    /// Whether a module makes this context.
    pub(crate) fn made(&self, context: &[u8]) -> bool {
        self.made.iter().any(|made| made == context)
    }

    /// Whether all devices of a technology are in sight.
    pub(crate) fn knows(&self, tech: Tech) -> bool {
        self.peers.complete(tech) && self.beside.hidden(tech).is_none()
    }
}

impl<'a> World<'a> {
    fn new(plan: &'a Plan<'a>) -> World<'a> {
        World {
            values: Values::new(plan.index.hir()),
            plan,
            left: Cell::new(WORK),
        }
    }

    /// Whether so many more comparisons are allowed; they are then spent.
    pub(crate) fn afford(&self, cost: usize) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(cost));
        left >= cost
    }
}

/// All checks that look at the lines of a plan and their neighbours.
pub(crate) fn check(plan: &Plan<'_>, sources: &Sources) -> Vec<Diagnostic> {
    let world = &World::new(plan);
    let mut out = Vec::new();
    references::check(world, &mut out);
    files::check(world, sources, &mut out);
    let facts = world.facts();
    flow::check(world, sources, facts, &mut out);
    patterns::check(world, facts, &mut out);
    expressions::check(world, facts, &mut out);
    let version = world.dialect.release();
    // First, because it knows repairs.
    versions::check(world, &mut out);
    applications::check(world, &mut out);
    references::switches(world, &mut out);
    functions::check(world, facts, version, &mut out);
    single::check(world, &mut out);
    assigned::check(world, facts, &mut out);
    prefixes::check(world, &mut out);
    usage::check(world, sources, facts, &mut out);
    old_names::check(world, &mut out);
    once(&mut out);
    out
}

/// What the files beside the plan say about it, as far as only an analysis asks.
pub(crate) fn beside(plan: &Plan<'_>, sources: &Sources) -> Vec<Diagnostic> {
    let world = &World::new(plan);
    let mut out = Vec::new();
    files::beside(world, sources, &mut out);
    chan_sip::check(world, &mut out);
    once(&mut out);
    out
}

/// Checks of what callers can make of a plan.
pub(crate) fn secure(
    plan: &Plan<'_>,
    sources: &Sources,
    surroundings: &Surroundings,
) -> Vec<Diagnostic> {
    let world = &World::new(plan);
    let mut out = Vec::new();
    security::check(world, &plan.peers, sources, surroundings, &mut out);
    denied::check(plan.index.hir(), sources, surroundings, &mut out);
    once(&mut out);
    out
}

/// Lines that templates copy are checked once for each copy, and told once; no more than [`FOUND`].
fn once(found: &mut Vec<Diagnostic>) {
    let mut seen = QuickSet::default();
    found.retain(|d| seen.insert((d.code, d.primary.span)));
    found.truncate(FOUND);
}

/// Codes whose findings are told once for each thing that they name, with the number of places.
const GATHERED: &[&str] = &[
    "A401", "A402", "A419", "A421", "A422", "A423", "C002", "C004", "C005", "C010", "C011", "C012",
    "C013", "E602", "E606", "E613", "F314", "F315", "F320", "F322", "M901", "M902", "M903", "M904",
    "M905", "M907", "M909", "M910", "R206", "R213", "V501", "V503", "V508", "V509", "V510", "V527",
    "X811",
];

/// One finding where the same is said of many places; repairs of all places stay together. At most
/// [`PROBLEMS`](crate::conf::line::PROBLEMS) are left, the heaviest.
pub fn gather(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut out: Vec<Diagnostic> = Vec::with_capacity(found.len());
    let mut first: QuickMap<(&'static str, String), (usize, usize)> = QuickMap::default();
    let mut found = found;
    // What is told once is told at the first of its places.
    found.sort_by_key(|f| (f.primary.span.file, f.primary.span.start));
    for finding in found {
        if !GATHERED.contains(&finding.code) {
            out.push(finding);
            continue;
        }
        match first.get_mut(&(finding.code, finding.message.clone())) {
            None => {
                first.insert((finding.code, finding.message.clone()), (out.len(), 1));
                out.push(finding);
            }
            Some((index, count)) => {
                *count += 1;
                let kept = &mut out[*index];
                if kept.secondary.len() < PLACES {
                    kept.secondary.push(Label {
                        span: finding.primary.span,
                        text: "here too".to_owned(),
                    });
                }
                for (fix, more) in kept.fixes.iter_mut().zip(finding.fixes) {
                    fix.edits.extend(more.edits);
                }
            }
        }
    }
    for (index, count) in first.into_values().filter(|(_, count)| *count > 1) {
        let text = &mut out[index].primary.text;
        text.push_str(&format!(" ({count} places)"));
    }
    if out.len() > crate::conf::line::PROBLEMS {
        out.sort_by_key(|d| std::cmp::Reverse(d.level));
        out.truncate(crate::conf::line::PROBLEMS);
    }
    out
}
