//! The same loop on every engine, in one run: what counts are the ratios. Figures and what they mean: docs/native.md.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use strowger_compiler::{Level, Options, Sources, compile};
use strowger_vm::typed::Exit;
use strowger_vm::{Entry, Inputs, Limits, Module, Party, Place, State, Step, Vm};

/// Turns of a loop.
const TURNS: u32 = 100_000;
/// Priorities of one turn: the sum, the counter, the jump.
const STEPS: u32 = 3;

const FUNCTIONS: &str = "\
fn total(to: Int) -> Int {
  var sum = 0
  var n = 0
  while n < to {
    sum = sum + n
    n = n + 1
  }
  sum
}
";

/// The same as priorities of an extensions.conf, which do not look whether a number is too large; and an extension that routes.
const PLAN: &str = "\
[calls]
exten => 1,1,Gosub(total,s,1(${to}))
exten => 2,1,Gosub(steps,s,1(${to}))
exten => _0X.,1,Set(area=${EXTEN:1:3})
 same => n,Set(first=${CUT(list,-,1)})
 same => n,GotoIf($[\"${area}\" = \"303\"]?here:there)
 same => n(there),NoOp(${area})
 same => n(here),Set(target=PJSIP/${EXTEN}@trunk)
 same => n,Set(length=${LEN(${EXTEN})})
 same => n,GotoIf($[${length} > 4]?long)
 same => n,NoOp(short)
 same => n(long),NoOp(${target})
exten => 3,1,Set(sum=0)
 same => n,Set(n=0)
 same => n,While($[${n} < ${to}])
 same => n,Set(sum=$[${sum} + ${n}])
 same => n,Set(n=$[${n} + 1])
 same => n,EndWhile()
 same => n,Set(GOSUB_RETVAL=${sum})
[steps]
exten => s,1,Set(LOCAL(sum)=0)
 same => n,Set(LOCAL(n)=0)
 same => n,Goto(test)
 same => n(loop),Set(sum=$[${sum} + ${n}])
 same => n,Set(n=$[${n} + 1])
 same => n(test),GotoIf($[${n} < ${ARG1}]?loop)
 same => n,Return(${sum})
";

fn module(functions: &str) -> Arc<Module> {
    let plan = format!("#include \"total.dial\"\n{PLAN}");
    let mut sources = Sources::plan(plan);
    sources.add("total.dial", functions.as_bytes().to_vec());
    let compiled = compile(&sources, &Options::default());
    for d in &compiled.diagnostics {
        assert!(d.level != Level::Error, "{} {}", d.code, d.message);
    }
    compiled.module.expect("a module")
}

/// The shortest of seven: whatever else the machine does makes a run longer.
fn shortest(mut run: impl FnMut() -> Duration) -> Duration {
    (0..7).map(|_| run()).min().unwrap_or_default()
}

fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    black_box(run());
    begin.elapsed()
}

/// How a call runs.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Written,
    Quick,
    Typed,
}

/// A call of an extension of the plan.
fn call(module: &Arc<Module>, exten: &str, turns: u32, way: Way) {
    let mut vm = Vm::new(Limits {
        fuel: u32::MAX,
        trace: 0,
        naive: way == Way::Written,
        typed: way == Way::Typed,
        ..Limits::default()
    });
    vm.trace_steps(false);
    let party = Party {
        state: State::Up,
        ..Party::default()
    };
    let mut entry = Entry::call(party, Place::new("calls", exten, 1));
    entry.variables = vec![
        (b"to".to_vec(), turns.to_string().into_bytes()),
        (b"list".to_vec(), b"a-b-c".to_vec()),
    ];
    let step = vm.start(module, &Inputs::default(), entry);
    assert!(matches!(step, Step::Done(_)), "{step:?}");
    if turns > 0 {
        let sum = u64::from(turns) * u64::from(turns - 1) / 2;
        let result = vm.variable(b"GOSUB_RETVAL").expect("a result");
        assert_eq!(String::from_utf8_lossy(&result), sum.to_string());
    }
}

/// Nanoseconds a turn: what many turns take more than few.
fn turn(turns: u32, mut run: impl FnMut(u32)) -> f64 {
    let many = shortest(|| timed(|| run(turns)));
    let few = shortest(|| timed(|| run(turns / 10)));
    many.saturating_sub(few).as_secs_f64() * 1e9 / f64::from(turns - turns / 10)
}

fn compute(module: &Module, turns: u32, native: bool) {
    let arguments = [turns.to_string().into_bytes()];
    let exit = module.compute(0, &arguments, &mut i64::MAX.clone(), native);
    assert!(matches!(exit, Some(Exit::Done(_))), "{exit:?}");
}

