//! Statements and what a context holds.

use strowger_dial::tree::{
    self, ArmBody, At, ExprKind as T, ItemKind, Name, Number, PathPart, StmtKind as S,
};
use strowger_stdlib::words;

use super::expr::{Use, hours_of};
use super::{Binding, BodyKind, Bound, Checker, InBody, Item, constant_value, world};
use crate::dial::hours;
use crate::dial::typed::{
    Block, Body, Context, Expr, ExprKind, Extension, Hint, Include, Stmt, StmtKind, TextPart,
};
use crate::dial::types::Type;

/// The labels of a body.
pub(super) fn labels(block: &tree::Block) -> Vec<String> {
    let mut found = Vec::new();
    let mut work = vec![block];
    while let Some(block) = work.pop() {
        for stmt in &block.stmts {
            match &stmt.kind {
                S::Label(name) => found.push(name.text.to_string()),
                S::While { body, .. } | S::For { body, .. } => work.push(body),
                S::Let {
                    value, otherwise, ..
                } => {
                    work.extend(otherwise);
                    blocks(value, &mut work);
                }
                S::Expr(e) | S::Var { value: e, .. } | S::Assign { value: e, .. } => {
                    blocks(e, &mut work);
                }
                S::Break | S::Continue => {}
            }
        }
    }
    found
}

/// The blocks of an `if` or `match`.
fn blocks<'t>(e: &'t tree::Expr, work: &mut Vec<&'t tree::Block>) {
    let mut next = Some(e);
    while let Some(e) = next.take() {
        match &*e.kind {
            T::If {
                then, otherwise, ..
            } => {
                work.push(then);
                match otherwise {
                    Some(tree::Else::Block(block)) => work.push(block),
                    Some(tree::Else::If(e)) => next = Some(e),
                    None => {}
                }
            }
            T::Match { arms, .. } => {
                for arm in arms {
                    match &arm.body {
                        ArmBody::Block(block) => work.push(block),
                        ArmBody::Expr(e) => blocks(e, work),
                    }
                }
            }
            T::Group(of) => next = Some(of),
            _ => {}
        }
    }
}

