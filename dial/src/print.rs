//! `strowger fmt` for `.dial`. The author's line breaks stay, at most one blank line in a row; blanks between tokens and the
//! indentation are set. A block that stands on one line stays there if the line is at most [`WIDTH`] wide.

use crate::lines::{self, Lexeme};
use crate::token::{self, Kind, Token};
use crate::tree::At;

/// Columns of a line that holds a whole block.
pub const WIDTH: usize = 100;

/// Blanks of a level.
const STEP: usize = 2;

/// The text in the one layout; nothing if it cannot be read.
pub fn format(text: &str) -> Option<String> {
    let read = crate::parse(text);
    if !read.errors.is_empty() {
        return None;
    }
    let lexemes = lines::read(text, &read.tokens, &mut Vec::new()).lexemes;
    let mut items = items(&read.tokens, &lexemes);
    neighbours(&mut items);
    let pairs = pairs(&items);
    join(&mut items);
    spread(&mut items, &pairs);
    let mut out = layout(text, &items);
    // A line that is too wide is parted at its outermost blocks; what stands in them may be too wide again.
    while part(&mut items, &pairs, &out) {
        out = layout(text, &items);
    }
    Some(out.text)
}

/// What [`format`] changes: which bytes, and what stands there then. Blanks and line ends between two tokens are one change.
pub fn changes(text: &str) -> Option<Vec<(At, String)>> {
    let laid = format(text)?;
    let words = |text: &str| -> Vec<At> {
        let mut tokens = token::lex(text);
        tokens.retain(|t| !matches!(t.kind, Kind::Blank | Kind::LineEnd));
        // Blanks at the end of a comment are no part of it.
        let trimmed = |t: &Token| At {
            start: t.at.start,
            end: t.at.start + slice(text, t).trim_end().len() as u32,
        };
        tokens.iter().map(trimmed).collect()
    };
    let (old, new) = (words(text), words(&laid));
    let mut out = Vec::new();
    let mut ends = (0, 0);
    let whole = |text: &str| At {
        start: text.len() as u32,
        end: text.len() as u32,
    };
    let old = old.into_iter().chain([whole(text)]);
    for (a, b) in old.zip(new.into_iter().chain([whole(&laid)])) {
        let before = At {
            start: ends.0,
            end: a.start,
        };
        let there = &text[before.start as usize..before.end as usize];
        let wanted = &laid[ends.1 as usize..b.start as usize];
        if there != wanted {
            out.push((before, wanted.to_owned()));
        }
        ends = (a.end, b.end);
    }
    Some(out)
}

/// Whether two texts say the same: their tokens, but for blanks and line ends.
pub fn same_words(a: &str, b: &str) -> bool {
    let words = |text: &str| -> Vec<Token> {
        let mut tokens = token::lex(text);
        tokens.retain(|t| !matches!(t.kind, Kind::Blank | Kind::LineEnd));
        tokens
    };
    let (first, second) = (words(a), words(b));
    first.len() == second.len()
        && first.iter().zip(&second).all(|(x, y)| {
            let (x, y) = (slice(a, x), slice(b, y));
            x.trim_end() == y.trim_end()
        })
}

fn slice<'t>(text: &'t str, token: &Token) -> &'t str {
    &text[token.at.start as usize..token.at.end as usize]
}

/// A token that is printed.
struct Item {
    token: Token,
    /// Line ends before it: none, one, or two for a blank line.
    breaks: u8,
    /// Whether a statement, item or declaration begins with it.
    starts: bool,
    /// The items in front of it and from it on that are no comments.
    last: Option<usize>,
    next: Option<usize>,
}

impl Item {
    fn is_comment(&self) -> bool {
        self.token.kind.is_trivia()
    }
}

fn items(tokens: &[Token], lexemes: &[Lexeme]) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::with_capacity(tokens.len());
    let mut breaks = 0u8;
    let mut ended = true;
    let mut words = lexemes.iter();
    for token in tokens {
        match token.kind {
            Kind::Blank => continue,
            Kind::LineEnd => {
                breaks = (breaks + 1).min(2);
                continue;
            }
            _ => {}
        }
        let mut kind = token.kind;
        let mut starts = false;
        if !kind.is_trivia() {
            // What a word is where it stands, and whether a statement has ended before it.
            for lexeme in words.by_ref() {
                if lexeme.kind != Kind::Newline {
                    kind = lexeme.kind;
                    break;
                }
                ended = true;
            }
            starts = ended;
            ended = kind == Kind::BraceOpen;
        }
        out.push(Item {
            token: Token { kind, ..*token },
            breaks: if out.is_empty() { 0 } else { breaks },
            starts,
            last: None,
            next: None,
        });
        breaks = 0;
    }
    out
}

