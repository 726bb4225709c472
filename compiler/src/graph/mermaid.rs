//! A graph as Mermaid, the language of diagrams that many readers of Markdown draw.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::{Graph, Kind, Why};

impl Graph {
    /// The graph as a Mermaid flowchart: contexts are subgraphs.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for (n, node) in self.nodes.iter().enumerate() {
            match node.kind {
                Kind::Context => {
                    let _ = writeln!(out, "  subgraph n{n}[\"[{}]\"]", escaped(&node.title));
                    let _ = writeln!(out, "    direction TB");
                    let mut empty = true;
                    for (m, block) in self.nodes.iter().enumerate().skip(n + 1) {
                        if block.kind != Kind::Block || block.group != Some(n) {
                            break;
                        }
                        empty = false;
                        let rows: Vec<String> =
                            std::iter::once(format!("<b>{}</b>", escaped(&block.title)))
                                .chain(block.rows.iter().map(|r| escaped(r)))
                                .collect();
                        let _ = writeln!(out, "    n{m}[\"{}\"]", rows.join("<br/>"));
                    }
                    // A subgraph without nodes is none, and could not be pointed at.
                    if empty {
                        let _ = writeln!(out, "    n{n}e[\" \"]");
                    }
                    let _ = writeln!(out, "  end");
                }
                Kind::Block => {}
                Kind::Computed => {
                    let _ = writeln!(out, "  n{n}{{{{\"computed: {}\"}}}}", escaped(&node.title));
                }
                Kind::Missing => {
                    let _ = writeln!(out, "  n{n}[/\"missing: {}\"/]", escaped(&node.title));
                }
            }
        }
        let mut drawn = HashSet::new();
        for edge in &self.edges {
            // Rows cannot be pointed at: what differs in them only is one way.
            if !drawn.insert((edge.from, edge.to, edge.why, &edge.label)) {
                continue;
            }
            let (arrow, word) = match edge.why {
                Why::Next => ("-->", ""),
                Why::Goto | Why::Branch => ("-->", ""),
                Why::Loop => ("-->", "loop"),
                Why::Gosub => ("-.->", "gosub"),
                Why::Local => ("-.->", "Local"),
                Why::Include => ("==>", "include"),
                Why::Timeout => ("-.->", "t: timeout"),
                Why::Invalid => ("-.->", "i: invalid"),
                Why::Hangup => ("-.->", "h: hangup"),
            };
            let words: Vec<&str> = [word, &edge.label]
                .into_iter()
                .filter(|w| !w.is_empty())
                .collect();
            let label = if words.is_empty() {
                String::new()
            } else {
                format!("|\"{}\"|", escaped(&words.join(" ")))
            };
            let _ = writeln!(out, "  n{} {arrow}{label} n{}", edge.from, edge.to);
        }
        out
    }
}

/// Text in quotes of Mermaid, which takes HTML in it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' => out.push_str("#35;"),
            '"' => out.push_str("#quot;"),
            '&' => out.push_str("#amp;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '`' => out.push_str("#96;"),
            c => out.push(c),
        }
    }
    out
}
