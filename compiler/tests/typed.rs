//! Functions in typed code do what their priorities do: the same results, the same faults, the same variables.
#![allow(clippy::unwrap_used)]

mod functions;
mod ways;
mod world;

use std::sync::Arc;

use functions::{ARGUMENTS, FUNCTIONS, Writer, module};
use strowger_vm::typed::Exit;
use strowger_vm::{FaultKind, Inputs, Interrupt, Limits, Module, Place, Reply, Step, Vm};
use ways::{Way, go};
use world::call;

const PROGRAMS: u64 = 100;

#[test]
fn typed_code_and_priorities_agree() {
    let (mut refused, mut answered, mut gave_up) = (0, 0, 0);
    for seed in 1..=PROGRAMS {
        let text = Writer::program(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let module = match module(&text) {
            Ok(module) => module,
            Err(why) => {
                refused += 1;
                assert!(why.contains(" D4") || why.contains(" D3"), "{why}\n{text}");
                continue;
            }
        };
        assert_eq!(module.functions().len(), FUNCTIONS, "{text}");
        for n in 0..FUNCTIONS {
            for arguments in ARGUMENTS {
                let variables: Vec<(&[u8], &[u8])> = [b"a", b"b", b"d", b"t"]
                    .into_iter()
                    .zip(arguments)
                    .map(|(n, v)| (&n[..], v.as_bytes()))
                    .collect();
                let at = Place::new("calls", n.to_string(), 1);
                let written = go(&module, &at, &variables, Way::Written);
                let whole = go(&module, &at, &variables, Way::Whole);
                let quick = go(&module, &at, &variables, Way::Quick);
                assert!(
                    quick.agrees(&written) && quick.agrees(&whole),
                    "f{n} {arguments:?} seed {seed}\n{text}\n{}\n{quick:#?}\n{written:#?}",
                    module.disassemble()
                );
                let arguments: Vec<Vec<u8>> =
                    arguments.iter().map(|a| a.as_bytes().to_vec()).collect();
                match module.compute(n, &arguments, &mut 10_000, false) {
                    Some(Exit::Done(value)) => {
                        answered += 1;
                        let result = written.variables.iter().find(|(n, _)| n == "GOSUB_RETVAL");
                        if written.end.is_some() {
                            assert_eq!(result.unwrap().1, value.to_string());
                        }
                    }
                    Some(Exit::GaveUp) | None => gave_up += 1,
                    Some(Exit::Spent) => {}
                }
            }
        }
    }
    println!("{refused} refused, {answered} answered, {gave_up} gave up");
    assert!(refused < PROGRAMS / 10, "{refused}");
    assert!(answered > 1_500 && gave_up > 500, "{answered} {gave_up}");
}

/// A module of these functions, and an extension for each call.
fn plan(functions: &str, calls: &[&str]) -> Arc<Module> {
    let mut plan = String::from("#include \"functions.dial\"\n[calls]\n");
    for (n, call) in calls.iter().enumerate() {
        plan += &format!("exten => {n},1,Gosub({call})\n same => n,NoOp(${{GOSUB_RETVAL}})\n");
    }
    let mut sources = strowger_compiler::Sources::plan(plan);
    sources.add("functions.dial", functions.as_bytes().to_vec());
    let compiled = strowger_compiler::compile(&sources, &strowger_compiler::Options::default());
    let errors = compiled.diagnostics.iter();
    let errors: Vec<_> = errors
        .filter(|d| d.level == strowger_compiler::Level::Error)
        .map(|d| (d.code, &d.message))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    compiled.module.unwrap()
}

fn result(vm: &Vm) -> Option<String> {
    vm.variable(b"GOSUB_RETVAL").map(|v| world::text(&v))
}

const COUNT: &str = "\
fn count(to: Int) -> Int {
  var n = 0
  while n < to { n = n + step(n) }
  n
}
fn step(n: Int) -> Int {
  if n % 2 == 0 { 1 } else { 3 - 2 }
}
fn deep(n: Int) -> Int {
  if n == 0 { return 0 }
  deep(n - 1) + 1
}
fn endless(n: Int) -> Int {
  var m = n
  while m < 2 { m = 1 - m }
  m
}
";

/// Runs a call with little fuel at a time; what it gave, and how often it ran out.
fn run(module: &Arc<Module>, exten: &str, fuel: u32, refills: u32) -> (Step, Vm, usize) {
    let mut vm = Vm::new(Limits {
        fuel,
        refills,
        ..Limits::default()
    });
    vm.trace_steps(false);
    let mut times = 0;
    let mut step = vm.start(module, &Inputs::default(), call("calls", exten, 1));
    while matches!(step, Step::OutOfFuel) {
        times += 1;
        step = vm.resume(module, &Inputs::default(), Reply::done());
    }
    (step, vm, times)
}

#[test]
fn a_call_goes_on_where_its_fuel_ended() {
    let module = plan(COUNT, &["count,s,1(400)"]);
    let (_, vm, often) = run(&module, "0", 100_000, 100);
    assert_eq!((result(&vm).as_deref(), often), (Some("400"), 0));
    for fuel in [1, 7, 20, 33] {
        let (step, vm, often) = run(&module, "0", fuel, 100_000);
        assert!(matches!(step, Step::Done(_)), "{step:?}");
        assert_eq!(result(&vm).as_deref(), Some("400"));
        assert!(often > 100, "{fuel}: {often}");
    }
}

