//! Reading numbers out of text the way C's scanning functions do, which is
//! observable in many places of the language.

/// Blanks as C's `isspace` in the C locale knows them.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// Reads an optional run of blanks, a sign and decimal digits. Gives the number
/// (saturating) and how many bytes were read, or `None` if there are no digits.
pub fn integer(text: &[u8]) -> Option<(i64, usize)> {
    let mut at = text.iter().take_while(|byte| is_space(**byte)).count();
    let negative = match text.get(at) {
        Some(b'-') => {
            at += 1;
            true
        }
        Some(b'+') => {
            at += 1;
            false
        }
        _ => false,
    };
    let start = at;
    let mut number = 0i64;
    while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
        let digit = i64::from(digit - b'0');
        number = number.saturating_mul(10);
        number = if negative {
            number.saturating_sub(digit)
        } else {
            number.saturating_add(digit)
        };
        at += 1;
    }
    (at > start).then_some((number, at))
}

/// Like [`integer`], wrapped into 32 bits as a C `int` would be.
pub fn int32(text: &[u8]) -> Option<(i32, usize)> {
    // Truncation is the point: sscanf("%d") keeps the low 32 bits.
    integer(text).map(|(number, read)| (number as i32, read))
}

/// Reads a floating point number prefix (sign, digits, fraction, exponent,
/// `inf`, `nan`, hexadecimal) as C's `strtod` does. Gives the number and how
/// many bytes were read.
pub fn float(text: &[u8]) -> Option<(f64, usize)> {
    let mut at = text.iter().take_while(|byte| is_space(**byte)).count();
    let begin = at;
    if matches!(text.get(at), Some(b'-' | b'+')) {
        at += 1;
    }
    let negative = text.get(begin) == Some(&b'-');
    let sign = if negative { -1.0 } else { 1.0 };
    let rest = &text[at..];
    let starts =
        |word: &[u8]| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
    if starts(b"infinity") {
        return Some((sign * f64::INFINITY, at + 8));
    }
    if starts(b"inf") {
        return Some((sign * f64::INFINITY, at + 3));
    }
    if starts(b"nan") {
        return Some((sign * f64::NAN, at + 3));
    }
    if starts(b"0x") {
        if let Some((number, read)) = hexadecimal(&rest[2..]) {
            return Some((sign * number, at + 2 + read));
        }
        return Some((sign * 0.0, at + 1));
    }
    let digits = |from: usize| {
        text[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let whole = digits(at);
    at += whole;
    let mut fraction = 0;
    if text.get(at) == Some(&b'.') {
        fraction = digits(at + 1);
        if whole + fraction > 0 {
            at += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(text.get(at + 1), Some(b'-' | b'+')));
        if at + 1 + signed <= text.len() {
            let exponent = digits(at + 1 + signed);
            if exponent > 0 {
                at += 1 + signed + exponent;
            }
        }
    }
    // Only ASCII digits, signs, a point and an `e` were accepted.
    let spelled = std::str::from_utf8(&text[begin..at]).ok()?;
    Some((spelled.parse().ok()?, at))
}

fn hexadecimal(text: &[u8]) -> Option<(f64, usize)> {
    let mut number = 0.0f64;
    let mut at = 0;
    let mut seen = false;
    let mut point = false;
    let mut scale = 0i32;
    loop {
        match text.get(at) {
            Some(b'.') if !point => point = true,
            Some(byte) if byte.is_ascii_hexdigit() => {
                seen = true;
                let digit = char::from(*byte).to_digit(16).unwrap_or(0);
                number = number * 16.0 + f64::from(digit);
                if point {
                    scale = scale.saturating_sub(4);
                }
            }
            _ => break,
        }
        at += 1;
    }
    if !seen {
        return None;
    }
    if matches!(text.get(at), Some(b'p' | b'P'))
        && let Some((exponent, read)) = int32(&text[at + 1..])
        && !text.get(at + 1).copied().is_some_and(is_space)
    {
        scale = scale.saturating_add(exponent);
        at += 1 + read;
    }
    Some((number * 2f64.powi(scale), at))
}

/// Blanks as Asterisk's strip functions know them: every byte up to and
/// including the space.
pub fn trim(text: &[u8]) -> &[u8] {
    trim_end(trim_start(text))
}

/// [`trim`] at the left end only.
pub fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [1..=32, rest @ ..] = text {
        text = rest;
    }
    text
}

/// [`trim`] at the right end only.
pub fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., 1..=32] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        assert_eq!(integer(b" -12x"), Some((-12, 4)));
        assert_eq!(integer(b"x"), None);
        assert_eq!(integer(b"- 1"), None);
        assert_eq!(int32(b"4294967296"), Some((0, 10)));
        assert_eq!(float(b"1.5e3x"), Some((1500.0, 5)));
        assert_eq!(float(b".5."), Some((0.5, 2)));
        assert_eq!(float(b"1e"), Some((1.0, 1)));
        assert_eq!(float(b"0x10"), Some((16.0, 4)));
        assert_eq!(float(b"."), None);
        assert_eq!(float(b"-inf"), Some((f64::NEG_INFINITY, 4)));
    }
}
