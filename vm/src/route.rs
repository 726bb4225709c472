//! Which entry and priority a place means (DL sections K to M): own entries, switches, includes, in Asterisk's order.

use std::borrow::Cow;
use std::cell::Cell;

use crate::inputs::Inputs;
use crate::module::{Entry, Module};
use crate::pattern::{Found, Matches, Question, without_dashes};

/// Behind the name of a context: what its texts enter, where `.dial` says `on message`. No extensions.conf can name a context so: its
/// headers end at the first `]`.
pub const ON_MESSAGE: &[u8] = b"[message]";

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
    /// It is settled, and no other entry answers this number in this context or in one that it includes: what this entry does
    /// not have, nothing has.
    pub(crate) alone: bool,
}

impl Route {
    /// Behind the last priority of an entry: a place where nothing is.
    pub(crate) fn past_the_end(self) -> Route {
        Route {
            index: usize::MAX,
            ..self
        }
    }

    /// Neither settled nor alone: time or caller have changed.
    pub(crate) fn open(self) -> Route {
        Route {
            settled: false,
            alone: false,
            ..self
        }
    }
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
    settled: Cell<bool>,
    /// The context that was asked last has one candidate at most.
    alone: Cell<bool>,
}

/// What the entries of one context say.
enum Own {
    /// This entry, and the index of its priority.
    Found(usize, usize),
    /// The number is complete: its includes are not asked whether it could go on (DL-141).
    Complete,
    /// Nothing; switches and includes come next.
    Nothing,
}

/// Finds the first entry that matches and holds the wanted priority, from a context on.
pub(crate) fn find(
    module: &Module,
    inputs: &Inputs,
    start: usize,
    dialled: &[u8],
    want: Want,
    caller: Option<&[u8]>,
    question: Question,
) -> Option<Route> {
    let search = Search::new(module, dialled, want, caller, question);
    match search.own(start) {
        Own::Found(entry, index) => {
            let context = &module.parts.contexts[start];
            let found = search.route(start, entry, index);
            let alone =
                search.alone.get() && context.includes.is_empty() && context.switches.is_empty();
            Some(Route {
                alone: found.settled && alone,
                ..found
            })
        }
        Own::Complete => None,
        Own::Nothing if module.included(start).is_empty() => None,
        Own::Nothing => search.included(inputs, start),
    }
}

/// Whether no entry of a context, or of one that it ever includes, answers a number, whoever calls and whenever.
pub(crate) fn nobody_answers(module: &Module, start: usize, dialled: &[u8]) -> bool {
    let (mut visited, mut open) = (Pile::default(), Pile::default());
    open.push(start as u32);
    while let Some(at) = open.pop() {
        if visited.holds(at) {
            continue;
        }
        let context = module.parts.contexts.get(at as usize);
        let (Some(context), Some(choice)) = (context, module.choice(at as usize)) else {
            return false;
        };
        let mut patterns = choice.candidates(&context.entries, dialled, Question::Match);
        if visited.len() == CONTEXTS
            || choice.plain(&context.entries, dialled).is_some()
            || patterns.next().is_some()
        {
            return false;
        }
        visited.push(at);
        let included = module.included(at as usize);
        included.iter().flatten().for_each(|to| open.push(*to));
    }
    true
}

/// Contexts in a [`Pile`] that needs no memory of its own.
const FEW: usize = 24;

/// A stack of contexts that is short nearly always.
#[derive(Default)]
struct Pile {
    few: [u32; FEW],
    /// How many of `few` are there; all of them if `more` holds something.
    count: usize,
    more: Vec<u32>,
}

impl Pile {
    fn push(&mut self, context: u32) {
        match self.few.get_mut(self.count) {
            Some(place) => {
                *place = context;
                self.count += 1;
            }
            None => self.more.push(context),
        }
    }

    fn pop(&mut self) -> Option<u32> {
        self.more.pop().or_else(|| {
            self.count = self.count.checked_sub(1)?;
            Some(self.few[self.count])
        })
    }

    fn len(&self) -> usize {
        self.count + self.more.len()
    }

    fn holds(&self, context: u32) -> bool {
        self.few[..self.count].contains(&context) || self.more.contains(&context)
    }
}

