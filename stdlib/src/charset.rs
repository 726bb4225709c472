//! ICONV: conversion between the character sets that are still met.

use crate::args;
use crate::pure::{Answer, Input, Pure, plain};

pub(crate) const FUNCTIONS: &[Pure] = &[plain("ICONV", convert)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
    Latin9,
    Windows1252,
}

/// What Latin-9 has where Latin-1 has something else.
const LATIN9: [(u8, char); 8] = [
    (0xa4, '€'),
    (0xa6, 'Š'),
    (0xa8, 'š'),
    (0xb4, 'Ž'),
    (0xb8, 'ž'),
    (0xbc, 'Œ'),
    (0xbd, 'œ'),
    (0xbe, 'Ÿ'),
];

/// 0x80 to 0x9f of Windows-1252; NUL where there is nothing.
const WINDOWS1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘',
    '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

impl Charset {
    fn named(name: &[u8]) -> Option<Charset> {
        Some(match name.to_ascii_uppercase().as_slice() {
            b"UTF-8" | b"UTF8" => Charset::Utf8,
            b"ASCII" | b"US-ASCII" | b"ANSI_X3.4-1968" | b"ISO646-US" => Charset::Ascii,
            b"ISO-8859-1" | b"ISO8859-1" | b"ISO_8859-1" | b"LATIN1" | b"L1" => Charset::Latin1,
            b"ISO-8859-15" | b"ISO8859-15" | b"ISO_8859-15" | b"LATIN-9" | b"LATIN9" => {
                Charset::Latin9
            }
            b"WINDOWS-1252" | b"CP1252" | b"MS-ANSI" => Charset::Windows1252,
            _ => return None,
        })
    }

    /// The first character and its length.
    fn decode(self, text: &[u8]) -> Option<(char, usize)> {
        let first = *text.first()?;
        let letter = match self {
            Charset::Utf8 => {
                let length = (1..=4.min(text.len()))
                    .find(|length| std::str::from_utf8(&text[..*length]).is_ok())?;
                let letter = std::str::from_utf8(&text[..length]).ok()?.chars().next()?;
                return Some((letter, length));
            }
            Charset::Ascii if first >= 0x80 => return None,
            Charset::Latin9 => LATIN9
                .iter()
                .find(|(byte, _)| *byte == first)
                .map_or(char::from(first), |(_, letter)| *letter),
            Charset::Windows1252 if (0x80..0xa0).contains(&first) => {
                let letter = WINDOWS1252[usize::from(first - 0x80)];
                if letter == '\0' {
                    return None;
                }
                letter
            }
            Charset::Ascii | Charset::Latin1 | Charset::Windows1252 => char::from(first),
        };
        Some((letter, 1))
    }

    fn encode(self, letter: char, out: &mut Vec<u8>) -> bool {
        if self == Charset::Utf8 {
            let mut buffer = [0; 4];
            out.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
            return true;
        }
        let byte = (0..=255u8).find(|byte| {
            self.decode(&[*byte])
                .is_some_and(|(decoded, _)| decoded == letter)
        });
        out.extend(byte);
        byte.is_some()
    }
}

/// `ICONV(from,to,text)`: what comes before a character that cannot be
/// converted is kept.
fn convert(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 3);
    let [from, to, text] = &parts[..] else {
        return Answer::failed("Usage: ICONV(from,to,text)");
    };
    let upper = to.to_ascii_uppercase();
    let strip = |suffix: &[u8]| upper.strip_suffix(suffix).map(<[u8]>::len);
    let (length, replacement) = match (strip(b"//TRANSLIT"), strip(b"//IGNORE")) {
        (Some(length), _) => (length, Some(Some('?'))),
        (_, Some(length)) => (length, Some(None)),
        _ => (to.len(), None),
    };
    let (Some(from), Some(to)) = (Charset::named(from), Charset::named(&to[..length])) else {
        return Answer::error("ICONV: unknown character set");
    };
    let mut out = Vec::new();
    let mut rest = text.as_slice();
    while !rest.is_empty() {
        let Some((letter, length)) = from.decode(rest) else {
            return Answer::value(out).warn("ICONV: illegal character");
        };
        rest = &rest[length..];
        if !to.encode(letter, &mut out) {
            match replacement {
                Some(replacement) => out.extend(replacement.map(|mark| mark as u8)),
                None => return Answer::value(out).warn("ICONV: illegal character"),
            }
        }
    }
    Answer::value(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pure::Env;
    use crate::template::Answered;

    fn converted(args: &[u8]) -> Vec<u8> {
        let env = Env::default();
        let input = Input {
            args,
            variable: b"",
            env: &env,
        };
        match convert(&input).outcome {
            Answered::Value(value) => value.bytes().into_owned(),
            other => format!("{other:?}").into_bytes(),
        }
    }

    #[test]
    fn text_is_converted() {
        assert_eq!(converted("utf-8,latin1,é,€".as_bytes()), b"\xe9,");
        assert_eq!(converted(b"cp1252,utf-8,\x80\xe9"), "€é".as_bytes());
        assert_eq!(converted("utf-8,ascii//TRANSLIT,aéb".as_bytes()), b"a?b");
        assert_eq!(converted("utf-8,ascii//IGNORE,aéb".as_bytes()), b"ab");
        assert_eq!(converted(b"utf-8,klingon,a"), b"Untouched");
    }
}
