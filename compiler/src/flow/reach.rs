//! Questions to the graph. All are answered in time linear in its nodes and edges.

use super::{Edge, Flow, Node, Why};

/// One truth for each node.
#[derive(Clone, Debug)]
pub(crate) struct Marks(Vec<bool>);

impl Marks {
    pub(crate) fn has(&self, node: Node) -> bool {
        self.0.get(node).copied().unwrap_or(false)
    }

    pub(crate) fn set(&mut self, node: Node) {
        if let Some(mark) = self.0.get_mut(node) {
            *mark = true;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Node> + '_ {
        (0..self.0.len()).filter(|n| self.0[*n])
    }
}

/// Which nodes lead to each other in circles.
#[derive(Debug)]
pub(crate) struct Components {
    /// The component of each node. What a component leads to has a lower number.
    pub(crate) of: Vec<usize>,
    /// The members of each component.
    pub(crate) members: Vec<Vec<Node>>,
}

impl Flow<'_> {
    /// No node marked.
    pub(crate) fn marks(&self) -> Marks {
        Marks(vec![false; self.len()])
    }

    /// All nodes that `starts` lead to over edges of certain kinds, and they themselves.
    pub(crate) fn reached(
        &self,
        starts: impl IntoIterator<Item = Node>,
        via: impl Fn(Why) -> bool,
    ) -> Marks {
        let mut marks = self.marks();
        let mut work: Vec<Node> = Vec::new();
        for start in starts {
            if !std::mem::replace(&mut marks.0[start], true) {
                work.push(start);
            }
        }
        while let Some(node) = work.pop() {
            for edge in self.edges(node).iter().filter(|e| via(e.why)) {
                if !std::mem::replace(&mut marks.0[edge.to], true) {
                    work.push(edge.to);
                }
            }
        }
        marks
    }

    /// A shortest way from one of `starts` to a node that is wanted, both ends included.
    pub(crate) fn way(
        &self,
        starts: impl IntoIterator<Item = Node>,
        via: impl Fn(Why) -> bool,
        wanted: impl Fn(Node) -> bool,
    ) -> Option<Vec<Node>> {
        let mut from: Vec<Option<Node>> = vec![None; self.len()];
        let mut seen = self.marks();
        let mut work = std::collections::VecDeque::new();
        for start in starts {
            if !seen.has(start) {
                seen.set(start);
                work.push_back(start);
            }
        }
        while let Some(node) = work.pop_front() {
            if wanted(node) {
                let mut way = vec![node];
                let mut at = node;
                while let Some(before) = from[at] {
                    way.push(before);
                    at = before;
                }
                way.reverse();
                return Some(way);
            }
            for edge in self.edges(node).iter().filter(|e| via(e.why)) {
                if !seen.has(edge.to) {
                    seen.set(edge.to);
                    from[edge.to] = Some(node);
                    work.push_back(edge.to);
                }
            }
        }
        None
    }

    /// What leads to a node, each with the node that it comes from in the place of its target.
    pub(crate) fn edges_to(&self, node: Node) -> &[Edge] {
        let (starts, edges) = self.backward.get_or_init(|| {
            let mut starts = vec![0; self.len() + 1];
            for edge in &self.edges {
                starts[edge.to + 1] += 1;
            }
            for n in 0..self.len() {
                starts[n + 1] += starts[n];
            }
            let mut next = starts.clone();
            let mut edges = vec![
                Edge {
                    to: 0,
                    why: Why::Next
                };
                self.edges.len()
            ];
            for from in 0..self.len() {
                for edge in self.edges(from) {
                    edges[next[edge.to]] = Edge {
                        to: from,
                        why: edge.why,
                    };
                    next[edge.to] += 1;
                }
            }
            (starts, edges)
        });
        &edges[starts[node]..starts[node + 1]]
    }

    /// Nodes from which every way leads to a goal, and the goals: a call cannot end, leave to an unknown place, or go in a circle
    /// before it is there.
    pub(crate) fn inevitable(&self, goals: &Marks, via: impl Fn(Why) -> bool) -> Marks {
        let mut open: Vec<usize> = (0..self.len())
            .map(|n| self.edges(n).iter().filter(|e| via(e.why)).count())
            .collect();
        let mut marks = goals.clone();
        let mut work: Vec<Node> = goals.iter().collect();
        while let Some(node) = work.pop() {
            for edge in self.edges_to(node).iter().filter(|e| via(e.why)) {
                let from = edge.to;
                open[from] -= 1;
                if open[from] == 0 && !marks.has(from) && !self.opaque(from) {
                    // A step that can fall off the end may stop there.
                    if self.falls_off(from) {
                        continue;
                    }
                    marks.set(from);
                    work.push(from);
                }
            }
        }
        marks
    }

    /// Strongly connected components over edges of certain kinds.
    pub(crate) fn components(&self, via: impl Fn(Why) -> bool) -> Components {
        components(self.len(), |node, visit| {
            self.edges(node)
                .iter()
                .filter(|e| via(e.why))
                .for_each(|e| visit(e.to));
        })
    }

    /// Whether the members of a component lead to each other, or the only one to itself.
    pub(crate) fn is_circle(&self, members: &[Node], via: impl Fn(Why) -> bool) -> bool {
        match members {
            [one] => self.edges(*one).iter().any(|e| e.to == *one && via(e.why)),
            _ => members.len() > 1,
        }
    }
}

/// Strongly connected components of any graph (Tarjan, without recursion). `edges` names what a node leads to.
pub(super) fn components(nodes: usize, edges: impl Fn(usize, &mut dyn FnMut(usize))) -> Components {
    const NONE: usize = usize::MAX;
    let mut number = vec![NONE; nodes];
    let mut low = vec![0; nodes];
    let mut of = vec![NONE; nodes];
    let mut members: Vec<Vec<usize>> = Vec::new();
    let mut stack: Vec<usize> = Vec::new();
    let mut next = 0;
    // A node on the way, and where its targets begin in `targets`.
    let mut path: Vec<(usize, usize)> = Vec::new();
    let mut targets: Vec<usize> = Vec::new();
    for start in 0..nodes {
        if number[start] != NONE {
            continue;
        }
        let mut entering = Some(start);
        loop {
            if let Some(node) = entering.take() {
                number[node] = next;
                low[node] = next;
                next += 1;
                stack.push(node);
                path.push((node, targets.len()));
                edges(node, &mut |to| targets.push(to));
            }
            let Some((node, from)) = path.last().copied() else {
                break;
            };
            if targets.len() > from {
                let Some(to) = targets.pop() else { break };
                if number[to] == NONE {
                    entering = Some(to);
                } else if of[to] == NONE {
                    low[node] = low[node].min(number[to]);
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == number[node] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    of[member] = members.len();
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                component.sort_unstable();
                members.push(component);
            }
        }
    }
    Components { of, members }
}
