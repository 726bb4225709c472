//! `strowger fmt`: a plan's lines written in one way.

use crate::{diff, load, render};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use strowger_compiler::conf::line;
use strowger_compiler::dial::syntax;
use strowger_compiler::fmt::{changes, format};
use strowger_compiler::{FileId, Sources};
use strowger_dial::tree::DeclKind;
use strowger_runtime::config;

/// Write `exten =>`, `same =>` and blanks in one way; indent `.dial` files
///
/// Nothing else is touched: lines stay lines, comments stay where they are, and the plan means what it meant. A directory stands for
/// its extensions.conf and the files in it that this includes, and for the `.dial` files in it and what they import; `-` for standard
/// input, which goes to standard output: in the language of extensions.conf, or in that of the name that --stdin-filename gives. A
/// `.dial` file with mistakes is not touched.
///
/// Exit 0: done. 1: --check, and something is not formatted. 2: could not be read or written.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger fmt --diff /etc/asterisk          # what would change
  strowger fmt /etc/asterisk
  strowger fmt --check extensions.conf       # for CI
  strowger fmt - < extensions.conf
  strowger fmt --stdin-filename office.dial - < office.dial   # for editors")]
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
    /// What standard input is called: a name that ends in .dial for that language. Nothing by this name is read
    #[arg(long, value_name = "NAME")]
    stdin_filename: Option<PathBuf>,
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
            .is_some_and(|e| ["ael", "lua", "dialc"].iter().any(|o| e == *o));
        if other {
            return Err(format!(
                "{}: only .conf and .dial files are formatted",
                path.display()
            ));
        }
        return Ok(vec![path.to_path_buf()]);
    }
    const PLAN: &str = config::FILES[0];
    let found = typed(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut out: Vec<PathBuf> = found.into_iter().collect();
    if !out.is_empty() && !path.join(PLAN).exists() {
        return Ok(out);
    }
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
    for id in holding {
        let name = sources.file(id).name();
        if is_dial(Path::new(name)) {
            // Among the files above, or outside.
        } else if Path::new(name).is_absolute() || name.split('/').any(|part| part == "..") {
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

/// Most `.dial` files of a directory.
const TYPED: usize = 1_000;

/// The `.dial` files in a directory, and those that they import from its folders.
fn typed(folder: &Path) -> std::io::Result<BTreeSet<PathBuf>> {
    let mut ahead = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if is_dial(&path) {
            ahead.push(path);
        }
    }
    let mut found = BTreeSet::new();
    while let Some(path) = ahead.pop() {
        if found.len() == TYPED || !path.is_file() || !found.insert(path.clone()) {
            continue;
        }
        let mut text = Vec::new();
        let size = strowger_dial::FILE_BYTES as u64 + 1;
        std::fs::File::open(&path)?
            .take(size)
            .read_to_end(&mut text)?;
        for decl in strowger_dial::parse_bytes(&text).module.decls {
            if let DeclKind::Import { path, .. } = decl.kind {
                let words: Vec<&str> = path.iter().map(|w| &*w.text).collect();
                ahead.push(folder.join(format!("{}.dial", words.join("/"))));
            }
        }
    }
    Ok(found)
}

fn is_dial(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "dial")
}

/// What a file is to be.
struct Laid {
    text: Vec<u8>,
    /// How many of its lines change.
    lines: usize,
}

/// The layout of a plan in `.conf`.
fn conf(text: &[u8]) -> Laid {
    Laid {
        text: format(text),
        lines: changes(text).len(),
    }
}

/// The layout of a `.dial` file, or what is wrong in it.
fn dial(name: &str, text: &[u8]) -> Result<Laid, String> {
    let laid = std::str::from_utf8(text)
        .ok()
        .and_then(strowger_dial::print::format);
    let Some(laid) = laid else {
        let sources = Sources::new().with(name, text);
        let parsed = strowger_dial::parse_bytes(text);
        let found = syntax::diagnostics(FileId(0), text, &parsed);
        let mut told = Vec::new();
        // A vector takes everything.
        let _ = render::human(&mut told, &sources, &found, false);
        let told = String::from_utf8_lossy(&told);
        return Err(format!(
            "not touched, for it has mistakes\n{}",
            told.trim_end()
        ));
    };
    Ok(Laid {
        lines: diff::changed(text, laid.as_bytes()),
        text: laid.into_bytes(),
    })
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
    let named = args.stdin_filename.as_deref().filter(|_| input);
    let path = named.unwrap_or(path);
    let laid = if is_dial(path) {
        dial(&path.display().to_string(), &text).map_err(std::io::Error::other)?
    } else {
        conf(&text)
    };
    let differs = laid.text != text;
    let mut out = std::io::stdout().lock();
    if args.diff {
        let name = path.display().to_string();
        let colour = render::colour(&out);
        out.write_all(&diff::unified(&name, &text, &laid.text, colour))?;
    } else if args.check && differs {
        let lines = if laid.lines == 1 { "line" } else { "lines" };
        writeln!(
            out,
            "{}: {} {lines} would change",
            path.display(),
            laid.lines
        )?;
    }
    if !args.check && !args.diff {
        if input {
            out.write_all(&laid.text)?;
        } else if differs {
            // In place: owner, mode and links stay what they are.
            std::fs::write(path, &laid.text)?;
        }
    }
    out.flush()?;
    Ok(differs)
}
