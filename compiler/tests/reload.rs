//! A plan that is replaced while a call runs (DL-283): the call goes on by name and number, and keeps what it has.
#![allow(clippy::unwrap_used)]

mod world;

use std::sync::Arc;

use strowger_vm::effect::Answer;
use strowger_vm::{
    Effect, Ending, Inputs, Interrupt, Limits, Module, Place, Reply, Step, Trace, Vm,
};
use world::{call, module, text};

/// A call on which plans are tried out.
struct Call {
    vm: Vm,
    step: Step,
    /// `priority:arguments` of each step so far.
    said: Vec<String>,
}

impl Call {
    /// Runs `main,s,1` to its first effect.
    fn begin(plan: &str) -> Call {
        let mut vm = Vm::new(Limits::default());
        let step = vm.start(&module(plan), &Inputs::default(), call("main", "s", 1));
        let mut call = Call {
            vm,
            step,
            said: Vec::new(),
        };
        call.listen();
        call
    }

    fn listen(&mut self) {
        for t in self.vm.take_trace() {
            if let Trace::Step(s) = t {
                self.said
                    .push(format!("{}:{}", s.priority, text(&s.arguments)));
            }
        }
    }

    /// Answers the open effect while this is the plan; gives what was said since.
    fn answer(&mut self, plan: &Arc<Module>, reply: Reply) -> String {
        assert!(
            matches!(self.step, Step::Effect(_) | Step::OutOfFuel),
            "{:?}",
            self.step
        );
        self.said.clear();
        self.step = self.vm.resume(plan, &Inputs::default(), reply);
        self.listen();
        self.said.join(" ")
    }

    /// The same for one that is simply done.
    fn goes_on(&mut self, plan: &str) -> String {
        self.answer(&module(plan), Reply::done())
    }

    fn why(&self) -> Ending {
        match &self.step {
            Step::Done(outcome) => outcome.why,
            other => panic!("{other:?}"),
        }
    }
}

const WAITS: &str = "[main]\nexten => s,1,NoOp(old)\nsame => n,Wait(5)\nsame => n,NoOp(old 3)\nsame => n,NoOp(old 4)\n";

#[test]
fn a_call_goes_on_at_the_next_number_of_the_new_text() {
    let mut call = Call::begin(WAITS);
    let new = "[main]\nexten => s,1,NoOp(new)\nsame => n,NoOp(new 2)\nsame => n,NoOp(new 3)\n";
    assert_eq!(call.goes_on(new), "3:new 3");
    assert_eq!(call.why(), Ending::FellThrough);
}

#[test]
fn a_plan_that_stays_changes_nothing() {
    let mut call = Call::begin(WAITS);
    assert_eq!(call.goes_on(WAITS), "3:old 3 4:old 4");
}

#[test]
fn what_is_gone_is_dealt_with_as_any_number_that_does_not_exist() {
    let gone = |plan: &str| {
        let mut call = Call::begin(WAITS);
        (call.goes_on(plan), call.why())
    };
    let invalid = "[main]\nexten => i,1,NoOp(i ${INVALID_EXTEN})\n";
    assert_eq!(gone(invalid), ("1:i s".into(), Ending::FellThrough));
    let error = "[main]\nexten => e,1,NoOp(e ${EXCEPTION(reason)})\n";
    assert_eq!(gone(error), ("1:e INVALID".into(), Ending::FellThrough));
    assert_eq!(
        gone("[main]\nexten => 1,1,NoOp()\n"),
        (String::new(), Ending::NoWay)
    );
    assert_eq!(
        gone("[other]\nexten => s,3,NoOp()\n"),
        (String::new(), Ending::NoWay)
    );
    // The extension is there, but ends before: it falls through.
    assert_eq!(
        gone("[main]\nexten => s,1,NoOp()\nexten => h,1,NoOp(h)\n"),
        ("1:h".into(), Ending::FellThrough)
    );
    // Another pattern and an include have the number.
    let elsewhere =
        "[main]\ninclude => x\nexten => s,1,NoOp()\n[x]\nexten => _[s],3,NoOp(x ${CONTEXT})\n";
    assert_eq!(gone(elsewhere), ("3:x main".into(), Ending::FellThrough));
}

