//! The parts of a line, each with its place.

use strowger_stdlib::Dialect;
use strowger_stdlib::template::{HoleKind, Template};

use crate::ast::{self, Entry, Kind, Line};
use crate::call::assigned_by_set;
use crate::editor::names::head;
use crate::source::{Span, Text};

/// What a part of a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// `exten`, `include`, the key of an option.
    Key,
    /// The extension's name.
    Extension,
    /// `n`, `1`, `hint`.
    Priority,
    /// The label.
    Label,
    /// The application's name.
    Application,
    /// A function's name, in `${...}` or before the `=` of `Set`.
    Function,
    /// A variable's name.
    Variable,
    /// The comment behind the line.
    Comment,
}

/// The parts of a line from left to right; they do not overlap, but for names in computed names.
pub(super) fn of(kind: Kind, line: &Line<'_>, dialect: &Dialect) -> Vec<(Span, Part)> {
    let mut out = vec![(line.key.span(), Part::Key)];
    match &line.entry {
        Entry::Exten(exten) => {
            if let Some(name) = &exten.name {
                out.push((name.trimmed().span(), Part::Extension));
            }
            out.push((exten.priority.trimmed().span(), Part::Priority));
            if let ast::Label::Some(label) = &exten.label {
                out.push((label.span(), Part::Label));
            }
            if exten.priority.bytes() == b"hint" {
                holes(&exten.call, &mut out);
            } else {
                out.push((exten.app.trimmed().span(), Part::Application));
                let app = exten.app.bytes().to_ascii_lowercase();
                for (name, _) in assigned_by_set(&app, &exten.args, dialect) {
                    assigned(&name, &mut out);
                }
                holes(&exten.args, &mut out);
            }
        }
        _ if kind == Kind::Globals => {
            out[0].1 = Part::Variable;
            holes(line.value, &mut out);
        }
        _ => holes(line.value, &mut out),
    }
    out.extend(line.comment.map(|span| (span, Part::Comment)));
    out.retain(|(span, _)| !span.is_empty());
    out.sort_by_key(|(span, _)| (span.file, span.start, span.end));
    out
}

/// What `Set` writes.
fn assigned(name: &Text, out: &mut Vec<(Span, Part)>) {
    let bytes = name.bytes();
    match bytes.iter().position(|b| *b == b'(') {
        Some(open) => out.push((name.slice(0..open).trimmed().span(), Part::Function)),
        None if !bytes.contains(&b'$') => out.push((name.trimmed().span(), Part::Variable)),
        None => {}
    }
}

/// Names in `${...}`.
fn holes(text: &Text, out: &mut Vec<(Span, Part)>) {
    if !text.bytes().contains(&b'$') {
        return;
    }
    for hole in Template::read(text.bytes()).holes() {
        if hole.kind != HoleKind::Variable {
            continue;
        }
        let end = hole.span.end - usize::from(hole.closed);
        if let Some((name, call)) = head(text.bytes(), hole.span.start + 2..end) {
            let part = match call {
                Some(_) => Part::Function,
                None => Part::Variable,
            };
            out.push((text.span_of(name), part));
        }
    }
}
