//! SPRINTF: C's conversions, as far as a dialplan may use them.

use crate::args;
use crate::pure::{Answer, Input};
use crate::scan;

/// Widths and precisions beyond this are cut.
const WIDTH_LIMIT: usize = 1024;

/// Arguments that one format may use.
const SLOTS: usize = 100;

#[derive(Default)]
struct Conversion {
    minus: bool,
    plus: bool,
    blank: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    /// `h`, `hh`, `l`, `ll` ...
    size: Vec<u8>,
}

/// `SPRINTF(format,argument,...)`.
pub(crate) fn sprintf(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, SLOTS);
    let Some((format, arguments)) = parts.split_first() else {
        return Answer::error("Usage: SPRINTF(format,argument...)");
    };
    let mut arguments = arguments.iter();
    let mut out = Vec::new();
    let mut at = 0;
    while at < format.len() {
        if format[at] != b'%' {
            out.push(format[at]);
            at += 1;
            continue;
        }
        at += 1;
        let mut spec = Conversion::default();
        at += spec.read(&format[at..]);
        let Some(letter) = format.get(at) else {
            break;
        };
        at += 1;
        match letter {
            b'%' => out.push(b'%'),
            b'd' | b'i' | b'o' | b'u' | b'x' | b'X' | b'c' => {
                let number = arguments.next().and_then(|text| scan::int32(text));
                let Some((number, _)) = number else {
                    return Answer::error("SPRINTF: an argument is not an integer");
                };
                spec.integer(*letter, number, &mut out);
                // C's text ends at a NUL, and what follows takes its place.
                if *letter == b'c' && number as u8 == 0 {
                    let end = out.iter().position(|byte| *byte == 0);
                    out.truncate(end.unwrap_or(out.len()));
                }
            }
            b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
                let number = arguments.next().and_then(|text| scan::float(text));
                let Some((number, _)) = number else {
                    return Answer::error("SPRINTF: an argument is not a number");
                };
                spec.float(*letter, number, &mut out);
            }
            b's' => {
                let text = match (arguments.next(), spec.precision) {
                    (Some(text), _) => text.as_slice(),
                    // The C library writes this whole or not at all.
                    (None, Some(0..=5)) => b"",
                    (None, _) => b"(null)",
                };
                let cut = spec.precision.unwrap_or(text.len()).min(text.len());
                spec.pad(b"", &text[..cut], false, &mut out);
            }
            _ => return Answer::error("SPRINTF: a conversion is not supported"),
        }
    }
    Answer::value(out)
}

impl Conversion {
    /// Reads flags, width, precision and size; gives their length.
    fn read(&mut self, text: &[u8]) -> usize {
        let mut at = 0;
        while let Some(flag) = text.get(at) {
            match flag {
                b'-' => self.minus = true,
                b'+' => self.plus = true,
                b' ' => self.blank = true,
                b'#' => self.alternate = true,
                b'0' => self.zero = true,
                // Grouping and other digits: nothing in the C locale.
                b'\'' | b'I' => {}
                _ => break,
            }
            at += 1;
        }
        let number = |from: usize| {
            let digits = text[from..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            let value = scan::integer(&text[from..from + digits]).map_or(0, |(number, _)| number);
            (usize::try_from(value).unwrap_or(0).min(WIDTH_LIMIT), digits)
        };
        let (width, digits) = number(at);
        self.width = width;
        at += digits;
        if text.get(at) == Some(&b'.') {
            let (precision, digits) = number(at + 1);
            self.precision = Some(precision);
            at += 1 + digits;
        }
        // One size, of which `h` and `l` may be doubled.
        self.size = match text.get(at..).unwrap_or(b"") {
            [first @ (b'h' | b'l'), second, ..] if first == second => vec![*first; 2],
            [size @ (b'h' | b'l' | b'L' | b'q' | b'j' | b'z' | b't'), ..] => vec![*size],
            _ => Vec::new(),
        };
        at + self.size.len()
    }

    /// Appends sign and digits within the width.
    fn pad(&self, sign: &[u8], text: &[u8], zeros: bool, out: &mut Vec<u8>) {
        let fill = self.width.saturating_sub(sign.len() + text.len());
        let blanks = |out: &mut Vec<u8>| out.extend(std::iter::repeat_n(b' ', fill));
        if self.minus {
            out.extend_from_slice(sign);
            out.extend_from_slice(text);
            blanks(out);
        } else if zeros && self.zero {
            out.extend_from_slice(sign);
            out.extend(std::iter::repeat_n(b'0', fill));
            out.extend_from_slice(text);
        } else {
            blanks(out);
            out.extend_from_slice(sign);
            out.extend_from_slice(text);
        }
    }

    fn sign(&self, negative: bool) -> &'static [u8] {
        match (negative, self.plus, self.blank) {
            (true, ..) => b"-",
            (_, true, _) => b"+",
            (_, _, true) => b" ",
            _ => b"",
        }
    }

