//! What single applications want of their arguments, beyond their number: mailboxes, recordings, digits, times, and waits without an end.

use strowger_stdlib::Dialect;
use strowger_stdlib::template::has_hole;
use strowger_stdlib::timespec::{Part, TimeSpec};

use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::fields::arguments;
use crate::hir::{Extension, Step};
use crate::jump::Shape;
use crate::lint::World;
use crate::source::Span;

pub(crate) fn check(world: &World<'_>, out: &mut Vec<Diagnostic>) {
    for context in &world.index.hir().contexts {
        for include in &context.includes {
            if let Some(times) = &include.times
                && !has_hole(times)
            {
                time(world.dialect, times, include.span, out);
            }
        }
        for extension in &context.extensions {
            for (i, step) in extension.steps.iter().enumerate() {
                one(world.dialect, extension, i, step, out);
            }
        }
    }
}

fn one(
    dialect: &Dialect,
    extension: &Extension,
    place: usize,
    step: &Step,
    out: &mut Vec<Diagnostic>,
) {
    match &*step.own().app {
        b"voicemail" if !dialect.pipes => prefixed(step, "bsu", "A409", out),
        b"voicemailmain" if !dialect.pipes => prefixed(step, "sp", "A410", out),
        b"record" => record(step, out),
        b"read" => read(step, out),
        b"busy" | b"congestion" if step.args.trimmed().is_empty() => {
            out.push(
                Diagnostic::new(
                    "A419",
                    format!("`{}` without a time has no end", step.app.trimmed().lossy()),
                    step.app.span(),
                )
                .label("holds the channel until the caller hangs up")
                .help(format!(
                    "write `{}(10)` to end it after 10 seconds",
                    step.app.trimmed().lossy()
                )),
            );
        }
        b"queue" => queue(extension, place, step, out),
        b"gotoiftime" | b"execiftime" => {
            let shape = Shape::read(step.args.bytes());
            if let Some(question) = shape.find(step.args.bytes(), b'?', 0) {
                let times = step.args.slice(0..question);
                if !has_hole(times.bytes()) && !times.is_empty() {
                    time(dialect, times.bytes(), times.span(), out);
                }
            }
        }
        _ => {}
    }
}

/// Options before the mailbox, as before 1.6: `VoiceMail(u100)`.
fn prefixed(step: &Step, letters: &str, code: &'static str, out: &mut Vec<Diagnostic>) {
    let parts = arguments(&step.args);
    let Some(mailbox) = parts.first() else {
        return;
    };
    let bytes = mailbox.bytes();
    let prefix = bytes
        .iter()
        .take_while(|b| letters.as_bytes().contains(b))
        .count();
    let rest = &bytes[prefix..];
    // A name of letters may be a mailbox; digits behind one or two of these letters are the old form.
    if !(1..=2).contains(&prefix)
        || !(rest.first().is_some_and(u8::is_ascii_digit) || rest.starts_with(b"${"))
    {
        return;
    }
    let word = mailbox.slice(0..prefix);
    let end = parts
        .get(1)
        .map_or_else(|| step.args.span().after(), |o| o.span().before());
    let letters = word.lossy().into_owned();
    let mut found = Diagnostic::new(
        code,
        format!("`{letters}` before the mailbox is no option any more"),
        word.span(),
    )
    .label(if code == "A409" {
        "read as a part of the mailbox's name, which does not exist: the caller hears nothing"
    } else {
        "read as a part of the mailbox's name, which does not exist: the caller is asked for one"
    })
    .help("since Asterisk 1.6 options are the second argument");
    found.fixes.push(Fix {
        title: format!("write `{letters}` as the second argument"),
        edits: vec![
            Edit {
                span: word.span(),
                text: Vec::new(),
            },
            Edit {
                span: end,
                text: if parts.len() > 1 {
                    letters.into_bytes()
                } else {
                    format!(",{letters}").into_bytes()
                },
            },
        ],
        safe: false,
    });
    out.push(found);
}

/// `Record` takes the format from the name of the file.
fn record(step: &Step, out: &mut Vec<Diagnostic>) {
    let parts = arguments(&step.args);
    let Some(file) = parts.first().filter(|f| !f.is_empty()) else {
        return;
    };
    if has_hole(file.bytes()) || file.bytes().iter().any(|b| matches!(b, b'.' | b':')) {
        return;
    }
    out.push(
        Diagnostic::new(
            "A411",
            format!("`{}` names no format", file.lossy()),
            file.span(),
        )
        .label("nothing is recorded, and the call ends here")
        .fix(
            "record as WAV",
            file.trimmed().span().after(),
            ".wav",
            false,
        ),
    );
}

fn read(step: &Step, out: &mut Vec<Diagnostic>) {
    let parts = arguments(&step.args);
    if step.args.is_empty() || !parts.first().is_some_and(|v| v.trimmed().is_empty()) {
        return;
    }
    out.push(
        Diagnostic::new(
            "A412",
            "`Read` has no variable for the digits",
            step.args.span(),
        )
        .label("nothing is asked, and the call goes on")
        .help("the first argument is the name of a variable: `Read(DIGITS,prompt)`"),
    );
}

/// A queue that keeps its callers, with steps behind it.
fn queue(extension: &Extension, place: usize, step: &Step, out: &mut Vec<Diagnostic>) {
    let parts = arguments(&step.args);
    let given = |at: usize| parts.get(at).is_some_and(|p| !p.trimmed().is_empty());
    // `n`: one round, then it goes on.
    let leaves = parts
        .get(1)
        .is_some_and(|o| has_hole(o.bytes()) || o.bytes().contains(&b'n'));
    if !given(0) || given(4) || leaves || parts.iter().any(|p| p.bytes().starts_with(b"${ARG")) {
        return;
    }
    let next = extension
        .steps
        .get(place + 1)
        .filter(|n| n.priority == step.priority + 1);
    let Some(next) = next.filter(|n| !n.app.bytes().eq_ignore_ascii_case(b"hangup")) else {
        return;
    };
    out.push(
        Diagnostic::new(
            "A420",
            "this queue keeps its callers without a limit",
            step.app.span(),
        )
        .label("no timeout, the fifth argument")
        .also(
            next.app.span(),
            "only reached if the queue is full, or sends its callers away",
        ),
    );
}

/// Elements of a time condition that mean nothing (DL-131 to DL-134).
pub(crate) fn time(dialect: &Dialect, times: &[u8], place: Span, out: &mut Vec<Diagnostic>) {
    let (spec, troubles) = TimeSpec::read_for(times, dialect);
    let Some(trouble) = troubles.iter().find(|t| t.part != Part::Zone) else {
        return;
    };
    let what = match trouble.part {
        Part::Times => "no time of day: `9:00-17:00`",
        Part::Weekdays => "no day of the week: `mon-fri`",
        Part::Days => "no day of the month: `1-31`",
        Part::Months => "no month: `jan-dec`",
        Part::Zone => return,
    };
    out.push(
        Diagnostic::new(
            "A415",
            format!("`{}` is {what}", String::from_utf8_lossy(&trouble.text)),
            place,
        )
        .label(if spec.never() {
            "never true"
        } else {
            "this part is left out"
        })
        .help("times, days of the week, days of the month, months: separated by commas"),
    );
}
