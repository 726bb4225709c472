//! The value of a text with holes, of one hole, of the functions that have a short form.

use strowger_stdlib::template::{Body, Hole, HoleKind, Piece, Slice, Template, What, split_body};
use strowger_stdlib::{Fields, Value, args};
use strowger_vm::{Quick, Short, Temporary};

use super::expression;

/// Where a text goes.
pub(super) enum To<'n> {
    /// Into a new temporary.
    Temporary,
    /// Into a variable; with the number of `_` before its name.
    Variable(&'n [u8], u8),
}

/// A piece of a text that is being made.
enum Part<'p> {
    Constant(&'p [u8]),
    Variable(Vec<u8>, Option<Slice>),
    Fields(Vec<u8>, Fields),
    Time(Temporary, Vec<u8>, Vec<u8>),
    Value(Temporary),
}

/// The value of a text, in one new temporary; `None`: it has no short form.
pub(super) fn text(q: &mut Quick, pieces: &[Piece]) -> Option<Temporary> {
    match pieces {
        [Piece::Text(text)] => constant(q, text),
        [Piece::Hole(h)] => hole(q, h),
        pieces => {
            let from = q.depth();
            let made = make(q, pieces, &To::Temporary)?;
            q.keep(from, made?)
        }
    }
}

/// Writes a text into a variable. A single value is kept as it is, so that a number stays one.
pub(super) fn set(q: &mut Quick, pieces: &[Piece], name: &[u8], mark: u8) -> Option<()> {
    let value = match pieces {
        [Piece::Text(text)] => match Value::read(text) {
            Value::Int(n) if i32::try_from(n).is_ok() => q.int(n as i32)?,
            _ => {
                q.put(text);
                return q.end_set(name, mark);
            }
        },
        [Piece::Hole(hole)] => match part(q, hole)? {
            Part::Value(value) => value,
            Part::Variable(name, None) => q.variable(&name)?,
            part => {
                put(q, &part)?;
                return q.end_set(name, mark);
            }
        },
        pieces => return make(q, pieces, &To::Variable(name, mark)).map(|_| ()),
    };
    q.set(name, mark, value)
}

/// Makes a text: first everything that is computed, then the text from its parts.
fn make(q: &mut Quick, pieces: &[Piece], to: &To) -> Option<Option<Temporary>> {
    let mut parts = Vec::new();
    for piece in pieces {
        parts.push(match piece {
            Piece::Text(text) => Part::Constant(text),
            Piece::Hole(hole) => part(q, hole)?,
        });
    }
    for part in &parts {
        put(q, part)?;
    }
    match to {
        To::Temporary => q.end_text().map(Some),
        To::Variable(name, mark) => q.end_set(name, *mark).map(|()| None),
    }
}

fn put(q: &mut Quick, part: &Part) -> Option<()> {
    match part {
        Part::Constant(text) => q.put(text),
        Part::Variable(name, slice) => q.put_variable(name, *slice)?,
        Part::Fields(name, fields) => q.put_fields(name, *fields)?,
        Part::Time(at, zone, format) => q.put_time(*at, zone, format)?,
        Part::Value(value) => q.put_value(*value),
    }
    Some(())
}

/// A constant; a whole number is kept as one.
pub(super) fn constant(q: &mut Quick, text: &[u8]) -> Option<Temporary> {
    match Value::read(text) {
        Value::Int(n) if i32::try_from(n).is_ok() => q.int(n as i32),
        _ => q.text(text),
    }
}

/// The value of a hole, in one new temporary.
pub(super) fn hole(q: &mut Quick, hole: &Hole) -> Option<Temporary> {
    let from = q.depth();
    match part(q, hole)? {
        Part::Value(value) => Some(value),
        Part::Variable(name, None) => q.variable(&name),
        part => {
            put(q, &part)?;
            let made = q.end_text()?;
            q.keep(from, made)
        }
    }
}

