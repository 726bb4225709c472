//! What must be so whatever happens outside: asked of each run.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use strowger_compiler::{Hir, Sources};
use strowger_runtime::End;
use strowger_runtime::sim::Report;
use strowger_runtime::sim::report::{Of, Outcome};
use strowger_vm::trace::Source;
use strowger_vm::{Ending, Executed, FaultKind, Trace};

use super::points::since;

/// So long other channels of a call may go on after its caller has hung up.
const GRACE: Duration = Duration::from_secs(60);

/// Steps at the end of an endless call in which its loop is looked for.
const LOOP: usize = 100;

/// A property of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, clap::ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Property {
    /// Every call ends
    P001,
    /// Every outcome of a Dial that is asked about leads somewhere
    P002,
    /// No stranger reaches a line that costs money
    P003,
    /// Every prompt is there in every language in use
    P004,
    /// A caller who hangs up leaves nothing behind
    P005,
    /// Another plan does the same (--against)
    P006,
}

impl Property {
    pub(crate) const ALL: [Property; 6] = [
        Property::P001,
        Property::P002,
        Property::P003,
        Property::P004,
        Property::P005,
        Property::P006,
    ];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Property::P001 => "P001",
            Property::P002 => "P002",
            Property::P003 => "P003",
            Property::P004 => "P004",
            Property::P005 => "P005",
            Property::P006 => "P006",
        }
    }
}

/// A property that a run does not have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Broken {
    pub(crate) property: Property,
    /// One sentence.
    pub(crate) message: String,
    /// Where in the plan, and what is to be seen there.
    pub(crate) source: Option<Source>,
    pub(crate) label: String,
    /// What tells it apart from others.
    pub(crate) detail: String,
    /// What was seen without running anything, by its number.
    pub(crate) mark: Option<usize>,
}

impl Broken {
    /// Whether it is the same mistake of the plan.
    pub(crate) fn is(&self, other: &Broken) -> bool {
        (self.property, self.mark, &self.source, &self.detail)
            == (other.property, other.mark, &other.source, &other.detail)
    }
}

/// Lines of the plan that ask how a Dial came out.
pub(crate) struct Asking(HashSet<(String, u32)>);

impl Asking {
    pub(crate) fn new(hir: &Hir, sources: &Sources) -> Asking {
        let steps = hir.contexts.iter().flat_map(|c| &c.extensions);
        let asking = steps.flat_map(|e| &e.steps).filter(|step| {
            let args = step.args.bytes();
            args.windows(10).any(|w| w == b"DIALSTATUS")
        });
        let place = |file| sources.file(file).name().to_owned();
        Asking(asking.map(|s| (place(s.file), s.line)).collect())
    }

    fn has(&self, step: &Executed) -> bool {
        let source = step.source.as_ref();
        source.is_some_and(|s| self.0.contains(&(s.file.clone(), s.line)))
    }
}

/// What a run breaks. `hung_up`: when its caller hung up, after the beginning.
pub(crate) fn broken(report: &Report, hung_up: Option<Duration>, asking: &Asking) -> Vec<Broken> {
    let mut out = Vec::new();
    let (channel, end, stalled) = match (report.calls.first(), report.messages.first()) {
        (Some(call), _) => (call.channel, call.end.as_ref(), call.stalled),
        (None, Some(message)) => (message.channel, message.end.as_ref(), report.stalled),
        (None, None) => return out,
    };
    // One that never came so far is none.
    let hung_up = hung_up.filter(|at| *at <= since(report.began, report.ended));
    let steps = || {
        report.trace.iter().filter_map(move |h| match &h.what {
            Trace::Step(step) if Some(h.channel) == channel => Some((h, step)),
            _ => None,
        })
    };
    match (endless(end, report), hung_up) {
        (Some(why), None) => {
            let (detail, source) = loop_of(report, channel);
            out.push(Broken {
                property: Property::P001,
                message: format!("the call does not end by itself: {why}"),
                source,
                label: "this runs again and again".to_owned(),
                detail,
                mark: None,
            });
        }
        (_, Some(at)) => out.extend(behind(report, 0, channel, (end, stalled), at)),
        (None, None) => {}
    }
    if hung_up.is_none()
        && let Some(End::Done(outcome)) = end
        && matches!(outcome.why, Ending::FellThrough | Ending::NoWay)
    {
        out.extend(unhandled(steps().map(|(_, s)| s), report, channel, asking));
    }
    out
}

/// Why something does not end by itself.
fn endless(end: Option<&End>, report: &Report) -> Option<String> {
    match (end, report.cut) {
        (Some(End::Fault(fault)), _) => Some(match fault.kind {
            FaultKind::Effects => "it goes round and round".to_owned(),
            kind => kind.to_string(),
        }),
        (_, Some(cut)) => Some(cut.words().to_owned()),
        _ => None,
    }
}

