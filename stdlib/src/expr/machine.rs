//! The evaluator: a stack machine that stops for dialplan functions.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Comparison, Op, Program, Warning};
use crate::real::Real;
use crate::regex::Regex;
use crate::value::Value;
use crate::{realmath, scan};

/// Warnings kept by one machine; later ones are dropped.
const WARNING_LIMIT: usize = 64;

/// What a [`Machine`] wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The answer of a dialplan function; give it with [`Machine::feed`],
    /// [`Machine::feed_untouched`] or [`Machine::fail`].
    Call {
        /// Upper case, as written.
        name: Vec<u8>,
        /// The arguments joined by commas.
        args: Vec<u8>,
    },
    /// The value of the expression.
    Done(Value),
}

/// Runs a [`Program`]; may be kept while a function's answer is outstanding.
#[derive(Clone, Debug)]
pub struct Machine {
    program: Arc<Program>,
    next: usize,
    stack: Vec<Operand>,
    warnings: Vec<Warning>,
    /// Name and arguments of the function that was asked for.
    asked: Option<(Vec<u8>, Vec<u8>)>,
}

/// DL-210.
#[derive(Clone, Debug)]
enum Operand {
    /// The result of an operator.
    Number(Real),
    /// Text that looks like a number.
    Digits(Box<[u8]>),
    /// Any other text.
    Text(Box<[u8]>),
}

impl Machine {
    /// A machine at the start of `program`.
    pub fn new(program: Arc<Program>) -> Machine {
        let warnings = program.warnings.clone();
        Machine {
            program,
            next: 0,
            stack: Vec::new(),
            warnings,
            asked: None,
        }
    }

    /// Bytes of operands held, for memory accounting.
    pub fn heap_bytes(&self) -> usize {
        self.stack
            .iter()
            .map(|operand| match operand {
                Operand::Number(_) => 0,
                Operand::Digits(text) | Operand::Text(text) => text.len(),
            })
            .sum()
    }

    /// Takes the remarks made so far.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    /// Goes on until a function is needed or the value is there. Called again
    /// without an answer it takes the function for failed.
    pub fn step(&mut self) -> Need {
        if self.asked.is_some() {
            self.fail();
        }
        let program = Arc::clone(&self.program);
        while let Some(op) = program.ops.get(self.next) {
            self.next += 1;
            if let Some(need) = self.run(op) {
                return need;
            }
        }
        let value = match self.stack.pop() {
            None => Value::EMPTY,
            Some(operand) => operand.into_value(),
        };
        Need::Done(value)
    }

    /// Answers the last [`Need::Call`].
    pub fn feed(&mut self, value: Value) {
        if self.asked.take().is_some() {
            self.stack.push(Operand::from_answer(&value.bytes()));
        }
    }

    /// Answers that the function gave no result, be it that it failed: its
    /// argument text then stands for one.
    pub fn feed_untouched(&mut self) {
        if let Some((_, args)) = self.asked.take() {
            self.stack.push(Operand::from_answer(&args));
        }
    }

    /// Answers that there is no such function: its value is 0.
    pub fn fail(&mut self) {
        if let Some((name, _)) = self.asked.take() {
            self.warn(Warning::FunctionFailed(name));
            self.stack.push(Operand::Number(Real::from(0)));
        }
    }

    fn warn(&mut self, warning: Warning) {
        if self.warnings.len() < WARNING_LIMIT {
            self.warnings.push(warning);
        }
    }

    /// The program is well formed, so there is always an operand.
    fn pop(&mut self) -> Operand {
        self.stack.pop().unwrap_or(Operand::Text(Box::default()))
    }

