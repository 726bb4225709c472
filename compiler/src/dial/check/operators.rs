//! Operators: what they take, and what they give.

use strowger_dial::tree::{self, At, BinaryOp, UnaryOp};

use super::expr::{Use, hours_of};
use super::{Checker, constant_text};
use crate::dial::typed::{Expr, ExprKind, TextPart};
use crate::dial::types::Type;

impl Checker<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, of: &tree::Expr, at: At) -> Expr {
        match op {
            UnaryOp::Not => {
                let of = self.wanted(of, &Type::Bool);
                self.made(at, Type::Bool, ExprKind::Not(of))
            }
            UnaryOp::Neg => {
                if let tree::ExprKind::Int(digits) = &*of.kind
                    && let Ok(n) = format!("-{digits}").parse::<i64>()
                {
                    return self.made(at, Type::Int, ExprKind::Int(n));
                }
                let of = self.wanted(of, &Type::Int);
                self.made(at, Type::Int, ExprKind::Neg(of))
            }
        }
    }

    pub(super) fn binary(
        &mut self,
        e: &tree::Expr,
        op: BinaryOp,
        op_at: At,
        left: &tree::Expr,
        right: &tree::Expr,
        how: &Use,
    ) -> Expr {
        let at = e.at;
        match op {
            BinaryOp::Pipe => self.pipe(e, left, right, how),
            BinaryOp::Default => {
                let left = self.expr(left, None);
                let Type::Option(of) = left.ty.clone() else {
                    if left.ty != Type::Wrong {
                        let shown = self.show(&left.ty);
                        self.tell(
                            self.error(
                                "D405",
                                op_at,
                                "`??` says what stands in the place of nothing",
                            )
                            .label(format!("{shown} is never nothing")),
                        );
                    }
                    return self.wrong(at);
                };
                let right = self.expr(right, Some(&of));
                let ty = match (&*of, &right.ty) {
                    (Type::Wrong, ty) => ty.clone(),
                    _ => match self.join(&of, &right.ty) {
                        Some(ty) => ty,
                        None => {
                            let right = self.fit(right, &of);
                            return self.made(at, (*of).clone(), ExprKind::Default(left, right));
                        }
                    },
                };
                self.made(at, ty, ExprKind::Default(left, right))
            }
            BinaryOp::Or | BinaryOp::And => {
                let left = self.wanted(left, &Type::Bool);
                let right = self.wanted(right, &Type::Bool);
                let kind = match op {
                    BinaryOp::Or => ExprKind::Either(left, right),
                    _ => ExprKind::Both(left, right),
                };
                self.made(at, Type::Bool, kind)
            }
            BinaryOp::Eq | BinaryOp::Ne => self.equality(at, op, op_at, left, right),
            BinaryOp::In => self.membership(at, left, right),
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                let ((left, a), (right, b)) = (self.operand(left), self.operand(right));
                let left = self.expr(left, None);
                let right = self.expr(right, Some(&left.ty.clone()));
                if let Some((left, right)) = self.pasted(op, &left, &right, [a, b]) {
                    return self.made(at, Type::Bool, ExprKind::Number(op, left, right));
                }
                if !self.same_numbers(&left, &right, op, op_at) {
                    return self.wrong(at);
                }
                self.made(at, Type::Bool, ExprKind::Number(op, left, right))
            }
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => {
                self.arithmetic(at, op, op_at, left, right)
            }
        }
    }

    pub(super) fn arithmetic(
        &mut self,
        at: At,
        op: BinaryOp,
        op_at: At,
        left: &tree::Expr,
        right: &tree::Expr,
    ) -> Expr {
        let left = self.expr(left, None);
        let right = self.expr(right, None);
        let scale = matches!(op, BinaryOp::Mul | BinaryOp::Div);
        let ty = match (&left.ty, &right.ty) {
            (Type::Duration, Type::Int) if scale => Type::Duration,
            (Type::Int, Type::Duration) if op == BinaryOp::Mul => Type::Duration,
            (Type::Time, Type::Duration) if matches!(op, BinaryOp::Add | BinaryOp::Sub) => {
                Type::Time
            }
            (Type::Time, Type::Time) if op == BinaryOp::Sub => Type::Duration,
            (Type::Duration, Type::Duration) if !matches!(op, BinaryOp::Mul | BinaryOp::Div) => {
                Type::Duration
            }
            _ => {
                if !self.counts_texts(&left, &right) && !self.same_numbers(&left, &right, op, op_at)
                {
                    return self.wrong(at);
                }
                Type::Int
            }
        };
        if matches!(op, BinaryOp::Div | BinaryOp::Rem) && is_zero(&right) {
            self.tell(
                self.error("D407", right.place.at, "a division by nothing")
                    .label("this is zero"),
            );
            return self.wrong(at);
        }
        if let (ExprKind::Int(a), ExprKind::Int(b)) = (&*left.kind, &*right.kind) {
            let folded = match op {
                BinaryOp::Add => a.checked_add(*b),
                BinaryOp::Sub => a.checked_sub(*b),
                BinaryOp::Mul => a.checked_mul(*b),
                BinaryOp::Div => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            return match folded {
                Some(n) => self.made(at, Type::Int, ExprKind::Int(n)),
                None => {
                    self.tell(
                        self.error("D407", at, "this number is too large")
                            .label("an Int has 64 bits"),
                    );
                    self.wrong(at)
                }
            };
        }
        self.made(at, ty, ExprKind::Number(op, left, right))
    }

    pub(super) fn same_numbers(
        &mut self,
        left: &Expr,
        right: &Expr,
        op: BinaryOp,
        op_at: At,
    ) -> bool {
        let numeric = |ty: &Type| matches!(ty, Type::Int | Type::Duration | Type::Time);
        if left.ty == Type::Wrong || right.ty == Type::Wrong {
            return false;
        }
        let ordering = matches!(
            op,
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge
        );
        if left.ty == right.ty && numeric(&left.ty) && (ordering || left.ty == Type::Int) {
            return true;
        }
        let (l, r) = (self.show(&left.ty), self.show(&right.ty));
        let mut found = self
            .error(
                "D405",
                op_at,
                format!("`{}` cannot be used with {l} and {r}", op.word()),
            )
            .also(self.span(left.place.at), l.clone())
            .also(self.span(right.place.at), r.clone());
        let text = |ty: &Type| matches!(ty, Type::Str | Type::Raw | Type::Digits);
        if op == BinaryOp::Add && (text(&left.ty) || text(&right.ty)) {
            found = found.help("texts are put together by holes: \"{a}{b}\"");
            if left.ty == Type::Int || right.ty == Type::Int {
                found = found.help("`int(x)` reads a number: (int(x) ?? 0) + 1");
            }
        } else if text(&left.ty) || text(&right.ty) {
            found = found.help("`int(x)` reads a number: Option(Int)");
        } else if matches!(left.ty, Type::Option(_)) || matches!(right.ty, Type::Option(_)) {
            found = found.help("say what counts where there is nothing: `x ?? 0`");
        } else if (&left.ty, &right.ty) == (&Type::Duration, &Type::Int) {
            found = found.help("a time has a unit: `5s`");
        }
        self.tell(found);
        false
    }

    pub(super) fn equality(
        &mut self,
        at: At,
        op: BinaryOp,
        op_at: At,
        left: &tree::Expr,
        right: &tree::Expr,
    ) -> Expr {
        let ((left, a), (right, b)) = (self.operand(left), self.operand(right));
        let bare = [a, b];
        // A case is looked up in the type of the other side.
        let first_case = matches!(&*left.kind, tree::ExprKind::Case(_));
        let (left, right) = if first_case {
            let right = self.expr(right, None);
            let left = self.expr(left, Some(&right.ty.clone()));
            (left, right)
        } else {
            let left = self.expr(left, None);
            let right = self.expr(right, Some(&left.ty.clone()));
            (left, right)
        };
        if left.ty == Type::Wrong || right.ty == Type::Wrong {
            return self.wrong(at);
        }
        if let Some((left, right)) = self.pasted(op, &left, &right, bare) {
            return self.made(at, Type::Bool, ExprKind::Number(op, left, right));
        }
        let equal = op == BinaryOp::Eq;
        if matches!(left.ty, Type::Int | Type::Duration | Type::Time) && left.ty == right.ty {
            return self.made(at, Type::Bool, ExprKind::Number(op, left, right));
        }
        let is_nothing = |e: &Expr| matches!(&*e.kind, ExprKind::Nothing);
        for (this, other) in [(&left, &right), (&right, &left)] {
            if is_nothing(this) && matches!(other.ty, Type::Option(_)) {
                let some = self.made(at, Type::Bool, ExprKind::IsSome(other.clone()));
                return match equal {
                    true => self.made(at, Type::Bool, ExprKind::Not(some)),
                    false => some,
                };
            }
        }
        let bare = |ty: &Type| match ty {
            Type::Option(of) => (**of).clone(),
            other => other.clone(),
        };
        if self.join(&bare(&left.ty), &bare(&right.ty)).is_none() {
            let (l, r) = (self.show(&left.ty), self.show(&right.ty));
            let mut found = self
                .error("D405", op_at, format!("{l} and {r} are never equal"))
                .also(self.span(left.place.at), l.clone())
                .also(self.span(right.place.at), r.clone());
            let text = |ty: &Type| matches!(bare(ty), Type::Str | Type::Raw | Type::Digits);
            for (this, other) in [(&left, &right), (&right, &left)] {
                if text(&this.ty)
                    && let ExprKind::Int(n) = &*other.kind
                {
                    found = found.fix(
                        format!("digits are text: write \"{n}\""),
                        self.span(other.place.at),
                        format!("\"{n}\""),
                        false,
                    );
                }
                if let (Type::Enum(id), Some(word)) = (bare(&this.ty), constant_text(other)) {
                    let of = self.enums().get(id);
                    let meant = of.cases.iter().find(|c| {
                        c.spellings.iter().any(|s| s.eq_ignore_ascii_case(&word))
                            || c.name.eq_ignore_ascii_case(&word)
                    });
                    found = match meant {
                        Some(case) => found.help(format!("this case is `{}`", case.name)).fix(
                            format!("write `{}`", case.name),
                            self.span(other.place.at),
                            case.name.clone(),
                            false,
                        ),
                        None => found.help(format!(
                            "its cases are {}",
                            of.cases
                                .iter()
                                .map(|c| c.name.as_str())
                                .collect::<Vec<_>>()
                                .join(", ")
                        )),
                    };
                }
            }
            self.tell(found);
            return self.wrong(at);
        }
        self.made(at, Type::Bool, ExprKind::Same(equal, left, right))
    }

    pub(super) fn membership(&mut self, at: At, left: &tree::Expr, right: &tree::Expr) -> Expr {
        let set = self.expr(right, None);
        match &set.ty {
            Type::Hours => {
                let left_at = left.at;
                let left = self.wanted(left, &Type::Time);
                let is_now = matches!(&*left.kind, ExprKind::Text(parts)
                    if matches!(parts.as_slice(), [TextPart::Asterisk(t)] if t == "${EPOCH}"));
                if !is_now && left.ty != Type::Wrong {
                    self.tell(
                        self.error("D405", left_at, "only `now` can be asked for in hours")
                            .label("this is another moment"),
                    );
                }
                match hours_of(&set) {
                    Some(times) => self.made(at, Type::Bool, ExprKind::InHours(times)),
                    None => self.wrong(at),
                }
            }
            Type::Pattern => {
                let left = self.wanted(left, &Type::Raw);
                match constant_text(&set) {
                    Some(regex) => self.made(at, Type::Bool, ExprKind::InPattern(left, regex)),
                    None => self.wrong(at),
                }
            }
            Type::Wrong => {
                self.expr(left, None);
                self.wrong(at)
            }
            other => {
                let shown = self.show(other);
                self.tell(
                    self.error("D405", right.at, "`in` asks for a pattern or for hours")
                        .label(format!("this is {shown}")),
                );
                self.expr(left, None);
                self.wrong(at)
            }
        }
    }
}

fn is_zero(e: &Expr) -> bool {
    matches!(&*e.kind, ExprKind::Int(0) | ExprKind::Duration(0))
}
