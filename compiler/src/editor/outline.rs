//! What a file holds, as a tree, and what of it can be folded.

use super::View;
use crate::ast::{Entry as Said, Label};
use crate::conf::comment::Comments;
use crate::conf::line::{self, Config};
use crate::source::{FileId, Span};

/// What an entry of an outline is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntryKind {
    /// A context, or a section of another file.
    Section,
    /// An extension.
    Extension,
    /// A label.
    Label,
    /// A sub or function.
    Function,
    /// A constant.
    Constant,
    /// A variable of the channel or the exchange.
    Variable,
    /// An enum.
    Enum,
    /// A case of one.
    Case,
    /// What comes from elsewhere.
    Import,
    /// A test.
    Test,
}

/// An entry of an outline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Its name, with broken bytes replaced.
    pub name: String,
    /// All of it.
    pub span: Span,
    /// Its name.
    pub named: Span,
    /// What stands in it.
    pub children: Vec<Entry>,
}

/// Why lines can be folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FoldKind {
    /// A comment of several lines.
    Comment,
    /// A section, or the lines of an extension.
    Region,
}

/// Lines that can be folded, 1-based, the last one included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fold {
    /// Why.
    pub kind: FoldKind,
    /// The line that stays.
    pub from: u32,
    /// The last one that goes.
    pub to: u32,
}

impl View {
    /// The sections of a file with their extensions and labels.
    pub fn outline(&self, file: FileId) -> Vec<Entry> {
        if self.is_dial(file) {
            return self.dial_outline(file);
        }
        let own;
        let config = if self.holds(file) {
            self.config()
        } else {
            own = line::read(&self.sources, file);
            &own
        };
        let mut out = self.entries(config, file);
        for section in &mut out {
            close(&mut section.children, section.span.end);
        }
        out
    }

    fn entries(&self, config: &Config, file: FileId) -> Vec<Entry> {
        let mut headers: Vec<Span> = config
            .sections
            .iter()
            .map(|s| s.span)
            .filter(|s| s.file == file)
            .collect();
        headers.sort_unstable();
        let size = self.sources.file(file).bytes().len() as u32;
        let mut out = Vec::new();
        for (index, section) in config.sections.iter().enumerate() {
            let here = section.span.file == file;
            let values = section
                .values
                .iter()
                .enumerate()
                .filter(|(_, v)| !v.inherited && v.key.span().file == file);
            let mut children: Vec<Entry> = Vec::new();
            for (_, value) in values {
                let kind = super::kind_of(&section.name);
                let line = crate::conf::exten::line(value, kind, &self.dialect);
                let Said::Exten(exten) = &line.entry else {
                    continue;
                };
                let name = exten.name.as_ref().map(|n| n.trimmed());
                if let Some(name) = name {
                    let shown = name.lossy().into_owned();
                    let again = children.last().is_some_and(|last| last.name == shown);
                    if !again {
                        children.push(Entry {
                            kind: EntryKind::Extension,
                            name: shown,
                            span: line.span(),
                            named: covered(name.span(), line.span()),
                            children: Vec::new(),
                        });
                    }
                }
                let Some(last) = children.last_mut() else {
                    continue;
                };
                last.span = last.span.to(line.span());
                if let Label::Some(label) = &exten.label {
                    last.children.push(Entry {
                        kind: EntryKind::Label,
                        name: label.lossy().into_owned(),
                        span: line.span(),
                        named: covered(label.span(), line.span()),
                        children: Vec::new(),
                    });
                }
            }
            if here {
                let next = headers.partition_point(|s| s.start <= section.span.start);
                let end = match headers.get(next) {
                    Some(next) => {
                        let line = self.sources.file(file).line(next.start);
                        self.sources.file(file).line_range(line).start as u32
                    }
                    None => size,
                };
                let line = self.sources.file(file).line(section.span.start);
                let start = self.sources.file(file).line_range(line).start as u32;
                let span = Span {
                    file,
                    start,
                    end: end.max(section.span.end),
                };
                out.push((
                    section.span.start,
                    Entry {
                        kind: EntryKind::Section,
                        name: super::show(&section.name),
                        span,
                        named: section.span,
                        children,
                    },
                ));
            } else if !children.is_empty() && index < config.sections.len() {
                // The lines of a section that another file opens.
                let start = children[0].span.start;
                out.extend(
                    children
                        .into_iter()
                        .map(|child| (start.max(child.span.start), child)),
                );
            }
        }
        out.sort_by_key(|(start, _)| *start);
        out.into_iter().map(|(_, entry)| entry).collect()
    }

    /// What can be folded in a file.
    pub fn folds(&self, file: FileId) -> Vec<Fold> {
        if self.is_dial(file) {
            return self.dial_folds(file);
        }
        let source = self.sources.file(file);
        let mut out = Vec::new();
        let comments = self.comment_lines(file);
        let bare = |line: u32| {
            source.line_bytes(line).trim_ascii().is_empty()
                || comments.binary_search_by_key(&line, |(l, _)| *l).is_ok()
        };
        for entry in self.outline(file) {
            let mut last = source.line(entry.span.end.saturating_sub(1).max(entry.span.start));
            // Blank lines and comments before the next header belong to it.
            while last > source.line(entry.span.start) && bare(last) {
                last -= 1;
            }
            out.push(Fold {
                kind: FoldKind::Region,
                from: source.line(entry.span.start),
                to: last,
            });
            for child in &entry.children {
                out.push(Fold {
                    kind: FoldKind::Region,
                    from: source.line(child.span.start),
                    to: source.line(child.span.end),
                });
            }
        }
        let mut run: Option<(u32, u32)> = None;
        for (line, _) in &comments {
            let line = *line;
            match &mut run {
                Some((_, to)) if *to + 1 == line => *to = line,
                _ => {
                    let before = run.replace((line, line));
                    out.extend(before.map(comment_fold));
                }
            }
        }
        out.extend(run.map(comment_fold));
        out.retain(|fold| fold.from < fold.to);
        out
    }

    /// Lines that are nothing but comment, with the span of their text.
    pub(super) fn comment_lines(&self, file: FileId) -> Vec<(u32, Span)> {
        let source = self.sources.file(file);
        let mut comments = Comments::new();
        let mut out = Vec::new();
        for line in 1..=source.line_count() {
            let bytes = source.line_bytes(line);
            let text = bytes.trim_ascii();
            if text.is_empty() {
                continue;
            }
            let start = source.line_range(line).start;
            let blanks = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let whole = Span {
                file,
                start: start as u32,
                end: (start + bytes.len()) as u32,
            };
            let live = comments.strip(source.text(whole));
            if live.is_none_or(|l| l.bytes().iter().all(|b| *b <= 32)) {
                let from = (start + blanks) as u32;
                out.push((
                    line,
                    Span {
                        file,
                        start: from,
                        end: from + text.len() as u32,
                    },
                ));
            }
        }
        out
    }
}

fn comment_fold((from, to): (u32, u32)) -> Fold {
    Fold {
        kind: FoldKind::Comment,
        from,
        to,
    }
}

/// A name inside of what it names.
fn covered(name: Span, whole: Span) -> Span {
    if name.start >= whole.start && name.end <= whole.end && !name.is_empty() {
        name
    } else {
        whole
    }
}

/// Children do not reach beyond their parent.
fn close(children: &mut [Entry], end: u32) {
    for child in children {
        child.span.end = child.span.end.min(end);
    }
}
