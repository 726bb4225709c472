//! The search: paths in order of the number of their choices, each run from its start. A state that was seen is not gone on from again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use foldhash::{HashSet, HashSetExt};
use strowger_runtime::End;
use strowger_runtime::sim::{Report, Scenario, Simulation};
use strowger_vm::Time;

use super::entries::Entry;
use super::keys::Keys;
use super::marks::{self, Mark};
use super::path::{Path, Pick};
use super::points::{Asked, asked};
use super::property::{Asking, Broken, broken, loop_of};
use crate::testing::{Finder, Hits};

/// Most choices of one path.
pub(crate) const DEPTH: usize = 12;
/// States that are remembered for one number.
const STATES: usize = 200_000;
/// Paths that wait for one number.
const WAITING: usize = 200_000;
/// Choices that are followed from one run.
const POINTS: usize = 500;
/// Failures that are kept of one number.
const KEPT: usize = 50;

/// What the searches of all numbers have in common.
pub(crate) struct Ground<'s> {
    pub(crate) asking: Asking,
    /// What was seen without running anything.
    pub(crate) marks: &'s [Mark],
    pub(crate) moments: Vec<Time>,
    /// Effects of one call.
    pub(crate) steps: u32,
    pub(crate) finder: Finder<'s>,
}

/// How much was looked at, and what was left out for a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: usize,
    pub(crate) states: usize,
    pub(crate) choices: usize,
    /// Paths with more choices than are made.
    pub(crate) too_deep: usize,
    /// Paths that found no place, or states that were not remembered.
    pub(crate) too_many: usize,
    /// Paths that were found and not run.
    pub(crate) waiting: usize,
    /// Random numbers that came out one way only.
    pub(crate) drawn: usize,
}

impl Counts {
    /// Whether nothing was left out for a bound.
    pub(crate) fn complete(self) -> bool {
        self.too_deep + self.too_many + self.waiting + self.drawn == 0
    }

    pub(crate) fn add(&mut self, other: Counts) {
        self.calls += other.calls;
        self.states += other.states;
        self.choices += other.choices;
        self.too_deep += other.too_deep;
        self.too_many += other.too_many;
        self.waiting += other.waiting;
        self.drawn += other.drawn;
    }
}

/// A path that breaks something.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) broken: Broken,
    pub(crate) path: Path,
    pub(crate) start: Time,
}

/// The search from one number.
pub(crate) struct Search {
    pub(crate) entry: Entry,
    queue: VecDeque<Waiting>,
    visited: HashSet<u64>,
    pub(crate) counts: Counts,
    pub(crate) found: Vec<Found>,
    /// What nobody serves here.
    pub(crate) unserved: HashSet<String>,
    /// Loops that are known not to end.
    endless: HashSet<String>,
}

struct Waiting {
    path: Path,
    moment: usize,
    /// The effect at which the last choice was made.
    after: Option<usize>,
}

