//! `strowger explore`: everything that may happen outside a plan, tried in order, and what must be so all the same.

mod against;
mod entries;
mod hunt;
mod keys;
mod marks;
mod moments;
mod path;
mod points;
pub(crate) mod property;
mod search;
mod still;
mod told;
pub(crate) mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use strowger_compiler::{Diagnostic, Sources, Span, beside};
use strowger_runtime::config;
use strowger_runtime::sim::report::Kind;

use crate::check::progress::Progress;
use crate::folders::Folders;
use crate::testing::Stands;
use crate::testing::{Hits, PLAN, Suite, plan_of, seen, suite_name};
use crate::{crew, load, render};
use against::Other;
use entries::{Entry, entries};
use hunt::{Bounds, Hunted, hunt};
use marks::Mark;
pub(crate) use path::span;
use property::Property;
use told::{Failure, Format, Told};

/// Try everything that may happen around a plan, and show what goes wrong
///
/// Calls each number, and lets each Dial end in each way, each key be pressed that the plan can tell from others, each time condition
/// have both sides, and the caller hang up wherever it waits. What breaks a property (P001 to P006; `strowger explain P001`) is told
/// with the shortest way to it, as a test to keep. The search is bounded by counts, never by the clock: the same plan gives the same
/// answer. Exit 0: nothing found. 1: something found. 2: something could not be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger explore /etc/asterisk
  strowger explore extensions.conf --context office --property P001,P005
  strowger explore . --save found.test.yaml      # the failures as tests
  strowger explore . --save found.dial           # the same for a plan in .dial
  strowger explore new --against old             # P006: does the new plan do what the old one did?
  strowger explore . --format json | jq -r 'select(.property) | .message'")]
pub(crate) struct Args {
    /// A configuration directory, or a plan
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only these (several: separated by commas)
    #[arg(long, value_enum, value_delimiter = ',', ignore_case = true)]
    property: Vec<Property>,
    /// Compare what callers notice with what they notice in this plan (P006)
    #[arg(long, value_name = "PLAN")]
    against: Option<PathBuf>,
    /// Only numbers of this context
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Most calls that are tried in all
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    max_calls: u32,
    /// A call that waits or asks more often than that does not end
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_steps: u32,
    /// Where random numbers begin
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// How many numbers are searched from at once; all processors if nothing is said
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Write the failures as tests into a new file beside the plan: *.test.yaml, or *.dial for a plan in .dial
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
    /// Colours
    #[arg(long, value_enum, default_value_t)]
    color: render::When,
}

pub(crate) fn main(args: Args) -> ExitCode {
    match look(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(fault) => {
            load::cannot(&fault);
            ExitCode::from(2)
        }
    }
}

/// The numbers of a plan in files.
fn read(
    path: &Path,
    only: Option<&str>,
    through: &[Vec<u8>],
) -> Result<(Suite, Vec<Entry>, usize), String> {
    let (plan, name) = plan_of(path)?;
    let file = plan.with_extension("test.yaml");
    entries(&name, only, through, &|text| {
        Suite::with_text(&file, text.into_bytes(), None).map_err(|refused| refused.to_string())
    })
}

/// Most calls by which two plans are told apart.
const TOLD_APART: usize = 1_000;
/// Most waits and questions of each.
const STEPS: u32 = 200;

/// Looks for a call that goes another way in another plan, and for nothing else.
fn against_other(suite: &Suite, entries: Vec<Entry>, other: &Other, bounds: Bounds) -> Hunted {
    let wanted = [Property::P006];
    hunt(
        suite,
        entries,
        &[],
        Some(other),
        &wanted,
        bounds,
        &|_, _| (),
    )
}

