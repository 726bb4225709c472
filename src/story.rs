//! What a simulated call did, step by step: its trace, put in order, for people and as JSON.

use crate::batch;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use strowger_runtime::channel::End;
use strowger_runtime::sim::{Answered, Happened, World};
use strowger_vm::effect::{Answer, Effect, Target};
use strowger_vm::{Executed, Text, Time, Trace};

/// A step, and what came of it until the next one of its channel.
pub(crate) struct Line<'w> {
    at: Time,
    channel: usize,
    /// None: something that happened before the first step, or to a step that stands further up.
    step: Option<&'w Executed>,
    events: Vec<Event<'w>>,
    /// Variables, each once, as the step left them; None: unset.
    set: Vec<(&'w [u8], Option<&'w [u8]>)>,
    /// Where the channel went, if not to the next priority.
    goes: Option<&'w Executed>,
}

enum Event<'w> {
    Note(&'w str),
    Answered(&'w Answered),
}

impl<'w> Line<'w> {
    /// Takes the reads at the end, with the notes among them: they belong to the next step.
    fn trailing_reads(&mut self) -> Vec<Event<'w>> {
        let is_read = |e: &Event| match e {
            Event::Note(_) => None,
            Event::Answered(a) => Some(matches!(
                a.effect,
                Effect::ReadFunction { .. }
                    | Effect::DbGet { .. }
                    | Effect::DbKeys { .. }
                    | Effect::Random { .. }
            )),
        };
        let after = self
            .events
            .iter()
            .rposition(|e| is_read(e) == Some(false))
            .map_or(0, |n| n + 1);
        let first = self.events[after..]
            .iter()
            .position(|e| is_read(e) == Some(true));
        match first {
            Some(n) => self.events.split_off(after + n),
            None => Vec::new(),
        }
    }
}

/// Puts what happened in order.
pub(crate) fn lines<'w>(trace: &'w [Happened], answers: &'w [Answered]) -> Vec<Line<'w>> {
    let mut lines: Vec<Line> = Vec::new();
    // Per channel: its last line and step, and its variables.
    let mut last: HashMap<usize, usize> = HashMap::new();
    let mut steps: HashMap<usize, &Executed> = HashMap::new();
    let mut variables: HashMap<(usize, &[u8]), &[u8]> = HashMap::new();
    let mut answers = answers.iter().peekable();
    for (n, happened) in trace.iter().enumerate() {
        while let Some(answered) = answers.next_if(|a| a.before <= n) {
            line(&mut lines, &mut last, answered.channel, answered.at)
                .events
                .push(Event::Answered(answered));
        }
        let channel = happened.channel;
        match &happened.what {
            Trace::Step(step) => {
                if let Some(before) = last.get(&channel).and_then(|l| lines.get_mut(*l)) {
                    let follows = |b: &Executed| {
                        b.context == step.context
                            && b.exten == step.exten
                            && b.priority + 1 == step.priority
                    };
                    let from = steps.get(&channel);
                    before.goes = from.filter(|b| !follows(b)).map(|_| step);
                }
                steps.insert(channel, step);
                // What the arguments asked was answered before the step was complete.
                let asked = match lines.last_mut() {
                    Some(before) if before.channel == channel => before.trailing_reads(),
                    _ => Vec::new(),
                };
                last.insert(channel, lines.len());
                lines.push(Line {
                    at: happened.at,
                    channel,
                    step: Some(step),
                    events: asked,
                    set: Vec::new(),
                    goes: None,
                });
            }
            Trace::Set { name, value } => {
                let set = &mut line(&mut lines, &mut last, channel, happened.at).set;
                set.retain(|(n, _)| n != name);
                set.push((name, value.as_deref()));
            }
            Trace::Note { text, .. } => line(&mut lines, &mut last, channel, happened.at)
                .events
                .push(Event::Note(text)),
        }
    }
    for answered in answers {
        line(&mut lines, &mut last, answered.channel, answered.at)
            .events
            .push(Event::Answered(answered));
    }
    lines.retain(|l| l.step.is_some() || !l.events.is_empty() || !l.set.is_empty());
    // What was blanked and was blank before is no news.
    for line in &mut lines {
        let channel = line.channel;
        line.set.retain(|(name, value)| match value {
            Some(v) if !v.is_empty() => {
                variables.insert((channel, name), v);
                true
            }
            _ => variables.remove(&(channel, *name)).is_some(),
        });
    }
    lines
}

