//! `strowger migrate`: extensions.conf written anew as `.dial`, with a proof for each context.

use super::renewed::{Lines, Renewed, renewed};
use super::tested::{self, Tried};
use super::{Args, Written, write};
use crate::load::{self, Asked};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use strowger_compiler::dial;
use strowger_compiler::migrate::{self, Migrated, Moved, Verdict};
use strowger_compiler::{Options, Reading, Sources};
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
    let (mut options, _) = load::options(&sources, plan, &asked);
    // Who says which Asterisk reads the plan wants it for that one.
    let new = match args.release.is_named() {
        true => None,
        false => renewed(&sources, plan, &options, args.from.as_deref())?,
    };
    let lines = match &new {
        Some(new) => {
            options.dialect = new.target;
            new.sources.clone()
        }
        None => sources.clone(),
    };
    let mut told = told(&lines, plan, &options);
    if new.is_some() {
        told.places(&sources, plan);
    }
    if let Some(new) = &new
        && !new.absent.is_empty()
    {
        told.migrated.doubts.push(format!(
            "these files do not hold {}: the new lines were tested as if such a macro came back",
            new.absent.join(", ")
        ));
    }
    told.renewed = new;
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
        if let Some(old) = devices(directory) {
            println!(
                "{old} stays as it is, and goes with the new plan; `strowger migrate --devices {}` makes a pjsip.conf of it.",
                directory.display()
            );
        }
    }
    Ok(told.kept() == 0)
}

/// The old device file of a directory in which there is no new one.
fn devices(directory: &Path) -> Option<&'static str> {
    let there = |name: &str| directory.join(name).is_file();
    let old = ["sip.conf", "users.conf"].into_iter().find(|n| there(n))?;
    (!there("pjsip.conf")).then_some(old)
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
    /// What became of the lines before, if they were not for the newest release.
    renewed: Option<Renewed>,
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
            return Told {
                migrated,
                tried,
                renewed: None,
            };
        }
    }
}

impl Told {
    /// Contexts by their places in the old files: the new lines may stand elsewhere.
    fn places(&mut self, sources: &Sources, plan: &str) {
        let options = Options {
            plan: plan.to_owned(),
            ..Options::default()
        };
        let reading = Reading::new(sources, &options);
        for context in &mut self.migrated.contexts {
            if let Some(old) = reading.hir().context(context.name.as_bytes()) {
                let file = sources.file(old.span.file);
                context.place = (file.name().to_owned(), file.line(old.span.start));
            }
        }
    }

    /// What became of the lines of a context.
    fn lines(&self, context: &Moved) -> Option<&Lines> {
        self.renewed.as_ref()?.contexts.get(&context.name)
    }

    /// The word of a context: the weaker one, where its lines became others first.
    fn word(&self, context: &Moved) -> &'static str {
        match &context.verdict {
            Verdict::Proved if matches!(self.lines(context), Some(Lines::Tested { .. })) => {
                "tested"
            }
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
        if let Some(lines) = self.lines(context) {
            words = format!("new lines {}; .dial {words}", lines.words());
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
    if let Some(new) = &told.renewed {
        let _ = writeln!(out, "{}", first(new));
    }
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
            Verdict::Proved if told.lines(context).is_some() => {
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

/// What was done to the lines first.
fn first(new: &Renewed) -> String {
    let rewrites = match new.changes {
        1 => "1 rewrite".to_owned(),
        n => format!("{n} rewrites"),
    };
    let left = match new.left.len() {
        0 => String::new(),
        1 => ", 1 place is left to a person".to_owned(),
        n => format!(", {n} places are left to a person"),
    };
    format!(
        "The lines were for Asterisk {}, and became lines for {} first: {rewrites}{left}.",
        new.old, new.target
    )
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
    if let Some(new) = &told.renewed {
        let _ = writeln!(
            out,
            "\n{} The result tells both steps. *New lines tested*: calls were run through the old lines, read by the old release, and \
             through the new ones, and callers noticed no difference; where no number leads, lines were written that call them. *New lines as they were*: \
             calls told them apart, or none came there, so these lines are what they were, as Asterisk {} reads them; what they did in {} is not \
             claimed. `strowger migrate --to-conf` shows all new lines.",
            first(new),
            new.target,
            new.old
        );
        for left in &new.left {
            let help = match left.help.is_empty() {
                true => String::new(),
                false => format!(": {}", left.help),
            };
            let _ = writeln!(
                out,
                "\n- {}:{} {} {}{help}",
                left.file, left.line, left.code, left.words
            );
        }
    }
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
                "lines": lines_as_json(told.lines(context)),
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
        "from": told.renewed.as_ref().map(|new| new.old.to_string()),
        "for": told.renewed.as_ref().map(|new| new.target.to_string()),
        "rewrites": told.renewed.as_ref().map_or(0, |new| new.changes),
        "left": told.renewed.as_ref().map_or(0, |new| new.left.len()),
        "proved": told.count("proved"),
        "tested": told.count("tested"),
        "differs": told.count("differs"),
        "kept": told.count("kept"),
        "mostly_doors": told.mostly_doors(),
        "notes": migrated.doubts,
    })
}

/// What became of the lines first; null if they are what they were.
fn lines_as_json(lines: Option<&Lines>) -> Value {
    match lines {
        None => Value::Null,
        Some(Lines::Tested {
            calls,
            taken,
            edges,
            ..
        }) => json!({ "verdict": "tested", "runs": calls, "edges": edges, "taken": taken }),
        Some(Lines::AsTheyWere(why)) => json!({ "verdict": "as they were", "reason": why }),
    }
}
