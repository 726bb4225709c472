//! Family `references`: jumps and includes that lead nowhere.

use strowger_stdlib::template::has_hole;

use crate::diagnostic::{Diagnostic, Label};
use crate::edit_distance::nearest;
use crate::hir::{Context, Extension, Matches, Step};
use crate::jump::{Kind, Part, Target};
use crate::lint::World;
use crate::pattern::overlap;
use crate::resolve::{Candidate, Seen};
use crate::source::{Span, Text};

/// A jump that may begin in more contexts than this is not judged.
const STANDING: usize = 64;
/// Names of a circle that are shown.
const CIRCLE: usize = 8;

/// Switches: read, but nobody asks them (DL-085).
pub(crate) fn switches(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    for context in &world.index.hir().contexts {
        for switch in &context.switches {
            let tech = String::from_utf8_lossy(&switch.tech);
            out.push(
                Diagnostic::new(
                    "A423",
                    format!("the switch `{tech}/` is not asked"),
                    switch.span,
                )
                .label("extensions that only it knows are not found here"),
            );
        }
    }
}

pub(crate) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    for (c, context) in world.index.hir().contexts.iter().enumerate() {
        includes(world, context, out);
        for (e, extension) in context.extensions.iter().enumerate() {
            for (s, step) in extension.steps.iter().enumerate() {
                for target in step.targets() {
                    let before = out.len();
                    if has_hole(target.whole.bytes())
                        && let Some(meant) = world.values.targets((c, e, s), target)
                    {
                        for (target, set) in meant.iter() {
                            let known = out.len();
                            jump_to(world, context, extension, step, target, out);
                            by_value(&mut out[known..], *set);
                        }
                        continue;
                    }
                    if target.is_unknown() {
                        continue;
                    }
                    jump_to(world, context, extension, step, target, out);
                    let lost = |d: &Diagnostic| matches!(d.code, "R201" | "R202" | "R203");
                    if out[before..].iter().any(lost)
                        && let Some(found) = swapped(world, context, target)
                    {
                        out.truncate(before);
                        out.push(found);
                    }
                }
            }
        }
    }
    circles(world, out);
}

/// What is found about a jump to what a variable holds: it is the value that is wrong, so nothing is repaired at the jump.
fn by_value(found: &mut [Diagnostic], set: Option<Span>) {
    for found in found {
        let fixes = std::mem::take(&mut found.fixes).into_iter();
        let meant = fixes.filter_map(|f| f.title.strip_prefix("write ").map(str::to_owned));
        found
            .helps
            .extend(meant.map(|m| format!("perhaps {m} was meant")));
        found.secondary.extend(set.map(|span| Label {
            span,
            text: "by what is set here".to_owned(),
        }));
    }
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The context that was probably meant.
fn near_context(world: &World<'_>, name: &[u8]) -> Option<String> {
    let hir = world.index.hir();
    if !world.afford(hir.contexts.len()) {
        return None;
    }
    let name = show(name);
    let names: Vec<String> = hir.contexts.iter().map(|c| show(&c.name)).collect();
    if let Some(same) = names.iter().find(|n| n.eq_ignore_ascii_case(&name)) {
        return Some(same.clone());
    }
    nearest(&name, names.iter().map(String::as_str)).map(str::to_owned)
}

fn includes(world: &World<'_>, context: &Context, out: &mut Vec<Diagnostic>) {
    for include in &context.includes {
        if world.index.context(&include.context).is_some()
            || world.open
            || world.made(&include.context)
            || custom(world, &include.context)
        {
            continue;
        }
        let name = show(&include.context);
        let found = Diagnostic::new(
            "R207",
            format!("there is no context `{name}` to include"),
            include.span,
        )
        .label(if name.is_empty() {
            "no name"
        } else {
            "not in this configuration; the include adds nothing"
        });
        out.push(match near_context(world, &include.context) {
            Some(near) if include.times.is_none() => {
                found.fix(format!("write `{near}`"), include.span, near, false)
            }
            Some(near) => found.help(format!("perhaps `{near}` was meant")),
            None => found,
        });
    }
}

/// `NAME-custom` beside `NAME`: generated plans include it for the case that somebody writes it.
fn custom(world: &World<'_>, name: &[u8]) -> bool {
    name.strip_suffix(b"-custom")
        .is_some_and(|stem| world.index.context(stem).is_some())
}

/// Includes that lead back to where they stand. Harmless when running, but never what was meant.
fn circles(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    let hir = world.index.hir();
    // 0: not seen, 1: on the path, 2: done.
    let mut state = vec![0u8; hir.contexts.len()];
    let number = |name: &[u8]| world.index.number(name);
    for start in 0..hir.contexts.len() {
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        if state[start] != 0 {
            continue;
        }
        state[start] = 1;
        while let Some((at, next)) = path.last_mut() {
            let context = &hir.contexts[*at];
            let Some(include) = context.includes.get(*next) else {
                state[*at] = 2;
                path.pop();
                continue;
            };
            *next += 1;
            let Some(target) = number(&include.context) else {
                continue;
            };
            match state[target] {
                0 => {
                    state[target] = 1;
                    path.push((target, 0));
                }
                1 => {
                    let from = path.iter().position(|(c, _)| *c == target).unwrap_or(0);
                    let mut names: Vec<String> = path[from..]
                        .iter()
                        .take(CIRCLE)
                        .map(|(c, _)| show(&hir.contexts[*c].name))
                        .collect();
                    if path.len() - from > CIRCLE {
                        names.push("…".to_owned());
                    }
                    names.push(show(&include.context));
                    let found = Diagnostic::new("R208", "a context includes itself", include.span)
                        .label("leads back to a context that is already searched; it adds nothing")
                        .help(format!("the circle: {}", names.join(" → ")));
                    out.push(found);
                }
                _ => {}
            }
        }
    }
}

/// Where a jump is looked for, and whether all of that is known.
struct Places<'a> {
    contexts: Vec<&'a [u8]>,
    written: Option<&'a Text>,
}

