//! What is to be said of a place in a `.dial` file: types, signatures, numbers.

use strowger_dial::token::{Kind, lex};
use strowger_dial::tree::{At, DeclKind, Inherit};
use strowger_stdlib::words::{self, Word};

use super::super::hover::Hover;
use super::super::{View, pattern};
use super::Dial;
use crate::dial::notes::{Callable, Declared, Fact, What};
use crate::dial::test::{ACTS, ASKED, GIVEN, MANNERS};
use crate::dial::types::Type;
use crate::pattern::Pattern;
use crate::source::{FileId, Span};

impl View {
    /// What is to be said of a place, if anything.
    pub(in crate::editor) fn dial_hover(&self, file: FileId, offset: u32) -> Option<Hover> {
        let dial = self.dial();
        for (span, fact) in dial.notes.at(file, offset) {
            let text = match fact {
                Fact::Declared(declared) => self.declared(dial, *span, declared),
                Fact::Used(at) => match dial.notes.declared_at(*at) {
                    Some(declared) => self.declared(dial, *at, declared),
                    None => continue,
                },
                Fact::Case(id, case) => {
                    let of = dial.notes.enums.get(*id);
                    let case = &of.cases[*case];
                    let mut text = format!("`{}` of `{}`", case.name, of.name);
                    if let Some(known) = words::enumeration(&of.name) {
                        text.push_str(&format!("\n\n{}", known.summary));
                    }
                    text.push_str(&format!(
                        "\n\nIn Asterisk: `{}`",
                        case.spellings.join("`, `")
                    ));
                    text
                }
                Fact::Word(word) => told(word),
                Fact::Parameter(word, number) => {
                    let param = &word.params[*number];
                    format!(
                        "`{}: {}` of `{}`\n\nIn Asterisk: {}",
                        param.name,
                        param.ty,
                        word.name,
                        word.place_of(param)
                    )
                }
                Fact::Extension(context, exten, _) => extension(context, exten),
                Fact::Context(..) | Fact::Device(..) | Fact::Variable(..) => {
                    match self.name(file, offset) {
                        Some(hover) => return Some(hover),
                        None => continue,
                    }
                }
                Fact::Typed(Type::Wrong | Type::Unit) | Fact::Match(_) => continue,
                Fact::Typed(ty) => format!("```dial\n{}\n```", dial.notes.enums.show(ty)),
            };
            return Some(Hover { span: *span, text });
        }
        self.of_test(file, offset)
    }

    /// A word that means something only in a `test`.
    fn of_test(&self, file: FileId, offset: u32) -> Option<Hover> {
        let module = self.dial().module(file)?;
        let holds = |at: At| at.start <= offset && offset <= at.end;
        let mut decls = module.decls.iter();
        let decl = decls.find(|d| matches!(d.kind, DeclKind::Test { .. }) && holds(d.at))?;
        let text = self
            .dial_text(file)
            .get(decl.at.start as usize..decl.at.end as usize)?;
        let own = offset - decl.at.start;
        let tokens = lex(text);
        let token = tokens
            .iter()
            .find(|t| t.kind == Kind::Ident && t.at.start <= own && own <= t.at.end)?;
        let word = text.get(token.at.start as usize..token.at.end as usize)?;
        let asked = ASKED.iter().chain(&GIVEN).find(|(name, _)| *name == word);
        let act = ACTS.iter().find(|act| act.name == word);
        let manner = MANNERS.iter().find(|(name, _)| *name == word);
        let text = match (asked, act, manner) {
            (Some((name, detail)), ..) => format!("`{name}`: {detail}"),
            (_, Some(act), _) => {
                let key = if act.caller.is_empty() {
                    act.phone
                } else {
                    act.caller
                };
                format!(
                    "`{}`: what somebody does in a call. In a test file: `{key}`",
                    act.name
                )
            }
            (.., Some((name, key))) => {
                format!("`{name}`: what a phone does with a call. In a test file: `{key}`")
            }
            _ => return None,
        };
        let span = Span {
            file,
            start: decl.at.start + token.at.start,
            end: decl.at.start + token.at.end,
        };
        Some(Hover { span, text })
    }

