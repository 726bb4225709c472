//! The jump graph of a plan: contexts, blocks of steps into the middle of which nothing jumps, and how a call gets from one to
//! another. Drawn by [`Graph::mermaid`] and [`Graph::svg`].

mod blocks;
mod cover;
mod jumps;
mod mermaid;
mod svg;

use crate::conf::pipes;
use crate::hir::Hir;
use crate::source::FileId;

pub use cover::{Cover, Ran};
pub use svg::NODES as SVG_NODES;

use jumps::Jumps;

/// A step by indices: context, extension, step.
pub type At = (usize, usize, usize);

/// The jump graph.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Contexts in the order of the plan, each followed by its blocks; then what is computed or missing.
    pub nodes: Vec<Node>,
    /// In the order of the nodes and rows that they leave.
    pub edges: Vec<Edge>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The node of its context.
    pub group: Option<usize>,
    /// The extension with its caller-id form, or the name of the context, or the target as written.
    pub title: String,
    /// Its steps, as far as they are shown.
    pub rows: Vec<String>,
    /// All its steps, each with the row that shows it.
    pub steps: Vec<(At, usize)>,
    /// Where its first step stands.
    pub place: Option<(FileId, u32)>,
}

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A context.
    Context,
    /// Steps that follow each other.
    Block,
    /// A target that is only known when the call is there.
    Computed,
    /// A target that is not in the plan.
    Missing,
}

/// A way from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where from.
    pub from: usize,
    /// Index of the row that leads there; None: the node as a whole.
    pub row: Option<usize>,
    /// Where to.
    pub to: usize,
    /// How.
    pub why: Why,
    /// Details: the branch, the times of an include, the values of DIALSTATUS.
    pub label: String,
}

/// How a call gets from one node to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Why {
    /// By the next priority.
    Next,
    /// By Goto.
    Goto,
    /// By a condition.
    Branch,
    /// By a loop.
    Loop,
    /// By a subroutine, and back.
    Gosub,
    /// By dialling `Local/`.
    Local,
    /// By an include of its context.
    Include,
    /// Nothing was pressed in time.
    Timeout,
    /// What was pressed does not exist.
    Invalid,
    /// The channel was hung up.
    Hangup,
}

impl Why {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Why::Next => "next",
            Why::Goto => "goto",
            Why::Branch => "branch",
            Why::Loop => "loop",
            Why::Gosub => "gosub",
            Why::Local => "local",
            Why::Include => "include",
            Why::Timeout => "timeout",
            Why::Invalid => "invalid",
            Why::Hangup => "hangup",
        }
    }
}

impl Graph {
    /// The graph of a plan.
    pub fn of(hir: &Hir) -> Graph {
        let commas = hir.dialect.pipes.then(|| pipes::with_commas(hir));
        let hir = commas.as_ref().unwrap_or(hir);
        let mut jumps = Jumps::new(hir);
        jumps.read();
        blocks::graph(jumps)
    }

    /// Its beginning: so many nodes, and the edges between them.
    pub fn first(&self, nodes: usize) -> Graph {
        let kept = |e: &&Edge| e.from < nodes && e.to < nodes;
        Graph {
            nodes: self.nodes.iter().take(nodes).cloned().collect(),
            edges: self.edges.iter().filter(kept).cloned().collect(),
        }
    }

    /// The part that a call can reach from a context: it, and what its blocks and includes lead to. Empty if there is no such context.
    pub fn reached_from(&self, context: &str) -> Graph {
        let start = self
            .nodes
            .iter()
            .position(|n| n.kind == Kind::Context && n.title == context);
        let mut kept = vec![false; self.nodes.len()];
        let mut work: Vec<usize> = start.into_iter().collect();
        while let Some(n) = work.pop() {
            if std::mem::replace(&mut kept[n], true) {
                continue;
            }
            let node = &self.nodes[n];
            work.extend(node.group);
            if node.kind == Kind::Context {
                // Whoever dials in the context may start any of its extensions.
                let members = (0..self.nodes.len()).filter(|m| self.nodes[*m].group == Some(n));
                work.extend(members);
            }
            work.extend(self.edges.iter().filter(|e| e.from == n).map(|e| e.to));
        }
        let mut numbers = vec![None; self.nodes.len()];
        let mut nodes = Vec::new();
        for (n, node) in self.nodes.iter().enumerate().filter(|(n, _)| kept[*n]) {
            numbers[n] = Some(nodes.len());
            nodes.push(Node {
                group: node.group.and_then(|g| numbers[g]),
                ..node.clone()
            });
        }
        let edges = self
            .edges
            .iter()
            .filter_map(|e| {
                Some(Edge {
                    from: numbers[e.from]?,
                    to: numbers[e.to]?,
                    ..e.clone()
                })
            })
            .collect();
        Graph { nodes, edges }
    }
}
