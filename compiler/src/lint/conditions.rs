//! Conditions that are always true or always false (F323): what can be computed without a call.

use strowger_stdlib::Dialect;
use strowger_stdlib::pure::{self, Env};
use strowger_stdlib::template::{
    Answered, Call, Hole, HoleKind, Resolve, What, expand, split_body,
};
use strowger_stdlib::value::Value;

use crate::diagnostic::Diagnostic;
use crate::source::Text;

/// Functions of which the arguments alone decide.
const SETTLED: [&[u8]; 5] = [b"LEN", b"ISNULL", b"EXISTS", b"REGEX", b"MATH"];

/// A condition that is the same for every call. `loops`: an endless loop is mostly meant.
pub(crate) fn check(dialect: &Dialect, condition: &Text, loops: bool, out: &mut Vec<Diagnostic>) {
    let Some(truth) = settled(dialect, condition.bytes()) else {
        return;
    };
    if loops && truth {
        return;
    }
    let span = condition.span();
    let found = Diagnostic::new("F323", format!("this condition is always {truth}"), span).label(
        match (condition.is_empty(), truth) {
            (true, _) => "empty",
            (_, true) => "no call takes the other way",
            (_, false) => "no call takes this way",
        },
    );
    out.push(match tests_a_name(condition.bytes()) {
        Some(name) => found.help(format!(
            "the function looks at the text `{name}`: write `${{{name}}}` for the variable"
        )),
        None => found,
    });
}

/// Its truth, if no call has a part in it.
fn settled(dialect: &Dialect, text: &[u8]) -> Option<bool> {
    if reads_variable(text) {
        return None;
    }
    let mut world = Nothing {
        asked: false,
        dialect: *dialect,
    };
    let (value, _) = expand(text, &mut world);
    (!world.asked).then(|| dialect.truth(&value))
}

/// Whether a variable stands in a text under its plain name: `${NAME}`, `${NAME:1}`.
fn reads_variable(text: &[u8]) -> bool {
    let starts = text.windows(2).enumerate().filter(|(_, w)| w == b"${");
    starts.map(|(at, _)| &text[at + 2..]).any(|rest| {
        let name = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
        let end = name.count();
        end > 0 && matches!(rest.get(end), Some(b'}' | b':'))
    })
}

/// `${EXISTS(NAME)}`: a name that was meant as its variable.
fn tests_a_name(text: &[u8]) -> Option<String> {
    let template = strowger_stdlib::template::Template::read(text);
    let named = |hole: &&Hole| hole.kind == HoleKind::Variable;
    template.holes().into_iter().filter(named).find_map(|hole| {
        let What::Call(call) = split_body(hole.body.as_plain()?).what else {
            return None;
        };
        let name = call.args;
        let plausible = matches!(call.name.as_slice(), b"EXISTS" | b"ISNULL" | b"LEN")
            && name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        plausible.then(|| String::from_utf8_lossy(&name).into_owned())
    })
}

/// A world without a call, which remembers that it was asked.
struct Nothing {
    asked: bool,
    dialect: Dialect,
}

impl Resolve for Nothing {
    fn variable(&mut self, _: &[u8]) -> Option<Value> {
        self.asked = true;
        None
    }

    fn call(&mut self, call: &Call) -> Answered {
        let known = SETTLED.contains(&call.name.as_slice());
        match pure::find(&call.name).filter(|_| known) {
            Some(id) => pure::call(id, &call.args, &Value::EMPTY, &Env::default()).outcome,
            None => {
                self.asked = true;
                Answered::Failed
            }
        }
    }

    fn dialect(&self) -> Dialect {
        self.dialect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_call_decides() {
        let of = |text: &str| settled(&Dialect::default(), text.as_bytes());
        assert_eq!(of("$[1 = 1]"), Some(true));
        assert_eq!(of("$[\"a\" = \"b\"]"), Some(false));
        assert_eq!(of("${EXISTS(NAME)}"), Some(true));
        assert_eq!(of("${EXISTS()}"), Some(false));
        assert_eq!(of(""), Some(false));
        assert_eq!(of("$[${x} = 1]"), None);
        assert_eq!(of("$[DIALPLAN_EXISTS(a,b,1)]"), None);
        assert_eq!(of("${DB(a/b)}"), None);
    }
}
