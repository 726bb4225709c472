//! The virtual machine of the dialplan: bytecode in, effects out.
//!
//! [`Vm`] runs a verified [`Module`] for one channel. It is sans-IO: it returns a [`Step`] whenever it needs the world, and
//! goes on when it is given a [`Reply`]. The same bytes in give the same bytes out.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod adopt;
mod app;
mod arguments;
mod assemble;
mod builder;
mod builtin;
mod choice;
mod code;
mod control;
mod dfa;
mod dial;
pub mod effect;
pub mod explain;
mod format;
mod frame;
mod function;
mod guard;
mod identity;
mod inputs;
mod items;
mod jump;
mod jumping;
mod keys;
mod known;
mod limits;
mod listing;
mod loops;
mod macro_;
mod media;
mod module;
mod op;
mod origin;
mod party;
pub mod pattern;
mod quick;
mod route;
mod run;
mod short;
mod slow;
mod strings;
pub mod trace;
mod trie;
pub mod typed;
mod verify;
mod write;

pub use assemble::{Arithmetic, Forward, Quick, Temporary};
pub use builder::{Builder, ContextId, EntryId, StepCode, StepHead};
pub use effect::{Effect, Reply};
pub use guard::Comparison;
pub use identity::{Details, Identity, Others, Reason, Redirecting, Subaddress};
pub use inputs::{Entry, Globals, Inputs, PLACE_BYTES, Place, Run, System, Time};
pub use jump::{Target, read_target};
pub use limits::Limits;
pub use module::{BadModule, LoopPlace, Module, Options};
pub use op::instruction_set;
pub use origin::{Digest, Origin};
pub use party::{Datum, Message, Party, State};
pub use route::{Match, ON_MESSAGE};
pub use run::Vm;
pub use short::Short;
pub use trace::{Executed, Trace};

/// Dialplan text: bytes, never assumed to be UTF-8.
pub type Text = Vec<u8>;

/// Why the VM stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// It needs this done; then [`Vm::resume`].
    Effect(Effect),
    /// A subroutine or an evaluation ended with this value.
    Returned(Text),
    /// The dialplan of this channel has ended, `h` and hangup handlers included. The driver now hangs the channel up.
    Done(Outcome),
    /// The budget of instructions is spent. Let others run, then `resume` with [`Reply::done`].
    OutOfFuel,
    /// A bound was hit or the module is damaged: the call ends here.
    Fault(Fault),
}

/// How the dialplan of a channel ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The hangup cause to end the channel with (Q.850); 0 when nobody set one.
    pub cause: u16,
    /// What led to the end.
    pub why: Ending,
}

/// What led to the end of a dialplan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// An application ended it (Hangup, Busy, a Dial whose call is over, an application nobody knows ...).
    Application,
    /// The priorities ran out (autofallthrough).
    FellThrough,
    /// The channel was hung up from outside.
    HungUp,
    /// Nothing to go to: no such extension and neither `i`, `t`, `T` nor `e`.
    NoWay,
}

/// A bound was hit, or the module does not fit the code in it. Always with the place where the channel stood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, at priority {} of {} in {}", place.priority, String::from_utf8_lossy(&place.exten), String::from_utf8_lossy(&place.context))]
pub struct Fault {
    /// Which bound.
    pub kind: FaultKind,
    /// Where.
    pub place: Place,
}

/// The bounds of a channel (see [`Limits`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The budget of instructions was spent too often without any effect.
    #[error("endless loop: the budget of instructions was spent too often without an effect")]
    Fuel,
    /// Variables and frames hold more bytes than allowed.
    #[error("variables need more memory than a channel may use")]
    Memory,
    /// Too many Gosub frames.
    #[error("subroutines are nested too deeply")]
    Depth,
    /// Too many effects.
    #[error("too many effects")]
    Effects,
    /// The VM was resumed with nothing to resume.
    #[error("nothing to resume")]
    Protocol,
}

/// Something that happened to the channel while it was waiting. Latched by [`Vm::interrupt`], acted upon by the next
/// [`Vm::resume`], after the reply's variables have been stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupt {
    /// The channel was hung up, with this cause (0: none given).
    Hangup {
        /// Q.850 cause.
        cause: u16,
    },
    /// `TIMEOUT(absolute)` has expired ([`Vm::deadline`]): `T`, else `e`, else the end.
    AbsoluteTimeout,
    /// Go on there, without `h` (DL-168).
    Redirect(Place),
}
