//! Family `expressions`: `$[...]` and conditions.

use std::ops::Range;

use strowger_stdlib::Dialect;
use strowger_stdlib::expr::{self, Literal, Op, Token, Warning};
use strowger_stdlib::signatures::{self, Outcomes};
use strowger_stdlib::template::{Hole, HoleKind, Piece};

use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::hir::Step;
use crate::jump::Shape;
use crate::lint::emptiness::Emptiness;
use crate::lint::facts::Facts;
use crate::lint::operands::Operands;
use crate::lint::{World, conditions};
use crate::source::{Span, Text};

/// Applications whose argument begins with a condition and a `?`.
const BRANCHING: [&[u8]; 3] = [b"gotoif", b"gosubif", b"execif"];
/// Applications whose whole argument is a condition.
const LOOPING: [&[u8]; 3] = [b"while", b"if", b"elseif"];

/// What is wrong with an expression that never changes for that reason.
const BROKEN: [&str; 7] = ["E601", "E603", "E605", "E608", "E616", "E617", "E618"];

pub(crate) fn check(world: &World<'_>, facts: &Facts, out: &mut Vec<Diagnostic>) {
    for (c, context) in world.index.hir().contexts.iter().enumerate() {
        for (e, extension) in context.extensions.iter().enumerate() {
            for (place, step) in extension.steps.iter().enumerate() {
                let before = out.len();
                let at = Emptiness {
                    world,
                    facts,
                    context,
                    extension,
                    home: (c, e),
                    step: place,
                };
                if step
                    .own()
                    .shape
                    .holes
                    .iter()
                    .any(|h| step.args.bytes()[h.start + 1] == b'[')
                    || step.args.bytes().windows(2).any(|w| w == b"$[")
                {
                    for hole in step.template().holes() {
                        if hole.kind == HoleKind::Expression && hole.closed && !hole.too_deep {
                            expression(&step.args, hole, at, out);
                        }
                    }
                }
                let sound = !out[before..].iter().any(|d| BROKEN.contains(&d.code));
                condition(step, world.dialect, sound, out);
            }
        }
    }
}

/// The condition of an application that branches. `sound`: nothing is wrong with its expressions, else that is why it never changes.
fn condition(step: &Step, dialect: &Dialect, sound: bool, out: &mut Vec<Diagnostic>) {
    let own = step.own();
    let (app, args, shape) = (&*own.app, &own.args, &own.shape);
    let end = if LOOPING.contains(&app) {
        args.len()
    } else if BRANCHING.contains(&app) || app == b"gotoiftime" || app == b"execiftime" {
        match shape.find(args.bytes(), b'?', 0) {
            Some(question) => question,
            // The old ExecIf(condition,App,args) has none, and a variable may hold it.
            None if shape
                .holes
                .iter()
                .any(|h| args.bytes()[h.start + 1] == b'{')
                || app == b"execif" && args.bytes().contains(&b',') =>
            {
                return;
            }
            None => {
                let name = step.app.lossy();
                out.push(
                    Diagnostic::new(
                        "A413",
                        format!("`{name}` has no `?`"),
                        if args.is_empty() {
                            step.app.span()
                        } else {
                            args.span()
                        },
                    )
                    .label("nothing says where to go")
                    .help(format!("write `{name}(condition?yes:no)`")),
                );
                return;
            }
        }
    } else {
        return;
    };
    if app.ends_with(b"time") {
        return;
    }
    let condition = args.slice(0..end);
    if !outside(&step.app, &condition, shape, out) && sound {
        let loops = app == b"while";
        conditions::check(dialect, &condition, loops, out);
    }
}

