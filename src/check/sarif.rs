//! SARIF 2.1.0, the format of code-scanning services.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strowger_compiler::{Diagnostic, Fix, Level, Sources, Span, codes};

use super::baseline::Prints;

/// A log with one run.
#[derive(Default)]
pub(crate) struct Log {
    results: Vec<Value>,
    /// Codes that occur, with their index among the rules.
    rules: BTreeMap<&'static str, usize>,
    order: Vec<&'static str>,
}

impl Log {
    pub(crate) fn add(&mut self, sources: &Sources, findings: &[Diagnostic]) {
        let mut prints = Prints::new(sources);
        for finding in findings {
            let order = &mut self.order;
            let rule = *self.rules.entry(finding.code).or_insert_with(|| {
                order.push(finding.code);
                order.len() - 1
            });
            let mut text = finding.message.clone();
            for more in std::iter::once(&finding.primary.text).chain(&finding.helps) {
                if !more.is_empty() {
                    text.push_str(". ");
                    text.push_str(more);
                }
            }
            let mut result = json!({
                "ruleId": finding.code,
                "ruleIndex": rule,
                "level": level(finding.level),
                "message": { "text": text },
                "locations": [{ "physicalLocation": location(sources, finding.primary.span) }],
                "partialFingerprints": { "strowger/v1": prints.of(finding) },
            });
            if !finding.secondary.is_empty() {
                result["relatedLocations"] = finding
                    .secondary
                    .iter()
                    .enumerate()
                    .map(|(id, label)| {
                        json!({
                            "id": id,
                            "message": { "text": label.text },
                            "physicalLocation": location(sources, label.span),
                        })
                    })
                    .collect();
            }
            if !finding.fixes.is_empty() {
                result["fixes"] = finding.fixes.iter().map(|f| fix(sources, f)).collect();
            }
            self.results.push(result);
        }
    }

    pub(crate) fn value(self) -> Value {
        let rules: Vec<Value> = self.order.iter().map(|id| rule(id)).collect();
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "strowger",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                } },
                "columnKind": "utf16CodeUnits",
                "results": self.results,
            }],
        })
    }
}

fn rule(id: &str) -> Value {
    let Some(code) = codes::find(id) else {
        return json!({ "id": id });
    };
    json!({
        "id": code.id,
        "shortDescription": { "text": code.title },
        "fullDescription": { "text": code.explain },
        "help": { "text": format!("{}\n\nstrowger explain {}", code.explain, code.id) },
        "defaultConfiguration": { "level": level(code.level), "enabled": code.level != Level::Allow },
        "properties": { "tags": [code.family] },
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note | Level::Allow => "note",
    }
}

fn fix(sources: &Sources, fix: &Fix) -> Value {
    let mut changes: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for edit in &fix.edits {
        changes.entry(edit.span.file).or_default().push(json!({
            "deletedRegion": region(sources, edit.span),
            "insertedContent": { "text": String::from_utf8_lossy(&edit.text) },
        }));
    }
    let changes: Vec<Value> = changes
        .into_iter()
        .map(|(file, replacements)| {
            json!({
                "artifactLocation": { "uri": uri(&sources.shown(file)) },
                "replacements": replacements,
            })
        })
        .collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

fn location(sources: &Sources, span: Span) -> Value {
    json!({
        "artifactLocation": { "uri": uri(&sources.shown(span.file)) },
        "region": region(sources, span),
    })
}

fn region(sources: &Sources, span: Span) -> Value {
    let file = sources.file(span.file);
    // Columns of an editor: units of UTF-16, of the text as somebody sees it.
    let place = |at: u32| {
        let (line, column) = file.line_column(at);
        let start = file.line_range(line).start;
        let before = &file.bytes()[start..start + column as usize - 1];
        let units = String::from_utf8_lossy(before).encode_utf16().count();
        (line, units + 1)
    };
    let size = file.bytes().len() as u32;
    let (line, column) = place(span.start.min(size));
    let (end_line, end_column) = place(span.end.clamp(span.start.min(size), size));
    json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
}

/// A path as a URI: relative ones stay relative.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    if path.starts_with('/') {
        out.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
