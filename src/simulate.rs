//! `strowger simulate`: one call through a dialplan in a made-up world, in virtual time.

use crate::moment::Moment;
use crate::{batch, load};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use strowger_compiler::{Options, Sources, compile};
use strowger_runtime::channel::End;
use strowger_runtime::sim::{Behaviour, Ran, Simulation};
use strowger_vm::{Identity, Place, Trace};

/// Run one call through a dialplan in a made-up world, in virtual time
///
/// Nothing outside is touched. An endpoint of which nobody says what it does cannot be reached, and the trace says so.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A configuration directory, or a dialplan file
    #[arg(required_unless_present = "batch")]
    path: Option<PathBuf>,
    /// Where the call enters: CONTEXT,EXTEN or CONTEXT,EXTEN,PRIORITY
    #[arg(required_unless_present = "batch")]
    start: Option<String>,
    /// What an endpoint does: SIP/61=answers, =answers:2s, =busy, =noanswer, =congestion, =refuses, =unavailable
    #[arg(long = "given", value_name = "ENDPOINT=WHAT")]
    given: Vec<String>,
    /// The caller's number
    #[arg(long)]
    callerid: Option<String>,
    /// Keys that the caller presses, one at each wait for one
    #[arg(long)]
    digits: Option<String>,
    /// The moment in UTC, as 2026-03-11T12:30:00Z
    #[arg(long)]
    now: Option<String>,
    /// One JSON object a line: id, text, start in; trace, vars, globals, hangupcause, stalled out
    #[arg(long, conflicts_with_all = ["path", "start", "given", "callerid", "digits", "now"])]
    batch: bool,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if args.batch {
        return batch::answer(batch_case);
    }
    let (Some(path), Some(start)) = (args.path, args.start) else {
        return ExitCode::from(2); // clap has asked for them
    };
    let Some(place) = place(&start) else {
        eprintln!("strowger simulate: {start}: write CONTEXT,EXTEN or CONTEXT,EXTEN,PRIORITY");
        return ExitCode::from(2);
    };
    let program = match load::program(&path) {
        Ok(program) => program,
        Err(fault) => return load::cannot(&fault),
    };
    let mut simulation = Simulation::new(Arc::clone(&program.module));
    simulation.world.globals = program.globals;
    simulation.world.prompt_ms = Some(1_000);
    simulation.world.digits = args.digits.unwrap_or_default().into_bytes().into();
    match Moment::option("--now", args.now.as_deref()) {
        Ok(moment) => simulation.world.now = moment.time,
        Err(fault) => return load::cannot(&fault),
    }
    for given in &args.given {
        let Some((endpoint, does)) = given
            .split_once('=')
            .and_then(|(e, what)| Some((e, behaviour(what)?)))
        else {
            eprintln!(
                "strowger simulate: --given {given}: write ENDPOINT=answers, answers:2s, busy, noanswer, congestion, refuses or unavailable"
            );
            return ExitCode::from(2);
        };
        simulation.world.endpoint(endpoint.as_bytes(), does);
    }
    let mut party = simulation.party();
    if let Some(number) = args.callerid {
        party.caller = Identity::new("", number);
    }
    let began = simulation.world.now;
    let ran = simulation.run(strowger_vm::Entry::call(party, place));
    let mut last = String::new();
    for happened in &simulation.world.trace {
        let seconds = (happened.at.0 - began.0) as f64 / 1e6;
        let who = if happened.channel == 0 {
            String::new()
        } else {
            format!(" #{}", happened.channel)
        };
        let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        match &happened.what {
            Trace::Step(step) => {
                let at = format!(
                    "{},{},{}",
                    lossy(&step.context),
                    lossy(&step.exten),
                    step.priority
                );
                let source = step
                    .source
                    .as_ref()
                    .map(|s| format!("{}:{}", s.file, s.line))
                    .unwrap_or_default();
                let time = format!("{seconds:>8.3}");
                let shown = if time == last {
                    " ".repeat(8)
                } else {
                    time.clone()
                };
                last = time;
                println!(
                    "{shown}{who}  {at:<24} {}({})   {source}",
                    lossy(&step.application),
                    lossy(&step.arguments)
                );
            }
            Trace::Note { text, .. } => println!("        {who}    {text}"),
            Trace::Set { .. } => {}
        }
    }
    println!("{}", ending(&ran, simulation.world.stalled));
    for (name, value) in ran.vm.variables() {
        println!(
            "    {} = {}",
            String::from_utf8_lossy(&name),
            String::from_utf8_lossy(&value)
        );
    }
    if matches!(ran.end, End::Fault(_)) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn ending(ran: &Ran, stalled: bool) -> String {
    match &ran.end {
        _ if stalled => "the call would still be there".into(),
        End::Done(outcome) => format!("the call is over, cause {}", outcome.cause),
        End::Returned(_) => "the subroutine returned".into(),
        End::Fault(fault) => format!("{fault}"),
    }
}

