//! Whether a value that is put into an expression may be empty, as far as the plan tells. Where it cannot tell, the answer is no.

use std::collections::HashSet;

use strowger_stdlib::template::{Hole, HoleKind, Piece, Template, What, split_body};

use crate::call::Call;
use crate::hir::{Context, Extension, Matches, Step};
use crate::lint::World;
use crate::lint::arrivals::{Arrival, Place};
use crate::lint::facts::{self, Facts, always_filled, filled};
use crate::lint::flow::ends;
use crate::lint::subroutines::subroutines;
use crate::pattern::Element;

/// A step, and what is known of the whole plan.
#[derive(Clone, Copy)]
pub(super) struct Emptiness<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) facts: &'a Facts,
    pub(super) context: &'a Context,
    pub(super) extension: &'a Extension,
    /// The context and the extension by their numbers.
    pub(super) home: (usize, usize),
    /// The index of the step.
    pub(super) step: usize,
}

/// Steps that are looked at before a step.
const BACK: usize = 64;
/// Extensions that are gone back through, one after the other.
const DEPTH: usize = 6;
/// Steps that lead to an extension and are asked, for one value.
const PLACES: usize = 64;

/// Functions whose value is empty for some calls.
const OFTEN_EMPTY: [&[u8]; 7] = [
    b"CALLERID",
    b"DB",
    b"GLOBAL",
    b"CUT",
    b"FILTER",
    b"SHELL",
    b"MESSAGE",
];

