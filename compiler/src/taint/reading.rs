//! Reading a text: which variables it holds, and what the functions around them leave.

use std::ops::Range;

use strowger_stdlib::template::{DEPTH_LIMIT, Slice, What, split_body};

use super::source::{self, any};
use super::{Taint, Var};
use crate::jump::Shape;
use crate::pattern::ByteSet;
use crate::source::{Span, Text};

/// A part of a text that may be a caller's.
#[derive(Clone, Debug)]
pub(crate) enum Term {
    /// A variable.
    Var {
        var: Var,
        slice: Option<Slice>,
        span: Span,
    },
    /// What a function lets through.
    Masked { allowed: ByteSet, inner: Vec<Term> },
    /// What a function makes new bytes of.
    Freed(Vec<Term>),
}

/// Functions that give the text of their arguments back, changed in letter case or place at most.
const THROUGH: [&[u8]; 12] = [
    b"TOUPPER",
    b"TOLOWER",
    b"QUOTE",
    b"CSV_QUOTE",
    b"PASSTHRU",
    b"EVAL",
    b"TRIM",
    b"LTRIM",
    b"RTRIM",
    b"SPRINTF",
    b"ICONV",
    b"SQL_ESC_BACKSLASHES",
];

/// Functions whose first argument is the name of the variable that they work on.
const BY_NAME: [&[u8]; 15] = [
    b"CUT",
    b"REPLACE",
    b"STRREPLACE",
    b"LISTFILTER",
    b"SHIFT",
    b"POP",
    b"STRBETWEEN",
    b"GLOBAL",
    b"LOCAL",
    b"SHARED",
    b"HASH",
    b"JSON_DECODE",
    b"SORT",
    b"UNSHIFT",
    b"PUSH",
];

