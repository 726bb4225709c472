//! `strowger migrate --to-conf`: a plan of an old release written for a newer one, within its .conf files.

use super::{Args, Written, write};
use crate::explore::{Side, side_by_side};
use crate::testing::Suite;
use crate::{crew, diff, load, render};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;
use strowger_compiler::hir::{Context, Hir};
use strowger_compiler::modernise::{Modern, modernise};
use strowger_compiler::{Reading, Sources};
use strowger_runtime::config;
use strowger_stdlib::Dialect;

/// The plan of a directory.
const PLAN: &str = config::FILES[0];
/// Calls by which one context is compared.
const CALLS: usize = 300;
/// Waits and questions of each of them.
const STEPS: u32 = 200;

/// How sure it is that a context does what it did.
enum Verdict {
    /// Its steps are the same, read by releases that read them alike.
    Proved,
    /// So many calls were run in both, and were alike; whether nothing was left out.
    Tested { calls: usize, complete: bool },
    /// Calls come here from other contexts only: their verdict counts.
    Within,
    /// What differs.
    Differs(String),
    /// It could not be tried.
    Unknown(String),
}

impl Verdict {
    fn words(&self) -> String {
        match self {
            Verdict::Proved => "proved: graph".to_owned(),
            Verdict::Tested { calls, complete } => {
                let s = if *calls == 1 { "" } else { "s" };
                let left = if *complete {
                    "nothing was left out"
                } else {
                    "not everything was tried"
                };
                format!("tested: {calls} call{s} in both plans, {left}")
            }
            Verdict::Within => "tested with the contexts that call it".to_owned(),
            Verdict::Differs(words) => format!("differs: {words}"),
            Verdict::Unknown(words) => format!("unknown: {words}"),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Verdict::Proved => "proved",
            Verdict::Tested { .. } => "tested",
            Verdict::Within => "within",
            Verdict::Differs(_) => "differs",
            Verdict::Unknown(_) => "unknown",
        }
    }
}

/// Rewrites, writes and tells; whether everything could be written anew and is the same.
pub(super) fn run(args: &Args) -> Result<bool, String> {
    let directory = &args.directory;
    let fault = |e: std::io::Error| format!("{}: {e}", directory.display());
    let sources = config::gather(directory).map_err(fault)?;
    if sources.find(PLAN).is_none() {
        return Err(format!("{}: there is no {PLAN} in it", directory.display()));
    }
    let target = release(&args.target)?;
    let old = match &args.from {
        Some(from) => release(from)?,
        None => guessed(&sources, PLAN, &target),
    };
    // The rest is tried with `SIP/` as it is, because a call shows whom it dials.
    let asked = |dialect: &Dialect| {
        let mut options = load::options(&sources, PLAN, &load::Asked::default()).0;
        options.dialect = *dialect;
        options
    };
    let options = asked(&target);
    let plain = modernise(&sources, &options, &old, false, crew::together);
    let modern = modernise(&plain.sources, &options, &old, true, crew::together);
    let mut whole = Modern {
        sources: modern.sources,
        changes: plain.changes,
        left: modern.left,
    };
    whole.changes.extend(modern.changes);
    let before = Reading::new(&sources, &asked(&old));
    let after = Reading::new(&plain.sources, &options);
    let verdicts = verdicts(&sources, &plain.sources, (&old, &before), (&target, &after));

    let changed: Vec<(String, Vec<u8>, Vec<u8>)> = whole
        .sources
        .files()
        .filter_map(|(_, file)| {
            let old = sources.file(sources.find(file.name())?).bytes();
            let differs = old != file.bytes();
            differs.then(|| (file.name().to_owned(), old.to_vec(), file.bytes().to_vec()))
        })
        .collect();
    let report = report(&whole, &verdicts, &old, &target);
    let markdown = markdown(&whole, &verdicts, &old, &target);
    let out = args.out.as_ref().or(args.in_place.then_some(directory));
    if let Some(out) = out {
        save(args, out, &changed, &markdown, &report)?;
    }
    let shown = if args.diff {
        let colour = render::colour(&std::io::stdout());
        let texts = changed
            .iter()
            .map(|(name, old, new)| diff::unified(name, old, new, colour));
        texts.collect::<Vec<_>>().concat()
    } else if args.json {
        (serde_json::to_string_pretty(&report).map_err(|e| e.to_string())? + "\n").into_bytes()
    } else {
        markdown.into_bytes()
    };
    match std::io::stdout().lock().write_all(&shown) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => return Err(e.to_string()),
        _ => {}
    }
    let sure = |v: &Verdict| !matches!(v, Verdict::Differs(_) | Verdict::Unknown(_));
    Ok(whole.left.is_empty() && verdicts.iter().all(|(_, v)| sure(v)))
}

