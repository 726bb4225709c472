//! The jump graph of a plan with what was reached.

use std::collections::{BTreeMap, BTreeSet};

use strowger_compiler::graph::{At, Cover, Graph, Ran, SVG_NODES};

use super::Covered;

impl Covered {
    /// The drawing, and how many of how many nodes are in it.
    pub(super) fn drawn(&self) -> (String, usize, usize) {
        let hir = &self.suite.loaded.compiled.hir;
        let whole = Graph::of(hir);
        let all = whole.nodes.len();
        let graph = if all > SVG_NODES {
            whole.first(SVG_NODES)
        } else {
            whole
        };
        // Steps are counted in the order of the plan.
        let mut at: Vec<At> = Vec::with_capacity(self.hits.steps.len());
        for (c, context) in hir.contexts.iter().enumerate() {
            for (e, extension) in context.extensions.iter().enumerate() {
                at.extend((0..extension.steps.len()).map(|s| (c, e, s)));
            }
        }
        let ran = self.steps().map(|(_, count, taken)| state(count, taken));
        let ran: BTreeMap<At, Ran> = at.iter().copied().zip(ran).collect();
        let place = |n: &usize| at.get(*n).copied();
        let followed = self.hits.followed.iter();
        let followed = followed.filter_map(|(n, m)| Some((place(n)?, place(m)?)));
        let followed: BTreeSet<(At, At)> = followed.collect();
        let of = |at: At| ran.get(&at).copied().unwrap_or(Ran::Never);
        let cover = Cover::of(&graph, of, &followed);
        let drawing = graph.svg_covered(&cover).unwrap_or_default();
        (drawing, graph.nodes.len(), all)
    }
}

/// Of a step that ran so often, and of its ways on.
pub(super) fn state(count: u64, taken: &[u64]) -> Ran {
    match count {
        0 => Ran::Never,
        _ if taken.contains(&0) => Ran::Partly,
        _ => Ran::Wholly,
    }
}
