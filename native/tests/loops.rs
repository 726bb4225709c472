//! Machine code of loops does what their words do: the same variables in the same order, the same fuel, the same step at every end.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used)]

#[path = "../../compiler/tests/rounds/mod.rs"]
mod rounds;

use std::sync::Arc;

use rounds::{VALUES, Writer, module, run};
use strowger_vm::Module;

const PROGRAMS: u64 = 100;

#[test]
fn loops_in_machine_code_and_in_typed_code_agree() {
    let mut loops = 0;
    for seed in 1..=PROGRAMS {
        let plan = Writer::plan(seed.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let words = module(&plan);
        let native = Arc::new(Module::clone(&words));
        loops += strowger_native::prepare(&native).unwrap();
        for (n, values) in VALUES.iter().enumerate() {
            for fuel in [3, 8, 20, 33, 54, 100, 100_000] {
                let one = run(&words, values, fuel, true);
                let two = run(&native, values, fuel, true);
                assert_eq!(
                    one,
                    two,
                    "seed {seed}, values {n}, fuel {fuel}\n{plan}\n{}",
                    words.disassemble()
                );
            }
        }
    }
    assert!(loops > 80, "{loops}");
}

#[test]
fn a_loop_is_shown_with_its_lines() {
    let plan = "[main]\nexten => s,1(top),Set(I=$[${I} + 1])\n same => n,GotoIf($[${I} < 9]?top)\n";
    let text = strowger_native::show(&module(plan)).unwrap();
    assert!(text.starts_with("loop at main,s,1    ; "), "{text}");
    for line in [2, 3] {
        let line = format!("; extensions.conf:{line}\n");
        assert!(text.contains(&line), "{line}\n{text}");
    }
}
