//! `strowger migrate`: old configurations written anew.

mod devices;
mod modernise;
mod plan;
mod renewed;
mod tested;

use crate::load;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write an old configuration anew
///
/// A plan, extensions.conf, becomes one in .dial: what was written is compiled, and compared with what the lines meant. A context is proved, or
/// calls through both plans are alike, or it stays in an extensions.conf beside it, with the reason. Lines of an old release, macros above all,
/// are written for the newest one first, and compared, too. With --to-conf the plan stays in its files and is written for another release; with
/// --devices sip.conf and users.conf become pjsip.conf.
///
/// Nothing is written without -o or --in-place: what would become of the files is told on standard output.
///
/// Exit 0: everything has its place. 1: something has none, or means something else now; the report says what. 2: could not be done.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger migrate /etc/asterisk                     # what would become of extensions.conf
  strowger migrate /etc/asterisk -o new              # new/plan.dial, new/extensions.conf, new/plan.md and new/plan.json
  strowger migrate --devices /etc/asterisk           # what would become of sip.conf and users.conf
  strowger migrate --to-conf --diff /etc/asterisk    # the plan for Asterisk 23: no pipes, no macros, PJSIP/ for SIP/
  strowger migrate --devices /etc/asterisk -o new    # new/pjsip.conf, new/migration.md and new/migration.json")]
pub(crate) struct Args {
    /// The configuration directory, or a plan in one
    directory: PathBuf,
    /// Not the plan: sip.conf and users.conf become pjsip.conf
    #[arg(long, conflicts_with = "to_conf")]
    devices: bool,
    /// The plan stays in its .conf files and is written for another release
    #[arg(long)]
    to_conf: bool,
    /// The release to write it for
    #[arg(
        long,
        value_name = "RELEASE",
        default_value = "asterisk-23",
        requires = "to_conf"
    )]
    target: String,
    /// The release that it was written for; without it strowger.toml says so, or the plan itself
    #[arg(long, value_name = "RELEASE", conflicts_with = "devices")]
    from: Option<String>,
    /// Show what would change instead of the report
    #[arg(long, requires = "to_conf", conflicts_with = "json")]
    diff: bool,
    /// Write the new files and the report into this directory
    #[arg(short, long, value_name = "DIR", conflicts_with = "in_place")]
    out: Option<PathBuf>,
    /// Write the new files beside the old ones
    #[arg(long)]
    in_place: bool,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
    /// Tell it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    release: load::Release,
}

pub(crate) fn main(args: Args) -> ExitCode {
    let done = if args.to_conf {
        modernise::run(&args)
    } else if args.devices {
        devices::run(&args)
    } else {
        plan::run(&args)
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => load::cannot(&fault),
    }
}

/// A file that is to be written, and the one whose owner may read it.
struct Written {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// Writes files, none of them if one is there already and must not be written over.
fn write(files: &[Written], like: Option<&std::path::Path>, force: bool) -> Result<(), String> {
    if !force && let Some(there) = files.iter().find(|f| f.path.exists()) {
        return Err(format!(
            "{} is there already; --force writes over it",
            there.path.display()
        ));
    }
    for file in files {
        let fault = |e: std::io::Error| format!("{}: {e}", file.path.display());
        if let Some(folder) = file.path.parent() {
            std::fs::create_dir_all(folder).map_err(fault)?;
        }
        secretly(&file.path, &file.bytes, like).map_err(fault)?;
    }
    Ok(())
}

/// Passwords go along: who could not read the old file cannot read the new one.
#[cfg(unix)]
fn secretly(
    path: &std::path::Path,
    bytes: &[u8],
    like: Option<&std::path::Path>,
) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mode = match like {
        Some(like) => std::fs::metadata(like)?.permissions().mode() & 0o666,
        None => 0o600,
    };
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)?;
    file.write_all(bytes)
}

#[cfg(not(unix))]
fn secretly(
    path: &std::path::Path,
    bytes: &[u8],
    _like: Option<&std::path::Path>,
) -> std::io::Result<()> {
    std::fs::write(path, bytes)
}
