//! Reading an expression before its holes are filled (vm.md 3): possible wherever a hole stands where an operand stands.

use super::{Op, compile};

/// A part of an expression's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// As written.
    Text(&'a [u8]),
    /// A hole, by number.
    Hole(usize),
}

/// A step of a postfix program over operands and holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A literal, or an operator.
    Op(Op),
    /// The value of a hole, which is one token.
    Hole(usize),
    /// Text in quotes, the quotes left out: literals and holes.
    Quoted(Vec<Piece>),
}

/// A piece of text in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As written.
    Text(Vec<u8>),
    /// A hole, by number.
    Hole(usize),
}

/// Holes that one expression may have.
pub const HOLES: usize = 32;

/// Marks a hole: a byte that makes words and that plans do not use, and the number behind it in another such byte.
const MARK: u8 = 0xff;
const FIRST: u8 = 0x80;

/// The shape of an expression, whatever one-token values its holes will have. `None`: it depends on the values, or it is no
/// expression.
pub fn shape(parts: &[Part<'_>]) -> Option<Vec<Shape>> {
    let mut text = Vec::new();
    for part in parts {
        match part {
            Part::Text(t) if t.contains(&MARK) => return None,
            Part::Text(t) => text.extend_from_slice(t),
            // The number is below HOLES, so it fits.
            Part::Hole(n) if *n < HOLES => text.extend_from_slice(&[MARK, FIRST + *n as u8]),
            Part::Hole(_) => return None,
        }
    }
    let program = compile(&text);
    if !program.warnings.is_empty() || program.ops.is_empty() {
        return None;
    }
    program.ops.into_iter().map(marked).collect()
}

fn marked(op: Op) -> Option<Shape> {
    match op {
        Op::Text(text) => match &*text {
            [MARK, n] => Some(Shape::Hole(usize::from(n - FIRST))),
            [b'"', inner @ .., b'"'] => Some(Shape::Quoted(pieces(inner))),
            // The hole is only a part of the word.
            text if text.contains(&MARK) => None,
            _ => Some(Shape::Op(Op::Text(text))),
        },
        Op::Call { name, .. } if name.contains(&MARK) => None,
        op => Some(Shape::Op(op)),
    }
}

fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut plain = Vec::new();
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte != MARK {
            plain.push(*byte);
            continue;
        }
        if !plain.is_empty() {
            found.push(Piece::Text(std::mem::take(&mut plain)));
        }
        // A mark is always followed by its number.
        found.push(Piece::Hole(usize::from(
            bytes.next().map_or(0, |n| n - FIRST),
        )));
    }
    if !plain.is_empty() {
        found.push(Piece::Text(plain));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::Comparison;
    use super::*;

    #[test]
    fn holes_are_operands_or_nothing() {
        let hole = Part::Hole(0);
        let read = |before: &'static str, behind: &'static str| {
            shape(&[
                Part::Text(before.as_bytes()),
                hole,
                Part::Text(behind.as_bytes()),
            ])
        };
        assert_eq!(
            read("", " + 1"),
            Some(vec![
                Shape::Hole(0),
                Shape::Op(Op::Number(b"1".as_slice().into())),
                Shape::Op(Op::Add)
            ])
        );
        assert_eq!(
            read("\"", "\" = \"a\""),
            Some(vec![
                Shape::Quoted(vec![Piece::Hole(0)]),
                Shape::Quoted(vec![Piece::Text(b"a".to_vec())]),
                Shape::Op(Op::Compare(Comparison::Equal))
            ])
        );
        for (before, behind) in [
            ("1", ""),
            ("", "0"),
            ("", "(1)"),
            ("1 ", ""),
            ("$", ""),
            ("", ".5"),
        ] {
            assert_eq!(read(before, behind), None, "{before}{{}}{behind}");
        }
    }
}
