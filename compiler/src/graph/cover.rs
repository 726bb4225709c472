//! What of a graph was reached: its rows and its edges.

use std::collections::BTreeSet;

use super::{At, Edge, Graph, Kind, Why};

/// Whether steps ran.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ran {
    /// Never.
    Never,
    /// Some of them, or not all ways on were tried.
    Partly,
    /// All of them, and all ways on were tried.
    Wholly,
}

impl Ran {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Ran::Never => "never",
            Ran::Partly => "partly",
            Ran::Wholly => "ran",
        }
    }
}

/// What of a graph was reached.
#[derive(Clone, Debug, Default)]
pub struct Cover {
    /// By node and row.
    pub rows: Vec<Vec<Ran>>,
    /// By edge; None: nobody can tell, as of an include.
    pub edges: Vec<Option<bool>>,
}

impl Cover {
    /// Of steps that ran, and of steps that were followed by another one.
    pub fn of(graph: &Graph, ran: impl Fn(At) -> Ran, followed: &BTreeSet<(At, At)>) -> Cover {
        let rows = graph.nodes.iter().map(|node| {
            let mut rows: Vec<Option<Ran>> = vec![None; node.rows.len()];
            for (at, row) in &node.steps {
                let new = ran(*at);
                if let Some(row) = rows.get_mut(*row) {
                    *row = Some(match row {
                        Some(old) if *old != new => Ran::Partly,
                        _ => new,
                    });
                }
            }
            rows.into_iter().map(|r| r.unwrap_or(Ran::Never)).collect()
        });
        let rows = rows.collect();
        let edges = graph.edges.iter();
        let edges = edges.map(|e| taken(graph, e, &ran, followed)).collect();
        Cover { rows, edges }
    }
}

/// Whether an edge was taken.
fn taken(
    graph: &Graph,
    edge: &Edge,
    ran: &impl Fn(At) -> Ran,
    followed: &BTreeSet<(At, At)>,
) -> Option<bool> {
    let to = &graph.nodes[edge.to];
    let first = to.steps.first().map(|(at, _)| *at);
    match edge.why {
        Why::Include => return None,
        // By whatever step the call was in.
        Why::Hangup if edge.row.is_none() => return Some(ran(first?) != Ran::Never),
        _ => {}
    }
    let steps = &graph.nodes[edge.from].steps;
    let mut from = steps
        .iter()
        .filter(|(_, r)| edge.row.is_none_or(|row| *r == row));
    if edge.why == Why::Local {
        // Another channel begins there: nothing says by whom.
        return Some(ran(first?) != Ran::Never && from.any(|(at, _)| ran(*at) != Ran::Never));
    }
    let next = |at: &At| {
        let all = (*at, (0, 0, 0))..=(*at, (usize::MAX, usize::MAX, usize::MAX));
        followed.range(all).map(|(_, next)| *next)
    };
    match to.kind {
        Kind::Block => {
            Some(from.any(|(at, _)| first.is_some_and(|to| followed.contains(&(*at, to)))))
        }
        Kind::Context => {
            let members = graph.nodes.iter().filter(|n| n.group == Some(edge.to));
            let context = members.flat_map(|n| &n.steps).next().map(|(at, _)| at.0)?;
            Some(from.any(|(at, _)| next(at).any(|n| n.0 == context)))
        }
        // Anywhere but to the next priority.
        Kind::Computed => Some(from.any(|(at, _)| {
            let below = (at.0, at.1, at.2 + 1);
            next(at).any(|n| n != below)
        })),
        Kind::Missing => None,
    }
}
