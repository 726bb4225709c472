//! `strowger show`: what a dialplan was read as.

use crate::{batch, graph, load, render};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use strowger_compiler::{Compiled, Diagnostic, Options, Sources, compile};
use strowger_vm::Module;

/// Show what a dialplan was read as: contexts, priorities, includes
///
/// Like Asterisk's `dialplan show`, in the order of the file. --bytecode shows the code that runs, --graph draws where the steps lead.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger show /etc/asterisk --context default
  strowger show extensions.conf --json | jq '.contexts[].context'
  strowger show extensions.conf --bytecode                   # also of a compiled plan (.dialc)
  strowger show extensions.conf --graph svg -o plan.svg
  strowger show extensions.conf --graph mermaid --context office   # what can be reached from [office]")]
pub(crate) struct Args {
    /// A configuration directory, or a dialplan file
    #[arg(required_unless_present_any = ["batch", "instructions"])]
    path: Option<PathBuf>,
    /// Only this context; with --graph, what can be reached from it
    #[arg(long)]
    context: Option<String>,
    /// The listing as one JSON object
    #[arg(long)]
    json: bool,
    /// The bytecode that runs (docs/bytecode.md explains it)
    #[arg(long, conflicts_with_all = ["json", "context"])]
    bytecode: bool,
    /// The machine code of functions, with the lines that it was made of (docs/native.md)
    #[arg(long, conflicts_with_all = ["json", "context", "bytecode"])]
    native: bool,
    /// What each instruction of the bytecode means: name, operands, cost in fuel
    #[arg(long, conflicts_with_all = ["path", "context", "json", "bytecode", "native"])]
    instructions: bool,
    /// Where the steps lead, as a drawing
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["json", "bytecode", "native", "instructions"])]
    graph: Option<graph::Format>,
    /// Where to write the drawing (default: standard output)
    #[arg(short, long, value_name = "FILE", requires = "graph")]
    output: Option<PathBuf>,
    #[command(flatten)]
    release: load::Release,
    /// One JSON object a line: id, text, files in; contexts, globals, log out
    #[arg(long, conflicts_with_all = ["path", "context", "bytecode", "native", "json", "graph", "instructions", "asterisk_version"])]
    batch: bool,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if args.batch {
        return batch::answer(batch_case);
    }
    if args.instructions {
        print!("{}", strowger_vm::instruction_set());
        return ExitCode::SUCCESS;
    }
    let Some(path) = args.path else {
        return ExitCode::from(2); // clap has asked for it
    };
    if args.bytecode {
        return match load::program(&path, args.release) {
            Ok(program) => {
                print!("{}", program.module.disassemble());
                ExitCode::SUCCESS
            }
            Err(fault) => load::cannot(&fault),
        };
    }
    if args.native {
        return match load::program(&path, args.release) {
            Ok(program) => native(&path, &program.module),
            Err(fault) => load::cannot(&fault),
        };
    }
    if load::is_compiled(&path) {
        return load::cannot(&format!(
            "{}: a compiled plan has no lines to show\n  hint: strowger show {0} --bytecode, or show the files that it was made of",
            path.display()
        ));
    }
    let plan = match load::plan(&path, args.release) {
        Ok(plan) => plan,
        Err(fault) => return load::cannot(&fault),
    };
    if let Some(context) = &args.context
        && plan.compiled.hir.context(context.as_bytes()).is_none()
    {
        return load::cannot(&load::no_context(&plan.module(), context));
    }
    if let Some(format) = args.graph {
        return graph::main(
            &plan,
            format,
            args.context.as_deref(),
            args.output.as_deref(),
        );
    }
    if args.json {
        let mut out = listing(&plan.sources, &plan.compiled);
        if let Some(contexts) = out.get_mut("contexts").and_then(Value::as_array_mut) {
            // In the order of the file, as the listing for people.
            contexts.reverse();
            contexts.retain(|c| {
                args.context
                    .as_ref()
                    .is_none_or(|name| c["context"] == *name)
            });
        }
        println!("{}", Value::Object(out));
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &[u8]| args.context.as_ref().is_none_or(|c| c.as_bytes() == name);
    // Asterisk lists the newest context first; a reader wants the order of the file.
    for context in plan
        .compiled
        .show()
        .iter()
        .rev()
        .filter(|c| wanted(c.context))
    {
        println!("[{}]", lossy(context.context));
        let mut last: &[u8] = b"";
        for p in &context.priorities {
            let mut head = String::new();
            if p.exten != last || p.priority == Some(1) {
                head = format!("'{}'", lossy(p.exten));
                if let Some(caller) = p.cidmatch {
                    head = format!("{head} (caller '{}')", lossy(caller));
                }
                last = p.exten;
            }
            let number = p.priority.map_or_else(|| "hint".into(), |n| n.to_string());
            let label = p
                .label
                .map(|l| format!(" ({})", lossy(l)))
                .unwrap_or_default();
            let call = match p.args {
                Some(args) => format!("{}({})", lossy(p.app), lossy(args)),
                None => lossy(p.app),
            };
            let file = plan.sources.file(p.file).name();
            println!(
                "  {head:<16} {:>5}. {call:<60} {file}:{}",
                format!("{number}{label}"),
                p.line
            );
        }
        for include in &context.includes {
            println!("  include => {}", lossy(include));
        }
        for pattern in &context.ignorepats {
            println!("  ignorepat => {}", lossy(pattern));
        }
        for switch in &context.switches {
            println!("  switch => {}", lossy(switch));
        }
        println!();
    }
    let errors = render::Counts::of(&plan.compiled.diagnostics).errors;
    if errors > 0 {
        println!(
            "; {} (see: strowger check {})",
            render::summary(&plan.compiled.diagnostics),
            path.display()
        );
    }
    ExitCode::SUCCESS
}

