//! Tags, branches, Call-IDs, delays and keys, all from one seed: a stack draws no randomness of its own.

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// A keyed hash and a counter.
#[derive(Clone)]
pub(crate) struct Dice {
    seed: [u8; 32],
    count: u64,
}

/// What a hash is for; equal texts for different uses give different hashes.
#[derive(Clone, Copy)]
pub(crate) enum Use {
    ServerKey = 1,
    ClientKey = 2,
    DialogKey = 3,
    MergeKey = 4,
    Tag = 5,
    Token = 6,
    Delay = 7,
}

impl Dice {
    pub(crate) fn new(seed: [u8; 32]) -> Dice {
        Dice { seed, count: 0 }
    }

    /// The keyed hash of some texts. Their borders count: ("ab","c") differs from ("a","bc").
    pub(crate) fn hash(&self, what: Use, parts: &[&[u8]]) -> u128 {
        let mut sha = Sha256::new();
        sha.update(self.seed);
        sha.update([what as u8]);
        for part in parts {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part);
        }
        let mut first = [0; 16];
        first.copy_from_slice(&sha.finalize()[..16]);
        u128::from_be_bytes(first)
    }

    fn draw(&mut self, what: Use) -> u128 {
        self.count += 1;
        self.hash(what, &[&self.count.to_be_bytes()])
    }

    /// A text nobody can guess: 80 bits in 16 letters and digits.
    pub(crate) fn token(&mut self) -> Bytes {
        letters(self.draw(Use::Token))
    }

    /// A tag that the same texts always get again.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> Bytes {
        letters(self.hash(Use::Tag, parts))
    }

    /// A number in `from..=to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        let span = u128::from(to.saturating_sub(from)) + 1;
        from + u64::try_from(self.draw(Use::Delay) % span).unwrap_or(0)
    }
}

fn letters(mut hash: u128) -> Bytes {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut text = Vec::with_capacity(16);
    for _ in 0..16 {
        text.push(ALPHABET[(hash & 31) as usize]);
        hash >>= 5;
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_game() {
        let (mut a, mut b, mut c) = (Dice::new([1; 32]), Dice::new([1; 32]), Dice::new([2; 32]));
        assert_eq!(a.token(), b.token());
        assert_ne!(a.token(), c.token());
        assert_eq!(a.tag(&[b"x", b"y"]), b.tag(&[b"x", b"y"]));
        assert_ne!(a.tag(&[b"xy"]), b.tag(&[b"x", b"y"]));
        for _ in 0..1000 {
            assert!((3..=5).contains(&a.between(3, 5)));
        }
    }
}
