//! `strowger eval`: the value of a text with `${…}` and `$[…]`.

use crate::{batch, load, moment};
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::process::ExitCode;
use strowger_compiler::{Options, Sources, compile};
use strowger_runtime::channel::End;
use strowger_runtime::sim::Simulation;
use strowger_vm::{Place, Text, Trace};

/// Evaluate a text with ${...} and $[...] as a dialplan line would
///
/// Nothing outside is touched: the database and the environment start empty, and there are no devices.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The text, in quotes that keep your shell away from it
    #[arg(required_unless_present = "batch")]
    text: Option<String>,
    /// A channel variable, set before: NAME=VALUE
    #[arg(long = "var", short = 'v', value_name = "NAME=VALUE")]
    vars: Vec<String>,
    /// An application line to run before: Set(x=1)
    #[arg(long = "setup", value_name = "APP(ARGS)")]
    setup: Vec<String>,
    /// The extension in which it stands
    #[arg(long, default_value = "s")]
    exten: String,
    /// A plan whose globals and contexts it sees
    #[arg(long)]
    plan: Option<PathBuf>,
    /// One JSON object a line: id, input, vars, setup, exten in; value, value_hex or null out
    #[arg(long, conflicts_with_all = ["text", "vars", "setup", "exten", "plan"])]
    batch: bool,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if args.batch {
        return batch::answer(batch_case);
    }
    let Some(text) = args.text else {
        return ExitCode::from(2); // clap has asked for it
    };
    let mut variables = Vec::new();
    for pair in &args.vars {
        let Some((name, value)) = pair.split_once('=') else {
            eprintln!("strowger eval: --var {pair}: write NAME=VALUE");
            return ExitCode::from(2);
        };
        variables.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    }
    let mut simulation = match &args.plan {
        None => Simulation::new(
            compile(&empty(), &Options::default())
                .module
                .unwrap_or_default(),
        ),
        Some(path) => match load::program(path) {
            Ok(program) => {
                let mut simulation = Simulation::new(program.module);
                simulation.world.globals = program.globals;
                simulation
            }
            Err(fault) => return load::cannot(&fault),
        },
    };
    simulation.world.now = moment::now();
    let place = Place::new("main", args.exten.as_bytes(), 2);
    let before = args.setup.iter().map(|s| s.as_bytes().to_vec()).collect();
    let ran = simulation.eval(variables, place, before, text.into_bytes());
    for happened in &simulation.world.trace {
        if let Trace::Note { text, .. } = &happened.what {
            eprintln!("note: {text}");
        }
    }
    match ran.end {
        End::Returned(value) => {
            use std::io::Write;
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(&value).and_then(|()| out.write_all(b"\n"));
            ExitCode::SUCCESS
        }
        End::Done(_) => {
            eprintln!("the dialplan stopped before the text was evaluated");
            ExitCode::FAILURE
        }
        End::Fault(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn empty() -> Sources {
    Sources::plan("[main]\n")
}

/// The plan that stood beside the measured texts: functions that ask about extensions find this one.
const BESIDE: &str = "[case]\n[answerer]\nexten => s,1,Answer()\nexten => s,2,Wait(600)\n";

fn batch_case(case: &Map<String, Value>) -> Map<String, Value> {
    thread_local! {
        static MODULE: std::sync::Arc<strowger_vm::Module> = compile(&Sources::plan(BESIDE), &Options::default()).module.unwrap_or_default();
    }
    let mut simulation = Simulation::new(MODULE.with(std::sync::Arc::clone));
    let variables: Vec<(Text, Text)> = case
        .get("vars")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(k, v)| {
            (
                k.clone().into_bytes(),
                v.as_str().unwrap_or_default().as_bytes().to_vec(),
            )
        })
        .collect();
    let before = case
        .get("setup")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        // The lines stood in a file, where a backslash protects a semicolon.
        .map(|s| s.replace("\\;", ";").into_bytes())
        .collect();
    let exten = case.get("exten").and_then(Value::as_str).unwrap_or("s");
    let ran = simulation.eval(
        variables,
        Place::new("case", exten, 2),
        before,
        batch::text(case, "input").to_vec(),
    );
    match ran.end {
        End::Returned(value) => batch::value(&value),
        End::Done(_) | End::Fault(_) => [("value".to_owned(), Value::Null)].into_iter().collect(),
    }
}