#[test]
fn variables_keep_values_marks_and_order_whatever_slots_they_have() {
    let old = "[main]\nexten => s,1,Set(a=1)\nsame => n,Set(_b=2)\nsame => n,Set(__c=3)\nsame => n,Set(empty=)\nsame => n,Set(d=4)\n\
               same => n,Wait(1)\n";
    // Mentions some names only, in another order, and new ones.
    let new = "[main]\nexten => s,7,NoOp(${new1}|${c}|${new2}|${a}|${new3})\nsame => n,Set(new2=x)\nsame => n,Dial(SIP/x)\n";
    let mut call = Call::begin(old);
    assert_eq!(call.goes_on(new), "7:|3||1| 8:new2=x 9:SIP/x");
    let Step::Effect(Effect::Dial(dial)) = &call.step else {
        panic!("{:?}", call.step)
    };
    let inherited: Vec<_> = dial
        .inherited
        .iter()
        .map(|(n, v)| format!("{}={}", text(n), text(v)))
        .collect();
    assert_eq!(inherited, ["b=2", "__c=3"]);
    // And back, with what the new one has set.
    let again =
        "[main]\nexten => s,10,NoOp(${a}${b}${c}${d}|${empty}|${new2})\nsame => n,Wait(1)\n";
    assert_eq!(call.goes_on(again), "10:1234||x 11:1");
    let names: Vec<_> = call
        .vm
        .variables()
        .into_iter()
        .map(|(n, _)| text(&n))
        .collect();
    assert_eq!(names[..6], ["a", "b", "c", "empty", "d", "new2"]);
}

#[test]
fn an_empty_variable_still_hides_the_global() {
    let inputs = Inputs {
        globals: Arc::new(strowger_vm::Globals(
            [(b"g".to_vec(), b"G".to_vec())].into(),
        )),
        ..Inputs::default()
    };
    let mut vm = Vm::new(Limits::default());
    vm.start(
        &module("[main]\nexten => s,1,Set(g=)\nsame => n,Wait(1)\n"),
        &inputs,
        call("main", "s", 1),
    );
    vm.take_trace();
    vm.resume(
        &module("[main]\nexten => s,3,NoOp(<${g}>)\n"),
        &inputs,
        Reply::done(),
    );
    let said = vm.take_trace().into_iter().find_map(|t| match t {
        Trace::Step(s) => Some(text(&s.arguments)),
        _ => None,
    });
    assert_eq!(said.unwrap(), "<>");
}

#[test]
fn subroutines_give_back_what_they_hid_and_return_into_the_new_text() {
    let old = "[main]\nexten => s,1,Set(v=mine)\nsame => n,Gosub(sub,1(a,b))\nsame => n,NoOp(old)\n\
               exten => sub,1,Set(LOCAL(v)=theirs)\nsame => n,Set(LOCAL(only)=here)\nsame => n,Wait(1)\nsame => n,Return(old)\n";
    let new = "[main]\nexten => s,3,NoOp(${x1}${x2}<${v}> <${only}> <${ARG1}> ${GOSUB_RETVAL})\n\
               exten => sub,4,NoOp(${only} ${v} ${ARG1} ${ARG2} ${ARGC} ${LOCAL(v)} ${STACK_PEEK(1,e)})\nsame => n,Return(new)\n";
    let mut call = Call::begin(old);
    assert_eq!(
        call.goes_on(new),
        "4:here theirs a b 2 theirs s 5:new 3:<mine> <> <> new"
    );
}

