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
    /// A part of the file that is read is out of sight: what a section lacks may stand there.
    open: bool,
    /// The first section that lacks something in such a file, and how many others do.
    lacking: Option<(Vec<u8>, Span, usize)>,
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

    /// From here on a file is read of which a part is out of sight, or nothing.
    pub(super) fn begin(&mut self, open: bool) {
        self.open = open;
        self.lacking = None;
    }

    /// Whether a part of the file that is read is out of sight.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Says once what cannot be told of the file that was read.
    pub(super) fn end(&mut self) {
        self.open = false;
        let Some((name, span, more)) = self.lacking.take() else {
            return;
        };
        let mut who = format!("`[{}]`", String::from_utf8_lossy(&name));
        if more > 0 {
            who.push_str(&format!(" and {more} more"));
        }
        let are = if more > 0 { "are" } else { "is" };
        self.add(
            Diagnostic::new(
                "C033",
                format!("whether {who} {are} complete cannot be told"),
                span,
            )
            .label("a part of this file is included and is not here")
            .help("what sections lack is not reported"),
        );
    }

    /// An object that is left out because something is not written, which a file that is out of sight may add.
    pub(super) fn lacks(&mut self, section: &Section, why: &str) {
        if !self.open {
            return self.left_out(section, why);
        }
        match &mut self.lacking {
            Some((_, _, more)) => *more += 1,
            None => self.lacking = Some((section.name.clone(), section.span, 0)),
        }
    }

    /// An object that is left out because this exchange does not do what it asks for; an Asterisk does.
    pub(super) fn not_served(&mut self, section: &Section, why: &str) {
        let name = String::from_utf8_lossy(&section.name);
        self.add(
            Diagnostic::new("C032", format!("`[{name}]` is left out"), section.span).label(why),
        );
    }

    /// An object that is left out.
    pub(super) fn left_out(&mut self, section: &Section, why: &str) {
        let name = String::from_utf8_lossy(&section.name);
        self.add(
            Diagnostic::new("C022", format!("`[{name}]` is left out"), section.span).label(why),
        );
    }

    /// A section that is named and was left out; one that was never written is the analyser's to report (C008).
    pub(super) fn unusable(
        &mut self,
        kind: &str,
        name: &[u8],
        served: bool,
        span: Span,
        effect: &str,
    ) {
        if self.open {
            return;
        }
        let name = String::from_utf8_lossy(name);
        let code = if served { "C022" } else { "C032" };
        self.add(
            Diagnostic::new(code, format!("the {kind} `{name}` cannot be used"), span)
                .label(effect),
        );
    }
}
