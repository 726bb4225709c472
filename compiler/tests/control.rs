//! The applications that steer a call, where their rules are easy to miss.
#![allow(clippy::unwrap_used)]

mod world;

use strowger_vm::effect::Answer;
use strowger_vm::{Effect, Ending, Limits, Reply, Step, Vm};
use world::{Ran, World, call, module, run_with, text};

/// Runs `s` of `[main]`, whose first lines are given; each digit asked for is one of `keys`, then nobody presses any more.
fn play(lines: &str, keys: &str) -> Ran {
    let module = module(&format!("[main]\nexten => s,1,NoOp(start)\n{lines}\n"));
    let mut keys = keys.bytes();
    run_with(
        &mut World::default(),
        &mut Vm::new(Limits::default()),
        &module,
        call("main", "s", 1),
        move |effect, _| match effect {
            Effect::Digit { .. } => keys.next().map(|d| Reply::with(Answer::Digit(d))),
            Effect::Play(_) => keys
                .next()
                .map_or(Some(Reply::done()), |d| Some(Reply::with(Answer::Digit(d)))),
            _ => None,
        },
    )
}

/// Where a call went behind the second line: `exten,priority` of each step.
fn way(lines: &str) -> String {
    way_with(lines, "")
}

fn way_with(lines: &str, keys: &str) -> String {
    let steps = play(lines, keys).steps;
    let way: Vec<String> = steps
        .iter()
        .skip(2)
        .map(|s| format!("{},{}", text(&s.exten), s.priority))
        .collect();
    way.join(" ")
}

const ON: &str = "same => n,NoOp(after)\nexten => x,1,NoOp()\nexten => x,2(lab),NoOp()\nexten => x,3,NoOp()\nexten => s,20(far),NoOp()";

fn after(line: &str) -> String {
    way(&format!("same => n,{line}\n{ON}"))
}

#[test]
fn numbers_of_targets_are_read_as_c_reads_them() {
    assert_eq!(after("Goto(x,2 )"), "x,2 x,3");
    assert_eq!(after("Goto(x, 2)"), "x,2 x,3");
    assert_eq!(after("Goto(x,4294967298)"), "x,2 x,3");
    assert_eq!(after("Goto(x,2 x)"), "");
    // A label may stand behind a sign.
    assert_eq!(after("Goto(x,+lab)"), "x,2 x,3");
    assert_eq!(after("Goto(+1)"), "s,3");
    assert_eq!(after("Goto(--1)"), "s,3");
    // Below 0 the number is left alone, so the next one follows.
    assert_eq!(after("Goto(-5)"), "s,3");
    assert_eq!(after("Goto(x,-5)"), "x,3");
    assert_eq!(after("Goto(-2)"), "");
}

#[test]
fn a_label_leads_to_the_step_that_had_it_first() {
    // Asterisk does not see that priority 1 repeats a label, so both stay, and the first keeps it.
    let plan =
        "same => n,Goto(y,3)\nexten => y,3,Goto(x)\nexten => y,5(x),NoOp()\nexten => y,1(x),NoOp()";
    assert_eq!(way(plan), "y,3 y,5");
    assert_eq!(way(&plan.replace("Goto(x)", "Goto(${EXTEN},x)")), "y,3 y,5");
}

#[test]
fn a_channel_keeps_79_bytes_of_a_name() {
    let plan = |size: usize| {
        let name = "4".repeat(size);
        way(&format!(
            "same => n,Goto({name},1)\nexten => {name},1,NoOp()\nexten => i,1,NoOp()"
        ))
    };
    assert!(plan(79).starts_with("444"));
    assert_eq!(plan(80), "i,1");
}

#[test]
fn raising_an_exception_is_a_jump() {
    let e = "exten => e,1,NoOp(${EXCEPTION(reason)} ${EXCEPTION(exten)})";
    assert_eq!(way(&format!("same => n,RaiseException(x)\n{e}")), "e,1");
    // Without an `e` it is a jump to an extension that does not exist.
    let i = "exten => i,1,NoOp(${INVALID_EXTEN})";
    let ran = play(&format!("same => n,RaiseException(x)\n{i}"), "");
    assert_eq!(text(&ran.steps[2].arguments), "e");
    // It is one in `h` and inside of other applications as well.
    assert_eq!(way(&format!("exten => h,1,RaiseException(x)\n{e}")), "e,1");
    assert_eq!(
        after("TryExec(RaiseException(x))\nexten => e,1,NoOp(${TRYSTATUS})"),
        "e,1 e,2"
    );
}

