//! R210: contexts that no call ever enters.

use super::{Whole, show};
use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::flow::{Node, Why};
use crate::source::Sources;

/// Contexts that Asterisk itself, or a generator for its users, has a place for.
const OF_ITSELF: [&[u8]; 4] = [b"default", b"parkedcalls", b"parkedcallstimeout", b"public"];

pub(crate) fn check(whole: &Whole<'_>, sources: &Sources, plan: &str, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    // Without the files of the devices nobody knows who enters where.
    if !flow.configured() || whole.fragment || !flow.whole || flow.wild {
        return;
    }
    let contexts = &flow.hir().contexts;
    let mentioned = words(sources, plan);
    let starts: Vec<Node> = flow
        .entries()
        .iter()
        .copied()
        .chain((0..contexts.len()).filter(|c| {
            let name = contexts[*c].name.as_slice();
            OF_ITSELF.contains(&name) || mentioned.contains(name)
        }))
        .map(|c| flow.enter(c))
        .collect();
    let reached = flow.reached(starts, |_| true);
    let entered = |c: usize| {
        reached.has(flow.enter(c))
            || contexts[c]
                .extensions
                .iter()
                .enumerate()
                .any(|(e, x)| !x.steps.is_empty() && reached.has(flow.node(c, e, 0)))
            || contexts[c]
                .extensions
                .iter()
                .enumerate()
                .any(|(e, x)| (0..x.steps.len()).any(|s| reached.has(flow.node(c, e, s))))
    };
    let lonely: Vec<usize> = (0..contexts.len())
        .filter(|c| {
            let context = &contexts[*c];
            !(context.extensions.is_empty() && context.includes.is_empty())
                && context.extensions.iter().all(|e| e.hint.is_none())
                && !entered(*c)
        })
        .collect();
    for c in &lonely {
        // Of contexts that only a lonely one leads to, that one is told.
        let led = lonely
            .iter()
            .any(|other| other != c && leads(whole, *other, *c));
        if led {
            continue;
        }
        let context = &contexts[*c];
        out.push(
            Diagnostic::new(
                "R210",
                format!("nothing here leads to `{}`", show(&context.name)),
                context.span,
            )
            .label("no device of these files, no include and no jump names it")
            .help("if something else sends calls here, name it under [check] in strowger.toml: `entries = [...]`"),
        );
    }
}

/// Whether one context leads to another, directly.
fn leads(whole: &Whole<'_>, from: usize, to: usize) -> bool {
    let flow = whole.flow;
    let contexts = &flow.hir().contexts;
    let hit = |node: Node| {
        flow.edges(node).iter().any(|e| {
            e.why != Why::Inside
                && (flow.entered(e.to) == Some(to) || flow.place(e.to).is_some_and(|p| p.0 == to))
        })
    };
    if !whole.world.afford(contexts[from].extensions.len()) {
        return true;
    }
    hit(flow.enter(from))
        || contexts[from]
            .extensions
            .iter()
            .enumerate()
            .any(|(e, x)| (0..x.steps.len()).any(|s| hit(flow.node(from, e, s))))
}

/// Words that stand in values of other files than the plan.
fn words<'s>(sources: &'s Sources, plan: &str) -> HashSet<&'s [u8]> {
    let files = sources.files().filter(|(_, file)| file.name() != plan);
    files
        .flat_map(|(_, file)| file.bytes().split(|b| *b == b'\n'))
        .filter_map(|line| line.iter().position(|b| *b == b'=').map(|at| &line[at..]))
        .flat_map(|value| value.split(|b| !(b.is_ascii_alphanumeric() || b"-_.".contains(b))))
        .collect()
}
