//! Every code that a finding may carry, once.

use crate::diagnostic::Level;

/// What is known about one code.
#[derive(Debug)]
pub struct Code {
    /// `S103`.
    pub id: &'static str,
    /// The word by which configuration switches the family.
    pub family: &'static str,
    /// How much it matters unless configured otherwise.
    pub level: Level,
    /// Whether the reader itself says it: Asterisk drops or misreads something while loading.
    pub loading: bool,
    /// What it is, in one line.
    pub title: &'static str,
}

/// The level of a code unless configured otherwise.
pub fn level(id: &str) -> Level {
    find(id).map_or(Level::Warn, |c| c.level)
}

/// The entry of a code.
pub fn find(id: &str) -> Option<&'static Code> {
    CODES.iter().find(|c| c.id == id)
}

/// All codes, by id.
pub static CODES: &[Code] = &[];
