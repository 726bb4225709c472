//! What happened on a channel, as data. The driver takes it after each step ([`Vm::take_trace`](crate::Vm::take_trace)) and
//! prints, asserts or stores it.

use crate::Text;
use crate::effect::Level;
use crate::limits::TRACE_BYTES;

/// One entry of a trace, in the order in which things happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// A priority is about to run (DL-169).
    Step(Executed),
    /// A variable was written (`name` without `_`), or restored by the end of a subroutine; `None`: it is unset now.
    Set {
        /// Its name.
        name: Text,
        /// Its new value.
        value: Option<Text>,
    },
    /// Something a person should know: an unknown label, a missing extension, a function that failed.
    Note {
        /// How grave.
        level: Level,
        /// One sentence.
        text: String,
    },
}

/// A priority that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// The context in which the search began (DL-128).
    pub context: Text,
    /// What was dialled.
    pub exten: Text,
    /// The number.
    pub priority: u32,
    /// The application as written.
    pub application: Text,
    /// Its arguments after substitution.
    pub arguments: Text,
    /// Where it stands in the files, if the module tells.
    pub source: Option<Source>,
}

/// A line of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// File name as the compiler was given it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// The trace of a channel: what was not taken yet, at most so much.
#[derive(Debug, Clone)]
pub(crate) struct Trail {
    kept: Vec<Trace>,
    limit: usize,
    /// Steps and writes are kept, not only notes.
    steps: bool,
    bytes: usize,
    dropped: usize,
}

impl Trail {
    pub(crate) fn new(limit: usize) -> Trail {
        Trail {
            kept: Vec::new(),
            limit,
            steps: limit > 0,
            bytes: 0,
            dropped: 0,
        }
    }

    /// Whether steps and writes are to be told. While they are, everything runs as whole code.
    pub(crate) fn wants_steps(&self) -> bool {
        self.steps
    }

    pub(crate) fn want_steps(&mut self, wanted: bool) {
        self.steps = wanted;
    }

    pub(crate) fn push(&mut self, t: Trace) {
        if !self.steps && !matches!(t, Trace::Note { .. }) {
            return;
        }
        if self.kept.len() < self.limit && self.bytes < TRACE_BYTES {
            self.bytes += match &t {
                Trace::Step(s) => s.context.len() + s.exten.len() + s.arguments.len(),
                Trace::Set { name, value } => name.len() + value.as_ref().map_or(0, Vec::len),
                Trace::Note { text, .. } => text.len(),
            };
            self.kept.push(t);
        } else {
            self.dropped += 1;
        }
    }

    pub(crate) fn take(&mut self) -> Vec<Trace> {
        let mut all = std::mem::take(&mut self.kept);
        self.bytes = 0;
        if self.dropped > 0 {
            let text = format!(
                "{} more entries were not kept",
                std::mem::take(&mut self.dropped)
            );
            all.push(Trace::Note {
                level: Level::Notice,
                text,
            });
        }
        all
    }
}
