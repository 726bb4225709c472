//! The files that are open in the editor: their text counts before the disk.

use super::position::Lines;
use lsp_types::TextDocumentContentChangeEvent;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use strowger_runtime::config;

/// Most files that are open at a time; further ones are not looked at.
const DOCUMENTS: usize = 1_000;

/// A file that is open.
pub(super) struct Document {
    /// As the editor names it.
    pub(super) uri: String,
    /// Where it is on the disk; none for one that was never saved.
    pub(super) path: Option<PathBuf>,
    /// Its text.
    pub(super) text: Vec<u8>,
    /// The editor's count of its changes.
    pub(super) version: i32,
}

/// All that are open, by URI.
#[derive(Default)]
pub(super) struct Documents {
    by_uri: HashMap<String, Document>,
}

impl Documents {
    pub(super) fn open(&mut self, uri: &str, version: i32, text: String) -> bool {
        let fits = text.len() as u64 <= config::FILE;
        if !fits || self.by_uri.len() >= DOCUMENTS && !self.by_uri.contains_key(uri) {
            return false;
        }
        let document = Document {
            uri: uri.to_owned(),
            path: path(uri),
            text: text.into_bytes(),
            version,
        };
        self.by_uri.insert(uri.to_owned(), document);
        true
    }

    pub(super) fn close(&mut self, uri: &str) {
        self.by_uri.remove(uri);
    }

    /// Changes a text; false if there is none, or if it would be too long: it is then forgotten.
    pub(super) fn change(
        &mut self,
        uri: &str,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
    ) -> bool {
        let Some(document) = self.by_uri.get_mut(uri) else {
            return false;
        };
        for change in changes {
            match change.range {
                None => document.text = change.text.into_bytes(),
                Some(range) => {
                    let lines = Lines::new(&document.text);
                    let start = lines.offset(range.start);
                    let end = lines.offset(range.end).max(start);
                    document.text.splice(start..end, change.text.into_bytes());
                }
            }
            if document.text.len() as u64 > config::FILE {
                self.close(uri);
                return false;
            }
        }
        document.version = version;
        true
    }

    pub(super) fn get(&self, uri: &str) -> Option<&Document> {
        self.by_uri.get(uri)
    }

    pub(super) fn at(&self, path: &Path) -> Option<&Document> {
        self.by_uri
            .values()
            .find(|d| d.path.as_deref() == Some(path))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Document> {
        self.by_uri.values()
    }
}

/// The path of a `file:` URI.
pub(super) fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let rest = &rest[rest.find('/')?..];
    let mut out = Vec::with_capacity(rest.len());
    let mut bytes = rest.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
        out.push((digit()? * 16 + digit()?) as u8);
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        Some(PathBuf::from(std::ffi::OsString::from_vec(out)))
    }
    #[cfg(not(unix))]
    {
        let text = String::from_utf8(out).ok()?;
        // `/c:/etc`
        Some(PathBuf::from(text.trim_start_matches('/')))
    }
}

/// The `file:` URI of a path.
pub(super) fn uri(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut out = String::from("file://");
    if bytes.first() != Some(&b'/') {
        out.push('/');
    }
    for byte in bytes {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(*byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