impl Emptiness<'_> {
    /// Whether the value of a hole is known to be empty for some calls.
    pub(super) fn may_be(&self, hole: &Hole) -> bool {
        if hole.kind == HoleKind::Expression {
            return false;
        }
        let Some(plain) = hole.body.as_plain() else {
            return self.call_with_holes(hole);
        };
        if always_filled(plain) {
            return false;
        }
        let body = split_body(plain);
        match body.what {
            What::Call(call) if call.name == b"GLOBAL" => {
                self.variable(&call.args) && !self.tested(plain)
            }
            What::Call(call) => OFTEN_EMPTY.contains(&call.name.as_slice()) && !self.tested(plain),
            What::Variable(name) if name == b"EXTEN" => body.slice.is_some_and(|slice| {
                slice.offset > 0 && slice.offset as usize >= shortest(&self.extension.matches)
            }),
            // Cut from the beginning or the end: as empty as the whole.
            What::Variable(name) => {
                let whole = body
                    .slice
                    .is_none_or(|s| s.offset <= 0 && s.length.is_none_or(|l| l > 0));
                whole && self.variable(&name) && !self.tested(&name)
            }
        }
    }

    /// A function whose arguments have holes: its name decides.
    fn call_with_holes(&self, hole: &Hole) -> bool {
        let Some(Piece::Text(head)) = hole.body.pieces.first() else {
            return false;
        };
        let Some(open) = head.iter().position(|b| *b == b'(') else {
            return false;
        };
        let body = hole.body.print();
        often_empty(&head[..open]) && body.ends_with(b")") && !self.tested(&body)
    }

    fn variable(&self, name: &[u8]) -> bool {
        if let Some(number) = name
            .strip_prefix(b"ARG")
            .and_then(|n| std::str::from_utf8(n).ok())
            .and_then(|n| n.parse::<usize>().ok())
        {
            // Told only where some call leaves it out.
            return self
                .facts
                .given
                .get(&self.context.name)
                .is_some_and(|least| *least < number);
        }
        if name == b"GOSUB_RETVAL" {
            return self.returns_nothing();
        }
        match self.facts.set.get(name) {
            Some(true) => false,
            Some(false) => !self.defined_before(name) && !self.of_a_record(name),
            // A call that was answered has these.
            None if matches!(name, b"ANSWEREDTIME" | b"DIALEDTIME") => !self.answered(),
            None if facts::is_built_in(name) => true,
            // Perhaps set by what is out of sight.
            None => !self.world.open && self.world.whole && !self.facts.outside,
        }
    }

    /// Whether the subroutine that ran last may have given no value.
    fn returns_nothing(&self) -> bool {
        let last = self.before().find_map(|step| {
            step.calls()
                .flat_map(|c| subroutines(c, &self.context.name))
                .next()
        });
        last.and_then(|s| s.context)
            .is_some_and(|c| self.facts.returns_nothing.contains(&c))
    }

    /// Whether every way to the step gives it a value that is not empty.
    fn defined_before(&self, name: &[u8]) -> bool {
        let mut seen = HashSet::new();
        self.defined(name, 0, &mut seen)
    }

    /// Whether a step before this one has given it a value on every way, in this extension or in those that lead to it.
    fn defined(&self, name: &[u8], depth: usize, seen: &mut HashSet<Place>) -> bool {
        let steps = &self.extension.steps;
        let mut at = self.step;
        for _ in 0..BACK {
            let Some(here) = steps.get(at) else {
                return false;
            };
            let by_number = self.facts.landings.by_number(self.extension, here.priority);
            let entered = at > 0 && (here.label.is_some() || by_number);
            if entered {
                let all = self.facts.arrivals(self.world.index.hir());
                let jumps = all.inside(self.home, self.extension, here);
                // A priority that is computed may be any of them.
                if self.facts.landings.anywhere(self.extension)
                    || !jumps.is_some_and(|all| self.at_all(all, name, depth, seen))
                {
                    return false;
                }
            }
            let Some(previous) = at.checked_sub(1) else {
                return here.priority == 1
                    && self
                        .arrivals()
                        .is_some_and(|all| self.at_all(all, name, depth, seen));
            };
            let before = &steps[previous];
            if before.priority + 1 != here.priority || ends(before) {
                return entered;
            }
            let passed = match before.targets() {
                [one] => one.branch.map(|branch| !branch),
                _ => None,
            };
            if self.defines(before, name) || equals(before, name, passed) {
                return true;
            }
            at = previous;
        }
        false
    }

    /// Whether it has a value at each of these steps.
    fn at_all(
        &self,
        all: Vec<Arrival>,
        name: &[u8],
        depth: usize,
        seen: &mut HashSet<Place>,
    ) -> bool {
        depth < DEPTH
            && all.into_iter().all(|arrival| {
                let by = self.step_at(arrival.from);
                // Round a circle, the other ways decide.
                by.is_some_and(|step| equals(step, name, arrival.branch))
                    || !seen.insert(arrival.from)
                    || seen.len() < PLACES
                        && self
                            .there(arrival.from)
                            .is_some_and(|at| at.defined(name, depth + 1, seen))
            })
    }

    fn arrivals(&self) -> Option<Vec<Arrival>> {
        self.facts
            .arrivals(self.world.index.hir())
            .at(self.context, self.extension)
    }

    fn step_at(&self, (c, e, step): Place) -> Option<&Step> {
        let context = self.world.index.hir().contexts.get(c)?;
        context.extensions.get(e)?.steps.get(step)
    }

    fn there(&self, (c, e, step): Place) -> Option<Emptiness<'_>> {
        let context = self.world.index.hir().contexts.get(c)?;
        let extension = context.extensions.get(e)?;
        Some(Emptiness {
            context,
            extension,
            home: (c, e),
            step,
            ..*self
        })
    }

    /// Whether calls come here only where `DIALSTATUS` is `ANSWER`.
    fn answered(&self) -> bool {
        let all = self.facts.arrivals(self.world.index.hir());
        let named = all.by_name(self.context, self.extension);
        named.is_some_and(|all| {
            all.into_iter().all(|arrival| {
                let step = self
                    .there(arrival.from)
                    .and_then(|at| at.extension.steps.get(at.step));
                step.is_some_and(|step| {
                    let text = step.args.bytes();
                    arrival.branch == Some(true)
                        && facts::contains(text, b"DIALSTATUS}")
                        && facts::contains(text, b"ANSWER")
                        && !facts::contains(text, b"!=")
                })
            })
        })
    }

    /// Whether it was read from the database together with another key of the same folder, and the plan asks whether that one is empty:
    /// both are written at once.
    fn of_a_record(&self, name: &[u8]) -> bool {
        let read: Vec<_> = self.extension.steps[..self.step]
            .iter()
            .flat_map(Step::calls)
            .flat_map(|call| facts::assigned_by(call, self.world.dialect))
            .filter_map(|(n, value)| {
                let key = value?;
                let key = key.bytes().strip_prefix(b"${DB(")?.strip_suffix(b")}")?;
                let folder = key.iter().rposition(|b| *b == b'/')?;
                let name = strowger_stdlib::args::inheritance(n.bytes()).0.to_vec();
                Some((name, key[..folder].to_vec()))
            })
            .collect();
        let mine = read.iter().rfind(|(n, _)| n == name);
        mine.is_some_and(|(_, folder)| {
            let mut others = read.iter().filter(|(n, f)| n != name && f == folder);
            others.any(|(other, _)| self.tested(other))
        })
    }

    /// Whether a step always gives it a value that is not empty.
    fn defines(&self, step: &Step, name: &[u8]) -> bool {
        let calls: Vec<&Call> = step.calls().collect();
        if self.both_ways(step, &calls, name) {
            return true;
        }
        calls.iter().filter(|c| !c.sometimes()).any(|called| {
            facts::assigned_by(called, self.world.dialect)
                .iter()
                .any(|(n, value)| {
                    strowger_stdlib::args::inheritance(n.bytes()).0 == name
                        && value.as_ref().is_some_and(|v| self.given(name, v.bytes()))
                })
        })
    }

    /// Whether a value is never empty, also one that every call of a subroutine gives to it.
    fn given(&self, name: &[u8], value: &[u8]) -> bool {
        // `${EXTEN:3}` of `_fib.`
        let body = value.strip_prefix(b"${").and_then(|v| v.strip_suffix(b"}"));
        if let Some(body) = body.filter(|b| b.starts_with(b"EXTEN:"))
            && let Some(slice) = split_body(body).slice
        {
            return slice.offset < 0 || (slice.offset as usize) < shortest(&self.extension.matches);
        }
        let argument = value
            .strip_prefix(b"${ARG")
            .and_then(|v| v.strip_suffix(b"}"))
            .filter(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit));
        match argument {
            Some(number) => !self.variable(&[b"ARG", number].concat()),
            None => facts::filled_for(name, value),
        }
    }

    /// `ExecIf(condition?Set(X=a):Set(X=b))`, where neither value is empty, or the condition asks about it.
    fn both_ways(&self, step: &Step, calls: &[&Call], name: &[u8]) -> bool {
        calls.len() == 2
            && step.app.bytes().eq_ignore_ascii_case(b"execif")
            && calls.iter().all(|branch| {
                facts::assigned_by(branch, self.world.dialect)
                    .iter()
                    .any(|(n, value)| {
                        let value = value.as_ref().map_or(&b""[..], |v| v.bytes());
                        let condition = step.args.bytes().split(|b| *b == b'?').next();
                        strowger_stdlib::args::inheritance(n.bytes()).0 == name
                            && !value.is_empty()
                            && (filled(value)
                                || condition.is_some_and(|c| facts::contains(c, value)))
                    })
            })
    }

    /// The steps that every call has run when it comes to this one, the last first.
    fn before(&self) -> impl Iterator<Item = &Step> {
        let steps = &self.extension.steps;
        let mut at = self.step;
        std::iter::from_fn(move || {
            let here = steps.get(at)?;
            // A computed jump goes to a label, as good as always.
            let enters = here.label.is_some()
                || self.facts.landings.by_number(self.extension, here.priority);
            let previous = at.checked_sub(1)?;
            if enters || steps[previous].priority + 1 != here.priority {
                return None;
            }
            at = previous;
            steps.get(previous)
        })
        .take(BACK)
    }

    /// Whether the context asks in another step whether it is empty: who wrote it knows of it then. A question in the same
    /// expression comes too late: all of it is text by then.
    fn tested(&self, body: &[u8]) -> bool {
        let here = self.extension.steps[self.step].span;
        self.facts
            .tested
            .get(&(self.context.name.clone(), body.to_vec()))
            .is_some_and(|(first, second)| *first != here || second.is_some())
    }
}