/// The machine code of a plan's functions.
fn native(path: &Path, module: &Module) -> ExitCode {
    match strowger_native::show(module) {
        Ok(text) if text.is_empty() => {
            println!(
                "{}: no function gains by machine code: that needs a `fn` of .dial that loops or calls another one, with Int, Bool and \
                 Duration only",
                path.display()
            );
            ExitCode::SUCCESS
        }
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(fault) => load::cannot(&fault.to_string()),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn batch_case(case: &Map<String, Value>) -> Map<String, Value> {
    let mut sources = Sources::plan(batch::text(case, "text"));
    if let Some(files) = case.get("files").and_then(Value::as_object) {
        for (name, text) in files {
            sources.add(name, text.as_str().unwrap_or_default());
        }
    }
    let compiled = compile(&sources, &Options::default());
    listing(&sources, &compiled)
}

/// Contexts newest first, globals, and what loading dropped or misread.
fn listing(sources: &Sources, compiled: &Compiled) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("contexts".into(), contexts(sources, compiled));
    out.insert(
        "globals".into(),
        compiled
            .globals()
            .iter()
            .map(|(k, v)| (lossy(k), batch::string(v)))
            .collect::<Map<_, _>>()
            .into(),
    );
    out.insert(
        "log".into(),
        compiled.loading().map(|d| log(sources, d)).collect(),
    );
    out
}

fn log(sources: &Sources, d: &Diagnostic) -> Value {
    let line = sources.file(d.primary.span.file).line(d.primary.span.start);
    json!({ "level": d.level.word(), "line": line, "code": d.code, "message": d.message })
}

fn contexts(sources: &Sources, compiled: &Compiled) -> Value {
    let list = |texts: &[&[u8]]| texts.iter().map(|t| batch::string(t)).collect::<Value>();
    compiled
        .show()
        .iter()
        .map(|c| {
            let priorities: Value = c
                .priorities
                .iter()
                .map(|p| {
                    let mut one = Map::new();
                    one.insert("exten".into(), batch::string(p.exten));
                    one.insert(
                        "priority".into(),
                        p.priority.map_or_else(|| json!("hint"), |n| json!(n)),
                    );
                    if let Some(label) = p.label {
                        one.insert("label".into(), batch::string(label));
                    }
                    if let Some(caller) = p.cidmatch {
                        one.insert("cidmatch".into(), batch::string(caller));
                    }
                    one.insert("app".into(), batch::string(p.app));
                    if let Some(args) = p.args {
                        one.insert("args".into(), batch::string(args));
                    }
                    one.insert("line".into(), json!(p.line));
                    if let Some(file) = p.listed_file(sources, "extensions.conf") {
                        one.insert("file".into(), json!(file));
                    }
                    Value::Object(one)
                })
                .collect();
            json!({
                "context": lossy(c.context),
                "priorities": priorities,
                "includes": list(&c.includes),
                "ignorepats": list(&c.ignorepats),
                "switches": c.switches.iter().map(|s| batch::string(s)).collect::<Value>(),
                "autohints": c.autohints,
            })
        })
        .collect()
}
