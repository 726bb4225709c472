//! `test`: the world and its calls, as a test file would say them, and what is expected of them.

use std::collections::HashMap;

use strowger_dial::tree::{self, Arg, At, ExprKind as T, Name, TestItemKind};

use super::{Checker, Const, ConstState, Item, constant_text, constant_value};
use crate::diagnostic::Diagnostic;
use crate::dial::test::{
    ACTS, Act, Block, Claim, Formula, Key, MANNER_ARGUMENTS, MANNERS, OF_CALLERS, Said, SaidKind,
    Takes,
};
use crate::dial::typed::{Expr, ExprKind, Scope};
use crate::dial::types::Type;
use crate::source::Span;

mod claim;

/// A test that is read.
#[derive(Default)]
struct Trial<'a> {
    /// What counts for the whole test.
    scene: Vec<(Key, Said)>,
    /// What phones do.
    phones: Vec<(Key, Said)>,
    unlisted: Vec<Span>,
    /// By the key that holds them: globals, variables, the database and so on.
    named: Vec<(&'static str, Vec<(Key, Said)>)>,
    caller_name: Option<String>,
    caller_number: Option<String>,
    calls: Vec<(Key, Vec<(Key, Said)>)>,
    messages: Vec<(Key, Said)>,
    claims: Vec<Claim>,
    /// `let` of what is known only when the calls are over.
    lets: HashMap<&'a str, (Formula, Type)>,
    /// `let` of what is known before.
    consts: Vec<&'a str>,
}

impl<'a> Checker<'a> {
    /// The tests of all files.
    pub(super) fn tests(&mut self) -> Vec<Block> {
        let units = self.units;
        let mut out = Vec::new();
        for (number, unit) in units.iter().enumerate() {
            self.unit = number;
            for decl in &unit.module.decls {
                if let tree::DeclKind::Test { title, time, items } = &decl.kind {
                    let before = self.found.len();
                    out.push(self.trial(title, time.as_ref(), items));
                    // A place without a label is not underlined.
                    for found in &mut self.found[before..] {
                        if found.primary.text.is_empty() && found.code.starts_with("D50") {
                            found.primary.text = "here".to_owned();
                        }
                    }
                }
            }
        }
        out
    }

    fn trial(
        &mut self,
        title: &tree::Constant,
        time: Option<&tree::Expr>,
        items: &'a [tree::TestItem],
    ) -> Block {
        let mut trial = Trial::default();
        if let Some(time) = time
            && let Some(text) = self.known(time, &Type::Str)
        {
            let key = self.key("at", time.at);
            trial.scene.push((key, self.said_text(time.at, text)));
        }
        for item in items {
            match &item.kind {
                TestItemKind::Given { place, value } => {
                    self.given_in_test(&mut trial, place, value)
                }
                TestItemKind::Call {
                    number,
                    from,
                    context,
                    actions,
                } => self.begin(&mut trial, item.at, number, from.as_ref(), context, actions),
                TestItemKind::Expect(e) => self.expectation(&mut trial, e),
                TestItemKind::Let { name, value } => self.test_let(&mut trial, name, value),
            }
        }
        for name in std::mem::take(&mut trial.consts) {
            self.names[self.unit].remove(name);
        }
        self.whole(title, trial)
    }

