//! What tests reached: shares, what was never tried, LCOV, JSON and a page.

mod drawn;
mod html;
mod lcov;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use strowger_compiler::coverage::{Gate, Reach, is_special};
use strowger_compiler::hir::{Extension, Matches};
use strowger_vm::{Inputs, System};

use crate::moment;
use crate::testing::{Hits, Suite};

/// Numbers that are tried to find one that leads to an entry.
const TRIES: usize = 4_000;
/// The same for all entries of a plan together.
const ALL_TRIES: usize = 20_000;
/// Entries that are listed for one plan.
const LISTED: usize = 200;

/// What was reached of each plan.
#[derive(Default)]
pub(crate) struct Coverage {
    plans: BTreeMap<PathBuf, Covered>,
}

/// What was reached of a plan by the tests of all files beside it.
struct Covered {
    suite: Suite,
    hits: Hits,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) covered: usize,
    pub(crate) all: usize,
}

impl Share {
    fn add(&mut self, other: Share) {
        self.covered += other.covered;
        self.all += other.all;
    }

    /// In hundredths, rounded down: 100 is all. All of nothing is 100.
    pub(crate) fn percent(self) -> usize {
        (self.covered * 100).checked_div(self.all).unwrap_or(100)
    }

    fn of(counts: impl Iterator<Item = u64>) -> Share {
        let mut share = Share::default();
        for count in counts {
            share.all += 1;
            share.covered += usize::from(count > 0);
        }
        share
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.covered, self.all)
    }
}

impl Coverage {
    /// Adds what the tests of a file reached.
    pub(crate) fn add(&mut self, suite: Suite, hits: Hits) {
        let plan = suite.plan();
        match self.plans.get_mut(&plan) {
            // Somebody wrote the plan while it was tested: the last reading counts.
            Some(covered) if covered.hits.steps.len() == hits.steps.len() => {
                covered.hits.add(&hits)
            }
            _ => {
                self.plans.insert(plan, Covered { suite, hits });
            }
        }
    }

    /// Steps, and ways on from them.
    pub(crate) fn shares(&self) -> (Share, Share) {
        let (mut steps, mut ways) = (Share::default(), Share::default());
        for covered in self.plans.values() {
            let own = covered.shares();
            steps.add(own.0);
            ways.add(own.1);
        }
        (steps, ways)
    }

    /// Whether less was tried than was asked for.
    pub(crate) fn under(&self, least: Option<u8>) -> bool {
        let (_, ways) = self.shares();
        least.is_some_and(|least| ways.covered * 100 < usize::from(least) * ways.all)
    }

    /// What was never tried, for people.
    pub(crate) fn table(&self) -> String {
        let mut out = String::new();
        for covered in self.plans.values() {
            covered.table(&mut out);
        }
        out
    }

    /// Everything, as one object.
    pub(crate) fn object(&self) -> Value {
        let (steps, ways) = self.shares();
        let share = |s: Share| json!({ "covered": s.covered, "all": s.all });
        json!({
            "steps": share(steps),
            "branches": share(ways),
            "plans": self.plans.values().map(Covered::object).collect::<Vec<_>>(),
        })
    }

    /// Writes it into a file: JSON or an HTML page if its name ends so, else LCOV.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let ends = |with: &str| {
            let end = path.extension().and_then(std::ffi::OsStr::to_str);
            end.is_some_and(|e| e.eq_ignore_ascii_case(with))
        };
        let text = if ends("json") {
            format!("{:#}\n", self.object())
        } else if ends("html") || ends("htm") {
            self.page()
        } else {
            self.plans.values().map(Covered::lcov).collect()
        };
        std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
    }
}

impl Covered {
    fn shares(&self) -> (Share, Share) {
        (
            Share::of(self.hits.steps.iter().copied()),
            Share::of(
                self.hits
                    .ways
                    .iter()
                    .flatten()
                    .chain(self.hits.gates.iter().flatten())
                    .copied(),
            ),
        )
    }

    /// The includes with times, and how often each was open and closed.
    fn gates(&self) -> impl Iterator<Item = (&Gate, &[u64; 2])> {
        self.suite.reachable.gates.iter().zip(&self.hits.gates)
    }

    /// The number of the line of an include.
    fn line_of(&self, gate: &Gate) -> u32 {
        self.suite
            .sources
            .file(gate.span.file)
            .line(gate.span.start)
    }

