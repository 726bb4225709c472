//! Machine code for functions in typed code (vm.md 7). Compiled at load, behind the back of calls; a call uses it once it is there.
//!
//! It does what the words of the function do, with the same registers, fuel and end. With the feature `jit` off there is none, and the
//! crate only says so.

#[cfg(feature = "jit")]
mod bounds;
#[cfg(feature = "jit")]
mod compile;
#[cfg(feature = "jit")]
mod listing;
#[cfg(feature = "jit")]
mod memory;

use strowger_vm::Module;

/// Whether this program was built with machine code.
pub const BUILT: bool = cfg!(feature = "jit");

/// Words of a function that is compiled; a larger one stays as it is.
pub const WORDS: usize = 2_000;

/// Words of all functions of a module that are compiled.
pub const ALL_WORDS: usize = 50_000;

/// Why there is no machine code.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The feature is off.
    #[error(
        "this strowger was built without machine code; build it with: cargo build --release --features jit"
    )]
    NotBuilt,
    /// The compiler does not know this machine, or does not manage.
    #[error("no machine code: {0}")]
    Failed(String),
}

/// Gives the functions of a module machine code, if there are any that gain by it: how many.
///
/// # Errors
/// If this program cannot do that; the module runs all the same.
pub fn prepare(module: &Module) -> Result<usize, Fault> {
    #[cfg(feature = "jit")]
    {
        let code = compile::compile(module)?;
        let count = code.count();
        if count > 0 {
            module.set_native(std::sync::Arc::new(code));
        }
        Ok(count)
    }
    #[cfg(not(feature = "jit"))]
    {
        let _ = module;
        Err(Fault::NotBuilt)
    }
}

/// The machine code of a module's functions for people, with the lines that it was made of.
///
/// # Errors
/// If this program cannot make any.
pub fn show(module: &Module) -> Result<String, Fault> {
    #[cfg(feature = "jit")]
    {
        listing::show(module)
    }
    #[cfg(not(feature = "jit"))]
    {
        let _ = module;
        Err(Fault::NotBuilt)
    }
}
