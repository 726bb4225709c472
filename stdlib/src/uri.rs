//! Percent encoding.

use crate::pure::{Answer, Input, Pure, plain};

pub(crate) const FUNCTIONS: &[Pure] = &[
    plain("URIENCODE", |input| Answer::value(encode(input.args))),
    plain("URIDECODE", decode_function),
];

/// Everything but letters, digits and `-_.!~*'()` becomes `%XX`.
pub fn encode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

/// `%XX` becomes a byte; what starts with no digit stays, `+` too.
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let digit = |index: usize| {
            text.get(index)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        if text[at] == b'%'
            && at + 2 < text.len()
            && let Some(high) = digit(at + 1)
        {
            // One digit alone counts, and what stands in place of the second
            // is swallowed. Two hexadecimal digits make one byte.
            out.push(digit(at + 2).map_or(high, |low| high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

fn decode_function(input: &Input<'_>) -> Answer {
    if input.args.is_empty() {
        return Answer::failed("URIDECODE needs text");
    }
    let mut text = decode(input.args);
    // Text ends at the first NUL.
    let end = text.iter().position(|byte| *byte == 0);
    text.truncate(end.unwrap_or(text.len()));
    Answer::value(text)
}