    /// The context that an include stands in, and what it says.
    fn include(&self, gate: &Gate) -> (String, String) {
        let context = &self.suite.loaded.compiled.hir.contexts[gate.context];
        let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let include = &context.includes[gate.include];
        (lossy(&context.name), lossy(&include.text))
    }

    fn steps(&self) -> impl Iterator<Item = (&Reach, u64, &[u64])> {
        let reachable = self.suite.reachable.steps.iter();
        reachable
            .zip(&self.hits.steps)
            .zip(&self.hits.ways)
            .map(|((step, count), ways)| (step, *count, ways.as_slice()))
    }

    fn entry(&self, step: &Reach) -> (&[u8], &Extension) {
        let context = &self.suite.loaded.compiled.hir.contexts[step.context];
        (&context.name, &context.extensions[step.extension])
    }

    /// Entries of which no step ran, each with a number that would lead there, if one was found.
    fn never_dialled(&self) -> Vec<(usize, usize, Option<String>)> {
        let mut ran: BTreeMap<(usize, usize), bool> = BTreeMap::new();
        for (step, count, _) in self.steps() {
            *ran.entry((step.context, step.extension)).or_default() |= count > 0;
        }
        let hir = &self.suite.loaded.compiled.hir;
        let mut left = ALL_TRIES;
        let never = ran.into_iter().filter(|(_, ran)| !ran).map(|(at, _)| at);
        never
            .filter(|(c, e)| {
                let entry = &hir.contexts[*c].extensions[*e];
                !is_special(entry) && entry.step(1).is_some()
            })
            .map(|(c, e)| {
                let context = &hir.contexts[c];
                let entry = &context.extensions[e];
                let number = number_within(&self.suite, &context.name, entry, &mut left);
                (c, e, number)
            })
            .collect()
    }

    fn table(&self, out: &mut String) {
        let (steps, ways) = self.shares();
        let _ = writeln!(
            out,
            "{}: {steps} steps, {ways} branches",
            self.suite.plan_shown()
        );
        let never = self.never_dialled();
        let undialled: BTreeSet<(usize, usize)> = never.iter().map(|(c, e, _)| (*c, *e)).collect();
        let mut listed = 0;
        for (context, extension, number) in &never {
            listed += 1;
            if listed > LISTED {
                continue;
            }
            let hir = &self.suite.loaded.compiled.hir;
            let context = &hir.contexts[*context];
            let name = format!(
                "{},{}",
                String::from_utf8_lossy(&context.name),
                String::from_utf8_lossy(&context.extensions[*extension].name)
            );
            let how = match number {
                Some(number) => format!("never dialled; {number} leads there"),
                None => "never dialled".to_owned(),
            };
            let _ = writeln!(out, "    {name:<28} {how}");
        }
        for (step, count, taken) in self.steps() {
            if undialled.contains(&(step.context, step.extension)) {
                continue;
            }
            let (context, entry) = self.entry(step);
            let ways: Vec<&str> = step
                .ways
                .iter()
                .zip(taken)
                .filter(|(_, n)| **n == 0)
                .map(|(way, _)| way.words())
                .collect();
            let what = match count {
                0 => "never ran".to_owned(),
                _ if ways.is_empty() => continue,
                _ => format!("never tried: {}", ways.join(", ")),
            };
            listed += 1;
            if listed > LISTED {
                continue;
            }
            let place = format!(
                "{},{},{}",
                String::from_utf8_lossy(context),
                String::from_utf8_lossy(&entry.name),
                step.priority
            );
            let line = format!(
                "{}:{}",
                self.suite.sources.file(step.file).name(),
                step.line
            );
            let _ = writeln!(out, "    {place:<28} {:<14} {line:<22} {what}", step.app);
        }
        for (gate, taken) in self.gates() {
            let ways = Gate::WAYS.iter().zip(taken).filter(|(_, n)| **n == 0);
            let ways: Vec<&str> = ways.map(|(way, _)| way.words()).collect();
            if ways.is_empty() {
                continue;
            }
            listed += 1;
            if listed > LISTED {
                continue;
            }
            let (context, text) = self.include(gate);
            let line = format!(
                "{}:{}",
                self.suite.sources.file(gate.span.file).name(),
                self.line_of(gate)
            );
            let what = format!("include => {text}");
            let ways = ways.join(", ");
            let _ = writeln!(out, "    {context:<28} {what}  {line}  never tried: {ways}");
        }
        if listed > LISTED {
            let _ = writeln!(out, "    ... and {} more", listed - LISTED);
        }
    }

