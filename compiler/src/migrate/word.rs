//! The words of `.dial` from behind: which call of a word writes these arguments.

use std::collections::BTreeMap;

use strowger_stdlib::args;
use strowger_stdlib::signatures::{Signature, Split};
use strowger_stdlib::words::{self, From, Param, Place, Scale, Word};

use super::layout;
use super::names::Names;
use super::text::{self, Number, Written, asterisk};
use crate::jump::Shape;

/// More arguments than any line has.
const MANY: usize = 1_000;

/// A call of a word in the making.
pub(super) struct Call<'n> {
    /// The name of the function or application as it stands.
    pub(super) called: &'n str,
    pub(super) number: Number,
    pub(super) names: &'n mut Names,
    /// What the call holds is let through.
    pub(super) unchecked: bool,
    pub(super) open: bool,
}

impl Call<'_> {
    /// The call that writes these arguments; none if the word does not.
    pub(super) fn word(
        &mut self,
        word: &'static Word,
        signature: &Signature,
        args: &[u8],
    ) -> Option<Written> {
        if matches!(word.value, From::Status(_)) && word.result.starts_with("Option(") {
            return None;
        }
        let marked = args.iter().any(|b| matches!(b, b'"' | b'\\'));
        let open = args.windows(2).any(|w| matches!(w, b"${" | b"$["));
        let plain = signature.split == Split::Standard;
        let mut slots = match args {
            b"" => Vec::new(),
            // What the application sees.
            args if marked && !open && plain => args::split(args, MANY),
            args => layout::fields(args),
        };
        // The last argument holds the commas behind it.
        let most = signature.slots();
        if !signature.repeats && most > 0 && slots.len() > most {
            let rest = slots.split_off(most - 1);
            slots.push(rest.join(&b','));
        }
        let option_slot = signature.option_slot();
        let mut letters = match option_slot.and_then(|s| slots.get(s)) {
            Some(text) => layout::options(text)?,
            None => Vec::new(),
        };
        let mut used: Vec<bool> = slots.iter().map(|s| s.is_empty()).collect();
        if let Some(slot) = option_slot
            && let Some(used) = used.get_mut(slot)
        {
            *used = true;
        }
        for letter in word.fixed.bytes() {
            let at = letters
                .iter()
                .position(|(l, a)| *l == letter && a.is_none())?;
            letters.remove(at);
        }
        let mut given: Vec<(&Param, Written)> = Vec::new();
        let mut parted: Vec<char> = Vec::new();
        for param in word.params {
            let found = match param.place {
                Place::Slot(slot) => {
                    let slot = usize::from(slot);
                    match slots.get(slot).filter(|s| !s.is_empty()) {
                        Some(text) => {
                            used[slot] = true;
                            Some(self.value(param, &text.clone())?)
                        }
                        None => None,
                    }
                }
                Place::Variable(slot) => {
                    let slot = usize::from(slot);
                    match slots.get(slot).filter(|s| !s.is_empty()) {
                        Some(text) => {
                            used[slot] = true;
                            self.open = true;
                            Some(text::value(&text.clone(), self.number, self.names)?)
                        }
                        None => None,
                    }
                }
                Place::Rest(slot) => {
                    let slot = usize::from(slot);
                    let rest: Vec<Vec<u8>> = slots.iter().skip(slot).cloned().collect();
                    if rest.is_empty() {
                        None
                    } else {
                        used.iter_mut().skip(slot).for_each(|u| *u = true);
                        Some(self.list(param, &rest)?)
                    }
                }
                Place::Option(letter) => {
                    match letters.iter().position(|(l, _)| char::from(*l) == letter) {
                        Some(at) => {
                            let (_, argument) = letters.remove(at);
                            Some(match argument.filter(|a| !a.is_empty()) {
                                Some(text) => self.value(param, &text)?,
                                None => Written::plain("\"\""),
                            })
                        }
                        None => None,
                    }
                }
                Place::Flag(letter) => {
                    let at = letters
                        .iter()
                        .position(|(l, a)| char::from(*l) == letter && a.is_none());
                    at.map(|at| {
                        letters.remove(at);
                        Written::plain("true")
                    })
                }
                Place::Choice(cases) => {
                    let has = |wanted: &str| {
                        wanted
                            .bytes()
                            .all(|w| letters.iter().any(|(l, a)| *l == w && a.is_none()))
                    };
                    let best = cases.iter().filter(|(_, l)| !l.is_empty() && has(l));
                    // Of several that write the same the first one, but a call that nobody took is the usual one.
                    let usual = |case: &str| case == "NoAnswer";
                    match best.rev().max_by_key(|(case, l)| (l.len(), usual(case))) {
                        Some((case, wanted)) => {
                            letters.retain(|(l, _)| !wanted.as_bytes().contains(l));
                            Some(Written::plain(*case))
                        }
                        None => None,
                    }
                }
                Place::Piece(slot, ..) => {
                    let slot = usize::from(slot);
                    let text = slots.get(slot).filter(|s| !s.is_empty()).cloned();
                    let text = match text {
                        Some(text) => {
                            used[slot] = true;
                            pieces(word, slot, &text)?.remove(param.name)
                        }
                        None => None,
                    };
                    match text {
                        Some(text) => Some(self.value(param, &text)?),
                        None => None,
                    }
                }
                Place::Part(letter, part) => {
                    let found = letters.iter().find(|(l, _)| char::from(*l) == letter);
                    match found.and_then(|(_, argument)| argument.clone()) {
                        Some(argument) => {
                            parted.push(letter);
                            let parts = layout::split(&argument, b':');
                            match parts.get(usize::from(part)).filter(|p| !p.is_empty()) {
                                Some(text) => Some(self.value(param, &text.clone())?),
                                None => None,
                            }
                        }
                        None => None,
                    }
                }
                Place::Name(end) => {
                    let start = word.calls.strip_suffix(end)?;
                    Some(Written::plain(text::quoted(
                        self.called.strip_prefix(start)?,
                    )))
                }
                Place::Word(slot, word) => {
                    let slot = usize::from(slot);
                    // Several stand in the last argument, with commas between.
                    let words = slots.get(slot).map(|s| layout::split(s, b','));
                    let has = words.is_some_and(|all| all.iter().any(|w| w == word.as_bytes()));
                    has.then(|| {
                        used[slot] = true;
                        Written::plain("true")
                    })
                }
                Place::Before(_) => None,
            };
            match found {
                Some(found) => given.push((param, found)),
                None if param.optional => {}
                None => return None,
            }
        }
        for (slot, constant) in word.given {
            let slot = usize::from(*slot);
            match slots.get(slot).filter(|s| !s.is_empty()) {
                Some(text) if text == constant.as_bytes() => used[slot] = true,
                Some(_) => {}
                // The word would write it.
                None => return None,
            }
        }
        letters.retain(|(l, _)| !parted.contains(&char::from(*l)));
        if !letters.is_empty() || used.iter().any(|u| !u) {
            return None;
        }
        if word.is_field() {
            return Some(Written {
                ty: word.result,
                ..Written::plain(word.name)
            });
        }
        let mut next = word.params.iter().filter(|p| p.positional);
        let mut all = Vec::new();
        let mut in_order = true;
        let mut names = Vec::new();
        for (param, value) in given {
            let own =
                param.positional && in_order && next.next().is_some_and(|p| p.name == param.name);
            in_order = own;
            all.push(match own {
                true => value.text,
                false => format!("{}: {}", param.name, value.text),
            });
            names.extend(value.names);
        }
        Some(Written {
            text: format!("{}({})", word.name, all.join(", ")),
            names,
            open: self.open,
            ty: word.result,
        })
    }

    /// An argument as a value of the parameter's type.
    fn value(&mut self, param: &Param, text: &[u8]) -> Option<Written> {
        let ty = param.ty;
        let ty = ty
            .strip_prefix("Option(")
            .and_then(|t| t.strip_suffix(')'))
            .unwrap_or(ty);
        if let Some(inner) = ty.strip_prefix("List(").and_then(|t| t.strip_suffix(')')) {
            let parts = layout::split(text, b'&');
            let one = Param {
                ty: inner_name(inner)?,
                ..*param
            };
            return match parts.as_slice() {
                [part] => self.value(&one, part),
                parts => self.list(&one, parts),
            };
        }
        let mut plain = std::str::from_utf8(text).ok()?;
        if ty == "Duration" {
            // Whether they mean something, the comparison tells.
            plain = plain.trim_matches(' ');
        }
        let digits =
            !plain.is_empty() && plain.len() < 10 && plain.bytes().all(|b| b.is_ascii_digit());
        if matches!(ty, "Int" | "Duration" | "Time") && !digits {
            let shown = text::text(text, self.number, self.names);
            if let Some(shown) = shown.filter(|s| s.ty == "Int" || s.ty == ty) {
                return Some(shown);
            }
        }
        match ty {
            "Int" => digits.then(|| Written::plain(plain)),
            "Duration" if digits && param.scale == Scale::Milliseconds => {
                Some(Written::plain(format!("{plain}ms")))
            }
            "Duration" => match plain.split_once('.') {
                _ if digits => Some(Written::plain(format!("{plain}s"))),
                Some((whole, part)) if param.scale == Scale::Seconds && part.len() == 1 => {
                    let (whole, part) = (whole.parse::<u64>().ok()?, part.parse::<u64>().ok()?);
                    Some(Written::plain(format!("{}ms", whole * 1000 + part * 100)))
                }
                _ => None,
            },
            "Endpoint" => self.endpoint(text),
            "Str" | "Raw" | "Digits" | "Prompt" | "Mailbox" | "Host" | "Uri" => {
                self.text(text, ty == "Raw")
            }
            "Time" => (plain == "${EPOCH}").then(|| Written::plain("now")),
            "Bool" => None,
            other => {
                let case = words::enumeration(other)?.case(plain)?;
                Some(Written::plain(case))
            }
        }
    }

    fn list(&mut self, param: &Param, parts: &[Vec<u8>]) -> Option<Written> {
        let inner = param
            .ty
            .strip_prefix("List(")
            .and_then(|t| t.strip_suffix(')'));
        let one = Param {
            ty: inner.unwrap_or(param.ty),
            ..*param
        };
        let mut out = Written::default();
        let mut texts = Vec::new();
        for part in parts {
            let value = self.value(&one, part)?;
            texts.push(value.text);
            out.names.extend(value.names);
        }
        out.text = format!("[{}]", texts.join(", "));
        Some(out)
    }

    fn text(&mut self, bytes: &[u8], raw_is_fine: bool) -> Option<Written> {
        let written = match text::literal(bytes, self.number, self.names) {
            Some(written) => written,
            None => asterisk(std::str::from_utf8(bytes).ok()?),
        };
        self.open |= written.open;
        if written.open && self.unchecked && !raw_is_fine && written.ty != "Mailbox" {
            return Some(Written {
                text: format!("unchecked({})", written.text),
                ..written
            });
        }
        Some(written)
    }

    fn endpoint(&mut self, bytes: &[u8]) -> Option<Written> {
        let slash = bytes.iter().position(|b| *b == b'/');
        let (constructor, rest) = match slash.map(|s| (&bytes[..s], &bytes[s + 1..])) {
            Some((b"PJSIP", rest)) => ("pjsip", rest),
            Some((b"SIP", rest)) => ("sip", rest),
            _ => ("device", bytes),
        };
        let inner = self.text(rest, false)?;
        Some(Written {
            text: format!("{constructor}({})", inner.text),
            ..inner
        })
    }
}

