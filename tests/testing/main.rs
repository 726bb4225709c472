//! `strowger test` as a user sees it.
#![allow(clippy::unwrap_used)]

mod accepting;
mod beginning;
mod blocks;
mod edges;
mod hangups;
mod lcov;
mod mistakes;
mod moments;
mod outputs;
mod page;
mod schema;
mod shop;
mod voicemail;
mod watching;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with some files that goes away at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let path =
            std::env::temp_dir().join(format!("strowger-test-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let folder = Folder(path);
        std::fs::create_dir_all(&folder.0).unwrap();
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What a reader sees of `strowger test` with these words; times of this machine are taken out.
    pub(crate) fn seen(&self, words: &[&str]) -> String {
        let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .arg("test")
            .args(words)
            .current_dir(&self.0)
            .env_remove("NO_COLOR")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).replace(self.0.to_str().unwrap(), "FOLDER");
            timeless(&text)
        };
        let errors = text(&out.stderr);
        let errors = if errors.is_empty() {
            errors
        } else {
            format!("--- standard error\n{errors}")
        };
        format!(
            "$ strowger test {}\n{}{errors}--- exit {}\n",
            words.join(" "),
            text(&out.stdout),
            out.status.code().unwrap()
        )
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Says that a test did not run, where it is seen: what a test prints is kept back.
pub(crate) fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// Without how long this machine took.
fn timeless(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = cut(line, "(", " ms, ");
        let line = match line.split_once(" s.") {
            Some((before, after)) if before.contains(" passed, ") => {
                format!(
                    "{} s.{after}",
                    cut(&format!("{before}|"), ", ", "|").trim_end_matches('|')
                )
            }
            _ => line,
        };
        let line = cut(&line, "time=\"", "\"");
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// `...` for the number between two texts.
fn cut(line: &str, before: &str, after: &str) -> String {
    let found = line.rfind(before).and_then(|at| {
        let begin = at + before.len();
        let length = line[begin..].find(after)?;
        let number = &line[begin..begin + length];
        number
            .chars()
            .all(|c| c.is_ascii_digit() || c == '.')
            .then(|| format!("{}...{}", &line[..begin], &line[begin + length..]))
    });
    found.unwrap_or_else(|| line.to_owned())
}

/// Each folder of `examples/` that has a plan has tests, they pass, and they try nearly all that can become of a call.
#[test]
fn the_tests_of_the_examples_pass_and_reach_nine_of_ten_branches() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut folders = Vec::new();
    plans(std::path::Path::new(examples), &mut folders);
    assert!(folders.len() >= 18, "{folders:?}");
    for folder in folders {
        // The plan in `.dial` beside it has the same tests in `tests/dial_examples.rs`; here those in it.
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.retain(|path| path.to_str().unwrap().ends_with(".test.yaml"));
        let all = tested(&files, &["--fail-under", "90"]);
        assert!(all.contains("ok    "), "{all}");
        let dial = folder.join("extensions.dial");
        if std::fs::read_to_string(&dial).is_ok_and(|text| text.contains("\ntest \"")) {
            tested(&[dial], &["--fail-under", "90"]);
        }
    }
}

/// Runs the tests of these files; all must pass.
fn tested(files: &[PathBuf], words: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .arg("test")
        .args(words)
        .args(files)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        out.status.success() && !told.contains("FAIL"),
        "{files:?}: {told}"
    );
    told
}

/// The folders that have an `extensions.conf`.
fn plans(folder: &std::path::Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            plans(&path, found);
        } else if path.ends_with("extensions.conf") {
            found.push(folder.to_owned());
        }
    }
}
