//! Contexts that are subroutines: who calls one comes back, and `${ARG1}` is a parameter.

use std::collections::HashMap;

use super::graph::{Link, Reader};
use super::layout;
use crate::hir::{Context, Hir};
use crate::jump::{Kind, Part};

/// Most parameters of one.
const PARAMETERS: usize = 16;

/// A subroutine.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sub {
    /// Names of its parameters.
    pub(super) params: Vec<String>,
    /// Whether it gives something back.
    pub(super) returns: bool,
}

/// The subroutines of a plan, by the names of their contexts.
pub(super) fn subs(hir: &Hir, reader: &Reader) -> HashMap<String, Sub> {
    let mut found = HashMap::new();
    for context in &hir.contexts {
        if let Ok(name) = std::str::from_utf8(&context.name)
            && is_sub(hir, reader, context)
        {
            found.insert(name.to_owned(), sub(hir, context));
        }
    }
    found
}

/// Whether a context has `s` alone, ends in `Return` or not at all, and is reached by `Gosub` only.
fn is_sub(hir: &Hir, reader: &Reader, context: &Context) -> bool {
    let [extension] = context.extensions.as_slice() else {
        return false;
    };
    let alone = context.includes.is_empty()
        && context.switches.is_empty()
        && context.ignorepats.is_empty()
        && !context.autohints;
    let own = extension.name == b"s" && extension.caller.is_none() && extension.hint.is_none();
    if !alone || !own || extension.step(1).is_none() || !reader.is_alone(&context.name) {
        return false;
    }
    let returns = |s: &crate::hir::Step| s.calls().any(|c| &*c.app == b"return");
    if !extension.steps.iter().any(returns) {
        return false;
    }
    let mut called = false;
    for other in &hir.contexts {
        if other.includes.iter().any(|i| i.context == context.name) {
            return false;
        }
        for from in &other.extensions {
            for step in &from.steps {
                for target in step.targets() {
                    let here = match &target.context {
                        Part::Text(name) => name.bytes() == context.name,
                        _ => false,
                    };
                    if !here || other.name == context.name {
                        continue;
                    }
                    if target.kind == Kind::Goto {
                        return false;
                    }
                    called = true;
                }
            }
        }
    }
    // What runs off its end would return there.
    let graph = reader.graph(context, extension);
    called && graph.torn.is_none() && graph.run_off(&[Link::Step(0)]).is_empty()
}

fn sub(hir: &Hir, context: &Context) -> Sub {
    let steps = || context.extensions.iter().flat_map(|e| &e.steps);
    let mut count = 0;
    for step in steps() {
        count = count.max(highest(step.args.bytes()));
    }
    for step in hir
        .contexts
        .iter()
        .flat_map(|c| &c.extensions)
        .flat_map(|e| &e.steps)
    {
        for target in step.targets() {
            let here = matches!(&target.context, Part::Text(n) if n.bytes() == context.name);
            if here && let Some(arguments) = &target.arguments {
                count = count.max(arguments_of(arguments.bytes()).len());
            }
        }
    }
    let mut params: Vec<String> = Vec::new();
    for number in 1..=count.min(PARAMETERS) {
        // `Set(NAME=${ARG1})` tells what it is.
        let hole = format!("${{ARG{number}}}");
        let kept = steps().flat_map(|s| s.calls()).find_map(|call| {
            let assigned = call.assigned(&hir.dialect);
            let of = assigned
                .iter()
                .find(|(_, v)| v.bytes() == hole.as_bytes())?;
            let name = std::str::from_utf8(of.0.bytes()).ok()?;
            let local = name
                .strip_prefix("LOCAL(")
                .and_then(|n| n.strip_suffix(')'));
            let name = local.unwrap_or(name.trim_start_matches('_'));
            super::names::is_variable(name).then(|| super::names::identifier(name))
        });
        let name = kept.map(|name| format!("given_{name}"));
        let name = name.filter(|n| !params.contains(n));
        params.push(name.unwrap_or_else(|| format!("arg{number}")));
    }
    let returns = steps()
        .flat_map(|s| s.calls())
        .any(|call| &*call.app == b"return" && !call.args.bytes().trim_ascii().is_empty());
    Sub { params, returns }
}

/// The arguments of a call.
pub(super) fn arguments_of(text: &[u8]) -> Vec<Vec<u8>> {
    match text {
        b"" => Vec::new(),
        text => layout::fields(text),
    }
}

/// The highest `ARGn` that a text reads.
fn highest(text: &[u8]) -> usize {
    let mut highest = 0;
    for (at, _) in text.windows(3).enumerate().filter(|(_, w)| *w == b"ARG") {
        let digits: Vec<u8> = text[at + 3..]
            .iter()
            .copied()
            .take_while(u8::is_ascii_digit)
            .collect();
        let number = std::str::from_utf8(&digits)
            .ok()
            .and_then(|d| d.parse().ok());
        highest = highest.max(number.unwrap_or(0));
    }
    highest
}
