//! Typed code to machine code. Registers that a function uses live in those of the machine; they are in memory only where it is
//! entered and where it stops.

use std::collections::BTreeMap;
use std::mem::offset_of;

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, InstBuilder, MemFlagsData, SourceLoc, UserFuncName, Value, types,
};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Switch, Variable};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Linkage, Module as _, default_libcall_names};
use strowger_vm::Module;
use strowger_vm::typed::{Op, TURN, Typed, Word};

use crate::bounds::certain;
use crate::memory::{CALLED, Code, GAVE_UP, RETURNED, SPENT, State};
use crate::{ALL_WORDS, Fault, WORDS};

fn failed(why: impl std::fmt::Display) -> Fault {
    Fault::Failed(why.to_string())
}

/// The machine that this program runs on.
pub(crate) fn machine() -> Result<OwnedTargetIsa, Fault> {
    let mut flags = settings::builder();
    for (name, value) in [
        ("opt_level", "speed"),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
        (
            "enable_verifier",
            if cfg!(debug_assertions) {
                "true"
            } else {
                "false"
            },
        ),
        ("unwind_info", "false"),
    ] {
        flags.set(name, value).map_err(failed)?;
    }
    let machine = cranelift_native::builder().map_err(failed)?;
    machine.finish(settings::Flags::new(flags)).map_err(failed)
}

/// The functions that gain by machine code: those with a loop or a call, and what these call.
pub(crate) fn worthwhile(all: &[&Typed]) -> Vec<bool> {
    let calls = |f: &Typed| f.code.iter().any(|w| w.op == Op::Call);
    let mut chosen: Vec<bool> = all.iter().map(|f| f.has_loop() || calls(f)).collect();
    let called = all.iter().flat_map(|f| &f.code);
    for word in called.filter(|w| w.op == Op::Call) {
        if let Some(place) = chosen.get_mut(word.n as usize) {
            *place = true;
        }
    }
    let mut left = ALL_WORDS;
    for (chosen, f) in chosen.iter_mut().zip(all) {
        *chosen &= f.code.len() <= WORDS && f.code.len() <= left;
        if *chosen {
            left -= f.code.len();
        }
    }
    chosen
}

/// The functions of a module, and behind them its loops.
pub(crate) fn all(module: &Module) -> Vec<&Typed> {
    let loops = module.loops().into_iter().map(|(_, code)| code);
    module.functions().map(|(_, f)| f).chain(loops).collect()
}

/// Compiles the functions and loops of a module that gain by it.
pub(crate) fn compile(module: &Module) -> Result<Code, Fault> {
    let all = all(module);
    let chosen = worthwhile(&all);
    let mut memory = JITModule::new(JITBuilder::with_isa(machine()?, default_libcall_names()));
    let mut context = memory.make_context();
    let mut room = FunctionBuilderContext::new();
    let mut made = Vec::with_capacity(all.len());
    for (n, (f, chosen)) in all.iter().zip(chosen).enumerate() {
        if !chosen {
            made.push(None);
            continue;
        }
        write(f, n, memory.isa(), &mut context, &mut room);
        let signature = context.func.signature.clone();
        let id = memory
            .declare_function(&format!("f{n}"), Linkage::Local, &signature)
            .map_err(failed)?;
        memory.define_function(id, &mut context).map_err(failed)?;
        memory.clear_context(&mut context);
        made.push(Some((id, f.entrances())));
    }
    memory.finalize_definitions().map_err(failed)?;
    Ok(Code::new(memory, made))
}

/// Compiles one function for who wants to see it; its code is in the context.
pub(crate) fn alone(f: &Typed, number: usize, isa: &OwnedTargetIsa) -> Result<Context, Fault> {
    let mut context = Context::new();
    let mut room = FunctionBuilderContext::new();
    write(f, number, &**isa, &mut context, &mut room);
    context
        .compile(&**isa, &mut ControlPlane::default())
        .map_err(|e| failed(e.inner))?;
    Ok(context)
}

