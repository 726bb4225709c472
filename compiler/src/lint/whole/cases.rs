//! R214: a jump by a status, and a status for which nothing is there.

use strowger_stdlib::table::QuickSet;

use strowger_stdlib::template::{HoleKind, Piece, Template, What, split_body};

use super::{Whole, show};
use crate::diagnostic::Diagnostic;
use crate::edit_distance::nearest;
use crate::flow::statuses;
use crate::hir::{Context, Extension, Step};
use crate::jump::{Kind, Part, Target};
use crate::resolve::Seen;
use crate::source::Text;

/// A jump that may begin in more contexts than this is not judged.
const STANDING: usize = 16;

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    for context in &whole.world.index.hir().contexts {
        for extension in &context.extensions {
            for step in &extension.steps {
                for target in step.targets() {
                    cases(whole, context, extension, step, target, out);
                }
            }
        }
    }
}

/// A text with one status variable in it.
struct ByStatus {
    before: Vec<u8>,
    name: Vec<u8>,
    values: &'static [&'static str],
    after: Vec<u8>,
}

fn by_status(text: &[u8]) -> Option<ByStatus> {
    let mut found: Option<ByStatus> = None;
    let mut before = Vec::new();
    for piece in Template::read(text).pieces {
        match (piece, &mut found) {
            (Piece::Text(text), None) => before.extend_from_slice(&text),
            (Piece::Text(text), Some(found)) => found.after.extend_from_slice(&text),
            (Piece::Hole(hole), None) if hole.kind == HoleKind::Variable => {
                let body = split_body(hole.body.as_plain()?);
                let What::Variable(name) = body.what else {
                    return None;
                };
                if body.slice.is_some() {
                    return None;
                }
                found = Some(ByStatus {
                    before: std::mem::take(&mut before),
                    values: statuses(&name)?,
                    name,
                    after: Vec::new(),
                });
            }
            _ => return None,
        }
    }
    found
}

/// Values that a call meets sooner or later, whatever the options of the application are.
fn common(name: &[u8], values: &'static [&'static str]) -> Vec<&'static str> {
    match name {
        b"DIALSTATUS" => vec!["CHANUNAVAIL", "CONGESTION", "NOANSWER", "BUSY"],
        // CONTINUE needs an option, WITHDRAW a manager.
        b"QUEUESTATUS" => vec![
            "TIMEOUT",
            "FULL",
            "JOINEMPTY",
            "LEAVEEMPTY",
            "JOINUNAVAIL",
            "LEAVEUNAVAIL",
        ],
        b"VMSTATUS" | b"PLAYBACKSTATUS" | b"SYSTEMSTATUS" | b"TRYSTATUS" => values.to_vec(),
        _ => Vec::new(),
    }
}

