//! `strowger migrate`, as a person runs it.
#![allow(clippy::unwrap_used)]

mod corpus;
mod devices;
mod modernise;
mod plan;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Exit code, standard output, standard error.
fn migrate(arguments: &[&str], within: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .arg("migrate")
        .args(arguments)
        .current_dir(within)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A folder that goes away at the end.
struct Folder(PathBuf);

impl Folder {
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A directory `plan` with these files, in a folder of its own.
fn folder(files: &[(&str, &str)]) -> Folder {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("strowger-migrate-{}-{number}", std::process::id());
    let folder = Folder(std::env::temp_dir().join(name));
    let plan = folder.path().join("plan");
    std::fs::create_dir_all(&plan).unwrap();
    for (name, text) in files {
        std::fs::write(plan.join(name), text).unwrap();
    }
    folder
}
