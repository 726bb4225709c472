//! Repairs: which of the fixes of some findings can be made at once, and what the files are afterwards.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostic::{Diagnostic, Edit, Fix, Level};
use crate::source::{FileId, Sources};

/// Rounds of repairing and looking again. Each makes one fix of a line; hardly a line needs more than a few.
const ROUNDS: usize = 16;

/// So often a set of fixes is tried that brings new errors, to find those of them that do not.
const TRIALS: usize = 200;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Repaired {
    /// New texts of the files that change.
    pub texts: BTreeMap<FileId, Vec<u8>>,
    /// Which findings were repaired, by index, each by the title of its fix.
    pub made: Vec<(usize, String)>,
    /// Findings whose fix is wanted and must wait: another one is nearer than a line.
    pub waiting: usize,
    /// Findings whose fix is wanted and changes a file that may not be touched.
    pub forbidden: usize,
}

/// Makes of each finding one safe fix, or a suggested one if those are wanted too. Of two fixes that touch the same line the first
/// is made; what is left of the other is seen when the new text is checked. A fix is made as a whole or not at all, and only in
/// files that `may` be changed.
pub fn repair(
    sources: &Sources,
    findings: &[Diagnostic],
    suggested: bool,
    may: &dyn Fn(FileId) -> bool,
) -> Repaired {
    let mut out = Repaired::default();
    let mut taken = HashSet::new();
    let mut edits: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let wanted = |f: &&Fix| !f.edits.is_empty() && apart(&f.edits);
        let safe = finding.fixes.iter().filter(wanted).find(|f| f.safe);
        let Some(fix) = safe.or_else(|| finding.fixes.iter().find(wanted).filter(|_| suggested))
        else {
            continue;
        };
        if !fix.edits.iter().all(|e| may(e.span.file)) {
            out.forbidden += 1;
            continue;
        }
        let lines: Vec<(FileId, u32)> = fix
            .edits
            .iter()
            .flat_map(|e| {
                let file = sources.file(e.span.file);
                (file.line(e.span.start)..=file.line(e.span.end)).map(|line| (e.span.file, line))
            })
            .collect();
        if lines.iter().any(|line| taken.contains(line)) {
            out.waiting += 1;
            continue;
        }
        taken.extend(lines);
        for edit in &fix.edits {
            edits.entry(edit.span.file).or_default().push(edit);
        }
        out.made.push((index, fix.title.clone()));
    }
    for (file, mut edits) in edits {
        edits.sort_by_key(|e| (e.span.start, e.span.end));
        let old = sources.file(file).bytes();
        let mut new = Vec::with_capacity(old.len());
        let mut from = 0;
        for edit in edits {
            new.extend_from_slice(&old[from..edit.span.start as usize]);
            new.extend_from_slice(&edit.text);
            from = edit.span.end as usize;
        }
        new.extend_from_slice(&old[from..]);
        out.texts.insert(file, new);
    }
    out
}

/// Which files may be changed.
pub type May<'a> = &'a dyn Fn(&Sources, FileId) -> bool;

/// What is wrong with some files, each place by itself.
pub type Check<'a, E> = &'a mut dyn FnMut(&Sources) -> Result<Vec<Diagnostic>, E>;

/// Whether there may be another trial, and whether this one brings no error.
type Holds<'a, E> = &'a mut dyn FnMut(&Repaired) -> Result<(bool, bool), E>;

/// Files after all repairs.
#[derive(Clone, Debug)]
pub struct Mended {
    /// All files.
    pub sources: Sources,
    /// How many fixes were made.
    pub made: usize,
    /// How many would have changed a file that may not be.
    pub forbidden: usize,
    /// How many safe ones would have brought more errors than there were: a line that was dropped and is read again may hold some.
    pub harmful: usize,
}

