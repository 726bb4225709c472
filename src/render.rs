//! Diagnostics to a terminal and to JSON. The only file that draws them.

use ariadne::{Cache, Color, Config, IndexType, Label, Report, ReportKind, Source};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use strowger_compiler::{Diagnostic, FileId, Level, Sources, Span};

/// Whether colours are wanted: on a terminal, unless `NO_COLOR` says no.
pub(crate) fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Files as ariadne wants them: text. A byte that is no UTF-8 becomes one `?`, so every offset stays what it was.
struct Files<'a> {
    sources: &'a Sources,
    texts: HashMap<FileId, Source<String>>,
}

impl Files<'_> {
    fn text(&mut self, id: FileId) -> &Source<String> {
        let sources = self.sources;
        self.texts
            .entry(id)
            .or_insert_with(|| Source::from(readable(sources.file(id).bytes())))
    }
}

impl Cache<FileId> for &mut Files<'_> {
    type Storage = String;

    fn fetch(&mut self, id: &FileId) -> Result<&Source<String>, impl std::fmt::Debug> {
        Ok::<_, std::convert::Infallible>(self.text(*id))
    }

    fn display<'a>(&self, id: &'a FileId) -> Option<impl std::fmt::Display + 'a> {
        Some(self.sources.file(*id).name().to_owned())
    }
}

fn readable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        // A control byte would disturb the terminal; a line end and a tab must stay.
        out.extend(chunk.valid().chars().map(|c| {
            if c.is_ascii_control() && c != '\n' && c != '\t' {
                ' '
            } else {
                c
            }
        }));
        out.extend(std::iter::repeat_n('?', chunk.invalid().len()));
    }
    out
}

/// `span` as a byte range on character boundaries of `text`, never empty where there is something to point at.
fn range(text: &str, span: Span) -> std::ops::Range<usize> {
    let mut start = (span.start as usize).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (span.end as usize).clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

fn kind(level: Level) -> (ReportKind<'static>, Color) {
    match level {
        Level::Error => (ReportKind::Error, Color::Red),
        Level::Warn => (ReportKind::Warning, Color::Yellow),
        Level::Note | Level::Allow => (ReportKind::Custom("Note", Color::Cyan), Color::Cyan),
    }
}

/// Draws each finding with its places.
pub(crate) fn human(
    out: &mut impl Write,
    sources: &Sources,
    findings: &[Diagnostic],
    colour: bool,
) -> std::io::Result<()> {
    let mut files = Files {
        sources,
        texts: HashMap::new(),
    };
    for d in findings {
        let (kind, ink) = kind(d.level);
        let place = |files: &mut Files<'_>, span: Span| {
            (span.file, range(files.text(span.file).text(), span))
        };
        let primary = place(&mut files, d.primary.span);
        let mut report = Report::build(kind, primary.clone())
            .with_config(
                Config::default()
                    .with_index_type(IndexType::Byte)
                    .with_color(colour),
            )
            .with_code(d.code)
            .with_message(&d.message);
        let mut label = Label::new(primary).with_color(ink);
        if !d.primary.text.is_empty() {
            label = label.with_message(&d.primary.text);
        }
        report = report.with_label(label.with_order(0));
        for (i, other) in d.secondary.iter().enumerate() {
            let at = place(&mut files, other.span);
            report = report.with_label(
                Label::new(at)
                    .with_message(&other.text)
                    .with_color(Color::Blue)
                    .with_order(i as i32 + 1),
            );
        }
        for help in &d.helps {
            report = report.with_help(help);
        }
        for fix in &d.fixes {
            if !d.helps.contains(&fix.title) {
                report = report.with_help(&fix.title);
            }
        }
        let mut drawn = Vec::new();
        report.finish().write(&mut files, &mut drawn)?;
        out.write_all(&if colour { drawn } else { plain(&drawn) })?;
        writeln!(out)?;
    }
    Ok(())
}

/// Without escape sequences: ariadne colours the head of a report of our own kind whatever it is told.
fn plain(drawn: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(drawn.len());
    let mut rest = drawn;
    while let Some(at) = rest.iter().position(|b| *b == 0x1b) {
        out.extend_from_slice(&rest[..at]);
        let end = rest[at..]
            .iter()
            .position(|b| *b == b'm')
            .map_or(rest.len(), |m| at + m + 1);
        rest = &rest[end..];
    }
    out.extend_from_slice(rest);
    out
}

/// How many errors, warnings and notes.
pub(crate) fn count(findings: &[Diagnostic]) -> (usize, usize, usize) {
    let of = |level| findings.iter().filter(|d| d.level == level).count();
    (of(Level::Error), of(Level::Warn), of(Level::Note))
}

/// `3 errors, 1 warning`, or `nothing to report`.
pub(crate) fn summary(findings: &[Diagnostic]) -> String {
    let (errors, warnings, notes) = count(findings);
    let words: Vec<String> = [(errors, "error"), (warnings, "warning"), (notes, "note")]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}{}", if *n == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() {
        "nothing to report".into()
    } else {
        words.join(", ")
    }
}

fn place(sources: &Sources, span: Span) -> Value {
    let file = sources.file(span.file);
    let (line, column) = file.line_column(span.start);
    let (end_line, end_column) = file.line_column(span.end.max(span.start));
    json!({ "file": file.name(), "line": line, "column": column, "end_line": end_line, "end_column": end_column })
}

/// One finding as the object of `--format json`: lines and columns count from 1, columns in bytes, the end is behind the last byte.
pub(crate) fn object(sources: &Sources, d: &Diagnostic) -> Value {
    let mut out = place(sources, d.primary.span);
    let with = |mut at: Value, key: &str, value: Value| {
        at[key] = value;
        at
    };
    out["code"] = json!(d.code);
    out["level"] = json!(d.level.word());
    out["message"] = json!(d.message);
    out["label"] = json!(d.primary.text);
    out["notes"] = json!(d.helps);
    out["related"] = d
        .secondary
        .iter()
        .map(|l| with(place(sources, l.span), "message", json!(l.text)))
        .collect();
    out["fixes"] = d
        .fixes
        .iter()
        .map(|f| {
            let edits: Vec<Value> = f
                .edits
                .iter()
                .map(|e| {
                    with(
                        place(sources, e.span),
                        "text",
                        json!(String::from_utf8_lossy(&e.text)),
                    )
                })
                .collect();
            json!({ "title": f.title, "safe": f.safe, "edits": edits })
        })
        .collect();
    out
}

/// One object a line, the last one `{"summary": …}`.
pub(crate) fn jsonl(
    out: &mut impl Write,
    sources: &Sources,
    findings: &[Diagnostic],
) -> std::io::Result<()> {
    for d in findings {
        writeln!(out, "{}", object(sources, d))?;
    }
    let (errors, warnings, notes) = count(findings);
    writeln!(
        out,
        "{}",
        json!({ "summary": { "errors": errors, "warnings": warnings, "notes": notes } })
    )
}
