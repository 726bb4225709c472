//! The exchange: channels, signalling, media, storage, and the simulator.
//!
//! [`drive`] runs a channel's machine and has its effects performed by a [`Perform`]: the live exchange, or the simulator.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod apps;
mod audio;
pub mod auth;
mod bridge;
mod call;
pub mod channel;
pub mod config;
mod engine;
pub mod limits;
pub mod line;
mod live;
pub mod media;
mod messages;
pub mod observe;
pub mod perform;
pub mod phone;
pub mod prompts;
pub mod record;
pub mod registrar;
mod reload;
pub mod rtp;
mod shard;
pub mod sim;
pub mod sip;
mod states;
pub mod store;
pub mod switchboard;
mod tables;
pub mod wire;

pub use channel::{End, drive};
pub use engine::{Engine, Hurry, Options, StartError, Stats, Stopped, globals};
pub use observe::{Notice, Observer, What};
pub use perform::{Inbox, Perform};
pub use reload::Renewal;
