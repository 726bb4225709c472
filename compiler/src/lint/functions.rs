//! Family `variables`: `${...}`, functions, and names of variables that are gone.

use std::ops::Range;

use strowger_stdlib::signatures::{Served, Version};
use strowger_stdlib::template::{Hole, HoleKind, Piece, has_hole};

use crate::diagnostic::Diagnostic;
use crate::fields;
use crate::hir::Step;
use crate::jump::Shape;
use crate::lint::facts::{Facts, OUTSIDE};
use crate::lint::missing::{self, Kind};
use crate::lint::{World, arguments, misused};
use crate::source::Text;

/// Variables that were built in until 1.6, and what is written instead.
const GONE: [(&str, &str); 11] = [
    ("CALLERID", "CALLERID(all)"),
    ("CALLERIDNAME", "CALLERID(name)"),
    ("CALLERIDNUM", "CALLERID(num)"),
    ("CALLERANI", "CALLERID(ANI)"),
    ("DNID", "CALLERID(dnid)"),
    ("RDNIS", "CALLERID(rdnis)"),
    ("ACCOUNTCODE", "CHANNEL(accountcode)"),
    ("LANGUAGE", "CHANNEL(language)"),
    ("SIPUSERAGENT", "CHANNEL(useragent)"),
    ("TIMESTAMP", "STRFTIME(${EPOCH},,%Y%m%d-%H%M%S)"),
    ("DATETIME", "STRFTIME(${EPOCH},,%d%m%Y-%H:%M:%S)"),
];

pub(crate) fn check(world: &World<'_>, facts: &Facts, version: Version, out: &mut Vec<Diagnostic>) {
    let contexts = &world.index.hir().contexts;
    let steps = contexts
        .iter()
        .flat_map(|c| &c.extensions)
        .flat_map(|e| after_scripts(&e.steps));
    for (step, script) in steps {
        for (name, _) in step.own().assigned(world.dialect) {
            if name.bytes().ends_with(b")")
                && let Some(open) = name.bytes().iter().position(|b| *b == b'(')
            {
                let args = name.slice(open + 1..name.len() - 1);
                let called = name.slice(0..open).trimmed();
                function(&called, &args, Use::Written, facts, version, out);
            }
        }
        if !step.args.bytes().contains(&b'$') {
            continue;
        }
        near_miss(&step.args, step.app.bytes(), out);
        for hole in step.template().holes() {
            if hole.kind == HoleKind::Variable && hole.closed && !hole.too_deep {
                variable(&step.args, hole, script, facts, version, out);
            }
        }
    }
}

/// What a plan does with a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Written,
}

/// Each step, and whether a script stands before it in its extension: it may have set any variable.
fn after_scripts(steps: &[Step]) -> impl Iterator<Item = (&Step, bool)> {
    let mut script = false;
    steps.iter().map(move |step| {
        let before = script;
        let app = step.app.bytes();
        script |= OUTSIDE
            .iter()
            .any(|o| app.eq_ignore_ascii_case(o.as_bytes()));
        (step, before)
    })
}

fn variable(
    args: &Text,
    hole: &Hole,
    script: bool,
    facts: &Facts,
    version: Version,
    out: &mut Vec<Diagnostic>,
) {
    let start = hole.span.start + 2;
    misused::computed_name(args, hole, out);
    // A name that is put together is only known when it runs.
    let Some(Piece::Text(head)) = hole.body.pieces.first() else {
        return;
    };
    if let Some(open) = head.iter().position(|b| *b == b'(') {
        let name = args.slice(start..start + open);
        let inside = args.slice(start + open + 1..hole.span.end - 1);
        let inside = inside.slice(0..last_close(&inside).unwrap_or(inside.len()));
        function(&name, &inside, Use::Read, facts, version, out);
        if let Some(body) = hole.body.as_plain() {
            after_call(args, start, body, out);
        }
        return;
    }
    let Some(body) = hole.body.as_plain() else {
        // The beginning of the slice is in sight, and it is none.
        if let Some(colon) = head.iter().position(|b| *b == b':')
            && head
                .get(colon + 1)
                .is_some_and(|b| !b.is_ascii_digit() && !matches!(b, b'-' | b'+' | b' '))
        {
            slice(args, start + colon + 1, &head[colon + 1..], out);
        }
        return;
    };
    let colon = body.iter().position(|b| *b == b':');
    let name = &body[..colon.unwrap_or(body.len())];
    if let Some((_, instead)) = GONE.iter().find(|(n, _)| n.as_bytes() == name)
        && !facts.set.contains_key(name)
        && !script
    {
        let span = args.span_of(start..start + name.len());
        out.push(
            Diagnostic::new(
                "V503",
                format!(
                    "`${{{}}}` is gone since Asterisk 1.4",
                    String::from_utf8_lossy(name)
                ),
                span,
            )
            .label("empty")
            .fix(format!("write `{instead}`"), span, *instead, false),
        );
    }
    if let Some(colon) = colon {
        slice(args, start + colon + 1, &body[colon + 1..], out);
    }
}

