//! Names of contexts, and lines of contexts.

use super::{codes, main_of, read, said};

#[test]
fn letter_case_does_not_count_before_1_6() {
    let plan = main_of(
        &["Goto(other|s|1)"],
        "include => DAY\n[Other]\nexten => s,1,NoOp(${CONTEXT})\n[OTHER]\nexten => s,2,Goto(MAIN|more|1)\n[day]\nexten => more,1,NoOp(more)\n",
    );
    assert_eq!(said("1.4", &plan), "other more");
    let found = codes("1.4", &plan);
    assert!(
        !found.contains(&"R201") && !found.contains(&"R207"),
        "{found:?}"
    );
    let now = plan.replace('|', ",");
    assert_eq!(said("1.6.0", &now), "");
    assert!(codes("1.6.0", &now).contains(&"R201"));
}

#[test]
fn same_came_with_1_6_2() {
    let plan = "[main]\nexten => s,1,NoOp(one)\nsame => n,NoOp(two)\n";
    assert_eq!(said("1.6.1", plan), "one");
    assert_eq!(said("1.6.2", plan), "one two");
    let found = read("1.4", plan);
    let unknown = found.diagnostics.iter().find(|d| d.code == "S109").unwrap();
    assert!(
        unknown.helps.iter().any(|h| h.contains("1.6.2")),
        "{:?}",
        unknown.helps
    );
}

#[test]
fn brackets_do_not_protect_commas_in_names_before_1_6_2() {
    let plan = "[main]\nexten => s,1,Goto(2,1)\nexten => _[1,2],1,NoOp(${EXTEN})\n";
    assert_eq!(said("1.6.2", plan), "2");
    assert_eq!(said("1.6.1", plan), "");
}

#[test]
fn adding_to_a_value_came_with_1_6_1() {
    let plan = "[main]\nexten => s,1,Verbose\nexten += (x)\nexten => s,2,NoOp(two)\n";
    let args = |release: &str| {
        let compiled = read(release, plan);
        let step = compiled.hir.contexts[0].extensions[0]
            .step(1)
            .unwrap()
            .clone();
        step.args.lossy().into_owned()
    };
    assert_eq!((args("1.6.0").as_str(), args("1.6.1").as_str()), ("", "x"));
}

#[test]
fn optional_includes_came_with_11() {
    let plan = "[main]\nexten => s,1,NoOp(one)\n#tryinclude nosuch.conf\n";
    assert!(codes("10", plan).contains(&"S102"));
    assert!(!codes("11", plan).contains(&"S102"));
}

#[test]
fn sections_are_picked_by_what_they_hold_since_12() {
    let plan = "[main]\ninclude => x\nexten => s,1,NoOp(one)\n[main](+include=x)\nexten => s,2,NoOp(two)\n[x]\n";
    assert!(read("11", plan).refused);
    let now = read("12", plan);
    assert!(!now.refused, "{:?}", now.diagnostics);
    assert_eq!(said("12", plan), "one two");
}

#[test]
fn automatic_hints_came_with_14() {
    let hints =
        |release: &str| read(release, "[main]\nautohints = yes\n").hir.contexts[0].autohints;
    assert!(!hints("13") && hints("14"));
}