impl Taint<'_> {
    /// What a text may hold of a caller.
    pub(crate) fn read(&mut self, text: &Text) -> Vec<Term> {
        let mut out = Vec::new();
        self.text(text, 0, &mut out);
        out
    }

    fn text(&mut self, text: &Text, depth: usize, out: &mut Vec<Term>) {
        let bytes = text.bytes();
        if depth >= DEPTH_LIMIT || !bytes.windows(2).any(|w| w == b"${") {
            return;
        }
        for hole in Shape::read(bytes).holes {
            // What an expression gives is a number or a truth.
            if bytes[hole.start + 1] == b'{' {
                let end = if bytes[hole.end - 1] == b'}' && hole.len() > 2 {
                    hole.end - 1
                } else {
                    hole.end
                };
                let span = text.span_of(hole.clone());
                let body = text.slice(hole.start + 2..end);
                if climbs(&bytes[..hole.start], body.bytes()) {
                    self.body(&body, span, depth + 1, out);
                } else {
                    let mut inner = Vec::new();
                    self.body(&body, span, depth + 1, &mut inner);
                    out.push(Term::Masked {
                        allowed: of(b".").others(),
                        inner,
                    });
                }
            }
        }
    }

    /// What stands in `${...}`, or the name of a variable given to a function.
    fn body(&mut self, text: &Text, span: Span, depth: usize, out: &mut Vec<Term>) {
        if depth >= DEPTH_LIMIT {
            return;
        }
        let mut plain = text.bytes().to_vec();
        let holes = Shape::read(&plain).holes;
        for hole in &holes {
            plain[hole.clone()].fill(1);
        }
        let body = split_body(&plain);
        match body.what {
            What::Variable(name) => {
                let name = name.trim_ascii();
                if name.contains(&1) {
                    // A name that is computed; in a function's place for a name it is mostly a value.
                    self.text(text, depth + 1, out);
                } else if !name.is_empty() {
                    let name = strip(name).to_vec();
                    let var = self.var(&name);
                    out.push(Term::Var {
                        var,
                        slice: body.slice,
                        span,
                    });
                }
            }
            What::Call(call) => {
                let from = call.name.len() + 1;
                let args = text.slice(from..from + call.args.len());
                self.call(&call.name, &args, span, depth, out);
            }
        }
    }

    fn call(&mut self, name: &[u8], args: &Text, span: Span, depth: usize, out: &mut Vec<Term>) {
        let parts = outer_fields(args);
        let part = |n: usize| parts.get(n).map(|r| args.slice(r.clone()));
        if let Some(kept) = source::of_function(name, part(0).map_or(&b""[..], |_| args.bytes())) {
            let var = self.var(&kept);
            out.push(Term::Var {
                var,
                slice: None,
                span,
            });
            return;
        }
        let mut inner = Vec::new();
        match name {
            b"FILTER" => {
                let Some(allowed) = part(0) else { return };
                let rest = args.slice((allowed.len() + 1).min(args.len())..args.len());
                self.text(&rest, depth + 1, &mut inner);
                let allowed = if allowed.bytes().contains(&b'$') {
                    any()
                } else {
                    filter_bytes(allowed.bytes())
                };
                out.push(Term::Masked { allowed, inner });
            }
            b"URIENCODE" => {
                self.text(args, depth + 1, &mut inner);
                out.push(Term::Masked {
                    allowed: of(b"-_.~%").or(alphanumeric()),
                    inner,
                });
            }
            b"BASENAME" => {
                self.text(args, depth + 1, &mut inner);
                out.push(Term::Masked {
                    allowed: of(b"/").others(),
                    inner,
                });
            }
            b"SQL_ESC" => {
                self.text(args, depth + 1, &mut inner);
                out.push(Term::Masked {
                    allowed: of(b"'").others(),
                    inner,
                });
            }
            b"BASE64_ENCODE" => {
                self.text(args, depth + 1, &mut inner);
                out.push(Term::Masked {
                    allowed: of(b"+/=").or(alphanumeric()),
                    inner,
                });
            }
            b"URIDECODE" | b"BASE64_DECODE" | b"AES_DECRYPT" => {
                self.text(args, depth + 1, &mut inner);
                out.push(Term::Freed(inner));
            }
            b"IF" | b"IFTIME" => {
                let shape = Shape::read(args.bytes());
                let from = shape
                    .find(args.bytes(), b'?', 0)
                    .map_or(args.len(), |q| q + 1);
                self.text(&args.slice(from..args.len()), depth + 1, out);
            }
            b"LOCAL_PEEK" => {
                if let Some(name) = part(1) {
                    self.body(&name, span, depth + 1, out);
                }
            }
            _ if BY_NAME.contains(&name) => {
                let Some(first) = part(0) else { return };
                // One key of a hash is a variable of its own.
                let key = part(1).filter(|_| name == b"HASH");
                match key {
                    Some(key) if !key.bytes().contains(&b'$') => {
                        let kept = hash_key(first.bytes(), key.bytes());
                        let var = self.var(&kept);
                        inner.push(Term::Var {
                            var,
                            slice: None,
                            span,
                        });
                    }
                    _ => self.body(&first, span, depth + 1, &mut inner),
                }
                // What is put in the place of the text that is found.
                if name == b"STRREPLACE"
                    && let Some(put) = part(2)
                {
                    self.text(&put, depth + 1, out);
                }
                if matches!(name, b"REPLACE" | b"STRREPLACE")
                    && let Some(find) = part(1)
                    && let Some(gone) = removed(name, find.bytes())
                {
                    out.push(Term::Masked {
                        allowed: gone.others(),
                        inner,
                    });
                } else {
                    out.append(&mut inner);
                }
            }
            _ if THROUGH.contains(&name) => self.text(args, depth + 1, out),
            _ => {}
        }
    }
}

