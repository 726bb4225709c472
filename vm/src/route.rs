//! Which entry and priority a place means (DL sections K to M): own entries, switches, includes, in Asterisk's order.

use std::borrow::Cow;

use crate::inputs::Inputs;
use crate::module::{Entry, Module};
use crate::pattern::{Found, Matches, Question, without_dashes};

/// Contexts that one look-up may visit (DL-127).
pub(crate) const CONTEXTS: usize = 512;

/// Which priority of an entry is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Want<'a> {
    Number(u32),
    Label(&'a [u8]),
}

/// Where a look-up leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) context: usize,
    pub(crate) entry: usize,
    /// Index into the entry's priorities.
    pub(crate) index: usize,
    /// The entry is the first candidate of the whole search, and neither time nor caller took part: its next number needs no
    /// look-up (vm.md 3a).
    pub(crate) settled: bool,
}

/// One look-up: what is asked, and where it stands.
pub(crate) struct Search<'a> {
    module: &'a Module,
    dialled: &'a [u8],
    /// The same without dashes.
    pub(crate) plain: Cow<'a, [u8]>,
    want: Want<'a>,
    caller: Option<&'a [u8]>,
    question: Question,
    settled: bool,
}

/// Finds the first entry that matches and holds the wanted priority. `context` must be spelled exactly.
pub(crate) fn find(
    module: &Module,
    inputs: &Inputs,
    context: &[u8],
    dialled: &[u8],
    want: Want,
    caller: Option<&[u8]>,
    question: Question,
) -> Option<Route> {
    let mut search = Search::new(module, dialled, want, caller, question);
    // Names in any letter case (DL-127).
    let mut visited = Vec::new();
    // Includes still to be searched, the next one last.
    let mut open = vec![module.context(context)?];
    while let Some(at) = open.pop() {
        let here = &module.parts.contexts[at];
        let name = module.folded(at);
        if visited.len() == CONTEXTS || visited.contains(&name) {
            continue;
        }
        if let Some((entry, index)) = search.own(at) {
            return Some(Route {
                context: at,
                entry,
                index,
                settled: search.settled,
            });
        }
        visited.push(name);
        search.settled &= here.switches.is_empty();
        for include in here.includes.iter().rev() {
            if let Some(next) = module.context(module.text(include.context)) {
                if let Some((_, times)) = &include.times {
                    search.settled = false;
                    if !times.matches(inputs.now.moment(), &inputs.system.zone) {
                        continue;
                    }
                }
                open.push(next);
            }
        }
    }
    None
}

