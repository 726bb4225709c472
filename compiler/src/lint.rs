//! What is wrong with a plan, one file per family of codes.

use crate::diagnostic::Diagnostic;
use crate::resolve::Index;
use crate::source::Sources;

pub(crate) mod access;
mod files;
pub(crate) mod reading;
mod references;

/// What the checks look at.
pub(crate) struct World<'a> {
    /// The plan.
    pub(crate) index: Index<'a>,
    /// Something of the plan is out of sight: names that are missing may exist.
    pub(crate) open: bool,
}

/// All checks that look at the whole plan.
pub(crate) fn check(world: &World<'_>, sources: &Sources) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    references::check(world, &mut out);
    files::check(world, sources, &mut out);
    out
}
