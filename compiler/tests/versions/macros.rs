//! Macro and its relatives (DL-260 to DL-262).

use strowger_vm::effect::{Answer, Effect};
use strowger_vm::{Interrupt, Limits, Reply, Step, Vm};

use super::{answered, main_of, run, said, spoken};
use crate::world::{World, call, run_with};

/// The releases that have macros, by how their separators look.
const RELEASES: [(&str, &str); 4] = [("1.4", "|"), ("1.8", ","), ("16", ","), ("20", ",")];

#[test]
fn arguments_come_in_and_the_call_goes_on_behind() {
    for (release, separator) in RELEASES {
        let plan = main_of(
            &[&format!("Macro(m{separator}one{separator}two)"), "NoOp(after ${ARG1}${MACRO_EXTEN})"],
            "[macro-m]
exten => s,1,NoOp(${ARG1} ${ARG2} ${ARG3})
exten => s,2,NoOp(${EXTEN}@${CONTEXT} from ${MACRO_EXTEN}@${MACRO_CONTEXT}:${MACRO_PRIORITY} depth ${MACRO_DEPTH})
",
        );
        assert_eq!(
            said(release, &plan),
            "one two  s@macro-m from s@main:1 depth 1 after ",
            "{release}"
        );
    }
}

#[test]
fn since_21_there_is_no_macro() {
    let plan = main_of(
        &["Macro(m)", "NoOp(after)"],
        "exten => h,1,NoOp(over)\n[macro-m]\nexten => s,1,NoOp(in)\n",
    );
    assert_eq!(said("20", &plan), "in after over");
    let ran = run("21", &plan);
    assert_eq!(spoken(&ran), "over");
    assert!(
        ran.notes[0].contains("no application 'Macro'"),
        "{:?}",
        ran.notes
    );
}

#[test]
fn commas_in_arguments_are_not_protected() {
    let plan = main_of(
        &["Macro(m,\"a,b\",(c,d))"],
        "[macro-m]\nexten => s,1,NoOp(${ARG1};${ARG2};${ARG3};${ARG4})\n"
            .replace(';', "-")
            .as_str(),
    );
    assert_eq!(said("18", &plan), "\"a-b\"-(c-d)");
}

#[test]
fn arguments_that_are_not_given_shine_through() {
    let plan = main_of(
        &["Macro(outer,a,b,c)", "NoOp(${ARG1})"],
        "[macro-outer]
exten => s,1,Macro(inner,x)
exten => s,2,NoOp(${ARG1}${ARG2}${ARG3} ${MACRO_CONTEXT} ${MACRO_DEPTH})
[macro-inner]
exten => s,1,NoOp(${ARG1}${ARG2}${ARG3} ${MACRO_CONTEXT} ${MACRO_DEPTH})
",
    );
    assert_eq!(said("20", &plan), "xbc macro-outer 2 abc main 1 ");
}

#[test]
fn variables_of_a_macro_stay() {
    let plan = main_of(
        &["Set(ARG1=mine)", "Macro(m,theirs)", "NoOp(${x} ${ARG1})"],
        "[macro-m]\nexten => s,1,Set(x=${ARG1})\n",
    );
    assert_eq!(said("13", &plan), "theirs mine");
}

#[test]
fn it_ends_where_its_priorities_run_out() {
    let plan = main_of(
        &["Macro(m)", "NoOp(after)"],
        "[macro-m]
exten => s,1,Goto(other,1)
exten => s,2,NoOp(never)
exten => other,1,NoOp(other)
exten => other,3,NoOp(behind the gap)
",
    );
    assert_eq!(said("20", &plan), "other after");
}

#[test]
fn a_jump_to_nowhere_in_its_context_ends_it() {
    let plan = main_of(
        &["Macro(m)", "NoOp(after)"],
        "[macro-m]\nexten => s,1,Goto(nosuch,7)\nexten => i,1,NoOp(invalid)\n",
    );
    assert_eq!(said("20", &plan), "after");
}

#[test]
fn macro_exit() {
    let plan = main_of(
        &["Macro(m)", "NoOp(after)", "MacroExit()", "NoOp(never)"],
        "[macro-m]
exten => s,1,Macro(inner)
exten => s,2,ExecIf(1?MacroExit())
exten => s,3,NoOp(never)
[macro-inner]
exten => s,1,MacroExit()
exten => s,2,NoOp(never)
",
    );
    assert_eq!(said("20", &plan), "after");
}

