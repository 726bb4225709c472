//! What became of recorded calls, for people and for programs.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};
use strowger_compiler::coverage::Reachable;
use strowger_compiler::{Diagnostic, Span};
use strowger_runtime::End;
use strowger_runtime::record::{
    Change, Counts, Head, Now, Passed, Recorded, Replayed, Verdict, words,
};
use strowger_vm::trace::Source;
use strowger_vm::{Executed, Time};

use crate::explore::written::moment;
use crate::load::Loaded;
use crate::testing::changes;
use crate::{duration, render, story};

/// How it is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One object a line for each call, and one for all
    Json,
}

/// How many calls did what.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) same: u64,
    pub(crate) so_far: u64,
    pub(crate) changed: u64,
    /// Lines that cannot be read.
    pub(crate) bad: u64,
}

impl Tally {
    pub(crate) fn all(self) -> u64 {
        self.same + self.so_far + self.changed
    }
}

/// What stands for a code at a place of the plan.
const CODE: &str = "changed";
/// So many steps more than then are shown.
const LONGER: usize = 8;

/// Says it.
pub(crate) struct Told<'p, W> {
    out: W,
    format: Format,
    colour: bool,
    plan: &'p Loaded,
    reachable: Reachable,
    file: String,
    pub(crate) counts: Tally,
}

impl<'p, W: Write> Told<'p, W> {
    pub(crate) fn new(
        out: W,
        format: Format,
        colour: bool,
        plan: &'p Loaded,
        file: String,
    ) -> Told<'p, W> {
        Told {
            out,
            format,
            colour,
            plan,
            reachable: Reachable::of(&plan.compiled.hir),
            file,
            counts: Tally::default(),
        }
    }

    fn ink(&self, text: &str, code: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn head(&mut self, head: &Head) -> std::io::Result<()> {
        if self.format == Format::Json {
            return Ok(());
        }
        let names = if head.pseudonyms {
            "names and numbers are replaced"
        } else {
            "real names and numbers"
        };
        writeln!(
            self.out,
            "{}  recorded from {} UTC on; {names}",
            self.file,
            moment(head.began)
        )
    }

    /// Says what became of a call.
    pub(crate) fn call(
        &mut self,
        call: &Recorded,
        title: &str,
        replayed: &Replayed,
    ) -> std::io::Result<()> {
        match &replayed.verdict {
            Verdict::Same => self.counts.same += 1,
            Verdict::SameSoFar(_) => self.counts.so_far += 1,
            Verdict::Changed(_) => self.counts.changed += 1,
        }
        if self.format == Format::Json {
            let object = self.object(call, title, replayed);
            return writeln!(self.out, "{object}");
        }
        let number = call.number;
        match &replayed.verdict {
            Verdict::Same => writeln!(
                self.out,
                "  {}       call {number}: {title}   ({})",
                self.ink("ok", "32"),
                span(call.at, last(call))
            ),
            Verdict::SameSoFar(why) => writeln!(
                self.out,
                "  {}   call {number}: {title}   (the record ends after {}: {why})",
                self.ink("so far", "36"),
                span(call.at, last(call))
            ),
            Verdict::Changed(change) => {
                writeln!(
                    self.out,
                    "  {}  call {number}: {title}, on {}",
                    self.ink("CHANGED", "31;1"),
                    moment(call.at)
                )?;
                for line in self.change(call, change, replayed).lines() {
                    writeln!(self.out, "{}", format!("        {line}").trim_end())?;
                }
                Ok(())
            }
        }
    }

    fn change(&self, call: &Recorded, change: &Change, replayed: &Replayed) -> String {
        let mut out = format!(
            "after {}\nthen  {}\nnow   {}\n",
            span(call.at, change.at),
            was(call, change),
            now(change)
        );
        let until = change.turn.unwrap_or(call.turns.len());
        if call.turns.iter().take(until).any(|turn| turn.reloaded) {
            out.push_str("the plan was replaced while this call ran: it began in an older one\n");
        }
        let before = recorded_steps(call, change);
        let mut after: Vec<String> = replayed.steps.iter().map(executed).collect();
        // A loop need not be shown to its end.
        if after.len() > before.len() + LONGER {
            after.truncate(before.len() + LONGER);
            after.push("...".to_owned());
        }
        // What stands in arguments is asked before its step begins.
        let is_early = before.split_last().is_some_and(|(_, rest)| *rest == after);
        if before != after && !is_early && change.now != Now::Refused {
            out.push_str("steps: - then, + now\n");
            out.push_str(&changes(&before, &after, self.colour));
        }
        if let Some(found) = self.found(change) {
            let mut drawn = Vec::new();
            // Writing to memory does not fail.
            let _ = render::human(&mut drawn, &self.plan.sources, &[found], self.colour);
            out.push_str(&String::from_utf8_lossy(&drawn));
        }
        out
    }

    /// The line of the plan where it parts.
    fn found(&self, change: &Change) -> Option<Diagnostic> {
        if change.now == Now::Refused {
            return None;
        }
        let step = change.step.as_ref()?;
        let span = self.span(step.source.as_ref()?)?;
        let is_here =
            step.context == change.place.context && step.priority == change.place.priority;
        let label = match (&change.now, is_here) {
            (Now::Ends(_), _) => "the last step of today",
            (_, true) => "asked here",
            (_, false) => "asked right after this step",
        };
        let found = Diagnostic::new(CODE, "the plan does something else here", span);
        Some(found.label(label))
    }

    fn span(&self, source: &Source) -> Option<Span> {
        let file = self.plan.sources.find(&source.file)?;
        let mut steps = self.reachable.steps.iter();
        if let Some(step) = steps.find(|s| s.file == file && s.line == source.line) {
            return Some(step.span);
        }
        let range = self.plan.sources.file(file).line_range(source.line);
        Some(Span {
            file,
            start: u32::try_from(range.start).ok()?,
            end: u32::try_from(range.end).ok()?,
        })
    }

    fn object(&self, call: &Recorded, title: &str, replayed: &Replayed) -> Value {
        let mut out = json!({
            "call": call.number,
            "title": title,
            "line": call.line,
            "at": moment(call.at),
            "seconds": seconds(call.at, last(call)),
        });
        match &replayed.verdict {
            Verdict::Same => out["verdict"] = json!("same"),
            Verdict::SameSoFar(why) => {
                out["verdict"] = json!("so far");
                out["why"] = json!(why);
            }
            Verdict::Changed(change) => {
                out["verdict"] = json!("changed");
                out["after"] = json!(seconds(call.at, change.at));
                out["then"] = json!(was(call, change));
                out["now"] = json!(now(change));
                out["place"] = json!([
                    String::from_utf8_lossy(&change.place.context),
                    String::from_utf8_lossy(&change.place.exten),
                    change.place.priority,
                ]);
                if let Some(source) = change.step.as_ref().and_then(|s| s.source.as_ref()) {
                    out["file"] = json!(source.file);
                    out["plan_line"] = json!(source.line);
                }
                out["steps_then"] = json!(recorded_steps(call, change));
                out["steps_now"] = replayed.steps.iter().map(executed).collect();
            }
        }
        out
    }

    /// Says what belongs at the end.
    pub(crate) fn end(&mut self, file: Counts, took: Duration) -> std::io::Result<()> {
        let Tally {
            same,
            so_far,
            changed,
            bad,
        } = self.counts;
        if self.format == Format::Json {
            let summary = json!({
                "summary": {
                    "same": same, "so_far": so_far, "changed": changed, "unreadable": bad,
                    "dropped": file.dropped, "truncated": file.truncated, "full": file.full,
                    "finished": file.finished,
                }
            });
            writeln!(self.out, "{summary}")?;
            return self.out.flush();
        }
        let mut words = format!("{same} same, {changed} changed");
        if so_far > 0 {
            words.push_str(&format!(", {so_far} the same as far as the record goes"));
        }
        if bad > 0 {
            words.push_str(&format!(", {bad} unreadable lines"));
        }
        writeln!(self.out, "{words}, {:.3} s.", took.as_secs_f64())?;
        if file.dropped > 0 {
            writeln!(
                self.out,
                "The exchange was too busy to write everything down: {} things are missing.",
                file.dropped
            )?;
        }
        if file.full {
            writeln!(
                self.out,
                "The record grew to its bound: what came later is missing."
            )?;
        }
        if file.truncated || !file.finished {
            writeln!(
                self.out,
                "The record has no end: the exchange did not stop as it should, or still runs."
            )?;
        }
        self.out.flush()
    }

    pub(crate) fn exit(&self) -> u8 {
        match self.counts {
            Tally { bad: 1.., .. } => 2,
            Tally { changed: 1.., .. } => 1,
            _ => 0,
        }
    }
}

