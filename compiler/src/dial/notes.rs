//! What checking learns about places of `.dial` files, kept for an editor: names, types, words.

use std::collections::HashMap;

use strowger_stdlib::words::Word;

use super::types::{EnumId, Enums, Type};
use crate::peers::Tech;
use crate::source::{FileId, Span};

/// What is known of a place.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    /// A name is declared.
    Declared(Declared),
    /// A name is used that is declared there.
    Used(Span),
    /// A case of an enum.
    Case(EnumId, usize),
    /// A word of Asterisk.
    Word(&'static Word),
    /// The name of an argument, by its number.
    Parameter(&'static Word, usize),
    /// A context, by its name in a dialplan; true: it is made here.
    Context(String, bool),
    /// An extension of a context; true: it is made here.
    Extension(String, String, bool),
    /// A device.
    Device(Tech, String),
    /// A variable by its name in a dialplan; true: it is made here.
    Variable(String, bool),
    /// A `match` over this type.
    Match(Type),
    /// An expression.
    Typed(Type),
}

impl Fact {
    /// What says more comes first.
    fn rank(&self) -> u8 {
        match self {
            Fact::Declared(_) => 0,
            Fact::Used(_) => 1,
            Fact::Case(..) => 2,
            Fact::Word(_) => 3,
            Fact::Parameter(..) => 4,
            Fact::Context(..) => 5,
            Fact::Extension(..) => 6,
            Fact::Device(..) => 7,
            Fact::Variable(..) => 8,
            Fact::Match(_) => 9,
            Fact::Typed(_) => 10,
        }
    }
}

/// A declared name.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) what: What,
    /// Where it can be used: to this byte of its file; none: in the whole file and by those that import it.
    pub(crate) until: Option<u32>,
}

/// What a declared name is.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Another file.
    Import,
    /// An extensions.conf.
    Conf,
    Const(usize),
    /// `global` or `channel`.
    Variable(usize),
    Enum,
    Case(EnumId, usize),
    Sub(usize),
    Context,
    Label,
    Parameter(Type),
    Let(Type),
    Var(Type),
    /// A part of a pattern, or of what an arm takes apart.
    Part(Type),
}

/// A sub or function.
#[derive(Clone, Debug)]
pub(crate) struct Callable {
    pub(crate) pure: bool,
    pub(crate) params: Vec<(String, Type)>,
    pub(crate) result: Type,
}

/// All that was learned.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    facts: Vec<(Span, Fact)>,
    /// Where each file declares its names.
    declared: HashMap<(FileId, String), Span>,
    cases: HashMap<(EnumId, usize), Span>,
    pub(crate) enums: Enums,
    pub(crate) subs: Vec<Callable>,
    /// Types of `global` and `channel`.
    pub(crate) variables: Vec<Type>,
    pub(crate) consts: Vec<Type>,
}

impl Notes {
    pub(crate) fn add(&mut self, at: Span, fact: Fact) {
        match &fact {
            Fact::Declared(d) if d.until.is_none() => match d.what {
                What::Case(id, case) => {
                    self.cases.entry((id, case)).or_insert(at);
                }
                _ => {
                    self.declared.entry((at.file, d.name.clone())).or_insert(at);
                }
            },
            _ => {}
        }
        self.facts.push((at, fact));
    }

    /// Where a file declares a name.
    pub(crate) fn declaration(&self, file: FileId, name: &str) -> Option<Span> {
        self.declared.get(&(file, name.to_owned())).copied()
    }

    /// Sorts what was learned; bodies that were read twice are one.
    pub(crate) fn finish(&mut self) {
        for (_, fact) in &mut self.facts {
            if let Fact::Case(id, case) = fact
                && let Some(at) = self.cases.get(&(*id, *case))
            {
                *fact = Fact::Used(*at);
            }
        }
        // A place that is written to says more than one that is read.
        let read = |fact: &Fact| matches!(fact, Fact::Variable(_, false));
        self.facts
            .sort_by_key(|(at, fact)| (*at, fact.rank(), read(fact)));
        self.facts
            .dedup_by(|b, a| a.0 == b.0 && a.1.rank() == b.1.rank());
    }

    /// Everything, by place.
    pub(crate) fn all(&self) -> &[(Span, Fact)] {
        &self.facts
    }

    /// What is known of one file.
    pub(crate) fn of(&self, file: FileId) -> &[(Span, Fact)] {
        let from = self.facts.partition_point(|(at, _)| at.file < file);
        let to = self.facts.partition_point(|(at, _)| at.file <= file);
        &self.facts[from..to]
    }

    /// What holds a place, the smallest first.
    pub(crate) fn at(&self, file: FileId, offset: u32) -> Vec<&(Span, Fact)> {
        let mut here: Vec<_> = self
            .of(file)
            .iter()
            .take_while(|(at, _)| at.start <= offset)
            .filter(|(at, _)| offset <= at.end)
            .collect();
        here.sort_by_key(|(at, fact)| (at.len(), fact.rank()));
        here
    }

    /// The declaration that stands at a span.
    pub(crate) fn declared_at(&self, span: Span) -> Option<&Declared> {
        let from = self.facts.partition_point(|(at, _)| *at < span);
        self.facts[from..]
            .iter()
            .take_while(|(at, _)| *at == span)
            .find_map(|(_, fact)| match fact {
                Fact::Declared(d) => Some(d),
                _ => None,
            })
    }
}