#[test]
fn macro_if() {
    for (condition, heard) in [("1", "a-x"), ("0", "b-y"), ("$[2 < 1]", "b-y")] {
        let plan = main_of(
            &[&format!("MacroIf({condition}?a,x:b,y)"), "NoOp(after)"],
            "[macro-a]\nexten => s,1,NoOp(a-${ARG1})\n[macro-b]\nexten => s,1,NoOp(b-${ARG1})\n",
        );
        assert_eq!(said("20", &plan), format!("{heard} after"), "{condition}");
    }
    let plan = main_of(
        &["MacroIf(0?a)", "MacroIf(no branch)", "NoOp(after)"],
        "[macro-a]\nexten => s,1,NoOp(a)\n",
    );
    assert_eq!(said("20", &plan), "after");
}

#[test]
fn what_cannot_be_entered_is_left_out() {
    let plan = main_of(
        &["Macro(nosuch)", "Macro(empty)", "Macro(,a)", "NoOp(after)"],
        "[macro-empty]\nexten => x,1,NoOp(x)\n",
    );
    let ran = run("20", &plan);
    assert_eq!(spoken(&ran), "after");
    assert!(
        ran.notes[0].contains("no context macro-nosuch"),
        "{:?}",
        ran.notes
    );
    assert!(ran.notes[1].contains("no extension s"), "{:?}", ran.notes);
    let ran = run("20", &main_of(&["Macro()", "NoOp(after)"], ""));
    assert_eq!(spoken(&ran), "", "without any text the call ends");
}

#[test]
fn bodies_of_ael_are_found() {
    let plan = main_of(
        &["Macro(m)", "NoOp(after)"],
        "[macro-m]\nexten => ~~s~~,1,NoOp(${EXTEN})\n",
    );
    assert_eq!(said("20", &plan), "~~s~~ after");
}

#[test]
fn seven_deep_and_no_deeper() {
    let plan = main_of(
        &["Set(n=0)", "Macro(m)", "NoOp(${n})"],
        "[macro-m]\nexten => s,1,Set(n=$[${n} + 1])\nexten => s,2,Macro(m)\n",
    );
    let ran = run("20", &plan);
    assert_eq!(spoken(&ran), "7");
    assert!(ran.notes.iter().any(|n| n.contains("nested too deeply")));
    let plan = plan.replace("Set(n=0)", "MSet(n=0,MACRO_RECURSION=3)");
    assert_eq!(said("20", &plan), "3");
}

#[test]
fn a_bound_that_nobody_can_lift() {
    let plan = main_of(
        &[
            "MSet(n=0,MACRO_RECURSION=999999999)",
            "Macro(m)",
            "Verbose(over ${n})",
        ],
        "[macro-m]\nexten => s,1,Set(n=$[${n} + 1])\nexten => s,2,Macro(m,${n})\n",
    );
    let ran = run("20", &plan);
    assert!(matches!(ran.last, Step::Done(_)), "{:?}", ran.last);
    // So many steps do not fit into the trace; what is shown on the console does.
    assert!(
        matches!(ran.effects.last(), Some(Effect::Verbose { text, .. }) if text == b"over 1000"),
        "{:?}",
        ran.effects.last()
    );
}

#[test]
fn what_is_saved_is_counted() {
    let plan = main_of(
        &[
            "MSet(MACRO_RECURSION=999999999,ARG1=0123456789)",
            "Macro(grow)",
            "Macro(m)",
            "NoOp(over)",
        ],
        "[macro-grow]
exten => s,1,Set(ARG1=${ARG1}${ARG1})
exten => s,2,GotoIf($[${LEN(${ARG1})} < 4000]?1)
exten => s,3,Set(big=${ARG1})
[macro-m]
exten => s,1,Macro(m,${big}x,${big}y,${big}z)
",
    );
    let plan = plan
        .replace("Macro(m)", "Set(big=${ARG1})\nexten => s,4,Macro(m)")
        .replace("s,4,NoOp", "s,5,NoOp");
    let ran = run("20", &plan);
    assert!(
        matches!(&ran.last, Step::Fault(f) if f.kind == strowger_vm::FaultKind::Memory),
        "{:?}",
        ran.last
    );
}

