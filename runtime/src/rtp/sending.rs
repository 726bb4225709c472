//! Our own line of packets to one far end: one SSRC, sequence and time run on whatever feeds it.

use super::clock::Now;
use super::packet::{Header, Stamp};
use super::{FRAME, StreamId};

/// A jump of this many packets in a relayed stream is a restart of its sender, not a loss (RFC 3550 A.1, MAX_DROPOUT).
const RESTART: i32 = 3_000;
/// A packet this much older than the newest one is of a restarted sender, not a late one (RFC 3550 A.1, MAX_MISORDER).
const LATE: i32 = 100;

/// Time stamps of audio may run back so far (late packets, mixed ptime) and ahead so far (silence suppression), in samples.
const BACKWARDS: i32 = -8_000;
const FORWARD: i32 = 3_600 * 8_000;

/// The outgoing direction of a stream.
#[derive(Debug)]
pub(super) struct Sending {
    ssrc: u32,
    /// Sequence number of the newest packet sent.
    sequence: u16,
    /// The newest time stamp and when its first packet left.
    newest: (u32, Option<Now>),
    relay: Option<Relay>,
}

/// How numbers of the stream that is relayed become ours.
#[derive(Debug)]
struct Relay {
    from: StreamId,
    ssrc: u32,
    add_sequence: u16,
    add_timestamp: u32,
    /// Newest numbers that came in.
    sequence: u16,
    timestamp: u32,
    /// Packets between the first one and the newest: an older one belongs to whatever was sent before, and is dropped.
    length: i32,
}

impl Sending {
    pub(super) fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Sending {
        Sending {
            ssrc,
            sequence,
            newest: (timestamp, None),
            relay: None,
        }
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The time stamp at which something new begins now: after all that was sent, as much later as time has gone by.
    pub(super) fn begin(&self, now: Now) -> u32 {
        match self.newest {
            (timestamp, None) => timestamp,
            (timestamp, Some(at)) => {
                let gone = u32::try_from(now.since(at).as_micros() / 125).unwrap_or(u32::MAX);
                timestamp.wrapping_add(gone.max(FRAME as u32))
            }
        }
    }

    /// The time stamp of this moment on our line, for sender reports.
    pub(super) fn timestamp_at(&self, now: Now) -> u32 {
        match self.newest {
            (timestamp, None) => timestamp,
            (timestamp, Some(at)) => {
                timestamp.wrapping_add((now.since(at).as_micros() / 125) as u32)
            }
        }
    }

    /// A packet that we made ourselves.
    pub(super) fn made(&mut self, now: Now, timestamp: u32, marker: bool) -> Stamp {
        self.relay = None;
        self.sequence = self.sequence.wrapping_add(1);
        self.note(now, timestamp);
        Stamp {
            marker,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        }
    }

    /// A packet that another stream (or this one: echo) got and that goes on to our far end. Gaps and late packets stay
    /// what they are; a new sender, or one that jumped, is joined to our line with the marker set. `None`: too late, its
    /// place is taken.
    pub(super) fn relayed(
        &mut self,
        now: Now,
        from: StreamId,
        header: &Header,
        event: bool,
    ) -> Option<Stamp> {
        let joined = match &mut self.relay {
            Some(relay) if relay.from == from && relay.ssrc == header.ssrc => {
                relay.follow(header, event)
            }
            _ => Follow::Restarted,
        };
        let (sequence, timestamp, marker) = match joined {
            Follow::TooLate => return None,
            Follow::Restarted => {
                let (sequence, timestamp) = (self.sequence.wrapping_add(1), self.begin(now));
                self.relay = Some(Relay {
                    from,
                    ssrc: header.ssrc,
                    add_sequence: sequence.wrapping_sub(header.sequence),
                    add_timestamp: timestamp.wrapping_sub(header.timestamp),
                    sequence: header.sequence,
                    timestamp: header.timestamp,
                    length: 0,
                });
                (sequence, timestamp, true)
            }
            Follow::Same {
                add_sequence,
                add_timestamp,
            } => (
                header.sequence.wrapping_add(add_sequence),
                header.timestamp.wrapping_add(add_timestamp),
                header.marker,
            ),
        };
        if ahead16(sequence, self.sequence) > 0 {
            self.sequence = sequence;
        }
        self.note(now, timestamp);
        Some(Stamp {
            marker,
            sequence,
            timestamp,
            ssrc: self.ssrc,
        })
    }

    fn note(&mut self, now: Now, timestamp: u32) {
        let (newest, at) = self.newest;
        if at.is_none() || ahead32(timestamp, newest) > 0 {
            self.newest = (timestamp, Some(now));
        }
    }
}

enum Follow {
    Same {
        add_sequence: u16,
        add_timestamp: u32,
    },
    Restarted,
    TooLate,
}

impl Relay {
    fn follow(&mut self, header: &Header, event: bool) -> Follow {
        let ahead = ahead16(header.sequence, self.sequence);
        if !(-LATE..RESTART).contains(&ahead) {
            return Follow::Restarted;
        }
        if ahead <= 0 && -ahead > self.length {
            return Follow::TooLate;
        }
        if ahead > 0 {
            // Events keep the time stamp of their beginning (RFC 4733 2.1); audio must go forward, and not by an hour.
            let later = ahead32(header.timestamp, self.timestamp);
            if !event && !(BACKWARDS..FORWARD).contains(&later) {
                return Follow::Restarted;
            }
            self.length = self.length.saturating_add(ahead);
            self.sequence = header.sequence;
            if later > 0 {
                self.timestamp = header.timestamp;
            }
        }
        Follow::Same {
            add_sequence: self.add_sequence,
            add_timestamp: self.add_timestamp,
        }
    }
}

/// How far `a` lies ahead of `b` on the circle of sequence numbers.
pub(super) fn ahead16(a: u16, b: u16) -> i32 {
    i32::from(a.wrapping_sub(b) as i16)
}

/// The same for time stamps.
fn ahead32(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: u64) -> Now {
        Now {
            micros: ms * 1_000,
            unix_ms: ms,
        }
    }

