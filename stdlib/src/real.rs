//! The numbers of `$[...]`: 80-bit extended floating point, as Asterisk on
//! x86 computes with, printed like C's `%.18Lg` (DL-208). Integers below 10^18
//! take a short way that gives the same answers.

use std::cmp::Ordering;

use rustc_apfloat::ieee::X87DoubleExtended as Extended;
use rustc_apfloat::{Float, Round};

use crate::value::INT_BOUND;

/// A number. Equal numbers may be held in either form.
#[derive(Clone, Copy, Debug)]
pub struct Real(Form);

#[derive(Clone, Copy, Debug)]
enum Form {
    /// Below [`INT_BOUND`] in magnitude; zero is the positive one.
    Int(i64),
    Extended(Extended),
}

impl From<i64> for Real {
    fn from(number: i64) -> Real {
        if number > -INT_BOUND && number < INT_BOUND {
            Real(Form::Int(number))
        } else {
            Real(Form::Extended(
                Extended::from_i128(i128::from(number)).value,
            ))
        }
    }
}

impl From<Extended> for Real {
    fn from(number: Extended) -> Real {
        Real(Form::Extended(number))
    }
}

impl Real {
    /// Reads `digits[.digits]` at the start of `text`; 0 if there is nothing.
    pub fn read(text: &[u8]) -> Real {
        let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let fraction = match text.get(whole) {
            Some(b'.') => text[whole + 1..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count(),
            _ => 0,
        };
        if fraction == 0 && whole <= 18 {
            return Real(Form::Int(
                text[..whole]
                    .iter()
                    .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')),
            ));
        }
        let end = if fraction > 0 {
            whole + 1 + fraction
        } else {
            whole
        };
        let mut spelled = String::with_capacity(end + 1);
        spelled.push('0');
        spelled.extend(text[..end].iter().map(|byte| char::from(*byte)));
        let number = Extended::from_str_r(&spelled, Round::NearestTiesToEven)
            .map_or(Extended::ZERO, |status| status.value);
        Real(Form::Extended(number))
    }

    /// In 80 bits.
    pub fn extended(self) -> Extended {
        match self.0 {
            Form::Int(number) => Extended::from_i128(i128::from(number)).value,
            Form::Extended(number) => number,
        }
    }

    /// The integer that the number prints as, if it does.
    pub fn as_int(self) -> Option<i64> {
        match self.0 {
            Form::Int(number) => Some(number),
            Form::Extended(number) => {
                if number.is_neg_zero() || !number.is_finite() || !number.is_integer() {
                    return None;
                }
                let mut exact = false;
                let wide = number.to_i128_r(64, Round::TowardZero, &mut exact).value;
                i64::try_from(wide)
                    .ok()
                    .filter(|small| exact && *small > -INT_BOUND && *small < INT_BOUND)
            }
        }
    }

    /// The integer part, as near as 64 bits come to it.
    pub fn as_whole(self) -> i64 {
        match self.0 {
            Form::Int(number) => number,
            Form::Extended(number) => {
                let mut exact = false;
                let wide = number.to_i128_r(64, Round::TowardZero, &mut exact).value;
                i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX })
            }
        }
    }

    /// Whether it is a zero of either sign.
    pub fn is_zero(self) -> bool {
        match self.0 {
            Form::Int(number) => number == 0,
            Form::Extended(number) => number.is_zero(),
        }
    }

    /// Order; `None` if one is not a number.
    pub fn compare(self, other: Real) -> Option<Ordering> {
        match (self.0, other.0) {
            (Form::Int(a), Form::Int(b)) => Some(a.cmp(&b)),
            _ => self.extended().partial_cmp(&other.extended()),
        }
    }

    /// The text, like `%.18Lg`.
    pub fn print(self) -> String {
        match self.0 {
            Form::Int(number) => number.to_string(),
            Form::Extended(number) => print_extended(number),
        }
    }
}

impl std::ops::Add for Real {
    type Output = Real;