fn neighbours(items: &mut [Item]) {
    let mut last = None;
    for (i, item) in items.iter_mut().enumerate() {
        item.last = last;
        if !item.is_comment() {
            last = Some(i);
        }
    }
    let mut next = None;
    for (i, item) in items.iter_mut().enumerate().rev() {
        if !item.is_comment() {
            next = Some(i);
        }
        item.next = next;
    }
}

/// Braces that belong together, by the number of the item; the inner before the outer.
fn pairs(items: &[Item]) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        match item.token.kind {
            Kind::BraceOpen => open.push(i),
            Kind::BraceClose => out.extend(open.pop().map(|o| (o, i))),
            _ => {}
        }
    }
    out
}

/// `{` stands on the line of its head, `else` on that of the brace before it.
fn join(items: &mut [Item]) {
    for i in 1..items.len() {
        let last = items[i - 1].token.kind;
        let joined = match items[i].token.kind {
            Kind::BraceOpen => !items[i - 1].is_comment(),
            Kind::Else => last == Kind::BraceClose,
            // Braces of nothing.
            Kind::BraceClose => last == Kind::BraceOpen,
            _ => false,
        };
        if joined {
            items[i].breaks = 0;
        }
    }
}

/// What does not stand on one line stands between its braces on lines of its own.
fn spread(items: &mut [Item], pairs: &[(usize, usize)]) {
    // How many breaks there are in front of each item: whether there is one between two is one look.
    let mut before = Vec::with_capacity(items.len());
    let mut count = 0u32;
    for item in items.iter() {
        count += u32::from(item.breaks > 0);
        before.push(count);
    }
    for (open, close) in pairs {
        if before[*close] > before[*open] {
            stand_alone(items, *open, *close);
        }
    }
}

fn stand_alone(items: &mut [Item], open: usize, close: usize) {
    if open + 1 == close {
        return;
    }
    // A comment may stand behind the brace; blank lines stand neither there nor at the end.
    let first = &mut items[open + 1];
    if !first.is_comment() || first.breaks > 0 {
        first.breaks = 1;
    }
    items[close].breaks = 1;
}

/// A layout, with its lines: the first item of each and how wide it is.
struct Layout {
    text: String,
    lines: Vec<(usize, usize)>,
}

/// Parts lines that are too wide at the outermost blocks that stand wholly on them. Whether there was one.
fn part(items: &mut [Item], pairs: &[(usize, usize)], out: &Layout) -> bool {
    let mut wide = out
        .lines
        .iter()
        .enumerate()
        .filter(|(_, (_, width))| *width > WIDTH)
        .peekable();
    if wide.peek().is_none() {
        return false;
    }
    let mut parted = false;
    let mut outer: Vec<(usize, usize)> = pairs.to_vec();
    outer.sort_unstable();
    let mut next = 0;
    for (n, (start, _)) in wide {
        let end = out.lines.get(n + 1).map_or(items.len(), |(i, _)| *i);
        while next < outer.len() && outer[next].0 < *start {
            next += 1;
        }
        let mut behind = *start;
        while next < outer.len() && outer[next].0 < end {
            let (open, close) = outer[next];
            next += 1;
            if open >= behind && close < end && close > open + 1 {
                stand_alone(items, open, close);
                behind = close;
                parted = true;
            }
        }
    }
    parted
}

/// An open parenthesis or brace.
struct Open {
    kind: Kind,
    /// How far its end is indented that begins a line.
    outside: usize,
    /// How far what stands in it is indented.
    inside: usize,
    /// The cases of an enum, which are parted by commas.
    cases: bool,
}