fn jump_to(
    world: &World<'_>,
    context: &Context,
    extension: &Extension,
    step: &Step,
    target: &Target,
    out: &mut Vec<Diagnostic>,
) {
    let places = match &target.context {
        Part::Computed(_) => return,
        Part::Text(name) => {
            if world.index.context(name.bytes()).is_none() {
                if !world.open && !world.made(name.bytes()) {
                    out.push(no_context(world, target, name));
                }
                return;
            }
            Places {
                contexts: vec![name.bytes()],
                written: Some(name),
            }
        }
        // Jumps that name no context begin where the call stands, which may be any context that includes this one.
        Part::Here => {
            let standing = world.index.standing_in(&context.name, STANDING);
            if standing.len() > STANDING {
                return;
            }
            let contexts = standing.into_iter().map(|c| c.name.as_slice()).collect();
            Places {
                contexts,
                written: None,
            }
        }
    };
    match &target.exten {
        Part::Computed(_) => {}
        Part::Here => here(world, extension, step, target, &places, out),
        Part::Text(exten) => there(world, target, exten, &places, out),
    }
}

/// R212: what was not found as it is written, and is there in another order. Nothing is known of targets with variables.
fn swapped(world: &World<'_>, context: &Context, target: &Target) -> Option<Diagnostic> {
    let parts: Vec<&Text> = [&target.context, &target.exten, &target.priority]
        .into_iter()
        .filter(|p| !matches!(p, Part::Here))
        .map(Part::constant)
        .collect::<Option<_>>()?;
    let there = |context: &[u8], exten: &[u8], priority: &[u8]| {
        let searched = world.index.searched(context).0;
        world.index.context(context).is_some()
            && world.afford(world.index.patterns_in(&searched) + searched.len())
            && has_priority(
                priority,
                world
                    .index
                    .candidates_in(&searched, exten)
                    .iter()
                    // A catch-all takes anything and proves nothing.
                    .filter(|c| !catch_all(&c.extension.matches))
                    .map(|c| c.extension),
            )
    };
    let text = |part: &Text| part.trimmed().lossy().into_owned();
    let trimmed: Vec<Text> = parts.iter().map(|p| p.trimmed()).collect();
    let b = |i: usize| trimmed[i].bytes();
    let right = match parts.as_slice() {
        // `Goto(1,extension)`, `Goto(context,extension)`.
        [first, second] => {
            if there(&context.name, b(1), b(0)) && number(b(0)).is_some() {
                format!("{},{}", text(second), text(first))
            } else if there(b(0), b(1), b"1") && world.index.context(b(0)).is_some() {
                format!("{},{},1", text(first), text(second))
            } else {
                return None;
            }
        }
        [first, second, third] => {
            let orders = [[1, 0, 2], [0, 2, 1], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
            let order = orders.iter().find(|[c, e, p]| there(b(*c), b(*e), b(*p)))?;
            let parts = [first, second, third];
            order.map(|i| text(parts[i])).join(",")
        }
        _ => return None,
    };
    let whole = target.whole.trimmed();
    Some(
        Diagnostic::new(
            "R212",
            format!(
                "the parts of this {} stand in the wrong order",
                verb(target)
            ),
            whole.span(),
        )
        .label("as it is written, nothing is found")
        .fix(format!("write `{right}`"), whole.span(), right, false),
    )
}

/// Whether an entry matches nearly everything.
fn catch_all(matches: &Matches) -> bool {
    use crate::pattern::Element;
    matches!(matches, Matches::Pattern(p) if matches!(p.matching(), [Element::Dot | Element::Bang]))
}

fn verb(target: &Target) -> &'static str {
    match target.kind {
        Kind::Goto => "Goto",
        Kind::Gosub => "Gosub",
    }
}

