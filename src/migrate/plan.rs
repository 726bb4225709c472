//! `strowger migrate`: extensions.conf written anew as `.dial`, with a proof for each context.

use super::tested::{self, Tried};
use super::{Args, Written, write};
use crate::load::{self, Asked};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use strowger_compiler::dial;
use strowger_compiler::migrate::{self, Migrated, Moved, Verdict};
use strowger_compiler::{Options, Sources};
use strowger_runtime::config;

/// The plan of a directory.
pub(super) const PLAN: &str = config::FILES[0];

/// Migrates, writes and tells; whether everything is proved.
pub(super) fn run(args: &Args) -> Result<bool, String> {
    if args.in_place {
        return Err("a plan is not written in place\n  hint: -o new".to_owned());
    }
    let (directory, plan) = place(&args.directory)?;
    let (directory, plan) = (directory.as_path(), plan.as_str());
    if dial::is_dial(plan) {
        return Err(format!(
            "{plan} is in .dial already\n  hint: `strowger emit --conf` prints it as an extensions.conf"
        ));
    }
    let sources = config::gather_with(directory, plan)
        .map_err(|e| format!("{}: {e}", directory.display()))?;
    if sources.find(plan).is_none() {
        return Err(format!("{}: there is no {plan} in it", directory.display()));
    }
    let asked = Asked {
        release: args.release,
        ..Asked::default()
    };
    let (options, _) = load::options(&sources, plan, &asked);
    let told = told(&sources, plan, &options);
    let migrated = &told.migrated;
    let (value, report) = (as_json(&told), as_markdown(&told));
    if let Some(out) = &args.out {
        if let (Ok(a), Ok(b)) = (out.canonicalize(), directory.canonicalize())
            && a == b
        {
            return Err(format!(
                "{} is the directory that is read\n  hint: write to another one: -o new",
                out.display()
            ));
        }
        let file = |name: &str, bytes: Vec<u8>| Written {
            path: out.join(name),
            bytes,
        };
        let files = [
            file(migrate::FILE, migrated.dial.clone().into_bytes()),
            file(PLAN, migrated.conf.clone()),
            file("plan.md", report.into_bytes()),
            file("plan.json", format!("{value:#}\n").into_bytes()),
        ];
        let old = directory.join(plan);
        write(&files, Some(old.as_path()), args.force)?;
    }
    if args.json {
        println!("{value:#}");
    } else {
        print!("{}", summary(&told));
    }
    Ok(told.kept() == 0)
}

/// The directory of a plan and its file there: a file may be named itself.
fn place(path: &Path) -> Result<(PathBuf, String), String> {
    if !path.is_file() {
        return Ok((path.to_owned(), PLAN.to_owned()));
    }
    let name = path.file_name().and_then(|n| n.to_str());
    let name = name.ok_or_else(|| format!("{}: its name is no text", path.display()))?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    Ok((directory.to_owned(), name.to_owned()))
}

/// A plan written anew, and what is known of its contexts.
struct Told {
    migrated: Migrated,
    /// What calls through both plans said of those that the graphs do not prove.
    tried: BTreeMap<String, Tried>,
}

/// Migrates. What calls tell apart, and what none could be made of, stays.
fn told(sources: &Sources, plan: &str, options: &Options) -> Told {
    let mut named: Vec<(String, String)> = Vec::new();
    loop {
        let migrated = migrate::migrate(sources, options, &named);
        let unproved = migrated.contexts.iter();
        let unproved = unproved.filter_map(|c| match &c.verdict {
            Verdict::Unproved(reason) => Some((c.name.clone(), reason.clone())),
            _ => None,
        });
        let unproved: BTreeMap<String, String> = unproved.collect();
        let names: BTreeSet<String> = unproved.keys().cloned().collect();
        let tried = match names.is_empty() {
            true => BTreeMap::new(),
            false => tested::tried((sources, plan), &migrated, &options.dialect, &names),
        };
        let before = named.len();
        for (name, tried) in &tried {
            let why = match tried {
                Tried::Alike { .. } => continue,
                Tried::Differs(call) => format!("differs: {call}"),
                Tried::Untried(why) => why.clone(),
            };
            let reason = format!("{}; {why}", unproved[name]);
            named.push((name.clone(), reason));
        }
        // Each round something more stays, so there is a last one.
        if named.len() == before {
            return Told { migrated, tried };
        }
    }
}

impl Told {
    /// The word of a context.
    fn word(&self, context: &Moved) -> &'static str {
        match &context.verdict {
            Verdict::Proved => "proved",
            Verdict::Unproved(_) => "tested",
            Verdict::Kept(reason) if reason.contains("; differs: ") => "differs",
            Verdict::Kept(_) => "kept",
        }
    }

    /// What is known of a context, in words.
    fn words(&self, context: &Moved) -> String {
        let mut words = match &context.verdict {
            Verdict::Proved => "proved: graph".to_owned(),
            Verdict::Unproved(reason) => match self.tried.get(&context.name) {
                Some(tried) => format!("{} ({reason})", runs(tried)),
                None => "kept".to_owned(),
            },
            Verdict::Kept(reason) => format!("kept: {reason}"),
        };
        if !context.apart.is_empty() {
            let _ = write!(words, "; stays: {}", context.apart.join("; "));
        }
        words
    }

    fn count(&self, word: &str) -> usize {
        let all = self.migrated.contexts.iter();
        all.filter(|c| self.word(c) == word).count()
    }

    /// Contexts that stay.
    fn kept(&self) -> usize {
        self.count("kept") + self.count("differs")
    }

    fn mostly_doors(&self) -> usize {
        let all = self.migrated.contexts.iter();
        all.filter(|c| self.is_mostly_doors(c)).count()
    }

    fn is_mostly_doors(&self, context: &Moved) -> bool {
        !matches!(context.verdict, Verdict::Kept(_)) && context.is_mostly_doors()
    }
}

