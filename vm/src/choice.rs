//! Which entries of one context answer for a dialled number, in the order in which they are tried: plain names by a hash
//! table, patterns by an automaton or, before there is one, by the trie.

use std::ops::Range;
use std::sync::OnceLock;

use strowger_stdlib::table::{Table, hash};

use crate::dfa::Dfa;
use crate::module::Entry;
use crate::pattern::{Matches, Question};
use crate::trie::{Trie, Walk};

/// Contexts with more patterns have their trie when the module is made; others make it with the automaton.
const TRIE_AT_ONCE: usize = 64;
/// A look-up waits for the automaton of so many patterns, which takes some milliseconds at most. That of a larger context
/// is made by [`Module::prepare`](crate::Module::prepare).
const DFA_IN_PASSING: usize = 2_000;

/// Marks an entry with a caller-id form.
const CALLER: u32 = 1 << 31;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    /// The first entry of each plain name.
    plain: Table,
    /// Where the patterns begin.
    patterns: usize,
    /// How many they are.
    count: usize,
    /// Per entry: how many priorities it has from 1 on without a gap, and [`CALLER`].
    shapes: Vec<u32>,
    trie: OnceLock<Trie>,
    /// `None` inside: it would be too large.
    dfa: OnceLock<Option<Dfa>>,
}

impl Choice {
    /// The tables of a context; plain names stand before patterns.
    pub(crate) fn new(entries: &[Entry]) -> Choice {
        let patterns = entries.partition_point(|e| matches!(e.matches, Matches::Name(_)));
        let mut plain = Table::with_capacity(patterns);
        let mut before: Option<&[u8]> = None;
        for (i, entry) in (0u32..).zip(&entries[..patterns]) {
            if let Matches::Name(name) = &entry.matches {
                if before != Some(name) {
                    plain.insert(hash(name), i);
                }
                before = Some(name);
            }
        }
        let shape = |e: &Entry| {
            let gapless = (1u32..)
                .zip(&e.priorities)
                .take_while(|(n, p)| p.number == *n);
            gapless.count() as u32 | if e.caller.is_some() { CALLER } else { 0 }
        };
        let choice = Choice {
            shapes: entries.iter().map(shape).collect(),
            plain,
            patterns,
            count: entries.len() - patterns,
            ..Choice::default()
        };
        if choice.count > TRIE_AT_ONCE {
            choice.trie(entries);
        }
        choice
    }

    fn trie(&self, entries: &[Entry]) -> &Trie {
        self.trie
            .get_or_init(|| Trie::build(&entries[self.patterns.min(entries.len())..]))
    }

    fn dfa(&self, entries: &[Entry]) -> Option<&Dfa> {
        let build = || Dfa::build(self.trie(entries));
        if self.count <= DFA_IN_PASSING {
            self.dfa.get_or_init(build).as_ref()
        } else {
            self.dfa.get()?.as_ref()
        }
    }

    /// Whether an entry is open to every caller and has this priority, seen without looking at it. `false` says nothing.
    pub(crate) fn simply_has(&self, entry: usize, priority: u32) -> bool {
        let shape = self.shapes.get(entry).copied().unwrap_or(0);
        shape & CALLER == 0 && priority.wrapping_sub(1) < shape
    }

    /// How many bytes the automaton takes, if there is one.
    pub(crate) fn dfa_size(&self) -> Option<usize> {
        Some(self.dfa.get()?.as_ref()?.size())
    }

    /// Makes all that look-ups can make use of.
    pub(crate) fn prepare(&self, entries: &[Entry]) {
        if self.count > 0 {
            self.dfa.get_or_init(|| Dfa::build(self.trie(entries)));
        }
    }

    /// The first entry with exactly this name (no dashes).
    pub(crate) fn plain(&self, entries: &[Entry], name: &[u8]) -> Option<usize> {
        if self.plain.is_empty() {
            return None;
        }
        let same = |i: u32| {
            let entry = entries.get(i as usize);
            entry.is_some_and(|e| matches!(&e.matches, Matches::Name(n) if n == name))
        };
        self.plain.find(hash(name), same).map(|i| i as usize)
    }

    /// The plain names that begin with a text.
    pub(crate) fn beginning(&self, entries: &[Entry], text: &[u8]) -> Range<usize> {
        let names = &entries[..self.patterns.min(entries.len())];
        let first = names.partition_point(|e| name(e) < text);
        let count = names[first..].partition_point(|e| name(e).starts_with(text));
        first..first + count
    }

    /// All patterns.
    pub(crate) fn patterns(&self, entries: &[Entry]) -> Range<usize> {
        self.patterns..entries.len()
    }

    /// The first of them and whether there are others, if an automaton is there to tell.
    #[inline]
    pub(crate) fn best(
        &self,
        entries: &[Entry],
        text: &[u8],
        question: Question,
    ) -> Option<(Option<usize>, bool)> {
        if self.count == 0 {
            return Some((None, false));
        }
        let accept = self
            .dfa(entries)?
            .answer(self.trie(entries), text, question);
        Some((accept.entry().map(|e| e + self.patterns), accept.others()))
    }

