//! Which steps a context, an extension and a priority may mean, when any of the three may be written with variables.

use std::rc::Rc;
use strowger_stdlib::table::QuickMap;

use strowger_stdlib::args::Priority;
use strowger_stdlib::signatures::{self, Outcomes};
use strowger_stdlib::template::{HoleKind, Piece, Template, What, has_hole, split_body};

use crate::hir::{Context, Extension, Matches};
use crate::pattern::{overlap, without_dashes};
use crate::resolve::Index;
use strowger_vm::pattern::{Found as Answer, Question};

/// Comparisons that one graph may cost; beyond it edges are missing, and [`super::Flow::whole`] says so.
const WORK: usize = 8_000_000;
/// Contexts that one search visits (DL-127).
const CONTEXTS: usize = 512;
/// Contexts in which a call that runs a line may stand, as far as they are looked at.
const STANDING: usize = 32;
/// Texts that the statuses in one text may give.
const TEXTS: usize = 64;

/// A place of the plan: context, extension and step by indices.
pub(super) type At = (usize, usize, usize);

/// One part of a target.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said<'t> {
    /// Where the call is.
    Here,
    /// This text, which may hold variables.
    Text(&'t [u8]),
}

impl<'t> Said<'t> {
    pub(super) fn of(text: &'t [u8]) -> Said<'t> {
        if text.is_empty() {
            Said::Here
        } else {
            Said::Text(text)
        }
    }
}

/// What was found.
#[derive(Default, Debug)]
pub(super) struct Found {
    pub(super) steps: Vec<At>,
    /// Any first step of these contexts and of what they include.
    pub(super) entered: Vec<usize>,
    /// Only the running call knows.
    pub(super) opaque: bool,
}

/// What a text can be.
enum Can {
    /// One of these.
    Be(Vec<Vec<u8>>),
    /// Something with these pieces in it, in this order: the first at the beginning, the last at the end.
    Look(Vec<Vec<u8>>),
    /// As the extension that runs is called.
    Exten,
    /// As the context in which the call stands is called.
    Context,
    /// Anything.
    Anything,
}

impl Can {
    fn read(text: &[u8]) -> Can {
        if !has_hole(text) {
            return Can::Be(vec![text.to_vec()]);
        }
        let mut texts = vec![Vec::new()];
        let mut known = true;
        let mut pieces: Vec<Vec<u8>> = vec![Vec::new()];
        let template = Template::read(text);
        for piece in &template.pieces {
            match piece {
                Piece::Text(text) => {
                    texts.iter_mut().for_each(|t| t.extend_from_slice(text));
                    if let Some(last) = pieces.last_mut() {
                        last.extend_from_slice(text);
                    }
                }
                Piece::Hole(hole) => {
                    pieces.push(Vec::new());
                    let body = hole.body.as_plain().map(split_body);
                    let plain = match body {
                        Some(body) if body.slice.is_none() => match body.what {
                            What::Variable(name) if hole.kind == HoleKind::Variable => Some(name),
                            _ => None,
                        },
                        _ => None,
                    };
                    let alone = template.pieces.len() == 1;
                    match plain.as_deref() {
                        Some(b"EXTEN") if alone => return Can::Exten,
                        Some(b"CONTEXT") if alone => return Can::Context,
                        _ => {}
                    }
                    match plain.as_deref().and_then(statuses) {
                        Some(values) if known && texts.len() * values.len() <= TEXTS => {
                            texts = texts
                                .iter()
                                .flat_map(|t| values.iter().map(|v| [t, v.as_bytes()].concat()))
                                .collect();
                        }
                        _ => known = false,
                    }
                }
            }
        }
        if known {
            Can::Be(texts)
        } else if pieces.iter().all(Vec::is_empty) {
            Can::Anything
        } else {
            Can::Look(pieces)
        }
    }
}

/// The words that applications may put into a variable.
pub(crate) fn statuses(variable: &[u8]) -> Option<&'static [&'static str]> {
    match signatures::sets(variable) {
        Some(Outcomes::Words(words)) => Some(words),
        _ => None,
    }
}

