//! What is wrong with a plan, one file per family of codes.

use std::cell::Cell;

use crate::diagnostic::Diagnostic;
use crate::resolve::Index;
use crate::source::Sources;

pub(crate) mod access;
mod expressions;
mod facts;
mod files;
mod flow;
mod patterns;
pub(crate) mod reading;
mod references;

/// What the checks look at.
pub(crate) struct World<'a> {
    /// The plan.
    pub(crate) index: Index<'a>,
    /// Something of the plan is out of sight: names that are missing may exist.
    pub(crate) open: bool,
    /// What is left of [`WORK`].
    left: Cell<usize>,
}

/// Comparisons that all checks together may make. Beyond it they say less, never longer.
const WORK: usize = 4_000_000;

impl<'a> World<'a> {
    pub(crate) fn new(index: Index<'a>, open: bool) -> World<'a> {
        World {
            index,
            open,
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

/// All checks that look at the whole plan.
pub(crate) fn check(world: &World<'_>, sources: &Sources) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    references::check(world, &mut out);
    files::check(world, sources, &mut out);
    let facts = facts::Facts::gather(world.index.hir());
    flow::check(world, &facts, &mut out);
    patterns::check(world, &facts, &mut out);
    expressions::check(world, &facts, &mut out);
    out.truncate(crate::conf::line::PROBLEMS);
    out
}
