//! Argument texts taken apart as they stand, holes unread: fields between commas, and option letters.

use std::ops::Range;

use crate::jump::Shape;

/// The fields of an argument text without quotes and backslashes.
pub(super) fn fields(args: &[u8]) -> Vec<Vec<u8>> {
    let shape = Shape::read(args);
    let mut out = Vec::new();
    let (mut from, mut depth) = (0, 0usize);
    for i in shape.outside(args.len()) {
        match args[i] {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                out.push(args[from..i].to_vec());
                from = i + 1;
            }
            _ => {}
        }
    }
    out.push(args[from.min(args.len())..].to_vec());
    out
}

/// The parts of a text between separators outside holes.
pub(super) fn split(text: &[u8], separator: u8) -> Vec<Vec<u8>> {
    let shape = Shape::read(text);
    let mut out = Vec::new();
    let mut from = 0;
    for i in shape.outside(text.len()) {
        if text[i] == separator {
            out.push(text[from..i].to_vec());
            from = i + 1;
        }
    }
    out.push(text[from.min(text.len())..].to_vec());
    out
}

/// Option letters and what stands in parentheses behind them; none where a hole may hold letters, or a parenthesis is open.
pub(super) fn options(text: &[u8]) -> Option<Vec<(u8, Option<Vec<u8>>)>> {
    let shape = Shape::read(text);
    let in_hole = |i: usize| shape.holes.iter().any(|h: &Range<usize>| h.contains(&i));
    let mut out: Vec<(u8, Option<Vec<u8>>)> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if in_hole(at) || !text[at].is_ascii_alphanumeric() {
            return None;
        }
        let letter = text[at];
        at += 1;
        if text.get(at) != Some(&b'(') {
            out.push((letter, None));
            continue;
        }
        let from = at + 1;
        let mut depth = 0usize;
        let mut end = None;
        for (i, byte) in text.iter().enumerate().skip(at) {
            if in_hole(i) {
                continue;
            }
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        end = Some(i);
                        break;
                    }
                }
                _ => {}
            }
        }
        let end = end?;
        out.push((letter, Some(text[from..end].to_vec())));
        at = end + 1;
    }
    Some(out)
}
