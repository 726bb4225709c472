//! The patterns of a context as an automaton: the best entry for a dialled number in one step for each byte (vm.md 6).
//!
//! Made from the trie by subset construction: a state is the set of trie nodes that the bytes so far may lead to, and the
//! best of the `.` and `!` that they have passed. A state knows for each question the best entry, and whether there are
//! others; which those are the trie tells, in rank order. Where only one pattern is left there are no more states: the rest
//! of the number is held against the rest of that pattern. Hostile patterns could make very many states, so there are
//! bounds, beyond which there is no automaton and the trie answers alone.

use strowger_stdlib::table::{Table, hash};

use crate::pattern::{ByteSet, Question};
use crate::trie::{NONE, Trie, Want};

/// States for each edge of the trie.
const STATES: usize = 4;
/// Trie nodes in all states together, for each edge of the trie.
const KEYS: usize = 32;
/// Trie edges looked at while building, each once for every class of bytes that it takes, for each edge of the trie.
const WORK: usize = 128;
/// Edges that every trie counts as having besides its own.
const LEAST: usize = 1024;
/// Most words of an automaton: 64 MiB.
const WORDS: usize = 1 << 24;

/// The best entry for a question, and whether others answer too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accept(u32);

/// Set in an [`Accept`] if there are others.
const OTHERS: u32 = 1 << 31;

impl Accept {
    const NOTHING: Accept = Accept(u32::MAX);

    fn add(&mut self, entry: u32, others: bool) {
        let both = self.entry().is_some() || others || self.others();
        let best = self.entry().map_or(entry, |e| entry.min(e as u32));
        self.0 = best | if both { OTHERS } else { 0 };
    }

    pub(crate) fn entry(self) -> Option<usize> {
        (self.0 != u32::MAX).then_some((self.0 & !OTHERS) as usize)
    }

    pub(crate) fn others(self) -> bool {
        self.0 != u32::MAX && self.0 & OTHERS != 0
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Dfa {
    classes: [u8; 256],
    /// How many classes there are.
    width: usize,
    /// A state is a row, named by the place of its first word: the state after a byte of each class, then the [`Accept`] for
    /// each [`Question`]. With [`LEAF`] it is the number of a leaf.
    rows: Box<[u32]>,
    leaves: Box<[Leaf]>,
    start: u32,
}

/// Marks the number of a leaf.
const LEAF: u32 = 1 << 31;

/// Where at most one pattern is still open.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    passed: Accept,
    /// The node from which the pattern goes on; [`NONE`] if all have ended.
    node: u32,
}

impl Dfa {
    /// The automaton of a trie; `None` if it would be too large.
    pub(crate) fn build(trie: &Trie) -> Option<Dfa> {
        // An entry's number leaves one bit free.
        let large = |n: u32| n != NONE && n >= OTHERS - 1;
        if trie.edges.iter().any(|e| large(e.down)) {
            return None;
        }
        let size = trie.edges.len() + LEAST;
        let (classes, width) = classes(trie);
        let members = members(trie, &classes);
        let mut made = Construction {
            trie,
            members: &members,
            alone: alone(trie),
            keys: Keys::default(),
            rows: Vec::new(),
            targets: Vec::new(),
            work: size * WORK,
        };
        let root: &[u32] = if trie.edges.is_empty() { &[] } else { &[0] };
        made.keys.id(Accept::NOTHING, root);
        let mut lists = vec![Vec::new(); 256];
        for next in 0.. {
            if next == made.keys.len() {
                break;
            }
            if next > size * STATES || made.keys.words.len() > size * KEYS {
                return None;
            }
            made.state(next, &mut lists)?;
        }
        made.laid_out(classes, width)
    }

    /// What the states say about a text without dashes; `trie` is the one that this was built from.
    pub(crate) fn answer(&self, trie: &Trie, text: &[u8], question: Question) -> Accept {
        let word = |at: usize| self.rows.get(at).copied().unwrap_or(LEAF);
        let mut state = self.start;
        let mut rest = text.iter();
        while state & LEAF == 0 {
            let at = state as usize;
            let Some(byte) = rest.next() else {
                return Accept(word(at + self.width + question as usize));
            };
            state = word(at + usize::from(self.classes[usize::from(*byte)]));
        }
        let Some(leaf) = self.leaves.get((state & !LEAF) as usize) else {
            return Accept::NOTHING;
        };
        let mut accept = leaf.passed;
        if let Some(entry) = alone_answers(trie, leaf.node, rest.as_slice(), question) {
            accept.add(entry, false);
        }
        accept
    }

    /// How many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Dfa>() + size_of_val(&*self.rows) + size_of_val(&*self.leaves)
    }
}

