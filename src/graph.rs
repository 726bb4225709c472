//! `strowger show --graph`: where the steps of a plan lead, as a drawing.

use crate::load::{self, Loaded};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use strowger_compiler::graph::{Graph, Kind, SVG_NODES};

/// The language of the drawing.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A picture
    Svg,
    /// Text that Markdown readers draw
    Mermaid,
    /// Nodes and edges, for programs
    Json,
}

/// Draws a plan, or what can be reached from one of its contexts, to a file or to standard output.
pub(crate) fn main(
    plan: &Loaded,
    format: Format,
    context: Option<&str>,
    output: Option<&Path>,
) -> ExitCode {
    let mut graph = Graph::of(&plan.compiled.hir);
    if let Some(context) = context {
        graph = graph.reached_from(context);
    }
    let text = match format {
        Format::Mermaid => graph.mermaid(),
        Format::Json => format!("{}\n", object(plan, &graph)),
        Format::Svg => match graph.svg() {
            Some(text) => text,
            None => {
                return load::cannot(&format!(
                    "the graph has {} nodes; a picture of more than {SVG_NODES} cannot be read\n  hint: draw a part with --context NAME, or use --graph mermaid",
                    graph.nodes.len()
                ));
            }
        },
    };
    match output {
        None => print!("{text}"),
        Some(path) => {
            if let Err(fault) = std::fs::write(path, text) {
                return load::cannot(&format!("{}: {fault}", path.display()));
            }
        }
    }
    ExitCode::SUCCESS
}

fn object(plan: &Loaded, graph: &Graph) -> Value {
    let nodes: Value = graph
        .nodes
        .iter()
        .map(|n| {
            let kind = match n.kind {
                Kind::Context => "context",
                Kind::Block => "block",
                Kind::Computed => "computed",
                Kind::Missing => "missing",
            };
            let place = n.place.filter(|(_, line)| *line > 0).map(
                |(file, line)| json!({ "file": plan.sources.file(file).name(), "line": line }),
            );
            json!({ "kind": kind, "context": n.group, "title": n.title, "rows": n.rows, "place": place })
        })
        .collect();
    let edges: Value = graph
        .edges
        .iter()
        .map(|e| json!({ "from": e.from, "row": e.row, "to": e.to, "why": e.why.word(), "label": e.label }))
        .collect();
    json!({ "nodes": nodes, "edges": edges })
}
