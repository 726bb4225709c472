//! A channel on which one text after the other is evaluated: variables, globals and the database stay.

use crate::{load, moment};
use std::path::Path;
use strowger_compiler::{Options, Sources, compile};
use strowger_runtime::channel::End;
use strowger_runtime::sim::Simulation;
use strowger_stdlib::Dialect;
use strowger_vm::{Builder, Entry, Party, Place, Run, Text, Trace};

/// What a text or a line came to.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The value; empty for an application line. None: the dialplan stopped.
    pub(crate) value: Option<Text>,
    /// What the machine had to say.
    pub(crate) notes: Vec<String>,
    /// What the compiler says of the text.
    pub(crate) findings: Vec<String>,
    /// Variables that were written, as they are now; None: unset.
    pub(crate) set: Vec<(Text, Option<Text>)>,
    /// Why it stopped.
    pub(crate) stopped: Option<String>,
}

/// See the head of this file.
pub(crate) struct Session {
    simulation: Simulation,
    party: Party,
    variables: Vec<(Text, Text)>,
    place: Place,
    release: load::Release,
    /// The Asterisk as which everything is read.
    dialect: Dialect,
}

/// Findings that speak of values: here they are known.
const OF_VALUES: &[&str] = &["E602"];

impl Session {
    /// Beside an empty plan, at this moment.
    pub(crate) fn new(release: load::Release) -> Session {
        let empty = compile(&Sources::plan("[main]\n"), &read_as(release.dialect(None)));
        let mut simulation = Simulation::new(empty.module.unwrap_or_default());
        simulation.world.now = moment::now();
        let party = simulation.party();
        Session {
            simulation,
            party,
            variables: Vec::new(),
            place: Place::new("main", "s", 2),
            release,
            dialect: release.dialect(None),
        }
    }

    /// Beside another plan, with its globals; variables and the database stay.
    ///
    /// # Errors
    /// One sentence when it cannot be read.
    pub(crate) fn plan(&mut self, path: &Path) -> Result<(), String> {
        let program = load::program(path, self.release)?;
        self.dialect = *program.module.dialect();
        let world = std::mem::take(&mut self.simulation.world);
        self.simulation = Simulation::new(program.module);
        self.simulation.world = world;
        self.simulation.world.globals = program.globals;
        Ok(())
    }

    /// In another extension.
    pub(crate) fn exten(&mut self, exten: &[u8]) {
        self.place.exten = exten.to_vec();
    }

    /// The extension and context in which texts stand.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// In another context.
    pub(crate) fn context(&mut self, context: &[u8]) {
        self.place.context = context.to_vec();
    }

    /// Writes a variable as it stands: nothing in it is evaluated.
    pub(crate) fn set(&mut self, name: &[u8], value: &[u8]) {
        self.unset(name);
        self.variables.push((name.to_vec(), value.to_vec()));
    }

    /// Whether there was such a variable.
    pub(crate) fn unset(&mut self, name: &[u8]) -> bool {
        let before = self.variables.len();
        let bare = |n: &[u8]| -> Text {
            let marks = n.iter().take(2).take_while(|b| **b == b'_').count();
            n[marks..].to_vec()
        };
        let name = bare(name);
        self.variables.retain(|(n, _)| bare(n) != name);
        self.variables.len() < before
    }

    /// Variables of the channel, oldest first.
    pub(crate) fn variables(&self) -> &[(Text, Text)] {
        &self.variables
    }

    /// Global variables by name.
    pub(crate) fn globals(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.simulation.world.globals.0.iter()
    }

    /// The value of a text.
    pub(crate) fn evaluate(&mut self, text: &[u8]) -> Answer {
        let findings = findings(text, self.dialect);
        Answer {
            findings,
            ..self.go(Vec::new(), text.to_vec())
        }
    }

    /// Runs an application line.
    pub(crate) fn run(&mut self, line: &[u8]) -> Answer {
        self.go(vec![line.to_vec()], Text::new())
    }

    fn go(&mut self, before: Vec<Text>, text: Text) -> Answer {
        self.simulation.world.trace.clear();
        self.simulation.world.answers.clear();
        let ran = self.simulation.run(Entry {
            party: self.party.clone(),
            variables: self.variables.clone(),
            run: Run::Eval {
                place: self.place.clone(),
                before,
                text,
            },
        });
        let mut answer = Answer::default();
        let old = std::mem::replace(&mut self.variables, ran.vm.bequest());
        self.party = ran.vm.party().clone();
        for happened in &self.simulation.world.trace {
            if let Trace::Note { text, .. } = &happened.what {
                answer.notes.push(text.clone());
            }
        }
        let new = self.variables.iter().filter(|v| !old.contains(v));
        answer.set = new.map(|(n, v)| (n.clone(), Some(v.clone()))).collect();
        for (name, _) in old {
            if !self.variables.iter().any(|(n, _)| *n == name) {
                answer.set.push((name, None));
            }
        }
        match ran.end {
            End::Returned(value) => answer.value = Some(value),
            End::Done(_) => {
                answer.stopped = Some("the dialplan stopped before the text was evaluated".into());
            }
            End::Fault(fault) => answer.stopped = Some(fault.to_string()),
        }
        answer
    }

