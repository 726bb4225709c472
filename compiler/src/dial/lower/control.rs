//! Statements, branches and loops.

use super::formula::Formula;
use super::number;
use super::operand::{Operand, Read, Trust};
use super::steps::{Condition, Mark};
use super::text;
use super::value::{Piece, constant_text, emptiness};
use super::writer::{To, Writer};
use crate::dial::typed::{
    Arm, Block, Expr, ExprKind, LocalId, Scope, Stmt, StmtKind, Test, TextPart,
};
use crate::dial::types::{EnumId, Type};

/// Writes statements; the value of the block goes to `to`.
pub(super) fn block(w: &mut Writer, block: &Block, to: Option<&To>) {
    let place = w.place;
    for stmt in &block.stmts {
        w.place = stmt.place;
        statement(w, stmt);
    }
    if let Some(value) = &block.value {
        w.place = value.place;
        match to {
            Some(to) => w.into(value, to),
            None => w.effect(value),
        }
    }
    w.place = place;
}

fn statement(w: &mut Writer, stmt: &Stmt) {
    match &stmt.kind {
        StmtKind::Set(id, value) => w.into(value, &To::Local(*id)),
        StmtKind::Open {
            local,
            value,
            otherwise,
        } => open(w, *local, value, otherwise),
        StmtKind::Write(number, value) => {
            let Some(variable) = w.shared.program.variables.get(*number) else {
                return;
            };
            let target = match variable.scope {
                Scope::Global => format!("GLOBAL({})", variable.conf),
                Scope::Channel(marks) => "_".repeat(usize::from(marks)) + &variable.conf,
            };
            w.into(value, &To::Place(target));
        }
        StmtKind::WriteTo(target, value) => write_to(w, target, value),
        StmtKind::While(condition, body) => while_(w, condition, body),
        StmtKind::For(local, elements, body) => {
            let behind = w.steps.mark("end");
            for element in elements {
                let next = w.steps.mark("next");
                w.into(element, &To::Local(*local));
                w.loops.push((next, behind));
                block(w, body, None);
                w.loops.pop();
                w.steps.bind(next);
            }
            w.steps.bind(behind);
        }
        StmtKind::Break | StmtKind::Continue => {
            let Some((again, behind)) = w.loops.last().copied() else {
                return;
            };
            let is_break = matches!(stmt.kind, StmtKind::Break);
            w.jump(if is_break { behind } else { again });
        }
        StmtKind::Label(label) => {
            let mark = w.label(label);
            w.steps.label(label, mark, stmt.place);
        }
        StmtKind::Expr(e) => w.effect(e),
    }
}

/// `let x = e else { }`.
fn open(w: &mut Writer, local: LocalId, value: &Expr, otherwise: &Block) {
    let to = To::Local(local);
    let ok = w.steps.mark("ok");
    match &*value.kind {
        ExprKind::Digits(e) if w.trust_of(e) == Trust::Text && constant_text(e).is_none() => {
            // What is left of it is the value, if it is all of it.
            let read = w.readable(e);
            w.filtered(&read, &to);
            let name = w.variable(&to).unwrap_or_default();
            let whole = super::value::unquoted(&read, '\'');
            let hole = format!("\"${{{name}}}\"");
            let formula = Formula::new(
                format!("{hole} != \"\" & {hole} = \"{whole}\""),
                super::formula::Level::And,
            );
            w.branch_on(formula, true, ok);
        }
        _ => {
            w.into(value, &to);
            let read = Read::new(w.variable(&to).unwrap_or_default());
            let empty = emptiness(&read, w.trust_of(value));
            w.branch_on(empty, false, ok);
        }
    }
    block(w, otherwise, None);
    w.steps.bind(ok);
}

/// A write to a place of the call. What stands before `=` is read up to the first one, and up to its last parenthesis.
fn write_to(w: &mut Writer, target: &[TextPart], value: &Expr) {
    let mut name = String::new();
    let late = !w.is_simple(value);
    for part in target {
        match part {
            TextPart::Plain(plain) => name.push_str(&text::constant(plain)),
            TextPart::Asterisk(written) => name.push_str(written),
            TextPart::Value(e) => {
                for piece in w.pieces(e) {
                    name.push_str(&within_target(w, piece, late));
                }
            }
        }
    }
    w.into(value, &To::Place(name));
}

/// A piece of what stands before `=`: neither that sign nor a parenthesis that closes too early may come of it.
fn within_target(w: &mut Writer, piece: Piece, late: bool) -> String {
    let value = if late {
        w.settle(piece.value)
    } else {
        piece.value
    };
    match value {
        Operand::Constant(c) => text::in_braces(&c.replace(['=', ')'], "")),
        value if piece.trust >= Trust::Name => value.value(),
        value => {
            let read = w.as_read(value);
            format!("${{REPLACE({},=\\))}}", read.body())
        }
    }
}