/// `tested: 12 runs, 83 % of edges`.
fn runs(tried: &Tried) -> String {
    let Tried::Alike {
        calls,
        taken,
        edges,
        through,
    } = tried
    else {
        return String::new();
    };
    let s = if *calls == 1 { "" } else { "s" };
    let from = if *through { " of the whole plan" } else { "" };
    let percent = taken * 100 / edges.max(&1);
    format!("tested: {calls} run{s}{from}, {percent} % of edges")
}

/// `1 context`, `2 contexts`.
fn contexts(count: usize) -> String {
    match count {
        1 => "1 context".to_owned(),
        count => format!("{count} contexts"),
    }
}

fn summary(told: &Told) -> String {
    let migrated = &told.migrated;
    let mut out = String::new();
    let (proved, tested) = (told.count("proved"), told.count("tested"));
    let also = match tested {
        0 => String::new(),
        tested => format!(", {tested} tested"),
    };
    let all = contexts(migrated.contexts.len());
    let _ = writeln!(out, "{all}, {proved} proved{also}");
    let doors = told.mostly_doors();
    if doors > 0 {
        let _ = writeln!(
            out,
            "{} of them mostly in Asterisk's own words (app, asterisk, unchecked)",
            contexts(doors)
        );
    }
    for context in &migrated.contexts {
        let name = &context.name;
        match &context.verdict {
            Verdict::Kept(reason) => {
                let _ = writeln!(out, "stays in extensions.conf: [{name}]: {reason}");
            }
            Verdict::Unproved(_) => {
                let _ = writeln!(out, "[{name}]: {}", told.words(context));
            }
            Verdict::Proved => {}
        }
        if !context.apart.is_empty() {
            let apart = context.apart.join("; ");
            let _ = writeln!(out, "stays in extensions.conf, of [{name}]: {apart}");
        }
    }
    for doubt in &migrated.doubts {
        let _ = writeln!(out, "note: {doubt}");
    }
    out
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn as_markdown(told: &Told) -> String {
    let migrated = &told.migrated;
    let mut out = String::from("# Migration\n\n");
    let _ = writeln!(
        out,
        "{}: {} proved, {} tested, {} kept in extensions.conf. Of the first two {} use Asterisk's own words \
         (`app`, `asterisk`, `unchecked`) in more than half of their statements.",
        contexts(migrated.contexts.len()),
        told.count("proved"),
        told.count("tested"),
        told.kept(),
        told.mostly_doors()
    );
    out.push_str(
        "\n*Proved*: the file that was written was compiled, and for each extension the graph of what it does is the graph that the old \
         lines made: the same applications with the same arguments behind the same conditions. *Tested*: the graphs do not tell it; \
         calls were run through both plans, with each outcome of each Dial, keys, times and hang-ups, and callers noticed no difference.\n",
    );
    for doubt in &migrated.doubts {
        let _ = writeln!(out, "\nNote: {doubt}.");
    }
    out.push_str("\n| context | line | result | extensions | statements | of them doors |\n|---|---|---|---|---|---|\n");
    for context in &migrated.contexts {
        let _ = writeln!(
            out,
            "| {} | {}:{} | {} | {} | {} | {} |",
            cell(&context.name),
            cell(&context.place.0),
            context.place.1,
            cell(&told.words(context)),
            context.extensions,
            context.statements,
            context.doors
        );
    }
    out
}

fn as_json(told: &Told) -> Value {
    let migrated = &told.migrated;
    let contexts: Vec<Value> = migrated
        .contexts
        .iter()
        .map(|context| {
            let reason = match &context.verdict {
                Verdict::Proved => Value::Null,
                Verdict::Kept(reason) | Verdict::Unproved(reason) => Value::from(reason.as_str()),
            };
            let tested = match told.tried.get(&context.name) {
                Some(Tried::Alike {
                    calls,
                    taken,
                    edges,
                    ..
                }) => json!({ "runs": calls, "edges": edges, "taken": taken }),
                _ => Value::Null,
            };
            json!({
                "context": context.name,
                "file": context.place.0,
                "line": context.place.1,
                "verdict": told.word(context),
                "reason": reason,
                "tested": tested,
                "stays": context.apart,
                "returned": context.returned,
                "extensions": context.extensions,
                "statements": context.statements,
                "doors": context.doors,
                "mostly_doors": told.is_mostly_doors(context),
                "elsewhere": context.elsewhere,
            })
        })
        .collect();
    json!({
        "contexts": contexts,
        "proved": told.count("proved"),
        "tested": told.count("tested"),
        "differs": told.count("differs"),
        "kept": told.count("kept"),
        "mostly_doors": told.mostly_doors(),
        "notes": migrated.doubts,
    })
}
