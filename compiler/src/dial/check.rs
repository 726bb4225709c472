//! From trees to a checked program: names, types, taint, and that every way is thought of (dsl.md 3 and 4).
//!
//! One pass; types flow down as wishes and up as answers. What is wrong is told where it stands, and has type `Wrong`, which
//! agrees with everything, so that one mistake gives one finding.

mod call;
mod checked;
mod context;
mod cover;
mod declare;
mod expr;
mod fit;
mod operators;
mod own;
mod pasted;
mod place;
mod stmt;
mod test;
mod word;
pub(crate) mod world;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use strowger_dial::tree::{self, At, Name};
use strowger_stdlib::words;

use super::notes::{Callable, Declared, Fact, Notes, What};
use super::typed::{Body, Context, Expr, ExprKind, Local, LocalId, Place, Program, Text, TextPart};
use super::types::{Case, Enum, EnumId, Enums, Type};
use crate::diagnostic::Diagnostic;
use crate::edit_distance;
use crate::hir::Device;
use crate::source::{FileId, Span};

pub(crate) use declare::Unit;

/// What is known beside the files: the contexts of extensions.conf, by name.
pub(crate) struct Around {
    pub(crate) conf_contexts: BTreeSet<String>,
    /// `unchecked` is allowed: the file was migrated.
    pub(crate) unchecked: bool,
}

/// A program that was checked.
pub(crate) struct Checked {
    /// What it says.
    pub(crate) program: Program,
    /// Its tests.
    pub(crate) tests: Vec<super::test::Block>,
    /// Devices that it and its tests name by texts.
    pub(crate) devices: Vec<Device>,
    /// What is wrong with it. Where something is an error, the program is not complete.
    pub(crate) found: Vec<Diagnostic>,
    /// What is wrong with the tests: the program runs all the same.
    pub(crate) in_tests: Vec<Diagnostic>,
}

/// Checks the files of a program.
pub(crate) fn check(units: &[Unit<'_>], around: &Around) -> Checked {
    let mut checker = looked(units, around, None);
    let found = std::mem::take(&mut checker.found);
    let mut devices: Vec<Device> = std::mem::take(&mut checker.devices).into_values().collect();
    let tests = checker.tests();
    devices.extend(checker.devices.into_values().map(|device| Device {
        in_test: true,
        ..device
    }));
    Checked {
        program: checker.program,
        tests,
        devices,
        found,
        in_tests: checker.found,
    }
}

/// What checking learns about the places of a program.
pub(crate) fn learn(units: &[Unit<'_>], around: &Around) -> Notes {
    let mut checker = looked(units, around, Some(Box::default()));
    checker.tests();
    let mut notes = checker.notes.map(|n| *n).unwrap_or_default();
    notes.subs = checker
        .subs
        .into_iter()
        .map(|s| Callable {
            pure: s.pure,
            params: s.params,
            result: s.result,
        })
        .collect();
    notes.consts = checker
        .consts
        .into_iter()
        .map(|c| match c.state {
            ConstState::Read(e) => e.ty,
            _ => Type::Wrong,
        })
        .collect();
    let variables = checker.program.variables;
    notes.variables = variables.into_iter().map(|v| v.ty).collect();
    notes.enums = checker.program.enums;
    notes.finish();
    notes
}

fn looked<'a>(units: &'a [Unit<'a>], around: &'a Around, notes: Option<Box<Notes>>) -> Checker<'a> {
    let mut checker = Checker {
        notes,
        units,
        around,
        names: Vec::new(),
        visible: units.iter().map(|_| OnceCell::new()).collect(),
        program: Program::default(),
        subs: Vec::new(),
        consts: Vec::new(),
        found: Vec::new(),
        devices: BTreeMap::new(),
        numbers: HashMap::new(),
        unit: 0,
        body: InBody::default(),
        bare: false,
    };
    checker.built_in_enums();
    checker.declare();
    checker.bodies();
    checker
}

/// Most findings of one program; what is found behind them is not told.
const FINDINGS: usize = 1_000;

pub(super) struct Checker<'a> {
    units: &'a [Unit<'a>],
    around: &'a Around,
    /// What each file's names are.
    names: Vec<HashMap<&'a str, Item<'a>>>,
    /// The enums that each file may name.
    visible: Vec<OnceCell<Rc<[EnumId]>>>,
    program: Program,
    /// What is known of subs before their bodies are read, by the same numbers as in the program.
    subs: Vec<Signature<'a>>,
    consts: Vec<Const<'a>>,
    found: Vec<Diagnostic>,
    /// Devices that are named, by their places.
    devices: BTreeMap<Span, Device>,
    /// The numbers of the context that is looked at, with `from` and whether for texts, and where each stands.
    numbers: HashMap<(String, Option<String>, bool), At>,
    /// The file that is looked at.
    unit: usize,
    body: InBody,
    /// Whether `bare` stands around what is looked at.
    bare: bool,
    /// What is learned, if somebody wants to know.
    notes: Option<Box<Notes>>,
}