/// Whether a hole behind a text can lead out of the folder that both name. Behind the beginning of a name, that takes `/../../`.
pub(super) fn climbs(before: &[u8], body: &[u8]) -> bool {
    const SHORT: i32 = 6;
    let name = before.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let begun = !name.contains(&b'}') && name.iter().any(u8::is_ascii_alphanumeric);
    let cut = || split_body(body).slice.and_then(|s| s.length);
    !(begun && cut().is_some_and(|n| (0..=SHORT).contains(&n)))
}

/// A variable's name without the underscores of inheritance.
pub(super) fn strip(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"__")
        .or_else(|| name.strip_prefix(b"_"))
        .unwrap_or(name)
}

/// The name under which one key of a hash is kept.
pub(super) fn hash_key(hash: &[u8], key: &[u8]) -> Vec<u8> {
    [hash.trim_ascii(), b"[", key.trim_ascii(), b"]"].concat()
}

/// Where the fields of a function's arguments stand: between commas outside holes and parentheses.
pub(super) fn outer_fields(args: &Text) -> Vec<Range<usize>> {
    let bytes = args.bytes();
    let mut holes = Shape::read(bytes).holes.into_iter().peekable();
    let mut out = Vec::new();
    let (mut from, mut at, mut depth) = (0, 0, 0usize);
    while at < bytes.len() {
        if let Some(hole) = holes.next_if(|h| h.start == at) {
            at = hole.end;
            continue;
        }
        match bytes[at] {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                out.push(from..at);
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    out.push(from..bytes.len());
    out
}

fn of(bytes: &[u8]) -> ByteSet {
    let mut set = ByteSet::default();
    for byte in bytes {
        set.insert(*byte);
    }
    set
}

fn alphanumeric() -> ByteSet {
    ByteSet::range(b'0', b'9')
        .or(ByteSet::range(b'A', b'Z'))
        .or(ByteSet::range(b'a', b'z'))
}

/// The bytes that `FILTER(allowed,...)` lets through: characters and ranges, `\x2d`, `\-`.
pub(super) fn filter_bytes(allowed: &[u8]) -> ByteSet {
    let mut set = ByteSet::default();
    let mut at = 0;
    while let Some((first, next)) = character(allowed, at) {
        at = next;
        if allowed.get(at) == Some(&b'-')
            && let Some((last, next)) = character(allowed, at + 1)
        {
            set = set.or(ByteSet::range(first, last));
            at = next;
        } else {
            set.insert(first);
        }
    }
    set
}

fn character(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = *text.get(at)?;
    if byte != b'\\' {
        return Some((byte, at + 1));
    }
    match text.get(at + 1) {
        Some(b'x') => {
            let digits = text.get(at + 2..at + 4)?;
            let value = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
            Some((value, at + 4))
        }
        Some(b'n') => Some((b'\n', at + 2)),
        Some(b'r') => Some((b'\r', at + 2)),
        Some(b't') => Some((b'\t', at + 2)),
        Some(other) => Some((*other, at + 2)),
        None => None,
    }
}

/// The bytes that are gone after all of them were replaced.
fn removed(function: &[u8], find: &[u8]) -> Option<ByteSet> {
    if find.windows(2).any(|w| w == b"${") {
        return None;
    }
    let set = filter_free(find);
    // STRREPLACE looks for a text: only one of a single character is gone as such.
    (function == b"REPLACE" || set.len() == 1).then_some(set)
}

/// The characters of a list without ranges.
fn filter_free(list: &[u8]) -> ByteSet {
    let mut set = ByteSet::default();
    let mut at = 0;
    while let Some((byte, next)) = character(list, at) {
        set.insert(byte);
        at = next;
    }
    set
}

/// The bytes that a text may hold which a regular expression matches as a whole: characters, sets and classes between `^` and `$`.
/// None: it says nothing about the whole text.
pub(crate) fn regex_bytes(pattern: &[u8]) -> Option<ByteSet> {
    // `[^0-9]` finds what is not allowed: a call for which it holds is sent elsewhere.
    if let Some(negated) = pattern.strip_prefix(b"[^") {
        let members = negated.strip_suffix(b"+").unwrap_or(negated);
        return bracket(members.strip_suffix(b"]")?);
    }
    let inner = pattern.strip_prefix(b"^")?.strip_suffix(b"$")?;
    let mut set = ByteSet::default();
    let mut at = 0;
    let mut depth = 0usize;
    while at < inner.len() {
        match inner[at] {
            b'.' => return None,
            b'|' if depth == 0 => return None, // only one end is anchored then
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'*' | b'+' | b'?' | b'|' => {}
            b'{' => at += inner[at..].iter().position(|b| *b == b'}')?,
            b'\\' => {
                at += 1;
                match inner.get(at)? {
                    b'd' => set = set.or(ByteSet::range(b'0', b'9')),
                    b'w' => set = set.or(alphanumeric()).or(of(b"_")),
                    other if other.is_ascii_alphanumeric() => return None,
                    other => set.insert(*other),
                }
            }
            b'[' => {
                let negated = inner.get(at + 1) == Some(&b'^');
                let start = at + 1 + usize::from(negated);
                // A `]` in the first place is a member.
                let mut end = start + usize::from(inner.get(start) == Some(&b']'));
                while *inner.get(end)? != b']' {
                    end += if inner[end..].starts_with(b"[:") {
                        inner[end..].windows(2).position(|w| w == b":]")? + 2
                    } else {
                        1
                    };
                }
                let members = bracket(inner.get(start..end)?)?;
                set = set.or(if negated { members.others() } else { members });
                at = end;
            }
            byte => set.insert(byte),
        }
        at += 1;
    }
    Some(set)
}

fn bracket(members: &[u8]) -> Option<ByteSet> {
    let mut set = ByteSet::default();
    let mut at = 0;
    while at < members.len() {
        if let Some(class) = members[at..].strip_prefix(b"[:") {
            let end = class.windows(2).position(|w| w == b":]")?;
            set = set.or(match &class[..end] {
                b"digit" => ByteSet::range(b'0', b'9'),
                b"alnum" => alphanumeric(),
                b"alpha" => ByteSet::range(b'A', b'Z').or(ByteSet::range(b'a', b'z')),
                b"xdigit" => alphanumeric(),
                _ => return None,
            });
            at += end + 4;
        } else if members[at..].starts_with(b"\\d") {
            // Meant as digits, whatever POSIX says.
            set = set.or(ByteSet::range(b'0', b'9'));
            at += 2;
        } else if members[at] == b']' {
            return None;
        } else if members.get(at + 1) == Some(&b'-') && at + 2 < members.len() {
            set = set.or(ByteSet::range(members[at], members[at + 2]));
            at += 3;
        } else {
            set.insert(members[at]);
            at += 1;
        }
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_filter_lets_through() {
        let digits = filter_bytes(b"0-9");
        assert!(digits.holds(b'7') && !digits.holds(b'-') && !digits.holds(b'&'));
        let more = filter_bytes(br"0-9\x2a\-+");
        assert!(more.holds(b'*') && more.holds(b'-') && more.holds(b'+') && !more.holds(b'x'));
        // A dash at the end is itself.
        assert!(filter_bytes(b"a-z-").holds(b'-'));
    }

    #[test]
    fn what_a_regular_expression_leaves() {
        let of = |p: &str| regex_bytes(p.as_bytes());
        assert_eq!(of("^[0-9]+$"), Some(ByteSet::range(b'0', b'9')));
        assert_eq!(of("^[[:digit:]]{3,4}$"), Some(ByteSet::range(b'0', b'9')));
        assert!(of(r"^\+?[0-9]+$").unwrap().holds(b'+'));
        assert!(of("^[^&]+$").unwrap().holds(b'/'));
        for open in ["[0-9]+", "^[0-9]+", "^.+$", "^[0-9]+|x$", "^[", r"^\S$"] {
            assert_eq!(of(open), None, "{open}");
        }
    }
}
