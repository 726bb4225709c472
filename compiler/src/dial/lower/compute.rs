//! Functions that only compute with numbers and truths, as typed code of the machine. Their priorities are written all the same:
//! they are the reference, and run where typed code gives up. So typed code may give up wherever it likes, but where it answers it
//! answers what the priorities answer.
//!
//! A duration is whole seconds here: a function that names another one has no typed code.

mod emitter;
mod value;

use std::collections::HashMap;

use strowger_vm::typed::{self, LARGEST, Op, Typed};

use emitter::{Emitter, Label};

use super::walk;
use crate::dial::typed::{Arm, Block, Expr, ExprKind, Program, Range, Stmt, StmtKind, Sub, Test};
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

impl Emitter<'_> {
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
    pub(super) fn into(&mut self, e: &Expr, to: Option<u8>) -> Option<()> {
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
