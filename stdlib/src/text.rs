//! Functions on text: case, trimming, quoting, filtering, replacing, matching.

use crate::args;
use crate::pure::{Answer, Input, Pure, plain, reading};
use crate::regex::Regex;
use crate::scan;
use crate::value::Value;

pub(crate) const FUNCTIONS: &[Pure] = &[
    plain("LEN", len),
    plain("TOUPPER", |input| {
        Answer::value(input.args.to_ascii_uppercase())
    }),
    plain("TOLOWER", |input| {
        Answer::value(input.args.to_ascii_lowercase())
    }),
    plain("TRIM", |input| {
        Answer::value(trim_start(trim_end(input.args)))
    }),
    plain("LTRIM", |input| Answer::value(trim_start(input.args))),
    plain("RTRIM", right_trim),
    plain("PASSTHRU", |input| Answer::value(input.args)),
    plain("QUOTE", quote),
    plain("CSV_QUOTE", csv_quote),
    plain("KEYPADHASH", keypad_hash),
    plain("FILTER", filter),
    plain("REGEX", regex),
    plain("BASENAME", |input| Answer::value(basename(input.args))),
    plain("DIRNAME", |input| Answer::value(dirname(input.args))),
    reading("REPLACE", replace),
    reading("STRREPLACE", replace_text),
    reading("STRBETWEEN", between),
    reading("ARGUMENT", argument),
];

fn len(input: &Input<'_>) -> Answer {
    // A text is far shorter than i64 can count.
    Answer::value(Value::int(input.args.len() as i64))
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && scan::is_space(*first)
    {
        text = rest;
    }
    text
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text
        && scan::is_space(*last)
    {
        text = rest;
    }
    text
}

/// The first byte stays even if it is a blank.
fn right_trim(input: &Input<'_>) -> Answer {
    let kept = trim_end(input.args).len().max(1).min(input.args.len());
    Answer::value(&input.args[..kept])
}

fn quote(input: &Input<'_>) -> Answer {
    if input.args.is_empty() {
        return Answer::value("\"\"").warn("QUOTE: nothing to quote");
    }
    let mut out = vec![b'"'];
    for byte in input.args {
        if matches!(byte, b'\\' | b'"') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
    Answer::value(out)
}

fn csv_quote(input: &Input<'_>) -> Answer {
    if input.args.is_empty() {
        return Answer::value("\"\"").warn("CSV_QUOTE: nothing to quote");
    }
    let mut out = vec![b'"'];
    for byte in input.args {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
    Answer::value(out)
}

/// Letters become the digits that they stand on; digits stay.
fn keypad_hash(input: &Input<'_>) -> Answer {
    let digits: Vec<u8> = input
        .args
        .iter()
        .filter_map(|byte| {
            Some(match byte.to_ascii_lowercase() {
                digit @ b'0'..=b'9' => digit,
                b'a'..=b'c' => b'2',
                b'd'..=b'f' => b'3',
                b'g'..=b'i' => b'4',
                b'j'..=b'l' => b'5',
                b'm'..=b'o' => b'6',
                b'p'..=b's' => b'7',
                b't'..=b'v' => b'8',
                b'w'..=b'z' => b'9',
                _ => return None,
            })
        })
        .collect();
    Answer::value(digits)
}

/// One character of an argument in which escapes are understood: `\n`, `\r`,
/// `\t`, `\x2C`, `\054`; any other escaped character is itself. Gives the byte
/// and how many were read, or `None` at the end and at an `\x` without digits.
pub(crate) fn encoded(text: &[u8]) -> Option<(u8, usize)> {
    let (first, rest) = text.split_first()?;
    if *first != b'\\' {
        return Some((*first, 1));
    }
    let Some((escape, rest)) = rest.split_first() else {
        // A backslash at the very end stands for the end of C's text.
        return Some((0, 1));
    };
    // The low byte is kept, as a C char does.
    let number = |base: u32, most: usize| {
        let digits = rest
            .iter()
            .take(most)
            .map_while(|digit| char::from(*digit).to_digit(base));
        digits.fold((0u32, 0), |(sum, count), digit| {
            (sum.wrapping_mul(base).wrapping_add(digit), count + 1)
        })
    };
    let (byte, more) = match escape {
        b'n' => (b'\n', 0),
        b'r' => (b'\r', 0),
        b't' => (b'\t', 0),
        b'x' => {
            let (value, digits) = number(16, 2);
            if digits == 0 {
                return None;
            }
            (value as u8, digits)
        }
        b'0' => {
            let (value, digits) = number(8, usize::MAX);
            (value as u8, digits)
        }
        other => (*other, 0),
    };
    Some((byte, 2 + more))
}

/// A whole argument with its escapes understood, up to the first that is none
/// or stands for NUL.
pub(crate) fn encoded_text(mut text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((byte, read)) = encoded(text)
        && byte != 0
    {
        out.push(byte);
        text = &text[read..];
    }
    out
}

fn filter(input: &Input<'_>) -> Answer {
    let parts = args::split_raw(input.args, 2);
    let [allowed, text] = &parts[..] else {
        return Answer::error("Usage: FILTER(allowed-characters,text)");
    };
    let mut set = [false; 256];
    let mut rest = allowed.as_slice();
    let mut wrapped = false;
    while !rest.is_empty() {
        let Some((from, read)) = encoded(rest) else {
            return Answer::error("FILTER: an escape is not understood");
        };
        rest = &rest[read..];
        if rest.first() != Some(&b'-') {
            set[usize::from(from)] = true;
            continue;
        }
        rest = &rest[1..];
        // A range with an open end is its start alone.
        let (to, read) = encoded(rest).unwrap_or((from, rest.len().min(2)));
        rest = &rest[read..];
        wrapped |= to < from;
        let mut at = from;
        loop {
            set[usize::from(at)] = true;
            if at == to {
                break;
            }
            at = at.wrapping_add(1);
        }
    }
    // NUL ends C's list of what is allowed.
    set[0] = false;
    let kept: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| set[usize::from(*byte)])
        .collect();
    let answer = Answer::value(kept);
    if wrapped {
        answer.warn("FILTER: a range runs backwards and wraps around")
    } else {
        answer
    }
}

fn regex(input: &Input<'_>) -> Answer {
    let parts = args::split_at(input.args, b'"', 3, args::Marks::Remove);
    let [_, pattern, text] = &parts[..] else {
        return Answer::error("Usage: REGEX(\"expression\" text)");
    };
    let text = match text.as_slice() {
        [b' ' | b'\t', rest @ ..] => rest,
        whole => whole,
    };
    match Regex::new(pattern) {
        Ok(regex) => Answer::truth(regex.is_match(text)),
        Err(error) => Answer::failed(format!("REGEX: {error}")),
    }
}

/// What a splitter takes off again (DL-230): a text that may hold anything becomes one argument.
fn argument(input: &Input<'_>) -> Answer {
    let mut out = Vec::with_capacity(input.variable.len());
    for byte in input.variable {
        if b",()[]\"\\".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
        if out.len() > OUTPUT_LIMIT {
            break;
        }
    }
    Answer::value(out)
}

/// Characters that REPLACE looks for at most.
const UNWANTED_LIMIT: usize = 255;

fn replace(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 3);
    let mut unwanted = encoded_text(args::argument(&parts, 1));
    unwanted.truncate(UNWANTED_LIMIT);
    if args::argument(&parts, 0).is_empty() || unwanted.is_empty() {
        return Answer::error("Usage: REPLACE(variable,find-characters[,replacement])");
    }
    if input.variable.is_empty() {
        return Answer::untouched();
    }
    let replacement = encoded(args::argument(&parts, 2))
        .map(|(byte, _)| byte)
        .filter(|byte| *byte != 0);
    let out: Vec<u8> = input
        .variable
        .iter()
        .filter_map(|byte| {
            if unwanted.contains(byte) {
                replacement
            } else {
                Some(*byte)
            }
        })
        .collect();
    Answer::value(out)
}

