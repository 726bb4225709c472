//! Options of Dial by which a called channel does something of its own, in virtual time; and what is told of wrong `.dial` programs.
#![allow(clippy::unwrap_used)]

mod wrong;

use strowger::testing::Suite;

/// Runs tests of a plan; all must pass.
fn passes(plan: &str, tests: &str) {
    let suite = Suite::from_texts(plan, tests).unwrap();
    suite.run().assert();
}

/// The same in a folder whose plan was written for this Asterisk.
fn passes_for(release: &str, plan: &str, tests: &str) {
    let toml = format!("[dialplan]\nasterisk_version = \"{release}\"\n");
    passes_with("strowger.toml", &toml, plan, tests);
}

/// The same with a further file.
fn passes_with(name: &str, text: &str, plan: &str, tests: &str) {
    let id = std::process::id();
    let folder = std::env::temp_dir().join(format!("strowger-dial-{id}-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in [
        (name, text),
        ("extensions.conf", plan),
        ("extensions.test.yaml", tests),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let suite = Suite::open(folder.join("extensions.test.yaml")).unwrap();
    let report = suite.run();
    std::fs::remove_dir_all(folder).unwrap();
    report.assert();
}

const SCREENING: &str = "\
[office]
exten => 61,1,Set(__SHARED_NOTE=for all)
 same => n,Set(_ONCE=for one)
 same => n,Set(MINE=for nobody)
 same => n,Dial(PJSIP/61,20,U(screen^first^second))
 same => n,NoOp(${DIALSTATUS})
 same => n,Playback(vm-nobodyavail)
 same => n,Hangup()
exten => 62,1,Dial(PJSIP/61,20,gU(screen^first^second))
 same => n,Playback(bye)
exten => h,1,Set(END=${DIALSTATUS})

[screen]
exten => s,1,Set(GOSUB_RESULT=${RESULT})
 same => n,Set(DB(screen/args)=${ARG1}-${ARG2})
 same => n,Set(DB(screen/who)=${CUT(CHANNEL,-,1)})
 same => n,Set(DB(screen/inherited)=${SHARED_NOTE}/${ONCE}/${MINE})
 same => n,Set(DB(screen/number)=${DIALEDPEERNUMBER} ${CALLERID(num)} ${CONNECTEDLINE(num)})
 same => n,Read(KEY,press-1,1,,,5)
 same => n,Set(GOSUB_RESULT=${DB(result/${KEY})})
 same => n,Return(value)
";

#[test]
fn a_subroutine_on_the_called_channel_decides() {
    passes(
        SCREENING,
        r#"
defaults: { context: office, from: "1001" }
endpoints:
  PJSIP/61:
    answers: { after: 2s, then: [{ during prompt: press-1, press: "1" }, { talk: 10s }, hang up] }
tests:
  - name: nothing is said, and the two talk
    dial: "61"
    expect:
      DIALSTATUS: ANSWER
      answered: yes
      heard: []
      cdr: { billsec: "10" }
      variables: { END: ANSWER, ONCE: for one }
      phones: { PJSIP/61: { heard: [press-1], path: [Set, Set, Set, Set, Set, Read, Set, Return] } }
      database:
        screen/args: first-second
        screen/who: PJSIP/61
        screen/inherited: for all/for one/
        screen/number: 61 61 1001
  - name: busy
    dial: "61"
    database: { result/1: BUSY }
    expect: { DIALSTATUS: BUSY, path: [..., NoOp(BUSY), Playback, Hangup, Set], variables: { GOSUB_RETVAL: value } }
  - name: congestion
    dial: "61"
    database: { result/1: congestion }
    expect: { DIALSTATUS: CONGESTION, path: [..., Playback, Hangup, Set] }
  - name: go on
    dial: "61"
    database: { result/1: CONTINUE }
    expect: { DIALSTATUS: ANSWER, path: [..., NoOp(ANSWER), Playback, Hangup, Set] }
  - name: abort
    dial: "61"
    database: { result/1: ABORT }
    expect: { DIALSTATUS: ANSWER, path: [..., /^Dial/, Set], cdr: { disposition: FAILED } }
  - name: abort with g
    dial: "62"
    database: { result/1: ABORT }
    expect: { DIALSTATUS: ANSWER, path: [/^Dial/, Playback(bye), Set] }
  - name: elsewhere
    dial: "62"
    database: { result/1: "GOTO:office^61^6" }
    expect: { path: [/^Dial/, Playback(vm-nobodyavail), Hangup, Set] }
  - name: the called side hangs up in the middle
    dial: "62"
    with: { PJSIP/61: { answers: { then: [{ wait: 1s }, hang up] } } }
    expect: { DIALSTATUS: ANSWER, path: [/^Dial/, Playback(bye), Set], cause: "16" }
  - name: the caller hangs up in the middle, and the subroutine goes on
    dial: "62"
    does: [{ after: 4s, hang up: }]
    with: { PJSIP/61: { answers: { hangs up: never } } }
    expect:
      DIALSTATUS: ANSWER
      phones: { PJSIP/61: { path: [..., Return] } }
      path: [/^Dial/, Set]
"#,
    );
}

#[test]
fn a_macro_on_the_called_channel_decides() {
    passes_for(
        "18",
        "\
[office]
exten => 61,1,Dial(PJSIP/61,20,M(screen^yes))
 same => n,NoOp(${DIALSTATUS})
exten => 62,1,Dial(PJSIP/61,20,M(screen^no))
 same => n,NoOp(${DIALSTATUS})
exten => 63,1,Dial(PJSIP/61,20,gM(away))
 same => n,NoOp(${DIALSTATUS})
[macro-screen]
exten => s,1,Playback(hello)
 same => n,Set(DB(macro/where)=${MACRO_CONTEXT} ${MACRO_EXTEN} ${ARG1})
 same => n,GotoIf($[\"${ARG1}\" = \"yes\"]?:no)
 same => n,MacroExit()
 same => n(no),Set(MACRO_RESULT=BUSY)
[macro-away]
exten => s,1,Hangup()
",
        r#"
defaults: { context: office }
endpoints: { PJSIP/61: "answers after 1s, hangs up after 5s" }
tests:
  - name: they talk
    dial: "61"
    expect:
      DIALSTATUS: ANSWER
      answered: yes
      database: { macro/where: office 61 yes }
      phones: { PJSIP/61: { heard: [hello], path: [Playback, Set, GotoIf, MacroExit] } }
  - name: they do not
    dial: "62"
    expect: { DIALSTATUS: BUSY, answered: no, path: [/^Dial/, NoOp(BUSY), ...] }
  - name: a macro that ends the channel
    dial: "63"
    expect: { DIALSTATUS: ANSWER, answered: no, path: [/^Dial/, NoOp(ANSWER), ...] }
"#,
    );
}

#[test]
fn keys_are_sent_before_the_talk() {
    passes(
        "\
[office]
exten => 61,1,Dial(PJSIP/61,20,D(12w#:9))
exten => 62,1,Dial(PJSIP/61,20,D(ww1)U(sub))
exten => 63,1,Dial(PJSIP/61,20,D(1))
[sub]
exten => s,1,Set(GOSUB_RESULT=BUSY)
 same => n,Return()
",
        r##"
defaults: { context: office, from: PJSIP/1001 }
endpoints: { PJSIP/61: "answers after 1s, hangs up after 5s" }
tests:
  - name: both sides
    dial: "61"
    expect:
      phones: { PJSIP/61: { keys: "12#" }, PJSIP/1001: { keys: "9" } }
      # Rings 1 s; the phone talks for 5 s from its answer, whatever it is told meanwhile.
      time: 6s
  - name: not when nobody talks
    dial: "62"
    expect: { phones: { PJSIP/61: { keys: "" } }, DIALSTATUS: BUSY }
  - name: the called side leaves before
    dial: "63"
    with: { PJSIP/61: "answers after 1s, hangs up after 150ms" }
    expect: { DIALSTATUS: ANSWER, answered: no, cause: "16" }
"##,
    );
}

#[test]
fn announcements_go_to_both_sides() {
    passes(
        "\
[office]
exten => 61,1,Answer()
 same => n,Dial(PJSIP/61,20,A(for-you:one-moment))
exten => 62,1,Answer()
 same => n,Dial(PJSIP/61,20,A(for-you))
exten => 63,1,Answer()
 same => n,Dial(PJSIP/61,20,gA(nosuch))
 same => n,NoOp(${DIALSTATUS})
",
        r#"
defaults: { context: office, sounds: { for-you: 3s, one-moment: 2s } }
endpoints: { PJSIP/61: "answers after 1s, hangs up after 10s" }
tests:
  - name: to both
    dial: "61"
    expect: { heard: [one-moment], phones: { PJSIP/61: { heard: [for-you] } }, DIALSTATUS: ANSWER, time: 11s }
  - name: to one
    dial: "62"
    expect: { heard: [], phones: { PJSIP/61: { heard: [for-you] } } }
  - name: a missing one is no reason not to talk
    dial: "63"
    sounds: { nosuch: missing }
    expect: { phones: { PJSIP/61: { heard: [] } }, DIALSTATUS: ANSWER, path: [..., NoOp(ANSWER), ...] }
  - name: a key breaks it
    dial: "62"
    with: { PJSIP/61: { answers: { then: [{ wait: 1s }, { press: "5" }, { talk: 4s }, hang up] } } }
    from: PJSIP/1001
    expect: { phones: { PJSIP/1001: { keys: "5" } }, time: 6s }
  - name: the called side hangs up
    dial: "62"
    with: { PJSIP/61: "answers after 1s, hangs up after 2s" }
    expect: { DIALSTATUS: ANSWER, time: 3s, cause: "16" }
  - name: the caller hangs up
    dial: "61"
    does: [{ after: 2s, hang up: }]
    expect: { DIALSTATUS: ANSWER, time: 2s, heard: [one-moment] }
"#,
    );
}

#[test]
fn the_called_side_goes_on_when_the_caller_has_hung_up() {
    passes(
        "\
[office]
exten => 61,1,Set(_who=anna)
 same => n,Dial(PJSIP/61,20,F(after^s^1))
exten => 62,1,Dial(PJSIP/61,20,F)
 same => n,Playback(survey)
 same => n,Set(DB(next/who)=${CUT(CHANNEL,-,1)})
exten => 63,1,Dial(PJSIP/61,20,F(rest))
 same => n,NoOp()
 same => n(rest),Set(DB(rest/who)=${CUT(CHANNEL,-,1)})
[after]
exten => s,1,Playback(survey)
 same => n,Set(DB(survey/who)=${who} ${CUT(CHANNEL,-,1)})
exten => h,1,Set(DB(survey/end)=yes)
",
        r#"
defaults: { context: office, does: [{ after: 5s, hang up: }] }
endpoints: { PJSIP/61: { answers: { hangs up: never } } }
tests:
  - name: to a place
    dial: "61"
    does: [{ after: 5s, hang up: }]
    expect:
      database: { survey/who: anna PJSIP/61, survey/end: yes }
      phones: { PJSIP/61: { heard: [survey], path: [Playback, Set, Set] } }
      heard: []
  - name: to the next priority
    dial: "62"
    does: [{ after: 5s, hang up: }]
    expect: { database: { next/who: PJSIP/61 } }
  - name: to a label
    dial: "63"
    does: [{ after: 5s, hang up: }]
    expect: { database: { rest/who: PJSIP/61 } }
  - name: not when it hung up itself
    dial: "61"
    with: { PJSIP/61: "answers after 1s, hangs up after 2s" }
    expect: { database: { survey/end: "" }, phones: { PJSIP/61: { path: [] } } }
"#
        .replace(", does: [{ after: 5s, hang up: }] }", " }")
        .as_str(),
    );
}

#[test]
fn both_go_on_by_themselves() {
    passes(
        "\
[office]
exten => 61,1,Dial(PJSIP/61,20,G(apart^s^1))
[apart]
exten => s,1,Set(DB(one/who)=${CUT(CHANNEL,-,1)})
 same => n,Playback(both)
 same => n,Set(DB(last/${CUT(CHANNEL,-,1)})=yes)
",
        r#"
defaults: { context: office, from: PJSIP/1001 }
endpoints: { PJSIP/61: { answers: { hangs up: never } } }
tests:
  - name: the caller at the place, the called side behind it
    dial: "61"
    expect:
      path: [/^Dial/, Set, Playback, Set]
      phones: { PJSIP/61: { path: [Playback, Set], heard: [both] } }
      DIALSTATUS: ANSWER
      database: { one/who: PJSIP/1001, last/PJSIP/1001: yes, last/PJSIP/61: yes }
"#,
    );
}

#[test]
fn a_subroutine_runs_before_each_channel_is_called() {
    passes(
        "\
[office]
exten => 61,1,Dial(PJSIP/61&PJSIP/62&PJSIP/63,20,b(before^s^1(x^y))U(screen))
exten => 64,1,Dial(PJSIP/61,20,b(mark))
 same => n,Hangup()
 same => n(mark),Set(DB(mark/ed)=yes)
 same => n,Set(DB(mark/who)=${CUT(CHANNEL,-,1)})
 same => n,Return()
[before]
exten => s,1,Set(DB(before/${CUT(CHANNEL,-,1)})=${ARG1}${ARG2} ${CHANNEL(state)})
 same => n,Set(kept=${CHANNEL})
 same => n,Set(CHANNEL(hangup_handler_push)=over,s,1)
 same => n,Return()
[screen]
exten => s,1,Set(DB(kept/it)=${IF($[\"${kept}\" = \"${CHANNEL}\"]?yes:no)})
 same => n,Return()
[over]
exten => s,1,Set(DB(over/${CUT(CHANNEL,-,1)})=yes)
 same => n,Return()
",
        r#"
defaults: { context: office }
endpoints: { PJSIP/61: "answers after 1s, hangs up after 5s", PJSIP/62: never answers, PJSIP/63: busy }
tests:
  - name: on each of them, and each hangs up in its time
    dial: "61"
    expect:
      DIALSTATUS: ANSWER
      database:
        before/PJSIP/61: xy Down
        before/PJSIP/62: xy Down
        before/PJSIP/63: xy Down
        kept/it: yes
        over/PJSIP/61: yes
        over/PJSIP/62: yes
        over/PJSIP/63: yes
  - name: a label where the caller stands; without a way to it there is no channel
    dial: "64"
    with: { PJSIP/61: unavailable }
    expect: { database: { mark/who: "" }, DIALSTATUS: CHANUNAVAIL }
  - name: a label where the caller stands
    dial: "64"
    expect: { database: { mark/who: PJSIP/61 }, DIALSTATUS: ANSWER }
"#,
    );
}

#[test]
fn the_called_channel_ends_with_h() {
    passes(
        "\
[office]
exten => 61,1,Dial(PJSIP/61,20,e)
exten => h,1,Set(DB(h/${CUT(CHANNEL,-,1)})=yes)
",
        r#"
defaults: { context: office, from: PJSIP/1001 }
endpoints: { PJSIP/61: "answers after 1s, hangs up after 5s" }
tests:
  - name: h runs on both
    dial: "61"
    expect: { database: { h/PJSIP/61: yes, h/PJSIP/1001: yes }, phones: { PJSIP/61: { path: [Set] } } }
  - name: not on one that never answered
    dial: "61"
    with: { PJSIP/61: busy }
    expect: { database: { h/PJSIP/61: "", h/PJSIP/1001: yes } }
"#,
    );
}

#[test]
fn features_conf_says_which_keys_end_a_call() {
    passes_with(
        "features.conf",
        "[general]\nfeaturedigittimeout = 2000\n[featuremap]\ndisconnect => *0\n",
        "[office]\nexten => 61,1,Dial(PJSIP/61,20,h)\n",
        r#"
defaults: { context: office, from: PJSIP/1001 }
tests:
  - name: both keys in time
    dial: "61"
    with: { PJSIP/61: { answers: { then: [{ press: "*" }, { wait: 1s }, { press: "0" }, { talk: 9s }, hang up] } } }
    expect: { time: 2s, phones: { PJSIP/1001: { keys: "" } } }
  - name: the second key too late
    dial: "61"
    with: { PJSIP/61: { answers: { then: [{ press: "*" }, { wait: 3s }, { press: "0" }, { talk: 9s }, hang up] } } }
    expect: { time: 13s, phones: { PJSIP/1001: { keys: "*0" } } }
  - name: another second key
    dial: "61"
    with: { PJSIP/61: { answers: { then: [{ press: "*1" }, { talk: 9s }, hang up] } } }
    expect: { time: 10s, phones: { PJSIP/1001: { keys: "*1" } } }
"#,
    );
}

#[test]
fn keys_of_the_caller_are_not_those_of_the_called_side() {
    passes(
        "\
[office]
exten => 61,1,Dial(PJSIP/61,20,U(ask))
 same => n,Read(KEY,choose,1)
 same => n,NoOp(${KEY})
[ask]
exten => s,1,Read(KEY,press-1,1,,,5)
 same => n,Set(GOSUB_RESULT=${IF($[\"${KEY}\" = \"\"]?CONTINUE:TALK)})
 same => n,Return()
",
        r#"
tests:
  - name: the called side presses nothing
    dial: "61"
    context: office
    press: "7"
    with: { PJSIP/61: { answers: { hangs up: never } } }
    expect: { path: [/^Dial/, /^Read/, NoOp(7)], phones: { PJSIP/61: { heard: [press-1] } } }
"#,
    );
}
