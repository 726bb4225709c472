//! What could be written at a place of a `.dial` file. The words before the cursor decide; names and types are those of the file as
//! far as it can be read.

mod test;

use std::collections::{BTreeSet, HashSet};

use strowger_dial::token::{Kind, Token, lex};
use strowger_dial::tree::{DeclKind, ItemKind as Held, Number};
use strowger_stdlib::{signatures, words};

use super::super::View;
use super::super::complete::{ITEMS, Item, ItemKind, World};
use super::hover;
use crate::dial::check::world;
use crate::dial::notes::{Declared, Fact, What};
use crate::dial::types::Type;
use crate::peers::Tech;
use crate::source::{FileId, Span};

/// Words that begin a statement.
const STATEMENTS: &[&str] = &[
    "let", "var", "if", "match", "while", "for", "goto", "gosub", "return", "label", "break",
    "continue",
];
/// What a context holds.
const HELD: &[&str] = &["on", "include", "hint"];
/// What a file holds.
const DECLARATIONS: &[&str] = &[
    "context", "sub", "fn", "const", "global", "channel", "enum", "import", "test",
];
/// Types of the language.
const TYPES: &[&str] = &[
    "Str", "Digits", "Raw", "Int", "Bool", "Duration", "Time", "Endpoint", "Mailbox", "Prompt",
    "Pattern", "Hours", "Trunk", "Host", "Uri", "Option", "List", "Never",
];
/// Words of the language that are values or make some, with what they give.
const VALUES: &[(&str, &str)] = &[
    ("exten", "the number that was called"),
    ("now", "this moment"),
    ("last_dial", "how the last call ended"),
    ("pjsip", "a device of pjsip.conf"),
    ("sip", "a device of sip.conf"),
    ("trunk", "what leads outside"),
    ("local", "an extension as a device"),
    ("device", "a device, written as Asterisk does"),
    ("mailbox", "a mailbox"),
    ("hours", "times of day"),
    ("digits", "a text if it is digits"),
    ("int", "a text if it is a number"),
    ("keep", "what is left of a text"),
    ("join", "texts, one behind the other"),
    ("asterisk", "text in Asterisk's meaning"),
    ("app", "an application by its name"),
    ("true", ""),
    ("false", ""),
    ("None", "nothing"),
    ("Some", "something"),
    ("not", ""),
];

impl View {
    /// What could be written at a place, at most 2000 items.
    pub(in crate::editor) fn dial_complete(
        &self,
        file: FileId,
        offset: u32,
        world: &World<'_>,
    ) -> Vec<Item> {
        let Some(text) = self.dial_text(file).get(..offset as usize) else {
            return Vec::new();
        };
        let mut tokens = lex(text);
        tokens.retain(|t| t.kind != Kind::Blank);
        let mut cursor = Cursor {
            view: self,
            world,
            file,
            text,
            from: text.len(),
            tokens: Vec::new(),
            out: Vec::new(),
        };
        match tokens.last().copied() {
            Some(t) if t.kind.is_trivia() && t.kind != Kind::LineEnd => return Vec::new(),
            Some(t) if matches!(t.kind, Kind::OpenText | Kind::OpenRaw) => {
                tokens.pop();
                cursor.from = t.at.start as usize + 1;
                cursor.tokens = tokens;
                cursor.in_text();
            }
            // A pattern or a closed text: nothing is begun.
            Some(t) if t.at.end as usize == text.len() && is_whole(t.kind) => {}
            last => {
                if let Some(t) = last
                    && t.at.end as usize == text.len()
                    && (matches!(t.kind, Kind::Ident | Kind::Upper) || t.kind.is_keyword())
                {
                    tokens.pop();
                    cursor.from = t.at.start as usize;
                }
                cursor.tokens = tokens;
                cursor.word();
            }
        }
        let all = cursor.out;
        let mut seen = HashSet::new();
        let first: Vec<bool> = all.iter().map(|i| seen.insert(i.label.as_str())).collect();
        let kept = all.into_iter().zip(first).filter(|(_, first)| *first);
        kept.map(|(item, _)| item).take(ITEMS).collect()
    }
}