    /// The patterns whose answer for a text without dashes is not no, in rank order.
    pub(crate) fn candidates<'c>(
        &'c self,
        entries: &'c [Entry],
        text: &'c [u8],
        question: Question,
    ) -> Candidates<'c> {
        let mut candidates = Candidates {
            choice: self,
            entries,
            text,
            question,
            first: None,
            rest: Rest::Nothing,
        };
        if self.count == 0 {
            return candidates;
        }
        match self.best(entries, text, question) {
            Some((first, others)) => {
                candidates.first = first;
                if others {
                    candidates.rest = Rest::Asked;
                }
            }
            None => candidates.rest = Rest::Walk(self.trie(entries).matches(text, question)),
        }
        candidates
    }
}

fn name(entry: &Entry) -> &[u8] {
    match &entry.matches {
        Matches::Name(name) => name,
        Matches::Pattern(_) => b"",
    }
}

/// What comes behind the first candidate.
#[derive(Debug)]
enum Rest<'c> {
    Nothing,
    /// There are others; nobody has wanted them yet.
    Asked,
    Walk(Walk<'c>),
}

/// See [`Choice::candidates`].
#[derive(Debug)]
pub(crate) struct Candidates<'c> {
    choice: &'c Choice,
    entries: &'c [Entry],
    text: &'c [u8],
    question: Question,
    first: Option<usize>,
    rest: Rest<'c>,
}

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if let Rest::Asked = self.rest {
            let mut walk = self
                .choice
                .trie(self.entries)
                .matches(self.text, self.question);
            walk.next();
            self.rest = Rest::Walk(walk);
        }
        match &mut self.rest {
            Rest::Walk(walk) => walk.next().map(|i| i + self.choice.patterns),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Builder;
    use crate::module::{Module, Options};
    use crate::pattern::Found;
    use proptest::prelude::*;

    fn module(names: &[String]) -> Module {
        let mut b = Builder::new(Options::default());
        let c = b.context(b"c");
        for name in names {
            b.entry(c, name.as_bytes(), None);
        }
        b.finish().unwrap()
    }

    /// Every way of asking gives the entries that asking each one gives, in the same order.
    fn agree(names: &[String], texts: &[String]) {
        let module = module(names);
        let entries = &module.parts.contexts[0].entries;
        let choice = module.choice(0).unwrap();
        let trie = Trie::build(&entries[choice.patterns..]);
        let dfa = Dfa::build(&trie).expect("small enough");
        for text in texts.iter().map(String::as_bytes) {
            for question in [Question::Match, Question::CanMatch, Question::MatchMore] {
                let answers = |e: &Entry| e.matches.answer(text, text, question) != Found::No;
                let linear: Vec<usize> = (0..entries.len())
                    .filter(|i| answers(&entries[*i]))
                    .collect();
                let (named, patterns): (Vec<usize>, Vec<usize>) =
                    linear.iter().partition(|i| **i < choice.patterns);
                let walked: Vec<usize> = trie
                    .matches(text, question)
                    .map(|i| i + choice.patterns)
                    .collect();
                assert_eq!(walked, patterns, "trie, {question:?} of {text:?}");
                let accept = dfa.answer(&trie, text, question);
                let best = accept.entry().map(|i| i + choice.patterns);
                assert_eq!(best, patterns.first().copied(), "{question:?} of {text:?}");
                assert_eq!(
                    accept.others(),
                    patterns.len() > 1,
                    "{question:?} of {text:?}"
                );
                let candidates = choice.candidates(entries, text, question);
                assert_eq!(candidates.collect::<Vec<_>>(), patterns);
                if question == Question::Match {
                    assert_eq!(choice.plain(entries, text), named.first().copied());
                } else {
                    let mut names: Vec<usize> = choice.beginning(entries, text).collect();
                    names.retain(|i| answers(&entries[*i]));
                    assert_eq!(names, named, "names, {question:?} of {text:?}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 400 }))]
        #[test]
        fn automaton_trie_and_asking_each_agree(
            patterns in prop::collection::vec("_([0-3XZN]|\\[[0-3a]{0,2}\\]|\\[1-3\\]|\\[3-1\\]){0,5}([.!]|[.!][0-2]|\\[|)", 0..60),
            names in prop::collection::vec("[0-3a*]{1,4}", 0..12),
            texts in prop::collection::vec("[0-3a9*]{0,6}", 1..40),
        ) {
            let names: Vec<String> = patterns.into_iter().chain(names).collect();
            agree(&names, &texts);
        }
    }

    #[test]
    fn what_real_plans_hold() {
        let names = [
            "_X.", "_.", "_!", "_X!", "_[12]X", "_1X", "_12", "_1[", "_12.5", "_9!", "_[5-1]2",
            "12", "1", "s",
        ];
        let texts = ["", "1", "12", "123", "9", "95", "s", "sx", "#", "1["];
        agree(&names.map(String::from), &texts.map(String::from));
    }

    /// Every set of places may be the one that a text has gone through: without a bound this would be 2^20 states.
    #[test]
    fn patterns_that_would_make_too_many_states_get_no_automaton() {
        let names: Vec<String> = (0..22)
            .map(|i| format!("_{}1{}.", "X".repeat(i), "X".repeat(22 - i)))
            .collect();
        let module = module(&names);
        let entries = &module.parts.contexts[0].entries;
        let trie = Trie::build(entries);
        assert!(Dfa::build(&trie).is_none());
        let choice = module.choice(0).unwrap();
        let text = [b"5".repeat(21), b"199".to_vec()].concat();
        let found: Vec<usize> = choice.candidates(entries, &text, Question::Match).collect();
        assert_eq!(found.len(), 1);
    }
}
