//! Texts with holes, piece by piece: who writes them knows what protects each.

use super::operand::{Operand, Trust};
use super::value::{joined, written};
use super::writer::Writer;
use crate::dial::typed::{Expr, ExprKind, Text, TextPart};

/// A piece of a text, and how far it can be trusted.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) value: Operand,
    pub(super) trust: Trust,
}

impl Writer<'_> {
    /// A text with its holes.
    pub(super) fn text(&mut self, parts: &Text) -> Operand {
        let pieces = self.parts(parts, Trust::Text);
        joined(pieces.into_iter().map(|p| p.value).collect())
    }

    pub(super) fn parts(&mut self, parts: &Text, outer: Trust) -> Vec<Piece> {
        let holes: Vec<&Expr> = parts
            .iter()
            .filter_map(|p| match p {
                TextPart::Value(e) => Some(e),
                _ => None,
            })
            .collect();
        let mut values = self.values(&holes).into_iter();
        let mut pieces: Vec<Piece> = Vec::new();
        // A hole that is opened in one part and closed in another.
        let mut open: Option<(String, i64)> = None;
        for part in parts {
            let (value, trust) = match part {
                TextPart::Plain(text) => (Operand::Constant(text.clone()), Trust::Text),
                TextPart::Asterisk(text) => {
                    let (before, depth) = open.take().unwrap_or_default();
                    let depth = depth + opened(text);
                    let text = before + text;
                    if depth > 0 {
                        open = Some((text, depth));
                        continue;
                    }
                    (written(&text), outer)
                }
                TextPart::Value(e) => {
                    let trust = self.trust_of(e).max(outer);
                    match values.next() {
                        Some(value) => (value, trust),
                        None => continue,
                    }
                }
            };
            if let Some((text, _)) = &mut open {
                let trust = match part {
                    TextPart::Value(e) => self.trust_of(e),
                    _ => trust,
                };
                let inner = self.within_hole(value, trust, None);
                text.push_str(&inner);
                continue;
            }
            if let (
                Operand::Constant(more),
                Some(Piece {
                    value: Operand::Constant(text),
                    ..
                }),
            ) = (&value, pieces.last_mut())
            {
                text.push_str(more);
            } else {
                pieces.push(Piece { value, trust });
            }
        }
        if let Some((text, _)) = open {
            // Nothing closes it: whoever runs the step is told (DL-174).
            pieces.push(Piece {
                value: Operand::Written(text),
                trust: outer,
            });
        }
        pieces
    }

    /// The pieces of a text, or a value as the only one.
    pub(super) fn pieces(&mut self, e: &Expr) -> Vec<Piece> {
        let trust = self.trust_of(e);
        match &*e.kind {
            ExprKind::Text(parts) => self.parts(parts, trust),
            ExprKind::Just(e) => self.pieces(e),
            ExprKind::List(one) if one.len() == 1 => self.pieces(&one[0]),
            _ => {
                let value = self.value(e);
                vec![Piece { value, trust }]
            }
        }
    }

    /// The pieces of several values, from left to right.
    pub(super) fn pieces_of(&mut self, list: &[&Expr]) -> Vec<Vec<Piece>> {
        let last = list.iter().rposition(|e| !self.is_simple(e));
        let mut all = Vec::with_capacity(list.len());
        for (i, e) in list.iter().enumerate() {
            let mut pieces = self.pieces(e);
            if last.is_some_and(|l| i < l) {
                for piece in &mut pieces {
                    let value =
                        std::mem::replace(&mut piece.value, Operand::Constant(String::new()));
                    piece.value = self.settle(value);
                }
            }
            all.push(pieces);
        }
        all
    }
}

/// How many brackets a text opens more than it closes.
pub(super) fn opened(text: &str) -> i64 {
    let count = |c: char| match c {
        '{' | '[' => 1,
        '}' | ']' => -1,
        _ => 0,
    };
    text.chars().map(count).sum()
}
