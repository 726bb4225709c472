//! Substitution while a plan is loaded (DL-190, DL-191): no channel, only globals.

use std::collections::HashMap;

use strowger_stdlib::pure::{self, Env};
use strowger_stdlib::template::{self, Answered, Call, HoleKind, Remark, Resolve};
use strowger_stdlib::time::Moment;
use strowger_stdlib::{Dialect, Value, pipes, signatures};

/// Variables that tell of the server (DL-185): no global of the name is ever read.
pub(crate) const SERVER: [&[u8]; 14] = [
    b"SYSTEMNAME",
    b"ENTITYID",
    b"ASTCACHEDIR",
    b"ASTETCDIR",
    b"ASTMODDIR",
    b"ASTVARLIBDIR",
    b"ASTDBDIR",
    b"ASTKEYDIR",
    b"ASTDATADIR",
    b"ASTAGIDIR",
    b"ASTSPOOLDIR",
    b"ASTRUNDIR",
    b"ASTLOGDIR",
    b"ASTSBINDIR",
];

/// Functions that need no call: Asterisk asks them while it loads, of its database or of the machine (DL-190).
const OF_SERVER: [&[u8]; 22] = [
    b"AST_CONFIG",
    b"CURL",
    b"DB",
    b"DB_EXISTS",
    b"DB_KEYCOUNT",
    b"DB_KEYS",
    b"DEVICE_STATE",
    b"ENV",
    b"EXTENSION_STATE",
    b"FILE",
    b"FILE_COUNT_LINE",
    b"GROUP_COUNT",
    b"IFTIME",
    b"RAND",
    b"REALTIME",
    b"REALTIME_FIELD",
    b"SHELL",
    b"STAT",
    b"STRFTIME",
    b"SYSINFO",
    b"TESTTIME",
    b"VERSION",
];

/// The code of what Asterisk knows while it loads, and this compiler does not.
pub(crate) const UNKNOWN: &str = "S147";

/// Globals known so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Globals {
    /// The time of loading, in seconds since 1970, if the caller told it.
    now: Option<i64>,
    dialect: Dialect,
    values: HashMap<Vec<u8>, Vec<u8>>,
    /// What has no value here is not known, rather than empty.
    closed: bool,
}

/// What a text gives when it is not known of all variables what they hold.
pub(crate) enum Evaluated {
    /// This text.
    Text(Vec<u8>),
    /// It holds a variable that has no value here.
    Asks(Vec<u8>),
    /// Only a running call knows.
    Unknown,
}

/// Text after substitution, and what went wrong on the way.
pub(crate) struct Substituted {
    pub(crate) text: Vec<u8>,
    /// It holds a variable that has no value here.
    pub(crate) lacks: bool,
    pub(crate) problems: Vec<Problem>,
}

/// Something wrong in a text that is substituted at load.
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Globals {
    /// None yet.
    pub(crate) fn at(now: Option<i64>, dialect: Dialect) -> Globals {
        Globals {
            now,
            dialect,
            values: HashMap::new(),
            closed: false,
        }
    }

    /// No variable has a value yet, and what has none is not known.
    pub(crate) fn closed(dialect: Dialect) -> Globals {
        Globals {
            closed: true,
            ..Globals::at(None, dialect)
        }
    }

    pub(crate) fn set(&mut self, name: &[u8], value: Vec<u8>) {
        self.values.insert(name.to_vec(), value);
    }

    /// Substitutes a text.
    pub(crate) fn substitute(&self, text: &[u8]) -> Substituted {
        let mut reading = Reading::of(self);
        let (text, remarks) = template::expand(text, &mut reading);
        let mut problems = reading.unserved;
        problems.extend(remarks.into_iter().filter_map(problem));
        Substituted {
            text,
            lacks: reading.lacks,
            problems,
        }
    }

    /// What a text gives, if that is known.
    pub(crate) fn evaluate(&self, text: &[u8]) -> Evaluated {
        let mut reading = Reading::of(self);
        let (text, remarks) = template::expand(text, &mut reading);
        match reading.missing {
            Some(name) => Evaluated::Asks(name),
            None if reading.unserved.is_empty() && remarks.is_empty() => Evaluated::Text(text),
            None => Evaluated::Unknown,
        }
    }
}

struct Reading<'a> {
    globals: &'a Globals,
    unserved: Vec<Problem>,
    /// A variable that was asked for and has no value.
    missing: Option<Vec<u8>>,
    lacks: bool,
}