/// `${name:offset:length}` whose numbers are none (DL-180).
fn slice(args: &Text, at: usize, text: &[u8], out: &mut Vec<Diagnostic>) {
    let offset = text
        .split(|b| *b == b':')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let digits = offset
        .strip_prefix(b"-")
        .or_else(|| offset.strip_prefix(b"+"))
        .unwrap_or(offset);
    if !digits.first().is_some_and(u8::is_ascii_digit) {
        let span = args.span_of(at - 1..at + text.len());
        out.push(
            Diagnostic::new("V506", "the slice does not begin with a number", span)
                .label("ignored: the whole value is used"),
        );
    }
}

/// Text between the `)` of a function and its end or slice (DL-193).
fn after_call(args: &Text, start: usize, body: &[u8], out: &mut Vec<Diagnostic>) {
    let Some(close) = body.iter().rposition(|b| *b == b')') else {
        return;
    };
    let rest = &body[close + 1..];
    if rest.is_empty() || rest[0] == b':' {
        return;
    }
    out.push(
        Diagnostic::new(
            "V525",
            "text after the closing parenthesis of a function is ignored",
            args.span_of(start + close + 1..start + body.len()),
        )
        .label("never read"),
    );
}

/// The last `)` outside of holes.
fn last_close(text: &Text) -> Option<usize> {
    let shape = Shape::read(text.bytes());
    let (mut last, mut from) = (None, 0);
    while let Some(found) = shape.find(text.bytes(), b')', from) {
        last = Some(found);
        from = found + 1;
    }
    last
}

fn function(
    name: &Text,
    args: &Text,
    usage: Use,
    facts: &Facts,
    version: Version,
    out: &mut Vec<Diagnostic>,
) {
    let bytes = name.bytes();
    // Functions of func_odbc.conf are made by configuration.
    if bytes.is_empty() || has_hole(bytes) || bytes.starts_with(b"ODBC_") {
        return;
    }
    let signature = match missing::find(Kind::Function, name, version) {
        Ok(signature) => signature,
        Err(found) => {
            out.push(*found);
            return;
        }
    };
    if signature.own {
        out.push(
            Diagnostic::new(
                "M917",
                format!("`{}` is a function of this exchange", signature.name),
                name.span(),
            )
            .label("no Asterisk has it; there it gives nothing"),
        );
    }
    let shown = &signature.name;
    let (able, what) = match usage {
        Use::Read => (signature.read, "read"),
        Use::Written => (signature.write, "set"),
    };
    if signature.reviewed && !able && (signature.read || signature.write) {
        out.push(
            Diagnostic::new("V516", format!("`{shown}` cannot be {what}"), name.span()).label(
                match usage {
                    Use::Read => "gives nothing, and an error in the log",
                    Use::Written => "sets nothing, and leaves an error in the log",
                },
            ),
        );
        return;
    }
    arguments::check(
        "V513",
        signature,
        name.span(),
        args,
        || fields::arguments(args),
        out,
    );
    misused::arguments(signature, args, facts, out);
    if signature.served == Served::Unserved {
        out.push(
            Diagnostic::new("V527", format!("`{shown}` is not built yet"), name.span()).label(
                match usage {
                    Use::Read => "known, but empty here",
                    Use::Written => "known, but nothing happens here",
                },
            ),
        );
    }
}

