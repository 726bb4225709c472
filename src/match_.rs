//! `strowger match`: which extension answers a number, and why.

use crate::moment::Moment;
use crate::{batch, caller, load};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use strowger_compiler::{Options, Sources, compile};
use strowger_vm::explain::{Candidate, Explanation, Reason, Seen, Verdict, Visit};
use strowger_vm::pattern::Decided;
use strowger_vm::{Inputs, System, Time};

/// Ask which extension answers a number, and why
///
/// Says which entry wins, which others match and lose, in the order in which they are tried and with the rule that decided, which
/// includes are closed at the moment, and whether more digits could lead somewhere else. Exit 0: something answers. 1: nothing does.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  strowger match /etc/asterisk default 61
  strowger match extensions.conf from-outside 4930123 --callerid 4940999
  strowger match plan.dialc office 100 --at '2026-03-02 19:30 Europe/Berlin'
  strowger match examples/lab work 60        # a beginning: what could more digits lead to?")]
pub(crate) struct Args {
    /// A configuration directory, a dialplan file, or a compiled plan (.dialc)
    #[arg(required_unless_present = "batch")]
    path: Option<PathBuf>,
    /// Where the search starts
    #[arg(required_unless_present = "batch")]
    context: Option<String>,
    /// What is dialled
    #[arg(required_unless_present = "batch")]
    number: Option<String>,
    /// Who calls: '\"Name\" <100>', or a number; only the number counts
    #[arg(long)]
    callerid: Option<String>,
    /// The moment, as '2026-03-02 10:00', with the name of a zone behind it if not UTC (default: now)
    #[arg(long, alias = "now", value_name = "MOMENT")]
    at: Option<String>,
    /// The answer as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    release: load::Release,
    /// One JSON object a line: id, contexts, context, dial, callerid, now in; match out
    #[arg(long, conflicts_with_all = ["path", "context", "number", "callerid", "at", "json", "asterisk_version"])]
    batch: bool,
}