    /// Puts a test together, and tells what it lacks.
    fn whole(&mut self, title: &tree::Constant, trial: Trial<'a>) -> Block {
        let mut said = trial.scene;
        for (key, entries) in trial.named {
            said.push(self.map(key, entries));
        }
        if !trial.phones.is_empty() {
            said.push(self.map("with", trial.phones));
        }
        match (trial.calls.len(), trial.messages.len()) {
            (0, 0) => self.tell(
                self.error("D502", title.at, "nothing is called in this test")
                    .help("add `call 61 from \"1001\" in office`")
                    .help("a text: `call message(to: \"1002\", from: \"1001\", body: \"hello\") in office`"),
            ),
            (1, 0) => {
                let calls = trial.calls.into_iter();
                said.extend(calls.flat_map(|(_, call)| call));
            }
            (_, 0) => {
                let span = trial.calls[0].0.span;
                let calls = trial.calls.into_iter().map(|(key, call)| Said {
                    span: key.span,
                    kind: SaidKind::Map(call),
                });
                let list = Said {
                    span,
                    kind: SaidKind::List(calls.collect()),
                };
                let name = "calls".to_owned();
                said.push((Key { name, span }, list));
            }
            (0, _) => {
                let span = trial.messages[0].0.span;
                let all = trial.messages.into_iter().map(|(_, message)| message);
                let list = Said {
                    span,
                    kind: SaidKind::List(all.collect()),
                };
                let name = "messages".to_owned();
                said.push((Key { name, span }, list));
            }
            _ => {
                let found = Diagnostic::new(
                    "D502",
                    "calls and texts do not go together in one test",
                    trial.messages[0].0.span,
                )
                .label("a text")
                .also(trial.calls[0].0.span, "a call")
                .help("write a second test");
                self.tell(found);
            }
        }
        if trial.claims.is_empty() {
            self.tell(
                self.error("D502", title.at, "nothing is expected in this test")
                    .label("so it cannot fail")
                    .help("add `expect dialed == [pjsip(\"61\")]`, or what else must be so"),
            );
        }
        Block {
            title: title.text.to_string(),
            span: self.span(title.at),
            said,
            unlisted: trial.unlisted,
            claims: trial.claims,
        }
    }

    fn key(&self, name: &str, at: At) -> Key {
        Key {
            name: name.to_owned(),
            span: self.span(at),
        }
    }

    fn said(&self, at: At, kind: SaidKind) -> Said {
        Said {
            span: self.span(at),
            kind,
        }
    }

    fn said_text(&self, at: At, text: impl Into<String>) -> Said {
        self.said(at, SaidKind::Text(text.into()))
    }

    /// Entries that came one by one, as one mapping.
    fn map(&self, key: &str, entries: Vec<(Key, Said)>) -> (Key, Said) {
        let span = entries[0].0.span;
        let name = key.to_owned();
        let kind = SaidKind::Map(entries);
        (Key { name, span }, Said { span, kind })
    }

    /// A value that is known beforehand, as the text that a variable would hold.
    fn known(&mut self, e: &tree::Expr, want: &Type) -> Option<String> {
        let made = self.constant_expr(e, Some(want));
        if made.ty == Type::Wrong {
            return None;
        }
        let text = self.text_of(&made);
        if text.is_none() {
            self.not_constant(e.at, "what a test begins with");
        }
        text
    }

    fn text_of(&self, made: &Expr) -> Option<String> {
        constant_value(made).or_else(|| self.constant_case(made))
    }

    /// The same of a time: as a test file writes it.
    fn known_time(&mut self, e: &tree::Expr) -> Option<Said> {
        let seconds = self.known(e, &Type::Duration)?;
        Some(self.said_text(e.at, format!("{seconds}s")))
    }

    /// `let x = ...`
    fn test_let(&mut self, trial: &mut Trial<'a>, name: &'a Name, value: &'a tree::Expr) {
        let taken = self.names[self.unit].contains_key(&*name.text)
            || trial.lets.contains_key(&*name.text)
            || super::world::is_fixed(&name.text)
            || claim::NAMES.contains(&&*name.text);
        if taken {
            self.tell(
                self.error(
                    "D202",
                    name.at,
                    format!("`{}` has a meaning already", name.text),
                )
                .label("give it another name"),
            );
            return;
        }
        if self.asks(trial, value) {
            if let Some(made) = self.formula(trial, value, None) {
                trial.lets.insert(&name.text, made);
            }
            return;
        }
        self.consts.push(Const {
            unit: self.unit,
            ty: None,
            value,
            state: ConstState::Unread,
        });
        let item = Item::Const(self.consts.len() - 1);
        self.names[self.unit].insert(&name.text, item);
        trial.consts.push(&name.text);
    }

