//! `--hangups`: the callers of each test hang up wherever they wait, and nothing must be left behind.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use strowger_runtime::sim::scenario::{HangUp, Scenario};
use strowger_runtime::sim::{Report, Simulation};
use strowger_vm::{Executed, Time, Trace};

use super::find;
use super::init::scalar;
use super::report::Format;
use crate::check::progress::Progress;
use crate::explore::property::{Broken, Property, left};
use crate::load;
use crate::testing::{Case, Stands, Suite};

/// Most hang-ups of one test.
const MOST: usize = 500;
/// Hang-ups at the same step: a loop waits there again and again.
const PER_STEP: usize = 2;
/// So long something may go on after a hang-up.
const GRACE: Duration = Duration::from_secs(60);

/// A hang-up that leaves something behind.
struct Found {
    case: usize,
    call: usize,
    effect: u32,
    /// Where the caller hangs up: `Dial at office,61,1 (extensions.conf:3)`.
    place: String,
    /// When the call began and when the caller hung up, from the beginning.
    began: Duration,
    at: Duration,
    /// The `h` that would run: `office,h,1`.
    h: String,
    broken: Broken,
}

/// What became of one test.
#[derive(Default)]
struct Tried {
    hang_ups: usize,
    /// There are more moments than were tried.
    cut: bool,
    found: Vec<Found>,
}

/// Tries them and tells what was left behind: the exit status.
pub(crate) fn main(
    paths: &[PathBuf],
    filter: Option<&str>,
    format: Format,
    jobs: usize,
    seed: Option<u64>,
) -> u8 {
    if !matches!(format, Format::Human | Format::Json) {
        load::cannot("hang-ups are told to people or as JSON\n  hint: --format json");
        return 2;
    }
    let (files, faults) = find::files(paths);
    let mut worst = 0;
    for fault in &faults {
        load::cannot(fault);
        worst = 2;
    }
    let mut out = std::io::stdout().lock();
    let (mut tests, mut hang_ups, mut failures) = (0, 0, 0);
    for file in files {
        let suite = match Suite::open_with(&file, seed) {
            Ok(suite) => suite,
            Err(refused) => {
                load::cannot(&refused.to_string());
                worst = 2;
                continue;
            }
        };
        let cases = super::chosen(&suite, filter);
        let tried = all(&suite, &cases, jobs);
        tests += cases.len();
        hang_ups += tried.iter().map(|t| t.hang_ups).sum::<usize>();
        failures += tried.iter().map(|t| t.found.len()).sum::<usize>();
        // The reader has gone: nobody is to be told.
        let _ = say(&mut out, &suite, &cases, &tried, format);
    }
    if tests == 0 {
        if worst == 0 {
            load::cannot("there are no tests (*.test.yaml, or `test` in .dial)");
        }
        return 2;
    }
    let _ = match format {
        Format::Json => writeln!(
            out,
            "{}",
            json!({ "summary": { "tests": tests, "hang_ups": hang_ups, "failures": failures } })
        ),
        _ => writeln!(
            out,
            "{hang_ups} hang-ups in {tests} tests, {failures} of them leave something behind"
        ),
    };
    if failures > 0 { worst.max(1) } else { worst }
}

