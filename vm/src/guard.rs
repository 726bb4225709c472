//! Arithmetic and comparison of `$[...]` on values as they are, without text and without the reader.
//!
//! Each function answers only where it is certain to answer what the reader and evaluator of stdlib would (vm.md 3), and
//! gives up (`None`) everywhere else; a property test compares them. Holes stand where an operand stands, so a value is one
//! token: a whole number, or a word. A negative number is two tokens, minus and a number, which is the same value here,
//! because no operator that binds tighter than the sign has a short form.

use strowger_stdlib::Value;
use strowger_stdlib::expr;
use strowger_stdlib::template::{BODY_LIMIT, VALUE_LIMIT};
use strowger_stdlib::value::INT_BOUND;

/// Digits of text that is taken for a number: sums of two such numbers stay below the bound of whole numbers.
const DIGITS: usize = 17;

/// Bytes of an operand. As many operands as an expression has holes, with what stands between them, stay below the limit of the
/// text of an expression, so that nothing of it is cut off.
const OPERAND: usize = (BODY_LIMIT - VALUE_LIMIT) / expr::HOLES;

/// How two things are compared; the number in an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    LessEqual,
    /// `>=`
    GreaterEqual,
}

impl Comparison {
    /// How many there are.
    pub(crate) const COUNT: usize = 6;

    /// Of an instruction; a verified one holds nothing else.
    pub(crate) fn from_byte(b: u8) -> Comparison {
        match b {
            0 => Comparison::Equal,
            1 => Comparison::Unequal,
            2 => Comparison::Less,
            3 => Comparison::Greater,
            4 => Comparison::LessEqual,
            _ => Comparison::GreaterEqual,
        }
    }

    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::Unequal => "!=",
            Comparison::Less => "<",
            Comparison::Greater => ">",
            Comparison::LessEqual => "<=",
            Comparison::GreaterEqual => ">=",
        }
    }

    /// The one that holds when this one does not.
    pub fn opposite(self) -> Comparison {
        match self {
            Comparison::Equal => Comparison::Unequal,
            Comparison::Unequal => Comparison::Equal,
            Comparison::Less => Comparison::GreaterEqual,
            Comparison::Greater => Comparison::LessEqual,
            Comparison::LessEqual => Comparison::Greater,
            Comparison::GreaterEqual => Comparison::Less,
        }
    }

    /// With the sides exchanged.
    pub fn mirrored(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::Greater => Comparison::Less,
            Comparison::LessEqual => Comparison::GreaterEqual,
            Comparison::GreaterEqual => Comparison::LessEqual,
            same => same,
        }
    }

    /// Whether it holds between two things.
    pub(crate) fn holds<T: Ord + ?Sized>(self, a: &T, b: &T) -> bool {
        match self {
            Comparison::Equal => a == b,
            Comparison::Unequal => a != b,
            Comparison::Less => a < b,
            Comparison::Greater => a > b,
            Comparison::LessEqual => a <= b,
            Comparison::GreaterEqual => a >= b,
        }
    }
}

/// The whole number that an operand is: one that is kept as such, or text of digits alone.
#[inline]
pub(crate) fn number(v: &Value) -> Option<i64> {
    match v {
        Value::Int(n) => Some(*n),
        Value::Str(text) => digits(text.as_bytes()),
    }
}

/// The whole number that an operand is, if its text is what the machine itself would write.
#[inline]
pub(crate) fn plain(v: &Value) -> Option<i64> {
    match v {
        Value::Int(n) => Some(*n),
        Value::Str(text) => plain_text(text.as_bytes()),
    }
}

/// The same of text.
pub(crate) fn plain_text(text: &[u8]) -> Option<i64> {
    let is_plain = text == b"0" || text.first() != Some(&b'0');
    digits(text).filter(|_| is_plain)
}

/// The whole number that a text is.
pub(crate) fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > DIGITS || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
}

#[inline]
fn whole(n: Option<i64>) -> Option<Value> {
    n.filter(|n| -INT_BOUND < *n && *n < INT_BOUND)
        .map(Value::Int)
}

#[inline]
pub(crate) fn add(a: i64, b: i64) -> Option<Value> {
    whole(a.checked_add(b))
}

