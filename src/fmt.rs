//! `strowger fmt`: a plan's lines written in one way.

use crate::{diff, load, render};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use strowger_compiler::conf::line;
use strowger_compiler::fmt::{changes, format};
use strowger_runtime::config;

/// Write `exten =>`, `same =>` and blanks in one way
///
/// Nothing else is touched: lines stay lines, comments stay where they are, and the plan means what it meant. A directory stands for
/// its extensions.conf and the files in it that this includes; `-` for standard input, which goes to standard output.
///
/// Exit 0: done. 1: --check, and something is not formatted. 2: could not be read or written.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger fmt --diff /etc/asterisk          # what would change
  strowger fmt /etc/asterisk
  strowger fmt --check extensions.conf       # for CI
  strowger fmt - < extensions.conf")]
pub(crate) struct Args {
    /// Dialplan files, configuration directories, or `-`
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Write nothing; name the files that are not formatted, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change
    #[arg(long)]
    diff: bool,
}

pub(crate) fn main(args: Args) -> ExitCode {
    let mut end = ExitCode::SUCCESS;
    let mut changed = false;
    for path in &args.paths {
        let files = match files(path) {
            Ok(files) => files,
            Err(fault) => {
                end = load::cannot(&fault);
                continue;
            }
        };
        for file in files {
            match one(&file, &args) {
                Ok(differs) => changed |= differs,
                // The reader has gone.
                Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => return end,
                Err(fault) => end = load::cannot(&format!("{}: {fault}", file.display())),
            }
        }
    }
    if args.check && changed && end == ExitCode::SUCCESS {
        return ExitCode::FAILURE;
    }
    end
}

/// The files that a path stands for.
fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        let other = path
            .extension()
            .is_some_and(|e| ["ael", "lua", "dial", "dialc"].iter().any(|o| e == *o));
        if other {
            return Err(format!(
                "{}: only .conf files are formatted",
                path.display()
            ));
        }
        return Ok(vec![path.to_path_buf()]);
    }
    const PLAN: &str = config::FILES[0];
    let sources =
        config::gather_with(path, PLAN).map_err(|e| format!("{}: {e}", path.display()))?;
    let Some(plan) = sources.find(PLAN) else {
        return Err(format!("{}: there is no {PLAN} in it", path.display()));
    };
    let read = line::read(&sources, plan);
    let sections = read.sections.iter();
    let holding: BTreeSet<_> = sections
        .flat_map(|s| {
            std::iter::once(s.span.file).chain(s.values.iter().map(|v| v.key.span().file))
        })
        .chain([plan])
        .collect();
    let mut out = Vec::new();
    for id in holding {
        let name = sources.file(id).name();
        if Path::new(name).is_absolute() || name.split('/').any(|part| part == "..") {
            eprintln!(
                "strowger: note: {name} lies outside {} and is left as it is",
                path.display()
            );
        } else {
            out.push(path.join(name));
        }
    }
    Ok(out)
}

/// Formats one file; whether it differs.
fn one(path: &Path, args: &Args) -> std::io::Result<bool> {
    let input = path == Path::new("-");
    let text = if input {
        let mut text = Vec::new();
        std::io::stdin()
            .lock()
            .take(config::FILE + 1)
            .read_to_end(&mut text)?;
        text
    } else {
        std::fs::read(path)?
    };
    if text.len() as u64 > config::FILE {
        return Err(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            format!("longer than {} bytes", config::FILE),
        ));
    }
    let found = changes(&text);
    let mut out = std::io::stdout().lock();
    if args.diff {
        let name = path.display().to_string();
        let colour = render::colour(&out);
        out.write_all(&diff::unified(&name, &text, &format(&text), colour))?;
    } else if args.check && !found.is_empty() {
        let lines = if found.len() == 1 { "line" } else { "lines" };
        writeln!(
            out,
            "{}: {} {lines} would change",
            path.display(),
            found.len()
        )?;
    }
    if !args.check && !args.diff {
        if input {
            out.write_all(&format(&text))?;
        } else if !found.is_empty() {
            // In place: owner, mode and links stay what they are.
            std::fs::write(path, format(&text))?;
        }
    }
    out.flush()?;
    Ok(!found.is_empty())
}
