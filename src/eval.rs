//! `strowger eval`: the value of a text with `${…}` and `$[…]`.

use crate::session::{Answer, Session};
use crate::{batch, load, repl, scene};
use serde_json::{Map, Value, json};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use strowger_compiler::{Options, Sources, compile};
use strowger_runtime::channel::End;
use strowger_runtime::sim::Simulation;
use strowger_vm::{Place, Text};

/// Evaluate a text with ${...} and $[...] as a dialplan line would
///
/// Without a text: on a terminal, a prompt with history and variables (:help tells its commands); else one text a line from standard
/// input, lines that begin with `:` and application lines such as Set(x=1) included. Nothing outside is touched: the database and the
/// environment start empty, and there are no devices.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger eval '$[ ${LEN(${x})} > 3 ? \"long\" :: \"short\" ]' --var x=hello
  strowger eval '${CUT(list,-,2)}' --setup 'Set(list=a-b-c)' --exten 100
  strowger eval '${TRUNK}' --plan /etc/asterisk
  strowger eval                                  # the prompt
  printf 'Set(x=4)\\n$[ ${x} / 2 ]\\n' | strowger eval")]
pub(crate) struct Args {
    /// The text, in quotes that keep your shell away from it
    text: Option<String>,
    /// A channel variable, set before: NAME=VALUE
    #[arg(long = "var", short = 'v', alias = "set", value_name = "NAME=VALUE")]
    vars: Vec<String>,
    /// An application line to run before: Set(x=1)
    #[arg(long = "setup", value_name = "APP(ARGS)")]
    setup: Vec<String>,
    /// The extension in which it stands
    #[arg(long, default_value = "s")]
    exten: String,
    /// A plan whose globals and contexts it sees (a directory, a dialplan file, or a .dialc)
    #[arg(long)]
    plan: Option<PathBuf>,
    /// Each answer as a JSON object: value (or value_hex), notes, findings
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    release: load::Release,
    /// One JSON object a line: id, input, vars, setup, exten in; value, value_hex or null out
    #[arg(long, conflicts_with_all = ["text", "vars", "setup", "exten", "plan", "json", "asterisk_version"])]
    batch: bool,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if args.batch {
        return batch::answer(batch_case);
    }
    let mut session = match begin(&args) {
        Ok(session) => session,
        Err(fault) => return load::cannot(&fault),
    };
    let Some(text) = args.text else {
        if std::io::stdin().is_terminal() && !args.json {
            return repl::talk(session);
        }
        return repl::read(session, args.json);
    };
    // Remarks come first: what they explain stands last.
    let answer = session.evaluate(text.as_bytes());
    if args.json {
        println!("{}", object(&answer));
    } else {
        print(&answer);
    }
    if answer.value.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn begin(args: &Args) -> Result<Session, String> {
    let mut session = Session::new(args.release);
    if let Some(plan) = &args.plan {
        session.plan(plan)?;
    }
    session.exten(args.exten.as_bytes());
    for (name, value) in scene::variables(&args.vars).map_err(|why| format!("--var {why}"))? {
        session.set(&name, &value);
    }
    for line in &args.setup {
        let answer = session.run(line.as_bytes());
        remarks(&answer);
        if answer.value.is_none() {
            return Err(format!("--setup '{line}': the dialplan stopped"));
        }
    }
    Ok(session)
}

/// Remarks to standard error, the value to standard output.
pub(crate) fn print(answer: &Answer) {
    remarks(answer);
    if let Some(value) = &answer.value {
        let mut out = std::io::stdout().lock();
        // A reader that has gone ends the program at the next line.
        let _ = out.write_all(value).and_then(|()| out.write_all(b"\n"));
    }
}

pub(crate) fn remarks(answer: &Answer) {
    for line in &answer.findings {
        eprintln!("{line}");
    }
    for note in &answer.notes {
        eprintln!("note: {note}");
    }
    if let Some(why) = &answer.stopped {
        eprintln!("{why}");
    }
}

/// An answer as an object.
pub(crate) fn object(answer: &Answer) -> Value {
    let mut out = match &answer.value {
        Some(value) => batch::value(value),
        None => [("value".to_owned(), Value::Null)].into_iter().collect(),
    };
    out.insert("notes".into(), json!(answer.notes));
    let findings: Vec<String> = answer.findings.iter().map(ToString::to_string).collect();
    out.insert("findings".into(), json!(findings));
    if let Some(why) = &answer.stopped {
        out.insert("stopped".into(), json!(why));
    }
    Value::Object(out)
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
