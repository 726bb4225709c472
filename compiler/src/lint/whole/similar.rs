//! R217: names that differ only in capitals, or in a letter.

use strowger_stdlib::table::QuickMap;

use super::{Whole, show};
use crate::diagnostic::Diagnostic;
use crate::flow::Why;
use crate::hir::Extension;

/// Shorter names are alike by chance.
const LENGTH: usize = 6;

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    // Where capitals do not count there is nothing to confuse.
    if !whole.world.dialect.folded_contexts {
        contexts(whole, out);
    }
    let hir = whole.flow.hir();
    for extension in hir.contexts.iter().flat_map(|c| &c.extensions) {
        labels(extension, out);
    }
}

/// Contexts whose names differ in capitals; or in a letter, if nothing leads to one of them.
fn contexts(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let contexts = &whole.flow.hir().contexts;
    let mut folded: QuickMap<Vec<u8>, usize> = QuickMap::default();
    let mut told = vec![false; contexts.len()];
    for (c, context) in contexts.iter().enumerate() {
        let key = context.name.to_ascii_lowercase();
        match folded.get(&key) {
            None => {
                folded.insert(key, c);
            }
            Some(first) => {
                told[c] = true;
                let other = &contexts[*first];
                out.push(
                    Diagnostic::new(
                        "R217",
                        format!(
                            "`{}` and `{}` are two contexts",
                            show(&other.name),
                            show(&context.name)
                        ),
                        context.span,
                    )
                    .label("only capitals differ, and they count")
                    .also(other.span, "the other one"),
                );
            }
        }
    }
    if whole.fragment {
        return;
    }
    // Names without one of their letters, to find pairs without comparing all with all.
    let mut short: QuickMap<Vec<u8>, Vec<(usize, usize)>> = QuickMap::default();
    for (c, context) in contexts.iter().enumerate() {
        let name = context.name.to_ascii_lowercase();
        if name.len() < LENGTH || name.len() > 64 || !whole.world.afford(name.len()) {
            continue;
        }
        for at in 0..name.len() {
            let mut key = name.clone();
            key.remove(at);
            short.entry(key).or_default().push((c, at));
        }
        short.entry(name.clone()).or_default().push((c, name.len()));
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for list in short.values() {
        for (i, (a, at)) in list.iter().enumerate() {
            for (b, bt) in &list[i + 1..] {
                if !whole.world.afford(1) {
                    return;
                }
                if a != b && differ_by_letters(&contexts[*a].name, *at, &contexts[*b].name, *bt) {
                    pairs.push(((*a).min(*b), (*a).max(*b)));
                }
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    for (a, b) in pairs {
        let (used_a, used_b) = (led_to(whole, a), led_to(whole, b));
        if told[a] || told[b] || used_a == used_b {
            continue;
        }
        let (unused, used) = if used_a { (b, a) } else { (a, b) };
        if contexts[unused].extensions.is_empty() {
            continue;
        }
        told[unused] = true;
        out.push(
            Diagnostic::new(
                "R217",
                format!(
                    "nothing leads to `{}`, but `{}` is used",
                    show(&contexts[unused].name),
                    show(&contexts[used].name)
                ),
                contexts[unused].span,
            )
            .label("the names differ in one letter")
            .also(contexts[used].span, "perhaps this one was meant"),
        );
    }
}

/// Whether two names, the same without what is left out of them, differ in one letter: digits number things.
fn differ_by_letters(a: &[u8], at: usize, b: &[u8], bt: usize) -> bool {
    let letter = |name: &[u8], at: usize| name.get(at).is_none_or(u8::is_ascii_alphabetic);
    // One letter for another, one too many, or two that have changed places.
    let once = a.len() != b.len() || at < a.len() && bt < b.len() && at.abs_diff(bt) <= 1;
    once && letter(a, at) && letter(b, bt)
}

/// Whether a device, an include or a step of another context leads to a context.
fn led_to(whole: &Whole<'_>, c: usize) -> bool {
    let flow = whole.flow;
    if flow.configured() && flow.entries().contains(&c) {
        return true;
    }
    if flow
        .edges_to(flow.enter(c))
        .iter()
        .any(|e| flow.place(e.to).is_none_or(|p| p.0 != c))
    {
        return true;
    }
    let extensions = &flow.hir().contexts[c].extensions;
    extensions.iter().enumerate().any(|(e, x)| {
        (0..x.steps.len()).any(|s| {
            flow.edges_to(flow.node(c, e, s)).iter().any(|edge| {
                !matches!(edge.why, Why::Dialled | Why::Named)
                    && flow.place(edge.to).is_some_and(|p| p.0 != c)
            })
        })
    })
}

/// Labels of one extension that differ in capitals.
fn labels(extension: &Extension, out: &mut Vec<Diagnostic>) {
    let mut folded: QuickMap<Vec<u8>, usize> = QuickMap::default();
    for (s, step) in extension.steps.iter().enumerate() {
        let Some(label) = step.label.as_ref().filter(|_| !step.shadowed) else {
            continue;
        };
        let key = label.bytes().to_ascii_lowercase();
        let Some(first) = folded.get(&key) else {
            folded.insert(key, s);
            continue;
        };
        let Some(other) = &extension.steps[*first].label else {
            continue;
        };
        if other.bytes() != label.bytes() {
            out.push(
                Diagnostic::new(
                    "R217",
                    format!("`{}` and `{}` are two labels", other.lossy(), label.lossy()),
                    label.span(),
                )
                .label("only capitals differ, and they count")
                .also(other.span(), "the other one"),
            );
        }
    }
}
