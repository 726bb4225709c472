//! A section of the new file, as text.

use strowger_compiler::conf::line::Section;
use strowger_compiler::source::Sources;

/// Most lines of comment that go along with a section.
const COMMENT_LINES: u32 = 40;

/// One section that is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Object {
    pub(super) name: Vec<u8>,
    pub(super) template: bool,
    pub(super) bases: Vec<Vec<u8>>,
    /// Lines above it, each with its `;`.
    pub(super) comments: Vec<Vec<u8>>,
    pub(super) lines: Vec<(String, Vec<u8>)>,
}

impl Object {
    /// A section of that kind.
    pub(super) fn new(name: &[u8], kind: &str) -> Object {
        let mut out = Object {
            name: name.to_vec(),
            ..Object::default()
        };
        out.put("type", kind);
        out
    }

    /// One more line.
    pub(super) fn put(&mut self, key: &str, value: impl AsRef<[u8]>) {
        self.lines.push((key.to_owned(), value.as_ref().to_vec()));
    }

    /// Writes the section as it stands in a file. A `;` of a value would begin a comment, so it gets its backslash (DL-013).
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        for comment in &self.comments {
            out.extend_from_slice(comment);
            out.push(b'\n');
        }
        out.push(b'[');
        out.extend_from_slice(&self.name);
        out.push(b']');
        let mut options: Vec<&[u8]> = Vec::new();
        if self.template {
            options.push(b"!");
        }
        options.extend(self.bases.iter().map(Vec::as_slice));
        if !options.is_empty() {
            out.push(b'(');
            out.extend(options.join(&b','));
            out.push(b')');
        }
        out.push(b'\n');
        for (key, value) in &self.lines {
            out.extend_from_slice(key.as_bytes());
            out.push(b'=');
            for byte in value {
                if *byte == b';' {
                    out.push(b'\\');
                }
                out.push(*byte);
            }
            out.push(b'\n');
        }
    }
}

/// The comment lines directly above a section.
pub(super) fn comments(sources: &Sources, section: &Section) -> Vec<Vec<u8>> {
    let file = sources.file(section.span.file);
    let header = file.line(section.span.start);
    let mut out = Vec::new();
    for line in (1..header).rev().take(COMMENT_LINES as usize) {
        let text = file.line_bytes(line).trim_ascii();
        // A block comment is one from its first to its last line, which a single line does not tell.
        if !text.starts_with(b";") || text.starts_with(b";--") || text.ends_with(b"--;") {
            break;
        }
        out.push(text.to_vec());
    }
    out.reverse();
    out
}
