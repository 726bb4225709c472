//! What typed code is checked for before it may run.

use super::round::Round;
use super::{Function, LARGEST, Op, REGISTERS, Shape, Typed, WORDS, Word, Written};

/// Checks one function of a module: every register, word, constant and function that it names is there, and it ends (linear in
/// the size).
pub(crate) fn verify(function: &Function, all: &[Function]) -> Result<(), String> {
    let f = &function.typed;
    if !f.exits.is_empty() || f.code.iter().any(|w| matches!(w.op, Op::Turn | Op::Burn)) {
        return Err("typed code: a function is no loop".into());
    }
    code(f, all)
}

/// Checks one loop. That the steps that it names are there is for who knows its extension.
pub(crate) fn verify_loop(l: &Round, names: usize) -> Result<(), String> {
    let f = &l.code;
    let refuse = |what: &str| Err(format!("typed code of a loop: {what}"));
    // Only a turn goes back, and it burns fuel.
    let goes_on = f.code.iter().enumerate().all(|(at, w)| match w.op {
        Op::Call | Op::Return => false,
        Op::Turn => w.cost() > 0,
        Op::Burn => w.n > 0,
        _ => w.target().is_none_or(|target| target > at),
    });
    if !goes_on || !f.parameters.is_empty() {
        return refuse("it holds what a loop cannot");
    }
    let is_exit = |n: &u16| usize::from(*n) < l.exits.len();
    if f.exits.len() != f.code.len() || !f.exits.iter().all(is_exit) {
        return refuse("a way out is not there");
    }
    let register = |r: u8| u16::from(r) < f.registers;
    let variables = l.variables.len() <= usize::from(f.registers)
        && l.variables.iter().all(|v| {
            usize::from(v.name) < names
                && v.mark <= 2
                && match v.written {
                    Written::Register(r) => register(r),
                    Written::Never | Written::Steps(_) => true,
                }
        });
    if !variables || !register(l.turn) {
        return refuse("a variable has no place");
    }
    code(f, &[])
}

/// Checks the words.
fn code(f: &Typed, all: &[Function]) -> Result<(), String> {
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
            Shape::Turn => register(a) && below(f.code.len()),
            Shape::Fuel => (a, b, c) == (0, 0, 0),
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
