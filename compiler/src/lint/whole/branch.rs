//! Branches: conditions that decide nothing, and blocks of steps that run into the next one.

use strowger_stdlib::template::has_hole;

use super::Whole;
use crate::diagnostic::Diagnostic;
use crate::flow::{Node, Why};
use crate::hir::{Extension, Step};
use crate::jump::Kind;

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    for (c, context) in flow.hir().contexts.iter().enumerate() {
        for (e, extension) in context.extensions.iter().enumerate() {
            for (s, step) in extension.steps.iter().enumerate() {
                same_place(whole, flow.node(c, e, s), step, out);
            }
            runs_on(whole, (c, e), extension, out);
        }
    }
}

/// F311: a condition after which the call goes on at the same place either way.
fn same_place(whole: &Whole<'_>, node: Node, step: &Step, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    if !matches!(flow.app(node), "gotoif" | "gotoiftime") || flow.opaque(node) {
        return;
    }
    let to = |why: Why| -> Vec<Node> {
        let edges = flow.edges(node).iter();
        edges.filter(|e| e.why == why).map(|e| e.to).collect()
    };
    let (then, otherwise, next) = (to(Why::Then), to(Why::Else), to(Why::Next));
    let targets = step.targets();
    let places: Vec<_> = targets.iter().map(|t| t.whole.span()).collect();
    // The same words on both sides lead to the same place, whatever they mean.
    let words = match targets {
        [a, b] => a.whole.trimmed().bytes() == b.whole.trimmed().bytes(),
        _ => false,
    };
    // Different numbers that variables hold, in the same context.
    if targets.len() == 2 && !words && targets.iter().any(|t| has_hole(t.whole.bytes())) {
        return;
    }
    let mut ways: Vec<&[Node]> = Vec::new();
    match targets.len() {
        2 => ways.extend([then.as_slice(), otherwise.as_slice()]),
        1 => ways.extend([
            if then.is_empty() {
                otherwise.as_slice()
            } else {
                then.as_slice()
            },
            next.as_slice(),
        ]),
        _ => return,
    }
    let same = matches!(ways.as_slice(), [[a], [b]] if a == b);
    if !same && !words {
        return;
    }
    let span = places.first().copied().unwrap_or(step.span);
    let found = Diagnostic::new("F311", "the condition decides nothing", span);
    let found = match places.as_slice() {
        [_, second] => found
            .label("one branch leads here")
            .also(*second, "the other to the same place"),
        _ => found.label("this is the next step, where the call goes on anyway"),
    };
    let to = then.first().or(otherwise.first());
    out.push(match to.and_then(|n| flow.step(*n)) {
        Some(to) => found.also(to.span, "the place"),
        None => found,
    });
}

/// F322: the last block of a choice falls off the end, and all others go on somewhere.
fn forgotten_end(
    whole: &Whole<'_>,
    (c, e): (usize, usize),
    heads: &[usize],
    ended: &[bool],
    extension: &Extension,
    out: &mut Vec<Diagnostic>,
) {
    let flow = whole.flow;
    let (Some(last), Some(before)) = (extension.steps.last(), heads.first()) else {
        return;
    };
    let lasts = heads
        .iter()
        .skip(1)
        .map(|h| h - 1)
        .chain(before.checked_sub(1));
    let going = |s: usize| matches!(flow.app(flow.node(c, e, s)), "goto" | "return");
    let node = flow.node(c, e, extension.steps.len() - 1);
    // Where a call is connected or hung up, its end is no accident.
    let plain = matches!(
        flow.app(node),
        "playback" | "set" | "noop" | "background" | "saydigits" | "read" | "verbose"
    );
    if ended.len() < 3 || !plain || !flow.falls_off(node) || !lasts.clone().all(going) {
        return;
    }
    let other = lasts.last().and_then(|s| extension.steps.get(s));
    let mut found = Diagnostic::new("F322", "the call ends here", last.span)
        .label("nothing follows, so it is hung up");
    if let Some(other) = other {
        found = found.also(other.span, "the other branches all go on somewhere");
    }
    out.push(found);
}

/// F306: a block of a choice without its end, so that the call runs on into the next choice.
fn runs_on(
    whole: &Whole<'_>,
    (c, e): (usize, usize),
    extension: &Extension,
    out: &mut Vec<Diagnostic>,
) {
    let flow = whole.flow;
    let steps = &extension.steps;
    // Where conditions lead, before the first such place: a choice is made and then its blocks follow.
    let mut heads: Vec<usize> = Vec::new();
    for (s, step) in steps.iter().enumerate() {
        for target in step.targets() {
            if target.kind != Kind::Goto || target.branch.is_none() {
                continue;
            }
            let why = if target.branch == Some(true) {
                Why::Then
            } else {
                Why::Else
            };
            for edge in flow.edges(flow.node(c, e, s)) {
                if edge.why == why
                    && let Some((oc, oe, to)) = flow.place(edge.to)
                    && (oc, oe) == (c, e)
                    && to > s
                {
                    heads.push(to);
                }
            }
        }
    }
    heads.sort_unstable();
    heads.dedup();
    if heads.len() < 3 {
        return;
    }
    let first = heads[0];
    // All jumps to the blocks stand before the first of them, and nothing else leads there.
    let only_chosen = |head: usize| {
        flow.edges_to(flow.node(c, e, head)).iter().all(|edge| {
            edge.why == Why::Next
                || flow
                    .place(edge.to)
                    .is_some_and(|(oc, oe, s)| (oc, oe) == (c, e) && s < first)
        })
    };
    // How each block ends: at the step before the next head.
    let last = |i: usize| heads.get(i + 1).map_or(steps.len(), |h| *h) - 1;
    let ended: Vec<bool> = (0..heads.len())
        .map(|i| flow.ends(flow.node(c, e, last(i))))
        .collect();
    forgotten_end(whole, (c, e), &heads, &ended, extension, out);
    let open: Vec<usize> = (0..heads.len() - 1).filter(|i| !ended[*i]).collect();
    let [block] = open.as_slice() else {
        return;
    };
    // At least two others end, and the block before the choice does too.
    let others = (0..heads.len() - 1).filter(|i| ended[*i]).count();
    let before = first > 0 && flow.ends(flow.node(c, e, first - 1));
    let (from, next) = (heads[*block], heads[*block + 1]);
    if others < 2
        || !before
        || !only_chosen(from)
        || !only_chosen(next)
        || steps[from].label.is_none()
        || steps[next].label.is_none()
    {
        return;
    }
    let label = |s: &Step| {
        s.label
            .as_ref()
            .map(|l| l.lossy().into_owned())
            .unwrap_or_default()
    };
    let (a, b) = (label(&steps[from]), label(&steps[next]));
    let end = &steps[last(*block)];
    out.push(
        Diagnostic::new(
            "F306",
            format!("the branch `{a}` runs on into `{b}`"),
            end.span,
        )
        .label("no Goto, Hangup or Return ends it")
        .also(
            steps[next].span,
            format!("so calls that chose `{a}` come here too"),
        )
        .help(format!(
            "`{a}` begins in line {}; the other branches end on their own",
            steps[from].line
        )),
    );
}