/// Whether callers notice no difference between two plans, whichever numbers they call; unknown where the search leaves something out.
pub(crate) fn alike(one: &Suite, other: &Suite) -> Option<bool> {
    let numbers = |suite: &Suite| {
        entries(suite.plan_name(), None, &[], &|text| {
            suite.retold(text).map_err(|refused| refused.to_string())
        })
    };
    let bounds = Bounds {
        calls: TOLD_APART,
        steps: STEPS,
        jobs: 1,
    };
    for (here, there) in [(one, other), (other, one)] {
        let (suite, found, left) = numbers(here).ok()?;
        let compared = Other {
            suite: numbers(there).ok()?.0,
            shown: String::new(),
        };
        let hunted = against_other(&suite, found, &compared, bounds);
        if !hunted.failures.is_empty() {
            return Some(false);
        }
        if left > 0 || hunted.moments_left || !hunted.counts.complete() {
            return None;
        }
    }
    Some(true)
}

/// What two plans do with the calls into one context.
pub(crate) enum Side {
    /// So many calls were alike; whether nothing was left out.
    Alike {
        calls: usize,
        complete: bool,
        /// By context of the first plan: edges that some call took, and all that there are.
        edges: BTreeMap<Vec<u8>, (usize, usize)>,
    },
    /// What differs first, and the call in which it does.
    Differs(String),
}

/// Calls the numbers of a context, or of all, in both plans (`shown` is the other one); none if nothing can be dialled in either.
pub(crate) fn side_by_side(
    one: &Suite,
    other: &Suite,
    shown: &str,
    context: Option<&str>,
    calls: usize,
    steps: u32,
) -> Option<Side> {
    let numbers = |suite: &Suite| {
        entries(suite.plan_name(), context, &[], &|text| {
            suite.retold(text).map_err(|refused| refused.to_string())
        })
        .ok()
    };
    let bounds = Bounds {
        calls,
        steps,
        jobs: 1,
    };
    let (suite, found, left) = numbers(one)?;
    let (there, theirs, _) = numbers(other)?;
    let hir = &suite.loaded.compiled.hir;
    let known = |e: &Entry| {
        let there = hir.context(e.context.as_bytes());
        let number = e.number.as_bytes();
        // What returns is no number to call, and it is there all the same.
        found.iter().any(|f| f.number == e.number)
            || there.is_some_and(|c| c.extensions.iter().any(|x| x.matches.matches(number)))
    };
    let lost = theirs.iter().find(|e| !known(e)).map(Entry::words);
    let compared = Other {
        suite: there,
        shown: shown.to_owned(),
    };
    let hunted = against_other(&suite, found, &compared, bounds);
    if let Some((entry, found, _)) = hunted.failures.first() {
        let mut here = hunt::simulation(&suite, bounds);
        let report = here.play(&found.path.scenario(&entry.scenario, found.start));
        let words = found
            .path
            .words(&written::unmocked(&report, Kind::Endpoint));
        let way = if words.is_empty() {
            "nothing special happens"
        } else {
            &words
        };
        let words = format!("dial {}: {way}: {}", entry.words(), found.broken.message);
        return Some(Side::Differs(words));
    }
    if let Some(lost) = lost {
        return Some(Side::Differs(format!("{lost} is not there any more")));
    }
    Some(Side::Alike {
        edges: edges(&suite, &hunted.hits),
        calls: hunted.counts.calls,
        complete: left == 0 && !hunted.moments_left && hunted.counts.complete(),
    })
}

/// The edges that were taken, and all: a step that only goes on has one, a branch one for each of its ways.
fn edges(suite: &Suite, hits: &Hits) -> BTreeMap<Vec<u8>, (usize, usize)> {
    let contexts = &suite.loaded.compiled.hir.contexts;
    let mut all: BTreeMap<Vec<u8>, (usize, usize)> = BTreeMap::new();
    for (n, reach) in suite.reachable.steps.iter().enumerate() {
        let Some(context) = contexts.get(reach.context) else {
            continue;
        };
        let counts = all.entry(context.name.clone()).or_default();
        let taken = match reach.ways.len() {
            0 | 1 => usize::from(hits.steps[n] > 0),
            _ => hits.ways[n].iter().filter(|w| **w > 0).count(),
        };
        counts.0 += taken;
        counts.1 += reach.ways.len().max(1);
    }
    all
}

