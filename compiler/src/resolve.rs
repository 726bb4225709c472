//! Which entry a context, an extension and a priority mean (DL-109 to DL-129), asked without a call: by the checks.

use std::borrow::Cow;
use strowger_stdlib::table::{QuickMap, QuickSet};

use crate::hir::{Context, Extension, Hir, Matches, Step};
use crate::pattern::without_dashes;

/// Contexts visited by one search (DL-127).
const CONTEXTS: usize = 512;

/// A plan with its names indexed.
pub struct Index<'a> {
    hir: &'a Hir,
    contexts: QuickMap<Cow<'a, [u8]>, usize>,
    /// Names of contexts are the same in any letter case.
    folded: bool,
    names: Vec<QuickMap<&'a [u8], Vec<usize>>>,
    patterns: Vec<Vec<usize>>,
    /// Labels of each context.
    labels: Vec<QuickSet<&'a [u8]>>,
    /// Contexts that include a context, directly.
    included_by: Vec<Vec<usize>>,
}

/// An entry that a search came by.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The context that holds it.
    pub context: &'a Context,
    /// The entry.
    pub extension: &'a Extension,
}

/// What a search saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Everything: what was not found is not there.
    All,
    /// A switch or an included context that is not in the plan may hold more.
    Some,
}

/// A name as it is compared.
fn fold(name: &[u8], folded: bool) -> Cow<'_, [u8]> {
    if folded {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

impl<'a> Index<'a> {
    /// Indexes a plan.
    pub fn new(hir: &'a Hir) -> Index<'a> {
        let folded = hir.dialect.folded_contexts;
        let contexts: QuickMap<Cow<'_, [u8]>, usize> = hir
            .contexts
            .iter()
            .enumerate()
            .map(|(i, c)| (fold(&c.name, folded), i))
            .collect();
        let mut names = Vec::new();
        let mut patterns = Vec::new();
        let mut labels = Vec::new();
        let mut included_by = vec![Vec::new(); hir.contexts.len()];
        for (index, context) in hir.contexts.iter().enumerate() {
            let mut by_name: QuickMap<&[u8], Vec<usize>> = QuickMap::default();
            let mut list = Vec::new();
            for (i, extension) in context.extensions.iter().enumerate() {
                match &extension.matches {
                    Matches::Name(name) => by_name.entry(name).or_default().push(i),
                    Matches::Pattern(_) => list.push(i),
                }
            }
            let steps = context.extensions.iter().flat_map(|e| &e.steps);
            labels.push(
                steps
                    .filter_map(|s| s.label.as_ref())
                    .map(|l| l.bytes())
                    .collect(),
            );
            names.push(by_name);
            patterns.push(list);
            for include in &context.includes {
                if let Some(target) = contexts.get(&*fold(&include.context, folded)) {
                    included_by[*target].push(index);
                }
            }
        }
        Index {
            hir,
            contexts,
            folded,
            names,
            patterns,
            labels,
            included_by,
        }
    }

    /// The plan.
    pub fn hir(&self) -> &'a Hir {
        self.hir
    }

    /// The context of this name.
    pub fn context(&self, name: &[u8]) -> Option<&'a Context> {
        self.number(name).map(|i| &self.hir.contexts[i])
    }

    /// The place of the context in the plan's list.
    pub fn number(&self, name: &[u8]) -> Option<usize> {
        self.contexts.get(&*fold(name, self.folded)).copied()
    }

    /// The context itself and all that include it, over any number of steps: where a call that runs its lines may
    /// stand. Stops soon after `most`.
    pub fn standing_in(&self, context: &[u8], most: usize) -> Vec<&'a Context> {
        let Some(start) = self.number(context) else {
            return Vec::new();
        };
        let mut seen = QuickSet::from_iter([start]);
        let mut order = vec![start];
        let mut next = 0;
        while next < order.len() && order.len() <= most {
            for above in &self.included_by[order[next]] {
                if seen.insert(*above) {
                    order.push(*above);
                }
            }
            next += 1;
        }
        order.into_iter().map(|i| &self.hir.contexts[i]).collect()
    }

    /// Contexts that a search which begins in `start` visits, in order (DL-125, DL-127).
    pub fn searched(&self, start: &[u8]) -> (Vec<&'a Context>, Seen) {
        let mut order = Vec::new();
        let mut seen: QuickSet<usize> = QuickSet::default();
        let mut all = Seen::All;
        let mut work: Vec<&[u8]> = vec![start];
        while let Some(name) = work.pop() {
            let Some(index) = self.number(name) else {
                if name != start {
                    all = Seen::Some;
                }
                continue;
            };
            if !seen.insert(index) {
                continue;
            }
            if order.len() >= CONTEXTS {
                return (order, Seen::Some);
            }
            let context = &self.hir.contexts[index];
            order.push(context);
            if !context.switches.is_empty() {
                all = Seen::Some;
            }
            // Depth first, in file order: the first include must be on top.
            work.extend(context.includes.iter().rev().map(|i| i.context.as_slice()));
        }
        (order, all)
    }

    /// Entries that match `exten` in the order in which they are tried, whatever the caller and the time are.
    pub fn candidates(&self, start: &[u8], exten: &[u8]) -> Vec<Candidate<'a>> {
        self.candidates_in(&self.searched(start).0, exten)
    }

    /// The same over contexts that [`Index::searched`] gave.
    pub fn candidates_in(&self, contexts: &[&'a Context], exten: &[u8]) -> Vec<Candidate<'a>> {
        let plain = without_dashes(exten);
        let mut out = Vec::new();
        for context in contexts {
            let Some(index) = self.number(&context.name) else {
                continue;
            };
            let named = self.names[index]
                .get(plain.as_slice())
                .into_iter()
                .flatten()
                .copied();
            let patterns = self.patterns[index].iter().copied();
            let patterns = patterns.filter(|i| context.extensions[*i].matches.matches(exten));
            let found = named.chain(patterns);
            out.extend(found.map(|i| Candidate {
                context,
                extension: &context.extensions[i],
            }));
        }
        out
    }

    /// How many patterns a search in these contexts compares.
    pub fn patterns_in(&self, contexts: &[&Context]) -> usize {
        contexts
            .iter()
            .filter_map(|c| self.number(&c.name))
            .map(|i| self.patterns[i].len())
            .sum()
    }

    /// Whether an entry of the context may have this label or number.
    pub fn may_have(&self, context: &Context, priority: &[u8]) -> bool {
        priority.first().is_some_and(u8::is_ascii_digit)
            || self
                .number(&context.name)
                .is_some_and(|i| self.labels[i].contains(priority))
    }

    /// The first candidate that the caller may use and that has the priority, as a call finds it; timed includes are asked by `open`.
    pub fn find(
        &self,
        start: &[u8],
        exten: &[u8],
        caller: &[u8],
        priority: u32,
        open: &dyn Fn(&[u8]) -> bool,
    ) -> Option<(Candidate<'a>, &'a Step)> {
        let mut seen = QuickSet::default();
        self.find_in(start, exten, caller, priority, open, &mut seen)
    }

    fn find_in(
        &self,
        context: &[u8],
        exten: &[u8],
        caller: &[u8],
        priority: u32,
        open: &dyn Fn(&[u8]) -> bool,
        seen: &mut QuickSet<Vec<u8>>,
    ) -> Option<(Candidate<'a>, &'a Step)> {
        // A stack of its own instead of recursion: chains of includes are as long as a file likes.
        let mut work: Vec<Vec<u8>> = vec![context.to_vec()];
        while let Some(name) = work.pop() {
            if seen.len() >= CONTEXTS || !seen.insert(name.to_ascii_lowercase()) {
                continue;
            }
            let Some(index) = self.number(name.as_slice()) else {
                continue;
            };
            let context = &self.hir.contexts[index];
            for extension in &context.extensions {
                if !extension.matches.matches(exten)
                    || extension
                        .caller
                        .as_ref()
                        .is_some_and(|c| !c.matches.matches(caller))
                {
                    continue;
                }
                if let Some(step) = extension.step(priority) {
                    return Some((Candidate { context, extension }, step));
                }
                if self.hir.general.extenpatternmatchnew {
                    break;
                }
            }
            let includes = context.includes.iter().rev();
            let includes = includes.filter(|i| i.times.as_ref().is_none_or(|t| open(t)));
            work.extend(includes.map(|i| i.context.clone()));
        }
        None
    }
}
