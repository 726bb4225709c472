//! F313: sound for a caller whose call nothing has answered.

use super::Whole;
use crate::diagnostic::Diagnostic;
use crate::fields::parts;
use crate::flow::{Node, Why};
use crate::source::Text;

/// Applications that play something and do not answer by themselves.
fn silent(app: &str) -> bool {
    matches!(
        app,
        "musiconhold"
            | "waitmusiconhold"
            | "saydigits"
            | "saynumber"
            | "sayalpha"
            | "sayphonetic"
            | "sayunixtime"
            | "mp3player"
            | "morsecode"
            | "echo"
            | "milliwatt"
    )
}

/// Applications behind which a call may be answered, or has a way for sound before.
fn answers(app: &str, args: &Text) -> bool {
    match app {
        // `noanswer`: whoever writes it knows that the call is not answered.
        "playback" => {
            let options = parts(args).get(1).map(|o| o.lossy().to_ascii_lowercase());
            !options.is_some_and(|o| o.contains("skip"))
        }
        "noop" | "set" | "mset" | "verbose" | "log" | "wait" | "goto" | "gotoif" | "gotoiftime"
        | "ringing" | "while" | "endwhile" | "exitwhile" | "continuewhile" | "hangup" | "busy"
        | "congestion" | "return" | "macroexit" | "if" | "else" | "elseif" | "endif" | "exitif" => {
            false
        }
        // Not one of those that are known not to.
        _ => !silent(app),
    }
}

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let flow = whole.flow;
    if whole.fragment || !flow.whole {
        return;
    }
    let answering: Vec<bool> = (0..flow.steps())
        .map(|n| {
            flow.step(n)
                .is_some_and(|s| s.calls().any(|c| answers(c.app.as_str(), &c.args)))
        })
        .collect();
    // Where a call can be after something that may have answered.
    let answered = flow.reached((0..flow.steps()).filter(|n| answering[*n]), |w| {
        w.stays() || matches!(w, Why::Call | Why::Handler | Why::Transfer | Why::After)
    });
    let elsewhere: Vec<Node> = (0..flow.steps())
        .flat_map(|n| flow.edges(n))
        .filter(|e| {
            matches!(
                e.why,
                Why::Local | Why::Originate | Why::Handler | Why::Call
            )
        })
        .map(|e| e.to)
        .collect();
    let elsewhere = flow.reached(elsewhere, Why::stays);
    let starts: Vec<Node> = flow.entries().iter().map(|c| flow.enter(*c)).collect();
    let dialled = flow.reached(starts, |w| w.stays() || w == Why::Named);
    let mut told = std::collections::HashSet::new();
    for (node, answering) in answering.iter().enumerate() {
        let known = !answering && silent(flow.app(node));
        if !known || answered.has(node) || elsewhere.has(node) || !dialled.has(node) {
            continue;
        }
        let (Some(step), Some((_, extension)), Some((c, e, _))) =
            (flow.step(node), flow.home(node), flow.place(node))
        else {
            continue;
        };
        if extension.name == b"h" || !told.insert((c, e)) {
            continue;
        }
        out.push(
            Diagnostic::new(
                "F313",
                format!(
                    "`{}` before the call is answered",
                    step.app.trimmed().lossy()
                ),
                step.span,
            )
            .label("most callers hear nothing of it")
            .help(
                "put `Answer()` before it, or `Progress()` for sound that costs the caller nothing",
            ),
        );
    }
}
