//! Comments of configuration files (DL-010..019), as Asterisk takes them off, its traps included.

use crate::diagnostic::Diagnostic;
use crate::source::{Span, Text};

/// Block comments may stand in each other this deep (DL-013).
const NESTING: usize = 128;

/// Takes comments off line by line; knows how deep in block comments the text is. A block comment goes on from one file of an
/// `#include` pattern into the next.
pub(crate) struct Comments {
    /// Open block comments. Below zero after a stray `--;`: all following lines are ignored (DL-016).
    depth: i32,
    opened: Vec<Span>,
    stray: Option<Span>,
    too_deep: bool,
    found: Vec<Diagnostic>,
    /// The line comment of the line stripped last.
    pub(crate) cut: Option<Span>,
}

impl Comments {
    pub(crate) fn new() -> Comments {
        Comments {
            depth: 0,
            opened: Vec::new(),
            stray: None,
            too_deep: false,
            found: Vec::new(),
            cut: None,
        }
    }

    /// Whether the text stands in a block comment, or behind a stray `--;`.
    pub(crate) fn inside(&self) -> bool {
        self.depth != 0
    }

    /// What is left of a line; None when all of it lies in a comment.
    pub(crate) fn strip(&mut self, line: Text) -> Option<Text> {
        self.cut = None;
        let (raw, span) = (line.bytes(), line.span());
        if !raw.contains(&b';') {
            return (self.depth == 0).then_some(line);
        }
        // Offsets into `raw` of what is live, in order; `live_from` is where the piece in work begins.
        let mut live = Text::new(Vec::new(), span.before());
        let mut live_from = (self.depth == 0).then_some(0);
        let mut began_live = self.depth == 0;
        let mut at = 0;
        // The first byte after the last thing that was recognised: `--;` needs its dashes behind it.
        let mut fresh = 0;
        while let Some(semicolon) = raw[at..].iter().position(|b| *b == b';').map(|n| at + n) {
            let place = Span {
                file: span.file,
                start: span.start + semicolon as u32,
                end: span.start + semicolon as u32 + 1,
            };
            at = semicolon + 1;
            if semicolon > fresh && raw[semicolon - 1] == b'\\' {
                if let Some(from) = live_from {
                    push(&mut live, &line, from, semicolon - 1);
                    live_from = Some(semicolon);
                }
                fresh = at;
            } else if raw[at..].starts_with(b"--") && raw.get(at + 2) != Some(&b'-') {
                if self.depth >= NESTING as i32 {
                    if !std::mem::replace(&mut self.too_deep, true) {
                        self.found.push(Diagnostic::new(
                            "S136",
                            format!("block comments stand more than {NESTING} deep in each other"),
                            place,
                        ));
                    }
                    continue;
                }
                if let Some(from) = live_from.take() {
                    push(&mut live, &line, from, semicolon);
                }
                self.depth += 1;
                self.opened.push(Span {
                    end: place.start + 3,
                    ..place
                });
                at = semicolon + 3;
                fresh = at;
            } else if semicolon >= fresh + 2 && raw[semicolon - 2..semicolon] == *b"--" {
                if self.depth == 0 {
                    self.stray.get_or_insert(Span {
                        start: place.start - 2,
                        ..place
                    });
                }
                self.opened.pop();
                self.depth -= 1;
                fresh = at;
                if self.depth == 0 {
                    live_from = Some(at);
                    began_live = true;
                }
            } else if self.depth == 0 {
                if let Some(from) = live_from.take() {
                    push(&mut live, &line, from, semicolon);
                }
                self.cut = Some(Span {
                    end: span.end,
                    ..place
                });
                return began_live.then_some(live);
            } else {
                fresh = at;
            }
        }
        if let Some(from) = live_from {
            push(&mut live, &line, from, raw.len());
        }
        began_live.then_some(live)
    }

    /// What is wrong with the comments of the whole text.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        if let Some(stray) = self.stray {
            self.found.push(
                Diagnostic::new("S123", "`--;` ends no comment", stray)
                    .label(if self.depth < 0 { "from here on every line is ignored without a word" } else { "the lines up to the next `;--` are ignored" })
                    .help("a block comment begins with `;--`; a line comment needs a blank between the dashes and the `;`"),
            );
        }
        if let Some(open) = self.opened.first().filter(|_| self.depth > 0) {
            self.found.push(
                Diagnostic::new("S120", "this block comment is never closed", *open)
                    .label("everything from here to the end of the file is ignored")
                    .help("close it with `--;`, or write `;---` for a comment of one line"),
            );
        }
        self.found
    }
}

fn push(live: &mut Text, line: &Text, from: usize, to: usize) {
    if from < to {
        live.append(&line.slice(from..to));
    }
}
