//! `--mutate`: small mistakes are made in the plan, one at a time; tests that still pass have not noticed.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use strowger_compiler::mutation::{self, Mutant};
use strowger_compiler::{Compiled, Level, Sources, Span};
use strowger_runtime::sim::Simulation;

use super::find;
use super::report::Format;
use crate::check::progress::Progress;
use crate::testing::{Case, Suite, notices};
use crate::{explore, load};

/// Effects that a call may have more than the longest one has in the plan as it is; then it is taken not to end.
const MORE: u64 = 10_000;

/// What became of a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// A test failed.
    Noticed,
    /// No test did.
    Missed,
    /// The plan means the same with it.
    Same,
    /// No test noticed, and a search finds no call that could.
    Alike,
    /// It is no plan any more: loading it drops or misreads more than before. The check tells that.
    Broken,
}

/// Makes the mistakes and tells what became of them: the exit status.
pub(crate) fn main(
    paths: &[PathBuf],
    format: Format,
    jobs: usize,
    fail_under: Option<u8>,
    seed: Option<u64>,
) -> u8 {
    if !matches!(format, Format::Human | Format::Json) {
        load::cannot("a mutation run is told to people or as JSON\n  hint: --format json");
        return 2;
    }
    let (files, faults) = find::files(paths);
    let mut worst = 0;
    for fault in &faults {
        load::cannot(fault);
        worst = 2;
    }
    let mut plans: BTreeMap<PathBuf, Vec<Suite>> = BTreeMap::new();
    for file in files {
        match Suite::open_with(&file, seed) {
            Ok(suite) => plans.entry(suite.plan()).or_default().push(suite),
            Err(refused) => {
                load::cannot(&refused.to_string());
                worst = 2;
            }
        }
    }
    if plans.is_empty() && worst == 0 {
        load::cannot("there are no tests (*.test.yaml, or `test` in .dial)");
        return 2;
    }
    let mut out = std::io::stdout().lock();
    let (mut noticed, mut counted) = (0, 0);
    for suites in plans.values() {
        match of_plan(suites, jobs) {
            Ok(judged) => {
                noticed += judged.count(Fate::Noticed);
                counted += judged.count(Fate::Noticed) + judged.count(Fate::Missed);
                // The reader has gone: nobody is to be told.
                let _ = judged.say(&mut out, &suites[0], format);
            }
            Err(fault) => {
                load::cannot(&fault);
                worst = 2;
            }
        }
    }
    if let Some(least) = fail_under
        && noticed * 100 < usize::from(least) * counted
        && worst == 0
    {
        let _ = writeln!(
            out,
            "{noticed} of {counted} mistakes were noticed: fewer than {least} %"
        );
        return 1;
    }
    worst
}

/// All mistakes of a plan with their fates.
struct Judged {
    mutants: Vec<(Mutant, Fate)>,
    /// There are more than were made.
    cut: bool,
}

