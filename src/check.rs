//! `strowger check`: what is wrong with a plan and the files beside it.

mod baseline;
mod fix;
pub(crate) mod github;
pub(crate) mod junit;
pub(crate) mod loudness;
mod place;
pub(crate) mod progress;
mod report;
mod sarif;
pub(crate) mod watch;

use crate::folders::Folders;
use crate::{crew, diff, load, render};
use baseline::{Baseline, Draft};
use loudness::Loudness;
use place::Place;
use progress::Progress;
use report::{Checked, Format, Report};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use strowger_compiler::{Diagnostic, Options, Reading, Sources, gather, generated};
use strowger_runtime::config::Config;

/// Read a dialplan and its neighbours and say what is wrong
///
/// A directory is checked as a whole; one that holds no configuration is searched for some. A file that the extensions.conf beside it
/// includes is checked as a part of that; any other is a plan by itself. Exit 0: no errors. 1: errors, or what --deny makes of them.
/// 2: something could not be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger check /etc/asterisk
  strowger check extensions.conf --deny warnings       # exit 1 for warnings too
  strowger check /etc/asterisk --target asterisk-20    # it runs there: what is not built here does not matter
  strowger check /etc/asterisk --fix --diff            # what the safe repairs would change; without --diff they are made
  strowger check . --baseline known.json --write-baseline   # accept what is there; later, without the last word, only new findings
  strowger check /etc/asterisk --format json | jq -r 'select(.code) | .code' | sort | uniq -c
  strowger check - --stdin-filename extensions.conf < draft.conf
  strowger explain S103                                # what a code means")]
pub(crate) struct Args {
    /// Configuration directories or files; `-` is standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    loudness: Loudness,
    /// Where the text of standard input belongs: the files there are read with it
    #[arg(long, value_name = "FILE")]
    stdin_filename: Option<PathBuf>,
    /// Make the repairs that are safe, then say what is left
    #[arg(long)]
    fix: bool,
    /// Make those too that are only suggested
    #[arg(long)]
    suggested: bool,
    /// Show what the repairs would change and write nothing
    #[arg(long)]
    diff: bool,
    /// Only tell what is not in this file
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is found into the baseline
    #[arg(long, requires = "baseline", conflicts_with_all = ["fix", "diff", "watch"])]
    write_baseline: bool,
    /// Check again whenever a file changes, until it is interrupted
    #[arg(long, conflicts_with_all = ["fix", "diff"])]
    watch: bool,
    /// Check files that a program wrote (FreePBX, Issabel, Yeastar, Vicidial) as if somebody had: not only for security and references
    #[arg(long, value_name = "all", value_parser = ["all"])]
    generated: Option<String>,
    /// Colours
    #[arg(long, value_enum, default_value_t)]
    color: render::When,
    #[command(flatten)]
    release: load::Release,
    #[command(flatten)]
    folders: Folders,
}

/// What is asked of every place.
struct Asked<'a> {
    load: load::Asked,
    folders: &'a Folders,
    generated: bool,
    suggested: bool,
    baseline: Option<&'a std::path::Path>,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if args.loudness.names_a_release() && args.release.is_named() {
        return load::cannot("--target names a release already; leave --asterisk-version out");
    }
    let asked = Asked {
        load: load::Asked {
            release: args.release,
            loudness: Some(args.loudness.clone()),
            in_force: None,
        },
        folders: &args.folders,
        generated: args.generated.is_some(),
        suggested: args.suggested,
        baseline: args.baseline.as_deref().filter(|_| !args.write_baseline),
    };
    let stdin = args.paths.iter().filter(|p| p.as_os_str() == "-").count();
    if stdin > 1 || (stdin > 0 && (args.fix || args.diff || args.watch)) {
        return load::cannot("standard input can be read once, and neither repaired nor watched");
    }
    if stdin == 0 && args.stdin_filename.is_some() {
        return load::cannot(
            "--stdin-filename says where standard input belongs; write `-` for it",
        );
    }
    if args.suggested && !args.fix && !args.diff {
        return load::cannot("--suggested goes with --fix or --diff");
    }
    let mut worst = 0;
    loop {
        let places = place::places(&args.paths, args.stdin_filename.as_deref());
        if args.fix || args.diff {
            worst = repaired(&args, &asked, &places);
            if args.diff {
                return ExitCode::from(worst);
            }
        }
        let (exit, watched) = look(&args, &asked, &places);
        worst = worst.max(exit);
        if !args.watch {
            return ExitCode::from(worst);
        }
        watched.wait();
        worst = 0;
        if args.format == Format::Human {
            println!();
        }
    }
}