/// Whether the only pattern below a node answers other than no for the rest of a text.
fn alone_answers(trie: &Trie, node: u32, text: &[u8], question: Question) -> Option<u32> {
    let more = question != Question::Match;
    let mut rest = text.iter();
    let mut at = node;
    // Behind the whole text: whatever follows could still be dialled.
    let mut behind = false;
    loop {
        let edge = trie.edges.get(at as usize)?;
        let answers = match edge.want {
            Want::Set(set) => {
                match rest.next() {
                    Some(byte) if trie.sets[set as usize].holds(*byte) => {}
                    None if more => behind = true,
                    _ => return None,
                }
                at = edge.down;
                continue;
            }
            _ if behind => true,
            Want::Dot => more || !rest.as_slice().is_empty(),
            Want::Bang => true,
            Want::End => rest.as_slice().is_empty() && question != Question::MatchMore,
            Want::Never => false,
        };
        return answers.then_some(edge.down);
    }
}

/// For each edge: whether it is the last of its node, and only one pattern goes on through it.
fn alone(trie: &Trie) -> Vec<bool> {
    let mut alone = vec![false; trie.edges.len()];
    // What stands below an edge was added after it.
    for (at, edge) in trie.edges.iter().enumerate().rev() {
        let below = match edge.want {
            Want::Set(_) => alone.get(edge.down as usize).copied().unwrap_or(false),
            _ => true,
        };
        alone[at] = below && edge.next == NONE;
    }
    alone
}

/// Bytes that all sets of a trie treat alike are one class; how many there are.
fn classes(trie: &Trie) -> ([u8; 256], usize) {
    let mut of = [0u8; 256];
    let mut count = 1usize;
    for set in &trie.sets {
        // The members of each class in two, where some are in the set and some are not: the new class of those inside.
        let mut inside = [0u16; 256];
        let mut sizes = [0u16; 256];
        for byte in 0..=255u8 {
            sizes[usize::from(of[usize::from(byte)])] += 1;
            inside[usize::from(of[usize::from(byte)])] += u16::from(set.holds(byte));
        }
        let mut moved = [None; 256];
        let known = count;
        for class in 0..known {
            if inside[class] > 0 && inside[class] < sizes[class] {
                // Never more than 256: every class holds a byte.
                moved[class] = Some(count as u8);
                count += 1;
            }
        }
        for byte in set.iter() {
            let class = &mut of[usize::from(byte)];
            *class = moved[usize::from(*class)].unwrap_or(*class);
        }
    }
    // By their first byte, so that neighbours are neighbours.
    let mut order = [None; 256];
    let mut next = 0u8;
    for class in &mut of {
        let new = *order[usize::from(*class)].get_or_insert_with(|| {
            next = next.wrapping_add(1);
            next.wrapping_sub(1)
        });
        *class = new;
    }
    (of, count)
}

/// The classes of each set, ascending.
fn members(trie: &Trie, classes: &[u8; 256]) -> Vec<Vec<u8>> {
    let of = |set: &ByteSet| {
        let mut list: Vec<u8> = set.iter().map(|b| classes[usize::from(b)]).collect();
        list.sort_unstable();
        list.dedup();
        list
    };
    trie.sets.iter().map(of).collect()
}

/// What makes states different: the best `.` or `!` passed, and the live nodes in rank order.
#[derive(Default)]
struct Keys {
    words: Vec<u32>,
    ends: Vec<u32>,
    table: Table,
}

impl Keys {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, state: u32) -> &[u32] {
        let end = self.ends[state as usize] as usize;
        let start = match state {
            0 => 0,
            n => self.ends[n as usize - 1] as usize,
        };
        &self.words[start..end]
    }

    /// The number of a state, given out if it is new.
    fn id(&mut self, passed: Accept, live: &[u32]) -> u32 {
        let mut key = hash(&passed.0.to_le_bytes());
        for node in live {
            key = hash(&(key ^ u64::from(*node)).to_le_bytes());
        }
        let found = self.table.find(key, |state| {
            let known = self.get(state);
            known[0] == passed.0 && known[1..] == *live
        });
        if let Some(state) = found {
            return state;
        }
        let state = self.ends.len() as u32;
        self.words.push(passed.0);
        self.words.extend_from_slice(live);
        self.ends.push(self.words.len() as u32);
        self.table.insert(key, state);
        state
    }
}

/// A state before its place is known.
struct Row {
    /// Its leaf, if it is one; then nothing else counts.
    leaf: Option<Leaf>,
    accepts: [Accept; 3],
    default: u32,
    /// First class, and where its target stands; one for each class up to the next row.
    first: u8,
    targets: u32,
}

struct Construction<'t> {
    trie: &'t Trie,
    members: &'t [Vec<u8>],
    alone: Vec<bool>,
    keys: Keys,
    rows: Vec<Row>,
    targets: Vec<u32>,
    work: usize,
}

