//! `expect`: what may be asked when the calls are over, and whether it can be compared so.

use strowger_dial::tree::{self, Arg, At, BinaryOp, ExprKind as T, Name, UnaryOp};

use super::super::{Checker, Item, constant_text, constant_value};
use super::{Trial, is_name};
use crate::dial::test::{
    ASKED, As, Ask, Claim, Compare, Formula, FormulaKind, GREETINGS, MailPart, Part, REASONS,
    Record, Value,
};
use crate::dial::typed::{Expr, ExprKind, Scope};
use crate::dial::types::Type;

/// Names that mean something in an `expect`, unless the file declares them.
pub(super) const NAMES: [&str; ASKED.len()] = {
    let mut names = [""; ASKED.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = ASKED[i].0;
        i += 1;
    }
    names
};

/// What may be asked by a call: of the untyped world, or with something to compare.
const CALLS: [&str; 6] = [
    "channel", "globals", "db", "snapshot", "contains", "matches",
];

type Made = Option<(Formula, Type)>;

impl<'a> Checker<'a> {
    pub(super) fn expectation(&mut self, trial: &mut Trial<'a>, e: &tree::Expr) {
        // What stands between `and` is told one by one.
        match &*e.kind {
            T::Binary {
                op: BinaryOp::And,
                left,
                right,
                ..
            } => {
                self.expectation(trial, left);
                self.expectation(trial, right);
                return;
            }
            T::Group(of) => return self.expectation(trial, of),
            _ => {}
        }
        let Some((formula, _)) = self.formula(trial, e, Some(&Type::Bool)) else {
            // A claim was meant; what is wrong with it was told.
            let formula = self.made_formula(e.at, FormulaKind::Known(Value::Bool(true)));
            let span = self.span(e.at);
            trial.claims.push(Claim { span, formula });
            return;
        };
        if !asks_anything(&formula) {
            self.tell(
                self.error("D503", e.at, "this is always the same")
                    .label("nothing is asked of the call")
                    .help(format!("ask what came of it: {}", NAMES.join(", "))),
            );
        }
        let span = self.span(e.at);
        trial.claims.push(Claim { span, formula });
    }

    fn made_formula(&self, at: At, kind: FormulaKind) -> Formula {
        Formula {
            span: self.span(at),
            kind,
        }
    }

    /// Whether this is known only when the calls are over.
    pub(super) fn asks(&self, trial: &Trial<'a>, e: &tree::Expr) -> bool {
        match &*e.kind {
            T::Name(name) => self.is_asked(trial, &name.text),
            T::List(items) => items.iter().any(|i| self.asks(trial, i)),
            T::Call { callee, args } => {
                matches!(&*callee.kind, T::Name(n) if CALLS.contains(&&*n.text) && !self.is_declared(&n.text))
                    || self.asks(trial, callee)
                    || args.iter().any(|a| self.asks(trial, &a.value))
            }
            T::Field { of, name } => {
                self.asks(trial, of)
                    || matches!(&*of.kind, T::Call { .. }) && PHONES.contains(&&*name.text)
            }
            T::Index { of, .. } | T::Unary { of, .. } | T::Group(of) => self.asks(trial, of),
            T::Binary { left, right, .. } => self.asks(trial, left) || self.asks(trial, right),
            _ => false,
        }
    }

    fn is_declared(&self, name: &str) -> bool {
        self.names[self.unit].contains_key(name)
    }

    fn is_asked(&self, trial: &Trial<'a>, name: &str) -> bool {
        match self.names[self.unit].get(name) {
            Some(Item::Variable(_)) => true,
            Some(_) => false,
            None => trial.lets.contains_key(name) || NAMES.contains(&name),
        }
    }

    /// An expression, of this type if one is wanted. What is wrong is told.
    pub(super) fn formula(
        &mut self,
        trial: &Trial<'a>,
        e: &tree::Expr,
        want: Option<&Type>,
    ) -> Made {
        let (formula, ty) = self.formula_of(trial, e, want)?;
        if let Some(want) = want
            && self.join(&ty, want).is_none()
        {
            let (have, shown) = (self.show(&ty), self.show(want));
            let mut found = self
                .error("D402", e.at, format!("{shown} is needed here"))
                .label(format!("this is {have}"));
            if *want == Type::Bool {
                found = found.help("compare it with something");
            }
            self.tell(found);
            return None;
        }
        Some((formula, ty))
    }

