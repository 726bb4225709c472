//! The numbers that `n` stands for, and types that are not written, shown between the words.

use super::View;
use crate::ast::Entry;
use crate::source::FileId;

/// Something to be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    /// Behind which byte.
    pub offset: u32,
    /// `=2`, `: Int`.
    pub text: String,
}

impl View {
    /// What is not written in lines `from..to` (1-based): the numbers of priorities, the types of names.
    pub fn hints(&self, file: FileId, from: u32, to: u32) -> Vec<Hint> {
        if self.is_dial(file) {
            return self.dial_hints(file, from, to);
        }
        let mut out = Vec::new();
        for (_, line) in self.lines_in(file, from, to) {
            let Entry::Exten(exten) = &line.entry else {
                continue;
            };
            let Some((_, _, step)) = self.step(file, line.line) else {
                continue;
            };
            let written = exten.priority.bytes();
            if exten.offset.is_some() || written != step.priority.to_string().as_bytes() {
                let end = exten.offset.as_ref().unwrap_or(&exten.priority).span().end;
                out.push(Hint {
                    offset: end,
                    text: format!("={}", step.priority),
                });
            }
        }
        out
    }
}
