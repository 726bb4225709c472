//! The program `strowger`: a compiler for dialplans and the exchange that runs them.

use std::process::ExitCode;

fn main() -> ExitCode {
    strowger::program()
}
