//! Messages that callers leave: what a test may say of mailboxes, and what it may expect of them.

use crate::Folder;
use strowger::testing::Suite;

const PLAN: &str = "\
[office]
exten => _10XX,1,Dial(PJSIP/${EXTEN},20)
same => n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy)
same => n,VoiceMail(${EXTEN},u)
same => n,Playback(vm-goodbye)
same => n,Hangup()
same => n(busy),VoiceMail(${EXTEN}&1009@sales,b)
same => n,Hangup()
exten => 2000,1,VoiceMail(2000,us)
same => n,Playback(${VMSTATUS})
same => n,Hangup()
exten => 2001,1,VoiceMail(1001,S)
same => n,Hangup()
exten => o,1,Playback(operator)
same => n,Hangup()
exten => a,1,Playback(login)
same => n,Hangup()
exten => 3000,1,Set(BOX=${VM_INFO(1001,exists)} ${VM_INFO(1002,exists)} ${VM_INFO(1001,count)})
same => n,VoiceMail(1001)
exten => h,1,Set(BOX=${BOX} ${VM_INFO(1001@default,count)} ${VMCOUNT(1001)})
same => n,Hangup()
";

fn run(tests: &str) -> String {
    let suite = Suite::from_texts(PLAN, tests).unwrap();
    suite.run().to_string()
}

fn all_pass(tests: &str) {
    let told = run(tests);
    assert!(!told.contains("FAIL") && told.contains("ok"), "{told}");
}

/// The announcements, the message and where the call goes on are those of Asterisk.
#[test]
fn a_message_is_left() {
    all_pass(
        "
defaults: { context: office, mailboxes: [1001, 1009@sales] }
endpoints: { PJSIP/1001: never answers }
tests:
  - name: nobody is in
    dial: 1001
    expect:
      heard: [vm-theperson, vm-isunavail, vm-intro, beep]
      said: [1001]
      voicemail: [{ mailbox: 1001, greeting: unavailable, length: 10s }]
      VMSTATUS: SUCCESS
      VM_MESSAGEFILE: /var/spool/asterisk/voicemail/default/1001/INBOX/msg0000
      reason: hung up
      answered: yes
  - name: the line is busy, and the message goes to two
    dial: 1001
    with: { PJSIP/1001: busy }
    does: [{ after prompt: beep }, { after: 4s, hang up: }]
    expect:
      heard: [vm-theperson, vm-isonphone, vm-intro, beep]
      voicemail: [{ mailbox: 1001@default, length: 4s }, 1009@sales]
  - name: a key ends it, and the plan goes on
    dial: 1001
    does: [{ after prompt: beep }, { after: 7s, press: '#' }]
    expect:
      heard: [..., beep, auth-thankyou, vm-goodbye]
      voicemail: [{ length: '>= 7s' }]
  - name: instructions are skipped
    dial: 1001
    does: [{ during prompt: vm-theperson, press: '#' }]
    expect: { heard: [vm-theperson, beep, ...], reason: stalled }
  - name: who gives up before the beep leaves nothing
    dial: 1001
    does: [{ during prompt: vm-intro, hang up: }]
    expect: { voicemail: [], VMSTATUS: FAILED }
  - name: an asterisk leads to a
    dial: 1001
    does: [{ during prompt: vm-intro, press: '*' }]
    expect: { voicemail: [], VMSTATUS: USEREXIT, heard: [..., login] }
  - name: nobody has that mailbox
    dial: 2000
    expect: { heard: [FAILED], voicemail: [] }
  - name: no greeting, so the instructions stay
    dial: 2001
    expect: { heard: [vm-intro, beep], voicemail: [{ greeting: none }] }
  - name: which there are
    dial: 3000
    expect: { BOX: 1 0 0 1 1 }
",
    );
}

/// Two callers, one message each: of each call it is known which is its own.
#[test]
fn each_call_has_its_own() {
    all_pass(
        "
tests:
  - name: two at once
    context: office
    mailboxes: [1001, 1002]
    with: { PJSIP/1001: busy, PJSIP/1002: never answers }
    calls:
      - { dial: 1001, expect: { voicemail: [1001] } }
      - { dial: 1002, expect: { voicemail: [1002] } }
    expect: { voicemail: [1001, 1002] }
",
    );
}

