//! Which steps of the plan ran, and which ways on from them were taken: read from the traces of runs.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::gates::Gates;
use super::suite::Suite;
use strowger_compiler::coverage::{self, Reachable, Way};
use strowger_runtime::sim::report::Report;
use strowger_runtime::sim::scenario::Scenario;
use strowger_stdlib::dialect::Dialect;
use strowger_stdlib::status::DialStatus;
use strowger_stdlib::time::{Moment, Zone};
use strowger_vm::effect::{Answer, Effect};
use strowger_vm::{Executed, Time, Trace};

/// Pairs of steps that are remembered; only a plan that computes its targets has so many.
const PAIRS: usize = 1_000_000;

/// How often each step and each way was taken, by their numbers in [`Reachable`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Hits {
    pub(crate) steps: Vec<u64>,
    pub(crate) ways: Vec<Vec<u64>>,
    /// Each include with times: open, closed.
    pub(crate) gates: Vec<[u64; 2]>,
    /// Steps that were followed by another one on the same channel.
    pub(crate) followed: HashSet<(usize, usize)>,
}

impl Hits {
    /// Nothing ran yet.
    pub(crate) fn none(reachable: &Reachable) -> Hits {
        Hits {
            steps: vec![0; reachable.steps.len()],
            ways: reachable
                .steps
                .iter()
                .map(|s| vec![0; s.ways.len()])
                .collect(),
            gates: vec![[0; 2]; reachable.gates.len()],
            followed: HashSet::new(),
        }
    }

    /// Adds what others saw.
    pub(crate) fn add(&mut self, other: &Hits) {
        let more = |mine: &mut u64, theirs: &u64| *mine = mine.saturating_add(*theirs);
        for (mine, theirs) in self.steps.iter_mut().zip(&other.steps) {
            more(mine, theirs);
        }
        for (mine, theirs) in self.ways.iter_mut().zip(&other.ways) {
            mine.iter_mut().zip(theirs).for_each(|(m, t)| more(m, t));
        }
        for (mine, theirs) in self.gates.iter_mut().zip(&other.gates) {
            mine.iter_mut().zip(theirs).for_each(|(m, t)| more(m, t));
        }
        let room = PAIRS.saturating_sub(self.followed.len());
        self.followed.extend(other.followed.iter().take(room));
    }
}

/// Finds the steps that a trace names.
pub(crate) struct Finder<'r> {
    reachable: &'r Reachable,
    contexts: Vec<&'r [u8]>,
    dialect: Dialect,
    gates: Gates<'r>,
    /// By file and line.
    places: HashMap<&'r str, HashMap<u32, Vec<usize>>>,
}

impl<'r> Finder<'r> {
    /// For the plan of a suite.
    pub(crate) fn new(suite: &'r Suite) -> Finder<'r> {
        let (reachable, hir) = (&suite.reachable, &suite.loaded.compiled.hir);
        let sources = &suite.sources;
        let mut places: HashMap<&str, HashMap<u32, Vec<usize>>> = HashMap::default();
        for (n, step) in reachable.steps.iter().enumerate() {
            let file = sources.file(step.file).name();
            let lines = places.entry(file).or_default();
            lines.entry(step.line).or_default().push(n);
        }
        Finder {
            reachable,
            contexts: hir.contexts.iter().map(|c| c.name.as_slice()).collect(),
            dialect: hir.dialect,
            gates: Gates::new(reachable, hir, suite.module(), suite.globals()),
            places,
        }
    }

    /// The steps that one is; a file that several contexts include makes a step in each.
    fn find<'s>(&'s self, step: &'s Executed) -> impl Iterator<Item = usize> + 's {
        let here = step.source.as_ref().and_then(|source| {
            let file = self.places.get(source.file.as_str())?;
            file.get(&source.line)
        });
        let here = here.map(Vec::as_slice).unwrap_or_default();
        let same = |n: &usize| self.reachable.steps[*n].priority == step.priority;
        let own = |n: &usize| self.contexts[self.reachable.steps[*n].context] == step.context;
        let has_own = here.iter().any(|n| same(n) && own(n));
        let found = here.iter().copied();
        found.filter(move |n| same(n) && (!has_own || own(n)))
    }

    /// Counts what a run reached.
    pub(crate) fn count(&self, scenario: &Scenario, report: &Report, hits: &mut Hits) {
        let zone = &scenario.zone.clone().unwrap_or_else(Zone::utc);
        self.look_ups(scenario, report, zone, hits);
        // Of each channel: its last step, and what came of it so far.
        let mut open: HashMap<usize, Open<'_>> = HashMap::new();
        let mut answers = report.answers.iter().peekable();
        let mut answered = |open: &mut HashMap<usize, Open<'_>>, before: usize| {
            while let Some(a) = answers.next_if(|a| a.before <= before) {
                if let Some(open) = open.get_mut(&a.channel) {
                    open.hear(&a.effect, &a.reply.answer);
                }
            }
        };
        for (n, happened) in report.trace.iter().enumerate() {
            answered(&mut open, n);
            match &happened.what {
                Trace::Step(step) => {
                    let test_time = open.get(&happened.channel).and_then(|o| o.test_time);
                    let new = Open {
                        step,
                        at: happened.at,
                        status: None,
                        keys: Vec::new(),
                        silent: false,
                        test_time,
                    };
                    if let Some(last) = open.insert(happened.channel, new) {
                        self.close(&last, Some(step), zone, hits);
                    }
                }
                Trace::Set { name, value } => {
                    let Some(open) = open.get_mut(&happened.channel) else {
                        continue;
                    };
                    let text = value.as_deref().unwrap_or_default();
                    match name.as_slice() {
                        b"DIALSTATUS" => open.status = DialStatus::read(text).or(open.status),
                        b"TESTTIME" => {
                            let seconds = std::str::from_utf8(text)
                                .ok()
                                .and_then(|t| t.trim().parse().ok());
                            open.test_time = seconds.map(Time::from_seconds);
                        }
                        _ => {}
                    }
                }
                Trace::Note { .. } => {}
            }
        }
        answered(&mut open, usize::MAX);
        for last in open.values() {
            self.close(last, None, zone, hits);
        }
    }

