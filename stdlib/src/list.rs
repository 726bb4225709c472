//! Functions on lists in text: fields by a delimiter, queues, arrays, hashes.

use crate::args;
use crate::pure::{Answer, Input, Pure, plain, reading};
use crate::scan;
use crate::text::{encoded, encoded_text};
use crate::value::Value;

pub(crate) const FUNCTIONS: &[Pure] = &[
    reading("CUT", cut),
    reading("FIELDQTY", field_count),
    reading("FIELDNUM", field_number),
    reading("LISTFILTER", list_filter),
    reading("SHIFT", |input| take(input, true)),
    reading("POP", |input| take(input, false)),
    plain("SORT", sort),
    Pure {
        name: "HASH",
        read: |input| Answer::value(input.variable),
        variable: Some(hash_variable),
    },
];

/// Elements that SORT and ARRAY take.
const SLOTS: usize = 1000;

/// DL functions: `CUT(variable,delimiter,fields)`.
fn cut(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 3);
    if parts.len() < 3 || args::argument(&parts, 2).is_empty() {
        return Answer::error("Usage: CUT(variable,delimiter,fields)");
    }
    if input.variable.is_empty() {
        return Answer::value(Value::EMPTY);
    }
    let delimiter = encoded(args::argument(&parts, 1)).map_or(b'-', |(byte, _)| byte);
    let mut out = Vec::new();
    let mut rest = Some(input.variable);
    let mut field = 1i64;
    let mut first = true;
    let mut went_back = false;
    for group in args::argument(&parts, 2).split(|byte| *byte == b'&') {
        // What is asked for behind the last field is not even read.
        if rest.is_none() {
            break;
        }
        let Some((from, to)) = cut_range(group) else {
            return Answer::error("Usage: CUT(variable,delimiter,fields)");
        };
        while field < from
            && let Some(text) = rest
        {
            rest = split_once(text, delimiter).1;
            field += 1;
        }
        went_back |= field > from;
        while field <= to
            && let Some(text) = rest
        {
            let (head, tail) = split_once(text, delimiter);
            if !first && delimiter != 0 {
                out.push(delimiter);
            }
            first = false;
            out.extend_from_slice(head);
            rest = tail;
            field += 1;
        }
    }
    let answer = Answer::value(out);
    if went_back {
        answer.warn("CUT: a field is asked for after a later one")
    } else {
        answer
    }
}

/// What `CUT` cuts out when its delimiter and its fields are constant and the fields are one range: a piece of the text as it
/// stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// What stands between fields.
    pub delimiter: u8,
    /// The first field, from 1.
    pub from: i64,
    /// The last field.
    pub to: i64,
}

impl Fields {
    /// Behind the last field of any text.
    pub const END: i64 = i32::MAX as i64;

    /// Reads the arguments of `CUT(variable,delimiter,fields)`: what to read (a body for `${body}`), and the fields. `None` if
    /// they are no single range, or if there is something to warn of.
    pub fn read(arguments: &[u8]) -> Option<(Vec<u8>, Fields)> {
        let parts = args::split(arguments, 3);
        let [variable, delimiter, fields] = &parts[..] else {
            return None;
        };
        // NUL separates nothing.
        let delimiter = encoded(delimiter).map_or(b'-', |(byte, _)| byte);
        if delimiter == 0 || fields.is_empty() || fields.contains(&b'&') {
            return None;
        }
        let (from, to) = cut_range(fields)?;
        (from >= 1).then(|| {
            (
                variable.clone(),
                Fields {
                    delimiter,
                    from,
                    to,
                },
            )
        })
    }

    /// Cuts them out.
    pub fn cut<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let mut start = 0;
        let mut field = 1;
        for (at, byte) in text.iter().enumerate() {
            if *byte != self.delimiter {
                continue;
            }
            if field == self.to {
                return if self.to >= self.from {
                    &text[start..at]
                } else {
                    b""
                };
            }
            field += 1;
            if field == self.from {
                start = at + 1;
            }
        }
        // The last field ends with the text.
        if field >= self.from && self.to >= self.from.max(1) {
            &text[start..]
        } else {
            b""
        }
    }
}

