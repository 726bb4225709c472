//! The bounds of one channel, by name.

/// Every bound of a channel. None of them is reached by an honest plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Instructions between two effects before [`Step::OutOfFuel`](crate::Step::OutOfFuel).
    pub fuel: u32,
    /// How many times the fuel may run out without an effect in between.
    pub refills: u32,
    /// Bytes in variables and frames.
    pub memory: usize,
    /// Gosub frames.
    pub depth: usize,
    /// Effects within one second of call time.
    pub effects_per_second: u32,
    /// Effects in the whole call.
    pub effects: u64,
    /// Entries kept in the trace until the driver takes them; more are counted, not kept.
    pub trace: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            fuel: 100_000,
            refills: 100,
            memory: 1 << 20,
            depth: 1_000,
            effects_per_second: 10_000,
            effects: 1_000_000,
            trace: 10_000,
        }
    }
}
