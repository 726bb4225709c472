//! Accepting traces: all of them, or one by one.

use std::io::{BufRead, IsTerminal, Write};

use crate::testing::{Outcome, Suite, difference};

/// Accepts every trace that is expected to be as it was. Whether something changed.
pub(crate) fn accept(suite: &mut Suite, outcome: &Outcome) -> bool {
    let before = suite.accepted.to_string();
    for ran in &outcome.ran {
        if let Some(trace) = &ran.trace {
            let name = suite.cases[ran.case].name.clone();
            suite.accepted.accept(&name, trace);
        }
    }
    forget(suite);
    before != suite.accepted.to_string()
}

/// Shows each trace that changed, and asks. Whether something changed.
///
/// # Errors
/// Nobody can be asked.
pub(crate) fn review(suite: &mut Suite, outcome: &Outcome, colour: bool) -> Result<bool, String> {
    let stdin = std::io::stdin();
    let mut out = std::io::stderr();
    let before = suite.accepted.to_string();
    for ran in &outcome.ran {
        let Some(trace) = &ran.trace else { continue };
        let name = suite.cases[ran.case].name.clone();
        if suite.accepted.of(&name) == Some(trace) {
            continue;
        }
        if !stdin.is_terminal() {
            return Err(
                "--review asks, and standard input is no terminal\n  hint: --accept accepts all"
                    .into(),
            );
        }
        let old = suite.accepted.of(&name).unwrap_or_default();
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<String>>();
        let shown = difference("trace", &lines(old), &lines(trace), colour);
        let asked = write!(out, "\n{name}\n{shown}accept it? [y]es, [n]o, [q]uit ");
        let answered = asked.and_then(|()| out.flush()).and_then(|()| {
            let mut line = String::new();
            stdin.lock().read_line(&mut line).map(|_| line)
        });
        match answered.map_err(|e| e.to_string())?.trim() {
            "y" | "yes" => suite.accepted.accept(&name, trace),
            "q" | "quit" | "" => break,
            _ => {}
        }
    }
    Ok(before != suite.accepted.to_string())
}

/// Traces of tests that are no more.
fn forget(suite: &mut Suite) {
    let names: Vec<String> = suite.names().map(str::to_owned).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    suite.accepted.keep(&names);
}

/// Writes what was accepted, if it is new.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(suite: &Suite, changed: bool) -> Result<bool, String> {
    if let (true, Some(path)) = (changed, &suite.path) {
        suite.accepted.write(path)?;
    }
    Ok(changed)
}