fn layout(text: &str, items: &[Item]) -> Layout {
    let mut out = Layout {
        text: String::with_capacity(text.len() + text.len() / 8),
        lines: Vec::new(),
    };
    let mut open: Vec<Open> = Vec::new();
    let mut line_start = 0;
    let mut indent = 0;
    // The line goes on from one before it, by an operator.
    let mut goes_on = false;
    let mut in_enum = false;
    let mut in_import = false;
    for (i, item) in items.iter().enumerate() {
        let kind = item.token.kind;
        if item.breaks > 0 || i == 0 {
            if i > 0 {
                out.end_line(line_start);
                if item.breaks > 1 {
                    out.text.push('\n');
                }
            }
            indent = indentation(items, i, &open);
            goes_on = !item.starts && lines::continues(kind);
            line_start = out.text.len();
            out.lines.push((i, 0));
            out.text.extend(std::iter::repeat_n(' ', indent));
        } else if blank_between(items, i, in_import) {
            out.text.push(' ');
        }
        if item.starts {
            in_enum = kind == Kind::Enum;
            in_import = kind == Kind::Import;
        }
        out.text.push_str(slice(text, &item.token).trim_end());
        match kind {
            Kind::ParenOpen | Kind::SquareOpen | Kind::BraceOpen => {
                let around = open.last().map_or(0, |o| o.inside);
                let outside = if kind == Kind::BraceOpen && goes_on {
                    around
                } else {
                    indent
                };
                open.push(Open {
                    kind,
                    outside,
                    inside: outside + STEP,
                    cases: in_enum && kind == Kind::BraceOpen,
                });
            }
            Kind::ParenClose | Kind::SquareClose | Kind::BraceClose => {
                open.pop();
            }
            _ => {}
        }
    }
    if !items.is_empty() {
        out.end_line(line_start);
    }
    out
}

impl Layout {
    fn end_line(&mut self, start: usize) {
        if let Some(line) = self.lines.last_mut() {
            line.1 = self.text[start..].chars().count();
        }
        self.text.push('\n');
    }
}

/// How far the line is indented that begins with an item.
fn indentation(items: &[Item], i: usize, open: &[Open]) -> usize {
    let inside = open.last().map_or(0, |o| o.inside);
    // A comment stands where the next token stands, or with what stands before the end of a block.
    let Some(n) = items[i].next else {
        return inside;
    };
    let next = &items[n];
    let closes = |k: Kind| matches!(k, Kind::ParenClose | Kind::SquareClose | Kind::BraceClose);
    if closes(next.token.kind) {
        if n > i {
            return inside;
        }
        let row = items[i..]
            .iter()
            .take_while(|t| closes(t.token.kind) && (t.breaks == 0 || t.token.at == next.token.at));
        let outermost = open.len().checked_sub(row.count());
        return outermost.and_then(|o| open.get(o)).map_or(0, |o| o.outside);
    }
    if next.starts || matches!(next.token.kind, Kind::BraceOpen | Kind::Else) {
        return inside;
    }
    let last = items[i].last.map(|l| &items[l]);
    let listed = open.last().is_some_and(|o| {
        let opened = last.is_some_and(|l| l.token.kind == o.kind || l.token.kind == Kind::Comma);
        (o.kind != Kind::BraceOpen || o.cases) && opened
    });
    if listed { inside } else { inside + STEP }
}

/// Whether a blank stands between an item and the one before it on the same line.
fn blank_between(items: &[Item], i: usize, in_import: bool) -> bool {
    use Kind::*;
    let (last, next) = (items[i - 1].token.kind, items[i].token.kind);
    if items[i].is_comment() {
        return true;
    }
    match (last, next) {
        (BraceOpen, BraceClose) => false,
        (ParenOpen | SquareOpen | Dot | DotDot | AtSign, _) => false,
        (_, ParenClose | SquareClose | Comma | Colon | Dot) => false,
        // `a[1..]`, `a[..2]`, `a[1..2]`
        (_, DotDot) => false,
        (Slash, _) | (_, Slash) if in_import => false,
        (Inherit, Star) => false,
        (last, ParenOpen | SquareOpen) if is_value(last) => false,
        // Two in a row would be another token.
        (Minus, Minus) => true,
        (Minus, _) => !is_sign(items, i - 1),
        _ => true,
    }
}

/// Whether the minus at `i` is the sign of what follows.
fn is_sign(items: &[Item], i: usize) -> bool {
    let last = items[i].last.map(|l| items[l].token.kind);
    items[i].starts || !last.is_some_and(is_value)
}

/// Whether a value may end with it.
fn is_value(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Ident
            | Upper
            | Word
            | Int
            | Duration
            | Text
            | Raw
            | Pattern
            | True
            | False
            | ParenClose
            | SquareClose
    )
}