/// What a name of a file is.
#[derive(Clone, Copy, Debug)]
enum Item<'a> {
    /// Another file.
    Unit(usize),
    /// An extensions.conf.
    Conf,
    Const(usize),
    Variable(usize),
    Enum(EnumId),
    Sub(usize),
    Context(&'a tree::Decl),
}

/// `fn` or `sub`.
struct Signature<'a> {
    unit: usize,
    decl: &'a tree::Callable,
    pure: bool,
    params: Vec<(String, Type)>,
    result: Type,
}

/// `const`.
struct Const<'a> {
    unit: usize,
    ty: Option<&'a tree::Type>,
    value: &'a tree::Expr,
    state: ConstState,
}

enum ConstState {
    Unread,
    /// It is being read: a circle if it is met again.
    Reading,
    Read(Expr),
}

/// Where in a body the checker is.
#[derive(Default)]
struct InBody {
    kind: BodyKind,
    locals: Vec<Local>,
    /// Names by block, the innermost last.
    scopes: Vec<HashMap<String, Bound>>,
    loops: usize,
    /// Labels that the body declares.
    labels: Vec<Name>,
    /// Those of them that are written nowhere: their `for` goes through nothing.
    unwritten: Vec<Name>,
    /// Jumps to labels.
    gotos: Vec<Name>,
    /// Where what is declared now can be used.
    region: At,
    /// What a sub returns.
    result: Option<Type>,
    /// Where the number stands that decides it.
    exten_at: Option<At>,
    /// What `exten` is.
    exten: Option<Type>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum BodyKind {
    /// A value of a `const` or a first value: only what is known beforehand.
    #[default]
    Constant,
    Extension,
    Sub,
    Fn,
}

/// A name of a block.
#[derive(Clone, Debug)]
struct Bound {
    what: Binding,
    ty: Type,
    at: At,
}

#[derive(Clone, Debug)]
enum Binding {
    Local { id: LocalId, mutable: bool },
    Capture { from: usize, length: Option<usize> },
}

impl<'a> Checker<'a> {
    fn file(&self) -> FileId {
        self.units[self.unit].file
    }

    fn span(&self, at: At) -> Span {
        super::span(self.file(), at)
    }

    fn place(&self, at: At) -> Place {
        Place {
            file: self.file(),
            at,
        }
    }

    /// Something is wrong there.
    fn error(&self, code: &'static str, at: At, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message, self.span(at))
    }

    fn tell(&mut self, found: Diagnostic) {
        if self.found.len() < FINDINGS {
            self.found.push(found);
        }
    }

    fn wrong(&self, at: At) -> Expr {
        self.made(at, Type::Wrong, ExprKind::Text(Vec::new()))
    }

    fn made(&self, at: At, ty: Type, kind: ExprKind) -> Expr {
        Expr {
            place: self.place(at),
            ty,
            kind: Box::new(kind),
        }
    }

    fn plain(&self, at: At, ty: Type, text: impl Into<String>) -> Expr {
        let text: String = text.into();
        self.made(at, ty, ExprKind::Text(vec![TextPart::Plain(text)]))
    }

    fn asterisk(&self, at: At, ty: Type, text: impl Into<String>) -> Expr {
        self.made(
            at,
            ty,
            ExprKind::Text(vec![TextPart::Asterisk(text.into())]),
        )
    }

    fn show(&self, ty: &Type) -> String {
        self.program.enums.show(ty).to_string()
    }

    fn built_in_enums(&mut self) {
        for e in words::ENUMS {
            let case = |(name, spellings): &(&str, &[&str])| Case {
                name: (*name).to_owned(),
                spellings: spellings.iter().map(|s| (*s).to_owned()).collect(),
                fields: Vec::new(),
            };
            self.program.enums.0.push(Enum {
                name: e.name.to_owned(),
                cases: e.cases.iter().map(case).collect(),
            });
        }
    }

