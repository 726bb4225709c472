//! Substitution while a plan is loaded (DL-190, DL-191): no channel, only globals.

use std::collections::HashMap;

use strowger_stdlib::Value;
use strowger_stdlib::template::{self, Answered, Call, HoleKind, Remark, Resolve};

/// Globals known so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Globals {
    values: HashMap<Vec<u8>, Vec<u8>>,
}

/// Text after substitution, and what went wrong on the way.
pub(crate) struct Substituted {
    pub(crate) text: Vec<u8>,
    pub(crate) problems: Vec<Problem>,
}

/// Something wrong in a text that is substituted at load.
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Globals {
    pub(crate) fn set(&mut self, name: &[u8], value: Vec<u8>) {
        self.values.insert(name.to_vec(), value);
    }

    /// Substitutes a text.
    pub(crate) fn substitute(&self, text: &[u8]) -> Substituted {
        let mut reading = Reading {
            globals: self,
            unserved: Vec::new(),
        };
        let (text, remarks) = template::expand(text, &mut reading);
        let mut problems = reading.unserved;
        problems.extend(remarks.into_iter().filter_map(problem));
        Substituted { text, problems }
    }
}

struct Reading<'a> {
    globals: &'a Globals,
    unserved: Vec<Problem>,
}

impl Resolve for Reading<'_> {
    fn variable(&mut self, name: &[u8]) -> Option<Value> {
        self.globals.values.get(name).map(|v| v.as_slice().into())
    }

    fn call(&mut self, call: &Call) -> Answered {
        if call.name == b"GLOBAL" {
            return Answered::Value(self.variable(&call.args).unwrap_or_default());
        }
        let name = String::from_utf8_lossy(&call.name).into_owned();
        self.unserved.push(Problem {
            code: "S142",
            message: format!("`{name}` cannot be asked while the file is loaded"),
        });
        Answered::Failed
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
                code: "E601",
                message: "this is not an expression".to_owned(),
            });
        }
    };
    Some(Problem {
        code: "S115",
        message,
    })
}
