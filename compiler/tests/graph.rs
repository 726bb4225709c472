//! The jump graph of any plan can be made and drawn.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use std::collections::BTreeSet;
use strowger_compiler::graph::{Cover, Graph, Kind, Ran};
use strowger_compiler::{Options, Sources, compile};

fn line() -> impl Strategy<Value = String> {
    let place = prop::sample::select(vec![
        "1",
        "a",
        "top",
        "+1",
        "-1",
        "-9",
        "s,1",
        "a,s,1",
        "b,${EXTEN},1",
        "${x}",
        "a,${x},1",
        "${x},1",
        "${c},${e},${p}",
        "s-${DIALSTATUS},1",
        "b,_X.,1",
        ",,",
        "",
        "<&\">,1",
        "a,s,99999999999",
    ]);
    let places = (place.clone(), place);
    prop_oneof![
        places.clone().prop_map(|(a, _)| format!("Goto({a})")),
        places
            .clone()
            .prop_map(|(a, b)| format!("GotoIf($[${{i}}]?{a}:{b})")),
        places
            .clone()
            .prop_map(|(a, b)| format!("ExecIf(1?Goto({a}):Gosub({b}))")),
        places.prop_map(|(a, _)| format!("Gosub({a}(x))")),
        prop::sample::select(vec![
            "While(1)",
            "EndWhile()",
            "WaitExten()",
            "Background(x)",
            "Hangup()",
            "Dial(Local/1@b/n&Local/${x})",
            "NoOp(é\u{7})"
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_plan_can_be_drawn(
        lines in prop::collection::vec((prop::sample::select(vec!["s", "1", "_X.", "h", "i", "t", "s-BUSY", "_s-."]), prop::collection::vec(line(), 1..5)), 1..8),
        includes in prop::collection::vec("[a-c]", 0..3),
    ) {
        let mut text = String::new();
        for (n, (exten, steps)) in lines.iter().enumerate() {
            text.push_str(&format!("[{}]\nexten => {exten},1(top),{}\n", ["a", "b"][n % 2], steps[0]));
            for step in &steps[1..] {
                text.push_str(&format!("same => n,{step}\n"));
            }
        }
        for include in includes {
            text.push_str(&format!("include => {include}\n"));
        }
        let compiled = compile(&Sources::plan(text), &Options::default());
        let graph = Graph::of(&compiled.hir);
        for edge in &graph.edges {
            let from = &graph.nodes[edge.from];
            prop_assert!(edge.to < graph.nodes.len());
            prop_assert!(edge.row.is_none_or(|r| r < from.rows.len()));
        }
        // Every step is in exactly one block.
        let steps: usize = compiled.hir.contexts.iter().flat_map(|c| &c.extensions).map(|e| e.steps.len()).sum();
        let rows: usize = graph.nodes.iter().filter(|n| n.kind == Kind::Block).map(|n| n.rows.len()).sum();
        prop_assert_eq!(steps, rows);
        prop_assert_eq!(graph.mermaid(), Graph::of(&compiled.hir).mermaid());
        let drawn = graph.svg().unwrap();
        prop_assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>\n"));
        prop_assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'));
        // Each step has its row, and what was reached is drawn for each row and edge.
        let mut all: Vec<_> = graph.nodes.iter().flat_map(|n| &n.steps).collect();
        prop_assert_eq!(all.len(), steps);
        all.sort();
        all.dedup_by_key(|(at, _)| *at);
        prop_assert_eq!(all.len(), steps);
        let followed: BTreeSet<_> = all.windows(2).map(|w| (w[0].0, w[1].0)).collect();
        let cover = Cover::of(&graph, |at| if at.2 == 0 { Ran::Wholly } else { Ran::Never }, &followed);
        let drawn = graph.svg_covered(&cover).unwrap();
        prop_assert_eq!(drawn.matches("<rect class=\"row ").count(), rows);
        prop_assert_eq!(drawn.matches("<path class=\"e ").count(), graph.edges.len() + 3);
        prop_assert!(!drawn.contains("<style>"));
        let beginning = graph.first(3);
        prop_assert!(beginning.nodes.len() <= 3);
        beginning.svg_covered(&Cover::of(&beginning, |_| Ran::Partly, &followed)).unwrap();
        let part = graph.reached_from("a");
        prop_assert!(part.nodes.len() <= graph.nodes.len());
        part.svg().unwrap();
    }
}