/// The last moment of a call that the record holds.
fn last(call: &Recorded) -> Time {
    let turn = call.turns.last().map(|turn| turn.answered);
    call.end
        .as_ref()
        .map(|end| end.at)
        .or(turn)
        .unwrap_or(call.at)
}

fn seconds(from: Time, to: Time) -> f64 {
    (to.0.saturating_sub(from.0) / 1_000) as f64 / 1e3
}

fn span(from: Time, to: Time) -> String {
    duration::told(u64::try_from(to.0.saturating_sub(from.0) / 1_000).unwrap_or(0))
}

/// What the record has there.
fn was(call: &Recorded, change: &Change) -> String {
    match change.turn.and_then(|n| call.turns.get(n)) {
        Some(turn) => words(&turn.asks),
        None => match &call.end {
            Some(end) if end.how == "over" => format!("the call is over, cause {}", end.cause),
            Some(end) => format!("the call ends: {}", end.why),
            None => "nothing more".to_owned(),
        },
    }
}

fn now(change: &Change) -> String {
    match &change.now {
        Now::Asks(asks) => words(asks),
        Now::Reads(asks) => format!("{}, which the record does not hold", words(asks)),
        Now::Ends(end @ End::Fault(_)) => format!("the call ends: {}", story::ending(end, false)),
        Now::Ends(end) => story::ending(end, false),
        Now::Refused => format!(
            "refused: nothing answers {} in {}",
            String::from_utf8_lossy(&change.place.exten),
            String::from_utf8_lossy(&change.place.context)
        ),
    }
}

/// The steps of the record up to there.
fn recorded_steps(call: &Recorded, change: &Change) -> Vec<String> {
    let until = change.turn.map_or(call.turns.len(), |n| n + 1);
    let turns = call.turns.iter().take(until);
    let mut steps: Vec<String> = turns.flat_map(|turn| &turn.steps).map(passed).collect();
    if change.turn.is_none()
        && let Some(end) = &call.end
    {
        steps.extend(end.steps.iter().map(passed));
    }
    steps
}

fn passed(step: &Passed) -> String {
    written(&step.context, &step.exten, step.priority, &step.application)
}

fn executed(step: &Executed) -> String {
    written(&step.context, &step.exten, step.priority, &step.application)
}

fn written(context: &[u8], exten: &[u8], priority: u32, application: &[u8]) -> String {
    let clean = |text: &[u8]| -> String {
        let text = String::from_utf8_lossy(text);
        text.chars().filter(|c| !c.is_control()).collect()
    };
    format!(
        "{},{},{priority} {}",
        clean(context),
        clean(exten),
        clean(application)
    )
}
