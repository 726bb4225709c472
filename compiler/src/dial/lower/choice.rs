//! `match`: a ladder of tests.

use super::control::block;
use super::formula::Formula;
use super::number;
use super::operand::{Operand, Read, Trust};
use super::steps::Mark;
use super::text;
use super::value::emptiness;
use super::writer::{To, Writer};
use crate::dial::typed::{Arm, Expr, ExprKind, Test};
use crate::dial::types::{EnumId, Type};

/// What a test asks.
enum Asked {
    Always,
    Formula(Formula),
    /// More than one formula can say.
    Steps,
}

/// What is matched.
struct Matched {
    read: Read,
    /// The case of an enum whose cases carry something.
    tag: Option<Read>,
}

/// `match`.
pub(super) fn match_(w: &mut Writer, value: &Expr, arms: &[Arm], to: Option<&To>) {
    let guarded = arms
        .iter()
        .any(|a| a.guard.as_ref().is_some_and(|g| !w.is_simple(g)));
    let read = matched(w, value, arms, guarded);
    let tag = needs_tag(w, &value.ty, arms).then(|| number::tag(w, &read));
    let matched = Matched { read, tag };
    let behind = w.steps.mark("end");
    let place = w.place;
    let before = w.written();
    let mut joined = None;
    for (i, arm) in arms.iter().enumerate() {
        w.place = arm.place;
        let is_last = i + 1 == arms.len() && arm.guard.is_none();
        let next = w.steps.mark("case");
        tests(w, &matched, &value.ty, arm, is_last, next);
        if let Some(guard) = &arm.guard {
            w.branch(guard, false, next);
        }
        block(w, &arm.body, to);
        w.place = arm.place;
        if i + 1 < arms.len() {
            w.jump(behind);
        }
        w.steps.bind(next);
        if let Some(others) = &joined {
            w.join_ways(others);
        }
        joined = Some(w.begin_way(&before));
    }
    if let Some(all) = &joined {
        w.begin_way(all);
    }
    w.steps.bind(behind);
    w.place = place;
}

/// Puts what is matched where the tests find it.
fn matched(w: &mut Writer, value: &Expr, arms: &[Arm], guarded: bool) -> Read {
    if let ExprKind::Word { word, args } = &*value.kind
        && let Some(Operand::Read(status)) = Writer::word_value(word.value)
        && !guarded
    {
        w.word(word, args, None);
        return status;
    }
    let is_read = matches!(
        &*value.kind,
        ExprKind::Local(_) | ExprKind::Variable(_) | ExprKind::Exten { .. }
    );
    if !is_read {
        // The first arm that names the whole value gives it its variable.
        let named = arms.iter().flat_map(|a| &a.tests).find_map(|t| match t {
            Test::Any(Some(id)) => Some(*id),
            Test::Just(inner) => match &**inner {
                Test::Any(Some(id)) => Some(*id),
                _ => None,
            },
            _ => None,
        });
        if let Some(id) = named {
            let to = To::Local(id);
            if w.is_free(&to, value) {
                w.into(value, &to);
                return Read::new(w.variable(&to).unwrap_or_default());
            }
        }
    }
    let operand = w.value(value);
    let operand = if guarded {
        w.settle(operand)
    } else {
        w.steady(operand)
    };
    w.as_read(operand)
}

fn needs_tag(w: &Writer, ty: &Type, arms: &[Arm]) -> bool {
    let enum_of = |ty: &Type| match ty {
        Type::Enum(_) => true,
        Type::Option(of) => matches!(**of, Type::Enum(_)),
        _ => false,
    };
    let asks = |t: &Test| match t {
        Test::Case(..) => true,
        Test::Just(inner) => matches!(**inner, Test::Case(..)),
        _ => false,
    };
    enum_of(ty) && w.trust(ty) == Trust::Text && arms.iter().flat_map(|a| &a.tests).any(asks)
}

