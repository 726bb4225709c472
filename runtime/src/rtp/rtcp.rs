//! RTCP: sender and receiver reports, the little that a phone wants to know (RFC 3550 section 6).

use super::clock::Now;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const CNAME: u8 = 1;

/// What we sent, for a sender report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// NTP time of this report.
    pub ntp: u64,
    /// The same moment as an RTP time stamp of ours.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Bytes of payload sent.
    pub bytes: u32,
}

/// What we heard from one source, for a report block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The source.
    pub ssrc: u32,
    /// The part of its packets lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Packets of it that never came; 24 bits travel, as a signed number.
    pub lost: i32,
    /// Its newest sequence number, with cycles.
    pub newest: u32,
    /// Jitter in samples.
    pub jitter: u32,
    /// Middle of the NTP time in its last sender report; 0 if there was none.
    pub last_report: u32,
    /// Time since that report, in 65 536ths of a second.
    pub since_report: u32,
}

/// One thing that a received packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Somebody sent until this NTP time.
    Sent {
        /// Who.
        ssrc: u32,
        /// NTP time of the report.
        ntp: u64,
    },
    /// Somebody heard this of a source.
    Heard(Block),
    /// Somebody leaves.
    Goodbye {
        /// Who.
        ssrc: u32,
    },
}

/// Appends a compound packet: a sender report (a receiver report if nothing was sent), a block about what was heard, our
/// name, and a goodbye at the end of a stream.
pub fn write(
    out: &mut Vec<u8>,
    ssrc: u32,
    name: &str,
    sent: Option<Sent>,
    heard: Option<Block>,
    goodbye: bool,
) {
    let blocks = u8::from(heard.is_some());
    let words = 1 + if sent.is_some() { 5 } else { 0 } + u16::from(blocks) * 6;
    out.extend([
        0x80 | blocks,
        if sent.is_some() {
            SENDER_REPORT
        } else {
            RECEIVER_REPORT
        },
    ]);
    out.extend(words.to_be_bytes());
    out.extend(ssrc.to_be_bytes());
    if let Some(sent) = sent {
        out.extend(sent.ntp.to_be_bytes());
        out.extend(sent.timestamp.to_be_bytes());
        out.extend(sent.packets.to_be_bytes());
        out.extend(sent.bytes.to_be_bytes());
    }
    if let Some(heard) = heard {
        out.extend(heard.ssrc.to_be_bytes());
        let lost = heard.lost.clamp(-0x80_0000, 0x7f_ffff).to_be_bytes();
        out.extend([heard.fraction_lost, lost[1], lost[2], lost[3]]);
        for word in [
            heard.newest,
            heard.jitter,
            heard.last_report,
            heard.since_report,
        ] {
            out.extend(word.to_be_bytes());
        }
    }
    let name = &name.as_bytes()[..name.len().min(255)];
    // SSRC, item head, name, at least one zero, filled up to a word.
    let length = (4 + 2 + name.len() + 1).next_multiple_of(4);
    out.extend([0x81, DESCRIPTION]);
    out.extend(((length / 4) as u16).to_be_bytes());
    out.extend(ssrc.to_be_bytes());
    out.extend([CNAME, name.len() as u8]);
    out.extend(name);
    out.extend(std::iter::repeat_n(0, length - 6 - name.len()));
    if goodbye {
        out.extend([0x81, GOODBYE, 0, 1]);
        out.extend(ssrc.to_be_bytes());
    }
}

/// Reads a compound packet; stops at the first part that does not fit.
pub fn read(packet: &[u8]) -> impl Iterator<Item = Said> {
    let mut rest = packet;
    std::iter::from_fn(move || {
        let (head, after) = rest.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
        let body = after.get(..length)?;
        if head[0] >> 6 != 2 {
            return None;
        }
        rest = &after[length..];
        Some((head[1], usize::from(head[0] & 0x1f), body))
    })
    .flat_map(|(kind, count, body)| {
        let ssrc = word(body, 0);
        let (sent, blocks_at) = match kind {
            SENDER_REPORT => {
                let ntp = word(body, 4)
                    .zip(word(body, 8))
                    .map(|(high, low)| u64::from(high) << 32 | u64::from(low));
                (
                    ssrc.zip(ntp).map(|(ssrc, ntp)| Said::Sent { ssrc, ntp }),
                    Some(24),
                )
            }
            RECEIVER_REPORT => (None, Some(4)),
            GOODBYE => (ssrc.map(|ssrc| Said::Goodbye { ssrc }), None),
            _ => (None, None),
        };
        let blocks = blocks_at.into_iter().flat_map(move |at| {
            body.get(at..)
                .unwrap_or_default()
                .chunks_exact(24)
                .take(count)
                .filter_map(block)
        });
        sent.into_iter().chain(blocks.map(Said::Heard))
    })
}

