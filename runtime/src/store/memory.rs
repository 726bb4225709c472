//! A store that forgets at the end: for tests, demonstrations, and whoever asks for it.

use std::collections::BTreeMap;

use super::{Saved, SavedBinding, Store, StoreError, Write};
use crate::config::AorName;
use crate::registrar::Change;

/// Everything in maps.
#[derive(Debug, Default)]
pub struct Memory {
    bindings: BTreeMap<(AorName, Vec<u8>), SavedBinding>,
    values: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Memory {
    /// Nothing kept.
    #[must_use]
    pub fn new() -> Memory {
        Memory::default()
    }
}

impl Store for Memory {
    fn load(&mut self, unix_ms: u64) -> Result<Saved, StoreError> {
        self.bindings.retain(|_, b| b.expires_unix_ms > unix_ms);
        Ok(Saved {
            bindings: self.bindings.values().cloned().collect(),
            values: self
                .values
                .iter()
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        })
    }

    fn commit(&mut self, batch: &[Write]) -> Result<(), StoreError> {
        for write in batch {
            match write {
                Write::Binding(Change::Put(aor, binding)) => {
                    self.bindings.insert(
                        (aor.clone(), binding.uri.to_vec()),
                        SavedBinding::of(aor, binding),
                    );
                }
                Write::Binding(Change::Remove(aor, uri)) => {
                    self.bindings.remove(&(aor.clone(), uri.to_vec()));
                }
                Write::Value(path, Some(value)) => {
                    self.values.insert(path.clone(), value.clone());
                }
                Write::Value(path, None) => {
                    self.values.remove(path);
                }
            }
        }
        Ok(())
    }
}
