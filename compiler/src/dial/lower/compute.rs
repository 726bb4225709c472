//! Functions that only compute with numbers and truths, as typed code of the machine. Their priorities are written all the same:
//! they are the reference, and run where typed code gives up. So typed code may give up wherever it likes, but where it answers it
//! answers what the priorities answer.
//!
//! A duration is whole seconds here: a function that names another one has no typed code.

use std::collections::HashMap;

use strowger_dial::tree::BinaryOp;
use strowger_vm::typed::{self, LARGEST, Op, Typed, WORDS, Word};

use super::walk;
use crate::dial::typed::{
    Arm, Block, Expr, ExprKind, LocalId, Place, Program, Range, Stmt, StmtKind, Sub, Test,
};
use crate::dial::types::Type;
use crate::hir::Function;
use crate::source::Sources;

/// Most words of all functions together.
const ALL_WORDS: usize = 1_000_000;
/// Constants that have a register of their own.
const POOL: usize = 64;

/// The functions of a program that have typed code.
pub(super) fn functions(program: &Program, sources: &Sources) -> Vec<Function> {
    let mut left = ALL_WORDS;
    let mut written: Vec<Option<Typed>> = program
        .subs
        .iter()
        .map(|sub| {
            let typed = write(program, sources, sub)?;
            left = left.checked_sub(typed.code.len())?;
            Some(typed)
        })
        .collect();
    without_unwritten_calls(&mut written);
    // Functions are numbered as they stand here.
    let mut numbers = HashMap::new();
    for (sub, _) in written.iter().enumerate().filter(|(_, t)| t.is_some()) {
        numbers.insert(sub as i32, numbers.len() as i32);
    }
    let subs = program.subs.iter().zip(written);
    subs.filter_map(|(sub, typed)| {
        let mut typed = typed?;
        for word in typed.code.iter_mut().filter(|w| w.op == Op::Call) {
            word.n = *numbers.get(&word.n)?;
        }
        Some(Function {
            context: sub.conf.clone().into_bytes(),
            file: sub.place.file,
            typed,
        })
    })
    .collect()
}

/// Takes typed code away from functions that call one without.
fn without_unwritten_calls(written: &mut [Option<Typed>]) {
    let mut callers: HashMap<usize, Vec<usize>> = HashMap::new();
    for (caller, typed) in written.iter().enumerate() {
        let words = typed.iter().flat_map(|t| &t.code);
        for word in words.filter(|w| w.op == Op::Call) {
            callers.entry(word.n as usize).or_default().push(caller);
        }
    }
    let is_gone = |(at, typed): (usize, &Option<Typed>)| typed.is_none().then_some(at);
    let mut gone: Vec<usize> = written.iter().enumerate().filter_map(is_gone).collect();
    while let Some(called) = gone.pop() {
        for caller in callers.remove(&called).unwrap_or_default() {
            if written.get_mut(caller).is_some_and(|t| t.take().is_some()) {
                gone.push(caller);
            }
        }
    }
}

/// What a value of this type is in a register.
fn in_register(ty: &Type) -> Option<typed::Type> {
    match ty {
        Type::Int | Type::Duration => Some(typed::Type::Int),
        Type::Bool => Some(typed::Type::Bool),
        _ => None,
    }
}

fn write(program: &Program, sources: &Sources, sub: &Sub) -> Option<Typed> {
    let result = in_register(&sub.result)?;
    let locals = &sub.body.locals;
    let types: Option<Vec<_>> = locals.iter().map(|l| in_register(&l.ty)).collect();
    let mut parameters = types?;
    parameters.truncate(sub.params);
    let first = locals.len();
    let pool = constants_of_loops(&sub.body.block);
    let next = first + pool.len();
    let mut body = Emitter {
        program,
        sources,
        code: Vec::new(),
        lines: Vec::new(),
        line: sources.file(sub.place.file).line(sub.place.at.start),
        constants: Vec::new(),
        first,
        pool: Vec::new(),
        next,
        top: next,
        labels: Vec::new(),
        loops: Vec::new(),
    };
    for value in &pool {
        let to = u8::try_from(first + body.pool.len()).ok()?;
        body.load(*value, to)?;
        body.pool.push(*value);
    }
    if sub.body.block.value.is_some() {
        let to = body.temporary()?;
        body.block(&sub.body.block, Some(to))?;
        body.emit(Op::Return, to, 0, 0, 0)?;
    } else {
        body.block(&sub.body.block, None)?;
    }
    // Where it runs off its end, and for the verifier.
    body.emit(Op::GiveUp, 0, 0, 0, 0)?;
    body.finish(parameters, result)
}

