//! Expressions whose holes stand where operands stand.

use strowger_stdlib::expr::{self, Comparison as Sign, Op, Part, Shape};
use strowger_stdlib::template::{Body, Hole, HoleKind, Piece, Template, What, split_body};
use strowger_vm::{Arithmetic, Comparison, Quick, Temporary};

use super::value;

/// The postfix program of an expression, and its holes by number. `None`: its shape depends on their values.
pub(super) fn shape(body: &Template) -> Option<(Vec<Shape>, Vec<&Hole>)> {
    let mut holes = Vec::new();
    let parts: Vec<Part> = body
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Hole(hole) => {
                holes.push(hole);
                Part::Hole(holes.len() - 1)
            }
        })
        .collect();
    Some((expr::shape(&parts)?, holes))
}

/// A channel variable that is a whole hole.
pub(super) fn variable(hole: &Hole) -> Option<Vec<u8>> {
    if hole.kind != HoleKind::Variable || !hole.closed {
        return None;
    }
    match split_body(hole.body.as_plain()?) {
        Body {
            what: What::Variable(name),
            slice: None,
        } => Some(name),
        _ => None,
    }
}

/// `ABS(a)`
pub(super) fn is_abs(op: &Op) -> bool {
    matches!(op, Op::Call { name, count: 1 } if **name == *b"ABS")
}

/// The first number of more than 18 digits.
pub(super) fn is_limit(number: &[u8]) -> bool {
    number == b"1000000000000000000"
}

fn small(number: &[u8]) -> Option<i16> {
    // Only what is its own spelling: `007` is compared as text with a word.
    let n: i16 = std::str::from_utf8(number).ok()?.parse().ok()?;
    (n.to_string().as_bytes() == number).then_some(n)
}

/// `${name} + n` or `${name} - n`.
pub(super) fn increase(body: &Template) -> Option<(Vec<u8>, i16)> {
    // What looks otherwise is not worth being read for this.
    let [Piece::Hole(_), Piece::Text(_)] = body.pieces.as_slice() else {
        return None;
    };
    let (ops, holes) = shape(body)?;
    let [Shape::Hole(0), Shape::Op(Op::Number(n)), Shape::Op(sign)] = ops.as_slice() else {
        return None;
    };
    let n = small(n)?;
    let n = match sign {
        Op::Add => n,
        Op::Subtract => n.checked_neg()?,
        _ => return None,
    };
    Some((variable(holes.first()?)?, n))
}

/// `${name} < n` and its relatives. Only for numbers: equality with a word is asked otherwise.
pub(super) fn comparison(body: &Template) -> Option<(Comparison, Vec<u8>, i16)> {
    let ([Piece::Hole(_), Piece::Text(_)] | [Piece::Text(_), Piece::Hole(_)]) =
        body.pieces.as_slice()
    else {
        return None;
    };
    let (ops, holes) = shape(body)?;
    let (how, n) = match ops.as_slice() {
        [
            Shape::Hole(0),
            Shape::Op(Op::Number(n)),
            Shape::Op(Op::Compare(how)),
        ] => (comparing(*how), n),
        [
            Shape::Op(Op::Number(n)),
            Shape::Hole(0),
            Shape::Op(Op::Compare(how)),
        ] => (comparing(*how).mirrored(), n),
        _ => return None,
    };
    let name = variable(holes.first()?)?;
    Some((how, name, small(n)?))
}

fn comparing(sign: Sign) -> Comparison {
    match sign {
        Sign::Equal => Comparison::Equal,
        Sign::Unequal => Comparison::Unequal,
        Sign::Less => Comparison::Less,
        Sign::Greater => Comparison::Greater,
        Sign::LessEqual => Comparison::LessEqual,
        Sign::GreaterEqual => Comparison::GreaterEqual,
    }
}

/// What stands on the stack of an expression.
enum Operand {
    /// Its value.
    Value(Temporary),
    /// Text in quotes.
    Quoted(Vec<expr::Piece>),
    /// `ABS()` of a value.
    Size(Temporary),
    /// The first number of more than 18 digits.
    Limit,
}

