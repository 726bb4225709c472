//! What the tables of stdlib know: names of applications and functions, hangup causes.

/// Whether an application of this name exists, in any letter case.
pub(crate) fn application(_name: &[u8]) -> bool {
    false
}

/// Whether a function of exactly this name exists.
pub(crate) fn function(_name: &[u8]) -> bool {
    false
}

/// The hangup cause of a number or a name.
pub(crate) fn cause(_text: &[u8]) -> Option<u16> {
    None
}
