//! The SIP layer from outside: torture messages, other readers, random bytes, streams, digests, offers and answers.
#![allow(clippy::unwrap_used, missing_docs)]

mod answers;
mod differential;
mod digests;
mod messages;
mod random;
mod sessions;
mod streams;
mod torture;

use std::path::{Path, PathBuf};

/// The messages of a folder in the repository.
pub fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/sip")
            .join(folder),
    )
}

/// The messages of the RFCs. They are not ours to copy, so they lie outside; without them the test says that it skipped.
pub fn rfc(folder: &str) -> Option<Vec<(String, Vec<u8>)>> {
    use std::io::Write as _;
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/sip-torture");
    let root = std::env::var_os("STROWGER_TORTURE").map_or_else(beside, PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(read(&path));
    }
    // Written past the test harness, which swallows what a passing test prints.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: {folder} messages are not at {}; set STROWGER_TORTURE",
        path.display()
    );
    None
}

fn read(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = std::fs::read_dir(path)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "dat"))
        .map(|p| {
            (
                p.file_stem().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(&p).unwrap(),
            )
        })
        .collect();
    all.sort();
    assert!(!all.is_empty(), "no messages in {}", path.display());
    all
}

/// Every message that the repository holds.
pub fn ours() -> Vec<(String, Vec<u8>)> {
    [files("common"), files("bench")].concat()
}
