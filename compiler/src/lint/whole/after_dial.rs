//! What stands behind a Dial, and when it is reached.

use super::Whole;
use crate::diagnostic::Diagnostic;
use crate::flow::{Node, Options, Why, calls, parts};

/// Steps behind a Dial that are looked at.
const STEPS: usize = 24;

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    let limited = (0..flow.steps())
        .filter_map(|n| flow.step(n).filter(|_| flow.app(n) == "set"))
        .any(|s| {
            let args = s.args.bytes();
            args.len() > 8 && args[..8].eq_ignore_ascii_case(b"TIMEOUT(")
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
            if let Some(mailbox) = flow.step(from)
                && calls(mailbox)
                    .iter()
                    .any(|c| c.app == "voicemail" && for_no_answer(c))
            {
                let Some(step) = flow.step(node) else { return };
                out.push(
                    Diagnostic::new("F314", "this Dial has no time-out", step.span)
                        .label("rings until the caller gives up: a phone that nobody picks up never leads on")
                        .also(
                            mailbox.span,
                            "the mailbox is reached only when the phone is busy, switched off or refuses",
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

/// A mailbox that says that nobody answers, not that the line is busy.
fn for_no_answer(call: &crate::flow::Call) -> bool {
    let parts = parts(&call.args);
    let options = Options::read(&parts, 1);
    let old_busy = call.args.bytes().first() == Some(&b'b');
    !old_busy && options.all && !options.has(b'b')
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
