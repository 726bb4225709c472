//! Everything that configuration files say, as one typed [`Config`].
//!
//! Reading never fails: a bad line or object is left out with a [`Diagnostic`] that names its place, and the rest counts. Only the caller
//! decides what level of finding stops the exchange. [`gather`] reads a directory, [`load`] understands it; `load` does no I/O.
//!
//! Files: `sip.conf`, `users.conf`, `pjsip.conf`, `rtp.conf`, `asterisk.conf` and our own `strowger.toml`. Secrets never stand in a diagnostic.

mod account;
mod listener;
mod options;

pub use account::{
    Account, Accounts, Aor, AorName, CallerId, Codec, Credential, Dtmf, Host, Identify, Insecure,
    Nat, Network, Role, Secret, Technology,
};
pub use listener::Listener;
pub use options::{Guests, Options, StoreChoice};

use std::path::PathBuf;
use std::sync::Arc;

use strowger_compiler::source::Span;

/// Where something is written.
pub type Place = Span;

/// What a configuration directory says.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Sockets to open for SIP, in file order; no two of them are equal.
    pub listeners: Vec<Listener>,
    /// Who may speak with us, and who is reachable where.
    pub accounts: Arc<Accounts>,
    /// General options of signalling.
    pub sip: Signalling,
    /// `rtp.conf`.
    pub rtp: Rtp,
    /// `asterisk.conf`.
    pub directories: Directories,
    /// `strowger.toml`.
    pub options: Options,
}

/// Options of signalling that belong to no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signalling {
    /// Where guests and accounts without a `context` enter the plan.
    pub context: Vec<u8>,
    /// `User-Agent` and `Server`; `None` for our own.
    pub user_agent: Option<Vec<u8>>,
    /// RFC 3261 timer T1 in milliseconds.
    pub t1: u32,
    /// User part of From where a channel has no number.
    pub default_from_user: Vec<u8>,
    /// Prompt language of accounts that name none.
    pub language: Vec<u8>,
}

impl Default for Signalling {
    fn default() -> Signalling {
        Signalling {
            context: b"default".to_vec(),
            user_agent: None,
            t1: 500,
            default_from_user: b"asterisk".to_vec(),
            language: Vec::new(),
        }
    }
}

/// `rtp.conf`, section `[general]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rtp {
    /// First port.
    pub start: u16,
    /// Last port, inclusive.
    pub end: u16,
    /// Are packets from another source than the learned one dropped?
    pub strict: bool,
    /// Packets in sequence that make a source the learned one.
    pub probation: u16,
    /// Milliseconds after which an RFC 4733 event without an end has ended.
    pub dtmf_timeout: u32,
    /// Milliseconds between RTCP reports.
    pub rtcp_interval: u32,
}

impl Default for Rtp {
    fn default() -> Rtp {
        Rtp {
            start: 5000,
            end: 31000,
            strict: true,
            probation: 4,
            dtmf_timeout: 150,
            rtcp_interval: 5000,
        }
    }
}

impl Rtp {
    /// Port pairs (an even port for RTP and the next one for RTCP) of the range.
    pub fn pairs(&self) -> u32 {
        let first = (u32::from(self.start) + 1) & !1;
        (u32::from(self.end) + 1).saturating_sub(first) / 2
    }

    /// Calls that can be relayed at once: each takes a pair on either side.
    pub fn relayed_calls(&self) -> u32 {
        self.pairs() / 2
    }
}

/// `asterisk.conf`, section `[directories]`; absent ones are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directories {
    /// Sounds and music on hold are below it.
    pub data: Option<PathBuf>,
    /// Recordings and voicemail.
    pub spool: Option<PathBuf>,
    /// Logs and call records.
    pub log: Option<PathBuf>,
    /// The database.
    pub database: Option<PathBuf>,
}
