//! Numbers and truths: what can be computed in `$[ ]` (DL-200 to DL-223).
//!
//! `Int` is computed in Asterisk's long double: exact up to 18 digits, which is as far as it prints them. A sum or product that
//! may leave them is looked at before it is kept.

use strowger_dial::tree::BinaryOp;
use strowger_stdlib::regex::Regex;

use super::formula::{Formula, Level};
use super::operand::{Operand, Read, Trust};
use super::text;
use super::value::{self, constant_text};
use super::writer::{Fault, Writer};
use crate::dial::typed::{Expr, ExprKind};
use crate::dial::types::Type;

/// The first number that is printed with an exponent (DL-208).
const TOO_LARGE: i128 = 1_000_000_000_000_000_000;
/// Who adds no more than this at a time does not come to the end of the numbers.
const SMALL: i128 = 1_000_000_000;

/// What may be wrong with a result.
pub(super) fn faults(op: BinaryOp, a: &Expr, b: &Expr) -> Option<Fault> {
    if is_pasted(a) || is_pasted(b) {
        return None;
    }
    match op {
        BinaryOp::Div | BinaryOp::Rem => {
            let (low, high) = range(b);
            (low <= 0 && high >= 0).then_some(Fault::DivisionByZero)
        }
        BinaryOp::Mul if matches!(a.ty, Type::Int) => {
            (size(a).saturating_mul(size(b)) >= TOO_LARGE).then_some(Fault::TooLarge)
        }
        BinaryOp::Add | BinaryOp::Sub if matches!(a.ty, Type::Int) => {
            let (x, y) = (size(a), size(b));
            let known = x.max(y) < TOO_LARGE - 1;
            let far = x.min(y) > SMALL;
            (x + y >= TOO_LARGE && (known || far)).then_some(Fault::TooLarge)
        }
        _ => None,
    }
}

/// Whether it is a text of a migrated plan, which is counted as its lines do.
fn is_pasted(e: &Expr) -> bool {
    !matches!(e.ty, Type::Int | Type::Duration | Type::Time)
}

fn size(e: &Expr) -> i128 {
    let (low, high) = range(e);
    low.abs().max(high.abs())
}

/// Between which numbers a value lies. As deep as the parser lets texts nest.
fn range(e: &Expr) -> (i128, i128) {
    const ANY: (i128, i128) = (1 - TOO_LARGE, TOO_LARGE - 1);
    match &*e.kind {
        ExprKind::Int(n) => (i128::from(*n), i128::from(*n)),
        ExprKind::Duration(ms) => {
            let ms = i128::from(*ms);
            // Only whether it is nothing matters.
            (i128::from(ms > 0), ms)
        }
        ExprKind::Neg(e) => {
            let (low, high) = range(e);
            (-high, -low)
        }
        ExprKind::Number(op, a, b) if matches!(e.ty, Type::Int) => {
            let ((a, c), (b, d)) = (range(a), range(b));
            let clamp = |(low, high): (i128, i128)| (low.max(ANY.0), high.min(ANY.1));
            match op {
                BinaryOp::Add => clamp((a + b, c + d)),
                BinaryOp::Sub => clamp((a - d, c - b)),
                BinaryOp::Mul => {
                    let corners = [a * b, a * d, c * b, c * d];
                    let low = corners.iter().min().copied().unwrap_or(ANY.0);
                    clamp((low, corners.iter().max().copied().unwrap_or(ANY.1)))
                }
                BinaryOp::Div => {
                    let most = a.abs().max(c.abs());
                    (if a >= 0 && b > 0 { 0 } else { -most }, most)
                }
                BinaryOp::Rem => {
                    let most = (b.abs().max(d.abs()) - 1).max(0).min(a.abs().max(c.abs()));
                    (
                        if a >= 0 { 0 } else { -most },
                        if c <= 0 { 0 } else { most },
                    )
                }
                _ => ANY,
            }
        }
        _ => ANY,
    }
}

