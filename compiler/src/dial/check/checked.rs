//! `checked_add(a, b)` and its kin: Option(Int), nothing where the operator would stop the call.

use strowger_dial::tree::{Arg, At, BinaryOp, Name};

use super::Checker;
use crate::dial::typed::{Block, Expr, ExprKind, LocalId, Stmt, StmtKind};
use crate::dial::types::Type;

/// The names, and what they compute.
pub(super) const NAMES: [(&str, BinaryOp); 5] = [
    ("checked_add", BinaryOp::Add),
    ("checked_sub", BinaryOp::Sub),
    ("checked_mul", BinaryOp::Mul),
    ("checked_div", BinaryOp::Div),
    ("checked_rem", BinaryOp::Rem),
];

/// The largest Int; the smallest is its opposite. A dialplan counts exactly so far (DL-208).
pub(super) const LARGEST: i64 = 999_999_999_999_999_999;

/// Expressions that all stand at one place.
struct Made<'c, 'a> {
    checker: &'c Checker<'a>,
    at: At,
    option: Type,
}

impl Made<'_, '_> {
    fn e(&self, ty: Type, kind: ExprKind) -> Expr {
        self.checker.made(self.at, ty, kind)
    }

    fn int(&self, n: i64) -> Expr {
        self.e(Type::Int, ExprKind::Int(n))
    }

    fn local(&self, id: LocalId) -> Expr {
        self.e(Type::Int, ExprKind::Local(id))
    }

    fn op(&self, op: BinaryOp, a: Expr, b: Expr) -> Expr {
        let ty = match op {
            BinaryOp::Lt | BinaryOp::Gt | BinaryOp::Eq => Type::Bool,
            _ => Type::Int,
        };
        self.e(ty, ExprKind::Number(op, a, b))
    }

    fn nothing(&self) -> Expr {
        self.e(self.option.clone(), ExprKind::Nothing)
    }

    fn just(&self, value: Expr) -> Expr {
        self.e(self.option.clone(), ExprKind::Just(value))
    }

    fn choose(&self, ty: Type, condition: Expr, yes: Expr, no: Expr) -> Expr {
        let block = |value: Expr| Block {
            stmts: Vec::new(),
            value: Some(value),
            ends: true,
        };
        self.e(ty, ExprKind::If(condition, block(yes), Some(block(no))))
    }

    /// `if condition { None } else { Some(x op y) }`.
    fn unless(&self, condition: Expr, op: BinaryOp, x: LocalId, y: LocalId) -> Expr {
        let value = self.op(op, self.local(x), self.local(y));
        self.choose(
            self.option.clone(),
            condition,
            self.nothing(),
            self.just(value),
        )
    }

    /// The absolute value.
    fn size(&self, id: LocalId) -> Expr {
        let opposite = self.op(BinaryOp::Sub, self.int(0), self.local(id));
        let negative = self.op(BinaryOp::Lt, self.local(id), self.int(0));
        self.choose(Type::Int, negative, opposite, self.local(id))
    }
}

impl Checker<'_> {
    pub(super) fn checked(&mut self, at: At, name: &Name, args: &[Arg], op: BinaryOp) -> Expr {
        let wants = [("a", Type::Int), ("b", Type::Int)];
        let given = self.arguments(at, name, args, &wants, &[]);
        let Some([Some(a), Some(b)]) = given.as_deref() else {
            return self.wrong(at);
        };
        let (a, b) = (a.clone(), b.clone());
        let option = Type::Option(Box::new(Type::Int));
        if let (ExprKind::Int(a), ExprKind::Int(b)) = (&*a.kind, &*b.kind) {
            let (a, b) = (*a, *b);
            let result = match op {
                BinaryOp::Add => a.checked_add(b),
                BinaryOp::Sub => a.checked_sub(b),
                BinaryOp::Mul => a.checked_mul(b),
                BinaryOp::Div => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            let kind = match result.filter(|n| (-LARGEST..=LARGEST).contains(n)) {
                Some(n) => ExprKind::Just(self.made(at, Type::Int, ExprKind::Int(n))),
                None => ExprKind::Nothing,
            };
            return self.made(at, option, kind);
        }
        let (x, y) = (self.hidden("a", Type::Int), self.hidden("b", Type::Int));
        let made = Made {
            checker: self,
            at,
            option: option.clone(),
        };
        let value = match op {
            BinaryOp::Div | BinaryOp::Rem => {
                let zero = made.op(BinaryOp::Eq, made.local(y), made.int(0));
                made.unless(zero, op, x, y)
            }
            // Whether the result would be too large is asked without computing it.
            BinaryOp::Mul => {
                let (p, q) = (made.size(x), made.size(y));
                let most = made.op(BinaryOp::Div, made.int(LARGEST), p);
                let large = made.op(BinaryOp::Gt, q, most);
                let product = made.unless(large, op, x, y);
                let zero = made.op(BinaryOp::Eq, made.local(x), made.int(0));
                made.choose(option.clone(), zero, made.just(made.int(0)), product)
            }
            _ => {
                // x + y > LARGEST is x > LARGEST - y; of a difference the signs are the other ones.
                let other = match op {
                    BinaryOp::Add => BinaryOp::Sub,
                    _ => BinaryOp::Add,
                };
                let bound = |n: i64| made.op(other, made.int(n), made.local(y));
                let above = made.op(BinaryOp::Gt, made.local(x), bound(LARGEST));
                let below = made.op(BinaryOp::Lt, made.local(x), bound(-LARGEST));
                let sign = match op {
                    BinaryOp::Add => BinaryOp::Gt,
                    _ => BinaryOp::Lt,
                };
                let upwards = made.op(sign, made.local(y), made.int(0));
                let up = made.unless(above, op, x, y);
                let down = made.unless(below, op, x, y);
                made.choose(option.clone(), upwards, up, down)
            }
        };
        let set = |local, value| Stmt {
            place: self.place(at),
            kind: StmtKind::Set(local, value),
        };
        let block = Block {
            stmts: vec![set(x, a), set(y, b)],
            value: Some(value),
            ends: true,
        };
        self.made(at, option, ExprKind::Block(block))
    }
}
