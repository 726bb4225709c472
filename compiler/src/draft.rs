//! A context while its lines are read: which entry a name means, and what its names and numbers are (DL-059 to DL-068, DL-089).

use std::hash::{Hash, Hasher};

use strowger_stdlib::table::{Quick, QuickMap, QuickSet, Table};

use crate::ast::{self, Exten};
use crate::hir::{Caller, Context, Extension, Hint, Include, Matches, Step, Switch};
use crate::source::{Span, Text};

/// A context in the making.
pub(crate) struct Draft {
    pub(crate) name: Vec<u8>,
    pub(crate) span: Span,
    pub(crate) entries: Vec<EntryDraft>,
    /// Entries by what they match.
    keys: Table,
    pub(crate) patterns: Vec<usize>,
    /// Labels of all entries.
    pub(crate) labels: QuickSet<Vec<u8>>,
    pub(crate) includes: Vec<Include>,
    pub(crate) switches: Vec<Switch>,
    pub(crate) ignorepats: Vec<Text>,
    pub(crate) autohints: bool,
}

pub(crate) struct EntryDraft {
    pub(crate) name: Vec<u8>,
    pub(crate) matches: Matches,
    pub(crate) caller: Option<Caller>,
    pub(crate) steps: Steps,
    pub(crate) labels: QuickMap<Vec<u8>, u32>,
    pub(crate) hint: Option<Hint>,
    pub(crate) span: Span,
}

impl EntryDraft {
    /// Whether a step of this number comes before all that is there.
    pub(crate) fn is_before(&self, number: u32) -> bool {
        self.hint.is_none() && self.steps.lowest().is_some_and(|first| number < first)
    }

    /// Spells the entry as this line does: listings show the spelling of its first step.
    pub(crate) fn call(&mut self, name: &[u8], caller: Option<Vec<u8>>) {
        self.name = stored_name(name, Dashes::Keep);
        if let (Some(own), Some(text)) = (&mut self.caller, caller) {
            own.text = text;
        }
    }

    /// Whether Asterisk sees that a label is there already: it looks at the steps up to the first behind the new one.
    pub(crate) fn is_label_seen(&self, label: &[u8], number: u32) -> bool {
        let steps = &self.steps.list;
        let behind = steps.iter().map(|s| s.priority).filter(|p| *p > number);
        let next = behind.min().unwrap_or(number);
        steps
            .iter()
            .any(|s| s.priority <= next && s.label.as_ref().is_some_and(|l| l.bytes() == label))
    }
}

impl Draft {
    pub(crate) fn new(section: &ast::Section<'_>) -> Draft {
        Draft {
            name: section.name.to_vec(),
            span: section.span,
            entries: Vec::new(),
            keys: Table::default(),
            patterns: Vec::new(),
            labels: QuickSet::default(),
            includes: Vec::new(),
            switches: Vec::new(),
            ignorepats: Vec::new(),
            autohints: false,
        }
    }

    /// The entry of this name and caller-id form, made if need be (DL-089, DL-090).
    pub(crate) fn entry(
        &mut self,
        name: &[u8],
        caller: Option<&Caller>,
        span: Span,
        exten: &Exten,
    ) -> usize {
        let shown = stored_name(name, Dashes::Keep);
        let matches = Matches::read(&shown);
        if let Some(index) = self.find(&matches, caller.map(|c| &c.matches)) {
            return index;
        }
        let index = self.entries.len();
        let span = exten.name.as_ref().map_or(span, Text::span);
        if matches!(matches, Matches::Pattern(_)) {
            self.patterns.push(index);
        }
        let key = key(&matches, caller.map(|c| &c.matches));
        self.keys.insert(key, index as u32);
        self.entries.push(EntryDraft {
            name: shown,
            matches,
            caller: caller.cloned(),
            steps: Steps::default(),
            labels: QuickMap::default(),
            hint: None,
            span,
        });
        index
    }

    /// The entry that matches just this, for these callers.
    pub(crate) fn find(&self, matches: &Matches, caller: Option<&Matches>) -> Option<usize> {
        let same = |i: u32| {
            let entry = &self.entries[i as usize];
            entry.matches == *matches && entry.caller.as_ref().map(|c| &c.matches) == caller
        };
        self.keys
            .find(key(matches, caller), same)
            .map(|i| i as usize)
    }

    pub(crate) fn finish(self) -> Context {
        let mut extensions: Vec<Extension> = self
            .entries
            .into_iter()
            .filter(|e| !e.steps.is_empty() || e.hint.is_some())
            .map(|e| Extension {
                name: e.name,
                matches: e.matches,
                caller: e.caller,
                steps: e.steps.into_list(),
                hint: e.hint,
                span: e.span,
            })
            .collect();
        extensions
            .sort_by(|a, b| rank(&a.matches, a.caller.as_ref(), &b.matches, b.caller.as_ref()));
        Context {
            name: self.name,
            span: self.span,
            extensions,
            includes: self.includes,
            switches: self.switches,
            ignorepats: self.ignorepats,
            autohints: self.autohints,
        }
    }
}