#[test]
fn hanging_up_ends_the_call_whatever_it_ran_in() {
    let ran = play("same => n,TryExec(Hangup(17))\nsame => n,NoOp(on)", "");
    assert_eq!(ran.steps.len(), 2);
    assert!(matches!(ran.last, Step::Done(o) if o.cause == 17 && o.why == Ending::Application));
    let sub = "same => n,Set(a=${EVAL_SUB(sub,s,1)})\nsame => n,NoOp(on)\n[sub]\nexten => s,1,Hangup()\nexten => s,2,NoOp(never)";
    // What asked for the routine is still run, and nothing behind it.
    assert_eq!(way(sub), "s,2");
    for (argument, cause) in [
        ("", 16),
        ("User_Busy", 17),
        ("17x", 17),
        ("BUSY", 16),
        ("0", 16),
        ("-3", 16),
        ("AST_CAUSE_USER_BUSY", 16),
    ] {
        let ran = play(&format!("same => n,Hangup({argument})"), "");
        assert!(
            matches!(ran.last, Step::Done(o) if o.cause == cause),
            "{argument}"
        );
    }
}

#[test]
fn conditions_on_time_need_a_time() {
    assert_eq!(after("GotoIfTime(*,*,*,*?far)"), "s,20");
    assert_eq!(after("GotoIfTime(?far:x,1)"), "x,1 x,2 x,3");
    assert_eq!(after("GotoIfTime(?far)"), "s,3");
    assert_eq!(after("GotoIfTime()"), "");
    assert_eq!(after("GotoIfTime( *,*,*,*?far:x,3)"), "x,3");
    assert_eq!(after("ExecIfTime()"), "");
    assert_eq!(after("ExecIfTime(*,*,*,*)"), "");
    assert_eq!(after("ExecIfTime(?Goto(far))"), "");
    assert_eq!(after("ExecIfTime(*,*,*,*?Goto(far))"), "s,20");
    assert_eq!(after("ExecIfTime(*,mon,*,*?Goto(far))"), "s,3");
    assert_eq!(after("ExecIfTime(*,*,*,*? Goto(far))"), "");
}

#[test]
fn a_test_time_that_is_no_number_is_taken_back() {
    let ran = play(
        "same => n,Set(TESTTIME=soon)\nsame => n,GotoIfTime(*,*,*,*?on)\nsame => n(on),NoOp([${TESTTIME}])",
        "",
    );
    assert_eq!(text(&ran.steps[3].arguments), "[]");
}

#[test]
fn applications_that_run_others_take_their_names_as_they_are() {
    assert_eq!(after("ExecIf(1?Goto(far):Goto(x,3))"), "s,20");
    assert_eq!(after("ExecIf(1? Goto(far))"), "");
    assert_eq!(after("ExecIf(0?)"), "");
    assert_eq!(after("ExecIf(0?:)"), "s,3");
    assert_eq!(after("ExecIf(1?:Goto(far))"), "");
    assert_eq!(after("Exec( NoOp())"), "");
    assert_eq!(after("Exec()"), "s,3");
    // The form of 1.4: a comma before the `?`, or no `?` at all.
    assert_eq!(after("ExecIf(1,Goto,far)"), "s,20");
    assert_eq!(after("ExecIf(0,Goto,far)"), "s,3");
    assert_eq!(after("ExecIf(1,Goto,x,2)"), "x,2 x,3");
    assert_eq!(after("ExecIf(a,b?Goto(far))"), "");
    assert_eq!(after("ExecIf(0)"), "s,3");
    assert_eq!(after("ExecIf(1)"), "");
}

#[test]
fn nothing_dialled_in_time_leads_on_or_to_t_or_to_e() {
    assert_eq!(
        way("same => n,WaitExten(1)\nsame => n,NoOp()\nexten => t,1,NoOp()"),
        "s,3"
    );
    assert_eq!(
        way("same => n,WaitExten(1)\nexten => t,1,NoOp()\nexten => e,1,NoOp()"),
        "t,1"
    );
    assert_eq!(way("same => n,WaitExten(1)\nexten => e,1,NoOp()"), "e,1");
    assert_eq!(way("same => n,WaitExten(1)\nexten => h,1,NoOp()"), "h,1");
    // Also in a routine that runs for a function.
    let sub = "same => n,Set(a=${EVAL_SUB(sub,s,1)})\nsame => n,NoOp()\n[sub]\nexten => s,1,WaitExten(1)\nexten => t,1,Return()";
    assert_eq!(way(sub), "t,1 s,2 s,3");
}

