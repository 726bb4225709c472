//! `$[...]`: as `.dial` asks and counts, and in a form in which blanks and doubled signs do not matter (DL-203, DL-207).

use std::ops::Range;

use strowger_stdlib::expr::{Comparison, Literal, Op, Token, tokens};
use strowger_stdlib::template::{HoleKind, Piece, Template};

use super::names::{Names, What};
use super::text::{self, Number, Written};

/// Operators may stand in each other so deep.
const DEPTH: usize = 64;

/// The byte around the number of a hole: a byte of a word (DL-202).
const MARK: u8 = 0x80;

/// An expression whose holes are words.
struct Marked {
    text: Vec<u8>,
    holes: Vec<Vec<u8>>,
}

impl Marked {
    /// None if some hole is not closed, or the text holds the mark.
    fn read(inner: &[u8]) -> Option<Marked> {
        let mut marked = Marked {
            text: Vec::new(),
            holes: Vec::new(),
        };
        for piece in Template::read(inner).pieces {
            match piece {
                Piece::Text(text) if text.contains(&MARK) => return None,
                Piece::Text(text) => marked.text.extend(text),
                Piece::Hole(hole) => {
                    if !hole.closed || hole.too_deep {
                        return None;
                    }
                    let number = marked.holes.len().to_string();
                    marked.text.push(MARK);
                    marked.text.extend(number.bytes());
                    marked.text.push(MARK);
                    marked.holes.push(inner[hole.span].to_vec());
                }
            }
        }
        Some(marked)
    }

    /// A stretch as it was.
    fn restored(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for (n, part) in text.split(|b| *b == MARK).enumerate() {
            let number = std::str::from_utf8(part).ok().and_then(|p| p.parse().ok());
            match number.and_then(|i: usize| self.holes.get(i)) {
                Some(hole) if n % 2 == 1 => out.extend_from_slice(hole),
                _ => out.extend_from_slice(part),
            }
        }
        out
    }
}

/// The inside of `$[...]` with one blank between its tokens (DL-203), and one spelling of each operator (DL-207).
fn canonical(inner: &[u8]) -> Option<Vec<u8>> {
    let marked = Marked::read(inner)?;
    let all = tokens(&marked.text);
    // What is no token is dropped (DL-204): such a text stays as it is.
    let mut covered = 0;
    for (_, range) in &all {
        if !marked.text[covered..range.start]
            .iter()
            .all(u8::is_ascii_whitespace)
        {
            return None;
        }
        covered = range.end;
    }
    if !marked.text[covered..].iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    let mut out = Vec::new();
    for (token, range) in all {
        if !out.is_empty() {
            out.push(b' ');
        }
        let spelled: &[u8] = match token {
            Token::Or => b"|",
            Token::And => b"&",
            Token::Compare(Comparison::Equal) => b"=",
            _ => &marked.text[range],
        };
        out.extend(marked.restored(spelled));
    }
    Some(out)
}

/// A text whose `$[...]` are written in one way; those within `${...}` stay as they are.
pub(super) fn plain(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for piece in Template::read(text).pieces {
        match piece {
            Piece::Text(text) => out.extend(text),
            Piece::Hole(hole) => {
                let span: Range<usize> = hole.span.clone();
                let whole = &text[span];
                let inner = whole.strip_prefix(b"$[").and_then(|w| w.strip_suffix(b"]"));
                match inner.and_then(canonical) {
                    Some(inner) => {
                        out.extend(b"$[");
                        out.extend(inner);
                        out.push(b']');
                    }
                    None => out.extend_from_slice(whole),
                }
            }
        }
    }
    out
}

/// Whether a variable stands directly beside an operator: a value that ends in one would be read together with it.
pub(super) fn touches(inner: &[u8]) -> bool {
    let Some(marked) = Marked::read(inner) else {
        return false;
    };
    let all = tokens(&marked.text);
    all.windows(2).any(|pair| {
        let [(a, before), (b, behind)] = pair else {
            return false;
        };
        let hole = |t: &Token, r: &Range<usize>| {
            matches!(t, Token::Operand(_)) && marked.text[r.clone()].first() == Some(&MARK)
        };
        before.end == behind.start && (hole(a, before) || hole(b, behind))
    })
}

/// What an expression is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Truth,
    Number,
    Text,
}

/// How strongly the loosest operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Level {
    Or,
    And,
    Compare,
    Sum,
    Product,
    Atom,
}

struct Made {
    written: Written,
    kind: Kind,
    level: Level,
}

/// The inside of `$[...]` in `.dial`; none if it has no form of its own.
pub(super) fn formula(inner: &[u8], number: Number, names: &mut Names) -> Option<Written> {
    let marked = Marked::read(inner)?;
    let all = tokens(&marked.text);
    let mut parser = Parser {
        marked: &marked,
        tokens: &all,
        at: 0,
        depth: 0,
        number,
        names,
    };
    let made = parser.either()?;
    (parser.at == all.len()).then_some(made.written)
}