fn no_context(world: &World<'_>, target: &Target, name: &Text) -> Diagnostic {
    let shown = name.lossy().into_owned();
    let found = Diagnostic::new(
        "R201",
        format!("there is no context `{shown}`"),
        name.span(),
    )
    .label(match target.kind {
        Kind::Goto => "the call finds nothing there and ends",
        Kind::Gosub => "the subroutine is not found and the call is hung up",
    });
    if shown.contains('|') {
        return found.help("separate the parts with commas; `|` is plain text");
    }
    if shown.trim() != shown && world.index.context(name.trimmed().bytes()).is_some() {
        return found.fix(
            "remove the blanks: they belong to the name",
            name.span(),
            shown.trim(),
            true,
        );
    }
    match near_context(world, name.bytes()) {
        Some(near) => found.fix(format!("write `{near}`"), name.span(), near, false),
        None => found,
    }
}

/// The extension is named.
fn there(
    world: &World<'_>,
    target: &Target,
    exten: &Text,
    places: &Places<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let mut reached: Vec<Candidate<'_>> = Vec::new();
    for context in &places.contexts {
        let (searched, seen) = world.index.searched(context);
        if seen == Seen::Some || !world.afford(world.index.patterns_in(&searched) + searched.len())
        {
            return;
        }
        reached.extend(world.index.candidates_in(&searched, exten.bytes()));
    }
    if world.torn {
        return;
    }
    let shown = exten.lossy().into_owned();
    if reached.is_empty() {
        out.push(no_extension(world, target, exten, places));
        return;
    }
    if exten.bytes().first() == Some(&b'_') {
        out.push(
            Diagnostic::new(
                "R213",
                format!("the jump names the pattern `{shown}` itself"),
                exten.span(),
            )
            .label("`EXTEN` becomes this text, not a number")
            .help("name a number that the pattern matches, or `${EXTEN}`"),
        );
    }
    priority_there(target, &shown, &reached, out);
}

fn no_extension(
    world: &World<'_>,
    target: &Target,
    exten: &Text,
    places: &Places<'_>,
) -> Diagnostic {
    let shown = exten.lossy().into_owned();
    let wherein = places
        .contexts
        .first()
        .map_or_else(String::new, |c| show(c));
    let invalid = places
        .contexts
        .iter()
        .take(CIRCLE)
        .any(|c| !world.index.candidates(c, b"i").is_empty());
    let found = Diagnostic::new(
        "R202",
        format!("`{wherein}` has no extension `{shown}`"),
        exten.span(),
    )
    .label(match target.kind {
        Kind::Gosub => "the subroutine is not found and the call is hung up",
        Kind::Goto if invalid => "the call goes on at `i`",
        Kind::Goto => "the call finds nothing there and ends",
    });
    let found = match world.index.context(wherein.as_bytes()) {
        Some(context) => found.also(context.span, "searched here and in what it includes"),
        None => found,
    };
    if shown.contains('|') {
        return found.help("separate the parts with commas; `|` is plain text");
    }
    let hit = |name: &[u8]| {
        places
            .contexts
            .iter()
            .any(|c| !world.index.candidates(c, name).is_empty())
    };
    if shown.trim() != shown && hit(shown.trim().as_bytes()) {
        return found.fix(
            "remove the blanks: they belong to the name",
            exten.span(),
            shown.trim(),
            true,
        );
    }
    // `Goto(context,extension)` without a priority: the first part is a context.
    if places.written.is_none() && world.index.context(exten.bytes()).is_some() {
        if let Some(priority) = target.priority.constant()
            && !world
                .index
                .candidates(exten.bytes(), priority.bytes())
                .is_empty()
        {
            return found.help(format!("`{shown}` is a context: a context needs extension and priority, `{}({shown},{},1)`", verb(target), priority.lossy()));
        }
        return found.help(format!(
            "`{shown}` is a context: write `{}({shown},EXTENSION,PRIORITY)`",
            verb(target)
        ));
    }
    found
}

