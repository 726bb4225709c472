//! Loops of priorities in typed code do what the priorities do: the same variables in the same order, the same fuel, the same step
//! at every end, wherever the fuel runs out.
#![allow(clippy::unwrap_used)]

mod rounds;
mod ways;
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rounds::{Counter, VALUES, Writer, module, run};
use strowger_vm::{FaultKind, Interrupt, Module, Place, Step};
use ways::{Way, go};

const PROGRAMS: u64 = 120;

#[test]
fn typed_loops_and_priorities_agree() {
    let (mut loops, mut ended) = (0, 0);
    let counter = Arc::new(Counter::default());
    for seed in 1..=PROGRAMS {
        let plan = Writer::plan(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let module = module(&plan);
        loops += module.loops().len();
        module.set_native(counter.clone());
        for (n, values) in VALUES.iter().enumerate() {
            for fuel in [1, 2, 3, 5, 8, 13, 21, 34, 55, 100_000] {
                let fuel = fuel + u32::try_from(seed % 3).unwrap();
                let on = run(&module, values, fuel, true);
                let off = run(&module, values, fuel, false);
                assert_eq!(
                    on,
                    off,
                    "seed {seed}, values {n}, fuel {fuel}\n{plan}\n{}",
                    module.disassemble()
                );
                ended += usize::from(fuel > 100 && on.end.is_some());
            }
            let at = Place::new("main", "s", 1);
            let values: Vec<(&[u8], &[u8])> = values
                .iter()
                .map(|(n, v)| (n.as_bytes(), v.as_bytes()))
                .collect();
            let written = go(&module, &at, &values, Way::Written);
            for way in [Way::Whole, Way::Quick] {
                let seen = go(&module, &at, &values, way);
                assert!(
                    seen.agrees(&written),
                    "{way:?} seed {seed}\n{plan}\n{}\n{seen:#?}\n{written:#?}",
                    module.disassemble()
                );
            }
        }
    }
    let entered = counter.0.load(Ordering::Relaxed);
    println!("{loops} loops, entered {entered} times; {ended} runs to the end");
    assert!(
        loops > 80 && entered > 2_000 && ended > 400,
        "{loops} {entered} {ended}"
    );
}

/// Plans whose loops are as people write them.
const WHILE: &str = "\
[main]
exten => s,1,Set(I=0)
 same => n,Set(SUM=0)
 same => n,While($[${I} < ${TO}])
 same => n,Set(I=$[${I} + 1])
 same => n,GotoIf($[${I} % 3 = 0]?next)
 same => n,Set(SUM=$[${SUM} + ${I} * 2])
 same => n,NoOp(${I}: ${SUM})
 same => n(next),EndWhile()
 same => n,Verbose(${I} ${SUM})
exten => h,1,Verbose(h ${I})
";

const LABELS: &str = "\
[main]
exten => s,1,Set(I=0)
 same => n(top),Set(I=$[${I} + 1])
 same => n,Set(_SUM=$[${SUM} + ${I}])
 same => n,GotoIf($[${I} >= ${TO}]?done)
 same => n,Goto(top)
 same => n(done),Verbose(${I} ${SUM})
";

fn values(to: &'static str, sum: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![("TO", to), ("SUM", sum)]
}

#[test]
fn loops_as_they_are_written_have_typed_code() {
    for (plan, i, sum) in [(WHILE, "1000", "667334"), (LABELS, "1000", "500500")] {
        let module = module(plan);
        assert_eq!(module.loops().len(), 1, "{}", module.disassemble());
        let seen = run(&module, &values("1000", "0"), 1_000_000, true);
        let value = |name: &str| {
            let found = seen
                .variables
                .iter()
                .find(|(n, _)| n.trim_matches('_') == name);
            found.map(|(_, v)| v.clone()).unwrap()
        };
        assert_eq!((value("I"), value("SUM")), (i.to_owned(), sum.to_owned()));
    }
}

#[test]
fn a_loop_leaves_where_a_number_becomes_too_large() {
    let module = module(LABELS);
    let values = values("4", "999999999999999990");
    for fuel in [7, 100, 100_000] {
        let on = run(&module, &values, fuel, true);
        assert_eq!(on, run(&module, &values, fuel, false));
        let sum = on.variables.iter().find(|(n, _)| n == "_SUM").unwrap();
        assert_eq!(sum.1, "1e+18");
    }
}

/// Runs a loop without end until its fuel is spent for the third time, and then what `meanwhile` does.
fn endless(typed: bool, meanwhile: impl FnOnce(&mut strowger_vm::Vm)) -> (Step, Place, String) {
    let module: Arc<Module> = module(
        "[main]\nexten => s,1(top),Set(I=$[${I} + 1])\n same => n,GotoIf($[${I} > 0]?top)\nexten => h,1,NoOp()\n",
    );
    let mut vm = rounds::machine(1_000, typed);
    let mut step = rounds::start(&mut vm, &module, &[("I", "0")]);
    for _ in 0..2 {
        assert_eq!(step, Step::OutOfFuel);
        step = rounds::resume(&mut vm, &module);
    }
    meanwhile(&mut vm);
    while step == Step::OutOfFuel {
        step = rounds::resume(&mut vm, &module);
    }
    let i = vm.variable(b"I").unwrap();
    (step, vm.place().clone(), world::text(&i))
}

#[test]
fn a_hang_up_ends_a_loop_at_the_same_step() {
    let hang_up = |vm: &mut strowger_vm::Vm| vm.interrupt(Interrupt::Hangup { cause: 16 });
    let on = endless(true, hang_up);
    assert!(matches!(on.0, Step::Done(_)), "{on:?}");
    assert_eq!(on, endless(false, hang_up));
}

#[test]
fn a_loop_without_end_is_stopped_by_the_same_bound() {
    let on = endless(true, |_| {});
    let Step::Fault(fault) = &on.0 else {
        panic!("{on:?}")
    };
    assert_eq!(fault.kind, FaultKind::Fuel);
    assert_eq!(on, endless(false, |_| {}));
}

#[test]
fn a_variable_that_comes_into_being_in_a_loop_counts_for_the_bound_of_memory() {
    let plan = "[main]\nexten => s,1(top),Set(I=$[${I} + 1])\n same => n,Set(NEW=$[${I} * 2])\n same => n,GotoIf($[${I} < 9]?top)\n";
    let module = module(plan);
    for memory in (0..400).step_by(16) {
        let [on, off] = [true, false].map(|typed| {
            let mut vm = rounds::machine_with(100_000, typed, memory);
            let step = rounds::start(&mut vm, &module, &[("I", "0")]);
            (step, vm.place().clone(), vm.variables())
        });
        assert_eq!(on, off, "{memory}");
    }
}

#[test]
fn a_loop_is_kept_in_the_file_and_shown() {
    let plan = module(WHILE);
    let bytes = plan.write();
    let read = Module::read(&bytes).unwrap();
    assert_eq!(read.loops().len(), 1);
    assert_eq!(read.write(), bytes);
    insta::assert_snapshot!(read.disassemble());
}
