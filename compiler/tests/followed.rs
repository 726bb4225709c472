//! Checks that follow calls: what they find, and what looks alike and is right.
#![allow(clippy::unwrap_used)]

use strowger_compiler::{Options, Sources, analyse, codes};
use strowger_stdlib::Dialect;

/// Codes of the analysis that a plan gets, in the order of places.
fn found(plan: &str, release: &str) -> Vec<&'static str> {
    let options = Options {
        dialect: Dialect::named(release).unwrap(),
        ..Options::default()
    };
    let sources = Sources::plan(format!("[general]\n{plan}"));
    let mut out: Vec<&str> = analyse(&sources, &options)
        .diagnostics
        .iter()
        .map(|d| d.code)
        .filter(|code| codes::find(code).unwrap().analysis)
        .collect();
    out.dedup();
    out
}

fn silent(plans: &[(&str, &str)]) {
    for (why, plan) in plans {
        assert_eq!(found(plan, "20"), [""; 0], "{why}: {plan}");
    }
}

#[test]
fn loops_that_end() {
    silent(&[
        (
            "a counter that a subroutine changes",
            "[a]\nexten => 1,1,Set(N=0)\nsame => n(x),Playback(hi)\nsame => n,Gosub(up,s,1)\nsame => n,GotoIf($[${N} < 3]?x)\n[up]\nexten => s,1,Set(N=$[${N} + 1])\nsame => n,Return()\n",
        ),
        (
            "a counter that a conditional step changes",
            "[a]\nexten => 1,1,Set(N=0)\nsame => n(x),Playback(hi)\nsame => n,ExecIf($[\"${A}\" = \"b\"]?Set(N=$[${N} + 1]))\nsame => n,GotoIf($[${N} < 3]?x)\n",
        ),
        (
            "a loop that a step in it can hang up",
            "[a]\nexten => 1,1,NoOp()\nsame => n(x),ExecIf($[${RAND(1,9)} = 1]?Hangup())\nsame => n,Goto(x)\n",
        ),
        (
            "a loop under an absolute time-out",
            "[a]\nexten => 1,1,Set(TIMEOUT(absolute)=60)\nsame => n(x),NoOp()\nsame => n,Goto(x)\n",
        ),
        (
            "While(1) that is left",
            "[a]\nexten => 1,1,While(1)\nsame => n,ExecIf($[\"${A}\" = \"1\"]?ExitWhile())\nsame => n,EndWhile()\nsame => n,Hangup()\n",
        ),
        (
            "a jump on to another extension of the same pattern's shape",
            "[a]\nexten => _1X,1,Goto(2${EXTEN:1},1)\nexten => _2X,1,Hangup()\n",
        ),
    ]);
    let never = "[a]\nexten => 1,1,Goto(2,1)\nexten => 2,1,Set(X=1)\nsame => n,Goto(1,1)\n";
    assert_eq!(found(never, "20"), ["F310"]);
    let many = "[a]\nexten => _X.,1,Dial(Local/${EXTEN}@b)\n[b]\nexten => _X.,1,Dial(Local/${EXTEN}@a,20)\n";
    assert_eq!(found(many, "20"), ["X818"]);
    silent(&[(
        "a call that makes a call only under a condition",
        "[a]\nexten => _X.,1,GotoIf($[\"${FWD}\" != \"\"]?out)\nsame => n,Dial(Local/${EXTEN}@a)\nsame => n(out),Hangup()\n",
    )]);
}

#[test]
fn subroutines_that_come_back_or_need_not() {
    silent(&[
        (
            "a way to Return through another extension",
            "[a]\nexten => 1,1,Gosub(sub,s,1)\nsame => n,Hangup()\n[sub]\nexten => s,1,Goto(s-end,1)\nexten => s-end,1,ExecIf($[\"${X}\" = \"1\"]?Return())\n",
        ),
        (
            "a subroutine that hangs up on purpose",
            "[a]\nexten => 1,1,Gosub(sub,s,1)\nsame => n,NoOp()\n[sub]\nexten => s,1,Playback(bye)\nsame => n,Hangup()\n",
        ),
        (
            "a call of it that is the last step anyway",
            "[a]\nexten => 1,1,Gosub(sub,s,1)\n[sub]\nexten => s,1,NoOp()\n",
        ),
        (
            "a handler at hang-up",
            "[a]\nexten => 1,1,Set(CHANNEL(hangup_handler_push)=sub,s,1)\nsame => n,Hangup()\n[sub]\nexten => s,1,NoOp()\nsame => n,Return()\n",
        ),
        (
            "Return in an extension that a subroutine of the same context uses",
            "[a]\nexten => 1,1,Gosub(2,1)\nsame => n,Hangup()\nexten => 2,1,NoOp()\nsame => n,Return()\n",
        ),
    ]);
    let lost = "[a]\nexten => 1,1,Gosub(sub,s,1)\nsame => n,NoOp()\n[sub]\nexten => s,1,While($[${N} < 3])\nsame => n,Set(N=$[${N} + 1])\nsame => n,EndWhile()\n";
    assert_eq!(found(lost, "20"), ["R204"]);
}

