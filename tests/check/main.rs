//! `strowger check` and `strowger explain` as a user sees them.
#![allow(clippy::unwrap_used)]

mod action;
mod baseline;
mod explaining;
mod fixing;
mod formats;
mod levels;
mod places;
mod watching;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with some files that goes away at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let path = std::env::temp_dir().join(format!("strowger-{name}-{}", std::process::id()));
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

    /// The program with these words, in the folder.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.run_with(words, "")
    }

    pub(crate) fn run_with(&self, words: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args(words)
            .current_dir(&self.0)
            .env_remove("NO_COLOR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read is not to be waited for.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What a reader sees of it.
    pub(crate) fn seen(&self, words: &[&str]) -> String {
        self.told(words, &self.run(words))
    }

    pub(crate) fn told(&self, words: &[&str], out: &Output) -> String {
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .replace(env!("CARGO_PKG_VERSION"), "VERSION")
                .replace(self.0.to_str().unwrap(), "FOLDER")
        };
        let errors = text(&out.stderr);
        let errors = if errors.is_empty() {
            errors
        } else {
            format!("--- standard error\n{errors}")
        };
        format!(
            "$ strowger {}\n{}{errors}--- exit {}\n",
            words.join(" "),
            text(&out.stdout),
            out.status.code().unwrap()
        )
    }

    /// `CODE level file:line` of each finding, and the summary.
    pub(crate) fn codes(&self, words: &[&str]) -> Vec<String> {
        codes(&self.run(&[&["check", "--format", "json"], words].concat()))
    }
}

pub(crate) fn codes(out: &Output) -> Vec<String> {
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|v| {
            if let Some(summary) = v.get("summary") {
                return summary.to_string();
            }
            let word = |key: &str| v[key].as_str().unwrap().to_owned();
            format!(
                "{} {} {}:{}",
                word("code"),
                word("level"),
                word("file"),
                v["line"]
            )
        })
        .collect()
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
