//! `show`: the listing, its JSON, and the drawing of the jump graph.

use crate::{folder, json, run, seen};

#[test]
fn the_listing() {
    insta::assert_snapshot!(
        "show_context",
        seen(&["show", "office.conf", "--context", "office"])
    );
    insta::assert_snapshot!(
        "show_no_context",
        seen(&["show", "office.conf", "--context", "ofice"])
    );
    let listed = json(&["show", "office.conf", "--json"]);
    let names: Vec<&str> = listed["contexts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["context"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["office", "after", "features", "night", "mailbox"]);
    assert_eq!(listed["globals"]["GREETING"], "welcome to PJSIP/out");
    assert_eq!(
        listed["contexts"][0]["includes"][0],
        "night,18:00-8:00,*,*,*"
    );
    let one = json(&["show", "office.conf", "--json", "--context", "night"]);
    assert_eq!(one["contexts"].as_array().unwrap().len(), 1);
}

#[test]
fn where_the_steps_lead() {
    insta::assert_snapshot!(
        "graph_mermaid",
        seen(&["show", "office.conf", "--graph", "mermaid"])
    );
    insta::assert_snapshot!(
        "graph_context",
        seen(&[
            "show",
            "jumps.conf",
            "--graph",
            "mermaid",
            "--context",
            "main"
        ])
    );
    insta::assert_snapshot!("graph_svg", seen(&["show", "jumps.conf", "--graph", "svg"]));
}

#[test]
fn a_drawing_goes_to_a_file() {
    let folder = folder("drawing");
    let file = folder.join("plan.svg");
    let out = run(
        &[
            "show",
            "office.conf",
            "--graph",
            "svg",
            "-o",
            file.to_str().unwrap(),
        ],
        "",
    );
    assert!(out.status.success() && out.stdout.is_empty());
    let drawn = std::fs::read(&file).unwrap();
    assert_eq!(
        drawn,
        run(&["show", "office.conf", "--graph", "svg"], "").stdout
    );
    // Too many nodes for a picture.
    let plan = folder.join("extensions.conf");
    let lines: String = (0..400)
        .map(|n| format!("exten => {n},1,NoOp()\n"))
        .collect();
    std::fs::write(&plan, format!("[a]\n{lines}")).unwrap();
    let out = run(&["show", plan.to_str().unwrap(), "--graph", "svg"], "");
    assert_eq!(out.status.code(), Some(2));
    insta::assert_snapshot!("graph_too_large", String::from_utf8_lossy(&out.stderr));
    assert!(
        run(&["show", plan.to_str().unwrap(), "--graph", "mermaid"], "")
            .status
            .success()
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_graph_for_programs() {
    let graph = json(&["show", "office.conf", "--graph", "json"]);
    let title =
        |n: &serde_json::Value| graph["nodes"][n.as_u64().unwrap() as usize]["title"].clone();
    let ways: Vec<(String, String, String)> = graph["edges"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["why"] == "goto")
        .map(|e| {
            (
                title(&e["from"]).to_string(),
                title(&e["to"]).to_string(),
                e["label"].to_string(),
            )
        })
        .collect();
    assert!(
        ways.contains(&("\"_0Z.\"".into(), "\"BUSY\"".into(), "\"BUSY\"".into())),
        "{ways:?}"
    );
    assert!(
        ways.contains(&("\"1\"".into(), "\"61\"".into(), "\"\"".into())),
        "{ways:?}"
    );
}

#[test]
fn the_bytecode_and_its_instructions() {
    let out = run(&["show", "--instructions"], "");
    let table = String::from_utf8(out.stdout).unwrap();
    // Whatever stands in the code is explained.
    let code = seen(&["show", "office.conf", "--bytecode"]);
    // Every step stands before its code as it is written.
    assert!(
        code.contains("  61,2  Dial(PJSIP/61,20)    ; office.conf:14\n"),
        "{code}"
    );
    let words = code.lines().filter(|l| l.starts_with("     "));
    let mut count = 0;
    for word in words.filter_map(|l| l.split_whitespace().nth(1)) {
        count += 1;
        assert!(
            table
                .lines()
                .any(|l| l.split_whitespace().next() == Some(word)),
            "{word}"
        );
    }
    assert!(count > 50);
}
