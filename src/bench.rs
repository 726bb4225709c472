//! `strowger bench`: what a call through one's own plan costs.

use crate::load::{self, Program};
use crate::scene::{self, Ready, Scene};
use crate::story;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use strowger_runtime::channel::End;
use strowger_runtime::sim::Spent;
use strowger_vm::{Executed, Place, Trace};

/// Measure what a call through a plan costs: calls a second, time of a priority, the hottest lines
///
/// Runs the same call again and again in the simulator, each time in a fresh made-up world, as in simulate. The ratio is that to the
/// naive interpreter of the same program, which looks every step up and reads it as text, measured in turn with it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger bench extensions.conf office,61,1
  strowger bench /etc/asterisk from-outside,4930123 --callerid 4940999 --answer 'SIP/61=answers after 2s'
  strowger bench plan.dialc ivr,s --dtmf 12# --seconds 5 --json

What a Wait or a Dial takes is virtual and costs nothing here; shares of lines come from a run in slices and are estimates.")]
pub(crate) struct Args {
    /// A configuration directory, a dialplan file, or a compiled plan (.dialc)
    path: PathBuf,
    /// Where the call enters: CONTEXT,EXTEN or CONTEXT,EXTEN,PRIORITY
    start: String,
    #[command(flatten)]
    scene: Scene,
    /// How long to measure
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    seconds: f64,
    /// So many lines are listed
    #[arg(long, default_value_t = 10)]
    lines: usize,
    /// The figures as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    release: load::Release,
}

/// Longest measurement, in seconds.
const LONGEST: f64 = 600.0;
/// Most calls of each kind.
const CALLS: u64 = 10_000_000;
/// Calls that are timed together take about so long: the clock's own cost vanishes, and a disturbance spoils little.
const BATCH: Duration = Duration::from_micros(500);
/// Most calls that are timed together.
const TOGETHER: usize = 256;

/// A line of the plan.
struct Line {
    step: Executed,
    visits: u64,
    spent: Duration,
}

struct Figures {
    /// Steps and effects of one call.
    steps: u64,
    effects: usize,
    ending: String,
    calls: u64,
    /// Time of a call: of the compiled plan, and of the naive interpreter.
    call: Duration,
    naive: Duration,
    lines: Vec<Line>,
}

pub(crate) fn main(args: Args) -> ExitCode {
    match measure(&args) {
        Ok((place, figures)) => {
            if args.json {
                println!("{}", object(&place, &figures, args.lines));
            } else {
                print!("{}", told(&place, &figures, args.lines));
            }
            ExitCode::SUCCESS
        }
        Err(fault) => load::cannot(&fault),
    }
}

fn measure(args: &Args) -> Result<(Place, Figures), String> {
    let place = scene::place(&args.start)?;
    if !(0.01..=LONGEST).contains(&args.seconds) {
        return Err(format!("--seconds: write 0.01 to {LONGEST}"));
    }
    let scene = args.scene.read()?;
    let program = load::program(&args.path, args.release)?;
    program.module.prepare();
    if !program.module.has_context(&place.context) {
        let context = String::from_utf8_lossy(&place.context);
        return Err(load::no_context(&program.module, &context));
    }
    // One call with everything written down: what it does.
    let mut simulation = scene.simulation(&program);
    let entry = scene.entry(&mut simulation, place.clone());
    let ran = simulation.run(entry);
    let ending = story::ending(&ran.end, simulation.world.stalled);
    if let End::Fault(fault) = &ran.end {
        return Err(format!("the call cannot be measured: {fault}"));
    }
    let mut lines: HashMap<Place, Line> = HashMap::new();
    let mut steps = 0;
    for happened in simulation.world.trace {
        if let Trace::Step(step) = happened.what {
            steps += 1;
            let at = Place::new(&*step.context, &*step.exten, step.priority);
            let line = lines.entry(at).or_insert(Line {
                step,
                visits: 0,
                spent: Duration::ZERO,
            });
            line.visits += 1;
        }
    }
    if steps == 0 {
        return Err(format!(
            "{}: no step runs there\n  hint: strowger simulate {} {} shows why",
            args.start,
            args.path.display(),
            args.start
        ));
    }
    let budget = Duration::from_secs_f64(args.seconds);
    let bench = Bench {
        program: &program,
        scene: &scene,
        place: &place,
    };
    let (calls, call, naive) = bench.in_turn(budget.mul_f64(0.75));
    let spent = bench.profile(budget.mul_f64(0.25));
    for (place, took) in spent {
        if let Some(line) = lines.get_mut(&place) {
            line.spent += took;
        }
    }
    let mut lines = by_source(lines.into_values());
    lines.sort_by(|a, b| {
        b.spent
            .cmp(&a.spent)
            .then_with(|| source(&a.step).cmp(&source(&b.step)))
    });
    Ok((
        place,
        Figures {
            steps,
            effects: simulation.world.answers.len(),
            ending,
            calls,
            call,
            naive,
            lines,
        },
    ))
}

/// Places that are the same line of the plan, as one.
fn by_source(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut out: HashMap<String, Line> = HashMap::new();
    for line in lines {
        match out.get_mut(&source(&line.step)) {
            Some(sum) => {
                sum.visits += line.visits;
                sum.spent += line.spent;
            }
            None => {
                out.insert(source(&line.step), line);
            }
        }
    }
    out.into_values().collect()
}