/// Operators and brackets of a condition that stand outside `$[...]`. Whether there are any.
fn outside(app: &Text, condition: &Text, shape: &Shape, out: &mut Vec<Diagnostic>) -> bool {
    let bytes = condition.bytes();
    let literal = || shape.outside(bytes.len());
    let operator = literal().find(|i| matches!(bytes[*i], b'=' | b'<' | b'>'));
    if let Some(at) = operator {
        let mut found = Diagnostic::new(
            "A414",
            format!(
                "the condition of `{}` is compared with nothing: it stands outside of `$[ ]`",
                app.lossy()
            ),
            condition.span(),
        )
        .label("only text: true, unless it begins with 0");
        if !shape
            .holes
            .iter()
            .any(|h| bytes.get(h.start + 1) == Some(&b'[') && h.end <= bytes.len())
        {
            found.fixes.push(Fix {
                title: "write `$[...]` around it".to_owned(),
                edits: vec![
                    Edit {
                        span: condition.span().before(),
                        text: b"$[".to_vec(),
                    },
                    Edit {
                        span: condition.span().after(),
                        text: b"]".to_vec(),
                    },
                ],
                safe: false,
            });
        } else {
            found = found.also(condition.place(at), "this belongs inside the brackets");
        }
        out.push(found);
        return true;
    }
    if let Some(stray) = literal().find(|i| matches!(bytes[*i], b']' | b'}'))
        && !shape.holes.is_empty()
    {
        out.push(
            Diagnostic::new(
                "E614",
                format!("a `{}` too many", bytes[stray] as char),
                condition.span_of(stray..stray + 1),
            )
            .label("becomes a part of the condition's text")
            .fix("remove it", condition.span_of(stray..stray + 1), "", false),
        );
        return true;
    }
    false
}

/// An expression with a word in the place of each hole.
pub(super) struct Flat<'a> {
    pub(super) text: Vec<u8>,
    /// Where each hole's word stands in `text`.
    pub(super) holes: Vec<(Range<usize>, &'a Hole)>,
    /// From this place of `text` on, bytes stand at this place of the arguments.
    places: Vec<(usize, usize)>,
}

impl<'a> Flat<'a> {
    fn read(hole: &'a Hole) -> Flat<'a> {
        let mut flat = Flat {
            text: Vec::new(),
            holes: Vec::new(),
            places: Vec::new(),
        };
        let mut at = hole.span.start + 2;
        for piece in &hole.body.pieces {
            flat.places.push((flat.text.len(), at));
            match piece {
                Piece::Text(text) => {
                    flat.text.extend_from_slice(text);
                    at += text.len();
                }
                Piece::Hole(inner) => {
                    let start = flat.text.len();
                    flat.text.extend_from_slice("\u{e000}".as_bytes());
                    flat.holes.push((start..flat.text.len(), inner));
                    at = inner.span.end;
                }
            }
        }
        flat
    }

    /// Where bytes of the flat text stand in the arguments.
    pub(super) fn range(&self, range: &Range<usize>) -> Range<usize> {
        let place = |at: usize| {
            let index = self
                .places
                .partition_point(|(from, _)| *from <= at)
                .saturating_sub(1);
            let (from, to) = self.places[index];
            match self.holes.iter().find(|(r, _)| r.contains(&at)) {
                Some((_, hole)) => hole.span.clone(),
                None => to + (at - from)..to + (at - from) + 1,
            }
        };
        place(range.start).start..place(range.end.saturating_sub(1).max(range.start)).end
    }

    /// The hole that a token is, if it is nothing else.
    pub(super) fn whole(&self, range: &Range<usize>) -> Option<&'a Hole> {
        self.holes.iter().find(|(r, _)| r == range).map(|(_, h)| *h)
    }

    pub(super) fn touches(&self, range: &Range<usize>) -> bool {
        self.holes
            .iter()
            .any(|(r, _)| r.start < range.end && range.start < r.end)
    }
}

fn expression(args: &Text, hole: &Hole, at: Emptiness<'_>, out: &mut Vec<Diagnostic>) {
    let (facts, dialect) = (at.facts, at.world.dialect);
    let flat = Flat::read(hole);
    if flat.places.is_empty() {
        return;
    }
    let tokens = expr::tokens(&flat.text);
    dropped(args, &flat, &tokens, out);
    if let Some(Warning::Malformed { at: token }) =
        expr::compile_for(&flat.text, dialect).warnings.first()
    {
        malformed(args, hole, &flat, &tokens, *token, out);
        return;
    }
    Operands {
        args,
        hole,
        flat: &flat,
        tokens: &tokens,
        at,
    }
    .check(out);
    for (i, (token, _)) in tokens.iter().enumerate() {
        if let Token::Compare(comparison) = token
            && let (Some(left), Some(right)) = (
                i.checked_sub(1).and_then(|l| tokens.get(l)),
                tokens.get(i + 1),
            )
        {
            let equality = matches!(
                comparison,
                expr::Comparison::Equal | expr::Comparison::Unequal
            );
            if !equality {
                as_text(args, &flat, left, right, facts, out);
            }
            if !maybe_empty(args, hole, &flat, left, right, equality, at, out) && equality {
                one_sided(args, &flat, left, right, out);
                impossible(args, &flat, left, right, facts, out);
            }
        }
    }
}

