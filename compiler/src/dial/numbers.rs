//! Patterns in back-quotes: how a dialplan spells them, what their parts are, and what a number proves that they match
//! (dsl.md 2 and 4).

use strowger_dial::tree::{At, Name, Pattern};
use strowger_vm::pattern::ByteSet;

use super::types::Type;

/// A pattern, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// As a dialplan writes it, with its `_`.
    pub(crate) conf: String,
    /// A regular expression that matches the whole text, in the words of POSIX.
    pub(crate) regex: String,
    /// The named parts.
    pub(crate) captures: Vec<Capture>,
    /// What a text proves to be that matches it.
    pub(crate) ty: Type,
    /// What is wrong with it.
    pub(crate) troubles: Vec<(At, Trouble)>,
}

/// A named part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    pub(crate) name: Name,
    /// Its first byte in the number.
    pub(crate) from: usize,
    /// How many; none: the rest.
    pub(crate) length: Option<usize>,
    pub(crate) ty: Type,
}

/// What may be wrong with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// `[` without `]`.
    OpenSet,
    /// `[]`: nothing matches.
    EmptySet,
    /// Something stands behind `.` or `!`.
    BehindEnd,
    /// A character that no number has.
    Strange(char),
    /// Nothing stands in it.
    Empty,
    /// A range that runs backwards.
    Backwards,
}

/// What a stretch of a pattern admits.
#[derive(Clone, Copy)]
struct Admits {
    digits: bool,
    words: bool,
}

impl Admits {
    const NOTHING_ELSE: Admits = Admits {
        digits: true,
        words: true,
    };

    fn and(&mut self, set: &ByteSet) {
        self.digits &= set.iter().all(is_digit);
        self.words &= set.iter().all(is_word);
    }

    fn all(&mut self) {
        self.digits = false;
        self.words = false;
    }

    fn ty(self) -> Type {
        match (self.digits, self.words) {
            (true, _) => Type::Digits,
            (false, true) => Type::Str,
            _ => Type::Raw,
        }
    }
}

/// Whether a byte may stand in a value of type `Digits`.
pub(crate) fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'*' | b'#' | b'+' | b'A'..=b'D')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || is_digit(byte)
}

/// Reads a pattern. Never fails: what is wrong is told beside.
pub(crate) fn read(pattern: &Pattern) -> Read {
    let mut read = Read {
        conf: "_".to_owned(),
        regex: "^".to_owned(),
        captures: Vec::new(),
        ty: Type::Raw,
        troubles: Vec::new(),
    };
    let mut whole = Admits::NOTHING_ELSE;
    let mut at = 0;
    let mut ended = false;
    for part in &pattern.parts {
        let from = at;
        let mut stretch = Admits::NOTHING_ELSE;
        let mut rest = part.text.chars().peekable();
        while let Some(c) = rest.next() {
            let mut trouble = |t| read.troubles.push((part.at, t));
            if ended {
                trouble(Trouble::BehindEnd);
                break;
            }
            let set = match c {
                '-' => {
                    read.conf.push('-');
                    continue;
                }
                '.' | '!' => {
                    read.conf.push(c);
                    read.regex.push_str(if c == '.' { ".+" } else { ".*" });
                    stretch.all();
                    ended = true;
                    continue;
                }
                'X' => ByteSet::range(b'0', b'9'),
                'Z' => ByteSet::range(b'1', b'9'),
                'N' => ByteSet::range(b'2', b'9'),
                '[' => {
                    let mut inner = String::new();
                    let mut closed = false;
                    for c in rest.by_ref() {
                        if c == ']' {
                            closed = true;
                            break;
                        }
                        inner.push(c);
                    }
                    if !closed {
                        trouble(Trouble::OpenSet);
                        break;
                    }
                    let (set, backwards) = members(inner.as_bytes());
                    if backwards {
                        trouble(Trouble::Backwards);
                    } else if set.is_empty() {
                        trouble(Trouble::EmptySet);
                    }
                    set
                }
                c if c.is_ascii_graphic() && !"`{}]/,;|&()\"\\$".contains(c) => {
                    ByteSet::of(c as u8)
                }
                c => {
                    trouble(Trouble::Strange(c));
                    continue;
                }
            };
            at += 1;
            stretch.and(&set);
            write(&set, c, &mut read);
        }
        whole.digits &= stretch.digits;
        whole.words &= stretch.words;
        if let Some(name) = &part.name {
            read.captures.push(Capture {
                name: name.clone(),
                from,
                length: (!ended).then_some(at - from),
                ty: stretch.ty(),
            });
        }
    }
    if at == 0 && !ended && read.troubles.is_empty() {
        read.troubles.push((pattern.at, Trouble::Empty));
    }
    read.regex.push('$');
    read.ty = whole.ty();
    read
}