/// One run over all places: the exit status and the files that were read.
fn look(args: &Args, asked: &Asked<'_>, places: &[Result<Place, String>]) -> (u8, watch::Watched) {
    let mut watched = watch::Watched::begin();
    let mut accepted = match asked.baseline.map(Baseline::read) {
        Some(Err(fault)) => {
            load::cannot(&fault);
            return (2, watched);
        }
        Some(Ok(baseline)) => Some(baseline),
        None => None,
    };
    let mut draft = args.write_baseline.then(Draft::default);
    let stdout = std::io::stdout();
    let colour = args.color.of(&stdout);
    let out = std::io::BufWriter::new(stdout.lock());
    let mut report = Report::new(out, args.format, colour);
    let mut worst = 0;
    let mut progress = Progress::begin("checking");
    for place in places {
        let mut fail = |fault: &str| {
            load::cannot(fault);
            worst = 2;
        };
        let place = match place {
            Ok(place) => place,
            Err(fault) => {
                fail(fault);
                continue;
            }
        };
        progress.at(&place.shown);
        let read = place
            .gather()
            .and_then(|sources| found(place, sources, asked));
        let mut checked = match read {
            Ok(checked) => checked,
            Err(fault) => {
                watched.add(place, None);
                fail(&fault);
                continue;
            }
        };
        watched.add(place, Some(&checked));
        if let Some(draft) = &mut draft {
            draft.add(&checked.sources, &checked.findings);
            continue;
        }
        if let Some(accepted) = &mut accepted {
            let known = accepted.take(&checked.sources, &mut checked.findings);
            if known > 0 {
                let s = if known == 1 { "" } else { "s" };
                checked.remarks.push(format!(
                    "{known} finding{s} of the baseline {} not told",
                    if known == 1 { "is" } else { "are" }
                ));
            }
        }
        checked.findings = gather(checked.findings);
        if args.format != Format::Sarif {
            progress.end();
        }
        if report.add(&checked).is_err() {
            return (worst, watched); // the reader has gone
        }
    }
    progress.end();
    if let (Some(draft), Some(path)) = (draft, &args.baseline) {
        return (worst.max(write(&draft, path)), watched);
    }
    if let Some(gone) = accepted.map(|a| a.gone()).filter(|n| *n > 0) {
        eprintln!(
            "strowger: note: {gone} of the baseline {} not there any more; --write-baseline leaves them out",
            if gone == 1 { "is" } else { "are" }
        );
    }
    if report.end().is_ok() && report.denied() {
        worst = worst.max(1);
    }
    (worst, watched)
}

fn write(draft: &Draft, path: &std::path::Path) -> u8 {
    if let Err(fault) = std::fs::write(path, draft.text()) {
        load::cannot(&format!("{}: {fault}", path.display()));
        return 2;
    }
    let s = if draft.len() == 1 { "" } else { "s" };
    eprintln!(
        "strowger: {} finding{s} accepted in {}",
        draft.len(),
        path.display()
    );
    0
}

/// What is wrong at a place, each cause at each of its places, as far as it was asked about.
fn found(place: &Place, mut sources: Sources, asked: &Asked<'_>) -> Result<Checked, String> {
    asked.folders.list(&mut sources)?;
    let (mut findings, config) = load::check(&sources, &place.plan, &asked.load);
    findings
        .retain(|f| place.tells(sources.file(f.primary.span.file).name()) && place.judges(f.code));
    let mut remarks = Vec::new();
    if !asked.generated && !config.options.check.generated {
        leave_generated(&sources, &mut findings, &mut remarks);
    }
    Ok(Checked {
        shown: place.shown.clone(),
        sources,
        findings,
        remarks,
    })
}