/// The value of a number or a truth.
pub(super) fn value(w: &mut Writer, e: &Expr) -> Operand {
    match &*e.kind {
        ExprKind::Number(op, a, b) => {
            if let Some(constant) = folded(e) {
                return Operand::number(constant);
            }
            compute(w, *op, a, b, &e.ty, Use::Value)
        }
        ExprKind::Neg(inner) => {
            if let Some(constant) = folded(e) {
                return Operand::number(constant);
            }
            let value = operand(w, inner);
            let text = format!("0 - {}", value.formula().at(Level::Product));
            Operand::Formula(Formula::new(text, Level::Sum))
        }
        ExprKind::Both(a, b) => logical(w, a, b, true),
        ExprKind::Either(a, b) => logical(w, a, b, false),
        ExprKind::Not(inner) => match w.value(inner) {
            Operand::Constant(c) => Operand::truth(c != "1"),
            value => {
                let mut formula = value.formula();
                if w.is_migrated() {
                    formula.opposite = None;
                }
                Operand::Formula(formula.opposed())
            }
        },
        ExprKind::Same(same, a, b) => {
            let values = w.values(&[a, b]);
            let mut values = values.into_iter();
            let (Some(x), Some(y)) = (values.next(), values.next()) else {
                return Operand::truth(false);
            };
            let (p, q) = (w.trust_of(a), w.trust_of(b));
            let x = ready(w, x, p);
            let y = ready(w, y, q);
            match equal(&x, p, &y, q) {
                Ok(known) => Operand::truth(known == *same),
                Err(formula) if *same => Operand::Formula(formula),
                Err(formula) => Operand::Formula(formula.opposed()),
            }
        }
        ExprKind::IsSome(inner) => {
            if let Some(text) = constant_text(inner) {
                return Operand::truth(!text.is_empty());
            }
            let read = w.readable(inner);
            let trust = w.trust_of(inner);
            Operand::Formula(value::emptiness(&read, trust).opposed())
        }
        ExprKind::InHours(times) => {
            let all: Vec<String> = times
                .iter()
                .map(|t| format!("${{IFTIME({t}?1:0)}}"))
                .collect();
            match all.as_slice() {
                [] => Operand::truth(false),
                [one] => Operand::Formula(Formula::new(one, Level::Atom)),
                several => Operand::Formula(Formula::new(several.join(" | "), Level::Or)),
            }
        }
        ExprKind::InPattern(inner, regex) => {
            let value = w.value(inner);
            let trust = w.trust_of(inner);
            let value = ready(w, value, trust);
            in_pattern(w, &value, trust, regex, e)
        }
        _ => w.value(e),
    }
}

/// A constant number.
fn folded(e: &Expr) -> Option<i64> {
    if !matches!(e.ty, Type::Int) {
        return None;
    }
    match &*e.kind {
        ExprKind::Int(n) => Some(*n),
        ExprKind::Neg(e) => folded(e)?.checked_neg(),
        ExprKind::Number(op, a, b) => {
            let (a, b) = (folded(a)?, folded(b)?);
            let result = match op {
                BinaryOp::Add => a.checked_add(b),
                BinaryOp::Sub => a.checked_sub(b),
                BinaryOp::Mul => a.checked_mul(b),
                BinaryOp::Div => a.checked_div(b),
                BinaryOp::Rem => a.checked_rem(b),
                _ => None,
            }?;
            (i128::from(result).abs() < TOO_LARGE).then_some(result)
        }
        _ => None,
    }
}

/// What a result is used for: a zero may carry a sign (`-6 % 3`), which only matters where it is seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Value,
    Compared,
}

/// An operand of a comparison.
fn compared(w: &mut Writer, e: &Expr) -> Operand {
    match &*e.kind {
        ExprKind::Number(op, a, b) if value::sign(*op).is_none() && folded(e).is_none() => {
            compute(w, *op, a, b, &e.ty, Use::Compared)
        }
        _ => w.value(e),
    }
}

/// An operand of an operator.
fn operand(w: &mut Writer, e: &Expr) -> Operand {
    w.value(e)
}

