//! `strowger replay`: recorded calls on the plan of today.

mod saved;
mod told;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use strowger_runtime::config::plan_in;
use strowger_runtime::record::{Bad, Next, Reader, Recorded, Replayed, Verdict, replay};
use strowger_vm::Run;

use crate::testing::suite_name;
use crate::{load, render};
use saved::Saved;
use told::{Format, Told};

/// Run recorded calls again on the plan of today, and show where their behaviour changed
///
/// `strowger run --record` writes what each call asked (whom it dialled, what it played) and was told (busy, a key, a hang-up). Here
/// the plan of today is told the same, in no time: while it asks the same, the call behaves as it did; the first thing that it asks
/// otherwise is shown with the line of the plan. Lines of a log do not count, and what only asks (the database, functions) may come in
/// another order. Exit 0: nothing changed. 1: something changed. 2: something could not be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger run /etc/asterisk --record calls.rec
  strowger replay calls.rec /etc/asterisk
  strowger replay calls.rec new/extensions.conf --filter 1009
  strowger replay calls.rec --call 3 --save-test found.test.yaml
  strowger replay calls.rec --format json | jq -r 'select(.verdict == \"changed\") | .now'")]
pub(crate) struct Args {
    /// The record
    file: PathBuf,
    /// A configuration directory, or a plan
    #[arg(default_value = ".")]
    plan: PathBuf,
    /// Only calls whose title (`1009 in office, from 1001`) holds this, whatever its case
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Only the call of this number
    #[arg(long, value_name = "NUMBER")]
    call: Option<u64>,
    /// Write the calls as tests into a new file beside the plan (*.test.yaml, or *.dial for a plan in .dial); those that the
    /// made-up world can play
    #[arg(long, value_name = "FILE")]
    save_test: Option<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Colours
    #[arg(long, value_enum, default_value_t)]
    color: render::When,
}

/// Lines that cannot be read and are told one by one; of further ones only how many.
const BAD: u64 = 20;

pub(crate) fn main(args: Args) -> ExitCode {
    match run(&args) {
        Ok(exit) => ExitCode::from(exit),
        Err(fault) => load::cannot(&fault),
    }
}

/// The exit status.
fn run(args: &Args) -> Result<u8, String> {
    let begin = Instant::now();
    let shown = suite_name(&args.file);
    let file = File::open(&args.file).map_err(|e| format!("{shown}: {e}"))?;
    let mut reader =
        Reader::new(BufReader::new(file)).map_err(|fault| format!("{shown}: {fault}"))?;
    let loaded = load::to_run(&args.plan)?;
    loaded.whole()?;
    if loaded.compiled.refused {
        return Err(format!(
            "{}: Asterisk would refuse this file as a whole\n  hint: strowger check {0}",
            args.plan.display()
        ));
    }
    let mut saved = match &args.save_test {
        Some(path) => Some(Saved::new(path, &plan_file(&args.plan))?),
        None => None,
    };
    let stdout = std::io::stdout();
    let colour = args.color.of(&stdout);
    let out = std::io::BufWriter::new(stdout.lock());
    let mut told = Told::new(out, args.format, colour, &loaded, shown.clone());
    let gone = |_: std::io::Error| "nobody reads the answer".to_owned();
    told.head(&reader.head).map_err(gone)?;
    let (module, globals) = (loaded.module(), loaded.globals());
    let wanted = args.filter.as_deref().map(str::to_lowercase);
    while let Some(next) = reader.next_one() {
        let call = match next {
            Next::Call(call) => call,
            Next::Bad(bad) => {
                told.counts.bad += 1;
                if told.counts.bad <= BAD {
                    let Bad { line, why } = bad;
                    load::cannot(&format!("{shown}:{line}: {why}"));
                }
                continue;
            }
        };
        let title = title(&call);
        let is_wanted = args.call.is_none_or(|n| n == call.number)
            && wanted
                .as_ref()
                .is_none_or(|text| title.to_lowercase().contains(text));
        if !is_wanted {
            continue;
        }
        let replayed = replay(&module, &globals, &reader.head, &call);
        told.call(&call, &title, &replayed).map_err(gone)?;
        if let Some(saved) = &mut saved {
            save(saved, &reader, &call, &title, &replayed);
        }
    }
    if told.counts.all() == 0
        && told.counts.bad == 0
        && (args.filter.is_some() || args.call.is_some())
    {
        return Err(format!("{shown}: no such call is in it"));
    }
    told.end(reader.counts, begin.elapsed()).map_err(gone)?;
    let mut exit = told.exit();
    if let Some(saved) = saved {
        match saved.write() {
            Ok(words) => eprintln!("strowger: {words}"),
            Err(fault) => {
                load::cannot(&fault);
                exit = 2;
            }
        }
    }
    Ok(exit)
}

fn save<R>(
    saved: &mut Saved,
    reader: &Reader<R>,
    call: &Recorded,
    title: &str,
    replayed: &Replayed,
) {
    match &replayed.verdict {
        Verdict::Same => saved.add(&reader.head, call, title, replayed),
        Verdict::SameSoFar(_) => saved.leave_out(call, "its end is not in the record"),
        Verdict::Changed(_) => saved.leave_out(call, "the plan of today does something else"),
    }
}

fn plan_file(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(plan_in(path))
    } else {
        path.to_owned()
    }
}

/// `1009 in office, from "Anna" <1001>`.
fn title(call: &Recorded) -> String {
    let clean = |text: &[u8]| -> String {
        let text = String::from_utf8_lossy(text);
        text.chars().filter(|c| !c.is_control()).collect()
    };
    let party = &call.entry.party;
    let place = call.entry.run.place();
    let what = match &call.entry.run {
        Run::Message(_) => "a text to ",
        _ => "",
    };
    let number = party.caller.number.as_deref().map(clean);
    let from = match (party.caller.name.as_deref().map(clean), number) {
        (Some(name), Some(number)) if !name.is_empty() => format!("\"{name}\" <{number}>"),
        (_, Some(number)) => number,
        (Some(name), None) => format!("\"{name}\""),
        (None, None) if !party.message.from.is_empty() => clean(&party.message.from),
        (None, None) => "nobody".to_owned(),
    };
    format!(
        "{what}{} in {}, from {from}",
        clean(&place.exten),
        clean(&place.context)
    )
}
