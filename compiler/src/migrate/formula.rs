//! `$[...]`: as `.dial` asks and counts, and in a form in which blanks and doubled signs do not matter (DL-203, DL-207).

use std::ops::Range;

use strowger_stdlib::expr::{Comparison, Literal, Op, Token, tokens};
use strowger_stdlib::template::{HoleKind, Piece, Template};
use strowger_stdlib::words;

use super::names::Names;
use super::text::{self, Number, Written};
use crate::jump::Shape;

/// Operators may stand in each other so deep.
const DEPTH: usize = 64;

/// The byte around the number of a hole: a byte of a word (DL-202).
const MARK: u8 = 0x80;

/// An expression whose holes are words.
pub(super) struct Marked {
    pub(super) text: Vec<u8>,
    holes: Vec<Vec<u8>>,
}

impl Marked {
    /// None if some hole is not closed, or the text holds the mark.
    pub(super) fn read(inner: &[u8]) -> Option<Marked> {
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
    pub(super) fn restored(&self, text: &[u8]) -> Vec<u8> {
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
    if !covers(&marked.text, &all) {
        return None;
    }
    let mut out = Vec::new();
    for (token, range) in all {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend(marked.restored(spelled(&token, &marked.text[range])));
    }
    Some(out)
}

/// Whether tokens are all of a text: what is none is dropped (DL-204), and such a text stays as it is.
pub(super) fn covers(text: &[u8], tokens: &[(Token, Range<usize>)]) -> bool {
    let blank = |range: Range<usize>| text[range].iter().all(u8::is_ascii_whitespace);
    let mut covered = 0;
    for (_, range) in tokens {
        if !blank(covered..range.start) {
            return false;
        }
        covered = range.end;
    }
    blank(covered..text.len())
}

/// The one spelling of a token that is written so.
pub(super) fn spelled<'t>(token: &Token, written: &'t [u8]) -> &'t [u8] {
    match token {
        Token::Or => b"|",
        Token::And => b"&",
        Token::Compare(Comparison::Equal) => b"=",
        _ => written,
    }
}

/// A text whose `$[...]` are written in one way.
pub(super) fn plain(text: &[u8]) -> Vec<u8> {
    plain_at(text, 0)
}

fn plain_at(text: &[u8], depth: usize) -> Vec<u8> {
    if depth > DEPTH {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    for piece in Template::read(text).pieces {
        match piece {
            Piece::Text(text) => out.extend(text),
            Piece::Hole(hole) => {
                let span: Range<usize> = hole.span.clone();
                let whole = &text[span];
                let inner = match hole.closed && !hole.too_deep {
                    true => whole.get(2..whole.len() - 1),
                    false => None,
                };
                match (inner, hole.kind) {
                    (Some(inner), HoleKind::Expression) => {
                        let inner = plain_at(inner, depth + 1);
                        out.extend(b"$[");
                        out.extend(canonical(&inner).unwrap_or(inner));
                        out.push(b']');
                    }
                    (Some(inner), HoleKind::Variable) => {
                        out.extend(b"${");
                        out.extend(chosen(aliased(&plain_at(inner, depth + 1))));
                        out.push(b'}');
                    }
                    (None, _) => out.extend_from_slice(whole),
                }
            }
        }
    }
    out
}

/// The condition of `IF(c?a:b)` in one form, if that does not turn it around.
fn chosen(body: Vec<u8>) -> Vec<u8> {
    let Some(args) = body.strip_prefix(b"IF(") else {
        return body;
    };
    let Some(question) = Shape::read(args).find(args, b'?', 0) else {
        return body;
    };
    match super::truth::normal(&args[..question]) {
        (condition, true) => [b"IF(", condition.as_slice(), &args[question..]].concat(),
        _ => body,
    }
}

/// A function by its usual name: `CALLERID(number)` is `CALLERID(num)`, in any letter case.
pub(super) fn aliased(body: &[u8]) -> Vec<u8> {
    if body.starts_with(b"MATH(")
        && let Some(start) = body.strip_suffix(b",int)")
    {
        // One way to ask for a whole number.
        return [start, b",i)"].concat();
    }
    let Some(rest) = body.strip_prefix(b"CALLERID(") else {
        return body.to_vec();
    };
    let Some(end) = rest.iter().position(|b| matches!(b, b')' | b',' | b'-')) else {
        return body.to_vec();
    };
    let item = match rest[..end].to_ascii_lowercase().as_slice() {
        b"number" => b"num".to_vec(),
        item if item.iter().all(u8::is_ascii_alphabetic) => item.to_vec(),
        _ => return body.to_vec(),
    };
    [b"CALLERID(", item.as_slice(), &rest[end..]].concat()
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Truth,
    Number,
    /// A text in quotes.
    Text,
    /// A text without them.
    Bare,
}

/// How strongly the loosest operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Level {
    Or,
    And,
    Not,
    Compare,
    Sum,
    Product,
    Atom,
}

