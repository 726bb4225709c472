//! Missing and superfluous braces: found declaration by declaration, told once each, and mended so that the rest can be read.
//!
//! Where every `{` has its `}`, nothing happens here, however the lines are indented. Else the indentation tells what was meant.

use crate::error::{Error, ErrorKind};
use crate::lines::Lexeme;
use crate::mistake::keyword;
use crate::token::Kind;
use crate::tree::At;

/// Braces that are put in or taken out in one declaration; one that is worse is left out.
const MENDS: usize = 8;

/// Whether a declaration begins at `i`: its first word stands at the start of a line and can stand nowhere else.
fn is_decl(lexemes: &[Lexeme], i: usize) -> bool {
    use Kind::*;
    if !lexemes[i].fresh {
        return false;
    }
    let next = lexemes.get(i + 1).map(|l| l.kind);
    match lexemes[i].kind {
        Import | Const | Global | Enum | Fn | Sub | Context => true,
        Channel => matches!(next, Some(Ident | Inherit)),
        Test => matches!(next, Some(Text | Raw)),
        _ => false,
    }
}

/// The same lexemes with as many `{` as `}` in each declaration.
pub(crate) fn mend(lexemes: Vec<Lexeme>, errors: &mut Vec<Error>) -> Vec<Lexeme> {
    if is_sound(&lexemes) {
        return lexemes;
    }
    let mut out = Vec::with_capacity(lexemes.len() + MENDS);
    let mut start = 0;
    while start < lexemes.len() {
        let end = region(&lexemes, start);
        let part = &lexemes[start..end];
        if is_sound(part) {
            out.extend_from_slice(part);
        } else {
            out.extend(repaired(part.to_vec(), errors));
        }
        start = end;
    }
    out
}