#[test]
fn leaving_by_a_jump_is_for_good() {
    let plan = main_of(
        &["Macro(outer,a)", "NoOp(never)"],
        "[macro-outer]
exten => s,1,Macro(inner,b)
exten => s,2,NoOp(never)
[macro-inner]
exten => s,1,Goto(away,s,5)
[away]
exten => s,5,NoOp(away ${ARG1}.${MACRO_EXTEN}.${MACRO_DEPTH})
exten => s,6,NoOp(end)
",
    );
    assert_eq!(said("20", &plan), "away ..0 end");
}

#[test]
fn a_subroutine_of_a_macro_comes_back() {
    let plan = main_of(
        &["Macro(m,a)", "NoOp(after)"],
        "[macro-m]
exten => s,1,Gosub(sub,s,1)
exten => s,2,NoOp(back ${ARG1})
[sub]
exten => s,1,NoOp(sub)
exten => s,2,Return()
",
    );
    assert_eq!(said("20", &plan), "sub back a after");
}

#[test]
fn a_macro_in_a_subroutine() {
    let plan = main_of(
        &["Gosub(sub,s,1(g))", "NoOp(after)"],
        "[sub]
exten => s,1,Macro(m,m)
exten => s,2,NoOp(${ARG1})
exten => s,3,Return()
[macro-m]
exten => s,1,NoOp(${ARG1})
",
    );
    assert_eq!(said("20", &plan), "m g after");
}

#[test]
fn macro_offset_skips_if_the_priority_exists() {
    let plan = |offset: &str| {
        main_of(
            &["Macro(m)", "NoOp(two)"],
            &format!(
                "exten => s,102,NoOp(hundred-two)\n[macro-m]\nexten => s,1,Set(MACRO_OFFSET={offset})\n"
            ),
        )
    };
    assert_eq!(said("20", &plan("100")), "hundred-two");
    assert_eq!(said("20", &plan("7")), "two");
    assert_eq!(said("20", &plan("x")), "two");
    assert_eq!(said("20", &plan("")), "two");
}

#[test]
fn the_offset_of_an_outer_macro_is_put_back() {
    let plan = main_of(
        &["Macro(outer)", "NoOp(two)"],
        "exten => s,102,NoOp(hundred-two)
[macro-outer]
exten => s,1,Set(MACRO_OFFSET=100)
exten => s,2,Macro(inner)
exten => s,3,NoOp(three ${MACRO_OFFSET})
[macro-inner]
exten => s,1,NoOp(in ${MACRO_OFFSET})
",
    );
    assert_eq!(said("20", &plan), "in  three 100 hundred-two");
}

#[test]
fn hangup_inside_goes_to_h_of_the_caller() {
    let plan = main_of(
        &["Macro(m,a)", "NoOp(never)"],
        "exten => h,1,NoOp(h of ${CONTEXT} ${ARG1}.)
[macro-m]
exten => s,1,Hangup()
exten => h,1,NoOp(h of the macro)
",
    );
    assert_eq!(said("20", &plan), "h of main .");
    assert_eq!(said("1.4", &plan), "h of main .");
}

#[test]
fn an_unknown_application_inside_ends_the_call() {
    let plan = main_of(
        &["Macro(m)", "NoOp(never)"],
        "exten => h,1,NoOp(over)\n[macro-m]\nexten => s,1,NoSuchApp()\nexten => s,2,NoOp(never)\n",
    );
    assert_eq!(said("20", &plan), "over");
}

#[test]
fn the_caller_hangs_up_inside() {
    let plan = main_of(
        &["Macro(m,a)", "NoOp(never)"],
        "exten => h,1,NoOp(h of ${CONTEXT})
[macro-m]
exten => s,1,Wait(5)
exten => s,2,NoOp(never)
",
    );
    let (ran, ..) = answered("20", &plan, |effect, vm| {
        matches!(effect, Effect::Wait { .. }).then(|| {
            vm.interrupt(Interrupt::Hangup { cause: 16 });
            Reply::with(Answer::Gone)
        })
    });
    assert_eq!(spoken(&ran), "h of main");
}

#[test]
fn macros_run_in_h() {
    let plan = main_of(
        &["Hangup()"],
        "exten => h,1,Macro(m,x)\nexten => h,2,NoOp(after)\n[macro-m]\nexten => s,1,NoOp(${ARG1} ${MACRO_EXTEN} ${MACRO_IN_HANGUP})\n",
    );
    assert_eq!(said("20", &plan), "x h 1 after");
}

