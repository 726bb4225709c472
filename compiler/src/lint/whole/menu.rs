//! Menus: steps that wait for digits, and what the digits may choose.

use strowger_stdlib::table::{QuickMap, QuickSet};

use super::{Whole, show};
use crate::diagnostic::Diagnostic;
use crate::fields::parts;
use crate::flow::{Node, Why, dialable};
use crate::hir::{Context, Extension, Matches};
use crate::pattern::Element;
use crate::resolve::Seen;
use crate::source::Text;
use strowger_vm::pattern::{Found, Question};

/// Menus with more entries than this are lists of numbers, not choices.
const CHOICES: usize = 48;
/// Seconds in which nobody can choose.
const PAUSE: f64 = 3.0;

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    let mut seen: QuickMap<usize, Menu> = QuickMap::default();
    let mut told = QuickSet::default();
    let mut menus = Vec::new();
    for node in 0..flow.steps() {
        if flow.app(node) != "waitexten" {
            continue;
        }
        let Some((c, ..)) = flow.place(node) else {
            continue;
        };
        menus.push(node);
        for start in flow.standing(c) {
            seen.entry(*start)
                .or_insert_with(|| Menu::read(whole, *start));
        }
    }
    for node in &menus {
        let Some((c, e, _)) = flow.place(*node) else {
            continue;
        };
        let standing: Vec<&Menu> = flow
            .standing(c)
            .iter()
            .filter_map(|s| seen.get(s))
            .collect();
        let empty = standing.iter().all(|m| m.known && !m.choices);
        if empty && !standing.is_empty() {
            if !pause(whole, *node) && told.insert(("F307", c, e)) {
                no_choice(whole, *node, &standing, out);
            }
            continue;
        }
        if told.insert(("F308", c, 0)) {
            unhandled(whole, *node, &standing, out);
        }
    }
    never_timed_out(whole, &menus, out);
    for start in 0..flow.hir().contexts.len() {
        if seen.contains_key(&start) {
            longer(whole, start, out);
        }
        swallowed(whole, start, &menus, seen.contains_key(&start), out);
    }
}

/// What a caller finds who waits in a context.
struct Menu {
    /// Everything is known that digits may mean there.
    known: bool,
    /// Some digits choose something.
    choices: bool,
    /// `i` uses what was dialled: it is the choice.
    by_invalid: bool,
    invalid: bool,
    timeout: bool,
}

impl Menu {
    fn read(whole: &Whole<'_>, start: usize) -> Menu {
        let unknown = Menu {
            known: false,
            choices: true,
            by_invalid: false,
            invalid: true,
            timeout: true,
        };
        let special = |name: &[u8]| whole.candidates(start, name).map(|(found, _)| found);
        let (Some(searched), Some(invalid), Some(timeout), Some(other)) = (
            whole.searched(start),
            special(b"i"),
            special(b"t"),
            special(b"e"),
        ) else {
            return unknown;
        };
        let cost = searched.0.iter().map(|c| c.extensions.len()).sum();
        if !whole.world.afford(cost) {
            return unknown;
        }
        let entries = searched.0.iter().flat_map(|c| &c.extensions);
        let choices = entries
            .filter(|e| e.steps.first().is_some_and(|s| s.priority == 1))
            .any(|e| dialable(&e.matches));
        let by_invalid = invalid.iter().any(|c| {
            let mut steps = c.extension.steps.iter();
            steps.any(|s| s.args.bytes().windows(13).any(|w| w == b"INVALID_EXTEN"))
        });
        let other = !other.is_empty() && whole.world.dialect.error_extension;
        Menu {
            known: searched.1 == Seen::All && !whole.fragment,
            choices,
            by_invalid,
            invalid: other || !invalid.is_empty(),
            timeout: other || !timeout.is_empty(),
        }
    }
}

