//! Moments that the time conditions of a plan tell apart: from each side of each condition one.

use std::collections::HashSet;

use strowger_compiler::hir::Hir;
use strowger_stdlib::time::{Moment, Zone};
use strowger_stdlib::timespec::TimeSpec;
use strowger_vm::Time;

/// Conditions that are looked at.
const CONDITIONS: usize = 64;
/// Moments that are kept.
const KEPT: usize = 32;
const QUARTER: i64 = 15 * 60;
const DAYS: i64 = 366;

/// The first moment, and others at which conditions differ from all before. Whether there were more.
pub(crate) fn moments(hir: &Hir, zone: &Zone, first: Time) -> (Vec<Time>, bool) {
    let conditions = conditions(hir);
    let at = |time: Time| -> Vec<bool> {
        let moment = Moment::from_seconds(time.seconds());
        conditions.iter().map(|c| c.matches(moment, zone)).collect()
    };
    let mut seen = HashSet::from([at(first)]);
    let mut kept = vec![first];
    if conditions.is_empty() {
        return (kept, false);
    }
    for n in 1..DAYS * 86_400 / QUARTER {
        // In the middle of a quarter: one that a condition begins with is one side, one that it ends with the other.
        let time = Time::from_seconds(first.seconds() + n * QUARTER + QUARTER / 2);
        if seen.insert(at(time)) {
            if kept.len() == KEPT {
                return (kept, true);
            }
            kept.push(time);
        }
    }
    (kept, false)
}

/// All time conditions that can be read from the text.
fn conditions(hir: &Hir) -> Vec<TimeSpec> {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for context in &hir.contexts {
        texts.extend(context.includes.iter().filter_map(|i| i.times.clone()));
        for step in context.extensions.iter().flat_map(|e| &e.steps) {
            let args = step.args.bytes();
            let app = step.app.trimmed().bytes().to_ascii_lowercase();
            if matches!(app.as_slice(), b"gotoiftime" | b"execiftime")
                && let Some(mark) = args.iter().position(|b| *b == b'?')
            {
                texts.push(args[..mark].to_vec());
            }
            let function = b"IFTIME(";
            for at in 0..args.len() {
                if args[at..].starts_with(function)
                    && let Some(mark) = args[at..].iter().position(|b| *b == b'?')
                {
                    texts.push(args[at + function.len()..at + mark].to_vec());
                }
            }
        }
    }
    texts.retain(|t| !t.contains(&b'$'));
    texts.sort();
    texts.dedup();
    texts.truncate(CONDITIONS);
    let read = |t: &Vec<u8>| TimeSpec::read_for(t, &hir.dialect).0;
    texts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_compiler::Sources;

    #[test]
    fn both_sides_of_each_condition() {
        let plan = "[a]\ninclude => b,*,*,24,dec\n\
            exten => 1,1,GotoIfTime(9:00-17:00,mon-fri,*,*?2)\nsame => n,NoOp(${IFTIME(*,sat,*,*?a:b)})\n[b]\n";
        let compiled = strowger_compiler::compile(&Sources::plan(plan), &Default::default());
        // A Monday at ten.
        let first = Time::from_seconds(1_772_445_600);
        let (all, more) = moments(&compiled.hir, &Zone::utc(), first);
        assert!(!more);
        // Open, closed, Saturday; on the 24th of December, a Thursday, open and closed.
        assert_eq!(all.len(), 5, "{all:?}");
        assert_eq!(all[0], first);
    }
}
