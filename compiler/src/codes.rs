//! Every code that a finding may carry, once: what it means, how much it matters, an example that triggers it and one that does not.

use std::sync::LazyLock;

use strowger_stdlib::table::QuickMap;

use crate::diagnostic::Level;
use crate::listing::{Folder, Listing};
use crate::source::Sources;

mod arguments;
mod beside;
mod exchange;
mod expressions;
mod files;
mod flow;
mod migration;
mod patterns;
mod properties;
mod reading;
mod references;
mod releases;
mod security;
mod typed;
mod variables;
mod written;

/// What is known about one code.
#[derive(Debug)]
pub struct Code {
    /// `S103`. Never reused.
    pub id: &'static str,
    /// The word by which configuration switches the family.
    pub family: &'static str,
    /// How much it matters unless configured otherwise. `Allow`: a question of style, told in the profile `strict` and by request.
    pub level: Level,
    /// Whether Asterisk drops or misreads something while loading. What loads as it stands and fails when a call comes is not that.
    pub loading: bool,
    /// Whether only [`analyse`](crate::analyse) finds it.
    pub analysis: bool,
    /// What it is, in one line.
    pub title: &'static str,
    /// Why it matters and what to do.
    pub explain: &'static str,
    /// Files by name that trigger it.
    pub bad: Files,
    /// Files by name that do not.
    pub good: Files,
}

/// The families by the word that switches them, with what they are about.
pub const FAMILIES: [(&str, &str); 12] = [
    ("reading", "how lines are read"),
    ("references", "jumps, includes and the names that they use"),
    ("flow", "the way of a call through the plan"),
    ("arguments", "applications and what is given to them"),
    ("variables", "variables and functions"),
    ("expressions", "`$[ ]`"),
    ("patterns", "patterns of extensions"),
    ("security", "what strangers can do"),
    (
        "migration",
        "what another release of Asterisk does otherwise",
    ),
    (
        "files",
        "what the other files say, and what the plan takes from them",
    ),
    ("dial", "the language `.dial`"),
    (
        "properties",
        "what must be so whatever happens outside (`strowger explore`)",
    ),
];

/// Codes by which `check` proves from the text that a property does not hold, with that property. A comment that allows one allows the
/// other.
pub const PROVEN: [(&str, &str); 6] = [
    ("F310", "P001"),
    ("F312", "P001"),
    ("X818", "P001"),
    ("R214", "P002"),
    ("X805", "P003"),
    ("X806", "P003"),
];

/// The property of a code in [`PROVEN`].
pub fn property_of(code: &str) -> Option<&'static str> {
    let mut all = PROVEN.iter();
    all.find(|(own, _)| *own == code).map(|(_, p)| *p)
}

/// Codes that tell what this exchange does not do: they do not matter to a plan that runs on an Asterisk.
pub const ONLY_HERE: [&str; 11] = [
    "A421", "A422", "A423", "V527", "C020", "C024", "C026", "C027", "C028", "C032", "X820",
];

/// Codes of what the Asterisk of today has lost, or never had, and this exchange serves: how much they matter to a plan that is to run there.
pub const ONLY_THERE: [(&str, Level); 3] = [
    ("M903", Level::Error),
    ("M916", Level::Warn),
    ("M917", Level::Error),
];

/// Small configurations: name and text of each file.
pub type Files = &'static [(&'static str, &'static str)];

/// The files of an example. What stands in `sounds/` and `agi-bin/` lies in the folders of prompts and scripts.
pub fn sources(files: Files) -> Sources {
    let mut sources = Sources::new();
    for (folder, prefix) in [(Folder::Sounds, "sounds/"), (Folder::Scripts, "agi-bin/")] {
        let names = files
            .iter()
            .filter_map(|(name, _)| name.strip_prefix(prefix));
        sources.list(folder, Listing::new("", names.map(str::to_owned)));
    }
    for (name, text) in files.iter().filter(|(name, _)| !name.contains('/')) {
        sources.add(name, bytes(text));
    }
    sources
}

/// The bytes of an example: U+FFFD stands for one that is no character.
fn bytes(text: &str) -> Vec<u8> {
    let pieces: Vec<&[u8]> = text.split('\u{fffd}').map(str::as_bytes).collect();
    pieces.join(&0xff)
}

/// The level of a code unless configured otherwise.
pub fn level(id: &str) -> Level {
    find(id).map_or(Level::Warn, |c| c.level)
}

/// The entry of a code.
pub fn find(id: &str) -> Option<&'static Code> {
    static BY_ID: LazyLock<QuickMap<&'static [u8], &'static Code>> = LazyLock::new(|| {
        let codes = exchange().chain(all()).chain(explored());
        codes.map(|c| (c.id.as_bytes(), c)).collect()
    });
    BY_ID.get(id.as_bytes()).copied()
}

/// Codes that the exchange finds when it reads device and server files.
pub fn exchange() -> impl Iterator<Item = &'static Code> {
    exchange::CODES.iter()
}

/// Codes of how `.dial` is written, which [`crate::dial::syntax`] finds.
pub fn written() -> impl Iterator<Item = &'static Code> {
    written::CODES.iter()
}

/// Codes that only a search over what may happen outside finds (`strowger explore`).
pub fn explored() -> impl Iterator<Item = &'static Code> {
    properties::CODES.iter()
}

/// All codes that [`analyse`](crate::analyse) finds, family by family.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [
        reading::CODES,
        references::CODES,
        flow::CODES,
        patterns::CODES,
        variables::CODES,
        arguments::CODES,
        expressions::CODES,
        files::CODES,
        beside::CODES,
        releases::CODES,
        security::CODES,
        migration::CODES,
        written::CODES,
        typed::CODES,
    ]
    .into_iter()
    .flatten()
}

/// A code that is found while loading.
const fn load(
    id: &'static str,
    family: &'static str,
    level: Level,
    title: &'static str,
    explain: &'static str,
    bad: Files,
    good: Files,
) -> Code {
    Code {
        id,
        family,
        level,
        loading: true,
        analysis: false,
        title,
        explain,
        bad,
        good,
    }
}

/// A code of the analyser.
const fn check(
    id: &'static str,
    family: &'static str,
    level: Level,
    title: &'static str,
    explain: &'static str,
    bad: Files,
    good: Files,
) -> Code {
    Code {
        id,
        family,
        level,
        loading: false,
        analysis: false,
        title,
        explain,
        bad,
        good,
    }
}

/// A code that only a full analysis finds.
const fn analysis(
    id: &'static str,
    family: &'static str,
    level: Level,
    title: &'static str,
    explain: &'static str,
    bad: Files,
    good: Files,
) -> Code {
    Code {
        id,
        family,
        level,
        loading: false,
        analysis: true,
        title,
        explain,
        bad,
        good,
    }
}

/// One file, the plan.
macro_rules! plan {
    ($text:expr) => {
        &[("extensions.conf", $text)]
    };
}
use plan;
