//! F325: an include of which nothing is ever found, since what is searched before matches all of it.

use super::{Whole, show};
use crate::diagnostic::Diagnostic;
use crate::flow::dialable;
use crate::hir::{Context, Extension, Matches};
use crate::resolve::Seen;

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    for context in &whole.flow.hir().contexts {
        // Switches of its own are asked before its includes.
        if context.switches.is_empty() {
            includes(whole, context, out);
        }
    }
}

fn includes<'a>(whole: &Whole<'a>, context: &'a Context, out: &mut Vec<Diagnostic>) {
    let index = &whole.world.index;
    // What is searched before the include at hand, whatever the time is.
    let mut before: Vec<&Context> = vec![context];
    for include in &context.includes {
        let Some(start) = index.number(&include.context) else {
            continue;
        };
        let Some(found) = whole.searched(start) else {
            return;
        };
        let (inner, seen) = (&found.0, found.1);
        if !whole.world.afford(inner.len() * before.len()) {
            return;
        }
        let fresh: Vec<&Context> = inner
            .iter()
            .copied()
            .filter(|c| !before.iter().any(|b| std::ptr::eq(*b, *c)))
            .collect();
        let adds_something = fresh.is_empty()
            || seen == Seen::Some
            || fresh.iter().all(|c| c.extensions.is_empty())
            || fresh.iter().any(|c| !c.ignorepats.is_empty());
        if !adds_something {
            let mut winner = None;
            let all =
                fresh
                    .iter()
                    .flat_map(|c| &c.extensions)
                    .all(|e| match taken(whole, &before, e) {
                        Some(by) => {
                            // What the exchange itself calls is no reason to include anything.
                            if dialable(&e.matches) {
                                winner.get_or_insert((e, by));
                            }
                            true
                        }
                        None => false,
                    });
            if let Some((hidden, by)) = winner.filter(|_| all) {
                out.push(
                    Diagnostic::new(
                        "F325",
                        format!("the include of `{}` adds nothing", show(&include.context)),
                        include.span,
                    )
                    .label("every extension in it is matched by something that is searched before")
                    .also(
                        by.span,
                        format!("`{}` takes `{}`", show(&by.name), show(&hidden.name)),
                    )
                    .also(hidden.span, "never reached by this include")
                    .help("a context's own patterns come before its includes, however special those are"),
                );
            }
        }
        if include.times.is_none() {
            // Those that stand behind a condition of time may be left out.
            if inner
                .iter()
                .all(|c| c.includes.iter().all(|i| i.times.is_none()))
            {
                before.extend(fresh);
            }
        }
    }
}

/// The entry that takes everything an extension matches.
fn taken<'a>(
    whole: &Whole<'a>,
    before: &[&'a Context],
    extension: &Extension,
) -> Option<&'a Extension> {
    // Hints are found by their very name.
    if extension.hint.is_some() || extension.steps.is_empty() {
        return None;
    }
    let all_steps = |by: &Extension| {
        by.caller.is_none()
            && extension
                .steps
                .iter()
                .all(|s| by.step(s.priority).is_some())
    };
    let index = &whole.world.index;
    match &extension.matches {
        Matches::Name(name) => {
            if !whole.world.afford(index.patterns_in(before) + before.len()) {
                return None;
            }
            let found = index.candidates_in(before, name);
            found.iter().map(|c| c.extension).find(|e| all_steps(e))
        }
        Matches::Pattern(pattern) => before
            .iter()
            .flat_map(|c| &c.extensions)
            .take_while(|_| whole.world.afford(1))
            .find(|e| {
                matches!(&e.matches, Matches::Pattern(p) if p.covers(pattern)) && all_steps(e)
            }),
    }
}
