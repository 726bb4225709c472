//! `$[...]` and the truth of conditions.

use super::{codes, main_of, said};

#[test]
fn integers_until_1_6() {
    let plan = main_of(&["NoOp($[10 / 4])", "Set(x=$[7 / 2])", "NoOp(${x})"], "");
    assert_eq!(said("1.4", &plan), "2 3");
    assert_eq!(said("1.6.0", &plan), "2.5 3.5");
}

#[test]
fn in_globals_too() {
    let plan = "[globals]\nHALF=$[9 / 2]\n[main]\nexten => s,1,NoOp(${HALF})\n";
    assert_eq!(said("1.4", plan), "4");
    assert_eq!(said("1.6.0", plan), "4.5");
}

#[test]
fn in_text_that_is_met_at_run_time() {
    let plan = main_of(
        &[
            "Set(t=$\\[5/2])",
            "Exec(NoOp($[3/2]))",
            "NoOp(${EVAL($[9/2])})",
        ],
        "",
    );
    assert_eq!(said("1.4", &plan), "4");
}

#[test]
fn functions_and_joining_came_later() {
    let plan = main_of(&["NoOp($[ROUND(2)])", "NoOp($[a ~~ b])"], "");
    assert_eq!(said("1.4", &plan), "ROUND a");
    assert_eq!(said("1.6.0", &plan), "2 a");
    assert_eq!(said("1.6.1", &plan), "2 ab");
    assert!(codes("1.4", &plan).contains(&"E601"));
    assert!(!codes("1.6.1", &plan).contains(&"E601"));
}

#[test]
fn a_blank_before_zero_was_true() {
    let plan = main_of(
        &["Set(x= 0)", "GotoIf(${x}?yes)", "NoOp(no)", "Goto(end)"],
        "exten => s,5(yes),NoOp(yes)\nexten => s,6(end),NoOp(${IF(${x}?y:n)})\n",
    );
    // IF trims its condition.
    assert_eq!(said("1.6.0", &plan), "yes n");
    assert_eq!(said("1.6.1", &plan), "no n");
}
