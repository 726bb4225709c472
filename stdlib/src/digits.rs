//! Numbers and letters as lists of prompts, for English (DL-318).

use crate::args;
use crate::pure::{Answer, Input, Pure, plain};
use crate::scan;
use crate::value::Value;

pub(crate) const FUNCTIONS: &[Pure] = &[plain("SAYFILES", say_files)];

/// Prompts that one text may become.
pub const PROMPT_LIMIT: usize = 4096;

/// Each digit by itself; `*`, `#` and `-` are said too, anything else is left
/// out: SayDigits.
pub fn digits(text: &[u8]) -> Vec<String> {
    text.iter()
        .filter_map(|byte| match byte {
            b'0'..=b'9' => Some(format!("digits/{}", char::from(*byte))),
            b'*' => Some("digits/star".to_owned()),
            b'#' => Some("digits/pound".to_owned()),
            b'-' => Some("digits/minus".to_owned()),
            _ => None,
        })
        .take(PROMPT_LIMIT)
        .collect()
}

/// Each letter and digit by its name: SayAlpha.
pub fn letters(text: &[u8]) -> Vec<String> {
    text.iter()
        .filter_map(|byte| letter(*byte))
        .take(PROMPT_LIMIT)
        .collect()
}

fn letter(byte: u8) -> Option<String> {
    Some(match byte.to_ascii_lowercase() {
        b'*' => "digits/star".to_owned(),
        b'#' => "digits/pound".to_owned(),
        b'!' => "letters/exclaimation-point".to_owned(),
        b'@' => "letters/at".to_owned(),
        b'$' => "letters/dollar".to_owned(),
        b'-' => "letters/dash".to_owned(),
        b'.' => "letters/dot".to_owned(),
        b'=' => "letters/equals".to_owned(),
        b'+' => "letters/plus".to_owned(),
        b'/' => "letters/slash".to_owned(),
        b' ' => "letters/space".to_owned(),
        digit @ b'0'..=b'9' => format!("digits/{}", char::from(digit)),
        letter @ b'a'..=b'z' => format!("letters/{}", char::from(letter)),
        _ => return None,
    })
}

/// Each letter by its spelling word, each digit by its name: SayPhonetic.
pub fn phonetic(text: &[u8]) -> Vec<String> {
    text.iter()
        .filter_map(|byte| match byte.to_ascii_lowercase() {
            digit @ b'0'..=b'9' => Some(format!("digits/{}", char::from(digit))),
            letter @ b'a'..=b'z' => Some(format!("phonetic/{}_p", char::from(letter))),
            other => letter(other),
        })
        .take(PROMPT_LIMIT)
        .collect()
}

/// A number in words: SayNumber. Magnitudes of 10^12 and beyond have no
/// words and give nothing.
pub fn number(number: i64) -> Option<Vec<String>> {
    let mut prompts = Vec::new();
    if number < 0 {
        prompts.push("digits/minus".to_owned());
    }
    let size = number.unsigned_abs();
    if size >= 1_000_000_000_000 {
        return None;
    }
    cardinal(size, &mut prompts);
    Some(prompts)
}

fn cardinal(mut size: u64, prompts: &mut Vec<String>) {
    if size == 0 {
        prompts.push("digits/0".to_owned());
        return;
    }
    for (unit, name) in [
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1000, "thousand"),
        (100, "hundred"),
    ] {
        if size >= unit {
            cardinal(size / unit, prompts);
            prompts.push(format!("digits/{name}"));
            size %= unit;
        }
    }
    if size > 20 {
        prompts.push(format!("digits/{}", size / 10 * 10));
        size %= 10;
    }
    if size > 0 {
        prompts.push(format!("digits/{size}"));
    }
}

/// A number as a rank, `twenty-first`: SayOrdinal.
pub fn ordinal(number: i64) -> Option<Vec<String>> {
    let mut prompts = Vec::new();
    if number < 0 {
        prompts.push("digits/minus".to_owned());
    }
    let mut size = number.unsigned_abs();
    if size >= 1_000_000_000_000 {
        return None;
    }
    for (unit, name) in [
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1000, "thousand"),
        (100, "hundred"),
    ] {
        if size >= unit {
            cardinal(size / unit, &mut prompts);
            size %= unit;
            let mark = if size == 0 { "h-" } else { "" };
            prompts.push(format!("digits/{mark}{name}"));
            if size == 0 {
                return Some(prompts);
            }
        }
    }
    if size > 20 && !size.is_multiple_of(10) {
        prompts.push(format!("digits/{}", size / 10 * 10));
        size %= 10;
    }
    prompts.push(format!("digits/h-{size}"));
    Some(prompts)
}

/// An amount: dollars and cents.
pub fn money(text: &[u8]) -> Option<Vec<String>> {
    let (whole, read) = scan::integer(text)?;
    let mut cents = 0;
    if let Some(fraction) = text[read..].strip_prefix(b".") {
        for place in 0..2 {
            let digit = fraction.get(place).filter(|byte| byte.is_ascii_digit());
            cents = cents * 10 + digit.map_or(0, |digit| u64::from(digit - b'0'));
        }
    }
    let dollars = whole.unsigned_abs();
    if dollars >= 1_000_000_000_000 {
        return None;
    }
    let mut prompts = Vec::new();
    if dollars > 0 {
        cardinal(dollars, &mut prompts);
        let name = if dollars == 1 {
            "letters/dollar"
        } else {
            "dollars"
        };
        prompts.push(name.to_owned());
        if cents > 0 {
            prompts.push("and".to_owned());
        }
    }
    if cents > 0 || dollars == 0 {
        cardinal(cents, &mut prompts);
        prompts.push(if cents == 1 { "cent" } else { "cents" }.to_owned());
    }
    Some(prompts)
}

/// `SAYFILES(value[,type])`.
fn say_files(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 2);
    let text = args::argument(&parts, 0);
    if text.is_empty() {
        return Answer::failed("Usage: SAYFILES(value[,type])");
    }
    let whole = || scan::integer(text).map(|(number, _)| number);
    let kind = args::argument(&parts, 1).to_ascii_lowercase();
    let prompts = match kind.as_slice() {
        b"" | b"alpha" | b"digits" | b"phonetic" if !input.env.has_prompts => Some(Vec::new()),
        b"" | b"alpha" => Some(letters(text)),
        b"digits" => Some(digits(text)),
        b"phonetic" => Some(phonetic(text)),
        b"number" => whole().and_then(number),
        b"ordinal" => whole().and_then(ordinal),
        b"money" => money(text),
        _ => return Answer::failed("SAYFILES: unknown type"),
    };
    match prompts {
        Some(prompts) => Answer::value(Value::from(prompts.join("&").as_str())),
        None => Answer::failed("SAYFILES: not a number that has words"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_words() {
        let said = |value| number(value).unwrap().join(" ").replace("digits/", "");
        assert_eq!(said(0), "0");
        assert_eq!(said(123), "1 hundred 20 3");
        assert_eq!(said(20), "20");
        assert_eq!(said(-1_001_000), "minus 1 million 1 thousand");
        assert_eq!(
            said(1_500_000_019),
            "1 billion 500 million 19".replace("500", "5 hundred")
        );
        assert_eq!(number(i64::MIN), None);
    }

    #[test]
    fn digits_are_said_one_by_one() {
        assert_eq!(
            digits(b"1-0#x"),
            ["digits/1", "digits/minus", "digits/0", "digits/pound"]
        );
    }
}
