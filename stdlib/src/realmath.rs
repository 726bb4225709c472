//! The mathematical functions that `$[...]` has of its own (DL-219), computed
//! in 113 bits and rounded to 80-bit extended floating point once.

use rustc_apfloat::ieee::{Quad, X87DoubleExtended as Extended};
use rustc_apfloat::{Float, FloatConvert, Round};

use crate::real::Real;

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Function {
    Cos,
    Sin,
    Tan,
    Acos,
    Asin,
    Atan,
    Atan2,
    Pow,
    Sqrt,
    Floor,
    Ceil,
    Round,
    Rint,
    Trunc,
    Exp,
    Exp2,
    Exp10,
    Log,
    Log2,
    Log10,
    Remainder,
    Abs,
}

/// Digits enough for 113 bits.
const PI: &str = "3.14159265358979323846264338327950288419716939937510582097494459";
const LN2: &str = "0.69314718055994530941723212145817656807550013436025525412068001";
const LN10: &str = "2.30258509299404568401799145468436420760110148862877297603332790";

impl Function {
    pub(crate) fn named(name: &[u8]) -> Option<Function> {
        Some(match name {
            b"COS" => Function::Cos,
            b"SIN" => Function::Sin,
            b"TAN" => Function::Tan,
            b"ACOS" => Function::Acos,
            b"ASIN" => Function::Asin,
            b"ATAN" => Function::Atan,
            b"ATAN2" => Function::Atan2,
            b"POW" => Function::Pow,
            b"SQRT" => Function::Sqrt,
            b"FLOOR" => Function::Floor,
            b"CEIL" => Function::Ceil,
            b"ROUND" => Function::Round,
            b"RINT" => Function::Rint,
            b"TRUNC" => Function::Trunc,
            b"EXP" => Function::Exp,
            b"EXP2" => Function::Exp2,
            b"EXP10" => Function::Exp10,
            b"LOG" => Function::Log,
            b"LOG2" => Function::Log2,
            b"LOG10" => Function::Log10,
            b"REMAINDER" => Function::Remainder,
            b"ABS" => Function::Abs,
            _ => return None,
        })
    }

    pub(crate) fn arity(self) -> usize {
        match self {
            Function::Atan2 | Function::Pow | Function::Remainder => 2,
            _ => 1,
        }
    }

    /// `args` has as many as [`Function::arity`] says.
    pub(crate) fn call(self, args: &[Real]) -> Real {
        let x = args.first().map_or(Extended::ZERO, |arg| arg.extended());
        let y = args.get(1).map_or(Extended::ZERO, |arg| arg.extended());
        let to = |how| x.round_to_integral(how).value;
        let result = match self {
            Function::Floor => to(Round::TowardNegative),
            Function::Ceil => to(Round::TowardPositive),
            Function::Trunc => to(Round::TowardZero),
            Function::Rint => to(Round::NearestTiesToEven),
            Function::Round => to(Round::NearestTiesToAway),
            Function::Abs => x.abs(),
            Function::Remainder if y.is_zero() && !x.is_nan() => -Extended::NAN,
            Function::Remainder => x.ieee_rem(y).value,
            Function::Pow => pow(x, y),
            _ if x.is_nan() => x,
            Function::Cos => narrow(trigonometry(wide(x)).1),
            Function::Sin if x.is_zero() => x,
            Function::Sin => narrow(trigonometry(wide(x)).0),
            Function::Tan if x.is_zero() => x,
            Function::Tan => {
                let (sin, cos) = trigonometry(wide(x));
                narrow((sin / cos).value)
            }
            Function::Atan if x.is_zero() => x,
            Function::Atan => narrow(arctangent(wide(x))),
            Function::Atan2 => atan2(x, y),
            Function::Asin if x.is_zero() => x,
            Function::Asin => narrow(arcsine(wide(x))),
            Function::Acos => {
                let half = (number(PI) / small(2)).value;
                if x == one() {
                    Extended::ZERO
                } else {
                    narrow((half - arcsine(wide(x))).value)
                }
            }
            Function::Sqrt if x.is_zero() => x,
            Function::Sqrt if x.is_negative() => -Extended::NAN,
            Function::Sqrt => narrow(square_root(wide(x))),
            Function::Exp => exponential(x, None),
            Function::Exp2 => exponential(x, Some(LN2)),
            Function::Exp10 => exponential(x, Some(LN10)),
            Function::Log => logarithm(x, None),
            Function::Log2 => logarithm(x, Some(LN2)),
            Function::Log10 => logarithm(x, Some(LN10)),
        };
        Real::from(result)
    }
}

fn one() -> Extended {
    Extended::from_u128(1).value
}

fn small(number: i128) -> Quad {
    Quad::from_i128(number).value
}

fn number(digits: &str) -> Quad {
    Quad::from_str_r(digits, Round::NearestTiesToEven).map_or(Quad::NAN, |status| status.value)
}