/// Whether a call that takes this branch of a condition holds a certain word in the variable: `GotoIf($["${X}" != "0"]?elsewhere)`.
fn equals(step: &Step, name: &[u8], branch: Option<bool>) -> bool {
    let condition = step.args.bytes().split(|b| *b == b'?').next();
    let text: Vec<u8> = condition
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace() && *b != b'"')
        .collect();
    let Some(rest) = text
        .strip_prefix([b"$[${", name, b"}"].concat().as_slice())
        .and_then(|rest| rest.strip_suffix(b"]"))
    else {
        return false;
    };
    let (equal, word) = match rest {
        [b'!', b'=', word @ ..] => (false, word),
        [b'=', b'=', word @ ..] | [b'=', word @ ..] => (true, word),
        _ => return false,
    };
    let word = !word.is_empty() && word.iter().all(u8::is_ascii_alphanumeric);
    word && branch == Some(equal)
}

/// Whether a function gives nothing for some calls. Those of func_odbc.conf do when no row is found.
fn often_empty(name: &[u8]) -> bool {
    OFTEN_EMPTY.contains(&name) || name.starts_with(b"ODBC_")
}

/// The fewest bytes that an extension matches.
fn shortest(matches: &Matches) -> usize {
    match matches {
        Matches::Name(name) => name.len(),
        Matches::Pattern(pattern) => pattern
            .matching()
            .iter()
            .filter(|e| !matches!(e, Element::Bang))
            .count(),
    }
}

/// The variable that a template is, and nothing else.
pub(super) fn one_variable(template: &Template) -> Option<Vec<u8>> {
    let [Piece::Hole(hole)] = template.pieces.as_slice() else {
        return None;
    };
    if hole.kind != HoleKind::Variable || !hole.closed {
        return None;
    }
    let body = split_body(hole.body.as_plain()?);
    match body.what {
        What::Variable(name) if body.slice.is_none() => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_number_of_a_pattern() {
        let of = |name: &str| shortest(&Matches::read(name.as_bytes()));
        assert_eq!(
            (of("_9X."), of("_9!"), of("100"), of("_[1-3]XX")),
            (3, 1, 3, 3)
        );
    }
}
