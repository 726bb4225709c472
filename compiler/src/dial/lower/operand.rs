//! What a value is in the text of a dialplan.

use super::formula::{Formula, Level};
use super::text;
use crate::dial::types::{Enums, Type};

/// A value where a step needs it.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Operand {
    /// Known while compiling.
    Constant(String),
    /// What `${...}` reads: by its name a function can ask for it, so that its value stands in no text.
    Read(Read),
    /// A number or a truth, computed.
    Formula(Formula),
    /// Text of the dialplan that yields it.
    Written(String),
}

/// A variable or a function, or a stretch of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Read {
    /// `tries`, `CALLERID(num)`
    pub(super) name: String,
    /// Offset and length.
    pub(super) slice: Option<(i64, Option<i64>)>,
    /// Nothing writes to it any more.
    pub(super) fixed: bool,
}

impl Read {
    pub(super) fn new(name: impl Into<String>) -> Read {
        Read {
            name: name.into(),
            slice: None,
            fixed: false,
        }
    }

    /// As the body of a hole: `EXTEN:1:3`.
    pub(super) fn body(&self) -> String {
        match self.slice {
            None => self.name.clone(),
            Some((from, None)) => format!("{}:{from}", self.name),
            Some((from, Some(length))) => format!("{}:{from}:{length}", self.name),
        }
    }

    pub(super) fn hole(&self) -> String {
        format!("${{{}}}", self.body())
    }

    /// Its first byte; a stretch that is counted from its end has none that is as easy to say.
    pub(super) fn first(&self) -> Option<String> {
        match self.slice {
            None => Some(format!("${{{}:0:1}}", self.name)),
            Some((from, None)) if from >= 0 => Some(format!("${{{}:{from}:1}}", self.name)),
            Some((from, Some(length))) if from >= 0 && length > 0 => {
                Some(format!("${{{}:{from}:1}}", self.name))
            }
            _ => None,
        }
    }

    /// A stretch of a stretch, both from the front.
    pub(super) fn stretch(&self, from: i64, length: Option<i64>) -> Option<Read> {
        let slice = match self.slice {
            None => (from, length),
            Some((before, None)) if before >= 0 && from >= 0 && length.is_none_or(|l| l >= 0) => {
                (before + from, length)
            }
            _ => return None,
        };
        Some(Read {
            slice: Some(slice),
            ..self.clone()
        })
    }
}

impl Operand {
    pub(super) fn number(n: i64) -> Operand {
        Operand::Constant(n.to_string())
    }

    pub(super) fn truth(is_true: bool) -> Operand {
        Operand::Constant(if is_true { "1" } else { "0" }.to_owned())
    }

    /// As the value of a Set, or wherever text is taken as it stands.
    pub(super) fn value(&self) -> String {
        match self {
            Operand::Constant(c) => text::constant(c),
            Operand::Read(read) => read.hole(),
            Operand::Formula(formula) => formula.whole(),
            Operand::Written(written) => written.clone(),
        }
    }

    /// As a formula.
    pub(super) fn formula(&self) -> Formula {
        match self {
            Operand::Constant(c) if c.starts_with('-') => Formula::new(c, Level::Sign),
            Operand::Constant(c) => Formula::new(c, Level::Atom),
            Operand::Read(read) => Formula::new(read.hole(), Level::Atom),
            Operand::Formula(formula) => formula.clone(),
            Operand::Written(written) => Formula::new(written, Level::Atom),
        }
    }
}

/// How far the texts of a type can be trusted not to be read as something else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Trust {
    /// Any character may stand in it.
    Text,
    /// A name: of an endpoint, a host, a prompt. Neither quotes nor commas.
    Name,
    /// Digits, numbers, words of an enum.
    Plain,
}

/// What the values of a type can hold.
pub(super) fn trust(ty: &Type, enums: &Enums) -> Trust {
    match ty {
        ty if ty.is_plain() => Trust::Plain,
        Type::Enum(id) => {
            let cases = &enums.get(*id).cases;
            let plain = cases
                .iter()
                .all(|c| c.fields.is_empty() && c.spellings.iter().all(|s| text::is_plain(s)));
            if plain { Trust::Plain } else { Trust::Text }
        }
        Type::Endpoint | Type::Trunk | Type::Host | Type::Prompt | Type::Hours | Type::Pattern => {
            Trust::Name
        }
        Type::Option(of) | Type::List(of) => trust(of, enums),
        _ => Trust::Text,
    }
}