struct Bench<'a> {
    program: &'a Program,
    scene: &'a Ready,
    place: &'a Place,
}

impl Bench<'_> {
    /// Runs some calls and returns the time of one.
    fn batch(&self, count: usize, naive: bool) -> Duration {
        let mut prepared = Vec::with_capacity(count);
        for _ in 0..count {
            let mut simulation = self.scene.simulation(self.program);
            simulation.world.record = false;
            simulation.world.limits.naive = naive;
            let entry = self.scene.entry(&mut simulation, self.place.clone());
            prepared.push((simulation, entry));
        }
        let mut ended = Vec::with_capacity(count);
        let began = Instant::now();
        for (simulation, entry) in &mut prepared {
            let entry = std::mem::replace(entry, self.nothing());
            ended.push(simulation.run(entry));
        }
        let took = began.elapsed();
        drop(ended);
        took / u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn nothing(&self) -> strowger_vm::Entry {
        strowger_vm::Entry::call(strowger_vm::Party::default(), Place::default())
    }

    /// Both interpreters in turn, so that what disturbs one disturbs the other: how many calls, and the median time of one.
    fn in_turn(&self, budget: Duration) -> (u64, Duration, Duration) {
        let together = |one: Duration| {
            let n = BATCH.as_nanos() / one.as_nanos().max(1);
            usize::try_from(n).unwrap_or(TOGETHER).clamp(1, TOGETHER)
        };
        let began = Instant::now();
        let fast = together(self.batch(1, false));
        let slow = together(self.batch(1, true));
        let (mut compiled, mut naive, mut calls) = (Vec::new(), Vec::new(), 0);
        while compiled.is_empty() || began.elapsed() < budget && calls < CALLS {
            compiled.push(self.batch(fast, false));
            naive.push(self.batch(slow, true));
            calls += fast as u64;
        }
        (calls, median(compiled), median(naive))
    }

    fn profile(&self, budget: Duration) -> Spent {
        let began = Instant::now();
        let mut spent = Spent::new();
        let mut calls = 0;
        while calls == 0 || began.elapsed() < budget && calls < CALLS {
            let mut simulation = self.scene.simulation(self.program);
            simulation.world.record = false;
            let entry = self.scene.entry(&mut simulation, self.place.clone());
            simulation.profile(entry, &mut spent);
            calls += 1;
        }
        spent
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn source(step: &Executed) -> String {
    match &step.source {
        Some(s) => format!("{}:{}", s.file, s.line),
        None => format!("{}", step.priority),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn nanoseconds(d: Duration) -> f64 {
    d.as_secs_f64() * 1e9
}

/// Three digits that matter, and a unit.
fn shown(ns: f64) -> String {
    let (value, unit) = match ns {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let digits = match value {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

fn told(place: &Place, f: &Figures, most: usize) -> String {
    let (call, naive) = (nanoseconds(f.call), nanoseconds(f.naive));
    let per = |ns: f64| ns / f.steps as f64;
    let mut out = format!(
        "{},{},{}: {} priorities and {} effects a call; {}\n",
        lossy(&place.context),
        lossy(&place.exten),
        place.priority,
        f.steps,
        f.effects,
        f.ending
    );
    out.push_str(&format!(
        "  calls       {:.0} a second, {} each ({} measured)\n",
        1e9 / call.max(1e-3),
        shown(call),
        f.calls
    ));
    out.push_str(&format!("  a priority  {}\n", shown(per(call))));
    out.push_str(&format!(
        "  naive       {} a priority: {:.1} times as long\n",
        shown(per(naive)),
        naive / call.max(1e-3)
    ));
    let all: Duration = f.lines.iter().map(|l| l.spent).sum();
    out.push_str("\n  visits  time  line\n");
    for line in f.lines.iter().take(most) {
        let step = format!(
            "{}({})",
            lossy(&line.step.application),
            lossy(&line.step.arguments)
        );
        let share = line.spent.as_secs_f64() / all.as_secs_f64().max(1e-12);
        out.push_str(&format!(
            "  {:>6}  {:>3.0}%  {:<24}  {}\n",
            line.visits,
            share * 100.0,
            source(&line.step),
            step.chars().take(60).collect::<String>()
        ));
    }
    if f.lines.len() > most {
        out.push_str(&format!(
            "                and {} more\n",
            f.lines.len() - most
        ));
    }
    out
}

fn object(place: &Place, f: &Figures, most: usize) -> Value {
    let (call, naive) = (nanoseconds(f.call), nanoseconds(f.naive));
    let all: Duration = f.lines.iter().map(|l| l.spent).sum();
    let lines: Value = f
        .lines
        .iter()
        .take(most)
        .map(|l| {
            json!({
                "source": source(&l.step),
                "application": lossy(&l.step.application),
                "visits": l.visits,
                "share": l.spent.as_secs_f64() / all.as_secs_f64().max(1e-12),
            })
        })
        .collect();
    json!({
        "start": { "context": lossy(&place.context), "exten": lossy(&place.exten), "priority": place.priority },
        "priorities": f.steps,
        "effects": f.effects,
        "ending": f.ending,
        "calls": f.calls,
        "calls_per_second": 1e9 / call.max(1e-3),
        "ns_per_call": call,
        "ns_per_priority": call / f.steps as f64,
        "naive_ns_per_priority": naive / f.steps as f64,
        "ratio": naive / call.max(1e-3),
        "lines": lines,
    })
}
