//! Functions that compute.

use crate::args;
use crate::pure::{Answer, Input, Pure, plain, reading};
use crate::scan;
use crate::sprintf;
use crate::value::Value;

pub(crate) const FUNCTIONS: &[Pure] = &[
    plain("MATH", math),
    reading("INC", |input| step(input, 1)),
    reading("DEC", |input| step(input, -1)),
    plain("MIN", |input| extreme(input, f64::gt)),
    plain("MAX", |input| extreme(input, f64::lt)),
    plain("ABS", absolute),
    plain("DIGIT_SUM", digit_sum),
    plain("SPRINTF", sprintf::sprintf),
];

#[derive(Clone, Copy)]
enum Operator {
    Multiply,
    Divide,
    Modulus,
    Power,
    And,
    Xor,
    Or,
    GreaterEqual,
    ShiftRight,
    Greater,
    LessEqual,
    ShiftLeft,
    Less,
    Equal,
    Add,
    Subtract,
}

/// In the order in which they are looked for.
const OPERATORS: [(&[u8], Operator); 16] = [
    (b"*", Operator::Multiply),
    (b"/", Operator::Divide),
    (b"%", Operator::Modulus),
    (b"^", Operator::Power),
    (b"AND", Operator::And),
    (b"XOR", Operator::Xor),
    (b"OR", Operator::Or),
    (b">=", Operator::GreaterEqual),
    (b">>", Operator::ShiftRight),
    (b">", Operator::Greater),
    (b"<=", Operator::LessEqual),
    (b"<<", Operator::ShiftLeft),
    (b"<", Operator::Less),
    (b"==", Operator::Equal),
    (b"+", Operator::Add),
    (b"-", Operator::Subtract),
];

/// Two numbers and one operator; what follows the second number is ignored.
fn math(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 2);
    let text = args::argument(&parts, 0);
    if text.is_empty() {
        return Answer::failed("Usage: MATH(number operator number[,type])");
    }
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let Some((left, operator, right)) = find_operator(text) else {
        return Answer::failed("MATH: no operator");
    };
    let form = match parts.get(1).map(Vec::as_slice) {
        None => Form::Float,
        Some(name) => match Form::named(name) {
            Some(form) => form,
            None => return Answer::failed("MATH: unknown type of result"),
        },
    };
    let (Some((a, _)), Some((b, _))) = (scan::float(left), scan::float(right)) else {
        return Answer::failed("MATH: not a number");
    };
    let a = if negative { 0.0 - a } else { a };
    let (x, y) = (to_int(a), to_int(b));
    let verdict = |is_true: bool| Answer::value(if is_true { "TRUE" } else { "FALSE" });
    let result = match operator {
        Operator::Multiply => a * b,
        // Division by nothing, and by less, gives nothing.
        Operator::Divide if b <= 0.0 => 0.0,
        Operator::Divide => a / b,
        Operator::Modulus if y == 0 => 0.0,
        Operator::Modulus => f64::from(x.wrapping_rem(y)),
        Operator::Power => a.powf(b),
        Operator::And => f64::from(x & y),
        Operator::Xor => f64::from(x ^ y),
        Operator::Or => f64::from(x | y),
        // The processor takes the low five bits of the count.
        Operator::ShiftRight => f64::from(x.wrapping_shr(y as u32)),
        Operator::ShiftLeft => f64::from(x.wrapping_shl(y as u32)),
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::GreaterEqual => return verdict(a >= b),
        Operator::Greater => return verdict(a > b),
        Operator::LessEqual => return verdict(a <= b),
        Operator::Less => return verdict(a < b),
        Operator::Equal => return verdict(a == b),
    };
    Answer::value(form.print(result))
}

