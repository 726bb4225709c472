//! What can be done without a proof: a dial tone for strangers, other people's voicemail, listening in, and proofs that are none
//! (X804, X807, X808, X809, X810).

use strowger_stdlib::table::{QuickMap, QuickSet};

use strowger_stdlib::signatures::Version;

use crate::call::Call;
use crate::diagnostic::Diagnostic;
use crate::fields::{fields, has_option, option};
use crate::hir::{Extension, Step};
use crate::jump::{self, Part};
use crate::roles::{Door, Who};
use crate::source::{Span, Text};
use crate::taint::{At, Source};
use crate::ways::Node;

use super::paid::Reached;
use super::{Plan, path, proof, show};

/// Nodes that the searches for listeners may visit together.
const VISITS: usize = 1_000_000;
/// Steps behind the target of a branch that still belong to it.
const BRANCH: usize = 3;

/// A mailbox that the caller's number opens (X808).
pub(super) fn voicemail(at: &mut At<'_, '_>, command: &Call, out: &mut Vec<Diagnostic>) {
    if command.app != b"voicemailmain" {
        return;
    }
    let parts = fields(&command.args);
    let Some(mailbox) = parts.first() else { return };
    // Before 1.6.1 the option stood in front: `s${CALLERIDNUM}`. Today it belongs to the name of the mailbox, and skips nothing.
    let old = mailbox.bytes().starts_with(b"s${") && at.taint.dialect.release() < Version(1, 6, 1);
    if !old && !parts.get(1).is_some_and(|o| has_option(o, b's')) {
        return;
    }
    let holes = at.holes(mailbox);
    for (range, value) in holes {
        let number = value.0.iter().find(|p| {
            matches!(at.taint.source(p.trail), Source::Number | Source::Name)
                && at.taint.credible(p.trail, at.node)
        });
        let Some(piece) = number.copied() else {
            continue;
        };
        let span = mailbox.span_of(range);
        let found = Diagnostic::new(
            "X808",
            "the caller's number opens the mailbox, without a password",
            span,
        )
        .label("`s` skips the password, and a caller may send any number: so anybody hears the messages of others")
        .help("leave out `s`, or take the mailbox from the device: `setvar=mailbox=...` in its section");
        out.push(path::labelled(at.taint, piece.trail, span, found));
        return;
    }
}

pub(super) fn check(plan: &Plan<'_, '_>, listeners: Listeners, out: &mut Vec<Diagnostic>) {
    listeners.tell(plan, out);
    for (entry, node) in plan.ways.entries.iter().zip(0..) {
        for (step, number) in entry.extension.steps.iter().zip(0u32..) {
            for command in step.commands() {
                match &*command.app {
                    b"disa" => disa(plan, node, entry.extension, number, command, out),
                    b"authenticate" => fixed(command, out),
                    b"gotoif" | b"gosubif" => branch(entry.extension, step, command, out),
                    _ => {}
                }
            }
        }
    }
}

/// A dial tone (X804), a PIN in the plan (X807), and a caller's number as proof (X809).
fn disa(
    plan: &Plan<'_, '_>,
    node: Node,
    extension: &Extension,
    number: u32,
    command: &Call,
    out: &mut Vec<Diagnostic>,
) {
    let parts = fields(&command.args);
    let Some(code) = parts.first().map(Text::trimmed) else {
        return;
    };
    if let Some((condition, true)) = command.when()
        && let Some(span) = by_number(condition)
    {
        out.push(forged(span).also(command.name.span(), "this is what it opens"));
    } else if let Some(caller) = &extension.caller
        && !caller.text.is_empty()
    {
        out.push(forged(extension.span).also(command.name.span(), "this is what it opens"));
    }
    if code.bytes().eq_ignore_ascii_case(b"no-password") {
        if proof(extension).is_some_and(|asked| asked < number && !passed(extension, asked, number))
        {
            return;
        }
        let context = parts
            .get(1)
            .map(Text::trimmed)
            .filter(|c| !c.is_empty())
            .map_or_else(|| "disa".to_owned(), |c| c.lossy().into_owned());
        let door = Door {
            context: context.clone().into_bytes(),
            who: Who::Phone,
            name: String::new(),
            span: None,
            words: String::new(),
        };
        let mut visits = VISITS;
        let reached = Reached::from(plan, &door, &mut visits);
        let mut found = Diagnostic::new("X804", "a dial tone without a password", code.span())
            .label(format!(
                "whoever comes here may dial everything that [{context}] holds, as if from inside"
            ));
        if let Some(dial) = plan.dials.iter().find(|d| reached.holds(d.node)) {
            found = found.also(
                dial.span,
                format!("also this, over `{}`: their calls, your bill", dial.over),
            );
        }
        let outside = plan.roles.doors.iter().filter(|d| d.who != Who::Phone);
        for door in outside {
            let from = Reached::from(plan, door, &mut visits);
            if from.holds(node)
                && let Some(span) = door.span
            {
                found = found.also(span, door.words.clone());
                break;
            }
        }
        out.push(found.help(
            "ask for a PIN: `DISA(<digits>,...)` at least, better Authenticate() with a PIN for each person",
        ));
    } else if is_pin(code.bytes()) {
        out.push(pin(code));
    }
}