/// The tests of an arm: to `next` where none holds.
fn tests(w: &mut Writer, m: &Matched, ty: &Type, arm: &Arm, is_last: bool, next: Mark) {
    let binds = arm.tests.iter().any(binds);
    if let [test] = arm.tests.as_slice() {
        if !(is_last && is_settled(test)) {
            check(w, m, ty, test, next);
        }
        bind(w, m, test);
        return;
    }
    if is_last && !binds {
        return;
    }
    let asked: Vec<Asked> = arm.tests.iter().map(|t| ask(w, m, ty, t)).collect();
    if !binds && asked.iter().any(|a| matches!(a, Asked::Always)) {
        return;
    }
    if !binds && asked.iter().all(|a| matches!(a, Asked::Formula(_))) {
        let formulas = asked.into_iter().filter_map(|a| match a {
            Asked::Formula(f) => Some(f),
            _ => None,
        });
        if let Some(any) = formulas.reduce(|a, b| Formula::joined(&a, false, &b)) {
            w.branch_on(any, false, next);
        }
        return;
    }
    let body = w.steps.mark("case");
    for (i, test) in arm.tests.iter().enumerate() {
        let other = w.steps.mark("case");
        let last = i + 1 == arm.tests.len();
        check(w, m, ty, test, if last { next } else { other });
        bind(w, m, test);
        if !last {
            w.jump(body);
            w.steps.bind(other);
        }
    }
    w.steps.bind(body);
}

/// Whether a test has nothing more to ask where it is the last one left.
fn is_settled(test: &Test) -> bool {
    match test {
        Test::Case(_, _, fields) => fields.iter().all(|f| matches!(f, Test::Any(_))),
        Test::Just(inner) => matches!(**inner, Test::Any(_)),
        _ => true,
    }
}

fn binds(test: &Test) -> bool {
    match test {
        Test::Any(local) => local.is_some(),
        Test::Pattern(_, captures) => !captures.is_empty(),
        Test::Case(_, _, fields) => fields.iter().any(binds),
        Test::Just(inner) => binds(inner),
        Test::Int(_)
        | Test::Bool(_)
        | Test::Duration(_)
        | Test::Range(..)
        | Test::Text(_)
        | Test::Nothing => false,
    }
}

/// What a test asks of the value.
fn ask(w: &mut Writer, m: &Matched, ty: &Type, test: &Test) -> Asked {
    let hole = m.read.hole();
    let number = |n: &str| Formula::comparison(&hole, "=", "!=", n);
    let word =
        |n: &str| Formula::comparison(&format!("\"{hole}\""), "=", "!=", &format!("\"{n}\""));
    let optional = matches!(ty, Type::Option(_));
    Asked::Formula(match test {
        Test::Any(_) => return Asked::Always,
        // An empty text would be no expression.
        Test::Int(n) if optional => word(&n.to_string()),
        Test::Int(n) => number(&n.to_string()),
        Test::Bool(b) => word(if *b { "1" } else { "0" }),
        Test::Duration(ms) if optional => word(&super::value::seconds(*ms)),
        Test::Duration(ms) => number(&super::value::seconds(*ms)),
        Test::Range(range) => {
            let shown = |n: i64| match (range.time, u64::try_from(n)) {
                (true, Ok(ms)) => super::value::seconds(ms),
                _ => n.to_string(),
            };
            // An empty text would be no expression; a nought in front changes no number.
            let value = match optional {
                true => format!("0{hole}"),
                false => hole.clone(),
            };
            let compare =
                |n: i64, op, opposite| Formula::comparison(&value, op, opposite, &shown(n));
            let from = range.from.map(|n| compare(n, ">=", "<"));
            let to = range.to.map(|n| compare(n, "<", ">="));
            let there = optional.then(|| emptiness(&m.read, w.trust(ty)).opposed());
            let asks = [there, from, to].into_iter().flatten();
            match asks.reduce(|a, b| Formula::joined(&a, true, &b)) {
                Some(formula) => formula,
                None => return Asked::Always,
            }
        }
        Test::Text(text) => {
            let constant = Operand::Constant(text.clone());
            let read = Operand::Read(m.read.clone());
            match number::equal(&read, w.trust(ty), &constant, Trust::Text) {
                Ok(_) => return Asked::Always,
                Err(formula) => formula,
            }
        }
        Test::Pattern(regex, _) => {
            if regex == "^.*$" {
                return Asked::Always;
            }
            let read = Operand::Read(m.read.clone());
            match number::pattern_formula(&read, w.trust(ty), regex) {
                Some(formula) => formula,
                None => {
                    let place = w.place;
                    w.report("D412", "this pattern holds a quote", place);
                    return Asked::Always;
                }
            }
        }
        Test::Nothing => emptiness(&m.read, w.trust(ty)),
        Test::Case(id, case, fields) => {
            if !fields.iter().all(|f| matches!(f, Test::Any(_))) {
                return Asked::Steps;
            }
            case_formula(w, m, *id, *case)
        }
        Test::Just(inner) => match &**inner {
            Test::Any(_) => emptiness(&m.read, w.trust(ty)).opposed(),
            inner => return ask(w, m, ty, inner),
        },
    })
}