    fn object(&self) -> Value {
        let (steps, ways) = self.shares();
        let all: Vec<Value> = self
            .steps()
            .map(|(step, count, taken)| {
                let (context, entry) = self.entry(step);
                let ways: Vec<Value> = step
                    .ways
                    .iter()
                    .zip(taken)
                    .map(|(way, n)| json!({ "way": way.words(), "count": n }))
                    .collect();
                json!({
                    "context": String::from_utf8_lossy(context),
                    "exten": String::from_utf8_lossy(&entry.name),
                    "priority": step.priority,
                    "application": step.app,
                    "file": self.suite.sources.shown(step.file),
                    "line": step.line,
                    "count": count,
                    "branches": ways,
                })
            })
            .collect();
        let includes: Vec<Value> = self
            .gates()
            .map(|(gate, taken)| {
                let (context, text) = self.include(gate);
                let ways = Gate::WAYS.iter().zip(taken);
                let ways: Vec<Value> = ways
                    .map(|(way, n)| json!({ "way": way.words(), "count": n }))
                    .collect();
                json!({
                    "context": context,
                    "include": text,
                    "file": self.suite.sources.shown(gate.span.file),
                    "line": self.line_of(gate),
                    "branches": ways,
                })
            })
            .collect();
        let hir = &self.suite.loaded.compiled.hir;
        let never: Vec<Value> = self
            .never_dialled()
            .into_iter()
            .map(|(c, e, number)| {
                let context = &hir.contexts[c];
                json!({
                    "context": String::from_utf8_lossy(&context.name),
                    "exten": String::from_utf8_lossy(&context.extensions[e].name),
                    "number": number,
                })
            })
            .collect();
        json!({
            "plan": self.suite.plan_shown(),
            "steps": { "covered": steps.covered, "all": steps.all },
            "branches": { "covered": ways.covered, "all": ways.all },
            "never_dialled": never,
            "all": all,
            "includes": includes,
        })
    }
}

/// A number that leads to an entry of a context: the plainest one, or one that no better entry takes away.
pub(crate) fn number_of(suite: &Suite, context: &[u8], entry: &Extension) -> Option<String> {
    let mut left = TRIES;
    number_within(suite, context, entry, &mut left)
}

/// The same; `left` is how many numbers may still be tried.
fn number_within(
    suite: &Suite,
    context: &[u8],
    entry: &Extension,
    left: &mut usize,
) -> Option<String> {
    let module = suite.module();
    let inputs = Inputs {
        now: moment::Moment::read("2026-03-02 10:00")?.time,
        globals: suite.globals(),
        system: std::sync::Arc::new(System::default()),
    };
    let line = entry.step(1)?.line;
    let caller = entry.caller.as_ref().and_then(|c| match &c.matches {
        Matches::Name(name) => Some(name.clone()),
        Matches::Pattern(pattern) => pattern.witness(),
    });
    let leads = |number: &[u8]| {
        let found = module.find(&inputs, context, number, caller.as_deref());
        found.is_some_and(|f| f.exten == entry.name && f.line == line)
    };
    let text = |number: Vec<u8>| String::from_utf8(number).ok();
    let pattern = match &entry.matches {
        Matches::Name(name) => return leads(name).then(|| text(name.clone())).flatten(),
        Matches::Pattern(pattern) => pattern,
    };
    let first = pattern.witness()?;
    // Longer ones, and ones with another digit somewhere: what a better pattern takes away is nearly always the plainest number.
    let mut open = std::collections::VecDeque::from([first]);
    let mut seen = std::collections::HashSet::new();
    let mut tries = 0;
    while let Some(number) = open.pop_front() {
        tries += 1;
        if tries > TRIES || *left == 0 {
            return None;
        }
        *left -= 1;
        if leads(&number) {
            return text(number);
        }
        for at in 0..=number.len() {
            for digit in *b"0123456789*#" {
                let mut other = number.clone();
                match other.get_mut(at) {
                    Some(place) => *place = digit,
                    None => other.push(digit),
                }
                if other.len() < 32
                    && pattern.matches(&other)
                    && seen.insert(other.clone())
                    && open.len() < TRIES
                {
                    open.push_back(other);
                }
            }
        }
    }
    None
}
