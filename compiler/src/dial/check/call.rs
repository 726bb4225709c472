//! Calls: of subs and functions, of words, and of what the language itself brings.

use strowger_dial::tree::{self, Arg, At, Name};
use strowger_stdlib::words;

use super::expr::Use;
use super::{BodyKind, Checker, Item, constant_text, world};
use crate::dial::elsewhere;
use crate::dial::notes::Fact;
use crate::dial::typed::{Expr, ExprKind, TextPart};
use crate::dial::types::Type;

/// `1 value`, `2 values`.
pub(super) fn values(n: usize) -> String {
    match n {
        0 => "nothing".to_owned(),
        1 => "one value".to_owned(),
        n => format!("{n} values"),
    }
}

/// Names of a long list, as many as can be read at a glance.
pub(super) fn some(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        e: &tree::Expr,
        callee: &tree::Expr,
        args: &[Arg],
        how: &Use,
    ) -> Expr {
        let want = match how {
            Use::Value(want) => want.as_ref(),
            Use::Nothing { .. } => None,
        };
        match &*callee.kind {
            tree::ExprKind::Name(name) if &*name.text == "bare" => {
                self.bare_call(e.at, name, args, want)
            }
            tree::ExprKind::Name(name) => self.call_name(e.at, name, args),
            tree::ExprKind::Case(name) => {
                let known = name.text.as_ref() == "Some"
                    || self.visible_enums().iter().any(|id| {
                        self.enums()
                            .get(*id)
                            .cases
                            .iter()
                            .any(|c| c.name == *name.text)
                    });
                if !known && self.asterisk_name(name, true) {
                    return self.wrong(e.at);
                }
                self.case(name, Some(args), want)
            }
            tree::ExprKind::Field { of, name } => self.call_field(e.at, of, name, args),
            _ => {
                self.tell(self.error("D402", callee.at, "this cannot be called"));
                self.wrong(e.at)
            }
        }
    }

    /// `a |> f(b)` is `f(a, b)`.
    pub(super) fn pipe(
        &mut self,
        e: &tree::Expr,
        left: &tree::Expr,
        right: &tree::Expr,
        how: &Use,
    ) -> Expr {
        let first = Arg {
            name: None,
            value: left.clone(),
        };
        match &*right.kind {
            tree::ExprKind::Call { callee, args } => {
                let args: Vec<Arg> = std::iter::once(first).chain(args.iter().cloned()).collect();
                self.call(e, callee, &args, how)
            }
            tree::ExprKind::Name(_) | tree::ExprKind::Field { .. } => {
                self.call(e, right, &[first], how)
            }
            _ => {
                self.tell(
                    self.error("D405", right.at, "behind `|>` stands a call")
                        .help("`x |> f(y)` is `f(x, y)`"),
                );
                self.wrong(e.at)
            }
        }
    }

    /// Tells that a name is one of Asterisk's; false if it is not.
    pub(super) fn asterisk_name(&mut self, name: &Name, application_first: bool) -> bool {
        let bytes = name.text.as_bytes();
        let application = strowger_stdlib::signatures::application(bytes);
        let function =
            strowger_stdlib::signatures::function(name.text.to_ascii_uppercase().as_bytes());
        let Some(signature) = application.or(function) else {
            return false;
        };
        let is_application = application.is_some();
        if !is_application && !application_first && *name.text != *signature.name {
            return false;
        }
        let word = words::all().iter().find(|w| w.calls == signature.name);
        let kind = if is_application {
            "an application"
        } else {
            "a function"
        };
        let mut found = self
            .error(
                "D201",
                name.at,
                format!(
                    "`{}` is {kind} of Asterisk, and has another name here",
                    signature.name
                ),
            )
            .label(match word {
                Some(word) => format!("here it is `{}`", word.name),
                None => "an unknown name".to_owned(),
            });
        if let Some(form) = elsewhere::form(signature.name) {
            found = found
                .label("it is written otherwise")
                .help(format!("here: {form}"));
        } else if let Some(word) = word {
            if let Some(example) = elsewhere::example(signature.name) {
                found = found.help(format!("for example: {example}"));
            }
            found = found.fix(
                format!("write `{}`", word.name),
                self.span(name.at),
                word.name,
                false,
            );
        } else if is_application {
            found = found.help(format!(
                "it has no word of its own: app(\"{}\", '...')",
                signature.name
            ));
        } else {
            found = found.help(format!(
                "it has no word of its own: asterisk('${{{}(...)}}')",
                signature.name
            ));
        }
        self.tell(found);
        true
    }

    pub(super) fn call_name(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        if let Some(Item::Sub(sub)) = self.names[self.unit].get(&*name.text).copied() {
            self.note_item(name, self.unit);
            return self.call_sub(at, sub, args);
        }
        match &*name.text {
            "pjsip" | "sip" | "iax2" | "local" | "device" | "trunk" | "mailbox" | "prompt"
            | "service" | "uri" | "sip_uri" | "hours" => return self.constructor(at, name, args),
            "digits" => {
                return match self.arguments(at, name, args, &[("text", Type::Raw)], &[]) {
                    Some(mut given) => {
                        let ty = Type::Option(Box::new(Type::Digits));
                        let of = given.remove(0);
                        match of {
                            Some(of) => self.made(at, ty, ExprKind::Digits(of)),
                            None => self.wrong(at),
                        }
                    }
                    None => self.wrong(at),
                };
            }
            "keep" => return self.keep(at, name, args),
            "apart" => return self.apart(at, name, args),
            "choose" => return self.choose(at, name, args),
            "join" => return self.join_texts(at, name, args),
            "int" => return self.int(at, name, args),
            checked if checked.starts_with("checked_") => {
                let mut all = super::checked::NAMES.into_iter();
                if let Some((_, op)) = all.find(|(name, _)| *name == checked) {
                    return self.checked(at, name, args, op);
                }
            }
            "unchecked" => return self.unchecked(at, name, args),
            "app" => return self.app(at, name, args),
            "asterisk" => {
                return match self.asterisk_text(at, name, args) {
                    Some(text) if !self.pure_only(at, "`asterisk`") => {
                        self.asterisk(at, Type::Raw, text)
                    }
                    _ => self.wrong(at),
                };
            }
            "channel" => {
                if let Some(parts) = self.computed_name(args) {
                    return self.made(at, Type::Raw, ExprKind::Text(parts));
                }
                return match self.variable_name(at, name, args) {
                    Some(variable) if !self.pure_only(at, "`channel`") => {
                        let ty = match world::is_status(&variable) {
                            true => Type::Str,
                            false => Type::Raw,
                        };
                        self.asterisk(at, ty, format!("${{{variable}}}"))
                    }
                    _ => self.wrong(at),
                };
            }
            _ => {}
        }
        if let Some(word) = words::named(&name.text) {
            return self.call_word(at, name, word, args);
        }
        match self.names[self.unit].get(&*name.text).copied() {
            Some(item) => {
                let what = match item {
                    Item::Context(_) => "a context: `goto` leads there",
                    Item::Const(_) | Item::Variable(_) => "a value",
                    _ => "no function",
                };
                self.tell(self.error("D402", name.at, format!("`{}` is {what}", name.text)));
            }
            None if self.lookup(&name.text).is_some() => {
                self.tell(self.error("D402", name.at, format!("`{}` is a value", name.text)));
            }
            None if self.asterisk_name(name, false) => {}
            None => self.unknown(name, "function or sub"),
        }
        // What is in the arguments is looked at all the same.
        for arg in args {
            self.expr(&arg.value, None);
        }
        self.wrong(at)
    }

    pub(super) fn call_field(
        &mut self,
        at: At,
        of: &tree::Expr,
        name: &Name,
        args: &[Arg],
    ) -> Expr {
        if let tree::ExprKind::Name(first) = &*of.kind {
            if &*first.text == "peers" && &*name.text == "find" {
                return self.find_peer(at, name, args);
            }
            let dotted = format!("{}.{}", first.text, name.text);
            if let Some(word) = words::named(&dotted) {
                return self.call_word(at, name, word, args);
            }
            if let Some(Item::Unit(other)) = self.names[self.unit].get(&*first.text).copied() {
                self.note_item(first, self.unit);
                self.note_item(name, other);
                if let Some(Item::Sub(sub)) = self.names[other].get(&*name.text).copied() {
                    return self.call_sub(at, sub, args);
                }
                let like = self.like(&name.text, self.names[other].keys().copied());
                let mut found = self.error(
                    "D201",
                    name.at,
                    format!("`{}` has no function or sub `{}`", first.text, name.text),
                );
                if let Some(like) = like {
                    found = found.help(format!("did you mean `{like}`?"));
                }
                self.tell(found);
                return self.wrong(at);
            }
        }
        let value = self.expr(of, None);
        match (&value.ty, &*name.text) {
            (Type::Trunk, "to") => {
                let Some(given) = self.arguments(at, name, args, &[("number", Type::Str)], &[])
                else {
                    return self.wrong(at);
                };
                let (Some(trunk), Some(Some(number))) =
                    (constant_text(&value), given.into_iter().next())
                else {
                    return self.wrong(at);
                };
                let (tech, peer) = trunk.split_once('/').unwrap_or(("PJSIP", &trunk));
                let parts = match tech {
                    "PJSIP" | "SIP" => vec![
                        TextPart::Plain(format!("{tech}/")),
                        TextPart::Value(number),
                        TextPart::Plain(format!("@{peer}")),
                    ],
                    _ => vec![
                        TextPart::Plain(format!("{tech}/{peer}/")),
                        TextPart::Value(number),
                    ],
                };
                self.made(at, Type::Endpoint, ExprKind::Text(parts))
            }
            (Type::Time, "format") => {
                let given = self.arguments(
                    at,
                    name,
                    args,
                    &[("format", Type::Str)],
                    &[("zone", Type::Str)],
                );
                let Some(mut given) = given else {
                    return self.wrong(at);
                };
                let zone = given.pop().flatten();
                let zone = match zone.as_ref().map(constant_text) {
                    Some(Some(zone)) => zone,
                    Some(None) => {
                        self.not_constant(at, "a zone");
                        return self.wrong(at);
                    }
                    None => String::new(),
                };
                let format = given.pop().flatten().and_then(|f| constant_text(&f));
                match format {
                    Some(format) if !format.contains(['$', '{', '}']) => {
                        let parts = vec![
                            TextPart::Asterisk("${STRFTIME(".to_owned()),
                            TextPart::Value(value),
                            TextPart::Asterisk(format!(",{zone},{format})}}")),
                        ];
                        self.made(at, Type::Str, ExprKind::Text(parts))
                    }
                    _ => {
                        self.not_constant(at, "how a time is written");
                        self.wrong(at)
                    }
                }
            }
            (Type::Wrong, _) => self.wrong(at),
            (ty, method) => {
                let shown = self.show(ty);
                self.tell(self.error("D206", name.at, format!("{shown} has no `{method}(...)`")));
                self.wrong(at)
            }
        }
    }

    /// `a.b`.
    pub(super) fn field(&mut self, of: &tree::Expr, name: &Name, at: At) -> Expr {
        if let tree::ExprKind::Name(first) = &*of.kind
            && self.lookup(&first.text).is_none()
        {
            if world::is_object(&first.text) {
                return self.call_field_of(first, name, at);
            }
            if let Some(Item::Unit(other)) = self.names[self.unit].get(&*first.text).copied() {
                self.note_item(first, self.unit);
                self.note_item(name, other);
                return match self.names[other].get(&*name.text).copied() {
                    Some(item) => {
                        let whole = Name {
                            text: name.text.clone(),
                            at,
                        };
                        self.item_value(&whole, item)
                    }
                    None => {
                        self.tell(self.error(
                            "D201",
                            name.at,
                            format!("`{}` has no `{}`", first.text, name.text),
                        ));
                        self.wrong(at)
                    }
                };
            }
        }
        let value = self.expr(of, None);
        match (&value.ty, &*name.text) {
            (Type::Uri, "text") => Expr {
                ty: Type::Raw,
                ..value
            },
            (Type::Uri, part @ ("user" | "host")) => {
                let parts = vec![
                    TextPart::Asterisk("${PJSIP_PARSE_URI(".to_owned()),
                    TextPart::Value(value),
                    TextPart::Asterisk(format!(",{part})}}")),
                ];
                self.made(at, Type::Raw, ExprKind::Text(parts))
            }
            (Type::Wrong, _) => self.wrong(at),
            (ty, field) => {
                let shown = self.show(ty);
                let mut found = self.error("D206", name.at, format!("{shown} has no `{field}`"));
                let word = elsewhere::meant(field)
                    .and_then(|m| m.write)
                    .unwrap_or(field);
                if words::named(word).is_some_and(|w| !w.params.is_empty()) {
                    found = found.help(format!("here it is called: {word}(x)"));
                }
                if matches!(ty, Type::Uri) {
                    found = found.help("an address has `user`, `host` and `text`");
                }
                self.tell(found);
                self.wrong(at)
            }
        }
    }

    /// Arguments by place and by name; those of `optional` may be missing and are given by name.
    pub(super) fn arguments(
        &mut self,
        at: At,
        called: &Name,
        args: &[Arg],
        needed: &[(&str, Type)],
        optional: &[(&str, Type)],
    ) -> Option<Vec<Option<Expr>>> {
        let total = needed.len() + optional.len();
        let mut given: Vec<Option<Expr>> = vec![None; total];
        let mut next = 0;
        let mut sound = true;
        for arg in args {
            let index = match &arg.name {
                Some(name) => {
                    let all = needed.iter().chain(optional);
                    let found = all.clone().position(|(n, _)| **n == *name.text);
                    if found.is_none() {
                        let names: Vec<&str> = all.map(|(n, _)| *n).collect();
                        self.no_parameter(called, name, &names);
                        sound = false;
                    }
                    found
                }
                None if next < needed.len() => {
                    next += 1;
                    Some(next - 1)
                }
                None => {
                    let message = format!("`{}` takes {}", called.text, values(needed.len()));
                    self.tell(
                        self.error("D403", arg.value.at, message)
                            .label("one too many"),
                    );
                    sound = false;
                    None
                }
            };
            let ty = index.map(|i| match needed.get(i) {
                Some((_, ty)) => ty,
                None => &optional[i - needed.len()].1,
            });
            let value = match ty {
                Some(ty) => self.wanted(&arg.value, ty),
                None => self.expr(&arg.value, None),
            };
            sound &= value.ty != Type::Wrong;
            if let Some(index) = index
                && given[index].replace(value).is_some()
            {
                self.tell(self.error("D403", arg.value.at, "this argument is given twice"));
                sound = false;
            }
        }
        for (i, (name, _)) in needed.iter().enumerate() {
            if given[i].is_none() && sound {
                self.tell(
                    self.error("D403", at, format!("`{}` needs `{name}`", called.text))
                        .label("it is not given"),
                );
                sound = false;
            }
        }
        sound.then_some(given)
    }

    pub(super) fn no_parameter(&mut self, called: &Name, name: &Name, names: &[&str]) {
        let mut found = self
            .error(
                "D211",
                name.at,
                format!("`{}` has no `{}:`", called.text, name.text),
            )
            .label("an unknown name");
        let value = &*name.text == "exten" || self.lookup(&name.text).is_some();
        found = match self.like(&name.text, names.iter().copied()) {
            _ if value => found.help(format!(
                "a part of a text is written {0}[1..], or {0}[0..3]",
                name.text
            )),
            Some(like) => found.label(format!("did you mean `{like}:`?")).fix(
                format!("write `{like}`"),
                self.span(name.at),
                like,
                false,
            ),
            None if names.is_empty() => found,
            None => found.help(format!("it has: {}", some(names))),
        };
        self.tell(found);
    }

    pub(super) fn call_sub(&mut self, at: At, sub: usize, args: &[Arg]) -> Expr {
        let signature = &self.subs[sub];
        let (pure, result, params) = (
            signature.pure,
            signature.result.clone(),
            signature.params.clone(),
        );
        let called = signature.decl.name.clone();
        if !pure && self.pure_only(at, &format!("the sub `{}`", called.text)) {
            return self.wrong(at);
        }
        if pure && self.body.kind == BodyKind::Constant {
            self.not_constant(at, "this");
            return self.wrong(at);
        }
        let needed: Vec<(&str, Type)> = params
            .iter()
            .map(|(n, t)| (n.as_str(), t.clone()))
            .collect();
        // Parameters of a sub may be given by name, too.
        let (unit, decl) = (self.subs[sub].unit, self.subs[sub].decl);
        for name in args.iter().filter_map(|a| a.name.as_ref()) {
            if let Some(param) = decl.params.iter().find(|p| p.name.text == name.text) {
                let at = crate::dial::span(self.units[unit].file, param.name.at);
                self.note(name.at, |_| Fact::Used(at));
            }
        }
        match self.arguments(at, &called, args, &needed, &[]) {
            Some(given) => {
                let args = given.into_iter().flatten().collect();
                self.made(at, result, ExprKind::Sub(sub, args))
            }
            None => Expr {
                // What it gives is known all the same.
                ty: match result {
                    Type::Never => Type::Never,
                    _ => Type::Wrong,
                },
                ..self.wrong(at)
            },
        }
    }
}
