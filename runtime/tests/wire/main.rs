//! Signalling without sockets: two stacks on one wire in virtual time.
#![allow(clippy::unwrap_used)]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]

mod bounds;
mod calls;
mod desk;
mod hostile;
mod loss;
mod matrix;
mod phone;
mod rules;
mod world;
