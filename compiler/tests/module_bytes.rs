//! The bytes of a module: they come back as they were written, damage is refused, and whatever passes verification cannot make the
//! machine panic.
#![allow(clippy::unwrap_used)]

mod world;

use proptest::prelude::*;
use std::sync::Arc;
use strowger_compiler::{Options, Sources, compile};
use strowger_vm::effect::Answer;
use strowger_vm::{
    BadModule, Entry, Interrupt, Limits, Module, Origin, Party, Place, Reply, Run, State, Step, Vm,
};
use world::World;

/// Every kind of instruction, entry, include and option once.
const PLAN: &str = "\
#include \"count.dial\"
[general]
autofallthrough=no
[main]
exten => s,1,NoOp(${EXTEN:1:2} ${CUT(list,-,${n})} $[${a} + 1] ${${v}} plain)
same => n(top),Set(i=$[${i}+1])
same => n,Gosub(sum,s,1(${i},12))
same => n,GotoIf($[${i}<3]?top)
same => n,Gosub(sub,s,1(${CALLERID(num)},${DB(a/b)}))
same => n,While($[${i} < 5])
same => n,Set(i=$[${i}+1])
same => n,EndWhile()
same => n,Dial(SIP/${EXTEN}&PJSIP/x,10,tL(5000))
same => n,WaitExten(2)
exten => _[1-3]X.,1,NoOp(${EXTEN})
exten => _9!,1,Playback(a&b)
exten => 100/555,1,Hangup(17)
exten => 100,hint,SIP/100
exten => h,1,Set(DB(a/b)=${HANGUPCAUSE})
exten => i,1,NoOp(${INVALID_EXTEN})
exten => t,1,Hangup()
include => day,9:00-17:00,mon-fri,*,*
include => sub
switch => Realtime/x
[day]
exten => _.,1,Exec(NoOp(${EVAL(${x})}))
[sub]
exten => s,1,Set(LOCAL(x)=${ARG1})
same => n,Return(${x})
";

/// Functions in typed code.
const FUNCTIONS: &str = "\
fn sum(first: Int, to: Int) -> Int {
  var all = 0
  var n = first
  while n <= to and all < 1000000000000 {
    all = all + weight(n, n % 2 == 0)
    n = n + 1
  }
  all
}
fn weight(n: Int, even: Bool) -> Int {
  if even { return n * n }
  match n {
    1 -> 7
    _ -> -n / 2
  }
}
";

fn module(plan: &str) -> Arc<Module> {
    let mut sources = Sources::plan(plan);
    sources.add("count.dial", FUNCTIONS.as_bytes().to_vec());
    let compiled = compile(&sources, &Options::default());
    let module = compiled.module.unwrap();
    assert_eq!(module.functions().len(), 2);
    module
}

#[test]
fn a_module_comes_back_from_its_bytes() {
    let mut module = (*module(PLAN)).clone();
    let origin = Origin {
        compiler: b"1.2".to_vec(),
        sources: vec![(b"extensions.conf".to_vec(), [7; 20])],
        globals: vec![(b"TRUNK".to_vec(), b"PJSIP/out".to_vec())],
        clear_globals: true,
    };
    module.stamp(origin.clone());
    let bytes = module.write();
    let again = Module::read(&bytes).unwrap();
    assert_eq!(*again.origin(), origin);
    assert_eq!(
        again.hint(b"main", b"100"),
        Some((&b"SIP/100"[..], &b""[..]))
    );
    assert_eq!(again.write(), bytes);
    assert_eq!(again.disassemble(), module.disassemble());
}

