//! `docs/lints/` says what the registry of codes says.
//!
//! After a change of the registry: `UPDATE=1 cargo test --test lint_pages`.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

fn files(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    entries
        .map(|e| e.unwrap())
        .map(|e| {
            let name = e.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(e.path()).unwrap())
        })
        .collect()
}

#[test]
fn the_pages_are_those_of_the_registry() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints");
    let update = std::env::var_os("UPDATE").is_some();
    let made = if update {
        pages.clone()
    } else {
        std::env::temp_dir().join(format!("strowger-pages-{}", std::process::id()))
    };
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(["explain", "--write"])
        .arg(&made)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let (wanted, there) = (files(&made), files(&pages));
    if !update {
        std::fs::remove_dir_all(&made).unwrap();
    }
    assert!(wanted.len() > 5, "{:?}", wanted.keys());
    let stale: Vec<&String> = wanted
        .keys()
        .chain(there.keys())
        .filter(|name| wanted.get(*name) != there.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "stale in docs/lints: {stale:?}; write them anew with `UPDATE=1 cargo test --test lint_pages`"
    );
    for (name, text) in &there {
        // Every code shows a message: an example that draws nothing here explains nothing.
        let drawn = text.matches("\ndraws\n\n```text\n[").count();
        let codes = text.matches("\n## ").count();
        assert!(
            name == "README.md" || drawn == codes,
            "{name}: {drawn} of {codes}"
        );
    }
}
