//! Operands and operators of `$[...]` that do something else than they look like: words in sums, names without braces, operators
//! whose grouping or reach surprises.

use std::ops::Range;

use strowger_stdlib::expr::{Comparison, Literal, Op, Token};
use strowger_stdlib::template::{Hole, HoleKind};

use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::lint::emptiness::Emptiness;
use crate::lint::expressions::Flat;
use crate::source::Text;

type Spanned<'a> = (Token<'a>, Range<usize>);

pub(super) struct Operands<'a> {
    pub(super) args: &'a Text,
    pub(super) hole: &'a Hole,
    pub(super) flat: &'a Flat<'a>,
    pub(super) tokens: &'a [Spanned<'a>],
    pub(super) at: Emptiness<'a>,
}

impl Operands<'_> {
    /// Everything, in an expression that can be read.
    pub(super) fn check(&self, out: &mut Vec<Diagnostic>) {
        if self.tokens.len() == 1 {
            self.lone(out);
        }
        for i in 0..self.tokens.len() {
            self.arithmetic(i, out);
            self.bare_name(i, out);
            self.anchored(i, out);
        }
        self.mixed(out);
    }

    fn token(&self, i: usize) -> Option<&Token<'_>> {
        self.tokens.get(i).map(|(t, _)| t)
    }

    fn span(&self, i: usize) -> crate::source::Span {
        self.args.span_of(self.flat.range(&self.tokens[i].1))
    }

    /// The text of an operand, if it is one.
    fn operand(&self, i: usize) -> Option<Literal<'_>> {
        match self.token(i) {
            Some(Token::Operand(literal)) => Some(*literal),
            _ => None,
        }
    }

    /// An operand beside an operator that belongs to nothing tighter.
    fn side(&self, operator: usize, left: bool) -> Option<usize> {
        let at = if left {
            operator.checked_sub(1)?
        } else {
            operator + 1
        };
        self.operand(at)?;
        let beyond = if left {
            at.checked_sub(1)
        } else {
            Some(at + 1)
        };
        let tighter = matches!(beyond.and_then(|b| self.token(b)), Some(Token::Matching(_)))
            || (!left && matches!(self.token(at + 1), Some(Token::Open)));
        (!tighter).then_some(at)
    }

    /// E606 and E608.
    fn arithmetic(&self, i: usize, out: &mut Vec<Diagnostic>) {
        let sign = match self.token(i) {
            Some(Token::Plus) => '+',
            Some(Token::Minus) => '-',
            Some(Token::Times(Op::Multiply)) => '*',
            Some(Token::Times(Op::Divide)) => '/',
            Some(Token::Times(Op::Remainder)) => '%',
            _ => return,
        };
        for left in [true, false] {
            let Some(at) = self.side(i, left) else {
                continue;
            };
            let range = &self.tokens[at].1;
            if let Some(hole) = self.flat.whole(range) {
                // `$[ - 1]` is an expression.
                if self.at.may_be(hole) && !(left && sign == '-') {
                    self.empty(hole, left, sign, out);
                    return;
                }
            } else if self.is_word(at) {
                self.word(at, sign, left, out);
                return;
            }
        }
        if matches!(sign, '/' | '%')
            && let Some(Literal::Number(text)) = self.operand(i + 1)
            && text.iter().all(|b| matches!(b, b'0' | b'.'))
        {
            out.push(
                Diagnostic::new("E606", "this divides by zero", self.span(i + 1)).label(
                    if sign == '/' {
                        "the result is 2147483647"
                    } else {
                        "the result is 0"
                    },
                ),
            );
        }
    }

    /// Whether an operand can never be a number: it has letters or quotes of its own.
    fn is_word(&self, at: usize) -> bool {
        let (_, range) = &self.tokens[at];
        let Some(Literal::Text(text)) = self.operand(at) else {
            return false;
        };
        if text.starts_with(b"\"") {
            return true;
        }
        text.iter().enumerate().any(|(i, b)| {
            let held = self
                .flat
                .holes
                .iter()
                .any(|(r, _)| r.contains(&(range.start + i)));
            !held && b.is_ascii_alphabetic()
        })
    }

    fn empty(&self, hole: &Hole, left: bool, sign: char, out: &mut Vec<Diagnostic>) {
        let shown = String::from_utf8_lossy(&self.args.bytes()[hole.span.clone()]).into_owned();
        let result = if left { "empty" } else { "0" };
        out.push(
            Diagnostic::new(
                "E606",
                format!("if `{shown}` is empty, this cannot be computed"),
                self.args.span_of(hole.span.clone()),
            )
            .label(format!("nothing stands on one side of the `{sign}` then"))
            .also(
                self.args.span_of(self.hole.span.clone()),
                format!("the result is {result} then, and two warnings stand in the log"),
            )
            .fix(
                "write a 0 before it",
                self.args.span_of(hole.span.clone()).before(),
                "0",
                false,
            ),
        );
    }

    fn word(&self, at: usize, sign: char, left: bool, out: &mut Vec<Diagnostic>) {
        let span = self.span(at);
        let (from, to) = (
            self.flat.range(&self.tokens[at].1).start,
            self.flat.range(&self.tokens[at].1).end,
        );
        let shown = String::from_utf8_lossy(&self.args.bytes()[from..to]).into_owned();
        let outcome = match (sign, left) {
            ('+' | '-', _) => "left out of the sum",
            ('/', false) => "counts as zero: the result is 2147483647",
            _ => "counts as zero: the result is 0",
        };
        let found = Diagnostic::new("E608", format!("`{shown}` is no number"), span).label(outcome);
        let quoted = self
            .operand(at)
            .is_some_and(|l| l.text().starts_with(b"\""));
        out.push(if quoted {
            found.help("quotes belong to the text: compute without them")
        } else if sign == '-' {
            found.help("`-` subtracts; text with a `-` in it needs quotes")
        } else {
            found
        });
    }

    /// `$[${X}]` and `$[num${d}]`.
    fn lone(&self, out: &mut Vec<Diagnostic>) {
        let range = &self.tokens[0].1;
        if let Some(hole) = self.flat.whole(range) {
            let all = self.args.span_of(self.hole.span.clone());
            if hole.kind == HoleKind::Variable {
                let inner = self.args.bytes()[hole.span.clone()].to_vec();
                out.push(
                    Diagnostic::new(
                        "E613",
                        format!(
                            "`$[ ]` around `{}` computes nothing",
                            String::from_utf8_lossy(&inner)
                        ),
                        all,
                    )
                    .label("the value as it is, unless it is an expression itself")
                    .fix("leave out `$[ ]`", all, inner, false),
                );
            }
            return;
        }
        let Some(Literal::Text(text)) = self.operand(0) else {
            return;
        };
        // A name that is put together from a known beginning.
        if let Some((hole, _)) = self
            .flat
            .holes
            .iter()
            .find(|(r, _)| r.start > range.start && r.end <= range.end)
            && text.first().is_some_and(u8::is_ascii_alphabetic)
            && !self.names_a_variable()
        {
            let head = &self.flat.text[range.start..hole.start];
            let named = head.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
                && self.at.facts.begins_some(head);
            if named {
                let place = self.span(0);
                let from = self.flat.range(range);
                let inner = String::from_utf8_lossy(&self.args.bytes()[from]).into_owned();
                out.push(name_without_braces(place, &inner));
            }
        }
    }

    /// Whether the expression is the name in `${...}`: its text is looked up then.
    fn names_a_variable(&self) -> bool {
        let (before, after) = self.args.bytes().split_at(self.hole.span.start);
        before.ends_with(b"${") && matches!(after.get(self.hole.span.len()), Some(b'}' | b':'))
    }

    /// E616: the name of a variable as a word.
    fn bare_name(&self, i: usize, out: &mut Vec<Diagnostic>) {
        let Some(Literal::Text(text)) = self.operand(i) else {
            return;
        };
        if text.starts_with(b"\"")
            || self.flat.touches(&self.tokens[i].1)
            || matches!(self.token(i + 1), Some(Token::Open))
            || !self.at.facts.is_known(text)
        {
            return;
        }
        // `${MODE} = day` compares with a word, also where a variable is called so.
        let beside = |at: Option<usize>| {
            at.is_some_and(|at| {
                matches!(
                    self.token(at),
                    Some(
                        Token::Compare(Comparison::Equal | Comparison::Unequal)
                            | Token::Matching(_)
                    )
                )
            })
        };
        if beside(i.checked_sub(1)) || beside(Some(i + 1)) {
            let built_in = crate::lint::facts::is_built_in(text);
            let other = if beside(Some(i + 1)) {
                i + 2
            } else {
                i.saturating_sub(2)
            };
            let constant = self
                .tokens
                .get(other)
                .is_some_and(|(_, r)| !self.flat.touches(r));
            if !built_in && !constant {
                return;
            }
        }
        let shown = String::from_utf8_lossy(text).into_owned();
        out.push(name_without_braces(self.span(i), &shown));
    }

    /// E610: `:` looks only at the beginning.
    fn anchored(&self, i: usize, out: &mut Vec<Diagnostic>) {
        if !matches!(self.token(i), Some(Token::Matching(Op::MatchStart))) {
            return;
        }
        let Some(literal) = self.operand(i + 1) else {
            return;
        };
        if self.flat.touches(&self.tokens[i + 1].1) || self.operand(i.wrapping_sub(1)).is_none() {
            return;
        }
        let plain: Vec<u8> = literal
            .text()
            .iter()
            .copied()
            .filter(|b| *b != b'"')
            .collect();
        if plain.is_empty() || !plain.iter().all(|b| b.is_ascii_alphanumeric()) {
            return;
        }
        let shown = String::from_utf8_lossy(&plain).into_owned();
        out.push(
            Diagnostic::new(
                "E610",
                format!("`:` asks whether the text begins with `{shown}`"),
                self.span(i),
            )
            .label("what follows does not count")
            .help(format!(
                "`=~` looks everywhere in the text; `=` wants exactly `{shown}`"
            )),
        );
    }

    /// E609: `&` binds tighter than `|`.
    fn mixed(&self, out: &mut Vec<Diagnostic>) {
        // For each open parenthesis: the first `&` and the first `|`.
        let mut open: Vec<(Option<usize>, Option<usize>)> = vec![(None, None)];
        for (i, (token, _)) in self.tokens.iter().enumerate() {
            match token {
                Token::Open => open.push((None, None)),
                Token::Close if open.len() > 1 => {
                    open.pop();
                }
                Token::Comma | Token::Question | Token::Colons => {
                    if let Some(last) = open.last_mut() {
                        *last = (None, None);
                    }
                }
                Token::And | Token::Or => {
                    let Some(last) = open.last_mut() else { return };
                    if matches!(token, Token::And) {
                        last.0.get_or_insert(i);
                    } else {
                        last.1.get_or_insert(i);
                    }
                    if let (Some(and), Some(or)) = *last {
                        out.push(
                            Diagnostic::new(
                                "E609",
                                "`&` and `|` stand side by side without parentheses",
                                self.span(and),
                            )
                            .label("this one is done first")
                            .also(self.span(or), "then this one")
                            .help("parentheses show it: `a | (b & c)`"),
                        );
                        return;
                    }
                }
                _ => {}
            }
        }
    }
}

fn name_without_braces(place: crate::source::Span, name: &str) -> Diagnostic {
    let mut found = Diagnostic::new(
        "E616",
        format!("`{name}` is a word here, not the variable"),
        place,
    )
    .label(format!("the text `{name}` itself"));
    found.fixes.push(Fix {
        title: format!("write `${{{name}}}`"),
        edits: vec![
            Edit {
                span: place.before(),
                text: b"${".to_vec(),
            },
            Edit {
                span: place.after(),
                text: b"}".to_vec(),
            },
        ],
        safe: false,
    });
    found
}
