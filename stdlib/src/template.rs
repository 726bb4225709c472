//! `${...}` and `$[...]` in text: the reader, the split of a body into name,
//! arguments and slice, and a resumable evaluator (DL-171 to DL-193).
//!
//! The result of a substitution is never read again (DL-171), so the shape of
//! a text is known once it has been read: a [`Template`] is plain text with
//! holes, and a hole's body is a template again.

mod substitution;

use std::ops::Range;
use std::sync::Arc;

use crate::scan;
use crate::value::Value;

pub use substitution::{Answered, Need, Remark, Resolve, Substitution, expand};

/// Templates inside each other that hold holes, the outermost included
/// (DL-189). A deeper one is empty.
pub const DEPTH_LIMIT: usize = 15;

/// Bytes of one whole substitution result (DL-189); what is beyond is cut.
pub const RESULT_LIMIT: usize = 8191;

/// Bytes of one body that is being filled; what is beyond is cut.
pub const BODY_LIMIT: usize = 65_536;

/// Bytes of the answer of one function or expression (DL-189).
pub const VALUE_LIMIT: usize = 4095;

/// Text with holes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// In the order of the text.
    pub pieces: Vec<Piece>,
}

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Copied as it stands.
    Text(Vec<u8>),
    /// Replaced by a value.
    Hole(Hole),
}

/// `${body}` or `$[body]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Which of the two.
    pub kind: HoleKind,
    /// What stands between the brackets.
    pub body: Arc<Template>,
    /// The bytes of the whole text that the hole covers, brackets included.
    pub span: Range<usize>,
    /// Whether the closing bracket was there. If not, the body is the rest of
    /// the text, and Asterisk warns (DL-174).
    pub closed: bool,
    /// The body has holes but lies too deep to be read (DL-189): it is empty,
    /// and Asterisk logs an error.
    pub too_deep: bool,
}

/// The two kinds of hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoleKind {
    /// `${...}`: a variable or a function.
    Variable,
    /// `$[...]`: an expression.
    Expression,
}

impl Template {
    /// Reads `text`; never fails.
    pub fn read(text: &[u8]) -> Template {
        read_at(text, 0, 1)
    }

    /// Whether there is nothing to substitute.
    pub fn is_plain(&self) -> bool {
        self.pieces
            .iter()
            .all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// The text, if there is nothing to substitute.
    pub fn as_plain(&self) -> Option<&[u8]> {
        match self.pieces.as_slice() {
            [] => Some(b""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// All holes of this template and of the templates within, outer before
    /// inner, in the order of the text.
    pub fn holes(&self) -> Vec<&Hole> {
        let mut found = Vec::new();
        // The depth is bounded by DEPTH_LIMIT.
        fn walk<'a>(template: &'a Template, found: &mut Vec<&'a Hole>) {
            for piece in &template.pieces {
                if let Piece::Hole(hole) = piece {
                    found.push(hole);
                    walk(&hole.body, found);
                }
            }
        }
        walk(self, &mut found);
        found
    }

    /// Writes the template as it was read.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.print_to(&mut out);
        out
    }

    fn print_to(&self, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Hole(hole) => {
                    let (open, close) = hole.kind.brackets();
                    out.extend_from_slice(&[b'$', open]);
                    hole.body.print_to(out);
                    if hole.closed {
                        out.push(close);
                    }
                }
            }
        }
    }
}

impl HoleKind {
    fn brackets(self) -> (u8, u8) {
        match self {
            HoleKind::Variable => (b'{', b'}'),
            HoleKind::Expression => (b'[', b']'),
        }
    }
}

/// Whether `text` has a place where a substitution starts.
pub fn has_hole(text: &[u8]) -> bool {
    // Most texts hold no dollar, and one byte is found much faster than two.
    text.contains(&b'$') && text.windows(2).any(|pair| pair == b"${" || pair == b"$[")
}

