//! Calls: of subs and functions, of words, and of what the language itself brings.

use strowger_dial::tree::{self, Arg, At, Name};
use strowger_stdlib::signatures::Served;
use strowger_stdlib::words::{self, Kind, Word};
use strowger_stdlib::words::{Given, Misfit, layout};

use super::expr::Use;
use super::{BodyKind, Checker, Item, constant_text, world};
use crate::dial::hours;
use crate::dial::numbers;
use crate::dial::typed::{Block, Expr, ExprKind, Stmt, StmtKind, TextPart};
use crate::dial::types::Type;

/// Most arguments of one call that decide by their value which options are written.
const OPEN: usize = 3;

/// `1 value`, `2 values`.
pub(super) fn values(n: usize) -> String {
    match n {
        0 => "nothing".to_owned(),
        1 => "one value".to_owned(),
        n => format!("{n} values"),
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
    fn asterisk_name(&mut self, name: &Name, application_first: bool) -> bool {
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
            .label("an unknown name");
        if let Some(instead) = language_form(signature.name) {
            found = found.help(format!("here: {instead}"));
        } else if let Some(word) = word {
            found = found.help(format!("here it is `{}`", word.name)).fix(
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

    fn call_name(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        if let Some(Item::Sub(sub)) = self.names[self.unit].get(&*name.text).copied() {
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
            "int" => return self.int(at, name, args),
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
                return match self.variable_name(at, name, args) {
                    Some(variable) if !self.pure_only(at, "`channel`") => {
                        self.asterisk(at, Type::Raw, format!("${{{variable}}}"))
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

    fn call_field(&mut self, at: At, of: &tree::Expr, name: &Name, args: &[Arg]) -> Expr {
        if let tree::ExprKind::Name(first) = &*of.kind {
            if &*first.text == "peers" && &*name.text == "find" {
                return self.find_peer(at, name, args);
            }
            let dotted = format!("{}.{}", first.text, name.text);
            if let Some(word) = words::named(&dotted) {
                return self.call_word(at, name, word, args);
            }
            if let Some(Item::Unit(other)) = self.names[self.unit].get(&*first.text).copied() {
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
                if matches!(ty, Type::Uri) {
                    found = found.help("an address has `user`, `host` and `text`");
                }
                self.tell(found);
                self.wrong(at)
            }
        }
    }

    /// `caller.name`, `channel.language`.
    fn call_field_of(&mut self, object: &Name, name: &Name, at: At) -> Expr {
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
                    found = found.help(format!("did you mean `{like}`?")).fix(
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

    /// Arguments by place and by name; those of `optional` may be missing and are given by name.
    fn arguments(
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

    fn no_parameter(&mut self, called: &Name, name: &Name, names: &[&str]) {
        let mut found = self
            .error(
                "D211",
                name.at,
                format!("`{}` has no `{}:`", called.text, name.text),
            )
            .label("an unknown name");
        found = match self.like(&name.text, names.iter().copied()) {
            Some(like) => found.help(format!("did you mean `{like}:`?")).fix(
                format!("write `{like}`"),
                self.span(name.at),
                like,
                false,
            ),
            None if names.is_empty() => found,
            None => found.help(format!("it has: {}", names.join(", "))),
        };
        self.tell(found);
    }

    fn call_sub(&mut self, at: At, sub: usize, args: &[Arg]) -> Expr {
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

    pub(super) fn call_word(
        &mut self,
        at: At,
        called: &Name,
        word: &'static Word,
        args: &[Arg],
    ) -> Expr {
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
                        if !names.is_empty() {
                            found = found.help(format!("by name: {}", names.join(", ")));
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
    fn laid_out(
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
                    arms.push(crate::dial::typed::Arm {
                        tests: vec![crate::dial::typed::Test::Case(id, case, Vec::new())],
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

    fn constructor(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let text = |n: &'static str| (n, Type::Str);
        match &*name.text {
            "pjsip" | "sip" => {
                // A device that was looked up is one already.
                if let [Arg { name: None, value }] = args {
                    let looked = self.expr(value, Some(&Type::Str));
                    if looked.ty == Type::Endpoint {
                        return looked;
                    }
                    let fitted = self.fit_device(looked, &Type::Str);
                    return self.device(at, &name.text.to_ascii_uppercase(), fitted, None);
                }
                let given = self.arguments(at, name, args, &[text("name")], &[("at", Type::Host)]);
                match given.as_deref() {
                    Some([Some(user), host]) => {
                        let tech = name.text.to_ascii_uppercase();
                        self.device(at, &tech, user.clone(), host.clone())
                    }
                    _ => self.wrong(at),
                }
            }
            "iax2" => {
                let given = self.arguments(
                    at,
                    name,
                    args,
                    &[text("name")],
                    &[text("exten"), text("context")],
                );
                let Some([Some(peer), exten, context]) = given.as_deref() else {
                    return self.wrong(at);
                };
                let mut parts = vec![
                    TextPart::Plain("IAX2/".to_owned()),
                    TextPart::Value(peer.clone()),
                ];
                if let Some(exten) = exten {
                    parts.push(TextPart::Plain("/".to_owned()));
                    parts.push(TextPart::Value(exten.clone()));
                }
                if let Some(context) = context {
                    parts.push(TextPart::Plain("@".to_owned()));
                    parts.push(TextPart::Value(context.clone()));
                }
                self.made(at, Type::Endpoint, ExprKind::Text(parts))
            }
            "local" => {
                let given = self.arguments(
                    at,
                    name,
                    args,
                    &[text("exten"), text("context")],
                    &[text("options")],
                );
                let Some([Some(exten), Some(context), options]) = given.as_deref() else {
                    return self.wrong(at);
                };
                let mut parts = vec![
                    TextPart::Plain("Local/".to_owned()),
                    TextPart::Value(exten.clone()),
                    TextPart::Plain("@".to_owned()),
                    TextPart::Value(context.clone()),
                ];
                if let Some(options) = options {
                    parts.push(TextPart::Plain("/".to_owned()));
                    parts.push(TextPart::Value(options.clone()));
                }
                self.made(at, Type::Endpoint, ExprKind::Text(parts))
            }
            "device" => self.one_text(at, name, args, Type::Str, Type::Endpoint),
            "prompt" => self.one_text(at, name, args, Type::Prompt, Type::Prompt),
            "service" => self.one_text(at, name, args, Type::Str, Type::Uri),
            "uri" => self.one_text(at, name, args, Type::Raw, Type::Uri),
            "sip_uri" => {
                let user = self.one_text(at, name, args, Type::Raw, Type::Uri);
                if user.ty == Type::Wrong {
                    return user;
                }
                let parts = vec![TextPart::Plain("sip:".to_owned()), TextPart::Value(user)];
                self.made(at, Type::Uri, ExprKind::Text(parts))
            }
            "mailbox" => {
                let given = self.arguments(
                    at,
                    name,
                    args,
                    &[("number", Type::Mailbox)],
                    &[("context", Type::Str)],
                );
                match given.as_deref() {
                    Some([Some(number), None]) => number.clone(),
                    Some([Some(number), Some(context)]) => {
                        let parts = vec![
                            TextPart::Value(number.clone()),
                            TextPart::Plain("@".to_owned()),
                            TextPart::Value(context.clone()),
                        ];
                        self.made(at, Type::Mailbox, ExprKind::Text(parts))
                    }
                    _ => self.wrong(at),
                }
            }
            "trunk" => {
                let given = self.arguments(at, name, args, &[text("name")], &[text("via")]);
                let Some([Some(peer), via]) = given.as_deref() else {
                    return self.wrong(at);
                };
                let via = via.as_ref().map_or(Some("PJSIP".to_owned()), constant_text);
                match (constant_text(peer), via) {
                    (Some(peer), Some(via)) => self.plain(at, Type::Trunk, format!("{via}/{peer}")),
                    _ => {
                        self.not_constant(at, "a trunk");
                        self.wrong(at)
                    }
                }
            }
            _ => self.hours(at, name, args),
        }
    }

    /// Text of which a device's name is made.
    fn fit_device(&mut self, e: Expr, want: &Type) -> Expr {
        if matches!(e.ty, Type::Raw | Type::Uri) {
            self.tainted(&e, &Type::Endpoint);
            let at = e.place.at;
            return self.wrong(at);
        }
        self.fit(e, want)
    }

    fn device(&mut self, at: At, tech: &str, user: Expr, host: Option<Expr>) -> Expr {
        if user.ty == Type::Wrong {
            return user;
        }
        if let Some(text) = constant_text(&user)
            && let Some(bad) = text.chars().find(|c| "&,|()".contains(*c))
        {
            self.tell(
                self.error(
                    "D410",
                    user.place.at,
                    format!("no device has {bad:?} in its name"),
                )
                .help("several devices are a list: [pjsip(\"61\"), pjsip(\"62\")]"),
            );
            return self.wrong(at);
        }
        let mut parts = vec![TextPart::Plain(format!("{tech}/")), TextPart::Value(user)];
        if let Some(host) = host {
            parts.push(TextPart::Plain("@".to_owned()));
            parts.push(TextPart::Value(host));
        }
        self.made(at, Type::Endpoint, ExprKind::Text(parts))
    }

    /// A call with one text, which is the value in another type.
    fn one_text(&mut self, at: At, name: &Name, args: &[Arg], takes: Type, gives: Type) -> Expr {
        match self.arguments(at, name, args, &[("text", takes)], &[]) {
            Some(given) => match given.into_iter().next().flatten() {
                Some(text) => Expr {
                    ty: gives,
                    place: self.place(at),
                    ..text
                },
                None => self.wrong(at),
            },
            None => self.wrong(at),
        }
    }

    fn hours(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let given = self.arguments(
            at,
            name,
            args,
            &[("hours", Type::Str)],
            &[("zone", Type::Str)],
        );
        let Some([Some(text), zone]) = given.as_deref() else {
            return self.wrong(at);
        };
        let zone = zone.as_ref().map(constant_text);
        let (Some(text), None | Some(Some(_))) = (constant_text(text), &zone) else {
            self.not_constant(at, "hours");
            return self.wrong(at);
        };
        match hours::read(&text, zone.flatten().as_deref()) {
            Ok(times) => {
                let items = times
                    .into_iter()
                    .map(|t| self.plain(at, Type::Str, t))
                    .collect();
                self.made(at, Type::Hours, ExprKind::List(items))
            }
            Err(trouble) => {
                let message = match trouble {
                    hours::Trouble::Empty => "nothing stands between two commas".to_owned(),
                    hours::Trouble::Word(word) => format!("`{word}` is no time, day or date"),
                    hours::Trouble::Twice(word) => {
                        format!("`{word}` is a second one of its kind; parts are parted by commas")
                    }
                };
                let at = args.first().map_or(at, |a| a.value.at);
                self.tell(
                    self.error("D409", at, message).help(
                        "hours are written \"mon-fri 09:00-17:30, sat 10:00-12:00, 24-26 dec\"",
                    ),
                );
                self.wrong(at)
            }
        }
    }

    fn keep(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let given = self.arguments(
            at,
            name,
            args,
            &[("text", Type::Raw), ("characters", Type::Str)],
            &[],
        );
        let Some([Some(of), Some(characters)]) = given.as_deref() else {
            return self.wrong(at);
        };
        match constant_text(characters) {
            Some(kept)
                if !kept.is_empty()
                    && !kept.contains([',', '$', '{', '}', '"', '\\', '(', ')']) =>
            {
                let plain = kept.bytes().all(|b| numbers::is_digit(b) || b == b'-')
                    && !kept.contains("A-Z");
                let digits = plain && spans(&kept).all(numbers::is_digit);
                let ty = if digits { Type::Digits } else { Type::Str };
                self.made(at, ty, ExprKind::Keep(of.clone(), kept))
            }
            _ => {
                self.tell(
                    self.error("D315", characters.place.at, "which characters are kept is a plain text")
                        .help("for example \"0-9a-zA-Z\"; quotes, commas, brackets and `$` cannot be kept"),
                );
                self.wrong(at)
            }
        }
    }

    /// `int(x)`: Option(Int).
    fn int(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let Some(given) = self.arguments(at, name, args, &[("text", Type::Raw)], &[]) else {
            return self.wrong(at);
        };
        let Some(text) = given.into_iter().next().flatten() else {
            return self.wrong(at);
        };
        let local = self.hidden("number", Type::Raw);
        let read = self.made(at, Type::Raw, ExprKind::Local(local));
        let is = self.made(
            at,
            Type::Bool,
            ExprKind::InPattern(read, "^-?[0-9]{1,18}$".to_owned()),
        );
        let ty = Type::Option(Box::new(Type::Int));
        let read = self.made(at, Type::Int, ExprKind::Local(local));
        let just = self.made(at, ty.clone(), ExprKind::Just(read));
        let nothing = self.made(at, ty.clone(), ExprKind::Nothing);
        self.with_local(at, ty, local, text, is, just, nothing)
    }

    /// `{ local = value; if condition { yes } else { no } }`.
    #[expect(clippy::too_many_arguments)] // one shape, used twice
    fn with_local(
        &self,
        at: At,
        ty: Type,
        local: crate::dial::typed::LocalId,
        value: Expr,
        condition: Expr,
        yes: Expr,
        no: Expr,
    ) -> Expr {
        let block = |e: Expr| Block {
            stmts: Vec::new(),
            value: Some(e),
            ends: true,
        };
        let chosen = self.made(
            at,
            ty.clone(),
            ExprKind::If(condition, block(yes), Some(block(no))),
        );
        let set = Stmt {
            place: self.place(at),
            kind: StmtKind::Set(local, value),
        };
        self.made(
            at,
            ty,
            ExprKind::Block(Block {
                stmts: vec![set],
                value: Some(chosen),
                ends: true,
            }),
        )
    }

    /// `peers.find(x)`: a device of pjsip.conf, by its name. It is looked up, not built.
    fn find_peer(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        if self.pure_only(at, "`peers.find`") {
            return self.wrong(at);
        }
        let Some(given) = self.arguments(at, name, args, &[("name", Type::Raw)], &[]) else {
            return self.wrong(at);
        };
        let Some(text) = given.into_iter().next().flatten() else {
            return self.wrong(at);
        };
        let local = self.hidden("peer", Type::Raw);
        // What an endpoint's name can be, and nothing that an argument list or a dial string would obey.
        let named = self.made(
            at,
            Type::Bool,
            ExprKind::InPattern(
                self.made(at, Type::Raw, ExprKind::Local(local)),
                "^[0-9A-Za-z_.+*#-]+$".to_owned(),
            ),
        );
        let aors = self.made(
            at,
            Type::Option(Box::new(Type::Str)),
            ExprKind::Text(vec![
                TextPart::Asterisk("${PJSIP_ENDPOINT(".to_owned()),
                TextPart::Value(self.made(at, Type::Raw, ExprKind::Local(local))),
                TextPart::Asterisk(",aors)}".to_owned()),
            ]),
        );
        let known = self.made(at, Type::Bool, ExprKind::IsSome(aors));
        let both = self.made(at, Type::Bool, ExprKind::Both(named, known));
        let device = self.made(
            at,
            Type::Endpoint,
            ExprKind::Text(vec![
                TextPart::Plain("PJSIP/".to_owned()),
                TextPart::Value(self.made(at, Type::Str, ExprKind::Local(local))),
            ]),
        );
        let ty = Type::Option(Box::new(Type::Endpoint));
        let just = self.made(at, ty.clone(), ExprKind::Just(device));
        let nothing = self.made(at, ty.clone(), ExprKind::Nothing);
        self.with_local(at, ty, local, text, both, just, nothing)
    }

    fn unchecked(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        let made = self.one_text(at, name, args, Type::Raw, Type::Str);
        if made.ty != Type::Wrong && !self.around.unchecked {
            self.tell(
                self.error("D406", at, "text from outside is used unlooked at")
                    .label("`unchecked` takes away what protects against callers")
                    .help("`digits(x)`, `keep(x, \"0-9a-z\")` or `peers.find(x)` make safe what comes from outside"),
            );
        }
        made
    }

    fn app(&mut self, at: At, name: &Name, args: &[Arg]) -> Expr {
        if self.pure_only(at, "`app`") {
            return self.wrong(at);
        }
        let (Some(first), rest) = (args.first(), args.get(1)) else {
            self.tell(self.error("D403", at, "`app` needs the name of an application"));
            return self.wrong(at);
        };
        let called = self.wanted(&first.value, &Type::Str);
        let Some(application) = constant_text(&called) else {
            if called.ty != Type::Wrong {
                self.not_constant(first.value.at, "the name of an application");
            }
            return self.wrong(at);
        };
        if strowger_stdlib::signatures::application(application.as_bytes()).is_none() {
            let all = strowger_stdlib::signatures::applications()
                .iter()
                .map(|s| s.name);
            let like = self.like(&application, all);
            let mut found = self.error(
                "D201",
                first.value.at,
                format!("there is no application `{application}`"),
            );
            if let Some(like) = like {
                found = found.help(format!("did you mean `{like}`?"));
            }
            self.tell(found);
            return self.wrong(at);
        }
        let text = match rest {
            None => Vec::new(),
            Some(arg) => match &*arg.value.kind {
                tree::ExprKind::Raw(text) => vec![TextPart::Asterisk(text.to_string())],
                _ => {
                    let value = self.wanted(&arg.value, &Type::Str);
                    if value.ty == Type::Wrong {
                        return self.wrong(at);
                    }
                    vec![TextPart::Value(value)]
                }
            },
        };
        if args.len() > 2 {
            self.tell(
                self.error(
                    "D403",
                    args[2].value.at,
                    format!("`{}` takes two values", name.text),
                )
                .help("all arguments stand in one text: app(\"Dial\", 'PJSIP/61,20')"),
            );
        }
        self.made(
            at,
            Type::Unit,
            ExprKind::App {
                name: application,
                args: text,
            },
        )
    }

    fn asterisk_text(&mut self, at: At, name: &Name, args: &[Arg]) -> Option<String> {
        if let [Arg { name: None, value }] = args
            && let tree::ExprKind::Raw(text) = &*value.kind
        {
            return Some(text.to_string());
        }
        self.tell(
            self.error(
                "D403",
                at,
                format!("`{}` takes one text in single quotes", name.text),
            )
            .help("for example asterisk('${UNIQUEID}')"),
        );
        None
    }

    /// The name in `channel("X")`.
    pub(super) fn variable_name(&mut self, at: At, name: &Name, args: &[Arg]) -> Option<String> {
        let given = self.arguments(at, name, args, &[("name", Type::Str)], &[])?;
        let text = given.first()?.as_ref().and_then(constant_text);
        match text {
            Some(text)
                if !text.is_empty() && !text.contains(['$', '{', '}', '=', '(', ')', ',', '"']) =>
            {
                Some(text)
            }
            _ => {
                self.tell(
                    self.error("D315", at, "the name of a variable is a plain text")
                        .help("a function is read by asterisk('${NAME(...)}')"),
                );
                None
            }
        }
    }
}

fn is_raw(ty: &Type) -> bool {
    match ty {
        Type::Raw | Type::Uri => true,
        Type::Option(of) | Type::List(of) => is_raw(of),
        _ => false,
    }
}

/// The characters of a FILTER text, ranges spread out.
fn spans(kept: &str) -> impl Iterator<Item = u8> {
    let bytes = kept.as_bytes();
    let mut all = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        if let (Some(b'-'), Some(last)) = (bytes.get(i + 1), bytes.get(i + 2)) {
            all.extend(bytes[i]..=*last);
            i += 3;
        } else {
            all.push(bytes[i]);
            i += 1;
        }
    }
    all.into_iter()
}

/// What the language itself has in the place of an application.
fn language_form(application: &str) -> Option<&'static str> {
    Some(match application {
        "Goto" => "`goto context.number` or `goto @label`",
        "GotoIf" | "ExecIf" | "If" => "`if condition { ... } else { ... }`",
        "GotoIfTime" | "ExecIfTime" => "`if now in hours(\"mon-fri 09:00-17:00\") { ... }`",
        "Gosub" | "GosubIf" | "Macro" => "a `sub`, called as `name(arguments)`",
        "Set" | "MSet" => "`name = value`; `let` and `var` declare names",
        "While" | "EndWhile" => "`while condition { ... }`",
        "Return" => "`return value`",
        "NoOp" => "`log(\"...\")`, or a comment: `// ...`",
        _ => return None,
    })
}
