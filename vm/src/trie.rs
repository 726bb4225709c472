//! The patterns of a context as a trie: candidates for a dialled number in the order in which they are tried, without looking at
//! the others.
//!
//! Patterns come in rank order and share their beginnings, and an edge that is added later ranks later; so walking edges in
//! order finds matches in rank order. A walk may go back, but never visits more than every edge once.

use strowger_stdlib::table::QuickMap;

use crate::module::Entry;
use crate::pattern::{ByteSet, Element, Matches, Question};

/// What an edge wants of the dialled text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// A byte of this set.
    Set(u32),
    /// At least one more byte.
    Dot,
    /// Nothing.
    Bang,
    /// That the text ends here.
    End,
    /// What no text has: here stands a `[` without `]`.
    Never,
}

/// No edge.
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) want: Want,
    /// After a set: the first edge of the node below. Else: the entry.
    pub(crate) down: u32,
    /// The next edge of the same node.
    pub(crate) next: u32,
}

/// The trie of one context. A node is named by its first edge; every node has one, since every pattern ends in some way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trie {
    pub(crate) sets: Vec<ByteSet>,
    pub(crate) edges: Vec<Edge>,
}

impl Trie {
    /// The trie of a context's patterns.
    pub(crate) fn build(entries: &[Entry]) -> Trie {
        let mut trie = Trie::default();
        let mut known: QuickMap<ByteSet, u32> = QuickMap::default();
        // The last edge of each node on the way to the last pattern.
        let mut tail: Vec<u32> = Vec::new();
        for (entry, pattern) in (0u32..).zip(entries).filter_map(|(i, e)| match &e.matches {
            Matches::Pattern(p) => Some((i, p)),
            Matches::Name(_) => None,
        }) {
            let mut depth = 0;
            let mut end = Want::End;
            for element in pattern.elements() {
                end = match element {
                    Element::Set(set) => {
                        let id = *known.entry(*set).or_insert_with(|| {
                            trie.sets.push(*set);
                            trie.sets.len() as u32 - 1
                        });
                        let shared = tail
                            .get(depth)
                            .is_some_and(|edge| trie.edges[*edge as usize].want == Want::Set(id));
                        if !shared {
                            trie.attach(&mut tail, depth, Want::Set(id), NONE);
                        }
                        depth += 1;
                        continue;
                    }
                    Element::Dot => Want::Dot,
                    Element::Bang => Want::Bang,
                    Element::Broken => Want::Never,
                };
                break;
            }
            trie.attach(&mut tail, depth, end, entry);
        }
        trie
    }

    /// Adds an edge to the node at a depth of the last way.
    fn attach(&mut self, tail: &mut Vec<u32>, depth: usize, want: Want, down: u32) {
        let new = self.edges.len() as u32;
        self.edges.push(Edge {
            want,
            down,
            next: NONE,
        });
        tail.truncate(depth + 1);
        if let Some(last) = tail.get_mut(depth) {
            self.edges[*last as usize].next = new;
            *last = new;
            return;
        }
        if let Some(above) = tail.last() {
            self.edges[*above as usize].down = new;
        }
        tail.push(new);
    }

    /// The edges of a node.
    pub(crate) fn node(&self, first: u32) -> impl Iterator<Item = Edge> + '_ {
        let mut at = first;
        std::iter::from_fn(move || {
            let edge = *self.edges.get(at as usize)?;
            at = edge.next;
            Some(edge)
        })
    }

    /// The entries for which a text without dashes has an answer other than no, in rank order.
    pub(crate) fn matches<'t>(&'t self, text: &'t [u8], question: Question) -> Walk<'t> {
        Walk {
            trie: self,
            text,
            question,
            open: if self.edges.is_empty() {
                Vec::new()
            } else {
                vec![0]
            },
        }
    }
}

/// See [`Trie::matches`].
#[derive(Debug)]
pub(crate) struct Walk<'t> {
    trie: &'t Trie,
    text: &'t [u8],
    question: Question,
    /// The next edge of each node on the way; the place in the list is the number of bytes before it.
    open: Vec<u32>,
}

impl Iterator for Walk<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let more = self.question != Question::Match;
        while let Some(next) = self.open.last_mut() {
            let Some(edge) = self.trie.edges.get(*next as usize) else {
                self.open.pop();
                continue;
            };
            *next = edge.next;
            let depth = self.open.len() - 1;
            let byte = self.text.get(depth);
            // Behind the whole text: whatever follows could still be dialled.
            let behind = depth > self.text.len();
            let found = match (edge.want, byte) {
                (Want::Set(set), _) => {
                    let on = match byte {
                        Some(byte) => self.trie.sets[set as usize].holds(*byte),
                        None => more,
                    };
                    if on {
                        self.open.push(edge.down);
                    }
                    false
                }
                _ if behind => true,
                (Want::Dot, byte) => more || byte.is_some(),
                (Want::Bang, _) => true,
                (Want::End, byte) => byte.is_none() && self.question != Question::MatchMore,
                (Want::Never, _) => false,
            };
            if found {
                return Some(edge.down as usize);
            }
        }
        None
    }
}