    fn run(&mut self, op: &Op) -> Option<Need> {
        let result = match op {
            Op::Number(text) => Operand::Digits(text.clone()),
            Op::Text(text) => Operand::Text(text.clone()),
            Op::Empty => Operand::Text(Box::default()),
            Op::Choose => {
                let otherwise = self.pop();
                let then = self.pop();
                if self.pop().chooses() {
                    then
                } else {
                    otherwise
                }
            }
            Op::Or => {
                let right = self.pop();
                let left = self.pop().settled();
                if left.is_zero_or_empty() { right } else { left }
            }
            Op::And => {
                let right = self.pop();
                let left = self.pop().settled();
                if left.is_zero_or_empty() || right.is_zero_or_empty() {
                    Operand::Number(Real::from(0))
                } else {
                    left
                }
            }
            Op::Compare(how) => {
                let right = self.pop();
                let left = self.pop();
                Operand::Number(Real::from(i64::from(compare(*how, left, right))))
            }
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder => {
                let right = self.pop();
                let left = self.pop();
                if self.program.whole {
                    self.whole(op, &left, &right)
                } else {
                    Operand::Number(self.arithmetic(op, &left, &right))
                }
            }
            Op::Negate => Operand::Number(match self.pop().number() {
                Some(number) => -number,
                None => {
                    self.warn(Warning::NotNumeric);
                    Real::from(0)
                }
            }),
            Op::Not => Operand::Number(Real::from(i64::from(!self.pop().holds()))),
            Op::MatchStart | Op::MatchAnywhere => {
                let pattern = self.pop().into_unquoted();
                let text = self.pop().into_unquoted();
                self.matching(&text, &pattern, *op == Op::MatchStart)
            }
            Op::Concatenate => {
                let right = self.pop().into_unquoted();
                let mut text = self.pop().into_unquoted();
                text.extend_from_slice(&right);
                Operand::from_text(&text)
            }
            Op::Call { name, count } => {
                let start = self.stack.len().saturating_sub(*count);
                let args = self.stack.split_off(start);
                match self.call(name, args) {
                    Ok(operand) => operand,
                    Err(need) => return Some(need),
                }
            }
        };
        self.stack.push(result);
        None
    }

    /// DL-215.
    fn arithmetic(&mut self, op: &Op, left: &Operand, right: &Operand) -> Real {
        let zero = Real::from(0);
        let (a, b) = match (op, left.number(), right.number()) {
            (_, Some(a), Some(b)) => (a, b),
            (op, a, b) => {
                self.warn(Warning::NotNumeric);
                return match (op, a, b) {
                    (Op::Add, Some(number), None) | (Op::Add, None, Some(number)) => number,
                    (Op::Subtract, Some(number), None) => number,
                    (Op::Subtract, None, Some(number)) => zero - number,
                    (Op::Divide, Some(_), None) => Real::from(i64::from(i32::MAX)),
                    _ => zero,
                };
            }
        };
        match op {
            Op::Add => a + b,
            Op::Subtract => a - b,
            Op::Multiply => a * b,
            _ if b.is_zero() => {
                self.warn(Warning::DivisionByZero);
                if *op == Op::Divide {
                    Real::from(i64::from(i32::MAX))
                } else {
                    b
                }
            }
            Op::Divide => a / b,
            _ => a % b,
        }
    }

    /// The same in 64-bit integers, which wrap (DL-208).
    fn whole(&mut self, op: &Op, left: &Operand, right: &Operand) -> Operand {
        let result = match (left.number(), right.number()) {
            (Some(a), Some(b)) if !(b.is_zero() && matches!(op, Op::Divide | Op::Remainder)) => {
                let (a, b) = (a.as_whole(), b.as_whole());
                match op {
                    Op::Add => a.wrapping_add(b),
                    Op::Subtract => a.wrapping_sub(b),
                    Op::Multiply => a.wrapping_mul(b),
                    Op::Divide => a.checked_div(b).unwrap_or(a),
                    _ => a.checked_rem(b).unwrap_or(0),
                }
            }
            _ => return Operand::Number(self.arithmetic(op, left, right)),
        };
        if result < crate::value::INT_BOUND {
            Operand::Number(Real::from(result))
        } else {
            // Larger ones would be printed with an exponent.
            Operand::Digits(result.to_string().into_bytes().into())
        }
    }

    /// DL-217.
    fn matching(&mut self, text: &[u8], pattern: &[u8], at_start: bool) -> Operand {
        let regex = match Regex::new(pattern) {
            Ok(regex) => regex,
            Err(error) => {
                self.warn(Warning::BadRegex(error.to_string()));
                return Operand::Text(Box::default());
            }
        };
        let found = regex
            .find(text)
            .filter(|found| !at_start || found.start() == 0);
        match found {
            Some(found) => match found.group(1) {
                Some(range) => Operand::from_text(&text[range]),
                None => Operand::Number(Real::from((found.end() - found.start()) as i64)),
            },
            None if regex.groups() == 0 => Operand::Number(Real::from(0)),
            None => Operand::Text(Box::default()),
        }
    }

