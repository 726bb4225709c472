//! Extensions, functions and applications that came later or went.

use super::{main_of, run, said, spoken};

#[test]
fn e_came_with_1_6() {
    let plan = main_of(
        &["Goto(nosuch,1)"],
        "exten => e,1,NoOp(e ${EXCEPTION(reason)})\n",
    );
    assert_eq!(said("1.6.0", &plan), "e INVALID");
    assert_eq!(said("1.4", &plan), "");
}

#[test]
fn hangup_handlers_came_with_11() {
    let plan = main_of(
        &["Set(CHANNEL(hangup_handler_push)=late,s,1)"],
        "[late]\nexten => s,1,NoOp(late)\nexten => s,2,Return()\n",
    );
    assert_eq!(said("11", &plan), "late");
    let ran = run("10", &plan);
    assert_eq!(spoken(&ran), "");
    assert!(
        ran.notes[0].contains("CHANNEL has no hangup_handler_push"),
        "{:?}",
        ran.notes
    );
}

#[test]
fn functions_are_there_in_their_releases() {
    let plan = main_of(
        &["NoOp(${TRIM( a )}.)", "Set(PUSH(list)=x)", "NoOp(${list}.)"],
        "",
    );
    assert_eq!(said("23", &plan), "a. x.");
    let ran = run("1.6.2", &plan);
    assert_eq!(spoken(&ran), ". .");
    assert!(ran.notes[0].contains("no function TRIM"), "{:?}", ran.notes);
    assert!(ran.notes[1].contains("no function PUSH"), "{:?}", ran.notes);
}

#[test]
fn if_came_with_18_16_and_20_1() {
    let plan = main_of(&["If(1)", "NoOp(in)", "EndIf()"], "");
    for (release, heard) in [
        ("18.15", ""),
        ("18", "in"),
        ("19", ""),
        ("20.0", ""),
        ("20", "in"),
        ("22", "in"),
        ("16", ""),
    ] {
        assert_eq!(said(release, &plan), heard, "{release}");
    }
}