/// What a hole adds to a text; what must be computed is, in one new temporary.
fn part<'p>(q: &mut Quick, hole: &Hole) -> Option<Part<'p>> {
    if hole.too_deep || !hole.closed {
        return None;
    }
    match hole.kind {
        HoleKind::Expression => expression::value(q, &hole.body).map(Part::Value),
        HoleKind::Variable => match hole.body.as_plain() {
            Some(body) => plain(q, body),
            None => call(q, &hole.body),
        },
    }
}

/// Whether nothing but a value comes of reading a piece: it is text, or a variable.
pub(super) fn is_silent(piece: &Piece) -> bool {
    match piece {
        Piece::Text(_) => true,
        Piece::Hole(hole) => {
            let body = hole.body.as_plain().map(split_body);
            let is_variable = matches!(
                body,
                Some(Body {
                    what: What::Variable(_),
                    ..
                })
            );
            hole.kind == HoleKind::Variable && hole.closed && !hole.too_deep && is_variable
        }
    }
}

/// A hole whose body holds no other.
fn plain<'p>(q: &mut Quick, body: &[u8]) -> Option<Part<'p>> {
    let Body { what, slice } = split_body(body);
    match what {
        What::Variable(name) => Some(Part::Variable(name, slice)),
        What::Call(call) if !call.closed || slice.is_some() => None,
        What::Call(call) => function(q, &call.name, &call.args),
    }
}

/// A function with constant arguments.
fn function<'p>(q: &mut Quick, name: &[u8], arguments: &[u8]) -> Option<Part<'p>> {
    let from = q.depth();
    match name {
        b"CUT" => {
            let (body, fields) = Fields::read(arguments)?;
            match split_body(&body) {
                Body {
                    what: What::Variable(variable),
                    slice: None,
                } => Some(Part::Fields(variable, fields)),
                _ => None,
            }
        }
        b"CALLERID" if arguments == b"num" => q.short(Short::CallerNumber, from).map(Part::Value),
        b"CALLERID" if arguments == b"name" => q.short(Short::CallerName, from).map(Part::Value),
        _ => None,
    }
}

/// A function with holes in its arguments.
fn call<'p>(q: &mut Quick, body: &Template) -> Option<Part<'p>> {
    let [Piece::Text(first), inner @ .., Piece::Text(last)] = body.pieces.as_slice() else {
        return None;
    };
    let open = first.iter().position(|b| *b == b'(')?;
    let (name, first) = (&first[..open], &first[open + 1..]);
    // Nothing behind the parenthesis, no other one before it: where the call ends does not depend on the values.
    let last = last.strip_suffix(b")")?;
    let parens = |t: &[u8]| t.iter().any(|b| matches!(b, b'(' | b')'));
    let inner_parens = inner
        .iter()
        .any(|p| matches!(p, Piece::Text(t) if parens(t)));
    if parens(first) || parens(last) || inner_parens || name.contains(&b':') {
        return None;
    }
    let from = q.depth();
    if name == b"STRFTIME" {
        let ([], [Piece::Hole(at)]) = (first, inner) else {
            return None;
        };
        if last.contains(&b'"') || last.contains(&b'\\') {
            return None;
        }
        // The hole is the whole first argument.
        let parts = args::split(last, 3);
        let [empty, zone, format] = parts.as_slice() else {
            return None;
        };
        if !empty.is_empty() {
            return None;
        }
        let at = hole(q, at)?;
        return Some(Part::Time(at, zone.clone(), format.clone()));
    }
    let short = match name {
        b"LEN" => Short::Len,
        b"ISNULL" => Short::IsNull,
        b"EXISTS" => Short::Exists,
        b"TOUPPER" => Short::Upper,
        b"TOLOWER" => Short::Lower,
        _ => return None,
    };
    let mut pieces = inner.to_vec();
    if !first.is_empty() {
        pieces.insert(0, Piece::Text(first.to_vec()));
    }
    if !last.is_empty() {
        pieces.push(Piece::Text(last.to_vec()));
    }
    text(q, &pieces)?;
    q.short(short, from).map(Part::Value)
}
