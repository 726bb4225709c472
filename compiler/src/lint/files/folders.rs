//! Prompts and scripts that the plan names and their folders do not have (C011, C012).

use strowger_stdlib::table::QuickSet;

use strowger_stdlib::args;
use strowger_stdlib::template::has_hole;

use crate::diagnostic::Diagnostic;
use crate::edit_distance::nearest;
use crate::lint::World;
use crate::lint::every_call::{self, Made, parts};
use crate::listing::{Folder, Listing};
use crate::source::{Sources, Text};

/// Names of prompts that are compared with a missing one.
const COMPARED: usize = 5_000;

pub(super) fn check(world: &World<'_>, sources: &Sources, out: &mut Vec<Diagnostic>) {
    let hir = world.index.hir();
    if let Some(listing) = sources.listing(Folder::Sounds).filter(|l| !l.is_empty()) {
        let mut recorded: QuickSet<Vec<u8>> = QuickSet::default();
        let mut named: Vec<Text> = Vec::new();
        every_call::each(hir, &mut |call| {
            recorded.extend(made(call));
            named.extend(prompts(call));
        });
        for name in named {
            out.extend(prompt(world, listing, &recorded, &name));
        }
    }
    if let Some(listing) = sources.listing(Folder::Scripts).filter(|l| !l.is_empty()) {
        every_call::each(hir, &mut |call| {
            if matches!(&*call.app, b"agi" | b"eagi" | b"deadagi") {
                out.extend(call.arguments().first().and_then(|s| script(listing, s)));
            }
        });
    }
}

/// Files that the plan itself records, without their endings.
fn made(call: &Made<'_>) -> Option<Vec<u8>> {
    if !matches!(&*call.app, b"record" | b"mixmonitor" | b"dictate") {
        return None;
    }
    let name = call.arguments().first()?.clone();
    let bytes = name.bytes();
    let end = bytes.iter().rposition(|b| matches!(b, b'.' | b':'));
    Some(bytes[..end.unwrap_or(bytes.len())].to_vec())
}

/// Every prompt that a call names.
fn prompts(call: &Made<'_>) -> Vec<Text> {
    let slot = match &*call.app {
        b"playback" | b"background" | b"backgrounddetect" | b"controlplayback" => 0,
        b"read" => 1,
        b"queue" => 3,
        b"dial" | b"page" => return announced(call),
        _ => return Vec::new(),
    };
    let arguments = call.arguments();
    let list = arguments.get(slot);
    list.into_iter().flat_map(|l| parts(l, b'&')).collect()
}

/// `A(prompt)` among the options.
fn announced(call: &Made<'_>) -> Vec<Text> {
    let arguments = call.arguments();
    let slot = if call.app == b"dial" { 2 } else { 1 };
    let Some(options) = arguments.get(slot).filter(|o| !has_hole(o.bytes())) else {
        return Vec::new();
    };
    let letters = args::options(options.bytes());
    let Some(name) = letters.argument(b'A').filter(|n| !n.is_empty()) else {
        return Vec::new();
    };
    let at = options.bytes().windows(name.len()).position(|w| w == name);
    let list = at.map(|at| options.slice(at..at + name.len()));
    list.into_iter()
        .flat_map(|l| [parts(&l, b'&'), Vec::new()].concat())
        .filter(|p| !p.bytes().contains(&b':'))
        .collect()
}

/// A name that is none of the listing's: with variables, elsewhere, or another kind of thing.
fn unknowable(name: &str) -> bool {
    name.is_empty() || name.contains("://") || name.contains("..") || name.contains('|')
}

fn prompt(
    world: &World<'_>,
    listing: &Listing,
    recorded: &QuickSet<Vec<u8>>,
    name: &Text,
) -> Option<Diagnostic> {
    if has_hole(name.bytes()) || recorded.contains(name.bytes()) {
        return None;
    }
    let shown = std::str::from_utf8(name.bytes()).ok()?;
    let below = listing.below(shown).filter(|n| !unknowable(n))?;
    if listing.has_prompt(below) {
        return None;
    }
    let found = Diagnostic::new("C011", format!("there is no prompt `{shown}`"), name.span())
        .label("the caller hears nothing");
    let stem = below.rsplit_once('.').map(|(stem, _)| stem);
    if let Some(stem) = stem.filter(|s| listing.has_prompt(s)) {
        let end = shown.len() - below.len() + stem.len();
        let ending = name.span_of(end..name.len());
        return Some(found.help("prompts are named without their ending").fix(
            "remove the ending",
            ending,
            "",
            false,
        ));
    }
    if !world.afford(COMPARED) {
        return Some(found);
    }
    let mut known: Vec<&str> = listing.prompts().collect();
    known.sort_unstable();
    known.truncate(COMPARED);
    Some(match nearest(below, known) {
        Some(near) => found.help(format!("perhaps `{near}` was meant")),
        None => found,
    })
}

fn script(listing: &Listing, name: &Text) -> Option<Diagnostic> {
    let shown = std::str::from_utf8(name.bytes()).ok()?;
    let below = listing.below(shown).filter(|n| !unknowable(n))?;
    if has_hole(name.bytes()) || below.contains(':') || listing.has_file(below) {
        return None;
    }
    let found = Diagnostic::new("C012", format!("there is no script `{shown}`"), name.span())
        .label("AGISTATUS is NOTFOUND, and the call goes on behind it");
    let mut known: Vec<&str> = listing.files().collect();
    known.sort_unstable();
    known.truncate(COMPARED);
    Some(match nearest(below, known) {
        Some(near) => found.help(format!("perhaps `{near}` was meant")),
        None => found,
    })
}
