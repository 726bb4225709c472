//! Expressions of whole numbers, in the words of typed code. Each does what quick code does with two numbers (`guard.rs` of the
//! machine), and gives up where that does.

use strowger_stdlib::expr::{Comparison, Op as Sign, Shape};
use strowger_stdlib::template::{Hole, HoleKind, Template};
use strowger_vm::typed::{Op, Word};

use super::expression;
use super::writer::{Label, Writer};

/// A number, as a step of a loop names it.
pub(super) enum Value {
    Variable(Vec<u8>),
    Constant(i32),
    Formula(Vec<Term>),
}

/// A piece of a formula, operands first.
pub(super) enum Term {
    Variable(Vec<u8>),
    Constant(i32),
    /// An operator or a comparison.
    Sign(Sign),
    /// `ABS(a)`
    Absolute,
    /// 1000000000000000000, behind `ABS(a)`.
    Limit,
    /// `ABS(a) >= 1000000000000000000`: whether a number is too large. One that is in a register is not.
    IsTooLarge,
}

/// A constant, if it is a number as the machine would write it.
pub(super) fn constant(text: &[u8]) -> Option<Value> {
    number(text).map(Value::Constant)
}

fn number(text: &[u8]) -> Option<i32> {
    let n: i32 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (n.to_string().as_bytes() == text).then_some(n)
}

/// A hole that may stand for a number.
pub(super) fn hole(hole: &Hole) -> Option<Value> {
    if hole.too_deep || !hole.closed {
        return None;
    }
    match hole.kind {
        HoleKind::Variable => expression::variable(hole).map(Value::Variable),
        HoleKind::Expression => formula(&hole.body).map(Value::Formula),
    }
}

fn formula(body: &Template) -> Option<Vec<Term>> {
    let (shapes, holes) = expression::shape(body)?;
    let mut terms = Vec::with_capacity(shapes.len());
    for shape in shapes {
        let term = match shape {
            Shape::Hole(n) => {
                let hole = holes.get(n).filter(|h| !h.too_deep)?;
                Term::Variable(expression::variable(hole)?)
            }
            Shape::Quoted(_) => return None,
            Shape::Op(sign) if expression::is_abs(&sign) => Term::Absolute,
            Shape::Op(Sign::Number(text)) if expression::is_limit(&text) => {
                matches!(terms.last(), Some(Term::Absolute)).then_some(Term::Limit)?
            }
            Shape::Op(Sign::Number(text)) => Term::Constant(number(&text)?),
            Shape::Op(sign) => {
                let is_known = matches!(
                    sign,
                    Sign::Add
                        | Sign::Subtract
                        | Sign::Multiply
                        | Sign::Remainder
                        | Sign::Negate
                        | Sign::Not
                        | Sign::And
                        | Sign::Or
                        | Sign::Choose
                        | Sign::Compare(_)
                );
                if let [.., Term::Absolute, Term::Limit] = terms.as_slice() {
                    matches!(sign, Sign::Compare(Comparison::GreaterEqual)).then_some(())?;
                    terms.truncate(terms.len() - 2);
                    Term::IsTooLarge
                } else {
                    is_known.then_some(Term::Sign(sign))?
                }
            }
        };
        terms.push(term);
    }
    // A lone operand keeps its text.
    let is_computed = matches!(
        terms.last(),
        Some(Term::Sign(_) | Term::Absolute | Term::IsTooLarge)
    );
    is_computed.then_some(terms)
}

impl Value {
    /// The variables that it reads.
    pub(super) fn variables(&self) -> Vec<&[u8]> {
        match self {
            Value::Variable(name) => vec![name],
            Value::Constant(_) => Vec::new(),
            Value::Formula(terms) => {
                let names = terms.iter().filter_map(|t| match t {
                    Term::Variable(name) => Some(name.as_slice()),
                    _ => None,
                });
                names.collect()
            }
        }
    }

    /// The constants that it needs in registers.
    pub(super) fn constants(&self) -> Vec<i32> {
        let Value::Formula(terms) = self else {
            return Vec::new();
        };
        let mut found: Vec<i32> = Vec::new();
        for (at, term) in terms.iter().enumerate() {
            match term {
                // A sum holds it in its own word.
                Term::Constant(n)
                    if !matches!(
                        terms.get(at + 1),
                        Some(Term::Sign(Sign::Add | Sign::Subtract))
                    ) =>
                {
                    found.push(*n);
                }
                Term::Sign(Sign::Multiply | Sign::Remainder) | Term::Absolute => found.push(0),
                _ => {}
            }
        }
        found
    }
}