    /// `given place = value`.
    fn given_in_test(&mut self, trial: &mut Trial<'a>, place: &tree::Expr, value: &tree::Expr) {
        let at = place.at;
        match &*place.kind {
            T::Name(name) if &*name.text == "now" => {
                if let Some(text) = self.known(value, &Type::Str) {
                    let key = self.key("at", at);
                    trial.scene.retain(|(k, _)| k.name != "at");
                    trial.scene.push((key, self.said_text(value.at, text)));
                }
            }
            T::Name(name) if &*name.text == "seed" => {
                if let Some(text) = self.known(value, &Type::Int) {
                    let key = self.key("seed", at);
                    trial.scene.push((key, self.said_text(value.at, text)));
                }
            }
            T::Name(name)
                if &*name.text == "mailboxes"
                    && !self.names[self.unit].contains_key("mailboxes") =>
            {
                self.given_mailboxes(trial, at, value);
            }
            T::Name(name) => match self.names[self.unit].get(&*name.text).copied() {
                Some(Item::Variable(number)) => {
                    self.note_item(name, self.unit);
                    self.given_variable(trial, number, at, value);
                }
                Some(_) => {
                    self.tell(
                        self.error(
                            "D501",
                            at,
                            format!("`{}` cannot be given another value", name.text),
                        )
                        .help(GIVEN),
                    );
                }
                None => self.no_given(name),
            },
            T::Field { of, name } if is_name(of, "caller") => {
                let text = self.known(value, &Type::Str);
                match &*name.text {
                    "name" => trial.caller_name = text,
                    "number" => trial.caller_number = text,
                    _ => self.tell(
                        self.error("D501", at, "a caller is given a name and a number")
                            .help("given caller.name = \"Anna\""),
                    ),
                }
            }
            T::Field { of, name } if is_name(of, "channel") && &*name.text == "language" => {
                if let Some(text) = self.known(value, &Type::Str) {
                    let key = self.key("language", at);
                    trial.scene.push((key, self.said_text(value.at, text)));
                }
            }
            T::Field { of, name } if self.is_import(of) => {
                let variable = match &*of.kind {
                    T::Name(unit) => match self.names[self.unit].get(&*unit.text) {
                        Some(Item::Unit(other)) => self.names[*other].get(&*name.text).copied(),
                        _ => None,
                    },
                    _ => None,
                };
                match variable {
                    Some(Item::Variable(number)) => self.given_variable(trial, number, at, value),
                    _ => self.no_given(name),
                }
            }
            T::Call { callee, args } => {
                let word = match &*callee.kind {
                    T::Name(name) => NAMED.iter().find(|(word, _)| *word == &*name.text),
                    _ => None,
                };
                match (word, &*callee.kind) {
                    (Some((word, key)), T::Name(name)) => {
                        let Some(what) = self.one_name(at, name, args) else {
                            return;
                        };
                        let said = match *word {
                            "sound" if matches!(&*value.kind, T::Case(c) if &*c.text == "None") => {
                                Some(self.said_text(value.at, "missing"))
                            }
                            "sound" => self.known_time(value),
                            _ => self
                                .known(value, &Type::Raw)
                                .map(|text| self.said_text(value.at, text)),
                        };
                        if let Some(said) = said {
                            let entry = (self.key(&what, at), said);
                            self.add_named(trial, key, entry);
                        }
                    }
                    (None, T::Name(name)) if DIALLING.contains(&&*name.text) => self.tell(
                        self.error(
                            "D501",
                            at,
                            "a test is given what a phone does, not what a Dial comes to",
                        )
                        .help("given pjsip(\"61\") = busy()"),
                    ),
                    _ => self.given_phone(trial, place, value),
                }
            }
            _ => self.given_phone(trial, place, value),
        }
    }

    /// `given mailboxes = [...]`.
    fn given_mailboxes(&mut self, trial: &mut Trial<'a>, at: At, value: &tree::Expr) {
        let made = self.constant_expr(value, Some(&Type::List(Box::new(Type::Mailbox))));
        let ExprKind::List(items) = &*made.kind else {
            if made.ty != Type::Wrong {
                self.tell(
                    self.error("D402", value.at, "a list of mailboxes is needed here")
                        .help("given mailboxes = [mailbox(\"1001\")]"),
                );
            }
            return;
        };
        let all: Option<Vec<Said>> = items
            .iter()
            .map(|item| Some(self.said_text(item.place.at, constant_text(item)?)))
            .collect();
        match all {
            Some(all) => {
                let entry = (
                    self.key("mailboxes", at),
                    self.said(value.at, SaidKind::List(all)),
                );
                self.add(&mut trial.scene, entry);
            }
            None => self.not_constant(value.at, "the mailboxes of a test"),
        }
    }

    fn is_import(&self, of: &tree::Expr) -> bool {
        matches!(&*of.kind, T::Name(n) if matches!(self.names[self.unit].get(&*n.text), Some(Item::Unit(_))))
    }