pub(crate) fn main(args: Args) -> ExitCode {
    if args.batch {
        return batch::answer(batch_case);
    }
    let (Some(path), Some(context), Some(number)) = (args.path, args.context, args.number) else {
        return ExitCode::from(2); // clap has asked for them
    };
    let moment = match Moment::option("--at", args.at.as_deref()) {
        Ok(moment) => moment,
        Err(fault) => return load::cannot(&fault),
    };
    let program = match load::program(&path, args.release) {
        Ok(program) => program,
        Err(fault) => return load::cannot(&fault),
    };
    let module = &program.module;
    if !module.has_context(context.as_bytes()) {
        return load::cannot(&load::no_context(module, &context));
    }
    let mut system = System::default();
    moment.settle(&mut system);
    let inputs = Inputs {
        now: moment.time,
        globals: program.globals,
        system: system.into(),
    };
    let number_of_caller = args
        .callerid
        .as_deref()
        .and_then(|c| caller::identity(c).number);
    let story = module.explain(
        &inputs,
        context.as_bytes(),
        number.as_bytes(),
        number_of_caller.as_deref(),
    );
    if args.json {
        println!("{}", object(&number, &context, &story));
    } else {
        print!("{}", told(&number, &context, &story));
    }
    if story.winner.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The name of an entry with its caller-id form, as written in a plan.
fn name(c: &Candidate) -> String {
    match &c.caller {
        Some(caller) => format!("{}/{}", lossy(&c.exten), lossy(caller)),
        None => lossy(&c.exten),
    }
}

fn place(c: &Candidate) -> String {
    if c.line == 0 {
        String::new()
    } else {
        format!("{}:{}", lossy(&c.file), c.line)
    }
}

/// The story in lines.
fn told(number: &str, context: &str, story: &Explanation) -> String {
    let mut out = String::new();
    let won = story.winner.and_then(|(visit, candidate)| {
        let visit = story.visits.get(visit)?;
        Some((visit, visit.candidates.get(candidate)?))
    });
    match won {
        Some((visit, c)) => out.push_str(&format!(
            "{number} -> {} in [{}]   {}\n",
            name(c),
            lossy(&visit.context),
            place(c)
        )),
        None => out.push_str(&format!("{number} -> nothing in [{context}] matches\n")),
    }
    for visit in &story.visits {
        out.push_str(&format!(
            "\n  [{}]{}\n",
            lossy(&visit.context),
            standing(visit, won.map(|w| w.0))
        ));
        for c in &visit.candidates {
            let line = format!(
                "    {:<24} {:<24} {}",
                name(c),
                place(c),
                verdict(&c.verdict)
            );
            out.push_str(line.trim_end());
            out.push('\n');
        }
        if visit.unnamed > 0 {
            out.push_str(&format!("    and {} more that match\n", visit.unnamed));
        }
        for near in &visit.near {
            let wanted = if near.wanted == "end" {
                "it would have to end".into()
            } else {
                format!("{} is wanted", near.wanted)
            };
            out.push_str(&format!(
                "    {:<24} no: position {}, {wanted}\n",
                lossy(&near.exten),
                near.position
            ));
        }
        for switch in &visit.switches {
            out.push_str(&format!(
                "    switch {}: is not asked by this exchange\n",
                lossy(switch)
            ));
        }
    }
    if story.cut {
        out.push_str("\n  and more contexts\n");
    }
    if !story.longer.is_empty() {
        let names: Vec<String> = story.longer.iter().map(name).collect();
        out.push_str(&format!(
            "\nmore digits could lead to {}\n",
            names.join(", ")
        ));
    }
    if won.is_some() && story.more {
        out.push_str(
            "a phone that dials digit by digit waits for them before it takes the answer above\n",
        );
    }
    out
}

/// How a context came to be asked, or not.
fn standing(visit: &Visit, won: Option<&Visit>) -> String {
    let mut words = Vec::new();
    if let Some((from, times)) = &visit.from {
        let times = times.as_ref().map(|t| format!(" at {}", lossy(t)));
        words.push(format!(
            "included by [{}]{}",
            lossy(from),
            times.unwrap_or_default()
        ));
    }
    match visit.seen {
        Seen::Searched if visit.candidates.is_empty() => {
            words.push(match visit.entries {
                0 => "holds no entries".into(),
                1 => "its one entry does not match".into(),
                n => format!("none of its {n} entries matches"),
            });
        }
        Seen::Searched => {}
        Seen::TooLate => words.push(match won {
            Some(won) => format!("not asked any more: [{}] has answered", lossy(&won.context)),
            None => "not asked any more".into(),
        }),
        Seen::Closed => words.push("closed at this moment".into()),
        Seen::Again => words.push("asked before in this search, so not again".into()),
        Seen::Missing => words.push("there is no such context".into()),
        Seen::TooMany => words.push("one search visits no more contexts".into()),
    }
    if words.is_empty() {
        String::new()
    } else {
        format!("   {}", words.join("; "))
    }
}

/// Why in words.
fn verdict(v: &Verdict) -> String {
    match v {
        Verdict::Wins => "WINS".into(),
        Verdict::OtherCaller => "is for other callers".into(),
        Verdict::NoFirstPriority => "has no priority 1: the search goes on".into(),
        Verdict::NotTheBest => "only the best entry counts (extenpatternmatchnew)".into(),
        Verdict::EndBeforeBang => {
            "a pattern that ends is preferred to `!` (extenpatternmatchnew)".into()
        }
        Verdict::LaterContext => {
            "would match; an own entry comes before includes, an earlier include before a later one"
                .into()
        }
        Verdict::Closed => "would match".into(),
        Verdict::Longer => String::new(),
        Verdict::Behind(Reason::PlainFirst) => "a plain name comes before a pattern".into(),
        Verdict::Behind(Reason::CallerFirst) => {
            "an entry for this caller comes before one for all".into()
        }
        Verdict::Behind(Reason::CallerOrder) => {
            "the winner's caller-id form comes first in the order of names".into()
        }
        Verdict::Behind(Reason::Position {
            position,
            decided,
            winner,
            loser,
        }) => {
            let why = match decided {
                Decided::Members => "fewer members first",
                Decided::Lowest => "as many members, the lowest one decides",
                Decided::Differing => "the lowest member in which they differ decides",
                Decided::Kind => "sets, then `.`, then `!`, then the end",
            };
            let word = |w: &str| {
                if w == "end" {
                    "the end".into()
                } else {
                    w.to_owned()
                }
            };
            format!(
                "position {position}: {} before {} ({why})",
                word(winner),
                word(loser)
            )
        }
    }
}

/// The story as an object.
fn object(number: &str, context: &str, story: &Explanation) -> Value {
    let winner = story.winner.and_then(|(visit, candidate)| {
        let visit = story.visits.get(visit)?;
        let mut out = entry(visit.candidates.get(candidate)?);
        out.insert("context".into(), batch::string(&visit.context));
        Some(Value::Object(out))
    });
    let visits: Value = story.visits.iter().map(visit).collect();
    json!({
        "number": number,
        "context": context,
        "match": winner,
        "more": story.more,
        "longer": story.longer.iter().map(|c| Value::Object(entry(c))).collect::<Value>(),
        "contexts": visits,
        "cut": story.cut,
    })
}

fn visit(visit: &Visit) -> Value {
    let seen = match visit.seen {
        Seen::Searched => "searched",
        Seen::TooLate => "not-asked",
        Seen::Closed => "closed",
        Seen::Again => "asked-before",
        Seen::Missing => "missing",
        Seen::TooMany => "too-many",
    };
    let candidates: Value = visit
        .candidates
        .iter()
        .map(|c| {
            let mut out = entry(c);
            out.insert("verdict".into(), json!(code(&c.verdict)));
            if let Verdict::Behind(Reason::Position {
                position,
                winner,
                loser,
                ..
            }) = &c.verdict
            {
                out.insert("position".into(), json!(position));
                out.insert("winner".into(), json!(winner));
                out.insert("loser".into(), json!(loser));
            }
            out.insert("why".into(), json!(verdict(&c.verdict)));
            Value::Object(out)
        })
        .collect();
    let near: Value = visit
        .near
        .iter()
        .map(|n| json!({ "exten": lossy(&n.exten), "position": n.position, "wanted": n.wanted }))
        .collect();
    json!({
        "context": lossy(&visit.context),
        "included_by": visit.from.as_ref().map(|(from, _)| lossy(from)),
        "times": visit.from.as_ref().and_then(|(_, t)| t.as_ref()).map(|t| lossy(t)),
        "seen": seen,
        "entries": visit.entries,
        "candidates": candidates,
        "unnamed": visit.unnamed,
        "near": near,
        "switches": visit.switches.iter().map(|s| batch::string(s)).collect::<Value>(),
    })
}

fn entry(c: &Candidate) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("exten".into(), batch::string(&c.exten));
    out.insert(
        "caller".into(),
        c.caller.as_ref().map_or(Value::Null, |c| batch::string(c)),
    );
    out.insert("file".into(), batch::string(&c.file));
    out.insert("line".into(), json!(c.line));
    out
}