fn split_once(text: &[u8], delimiter: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == delimiter) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// `2`, `2-4`, `-3`, `3-`, tried as C's scanning does: `-3-4` is a range too.
fn cut_range(text: &[u8]) -> Option<(i64, i64)> {
    let int = |text: &[u8]| scan::int32(text).map(|(number, read)| (i64::from(number), read));
    let first = int(text);
    let open = first.and_then(|(from, read)| Some((from, text[read..].strip_prefix(b"-")?)));
    if let Some((from, rest)) = open
        && let Some((to, _)) = int(rest)
    {
        return Some((from, to));
    }
    if let Some(rest) = text.strip_prefix(b"-")
        && let Some((to, _)) = int(rest)
    {
        return Some((1, to));
    }
    match open {
        Some((from, _)) => Some((from, Fields::END)),
        None => first.map(|(from, _)| (from, from)),
    }
}

fn field_count(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 2);
    if parts.len() < 2 {
        return Answer::value(1);
    }
    if input.variable.is_empty() {
        return Answer::value(0);
    }
    let count = match encoded(args::argument(&parts, 1)) {
        Some((0, _)) => 0,
        Some((delimiter, _)) => input
            .variable
            .iter()
            .filter(|byte| **byte == delimiter)
            .count(),
        None => 0,
    };
    Answer::value(count as i64 + 1)
}

fn field_number(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 3);
    let [_, delimiter, wanted] = &parts[..] else {
        return Answer::error("Usage: FIELDNUM(variable,delimiter,value)");
    };
    if input.variable.is_empty() || delimiter.is_empty() {
        return Answer::value(0);
    }
    let Some((delimiter, _)) = encoded(delimiter) else {
        return Answer::error("FIELDNUM: the delimiter is not understood");
    };
    // Letter case does not matter.
    let found = input
        .variable
        .split(|byte| delimiter != 0 && *byte == delimiter)
        .position(|field| field.eq_ignore_ascii_case(wanted));
    Answer::value(found.map_or(0, |index| index as i64 + 1))
}

fn list_filter(input: &Input<'_>) -> Answer {
    let parts = args::split(input.args, 3);
    let [_, delimiter, unwanted] = &parts[..] else {
        return Answer::error("Usage: LISTFILTER(variable,delimiter,value)");
    };
    let mut delimiter = encoded_text(delimiter);
    if delimiter.is_empty() {
        delimiter.push(b',');
    }
    let fields = split_by(input.variable, &delimiter);
    let last = fields.len() - 1;
    let mut out = Vec::new();
    let mut first = true;
    for (index, field) in fields.into_iter().enumerate() {
        // An empty element at the end is never taken for an equal one.
        let at_end = index == last && index > 0 && field.is_empty();
        if field == unwanted.as_slice() && !at_end {
            continue;
        }
        if !first {
            out.extend_from_slice(&delimiter);
        }
        first = false;
        out.extend_from_slice(field);
    }
    Answer::value(out)
}

/// Splits by a delimiter of any length that is not empty; at least one field.
fn split_by<'a>(mut text: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut fields = Vec::new();
    while let Some(at) = text
        .windows(delimiter.len())
        .position(|window| window == delimiter)
    {
        fields.push(&text[..at]);
        text = &text[at + delimiter.len()..];
    }
    fields.push(text);
    fields
}

/// SHIFT and POP: gives an element from one end and takes it away.
fn take(input: &Input<'_>, front: bool) -> Answer {
    let parts = args::split(input.args, 2);
    let name = args::argument(&parts, 0);
    if name.is_empty() {
        return Answer::failed("SHIFT and POP need the name of a variable");
    }
    if input.variable.is_empty() {
        return Answer::value(Value::EMPTY);
    }
    let delimiter = delimiter(&parts);
    let list = input.variable;
    let at = if front {
        list.iter().position(|byte| *byte == delimiter)
    } else {
        list.iter().rposition(|byte| *byte == delimiter)
    };
    let (taken, left) = match (at, front) {
        (None, _) => (list, &b""[..]),
        (Some(at), true) => (&list[..at], &list[at + 1..]),
        (Some(at), false) => (&list[at + 1..], &list[..at]),
    };
    Answer::value(taken).set(name, left)
}