/// An operand.
#[derive(Clone, Copy)]
enum Operand {
    Register(u8),
    Constant(i32),
}

fn register(w: &mut Writer, operand: Operand) -> Option<u8> {
    match operand {
        Operand::Register(r) => Some(r),
        Operand::Constant(n) => w.constant(n),
    }
}

/// The value of a formula in a register: in `to` if that is given, which is written last.
pub(super) fn value(w: &mut Writer, terms: &[Term], to: Option<u8>) -> Option<u8> {
    let (last, before) = terms.split_last()?;
    let mut stack = Vec::new();
    for term in before {
        let operand = operand(w, term, &mut stack, None)?;
        stack.push(operand);
    }
    match operand(w, last, &mut stack, to)? {
        Operand::Register(r) if to.is_none_or(|to| to == r) => Some(r),
        Operand::Register(r) => {
            let to = to?;
            w.emit(Word::new(Op::Move, to, r, 0, 0));
            Some(to)
        }
        Operand::Constant(n) => match to {
            Some(to) => {
                w.emit(Word::new(Op::Int, to, 0, 0, n));
                Some(to)
            }
            None => w.constant(n),
        },
    }
}

/// Jumps if a formula is so, else goes on.
pub(super) fn branch(w: &mut Writer, terms: &[Term], when: bool, to: Label) -> Option<()> {
    let (last, before) = terms.split_last()?;
    let how = match last {
        Term::Sign(Sign::Compare(how)) => *how,
        // It is looked at, and is not.
        Term::IsTooLarge => {
            value(w, before, None)?;
            if !when {
                w.jump(to);
            }
            return Some(());
        }
        Term::Sign(Sign::Not)
            if matches!(before.last(), Some(Term::Sign(_) | Term::IsTooLarge)) =>
        {
            return branch(w, before, !when, to);
        }
        _ => {
            let r = value(w, terms, None)?;
            w.jump_if(if when { Op::If } else { Op::IfNot }, r, 0, to);
            return Some(());
        }
    };
    let mut stack = Vec::new();
    for term in before {
        let operand = operand(w, term, &mut stack, None)?;
        stack.push(operand);
    }
    let (right, left) = (stack.pop()?, stack.pop()?);
    let (a, b) = (register(w, left)?, register(w, right)?);
    let (op, a, b) = match (how, when) {
        (Comparison::Equal, true) | (Comparison::Unequal, false) => (Op::IfEq, a, b),
        (Comparison::Equal, false) | (Comparison::Unequal, true) => (Op::IfNe, a, b),
        (Comparison::Less, true) | (Comparison::GreaterEqual, false) => (Op::IfLt, a, b),
        (Comparison::LessEqual, true) | (Comparison::Greater, false) => (Op::IfLe, a, b),
        (Comparison::Greater, true) | (Comparison::LessEqual, false) => (Op::IfLt, b, a),
        (Comparison::GreaterEqual, true) | (Comparison::Less, false) => (Op::IfLe, b, a),
    };
    w.jump_if(op, a, b, to);
    Some(())
}