fn is_whole(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Text | Kind::Raw | Kind::Pattern | Kind::OpenPattern | Kind::Int | Kind::Duration
    )
}

struct Cursor<'a> {
    view: &'a View,
    world: &'a World<'a>,
    file: FileId,
    /// The text before the cursor.
    text: &'a str,
    /// Where the word begins that is being written.
    from: usize,
    /// The tokens before it, without blanks.
    tokens: Vec<Token>,
    out: Vec<Item>,
}

/// What the innermost brace holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    File,
    Context,
    Arms,
    Cases,
    Test,
    Block,
}

impl<'a> Cursor<'a> {
    fn offer(&mut self, kind: ItemKind, label: &str, insert: &str, detail: &str) {
        // Asked for each word that there is: nothing is made for those that do not fit.
        let written = &self.text.as_bytes()[self.from..];
        let begins = label.as_bytes().get(..written.len());
        let fits = begins.is_some_and(|b| b.eq_ignore_ascii_case(written));
        if fits && self.out.len() < 2 * ITEMS {
            self.out.push(Item {
                kind,
                label: label.to_owned(),
                insert: insert.to_owned(),
                detail: detail.to_owned(),
                replace: Span {
                    file: self.file,
                    start: self.from as u32,
                    end: self.text.len() as u32,
                },
            });
        }
    }

    fn plain(&mut self, kind: ItemKind, label: &str, detail: &str) {
        self.offer(kind, label, label, detail);
    }

    fn keys(&mut self, words: &[&str]) {
        for word in words {
            self.offer(ItemKind::Key, word, &format!("{word} "), "");
        }
    }