    fn add(self, other: Real) -> Real {
        match (self.0, other.0) {
            (Form::Int(a), Form::Int(b)) => Real::from(a + b),
            _ => (self.extended() + other.extended()).value.into(),
        }
    }
}

impl std::ops::Sub for Real {
    type Output = Real;

    fn sub(self, other: Real) -> Real {
        match (self.0, other.0) {
            (Form::Int(a), Form::Int(b)) => Real::from(a - b),
            _ => (self.extended() - other.extended()).value.into(),
        }
    }
}

/// Product. A zero with a sign is possible.
impl std::ops::Mul for Real {
    type Output = Real;

    fn mul(self, other: Real) -> Real {
        if let (Form::Int(a), Form::Int(b)) = (self.0, other.0)
            && a != 0
            && b != 0
            && let Some(product) = a.checked_mul(b)
            && product > -INT_BOUND
            && product < INT_BOUND
        {
            return Real(Form::Int(product));
        }
        (self.extended() * other.extended()).value.into()
    }
}

/// Quotient.
impl std::ops::Div for Real {
    type Output = Real;

    fn div(self, other: Real) -> Real {
        if let (Form::Int(a), Form::Int(b)) = (self.0, other.0)
            && a != 0
            && b != 0
            && a % b == 0
        {
            return Real(Form::Int(a / b));
        }
        (self.extended() / other.extended()).value.into()
    }
}

/// What is left after a division towards zero; it has the sign of `self`.
impl std::ops::Rem for Real {
    type Output = Real;

    fn rem(self, other: Real) -> Real {
        if let (Form::Int(a), Form::Int(b)) = (self.0, other.0)
            && a > 0
            && b != 0
        {
            return Real(Form::Int(a % b));
        }
        self.extended().c_fmod(other.extended()).value.into()
    }
}

/// The number with the other sign; `-0` exists.
impl std::ops::Neg for Real {
    type Output = Real;

    fn neg(self) -> Real {
        match self.0 {
            Form::Int(number) if number != 0 => Real(Form::Int(-number)),
            _ => (-self.extended()).into(),
        }
    }
}

/// Significant digits of `%.18Lg`.
const DIGITS: usize = 18;

fn print_extended(number: Extended) -> String {
    let sign = if number.is_negative() { "-" } else { "" };
    if number.is_nan() {
        return format!("{sign}nan");
    }
    if number.is_infinite() {
        return format!("{sign}inf");
    }
    if number.is_zero() {
        return format!("{sign}0");
    }
    let (digits, exponent) = significant(number);
    let kept = digits.trim_end_matches('0');
    let kept = if kept.is_empty() { "0" } else { kept };
    if exponent < -4 || exponent >= DIGITS as i32 {
        let (first, rest) = kept.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!(
            "{sign}{first}{point}{rest}e{exponent_sign}{:02}",
            exponent.unsigned_abs()
        );
    }
    if exponent < 0 {
        let zeros = "0".repeat((-exponent - 1).unsigned_abs() as usize);
        return format!("{sign}0.{zeros}{kept}");
    }
    let whole = exponent.unsigned_abs() as usize + 1;
    if kept.len() <= whole {
        let zeros = "0".repeat(whole - kept.len());
        return format!("{sign}{kept}{zeros}");
    }
    let (front, back) = kept.split_at(whole);
    format!("{sign}{front}.{back}")
}