/// Repairs files and looks again, until nothing is left to repair. As long as only safe fixes are made there are never more errors
/// than before.
///
/// # Errors
/// What `check` says.
pub fn mend<E>(
    sources: &Sources,
    suggested: bool,
    may: May<'_>,
    check: Check<'_, E>,
) -> Result<Mended, E> {
    let mut out = Mended {
        sources: sources.clone(),
        made: 0,
        forbidden: 0,
        harmful: 0,
    };
    let mut refused = HashSet::new();
    let mut trials = 0;
    for _ in 0..ROUNDS {
        let sources = out.sources.clone();
        let mut findings = check(&sources)?;
        let errors = errors(&findings);
        findings.retain(|f| !f.fixes.is_empty() && !refused.contains(&known_by(&sources, f)));
        let mut step = repair(&sources, &findings, suggested, &|id| may(&sources, id));
        out.forbidden = out.forbidden.max(step.forbidden);
        if !suggested {
            let mut holds = |step: &Repaired| {
                trials += 1;
                let after = check(&with(&sources, &step.texts))?;
                Ok((trials <= TRIALS, self::errors(&after) <= errors))
            };
            let bad;
            (step, bad) = harmless(&sources, &findings, step, may, &mut holds)?;
            out.harmful += bad.len();
            refused.extend(bad.into_iter().map(|i| known_by(&sources, &findings[i])));
        }
        if step.made.is_empty() {
            break;
        }
        out.made += step.made.len();
        out.sources = with(&sources, &step.texts);
    }
    Ok(out)
}

/// By what a finding is known again after other lines have changed.
fn known_by(sources: &Sources, finding: &Diagnostic) -> (&'static str, FileId, Vec<u8>) {
    let at = finding.primary.span;
    let file = sources.file(at.file);
    let line = file.line_bytes(file.line(at.start));
    (finding.code, at.file, line.to_vec())
}

fn errors(findings: &[Diagnostic]) -> usize {
    findings.iter().filter(|f| f.level == Level::Error).count()
}

fn with(sources: &Sources, texts: &BTreeMap<FileId, Vec<u8>>) -> Sources {
    let mut next = sources.clone();
    for (id, text) in texts {
        next.add(sources.file(*id).name(), text.clone());
    }
    next
}

/// Of some safe fixes those that bring no error, and the findings whose fix does: found by halving.
fn harmless<E>(
    sources: &Sources,
    findings: &[Diagnostic],
    all: Repaired,
    may: May<'_>,
    holds: Holds<'_, E>,
) -> Result<(Repaired, Vec<usize>), E> {
    if all.made.is_empty() || holds(&all)?.1 {
        return Ok((all, Vec::new()));
    }
    let made_of = |which: &[usize]| {
        let chosen: Vec<Diagnostic> = which.iter().map(|i| findings[*i].clone()).collect();
        repair(sources, &chosen, false, &|id| may(sources, id))
    };
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let mut more = true;
    let mut open = vec![all.made.iter().map(|(i, _)| *i).collect::<Vec<usize>>()];
    while let Some(set) = open.pop() {
        if !more {
            bad.extend(set);
            continue;
        }
        let mut trial = good.clone();
        trial.extend(&set);
        trial.sort_unstable();
        let held;
        (more, held) = holds(&made_of(&trial))?;
        if held {
            good = trial;
        } else if set.len() == 1 {
            bad.extend(set);
        } else {
            let (first, second) = set.split_at(set.len() / 2);
            open.push(second.to_vec());
            open.push(first.to_vec());
        }
    }
    Ok((made_of(&good), bad))
}