/// The line to which something of a channel belongs: its last one, unless another channel has done something since.
fn line<'l, 'w>(
    lines: &'l mut Vec<Line<'w>>,
    last: &mut HashMap<usize, usize>,
    channel: usize,
    at: Time,
) -> &'l mut Line<'w> {
    if lines.last().is_none_or(|l| l.channel != channel) {
        last.insert(channel, lines.len());
        lines.push(Line {
            at,
            channel,
            step: None,
            events: Vec::new(),
            set: Vec::new(),
            goes: None,
        });
    }
    let end = lines.len() - 1;
    &mut lines[end]
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn place(step: &Executed) -> String {
    format!(
        "{},{},{}",
        lossy(&step.context),
        lossy(&step.exten),
        step.priority
    )
}

fn source(step: &Executed) -> String {
    step.source
        .as_ref()
        .map(|s| format!("{}:{}", s.file, s.line))
        .unwrap_or_default()
}

/// The lines around a step: so many before it, and after it.
pub(crate) fn around<'l, 'w>(
    lines: &'l [Line<'w>],
    step: &Executed,
    span: usize,
) -> &'l [Line<'w>] {
    let is = |l: &Line| l.step.is_some_and(|s| std::ptr::eq(s, step));
    match lines.iter().position(is) {
        Some(at) => &lines[at.saturating_sub(span)..lines.len().min(at + span + 1)],
        None => &[],
    }
}

/// The lines for people; times count from `began`.
pub(crate) fn told(lines: &[Line], began: Time) -> String {
    written(lines, began, true)
}

/// The same without lines of files, which change when something else does.
pub(crate) fn without_lines(lines: &[Line], began: Time) -> String {
    written(lines, began, false)
}

fn written(lines: &[Line], began: Time, sources: bool) -> String {
    let mut out = String::new();
    let seconds = |at: Time| format!("{:.3}", (at.0 - began.0) as f64 / 1e6);
    let mut last = String::new();
    for line in lines {
        let who = match line.channel {
            0 => String::new(),
            n => format!("  #{n}"),
        };
        let mut say = |time: &str, text: &str| {
            out.push_str(format!("{time:>8}{who}  {text}").trim_end());
            out.push('\n');
        };
        let mut shown = |at: Time| {
            let time = seconds(at);
            if time == last {
                String::new()
            } else {
                last.clone_from(&time);
                time
            }
        };
        if let Some(step) = line.step {
            let call = format!("{}({})", lossy(&step.application), lossy(&step.arguments));
            let source = if sources { source(step) } else { String::new() };
            let text = format!("{:<24}  {call:<40}  {source}", place(step));
            say(&shown(line.at), &text);
        }
        for event in &line.events {
            match event {
                Event::Note(text) => say("", &format!("    {text}")),
                Event::Answered(a) => {
                    if let Some(words) = answer(a) {
                        say(&shown(a.at), &format!("    {words}"));
                    }
                }
            }
        }
        if !line.set.is_empty() {
            let words: Vec<String> = line
                .set
                .iter()
                .map(|(name, value)| format!("{}={}", lossy(name), lossy(value.unwrap_or(b""))))
                .collect();
            say("", &format!("    set {}", words.join("  ")));
        }
        if let Some(next) = line.goes {
            let hung_up = next.exten == b"h" && line.step.is_none_or(|s| s.exten != b"h");
            let why = if hung_up { "over, " } else { "" };
            say("", &format!("    {why}-> {}", place(next)));
        }
    }
    out
}

/// What was answered, in words; none where the notes or the step itself say it.
fn answer(a: &Answered) -> Option<String> {
    let took = (a.at.0 - a.asked.0) as f64 / 1e6;
    let after = if took > 0.0 {
        format!(" after {took} s")
    } else {
        String::new()
    };
    let status = |name: &str| {
        let set = a.reply.sets.iter().find(|(n, _)| n == name.as_bytes());
        set.map(|(_, v)| lossy(v)).unwrap_or_default()
    };
    let value = |none: &str| match &a.reply.answer {
        Answer::Value(v) => format!("`{}`", lossy(v)),
        Answer::Unserved => "nothing: this world does not serve it".into(),
        _ => none.into(),
    };
    let mut words = match &a.effect {
        Effect::Answer { .. } => "answered".into(),
        Effect::Dial(dial) => {
            let cause = a.reply.cause.map(|c| format!(", cause {c}"));
            format!(
                "{}: {}{after}{}",
                list(dial.targets.iter().map(target)),
                status("DIALSTATUS"),
                cause.unwrap_or_default()
            )
        }
        Effect::Play(play) => {
            let how = match &a.reply.answer {
                Answer::Digit(d) => format!("broken by the key {}", char::from(*d)),
                _ if status(&lossy(&play.status)) == "FAILED" => "not played".into(),
                _ => format!("played for {took} s"),
            };
            format!("{}: {how}", list(play.files.iter().map(|f| lossy(f))))
        }
        Effect::Say { prompts, .. } => {
            format!("{}: said", list(prompts.iter().map(|f| lossy(f))))
        }
        Effect::Echo => format!("echo for {took} s"),
        Effect::Wait { .. } => format!("waited {took} s"),
        Effect::Digit { .. } => match &a.reply.answer {
            Answer::Digit(d) => format!("the key {}{after}", char::from(*d)),
            _ => format!("no key in {took} s"),
        },
        Effect::Busy { .. } => format!("busy tone for {took} s"),
        Effect::Congestion { .. } => format!("congestion tone for {took} s"),
        Effect::SendMessage(m) => {
            format!(
                "{}: {}",
                lossy(&m.destination),
                status("MESSAGE_SEND_STATUS")
            )
        }
        Effect::SendText { .. } => format!("the text: {}", status("SENDTEXTSTATUS")),
        Effect::SetGlobal { name, value } => match value {
            Some(v) => format!("global {}={}", lossy(name), lossy(v)),
            None => format!("global {} is gone", lossy(name)),
        },
        Effect::DbGet { family, key } => {
            format!(
                "DB({}/{}) is {}",
                lossy(family),
                lossy(key),
                value("not there")
            )
        }
        Effect::DbPut { family, key, value } => {
            format!("DB({}/{})={}", lossy(family), lossy(key), lossy(value))
        }
        Effect::DbDelete { family, key, .. } => {
            format!(
                "DB({}/{}) was {}",
                lossy(family),
                lossy(key),
                value("not there")
            )
        }
        Effect::DbKeys { prefix } => {
            format!(
                "below {} in the database: {}",
                lossy(prefix),
                value("nothing")
            )
        }
        Effect::Random { min, max } => format!("random from {min} to {max}: {}", value("")),
        Effect::ReadFunction { function, args } => {
            format!("{}({}) is {}", lossy(function), lossy(args), value("empty"))
        }
        Effect::WriteFunction {
            function,
            args,
            value,
        } => {
            let refused = match a.reply.answer {
                Answer::Unserved => ": this world does not serve it",
                _ => "",
            };
            format!(
                "{}({})={}{refused}",
                lossy(function),
                lossy(args),
                lossy(value)
            )
        }
        Effect::Ringing
        | Effect::Progress
        | Effect::Proceeding
        | Effect::Log { .. }
        | Effect::Verbose { .. }
        | Effect::Unserved { .. } => return None,
    };
    if a.reply.answer == Answer::Gone {
        words.push_str("; the caller is gone");
    }
    Some(words)
}