    /// DL-219.
    fn call(&mut self, name: &[u8], args: Vec<Operand>) -> Result<Operand, Need> {
        if let Some(function) = realmath::Function::named(name) {
            if args.len() != function.arity() {
                self.warn(Warning::WrongArguments(name.to_vec()));
                return Ok(Operand::Number(Real::from(0)));
            }
            let mut numbers = Vec::with_capacity(args.len());
            for arg in &args {
                match arg.number() {
                    Some(number) => numbers.push(number),
                    None => {
                        self.warn(Warning::NotNumeric);
                        return Ok(Operand::Number(Real::from(0)));
                    }
                }
            }
            return Ok(Operand::Number(function.call(&numbers)));
        }
        let mut text = Vec::new();
        for (index, arg) in args.into_iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            text.extend_from_slice(&arg.into_text());
        }
        if !name
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
        {
            self.warn(Warning::FunctionFailed(name.to_vec()));
            return Ok(Operand::Number(Real::from(0)));
        }
        self.asked = Some((name.to_vec(), text.clone()));
        Err(Need::Call {
            name: name.to_vec(),
            args: text,
        })
    }
}

/// Bytes of a function's answer inside an expression (DL-219).
const CALL_LIMIT: usize = 511;

impl Operand {
    /// Text that an operator or a function made.
    fn from_text(text: &[u8]) -> Operand {
        let digits = !text.is_empty()
            && text
                .iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b'.');
        if digits {
            Operand::Digits(text.into())
        } else {
            Operand::Text(text.into())
        }
    }

    /// The answer of a function: made of digits, points, minus signs and
    /// blanks alone it is a number (the empty text is 0), else text.
    fn from_answer(text: &[u8]) -> Operand {
        let text = &text[..text.len().min(CALL_LIMIT)];
        let is_number = text
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b' ' | b'\t'));
        if !is_number {
            return Operand::Text(text.into());
        }
        let digits = scan::trim_start(text);
        Operand::Number(match digits.strip_prefix(b"-") {
            Some(digits) if digits.first().is_some_and(|first| *first != b'-') => {
                -Real::read(digits)
            }
            _ => Real::read(digits),
        })
    }

    fn number(&self) -> Option<Real> {
        match self {
            Operand::Number(number) => Some(*number),
            Operand::Digits(text) => Some(Real::read(text)),
            Operand::Text(_) => None,
        }
    }

    /// Being looked at as a number turns text that looks like one into one.
    fn settled(self) -> Operand {
        match self {
            Operand::Digits(text) => Operand::Number(Real::read(&text)),
            other => other,
        }
    }

    fn is_zero_or_empty(&self) -> bool {
        match self {
            Operand::Text(text) => text.is_empty(),
            other => other.number().is_some_and(Real::is_zero),
        }
    }

    /// The condition of `? ::` (DL-216).
    fn chooses(&self) -> bool {
        match self {
            Operand::Text(text) => !matches!(&**text, b"" | b"\"\"" | b"0"),
            other => !other.number().is_some_and(Real::is_zero),
        }
    }

    /// The operand of `!` (DL-214).
    fn holds(&self) -> bool {
        match self {
            Operand::Number(number) => !number.is_zero(),
            Operand::Digits(text) | Operand::Text(text) => {
                scan::integer(text).is_some_and(|(number, _)| number != 0)
            }
        }
    }

    fn into_text(self) -> Vec<u8> {
        match self {
            Operand::Number(number) => number.print().into_bytes(),
            Operand::Digits(text) | Operand::Text(text) => text.into_vec(),
        }
    }

    fn into_value(self) -> Value {
        match self {
            Operand::Number(number) => match number.as_int() {
                Some(number) => Value::int(number),
                None => Value::text(number.print().as_bytes()),
            },
            Operand::Digits(text) | Operand::Text(text) => Value::text(&text),
        }
    }

    /// Without quotes, if it starts and ends with one (DL-217).
    fn into_unquoted(self) -> Vec<u8> {
        let mut text = self.into_text();
        if text.first() == Some(&b'"') && text.last() == Some(&b'"') {
            text.retain(|byte| *byte != b'"');
        }
        text
    }
}

/// DL-211.
fn compare(how: Comparison, left: Operand, right: Operand) -> bool {
    let ordering = match (left.number(), right.number()) {
        (Some(a), Some(b)) => a.compare(b),
        _ => Some(left.into_text().cmp(&right.into_text())),
    };
    match how {
        Comparison::Equal => ordering.is_some_and(Ordering::is_eq),
        Comparison::Unequal => !ordering.is_some_and(Ordering::is_eq),
        Comparison::Less => ordering.is_some_and(Ordering::is_lt),
        Comparison::Greater => ordering.is_some_and(Ordering::is_gt),
        Comparison::LessEqual => ordering.is_some_and(Ordering::is_le),
        Comparison::GreaterEqual => ordering.is_some_and(Ordering::is_ge),
    }
}
