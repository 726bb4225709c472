//! What a `.dial` file holds, what of it can be folded, and the types that are not written.

use strowger_dial::token::{Kind, lex};
use strowger_dial::tree::{At, Decl, DeclKind, ItemKind, Number};

use super::super::View;
use super::super::hints::Hint;
use super::super::outline::{Entry, EntryKind, Fold, FoldKind};
use super::span;
use crate::dial::notes::{Fact, What};
use crate::dial::types::Type;
use crate::source::FileId;

impl View {
    /// The declarations of a file with what they hold.
    pub(in crate::editor) fn dial_outline(&self, file: FileId) -> Vec<Entry> {
        let Some(module) = self.dial().module(file) else {
            return Vec::new();
        };
        module.decls.iter().map(|d| self.entry(file, d)).collect()
    }

    fn entry(&self, file: FileId, decl: &Decl) -> Entry {
        let text = |at: At| {
            let bytes = self.sources.bytes(span(file, at));
            String::from_utf8_lossy(bytes).into_owned()
        };
        let leaf = |kind, name: String, whole: At, named: At| Entry {
            kind,
            name,
            span: span(file, whole),
            named: span(file, named),
            children: Vec::new(),
        };
        let kind = match &decl.kind {
            DeclKind::Import { .. } | DeclKind::ImportConf { .. } => EntryKind::Import,
            DeclKind::Const { .. } => EntryKind::Constant,
            DeclKind::Global(_) | DeclKind::Channel(..) => EntryKind::Variable,
            DeclKind::Enum { .. } => EntryKind::Enum,
            DeclKind::Fn(_) | DeclKind::Sub(_) => EntryKind::Function,
            DeclKind::Context { .. } => EntryKind::Section,
            DeclKind::Test { .. } => EntryKind::Test,
        };
        let (name, named) = match &decl.kind {
            DeclKind::Test { title, .. } => (title.text.to_string(), title.at),
            kind => match super::name_of(kind) {
                Some(name) => (name.text.to_string(), name.at),
                None => (String::new(), decl.at),
            },
        };
        let mut entry = leaf(kind, name, decl.at, named);
        match &decl.kind {
            DeclKind::Enum { cases, .. } => {
                let cases = cases.iter();
                entry.children.extend(cases.map(|c| {
                    let name = c.name.text.to_string();
                    leaf(EntryKind::Case, name, c.name.at, c.name.at)
                }));
            }
            DeclKind::Context { items, .. } => {
                for item in items {
                    let (name, named) = match &item.kind {
                        ItemKind::On { numbers, .. } => {
                            let first = numbers.first().map_or(item.at, Number::at);
                            let last = numbers.last().map_or(first, Number::at);
                            (format!("on {}", text(first.to(last))), first.to(last))
                        }
                        ItemKind::Hint { number, .. } => {
                            (format!("hint {}", text(number.at())), number.at())
                        }
                        ItemKind::Include { context, .. } => {
                            (format!("include {}", text(context.at)), context.at)
                        }
                    };
                    let kind = match item.kind {
                        ItemKind::Include { .. } => EntryKind::Import,
                        _ => EntryKind::Extension,
                    };
                    entry.children.push(leaf(kind, name, item.at, named));
                }
            }
            _ => {}
        }
        entry
    }

    /// Braces and lists over several lines, and comments of several lines.
    pub(in crate::editor) fn dial_folds(&self, file: FileId) -> Vec<Fold> {
        let source = self.sources.file(file);
        let mut out = Vec::new();
        let mut open = Vec::new();
        let mut comment: Option<(u32, u32)> = None;
        let fold = |(from, to)| Fold {
            kind: FoldKind::Comment,
            from,
            to,
        };
        for token in lex(self.dial_text(file)) {
            let line = || source.line(token.at.start);
            match token.kind {
                Kind::BraceOpen | Kind::ParenOpen | Kind::SquareOpen => open.push(line()),
                Kind::BraceClose | Kind::ParenClose | Kind::SquareClose => {
                    let Some(from) = open.pop() else {
                        continue;
                    };
                    // The line of the closing one stays.
                    let to = line().saturating_sub(1);
                    out.push(Fold {
                        kind: FoldKind::Region,
                        from,
                        to,
                    });
                }
                Kind::Comment | Kind::Doc | Kind::ModuleDoc => {
                    let line = line();
                    match &mut comment {
                        Some((_, to)) if *to + 1 == line => *to = line,
                        _ => out.extend(comment.replace((line, line)).map(fold)),
                    }
                }
                _ => {}
            }
        }
        out.extend(comment.map(fold));
        out.retain(|f| f.from < f.to);
        out.sort_by_key(|f| (f.from, f.to));
        out.dedup_by_key(|f| f.from);
        out
    }

    /// The types of `let` and `var` in lines `from..to` (1-based) that are not written.
    pub(in crate::editor) fn dial_hints(&self, file: FileId, from: u32, to: u32) -> Vec<Hint> {
        let dial = self.dial();
        let source = self.sources.file(file);
        let mut out = Vec::new();
        for (at, fact) in dial.notes.of(file) {
            let Fact::Declared(declared) = fact else {
                continue;
            };
            let (What::Let(ty) | What::Var(ty)) = &declared.what else {
                continue;
            };
            let behind = source.bytes()[at.end as usize..].trim_ascii_start();
            let line = source.line(at.start);
            // What an arm names has no place for a type.
            if *ty == Type::Wrong || !behind.starts_with(b"=") || !(from..to).contains(&line) {
                continue;
            }
            out.push(Hint {
                offset: at.end,
                text: format!(": {}", dial.notes.enums.show(ty)),
            });
        }
        out
    }
}