fn compute(w: &mut Writer, op: BinaryOp, a: &Expr, b: &Expr, ty: &Type, what_for: Use) -> Operand {
    let comparing = value::sign(op);
    let each = |w: &mut Writer, e: &Expr| match comparing {
        Some(_) => compared(w, e),
        None => operand(w, e),
    };
    let mut left = each(w, a);
    if !w.is_simple(b) {
        left = w.settle(left);
    }
    let mut right = each(w, b);
    if let Some((sign, opposite)) = comparing {
        let (left, right) = (
            left.formula().at(Level::Sum),
            right.formula().at(Level::Sum),
        );
        return Operand::Formula(Formula::comparison(&left, sign, opposite, &right));
    }
    let fault = faults(op, a, b);
    if fault.is_some() {
        left = w.steady(left);
        right = w.steady(right);
    }
    let (l, r) = (left.formula(), right.formula());
    let mut formula = match op {
        BinaryOp::Add => Formula::new(
            format!("{} + {}", l.at(Level::Sum), r.at(Level::Product)),
            Level::Sum,
        ),
        BinaryOp::Sub => Formula::new(
            format!("{} - {}", l.at(Level::Sum), r.at(Level::Product)),
            Level::Sum,
        ),
        BinaryOp::Mul => Formula::new(
            format!("{} * {}", l.at(Level::Product), r.at(Level::Sign)),
            Level::Product,
        ),
        BinaryOp::Rem => Formula::new(
            format!("{} % {}", l.at(Level::Product), r.at(Level::Sign)),
            Level::Product,
        ),
        _ => {
            let quotient = format!("{} / {}", l.at(Level::Product), r.at(Level::Sign));
            if matches!(ty, Type::Int) {
                Formula::new(format!("TRUNC({quotient})"), Level::Atom)
            } else {
                Formula::new(quotient, Level::Product)
            }
        }
    };
    match fault {
        Some(Fault::DivisionByZero) => {
            let zero = Formula::comparison(&r.at(Level::Sum), "=", "!=", "0");
            let to = w.fault(Fault::DivisionByZero);
            w.branch_on(zero, true, to);
        }
        Some(Fault::TooLarge) => {
            let large = Formula::comparison(
                &format!("ABS({})", formula.text),
                ">=",
                "<",
                &TOO_LARGE.to_string(),
            );
            let to = w.fault(Fault::TooLarge);
            w.branch_on(large, true, to);
        }
        None => {}
    }
    if what_for == Use::Value && matches!(ty, Type::Int) && may_be_signed_zero(op, a, b) {
        formula = Formula::new(format!("{} + 0", formula.text), Level::Sum);
    }
    Operand::Formula(formula)
}

/// Whether the result may be a zero that is printed as `-0`.
fn may_be_signed_zero(op: BinaryOp, a: &Expr, b: &Expr) -> bool {
    if is_pasted(a) || is_pasted(b) {
        return false;
    }
    let ((a, _), (b, _)) = (range(a), range(b));
    match op {
        BinaryOp::Mul => a <= 0 && b <= 0,
        BinaryOp::Rem => a < 0,
        BinaryOp::Div => a < 0 || b < 0,
        _ => false,
    }
}

fn logical(w: &mut Writer, a: &Expr, b: &Expr, and: bool) -> Operand {
    let values = w.values(&[a, b]);
    let [x, y] = values.as_slice() else {
        return Operand::truth(false);
    };
    match (x, y) {
        (Operand::Constant(c), other) | (other, Operand::Constant(c)) => {
            // `true and x` is x; `false and x` is false.
            if (c == "1") == and {
                other.clone()
            } else {
                Operand::truth(!and)
            }
        }
        (x, y) => Operand::Formula(Formula::joined(&x.formula(), and, &y.formula())),
    }
}

/// A value that can be compared: what may hold quotes has a name.
pub(super) fn ready(w: &mut Writer, value: Operand, trust: Trust) -> Operand {
    if matches!(value, Operand::Constant(_)) || trust >= Trust::Name {
        return value;
    }
    let read = w.as_read(value);
    w.steady(Operand::Read(read))
}