/// Whether a text holds the pieces in their order, the first at its beginning and the last at its end.
fn looks(text: &[u8], pieces: &[Vec<u8>]) -> bool {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
        return true;
    };
    if text.len() < first.len() + last.len() || !text.starts_with(first) || !text.ends_with(last) {
        return false;
    }
    let mut rest = &text[first.len()..text.len() - last.len()];
    for piece in pieces.iter().skip(1).take(pieces.len().saturating_sub(2)) {
        if piece.is_empty() {
            continue;
        }
        let Some(at) = rest.windows(piece.len()).position(|w| w == piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    true
}

/// A search order: contexts by number, each with whether the time never matters on the way there.
type Searched = Rc<Vec<(usize, bool)>>;

/// Entries in the order in which they are tried, each with whether no later one is once it is asked.
type Tried = Rc<Vec<(At, bool)>>;

pub(super) struct Finder<'a> {
    index: &'a Index<'a>,
    /// Entries by their address, to find their indices again.
    numbers: QuickMap<*const Extension, (usize, usize)>,
    pub(super) standing: Vec<Vec<usize>>,
    searched: QuickMap<usize, Searched>,
    /// What each context includes, and whether at all times.
    includes: Vec<Vec<(usize, bool)>>,
    /// Entries of a context that do not begin at 1 or have gaps.
    ragged: Vec<Vec<usize>>,
    /// Entries of a context, those with the highest last priority first.
    longest: Vec<Vec<(u32, usize)>>,
    by_name: QuickMap<(usize, Vec<u8>), Tried>,
    /// Entries of a context that have a label.
    labels: Vec<QuickMap<&'a [u8], Vec<usize>>>,
    /// For extensions that the exchange itself calls: which contexts have an entry that matches.
    holders: QuickMap<Vec<u8>, Rc<Vec<bool>>>,
    left: usize,
    pub(super) whole: bool,
}

/// Which steps of an entry are meant.
enum Which {
    Number(u32),
    Label(Vec<u8>),
    /// Labels with these pieces in them.
    Look(Vec<Vec<u8>>),
    Any,
    None,
}