impl Checker<'_> {
    /// A block: its statements, and the type of what it is.
    pub(super) fn block(&mut self, block: &tree::Block, how: &Use) -> (Block, Type) {
        self.in_scope(|c| c.block_here(block, how))
    }

    pub(super) fn block_here(&mut self, block: &tree::Block, how: &Use) -> (Block, Type) {
        let mut made = Block {
            stmts: Vec::with_capacity(block.stmts.len()),
            value: None,
            ends: true,
        };
        let mut told = false;
        for (i, stmt) in block.stmts.iter().enumerate() {
            if !made.ends {
                if let S::Label(_) = stmt.kind {
                    made.ends = true;
                } else if !told {
                    told = true;
                    self.tell(
                        self.error("D304", stmt.at, "this is never reached")
                            .label("what stands before it does not come back"),
                    );
                }
            }
            let last = i + 1 == block.stmts.len();
            if last
                && let S::Expr(e) = &stmt.kind
                && let Use::Value(want) = how
            {
                let value = match want {
                    Some(Type::Unit) | None => self.used(e, how),
                    Some(want) => {
                        let value = self.used(e, how);
                        self.fit(value, want)
                    }
                };
                let ty = value.ty.clone();
                made.ends &= ty != Type::Never;
                made.value = Some(value);
                return (made, ty);
            }
            // Where the call ends anyhow, why nobody answered is the cause of its end.
            let tail = match block.stmts.get(i + 1) {
                None => {
                    matches!(how, Use::Nothing { tail: true })
                        && self.body.kind == BodyKind::Extension
                }
                Some(next) => is_hangup(next),
            };
            let diverges = self.stmt(stmt, tail, &mut made.stmts);
            made.ends &= !diverges;
        }
        if made.ends
            && let Use::Value(Some(want)) = how
            && !matches!(want, Type::Unit | Type::Wrong)
        {
            let want = self.show(want);
            self.tell(
                self.error("D402", block.at, format!("{want} is needed here"))
                    .label("this block has no value: its last statement is none"),
            );
            return (made, Type::Wrong);
        }
        let ty = if made.ends { Type::Unit } else { Type::Never };
        (made, ty)
    }

    /// Whether the statement does not come back.
    fn stmt(&mut self, stmt: &tree::Stmt, tail: bool, out: &mut Vec<Stmt>) -> bool {
        let place = self.place(stmt.at);
        let kind = match &stmt.kind {
            S::Let {
                name,
                ty,
                value,
                otherwise,
            } => {
                return self.let_(
                    stmt.at,
                    name.as_ref(),
                    ty.as_ref(),
                    value,
                    otherwise.as_ref(),
                    out,
                );
            }
            S::Var { name, ty, value } => {
                let Some(value) = self.first_value(name, ty.as_ref(), value) else {
                    return false;
                };
                let local = self.bind(name, value.ty.clone(), true);
                StmtKind::Set(local, value)
            }
            S::Assign { place, value } => match self.assign(place, value) {
                Some(kind) => kind,
                None => return false,
            },
            S::While { condition, body } => {
                let condition = self.wanted(condition, &Type::Bool);
                let forever = matches!(&*condition.kind, ExprKind::Bool(true));
                self.body.loops += 1;
                let (block, _) = self.block(body, &Use::Nothing { tail: false });
                self.body.loops -= 1;
                let leaves = has_break(body);
                out.push(Stmt {
                    place,
                    kind: StmtKind::While(condition, block),
                });
                return forever && !leaves;
            }
            S::For { name, list, body } => {
                let list_at = list.at;
                let list = self.expr(list, None);
                let items = match (&list.ty, &*list.kind) {
                    (Type::List(_), ExprKind::List(items)) => items.clone(),
                    (Type::Wrong, _) => Vec::new(),
                    (Type::List(_), _) => {
                        self.not_constant(list_at, "what a `for` goes through");
                        Vec::new()
                    }
                    (other, _) => {
                        let shown = self.show(other);
                        self.tell(
                            self.error("D402", list_at, "a list is needed here")
                                .label(format!("this is {shown}")),
                        );
                        Vec::new()
                    }
                };
                let ty = match &list.ty {
                    Type::List(of) => (**of).clone(),
                    _ => Type::Wrong,
                };
                self.body.loops += 1;
                let (local, block) = self.in_scope(|c| {
                    let local = c.bind(name, ty, false);
                    let (block, _) = c.block(body, &Use::Nothing { tail: false });
                    (local, block)
                });
                self.body.loops -= 1;
                StmtKind::For(local, items, block)
            }
            S::Break | S::Continue => {
                let kind = match stmt.kind {
                    S::Break => StmtKind::Break,
                    _ => StmtKind::Continue,
                };
                if self.body.loops == 0 {
                    let word = match kind {
                        StmtKind::Break => "break",
                        _ => "continue",
                    };
                    self.tell(
                        self.error("D307", stmt.at, format!("`{word}` outside of a loop"))
                            .label("there is no `while` or `for` around it"),
                    );
                    return false;
                }
                out.push(Stmt { place, kind });
                return true;
            }
            S::Label(name) => {
                if self.body.kind == BodyKind::Fn {
                    self.tell(self.error("D310", stmt.at, "a `fn` has no labels"));
                    return false;
                }
                let twice = self
                    .body
                    .labels
                    .iter()
                    .filter(|l| **l == *name.text)
                    .count()
                    > 1;
                if twice {
                    self.tell(self.error(
                        "D202",
                        name.at,
                        format!("the label `{}` stands here twice", name.text),
                    ));
                }
                StmtKind::Label(name.text.to_string())
            }
            S::Expr(e) => {
                let made = self.unused(e, tail);
                let never = made.ty == Type::Never;
                out.push(Stmt {
                    place,
                    kind: StmtKind::Expr(made),
                });
                return never;
            }
        };
        out.push(Stmt { place, kind });
        false
    }

    /// An expression whose value nobody looks at.
    pub(super) fn unused(&mut self, e: &tree::Expr, tail: bool) -> Expr {
        let made = self.used(e, &Use::Nothing { tail });
        match &made.ty {
            Type::Unit | Type::Never | Type::Wrong => {}
            ty if *ty == self.enum_named("Missed") => {
                if !tail {
                    self.tell(
                        self.error(
                            "D309",
                            e.at,
                            "nobody looks at why the call was not answered",
                        )
                        .label("what comes next runs only when nobody answered")
                        .help("say what happens then: `match dial(...) { Busy -> ... }`")
                        .help("or that it does not matter: `let _ = dial(...)`"),
                    );
                }
            }
            _ if matches!(&*made.kind, ExprKind::Word { word, .. } if word.must_use) => {
                self.tell(
                    self.error("D309", e.at, "nobody looks at what came of it")
                        .label("the result is not used")
                        .help("say what happens then: `match ... { }`")
                        .help("or that it does not matter: `let _ = ...`"),
                );
            }
            _ => {
                let called = matches!(
                    &*e.kind,
                    T::Call { .. }
                        | T::Binary {
                            op: tree::BinaryOp::Pipe,
                            ..
                        }
                );
                let silent = matches!(
                    &*made.kind,
                    ExprKind::Word { word, .. } if word.kind != words::Kind::Application
                );
                let does = called && !silent;
                if !does {
                    self.tell(
                        self.error("D316", e.at, "this does nothing")
                            .label("its value is not used"),
                    );
                }
            }
        }
        made
    }

    fn first_value(
        &mut self,
        name: &Name,
        ty: Option<&tree::Type>,
        value: &tree::Expr,
    ) -> Option<Expr> {
        let want = ty.map(|t| self.ty(t));
        let made = match &want {
            Some(want) => self.wanted(value, want),
            None => self.expr(value, None),
        };
        match &made.ty {
            Type::Unit => {
                self.tell(
                    self.error("D402", value.at, "this has no value")
                        .label(format!("`{}` would hold nothing", name.text)),
                );
            }
            Type::Never => {
                self.tell(
                    self.error("D402", value.at, "this does not come back")
                        .label(format!("`{}` would never hold anything", name.text)),
                );
            }
            Type::Pattern | Type::Hours | Type::Trunk => {
                let shown = self.show(&made.ty);
                self.tell(
                    self.error(
                        "D315",
                        value.at,
                        format!("{shown} is known when the file is read"),
                    )
                    .label("no variable holds it")
                    .help(format!("declare it outside: `const {} = ...`", name.text)),
                );
            }
            Type::Option(of) if **of == Type::Wrong && matches!(&*made.kind, ExprKind::Nothing) => {
                self.tell(
                    self.error("D203", name.at, "an Option of what?")
                        .label("the type is not known")
                        .help(format!("write it: `{}: Option(Str) = None`", name.text)),
                );
            }
            _ => return Some(made),
        }
        // The name is known, so that it is not told again.
        self.bind(name, Type::Wrong, true);
        None
    }

    fn let_(
        &mut self,
        at: At,
        name: Option<&Name>,
        ty: Option<&tree::Type>,
        value: &tree::Expr,
        otherwise: Option<&tree::Block>,
        out: &mut Vec<Stmt>,
    ) -> bool {
        let place = self.place(at);
        let Some(block) = otherwise else {
            let Some(name) = name else {
                // `let _ = e`: it is looked at, and let go.
                let made = match ty {
                    Some(ty) => {
                        let ty = self.ty(ty);
                        self.wanted(value, &ty)
                    }
                    None => self.expr(value, None),
                };
                let never = made.ty == Type::Never;
                out.push(Stmt {
                    place,
                    kind: StmtKind::Expr(made),
                });
                return never;
            };
            if let Some(value) = self.first_value(name, ty, value) {
                let local = self.bind(name, value.ty.clone(), false);
                out.push(Stmt {
                    place,
                    kind: StmtKind::Set(local, value),
                });
            }
            return false;
        };
        let want = ty.map(|t| Type::Option(Box::new(self.ty(t))));
        let value_at = value.at;
        let value = self.expr(value, want.as_ref());
        let inner = match &value.ty {
            Type::Option(of) => (**of).clone(),
            Type::Wrong => Type::Wrong,
            other => {
                let shown = self.show(other);
                self.tell(
                    self.error(
                        "D405",
                        value_at,
                        "`else` says what happens where a value is nothing",
                    )
                    .label(format!("{shown} is never nothing")),
                );
                Type::Wrong
            }
        };
        let (otherwise, ty) = self.block(block, &Use::Nothing { tail: false });
        if ty != Type::Never {
            self.tell(
                self.error("D303", block.at, "this `else` runs on")
                    .label("behind it the name would hold nothing")
                    .help("leave: `hangup()`, `return`, `goto`, `break` or `continue`"),
            );
        }
        let local = match name {
            Some(name) => self.bind(name, inner, false),
            None => self.hidden("value", inner),
        };
        out.push(Stmt {
            place,
            kind: StmtKind::Open {
                local,
                value,
                otherwise,
            },
        });
        false
    }

    pub(super) fn returning(&mut self, at: At, value: Option<&tree::Expr>) -> Expr {
        let result = self.body.result.clone();
        let Some(result) = result else {
            // Told where it is read.
            return Expr {
                ty: Type::Never,
                ..self.wrong(at)
            };
        };
        let value = match (value, &result) {
            (None, Type::Unit | Type::Wrong) => None,
            (None, _) => {
                let shown = self.show(&result);
                self.tell(
                    self.error("D308", at, "this `return` gives nothing")
                        .label(format!("{shown} is promised")),
                );
                None
            }
            (Some(value), Type::Unit) => {
                self.tell(
                    self.error("D308", value.at, "this sub gives nothing")
                        .label("its type is not written: `-> Type`"),
                );
                self.expr(value, None);
                None
            }
            (Some(value), Type::Never) => {
                self.tell(
                    self.error("D308", value.at, "this sub never returns")
                        .label("its type is Never"),
                );
                None
            }
            (Some(value), result) => Some(self.wanted(value, result)),
        };
        self.made(at, Type::Never, ExprKind::Return(value))
    }

    /// The body of a sub or function.
    pub(super) fn sub_block(&mut self, body: &tree::Block, result: &Type) -> Block {
        let how = match result {
            Type::Unit | Type::Never | Type::Wrong => Use::Nothing { tail: false },
            other => Use::Value(Some(other.clone())),
        };
        let (block, _) = self.block_here(body, &how);
        if *result == Type::Never && block.ends {
            self.tell(
                self.error(
                    "D308",
                    At {
                        start: body.at.end.saturating_sub(1),
                        ..body.at
                    },
                    "this sub comes back here",
                )
                .label("its type is Never: it must hang up or go elsewhere"),
            );
        }
        block
    }

    pub(super) fn goto(&mut self, at: At, target: &tree::Target) -> Expr {
        if self.pure_only(at, "`goto`") {
            return Expr {
                ty: Type::Never,
                ..self.wrong(at)
            };
        }
        let kind = match target {
            tree::Target::Label(name) => {
                if !self.body.labels.iter().any(|l| *l == *name.text) {
                    let like = self.like(&name.text, self.body.labels.iter().map(String::as_str));
                    let mut found = self
                        .error(
                            "D207",
                            name.at,
                            format!("there is no label `{}` here", name.text),
                        )
                        .label("labels are those of the same body");
                    if let Some(like) = like {
                        found = found.help(format!("did you mean `@{like}`?")).fix(
                            format!("write `{like}`"),
                            self.span(name.at),
                            like,
                            false,
                        );
                    }
                    self.tell(found);
                }
                ExprKind::GotoLabel(name.text.to_string())
            }
            tree::Target::Place { context, number } => {
                let Some((conf, events)) = self.context_named(context, true) else {
                    return Expr {
                        ty: Type::Never,
                        ..self.wrong(at)
                    };
                };
                let number = match number {
                    Some(tree::TargetNumber::Fixed(number)) => self.number_text(number),
                    Some(tree::TargetNumber::Computed(e)) => {
                        let made = self.expr(e, None);
                        match made.ty {
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
                ExprKind::Goto(Some(conf), number)
            }
            tree::Target::Dynamic { name, args, at } => {
                if name.first.text.as_ref() != "dynamic" || !name.rest.is_empty() {
                    self.tell(
                        self.error("D208", *at, "a `goto` takes no arguments")
                            .help("a place that is known only in the call: `goto dynamic(context, number, priority)`"),
                    );
                    return Expr {
                        ty: Type::Never,
                        ..self.wrong(*at)
                    };
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
                    return Expr {
                        ty: Type::Never,
                        ..self.wrong(*at)
                    };
                };
                let context = self.wanted(context, &Type::Str);
                let number = self.wanted(number, &Type::Str);
                let priority = self.expr(priority, None);
                let priority = match priority.ty {
                    Type::Int | Type::Wrong => priority,
                    _ => self.fit(priority, &Type::Str),
                };
                ExprKind::GotoDynamic(context, number, priority)
            }
        };
        self.made(at, Type::Never, kind)
    }

    /// A context's name in a dialplan, and the plain names of its extensions if it is one of `.dial`.
    fn context_named(
        &mut self,
        path: &tree::Path,
        jump: bool,
    ) -> Option<(String, Option<Vec<String>>)> {
        let first = &path.first;
        let item = self.names[self.unit].get(&*first.text).copied();
        match (item, path.rest.as_slice()) {
            (Some(Item::Context(decl)), []) => return Some(conf_of(decl)),
            (Some(Item::Unit(other)), [PathPart::Field(name)]) => {
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
                if !(self.around.is_conf_context)(&name.text) {
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
        if jump && self.body.labels.iter().any(|l| *l == *first.text) {
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
                found = found.help(format!("did you mean `{like}`?")).fix(
                    format!("write `{like}`"),
                    self.span(first.at),
                    like,
                    false,
                );
            } else if (self.around.is_conf_context)(&first.text) {
                found = found.help(format!(
                    "a context of extensions.conf is named through its import: `legacy[\"{}\"]`",
                    first.text
                ));
            }
        }
        self.tell(found);
        None
    }

    /// The number of a `goto`, as a text.
    fn number_text(&mut self, number: &Number) -> Vec<TextPart> {
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

    fn unknown_event(&mut self, name: &Name) {
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
            found = found.help(format!("did you mean `{meant}`?")).fix(
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

    fn on(
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
        if let Some(before) = context
            .extensions
            .iter()
            .find(|e| e.name == name && e.from == from && e.message == message)
        {
            let first = self.span(before.place.at);
            self.tell(
                self.error("D202", at, format!("the context has two bodies for {name}"))
                    .label("the second one")
                    .also(first, "the first one"),
            );
            return;
        }
        let inner = InBody {
            kind: BodyKind::Extension,
            labels: labels(body),
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

    fn is_const(&self, name: &Name) -> bool {
        matches!(
            self.names[self.unit].get(&*name.text),
            Some(Item::Const(_)) | None
        )
    }

    /// `when now in hours`, as the times of includes.
    fn include_times(&mut self, e: &tree::Expr, when: bool) -> Vec<String> {
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

fn is_hangup(stmt: &tree::Stmt) -> bool {
    let S::Expr(e) = &stmt.kind else {
        return false;
    };
    let T::Call { callee, .. } = &*e.kind else {
        return false;
    };
    matches!(&*callee.kind, T::Name(name) if &*name.text == "hangup")
}

/// Whether a loop is left by a `break` of its own.
fn has_break(body: &tree::Block) -> bool {
    let mut work = vec![body];
    while let Some(block) = work.pop() {
        for stmt in &block.stmts {
            match &stmt.kind {
                S::Break => return true,
                S::Expr(e) | S::Var { value: e, .. } | S::Assign { value: e, .. } => {
                    blocks(e, &mut work);
                }
                S::Let {
                    value, otherwise, ..
                } => {
                    work.extend(otherwise);
                    blocks(value, &mut work);
                }
                _ => {}
            }
        }
    }
    false
}
