//! What is seen without running anything, as something that a call may come by: so that each finding has its call.

use std::collections::BTreeSet;

use strowger_compiler::hir::Hir;
use strowger_compiler::{Diagnostic, Sources};
use strowger_runtime::sim::Report;
use strowger_runtime::sim::report::{Dialed, Of};
use strowger_vm::{Time, Trace};

use super::entries::Entry;
use super::property::{Broken, Property};

/// A finding from the text alone, and what a call comes by that shows it.
pub(crate) struct Mark {
    pub(crate) finding: Diagnostic,
    seen: Seen,
}

/// What a call comes by.
enum Seen {
    /// A stranger has this line dial.
    Dials {
        file: String,
        line: u32,
        strangers: Vec<Vec<u8>>,
    },
    /// This prompt is played while the channel speaks one of these languages.
    Plays {
        name: String,
        missing: BTreeSet<String>,
        /// Languages of devices, by the context in which they call.
        spoken: Vec<(Vec<u8>, String)>,
    },
    /// No call shows it.
    Nothing,
}

impl Mark {
    /// A finding that no call is looked for to.
    pub(crate) fn plain(finding: Diagnostic) -> Mark {
        Mark {
            finding,
            seen: Seen::Nothing,
        }
    }

    /// A line on which a stranger must not dial.
    pub(crate) fn dials(finding: Diagnostic, sources: &Sources, strangers: &[Vec<u8>]) -> Mark {
        let span = finding.primary.span;
        let file = sources.file(span.file);
        Mark {
            seen: Seen::Dials {
                file: file.name().to_owned(),
                line: file.line(span.start),
                strangers: strangers.to_vec(),
            },
            finding,
        }
    }

    /// A prompt that is missing.
    pub(crate) fn plays(
        finding: Diagnostic,
        name: &str,
        missing: BTreeSet<String>,
        spoken: &[(Vec<u8>, String)],
    ) -> Mark {
        Mark {
            finding,
            seen: Seen::Plays {
                name: name.to_owned(),
                missing,
                spoken: spoken.to_vec(),
            },
        }
    }

    fn property(&self) -> Option<Property> {
        match self.seen {
            Seen::Dials { .. } => Some(Property::P003),
            Seen::Plays { .. } => Some(Property::P004),
            Seen::Nothing => None,
        }
    }

    /// The prompt, if it is one.
    pub(crate) fn prompt(&self) -> Option<&str> {
        match &self.seen {
            Seen::Plays { name, .. } => Some(name),
            Seen::Dials { .. } | Seen::Nothing => None,
        }
    }

    /// Whom a stranger has called on the line.
    pub(crate) fn called<'r>(&self, report: &'r Report) -> Option<&'r Dialed> {
        let Seen::Dials { file, line, .. } = &self.seen else {
            return None;
        };
        let here = |d: &&Dialed| {
            let source = d.source.as_ref();
            !d.is_local() && source.is_some_and(|s| s.file == *file && s.line == *line)
        };
        report.dialed.iter().find(here)
    }

    /// The language of a device that calls where the call of an entry begins, if that makes the prompt missing.
    pub(crate) fn language(&self, entry: &Entry, report: &Report) -> Option<String> {
        let Seen::Plays {
            name,
            missing,
            spoken,
        } = &self.seen
        else {
            return None;
        };
        if played(report, name, |language| {
            language.is_some_and(|l| missing.contains(l))
        }) {
            return None;
        }
        let mut here = spoken.iter().filter(|(context, language)| {
            *context == entry.context.as_bytes() && missing.contains(language)
        });
        let device = here.next()?;
        played(report, name, |language| language.is_none()).then(|| device.1.clone())
    }

    /// Whether a run from an entry comes by it.
    fn shows(&self, entry: &Entry, report: &Report) -> bool {
        match &self.seen {
            Seen::Dials { strangers, .. } => {
                strangers.iter().any(|s| *s == entry.context.as_bytes())
                    && self.called(report).is_some()
            }
            Seen::Plays { name, missing, .. } => {
                let english = missing.contains("en");
                played(report, name, |language| match language {
                    Some(language) => missing.contains(language),
                    None => english,
                }) || self.language(entry, report).is_some()
            }
            Seen::Nothing => false,
        }
    }
}

/// Whether a caller hears a prompt while the plan has set a language (or none) that is meant.
fn played(report: &Report, name: &str, meant: impl Fn(Option<&str>) -> bool) -> bool {
    let mut heard = report
        .heard
        .iter()
        .filter(|h| h.audible && matches!(h.of, Of::Call(0)) && h.file == name.as_bytes());
    heard.any(|h| meant(language(report, h.channel, h.at).as_deref()))
}

/// The language that the plan has set on a channel by then.
fn language(report: &Report, channel: usize, at: Time) -> Option<String> {
    let before = report.trace.iter().take_while(|h| h.at <= at);
    let own = before.filter(|h| h.channel == channel);
    let set = own.filter_map(|h| match &h.what {
        Trace::Step(step) => step.arguments.strip_prefix(b"CHANNEL(language)="),
        _ => None,
    });
    set.last()
        .map(|l| String::from_utf8_lossy(l.trim_ascii()).into_owned())
}

/// The marks that a run comes by.
pub(crate) fn shown<'m>(
    marks: &'m [Mark],
    entry: &'m Entry,
    report: &'m Report,
) -> impl Iterator<Item = Broken> + 'm {
    marks.iter().enumerate().filter_map(move |(n, mark)| {
        let property = mark.property()?;
        mark.shows(entry, report).then(|| Broken {
            property,
            message: mark.finding.message.clone(),
            source: None,
            label: String::new(),
            detail: String::new(),
            mark: Some(n),
        })
    })
}

/// Contexts that the calls of these contexts are looked up in too, without the contexts themselves.
pub(crate) fn included<'h>(hir: &'h Hir, of: &[u8]) -> Vec<&'h [u8]> {
    let mut out: Vec<&[u8]> = Vec::new();
    let find = |name: &[u8]| hir.contexts.iter().find(|c| c.name == name);
    let mut open: Vec<&[u8]> = find(of).map(|c| c.name.as_slice()).into_iter().collect();
    while let Some(name) = open.pop() {
        let Some(context) = find(name) else { continue };
        for include in &context.includes {
            if include.context != of && !out.contains(&include.context.as_slice()) {
                out.push(&include.context);
                open.push(&include.context);
            }
        }
    }
    out
}
