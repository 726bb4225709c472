//! Subroutines and macros: what never comes back, what returns to nobody, and what cannot work inside them.

use std::collections::BTreeMap;

use strowger_stdlib::table::QuickSet;

use super::Whole;
use crate::diagnostic::Diagnostic;
use crate::flow::{Marks, Node, Why};
use crate::jump::Part;

/// Macros stand in each other this deep at most.
const MACROS: usize = 7;

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    never_return(whole, out);
    return_to_nobody(whole, out);
    deaf(whole, out);
    deep(whole, out);
}

/// Nodes that lead to one of the marked ones in the same frame.
fn leading_to(whole: &Whole<'_>, goals: impl Iterator<Item = Node>) -> Marks {
    let mut marks = whole.flow.marks();
    let mut work: Vec<Node> = Vec::new();
    for goal in goals {
        marks.set(goal);
        work.push(goal);
    }
    while let Some(node) = work.pop() {
        for edge in whole.flow.edges_to(node) {
            if edge.why.stays() && !marks.has(edge.to) {
                marks.set(edge.to);
                work.push(edge.to);
            }
        }
    }
    marks
}

/// Whether a step calls by Gosub, not by Macro.
fn calls_by_gosub(whole: &Whole<'_>, node: Node) -> bool {
    let app = whole.flow.app(node);
    !app.starts_with("macro")
        && (app.starts_with("gosub")
            || whole.flow.step(node).is_some_and(|s| {
                s.calls()
                    .any(|c| matches!(c.app.as_str(), "gosub" | "gosubif"))
            }))
}

/// R204: no way through a subroutine meets a Return, and some way falls off its end.
fn never_return(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    if !flow.hir().general.autofallthrough {
        return;
    }
    let steps = 0..flow.steps();
    let returning = leading_to(whole, steps.clone().filter(|n| flow.returns(*n)));
    let unknown = leading_to(
        whole,
        steps
            .clone()
            .filter(|n| scripts(flow.app(*n)) || flow.opaque(*n) && !computed(whole, *n)),
    );
    // A subroutine that sends the call into another context means to keep it.
    let context = |n: Node| flow.place(n).map(|p| p.0);
    let leaving = leading_to(
        whole,
        steps.clone().filter(|n| {
            let mut edges = flow.edges(*n).iter();
            edges.any(|e| {
                e.why.stays()
                    && e.why != Why::Next
                    && context(e.to) != context(*n)
                    && context(e.to).is_some()
            })
        }),
    );
    let falling = leading_to(whole, steps.clone().filter(|n| flow.falls_off(*n)));
    let mut told = QuickSet::default();
    for caller in steps {
        // Nothing is lost where the call would end anyway.
        if flow.falls_off(caller)
            || flow.ends(caller)
            || !calls_by_gosub(whole, caller)
            || !certain(whole, caller)
        {
            continue;
        }
        for edge in flow.edges(caller).iter().filter(|e| e.why == Why::Call) {
            let target = edge.to;
            if returning.has(target)
                || unknown.has(target)
                || leaving.has(target)
                || !falling.has(target)
                || !told.insert(target)
            {
                continue;
            }
            if !whole.world.afford(flow.len()) {
                return;
            }
            let Some(way) = flow.way([target], Why::stays, |n| flow.falls_off(n)) else {
                continue;
            };
            let (Some(last), Some(call), Some((context, extension))) = (
                way.last().and_then(|n| flow.step(*n)),
                flow.step(caller),
                flow.home(target),
            ) else {
                continue;
            };
            // What is called last may hang up.
            if way
                .last()
                .is_some_and(|n| flow.edges(*n).iter().any(|e| e.why == Why::Call))
            {
                continue;
            }
            out.push(
                Diagnostic::new(
                    "R204",
                    format!(
                        "the subroutine `{},{}` never returns",
                        String::from_utf8_lossy(&context.name),
                        String::from_utf8_lossy(&extension.name)
                    ),
                    last.span,
                )
                .label("it ends here, and the call is hung up")
                .also(call.span, "called here; what follows is never run")
                .help("end it with `Return()`"),
            );
        }
    }
}

/// Whether a step is a Goto with variables in its target: it leaves the subroutine for good.
fn computed(whole: &Whole<'_>, node: Node) -> bool {
    let app = whole.flow.app(node);
    app.starts_with("goto")
        && whole.flow.step(node).is_some_and(|s| {
            s.targets()
                .iter()
                .any(|t| matches!(t.context, Part::Computed(_)))
        })
}

/// Whether a step calls what it says, whatever the variables are.
fn certain(whole: &Whole<'_>, node: Node) -> bool {
    let Some(step) = whole.flow.step(node) else {
        return false;
    };
    step.targets().iter().all(|t| {
        let parts = [&t.context, &t.exten, &t.priority];
        !parts.iter().any(|p| matches!(p, Part::Computed(_)))
    })
}

/// Applications that may send a call anywhere.
fn scripts(app: &str) -> bool {
    matches!(
        app,
        "agi" | "eagi" | "deadagi" | "fastagi" | "asyncagi" | "stasis" | "externalivr"
    )
}