/// What a caller has left behind who hung up so long after the beginning.
pub(crate) fn left(report: &Report, call: usize, at: Duration) -> Option<Broken> {
    let of = report.calls.get(call)?;
    behind(report, call, of.channel, (of.end.as_ref(), of.stalled), at)
}

fn behind(
    report: &Report,
    call: usize,
    channel: Option<usize>,
    (end, stalled): (Option<&End>, bool),
    at: Duration,
) -> Option<Broken> {
    let steps = report.trace.iter().rev();
    let mut steps = steps.filter(|h| Some(h.channel) == channel);
    let source = steps.find_map(|h| match &h.what {
        Trace::Step(step) => Some(step.source.clone()),
        _ => None,
    });
    let broken = |message: String, label: &str| {
        Some(Broken {
            property: Property::P005,
            message,
            source: source.clone().flatten(),
            label: label.to_owned(),
            detail: String::new(),
            mark: None,
        })
    };
    match endless(end, report) {
        Some(why) => broken(
            format!("the caller has hung up, and the call goes on: {why}"),
            "here it was when it was stopped",
        ),
        None if stalled => broken(
            "the caller has hung up, and something of the call waits for ever".to_owned(),
            "here it was",
        ),
        None => left_behind(report, call, at, channel),
    }
}

/// The loop that a call goes round in when it is stopped, by the first of its places: that is the mistake, wherever it was stopped.
pub(crate) fn loop_of(report: &Report, channel: Option<usize>) -> (String, Option<Source>) {
    let mut places = BTreeMap::new();
    let steps = report.trace.iter().rev();
    let steps = steps.filter(|h| Some(h.channel) == channel);
    let steps = steps.filter_map(|h| match &h.what {
        Trace::Step(step) => Some(step),
        _ => None,
    });
    for step in steps.take(LOOP) {
        let place = (&step.context, &step.exten, step.priority);
        places.entry(place).or_insert(&step.source);
    }
    let Some(((context, exten, priority), source)) = places.first_key_value() else {
        return (String::new(), None);
    };
    let context = String::from_utf8_lossy(context);
    let exten = String::from_utf8_lossy(exten);
    (format!("{context},{exten},{priority}"), (*source).clone())
}

/// What goes on although the caller has hung up.
fn left_behind(report: &Report, call: usize, at: Duration, own: Option<usize>) -> Option<Broken> {
    let of_call = |of: Of| matches!(of, Of::Call(n) if n == call);
    let leg = report.dialed.iter().find(|d| {
        since(report.began, d.at) > at
            && matches!(d.outcome, Outcome::Answered)
            && !d.is_local()
            && of_call(d.of)
    });
    if let Some(leg) = leg {
        let name = String::from_utf8_lossy(&leg.endpoint).into_owned();
        return Some(Broken {
            property: Property::P005,
            message: format!("the caller has hung up, and {name} is called and answers"),
            source: leg.source.clone(),
            label: "nobody is there to talk to".to_owned(),
            detail: name,
            mark: None,
        });
    }
    // A called phone that goes on alone is meant to (option F of Dial).
    let own_side = |n: usize| {
        let channel = report.channels.get(n);
        channel.is_none_or(|c| of_call(c.of) && !c.called)
    };
    let other = report.trace.iter().find(|h| {
        Some(h.channel) != own
            && own_side(h.channel)
            && since(report.began, h.at) > at + GRACE
            && matches!(h.what, Trace::Step(_))
    })?;
    let Trace::Step(step) = &other.what else {
        return None;
    };
    Some(Broken {
        property: Property::P005,
        message: "the caller has hung up, and a channel of the call goes on".to_owned(),
        source: step.source.clone(),
        label: "it is still running".to_owned(),
        detail: String::new(),
        mark: None,
    })
}

/// A status that the plan asks about and has no way for.
fn unhandled<'r>(
    steps: impl Iterator<Item = &'r Executed>,
    report: &'r Report,
    channel: Option<usize>,
    asking: &Asking,
) -> Option<Broken> {
    let answers = report.answers.iter();
    let last_dial = answers
        .rev()
        .find(|a| Some(a.channel) == channel && matches!(a.effect, strowger_vm::Effect::Dial(_)))?;
    let sets = last_dial.reply.sets.iter();
    let (_, status) = sets.rev().find(|(name, _)| name == b"DIALSTATUS")?;
    if matches!(status.as_slice(), b"ANSWER" | b"CANCEL") {
        return None;
    }
    let mut since_dial: Vec<&Executed> = Vec::new();
    for step in steps {
        let app = step.application.to_ascii_lowercase();
        if matches!(app.as_slice(), b"dial" | b"retrydial") {
            since_dial.clear();
        }
        since_dial.push(step);
    }
    let asked = since_dial.iter().rev().find(|step| asking.has(step))?;
    let status = String::from_utf8_lossy(status).into_owned();
    Some(Broken {
        property: Property::P002,
        message: format!("nobody handles {status}: the call just stops"),
        source: asked.source.clone(),
        label: format!("asks how the Dial came out, and has no way for {status}"),
        detail: status,
        mark: None,
    })
}
