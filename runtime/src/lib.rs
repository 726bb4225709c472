//! Strowger runtime.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod media;
pub mod prompts;
pub mod rtp;
pub mod sip;
