//! Plans of older releases, read and run as those releases did: a file for each behaviour.
#![allow(clippy::unwrap_used)]

#[path = "../world/mod.rs"]
mod world;

mod contexts;
mod documented;
mod expressions;
mod findings;
mod general;
mod jumping;
mod later;
mod macros;
mod pipes;
mod sets;
mod subroutines;
mod times;

use std::sync::Arc;

use strowger_compiler::{Compiled, Options, Sources, compile};
use strowger_stdlib::Dialect;
use strowger_vm::{Effect, Limits, Module, Reply, Vm};

use crate::world::{Ran, World, call, run_with, text};

/// A plan compiled for a release.
fn read(release: &str, plan: &str) -> Compiled {
    let options = Options {
        dialect: Dialect::named(release).unwrap(),
        ..Options::default()
    };
    compile(&Sources::plan(plan), &options)
}

fn module(release: &str, plan: &str) -> Arc<Module> {
    read(release, plan).module.unwrap()
}

/// Runs it from main,s,1; `answers` may answer an effect.
fn answered(
    release: &str,
    plan: &str,
    answers: impl FnMut(&Effect, &mut Vm) -> Option<Reply>,
) -> (Ran, Vm, World) {
    let module = module(release, plan);
    let mut vm = Vm::new(Limits::default());
    let mut world = World {
        globals: read(release, plan)
            .globals()
            .iter()
            .map(|(k, v)| (k.to_vec(), v.to_vec()))
            .collect(),
        ..World::default()
    };
    let ran = run_with(&mut world, &mut vm, &module, call("main", "s", 1), answers);
    (ran, vm, world)
}

fn run(release: &str, plan: &str) -> Ran {
    answered(release, plan, |_, _| None).0
}

/// What the steps called NoOp and Verbose were given, joined by blanks.
fn said(release: &str, plan: &str) -> String {
    spoken(&run(release, plan))
}

fn spoken(ran: &Ran) -> String {
    let said: Vec<String> = ran
        .steps
        .iter()
        .filter(|s| s.application.eq_ignore_ascii_case(b"NoOp"))
        .map(|s| text(&s.arguments))
        .collect();
    said.join(" ")
}

/// A plan whose `main,s` has these lines, and what follows.
fn main_of(lines: &[&str], rest: &str) -> String {
    let mut plan = String::from("[main]\n");
    for (n, line) in lines.iter().enumerate() {
        plan.push_str(&format!("exten => s,{},{line}\n", n + 1));
    }
    plan.push_str(rest);
    plan
}

/// Codes of what is wrong with a plan, each once, in order.
fn codes(release: &str, plan: &str) -> Vec<&'static str> {
    let mut codes: Vec<_> = read(release, plan)
        .diagnostics
        .iter()
        .map(|d| d.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