/// Whether a jump before the step that asks for a proof leads past it, to one that is no later than `number`.
fn passed(extension: &Extension, asked: u32, number: u32) -> bool {
    let before = extension.steps.iter().take(asked as usize);
    let behind = extension
        .steps
        .get(asked as usize + 1..=number as usize)
        .unwrap_or_default();
    before.flat_map(jump::targets).any(|target| {
        let (Part::Here, Part::Here, Part::Text(priority)) =
            (&target.context, &target.exten, &target.priority)
        else {
            return false;
        };
        let priority = priority.trimmed();
        behind.iter().any(|s| {
            s.label
                .as_ref()
                .is_some_and(|l| l.bytes() == priority.bytes())
        })
    })
}

fn forged(span: Span) -> Diagnostic {
    Diagnostic::new("X809", "the caller's number decides who gets in", span)
        .label("any SIP caller, and many a telephone network, can send any number")
        .help("ask for a PIN with Authenticate(), or decide by the device that calls (its context)")
}

/// Where a condition compares the caller's number.
fn by_number(condition: &Text) -> Option<Span> {
    let bytes = condition.bytes();
    for what in [
        &b"${CALLERID(num"[..],
        b"${CALLERIDNUM}",
        b"${CALLERID(all)",
    ] {
        if let Some(at) = bytes.windows(what.len()).position(|w| w == what) {
            let compared = bytes.contains(&b'=') && !bytes.windows(2).any(|w| w == b"!=");
            return compared.then(|| condition.span_of(at..at + what.len()));
        }
    }
    None
}

/// A branch that the caller's number opens to DISA.
fn branch(extension: &Extension, step: &Step, command: &Call, out: &mut Vec<Diagnostic>) {
    let args = &command.args;
    let Some(question) = args.bytes().iter().rposition(|b| *b == b'?') else {
        return;
    };
    let Some(span) = by_number(&args.slice(0..question)) else {
        return;
    };
    let then = args.slice(question + 1..args.len());
    let label = then
        .bytes()
        .split(|b| *b == b':')
        .next()
        .unwrap_or_default();
    let Some(start) = extension.steps.iter().position(|s| {
        s.label
            .as_ref()
            .is_some_and(|l| l.bytes() == label.trim_ascii())
    }) else {
        return;
    };
    // What follows the branch without it is open to all.
    let own = extension.steps.iter().position(|s| std::ptr::eq(s, step));
    if own.is_none_or(|own| own + 1 >= start) {
        return;
    }
    for step in extension.steps.iter().skip(start).take(BRANCH) {
        for command in step.commands() {
            if command.app == b"disa" {
                out.push(forged(span).also(command.name.span(), "this is what it opens"));
                return;
            }
        }
    }
}

/// Authenticate with a PIN that is written down (X807).
fn fixed(command: &Call, out: &mut Vec<Diagnostic>) {
    let Some(code) = fields(&command.args).first().map(Text::trimmed) else {
        return;
    };
    if is_pin(code.bytes()) {
        out.push(pin(code));
    }
}

fn is_pin(code: &[u8]) -> bool {
    !code.is_empty()
        && code
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#'))
}

