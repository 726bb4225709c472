//! What the made-up world was asked and how it answered, for traces that people read.

use strowger_vm::Time;
use strowger_vm::effect::{Effect, Reply};

/// Answers that a world keeps.
pub(super) const KEPT: usize = 100_000;

/// An effect and the answer to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// How many entries the trace had when the answer came: it stands before the entry of this number.
    pub before: usize,
    /// The channel, as in the trace.
    pub channel: usize,
    /// When it was asked.
    pub asked: Time,
    /// When it was answered.
    pub at: Time,
    /// What was asked.
    pub effect: Effect,
    /// The answer.
    pub reply: Reply,
}
