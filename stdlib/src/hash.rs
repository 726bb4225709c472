//! Digests and base 64. MD5 and SHA-1 are here because dialplans compare them,
//! not because they protect anything.

use crate::pure::{Answer, Input, Pure, plain};

pub(crate) const FUNCTIONS: &[Pure] = &[
    plain("MD5", |input| given(input, "MD5", |data| hex(&md5(data)))),
    plain("SHA1", |input| {
        given(input, "SHA1", |data| hex(&sha1(data)))
    }),
    plain("BASE64_ENCODE", |input| {
        given(input, "BASE64_ENCODE", base64_encode)
    }),
    plain("BASE64_DECODE", |input| {
        given(input, "BASE64_DECODE", |data| {
            let mut bytes = base64_decode(data);
            // Text ends at the first NUL.
            let end = bytes.iter().position(|byte| *byte == 0);
            bytes.truncate(end.unwrap_or(bytes.len()));
            bytes
        })
    }),
];

fn given(input: &Input<'_>, name: &str, run: fn(&[u8]) -> Vec<u8>) -> Answer {
    if input.args.is_empty() {
        return Answer::failed(format!("{name} needs data"));
    }
    Answer::value(run(input.args))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| {
            [
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]
        })
        .collect()
}

/// The message in 64-byte blocks with the padding of MD5 and SHA-1; `length`
/// writes the number of bits.
fn blocks(data: &[u8], length: fn(u64) -> [u8; 8]) -> Vec<u8> {
    let mut padded = data.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend_from_slice(&length((data.len() as u64).wrapping_mul(8)));
    padded
}

/// RFC 1321.
pub fn md5(data: &[u8]) -> [u8; 16] {
    const SHIFTS: [u32; 16] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in blocks(data, u64::to_le_bytes).chunks_exact(64) {
        let mut words = [0u32; 16];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        let [mut a, mut b, mut c, mut d] = state;
        for round in 0..64usize {
            let (mixed, index) = match round / 16 {
                0 => ((b & c) | (!b & d), round),
                1 => ((d & b) | (!d & c), (5 * round + 1) % 16),
                2 => (b ^ c ^ d, (3 * round + 5) % 16),
                _ => (c ^ (b | !d), (7 * round) % 16),
            };
            // The table of the RFC: the sines of the rounds.
            let sine = ((round as f64 + 1.0).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a
                .wrapping_add(mixed)
                .wrapping_add(sine)
                .wrapping_add(words[index]);
            a = d;
            d = c;
            c = b;
            b = b.wrapping_add(sum.rotate_left(SHIFTS[round / 16 * 4 + round % 4]));
        }
        for (sum, word) in state.iter_mut().zip([a, b, c, d]) {
            *sum = sum.wrapping_add(word);
        }
    }
    let mut digest = [0; 16];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

/// RFC 3174.
pub fn sha1(data: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [
        0x6745_2301,
        0xefcd_ab89,
        0x98ba_dcfe,
        0x1032_5476,
        0xc3d2_e1f0,
    ];
    for block in blocks(data, u64::to_be_bytes).chunks_exact(64) {
        let mut words = [0u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        for at in 16..80 {
            words[at] =
                (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (round, word) in words.iter().enumerate() {
            let (mixed, constant) = match round / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6),
            };
            let sum = a
                .rotate_left(5)
                .wrapping_add(mixed)
                .wrapping_add(e)
                .wrapping_add(constant)
                .wrapping_add(*word);
            e = d;
            d = c;
            c = b.rotate_left(30);
            b = a;
            a = sum;
        }
        for (sum, word) in state.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(word);
        }
    }
    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648, with padding and without line breaks.
pub fn base64_encode(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len().div_ceil(3) * 4);
    for chunk in data.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            if index <= chunk.len() {
                out.push(ALPHABET[(bits >> (18 - 6 * index) & 63) as usize]);
            } else {
                out.push(b'=');
            }
        }
    }
    out
}

/// Reads up to the first `=`; a byte that is no digit of the alphabet counts as
/// the last digit, and what does not make a whole byte is dropped.
pub fn base64_decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits = 0u32;
    let mut held = 0;
    for byte in text {
        if *byte == b'=' {
            break;
        }
        let digit = ALPHABET
            .iter()
            .position(|letter| letter == byte)
            .unwrap_or(63);
        // The position is below 64.
        bits = bits << 6 | digit as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 255) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        String::from_utf8(hex(bytes)).unwrap()
    }

    #[test]
    fn the_digests_of_the_rfcs_come_out() {
        assert_eq!(shown(&md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(shown(&md5(b"abc")), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            shown(&md5(&b"1234567890".repeat(8))),
            "57edf4a22be3c955ac49da2e2107b67a"
        );
        assert_eq!(
            shown(&sha1(b"abc")),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            shown(&sha1(
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
            )),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        );
    }

    #[test]
    fn base64_goes_there_and_back() {
        for text in [&b""[..], b"f", b"fo", b"foo", b"foob", b"\xff\xfe"] {
            assert_eq!(base64_decode(&base64_encode(text)), text);
        }
        assert_eq!(base64_encode(b"hi"), b"aGk=");
    }
}