#[test]
fn a_subroutine_returns_into_a_plan_that_mentions_none_of_its_names() {
    let old = "[main]\nexten => s,1,Set(v=mine)\nsame => n,Gosub(sub,1(a))\nexten => sub,1,Set(LOCAL(v)=theirs)\nsame => n,Wait(1)\n";
    let mut call = Call::begin(old);
    // `v` and `ARG1` live outside the slots here, and come back into them.
    call.goes_on("[main]\nexten => s,3,Wait(1)\nexten => sub,3,Return()\n");
    assert_eq!(call.vm.variable(b"v").as_deref(), Some(&b"mine"[..]));
    assert_eq!(call.vm.variable(b"ARG1"), None);
    assert_eq!(
        call.goes_on("[main]\nexten => s,4,NoOp(${ARG1}<${v}>)\n"),
        "4:<mine>"
    );
}

#[test]
fn loops_keep_their_state() {
    let old = "[main]\nexten => s,1,Set(i=0)\nsame => n,While($[${i} < 3])\nsame => n,Set(i=$[${i} + 1])\nsame => n,Wait(1)\nsame => n,EndWhile()\n\
               same => n,NoOp(old end)\n";
    let new = "[main]\nexten => s,1,NoOp(${pad})\nsame => n,While($[${i} < 3])\nsame => n,Set(i=$[${i} + 1])\nsame => n,Wait(1)\nsame => n,EndWhile()\n\
               same => n,NoOp(new end ${i})\n";
    let mut call = Call::begin(old);
    assert_eq!(call.goes_on(new), "5: 2:1 3:i=2 4:1");
    let same = module(new);
    assert_eq!(call.answer(&same, Reply::done()), "5: 2:1 3:i=3 4:1");
    assert_eq!(call.answer(&same, Reply::done()), "5: 2:0 6:new end 3");
}

#[test]
fn a_while_whose_condition_waits_looks_for_its_end_in_the_new_text() {
    let old = "[main]\nexten => s,1,While(${DB(a/b)})\nsame => n,NoOp(body)\nsame => n,EndWhile()\nsame => n,NoOp(old)\n";
    let new = "[main]\nexten => s,1,While(new)\nsame => n,NoOp(body)\nsame => n,NoOp(longer)\nsame => n,EndWhile()\nsame => n,NoOp(new)\n";
    let mut call = Call::begin(old);
    assert_eq!(call.answer(&module(new), Reply::value("0")), "1:0 5:new");
}

#[test]
fn the_step_whose_arguments_are_being_computed_finishes_as_it_was_written() {
    let old = "[main]\nexten => s,1,Set(a=1)\nsame => n,Goto(x${DB(f/k)}y${a},1)\nexten => x7y1,1,NoOp(old)\n";
    let new = "[main]\nexten => s,1,NoOp(${p}${q}${r})\nsame => n,Goto(never,1)\nexten => x7y1,1,NoOp(new ${a})\n";
    let mut call = Call::begin(old);
    assert_eq!(
        call.answer(&module(new), Reply::value("7")),
        "2:x7y1,1 1:new 1"
    );
}

#[test]
fn labels_are_those_of_the_new_text_even_for_a_step_that_has_begun() {
    let old = "[main]\nexten => s,1,Goto(${DB(f/k)})\nsame => n(there),NoOp(old)\n";
    let new = "[main]\nexten => s,1,NoOp()\nsame => n,NoOp(never)\nsame => n(there),NoOp(new)\n";
    let mut call = Call::begin(old);
    assert_eq!(
        call.answer(&module(new), Reply::value("there")),
        "1:there 3:new"
    );
}

#[test]
fn digits_are_asked_of_the_new_text() {
    let old =
        "[main]\nexten => s,1,WaitExten(5)\nexten => 1,1,NoOp(old)\nexten => 12,1,NoOp(old)\n";
    let mut call = Call::begin(old);
    let new = module("[main]\nexten => 1,1,NoOp(new)\n");
    assert_eq!(call.answer(&new, Reply::with(Answer::Digit(b'1'))), "1:new");
}

