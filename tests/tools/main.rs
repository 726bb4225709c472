//! The tools of the command line, each in a file of its own name: what a user reads, and how they end.
#![allow(clippy::unwrap_used)]

mod benching;
mod compiling;
mod evaluating;
mod formatting;
mod matching;
mod releases;
mod showing;
mod simulating;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Runs the program with these words, and this text on standard input.
fn run(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/plans"))
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A tool that does not read closes the pipe; that is its right.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Standard output, standard error, and the exit status, as a reader sees them.
fn seen_with(args: &[&str], input: &str) -> String {
    let out = run(args, input);
    let text = |b: &[u8]| String::from_utf8_lossy(b).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let errors = text(&out.stderr);
    let errors = if errors.is_empty() {
        String::new()
    } else {
        format!("--- standard error\n{errors}")
    };
    format!(
        "$ strowger {}\n{}{errors}--- exit {}\n",
        args.join(" "),
        text(&out.stdout),
        out.status.code().unwrap()
    )
}

fn seen(args: &[&str]) -> String {
    seen_with(args, "")
}

/// Standard output as JSON.
fn json(args: &[&str]) -> serde_json::Value {
    let out = run(args, "");
    serde_json::from_slice(&out.stdout).unwrap_or_else(|fault| {
        panic!(
            "{args:?}: {fault}: {}",
            String::from_utf8_lossy(&out.stdout)
        )
    })
}

/// A fresh folder for files.
fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("strowger-tools-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn every_command_has_examples() {
    insta::assert_snapshot!("help", seen(&["--help"]));
    for command in [
        "demo", "run", "check", "fmt", "lsp", "show", "match", "eval", "compile", "simulate",
        "bench",
    ] {
        let help = seen(&[command, "--help"]);
        let example = format!("\n  strowger {command} ");
        assert!(
            help.contains("Examples:") && (help.contains(&example) || command == "demo"),
            "{help}"
        );
        let wide = help.lines().find(|l| l.chars().count() > 140);
        assert!(wide.is_none(), "{wide:?}");
    }
}
