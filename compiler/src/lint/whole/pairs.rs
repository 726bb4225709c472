//! F326: loops and branches whose beginnings and ends do not belong together (DL-263, DL-264).

use super::Whole;
use crate::diagnostic::Diagnostic;
use crate::hir::{Extension, Step};

/// The words of a loop and of a branch.
struct Words {
    open: &'static str,
    close: &'static str,
    /// What belongs inside.
    inner: &'static [&'static str],
}

const WORDS: [Words; 2] = [
    Words {
        open: "while",
        close: "endwhile",
        inner: &["exitwhile", "continuewhile"],
    },
    Words {
        open: "if",
        close: "endif",
        inner: &["else", "elseif", "exitif"],
    },
];

pub(crate) fn check(whole: &Whole<'_>, out: &mut Vec<Diagnostic>) {
    let hir = whole.flow.hir();
    for extension in hir.contexts.iter().flat_map(|c| &c.extensions) {
        // Most extensions have no loop.
        let any = extension.steps.iter().any(|s| {
            let app = s.own().app.as_str();
            app == "execif"
                || WORDS
                    .iter()
                    .any(|w| app == w.open || app == w.close || w.inner.contains(&app))
        });
        if any {
            for words in &WORDS {
                pair(extension, words, out);
            }
        }
    }
}

fn pair(extension: &Extension, words: &Words, out: &mut Vec<Diagnostic>) {
    let mut open: Vec<&Step> = Vec::new();
    let mut lost: Vec<(&Step, &str)> = Vec::new();
    let mut opened = false;
    for step in &extension.steps {
        let app = step.own().app.as_str();
        if app == words.open {
            open.push(step);
            opened = true;
        } else if app == words.close && open.pop().is_none() {
            out.push(
                Diagnostic::new(
                    "F326",
                    format!("`{}` without a beginning", step.app.trimmed().lossy()),
                    step.span,
                )
                .label(format!(
                    "no `{}` of this extension stands before it: the call is hung up",
                    proper(words.open)
                )),
            );
        }
        for call in step.calls() {
            if words.inner.contains(&call.app.as_str()) {
                lost.push((step, call.app.as_str()));
            }
        }
    }
    for step in open {
        out.push(
            Diagnostic::new(
                "F326",
                format!("`{}` without an end", step.app.trimmed().lossy()),
                step.span,
            )
            .label(format!(
                "no `{}` follows in this extension: when the condition does not hold, the call is hung up",
                proper(words.close)
            )),
        );
    }
    if !opened {
        for (step, app) in lost {
            out.push(
                Diagnostic::new(
                    "F326",
                    format!("`{}` outside of `{}`", proper(app), proper(words.open)),
                    step.span,
                )
                .label("this extension has no such block: the call is hung up"),
            );
        }
    }
}

/// A word as it is written.
fn proper(word: &str) -> &'static str {
    match word {
        "while" => "While",
        "endwhile" => "EndWhile",
        "exitwhile" => "ExitWhile",
        "continuewhile" => "ContinueWhile",
        "if" => "If",
        "endif" => "EndIf",
        "else" => "Else",
        "elseif" => "ElseIf",
        _ => "ExitIf",
    }
}