struct Made {
    written: Written,
    kind: Kind,
    level: Level,
    /// The text, if all of it is known.
    known: Option<String>,
}

/// The inside of `$[...]` in `.dial`; none if it has no form of its own.
pub(super) fn formula(inner: &[u8], number: Number, names: &mut Names) -> Option<Written> {
    read(inner, number, names).map(|made| made.written)
}

/// The same where it is asked whether it is true: the ways to say it, the shortest first.
pub(super) fn truth(inner: &[u8], number: Number, names: &mut Names) -> Vec<Written> {
    let Some(made) = read(inner, number, names) else {
        return Vec::new();
    };
    match made.kind {
        // The opposite of a value is not always what a jump for its opposite does.
        Kind::Truth if made.level == Level::Not => {
            vec![made.written.clone(), wrapped(made.written)]
        }
        Kind::Truth => vec![made.written],
        Kind::Number if made.written.is_counted() && !is_apart(&made) => asked(made, Level::Or)
            .map(|made| made.written)
            .into_iter()
            .collect(),
        Kind::Number | Kind::Bare if made.known.is_none() => vec![wrapped(made.written)],
        _ => Vec::new(),
    }
}

/// A condition of `IF()`: the first way to say it.
pub(super) fn asked_by(condition: &[u8], number: Number, names: &mut Names) -> Option<Written> {
    if let Some(inner) = condition
        .strip_prefix(b"$[")
        .and_then(|t| t.strip_suffix(b"]"))
    {
        return truth(inner, number, names).into_iter().next();
    }
    let body = condition
        .strip_prefix(b"${")
        .and_then(|t| t.strip_suffix(b"}"))?;
    text::value(body, number, names)
}

fn read(inner: &[u8], number: Number, names: &mut Names) -> Option<Made> {
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
    (parser.at == all.len()).then_some(made)
}

/// `bare(...)`.
fn wrapped(written: Written) -> Written {
    Written {
        text: format!("bare({})", written.text),
        ty: "",
        ..written
    }
}

