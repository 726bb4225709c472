//! Everything that stands in a block, whatever it is for.

use crate::dial::typed::{
    Block, Body, Called, Expr, ExprKind, LocalId, Stmt, StmtKind, Text, TextPart,
};
use crate::dial::types::Type;

/// A statement or an expression.
pub(super) enum Node<'b> {
    Stmt(&'b Stmt),
    Expr(&'b Expr),
}

/// Shows all statements and expressions of a block, outer before inner. As deep as the parser lets texts nest.
pub(super) fn block<'b>(block: &'b Block, see: &mut dyn FnMut(Node<'b>)) {
    for stmt in &block.stmts {
        see(Node::Stmt(stmt));
        match &stmt.kind {
            StmtKind::Set(_, e) | StmtKind::Write(_, e) | StmtKind::Expr(e) => expr(e, see),
            StmtKind::WriteTo(target, e) => {
                text(target, see);
                expr(e, see);
            }
            StmtKind::Open {
                value, otherwise, ..
            } => {
                expr(value, see);
                self::block(otherwise, see);
            }
            StmtKind::While(condition, body) => {
                expr(condition, see);
                self::block(body, see);
            }
            StmtKind::For(_, elements, body) => {
                elements.iter().for_each(|e| expr(e, see));
                self::block(body, see);
            }
            StmtKind::Break | StmtKind::Continue | StmtKind::Label(_) => {}
        }
    }
    if let Some(value) = &block.value {
        expr(value, see);
    }
}

fn text<'b>(parts: &'b Text, see: &mut dyn FnMut(Node<'b>)) {
    for part in parts {
        if let TextPart::Value(e) = part {
            expr(e, see);
        }
    }
}

/// The same for an expression.
pub(super) fn expr<'b>(e: &'b Expr, see: &mut dyn FnMut(Node<'b>)) {
    see(Node::Expr(e));
    match &*e.kind {
        ExprKind::Int(_)
        | ExprKind::Bool(_)
        | ExprKind::Duration(_)
        | ExprKind::Local(_)
        | ExprKind::Variable(_)
        | ExprKind::Exten { .. }
        | ExprKind::Nothing
        | ExprKind::InHours(_)
        | ExprKind::Return(None)
        | ExprKind::GotoLabel(_) => {}
        ExprKind::Text(parts) | ExprKind::Goto(_, parts) | ExprKind::App { args: parts, .. } => {
            text(parts, see);
        }
        ExprKind::Case(_, _, list) | ExprKind::List(list) | ExprKind::Sub(_, list) => {
            list.iter().for_each(|e| expr(e, see));
        }
        ExprKind::Word { args, .. } => args.iter().flatten().for_each(|e| expr(e, see)),
        ExprKind::Just(e)
        | ExprKind::Digits(e)
        | ExprKind::Keep(e, _)
        | ExprKind::Not(e)
        | ExprKind::Bare(e)
        | ExprKind::Neg(e)
        | ExprKind::IsSome(e)
        | ExprKind::InPattern(e, _)
        | ExprKind::Slice(e, _, _)
        | ExprKind::Return(Some(e)) => expr(e, see),
        ExprKind::Number(_, a, b)
        | ExprKind::Same(_, a, b)
        | ExprKind::Both(a, b)
        | ExprKind::Either(a, b)
        | ExprKind::Default(a, b) => {
            expr(a, see);
            expr(b, see);
        }
        ExprKind::Gosub(called, args) => {
            match called {
                Called::Place(_, parts) => text(parts, see),
                Called::Dynamic(a, b, c) => [a, b, c].into_iter().for_each(|e| expr(e, see)),
            }
            args.iter().for_each(|e| expr(e, see));
        }
        ExprKind::GotoDynamic(a, b, c) => {
            expr(a, see);
            expr(b, see);
            expr(c, see);
        }
        ExprKind::If(condition, then, otherwise) => {
            expr(condition, see);
            block(then, see);
            if let Some(otherwise) = otherwise {
                block(otherwise, see);
            }
        }
        ExprKind::Match(value, arms) => {
            expr(value, see);
            for arm in arms {
                if let Some(guard) = &arm.guard {
                    expr(guard, see);
                }
                block(&arm.body, see);
            }
        }
        ExprKind::Block(inner) => block(inner, see),
    }
}

/// Whether an expression reads or writes a local.
pub(super) fn mentions(e: &Expr, local: LocalId) -> bool {
    let mut found = false;
    expr(e, &mut |node| {
        found |= match node {
            Node::Expr(e) => matches!(*e.kind, ExprKind::Local(id) if id == local),
            Node::Stmt(s) => matches!(s.kind, StmtKind::Set(id, _) if id == local),
        };
    });
    found
}

/// Whether a block assigns a value to a local.
pub(super) fn assigns(body: &Block, local: LocalId) -> bool {
    let mut found = false;
    block(body, &mut |node| {
        if let Node::Stmt(stmt) = node {
            found |= matches!(stmt.kind, StmtKind::Set(id, _) if id == local);
        }
    });
    found
}

/// The types of the locals of a body, and whether each is written by its declaration alone.
pub(super) fn locals(body: &Body) -> Vec<(Type, bool)> {
    let mut writes = vec![0usize; body.locals.len()];
    block(&body.block, &mut |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Set(id, _) = &stmt.kind
            && let Some(count) = writes.get_mut(id.0 as usize)
        {
            *count += 1;
        }
    });
    // Jumps to labels may come by a declaration again, but not between two parts of one expression.
    let types = body.locals.iter().map(|l| l.ty.clone());
    types.zip(writes.iter().map(|count| *count < 2)).collect()
}

/// The labels of a block. Where there are some, its statements need not run in their order.
pub(super) fn labels(body: &Block) -> Vec<&str> {
    let mut found = Vec::new();
    block(body, &mut |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Label(label) = &stmt.kind
        {
            found.push(label.as_str());
        }
    });
    found
}
