//! Functions that need nothing from outside: their arguments, perhaps the
//! value of one variable, the time. Found by name, called by id.
//!
//! A function that takes a variable by name ([`reads`]) gets the value handed
//! in; one that changes variables says so in [`Answer::writes`]. Who calls
//! does the reading and the writing.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::dialect::Dialect;
use crate::template::Answered;
use crate::time::{Moment, Zone};
use crate::value::Value;
use crate::{aes, charset, digits, hash, json, list, logic, number, text, timetext, uri};

/// What a pure function may know of the world.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// The time.
    pub now: Moment,
    /// The server's time zone.
    pub zone: Zone,
    /// Whether the prompts of letters and digits are installed: without them
    /// SAYFILES lists nothing for those kinds.
    pub has_prompts: bool,
    /// The release whose habits count.
    pub dialect: Dialect,
}

/// A pure function: an index into the table of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PureId(u16);

/// How grave a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something unusual that is allowed.
    Notice,
    /// Something is probably wrong.
    Warning,
    /// The call could not be carried out.
    Error,
}

/// A line that the function would log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How grave.
    pub level: Level,
    /// What happened.
    pub text: String,
}

/// What a function gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The value, or that there is none.
    pub outcome: Answered,
    /// Variables to set, in this order; names may carry `_` or `__` (DL-274).
    pub writes: Vec<(Vec<u8>, Value)>,
    /// Lines to log.
    pub log: Vec<LogLine>,
}

impl Answer {
    /// A value and nothing else.
    pub fn value(value: impl Into<Value>) -> Answer {
        Answer {
            outcome: Answered::Value(value.into()),
            writes: Vec::new(),
            log: Vec::new(),
        }
    }

    /// `1` or `0`.
    pub fn truth(is_true: bool) -> Answer {
        Answer::value(i64::from(is_true))
    }

    /// Failed, with an error; there is no value.
    pub fn error(text: impl Into<String>) -> Answer {
        Answer {
            outcome: Answered::Untouched,
            writes: Vec::new(),
            log: vec![LogLine {
                level: Level::Error,
                text: text.into(),
            }],
        }
    }

    /// Failed, with a warning; there is no value.
    pub fn failed(text: impl Into<String>) -> Answer {
        Answer {
            outcome: Answered::Untouched,
            writes: Vec::new(),
            log: vec![LogLine {
                level: Level::Warning,
                text: text.into(),
            }],
        }
    }

    /// Nothing was written (DL-219 shows where that matters).
    pub fn untouched() -> Answer {
        Answer {
            outcome: Answered::Untouched,
            writes: Vec::new(),
            log: Vec::new(),
        }
    }

    /// With a warning.
    pub fn warn(mut self, text: impl Into<String>) -> Answer {
        self.log.push(LogLine {
            level: Level::Warning,
            text: text.into(),
        });
        self
    }

    /// With a variable to set.
    pub fn set(mut self, name: &[u8], value: impl Into<Value>) -> Answer {
        self.writes.push((name.to_vec(), value.into()));
        self
    }
}

/// What a function is called with.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The text between the parentheses, substituted, not split.
    pub args: &'a [u8],
    /// The value of the variable that [`reads`] names; empty if none.
    pub variable: &'a [u8],
    /// The world.
    pub env: &'a Env,
}

/// One function of the table.
pub(crate) struct Pure {
    pub(crate) name: &'static str,
    pub(crate) read: fn(&Input<'_>) -> Answer,
    /// Gives the body to read as `${body}` for [`Input::variable`].
    pub(crate) variable: Option<Variable>,
}

/// Gives the body to read, from the arguments.
type Variable = fn(&[u8]) -> Vec<u8>;

/// A function without a variable.
pub(crate) const fn plain(name: &'static str, read: fn(&Input<'_>) -> Answer) -> Pure {
    Pure {
        name,
        read,
        variable: None,
    }
}

/// A function whose first argument names a variable.
pub(crate) const fn reading(name: &'static str, read: fn(&Input<'_>) -> Answer) -> Pure {
    Pure {
        name,
        read,
        variable: Some(first_argument),
    }
}

fn first_argument(args: &[u8]) -> Vec<u8> {
    crate::args::split(args, 2)
        .into_iter()
        .next()
        .unwrap_or_default()
}

/// All tables, by subject.
const TABLES: &[&[Pure]] = &[
    text::FUNCTIONS,
    list::FUNCTIONS,
    number::FUNCTIONS,
    logic::FUNCTIONS,
    hash::FUNCTIONS,
    aes::FUNCTIONS,
    uri::FUNCTIONS,
    timetext::FUNCTIONS,
    json::FUNCTIONS,
    digits::FUNCTIONS,
    charset::FUNCTIONS,
];

struct Index {
    functions: Vec<&'static Pure>,
    by_name: HashMap<&'static [u8], PureId>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let functions: Vec<&'static Pure> = TABLES.iter().copied().flatten().collect();
    let by_name = functions
        .iter()
        .enumerate()
        // The table is far shorter than 65 536.
        .map(|(index, function)| (function.name.as_bytes(), PureId(index as u16)))
        .collect();
    Index { functions, by_name }
});

/// Finds a function; names are case-sensitive (DL-196).
pub fn find(name: &[u8]) -> Option<PureId> {
    INDEX.by_name.get(name).copied()
}

/// Every function with its name.
pub fn names() -> impl Iterator<Item = (PureId, &'static str)> {
    INDEX
        .functions
        .iter()
        .enumerate()
        .map(|(index, function)| (PureId(index as u16), function.name))
}

impl PureId {
    /// The index, for encoding in an instruction.
    pub fn index(self) -> u16 {
        self.0
    }

    /// The function with that index, if there is one.
    pub fn from_index(index: u16) -> Option<PureId> {
        (usize::from(index) < INDEX.functions.len()).then_some(PureId(index))
    }

    fn function(self) -> Option<&'static Pure> {
        INDEX.functions.get(usize::from(self.0)).copied()
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.function().map_or("", |function| function.name)
    }
}

/// What to read before calling the function with these arguments: a body for
/// `${body}`, a variable name as a rule, but a slice or a function is possible
/// (`CUT(EXTEN:1,-,2)`, DL-186). `None`: nothing.
pub fn reads(id: PureId, args: &[u8]) -> Option<Vec<u8>> {
    let function = id.function()?;
    function.variable.map(|variable| variable(args))
}

/// Whether the function reads a variable at all.
pub fn reads_variable(id: PureId) -> bool {
    id.function()
        .is_some_and(|function| function.variable.is_some())
}

/// Calls a function. `args` is the text between the parentheses; `variable`
/// what `${body}` gave for [`reads`], empty otherwise.
pub fn call(id: PureId, args: &[u8], variable: &Value, env: &Env) -> Answer {
    let Some(function) = id.function() else {
        return Answer::error("no such function");
    };
    (function.read)(&Input {
        args,
        variable: &variable.bytes(),
        env,
    })
}

/// Writes of pure functions: `Set(ARRAY(a,b)=1,2)`, `Set(PUSH(list)=x)`. `None`
/// if the function cannot be written, or not here.
pub fn write(name: &[u8], args: &[u8], variable: &Value, value: &[u8]) -> Option<Answer> {
    list::write(name, args, &variable.bytes(), value)
}

/// What to read before [`write`]: a body for `${body}`.
pub fn write_reads(name: &[u8], args: &[u8]) -> Option<Vec<u8>> {
    list::write_reads(name, args)
}
