//! `; strowger: allow S103 reason` on the line before: a finding that somebody has looked at.

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Sources, Span};

const MARK: &[u8] = b"strowger: allow ";

/// One such comment.
struct Allowed {
    code: &'static str,
    file: FileId,
    /// The line that it speaks of.
    line: u32,
    span: Span,
    used: bool,
}

/// Takes away what is allowed, and reports comments that are wrong or allow nothing: the latter only where `all` has been found
/// that could be allowed.
pub(crate) fn apply(sources: &Sources, all: bool, found: &mut Vec<Diagnostic>) {
    // A plan without a finding needs no permission.
    if !all && found.is_empty() {
        return;
    }
    let mut allowed = Vec::new();
    let mut wrong = Vec::new();
    for (id, file) in sources.files() {
        // Most files hold none; one search tells.
        if file.bytes().windows(MARK.len()).any(|w| w == MARK) {
            for line in 1..=file.line_count() {
                read(sources, id, line, &mut allowed, &mut wrong);
            }
        }
    }
    found.retain(|finding| {
        let span = finding.primary.span;
        let line = sources.file(span.file).line(span.start);
        let hit = allowed
            .iter_mut()
            .find(|a| a.code == finding.code && a.file == span.file && a.line == line);
        hit.map(|a| a.used = true).is_none()
    });
    if !all {
        return;
    }
    found.append(&mut wrong);
    for unused in allowed.into_iter().filter(|a| !a.used) {
        found.push(
            Diagnostic::new(
                "S144",
                format!("nothing on the next line is {}", unused.code),
                unused.span,
            )
            .label("allows nothing")
            .fix("remove the comment", unused.span, "", false),
        );
    }
}

/// Reads one line if it is such a comment.
fn read(
    sources: &Sources,
    file: FileId,
    line: u32,
    allowed: &mut Vec<Allowed>,
    found: &mut Vec<Diagnostic>,
) {
    let source = sources.file(file);
    let bytes = source.line_bytes(line);
    let start = bytes.iter().take_while(|b| **b <= 32).count();
    let text = bytes[start..].trim_ascii_end();
    let Some(rest) = text.strip_prefix(b";").map(<[u8]>::trim_ascii_start) else {
        return;
    };
    let Some(rest) = rest.strip_prefix(MARK) else {
        return;
    };
    let from = (source.line_range(line).start + start) as u32;
    let span = Span {
        file,
        start: from,
        end: from + text.len() as u32,
    };
    let end = rest.iter().position(|b| *b <= 32).unwrap_or(rest.len());
    let word = String::from_utf8_lossy(&rest[..end]).into_owned();
    let Some(code) = codes::find(&word) else {
        found.push(
            Diagnostic::new("S143", format!("`{word}` is no code"), span).label("allows nothing"),
        );
        return;
    };
    if codes::exchange().any(|c| c.id == code.id) {
        found.push(
            Diagnostic::new(
                "S143",
                format!("{} is found by the exchange, not in the plan", code.id),
                span,
            )
            .label("allows nothing")
            .help("set its level in strowger.toml"),
        );
        return;
    }
    if rest[end..].trim_ascii().is_empty() {
        found.push(
            Diagnostic::new("S143", format!("say why {} is allowed here", code.id), span)
                .label("a reason belongs behind the code; without one nothing is allowed"),
        );
        return;
    }
    allowed.push(Allowed {
        code: code.id,
        file,
        line: line + 1,
        span,
        used: false,
    });
}
