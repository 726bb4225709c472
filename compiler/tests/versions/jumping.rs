//! Jumps to n+101 (DL-293).

use strowger_vm::effect::{Effect, Reply};

use super::{answered, main_of, read, spoken};

/// Runs a plan whose Dial and Playback end with a status.
fn with(release: &str, plan: &str, status: &str) -> String {
    let (ran, ..) = answered(release, plan, |effect, _| match effect {
        Effect::Dial(_) => Some(Reply::done().set("DIALSTATUS", status)),
        Effect::Play(p) => Some(Reply::done().set(p.status.clone(), status)),
        Effect::SendText { .. } => Some(Reply::done().set("SENDTEXTSTATUS", status)),
        _ => None,
    });
    spoken(&ran)
}

fn plan(general: &str, call: &str) -> String {
    let steps = main_of(
        &[call, "NoOp(next ${DIALSTATUS})"],
        "exten => s,102,NoOp(jumped)\n",
    );
    format!("[general]\n{general}\n{steps}")
}

const ON: &str = "priorityjumping=yes";

#[test]
fn a_busy_dial_jumps_if_told_to() {
    let dial = "Dial(SIP/61|20|t)";
    for status in ["BUSY", "CONGESTION", "CHANUNAVAIL"] {
        assert_eq!(with("1.4", &plan(ON, dial), status), "jumped", "{status}");
        let off = plan("", dial);
        assert_eq!(with("1.4", &off, status), format!("next {status}"));
    }
    for status in ["NOANSWER", "ANSWER", "CANCEL", "DONTCALL"] {
        let next = format!("next {status}");
        assert_eq!(with("1.4", &plan(ON, dial), status), next);
    }
}

#[test]
fn the_option_j_is_enough() {
    assert_eq!(
        with("1.4", &plan("", "Dial(SIP/61|20|jt)"), "BUSY"),
        "jumped"
    );
    assert_eq!(
        with("1.4", &plan("", "Dial(SIP/61,20,tj)"), "BUSY"),
        "jumped"
    );
    // A j that is part of an argument is none.
    assert_eq!(
        with("1.4", &plan("", "Dial(SIP/61|20|m(jazz))"), "BUSY"),
        "next BUSY"
    );
    assert_eq!(
        with("1.4", &plan("", "Playback(nosuch|j)"), "FAILED"),
        "jumped"
    );
    assert_eq!(
        with("1.4", &plan("", "Playback(nosuch|noanswer)"), "FAILED"),
        "next "
    );
    assert_eq!(
        with("1.4", &plan("", "SendText(hello|j)"), "UNSUPPORTED"),
        "jumped"
    );
}

#[test]
fn others_jump_too() {
    assert_eq!(
        with("1.4", &plan(ON, "Playback(nosuch)"), "FAILED"),
        "jumped"
    );
    assert_eq!(
        with("1.4", &plan(ON, "Playback(there)"), "SUCCESS"),
        "next "
    );
    assert_eq!(
        with("1.4", &plan(ON, "SendText(hello)"), "UNSUPPORTED"),
        "jumped"
    );
    assert_eq!(
        with("1.4", &plan(ON, "SendText(hello)"), "FAILURE"),
        "next "
    );
}

#[test]
fn only_where_the_priority_exists() {
    let plan = format!(
        "[general]\n{ON}\n{}",
        main_of(
            &["Dial(SIP/61)", "NoOp(next)"],
            "exten => s,103,NoOp(wrong)\n"
        )
    );
    assert_eq!(with("1.4", &plan, "BUSY"), "next");
    // It may be another extension's, as any priority.
    let plan = format!("{plan}include => more\n[more]\nexten => _.,102,NoOp(jumped)\n");
    assert_eq!(with("1.4", &plan, "BUSY"), "jumped wrong");
}

#[test]
fn inside_a_macro() {
    let plan = format!(
        "[general]\n{ON}\n{}",
        main_of(
            &["Macro(stdexten|SIP/61)", "NoOp(after)"],
            "[macro-stdexten]
exten => s,1,Dial(${ARG1}|20)
exten => s,2,NoOp(unavailable)
exten => s,102,NoOp(busy)
",
        )
    );
    assert_eq!(with("1.4", &plan, "BUSY"), "busy after");
    assert_eq!(with("1.4", &plan, "NOANSWER"), "unavailable after");
}

#[test]
fn gone_since_1_6() {
    let plan = plan(ON, "Dial(SIP/61,20,j)");
    assert_eq!(with("1.6.0", &plan, "BUSY"), "next BUSY");
    let found = read("1.6.0", &plan);
    let said: Vec<_> = found
        .diagnostics
        .iter()
        .filter(|d| d.code == "M912")
        .collect();
    assert_eq!(said.len(), 1);
    assert_eq!(
        said[0].message,
        "`priorityjumping` is gone since Asterisk 1.6"
    );
    assert!(
        read("1.4", &plan)
            .diagnostics
            .iter()
            .all(|d| d.code != "M912")
    );
}