impl<'a> Search<'a> {
    pub(crate) fn new(
        module: &'a Module,
        dialled: &'a [u8],
        want: Want<'a>,
        caller: Option<&'a [u8]>,
        question: Question,
    ) -> Search<'a> {
        // A number without digits is none (DL-118).
        let caller = caller.filter(|number| !number.is_empty());
        Search {
            module,
            dialled,
            // Without stopping at the first: numbers are short.
            plain: if dialled.iter().fold(false, |any, b| any | (*b == b'-')) {
                without_dashes(dialled).into()
            } else {
                dialled.into()
            },
            want,
            caller,
            question,
            settled: Cell::new(true),
            alone: Cell::new(false),
        }
    }

    /// The route to the winner is not settled any more if this does not hold.
    fn settle(&self, holds: bool) {
        self.settled.set(self.settled.get() && holds);
    }

    fn route(&self, context: usize, entry: usize, index: usize) -> Route {
        Route {
            context,
            entry,
            index,
            settled: self.settled.get(),
            alone: false,
        }
    }

    /// The same in what a context includes, which itself has no answer.
    #[inline(never)]
    fn included(&self, inputs: &Inputs, start: usize) -> Option<Route> {
        // Names in any letter case (DL-127).
        let mut visited = Pile::default();
        visited.push(self.module.folded(start));
        // Includes still to be searched, the next one last.
        let mut open = Pile::default();
        self.includes(inputs, start, &mut open);
        while let Some(at) = open.pop() {
            let name = self.module.folded(at as usize);
            if visited.len() == CONTEXTS || visited.holds(name) {
                continue;
            }
            match self.own(at as usize) {
                Own::Found(entry, index) => return Some(self.route(at as usize, entry, index)),
                // Nothing of this context is asked any more; the search goes on beside it.
                Own::Complete => continue,
                Own::Nothing => {}
            }
            visited.push(name);
            self.includes(inputs, at as usize, &mut open);
        }
        None
    }

    /// Puts what a context includes now onto the pile, the first on top.
    fn includes(&self, inputs: &Inputs, context: usize, open: &mut Pile) {
        let here = &self.module.parts.contexts[context];
        self.settle(here.switches.is_empty());
        let included = self.module.included(context);
        for (include, target) in here.includes.iter().zip(included).rev() {
            let Some(target) = target else { continue };
            if let Some((_, times)) = &include.times {
                self.settle(false);
                if !times.matches(inputs.now.moment(), &inputs.system.zone) {
                    continue;
                }
            }
            open.push(*target);
        }
    }

    /// The winner among the entries of one context, and the priority in it.
    #[inline(always)]
    fn own(&self, context: usize) -> Own {
        self.decided(context).unwrap_or(Own::Nothing)
    }

    #[inline(always)]
    fn decided(&self, context: usize) -> Option<Own> {
        let module = self.module;
        let entries = &module.parts.contexts[context].entries;
        let choice = module.choice(context)?;
        let (dialled, plain, question) = (self.dialled, &*self.plain, self.question);
        if question != Question::Match {
            let names = choice.beginning(entries, plain);
            if let Some(decided) = self.first(entries, names) {
                return Some(decided);
            }
        } else if let Some(first) = choice.plain(entries, plain) {
            let name = &entries[first].matches;
            let end = entries[first..].iter().position(|e| e.matches != *name);
            let end = end.map_or(entries.len(), |n| first + n);
            if let Some(decided) = self.first(entries, first..end) {
                return Some(decided);
            }
        }
        if dialled.starts_with(b"_") {
            // It also matches the pattern that is spelled so (DL-106); only asking each tells.
            let answers =
                |at: &usize| entries[*at].matches.answer(dialled, plain, question) != Found::No;
            let found = choice.patterns(entries).filter(answers);
            return self.first(entries, found);
        }
        // Most look-ups end here.
        if let (Some((best, others)), Want::Number(n)) =
            (choice.best(entries, plain, question), self.want)
        {
            let best = best?;
            if question != Question::MatchMore
                && !module.parts.options.best_only
                && choice.simply_has(best, n)
            {
                self.alone.set(!others);
                return Some(Own::Found(best, n as usize - 1));
            }
        }
        self.first(entries, choice.candidates(entries, plain, question))
    }

    /// Decides by the first of these entries, which all answer yes, but for one question; `None`: none of them decides.
    fn first(&self, entries: &[Entry], candidates: impl IntoIterator<Item = usize>) -> Option<Own> {
        for at in candidates {
            let Some(entry) = entries.get(at) else {
                continue;
            };
            let found = match self.question {
                Question::Match | Question::CanMatch => Found::Yes,
                question => entry.matches.answer(self.dialled, &self.plain, question),
            };
            if found == Found::No || !self.caller_fits(entry) {
                continue;
            }
            if found == Found::Early && self.question == Question::MatchMore {
                return Some(Own::Complete);
            }
            if self.module.parts.options.best_only {
                let best = self.best_of_equal_prefix(entries, at);
                let found = self.wanted(&entries[best]);
                // Another context may have this number, and this one the next.
                self.settle(found.is_some());
                return Some(found.map_or(Own::Nothing, |index| Own::Found(best, index)));
            }
            match self.wanted(entry) {
                Some(index) => return Some(Own::Found(at, index)),
                None => self.settle(false),
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
        // What begins alike stands together.
        let mut alike = entries[first..].iter().take_while(|e| match &e.matches {
            Matches::Pattern(q) => q.elements().starts_with(prefix),
            Matches::Name(_) => false,
        });
        let ending = alike.position(|e| match &e.matches {
            Matches::Pattern(q) => {
                q.elements() == prefix
                    && q.answer(&self.plain, self.question) != Found::No
                    && self.fits(e)
            }
            Matches::Name(_) => false,
        });
        ending.map_or(first, |n| first + n)
    }

    fn caller_fits(&self, entry: &Entry) -> bool {
        self.settle(entry.caller.is_none());
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
            self.context(context)?,
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

    /// The route to priority 1 that a question about a dialled number finds.
    pub(crate) fn first(
        &self,
        inputs: &Inputs,
        context: &[u8],
        dialled: &[u8],
        caller: Option<&[u8]>,
        question: Question,
    ) -> Option<Route> {
        let (start, want) = (self.context(context)?, Want::Number(1));
        find(self, inputs, start, dialled, want, caller, question)
    }

    /// Whether a dialled number exists there (priority 1), as a request from outside must before it enters (DL-147).
    pub fn exists(
        &self,
        inputs: &Inputs,
        context: &[u8],
        dialled: &[u8],
        caller: Option<&[u8]>,
    ) -> bool {
        self.first(inputs, context, dialled, caller, Question::Match)
            .is_some()
    }

    /// The context in which a text for a number enters that was sent into this one: what `on message` of `.dial` has become, in this
    /// context or in one that it includes. A number that is written out in the context goes first.
    pub fn entered_by_text<'c>(&self, context: &'c [u8], dialled: &[u8]) -> Cow<'c, [u8]> {
        let name = [context, ON_MESSAGE].concat();
        let (Some(own), Some(texts)) = (self.context(context), self.context(&name)) else {
            return context.into();
        };
        let plain = without_dashes(dialled);
        let answers = |at: usize| {
            let (Some(context), Some(choice)) = (self.parts.contexts.get(at), self.choice(at))
            else {
                return (false, false);
            };
            let entries = &context.entries;
            let mut patterns = choice.candidates(entries, &plain, Question::Match);
            (
                choice.plain(entries, &plain).is_some(),
                patterns.next().is_some(),
            )
        };
        let (written_out, pattern) = answers(own);
        let included = answers(texts) == (false, false);
        if written_out || included && pattern {
            return context.into();
        }
        name.into()
    }

    /// Whether more digits behind a dialled number could make it one that exists there (DL-137): it is not complete yet.
    pub fn is_beginning(
        &self,
        inputs: &Inputs,
        context: &[u8],
        dialled: &[u8],
        caller: Option<&[u8]>,
    ) -> bool {
        self.first(inputs, context, dialled, caller, Question::CanMatch)
            .is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Builder, StepHead};
    use crate::module::Options;
    use proptest::prelude::*;

    /// The same search without tables: every entry of every context is asked in turn.
    fn naive(module: &Module, search: &Search, start: usize) -> Option<Route> {
        let mut settled = true;
        let mut visited = Vec::new();
        let mut open = vec![start];
        'contexts: while let Some(at) = open.pop() {
            if visited.contains(&module.folded(at)) {
                continue;
            }
            let context = &module.parts.contexts[at];
            for (i, entry) in context.entries.iter().enumerate() {
                let found = entry
                    .matches
                    .answer(search.dialled, &search.plain, search.question);
                if found == Found::No {
                    continue;
                }
                settled &= entry.caller.is_none();
                if !search.fits(entry) {
                    continue;
                }
                if found == Found::Early && search.question == Question::MatchMore {
                    if at == start {
                        return None;
                    }
                    continue 'contexts;
                }
                let best = match module.parts.options.best_only {
                    true => search.best_of_equal_prefix(&context.entries, i),
                    false => i,
                };
                if let Some(index) = search.wanted(&context.entries[best]) {
                    return Some(Route {
                        context: at,
                        entry: best,
                        index,
                        settled,
                        alone: settled && is_alone(context, search, i),
                    });
                }
                settled = false;
                if module.parts.options.best_only {
                    break;
                }
            }
            visited.push(module.folded(at));
            for include in context.includes.iter().rev() {
                open.extend(module.context(module.text(include.context)));
            }
        }
        None
    }

    /// Nothing else of the context answers, and it includes nothing.
    fn is_alone(context: &crate::module::Context, search: &Search, entry: usize) -> bool {
        let answers = |e: &Entry| {
            e.matches
                .answer(search.dialled, &search.plain, search.question)
                != Found::No
        };
        let mut others = (0..).zip(&context.entries).filter(|(i, _)| *i != entry);
        context.includes.is_empty() && !others.any(|(_, e)| answers(e))
    }

    /// Name, caller-id form, and the numbers of its priorities.
    type Written = (String, Option<String>, Vec<u32>);

    fn written() -> impl Strategy<Value = Written> {
        let name = prop_oneof![
            "[0-2]{1,3}",
            "_[0-2XZ]{0,3}[.!]?",
            "_[0-2X]{1,2}![0-2]?",
            "_\\[[0-2]{0,2}\\][0-2X]?",
        ];
        let caller = prop_oneof![
            4 => Just(None),
            1 => Just(Some(String::new())),
            1 => "[0-2]|_X\\.".prop_map(Some),
        ];
        let numbers = prop_oneof![
            4 => Just(vec![1, 2]),
            1 => Just(vec![2]),
            1 => Just(vec![1, 3]),
        ];
        (name, caller, numbers)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn tables_find_what_asking_each_entry_finds(
            contexts in prop::collection::vec(prop::collection::vec(written(), 0..24), 3),
            best_only in any::<bool>(),
            texts in prop::collection::vec("[0-3-]{0,4}|_[0-2X]{1,2}[.!]?", 1..16),
            caller in prop::option::of("[0-2]{0,2}"),
            number in 1..4_u32,
        ) {
            let mut b = Builder::new(Options { best_only, ..Options::default() });
            for (n, entries) in contexts.iter().enumerate() {
                let c = b.context(format!("c{n}").as_bytes());
                let mut seen = Vec::new();
                for (name, caller, numbers) in entries {
                    let key = (Matches::read(name.as_bytes()), caller);
                    if seen.contains(&key) {
                        continue;
                    }
                    seen.push(key);
                    let entry = b.entry(c, name.as_bytes(), caller.as_ref().map(String::as_bytes));
                    for priority in numbers {
                        let head = StepHead { priority: *priority, application: b"NoOp", ..StepHead::default() };
                        b.step(entry, &head).run();
                    }
                }
                // The last one includes nothing.
                let to: &[&str] = if n == 2 { &[] } else { &["c1", "C2", "c2", "c0"] };
                for to in to {
                    b.include(c, to.as_bytes(), None);
                }
            }
            let module = b.finish().unwrap();
            let caller = caller.as_ref().map(String::as_bytes);
            for text in texts.iter().map(String::as_bytes) {
                for (question, start) in [Question::Match, Question::CanMatch, Question::MatchMore].into_iter().flat_map(|q| [(q, 0), (q, 2)]) {
                    let want = Want::Number(number);
                    let search = Search::new(&module, text, want, caller, question);
                    let found = find(&module, &Inputs::default(), start, text, want, caller, question);
                    let mut expected = naive(&module, &search, start);
                    // A plain name that decides has been asked alone; which of two unsettled ways it was does not show.
                    if let (Some(e), Some(f)) = (&mut expected, &found) {
                        prop_assert!(f.settled || !e.settled || question != Question::Match);
                        e.settled = f.settled;
                        // It may be alone and not known to be.
                        prop_assert!(!f.alone || e.alone, "{:?} {:?}", question, text);
                        e.alone = f.alone;
                    }
                    prop_assert_eq!(found, expected, "{:?} {:?}", question, text);
                }
            }
        }
    }
}