/// The constants that loops mention: they are loaded once.
fn constants_of_loops(block: &Block) -> Vec<i64> {
    let mut found = Vec::new();
    let mut collect = |node: walk::Node| {
        let mut keep = |n: i64| {
            if found.len() < POOL && !found.contains(&n) {
                found.push(n);
            }
        };
        if let walk::Node::Expr(e) = node {
            if let Some(n) = constant(e) {
                keep(n);
            }
            if let ExprKind::Match(_, arms) = &*e.kind {
                let tests = arms.iter().flat_map(|a| &a.tests);
                tests.filter_map(tested).for_each(keep);
            }
        }
    };
    walk::block(block, &mut |node| {
        if let walk::Node::Stmt(Stmt {
            kind: StmtKind::While(condition, body),
            ..
        }) = node
        {
            walk::expr(condition, &mut collect);
            walk::block(body, &mut collect);
        }
    });
    found
}

/// The number that an expression is.
fn constant(e: &Expr) -> Option<i64> {
    let n = match &*e.kind {
        ExprKind::Int(n) => *n,
        ExprKind::Bool(b) => i64::from(*b),
        ExprKind::Duration(ms) => seconds(*ms)?,
        ExprKind::Neg(e) => constant(e)?.checked_neg()?,
        _ => return None,
    };
    (-LARGEST..=LARGEST).contains(&n).then_some(n)
}

/// The number that a test asks for.
fn tested(test: &Test) -> Option<i64> {
    match test {
        Test::Int(n) => Some(*n).filter(|n| (-LARGEST..=LARGEST).contains(n)),
        Test::Bool(b) => Some(i64::from(*b)),
        Test::Duration(ms) => seconds(*ms),
        _ => None,
    }
}

fn seconds(ms: u64) -> Option<i64> {
    let whole = i64::try_from(ms / 1000).ok()?;
    ms.is_multiple_of(1000).then_some(whole)
}

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

/// A place in the code that may not be known yet.
#[derive(Clone, Copy)]
struct Label(usize);

/// Writes the words of one function. Locals have the first registers, then come the constants of its loops, then what is in the
/// making. `None` anywhere: this function is not for typed code.
struct Emitter<'p> {
    program: &'p Program,
    sources: &'p Sources,
    code: Vec<Word>,
    lines: Vec<u32>,
    line: u32,
    /// Those that do not fit a word.
    constants: Vec<i64>,
    /// The register of the first constant of `pool`.
    first: usize,
    pool: Vec<i64>,
    next: usize,
    top: usize,
    /// Where labels are; jumps name labels until the end.
    labels: Vec<Option<usize>>,
    /// Where `continue` and `break` lead.
    loops: Vec<(Label, Label)>,
}

