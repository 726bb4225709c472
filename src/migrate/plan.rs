//! `strowger migrate`: extensions.conf written anew as `.dial`, with a proof for each context.

use super::{Args, Written, write};
use crate::load::{self, Asked};
use serde_json::{Value, json};
use std::fmt::Write as _;
use strowger_compiler::migrate::{self, Migrated, Moved, Verdict};
use strowger_runtime::config;

/// The plan of a directory.
const PLAN: &str = config::FILES[0];

/// Migrates, writes and tells; whether everything is proved.
pub(super) fn run(args: &Args) -> Result<bool, String> {
    let directory = &args.directory;
    if args.in_place {
        return Err("a plan is not written in place\n  hint: -o new".to_owned());
    }
    let sources = config::gather_with(directory, PLAN)
        .map_err(|e| format!("{}: {e}", directory.display()))?;
    if sources.find(PLAN).is_none() {
        return Err(format!("{}: there is no {PLAN} in it", directory.display()));
    }
    let asked = Asked {
        release: args.release,
        ..Asked::default()
    };
    let (options, _) = load::options(&sources, PLAN, &asked);
    let migrated = migrate::migrate(&sources, &options);
    let (value, report) = (as_json(&migrated), as_markdown(&migrated));
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
        let old = directory.join(PLAN);
        write(&files, Some(old.as_path()), args.force)?;
    }
    if args.json {
        println!("{value:#}");
    } else {
        print!("{}", summary(&migrated));
    }
    Ok(kept(&migrated) == 0)
}

fn kept(migrated: &Migrated) -> usize {
    migrated.contexts.iter().filter(|c| !is_proved(c)).count()
}

fn is_proved(context: &Moved) -> bool {
    context.verdict == Verdict::Proved
}

fn mostly_doors(migrated: &Migrated) -> usize {
    let proved = migrated.contexts.iter().filter(|c| is_proved(c));
    proved.filter(|c| c.is_mostly_doors()).count()
}

/// `1 context`, `2 contexts`.
fn contexts(count: usize) -> String {
    match count {
        1 => "1 context".to_owned(),
        count => format!("{count} contexts"),
    }
}

fn summary(migrated: &Migrated) -> String {
    let all = migrated.contexts.len();
    let kept = kept(migrated);
    let mut out = String::new();
    let _ = writeln!(out, "{}, {} proved", contexts(all), all - kept);
    let doors = mostly_doors(migrated);
    if doors > 0 {
        let _ = writeln!(
            out,
            "{} of them mostly in Asterisk's own words (app, asterisk, unchecked)",
            contexts(doors)
        );
    }
    for context in &migrated.contexts {
        if let Verdict::Kept(reason) = &context.verdict {
            let _ = writeln!(
                out,
                "stays in extensions.conf: [{}]: {reason}",
                context.name
            );
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

fn as_markdown(migrated: &Migrated) -> String {
    let all = migrated.contexts.len();
    let kept = kept(migrated);
    let mut out = String::from("# Migration\n\n");
    let _ = writeln!(
        out,
        "{}: {} proved, {kept} kept in extensions.conf. Of the proved ones {} use Asterisk's own words \
         (`app`, `asterisk`, `unchecked`) in more than half of their statements.",
        contexts(all),
        all - kept,
        mostly_doors(migrated)
    );
    out.push_str(
        "\n*Proved*: the file that was written was compiled, and for each extension the graph of what it does is the graph that the old \
         lines made: the same applications with the same arguments behind the same conditions.\n",
    );
    for doubt in &migrated.doubts {
        let _ = writeln!(out, "\nNote: {doubt}.");
    }
    out.push_str("\n| context | line | result | extensions | statements | of them doors |\n|---|---|---|---|---|---|\n");
    for context in &migrated.contexts {
        let result = match &context.verdict {
            Verdict::Proved => "proved: graph".to_owned(),
            Verdict::Kept(reason) => format!("kept: {}", cell(reason)),
        };
        let _ = writeln!(
            out,
            "| {} | {}:{} | {result} | {} | {} | {} |",
            cell(&context.name),
            cell(&context.place.0),
            context.place.1,
            context.extensions,
            context.statements,
            context.doors
        );
    }
    out
}

fn as_json(migrated: &Migrated) -> Value {
    let contexts: Vec<Value> = migrated
        .contexts
        .iter()
        .map(|context| {
            let (verdict, reason) = match &context.verdict {
                Verdict::Proved => ("proved: graph", Value::Null),
                Verdict::Kept(reason) => ("kept", Value::from(reason.as_str())),
            };
            json!({
                "context": context.name,
                "file": context.place.0,
                "line": context.place.1,
                "verdict": verdict,
                "reason": reason,
                "extensions": context.extensions,
                "statements": context.statements,
                "doors": context.doors,
                "mostly_doors": is_proved(context) && context.is_mostly_doors(),
            })
        })
        .collect();
    let kept = kept(migrated);
    json!({
        "contexts": contexts,
        "proved": migrated.contexts.len() - kept,
        "kept": kept,
        "mostly_doors": mostly_doors(migrated),
        "notes": migrated.doubts,
    })
}
