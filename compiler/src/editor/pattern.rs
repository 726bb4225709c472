//! What a pattern matches, in words and by examples.

use crate::pattern::{ByteSet, Element, Pattern};

/// Sets of one kind in a row are told once.
fn runs(elements: &[Element]) -> Vec<(Element, usize)> {
    let mut out: Vec<(Element, usize)> = Vec::new();
    for element in elements {
        match out.last_mut() {
            Some((last, count)) if last == element => *count += 1,
            _ => out.push((*element, 1)),
        }
    }
    out
}

/// `0-9`, `1, 3-5`; other bytes than letters, digits and signs by number.
fn members(set: &ByteSet) -> String {
    let all: Vec<u8> = set.iter().collect();
    let mut out: Vec<String> = Vec::new();
    let mut i = 0;
    while i < all.len() {
        let mut end = i;
        while end + 1 < all.len() && all[end + 1] == all[end] + 1 {
            end += 1;
        }
        let (first, last) = (byte(all[i]), byte(all[end]));
        match end - i {
            0 => out.push(first),
            1 => out.extend([first, last]),
            _ => out.push(format!("{first}-{last}")),
        }
        i = end + 1;
    }
    out.join(", ")
}

fn byte(byte: u8) -> String {
    if byte.is_ascii_graphic() {
        char::from(byte).to_string()
    } else {
        format!("0x{byte:02x}")
    }
}

/// What it matches: `0, then one of 1-9, then 8 of 0-9`.
pub(super) fn words(pattern: &Pattern) -> String {
    let elements = pattern.matching();
    if elements.contains(&Element::Broken) {
        return "Matches nothing: a `[` has no `]`.".to_owned();
    }
    let mut parts = Vec::new();
    let mut literal = String::new();
    let flush = |literal: &mut String, parts: &mut Vec<String>| {
        if !literal.is_empty() {
            parts.push(format!("`{}`", std::mem::take(literal)));
        }
    };
    for (element, count) in runs(elements) {
        match element {
            Element::Set(set) if set.len() == 1 => {
                let one = set.first().map(byte).unwrap_or_default();
                literal.push_str(&one.repeat(count));
            }
            Element::Set(set) => {
                flush(&mut literal, &mut parts);
                let all = members(&set);
                parts.push(match (count, set.is_empty()) {
                    (_, true) => "one of nothing".to_owned(),
                    (1, _) => format!("one of {all}"),
                    (n, _) => format!("{n} of {all}"),
                });
            }
            Element::Dot => {
                flush(&mut literal, &mut parts);
                parts.push("one or more of anything".to_owned());
            }
            Element::Bang => {
                flush(&mut literal, &mut parts);
                parts.push("anything or nothing, dialled at once".to_owned());
            }
            Element::Broken => {}
        }
    }
    flush(&mut literal, &mut parts);
    let fixed = elements
        .iter()
        .filter(|e| matches!(e, Element::Set(_)))
        .count();
    let length = match elements.last() {
        Some(Element::Dot) => format!("{} or more characters", fixed + 1),
        Some(Element::Bang) => format!("{fixed} or more characters"),
        _ if fixed == 1 => "1 character".to_owned(),
        _ => format!("{fixed} characters"),
    };
    if parts.is_empty() {
        return "Matches the empty number.".to_owned();
    }
    format!("Matches {length}: {}.", parts.join(", then "))
}

/// Up to three numbers that it matches.
pub(super) fn examples(pattern: &Pattern) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for turn in 0..3usize {
        let mut number = Vec::new();
        for (i, element) in pattern.matching().iter().enumerate() {
            match element {
                Element::Set(set) => {
                    let all: Vec<u8> = set.iter().filter(u8::is_ascii_graphic).collect();
                    let Some(last) = all.len().checked_sub(1) else {
                        return out;
                    };
                    number.push(match turn {
                        0 => all[0],
                        1 => all[(i * 3 + 1) % all.len()],
                        _ => all[last],
                    });
                }
                Element::Dot => number.extend_from_slice(&b"1234"[..1 + turn]),
                Element::Bang => number.extend_from_slice(&b"1234"[..turn]),
                Element::Broken => return out,
            }
        }
        let text = String::from_utf8_lossy(&number).into_owned();
        if pattern.matches(&number) && !text.is_empty() && !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_in_words() {
        for (written, told, numbers) in [
            (
                "0ZXXX",
                "Matches 5 characters: `0`, then one of 1-9, then 3 of 0-9.",
                "01000 05703 09999",
            ),
            (
                "12[3-57].",
                "Matches 4 or more characters: `12`, then one of 3-5, 7, then one or more of anything.",
                "1231 12712 127123",
            ),
            (
                "9!",
                "Matches 1 or more characters: `9`, then anything or nothing, dialled at once.",
                "9 91 912",
            ),
            ("7", "Matches 1 character: `7`.", "7"),
            ("[12", "Matches nothing: a `[` has no `]`.", ""),
        ] {
            let pattern = Pattern::read(written.as_bytes());
            assert_eq!(words(&pattern), told);
            assert_eq!(examples(&pattern).join(" "), numbers);
        }
    }
}