/// What is asked by a value in the place of a truth.
fn asked(made: Made, least: Level) -> Option<Made> {
    match made.kind {
        Kind::Truth => Some(made),
        // A number that a function counts is never empty.
        Kind::Number if made.written.is_counted() && !is_apart(&made) => Some(Made {
            written: Written {
                text: format!("{} > 0", made.written.text),
                ty: "Bool",
                ..made.written
            },
            kind: Kind::Truth,
            level: Level::Compare,
            known: None,
        }),
        Kind::Number | Kind::Bare if made.known.is_none() && made.level >= least => Some(Made {
            kind: Kind::Truth,
            ..made
        }),
        _ => None,
    }
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
            left = logical(left, "or", right, Level::Or)?;
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Made> {
        let mut left = self.compared()?;
        while self.peek() == Some(&Token::And) {
            self.at += 1;
            let right = self.compared()?;
            left = logical(left, "and", right, Level::And)?;
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
        compare(left, sign, orders, right)
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
            left = counted(left, sign, right, Level::Sum)?;
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
            left = counted(left, sign, right, Level::Product)?;
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
                let made = self.atom()?;
                opposed(made)
            }
            Token::Operand(Literal::Number(digits)) => {
                let digits = std::str::from_utf8(digits).ok()?;
                let own = digits.parse::<u32>().is_ok_and(|n| n.to_string() == digits);
                let text = match own {
                    true => digits.to_owned(),
                    false => text::quoted(digits),
                };
                Some(Made {
                    written: Written::plain(text),
                    kind: if own { Kind::Number } else { Kind::Bare },
                    level: Level::Atom,
                    known: Some(digits.to_owned()),
                })
            }
            Token::Operand(Literal::Text(word)) => match word.strip_prefix(b"\"") {
                Some(quoted) => {
                    let inside = self.marked.restored(quoted.strip_suffix(b"\"")?);
                    let known = !inside.contains(&b'$') && !inside.contains(&b'\\');
                    let written = match inside.as_slice() {
                        b"" => Written::plain("\"\""),
                        inside => text::literal(inside, self.number, self.names)?,
                    };
                    let text = String::from_utf8(inside).ok()?;
                    Some(Made {
                        written,
                        kind: Kind::Text,
                        level: Level::Atom,
                        known: known.then_some(text),
                    })
                }
                None => self.bare(range),
            },
            _ => None,
        };
        self.depth -= 1;
        made
    }

    /// `$[...]` in another one.
    fn nested(&mut self, inner: &[u8]) -> Option<Made> {
        let made = read(inner, self.number, self.names)?;
        let kind = match made.kind {
            Kind::Number | Kind::Truth => made.kind,
            Kind::Text | Kind::Bare => return None,
        };
        Some(Made {
            written: Written {
                text: format!("apart({})", made.written.text),
                ty: if kind == Kind::Number { "Int" } else { "" },
                ..made.written
            },
            kind,
            level: Level::Atom,
            known: None,
        })
    }

    /// A word without quotes: a hole that stands alone is a number, a truth or a text.
    fn bare(&mut self, range: &Range<usize>) -> Option<Made> {
        let word = self.marked.restored(&self.marked.text[range.clone()]);
        if let Some(inner) = word.strip_prefix(b"$[").and_then(|w| w.strip_suffix(b"]"))
            && matches!(Template::read(&word).pieces.as_slice(), [Piece::Hole(_)])
        {
            return self.nested(inner);
        }
        let body = word.strip_prefix(b"${").and_then(|w| w.strip_suffix(b"}"));
        let alone = matches!(Template::read(&word).pieces.as_slice(), [Piece::Hole(_)]);
        let Some(body) = body.filter(|_| alone) else {
            let known = !word.contains(&b'$');
            let written = text::literal(&word, self.number, self.names)?;
            return Some(Made {
                written,
                kind: Kind::Bare,
                level: Level::Atom,
                known: known.then(|| String::from_utf8_lossy(&word).into_owned()),
            });
        };
        let written = text::value(body, self.number, self.names)?;
        let kind = match written.ty {
            "Bool" => Kind::Truth,
            "Int" | "Duration" | "Time" => Kind::Number,
            _ => Kind::Bare,
        };
        Some(Made {
            written,
            kind,
            level: Level::Atom,
            known: None,
        })
    }
}

/// Whether it is `$[...]` in another one.
fn is_apart(made: &Made) -> bool {
    made.written.text.starts_with("apart(")
}

/// What is true where this is not.
fn opposed(made: Made) -> Option<Made> {
    if made.kind == Kind::Number && made.written.is_counted() && !is_apart(&made) {
        return Some(Made {
            written: Written {
                text: format!("{} == 0", made.written.text),
                ty: "Bool",
                ..made.written
            },
            kind: Kind::Truth,
            level: Level::Compare,
            known: None,
        });
    }
    let made = asked(made, Level::Atom)?;
    let text = match made.level {
        Level::Atom => format!("not {}", made.written.text),
        _ => format!("not ({})", made.written.text),
    };
    Some(Made {
        written: Written {
            text,
            ty: "Bool",
            ..made.written
        },
        kind: Kind::Truth,
        level: Level::Not,
        known: None,
    })
}

