//! `simulate`: the trace that a person reads, and the made-up world around it.

use crate::{json, run, seen};

const MONDAY: &str = "2026-03-02 10:00";

fn office(start: &str, rest: &[&str]) -> String {
    seen(&[&["simulate", "office.conf", start, "--at", MONDAY], rest].concat())
}

#[test]
fn a_call_step_by_step() {
    insta::assert_snapshot!(
        "simulate_busy",
        office(
            "office,61",
            &[
                "--answer",
                "PJSIP/61=busy after 5s",
                "--callerid",
                "\"Anna\" <62>",
                "--set",
                "_X=1"
            ]
        )
    );
    insta::assert_snapshot!(
        "simulate_answered",
        office(
            "office,61",
            &["--answer", "PJSIP/61=answers after 2s, hangs up after 60s"]
        )
    );
    insta::assert_snapshot!(
        "simulate_noanswer",
        office("office,0123", &["--answer", "PJSIP/out/123=noanswer"])
    );
    insta::assert_snapshot!("simulate_menu", office("office,9", &["--dtmf", "5"]));
    insta::assert_snapshot!(
        "simulate_stalls",
        office(
            "office,61",
            &["--answer", "PJSIP/61=answers, never hangs up"]
        )
    );
}

#[test]
fn further_channels_stand_in_the_order_of_time() {
    insta::assert_snapshot!(
        "simulate_local",
        seen(&["simulate", "local.conf", "main,1", "--at", MONDAY])
    );
}

#[test]
fn a_bound_that_is_hit_ends_it() {
    let out = run(&["simulate", "local.conf", "main,deep", "--at", MONDAY], "");
    assert_eq!(out.status.code(), Some(1));
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        said.contains("nested too deeply"),
        "{}",
        &said[said.len() - 300..]
    );
}

#[test]
fn the_story_as_an_object() {
    let told = json(&[
        "simulate",
        "office.conf",
        "office,61",
        "--at",
        MONDAY,
        "--answer",
        "PJSIP/61=refuses after 1500ms",
        "--json",
    ]);
    assert_eq!(told["end"]["at"], 1.5);
    let steps = told["steps"].as_array().unwrap();
    let dial = steps.iter().find(|s| s["application"] == "Dial").unwrap();
    assert_eq!(dial["set"]["DIALSTATUS"], "CHANUNAVAIL");
    assert_eq!(dial["answers"][0]["at"], 1.5);
    let branch = steps.iter().find(|s| s["application"] == "GotoIf").unwrap();
    assert_eq!(
        branch["goes_to"],
        serde_json::json!({ "context": "office", "exten": "61", "priority": 6 })
    );
}

#[test]
fn the_clock_and_the_zone_are_the_exchanges() {
    // At night an included context answers every number.
    let first = |moment: &str| {
        let told = json(&[
            "simulate",
            "office.conf",
            "office,77",
            "--at",
            moment,
            "--json",
        ]);
        told["steps"][0]["arguments"].clone()
    };
    assert_eq!(first("2026-03-02 18:30"), "closed");
    assert_ne!(first("2026-03-02 17:30"), "closed");
    // 17:30 in UTC is 18:30 there, and the include asks the exchange's own clock.
    assert_eq!(first("2026-03-02 18:30 Europe/Berlin"), "closed");
    assert_ne!(first("2026-03-02 17:30 Europe/Berlin"), "closed");
}

#[test]
fn old_words_still_work() {
    let new = seen(&[
        "simulate",
        "office.conf",
        "office,61",
        "--answer",
        "PJSIP/61=answers after 2s",
        "--at",
        MONDAY,
        "--dtmf",
        "1",
    ]);
    let old = seen(&[
        "simulate",
        "office.conf",
        "office,61",
        "--given",
        "PJSIP/61=answers:2s",
        "--now",
        MONDAY,
        "--digits",
        "1",
    ]);
    let body = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    assert_eq!(body(&new), body(&old));
}

#[test]
fn wrong_words_are_answered_with_a_hint() {
    let mut all = String::new();
    for args in [
        &["office"][..],
        &["offcie,61"],
        &["office,61", "--answer", "PJSIP/61=sings"],
        &["office,61", "--set", "X"],
        &["office,61", "--at", "later"],
        &["office,nobody", "--at", MONDAY],
    ] {
        all.push_str(&seen(&[&["simulate", "office.conf"], args].concat()));
    }
    insta::assert_snapshot!("simulate_wrong", all);
}
