//! A simulated call as a ladder: the caller, the exchange and whom it calls; between the arrows the steps of the plan.

use std::fmt::Write;

use strowger_runtime::channel::End;
use strowger_runtime::sim::report::{Dialed, Outcome};
use strowger_runtime::sim::{Answered, World};
use strowger_stdlib::status::Cause;
use strowger_vm::effect::{Answer, Effect};
use strowger_vm::{Executed, Time, Trace};

use crate::ladder::Ladder;

/// Columns of called endpoints.
const COLUMNS: usize = 5;

/// The caller's column; endpoints count from 1.
const CALLER: usize = 0;

/// One line of the drawing.
struct Row {
    at: Time,
    text: String,
}

struct Drawing<'w> {
    world: &'w World,
    ladder: Ladder<usize>,
    endpoints: Vec<&'w [u8]>,
    rows: Vec<Row>,
    /// The caller hung up.
    left: bool,
}

/// All of it.
pub(super) fn ladder(world: &World, began: Time, caller: &str, number: &str, end: &End) -> String {
    let mut endpoints: Vec<&[u8]> = Vec::new();
    for dialed in world.dialed().iter().filter(|d| !d.is_local()) {
        if !endpoints.contains(&dialed.endpoint.as_slice()) {
            endpoints.push(&dialed.endpoint);
        }
    }
    let more = endpoints.len().saturating_sub(COLUMNS);
    endpoints.truncate(COLUMNS);
    let names: Vec<String> = endpoints.iter().map(|e| lossy(e)).collect();
    let right: Vec<(usize, &str)> = (1..).zip(names.iter().map(String::as_str)).collect();
    let mut drawing = Drawing {
        world,
        ladder: Ladder::new(&[(CALLER, caller)], "exchange", &right),
        endpoints,
        rows: Vec::new(),
        left: false,
    };
    drawing.caller(began, true, &format!("calls {number}"));
    drawing.all();
    drawing.over(end);
    // What a Dial brought is told at its end, and happened before.
    drawing.rows.sort_by_key(|row| row.at);
    let mut out = format!("{}\n", drawing.ladder.head());
    let mut last = String::new();
    for row in &drawing.rows {
        let time = format!("{:.3}", (row.at.0 - began.0) as f64 / 1e6);
        let shown = if time == last { "" } else { &time };
        let _ = writeln!(out, "{}", format!("{shown:>8}{}", row.text).trim_end());
        last = time;
    }
    if more > 0 {
        let _ = writeln!(
            out,
            "          ({more} more endpoints were called; they have no column)"
        );
    }
    out
}

impl<'w> Drawing<'w> {
    fn arrow(&mut self, at: Time, column: usize, incoming: bool, label: &str) {
        if let Some(row) = self.ladder.row(incoming, column, label) {
            // The time stands before it.
            let text = row.get(8..).unwrap_or_default().to_owned();
            self.rows.push(Row { at, text });
        }
    }

    fn caller(&mut self, at: Time, incoming: bool, label: &str) {
        self.arrow(at, CALLER, incoming, label);
    }

    fn all(&mut self) {
        let world = self.world;
        let mut answers = world.answers.iter().peekable();
        for (n, happened) in world.trace.iter().enumerate() {
            while let Some(answered) = answers.next_if(|a| a.before <= n) {
                self.answered(answered);
            }
            if let Trace::Step(step) = &happened.what {
                let text = step_text(step, happened.channel);
                self.rows.push(Row {
                    at: happened.at,
                    text,
                });
            }
        }
        for answered in answers {
            self.answered(answered);
        }
    }

    fn answered(&mut self, a: &'w Answered) {
        let gone = a.reply.answer == Answer::Gone;
        if let Effect::Dial(_) = &a.effect {
            self.dial(a);
        }
        // Further channels have nobody at their own end.
        if a.channel != 0 {
            return;
        }
        let list = |all: &[Vec<u8>]| all.iter().map(|f| lossy(f)).collect::<Vec<_>>().join(", ");
        match &a.effect {
            Effect::Answer { .. } => self.caller(a.at, false, "answers"),
            Effect::Play(play) => {
                self.caller(a.asked, false, &format!("plays {}", list(&play.files)));
            }
            Effect::Say { prompts, .. } => {
                self.caller(a.asked, false, &format!("says {}", list(prompts)));
            }
            Effect::Ringing => self.caller(a.asked, false, "rings"),
            Effect::Progress => self.caller(a.asked, false, "early audio"),
            Effect::Busy { .. } => self.caller(a.asked, false, "busy"),
            Effect::Congestion { .. } => self.caller(a.asked, false, "congestion"),
            Effect::SendText { text, .. } => {
                self.caller(a.asked, false, &format!("text: {}", lossy(text)));
            }
            _ => {}
        }
        if let Answer::Digit(key) = a.reply.answer {
            self.caller(a.at, true, &format!("presses {}", char::from(key)));
        }
        // A tone before the answer ends the call itself.
        let ends = matches!(a.effect, Effect::Busy { .. } | Effect::Congestion { .. });
        if gone && !ends && !self.left {
            self.left = true;
            self.caller(a.at, true, "hangs up");
        }
    }

    /// Everybody whom a Dial called, and what became of them.
    fn dial(&mut self, a: &Answered) {
        let world = self.world;
        let of = |d: &&Dialed| d.channel == a.channel && d.at >= a.asked && d.settled <= a.at;
        let called: Vec<&Dialed> = world.dialed().iter().filter(of).collect();
        for dialed in called {
            let answered = dialed.outcome == Outcome::Answered;
            if dialed.is_local() {
                if answered && a.channel == 0 {
                    self.caller(dialed.settled, false, "answers");
                }
                continue;
            }
            let Some(column) = self.endpoints.iter().position(|e| *e == dialed.endpoint) else {
                continue;
            };
            let column = column + 1;
            self.arrow(dialed.at, column, false, "calls");
            match dialed.outcome {
                Outcome::Answered => {
                    self.arrow(dialed.settled, column, true, "answers");
                    if a.channel == 0 {
                        self.caller(dialed.settled, false, "answers");
                    }
                    let gone = a.reply.answer == Answer::Gone;
                    self.arrow(a.at, column, !gone, "hangs up");
                }
                Outcome::Failed(cause) => {
                    let name = Cause(cause).name().unwrap_or_default();
                    let words = format!("{cause} {name}");
                    self.arrow(dialed.settled, column, true, words.trim_end());
                }
                Outcome::GivenUp => self.arrow(dialed.settled, column, false, "gives up"),
            }
        }
    }

    fn over(&mut self, end: &End) {
        if self.left || self.world.stalled {
            return;
        }
        if let End::Done(outcome) = end {
            let words = match outcome.cause {
                0 => "hangs up".to_owned(),
                cause => format!("hangs up, cause {cause}"),
            };
            self.caller(self.world.now, false, &words);
        }
    }
}

fn step_text(step: &Executed, channel: usize) -> String {
    let who = match channel {
        0 => String::new(),
        n => format!("#{n} "),
    };
    let source = step.source.as_ref();
    let source = source.map(|s| format!("  {}:{}", s.file, s.line));
    format!(
        "      {who}{},{},{}  {}({}){}",
        lossy(&step.context),
        lossy(&step.exten),
        step.priority,
        lossy(&step.application),
        lossy(&step.arguments),
        source.unwrap_or_default()
    )
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
