//! What a step costs, from the text of a plan on: compiled, and as it is written (a look-up, a reading of the text and of the
//! expressions at every step). One run prints both, and their ratio at the end.

use std::sync::Arc;
use std::time::Instant;

use divan::{Bencher, black_box};
use strowger_compiler::{Options, Sources, compile};
use strowger_vm::{
    Effect, Entry, Inputs, Limits, Module, Party, Place, Reply, State, Step, Time, Vm,
};

fn main() {
    divan::main();
    // Not when only some of them were asked for.
    if !std::env::args().skip(1).any(|a| !a.starts_with('-')) {
        ratios();
    }
}

const LOOP: &str = "[c]\nexten => s,1,Set(i=$[${i}+1])\nsame => n,GotoIf($[${i}<1000]?1)\n";

/// Eight or nine priorities: pieces of the number, a list, the time, comparisons, and the target made of them.
const ROUTE: &str = "[c]\n\
exten => _0X.,1,Set(area=${EXTEN:1:2})\n\
same => n,Set(plan=${CUT(ROUTES,-,2)})\n\
same => n,Set(hour=${STRFTIME(${EPOCH},Europe/Paris,%H)})\n\
same => n,GotoIf($[${hour} >= 8 & ${hour} < 20]?day)\n\
same => n,Set(trunk=night)\n\
same => n,Goto(out)\n\
same => n(day),GotoIf($[\"${area}\" = \"30\"]?local)\n\
same => n,Set(trunk=${plan}-far)\n\
same => n,Goto(out)\n\
same => n(local),Set(trunk=${plan}-near)\n\
same => n(out),Set(target=PJSIP/${EXTEN:1}@${trunk})\n\
same => n,NoOp(${target})\n";

/// Priorities that a call of the route runs by day to a number that is near.
const ROUTE_STEPS: u32 = 8;

const WAIT: &str = "[c]\nexten => s,1,Ringing()\nsame => n,Goto(1)\n";

fn module(plan: &str) -> Arc<Module> {
    compile(&Sources::plan(plan), &Options::default())
        .module
        .expect("a module")
}

fn inputs() -> Inputs {
    let mut inputs = Inputs {
        // 2026-03-11 12:30 UTC.
        now: Time::from_seconds(1_773_232_200),
        ..Inputs::default()
    };
    Arc::make_mut(&mut inputs.globals)
        .0
        .insert(b"ROUTES".to_vec(), b"first-second-third".to_vec());
    inputs
}

fn machine(naive: bool) -> Vm {
    Vm::new(Limits {
        fuel: u32::MAX,
        trace: 0,
        effects: u64::MAX,
        effects_per_second: u32::MAX,
        naive,
        ..Limits::default()
    })
}

fn call(vm: &mut Vm, module: &Arc<Module>, inputs: &Inputs, exten: &str) -> Step {
    vm.start(module, inputs, entry(exten))
}

fn entry(exten: &str) -> Entry {
    let mut entry = Entry::call(
        Party {
            state: State::Up,
            ..Party::default()
        },
        Place::new("c", exten, 1),
    );
    if exten == "s" {
        entry.variables.push((b"i".to_vec(), b"0".to_vec()));
    }
    entry
}

#[divan::bench(args = [false, true])]
fn counting_loop_of_2000_priorities(bencher: Bencher, naive: bool) {
    let (module, inputs) = (module(LOOP), inputs());
    let mut vm = machine(naive);
    bencher.bench_local(|| black_box(call(&mut vm, &module, &inputs, "s")));
}

#[divan::bench(args = [false, true])]
fn routing_extension_of_8_priorities(bencher: Bencher, naive: bool) {
    let (module, inputs) = (module(ROUTE), inputs());
    // A fresh machine each time.
    bencher
        .with_inputs(|| entry("0301234"))
        .bench_local_values(|entry| black_box(machine(naive).start(&module, &inputs, entry)));
}

// Far more in one sample than the clock is coarse.
#[divan::bench(sample_size = 1000)]
fn suspend_and_resume(bencher: Bencher) {
    let (module, inputs) = (module(WAIT), inputs());
    let mut vm = machine(false);
    call(&mut vm, &module, &inputs, "s");
    bencher.bench_local(|| {
        let step = vm.resume(&module, &inputs, Reply::done());
        debug_assert!(matches!(step, Step::Effect(Effect::Ringing)));
        black_box(step)
    });
}

/// Nanoseconds of a piece of work: the fastest of several rounds, the two ways in turn so that a busy machine slows both.
fn nanoseconds(work: &mut [&mut dyn FnMut()], times: u32) -> Vec<f64> {
    let mut best = vec![f64::MAX; work.len()];
    for _ in 0..7 {
        for (best, work) in best.iter_mut().zip(work.iter_mut()) {
            let began = Instant::now();
            for _ in 0..times {
                work();
            }
            *best = best.min(began.elapsed().as_secs_f64() * 1e9 / f64::from(times));
        }
    }
    best
}

fn ratios() {
    let inputs = inputs();
    let counting = module(LOOP);
    let route = module(ROUTE);
    println!("\nper priority                 compiled      written   ratio");
    let (mut quick, mut naive) = (machine(false), machine(true));
    let found = nanoseconds(
        &mut [
            &mut || drop(black_box(call(&mut quick, &counting, &inputs, "s"))),
            &mut || drop(black_box(call(&mut naive, &counting, &inputs, "s"))),
        ],
        40,
    );
    line("counting loop", found[0] / 2000.0, found[1] / 2000.0);
    let found = nanoseconds(
        &mut [
            &mut || {
                drop(black_box(call(
                    &mut machine(false),
                    &route,
                    &inputs,
                    "0301234",
                )))
            },
            &mut || {
                drop(black_box(call(
                    &mut machine(true),
                    &route,
                    &inputs,
                    "0301234",
                )))
            },
        ],
        2000,
    );
    let steps = f64::from(ROUTE_STEPS);
    line("routing", found[0] / steps, found[1] / steps);
    println!(
        "a routing call of {ROUTE_STEPS} priorities: {:.0} ns",
        found[0]
    );
}

fn line(what: &str, quick: f64, naive: f64) {
    println!(
        "{what:<24} {quick:>9.1} ns {naive:>9.0} ns {:>6.1}x",
        naive / quick
    );
}