    /// Whether a line is `App(arguments)` with an application that exists.
    pub(crate) fn is_application(&self, line: &[u8]) -> bool {
        let name = line.split(|b| *b == b'(').next().unwrap_or_default();
        line.ends_with(b")")
            && name.len() < line.len()
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
            && Builder::new(strowger_vm::Options {
                dialect: self.dialect,
                ..strowger_vm::Options::default()
            })
            .has_application(name)
    }
}

/// Options for a plan that is read as this Asterisk does.
fn read_as(dialect: Dialect) -> Options {
    Options {
        dialect,
        ..Options::default()
    }
}

/// What the compiler would say of a text as an argument: quotes without a partner, holes that are not closed, unknown functions.
fn findings(text: &[u8], dialect: Dialect) -> Vec<String> {
    if text.iter().any(|b| matches!(b, b'\n' | b'\r')) {
        return Vec::new();
    }
    let mut plan = b"[main]\nexten => s,1,NoOp(".to_vec();
    let begin = plan.len();
    // Where each byte of the text stands in the plan, in which a semicolon needs a backslash.
    let mut at = Vec::with_capacity(text.len());
    for byte in text {
        if *byte == b';' {
            plan.push(b'\\');
        }
        at.push(plan.len());
        plan.push(*byte);
    }
    let end = plan.len();
    plan.extend_from_slice(b")\n");
    let compiled = compile(&Sources::plan(plan), &read_as(dialect));
    compiled
        .diagnostics
        .iter()
        .filter(|d| !OF_VALUES.contains(&d.code))
        .filter_map(|d| {
            let (from, to) = (d.primary.span.start as usize, d.primary.span.end as usize);
            if from < begin || to > end {
                return None;
            }
            let first = at.partition_point(|p| *p < from);
            let last = at.partition_point(|p| *p < to).max(first);
            let part = String::from_utf8_lossy(text.get(first..last)?).into_owned();
            let why = if d.primary.text.is_empty() {
                String::new()
            } else {
                format!(": {}", d.primary.text)
            };
            Some(format!(
                "{} [{}] at {}, `{part}`: {}{why}",
                d.level.word(),
                d.code,
                first + 1,
                d.message
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_stays() {
        let some = |t: &str| Some(t.as_bytes().to_vec());
        let mut session = Session::new(load::Release::default());
        session.set(b"x", b"3");
        assert_eq!(session.run(b"Set(__y=$[${x} * 2])").set.len(), 1);
        assert_eq!(session.evaluate(b"${y} ${x}").value, some("6 3"));
        // The mark stays, too, and is no part of the name.
        assert!(session.variables().iter().any(|(n, _)| n == b"__y"));
        assert!(session.unset(b"y") && !session.unset(b"y"));
        assert_eq!(session.evaluate(b"<${y}>").value, some("<>"));
        session.run(b"Set(DB(a/b)=kept)");
        session.run(b"Set(GLOBAL(g)=too)");
        session.run(b"Set(CALLERID(num)=42)");
        let value = session.evaluate(b"${DB(a/b)} ${g} ${CALLERID(num)}").value;
        assert_eq!(value, some("kept too 42"));
    }

    #[test]
    fn lines_that_are_applications() {
        let session = Session::new(load::Release::default());
        for (line, is) in [
            ("Set(x=1)", true),
            ("set(x=1)", true),
            ("NoOp()", true),
            ("Hello(x)", false),
            ("Set(x=1", false),
            ("${LEN(x)}", false),
            ("Set", false),
        ] {
            assert_eq!(session.is_application(line.as_bytes()), is, "{line}");
        }
    }

    #[test]
    fn findings_name_the_place_in_the_text() {
        let found = |t: &str| findings(t.as_bytes(), Dialect::default()).join("|");
        assert!(
            found("a;b $[\"a\" = \"b]").contains("at 13, `\"`"),
            "{}",
            found("a;b $[\"a\" = \"b]")
        );
        assert!(found("${CALLERIDD(1)}").contains("there is no function"));
        assert_eq!(found("$[${x} = 1] plain"), "");
    }
}
