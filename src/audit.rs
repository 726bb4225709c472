//! `strowger audit`: the doors of a plan, and what its contexts can use.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use strowger_compiler::Span;
use strowger_compiler::audit::{Audit, Denied, Power, audit};

use crate::load::{self, Loaded};

/// List what a plan may do beyond talking: doors that no check sees through, and what contexts can use
///
/// Doors of .dial: app("..."), asterisk('...'), goto dynamic, unchecked(...), channel("..."), import conf. In lines of extensions.conf:
/// jumps and applications that only the call knows, EVAL(). Uses, in both: programs (shell), files, the database, servers (network), the environment,
/// listening, calls that nobody asked for (originate), calls (dial), and calls over devices that lead out of the house (trunk), as pjsip.conf,
/// sip.conf, iax.conf and [check] of strowger.toml tell. A context is listed with what its own steps use, and with what calls can use that go on
/// from it.
///
/// Exit 0: listed. 1: something of --deny is there. 2: it could not be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger audit /etc/asterisk
  strowger audit office.dial --deny unchecked,shell     # for CI
  strowger audit . --format json")]
pub(crate) struct Args {
    /// A configuration directory, or the file of a plan
    #[arg(default_value = ".")]
    path: PathBuf,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Doors and powers that must not be there: app, asterisk, dynamic, unchecked, channel-write, channel-read, import-conf, computed, shell,
    /// file, database, network, environment, listen, originate, dial, trunk
    #[arg(long, value_name = "WORD", value_delimiter = ',', value_parser = denied)]
    deny: Vec<Denied>,
    #[command(flatten)]
    release: load::Release,
}

/// How it is said.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON object
    Json,
}

fn denied(word: &str) -> Result<Denied, String> {
    Denied::named(word).ok_or_else(|| {
        let words: Vec<&str> = Denied::all().map(Denied::word).collect();
        format!("write one of {}", words.join(", "))
    })
}