#[test]
fn no_time_to_wait_means_the_time_of_the_call() {
    let waited = |line: &str| {
        let module = module(&format!("[main]\nexten => s,1,{line}\n"));
        let mut asked = None;
        run_with(
            &mut World::default(),
            &mut Vm::new(Limits::default()),
            &module,
            call("main", "s", 1),
            |effect, _| {
                if let Effect::Digit { timeout_ms } | Effect::Busy { timeout_ms } = effect {
                    asked = *timeout_ms;
                }
                None
            },
        );
        asked
    };
    assert_eq!(waited("WaitExten(0.3)"), Some(300));
    assert_eq!(waited("WaitExten(2M)"), Some(120_000));
    assert_eq!(waited("WaitExten(0)"), Some(10_000));
    assert_eq!(waited("WaitExten(5x)"), Some(10_000));
    assert_eq!(waited("WaitExten()"), Some(10_000));
    assert_eq!(waited("Busy(2x)"), Some(2000));
}

#[test]
fn incomplete_wants_more_digits_than_there_are() {
    let plan = "same => n,Goto(1,1)\nexten => _1X,1,NoOp(more)\nexten => 1,1,Incomplete(n)\nexten => t,1,NoOp()\nexten => i,1,NoOp(${INVALID_EXTEN})";
    assert_eq!(way_with(plan, "2"), "1,1 12,1");
    // None comes: that is no dialling of `1` again.
    assert_eq!(way_with(plan, ""), "1,1 t,1");
    let alone =
        "same => n,Goto(1,1)\nexten => 1,1,Incomplete(n)\nexten => i,1,NoOp(${INVALID_EXTEN})";
    assert_eq!(way_with(alone, "2"), "1,1 i,1");
}

#[test]
fn a_digit_in_a_prompt_leads_to_the_context_that_the_prompt_names() {
    let plan = "same => n,BackGround(hello,,,menu)\nsame => n,NoOp(on)\nexten => 2,1,NoOp()\nexten => i,1,NoOp(${INVALID_EXTEN})\n\
                [menu]\nexten => 1,1,NoOp()\nexten => 3,1,NoOp()\nexten => 34,1,NoOp()";
    assert_eq!(way_with(plan, "1"), "1,1");
    assert_eq!(way_with(plan, "2"), "2,1");
    // More could follow there, so the digit begins a number here.
    assert_eq!(way_with(plan, "3"), "i,1");
    assert_eq!(way_with(plan, ""), "s,3");
}

#[test]
fn a_number_that_is_complete_asks_nothing_of_includes() {
    // `_5!` says for its context that 5 is complete; that of `also` is still asked.
    let plan = "same => n,WaitExten(1)\ninclude => first\ninclude => also\nexten => i,1,NoOp()\n\
                [first]\nexten => _5!,1,NoOp(early)\ninclude => deep\n[deep]\nexten => 56,1,NoOp(deep)\n[also]\n";
    assert_eq!(way_with(plan, "56"), "5,1");
    assert_eq!(
        way_with(&format!("{plan}exten => 56,1,NoOp(also)"), "56"),
        "56,1"
    );
}

#[test]
fn the_end_of_a_loop_is_looked_for_where_the_call_would_go() {
    // Through a less specific pattern, as the call would.
    let patterns = "same => n,Goto(10,1)\nexten => 10,1,While(0)\nexten => _1X,2,NoOp()\nexten => _1X,3,EndWhile()\nexten => _1X,4,NoOp(out)";
    assert_eq!(way(patterns), "10,1 10,4");
    // Not behind a number that is missing.
    let gap =
        "same => n,While(0)\nexten => s,3,NoOp(in)\nexten => s,5,EndWhile()\nexten => s,6,NoOp()";
    assert_eq!(way(gap), "s,3");
    assert_eq!(
        way(
            "same => n,While(0)\nsame => n,While(1)\nsame => n,EndWhile()\nsame => n,EndWhile()\nsame => n,NoOp()"
        ),
        "s,6"
    );
}

