//! Names of `.dial` for what has other names in extensions.conf.

use std::collections::{BTreeMap, HashMap, HashSet};

use strowger_dial::token::{Kind, lex};
use strowger_stdlib::words;

use super::subs::Sub;
use crate::dial::check::world;
use crate::lint::facts;

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum What {
    Context,
    Global,
    Channel,
    /// A subroutine, by its context.
    Sub,
    /// A context that stays in extensions.conf.
    Legacy,
}

/// A context as jumps name it.
#[derive(Default)]
pub(super) struct Site {
    /// It stays in extensions.conf.
    pub(super) stays: bool,
    /// Its extensions.
    pub(super) extensions: HashSet<String>,
}

/// All names of a file.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    of: HashMap<(What, String), String>,
    /// Global variables, by their names in extensions.conf.
    pub(super) globals: HashSet<String>,
    /// Subroutines, by the names of their contexts.
    pub(super) subs: HashMap<String, Sub>,
    /// The one whose body is written.
    pub(super) within: Option<Sub>,
    /// Contexts that `gosub` can name, by their names in extensions.conf.
    pub(super) sites: HashMap<String, Site>,
    /// What variables hold, by their names in extensions.conf.
    pub(super) types: HashMap<String, &'static str>,
}

impl Names {
    /// The name of a thing: its own in small letters as far as that is one.
    pub(super) fn of(&mut self, what: What, conf: &str) -> String {
        // A subroutine is named as its context.
        let what = if what == What::Sub {
            What::Context
        } else {
            what
        };
        let key = (what, conf.to_owned());
        if let Some(name) = self.of.get(&key) {
            return name.clone();
        }
        let stem = identifier(conf);
        let suffix = match what {
            What::Context | What::Sub | What::Legacy => "_context",
            What::Global => "_global",
            What::Channel => "_var",
        };
        let mut name = stem.clone();
        let mut number = 1;
        while !self.is_free(&name) {
            name = match number {
                1 => format!("{stem}{suffix}"),
                n => format!("{stem}{suffix}_{n}"),
            };
            number += 1;
        }
        self.taken.insert(name.clone());
        self.of.insert(key, name.clone());
        name
    }

    fn is_free(&self, name: &str) -> bool {
        !self.taken.contains(name)
            && is_identifier(name)
            && !world::is_fixed(name)
            && !world::EVENTS.iter().any(|(event, _)| *event == name)
            && words::named(name).is_none()
    }

    /// The name of a variable that is read, with what it is; none for those that the exchange has itself, and where the name is none.
    pub(super) fn read(&mut self, conf: &str) -> Option<(What, String)> {
        if !is_variable(conf) || facts::is_built_in(conf.as_bytes()) || conf == "EXTEN" {
            return None;
        }
        let what = match self.globals.contains(conf) {
            true => What::Global,
            false => What::Channel,
        };
        Some((what, self.of(what, conf)))
    }

    /// The type of a variable.
    pub(super) fn ty(&self, conf: &str) -> &'static str {
        self.types.get(conf).copied().unwrap_or("Raw")
    }

    /// Names by what they stand for.
    pub(super) fn sorted(&self) -> BTreeMap<(What, String), String> {
        self.of
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    }
}

/// Whether a variable can be declared.
pub(super) fn is_variable(conf: &str) -> bool {
    is_name(conf) && !argument(conf)
}

/// Whether it is a word as variables have them.
pub(super) fn is_name(conf: &str) -> bool {
    let mut bytes = conf.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// `ARG1`: of a subroutine.
pub(super) fn argument(conf: &str) -> bool {
    let number = conf.strip_prefix("ARG");
    number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

/// Small letters, digits and `_`.
pub(super) fn identifier(conf: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    let mut name: String = conf.chars().map(plain).collect();
    let trimmed = name.trim_matches('_');
    name = trimmed.to_owned();
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.insert_str(0, "n_");
    }
    name.trim_end_matches('_').to_owned()
}

/// Whether a text is one word that is no keyword.
pub(super) fn is_identifier(text: &str) -> bool {
    match lex(text).as_slice() {
        [one] => one.kind == Kind::Ident,
        _ => false,
    }
}
