//! Time as the media side sees it: handed in, never read.

use std::time::Duration;

/// A moment. Only the thread that owns the sockets reads a clock; a test makes moments up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Microseconds since the worker was started.
    pub micros: u64,
    /// Milliseconds since 1970 (UTC), for the NTP time stamps of sender reports.
    pub unix_ms: u64,
}

/// How often a worker makes audio: once per frame.
pub const TICK: Duration = Duration::from_millis(20);

impl Now {
    /// Samples at 8 kHz that have gone by since the worker was started, as an RTP time stamp counts them (it wraps).
    pub fn samples(self) -> u32 {
        // 8 kHz is 125 µs a sample; the wrap is what an RTP time stamp does.
        (self.micros / 125) as u32
    }

    /// Time since `earlier`; nothing if `earlier` lies ahead.
    pub fn since(self, earlier: Now) -> Duration {
        Duration::from_micros(self.micros.saturating_sub(earlier.micros))
    }

    /// This moment and `later` more.
    pub fn plus(self, later: Duration) -> Now {
        let micros = u64::try_from(later.as_micros()).unwrap_or(u64::MAX);
        Now {
            micros: self.micros.saturating_add(micros),
            unix_ms: self.unix_ms.saturating_add(micros / 1_000),
        }
    }

    /// NTP time (RFC 3550 section 4): seconds since 1900 in the upper half, fractions of a second in the lower.
    pub fn ntp(self) -> u64 {
        const FROM_1900_TO_1970: u64 = 2_208_988_800;
        let seconds = (self.unix_ms / 1_000).wrapping_add(FROM_1900_TO_1970);
        let fraction = ((self.unix_ms % 1_000) << 32) / 1_000;
        (seconds << 32) | fraction
    }
}
