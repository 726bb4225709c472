//! Values and conditions in the registers of a function.

use strowger_dial::tree::BinaryOp;
use strowger_vm::typed::Op;

use super::emitter::{Emitter, Label};
use super::{constant, in_register};
use crate::dial::lower::walk;
use crate::dial::typed::{Arm, Expr, ExprKind, LocalId, StmtKind, Test};
use crate::dial::types::Type;

/// Whether an expression writes a local before it has its value.
fn writes(e: &Expr, local: LocalId) -> bool {
    let mut found = false;
    let mut see = |node: walk::Node| {
        let binds = |arm: &Arm| {
            arm.tests
                .iter()
                .any(|t| matches!(t, Test::Any(Some(id)) if *id == local))
        };
        found |= match node {
            walk::Node::Stmt(stmt) => match &stmt.kind {
                StmtKind::Set(id, _) | StmtKind::For(id, ..) => *id == local,
                _ => false,
            },
            walk::Node::Expr(e) => {
                matches!(&*e.kind, ExprKind::Match(_, arms) if arms.iter().any(binds))
            }
        };
    };
    walk::expr(e, &mut see);
    found
}

impl Emitter<'_> {
    /// A value in a register: in `to` if that is given, which is written last.
    pub(super) fn value(&mut self, e: &Expr, to: Option<u8>) -> Option<u8> {
        if let Some(n) = constant(e) {
            return self.number(n, to);
        }
        if !matches!(e.ty, Type::Never) {
            in_register(&e.ty)?;
        }
        match &*e.kind {
            // More than 18 digits.
            ExprKind::Int(_) => {
                self.emit(Op::GiveUp, 0, 0, 0, 0)?;
                self.place(to)
            }
            ExprKind::Local(local) => {
                let from = self.register(*local)?;
                match to {
                    Some(to) if to != from => {
                        self.emit(Op::Move, to, from, 0, 0)?;
                        Some(to)
                    }
                    _ => Some(from),
                }
            }
            ExprKind::Number(op, a, b) => match truth_of(*op) {
                Some(_) => self.truth(e, to),
                None => self.arithmetic(*op, a, b, &e.ty, to),
            },
            ExprKind::Neg(inner) => {
                let place = self.place(to)?;
                let next = self.next;
                let value = self.value(inner, None)?;
                self.next = next;
                self.emit(Op::Neg, place, value, 0, 0)?;
                Some(place)
            }
            ExprKind::Not(inner) => {
                let place = self.place(to)?;
                let next = self.next;
                let value = self.value(inner, None)?;
                self.next = next;
                self.emit(Op::Not, place, value, 0, 0)?;
                Some(place)
            }
            ExprKind::Same(..) | ExprKind::Both(..) | ExprKind::Either(..) => self.truth(e, to),
            ExprKind::Sub(sub, args) => self.call(*sub, args, to),
            ExprKind::If(..) | ExprKind::Match(..) | ExprKind::Block(_) => {
                let place = self.place(to)?;
                self.into(e, Some(place))?;
                Some(place)
            }
            ExprKind::Return(_) => {
                self.into(e, None)?;
                self.place(to)
            }
            _ => None,
        }
    }

    /// Two operands, from left to right.
    fn operands(&mut self, a: &Expr, b: &Expr) -> Option<(u8, u8)> {
        let mut left = self.value(a, None)?;
        if let ExprKind::Local(local) = &*a.kind
            && writes(b, *local)
        {
            let kept = self.temporary()?;
            self.emit(Op::Move, kept, left, 0, 0)?;
            left = kept;
        }
        let right = self.value(b, None)?;
        Some((left, right))
    }

    fn arithmetic(
        &mut self,
        op: BinaryOp,
        a: &Expr,
        b: &Expr,
        ty: &Type,
        to: Option<u8>,
    ) -> Option<u8> {
        let place = self.place(to)?;
        let next = self.next;
        let small = |e: &Expr| constant(e).and_then(|n| i32::try_from(n).ok());
        let added = match op {
            BinaryOp::Add => small(b).map(|n| (a, n)).or(small(a).map(|n| (b, n))),
            BinaryOp::Sub => small(b).and_then(i32::checked_neg).map(|n| (a, n)),
            _ => None,
        };
        if let Some((other, n)) = added {
            let other = self.value(other, None)?;
            self.next = next;
            self.emit(Op::AddI, place, other, 0, n)?;
            return Some(place);
        }
        let (x, y) = self.operands(a, b)?;
        let is_int = matches!(ty, Type::Int);
        let op = match op {
            BinaryOp::Add => Op::Add,
            BinaryOp::Sub => Op::Sub,
            BinaryOp::Mul => Op::Mul,
            BinaryOp::Rem => Op::Rem,
            BinaryOp::Div if is_int => Op::Div,
            BinaryOp::Div => Op::Part,
            _ => return None,
        };
        if is_int || matches!(op, Op::Add | Op::Sub) {
            self.next = next;
            self.emit(op, place, x, y, 0)?;
            return Some(place);
        }
        // No duration of nothing with a sign: `-0`.
        let result = self.temporary()?;
        self.emit(op, result, x, y, 0)?;
        let zero = self.number(0, None)?;
        let (odd, fine) = (self.label(), self.label());
        self.emit(Op::IfNe, result, zero, 0, fine.0 as i32)?;
        self.emit(Op::IfLt, x, zero, 0, odd.0 as i32)?;
        self.emit(Op::IfLe, zero, y, 0, fine.0 as i32)?;
        self.bind(odd);
        self.emit(Op::GiveUp, 0, 0, 0, 0)?;
        self.bind(fine);
        self.emit(Op::Move, place, result, 0, 0)?;
        self.next = next;
        Some(place)
    }

    /// A truth as a value.
    fn truth(&mut self, e: &Expr, to: Option<u8>) -> Option<u8> {
        let place = self.place(to)?;
        let next = self.next;
        let compared = match &*e.kind {
            ExprKind::Number(op, a, b) => truth_of(*op).map(|how| (how, a, b)),
            ExprKind::Same(same, a, b) => Some((if *same { How::Eq } else { How::Ne }, a, b)),
            _ => None,
        };
        if let Some((how, a, b)) = compared {
            let (x, y) = self.compared(a, b)?;
            let (op, x, y) = match how {
                How::Eq => (Op::Eq, x, y),
                How::Ne => (Op::Ne, x, y),
                How::Lt => (Op::Lt, x, y),
                How::Le => (Op::Le, x, y),
                How::Gt => (Op::Lt, y, x),
                How::Ge => (Op::Le, y, x),
            };
            self.next = next;
            self.emit(op, place, x, y, 0)?;
            return Some(place);
        }
        let (no, behind) = (self.label(), self.label());
        self.branch(e, false, no)?;
        self.load(1, place)?;
        self.jump(behind)?;
        self.bind(no);
        self.load(0, place)?;
        self.bind(behind);
        self.next = next;
        Some(place)
    }

    fn compared(&mut self, a: &Expr, b: &Expr) -> Option<(u8, u8)> {
        in_register(&a.ty)?;
        in_register(&b.ty)?;
        self.operands(a, b)
    }

    /// Jumps if a condition is so, else goes on.
    pub(super) fn branch(&mut self, e: &Expr, when: bool, to: Label) -> Option<()> {
        let next = self.next;
        match &*e.kind {
            ExprKind::Bool(known) => {
                if *known == when {
                    self.jump(to)?;
                }
            }
            ExprKind::Not(inner) => self.branch(inner, !when, to)?,
            ExprKind::Both(a, b) | ExprKind::Either(a, b) => {
                let decides = matches!(*e.kind, ExprKind::Either(..));
                if when == decides {
                    self.branch(a, when, to)?;
                    self.branch(b, when, to)?;
                } else {
                    let behind = self.label();
                    self.branch(a, decides, behind)?;
                    self.branch(b, when, to)?;
                    self.bind(behind);
                }
            }
            ExprKind::Number(op, a, b) => {
                let how = truth_of(*op)?;
                self.branch_compared(how, a, b, when, to)?;
            }
            ExprKind::Same(same, a, b) => {
                let how = if *same { How::Eq } else { How::Ne };
                self.branch_compared(how, a, b, when, to)?;
            }
            _ => {
                let value = self.value(e, None)?;
                let op = if when { Op::If } else { Op::IfNot };
                self.emit(op, value, 0, 0, to.0 as i32)?;
            }
        }
        self.next = next;
        Some(())
    }

    fn branch_compared(
        &mut self,
        how: How,
        a: &Expr,
        b: &Expr,
        when: bool,
        to: Label,
    ) -> Option<()> {
        let (x, y) = self.compared(a, b)?;
        let how = if when { how } else { how.opposite() };
        let (op, x, y) = match how {
            How::Eq => (Op::IfEq, x, y),
            How::Ne => (Op::IfNe, x, y),
            How::Lt => (Op::IfLt, x, y),
            How::Le => (Op::IfLe, x, y),
            How::Gt => (Op::IfLt, y, x),
            How::Ge => (Op::IfLe, y, x),
        };
        self.emit(op, x, y, 0, to.0 as i32)
    }

    /// A call: its arguments stand where the registers of the called one begin.
    fn call(&mut self, sub: usize, args: &[Expr], to: Option<u8>) -> Option<u8> {
        let called = self.program.subs.get(sub)?;
        in_register(&called.result)?;
        if called.params != args.len() {
            return None;
        }
        let place = match to {
            Some(to) => to,
            None => self.temporary()?,
        };
        let next = self.next;
        let base = self.temporary()?;
        for (i, arg) in args.iter().enumerate() {
            let register = if i == 0 { base } else { self.temporary()? };
            self.value(arg, Some(register))?;
            self.next = usize::from(register) + 1;
        }
        self.emit(Op::Call, base, 0, 0, i32::try_from(sub).ok()?)?;
        self.emit(Op::Move, place, base, 0, 0)?;
        self.next = next;
        Some(place)
    }
}

/// How two numbers are compared.
#[derive(Clone, Copy)]
enum How {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl How {
    fn opposite(self) -> How {
        match self {
            How::Eq => How::Ne,
            How::Ne => How::Eq,
            How::Lt => How::Ge,
            How::Le => How::Gt,
            How::Gt => How::Le,
            How::Ge => How::Lt,
        }
    }
}

fn truth_of(op: BinaryOp) -> Option<How> {
    Some(match op {
        BinaryOp::Eq => How::Eq,
        BinaryOp::Ne => How::Ne,
        BinaryOp::Lt => How::Lt,
        BinaryOp::Le => How::Le,
        BinaryOp::Gt => How::Gt,
        BinaryOp::Ge => How::Ge,
        _ => return None,
    })
}
