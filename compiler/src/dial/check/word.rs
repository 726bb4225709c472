//! Calls of words: applications and functions of Asterisk under their names here.

use strowger_dial::tree::{self, Arg, At, Name};
use strowger_stdlib::signatures::Served;
use strowger_stdlib::words::{self, Given, Kind, Misfit, Word, layout};

use super::call::{some, values};
use super::expr::Use;
use super::{Checker, constant_text, world};
use crate::dial::notes::Fact;
use crate::dial::typed::{Arm, Expr, ExprKind, Test};
use crate::dial::types::Type;

/// Most arguments of one call that decide by their value which options are written.
const OPEN: usize = 3;

impl Checker<'_> {
    pub(super) fn call_word(
        &mut self,
        at: At,
        called: &Name,
        word: &'static Word,
        args: &[Arg],
    ) -> Expr {
        self.note(called.at, |_| Fact::Word(word));
        let pure = word.kind == Kind::Function
            && strowger_stdlib::signatures::function(word.calls.as_bytes())
                .is_some_and(|s| s.served == Served::Pure);
        if !pure && self.pure_only(at, &format!("`{}`", word.name)) {
            return self.wrong(at);
        }
        let mut given: Vec<Option<Expr>> = vec![None; word.params.len()];
        let positional: Vec<usize> = (0..word.params.len())
            .filter(|i| word.params[*i].positional)
            .collect();
        let mut next = positional.iter().copied();
        let mut sound = true;
        for arg in args {
            let index = match &arg.name {
                Some(name) => {
                    let found = word.params.iter().position(|p| p.name == &*name.text);
                    if found.is_none() {
                        let names: Vec<&str> = word.params.iter().map(|p| p.name).collect();
                        self.no_parameter(called, name, &names);
                    }
                    if let Some(number) = found {
                        self.note(name.at, |_| Fact::Parameter(word, number));
                    }
                    found
                }
                None => {
                    let next = next.next();
                    if next.is_none() {
                        let named = word.params.iter().filter(|p| !p.positional);
                        let names: Vec<String> = named.map(|p| format!("{}:", p.name)).collect();
                        let mut found = self
                            .error(
                                "D403",
                                arg.value.at,
                                format!(
                                    "`{}` takes {} without a name",
                                    word.name,
                                    values(positional.len())
                                ),
                            )
                            .label("one too many");
                        if let Some(named) = by_name(word, &arg.value) {
                            found = found.help(format!("it has a name: {named}"));
                        } else if !names.is_empty() {
                            found = found.help(format!("by name: {}", some(&names)));
                        }
                        self.tell(found);
                    }
                    next
                }
            };
            let value = match index {
                Some(index) => {
                    let ty = self.type_named(word.params[index].ty);
                    self.wanted(&arg.value, &ty)
                }
                None => self.expr(&arg.value, None),
            };
            sound &= index.is_some() && value.ty != Type::Wrong;
            if let Some(index) = index
                && given[index].replace(value).is_some()
            {
                self.tell(self.error("D403", arg.value.at, "this argument is given twice"));
                sound = false;
            }
        }
        let result = match word.result {
            // Of text from outside text from outside is made.
            "Text" => {
                let raw = given.iter().flatten().any(|e| is_raw(&e.ty));
                if raw { Type::Raw } else { Type::Str }
            }
            other => self.type_named(other),
        };
        for (param, value) in word.params.iter().zip(&given) {
            if value.is_none() && !param.optional && sound {
                self.tell(
                    self.error(
                        "D403",
                        at,
                        format!("`{}` needs `{}`", word.name, param.name),
                    )
                    .label("it is not given"),
                );
                sound = false;
            }
        }
        if !sound {
            return Expr {
                ty: match result {
                    Type::Never => Type::Never,
                    _ => Type::Wrong,
                },
                ..self.wrong(at)
            };
        }
        for (param, value) in word.params.iter().zip(&given) {
            let (words::Place::Name(_), Some(value)) = (param.place, value) else {
                continue;
            };
            let text = constant_text(value);
            if word.called(|_| text.as_deref()).is_none() {
                self.tell(
                    self.error(
                        "D315",
                        value.place.at,
                        format!("`{}` is a plain word", param.name),
                    )
                    .help("letters, digits, `_` and `-`"),
                );
                return self.wrong(at);
            }
        }
        let ring = word.params.iter().position(|p| p.name == "ring");
        if word.calls == "Dial" && ring.is_some_and(|r| given[r].is_none()) {
            self.tell(
                self.error("D305", at, "this rings until the caller gives up")
                    .help("say for how long: `ring: 20s`"),
            );
        }
        self.laid_out(at, word, given, &result)
    }

    /// A call whose arguments have their places. One that decides by its value which option letters are written becomes a choice
    /// among calls.
    pub(super) fn laid_out(
        &mut self,
        at: At,
        word: &'static Word,
        given: Vec<Option<Expr>>,
        result: &Type,
    ) -> Expr {
        let known: Vec<Given> = given.iter().map(|e| self.given(e.as_ref())).collect();
        let number = match layout(word, &known) {
            Ok(_) => return self.made(at, result.clone(), ExprKind::Word { word, args: given }),
            Err(Misfit::Twice(a, b)) => {
                let (a, b) = (word.params[a].name, word.params[b].name);
                self.tell(
                    self.error("D317", at, format!("`{a}:` and `{b}:` exclude each other"))
                        .label("Asterisk has one option for both"),
                );
                return self.wrong(at);
            }
            Err(Misfit::Open(number)) => number,
        };
        let Some(value) = given[number].clone() else {
            return self.wrong(at);
        };
        let with = |value: Expr| {
            let mut given = given.clone();
            given[number] = Some(value);
            given
        };
        let open = given
            .iter()
            .flatten()
            .filter(|e| matches!(e.ty, Type::Enum(_) | Type::Bool))
            .count();
        match value.ty.clone() {
            Type::Bool if open <= OPEN => {
                let mut call = |b| {
                    let given = with(self.made(at, Type::Bool, ExprKind::Bool(b)));
                    let call = self.laid_out(at, word, given, result);
                    self.as_block(call, &Use::Value(None))
                };
                let (yes, no) = (call(true), call(false));
                self.made(at, result.clone(), ExprKind::If(value, yes, Some(no)))
            }
            Type::Enum(id) if open <= OPEN => {
                let cases = self.enums().get(id).cases.len();
                let mut arms = Vec::with_capacity(cases);
                for case in 0..cases {
                    let chosen =
                        self.made(at, Type::Enum(id), ExprKind::Case(id, case, Vec::new()));
                    let call = self.laid_out(at, word, with(chosen), result);
                    arms.push(Arm {
                        tests: vec![Test::Case(id, case, Vec::new())],
                        guard: None,
                        body: self.as_block(call, &Use::Value(None)),
                        place: self.place(at),
                    });
                }
                self.made(at, result.clone(), ExprKind::Match(value, arms))
            }
            _ => {
                self.not_constant(value.place.at, &format!("`{}:`", word.params[number].name));
                self.wrong(at)
            }
        }
    }

    /// What is known of an argument.
    pub(super) fn given<'c>(&'c self, e: Option<&Expr>) -> Given<'c> {
        let Some(e) = e else {
            return Given::Nothing;
        };
        match &*e.kind {
            ExprKind::Bool(b) => Given::Truth(*b),
            ExprKind::Case(id, case, _) => Given::Case(&self.enums().get(*id).cases[*case].name),
            ExprKind::List(items) => Given::Elements(items.len()),
            ExprKind::Just(of) => self.given(Some(of)),
            _ if constant_text(e).is_some_and(|t| t.is_empty()) => Given::Empty,
            _ => Given::Value,
        }
    }

    /// A type as the table of words writes it.
    pub(super) fn type_named(&self, text: &str) -> Type {
        if let Some((outer, inner)) = text.strip_suffix(')').and_then(|t| t.split_once('(')) {
            let inner = Box::new(self.type_named(inner));
            return match outer {
                "List" => Type::List(inner),
                _ => Type::Option(inner),
            };
        }
        match text {
            "Str" => Type::Str,
            "Raw" => Type::Raw,
            "Digits" => Type::Digits,
            "Int" => Type::Int,
            "Bool" => Type::Bool,
            "Duration" => Type::Duration,
            "Time" => Type::Time,
            "Endpoint" => Type::Endpoint,
            "Host" => Type::Host,
            "Uri" => Type::Uri,
            "Mailbox" => Type::Mailbox,
            "Prompt" => Type::Prompt,
            "Never" => Type::Never,
            "Unit" => Type::Unit,
            other => self.enum_named(other),
        }
    }

    /// `caller.name`, `channel.language`.
    pub(super) fn call_field_of(&mut self, object: &Name, name: &Name, at: At) -> Expr {
        match world::field_of(&object.text, &name.text) {
            Some(world::Field::Word(word)) if word.kind == Kind::Target => {
                self.tell(
                    self.error(
                        "D206",
                        name.at,
                        format!("`{}` is only written to", word.name),
                    )
                    .label("it has no value"),
                );
                self.wrong(at)
            }
            Some(world::Field::Word(word)) => self.call_word(at, name, word, &[]),
            Some(world::Field::Variable(ty, variable)) => {
                if self.pure_only(at, &format!("`{}.{}`", object.text, name.text)) {
                    return self.wrong(at);
                }
                self.asterisk(at, ty, format!("${{{variable}}}"))
            }
            None => {
                let names = world::fields_of(&object.text);
                let dotted = format!("{}.{}", object.text, name.text);
                let mut found = self
                    .error(
                        "D206",
                        name.at,
                        format!("`{}` has no `{}`", object.text, name.text),
                    )
                    .label("an unknown name");
                if words::named(&dotted).is_some() {
                    found = found.help(format!("it needs arguments: `{dotted}(...)`"));
                } else if let Some(like) = self.like(&name.text, names.iter().copied()) {
                    found = found.label(format!("did you mean `{like}`?")).fix(
                        format!("write `{like}`"),
                        self.span(name.at),
                        like,
                        false,
                    );
                } else if names.len() < 12 {
                    found = found.help(format!("it has: {}", names.join(", ")));
                }
                self.tell(found);
                self.wrong(at)
            }
        }
    }
}