impl<'a> Reading<'a> {
    fn of(globals: &'a Globals) -> Reading<'a> {
        Reading {
            globals,
            unserved: Vec::new(),
            missing: None,
            lacks: false,
        }
    }

    /// What needs a call.
    fn unasked(&mut self, name: &[u8]) -> Answered {
        let name = String::from_utf8_lossy(name).into_owned();
        self.unserved.push(Problem {
            code: "S142",
            message: format!("`{name}` cannot be asked while the file is loaded"),
        });
        Answered::Failed
    }

    /// What only the machine that loads the file knows, or a clock that was not given.
    fn unknown(&mut self, name: &[u8]) -> Answered {
        let name = String::from_utf8_lossy(name).into_owned();
        self.unserved.push(Problem {
            code: UNKNOWN,
            message: format!("`{name}` is not known before Asterisk runs"),
        });
        Answered::Failed
    }

    /// `${body}` for a function that takes a variable by name.
    fn body(&mut self, body: &[u8]) -> Value {
        let text = [b"${", body, b"}"].concat();
        template::expand(&text, self).0.into()
    }
}

impl Resolve for Reading<'_> {
    fn variable(&mut self, name: &[u8]) -> Option<Value> {
        if name == b"EPOCH" {
            let Some(now) = self.globals.now else {
                self.unknown(name);
                return None;
            };
            return Some(now.into());
        }
        if SERVER.contains(&name) {
            self.unknown(name);
            return None;
        }
        let value = self.globals.values.get(name);
        self.lacks |= value.is_none();
        if value.is_none() && self.globals.closed {
            self.missing.get_or_insert_with(|| name.to_vec());
        }
        value.map(|v| v.as_slice().into())
    }

    fn call(&mut self, call: &Call) -> Answered {
        let dialect = self.globals.dialect;
        let signature = signatures::function(&call.name);
        if signature.is_some_and(|s| !s.exists_in(dialect.release())) {
            return self.unasked(&call.name);
        }
        let args = match signature {
            Some(signature) if dialect.pipes => pipes::modern(signature, &call.args),
            _ => call.args.as_slice().into(),
        };
        if call.name == b"GLOBAL" {
            return Answered::Value(self.variable(&call.args).unwrap_or_default());
        }
        let of_time = matches!(call.name.as_slice(), b"STRFTIME" | b"IFTIME");
        let Some(id) = pure::find(&call.name).filter(|_| !of_time || self.globals.now.is_some())
        else {
            let name = call.name.as_slice();
            return if OF_SERVER.contains(&name) || name.starts_with(b"ODBC_") {
                self.unknown(name)
            } else {
                self.unasked(name)
            };
        };
        let variable = pure::reads(id, &args).map_or_else(Value::default, |body| self.body(&body));
        let env = Env {
            now: Moment::from_seconds(self.globals.now.unwrap_or_default()),
            dialect: self.globals.dialect,
            ..Env::default()
        };
        pure::call(id, &args, &variable, &env).outcome
    }

    fn dialect(&self) -> Dialect {
        self.globals.dialect
    }
}

fn problem(remark: Remark) -> Option<Problem> {
    let message = match remark {
        Remark::Unclosed(HoleKind::Variable) => "`${` is not closed by `}`".to_owned(),
        Remark::Unclosed(HoleKind::Expression) => "`$[` is not closed by `]`".to_owned(),
        Remark::UnclosedCall(name) => format!(
            "the parenthesis of `{}` is not closed",
            String::from_utf8_lossy(&name)
        ),
        Remark::TooDeep => "variables stand too deep in each other".to_owned(),
        Remark::Expression(template_warning) => {
            return matches!(
                template_warning,
                strowger_stdlib::expr::Warning::Malformed { .. }
            )
            .then(|| Problem {
                code: "S145",
                message: "this is not an expression".to_owned(),
            });
        }
    };
    Some(Problem {
        code: "S145",
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globals_are_filled_in_from_what_is_known_at_load() {
        let mut globals = Globals::at(Some(86_400), Dialect::default());
        globals.set(b"LIST", b"a-b-c".to_vec());
        let read = |text: &str| globals.substitute(text.as_bytes());
        assert_eq!(read("x${LIST:2:1}y").text, b"xby");
        assert_eq!(read("$[${LEN(${LIST})} + 1]").text, b"6");
        assert_eq!(read("${CUT(LIST,-,2)}").text, b"b");
        assert_eq!(read("${EPOCH}").text, b"86400");
        assert_eq!(read("${STRFTIME(${EPOCH},UTC,%d)}").text, b"02");
        assert!(read("${LIST}").problems.is_empty());
        assert_eq!(read("${CALLERID(num)}").problems[0].code, "S142");
        let timeless = Globals::at(None, Dialect::default());
        assert_eq!(timeless.substitute(b"${EPOCH}").problems[0].code, "S147");
        assert_eq!(read("${DB(a/b)}").problems[0].code, "S147");
        assert_eq!(read("${ASTDATADIR}").problems[0].code, "S147");
    }
}