fn all(suite: &Suite, cases: &[usize], jobs: usize) -> Vec<Tried> {
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<usize, Tried>> = Mutex::new(BTreeMap::new());
    let progress = Mutex::new(Progress::begin("hanging up"));
    let work = || {
        let mut simulation = suite.simulation();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(n) else { break };
            let tried = one(suite, *case, &mut simulation);
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.insert(n, tried);
            let progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            progress.at(&format!("{} of {} tests", results.len(), cases.len()));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.clamp(1, cases.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut progress = progress
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    progress.end();
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_values().collect()
}

/// One test: as it is, and then with each hang-up.
fn one(suite: &Suite, number: usize, simulation: &mut Simulation) -> Tried {
    let scenario = &suite.cases[number].scenario;
    let usual = simulation.play(scenario);
    let mut tried = Tried::default();
    for call in 0..scenario.calls.len() {
        for moment in moments(&usual, call) {
            if tried.hang_ups == MOST {
                tried.cut = true;
                return tried;
            }
            tried.hang_ups += 1;
            let report = simulation.play(&with(scenario, call, moment.effect));
            let Some((at, last)) = hung_up(&report, call, moment.effect) else {
                continue;
            };
            let h = format!("{},h,1", String::from_utf8_lossy(&last.context));
            let broken = left(&report, call, at).or_else(|| without_h(suite, &report, call, last));
            if let Some(broken) = broken
                && !tried
                    .found
                    .iter()
                    .any(|f| f.call == call && f.broken.is(&broken))
            {
                let began = since(report.began, report.calls[call].began);
                tried.found.push(Found {
                    case: number,
                    call,
                    effect: moment.effect,
                    place: moment.place,
                    began,
                    at,
                    h,
                    broken,
                });
            }
        }
    }
    tried
}

/// Where a caller waits.
struct Moment {
    effect: u32,
    place: String,
}

/// Each moment at which the channel of a call asks something of the world, up to its end.
fn moments(report: &Report, call: usize) -> Vec<Moment> {
    let own = report.calls.get(call).and_then(|c| c.channel);
    let mut tries: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = Vec::new();
    let mut asked = report.answers.iter().filter(|a| Some(a.channel) == own);
    for effect in 0.. {
        let Some(answer) = asked.next() else { break };
        let Some(last) = last_step(report, own, answer.before) else {
            continue;
        };
        if last.exten == b"h" {
            break;
        }
        let place = place(last);
        let kind = format!("{place} {:?}", std::mem::discriminant(&answer.effect));
        let tries = tries.entry(kind).or_default();
        *tries += 1;
        if *tries <= PER_STEP {
            out.push(Moment { effect, place });
        }
    }
    out
}

fn last_step(report: &Report, channel: Option<usize>, before: usize) -> Option<&Executed> {
    let trace = report.trace.get(..before)?;
    trace.iter().rev().find_map(|h| match &h.what {
        Trace::Step(step) if Some(h.channel) == channel => Some(step),
        _ => None,
    })
}

fn place(step: &Executed) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let source = step.source.as_ref();
    let line = source.map_or(String::new(), |s| format!(" ({}:{})", s.file, s.line));
    format!(
        "{} at {},{},{}{line}",
        text(&step.application),
        text(&step.context),
        text(&step.exten),
        step.priority
    )
}

fn with(scenario: &Scenario, call: usize, effect: u32) -> Arc<Scenario> {
    let mut scenario = scenario.clone();
    if let Some(call) = scenario.calls.get_mut(call) {
        call.hangs_up = Some(HangUp::AtEffect(effect));
    }
    Arc::new(scenario)
}

/// When a caller hung up, and during which step; none if the run never came so far.
fn hung_up(report: &Report, call: usize, effect: u32) -> Option<(Duration, &Executed)> {
    let own = report.calls.get(call)?.channel;
    let mut asked = report.answers.iter().filter(|a| Some(a.channel) == own);
    let answer = asked.nth(effect as usize)?;
    let last = last_step(report, own, answer.before)?;
    Some((since(report.began, answer.asked), last))
}

/// `h` of the context in which the call stood is there, and has not run.
fn without_h(suite: &Suite, report: &Report, call: usize, last: &Executed) -> Option<Broken> {
    let of = report.calls.get(call)?;
    if !of.end.as_ref()?.hung_up() {
        return None;
    }
    let inputs = strowger_vm::Inputs {
        now: report.ended,
        globals: Arc::clone(&report.globals),
        system: Arc::default(),
    };
    suite.module().find(&inputs, &last.context, b"h", None)?;
    let ran = report.trace.iter().any(|h| {
        Some(h.channel) == of.channel && matches!(&h.what, Trace::Step(s) if s.exten == b"h")
    });
    (!ran).then(|| Broken {
        property: Property::P005,
        message: "the caller has hung up, and `h` does not run".to_owned(),
        source: last.source.clone(),
        label: "here the caller hangs up".to_owned(),
        detail: "h".to_owned(),
        mark: None,
    })
}

fn since(from: Time, to: Time) -> Duration {
    Duration::from_micros(u64::try_from(to.0 - from.0).unwrap_or(0))
}

fn say(
    out: &mut impl Write,
    suite: &Suite,
    cases: &[usize],
    tried: &[Tried],
    format: Format,
) -> std::io::Result<()> {
    if format == Format::Human && !cases.is_empty() {
        writeln!(out, "{}", suite.shown)?;
    }
    for (case, tried) in cases.iter().zip(tried) {
        let case = &suite.cases[*case];
        if format == Format::Json {
            for found in &tried.found {
                let source = found.broken.source.as_ref();
                let object = json!({
                    "suite": suite.shown,
                    "name": case.name,
                    "hangs_up_during": found.place,
                    "message": found.broken.message,
                    "file": source.map(|s| &s.file),
                    "line": source.map(|s| s.line),
                    "test": test(suite, found),
                });
                writeln!(out, "{object}")?;
            }
            continue;
        }
        let word = if tried.found.is_empty() {
            "ok  "
        } else {
            "FAIL"
        };
        let s = if tried.hang_ups == 1 { "" } else { "s" };
        let cut = if tried.cut {
            ", and more that were not tried"
        } else {
            ""
        };
        writeln!(
            out,
            "  {word}  {}   ({} hang-up{s}{cut})",
            case.name, tried.hang_ups
        )?;
        for found in &tried.found {
            writeln!(out, "        hangs up during {}", found.place)?;
            let source = found.broken.source.as_ref();
            let line = source.map_or(String::new(), |s| format!("{}:{}: ", s.file, s.line));
            writeln!(out, "        {line}{}", found.broken.message)?;
            writeln!(out, "        as a test:")?;
            for line in test(suite, found).lines() {
                writeln!(out, "          {line}")?;
            }
        }
    }
    Ok(())
}

/// The test with this hang-up, as the file of tests says one; what a block cannot say stands in a test file.
fn test(suite: &Suite, found: &Found) -> String {
    let listed = listed(suite, found);
    let block = || {
        let case = suite.told(&listed)?;
        suite.as_block(&case, Stands::InPlan)
    };
    match suite.cases[found.case].in_dial {
        true => block().unwrap_or(listed),
        false => listed,
    }
}

/// The same as a member of the list `tests`.
fn listed(suite: &Suite, found: &Found) -> String {
    let case: &Case = &suite.cases[found.case];
    let who = match case.scenario.calls.len() {
        1 => String::new(),
        _ => format!("call {} ", found.call + 1),
    };
    let name = format!("{}, and {who}hangs up during {}", case.name, found.place);
    let mut out = format!("- name: {}\n", serde_json::Value::from(name));
    let hangs_up = format!("{{ at effect: {} }}", found.effect);
    let expect = match found.broken.detail.as_str() {
        "h" => format!("path: [..., {}, ...]", scalar(&found.h)),
        "" => {
            let until = found.at.saturating_sub(found.began) + GRACE;
            format!(
                "reason: hung up, time: \"< {}\"",
                crate::explore::span(until)
            )
        }
        leg => format!("never dialed: [{}]", scalar(leg)),
    };
    let written = suite.written(case);
    let entries = written.as_ref().map(|n| n.entries()).unwrap_or_default();
    for (key, value) in entries {
        let value = match key.name.as_str() {
            "name" | "expect" | "hangs up" => continue,
            "dial" => scalar(case.dialled.first().map_or("", |d| &d.number)),
            "calls" => {
                out.push_str("  calls:\n");
                for (n, call) in value.items().iter().enumerate() {
                    let mut line = call.without(&["expect", "hangs up"]).flow();
                    if n == found.call {
                        line.truncate(line.len() - 2);
                        let _ = write!(line, ", hangs up: {hangs_up}, expect: {{ {expect} }} }}");
                    }
                    let _ = writeln!(out, "    - {line}");
                }
                continue;
            }
            _ => value.flow(),
        };
        let _ = writeln!(out, "  {}: {value}", key.name);
    }
    if entries.iter().any(|(key, _)| key.name == "calls") {
        // What counts stands at the call.
        out.push_str("  expect: { logs: [] }\n");
    } else {
        let _ = writeln!(out, "  hangs up: {hangs_up}");
        let _ = writeln!(out, "  expect: {{ {expect} }}");
    }
    out
}