fn pin(code: Text) -> Diagnostic {
    Diagnostic::new("X807", "a PIN stands in the plan", code.span())
        .label("the same for everybody, and whoever reads this file knows it")
        .help("keep PINs in a file or in the database: `Authenticate(/etc/asterisk/pins,m)`, `DB(pin/...)`")
        .hide(code.span())
}

/// Who may listen in (X810).
#[derive(Default)]
pub(super) struct Listeners {
    /// Where calls are listened to, and with what: node, step, the name of the application.
    found: Vec<(Node, u32, Span)>,
}

impl Listeners {
    /// A step that listens to what the caller chooses, or to everything. What a variable of the plan says, the plan has thought of.
    pub(super) fn command(&mut self, at: &mut At<'_, '_>, number: u32, command: &Call) {
        if !matches!(&*command.app, b"chanspy" | b"extenspy")
            || command.sometimes()
            || self.found.len() >= super::TOLD
        {
            return;
        }
        let parts = command.arguments();
        // Only calls of a group are heard, which a channel joins by `SPYGROUP`.
        let group = parts.get(1).and_then(|o| option(o, b'g'));
        if group.is_some_and(|g| !g.is_empty()) {
            return;
        }
        let Some(target) = parts.first() else { return };
        let constant = !target.bytes().contains(&b'$');
        if constant
            || !at.value(target).0.is_empty()
            || target.bytes().windows(7).any(|w| w == b"${EXTEN")
        {
            self.found.push((at.node, number, command.name.span()));
        }
    }

    /// One finding for each context.
    fn tell(self, plan: &Plan<'_, '_>, out: &mut Vec<Diagnostic>) {
        let mut reached: Option<Vec<Reached>> = None;
        let mut told: QuickMap<usize, usize> = QuickMap::default();
        for (node, number, span) in self.found {
            let Some(entry) = plan.ways.entry(node) else {
                continue;
            };
            let extension = entry.extension;
            if extension.caller.is_some()
                || proof(extension).is_some_and(|asked| asked < number)
                || extension
                    .steps
                    .iter()
                    .take(number as usize)
                    .any(|step| step.commands().any(checks))
            {
                continue;
            }
            if plan.roles.known() {
                let reached = reached.get_or_insert_with(|| doors(plan));
                let here = reached.iter().filter(|r| r.holds(node)).count();
                // Where not every phone comes, the context is the check.
                if here == 0 || here < reached.len() {
                    continue;
                }
            } else if !plan.open[entry.context] {
                continue;
            }
            if let Some(index) = told.get(&entry.context) {
                let before: &mut Diagnostic = &mut out[*index];
                *before = before.clone().also(span, "here too");
                continue;
            }
            told.insert(entry.context, out.len());
            let name = show(&extension.name);
            out.push(
                Diagnostic::new("X810", "anybody may listen to calls here", span)
                    .label(format!(
                        "every phone that can dial `{name}` hears what others say, and nobody notices"
                    ))
                    .help("ask for a PIN before it with Authenticate(), or keep it in a context that only supervisors have"),
            );
        }
    }
}

/// A step that may turn callers away.
fn checks(command: &Call) -> bool {
    let branches = matches!(
        &*command.app,
        b"gotoif" | b"execif" | b"gosubif" | b"gosub" | b"macro" | b"macroif" | b"read"
    );
    let bytes = command.args.bytes();
    let asks = |w: &[u8]| bytes.windows(w.len()).any(|x| x == w);
    branches
        && (command.app == b"read"
            || asks(b"CALLERID")
            || asks(b"DB(")
            || asks(b"CHANNEL")
            || asks(b"AMPUSER")
            || asks(b"user-callerid")
            || asks(b"auth"))
}

/// What the phones of each context reach.
fn doors(plan: &Plan<'_, '_>) -> Vec<Reached> {
    let mut visits = VISITS;
    let mut seen = QuickSet::default();
    let phones = plan.roles.doors.iter().filter(|d| d.who == Who::Phone);
    phones
        .filter(|d| seen.insert(d.context.clone()))
        .map(|d| Reached::from(plan, d, &mut visits))
        .collect()
}
