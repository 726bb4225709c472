//! The strings of a module: one run of bytes, and where each string ends.

use strowger_stdlib::table::{Table, hash};

use crate::module::StrId;

/// Most bytes of all strings together: places in them are 32 bits wide.
pub(crate) const BYTES: usize = u32::MAX as usize;

/// Strings by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Strings {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Strings {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A string, if there is such a number.
    pub(crate) fn get(&self, id: StrId) -> Option<&[u8]> {
        let at = id.0 as usize;
        let end = *self.ends.get(at)? as usize;
        let start = match at {
            0 => 0,
            n => self.ends[n - 1] as usize,
        };
        self.bytes.get(start..end)
    }

    /// All in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u32).filter_map(|n| self.get(StrId(n)))
    }

    /// Adds one; `None` if there is no room.
    pub(crate) fn push(&mut self, text: &[u8]) -> Option<StrId> {
        let end = self.bytes.len().checked_add(text.len())?;
        if end > BYTES || self.ends.len() >= BYTES {
            return None;
        }
        self.bytes.extend_from_slice(text);
        self.ends.push(end as u32);
        Some(StrId(self.ends.len() as u32 - 1))
    }
}

/// Strings in the making, each kept once.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    known: Table,
}

impl Interner {
    /// The number of a text among `strings`, given out if it is new; `None` if there is no room.
    pub(crate) fn id(&mut self, strings: &mut Strings, text: &[u8]) -> Option<StrId> {
        let key = hash(text);
        let same = |n: u32| strings.get(StrId(n)) == Some(text);
        if let Some(n) = self.known.find(key, same) {
            return Some(StrId(n));
        }
        let id = strings.push(text)?;
        self.known.insert(key, id.0);
        Some(id)
    }
}
