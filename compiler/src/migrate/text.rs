//! Texts of extensions.conf as literals of `.dial`.

use strowger_stdlib::signatures;
use strowger_stdlib::template::{HoleKind, Piece, Template};
use strowger_stdlib::words::{self, Kind};

use super::formula;
use super::names::{self, Names, What};
use super::word::Call;
use crate::dial::check::world;
use crate::jump::Shape;
use crate::lint::facts;

/// What `exten` is in a body.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Number {
    /// There is none: `on start`.
    None,
    Digits,
    Raw,
}

/// An expression, and the variables that it names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) names: Vec<(What, String)>,
    /// It holds what only the call knows.
    pub(super) open: bool,
    /// Its type as the table of words writes it, as far as that is known.
    pub(super) ty: &'static str,
}

impl Written {
    /// Whether it is one call.
    pub(super) fn is_call(&self) -> bool {
        self.text.ends_with(')') && is_one(&self.text)
    }

    /// Whether a function has counted it: a whole number, never empty.
    pub(super) fn is_counted(&self) -> bool {
        self.ty == "Int" && self.text.ends_with(')') && is_one(&self.text)
    }

    pub(super) fn plain(text: impl Into<String>) -> Written {
        Written {
            text: text.into(),
            ..Written::default()
        }
    }
}

/// Whether a text is one name, or one call.
pub(super) fn is_one(text: &str) -> bool {
    let name = |t: &str| {
        t.bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    };
    let Some((called, _)) = text.split_once('(') else {
        return name(text);
    };
    let mut depth = 0usize;
    let mut quote = None;
    let end = text.bytes().position(|b| {
        match (quote, b) {
            (None, b'"' | b'\'' | b'`') => quote = Some(b),
            (Some(q), b) if q == b => quote = None,
            (None, b'(') => depth += 1,
            (None, b')') => depth -= 1,
            _ => {}
        }
        depth == 0 && b == b')'
    });
    name(called) && !text.contains('\\') && end == Some(text.len() - 1)
}

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '{' => out.push_str("{{"),
            '}' => out.push_str("}}"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// A text in single quotes: as it stands.
pub(super) fn raw(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The door for a text: `asterisk('...')`.
pub(super) fn asterisk(text: &str) -> Written {
    Written {
        text: format!("asterisk({})", raw(text)),
        names: Vec::new(),
        open: true,
        ty: "Raw",
    }
}

/// A text with its holes as `.dial` writes them; none if a hole has no form of its own.
pub(super) fn text(bytes: &[u8], number: Number, names: &mut Names) -> Option<Written> {
    let template = Template::read(bytes);
    let mut out = Written::default();
    let mut literal = String::new();
    let single = template.pieces.len() == 1;
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => literal.push_str(&escaped(std::str::from_utf8(text).ok()?)),
            Piece::Hole(hole) => {
                if !hole.closed || hole.too_deep {
                    return None;
                }
                if hole.kind == HoleKind::Expression {
                    let span = hole.span.start + 2..hole.span.end - 1;
                    let counted = formula::formula(&bytes[span], number, names)?;
                    out.names.extend(counted.names);
                    if single {
                        out.text = counted.text;
                        out.ty = counted.ty;
                        return Some(out);
                    }
                    literal.push_str(&format!("{{{}}}", within(&counted.text)?));
                    continue;
                }
                let span = hole.span.start + 2..hole.span.end - 1;
                let hole = value(&bytes[span], number, names)?;
                out.names.extend(hole.names);
                out.open |= hole.open;
                if single {
                    out.text = hole.text;
                    out.ty = hole.ty;
                    return Some(out);
                }
                literal.push_str(&format!("{{{}}}", within(&hole.text)?));
            }
        }
    }
    out.text = format!("\"{literal}\"");
    Some(out)
}

/// An expression within a text: single quotes take the place of double ones, and a text with holes is put together by `join`.
fn within(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(from) = rest.find(['"', '\'']) {
        out.push_str(&rest[..from]);
        let whole = &rest[from..];
        let length = match whole.as_bytes()[0] {
            b'"' => joined(whole, &mut out)?,
            _ => {
                let length = whole[1..].find('\'')? + 2;
                let stays = !whole[..length].contains(['"', '\\', '\n']);
                out.push_str(stays.then_some(&whole[..length])?);
                length
            }
        };
        rest = &whole[length..];
    }
    out.push_str(rest);
    Some(out)
}

