//! A plan of an old release written for a newer one, within `extensions.conf`: edits of its text, so that comments and layout stay.
//!
//! What the checks can repair is repaired by them; what is added here are rewrites that are no repair of a mistake: applications and
//! functions that are gone, subroutines in the place of macros, and `PJSIP/` in the place of `SIP/`.

mod applications;
mod macros;
mod technology;

pub use self::macros::{Called, calls};
use crate::compile::{Crew, Options, Reading, check};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::hir::Hir;
use crate::repair::repair;
use crate::source::{FileId, Sources, Span};
use std::collections::BTreeSet;
use strowger_stdlib::Dialect;

/// Rounds of rewriting and looking again: one fix of a line each.
const ROUNDS: usize = 32;

/// Findings whose repairs write what is old anew.
const CODES: [&str; 12] = [
    "A406", "A409", "A410", "M901", "M902", "M904", "M905", "M907", "M909", "M910", "M911", "V503",
];

/// The same for a plan of a time in which Set took several pairs and stripped quotes.
const PAIRS: [&str; 2] = ["A416", "V526"];

/// One rewrite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub file: String,
    /// The line, as it was at that moment: rewrites before the last ones add none.
    pub line: u32,
    /// The code of what it mends.
    pub code: &'static str,
    /// What was done.
    pub words: String,
}

/// What is old and stays, because nobody can know what was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The file.
    pub file: String,
    /// The line in the new text.
    pub line: u32,
    /// The code.
    pub code: &'static str,
    /// What it is.
    pub words: String,
    /// What to do.
    pub help: String,
}

/// A plan after it.
#[derive(Clone, Debug)]
pub struct Modern {
    /// All files.
    pub sources: Sources,
    /// What was done.
    pub changes: Vec<Change>,
    /// What is left.
    pub left: Vec<Left>,
}

/// Rewrites a plan for the release of `options`. `old`: the release that it was written for. `technology`: whether `SIP/` is to become
/// `PJSIP/`.
#[must_use]
pub fn modernise(
    sources: &Sources,
    options: &Options,
    old: &Dialect,
    technology: bool,
    crew: Crew,
) -> Modern {
    modernise_but(sources, options, old, technology, crew, &BTreeSet::new())
}

/// The same, but for the lines of some contexts.
#[must_use]
pub fn modernise_but(
    sources: &Sources,
    options: &Options,
    old: &Dialect,
    technology: bool,
    crew: Crew,
    spared: &BTreeSet<Vec<u8>>,
) -> Modern {
    let mut out = Modern {
        sources: sources.clone(),
        changes: Vec::new(),
        left: Vec::new(),
    };
    let wanted = |code: &str| CODES.contains(&code) || old.pairs_in_set && PAIRS.contains(&code);
    for _ in 0..ROUNDS {
        let reading = Reading::new(&out.sources, options);
        let mut found = check(&out.sources, options, &reading, crew);
        found.retain(|f| wanted(f.code) && !f.fixes.is_empty());
        applications::find(&out.sources, &reading.hir, &mut found);
        macros::find(&reading.hir, &mut found);
        if technology {
            technology::find(&reading.hir, &mut found);
        }
        let spares = lines_of(&out.sources, &reading.hir, spared);
        spare(&mut found, &spares, &out.sources);
        if !out.make(&found) {
            break;
        }
    }
    // Lines come last: until here each line kept its number.
    if !options.dialect.macros {
        let reading = Reading::new(&out.sources, options);
        let mut found = Vec::new();
        macros::returns(&out.sources, &reading.hir, &mut found);
        let spares = lines_of(&out.sources, &reading.hir, spared);
        spare(&mut found, &spares, &out.sources);
        out.make(&found);
    }
    out.changes
        .sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let reading = Reading::new(&out.sources, options);
    let mut found = check(&out.sources, options, &reading, crew);
    found.retain(|f| wanted(f.code) || f.code == "M912" || technology && f.code == "M903");
    macros::doubts(&reading.hir, &mut found);
    for finding in found {
        let span = finding.primary.span;
        let file = out.sources.file(span.file);
        out.left.push(Left {
            file: file.name().to_owned(),
            line: file.line(span.start),
            code: finding.code,
            words: finding.message,
            help: finding.helps.into_iter().next().unwrap_or_default(),
        });
    }
    out.left
        .sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    out
}

/// The lines of these contexts.
fn lines_of(sources: &Sources, hir: &Hir, contexts: &BTreeSet<Vec<u8>>) -> BTreeSet<(FileId, u32)> {
    let line = |span: Span| (span.file, sources.file(span.file).line(span.start));
    let mut lines = BTreeSet::new();
    let spared = hir.contexts.iter();
    for context in spared.filter(|c| contexts.contains(&c.name)) {
        lines.extend(context.includes.iter().map(|i| line(i.span)));
        for extension in &context.extensions {
            lines.insert(line(extension.span));
            lines.extend(extension.steps.iter().map(|s| (s.file, s.line)));
        }
    }
    lines
}

/// Takes away what would change these lines: one finding may speak of several.
fn spare(found: &mut Vec<Diagnostic>, lines: &BTreeSet<(FileId, u32)>, sources: &Sources) {
    if lines.is_empty() {
        return;
    }
    let is_in = |span: Span| {
        let line = sources.file(span.file).line(span.start);
        lines.contains(&(span.file, line))
    };
    for finding in found.iter_mut() {
        for fix in &mut finding.fixes {
            fix.edits.retain(|edit| !is_in(edit.span));
        }
        finding.fixes.retain(|fix| !fix.edits.is_empty());
    }
    found.retain(|f| !f.fixes.is_empty());
}

impl Modern {
    /// Makes what can be made at once; whether anything was.
    fn make(&mut self, found: &[Diagnostic]) -> bool {
        let step = repair(&self.sources, found, true, &|_| true);
        for (index, title) in &step.made {
            let finding = &found[*index];
            let span = finding.primary.span;
            let file = self.sources.file(span.file);
            self.changes.push(Change {
                file: file.name().to_owned(),
                line: file.line(span.start),
                code: finding.code,
                words: title.clone(),
            });
        }
        for (id, text) in &step.texts {
            let name = self.sources.file(*id).name().to_owned();
            self.sources.add(&name, text.clone());
        }
        !step.made.is_empty()
    }
}

/// A rewrite as a finding with one fix.
fn rewrite(code: &'static str, at: Span, title: impl Into<String>, edits: Vec<Edit>) -> Diagnostic {
    let title = title.into();
    let mut out = Diagnostic::new(code, title.clone(), at);
    out.fixes.push(Fix {
        title,
        edits,
        safe: false,
    });
    out
}

fn edit(span: Span, text: impl AsRef<[u8]>) -> Edit {
    Edit {
        span,
        text: text.as_ref().to_vec(),
    }
}
