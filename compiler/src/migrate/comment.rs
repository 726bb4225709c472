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

    /// The comments before a line and behind it, each once, without their marks. A blank line between two of them is an empty one.
    pub(super) fn of(&mut self, file: FileId, line: u32) -> Vec<String> {
        let source = self.sources.file(file);
        let mut found = Vec::new();
        let mut at = line;
        while at > 1 {
            at -= 1;
            let text = source.line_bytes(at).trim_ascii();
            if text.is_empty() {
                found.push(String::new());
                continue;
            }
            if !is_comment(text) || !self.written.insert((file, at)) {
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
        tidy(&mut found);
        found
    }

    /// The comments directly behind a line, each once: all that a section without lines holds.
    pub(super) fn under(&mut self, file: FileId, line: u32) -> Vec<String> {
        let source = self.sources.file(file);
        let mut found = Vec::new();
        for at in line + 1..=source.line_count() {
            let text = source.line_bytes(at).trim_ascii();
            if !is_comment(text) || !self.written.insert((file, at)) {
                break;
            }
            found.push(shown(text));
        }
        tidy(&mut found);
        found
    }
}

/// A comment as a line of `.dial`; an empty one keeps apart what stands before and behind it.
pub(super) fn line(comment: &str) -> String {
    format!("// {comment}").trim_end().to_owned()
}

fn is_comment(line: &[u8]) -> bool {
    let block = line.starts_with(b";--") && !line[3..].starts_with(b"-");
    line.starts_with(b";") && !block
}

/// No empty comments at the begin and the end, and one where there are several.
fn tidy(comments: &mut Vec<String>) {
    comments.dedup_by(|a, b| a.is_empty() && b.is_empty());
    if comments.first().is_some_and(String::is_empty) {
        comments.remove(0);
    }
    if comments.last().is_some_and(String::is_empty) {
        comments.pop();
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
    let words = comment[start..].trim_ascii_end();
    // How far it is indented is kept.
    let words = words.strip_prefix(b" ").unwrap_or(words);
    String::from_utf8_lossy(words)
        .chars()
        .filter(|c| !c.is_control() || *c == '\t')
        .collect()
}