/// A text in double quotes without them; how long it was.
fn joined(whole: &str, out: &mut String) -> Option<usize> {
    let bytes = whole.as_bytes();
    let mut parts: Vec<String> = Vec::new();
    let mut plain = String::new();
    let mut at = 1;
    loop {
        match *bytes.get(at)? {
            b'"' => break,
            b'\\' | b'\n' => return None,
            b @ (b'{' | b'}') if bytes.get(at + 1) == Some(&b) => {
                plain.push(char::from(b));
                at += 2;
            }
            b'{' => {
                let mut quoted = false;
                let length = bytes[at..].iter().position(|b| {
                    quoted ^= *b == b'\'';
                    *b == b'}' && !quoted
                })?;
                if !plain.is_empty() {
                    parts.push(raw(&std::mem::take(&mut plain)));
                }
                parts.push(whole[at + 1..at + length].to_owned());
                at += length + 1;
            }
            _ => {
                let c = whole[at..].chars().next()?;
                plain.push(c);
                at += c.len_utf8();
            }
        }
    }
    if !plain.is_empty() || parts.is_empty() {
        parts.push(raw(&plain));
    }
    match parts.as_slice() {
        [one] if one.starts_with('\'') => out.push_str(one),
        parts => out.push_str(&format!("join({})", parts.join(", "))),
    }
    Some(at + 1)
}

/// A text that stays one: a number that stands alone gets quotes.
pub(super) fn literal(bytes: &[u8], number: Number, names: &mut Names) -> Option<Written> {
    let written = text(bytes, number, names)?;
    let numeric = !is_text(written.ty);
    Some(match numeric && !written.text.starts_with('"') {
        true => Written {
            text: format!("\"{{{}}}\"", within(&written.text)?),
            ..written
        },
        false => written,
    })
}

/// The body of `${...}` as an expression without quotes.
pub(super) fn value(body: &[u8], number: Number, names: &mut Names) -> Option<Written> {
    let (whole, slice) = sliced(body);
    let written = unsliced(whole, number, names)?;
    let Some(slice) = slice else {
        return Some(written);
    };
    Some(Written {
        text: format!("{}[{slice}]", written.text),
        ty: "Raw",
        ..written
    })
}

/// A body and the stretch that is cut out of it, as `.dial` writes that.
fn sliced(body: &[u8]) -> (&[u8], Option<String>) {
    let Some(colon) = body.iter().position(|b| *b == b':').filter(|c| {
        // Behind the parenthesis of a function (DL-176).
        !body[*c..].contains(&b')') && !body[*c..].contains(&b'$')
    }) else {
        let last = body.iter().rposition(|b| *b == b')');
        let Some(last) = last.filter(|l| body.get(l + 1) == Some(&b':')) else {
            return (body, None);
        };
        return match stretch(&body[last + 2..]) {
            Some(slice) => (&body[..=last], Some(slice)),
            None => (body, None),
        };
    };
    match stretch(&body[colon + 1..]) {
        Some(slice) => (&body[..colon], Some(slice)),
        None => (body, None),
    }
}

/// `1..`, `0..3` or `-4..`.
fn stretch(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let (offset, length) = match text.split_once(':') {
        Some((offset, length)) => (
            offset.parse::<i64>().ok()?,
            Some(length.parse::<i64>().ok()?),
        ),
        None => (text.parse::<i64>().ok()?, None),
    };
    Some(match length {
        None => format!("{offset}.."),
        Some(length) if offset >= 0 && length > 0 => format!("{offset}..{}", offset + length),
        Some(length) if length < 0 && offset >= 0 => format!("{offset}..{length}"),
        Some(_) => return None,
    })
}

fn unsliced(body: &[u8], number: Number, names: &mut Names) -> Option<Written> {
    let body = formula::aliased(body);
    let body = std::str::from_utf8(&body).ok()?;
    if let Some(field) = world::field_by_conf(body) {
        return Some(Written {
            open: true,
            ty: world::type_of(field),
            ..Written::plain(field)
        });
    }
    if body == "DIALSTATUS" {
        return Some(Written {
            ty: "DialStatus",
            ..Written::plain("last_dial")
        });
    }
    if let Some((function, rest)) = body.split_once('(')
        && !function.contains('$')
    {
        return function_call(function, rest.strip_suffix(')')?, number, names);
    }
    if body == "EXTEN" {
        let text = match number {
            Number::None => "channel(\"EXTEN\")",
            _ => "exten",
        };
        return Some(Written {
            open: number != Number::Digits,
            ty: "Raw",
            ..Written::plain(text)
        });
    }
    if body.contains("${") {
        return named(body, number, names);
    }
    if let Some(number) = body
        .strip_prefix("ARG")
        .and_then(|n| n.parse::<usize>().ok())
        && let Some(param) = names
            .within
            .as_ref()
            .and_then(|w| w.params.get(number.checked_sub(1)?))
    {
        return Some(Written {
            open: true,
            ty: "Raw",
            ..Written::plain(param.clone())
        });
    }
    if names::is_name(body) && facts::is_built_in(body.as_bytes()) || names::argument(body) {
        // One that the exchange has itself.
        return Some(Written {
            open: !world::is_status(body),
            ty: "Raw",
            ..Written::plain(format!("channel({})", quoted(body)))
        });
    }
    let (what, own) = names.read(body)?;
    Some(Written {
        text: own,
        names: vec![(what, body.to_owned())],
        open: names.ty(body) == "Raw",
        ty: names.ty(body),
    })
}