/// Whether nothing was found.
fn look(args: &Args) -> Result<bool, String> {
    let (suite, mut found, left) = read(&args.path, args.context.as_deref(), &[])?;
    let wanted = wanted(args, &suite);
    let bounds = Bounds {
        calls: args.max_calls as usize,
        steps: args.max_steps,
        jobs: crew::threads(args.jobs),
    };
    let mut other = None;
    let mut theirs = Vec::new();
    if let Some(path) = &args.against {
        let (suite, entries, _) = read(path, args.context.as_deref(), &[])?;
        let new = |e: &Entry| {
            let same = |m: &Entry| (&m.context, &m.number) == (&e.context, &e.number);
            !found.iter().any(same)
        };
        theirs = entries.into_iter().filter(new).collect();
        seeded(&mut theirs, args.seed);
        other = Some(Other {
            suite,
            shown: path.display().to_string(),
        });
    }
    let mut sources = suite.loaded.sources.clone();
    let directory = suite.loaded.directory.clone();
    config::gather_more(
        &mut sources,
        &directory,
        &beside::FILES,
        &Default::default(),
    );
    args.folders.list(&mut sources)?;
    let strangers = strangers(&suite, &sources);
    let (marks, not_looked_at) = statically(&suite, &sources, &wanted, &strangers);
    if marks
        .iter()
        .any(|m| m.finding.code == Property::P003.code())
    {
        // What strangers find in included contexts. That there is nothing is no mistake.
        let more = read(&args.path, args.context.as_deref(), &strangers);
        found.extend(more.map(|(_, more, _)| more).unwrap_or_default());
    }
    seeded(&mut found, args.seed);
    let numbers = found.len();

    let mut progress = Progress::begin("exploring");
    let lock = Mutex::new(());
    let done = |calls: usize, numbers: usize| {
        let _one = lock.lock();
        progress.at(&format!("{calls} calls from {numbers} numbers"));
    };
    let hunted = hunt(
        &suite,
        found,
        &marks,
        other.as_ref(),
        &wanted,
        bounds,
        &done,
    );
    // Numbers that only the other plan has: they are called here too.
    let more = (!theirs.is_empty()).then(|| {
        hunt(
            &suite,
            theirs,
            &[],
            other.as_ref(),
            &[Property::P006],
            bounds,
            &done,
        )
    });
    progress.end();

    let mut failures = drawn(&suite, &hunted, &marks, other.as_ref(), bounds);
    let mut hits = hunted.hits.clone();
    let mut counts = hunted.counts;
    if let Some(more) = &more {
        failures.extend(drawn(&suite, more, &[], other.as_ref(), bounds));
        hits.add(&more.hits);
        counts.add(more.counts);
    }
    let still = without_a_call(marks, &hunted, &mut failures, &sources);
    let told = Told {
        suite: &suite,
        sources: &sources,
        still,
        failures,
        counts,
        hits,
        numbers,
        numbers_left: left,
        not_looked_at,
        unserved: hunted.unserved,
        moments: hunted.moments,
        moments_left: hunted.moments_left,
    };
    if let Some(file) = &args.save {
        save(file, &told)?;
    }
    let stdout = std::io::stdout();
    let colour = args.color.of(&stdout);
    // The reader has gone: nobody is to be told.
    let _ = told.say(&mut stdout.lock(), args.format, colour);
    Ok(told.still.is_empty() && told.failures.is_empty())
}

fn seeded(entries: &mut [Entry], seed: Option<u64>) {
    if let Some(seed) = seed {
        for entry in entries {
            entry.scenario.seed = seed;
        }
    }
}

