//! `strowger compile`: a plan as bytecode in a file.

use crate::load::{self, Loaded};
use crate::render;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use strowger_compiler::conf::line;
use strowger_stdlib::hash::sha1;
use strowger_vm::{Module, Origin};

/// Compile a plan into one file (.dialc) that run, simulate, match, bench and show --bytecode take
///
/// The file holds bytecode, patterns, hints and the values of [globals] at this moment, and says which compiler made it from which
/// sources. It is verified whenever it is read; a damaged one is refused. The same sources give the same bytes, unless [globals] asks
/// for the time. Exit 0: written. 1: Asterisk would refuse the plan as a whole. 2: could not be read or written.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger compile /etc/asterisk -o plan.dialc
  strowger compile extensions.conf                      # writes extensions.dialc beside it
  strowger simulate plan.dialc default,61
  strowger run /etc/asterisk/plan.dialc                 # with the sip.conf, pjsip.conf ... that stand beside it")]
pub(crate) struct Args {
    /// A configuration directory, or a dialplan file
    path: PathBuf,
    /// Where to write (default: beside the plan, with the ending .dialc)
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What was written as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    release: load::Release,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if load::is_compiled(&args.path) {
        return load::cannot(&format!("{}: is compiled already", args.path.display()));
    }
    let plan = match load::plan(&args.path, args.release) {
        Ok(plan) => plan,
        Err(fault) => return load::cannot(&fault),
    };
    let file = if args.path.is_dir() {
        args.path
            .join(strowger_runtime::config::plan_in(&args.path))
    } else {
        args.path.clone()
    };
    if plan.compiled.refused {
        eprintln!(
            "strowger: {}: Asterisk would refuse this file as a whole; nothing was written\n  hint: strowger check {}",
            file.display(),
            args.path.display()
        );
        return ExitCode::FAILURE;
    }
    if let Err(fault) = plan.whole() {
        eprintln!("strowger: {fault}");
        return ExitCode::FAILURE;
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let module = stamped(&plan, &name);
    let bytes = module.write();
    let output = args.output.unwrap_or_else(|| file.with_extension("dialc"));
    if let Err(fault) = replace(&output, &bytes) {
        return load::cannot(&format!("{}: {fault}", output.display()));
    }
    let steps: usize = module.sizes().map(|(_, steps)| steps).sum();
    let contexts = module.contexts().count();
    let origin = module.origin();
    if args.json {
        let sources: Vec<_> = origin
            .sources
            .iter()
            .map(|(name, digest)| {
                let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
                json!({ "file": String::from_utf8_lossy(name), "sha1": hex })
            })
            .collect();
        let render::Counts {
            errors,
            warnings,
            notes,
        } = render::Counts::of(&plan.findings);
        println!(
            "{}",
            json!({
                "output": output.to_string_lossy(),
                "bytes": bytes.len(),
                "contexts": contexts,
                "steps": steps,
                "globals": origin.globals.len(),
                "sources": sources,
                "findings": { "errors": errors, "warnings": warnings, "notes": notes },
            })
        );
    } else {
        println!(
            "{}: {contexts} contexts, {steps} steps, {} globals, {} bytes",
            output.display(),
            origin.globals.len(),
            bytes.len()
        );
        println!(
            "checked: {} (strowger check {})",
            render::summary(&plan.findings),
            args.path.display()
        );
    }
    ExitCode::SUCCESS
}

/// The module with its compiler, the digests of the files of the plan, and the globals.
fn stamped(plan: &Loaded, name: &str) -> Module {
    let mut module = (*plan.module()).clone();
    let mut files = BTreeSet::new();
    if let Some(id) = plan.sources.find(name) {
        files.insert(id);
        let config = line::read(&plan.sources, id);
        for section in config.sections() {
            files.insert(section.span.file);
            files.extend(section.values.iter().map(|v| v.span().file));
        }
    }
    let sources = files
        .into_iter()
        .map(|id| plan.sources.file(id))
        .map(|f| (f.name().as_bytes().to_vec(), sha1(f.bytes())))
        .collect();
    let globals = plan.globals();
    module.stamp(Origin {
        compiler: env!("CARGO_PKG_VERSION").into(),
        sources,
        globals: globals
            .0
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        clear_globals: plan.clears_globals(),
    });
    module
}

/// Writes a file so that whoever reads it sees the old one or the new one, never a part.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, path).inspect_err(|_| {
        let _ = std::fs::remove_file(&beside);
    })
}
