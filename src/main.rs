//! The program `strowger`: a compiler for dialplans and the exchange that runs them.
//!
//! This file reads the command line and calls one subcommand; each lives in a file of its own name.

mod batch;
mod check;

mod load;
mod match_;
mod render;

mod show;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A compiler for Asterisk dialplans and the exchange that runs them.
#[derive(Parser)]
#[command(name = "strowger", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read a dialplan and its neighbours and say what is wrong
    Check(check::Args),
    /// Show what a dialplan was read as: contexts, priorities, includes
    Show(show::Args),
    /// Ask which extension answers a number
    Match(match_::Args),
}

fn main() -> ExitCode {
    // A closed pipe (`strowger show … | head`) ends the program quietly.
    match Cli::parse().command {
        Command::Check(args) => check::main(args),
        Command::Show(args) => show::main(args),
        Command::Match(args) => match_::main(args),
    }
}
