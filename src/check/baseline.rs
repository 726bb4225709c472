//! A baseline: what was there when somebody began to check. It is accepted; what is new is told.
//!
//! A finding is known by its code, the text of its line, and the context and extension around it, so lines may move.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde_json::{Value, json};
use strowger_compiler::{Diagnostic, FileId, SourceFile, Sources};
use strowger_stdlib::hash::sha1;

/// Longest baseline that is read, in bytes.
const SIZE: u64 = 256 << 20;

/// Where the lines of one file stand: the last header and extension above each.
struct Around {
    /// By line, the start and end of the text of the header and of the extension's name.
    lines: Vec<[(u32, u32); 2]>,
}

impl Around {
    fn read(file: &SourceFile) -> Around {
        let (mut header, mut exten) = ((0, 0), (0, 0));
        let mut lines = Vec::with_capacity(file.line_count() as usize);
        for number in 1..=file.line_count() {
            let start = file.line_range(number).start as u32;
            let line = file.line_bytes(number);
            let blank = line.iter().take_while(|b| **b <= 32).count();
            let text = &line[blank..];
            let from = start + blank as u32;
            if text.starts_with(b"[") {
                let end = text.iter().position(|b| *b == b']').unwrap_or(text.len());
                header = (from, from + end as u32);
                exten = (0, 0);
            } else if text.len() > 5 && text[..5].eq_ignore_ascii_case(b"exten") {
                let value = text.iter().position(|b| *b == b'=').unwrap_or(0);
                let skip = text[value..]
                    .iter()
                    .take_while(|b| matches!(b, b'=' | b'>') || **b <= 32)
                    .count();
                let name = &text[value + skip..];
                let end = name.iter().position(|b| *b == b',').unwrap_or(name.len());
                let from = from + (value + skip) as u32;
                exten = (from, from + end as u32);
            }
            lines.push([header, exten]);
        }
        Around { lines }
    }
}

/// Finger prints of the findings of some files.
pub(crate) struct Prints<'a> {
    sources: &'a Sources,
    around: HashMap<FileId, Around>,
}

impl<'a> Prints<'a> {
    pub(crate) fn new(sources: &'a Sources) -> Prints<'a> {
        Prints {
            sources,
            around: HashMap::new(),
        }
    }

    /// What a finding is known by: no text of a file can be read from it.
    pub(crate) fn of(&mut self, finding: &Diagnostic) -> String {
        let span = finding.primary.span;
        let file = self.sources.file(span.file);
        let around = self
            .around
            .entry(span.file)
            .or_insert_with(|| Around::read(file));
        let line = file.line(span.start);
        let mut text = finding.code.as_bytes().to_vec();
        for (start, end) in around.lines.get(line as usize - 1).into_iter().flatten() {
            text.push(0);
            text.extend_from_slice(&file.bytes()[*start as usize..*end as usize]);
        }
        text.push(0);
        // Blanks may be set anew.
        for word in file.line_bytes(line).split(u8::is_ascii_whitespace) {
            if !word.is_empty() {
                text.push(b' ');
                text.extend_from_slice(word);
            }
        }
        sha1(&text)[..10]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect()
    }
}

/// Findings that are accepted, with how many of each.
#[derive(Default)]
pub(crate) struct Baseline {
    known: HashMap<String, usize>,
}

impl Baseline {
    /// Reads one.
    ///
    /// # Errors
    /// One sentence when it cannot be read or is none.
    pub(crate) fn read(path: &Path) -> Result<Baseline, String> {
        let fault = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let size = std::fs::metadata(path)
            .map_err(|e| {
                let hint = "write it with --write-baseline";
                fault(&format!("{e}\n  hint: {hint}"))
            })?
            .len();
        if size > SIZE {
            return Err(fault(&format!("longer than {SIZE} bytes")));
        }
        let text = std::fs::read(path).map_err(|e| fault(&e))?;
        let value: Value = serde_json::from_slice(&text).map_err(|e| fault(&e))?;
        let findings = value["findings"]
            .as_array()
            .filter(|_| value["strowger_baseline"] == json!(1))
            .ok_or_else(|| fault(&"is no baseline"))?;
        let mut known = HashMap::new();
        for finding in findings {
            let print = finding["print"].as_str();
            let print = print.ok_or_else(|| fault(&"holds a finding without a print"))?;
            let count = finding["count"].as_u64().unwrap_or(1);
            *known.entry(print.to_owned()).or_default() +=
                usize::try_from(count).unwrap_or(usize::MAX);
        }
        Ok(Baseline { known })
    }

    /// Takes away what is accepted; how many findings that were.
    pub(crate) fn take(&mut self, sources: &Sources, findings: &mut Vec<Diagnostic>) -> usize {
        let before = findings.len();
        let mut prints = Prints::new(sources);
        findings.retain(|finding| match self.known.get_mut(&prints.of(finding)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        });
        before - findings.len()
    }

    /// How many accepted findings were not there any more.
    pub(crate) fn gone(&self) -> usize {
        self.known.values().sum()
    }
}

/// A baseline that is being written.
#[derive(Default)]
pub(crate) struct Draft {
    seen: BTreeMap<(String, &'static str, String), usize>,
}

impl Draft {
    pub(crate) fn add(&mut self, sources: &Sources, findings: &[Diagnostic]) {
        let mut prints = Prints::new(sources);
        for finding in findings {
            let file = sources.file(finding.primary.span.file).name().to_owned();
            let print = prints.of(finding);
            *self.seen.entry((file, finding.code, print)).or_default() += 1;
        }
    }

    /// Its text: one finding a line, sorted, so that a version control shows what changed.
    pub(crate) fn text(&self) -> String {
        let lines: Vec<String> = self
            .seen
            .iter()
            .map(|((file, code, print), count)| {
                format!(
                    "  {}",
                    json!({ "file": file, "code": code, "print": print, "count": count })
                )
            })
            .collect();
        let mut out = String::from("{ \"strowger_baseline\": 1, \"findings\": [\n");
        out.push_str(&lines.join(",\n"));
        out.push_str("\n] }\n");
        out
    }

    pub(crate) fn len(&self) -> usize {
        self.seen.values().sum()
    }
}
