//! `strowger test`: the tests of a plan, in virtual time.

pub(crate) mod coverage;
mod find;
mod hangups;
pub(crate) mod init;
mod mutate;
mod report;
mod review;

use crate::check::progress::Progress;
use crate::check::watch::Watched;
use crate::testing::{Outcome, Suite, run};
use crate::{crew, load, render};
use coverage::Coverage;
use report::{Format, Report};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

/// Run the tests of a plan (*.test.yaml, and `test` in .dial) in virtual time
///
/// A test file stands beside its plan, a `test` in the .dial file itself; it says what phones do, who calls, and what must come of it
/// (docs/testing.md). Each test has a
/// world of its own; a day of calls takes milliseconds. Exit 0: all passed. 1: some failed, or too little was covered. 2: something
/// could not be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger test --init /etc/asterisk          # write a first file: what each extension does today, for you to correct
  strowger test                               # all *.test.yaml, and .dial files with tests, here and below
  strowger test extensions.test.yaml --filter busy
  strowger test --coverage                    # what was never tried, with numbers that would
  strowger test --coverage=coverage.html      # the same as a page: coloured lines, the jump graph
  strowger test --coverage=lcov.info --fail-under 80
  strowger test --format junit > tests.xml")]
pub(crate) struct Args {
    /// Test files, .dial files with tests, or folders that hold some
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Only tests whose names hold this, whatever its case
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Say what was never tried; with a file, write all of it there: LCOV, or a page or JSON if its name ends in .html or .json
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    coverage: Option<Option<PathBuf>>,
    /// Fail where a smaller share of the branches was tried
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    fail_under: Option<u8>,
    /// How many tests run at once; all processors if nothing is said
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where random numbers begin, whatever the files say
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Accept the traces of all tests that expect a snapshot
    #[arg(long, conflicts_with_all = ["review", "init", "watch"])]
    accept: bool,
    /// Show each trace that changed, and ask
    #[arg(long, conflicts_with_all = ["init", "watch"])]
    review: bool,
    /// Write a first file of tests beside the plan, or to the end of one in .dial: what each extension does today
    #[arg(long, conflicts_with = "watch")]
    init: bool,
    /// Test again whenever a file changes, until it is interrupted
    #[arg(long)]
    watch: bool,
    /// Make small mistakes in the plan, one at a time, and show those that no test notices; snapshots do not count. With
    /// --fail-under: fail where a smaller share is noticed
    #[arg(long, conflicts_with_all = ["init", "watch", "accept", "review", "coverage", "filter"])]
    mutate: bool,
    /// Let the callers of each test hang up wherever they wait, one moment at a time: nothing may be left behind, and `h` must run
    #[arg(long, conflicts_with_all = ["init", "watch", "accept", "review", "coverage", "mutate", "fail_under"])]
    hangups: bool,
    /// Colours
    #[arg(long, value_enum, default_value_t)]
    color: render::When,
    /// Print the JSON schema of a test file, for editors
    #[arg(long, exclusive = true)]
    schema: bool,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if args.schema {
        println!("{:#}", crate::testing::schema());
        return ExitCode::SUCCESS;
    }
    if args.init {
        return init::main(&args.paths);
    }
    if args.mutate {
        let jobs = crew::threads(args.jobs);
        let exit = mutate::main(&args.paths, args.format, jobs, args.fail_under, args.seed);
        return ExitCode::from(exit);
    }
    if args.hangups {
        let jobs = crew::threads(args.jobs);
        let filter = args.filter.as_deref();
        let exit = hangups::main(&args.paths, filter, args.format, jobs, args.seed);
        return ExitCode::from(exit);
    }
    loop {
        let (exit, watched) = look(&args);
        if !args.watch {
            return ExitCode::from(exit);
        }
        watched.wait();
        if args.format == Format::Human {
            println!();
        }
    }
}

