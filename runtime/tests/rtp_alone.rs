//! The media side keeps its promises about what it knows: nothing of the rest of the runtime, and no socket, thread or clock
//! outside the one file that owns them.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// Words that only `io.rs` may say.
const OUTSIDE: [&str; 7] = [
    "UdpSocket",
    "std::thread",
    "std::fs",
    "Instant",
    "SystemTime",
    "tokio",
    "mio::",
];

#[test]
fn rtp_is_sans_io_and_stands_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rtp");
    let mut files = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        files += 1;
        for (n, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            let place = format!("{name}:{}: {line}", n + 1);
            assert!(
                !line.contains("crate::") || line.contains("crate::rtp::"),
                "{place}"
            );
            assert!(
                name == "io.rs" || OUTSIDE.iter().all(|word| !line.contains(word)),
                "{place}"
            );
        }
    }
    assert!(files > 10);
}