    fn enums(&self) -> &Enums {
        &self.program.enums
    }

    /// The built-in enum of this name.
    fn enum_named(&self, name: &str) -> Type {
        self.enums().named(name).map_or(Type::Wrong, Type::Enum)
    }

    /// A name like this one, if there is a likely one.
    fn like<'n>(&self, name: &str, among: impl Iterator<Item = &'n str>) -> Option<String> {
        let most = (name.len() / 3).clamp(1, 3);
        among
            .filter_map(|n| Some((edit_distance::within(name, n, most)?, n)))
            .filter(|(_, n)| *n != name)
            .min()
            .map(|(_, n)| n.to_owned())
    }

    /// A new local of the innermost block.
    fn bind(&mut self, name: &Name, ty: Type, mutable: bool) -> LocalId {
        let id = LocalId(self.body.locals.len() as u32);
        self.body.locals.push(Local {
            name: name.text.to_string(),
            ty: ty.clone(),
        });
        let bound = Bound {
            what: Binding::Local { id, mutable },
            ty,
            at: name.at,
        };
        self.bind_as(name, bound);
        id
    }

    fn bind_as(&mut self, name: &Name, bound: Bound) {
        if world::is_fixed(&name.text) {
            self.tell(
                self.error(
                    "D202",
                    name.at,
                    format!("`{}` has a meaning of its own", name.text),
                )
                .label("it cannot be given another"),
            );
        } else if let Some(before) = self.lookup(&name.text) {
            let at = self.span(before.at);
            self.tell(
                self.error(
                    "D202",
                    name.at,
                    format!("`{}` is declared twice", name.text),
                )
                .label("here again")
                .also(at, "declared here"),
            );
        }
        self.note(name.at, |c| {
            let ty = bound.ty.clone();
            Fact::Declared(Declared {
                name: name.text.to_string(),
                what: match bound.what {
                    Binding::Local { mutable: true, .. } => What::Var(ty),
                    Binding::Local { .. } => What::Let(ty),
                    Binding::Capture { .. } => What::Part(ty),
                },
                until: Some(c.body.region.end),
            })
        });
        if let Some(scope) = self.body.scopes.last_mut() {
            scope.insert(name.text.to_string(), bound);
        }
    }

    /// Notes what is known of a place, if somebody wants to know.
    fn note(&mut self, at: At, fact: impl FnOnce(&Self) -> Fact) {
        if self.notes.is_some() {
            let (span, fact) = (self.span(at), fact(self));
            if let Some(notes) = &mut self.notes {
                notes.add(span, fact);
            }
        }
    }

    /// Notes that a local name is used that is bound there.
    fn note_bound(&mut self, at: At, bound: At) {
        self.note(at, |c| Fact::Used(c.span(bound)));
    }

    /// Notes that a name is used which a file declares.
    fn note_item(&mut self, name: &Name, unit: usize) {
        let file = self.units[unit].file;
        let declared = self.notes.as_ref();
        if let Some(at) = declared.and_then(|n| n.declaration(file, &name.text)) {
            self.note(name.at, |_| Fact::Used(at));
        }
    }

    /// Notes something about what stands in quotes.
    fn note_inside(&mut self, at: At, fact: impl FnOnce(&Self) -> Fact) {
        let inside = At {
            start: at.start + 1,
            end: at.end.saturating_sub(1).max(at.start + 1),
        };
        self.note(inside, fact);
    }

    /// A local without a name that a user could write.
    fn hidden(&mut self, name: &str, ty: Type) -> LocalId {
        let id = LocalId(self.body.locals.len() as u32);
        self.body.locals.push(Local {
            name: name.to_owned(),
            ty,
        });
        id
    }

    fn lookup(&self, name: &str) -> Option<&Bound> {
        self.body.scopes.iter().rev().find_map(|s| s.get(name))
    }

