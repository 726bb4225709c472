//! The values that a plan keeps under a family and a key: `DB()`, `DBdel`, `DBdeltree`, `DB_KEYS`.
//!
//! Held in memory whole, because a plan that reads one must not wait for a disk; every change is also a [`Write`].

use std::collections::BTreeMap;

use super::{Saved, Write};

/// Most values. One more is refused.
pub(super) const VALUES: usize = 1_000_000;
/// Most bytes of paths and values together. More are refused.
pub(super) const BYTES: usize = 256 << 20;

/// The table is as large as it may be: a million values, or 256 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the plan's database is full")]
pub struct Full;

/// All values by path, `/family/key`. Letters count as they are written.
#[derive(Debug, Default)]
pub struct Database {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    bytes: usize,
}

impl Database {
    /// What a store kept.
    #[must_use]
    pub fn from_saved(saved: &Saved) -> Database {
        let bytes = saved.values.iter().map(|(k, v)| k.len() + v.len()).sum();
        Database {
            values: saved.values.iter().cloned().collect(),
            bytes,
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, family: &[u8], key: &[u8]) -> Option<&[u8]> {
        self.values.get(&path(family, key)).map(Vec::as_slice)
    }

    /// Sets a value; the returned change is for the [`Writer`](super::Writer).
    ///
    /// # Errors
    /// The table is full and the key is new, or the value is too long for what is left.
    pub fn set(&mut self, family: &[u8], key: &[u8], value: &[u8]) -> Result<Write, Full> {
        let path = path(family, key);
        let old = self.values.get(&path).map(Vec::len);
        let bytes = self.bytes - old.map_or(0, |old| old + path.len()) + path.len() + value.len();
        if bytes > BYTES || (old.is_none() && self.values.len() >= VALUES) {
            return Err(Full);
        }
        self.bytes = bytes;
        self.values.insert(path.clone(), value.to_vec());
        Ok(Write::Value(path, Some(value.to_vec())))
    }

    /// Removes a key; `None` if it was not there.
    pub fn remove(&mut self, family: &[u8], key: &[u8]) -> Option<Write> {
        let path = path(family, key);
        let old = self.values.remove(&path)?;
        self.bytes -= path.len() + old.len();
        Some(Write::Value(path, None))
    }

    /// Removes a family, or what is below `family/key`, the value there included.
    pub fn remove_tree(&mut self, tree: &[u8]) -> Vec<Write> {
        let gone: Vec<Vec<u8>> = self.below(tree).map(|(path, _)| path.to_vec()).collect();
        for path in &gone {
            if let Some(old) = self.values.remove(path) {
                self.bytes -= path.len() + old.len();
            }
        }
        gone.into_iter()
            .map(|path| Write::Value(path, None))
            .collect()
    }

    /// The names one level below a family or a path, sorted, each once; those of the families for an empty `tree`.
    #[must_use]
    pub fn children(&self, tree: &[u8]) -> Vec<Vec<u8>> {
        let depth = base(tree).len() + 1;
        let mut names: Vec<Vec<u8>> = self
            .below(tree)
            .filter_map(|(path, _)| path.get(depth..))
            .filter_map(|rest| rest.split(|b| *b == b'/').next())
            .filter(|name| !name.is_empty())
            .map(<[u8]>::to_vec)
            .collect();
        names.dedup();
        names
    }

    /// All values at and below a path, sorted by path.
    pub fn below<'a>(
        &'a self,
        tree: &[u8],
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let base = base(tree);
        let from = base.clone();
        self.values
            .range(from..)
            .take_while({
                let base = base.clone();
                move |(path, _)| path.starts_with(&base)
            })
            .filter(move |(path, _)| matches!(path.get(base.len()), None | Some(b'/')))
            .map(|(path, value)| (path.as_slice(), value.as_slice()))
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Is there no value?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

fn path(family: &[u8], key: &[u8]) -> Vec<u8> {
    [b"/", family, b"/", key].concat()
}

/// `family/key` with one slash before it and none behind; empty for the root.
fn base(tree: &[u8]) -> Vec<u8> {
    let tree = tree.strip_prefix(b"/").unwrap_or(tree);
    let tree = tree.strip_suffix(b"/").unwrap_or(tree);
    if tree.is_empty() {
        Vec::new()
    } else {
        [b"/", tree].concat()
    }
}
