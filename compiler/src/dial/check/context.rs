//! What a context holds, and what leads to one.

use strowger_dial::tree::{self, At, ExprKind as T, ItemKind, Name, Number, PathPart};

use super::expr::{Use, hours_of};
use super::stmt::labels;
use super::{Binding, BodyKind, Bound, Checker, InBody, Item, constant_value, world};
use crate::dial::hours;
use crate::dial::notes::Fact;
use crate::dial::typed::{
    Body, Called, Context, Expr, ExprKind, Extension, Hint, Include, Text, TextPart,
};
use crate::dial::types::Type;

impl Checker<'_> {
    pub(super) fn item(&mut self, item: &tree::Item, context: &mut Context) {
        match &item.kind {
            ItemKind::Include {
                context: path,
                condition,
            } => {
                let Some((name, _)) = self.context_named(path, false) else {
                    return;
                };
                let place = self.place(item.at);
                let include = |times| Include {
                    context: name.clone(),
                    times,
                    place,
                };
                match condition {
                    None => context.includes.push(include(None)),
                    Some((when, e)) => {
                        let times = self.include_times(e, *when);
                        context
                            .includes
                            .extend(times.into_iter().map(|t| include(Some(t))));
                    }
                }
            }
            ItemKind::Hint { number, device } => {
                let name = match number {
                    Number::Pattern(pattern) => self.pattern(pattern).conf,
                    Number::Digits(text) | Number::Text(text) => text.text.to_string(),
                    Number::Event(name) => {
                        self.tell(self.error("D205", name.at, "a hint is of a number"));
                        return;
                    }
                };
                let ty = Type::List(Box::new(Type::Endpoint));
                let made = self.constant_expr(device, Some(&ty));
                if made.ty == Type::Wrong {
                    return;
                }
                let devices = match &*made.kind {
                    ExprKind::List(items) => {
                        items.iter().map(constant_value).collect::<Option<Vec<_>>>()
                    }
                    _ => constant_value(&made).map(|t| vec![t]),
                };
                match devices {
                    Some(devices) => context.hints.push(Hint {
                        name,
                        devices: devices.join("&"),
                        place: self.place(item.at),
                    }),
                    None => self.not_constant(device.at, "the device of a hint"),
                }
            }
            ItemKind::On {
                numbers,
                from,
                body,
            } => {
                let from = match from {
                    None => None,
                    Some(Number::Pattern(pattern)) => Some(self.pattern(pattern).conf),
                    Some(Number::Digits(text) | Number::Text(text)) => Some(text.text.to_string()),
                    Some(Number::Event(name)) => {
                        self.tell(
                            self.error("D205", name.at, "`from` takes a number")
                                .label("this is none"),
                        );
                        return;
                    }
                };
                for number in numbers {
                    self.on(number, from.clone(), body, context);
                }
            }
        }
    }

    pub(super) fn on(
        &mut self,
        number: &Number,
        from: Option<String>,
        body: &tree::Block,
        context: &mut Context,
    ) {
        let at = number.at();
        let mut captures = Vec::new();
        let mut message = false;
        let (name, exten) = match number {
            Number::Digits(text) => (text.text.to_string(), Some(Type::Digits)),
            Number::Text(text) => {
                if text.text.is_empty()
                    || text.text.starts_with('_')
                    || text.text.contains([',', '/', '(', ')', '&', ' '])
                {
                    self.tell(
                        self.error("D312", at, "no extension can be called so")
                            .help("a pattern stands in back-quotes: on `10XX`"),
                    );
                    return;
                }
                let digits = text.text.bytes().all(crate::dial::numbers::is_digit);
                let ty = if digits { Type::Digits } else { Type::Str };
                (text.text.to_string(), Some(ty))
            }
            Number::Pattern(pattern) => {
                let read = self.pattern(pattern);
                captures = read.captures;
                (read.conf, Some(read.ty))
            }
            Number::Event(name) => match world::event(&name.text) {
                Some("message") => {
                    message = true;
                    ("_.".to_owned(), Some(Type::Raw))
                }
                Some(event) => (event.to_owned(), None),
                None => {
                    self.unknown_event(name);
                    return;
                }
            },
        };
        let key = (name.clone(), from.clone(), message);
        if let Some(before) = self.numbers.insert(key, at) {
            let first = self.span(before);
            self.tell(
                self.error("D202", at, format!("the context has two bodies for {name}"))
                    .label("the second one")
                    .also(first, "the first one"),
            );
            return;
        }
        let made = (context.conf.clone(), name.clone());
        let fact = |_: &Self| Fact::Extension(made.0, made.1, true);
        match number {
            Number::Text(_) => self.note_inside(at, fact),
            _ => self.note(at, fact),
        }
        let inner = InBody {
            kind: BodyKind::Extension,
            labels: labels(body),
            region: body.at,
            exten,
            exten_at: Some(at),
            ..InBody::default()
        };
        let (block, locals) = self.in_body(inner, |c| {
            for capture in &captures {
                let bound = Bound {
                    what: Binding::Capture {
                        from: capture.from,
                        length: capture.length,
                    },
                    ty: capture.ty.clone(),
                    at: capture.name.at,
                };
                c.bind_as(&capture.name, bound);
            }
            c.block_here(body, &Use::Nothing { tail: true }).0
        });
        context.extensions.push(Extension {
            name,
            from,
            message,
            place: self.place(at),
            body: Body { locals, block },
        });
    }

    pub(super) fn is_const(&self, name: &Name) -> bool {
        matches!(
            self.names[self.unit].get(&*name.text),
            Some(Item::Const(_)) | None
        )
    }

    /// `when now in hours`, as the times of includes.
    pub(super) fn include_times(&mut self, e: &tree::Expr, when: bool) -> Vec<String> {
        let hours = match &*e.kind {
            T::Binary {
                op: tree::BinaryOp::In,
                left,
                right,
                ..
            } if matches!(&*left.kind, T::Name(n) if &*n.text == "now") => {
                self.constant_expr(right, Some(&Type::Hours))
            }
            T::Name(name) if self.is_const(name) => self.constant_expr(e, Some(&Type::Hours)),
            T::Call { .. } => self.constant_expr(e, Some(&Type::Hours)),
            _ => {
                self.tell(
                    self.error("D314", e.at, "an include can depend on the time only")
                        .label("this is no `now in hours`")
                        .help("other conditions stand in a body: `if ... { goto context }`"),
                );
                return Vec::new();
            }
        };
        let Some(times) = hours_of(&hours) else {
            if hours.ty != Type::Wrong {
                let shown = self.show(&hours.ty);
                self.tell(
                    self.error("D314", e.at, "an include can depend on the time only")
                        .label(format!("this is {shown}, hours are needed")),
                );
            }
            return Vec::new();
        };
        if when {
            return times;
        }
        match hours::others(&times) {
            Some(times) => times,
            None => {
                self.tell(
                    self.error("D314", e.at, "`unless` takes hours of the week only")
                        .label("there is a date among these")
                        .help("ask in a body: `if not (now in ...) { goto context }`"),
                );
                Vec::new()
            }
        }
    }

    /// A context's name in a dialplan, and the plain names of its extensions if it is one of `.dial`.
    pub(super) fn context_named(
        &mut self,
        path: &tree::Path,
        jump: bool,
    ) -> Option<(String, Option<Vec<String>>)> {
        let first = &path.first;
        let item = self.names[self.unit].get(&*first.text).copied();
        match (item, path.rest.as_slice()) {
            (Some(Item::Context(decl)), []) => {
                self.note_item(first, self.unit);
                return Some(conf_of(decl));
            }
            (Some(Item::Unit(other)), [PathPart::Field(name)]) => {
                self.note_item(first, self.unit);
                self.note_item(name, other);
                if let Some(Item::Context(decl)) = self.names[other].get(&*name.text).copied() {
                    return Some(conf_of(decl));
                }
                self.tell(self.error(
                    "D208",
                    name.at,
                    format!("`{}` has no context `{}`", first.text, name.text),
                ));
                return None;
            }
            (Some(Item::Conf), [PathPart::Key(name)]) => {
                if !self.around.conf_contexts.contains(&*name.text) {
                    let known = self.around.conf_contexts.iter().map(String::as_str);
                    let like = self.like(&name.text, known);
                    let mut found = self
                        .error(
                            "D208",
                            name.at,
                            format!("extensions.conf has no context [{}]", name.text),
                        )
                        .label("an unknown context");
                    if let Some(like) = like {
                        found = found.help(format!("did you mean \"{like}\"?"));
                    }
                    self.tell(found);
                    return None;
                }
                self.note_item(first, self.unit);
                let conf = name.text.to_string();
                self.note_inside(name.at, |_| Fact::Context(conf, false));
                return Some((name.text.to_string(), None));
            }
            (Some(Item::Conf), _) => {
                self.tell(
                    self.error(
                        "D208",
                        path.at,
                        format!("which context of `{}`?", first.text),
                    )
                    .help(format!("write {}[\"name\"]", first.text)),
                );
                return None;
            }
            _ => {}
        }
        let mut found = self
            .error(
                "D208",
                path.at,
                format!("there is no context `{}`", first.text),
            )
            .label("an unknown context");
        if jump && self.body.labels.iter().any(|l| l.text == first.text) {
            found = found
                .help(format!("a label is named with `@`: `goto @{}`", first.text))
                .fix(
                    "write `@`",
                    self.span(first.at),
                    format!("@{}", first.text),
                    true,
                );
        } else {
            let contexts = self.names[self.unit]
                .iter()
                .filter(|(_, i)| matches!(i, Item::Context(_)))
                .map(|(n, _)| *n);
            if let Some(like) = self.like(&first.text, contexts) {
                found = found.label(format!("did you mean `{like}`?")).fix(
                    format!("write `{like}`"),
                    self.span(first.at),
                    like,
                    false,
                );
            } else if self.around.conf_contexts.contains(&*first.text) {
                found = found.help(format!(
                    "a context of extensions.conf is named through its import: `legacy[\"{}\"]`",
                    first.text
                ));
            }
        }
        self.tell(found);
        None
    }

    /// `closed.start`: the grammar takes the name of an event for a part of the context's name.
    fn place_of_event(
        &self,
        context: &tree::Path,
        number: Option<&tree::TargetNumber>,
    ) -> Option<(tree::Path, tree::TargetNumber)> {
        let (PathPart::Field(event), before) = context.rest.split_last()? else {
            return None;
        };
        let first = self.names[self.unit].get(&*context.first.text)?;
        let is_context = match (first, before) {
            (Item::Context(_), []) => true,
            (Item::Unit(other), [PathPart::Field(name)]) => {
                matches!(self.names[*other].get(&*name.text), Some(Item::Context(_)))
            }
            (Item::Conf, [PathPart::Key(_)]) => true,
            _ => false,
        };
        if number.is_some() || !is_context || world::event(&event.text).is_none() {
            return None;
        }
        let context = tree::Path {
            first: context.first.clone(),
            rest: before.to_vec(),
            at: context.at,
        };
        Some((
            context,
            tree::TargetNumber::Fixed(Number::Event(event.clone())),
        ))
    }

    /// The number of a `goto`, as a text.
    pub(super) fn number_text(&mut self, number: &Number) -> Vec<TextPart> {
        let text = match number {
            Number::Digits(text) | Number::Text(text) => text.text.to_string(),
            Number::Event(name) => match world::event(&name.text) {
                Some(event) => event.to_owned(),
                None => {
                    self.unknown_event(name);
                    return Vec::new();
                }
            },
            Number::Pattern(pattern) => {
                self.tell(
                    self.error(
                        "D208",
                        pattern.at,
                        "a call goes to a number, not to a pattern",
                    )
                    .help("a number that is known only in the call: `goto context.(number)`"),
                );
                return Vec::new();
            }
        };
        vec![TextPart::Plain(text)]
    }

    pub(super) fn unknown_event(&mut self, name: &Name) {
        let like = self.like(&name.text, world::EVENTS.iter().map(|(n, _)| *n));
        let of_asterisk = world::EVENTS.iter().find(|(_, e)| *e == &*name.text);
        let mut found = self
            .error(
                "D205",
                name.at,
                format!("nothing happens that is called `{}`", name.text),
            )
            .label("an unknown name");
        if let Some(meant) = of_asterisk.map(|(n, _)| (*n).to_owned()).or(like) {
            found = found.label(format!("did you mean `{meant}`?")).fix(
                format!("write `{meant}`"),
                self.span(name.at),
                meant,
                false,
            );
        } else {
            found = found.help(format!(
                "an extension with a name of letters: on \"{}\"",
                name.text
            ));
        }
        self.tell(found);
    }

    pub(super) fn goto(&mut self, at: At, target: &tree::Target) -> Expr {
        let never = |e: Expr| Expr {
            ty: Type::Never,
            ..e
        };
        if self.pure_only(at, "`goto`") {
            return never(self.wrong(at));
        }
        let kind = match target {
            tree::Target::Label(name) => {
                self.label_named(name);
                ExprKind::GotoLabel(name.text.to_string())
            }
            tree::Target::Place { context, number } => {
                match self.place_named(at, context, number.as_ref()) {
                    Some((context, number)) => ExprKind::Goto(Some(context), number),
                    None => return never(self.wrong(at)),
                }
            }
            tree::Target::Dynamic { name, args, at } => {
                if !is_dynamic(name) {
                    self.tell(
                        self.error("D208", *at, "a `goto` takes no arguments")
                            .help("a place that is known only in the call: `goto dynamic(context, number, priority)`; to come back: `gosub`"),
                    );
                    return never(self.wrong(*at));
                }
                let [context, number, priority] = args.as_slice() else {
                    self.tell(
                        self.error(
                            "D403",
                            *at,
                            "`dynamic` needs a context, a number and a priority",
                        )
                        .help("goto dynamic(\"context\", number, 1)"),
                    );
                    return never(self.wrong(*at));
                };
                let (context, number, priority) = self.dynamic(context, number, priority);
                ExprKind::GotoDynamic(context, number, priority)
            }
        };
        self.made(at, Type::Never, kind)
    }

    /// A call of lines that come back by `return`. What they give is a text from outside.
    pub(super) fn gosub(
        &mut self,
        at: At,
        target: &tree::Target,
        args: &[tree::Expr],
        how: &Use,
    ) -> Expr {
        if self.pure_only(at, "`gosub`") {
            return self.wrong(at);
        }
        let (called, args) = match target {
            tree::Target::Label(name) => {
                self.tell(
                    self.error(
                        "D207",
                        name.at,
                        "a `gosub` leads to a context, not to a label",
                    )
                    .label("a label of the same body")
                    .help("what is done in several places: a `sub`"),
                );
                (None, args)
            }
            tree::Target::Place { context, number } => {
                let place = self.place_named(at, context, number.as_ref());
                (place.map(|(c, n)| Called::Place(c, n)), args)
            }
            tree::Target::Dynamic { name, args, .. } if !is_dynamic(name) => {
                // `gosub office(a)`, and `gosub office.start(a)`, whose event the grammar takes for a part of the name.
                let place = self.place_named(at, name, None);
                (place.map(|(c, n)| Called::Place(c, n)), args.as_slice())
            }
            tree::Target::Dynamic { args, at, .. } => {
                let [context, number, priority, rest @ ..] = args.as_slice() else {
                    self.tell(
                        self.error(
                            "D403",
                            *at,
                            "`dynamic` needs a context, a number and a priority",
                        )
                        .help("gosub dynamic(\"context\", number, 1, \"an argument\")"),
                    );
                    return self.wrong(*at);
                };
                let (context, number, priority) = self.dynamic(context, number, priority);
                (Some(Called::Dynamic(context, number, priority)), rest)
            }
        };
        // Whoever is called reads them as texts.
        let args: Vec<Expr> = args.iter().map(|arg| self.as_text(arg)).collect();
        let Some(called) = called else {
            return self.wrong(at);
        };
        let ty = match how {
            Use::Nothing { .. } => Type::Unit,
            Use::Value(_) => Type::Raw,
        };
        self.made(at, ty, ExprKind::Gosub(called, args))
    }

    /// A value as the text that it is where nobody knows types.
    pub(super) fn as_text(&mut self, e: &tree::Expr) -> Expr {
        match &*e.kind {
            T::Text(_) | T::Raw(_) => self.expr(e, None),
            _ => self.text(e.at, &[tree::TextPart::Hole(e.clone())]),
        }
    }

    /// A label of the same body.
    fn label_named(&mut self, name: &Name) {
        let label = self.body.labels.iter().find(|l| l.text == name.text);
        if let Some(at) = label.map(|l| l.at) {
            self.note_bound(name.at, at);
            self.body.gotos.push(name.clone());
            return;
        }
        let labels = self.body.labels.iter().map(|l| &*l.text);
        let like = self.like(&name.text, labels);
        let mut found = self
            .error(
                "D207",
                name.at,
                format!("there is no label `{}` here", name.text),
            )
            .label("labels are those of the same body");
        if let Some(like) = like {
            found = found.label(format!("did you mean `@{like}`?")).fix(
                format!("write `{like}`"),
                self.span(name.at),
                like,
                false,
            );
        }
        self.tell(found);
    }

    /// A context and a number in it, as texts.
    fn place_named(
        &mut self,
        at: At,
        context: &tree::Path,
        number: Option<&tree::TargetNumber>,
    ) -> Option<(String, Text)> {
        let split = self.place_of_event(context, number);
        let (context, number) = match &split {
            Some((context, number)) => (context, Some(number)),
            None => (context, number),
        };
        let (conf, events) = self.context_named(context, true)?;
        let number = match number {
            Some(tree::TargetNumber::Fixed(number)) => {
                let text = self.number_text(number);
                if let [TextPart::Plain(exten)] = text.as_slice() {
                    let named = (conf.clone(), exten.clone());
                    let fact = |_: &Self| Fact::Extension(named.0, named.1, false);
                    match number {
                        Number::Text(_) => self.note_inside(number.at(), fact),
                        _ => self.note(number.at(), fact),
                    }
                }
                text
            }
            Some(tree::TargetNumber::Computed(e)) => {
                let own = is_exten(e);
                let made = self.expr(e, None);
                match made.ty {
                    // Where the number that was dialled leads, it may lead.
                    Type::Raw if own => vec![TextPart::Value(made)],
                    Type::Raw | Type::Uri => {
                        self.tainted(&made, &Type::Str);
                        Vec::new()
                    }
                    _ => vec![TextPart::Value(self.fit(made, &Type::Str))],
                }
            }
            None if events.as_ref().is_none_or(|e| e.iter().any(|e| e == "s")) => {
                vec![TextPart::Plain("s".to_owned())]
            }
            None if self.body.exten.is_some() => {
                vec![TextPart::Asterisk("${EXTEN}".to_owned())]
            }
            None => {
                self.tell(
                    self.error("D208", at, format!("where in [{conf}]?"))
                        .label("it has no `on start`, and no number is dialled here")
                        .help("name the number: `goto context.61`"),
                );
                Vec::new()
            }
        };
        Some((conf, number))
    }

    /// Context, number and priority of `dynamic`.
    fn dynamic(
        &mut self,
        context: &tree::Expr,
        number: &tree::Expr,
        priority: &tree::Expr,
    ) -> (Expr, Expr, Expr) {
        let context = self.wanted(context, &Type::Str);
        let number = match is_exten(number) {
            true => self.expr(number, None),
            false => self.wanted(number, &Type::Str),
        };
        let priority = self.expr(priority, None);
        let priority = match priority.ty {
            Type::Int | Type::Wrong => priority,
            _ => self.fit(priority, &Type::Str),
        };
        (context, number, priority)
    }
}

/// Whether a target is `dynamic(...)`.
fn is_dynamic(name: &tree::Path) -> bool {
    &*name.first.text == "dynamic" && name.rest.is_empty()
}

/// Whether an expression is the number that was dialled.
fn is_exten(e: &tree::Expr) -> bool {
    matches!(&*e.kind, tree::ExprKind::Name(name) if &*name.text == "exten")
}

/// A context's name in a dialplan, and the plain names that it answers.
fn conf_of(decl: &tree::Decl) -> (String, Option<Vec<String>>) {
    let tree::DeclKind::Context { name, conf, items } = &decl.kind else {
        return (String::new(), None);
    };
    let plain = |n: &Number| match n {
        Number::Digits(text) | Number::Text(text) => Some(text.text.to_string()),
        Number::Event(name) => world::event(&name.text).map(str::to_owned),
        Number::Pattern(_) => None,
    };
    let names = items.iter().flat_map(|i| match &i.kind {
        ItemKind::On { numbers, .. } => numbers.iter().filter_map(plain).collect(),
        _ => Vec::new(),
    });
    let conf = conf.as_ref().map_or(&name.text, |c| &c.text);
    (conf.to_string(), Some(names.collect()))
}