#[test]
fn a_false_if_prefers_an_elseif_and_needs_its_endif() {
    let order = "same => n,If(0)\nsame => n,NoOp(a)\nsame => n,Else()\nsame => n,NoOp(b)\nsame => n,ElseIf(1)\nsame => n,NoOp(c)\nsame => n,EndIf()\nsame => n,NoOp()";
    assert_eq!(way(order), "s,6 s,7 s,8 s,9");
    let open = "same => n,If(0)\nsame => n,NoOp(a)\nsame => n,Else()\nsame => n,NoOp(b)";
    assert_eq!(way(open), "s,3 s,4 s,5");
    // Those of an inner If are not looked at.
    let inner = "same => n,If(0)\nsame => n,If(1)\nsame => n,Else()\nsame => n,EndIf()\nsame => n,NoOp()\nsame => n,Else()\nsame => n,NoOp(b)\nsame => n,EndIf()";
    assert_eq!(way(inner), "s,8 s,9");
}

#[test]
fn falling_off_the_end_looks_at_dialstatus_in_any_letter_case() {
    let ends = |line: &str| {
        let module = module(&format!("[globals]\n{line}\n[main]\nexten => s,1,NoOp()\n"));
        let mut tone = false;
        run_with(
            &mut World {
                globals: [(b"DIALSTATUS".to_vec(), b"busy".to_vec())]
                    .into_iter()
                    .filter(|_| !line.is_empty())
                    .collect(),
                ..World::default()
            },
            &mut Vm::new(Limits::default()),
            &module,
            call("main", "s", 1),
            |effect, _| {
                tone |= matches!(effect, Effect::Busy { .. });
                None
            },
        );
        tone
    };
    assert!(ends("DIALSTATUS=busy") && !ends(""));
}

#[test]
fn hangup_handlers_keep_where_they_were_pushed() {
    let plan = "same => n,Set(CHANNEL(hangup_handler_push)=hh,1(a))\nsame => n,Set(CHANNEL(hangup_handler_push)=)\n\
                same => n,Goto(other,s,1)\nexten => hh,1,NoOp(${ARG1})\nexten => hh,2,Return(r)\n[other]\nexten => s,1,Hangup()";
    assert_eq!(way(plan), "s,3 s,4 s,1 hh,1 hh,2");
    // A handler that does not return leaves no return value to the next.
    let falls = "same => n,Set(CHANNEL(hangup_handler_push)=last,1)\nsame => n,Set(CHANNEL(hangup_handler_push)=first,1)\nsame => n,Hangup()\n\
                 exten => first,1,Set(GOSUB_RETVAL=x)\nexten => last,1,NoOp([${GOSUB_RETVAL}])\nexten => last,2,Return()";
    let ran = play(falls, "");
    assert_eq!(text(&ran.steps[5].arguments), "[]");
}

#[test]
fn a_frame_of_the_exchange_is_not_popped() {
    let plan = "same => n,Set(a=${EVAL_SUB(sub,s,1)})\nsame => n,NoOp(${a})\n[sub]\nexten => s,1,StackPop()\nexten => s,2,NoOp()\nexten => s,3,Return(x)";
    assert_eq!(way(plan), "s,2 s,3");
    assert_eq!(text(&play(plan, "").steps[3].arguments), "");
}

#[test]
fn mset_protects_an_equals_sign_and_set_does_not() {
    let ran = play(
        "same => n,MSet(HASH(h,a=b)=1,x=y=z,\"p\"=q)\nsame => n,NoOp(${HASH(h,a=b)}|${x}|${p})",
        "",
    );
    assert_eq!(text(&ran.steps[2].arguments), "1|y=z|q");
}

#[test]
fn the_hundredth_argument_of_gosub_takes_the_rest() {
    let many: Vec<String> = (1..=102).map(|n| n.to_string()).collect();
    let plan = format!(
        "same => n,Gosub(sub,1({}))\nexten => sub,1,NoOp(${{ARGC}} ${{ARG100}})",
        many.join(",")
    );
    let ran = play(&plan, "");
    assert_eq!(text(&ran.steps[2].arguments), "100 100,101,102");
}