/// The properties that are looked at: what was asked for, less what strowger.toml allows.
fn wanted(args: &Args, suite: &Suite) -> Vec<Property> {
    let levels = suite.loaded.config.options.levels().by_code();
    let allowed = |p: &Property| {
        let level = levels.get(p.code());
        level == Some(&strowger_compiler::Level::Allow)
    };
    Property::ALL
        .into_iter()
        .filter(|p| args.property.is_empty() || args.property.contains(p))
        .filter(|p| *p != Property::P006 || args.against.is_some())
        .filter(|p| !allowed(p))
        .collect()
}

/// Contexts into which strangers call.
fn strangers(suite: &Suite, sources: &Sources) -> Vec<Vec<u8>> {
    let around = &suite.loaded.config.options.check.surroundings;
    strowger_compiler::strangers(sources, around)
}

/// What is seen without running anything, and what could not be looked at.
fn statically(
    suite: &Suite,
    sources: &Sources,
    wanted: &[Property],
    strangers: &[Vec<u8>],
) -> (Vec<Mark>, Vec<String>) {
    let plan = suite.plan_name();
    let mut still = still::proven(sources, plan, wanted, strangers);
    let mut not = Vec::new();
    if wanted.contains(&Property::P004) {
        let accounts = suite.loaded.config.accounts.iter();
        let spoken = accounts.map(|a| {
            let language = String::from_utf8_lossy(&a.language).into_owned();
            (a.context.clone(), language)
        });
        let spoken: BTreeSet<(Vec<u8>, String)> = spoken.collect();
        let spoken: Vec<(Vec<u8>, String)> = spoken.into_iter().collect();
        match still::prompts(&suite.loaded.compiled.hir, sources, &spoken) {
            Some(found) => still.extend(found),
            None => not.push(
                "P004: nobody said where the prompts lie (--sounds, or astdatadir in asterisk.conf)"
                    .to_owned(),
            ),
        }
    }
    (still, not)
}

/// What was seen in the text and has no call that shows it; and nothing that a comment allows.
fn without_a_call(
    marks: Vec<Mark>,
    hunted: &Hunted,
    failures: &mut Vec<Failure>,
    sources: &Sources,
) -> Vec<Diagnostic> {
    let shown: BTreeSet<usize> = hunted
        .failures
        .iter()
        .filter_map(|(_, found, _)| found.broken.mark)
        .collect();
    let line = |d: &Diagnostic| {
        let span = d.primary.span;
        (d.code, span.file, sources.file(span.file).line(span.start))
    };
    let told: Vec<_> = failures.iter().map(|f| line(&f.finding)).collect();
    let marks = marks.into_iter().enumerate();
    let mut still: Vec<Diagnostic> = marks
        .filter(|(n, mark)| !shown.contains(n) && !told.contains(&line(&mark.finding)))
        .map(|(_, mark)| mark.finding)
        .collect();
    strowger_compiler::allow(sources, &mut still, |finding| finding);
    strowger_compiler::allow(sources, failures, |failure| &failure.finding);
    still
}