/// The condition stands behind the body: one jump a turn.
fn while_(w: &mut Writer, condition: &Expr, body: &Block) {
    let again = w.steps.mark("loop");
    let test = w.steps.mark("test");
    let behind = w.steps.mark("end");
    let endless = matches!(*condition.kind, ExprKind::Bool(true));
    let place = w.place;
    if matches!(*condition.kind, ExprKind::Bool(false)) {
        return;
    }
    // The jump back comes later.
    w.steps.expect(again);
    if !endless {
        w.jump(test);
    }
    w.steps.bind(again);
    w.loops.push((if endless { again } else { test }, behind));
    block(w, body, None);
    w.loops.pop();
    w.place = place;
    if endless {
        w.jump(again);
    } else {
        w.steps.bind(test);
        w.branch(condition, true, again);
    }
    w.steps.bind(behind);
}

/// `if`.
pub(super) fn if_else(
    w: &mut Writer,
    condition: &Expr,
    then: &Block,
    otherwise: Option<&Block>,
    to: Option<&To>,
) {
    let no = w.steps.mark("else");
    let behind = w.steps.mark("end");
    w.branch(condition, false, no);
    block(w, then, to);
    let Some(otherwise) = otherwise else {
        w.steps.bind(no);
        return;
    };
    w.jump(behind);
    w.steps.bind(no);
    block(w, otherwise, to);
    w.steps.bind(behind);
}

/// Whether an `if` is short enough for IF(): a condition and two values without steps, which hold nothing that IF would read.
pub(super) fn short_if(
    w: &Writer,
    condition: &Expr,
    then: &Block,
    otherwise: Option<&Block>,
    ty: &Type,
) -> bool {
    let Some(otherwise) = otherwise else {
        return false;
    };
    let short = |b: &Block| {
        b.stmts.is_empty()
            && b.value.as_ref().is_some_and(|v| match constant_text(v) {
                Some(text) => !text.is_empty() && text::is_plain(text),
                None => w.is_simple(v) && w.trust_of(v) == Trust::Plain,
            })
    };
    let optional = matches!(ty, Type::Option(_) | Type::Never | Type::Unit);
    let hours = matches!(*condition.kind, ExprKind::InHours(_));
    !optional && !hours && w.is_simple(condition) && short(then) && short(otherwise)
}

pub(super) fn if_function(
    w: &mut Writer,
    condition: &Expr,
    then: &Block,
    otherwise: Option<&Block>,
) -> Operand {
    let side = |w: &mut Writer, block: Option<&Block>| {
        let value = block.and_then(|b| b.value.as_ref());
        value.map_or_else(|| Operand::Constant(String::new()), |v| w.value(v))
    };
    let asked = w.value(condition);
    let (yes, no) = (side(w, Some(then)), side(w, otherwise));
    match asked {
        Operand::Constant(c) if c == "1" => yes,
        Operand::Constant(_) => no,
        asked => Operand::Written(format!(
            "${{IF({}?{}:{})}}",
            asked.value(),
            yes.value(),
            no.value()
        )),
    }
}

impl Writer<'_> {
    /// Jumps if a condition is so, else goes on.
    pub(super) fn branch(&mut self, condition: &Expr, when: bool, to: Mark) {
        match &*condition.kind {
            ExprKind::Bool(known) => {
                if *known == when {
                    self.jump(to);
                }
            }
            ExprKind::Not(inner) => self.branch(inner, !when, to),
            ExprKind::Both(a, b) | ExprKind::Either(a, b)
                if !self.is_simple(condition) || has_hours(a) || has_hours(b) =>
            {
                // The side that decides alone: false for `and`, true for `or`.
                let decides = matches!(*condition.kind, ExprKind::Either(..));
                if when == decides {
                    self.branch(a, when, to);
                    self.branch(b, when, to);
                } else {
                    let behind = self.steps.mark("end");
                    self.branch(a, decides, behind);
                    self.branch(b, when, to);
                    self.steps.bind(behind);
                }
            }
            ExprKind::InHours(times) => {
                let behind = self.steps.mark("end");
                let Some((last, before)) = times.split_last() else {
                    if !when {
                        self.jump(to);
                    }
                    return;
                };
                for one in before {
                    let target = if when { to } else { behind };
                    self.steps
                        .branch(Condition::Time(one.clone()), true, target, self.place);
                }
                self.steps
                    .branch(Condition::Time(last.clone()), when, to, self.place);
                self.steps.bind(behind);
            }
            _ => {
                let value = self.value(condition);
                self.branch_value(&value, when, to);
            }
        }
    }

    fn branch_value(&mut self, value: &Operand, when: bool, to: Mark) {
        match value {
            Operand::Constant(c) => {
                if (c == "1") == when {
                    self.jump(to);
                }
            }
            value => self.branch_on(value.formula(), when, to),
        }
    }
}

/// Whether a time is asked for: that has a step of its own.
fn has_hours(e: &Expr) -> bool {
    match &*e.kind {
        ExprKind::InHours(_) => true,
        ExprKind::Not(e) => has_hours(e),
        ExprKind::Both(a, b) | ExprKind::Either(a, b) => has_hours(a) || has_hours(b),
        _ => false,
    }
}

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
        Test::Int(_) | Test::Bool(_) | Test::Duration(_) | Test::Text(_) | Test::Nothing => false,
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
