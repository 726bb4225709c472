//! `strowger check`: what is wrong with a plan and the files beside it.

use crate::{load, render};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use strowger_compiler::Level;

/// Read a dialplan and its neighbours and say what is wrong
///
/// Exit 0: nothing at the deny level (errors, or what --deny names). 1: something. 2: could not be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger check /etc/asterisk
  strowger check extensions.conf --deny warnings       # exit 1 for warnings too
  strowger check /etc/asterisk --format json | jq -r 'select(.code) | .code' | sort | uniq -c")]
pub(crate) struct Args {
    /// Configuration directories or dialplan files
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// What makes the exit status 1, beside errors
    #[arg(long, value_enum)]
    deny: Option<Deny>,
    #[command(flatten)]
    release: load::Release,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// With the lines of the files, for people
    Human,
    /// One object a line, the last one a summary
    Json,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Deny {
    /// Warnings too
    Warnings,
    /// Notes too
    Notes,
}

pub(crate) fn main(args: Args) -> ExitCode {
    let denied = match args.deny {
        None => Level::Error,
        Some(Deny::Warnings) => Level::Warn,
        Some(Deny::Notes) => Level::Note,
    };
    let mut worst = ExitCode::SUCCESS;
    for path in &args.paths {
        if load::is_compiled(path) {
            worst = load::cannot(&format!(
                "{}: a compiled plan has no lines to check\n  hint: check the files that it was made of",
                path.display()
            ));
            continue;
        }
        let loaded = match load::plan(path, args.release) {
            Ok(loaded) => loaded,
            Err(fault) => {
                worst = load::cannot(&fault);
                continue;
            }
        };
        let stdout = std::io::stdout();
        let colour = render::colour(&stdout);
        let mut out = std::io::BufWriter::new(stdout.lock());
        let drawn = match args.format {
            Format::Human => render::human(&mut out, &loaded.sources, &loaded.findings, colour)
                .and_then(|()| {
                    writeln!(
                        out,
                        "{}: {}",
                        path.display(),
                        render::summary(&loaded.findings)
                    )
                }),
            Format::Json => render::jsonl(&mut out, &loaded.sources, &loaded.findings),
        };
        if drawn.and_then(|()| out.flush()).is_err() {
            return worst; // the reader has gone
        }
        if loaded.findings.iter().any(|d| d.level >= denied) && worst == ExitCode::SUCCESS {
            worst = ExitCode::FAILURE;
        }
    }
    worst
}