fn block(bytes: &[u8]) -> Option<Block> {
    let lost = word(bytes, 4)?;
    Some(Block {
        ssrc: word(bytes, 0)?,
        fraction_lost: (lost >> 24) as u8,
        // 24 bits, signed.
        lost: (lost << 8) as i32 >> 8,
        newest: word(bytes, 8)?,
        jitter: word(bytes, 12)?,
        last_report: word(bytes, 16)?,
        since_report: word(bytes, 20)?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)
        .and_then(|b| b.first_chunk())
        .map(|b| u32::from_be_bytes(*b))
}

/// The middle 32 bits of an NTP time: seconds and 65 536ths.
pub fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// Round-trip time in 65 536ths of a second, from a block about us (RFC 3550 section 6.4.1); `None` if it makes no sense.
pub fn round_trip(now: Now, heard: &Block) -> Option<u32> {
    if heard.last_report == 0 {
        return None;
    }
    let trip = middle(now.ntp())
        .wrapping_sub(heard.last_report)
        .wrapping_sub(heard.since_report);
    // More than half the circle is a clock that runs ahead; more than a minute is nonsense.
    (trip < 60 << 16).then_some(trip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BLOCK: Block = Block {
        ssrc: 7,
        fraction_lost: 12,
        lost: -3,
        newest: 70_000,
        jitter: 80,
        last_report: 0x1234_5678,
        since_report: 9,
    };

    #[test]
    fn what_we_write_we_read() {
        let mut packet = Vec::new();
        let sent = Sent {
            ntp: 0x0102_0304_0506_0708,
            timestamp: 1,
            packets: 2,
            bytes: 3,
        };
        write(&mut packet, 99, "strowger", Some(sent), Some(BLOCK), true);
        assert_eq!(packet.len() % 4, 0);
        let said: Vec<Said> = read(&packet).collect();
        assert_eq!(
            said,
            [
                Said::Sent {
                    ssrc: 99,
                    ntp: sent.ntp
                },
                Said::Heard(BLOCK),
                Said::Goodbye { ssrc: 99 }
            ]
        );
        packet.clear();
        write(&mut packet, 99, "", None, None, false);
        assert_eq!(read(&packet).count(), 0);
        assert_eq!(packet[..8], [0x80, 201, 0, 1, 0, 0, 0, 99]);
    }

    #[test]
    fn the_name_is_ended_by_a_zero_whatever_its_length() {
        for length in 0..9 {
            let mut packet = Vec::new();
            write(&mut packet, 1, &"x".repeat(length), None, None, false);
            assert_eq!(packet.len() % 4, 0);
            assert_eq!(packet.last(), Some(&0));
            assert_eq!(packet.len(), 8 + 4 * (1 + usize::from(packet[11])));
        }
    }

    #[test]
    fn the_round_trip() {
        let now = Now {
            micros: 0,
            unix_ms: 1_000_000,
        };
        let then = middle(
            Now {
                micros: 0,
                unix_ms: 999_000,
            }
            .ntp(),
        );
        // One second ago we reported; they kept it for half a second.
        let heard = Block {
            last_report: then,
            since_report: 1 << 15,
            ..BLOCK
        };
        assert_eq!(round_trip(now, &heard), Some(1 << 15));
        assert_eq!(
            round_trip(
                now,
                &Block {
                    last_report: 0,
                    ..heard
                }
            ),
            None
        );
        assert_eq!(
            round_trip(
                now,
                &Block {
                    since_report: 1 << 17,
                    ..heard
                }
            ),
            None
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            prop_assert!(read(&bytes).count() <= bytes.len());
        }

        #[test]
        fn every_cut_and_every_changed_byte_is_read(at in 0_usize..80, byte: u8) {
            let mut packet = Vec::new();
            write(&mut packet, 99, "strowger", Some(Sent { ntp: 1, timestamp: 1, packets: 2, bytes: 3 }), Some(BLOCK), true);
            if let Some(b) = packet.get_mut(at) { *b = byte; }
            read(&packet).count();
            read(&packet[..at.min(packet.len())]).count();
        }
    }
}