    fn formula_of(&mut self, trial: &Trial<'a>, e: &tree::Expr, want: Option<&Type>) -> Made {
        let at = e.at;
        match &*e.kind {
            T::Group(of) => self.formula_of(trial, of, want),
            T::Unary {
                op: UnaryOp::Not,
                of,
            } => {
                let (of, _) = self.formula(trial, of, Some(&Type::Bool))?;
                let kind = FormulaKind::Not(Box::new(of));
                Some((self.made_formula(at, kind), Type::Bool))
            }
            T::Binary {
                op,
                op_at,
                left,
                right,
            } if compares(*op) || self.asks(trial, e) => {
                self.compared(trial, at, *op, *op_at, left, right)
            }
            T::List(items) if self.asks(trial, e) => {
                let inner = match want {
                    Some(Type::List(of)) => Some((**of).clone()),
                    _ => None,
                };
                let mut ty = inner;
                let mut made = Vec::new();
                for item in items {
                    let (formula, of) = self.formula(trial, item, ty.as_ref())?;
                    ty = ty.or(Some(of));
                    made.push(formula);
                }
                let ty = Type::List(Box::new(ty.unwrap_or(Type::Wrong)));
                Some((self.made_formula(at, FormulaKind::List(made)), ty))
            }
            T::Name(name) => match trial.lets.get(&*name.text) {
                Some((formula, ty)) => Some((
                    Formula {
                        span: self.span(at),
                        ..formula.clone()
                    },
                    ty.clone(),
                )),
                None => self.asked_name(name, None, want),
            },
            T::Field { of, name } => self.asked_field(trial, at, of, name, want),
            T::Index { of, index } if self.asks(trial, of) => {
                let (list, ty) = self.formula(trial, of, None)?;
                let index = self.place_in_list(index)?;
                let Type::List(of) = ty else {
                    return self.no_list(at, &ty);
                };
                let kind = FormulaKind::Item(Box::new(list), index);
                Some((self.made_formula(at, kind), *of))
            }
            T::Call { callee, args } => match &*callee.kind {
                T::Name(name) if CALLS.contains(&&*name.text) && !self.is_declared(&name.text) => {
                    self.asked_call(trial, at, name, args)
                }
                T::Field { of, name }
                    if is_name(of, "voicemail") && !self.is_declared("voicemail") =>
                {
                    self.mail_in(at, name, args)
                }
                _ if self.asks(trial, callee) => {
                    self.tell(
                        self.error("D501", callee.at, "this cannot be called")
                            .help("`x.count` is how many a list has, `x[0]` the first of it"),
                    );
                    None
                }
                _ => self.before(e, want),
            },
            _ => self.before(e, want),
        }
    }

    /// A value that is known beforehand.
    fn before(&mut self, e: &tree::Expr, want: Option<&Type>) -> Made {
        let made = self.constant_expr(e, want);
        if made.ty == Type::Wrong {
            return None;
        }
        let ty = made.ty.clone();
        match self.value(&made) {
            Some(value) => Some((self.made_formula(e.at, FormulaKind::Known(value)), ty)),
            None => {
                self.not_constant(e.at, "what a test expects");
                None
            }
        }
    }

    fn value(&self, e: &Expr) -> Option<Value> {
        Some(match &*e.kind {
            ExprKind::Int(n) => Value::Int(*n),
            ExprKind::Bool(b) => Value::Bool(*b),
            ExprKind::Duration(ms) => Value::Duration(*ms),
            ExprKind::Nothing => Value::Nothing,
            ExprKind::Just(of) => self.value(of)?,
            ExprKind::Case(id, case, fields) if fields.is_empty() => {
                Value::Text(self.enums().get(*id).cases[*case].name.clone())
            }
            ExprKind::List(items) => {
                let items: Option<Vec<Value>> = items.iter().map(|i| self.value(i)).collect();
                Value::List(items?)
            }
            _ => Value::Text(constant_value(e)?),
        })
    }

    fn place_in_list(&mut self, index: &tree::Expr) -> Option<usize> {
        let made = self.constant_expr(index, Some(&Type::Int));
        match &*made.kind {
            _ if made.ty == Type::Wrong => None,
            ExprKind::Int(n) if *n >= 0 => usize::try_from(*n).ok(),
            _ => {
                self.tell(
                    self.error("D501", index.at, "this is no place in a list")
                        .help("the first is [0]"),
                );
                None
            }
        }
    }