/// Whether braces are closed at the end and nowhere too often.
fn is_sound(lexemes: &[Lexeme]) -> bool {
    let mut depth = 0u32;
    for lexeme in lexemes {
        match lexeme.kind {
            Kind::BraceOpen => depth += 1,
            Kind::BraceClose => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0
}

/// Where the declaration ends that begins at `start`. What is indented deeper than its head belongs to it.
fn region(lexemes: &[Lexeme], start: usize) -> usize {
    let head = lexemes[start].indent;
    let mut depth = 0u32;
    for i in start..lexemes.len() {
        match lexemes[i].kind {
            Kind::BraceOpen => depth += 1,
            Kind::BraceClose => depth = depth.saturating_sub(1),
            _ => {
                let inside = depth > 0 && lexemes[i].indent > head;
                if i > start && is_decl(lexemes, i) && !inside {
                    return i;
                }
            }
        }
    }
    lexemes.len()
}

/// What is wrong with the braces of a declaration.
enum Fault {
    /// `{` at the first place has no `}`; it is meant at the second.
    Open(usize, usize),
    /// `}` has no `{`.
    Extra(usize),
}

fn find(part: &[Lexeme]) -> Option<Fault> {
    let mut open: Vec<usize> = Vec::new();
    let mut doubtful = None;
    let mut superfluous = None;
    for (i, lexeme) in part.iter().enumerate() {
        let begins = lexeme.fresh && i > 0 && part[i - 1].kind == Kind::Newline;
        match lexeme.kind {
            Kind::BraceOpen => open.push(i),
            Kind::BraceClose => {
                let Some(top) = open.pop() else {
                    return Some(Fault::Extra(superfluous.unwrap_or(i)));
                };
                // It stands where an outer `{` wants it: the inner one has lost its own.
                let wants = |at: &usize| part[*at].indent == lexeme.indent;
                if !lexeme.fresh {
                    continue;
                }
                if part[top].indent > lexeme.indent && open.last().is_some_and(wants) {
                    doubtful = doubtful.or(Some((top, i)));
                } else if part[top].indent < lexeme.indent {
                    superfluous = superfluous.or(Some(i));
                }
            }
            // What stands in braces stands deeper than their head.
            _ if begins => {
                if let Some(top) = open.last().filter(|t| part[**t].indent >= lexeme.indent) {
                    doubtful = doubtful.or(Some((*top, i)));
                }
            }
            _ => {}
        }
    }
    let last = open.pop()?;
    Some(match doubtful {
        Some((at, before)) => Fault::Open(at, before),
        None => Fault::Open(last, part.len()),
    })
}

/// A line that needs a `{` and has none.
struct Head {
    word: &'static str,
    at: At,
    /// Where its line ends.
    end: usize,
}

/// The last line in front of `before` that needs a `{` and has none.
fn headless(part: &[Lexeme], before: usize) -> Option<Head> {
    let begins = |i: usize| {
        let last = i.checked_sub(1).map(|i| part[i].kind);
        match last {
            None | Some(Kind::Newline) => true,
            Some(Kind::BraceOpen | Kind::BraceClose) => part[i].fresh,
            _ => part[i].fresh && part[i].kind == Kind::BraceClose,
        }
    };
    let mut found = None;
    let mut i = 0;
    while i < before {
        let end = (i + 1..before).find(|i| begins(*i)).unwrap_or(before);
        let line = &part[i..end];
        let first = line.iter().position(|l| l.kind != Kind::BraceClose);
        let line = &line[first.unwrap_or(line.len())..];
        let head = line.first().filter(|l| {
            use Kind::*;
            matches!(
                l.kind,
                On | If | Else | While | For | Match | Fn | Sub | Context | Test | Enum
            )
        });
        if let Some(head) = head
            && let Some(word) = keyword(head.kind)
            && !line.iter().any(|l| l.kind == Kind::BraceOpen)
        {
            let newline = line.last().is_some_and(|l| l.kind == Kind::Newline);
            // The line of an `else` goes on, for the grammar.
            let next = line.iter().skip(1).position(|l| l.fresh);
            let end = match next.filter(|_| head.kind == Kind::Else) {
                Some(n) => end - line.len() + 1 + n,
                None if newline => end - 1,
                None => end,
            };
            found = Some(Head {
                word,
                at: head.at,
                end,
            });
        }
        i = end;
    }
    found
}

fn repaired(mut part: Vec<Lexeme>, errors: &mut Vec<Error>) -> Vec<Lexeme> {
    let mut told = false;
    for _ in 0..MENDS {
        match find(&part) {
            None => return part,
            Some(Fault::Open(open, before)) => {
                // Several that are open at the end are one mistake.
                if before < part.len() || !told {
                    errors.push(Error {
                        kind: ErrorKind::OpenBrace,
                        at: part[open].at,
                        also: part
                            .get(before)
                            .map(|l| (l.at, "it ought to be closed before this"))
                            .into_iter()
                            .collect(),
                    });
                }
                told = true;
                let mut close = part[before.min(part.len() - 1)];
                close.at.start = close.at.end;
                close.kind = Kind::BraceClose;
                close.fresh = false;
                if before == part.len() {
                    while part.last().is_some_and(|l| l.kind == Kind::Newline) {
                        part.pop();
                    }
                    let count = |kind| part.iter().filter(|l| l.kind == kind).count();
                    let missing = count(Kind::BraceOpen) - count(Kind::BraceClose);
                    part.extend(std::iter::repeat_n(close, missing));
                    part.push(Lexeme {
                        kind: Kind::Newline,
                        ..close
                    });
                } else {
                    close.at.start = part[before].at.start;
                    close.at.end = close.at.start;
                    part.insert(before, close);
                    part.insert(
                        before + 1,
                        Lexeme {
                            kind: Kind::Newline,
                            ..close
                        },
                    );
                }
            }
            Some(Fault::Extra(at)) => {
                told = true;
                if let Some(head) = headless(&part, at) {
                    errors.push(Error {
                        kind: ErrorKind::NoBrace(head.word),
                        at: head.at,
                        also: Vec::new(),
                    });
                    let mut open = part[head.end.saturating_sub(1)];
                    open.at.start = open.at.end;
                    open.kind = Kind::BraceOpen;
                    open.fresh = false;
                    if part[head.end].kind == Kind::Newline {
                        part[head.end] = open;
                    } else {
                        part.insert(head.end, open);
                    }
                } else {
                    errors.push(Error {
                        kind: ErrorKind::ExtraBrace,
                        at: part[at].at,
                        also: Vec::new(),
                    });
                    part.remove(at);
                }
            }
        }
    }
    // What is left over of it would only be told as further mistakes.
    Vec::new()
}
