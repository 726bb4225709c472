//! Streams of a media worker, driven with made-up packets and a made-up clock.
#![allow(clippy::unwrap_used)]

mod bench;
mod digits;
mod playing;
mod relay;
mod reports;
mod storm;
