//! The fields of an argument text: between commas or other separators, as far as they stand outside of what protects them; and option letters.

use std::ops::Range;

use strowger_stdlib::args::{self, OptionString};

use crate::jump::Shape;
use crate::source::Text;

/// Arguments between commas outside of variables, quotes and brackets.
pub(crate) fn arguments(args: &Text) -> Vec<Text> {
    arguments_of(args, &Shape::read(args.bytes()))
}

/// The same where the holes are known.
pub(crate) fn arguments_of(args: &Text, shape: &Shape) -> Vec<Text> {
    let bytes = args.bytes();
    let mut out = Vec::new();
    let (mut from, mut depth, mut quoted) = (0, 0usize, false);
    let mut escaped = None;
    for i in shape.outside(bytes.len()) {
        match bytes[i] {
            _ if escaped == Some(i) => {}
            b'\\' => escaped = Some(i + 1),
            b'"' => quoted = !quoted,
            b'(' | b'[' if !quoted => depth += 1,
            b')' | b']' if !quoted => depth = depth.saturating_sub(1),
            b',' if depth == 0 && !quoted => {
                out.push(args.slice(from..i));
                from = i + 1;
            }
            _ => {}
        }
    }
    out.push(args.slice(from.min(bytes.len())..bytes.len()));
    out
}

/// The parts of an argument text between commas that stand outside holes.
pub(crate) fn fields(text: &Text) -> Vec<Text> {
    split(text, b',')
}

/// The parts of a text between separators that stand outside holes.
pub(crate) fn split(text: &Text, separator: u8) -> Vec<Text> {
    let bytes = text.bytes();
    let mut out = Vec::new();
    let (mut from, mut at) = (0, 0);
    // Each hole is passed once: a line may have thousands.
    for hole in Shape::read(bytes).holes.into_iter().map(Some).chain([None]) {
        let end = hole.as_ref().map_or(bytes.len(), |h| h.start);
        while let Some(found) = bytes[at..end].iter().position(|b| *b == separator) {
            out.push(text.slice(from..at + found));
            at += found + 1;
            from = at;
        }
        at = hole.map_or(end, |h| h.end);
    }
    out.push(text.slice(from..bytes.len()));
    out
}

/// The argument of an option letter: `M(name^arg)` of `tTM(name^arg)`.
pub(crate) fn option(options: &Text, letter: u8) -> Option<Text> {
    letters(options)
        .into_iter()
        .find(|(found, _)| *found == letter)
        .and_then(|(_, range)| range)
        .map(|range| options.slice(range))
}

/// Whether an option letter is given.
pub(crate) fn has_option(options: &Text, letter: u8) -> bool {
    letters(options).iter().any(|(found, _)| *found == letter)
}

/// The letters of an option text, and where their arguments stand (DL-239, DL-240).
fn letters(options: &Text) -> Vec<(u8, Option<Range<usize>>)> {
    let bytes = options.bytes();
    let mut holes = Shape::read(bytes).holes.into_iter().peekable();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        while holes.next_if(|h| h.end <= at).is_some() {}
        if let Some(hole) = holes.peek()
            && hole.contains(&at)
        {
            at = hole.end;
            continue;
        }
        let letter = bytes[at];
        at += 1;
        if bytes.get(at) != Some(&b'(') {
            out.push((letter, None));
            continue;
        }
        let mut depth = 0usize;
        let close = bytes[at..].iter().position(|b| {
            match b {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let end = close.map_or(bytes.len(), |n| at + n);
        out.push((letter, Some(at + 1..end)));
        at = end + 1;
    }
    out
}

/// Arguments at their commas: outside of holes and parentheses.
pub(crate) fn parts(args: &Text) -> Vec<Text> {
    let bytes = args.bytes();
    let shape = Shape::read(bytes);
    let mut out = Vec::new();
    let (mut from, mut depth) = (0, 0usize);
    for at in shape.outside(bytes.len()) {
        match bytes[at] {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                out.push(args.slice(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push(args.slice(from.min(bytes.len())..bytes.len()));
    out
}

/// The options of a call, and whether all of them are seen: a variable may hold more.
pub(crate) struct Options {
    written: OptionString,
    pub(crate) all: bool,
}

impl Options {
    /// The part of this number.
    pub(crate) fn read(parts: &[Text], slot: usize) -> Options {
        let text = parts.get(slot).map_or(&b""[..], |t| t.bytes());
        // A hole between parentheses is an argument of a letter and hides no letter.
        let mut depth = 0usize;
        let shape = Shape::read(text);
        let mut outside = text.iter().enumerate().filter(|(i, b)| {
            match b {
                b'(' if !shape.holes.iter().any(|h| h.contains(i)) => depth += 1,
                b')' if !shape.holes.iter().any(|h| h.contains(i)) => {
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            depth == 0 && shape.holes.iter().any(|h| h.start == *i)
        });
        let all = outside.next().is_none();
        Options {
            written: args::options(text),
            all,
        }
    }

    /// Whether a letter is there for certain.
    pub(crate) fn has(&self, letter: u8) -> bool {
        self.written.has(letter)
    }

    /// Whether a letter may be there.
    pub(crate) fn may_have(&self, letter: u8) -> bool {
        !self.all || self.written.has(letter)
    }

    /// What stands behind a letter.
    pub(crate) fn argument(&self, letter: u8) -> Option<&[u8]> {
        self.written.argument(letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    #[test]
    fn arguments_split_outside_of_what_protects() {
        let text = |t: &str| {
            Text::new(
                t.as_bytes(),
                Span {
                    file: FileId(0),
                    start: 0,
                    end: t.len() as u32,
                },
            )
        };
        let parts = |t: &str| {
            arguments(&text(t))
                .iter()
                .map(|p| p.lossy().into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            parts("a,${CUT(b,c)},\"d,e\",f(g,h)"),
            ["a", "${CUT(b,c)}", "\"d,e\"", "f(g,h)"]
        );
        assert_eq!(parts(""), [""]);
    }
}
