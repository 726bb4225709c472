//! Each configuration of `examples/`: what the exchange makes of it, and what it says about it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use strowger_runtime::config::{self, Config};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(name)
}

/// The summary, and one line per finding.
fn read(name: &str) -> (Config, String) {
    let sources = config::gather(&folder(name)).unwrap();
    let (config, findings) = config::load(&sources);
    let mut out = config.to_string();
    for finding in findings {
        let file = sources.file(finding.primary.span.file);
        let (line, _) = file.line_column(finding.primary.span.start);
        out += &format!(
            "{} {}:{line} {}: {}\n",
            finding.code,
            file.name(),
            finding.message,
            finding.primary.text
        );
    }
    (config, out)
}

#[test]
fn two_phones() {
    insta::assert_snapshot!(read("two-phones").1);
}

#[test]
fn sms() {
    let (config, text) = read("sms");
    assert!(
        config
            .accounts
            .iter()
            .all(|a| a.accepts_messages && a.message_context == b"sms")
    );
    insta::assert_snapshot!(text);
}

#[test]
fn lab() {
    let (config, text) = read("lab");
    assert_eq!(config.rtp.carries(), "16384..16394 carries 2 relayed calls");
    assert!(config.accounts.iter().all(|a| a.language == b"fr"));
    insta::assert_snapshot!(text);
}

macro_rules! sites {
    ($($test:ident $folder:literal)*) => {$(
        #[test]
        fn $test() {
            insta::assert_snapshot!(read(concat!("two-sites/", $folder)).1);
        }
    )*};
}

sites! {
    a_sip1 "A/sip1"
    b_sip1 "B/sip1"
    b_sip2 "B/sip2"
    c_sip1 "C/sip1"
    c_sip3 "C/sip3"
    d1_sip1 "D.1/sip1"
    d1_sip3 "D.1/sip3"
    d2_sip1 "D.2/sip1"
    d3_sip1 "D.3/sip1"
    d4_sip1 "D.4/sip1"
    e_sip1 "E/sip1"
    e_sip3 "E/sip3"
}

#[test]
fn the_bridge_of_d_is_the_same_on_the_far_side() {
    for site in ["D.2", "D.3", "D.4"] {
        assert_eq!(
            read(&format!("two-sites/{site}/sip3")).1,
            read("two-sites/D.1/sip3").1
        );
    }
}

/// Codes of the analyser and of the exchange together: what the README of each folder promises.
#[test]
fn the_mistakes_of_the_examples_are_reported() {
    for (name, wanted) in [
        ("two-phones", &["P701", "F331", "M903", "M916", "V526"][..]),
        (
            "sms",
            &[
                "C001", "C014", "X817", "C028", "S103", "P701", "A422", "F331", "C038", "M903",
                "M916", "R210", "X801", "V526",
            ],
        ),
        ("lab", &["C018", "M918", "C028", "C038", "M903", "X817"]),
        (
            "two-sites/A/sip1",
            &[
                "C020", "C024", "C028", "C034", "C038", "C039", "M903", "M916",
            ],
        ),
        ("two-sites/C/sip3", &["X819", "C008"]),
        ("two-sites/D.1/sip3", &["X819", "C008"]),
        ("two-sites/E/sip1", &["X819", "C016", "S103"]),
        ("two-sites/E/sip3", &["X819", "S103"]),
    ] {
        let sources = config::gather(&folder(name)).unwrap();
        let (_, mut findings) = config::load(&sources);
        let options = strowger_compiler::Options::default();
        findings.extend(strowger_compiler::analyse(&sources, &options).diagnostics);
        let codes: BTreeSet<&str> = findings.iter().map(|d| d.code).collect();
        assert_eq!(codes, wanted.iter().copied().collect(), "{name}");
    }
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    assert!(config::gather(&folder("nowhere")).is_err());
}
