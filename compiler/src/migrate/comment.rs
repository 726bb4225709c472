//! The comments of a plan, each with the line that it stands before.

use std::collections::HashSet;

use crate::source::{FileId, SourceFile, Sources};

/// Which comments were written already.
pub(super) struct Comments<'s> {
    sources: &'s Sources,
    written: HashSet<(FileId, u32)>,
}

impl<'s> Comments<'s> {
    pub(super) fn new(sources: &'s Sources) -> Comments<'s> {
        Comments {
            sources,
            written: HashSet::new(),
        }
    }

    /// The comments before a line and behind it, each once. Without their marks.
    pub(super) fn of(&mut self, file: FileId, line: u32) -> Vec<String> {
        let source = self.sources.file(file);
        let mut found = Vec::new();
        let mut at = line;
        while at > 1 {
            at -= 1;
            let text = source.line_bytes(at).trim_ascii();
            if text.is_empty() {
                continue;
            }
            let block = text.starts_with(b";--") && !text[3..].starts_with(b"-");
            if !text.starts_with(b";") || block || !self.written.insert((file, at)) {
                break;
            }
            found.push(shown(text));
        }
        found.reverse();
        if let Some(behind) = behind(source, line)
            && self.written.insert((file, line))
        {
            found.push(behind);
        }
        found.retain(|c| !c.is_empty());
        found
    }
}

/// The comment at the end of a line.
fn behind(source: &SourceFile, line: u32) -> Option<String> {
    let text = source.line_bytes(line);
    let mut at = 0;
    while let Some(found) = text[at..].iter().position(|b| *b == b';') {
        let place = at + found;
        if place == 0 || text[place - 1] != b'\\' {
            return Some(shown(&text[place..]));
        }
        at = place + 1;
    }
    None
}

/// A comment's words. What is no text is told by marks of its own.
fn shown(comment: &[u8]) -> String {
    let start = comment
        .iter()
        .position(|b| *b != b';')
        .unwrap_or(comment.len());
    let words = String::from_utf8_lossy(comment[start..].trim_ascii()).into_owned();
    words
        .chars()
        .filter(|c| !c.is_control() || *c == '\t')
        .collect()
}
