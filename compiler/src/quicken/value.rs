//! The value of a text with holes, of one hole, of the functions that have a short form.

use strowger_stdlib::template::{Body, Hole, HoleKind, Piece, Slice, Template, What, split_body};
use strowger_stdlib::{Fields, Value, args};
use strowger_vm::{Quick, Short, Temporary};

use super::expression;

/// The value of a text; `None`: it has no short form.
pub(super) fn text(q: &mut Quick, pieces: &[Piece]) -> Option<Temporary> {
    let from = q.depth();
    for piece in pieces {
        match piece {
            Piece::Text(text) => constant(q, text)?,
            Piece::Hole(h) => hole(q, h)?,
        };
    }
    q.join(from)
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
    if hole.too_deep || !hole.closed {
        return None;
    }
    match hole.kind {
        HoleKind::Expression => expression::value(q, &hole.body),
        HoleKind::Variable => match hole.body.as_plain() {
            Some(body) => plain(q, body),
            None => call(q, &hole.body),
        },
    }
}

/// A hole whose body holds no other.
fn plain(q: &mut Quick, body: &[u8]) -> Option<Temporary> {
    let Body { what, slice } = split_body(body);
    let value = match what {
        What::Variable(name) => q.variable(&name)?,
        What::Call(call) if !call.closed => return None,
        What::Call(call) => function(q, &call.name, &call.args)?,
    };
    cut(q, value, slice)
}

fn cut(q: &mut Quick, value: Temporary, slice: Option<Slice>) -> Option<Temporary> {
    if let Some(slice) = slice {
        q.slice(value, slice)?;
    }
    Some(value)
}

/// A function with constant arguments.
fn function(q: &mut Quick, name: &[u8], arguments: &[u8]) -> Option<Temporary> {
    let from = q.depth();
    match name {
        b"CUT" => {
            let (body, fields) = Fields::read(arguments)?;
            let Body { what, slice } = split_body(&body);
            let What::Variable(variable) = what else {
                return None;
            };
            let text = q.variable(&variable)?;
            cut(q, text, slice)?;
            let last = i32::try_from(fields.to.min(i64::from(i32::MAX))).ok()?;
            q.int(i32::from(fields.delimiter))?;
            q.int(i32::try_from(fields.from).ok()?)?;
            q.int(last)?;
            q.short(Short::Cut, from)
        }
        b"CALLERID" if arguments == b"num" => q.short(Short::CallerNumber, from),
        b"CALLERID" if arguments == b"name" => q.short(Short::CallerName, from),
        _ => None,
    }
}

/// A function with holes in its arguments.
fn call(q: &mut Quick, body: &Template) -> Option<Temporary> {
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
        let at = hole(q, at)?;
        let whole = [b"0", last].concat();
        let parts = args::split(&whole, 3);
        let [_, zone, format] = parts.as_slice() else {
            return None;
        };
        return q.time(at, zone, format);
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
    q.short(short, from)
}
