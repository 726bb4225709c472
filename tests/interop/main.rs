//! Real telephones against the real program, over loopback.
//!
//! Where a program is missing the test says so on standard error and passes, unless `CI` or `STROWGER_INTEROP` is set: then it fails.
//! `STROWGER_INTEROP=later` skips them as visibly: `.ci/run` says so for the unoptimised build, and runs them all with the optimised one.
#![allow(clippy::unwrap_used)]

mod baresip;
mod exchange;
mod hostile;
mod linphone;
mod pjsua2;
mod reload;
mod sipp;
mod two_sites;

use std::io::Write;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by the test that runs: telephones and load measure time, so one test runs after the other.
pub(crate) type Turn = MutexGuard<'static, ()>;

/// Waits until no other test runs.
pub(crate) fn turn() -> Turn {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The turn to run, if every program is there. Says what is missing.
pub(crate) fn have(test: &str, programs: &[&str]) -> Option<Turn> {
    if std::env::var_os("STROWGER_INTEROP").is_some_and(|v| v == "later") {
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: it runs later");
        return None;
    }
    let missing: Vec<&str> = programs
        .iter()
        .copied()
        .filter(|p| match *p {
            "pjsua2" => !Command::new("python3")
                .args(["-c", "import pjsua2"])
                .output()
                .is_ok_and(|o| o.status.success()),
            program => !Command::new("sh")
                .args(["-c", &format!("command -v {program}")])
                .output()
                .is_ok_and(|o| o.status.success()),
        })
        .collect();
    if missing.is_empty() {
        return Some(turn());
    }
    let line = format!("SKIPPED {test}: no {}", missing.join(", "));
    let wanted = ["CI", "STROWGER_INTEROP"]
        .iter()
        .any(|v| std::env::var_os(v).is_some_and(|v| !v.is_empty()));
    assert!(!wanted, "{line}");
    // Not through the test harness, which would keep it to itself.
    let _ = writeln!(std::io::stderr(), "{line}");
    None
}

/// The frequency (Hz) and level (dB below full scale) of what was recorded, from the middle of the file: zero crossings of a tone.
pub(crate) fn tone(wav: &std::path::Path) -> Option<(f64, f64)> {
    let bytes = std::fs::read(wav).ok()?;
    let data = bytes.windows(4).position(|w| w == b"data")? + 8;
    let rate = u32::from_le_bytes(bytes.get(24..28)?.try_into().ok()?) as f64;
    let samples: Vec<i16> = bytes[data..]
        .chunks_exact(2)
        .map(|c| i16::from_le_bytes([c[0], c[1]]))
        .collect();
    // What stands before the call and after it is silence or noise: the loudest second counts.
    let second = rate as usize;
    let window = samples
        .chunks_exact(second / 2)
        .max_by_key(|w| w.iter().map(|s| u64::from(s.unsigned_abs())).sum::<u64>())?;
    let power: f64 =
        window.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / window.len() as f64;
    let crossings = window
        .windows(2)
        .filter(|w| (w[0] < 0) != (w[1] < 0))
        .count();
    Some((
        crossings as f64 / 2.0 / (window.len() as f64 / rate),
        10.0 * (power / f64::from(i16::MAX).powi(2)).max(1e-12).log10(),
    ))
}

/// A program that ends with the test, however that ends.
pub(crate) struct Program(pub(crate) std::process::Child);

impl Drop for Program {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|s| s.is_none()) {
            let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        }
        let end = std::time::Instant::now() + std::time::Duration::from_secs(2);
        while std::time::Instant::now() < end && self.0.try_wait().is_ok_and(|s| s.is_none()) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder of its own, removed at the end.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("strowger-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> std::path::PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// A free UDP and TCP port of 127.0.0.1; so are the three after it, which some clients take for TLS, RTCP and video.
pub(crate) fn port() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let port = 20_000
            + (std::process::id() % 1_000) as u16 * 20
            + NEXT.fetch_add(4, Ordering::Relaxed) % 20_000;
        let free = |p| {
            std::net::UdpSocket::bind(("127.0.0.1", p)).is_ok()
                && std::net::TcpListener::bind(("127.0.0.1", p)).is_ok()
        };
        if (port..port + 4).all(free) {
            return port;
        }
    }
}