fn case_formula(w: &Writer, m: &Matched, id: EnumId, case: usize) -> Formula {
    let hole = m.tag.as_ref().unwrap_or(&m.read).hole();
    let found = w.shared.program.enums.get(id).cases.get(case);
    let spellings = found.map_or(&[][..], |c| &c.spellings[..]);
    let asks = spellings.iter().map(|spelling| {
        let spelling = format!("\"{}\"", text::in_brackets(spelling));
        Formula::comparison(&format!("\"{hole}\""), "=", "!=", &spelling)
    });
    asks.reduce(|a, b| Formula::joined(&a, false, &b))
        .unwrap_or_else(|| Formula::comparison("1", "=", "!=", "0"))
}

/// Goes on where a value is as the test wants it, else to `next`.
fn check(w: &mut Writer, m: &Matched, ty: &Type, test: &Test, next: Mark) {
    match ask(w, m, ty, test) {
        Asked::Always => {}
        Asked::Formula(formula) => w.branch_on(formula, false, next),
        Asked::Steps => {
            let Some((id, case, fields)) = case_of(test) else {
                return;
            };
            let formula = case_formula(w, m, id, case);
            w.branch_on(formula, false, next);
            let types: Vec<Type> = w.field_types(id, case).cloned().collect();
            let carried = w.carried(&m.read, id, case);
            for (i, (field, ty)) in fields.iter().zip(&types).enumerate() {
                if !matches!(field, Test::Any(_)) {
                    let read = w.field(&carried, id, case, i);
                    let asks = case_of(field).is_some() && w.trust(ty) == Trust::Text;
                    let tag = asks.then(|| number::tag(w, &read));
                    check(w, &Matched { read, tag }, ty, field, next);
                }
            }
        }
    }
}

fn case_of(test: &Test) -> Option<(EnumId, usize, &[Test])> {
    match test {
        Test::Case(id, case, fields) => Some((*id, *case, fields)),
        Test::Just(inner) => case_of(inner),
        _ => None,
    }
}

/// Gives the parts of a value their names.
fn bind(w: &mut Writer, m: &Matched, test: &Test) {
    match test {
        Test::Any(Some(local)) => {
            w.store(&To::Local(*local), &Operand::Read(m.read.clone()));
        }
        Test::Pattern(_, captures) => {
            for (local, from, length) in captures {
                let (from, length) = (*from as i64, length.map(|l| l as i64));
                let stretch = match m.read.stretch(from, length) {
                    Some(stretch) => Some(stretch),
                    None => w.keep(&Operand::Read(m.read.clone())).stretch(from, length),
                };
                if let Some(stretch) = stretch {
                    w.store(&To::Local(*local), &Operand::Read(stretch));
                }
            }
        }
        Test::Case(id, case, fields) => {
            if !binds(test) {
                return;
            }
            let carried = w.carried(&m.read, *id, *case);
            for (i, field) in fields.iter().enumerate() {
                if let Test::Any(Some(local)) = field {
                    w.unpack(&carried, *id, *case, i, &To::Local(*local));
                } else if binds(field) {
                    let read = w.field(&carried, *id, *case, i);
                    bind(w, &Matched { read, tag: None }, field);
                }
            }
        }
        Test::Just(inner) => bind(w, m, inner),
        _ => {}
    }
}
