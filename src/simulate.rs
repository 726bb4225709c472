//! `strowger simulate`: one call through a dialplan in a made-up world, in virtual time.

mod asking;
mod drawn;

use crate::scene::{Scene, place};
use crate::{batch, load, story};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use strowger_compiler::{Options, Sources, compile};
use strowger_runtime::channel::End;
use strowger_runtime::sim::Simulation;
use strowger_vm::{Inputs, Place, Trace};

/// Run one call through a dialplan in a made-up world, in virtual time
///
/// Prints each step with its arguments, what the world answered, which variables it set, and where a jump went. Nothing outside is
/// touched. An endpoint of which nobody says what it does cannot be reached, and the trace says so. Each prompt lasts a second.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger simulate /etc/asterisk default,61 --answer 'SIP/61=busy after 5s'
  strowger simulate extensions.conf office,0493012345 --callerid '\"Anna\" <61>' --set LIMIT=3
  strowger simulate /etc/asterisk default,61 --interactive
  strowger simulate plan.dialc ivr,s,1 --dtmf 12# --at '2026-03-02 10:00 Europe/Berlin'
  strowger simulate extensions.conf office,61 --answer 'PJSIP/61=answers after 2s, hangs up after 60s' --json

An endpoint answers, is busy, noanswer, congestion, unavailable, or refuses; `after 5s` says when; one that answers
hangs up after 10 s unless `hangs up after 60s` or `never hangs up` is said.")]
pub(crate) struct Args {
    /// A configuration directory, a dialplan file, or a compiled plan (.dialc)
    #[arg(required_unless_present = "batch")]
    path: Option<PathBuf>,
    /// Where the call enters: CONTEXT,EXTEN or CONTEXT,EXTEN,PRIORITY
    #[arg(required_unless_present = "batch")]
    start: Option<String>,
    #[command(flatten)]
    scene: Scene,
    /// The whole story as one JSON object
    #[arg(long)]
    json: bool,
    /// Ask what each endpoint does that is called, and what the caller presses; draws the call as a ladder
    #[arg(long, conflicts_with = "json")]
    interactive: bool,
    /// Draw the call as a ladder: the caller, the exchange, and whom it calls
    #[arg(long, conflicts_with = "json")]
    ladder: bool,
    #[command(flatten)]
    release: load::Release,
    /// One JSON object a line: id, text, start in; trace, vars, globals, hangupcause, stalled out
    #[arg(long, conflicts_with_all = ["path", "start", "answers", "sets", "callerid", "dtmf", "at", "json", "interactive", "ladder", "asterisk_version"])]
    batch: bool,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if args.batch {
        return batch::answer(batch_case);
    }
    match simulate(&args) {
        Ok(code) => code,
        Err(fault) => load::cannot(&fault),
    }
}

fn simulate(args: &Args) -> Result<ExitCode, String> {
    let (Some(path), Some(start)) = (&args.path, &args.start) else {
        return Ok(ExitCode::from(2)); // clap has asked for them
    };
    let place = place(start)?;
    let scene = args.scene.read()?;
    let program = load::program(path, args.release)?;
    let context = String::from_utf8_lossy(&place.context);
    if !program.module.has_context(&place.context) {
        return Err(load::no_context(&program.module, &context));
    }
    let mut simulation = scene.simulation(&program);
    let entry = scene.entry(&mut simulation, place.clone());
    let began = simulation.world.now;
    let inputs = Inputs {
        now: began,
        globals: Arc::clone(&simulation.world.globals),
        system: Arc::clone(&simulation.world.system),
    };
    let number = entry.party.caller.number.as_deref();
    if place.priority == 1
        && !program
            .module
            .exists(&inputs, &place.context, &place.exten, number)
    {
        let exten = String::from_utf8_lossy(&place.exten);
        eprintln!(
            "strowger: note: nothing in [{context}] matches {exten} (strowger match {} {context} {exten} tells why)",
            path.display()
        );
    }
    if args.interactive {
        simulation.world.ask = Some(Box::new(asking::Asking::begin(began)));
    }
    let caller = number.map_or_else(
        || "caller".to_owned(),
        |number| String::from_utf8_lossy(number).into_owned(),
    );
    let ran = simulation.run(entry);
    let lines = story::lines(&simulation.world.trace, &simulation.world.answers);
    let left = ran.vm.variables();
    if args.json {
        println!(
            "{}",
            story::object(&lines, began, &ran.end, &left, &simulation.world)
        );
    } else {
        if args.ladder || args.interactive {
            let number = String::from_utf8_lossy(&place.exten);
            let world = &simulation.world;
            print!(
                "{}",
                drawn::ladder(world, began, &caller, &number, &ran.end)
            );
        } else {
            print!("{}", story::told(&lines, began));
        }
        println!("{}", story::ending(&ran.end, simulation.world.stalled));
        for (name, value) in left.iter().filter(|(_, value)| !value.is_empty()) {
            println!(
                "    {} = {}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value)
            );
        }
    }
    Ok(if matches!(ran.end, End::Fault(_)) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
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
        .and_then(|s| place(s).ok())
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
