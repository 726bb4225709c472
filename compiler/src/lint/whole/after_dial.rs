//! What stands behind a Dial, and when it is reached.

use super::Whole;
use crate::call::Call;
use crate::diagnostic::Diagnostic;
use crate::dialled;
use crate::fields::{Options, parts};
use crate::flow::{Node, Why};
use crate::hir::Step;

/// Steps behind a Dial that are looked at.
const STEPS: usize = 24;

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    let limited = (0..flow.steps())
        .filter_map(|n| flow.step(n).filter(|_| flow.app(n) == "set"))
        .any(|s| {
            let args = s.args.bytes().to_ascii_lowercase();
            args.starts_with(b"timeout(absolute)")
        });
    for node in 0..flow.steps() {
        if flow.app(node) != "dial" {
            continue;
        }
        let Some(step) = flow.step(node) else {
            continue;
        };
        let parts = parts(&step.args);
        let options = Options::read(&parts, 2);
        if parts.get(1).is_none_or(|t| t.trimmed().is_empty()) && !limited {
            no_timeout(whole, node, out);
        }
        if !options.may_have(b'g') && !options.has(b'G') {
            only_failed(whole, node, out);
        }
    }
}

/// F314: a mailbox behind a Dial that rings without end.
fn no_timeout(whole: &Whole<'_>, node: Node, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    let mut seen = vec![node];
    let mut at = 0;
    while at < seen.len() && seen.len() < STEPS {
        let from = seen[at];
        at += 1;
        if from != node {
            // A further Dial is a question of its own.
            if flow.app(from) == "dial" || flow.opaque(from) {
                continue;
            }
            let (Some(fallback), Some(step)) = (flow.step(from), flow.step(node)) else {
                return;
            };
            if fallback.calls().any(for_no_answer) || to_device(step) && asks_no_answer(fallback) {
                out.push(
                    Diagnostic::new("F314", "this Dial has no time-out", step.span)
                        .label("rings until the caller gives up: a phone that nobody picks up never leads on")
                        .also(
                            fallback.span,
                            "meant for calls that nobody takes, but reached only when the phone is busy, switched off or refuses",
                        )
                        .help("give the seconds as second argument: `Dial(PJSIP/100,20)`"),
                );
                return;
            }
        }
        for edge in flow.edges(from).iter().filter(|e| e.why.goes_on()) {
            if !seen.contains(&edge.to) {
                seen.push(edge.to);
            }
        }
    }
}

/// A mailbox, or a prompt that says that nobody is there.
fn for_no_answer(call: &Call) -> bool {
    let said = || {
        let files = call.args.bytes().to_ascii_lowercase();
        [&b"nobodyavail"[..], b"isunavail", b"noanswer", b"no-answer"]
            .iter()
            .any(|word| files.windows(word.len()).any(|w| w == *word))
    };
    match call.app.as_str() {
        "voicemail" => true,
        "playback" | "background" => said(),
        _ => false,
    }
}

/// Whether a step asks if nobody has answered.
fn asks_no_answer(step: &Step) -> bool {
    let args = step.args.bytes();
    let asks = |word: &[u8]| args.windows(word.len()).any(|w| w == word);
    asks(b"{DIALSTATUS}") && (asks(b"\"NOANSWER\"") || asks(b"\"NO ANSWER\""))
}

/// Whether a Dial calls a device, and no number behind one: what stands behind a trunk gives up by itself.
fn to_device(step: &Step) -> bool {
    let all = dialled::destinations(step);
    !all.is_empty()
        && all.iter().all(|d| {
            let plain = |b: &u8| !b"@/$".contains(b);
            d.resource.bytes().iter().all(plain) && !d.tech.bytes().eq_ignore_ascii_case(b"Local")
        })
}

/// F315: steps that are meant for the end of an answered call.
fn only_failed(whole: &Whole<'_>, node: Node, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    let mut at = node;
    for _ in 0..STEPS {
        let Some(edge) = flow.edges(at).iter().find(|e| e.why == Why::Next) else {
            return;
        };
        at = edge.to;
        // What a jump leads to has other ways to be reached.
        if flow.place(at).map(|p| (p.0, p.1)) != flow.place(node).map(|p| (p.0, p.1))
            || flow.edges_to(at).len() != 1
            || flow.app(at) == "dial"
        {
            return;
        }
        let (Some(step), Some(dial)) = (flow.step(at), flow.step(node)) else {
            return;
        };
        let what = match flow.app(at) {
            "stopmixmonitor" | "stopmonitor" => "the recording is stopped",
            "noop" | "verbose" | "log" => continue,
            _ if step
                .args
                .bytes()
                .windows(14)
                .any(|w| w == b"{ANSWEREDTIME}") =>
            {
                "the time that was talked is used"
            }
            _ => continue,
        };
        out.push(
            Diagnostic::new(
                "F315",
                format!("{what} only after calls that failed"),
                step.span,
            )
            .label("never run when somebody answered: the call ends with the Dial")
            .also(
                dial.span,
                "without the option `g` an answered call does not go on here",
            )
            .help("put it into the extension `h`, or give Dial the option `g`"),
        );
        return;
    }
}
