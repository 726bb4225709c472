//! Lines of an extension: quick code, whole code and the text as it is written do the same.
#![no_main]

#[path = "../../compiler/tests/ways/mod.rs"]
mod ways;
#[path = "../../compiler/tests/world/mod.rs"]
mod world;

use libfuzzer_sys::fuzz_target;
use strowger_compiler::{Options, Sources, compile};
use strowger_vm::Place;
use ways::{Way, go};

/// Lines that one plan may have.
const LINES: usize = 24;

fuzz_target!(|data: &[u8]| {
    // The first two lines are the values of variables, the others steps.
    let mut lines = data.split(|b| *b == b'\n');
    let a = lines.next().unwrap_or_default();
    let b = lines.next().unwrap_or_default();
    let mut plan = b"[main]\nexten => s,1(top),Set(i=$[${i}+1])\n".to_vec();
    for line in lines.take(LINES) {
        // Everything in one extension, but what says that it is another.
        let own =
            line.starts_with(b"exten") || line.starts_with(b"include") || line.starts_with(b"[");
        if !own {
            plan.extend_from_slice(b"same => n,");
        }
        plan.extend_from_slice(line);
        plan.push(b'\n');
    }
    plan.extend_from_slice(b"[other]\nexten => s,1,Verbose(other ${a})\nexten => _X.,1,Goto(main,s,1)\nexten => h,1,Verbose(h ${a})\n");
    let Ok(module) = compile(&Sources::plan(plan.as_slice()), &Options::default()).module else {
        return;
    };
    let variables = [(&b"a"[..], a), (b"b", b), (b"i", b"0")];
    let at = Place::new("main", "s", 1);
    let written = go(&module, &at, &variables, Way::Written);
    for way in [Way::Whole, Way::Quick] {
        let seen = go(&module, &at, &variables, way);
        assert!(
            seen.agrees(&written),
            "{way:?}\n{}\n{seen:#?}\n{written:#?}",
            String::from_utf8_lossy(&plan)
        );
    }
});