/// The value of an expression, in one new temporary.
pub(super) fn value(q: &mut Quick, body: &Template) -> Option<Temporary> {
    let from = q.depth();
    let (ops, holes) = shape(body)?;
    // A lone operand keeps its text, and the empty one has none.
    if !matches!(ops.last(), Some(Shape::Op(op)) if !matches!(op, Op::Number(_) | Op::Text(_))) {
        return None;
    }
    let mut stack: Vec<Operand> = Vec::new();
    for op in ops {
        let result = match op {
            Shape::Hole(n) => value::hole(q, holes.get(n)?)?,
            Shape::Quoted(pieces) => {
                stack.push(Operand::Quoted(pieces));
                continue;
            }
            Shape::Op(op) if is_abs(&op) => {
                let of = pop(q, &mut stack)?;
                stack.push(Operand::Size(of));
                continue;
            }
            Shape::Op(Op::Number(n)) if is_limit(&n) => {
                stack.push(Operand::Limit);
                continue;
            }
            Shape::Op(op) => operation(q, op, &mut stack, &holes)?,
        };
        stack.push(Operand::Value(result));
    }
    let result = pop(q, &mut stack).filter(|_| stack.is_empty())?;
    // The operands are no longer needed: the result takes the place of the first.
    q.keep(from, result)
}

/// `ABS()` of something that is not only asked whether it is too large.
fn valued(q: &mut Quick, operand: Operand) -> Option<Operand> {
    match operand {
        Operand::Size(of) => q.absolute(of).map(Operand::Value),
        other => Some(other),
    }
}

fn pop(q: &mut Quick, stack: &mut Vec<Operand>) -> Option<Temporary> {
    let operand = stack.pop()?;
    match valued(q, operand)? {
        Operand::Value(t) => Some(t),
        Operand::Quoted(_) | Operand::Size(_) | Operand::Limit => None,
    }
}

fn operation(
    q: &mut Quick,
    op: Op,
    stack: &mut Vec<Operand>,
    holes: &[&Hole],
) -> Option<Temporary> {
    match op {
        Op::Number(text) => {
            // A fraction is for the reader.
            text.iter().all(u8::is_ascii_digit).then_some(())?;
            value::constant(q, &text)
        }
        Op::Text(text) => q.text(&text),
        Op::Compare(how) => {
            let how = comparing(how);
            let (right, left) = (stack.pop()?, stack.pop()?);
            if let (Operand::Limit, Operand::Size(of), Comparison::GreaterEqual) =
                (&right, &left, how)
            {
                return q.is_large(*of);
            }
            match (valued(q, right)?, valued(q, left)?) {
                (Operand::Value(right), Operand::Value(left)) => q.compare(how, left, right),
                (Operand::Quoted(right), Operand::Quoted(left)) => {
                    let differ = match how {
                        Comparison::Equal => false,
                        Comparison::Unequal => true,
                        _ => return None,
                    };
                    same(q, differ, &left, &right, holes)
                }
                _ => None,
            }
        }
        Op::Choose => {
            let (otherwise, then, condition) = (pop(q, stack)?, pop(q, stack)?, pop(q, stack)?);
            let then = q.copy(then)?;
            q.copy(otherwise)?;
            q.choose(condition, then)
        }
        Op::Not => {
            let a = pop(q, stack)?;
            q.not(a)
        }
        Op::Negate => {
            let a = pop(q, stack)?;
            q.negate(a)
        }
        op => {
            let what = match op {
                Op::Add => Arithmetic::Add,
                Op::Subtract => Arithmetic::Subtract,
                Op::Multiply => Arithmetic::Multiply,
                Op::Divide => Arithmetic::Divide,
                Op::Remainder => Arithmetic::Remainder,
                Op::And => Arithmetic::And,
                Op::Or => Arithmetic::Or,
                _ => return None,
            };
            let (right, left) = (pop(q, stack)?, pop(q, stack)?);
            q.compute(what, left, right)
        }
    }
}

fn quoted(q: &mut Quick, pieces: &[expr::Piece], holes: &[&Hole]) -> Option<Temporary> {
    let mut text = Vec::new();
    for piece in pieces {
        text.push(match piece {
            expr::Piece::Text(text) => Piece::Text(text.clone()),
            expr::Piece::Hole(n) => Piece::Hole((*holes.get(*n)?).clone()),
        });
    }
    value::text(q, &text)
}

/// Two texts in quotes: the same, or not. The usual one is a variable beside a constant.
fn same(
    q: &mut Quick,
    differ: bool,
    left: &[expr::Piece],
    right: &[expr::Piece],
    holes: &[&Hole],
) -> Option<Temporary> {
    let constant = |side: &[expr::Piece]| match side {
        [] => Some(Vec::new()),
        [expr::Piece::Text(text)] => Some(text.clone()),
        _ => None,
    };
    let name = |side: &[expr::Piece]| match side {
        [expr::Piece::Hole(n)] => variable(holes.get(*n)?),
        _ => None,
    };
    let simple = name(left).zip(constant(right));
    if let Some((name, text)) = simple.or_else(|| name(right).zip(constant(left)))
        && let Some(same) = q.same_as(&name, &text)
    {
        return if differ { q.not(same) } else { Some(same) };
    }
    let left = quoted(q, left, holes)?;
    let right = quoted(q, right, holes)?;
    q.same(differ, left, right)
}
