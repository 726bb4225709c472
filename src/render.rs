//! Diagnostics to a terminal and to JSON. The only file that draws them.

use ariadne::{Cache, Color, Config, IndexType, Label, Report, ReportKind, Source};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use strowger_compiler::{Diagnostic, FileId, Level, Sources, Span};

/// Whether colours are wanted: on a terminal, unless `NO_COLOR` says no.
pub(crate) fn colour(stream: &impl IsTerminal) -> bool {
    When::Auto.of(stream)
}

/// When colours are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl When {
    /// Whether they are wanted on this stream.
    pub(crate) fn of(self, stream: &impl IsTerminal) -> bool {
        match self {
            When::Auto => {
                stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            }
            When::Always => true,
            When::Never => false,
        }
    }
}

/// Files as ariadne wants them: text. A byte that is no UTF-8 becomes one `?`, so every offset stays what it was.
pub(crate) struct Files<'a> {
    sources: &'a Sources,
    hidden: HashMap<FileId, Vec<Span>>,
    texts: HashMap<FileId, Source<String>>,
}

impl<'a> Files<'a> {
    /// Files that `findings` point into; what those hide is hidden in all of them.
    pub(crate) fn of<'d>(
        sources: &'a Sources,
        findings: impl IntoIterator<Item = &'d Diagnostic>,
    ) -> Files<'a> {
        let mut hidden: HashMap<FileId, Vec<Span>> = HashMap::new();
        for span in findings.into_iter().flat_map(|d| &d.hidden) {
            hidden.entry(span.file).or_default().push(*span);
        }
        Files {
            sources,
            hidden,
            texts: HashMap::new(),
        }
    }

    /// Draws one of those findings with its places.
    pub(crate) fn draw(
        &mut self,
        out: &mut impl Write,
        d: &Diagnostic,
        colour: bool,
    ) -> std::io::Result<()> {
        let (kind, ink) = kind(d.level);
        let place = |files: &mut Files<'_>, span: Span| {
            (span.file, range(files.text(span.file).text(), span))
        };
        let primary = place(self, d.primary.span);
        let mut report = Report::build(kind, primary.clone())
            .with_config(
                Config::default()
                    .with_index_type(IndexType::Byte)
                    .with_color(colour),
            )
            .with_code(d.code)
            .with_message(&d.message);
        let mut label = Label::new(primary).with_color(ink);
        // Without words nothing would be underlined.
        label = label.with_message(match d.primary.text.as_str() {
            "" => "here",
            text => text,
        });
        report = report.with_label(label.with_order(0));
        for (i, other) in d.secondary.iter().take(PLACES).enumerate() {
            let at = place(self, other.span);
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
        report.finish().write(self, &mut drawn)?;
        out.write_all(&if colour { drawn } else { plain(&drawn) })?;
        writeln!(out)
    }

    fn text(&mut self, id: FileId) -> &Source<String> {
        let (sources, hidden) = (self.sources, &self.hidden);
        self.texts.entry(id).or_insert_with(|| {
            let bytes = sources.file(id).bytes();
            Source::from(match hidden.get(&id) {
                Some(hidden) => readable(&starred(bytes, hidden)),
                None => readable(bytes),
            })
        })
    }
}

impl Cache<FileId> for &mut Files<'_> {
    type Storage = String;

    fn fetch(&mut self, id: &FileId) -> Result<&Source<String>, impl std::fmt::Debug> {
        Ok::<_, std::convert::Infallible>(self.text(*id))
    }

    fn display<'a>(&self, id: &'a FileId) -> Option<impl std::fmt::Display + 'a> {
        Some(self.sources.shown(*id))
    }
}

/// A file with stars in the place of secrets.
fn starred(bytes: &[u8], hidden: &[Span]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for span in hidden {
        let end = (span.end as usize).min(out.len());
        let start = (span.start as usize).min(end);
        out[start..end].fill(b'*');
    }
    out
}

fn readable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    // A control byte would disturb the terminal; a line end and a tab must stay.
    let disturbs = |c: char| c.is_ascii_control() && c != '\n' && c != '\t';
    for chunk in bytes.utf8_chunks() {
        for part in chunk.valid().split_inclusive(disturbs) {
            match part.strip_suffix(disturbs) {
                Some(quiet) => out.extend([quiet, " "]),
                None => out.push_str(part),
            }
        }
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

/// So many other places are drawn; the label of the first says how many there are.
const PLACES: usize = 3;

/// Draws each finding with its places.
pub(crate) fn human(
    out: &mut impl Write,
    sources: &Sources,
    findings: &[Diagnostic],
    colour: bool,
) -> std::io::Result<()> {
    let mut files = Files::of(sources, findings);
    findings
        .iter()
        .try_for_each(|finding| files.draw(out, finding, colour))
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notes: usize,
}

impl Counts {
    pub(crate) fn of(findings: &[Diagnostic]) -> Counts {
        let of = |level| findings.iter().filter(|d| d.level == level).count();
        Counts {
            errors: of(Level::Error),
            warnings: of(Level::Warn),
            notes: of(Level::Note),
        }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.notes += other.notes;
    }
}

/// `3 errors, 1 warning`, or `nothing to report`.
impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notes, "note"),
        ];
        let mut first = true;
        for (n, word) in words.into_iter().filter(|(n, _)| *n > 0) {
            let comma = if first { "" } else { ", " };
            first = false;
            write!(f, "{comma}{n} {word}{}", if n == 1 { "" } else { "s" })?;
        }
        if first {
            f.write_str("nothing to report")?;
        }
        Ok(())
    }
}

/// The same of findings.
pub(crate) fn summary(findings: &[Diagnostic]) -> String {
    Counts::of(findings).to_string()
}

fn place(sources: &Sources, span: Span) -> Value {
    let file = sources.file(span.file);
    let (line, column) = file.line_column(span.start);
    let (end_line, end_column) = file.line_column(span.end.max(span.start));
    json!({ "file": sources.shown(span.file), "line": line, "column": column, "end_line": end_line, "end_column": end_column })
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
    let label = Some(&d.primary.text).filter(|t| !t.is_empty());
    out["notes"] = label.into_iter().chain(&d.helps).cloned().collect();
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

/// The last object of `--format json`.
pub(crate) fn summary_object(counts: Counts) -> Value {
    let Counts {
        errors,
        warnings,
        notes,
    } = counts;
    json!({ "summary": { "errors": errors, "warnings": warnings, "notes": notes } })
}
