//! An extensions.conf of any bytes, with a second file that it may include: reading ends, finding after finding has its place, two
//! compilations give the same bytes, the bytes give the module again, and the plan runs to an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use strowger_compiler::{Options, Sources, analyse};
use strowger_vm::{Entry, Inputs, Limits, Module, Party, Place, Reply, Step, Vm};

/// Effects that a run is followed for.
const EFFECTS: usize = 50;

fn sources(data: &[u8]) -> Sources {
    let mut sources = Sources::new();
    // A byte that no text has parts the two files.
    let cut = data.iter().position(|b| *b == 0xff);
    let (plan, other) = data.split_at(cut.unwrap_or(data.len()));
    sources.add("extensions.conf", plan);
    sources.add("other.conf", other.get(1..).unwrap_or_default());
    sources
}

fuzz_target!(|data: &[u8]| {
    let sources = sources(data);
    let compiled = analyse(&sources, &Options::default());
    for d in &compiled.diagnostics {
        let file = sources.file(d.primary.span.file);
        assert!(d.primary.span.start <= d.primary.span.end);
        assert!(d.primary.span.end as usize <= file.bytes().len());
    }
    let Ok(module) = compiled.module else {
        return;
    };
    let bytes = module.write();
    let again = analyse(&sources, &Options::default());
    assert!(
        again.module.is_ok_and(|m| m.write() == bytes),
        "not the same twice"
    );
    let read = Arc::new(Module::read(&bytes).expect("our own bytes"));
    assert!(read.write() == bytes);
    let _ = read.disassemble();
    for context in module.contexts().take(4) {
        for exten in [&b"s"[..], b"100", b"_X.", b"h"] {
            let mut vm = Vm::new(Limits {
                fuel: 2_000,
                refills: 2,
                ..Limits::default()
            });
            vm.trace_steps(data.len() % 2 == 0);
            let entry = Entry::call(Party::default(), Place::new(context, exten, 1));
            let mut step = vm.start(&read, &Inputs::default(), entry);
            for _ in 0..EFFECTS {
                step = match step {
                    Step::Effect(_) | Step::OutOfFuel => {
                        vm.resume(&read, &Inputs::default(), Reply::value("7"))
                    }
                    _ => break,
                };
            }
        }
    }
});