#[test]
fn h_and_hangup_handlers_are_those_of_the_new_text() {
    let old = "[main]\nexten => s,1,Set(CHANNEL(hangup_handler_push)=bye,s,1(x))\nsame => n,Set(v=1)\nsame => n,Wait(5)\n\
               exten => h,1,NoOp(old h)\n[bye]\nexten => s,1,NoOp(old bye)\nsame => n,Return()\n";
    let new = "[main]\nexten => h,1,NoOp(new h ${w}${v})\n[bye]\nexten => s,1,NoOp(new bye ${ARG1}${v})\nsame => n,Return()\n";
    let mut call = Call::begin(old);
    call.vm.interrupt(Interrupt::Hangup { cause: 16 });
    let gone = Reply::with(Answer::Gone);
    assert_eq!(call.answer(&module(new), gone), "1:new h 1 1:new bye x1 2:");
    assert_eq!(call.why(), Ending::HungUp);
}

#[test]
fn a_reload_while_h_waits() {
    let old = "[main]\nexten => s,1,Hangup()\nexten => h,1,NoOp(${DB(a/b)})\nsame => n,NoOp(old)\n";
    let new = "[main]\nexten => h,1,NoOp()\nsame => n,NoOp(new)\n";
    let mut call = Call::begin(old);
    assert_eq!(call.answer(&module(new), Reply::value("v")), "1:v 2:new");
}

#[test]
fn a_redirect_that_came_with_the_new_plan_leads_into_it() {
    let mut call = Call::begin(WAITS);
    call.vm
        .interrupt(Interrupt::Redirect(Place::new("other", "9", 1)));
    assert_eq!(
        call.goes_on("[other]\nexten => 9,1,NoOp(there)\n"),
        "1:there"
    );
}

#[test]
fn a_subroutine_of_the_driver_runs_in_the_new_text_and_the_call_goes_on_there() {
    let mut call =
        Call::begin("[main]\nexten => s,1,Set(v=1)\nsame => n,Dial(SIP/x)\nsame => n,NoOp(old)\n");
    let new = module(
        "[main]\nexten => s,3,NoOp(new ${v}${w})\n[pre]\nexten => s,1,Set(w=${ARG1})\nsame => n,Return(${v})\n",
    );
    let args = vec![b"me".to_vec()];
    let returned = call
        .vm
        .call(&new, &Inputs::default(), Place::new("pre", "s", 1), args);
    assert_eq!(returned, Step::Returned(b"1".to_vec()));
    call.vm.take_trace();
    assert_eq!(call.answer(&new, Reply::done()), "3:new 1me");
}

#[test]
fn a_subroutine_inside_a_half_computed_argument_keeps_the_call_where_it_is() {
    // The arguments of s,1 are half computed as long as the subroutine runs: all of it is old, what follows is new.
    let old = "[main]\nexten => s,1,NoOp(<${EVAL_SUB(sub,s,1)}>)\nsame => n,NoOp(old)\n\
               [sub]\nexten => s,1,Wait(1)\nsame => n,Return(old sub)\n";
    let new =
        "[main]\nexten => s,2,NoOp(new)\n[sub]\nexten => s,1,Wait(1)\nsame => n,Return(new sub)\n";
    let mut call = Call::begin(old);
    assert!(
        matches!(call.step, Step::Effect(Effect::Wait { .. })),
        "{:?}",
        call.step
    );
    assert_eq!(call.goes_on(new), "2:old sub 1:<old sub> 2:new");
}

#[test]
fn an_endless_loop_is_found_in_either_plan_and_leaves_when_the_new_one_lets_it() {
    let mut vm = Vm::new(Limits {
        fuel: 500,
        refills: 20,
        ..Limits::default()
    });
    let old = module("[main]\nexten => s,1,Set(i=$[${i} + 1])\nsame => n,Goto(1)\n");
    let inputs = Inputs::default();
    let mut step = vm.start(&old, &inputs, call("main", "s", 1));
    for _ in 0..5 {
        assert_eq!(step, Step::OutOfFuel);
        step = vm.resume(&old, &inputs, Reply::done());
    }
    let new = module("[main]\nexten => s,1,NoOp(${i})\nsame => n,Hangup()\n");
    step = vm.resume(&new, &inputs, Reply::done());
    assert!(matches!(step, Step::Done(_)), "{step:?}");
}

