//! What the files of a program declare, and how they name each other's things.

use std::collections::HashMap;
use std::rc::Rc;

use strowger_dial::tree::{self, At, DeclKind, Inherit, Name};

use super::{BodyKind, Checker, Const, ConstState, InBody, Item, Signature, constant_value};
use crate::diagnostic::Diagnostic;
use crate::dial::notes::{Declared, Fact, What};
use crate::dial::typed::{Body, Scope, Sub, Variable};
use crate::dial::types::{Case, Enum, EnumId, Type};
use crate::source::FileId;

/// A file of a program.
pub(crate) struct Unit<'a> {
    pub(crate) file: FileId,
    pub(crate) module: &'a tree::Module,
    /// What each `import` of it means, by the number of the declaration: another file of the program; none if there is no such file.
    pub(crate) imports: HashMap<usize, usize>,
}

impl<'a> Checker<'a> {
    pub(super) fn declare(&mut self) {
        for unit in 0..self.units.len() {
            self.names.push(HashMap::new());
            self.unit = unit;
            self.declare_names(unit);
        }
        // Types may name enums that stand further down, or in another file.
        for unit in 0..self.units.len() {
            self.unit = unit;
            self.declare_types(unit);
        }
        for unit in 0..self.units.len() {
            self.unit = unit;
            self.first_values(unit);
        }
        self.same_conf_names();
    }

    fn declare_names(&mut self, unit: usize) {
        let units = self.units;
        for (number, decl) in units[unit].module.decls.iter().enumerate() {
            let (name, item) = match &decl.kind {
                DeclKind::Import { name, .. } => match units[unit].imports.get(&number) {
                    Some(other) => (name, Item::Unit(*other)),
                    None => continue,
                },
                DeclKind::ImportConf { name, .. } => (name, Item::Conf),
                DeclKind::Const { name, ty, value } => {
                    self.consts.push(Const {
                        unit,
                        ty: ty.as_ref(),
                        value,
                        state: ConstState::Unread,
                    });
                    (name, Item::Const(self.consts.len() - 1))
                }
                DeclKind::Global(variable) | DeclKind::Channel(_, variable) => {
                    let scope = match &decl.kind {
                        DeclKind::Channel(Inherit::None, _) => Scope::Channel(0),
                        DeclKind::Channel(Inherit::Once, _) => Scope::Channel(1),
                        DeclKind::Channel(Inherit::Ever, _) => Scope::Channel(2),
                        _ => Scope::Global,
                    };
                    let name = &variable.name;
                    let conf = variable.conf.as_ref().map_or(&name.text, |c| &c.text);
                    self.program.variables.push(Variable {
                        name: name.text.to_string(),
                        conf: conf.to_string(),
                        ty: Type::Wrong,
                        scope,
                        value: None,
                        place: self.place(name.at),
                    });
                    (name, Item::Variable(self.program.variables.len() - 1))
                }
                DeclKind::Enum { name, .. } => {
                    self.program.enums.0.push(Enum {
                        name: name.text.to_string(),
                        cases: Vec::new(),
                    });
                    let id = EnumId(self.enums().0.len() as u32 - 1);
                    (name, Item::Enum(id))
                }
                DeclKind::Fn(callable) | DeclKind::Sub(callable) => {
                    let pure = matches!(decl.kind, DeclKind::Fn(_));
                    let name = &callable.name;
                    self.subs.push(Signature {
                        unit,
                        decl: callable,
                        pure,
                        params: Vec::new(),
                        result: Type::Wrong,
                    });
                    self.program.subs.push(Sub {
                        conf: conf_of(callable).to_string(),
                        params: callable.params.len(),
                        result: Type::Wrong,
                        body: Body::default(),
                        place: self.place(name.at),
                    });
                    (name, Item::Sub(self.subs.len() - 1))
                }
                DeclKind::Context { name, .. } => (name, Item::Context(decl)),
                DeclKind::Test { .. } => continue,
            };
            let what = match item {
                Item::Unit(_) => What::Import,
                Item::Conf => What::Conf,
                Item::Const(number) => What::Const(number),
                Item::Variable(number) => What::Variable(number),
                Item::Enum(_) => What::Enum,
                Item::Sub(number) => What::Sub(number),
                Item::Context(_) => What::Context,
            };
            self.note(name.at, |_| {
                Fact::Declared(Declared {
                    name: name.text.to_string(),
                    what,
                    until: None,
                })
            });
            if let DeclKind::Global(variable) | DeclKind::Channel(_, variable) = &decl.kind {
                match &variable.conf {
                    Some(conf) => {
                        let name = conf.text.to_string();
                        self.note_inside(conf.at, |_| Fact::Variable(name, true));
                    }
                    None => {
                        let name = variable.name.text.to_string();
                        self.note(variable.name.at, |_| Fact::Variable(name, true));
                    }
                }
            }
            self.declare_name(unit, name, item);
        }
    }