/// The named argument that is meant by a value without a name: the first of its type, or what option letters say.
fn by_name(word: &Word, value: &tree::Expr) -> Option<String> {
    let named = |ty: &str| {
        let mut params = word.params.iter().filter(|p| !p.positional);
        params.find(|p| p.ty == ty).map(|p| p.name)
    };
    match &*value.kind {
        tree::ExprKind::Duration { number, unit } => {
            Some(format!("{}: {number}{}", named("Duration")?, unit.word()))
        }
        tree::ExprKind::Text(parts) => match parts.as_slice() {
            [tree::TextPart::Text(letters)] => by_letters(word, letters),
            _ => None,
        },
        _ => None,
    }
}

/// Option letters of Asterisk under their names here, if all of them have one.
fn by_letters(word: &Word, letters: &str) -> Option<String> {
    let mut left: Vec<char> = letters.chars().collect();
    let mut said = Vec::new();
    for param in word.params {
        let taken = match param.place {
            words::Place::Choice(cases) => {
                let fits =
                    |c: &&(&str, &str)| !c.1.is_empty() && c.1.chars().all(|l| left.contains(&l));
                let longest = cases.iter().filter(fits).max_by_key(|c| c.1.len());
                longest.map(|(case, letters)| (format!("{}: {case}", param.name), *letters))
            }
            _ => None,
        };
        let letter = match param.place {
            words::Place::Flag(letter) => Some((letter, "true")),
            words::Place::Option(letter) | words::Place::Part(letter, 0) => Some((letter, "...")),
            _ => None,
        };
        if let Some((told, letters)) = taken {
            left.retain(|l| !letters.contains(*l));
            said.push(told);
        } else if let Some((letter, value)) = letter.filter(|(l, _)| left.contains(l)) {
            left.retain(|l| *l != letter);
            said.push(format!("{}: {value}", param.name));
        }
    }
    (left.is_empty() && !said.is_empty()).then(|| said.join(", "))
}

fn is_raw(ty: &Type) -> bool {
    match ty {
        Type::Raw | Type::Uri => true,
        Type::Option(of) | Type::List(of) => is_raw(of),
        _ => false,
    }
}