/// Writes the files that changed and the report. In place, the plan is written over and its report is told only.
fn save(
    args: &Args,
    out: &Path,
    changed: &[(String, Vec<u8>, Vec<u8>)],
    markdown: &str,
    report: &Value,
) -> Result<(), String> {
    let same = match (out.canonicalize(), args.directory.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    if same && !args.in_place {
        return Err(format!(
            "{} is the directory that is read; --in-place writes there",
            out.display()
        ));
    }
    let outside =
        |name: &str| Path::new(name).is_absolute() || name.split('/').any(|part| part == "..");
    let mut files: Vec<Written> = changed
        .iter()
        .filter(|(name, ..)| !outside(name))
        .map(|(name, _, new)| Written {
            path: out.join(name),
            bytes: new.clone(),
        })
        .collect();
    if !args.in_place {
        files.push(Written {
            path: out.join("migration.md"),
            bytes: markdown.as_bytes().to_vec(),
        });
        files.push(Written {
            path: out.join("migration.json"),
            bytes: serde_json::to_vec_pretty(report).map_err(|e| e.to_string())?,
        });
    }
    let like = args.directory.join(PLAN);
    write(&files, Some(&like), args.force || args.in_place)
}

/// `asterisk-23`, `23`, `1.8`.
pub(super) fn release(text: &str) -> Result<Dialect, String> {
    let number = text.strip_prefix("asterisk-").unwrap_or(text);
    Dialect::named(number).ok_or_else(|| {
        format!("`{text}` is no release that is known: write asterisk-23, 18 or 1.4")
    })
}

/// For which release a plan was written, by what it uses, if strowger.toml does not say.
pub(super) fn guessed(sources: &Sources, plan: &str, target: &Dialect) -> Dialect {
    let (options, config) = load::options(sources, plan, &load::Asked::default());
    if config.options.dialect != Dialect::default() {
        return config.options.dialect;
    }
    let mut options = options;
    options.dialect = *target;
    let reading = Reading::new(sources, &options);
    let found = strowger_compiler::check(sources, &options, &reading, crew::together);
    let has = |codes: &[&str]| found.iter().any(|f| codes.contains(&f.code));
    let named = |text: &str| Dialect::named(text).unwrap_or_default();
    // `same` came when `|` had been text for two years: there a pipe is a mistake.
    let same = sources.files().any(|(_, file)| {
        let mut lines = file.bytes().split(|b| *b == b'\n');
        lines.any(|l| l.trim_ascii_start().starts_with(b"same"))
    });
    if !same && has(&["A406", "M909", "M911"]) {
        named("1.4")
    } else if has(&["M902"]) {
        named("20")
    } else {
        *target
    }
}

/// Whether two releases read the steps alike that neither finds macros in.
fn read_alike(old: &Dialect, new: &Dialect) -> bool {
    let others = |d: &Dialect| {
        let differ = ["macros", "last_wins", "users_context"];
        let all = strowger_stdlib::dialect::SWITCHES.iter();
        all.filter(|s| !differ.contains(&s.name))
            .map(|s| (s.get)(d))
            .collect::<Vec<bool>>()
    };
    others(old) == others(new)
}

/// Each context of the plan.
fn verdicts(
    sources: &Sources,
    new: &Sources,
    (old_release, before): (&Dialect, &Reading),
    (new_release, after): (&Dialect, &Reading),
) -> Vec<(String, Verdict)> {
    let alike = read_alike(old_release, new_release);
    let (one, two) = (suite(new, new_release), suite(sources, old_release));
    let mut out = Vec::new();
    for context in &before.hir().contexts {
        let name = String::from_utf8_lossy(&context.name).into_owned();
        let same = after
            .hir()
            .context(&context.name)
            .is_some_and(|c| equal(context, c));
        let empty = context.extensions.iter().all(|e| e.steps.is_empty());
        // The steps of a macro may be the same: how it ends is not.
        let turned =
            context.name.starts_with(b"macro-") && old_release.macros && !new_release.macros;
        let verdict = if (alike || empty) && same && !turned && !uses_macros(context) {
            Verdict::Proved
        } else {
            tried(&name, &one, &two, called(before.hir(), &context.name))
        };
        out.push((name, verdict));
    }
    out
}

/// Whether a step is of the family of Macro: it means nothing in a release that has lost it.
fn uses_macros(context: &Context) -> bool {
    let steps = context.extensions.iter().flat_map(|e| &e.steps);
    steps
        .map(|s| s.app.bytes().to_ascii_lowercase())
        .any(|app| app.starts_with(b"macro"))
}

/// Whether both contexts have the same steps, hints, includes and switches.
pub(super) fn equal(a: &Context, b: &Context) -> bool {
    let steps = |c: &Context| {
        let all = c.extensions.iter().map(|e| {
            let steps: Vec<_> = e
                .steps
                .iter()
                .map(|s| {
                    let label = s.label.as_ref().map(|l| l.bytes().to_vec());
                    let app = s.app.bytes().to_ascii_lowercase();
                    (s.priority, label, app, s.args.bytes().to_vec())
                })
                .collect();
            let hint = e.hint.as_ref().map(|h| h.written.bytes().to_vec());
            let caller = e.caller.as_ref().map(|c| c.text.clone());
            (e.name.clone(), caller, hint, steps)
        });
        all.collect::<Vec<_>>()
    };
    let includes = |c: &Context| {
        let all = c
            .includes
            .iter()
            .map(|i| (i.context.clone(), i.times.clone()));
        all.collect::<Vec<_>>()
    };
    let switches = |c: &Context| {
        let all = c.switches.iter().map(|s| (s.tech.clone(), s.data.clone()));
        all.collect::<Vec<_>>()
    };
    steps(a) == steps(b) && includes(a) == includes(b) && switches(a) == switches(b)
}

/// Whether steps of other contexts name this one.
fn called(hir: &Hir, name: &[u8]) -> bool {
    let short = name.strip_prefix(b"macro-").unwrap_or(name);
    let others = hir.contexts.iter().filter(|c| c.name != name);
    let mut texts = others
        .flat_map(|c| &c.extensions)
        .flat_map(|e| &e.steps)
        .map(|s| s.args.bytes());
    !short.is_empty() && texts.any(|t| t.windows(short.len()).any(|w| w == short))
}

/// The plan in memory as a release reads it.
fn suite(sources: &Sources, release: &Dialect) -> Result<Suite, String> {
    let mut sources = sources.clone();
    let text = format!("[dialplan]\nasterisk_version = \"{release}\"\n");
    sources.add("strowger.toml", text);
    let tests = format!("dialplan: {PLAN}\ntests: []\n");
    Suite::of_sources(&sources, tests).map_err(|refused| refused.to_string())
}

fn tried(
    name: &str,
    new: &Result<Suite, String>,
    old: &Result<Suite, String>,
    called: bool,
) -> Verdict {
    let (new, old) = match (new, old) {
        (Ok(new), Ok(old)) => (new, old),
        (Err(why), _) | (_, Err(why)) => return Verdict::Unknown(why.clone()),
    };
    match side_by_side(new, old, "the old plan", Some(name), CALLS, STEPS) {
        Some(Side::Differs(words)) => Verdict::Differs(words),
        Some(Side::Alike {
            calls, complete, ..
        }) => Verdict::Tested { calls, complete },
        None if called => Verdict::Within,
        None => Verdict::Unknown("nothing in it can be dialled".to_owned()),
    }
}

fn markdown(
    modern: &Modern,
    verdicts: &[(String, Verdict)],
    old: &Dialect,
    target: &Dialect,
) -> String {
    let mut out = format!("# Plan: from Asterisk {old} to {target}\n\n");
    let count = |n: usize, one: &str, more: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {more}"),
    };
    let changes = count(modern.changes.len(), "change", "changes");
    let left = count(modern.left.len(), "place that is", "places that are");
    let _ = writeln!(out, "{changes}, {left} left to a person.");
    out.push_str(
        "\n## Is it the same?\n\nWhere `SIP/` became `PJSIP/` the rest was compared with `SIP/` as it was.\n\n| context | answer |\n|---|---|\n",
    );
    for (name, verdict) in verdicts {
        let words = verdict.words().replace('|', "\\|");
        let _ = writeln!(out, "| {name} | {words} |");
    }
    if !modern.left.is_empty() {
        out.push_str("\n## Left to a person\n\n");
        for left in &modern.left {
            let help = match left.help.is_empty() {
                true => String::new(),
                false => format!(": {}", left.help),
            };
            let _ = writeln!(
                out,
                "- {}:{} {} {}{help}",
                left.file, left.line, left.code, left.words
            );
        }
    }
    if !modern.changes.is_empty() {
        out.push_str("\n## Changed\n\n| what | code | lines |\n|---|---|---|\n");
        let kinds: BTreeSet<(&str, &str)> = modern
            .changes
            .iter()
            .map(|c| (c.code, c.words.as_str()))
            .collect();
        for (code, words) in kinds {
            const PLACES: usize = 8;
            let places: Vec<String> = modern
                .changes
                .iter()
                .filter(|c| c.code == code && c.words == words)
                .map(|c| format!("{}:{}", c.file, c.line))
                .collect();
            let rest = places.len().saturating_sub(PLACES);
            let mut shown = places[..places.len() - rest].join(", ");
            if rest > 0 {
                let _ = write!(shown, " and {rest} more");
            }
            let words = words.replace('|', "\\|");
            let _ = writeln!(out, "| {words} | {code} | {shown} |");
        }
    }
    out
}

fn report(
    modern: &Modern,
    verdicts: &[(String, Verdict)],
    old: &Dialect,
    target: &Dialect,
) -> Value {
    let contexts: Vec<Value> = verdicts
        .iter()
        .map(|(name, v)| json!({ "context": name, "verdict": v.word(), "words": v.words() }))
        .collect();
    let changes: Vec<Value> = modern
        .changes
        .iter()
        .map(|c| json!({ "file": c.file, "line": c.line, "code": c.code, "words": c.words }))
        .collect();
    let left: Vec<Value> = modern
        .left
        .iter()
        .map(|l| {
            json!({ "file": l.file, "line": l.line, "code": l.code, "words": l.words, "help": l.help })
        })
        .collect();
    json!({
        "kind": "plan",
        "from": old.to_string(),
        "to": target.to_string(),
        "contexts": contexts,
        "changes": changes,
        "left": left,
    })
}