    fn slice(&self, token: Token) -> &'a str {
        &self.text[token.at.start as usize..token.at.end as usize]
    }

    /// The token that stands so many before the word.
    fn back(&self, n: usize) -> Option<Token> {
        self.tokens.len().checked_sub(n).map(|i| self.tokens[i])
    }

    fn kind(&self, n: usize) -> Option<Kind> {
        self.back(n).map(|t| t.kind)
    }

    /// Indices of the brackets that are open.
    fn open(&self) -> Vec<usize> {
        let mut open = Vec::new();
        for (i, token) in self.tokens.iter().enumerate() {
            match token.kind {
                Kind::BraceOpen | Kind::ParenOpen | Kind::SquareOpen => open.push(i),
                Kind::BraceClose | Kind::ParenClose | Kind::SquareClose => {
                    open.pop();
                }
                _ => {}
            }
        }
        open
    }

    /// What the braces hold that stand around the word.
    fn inside(&self, open: &[usize]) -> Inside {
        let mut brace = open.iter().rev();
        match brace.find(|i| self.tokens[**i].kind == Kind::BraceOpen) {
            Some(brace) => self.head(*brace),
            None => Inside::File,
        }
    }

    /// What a brace holds, by the words before it.
    fn head(&self, brace: usize) -> Inside {
        let head = self.tokens[..brace].iter().rev();
        for token in head.take_while(|t| !matches!(t.kind, Kind::LineEnd | Kind::BraceOpen)) {
            match token.kind {
                Kind::Match => return Inside::Arms,
                Kind::Context => return Inside::Context,
                Kind::Enum => return Inside::Cases,
                Kind::Test => return Inside::Test,
                Kind::On | Kind::If | Kind::While | Kind::For | Kind::Fn | Kind::Sub => break,
                _ => {}
            }
        }
        Inside::Block
    }

    fn word(&mut self) {
        let open = self.open();
        let last = self.kind(1);
        if last != Some(Kind::Dot) && self.in_test(&open) {
            return;
        }
        match last {
            Some(Kind::Goto | Kind::Gosub | Kind::Include) => return self.contexts(),
            Some(Kind::AtSign) => return self.labels(),
            Some(Kind::Dot) => return self.field(),
            Some(Kind::On) => {
                for (name, exten) in world::EVENTS {
                    self.plain(ItemKind::Extension, name, exten);
                }
                return;
            }
            Some(Kind::Let | Kind::Var | Kind::Fn | Kind::Sub | Kind::Context | Kind::Enum) => {
                return;
            }
            Some(Kind::Const | Kind::Global | Kind::Channel | Kind::Label | Kind::For) => return,
            _ => {}
        }
        let paren = open.last().copied();
        let paren = paren.filter(|i| self.tokens[*i].kind == Kind::ParenOpen);
        let declares = paren.is_some_and(|i| self.declares(i));
        if last == Some(Kind::Colon) {
            match paren.filter(|_| !declares) {
                Some(paren) => self.value_of(paren),
                None => self.types(),
            }
            return;
        }
        if last == Some(Kind::Arrow) && self.kind(2) == Some(Kind::ParenClose) {
            // What a sub gives, or what the arm of a case with fields does.
            let head = self
                .tokens
                .iter()
                .rev()
                .take_while(|t| t.kind != Kind::LineEnd);
            let mut head = head.map(|t| t.kind);
            if head.any(|k| matches!(k, Kind::Fn | Kind::Sub)) {
                return self.types();
            }
        }
        if declares {
            return;
        }
        let begins = matches!(
            last,
            None | Some(Kind::LineEnd | Kind::BraceOpen | Kind::Arrow)
        );
        if let Some(paren) = paren {
            self.named_arguments(paren);
        } else if begins {
            match self.inside(&open) {
                Inside::File => return self.keys(DECLARATIONS),
                Inside::Context => return self.keys(HELD),
                Inside::Cases => return,
                Inside::Arms if last != Some(Kind::Arrow) => return self.arms(),
                _ => self.keys(STATEMENTS),
            }
        }
        self.values(begins);
    }

    /// Whether a parenthesis holds parameters that are declared.
    fn declares(&self, paren: usize) -> bool {
        let before = paren.checked_sub(2).map(|i| self.tokens[i].kind);
        matches!(before, Some(Kind::Fn | Kind::Sub))
    }

    /// The name of what a parenthesis calls.
    fn callee(&self, paren: usize) -> Option<String> {
        let last = *self.tokens.get(paren.checked_sub(1)?)?;
        if last.kind != Kind::Ident && !last.kind.is_keyword() {
            return None;
        }
        let mut name = self.slice(last).to_owned();
        if let [.., of, dot, _] = &self.tokens[..paren]
            && dot.kind == Kind::Dot
        {
            name = format!("{}.{name}", self.slice(*of));
        }
        Some(name)
    }

    /// The parameter that an argument is for: by its name, or by its place.
    fn parameter(&self, paren: usize) -> Option<&'static words::Param> {
        let word = words::named(&self.callee(paren)?)?;
        if let (Some(Kind::Colon), Some(name)) = (self.kind(1), self.back(2)) {
            return word.params.iter().find(|p| p.name == self.slice(name));
        }
        let mut depth = 0;
        let mut place = 0;
        for token in &self.tokens[paren + 1..] {
            match token.kind {
                Kind::ParenOpen | Kind::SquareOpen | Kind::BraceOpen => depth += 1,
                Kind::ParenClose | Kind::SquareClose | Kind::BraceClose => depth -= 1,
                Kind::Comma if depth == 0 => place += 1,
                _ => {}
            }
        }
        word.params.iter().filter(|p| p.positional).nth(place)
    }

    /// The value of a named argument.
    fn value_of(&mut self, paren: usize) {
        if let Some(param) = self.parameter(paren) {
            let ty = param.ty;
            if let Some(of) = words::enumeration(ty) {
                for (case, _) in of.cases {
                    self.plain(ItemKind::Case, case, of.name);
                }
                return;
            }
            if ty == "Bool" {
                self.plain(ItemKind::Key, "true", "");
                self.plain(ItemKind::Key, "false", "");
            }
        }
        self.values(false);
    }

    /// The arguments of a call that have names.
    fn named_arguments(&mut self, paren: usize) {
        if !matches!(
            self.kind(1),
            Some(Kind::ParenOpen | Kind::Comma | Kind::LineEnd)
        ) {
            return;
        }
        let Some(callee) = self.callee(paren) else {
            return;
        };
        let given: Vec<&str> = self.tokens[paren..]
            .windows(2)
            .filter(|w| w[1].kind == Kind::Colon)
            .map(|w| self.slice(w[0]))
            .collect();
        let Some(word) = words::named(&callee) else {
            return;
        };
        for param in word.params.iter().filter(|p| !p.positional) {
            if !given.contains(&param.name) {
                let (label, detail) = (format!("{}:", param.name), param.ty);
                self.offer(ItemKind::Option, &label, &format!("{label} "), detail);
            }
        }
    }

    fn types(&mut self) {
        for ty in TYPES {
            self.plain(ItemKind::Type, ty, "");
        }
        let view = self.view;
        for of in &view.dial().notes.enums.0 {
            self.plain(ItemKind::Type, &of.name, "enum");
        }
    }

    /// The cases of a `match` that have no arm yet.
    fn arms(&mut self) {
        let offset = self.from as u32;
        let view = self.view;
        let notes = &view.dial().notes;
        let around = notes.at(self.file, offset);
        let of = around.into_iter().find_map(|(at, fact)| match fact {
            Fact::Match(ty) if at.start < offset => Some((*at, ty.clone())),
            _ => None,
        });
        let Some((at, ty)) = of else {
            return self.plain(ItemKind::Key, "_", "all that is left");
        };
        let whole = view.dial_text(self.file);
        let body = whole
            .get(at.start as usize..at.end as usize)
            .unwrap_or_default();
        let written: BTreeSet<&str> = lex(body)
            .into_iter()
            .filter(|t| t.kind == Kind::Upper)
            .map(|t| &body[t.at.start as usize..t.at.end as usize])
            .collect();
        let mut cases: Vec<(String, String)> = Vec::new();
        let mut ty = &ty;
        if let Type::Option(of) = ty {
            cases.push(("Some(x)".to_owned(), "something".to_owned()));
            cases.push(("None".to_owned(), "nothing".to_owned()));
            ty = of;
        }
        match ty {
            Type::Enum(id) => {
                let of = notes.enums.get(*id);
                for case in &of.cases {
                    let fields: Vec<&str> = case.fields.iter().map(|f| f.0.as_str()).collect();
                    let fields = match fields.len() {
                        0 => String::new(),
                        _ => format!("({})", fields.join(", ")),
                    };
                    cases.push((format!("{}{fields}", case.name), of.name.clone()));
                }
            }
            Type::Bool => {
                cases.extend(["true", "false"].map(|w| (w.to_owned(), String::new())));
            }
            _ => {}
        }
        for (case, detail) in cases {
            let name = case.split('(').next().unwrap_or_default();
            if !written.contains(name) {
                self.offer(ItemKind::Case, &case, &format!("{case} -> "), &detail);
            }
        }
        self.offer(ItemKind::Key, "_", "_ -> ", "all that is left");
    }

    /// Names that are declared and can be used here.
    fn declared(&mut self, mut each: impl FnMut(&mut Self, &Declared, Span)) {
        let offset = self.from as u32;
        let view = self.view;
        for (at, fact) in view.dial().notes.of(self.file) {
            if let Fact::Declared(declared) = fact
                && declared
                    .until
                    .is_none_or(|end| at.end <= offset && offset <= end)
            {
                each(self, declared, *at);
            }
        }
    }

    /// Values, and at the beginning of a statement what acts.
    fn values(&mut self, begins: bool) {
        let view = self.view;
        let notes = &view.dial().notes;
        self.declared(|c, declared, _| {
            let name = &declared.name;
            let show = |ty: &Type| notes.enums.show(ty).to_string();
            match &declared.what {
                What::Let(ty) | What::Var(ty) | What::Part(ty) | What::Parameter(ty) => {
                    c.plain(ItemKind::Variable, name, &show(ty));
                }
                What::Const(n) => {
                    let ty = notes.consts.get(*n).map(show);
                    c.plain(ItemKind::Variable, name, &ty.unwrap_or_default());
                }
                What::Variable(n) => {
                    let ty = notes.variables.get(*n).map(show);
                    c.plain(ItemKind::Variable, name, &ty.unwrap_or_default());
                }
                What::Sub(n) => {
                    let callable = notes.subs.get(*n);
                    let told = callable.map(|s| hover::signature(view.dial(), name, s));
                    c.plain(ItemKind::Function, name, &told.unwrap_or_default());
                }
                What::Case(id, _) => {
                    let of = notes.enums.get(*id).name.clone();
                    c.plain(ItemKind::Case, name, &of);
                }
                What::Import => c.plain(ItemKind::Context, name, "import"),
                What::Conf | What::Enum | What::Context | What::Label => {}
            }
        });
        for word in words::all() {
            let application = word.kind == words::Kind::Application;
            let kind = match application {
                true => ItemKind::Application,
                false => ItemKind::Function,
            };
            match word.name.split_once('.') {
                // `caller`, whose fields come behind the point.
                Some((object, _)) => self.plain(ItemKind::Variable, object, "of the call"),
                None => self.plain(kind, word.name, word.summary),
            }
        }
        for (name, detail) in VALUES {
            self.plain(ItemKind::Key, name, detail);
        }
        if !begins {
            for of in words::ENUMS {
                for (case, _) in of.cases {
                    self.plain(ItemKind::Case, case, of.name);
                }
            }
        }
    }

    fn contexts(&mut self) {
        let view = self.view;
        self.declared(|c, declared, at| match declared.what {
            What::Context => c.plain(ItemKind::Context, &declared.name, ""),
            What::Import => {
                let exported = c.exported(&declared.name);
                for (name, what) in exported {
                    if matches!(what, ItemKind::Context) {
                        let name = format!("{}.{name}", declared.name);
                        c.plain(ItemKind::Context, &name, "");
                    }
                }
            }
            What::Conf => {
                let _ = at;
                for context in &view.hir().contexts {
                    let conf = String::from_utf8_lossy(&context.name);
                    let name = format!("{}[\"{conf}\"]", declared.name);
                    c.plain(ItemKind::Context, &name, "extensions.conf");
                }
            }
            _ => {}
        });
    }

    /// The labels of the body.
    fn labels(&mut self) {
        let view = self.view;
        let offset = self.from as u32;
        let module = view.dial().module(self.file);
        let decls = module.into_iter().flat_map(|m| &m.decls);
        let body = decls
            .flat_map(|d| match &d.kind {
                DeclKind::Context { items, .. } => items.iter().map(|i| i.at).collect(),
                _ => vec![d.at],
            })
            .find(|at| at.start <= offset && offset <= at.end);
        for (at, fact) in view.dial().notes.of(self.file) {
            if let Fact::Declared(declared) = fact
                && matches!(declared.what, What::Label)
                && body.is_none_or(|b| b.start <= at.start && at.end <= b.end)
            {
                self.plain(ItemKind::Label, &declared.name, "");
            }
        }
    }

    /// What the file of an import declares.
    fn exported(&self, alias: &str) -> Vec<(String, ItemKind)> {
        let view = self.view;
        let module = view.dial().module(self.file);
        let decls = module.into_iter().flat_map(|m| &m.decls);
        let path = decls.into_iter().find_map(|d| match &d.kind {
            DeclKind::Import { path, name } if &*name.text == alias => {
                let words: Vec<&str> = path.iter().map(|n| &*n.text).collect();
                Some(format!("{}.dial", words.join("/")))
            }
            _ => None,
        });
        let file = path.and_then(|p| view.sources.resolve(&p).first().copied());
        let module = file.and_then(|f| view.dial().module(f));
        let decls = module.into_iter().flat_map(|m| &m.decls);
        decls
            .filter_map(|d| {
                let kind = match d.kind {
                    DeclKind::Context { .. } => ItemKind::Context,
                    DeclKind::Fn(_) | DeclKind::Sub(_) => ItemKind::Function,
                    DeclKind::Const { .. } | DeclKind::Global(_) | DeclKind::Channel(..) => {
                        ItemKind::Variable
                    }
                    _ => return None,
                };
                Some((super::name_of(&d.kind)?.text.to_string(), kind))
            })
            .collect()
    }

    /// What stands behind a point.
    fn field(&mut self) {
        if self.asked_field() {
            return;
        }
        let Some(of) = self.back(2) else {
            return;
        };
        let name = self.slice(of);
        if matches!(self.kind(3), Some(Kind::Goto | Kind::Gosub)) {
            return self.numbers(name);
        }
        for field in world::fields_of(name) {
            let dotted = format!("{name}.{field}");
            let detail = words::named(&dotted).map_or("", |w| w.result);
            self.plain(ItemKind::Variable, field, detail);
        }
        let dotted = words::all().iter().filter(|w| !w.is_field());
        for word in dotted {
            if let Some((object, field)) = word.name.split_once('.')
                && object == name
            {
                self.plain(ItemKind::Function, field, word.summary);
            }
        }
        match name {
            "peers" => self.plain(ItemKind::Function, "find", "a device, if there is one"),
            "now" => self.plain(ItemKind::Function, "format", "the time as text"),
            _ => {}
        }
        for (name, kind) in self.exported(name) {
            self.plain(kind, &name, "");
        }
        if self.kind(2) == Some(Kind::ParenClose) {
            // `trunk("carrier").`
            self.plain(ItemKind::Function, "to", "a number behind a trunk");
        }
    }

    /// The numbers of a context of this file.
    fn numbers(&mut self, context: &str) {
        let view = self.view;
        let module = view.dial().module(self.file);
        for decl in module.into_iter().flat_map(|m| &m.decls) {
            let DeclKind::Context { name, items, .. } = &decl.kind else {
                continue;
            };
            if &*name.text != context {
                continue;
            }
            for item in items {
                let Held::On { numbers, .. } = &item.kind else {
                    continue;
                };
                for number in numbers {
                    match number {
                        Number::Digits(text) => self.plain(ItemKind::Extension, &text.text, ""),
                        Number::Text(text) => {
                            let quoted = format!("\"{}\"", text.text);
                            self.plain(ItemKind::Extension, &quoted, "");
                        }
                        Number::Event(name) => self.plain(ItemKind::Extension, &name.text, ""),
                        Number::Pattern(_) => {}
                    }
                }
            }
        }
        for (name, kind) in self.exported(context) {
            if kind == ItemKind::Context {
                self.plain(kind, &name, "");
            }
        }
    }

    /// Inside of a text that is not closed yet.
    fn in_text(&mut self) {
        let open = self.open();
        let view = self.view;
        let mut at = open.last().copied();
        if at.is_some_and(|i| self.tokens[i].kind == Kind::SquareOpen) {
            let before = at.and_then(|i| i.checked_sub(1)).map(|i| self.tokens[i]);
            if before.is_some_and(|t| t.kind == Kind::Ident) {
                // `legacy["…"]`
                return self.conf_contexts();
            }
            // A list of prompts or devices.
            at = open.len().checked_sub(2).map(|i| open[i]);
        }
        let Some(paren) = at.filter(|i| self.tokens[*i].kind == Kind::ParenOpen) else {
            return self.asked_text();
        };
        let callee = self.callee(paren).unwrap_or_default();
        let tech = match callee.as_str() {
            "pjsip" | "trunk" => Some(Tech::Pjsip),
            "sip" => Some(Tech::Sip),
            "iax2" => Some(Tech::Iax),
            _ => None,
        };
        if let Some(tech) = tech {
            for device in view.devices.iter().filter(|d| d.tech == tech) {
                let name = String::from_utf8_lossy(&device.name).into_owned();
                self.plain(ItemKind::Device, &name, "");
            }
            return;
        }
        match callee.as_str() {
            "app" if self.kind(1) == Some(Kind::ParenOpen) => {
                for app in signatures::applications() {
                    self.plain(ItemKind::Application, app.name, app.summary);
                }
            }
            "local" if self.kind(1) == Some(Kind::Comma) => self.conf_contexts(),
            _ => {
                let ty = self.parameter(paren).map_or("", |p| p.ty);
                if ty.contains("Prompt") || callee == "prompt" {
                    let world = self.world;
                    for prompt in world.prompts {
                        self.plain(ItemKind::Prompt, prompt, "");
                    }
                }
            }
        }
    }

    fn conf_contexts(&mut self) {
        let view = self.view;
        for context in &view.hir().contexts {
            let name = String::from_utf8_lossy(&context.name).into_owned();
            self.plain(ItemKind::Context, &name, "");
        }
    }
}
