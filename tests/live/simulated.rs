//! A scenario in the simulator.

use crate::Track;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use strowger_compiler::source::Sources;
use strowger_runtime::sim::report::Played;
use strowger_runtime::sim::{Scenario, Simulation};
use strowger_vm::Trace;
use strowger_vm::trace::Executed;

pub(crate) fn line(step: &Executed) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{},{},{} {}({})",
        text(&step.context),
        text(&step.exten),
        step.priority,
        text(&step.application),
        text(&step.arguments)
    )
}

/// What happened on each channel, and how long all took.
pub(crate) fn run(plan: &[u8], scenario: &Arc<Scenario>) -> (Vec<Track>, Duration) {
    let mut sources = Sources::new();
    sources.add("extensions.conf", plan);
    let compiled = strowger_compiler::compile(&sources, &strowger_compiler::Options::default());
    let globals = Arc::new(strowger_runtime::globals(&compiled.hir));
    let mut simulation = Simulation::new(compiled.module.unwrap()).with_globals(globals);
    let report = simulation.play(scenario);
    // The texts of all senders run on a channel of one name, one after the other.
    let mut numbers: BTreeMap<&[u8], usize> = BTreeMap::new();
    let first: Vec<usize> = report
        .channels
        .iter()
        .enumerate()
        .map(|(n, channel)| *numbers.entry(&channel.name).or_insert(n))
        .collect();
    let mut tracks: BTreeMap<usize, Track> = BTreeMap::new();
    for happened in &report.trace {
        let track = tracks.entry(first[happened.channel]).or_default();
        match &happened.what {
            Trace::Step(step) => track.steps.push(line(step)),
            Trace::Set {
                name,
                value: Some(value),
            } if name.ends_with(b"STATUS") => track.statuses.push(format!(
                "{}={}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value)
            )),
            _ => {}
        }
    }
    for heard in report.heard.iter().filter(|h| h.how != Played::Missing) {
        let track = tracks.entry(first[heard.channel]).or_default();
        track
            .prompts
            .push(String::from_utf8_lossy(&heard.file).into_owned());
    }
    let micros = report.ended.0 - report.began.0;
    tracks.retain(|_, track| !track.steps.is_empty() || !track.prompts.is_empty());
    (
        tracks.into_values().collect(),
        Duration::from_micros(u64::try_from(micros).unwrap()),
    )
}
