//! Tables from short texts to numbers, made for texts that a configuration file chooses: quick, but no match for somebody who
//! chooses the texts so that they fall together. What a network sends belongs into a `HashMap` with its own hasher.

use std::hash::{BuildHasherDefault, Hasher};

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const STIR: u64 = 0xd6e8_feb8_6659_fd93;

fn stir(h: u64, word: u64) -> u64 {
    let product = u128::from(h ^ word).wrapping_mul(u128::from(STIR));
    (product >> 64) as u64 ^ product as u64
}

/// A number that differs for nearly all different texts; the same on every machine.
pub fn hash(text: &[u8]) -> u64 {
    let mut h = stir(SEED, text.len() as u64);
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        h = stir(h, u64::from_le_bytes(*word));
    }
    let last = rest.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
    stir(h, last)
}

/// The same for maps of the standard library.
#[derive(Debug, Clone, Copy)]
pub struct Quick(u64);

impl Default for Quick {
    fn default() -> Quick {
        Quick(SEED)
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = stir(self.0, hash(bytes));
    }

    fn write_u8(&mut self, n: u8) {
        self.0 = stir(self.0, u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.0 = stir(self.0, u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = stir(self.0, n);
    }

    fn write_usize(&mut self, n: usize) {
        self.0 = stir(self.0, n as u64);
    }
}

/// A map with this hasher.
pub type QuickMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Quick>>;

/// A set with this hasher.
pub type QuickSet<K> = std::collections::HashSet<K, BuildHasherDefault<Quick>>;

/// Numbers by the hash of something that is kept elsewhere: who asks says whether a number's thing is the one.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Upper half of the hash and the number, at the first free place from where the hash points to. Power of two in length.
    slots: Vec<(u32, u32)>,
    used: usize,
}

/// No number stands here.
const FREE: u32 = u32::MAX;

impl Table {
    /// A table with room for so many numbers.
    pub fn with_capacity(count: usize) -> Table {
        let mut table = Table::default();
        if count > 0 {
            table.slots = vec![(0, FREE); (count * 8 / 7 + 1).next_power_of_two()];
        }
        table
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// The number of this hash whose thing is the `same`.
    pub fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let tag = (hash >> 32) as u32;
        let mut at = tag as usize;
        loop {
            let (known, number) = *self.slots.get(at & mask)?;
            if number == FREE {
                return None;
            }
            if known == tag && same(number) {
                return Some(number);
            }
            at += 1;
        }
    }

    /// Adds a number, which must not be `u32::MAX`; a second one of the same thing is never found.
    pub fn insert(&mut self, hash: u64, number: u32) {
        // One place in eight stays free, so that every search ends.
        if (self.used + 1) * 8 > self.slots.len() * 7 {
            let size = (self.slots.len() * 2).max(8);
            let old = std::mem::replace(&mut self.slots, vec![(0, FREE); size]);
            for (tag, number) in old.into_iter().filter(|(_, n)| *n != FREE) {
                self.place(tag, number);
            }
        }
        self.place((hash >> 32) as u32, number);
        self.used += 1;
    }

    fn place(&mut self, tag: u32, number: u32) {
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        while self.slots[at].1 != FREE {
            at = (at + 1) & mask;
        }
        self.slots[at] = (tag, number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found() {
        let names: Vec<String> = (0..5_000).map(|n| format!("name-{n}")).collect();
        let mut table = Table::with_capacity(10);
        assert_eq!(table.find(hash(b"name-1"), |_| true), None);
        for (i, name) in names.iter().enumerate() {
            table.insert(hash(name.as_bytes()), i as u32);
        }
        assert_eq!(table.len(), names.len());
        for (i, name) in names.iter().enumerate() {
            let found = table.find(hash(name.as_bytes()), |n| names[n as usize] == *name);
            assert_eq!(found, Some(i as u32));
        }
        assert_eq!(
            table.find(hash(b"other"), |n| names[n as usize] == "other"),
            None
        );
        assert_eq!(Table::default().find(1, |_| true), None);
    }

    #[test]
    fn hashes_of_similar_texts_differ_in_their_upper_half() {
        let mut seen = std::collections::HashSet::new();
        for n in 0..100_000_u32 {
            seen.insert((hash(format!("{n}").as_bytes()) >> 32) as u32);
        }
        assert!(seen.len() > 99_900, "{}", seen.len());
    }
}
