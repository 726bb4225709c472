//! Where a module comes from: what stands in the head of a `.dialc` file beside magic and version.

use crate::Text;
use crate::module::Module;

/// The digest of a source file: SHA-1.
pub type Digest = [u8; 20];

/// What a module was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Version of the compiler.
    pub compiler: Text,
    /// The files of the plan, by name, with their digests.
    pub sources: Vec<(Text, Digest)>,
    /// Global variables as loading leaves them, by name. They are the exchange's to hold; a module only brings them along.
    pub globals: Vec<(Text, Text)>,
    /// `clearglobalvars`: whether a reload forgets those that calls have set.
    pub clear_globals: bool,
}

impl Module {
    /// Where it comes from; nothing is known of one that was not made by `strowger compile`.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Says where it comes from.
    pub fn stamp(&mut self, origin: Origin) {
        self.origin = origin;
    }
}

/// FNV-1a.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
    })
}