fn operand(
    w: &mut Writer,
    term: &Term,
    stack: &mut Vec<Operand>,
    to: Option<u8>,
) -> Option<Operand> {
    let place = |w: &mut Writer| to.map_or_else(|| w.temporary(), Some);
    let sign = match term {
        Term::Variable(name) => return w.variable(name).map(Operand::Register),
        Term::Constant(n) => return Some(Operand::Constant(*n)),
        // Asked of something else.
        Term::Limit => return None,
        Term::IsTooLarge => {
            // It was kept, so it is not.
            stack.pop()?;
            return Some(Operand::Constant(0));
        }
        Term::Absolute => {
            let a = stack.pop()?;
            let a = register(w, a)?;
            let (t, zero, fine) = (w.temporary()?, w.constant(0)?, w.label());
            w.emit(Word::new(Op::Move, t, a, 0, 0));
            w.jump_if(Op::IfLe, zero, a, fine);
            w.emit(Word::new(Op::Neg, t, a, 0, 0));
            w.bind(fine);
            return Some(Operand::Register(t));
        }
        Term::Sign(sign) => sign,
    };
    match sign {
        Sign::Not | Sign::Negate => {
            let a = stack.pop()?;
            let a = register(w, a)?;
            if *sign == Sign::Negate {
                // A zero with a sign is for the reader.
                let fine = w.label();
                w.jump_if(Op::If, a, 0, fine);
                w.give_up();
                w.bind(fine);
            }
            let t = place(w)?;
            let op = if *sign == Sign::Not { Op::Not } else { Op::Neg };
            w.emit(Word::new(op, t, a, 0, 0));
            return Some(Operand::Register(t));
        }
        Sign::Choose => {
            let (otherwise, then, condition) = (stack.pop()?, stack.pop()?, stack.pop()?);
            let c = register(w, condition)?;
            return choose(w, c, then, otherwise).map(Operand::Register);
        }
        _ => {}
    }
    let (right, left) = (stack.pop()?, stack.pop()?);
    let sum = match (sign, left, right) {
        (Sign::Add, other, Operand::Constant(n)) | (Sign::Add, Operand::Constant(n), other) => {
            Some((other, n))
        }
        (Sign::Subtract, other, Operand::Constant(n)) => n.checked_neg().map(|n| (other, n)),
        _ => None,
    };
    if let Some((other, n)) = sum {
        let a = register(w, other)?;
        let t = place(w)?;
        w.emit(Word::new(Op::AddI, t, a, 0, n));
        return Some(Operand::Register(t));
    }
    let (a, b) = (register(w, left)?, register(w, right)?);
    let op = match sign {
        Sign::And => {
            return choose(w, b, Operand::Register(a), Operand::Constant(0)).map(Operand::Register);
        }
        Sign::Or => {
            return choose(w, a, Operand::Register(a), Operand::Register(b)).map(Operand::Register);
        }
        Sign::Multiply | Sign::Remainder => return product(w, sign, a, b, (left, right)),
        Sign::Add => Op::Add,
        Sign::Subtract => Op::Sub,
        Sign::Compare(Comparison::Equal) => Op::Eq,
        Sign::Compare(Comparison::Unequal) => Op::Ne,
        Sign::Compare(Comparison::Less | Comparison::Greater) => Op::Lt,
        Sign::Compare(Comparison::LessEqual | Comparison::GreaterEqual) => Op::Le,
        _ => return None,
    };
    let mirrored = matches!(
        sign,
        Sign::Compare(Comparison::Greater | Comparison::GreaterEqual)
    );
    let (a, b) = if mirrored { (b, a) } else { (a, b) };
    let t = place(w)?;
    w.emit(Word::new(op, t, a, b, 0));
    Some(Operand::Register(t))
}

/// A register that holds the one value if another is not 0, else the other.
fn choose(w: &mut Writer, condition: u8, then: Operand, otherwise: Operand) -> Option<u8> {
    let t = w.temporary()?;
    let fine = w.label();
    put(w, t, then);
    w.jump_if(Op::If, condition, 0, fine);
    put(w, t, otherwise);
    w.bind(fine);
    Some(t)
}

fn put(w: &mut Writer, to: u8, operand: Operand) {
    match operand {
        Operand::Register(r) => w.emit(Word::new(Op::Move, to, r, 0, 0)),
        Operand::Constant(n) => w.emit(Word::new(Op::Int, to, 0, 0, n)),
    }
}

/// A product or a rest; gives up where it would be a zero with a sign.
fn product(
    w: &mut Writer,
    sign: &Sign,
    a: u8,
    b: u8,
    (left, right): (Operand, Operand),
) -> Option<Operand> {
    let t = w.temporary()?;
    let positive = |o: Operand| matches!(o, Operand::Constant(n) if n > 0);
    if *sign == Sign::Multiply {
        w.emit(Word::new(Op::Mul, t, a, b, 0));
        if positive(left) || positive(right) {
            return Some(Operand::Register(t));
        }
    } else {
        w.emit(Word::new(Op::Rem, t, a, b, 0));
        if positive(left) {
            return Some(Operand::Register(t));
        }
    }
    let (fine, odd, zero) = (w.label(), w.label(), w.constant(0)?);
    w.jump_if(Op::If, t, 0, fine);
    if *sign == Sign::Multiply {
        w.jump_if(Op::IfLt, a, zero, odd);
        w.jump_if(Op::IfLe, zero, b, fine);
    } else {
        w.jump_if(Op::IfLe, zero, a, fine);
    }
    w.bind(odd);
    w.give_up();
    w.bind(fine);
    Some(Operand::Register(t))
}