/// Whether the edits of one fix leave each other alone.
fn apart(edits: &[Edit]) -> bool {
    let mut spans: Vec<_> = edits.iter().map(|e| e.span).collect();
    spans.sort();
    let sound = spans.iter().all(|s| s.start <= s.end);
    sound
        && spans
            .windows(2)
            .all(|w| w[0].file != w[1].file || w[0].end <= w[1].start && w[0] != w[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn finding(at: &[(u32, u32, &str)], safe: bool) -> Diagnostic {
        let span = |start, end| Span {
            file: FileId(0),
            start,
            end,
        };
        let mut out = Diagnostic::new("S103", "x", span(at[0].0, at[0].1));
        out.fixes.push(Fix {
            title: "mend".into(),
            edits: at
                .iter()
                .map(|(start, end, text)| Edit {
                    span: span(*start, *end),
                    text: text.as_bytes().to_vec(),
                })
                .collect(),
            safe,
        });
        out
    }

    fn after(findings: &[Diagnostic], suggested: bool) -> (String, usize) {
        let sources = Sources::plan("abc\ndef\nghi\n");
        let out = repair(&sources, findings, suggested, &|_| true);
        let text = out.texts.get(&FileId(0)).cloned();
        let text = text.unwrap_or_else(|| b"unchanged".to_vec());
        (String::from_utf8(text).unwrap(), out.waiting)
    }

    #[test]
    fn of_two_that_touch_a_line_one_is_made() {
        let two = [finding(&[(0, 1, "X")], true), finding(&[(2, 3, "Y")], true)];
        assert_eq!(after(&two, false), ("Xbc\ndef\nghi\n".into(), 1));
        let apart = [finding(&[(8, 9, "X")], true), finding(&[(2, 3, "Y")], true)];
        assert_eq!(after(&apart, false), ("abY\ndef\nXhi\n".into(), 0));
    }

    #[test]
    fn a_fix_is_made_whole_or_not_at_all() {
        let second = finding(&[(4, 5, "D"), (0, 0, "!")], true);
        let both = [finding(&[(0, 1, "X")], true), second];
        assert_eq!(after(&both, false), ("Xbc\ndef\nghi\n".into(), 1));
        let across = [finding(&[(4, 6, "D"), (5, 7, "E")], true)];
        assert_eq!(after(&across, false), ("unchanged".into(), 0));
    }

    #[test]
    fn suggested_ones_only_where_they_are_wanted() {
        let one = [finding(&[(0, 1, "X")], false)];
        assert_eq!(after(&one, false), ("unchanged".into(), 0));
        assert_eq!(after(&one, true), ("Xbc\ndef\nghi\n".into(), 0));
    }

    #[test]
    fn files_that_may_not_be_touched_are_not() {
        let sources = Sources::plan("abc\n");
        let out = repair(&sources, &[finding(&[(0, 1, "X")], true)], true, &|_| false);
        assert!(out.texts.is_empty());
        assert_eq!(out.forbidden, 1);
    }

    proptest::proptest! {
        /// Whatever fixes there are: two that touch never both change a file, and what is written is what they say.
        #[test]
        fn edits_never_overlap(
            fixes in proptest::collection::vec(
                (proptest::collection::vec((0u32..40, 0u32..6), 1..4), proptest::bool::ANY),
                0..12,
            ),
        ) {
            let text = "abcdefg\n".repeat(5);
            let findings: Vec<Diagnostic> = fixes
                .iter()
                .map(|(edits, safe)| {
                    let at: Vec<_> = edits.iter().map(|(s, l)| (*s, (*s + *l).min(40), "_")).collect();
                    finding(&at, *safe)
                })
                .collect();
            let sources = Sources::plan(text.clone());
            let out = repair(&sources, &findings, true, &|_| true);
            let mut made: Vec<&Edit> =
                out.made.iter().flat_map(|(i, _)| &findings[*i].fixes[0].edits).collect();
            made.sort_by_key(|e| (e.span.start, e.span.end));
            for pair in made.windows(2) {
                proptest::prop_assert!(pair[0].span.end <= pair[1].span.start);
            }
            let mut wanted = text;
            for edit in made.iter().rev() {
                wanted.replace_range(edit.span.start as usize..edit.span.end as usize, "_");
            }
            let new = out.texts.get(&FileId(0)).map_or(sources.file(FileId(0)).bytes(), Vec::as_slice);
            proptest::prop_assert_eq!(new, wanted.as_bytes());
        }
    }
}