/// What is wrong is told as of messages, and of a world without mailboxes what would help.
#[test]
fn another_message_than_expected() {
    let told = run("
tests:
  - name: a wrong length
    context: office
    dial: 1001
    mailboxes: [1001]
    with: { PJSIP/1001: busy }
    expect: { voicemail: [{ mailbox: 1001, length: < 5s }] }
  - name: nobody says which mailboxes there are
    context: office
    dial: 1001
    with: { PJSIP/1001: busy }
    expect: { DIALSTATUS: BUSY }
");
    insta::assert_snapshot!(told);
}

/// voicemail.conf beside the plan says which mailboxes there are, and how long a message may be.
#[test]
fn mailboxes_of_the_files() {
    let tests = "
defaults: { context: office }
endpoints: { PJSIP/1001: busy, PJSIP/1002: busy, PJSIP/1003: busy, PJSIP/1004: busy }
tests:
  - name: it ends after maxsecs
    dial: 1001
    does: [{ after: 2m, hang up: }]
    expect: { voicemail: [{ mailbox: 1001, length: 30s }], heard: [..., beep, auth-thankyou] }
  - name: the operator
    dial: 1002
    does: [{ during prompt: vm-intro, press: '0' }]
    expect: { heard: [..., operator], VMSTATUS: USEREXIT }
  - name: no operator
    dial: 1001
    does: [{ during prompt: vm-intro, press: '0' }, { after: 20s, hang up: }]
    expect: { heard: [vm-theperson, vm-isonphone, vm-intro, beep] }
  - name: too short
    dial: 1002
    does: [{ after prompt: beep }, { after: 1s, hang up: }]
    expect: { voicemail: [], VMSTATUS: FAILED }
  - name: a user's
    dial: 1003
    expect: { voicemail: [1003] }
  - name: nobody's
    dial: 1004
    expect: { voicemail: [], VMSTATUS: FAILED }
  - name: the test says otherwise
    mailboxes: [1004]
    dial: 1004
    expect: { voicemail: [1004] }
";
    let folder = Folder::new(
        "voicemail",
        &[
            ("extensions.conf", PLAN),
            ("extensions.test.yaml", tests),
            (
                "voicemail.conf",
                "[general]\nmaxsecs=30\nminsecs=2\n[default]\n1001 => 1234,Anna\n1002 => 1234,Bert,,,operator=yes|maxsecs=60\n",
            ),
            (
                "users.conf",
                "[general]\nhasvoicemail=no\n[1003]\nhasvoicemail=yes\n[1004]\nsecret=x\n",
            ),
        ],
    );
    let told = folder.seen(&["--color", "never"]);
    assert!(told.contains("7 passed"), "{told}");
}

const DIAL: &str = "\
context office as \"office\" {
  on `10XX` {
    match dial(pjsip(exten), ring: 20s) {
      Busy -> voicemail(mailbox(exten), greeting: Busy)
      _ -> voicemail(mailbox(exten), greeting: NoAnswer)
    }
    hangup()
  }
}
";

/// A `test` block asks the same.
#[test]
fn blocks_ask_the_same() {
    let plan = format!(
        "{DIAL}
test \"busy goes to voicemail\" at \"2026-03-02 10:00\" {{
  given mailboxes = [mailbox(\"1001\"), mailbox(\"1002\", context: \"sales\")]
  given pjsip(\"1001\") = busy(after: 5s)
  call 1001 from \"1002\" in office
  expect heard == [\"vm-theperson\", \"vm-isonphone\", \"vm-intro\", \"beep\"]
  expect said == [\"1001\"]
  expect voicemail.count(\"1001\") == 1
  expect voicemail.count(mailbox(\"1002\", context: \"sales\")) == 0
  expect voicemail == [mailbox(\"1001\")]
  expect voicemail.count == 1 and mailbox(\"1001\", context: \"default\") in voicemail
  expect voicemail[0].greeting == \"busy\" and voicemail[0].length >= 5s
  expect elapsed >= 15s
}}
test \"both\" {{
  given mailboxes = [\"1001\", \"1003\"]
  given pjsip(\"1001\") = busy()
  given pjsip(\"1003\") = never_answers()
  call 1001 in office
  call 1003 in office {{ begins(after: 1s) }}
  expect calls[0].voicemail == [\"1001\"] and calls[1].voicemail == [\"1003\"]
  expect voicemail[1].greeting == \"unavailable\"
}}
"
    );
    let report = Suite::from_dial(&plan).unwrap().run();
    assert!(report.passed() && report.tests.len() == 2, "{report}");
}

/// What a block asks wrongly is told with what was meant.
#[test]
fn mistakes_of_blocks() {
    let plan = format!(
        "{DIAL}
test \"mistakes\" {{
  given mailboxes = [1001]
  given pjsip(\"1001\") = busy()
  call 1001 in office
  expect voicemail[0].lenght >= 5s
  expect voicemail[0].greeting == \"unavail\"
  expect voicemail.length == 1
  expect voicemail.size(\"1001\") == 1
  expect voicemail.count(exten) == 1
}}
"
    );
    insta::assert_snapshot!(Suite::from_dial(&plan).unwrap_err().to_string());
}
