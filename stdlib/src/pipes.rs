//! Argument texts of the releases before 1.6, which separate with `|` (DL-288): rewritten so that today's splitters, which separate
//! with commas, find the same arguments. Nothing else then has to know of them.

use std::borrow::Cow;

use crate::signatures::{Signature, Split};

/// Bytes that today's splitter does not take as they stand.
const SPECIAL: &[u8] = b",\\\"()[]";

/// The text of a call, for today's splitter.
pub fn modern<'a>(signature: &Signature, text: &'a [u8]) -> Cow<'a, [u8]> {
    match signature.split {
        Split::Standard => standard(text, signature.slots()),
        Split::Raw | Split::Target => targets(text),
        Split::Whole | Split::Branches | Split::Assignment | Split::Application | Split::Path => {
            Cow::Borrowed(text)
        }
    }
}

/// Arguments in so many slots, the last of which takes the rest as it stands.
pub fn standard(text: &[u8], slots: usize) -> Cow<'_, [u8]> {
    if !text
        .iter()
        .any(|byte| *byte == b'|' || SPECIAL.contains(byte))
    {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len() + 8);
    for (index, argument) in split(text, slots).into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        if index + 1 == slots {
            out.extend_from_slice(&argument);
            continue;
        }
        for byte in argument {
            if SPECIAL.contains(&byte) {
                out.push(b'\\');
            }
            out.push(byte);
        }
    }
    if out.is_empty() {
        // One empty argument, not none.
        out.push(b'\\');
    }
    Cow::Owned(out)
}

/// Jump targets: commas for pipes.
pub fn targets(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'|') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.iter()
            .map(|byte| if *byte == b'|' { b',' } else { *byte })
            .collect(),
    )
}

/// `condition?target:target`: the same behind the `?`. A condition may hold a `|` that separates the fields of a time.
pub fn branches(text: &[u8]) -> Cow<'_, [u8]> {
    let at = text.iter().position(|byte| *byte == b'?');
    let at = at.unwrap_or(text.len());
    match targets(&text[at..]) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(rest) => Cow::Owned([&text[..at], &rest].concat()),
    }
}

/// Splits at pipes as those releases did: parentheses and quotes protect, brackets do not; quotes and backslashes vanish, except in
/// the last slot.
pub fn split(text: &[u8], slots: usize) -> Vec<Vec<u8>> {
    if text.is_empty() || slots == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut current = Vec::new();
    let (mut at, mut parens, mut quoted) = (0, 0usize, false);
    while found.len() + 1 < slots
        && let Some(byte) = text.get(at)
    {
        at += 1;
        match byte {
            b'|' if parens == 0 && !quoted => {
                found.push(std::mem::take(&mut current));
                continue;
            }
            b'(' => parens += 1,
            b')' => parens = parens.saturating_sub(1),
            b'"' => {
                quoted = !quoted;
                continue;
            }
            b'\\' => {
                current.extend(text.get(at));
                at += 1;
                continue;
            }
            _ => {}
        }
        current.push(*byte);
    }
    current.extend_from_slice(text.get(at..).unwrap_or_default());
    found.push(current);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the text, both splitters find the same arguments.
        #[test]
        fn todays_splitter_finds_the_same(text in r#"[a-c|,\\"()\[\] ]{0,24}"#, slots in 1usize..5) {
            let rewritten = standard(text.as_bytes(), slots);
            prop_assert_eq!(args::split(&rewritten, slots), split(text.as_bytes(), slots));
        }
    }

    #[test]
    fn pipes_separate_and_commas_do_not() {
        let shown = |text: &str, slots| {
            String::from_utf8(standard(text.as_bytes(), slots).into_owned()).unwrap()
        };
        assert_eq!(shown("SIP/1|20|tT", 4), "SIP/1,20,tT");
        assert_eq!(shown("a,b|c", 4), "a\\,b,c");
        assert_eq!(shown("1|a,b|c", 2), "1,a,b|c");
        assert_eq!(shown("L(1|2)|x", 4), "L\\(1|2\\),x");
        assert_eq!(targets(b"ctx|100|1").as_ref(), b"ctx,100,1");
        assert_eq!(
            branches(b"9:00-17:00|mon-fri|*|*?a|s|1").as_ref(),
            b"9:00-17:00|mon-fri|*|*?a,s,1"
        );
    }
}