/// Writes a function: registers, state -> what it gives back.
fn write(
    f: &Typed,
    number: usize,
    isa: &dyn cranelift_codegen::isa::TargetIsa,
    context: &mut Context,
    room: &mut FunctionBuilderContext,
) {
    let pointer = isa.pointer_type();
    let signature = &mut context.func.signature;
    signature.call_conv = isa.default_call_conv();
    signature.params = vec![AbiParam::new(pointer), AbiParam::new(pointer)];
    signature.returns = vec![AbiParam::new(types::I64)];
    context.func.name = UserFuncName::user(0, number as u32);
    let mut b = FunctionBuilder::new(&mut context.func, room);
    let start = b.create_block();
    b.append_block_params_for_function_params(start);
    b.switch_to_block(start);
    let (memory, state) = (b.block_params(start)[0], b.block_params(start)[1]);
    let largest = b.ins().load(types::I64, OWN, state, LARGEST);
    let twice = b.ins().load(types::I64, OWN, state, TWICE);
    let registers = (0..f.registers)
        .map(|_| b.declare_var(types::I64))
        .collect();
    let fuel = b.declare_var(types::I64);
    let mut writer = Writer {
        gave_up: b.create_block(),
        b,
        f,
        at: 0,
        exits: BTreeMap::new(),
        memory,
        state,
        largest,
        twice,
        certain: certain(f),
        registers,
        fuel,
        blocks: BTreeMap::new(),
        spent: BTreeMap::new(),
    };
    writer.function();
    writer.b.seal_all_blocks();
    writer.b.finalize(isa.frontend_config());
}

/// Entrances that are asked for one by one.
const FEW: usize = 8;

/// Memory that is there, aligned, and belongs to this call.
const OWN: MemFlagsData = MemFlagsData::trusted();

const AT: i32 = offset_of!(State, at) as i32;
const FUEL: i32 = offset_of!(State, fuel) as i32;
const VALUE: i32 = offset_of!(State, value) as i32;
const LARGEST: i32 = offset_of!(State, largest) as i32;
const TWICE: i32 = offset_of!(State, twice) as i32;

struct Writer<'a> {
    b: FunctionBuilder<'a>,
    f: &'a Typed,
    /// Where the registers are when it does not run.
    memory: Value,
    state: Value,
    /// The largest number of a register, and twice that.
    largest: Value,
    twice: Value,
    /// By word: whether its sum needs no look.
    certain: Vec<bool>,
    registers: Vec<Variable>,
    fuel: Variable,
    /// By word: where something goes to it.
    blocks: BTreeMap<usize, Block>,
    /// By word: where its fuel is spent on the way there.
    spent: BTreeMap<usize, Block>,
    gave_up: Block,
    /// The word that is being written.
    at: usize,
    /// In a loop, by way out: where it is left, and a word that leaves so.
    exits: BTreeMap<u16, (Block, usize)>,
}

