//! Statements, branches and loops.

use super::formula::Formula;
use super::operand::{Operand, Read, Trust};
use super::pieces::Piece;
use super::steps::{Condition, Mark};
use super::text;
use super::value::{constant_text, emptiness};
use super::walk;
use super::writer::{To, Writer};
use crate::dial::typed::{Block, Expr, ExprKind, LocalId, Scope, Stmt, StmtKind, TextPart};
use crate::dial::types::Type;

/// Writes statements; the value of the block goes to `to`.
pub(super) fn block(w: &mut Writer, block: &Block, to: Option<&To>) {
    let place = w.place;
    for stmt in &block.stmts {
        if !w.goes_on() {
            return;
        }
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
            let labels = walk::labels(body);
            let mut first = None;
            for (turn, element) in elements.iter().enumerate() {
                if turn > 0 {
                    let before = w.forget_labels(&labels);
                    first.get_or_insert(before);
                }
                if !w.goes_on() {
                    return;
                }
                let next = w.steps.mark("next");
                w.into(element, &To::Local(*local));
                w.loops.push((next, behind));
                let before = w.written();
                block(w, body, None);
                w.begin_way(&before);
                w.loops.pop();
                w.steps.bind(next);
            }
            if let Some(first) = first {
                w.forget_labels(&labels);
                w.remember_labels(first);
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
            w.bind_label(label, stmt.place);
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
    let before = w.written();
    block(w, otherwise, None);
    w.begin_way(&before);
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
    let before = w.written();
    block(w, body, None);
    w.begin_way(&before);
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
    let before = w.written();
    block(w, then, to);
    let then = w.begin_way(&before);
    let Some(otherwise) = otherwise else {
        w.steps.bind(no);
        return;
    };
    w.jump(behind);
    w.steps.bind(no);
    block(w, otherwise, to);
    w.join_ways(&then);
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
    // What is left of a text may be nothing, and IF() wants one value that is something.
    let something = |b: &Block| {
        let value = b.value.as_ref();
        value.is_some_and(|v| v.ty != Type::Digits || constant_text(v).is_some())
    };
    let optional = matches!(ty, Type::Option(_) | Type::Never | Type::Unit);
    let hours = matches!(*condition.kind, ExprKind::InHours(_));
    !optional
        && !hours
        && w.is_simple(condition)
        && short(then)
        && short(otherwise)
        && (something(then) || something(otherwise))
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
            kind => {
                if let ExprKind::Text(parts) = kind
                    && let [TextPart::Asterisk(text)] = parts.as_slice()
                {
                    self.branch_on(Formula::text(text), when, to);
                    return;
                }
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
