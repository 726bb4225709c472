//! What a step costs: a loop of arithmetic, a routing extension, a question to the world and back.

use std::sync::Arc;

use divan::{Bencher, black_box};
use strowger_vm::{
    Builder, ContextId, Effect, Entry, Inputs, Limits, Module, Options, Party, Place, Reply, State,
    Step, StepCode, StepHead, Vm,
};

fn main() {
    divan::main();
}

/// An application and what writes the code of its argument.
type Written<'a> = (&'a str, &'a dyn Fn(&mut StepCode));

/// Adds an entry whose steps are written as code.
fn entry(b: &mut Builder, c: ContextId, name: &str, steps: &[Written]) {
    let e = b.entry(c, name.as_bytes(), None);
    for (i, (application, code)) in steps.iter().enumerate() {
        let head = StepHead {
            priority: i as u32 + 1,
            application: application.as_bytes(),
            ..StepHead::default()
        };
        let mut step = b.step(e, &head);
        code(&mut step);
        step.run();
    }
}

fn call(module: &Arc<Module>, exten: &str) -> Vm {
    let party = Party {
        state: State::Up,
        ..Party::default()
    };
    let mut vm = Vm::new(Limits {
        fuel: u32::MAX,
        trace: 0,
        ..Limits::default()
    });
    let step = vm.start(
        module,
        &Inputs::default(),
        Entry::call(party, Place::new("c", exten, 1)),
    );
    assert!(matches!(step, Step::Done(_)), "{step:?}");
    vm
}

/// `Set(i=$[${i}+1])`, `GotoIf($[${i}<1000]?1)`: 2000 priorities.
#[divan::bench]
fn arithmetic_loop_of_2000_priorities(bencher: Bencher) {
    let mut b = Builder::new(Options::default());
    let c = b.context(b"c");
    entry(
        &mut b,
        c,
        "s",
        &[
            ("Set", &|s| {
                s.text(b"i=");
                s.variable(b"i");
                s.text(b"+1");
                s.join(1);
                s.expression();
            }),
            ("GotoIf", &|s| {
                s.variable(b"i");
                s.text(b"<1000");
                s.join(0);
                s.expression();
                s.text(b"?1");
            }),
        ],
    );
    let module = Arc::new(b.finish().expect("a module"));
    bencher.bench_local(|| {
        let mut vm = Vm::new(Limits {
            fuel: u32::MAX,
            trace: 0,
            ..Limits::default()
        });
        let mut first = Entry::call(Party::default(), Place::new("c", "s", 1));
        first.variables.push((b"i".to_vec(), b"0".to_vec()));
        black_box(vm.start(&module, &Inputs::default(), first))
    });
}

/// Eight priorities that cut, test and name.
#[divan::bench]
fn routing_extension(bencher: Bencher) {
    let mut b = Builder::new(Options::default());
    let c = b.context(b"c");
    entry(
        &mut b,
        c,
        "_X.",
        &[
            ("Set", &|s| {
                s.text(b"area=");
                s.variable(b"EXTEN");
                s.slice(strowger_stdlib::template::Slice {
                    offset: 0,
                    length: Some(3),
                });
            }),
            ("Set", &|s| {
                s.text(b"first=");
                s.text(b"list,-,1");
                s.call(b"CUT");
            }),
            ("Set", &|s| {
                s.text(b"list=a-b-c");
            }),
            ("GotoIf", &|s| {
                s.text(b"\"");
                s.variable(b"area");
                s.text(b"\" = \"030\"");
                s.join(0);
                s.expression();
                s.text(b"?5:6");
            }),
            ("NoOp", &|s| s.variable(b"area")),
            ("Set", &|s| {
                s.text(b"target=PJSIP/");
                s.variable(b"EXTEN");
                s.text(b"@trunk");
            }),
            ("Set", &|s| {
                s.text(b"length=");
                s.variable(b"EXTEN");
                s.call(b"LEN");
            }),
            ("NoOp", &|s| s.variable(b"target")),
        ],
    );
    let module = Arc::new(b.finish().expect("a module"));
    bencher.bench_local(|| black_box(call(&module, "03012345")));
}

/// Leaving with an effect and coming back.
#[divan::bench]
fn suspend_and_resume(bencher: Bencher) {
    let mut b = Builder::new(Options::default());
    let c = b.context(b"c");
    entry(
        &mut b,
        c,
        "s",
        &[("Ringing", &|_| {}), ("Goto", &|s| s.text(b"1"))],
    );
    let module = Arc::new(b.finish().expect("a module"));
    let limits = Limits {
        effects: u64::MAX,
        effects_per_second: u32::MAX,
        trace: 0,
        ..Limits::default()
    };
    let inputs = Inputs::default();
    let mut vm = Vm::new(limits);
    vm.start(
        &module,
        &inputs,
        Entry::call(Party::default(), Place::new("c", "s", 1)),
    );
    bencher.bench_local(|| {
        let step = vm.resume(&module, &inputs, Reply::done());
        assert!(matches!(step, Step::Effect(Effect::Ringing)));
    });
}