fn delimiter(parts: &[Vec<u8>]) -> u8 {
    match encoded(args::argument(parts, 1)) {
        Some((byte, _)) if byte != 0 => byte,
        _ => b',',
    }
}

/// Keys in the order of their numbers, which C reads as `float`. Commas
/// separate, whatever stands around them.
fn sort(input: &Input<'_>) -> Answer {
    let mut elements: Vec<(f32, &[u8])> = Vec::new();
    for element in input.args.split(|byte| *byte == b',').take(SLOTS) {
        let Some(colon) = element.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let number = scan::float(&element[colon + 1..]).map_or(0.0, |(number, _)| number);
        elements.push((number as f32, &element[..colon]));
    }
    elements.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    let keys: Vec<&[u8]> = elements.into_iter().map(|(_, key)| key).collect();
    Answer::value(keys.join(&b','))
}

/// Where `HASH(name,key)` is kept.
fn hash_variable(args: &[u8]) -> Vec<u8> {
    let parts = args::split(args, 2);
    hash_name(args::argument(&parts, 0), args::argument(&parts, 1))
}

fn hash_name(name: &[u8], key: &[u8]) -> Vec<u8> {
    let (bare, marks) = args::inheritance(name);
    let mut out = vec![b'_'; usize::from(marks)];
    out.extend_from_slice(b"~HASH~");
    out.extend_from_slice(bare);
    out.push(b'~');
    out.extend_from_slice(key);
    out.push(b'~');
    out
}

/// `Set(NAME(args)=value)` of the functions of this module.
pub(crate) fn write(name: &[u8], text: &[u8], variable: &[u8], value: &[u8]) -> Option<Answer> {
    Some(match name {
        b"ARRAY" => {
            let names = args::split(text, SLOTS);
            if names.is_empty() {
                return Some(Answer::failed("ARRAY needs names of variables"));
            }
            let values = args::split(value, SLOTS);
            let mut answer = Answer::untouched();
            for (index, name) in names.iter().enumerate() {
                answer = answer.set(name, args::argument(&values, index));
            }
            answer
        }
        b"PUSH" | b"UNSHIFT" => {
            let parts = args::split(text, 2);
            let target = args::argument(&parts, 0);
            if target.is_empty() {
                return Some(Answer::failed(
                    "PUSH and UNSHIFT need the name of a variable",
                ));
            }
            let delimiter = delimiter(&parts);
            let list = if variable.is_empty() {
                value.to_vec()
            } else if name == b"PUSH" {
                [variable, &[delimiter], value].concat()
            } else {
                [value, &[delimiter], variable].concat()
            };
            Answer::untouched().set(target, list)
        }
        b"HASH" => {
            let parts = args::split(text, 2);
            if parts.len() < 2 {
                return Some(Answer::failed(
                    "HASH without a key is only written by database functions",
                ));
            }
            Answer::untouched().set(
                &hash_name(args::argument(&parts, 0), args::argument(&parts, 1)),
                value,
            )
        }
        _ => return None,
    })
}

/// The variable that [`write`] wants to know first.
pub(crate) fn write_reads(name: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    match name {
        b"PUSH" | b"UNSHIFT" => {
            let parts = args::split(text, 2);
            let (bare, _) = args::inheritance(args::argument(&parts, 0));
            Some(bare.to_vec())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pure::{self, Env};
    use crate::template::Answered;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn fields_are_cut_as_by_cut(text in "[a-c-]{0,8}", delimiter in "[-ab,]?", fields in "-?[0-4]{0,2}-?[0-4]?") {
            let arguments = format!("v,{delimiter},{fields}");
            if let Some((body, found)) = Fields::read(arguments.as_bytes()) {
                prop_assert_eq!(body, b"v");
                let cut = pure::find(b"CUT").map(|id| pure::call(id, arguments.as_bytes(), &text.as_str().into(), &Env::default()));
                let answer = cut.expect("CUT");
                prop_assert_eq!(answer.outcome, Answered::Value(found.cut(text.as_bytes()).into()), "{}", arguments);
                prop_assert!(answer.log.is_empty(), "{}", arguments);
            }
        }
    }
}
