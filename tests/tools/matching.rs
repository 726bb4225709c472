//! `match`: which extension answers, and why.

use crate::{json, seen};

const SATURDAY: &str = "2026-03-07 10:00";
const MONDAY: &str = "2026-03-02 10:00";

#[test]
fn the_winner_and_the_losers() {
    let ask = |number: &str, rest: &[&str]| {
        seen(
            &[
                &["match", "choice.conf", "default", number, "--at", SATURDAY],
                rest,
            ]
            .concat(),
        )
    };
    insta::assert_snapshot!("match_plain_name", ask("5551234", &[]));
    insta::assert_snapshot!("match_caller", ask("5551234", &["--callerid", "4711"]));
    insta::assert_snapshot!("match_patterns", ask("5661234", &["--callerid", "4712"]));
    insta::assert_snapshot!("match_dot_and_bang", ask("577", &[]));
    insta::assert_snapshot!("match_include", ask("911", &[]));
    insta::assert_snapshot!("match_nothing", ask("9", &[]));
    insta::assert_snapshot!(
        "match_best_only",
        seen(&["match", "best.conf", "default", "5"])
    );
    insta::assert_snapshot!(
        "match_best_only_misses",
        seen(&["match", "best.conf", "default", "6"])
    );
}

#[test]
fn includes_open_and_close() {
    let seen_at = |moment: &str| {
        let told = json(&[
            "match",
            "choice.conf",
            "default",
            "12",
            "--json",
            "--at",
            moment,
        ]);
        let day = &told["contexts"][1];
        assert_eq!(day["context"], "day");
        (told["match"]["exten"].clone(), day["seen"].clone())
    };
    assert_eq!(seen_at(MONDAY), ("_X.".into(), "searched".into()));
    assert_eq!(
        seen_at(SATURDAY),
        (serde_json::Value::Null, "closed".into())
    );
    // The zone that is named is the exchange's own.
    assert_eq!(seen_at("2026-03-02 16:30 America/New_York").1, "searched");
    assert_eq!(seen_at("2026-03-02 16:30 UTC").1, "searched");
    assert_eq!(seen_at("2026-03-02 17:30 America/New_York").1, "closed");
}

#[test]
fn the_answer_as_an_object() {
    let told = json(&[
        "match",
        "choice.conf",
        "default",
        "5661234",
        "--json",
        "--at",
        SATURDAY,
    ]);
    insta::assert_snapshot!("match_json", serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn what_is_not_there_is_hinted_at() {
    insta::assert_snapshot!(
        "match_near_context",
        seen(&["match", "choice.conf", "defualt", "1"])
    );
    insta::assert_snapshot!(
        "match_no_context",
        seen(&["match", "choice.conf", "x", "1"])
    );
    insta::assert_snapshot!(
        "match_no_moment",
        seen(&["match", "choice.conf", "day", "1", "--at", "yesterday"])
    );
}