fn read_at(text: &[u8], base: usize, depth: usize) -> Template {
    let mut pieces = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while at < text.len() {
        let kind = match text[at..] {
            [b'$', b'{', ..] => HoleKind::Variable,
            [b'$', b'[', ..] => HoleKind::Expression,
            _ => {
                at += 1;
                continue;
            }
        };
        if plain < at {
            pieces.push(Piece::Text(text[plain..at].to_vec()));
        }
        let start = at + 2;
        let end = closing(&text[start..], kind).map(|length| start + length);
        let body = &text[start..end.unwrap_or(text.len())];
        let too_deep = depth >= DEPTH_LIMIT && has_hole(body);
        let body = Arc::new(if too_deep {
            Template {
                pieces: vec![Piece::Text(body.to_vec())],
            }
        } else {
            read_at(body, base + start, depth + 1)
        });
        let next = end.map_or(text.len(), |end| end + 1);
        pieces.push(Piece::Hole(Hole {
            kind,
            body,
            span: base + at..base + next,
            closed: end.is_some(),
            too_deep,
        }));
        at = next;
        plain = next;
    }
    if plain < text.len() {
        pieces.push(Piece::Text(text[plain..].to_vec()));
    }
    Template { pieces }
}

/// Where the bracket that closes a body stands: only brackets of its own kind
/// count, with or without a dollar (DL-174, DL-200).
fn closing(text: &[u8], kind: HoleKind) -> Option<usize> {
    let (open, close) = kind.brackets();
    let mut depth = 1usize;
    for (at, byte) in text.iter().enumerate() {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// What a body means once the holes in it are filled (DL-176, DL-177).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// What is read.
    pub what: What,
    /// What is cut out of it.
    pub slice: Option<Slice>,
}

/// The thing that a body names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A variable.
    Variable(Vec<u8>),
    /// A function.
    Call(Call),
}

/// A function with its argument text, not split (DL-193, DL-195).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The text before the first `(`.
    pub name: Vec<u8>,
    /// The text up to the last `)`.
    pub args: Vec<u8>,
    /// Whether the `)` was there; Asterisk warns if not.
    pub closed: bool,
}

impl Call {
    /// Splits `NAME(args)`. Text without `(` is a call without arguments.
    pub fn read(text: &[u8]) -> Call {
        let Some(open) = text.iter().position(|byte| *byte == b'(') else {
            return Call {
                name: text.to_vec(),
                args: Vec::new(),
                closed: false,
            };
        };
        let rest = &text[open + 1..];
        let close = rest.iter().rposition(|byte| *byte == b')');
        Call {
            name: text[..open].to_vec(),
            args: rest[..close.unwrap_or(rest.len())].to_vec(),
            closed: close.is_some(),
        }
    }
}

/// `:offset:length` behind a name. Numbers are C `int`s (DL-178 to DL-181).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Bytes to drop; negative: bytes to keep from the end.
    pub offset: i32,
    /// Bytes to keep; negative: bytes to drop at the end; absent: all.
    pub length: Option<i32>,
}

/// Splits a filled body into name, arguments and slice.
pub fn split_body(body: &[u8]) -> Body {
    let mut parens = 0i64;
    let mut is_call = false;
    let mut end = body.len();
    for (at, byte) in body.iter().enumerate() {
        match byte {
            b'(' => {
                parens += 1;
                is_call = true;
            }
            b')' => parens -= 1,
            b':' if parens == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let head = &body[..end];
    let slice = body.get(end + 1..).map(read_slice);
    let what = if is_call {
        What::Call(Call::read(head))
    } else {
        What::Variable(head.to_vec())
    };
    Body { what, slice }
}

/// Reads `offset[:length]` as `sscanf("%d:%d")` does: what cannot be read
/// leaves the whole text.
fn read_slice(text: &[u8]) -> Slice {
    let Some((offset, read)) = scan::int32(text) else {
        return Slice {
            offset: 0,
            length: None,
        };
    };
    let length = text[read..]
        .strip_prefix(b":")
        .and_then(scan::int32)
        .map(|(length, _)| length);
    Slice { offset, length }
}

impl Slice {
    /// Cuts `text`, counting bytes.
    pub fn cut<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let size = text.len() as i64;
        let offset = i64::from(self.offset);
        let start = if offset < 0 {
            (size + offset).max(0)
        } else {
            offset
        };
        if start >= size {
            return b"";
        }
        let end = match self.length.map(i64::from) {
            None => size,
            Some(length) if length >= 0 => (start + length).min(size),
            Some(length) => (size + length).max(start),
        };
        // Both lie between 0 and the size.
        &text[start as usize..end as usize]
    }

    /// Cuts a value.
    pub fn cut_value(&self, value: &Value) -> Value {
        Value::text(self.cut(&value.bytes()))
    }
}