#[test]
fn macros() {
    let deep: String = (1..10)
        .map(|n| {
            format!(
                "[macro-m{n}]\nexten => s,1,Macro(m{})\nexten => s,2,NoOp()\n",
                n + 1
            )
        })
        .collect();
    let plan =
        format!("[a]\nexten => 1,1,Macro(m1)\n{deep}[macro-m10]\nexten => s,1,MacroExit()\n");
    assert_eq!(found(&plan, "13"), ["F321"]);
    // Where there are no macros, that is what is told.
    assert_eq!(found(&plan, "21"), [""; 0]);
    let asks = "[a]\nexten => 1,1,Macro(m)\n[macro-m]\nexten => s,1,Background(hi)\nsame => n,WaitExten(5)\nexten => 1,1,NoOp()\nexten => i,1,NoOp()\nexten => t,1,NoOp()\n";
    assert_eq!(found(asks, "13"), ["F316"]);
}

#[test]
fn menus() {
    silent(&[
        (
            "`i` takes what was dialled",
            "[a]\nexten => s,1,WaitExten(9)\nexten => i,1,Dial(SIP/${INVALID_EXTEN}@trunk.example.com,20)\nexten => t,1,Hangup()\n",
        ),
        (
            "a pause",
            "[a]\nexten => 1,1,Goto(b,s,1)\n[b]\nexten => s,1,Answer()\nsame => n,WaitExten(1)\nsame => n,Playback(hi)\n",
        ),
        (
            "choices in an included context",
            "[a]\nexten => s,1,WaitExten(9)\ninclude => b\nexten => i,1,Hangup()\nexten => t,1,Hangup()\n[b]\nexten => 1,1,Hangup()\n",
        ),
        (
            "a next step, so that `t` is not needed",
            "[a]\nexten => s,1,WaitExten(9)\nsame => n,Hangup()\nexten => 1,1,Hangup()\nexten => i,1,Hangup()\n",
        ),
    ]);
}

#[test]
fn behind_a_dial() {
    silent(&[
        (
            "a second trunk",
            "[a]\nexten => _X.,1,Dial(SIP/${EXTEN}@one.example.com)\nsame => n,Dial(SIP/${EXTEN}@two.example.com)\n",
        ),
        (
            "a time-out from a variable",
            "[a]\nexten => 1,1,Dial(SIP/1,${RING})\nsame => n,VoiceMail(1@default,u)\n",
        ),
        (
            "options from a variable may hold g",
            "[a]\nexten => 1,1,Dial(SIP/1,20,${OPTIONS})\nsame => n,StopMixMonitor()\n",
        ),
    ]);
}

#[test]
fn old_numbers() {
    silent(&[
        (
            "a label at n+101 to which something jumps",
            "[a]\nexten => s,1(look),GotoIf($[\"${X}\" = \"\"]?failed)\nexten => s,n,Hangup()\nexten => s,look+101(failed),Hangup()\n",
        ),
        (
            "a macro that asks for its offset",
            "[a]\nexten => s,1,Macro(m)\nexten => s,2,Hangup()\nexten => s,102,Hangup()\n[macro-m]\nexten => s,1,Set(MACRO_OFFSET=101)\n",
        ),
        (
            "a jump to a number that its line shows",
            "[a]\nexten => 1,1,GotoIf($[\"${X}\" = \"\"]?3)\nexten => 1,2,Hangup()\nexten => 1,3,Hangup()\n",
        ),
    ]);
}

#[test]
fn a_whole_and_a_part() {
    let part = "[a]\nexten => 1,1,Return()\n[sub]\nexten => 2,1,SayDigits(1)\n";
    let mut sources = Sources::new();
    sources.add("extensions_custom.conf", part);
    let options = Options {
        plan: "extensions_custom.conf".to_owned(),
        ..Options::default()
    };
    let codes: Vec<&str> = analyse(&sources, &options)
        .diagnostics
        .iter()
        .map(|d| d.code)
        .collect();
    assert_eq!(codes, [""; 0], "what leads here may stand in another file");
    assert_eq!(found(part, "20"), ["R205", "F313"]);
}
