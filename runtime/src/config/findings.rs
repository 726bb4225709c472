//! Collects what the readers find, and says each thing that concerns a whole file once.

use std::collections::HashSet;

use strowger_compiler::conf::line::{Section, Value, boolean};
use strowger_compiler::diagnostic::Diagnostic;
use strowger_compiler::edit_distance::nearest;
use strowger_compiler::source::Span;

use super::keys::Fate;

/// Most findings of one configuration; what comes after is only counted.
const FINDINGS: usize = 10_000;

/// Findings of all files.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: Vec<Diagnostic>,
    /// What was said and is not to be said again.
    said: HashSet<Vec<u8>>,
}

impl Findings {
    /// The findings in the order in which they were made.
    pub(super) fn into_vec(self) -> Vec<Diagnostic> {
        self.all
    }

    /// Adds one.
    pub(super) fn add(&mut self, finding: Diagnostic) {
        if self.all.len() < FINDINGS {
            self.all.push(finding);
        }
    }

    /// True the first time that `about` is asked for.
    pub(super) fn first(&mut self, about: impl AsRef<[u8]>) -> bool {
        self.said.len() < FINDINGS && self.said.insert(about.as_ref().to_vec())
    }

    /// A value that its key cannot have. `wanted` says what it can.
    pub(super) fn bad_value(&mut self, value: &Value, wanted: &str) {
        let key = value.key.lossy();
        self.add(
            Diagnostic::new(
                "C021",
                format!("`{key}` has a value that it cannot have"),
                value.text.span(),
            )
            .label(format!("expected {wanted}")),
        );
    }

    /// A key that no table knows. `names` are those it might be meant for.
    pub(super) fn unknown_key(
        &mut self,
        value: &Value,
        names: impl Iterator<Item = &'static str>,
        effect: &str,
    ) {
        if value.inherited {
            return;
        }
        let key = value.key.lossy().into_owned();
        let mut finding = Diagnostic::new(
            "C010",
            format!("`{key}` is no key of this section"),
            value.key.span(),
        )
        .label(effect);
        if let Some(name) = nearest(&key, names) {
            finding = finding.help(format!("did you mean `{name}`?")).fix(
                format!("replace `{key}` by `{name}`"),
                value.key.span(),
                name,
                false,
            );
        }
        self.add(finding);
    }

    /// Says what becomes of a known key, once per file kind and key.
    pub(super) fn fate(&mut self, file: &str, value: &Value, fate: Fate) {
        // Switched off is what everything that is not served is.
        let off = boolean(value.text.bytes()) == Some(false);
        if off || matches!(fate, Fate::Served | Fate::Harmless) {
            return;
        }
        let key = value.key.lossy().to_ascii_lowercase();
        let span = value.key.span();
        match fate {
            Fate::Served | Fate::Harmless => {}
            Fate::Later(meaning) => {
                if self.first(format!("{file} {key}")) {
                    self.add(
                        Diagnostic::new("C020", format!("`{key}` is not served yet"), span)
                            .label(meaning),
                    );
                }
            }
            Fate::Missed(meaning) => {
                if self.first(format!("{file} {key}")) {
                    self.add(
                        Diagnostic::new("C032", format!("`{key}` is not served yet"), span)
                            .label(meaning),
                    );
                }
            }
            Fate::Open(meaning) => {
                if self.first(format!("{file} {key}")) {
                    self.add(
                        Diagnostic::new("X820", format!("`{key}` is not in force"), span)
                            .label(meaning),
                    );
                }
            }
            Fate::Relayed => {
                if self.first("relayed") {
                    self.add(
                        Diagnostic::new("C024", "media always goes through the exchange", span)
                            .label(format!("`{key}` changes nothing")),
                    );
                }
            }
            Fate::AudioOnly => {
                if self.first("audio only") {
                    self.add(
                        Diagnostic::new("C024", "calls carry audio only", span)
                            .label(format!("`{key}` changes nothing")),
                    );
                }
            }
        }
    }

    /// An object that is left out.
    pub(super) fn left_out(&mut self, section: &Section, why: &str) {
        let name = String::from_utf8_lossy(&section.name);
        self.add(
            Diagnostic::new("C022", format!("`[{name}]` is left out"), section.span).label(why),
        );
    }

    /// A section that is named and was left out; one that was never written is the analyser's to report (C008).
    pub(super) fn unusable(&mut self, kind: &str, name: &[u8], span: Span, effect: &str) {
        let name = String::from_utf8_lossy(name);
        self.add(
            Diagnostic::new("C022", format!("the {kind} `{name}` cannot be used"), span)
                .label(effect),
        );
    }
}