/// Whether a step waits too short for a choice, and the call goes on: a pause.
fn pause(whole: &Whole<'_>, node: Node) -> bool {
    let Some(step) = whole.flow.step(node) else {
        return false;
    };
    let seconds = parts(&step.args).first().map(Text::trimmed);
    let short = seconds
        .and_then(|t| std::str::from_utf8(t.bytes()).ok()?.parse::<f64>().ok())
        .is_some_and(|s| s < PAUSE);
    short && !whole.flow.falls_off(node)
}

/// F307: nothing can be chosen.
fn no_choice(whole: &Whole<'_>, node: Node, menus: &[&Menu], out: &mut Vec<Diagnostic>) {
    if menus.iter().any(|m| m.by_invalid) {
        return;
    }
    let (Some(step), Some((context, _))) = (whole.flow.step(node), whole.flow.home(node)) else {
        return;
    };
    let label = if menus.iter().all(|m| m.invalid) {
        "any digit is a wrong one: the call goes on at `i`"
    } else {
        "any digit is a wrong one, and there is no `i`: the call is hung up"
    };
    out.push(
        Diagnostic::new(
            "F307",
            format!(
                "`{}` has no extension that a caller can dial",
                show(&context.name)
            ),
            step.span,
        )
        .label(label)
        .also(
            context.span,
            "digits are looked for here and in what it includes",
        )
        .help("add an extension for each choice, or use `Wait()` if there is none"),
    );
}

/// F308: a wrong digit, or none, hangs the call up.
fn unhandled(whole: &Whole<'_>, node: Node, menus: &[&Menu], out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    if menus.is_empty() || menus.iter().any(|m| !m.known) {
        return;
    }
    let (Some(step), Some((context, _))) = (flow.step(node), flow.home(node)) else {
        return;
    };
    let invalid = menus.iter().all(|m| !m.invalid);
    let last = flow.falls_off(node);
    let timeout = last && menus.iter().all(|m| !m.timeout);
    let (what, label) = match (invalid, timeout) {
        (false, false) => return,
        (true, false) => ("`i`", "a caller who presses a wrong digit is hung up"),
        (false, true) => ("`t`", "a caller who presses nothing is hung up"),
        (true, true) => (
            "`i` and no `t`",
            "a caller who presses a wrong digit or nothing is hung up",
        ),
    };
    out.push(
        Diagnostic::new(
            "F308",
            format!("the menu in `{}` has no {what}", show(&context.name)),
            step.span,
        )
        .label(label),
    );
}

/// F328: a `t` that nothing leads to, since every wait has a next step.
fn never_timed_out(whole: &Whole<'_>, menus: &[Node], out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    if !flow.hir().general.autofallthrough {
        return;
    }
    let mut waits: QuickMap<usize, Node> = QuickMap::default();
    for node in menus {
        if let Some((c, ..)) = flow.place(*node) {
            for start in flow.standing(c) {
                waits.entry(*start).or_insert(*node);
            }
        }
    }
    for (c, context) in flow.hir().contexts.iter().enumerate() {
        let Some(wait) = waits.get(&c) else { continue };
        let Some(e) = context
            .extensions
            .iter()
            .position(|e| matches!(&e.matches, Matches::Name(n) if n.as_slice() == b"t"))
        else {
            continue;
        };
        let extension = &context.extensions[e];
        if extension.steps.first().is_none_or(|s| s.priority != 1) {
            continue;
        }
        let first = flow.node(c, e, 0);
        let led = flow
            .edges_to(first)
            .iter()
            .any(|edge| !matches!(edge.why, Why::Named | Why::Inside));
        // A computed jump from here may mean `t`.
        let unknown = context
            .extensions
            .iter()
            .enumerate()
            .any(|(e, other)| (0..other.steps.len()).any(|s| flow.opaque(flow.node(c, e, s))));
        let Some(step) = flow.step(*wait).filter(|_| !led && !unknown) else {
            continue;
        };
        out.push(
            Diagnostic::new("F328", "this `t` is never used", extension.span)
                .label("nothing leads here")
                .also(
                    step.span,
                    "when nothing is pressed, the call goes on with the next step of its own extension",
                ),
        );
    }
}