    /// Counts the includes that numbers were looked for in: the dialled ones, and those that the plan went to.
    fn look_ups(&self, scenario: &Scenario, report: &Report, zone: &Zone, hits: &mut Hits) {
        if self.gates.is_empty() {
            return;
        }
        let mut looks = |context: &[u8], exten: &[u8], at: Time| {
            self.gates.count(context, exten, at, zone, &mut hits.gates);
        };
        for call in &scenario.calls {
            let at = i64::try_from(call.at.as_micros()).unwrap_or(i64::MAX);
            let at = Time(scenario.start.0.saturating_add(at));
            looks(&call.context, &call.exten, at);
        }
        let mut last: HashMap<usize, &Executed> = HashMap::new();
        for happened in &report.trace {
            let Trace::Step(step) = &happened.what else {
                continue;
            };
            let before = last.insert(happened.channel, step);
            let is_new = match before {
                Some(b) => b.context != step.context || b.exten != step.exten,
                // The first step of a call is at the number that was dialled, which is counted above.
                None => !scenario
                    .calls
                    .iter()
                    .any(|c| c.context == step.context && c.exten == step.exten),
            };
            if is_new {
                looks(&step.context, &step.exten, happened.at);
            }
        }
    }

    /// Counts a step once it is known what came of it.
    fn close(&self, open: &Open<'_>, next: Option<&Executed>, zone: &Zone, hits: &mut Hits) {
        let step = open.step;
        let app = String::from_utf8_lossy(&step.application);
        let now = open
            .test_time
            .filter(|_| app.eq_ignore_ascii_case("gotoiftime"));
        let moment = Moment::from_seconds(now.unwrap_or(open.at).seconds());
        let held = coverage::held(&self.dialect, app.trim(), &step.arguments, moment, zone);
        let chosen = next.is_some_and(|n| {
            n.priority == 1 && open.keys.starts_with(&n.exten) && n.exten.len() == open.keys.len()
        });
        for n in self.find(step) {
            if hits.followed.len() < PAIRS {
                let after = next.into_iter().flat_map(|next| self.find(next));
                hits.followed.extend(after.map(|after| (n, after)));
            }
            hits.steps[n] += 1;
            for (w, way) in self.reachable.steps[n].ways.iter().enumerate() {
                let taken = match way {
                    Way::Status(status) => open.status == Some(*status),
                    Way::Then => held == Some(true),
                    Way::Else => held == Some(false),
                    Way::Chosen => !open.keys.is_empty() && chosen,
                    Way::Invalid => !open.keys.is_empty() && !chosen,
                    Way::Silence => open.keys.is_empty() && open.silent,
                    // Of includes, not of steps.
                    Way::Open | Way::Closed => false,
                };
                hits.ways[n][w] += u64::from(taken);
            }
        }
    }
}

/// A step of which it is not known yet what comes of it.
struct Open<'t> {
    step: &'t Executed,
    at: Time,
    status: Option<DialStatus>,
    /// Keys that it was given.
    keys: Vec<u8>,
    /// It waited for a key, or played, and none came.
    silent: bool,
    test_time: Option<Time>,
}

impl Open<'_> {
    fn hear(&mut self, effect: &Effect, answer: &Answer) {
        if !matches!(
            effect,
            Effect::Digit { .. } | Effect::Play(_) | Effect::Say { .. }
        ) {
            return;
        }
        match answer {
            Answer::Digit(key) => self.keys.push(*key),
            Answer::Done => self.silent = true,
            _ => {}
        }
    }
}
