//! The codecs that we speak: G.711 in its two laws.

use audio_codec_algorithms::{
    convert_alaw_to_ulaw, convert_ulaw_to_alaw, decode_alaw, decode_ulaw, encode_alaw, encode_ulaw,
};

/// An audio codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, static payload 0 (RFC 3551).
    Pcmu,
    /// G.711 A-law, static payload 8 (RFC 3551).
    Pcma,
}

impl Codec {
    /// Every codec that we have, in our order of preference. `allow=all` means these.
    pub const ALL: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

    /// Its name in `a=rtpmap` (RFC 3551 section 6); names are compared without case.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
        }
    }

    /// Its name in Asterisk's configuration (`allow=ulaw`).
    pub fn asterisk_name(self) -> &'static str {
        match self {
            Codec::Pcmu => "ulaw",
            Codec::Pcma => "alaw",
        }
    }

    /// Its static payload number.
    pub fn payload(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
        }
    }

    /// The codec of a static payload number, if we have it.
    pub fn from_payload(payload: u8) -> Option<Codec> {
        Codec::ALL.into_iter().find(|c| c.payload() == payload)
    }

    /// The codec of an `a=rtpmap` encoding name, if we have it.
    pub fn from_name(name: &str) -> Option<Codec> {
        Codec::ALL
            .into_iter()
            .find(|c| c.name().eq_ignore_ascii_case(name))
    }

    /// The codec of a name in an `allow` or `disallow` line, if we have it.
    pub fn from_asterisk_name(name: &str) -> Option<Codec> {
        Codec::ALL
            .into_iter()
            .find(|c| c.asterisk_name().eq_ignore_ascii_case(name))
    }

    /// One encoded byte as a linear sample.
    pub fn decode(self, byte: u8) -> i16 {
        match self {
            Codec::Pcmu => decode_ulaw(byte),
            Codec::Pcma => decode_alaw(byte),
        }
    }

    /// One linear sample as an encoded byte.
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Codec::Pcmu => encode_ulaw(sample),
            Codec::Pcma => encode_alaw(sample),
        }
    }

    /// Rewrites a payload from this codec to `other`, in place: both laws have one byte per sample.
    pub fn convert(self, other: Codec, payload: &mut [u8]) {
        match (self, other) {
            (Codec::Pcmu, Codec::Pcma) => payload
                .iter_mut()
                .for_each(|b| *b = convert_ulaw_to_alaw(*b)),
            (Codec::Pcma, Codec::Pcmu) => payload
                .iter_mut()
                .for_each(|b| *b = convert_alaw_to_ulaw(*b)),
            (Codec::Pcmu, Codec::Pcmu) | (Codec::Pcma, Codec::Pcma) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for codec in Codec::ALL {
            assert_eq!(Codec::from_payload(codec.payload()), Some(codec));
            assert_eq!(Codec::from_name(&codec.name().to_lowercase()), Some(codec));
            assert_eq!(
                Codec::from_asterisk_name(codec.asterisk_name()),
                Some(codec)
            );
        }
        assert_eq!(Codec::from_name("opus"), None);
    }

    #[test]
    fn each_law_keeps_its_own_bytes_and_is_near_the_sample() {
        for codec in Codec::ALL {
            for byte in 0..=255 {
                let sample = codec.decode(byte);
                assert_eq!(
                    codec.decode(codec.encode(sample)),
                    sample,
                    "{codec:?} {byte}"
                );
            }
            for sample in (-32_000..32_000_i32).step_by(37) {
                let off = (i32::from(codec.decode(codec.encode(sample as i16))) - sample).abs();
                assert!(
                    off <= 8 + sample.abs() / 16,
                    "{codec:?} {sample} is {off} off"
                );
            }
        }
    }
}
