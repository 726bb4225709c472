//! The compiled dialplan.

/// A verified dialplan in bytecode.
#[derive(Debug, Clone, Default)]
pub struct Module {}