fn main() {
    let words = module(FUNCTIONS);
    let native = Arc::new((*words).clone());
    strowger_native::prepare(&native).expect("machine code");

    let mut rows: Vec<(&str, f64)> = Vec::new();
    rows.push((
        "priorities, as written",
        turn(TURNS / 100, |n| call(&words, "2", n, Way::Written)),
    ));
    rows.push((
        "priorities, quick code",
        turn(TURNS, |n| call(&words, "2", n, Way::Quick)),
    ));
    rows.push((
        "typed code",
        turn(TURNS * 10, |n| compute(&words, n, false)),
    ));
    rows.push((
        "machine code",
        turn(TURNS * 100, |n| compute(&native, n, true)),
    ));
    rows.push(("rhai", turn(TURNS, rhai_engine())));
    rows.push(("roto", turn(TURNS * 100, roto_engine())));
    rows.push((
        "checked Rust",
        turn(TURNS * 100, |n| {
            black_box(rust(black_box(i64::from(n))));
        }),
    ));

    let mut loops = Vec::new();
    for (name, exten) in [("GotoIf", "2"), ("While", "3")] {
        let quick = turn(TURNS, |n| call(&words, exten, n, Way::Quick));
        let typed = turn(TURNS * 10, |n| call(&words, exten, n, Way::Typed));
        let native = turn(TURNS * 100, |n| call(&native, exten, n, Way::Typed));
        loops.push((name, quick, typed, native));
    }

    println!("a turn of `sum = sum + n, n = n + 1, n < to`");
    let fastest = rows[3].1;
    for (name, ns) in &rows {
        println!(
            "  {name:24} {ns:9.2} ns   {:9.1} x machine code",
            ns / fastest
        );
    }
    println!(
        "  a step of quick code     {:9.2} ns",
        rows[1].1 / f64::from(STEPS)
    );
    println!("  typed code / machine code {:.1}", rows[2].1 / fastest);
    println!("  quick code / machine code {:.1}", rows[1].1 / fastest);

    println!("the same loop in extensions.conf: quick, typed, machine code; quick / typed, quick / machine code");
    for (name, quick, typed, native) in loops {
        println!(
            "  {name:8} {quick:9.2} ns {typed:9.2} ns {native:9.2} ns {:9.1} {:9.1}",
            quick / typed,
            quick / native
        );
    }

    println!("a call of a function with one turn, by Gosub");
    for (name, module, exten, way) in [
        ("priorities", &words, "2", Way::Quick),
        ("their loop in typed code", &words, "2", Way::Typed),
        ("typed code", &words, "1", Way::Typed),
        ("machine code", &native, "1", Way::Typed),
    ] {
        let took = shortest(|| timed(|| (0..1_000).for_each(|_| call(module, exten, 1, way))));
        println!("  {name:24} {:9.0} ns", took.as_secs_f64() * 1e6);
    }

    println!("a call that routes, 8 priorities");
    let (mut off, mut on) = (Duration::MAX, Duration::MAX);
    for _ in 0..100 {
        let run =
            |m: &Arc<Module>| timed(|| (0..1_000).for_each(|_| call(m, "03031234", 0, Way::Typed)));
        off = off.min(run(&words));
        on = on.min(run(&native));
    }
    println!(
        "  with machine code / without {:.3} (of {:.0} ns)",
        on.as_secs_f64() / off.as_secs_f64(),
        off.as_secs_f64() * 1e6
    );

    println!("compiling");
    let set_up = shortest(|| {
        let module = Module::clone(&module("fn total(to: Int) -> Int { to }\n"));
        timed(|| strowger_native::prepare(&module))
    });
    let one = shortest(|| {
        let module = Module::clone(&words);
        timed(|| strowger_native::prepare(&module))
    });
    let many: String = (0..100)
        .map(|i| FUNCTIONS.replace("fn total", &format!("fn total{i}")))
        .collect();
    let many = module(&(many + FUNCTIONS));
    let hundred = shortest(|| {
        let module = Module::clone(&many);
        timed(|| strowger_native::prepare(&module))
    });
    println!("  the two loops of the plan {set_up:8.1?}");
    println!("  and a function with one  {one:9.1?}");
    println!("  each of 101              {:9.1?}", hundred / 101);
}

/// What the function says, in Rust.
fn rust(to: i64) -> Option<i64> {
    let (mut sum, mut n) = (0i64, 0i64);
    let fits = |n: i64| (n.abs() < 1_000_000_000_000_000_000).then_some(n);
    while n < to {
        sum = fits(sum.checked_add(n)?)?;
        n = fits(n.checked_add(1)?)?;
        black_box(&mut sum);
    }
    Some(sum)
}

fn rhai_engine() -> impl FnMut(u32) {
    let engine = rhai::Engine::new();
    let text = "fn total(to) { let sum = 0; let n = 0; while n < to { sum += n; n += 1; } sum }";
    let ast = engine.compile(text).expect("a program");
    move |turns| {
        let mut scope = rhai::Scope::new();
        let sum: i64 = engine
            .call_fn(&mut scope, &ast, "total", (i64::from(turns),))
            .expect("a sum");
        black_box(sum);
    }
}

fn roto_engine() -> impl FnMut(u32) {
    let path = std::env::temp_dir().join("strowger-bench.roto");
    let text = "fn total(to: i64) -> i64 {\n    let sum = 0;\n    let n = 0;\n    while n < to {\n        sum = sum + n;\n        n = n + 1;\n    }\n    sum\n}\n";
    std::fs::write(&path, text).expect("a file");
    let mut package = roto::Runtime::new().compile(&path).expect("a program");
    let function = package
        .get_function::<fn(i64) -> i64>("total")
        .expect("a function");
    move |turns| {
        black_box(function.call(i64::from(turns)));
    }
}
