//! Texts of extensions.conf as literals of `.dial`.

use strowger_stdlib::template::{HoleKind, Piece, Slice, Template, What as Read, split_body};

use super::names::{Names, What};
use crate::dial::check::world;

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
}

impl Written {
    pub(super) fn plain(text: impl Into<String>) -> Written {
        Written {
            text: text.into(),
            ..Written::default()
        }
    }
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
                if hole.kind != HoleKind::Variable || !hole.closed || hole.too_deep {
                    return None;
                }
                let hole = value(hole.body.as_plain()?, number, names)?;
                out.names.extend(hole.names);
                out.open = true;
                if single {
                    out.text = hole.text;
                    return Some(out);
                }
                literal.push_str(&format!("{{{}}}", hole.text));
            }
        }
    }
    out.text = format!("\"{literal}\"");
    Some(out)
}

/// The body of `${...}` as an expression without quotes.
pub(super) fn value(body: &[u8], number: Number, names: &mut Names) -> Option<Written> {
    let body = std::str::from_utf8(body).ok()?;
    if let Some(field) = world::field_by_conf(body) {
        return Some(Written {
            open: true,
            ..Written::plain(field)
        });
    }
    let read = split_body(body.as_bytes());
    let Read::Variable(name) = read.what else {
        return None;
    };
    let name = String::from_utf8(name).ok()?;
    let mut out = if name == "EXTEN" {
        if number == Number::None {
            return None;
        }
        Written::plain("exten")
    } else {
        let (what, own) = names.read(&name)?;
        Written {
            text: own,
            names: vec![(what, name)],
            open: true,
        }
    };
    out.open = true;
    match read.slice {
        None => {}
        Some(Slice { offset, length }) => {
            if offset < 0 || length.is_some_and(|l| l <= 0) {
                return None;
            }
            let end = length.map_or(String::new(), |l| {
                (i64::from(offset) + i64::from(l)).to_string()
            });
            out.text.push_str(&format!("[{offset}..{end}]"));
        }
    }
    Some(out)
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
                .all(|b| is_digit(*b) || b"XZNxzn-".contains(b)) =>
        {
            Number::Digits
        }
        _ => Number::Raw,
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'*' | b'#' | b'+' | b'A'..=b'D')
}
