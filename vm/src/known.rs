//! What the tables of stdlib know of names, for the Asterisk that a module was compiled for.

use strowger_stdlib::Dialect;
use strowger_stdlib::signatures::{self, Signature};

use crate::app::Kind;

/// What an application's name means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Known {
    /// The VM runs it.
    Here(Kind),
    /// The driver may serve it.
    Elsewhere(&'static Signature),
    /// No such application: the call ends (DL-150).
    Nowhere,
}

/// What the application of this name is, in any letter case (DL-077).
pub(crate) fn application(name: &[u8], dialect: &Dialect) -> Known {
    let signature = signatures::application(name);
    match (
        signature.filter(|s| s.exists_in(dialect.release())),
        Kind::of(name),
    ) {
        (Some(_), Some(kind)) => Known::Here(kind),
        (Some(signature), None) => Known::Elsewhere(signature),
        (None, _) => Known::Nowhere,
    }
}

/// Whether a function of exactly this name exists.
pub(crate) fn function(name: &[u8], dialect: &Dialect) -> bool {
    signatures::function(name).is_some_and(|s| s.exists_in(dialect.release()))
}