fn cases(
    whole: &Whole<'_>,
    context: &Context,
    extension: &Extension,
    step: &Step,
    target: &Target,
    out: &mut Vec<Diagnostic>,
) {
    let world = whole.world;
    let (Part::Computed(text), in_priority) = (match (&target.exten, &target.priority) {
        (Part::Here, Part::Computed(_)) | (Part::Text(_), Part::Computed(_)) => {
            (&target.priority, true)
        }
        _ => (&target.exten, false),
    }) else {
        return;
    };
    let Some(by) = by_status(text.bytes()) else {
        return;
    };
    if whole.facts.set.contains_key(&by.name) {
        return;
    }
    let starts: Vec<usize> = match &target.context {
        Part::Text(name) => world.index.number(name.bytes()).into_iter().collect(),
        Part::Computed(c) if c.bytes() != text.bytes() => return,
        _ => {
            let here = world.index.number(&context.name);
            let standing = here.map(|c| whole.flow.standing(c)).unwrap_or_default();
            if standing.len() > STANDING {
                return;
            }
            standing.to_vec()
        }
    };
    if starts.is_empty() {
        return;
    }
    let mut missing: Vec<&str> = Vec::new();
    let mut there = 0;
    for value in common(&by.name, by.values) {
        let name = [&by.before[..], value.as_bytes(), &by.after].concat();
        let (exten, priority) = if in_priority {
            match &target.exten {
                Part::Text(exten) => (Some(exten.bytes().to_vec()), name),
                _ => (None, name),
            }
        } else {
            let Some(priority) = target.priority.constant().map(Text::bytes) else {
                return;
            };
            (Some(name), priority.to_vec())
        };
        match found(whole, extension, &starts, exten.as_deref(), &priority) {
            Some(true) => there += 1,
            Some(false) => missing.push(value),
            None => return,
        }
    }
    // A status that a step of the extension asks for on its own way has its case there.
    let words: QuickSet<&str> = missing
        .iter()
        .copied()
        .filter(|value| {
            extension.steps.iter().any(|s| {
                !std::ptr::eq(s, step)
                    && s.args
                        .bytes()
                        .windows(value.len())
                        .any(|w| w == value.as_bytes())
            })
        })
        .collect();
    missing.retain(|v| !words.contains(v));
    if missing.is_empty() || world.open && there == 0 {
        return;
    }
    let invalid = !in_priority
        && target.kind == Kind::Goto
        && starts.iter().all(|c| {
            let found = whole.candidates(*c, b"i");
            found.is_none_or(|(found, _)| !found.is_empty())
        });
    // Somebody who has written nearly the name has meant it.
    let near = near_miss(&by, &missing, extension_names(whole, &starts));
    if invalid && there > 0 && near.is_none() {
        return;
    }
    let name = show(&by.name);
    let example = format!("{}{}{}", show(&by.before), missing[0], show(&by.after));
    let list = missing.join(", ");
    let message = if there == 0 {
        format!("no value of `{name}` has a place to go to here")
    } else {
        format!("nothing is there for the `{name}` {list}")
    };
    let label = match (target.kind, in_priority) {
        (Kind::Gosub, _) => "the subroutine is not found and the call is hung up",
        (_, true) => "there is no such label: the call is hung up",
        _ if invalid => "the call goes on at `i`",
        _ => "the call finds nothing there and ends",
    };
    let found = Diagnostic::new("R214", message, text.span()).label(label);
    out.push(
        if let Some((wanted, near)) = near.filter(|_| !in_priority) {
            found.help(format!("there is `{near}`; perhaps `{wanted}` was meant"))
        } else if in_priority {
            found.help(format!(
                "add the label `{example}`, or ask for the value before"
            ))
        } else {
            let catch = show(&by.before);
            found.help(format!(
                "add the extension `{example}`, or a pattern for all others: `_{}.`",
                super::as_pattern(catch.as_bytes())
            ))
        },
    );
}

/// Names of extensions where a jump is looked for.
fn extension_names<'a>(whole: &Whole<'a>, starts: &[usize]) -> Vec<&'a [u8]> {
    let contexts = &whole.flow.hir().contexts;
    let all = starts.iter().flat_map(|c| &contexts[*c].extensions);
    all.map(|e| e.name.as_slice())
        .take_while(|_| whole.world.afford(1))
        .collect()
}

/// A missing case, and an extension whose name is the same but for a letter.
fn near_miss(by: &ByStatus, missing: &[&str], names: Vec<&[u8]>) -> Option<(String, String)> {
    let head = names
        .into_iter()
        .filter(|n| n.starts_with(&by.before))
        .map(show)
        .collect::<Vec<_>>();
    let values: Vec<String> = by
        .values
        .iter()
        .map(|v| format!("{}{v}{}", show(&by.before), show(&by.after)))
        .collect();
    missing.iter().find_map(|value| {
        let wanted = format!("{}{value}{}", show(&by.before), show(&by.after));
        let others = head.iter().filter(|n| !values.contains(n));
        nearest(&wanted, others.map(String::as_str)).map(|near| (wanted.clone(), near.to_owned()))
    })
}

/// Whether a jump finds something; None: not everything is known.
fn found(
    whole: &Whole<'_>,
    own: &Extension,
    starts: &[usize],
    exten: Option<&[u8]>,
    priority: &[u8],
) -> Option<bool> {
    let has = |extension: &Extension| match std::str::from_utf8(priority)
        .ok()
        .and_then(|t| t.parse().ok())
    {
        Some(number) => extension.step(number).is_some(),
        None => extension.labelled(priority).is_some(),
    };
    let Some(exten) = exten else {
        return Some(has(own));
    };
    for start in starts {
        let (candidates, seen) = whole.candidates(*start, exten)?;
        if seen == Seen::Some {
            return None;
        }
        if !candidates.iter().any(|c| has(c.extension)) {
            return Some(false);
        }
    }
    Some(true)
}