/// `$(NAME)`, `$+{NAME}`, `{$NAME}` and, in an expression or in front of a `=`, `$NAME`: nearly a variable (S117).
fn near_miss(args: &Text, app: &[u8], out: &mut Vec<Diagnostic>) {
    if ["system", "trysystem", "agi", "mixmonitor"]
        .iter()
        .any(|a| app.eq_ignore_ascii_case(a.as_bytes()))
    {
        return;
    }
    let bytes = args.bytes();
    let sets = app.eq_ignore_ascii_case(b"set") || app.eq_ignore_ascii_case(b"mset");
    let mut expressions: Option<Vec<Range<usize>>> = None;
    for at in (0..bytes.len()).filter(|i| bytes[*i] == b'$') {
        let rest = &bytes[at + 1..];
        let word = word(rest);
        let name = &rest[..word];
        let end = at + 1 + word;
        let brace = at
            .checked_sub(1)
            .filter(|before| bytes[*before] == b'{' && (*before == 0 || bytes[before - 1] != b'$'));
        if word > 0
            && let Some(from) = brace
            && bytes.get(end) == Some(&b'}')
        {
            out.push(meant(args, from..end + 1, name));
        } else if word > 0
            && (sets && at == 0 && bytes.get(end) == Some(&b'=')
                || stands_alone(bytes, at, end)
                    && expressions
                        .get_or_insert_with(|| unquoted(bytes))
                        .iter()
                        .any(|e| e.contains(&at)))
        {
            out.push(meant(args, at..end, name));
        } else if rest.starts_with(b"+{") {
            let span = args.span_of(at..at + 3);
            out.push(
                Diagnostic::new("S117", "`$+{` is no variable", span)
                    .label("plain text")
                    .fix("write `+${`", span, "+${", false),
            );
        } else if rest.first() == Some(&b'(')
            && let Some(close) = rest.iter().position(|b| *b == b')')
            && close > 1
            && rest[1..close]
                .iter()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
        {
            out.push(meant(args, at..at + close + 2, &rest[1..close]));
        }
    }
}

/// The variable that a text was meant to be.
fn meant(args: &Text, place: Range<usize>, name: &[u8]) -> Diagnostic {
    let name = String::from_utf8_lossy(name).into_owned();
    let span = args.span_of(place.clone());
    let shown = String::from_utf8_lossy(&args.bytes()[place]).into_owned();
    Diagnostic::new("S117", format!("`{shown}` is no variable"), span)
        .label("plain text: variables stand in `${...}`")
        .fix(
            format!("write `${{{name}}}`"),
            span,
            format!("${{{name}}}"),
            false,
        )
}

/// The length of the name at the beginning of a text.
fn word(text: &[u8]) -> usize {
    if !text
        .first()
        .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
    {
        return 0;
    }
    text.iter()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count()
}

/// Whether nothing that belongs to a word stands beside a part of a text.
fn stands_alone(text: &[u8], from: usize, to: usize) -> bool {
    let apart = |b: Option<&u8>| b.is_none_or(|b| b" =<>!&|()[]+*/%?".contains(b));
    apart(from.checked_sub(1).and_then(|i| text.get(i))) && apart(text.get(to))
}

/// What stands in `$[...]` outside of quotes and of variables.
fn unquoted(text: &[u8]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    for hole in Shape::read(text).holes {
        if text[hole.start + 1] != b'[' {
            continue;
        }
        let base = hole.start + 2;
        let inner = &text[base..hole.end.max(base)];
        let holes = Shape::read(inner).holes;
        let (mut quoted, mut from) = (false, 0);
        let mut at = 0;
        while at < inner.len() {
            if let Some(inside) = holes.iter().find(|h| h.start == at) {
                if !quoted {
                    out.push(base + from..base + at);
                }
                at = inside.end;
                from = at;
                continue;
            }
            if inner[at] == b'"' {
                if !quoted {
                    out.push(base + from..base + at);
                }
                quoted = !quoted;
                from = at + 1;
            }
            at += 1;
        }
        if !quoted {
            out.push(base + from..base + inner.len());
        }
    }
    out
}