impl<'a> Search<'a> {
    pub(crate) fn new(
        module: &'a Module,
        dialled: &'a [u8],
        want: Want<'a>,
        caller: Option<&'a [u8]>,
        question: Question,
    ) -> Search<'a> {
        Search {
            module,
            dialled,
            plain: if dialled.contains(&b'-') {
                without_dashes(dialled).into()
            } else {
                dialled.into()
            },
            want,
            caller,
            question,
            settled: true,
        }
    }

    /// The winner among the entries of one context, and the priority in it.
    fn own(&mut self, context: usize) -> Option<(usize, usize)> {
        let module = self.module;
        let entries = &module.parts.contexts[context].entries;
        if self.question != Question::Match {
            return self.first(entries, 0..entries.len()).flatten();
        }
        if let Some(first) = module.plain_entry(context, &self.plain) {
            let name = &entries[first].matches;
            let end = entries[first..].iter().position(|e| e.matches != *name);
            let end = end.map_or(entries.len(), |n| first + n);
            if let Some(decided) = self.first(entries, first..end) {
                return decided;
            }
        }
        match module.trie(context) {
            Some(trie) if !self.dialled.starts_with(b"_") => {
                // The text is the walk's; the search goes on beside it.
                let plain = self.plain.clone();
                self.first(entries, trie.matches(&plain)).flatten()
            }
            _ => {
                let patterns = entries.partition_point(|e| matches!(e.matches, Matches::Name(_)));
                self.first(entries, patterns..entries.len()).flatten()
            }
        }
    }

    /// Decides by the first of these entries that matches; `None`: none of them decides.
    fn first(
        &mut self,
        entries: &[Entry],
        candidates: impl IntoIterator<Item = usize>,
    ) -> Option<Option<(usize, usize)>> {
        for at in candidates {
            let Some(entry) = entries.get(at) else {
                continue;
            };
            let found = entry
                .matches
                .answer(self.dialled, &self.plain, self.question);
            if found == Found::No || !self.caller_fits(entry) {
                continue;
            }
            if found == Found::Early && self.question == Question::MatchMore {
                return Some(None);
            }
            if self.module.parts.options.best_only {
                let best = self.best_of_equal_prefix(entries, at);
                return Some(self.wanted(&entries[best]).map(|index| (best, index)));
            }
            match self.wanted(entry) {
                Some(index) => return Some(Some((at, index))),
                None => self.settled = false,
            }
        }
        None
    }

    /// The trie matcher prefers a pattern that ends to one that goes on with `!` (DL-122).
    pub(crate) fn best_of_equal_prefix(&self, entries: &[Entry], first: usize) -> usize {
        let Matches::Pattern(p) = &entries[first].matches else {
            return first;
        };
        if p.answer(&self.plain, self.question) != Found::Early {
            return first;
        }
        let prefix = &p.matching()[..p.matching().len() - 1];
        let ending = entries[first..].iter().position(|e| match &e.matches {
            Matches::Pattern(q) => {
                q.elements() == prefix
                    && q.answer(&self.plain, self.question) != Found::No
                    && self.fits(e)
            }
            Matches::Name(_) => false,
        });
        ending.map_or(first, |n| first + n)
    }

    fn caller_fits(&mut self, entry: &Entry) -> bool {
        self.settled &= entry.caller.is_none();
        self.fits(entry)
    }

    /// No caller-id form, or one that the caller's number matches; no number matches only the empty form (DL-118).
    pub(crate) fn fits(&self, entry: &Entry) -> bool {
        match (&entry.caller, self.caller) {
            (None, _) => true,
            (Some(form), None) => *form == Matches::Name(Vec::new()),
            (Some(form), Some(number)) => form.matches(number),
        }
    }

    pub(crate) fn wanted(&self, entry: &Entry) -> Option<usize> {
        match self.want {
            Want::Number(n) => entry.priority(n),
            Want::Label(l) => entry
                .priorities
                .iter()
                .position(|p| p.label.is_some_and(|id| self.module.text(id) == l)),
        }
    }
}

/// Where a dialled number leads, for tools: the context and the name of the winning entry, and its running number among the
/// entries of that context as tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The context in which the entry stands.
    pub context: Vec<u8>,
    /// Its name as written.
    pub exten: Vec<u8>,
    /// File of its first step.
    pub file: Vec<u8>,
    /// Line of the step that was found.
    pub line: u32,
}

impl Module {
    /// The entry that priority 1 of a dialled number leads to, from a context, for a caller, at a moment.
    pub fn find(
        &self,
        inputs: &Inputs,
        context: &[u8],
        dialled: &[u8],
        caller: Option<&[u8]>,
    ) -> Option<Match> {
        let r = find(
            self,
            inputs,
            context,
            dialled,
            Want::Number(1),
            caller,
            Question::Match,
        )?;
        let context = &self.parts.contexts[r.context];
        let entry = &context.entries[r.entry];
        let step = &entry.priorities[r.index];
        Some(Match {
            context: self.text(context.name).to_vec(),
            exten: self.text(entry.name).to_vec(),
            file: self.text(step.file).to_vec(),
            line: step.line,
        })
    }

    /// Whether a dialled number exists there (priority 1), as a request from outside must before it enters (DL-147).
    pub fn exists(
        &self,
        inputs: &Inputs,
        context: &[u8],
        dialled: &[u8],
        caller: Option<&[u8]>,
    ) -> bool {
        self.find(inputs, context, dialled, caller).is_some()
    }

    /// Whether more digits behind a dialled number could make it one that exists there (DL-137): it is not complete yet.
    pub fn is_beginning(
        &self,
        inputs: &Inputs,
        context: &[u8],
        dialled: &[u8],
        caller: Option<&[u8]>,
    ) -> bool {
        let question = Question::CanMatch;
        find(
            self,
            inputs,
            context,
            dialled,
            Want::Number(1),
            caller,
            question,
        )
        .is_some()
    }
}
