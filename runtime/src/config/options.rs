//! `strowger.toml`: what Asterisk's files have no word for.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

/// What an absent `allowguest` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guests {
    /// Unknown callers are refused.
    #[default]
    Refused,
    /// As in Asterisk's chan_sip: they enter the general context.
    Asterisk,
}

/// Where bindings and the database live.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreChoice {
    /// In a file of the usual place: `astdbdir`, else the configuration directory.
    #[default]
    File,
    /// In that file; a relative path starts at the configuration directory.
    At(PathBuf),
    /// Nowhere: forgotten at the end.
    Memory,
}

/// The contents of `strowger.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// `[sip] guests`.
    pub guests: Guests,
    /// `[asterisk] version`: whose habits count where versions differ.
    pub asterisk_version: u32,
    /// `[sandbox] grants`: capabilities that applications may use, such as `shell`.
    pub grants: BTreeSet<String>,
    /// `[store]`.
    pub store: StoreChoice,
    /// `[bind] address`: what a listener on `0.0.0.0` or `::` binds instead.
    pub bind_address: Option<IpAddr>,
    /// `[bind] port`: what a listener without a port of its own binds; 0 takes a free one.
    pub bind_port: Option<u16>,
    /// `[levels]`: code or family, and its level's word.
    pub levels: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            guests: Guests::default(),
            asterisk_version: 20,
            grants: BTreeSet::new(),
            store: StoreChoice::default(),
            bind_address: None,
            bind_port: None,
            levels: Vec::new(),
        }
    }
}
