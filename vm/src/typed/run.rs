//! Running typed code: the words of one function, and the calls between functions. What is called has its place on a stack of
//! its own, never on Rust's: a call stops at any bound, and goes on.

use std::fmt::Debug;

use super::{Function, LARGEST, Op, REGISTERS, TURN, Typed};

/// The registers of a function that runs; those that it does not use belong to nobody.
pub type Window = [i64; REGISTERS];

/// Words on the stack of one call; what needs more gives up.
const STACK: usize = 1 << 16;

/// Why a function stopped. Where it stopped is told beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// It gives this back.
    Returned(i64),
    /// It is at a word that calls.
    Called,
    /// The fuel is spent; it goes on where it stands.
    Spent,
    /// It does not know what to do.
    GaveUp,
}

/// Machine code of the functions of a module, made elsewhere.
pub trait Native: Debug + Send + Sync {
    /// Runs a function from one of its [entrances](Typed::entrances) on, exactly as its words would: the same registers, the same
    /// fuel, the same end. `at` is where it begins and tells where it stopped. Loops are numbered behind the functions. `None`: there
    /// is no code for it.
    fn enter(
        &self,
        function: usize,
        at: &mut usize,
        registers: &mut Window,
        fuel: &mut i64,
    ) -> Option<Pause>;
}

/// Whether a number has no more than 18 digits.
#[inline]
fn fits(n: i64) -> bool {
    n.wrapping_add(LARGEST) as u64 <= 2 * LARGEST as u64
}

/// Runs the words of a function from `at` on.
pub(crate) fn words(f: &Typed, at: &mut usize, r: &mut Window, fuel: &mut i64) -> Pause {
    let code = f.code.as_slice();
    let mut pc = *at;
    let mut left = *fuel;
    macro_rules! stop {
        ($pause:expr) => {{
            *at = pc;
            *fuel = left;
            return $pause;
        }};
    }
    loop {
        // A verified function never runs off its end.
        let Some(word) = code.get(pc) else {
            stop!(Pause::GaveUp)
        };
        let (a, b, c) = (
            usize::from(word.a),
            usize::from(word.b),
            usize::from(word.c),
        );
        macro_rules! keep {
            ($value:expr) => {{
                let value = $value;
                if !fits(value) {
                    stop!(Pause::GaveUp)
                }
                r[a] = value;
            }};
        }
        macro_rules! jump_if {
            ($holds:expr) => {
                if $holds {
                    let target = word.n as usize;
                    if target <= pc {
                        left -= (pc - target + 1) as i64;
                        pc = target;
                        if left <= 0 {
                            left = 0;
                            stop!(Pause::Spent)
                        }
                    } else {
                        pc = target;
                    }
                    continue;
                }
            };
        }
        match word.op {
            Op::Int => r[a] = i64::from(word.n),
            Op::Wide => r[a] = f.constants.get(word.n as usize).copied().unwrap_or(0),
            Op::Move => r[a] = r[b],
            // Two numbers of 18 digits have a sum that fits.
            Op::Add => keep!(r[b].wrapping_add(r[c])),
            Op::AddI => keep!(r[b].wrapping_add(i64::from(word.n))),
            Op::Sub => keep!(r[b].wrapping_sub(r[c])),
            Op::Mul => match r[b].checked_mul(r[c]) {
                Some(product) => keep!(product),
                None => stop!(Pause::GaveUp),
            },
            Op::Div => match r[b].checked_div(r[c]) {
                Some(quotient) => r[a] = quotient,
                None => stop!(Pause::GaveUp),
            },
            Op::Part => match (r[b].checked_rem(r[c]), r[b].checked_div(r[c])) {
                (Some(0), Some(quotient)) => r[a] = quotient,
                _ => stop!(Pause::GaveUp),
            },
            Op::Rem => match r[b].checked_rem(r[c]) {
                Some(rest) => r[a] = rest,
                None => stop!(Pause::GaveUp),
            },
            Op::Neg => r[a] = r[b].wrapping_neg(),
            Op::Not => r[a] = i64::from(r[b] == 0),
            Op::Eq => r[a] = i64::from(r[b] == r[c]),
            Op::Ne => r[a] = i64::from(r[b] != r[c]),
            Op::Lt => r[a] = i64::from(r[b] < r[c]),
            Op::Le => r[a] = i64::from(r[b] <= r[c]),
            Op::Jump => jump_if!(true),
            Op::If => jump_if!(r[a] != 0),
            Op::IfNot => jump_if!(r[a] == 0),
            Op::IfEq => jump_if!(r[a] == r[b]),
            Op::IfNe => jump_if!(r[a] != r[b]),
            Op::IfLt => jump_if!(r[a] < r[b]),
            Op::IfLe => jump_if!(r[a] <= r[b]),
            Op::Call => stop!(Pause::Called),
            Op::Return => stop!(Pause::Returned(r[a])),
            Op::GiveUp => stop!(Pause::GaveUp),
            Op::Turn => {
                r[a] = r[a].wrapping_add(TURN);
                if left < word.cost() {
                    stop!(Pause::GaveUp)
                }
                left -= word.cost();
                pc = word.n as usize;
                continue;
            }
            Op::Burn => {
                if left < i64::from(word.n) {
                    stop!(Pause::GaveUp)
                }
                left -= i64::from(word.n);
            }
        }
        pc += 1;
    }
}