pub(crate) fn main(args: Args) -> ExitCode {
    let plan = match load::plan(&args.path, args.release) {
        Ok(plan) => plan,
        Err(fault) => return load::cannot(&fault),
    };
    if let Err(fault) = plan.whole() {
        return load::cannot(&fault);
    }
    let marks = &plan.config.options.check.surroundings;
    let found = audit(&plan.sources, &plan.compiled.hir, marks);
    let denied = broken(&found, &args.deny);
    let mut out = io::stdout().lock();
    // The reader has gone: nobody is to be told.
    let _ = match args.format {
        Format::Human => human(&mut out, &plan, &found, &denied),
        Format::Json => writeln!(out, "{:#}", object(&plan, &found, &denied)),
    };
    match denied.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// What is denied and there: its word, and how often.
fn broken(found: &Audit, denied: &[Denied]) -> Vec<(&'static str, usize)> {
    let count = |denied: &Denied| (denied.word(), denied.places(found).count());
    denied.iter().map(count).filter(|(_, n)| *n > 0).collect()
}

fn place(plan: &Loaded, span: Span) -> String {
    let file = plan.sources.file(span.file);
    let (line, column) = file.line_column(span.start);
    format!("{}:{line}:{column}", file.name())
}

fn entry(context: &str, exten: &str) -> String {
    match (context, exten) {
        ("", _) => String::new(),
        (context, "") => format!("[{context}]"),
        (context, exten) => format!("[{context}] {exten}"),
    }
}

fn human(
    out: &mut impl Write,
    plan: &Loaded,
    found: &Audit,
    denied: &[(&str, usize)],
) -> io::Result<()> {
    let rows: Vec<[String; 4]> = found
        .doors
        .iter()
        .map(|d| {
            [
                d.kind.word().to_owned(),
                d.what.clone(),
                entry(&d.context, &d.exten),
                place(plan, d.span),
            ]
        })
        .collect();
    if rows.is_empty() {
        writeln!(out, "There are no doors through which no check sees.")?;
    } else {
        writeln!(out, "Doors, through which no check sees: {}", rows.len())?;
        table(out, &rows)?;
    }
    if found.contexts.is_empty() {
        writeln!(out, "\nNo context uses anything beyond talk.")?;
    } else {
        writeln!(
            out,
            "\nWhat contexts use: so many of their own steps do; + calls that go on from them can"
        )?;
        contexts(out, found)?;
        writeln!(out, "\nUses: {}", found.uses.len())?;
        let rows: Vec<[String; 4]> = found
            .uses
            .iter()
            .map(|u| {
                [
                    u.power.word().to_owned(),
                    u.by.clone(),
                    entry(&u.context, &u.exten),
                    place(plan, u.span),
                ]
            })
            .collect();
        table(out, &rows)?;
    }
    if found.cut {
        writeln!(out, "\nThere is more than is listed here.")?;
    }
    for (word, count) in denied {
        let s = if *count == 1 { "" } else { "s" };
        writeln!(out, "\ndenied: {word}, {count} place{s}")?;
    }
    Ok(())
}

/// Columns of their widths; what is longer than this is not waited for.
const WIDTH: usize = 48;

fn table(out: &mut impl Write, rows: &[[String; 4]]) -> io::Result<()> {
    let width = |n: usize| {
        let lengths = rows.iter().map(|row| row[n].chars().count());
        lengths.max().unwrap_or_default().min(WIDTH)
    };
    let widths = [width(0), width(1), width(2)];
    for [first, second, third, last] in rows {
        let [a, b, c] = widths;
        writeln!(out, "  {first:a$}  {second:b$}  {third:c$}  {last}")?;
    }
    Ok(())
}

fn contexts(out: &mut impl Write, found: &Audit) -> io::Result<()> {
    let all = found.contexts.iter();
    let used: Vec<Power> = Power::ALL
        .into_iter()
        .filter(|p| all.clone().any(|c| c.reached.contains(p)))
        .collect();
    let longest = all.clone().map(|c| c.context.chars().count()).max();
    let width = longest.unwrap_or_default().min(WIDTH);
    write!(out, "  {:width$}", "")?;
    for power in &used {
        write!(out, "  {}", power.word())?;
    }
    writeln!(out)?;
    for context in all {
        let mut line = format!("  {:width$}", context.context);
        for power in &used {
            let shown = match context.own.get(power) {
                Some(count) => count.to_string(),
                None if context.reached.contains(power) => "+".to_owned(),
                None => String::new(),
            };
            line.push_str(&format!("  {shown:>0$}", power.word().len()));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn object(plan: &Loaded, found: &Audit, denied: &[(&str, usize)]) -> Value {
    let at = |span: Span| {
        let file = plan.sources.file(span.file);
        let (line, column) = file.line_column(span.start);
        (file.name().to_owned(), line, column)
    };
    let doors: Vec<Value> = found
        .doors
        .iter()
        .map(|d| {
            let (file, line, column) = at(d.span);
            json!({
                "door": d.kind.word(), "what": d.what, "context": d.context, "extension": d.exten,
                "file": file, "line": line, "column": column,
            })
        })
        .collect();
    let uses: Vec<Value> = found
        .uses
        .iter()
        .map(|u| {
            let (file, line, column) = at(u.span);
            json!({
                "power": u.power.word(), "by": u.by, "context": u.context, "extension": u.exten,
                "file": file, "line": line, "column": column,
            })
        })
        .collect();
    let contexts: Vec<Value> = found
        .contexts
        .iter()
        .map(|c| {
            let own: serde_json::Map<String, Value> = c
                .own
                .iter()
                .map(|(power, count)| (power.word().to_owned(), json!(count)))
                .collect();
            let reached: Vec<&str> = c.reached.iter().map(|p| p.word()).collect();
            json!({ "context": c.context, "own": own, "reached": reached })
        })
        .collect();
    let denied: serde_json::Map<String, Value> = denied
        .iter()
        .map(|(word, count)| ((*word).to_owned(), json!(count)))
        .collect();
    json!({ "doors": doors, "uses": uses, "contexts": contexts, "complete": !found.cut, "denied": denied })
}
