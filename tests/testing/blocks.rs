//! `test` blocks of `.dial` files: they say what a test file says, and are told as one is.

use crate::Folder;
use strowger::testing::Suite;

const PLAN: &str = "\
global night: Bool = false as \"NIGHT\"
channel inherit* tenant: Str = \"main\" as \"TENANT\"

context office as \"default\" {
  on `10XX` {
    match dial(pjsip(exten), ring: 12s) {
      Busy -> playback(\"vm-isonphone\")
      _ -> playback(\"vm-nobodyavail\")
    }
    tenant = \"other\"
    log(\"the end\")
    hangup(UserBusy)
  }

  on start {
    answer()
    if night { goto closed }
    match read(\"main-menu\", digits: 1, wait: 5s) {
      Some(\"2\") -> dial(pjsip(\"1002\"), ring: 20s)
      Some(_) -> playback(\"pbx-invalid\")
      None -> playback(\"are-you-there\")
    }
    hangup()
  }

  on `[a-z].` {
    let _ = message_send(to: message.to.user, from: message.from, body: message.body)
    hangup()
  }
}

context closed {
  on start {
    playback(\"closed\")
    hangup()
  }
}
";

/// What is said of a plan with these tests.
fn said(name: &str, blocks: &str, words: &[&str]) -> String {
    let plan = format!("{PLAN}\n{blocks}");
    let folder = Folder::new(name, &[("extensions.dial", &plan)]);
    let mut all = vec!["--color", "never"];
    all.extend(words);
    folder.seen(&all)
}

/// Each block, and the same as a test of a test file.
const PAIRS: [(&str, &str); 6] = [
    (
        "test \"busy\" at \"2026-03-02 20:00 Europe/Paris\" {
  given pjsip(\"1001\") = busy(after: 5s)
  given sound(\"vm-isonphone\") = 3s
  given sound(\"vm-nobodyavail\") = None
  given seed = 7
  given mailboxes = [mailbox(\"1001\"), mailbox(\"2\", context: \"sales\")]
  given channel.language = \"de\"
  given caller.name = \"Anna\"
  call 1001 from \"1002\" in office
  expect status == Busy
}",
        "  - name: busy
    at: 2026-03-02 20:00 Europe/Paris
    with: { PJSIP/1001: busy after 5s }
    sounds: { vm-isonphone: 3s, vm-nobodyavail: missing }
    seed: 7
    mailboxes: [1001, 2@sales]
    language: de
    from: '\"Anna\" <1002>'
    dial: 1001
    expect: { DIALSTATUS: BUSY }",
    ),
    (
        "test \"keys\" {
  given pjsip(\"1002\") = answers(after: 3s, then: [during_prompt(\"x\"), wait(10s), press(\"#\"), talk(1s), send_text(\"hi\"), hold(), unhold(), hangup()])
  call start from \"1001\" in office {
    after_prompt(\"main-menu\")
    press(\"2\")
    when_answered()
    wait(2s)
    transfer(\"1003\")
    attended_transfer(\"1004\")
  }
  expect answered
}",
        "  - name: keys
    with:
      PJSIP/1002:
        answers: { after: 3s, then: [{ during prompt: x }, { wait: 10s }, { press: '#' }, { talk: 1s }, { text: hi }, hold, unhold, hang up] }
    from: '1001'
    dial: s
    does: [{ after prompt: main-menu }, { press: 2 }, { at answer: }, { after: 2s }, { transfer: 1003 }, { attended transfer: 1004 }]
    expect: { answered: yes }",
    ),
    (
        "test \"one after the other\" {
  given pjsip(\"1001\") = [busy(), declines(after: 1s), unavailable(), unregistered(), congested(), never_answers(), drops_after(2s), redirects(to: \"9\", after: 1s), answers(hangs_up: 3s), answers(hangs_up: false, calls_at_once: 1, texts: 404)]
  given night = true
  given globals(\"OTHER\") = \"x\"
  given tenant = \"third\"
  given channel(\"PLAIN\") = \"y\"
  given db(\"a/b\") = \"c\"
  given environment(\"HOME\") = \"/\"
  given function(\"CURL\") = \"\"
  call 1001 in office {
    keys(\"12\")
    hangs_up(at_effect: 3)
  }
  expect night
}",
        "  - name: one after the other
    with:
      PJSIP/1001:
        - busy
        - declines after 1s
        - unavailable
        - unregistered
        - congested
        - never answers
        - drops after 2s
        - { redirects: { to: 9, after: 1s } }
        - { answers: { hangs up: 3s } }
        - { answers: { hangs up: never }, calls at once: 1, texts: 404 }
    globals: { NIGHT: 1, OTHER: x }
    variables: { TENANT: third, PLAIN: y }
    database: { a/b: c }
    environment: { HOME: / }
    functions: { CURL: '' }
    dial: 1001
    press: 12
    hangs up: { at effect: 3 }
    expect: { NIGHT: 1 }",
    ),
    (
        "test \"two at once\" {
  given pjsip(\"1001\") = answers(calls_at_once: 1)
  call 1001 from \"1002\" in office
  call 1001 from pjsip(\"1003\") in office {
    begins(after: 2s)
    hangs_up(after: 4s)
  }
  expect calls[1].status == Busy
}",
        "  - name: two at once
    with: { PJSIP/1001: { answers:, calls at once: 1 } }
    calls:
      - { dial: 1001, from: '1002' }
      - { dial: 1001, from: PJSIP/1003, after: 2s, hangs up: 4s }
    expect: { answered: yes }",
    ),
    (
        "test \"a text\" {
  given pjsip(\"anna\") = unregistered()
  call message(to: \"sip:anna@pbx\", from: \"<sip:1001@pbx>\", body: \"lunch?\") in office
  expect messages[0].status == Failed
}",
        "  - name: a text
    with: { PJSIP/anna: unregistered }
    message: { to: sip:anna@pbx, from: <sip:1001@pbx>, body: lunch? }
    expect: { messages: [{ status: FAILURE }] }",
    ),
    (
        "test \"a caller\" {
  given now = \"2026-12-24 12:00\"
  given caller.name = \"Anna\"
  given caller.number = \"77\"
  call 1001 in office
  expect reason == \"busy\"
}",
        "  - name: a caller
    at: 2026-12-24 12:00
    from: '\"Anna\" <77>'
    dial: 1001
    expect: { reason: busy }",
    ),
];

#[test]
fn both_notations_make_the_same_worlds() {
    for (block, test) in PAIRS {
        let text = format!("{PLAN}\n{block}\n");
        let blocks = Suite::from_dial(&text).unwrap_or_else(|e| panic!("{e}"));
        let folder = Folder::new(
            "pairs",
            &[
                ("extensions.dial", PLAN),
                (
                    "a.test.yaml",
                    &format!("dialplan: extensions.dial\ntests:\n{test}\n"),
                ),
            ],
        );
        let file = Suite::open(folder.path().join("a.test.yaml")).unwrap_or_else(|e| panic!("{e}"));
        let of = |suite: &Suite| {
            let mut all = Vec::new();
            all.extend(suite.scenarios().map(|(n, s)| (n.to_owned(), s.clone())));
            all
        };
        assert_eq!(of(&blocks), of(&file), "{block}");
    }
}

#[test]
fn what_holds() {
    let suite = Suite::from_dial(&format!(
        "{PLAN}
const absent = \"1001\"

test \"everything that can be asked\" at \"2026-03-02 10:00\" {{
  let long = 12s
  let rings = dialed
  given pjsip(absent) = never_answers()
  call 1001 from \"1002\" in office
  expect rings == [pjsip(absent)] and dialed.count == 1 and dialed[0] == pjsip(\"1001\")
  expect heard == [\"vm-nobodyavail\"]
  expect \"vm-nobodyavail\" in heard and not (\"vm-isonphone\" in heard)
  expect said == [] and texts == [] and messages == []
  expect apps == [\"Dial\", \"GotoIf\", \"Playback\", \"Set\", \"Log\", \"Hangup\"]
  expect status == NoAnswer and status != Busy
  expect cause == UserBusy
  expect reason == \"busy\"
  expect answered
  expect elapsed >= long and elapsed < 14s and elapsed == 13s
  expect cdr.disposition == \"BUSY\" or cdr.disposition == \"ANSWERED\"
  expect cdr.duration == 13s and cdr.billsec == 1s
  expect tenant == \"other\" and channel(\"TENANT\") == \"other\"
  expect not night and globals(\"NIGHT\") == \"0\"
  expect db(\"a/b\") == None
  expect contains(logs[0], \"end\") and matches(logs[0], \"^the .*end\")
  expect tenant in `[a-z]!`
  expect effects >= 2
  expect heard[7] == \"vm-isonphone\" or heard.count < 7
}}

test \"a phone\" {{
  given pjsip(\"1002\") = answers(after: 3s, then: [wait(10s), press(\"#\"), hangup()])
  call start from \"1001\" in office {{
    after_prompt(\"main-menu\")
    press(\"2\")
    wait(5s)
    press(\"45\")
  }}
  expect status == Answered and answered
  expect pjsip(\"1002\").keys == \"45\" and pjsip(\"1002\").heard == []
  expect cdr.disposition == \"ANSWERED\"
}}

test \"two calls\" {{
  given pjsip(\"1001\") = answers(calls_at_once: 1)
  call 1001 from \"1002\" in office
  call 1001 from \"1003\" in office {{
    begins(after: 2s)
  }}
  expect calls[0].status == Answered
  expect calls[1].status == Busy and calls[1].heard == [\"vm-isonphone\"]
  expect calls[1].cdr.disposition == \"ANSWERED\" and calls[0].reason == \"hung up\"
}}

test \"a text\" {{
  given pjsip(\"anna\") = unregistered()
  call message(to: \"sip:anna@pbx\", from: \"<sip:1001@pbx>\", body: \"lunch?\") in office
  expect messages.count == 1
  expect messages[0].to == \"anna\" and messages[0].from == \"1001\"
  expect messages[0].status == Failed and contains(messages[0].body, \"lunch\")
}}
"
    ))
    .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(suite.names().count(), 4);
    suite.run().assert();
}

#[test]
fn what_does_not_hold_is_shown() {
    insta::assert_snapshot!(said(
        "blocks-fail",
        "test \"these fail\" {
  given pjsip(\"1001\") = never_answers()
  call 1001 from \"1002\" in office
  expect heard == [\"vm-isonphone\"]
  expect elapsed < 12s
  expect Busy == status
  expect \"vm-isonphone\" in heard
  expect tenant == \"main\" and night
  expect not (heard.count == 1)
  expect heard[0] == \"x\" or dialed == []
  expect calls[0].cause != UserBusy
}
",
        &[]
    ));
}

#[test]
fn whom_nobody_described_fails_the_test() {
    let out = said(
        "blocks-unmocked",
        "test \"nobody\" {\n  call 1001 in office\n  expect not answered\n}\n",
        &[],
    );
    assert!(
        out.contains("PJSIP/1001 was dialled, and nothing says what it does"),
        "{out}"
    );
    assert!(out.contains("given pjsip(\"1001\") = answers()"), "{out}");
}

#[test]
fn mistakes_are_told_with_what_was_meant() {
    insta::assert_snapshot!(said(
        "blocks-wrong",
        "test \"given\" {
  given pjsip(\"1001\") = bussy()
  given pjsip(\"1002\") = busy
  given pjsip(\"1003\") = answers(afer: 3s)
  given pjsip(\"1004\") = answers(then: [prss(\"1\")])
  given pjsip(\"1005\") = busy(after: 5)
  given pjsip(\"1006\") = busy(5s)
  given tenat = \"x\"
  given night = \"yes\"
  given caller.nam = \"x\"
  given pjsip(\"1007\") = busy()
  given pjsip(\"1007\") = busy()
  call 1001 in office {
    pres(\"2\")
    let x = 1
    keys()
  }
  expect night
}

test \"asked\" {
  call `10XX` in office
  call 1001 in offce
  call 1001 in office
  expect herd == []
  expect dialed == [\"1001\"]
  expect status == Bussy
  expect elapsed > 3
  expect heard > 2s
  expect reason == \"not fuond\"
  expect heard.length == 1
  expect messages[0].subject == \"x\"
  expect cdr.bilsec == 3s
  expect calls[3].answered
  expect caller.name == \"x\"
  expect voicemail[0].from == \"1\"
  expect trace == []
  expect 1 == 1
  expect elapsed
}

test \"nothing\" {
}

test \"both\" {
  call 1001 in office
  call message(to: \"1\", from: \"2\", body: \"3\") in office {
    press(\"1\")
  }
  expect answered
}
",
        &[]
    ));
}

#[test]
fn what_only_the_reader_of_tests_knows_is_told_in_the_file() {
    let folder = Folder::new(
        "blocks-reader",
        &[
            (
                "extensions.dial",
                &format!(
                    "{PLAN}
test \"a\" at \"tomorrow\" {{
  given pjsip(\"1002\") = busy()
  given device(\"PJSIP/1003\") = busy()
  call 1001 in office
  expect dialed == []
}}

test \"a\" {{
  call 1001 in office
  expect dialed == []
}}
"
                ),
            ),
            (
                "pjsip.conf",
                "[1001]\ntype=endpoint\ncontext=default\naors=1001\n[1001]\ntype=aor\nmax_contacts=1\n",
            ),
        ],
    );
    insta::assert_snapshot!(folder.seen(&["--color", "never"]));
    folder.write(
        "extensions.dial",
        &folder
            .read("extensions.dial")
            .replace("tomorrow", "2026-03-02 10:00"),
    );
    insta::assert_snapshot!(folder.seen(&["--color", "never"]));
}

#[test]
fn the_plan_that_includes_the_file_is_the_one_that_is_tested() {
    let folder = Folder::new(
        "blocks-included",
        &[
            (
                "extensions.conf",
                "#include \"office.dial\"\n[globals]\nWHO=61\n[legacy]\nexten => 61,1,Dial(PJSIP/${WHO},20)\n",
            ),
            (
                "office.dial",
                "import conf \"extensions.conf\" as old

context office {
  on 61 { goto old[\"legacy\"].61 }
}

test \"through the old plan\" {
  given pjsip(\"61\") = never_answers()
  call 61 in office
  expect dialed == [pjsip(\"61\")] and globals(\"WHO\") == \"61\"
}
",
            ),
        ],
    );
    let out = folder.seen(&["--color", "never", "--coverage"]);
    assert!(out.contains("1 passed, 0 failed"), "{out}");
    assert!(
        out.contains("2 of 2 steps") || out.contains("100 % of steps"),
        "{out}"
    );
}

#[test]
fn snapshots_filters_and_other_outputs_are_those_of_test_files() {
    let folder = Folder::new(
        "blocks-outputs",
        &[(
            "extensions.dial",
            &format!(
                "{PLAN}
test \"kept\" {{
  given pjsip(\"1001\") = never_answers()
  call 1001 in office
  expect snapshot(trace)
}}

test \"wrong\" {{
  given pjsip(\"1001\") = never_answers()
  call 1001 in office
  expect dialed == []
}}
"
            ),
        )],
    );
    let out = folder.seen(&["--filter", "kept"]);
    assert!(out.contains("this trace was never accepted"), "{out}");
    let out = folder.seen(&["--filter", "kept", "--accept"]);
    assert!(out.contains("1 passed, 0 failed"), "{out}");
    assert!(folder.read("extensions.snap").contains("=== kept"));
    let out = folder.seen(&["--format", "github", "--filter", "wrong"]);
    assert!(out.contains("file=extensions.dial"), "{out}");
    let out = folder.seen(&["--format", "json", "--filter", "wrong"]);
    assert!(
        out.contains("\"passed\":false") && out.contains("extensions.dial"),
        "{out}"
    );
    let out = folder.seen(&["--format", "junit", "--filter", "wrong"]);
    assert!(out.contains("failures=\"1\""), "{out}");
    folder.seen(&["--coverage=lcov.info"]);
    assert!(folder.read("lcov.info").contains("SF:extensions.dial"));
}

#[test]
fn first_tests_are_written_to_the_end_of_the_file() {
    let folder = Folder::new("blocks-init", &[("extensions.dial", PLAN)]);
    let out = folder.seen(&["--init"]);
    assert!(
        out.contains("written to the end of extensions.dial"),
        "{out}"
    );
    let text = folder.read("extensions.dial");
    assert!(text.starts_with(PLAN), "{text}");
    insta::assert_snapshot!(&text[PLAN.len()..]);
    let out = folder.seen(&[]);
    assert!(out.contains("passed, 0 failed"), "{out}");
    let out = folder.seen(&["--init", "extensions.dial"]);
    assert!(out.contains("holds tests already"), "{out}");
}