/// R205: a Return that calls come to which are in no subroutine.
fn return_to_nobody(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    if whole.fragment || !flow.whole {
        return;
    }
    let called: Vec<Node> = (0..flow.steps())
        .flat_map(|n| flow.edges(n))
        .filter(|e| matches!(e.why, Why::Call | Why::Handler))
        .map(|e| e.to)
        .collect();
    // Subroutines that only the running call knows may be any.
    let unknown = (0..flow.steps()).any(|n| {
        flow.opaque(n) && (calls_by_gosub(whole, n) || flow.app(n) == "dial")
            || scripts(flow.app(n))
    });
    if unknown {
        return;
    }
    let inside = flow.reached(called, |w| w.stays() || w == Why::Call);
    let starts: Vec<Node> = flow.entries().iter().map(|c| flow.enter(*c)).collect();
    let dialled = flow.reached(starts.iter().copied(), Why::stays);
    let mut told = QuickSet::default();
    for node in (0..flow.steps()).filter(|n| flow.returns(*n)) {
        let place = flow.place(node).map(|(c, e, _)| (c, e));
        if !dialled.has(node) || inside.has(node) || !told.insert(place) {
            continue;
        }
        let (Some(step), Some((context, extension))) = (flow.step(node), flow.home(node)) else {
            continue;
        };
        out.push(
            Diagnostic::new("R205", "`Return` outside of a subroutine", step.span)
                .label("there is nothing to return to: the call is hung up")
                .also(
                    extension.span,
                    format!(
                        "reached by dialling in `{}`, and no Gosub leads here",
                        String::from_utf8_lossy(&context.name)
                    ),
                ),
        );
    }
}

/// F316: waiting for digits where nobody looks at them.
fn deaf(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    let mut handlers = Vec::new();
    let mut macros = Vec::new();
    let has_macros = whole.world.dialect.macros;
    for node in 0..flow.steps() {
        let app = flow.app(node);
        for edge in flow.edges(node) {
            match edge.why {
                Why::Handler if app != "set" && app != "mset" => handlers.push(edge.to),
                Why::Call if has_macros && app.starts_with("macro") => macros.push(edge.to),
                _ => {}
            }
        }
    }
    let through = |w: Why| w.goes_on() || w == Why::Call;
    let handlers = flow.reached(handlers, through);
    let macros = flow.reached(macros, through);
    for node in 0..flow.steps() {
        if flow.app(node) != "waitexten" {
            continue;
        }
        let (label, what) = if handlers.has(node) {
            (
                "the called party has no dialplan of its own here: its digits choose nothing",
                "a subroutine of Dial",
            )
        } else if macros.has(node) {
            (
                "digits are not looked for inside a macro as they are outside",
                "a macro",
            )
        } else {
            continue;
        };
        if let Some(step) = flow.step(node) {
            out.push(
                Diagnostic::new("F316", format!("`WaitExten` in {what}"), step.span)
                    .label(label)
                    .help("`Read()` puts digits into a variable, also here"),
            );
        }
    }
}

/// F321: macros that call themselves, or each other too deep.
fn deep(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    if !whole.world.dialect.macros {
        return;
    }
    // From the context of a macro to those that it calls, each with a step that does.
    let mut inner: BTreeMap<usize, BTreeMap<usize, Node>> = BTreeMap::new();
    for node in 0..flow.steps() {
        let Some((context, ..)) = flow.place(node) else {
            continue;
        };
        for edge in flow.edges(node) {
            if edge.why == Why::Call
                && flow.app(node).starts_with("macro")
                && let Some((to, ..)) = flow.place(edge.to)
            {
                inner.entry(context).or_default().entry(to).or_insert(node);
            }
        }
    }
    // Depth of what each calls; a circle has none.
    let mut depth: BTreeMap<usize, usize> = BTreeMap::new();
    let mut on_path: QuickSet<usize> = QuickSet::default();
    for start in inner.keys().copied().collect::<Vec<_>>() {
        if depth.contains_key(&start) {
            continue;
        }
        let mut path: Vec<(usize, Vec<usize>)> = vec![(start, followers(&inner, start))];
        on_path.insert(start);
        while let Some((at, rest)) = path.last_mut() {
            let at = *at;
            if let Some(next) = rest.pop() {
                if on_path.contains(&next) {
                    tell_circle(whole, &inner, at, next, out);
                } else if !depth.contains_key(&next) {
                    on_path.insert(next);
                    path.push((next, followers(&inner, next)));
                }
                continue;
            }
            path.pop();
            on_path.remove(&at);
            let below = followers(&inner, at)
                .iter()
                .filter_map(|n| depth.get(n))
                .max()
                .map_or(0, |d| d + 1);
            depth.insert(at, below);
            let called = !flow.hir().contexts[at].name.starts_with(b"macro-");
            if called
                && below > MACROS
                && let Some(node) = inner.get(&at).and_then(|m| m.values().next())
                && let Some(step) = flow.step(*node)
            {
                out.push(
                    Diagnostic::new(
                        "F321",
                        format!("macros {below} deep in each other"),
                        step.span,
                    )
                    .label(format!("beyond {MACROS} the innermost is not run")),
                );
            }
        }
    }
}

fn followers(inner: &BTreeMap<usize, BTreeMap<usize, Node>>, at: usize) -> Vec<usize> {
    inner
        .get(&at)
        .map(|m| m.keys().copied().collect())
        .unwrap_or_default()
}

fn tell_circle(
    whole: &Whole<'_>,
    inner: &BTreeMap<usize, BTreeMap<usize, Node>>,
    at: usize,
    next: usize,
    out: &mut Vec<Diagnostic>,
) {
    let flow = whole.flow;
    let node = inner.get(&at).and_then(|m| m.get(&next));
    let Some(step) = node.and_then(|n| flow.step(*n)) else {
        return;
    };
    let name = String::from_utf8_lossy(&flow.hir().contexts[next].name).into_owned();
    let what = if at == next {
        "a macro calls itself".to_owned()
    } else {
        format!("macros call each other in a circle through `{name}`")
    };
    out.push(
        Diagnostic::new("F321", what, step.span)
            .label(format!(
                "macros may stand {MACROS} deep in each other, then no further one is run"
            ))
            .help("a loop needs Goto or While; a recursion needs Gosub"),
    );
}