    fn no_list(&mut self, at: At, ty: &Type) -> Made {
        let shown = self.show(ty);
        self.tell(
            self.error("D405", at, format!("{shown} is no list"))
                .label("only a list has members"),
        );
        None
    }

    fn compared(
        &mut self,
        trial: &Trial<'a>,
        at: At,
        op: BinaryOp,
        op_at: At,
        left: &tree::Expr,
        right: &tree::Expr,
    ) -> Made {
        let compare = match op {
            BinaryOp::Eq => Compare::Equal,
            BinaryOp::Ne => Compare::Unequal,
            BinaryOp::Lt => Compare::Less,
            BinaryOp::Le => Compare::LessEqual,
            BinaryOp::Gt => Compare::Greater,
            BinaryOp::Ge => Compare::GreaterEqual,
            BinaryOp::And | BinaryOp::Or => {
                let (left, _) = self.formula(trial, left, Some(&Type::Bool))?;
                let (right, _) = self.formula(trial, right, Some(&Type::Bool))?;
                let (left, right) = (Box::new(left), Box::new(right));
                let kind = match op {
                    BinaryOp::And => FormulaKind::Both(left, right),
                    _ => FormulaKind::Either(left, right),
                };
                return Some((self.made_formula(at, kind), Type::Bool));
            }
            BinaryOp::In => return self.held(trial, at, left, right),
            _ => {
                self.tell(
                    self.error(
                        "D501",
                        op_at,
                        format!("`{}` is not for what came of a call", op.word()),
                    )
                    .help("a test compares: `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`"),
                );
                return None;
            }
        };
        // The side that asks has a type; the other one is wanted to have it.
        let ((left, ty), (right, of)) = if self.asks(trial, left) {
            let left = self.formula(trial, left, None)?;
            let right = self.formula(trial, right, Some(&left.1))?;
            (left, right)
        } else {
            let right = self.formula(trial, right, None)?;
            let left = self.formula(trial, left, Some(&right.1))?;
            (left, right)
        };
        let orders = !matches!(compare, Compare::Equal | Compare::Unequal);
        if orders && !matches!(ty, Type::Int | Type::Duration) {
            let (l, r) = (self.show(&ty), self.show(&of));
            self.tell(
                self.error(
                    "D405",
                    op_at,
                    format!("`{}` cannot be used with {l} and {r}", op.word()),
                )
                .label("only numbers and times are less or more"),
            );
            return None;
        }
        self.known_word(&left, &right);
        self.known_word(&right, &left);
        let kind = FormulaKind::Compare(compare, Box::new(left), Box::new(right));
        Some((self.made_formula(at, kind), Type::Bool))
    }

