//! A failure as people read it: what was expected and what came, the trace around the place where they part, the line of the plan.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};
use strowger_compiler::{Diagnostic, Span};
use strowger_vm::trace::Source;

use super::case::Case;
use super::judge::Failure;
use super::problem::problem;
use super::run::Failed;
use super::suite::Suite;
use crate::render;

/// A longer list is shown one member a line.
const WIDTH: usize = 90;
/// Most lines of a difference.
const LINES: usize = 60;

/// All of it. `indent` stands before each line.
pub(crate) fn failed(suite: &Suite, case: &Case, failed: &Failed, colour: bool) -> String {
    let failure = &failed.failure;
    let mut out = String::new();
    if let Some(message) = &failure.message {
        let _ = writeln!(out, "{message}");
    }
    out.push_str(&compared(failure, colour));
    if !failed.around.is_empty() {
        let _ = writeln!(out, "what the call did there:");
        out.push_str(&failed.around);
    }
    out.push_str(&places(suite, case, failure, colour));
    out
}

/// Expected and got, or a difference where they are long.
fn compared(failure: &Failure, colour: bool) -> String {
    let Failure {
        expected, got, key, ..
    } = failure;
    let mut out = String::new();
    if key.is_empty() {
        return out;
    }
    let plural = is_row(failure);
    let (want, have) = (flat(expected, plural), flat(got, plural));
    if want.len().max(have.len()) + key.len() <= WIDTH
        && !want.contains('\n')
        && !have.contains('\n')
    {
        if failure.message.is_none() {
            let _ = writeln!(out, "expected  {key}: {want}");
        }
        let _ = writeln!(out, "got       {key}: {have}");
        return out;
    }
    if key == "path" {
        return difference(key, expected, &as_expected(expected, got), colour);
    }
    difference(key, expected, got, colour)
}

/// Steps without their arguments where only the application was asked for: else every line would differ.
fn as_expected(expected: &[String], got: &[String]) -> Vec<String> {
    let plain = |step: &String| {
        let app = step.split('(').next().unwrap_or_default();
        let asked = expected.iter().find(|e| e.eq_ignore_ascii_case(app));
        asked.unwrap_or(step).clone()
    };
    got.iter().map(plain).collect()
}

/// A difference, line by line.
pub(crate) fn difference(key: &str, expected: &[String], got: &[String], colour: bool) -> String {
    format!(
        "{key}: - expected, + got\n{}",
        changes(expected, got, colour)
    )
}

/// The lines that come and go, with those around them.
pub(crate) fn changes(expected: &[String], got: &[String], colour: bool) -> String {
    let mut out = String::new();
    let text = |lines: &[String]| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
    let (old, new) = (text(expected), text(got));
    let diff = TextDiff::from_lines(&old, &new);
    let mut lines = 0;
    for group in diff.grouped_ops(3) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            if lines == LINES {
                let _ = writeln!(out, "  ... and more");
                return out;
            }
            lines += 1;
            let (sign, ink) = match change.tag() {
                ChangeTag::Delete => ("-", "31"),
                ChangeTag::Insert => ("+", "32"),
                ChangeTag::Equal => (" ", ""),
            };
            let line = change.value().trim_end_matches('\n');
            let line = format!("  {sign} {line}");
            if colour && !ink.is_empty() {
                let _ = writeln!(out, "\x1b[{ink}m{line}\x1b[0m");
            } else {
                let _ = writeln!(out, "{}", line.trim_end());
            }
        }
    }
    out
}

/// Whether a list was expected.
fn is_row(failure: &Failure) -> bool {
    failure.expected.len() != 1 || failure.got.len() != 1 || {
        matches!(
            failure.key.as_str(),
            "path"
                | "dialed"
                | "never dialed"
                | "heard"
                | "never heard"
                | "said"
                | "texts"
                | "messages"
                | "logs"
                | "never logged"
        )
    }
}

fn flat(lines: &[String], plural: bool) -> String {
    if plural {
        format!("[{}]", lines.join(", "))
    } else {
        lines.join("\n")
    }
}

/// The line of the plan with its label, and the expectation.
fn places(suite: &Suite, case: &Case, failure: &Failure, colour: bool) -> String {
    let mut drawn = Vec::new();
    let mut found = diagnostic(suite, case, failure);
    if !failure.key.is_empty() && failure.message.is_none() {
        // Expected and got stand above it.
        found.message = format!("`{}` is not what was expected", failure.key);
    }
    // Writing to memory does not fail.
    let _ = render::human(&mut drawn, &suite.sources, &[found], colour);
    String::from_utf8_lossy(&drawn).into_owned()
}

/// The failure as a finding: at the plan where a step is known, else at the test.
pub(crate) fn diagnostic(suite: &Suite, case: &Case, failure: &Failure) -> Diagnostic {
    let title = summary(failure);
    let place = failure.source.as_ref();
    let place = place.and_then(|(source, label)| Some((line(suite, source)?, label)));
    let mut found = match place {
        Some((span, label)) => problem(title, span)
            .label(label)
            .also(failure.span, "this is expected"),
        None => problem(title, failure.span),
    };
    if failure.key.is_empty() {
        found.secondary.clear();
        if place_of(suite, failure).is_some() {
            found = found.also(case.span, "in this test");
        }
    }
    match &failure.help {
        Some(help) => found.help(help),
        None => found,
    }
}

fn place_of(suite: &Suite, failure: &Failure) -> Option<Span> {
    failure
        .source
        .as_ref()
        .and_then(|(source, _)| line(suite, source))
}

/// One line: `dialed: expected [PJSIP/1003], got []`.
pub(crate) fn summary(failure: &Failure) -> String {
    if let Some(message) = &failure.message {
        return message.clone();
    }
    let plural = is_row(failure);
    let short = |text: String| {
        let text = text.replace('\n', " ");
        match text.char_indices().nth(WIDTH) {
            Some((at, _)) => format!("{}...", &text[..at]),
            None => text,
        }
    };
    format!(
        "{}: expected {}, got {}",
        failure.key,
        short(flat(&failure.expected, plural)),
        short(flat(&failure.got, plural))
    )
}

/// The step of a line.
fn line(suite: &Suite, source: &Source) -> Option<Span> {
    let file = suite.sources.find(&source.file)?;
    let step = suite
        .reachable
        .steps
        .iter()
        .find(|s| s.file == file && s.line == source.line);
    if let Some(step) = step {
        return Some(step.span);
    }
    let range = suite.sources.file(file).line_range(source.line);
    Some(Span {
        file,
        start: u32::try_from(range.start).ok()?,
        end: u32::try_from(range.end).ok()?,
    })
}
