//! Calls written down, and run again: what a plan asked of the world in live calls, and what the world said.
//!
//! ```text
//! drive -- Told --> queue --> writer: for each call a shadow runs the plan on what may be written --> one JSON object a line
//!                                                                                     file --> Reader --> Recorded --> replay
//! ```
//!
//! The exchange only hands over copies. What is written comes from the shadow: a second machine on the same plan, fed with names and
//! numbers as they may be told ([`pseudonym`](self)). So a record holds nothing that the shadow did not know, and it is known to lead the
//! plan the same way: where it does not, the call's record ends and says so.

mod asked;
mod facts;
mod line;
mod pseudonym;
mod reader;
mod recorder;
mod replay;
mod secret;
mod shadow;
mod writer;

pub use asked::{Class, asked, class, words};
pub use reader::{Bad, Counts, Ended, Head, Next, Passed, Reader, Recorded, Turn};
pub use recorder::Recording;
pub use replay::{Change, Now, Replayed, Said, Verdict, replay};
pub use writer::Sink;

pub(crate) use recorder::Recorder;
pub(crate) use writer::Writer;

/// The version of the notation.
const VERSION: u64 = 1;
/// What the head of a file says that it is.
const KIND: &str = "record";
