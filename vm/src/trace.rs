//! What happened on a channel, as data. The driver takes it after each step ([`Vm::take_trace`](crate::Vm::take_trace)) and
//! prints, asserts or stores it.

use crate::Text;
use crate::effect::Level;

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