fn priority_there(
    target: &Target,
    shown: &str,
    reached: &[Candidate<'_>],
    out: &mut Vec<Diagnostic>,
) {
    let Some(priority) = target.priority.constant() else {
        if matches!(target.priority, Part::Here) {
            out.push(
                Diagnostic::new("R203", "the jump names no priority", target.whole.span())
                    .label("an empty priority is a label that nothing has: the call is hung up")
                    .help("write the priority, mostly `1`"),
            );
        }
        return;
    };
    if has_priority(priority.bytes(), reached.iter().map(|c| c.extension)) {
        return;
    }
    out.push(no_priority(
        target,
        priority,
        shown,
        reached.iter().map(|c| c.extension).collect(),
    ));
}

/// Whether one of the extensions has the number or label.
fn has_priority<'a>(priority: &[u8], mut extensions: impl Iterator<Item = &'a Extension>) -> bool {
    if let Some(number) = number(priority) {
        return extensions.any(|e| e.step(number).is_some());
    }
    if matches!(priority.first(), Some(b'+' | b'-')) {
        return true;
    }
    extensions.any(|e| e.labelled(priority).is_some())
}

/// A priority that is a number: all of it digits.
fn number(text: &[u8]) -> Option<u32> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn no_priority(
    target: &Target,
    priority: &Text,
    exten: &str,
    reached: Vec<&Extension>,
) -> Diagnostic {
    let shown = priority.lossy().into_owned();
    let is_number = number(priority.bytes()).is_some();
    let (what, label) = if is_number {
        (
            "priority",
            "the call ends here as if the extension were over",
        )
    } else {
        ("label", "the call is hung up")
    };
    let label = if target.kind == Kind::Gosub {
        "the subroutine is not found and the call is hung up"
    } else {
        label
    };
    let mut found = Diagnostic::new(
        "R203",
        format!("`{exten}` has no {what} `{shown}`"),
        priority.span(),
    )
    .label(label);
    if let Some(first) = reached.first() {
        found = found.also(first.span, "the extension");
    }
    if shown.contains('|') {
        return found.help("separate the parts with commas; `|` is plain text");
    }
    let labels: Vec<String> = reached
        .iter()
        .flat_map(|e| &e.steps)
        .filter_map(|s| s.label.as_ref())
        .map(|l| l.lossy().into_owned())
        .collect();
    let trimmed = shown.trim();
    if trimmed != shown
        && (number(trimmed.as_bytes()).is_some() || labels.iter().any(|l| l == trimmed))
    {
        return found.fix(
            "remove the blanks: they belong to the name",
            priority.span(),
            trimmed,
            true,
        );
    }
    match nearest(&shown, labels.iter().map(String::as_str)) {
        Some(near) if !is_number => {
            found.fix(format!("write `{near}`"), priority.span(), near, false)
        }
        _ => found,
    }
}

/// The jump stays in the extension that runs.
fn here(
    world: &World<'_>,
    extension: &Extension,
    step: &Step,
    target: &Target,
    places: &Places<'_>,
    out: &mut Vec<Diagnostic>,
) {
    // `Goto(context,,label)` looks in an extension without a name; its number form keeps the extension.
    let Some(priority) = target.priority.constant() else {
        return;
    };
    if has_priority(priority.bytes(), std::iter::once(extension)) || world.torn {
        return;
    }
    // Another entry that the same number may mean can have it (DL-119, DL-120).
    for context in &places.contexts {
        let (searched, seen) = world.index.searched(context);
        if seen == Seen::Some || !world.afford(searched.len()) {
            return;
        }
        let able = searched
            .iter()
            .filter(|c| world.index.may_have(c, priority.bytes()));
        for other in able.flat_map(|c| &c.extensions) {
            if !world.afford(1) {
                return;
            }
            if has_priority(priority.bytes(), std::iter::once(other))
                && overlap(&other.matches, &extension.matches)
            {
                return;
            }
        }
    }
    let shown = show(&extension.name);
    let mut found = no_priority(target, priority, &shown, vec![extension]);
    let context = places.contexts.first().copied().unwrap_or_default();
    // A name that stands alone is a label; mostly an extension was meant.
    if places.written.is_none()
        && number(priority.bytes()).is_none()
        && world.afford(world.index.patterns_in(&world.index.searched(context).0))
        && !world.index.candidates(context, priority.bytes()).is_empty()
    {
        let name = priority.lossy();
        found = found.help(format!(
            "`{name}` is an extension: write `{}({name},1)`",
            verb(target)
        ));
    } else if places.written.is_none() && world.index.context(priority.bytes()).is_some() {
        let name = priority.lossy();
        found = found.help(format!(
            "`{name}` is a context: write `{}({name},EXTENSION,1)`",
            verb(target)
        ));
    }
    let _ = step;
    if let Matches::Name(name) = &extension.matches
        && name.as_slice() == b"i"
    {
        found = found.help("`i` runs with the extension `i`");
    }
    out.push(found);
}
