//! All searches of a plan, side by side, and what they found: each mistake once, with the shortest way to it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use strowger_runtime::sim::{Report, Simulation};
use strowger_stdlib::time::Zone;
use strowger_vm::Time;

use super::against::Other;
use super::entries::Entry;
use super::keys::Keys;
use super::marks::Mark;
use super::moments::moments;
use super::path::Path;
use super::property::{Asking, Broken, Property};
use super::search::{Counts, FUEL, Found, Ground, Search, bound};
use crate::testing::{Finder, Hits, Suite};

/// So often calls that some numbers did not need are given to those that need more.
const ROUNDS: usize = 4;

/// How far to search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Calls in all.
    pub(crate) calls: usize,
    /// Effects of one call.
    pub(crate) steps: u32,
    pub(crate) jobs: usize,
}

/// What came of it.
pub(crate) struct Hunted {
    pub(crate) counts: Counts,
    pub(crate) hits: Hits,
    /// Which mistake, from which number, and how many other numbers lead to it.
    pub(crate) failures: Vec<(Entry, Found, usize)>,
    /// Applications and functions that had one answer only, or none.
    pub(crate) unserved: BTreeSet<String>,
    /// There are more moments that conditions tell apart.
    pub(crate) moments_left: bool,
    pub(crate) moments: usize,
}

/// Searches from each number. `marks`: what was seen without running anything.
pub(crate) fn hunt(
    suite: &Suite,
    entries: Vec<Entry>,
    marks: &[Mark],
    other: Option<&Other>,
    wanted: &[Property],
    bounds: Bounds,
    done: &(dyn Fn(usize, usize) + Sync),
) -> Hunted {
    let hir = &suite.loaded.compiled.hir;
    let first = entries.first().map_or(Time(0), |e| e.scenario.start);
    let zone = entries
        .first()
        .and_then(|e| e.scenario.zone.clone())
        .unwrap_or_else(Zone::utc);
    let (times, moments_left) = moments(hir, &zone, first);
    let ground = Ground {
        asking: Asking::new(hir, &suite.sources),
        marks,
        moments: times,
        steps: bounds.steps,
        finder: Finder::new(suite),
    };
    let blank = || Hits::none(&suite.reachable);
    let all: Vec<Mutex<Search>> = entries
        .into_iter()
        .map(|entry| Mutex::new(Search::new(entry, ground.moments.len())))
        .collect();
    let ran = AtomicUsize::new(0);
    let hits = Mutex::new(blank());
    for _ in 0..ROUNDS {
        let mut open: Vec<&Mutex<Search>> = all.iter().filter(|s| !locked(s).is_over()).collect();
        let left = bounds.calls.saturating_sub(ran.load(Ordering::Relaxed));
        open.truncate(left);
        let share = left.checked_div(open.len()).unwrap_or(0);
        if share == 0 {
            break;
        }
        let next = AtomicUsize::new(0);
        let work = || {
            let mut simulation = simulation(suite, bounds);
            let mut theirs = other.map(|other| other.simulation(bounds));
            let mut keys = Keys::new(hir);
            let mut own = blank();
            while let Some(search) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut search = locked(search);
                let before = search.counts.calls;
                let mut also = |entry: &Entry, path: &Path, start: Time, report: &Report| {
                    compared(other, theirs.as_mut(), entry, path, start, report)
                };
                search.go(
                    &ground,
                    &mut simulation,
                    &mut keys,
                    share,
                    &mut own,
                    &mut also,
                );
                let new = search.counts.calls - before;
                drop(search);
                done(ran.fetch_add(new, Ordering::Relaxed) + new, all.len());
            }
            hits.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .add(&own);
        };
        std::thread::scope(|scope| {
            for _ in 1..bounds.jobs.clamp(1, open.len()) {
                scope.spawn(work);
            }
            work();
        });
    }
    let mut hunted = Hunted {
        counts: Counts::default(),
        hits: hits.into_inner().unwrap_or_else(PoisonError::into_inner),
        failures: Vec::new(),
        unserved: BTreeSet::new(),
        moments: ground.moments.len(),
        moments_left,
    };
    let mut simulation = simulation(suite, bounds);
    let mut theirs = other.map(|other| other.simulation(bounds));
    for search in all {
        let search = search.into_inner().unwrap_or_else(PoisonError::into_inner);
        hunted.counts.add(search.counts);
        hunted.unserved.extend(search.unserved.iter().cloned());
        let mine = search.found.iter();
        for found in mine.filter(|f| wanted.contains(&f.broken.property)) {
            let same = |(_, f, _): &&mut (Entry, Found, usize)| f.broken.is(&found.broken);
            // Of several ways to the same mistake the one with the fewest choices is told.
            let known = hunted.failures.iter_mut().find(same);
            if let Some((_, best, others)) = known {
                *others += 1;
                if best.path.picks.len() <= found.path.picks.len() {
                    continue;
                }
            }
            let mut also = |entry: &Entry, path: &Path, start: Time, report: &Report| {
                compared(other, theirs.as_mut(), entry, path, start, report)
            };
            let first = ground.moments[0];
            let short = search.shrink(found, first, &ground, &mut simulation, &mut also);
            match hunted.failures.iter_mut().find(same) {
                Some((entry, best, _)) => (*entry, *best) = (search.entry.clone(), short),
                None => hunted.failures.push((search.entry.clone(), short, 0)),
            }
        }
    }
    let place = |(_, f, _): &(Entry, Found, usize)| {
        let source = f.broken.source.as_ref();
        (
            f.broken.property,
            f.broken.mark,
            source.map(|s| (s.file.clone(), s.line)),
            f.broken.detail.clone(),
        )
    };
    hunted.failures.sort_by_key(place);
    hunted
}

fn compared(
    other: Option<&Other>,
    theirs: Option<&mut Simulation>,
    entry: &Entry,
    path: &Path,
    start: Time,
    report: &Report,
) -> Vec<Broken> {
    match (other, theirs) {
        (Some(other), Some(theirs)) => {
            let broken = other.compare(theirs, entry, path, start, report);
            broken.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

pub(crate) fn simulation(suite: &Suite, bounds: Bounds) -> Simulation {
    let mut simulation = suite.simulation();
    bound(&mut simulation, bounds.steps, FUEL);
    simulation
}

fn locked(search: &Mutex<Search>) -> std::sync::MutexGuard<'_, Search> {
    search.lock().unwrap_or_else(PoisonError::into_inner)
}