    fn header(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header {
            marker: false,
            payload: 0,
            sequence,
            timestamp,
            ssrc,
            body: 12..172,
        }
    }

    #[test]
    fn one_line_through_prompt_relay_and_another_sender() {
        let mut line = Sending::new(0xaa, 65_533, 1_000);
        let begin = line.begin(at(0));
        let first = line.made(at(0), begin, true);
        assert_eq!(
            (first.sequence, first.timestamp, first.ssrc),
            (65_534, 1_000, 0xaa)
        );
        let second = line.made(at(20), 1_160, false);
        assert_eq!((second.sequence, second.timestamp), (65_535, 1_160));
        // 100 ms of nothing, then a relayed sender with numbers of its own.
        let third = line
            .relayed(at(120), StreamId(7), &header(1, 500, 77_000), false)
            .unwrap();
        assert_eq!(
            (third.sequence, third.timestamp, third.marker),
            (0, 1_160 + 800, true)
        );
        let fourth = line
            .relayed(at(140), StreamId(7), &header(1, 501, 77_160), false)
            .unwrap();
        assert_eq!(
            (fourth.sequence, fourth.timestamp, fourth.marker),
            (1, 2_120, false)
        );
        // The same phone starts again with another SSRC.
        let fifth = line
            .relayed(at(160), StreamId(7), &header(2, 9, 5), false)
            .unwrap();
        assert_eq!(
            (fifth.sequence, fifth.timestamp, fifth.marker, fifth.ssrc),
            (2, 2_280, true, 0xaa)
        );
    }

