//! What typed code is checked for before it may run.

use super::{Function, LARGEST, Op, REGISTERS, Shape, WORDS, Word};

/// Checks one function of a module: every register, word, constant and function that it names is there, and it ends (linear in
/// the size).
pub(crate) fn verify(function: &Function, all: &[Function]) -> Result<(), String> {
    let f = &function.typed;
    let registers = usize::from(f.registers);
    if registers > REGISTERS || f.parameters.len() > registers {
        return Err("typed code: more registers than there are".into());
    }
    if f.code.is_empty() || f.code.len() > WORDS || f.lines.len() != f.code.len() {
        return Err("typed code: not as long as it should be".into());
    }
    if f.constants
        .iter()
        .any(|n| !(-LARGEST..=LARGEST).contains(n))
    {
        return Err("typed code: a constant has more than 18 digits".into());
    }
    if !f.code.last().is_some_and(|word| word.op.leads_away()) {
        return Err("typed code does not end".into());
    }
    for (at, word) in f.code.iter().enumerate() {
        let Word { op, a, b, c, n } = *word;
        let register = |r: u8| usize::from(r) < registers;
        let below = |bound: usize| usize::try_from(n).is_ok_and(|n| n < bound);
        let sound = match op.shape() {
            Shape::Number => register(a) && (b, c) == (0, 0),
            Shape::Constant => register(a) && (b, c) == (0, 0) && below(f.constants.len()),
            Shape::Two => register(a) && register(b) && (c, n) == (0, 0),
            Shape::Three => register(a) && register(b) && register(c) && n == 0,
            Shape::Sum => register(a) && register(b) && c == 0,
            Shape::Jump => (a, b, c) == (0, 0, 0) && below(f.code.len()),
            Shape::Test => register(a) && (b, c) == (0, 0) && below(f.code.len()),
            Shape::Compare => register(a) && register(b) && c == 0 && below(f.code.len()),
            Shape::Call => {
                let called = usize::try_from(n).ok().and_then(|n| all.get(n));
                let count = called.map(|g| g.typed.parameters.len().max(1));
                let room = count.is_some_and(|n| usize::from(a) + n <= registers);
                // Its arguments are registers like any others; a truth is asked for where it arrives.
                room && (b, c) == (0, 0)
            }
            Shape::One => register(a) && (b, c, n) == (0, 0, 0),
            Shape::Alone => (a, b, c, n) == (0, 0, 0, 0),
        };
        if !sound {
            return Err(format!("typed code: word {at} is out of range"));
        }
        // The word behind a call is where its caller goes on.
        if op == Op::Call && at + 1 == f.code.len() {
            return Err("typed code ends with a call".into());
        }
    }
    Ok(())
}
