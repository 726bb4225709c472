//! Following the steps of an extension: what each variable may hold of a caller, step by step.

use std::ops::Range;
use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::template::Slice;

use super::reading::climbs;
use super::source::any;
use super::written::{Do, Op};
use super::{ARGUMENTS, Link, Piece, Source, Taint, Term, Trail, Value, Var};
use crate::hir::{Matches, Step};
use crate::jump::Shape;
use crate::pattern::{ByteSet, Element};
use crate::source::{Span, Text};
use crate::ways::Node;

/// Variables that are kept apart within one extension; further ones are what anybody may have left in them.
const KEPT: usize = 256;

/// What variables hold at a step; those that are not kept hold what anybody may have left in them.
#[derive(Clone, Default)]
struct State {
    kept: QuickMap<Var, Value>,
    /// A program has run since: what variables were left with is not known any more.
    outside: bool,
}

/// A step that is looked at, and what its texts may hold there.
pub(crate) struct At<'t, 'a> {
    pub(crate) taint: &'t mut Taint<'a>,
    pub(crate) node: Node,
    state: &'t State,
    checked: &'t QuickMap<Var, ByteSet>,
}

impl At<'_, '_> {
    /// What a text may hold of a caller here.
    pub(crate) fn value(&mut self, text: &Text) -> Value {
        let terms = self.taint.read(text);
        let here = Here {
            node: self.node,
            state: Some(self.state),
            checked: self.checked,
        };
        self.taint.value(&terms, &here)
    }

    /// The holes of a text with what they may hold.
    pub(crate) fn holes(&mut self, text: &Text) -> Vec<(Range<usize>, Value)> {
        let holes = Shape::read(text.bytes()).holes;
        holes
            .into_iter()
            .map(|hole| {
                let mut value = self.value(&text.slice(hole.clone()));
                let (before, here) = text.bytes().split_at(hole.start);
                let body = here.get(2..hole.len() - 1).unwrap_or_default();
                if !climbs(before, body) {
                    value = value.masked(ByteSet::of(b'.').others());
                }
                (hole, value)
            })
            .collect()
    }
}

/// Where a text is read.
struct Here<'s> {
    node: Node,
    state: Option<&'s State>,
    checked: &'s QuickMap<Var, ByteSet>,
}

/// A visitor of steps: it is told the index of each.
pub(crate) type Visit<'v> = dyn FnMut(&mut At<'_, '_>, u32, &Step) + 'v;