fn wide(number: Extended) -> Quad {
    let mut loses = false;
    number.convert(&mut loses).value
}

fn narrow(number: Quad) -> Extended {
    let mut loses = false;
    number.convert(&mut loses).value
}

/// Terms of a series; each adds at least one bit of the 113.
const TERMS: i128 = 130;

/// Whether a term no longer changes a sum.
fn is_negligible(term: Quad, sum: Quad) -> bool {
    term.is_zero() || (sum.is_finite_non_zero() && term.ilogb() < sum.ilogb() - 120)
}

/// Sine and cosine.
fn trigonometry(x: Quad) -> (Quad, Quad) {
    if !x.is_finite() {
        return (Quad::NAN, Quad::NAN);
    }
    let half = (number(PI) / small(2)).value;
    // Beyond this the reduction has no exact digits left to work with.
    let quadrant = (x / half)
        .value
        .round_to_integral(Round::NearestTiesToEven)
        .value;
    let reduced = reduce(x, quadrant);
    let square = (reduced * reduced).value;
    let series = |first: Quad, from: i128| {
        let mut term = first;
        let mut sum = first;
        for n in 0..TERMS {
            let k = from + 2 * n;
            term = (-((term * square).value) / small((k + 1) * (k + 2))).value;
            if is_negligible(term, sum) {
                break;
            }
            sum = (sum + term).value;
        }
        sum
    };
    let sin = series(reduced, 1);
    let cos = series(small(1), 0);
    let turn = (quadrant % small(4)).value;
    let turn = turn.to_i128(64).value.rem_euclid(4);
    match turn {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// `x - quadrant * pi / 2`, with pi/2 in three parts so that digits which
/// cancel are made up for.
fn reduce(x: Quad, quadrant: Quad) -> Quad {
    // Each part has few enough bits that its product with the quadrant is exact.
    let parts = [
        "1.57079632679489661923",
        "0.0000000000000000000013216916397514420985",
        "8.4699687552910487472296153908e-41",
    ];
    let mut rest = x;
    for part in parts {
        rest = (-quadrant).mul_add(number(part), rest).value;
    }
    rest
}

fn arctangent(x: Quad) -> Quad {
    if x.is_negative() {
        return -arctangent(-x);
    }
    let half = (number(PI) / small(2)).value;
    if x.is_infinite() {
        return half;
    }
    if x > small(1) {
        return (half - arctangent((small(1) / x).value)).value;
    }
    // Halve the angle three times: atan x = 2 atan(x / (1 + sqrt(1 + x^2))).
    let mut x = x;
    for _ in 0..3 {
        let root = square_root((small(1) + (x * x).value).value);
        x = (x / (small(1) + root).value).value;
    }
    let square = (x * x).value;
    let mut power = x;
    let mut sum = x;
    for n in 1..TERMS {
        power = -((power * square).value);
        let term = (power / small(2 * n + 1)).value;
        if is_negligible(term, sum) {
            break;
        }
        sum = (sum + term).value;
    }
    (sum * small(8)).value
}

fn arcsine(x: Quad) -> Quad {
    let one = small(1);
    if x > one || x < -one {
        return Quad::NAN;
    }
    let rest = ((one - x).value * (one + x).value).value;
    if rest.is_zero() {
        let half = (number(PI) / small(2)).value;
        return if x.is_negative() { -half } else { half };
    }
    arctangent((x / square_root(rest)).value)
}

/// ATAN2(y, x) in C's order of arguments.
fn atan2(y: Extended, x: Extended) -> Extended {
    if y.is_nan() || x.is_nan() {
        return Extended::NAN;
    }
    let pi = number(PI);
    let signed = |angle: Quad| if y.is_negative() { -angle } else { angle };
    if y.is_zero() {
        return if x.is_negative() {
            narrow(signed(pi))
        } else {
            y
        };
    }
    if x.is_zero() {
        return narrow(signed((pi / small(2)).value));
    }
    if x.is_infinite() {
        let quarter = (pi / small(4)).value;
        let angle = match (y.is_infinite(), x.is_negative()) {
            (true, false) => quarter,
            (true, true) => (quarter * small(3)).value,
            (false, true) => pi,
            (false, false) => Quad::ZERO,
        };
        return narrow(signed(angle));
    }
    let angle = arctangent((wide(y).abs() / wide(x).abs()).value);
    let angle = if x.is_negative() {
        (pi - angle).value
    } else {
        angle
    };
    narrow(signed(angle))
}

fn square_root(x: Quad) -> Quad {
    if x.is_zero() || x.is_pos_infinity() {
        return x;
    }
    if x.is_negative() || x.is_nan() {
        return Quad::NAN;
    }
    // Newton from a power of two; each round doubles the correct bits.
    let mut root = small(1).scalbn(x.ilogb() / 2);
    for _ in 0..10 {
        root = ((root + (x / root).value).value / small(2)).value;
    }
    root
}

/// e^x for |x| up to the range of the format; exact bits lost to the size of
/// the exponent are within the spare 49.
fn raise(x: Quad) -> Quad {
    if x.is_nan() {
        return x;
    }
    if x > small(11_400) {
        return Quad::INFINITY;
    }
    if x < small(-11_600) {
        return Quad::ZERO;
    }
    let ln2 = number(LN2);
    let twos = (x / ln2)
        .value
        .round_to_integral(Round::NearestTiesToEven)
        .value;
    let rest = (-twos).mul_add(ln2, x).value;
    let mut term = small(1);
    let mut sum = small(1);
    for n in 1..TERMS {
        term = ((term * rest).value / small(n)).value;
        if is_negligible(term, sum) {
            break;
        }
        sum = (sum + term).value;
    }
    // At most 17 000, checked above.
    sum.scalbn(twos.to_i128(64).value as i32)
}

/// Base (e without one) to the x.
fn exponential(x: Extended, ln_base: Option<&str>) -> Extended {
    if x.is_infinite() {
        return if x.is_negative() { Extended::ZERO } else { x };
    }
    let exponent = match ln_base {
        None => wide(x),
        Some(digits) => (wide(x) * number(digits)).value,
    };
    narrow(raise(exponent))
}

/// The natural logarithm of a positive finite number.
fn natural(x: Quad) -> Quad {
    // x = m * 2^k with m near 1, ln m = 2 artanh((m-1)/(m+1)).
    let mut twos = x.ilogb();
    let mut m = x.scalbn(-twos);
    if m > number("1.4142135623730950488") {
        m = m.scalbn(-1);
        twos += 1;
    }
    let ratio = ((m - small(1)).value / (m + small(1)).value).value;
    let square = (ratio * ratio).value;
    let mut power = ratio;
    let mut sum = ratio;
    for n in 1..TERMS {
        power = (power * square).value;
        let term = (power / small(2 * n + 1)).value;
        if is_negligible(term, sum) {
            break;
        }
        sum = (sum + term).value;
    }
    (small(i128::from(twos)).mul_add(number(LN2), (sum * small(2)).value)).value
}

fn logarithm(x: Extended, ln_base: Option<&str>) -> Extended {
    if x.is_zero() {
        return -Extended::INFINITY;
    }
    if x.is_negative() {
        return Extended::NAN;
    }
    if x.is_infinite() {
        return x;
    }
    let natural = natural(wide(x));
    narrow(match ln_base {
        None => natural,
        Some(digits) => (natural / number(digits)).value,
    })
}

/// C's `pow`, whose special cases are many.
fn pow(x: Extended, y: Extended) -> Extended {
    let one = one();
    if y.is_zero() || x == one {
        return one;
    }
    if x.is_nan() || y.is_nan() {
        return Extended::NAN;
    }
    let whole = y.is_finite() && y.is_integer();
    let two = Extended::from_u128(2).value;
    let odd = whole && y.c_fmod(two).value.abs() == one;
    if y.is_infinite() {
        let size = x.abs();
        if size == one {
            return one;
        }
        return if (size > one) != y.is_negative() {
            Extended::INFINITY
        } else {
            Extended::ZERO
        };
    }
    let negative = x.is_negative() && odd;
    let signed = |result: Extended| if negative { -result } else { result };
    if x.is_zero() || x.is_infinite() {
        let grows = x.is_infinite() != y.is_negative();
        return signed(if grows {
            Extended::INFINITY
        } else {
            Extended::ZERO
        });
    }
    if x.is_negative() && !whole {
        // The library's own quotient of zeros, which has a sign.
        return -Extended::NAN;
    }
    signed(narrow(raise((natural(wide(x.abs())) * wide(y)).value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(function: Function, args: &[&str]) -> String {
        let args: Vec<Real> = args.iter().map(|arg| Real::read(arg.as_bytes())).collect();
        function.call(&args).print()
    }

    #[test]
    fn the_functions_are_exact_to_the_last_digit() {
        assert_eq!(value(Function::Exp, &["1"]), "2.71828182845904524");
        assert_eq!(value(Function::Sqrt, &["2"]), "1.41421356237309505");
        assert_eq!(value(Function::Sin, &["1"]), "0.841470984807896507");
        assert_eq!(value(Function::Tan, &["1"]), "1.55740772465490223");
        assert_eq!(value(Function::Log10, &["2"]), "0.301029995663981195");
        assert_eq!(value(Function::Atan, &["1"]), "0.78539816339744831");
        assert_eq!(value(Function::Pow, &["2", "0.5"]), "1.41421356237309505");
        assert_eq!(
            value(Function::Pow, &["3", "40"]),
            "1.21576654590569288e+19"
        );
        assert_eq!(value(Function::Exp2, &["0.5"]), "1.41421356237309505");
        assert_eq!(value(Function::Acos, &["0"]), "1.57079632679489662");
        assert_eq!(value(Function::Log2, &["8"]), "3");
    }
}
