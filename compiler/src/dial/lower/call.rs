//! Calls: applications, functions, subroutines.

use std::collections::BTreeMap;

use strowger_stdlib::signatures::{self, Signature, Split};
use strowger_stdlib::words::{From, Param, Place, Word};

use super::operand::{Operand, Read, Trust};
use super::text;
use super::value::{Piece, constant_text, is_name};
use super::writer::{To, Writer};
use crate::dial::typed::Expr;
use crate::dial::types::Type;

impl Writer<'_> {
    /// An application as a step; its value goes to `to`.
    pub(super) fn word(&mut self, word: &'static Word, args: &[Option<Expr>], to: Option<&To>) {
        let signature = signatures::application(word.calls.as_bytes());
        let given: Vec<(&Param, &Expr)> = given(word, args);
        let list: Vec<&Expr> = given.iter().map(|(_, e)| *e).collect();
        let values = self.pieces_of(&list);
        let mut slots: BTreeMap<usize, String> = BTreeMap::new();
        let mut options = word.fixed.to_owned();
        let option_slot = signature.and_then(Signature::option_slot);
        let option_depth = option_slot.map_or(2, |slot| 1 + depth(signature, slot));
        for ((param, e), pieces) in given.iter().zip(values) {
            match param.place {
                Place::Slot(slot) => {
                    let slot = usize::from(slot);
                    let text = self.argument(pieces, depth(signature, slot));
                    slots.insert(slot, text);
                }
                Place::Option(letter) => {
                    let text = self.argument(pieces, option_depth);
                    options.push(letter);
                    options.push_str(&format!("({text})"));
                }
                Place::Flag(letter) => options.push_str(&self.flag(pieces, letter)),
                Place::Choice(choices) => {
                    options.push_str(&self.choice(pieces, &e.ty, choices));
                }
            }
        }
        let named = match word.value {
            From::Named(slot) => {
                let own = to.and_then(|to| self.declare(to));
                let name = match own {
                    Some(name) => name,
                    None => {
                        let between = self.between();
                        self.declare(&between).unwrap_or_default()
                    }
                };
                slots.insert(usize::from(slot), name.clone());
                Some(name)
            }
            _ => None,
        };
        if !options.is_empty() {
            let slot = option_slot.unwrap_or_else(|| slots.keys().max().map_or(0, |s| s + 1));
            slots.insert(slot, options);
        }
        let text = listed(&slots);
        if word.result == "Never" {
            self.end(word.calls, text);
            return;
        }
        self.run(word.calls, text);
        let Some(to) = to else {
            return;
        };
        match (word.value, named) {
            (From::Named(_), Some(name)) => self.store(to, &Operand::Read(Read::new(name))),
            (value, _) => {
                if let Some(value) = Self::word_value(value) {
                    self.store(to, &value);
                }
            }
        }
    }

    /// A function in a text.
    pub(super) fn function(&mut self, word: &'static Word, args: &[Option<Expr>]) -> Operand {
        let signature = signatures::function(word.calls.as_bytes());
        let given: Vec<(&Param, &Expr)> = given(word, args);
        let list: Vec<&Expr> = given.iter().map(|(_, e)| *e).collect();
        let values = self.pieces_of(&list);
        let mut slots: BTreeMap<usize, String> = BTreeMap::new();
        for ((param, e), pieces) in given.iter().zip(values) {
            let slot = match param.place {
                Place::Slot(slot) => usize::from(slot),
                Place::Option(_) | Place::Flag(_) | Place::Choice(_) => slots.len(),
            };
            let depth = depth(signature, slot);
            let text = self.inner_argument(word, pieces, depth, e);
            slots.insert(slot, text);
        }
        let body = format!("{}({})", word.calls, listed(&slots));
        if is_name(&body) {
            Operand::Read(Read::new(body))
        } else {
            Operand::Written(format!("${{{body}}}"))
        }
    }

    /// An argument, written so that `depth` splitters leave it as it is.
    fn argument(&mut self, pieces: Vec<Piece>, depth: usize) -> String {
        let mut out = String::new();
        for piece in pieces {
            match piece.value {
                Operand::Constant(c) => {
                    let mut c = c;
                    for _ in 0..depth {
                        c = text::escaped(&c);
                    }
                    out.push_str(&text::constant(&c));
                }
                value if depth == 0 || piece.trust >= Trust::Name => out.push_str(&value.value()),
                value => {
                    let read = self.as_read(value);
                    out.push_str(&self.guarded(read, depth));
                }
            }
        }
        out
    }

    /// A text that nobody knows, with a backslash before what a splitter would read.
    fn guarded(&mut self, read: Read, depth: usize) -> String {
        let mut hole = format!("${{ARGUMENT({})}}", read.body());
        for _ in 1..depth {
            let kept = self.keep(&Operand::Written(hole));
            hole = format!("${{ARGUMENT({})}}", kept.body());
        }
        hole
    }

    /// An argument of a function. What stands in it is read once more when it is filled: a parenthesis too many and a colon would
    /// end the call (DL-176). Such a parenthesis goes away.
    fn inner_argument(
        &mut self,
        word: &Word,
        pieces: Vec<Piece>,
        depth: usize,
        e: &Expr,
    ) -> String {
        let mut out = String::new();
        for piece in pieces {
            match piece.value {
                Operand::Constant(c) => {
                    if text::ends_call(&c) {
                        self.report(
                            "D393",
                            "a text with `)` and a `:` behind it cannot be an argument of a function",
                            e.place,
                        );
                    }
                    let mut c = c;
                    for _ in 0..depth {
                        c = text::escaped(&c);
                    }
                    out.push_str(&text::in_braces(&c));
                }
                value if piece.trust >= Trust::Name => out.push_str(&value.value()),
                value => {
                    let read = self.as_read(value);
                    let body = read.body();
                    let safe = if word.calls == "LEN" {
                        format!("${{REPLACE({body},:,.)}}")
                    } else {
                        format!("${{REPLACE({body},\\))}}")
                    };
                    if depth == 0 {
                        out.push_str(&safe);
                    } else {
                        let kept = self.keep(&Operand::Written(safe));
                        out.push_str(&self.guarded(kept, depth));
                    }
                }
            }
        }
        out
    }

    fn flag(&mut self, pieces: Vec<Piece>, letter: char) -> String {
        let Some(piece) = pieces.into_iter().next() else {
            return String::new();
        };
        match piece.value {
            Operand::Constant(c) if c == "1" => letter.to_string(),
            Operand::Constant(_) => String::new(),
            value => format!("${{IF({}?{letter}:)}}", value.value()),
        }
    }

    /// Option letters by a case of an enum.
    fn choice(&mut self, pieces: Vec<Piece>, ty: &Type, choices: &[(&str, &str)]) -> String {
        let Some(value) = pieces.into_iter().next().map(|p| p.value) else {
            return String::new();
        };
        let ty = match ty {
            Type::Option(of) => of,
            ty => ty,
        };
        let cases = match ty {
            Type::Enum(id) => &self.shared.program.enums.get(*id).cases[..],
            _ => &[],
        };
        let letters = |name: &str| {
            let found = choices.iter().find(|(case, _)| *case == name);
            found.map_or("", |(_, letters)| letters)
        };
        let mut out = String::new();
        for case in cases {
            let letters = letters(&case.name);
            let Some(spelling) = case.spellings.first().filter(|_| !letters.is_empty()) else {
                continue;
            };
            match &value {
                Operand::Constant(c) if c == spelling => out.push_str(letters),
                Operand::Constant(_) => {}
                value => out.push_str(&format!(
                    "${{IF($[\"{}\" = \"{spelling}\"]?{letters}:)}}",
                    value.value()
                )),
            }
        }
        out
    }

    /// A call of a subroutine.
    pub(super) fn call(&mut self, number: usize, args: &[Expr]) {
        let Some(sub) = self.shared.program.subs.get(number) else {
            return;
        };
        let list: Vec<&Expr> = args.iter().collect();
        let values = self.pieces_of(&list);
        let types: Vec<&Type> = sub.body.locals.iter().map(|l| &l.ty).collect();
        let by_variable = args
            .iter()
            .zip(&types)
            .any(|(e, ty)| !passes(self.trust(ty), e));
        let mut places: Vec<String> = Vec::new();
        for (i, pieces) in values.into_iter().enumerate() {
            let text: String = pieces.iter().map(|p| p.value.value()).collect();
            let free = types.get(i).is_some_and(|ty| self.trust(ty) < Trust::Name);
            if by_variable && free {
                let name = self.shared.passed_as(number, i);
                self.run("Set", format!("{name}={text}"));
                places.push(String::new());
            } else {
                places.push(text);
            }
        }
        while places.last().is_some_and(String::is_empty) {
            places.pop();
        }
        let start = if by_variable { PASSED } else { "1" };
        let arguments = if places.is_empty() {
            String::new()
        } else {
            format!("({})", places.join(","))
        };
        self.run(
            "Gosub",
            format!("{},s,{start}{arguments}", text::constant(&sub.conf)),
        );
    }
}

