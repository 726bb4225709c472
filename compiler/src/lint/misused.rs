//! Functions whose arguments are not what they look like: names where people write values, and the other way round.

use strowger_stdlib::signatures::Signature;
use strowger_stdlib::template::{Hole, HoleKind, Piece, Template, What, has_hole, split_body};

use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::fields;
use crate::jump::Shape;
use crate::lint::facts::Facts;
use crate::source::Text;

/// What is odd about the arguments of a known function.
pub(crate) fn arguments(
    signature: &Signature,
    args: &Text,
    facts: &Facts,
    out: &mut Vec<Diagnostic>,
) {
    match signature.name {
        "STRFTIME" => format_for_zone(args, out),
        "REGEX" => regex(args, out),
        _ if signature.reads_variable => value_for_name(signature, args, facts, out),
        _ => {}
    }
}

/// `${${F}(x)}`: what is called is only known when it runs.
pub(crate) fn computed_name(args: &Text, hole: &Hole, out: &mut Vec<Diagnostic>) {
    let mut seen = false;
    for piece in &hole.body.pieces {
        match piece {
            Piece::Hole(_) => seen = true,
            Piece::Text(text) => match text.iter().find(|b| matches!(b, b'(' | b':')) {
                Some(b'(') if seen => break,
                Some(_) => return,
                None => {}
            },
        }
    }
    let calls = |p: &Piece| matches!(p, Piece::Text(text) if text.contains(&b'('));
    if seen && hole.body.pieces.iter().any(calls) {
        out.push(
            Diagnostic::new(
                "V520",
                "the name of the function is in a variable",
                args.span_of(hole.span.clone()),
            )
            .label("cannot be checked"),
        );
    }
}

/// `CUT(${X},-,1)` reads the variable whose name is in X.
fn value_for_name(signature: &Signature, args: &Text, facts: &Facts, out: &mut Vec<Diagnostic>) {
    let parts = fields::arguments(args);
    let Some(first) = parts.first() else { return };
    let template = Template::read(first.bytes());
    let [Piece::Hole(hole)] = template.pieces.as_slice() else {
        return;
    };
    if hole.kind != HoleKind::Variable || !hole.closed {
        return;
    }
    let Some(body) = hole.body.as_plain() else {
        return;
    };
    let split = split_body(body);
    let named = match &split.what {
        // A subroutine that is given the name of a variable.
        What::Variable(name) => {
            split.slice.is_none() && (name.starts_with(b"ARG") || facts.names.contains(name))
        }
        What::Call(call) => matches!(
            call.name.as_slice(),
            b"LOCAL" | b"LOCAL_PEEK" | b"SHARED" | b"HASH" | b"DB" | b"GLOBAL"
        ),
    };
    if named {
        return;
    }
    let inner = String::from_utf8_lossy(body).into_owned();
    out.push(
        Diagnostic::new(
            "V514",
            format!(
                "`{}` takes the name of a variable, not its value",
                signature.name
            ),
            first.span(),
        )
        .label(format!(
            "reads the variable whose name is in `{inner}`: mostly none, so this is empty"
        ))
        .fix(format!("write `{inner}`"), first.span(), inner, false),
    );
}

/// `STRFTIME(${EPOCH},%m%d)`: the format is the third argument.
fn format_for_zone(args: &Text, out: &mut Vec<Diagnostic>) {
    let parts = fields::arguments(args);
    let percent = |at: usize| {
        parts
            .get(at)
            .filter(|p| !has_hole(p.bytes()) && p.bytes().contains(&b'%'))
    };
    let found = |part: &Text, commas: &str, what: &str| {
        Diagnostic::new(
            "V515",
            "the format of STRFTIME is its third argument",
            part.span(),
        )
        .label(what)
        .fix(
            "leave out what stands before it",
            part.span().before(),
            commas,
            false,
        )
    };
    if let Some(format) = percent(0).filter(|_| parts.len() == 1) {
        out.push(found(
            format,
            ",,",
            "taken for the time: this is 1970 in the default form",
        ));
    } else if let Some(format) = percent(1).filter(|_| parts.len() == 2) {
        out.push(found(
            format,
            ",",
            "taken for the time zone: the default form is used",
        ));
    }
}

/// `REGEX("expression" text)`.
fn regex(args: &Text, out: &mut Vec<Diagnostic>) {
    let bytes = args.bytes();
    let Some(open) = bytes.iter().position(|b| !b.is_ascii_whitespace()) else {
        return;
    };
    if bytes[open] != b'"' {
        // A variable may hold the quotes.
        if !bytes.contains(&b'"') && !bytes[open..].starts_with(b"${") {
            out.push(
                Diagnostic::new("V518", "REGEX wants its expression in quotes", args.span())
                    .label("gives nothing, and an error in the log")
                    .help("write `REGEX(\"expression\" text)`"),
            );
        }
        return;
    }
    let shape = Shape::read(bytes);
    let Some(close) = shape.find(bytes, b'"', open + 1) else {
        return;
    };
    if bytes.get(close + 1) == Some(&b',') {
        let comma = args.span_of(close + 1..close + 2);
        let mut found = Diagnostic::new(
            "V518",
            "a blank, not a comma, stands between the expression and the text of REGEX",
            comma,
        )
        .label("the comma belongs to the text that is searched");
        found.fixes.push(Fix {
            title: "write a blank".to_owned(),
            edits: vec![Edit {
                span: comma,
                text: b" ".to_vec(),
            }],
            safe: false,
        });
        out.push(found);
    }
}
