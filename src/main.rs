//! The program `strowger`: a compiler for dialplans and the exchange that runs them.

use std::process::ExitCode;

/// Calls and plans are made of many small things: with the system's allocator the same search takes a third longer. Without huge pages
/// it needs no more memory than that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    strowger::program()
}