pub(crate) fn subtract(a: i64, b: i64) -> Option<Value> {
    whole(a.checked_sub(b))
}

pub(crate) fn multiply(a: i64, b: i64) -> Option<Value> {
    // A floating point zero has a sign.
    match a.checked_mul(b) {
        Some(0) if a < 0 || b < 0 => None,
        product => whole(product),
    }
}

pub(crate) fn divide(a: i64, b: i64) -> Option<Value> {
    (b != 0 && a % b == 0 && (a != 0 || b > 0)).then(|| Value::Int(a / b))
}

pub(crate) fn remainder(a: i64, b: i64) -> Option<Value> {
    if b == 0 {
        return None;
    }
    match a % b {
        0 if a < 0 => None,
        rest => Some(Value::Int(rest)),
    }
}

pub(crate) fn negate(a: i64) -> Option<Value> {
    (a != 0).then_some(Value::Int(-a))
}

/// `ABS(a)`, which is exact in an expression.
pub(crate) fn absolute(a: i64) -> Option<Value> {
    whole(a.checked_abs())
}

/// `a & b` of numbers.
pub(crate) fn and(a: &Value, b: &Value) -> Option<Value> {
    let (a, b) = (plain(a)?, plain(b)?);
    Some(Value::Int(if b == 0 { 0 } else { a }))
}

/// `a | b` of numbers.
pub(crate) fn or(a: &Value, b: &Value) -> Option<Value> {
    let (a, b) = (plain(a)?, plain(b)?);
    Some(Value::Int(if a == 0 { b } else { a }))
}

/// The chosen side of `a ? b :: c`, as it is.
pub(crate) fn choose(condition: &Value, then: &Value, otherwise: &Value) -> Option<Value> {
    let n = plain(condition)?;
    // Both sides are read, so both must be operands.
    if !is_operand(then) || !is_operand(otherwise) {
        return None;
    }
    Some(if n != 0 { then } else { otherwise }.clone())
}

fn is_operand(v: &Value) -> bool {
    match v {
        Value::Int(_) => true,
        Value::Str(text) => digits(text.as_bytes()).is_some() || is_word(text.as_bytes()),
    }
}

/// Text that is one word of an expression and no number.
fn is_word(text: &[u8]) -> bool {
    matches!(text.first(), Some(first) if !first.is_ascii_digit())
        && text.len() <= OPERAND
        && text.iter().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'#' | b'^' | 0x80..)
        })
}

/// `a = b` and its relatives between numbers and words (DL-211).
#[inline]
pub(crate) fn compare(how: Comparison, a: &Value, b: &Value) -> Option<bool> {
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        return Some(how.holds(a, b));
    }
    compare_text(how, a, b)
}

fn compare_text(how: Comparison, a: &Value, b: &Value) -> Option<bool> {
    if !is_operand(a) || !is_operand(b) {
        return None;
    }
    match (number(a), number(b)) {
        (Some(a), Some(b)) => Some(how.holds(&a, &b)),
        _ => Some(how.holds(&*a.bytes(), &*b.bytes())),
    }
}

/// Whether two texts in quotes are the same.
#[inline]
pub(crate) fn same_text(a: &[u8], b: &[u8]) -> Option<bool> {
    (is_quotable(a) && is_quotable(b)).then(|| a == b)
}

/// Whether two values in quotes are the same.
pub(crate) fn same(a: &Value, b: &Value) -> Option<bool> {
    same_text(&a.bytes(), &b.bytes())
}

fn is_quotable(text: &[u8]) -> bool {
    text.len() <= OPERAND && !text.contains(&b'"')
}