impl Construction<'_> {
    /// Makes the row of a state; `None` if all this has cost too much.
    fn state(&mut self, state: usize, lists: &mut [Vec<u32>]) -> Option<()> {
        let key = self.keys.get(state as u32);
        let passed = Accept(key[0]);
        let live = key[1..].to_vec();
        let leaf = match live[..] {
            [] => Some(NONE),
            [node] => self.alone[node as usize].then_some(node),
            _ => None,
        };
        if let Some(node) = leaf {
            self.rows.push(Row {
                leaf: Some(Leaf { passed, node }),
                accepts: [passed; 3],
                default: 0,
                first: 0,
                targets: self.targets.len() as u32,
            });
            return Some(());
        }
        let mut accepts = [passed; 3];
        let mut after = passed;
        let (mut first, mut last) = (usize::MAX, 0);
        for edge in live.iter().flat_map(|node| self.trie.node(*node)) {
            self.work = self.work.checked_sub(1)?;
            let [complete, can, more] = &mut accepts;
            match edge.want {
                Want::Set(set) => {
                    let (entry, others) = self.below(edge.down);
                    can.add(entry, others);
                    more.add(entry, others);
                    let classes = &self.members[set as usize];
                    self.work = self.work.checked_sub(classes.len())?;
                    for class in classes {
                        lists[usize::from(*class)].push(edge.down);
                    }
                    if let (Some(low), Some(high)) = (classes.first(), classes.last()) {
                        first = first.min(usize::from(*low));
                        last = last.max(usize::from(*high));
                    }
                }
                Want::Dot => {
                    can.add(edge.down, false);
                    more.add(edge.down, false);
                    after.add(edge.down, false);
                }
                Want::Bang => {
                    for accept in [complete, can, more, &mut after] {
                        accept.add(edge.down, false);
                    }
                }
                Want::End => {
                    complete.add(edge.down, false);
                    can.add(edge.down, false);
                }
                Want::Never => {}
            }
        }
        let default = self.keys.id(after, &[]);
        let targets = self.targets.len() as u32;
        if first <= last {
            self.work = self.work.checked_sub(last - first)?;
            let mut before: Option<(usize, u32)> = None;
            for class in first..=last {
                let target = match before {
                    Some((same, target)) if lists[same] == lists[class] => target,
                    _ => self.keys.id(after, &lists[class]),
                };
                before = Some((class, target));
                self.targets.push(target);
            }
            for list in &mut lists[first..=last] {
                list.clear();
            }
        }
        self.rows.push(Row {
            leaf: None,
            accepts,
            default,
            first: first.min(255) as u8,
            targets,
        });
        Some(())
    }

    /// The first entry below a node, and whether there are more.
    fn below(&self, node: u32) -> (u32, bool) {
        let mut others = false;
        let mut at = node;
        loop {
            let Some(edge) = self.trie.edges.get(at as usize) else {
                return (NONE & !OTHERS, others);
            };
            others |= edge.next != NONE;
            match edge.want {
                Want::Set(_) => at = edge.down,
                _ => return (edge.down, others),
            }
        }
    }

    /// The rows: each state near the one that leads to it, so that a walk finds the next in the memory that it has read.
    fn laid_out(self, classes: [u8; 256], width: usize) -> Option<Dfa> {
        let stride = width + 3;
        let leaves = self.rows.iter().filter(|r| r.leaf.is_some()).count();
        if (self.rows.len() - leaves) * stride + leaves * 2 > WORDS {
            return None;
        }
        let targets = |state: usize| {
            let end = self.rows.get(state + 1);
            let end = end.map_or(self.targets.len(), |r| r.targets as usize);
            &self.targets[self.rows[state].targets as usize..end]
        };
        let mut places = vec![NONE; self.rows.len()];
        let mut order = Vec::new();
        let mut leaves = Vec::with_capacity(leaves);
        let mut open = vec![0];
        while let Some(state) = open.pop() {
            let state = state as usize;
            if places[state] != NONE {
                continue;
            }
            if let Some(leaf) = self.rows[state].leaf {
                places[state] = LEAF | leaves.len() as u32;
                leaves.push(leaf);
                continue;
            }
            places[state] = (order.len() * stride) as u32;
            order.push(state);
            open.push(self.rows[state].default);
            open.extend(targets(state).iter().rev());
        }
        let mut words = Vec::with_capacity(order.len() * stride);
        for state in order {
            let row = &self.rows[state];
            let start = words.len();
            words.resize(start + width, places[row.default as usize]);
            let own = words[start..].iter_mut().skip(usize::from(row.first));
            for (word, target) in own.zip(targets(state)) {
                *word = places[*target as usize];
            }
            words.extend(row.accepts.map(|a| a.0));
        }
        Some(Dfa {
            classes,
            width,
            rows: words.into_boxed_slice(),
            leaves: leaves.into_boxed_slice(),
            start: places[0],
        })
    }
}