/// The label behind which the arguments of a subroutine are taken from variables.
pub(super) const PASSED: &str = "passed";

/// Whether an argument can stand between the parentheses of Gosub: nothing is taken away from it there (DL-234), so nothing can be
/// escaped either.
pub(super) fn passes(trust: Trust, e: &Expr) -> bool {
    trust >= Trust::Name
        || constant_text(e).is_some_and(|t| !t.contains(|c| text::SPECIAL.contains(c)))
}

/// The parameters that are given, with their arguments.
fn given<'e>(word: &'static Word, args: &'e [Option<Expr>]) -> Vec<(&'static Param, &'e Expr)> {
    let all = word.params.iter().zip(args);
    all.filter_map(|(p, e)| Some((p, e.as_ref()?))).collect()
}

/// How many splitters take something away from an argument: the last slot is taken as it stands (DL-232).
fn depth(signature: Option<&Signature>, slot: usize) -> usize {
    let Some(signature) = signature else {
        return 1;
    };
    match signature.split {
        Split::Standard => usize::from(slot + 1 < signature.slots()),
        _ => 0,
    }
}

/// Slots with commas between them; empty ones at the end are left out.
fn listed(slots: &BTreeMap<usize, String>) -> String {
    let last = slots
        .iter()
        .filter(|(_, t)| !t.is_empty())
        .map(|(s, _)| *s)
        .max();
    let Some(last) = last else {
        return String::new();
    };
    let texts = (0..=last).map(|slot| slots.get(&slot).map_or("", String::as_str));
    texts.collect::<Vec<_>>().join(",")
}
