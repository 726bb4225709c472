//! Running cases: each in its own world, several at once, told in their order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use strowger_runtime::sim::Simulation;
use strowger_runtime::sim::report::{Ignored, Report};
use strowger_vm::Trace;

use super::case::What;
use super::hits::{Finder, Hits};
use super::judge::{Failure, judge};
use super::suite::Suite;
use crate::story;

/// Lines of the trace that are shown before and after the place where it parts from what was expected.
const AROUND: usize = 3;

/// What became of one case.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    /// Its number in the suite.
    pub(crate) case: usize,
    pub(crate) failures: Vec<Failed>,
    /// How long it took here.
    pub(crate) took: Duration,
    /// How long the calls took in their own time.
    pub(crate) call_time: Duration,
    /// The trace, where a snapshot is expected.
    pub(crate) trace: Option<String>,
    /// Options of Dial that had no effect, though they would have changed this run.
    pub(crate) ignored: Vec<Ignored>,
}

/// A failure, and the trace around it.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    pub(crate) around: String,
}

/// What became of all.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// In the order of the file.
    pub(crate) ran: Vec<Ran>,
    pub(crate) hits: Hits,
}

/// Runs these cases of a suite on so many threads. `done` is told after each.
pub(crate) fn run(
    suite: &Suite,
    cases: &[usize],
    jobs: usize,
    done: &(dyn Fn() + Sync),
) -> Outcome {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Ran>>> = Mutex::new(vec![None; cases.len()]);
    let hits = Mutex::new(Hits::none(&suite.reachable));
    let finder = Finder::new(suite);
    let work = || {
        let mut simulation = suite.simulation();
        let mut own = Hits::none(&suite.reachable);
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(n) else { break };
            let ran = one(suite, *case, &mut simulation, &finder, &mut own);
            results.lock().unwrap_or_else(PoisonError::into_inner)[n] = Some(ran);
            done();
        }
        hits.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(&own);
    };
    let threads = jobs.clamp(1, cases.len().max(1));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    Outcome {
        ran: results.into_iter().flatten().collect(),
        hits: hits.into_inner().unwrap_or_else(PoisonError::into_inner),
    }
}

fn one(
    suite: &Suite,
    number: usize,
    simulation: &mut Simulation,
    finder: &Finder<'_>,
    hits: &mut Hits,
) -> Ran {
    let case = &suite.cases[number];
    let begin = Instant::now();
    let report = simulation.play(&case.scenario);
    finder.count(&case.scenario, &report, hits);
    let wants_trace = case
        .expectations
        .iter()
        .any(|e| matches!(e.what, What::Snapshot));
    let trace = wants_trace.then(|| trace(&report));
    let failures = judge(
        case,
        &report,
        suite.accepted.of(&case.name),
        trace.as_deref().unwrap_or_default(),
    );
    let failures = with_surroundings(failures, &report);
    let ignored = report.ignored.clone();
    let micros = report.ended.0 - report.began.0;
    Ran {
        case: number,
        failures,
        took: begin.elapsed(),
        call_time: Duration::from_micros(u64::try_from(micros).unwrap_or_default()),
        trace,
        ignored,
    }
}

/// The trace as a snapshot keeps it.
pub(crate) fn trace(report: &Report) -> String {
    let lines = story::lines(&report.trace, &report.answers);
    story::without_lines(&lines, report.began)
}

fn with_surroundings(failures: Vec<Failure>, report: &Report) -> Vec<Failed> {
    if failures.is_empty() {
        return Vec::new();
    }
    let lines = story::lines(&report.trace, &report.answers);
    let mut before = String::new();
    failures
        .into_iter()
        .map(|failure| {
            let step = failure.step.and_then(|n| match &report.trace.get(n)?.what {
                Trace::Step(step) => Some(step),
                _ => None,
            });
            let around =
                step.map(|step| story::told(story::around(&lines, step, AROUND), report.began));
            // What stands above already is not said again.
            let around = around.filter(|a| *a != before).unwrap_or_default();
            if !around.is_empty() {
                before.clone_from(&around);
            }
            Failed { failure, around }
        })
        .collect()
}