fn of_plan(suites: &[Suite], jobs: usize) -> Result<Judged, String> {
    let first = &suites[0];
    let cases: Vec<Case> = suites
        .iter()
        .flat_map(|s| s.cases.iter().map(Case::without_snapshots))
        .collect();
    let mut effects = 0;
    let mut simulation = first.simulation();
    for case in &cases {
        let report = simulation.play(&case.scenario);
        if notices(case, &report) {
            return Err(format!(
                "{}: the test `{}` fails as it is\n  hint: mend it first; `strowger test` tells more",
                first.shown, case.name
            ));
        }
        effects = effects.max(report.answers.len() as u64);
    }
    let loaded = &first.loaded;
    let errors = |c: &Compiled| {
        let loading = c.loading();
        loading.filter(|d| d.level == Level::Error).count()
    };
    let (all, cut) = mutation::mutants(&loaded.sources, &loaded.compiled.hir);
    let fates: Mutex<Vec<Fate>> = Mutex::new(vec![Fate::Missed; all.len()]);
    let next = AtomicUsize::new(0);
    let mut progress = Progress::begin("mutating");
    let told = Mutex::new(0_usize);
    let work = || {
        // The case that noticed the last mistake nearby mostly notices this one.
        let mut likely = 0;
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = all.get(n) else { break };
            let sources = mutant.make(&loaded.sources);
            let directory = loaded.directory.clone();
            let made = load::these(sources.clone(), directory, first.plan_name().to_owned());
            let fate = match made {
                // Nothing runs it: whoever reads it is told.
                Err(_) => Fate::Noticed,
                Ok(made) if mutation::same(&made.compiled.hir, &loaded.compiled.hir) => Fate::Same,
                Ok(made) if errors(&made.compiled) > errors(&loaded.compiled) => Fate::Broken,
                Ok(made) => {
                    let mut simulation =
                        Simulation::new(made.module()).with_globals(made.globals());
                    simulation.world.features.clone_from(&made.config.features);
                    simulation.world.limits.effects = effects * 2 + MORE;
                    let count = cases.len();
                    let order = (0..count).map(|k| (likely + k) % count);
                    let found = order.into_iter().find(|k| {
                        let case = &cases[*k];
                        notices(case, &simulation.play(&case.scenario))
                    });
                    match found {
                        Some(k) => {
                            likely = k;
                            Fate::Noticed
                        }
                        None if unnoticeable(first, mutant, &sources) => Fate::Alike,
                        None => Fate::Missed,
                    }
                }
            };
            if let Ok(mut fates) = fates.lock() {
                fates[n] = fate;
            }
            if let Ok(mut told) = told.lock() {
                *told += 1;
                progress.at(&format!("{}: {told} of {}", first.plan_shown(), all.len()));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.clamp(1, all.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    progress.end();
    let fates = fates
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(Judged {
        mutants: all.into_iter().zip(fates).collect(),
        cut,
    })
}

/// Whether no caller can notice a mistake: a search tries what may happen around both plans.
fn unnoticeable(suite: &Suite, mutant: &Mutant, sources: &Sources) -> bool {
    let open = mutant.place().is_some_and(|at| open(suite, at));
    open && suite
        .changed(sources)
        .is_ok_and(|changed| explore::alike(suite, &changed) == Some(true))
}

/// Applications whose whole effect callers notice. What others do, as `Set`, may be seen where no search looks.
const OPEN: [&str; 12] = [
    "answer",
    "background",
    "busy",
    "congestion",
    "goto",
    "gotoif",
    "gotoiftime",
    "hangup",
    "playback",
    "ringing",
    "wait",
    "waitexten",
];

/// Whether the step at a place is one of those.
fn open(suite: &Suite, place: Span) -> bool {
    let file = suite.loaded.sources.file(place.file);
    let line = file.line(place.start);
    let mut steps = suite.loaded.compiled.hir.steps();
    let step = steps.find(|s| s.file == place.file && s.line == line);
    step.is_some_and(|step| {
        let name = step.app.trimmed();
        let mut names = OPEN.iter();
        names.any(|n| name.bytes().eq_ignore_ascii_case(n.as_bytes()))
    })
}

impl Judged {
    fn count(&self, fate: Fate) -> usize {
        self.mutants.iter().filter(|(_, f)| *f == fate).count()
    }

    fn say(&self, out: &mut impl Write, suite: &Suite, format: Format) -> std::io::Result<()> {
        let sources = &suite.loaded.sources;
        let missed = || self.mutants.iter().filter(|(_, f)| *f == Fate::Missed);
        let (noticed, same) = (self.count(Fate::Noticed), self.count(Fate::Same));
        let (alike, broken) = (self.count(Fate::Alike), self.count(Fate::Broken));
        let place = |mutant: &Mutant| {
            let place = mutant.place()?;
            let file = sources.file(place.file);
            let (line, column) = file.line_column(place.start);
            Some((suite.sources.shown(place.file), line, column))
        };
        let counted = noticed + missed().count();
        let percent = (noticed * 100).checked_div(counted).unwrap_or(100);
        if format == Format::Json {
            for (mutant, _) in missed() {
                let (before, after) = mutant.lines(sources);
                let Some((file, line, column)) = place(mutant) else {
                    continue;
                };
                let object = json!({
                    "file": file,
                    "line": line,
                    "column": column,
                    "mistake": mutant.words,
                    "before": before,
                    "after": after,
                });
                writeln!(out, "{object}")?;
            }
            let summary = json!({ "summary": {
                "plan": suite.plan_shown(), "mistakes": self.mutants.len(), "noticed": noticed,
                "missed": missed().count(), "same": same, "unnoticeable": alike, "not_loaded": broken, "all_made": !self.cut, "percent": percent,
            }});
            return writeln!(out, "{summary}");
        }
        writeln!(out, "{}", suite.plan_shown())?;
        for (mutant, _) in missed() {
            let (before, after) = mutant.lines(sources);
            let Some((file, line, _)) = place(mutant) else {
                continue;
            };
            writeln!(
                out,
                "  {file}:{line}: no test notices that {}",
                mutant.words
            )?;
            writeln!(out, "    - {before}")?;
            if !after.is_empty() {
                writeln!(out, "    + {after}")?;
            }
        }
        write!(
            out,
            "{} mistakes: {noticed} noticed, {} not ({percent} %)",
            self.mutants.len(),
            missed().count()
        )?;
        if same > 0 {
            write!(out, "; {same} mean the same")?;
        }
        if alike > 0 {
            write!(out, "; {alike} no caller can notice")?;
        }
        if broken > 0 {
            write!(out, "; {broken} left no plan to load")?;
        }
        if self.cut {
            write!(out, "; only the first {} were made", mutation::MUTANTS)?;
        }
        writeln!(out)
    }
}