    /// Reads a body in its own names.
    fn in_body<T>(&mut self, body: InBody, read: impl FnOnce(&mut Self) -> T) -> (T, Vec<Local>) {
        let before = std::mem::replace(&mut self.body, body);
        self.body.scopes.push(HashMap::new());
        let made = read(self);
        let body = std::mem::replace(&mut self.body, before);
        for goto in &body.gotos {
            let mut unwritten = body.unwritten.iter();
            if let Some(label) = unwritten.find(|l| l.text == goto.text) {
                self.tell(
                    self.error(
                        "D207",
                        goto.at,
                        format!("the label `{}` is never reached", goto.text),
                    )
                    .label("leads nowhere")
                    .also(self.span(label.at), "its `for` goes through nothing"),
                );
            }
        }
        (made, body.locals)
    }

    fn in_scope<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.body.scopes.push(HashMap::new());
        let made = read(self);
        self.body.scopes.pop();
        made
    }
}

/// The text of an expression that is constant text.
fn constant_text(expr: &Expr) -> Option<String> {
    let ExprKind::Text(parts) = &*expr.kind else {
        return None;
    };
    parts_text(parts)
}

fn parts_text(parts: &Text) -> Option<String> {
    let mut out = String::new();
    for part in parts {
        match part {
            TextPart::Plain(text) => out.push_str(text),
            TextPart::Asterisk(_) => return None,
            TextPart::Value(value) => out.push_str(&constant_value(value)?),
        }
    }
    Some(out)
}

/// A constant as the text that it is in a variable.
fn constant_value(expr: &Expr) -> Option<String> {
    Some(match &*expr.kind {
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Bool(b) => i32::from(*b).to_string(),
        ExprKind::Duration(ms) => seconds(*ms),
        ExprKind::Text(parts) => return parts_text(parts),
        ExprKind::Nothing => String::new(),
        ExprKind::Just(of) => return constant_value(of),
        _ => return None,
    })
}

/// Milliseconds as seconds: `20`, `0.5`.
pub(crate) fn seconds(ms: u64) -> String {
    let (whole, rest) = (ms / 1000, ms % 1000);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:03}")
        .trim_end_matches('0')
        .to_owned()
}

/// Contexts and subs are checked after everything is declared.
impl Checker<'_> {
    fn bodies(&mut self) {
        for unit in 0..self.units.len() {
            self.unit = unit;
            for decl in &self.units[unit].module.decls {
                if let tree::DeclKind::Context { name, conf, items } = &decl.kind {
                    let context = self.context(decl, name, conf.as_ref(), items);
                    self.program.contexts.push(context);
                }
            }
        }
        for sub in 0..self.subs.len() {
            self.unit = self.subs[sub].unit;
            let body = self.sub_body(sub);
            self.program.subs[sub].body = body;
        }
        for konst in 0..self.consts.len() {
            // What nobody uses is looked at, too.
            self.constant(konst, At::default());
        }
    }

    fn sub_body(&mut self, sub: usize) -> Body {
        let signature = &self.subs[sub];
        let (decl, params) = (signature.decl, signature.params.clone());
        let result = signature.result.clone();
        let kind = if signature.pure {
            BodyKind::Fn
        } else {
            BodyKind::Sub
        };
        let inner = InBody {
            kind,
            labels: stmt::labels(&decl.body),
            region: decl.body.at,
            result: Some(result.clone()),
            ..InBody::default()
        };
        let (block, locals) = self.in_body(inner, |c| {
            for (param, (_, ty)) in decl.params.iter().zip(params) {
                c.note(param.name.at, |c| {
                    Fact::Declared(Declared {
                        name: param.name.text.to_string(),
                        what: What::Parameter(ty.clone()),
                        until: Some(c.body.region.end),
                    })
                });
                c.bind(&param.name, ty, true);
            }
            c.sub_block(&decl.body, &result)
        });
        Body { locals, block }
    }

    fn context(
        &mut self,
        decl: &tree::Decl,
        name: &Name,
        conf: Option<&tree::Constant>,
        items: &[tree::Item],
    ) -> Context {
        let mut context = Context {
            conf: conf.map_or(&*name.text, |c| &*c.text).to_owned(),
            place: self.place(name.at),
            includes: Vec::new(),
            extensions: Vec::new(),
            hints: Vec::new(),
        };
        let _ = decl;
        self.numbers.clear();
        let made = context.conf.clone();
        match conf {
            Some(constant) => self.note_inside(constant.at, |_| Fact::Context(made, true)),
            None => self.note(name.at, |_| Fact::Context(made, true)),
        }
        for item in items {
            self.item(item, &mut context);
        }
        context
    }
}
