//! The bounds of one channel, by name.

use crate::inputs::Time;

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
    /// Run every step as it is written: look it up, read its text, read its expressions, keep nothing of that for the next
    /// time. What compiled code is held against, in tests and in measurements.
    pub naive: bool,
    /// Run functions and loops as typed code where there is some. Off in tests and in measurements of what else there is.
    pub typed: bool,
}

/// Bytes of argument texts kept in the trace until the driver takes them.
pub(crate) const TRACE_BYTES: usize = 4 << 20;

/// Hangup handlers of a channel; a further one is refused with a warning.
pub(crate) const HANDLERS: usize = 100;

/// Names in SHARED() and in MESSAGE_DATA() of a channel; a further one is refused with a warning.
pub(crate) const NAMES: usize = 256;

/// Bytes of text that cost as much fuel as one instruction.
pub(crate) const BYTES_PER_FUEL: usize = 64;

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
            naive: false,
            typed: true,
        }
    }
}

/// What a channel has spent.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    pub(crate) limits: Limits,
    /// Instructions left.
    pub(crate) fuel: u32,
    refills: u32,
    /// Parts of the call that had a reserve of their own.
    parts: usize,
    effects: u64,
    /// When the second of call time began in which effects are being counted, and how many there were.
    second: Time,
    in_second: u32,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Budget {
        Budget {
            limits,
            fuel: limits.fuel,
            refills: 0,
            parts: 0,
            effects: 0,
            second: Time(0),
            in_second: 0,
        }
    }

    pub(crate) fn begin(&mut self, now: Time) {
        self.second = now;
    }

    pub(crate) fn burn(&mut self, n: u32) {
        self.fuel = self.fuel.saturating_sub(n);
    }

    /// Text of this length was made or read.
    pub(crate) fn burn_text(&mut self, bytes: usize) {
        self.burn((bytes / BYTES_PER_FUEL) as u32);
    }

    /// The driver lets it go on after it ran out; `false` if that happened too often without an effect.
    pub(crate) fn refill(&mut self) -> bool {
        self.fuel = self.limits.fuel;
        self.refills += 1;
        self.refills < self.limits.refills
    }

    /// `h` or a hangup handler begins, with a reserve of its own; but a handler can ask for itself again, for ever.
    pub(crate) fn renew(&mut self) {
        if self.parts <= HANDLERS {
            self.parts += 1;
            self.restore();
        }
    }

    fn restore(&mut self) {
        self.fuel = self.limits.fuel;
        self.refills = 0;
    }

    /// An effect leaves; `false` if there were too many.
    pub(crate) fn effect(&mut self, now: Time) -> bool {
        self.restore();
        self.effects += 1;
        let passed = now.0.wrapping_sub(self.second.0);
        if !(0..1_000_000).contains(&passed) {
            self.second = now;
            self.in_second = 0;
        }
        self.in_second += 1;
        self.effects <= self.limits.effects && self.in_second <= self.limits.effects_per_second
    }
}