    fn declare_name(&mut self, unit: usize, name: &'a Name, item: Item<'a>) {
        if super::world::is_fixed(&name.text) {
            self.tell(
                self.error(
                    "D202",
                    name.at,
                    format!("`{}` has a meaning of its own", name.text),
                )
                .label("it cannot be given another"),
            );
            return;
        }
        if self.names[unit].contains_key(&*name.text) {
            let first = self.declared_at(unit, &name.text);
            let mut found = self
                .error(
                    "D202",
                    name.at,
                    format!("`{}` is declared twice", name.text),
                )
                .label("here again");
            if let Some(at) = first {
                found = found.also(self.span(at), "declared here");
            }
            self.tell(found);
            return;
        }
        self.names[unit].insert(&name.text, item);
    }

    /// Where a file declares a name first.
    pub(super) fn declared_at(&self, unit: usize, name: &str) -> Option<At> {
        let named = |n: &Name| (&*n.text == name).then_some(n.at);
        self.units[unit]
            .module
            .decls
            .iter()
            .find_map(|d| match &d.kind {
                DeclKind::Import { name, .. }
                | DeclKind::ImportConf { name, .. }
                | DeclKind::Const { name, .. }
                | DeclKind::Enum { name, .. }
                | DeclKind::Context { name, .. } => named(name),
                DeclKind::Global(v) | DeclKind::Channel(_, v) => named(&v.name),
                DeclKind::Fn(c) | DeclKind::Sub(c) => named(&c.name),
                DeclKind::Test { .. } => None,
            })
    }

    fn declare_types(&mut self, unit: usize) {
        let units = self.units;
        for decl in &units[unit].module.decls {
            match &decl.kind {
                DeclKind::Enum { name, cases } => {
                    let Some(Item::Enum(id)) = self.names[unit].get(&*name.text).copied() else {
                        continue;
                    };
                    let mut read: Vec<Case> = Vec::new();
                    for case in cases {
                        if read.iter().any(|c| c.name == *case.name.text) {
                            self.tell(
                                self.error(
                                    "D202",
                                    case.name.at,
                                    format!("`{}` has two cases `{}`", name.text, case.name.text),
                                )
                                .label("the second one"),
                            );
                            continue;
                        }
                        let number = read.len();
                        self.note(case.name.at, |_| {
                            Fact::Declared(Declared {
                                name: case.name.text.to_string(),
                                what: What::Case(id, number),
                                until: None,
                            })
                        });
                        let fields = case.fields.iter();
                        let fields = fields
                            .map(|f| (f.name.text.to_string(), self.ty(&f.ty)))
                            .collect();
                        read.push(Case {
                            name: case.name.text.to_string(),
                            spellings: vec![case.name.text.to_string()],
                            fields,
                        });
                    }
                    self.program.enums.0[id.0 as usize].cases = read;
                }
                DeclKind::Global(variable) | DeclKind::Channel(_, variable) => {
                    let ty = self.ty(&variable.ty);
                    if ty == Type::Raw && matches!(decl.kind, DeclKind::Global(_)) {
                        self.tell(
                            self.error("D408", variable.ty.at, "a global cannot be Raw")
                                .label("text of one caller would reach the calls of all others")
                                .help("keep what is safe of it: `Digits`, or `Str` made by keep()"),
                        );
                    }
                    if let Some(Item::Variable(v)) = self.names[unit].get(&*variable.name.text) {
                        self.program.variables[*v].ty = ty;
                    }
                }
                DeclKind::Fn(callable) | DeclKind::Sub(callable) => {
                    let Some(Item::Sub(sub)) = self.names[unit].get(&*callable.name.text).copied()
                    else {
                        continue;
                    };
                    if !std::ptr::eq(self.subs[sub].decl, callable) {
                        continue;
                    }
                    let params = callable.params.iter();
                    self.subs[sub].params = params
                        .map(|p| (p.name.text.to_string(), self.ty(&p.ty)))
                        .collect();
                    let result = callable.result.as_ref().map_or(Type::Unit, |t| self.ty(t));
                    self.subs[sub].result = result.clone();
                    self.program.subs[sub].result = result;
                }
                _ => {}
            }
        }
    }

