//! Two plans side by side (P006): what callers notice must be the same, whichever steps lead there.

use strowger_runtime::End;
use strowger_runtime::sim::{Report, Simulation};
use strowger_vm::{Time, Trace};

use super::entries::Entry;
use super::hunt::{Bounds, simulation};
use super::path::Path;
use super::property::{Broken, Property};
use crate::testing::{Seen, Suite, seen};

/// The plan that is compared with.
pub(crate) struct Other {
    pub(crate) suite: Suite,
    pub(crate) shown: String,
}

impl Other {
    pub(crate) fn simulation(&self, bounds: Bounds) -> Simulation {
        simulation(&self.suite, bounds)
    }

    /// Runs the same call there. What differs first.
    pub(crate) fn compare(
        &self,
        theirs: &mut Simulation,
        entry: &Entry,
        path: &Path,
        start: Time,
        report: &Report,
    ) -> Option<Broken> {
        // Where that ends nobody knows: P001 tells it.
        let call = report.calls.first();
        if call.is_some_and(|c| matches!(c.end, Some(End::Fault(_)))) {
            return None;
        }
        let there = theirs.play(&path.scenario(&entry.scenario, start));
        let (key, here, there) = difference(entry, report, &there)?;
        let own = report.calls.first().and_then(|call| call.channel);
        let last = report.trace.iter().rev().find_map(|h| match &h.what {
            Trace::Step(step) if own.is_none_or(|own| own == h.channel) => step.source.clone(),
            _ => None,
        });
        Some(Broken {
            property: Property::P006,
            message: format!("{key}: here {here}, in {} {there}", self.shown),
            source: last,
            label: "the last step here".to_owned(),
            detail: key.to_owned(),
            mark: None,
        })
    }
}

/// What differs first for those who call.
fn difference(
    entry: &Entry,
    here: &Report,
    there: &Report,
) -> Option<(&'static str, String, String)> {
    let (a, b) = (seen(&entry.case, here), seen(&entry.case, there));
    let row = |row: &[String]| format!("[{}]", row.join(", "));
    let rows = [
        ("dialed", &a.dialed, &b.dialed),
        ("heard", &a.heard, &b.heard),
        ("said", &a.said, &b.said),
    ];
    for (key, a, b) in rows {
        if a != b {
            return Some((key, row(a), row(b)));
        }
    }
    if a.messages != b.messages {
        let words = |s: &Seen| {
            let all = s.messages.iter();
            let all: Vec<String> = all.map(|(to, status)| format!("{to} {status}")).collect();
            row(&all)
        };
        return Some(("messages", words(&a), words(&b)));
    }
    if a.reason != b.reason {
        return Some(("reason", a.reason.to_owned(), b.reason.to_owned()));
    }
    let cause = |r: &Report| r.calls.first().map_or(0, |c| c.cause());
    if cause(here) != cause(there) {
        return Some(("cause", cause(here).to_string(), cause(there).to_string()));
    }
    let answered = |r: &Report| r.calls.first().map(|c| c.cdr.answer.is_some());
    if answered(here) != answered(there) {
        let words = |r: &Report| {
            if answered(r) == Some(true) {
                "yes"
            } else {
                "no"
            }
        };
        return Some(("answered", words(here).to_owned(), words(there).to_owned()));
    }
    let time = |r: &Report| super::search::elapsed(r).as_millis();
    if time(here) != time(there) {
        return Some((
            "time",
            format!("{} ms", time(here)),
            format!("{} ms", time(there)),
        ));
    }
    None
}
