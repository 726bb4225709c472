//! Who calls, as people write it: `"Name" <100>`, or a bare number.

use strowger_vm::Identity;

/// Name and number; a text without angle brackets is a number.
pub(crate) fn identity(text: &str) -> Identity {
    if text.contains('<') {
        Identity::read(text.as_bytes())
    } else {
        Identity::new("", text)
    }
}
