//! The first thing that a visitor runs.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn the_demo_observes_everything_it_promises() {
    let out = Command::new(env!("CARGO_BIN_EXE_strowger"))
        .arg("demo")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&out.stdout);
    assert!(
        out.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(!told.contains("MISSING"), "{told}");
    for promise in [
        "401 Unauthorized",
        "403 Forbidden",
        "INVITE 62",
        "180 Ringing",
        "Dial(SIP/ealbouy)",
        "440 Hz",
        "880 Hz",
        "Echo()",
        "660 Hz",
        "has failed. Retry later.",
    ] {
        assert!(
            told.contains(promise),
            "the story does not tell {promise:?}:\n{told}"
        );
    }
    // Passwords are never shown.
    assert!(!told.contains("lampe-61-orage") && !told.contains("canal-62-brume"));
}
