//! The whole exchange without sockets: a wire in memory, virtual time, phones made of the same stack.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod callee;
mod calls;
mod examples;
mod functions;
mod hostile;
mod lossy;
mod messages;
mod net;
mod phone;
mod record;
mod reload;
mod sites;
mod world;
