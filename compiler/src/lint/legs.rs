//! Variables that a called leg does not get (V508): set on the calling channel without `_`, read in a subroutine that runs on the
//! other one, or behind `Local/` (DL-275, DL-306).

use std::collections::BTreeMap;

use strowger_stdlib::args;
use strowger_stdlib::signatures;
use strowger_stdlib::template::has_hole;

use crate::diagnostic::Diagnostic;
use crate::dialled;
use crate::fields::arguments;
use crate::hir::{Context, Step};
use crate::lint::World;
use crate::lint::names::{Names, led_to};
use crate::peers::Peers;

/// Contexts of other legs that are looked at.
const LEGS: usize = 256;

/// How a call gets to a context of another leg, with the step that sends it.
struct Leg<'a> {
    step: &'a Step,
    how: &'static str,
}

pub(crate) fn check(world: &World<'_>, peers: &Peers, all: &Names, out: &mut Vec<Diagnostic>) {
    let mut legs: BTreeMap<Vec<u8>, Leg<'_>> = BTreeMap::new();
    for context in &world.index.hir().contexts {
        for step in context.extensions.iter().flat_map(|e| &e.steps) {
            for (name, how) in legs_of(step) {
                if legs.len() < LEGS {
                    legs.entry(name).or_insert(Leg { step, how });
                }
            }
        }
    }
    if legs.is_empty() {
        return;
    }
    // Contexts that calls enter in other ways too have their variables from there.
    let entered = led_to(world, peers, false);
    for (name, leg) in &legs {
        if entered.contains(name) {
            continue;
        }
        if let Some(context) = world.index.context(name) {
            one(world, context, leg, all, out);
        }
    }
}

fn one(
    world: &World<'_>,
    context: &Context,
    leg: &Leg<'_>,
    all: &Names,
    out: &mut Vec<Diagnostic>,
) {
    // What it calls or includes may set anything.
    let steps = || context.extensions.iter().flat_map(|e| &e.steps);
    let leaves = steps().any(|step| {
        step.calls().any(|c| {
            matches!(
                c.app.as_str(),
                "gosub" | "gosubif" | "macro" | "macroif" | "agi"
            )
        })
    });
    if leaves || !context.includes.is_empty() {
        return;
    }
    let mut own = Names::default();
    own.context(world.dialect, context, true);
    let mut read: Vec<_> = own
        .read
        .iter()
        .filter(|(name, _)| {
            own.is_unset(world, name)
                && !all.inherited.contains(*name)
                && all.set.get(*name).is_some_and(|s| !s.doing)
        })
        .collect();
    read.sort_by_key(|(_, r)| (r.place.file, r.place.start));
    for (name, reading) in read {
        let shown = String::from_utf8_lossy(name).into_owned();
        let mut found = Diagnostic::new(
            "V508",
            format!(
                "`{shown}` is empty here: {} runs on another channel",
                leg.how
            ),
            reading.place,
        )
        .label("set on the channel that calls, and not handed on")
        .also(leg.step.span, "the other channel begins here");
        if let Some(set) = all.set.get(name) {
            found = found.also(set.place, "set here").help(format!(
                "write `Set(__{shown}=...)`: what begins with `__` is handed on"
            ));
        }
        out.push(found);
    }
}

/// Contexts that a step sends another channel to.
fn legs_of(step: &Step) -> Vec<(Vec<u8>, &'static str)> {
    let mut found = Vec::new();
    for destination in dialled::destinations(step) {
        let resource = destination.resource.bytes();
        if destination.tech.bytes().eq_ignore_ascii_case(b"local")
            && let Some(at) = resource.iter().rposition(|b| *b == b'@')
        {
            let rest = &resource[at + 1..];
            let end = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            if !has_hole(&rest[..end]) {
                found.push((rest[..end].to_vec(), "what `Local/` dials"));
            }
        }
    }
    for called in step.calls() {
        if !matches!(called.app.as_str(), "dial" | "queue" | "page" | "followme") {
            continue;
        }
        let Some(slot) = signatures::application(&called.app).and_then(|s| s.option_slot()) else {
            continue;
        };
        let parts = arguments(&called.args);
        let Some(options) = parts.get(slot) else {
            continue;
        };
        for letter in args::options(options.bytes()).letters {
            let Some(argument) = letter.argument.filter(|a| !has_hole(a)) else {
                continue;
            };
            let parts: Vec<&[u8]> = argument.split(|b| matches!(b, b'^' | b'(')).collect();
            let first = parts.first().copied().unwrap_or_default();
            match letter.letter {
                // `U(context^argument)` begins at `s`; `b(context^extension^priority)`.
                b'U' if called.app == "dial" => {
                    found.push((first.to_vec(), "the subroutine of `U`"));
                }
                b'b' if parts.len() >= 3 => {
                    found.push((first.to_vec(), "the subroutine of `b`"));
                }
                b'M' if called.app == "dial" => {
                    found.push(([b"macro-", first].concat(), "the macro of `M`"));
                }
                _ => {}
            }
        }
    }
    found
}
