//! Mistakes in test files are told at their lines, with a hint.

use crate::Folder;

const PLAN: &str = "[office]\nexten => 61,1,Dial(PJSIP/61,20)\n[sms]\nexten => _.,1,Hangup()\n";

/// What is said of a file.
fn said(name: &str, tests: &str) -> String {
    let folder = Folder::new(
        name,
        &[
            ("extensions.conf", PLAN),
            (
                "pjsip.conf",
                "[61]\ntype=endpoint\ncontext=office\naors=61\n[61]\ntype=aor\nmax_contacts=1\n",
            ),
            ("a.test.yaml", tests),
        ],
    );
    folder.seen(&["--color", "never"])
}

#[test]
fn keys_that_are_none() {
    insta::assert_snapshot!(said(
        "keys",
        "dialplam: extensions.conf
defaults: { contxt: office }
tests:
  - name: a
    dail: 61
    expect:
      dialled: []
      DIALSTATUS: BUSY
      myVariable: 1
  - dial: 61
    expect: { cdr: { bilsec: 3 } }
"
    ));
}

#[test]
fn values_of_another_kind() {
    insta::assert_snapshot!(said(
        "kinds",
        "defaults: { context: office, at: tomorrow, seed: many, zone: Mars }
endpoints:
  PJSIP/61: [busy, { answers: { after: soon } }]
tests:
  - name: a
    dial: { number: 61 }
    with: PJSIP/61
    expect:
      time: \">= lunch\"
      reason: not fuond
      answered: maybe
      heard: { a: b }
      logs: /(/
"
    ));
}

#[test]
fn names_of_phones() {
    insta::assert_snapshot!(said(
        "names",
        "peers: [pjsip.conf, sip.conf, phones.txt]
endpoints:
  PJSIP/61: busy
  PJSIP/16: busy
  PJSIP/3001@carrier: busy
  PJSIP/3001@10.0.0.1: busy
  \"61\": busy
tests:
  - name: a
    dial: 61
    from: 61
    with:
      PJSIP/61: { busy: , answers: }
      PJSIP/61@61: [{ calls at once: 2 }]
    expect: { dialed: [] }
"
    ));
}

#[test]
fn phones_that_do_nothing() {
    insta::assert_snapshot!(said(
        "phones",
        "endpoints:
  PJSIP/61: answer
tests:
  - name: a
    dial: 61
    context: office
    with:
      PJSIP/61: busy after lunch
    expect: { dialed: [] }
  - name: b
    dial: 61
    context: office
    with:
      PJSIP/61: { redirects: { after: 2s } }
    expect: { dialed: [] }
  - name: c
    dial: 61
    context: office
    with:
      PJSIP/61: { answers: { then: [{ wait: 5s }, { pres: 1 }, hangup] } }
    expect: { dialed: [] }
"
    ));
}

#[test]
fn tests_that_make_no_sense() {
    insta::assert_snapshot!(said(
        "sense",
        "tests:
  - name: a
    expect: { dialed: [] }
  - name: b
    dial: 61
    calls: [{ dial: 61 }]
    expect: { dialed: [] }
  - name: c
    context: ofice
    dial: 61
    expect: { dialed: [] }
  - name: c
    context: office
    dial: []
    expect:
  - name: d
    context: office
    dial: 61
    sounds: { beep: loud }
    expect: { time: long, cdr: { billsec: some } }
"
    ));
}

#[test]
fn what_is_no_yaml_at_all() {
    let mut all = String::new();
    for (n, text) in [
        "tests: [",
        "tests:\n  - a: 1\n   b: 2\n",
        "tests: []\ntests: []\n",
        "{ [a]: b }\n",
        "",
        "# nothing\n",
        "tests: []\n---\nmore: 1\n",
        "a: &x [*x]\n",
        "tests: !!str a\n",
        "\u{e9}t\u{e9}: \u{fc}ber\nt\u{eb}sts: []\n",
    ]
    .into_iter()
    .enumerate()
    {
        all.push_str(&said(&format!("yaml-{n}"), text));
        all.push('\n');
    }
    insta::assert_snapshot!(all);
}

#[test]
fn files_without_an_end() {
    // Ten lists of ten aliases each, nine deep: a thousand million values.
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in "bcdefghi".chars().zip("abcdefgh".chars()) {
        let alias = format!("*{before}, ").repeat(9);
        bomb.push_str(&format!("{name}: &{name} [{alias}*{before}]\n"));
    }
    let said_of = |name: &str, text: &str| {
        let told = said(name, text);
        told.lines()
            .find(|l| l.contains("Error"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        said_of("bomb", &bomb),
        "[test] Error: the file holds more than 200000 values"
    );
    let deep = "[".repeat(100);
    assert_eq!(
        said_of("deep", &deep),
        "[test] Error: lists and mappings stand in each other more than 32 deep"
    );
    let indented: String = (0..2_000)
        .map(|n| format!("{}a:\n", " ".repeat(n)))
        .collect();
    assert_eq!(
        said_of("indented", &indented),
        "[test] Error: lists and mappings stand in each other more than 32 deep"
    );
}

#[test]
fn files_that_are_not_there() {
    let folder = Folder::new("absent", &[("extensions.conf", PLAN)]);
    let mut all = folder.seen(&[]);
    all.push_str(&folder.seen(&["nosuch.test.yaml"]));
    all.push_str(&folder.seen(&["extensions.conf"]));
    folder.write("b.test.yaml", "dialplan: other.conf\ntests: []\n");
    all.push_str(&folder.seen(&["--color", "never"]));
    folder.write("b.test.yaml", "dialplan: ../other.conf\ntests: []\n");
    all.push_str(&folder.seen(&["--color", "never"]));
    insta::assert_snapshot!(all);
}

#[test]
fn texts_in_the_place_of_mappings() {
    insta::assert_snapshot!(said(
        "mappings",
        "endpoints: PJSIP/61
tests:
  - name: a
    dial: 61
    context: office
    expect: snapshot
  - name: b
    dial: 61
    context: office
    expect: BUSY
  - dial 61
"
    ));
}