impl Emitter<'_> {
    fn emit(&mut self, op: Op, a: u8, b: u8, c: u8, n: i32) -> Option<()> {
        self.code.push(Word::new(op, a, b, c, n));
        self.lines.push(self.line);
        (self.code.len() <= WORDS).then_some(())
    }

    fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.code.len());
    }

    fn jump(&mut self, to: Label) -> Option<()> {
        self.emit(Op::Jump, 0, 0, 0, to.0 as i32)
    }

    fn temporary(&mut self) -> Option<u8> {
        let register = u8::try_from(self.next).ok()?;
        self.next += 1;
        self.top = self.top.max(self.next);
        Some(register)
    }

    fn register(&self, local: LocalId) -> Option<u8> {
        let local = local.0 as usize;
        (local < self.first).then(|| u8::try_from(local).ok())?
    }

    fn go_to(&mut self, place: Place) {
        self.line = self.sources.file(place.file).line(place.at.start);
    }

    fn finish(mut self, parameters: Vec<typed::Type>, result: typed::Type) -> Option<Typed> {
        for word in self.code.iter_mut().filter(|w| w.op.is_jump()) {
            let at = self.labels.get(word.n as usize).copied().flatten()?;
            word.n = i32::try_from(at).ok()?;
        }
        Some(Typed {
            parameters,
            result,
            registers: u16::try_from(self.top).ok()?,
            constants: self.constants,
            code: self.code,
            lines: self.lines,
            exits: Vec::new(),
        })
    }

    fn load(&mut self, value: i64, to: u8) -> Option<()> {
        if let Ok(n) = i32::try_from(value) {
            return self.emit(Op::Int, to, 0, 0, n);
        }
        let known = self.constants.iter().position(|n| *n == value);
        let n = known.unwrap_or_else(|| {
            self.constants.push(value);
            self.constants.len() - 1
        });
        self.emit(Op::Wide, to, 0, 0, i32::try_from(n).ok()?)
    }

    /// A constant: in `to` if that is given.
    fn number(&mut self, value: i64, to: Option<u8>) -> Option<u8> {
        if let (None, Some(at)) = (to, self.pool.iter().position(|n| *n == value)) {
            return u8::try_from(self.first + at).ok();
        }
        let to = self.place(to)?;
        self.load(value, to)?;
        Some(to)
    }

    fn place(&mut self, to: Option<u8>) -> Option<u8> {
        to.map_or_else(|| self.temporary(), Some)
    }

    /// Statements; the value of the block goes to `to` if that is given.
    fn block(&mut self, block: &Block, to: Option<u8>) -> Option<()> {
        let line = self.line;
        for stmt in &block.stmts {
            self.go_to(stmt.place);
            let next = self.next;
            self.statement(stmt)?;
            self.next = next;
        }
        if let Some(value) = &block.value {
            self.go_to(value.place);
            let next = self.next;
            self.into(value, to)?;
            self.next = next;
        }
        self.line = line;
        Some(())
    }

    fn statement(&mut self, stmt: &Stmt) -> Option<()> {
        match &stmt.kind {
            StmtKind::Set(local, value) => {
                let to = self.register(*local)?;
                self.into(value, Some(to))
            }
            StmtKind::While(condition, body) => {
                let (again, test, behind) = (self.label(), self.label(), self.label());
                let endless = matches!(*condition.kind, ExprKind::Bool(true));
                let line = self.line;
                if !endless {
                    self.jump(test)?;
                }
                self.bind(again);
                self.loops
                    .push((if endless { again } else { test }, behind));
                self.block(body, None)?;
                self.loops.pop();
                self.line = line;
                self.bind(test);
                self.branch(condition, true, again)?;
                self.bind(behind);
                Some(())
            }
            StmtKind::For(local, elements, body) => {
                let to = self.register(*local)?;
                let behind = self.label();
                for element in elements {
                    let next = self.label();
                    self.into(element, Some(to))?;
                    self.loops.push((next, behind));
                    self.block(body, None)?;
                    self.loops.pop();
                    self.bind(next);
                }
                self.bind(behind);
                Some(())
            }
            StmtKind::Break => {
                let (_, behind) = *self.loops.last()?;
                self.jump(behind)
            }
            StmtKind::Continue => {
                let (again, _) = *self.loops.last()?;
                self.jump(again)
            }
            StmtKind::Expr(e) => self.into(e, None),
            StmtKind::Open { .. }
            | StmtKind::Write(..)
            | StmtKind::WriteTo(..)
            | StmtKind::Label(_) => None,
        }
    }

    /// Puts a value into a register, or nowhere.
    fn into(&mut self, e: &Expr, to: Option<u8>) -> Option<()> {
        match &*e.kind {
            ExprKind::If(condition, then, otherwise) => {
                let (no, behind) = (self.label(), self.label());
                self.branch(condition, false, no)?;
                self.block(then, to)?;
                match otherwise {
                    Some(otherwise) => {
                        self.jump(behind)?;
                        self.bind(no);
                        self.block(otherwise, to)?;
                    }
                    None => self.bind(no),
                }
                self.bind(behind);
                Some(())
            }
            ExprKind::Match(value, arms) => self.match_(value, arms, to),
            ExprKind::Block(block) => self.block(block, to),
            ExprKind::Return(value) => {
                let value = value.as_ref()?;
                let next = self.next;
                let register = self.value(value, None)?;
                self.next = next;
                self.emit(Op::Return, register, 0, 0, 0)
            }
            _ => {
                let next = self.next;
                self.value(e, to)?;
                self.next = next;
                Some(())
            }
        }
    }

    /// A value in a register: in `to` if that is given, which is written last.
    fn value(&mut self, e: &Expr, to: Option<u8>) -> Option<u8> {
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
    fn branch(&mut self, e: &Expr, when: bool, to: Label) -> Option<()> {
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

    /// Jumps if a number lies in a range.
    fn range(&mut self, matched: u8, range: &Range, to: Label) -> Option<()> {
        let outside = self.label();
        if let Some(from) = range.from {
            let from = self.number(bound(from, range)?, None)?;
            self.emit(Op::IfLt, matched, from, 0, outside.0 as i32)?;
        }
        match range.to {
            Some(end) => {
                let end = self.number(bound(end, range)?, None)?;
                self.emit(Op::IfLt, matched, end, 0, to.0 as i32)?;
            }
            None => self.jump(to)?,
        }
        self.bind(outside);
        Some(())
    }

    fn match_(&mut self, value: &Expr, arms: &[Arm], to: Option<u8>) -> Option<()> {
        in_register(&value.ty)?;
        let next = self.next;
        let matched = self.temporary()?;
        self.value(value, Some(matched))?;
        let behind = self.label();
        let line = self.line;
        for arm in arms {
            self.go_to(arm.place);
            let (body, other) = (self.label(), self.label());
            match arm.tests.as_slice() {
                [Test::Any(Some(local))] => {
                    let local = self.register(*local)?;
                    self.emit(Op::Move, local, matched, 0, 0)?;
                }
                tests => {
                    let any = tests.iter().any(|t| matches!(t, Test::Any(None)));
                    for test in tests.iter().filter(|_| !any) {
                        let inner = self.next;
                        if let Test::Range(range) = test {
                            self.range(matched, range, body)?;
                        } else {
                            let n = self.number(tested(test)?, None)?;
                            self.emit(Op::IfEq, matched, n, 0, body.0 as i32)?;
                        }
                        self.next = inner;
                    }
                    if !any {
                        self.jump(other)?;
                    }
                }
            }
            self.bind(body);
            if let Some(guard) = &arm.guard {
                self.branch(guard, false, other)?;
            }
            self.block(&arm.body, to)?;
            self.go_to(arm.place);
            self.jump(behind)?;
            self.bind(other);
        }
        // No arm: the checker has seen to it that there is one.
        self.emit(Op::GiveUp, 0, 0, 0, 0)?;
        self.bind(behind);
        self.line = line;
        self.next = next;
        Some(())
    }
}

/// The first whole number that is no less than a bound of a range.
fn bound(n: i64, range: &Range) -> Option<i64> {
    let n = match range.time {
        // Times in milliseconds.
        true => n.div_euclid(1000) + i64::from(n.rem_euclid(1000) > 0),
        false => n,
    };
    (-LARGEST..=LARGEST).contains(&n).then_some(n)
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
