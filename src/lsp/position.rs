//! Places as the protocol counts them: lines from 0, and in a line units of UTF-16.

use lsp_types::{Position, Range};
use strowger_compiler::Span;

/// A text with the beginnings of its lines. `\n`, `\r\n` and `\r` end a line, whatever Asterisk thinks of it.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Lines<'a> {
        let mut starts = vec![0];
        for (i, byte) in text.iter().enumerate() {
            if *byte == b'\n' || *byte == b'\r' && text.get(i + 1) != Some(&b'\n') {
                starts.push(i + 1);
            }
        }
        Lines { text, starts }
    }

    /// The place of a byte. Bytes that are no UTF-8 count as an editor shows them: one sign for each broken sequence.
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        Position {
            line: line as u32,
            character: units(&self.text[self.starts[line]..offset]),
        }
    }

    /// The byte at a place; a place behind the end of its line is that end.
    pub(super) fn offset(&self, at: Position) -> usize {
        let Some(start) = self.starts.get(at.line as usize) else {
            return self.text.len();
        };
        let next = self.starts.get(at.line as usize + 1);
        let mut end = next.copied().unwrap_or(self.text.len());
        while end > *start && matches!(self.text[end - 1], b'\n' | b'\r') {
            end -= 1;
        }
        let mut left = at.character as usize;
        let mut offset = *start;
        for chunk in self.text[*start..end].utf8_chunks() {
            for c in chunk.valid().chars() {
                if left < c.len_utf16() {
                    return offset;
                }
                left -= c.len_utf16();
                offset += c.len_utf8();
            }
            if !chunk.invalid().is_empty() {
                if left == 0 {
                    return offset;
                }
                left -= 1;
                offset += chunk.invalid().len();
            }
        }
        end
    }

    pub(super) fn range(&self, span: Span) -> Range {
        let start = self.position(span.start as usize);
        Range {
            start,
            end: self.position(span.end.max(span.start) as usize),
        }
    }

    pub(super) fn of_bytes(&self, range: std::ops::Range<usize>) -> Range {
        Range {
            start: self.position(range.start),
            end: self.position(range.end),
        }
    }

    /// Units of UTF-16 in a range of bytes.
    pub(super) fn width(&self, range: std::ops::Range<usize>) -> u32 {
        units(self.text.get(range).unwrap_or_default())
    }
}

/// Units of UTF-16.
fn units(text: &[u8]) -> u32 {
    if text.is_ascii() {
        return text.len() as u32;
    }
    text.utf8_chunks()
        .map(|chunk| {
            let valid: usize = chunk.valid().chars().map(char::len_utf16).sum();
            valid + usize::from(!chunk.invalid().is_empty())
        })
        .sum::<usize>() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_back() {
        // An umlaut, a sign of two units, a broken byte, and each kind of line end.
        let text = b"a\xc3\xa4\xf0\x9f\x98\x80\xffz\r\nb\rc\n".as_slice();
        let lines = Lines::new(text);
        for (offset, line, character) in [
            (0, 0, 0),
            (1, 0, 1),
            (3, 0, 2),
            (7, 0, 4),
            (8, 0, 5),
            (9, 0, 6),
            (11, 1, 0),
            (13, 2, 0),
            (15, 3, 0),
        ] {
            let at = Position { line, character };
            assert_eq!(lines.position(offset), at);
            assert_eq!(lines.offset(at), offset);
        }
        for (line, character, offset) in [(0, 3, 3), (0, 99, 9), (1, 99, 12), (9, 0, 15)] {
            assert_eq!(lines.offset(Position { line, character }), offset);
        }
    }
}