#[test]
fn a_run_away_function_is_stopped_by_the_same_bound() {
    let module = plan(COUNT, &["endless,s,1(0)"]);
    for fuel in [100, 1_000] {
        let (step, _, often) = run(&module, "0", fuel, 50);
        let Step::Fault(fault) = step else {
            panic!("{step:?}")
        };
        assert_eq!(fault.kind, FaultKind::Fuel);
        assert_eq!(fault.place, Place::new("endless", "s", 1));
        assert_eq!(often, 50);
    }
}

#[test]
fn functions_nest_as_deep_as_subroutines() {
    let module = plan(COUNT, &["deep,s,1(900)", "deep,s,1(1100)"]);
    let (_, vm, _) = run(&module, "0", 100_000, 100);
    assert_eq!(result(&vm).as_deref(), Some("900"));
    let (step, _, _) = run(&module, "1", 100_000, 100);
    let Step::Fault(fault) = step else {
        panic!("{step:?}")
    };
    assert!(
        matches!(fault.kind, FaultKind::Depth | FaultKind::Memory),
        "{fault}"
    );
}

#[test]
fn a_hang_up_and_a_newer_plan_are_seen_when_the_fuel_ends() {
    let module = plan(COUNT, &["count,s,1(4000)"]);
    let limits = Limits {
        fuel: 500,
        refills: 10_000,
        ..Limits::default()
    };
    let mut vm = Vm::new(limits);
    vm.trace_steps(false);
    let step = vm.start(&module, &Inputs::default(), call("calls", "0", 1));
    assert_eq!(step, Step::OutOfFuel);
    let mut other = vm.clone();
    vm.interrupt(Interrupt::Hangup { cause: 16 });
    let step = vm.resume(&module, &Inputs::default(), Reply::done());
    assert!(matches!(step, Step::Done(_)), "{step:?}");
    assert_eq!(result(&vm), None);
    // The newer plan counts otherwise: the call moves to it, and begins the function anew.
    let newer = COUNT.replace("n = n + step(n)", "n = n + 2 * step(n)");
    let newer = plan(&newer, &["count,s,1(4001)"]);
    let mut step = other.resume(&newer, &Inputs::default(), Reply::done());
    while step == Step::OutOfFuel {
        step = other.resume(&newer, &Inputs::default(), Reply::done());
    }
    assert!(matches!(step, Step::Done(_)), "{step:?}");
    assert_eq!(result(&other).as_deref(), Some("4000"));
}

#[test]
fn what_a_function_sets_is_its_own() {
    let text = "\
fn f(n: Int) -> Int {
  let m = if n > 5 { n / n } else { n + 1 }
  m
}
";
    let module = plan(text, &["f,s,1(1)", "f,s,1(9)"]);
    for exten in ["0", "1"] {
        for way in [Way::Whole, Way::Quick, Way::Written] {
            let at = Place::new("calls", exten, 1);
            let seen = go(&module, &at, &[(b"m", b"mine")], way);
            let m = seen.variables.iter().find(|(n, _)| n == "m");
            assert_eq!(m.map(|(_, v)| v.as_str()), Some("mine"), "{way:?}");
        }
    }
}

/// All examples of the documents, and all files of the examples.
fn published() -> Vec<String> {
    fn walk(at: &std::path::Path, out: &mut Vec<String>) {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let is = |end: &str| path.extension().is_some_and(|e| e == end);
            if path.is_dir() {
                walk(&path, out);
            } else if is("dial") {
                out.push(std::fs::read_to_string(&path).unwrap());
            } else if is("md") {
                let text = std::fs::read_to_string(&path).unwrap();
                let blocks = text.split("```dial\n").skip(1);
                out.extend(blocks.map(|b| b.split("```").next().unwrap().to_owned()));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut out = Vec::new();
    walk(&root.join("docs"), &mut out);
    walk(&root.join("examples"), &mut out);
    out
}

#[test]
fn published_functions_do_what_their_priorities_do() {
    let numbers = ["0", "1", "-7", "20", "79927398713", "999999999999999999"];
    let mut tried = 0;
    for text in published() {
        let compiled = |plan: String| {
            let mut sources = strowger_compiler::Sources::plan(plan);
            sources.add("functions.dial", text.as_bytes().to_vec());
            strowger_compiler::compile(&sources, &strowger_compiler::Options::default()).module
        };
        let include = "#include \"functions.dial\"\n[calls]\n";
        let Ok(module) = compiled(include.to_owned()) else {
            continue;
        };
        for (n, (name, typed)) in module.functions().enumerate() {
            let count = typed.parameters.len();
            for turn in 0..numbers.len() * count.max(1) {
                let argument = |i: usize| numbers[(turn + i * turn) % numbers.len()];
                let arguments: Vec<&str> = (0..count).map(argument).collect();
                let call = format!("Gosub({},s,1({}))", world::text(name), arguments.join(","));
                let plan = format!("{include}exten => 1,1,{call}\n same => n,NoOp()\n");
                let module = compiled(plan).unwrap();
                let at = Place::new("calls", "1", 1);
                let [written, quick] = [Way::Written, Way::Quick].map(|w| go(&module, &at, &[], w));
                assert!(quick.agrees(&written), "{call}\n{quick:#?}\n{written:#?}");
                let arguments: Vec<Vec<u8>> =
                    arguments.iter().map(|a| a.as_bytes().to_vec()).collect();
                if let Some(Exit::Done(_)) = module.compute(n, &arguments, &mut 10_000, false) {
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 4, "{tried}");
}