    #[test]
    fn gaps_and_late_packets_stay_what_they_are() {
        let mut line = Sending::new(1, 99, 0);
        let mut relay = |sequence: u16| {
            line.relayed(
                at(0),
                StreamId(1),
                &header(5, sequence, u32::from(sequence) * 160),
                false,
            )
            .map(|s| s.sequence)
        };
        assert_eq!(relay(10), Some(100));
        assert_eq!(relay(13), Some(103));
        assert_eq!(relay(12), Some(102), "late, but its place is free");
        assert_eq!(relay(9), None, "its place belongs to what was sent before");
        assert_eq!(relay(14), Some(104));
        assert_eq!(relay(9_000), Some(105), "a jump is a new beginning");
        assert_eq!(relay(8_999), None);
    }

    #[test]
    fn a_digit_in_the_middle_does_not_disturb_the_line() {
        let mut line = Sending::new(1, 0, 0);
        line.relayed(at(0), StreamId(1), &header(5, 1, 160), false)
            .unwrap();
        let begin = line.begin(at(20));
        let made: Vec<u16> = (0..3)
            .map(|n| line.made(at(20 + 20 * n), begin, n == 0).sequence)
            .collect();
        assert_eq!(made, [2, 3, 4]);
        let back = line
            .relayed(at(80), StreamId(1), &header(5, 5, 800), false)
            .unwrap();
        assert_eq!((back.sequence, back.marker), (5, true));
        assert_eq!(back.timestamp, begin + 480, "time went on during the digit");
    }

    #[test]
    fn events_keep_their_time_stamp_inside_a_relayed_stream() {
        let mut line = Sending::new(1, 0, 0);
        line.relayed(at(0), StreamId(1), &header(5, 1, 1_000), false)
            .unwrap();
        let first = line
            .relayed(at(20), StreamId(1), &header(5, 2, 1_160), true)
            .unwrap();
        let audio = line
            .relayed(at(40), StreamId(1), &header(5, 3, 1_320), false)
            .unwrap();
        let again = line
            .relayed(at(41), StreamId(1), &header(5, 4, 1_160), true)
            .unwrap();
        assert_eq!(first.timestamp, again.timestamp);
        assert_eq!(audio.timestamp, first.timestamp + 160);
        assert!(!again.marker);
    }

    proptest! {
        /// Whatever feeds the line, and however its packets were lost or mixed up on their way: no number is used twice.
        #[test]
        fn every_packet_has_a_number_of_its_own(
            start: u16,
            turns in proptest::collection::vec((0_u64..4, 1_usize..30, 0_u16..50), 1..40),
        ) {
            let mut line = Sending::new(1, start, 7);
            let mut used = std::collections::HashSet::new();
            let (mut ms, mut heard) = (0, [60_000_u16, 9, 30_000]);
            let mut sent = 0;
            for (source, packets, mix) in turns {
                // Packets of this turn in the order they come: now and then one is overtaken by the next, or lost.
                let mut order: Vec<u16> = (0..packets as u16).filter(|n| mix == 0 || n % 50 != mix).collect();
                for n in (1..order.len()).step_by(usize::from(mix % 7 + 2)) {
                    order.swap(n - 1, n);
                }
                for n in order {
                    ms += 20;
                    let stamp = match source {
                        0 => Some(line.made(at(ms), line.begin(at(ms)), n == 0)),
                        _ => {
                            let sequence = heard[source as usize - 1].wrapping_add(n);
                            let header = header(source as u32, sequence, u32::from(sequence) * 160);
                            line.relayed(at(ms), StreamId(source), &header, false)
                        }
                    };
                    if let Some(stamp) = stamp {
                        prop_assert!(used.insert(stamp.sequence), "{} twice", stamp.sequence);
                        sent += 1;
                    }
                }
                if source > 0 {
                    heard[source as usize - 1] = heard[source as usize - 1].wrapping_add(packets as u16);
                }
            }
            prop_assert_eq!(used.len(), sent);
        }
    }
}
