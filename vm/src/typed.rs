//! Typed code: what a function of `.dial` computes when all that it handles are whole numbers and truths.
//!
//! It stands beside the priorities of the function, which say the same and stay the reference. A machine that nobody traces
//! runs a Gosub to such a function as one call of it; wherever a value is not what it was written for, or a number becomes too
//! large, it gives up. Functions have no effects, so nothing has happened then, and the priorities run.
//!
//! Each register holds a whole number of at most 18 digits, as a variable does; every operation sees to it. Truths are 1 and 0,
//! durations whole seconds.
//!
//! Fuel is burnt where code goes back and where it calls: a jump to itself or backwards costs the words from its target to it, a
//! call the words of what is called. So no more instructions run than fuel is burnt, whichever engine runs them, and both burn the
//! same.
//!
//! A loop of priorities may have typed code, too ([`Loop`]).

mod call;
mod round;
mod run;
mod verify;

use std::fmt::Write as _;

pub(crate) use call::Call;
pub(crate) use round::Round;
pub use round::{Leave, Loop, TURN, Variable, Written};
pub(crate) use run::Running;
pub use run::{Exit, Native, Pause, Window};
pub(crate) use verify::{verify, verify_loop};

use crate::module::StrId;

/// Registers of a function.
pub const REGISTERS: usize = 256;

/// Words of a function.
pub const WORDS: usize = 20_000;

/// The largest number of a register, and the smallest without its sign: 18 digits.
pub const LARGEST: i64 = 999_999_999_999_999_999;

/// The type of a parameter or result, by the texts that it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Type {
    /// A whole number of at most 18 digits, in its decimal spelling.
    Int,
    /// `1` or `0`.
    Bool,
}

impl Type {
    pub(crate) fn from_byte(b: u8) -> Option<Type> {
        match b {
            0 => Some(Type::Int),
            1 => Some(Type::Bool),
            _ => None,
        }
    }

    /// The number that a text is; `None`: it is none of this type, or not spelled as the machine would.
    pub fn read(self, text: &[u8]) -> Option<i64> {
        match strowger_stdlib::Value::read(text) {
            strowger_stdlib::Value::Int(n) if self == Type::Int || n == 0 || n == 1 => Some(n),
            _ => None,
        }
    }
}

macro_rules! operations {
    ($($op:ident $name:literal $shape:ident $doc:literal;)*) => {
        /// What a word of typed code does. `a`, `b` and `c` are registers but where it says otherwise.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = $doc] $op,)*
        }

        const TABLE: &[(Op, &str, Shape, &str)] = &[$((Op::$op, $name, Shape::$shape, $doc),)*];
    };
}

operations! {
    Int   "int"   Number   "a = n";
    Wide  "wide"  Constant "a = the constant n of the function";
    Move  "mov"   Two      "a = b";
    Add   "add"   Three    "a = b + c; gives up if that has more than 18 digits";
    AddI  "addi"  Sum      "a = b + n; the same";
    Sub   "minus" Three    "a = b - c; the same";
    Mul   "mul"   Three    "a = b * c; the same";
    Div   "div"   Three    "a = b / c, cut towards zero; gives up if c is 0";
    Part  "part"  Three    "a = b / c; gives up if c is 0 or it is not whole";
    Rem   "rem"   Three    "a = what b / c leaves, with the sign of b; gives up if c is 0";
    Neg   "neg"   Two      "a = 0 - b";
    Not   "not"   Two      "a = 1 if b is 0, else 0";
    Eq    "eq"    Three    "a = 1 if b = c, else 0";
    Ne    "ne"    Three    "a = 1 if b differs from c, else 0";
    Lt    "lt"    Three    "a = 1 if b < c, else 0";
    Le    "le"    Three    "a = 1 if b <= c, else 0";
    Jump  "jump"  Jump     "go on at word n";
    If    "if"    Test     "go on at word n if a is not 0";
    IfNot "ifnot" Test     "go on at word n if a is 0";
    IfEq  "ifeq"  Compare  "go on at word n if a = b";
    IfNe  "ifne"  Compare  "go on at word n if a differs from b";
    IfLt  "iflt"  Compare  "go on at word n if a < b";
    IfLe  "ifle"  Compare  "go on at word n if a <= b";
    Call  "call"  Call     "a = the function n, called with a and the registers behind it";
    Return "ret"  One      "give a back";
    GiveUp "giveup" Alone  "give up: the priorities know what to do";
    Turn  "turn"  Turn     "a = a + 65536; gives up if there is less fuel than the cost, else burns it and goes on at word n";
    Burn  "burn"  Fuel     "gives up if there is less fuel than n, else burns it";
}

/// The operands of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// a, n
    Number,
    /// a, n: a constant of the function
    Constant,
    /// a, b
    Two,
    /// a, b, c
    Three,
    /// a, b, n
    Sum,
    /// n: a word
    Jump,
    /// a, n: a word
    Test,
    /// a, b, n: a word
    Compare,
    /// a, n: a function
    Call,
    /// a
    One,
    /// nothing
    Alone,
    /// a, the cost in b and c, n: a word
    Turn,
    /// n: fuel
    Fuel,
}

impl Op {
    fn from_byte(b: u8) -> Option<Op> {
        TABLE.get(usize::from(b)).map(|row| row.0)
    }

    fn row(self) -> (&'static str, Shape) {
        // One macro makes both.
        let row = &TABLE[self as usize];
        (row.1, row.2)
    }

    fn shape(self) -> Shape {
        self.row().1
    }

    /// Whether it may go on at word `n`.
    pub fn is_jump(self) -> bool {
        matches!(
            self.shape(),
            Shape::Jump | Shape::Test | Shape::Compare | Shape::Turn
        )
    }

