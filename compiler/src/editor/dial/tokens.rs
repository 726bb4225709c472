//! The words of a `.dial` file with what they are.

use strowger_dial::token::{Kind, lex};
use strowger_stdlib::words;

use super::super::View;
use super::super::tokens::{Token, TokenKind};
use crate::dial::notes::{Fact, What};
use crate::source::{FileId, Span};

impl View {
    /// The words of lines `from..to` (1-based) of a file, from left to right; they do not overlap.
    pub(in crate::editor) fn dial_tokens(&self, file: FileId, from: u32, to: u32) -> Vec<Token> {
        let source = self.sources.file(file);
        let start = source.line_range(from).start as u32;
        let end = source.line_range(to.saturating_sub(1)).end as u32;
        let names = self.named(file);
        let mut out = Vec::new();
        for token in lex(self.dial_text(file)) {
            let at = super::span(file, token.at);
            if at.end <= start || at.start >= end.max(start) {
                continue;
            }
            let here = names.partition_point(|t| t.span.start < at.start);
            let inside = names[here..].iter().take_while(|t| t.span.end <= at.end);
            let kind = match token.kind {
                Kind::Comment | Kind::Doc | Kind::ModuleDoc => TokenKind::Comment,
                Kind::Int | Kind::Duration | Kind::Stuck => TokenKind::Priority,
                Kind::Text | Kind::Raw | Kind::OpenText | Kind::OpenRaw => TokenKind::Text,
                Kind::Pattern | Kind::OpenPattern => TokenKind::Extension,
                Kind::Ident | Kind::Upper => {
                    // What no name explains: a case or type of the language, a field, a word that is not known.
                    match inside.clone().find(|t| t.span == at) {
                        Some(known) => out.push(*known),
                        None if token.kind == Kind::Upper => out.push(word(at, TokenKind::Type)),
                        None => out.push(word(at, TokenKind::Variable)),
                    }
                    continue;
                }
                kind if kind.is_keyword() => {
                    // `on` as the name of an argument.
                    match inside.clone().find(|t| t.span == at) {
                        Some(known) => out.push(*known),
                        None => out.push(word(at, TokenKind::Key)),
                    }
                    continue;
                }
                _ => continue,
            };
            // A text around its holes.
            let mut last = at.start;
            for name in inside {
                if name.span.start > last {
                    let before = Span {
                        start: last,
                        end: name.span.start,
                        ..at
                    };
                    out.push(word(before, kind));
                }
                if name.span.start >= last {
                    let whole = name.span == at;
                    out.push(if whole { word(at, kind) } else { *name });
                    last = name.span.end;
                }
            }
            if last < at.end {
                out.push(word(Span { start: last, ..at }, kind));
            }
        }
        for token in &mut out {
            // A comment is read up to its line end.
            let bytes = self.sources.bytes(token.span);
            token.span.end = token.span.start + bytes.trim_ascii_end().len() as u32;
        }
        out.retain(|t| !t.span.is_empty());
        out
    }

    /// The names of a file with what they are, by place.
    fn named(&self, file: FileId) -> Vec<Token> {
        let notes = &self.dial().notes;
        let mut out: Vec<Token> = Vec::new();
        for (at, fact) in notes.of(file) {
            let declared = match fact {
                Fact::Used(declared) => notes.declared_at(*declared),
                Fact::Declared(declared) => Some(declared),
                _ => None,
            };
            let kind = match (fact, declared.map(|d| &d.what)) {
                (_, Some(what)) => match what {
                    What::Import | What::Conf | What::Context => TokenKind::Context,
                    What::Const(_) | What::Variable(_) | What::Let(_) | What::Var(_) => {
                        TokenKind::Variable
                    }
                    What::Part(_) => TokenKind::Variable,
                    What::Parameter(_) => TokenKind::Parameter,
                    What::Enum => TokenKind::Type,
                    What::Case(..) => TokenKind::Case,
                    What::Sub(_) => TokenKind::Function,
                    What::Label => TokenKind::Label,
                },
                (Fact::Case(..), _) => TokenKind::Case,
                (Fact::Parameter(..), _) => TokenKind::Parameter,
                (Fact::Word(w), _) if w.kind == words::Kind::Application => TokenKind::Application,
                (Fact::Word(w), _) if w.is_field() => TokenKind::Device,
                (Fact::Word(_), _) => TokenKind::Function,
                (Fact::Context(..), _) => TokenKind::Context,
                (Fact::Device(..), _) => TokenKind::Device,
                (Fact::Variable(..), _) => TokenKind::Variable,
                (Fact::Extension(..), _) => TokenKind::Extension,
                _ => continue,
            };
            if out.last().is_some_and(|last| last.span.end > at.start) {
                continue;
            }
            out.push(Token {
                span: *at,
                kind,
                definition: matches!(fact, Fact::Declared(_)),
            });
        }
        out
    }
}

fn word(span: Span, kind: TokenKind) -> Token {
    Token {
        span,
        kind,
        definition: false,
    }
}