struct Parser<'p> {
    marked: &'p Marked,
    tokens: &'p [(Token<'p>, Range<usize>)],
    at: usize,
    depth: usize,
    number: Number,
    names: &'p mut Names,
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<&'p Token<'p>> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn either(&mut self) -> Option<Made> {
        let mut left = self.both()?;
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            let right = self.both()?;
            left = join(left, "or", right, Kind::Truth, Level::Or)?;
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Made> {
        let mut left = self.compared()?;
        while self.peek() == Some(&Token::And) {
            self.at += 1;
            let right = self.compared()?;
            left = join(left, "and", right, Kind::Truth, Level::And)?;
        }
        Some(left)
    }

    fn compared(&mut self) -> Option<Made> {
        let left = self.sum()?;
        let Some(Token::Compare(sign)) = self.peek() else {
            return Some(left);
        };
        let (sign, orders) = match sign {
            Comparison::Equal => ("==", false),
            Comparison::Unequal => ("!=", false),
            Comparison::Less => ("<", true),
            Comparison::Greater => (">", true),
            Comparison::LessEqual => ("<=", true),
            Comparison::GreaterEqual => (">=", true),
        };
        self.at += 1;
        let right = self.sum()?;
        let alike = left.kind == right.kind && left.kind != Kind::Truth;
        if !alike || orders && left.kind == Kind::Text {
            return None;
        }
        let text = format!("{} {sign} {}", left.written.text, right.written.text);
        Some(Made {
            written: both(left.written, right.written, text),
            kind: Kind::Truth,
            level: Level::Compare,
        })
    }

    fn sum(&mut self) -> Option<Made> {
        let mut left = self.product()?;
        loop {
            let sign = match self.peek() {
                Some(Token::Plus) => "+",
                Some(Token::Minus) => "-",
                _ => return Some(left),
            };
            self.at += 1;
            let right = self.product()?;
            left = join(left, sign, right, Kind::Number, Level::Sum)?;
        }
    }

    fn product(&mut self) -> Option<Made> {
        let mut left = self.atom()?;
        loop {
            let sign = match self.peek() {
                Some(Token::Times(Op::Multiply)) => "*",
                Some(Token::Times(Op::Remainder)) => "%",
                _ => return Some(left),
            };
            self.at += 1;
            let right = self.atom()?;
            left = join(left, sign, right, Kind::Number, Level::Product)?;
        }
    }

    fn atom(&mut self) -> Option<Made> {
        let (token, range) = self.tokens.get(self.at)?;
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let made = match token {
            Token::Open => {
                let made = self.either()?;
                let closed = self.peek() == Some(&Token::Close);
                self.at += 1;
                // Parentheses that the printer would not write are lost: they mean nothing.
                closed.then_some(Made {
                    written: Written {
                        text: format!("({})", made.written.text),
                        ..made.written
                    },
                    level: Level::Atom,
                    ..made
                })
            }
            Token::Not => {
                let made = self.atom().filter(|m| m.kind == Kind::Truth)?;
                Some(Made {
                    written: Written {
                        text: format!("not {}", made.written.text),
                        ..made.written
                    },
                    level: Level::Compare,
                    ..made
                })
            }
            Token::Operand(Literal::Number(digits)) => {
                let digits = std::str::from_utf8(digits).ok()?;
                let own = digits.parse::<u32>().ok()?.to_string() == digits;
                own.then(|| Made {
                    written: Written::plain(digits),
                    kind: Kind::Number,
                    level: Level::Atom,
                })
            }
            Token::Operand(Literal::Text(word)) => match word.strip_prefix(b"\"") {
                Some(quoted) => {
                    let inside = self.marked.restored(quoted.strip_suffix(b"\"")?);
                    let written = match inside.as_slice() {
                        b"" => Written::plain("\"\""),
                        inside => text::literal(inside, self.number, self.names)?,
                    };
                    Some(Made {
                        written,
                        kind: Kind::Text,
                        level: Level::Atom,
                    })
                }
                None => self.bare(range),
            },
            _ => None,
        };
        self.depth -= 1;
        made
    }

    /// A hole that stands alone: a number, or a truth.
    fn bare(&mut self, range: &Range<usize>) -> Option<Made> {
        let word = &self.marked.text[range.clone()];
        let marks = word.iter().filter(|b| **b == MARK).count();
        if marks != 2 || word.first() != Some(&MARK) || word.last() != Some(&MARK) {
            return None;
        }
        let hole = self.marked.restored(word);
        let body = hole.strip_prefix(b"${")?.strip_suffix(b"}")?;
        let written = text::value(body, self.number, self.names)?;
        let name = body.split(|b| *b == b'(').next().unwrap_or_default();
        if is_truth(name) {
            return Some(Made {
                written,
                kind: Kind::Truth,
                level: Level::Atom,
            });
        }
        let one = match written.names.as_slice() {
            [(What::Channel | What::Global, name)] if !written.text.contains('(') => {
                Some(self.names.ty(name))
            }
            _ => None,
        };
        let kind = match one {
            Some("Bool") => Kind::Truth,
            Some("Int") => Kind::Number,
            Some(_) => return None,
            // A word: whether it is a number the trial shows.
            None => Kind::Number,
        };
        Some(Made {
            written,
            kind,
            level: Level::Atom,
        })
    }
}

