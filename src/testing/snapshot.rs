//! Traces as they were accepted: one file beside each test file.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Longest file that is read, in bytes.
const SIZE: u64 = 64 << 20;
/// Before the name of a test.
const MARK: &str = "=== ";

/// Accepted traces by the name of their test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accepted {
    traces: BTreeMap<String, String>,
}

impl Accepted {
    /// The file beside a test file: `extensions.test.snap`.
    pub(crate) fn path(tests: &Path) -> PathBuf {
        tests.with_extension("snap")
    }

    /// Reads it; nothing is accepted where there is none.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub(crate) fn beside(tests: &Path) -> Result<Accepted, String> {
        let path = Accepted::path(tests);
        let cannot = |fault: &dyn std::fmt::Display| format!("{}: {fault}", path.display());
        match std::fs::metadata(&path) {
            Ok(data) if data.len() > SIZE => Err(cannot(&format!("longer than {SIZE} bytes"))),
            Ok(_) => {
                let text = std::fs::read(&path).map_err(|e| cannot(&e))?;
                Ok(Accepted::read(&String::from_utf8_lossy(&text)))
            }
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(Accepted::default()),
            Err(fault) => Err(cannot(&fault)),
        }
    }

    fn read(text: &str) -> Accepted {
        let mut traces: BTreeMap<String, String> = BTreeMap::new();
        let mut name: Option<&str> = None;
        for line in text.lines() {
            if let Some(new) = line.strip_prefix(MARK) {
                name = Some(new);
                traces.insert(new.to_owned(), String::new());
            } else if let Some(trace) = name.and_then(|n| traces.get_mut(n)) {
                trace.push_str(line);
                trace.push('\n');
            }
        }
        for trace in traces.values_mut() {
            let length = trace.trim_end().len();
            trace.truncate(length);
            trace.push('\n');
        }
        Accepted { traces }
    }

    /// What was accepted for a test.
    pub(crate) fn of(&self, name: &str) -> Option<&str> {
        self.traces.get(&flat(name)).map(String::as_str)
    }

    /// Accepts a trace.
    pub(crate) fn accept(&mut self, name: &str, trace: &str) {
        self.traces.insert(flat(name), trace.to_owned());
    }

    /// Forgets tests that are no more.
    pub(crate) fn keep(&mut self, names: &[&str]) {
        let names: Vec<String> = names.iter().map(|n| flat(n)).collect();
        self.traces.retain(|name, _| names.contains(name));
    }

    /// Writes it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, tests: &Path) -> Result<(), String> {
        let path = Accepted::path(tests);
        std::fs::write(&path, self.to_string()).map_err(|e| format!("{}: {e}", path.display()))
    }
}

impl std::fmt::Display for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Traces as they were accepted. `strowger test --accept` writes this file.\n")?;
        for (name, trace) in &self.traces {
            write!(f, "\n{MARK}{name}\n{trace}")?;
        }
        f.write_char('\n')
    }
}

/// A name in one line.
fn flat(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_accepted_is_read_back() {
        let mut accepted = Accepted::default();
        accepted.accept(
            "a  test\nof mine",
            "   0.000  office,1,1\n         answered\n",
        );
        accepted.accept("another", "   0.000  x\n");
        let text = accepted.to_string();
        let mut back = Accepted::read(&text);
        assert_eq!(back.to_string(), text);
        assert_eq!(
            back.of("a test of mine"),
            Some("   0.000  office,1,1\n         answered\n")
        );
        back.keep(&["another"]);
        assert_eq!(back.of("a test of mine"), None);
        assert!(back.of("another").is_some());
    }
}
