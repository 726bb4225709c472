//! A failure as a test: saved, it runs and fails until the plan is mended.

use std::fmt::Write;
use std::time::Duration;

use strowger_runtime::sim::report::Kind;
use strowger_runtime::sim::{Report, Simulation};
use strowger_vm::Time;

use super::entries::Entry;
use super::marks::Mark;
use super::path::{Path, Pick, span};
use super::property::Property;
use super::search::Found;
use crate::test::init::scalar;
use crate::testing::{Seen, Stands, Suite, seen};

/// So long a caller stays in a call that does not end by itself.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// So long something may go on after a hang-up.
const GRACE: Duration = Duration::from_secs(60);
/// Longest path that is written, in steps.
const PATH: usize = 60;

/// The test, as a member of the list `tests`. `expected`: what the other plan did, for P006. `mark`: what was seen in the text.
pub(crate) fn test(
    entry: &Entry,
    found: &Found,
    mark: Option<&Mark>,
    simulation: &mut Simulation,
    expected: Option<&Seen>,
) -> String {
    let property = found.broken.property;
    let mut path = found.path.clone();
    if property == Property::P001 && !entry.message && path.hangs_up().is_none() {
        path = path.with(Pick::HangUp(PATIENCE));
    }
    let report = simulation.play(&found.path.scenario(&entry.scenario, found.start));
    let mut out = String::new();
    let name = format!(
        "{}: {} ({})",
        property.code(),
        found.broken.message,
        entry.words()
    );
    let _ = writeln!(out, "- name: {}", serde_json::Value::from(name));
    out.push_str(&entry.head("  "));
    let _ = writeln!(out, "  at: \"{}\"", moment(found.start));
    if let Some(language) = mark.and_then(|m| m.language(entry, &report)) {
        let _ = writeln!(out, "  language: {}", scalar(&language));
    }
    if let Some(prompt) = mark.and_then(Mark::prompt) {
        let _ = writeln!(out, "  # Delete this line once the prompt is recorded.");
        let _ = writeln!(out, "  sounds: {{ {}: missing }}", scalar(prompt));
    }
    let also = unmocked(&report, Kind::Endpoint);
    entries(&mut out, "with", &path.with_lines(&also));
    entries(&mut out, "database", &path.stored());
    let functions = unmocked(&report, Kind::Function);
    let functions: Vec<String> = functions
        .iter()
        .map(|f| format!("{}: \"\"", scalar(&String::from_utf8_lossy(f))))
        .collect();
    entries(&mut out, "functions", &functions);
    let does = path.does();
    if !does.is_empty() {
        out.push_str("  does:\n");
        for act in does {
            let _ = writeln!(out, "    - {act}");
        }
    }
    out.push_str("  expect:\n");
    for line in expectations(entry, found, mark, &path, &report, expected) {
        let _ = writeln!(out, "    {line}");
    }
    out
}

/// The same as a block of a plan in `.dial`.
///
/// # Errors
/// What a block cannot say.
pub(crate) fn block(suite: &Suite, test: &str, stands: Stands) -> Result<String, String> {
    let case = suite.told(test)?;
    let block = suite.as_block(&case, stands)?;
    let mut out = String::new();
    for line in block.lines() {
        if line.starts_with("  given sound(") && line.ends_with(" = None") {
            out.push_str("  // Delete this line once the prompt is recorded.\n");
        }
        out.push_str(line);
        out.push('\n');
    }
    Ok(out)
}

fn expectations(
    entry: &Entry,
    found: &Found,
    mark: Option<&Mark>,
    path: &Path,
    report: &Report,
    expected: Option<&Seen>,
) -> Vec<String> {
    let row = |values: &[String]| {
        let values: Vec<String> = values.iter().map(|v| scalar(v)).collect();
        values.join(", ")
    };
    match found.broken.property {
        Property::P001 => vec![format!("time: \"< {}\"", span(PATIENCE))],
        Property::P002 => {
            // What runs today, and then at least one step more.
            let mut steps = seen(&entry.case, report).path;
            let cut = steps.len().saturating_sub(PATH);
            steps.drain(..cut);
            let begin = if cut > 0 { "..., " } else { "" };
            vec![format!("path: [{begin}{}, /./, ...]", row(&steps))]
        }
        Property::P005 if !found.broken.detail.is_empty() => {
            vec![format!("never dialed: [{}]", scalar(&found.broken.detail))]
        }
        Property::P005 => {
            let until = path.hangs_up().unwrap_or_default() + GRACE;
            vec![
                "reason: hung up".to_owned(),
                format!("time: \"< {}\"", span(until)),
            ]
        }
        Property::P006 => {
            let Some(want) = expected else {
                return Vec::new();
            };
            let mut lines = vec![
                format!("dialed: [{}]", row(&want.dialed)),
                format!("heard: [{}]", row(&want.heard)),
                format!("said: [{}]", row(&want.said)),
                format!("reason: {}", want.reason),
            ];
            if !want.messages.is_empty() {
                let all = want.messages.iter().map(|(to, status)| {
                    format!("{{ to: {}, status: {} }}", scalar(to), scalar(status))
                });
                let all: Vec<String> = all.collect();
                lines.push(format!("messages: [{}]", all.join(", ")));
            }
            lines
        }
        Property::P003 => {
            let called = mark.and_then(|m| m.called(report));
            let called = called.map(|d| String::from_utf8_lossy(&d.endpoint).into_owned());
            let line = |to: String| format!("never dialed: [{}]", scalar(&to));
            called.map(line).into_iter().collect()
        }
        // What is meant: the caller hears all of it.
        Property::P004 => vec![format!(
            "heard: [{}]",
            row(&seen(&entry.case, report).heard)
        )],
    }
}

fn entries(out: &mut String, key: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = writeln!(out, "  {key}:");
    }
    for line in lines {
        let _ = writeln!(out, "    {line}");
    }
}

/// What the plan wanted and nobody decided on.
pub(crate) fn unmocked(report: &Report, kind: Kind) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    for one in report.unmocked.iter().filter(|u| u.kind == kind) {
        if !names.contains(&one.what) {
            names.push(one.what.clone());
        }
    }
    names
}

/// As a test file says a moment.
pub(crate) fn moment(time: Time) -> String {
    let at = jiff::Timestamp::from_second(time.seconds()).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
