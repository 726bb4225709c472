//! `--watch`: says it again when a file has changed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::Folder;

#[test]
fn a_change_is_seen() {
    let folder = Folder::new(
        "watch",
        &[("extensions.conf", "[a]\nexten => 1,1,FILTER()\n")],
    );
    let mut child = Ended(
        Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args(["check", ".", "--watch", "--format", "json"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(child.0.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut summary = || lines.find(|l| l.starts_with("{\"summary\"")).unwrap();
    assert!(summary().contains("\"errors\":1"));
    folder.write(
        "extensions.conf",
        "[a]\nexten => 1,1,FILTER()\nexten => 2,1,SHELL()\n",
    );
    assert!(summary().contains("\"errors\":2"));
    // A file that comes is seen too, and a plan that goes does not end it.
    folder.write("extensions.conf", "[a]\nexten => 1,1,NoOp()\n");
    assert!(summary().contains("\"errors\":0"));
    folder.write("sip.conf", "[general]\nallowguest=no\ncontext=zzz\n");
    assert!(summary().contains("\"errors\":1"));
    std::fs::remove_file(folder.path().join("sip.conf")).unwrap();
    assert!(summary().contains("\"errors\":0"));
}

/// It would watch for ever.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