/// One run over all files: the exit status and the files that were read.
fn look(args: &Args) -> (u8, Watched) {
    let begin = Instant::now();
    let mut watched = Watched::begin();
    let stdout = std::io::stdout();
    let colour = args.color.of(&stdout);
    let out = std::io::BufWriter::new(stdout.lock());
    let mut report = Report::new(out, args.format, colour);
    let mut worst = 0;
    let (files, faults) = find::files(&args.paths);
    for fault in faults {
        load::cannot(&fault);
        worst = 2;
    }
    for path in args.paths.iter().filter(|p| p.is_dir()) {
        watched.note(path.clone());
    }
    let mut progress = Progress::begin("testing");
    let mut coverage = Coverage::default();
    let mut matched = 0;
    for path in files {
        watched.note(path.clone());
        progress.at(&path.display().to_string());
        let mut suite = match Suite::open_with(&path, args.seed) {
            Ok(suite) => suite,
            Err(refused) => {
                progress.end();
                worst = 2;
                refused.files.iter().for_each(|f| watched.note(f.clone()));
                match &refused.fault {
                    Some(fault) => {
                        load::cannot(fault);
                    }
                    None if report.refused(&refused).is_err() => return (worst, watched),
                    None => {}
                }
                continue;
            }
        };
        suite.files().into_iter().for_each(|f| watched.note(f));
        let cases = chosen(&suite, args.filter.as_deref());
        matched += cases.len();
        let mut outcome = go(args, &suite, &cases, &progress);
        progress.end();
        if args.accept || args.review {
            let asked = if args.accept {
                Ok(review::accept(&mut suite, &outcome))
            } else {
                review::review(&mut suite, &outcome, colour)
            };
            match asked.and_then(|changed| review::write(&suite, changed)) {
                Ok(true) => outcome = go(args, &suite, &cases, &progress),
                Ok(false) => {}
                Err(fault) => {
                    load::cannot(&fault);
                    worst = 2;
                }
            }
        }
        if outcome.ran.iter().any(|r| !r.failures.is_empty()) {
            worst = worst.max(1);
        }
        if report.suite(&suite, &outcome).is_err() {
            return (worst, watched); // the reader has gone
        }
        coverage.add(suite, outcome.hits);
    }
    progress.end();
    if matched == 0 && report.is_empty() {
        if worst == 0 {
            load::cannot(&nothing(args));
        }
        return (2, watched);
    }
    if let Some(Some(file)) = &args.coverage
        && let Err(fault) = coverage.write(file)
    {
        load::cannot(&fault);
        worst = 2;
    }
    let under = coverage.under(args.fail_under);
    if under {
        worst = worst.max(1);
    }
    let table = args.coverage.is_some();
    // The reader has gone: nobody is to be told.
    let _ = report.end(&coverage, table, args.fail_under, begin.elapsed());
    (worst, watched)
}

/// Why nothing ran, and what to do.
fn nothing(args: &Args) -> String {
    match &args.filter {
        Some(filter) => format!("no test has `{filter}` in its name"),
        None => {
            let paths: Vec<String> = args.paths.iter().map(|p| p.display().to_string()).collect();
            let paths = paths.join(" ");
            format!(
                "{paths}: there are no tests (*.test.yaml, or `test` in .dial)\n  hint: strowger test --init {paths} writes a first file"
            )
        }
    }
}

/// The tests that were asked for.
fn chosen(suite: &Suite, filter: Option<&str>) -> Vec<usize> {
    let filter = filter.map(str::to_lowercase);
    let wanted = |name: &str| {
        filter
            .as_ref()
            .is_none_or(|f| name.to_lowercase().contains(f))
    };
    let names = suite.names().enumerate();
    names.filter(|(_, n)| wanted(n)).map(|(n, _)| n).collect()
}

fn go(args: &Args, suite: &Suite, cases: &[usize], progress: &Progress) -> Outcome {
    let jobs = crew::threads(args.jobs);
    let count = Mutex::new(0_usize);
    let done = || {
        let mut count = count
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *count += 1;
        progress.at(&format!("{}: {count} of {}", suite.shown, cases.len()));
    };
    run(suite, cases, jobs, &done)
}