/// Functions that give 1 or 0.
fn is_truth(name: &[u8]) -> bool {
    matches!(
        name,
        b"DB_EXISTS" | b"DIALPLAN_EXISTS" | b"EXISTS" | b"ISNULL" | b"REGEX"
    )
}

/// A condition without what does not change whether it is true, and whether it is turned around: a value that stands alone in `$[...]` is
/// itself (DL-209), and `!` of 1 or 0 is the opposite (DL-214).
pub(super) fn bared(text: &[u8]) -> (Vec<u8>, bool) {
    let mut text = plain(text.trim_ascii());
    let mut as_is = true;
    while let Some(inner) = text.strip_prefix(b"$[").and_then(|t| t.strip_suffix(b"]")) {
        let inner = inner.trim_ascii();
        let (inner, opposed) = match inner.strip_prefix(b"!") {
            Some(rest) => (rest.trim_ascii(), true),
            None => (inner, false),
        };
        let template = Template::read(inner);
        let [Piece::Hole(hole)] = template.pieces.as_slice() else {
            break;
        };
        let body = hole.body.print();
        let name = body.split(|b| *b == b'(').next().unwrap_or_default();
        let whole = hole.closed && hole.kind == HoleKind::Variable && body.ends_with(b")");
        if !whole || !is_truth(name) {
            break;
        }
        text = inner.to_vec();
        as_is ^= opposed;
    }
    (text, as_is)
}

fn both(a: Written, b: Written, text: String) -> Written {
    Written {
        text,
        names: [a.names, b.names].concat(),
        open: a.open || b.open,
    }
}

/// `a op b` of two values of a kind.
fn join(a: Made, sign: &str, b: Made, kind: Kind, level: Level) -> Option<Made> {
    if a.kind != kind || b.kind != kind {
        return None;
    }
    let within = |m: &Made, least: Level| match m.level < least {
        true => format!("({})", m.written.text),
        false => m.written.text.clone(),
    };
    // On the right an operator of the same strength needs parentheses, which the parser has kept.
    let text = format!("{} {sign} {}", within(&a, level), within(&b, level));
    Some(Made {
        written: both(a.written, b.written, text),
        kind,
        level,
    })
}

/// The `$[...]` of a text, not those within `${...}`.
pub(super) fn inside(text: &[u8]) -> Vec<Vec<u8>> {
    let holes = Template::read(text).pieces.into_iter();
    let holes = holes.filter_map(|piece| match piece {
        Piece::Hole(hole) if hole.kind == HoleKind::Expression && hole.closed => {
            Some(text[hole.span.start + 2..hole.span.end - 1].to_vec())
        }
        _ => None,
    });
    holes.collect()
}

/// How variables stand in an expression: alone, beside numbers or words, or in quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stands {
    Number,
    Word,
    Quoted,
}

/// The variables that stand in the inside of `$[...]`, and how.
pub(super) fn variables(inner: &[u8]) -> Vec<(Vec<u8>, Stands)> {
    let Some(marked) = Marked::read(inner) else {
        return Vec::new();
    };
    let all = tokens(&marked.text);
    let is_word = |t: Option<&(Token, Range<usize>)>| match t {
        Some((Token::Operand(Literal::Text(word)), _)) => word.first() != Some(&MARK),
        _ => false,
    };
    let mut out = Vec::new();
    for (n, (token, range)) in all.iter().enumerate() {
        let Token::Operand(Literal::Text(word)) = token else {
            continue;
        };
        let quoted = word.first() == Some(&b'"');
        let whole = marked.restored(&marked.text[range.clone()]);
        // What it is compared with.
        let beside = [n.checked_sub(2).and_then(|m| all.get(m)), all.get(n + 2)];
        let stands = match quoted {
            true => Stands::Quoted,
            false if beside.into_iter().any(is_word) => Stands::Word,
            false if word.iter().filter(|b| **b == MARK).count() != 2 => Stands::Word,
            false => Stands::Number,
        };
        for piece in Template::read(&whole).pieces {
            if let Piece::Hole(hole) = piece
                && let Some(name) = hole.body.as_plain()
            {
                out.push((name.to_vec(), stands));
            }
        }
    }
    out
}
