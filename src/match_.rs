//! `strowger match`: which extension answers a number.

use crate::{batch, load};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use strowger_compiler::{Options, Sources, compile};
use strowger_vm::{Inputs, Time};

/// Ask which extension answers a number
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A configuration directory, or a dialplan file
    #[arg(required_unless_present = "batch")]
    path: Option<PathBuf>,
    /// Where the search starts
    #[arg(required_unless_present = "batch")]
    context: Option<String>,
    /// What is dialled
    #[arg(required_unless_present = "batch")]
    number: Option<String>,
    /// The caller's number
    #[arg(long)]
    callerid: Option<String>,
    /// The moment in UTC, as 2026-03-11T12:30:00Z (default: now)
    #[arg(long)]
    now: Option<String>,
    /// One JSON object a line: id, contexts, context, dial, callerid, now in; match out
    #[arg(long, conflicts_with_all = ["path", "context", "number", "callerid", "now"])]
    batch: bool,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if args.batch {
        return batch::answer(batch_case);
    }
    let (Some(path), Some(context), Some(number)) = (args.path, args.context, args.number) else {
        return ExitCode::from(2); // clap has asked for them
    };
    let now = match args.now.as_deref().map(load::moment) {
        None => load::now(),
        Some(Some(now)) => now,
        Some(None) => {
            eprintln!("strowger match: --now: write the moment as 2026-03-11T12:30:00Z");
            return ExitCode::from(2);
        }
    };
    let plan = match load::plan(&path) {
        Ok(plan) => plan,
        Err(fault) => return load::cannot(&fault),
    };
    let module = plan.module();
    if !module.has_context(context.as_bytes()) {
        eprintln!("there is no context [{context}] (names are case-sensitive)");
        return ExitCode::from(2);
    }
    let inputs = Inputs {
        now,
        globals: plan.globals(),
        ..Inputs::default()
    };
    match module.find(
        &inputs,
        context.as_bytes(),
        number.as_bytes(),
        args.callerid.as_deref().map(str::as_bytes),
    ) {
        Some(found) => {
            let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            println!(
                "{number} -> {} in [{}]   {}:{}",
                lossy(&found.exten),
                lossy(&found.context),
                lossy(&found.file),
                found.line
            );
            ExitCode::SUCCESS
        }
        None => {
            println!("{number} -> nothing in [{context}] matches");
            ExitCode::FAILURE
        }
    }
}

/// Writes the shortened contexts out as a plan and remembers which line is which.
fn batch_case(case: &Map<String, Value>) -> Map<String, Value> {
    let mut text = Vec::new();
    let mut lines: Vec<Option<(String, String, usize)>> = vec![None];
    let mut index = 0;
    for (context, entries) in case
        .get("contexts")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        text.extend_from_slice(format!("[{context}]\n").as_bytes());
        lines.push(None);
        for entry in entries
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            text.extend_from_slice(entry.as_bytes());
            let written = entry
                .split_once('=')
                .filter(|(key, _)| key.trim().eq_ignore_ascii_case("exten"));
            lines.push(written.map(|(_, value)| {
                text.extend_from_slice(b",1,NoOp()");
                index += 1;
                (
                    context.clone(),
                    value.trim_start_matches('>').trim().to_owned(),
                    index - 1,
                )
            }));
            text.push(b'\n');
        }
    }
    let compiled = compile(&Sources::plan(text), &Options::default());
    let now = case
        .get("now")
        .and_then(Value::as_str)
        .and_then(load::moment)
        .unwrap_or(Time::from_seconds(0));
    let inputs = Inputs {
        now,
        ..Inputs::default()
    };
    let caller = Some(batch::text(case, "callerid")).filter(|c| !c.is_empty());
    let found = compiled.module.unwrap_or_default().find(
        &inputs,
        batch::text(case, "context"),
        batch::text(case, "dial"),
        caller,
    );
    let mut out = Map::new();
    let line = found.and_then(|f| lines.get(f.line as usize).cloned().flatten());
    out.insert(
        "match".into(),
        line.map_or(
            Value::Null,
            |(context, exten, index)| json!({ "context": context, "exten": exten, "index": index }),
        ),
    );
    out
}
