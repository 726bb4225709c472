//! What one sender's packets tell about the way they came: loss, order, jitter (RFC 3550 A.1, A.3, A.8).

use std::time::Duration;

use super::clock::Now;
use super::packet::Header;
use super::sending::ahead16;

/// A jump of this many packets is a restart, not a loss.
const RESTART: i32 = 3_000;

/// Figures about one SSRC.
#[derive(Debug)]
pub(super) struct Reception {
    ssrc: u32,
    /// First and newest sequence number, both with the cycles counted in the upper half.
    base: u32,
    newest: u32,
    received: u64,
    reordered: u64,
    /// Loss before the sender restarted its numbers.
    lost_before: u64,
    transit: u32,
    /// Jitter times 16, in samples.
    jitter: u32,
    /// Expected and received at the last report.
    reported: (u64, u64),
}

impl Reception {
    /// The first packet of a sender.
    pub(super) fn new(now: Now, header: &Header) -> Reception {
        let first = u32::from(header.sequence);
        Reception {
            ssrc: header.ssrc,
            base: first,
            newest: first,
            received: 1,
            reordered: 0,
            lost_before: 0,
            transit: now.samples().wrapping_sub(header.timestamp),
            jitter: 0,
            reported: (0, 0),
        }
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Another packet of the same sender. `audio`: its time stamp is of now (an event's is not).
    pub(super) fn packet(&mut self, now: Now, header: &Header, audio: bool) {
        self.received += 1;
        let ahead = ahead16(header.sequence, self.newest as u16);
        if ahead.abs() >= RESTART {
            self.lost_before = self.lost();
            self.base = u32::from(header.sequence);
            self.newest = self.base;
            self.received = 1;
            self.reported = (0, 0);
        } else if ahead > 0 {
            self.newest = self.newest.wrapping_add(ahead as u32);
        } else {
            self.reordered += 1;
        }
        if audio {
            let transit = now.samples().wrapping_sub(header.timestamp);
            let difference = transit.wrapping_sub(self.transit) as i32;
            self.transit = transit;
            // A step of more than a second is a new time line, not jitter.
            if difference.unsigned_abs() < 8_000 {
                let jitter = i64::from(self.jitter);
                let next = jitter + i64::from(difference.unsigned_abs()) - ((jitter + 8) >> 4);
                self.jitter = u32::try_from(next).unwrap_or(0);
            }
        }
    }

    fn expected(&self) -> u64 {
        u64::from(self.newest.wrapping_sub(self.base)) + 1
    }

    /// Packets that never came.
    pub(super) fn lost(&self) -> u64 {
        self.lost_before + self.expected().saturating_sub(self.received)
    }

    /// Packets that came after a later one.
    pub(super) fn reordered(&self) -> u64 {
        self.reordered
    }

    /// Jitter in samples, as reports carry it.
    pub(super) fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    /// Jitter as time.
    pub(super) fn jitter_time(&self) -> Duration {
        Duration::from_micros(u64::from(self.jitter()) * 125)
    }

    /// Newest sequence number with its cycles, as reports carry it.
    pub(super) fn newest(&self) -> u32 {
        self.newest
    }

    /// The part lost since the last call, in 256ths.
    pub(super) fn fraction_lost(&mut self) -> u8 {
        let (expected, received) = (self.expected(), self.received);
        let (was_expected, was_received) =
            std::mem::replace(&mut self.reported, (expected, received));
        let expected = expected.saturating_sub(was_expected);
        let lost = expected.saturating_sub(received.saturating_sub(was_received));
        u8::try_from((lost * 256).checked_div(expected).unwrap_or(0)).unwrap_or(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Now {
        Now {
            micros: ms * 1_000,
            unix_ms: ms,
        }
    }

    fn header(sequence: u16, timestamp: u32) -> Header {
        Header {
            marker: false,
            payload: 0,
            sequence,
            timestamp,
            ssrc: 1,
            body: 12..172,
        }
    }

    #[test]
    fn loss_order_and_cycles() {
        let mut way = Reception::new(at(0), &header(65_534, 0));
        for (n, sequence) in [65_535, 1, 0, 4].into_iter().enumerate() {
            way.packet(at(20 * n as u64), &header(sequence, 160), false);
        }
        assert_eq!(
            (way.lost(), way.reordered(), way.newest()),
            (2, 1, 65_536 + 4)
        );
        assert_eq!(way.fraction_lost(), (2 * 256 / 7) as u8);
        assert_eq!(way.fraction_lost(), 0, "nothing since");
    }

    #[test]
    fn a_restart_is_no_loss() {
        let mut way = Reception::new(at(0), &header(10, 0));
        way.packet(at(20), &header(30_000, 160), true);
        way.packet(at(40), &header(30_001, 320), true);
        assert_eq!(way.lost(), 0);
    }

    #[test]
    fn jitter_is_zero_on_a_steady_line_and_grows_on_a_shaky_one() {
        let mut steady = Reception::new(at(0), &header(0, 0));
        let mut shaky = Reception::new(at(0), &header(0, 0));
        for n in 1..200_u16 {
            steady.packet(at(u64::from(n) * 20), &header(n, u32::from(n) * 160), true);
            shaky.packet(
                at(u64::from(n) * 20 + u64::from(n % 2) * 10),
                &header(n, u32::from(n) * 160),
                true,
            );
        }
        assert_eq!(steady.jitter_time(), Duration::ZERO);
        let measured = shaky.jitter_time().as_millis();
        assert!((9..=10).contains(&measured), "{measured}");
    }
}
