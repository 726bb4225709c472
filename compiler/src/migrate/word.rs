//! The words of `.dial` from behind: which call of a word writes these arguments.

use strowger_stdlib::signatures::Signature;
use strowger_stdlib::words::{self, From, Param, Place, Scale, Word};

use super::layout;
use super::names::Names;
use super::text::{self, Number, Written, asterisk};

/// A call of a word in the making.
pub(super) struct Call<'n> {
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
        let mut slots = match args {
            b"" => Vec::new(),
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
                Place::Piece(slot, before, "") => {
                    let slot = usize::from(slot);
                    // What stands in front of the next piece ends this one.
                    let next = word.params.iter().find_map(|p| match p.place {
                        Place::Piece(s, mark, _) if usize::from(s) == slot && !mark.is_empty() => {
                            Some(mark)
                        }
                        _ => None,
                    });
                    match slots.get(slot).filter(|s| !s.is_empty()) {
                        Some(text) => {
                            used[slot] = true;
                            match piece(text, before, next) {
                                Some(text) => Some(self.value(param, &text)?),
                                None => None,
                            }
                        }
                        None => None,
                    }
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
                Place::Part(..) | Place::Piece(..) | Place::Before(_) => None,
            };
            match found {
                Some(found) => given.push((param, found)),
                None if param.optional => {}
                None => return None,
            }
        }
        for (slot, constant) in word.given {
            let slot = usize::from(*slot);
            if slots.get(slot).is_some_and(|s| s == constant.as_bytes()) {
                used[slot] = true;
            }
        }
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
        let plain = std::str::from_utf8(text).ok()?;
        let digits =
            !plain.is_empty() && plain.len() < 10 && plain.bytes().all(|b| b.is_ascii_digit());
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
            "Time" | "Bool" => None,
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
        let written = match text::text(bytes, self.number, self.names) {
            Some(written) => written,
            None => asterisk(std::str::from_utf8(bytes).ok()?),
        };
        self.open |= written.open;
        if written.open && self.unchecked && !raw_is_fine {
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

/// The piece of an argument behind `before`, or what stands before the next one. One character parts them.
fn piece(text: &[u8], before: &str, next: Option<&str>) -> Option<Vec<u8>> {
    let mark = match before {
        "" => next,
        before => Some(before),
    };
    let Some([mark]) = mark.map(str::as_bytes) else {
        return (before.is_empty() && mark.is_none()).then(|| text.to_vec());
    };
    let parts = layout::split(text, *mark);
    match (parts.as_slice(), before.is_empty()) {
        ([whole], true) => Some(whole.clone()),
        ([first, _], true) => Some(first.clone()).filter(|f| !f.is_empty()),
        ([_, second], false) => Some(second.clone()),
        _ => None,
    }
}