    fn integer(&self, letter: u8, number: i32, out: &mut Vec<u8>) {
        if letter == b'c' {
            // The low byte, as C converts to unsigned char.
            self.pad(b"", &[number as u8], false, out);
            return;
        }
        // What a conversion of that size makes of the bits of an int.
        let signed = match self.size.as_slice() {
            b"h" => i64::from(number as i16),
            b"hh" => i64::from(number as i8),
            b"" => i64::from(number),
            _ => i64::from(number as u32),
        };
        let unsigned = match self.size.as_slice() {
            b"h" => u64::from(number as u16),
            b"hh" => u64::from(number as u8),
            _ => u64::from(number as u32),
        };
        let (sign, mut digits): (&[u8], String) = match letter {
            b'd' | b'i' => (self.sign(signed < 0), signed.unsigned_abs().to_string()),
            b'u' => (b"", unsigned.to_string()),
            b'o' => (b"", format!("{unsigned:o}")),
            b'x' if self.alternate && unsigned != 0 => (b"0x", format!("{unsigned:x}")),
            b'x' => (b"", format!("{unsigned:x}")),
            _ if self.alternate && unsigned != 0 => (b"0X", format!("{unsigned:X}")),
            _ => (b"", format!("{unsigned:X}")),
        };
        if letter == b'o' && self.alternate && !digits.starts_with('0') {
            digits.insert(0, '0');
        }
        if let Some(precision) = self.precision {
            if precision == 0 && digits == "0" {
                digits.clear();
            }
            let missing = precision.saturating_sub(digits.len());
            digits.insert_str(0, &"0".repeat(missing));
        }
        self.pad(sign, digits.as_bytes(), self.precision.is_none(), out);
    }

    fn float(&self, letter: u8, number: f64, out: &mut Vec<u8>) {
        let sign = self.sign(number.is_sign_negative());
        let upper = letter.is_ascii_uppercase();
        let size = number.abs();
        if !size.is_finite() {
            let word = if size.is_nan() { "nan" } else { "inf" };
            let word = if upper {
                word.to_uppercase()
            } else {
                word.to_owned()
            };
            self.pad(sign, word.as_bytes(), false, out);
            return;
        }
        let precision = self.precision.unwrap_or(6);
        let mut text = match letter.to_ascii_lowercase() {
            b'f' => format!("{size:.precision$}"),
            b'e' => exponent(size, precision),
            b'g' => self.general(size, precision.max(1)),
            _ => hexadecimal(size, self.precision),
        };
        if self.alternate && !text.contains('.') {
            let at = text.find(['e', 'p']).unwrap_or(text.len());
            text.insert(at, '.');
        }
        let mut prefix = sign.to_vec();
        if let Some(rest) = text.strip_prefix("0x") {
            prefix.extend_from_slice(b"0x");
            text = rest.to_owned();
        }
        if upper {
            text.make_ascii_uppercase();
            prefix.make_ascii_uppercase();
        }
        self.pad(&prefix, text.as_bytes(), true, out);
    }

    fn general(&self, size: f64, precision: usize) -> String {
        let scientific = exponent(size, precision - 1);
        let power = scientific
            .split_once('e')
            .and_then(|(_, power)| power.parse::<i32>().ok())
            .unwrap_or(0);
        let strip = |text: &str| {
            if self.alternate || !text.contains('.') {
                text.to_owned()
            } else {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
        };
        // The precision is bounded by WIDTH_LIMIT.
        if power < -4 || power >= precision as i32 {
            let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
            return format!("{}e{power}", strip(mantissa));
        }
        let decimals = (precision as i32 - 1 - power).max(0).unsigned_abs() as usize;
        strip(&format!("{size:.decimals$}"))
    }
}

/// C's `%.*g`.
pub(crate) fn general(number: f64, precision: usize) -> String {
    let sign = if number.is_sign_negative() { "-" } else { "" };
    format!(
        "{sign}{}",
        Conversion::default().general(number.abs(), precision.max(1))
    )
}

/// C's `%e`.
fn exponent(size: f64, precision: usize) -> String {
    let text = format!("{size:.precision$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.unsigned_abs())
}

/// C's `%a`.
fn hexadecimal(size: f64, precision: Option<usize>) -> String {
    let bits = size.to_bits();
    let biased = (bits >> 52) as i32;
    let mut fraction = bits & ((1 << 52) - 1);
    let mut leading = u64::from(biased != 0);
    let power = match (biased, fraction) {
        (0, 0) => 0,
        (0, _) => -1022,
        _ => biased - 1023,
    };
    let mut digits = 13;
    if let Some(precision) = precision.filter(|precision| *precision < 13) {
        let drop = 52 - 4 * precision;
        let half = 1u64 << (drop - 1);
        let whole = (leading << 52) | fraction;
        let rest = whole & ((1 << drop) - 1);
        let mut kept = whole >> drop;
        if rest > half || (rest == half && kept & 1 == 1) {
            kept += 1;
        }
        leading = kept >> (4 * precision);
        fraction = (kept & ((1u64 << (4 * precision)) - 1)) << drop;
        digits = precision;
    }
    let mut text = format!("{fraction:013x}");
    text.truncate(digits);
    match precision {
        None => text.truncate(text.trim_end_matches('0').len()),
        Some(precision) => text.push_str(&"0".repeat(precision.saturating_sub(digits))),
    }
    let point = if text.is_empty() { "" } else { "." };
    format!("0x{leading}{point}{text}p{power:+}")
}
