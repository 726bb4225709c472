//! The expression that loops and tests consist of, two whole numbers and an operator, without the reader. Whatever is not exactly
//! that goes the slow way; the result is the same (a test compares them).

use strowger_stdlib::Value;

/// Digits that an operand may have: sums of two such numbers stay below the bound of whole numbers.
const DIGITS: usize = 17;

/// Evaluates `number operator number`; `None`: not of that form, or not exact in whole numbers.
pub(crate) fn evaluate(text: &[u8]) -> Option<Value> {
    let (left, rest) = number(blanks(text))?;
    let rest = blanks(rest);
    let sign = rest.iter().take_while(|b| b"+-*<>=!".contains(b)).count();
    let (operator, rest) = rest.split_at(sign);
    let (right, rest) = number(blanks(rest))?;
    if !blanks(rest).is_empty() {
        return None;
    }
    Some(match operator {
        b"+" => Value::int(left + right),
        b"-" => Value::int(left - right),
        b"*" => Value::int(
            left.checked_mul(right)
                .filter(|n| *n < strowger_stdlib::value::INT_BOUND)?,
        ),
        b"=" | b"==" => Value::truth_value(left == right),
        b"!=" => Value::truth_value(left != right),
        b"<" => Value::truth_value(left < right),
        b"<=" => Value::truth_value(left <= right),
        b">" => Value::truth_value(left > right),
        b">=" => Value::truth_value(left >= right),
        _ => return None,
    })
}

fn blanks(text: &[u8]) -> &[u8] {
    let n = text.iter().take_while(|b| b" \t\r\n".contains(b)).count();
    &text[n..]
}

/// Digits and nothing that would make them part of a word.
fn number(text: &[u8]) -> Option<(i64, &[u8])> {
    let n = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if n == 0 || n > DIGITS {
        return None;
    }
    let value = text[..n]
        .iter()
        .fold(0, |v, b| v * 10 + i64::from(b - b'0'));
    Some((value, &text[n..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strowger_stdlib::expr::{self, Machine, Need};

    fn slow(text: &[u8]) -> Value {
        let mut machine = Machine::new(std::sync::Arc::new(expr::compile(text)));
        loop {
            match machine.step() {
                Need::Done(value) => return value,
                Need::Call { .. } => machine.fail(),
            }
        }
    }

    proptest! {
        #[test]
        fn fast_and_slow_agree(text in "[ ]{0,2}[0-9]{1,19}[ ]?[-+*<>=!/%.a]{0,2}[ ]{0,2}[0-9]{0,18}[ a.]?") {
            if let Some(fast) = evaluate(text.as_bytes()) {
                prop_assert_eq!(fast, slow(text.as_bytes()));
            }
        }
    }

    #[test]
    fn what_is_fast() {
        assert_eq!(evaluate(b"41 + 1"), Some(Value::int(42)));
        assert_eq!(evaluate(b"007<8"), Some(Value::int(1)));
        for slow in [
            "1.5+1",
            "1+",
            "a+1",
            "1 2",
            "1+1+1",
            "-1+1",
            "7/2",
            "999999999999999999+1",
            "99999999999999999*99",
        ] {
            assert_eq!(evaluate(slow.as_bytes()), None, "{slow}");
        }
    }
}
