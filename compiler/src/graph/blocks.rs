//! From steps that lead to steps, to blocks into the middle of which nothing leads.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::jumps::{Jumps, To};
use super::{At, Edge, Graph, Kind, Node, Why};
use crate::hir::{Extension, Step};
use crate::lint::flow::ends;

/// Rows of a block that are shown; more are told by their number, but for those that lead elsewhere.
const ROWS: usize = 12;
/// Characters of a row.
const WIDTH: usize = 46;

/// Blocks and edges of what was read.
pub(super) fn graph(read: Jumps) -> Graph {
    let mut leaders: BTreeSet<At> = BTreeSet::new();
    let mut leaving: BTreeSet<At> = BTreeSet::new();
    for jump in &read.jumps {
        leaving.insert(jump.from);
        if let To::Step(at) = jump.to {
            leaders.insert(at);
        }
    }
    let mut graph = Graph::default();
    let mut headers = Vec::new();
    // Node and row of each step.
    let mut shown: HashMap<At, (usize, usize)> = HashMap::new();
    let mut falls: Vec<(usize, Option<usize>, usize)> = Vec::new();
    for (c, context) in read.hir.contexts.iter().enumerate() {
        let header = graph.nodes.len();
        headers.push(header);
        graph.nodes.push(Node {
            kind: Kind::Context,
            group: None,
            title: String::from_utf8_lossy(&context.name).into_owned(),
            rows: Vec::new(),
            steps: Vec::new(),
            place: Some((context.span.file, 0)).filter(|_| !context.span.is_empty()),
        });
        for (e, extension) in context.extensions.iter().enumerate() {
            let mut start = 0;
            while start < extension.steps.len() {
                let follows =
                    |s: usize| extension.steps[s].priority == extension.steps[s - 1].priority + 1;
                let end = (start + 1..extension.steps.len())
                    .find(|s| leaders.contains(&(c, e, *s)) || !follows(*s))
                    .unwrap_or(extension.steps.len());
                let node = graph.nodes.len();
                let all = (start..end).map(|s| (c, e, s));
                let mut steps = Vec::new();
                let rows = rows(extension, all, &leaving, |at, row| {
                    shown.insert(at, (node, row));
                    steps.push((at, row));
                });
                graph.nodes.push(Node {
                    kind: Kind::Block,
                    group: Some(header),
                    title: title(extension),
                    place: Some((extension.steps[start].file, extension.steps[start].line)),
                    rows,
                    steps,
                });
                if end < extension.steps.len() && follows(end) && !leaves(&extension.steps[end - 1])
                {
                    let row = shown.get(&(c, e, end - 1)).map(|s| s.1);
                    falls.push((node, row, node + 1));
                }
                start = end;
            }
        }
    }
    for (from, row, to) in falls {
        graph.edges.push(Edge {
            from,
            row,
            to,
            why: Why::Next,
            label: String::new(),
        });
    }
    let mut others: BTreeMap<To, usize> = BTreeMap::new();
    for jump in read.jumps {
        let Some((from, row)) = shown.get(&jump.from).copied() else {
            continue;
        };
        let to = match jump.to {
            To::Step(at) => shown.get(&at).map_or(headers[at.0], |s| s.0),
            To::Context(c) => headers[c],
            To::Computed(ref text) | To::Missing(ref text) => {
                let kind = match jump.to {
                    To::Missing(_) => Kind::Missing,
                    _ => Kind::Computed,
                };
                *others.entry(jump.to.clone()).or_insert_with(|| {
                    graph.nodes.push(Node {
                        kind,
                        group: None,
                        title: cut(text),
                        rows: Vec::new(),
                        steps: Vec::new(),
                        place: None,
                    });
                    graph.nodes.len() - 1
                })
            }
        };
        graph.edges.push(Edge {
            from,
            row: Some(row),
            to,
            why: jump.why,
            label: jump.label,
        });
    }
    for (c, context) in read.hir.contexts.iter().enumerate() {
        for include in &context.includes {
            let times = include.times.as_deref().unwrap_or_default();
            let to = read.index.number(&include.context);
            let to = match to {
                Some(to) => headers[to],
                None => {
                    let name = String::from_utf8_lossy(&include.context).into_owned();
                    let missing = To::Missing(name.clone());
                    *others.entry(missing).or_insert_with(|| {
                        graph.nodes.push(Node {
                            kind: Kind::Missing,
                            group: None,
                            title: cut(&name),
                            rows: Vec::new(),
                            steps: Vec::new(),
                            place: None,
                        });
                        graph.nodes.len() - 1
                    })
                }
            };
            graph.edges.push(Edge {
                from: headers[c],
                row: None,
                to,
                why: Why::Include,
                label: cut(&String::from_utf8_lossy(times)),
            });
        }
        let hangup = context.extensions.iter().position(|e| e.name == b"h");
        if let Some(node) = hangup.and_then(|e| shown.get(&(c, e, 0))) {
            graph.edges.push(Edge {
                from: headers[c],
                row: None,
                to: node.0,
                why: Why::Hangup,
                label: String::new(),
            });
        }
    }
    graph.edges.sort_by_key(|e| (e.from, e.row, e.why, e.to));
    graph
}

/// Whether a call never goes on to the next priority: also by a condition with a target on both sides.
fn leaves(step: &Step) -> bool {
    let app = step.app.bytes().to_ascii_lowercase();
    let both = || step.targets().len() == 2;
    // The end of a loop goes back; the way on leaves its beginning.
    let back = app == b"endwhile";
    ends(step) || back || matches!(app.as_slice(), b"gotoif" | b"gotoiftime") && both()
}

fn title(extension: &Extension) -> String {
    let name = String::from_utf8_lossy(&extension.name);
    match &extension.caller {
        Some(caller) => cut(&format!("{name}/{}", String::from_utf8_lossy(&caller.text))),
        None => cut(&name),
    }
}

/// The rows of a block. Every step is told its row.
fn rows(
    extension: &Extension,
    steps: impl Iterator<Item = At>,
    leaving: &BTreeSet<At>,
    mut shown: impl FnMut(At, usize),
) -> Vec<String> {
    let steps: Vec<At> = steps.collect();
    let all = steps.len() <= ROWS;
    let mut rows: Vec<String> = Vec::new();
    let mut hidden = 0;
    for (n, at) in steps.iter().enumerate() {
        let outer = n < ROWS / 2 || n + 2 >= steps.len();
        if all || outer || leaving.contains(at) {
            hidden = 0;
            rows.push(row(&extension.steps[at.2]));
        } else {
            hidden += 1;
            let words = format!("... {hidden} steps");
            match rows.last_mut() {
                Some(last) if hidden > 1 => *last = words,
                _ => rows.push(words),
            }
        }
        shown(*at, rows.len() - 1);
    }
    rows
}

fn row(step: &Step) -> String {
    let label = step.label.as_ref();
    let label = label
        .map(|l| format!("({})", l.lossy()))
        .unwrap_or_default();
    cut(&format!(
        "{}{label} {}({})",
        step.priority,
        step.app.lossy(),
        step.args.lossy()
    ))
}

/// At most [`WIDTH`] characters, none of which disturbs a drawing.
fn cut(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut out: String = text.chars().take(WIDTH).map(clean).collect();
    if text.chars().nth(WIDTH).is_some() {
        out.pop();
        out.push('…');
    }
    out
}