    /// The one text that such a word takes.
    fn one_name(&mut self, at: At, name: &Name, args: &[Arg]) -> Option<String> {
        let given = self.arguments(at, name, args, &[("name", Type::Str)], &[])?;
        let text = given.into_iter().next().flatten();
        let text = text.as_ref().and_then(constant_text);
        if text.is_none() {
            self.not_constant(at, "a name");
        }
        text
    }

    fn no_given(&mut self, name: &Name) {
        let mut known: Vec<&str> = vec!["now", "seed", "caller", "channel", "mailboxes"];
        known.extend(NAMED.iter().map(|(word, _)| *word));
        let declared = self.names[self.unit].iter();
        known.extend(
            declared
                .filter(|(_, item)| matches!(item, Item::Variable(_)))
                .map(|(name, _)| *name),
        );
        let like = self.like(&name.text, known.into_iter());
        let mut found = self
            .error(
                "D501",
                name.at,
                format!("`{}` is nothing that a test can be given", name.text),
            )
            .label("an unknown name");
        found = match like {
            Some(like) => found.help(format!("did you mean `{like}`?")),
            None => found.help(GIVEN),
        };
        self.tell(found);
    }

    fn given_variable(&mut self, trial: &mut Trial<'a>, number: usize, at: At, value: &tree::Expr) {
        let variable = &self.program.variables[number];
        let key = match variable.scope {
            Scope::Global => "globals",
            Scope::Channel(_) => "variables",
        };
        let (conf, ty) = (variable.conf.clone(), variable.ty.clone());
        if let Some(text) = self.known(value, &ty) {
            let entry = (self.key(&conf, at), self.said_text(value.at, text));
            self.add_named(trial, key, entry);
        }
    }

    fn add_named(&mut self, trial: &mut Trial<'a>, key: &'static str, entry: (Key, Said)) {
        let at = trial.named.iter().position(|(k, _)| *k == key);
        let at = at.unwrap_or_else(|| {
            trial.named.push((key, Vec::new()));
            trial.named.len() - 1
        });
        self.add(&mut trial.named[at].1, entry);
    }

    /// One entry more, or what is wrong if it is there.
    fn add(&mut self, entries: &mut Vec<(Key, Said)>, entry: (Key, Said)) {
        let name = &entry.0.name;
        if let Some((first, _)) = entries.iter().find(|(k, _)| k.name == *name) {
            let found = Diagnostic::new(
                "D202",
                format!("`{name}` is given twice in this test"),
                entry.0.span,
            )
            .label("here again")
            .also(first.span, "given here");
            self.tell(found);
            return;
        }
        entries.push(entry);
    }

    fn given_phone(&mut self, trial: &mut Trial<'a>, place: &tree::Expr, value: &tree::Expr) {
        let Some(name) = self.known(place, &Type::Endpoint) else {
            return;
        };
        let device = match &*place.kind {
            T::Call { callee, .. } => is_name(callee, "device"),
            _ => false,
        };
        if device {
            trial.unlisted.push(self.span(place.at));
        }
        if let Some(said) = self.phone(value) {
            let entry = (self.key(&name, place.at), said);
            self.add(&mut trial.phones, entry);
        }
    }

