//! Annotations of a GitHub workflow: `::error file=extensions.conf,line=9::...`.

use strowger_compiler::{Diagnostic, Level, Sources};

/// One finding as a workflow command.
pub(crate) fn command(sources: &Sources, finding: &Diagnostic) -> String {
    let file = sources.file(finding.primary.span.file);
    let (line, column) = file.line_column(finding.primary.span.start);
    let (end_line, end_column) = file.line_column(finding.primary.span.end);
    let word = match finding.level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note | Level::Allow => "notice",
    };
    // Columns are only read where both ends stand on one line.
    let columns = if line == end_line {
        format!(",col={column},endColumn={end_column}")
    } else {
        String::new()
    };
    let mut text = finding.message.clone();
    for more in std::iter::once(&finding.primary.text).chain(&finding.helps) {
        if !more.is_empty() {
            text.push('\n');
            text.push_str(more);
        }
    }
    format!(
        "::{word} file={},line={line},endLine={end_line}{columns},title={}::{}",
        property(&sources.shown(finding.primary.span.file)),
        property(finding.code),
        data(&text)
    )
}

/// The text behind `::` of a workflow command.
pub(crate) fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a workflow command.
pub(crate) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
