//! Expressions: names, operators, texts, choices.

use strowger_dial::tree::{self, At, Name};

use super::{Binding, BodyKind, Checker, ConstState, Item, constant_text, constant_value, world};
use crate::diagnostic::Diagnostic;
use crate::dial::elsewhere;
use crate::dial::notes::Fact;
use crate::dial::numbers;
use crate::dial::typed::{Block, Expr, ExprKind, TextPart};
use crate::dial::types::Type;

/// What becomes of a value.
#[derive(Clone, Debug)]
pub(super) enum Use {
    /// It is wanted, perhaps of this type.
    Value(Option<Type>),
    /// Nobody looks at it. At the end of a body a missed call may be the last thing.
    Nothing { tail: bool },
}

impl Checker<'_> {
    /// A value, with what is known of the type that it should have.
    pub(super) fn expr(&mut self, e: &tree::Expr, want: Option<&Type>) -> Expr {
        self.used(e, &Use::Value(want.cloned()))
    }

    /// A value of this type, or what is wrong with it is told.
    pub(super) fn wanted(&mut self, e: &tree::Expr, want: &Type) -> Expr {
        let made = self.expr(e, Some(want));
        self.fit(made, want)
    }

    pub(super) fn used(&mut self, e: &tree::Expr, how: &Use) -> Expr {
        let made = self.resolved(e, how);
        self.note(e.at, |_| Fact::Typed(made.ty.clone()));
        made
    }

    fn resolved(&mut self, e: &tree::Expr, how: &Use) -> Expr {
        let want = match how {
            Use::Value(want) => want.as_ref(),
            Use::Nothing { .. } => None,
        };
        match &*e.kind {
            tree::ExprKind::Int(digits) => match digits.parse::<i64>() {
                Ok(n) => self.made(e.at, Type::Int, ExprKind::Int(n)),
                Err(_) => {
                    self.tell(
                        self.error("D407", e.at, "this number is too large")
                            .label("an Int has 64 bits"),
                    );
                    self.wrong(e.at)
                }
            },
            tree::ExprKind::Bool(b) => self.made(e.at, Type::Bool, ExprKind::Bool(*b)),
            tree::ExprKind::Duration { number, unit } => {
                match self.milliseconds(number, *unit, e.at) {
                    Some(ms) => self.made(e.at, Type::Duration, ExprKind::Duration(ms)),
                    None => self.wrong(e.at),
                }
            }
            tree::ExprKind::Raw(text) => {
                self.meant_as_hole(e.at, text);
                self.plain(e.at, Type::Str, &**text)
            }
            tree::ExprKind::Text(parts) => self.text(e.at, parts),
            tree::ExprKind::Pattern(pattern) => {
                let read = self.pattern(pattern);
                self.plain(e.at, Type::Pattern, read.regex)
            }
            tree::ExprKind::Name(name) => self.name(name),
            tree::ExprKind::Case(name) => self.case(name, None, want),
            tree::ExprKind::List(items) => self.list(e.at, items, want),
            tree::ExprKind::Call { callee, args } => self.call(e, callee, args, how),
            tree::ExprKind::Field { of, name } => self.field(of, name, e.at),
            tree::ExprKind::Index { of, index } => {
                let of = self.expr(of, None);
                match self.constant_int(index) {
                    Some(at) => self.slice(of, at, Some(1), e.at),
                    None => self.wrong(e.at),
                }
            }
            tree::ExprKind::Slice { of, from, to } => {
                let of = self.expr(of, None);
                let from = match from {
                    Some(from) => self.constant_int(from),
                    None => Some(0),
                };
                let to = match to {
                    Some(to) => self.constant_int(to).map(Some),
                    None => Some(None),
                };
                match (from, to) {
                    (Some(from), Some(to)) => {
                        let length = to.map(|to| {
                            if to >= 0 && from >= 0 {
                                (to - from).max(0)
                            } else {
                                to
                            }
                        });
                        self.slice(of, from, length, e.at)
                    }
                    _ => self.wrong(e.at),
                }
            }
            tree::ExprKind::Unary { op, of } => self.unary(*op, of, e.at),
            tree::ExprKind::Binary {
                op,
                op_at,
                left,
                right,
            } => self.binary(e, *op, *op_at, left, right, how),
            tree::ExprKind::Group(of) => self.used(of, how),
            tree::ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.choice(e.at, condition, then, otherwise.as_ref(), how),
            tree::ExprKind::Match { of, arms } => self.matching(e.at, of, arms, how),
            tree::ExprKind::Return(value) => self.returning(e.at, value.as_ref()),
            tree::ExprKind::Gosub { target, args } => self.gosub(e.at, target, args, how),
            tree::ExprKind::Goto(target) => self.goto(e.at, target),
        }
    }

    /// What `if` and `while` ask. Text of Asterisk may stand there by itself: what GotoIf takes for true is true (DL-238).
    pub(super) fn condition(&mut self, e: &tree::Expr) -> Expr {
        match &*e.kind {
            tree::ExprKind::Group(of) => self.condition(of),
            tree::ExprKind::Unary {
                op: tree::UnaryOp::Not,
                of,
            } => {
                let of = self.condition(of);
                let ty = of.ty.clone();
                self.made(e.at, ty, ExprKind::Not(of))
            }
            tree::ExprKind::Call { callee, .. } if matches!(&*callee.kind, tree::ExprKind::Name(n) if &*n.text == "asterisk") =>
            {
                let made = self.expr(e, None);
                match made.ty {
                    Type::Raw => Expr {
                        ty: Type::Bool,
                        ..made
                    },
                    _ => made,
                }
            }
            _ => self.wanted(e, &Type::Bool),
        }
    }

    pub(super) fn milliseconds(&mut self, number: &str, unit: tree::Unit, at: At) -> Option<u64> {
        let ms = number
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(unit.milliseconds()))
            .filter(|ms| *ms <= LONGEST);
        if ms.is_none() {
            self.tell(
                self.error("D407", at, "this time is too long")
                    .label("a hundred years are enough"),
            );
        }
        ms
    }

    pub(super) fn constant_int(&mut self, e: &tree::Expr) -> Option<i64> {
        let made = self.wanted(e, &Type::Int);
        match &*made.kind {
            ExprKind::Int(n) => Some(*n),
            ExprKind::Neg(of) => match &*of.kind {
                ExprKind::Int(n) => Some(-n),
                _ => None,
            },
            _ if made.ty == Type::Wrong => None,
            _ => {
                self.not_constant(e.at, "a place in a text");
                None
            }
        }
    }

    pub(super) fn slice(&mut self, of: Expr, from: i64, length: Option<i64>, at: At) -> Expr {
        let ty = match &of.ty {
            Type::Digits | Type::Str | Type::Raw | Type::Wrong => of.ty.clone(),
            other => {
                let message = format!("{} is no text", self.show(other));
                self.tell(
                    self.error("D405", at, message)
                        .label("only of texts a piece can be taken"),
                );
                return self.wrong(at);
            }
        };
        self.made(at, ty, ExprKind::Slice(of, from, length))
    }

    /// `'{name} calls'`: double quotes may be meant.
    fn meant_as_hole(&mut self, at: At, text: &str) {
        let hole = text.match_indices('{').find_map(|(i, _)| {
            let inner = text[i + 1..].split('}').next()?;
            let first = inner.split('.').next()?;
            let known = self.lookup(first).is_some()
                || self.names[self.unit].contains_key(first)
                || first == "exten"
                || inner.len() > first.len() && world::is_object(first);
            (known && !text[..i].ends_with('$')).then(|| inner.to_owned())
        });
        let Some(hole) = hole else {
            return;
        };
        let mut found = self
            .error("D319", at, "a text in single quotes has no holes")
            .label(format!("`{{{hole}}}` stays as it is"));
        if !text.contains(['"', '\\', '\n']) {
            found = found.fix(
                "write double quotes",
                self.span(at),
                format!("\"{text}\""),
                false,
            );
        }
        self.tell(found);
    }

    /// `"a {e} b"`.
    pub(super) fn text(&mut self, at: At, parts: &[tree::TextPart]) -> Expr {
        let mut made = Vec::with_capacity(parts.len());
        let mut ty = Type::Digits;
        let mut empty = true;
        for part in parts {
            match part {
                tree::TextPart::Text(text) => {
                    empty &= text.is_empty();
                    if !text.bytes().all(numbers::is_digit) && ty == Type::Digits {
                        ty = Type::Str;
                    }
                    made.push(TextPart::Plain(text.to_string()));
                }
                tree::TextPart::Hole(hole) => {
                    empty = false;
                    let value = self.expr(hole, None);
                    match &value.ty {
                        Type::Raw | Type::Uri => ty = Type::Raw,
                        Type::Digits | Type::Wrong => {}
                        // Lines of an extensions.conf take nothing for an empty text.
                        Type::Option(of) if self.around.unchecked => {
                            ty = match **of {
                                Type::Raw | Type::Uri => Type::Raw,
                                _ if ty == Type::Digits => Type::Str,
                                _ => ty,
                            };
                        }
                        // A negative number is no digits.
                        Type::Option(of) => {
                            let of = self.show(of);
                            self.tell(
                                self.error("D404", hole.at, "this may be nothing")
                                    .label(format!("Option({of}) has no text of its own"))
                                    .help("say what stands there else: `{x ?? \"...\"}` needs a name first: `let y = x ?? \"...\"`"),
                            );
                        }
                        Type::Unit | Type::Never | Type::Pattern | Type::Hours => {
                            let shown = self.show(&value.ty);
                            self.tell(self.error(
                                "D402",
                                hole.at,
                                format!("{shown} cannot stand in a text"),
                            ));
                        }
                        _ => {
                            if ty == Type::Digits {
                                ty = Type::Str;
                            }
                        }
                    }
                    made.push(TextPart::Value(value));
                }
            }
        }
        if empty {
            ty = Type::Str;
        }
        self.made(at, ty, ExprKind::Text(made))
    }

    pub(super) fn name(&mut self, name: &Name) -> Expr {
        let at = name.at;
        if let Some(bound) = self.lookup(&name.text).cloned() {
            self.note_bound(at, bound.at);
            let kind = match bound.what {
                Binding::Local { id, .. } => ExprKind::Local(id),
                Binding::Capture { from, length } => ExprKind::Exten {
                    from,
                    length,
                    digits: bound.ty == Type::Digits,
                },
            };
            return self.made(at, bound.ty, kind);
        }
        match &*name.text {
            "exten" => return self.exten(at),
            "now" if self.call_only(name) => return self.asterisk(at, Type::Time, "${EPOCH}"),
            "last_dial" if self.call_only(name) => {
                let ty = Type::Option(Box::new(self.enum_named("DialStatus")));
                return self.asterisk(at, ty, "${DIALSTATUS}");
            }
            "now" | "last_dial" => return self.wrong(at),
            object if world::is_object(object) => {
                let fields = world::fields_of(object);
                self.tell(
                    self.error("D206", at, format!("`{object}` alone is no value"))
                        .help(format!("it has: {}", fields.join(", "))),
                );
                return self.wrong(at);
            }
            _ => {}
        }
        match self.names[self.unit].get(&*name.text).copied() {
            Some(item) => {
                self.note_item(name, self.unit);
                self.item_value(name, item)
            }
            None => {
                self.unknown(name, "name");
                self.wrong(at)
            }
        }
    }

    /// What a declared name is as a value.
    pub(super) fn item_value(&mut self, name: &Name, item: Item<'_>) -> Expr {
        let at = name.at;
        match item {
            Item::Const(number) => self.constant(number, at),
            Item::Variable(number) => {
                let ty = self.program.variables[number].ty.clone();
                if self.pure_only(at, &format!("the variable `{}`", name.text)) {
                    return self.wrong(at);
                }
                self.made(at, ty, ExprKind::Variable(number))
            }
            Item::Sub(number) => {
                let what = if self.subs[number].pure {
                    "function"
                } else {
                    "sub"
                };
                self.tell(
                    self.error("D402", at, format!("`{}` is a {what}", name.text))
                        .help(format!("call it: `{}(...)`", name.text)),
                );
                self.wrong(at)
            }
            Item::Enum(_) | Item::Context(_) | Item::Unit(_) | Item::Conf => {
                let what = match item {
                    Item::Enum(_) => "an enum",
                    Item::Context(_) => "a context",
                    _ => "an import",
                };
                let mut found =
                    self.error("D402", at, format!("`{}` is {what}, no value", name.text));
                if let Item::Context(_) = item {
                    found = found.help(format!("a call goes there by `goto {}`", name.text));
                }
                self.tell(found);
                self.wrong(at)
            }
        }
    }

    /// Tells that a name means nothing.
    pub(super) fn unknown(&mut self, name: &Name, what: &str) {
        let mut found = self
            .error(
                "D201",
                name.at,
                format!("there is no {what} `{}`", name.text),
            )
            .label("an unknown name");
        let near = {
            let mut near: Vec<&str> = world::fixed().collect();
            near.extend(
                self.body
                    .scopes
                    .iter()
                    .flat_map(|s| s.keys().map(String::as_str)),
            );
            near.extend(self.names[self.unit].keys().copied());
            near.extend(strowger_stdlib::words::all().iter().map(|w| w.name));
            self.like(&name.text, near.into_iter())
        };
        if self.body.labels.iter().any(|l| l.text == name.text) {
            found = found.help(format!("a label is named with `@`: `goto @{}`", name.text));
        } else if let Some(meant) = elsewhere::meant(&name.text) {
            found = self.as_meant(found, name, meant);
        } else if let Some(like) = near {
            found = found.label(format!("did you mean `{like}`?")).fix(
                format!("write `{like}`"),
                self.span(name.at),
                like,
                false,
            );
        } else if what == "name" {
            found = found.help(format!(
                "declared in a body: let {0} = ...; for the whole call, outside of all braces: channel {0}: Str",
                name.text
            ));
        }
        self.tell(found);
    }

    /// A finding about a name that means something elsewhere.
    fn as_meant(&self, found: Diagnostic, name: &Name, meant: elsewhere::Meant) -> Diagnostic {
        match meant.write {
            Some(word) => found.label(meant.help).fix(
                format!("write `{word}`"),
                self.span(name.at),
                word,
                false,
            ),
            None => found.help(meant.help),
        }
    }

    pub(super) fn exten(&mut self, at: At) -> Expr {
        if let Some(ty) = self.body.exten.clone() {
            let kind = ExprKind::Exten {
                from: 0,
                length: None,
                digits: ty == Type::Digits,
            };
            return self.made(at, ty, kind);
        }
        let help = match self.body.kind {
            BodyKind::Extension => "only an `on` with numbers has one",
            _ => "give it to the sub as an argument",
        };
        self.tell(
            self.error("D212", at, "there is no dialled number here")
                .label("`exten` has no meaning here")
                .help(help),
        );
        self.wrong(at)
    }

    /// Whether a call is there; told if not.
    pub(super) fn call_only(&mut self, name: &Name) -> bool {
        !self.pure_only(name.at, &format!("`{}`", name.text))
    }

    /// Tells if a function or constant uses what only a call has.
    pub(super) fn pure_only(&mut self, at: At, what: &str) -> bool {
        let message = match self.body.kind {
            BodyKind::Fn => format!("{what} cannot be used in a `fn`"),
            BodyKind::Constant => format!("{what} is known only when a call is there"),
            _ => return false,
        };
        let code = match self.body.kind {
            BodyKind::Fn => "D310",
            _ => "D315",
        };
        let mut found = self.error(code, at, message);
        if self.body.kind == BodyKind::Fn {
            found = found
                .label("a `fn` depends on nothing but its arguments")
                .help("give it as an argument, or make it a `sub`");
        }
        self.tell(found);
        true
    }

    /// The value of a `const`.
    pub(super) fn constant(&mut self, number: usize, at: At) -> Expr {
        match &self.consts[number].state {
            ConstState::Read(value) => {
                let mut value = value.clone();
                value.place = self.place(at);
                return value;
            }
            ConstState::Reading => {
                self.tell(
                    self.error("D315", at, "a constant that is made of itself")
                        .label("this needs its own value"),
                );
                return self.wrong(at);
            }
            ConstState::Unread => {}
        }
        self.consts[number].state = ConstState::Reading;
        let before = std::mem::replace(&mut self.unit, self.consts[number].unit);
        let (ty, value) = (self.consts[number].ty, self.consts[number].value);
        let ty = ty.map(|t| self.ty(t));
        let made = self.constant_expr(value, ty.as_ref());
        let known = made.ty == Type::Wrong
            || constant_value(&made).is_some()
            || self.constant_case(&made).is_some()
            || matches!(&*made.kind, ExprKind::List(items) if items.iter().all(|i| constant_value(i).is_some()));
        let made = if known {
            made
        } else {
            self.not_constant(value.at, "a constant");
            self.wrong(value.at)
        };
        self.unit = before;
        self.consts[number].state = ConstState::Read(made.clone());
        let mut value = made;
        value.place = self.place(at);
        value
    }

    /// A case without anything in it, as text.
    pub(super) fn constant_case(&self, e: &Expr) -> Option<String> {
        let ExprKind::Case(id, case, fields) = &*e.kind else {
            return None;
        };
        let case = &self.enums().get(*id).cases[*case];
        fields.is_empty().then(|| case.spellings[0].clone())
    }

    /// A case as a value: of the enum that is wanted, else of the only one that has it.
    pub(super) fn case(
        &mut self,
        name: &Name,
        args: Option<&[tree::Arg]>,
        want: Option<&Type>,
    ) -> Expr {
        let at = name.at;
        match (&*name.text, args) {
            ("None", None) => {
                let ty = match want {
                    Some(ty @ Type::Option(_)) => ty.clone(),
                    _ => Type::Option(Box::new(Type::Wrong)),
                };
                return self.made(at, ty, ExprKind::Nothing);
            }
            ("Some", Some([arg])) => {
                let inner = match want {
                    Some(Type::Option(of)) => self.wanted(&arg.value, of),
                    _ => self.expr(&arg.value, None),
                };
                let ty = Type::Option(Box::new(inner.ty.clone()));
                return self.made(at, ty, ExprKind::Just(inner));
            }
            ("Some", _) => {
                self.tell(self.error("D403", at, "`Some` holds one value"));
                return self.wrong(at);
            }
            _ => {}
        }
        let want = match want {
            Some(Type::Option(of)) => Some(&**of),
            other => other,
        };
        let Some((id, case)) = self.find_case(name, want) else {
            return self.wrong(at);
        };
        self.note(name.at, |_| Fact::Case(id, case));
        let fields = self.enums().get(id).cases[case].fields.clone();
        let args = args.unwrap_or_default();
        if args.len() != fields.len() {
            let message = format!(
                "`{}` carries {}, not {}",
                name.text,
                super::call::values(fields.len()),
                args.len()
            );
            self.tell(self.error("D403", at, message));
            return self.wrong(at);
        }
        let values = args
            .iter()
            .zip(&fields)
            .map(|(a, (_, ty))| self.wanted(&a.value, ty))
            .collect();
        self.made(at, Type::Enum(id), ExprKind::Case(id, case, values))
    }

    /// The enum and number of a case.
    pub(super) fn find_case(
        &mut self,
        name: &Name,
        want: Option<&Type>,
    ) -> Option<(crate::dial::types::EnumId, usize)> {
        if let Some(Type::Enum(id)) = want {
            let cases = &self.enums().get(*id).cases;
            if let Some(at) = cases.iter().position(|c| c.name == *name.text) {
                return Some((*id, at));
            }
            let of = self.enums().get(*id);
            let like = self.like(&name.text, of.cases.iter().map(|c| c.name.as_str()));
            let all: Vec<&str> = of.cases.iter().map(|c| c.name.as_str()).collect();
            let mut found = self
                .error(
                    "D204",
                    name.at,
                    format!("{} has no case `{}`", of.name, name.text),
                )
                .help(format!("its cases are {}", all.join(", ")));
            if let Some(like) = like {
                found = found.label(format!("did you mean `{like}`?")).fix(
                    format!("write `{like}`"),
                    self.span(name.at),
                    like,
                    false,
                );
            }
            self.tell(found);
            return None;
        }
        if want == Some(&Type::Wrong) {
            return None;
        }
        let visible = self.visible_enums();
        let having: Vec<_> = visible
            .iter()
            .filter_map(|id| {
                let cases = &self.enums().get(*id).cases;
                let at = cases.iter().position(|c| c.name == *name.text)?;
                Some((*id, at))
            })
            .collect();
        match having.as_slice() {
            [] => {
                let names: Vec<String> = visible
                    .iter()
                    .flat_map(|id| &self.enums().get(*id).cases)
                    .map(|c| c.name.clone())
                    .collect();
                let like = self.like(&name.text, names.iter().map(String::as_str));
                let mut found = self
                    .error("D204", name.at, format!("there is no case `{}`", name.text))
                    .label("no enum has it");
                if let Some(meant) = elsewhere::meant(&name.text) {
                    found = self.as_meant(found, name, meant);
                } else if elsewhere::is_variable(&name.text) {
                    let small = name.text.to_ascii_lowercase();
                    found = found
                        .help(format!("variables begin with a small letter, and are declared: channel {small}: Str as \"{}\"", name.text))
                        .help(format!("undeclared, by its name: channel(\"{}\")", name.text));
                } else if let Some(like) = like {
                    found = found.label(format!("did you mean `{like}`?")).fix(
                        format!("write `{like}`"),
                        self.span(name.at),
                        like,
                        false,
                    );
                }
                self.tell(found);
                None
            }
            [one] => Some(*one),
            // Several enums of the language have it (Busy is a Missed and a DialStatus): the first that was declared here wins.
            many => many
                .iter()
                .rev()
                .find(|(id, _)| id.0 as usize >= strowger_stdlib::words::ENUMS.len())
                .or(many.first())
                .copied(),
        }
    }

    pub(super) fn list(&mut self, at: At, items: &[tree::Expr], want: Option<&Type>) -> Expr {
        let inner = match want {
            Some(Type::List(of)) => Some((**of).clone()),
            _ => None,
        };
        let mut ty = inner.clone();
        let mut made = Vec::with_capacity(items.len());
        for item in items {
            let value = match &ty {
                Some(ty) => self.wanted(item, ty),
                None => self.expr(item, None),
            };
            if ty.is_none() && value.ty != Type::Wrong {
                ty = Some(value.ty.clone());
            }
            made.push(value);
        }
        let ty = Type::List(Box::new(ty.unwrap_or(Type::Wrong)));
        self.made(at, ty, ExprKind::List(made))
    }

    pub(super) fn pattern(&mut self, pattern: &tree::Pattern) -> numbers::Read {
        let read = numbers::read(pattern);
        for (at, trouble) in &read.troubles {
            let (message, help) = match trouble {
                numbers::Trouble::OpenSet => ("`[` has no `]`".to_owned(), None),
                numbers::Trouble::EmptySet => {
                    ("nothing stands in `[]`: no number matches".to_owned(), None)
                }
                numbers::Trouble::BehindEnd => (
                    "nothing can stand behind `.` or `!`".to_owned(),
                    Some("they take all the rest of the number"),
                ),
                numbers::Trouble::Strange(c) => (format!("no number has {c:?}"), None),
                numbers::Trouble::Empty => ("an empty pattern".to_owned(), None),
                numbers::Trouble::Backwards => {
                    ("a range that runs backwards holds nothing".to_owned(), None)
                }
            };
            let mut found = self.error("D312", *at, message);
            if let Some(help) = help {
                found = found.help(help);
            }
            self.tell(found);
        }
        read
    }

    pub(super) fn choice(
        &mut self,
        at: At,
        condition: &tree::Expr,
        then: &tree::Block,
        otherwise: Option<&tree::Else>,
        how: &Use,
    ) -> Expr {
        let condition = self.condition(condition);
        if otherwise.is_none() {
            let how = match how {
                Use::Value(Some(want)) if *want != Type::Unit => {
                    let want = self.show(want);
                    self.tell(
                        self.error("D402", at, format!("{want} is needed here"))
                            .label("an `if` without `else` has no value"),
                    );
                    Use::Nothing { tail: false }
                }
                Use::Value(_) => Use::Nothing { tail: false },
                how => how.clone(),
            };
            let (then, _) = self.block(then, &how);
            return self.made(at, Type::Unit, ExprKind::If(condition, then, None));
        }
        let (mut then, mut ty) = self.block(then, how);
        let (mut other, other_ty) = match otherwise {
            Some(tree::Else::Block(block)) => self.block(block, how),
            Some(tree::Else::If(e)) => {
                let made = self.used(e, how);
                let ty = made.ty.clone();
                (self.as_block(made, how), ty)
            }
            None => (Block::default(), Type::Unit),
        };
        match how {
            Use::Value(_) => match self.join(&ty, &other_ty) {
                Some(joined) => ty = joined,
                None => {
                    let (a, b) = (self.show(&ty), self.show(&other_ty));
                    self.tell(
                        self.error("D402", at, "both ways of an `if` need the same type")
                            .label(format!("one has {a}, the other {b}")),
                    );
                    return self.wrong(at);
                }
            },
            Use::Nothing { .. } => {
                ty = match (&ty, &other_ty) {
                    (Type::Never, Type::Never) => Type::Never,
                    _ => Type::Unit,
                }
            }
        }
        self.lift(&mut then, &ty);
        self.lift(&mut other, &ty);
        self.made(at, ty, ExprKind::If(condition, then, Some(other)))
    }

    /// An expression where a block stands.
    pub(super) fn as_block(&self, e: Expr, how: &Use) -> Block {
        let ends = e.ty != Type::Never;
        match how {
            Use::Value(_) => Block {
                stmts: Vec::new(),
                value: Some(e),
                ends,
            },
            Use::Nothing { .. } => Block {
                stmts: vec![crate::dial::typed::Stmt {
                    place: e.place,
                    kind: crate::dial::typed::StmtKind::Expr(e),
                }],
                value: None,
                ends,
            },
        }
    }
}

/// A hundred years.
const LONGEST: u64 = 100 * 366 * 86_400_000;

/// The times of an expression of type Hours.
pub(super) fn hours_of(e: &Expr) -> Option<Vec<String>> {
    match &*e.kind {
        ExprKind::List(items) => items.iter().map(constant_text).collect(),
        _ => None,
    }
}
