//! A `.dialc` file with bytes changed behind its seal, and sealed again: what the verifier lets pass cannot make the machine panic.
#![no_main]

#[path = "../../compiler/tests/world/mod.rs"]
mod world;

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use strowger_vm::effect::Answer;
use strowger_vm::{Entry, Inputs, Limits, Module, Party, Place, Reply, Step, Vm};

const PLAN: &str = "[main]\n\
exten => s,1(top),NoOp(${EXTEN:1:2} ${CUT(list,-,${n})} $[${a} + 1] ${${v}} plain)\n\
same => n,Set(i=$[${i}+1])\n\
same => n,GotoIf($[${i} < 3 & \"${a}\" != \"x\"]?top:on)\n\
same => n(on),Set(x=${STRFTIME(${EPOCH},Europe/Paris,%H)}-${CUT(list,-,2)})\n\
same => n,Gosub(sub,s,1(${CALLERID(num)},${DB(a/b)}))\n\
same => n,Goto(other,12,1)\n\
same => n,Dial(SIP/${EXTEN}&PJSIP/x,10,tL(5000))\n\
exten => _[1-3]X.,1,NoOp(${EXTEN})\nexten => _9!,1,Playback(a&b)\nexten => 100/555,1,Hangup(17)\nexten => 100,hint,SIP/100\n\
exten => h,1,Set(DB(a/b)=${HANGUPCAUSE})\ninclude => other,9:00-17:00,mon-fri,*,*\nswitch => Realtime/x\n\
[other]\nexten => _.,1,Exec(NoOp(${EVAL(${x})}))\nsame => n,Set(_y=$[${i} * 2 > 3 ? 1 :: ${LEN(${x})}])\n\
[sub]\nexten => s,1,Set(LOCAL(x)=${ARG1})\nsame => n,Return(${x})\n";

/// The head: magic, version, checksum.
const SEALED: usize = 20;

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| world::module(PLAN).write());

fuzz_target!(|data: &[u8]| {
    let mut bytes = BYTES.clone();
    for edit in data.chunks_exact(3).take(16) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % (bytes.len() - SEALED);
        bytes[SEALED + at] = edit[2];
    }
    Module::seal(&mut bytes);
    let Ok(module) = Module::read(&bytes).map(Arc::new) else {
        return;
    };
    let _ = module.disassemble();
    for quick in [true, false] {
        for exten in ["s", "1234", "100"] {
            let mut vm = Vm::new(Limits {
                fuel: 2_000,
                refills: 2,
                memory: 1 << 16,
                ..Limits::default()
            });
            vm.trace_steps(!quick);
            let entry = Entry::call(Party::default(), Place::new("main", exten, 1));
            let mut step = vm.start(&module, &Inputs::default(), entry);
            for n in 0..40u8 {
                let answer = match n % 3 {
                    0 => Answer::Digit(b'1'),
                    1 => Answer::Value(b"55".to_vec()),
                    _ => Answer::Done,
                };
                step = match step {
                    Step::Effect(_) | Step::OutOfFuel => {
                        vm.resume(&module, &Inputs::default(), Reply::with(answer))
                    }
                    _ => break,
                };
            }
        }
    }
});
