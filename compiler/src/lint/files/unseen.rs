//! What cannot be known because it is not in these files (C033): said once, instead of a finding for each name that is not found.

use std::collections::BTreeSet;

use strowger_stdlib::template::has_hole;

use crate::diagnostic::Diagnostic;
use crate::dialled;
use crate::hir::Context;
use crate::jump::{self, Part};
use crate::lint::World;
use crate::peers::{CONTEXT_KEYS, Tech};
use crate::source::{FileId, Sources, Span};

use super::{Names, show, word};

/// Names that are shown.
const SHOWN: usize = 4;

pub(super) fn check(
    world: &World<'_>,
    sources: &Sources,
    names: &Names,
    out: &mut Vec<Diagnostic>,
) {
    plan(world, sources, out);
    devices(world, names, out);
}

fn start(file: FileId) -> Span {
    Span {
        file,
        start: 0,
        end: 0,
    }
}

/// `a`, `b` and 3 more.
fn shown(names: &BTreeSet<String>) -> String {
    let first: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    let list = first.join(", ");
    if more > 0 {
        format!("{list} and {more} more")
    } else {
        list
    }
}

fn are(names: &BTreeSet<String>) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}

/// Contexts that are named and may be in a part of the plan that is out of sight.
fn plan(world: &World<'_>, sources: &Sources, out: &mut Vec<Diagnostic>) {
    if !world.open {
        return;
    }
    let hir = world.index.hir();
    let Some(first) = hir.contexts.first() else {
        return;
    };
    let mut missing: BTreeSet<String> = BTreeSet::new();
    let mut look = |name: &[u8]| {
        if !name.is_empty() && world.index.context(name).is_none() && !world.made(name) {
            missing.insert(show(name));
        }
    };
    for context in &hir.contexts {
        for include in &context.includes {
            look(&include.context);
        }
        for step in context.extensions.iter().flat_map(|e| &e.steps) {
            for target in jump::targets(step) {
                if let Part::Text(name) = &target.context
                    && !name.bytes().contains(&b'|')
                {
                    look(name.bytes());
                }
            }
        }
    }
    let files = world.peers.files();
    for section in files.flat_map(crate::conf::line::Config::sections) {
        for value in CONTEXT_KEYS.iter().filter_map(|k| section.get(k)) {
            look(value.text.bytes());
        }
    }
    if missing.is_empty() {
        return;
    }
    let beside = ["extensions.ael", "extensions.lua"];
    let other = beside.into_iter().find(|f| sources.find(f).is_some());
    let stored = world.beside.stored_in(&["extensions.conf"]);
    let (place, why) = match (other, stored) {
        (Some(file), _) => (
            first.span,
            format!("{file} beside this file holds a part of the plan"),
        ),
        (None, Some(line)) => (line.span(), "the plan is kept in a database".to_owned()),
        (None, None) if world.whole => (
            start(first.span.file),
            "a part of the plan is included and is not here".to_owned(),
        ),
        (None, None) => (
            start(first.span.file),
            "this file is a part of a plan, and the rest is not here".to_owned(),
        ),
    };
    out.push(
        Diagnostic::new(
            "C033",
            format!(
                "whether there {} {} cannot be told",
                are(&missing),
                shown(&missing)
            ),
            place,
        )
        .label(why)
        .help("contexts, extensions and labels that are not found are not reported"),
    );
}

/// Devices that are dialled and may be where nobody looks.
fn devices(world: &World<'_>, names: &Names, out: &mut Vec<Diagnostic>) {
    for tech in [Tech::Sip, Tech::Pjsip] {
        let here = match tech {
            Tech::Sip => world.peers.sip.is_some() || world.peers.users.is_some(),
            _ => world.peers.pjsip.is_some(),
        };
        if !here || world.knows(tech) {
            continue;
        }
        let missing = dialled_by_name(world, names, tech);
        if missing.is_empty() {
            continue;
        }
        let file = match tech {
            Tech::Sip => [&world.peers.sip, &world.peers.users],
            _ => [&world.peers.pjsip, &None],
        };
        let mut sections = file.into_iter().flatten().flat_map(|c| &c.sections);
        let (place, why) = match world.beside.hidden(tech) {
            Some(span) => (span, "more devices come from here"),
            None => match sections.next() {
                Some(section) => (
                    section.span.before(),
                    "a part of this file is included and is not here",
                ),
                None => continue,
            },
        };
        out.push(
            Diagnostic::new(
                "C033",
                format!(
                    "whether `{}/` has {} cannot be told",
                    word(tech),
                    shown(&missing)
                ),
                place,
            )
            .label(why)
            .help("devices that are not found are not reported"),
        );
    }
}

fn dialled_by_name(world: &World<'_>, names: &Names, tech: Tech) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    let contexts: &[Context] = &world.index.hir().contexts;
    for step in contexts
        .iter()
        .flat_map(|c| &c.extensions)
        .flat_map(|e| &e.steps)
    {
        for destination in dialled::destinations(step) {
            if !destination
                .tech
                .bytes()
                .eq_ignore_ascii_case(word(tech).as_bytes())
            {
                continue;
            }
            let Some(device) = destination.device().filter(|d| !has_hole(d.bytes())) else {
                continue;
            };
            let bytes = device.bytes();
            let host = bytes.iter().any(|b| matches!(b, b'.' | b':' | b'['));
            let known = names.get(word(tech));
            if !host && !known.is_some_and(|k| k.contains(&bytes.to_ascii_lowercase())) {
                missing.insert(device.lossy().into_owned());
            }
        }
    }
    missing
}
