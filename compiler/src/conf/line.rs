//! The Asterisk configuration file layer (DL-001..043): lines, comments, section headers, templates, directives, values.
//!
//! [`read`] never fails: it returns what a file holds, and one [`Diagnostic`] per problem. A problem for which Asterisk refuses
//! the whole file (DL-008) makes [`Config::refused`] true; what could be read is there all the same, for checking.

use std::collections::HashSet;

use strowger_stdlib::Dialect;

use super::reader;
use crate::diagnostic::Diagnostic;
use crate::dial;
use crate::source::{FileId, Sources, Span, Text};

/// Longest line in bytes without its line end; a longer one is dropped whole (DL-003).
pub const LINE_BYTES: usize = 8190;
/// Files may include each other this deep below the first (DL-039).
pub const INCLUDE_DEPTH: usize = 10;
/// Most files that one configuration may pull in, each counted as often as it is included.
pub const INCLUDED_FILES: usize = 5_000;
/// Most values in one configuration.
pub const VALUES: usize = 2_000_000;
/// Most values that sections copy from others.
pub const COPIED: usize = 200_000;
/// Most bytes kept of a section name (DL-020).
pub const NAME_BYTES: usize = 79;
/// Most problems reported for one configuration.
pub const PROBLEMS: usize = 10_000;

/// A configuration file with everything that it includes.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Sections in the order of their headers; a section opened twice stands here twice (DL-028). Templates are included.
    pub sections: Vec<Section>,
    /// One entry per problem.
    pub diagnostics: Vec<Diagnostic>,
    /// Asterisk refuses the file (DL-008): the old configuration would stay in force.
    pub refused: bool,
    /// An `#include` or `#exec` could not be followed: names that are missing here may exist there.
    pub open: bool,
    /// What `#include` and `#tryinclude` asked for, in order, each once.
    pub requests: Vec<String>,
    /// `.dial` files that an `#include` names: they are read by their own front end.
    pub dials: Vec<FileId>,
    /// What Asterisk calls files that are included again: `more.conf~~1`. [`Value::renamed`] counts from 1 into it.
    pub renamed: Vec<String>,
}

impl Config {
    /// Sections that are not templates, in order.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|s| !s.template)
    }

    /// Sections of this name that are not templates; the case of letters does not count (DL-029).
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Section> {
        self.sections()
            .filter(move |s| s.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The last value of `key` in the last section `name` that has it.
    pub fn value(&self, name: &str, key: &str) -> Option<&Value> {
        self.named(name).filter_map(|s| s.get(key)).last()
    }
}

/// A section.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its name, at most [`NAME_BYTES`].
    pub name: Vec<u8>,
    /// Where the name stands.
    pub span: Span,
    /// `[name](!)`: only there to be copied from.
    pub template: bool,
    /// Names of the sections that it copies from, in order.
    pub bases: Vec<Vec<u8>>,
    /// Its values in order; copied ones first (DL-024).
    pub values: Vec<Value>,
}

impl Section {
    /// The last value of a key (DL-030); the case of letters does not count.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.iter().rev().find(|v| v.is(key))
    }

    /// All values of a key in order.
    pub fn all<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Value> {
        self.values.iter().filter(move |v| v.is(key))
    }
}

/// `key = value` or `key => value`.
#[derive(Clone, Debug)]
pub struct Value {
    /// The key, without blanks around it.
    pub key: Text,
    /// The value, without blanks around it.
    pub text: Text,
    /// Written with `=>`.
    pub object: bool,
    /// Copied from a section named as a base.
    pub inherited: bool,
    /// The 1-based line of its file.
    pub line: u32,
    /// The line as Asterisk counts: through all files of one `#include` pattern without starting anew.
    pub listed_line: u32,
    /// The name under which listings show its file, if the file was included before; 0: its own name.
    pub renamed: u32,
    /// The comment that ends the line, from its `;`.
    pub comment: Option<Span>,
}

impl Value {
    /// Whether it has this key; the case of letters does not count.
    pub fn is(&self, key: &str) -> bool {
        self.key.bytes().eq_ignore_ascii_case(key.as_bytes())
    }

    /// Key and value together.
    pub fn span(&self) -> Span {
        self.key.span().to(self.text.span())
    }
}

/// What the words of DL-037 mean: `yes true y t 1 on` and `no false n f 0 off`; None for anything else.
pub fn boolean(word: &[u8]) -> Option<bool> {
    let is = |list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    if is(&["yes", "true", "y", "t", "1", "on"]) {
        Some(true)
    } else if is(&["no", "false", "n", "f", "0", "off"]) {
        Some(false)
    } else {
        None
    }
}

/// Reads a file and what it includes.
pub fn read(sources: &Sources, file: FileId) -> Config {
    read_for(sources, file, &Dialect::default())
}

/// Reads a file as a release of Asterisk reads it.
pub fn read_for(sources: &Sources, file: FileId, dialect: &Dialect) -> Config {
    reader::read(sources, file, dialect)
}

/// What a file asks for, and what those ask for that are there already.
fn requests(sources: &Sources, file: FileId) -> Vec<String> {
    let mut asked = Vec::new();
    let mut work = vec![file];
    let mut seen: HashSet<FileId> = work.iter().copied().collect();
    while let Some(file) = work.pop() {
        let of = sources.file(file);
        let mut others = if dial::is_dial(of.name()) {
            let imports = dial::imports(of.bytes());
            let files = imports
                .iter()
                .flat_map(|name| sources.resolve(name))
                .collect();
            asked.extend(imports);
            files
        } else {
            let config = read(sources, file);
            asked.extend(config.requests);
            config.dials
        };
        others.retain(|file: &FileId| seen.insert(*file));
        work.extend(others);
    }
    asked
}

/// A file that an include found: its name and its bytes.
pub type Fetched = (String, Vec<u8>);

/// Puts a file into `sources` with everything that it includes: `fetch` is asked for the files that an include pattern means,
/// by name and bytes, and may return none. Names are as written, so relative ones belong to the configuration directory.
pub fn load(
    sources: &mut Sources,
    name: &str,
    bytes: Vec<u8>,
    fetch: &mut dyn FnMut(&str) -> Vec<Fetched>,
) -> FileId {
    let id = sources.add(name, bytes);
    loop {
        let open: Vec<String> = requests(sources, id)
            .into_iter()
            .filter(|r| !sources.answered(r))
            .collect();
        if open.is_empty() {
            return id;
        }
        for pattern in open {
            let files = fetch(&pattern);
            let ids = files
                .into_iter()
                .map(|(name, bytes)| {
                    sources
                        .find(&name)
                        .unwrap_or_else(|| sources.add(&name, bytes))
                })
                .collect();
            sources.answer(&pattern, ids);
        }
    }
}