    /// A type as written.
    pub(super) fn ty(&mut self, written: &tree::Type) -> Type {
        let arguments = match &*written.name.text {
            "Option" | "List" => 1,
            _ => 0,
        };
        if written.args.len() != arguments {
            let message = match arguments {
                0 => format!("`{}` takes no type in parentheses", written.name.text),
                _ => format!("`{}` needs one type in parentheses", written.name.text),
            };
            self.tell(self.error("D203", written.at, message));
            return Type::Wrong;
        }
        match &*written.name.text {
            "Str" => Type::Str,
            "Raw" => Type::Raw,
            "Digits" => Type::Digits,
            "Int" => Type::Int,
            "Bool" => Type::Bool,
            "Duration" => Type::Duration,
            "Time" => Type::Time,
            "Pattern" => Type::Pattern,
            "Hours" => Type::Hours,
            "Endpoint" => Type::Endpoint,
            "Trunk" => Type::Trunk,
            "Host" => Type::Host,
            "Uri" => Type::Uri,
            "Mailbox" => Type::Mailbox,
            "Prompt" => Type::Prompt,
            "Never" => Type::Never,
            "Unit" => Type::Unit,
            "Option" => Type::Option(Box::new(self.ty(&written.args[0]))),
            "List" => Type::List(Box::new(self.ty(&written.args[0]))),
            name => {
                if let Some(Item::Enum(id)) = self.names[self.unit].get(name).copied() {
                    self.note_item(&written.name, self.unit);
                    return Type::Enum(id);
                }
                // Enums of the language, and of files that this one imports.
                let visible = self.visible_enums();
                if let Some(id) = visible
                    .iter()
                    .find(|id| self.enums().get(**id).name == name)
                    .copied()
                {
                    for unit in 0..self.units.len() {
                        if matches!(self.names[unit].get(name), Some(Item::Enum(of)) if *of == id) {
                            self.note_item(&written.name, unit);
                        }
                    }
                    return Type::Enum(id);
                }
                let known = visible.iter().map(|id| self.enums().get(*id).name.as_str());
                let like = self.like(name, TYPES.iter().copied().chain(known));
                let mut found = self
                    .error("D203", written.at, format!("there is no type `{name}`"))
                    .label("an unknown type");
                if let Some(meant) = like.or_else(|| foreign(name).map(str::to_owned)) {
                    found = found.label(format!("did you mean `{meant}`?")).fix(
                        format!("write `{meant}`"),
                        self.span(written.name.at),
                        meant,
                        false,
                    );
                }
                self.tell(found);
                Type::Wrong
            }
        }
    }

    /// Enums that this file may name: the language's, its own, and those of the files that it imports.
    pub(super) fn visible_enums(&self) -> Rc<[EnumId]> {
        let visible = &self.visible[self.unit];
        Rc::clone(visible.get_or_init(|| self.look_for_enums().into()))
    }

    /// Names are declared before anybody asks for one.
    fn look_for_enums(&self) -> Vec<EnumId> {
        let built_in = strowger_stdlib::words::ENUMS.len() as u32;
        let mut visible: Vec<EnumId> = (0..built_in).map(EnumId).collect();
        let of = |unit: usize| {
            let items = self.names[unit].values();
            items.filter_map(|i| match i {
                Item::Enum(id) => Some(*id),
                _ => None,
            })
        };
        visible.extend(of(self.unit));
        for item in self.names[self.unit].values() {
            if let Item::Unit(other) = item {
                visible.extend(of(*other));
            }
        }
        visible.sort_by_key(|id| id.0);
        visible.dedup();
        visible
    }

    fn first_values(&mut self, unit: usize) {
        let units = self.units;
        for decl in &units[unit].module.decls {
            let (DeclKind::Global(variable) | DeclKind::Channel(_, variable)) = &decl.kind else {
                continue;
            };
            let Some(Item::Variable(number)) = self.names[unit].get(&*variable.name.text).copied()
            else {
                continue;
            };
            let ty = self.program.variables[number].ty.clone();
            let Some(value) = &variable.value else {
                // What was migrated had no value until the call set one.
                let from_lines =
                    self.around.unchecked && matches!(decl.kind, DeclKind::Channel(..));
                if !has_empty(&ty) && !from_lines {
                    self.tell(
                        self.error(
                            "D410",
                            variable.name.at,
                            format!("`{}` needs a first value", variable.name.text),
                        )
                        .label(format!("no value of {} is empty text", self.show(&ty)))
                        .help(format!(
                            "give it one, or make it Option({})",
                            self.show(&ty)
                        )),
                    );
                }
                continue;
            };
            let read = self.constant_expr(value, Some(&ty));
            self.program.variables[number].value = match constant_value(&read) {
                Some(text) => Some(text),
                None if read.ty == Type::Wrong => None,
                None => match self.constant_case(&read) {
                    Some(text) => Some(text),
                    None => {
                        self.not_constant(value.at, "a first value");
                        None
                    }
                },
            };
        }
    }