fn inner_name(name: &str) -> Option<&'static str> {
    [
        "Str", "Raw", "Digits", "Int", "Endpoint", "Prompt", "Mailbox", "Host", "Uri", "Duration",
    ]
    .into_iter()
    .find(|n| *n == name)
}

/// What stands in an argument that several parameters share, by their names.
fn pieces(word: &Word, slot: usize, text: &[u8]) -> Option<BTreeMap<&'static str, Vec<u8>>> {
    let shape = Shape::read(text);
    let find = |mark: &str, from: usize| {
        let mut all = shape.outside(text.len()).filter(|i| *i >= from);
        all.find(|i| text[*i..].starts_with(mark.as_bytes()))
    };
    let params: Vec<_> = word
        .params
        .iter()
        .filter_map(|p| match p.place {
            Place::Piece(s, before, after) if usize::from(s) == slot => Some((p, before, after)),
            _ => None,
        })
        .collect();
    let mut out = BTreeMap::new();
    let mut at = 0;
    for (n, (param, before, after)) in params.iter().enumerate() {
        if !text[at..].starts_with(before.as_bytes()) {
            match param.optional {
                true => continue,
                false => return None,
            }
        }
        let from = at + before.len();
        let next = params[n + 1..]
            .iter()
            .find(|(_, before, _)| !before.is_empty());
        let end = match (*after, next) {
            ("", None) => text.len(),
            ("", Some((_, mark, _))) => find(mark, from).unwrap_or(text.len()),
            (after, _) => find(after, from)?,
        };
        out.insert(
            param.name,
            text.get(from..end).filter(|t| !t.is_empty())?.to_vec(),
        );
        at = end + after.len();
    }
    (at == text.len()).then_some(out)
}