#[test]
fn a_plan_for_another_asterisk_is_not_for_calls_that_run() {
    let sources = strowger_compiler::source::Sources::plan("[main]\nexten => s,3,NoOp(new)\n");
    let options = strowger_compiler::Options {
        dialect: strowger_stdlib::Dialect::named("13").unwrap(),
        ..strowger_compiler::Options::default()
    };
    let new = strowger_compiler::compile(&sources, &options)
        .module
        .unwrap();
    let mut call = Call::begin(WAITS);
    assert_eq!(call.answer(&new, Reply::done()), "3:old 3 4:old 4");
}

#[test]
fn memory_is_counted_the_same_after_any_number_of_moves() {
    // Each plan knows other names, so each move carries everything.
    let plan = |n: u32| {
        module(&format!(
            "[main]\nexten => s,1,Set(big=${{big}}x)\nsame => n,Set(LOCAL(v{n})=${{v{n}}})\nsame => n,Wait(1)\nsame => n,Goto(s,1)\n"
        ))
    };
    let mut vm = Vm::new(Limits {
        memory: 4_000,
        ..Limits::default()
    });
    let inputs = Inputs::default();
    let plans = [plan(1), plan(2), plan(3)];
    let mut step = vm.start(&plans[0], &inputs, call("main", "s", 1));
    for n in 1..500 {
        assert!(
            matches!(step, Step::Effect(Effect::Wait { .. })),
            "{n}: {step:?}"
        );
        vm.take_trace();
        step = vm.resume(&plans[n % 3], &inputs, Reply::done());
    }
    assert_eq!(vm.variable(b"big").unwrap().len(), 500);
}

#[test]
fn quick_code_that_ran_out_of_fuel_goes_on_in_the_new_text_wherever_it_stopped() {
    let old = module(
        "[main]\nexten => s,1(top),Set(i=$[${i} + 1])\nsame => n,Set(j=${i})\nsame => n,Goto(top)\n",
    );
    // Code of other steps stands where that of the old one stood.
    let mut lines = "[main]\n".to_owned();
    for n in 1..30 {
        lines.push_str(&format!("exten => a,{n},Set(i=$[${{i}} + 1000])\n"));
    }
    for n in 1..4 {
        lines.push_str(&format!("exten => s,{n},Set(good=$[${{i}} + {n}])\n"));
    }
    let new = module(&lines);
    let inputs = Inputs::default();
    for fuel in 1..200 {
        let mut vm = Vm::new(Limits {
            fuel,
            ..Limits::default()
        });
        vm.trace_steps(false);
        let mut entry = call("main", "s", 1);
        entry.variables.push((b"i".to_vec(), b"0".to_vec()));
        assert_eq!(vm.start(&old, &inputs, entry), Step::OutOfFuel);
        let mut step = vm.resume(&new, &inputs, Reply::done());
        while step == Step::OutOfFuel {
            step = vm.resume(&new, &inputs, Reply::done());
        }
        assert!(matches!(step, Step::Done(_)), "{fuel}: {step:?}");
        let i: u32 = text(&vm.variable(b"i").unwrap()).parse().unwrap();
        assert!(i < 1_000, "{fuel}: {i}");
    }
}

#[test]
fn hints_are_those_of_the_new_text() {
    let mut call = Call::begin(WAITS);
    let new = "[main]\nexten => 100,hint,SIP/61&SIP/62(Desk)\nexten => s,3,NoOp(${HINT(100@main)} ${HINT(100@main,n)})\n";
    assert_eq!(call.goes_on(new), "3:SIP/61&SIP/62 Desk");
}