/// How a call of a function ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With this result.
    Done(i64),
    /// It goes on when there is fuel.
    Spent,
    /// Its priorities know what to do.
    GaveUp,
}

/// A function that has not returned.
#[derive(Debug, Clone, Copy)]
struct Activation {
    function: usize,
    at: usize,
    /// Its first register on the stack.
    base: usize,
}

/// A call of a function, with what it has called.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running {
    stack: Vec<i64>,
    open: Vec<Activation>,
}

impl Running {
    /// A call that is to begin; `None`: these arguments are not what the function was written for.
    pub(crate) fn new(all: &[Function], function: usize, arguments: &[Vec<u8>]) -> Option<Running> {
        let f = &all.get(function)?.typed;
        if f.parameters.len() != arguments.len() {
            return None;
        }
        let mut stack = vec![0; REGISTERS];
        for ((register, ty), text) in stack.iter_mut().zip(&f.parameters).zip(arguments) {
            *register = ty.read(text)?;
        }
        Some(Running {
            stack,
            open: vec![Activation {
                function,
                at: 0,
                base: 0,
            }],
        })
    }

    /// Runs until it ends or the fuel is spent. `depth`: how many functions may be open.
    pub(crate) fn go(
        &mut self,
        all: &[Function],
        native: Option<&dyn Native>,
        depth: usize,
        fuel: &mut i64,
    ) -> Exit {
        loop {
            let count = self.open.len();
            let Some(top) = self.open.last_mut() else {
                return Exit::GaveUp;
            };
            let Activation { function, base, .. } = *top;
            let Some(f) = all.get(function).map(|f| &f.typed) else {
                return Exit::GaveUp;
            };
            let window = self.stack.get_mut(base..base + REGISTERS);
            let Some(window) = window.and_then(|w| <&mut Window>::try_from(w).ok()) else {
                return Exit::GaveUp;
            };
            let pause = native
                .and_then(|native| native.enter(function, &mut top.at, window, fuel))
                .unwrap_or_else(|| words(f, &mut top.at, window, fuel));
            match pause {
                Pause::Spent => return Exit::Spent,
                Pause::GaveUp => return Exit::GaveUp,
                Pause::Returned(value) => {
                    // Its first register is the one that its caller wants it in.
                    if let Some(place) = self.stack.get_mut(base) {
                        *place = value;
                    }
                    self.open.pop();
                    if self.open.is_empty() {
                        return Exit::Done(value);
                    }
                }
                Pause::Called => {
                    let Some(word) = f.code.get(top.at).copied() else {
                        return Exit::GaveUp;
                    };
                    top.at += 1;
                    let function = word.n as usize;
                    let base = base + usize::from(word.a);
                    if count >= depth || base + REGISTERS > STACK {
                        return Exit::GaveUp;
                    }
                    if self.stack.len() < base + REGISTERS {
                        self.stack.resize(base + REGISTERS, 0);
                    }
                    self.open.push(Activation {
                        function,
                        at: 0,
                        base,
                    });
                    *fuel -= all.get(function).map_or(0, |f| f.typed.cost());
                    if *fuel <= 0 {
                        *fuel = 0;
                        return Exit::Spent;
                    }
                }
            }
        }
    }

    /// The function that runs at the moment.
    pub(crate) fn function(&self) -> Option<usize> {
        self.open.last().map(|top| top.function)
    }

    /// Bytes that it occupies.
    pub(crate) fn memory(&self) -> usize {
        self.stack.capacity() * size_of::<i64>() + self.open.capacity() * size_of::<Activation>()
    }
}
