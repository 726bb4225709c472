//! Numbers of priorities: the old n+101, and jumps by number into lines that have no numbers.

use strowger_stdlib::table::QuickSet;

use super::{Whole, value};
use crate::diagnostic::Diagnostic;
use crate::flow::Why;
use crate::hir::{Extension, Step};
use crate::jump::{self, Part};
use crate::source::{Sources, Text};

/// How far an application jumped that failed, before 1.6 (DL-293).
const FAILED: u32 = 101;

pub(crate) fn check(whole: &Whole<'_>, sources: &Sources, out: &mut Vec<Diagnostic>) {
    let dialect = whole.world.dialect;
    for (c, context) in whole.flow.hir().contexts.iter().enumerate() {
        for (e, extension) in context.extensions.iter().enumerate() {
            if !dialect.priority_jumping {
                after_failure(whole, (c, e), extension, out);
            }
            by_number(sources, extension, out);
        }
    }
}

/// R216: a step at n+101, to which nothing jumps any more.
fn after_failure(
    whole: &Whole<'_>,
    (c, e): (usize, usize),
    extension: &Extension,
    out: &mut Vec<Diagnostic>,
) {
    let flow = whole.flow;
    for (s, step) in extension.steps.iter().enumerate().skip(1) {
        let before = step.priority - FAILED.min(step.priority);
        let gap = extension.steps[s - 1].priority + 1 < step.priority;
        let Some(failing) = extension.step(before).filter(|_| gap) else {
            continue;
        };
        let node = flow.node(c, e, s);
        let led = flow.edges_to(node).iter().any(|edge| edge.why != Why::Next);
        // A macro may ask for it by MACRO_OFFSET, and a target that is a variable may be any.
        let unknown = (0..extension.steps.len()).any(|s| flow.opaque(flow.node(c, e, s)));
        if led || unknown || failing.app.trimmed().bytes().eq_ignore_ascii_case(b"macro") {
            continue;
        }
        let mut found = Diagnostic::new(
            "R216",
            format!(
                "priority {} is never reached: no application jumps to n+101 any more",
                step.priority
            ),
            step.span,
        )
        .label(format!(
            "meant for when `{}` fails",
            failing.app.trimmed().lossy()
        ))
        .also(
            failing.span,
            "goes on to the next priority, whatever happens, since Asterisk 1.6",
        );
        if let Some(status) = status_of(failing) {
            found = found.help(format!("ask `${{{status}}}` behind it"));
        }
        out.push(found);
    }
}

/// The variable that tells how an application went.
fn status_of(step: &Step) -> Option<&'static str> {
    let signature = strowger_stdlib::signatures::application(step.app.trimmed().bytes())?;
    signature
        .sets
        .iter()
        .map(|s| s.name)
        .find(|n| n.ends_with("STATUS"))
}

/// R215: a jump by number to a line that is numbered `n`.
fn by_number(sources: &Sources, extension: &Extension, out: &mut Vec<Diagnostic>) {
    let mut told = QuickSet::default();
    for step in &extension.steps {
        for target in jump::targets(step) {
            let (Part::Here, Part::Here, Part::Text(priority)) =
                (&target.context, &target.exten, &target.priority)
            else {
                continue;
            };
            let number = meant(step, priority);
            let Some(to) = number.and_then(|n| extension.step(n)) else {
                continue;
            };
            if to.priority == 1
                || to.label.is_some()
                || numbered(sources, to)
                || !told.insert(to.priority)
            {
                continue;
            }
            out.push(
                Diagnostic::new("R215", "a jump by number", priority.span())
                    .label(format!("priority {}, counted by hand", to.priority))
                    .also(
                        to.span,
                        "leads here, as long as no line is added or taken away",
                    )
                    .help("give that line a label, `n(again)`, and jump to the label"),
            );
        }
    }
}

/// The number that a priority means in a step's own extension.
fn meant(step: &Step, priority: &Text) -> Option<u32> {
    let text = std::str::from_utf8(priority.bytes()).ok()?;
    if let Some(by) = text.strip_prefix('+') {
        return step.priority.checked_add(by.parse().ok()?);
    }
    if let Some(by) = text.strip_prefix('-') {
        return step.priority.checked_sub(by.parse().ok()?);
    }
    text.parse().ok()
}

/// Whether the line of a step shows its number.
fn numbered(sources: &Sources, step: &Step) -> bool {
    let number = step.priority.to_string();
    // `exten => 1,2,...` or `same => 2,...`
    value(sources, step)
        .1
        .split(|b| *b == b',')
        .take(2)
        .any(|field| field.trim_ascii() == number.as_bytes())
}
