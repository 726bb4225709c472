//! The only shared table of calls: channel name and line to owner (engine.md 6).
//!
//! The console, redirects and a drain find an owner here. An entry lives as long as the guard that its owner holds.

use crate::line::LineId;
use crate::perform::Hand;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Who owns which channel.
#[derive(Debug, Default)]
pub struct Switchboard {
    channels: Mutex<HashMap<u64, Entry>>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    name: Arc<str>,
    hand: Hand,
    line: Option<LineId>,
}

/// Holds a channel's entry; dropping it removes the entry.
#[derive(Debug)]
pub struct Entered {
    board: Arc<Switchboard>,
    key: u64,
}

impl Switchboard {
    /// An empty table.
    #[must_use]
    pub fn new() -> Arc<Switchboard> {
        Arc::new(Switchboard::default())
    }

    /// A number that was never given before: for lines, channels and orders.
    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Enters a channel with its owner's hand. `None` when `limit` channels are there already.
    #[must_use]
    pub fn enter(
        self: &Arc<Self>,
        name: &str,
        line: Option<LineId>,
        hand: Hand,
        limit: usize,
    ) -> Option<Entered> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.len() >= limit {
            return None;
        }
        let key = self.number();
        channels.insert(
            key,
            Entry {
                name: name.into(),
                hand,
                line,
            },
        );
        Some(Entered {
            board: Arc::clone(self),
            key,
        })
    }

    /// How many channels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// True when no channel is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of all channels, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<_> = channels.values().map(|e| Arc::clone(&e.name)).collect();
        names.sort();
        names
    }

    /// The hand of the owner of this channel.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Hand> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels
            .values()
            .find(|e| &*e.name == name)
            .map(|e| e.hand.clone())
    }

    /// The hand of the owner of this line.
    #[must_use]
    pub fn owner(&self, line: LineId) -> Option<Hand> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels
            .values()
            .find(|e| e.line == Some(line))
            .map(|e| e.hand.clone())
    }

    /// Every owner's hand: for a drain.
    #[must_use]
    pub fn all(&self) -> Vec<Hand> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.values().map(|e| e.hand.clone()).collect()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut channels = self
            .board
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        channels.remove(&self.key);
    }
}