/// The verdict as one word for programs.
fn code(v: &Verdict) -> &'static str {
    match v {
        Verdict::Wins => "wins",
        Verdict::OtherCaller => "other-caller",
        Verdict::NoFirstPriority => "no-priority-1",
        Verdict::NotTheBest => "not-the-best",
        Verdict::EndBeforeBang => "end-before-bang",
        Verdict::LaterContext => "later-context",
        Verdict::Closed => "closed",
        Verdict::Longer => "longer",
        Verdict::Behind(Reason::PlainFirst) => "plain-first",
        Verdict::Behind(Reason::CallerFirst) => "caller-first",
        Verdict::Behind(Reason::CallerOrder) => "caller-order",
        Verdict::Behind(Reason::Position { decided, .. }) => match decided {
            Decided::Members => "fewer-members",
            Decided::Lowest => "lowest-member",
            Decided::Differing => "differing-member",
            Decided::Kind => "kind",
        },
    }
}

/// Writes the shortened contexts out as a plan and remembers which line is which.
fn batch_case(case: &Map<String, Value>) -> Map<String, Value> {
    let mut text = Vec::new();
    let mut lines: Vec<Option<(String, String, usize)>> = vec![None];
    let mut index = 0;
    for (context, entries) in case
        .get("contexts")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        text.extend_from_slice(format!("[{context}]\n").as_bytes());
        lines.push(None);
        for entry in entries
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            text.extend_from_slice(entry.as_bytes());
            let written = entry
                .split_once('=')
                .filter(|(key, _)| key.trim().eq_ignore_ascii_case("exten"));
            lines.push(written.map(|(_, value)| {
                text.extend_from_slice(b",1,NoOp()");
                index += 1;
                (
                    context.clone(),
                    value.trim_start_matches('>').trim().to_owned(),
                    index - 1,
                )
            }));
            text.push(b'\n');
        }
    }
    let compiled = compile(&Sources::plan(text), &Options::default());
    let now = case
        .get("now")
        .and_then(Value::as_str)
        .and_then(Moment::read)
        .map_or(Time::from_seconds(0), |m| m.time);
    let inputs = Inputs {
        now,
        ..Inputs::default()
    };
    let caller = Some(batch::text(case, "callerid")).filter(|c| !c.is_empty());
    let found = compiled.module.unwrap_or_default().find(
        &inputs,
        batch::text(case, "context"),
        batch::text(case, "dial"),
        caller,
    );
    let mut out = Map::new();
    let line = found.and_then(|f| lines.get(f.line as usize).cloned().flatten());
    out.insert(
        "match".into(),
        line.map_or(
            Value::Null,
            |(context, exten, index)| json!({ "context": context, "exten": exten, "index": index }),
        ),
    );
    out
}
