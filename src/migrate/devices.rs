//! `strowger migrate --devices`: sip.conf and users.conf become pjsip.conf.

use super::{Args, Written, write};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Write as _;
use strowger_runtime::config;
use strowger_runtime::config::convert::{Conversion, State, convert};

/// Most lines of one list in the Markdown report; the JSON has all.
const LISTED: usize = 500;

/// Converts, writes and tells; whether everything has its place and means what it meant.
pub(super) fn run(args: &Args) -> Result<bool, String> {
    let directory = &args.directory;
    let fault = |e: std::io::Error| format!("{}: {e}", directory.display());
    let sources = config::gather(directory).map_err(fault)?;
    let Some(conversion) = convert(&sources) else {
        return Err(format!(
            "{}: there is neither sip.conf nor users.conf in it",
            directory.display()
        ));
    };
    let beside = sources.find("pjsip.conf").is_some();
    let markdown = markdown(&conversion, beside);
    let report = report(&conversion, beside);
    let out = args.out.as_ref().or(args.in_place.then_some(directory));
    if let Some(out) = out {
        let file = |name: &str, bytes: Vec<u8>| Written {
            path: out.join(name),
            bytes,
        };
        let like = ["sip.conf", "users.conf"]
            .iter()
            .map(|n| directory.join(n))
            .find(|p| p.is_file());
        let same = match (out.canonicalize(), directory.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        if same && !args.in_place {
            return Err(format!(
                "{} is the directory that is read; --in-place writes there",
                out.display()
            ));
        }
        let pretty = serde_json::to_vec_pretty(&report).map_err(|e| e.to_string())?;
        let files = [
            file("pjsip.conf", conversion.text.clone()),
            file("migration.md", markdown.clone().into_bytes()),
            file("migration.json", pretty),
        ];
        write(&files, like.as_deref(), args.force)?;
    }
    let shown = if args.json {
        serde_json::to_string_pretty(&report).map_err(|e| e.to_string())? + "\n"
    } else {
        markdown
    };
    let told = std::io::stdout().lock().write_all(shown.as_bytes());
    match told {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => return Err(e.to_string()),
        _ => {}
    }
    let nowhere = conversion.options.iter().any(|o| o.state == State::Nowhere);
    let compared = &conversion.compared;
    let whole = compared.differences.is_empty() && compared.errors.is_empty();
    Ok(whole && !nowhere && conversion.remarks.is_empty() && !beside)
}

fn count(conversion: &Conversion, state: State) -> usize {
    conversion
        .options
        .iter()
        .filter(|o| o.state == state)
        .count()
}

/// What a report says of a pjsip.conf that is there already.
const BESIDE: &str = "There is a pjsip.conf already. It was left out of account: put the new sections into it by hand, and mind names that are in both.";

fn markdown(conversion: &Conversion, beside: bool) -> String {
    let mut out = String::from("# Devices: sip.conf and users.conf as pjsip.conf\n\n");
    let c = &conversion.compared;
    let _ = writeln!(
        out,
        "{} options: {} converted, {} not needed, {} without a place, {} that did nothing.",
        conversion.options.len(),
        count(conversion, State::Converted),
        count(conversion, State::Needless),
        count(conversion, State::Nowhere),
        count(conversion, State::Ignored)
    );
    let _ = writeln!(
        out,
        "{} devices: {} mean what they meant, {} differ. Both files were read and their accounts compared: who may\nregister and call, with which passwords, from where; contexts, codecs, keys, caller ids, variables, contacts.",
        c.devices,
        c.same,
        c.devices - c.same
    );
    if beside {
        let _ = write!(out, "\n{BESIDE}\n");
    }
    if !c.errors.is_empty() {
        out.push_str("\n## Mistakes in the new file\n\n");
        for error in &c.errors {
            let _ = writeln!(out, "- {error}");
        }
    }
    if !c.differences.is_empty() {
        out.push_str(
            "\n## What differs\n\n| device | what | before | after |\n|---|---|---|---|\n",
        );
        for d in c.differences.iter().take(LISTED) {
            let cell = |t: &str| match t.is_empty() {
                true => "-".to_owned(),
                false => t.replace('|', "\\|"),
            };
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                cell(&d.about),
                d.what,
                cell(&d.before),
                cell(&d.after)
            );
        }
        more(&mut out, c.differences.len());
    }
    if !conversion.remarks.is_empty() {
        out.push_str("\n## What to know\n\n");
        // One sentence that holds for many devices is said once.
        let mut by_words: Vec<(&str, Vec<&str>)> = Vec::new();
        for (about, words) in &conversion.remarks {
            match by_words.iter_mut().find(|(w, _)| *w == words.as_str()) {
                Some((_, all)) => all.push(about),
                None => by_words.push((words, vec![about])),
            }
        }
        for (words, about) in by_words.iter().take(LISTED) {
            let _ = writeln!(out, "- {}: {words}", about.join(", "));
        }
        more(&mut out, by_words.len());
    }
    for (state, title) in [
        (State::Nowhere, "Without a place in pjsip.conf"),
        (State::Ignored, "Did nothing before"),
        (State::Needless, "Not needed"),
        (State::Converted, "Converted"),
    ] {
        // The same option with the same answer, once, with its lines.
        let mut rows: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        for o in conversion.options.iter().filter(|o| o.state == state) {
            let place = format!("{}:{}", o.file, o.line);
            rows.entry((&o.option, &o.words)).or_default().push(place);
        }
        if rows.is_empty() {
            continue;
        }
        let word = match state {
            State::Converted => "to",
            _ => "why",
        };
        let _ = write!(
            out,
            "\n## {title}\n\n| option | {word} | lines |\n|---|---|---|\n"
        );
        for ((option, words), places) in rows.iter().take(LISTED) {
            const PLACES: usize = 6;
            let rest = places.len().saturating_sub(PLACES);
            let mut shown = places[..places.len() - rest].join(", ");
            if rest > 0 {
                let _ = write!(shown, " and {rest} more");
            }
            let option = option.replace('|', "\\|");
            let _ = writeln!(out, "| {option} | {words} | {shown} |");
        }
        more(&mut out, rows.len());
    }
    out
}

fn more(out: &mut String, all: usize) {
    if all > LISTED {
        let _ = write!(out, "\n{} more are in the JSON report.\n", all - LISTED);
    }
}

fn report(conversion: &Conversion, beside: bool) -> Value {
    let word = |state: State| match state {
        State::Converted => "converted",
        State::Needless => "not needed",
        State::Nowhere => "no place",
        State::Ignored => "did nothing",
    };
    let options: Vec<Value> = conversion
        .options
        .iter()
        .map(|o| {
            json!({
                "file": o.file, "line": o.line, "section": o.section, "option": o.option,
                "state": word(o.state), "words": o.words,
            })
        })
        .collect();
    let remarks: Vec<Value> = conversion
        .remarks
        .iter()
        .map(|(about, words)| json!({ "about": about, "words": words }))
        .collect();
    let c = &conversion.compared;
    let differences: Vec<Value> = c
        .differences
        .iter()
        .map(|d| json!({ "about": d.about, "what": d.what, "before": d.before, "after": d.after }))
        .collect();
    json!({
        "kind": "devices",
        "pjsip_conf_was_there": beside,
        "devices": c.devices,
        "same": c.same,
        "differences": differences,
        "errors": c.errors,
        "remarks": remarks,
        "options": options,
    })
}
