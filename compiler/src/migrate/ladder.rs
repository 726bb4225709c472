//! Rows of questions for DIALSTATUS: what becomes a `match`.

use strowger_stdlib::words;

use super::formula;
use super::graph::Condition;
use super::structure::{Shape, Structure, falls};

/// The cases of one question, and what is done where one of them is so.
pub(super) struct Arm<'s> {
    pub(super) cases: Vec<&'static str>,
    pub(super) body: &'s [Shape],
    /// Steps whose comments stand before it.
    pub(super) marks: Vec<usize>,
}

/// Questions one after the other, of which one is answered.
pub(super) struct Ladder<'s> {
    pub(super) arms: Vec<Arm<'s>>,
    /// What is done for all other cases.
    pub(super) rest: &'s [Shape],
    /// So many shapes of the block are it.
    pub(super) length: usize,
}

impl<'s> Ladder<'s> {
    /// The ladder that begins with the first of these shapes; none if it has less than two rungs.
    pub(super) fn read(shapes: &'s [Shape], structure: &Structure) -> Option<Ladder<'s>> {
        let (cases, body, rest) = rung(shapes.first()?)?;
        let mut ladder = Ladder {
            arms: vec![Arm {
                cases,
                body,
                marks: Vec::new(),
            }],
            rest,
            length: 1,
        };
        loop {
            let last = ladder.arms.last()?;
            // The next question stands on the other way, alone; or behind, where this way does not come.
            let (behind, beside) = match ladder.rest.is_empty() {
                true if falls(last.body) => break,
                true => (&shapes[ladder.length..], true),
                false => (ladder.rest, false),
            };
            let Some((marks, question)) = marked(behind, structure) else {
                break;
            };
            let Some((cases, body, rest)) = rung(question) else {
                break;
            };
            if !beside && behind.len() > marks.len() + 1 {
                break;
            }
            if beside {
                ladder.length += marks.len() + 1;
            }
            ladder.rest = rest;
            ladder.arms.push(Arm { cases, body, marks });
        }
        let mut seen: Vec<&str> = ladder.arms.iter().flat_map(|a| a.cases.clone()).collect();
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        (ladder.arms.len() > 1 && seen.len() == count).then_some(ladder)
    }

    /// The cases of an enum that no question asks for; none if it does not have them all, or nothing is left.
    pub(super) fn others(&self, of: &str) -> Option<Vec<&'static str>> {
        let all = words::enumeration(of)?.cases;
        let mut asked = self.arms.iter().flat_map(|a| &a.cases);
        if !asked.all(|case| all.iter().any(|(name, _)| name == case)) {
            return None;
        }
        let is_asked = |name: &str| self.arms.iter().any(|a| a.cases.contains(&name));
        let others: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        let others: Vec<_> = others.into_iter().filter(|n| !is_asked(n)).collect();
        (!others.is_empty()).then_some(others)
    }
}

/// A shape that asks for DIALSTATUS: the cases, the way where one is so, and the other way.
fn rung(shape: &Shape) -> Option<(Vec<&'static str>, &[Shape], &[Shape])> {
    let Shape::If {
        condition: Condition::Text(text),
        when,
        then,
        otherwise,
    } = shape
    else {
        return None;
    };
    let cases = cases(text)?;
    Some(match when {
        true => (cases, then, otherwise),
        false => (cases, otherwise, then),
    })
}

/// `$["${DIALSTATUS}" = "BUSY" | "${DIALSTATUS}" = "CONGESTION"]` as its cases.
fn cases(text: &[u8]) -> Option<Vec<&'static str>> {
    let text = formula::plain(text.trim_ascii());
    let inner = std::str::from_utf8(&text).ok()?;
    let inner = inner.strip_prefix("$[")?.strip_suffix(']')?;
    let of = words::enumeration("DialStatus")?;
    let one = |asked: &str| {
        let case = asked
            .strip_prefix("\"${DIALSTATUS}\" = \"")?
            .strip_suffix('"')?;
        of.case(case)
    };
    inner.split(" | ").map(one).collect()
}

/// The steps that are about to come, none of which carries a label, and what follows them.
fn marked<'s>(shapes: &'s [Shape], structure: &Structure) -> Option<(Vec<usize>, &'s Shape)> {
    let mut marks = Vec::new();
    for shape in shapes {
        match shape {
            Shape::Mark(at) if !structure.labels.contains(at) => marks.push(*at),
            Shape::Mark(_) => return None,
            shape => return Some((marks, shape)),
        }
    }
    None
}

/// The ladder behind a step whose status it asks for, and what stands between.
pub(super) fn behind<'s>(
    shapes: &'s [Shape],
    structure: &Structure,
) -> Option<(Vec<usize>, Ladder<'s>)> {
    let (marks, _) = marked(shapes, structure)?;
    let ladder = Ladder::read(&shapes[marks.len()..], structure)?;
    Some((marks, ladder))
}
