//! The exchange: channels, signalling, media, storage, and the simulator.
//!
//! [`drive`] runs a channel's machine and has its effects performed by a [`Perform`]: the live exchange, or the simulator.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod auth;
pub mod channel;
pub mod config;
pub mod limits;
pub mod line;
pub mod media;
pub mod perform;
pub mod phone;
pub mod prompts;
pub mod registrar;
pub mod rtp;
pub mod sip;
pub mod store;
pub mod switchboard;

pub use channel::{End, drive};
pub use perform::{Inbox, Perform};
