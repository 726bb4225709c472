//! What an editor asks of a `.dial` file. Names go the way of all names of a plan ([`super::Names`]); this is the rest.

mod complete;
mod hover;
mod imports;
mod outline;
mod tokens;

pub use imports::{Elsewhere, Wanted};

use strowger_dial::tree::{At, Decl, DeclKind, Module, Name};

use super::View;
use super::names::{Names, Role, Symbol};
use super::outline::EntryKind;
use crate::dial::notes::{Declared, Fact, Notes, What};
use crate::dial::{self, is_dial};
use crate::source::{FileId, Sources, Span};

/// The `.dial` files of a plan, read, with what checking learns about them.
pub(super) struct Dial {
    pub(super) files: Vec<(FileId, Module)>,
    pub(super) notes: Notes,
}

impl Dial {
    fn module(&self, file: FileId) -> Option<&Module> {
        self.files.iter().find(|(f, _)| *f == file).map(|(_, m)| m)
    }

    /// The declaration whose name stands there.
    fn decl(&self, at: Span) -> Option<&Decl> {
        let decls = &self.module(at.file)?.decls;
        decls.iter().find(|d| {
            name_of(&d.kind).is_some_and(|n| (n.at.start, n.at.end) == (at.start, at.end))
        })
    }
}

impl View {
    /// The `.dial` files of the plan.
    pub(super) fn dial(&self) -> &Dial {
        self.dial.get_or_init(|| {
            let program = dial::read(&self.sources, &self.reading.dials);
            let (files, notes) = program.learn(self.hir());
            Dial { files, notes }
        })
    }

    /// Whether a file is one of the other language.
    pub(super) fn is_dial(&self, file: FileId) -> bool {
        is_dial(self.sources.file(file).name())
    }

    /// The text of a `.dial` file; nothing of one that is no text.
    fn dial_text(&self, file: FileId) -> &str {
        std::str::from_utf8(self.sources.file(file).bytes()).unwrap_or_default()
    }
}

impl View {
    /// The name and kind of what a file declares there for all to use.
    pub fn top_level(&self, at: Span) -> Option<(String, EntryKind)> {
        let declared = self.dial().notes.declared_at(at)?;
        let kind = match declared.what {
            What::Const(_) => EntryKind::Constant,
            What::Variable(_) => EntryKind::Variable,
            What::Enum => EntryKind::Enum,
            What::Sub(_) => EntryKind::Function,
            What::Context => EntryKind::Section,
            _ => return None,
        };
        Some((declared.name.clone(), kind))
    }
}

/// Adds the names of `.dial` files.
pub(super) fn gather(names: &mut Names, sources: &Sources, dial: &Dial) {
    for (at, fact) in dial.notes.all() {
        let role = |made: bool| match made {
            true => Role::Definition,
            false => Role::Use,
        };
        let bytes = |text: &String| text.clone().into_bytes();
        let symbol = match fact {
            Fact::Declared(_) => (Symbol::Declared(*at), Role::Definition),
            Fact::Used(declared) => {
                // A context that is called the same in both languages is one thing with two kinds of names.
                if let Some(conf) = same_name(sources, dial, *declared) {
                    names.add(Symbol::Context(conf), *at, Role::Use);
                }
                (Symbol::Declared(*declared), Role::Use)
            }
            Fact::Context(name, made) => (Symbol::Context(bytes(name)), role(*made)),
            Fact::Extension(context, exten, made) => {
                let (context, exten) = (bytes(context), bytes(exten));
                (Symbol::Extension { context, exten }, role(*made))
            }
            Fact::Device(tech, name) => {
                let name = name.to_ascii_lowercase().into_bytes();
                (Symbol::Device { tech: *tech, name }, Role::Use)
            }
            Fact::Variable(name, made) => (Symbol::Variable(bytes(name)), role(*made)),
            Fact::Case(..)
            | Fact::Word(_)
            | Fact::Parameter(..)
            | Fact::Match(_)
            | Fact::Typed(_) => continue,
        };
        names.add(symbol.0, *at, symbol.1);
    }
}

/// The name in a dialplan of a context that is declared there without another one.
fn same_name(sources: &Sources, dial: &Dial, declared: Span) -> Option<Vec<u8>> {
    let Declared {
        what: What::Context,
        ..
    } = dial.notes.declared_at(declared)?
    else {
        return None;
    };
    match &dial.decl(declared)?.kind {
        DeclKind::Context { conf: None, .. } => Some(sources.bytes(declared).to_vec()),
        _ => None,
    }
}

/// The name that a declaration gives.
fn name_of(kind: &DeclKind) -> Option<&Name> {
    Some(match kind {
        DeclKind::Import { name, .. }
        | DeclKind::ImportConf { name, .. }
        | DeclKind::Const { name, .. }
        | DeclKind::Enum { name, .. }
        | DeclKind::Context { name, .. } => name,
        DeclKind::Global(v) | DeclKind::Channel(_, v) => &v.name,
        DeclKind::Fn(c) | DeclKind::Sub(c) => &c.name,
        DeclKind::Test { .. } => return None,
    })
}

/// Why the declared name at a span cannot be changed.
pub(super) fn fixed(dial: &Dial, declared: Span) -> Option<&'static str> {
    match &dial.decl(declared)?.kind {
        DeclKind::Import { path, name } if path.last().map(|p| p.at) == Some(name.at) => {
            Some("this is the name of a file; `as` gives it another one here")
        }
        _ => None,
    }
}

/// Why a declared name cannot be called so.
pub(super) fn unfit(dial: &Dial, declared: Span, name: &str) -> Option<String> {
    use strowger_dial::token::{Kind, lex};
    let old = dial.notes.declared_at(declared)?;
    let capital = old.name.starts_with(|c: char| c.is_ascii_uppercase());
    let tokens = lex(name);
    let wanted = if capital { Kind::Upper } else { Kind::Ident };
    if !matches!(tokens.as_slice(), [one] if one.kind == wanted) {
        let how = if capital {
            "types and cases begin with a capital letter"
        } else {
            "names begin with a small letter and are no word of the language"
        };
        return Some(format!("`{name}` cannot be a name here: {how}"));
    }
    if dial::check::world::is_fixed(name) {
        return Some(format!("`{name}` has a meaning of its own"));
    }
    let end = |d: &Declared| d.until.unwrap_or(u32::MAX);
    let taken = dial.notes.of(declared.file).iter().any(|(at, fact)| {
        matches!(fact, Fact::Declared(d) if d.name == name && *at != declared
            && at.start <= end(old) && declared.start <= end(d))
    });
    taken.then(|| format!("`{name}` is there already"))
}

/// The place of a piece of a file.
fn span(file: FileId, at: At) -> Span {
    dial::span(file, at)
}
