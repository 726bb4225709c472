//! Family `flow`: where steps lead, and which are never reached.

use strowger_stdlib::template::{HoleKind, Template, What, split_body};

use crate::diagnostic::Diagnostic;
use crate::dialled;
use crate::hir::{Context, Extension, Matches, Step};
use crate::lint::World;
use crate::lint::facts::Facts;
use crate::pattern::overlap;
use crate::resolve::Seen;
use crate::source::Sources;

/// A call that begins in more contexts than this is not judged.
const STANDING: usize = 16;
/// A gap this wide is the old jump to n+101.
const OLD_JUMP: u32 = 90;

pub(crate) fn check(
    world: &World<'_>,
    sources: &Sources,
    facts: &Facts,
    out: &mut Vec<Diagnostic>,
) {
    for context in &world.index.hir().contexts {
        for extension in &context.extensions {
            no_first((world, sources, facts), context, extension, out);
            gaps(world, facts, context, extension, out);
            unreachable(world, facts, context, extension, out);
            special(extension, out);
        }
    }
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether another entry that the same call may meet satisfies `test`; true where not everything is known.
fn elsewhere(
    world: &World<'_>,
    context: &Context,
    extension: &Extension,
    test: &dyn Fn(&Extension) -> bool,
) -> bool {
    let standing = world.index.standing_in(&context.name, STANDING);
    if world.torn || standing.len() > STANDING {
        return true;
    }
    for start in standing {
        let (searched, seen) = world.index.searched(&start.name);
        if seen == Seen::Some {
            return true;
        }
        for other in searched.iter().flat_map(|c| &c.extensions) {
            if !world.afford(1) {
                return true;
            }
            if !std::ptr::eq(other, extension)
                && test(other)
                && overlap(&other.matches, &extension.matches)
            {
                return true;
            }
        }
    }
    false
}

/// An extension without priority 1 cannot be called (F301).
fn no_first(
    (world, sources, facts): (&World<'_>, &Sources, &Facts),
    context: &Context,
    extension: &Extension,
    out: &mut Vec<Diagnostic>,
) {
    let Some(first) = extension.steps.first() else {
        return;
    };
    if first.priority == 1
        || facts.landings.anywhere(extension)
        || facts.extensions.contains(&extension.name)
    {
        return;
    }
    // Where the first step is written with `same`, the line with the name was dropped: told as that.
    if sources.bytes(first.span).starts_with(b"same") {
        return;
    }
    // A pattern with a labelled start is the idiom of subroutines: what calls it may be in another file. So is a name to whose label
    // something jumps. Jumps by number may come here too.
    let pattern = matches!(extension.matches, Matches::Pattern(_));
    if extension.steps.iter().any(|s| {
        let label = s.label.as_ref();
        label.is_some_and(|l| pattern || facts.landings.by_label(l.bytes()))
            || facts.landings.by_number(extension, s.priority)
    }) {
        return;
    }
    if elsewhere(world, context, extension, &|other| {
        other.steps.first().is_some_and(|s| s.priority == 1)
    }) {
        return;
    }
    let name = show(&extension.name);
    out.push(
        Diagnostic::new("F301", format!("`{name}` has no priority 1"), first.span)
            .label(format!(
                "its first is {}: a call to it is refused",
                first.priority
            ))
            .help("number the first line `1`"),
    );
}

/// A call ends at a gap (F304).
fn gaps(
    world: &World<'_>,
    facts: &Facts,
    context: &Context,
    extension: &Extension,
    out: &mut Vec<Diagnostic>,
) {
    if facts.landings.anywhere(extension) {
        return;
    }
    for pair in extension.steps.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        let missing = after.priority - before.priority - 1;
        if missing == 0
            || missing >= OLD_JUMP
            || after.label.is_some()
            || ends(before)
            || facts.landings.by_number(extension, after.priority)
        {
            continue;
        }
        let next = before.priority + 1;
        if elsewhere(world, context, extension, &|other| {
            other.step(next).is_some()
        }) {
            continue;
        }
        let name = show(&extension.name);
        out.push(
            Diagnostic::new(
                "F304",
                format!("priority {next} of `{name}` is missing"),
                after.span,
            )
            .label("never reached: the call ends at the gap")
            .also(
                before.span,
                format!(
                    "priority {}; the next is {}",
                    before.priority, after.priority
                ),
            )
            .help("number the lines without gaps, best with `n`"),
        );
    }
}

/// Whether a call never goes on to the next priority.
pub(crate) fn ends(step: &Step) -> bool {
    let app = &*step.own().app;
    match app {
        b"goto" => !step.args.is_empty(),
        b"gotoif" | b"gotoiftime" => step.targets().len() == 2,
        b"hangup" | b"return" | b"busy" | b"congestion" | b"macroexit" => true,
        _ => false,
    }
}

/// Steps behind one that never goes on (F305).
fn unreachable(
    world: &World<'_>,
    facts: &Facts,
    context: &Context,
    extension: &Extension,
    out: &mut Vec<Diagnostic>,
) {
    // Ends of loops and branches are found by looking for them, not by falling into them.
    const SOUGHT: [&[u8]; 5] = [b"endwhile", b"endif", b"else", b"elseif", b"while"];
    if facts.landings.anywhere(extension) {
        return;
    }
    let mut steps = extension.steps.iter().peekable();
    while let Some(before) = steps.next() {
        let Some(after) = steps.peek() else { return };
        let app = &*after.own().app;
        if !ends(before)
            || after.priority != before.priority + 1
            || after.label.is_some()
            || facts.landings.by_number(extension, after.priority)
            || SOUGHT.contains(&app)
        {
            continue;
        }
        let priority = before.priority;
        // A more special pattern may end there and go on here (DL-119).
        let comes_from = |other: &Extension| {
            other.step(priority).is_some() && other.step(priority + 1).is_none()
        };
        if elsewhere(world, context, extension, &comes_from) {
            continue;
        }
        let word = before.app.trimmed();
        // A last Hangup behind another is habit, not a mistake.
        let (code, what) = if app == b"hangup" {
            ("F331", "this Hangup is never reached")
        } else {
            ("F305", "this step is never reached")
        };
        out.push(
            Diagnostic::new(code, what, after.span)
                .label("nothing leads here")
                .also(
                    before.span,
                    format!("`{}` never goes on to the next step", word.lossy()),
                ),
        );
    }
}

/// Steps in extensions that the exchange itself calls.
fn special(extension: &Extension, out: &mut Vec<Diagnostic>) {
    let Matches::Name(name) = &extension.matches else {
        return;
    };
    let name = name.as_slice();
    if name == b"h" {
        for step in &extension.steps {
            let app = &*step.own().app;
            match app {
                b"hangup" if step.args.is_empty() => out.push(
                    Diagnostic::new("F319", "the call is hung up already", step.span)
                        .label("`h` runs after the hang-up; this does nothing"),
                ),
                b"playback" | b"background" | b"dial" | b"read" | b"waitexten" | b"echo" => out
                    .push(
                        Diagnostic::new(
                            "F317",
                            format!(
                                "`{}` needs a caller, and in `h` there is none",
                                step.app.trimmed().lossy()
                            ),
                            step.span,
                        )
                        .label("`h` runs after the hang-up"),
                    ),
                _ => {}
            }
        }
    }
    if matches!(name, b"s" | b"i" | b"t" | b"h" | b"e" | b"T") {
        let shown = show(name);
        let mut before: Option<&Step> = None;
        let mut behind_end = false;
        let run = extension.steps.iter().filter(|step| {
            behind_end = step.label.is_none() && (behind_end || before.is_some_and(ends));
            before = Some(*step);
            !behind_end
        });
        for destination in run.flat_map(dialled::destinations) {
            let template = Template::read(destination.resource.bytes());
            let of_exten = template.holes().into_iter().find(|hole| {
                hole.kind == HoleKind::Variable
                    && hole.body.as_plain().is_some_and(
                        |b| matches!(split_body(b).what, What::Variable(v) if v == b"EXTEN"),
                    )
            });
            if let Some(hole) = of_exten {
                let found = Diagnostic::new(
                    "V522",
                    format!("`${{EXTEN}}` is `{shown}` here, not a number"),
                    destination.resource.span_of(hole.span.clone()),
                )
                .label(format!("this dials `{shown}`"));
                out.push(match name {
                    b"i" => found.help("what was dialled is in `${INVALID_EXTEN}`"),
                    _ => found.help("keep the number in a variable before the call comes here"),
                });
            }
        }
    }
}