fn target(t: &Target) -> String {
    format!("{}/{}", lossy(&t.technology), lossy(&t.resource))
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// How it ended.
pub(crate) fn ending(end: &End, stalled: bool) -> String {
    match end {
        _ if stalled => "the call would still be there".into(),
        End::Done(outcome) => format!("the call is over, cause {}", outcome.cause),
        End::Returned(_) => "the subroutine returned".into(),
        End::Fault(fault) => format!("{fault}"),
    }
}

/// Everything as one object.
pub(crate) fn object(
    lines: &[Line],
    began: Time,
    end: &End,
    variables: &[(Text, Text)],
    world: &World,
) -> Value {
    let steps: Value = lines.iter().map(|l| step(l, began)).collect();
    let how = match end {
        _ if world.stalled => "stalled",
        End::Done(_) => "done",
        End::Returned(_) => "returned",
        End::Fault(_) => "fault",
    };
    let pairs = |pairs: &mut dyn Iterator<Item = (&Text, &Text)>| {
        pairs
            .map(|(k, v)| (lossy(k), batch::string(v)))
            .collect::<Map<_, _>>()
    };
    json!({
        "steps": steps,
        "end": {
            "how": how,
            "cause": end.cause(),
            "words": ending(end, world.stalled),
            "at": (world.now.0 - began.0) as f64 / 1e6,
        },
        "variables": pairs(&mut variables.iter().map(|(k, v)| (k, v))),
        "globals": pairs(&mut world.globals.0.iter()),
    })
}

fn step(line: &Line, began: Time) -> Value {
    let seconds = |at: Time| (at.0 - began.0) as f64 / 1e6;
    let mut out = Map::new();
    out.insert("at".into(), json!(seconds(line.at)));
    out.insert("channel".into(), json!(line.channel));
    if let Some(step) = line.step {
        out.insert("context".into(), batch::string(&step.context));
        out.insert("exten".into(), batch::string(&step.exten));
        out.insert("priority".into(), json!(step.priority));
        out.insert("application".into(), batch::string(&step.application));
        out.insert("arguments".into(), batch::string(&step.arguments));
        if let Some(source) = &step.source {
            out.insert("file".into(), json!(source.file));
            out.insert("line".into(), json!(source.line));
        }
    }
    let events = |answered: bool| {
        line.events
            .iter()
            .filter_map(|e| match e {
                Event::Note(text) if !answered => Some(json!(text)),
                Event::Answered(a) if answered => {
                    Some(json!({ "at": seconds(a.at), "words": answer(a)? }))
                }
                _ => None,
            })
            .collect::<Value>()
    };
    out.insert("answers".into(), events(true));
    out.insert("notes".into(), events(false));
    let set: Map<String, Value> = line
        .set
        .iter()
        .map(|(name, value)| (lossy(name), value.map_or(Value::Null, batch::string)))
        .collect();
    out.insert("set".into(), set.into());
    if let Some(next) = line.goes {
        out.insert(
            "goes_to".into(),
            json!({ "context": lossy(&next.context), "exten": lossy(&next.exten), "priority": next.priority }),
        );
    }
    Value::Object(out)
}
