//! `;name=value` lists, comma lists and quoted strings, which addresses and headers share.

use std::borrow::Cow;

/// One `name` or `name=value` of a parameter list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    /// The name, as written.
    pub name: &'a [u8],
    /// The value as written, quotes included; `None` for a bare name.
    pub value: Option<&'a [u8]>,
}

impl<'a> Param<'a> {
    pub(super) fn read(text: &'a [u8]) -> Param<'a> {
        match text.iter().position(|&b| b == b'=') {
            None => Param {
                name: text.trim_ascii(),
                value: None,
            },
            Some(eq) => Param {
                name: text[..eq].trim_ascii(),
                value: Some(text[eq + 1..].trim_ascii()),
            },
        }
    }

    /// The value without its quotes and backslashes; empty for a bare name.
    pub fn text(&self) -> Cow<'a, [u8]> {
        self.value.map_or(Cow::Borrowed(b""), unquote)
    }
}

/// `;a=1;b` as written, from the first semicolon on.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Params<'a>(pub &'a [u8]);

impl std::fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Params({})", String::from_utf8_lossy(self.0))
    }
}

impl<'a> Params<'a> {
    /// No parameters.
    pub const NONE: Params<'static> = Params(b"");

    /// Each parameter in order. Empty ones (`;;`) are skipped; [`Params::whole`] tells that they are there.
    pub fn iter(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        Split::new(self.0, b';')
            .filter(|t| !t.trim_ascii().is_empty())
            .map(Param::read)
    }

    /// The first parameter of that name, in any case.
    pub fn get(&self, name: &[u8]) -> Option<Param<'a>> {
        if self.0.is_empty() {
            return None;
        }
        self.iter().find(|p| p.name.eq_ignore_ascii_case(name))
    }

    /// Whether the parameter is there, with or without a value.
    pub fn has(&self, name: &[u8]) -> bool {
        self.get(name).is_some()
    }

    /// Whether the parameter has this value, both in any case.
    pub fn is(&self, name: &[u8], value: &[u8]) -> bool {
        self.get(name)
            .and_then(|p| p.value)
            .is_some_and(|v| v.eq_ignore_ascii_case(value))
    }

    /// Whether the list is written as the grammar wants: a semicolon first, no empty parameter, each with a name, quotes closed.
    pub fn whole(&self) -> bool {
        let Some(rest) = self.0.trim_ascii_start().strip_prefix(b";") else {
            return self.0.trim_ascii().is_empty();
        };
        let mut pieces = Split::new(rest, b';');
        let ok = pieces.by_ref().all(|t| {
            let p = Param::read(t);
            !p.name.is_empty() && !p.name.contains(&b'"') && p.value.is_none_or(|v| !v.is_empty())
        });
        ok && !pieces.open && !rest.is_empty()
    }
}

/// Cuts at a separator, but not inside quotes or angle brackets.
pub(super) struct Split<'a> {
    rest: Option<&'a [u8]>,
    at: u8,
    /// Whether a quote or an angle bracket was left open.
    pub(super) open: bool,
}

impl<'a> Split<'a> {
    pub(super) fn new(text: &'a [u8], at: u8) -> Self {
        Split {
            rest: Some(text),
            at,
            open: false,
        }
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest?;
        let (mut i, mut quoted, mut angle) = (0, false, false);
        while i < text.len() {
            let b = text[i];
            if quoted {
                match b {
                    b'\\' => i += 1,
                    b'"' => quoted = false,
                    _ => {}
                }
            } else if b == b'"' && !angle {
                quoted = true;
            } else if b == b'<' {
                angle = true;
            } else if b == b'>' {
                angle = false;
            } else if b == self.at && !angle {
                self.rest = Some(&text[i + 1..]);
                return Some(&text[..i]);
            }
            i += 1;
        }
        self.open |= quoted || angle;
        self.rest = None;
        Some(text)
    }
}

/// Takes off the quotes and the backslashes inside; text that is not quoted comes back as it is.
pub fn unquote(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(inside) = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")) else {
        return Cow::Borrowed(text);
    };
    if !inside.contains(&b'\\') {
        return Cow::Borrowed(inside);
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter();
    while let Some(&b) = bytes.next() {
        match b {
            b'\\' => out.extend(bytes.next()),
            _ => out.push(b),
        }
    }
    Cow::Owned(out)
}

/// Appends `text` in quotes, with `"` and `\` behind a backslash. Line ends become blanks: they would end the header.
pub fn write_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &b in text {
        match b {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', b]),
            b'\r' | b'\n' => out.push(b' '),
            _ => out.push(b),
        }
    }
    out.push(b'"');
}
