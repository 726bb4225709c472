//! The program `strowger` and, for Rust, its test runner.
//!
//! [`testing`] runs the tests of a dialplan. Everything else here is the program: [`program`] reads the command line and calls one
//! subcommand; each lives in a file of its own name.

mod audit;
mod batch;
mod behaviour;
mod bench;
mod caller;
mod check;
mod compile;
mod crew;
mod demo;
mod diff;
mod duration;
mod emit;
mod eval;
mod explain;
mod explore;
mod fmt;
mod folders;
mod graph;
mod ladder;
mod load;
mod lsp;
mod match_;
mod migrate;
mod moment;
mod render;
mod repl;
mod replay;
mod run;
mod scene;
mod session;
mod show;
mod simulate;
mod story;
mod test;
pub mod testing;

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
    /// Show the exchange at work: two phones register, talk, hear an echo, and text each other
    Demo(demo::Args),
    /// Run the exchange on an Asterisk configuration directory
    Run(run::Args),
    /// Read a dialplan and its neighbours and say what is wrong
    Check(check::Args),
    /// Write `exten =>`, `same =>` and blanks in one way
    Fmt(fmt::Args),
    /// Explain a code that check has told
    Explain(explain::Args),
    /// Answer an editor over standard input and output (Language Server Protocol)
    Lsp(lsp::Args),
    /// Show what a dialplan was read as: contexts, priorities, includes
    Show(show::Args),
    /// Ask which extension answers a number
    Match(match_::Args),
    /// Evaluate a text with ${...} and $[...]
    Eval(eval::Args),
    /// Print a plan in .dial as an extensions.conf, for an Asterisk
    Emit(emit::Args),
    /// List what a plan may do beyond talking: doors that no check sees through, and what contexts can use
    Audit(audit::Args),
    /// Compile a plan into one file (.dialc) that the other commands take
    Compile(compile::Args),
    /// Run one call through a dialplan in a made-up world, in virtual time
    Simulate(simulate::Args),
    /// Run the tests of a plan (*.test.yaml, and `test` in .dial) in virtual time
    Test(test::Args),
    /// Run recorded calls again on the plan of today, and show where their behaviour changed
    Replay(replay::Args),
    /// Try everything that may happen around a plan, and show what goes wrong
    Explore(explore::Args),
    /// Write an old configuration anew
    Migrate(migrate::Args),
    /// Measure what a call through a plan costs
    Bench(bench::Args),
}

/// A reader that has gone (`strowger show … | head`) ends the program quietly; `println!` would panic.
fn end_with_the_reader() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let words = panic.payload().downcast_ref::<String>();
        if words.is_some_and(|w| w.starts_with("failed printing to stdout")) {
            std::process::exit(0);
        }
        usual(panic);
    }));
}

/// Runs the program with the arguments of the command line.
#[doc(hidden)]
#[must_use]
pub fn program() -> ExitCode {
    end_with_the_reader();
    match Cli::parse().command {
        Command::Demo(args) => demo::main(args),
        Command::Run(args) => run::main(args),
        Command::Check(args) => check::main(args),
        Command::Lsp(args) => lsp::main(args),
        Command::Fmt(args) => fmt::main(args),
        Command::Explain(args) => explain::main(args),
        Command::Audit(args) => audit::main(args),
        Command::Compile(args) => compile::main(args),
        Command::Emit(args) => emit::main(args),
        Command::Show(args) => show::main(args),
        Command::Match(args) => match_::main(args),
        Command::Eval(args) => eval::main(args),
        Command::Simulate(args) => simulate::main(args),
        Command::Test(args) => test::main(args),
        Command::Replay(args) => replay::main(args),
        Command::Explore(args) => explore::main(args),
        Command::Migrate(args) => migrate::main(args),
        Command::Bench(args) => bench::main(args),
    }
}