/// [`DIGITS`] decimal digits, correctly rounded (ties to even), and the power
/// of ten of the first.
fn significant(number: Extended) -> (String, i32) {
    let bits = number.to_bits();
    // The 64-bit significand has an explicit leading one.
    let significand = bits as u64;
    let biased = ((bits >> 64) & 0x7fff) as i32;
    let exponent = biased.max(1) - 16383 - 63;
    let mut big = Big::from(significand);
    let point;
    if exponent >= 0 {
        big.shift_left(exponent.unsigned_abs());
        point = 0;
    } else {
        // m * 2^-k = m * 5^k / 10^k
        let mut left = exponent.unsigned_abs();
        // Drop common factors of two first: most numbers are short.
        let twos = significand.trailing_zeros().min(left);
        big = Big::from(significand >> twos);
        left -= twos;
        big.multiply_power_of_five(left);
        point = -(left as i32);
    }
    let all = big.decimal();
    let magnitude = all.len() as i32 - 1 + point;
    if all.len() <= DIGITS {
        return (all, magnitude);
    }
    let (kept, rest) = all.split_at(DIGITS);
    let half = match rest.as_bytes()[0].cmp(&b'5') {
        Ordering::Equal if rest[1..].bytes().all(|digit| digit == b'0') => Ordering::Equal,
        Ordering::Equal => Ordering::Greater,
        other => other,
    };
    let last_is_odd = kept.as_bytes()[DIGITS - 1] % 2 == 1;
    let up = half == Ordering::Greater || (half == Ordering::Equal && last_is_odd);
    if !up {
        return (kept.to_owned(), magnitude);
    }
    let mut digits = kept.as_bytes().to_vec();
    for digit in digits.iter_mut().rev() {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return (
                digits.iter().map(|digit| char::from(*digit)).collect(),
                magnitude,
            );
        }
    }
    // All nines.
    let rounded = std::iter::once('1')
        .chain(std::iter::repeat_n('0', DIGITS - 1))
        .collect();
    (rounded, magnitude + 1)
}

/// A natural number, least significant limb first.
struct Big(Vec<u32>);

impl From<u64> for Big {
    fn from(number: u64) -> Big {
        Big(vec![number as u32, (number >> 32) as u32])
    }
}

impl Big {
    fn multiply(&mut self, factor: u32) {
        let mut carry = 0u64;
        for limb in &mut self.0 {
            let product = u64::from(*limb) * u64::from(factor) + carry;
            *limb = product as u32;
            carry = product >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn multiply_power_of_five(&mut self, mut power: u32) {
        // 5^13 is the largest that fits a limb.
        while power >= 13 {
            self.multiply(1_220_703_125);
            power -= 13;
        }
        self.multiply(5u32.pow(power));
    }

    fn shift_left(&mut self, bits: u32) {
        self.multiply(1 << (bits % 32));
        let mut limbs = vec![0; (bits / 32) as usize];
        limbs.append(&mut self.0);
        self.0 = limbs;
    }

    fn decimal(mut self) -> String {
        let mut groups = Vec::new();
        loop {
            while self.0.last() == Some(&0) {
                self.0.pop();
            }
            if self.0.is_empty() {
                break;
            }
            let mut rest = 0u64;
            for limb in self.0.iter_mut().rev() {
                let part = (rest << 32) | u64::from(*limb);
                *limb = (part / 1_000_000_000) as u32;
                rest = part % 1_000_000_000;
            }
            groups.push(rest);
        }
        let mut text = groups.pop().unwrap_or(0).to_string();
        for group in groups.iter().rev() {
            text.push_str(&format!("{group:09}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        (Real::read(text.as_bytes()) + Real::from(Extended::ZERO)).print()
    }

    #[test]
    fn eighteen_digits_are_printed() {
        assert_eq!(shown("0.1"), "0.1");
        assert_eq!(shown("1234567890123456789"), "1.23456789012345679e+18");
        assert_eq!(shown("100000000000000000.5"), "100000000000000000");
        assert_eq!(shown("100000000000000001.5"), "100000000000000002");
        assert_eq!(shown("99999999999999999999"), "1e+20");
        assert_eq!(shown("0.0001"), "0.0001");
        assert_eq!(shown("0.00001"), "1e-05");
        let third = Real::from(1) / Real::from(3);
        assert_eq!(third.print(), "0.333333333333333333");
    }

    #[test]
    fn zero_keeps_its_sign() {
        assert_eq!((-Real::from(0)).print(), "-0");
        assert_eq!((Real::from(-5) * Real::from(0)).print(), "-0");
        assert_eq!((Real::from(-6) % Real::from(3)).print(), "-0");
    }
}
