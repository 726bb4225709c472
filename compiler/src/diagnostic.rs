//! What is wrong with a plan, as data. Drawing it is the caller's business.

use crate::source::Span;

/// How much a finding matters. The words of configuration: `allow`, `note`, `warn`, `deny` (or `error`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Not shown.
    Allow,
    /// Worth knowing.
    Note,
    /// Probably a mistake.
    Warn,
    /// A mistake.
    Error,
}

impl Level {
    /// The word used in JSON and in `allow`/`deny` lists.
    pub fn word(self) -> &'static str {
        match self {
            Level::Allow => "allow",
            Level::Note => "note",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }

    /// Reads a level as configuration writes it.
    pub fn parse(word: &str) -> Option<Level> {
        Some(match word {
            "allow" => Level::Allow,
            "note" => Level::Note,
            "warn" | "warning" => Level::Warn,
            "deny" | "error" => Level::Error,
            _ => return None,
        })
    }
}

/// A place with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be seen there; may be empty.
    pub text: String,
}

/// One change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes away; may be empty.
    pub span: Span,
    /// What stands there instead.
    pub text: Vec<u8>,
}

/// A repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does: "replace `=>>` by `=>`".
    pub title: String,
    /// Changes that belong together; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether it keeps the meaning or is obviously what was meant; only these are applied unasked.
    pub safe: bool,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its code, as in `S103`; known to [`crate::codes`].
    pub code: &'static str,
    /// How much it matters.
    pub level: Level,
    /// One sentence without jargon.
    pub message: String,
    /// Where.
    pub primary: Label,
    /// Other places that matter, at most three.
    pub secondary: Vec<Label>,
    /// What to do, at most two.
    pub helps: Vec<String>,
    /// Repairs.
    pub fixes: Vec<Fix>,
    /// Secrets near these places: whoever shows lines of the files must not show these bytes.
    pub hidden: Vec<Span>,
}

impl Diagnostic {
    /// A finding at its default level.
    pub fn new(code: &'static str, message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic {
            code,
            level: crate::codes::level(code),
            message: message.into(),
            primary: Label {
                span,
                text: String::new(),
            },
            secondary: Vec::new(),
            helps: Vec::new(),
            fixes: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// Says what is to be seen at the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.primary.text = text.into();
        self
    }

    /// Points at another place; places beyond the third are dropped.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        if self.secondary.len() < 3 {
            self.secondary.push(Label {
                span,
                text: text.into(),
            });
        }
        self
    }

    /// Says that these bytes are a secret.
    #[must_use]
    pub fn hide(mut self, span: Span) -> Diagnostic {
        self.hidden.push(span);
        self
    }

    /// Adds a help; helps beyond the second are dropped.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        if self.helps.len() < 2 {
            self.helps.push(text.into());
        }
        self
    }

    /// Adds a repair by one edit.
    #[must_use]
    pub fn fix(
        mut self,
        title: impl Into<String>,
        span: Span,
        text: impl Into<Vec<u8>>,
        safe: bool,
    ) -> Diagnostic {
        self.fixes.push(Fix {
            title: title.into(),
            edits: vec![Edit {
                span,
                text: text.into(),
            }],
            safe,
        });
        self
    }
}
