//! Tones that callers know by heart, made and measured.

/// A tone to be played. Cadences are those of the North American plan, Asterisk's default zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It rings at the far end: 440 + 480 Hz, 2 s on, 4 s off.
    Ringing,
    /// Busy: 480 + 620 Hz, 0.5 s on, 0.5 s off.
    Busy,
    /// No way through: 480 + 620 Hz, 0.25 s on, 0.25 s off.
    Congestion,
    /// Dial: 350 + 440 Hz without a pause.
    Dial,
    /// One frequency in Hz, without a pause.
    Sine(u16),
}