/// How files are read where no option is given: for an editor.
pub(crate) fn plain(sources: &Sources, plan: &str) -> (Options, Config) {
    let asked = load::Asked {
        loudness: Some(Loudness::default()),
        ..load::Asked::default()
    };
    load::options(sources, plan, &asked)
}

/// What is wrong with files that were read so: what this command tells of them.
pub(crate) fn plainly(
    sources: &Sources,
    (options, config): &(Options, Config),
    reading: &Reading,
) -> Vec<Diagnostic> {
    let mut findings = strowger_compiler::check(sources, options, reading, crew::together);
    load::in_order(sources, &options.plan, &mut findings);
    if !config.options.check.generated {
        leave_generated(sources, &mut findings, &mut Vec::new());
    }
    gather(findings)
}

/// Of files that a program wrote only what matters whoever wrote them is told.
fn leave_generated(sources: &Sources, findings: &mut Vec<Diagnostic>, remarks: &mut Vec<String>) {
    let mut written = BTreeMap::new();
    let mut left: BTreeMap<&'static str, usize> = BTreeMap::new();
    findings.retain(|finding| {
        let file = finding.primary.span.file;
        let by = *written
            .entry(file)
            .or_insert_with(|| generated::by(sources.file(file)));
        let Some(by) = by.filter(|_| !generated::tells(finding.code)) else {
            return true;
        };
        *left.entry(by).or_default() += 1;
        false
    });
    for (by, count) in left {
        let s = if count == 1 { "" } else { "s" };
        remarks.push(format!(
            "{count} finding{s} in files that {by} writes are not told, for they are about neither security nor references (--generated all tells them)"
        ));
    }
}

/// Makes the repairs, or shows them; the exit status.
fn repaired(args: &Args, asked: &Asked<'_>, places: &[Result<Place, String>]) -> u8 {
    let named = fix::Named::new(&args.paths);
    let stdout = std::io::stdout();
    let colour = args.color.of(&stdout);
    // A report for a program is not mixed with a diff.
    let shows = args.diff || (args.format == Format::Human && stdout.is_terminal());
    let mut worst = 0;
    let mut sum = fix::Changes::default();
    let mut written = 0;
    for place in places {
        let changes = match place {
            Ok(place) => fix::changes(place, &named, asked),
            // Told by the check that follows; a look at the differences is not followed by one.
            Err(fault) if args.diff => Err(fault.clone()),
            Err(_) => continue,
        };
        let changes = match changes {
            Ok(changes) => changes,
            Err(fault) => {
                load::cannot(&fault);
                worst = 2;
                continue;
            }
        };
        sum.made += changes.made;
        sum.forbidden += changes.forbidden;
        sum.harmful += changes.harmful;
        for change in &changes.files {
            if shows {
                let text = diff::unified(&change.shown, &change.old, &change.new, colour);
                if stdout.lock().write_all(&text).is_err() {
                    return worst; // the reader has gone
                }
            }
            if args.diff {
                written += 1;
            } else if let Err(fault) = fix::write(change) {
                load::cannot(&fault);
                worst = 2;
            } else {
                written += 1;
            }
        }
    }
    tell(args, &sum, written);
    worst
}

/// How many repairs there were and why others are not made.
fn tell(args: &Args, changes: &fix::Changes, written: usize) {
    let many = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let verb = if args.diff { "would change" } else { "changed" };
    eprintln!(
        "strowger: {} {verb} {}",
        many(changes.made, "fix").replace("fixs", "fixes"),
        many(written, "file")
    );
    for (count, why) in [
        (
            changes.forbidden,
            "the file was not named, or a program writes it",
        ),
        (
            changes.harmful,
            "another error would come to light (--suggested makes it)",
        ),
    ] {
        if count > 0 {
            eprintln!(
                "strowger: note: not made: {}, for {why}",
                many(count, "fix").replace("fixs", "fixes")
            );
        }
    }
}