fn replace_text(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 5);
    let find = args::argument(&parts, 1);
    if parts.len() > 1 && parts[0].is_empty() {
        return Answer::untouched();
    }
    if find.is_empty() {
        return Answer::error("Usage: STRREPLACE(variable,find[,replacement[,count]])");
    }
    let replacement = args::argument(&parts, 2);
    let limit = match scan::int32(args::argument(&parts, 3)) {
        Some((count, _)) if count > 0 => count.unsigned_abs() as usize,
        _ => usize::MAX,
    };
    let mut out = Vec::new();
    let mut rest = input.variable;
    let mut done = 0;
    while !rest.is_empty() {
        if done < limit && rest.starts_with(find) {
            out.extend_from_slice(replacement);
            rest = &rest[find.len()..];
            done += 1;
        } else {
            out.push(rest[0]);
            rest = &rest[1..];
        }
        if out.len() > OUTPUT_LIMIT {
            break;
        }
    }
    Answer::value(out)
}

/// Bytes that a function which can lengthen its input may give back.
const OUTPUT_LIMIT: usize = 8191;

fn between(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 3);
    let [_, insert] = &parts[..] else {
        return Answer::error("Usage: STRBETWEEN(variable,insert)");
    };
    if parts[0].is_empty() {
        return Answer::error("Usage: STRBETWEEN(variable,insert)");
    }
    let mut out = Vec::new();
    for (index, byte) in input.variable.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(insert);
        }
        out.push(*byte);
        if out.len() > OUTPUT_LIMIT {
            break;
        }
    }
    Answer::value(out)
}

/// The last part of a path as C's `basename` gives it.
fn basename(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |at| at + 1);
    if end == 0 {
        return b"/";
    }
    let start = path[..end]
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |at| at + 1);
    &path[start..end]
}

/// All but the last part of a path as C's `dirname` gives it: exactly two
/// slashes at the front stay two (XBD 4.10).
fn dirname(path: &[u8]) -> &[u8] {
    let root = |slashes: usize| if slashes == 2 { &b"//"[..] } else { b"/" };
    let trim = |path: &[u8]| {
        path.iter()
            .rposition(|byte| *byte != b'/')
            .map_or(0, |at| at + 1)
    };
    let end = trim(path);
    if end == 0 {
        return if path.is_empty() {
            b"."
        } else {
            root(path.len())
        };
    }
    let Some(slash) = path[..end].iter().rposition(|byte| *byte == b'/') else {
        return b".";
    };
    let end = trim(&path[..slash]);
    if end == 0 {
        root(slash + 1)
    } else {
        &path[..end]
    }
}