type Spanned<'a> = (Token<'a>, Range<usize>);

/// Bytes that no expression knows: dropped without a word.
fn dropped(args: &Text, flat: &Flat<'_>, tokens: &[Spanned<'_>], out: &mut Vec<Diagnostic>) {
    let mut at = 0;
    let ends = tokens
        .iter()
        .map(|(_, r)| r.clone())
        .chain(std::iter::once(flat.text.len()..flat.text.len()));
    for range in ends {
        if let Some(stray) = (at..range.start).find(|i| !flat.text[*i].is_ascii_whitespace()) {
            let place = flat.range(&(stray..stray + 1));
            let byte = flat.text[stray] as char;
            let found = Diagnostic::new(
                "E618",
                format!("`{byte}` means nothing in an expression"),
                args.span_of(place),
            );
            out.push(found.label(if byte == '"' {
                "the quote has no partner and is dropped"
            } else {
                "dropped"
            }));
            return;
        }
        at = range.end;
    }
}

fn malformed(
    args: &Text,
    hole: &Hole,
    flat: &Flat<'_>,
    tokens: &[Spanned<'_>],
    at: usize,
    out: &mut Vec<Diagnostic>,
) {
    let all = args.span_of(hole.span.clone());
    let place = |i: usize| args.span_of(flat.range(&tokens[i].1));
    let operand = |i: usize| matches!(tokens[i].0, Token::Operand(_));
    if at > 0 && at < tokens.len() && operand(at) && operand(at - 1) {
        if flat.touches(&tokens[at].1) || flat.touches(&tokens[at - 1].1) {
            out.push(
                Diagnostic::new(
                    "E617",
                    "the expression is put together from text",
                    place(at),
                )
                .label("a value stands where an operator belongs")
                .help("it is read anew each time, and means what the values mean that day"),
            );
            return;
        }
        let from = args.span_of(flat.range(&(tokens[at - 1].1.start..tokens[at].1.end)));
        out.push(
            Diagnostic::new("E605", "two words stand next to each other in an expression", from)
                .label("the second does not belong to the expression; its value is that of the part before it")
                .help("text with blanks needs quotes, on both sides of the comparison"),
        );
        return;
    }
    let question = tokens.iter().any(|(t, _)| matches!(t, Token::Question));
    let colons = tokens.iter().any(|(t, _)| matches!(t, Token::Colons));
    let colon = tokens
        .iter()
        .position(|(t, _)| matches!(t, Token::Matching(Op::MatchStart)));
    let found = match at {
        0 => Diagnostic::new(
            "E601",
            "this is no expression",
            if tokens.is_empty() { all } else { place(0) },
        )
        .label("an operator without a left side: the value is empty"),
        _ if at >= tokens.len() => Diagnostic::new("E601", "this is no expression", all)
            .label("it ends too early: the value is 0"),
        _ => Diagnostic::new("E601", "this is no expression", place(at)).label("not expected here"),
    };
    out.push(match colon {
        Some(colon) if question && !colons => found.also(
            place(colon),
            "`:` matches a pattern; the second branch begins with `::`",
        ),
        _ => found,
    });
}

/// Comparisons of a bare value that may be empty. Whether one was found.
#[allow(clippy::too_many_arguments)]
fn maybe_empty(
    args: &Text,
    hole: &Hole,
    flat: &Flat<'_>,
    left: &Spanned<'_>,
    right: &Spanned<'_>,
    equality: bool,
    at: Emptiness<'_>,
    out: &mut Vec<Diagnostic>,
) -> bool {
    let empty = |side: &Spanned<'_>| flat.whole(&side.1).filter(|h| at.may_be(h));
    let Some(first) = empty(left).or_else(|| empty(right)) else {
        return false;
    };
    let shown = String::from_utf8_lossy(&args.bytes()[first.span.clone()]).into_owned();
    let mut found = Diagnostic::new(
        "E602",
        format!("if `{shown}` is empty, this is no expression"),
        args.span_of(first.span.clone()),
    )
    .label("its value goes into the text as it is, and the comparison loses a side")
    .also(
        args.span_of(hole.span.clone()),
        if flat.whole(&left.1).is_some_and(|h| std::ptr::eq(h, first)) {
            "is empty then, and so false"
        } else {
            "is 0 then, and so false"
        },
    );
    if equality {
        let mut edits = Vec::new();
        for side in [left, right] {
            if !matches!(&side.0, Token::Operand(l) if l.text().starts_with(b"\"")) {
                let span = args.span_of(flat.range(&side.1));
                edits.push(Edit {
                    span: span.before(),
                    text: b"\"".to_vec(),
                });
                edits.push(Edit {
                    span: span.after(),
                    text: b"\"".to_vec(),
                });
            }
        }
        found.fixes.push(Fix {
            title: "put quotes around both sides".to_owned(),
            edits,
            safe: false,
        });
    } else {
        found = found.help(format!("write `0{shown}`, or test for emptiness first"));
    }
    out.push(found);
    true
}

/// Numbers in quotes are compared as text: `"10" < "9"` (DL-211).
fn as_text(
    args: &Text,
    flat: &Flat<'_>,
    left: &Spanned<'_>,
    right: &Spanned<'_>,
    facts: &Facts,
    out: &mut Vec<Diagnostic>,
) {
    if quoted(&left.0) != Some(true) && quoted(&right.0) != Some(true) {
        return;
    }
    let (a, b) = (side(flat, left), side(flat, right));
    // Comparing with 0 or 1 gives the same, and so does text that is always of the same length.
    let telling = match (&a, &b) {
        (Side::Number(n), Side::Value(name)) | (Side::Value(name), Side::Number(n)) => {
            // One that counts up from a digit meets another digit as itself.
            let digit = n.len() == 1 && facts.counts(name);
            n.as_slice() != b"0" && n.as_slice() != b"1" && !digit
        }
        (Side::Value(_), Side::Value(_)) => true,
        _ => false,
    };
    if !telling {
        return;
    }
    let mut found = Diagnostic::new(
        "E604",
        "numbers in quotes are compared as text",
        args.span_of(flat.range(&(left.1.start..right.1.end))),
    )
    .label("character by character: 10 is less than 9");
    let mut edits = Vec::new();
    for (token, range) in [left, right] {
        if quoted(token) == Some(true) {
            let all = args.span_of(flat.range(range));
            edits.push(Edit {
                span: Span {
                    end: all.start + 1,
                    ..all
                },
                text: Vec::new(),
            });
            edits.push(Edit {
                span: Span {
                    start: all.end - 1,
                    ..all
                },
                text: Vec::new(),
            });
        }
    }
    found.fixes.push(Fix {
        title: "leave out the quotes".to_owned(),
        edits,
        safe: false,
    });
    out.push(found);
}

/// An operand as far as its length matters.
enum Side {
    /// A number as written.
    Number(Vec<u8>),
    /// A value of some length: the variable, or something else without a name.
    Value(Vec<u8>),
    /// Text, or a value whose length is always the same.
    Other,
}

fn side(flat: &Flat<'_>, operand: &Spanned<'_>) -> Side {
    const ONE_LENGTH: [&[u8]; 6] = [
        b"STRFTIME",
        b"ISNULL",
        b"EXISTS",
        b"REGEX",
        b"DIALPLAN_EXISTS",
        b"DB_EXISTS",
    ];
    let Token::Operand(literal) = &operand.0 else {
        return Side::Other;
    };
    let text = literal.text();
    let (text, range) = match text {
        [b'"', inner @ .., b'"'] => (inner, operand.1.start + 1..operand.1.end - 1),
        _ => (text, operand.1.clone()),
    };
    if let Some(hole) = flat.whole(&range) {
        let name: Vec<u8> = match hole.body.pieces.first() {
            Some(Piece::Text(head)) => head.iter().copied().take_while(|b| *b != b'(').collect(),
            _ => Vec::new(),
        };
        let cut = hole.body.as_plain().is_some_and(|b| b.contains(&b':'));
        return if ONE_LENGTH.contains(&name.as_slice()) || cut {
            Side::Other
        } else {
            let named = hole.body.as_plain().filter(|b| !b.contains(&b'('));
            Side::Value(named.unwrap_or_default().to_vec())
        };
    }
    let number = !text.is_empty() && text.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    if number && !flat.touches(&range) {
        Side::Number(text.to_vec())
    } else {
        Side::Other
    }
}

fn quoted(token: &Token<'_>) -> Option<bool> {
    match token {
        Token::Operand(literal) => Some(literal.text().starts_with(b"\"")),
        _ => None,
    }
}

/// Whether an operand is a function that gives its text in quotes.
fn quotes_itself(flat: &Flat<'_>, side: &Spanned<'_>) -> bool {
    flat.whole(&side.1).is_some_and(|hole| {
        matches!(hole.body.pieces.first(), Some(Piece::Text(head))
            if head.starts_with(b"QUOTE(") || head.starts_with(b"CSV_QUOTE("))
    })
}

/// Quotes on one side of a comparison: they belong to the text, so the sides are never equal (DL-211, DL-212).
fn one_sided(
    args: &Text,
    flat: &Flat<'_>,
    left: &Spanned<'_>,
    right: &Spanned<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let with_quotes = |side: &Spanned<'_>| Some(quoted(&side.0)? || quotes_itself(flat, side));
    let (Some(a), Some(b)) = (with_quotes(left), with_quotes(right)) else {
        return;
    };
    if a == b {
        return;
    }
    let (bare, with) = if a { (right, left) } else { (left, right) };
    let span = args.span_of(flat.range(&bare.1));
    let mut found = Diagnostic::new("E603", "only one side of the comparison has quotes", span)
        .label("without quotes")
        .also(
            args.span_of(flat.range(&with.1)),
            "quotes belong to the text, so the two are never equal",
        );
    found.fixes.push(Fix {
        title: "put quotes around the other side too".to_owned(),
        edits: vec![
            Edit {
                span: span.before(),
                text: b"\"".to_vec(),
            },
            Edit {
                span: span.after(),
                text: b"\"".to_vec(),
            },
        ],
        safe: false,
    });
    out.push(found);
}

/// A status variable compared with a value that it never has.
fn impossible(
    args: &Text,
    flat: &Flat<'_>,
    left: &Spanned<'_>,
    right: &Spanned<'_>,
    facts: &Facts,
    out: &mut Vec<Diagnostic>,
) {
    for (variable, constant) in [(left, right), (right, left)] {
        let Some((_, hole)) = flat.holes.iter().find(|(r, _)| {
            let inside = if quoted(&variable.0) == Some(true) {
                variable.1.start + 1..variable.1.end - 1
            } else {
                variable.1.clone()
            };
            *r == inside
        }) else {
            continue;
        };
        let (HoleKind::Variable, Some(name)) = (hole.kind, hole.body.as_plain()) else {
            continue;
        };
        // A plan that sets it itself knows more words.
        if facts.set.contains_key(name) {
            continue;
        }
        let Some(Outcomes::Words(values)) = signatures::sets(name) else {
            continue;
        };
        let name = String::from_utf8_lossy(name);
        let Token::Operand(Literal::Text(text) | Literal::Number(text)) = &constant.0 else {
            continue;
        };
        if flat.touches(&constant.1) {
            continue;
        }
        let value = String::from_utf8_lossy(text).trim_matches('"').to_owned();
        if value.is_empty() || values.contains(&value.as_str()) {
            continue;
        }
        let found = Diagnostic::new(
            "F320",
            format!("`{name}` is never `{value}`"),
            args.span_of(flat.range(&constant.1)),
        )
        .label("the comparison has always the same result");
        let squeezed: String = value
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .collect::<String>()
            .to_ascii_uppercase();
        let near = values
            .iter()
            .find(|v| v.replace('_', "") == squeezed)
            .copied();
        out.push(
            match near.or_else(|| crate::edit_distance::nearest(&value, values.iter().copied())) {
                Some(near) => found.help(format!("perhaps `{near}` was meant")),
                None => found.help(format!("it can be {}", values.join(", "))),
            },
        );
    }
}