/// The bytes of a set, as Asterisk reads it (DL-097), and whether a range runs backwards.
fn members(inner: &[u8]) -> (ByteSet, bool) {
    let mut set = ByteSet::default();
    let mut backwards = false;
    let mut i = 0;
    while i < inner.len() {
        match (inner.get(i + 1), inner.get(i + 2)) {
            (Some(b'-'), Some(last)) => {
                backwards |= *last < inner[i];
                set = set.or(ByteSet::range(inner[i], *last));
                i += 3;
            }
            _ => {
                set.insert(inner[i]);
                i += 1;
            }
        }
    }
    (set, backwards)
}

/// Writes one place of a number in both spellings.
fn write(set: &ByteSet, written: char, read: &mut Read) {
    let bytes: Vec<u8> = set.iter().collect();
    match written {
        'X' | 'Z' | 'N' => {
            read.conf.push(written);
            let first = bytes.first().copied().unwrap_or(b'0');
            read.regex.push_str(&format!("[{}-9]", first as char));
        }
        '[' => {
            let inner = spell(&bytes);
            read.conf.push_str(&format!("[{inner}]"));
            read.regex.push_str(&format!("[{inner}]"));
        }
        c => {
            // In a dialplan small letters are classes, too (DL-096).
            if "xznXZN".contains(c) {
                read.conf.push_str(&format!("[{c}]"));
            } else {
                read.conf.push(c);
            }
            if ".*+?^$()[]{}|\\".contains(c) {
                read.regex.push_str(&format!("[{c}]"));
            } else {
                read.regex.push(c);
            }
        }
    }
}

/// Members with ranges, a dash last.
fn spell(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut i = 0;
    let plain: Vec<u8> = bytes.iter().copied().filter(|b| *b != b'-').collect();
    while i < plain.len() {
        let mut last = i;
        while plain.get(last + 1).is_some_and(|b| *b == plain[last] + 1) {
            last += 1;
        }
        out.push(plain[i] as char);
        if last > i + 1 {
            out.push('-');
        }
        if last > i {
            out.push(plain[last] as char);
        }
        i = last + 1;
    }
    if plain.len() < bytes.len() {
        out.push('-');
    }
    // `^` first would turn a regular expression's set around.
    if let Some(rest) = out.strip_prefix('^')
        && !rest.is_empty()
    {
        out = format!("{rest}^");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_dial::tree::PatternPart;

    fn parts(parts: &[(Option<&str>, &str)]) -> Pattern {
        let part = |(name, text): &(Option<&str>, &str)| PatternPart {
            name: name.map(|n| Name {
                text: n.into(),
                at: At::default(),
            }),
            text: (*text).into(),
            at: At::default(),
        };
        Pattern {
            at: At::default(),
            parts: parts.iter().map(part).collect(),
        }
    }

    fn one(text: &str) -> Read {
        read(&parts(&[(None, text)]))
    }

    #[test]
    fn what_a_pattern_proves() {
        let proves = |text: &str| one(text).ty;
        assert_eq!(proves("10XX"), Type::Digits);
        assert_eq!(proves("*[0-9#]+AD"), Type::Digits);
        assert_eq!(proves("[a-z]xzn-1"), Type::Str);
        assert_eq!(proves("[0-9a-zA-Z]."), Type::Raw);
        assert_eq!(proves("X!"), Type::Raw);
        assert_eq!(proves("a@b"), Type::Raw);
    }

    #[test]
    fn how_it_is_spelled() {
        let read = one("n-1X.");
        assert_eq!(
            (read.conf.as_str(), read.regex.as_str()),
            ("_[n]-1X.", "^n1[0-9].+$")
        );
        let read = one("[2-57]*N!");
        assert_eq!(
            (read.conf.as_str(), read.regex.as_str()),
            ("_[2-57]*N!", "^[2-57][*][2-9].*$")
        );
    }

    #[test]
    fn where_its_parts_stand() {
        let read = read(&parts(&[
            (None, "9"),
            (Some("area"), "NXX"),
            (Some("rest"), "X."),
        ]));
        let at: Vec<_> = read
            .captures
            .iter()
            .map(|c| (&*c.name.text, c.from, c.length, c.ty.clone()))
            .collect();
        assert_eq!(
            at,
            [
                ("area", 1, Some(3), Type::Digits),
                ("rest", 4, None, Type::Raw)
            ]
        );
        assert_eq!(read.conf, "_9NXXX.");
    }

    #[test]
    fn what_is_wrong_with_it() {
        let troubles = |text: &str| {
            one(text)
                .troubles
                .into_iter()
                .map(|t| t.1)
                .collect::<Vec<_>>()
        };
        assert_eq!(troubles("X.1"), [Trouble::BehindEnd]);
        assert_eq!(troubles("1[2"), [Trouble::OpenSet]);
        assert_eq!(troubles("1[]"), [Trouble::EmptySet]);
        assert_eq!(troubles("[9-0]"), [Trouble::Backwards]);
        assert_eq!(troubles(""), [Trouble::Empty]);
        assert_eq!(troubles("1 2"), [Trouble::Strange(' ')]);
        assert_eq!(troubles("1X"), []);
    }
}
