//! Family `variables`: `${...}`, functions, and names of variables that are gone.

use strowger_stdlib::signatures::{self, Served, Signature, Version};
use strowger_stdlib::template::{Hole, HoleKind, Piece, Template, has_hole};

use crate::diagnostic::Diagnostic;
use crate::edit_distance::nearest;
use crate::lint::World;
use crate::lint::facts::{Facts, assignments};
use crate::source::Text;

/// Variables that were built in until 1.6, and what is written instead.
const GONE: [(&str, &str); 9] = [
    ("CALLERID", "CALLERID(all)"),
    ("CALLERIDNAME", "CALLERID(name)"),
    ("CALLERIDNUM", "CALLERID(num)"),
    ("CALLERANI", "CALLERID(ANI)"),
    ("DNID", "CALLERID(dnid)"),
    ("RDNIS", "CALLERID(rdnis)"),
    ("ACCOUNTCODE", "CHANNEL(accountcode)"),
    ("LANGUAGE", "CHANNEL(language)"),
    ("DATETIME", "STRFTIME(${EPOCH},,%d%m%Y-%H:%M:%S)"),
];

pub(crate) fn check(world: &World<'_>, facts: &Facts, version: Version, out: &mut Vec<Diagnostic>) {
    for step in world
        .index
        .hir()
        .contexts
        .iter()
        .flat_map(|c| &c.extensions)
        .flat_map(|e| &e.steps)
    {
        for (name, _) in assignments(step, world.dialect) {
            if name.bytes().ends_with(b")")
                && let Some(open) = name.bytes().iter().position(|b| *b == b'(')
            {
                function(&name.slice(0..open).trimmed(), Use::Written, version, out);
            }
        }
        near_miss(&step.args, step.app.bytes(), out);
        if !has_hole(step.args.bytes()) {
            continue;
        }
        let template = Template::read(step.args.bytes());
        for hole in template.holes() {
            if hole.kind == HoleKind::Variable && hole.closed && !hole.too_deep {
                variable(&step.args, hole, facts, version, out);
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

fn variable(args: &Text, hole: &Hole, facts: &Facts, version: Version, out: &mut Vec<Diagnostic>) {
    let start = hole.span.start + 2;
    // A name that is put together is only known when it runs.
    let Some(Piece::Text(head)) = hole.body.pieces.first() else {
        return;
    };
    if let Some(open) = head.iter().position(|b| *b == b'(') {
        let name = args.slice(start..start + open);
        function(&name, Use::Read, version, out);
        if let Some(body) = hole.body.as_plain() {
            after_call(args, start, body, out);
        }
        return;
    }
    let Some(body) = hole.body.as_plain() else {
        return;
    };
    let colon = body.iter().position(|b| *b == b':');
    let name = &body[..colon.unwrap_or(body.len())];
    if let Some((_, instead)) = GONE.iter().find(|(n, _)| n.as_bytes() == name)
        && !facts.set.contains_key(name)
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

fn function(name: &Text, usage: Use, version: Version, out: &mut Vec<Diagnostic>) {
    let bytes = name.bytes();
    // Functions of func_odbc.conf are made by configuration.
    if bytes.is_empty() || has_hole(bytes) || bytes.starts_with(b"ODBC_") {
        return;
    }
    let shown = name.lossy().into_owned();
    let Some(signature) = signatures::function(bytes) else {
        out.push(unknown(name, &shown, version));
        return;
    };
    if !signature.exists_in(version) {
        out.push(not_here(signature, name, &shown, version));
        return;
    }
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

fn unknown(name: &Text, shown: &str, version: Version) -> Diagnostic {
    let upper = shown.to_ascii_uppercase();
    if upper != shown && signatures::function(upper.as_bytes()).is_some() {
        return Diagnostic::new(
            "V512",
            format!("there is no function `{shown}`: names of functions are written in capitals"),
            name.span(),
        )
        .label("gives nothing, and an error in the log")
        .fix(format!("write `{upper}`"), name.span(), upper, true);
    }
    let found = Diagnostic::new(
        "V511",
        format!("there is no function `{shown}`"),
        name.span(),
    )
    .label("gives nothing, and an error in the log");
    let known = signatures::functions()
        .iter()
        .filter(|s| s.exists_in(version))
        .map(|s| s.name.as_str());
    match nearest(shown, known) {
        Some(near) => found.fix(format!("write `{near}`"), name.span(), near, false),
        None => found,
    }
}

fn not_here(signature: &Signature, name: &Text, shown: &str, version: Version) -> Diagnostic {
    let gone = signature
        .until
        .as_deref()
        .filter(|u| Version::read(u).is_some_and(|u| version >= u));
    let found = match gone {
        Some(until) => Diagnostic::new(
            "M910",
            format!("`{shown}` is gone since Asterisk {until}"),
            name.span(),
        )
        .label("gives nothing, and an error in the log"),
        None => {
            let since = signature.since.as_deref().unwrap_or("a later release");
            Diagnostic::new(
                "V511",
                format!("`{shown}` comes with Asterisk {since}"),
                name.span(),
            )
            .label(format!("the plan is read as Asterisk {} does", version.0))
        }
    };
    match &signature.replaced_by {
        Some(instead) => found.help(format!("now written: {instead}")),
        None => found,
    }
}

/// `$(NAME)` and `$+{NAME}`: nearly a variable (S117).
fn near_miss(args: &Text, app: &[u8], out: &mut Vec<Diagnostic>) {
    if ["system", "trysystem", "agi", "mixmonitor"]
        .iter()
        .any(|a| app.eq_ignore_ascii_case(a.as_bytes()))
    {
        return;
    }
    let bytes = args.bytes();
    for at in (0..bytes.len()).filter(|i| bytes[*i] == b'$') {
        let rest = &bytes[at + 1..];
        if rest.starts_with(b"+{") {
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
            let name = String::from_utf8_lossy(&rest[1..close]).into_owned();
            let span = args.span_of(at..at + close + 2);
            out.push(
                Diagnostic::new("S117", format!("`$({name})` is no variable"), span)
                    .label("plain text: variables stand in braces")
                    .fix(
                        format!("write `${{{name}}}`"),
                        span,
                        format!("${{{name}}}"),
                        false,
                    ),
            );
        }
    }
}
