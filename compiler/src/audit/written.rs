//! Doors in a `.dial` file, as they are written.

use strowger_dial::tree::{
    ArmBody, At, Block, DeclKind, Else, Expr, ExprKind, ItemKind, Number, StmtKind, Target,
    TargetNumber, TextPart,
};

use super::{Door, DoorKind, MOST};
use crate::dial::span;
use crate::source::FileId;

/// Longest text of a door that is shown, in characters.
const SHOWN: usize = 60;

/// The doors of a file.
pub(super) fn doors(file: FileId, bytes: &[u8], found: &mut Vec<Door>) {
    let module = strowger_dial::parse_bytes(bytes).module;
    let mut finder = Finder {
        file,
        context: String::new(),
        exten: String::new(),
        found,
    };
    for decl in &module.decls {
        finder.context.clear();
        finder.exten.clear();
        match &decl.kind {
            DeclKind::ImportConf { file, .. } => {
                finder.door(DoorKind::Import, file.at, &file.text);
            }
            DeclKind::Const { value, .. } => finder.expr(value),
            DeclKind::Global(variable) | DeclKind::Channel(_, variable) => {
                variable.value.iter().for_each(|value| finder.expr(value));
            }
            DeclKind::Fn(callable) | DeclKind::Sub(callable) => {
                finder.context = callable.name.text.to_string();
                finder.block(&callable.body);
            }
            DeclKind::Context { name, conf, items } => {
                let name = conf.as_ref().map_or(&name.text, |conf| &conf.text);
                for item in items {
                    finder.context = name.to_string();
                    if let ItemKind::On { numbers, body, .. } = &item.kind {
                        let shown = numbers.iter().map(|n| number(n, bytes));
                        finder.exten = shown.collect::<Vec<_>>().join(", ");
                        finder.block(body);
                    }
                }
            }
            DeclKind::Import { .. } | DeclKind::Enum { .. } | DeclKind::Test { .. } => {}
        }
    }
}

/// A number as it is written.
fn number(number: &Number, bytes: &[u8]) -> String {
    let at = number.at();
    let text = bytes.get(at.start as usize..at.end as usize);
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}

struct Finder<'f> {
    file: FileId,
    context: String,
    exten: String,
    found: &'f mut Vec<Door>,
}

impl Finder<'_> {
    fn door(&mut self, kind: DoorKind, at: At, what: &str) {
        if self.found.len() > MOST {
            return;
        }
        let what = match what.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}...", &what[..end]),
            None => what.to_owned(),
        };
        self.found.push(Door {
            kind,
            span: span(self.file, at),
            context: self.context.clone(),
            exten: self.exten.clone(),
            what,
        });
    }

    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            match &stmt.kind {
                StmtKind::Let {
                    value, otherwise, ..
                } => {
                    self.expr(value);
                    otherwise.iter().for_each(|block| self.block(block));
                }
                StmtKind::Var { value, .. } => self.expr(value),
                StmtKind::Assign { place, value } => {
                    match called(place) {
                        Some(("channel", args)) => {
                            self.door(DoorKind::ChannelWrite, place.at, &text_of(args));
                        }
                        _ => self.expr(place),
                    }
                    self.expr(value);
                }
                StmtKind::While { condition, body } => {
                    self.expr(condition);
                    self.block(body);
                }
                StmtKind::For { list, body, .. } => {
                    self.expr(list);
                    self.block(body);
                }
                StmtKind::Expr(e) => self.expr(e),
                StmtKind::Break | StmtKind::Continue | StmtKind::Label(_) => {}
            }
        }
    }

    /// Where a call goes.
    fn target(&mut self, target: &Target) {
        match target {
            Target::Dynamic { name, args, at } => {
                // `gosub office(a)` names its context.
                if &*name.first.text == "dynamic" && name.rest.is_empty() {
                    self.door(DoorKind::Dynamic, *at, "");
                }
                args.iter().for_each(|e| self.expr(e));
            }
            Target::Place {
                number: Some(TargetNumber::Computed(e)),
                ..
            } => {
                self.door(DoorKind::Dynamic, e.at, "");
                self.expr(e);
            }
            Target::Place { .. } | Target::Label(_) => {}
        }
    }

    fn expr(&mut self, e: &Expr) {
        if let Some((name, args)) = called(e) {
            let kind = match name {
                "app" => Some(DoorKind::App),
                "asterisk" => Some(DoorKind::Asterisk),
                "unchecked" => Some(DoorKind::Unchecked),
                "channel" => Some(DoorKind::ChannelRead),
                _ => None,
            };
            if let Some(kind) = kind {
                self.door(kind, e.at, &text_of(args));
            }
        }
        match &*e.kind {
            ExprKind::Text(parts) => {
                for part in parts {
                    if let TextPart::Hole(hole) = part {
                        self.expr(hole);
                    }
                }
            }
            ExprKind::List(all) => all.iter().for_each(|e| self.expr(e)),
            ExprKind::Call { callee, args } => {
                self.expr(callee);
                args.iter().for_each(|arg| self.expr(&arg.value));
            }
            ExprKind::Field { of, .. } | ExprKind::Unary { of, .. } | ExprKind::Group(of) => {
                self.expr(of);
            }
            ExprKind::Index { of, index } => {
                self.expr(of);
                self.expr(index);
            }
            ExprKind::Slice { of, from, to } => {
                self.expr(of);
                from.iter().chain(to).for_each(|e| self.expr(e));
            }
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.block(then);
                match otherwise {
                    Some(Else::Block(block)) => self.block(block),
                    Some(Else::If(e)) => self.expr(e),
                    None => {}
                }
            }
            ExprKind::Match { of, arms } => {
                self.expr(of);
                for arm in arms {
                    arm.guard.iter().for_each(|e| self.expr(e));
                    match &arm.body {
                        ArmBody::Expr(e) => self.expr(e),
                        ArmBody::Block(block) => self.block(block),
                    }
                }
            }
            ExprKind::Return(value) => value.iter().for_each(|e| self.expr(e)),
            ExprKind::Goto(target) => self.target(target),
            ExprKind::Gosub { target, args } => {
                self.target(target);
                args.iter().for_each(|e| self.expr(e));
            }
            ExprKind::Int(_)
            | ExprKind::Raw(_)
            | ExprKind::Pattern(_)
            | ExprKind::Duration { .. }
            | ExprKind::Bool(_)
            | ExprKind::Name(_)
            | ExprKind::Case(_) => {}
        }
    }
}

/// The name that is called, and its arguments.
fn called(e: &Expr) -> Option<(&str, &[strowger_dial::tree::Arg])> {
    match &*e.kind {
        ExprKind::Call { callee, args } => match &*callee.kind {
            ExprKind::Name(name) => Some((&name.text, args)),
            _ => None,
        },
        _ => None,
    }
}

/// The constant texts among arguments: `Name, PJSIP/61`.
fn text_of(args: &[strowger_dial::tree::Arg]) -> String {
    let texts = args.iter().filter_map(|arg| match &*arg.value.kind {
        ExprKind::Raw(text) => Some(text.to_string()),
        ExprKind::Text(parts) => match parts.as_slice() {
            [TextPart::Text(text)] => Some(text.to_string()),
            _ => None,
        },
        ExprKind::Name(name) => Some(name.text.to_string()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(", ")
}