impl Search {
    pub(crate) fn new(entry: Entry, moments: usize) -> Search {
        Search {
            entry,
            queue: (0..moments)
                .map(|moment| Waiting {
                    path: Path::default(),
                    moment,
                    after: None,
                })
                .collect(),
            visited: HashSet::new(),
            counts: Counts::default(),
            found: Vec::new(),
            unserved: HashSet::new(),
            endless: HashSet::new(),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.queue.is_empty()
    }

    /// Runs at most so many calls, and counts in `hits` what they come by. `also` sees each run.
    pub(crate) fn go(
        &mut self,
        ground: &Ground<'_>,
        simulation: &mut Simulation,
        keys: &mut Keys<'_>,
        calls: usize,
        hits: &mut Hits,
        also: &mut dyn FnMut(&Entry, &Path, Time, &Report) -> Vec<Broken>,
    ) {
        for _ in 0..calls {
            let Some(waiting) = self.queue.pop_front() else {
                break;
            };
            let start = ground.moments[waiting.moment];
            let scenario = waiting.path.scenario(&self.entry.scenario, start);
            let report = self.play(simulation, &scenario, ground.steps);
            self.counts.calls += 1;
            ground.finder.count(&scenario, &report, hits);
            let hung_up = waiting.path.hangs_up();
            let mut wrong = broken(&report, hung_up, &ground.asking);
            wrong.extend(marks::shown(ground.marks, &self.entry, &report));
            wrong.extend(also(&self.entry, &waiting.path, start, &report));
            for broken in wrong {
                if self.found.len() < KEPT && !self.found.iter().any(|f| f.broken.is(&broken)) {
                    let path = waiting.path.clone();
                    self.found.push(Found {
                        broken,
                        path,
                        start,
                    });
                }
            }
            for one in &report.unmocked {
                use strowger_runtime::sim::report::Kind;
                if matches!(one.kind, Kind::Function | Kind::Application) {
                    let name = String::from_utf8_lossy(&one.what).into_owned();
                    self.unserved.insert(name);
                }
            }
            let asked = asked(&report, keys, waiting.moment as u64);
            self.expand(&waiting, asked);
        }
        self.counts.states = self.visited.len();
        self.counts.waiting = self.queue.len();
    }

    /// Runs a call. One that seems not to end is given all its steps only if its loop is not known yet.
    fn play(&mut self, simulation: &mut Simulation, scene: &Arc<Scenario>, steps: u32) -> Report {
        bound(simulation, steps.min(FEW), SHORT);
        let report = simulation.play(scene);
        let call = report.calls.first();
        let Some(call) = call.filter(|c| matches!(c.end, Some(End::Fault(_)))) else {
            return report;
        };
        let (place, _) = loop_of(&report, call.channel);
        if self.endless.contains(&place) {
            return report;
        }
        bound(simulation, steps, FUEL);
        let report = simulation.play(scene);
        let call = report.calls.first();
        if call.is_some_and(|c| matches!(c.end, Some(End::Fault(_)))) {
            self.endless.insert(place);
        }
        report
    }

    /// Lines up the paths that part from one.
    fn expand(&mut self, from: &Waiting, asked: Asked) {
        self.counts.drawn += asked.drawn;
        let phones = matches!(from.path.picks.last(), Some(Pick::Phones(..)));
        let mut followed = 0;
        for point in asked.points {
            let ends = matches!(point.picks.first(), Some(Pick::HangUp(_)));
            let new = match from.after {
                None => true,
                Some(after) => point.rank > after || point.rank == after && ends && phones,
            };
            if !new || ends && from.path.hangs_up().is_some() {
                continue;
            }
            if self.visited.len() == STATES {
                self.counts.too_many += 1;
                continue;
            }
            if !self.visited.insert(point.state) {
                continue;
            }
            if from.path.picks.len() == DEPTH {
                self.counts.too_deep += point.picks.len();
                continue;
            }
            for pick in point.picks {
                followed += 1;
                if followed > POINTS || self.queue.len() == WAITING {
                    self.counts.too_many += 1;
                    continue;
                }
                self.counts.choices += 1;
                self.queue.push_back(Waiting {
                    path: from.path.with(pick),
                    moment: from.moment,
                    after: Some(point.rank),
                });
            }
        }
    }

    /// The shortest part of a path that still breaks the same.
    pub(crate) fn shrink(
        &self,
        found: &Found,
        first: Time,
        ground: &Ground<'_>,
        simulation: &mut Simulation,
        also: &mut dyn FnMut(&Entry, &Path, Time, &Report) -> Vec<Broken>,
    ) -> Found {
        bound(simulation, ground.steps, FUEL);
        let mut best = found.clone();
        let mut breaks = |path: &Path, start: Time| {
            let report = simulation.play(&path.scenario(&self.entry.scenario, start));
            let mut wrong = broken(&report, path.hangs_up(), &ground.asking);
            wrong.extend(marks::shown(ground.marks, &self.entry, &report));
            wrong.extend(also(&self.entry, path, start, &report));
            wrong.into_iter().find(|b| b.is(&found.broken))
        };
        if let Some(broken) = breaks(&best.path, first) {
            best.start = first;
            best.broken = broken;
        }
        let mut at = 0;
        while at < best.path.picks.len() {
            let mut path = best.path.clone();
            path.picks.remove(at);
            match breaks(&path, best.start) {
                Some(broken) => {
                    best.path = path;
                    best.broken = broken;
                }
                None => at += 1,
            }
        }
        best
    }
}

/// Bounds of a call.
pub(crate) fn bound(simulation: &mut Simulation, steps: u32, fuel: u32) {
    let limits = &mut simulation.world.limits;
    limits.effects = u64::from(steps);
    limits.fuel = fuel;
    limits.refills = 1;
}

/// Instructions without an effect, after which a call is taken to be in a loop.
pub(crate) const FUEL: u32 = 50_000;
/// The same of a call that is tried first, and its effects.
const SHORT: u32 = 2_000;
const FEW: u32 = 100;

/// The time of a call that ended.
pub(crate) fn elapsed(report: &Report) -> Duration {
    super::points::since(report.began, report.ended)
}