    /// What a phone does with a call, or with one after the other.
    fn phone(&mut self, e: &tree::Expr) -> Option<Said> {
        if let T::List(items) = &*e.kind {
            let all: Option<Vec<Said>> = items.iter().map(|item| self.phone(item)).collect();
            return Some(self.said(e.at, SaidKind::List(all?)));
        }
        let (name, args) = match &*e.kind {
            T::Call { callee, args } => match &*callee.kind {
                T::Name(name) => (name, args),
                _ => return self.no_manner(e.at, None),
            },
            T::Name(name) | T::Case(name) => return self.no_manner(e.at, Some(name)),
            _ => return self.no_manner(e.at, None),
        };
        let Some((word, key)) = MANNERS.iter().find(|(word, _)| *word == &*name.text) else {
            return self.no_manner(name.at, Some(name));
        };
        let (mut inner, mut outer) = (Vec::new(), Vec::new());
        for arg in args {
            let (called, at) = match &arg.name {
                Some(name) => (&*name.text, name.at),
                None if matches!(*word, "drops_after") => ("after", arg.value.at),
                None => ("", arg.value.at),
            };
            let Some((_, field)) = MANNER_ARGUMENTS.iter().find(|(n, _)| *n == called) else {
                let names: Vec<&str> = MANNER_ARGUMENTS.iter().map(|(n, _)| *n).collect();
                match &arg.name {
                    Some(given) => self.no_parameter(name, given, &names),
                    None => self.tell(
                        self.error("D403", at, "this needs its name in front")
                            .help(format!("{word}(after: 5s)")),
                    ),
                }
                return None;
            };
            let key = self.key(field, at);
            let value = &arg.value;
            let said = match called {
                "after" => self.known_time(value)?,
                "hangs_up" if matches!(&*value.kind, T::Bool(false)) => {
                    self.said_text(value.at, "never")
                }
                "hangs_up" => self.known_time(value)?,
                "then" => self.acts_of_phone(value)?,
                "to" => {
                    let text = self.known(value, &Type::Str)?;
                    self.said_text(value.at, text)
                }
                _ => {
                    let text = self.known(value, &Type::Int)?;
                    outer.push((key, self.said_text(value.at, text)));
                    continue;
                }
            };
            inner.push((key, said));
        }
        let mut entries = vec![(
            self.key(key, name.at),
            match inner.is_empty() {
                true => self.said(e.at, SaidKind::Nothing),
                false => self.said(e.at, SaidKind::Map(inner)),
            },
        )];
        entries.extend(outer);
        Some(self.said(e.at, SaidKind::Map(entries)))
    }

    fn no_manner<X>(&mut self, at: At, name: Option<&Name>) -> Option<X> {
        let words = MANNERS.iter().map(|(word, _)| *word);
        let mut found = match name {
            Some(name) => {
                let text = &name.text;
                self.error("D501", at, format!("`{text}` is nothing that a phone does"))
            }
            None => self.error("D501", at, "this is nothing that a phone does"),
        };
        let outcome = name.and_then(|n| OUTCOMES.iter().find(|(case, _)| *case == &*n.text));
        if let Some((_, word)) = outcome {
            self.tell(found.fix(
                format!("write `{word}()`"),
                self.span(at),
                format!("{word}()"),
                false,
            ));
            return None;
        }
        let known = name.filter(|n| words.clone().any(|w| w == &*n.text));
        let like = name.and_then(|n| self.like(&n.text, words.clone()));
        found = match (known, like) {
            (Some(name), _) => found.help(format!("write `{}()`", name.text)),
            (None, Some(like)) => found.help(format!("did you mean `{like}()`?")),
            (None, None) => {
                let words: Vec<String> = words.map(|w| format!("{w}()")).collect();
                found.help(format!("a phone does: {}", words.join(", ")))
            }
        };
        self.tell(found);
        None
    }

    fn acts_of_phone(&mut self, e: &tree::Expr) -> Option<Said> {
        let acts = match &*e.kind {
            T::List(items) => items.iter().collect(),
            _ => vec![e],
        };
        let all: Option<Vec<Said>> = acts.into_iter().map(|act| self.act(act, false)).collect();
        Some(self.said(e.at, SaidKind::List(all?)))
    }

    /// One thing that a phone, or a caller, does.
    fn act(&mut self, e: &tree::Expr, caller: bool) -> Option<Said> {
        let key_of = |act: &Act| if caller { act.caller } else { act.phone };
        let who = if caller { "a caller" } else { "a phone" };
        let called = match &*e.kind {
            T::Call { callee, args } => match &*callee.kind {
                T::Name(name) => Some((name, args)),
                _ => None,
            },
            _ => None,
        };
        let found = called.and_then(|(name, args)| {
            let mut acts = ACTS.iter().filter(|act| !key_of(act).is_empty());
            let act = acts.find(|act| act.name == &*name.text)?;
            Some((act, name, args))
        });
        let Some((act, name, args)) = found else {
            let names = ACTS.iter().filter(|act| !key_of(act).is_empty());
            let mut names: Vec<&str> = names.map(|act| act.name).collect();
            if caller {
                names.extend(OF_CALLERS.iter().map(|(name, _)| *name));
            }
            let like = called.and_then(|(name, _)| self.like(&name.text, names.iter().copied()));
            let wrong = self.error("D501", e.at, format!("this is nothing that {who} does"));
            self.tell(match like {
                Some(like) => wrong.help(format!("did you mean `{like}()`?")),
                None => wrong.help(format!("{who} does: {}", names.join(", "))),
            });
            return None;
        };
        let key = self.key(key_of(act), name.at);
        let wants = match act.takes {
            Takes::Nothing => None,
            Takes::Text => Some(("text", Type::Str)),
            Takes::Prompt => Some(("prompt", Type::Prompt)),
            Takes::Duration => Some(("time", Type::Duration)),
        };
        let given = self.arguments(e.at, name, args, wants.as_slice(), &[])?;
        let said = match given.into_iter().next().flatten() {
            None => self.said(e.at, SaidKind::Nothing),
            Some(value) => {
                let Some(text) = self.text_of(&value) else {
                    self.not_constant(e.at, "what a test begins with");
                    return None;
                };
                let unit = match act.takes {
                    Takes::Duration => "s",
                    _ => "",
                };
                self.said_text(value.place.at, format!("{text}{unit}"))
            }
        };
        Some(self.said(e.at, SaidKind::Map(vec![(key, said)])))
    }

