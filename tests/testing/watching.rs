//! `--watch`: tests again when a file has changed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::{Folder, shop};

/// The longest that a second run may let itself be waited for.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_change_is_tested() {
    let tests = shop::good();
    let folder = Folder::new(
        "watch",
        &[
            ("extensions.conf", shop::PLAN),
            ("extensions.test.yaml", &tests),
        ],
    );
    let mut child = Ended(
        Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args(["test", "--watch", "--format", "json"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let (send, lines) = mpsc::channel();
    let out = child.0.stdout.take().unwrap();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    let summary = || {
        loop {
            let line = lines.recv_timeout(PATIENCE).unwrap();
            if line.starts_with("{\"summary\"") {
                return line;
            }
        }
    };
    let first = summary();
    assert!(first.contains("\"passed\":2,\"failed\":0"), "{first}");
    // The plan changes.
    let plan = shop::PLAN.replace("Playback(invalid)", "Playback(beeperr)");
    folder.write("extensions.conf", &plan);
    let second = summary();
    assert!(second.contains("\"passed\":1,\"failed\":1"), "{second}");
    // The tests follow.
    folder.write(
        "extensions.test.yaml",
        &tests.replace("[welcome, invalid,", "[welcome, beeperr,"),
    );
    let third = summary();
    assert!(third.contains("\"passed\":2,\"failed\":0"), "{third}");
    // A file that cannot be read is told, and watched.
    folder.write("extensions.test.yaml", "tests: [\n");
    let fourth = summary();
    assert!(fourth.contains("\"refused\":1"), "{fourth}");
    folder.write("extensions.test.yaml", &shop::good());
    assert!(summary().contains("\"failed\":1"));
}

/// It would watch for ever.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