/// Cuts at the first operator of the list that occurs. Of `>`, `>=` and `>>`
/// the one that stands at the first `>` counts.
fn find_operator(text: &[u8]) -> Option<(&[u8], Operator, &[u8])> {
    for (index, (spelling, operator)) in OPERATORS.iter().enumerate() {
        let is_comparison = matches!(spelling, [b'<' | b'>', ..]);
        let needle = if is_comparison || *spelling == b"==" {
            &spelling[..1]
        } else {
            spelling
        };
        let Some(at) = text
            .windows(needle.len())
            .position(|window| window == needle)
        else {
            continue;
        };
        if !is_comparison {
            // A single `=` is no operator, and nothing else is looked for.
            if *needle == b"="[..] && text.get(at + 1) != Some(&b'=') {
                return None;
            }
            return Some((&text[..at], *operator, &text[at + spelling.len()..]));
        }
        // The longer spellings come first; the bare one is last of its three.
        for (spelling, operator) in &OPERATORS[index..index + 3] {
            if text[at..].starts_with(spelling) {
                return Some((&text[..at], *operator, &text[at + spelling.len()..]));
            }
        }
    }
    None
}

/// To a C `int` as x86 converts: what does not fit is the smallest one.
fn to_int(number: f64) -> i32 {
    let whole = number.trunc();
    if whole >= f64::from(i32::MIN) && whole <= f64::from(i32::MAX) {
        whole as i32
    } else {
        i32::MIN
    }
}

#[derive(Clone, Copy)]
enum Form {
    Float,
    Int,
    Hex,
    Char,
}

impl Form {
    fn named(name: &[u8]) -> Option<Form> {
        Some(match name.to_ascii_lowercase().as_slice() {
            b"f" | b"float" => Form::Float,
            b"i" | b"int" => Form::Int,
            b"h" | b"hex" => Form::Hex,
            b"c" | b"char" => Form::Char,
            _ => return None,
        })
    }

    fn print(self, number: f64) -> Value {
        match self {
            Form::Float => Value::from(print_float(number).as_str()),
            Form::Int => Value::int(i64::from(to_int(number))),
            // Through 64 bits, of which the low half is kept.
            Form::Hex if number.abs() >= 9_223_372_036_854_775_808.0 => Value::Int(0),
            Form::Hex => Value::from(format!("{:x}", number as i64 as u32).as_str()),
            Form::Char => match to_int(number) as u8 {
                0 => Value::EMPTY,
                byte => Value::text(&[byte]),
            },
        }
    }
}

/// C's `%f`.
pub(crate) fn print_float(number: f64) -> String {
    if number.is_nan() {
        let sign = if number.is_sign_negative() { "-" } else { "" };
        return format!("{sign}nan");
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    format!("{number:.6}")
}

/// INC and DEC: a C `int`, and nothing but one.
fn step(input: &Input<'_>, by: i32) -> Answer {
    let name = args::split(input.args, 2);
    let name = args::argument(&name, 0);
    match scan::int32(input.variable) {
        Some((number, read)) if read == input.variable.len() => {
            let number = number.wrapping_add(by);
            Answer::value(i64::from(number)).set(name, i64::from(number))
        }
        _ => Answer::failed("INC and DEC need a variable that holds an integer"),
    }
}

/// An integer without decimals, anything else like `%f`.
fn print_number(number: f64) -> Value {
    if f64::from(to_int(number)) == number {
        Value::int(i64::from(to_int(number)))
    } else {
        Value::from(print_float(number).as_str())
    }
}

/// MIN and MAX. An absent number is as the other; what is no number loses to
/// nothing.
fn extreme(input: &Input<'_>, second_wins: fn(&f64, &f64) -> bool) -> Answer {
    let parts = args::split(input.args, 2);
    let given: Vec<&Vec<u8>> = parts.iter().filter(|part| !part.is_empty()).collect();
    if given.is_empty() {
        return Answer::error("MIN and MAX need two numbers");
    }
    let mut best: Option<f64> = None;
    for text in given {
        let Some((number, _)) = scan::float(text) else {
            return Answer::failed("MIN and MAX: not a number");
        };
        best = Some(match best {
            Some(best) if !second_wins(&best, &number) => best,
            _ => number,
        });
    }
    Answer::value(print_number(best.unwrap_or(0.0)))
}

fn absolute(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 1);
    match scan::float(args::argument(&parts, 0)) {
        Some((number, _)) => Answer::value(print_number(number.abs())),
        None => Answer::failed("ABS: not a number"),
    }
}

fn digit_sum(input: &Input<'_>) -> Answer {
    if input.args.is_empty() {
        return Answer::failed("DIGIT_SUM needs a number");
    }
    let sum = input
        .args
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|digit| i64::from(digit - b'0'))
        .sum::<i64>();
    Answer::value(sum)
}
