//! What people do while the plan is busy with something: hang up, hold, transfer. Each is said in a test file, during each kind of effect.

use crate::Folder;

/// Steps that take five seconds if nobody interferes, all of an answered call.
const EFFECTS: [(&str, &str); 8] = [
    ("wait", "Wait(5)"),
    ("playback", "Playback(five)"),
    ("background", "Background(five)"),
    ("read", "Read(pin,,1,,1,5)"),
    ("digits", "SayDigits(12345)"),
    ("keys", "WaitExten(5)"),
    ("ringing", "Dial(PJSIP/never,5)"),
    ("talking", "Dial(PJSIP/talks,20,g)"),
];

fn plan() -> String {
    let mut plan = "[main]\n".to_owned();
    for (name, step) in EFFECTS {
        plan.push_str(&format!(
            "exten => {name},1,Answer()\n same => n,{step}\n same => n,NoOp(after)\n"
        ));
    }
    // Nobody presses anything: WaitExten goes to t.
    plan.push_str("exten => t,1,NoOp(after)\n");
    plan
}

/// A test of each effect: what the caller does after two seconds, and what is expected.
fn tests(does: &str, expect: impl Fn(&str, &str) -> String) -> String {
    let mut tests = "defaults: { context: main, sounds: { five: 5s } }
endpoints:
  PJSIP/never: never answers
  PJSIP/talks: { answers: { after: 0s, hangs up: 5s } }
  PJSIP/62: answers after 1s
tests:
"
    .to_owned();
    for (name, step) in EFFECTS {
        let expect = expect(name, step);
        tests.push_str(&format!(
            "  - name: during {name}\n    dial: {name}\n    does:\n{does}    expect: {expect}\n"
        ));
    }
    tests
}

fn pass(name: &str, tests: &str) {
    all_pass(name, &plan(), tests, EFFECTS.len());
}

fn all_pass(name: &str, plan: &str, tests: &str, many: usize) {
    let folder = Folder::new(
        name,
        &[("extensions.conf", plan), ("extensions.test.yaml", tests)],
    );
    let seen = folder.seen(&[]);
    assert!(
        seen.contains(&format!("{many} passed, 0 failed")) && seen.ends_with("exit 0\n"),
        "{seen}"
    );
}

#[test]
fn the_caller_hangs_up_during_each_effect() {
    let does = "      - { after: 2s, hang up: }\n";
    pass(
        "hang-up",
        &tests(does, |_, _| {
            "{ time: 2s, path: [Answer, /./], cause: 16 }".to_owned()
        }),
    );
}

#[test]
fn the_caller_holds_and_takes_back_during_each_effect() {
    let does = "      - { after: 2s, hold: }\n      - { after: 1s, unhold: }\n";
    pass(
        "hold",
        &tests(does, |_, _| {
            "{ time: 5s, path: [..., NoOp(after)] }".to_owned()
        }),
    );
}

#[test]
fn a_transfer_by_the_caller_during_each_effect_is_refused_and_harms_nothing() {
    let does = "      - { after: 2s, transfer: \"62\" }\n";
    pass(
        "refer",
        &tests(does, |_, _| {
            "{ time: 5s, path: [..., NoOp(after)], never dialed: [PJSIP/62], logs: [\"/REFER.*405/\"] }"
                .to_owned()
        }),
    );
}

/// The called phone holds, calls a third one through the plan while the first call's machine waits, and is refused the transfer.
#[test]
fn an_attended_transfer_runs_a_second_call_through_the_plan() {
    let plan = "[main]
exten => 61,1,Dial(PJSIP/61,20,g)
 same => n,NoOp(first ${DIALSTATUS} ${ANSWEREDTIME})
exten => 62,1,NoOp(second from ${CALLERID(num)})
 same => n,Dial(PJSIP/62,20)
";
    let tests = "defaults: { context: main, from: \"60\" }
endpoints:
  PJSIP/61:
    answers: { after: 1s, then: [{ wait: 4s }, { attended transfer: \"62\" }, { talk: 6s }, hang up] }
tests:
  - name: both machines run, and the first call goes on when the transfer is refused
    calls:
      - dial: \"61\"
        expect: { time: 14s, path: [Dial, NoOp(first ANSWER 13)] }
    with: { PJSIP/62: \"answers after 3s, never hangs up\" }
    expect: { dialed: [PJSIP/61, PJSIP/62], logs: [\"/REFER.*405/\"] }

  - name: the caller hangs up while the second call rings, and both end
    dial: \"61\"
    does: [{ at answer:, after: 5s, hang up: }]
    with: { PJSIP/62: never answers }
    expect: { dialed: [PJSIP/61, PJSIP/62], time: 6s, DIALSTATUS: ANSWER }
";
    all_pass("attended", plan, tests, 2);
}

/// A slow text keeps the next one of its sender waiting, not that of another.
#[test]
fn texts_are_in_order_for_each_sender() {
    let plan = "[main]
exten => _X.,1,GotoIf($[\"${MESSAGE(body)}\" = \"slow\"]?slow)
 same => n(send),MessageSend(sip:${EXTEN},${MESSAGE(from)})
 same => n,Hangup()
 same => n(slow),Wait(5)
 same => n,Goto(send)
";
    let tests = "defaults: { context: main }
tests:
  - name: the order of each sender is kept
    messages:
      - { to: \"63\", from: \"61\", body: slow }
      - { to: \"63\", from: \"61\", body: quick }
      - { to: \"63\", from: \"62\", body: other, after: 1s }
    with: { SIP/63: answers }
    expect: { messages: [{ from: 62, body: other }, { from: 61, body: slow }, { from: 61, body: quick }] }
";
    all_pass("order", plan, tests, 1);
}