    /// A declared name: how it is declared, and its doc comment.
    fn declared(&self, dial: &Dial, at: Span, declared: &Declared) -> String {
        let name = &declared.name;
        let show = |ty: &Type| dial.notes.enums.show(ty).to_string();
        let decl = dial.decl(at);
        let conf = |conf: &Option<strowger_dial::tree::Constant>| match conf {
            Some(conf) => format!(" as \"{}\"", conf.text),
            None => String::new(),
        };
        let head = match &declared.what {
            What::Import | What::Conf => match decl.map(|d| &d.kind) {
                Some(DeclKind::Import { path, .. }) => {
                    let path: Vec<&str> = path.iter().map(|n| &*n.text).collect();
                    format!("import {} as {name}", path.join("/"))
                }
                Some(DeclKind::ImportConf { file, .. }) => {
                    format!("import conf \"{}\" as {name}", file.text)
                }
                _ => format!("import {name}"),
            },
            What::Const(number) => {
                let value = match decl.map(|d| &d.kind) {
                    Some(DeclKind::Const { value, .. }) => {
                        let text = self.sources.bytes(super::span(at.file, value.at));
                        String::from_utf8_lossy(text).into_owned()
                    }
                    _ => String::new(),
                };
                let ty = dial.notes.consts.get(*number).map(show);
                format!("const {name}: {} = {value}", ty.unwrap_or_default())
            }
            What::Variable(number) => {
                let ty = dial.notes.variables.get(*number).map(show);
                let ty = ty.unwrap_or_default();
                match decl.map(|d| &d.kind) {
                    Some(DeclKind::Channel(inherit, v)) => {
                        let inherit = match inherit {
                            Inherit::None => "",
                            Inherit::Once => "inherit ",
                            Inherit::Ever => "inherit* ",
                        };
                        format!("channel {inherit}{name}: {ty}{}", conf(&v.conf))
                    }
                    Some(DeclKind::Global(v)) => {
                        format!("global {name}: {ty}{}", conf(&v.conf))
                    }
                    _ => format!("{name}: {ty}"),
                }
            }
            What::Enum => {
                let id = dial.notes.enums.named(name);
                let cases = id.map(|id| &dial.notes.enums.get(id).cases);
                let names = cases.into_iter().flatten().map(|c| c.name.as_str());
                format!("enum {name} {{ {} }}", names.collect::<Vec<_>>().join(", "))
            }
            What::Case(id, case) => {
                let of = dial.notes.enums.get(*id);
                let fields = of.cases.get(*case).map(|c| c.fields.as_slice());
                let fields = params(dial, fields.unwrap_or_default());
                let fields = match fields.as_str() {
                    "" => fields,
                    _ => format!("({fields})"),
                };
                format!("{name}{fields} of {}", of.name)
            }
            What::Sub(number) => match dial.notes.subs.get(*number) {
                Some(callable) => signature(dial, name, callable),
                None => name.clone(),
            },
            What::Context => match decl.map(|d| &d.kind) {
                Some(DeclKind::Context { conf: c, .. }) => format!("context {name}{}", conf(c)),
                _ => format!("context {name}"),
            },
            What::Label => format!("label {name}"),
            What::Parameter(ty) => format!("{name}: {}", show(ty)),
            What::Let(ty) | What::Part(ty) => format!("let {name}: {}", show(ty)),
            What::Var(ty) => format!("var {name}: {}", show(ty)),
        };
        let mut text = format!("```dial\n{head}\n```");
        if let Some(doc) = decl.and_then(|d| d.doc.as_deref()) {
            text.push_str(&format!("\n{doc}"));
        }
        text
    }
}

/// A sub or function as it is declared.
pub(super) fn signature(dial: &Dial, name: &str, callable: &Callable) -> String {
    let word = if callable.pure { "fn" } else { "sub" };
    let params = params(dial, &callable.params);
    let result = match &callable.result {
        Type::Unit => String::new(),
        ty => format!(" -> {}", dial.notes.enums.show(ty)),
    };
    format!("{word} {name}({params}){result}")
}

fn params(dial: &Dial, params: &[(String, Type)]) -> String {
    let shown = params.iter();
    let shown: Vec<String> = shown
        .map(|(name, ty)| format!("{name}: {}", dial.notes.enums.show(ty)))
        .collect();
    shown.join(", ")
}

/// A word, with all that it takes.
fn told(word: &Word) -> String {
    let mut text = format!("```dial\n{}\n```\n{}", word.usage(), word.summary);
    if let Some(signature) = word.signature() {
        text.push_str(&format!("\n\nIn Asterisk: `{}`", signature.usage));
    }
    for param in word.params {
        let colon = if param.positional { "" } else { ":" };
        text.push_str(&format!(
            "\n- `{}{colon}` {}: {}",
            param.name,
            param.ty,
            word.place_of(param)
        ));
    }
    text
}

/// An extension, by its name in a dialplan.
fn extension(context: &str, exten: &str) -> String {
    let mut text = format!("**`{exten}`** in `[{context}]`\n\n");
    match exten.strip_prefix('_') {
        Some(written) => {
            let pattern = Pattern::read(written.as_bytes());
            text.push_str(&pattern::words(&pattern));
            let examples = pattern::examples(&pattern);
            if !examples.is_empty() {
                text.push_str(&format!("\n\nFor example `{}`.", examples.join("`, `")));
            }
        }
        None => text.push_str(&format!("Matches exactly `{exten}`.")),
    }
    text
}