    /// A call ends in one of a few ways, and so is it with greetings.
    fn known_word(&mut self, asked: &Formula, other: &Formula) {
        let one = match &asked.kind {
            FormulaKind::Item(list, _) => &list.kind,
            asked => asked,
        };
        let (words, wrong, all): (&'static [&'static str], _, _) = match one {
            FormulaKind::Ask(_, Ask::Reason) => (&REASONS, "no call ends so", "calls end as"),
            FormulaKind::Ask(_, Ask::Mail(MailPart::Greeting)) => {
                (&GREETINGS, "there is no such greeting", "a greeting is")
            }
            _ => return,
        };
        let FormulaKind::Known(Value::Text(text)) = &other.kind else {
            return;
        };
        if !words.contains(&text.as_str()) {
            let shown: Vec<String> = words.iter().map(|r| format!("\"{r}\"")).collect();
            let found = crate::Diagnostic::new("D501", wrong, other.span);
            let like = self.like(text, words.iter().copied());
            self.tell(match like {
                Some(like) => found.help(format!("did you mean \"{like}\"?")),
                None => found.help(format!("{all} {}", shown.join(", "))),
            });
        }
    }

    /// `x in list`, ``text in `pattern` ``.
    fn held(&mut self, trial: &Trial<'a>, at: At, left: &tree::Expr, right: &tree::Expr) -> Made {
        if let T::Pattern(pattern) = &*right.kind {
            let regex = self.pattern(pattern).regex;
            let (text, ty) = self.formula(trial, left, None)?;
            self.is_text(left.at, &ty)?;
            let kind = FormulaKind::Matches(Box::new(text), regex);
            return Some((self.made_formula(at, kind), Type::Bool));
        }
        let (list, member) = if self.asks(trial, right) {
            let (list, ty) = self.formula(trial, right, None)?;
            let Type::List(of) = ty else {
                return self.no_list(right.at, &ty);
            };
            (list, self.formula(trial, left, Some(&of))?.0)
        } else {
            let (member, ty) = self.formula(trial, left, None)?;
            let want = Type::List(Box::new(ty));
            (self.formula(trial, right, Some(&want))?.0, member)
        };
        let kind = FormulaKind::In(Box::new(member), Box::new(list));
        Some((self.made_formula(at, kind), Type::Bool))
    }

    fn is_text(&mut self, at: At, ty: &Type) -> Option<()> {
        let text = matches!(
            ty,
            Type::Str
                | Type::Raw
                | Type::Digits
                | Type::Uri
                | Type::Endpoint
                | Type::Prompt
                | Type::Mailbox
                | Type::Host
        );
        if !text {
            let shown = self.show(ty);
            self.tell(self.error("D405", at, format!("{shown} is no text")));
        }
        text.then_some(())
    }

    /// A name: of what came of the calls, or of a variable of the plan.
    fn asked_name(&mut self, name: &Name, call: Option<usize>, want: Option<&Type>) -> Made {
        let at = name.at;
        if let Some(item) = self.names[self.unit].get(&*name.text).copied()
            && call.is_none()
        {
            self.note_item(name, self.unit);
            let e = tree::Expr {
                at,
                kind: Box::new(T::Name(name.clone())),
            };
            return match item {
                Item::Variable(number) => Some(self.asked_variable(at, number)),
                _ => self.before(&e, want),
            };
        }
        let list = |of: Type| Type::List(Box::new(of));
        let (ask, ty) = match &*name.text {
            "dialed" => (Ask::Dialed, list(Type::Endpoint)),
            "heard" => (Ask::Heard, list(Type::Prompt)),
            "said" => (Ask::Spoken, list(Type::Str)),
            "texts" => (Ask::Texts, list(Type::Str)),
            "logs" => (Ask::Logs, list(Type::Str)),
            "apps" => (Ask::Apps, list(Type::Str)),
            "path" => (Ask::Path, list(Type::Str)),
            "messages" => (Ask::Messages(Part::To), list(Type::Str)),
            "reason" => (Ask::Reason, Type::Str),
            "answered" => (Ask::Answered, Type::Bool),
            "elapsed" => (Ask::Elapsed, Type::Duration),
            "effects" => (Ask::Effects, Type::Int),
            "status" | "cause" => {
                let (ask, of) = match &*name.text {
                    "status" => (Ask::Variable("DIALSTATUS".to_owned()), "DialStatus"),
                    _ => (Ask::Cause, "Cause"),
                };
                let ty = self.enum_named(of);
                let asked = self.made_formula(at, FormulaKind::Ask(call, ask));
                return Some((self.read(at, asked, &ty), ty));
            }
            "cdr" => {
                self.tell(
                    self.error("D501", at, "`cdr` alone is no value")
                        .help("it has: disposition, duration, billsec"),
                );
                return None;
            }
            "calls" => {
                self.tell(
                    self.error("D501", at, "`calls` alone is no value")
                        .help("ask of one of them: `calls[0].heard`"),
                );
                return None;
            }
            "trace" => {
                self.tell(
                    self.error(
                        "D501",
                        at,
                        "a trace is compared with the one that was accepted",
                    )
                    .help("write `expect snapshot(trace)`"),
                );
                return None;
            }
            "voicemail" => (Ask::Mail(MailPart::Mailbox), list(Type::Mailbox)),
            _ => {
                self.no_name(name);
                return None;
            }
        };
        Some((self.made_formula(at, FormulaKind::Ask(call, ask)), ty))
    }

    fn no_name(&mut self, name: &Name) {
        if super::super::world::is_fixed(&name.text) {
            self.tell(
                self.error(
                    "D501",
                    name.at,
                    format!("`{}` is over when a test asks", name.text),
                )
                .help(format!("a test asks for {}", NAMES.join(", "))),
            );
            return;
        }
        let declared = self.names[self.unit].keys().copied();
        let near = NAMES.into_iter().chain(declared);
        let like = self.like(&name.text, near);
        let mut found = self
            .error(
                "D501",
                name.at,
                format!("`{}` is nothing that a test can ask for", name.text),
            )
            .label("an unknown name");
        found = match like {
            Some(like) => found.help(format!("did you mean `{like}`?")).fix(
                format!("write `{like}`"),
                self.span(name.at),
                like,
                false,
            ),
            None => found
                .help(format!("a test asks for {}", NAMES.join(", ")))
                .help(format!(
                    "a variable of the dialplan is channel(\"{}\")",
                    name.text
                )),
        };
        self.tell(found);
    }

    fn asked_variable(&mut self, at: At, number: usize) -> (Formula, Type) {
        let variable = &self.program.variables[number];
        let ty = variable.ty.clone();
        let ask = match variable.scope {
            Scope::Global => Ask::Global(variable.conf.clone()),
            Scope::Channel(_) => Ask::Variable(variable.conf.clone()),
        };
        let asked = self.made_formula(at, FormulaKind::Ask(None, ask));
        (self.read(at, asked, &ty), ty)
    }

    fn read(&self, at: At, asked: Formula, ty: &Type) -> Formula {
        match self.reading(ty) {
            As::Text => asked,
            how => self.made_formula(at, FormulaKind::Read(Box::new(asked), how)),
        }
    }

    fn reading(&self, ty: &Type) -> As {
        match ty {
            Type::Int | Type::Time => As::Int,
            Type::Bool => As::Bool,
            Type::Duration => As::Duration,
            Type::Option(of) => As::Option(Box::new(self.reading(of))),
            Type::Enum(id) => {
                let cases = self.enums().get(*id).cases.iter();
                As::Case(
                    cases
                        .map(|c| (c.name.clone(), c.spellings.clone()))
                        .collect(),
                )
            }
            _ => As::Text,
        }
    }

    /// `cdr.billsec`, `heard.count`, `messages[0].to`, `calls[1].heard`, `pjsip("61").keys`.
    fn asked_field(
        &mut self,
        trial: &Trial<'a>,
        at: At,
        of: &tree::Expr,
        name: &Name,
        want: Option<&Type>,
    ) -> Made {
        let ask =
            |c: &Self, call, ask, ty| Some((c.made_formula(at, FormulaKind::Ask(call, ask)), ty));
        match &*of.kind {
            T::Name(n) if &*n.text == "cdr" && !self.is_declared("cdr") => {
                return self.record(at, None, name);
            }
            // A variable of another file.
            T::Name(n) => {
                if let Some(Item::Unit(other)) = self.names[self.unit].get(&*n.text)
                    && let Some(Item::Variable(number)) =
                        self.names[*other].get(&*name.text).copied()
                {
                    return Some(self.asked_variable(at, number));
                }
            }
            T::Index { of: list, index }
                if is_name(list, "messages") && !self.is_declared("messages") =>
            {
                let place = self.place_in_list(index)?;
                return self.message(at, place, name);
            }
            T::Index { of: list, index }
                if is_name(list, "voicemail") && !self.is_declared("voicemail") =>
            {
                let place = self.place_in_list(index)?;
                return self.mail(at, place, name);
            }
            T::Index { of: list, index }
                if is_name(list, "calls") && !self.is_declared("calls") =>
            {
                let place = self.place_in_list(index)?;
                if place >= trial.calls.len() {
                    let n = trial.calls.len();
                    let s = if n == 1 { "" } else { "s" };
                    self.tell(
                        self.error("D501", index.at, format!("the test has {n} call{s} so far"))
                            .help("the first is calls[0]"),
                    );
                    return None;
                }
                let place = (trial.calls.len() > 1).then_some(place);
                return match &*name.text {
                    "calls" | "messages" | "trace" => {
                        self.no_name(name);
                        None
                    }
                    _ => self.asked_name_of(name, place),
                };
            }
            // `calls[1].cdr.billsec`.
            T::Field {
                of: inner,
                name: cdr,
            } if &*cdr.text == "cdr" => {
                if let T::Index { of: list, index } = &*inner.kind
                    && is_name(list, "calls")
                {
                    let place = self.place_in_list(index)?;
                    let place = (trial.calls.len() > 1).then_some(place);
                    return self.record(at, place, name);
                }
            }
            T::Call { .. } if PHONES.contains(&&*name.text) => {
                let phone = self.constant_expr(of, Some(&Type::Endpoint));
                if phone.ty == Type::Wrong {
                    return None;
                }
                let Some(phone) = constant_text(&phone) else {
                    self.not_constant(of.at, "a phone of a test");
                    return None;
                };
                let list = |of| Type::List(Box::new(of));
                return match &*name.text {
                    "heard" => ask(self, None, Ask::PhoneHeard(phone), list(Type::Prompt)),
                    "keys" => ask(self, None, Ask::PhoneKeys(phone), Type::Str),
                    _ => ask(self, None, Ask::PhoneApps(phone), list(Type::Str)),
                };
            }
            _ => {}
        }
        if self.asks(trial, of) {
            let (list, ty) = self.formula(trial, of, None)?;
            if &*name.text != "count" {
                let shown = self.show(&ty);
                let found = self.error("D501", name.at, format!("{shown} has no `{}`", name.text));
                self.tell(match ty {
                    Type::List(_) => found.help("a list has `count`, and its members: `x[0]`"),
                    _ => found,
                });
                return None;
            }
            if !matches!(ty, Type::List(_)) {
                return self.no_list(at, &ty);
            }
            let kind = FormulaKind::Count(Box::new(list));
            return Some((self.made_formula(at, kind), Type::Int));
        }
        if let T::Name(n) = &*of.kind
            && (super::super::world::is_fixed(&n.text) || !self.is_declared(&n.text))
        {
            self.no_name(n);
            return None;
        }
        let e = tree::Expr {
            at,
            kind: Box::new(T::Field {
                of: of.clone(),
                name: name.clone(),
            }),
        };
        self.before(&e, want)
    }

    /// The same name of one call.
    fn asked_name_of(&mut self, name: &Name, call: Option<usize>) -> Made {
        if NAMES.contains(&&*name.text) {
            return self.asked_name(name, call.or(Some(0)).filter(|_| call.is_some()), None);
        }
        self.no_name(name);
        None
    }

    fn record(&mut self, at: At, call: Option<usize>, name: &Name) -> Made {
        let (field, ty) = match &*name.text {
            "disposition" => (Record::Disposition, Type::Str),
            "duration" => (Record::Duration, Type::Duration),
            "billsec" => (Record::BillSec, Type::Duration),
            other => {
                let names = ["disposition", "duration", "billsec"];
                let like = self.like(other, names.into_iter());
                let found = self.error("D501", name.at, format!("`cdr` has no `{other}`"));
                self.tell(match like {
                    Some(like) => found.help(format!("did you mean `{like}`?")),
                    None => found.help(format!("it has: {}", names.join(", "))),
                });
                return None;
            }
        };
        let kind = FormulaKind::Ask(call, Ask::Record(field));
        Some((self.made_formula(at, kind), ty))
    }

    fn message(&mut self, at: At, place: usize, name: &Name) -> Made {
        let part = match &*name.text {
            "to" => Part::To,
            "from" => Part::From,
            "body" => Part::Body,
            "status" => Part::Status,
            other => {
                self.tell(
                    self.error("D501", name.at, format!("a message has no `{other}`"))
                        .help("it has: to, from, body, status"),
                );
                return None;
            }
        };
        let list = self.made_formula(at, FormulaKind::Ask(None, Ask::Messages(part)));
        let one = self.made_formula(at, FormulaKind::Item(Box::new(list), place));
        let ty = match part {
            Part::Status => self.enum_named("Sent"),
            _ => Type::Str,
        };
        Some((self.read(at, one, &ty), ty))
    }

    /// A part of a message in a mailbox.
    fn mail(&mut self, at: At, place: usize, name: &Name) -> Made {
        let (part, ty) = match &*name.text {
            "mailbox" => (MailPart::Mailbox, Type::Mailbox),
            "greeting" => (MailPart::Greeting, Type::Str),
            "length" => (MailPart::Length, Type::Duration),
            other => {
                let names = ["mailbox", "greeting", "length"];
                let like = self.like(other, names.into_iter());
                let text = format!("a message in a mailbox has no `{other}`");
                let found = self.error("D501", name.at, text);
                self.tell(match like {
                    Some(like) => found.help(format!("did you mean `{like}`?")),
                    None => found.help(format!("it has: {}", names.join(", "))),
                });
                return None;
            }
        };
        let list = self.made_formula(at, FormulaKind::Ask(None, Ask::Mail(part)));
        let kind = FormulaKind::Item(Box::new(list), place);
        Some((self.made_formula(at, kind), ty))
    }

    /// `voicemail.count("1001")`.
    fn mail_in(&mut self, at: At, name: &Name, args: &[Arg]) -> Made {
        if &*name.text != "count" {
            let text = format!("`voicemail` has no `{}`", name.text);
            self.tell(
                self.error("D501", name.at, text)
                    .help("voicemail.count(\"1001\") is how many messages a mailbox has"),
            );
            return None;
        }
        let given = self.arguments(at, name, args, &[("mailbox", Type::Mailbox)], &[])?;
        let given = given.into_iter().next().flatten();
        let Some(mailbox) = given.as_ref().and_then(constant_text) else {
            self.not_constant(at, "a mailbox of a test");
            return None;
        };
        let list = self.made_formula(at, FormulaKind::Ask(None, Ask::MailIn(mailbox)));
        let kind = FormulaKind::Count(Box::new(list));
        Some((self.made_formula(at, kind), Type::Int))
    }

    fn asked_call(&mut self, trial: &Trial<'a>, at: At, name: &Name, args: &[Arg]) -> Made {
        match &*name.text {
            "snapshot" => {
                let [Arg { name: None, value }] = args else {
                    return self.no_snapshot(at);
                };
                if !is_name(value, "trace") {
                    return self.no_snapshot(at);
                }
                let kind = FormulaKind::Ask(None, Ask::Trace);
                Some((self.made_formula(at, kind), Type::Bool))
            }
            "contains" | "matches" => {
                let [first, second] = args else {
                    self.tell(
                        self.error("D403", at, format!("`{}` takes two texts", name.text))
                            .help("contains(messages[0].body, \"failed\")"),
                    );
                    return None;
                };
                let (text, ty) = self.formula(trial, &first.value, None)?;
                self.is_text(first.value.at, &ty)?;
                if &*name.text == "contains" {
                    let (part, _) = self.formula(trial, &second.value, Some(&Type::Raw))?;
                    let kind = FormulaKind::Contains(Box::new(text), Box::new(part));
                    return Some((self.made_formula(at, kind), Type::Bool));
                }
                let regex = self.constant_expr(&second.value, Some(&Type::Str));
                if regex.ty == Type::Wrong {
                    return None;
                }
                let Some(regex) = constant_text(&regex) else {
                    self.not_constant(second.value.at, "a regular expression");
                    return None;
                };
                let kind = FormulaKind::Matches(Box::new(text), regex);
                Some((self.made_formula(at, kind), Type::Bool))
            }
            word => {
                let what = self.one_name(at, name, args)?;
                let (ask, ty) = match word {
                    "channel" => (Ask::Variable(what), Type::Raw),
                    "globals" => (Ask::Global(what), Type::Raw),
                    _ => {
                        let ty = Type::Option(Box::new(Type::Raw));
                        (Ask::Database(what), ty)
                    }
                };
                let asked = self.made_formula(at, FormulaKind::Ask(None, ask));
                Some((self.read(at, asked, &ty), ty))
            }
        }
    }

    fn no_snapshot(&mut self, at: At) -> Made {
        self.tell(self.error("D403", at, "`snapshot` takes the trace: snapshot(trace)"));
        None
    }
}

/// Whether an operator gives a truth.
fn compares(op: BinaryOp) -> bool {
    use BinaryOp::{And, Eq, Ge, Gt, In, Le, Lt, Ne, Or};
    matches!(op, And | Eq | Ge | Gt | In | Le | Lt | Ne | Or)
}

/// Whether anything in it is known only when the calls are over.
fn asks_anything(formula: &Formula) -> bool {
    match &formula.kind {
        FormulaKind::Known(_) => false,
        FormulaKind::Ask(..) => true,
        FormulaKind::List(all) => all.iter().any(asks_anything),
        FormulaKind::Read(of, _)
        | FormulaKind::Count(of)
        | FormulaKind::Item(of, _)
        | FormulaKind::Not(of)
        | FormulaKind::Matches(of, _) => asks_anything(of),
        FormulaKind::Both(a, b)
        | FormulaKind::Either(a, b)
        | FormulaKind::Compare(_, a, b)
        | FormulaKind::In(a, b)
        | FormulaKind::Contains(a, b) => asks_anything(a) || asks_anything(b),
    }
}

/// What may be asked of a phone that was called.
const PHONES: [&str; 3] = ["heard", "keys", "apps"];
