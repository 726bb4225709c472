//! `strowger emit`: a plan in `.dial` as an extensions.conf.

use crate::{load, render};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use strowger_compiler::{Diagnostic, Level, Sources, beside, dial, emit};
use strowger_runtime::config;

/// Print a plan in .dial as an extensions.conf, for an Asterisk
///
/// Each statement becomes the priorities that it is here, too. `///` lines become comments. What no Asterisk can run is refused, with its
/// place. What is wrong with the files beside the plan is a matter of `strowger check`.
///
/// Exit 0: printed. 1: the plan has errors, or an Asterisk could not run it. 2: it could not be read or written.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger emit --conf office.dial -o extensions.conf
  strowger emit --conf office.dial | less")]
pub(crate) struct Args {
    /// A file in .dial, or a configuration directory whose plan is one or includes some
    path: PathBuf,
    /// As an extensions.conf
    #[arg(long, required = true)]
    conf: bool,
    /// Where to write it (default: standard output)
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    release: load::Release,
}

/// Whether a finding speaks of the plan: what is wrong with the files beside it, or between it and them, keeps nobody from printing it.
fn concerns(sources: &Sources, d: &Diagnostic) -> bool {
    let name = sources.file(d.primary.span.file).name();
    let devices = config::FILES.iter().filter(|f| !config::PLANS.contains(f));
    let mut beside = devices.chain(&beside::FILES);
    !d.code.starts_with('C') && !beside.any(|f| *f == name)
}

pub(crate) fn main(args: Args) -> ExitCode {
    let plan = match load::plan(&args.path, args.release) {
        Ok(plan) => plan,
        Err(fault) => return load::cannot(&fault),
    };
    if !plan.sources.files().any(|(_, f)| dial::is_dial(f.name())) {
        return load::cannot(&format!("{}: nothing in it is .dial", args.path.display()));
    }
    let errors: Vec<Diagnostic> = plan
        .findings
        .iter()
        .filter(|d| d.level == Level::Error && concerns(&plan.sources, d))
        .cloned()
        .collect();
    if !errors.is_empty() {
        let colour = render::colour(&std::io::stderr());
        // Nobody is there to be told that this could not be told.
        let _ = render::human(&mut std::io::stderr(), &plan.sources, &errors, colour);
        eprintln!("{}", render::summary(&errors));
        return ExitCode::FAILURE;
    }
    let text = match emit::conf(&plan.compiled.hir, &plan.sources) {
        Ok(text) => text,
        Err(refused) => {
            for refusal in &refused {
                let file = plan.sources.file(refusal.span.file);
                let (line, column) = file.line_column(refusal.span.start);
                eprintln!("{}:{line}:{column}: {}", file.name(), refusal.why);
            }
            let count = refused.len();
            let places = if count == 1 { "place" } else { "places" };
            eprintln!("strowger: nothing was written: an Asterisk cannot run {count} {places}");
            return ExitCode::FAILURE;
        }
    };
    let written = match &args.output {
        Some(path) => std::fs::write(path, &text).map_err(|e| format!("{}: {e}", path.display())),
        None => {
            let mut out = std::io::stdout().lock();
            match out.write_all(&text) {
                // The reader has gone.
                Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                other => other.map_err(|e| e.to_string()),
            }
        }
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => load::cannot(&fault),
    }
}