#[test]
fn digits_are_of_the_callers_context() {
    let plan = main_of(
        &["Macro(m)", "NoOp(never)"],
        "exten => 5,1,NoOp(five in ${CONTEXT})
[macro-m]
exten => s,1,Background(menu)
exten => s,2,NoOp(never)
exten => 5,1,NoOp(five of the macro)
",
    );
    let (ran, ..) = answered("20", &plan, |effect, _| {
        matches!(effect, Effect::Play(_)).then(|| Reply::with(Answer::Digit(b'5')))
    });
    assert_eq!(spoken(&ran), "five in main");
}

#[test]
fn absolute_timeout_inside_goes_to_t_of_the_caller() {
    let plan = main_of(
        &["Set(TIMEOUT(absolute)=2)", "Macro(m)", "NoOp(never)"],
        "exten => T,1,NoOp(T of ${CONTEXT})\n[macro-m]\nexten => s,1,Wait(5)\nexten => s,2,NoOp(never)\nexten => T,1,NoOp(T of the macro)\n",
    );
    assert_eq!(said("20", &plan), "T of main");
}

#[test]
fn a_redirect_leaves_all_macros() {
    let plan = main_of(
        &["Macro(m,a)", "NoOp(never)"],
        "[macro-m]\nexten => s,1,Wait(5)\nexten => s,2,NoOp(never)\n[there]\nexten => s,1,NoOp(there ${ARG1}.${MACRO_DEPTH})\n",
    );
    let (ran, ..) = answered("20", &plan, |effect, vm| {
        matches!(effect, Effect::Wait { .. }).then(|| {
            vm.interrupt(Interrupt::Redirect(strowger_vm::Place::new(
                "there", "s", 1,
            )));
            Reply::with(Answer::Gone)
        })
    });
    assert_eq!(spoken(&ran), "there .0");
}

#[test]
fn try_exec_tells_how_a_macro_ended() {
    for (inside, status) in [
        ("NoOp(in)", "in SUCCESS"),
        ("NoSuchApp()", "FAILED"),
        ("Hangup()", ""),
    ] {
        let plan = main_of(
            &["TryExec(Macro(m))", "NoOp(${TRYSTATUS})"],
            &format!("[macro-m]\nexten => s,1,{inside}\n"),
        );
        assert_eq!(said("20", &plan), status, "{inside}");
    }
}

#[test]
fn macros_by_exec() {
    let plan = main_of(
        &["ExecIf(1?Macro(m,a))", "Exec(Macro(m,b))", "NoOp(after)"],
        "[macro-m]\nexten => s,1,NoOp(${ARG1})\n",
    );
    assert_eq!(said("20", &plan), "a b after");
}

#[test]
fn a_while_in_a_macro() {
    let plan = main_of(
        &["Macro(m)", "NoOp(after ${i})"],
        "[macro-m]
exten => s,1,Set(i=0)
exten => s,2,While($[${i} < 3])
exten => s,3,Set(i=$[${i} + 1])
exten => s,4,EndWhile()
exten => s,5,NoOp(done)
",
    );
    assert_eq!(said("18", &plan), "done after 3");
}

#[test]
fn a_macro_that_runs_off_inside_a_subroutine() {
    // It ends where the subroutine stands, and the call with it.
    let plan = main_of(
        &["Macro(m)", "NoOp(never)"],
        "exten => h,1,NoOp(wrong)\n[macro-m]\nexten => s,1,Gosub(sub,s,1)\n[sub]\nexten => s,1,NoOp(sub)\nexten => h,1,NoOp(h of sub)\n",
    );
    assert_eq!(said("20", &plan), "sub h of sub");
}

#[test]
fn a_jump_out_of_a_macro_in_quick_code() {
    // Without a trace steps run as quick code, which jumps by itself.
    let plan = main_of(
        &["Macro(m,a)"],
        "[macro-m]
exten => s,1,Set(x=1)
exten => s,2,Goto(away,s,1)
[away]
exten => s,1,Set(seen=${ARG1}.${MACRO_EXTEN}.${MACRO_DEPTH})
exten => s,2,Verbose(${seen})
",
    );
    for trace in [0, 1_000] {
        let module = super::module("20", &plan);
        let mut vm = Vm::new(Limits {
            trace,
            ..Limits::default()
        });
        let mut world = World::default();
        let entry = call("main", "s", 1);
        let ran = run_with(&mut world, &mut vm, &module, entry, |_, _| None);
        assert!(
            matches!(&ran.effects[0], Effect::Verbose { text, .. } if text == b"..0"),
            "{:?}",
            ran.effects
        );
    }
}