    pub(super) fn not_constant(&mut self, at: At, what: &str) {
        self.tell(
            self.error(
                "D315",
                at,
                format!("{what} must be known when the file is read"),
            )
            .label("this is known only when a call is there"),
        );
    }

    /// An expression outside of all bodies.
    pub(super) fn constant_expr(
        &mut self,
        value: &tree::Expr,
        want: Option<&Type>,
    ) -> crate::dial::typed::Expr {
        let inner = InBody {
            kind: BodyKind::Constant,
            ..InBody::default()
        };
        let (expr, _) = self.in_body(inner, |c| match want {
            Some(want) => c.wanted(value, want),
            None => c.expr(value, None),
        });
        expr
    }

    /// Names in a dialplan must differ, too.
    fn same_conf_names(&mut self) {
        let mut seen: HashMap<String, (usize, At)> = HashMap::new();
        let units = self.units;
        let mut found: Vec<(usize, Diagnostic)> = Vec::new();
        for (unit, of) in units.iter().enumerate() {
            self.unit = unit;
            for decl in &of.module.decls {
                let (conf, at) = match &decl.kind {
                    DeclKind::Context { name, conf, .. } => (
                        conf.as_ref().map_or(&name.text, |c| &c.text).to_string(),
                        conf.as_ref().map_or(name.at, |c| c.at),
                    ),
                    DeclKind::Fn(c) | DeclKind::Sub(c) => (
                        conf_of(c).to_string(),
                        c.conf.as_ref().map_or(c.name.at, |c| c.at),
                    ),
                    _ => continue,
                };
                if let Some(bad) = conf.chars().find(|c| matches!(c, ']' | '\n' | '\r')) {
                    let told = self
                        .error(
                            "D210",
                            at,
                            format!("no context of a dialplan has {bad:?} in its name"),
                        )
                        .label("its header would end there");
                    found.push((unit, told));
                } else if let Some((other, before)) = seen.get(&conf) {
                    if *other == unit
                        && matches!(decl.kind, DeclKind::Fn(_) | DeclKind::Sub(_))
                        && self.declared_at(unit, &conf) != Some(at)
                    {
                        // Told as a name that is declared twice.
                        continue;
                    }
                    let first = super::super::span(units[*other].file, *before);
                    let told = self
                        .error(
                            "D210",
                            at,
                            format!("the dialplan has two contexts [{conf}]"),
                        )
                        .label("the second one")
                        .also(first, "the first one")
                        .help("a context may have another name in the dialplan: `as \"name\"`");
                    found.push((unit, told));
                } else {
                    // What a migrated file cannot say of a context stays in extensions.conf.
                    if self.around.conf_contexts.contains(&*conf) && !self.around.unchecked {
                        let told = self
                            .error(
                                "D210",
                                at,
                                format!("the context [{conf}] is written in extensions.conf, too"),
                            )
                            .label("one context cannot be written in both languages")
                            .help("give it another name: `as \"name\"`, or take one of them away");
                        found.push((unit, told));
                    }
                    seen.insert(conf, (unit, at));
                }
            }
        }
        for (_, told) in found {
            self.tell(told);
        }
    }
}

/// Whether empty text is a value of the type.
fn has_empty(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Str | Type::Raw | Type::Digits | Type::Option(_) | Type::List(_) | Type::Wrong
    )
}

const TYPES: [&str; 17] = [
    "Str", "Raw", "Digits", "Int", "Bool", "Duration", "Time", "Pattern", "Hours", "Endpoint",
    "Trunk", "Host", "Uri", "Mailbox", "Prompt", "Option", "List",
];

/// What people from other languages write.
fn foreign(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "string" | "text" | "char" => "Str",
        "integer" | "number" | "i64" | "u32" | "long" | "float" => "Int",
        "boolean" => "Bool",
        "array" | "vec" => "List",
        "optional" | "maybe" | "null" | "nil" => "Option",
        "void" => "Unit",
        "seconds" | "timeout" => "Duration",
        "date" | "datetime" => "Time",
        "digit" => "Digits",
        "peer" | "device" => "Endpoint",
        _ => return None,
    })
}

/// The name of a sub in a dialplan.
fn conf_of(callable: &tree::Callable) -> &str {
    callable
        .conf
        .as_ref()
        .map_or(&callable.name.text, |c| &c.text)
}