/// Whether two texts are the same: known, or to be asked.
///
/// Quotes in a value would end the quotes around it, so another character takes their place. Against a text without that
/// character this is exact. Else it is asked twice, with different characters: two texts that agree both times agree.
pub(super) fn equal(x: &Operand, p: Trust, y: &Operand, q: Trust) -> Result<bool, Formula> {
    if let (Operand::Constant(a), Operand::Constant(b)) = (x, y) {
        return Ok(a == b);
    }
    for (value, trust, other) in [(x, p, y), (y, q, x)] {
        if let (Operand::Read(read), Operand::Constant(c)) = (value, other)
            && c.is_empty()
        {
            return Err(value::emptiness(read, trust));
        }
    }
    let side = |value: &Operand, trust: Trust, instead: char| match value {
        Operand::Constant(c) => text::in_brackets(&c.replace('"', &instead.to_string())),
        Operand::Read(read) if trust == Trust::Text => value::unquoted(read, instead),
        value => value.value(),
    };
    let asks = |instead: char| {
        let (a, b) = (side(x, p, instead), side(y, q, instead));
        (format!("\"{a}\""), format!("\"{b}\""))
    };
    let holds_quotes = |value: &Operand, trust: Trust| match value {
        Operand::Constant(c) => c.contains('"'),
        _ => trust == Trust::Text,
    };
    let both = holds_quotes(x, p) && holds_quotes(y, q);
    let constant = |value: &Operand| match value {
        Operand::Constant(c) => c.clone(),
        _ => String::new(),
    };
    let known = constant(x) + &constant(y);
    let mut free = STAND_INS.iter().copied().filter(|c| !known.contains(*c));
    let one = free.next().unwrap_or('\'');
    let (a, b) = asks(one);
    if !both {
        if known.contains(one) {
            // Every stand-in occurs in the text: two of them still tell.
            let (c, d) = asks('|');
            return Err(Formula::new(format!("{a} = {b} & {c} = {d}"), Level::And));
        }
        return Err(Formula::comparison(&a, "=", "!=", &b));
    }
    let (c, d) = asks(free.next().unwrap_or('|'));
    Err(Formula::new(format!("{a} = {b} & {c} = {d}"), Level::And)
        .or_else(format!("{a} != {b} | {c} != {d}"), Level::Or))
}

/// What may take the place of a quote.
const STAND_INS: [char; 4] = ['\'', '|', '~', '^'];

/// Whether a text matches a regular expression.
fn in_pattern(w: &mut Writer, value: &Operand, trust: Trust, regex: &str, e: &Expr) -> Operand {
    if regex == "^.*$" {
        return Operand::truth(true);
    }
    if let (Operand::Constant(text), Ok(known)) = (value, Regex::new(regex.as_bytes())) {
        return Operand::truth(known.is_match(text.as_bytes()));
    }
    match pattern_formula(value, trust, regex) {
        Some(formula) => Operand::Formula(formula),
        None => {
            w.report("D412", "this pattern holds a quote", e.place);
            Operand::truth(false)
        }
    }
}

/// The question of [`in_pattern`]; none if it cannot be asked.
pub(super) fn pattern_formula(value: &Operand, trust: Trust, regex: &str) -> Option<Formula> {
    let text = match value {
        Operand::Constant(c) if c.contains('"') => return None,
        Operand::Constant(c) => text::in_brackets(c),
        Operand::Read(read) if trust == Trust::Text => value::unquoted(read, stand_in(regex)?),
        value => value.value(),
    };
    let left = format!("\"{text}\" =~ \"{}\"", text::in_brackets(regex));
    (!regex.contains('"')).then(|| Formula::comparison(&left, ">", "=", "0"))
}

/// A character that a regular expression treats as it treats a quote.
fn stand_in(regex: &str) -> Option<char> {
    let bytes = regex.as_bytes();
    let in_range = |c: u8| {
        bytes
            .windows(3)
            .any(|w| w[1] == b'-' && (w[0]..=w[2]).contains(&c))
    };
    STAND_INS
        .iter()
        .copied()
        .find(|c| !regex.contains(*c) && in_range(*c as u8) == in_range(b'"'))
}

/// The first bytes of a variable name that a function can ask for.
pub(super) fn tag(w: &mut Writer, read: &Read) -> Read {
    let body = read.body();
    w.keep(&Operand::Written(format!("${{CUT({body},\\(,1)}}")))
}
