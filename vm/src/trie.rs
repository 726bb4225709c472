//! The patterns of a context as a trie: candidates for a dialled number in the order in which they are tried, without looking at
//! the others.
//!
//! Patterns come in rank order and share their beginnings, and an edge that is added later ranks later; so walking edges in
//! order finds matches in rank order. A walk may go back, but never visits more than every node once.

use std::collections::HashMap;

use crate::module::Entry;
use crate::pattern::{ByteSet, Element, Matches};

/// Contexts with fewer patterns are searched one by one.
const WORTHWHILE: usize = 16;

/// What an edge wants of the dialled text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// A byte of this set.
    Set(u32),
    /// At least one more byte.
    Dot,
    /// Nothing.
    Bang,
    /// That the text ends here.
    End,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    want: Want,
    /// A node after a set, else an entry.
    to: u32,
}

/// The trie of one context.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trie {
    sets: Vec<ByteSet>,
    nodes: Vec<Vec<Edge>>,
}

impl Trie {
    /// The trie of a context's patterns; `None` if there are too few.
    pub(crate) fn build(entries: &[Entry]) -> Option<Trie> {
        let patterns = entries
            .iter()
            .enumerate()
            .filter_map(|(i, e)| match &e.matches {
                Matches::Pattern(p) => Some((i as u32, p)),
                Matches::Name(_) => None,
            });
        if patterns.clone().count() < WORTHWHILE {
            return None;
        }
        let mut trie = Trie {
            sets: Vec::new(),
            nodes: vec![Vec::new()],
        };
        let mut known = HashMap::new();
        for (entry, pattern) in patterns {
            if pattern
                .elements()
                .iter()
                .any(|e| matches!(e, Element::Broken))
            {
                continue;
            }
            let mut node = 0;
            let mut want = Want::End;
            for element in pattern.matching() {
                match element {
                    Element::Set(set) => {
                        let id = *known.entry(*set).or_insert_with(|| {
                            trie.sets.push(*set);
                            trie.sets.len() as u32 - 1
                        });
                        node = trie.step(node, Want::Set(id));
                    }
                    Element::Dot => want = Want::Dot,
                    Element::Bang => want = Want::Bang,
                    // Left out above.
                    Element::Broken => {}
                }
            }
            trie.nodes[node].push(Edge { want, to: entry });
        }
        Some(trie)
    }

    /// The node behind an edge of this node, made if the last edge is another.
    fn step(&mut self, node: usize, want: Want) -> usize {
        if let Some(edge) = self.nodes[node].last().filter(|e| e.want == want) {
            return edge.to as usize;
        }
        self.nodes.push(Vec::new());
        let to = self.nodes.len() - 1;
        self.nodes[node].push(Edge {
            want,
            to: to as u32,
        });
        to
    }

    /// The entries that match a text without dashes, in rank order.
    pub(crate) fn matches<'t>(&'t self, text: &'t [u8]) -> Walk<'t> {
        Walk {
            trie: self,
            text,
            open: vec![(0, 0)],
        }
    }
}

/// See [`Trie::matches`].
pub(crate) struct Walk<'t> {
    trie: &'t Trie,
    text: &'t [u8],
    /// Nodes on the way, each with its next edge; its place in the list is the number of bytes before it.
    open: Vec<(u32, u32)>,
}

impl Iterator for Walk<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while let Some((node, next)) = self.open.last_mut() {
            let edge = self
                .trie
                .nodes
                .get(*node as usize)
                .and_then(|edges| edges.get(*next as usize));
            let Some(edge) = edge else {
                self.open.pop();
                continue;
            };
            *next += 1;
            let byte = self.text.get(self.open.len() - 1);
            let found = match (edge.want, byte) {
                (Want::Set(set), Some(byte)) => {
                    if self.trie.sets[set as usize].holds(*byte) {
                        self.open.push((edge.to, 0));
                    }
                    false
                }
                (Want::Set(_), None) => false,
                (Want::Dot, byte) => byte.is_some(),
                (Want::Bang, _) => true,
                (Want::End, byte) => byte.is_none(),
            };
            if found {
                return Some(edge.to as usize);
            }
        }
        None
    }
}