#[test]
fn other_files_and_other_versions_are_told() {
    let mut bytes = module(PLAN).write();
    assert_eq!(Module::read(b"[general]\n").unwrap_err(), BadModule::Magic);
    bytes[8] = 200;
    assert_eq!(Module::read(&bytes).unwrap_err(), BadModule::Version(200));
    let whole = module(PLAN).write();
    for n in 0..whole.len() {
        assert!(Module::read(&whole[..n]).is_err(), "cut after {n} bytes");
        // The same without the help of the checksum.
        let mut cut = whole[..n].to_vec();
        Module::seal(&mut cut);
        assert!(Module::read(&cut).is_err(), "cut after {n} bytes, sealed");
        let mut altered = whole.clone();
        altered[n] ^= 0x20;
        assert!(Module::read(&altered).is_err(), "byte {n} altered");
    }
}

#[test]
fn the_code_of_a_plan() {
    insta::assert_snapshot!(module(PLAN).disassemble());
}

#[test]
fn the_instruction_set() {
    insta::assert_snapshot!(strowger_vm::instruction_set());
}

/// What a driver may answer, sensible or not.
fn reply(n: u8) -> Reply {
    let r = match n % 8 {
        0 => Reply::done(),
        1 => Reply::value(vec![n; usize::from(n)]),
        2 => Reply::with(Answer::Digit(b"0123456789*#"[usize::from(n) % 12])),
        3 => Reply::with(Answer::Stop),
        4 => Reply::with(Answer::Gone),
        5 => Reply::with(Answer::Jump(Place::new(
            "main",
            if n > 100 { "s" } else { "123" },
            u32::from(n) % 5,
        ))),
        6 => Reply::with(Answer::Unserved),
        _ => Reply::done()
            .set("DIALSTATUS", "BUSY")
            .set("i", "1")
            .state(State::Up),
    };
    if n > 200 { r.cause(u16::from(n)) } else { r }
}

/// Runs a module with arbitrary answers for a while.
fn drive(module: &Arc<Module>, answers: &[u8]) {
    let limits = Limits {
        fuel: 2_000,
        refills: 3,
        ..Limits::default()
    };
    let mut world = World::default();
    for (exten, run) in [("s", 0), ("123", 0), ("100", 1), ("s", 2), ("s", 3)] {
        let place = Place::new("main", exten, 1);
        let run = match run {
            0 => Run::Call(place),
            1 => Run::Message(place),
            2 => Run::Sub(place, vec![b"1".to_vec(), b"2".to_vec()]),
            _ => Run::Eval {
                place,
                before: vec![b"Set(a=${DB(x/y)})".to_vec()],
                text: b"${CUT(a,-,1)} $[${a}*2]".to_vec(),
            },
        };
        let mut vm = Vm::new(limits);
        let party = Party {
            caller: strowger_vm::Identity::new("n", "555"),
            ..Party::default()
        };
        let mut step = vm.start(
            module,
            &world.inputs(),
            Entry {
                party,
                variables: Vec::new(),
                run,
            },
        );
        for n in answers {
            world.now.0 += 300_000;
            match n % 31 {
                7 => vm.interrupt(Interrupt::Hangup { cause: 16 }),
                8 => vm.interrupt(Interrupt::AbsoluteTimeout),
                9 => vm.interrupt(Interrupt::Redirect(Place::new("sub", "s", 1))),
                _ => {}
            }
            step = match step {
                Step::Effect(_) if n % 13 == 0 => vm.call(
                    module,
                    &world.inputs(),
                    Place::new("sub", "s", 1),
                    vec![vec![*n]],
                ),
                Step::Effect(_) | Step::OutOfFuel => vm.resume(module, &world.inputs(), reply(*n)),
                Step::Returned(_) => vm.resume(module, &world.inputs(), reply(*n)),
                Step::Done(_) | Step::Fault(_) => break,
            };
            vm.take_trace();
            vm.variables();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_answers_never_panic(answers in proptest::collection::vec(any::<u8>(), 0..60)) {
        drive(&module(PLAN), &answers);
    }

    #[test]
    fn what_passes_verification_never_panics(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        answers in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = module(PLAN).write();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        Module::seal(&mut bytes);
        if let Ok(module) = Module::read(&bytes).map(Arc::new) {
            drive(&module, &answers);
            module.disassemble();
        }
    }
}