/// Each failure with its place in the plan and its test.
fn drawn(
    suite: &Suite,
    hunted: &Hunted,
    marks: &[Mark],
    other: Option<&Other>,
    bounds: Bounds,
) -> Vec<Failure> {
    let mut here = hunt::simulation(suite, bounds);
    let mut there = other.map(|other| other.simulation(bounds));
    let mut all = Vec::new();
    for (entry, found, others) in &hunted.failures {
        let expected = there.as_mut().map(|there| {
            let report = there.play(&found.path.scenario(&entry.scenario, found.start));
            seen(&entry.case, &report)
        });
        let broken = &found.broken;
        let mark = broken.mark.and_then(|n| marks.get(n));
        let place = broken.source.as_ref().and_then(|s| place(suite, s));
        // A call that ran no step: the first one of the plan.
        let first = suite.reachable.steps.first().map(|s| s.span);
        let mut finding = match (mark, place.or(first)) {
            (Some(mark), _) => mark.finding.clone(),
            (None, Some(span)) => {
                Diagnostic::new(broken.property.code(), broken.message.clone(), span)
            }
            (None, None) => continue,
        };
        let levels = suite.loaded.config.options.levels().by_code();
        if let Some(level) = levels.get(finding.code) {
            finding.level = *level;
        }
        if place.is_some() {
            finding = finding.label(broken.label.clone());
        }
        let report = here.play(&found.path.scenario(&entry.scenario, found.start));
        let words = found
            .path
            .words(&written::unmocked(&report, Kind::Endpoint));
        let words = if words.is_empty() {
            "nothing special happens".to_owned()
        } else {
            words
        };
        let moment = written::moment(found.start);
        finding = finding.help(format!("dial {} at {moment}: {words}", entry.words()));
        if *others > 0 {
            finding = finding.help(match others {
                1 => "1 more number leads there".to_owned(),
                n => format!("{n} more numbers lead there"),
            });
        }
        let test = written::test(entry, found, mark, &mut here, expected.as_ref());
        all.push(Failure {
            property: broken.property,
            finding,
            block: suite
                .is_dial()
                .then(|| written::block(suite, &test, Stands::InPlan).ok())
                .flatten(),
            test,
            context: entry.context.clone(),
            number: entry.number.clone(),
            at: moment,
            choices: words,
        });
    }
    all
}

/// The step of a line.
fn place(suite: &Suite, source: &strowger_vm::trace::Source) -> Option<Span> {
    let file = suite.sources.find(&source.file)?;
    let mut steps = suite.reachable.steps.iter();
    let step = steps.find(|s| s.file == file && s.line == source.line)?;
    Some(step.span)
}

fn save(file: &Path, told: &Told<'_>) -> Result<(), String> {
    let shown = suite_name(file);
    if file.exists() {
        return Err(format!("{shown} is there already"));
    }
    if told.failures.is_empty() {
        return Ok(());
    }
    let text = match strowger_compiler::dial::is_dial(&shown) {
        true => told.blocks().map_err(|e| format!("{shown}: {e}"))?,
        false => told.file(),
    };
    std::fs::write(file, text).map_err(|e| format!("{shown}: {e}"))
}

/// What a plan in memory draws first, for the page of a code.
pub(crate) fn first(sources: &Sources, property: &str) -> String {
    let Some(property) = Property::ALL.into_iter().find(|p| p.code() == property) else {
        return String::new();
    };
    let suite =
        |text: String| Suite::of_sources(sources, text).map_err(|refused| refused.to_string());
    let Ok((suite, found, _)) = entries(PLAN, None, &[], &suite) else {
        return String::new();
    };
    let wanted = [property];
    let strangers = strangers(&suite, sources);
    let (marks, _) = statically(&suite, sources, &wanted, &strangers);
    let bounds = Bounds {
        calls: 2_000,
        steps: 1_000,
        jobs: 1,
    };
    let other = other_of(sources);
    let hunted = hunt(
        &suite,
        found,
        &marks,
        other.as_ref(),
        &wanted,
        bounds,
        &|_, _| (),
    );
    let mut failures = drawn(&suite, &hunted, &marks, other.as_ref(), bounds);
    let mut still = without_a_call(marks, &hunted, &mut failures, sources);
    still.extend(failures.into_iter().map(|f| f.finding));
    still.truncate(1);
    let mut out = Vec::new();
    // A vector takes everything.
    let _ = render::human(&mut out, sources, &still, false);
    String::from_utf8_lossy(&out).into_owned()
}

/// The plan that an example compares with: `old.conf`.
fn other_of(sources: &Sources) -> Option<Other> {
    let old = sources.find("old.conf")?;
    let text = sources.file(old).bytes().to_vec();
    let old = Sources::new().with(PLAN, text);
    let tests = format!("dialplan: {PLAN}\ntests: []\n");
    Some(Other {
        suite: Suite::of_sources(&old, tests).ok()?,
        shown: "old.conf".to_owned(),
    })
}