    /// `call number from who in context { }`.
    fn begin(
        &mut self,
        trial: &mut Trial<'a>,
        at: At,
        number: &tree::Expr,
        from: Option<&tree::Expr>,
        context: &tree::Path,
        actions: &Option<tree::Block>,
    ) {
        let word = tree::At {
            start: at.start,
            end: at.start + "call".len() as u32,
        };
        let context_said = self
            .context_named(context, false)
            .map(|(conf, _)| (self.key("context", context.at), conf))
            .map(|(key, conf)| (key, self.said_text(context.at, conf)));
        if let T::Call { callee, args } = &*number.kind
            && let T::Name(name) = &*callee.kind
            && &*name.text == "message"
        {
            let wants = [("to", Type::Raw), ("from", Type::Raw), ("body", Type::Raw)];
            let Some(given) = self.arguments(number.at, name, args, &wants, &[]) else {
                return;
            };
            let mut entries: Vec<(Key, Said)> = context_said.into_iter().collect();
            for ((key, _), value) in wants.iter().zip(given.iter().flatten()) {
                let at = value.place.at;
                if let Some(text) = self.text_of(value) {
                    entries.push((self.key(key, at), self.said_text(at, text)));
                }
            }
            if let Some(actions) = actions
                && !actions.stmts.is_empty()
            {
                self.tell(
                    self.error("D502", actions.at, "who sends a text does nothing else")
                        .label("nothing of this can happen"),
                );
            }
            let key = self.key("message", word);
            trial
                .messages
                .push((key, self.said(at, SaidKind::Map(entries))));
            return;
        }
        let exten = match &*number.kind {
            T::Int(digits) => Some(digits.to_string()),
            T::Name(name) if super::world::event(&name.text).is_some() => {
                super::world::event(&name.text).map(str::to_owned)
            }
            T::Pattern(pattern) => {
                self.tell(
                    self.error("D502", pattern.at, "a number is called, not a pattern")
                        .help("write one that the pattern takes: call 1001"),
                );
                return;
            }
            _ => self.known(number, &Type::Str),
        };
        let Some(exten) = exten else { return };
        let mut call = vec![(
            self.key("dial", number.at),
            self.said_text(number.at, exten),
        )];
        call.extend(context_said);
        if let Some(who) = self.caller(trial, from) {
            call.push(who);
        }
        let mut acts = Vec::new();
        for stmt in actions.iter().flat_map(|b| &b.stmts) {
            let tree::StmtKind::Expr(e) = &stmt.kind else {
                self.tell(
                    self.error("D501", stmt.at, "this is nothing that a caller does")
                        .help("a caller does one thing after the other: press(\"1\"), hangup()"),
                );
                continue;
            };
            match self.of_caller(e) {
                Some(Some(entry)) => self.add(&mut call, entry),
                Some(None) => {}
                None => acts.extend(self.act(e, true)),
            }
        }
        if let (Some(first), Some(block)) = (acts.first(), actions) {
            let span = first.span;
            let key = self.key("does", block.at);
            let kind = SaidKind::List(acts);
            call.push((key, Said { span, kind }));
        }
        trial.calls.push((self.key("call", word), call));
    }

