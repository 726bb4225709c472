//! What outlives the program: bindings of phones, and the values that a plan keeps with `DB()`.
//!
//! Everything that is looked up at run time is in memory ([`Registrar`], [`Database`]); a [`Store`] only keeps a copy. Changes go to a
//! [`Writer`], which commits what has gathered every [`BATCH`], so that no call waits for a disk. At most that much is lost when the power
//! fails, and phones register again.

mod database;
mod memory;
mod sqlite;
mod writer;

use std::net::SocketAddr;

pub use database::{Database, Full};
pub use memory::Memory;
pub use sqlite::Sqlite;
pub use writer::{BATCH, Writer};

use crate::config::AorName;
use crate::registrar::{Binding, Change, Registrar};
use crate::sip::flow::{Flow, ListenerId, Now, Protocol};

/// Why a store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("the store cannot be used: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// It was written by a later release.
    #[error("the store is of layout {0}, and this release knows layouts up to {known}", known = sqlite::LAYOUT)]
    Later(i64),
}

/// Keeps what must outlive the program.
pub trait Store: Send {
    /// Everything kept. Bindings that have ended by `unix_ms` are left out and forgotten.
    ///
    /// # Errors
    /// The medium cannot be read.
    fn load(&mut self, unix_ms: u64) -> Result<Saved, StoreError>;

    /// Writes all of a batch or nothing of it, in its order.
    ///
    /// # Errors
    /// The medium cannot be written.
    fn commit(&mut self, batch: &[Write]) -> Result<(), StoreError>;
}

/// One change to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// A binding was made, refreshed or removed.
    Binding(Change),
    /// A value of the plan: path `/family/key` and its new text; `None` removes it.
    Value(Vec<u8>, Option<Vec<u8>>),
}

/// What a store kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// Bindings that have not ended.
    pub bindings: Vec<SavedBinding>,
    /// Values of the plan by path.
    pub values: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A binding as a store keeps it: its listener by address, because numbers change from run to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedBinding {
    /// Whose it is.
    pub aor: AorName,
    /// The contact's address.
    pub uri: Vec<u8>,
    /// Its parameters.
    pub params: Vec<u8>,
    /// Its preference in thousandths.
    pub q: u16,
    /// By what its REGISTER came.
    pub protocol: Protocol,
    /// Our address then.
    pub local: SocketAddr,
    /// The phone's address then.
    pub remote: SocketAddr,
    /// Is it called there?
    pub by_flow: bool,
    /// Call-ID of its REGISTER.
    pub call_id: Vec<u8>,
    /// CSeq of its REGISTER.
    pub cseq: u32,
    /// When it ends, in milliseconds since 1970.
    pub expires_unix_ms: u64,
}

impl SavedBinding {
    /// What is kept of a binding.
    fn of(aor: &AorName, binding: &Binding) -> SavedBinding {
        SavedBinding {
            aor: aor.clone(),
            uri: binding.uri.to_vec(),
            params: binding.params.to_vec(),
            q: binding.q,
            protocol: binding.flow.protocol,
            local: binding.flow.local,
            remote: binding.flow.remote,
            by_flow: binding.by_flow,
            call_id: binding.call_id.to_vec(),
            cseq: binding.cseq,
            expires_unix_ms: binding.expires_unix_ms,
        }
    }
}

impl Saved {
    /// Puts the bindings back. `listeners` are the open ones: number, protocol, address. A binding whose listener is gone moves to another
    /// one of its protocol, and is dropped if there is none. Returns how many are back.
    pub fn restore(
        &self,
        now: Now,
        listeners: &[(ListenerId, Protocol, SocketAddr)],
        registrar: &mut Registrar,
    ) -> usize {
        let before = registrar.len();
        for saved in &self.bindings {
            let mut open = listeners
                .iter()
                .filter(|(_, protocol, _)| *protocol == saved.protocol);
            let same = open.clone().find(|(_, _, address)| *address == saved.local);
            let port = open
                .clone()
                .find(|(_, _, address)| address.port() == saved.local.port());
            let Some((listener, protocol, _)) = same.or(port).or_else(|| open.next()) else {
                continue;
            };
            let flow = Flow {
                listener: *listener,
                protocol: *protocol,
                local: saved.local,
                remote: saved.remote,
                connection: 0,
            };
            let binding = Binding::stored(saved, flow);
            registrar.restore(now, saved.aor.clone(), binding);
        }
        registrar.len() - before
    }
}
