//! What is wrong with a test file: drawn like what is wrong with a plan.

use strowger_compiler::{Diagnostic, Level, Span};

/// The word in the place of a code.
pub(crate) const CODE: &str = "test";

/// A mistake in a test file.
pub(crate) fn problem(message: impl Into<String>, span: Span) -> Diagnostic {
    // A place without a label is not underlined.
    let found = Diagnostic::new(CODE, message, span).label("here");
    Diagnostic {
        level: Level::Error,
        ..found
    }
}
