//! The way of a caller's text, as labels: where it comes in, what it is put into, how it is handed on.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::taint::{Link, Mark, Source, Taint, Trail};

/// Labels of one way: where it begins, and its last steps.
const LABELS: usize = 3;

/// Adds the way of a text to a finding whose primary place is where it is used.
pub(super) fn labelled(
    taint: &Taint<'_>,
    mark: Mark,
    used: Span,
    mut found: Diagnostic,
) -> Diagnostic {
    let path = taint.path(mark);
    let mut labels: Vec<(Span, String)> = Vec::new();
    for trail in &path {
        if let Some(text) = words(taint, trail, used) {
            labels.push((trail.span, text));
        }
    }
    if labels.len() > LABELS {
        let way: Vec<String> = path.iter().filter_map(|t| stop(taint, t)).collect();
        found = found.help(format!("the whole way: {}", way.join(", ")));
        let last = labels.split_off(labels.len() - (LABELS - 1));
        labels.truncate(1);
        labels.extend(last);
    }
    for (span, text) in labels {
        found = found.also(span, text);
    }
    found
}

fn words(taint: &Taint<'_>, trail: &Trail, used: Span) -> Option<String> {
    Some(match trail.link {
        Link::From(Source::Dialled) => {
            let name = taint
                .ways
                .entry(trail.node)
                .map_or_else(String::new, |e| super::show(&e.extension.name));
            if within(trail.span, used) {
                return None;
            }
            format!("`{name}` takes what a caller dials")
        }
        // The place of use says it already.
        Link::From(_) if within(trail.span, used) => return None,
        Link::From(source) => format!("{} comes in here", source.words()),
        Link::Set(var) => format!("put into `{}`", super::show(taint.name(var))),
        Link::Given => "given to a subroutine".to_owned(),
        Link::Dialled => "dialled by a jump".to_owned(),
    })
}

/// A place of the way, in a word.
fn stop(taint: &Taint<'_>, trail: &Trail) -> Option<String> {
    Some(match trail.link {
        Link::From(Source::Dialled) => {
            let entry = taint.ways.entry(trail.node)?;
            format!("`{}`", super::show(&entry.extension.name))
        }
        Link::From(source) => source.words().to_owned(),
        Link::Set(var) => format!("`{}`", super::show(taint.name(var))),
        Link::Given => "a subroutine".to_owned(),
        Link::Dialled => "a jump".to_owned(),
    })
}

fn within(inner: Span, outer: Span) -> bool {
    inner.file == outer.file && inner.start >= outer.start && inner.end <= outer.end
}
