//! Machine code does what typed code does: the same results, the same fuel, the same ends, wherever the fuel runs out.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used)]

#[path = "../../compiler/tests/functions/mod.rs"]
mod functions;

use std::sync::Arc;

use functions::{ARGUMENTS, FUNCTIONS, Writer, module};
use strowger_vm::typed::Exit;
use strowger_vm::{Entry, Inputs, Limits, Module, Party, Place, Reply, Step, Text, Vm};

const PROGRAMS: u64 = 60;

/// What can be seen of a call that runs with little fuel at a time.
fn run(module: &Arc<Module>, exten: &str, variables: &[(Text, Text)], fuel: u32) -> Seen {
    let mut vm = Vm::new(Limits {
        fuel,
        refills: 400,
        ..Limits::default()
    });
    vm.trace_steps(false);
    let mut entry = Entry::call(Party::default(), Place::new("calls", exten, 1));
    entry.variables = variables.to_vec();
    let inputs = Inputs::default();
    let mut step = vm.start(module, &inputs, entry);
    let mut times = 0;
    while step == Step::OutOfFuel {
        times += 1;
        step = vm.resume(module, &inputs, Reply::done());
    }
    Seen {
        step,
        times,
        variables: vm.variables(),
    }
}

#[derive(Debug, PartialEq)]
struct Seen {
    step: Step,
    times: usize,
    variables: Vec<(Text, Text)>,
}

#[test]
fn machine_code_and_typed_code_agree() {
    let (mut done, mut spent, mut gave_up) = (0, 0, 0);
    for seed in 1..=PROGRAMS {
        let text = Writer::program(seed.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let Ok(words) = module(&text) else {
            continue;
        };
        let native = Arc::new((*words).clone());
        strowger_native::prepare(&native).unwrap();
        for n in 0..FUNCTIONS {
            for arguments in ARGUMENTS {
                let arguments: Vec<Text> =
                    arguments.iter().map(|a| a.as_bytes().to_vec()).collect();
                for fuel in [1, 20, 100, 10_000] {
                    let [mut left, mut other] = [fuel; 2];
                    let one = words.compute(n, &arguments, &mut left, false);
                    let two = native.compute(n, &arguments, &mut other, true);
                    assert_eq!(
                        (one, left),
                        (two, other),
                        "f{n} {arguments:?} {fuel}\n{text}\n{}",
                        words.disassemble()
                    );
                    match one {
                        Some(Exit::Done(_)) => done += 1,
                        Some(Exit::Spent) => spent += 1,
                        Some(Exit::GaveUp) => gave_up += 1,
                        None => break,
                    }
                }
                let names = [b"a", b"b", b"d", b"t"].map(|n| n.to_vec());
                let variables: Vec<_> = names.into_iter().zip(arguments).collect();
                for fuel in [9, 60] {
                    let one = run(&words, &n.to_string(), &variables, fuel);
                    let two = run(&native, &n.to_string(), &variables, fuel);
                    assert_eq!(one, two, "f{n} {variables:?} {fuel}\n{text}");
                }
            }
        }
    }
    assert!(
        done > 1_000 && spent > 1_000 && gave_up > 500,
        "{done} {spent} {gave_up}"
    );
}

const LOOPS: &str = "\
fn f0(a: Int, b: Int, d: Duration, t: Bool) -> Int {
  var sum = 0
  var n = 0
  while n < a {
    n = n + 1
    if n % 3 == 0 { continue }
    sum = sum + deep(n % 5)
  }
  sum
}
fn f1(a: Int, b: Int, d: Duration, t: Bool) -> Bool { f0(a, b, d, t) == b }
fn f2(a: Int, b: Int, d: Duration, t: Bool) -> Duration {
  var left = d
  while left > 1s { left = left / 2 }
  left
}
fn f3(a: Int, b: Int, d: Duration, t: Bool) -> Int {
  var x = a
  while t or x >= 0 { x = x * 3 + b }
  x
}
fn deep(n: Int) -> Int {
  if n == 0 { return 1 }
  deep(n - 1) + n
}
";

#[test]
fn loops_calls_and_ends() {
    let words = module(LOOPS).unwrap();
    let native = Arc::new((*words).clone());
    // Five functions, and the loop of one whose priorities have typed code, too.
    assert_eq!(strowger_native::prepare(&native).unwrap(), 6);
    let named = |values: [&str; 4]| -> Vec<(Text, Text)> {
        let names = ["a", "b", "d", "t"].map(|n| n.as_bytes().to_vec());
        let values = values.map(|v| v.as_bytes().to_vec());
        names.into_iter().zip(values).collect()
    };
    for (exten, arguments) in [
        ("0", ["500", "0", "0", "0"]),
        ("1", ["50", "0", "0", "0"]),
        ("2", ["0", "0", "4096", "0"]),
        // Half a second: the priorities know.
        ("2", ["0", "0", "4097", "0"]),
        // Too large.
        ("3", ["5", "7", "0", "1"]),
        // Without end.
        ("3", ["0", "0", "0", "1"]),
    ] {
        for fuel in [1, 11, 1_000, 100_000] {
            let one = run(&words, exten, &named(arguments), fuel);
            let two = run(&native, exten, &named(arguments), fuel);
            assert_eq!(one, two, "{exten} {arguments:?} {fuel}");
        }
    }
}

#[test]
fn machine_code_is_shown_with_its_lines() {
    let module = module(LOOPS).unwrap();
    let text = strowger_native::show(&module).unwrap();
    // The loop of `f0`, and the calls of it and of `deep`.
    for line in [4, 5, 6, 7, 11, 14, 19, 24] {
        let line = format!("functions.dial:{line}\n");
        assert!(text.contains(&line), "{line}\n{text}");
    }
    assert!(text.starts_with("f0    ; "), "{text}");
}

#[test]
fn code_is_dropped_with_its_module() {
    for _ in 0..50 {
        let module = Module::clone(&module(LOOPS).unwrap());
        strowger_native::prepare(&module).unwrap();
        assert!(module.is_native());
        let arguments: Vec<Text> = ["9", "0", "0", "0"].map(|a| a.as_bytes().to_vec()).into();
        let result = module.compute(0, &arguments, &mut 1_000, true);
        assert!(matches!(result, Some(Exit::Done(_))), "{result:?}");
    }
}
