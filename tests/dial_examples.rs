//! The plans of `examples/` that stand there in both languages do the same: the tests of the one are run on the other.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is meant to differ, and why.
const DIFFERENT: [&str; 4] = [
    // A phone without the setting is told so, where the lines dial a device without a host.
    "no other phone knows the way to the other house",
    // Addresses are read as addresses, where the lines cut texts: the steps are others. What comes of the texts is the same, as the
    // tests in the plans say.
    "a text reaches its phone as it was written",
    "the log tells of each text to whom it was",
    "the sender hears when and to whom a text has failed",
];

/// Folders below one that hold a plan in `.dial`.
fn folders(below: &Path, found: &mut Vec<PathBuf>) {
    if below.join("extensions.dial").is_file() && below.join("extensions.conf").is_file() {
        found.push(below.to_owned());
    }
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            folders(&path, found);
        }
    }
}

fn strowger(arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(arguments)
        .arg(folder)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_tests_of_a_plan_hold_for_the_same_plan_in_dial() {
    let mut found = Vec::new();
    folders(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"),
        &mut found,
    );
    assert!(found.len() >= 16, "{found:?}");
    let mut differ = Vec::new();
    for (number, folder) in found.iter().enumerate() {
        let copy =
            std::env::temp_dir().join(format!("strowger-dial-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&copy).unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name == "extensions.conf" || !path.is_file() {
                continue;
            }
            let mut bytes = std::fs::read(&path).unwrap();
            if name.ends_with(".test.yaml") {
                let text = String::from_utf8(bytes).unwrap();
                assert!(
                    text.contains("dialplan: extensions.conf"),
                    "{}",
                    path.display()
                );
                bytes = text
                    .replace("dialplan: extensions.conf", "dialplan: extensions.dial")
                    .into_bytes();
            }
            std::fs::write(copy.join(name), bytes).unwrap();
        }
        let out = strowger(&["test"], &copy);
        std::fs::remove_dir_all(&copy).unwrap();
        let failed = out.lines().filter_map(|l| l.trim().strip_prefix("FAIL"));
        differ.extend(failed.map(|l| format!("{}: {}", folder.display(), l.trim())));
        assert!(
            out.contains(" passed, ") && !out.contains("refused"),
            "{}:\n{out}",
            folder.display()
        );
    }
    differ.retain(|line| !DIFFERENT.iter().any(|d| line.contains(d)));
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn they_are_written_as_fmt_writes_them() {
    let mut found = Vec::new();
    folders(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"),
        &mut found,
    );
    for folder in found {
        let out = strowger(&["fmt", "--check"], &folder.join("extensions.dial"));
        assert_eq!(out, "", "{}", folder.display());
    }
}

/// What an editor hands to the formatter comes back laid out, in the language of its name.
#[test]
fn standard_input_is_laid_out_by_its_name() {
    use std::io::Write;
    let fmt = |words: &[&str], text: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .arg("fmt")
            .args(words)
            .arg("-")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let out = child.wait_with_output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8_lossy(&out.stderr);
        (text, out.status.code().unwrap())
    };
    let named = ["--stdin-filename", "some/where/office.dial"];
    let (laid, code) = fmt(&named, "context office {\non 61 {\nhangup()\n}\n}\n");
    assert_eq!(laid, "context office {\n  on 61 {\n    hangup()\n  }\n}\n");
    assert_eq!(code, 0);
    let (wrong, code) = fmt(&named, "context office {\n  on 61 {\n");
    assert!(
        wrong.contains("not touched, for it has mistakes") && wrong.contains("office.dial:2"),
        "{wrong}"
    );
    assert_eq!(code, 2);
    let (lines, _) = fmt(&[], "[office]\nexten=>61,1,Hangup()\n");
    assert_eq!(lines, "[office]\nexten => 61,1,Hangup()\n");
    let (lines, _) = fmt(
        &["--stdin-filename", "extensions.conf"],
        "[office]\nexten=>61,1,Hangup()\n",
    );
    assert_eq!(lines, "[office]\nexten => 61,1,Hangup()\n");
}