impl<'a> Finder<'a> {
    pub(super) fn new(index: &'a Index<'a>) -> Finder<'a> {
        let hir = index.hir();
        let mut numbers = QuickMap::default();
        let mut ragged = Vec::new();
        let mut longest = Vec::new();
        let mut standing = Vec::new();
        let mut includes = Vec::new();
        let mut labels = Vec::new();
        let mut whole = true;
        for (c, context) in hir.contexts.iter().enumerate() {
            let mut odd = Vec::new();
            let mut long: Vec<(u32, usize)> = Vec::new();
            for (e, extension) in context.extensions.iter().enumerate() {
                numbers.insert(std::ptr::from_ref(extension), (c, e));
                let last = extension.steps.last().map_or(0, |s| s.priority);
                if last as usize != extension.steps.len() {
                    odd.push(e);
                }
                long.push((last, e));
            }
            let mut labelled: QuickMap<&[u8], Vec<usize>> = QuickMap::default();
            for (e, extension) in context.extensions.iter().enumerate() {
                for label in extension.steps.iter().filter_map(|s| s.label.as_ref()) {
                    labelled.entry(label.bytes()).or_default().push(e);
                }
            }
            labels.push(labelled);
            let known = context.includes.iter();
            includes.push(
                known
                    .filter_map(|i| Some((index.number(&i.context)?, i.times.is_none())))
                    .collect(),
            );
            long.sort_unstable_by(|a, b| b.cmp(a));
            ragged.push(odd);
            longest.push(long);
            let mut stands: Vec<usize> = index
                .standing_in(&context.name, STANDING)
                .iter()
                .filter_map(|c| index.number(&c.name))
                .collect();
            if stands.len() > STANDING {
                stands.truncate(STANDING);
                whole = false;
            }
            standing.push(stands);
        }
        Finder {
            index,
            numbers,
            standing,
            searched: QuickMap::default(),
            includes,
            ragged,
            longest,
            by_name: QuickMap::default(),
            labels,
            holders: QuickMap::default(),
            left: WORK,
            whole,
        }
    }

    fn context(&self, c: usize) -> &'a Context {
        &self.index.hir().contexts[c]
    }

    fn afford(&mut self, cost: usize) -> bool {
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.whole = false;
                false
            }
        }
    }

    /// Contexts that a search visits, in order.
    fn searched(&mut self, start: usize) -> Searched {
        if let Some(known) = self.searched.get(&start) {
            return Rc::clone(known);
        }
        let mut order = Vec::new();
        let mut seen = strowger_stdlib::table::QuickSet::default();
        let mut work = vec![(start, true)];
        while let Some((c, sure)) = work.pop() {
            if order.len() >= CONTEXTS || !seen.insert(c) {
                continue;
            }
            order.push((c, sure));
            if !self.afford(1 + self.includes[c].len()) {
                break;
            }
            let inner = self.includes[c].iter().rev();
            work.extend(inner.map(|(to, always)| (*to, sure && *always)));
        }
        let order = Rc::new(order);
        self.searched.insert(start, Rc::clone(&order));
        order
    }

    /// Entries that a text may mean in a context, in the order in which they are tried; true: if it is asked, no later one is.
    fn named(&mut self, start: usize, name: &[u8]) -> Tried {
        let key = (start, without_dashes(name));
        if let Some(known) = self.by_name.get(&key) {
            return Rc::clone(known);
        }
        let searched = self.searched(start);
        let contexts: Vec<&Context> = searched.iter().map(|(c, _)| self.context(*c)).collect();
        let cost = self.index.patterns_in(&contexts) + contexts.len();
        let mut out = Vec::new();
        if self.afford(cost) {
            let sure: QuickMap<usize, bool> = searched.iter().copied().collect();
            for candidate in self.index.candidates_in(&contexts, name) {
                let at = self.numbers.get(&std::ptr::from_ref(candidate.extension));
                if let Some((c, e)) = at.copied() {
                    let always = candidate.extension.caller.is_none() && sure[&c];
                    out.push(((c, e, 0), always));
                }
            }
        }
        let out = Rc::new(out);
        self.by_name.insert(key, Rc::clone(&out));
        out
    }

    /// Entries of what is searched from a context that may match a text which `extension` matches too; from `most` on by priority.
    fn overlapping(
        &mut self,
        start: usize,
        extension: &Extension,
        least: u32,
    ) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        for (c, _) in self.searched(start).iter().copied() {
            let context = self.context(c);
            let long = std::mem::take(&mut self.longest[c]);
            for (last, e) in &long {
                if *last < least || !self.afford(1) {
                    break;
                }
                if overlap(&context.extensions[*e].matches, &extension.matches) {
                    out.push((c, *e));
                }
            }
            self.longest[c] = long;
        }
        out
    }

    /// Whether only the next step of the same entry follows a step: mostly so.
    pub(super) fn goes_straight_on(&self, (c, e, s): At) -> bool {
        let steps = &self.context(c).extensions[e].steps;
        let next = steps[s].priority.checked_add(1);
        self.ragged[c].is_empty() && next.is_some() && steps.get(s + 1).map(|n| n.priority) == next
    }

    /// The steps that follow a step by the next priority (DL-119, DL-148).
    pub(super) fn next(&mut self, (c, e, s): At) -> Vec<At> {
        let extension = &self.context(c).extensions[e];
        let priority = extension.steps[s].priority;
        let Some(wanted) = priority.checked_add(1) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let own = extension
            .steps
            .get(s + 1)
            .is_some_and(|n| n.priority == wanted);
        if own {
            out.push((c, e, s + 1));
            // Entries that have the number and not the one before come in between, if they are tried before.
            for other in self.ragged[c].clone() {
                if other < e && self.afford(1) {
                    let entry = &self.context(c).extensions[other];
                    if let Some(to) = position(entry, wanted)
                        && entry.step(priority).is_none()
                        && overlap(&entry.matches, &extension.matches)
                    {
                        out.push((c, other, to));
                    }
                }
            }
            return out;
        }
        for start in self.standing[c].clone() {
            let found = match &extension.matches {
                Matches::Name(name) => {
                    let list = self.named(start, name);
                    list.iter().map(|((c, e, _), _)| (*c, *e)).collect()
                }
                Matches::Pattern(_) => self.overlapping(start, extension, wanted),
            };
            for (oc, oe) in found {
                if (oc, oe) == (c, e) {
                    continue;
                }
                let entry = &self.context(oc).extensions[oe];
                // An earlier entry with the number before would have run instead.
                let before =
                    oc == c && oe < e && entry.step(priority).is_some() && entry.caller.is_none();
                if let Some(to) = position(entry, wanted).filter(|_| !before) {
                    out.push((oc, oe, to));
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// What a target may mean for a step.
    pub(super) fn target(
        &mut self,
        from: At,
        context: Said<'_>,
        exten: Said<'_>,
        priority: &[u8],
    ) -> Found {
        let mut found = Found::default();
        let here = |finder: &Finder<'_>| finder.standing[from.0].clone();
        let starts: Vec<usize> = match context {
            Said::Here => here(self),
            Said::Text(text) => match Can::read(text) {
                Can::Be(names) => names.iter().filter_map(|n| self.index.number(n)).collect(),
                Can::Context => here(self),
                Can::Look(pieces) => {
                    let all = &self.index.hir().contexts;
                    if !self.afford(all.len()) {
                        return found;
                    }
                    (0..all.len())
                        .filter(|c| looks(&all[*c].name, &pieces))
                        .collect()
                }
                Can::Anything | Can::Exten => {
                    found.opaque = true;
                    return found;
                }
            },
        };
        let own = &self.context(from.0).extensions[from.1];
        let which = which(own, from.2, priority);
        let exten = match exten {
            Said::Here => Can::Exten,
            Said::Text(text) => Can::read(text),
        };
        for start in starts {
            match &exten {
                Can::Be(names) => {
                    for name in names {
                        self.by_name(start, name, &which, &mut found);
                    }
                }
                Can::Exten => match &own.matches {
                    Matches::Name(name) => self.by_name(start, name, &which, &mut found),
                    Matches::Pattern(_) => self.by_pattern(start, from, own, &which, &mut found),
                },
                Can::Look(pieces) => self.by_look(start, pieces, &which, &mut found),
                Can::Anything | Can::Context => match which {
                    Which::Number(1) => found.entered.push(start),
                    _ => self.by_look(start, &[], &which, &mut found),
                },
            }
        }
        found.steps.sort_unstable();
        found.steps.dedup();
        found
    }

    fn by_name(&mut self, start: usize, name: &[u8], which: &Which, found: &mut Found) {
        for ((c, e, _), sure) in self.named(start, name).iter().copied() {
            let before = found.steps.len();
            self.steps(c, e, which, &mut found.steps);
            if sure && found.steps.len() > before {
                return;
            }
        }
    }

    /// The extension that runs is a pattern: what else may match the same text counts too.
    fn by_pattern(
        &mut self,
        start: usize,
        from: At,
        own: &Extension,
        which: &Which,
        found: &mut Found,
    ) {
        if self.standing[from.0].contains(&start) {
            let before = found.steps.len();
            self.steps(from.0, from.1, which, &mut found.steps);
            if found.steps.len() > before {
                return;
            }
        }
        if let Which::Label(label) = which {
            // Only entries that have it need a comparison.
            for (c, _) in self.searched(start).iter().copied() {
                let context = self.context(c);
                for e in self.labels[c]
                    .get(label.as_slice())
                    .cloned()
                    .unwrap_or_default()
                {
                    if self.afford(1) && overlap(&context.extensions[e].matches, &own.matches) {
                        self.steps(c, e, which, &mut found.steps);
                    }
                }
            }
            return;
        }
        let least = match which {
            Which::Number(n) => *n,
            _ => 1,
        };
        for (c, e) in self.overlapping(start, own, least) {
            self.steps(c, e, which, &mut found.steps);
        }
    }

    fn by_look(&mut self, start: usize, pieces: &[Vec<u8>], which: &Which, found: &mut Found) {
        for (c, _) in self.searched(start).iter().copied() {
            let context = self.context(c);
            if !self.afford(context.extensions.len()) {
                return;
            }
            for (e, extension) in context.extensions.iter().enumerate() {
                let may = match &extension.matches {
                    Matches::Name(name) => looks(name, pieces) || looks(&extension.name, pieces),
                    Matches::Pattern(pattern) => pieces.first().is_none_or(|first| {
                        pattern.answer(&without_dashes(first), Question::CanMatch) != Answer::No
                    }),
                };
                if may {
                    self.steps(c, e, which, &mut found.steps);
                }
            }
        }
    }

    fn steps(&mut self, c: usize, e: usize, which: &Which, out: &mut Vec<At>) {
        let extension = &self.context(c).extensions[e];
        match which {
            Which::Number(n) => out.extend(position(extension, *n).map(|s| (c, e, s))),
            Which::None => {}
            _ => {
                if !self.afford(extension.steps.len()) {
                    return;
                }
                for (s, step) in extension.steps.iter().enumerate() {
                    let label = step.label.as_ref().filter(|_| !step.shadowed);
                    let hit = match which {
                        Which::Label(wanted) => {
                            label.is_some_and(|l| l.bytes() == wanted.as_slice())
                        }
                        Which::Look(pieces) => label.is_some_and(|l| looks(l.bytes(), pieces)),
                        _ => true,
                    };
                    if hit {
                        out.push((c, e, s));
                    }
                }
            }
        }
    }

    /// The first step of an extension that the exchange itself calls, from a context.
    pub(super) fn special(&mut self, start: usize, name: &[u8]) -> Vec<At> {
        let holders = self.holders(name);
        if !self.searched(start).iter().any(|(c, _)| holders[*c]) {
            return Vec::new();
        }
        let mut found = Found::default();
        self.by_name(start, name, &Which::Number(1), &mut found);
        found.steps
    }

    /// Which contexts have an entry of their own that matches a name.
    fn holders(&mut self, name: &[u8]) -> Rc<Vec<bool>> {
        if let Some(known) = self.holders.get(name) {
            return Rc::clone(known);
        }
        let contexts = &self.index.hir().contexts;
        let own = |c| !self.index.candidates_in(&[c], name).is_empty();
        let holders: Rc<Vec<bool>> = Rc::new(contexts.iter().map(own).collect());
        self.holders.insert(name.to_vec(), Rc::clone(&holders));
        holders
    }
}

/// The index of the step of a priority.
fn position(extension: &Extension, priority: u32) -> Option<usize> {
    extension
        .steps
        .binary_search_by_key(&priority, |s| s.priority)
        .ok()
}

fn which(own: &Extension, step: usize, text: &[u8]) -> Which {
    if has_hole(text) {
        return match Can::read(text) {
            Can::Look(pieces) => Which::Look(pieces),
            _ => Which::Any,
        };
    }
    let number = |n: i64| u32::try_from(n).map_or(Which::None, Which::Number);
    match Priority::read(text) {
        Priority::Number(n) => number(n),
        Priority::Relative(by) => {
            let base = own.steps.get(step).map_or(0, |s| i64::from(s.priority));
            base.checked_add(by).map_or(Which::None, number)
        }
        Priority::Label(label) => Which::Label(label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_in_their_order() {
        let look = |text: &str, pieces: &[&str]| {
            let pieces: Vec<Vec<u8>> = pieces.iter().map(|p| p.as_bytes().to_vec()).collect();
            looks(text.as_bytes(), &pieces)
        };
        assert!(look("s-BUSY", &["s-", ""]) && look("menu-1-x", &["menu-", "-x"]));
        assert!(look("abcabc", &["a", "c", ""]) && look("x", &[]));
        assert!(!look("s-BUSY", &["t-", ""]) && !look("aa", &["aa", "a"]));
    }
}