/// Whether a condition that consists of one value holds; `None`: the value may be taken apart by what reads the condition.
pub(crate) fn truth(v: &Value) -> Option<bool> {
    match v {
        Value::Int(n) => Some(*n != 0),
        Value::Str(text) => {
            let text = text.as_bytes();
            (text.len() <= VALUE_LIMIT && text.iter().all(u8::is_ascii_alphanumeric))
                .then(|| strowger_stdlib::value::truth(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strowger_stdlib::expr;

    fn operand() -> impl Strategy<Value = Value> {
        prop_oneof![
            (-40i64..40).prop_map(Value::Int),
            (-INT_BOUND + 1..INT_BOUND).prop_map(Value::Int),
            Just(Value::Int(INT_BOUND - 1)),
            "[0-9]{0,19}".prop_map(|t| Value::from(t.as_str())),
            "[-0-9a-zA-Z. \"$_@=(]{0,5}".prop_map(|t| Value::from(t.as_str())),
            "[a-z]{1,4}".prop_map(|t| Value::from(t.as_str())),
        ]
    }

    fn slow(pieces: &[&[u8]]) -> Value {
        expr::evaluate(&pieces.concat())
    }

    /// What an operator has for a short form.
    type Quick = fn(&Value, &Value) -> Option<Value>;

    fn numbers(f: fn(i64, i64) -> Option<Value>, a: &Value, b: &Value) -> Option<Value> {
        f(number(a)?, number(b)?)
    }

    #[test]
    fn what_is_answered_at_once() {
        assert_eq!(add(41, 1), Some(Value::Int(42)));
        assert_eq!(number(&Value::from("007")), Some(7));
        assert_eq!(divide(7, 2), None);
        assert_eq!(divide(8, 2), Some(Value::Int(4)));
        assert_eq!(multiply(0, -1), None);
        assert_eq!(add(INT_BOUND - 1, 1), None);
        assert_eq!(
            compare(Comparison::Less, &"08".into(), &Value::Int(18)),
            Some(true)
        );
        assert_eq!(
            compare(Comparison::Equal, &"abc".into(), &"abc".into()),
            Some(true)
        );
        assert_eq!(compare(Comparison::Equal, &"".into(), &Value::Int(1)), None);
        assert_eq!(same(&"".into(), &"".into()), Some(true));
        assert_eq!(same(&"a\"".into(), &"a".into()), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_answered_is_what_the_reader_answers(a in operand(), b in operand(), c in operand()) {
            let (ta, tb, tc) = (a.bytes(), b.bytes(), c.bytes());
            let operators: [(&[u8], Quick); 13] = [
                (b" + ", |a, b| numbers(add, a, b)),
                (b" - ", |a, b| numbers(subtract, a, b)),
                (b" * ", |a, b| numbers(multiply, a, b)),
                (b" / ", |a, b| numbers(divide, a, b)),
                (b" % ", |a, b| numbers(remainder, a, b)),
                (b" & ", and),
                (b" | ", or),
                (b" = ", |a, b| compare(Comparison::Equal, a, b).map(Value::truth_value)),
                (b" != ", |a, b| compare(Comparison::Unequal, a, b).map(Value::truth_value)),
                (b" < ", |a, b| compare(Comparison::Less, a, b).map(Value::truth_value)),
                (b" > ", |a, b| compare(Comparison::Greater, a, b).map(Value::truth_value)),
                (b" <= ", |a, b| compare(Comparison::LessEqual, a, b).map(Value::truth_value)),
                (b" >= ", |a, b| compare(Comparison::GreaterEqual, a, b).map(Value::truth_value)),
            ];
            for (sign, quick) in operators {
                if let Some(v) = quick(&a, &b) {
                    prop_assert_eq!(v, slow(&[&ta, sign, &tb]), "{:?}", sign.escape_ascii().to_string());
                }
            }
            if let Some(v) = choose(&a, &b, &c) {
                prop_assert_eq!(v, slow(&[&ta, b" ? ", &tb, b" :: ", &tc]));
            }
            if let Some(v) = number(&a).and_then(absolute) {
                prop_assert_eq!(v, slow(&[b"ABS(", &ta, b")"]));
                prop_assert_eq!(Value::Int(0), slow(&[b"ABS(", &ta, b") >= 1000000000000000000"]));
            }
            if let Some(v) = number(&a).and_then(negate) {
                prop_assert_eq!(v, slow(&[b"-", &ta]));
            }
            if let Value::Int(n) = a {
                prop_assert_eq!(Value::truth_value(n == 0), slow(&[b"!", &ta]));
            }
            if let Some(v) = same(&a, &b) {
                prop_assert_eq!(Value::truth_value(v), slow(&[b"\"", &ta, b"\" = \"", &tb, b"\""]));
            }
        }
    }
}
