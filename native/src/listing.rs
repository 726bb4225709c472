//! Machine code for people, with the lines that it was made of.

use std::fmt::Write as _;

use strowger_vm::Module;

use crate::Fault;
use crate::compile::{all, alone, machine, worthwhile};

/// The machine code of the functions that have any.
pub(crate) fn show(module: &Module) -> Result<String, Fault> {
    let isa = machine()?;
    let reader = isa
        .to_capstone()
        .map_err(|e| Fault::Failed(e.to_string()))?;
    let all = all(module);
    let mut out = String::new();
    let functions = (0..).zip(module.functions()).map(|(n, (name, _))| {
        let file = module.function_file(n).unwrap_or_default();
        (name.escape_ascii().to_string(), file)
    });
    let loops = module.loops().into_iter().map(|(place, _)| {
        let name = format!(
            "loop at {},{},{}",
            place.context.escape_ascii(),
            place.exten.escape_ascii(),
            place.priority
        );
        (name, place.file)
    });
    let names = functions.chain(loops);
    for (n, ((name, file), chosen)) in names.zip(worthwhile(&all)).enumerate() {
        if !chosen {
            continue;
        }
        let context = alone(all[n], n, &isa)?;
        let Some(code) = context.compiled_code() else {
            continue;
        };
        let bytes = code.code_buffer();
        let _ = writeln!(out, "{}    ; {}, {} bytes", name, isa.triple(), bytes.len());
        let lines = code.buffer.get_srclocs_sorted();
        let line_of = |offset: u64| {
            let within = |l: &&_| {
                let l: &cranelift_codegen::MachSrcLoc<cranelift_codegen::Final> = l;
                (u64::from(l.start)..u64::from(l.end)).contains(&offset)
            };
            let line = lines.iter().find(within)?.loc;
            (!line.is_default()).then(|| line.bits())
        };
        // Behind the instructions stand the constants that do not fit one.
        let end = lines.last().map_or(bytes.len(), |l| l.end as usize);
        let found = reader
            .disasm_all(bytes.get(..end).unwrap_or(bytes), 0)
            .map_err(|e| Fault::Failed(e.to_string()))?;
        let mut line = None;
        for instruction in found.iter() {
            let text = format!(
                "{} {}",
                instruction.mnemonic().unwrap_or("?"),
                instruction.op_str().unwrap_or_default()
            );
            let _ = write!(out, "    {:5x}  {}", instruction.address(), text.trim_end());
            let here = line_of(instruction.address());
            if here.is_some() && here != line {
                line = here;
                let number = here.unwrap_or_default();
                let _ = write!(out, "    ; {}:{number}", file.escape_ascii());
            }
            out.push('\n');
        }
    }
    Ok(out)
}
