//! Plans made of random pieces, run with random answers: nothing panics, and everything ends.
#![allow(clippy::unwrap_used)]

mod world;

use proptest::prelude::*;
use strowger_stdlib::signatures;
use strowger_vm::effect::Answer;
use strowger_vm::{Limits, Reply, Step, Vm};
use world::{World, call, module};

/// Text in which the readers of the language find something to read.
fn argument() -> impl Strategy<Value = String> {
    let functions: Vec<String> = signatures::functions()
        .iter()
        .map(|f| format!("${{{}(", f.name))
        .collect();
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "${a}", "${b:1:2}", "${EXTEN}", "$[", "${", "]", "}", "(", ")", ",", "?", ":", "=", "\"", "\\", "|", "&", "^", "%", "~", "-",
            "+", "*", "/", "<", "a", "b", "s", "h", "1", "2", "-1", "99999999999", "0.5", " ", "1,2", "s,1", "top", "GOSUB(", "_a=1",
            "${${a}}", "x(y)", "é", "$", "${EVAL(${a})}", "${a:-1}", "=~", "::", "[0-9]+", "NoOp(", "Set(a=", "LOCAL(a)=", "1?", "IFTIME",
        ]).prop_map(str::to_owned),
        2 => prop::sample::select(functions),
        1 => "[ -~]{0,4}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|p| p.concat().replace(';', ""))
}

fn line() -> impl Strategy<Value = String> {
    let applications: Vec<String> = signatures::applications()
        .iter()
        .map(|a| a.name.to_owned())
        .collect();
    let common = prop::sample::select(vec![
        "Set",
        "NoOp",
        "Goto",
        "GotoIf",
        "Gosub",
        "GosubIf",
        "Return",
        "Exec",
        "ExecIf",
        "TryExec",
        "While",
        "EndWhile",
        "If",
        "EndIf",
        "MSet",
        "Dial",
        "Read",
        "WaitExten",
        "BackGround",
        "StackPop",
        "ExitWhile",
        "ContinueWhile",
        "Else",
        "ElseIf",
    ]);
    let name =
        prop_oneof![4 => common.prop_map(str::to_owned), 1 => prop::sample::select(applications)];
    (name, argument()).prop_map(|(name, argument)| format!("{name}({argument})"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn random_plans_end(lines in prop::collection::vec(line(), 1..12), sub in prop::collection::vec(line(), 1..4), answers in any::<[u8; 16]>()) {
        let mut plan = String::from("[main]\nexten => s,1(top),NoOp(begin)\n");
        for l in lines {
            plan.push_str(&format!("same => n,{l}\n"));
        }
        plan.push_str("exten => h,1,NoOp(${HANGUPCAUSE})\nexten => i,1,Hangup()\nexten => _X.,1,NoOp(${EXTEN})\nexten => a,1,NoOp()\n");
        for l in sub {
            plan.push_str(&format!("same => n,{l}\n"));
        }
        let module = module(&plan);
        let mut world = World::default();
        let limits = Limits { fuel: 5_000, refills: 4, effects: 300, memory: 1 << 18, ..Limits::default() };
        let mut vm = Vm::new(limits);
        let mut step = vm.start(&module, &world.inputs(), call("main", "s", 1));
        let mut rounds = 0;
        loop {
            rounds += 1;
            prop_assert!(rounds < 2_000);
            vm.take_trace();
            let n = answers[rounds % answers.len()];
            step = match step {
                Step::Effect(e) => {
                    let reply = match n % 5 {
                        0 => Reply::with(Answer::Digit(b'0' + n % 10)),
                        1 => Reply::value(vec![n; usize::from(n)]),
                        _ => world.perform(&mut vm, e),
                    };
                    vm.resume(&module, &world.inputs(), reply)
                }
                Step::OutOfFuel => vm.resume(&module, &world.inputs(), Reply::done()),
                Step::Done(_) | Step::Fault(_) => break,
                Step::Returned(_) => unreachable!("a call does not return"),
            };
        }
    }
}