    /// Whether the word behind it is never reached from it.
    pub fn leads_away(self) -> bool {
        matches!(self, Op::Jump | Op::Return | Op::GiveUp | Op::Turn)
    }
}

/// What the words of typed code mean, a line each, for people.
pub(crate) fn instruction_set() -> String {
    let mut out = String::new();
    for (_, name, shape, doc) in TABLE {
        let operands = match shape {
            Shape::Number | Shape::Constant | Shape::Test | Shape::Call => "a n",
            Shape::Two => "a b",
            Shape::Three => "a b c",
            Shape::Sum | Shape::Compare => "a b n",
            Shape::Turn => "a cost n",
            Shape::Jump | Shape::Fuel => "n",
            Shape::One => "a",
            Shape::Alone => "",
        };
        let _ = writeln!(out, "{name:7} {operands:8} {doc}");
    }
    out
}

/// One word: `op u8 | a u8 | b u8 | c u8 | n i32`, little endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// What it does.
    pub op: Op,
    /// Mostly the register that is written.
    pub a: u8,
    /// A register.
    pub b: u8,
    /// A register.
    pub c: u8,
    /// A number, a word of the function, a function of the module.
    pub n: i32,
}

impl Word {
    /// A word; what it does not use is 0.
    pub fn new(op: Op, a: u8, b: u8, c: u8, n: i32) -> Word {
        Word { op, a, b, c, n }
    }

    pub(crate) fn bits(self) -> u64 {
        u64::from(self.op as u8)
            | u64::from(self.a) << 8
            | u64::from(self.b) << 16
            | u64::from(self.c) << 24
            | u64::from(self.n as u32) << 32
    }

    pub(crate) fn read(word: u64) -> Option<Word> {
        Some(Word {
            op: Op::from_byte(word as u8)?,
            a: (word >> 8) as u8,
            b: (word >> 16) as u8,
            c: (word >> 24) as u8,
            n: (word >> 32) as i32,
        })
    }

    /// Where it may go on, if it is a jump.
    pub fn target(self) -> Option<usize> {
        self.op
            .is_jump()
            .then(|| usize::try_from(self.n).unwrap_or(usize::MAX))
    }

    /// A word that ends a turn of a loop.
    pub fn turn(register: u8, cost: u16, to: i32) -> Word {
        let [b, c] = cost.to_le_bytes();
        Word::new(Op::Turn, register, b, c, to)
    }

    /// The fuel that a turn costs.
    pub fn cost(self) -> i64 {
        i64::from(u16::from_le_bytes([self.b, self.c]))
    }

    /// The same word that goes on somewhere else.
    #[must_use]
    pub fn to(self, target: i32) -> Word {
        Word { n: target, ..self }
    }
}

/// A function in typed code, as the compiler writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// Its parameters; they arrive in the first registers.
    pub parameters: Vec<Type>,
    /// Its result.
    pub result: Type,
    /// Registers that it uses.
    pub registers: u16,
    /// Numbers that do not fit a word.
    pub constants: Vec<i64>,
    /// Its words.
    pub code: Vec<Word>,
    /// The line of each word in its file.
    pub lines: Vec<u32>,
    /// In a loop: for each word, which of its [ways out](Loop::exits) it takes when it gives up. Empty in a function.
    pub exits: Vec<u16>,
}

/// The same in a module.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Function {
    /// The context that holds its priorities.
    pub(crate) name: StrId,
    pub(crate) file: StrId,
    pub(crate) typed: Typed,
}

impl Typed {
    /// Fuel that a call of it costs.
    pub fn cost(&self) -> i64 {
        self.code.len() as i64
    }

    /// Where it may be entered: at its beginning, where its code goes back to, and behind its calls; a loop only at its beginning.
    pub fn entrances(&self) -> Vec<usize> {
        if !self.exits.is_empty() {
            return vec![0];
        }
        let words = self.code.iter().enumerate();
        let mut all: Vec<usize> = words
            .filter_map(|(at, word)| match word.target() {
                Some(target) => (target <= at).then_some(target),
                None => (word.op == Op::Call).then_some(at + 1),
            })
            .collect();
        all.push(0);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether it may run longer than it is.
    pub fn has_loop(&self) -> bool {
        let mut words = self.code.iter().enumerate();
        words.any(|(at, word)| word.target().is_some_and(|t| t <= at))
    }

    /// One of its words for people; `name` tells what functions are called.
    pub(crate) fn word(&self, word: Word, name: impl Fn(usize) -> String) -> String {
        let (op, shape) = word.op.row();
        let Word { a, b, c, n, .. } = word;
        let operands = match shape {
            Shape::Number => format!("r{a}, {n}"),
            Shape::Constant => {
                let value = usize::try_from(n).ok().and_then(|n| self.constants.get(n));
                format!("r{a}, {}", value.copied().unwrap_or_default())
            }
            Shape::Two => format!("r{a}, r{b}"),
            Shape::Three => format!("r{a}, r{b}, r{c}"),
            Shape::Sum => format!("r{a}, r{b}, {n}"),
            Shape::Jump => format!("@{n}"),
            Shape::Test => format!("r{a}, @{n}"),
            Shape::Compare => format!("r{a}, r{b}, @{n}"),
            Shape::Call => {
                let called = usize::try_from(n).map_or_else(|_| "?".to_owned(), name);
                format!("r{a}, {called}")
            }
            Shape::One => format!("r{a}"),
            Shape::Alone => String::new(),
            Shape::Turn => format!("r{a}, {}, @{n}", word.cost()),
            Shape::Fuel => n.to_string(),
        };
        format!("{op:7} {operands}").trim_end().to_owned()
    }
}