    /// What is said of a caller as a whole: `None` if it is something else, `Some(None)` if it was wrong.
    fn of_caller(&mut self, e: &tree::Expr) -> Option<Option<(Key, Said)>> {
        let T::Call { callee, args } = &*e.kind else {
            return None;
        };
        let T::Name(name) = &*callee.kind else {
            return None;
        };
        let (word, key) = OF_CALLERS.iter().find(|(word, _)| *word == &*name.text)?;
        let key = self.key(key, name.at);
        let optional = [("after", Type::Duration), ("at_effect", Type::Int)];
        let given = match *word {
            "keys" => self.arguments(e.at, name, args, &[("keys", Type::Str)], &[]),
            "begins" => self.arguments(e.at, name, args, &[], &optional[..1]),
            _ => self.arguments(e.at, name, args, &[], &optional),
        };
        let Some(given) = given else {
            return Some(None);
        };
        let texts: Vec<Option<String>> = given
            .iter()
            .map(|v| v.as_ref().and_then(|v| self.text_of(v)))
            .collect();
        let said = match (*word, texts.as_slice()) {
            ("keys", [Some(keys)]) => self.said_text(e.at, keys.as_str()),
            (_, [Some(seconds)] | [Some(seconds), None]) => {
                self.said_text(e.at, format!("{seconds}s"))
            }
            (_, [None, Some(effect)]) => {
                let inner = (
                    self.key("at effect", e.at),
                    self.said_text(e.at, effect.as_str()),
                );
                self.said(e.at, SaidKind::Map(vec![inner]))
            }
            _ => {
                let help = match *word {
                    "begins" => "begins(after: 5s)",
                    "keys" => "keys(\"12\")",
                    _ => "hangs_up(after: 5s), or hangs_up(at_effect: 2)",
                };
                self.tell(
                    self.error("D403", e.at, format!("`{word}` says one thing"))
                        .help(help),
                );
                return Some(None);
            }
        };
        Some(Some((key, said)))
    }

    /// Who calls: `from`, and what `given caller` says.
    fn caller(&mut self, trial: &Trial<'a>, from: Option<&tree::Expr>) -> Option<(Key, Said)> {
        let name = trial.caller_name.as_ref();
        let number = trial.caller_number.as_ref();
        let Some(from) = from else {
            let number = number.map_or("", String::as_str);
            if name.is_none() && number.is_empty() {
                return None;
            }
            let text = match name {
                Some(name) => format!("\"{name}\" <{number}>"),
                None => number.to_owned(),
            };
            // Said by `given`, whose place is another test item.
            let at = At::default();
            return Some((self.key("from", at), self.said_text(at, text)));
        };
        let made = self.constant_expr(from, None);
        if made.ty == Type::Wrong {
            return None;
        }
        let text = match made.ty {
            Type::Endpoint | Type::Str | Type::Digits => self.text_of(&made),
            Type::Int => {
                self.fit(made, &Type::Str);
                return None;
            }
            _ => None,
        };
        let Some(text) = text else {
            self.not_constant(from.at, "who calls");
            return None;
        };
        let text = match name {
            Some(name) if !text.contains(['<', '/']) => format!("\"{name}\" <{text}>"),
            _ => text,
        };
        Some((self.key("from", from.at), self.said_text(from.at, text)))
    }
}

/// Whether an expression is this name.
fn is_name(e: &tree::Expr, name: &str) -> bool {
    matches!(&*e.kind, T::Name(n) if &*n.text == name)
}

/// What a test can be given, for who is lost.
const GIVEN: &str = "a test is given phones (`pjsip(\"61\") = busy()`), `now`, `caller.name`, `db(\"family/key\")`, `sound(\"x\")`, `mailboxes`, and variables of the plan";

/// What a Dial comes to, and the phone that brings it about.
const OUTCOMES: [(&str, &str); 6] = [
    ("Answered", "answers"),
    ("Busy", "busy"),
    ("NoAnswer", "never_answers"),
    ("Congestion", "congested"),
    ("Unavailable", "unavailable"),
    ("Declined", "declines"),
];

/// Words whose outcome the phones decide.
const DIALLING: [&str; 2] = ["dial", "dial_and_return"];

/// What is given by name, and the key of a test file that holds it.
const NAMED: [(&str, &str); 6] = [
    ("db", "database"),
    ("sound", "sounds"),
    ("function", "functions"),
    ("environment", "environment"),
    ("channel", "variables"),
    ("globals", "globals"),
];
