//! The words of a file with what they are, for colours.

use super::names::Symbol;
use super::parts::{self, Part};
use super::{Role, View};
use crate::source::{FileId, Span};

/// What a word is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TokenKind {
    /// `exten`, `same`, `include`.
    Key,
    /// A context.
    Context,
    /// An extension.
    Extension,
    /// A priority.
    Priority,
    /// A label.
    Label,
    /// An application.
    Application,
    /// A function.
    Function,
    /// A variable.
    Variable,
    /// A device.
    Device,
    /// A comment.
    Comment,
    /// A text.
    Text,
    /// A type.
    Type,
    /// A case of an enum.
    Case,
    /// A parameter, or the name of an argument.
    Parameter,
}

/// A word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// Where; on one line.
    pub span: Span,
    /// What it is.
    pub kind: TokenKind,
    /// It is made or set here.
    pub definition: bool,
}

impl View {
    /// The words of lines `from..to` (1-based) of a file, from left to right; they do not overlap.
    pub fn tokens(&self, file: FileId, from: u32, to: u32) -> Vec<Token> {
        if self.is_dial(file) {
            return self.dial_tokens(file, from, to);
        }
        let source = self.sources.file(file);
        let mut out: Vec<Token> = Vec::new();
        for (kind, line) in self.lines_in(file, from, to) {
            for (span, part) in parts::of(kind, &line, &self.dialect) {
                out.push(Token {
                    span,
                    kind: token(part),
                    definition: false,
                });
            }
        }
        let start = source.line_range(from).start as u32;
        let end = source.line_range(to.saturating_sub(1)).end as u32;
        for (span, symbol) in self.names().in_range(file, start, end) {
            let kind = match symbol {
                Symbol::Context(_) => TokenKind::Context,
                Symbol::Extension { .. } => TokenKind::Extension,
                Symbol::Label { .. } => TokenKind::Label,
                Symbol::Step { .. } => TokenKind::Priority,
                Symbol::Variable(_) | Symbol::Declared(_) => TokenKind::Variable,
                Symbol::Device { .. } => TokenKind::Device,
            };
            let definition = self
                .names()
                .role(symbol, span)
                .is_some_and(|role| role == Role::Definition);
            out.push(Token {
                span,
                kind,
                definition,
            });
        }
        for (line, span) in self.comment_lines(file) {
            if (from..to).contains(&line) {
                out.push(Token {
                    span,
                    kind: TokenKind::Comment,
                    definition: false,
                });
            }
        }
        for token in &mut out {
            // A comment is read up to its line end.
            let bytes = self.sources.bytes(token.span);
            token.span.end = token.span.start + bytes.trim_ascii_end().len() as u32;
        }
        out.retain(|t| {
            t.span.file == file && t.span.start >= start && t.span.end <= end.max(start)
        });
        // What is known by name says more than what is known by form.
        out.sort_by_key(|t| (t.span.start, t.span.end, !t.definition, t.kind));
        let mut last = 0;
        out.retain(|t| {
            let apart = t.span.start >= last && !t.span.is_empty();
            if apart {
                last = t.span.end;
            }
            apart && source.line(t.span.start) == source.line(t.span.end - 1)
        });
        out
    }
}

fn token(part: Part) -> TokenKind {
    match part {
        Part::Key => TokenKind::Key,
        Part::Extension => TokenKind::Extension,
        Part::Priority => TokenKind::Priority,
        Part::Label => TokenKind::Label,
        Part::Application => TokenKind::Application,
        Part::Function => TokenKind::Function,
        Part::Variable => TokenKind::Variable,
        Part::Comment => TokenKind::Comment,
    }
}
