//! Machine code in memory, and the jump into it. The only unsafe code of Strowger.
//!
//! What makes it sound: the code is made by `compile.rs` of a function that the verifier of the module has passed, and
//! * touches no memory but the registers that it is given ([`Window`] has more of them than a word can name) and its [`State`];
//! * calls nothing, and is entered at its beginning only; where it goes on from there it finds in its `State`, and it gives up for a
//!   place that it does not know;
//! * stays where it is as long as the [`Code`] lives, which nobody enters once it is dropped.
#![allow(unsafe_code)]

use cranelift_jit::JITModule;
use strowger_vm::typed::{LARGEST, Native, Pause, Window};

/// What machine code is told, and tells.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct State {
    /// The word where it begins, and where it stopped.
    pub(crate) at: i64,
    pub(crate) fuel: i64,
    /// The result.
    pub(crate) value: i64,
    /// Numbers that do not fit an instruction: the largest one of a register, and twice that.
    pub(crate) largest: i64,
    pub(crate) twice: i64,
}

/// What it gives back.
pub(crate) const RETURNED: i64 = 0;
pub(crate) const CALLED: i64 = 1;
pub(crate) const SPENT: i64 = 2;
pub(crate) const GAVE_UP: i64 = 3;

type Entry = extern "C" fn(*mut i64, *mut State) -> i64;

/// A function's code, and where it may be entered.
struct Function {
    entry: Entry,
    entrances: Vec<usize>,
}

/// The machine code of a module's functions, by their numbers.
pub(crate) struct Code {
    functions: Vec<Option<Function>>,
    /// Taken out only to be freed.
    memory: Option<JITModule>,
}

// The code is not written to once it is here, and `memory` is only touched by `drop`, which has it alone.
unsafe impl Send for Code {}
unsafe impl Sync for Code {}

impl Code {
    /// Takes finished code over.
    ///
    /// Each `made` is a function that `memory` has finalized, with the signature of `Entry`, or nothing.
    pub(crate) fn new(
        memory: JITModule,
        made: Vec<Option<(cranelift_module::FuncId, Vec<usize>)>>,
    ) -> Code {
        let function = |(id, entrances)| {
            let code: *const u8 = memory.get_finalized_function(id);
            Function {
                // `compile.rs` declares every function with this signature.
                entry: unsafe { std::mem::transmute::<*const u8, Entry>(code) },
                entrances,
            }
        };
        let functions = made.into_iter().map(|f| f.map(function)).collect();
        Code {
            functions,
            memory: Some(memory),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.functions.iter().flatten().count()
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            // Whoever runs it borrows the `Code`, so nobody does.
            unsafe { memory.free_memory() };
        }
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "machine code of {} functions", self.count())
    }
}

impl Native for Code {
    #[inline]
    fn enter(
        &self,
        function: usize,
        at: &mut usize,
        registers: &mut Window,
        fuel: &mut i64,
    ) -> Option<Pause> {
        let f = self.functions.get(function)?.as_ref()?;
        f.entrances.binary_search(at).ok()?;
        let mut state = State {
            at: *at as i64,
            fuel: *fuel,
            value: 0,
            largest: LARGEST,
            twice: 2 * LARGEST,
        };
        let pause = match (f.entry)(registers.as_mut_ptr(), &raw mut state) {
            RETURNED => Pause::Returned(state.value),
            CALLED => Pause::Called,
            SPENT => Pause::Spent,
            _ => Pause::GaveUp,
        };
        *at = state.at as usize;
        *fuel = state.fuel;
        Some(pause)
    }
}
