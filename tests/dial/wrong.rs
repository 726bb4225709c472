//! Programs of people who come from extensions.conf, Python or JavaScript, and those of beginners of the language: each has its mistake, and
//! its message teaches. After a change: `INSTA_UPDATE=always cargo test --test dial wrong`, and read what has changed as a beginner would.

use std::path::{Path, PathBuf};
use std::process::Command;

fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dial/wrong")
}

/// What `strowger check` says of the programs whose names begin so; how many they are.
fn told(origin: &str) -> usize {
    let mut files: Vec<String> = std::fs::read_dir(programs())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(origin))
        .collect();
    files.sort();
    let mut out = String::new();
    for file in &files {
        let checked = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args(["check", "--color", "never", file])
            .current_dir(programs())
            .output()
            .unwrap();
        let said = String::from_utf8(checked.stdout).unwrap();
        let only_warned = said.contains(" 1 warning");
        assert_eq!(
            checked.status.code(),
            Some(i32::from(!only_warned)),
            "{file}: {said}"
        );
        let errors = said.matches("] Error: ").count();
        assert!(errors <= 4, "{file}: one mistake gives few errors:\n{said}");
        for line in said.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    insta::assert_snapshot!(format!("from_{origin}"), out);
    files.len()
}

#[test]
fn wrong_programs_are_told_what_is_meant() {
    let count: usize = ["asterisk", "python", "javascript", "own"]
        .into_iter()
        .map(told)
        .sum();
    assert!(count >= 50, "{count}");
}