/// `context,exten[,priority]`.
fn place(text: &str) -> Option<Place> {
    let mut parts = text.split(',');
    let (context, exten) = (parts.next()?, parts.next()?);
    let priority = parts.next().map_or(Some(1), |p| p.trim().parse().ok())?;
    (parts.next().is_none() && priority > 0).then(|| Place::new(context, exten, priority))
}

fn behaviour(what: &str) -> Option<Behaviour> {
    let (word, after) = what
        .split_once(':')
        .map_or((what, None), |(w, a)| (w, Some(a)));
    let after_ms = match after {
        None => 1_000,
        Some(text) => {
            (text
                .trim_end_matches('s')
                .parse::<f64>()
                .ok()
                .filter(|s| (0.0..86_400.0).contains(s))?
                * 1e3) as u64
        }
    };
    Some(match word {
        "answers" => Behaviour::Answers {
            after_ms,
            talks_ms: Some(10_000),
        },
        "busy" => Behaviour::Busy,
        "noanswer" => Behaviour::NoAnswer,
        "congestion" => Behaviour::Congestion,
        "refuses" => Behaviour::Refuses,
        "unavailable" => Behaviour::Unavailable,
        _ => return None,
    })
}

fn batch_case(case: &Map<String, Value>) -> Map<String, Value> {
    let compiled = compile(
        &Sources::plan(batch::text(case, "text")),
        &Options::default(),
    );
    let module = compiled.module.clone().unwrap_or_default();
    let mut simulation = Simulation::new(module);
    simulation.world.globals = load::globals(&compiled);
    let start = case
        .get("start")
        .and_then(Value::as_str)
        .and_then(place)
        .unwrap_or_else(|| Place::new("main", "s", 1));
    let ran = simulation.call(start);
    let trace: Value = simulation
        .world
        .trace
        .iter()
        .filter_map(|h| match &h.what {
            Trace::Step(step) => {
                let mut one = vec![
                    batch::string(&step.context),
                    batch::string(&step.exten),
                    json!(step.priority),
                    batch::string(&step.application),
                    batch::string(&step.arguments),
                ];
                if h.channel > 0 {
                    one.push(json!(h.channel));
                }
                Some(Value::Array(one))
            }
            _ => None,
        })
        .collect();
    let cause = match &ran.end {
        End::Done(outcome) => outcome.cause,
        End::Returned(_) | End::Fault(_) => 0,
    };
    let names = |pairs: Vec<(Vec<u8>, Vec<u8>)>| -> Value {
        pairs
            .into_iter()
            .map(|(k, v)| (String::from_utf8_lossy(&k).into_owned(), batch::string(&v)))
            .collect::<Map<_, _>>()
            .into()
    };
    let mut out = Map::new();
    out.insert("trace".into(), trace);
    out.insert("vars".into(), names(ran.vm.variables()));
    out.insert(
        "globals".into(),
        names(simulation.world.globals.0.clone().into_iter().collect()),
    );
    out.insert("hangupcause".into(), json!(cause));
    out.insert("stalled".into(), json!(simulation.world.stalled));
    out
}