/// `a == b`.
fn compare(left: Made, sign: &str, orders: bool, right: Made) -> Option<Made> {
    use Kind::{Bare, Number, Text, Truth};
    let truth = |written: Written, text: String, level: Level| {
        Some(Made {
            written: Written {
                text,
                ty: "Bool",
                ..written
            },
            kind: Truth,
            level,
            known: None,
        })
    };
    // A truth that is compared with 1 or 0.
    let quotes = |m: &Made| m.kind == Kind::Text;
    let total = [
        "db_exists(",
        "dialplan_exists(",
        "not_empty(",
        "is_empty(",
        "regex(",
    ];
    let asks = |m: &Made| {
        let text = m.written.text.trim_start_matches(['"', '{']);
        total.iter().any(|t| text.starts_with(t))
    };
    let truth_of = left.written.ty == "Bool" && left.level == Level::Atom && !orders && asks(&left);
    if truth_of && quotes(&left) == quotes(&right) {
        let is = match right.known.as_deref()? {
            "1" => sign == "==",
            "0" => sign == "!=",
            _ => return None,
        };
        // In quotes it is a text with one hole.
        let own = left.written.text.clone();
        let own = own
            .strip_prefix("\"{")
            .and_then(|t| t.strip_suffix("}\""))
            .map_or(own.clone(), str::to_owned);
        return match is {
            true => truth(left.written, own, Level::Atom),
            false => truth(left.written, format!("not {own}"), Level::Not),
        };
    }
    let within = |m: &Made| match m.level <= Level::Compare {
        true => format!("({})", m.written.text),
        false => m.written.text.clone(),
    };
    let joined = |a: &str, b: &str| format!("{a} {sign} {b}");
    let (mut l, mut r) = (within(&left), within(&right));
    let mut cased = false;
    // Cases of an enum have names.
    for (this, known, text) in [(&left, &right, &mut r), (&right, &left, &mut l)] {
        if let (Some(of), Some(word)) = (words::enumeration(this.written.ty), &known.known)
            && let Some(case) = of.case(word)
        {
            *text = case.to_owned();
            cased = true;
        }
    }
    if cased {
        // The value itself, not a text with it.
        for side in [&mut l, &mut r] {
            if let Some(own) = side.strip_prefix("\"{").and_then(|t| t.strip_suffix("}\"")) {
                *side = own.replace('\'', "\"");
            }
        }
    }
    let quoted = |m: &Made| match &m.known {
        Some(known) => text::quoted(known),
        None => m.written.text.clone(),
    };
    let text = match (left.kind, right.kind) {
        // A truth that was worked out apart is 1 or 0.
        (Truth, Number) if is_apart(&left) || left.written.is_call() => joined(&l, &r),
        (Truth, _) | (_, Truth) => return None,
        (Number, Number) | (Text, Text) => joined(&l, &r),
        // A text beside a number is read as one.
        (Bare, Number) | (Number, Bare)
            if !(left.kind == Bare && left.known.is_some()
                || right.kind == Bare && right.known.is_some()) =>
        {
            joined(&l, &r)
        }
        (Bare | Number, Bare | Number) => format!("bare({})", joined(&l, &r)),
        (Text, Bare) => joined(&l, &format!("bare({r})")),
        (Bare, Text) => joined(&format!("bare({l})"), &r),
        (Text, Number) => joined(&l, &format!("bare({})", quoted(&right))),
        (Number, Text) => joined(&format!("bare({})", quoted(&left)), &r),
    };
    truth(both(left.written, right.written), text, Level::Compare)
}

/// `a and b`.
fn logical(a: Made, word: &str, b: Made, level: Level) -> Option<Made> {
    let (a, b) = (asked(a, Level::Atom)?, asked(b, Level::Atom)?);
    let text = format!("{} {word} {}", at(&a, level), at(&b, level));
    Some(Made {
        written: Written {
            text,
            ty: "Bool",
            ..both(a.written, b.written)
        },
        kind: Kind::Truth,
        level,
        known: None,
    })
}

/// `a + b`.
fn counted(a: Made, sign: &str, b: Made, level: Level) -> Option<Made> {
    let number = |m: &Made| match m.kind {
        Kind::Number => true,
        Kind::Bare => m.known.is_none() && m.level == Level::Atom,
        _ => false,
    };
    if !number(&a) || !number(&b) {
        return None;
    }
    // On the right an operator of the same strength needs parentheses, which the parser has kept.
    let text = format!("{} {sign} {}", at(&a, level), at(&b, level));
    Some(Made {
        written: Written {
            text,
            ty: "Int",
            ..both(a.written, b.written)
        },
        kind: Kind::Number,
        level,
        known: None,
    })
}

fn at(m: &Made, least: Level) -> String {
    match m.level < least {
        true => format!("({})", m.written.text),
        false => m.written.text.clone(),
    }
}

fn both(a: Written, b: Written) -> Written {
    Written {
        text: String::new(),
        names: [a.names, b.names].concat(),
        open: a.open || b.open,
        ty: "",
    }
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
        // Alone it may be a truth or anything.
        let alone = matches!(&all[..], [_] | [(Token::Not, _), _]);
        let stands = match quoted || alone {
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