impl Writer<'_> {
    fn function(&mut self) {
        let entrances = self.f.entrances();
        let targets = self.f.code.iter().filter_map(|w| w.target());
        for at in targets.chain(entrances.iter().copied()) {
            if !self.blocks.contains_key(&at) {
                let block = self.b.create_block();
                self.blocks.insert(at, block);
            }
        }
        self.b.set_cold_block(self.gave_up);
        self.enter(&entrances);
        let mut open = false;
        for (at, word) in self.f.code.iter().enumerate() {
            if let Some(block) = self.blocks.get(&at).copied() {
                if open {
                    self.b.ins().jump(block, &[]);
                }
                self.b.switch_to_block(block);
                open = true;
            }
            if !open {
                // Nothing leads here.
                continue;
            }
            let line = self.f.lines.get(at).copied().unwrap_or_default();
            self.b.set_srcloc(SourceLoc::new(line));
            self.at = at;
            self.word(at, *word);
            open = !(word.op.leads_away() || word.op == Op::Call);
        }
        self.b.switch_to_block(self.gave_up);
        self.leave(GAVE_UP, None);
        for (block, at) in std::mem::take(&mut self.exits).into_values() {
            self.b.switch_to_block(block);
            self.b.set_cold_block(block);
            self.keep_registers();
            self.leave(GAVE_UP, Some(at));
        }
        for (target, block) in std::mem::take(&mut self.spent) {
            self.b.switch_to_block(block);
            self.b.set_cold_block(block);
            let nothing = self.number(0);
            self.b.def_var(self.fuel, nothing);
            self.keep_registers();
            self.leave(SPENT, Some(target));
        }
    }

    fn number(&mut self, n: i64) -> Value {
        self.b.ins().iconst(types::I64, n)
    }

    fn get(&mut self, register: u8) -> Value {
        self.b.use_var(self.registers[usize::from(register)])
    }

    fn set(&mut self, register: u8, value: Value) {
        self.b.def_var(self.registers[usize::from(register)], value);
    }

    /// The registers and the fuel out of memory, then to where it goes on.
    fn enter(&mut self, entrances: &[usize]) {
        for n in 0..self.registers.len() {
            let offset = (n * size_of::<i64>()) as i32;
            let value = self.b.ins().load(types::I64, OWN, self.memory, offset);
            self.b.def_var(self.registers[n], value);
        }
        let at = self.b.ins().load(types::I64, OWN, self.state, AT);
        let fuel = self.b.ins().load(types::I64, OWN, self.state, FUEL);
        self.b.def_var(self.fuel, fuel);
        // Of neighbours a table would be made. It would stand among the instructions, where who reads them takes it for some.
        let neighbours = entrances.windows(2).any(|w| w[0] + 1 == w[1]);
        if neighbours && entrances.len() <= FEW {
            for entrance in entrances {
                let next = self.b.create_block();
                let how = IntCC::Equal;
                let here = self.b.ins().icmp_imm_s(how, at, *entrance as i64);
                let block = self.blocks[entrance];
                self.b.ins().brif(here, block, &[], next, &[]);
                self.b.switch_to_block(next);
            }
            self.b.ins().jump(self.gave_up, &[]);
            return;
        }
        let mut switch = Switch::new();
        for entrance in entrances {
            switch.set_entry(*entrance as u128, self.blocks[entrance]);
        }
        switch.emit(&mut self.b, at, self.gave_up);
    }

    fn keep_registers(&mut self) {
        for n in 0..self.registers.len() {
            let value = self.b.use_var(self.registers[n]);
            let offset = (n * size_of::<i64>()) as i32;
            self.b.ins().store(OWN, value, self.memory, offset);
        }
    }

    fn leave(&mut self, why: i64, at: Option<usize>) {
        if let Some(at) = at {
            let at = self.number(at as i64);
            self.b.ins().store(OWN, at, self.state, AT);
        }
        let fuel = self.b.use_var(self.fuel);
        self.b.ins().store(OWN, fuel, self.state, FUEL);
        let why = self.number(why);
        self.b.ins().return_(&[why]);
    }

    /// Where the present word gives up. A loop keeps what it has done.
    fn way_out(&mut self) -> Block {
        let Some(exit) = self.f.exits.get(self.at).copied() else {
            return self.gave_up;
        };
        if let Some((block, _)) = self.exits.get(&exit) {
            return *block;
        }
        let block = self.b.create_block();
        self.exits.insert(exit, (block, self.at));
        block
    }

    /// Goes on only if this is not so.
    fn give_up_if(&mut self, holds: Value) {
        let next = self.b.create_block();
        let out = self.way_out();
        self.b.ins().brif(holds, out, &[], next, &[]);
        self.b.switch_to_block(next);
    }

    /// Keeps a number that may have more than 18 digits.
    fn keep(&mut self, register: u8, value: Value) {
        let shifted = self.b.ins().iadd(value, self.largest);
        let how = IntCC::UnsignedGreaterThan;
        let holds = self.b.ins().icmp(how, shifted, self.twice);
        self.give_up_if(holds);
        self.set(register, value);
    }

    fn give_up_if_zero(&mut self, value: Value) {
        let zero = self.b.ins().icmp_imm_s(IntCC::Equal, value, 0);
        self.give_up_if(zero);
    }

    /// Burns fuel, if there is so much.
    fn burn(&mut self, fuel: i64) {
        let left = self.b.use_var(self.fuel);
        let short = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, left, fuel);
        self.give_up_if(short);
        let left = self.b.ins().iadd_imm_s(left, -fuel);
        self.b.def_var(self.fuel, left);
    }

    fn truth(&mut self, how: IntCC, word: Word) {
        let (b, c) = (self.get(word.b), self.get(word.c));
        let holds = self.b.ins().icmp(how, b, c);
        let holds = self.b.ins().uextend(types::I64, holds);
        self.set(word.a, holds);
    }

    /// Where a jump goes: back only as long as there is fuel.
    fn way(&mut self, at: usize, target: usize) -> (Block, Option<i64>) {
        let block = self.blocks[&target];
        (block, (target <= at).then(|| (at - target + 1) as i64))
    }

    fn go(&mut self, at: usize, target: usize) {
        match self.way(at, target) {
            (block, None) => {
                self.b.ins().jump(block, &[]);
            }
            (block, Some(cost)) => {
                let fuel = self.b.use_var(self.fuel);
                let left = self.b.ins().iadd_imm_s(fuel, -cost);
                self.b.def_var(self.fuel, left);
                let is_spent = self
                    .b
                    .ins()
                    .icmp_imm_s(IntCC::SignedLessThanOrEqual, left, 0);
                let spent = match self.spent.get(&target) {
                    Some(spent) => *spent,
                    None => {
                        let spent = self.b.create_block();
                        self.spent.insert(target, spent);
                        spent
                    }
                };
                self.b.ins().brif(is_spent, spent, &[], block, &[]);
            }
        }
    }

    fn go_if(&mut self, holds: Value, at: usize, word: Word) {
        let target = word.n as usize;
        let next = self.b.create_block();
        match self.way(at, target) {
            (block, None) => {
                self.b.ins().brif(holds, block, &[], next, &[]);
            }
            (_, Some(_)) => {
                let back = self.b.create_block();
                self.b.ins().brif(holds, back, &[], next, &[]);
                self.b.switch_to_block(back);
                self.go(at, target);
            }
        }
        self.b.switch_to_block(next);
    }

    fn compare(&mut self, how: IntCC, at: usize, word: Word) {
        let (a, b) = (self.get(word.a), self.get(word.b));
        let holds = self.b.ins().icmp(how, a, b);
        self.go_if(holds, at, word);
    }

    fn word(&mut self, at: usize, word: Word) {
        match word.op {
            Op::Int => {
                let n = self.number(i64::from(word.n));
                self.set(word.a, n);
            }
            Op::Wide => {
                let n = self.f.constants.get(word.n as usize).copied();
                let n = self.number(n.unwrap_or_default());
                self.set(word.a, n);
            }
            Op::Move => {
                let value = self.get(word.b);
                self.set(word.a, value);
            }
            Op::Add | Op::Sub => {
                let (b, c) = (self.get(word.b), self.get(word.c));
                let value = match word.op {
                    Op::Add => self.b.ins().iadd(b, c),
                    _ => self.b.ins().isub(b, c),
                };
                self.keep(word.a, value);
            }
            Op::AddI => {
                let b = self.get(word.b);
                let value = self.b.ins().iadd_imm_s(b, i64::from(word.n));
                if self.certain[at] {
                    self.set(word.a, value);
                } else {
                    self.keep(word.a, value);
                }
            }
            Op::Mul => {
                let (b, c) = (self.get(word.b), self.get(word.c));
                let (value, lost) = self.b.ins().smul_overflow(b, c);
                self.give_up_if(lost);
                self.keep(word.a, value);
            }
            Op::Div | Op::Part | Op::Rem => {
                let (b, c) = (self.get(word.b), self.get(word.c));
                self.give_up_if_zero(c);
                let value = match word.op {
                    Op::Rem => self.b.ins().srem(b, c),
                    _ => self.b.ins().sdiv(b, c),
                };
                if word.op == Op::Part {
                    let whole = self.b.ins().imul(value, c);
                    let holds = self.b.ins().icmp(IntCC::NotEqual, whole, b);
                    self.give_up_if(holds);
                }
                self.set(word.a, value);
            }
            Op::Neg => {
                let b = self.get(word.b);
                let value = self.b.ins().ineg(b);
                self.set(word.a, value);
            }
            Op::Not => {
                let b = self.get(word.b);
                let holds = self.b.ins().icmp_imm_s(IntCC::Equal, b, 0);
                let value = self.b.ins().uextend(types::I64, holds);
                self.set(word.a, value);
            }
            Op::Eq => self.truth(IntCC::Equal, word),
            Op::Ne => self.truth(IntCC::NotEqual, word),
            Op::Lt => self.truth(IntCC::SignedLessThan, word),
            Op::Le => self.truth(IntCC::SignedLessThanOrEqual, word),
            Op::Jump => self.go(at, word.n as usize),
            Op::If => {
                let a = self.get(word.a);
                self.go_if(a, at, word);
            }
            Op::IfNot => {
                let a = self.get(word.a);
                let holds = self.b.ins().icmp_imm_s(IntCC::Equal, a, 0);
                self.go_if(holds, at, word);
            }
            Op::IfEq => self.compare(IntCC::Equal, at, word),
            Op::IfNe => self.compare(IntCC::NotEqual, at, word),
            Op::IfLt => self.compare(IntCC::SignedLessThan, at, word),
            Op::IfLe => self.compare(IntCC::SignedLessThanOrEqual, at, word),
            Op::Call => {
                self.keep_registers();
                self.leave(CALLED, Some(at));
            }
            Op::Return => {
                let value = self.get(word.a);
                self.b.ins().store(OWN, value, self.state, VALUE);
                self.leave(RETURNED, None);
            }
            Op::GiveUp => {
                let out = self.way_out();
                self.b.ins().jump(out, &[]);
            }
            Op::Turn => {
                let turns = self.get(word.a);
                let turns = self.b.ins().iadd_imm_s(turns, TURN);
                self.set(word.a, turns);
                self.burn(word.cost());
                let begin = self.blocks[&(word.n as usize)];
                self.b.ins().jump(begin, &[]);
            }
            Op::Burn => self.burn(i64::from(word.n)),
        }
    }
}
