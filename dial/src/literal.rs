//! What stands between quotes: texts with escapes and holes, raw texts, patterns with named parts.

use crate::error::{Error, ErrorKind, PatternFault};
use crate::tree::{At, Name, Pattern, PatternPart};

/// A stretch of a text in double quotes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stretch {
    /// Characters, escapes undone.
    Text(Box<str>),
    /// What stands between `{` and `}`.
    Hole(At),
}

fn sub(at: At, start: usize, end: usize) -> At {
    At {
        start: at.start + start as u32,
        end: at.start + end as u32,
    }
}

fn fault(kind: ErrorKind, at: At) -> Error {
    Error {
        kind,
        at,
        also: Vec::new(),
    }
}

/// Reads a text; `whole` has its quotes and stands at `at`.
pub(crate) fn text(whole: &str, at: At, errors: &mut Vec<Error>) -> Vec<Stretch> {
    let end = whole.len() - 1;
    let inner = &whole.as_bytes()[..end];
    // Nearly all texts.
    if !inner.iter().any(|b| matches!(b, b'\\' | b'{' | b'}')) {
        return if end <= 1 {
            Vec::new()
        } else {
            vec![Stretch::Text(whole[1..end].into())]
        };
    }
    let mut out = Vec::new();
    let mut piece = String::new();
    let mut i = 1;
    while i < end {
        let from = i;
        match inner[i] {
            b'\\' => i += escape(&whole[i..end], sub(at, i, end), &mut piece, errors),
            b'{' if inner.get(i + 1) == Some(&b'{') => {
                piece.push('{');
                i += 2;
            }
            b'}' if inner.get(i + 1) == Some(&b'}') => {
                piece.push('}');
                i += 2;
            }
            b'}' => {
                errors.push(fault(ErrorKind::LoneBrace, sub(at, i, i + 1)));
                i += 1;
            }
            b'{' => {
                let Some(length) = hole(&inner[i + 1..]) else {
                    errors.push(fault(ErrorKind::OpenHole, sub(at, i, i + 1)));
                    return out;
                };
                if inner[i - 1] == b'$' && i > 1 {
                    let place = sub(at, i - 1, i + length + 2);
                    errors.push(fault(ErrorKind::DollarHole, place));
                }
                if !piece.is_empty() {
                    out.push(Stretch::Text(std::mem::take(&mut piece).into()));
                }
                out.push(Stretch::Hole(sub(at, i + 1, i + 1 + length)));
                i += length + 2;
            }
            _ => {
                i += inner[i..]
                    .iter()
                    .take_while(|b| !matches!(b, b'\\' | b'{' | b'}'))
                    .count();
                piece.push_str(&whole[from..i]);
            }
        }
    }
    if !piece.is_empty() {
        out.push(Stretch::Text(piece.into()));
    }
    out
}

/// Whether a text in double quotes ends inside of a hole.
pub(crate) fn ends_in_hole(whole: &str) -> bool {
    let inner = whole.as_bytes();
    let Some(mut i) = inner.iter().position(|b| *b == b'{') else {
        return false;
    };
    while i < inner.len() {
        match inner[i] {
            b'\\' => i += 2,
            b'{' if inner.get(i + 1) == Some(&b'{') => i += 2,
            b'{' => match hole(&inner[i + 1..]) {
                Some(length) => i += length + 2,
                None => return true,
            },
            _ => i += 1,
        }
    }
    false
}

/// How long a hole is: to the `}` that stands in no literal of its own.
fn hole(inner: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (i, byte) in inner.iter().enumerate() {
        match (quote, byte) {
            (None, b'}') => return Some(i),
            (None, b'\'' | b'`') => quote = Some(*byte),
            (Some(q), b) if q == *b => quote = None,
            _ => {}
        }
    }
    None
}

/// Undoes an escape; how long it is.
fn escape(text: &str, at: At, out: &mut String, errors: &mut Vec<Error>) -> usize {
    let Some(mark) = text[1..].chars().next() else {
        errors.push(fault(ErrorKind::Escape(text.into()), at));
        return text.len();
    };
    let plain = match mark {
        '"' | '\\' => Some(mark),
        'n' => Some('\n'),
        't' => Some('\t'),
        _ => None,
    };
    if let Some(plain) = plain {
        out.push(plain);
        return 2;
    }
    let mut length = 1 + mark.len_utf8();
    if mark == 'u' && text[2..].starts_with('{') {
        // As many digits as a code point may have, and the brace.
        let digits = text[3..].bytes().take(7).position(|b| b == b'}');
        if let Some(digits) = digits {
            length = digits + 4;
            let code = u32::from_str_radix(&text[3..3 + digits], 16).ok();
            if let Some(c) = code.and_then(char::from_u32) {
                out.push(c);
                return length;
            }
        }
    }
    errors.push(fault(
        ErrorKind::Escape(text[..length].into()),
        sub(at, 0, length),
    ));
    length
}

/// Undoes the doubled quotes of a raw text.
pub(crate) fn raw(whole: &str) -> Box<str> {
    let inner = &whole[1..whole.len() - 1];
    if inner.contains("''") {
        inner.replace("''", "'").into()
    } else {
        inner.into()
    }
}

/// Reads a pattern; `whole` has its back-quotes and stands at `at`.
pub(crate) fn pattern(whole: &str, at: At, errors: &mut Vec<Error>) -> Pattern {
    let mut parts = Vec::new();
    match stretches(whole, at, &mut parts) {
        Ok(()) => {}
        Err((fault_, place)) => errors.push(fault(ErrorKind::Pattern(fault_), place)),
    }
    Pattern { at, parts }
}

fn stretches(whole: &str, at: At, parts: &mut Vec<PatternPart>) -> Result<(), (PatternFault, At)> {
    let end = whole.len() - 1;
    if end == 1 {
        return Err((PatternFault::Empty, at));
    }
    if whole[1..].starts_with('_') {
        return Err((PatternFault::Underscore, sub(at, 1, 2)));
    }
    if whole.contains("${") {
        return Err((PatternFault::Template, at));
    }
    let mut i = 1;
    while i < end {
        let rest = &whole[i..end];
        if rest.starts_with('}') {
            return Err((PatternFault::LoneBrace, sub(at, i, i + 1)));
        }
        let Some(inner) = rest.strip_prefix('{') else {
            let length = rest.find(['{', '}']).unwrap_or(rest.len());
            parts.push(PatternPart {
                name: None,
                text: rest[..length].into(),
                at: sub(at, i, i + length),
            });
            i += length;
            continue;
        };
        let Some(length) = inner.find(['{', '}']) else {
            return Err((PatternFault::OpenBrace, sub(at, i, i + 1)));
        };
        if inner.as_bytes()[length] == b'{' {
            return Err((PatternFault::Nested, sub(at, i, i + length + 2)));
        }
        let all = sub(at, i, i + length + 2);
        let Some((name, text)) = inner[..length].split_once(':') else {
            return Err((PatternFault::NoName, all));
        };
        let name_at = i + 1 + (name.len() - name.trim_start().len());
        let name = name.trim();
        let name_at = sub(at, name_at, name_at + name.len());
        let small = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !small || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err((PatternFault::BadName, name_at));
        }
        let text_end = i + 1 + length;
        let text_start = text_end - text.trim_start().len();
        let text = text.trim();
        if text.is_empty() {
            return Err((PatternFault::EmptyPart, all));
        }
        parts.push(PatternPart {
            name: Some(Name {
                text: name.into(),
                at: name_at,
            }),
            text: text.into(),
            at: sub(at, text_start, text_start + text.len()),
        });
        i += length + 2;
    }
    Ok(())
}
