//! The made-up world: scenarios with many callers and phones, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod callers;
mod dialling;
mod hang_up;
mod keys;
mod sounds;
mod texts;
mod transfers;
mod world;

use std::sync::Arc;
use std::time::Duration;
use strowger_compiler::source::Sources;
use strowger_runtime::sim::report::Of;
use strowger_runtime::sim::{Act, Attempt, Call, Endpoint, Report, Scenario, Simulation};
use strowger_vm::{Identity, Trace};

pub(crate) fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A simulation of these lines.
pub(crate) fn simulation(plan: &str) -> Simulation {
    let compiled =
        strowger_compiler::compile(&Sources::plan(plan), &strowger_compiler::Options::default());
    let globals = Arc::new(strowger_runtime::globals(&compiled.hir));
    Simulation::new(compiled.module.unwrap()).with_globals(globals)
}

pub(crate) fn play(plan: &str, scenario: Scenario) -> Report {
    simulation(plan).play(&Arc::new(scenario))
}

/// A call from `PJSIP/from` to `exten` in `main`.
pub(crate) fn call(from: &str, exten: &str) -> Call {
    Call {
        from: format!("PJSIP/{from}").into_bytes(),
        caller: Identity {
            number: Some(from.into()),
            ..Identity::default()
        },
        context: b"main".to_vec(),
        exten: exten.into(),
        ..Call::default()
    }
}

pub(crate) fn endpoint(name: &str, attempts: Vec<Attempt>) -> Endpoint {
    Endpoint {
        name: format!("PJSIP/{name}").into_bytes(),
        attempts,
        ..Endpoint::default()
    }
}

/// Answers after so many seconds, talks for so many, hangs up.
pub(crate) fn answers(after: u64, talks: u64) -> Attempt {
    Attempt::Answers {
        after: s(after),
        then: vec![Act::Talk(s(talks)), Act::HangUp],
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A variable of a call at its end.
pub(crate) fn variable(report: &Report, call: usize, name: &str) -> String {
    text(report.calls[call].variable(name.as_bytes()).unwrap_or(b""))
}

/// `second call App(args)` of each step, all channels together. A channel other than the call's own has its number behind the call's.
pub(crate) fn steps(report: &Report) -> Vec<String> {
    let steps = report.trace.iter().filter_map(|happened| {
        let Trace::Step(step) = &happened.what else {
            return None;
        };
        let channel = &report.channels[happened.channel];
        let who = match channel.of {
            Of::Call(call) if report.calls[call].channel == Some(happened.channel) => {
                format!("{call}")
            }
            Of::Call(call) => format!("{call}#{}", happened.channel),
            Of::Message(message) => format!("m{message}"),
        };
        Some(format!(
            "{} {who} {}({})",
            seconds(report, happened.at),
            text(&step.application),
            text(&step.arguments)
        ))
    });
    steps.collect()
}

pub(crate) fn seconds(report: &Report, at: strowger_vm::Time) -> f64 {
    (at.0 - report.began.0) as f64 / 1e6
}

/// What people are told of a call.
pub(crate) fn notes(report: &Report) -> Vec<String> {
    let notes = report
        .trace
        .iter()
        .filter_map(|happened| match &happened.what {
            Trace::Note { text, .. } => Some(text.clone()),
            _ => None,
        });
    notes.collect()
}

/// `file at-until`.
pub(crate) fn heard(report: &Report) -> Vec<String> {
    report
        .heard
        .iter()
        .map(|heard| {
            format!(
                "{} {}-{} {:?}{}",
                text(&heard.file),
                seconds(report, heard.at),
                seconds(report, heard.until),
                heard.how,
                if heard.audible { "" } else { " unheard" }
            )
        })
        .collect()
}

/// `endpoint outcome`.
pub(crate) fn dialed(report: &Report) -> Vec<String> {
    report
        .dialed
        .iter()
        .map(|dialed| format!("{} {:?}", text(&dialed.endpoint), dialed.outcome))
        .collect()
}
