//! Statements and what a context holds.

use strowger_dial::tree::{self, ArmBody, At, ExprKind as T, Name, StmtKind as S};
use strowger_stdlib::words;

use super::expr::Use;
use super::{BodyKind, Checker};
use crate::dial::notes::{Declared, Fact, What};
use crate::dial::typed::{Block, Expr, ExprKind, Stmt, StmtKind};
use crate::dial::types::Type;

/// The labels of a body.
pub(super) fn labels(block: &tree::Block) -> Vec<Name> {
    let mut found = Vec::new();
    let mut work = vec![block];
    while let Some(block) = work.pop() {
        for stmt in &block.stmts {
            match &stmt.kind {
                S::Label(name) => found.push(name.clone()),
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
        let outer = std::mem::replace(&mut self.body.region, block.at);
        let made = self.statements(block, how);
        self.body.region = outer;
        made
    }

    fn statements(&mut self, block: &tree::Block, how: &Use) -> (Block, Type) {
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
    pub(super) fn stmt(&mut self, stmt: &tree::Stmt, tail: bool, out: &mut Vec<Stmt>) -> bool {
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
                let condition = self.condition(condition);
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
                let gotos = self.body.gotos.len();
                self.body.loops += 1;
                let (local, block) = self.in_scope(|c| {
                    let outer = std::mem::replace(&mut c.body.region, body.at);
                    let local = c.bind(name, ty, false);
                    c.body.region = outer;
                    let (block, _) = c.block(body, &Use::Nothing { tail: false });
                    (local, block)
                });
                self.body.loops -= 1;
                if items.is_empty() {
                    // A body that is written for nothing is not written.
                    self.body.gotos.truncate(gotos);
                    self.body.unwritten.extend(labels(body));
                }
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
                    .filter(|l| l.text == name.text)
                    .count()
                    > 1;
                if twice {
                    self.tell(self.error(
                        "D202",
                        name.at,
                        format!("the label `{}` stands here twice", name.text),
                    ));
                }
                self.note(name.at, |c| {
                    Fact::Declared(Declared {
                        name: name.text.to_string(),
                        what: What::Label,
                        until: Some(c.body.region.end),
                    })
                });
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

    pub(super) fn first_value(
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

    pub(super) fn let_(
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
        let Some(result) = self.body.result.clone() else {
            // Whoever came by `gosub` gets a text.
            let value = value.map(|value| self.as_text(value));
            return self.made(at, Type::Never, ExprKind::Return(value));
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