fn key(matches: &Matches, caller: Option<&Matches>) -> u64 {
    let mut hasher = Quick::default();
    (matches, caller).hash(&mut hasher);
    hasher.finish()
}

/// The steps of an entry, nearly always written in the order of their numbers.
#[derive(Default)]
pub(crate) struct Steps {
    list: Vec<Step>,
    /// Places by number, once a step was written behind one of a higher number.
    places: Option<QuickMap<u32, usize>>,
    highest: Option<u32>,
    lowest: Option<u32>,
}

impl Steps {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Step> {
        let place = match &self.places {
            Some(places) => *places.get(&number)?,
            None => {
                // The last is asked for most, by its own number or the next.
                let last = self.list.last()?.priority;
                match number.cmp(&last) {
                    std::cmp::Ordering::Greater => return None,
                    std::cmp::Ordering::Equal => self.list.len() - 1,
                    std::cmp::Ordering::Less => self
                        .list
                        .binary_search_by_key(&number, |s| s.priority)
                        .ok()?,
                }
            }
        };
        self.list.get(place)
    }

    /// Adds a step of a number that is not there.
    pub(crate) fn insert(&mut self, step: Step) {
        let behind = self.list.last().is_some_and(|l| l.priority > step.priority);
        if behind && self.places.is_none() {
            let all = self.list.iter().enumerate();
            self.places = Some(all.map(|(i, s)| (s.priority, i)).collect());
        }
        if let Some(places) = &mut self.places {
            places.insert(step.priority, self.list.len());
        }
        self.highest = self.highest.max(Some(step.priority));
        self.lowest = Some(self.lowest.map_or(step.priority, |l| l.min(step.priority)));
        self.list.push(step);
    }

    /// The highest number.
    pub(crate) fn highest(&self) -> Option<u32> {
        self.highest
    }

    /// The lowest number.
    pub(crate) fn lowest(&self) -> Option<u32> {
        self.lowest
    }

    fn into_list(mut self) -> Vec<Step> {
        if self.places.is_some() {
            self.list.sort_by_key(|s| s.priority);
        }
        self.list.shrink_to_fit();
        self.list
    }
}

/// The order of entries: by name, then entries with a caller-id form before the one without (DL-117).
pub(crate) fn rank(
    a: &Matches,
    a_caller: Option<&Caller>,
    b: &Matches,
    b_caller: Option<&Caller>,
) -> std::cmp::Ordering {
    a.rank(b).then_with(|| match (a_caller, b_caller) {
        (Some(a), Some(b)) => a.matches.rank(&b.matches),
        (a, b) => b.is_some().cmp(&a.is_some()),
    })
}

/// Name and caller-id form (DL-059, DL-060).
pub(crate) fn split_caller(mut name: Vec<u8>) -> (Vec<u8>, Option<Caller>) {
    let Some(slash) = name.iter().position(|b| *b == b'/') else {
        return (name, None);
    };
    let text = stored_name(&shrink_number(&name[slash + 1..]), Dashes::Drop);
    let matches = Matches::read(&text);
    name.truncate(slash);
    (name, Some(Caller { text, matches }))
}

/// A caller-id form without blanks, parentheses, dashes outside brackets and dots that are not last.
fn shrink_number(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut in_set = false;
    for (i, byte) in text.iter().enumerate() {
        match byte {
            b'[' => in_set = true,
            b']' => in_set = false,
            b'-' if !in_set => continue,
            b'.' if i + 1 < text.len() => continue,
            b' ' | b'(' | b')' => continue,
            _ => {}
        }
        out.push(*byte);
    }
    out
}

/// Whether dashes outside `[...]` stay in a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dashes {
    Keep,
    Drop,
}

/// A name as it is kept: without blanks outside the `[...]` of a pattern (DL-062).
pub(crate) fn stored_name(name: &[u8], dashes: Dashes) -> Vec<u8> {
    let pattern = name.first() == Some(&b'_');
    let mut in_set = false;
    name.iter()
        .copied()
        .filter(|byte| {
            match byte {
                b'[' => in_set = pattern,
                b']' => in_set = false,
                _ => {}
            }
            in_set || *byte != b' ' && (*byte != b'-' || dashes == Dashes::Keep)
        })
        .collect()
}

/// A number as C reads it: blanks, a sign, digits, and no matter what follows; wraps as the machine does. None without digits.
pub(crate) fn scan_int(text: &[u8]) -> Option<i32> {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut value: i64 = 0;
    let mut any = false;
    for digit in digits.iter().take_while(|b| b.is_ascii_digit()).take(30) {
        any = true;
        value = value
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'));
    }
    any.then_some((if negative { -value } else { value }) as i32)
}

/// As `scan_int`, 0 without digits.
pub(crate) fn leading_int(text: &[u8]) -> i32 {
    scan_int(text).unwrap_or(0)
}
