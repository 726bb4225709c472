//! What the tables of stdlib know of names, for the Asterisk that a module was compiled for.

use strowger_stdlib::signatures::{self, Signature, Version};

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

/// The newest release of a major version.
fn release(major: u32) -> Version {
    Version(u16::try_from(major).unwrap_or(u16::MAX), u16::MAX, u16::MAX)
}

/// What the application of this name is, in any letter case (DL-077).
pub(crate) fn application(name: &[u8], major: u32) -> Known {
    let signature = signatures::application(name);
    match (
        signature.filter(|s| s.exists_in(release(major))),
        Kind::of(name),
    ) {
        (Some(_), Some(kind)) => Known::Here(kind),
        (Some(signature), None) => Known::Elsewhere(signature),
        (None, _) => Known::Nowhere,
    }
}

/// Whether a function of exactly this name exists.
pub(crate) fn function(name: &[u8], major: u32) -> bool {
    signatures::function(name).is_some_and(|s| s.exists_in(release(major)))
}