impl Taint<'_> {
    /// Shows every step of the plan with what variables hold before it.
    pub(crate) fn visit(&mut self, visit: &mut Visit<'_>) {
        for node in 0..self.ways.entries.len() as Node {
            self.follow(node, Some(visit));
        }
    }

    /// The same for the steps of one extension.
    pub(crate) fn visit_one(&mut self, node: Node, visit: &mut Visit<'_>) {
        self.follow(node, Some(visit));
    }

    /// What `${EXTEN}` is on entry of each extension.
    pub(super) fn dial_in(&mut self) {
        let mut all = Vec::with_capacity(self.ways.entries.len());
        for node in 0..self.ways.entries.len() as Node {
            let entry = self.ways.entries[node as usize];
            let Matches::Pattern(pattern) = &entry.extension.matches else {
                all.push(Value::default());
                continue;
            };
            let mut value = Value::default();
            if self.open[entry.context] {
                let trail = self.mark(Trail {
                    link: Link::From(Source::Dialled),
                    span: entry.extension.span,
                    node,
                    before: None,
                });
                value.add(Piece {
                    bytes: any(),
                    trail,
                });
            } else {
                let context = self.ways.of_context(entry.context);
                for from in [node, context] {
                    if let Some(dialled) = self.dialled.get(&from) {
                        value.join(dialled);
                    }
                }
            }
            let mut bytes = ByteSet::default();
            for element in pattern.matching() {
                match element {
                    Element::Set(set) => bytes = bytes.or(*set),
                    _ => bytes = any(),
                }
            }
            all.push(value.masked(bytes));
        }
        self.exten = all;
    }

    fn value(&mut self, terms: &[Term], here: &Here<'_>) -> Value {
        let mut out = Value::default();
        for term in terms {
            match term {
                Term::Var { var, slice, span } => {
                    let value = self.variable(*var, *slice, *span, here);
                    out.join(&value);
                }
                Term::Masked { allowed, inner } => {
                    let value = self.value(inner, here);
                    out.join(&value.masked(*allowed));
                }
                Term::Freed(inner) => {
                    let value = self.value(inner, here);
                    for piece in value.0 {
                        out.add(Piece {
                            bytes: any(),
                            ..piece
                        });
                    }
                }
            }
        }
        out
    }

    fn variable(&mut self, var: Var, slice: Option<Slice>, span: Span, here: &Here<'_>) -> Value {
        let value = self.unchecked(var, slice, span, here);
        match here.checked.get(&var) {
            Some(allowed) => value.masked(*allowed),
            None => value,
        }
    }

    fn unchecked(&mut self, var: Var, slice: Option<Slice>, span: Span, here: &Here<'_>) -> Value {
        if let Some(kept) = here.state.and_then(|s| s.kept.get(&var)) {
            return kept.clone();
        }
        let node = here.node as usize;
        let (name, source) = &self.vars[var as usize];
        if name == b"EXTEN" {
            let value = self.exten.get(node).cloned().unwrap_or_default();
            let pattern = &self.ways.entries[node].extension.matches;
            return match (slice, pattern) {
                (Some(slice), Matches::Pattern(pattern)) => {
                    value.masked(sliced(pattern.matching(), slice))
                }
                _ => value,
            };
        }
        let argument = match name.as_slice() {
            b"MACRO_EXTEN" => Some(0),
            name => name
                .strip_prefix(b"ARG")
                .and_then(|n| std::str::from_utf8(n).ok()?.parse::<usize>().ok())
                .filter(|n| (1..=ARGUMENTS).contains(n)),
        };
        let mut value = Value::default();
        if let Some(number) = argument {
            let context = self.ways.of_context(self.ways.entries[node].context);
            for from in [here.node, context] {
                if let Some(given) = self.given.get(&from).and_then(|g| g.get(number)) {
                    value.join(given);
                }
            }
            return value;
        }
        if let Some(source) = *source {
            let trail = self.mark(Trail {
                link: Link::From(source),
                span,
                node: here.node,
                before: None,
            });
            value.add(Piece {
                bytes: source.bytes(),
                trail,
            });
        }
        if !here.state.is_some_and(|s| s.outside)
            && let Some(left) = self.left.get(&var)
        {
            value.join(left);
        }
        value
    }

    /// One extension from its first step to its last.
    pub(super) fn follow(&mut self, node: Node, mut visit: Option<&mut Visit<'_>>) {
        let ops = std::mem::take(&mut self.ops[node as usize]);
        let extension = self.ways.entries[node as usize].extension;
        let mut waiting: QuickMap<u32, State> = QuickMap::default();
        let back = ops
            .iter()
            .any(|op| matches!(op.what, Do::Branch { to } if to <= op.step));
        // A jump back brings values to steps before it: they are followed twice.
        let passes = if back { 2 } else { 1 };
        for pass in 1..=passes {
            let mut state = Some(State::default());
            let mut checked: QuickMap<Var, ByteSet> = QuickMap::default();
            let mut next = 0;
            for number in 0..extension.steps.len() as u32 {
                if next >= ops.len() && visit.is_none() {
                    break;
                }
                if let Some(other) = waiting.get(&number) {
                    state = Some(match state {
                        Some(state) => self.either(state, other.clone(), node),
                        None => other.clone(),
                    });
                }
                let start = next;
                while ops.get(next).is_some_and(|op| op.step == number) {
                    next += 1;
                }
                if matches!(ops.get(start), Some(Op { what: Do::Entry, step }) if *step == number) {
                    state = Some(match state {
                        Some(state) => self.either(state, State::default(), node),
                        None => State::default(),
                    });
                }
                // Conditions of a step hold for what it runs.
                for op in &ops[start..next] {
                    if let Do::Checked { var, allowed } = op.what {
                        let before = checked.get(&var).copied().unwrap_or(any());
                        checked.insert(var, before.and(allowed));
                    }
                }
                let current = state.take().unwrap_or_default();
                if pass == passes
                    && let Some(visit) = visit.as_deref_mut()
                {
                    let mut at = At {
                        taint: self,
                        node,
                        state: &current,
                        checked: &checked,
                    };
                    visit(&mut at, number, &extension.steps[number as usize]);
                }
                state = self.step(node, current, &checked, &ops[start..next], &mut waiting);
            }
        }
        self.ops[node as usize] = ops;
    }

    /// What holds after a step; None where the call does not go on.
    fn step(
        &mut self,
        node: Node,
        mut state: State,
        checked: &QuickMap<Var, ByteSet>,
        ops: &[Op],
        waiting: &mut QuickMap<u32, State>,
    ) -> Option<State> {
        let mut ends = false;
        for op in ops {
            let here = Here {
                node,
                state: Some(&state),
                checked,
            };
            match &op.what {
                Do::Entry | Do::Checked { .. } => {}
                Do::Set {
                    var,
                    terms,
                    span,
                    maybe,
                } => {
                    let value = self.value(terms, &here);
                    let mut value = self.on(&value, Link::Set(*var), *span, node);
                    self.leave(*var, &value);
                    if *maybe {
                        let old = self.unchecked(*var, None, *span, &here);
                        value.join(&old);
                    }
                    if state.kept.len() < KEPT || state.kept.contains_key(var) {
                        state.kept.insert(*var, value);
                    }
                }
                Do::Keys { var, span } => {
                    let trail = self.mark(Trail {
                        link: Link::From(Source::Keys),
                        span: *span,
                        node,
                        before: None,
                    });
                    let value = Value(vec![Piece {
                        bytes: Source::Keys.bytes(),
                        trail,
                    }]);
                    self.leave(*var, &value);
                    if state.kept.len() < KEPT || state.kept.contains_key(var) {
                        state.kept.insert(*var, value);
                    }
                }
                Do::Give {
                    to,
                    values,
                    number,
                    span,
                } => {
                    // The first place is that of the number.
                    let mut given = vec![Value::default()];
                    if *number {
                        let exten = self.exten.get(node as usize).cloned().unwrap_or_default();
                        given[0] = self.on(&exten, Link::Given, *span, node);
                    }
                    for terms in values.iter() {
                        let value = self.value(terms, &here);
                        given.push(self.on(&value, Link::Given, *span, node));
                    }
                    for to in to.iter() {
                        self.give_to(*to, &given);
                    }
                    // What the subroutine returns is the newest.
                    if let Some(var) = self.names.get(&b"GOSUB_RETVAL"[..]) {
                        state.kept.remove(var);
                    }
                }
                Do::Keep { to } => {
                    if let Some(mine) = self.given.get(&node).cloned() {
                        for to in to.iter().filter(|to| **to != node) {
                            self.give_to(*to, &mine);
                        }
                    }
                }
                Do::Dial { to, terms, span } => {
                    let value = self.value(terms, &here);
                    let value = self.on(&value, Link::Dialled, *span, node);
                    for to in to.iter() {
                        let entry = self.dialled.entry(*to).or_default();
                        let before = entry.clone();
                        entry.join(&value);
                        self.changed |= *entry != before;
                    }
                }
                Do::Branch { to } => {
                    let other = match waiting.remove(to) {
                        Some(before) => self.either(before, state.clone(), node),
                        None => state.clone(),
                    };
                    waiting.insert(*to, other);
                }
                Do::Outside => {
                    state.kept.retain(|var, _| {
                        let name = &self.vars[*var as usize].0;
                        name.contains(&b'(')
                    });
                    state.outside = true;
                }
                Do::End => ends = true,
            }
        }
        (!ends).then_some(state)
    }

    fn leave(&mut self, var: Var, value: &Value) {
        if value.0.is_empty() {
            return;
        }
        let entry = self.left.entry(var).or_default();
        let before = entry.clone();
        entry.join(value);
        self.changed |= *entry != before;
    }

    fn give_to(&mut self, to: Node, given: &[Value]) {
        let entry = self.given.entry(to).or_default();
        let before = entry.clone();
        if entry.len() < given.len() {
            entry.resize(given.len(), Value::default());
        }
        for (mine, new) in entry.iter_mut().zip(given) {
            mine.join(new);
        }
        self.changed |= *entry != before;
    }

    /// What holds where two ways meet.
    fn either(&mut self, a: State, b: State, node: Node) -> State {
        let none = QuickMap::default();
        let mut out = State {
            outside: a.outside && b.outside,
            ..State::default()
        };
        let vars: QuickSet<Var> = a.kept.keys().chain(b.kept.keys()).copied().collect();
        for var in vars {
            let mut value = Value::default();
            for state in [&a, &b] {
                let here = Here {
                    node,
                    state: Some(state),
                    checked: &none,
                };
                let span = self.ways.entries[node as usize].extension.span;
                let part = self.unchecked(var, None, span, &here);
                value.join(&part);
            }
            out.kept.insert(var, value);
        }
        out
    }
}

/// The bytes that a part of a dialled number may hold.
fn sliced(elements: &[Element], slice: Slice) -> ByteSet {
    let fixed: Vec<ByteSet> = elements
        .iter()
        .map_while(|e| match e {
            Element::Set(set) => Some(*set),
            _ => None,
        })
        .collect();
    let open = fixed.len() < elements.len();
    let all = fixed
        .iter()
        .fold(ByteSet::default(), |all, set| all.or(*set))
        .or(if open { any() } else { ByteSet::default() });
    let (Ok(from), Some(Ok(length))) = (
        usize::try_from(slice.offset),
        slice.length.map(usize::try_from),
    ) else {
        let from = usize::try_from(slice.offset).unwrap_or(0);
        return if open {
            any()
        } else {
            union(fixed.get(from..))
        };
    };
    match fixed.get(from..from.saturating_add(length)) {
        Some(part) => union(Some(part)),
        None if open => all,
        None => union(fixed.get(from..)),
    }
}

fn union(sets: Option<&[ByteSet]>) -> ByteSet {
    sets.into_iter()
        .flatten()
        .fold(ByteSet::default(), |all, set| all.or(*set))
}