/// A variable whose name only the call knows: `channel("OUTCID_{x}")`.
fn named(body: &str, number: Number, names: &mut Names) -> Option<Written> {
    let plain = |t: &[u8]| t.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let sound = Template::read(body.as_bytes())
        .pieces
        .iter()
        .all(|p| match p {
            Piece::Text(text) => plain(text),
            Piece::Hole(hole) => hole.closed && hole.kind == HoleKind::Variable,
        });
    let name = text(body.as_bytes(), number, names).filter(|_| sound)?;
    let shown = match name.text.starts_with('"') {
        true => name.text,
        false => format!("\"{{{}}}\"", within(&name.text)?),
    };
    Some(Written {
        text: format!("channel({shown})"),
        names: name.names,
        open: true,
        ty: "Raw",
    })
}

/// Whether a type of the table of words is one of texts; others stand in quotes where a text is wanted.
fn is_text(ty: &str) -> bool {
    let of = ty.strip_prefix("Option(").and_then(|t| t.strip_suffix(')'));
    matches!(
        of.unwrap_or(ty),
        "" | "Raw" | "Str" | "Digits" | "Text" | "Uri"
    )
}

/// `${NAME(args)}` as a word.
fn function_call(function: &str, args: &str, number: Number, names: &mut Names) -> Option<Written> {
    if function == "IF" {
        return choose(args.as_bytes(), number, names);
    }
    let signature = signatures::function(function.as_bytes())?;
    let mut all = words::of(signature).filter(|w| matches!(w.kind, Kind::Function | Kind::Place));
    all.find_map(|word| {
        let mut call = Call {
            called: function,
            number,
            names: &mut *names,
            unchecked: false,
            open: true,
        };
        call.word(word, signature, args.as_bytes())
    })
}

/// `IF(c?a:b)` as `choose(c, a, b)`.
fn choose(args: &[u8], number: Number, names: &mut Names) -> Option<Written> {
    let shape = Shape::read(args);
    let question = shape.find(args, b'?', 0)?;
    let condition = formula::asked_by(&args[..question], number, names)?;
    let colon = shape.find(args, b':', question);
    let then = literal(
        &args[question + 1..colon.unwrap_or(args.len())],
        number,
        names,
    )?;
    let mut all = vec![condition, then];
    if let Some(colon) = colon {
        all.push(literal(&args[colon + 1..], number, names)?);
    }
    let texts: Vec<&str> = all.iter().map(|one| one.text.as_str()).collect();
    let text = match texts.as_slice() {
        [condition, then, otherwise] => {
            format!("choose({condition}, {then}, otherwise: {otherwise})")
        }
        texts => format!("choose({})", texts.join(", ")),
    };
    Some(Written {
        text,
        names: all.into_iter().flat_map(|one| one.names).collect(),
        open: true,
        ty: "Raw",
    })
}

/// An extension as `on`, `hint` and `goto` name it: `` `10XX` ``, `61`, `"abc"`, `start`. None if none of these says it.
pub(super) fn number(name: &[u8], events: bool) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    if let Some(pattern) = name.strip_prefix('_') {
        return Some(format!("`{}`", spell(pattern)?));
    }
    if events && let Some((event, _)) = world::EVENTS.iter().find(|(_, conf)| *conf == name) {
        return (*event != "message").then(|| (*event).to_owned());
    }
    // Longer ones would be read as other numbers; the digits stand as they are written.
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    if plain {
        return Some(name.to_owned());
    }
    Some(quoted(name))
}

/// A pattern with capital classes, in which only those are classes (DL-096).
fn spell(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut in_set = false;
    for c in pattern.chars() {
        match c {
            '[' => in_set = true,
            ']' => in_set = false,
            _ => {}
        }
        match c {
            'x' | 'z' | 'n' if !in_set => out.push(c.to_ascii_uppercase()),
            '`' | '{' | '}' => return None,
            // What stands behind them nobody reads (DL-098).
            '.' | '!' if !in_set => {
                out.push(c);
                return Some(out);
            }
            c => out.push(c),
        }
    }
    Some(out)
}

/// What a pattern or a name makes of `exten`, as far as it is sure.
pub(super) fn proves(name: &[u8]) -> Number {
    let event = |n: &[u8]| world::EVENTS.iter().any(|(_, conf)| conf.as_bytes() == n);
    match name.strip_prefix(b"_") {
        None if event(name) => Number::None,
        None if name.iter().copied().all(is_digit) => Number::Digits,
        Some(pattern)
            if pattern
                .iter()
                .all(|b| is_digit(*b) || b"XZNxzn-[]".contains(b)) =>
        {
            Number::Digits
        }
        _ => Number::Raw,
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'*' | b'#' | b'+' | b'A'..=b'D')
}
