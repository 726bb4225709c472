//! RTP packets (RFC 3550 section 5.1). Those that pass through are rewritten where they lie; those that we make get their
//! header from the `rtp` crate.

use std::ops::Range;

use rtp::header::Header as RtpHeader;
use webrtc_util::marshal::Marshal;

/// Bytes of a header without contributing sources and extension: what every packet that we send has.
pub const HEADER: usize = 12;

/// What a received packet says, and where its payload lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// First packet of a talk spurt or of an event.
    pub marker: bool,
    /// Payload number, 0 to 127.
    pub payload: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Time stamp, in samples.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// The payload inside the packet, without padding.
    pub body: Range<usize>,
}

impl Header {
    /// Reads a packet. `None`: no RTP (another version, STUN, RTCP on this port, a length that does not fit).
    pub fn read(packet: &[u8]) -> Option<Header> {
        let (&head, rest) = packet.split_first_chunk::<HEADER>()?;
        if head[0] >> 6 != 2 || (192..=223).contains(&head[1]) {
            return None; // the second test: RTCP types in the place of marker and payload (RFC 5761 section 4)
        }
        let mut start = HEADER + usize::from(head[0] & 0x0f) * 4;
        if head[0] & 0x10 != 0 {
            // Extension: two bytes of profile, then its length in words.
            let at = start - HEADER;
            let words = rest.get(at + 2..at + 4)?;
            start += 4 + usize::from(u16::from_be_bytes([words[0], words[1]])) * 4;
        }
        let mut end = packet.len();
        if head[0] & 0x20 != 0 {
            let padding = usize::from(*packet.last()?);
            if padding == 0 {
                return None;
            }
            end = end.checked_sub(padding)?;
        }
        (start <= end).then_some(Header {
            marker: head[1] & 0x80 != 0,
            payload: head[1] & 0x7f,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ssrc: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
            body: start..end,
        })
    }

    /// Puts a plain header of ours (no sources, extension or padding) directly before the payload, inside the same packet:
    /// the payload does not move. Returns the range of the new packet.
    ///
    /// `body` must come from [`Header::read`] of this packet, which leaves room for the header.
    pub fn rewrite(
        packet: &mut [u8],
        body: &Range<usize>,
        stamp: Stamp,
        payload: u8,
    ) -> Range<usize> {
        let start = body.start.saturating_sub(HEADER);
        if let Some(head) = packet
            .get_mut(start..)
            .and_then(|p| p.first_chunk_mut::<HEADER>())
        {
            head[0] = 2 << 6;
            head[1] = u8::from(stamp.marker) << 7 | payload & 0x7f;
            head[2..4].copy_from_slice(&stamp.sequence.to_be_bytes());
            head[4..8].copy_from_slice(&stamp.timestamp.to_be_bytes());
            head[8..12].copy_from_slice(&stamp.ssrc.to_be_bytes());
        }
        start..body.end
    }
}

/// What our own line of packets says about the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Marker bit.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Time stamp, in samples.
    pub timestamp: u32,
    /// Our synchronisation source.
    pub ssrc: u32,
}

/// Appends the header of a packet that we make to `out`; the payload follows it.
pub fn make(out: &mut Vec<u8>, stamp: Stamp, payload: u8) {
    let header = RtpHeader {
        version: 2,
        marker: stamp.marker,
        payload_type: payload & 0x7f,
        sequence_number: stamp.sequence,
        timestamp: stamp.timestamp,
        ssrc: stamp.ssrc,
        ..RtpHeader::default()
    };
    let at = out.len();
    out.resize(at + HEADER, 0);
    let written = header.marshal_to(&mut out[at..]);
    debug_assert!(matches!(written, Ok(HEADER)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rtp::packet::Packet;
    use webrtc_util::marshal::Unmarshal;

    const STAMP: Stamp = Stamp {
        marker: true,
        sequence: 0xfffe,
        timestamp: 0x8000_0001,
        ssrc: 0xdead_beef,
    };

    #[test]
    fn what_we_make_we_read() {
        let mut packet = Vec::new();
        make(&mut packet, STAMP, 101);
        packet.extend([1, 2, 3]);
        let header = Header::read(&packet).unwrap();
        assert_eq!(
            (
                header.marker,
                header.payload,
                header.sequence,
                header.timestamp,
                header.ssrc
            ),
            (true, 101, 0xfffe, 0x8000_0001, 0xdead_beef)
        );
        assert_eq!(packet[header.body], [1, 2, 3]);
    }

    #[test]
    fn sources_extension_and_padding_are_stripped_in_place() {
        let mut packet = vec![0x80 | 0x20 | 0x10 | 2, 8, 0, 7, 0, 0, 0, 9, 1, 1, 1, 1];
        packet.extend([9; 8]); // two contributing sources
        packet.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]); // an extension of one word
        packet.extend(*b"audio");
        packet.extend([0, 0, 3]); // padding
        let header = Header::read(&packet).unwrap();
        assert_eq!(&packet[header.body.clone()], b"audio");
        let range = Header::rewrite(&mut packet, &header.body, STAMP, 0);
        let mut expected = Vec::new();
        make(&mut expected, STAMP, 0);
        expected.extend(*b"audio");
        assert_eq!(packet[range], expected);
    }

    #[test]
    fn what_is_no_rtp_is_refused() {
        let good = [0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5];
        assert!(Header::read(&good).is_some());
        for cut in 0..HEADER {
            assert!(Header::read(&good[..cut]).is_none());
        }
        let with = |at: usize, byte: u8| {
            let mut bad = good;
            bad[at] = byte;
            Header::read(&bad)
        };
        assert!(with(0, 0x00).is_none(), "version 0 is STUN's");
        assert!(with(0, 0x81).is_none(), "a source that is not there");
        assert!(with(0, 0x90).is_none(), "an extension that is not there");
        assert!(with(0, 0xa0).is_none(), "padding longer than the payload");
        assert!(with(1, 200).is_none(), "a sender report");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(header) = Header::read(&bytes) {
                prop_assert!(header.body.start >= HEADER && header.body.end <= bytes.len());
                let body = bytes[header.body.clone()].to_vec();
                let range = Header::rewrite(&mut bytes, &header.body, STAMP, 8);
                let again = Header::read(&bytes[range.clone()]).unwrap();
                prop_assert_eq!(&bytes[range][again.body], &body[..]);
            }
        }

        #[test]
        fn the_rtp_crate_reads_the_same(bytes in proptest::collection::vec(any::<u8>(), 12..80), first in 0x80_u8..=0x8f) {
            // Without extension and padding, where the crate is laxer than we are.
            let mut bytes = bytes;
            bytes[0] = first;
            if let Some(ours) = Header::read(&bytes) {
                let theirs = Packet::unmarshal(&mut &bytes[..]).unwrap();
                prop_assert_eq!(ours.payload, theirs.header.payload_type);
                prop_assert_eq!(ours.sequence, theirs.header.sequence_number);
                prop_assert_eq!(ours.timestamp, theirs.header.timestamp);
                prop_assert_eq!(ours.ssrc, theirs.header.ssrc);
                prop_assert_eq!(ours.marker, theirs.header.marker);
                prop_assert_eq!(&bytes[ours.body], &theirs.payload[..]);
            }
        }
    }
}