/// F309: a choice that waits for more digits.
fn longer(whole: &Whole<'_>, start: usize, out: &mut Vec<Diagnostic>) {
    let context = &whole.flow.hir().contexts[start];
    let Some(searched) = whole.searched(start) else {
        return;
    };
    let entries: Vec<&Extension> = searched
        .0
        .iter()
        .flat_map(|c| &c.extensions)
        .filter(|e| e.steps.first().is_some_and(|s| s.priority == 1))
        .take(CHOICES + 1)
        .collect();
    if entries.len() > CHOICES || !whole.world.afford(entries.len() * entries.len()) {
        return;
    }
    let digits = |name: &[u8]| !name.is_empty() && name.iter().all(|b| b.is_ascii_digit());
    let mut waits: Vec<(&Extension, &Extension)> = Vec::new();
    for choice in &entries {
        let Matches::Name(name) = &choice.matches else {
            continue;
        };
        // Numbers of one digit are choices; longer ones are numbers.
        if !digits(name) || name.len() > 1 {
            continue;
        }
        let more = entries.iter().find(|other| {
            other.matches.answer(name, name, Question::MatchMore) == Found::Yes
                && !matches!(&other.matches, Matches::Name(n) if !digits(n))
        });
        waits.extend(more.map(|m| (*choice, *m)));
    }
    let Some((choice, more)) = waits.first() else {
        return;
    };
    let names: Vec<String> = waits
        .iter()
        .map(|(c, _)| format!("`{}`", show(&c.name)))
        .collect();
    out.push(
        Diagnostic::new(
            "F309",
            format!(
                "whoever presses {} in `{}` waits for the digit time-out",
                names.join(", "),
                show(&context.name)
            ),
            choice.span,
        )
        .label("more digits could follow, so Asterisk waits for them, five seconds by default")
        .also(
            more.span,
            format!("`{}` begins with the same digit", show(&more.name)),
        ),
    );
}

/// F318: a pattern takes what the exchange itself calls. `_.` and `_!` are told by P701.
fn swallowed(
    whole: &Whole<'_>,
    start: usize,
    menus: &[Node],
    is_menu: bool,
    out: &mut Vec<Diagnostic>,
) {
    let flow = whole.flow;
    let context: &Context = &flow.hir().contexts[start];
    let waits_last = || {
        menus.iter().any(|n| {
            flow.place(*n)
                .is_some_and(|(c, ..)| flow.standing(c).contains(&start))
                && flow.falls_off(*n)
        })
    };
    if !whole
        .world
        .afford(3 * whole.world.index.patterns_in(&[context]))
    {
        return;
    }
    for (name, when) in [
        (&b"i"[..], "a wrong digit"),
        (b"t", "a time-out"),
        (b"h", "each hang-up"),
    ] {
        let asked = match name {
            b"i" => is_menu,
            b"t" => is_menu && waits_last(),
            _ => true,
        };
        if !asked {
            continue;
        }
        let candidates = whole.world.index.candidates_in(&[context], name);
        let Some(first) = candidates
            .first()
            .filter(|c| std::ptr::eq(c.context, context))
        else {
            continue;
        };
        let Matches::Pattern(pattern) = &first.extension.matches else {
            continue;
        };
        if matches!(pattern.matching(), [Element::Dot | Element::Bang]) {
            continue;
        }
        let shown = show(&first.extension.name);
        out.push(
            Diagnostic::new(
                "F318",
                format!("`{shown}` also runs for {when}"),
                first.extension.span,
            )
            .label(format!(
                "it matches `{}`, and the context has no extension of that name",
                show(name)
            ))
            .help("begin the pattern with `X` or another digit, or add the extension"),
        );
        return;
    }
}
