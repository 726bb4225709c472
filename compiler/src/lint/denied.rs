//! Doors and powers that `strowger.toml` denies to a plan.

use crate::audit::{Denied, audit};
use crate::compile::Surroundings;
use crate::diagnostic::Diagnostic;
use crate::hir::Hir;
use crate::source::Sources;

pub(super) fn check(
    hir: &Hir,
    sources: &Sources,
    surroundings: &Surroundings,
    out: &mut Vec<Diagnostic>,
) {
    if surroundings.denied.is_empty() {
        return;
    }
    let found = audit(sources, hir, surroundings);
    for denied in &surroundings.denied {
        let word = denied.word();
        for (span, what) in denied.places(&found) {
            let message = match denied {
                Denied::Door(_) => format!("`{word}` is denied by strowger.toml"),
                Denied::Power(_) => {
                    format!("`{word}` is denied by strowger.toml, and `{what}` uses it")
                }
            };
            out.push(
                Diagnostic::new("X821", message, span).label("here").help(
                    "a single place can be allowed, with the reason: `strowger explain X821`",
                ),
            );
        }
    }
}
