//! What the driver knows at the moment of a `start` or `resume`, and how a channel enters the dialplan.

use std::collections::BTreeMap;
use std::sync::Arc;

use strowger_stdlib::time::{Moment, Zone};

use crate::Text;
use crate::party::Party;

/// A moment: microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time(pub i64);

impl Time {
    /// From whole seconds since 1970.
    pub fn from_seconds(s: i64) -> Time {
        Time(s.saturating_mul(1_000_000))
    }

    /// Whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The same for stdlib.
    pub(crate) fn moment(self) -> Moment {
        Moment { micros: self.0 }
    }
}

/// What the driver knows when it starts or resumes a VM. The VM does not wait in between, so it is not stale.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The clock.
    pub now: Time,
    /// The global variables.
    pub globals: Arc<Globals>,
    /// The machine: names and directories.
    pub system: Arc<System>,
}

/// A snapshot of the global variables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Globals(pub BTreeMap<Text, Text>);

impl Globals {
    /// The value of a global, `None` if it was never set.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

/// What does not change while the exchange runs: the "always" built-ins of DL-185 and the time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// Time zone of the server; default UTC.
    pub zone: Zone,
    /// Whether the prompts of digits and letters are installed (SAYFILES asks).
    pub has_prompts: bool,
    /// SYSTEMNAME, ENTITYID, ASTCACHEDIR, ASTETCDIR, ASTVARLIBDIR ... by name; an absent one reads empty.
    pub names: BTreeMap<&'static str, Text>,
}

impl Default for System {
    fn default() -> System {
        System {
            zone: Zone::utc(),
            has_prompts: true,
            names: BTreeMap::new(),
        }
    }
}

/// Bytes that a channel keeps of the names of its context and its extension (DL-081). What is longer is cut, and then not found.
pub const PLACE_BYTES: usize = 79;

/// A place in the dialplan by name and number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Place {
    /// Case-sensitive.
    pub context: Text,
    /// What was dialled; empty means `s`.
    pub exten: Text,
    /// From 1.
    pub priority: u32,
}

impl Place {
    /// A place.
    pub fn new(context: impl Into<Text>, exten: impl Into<Text>, priority: u32) -> Place {
        Place {
            context: context.into(),
            exten: exten.into(),
            priority,
        }
    }
}

/// How a channel enters: who it is, what it brings, what it shall run.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Who is on the channel.
    pub party: Party,
    /// Variables set before the first step, in order; a name may carry `_` or `__` (setvar, set_var, inherited ones).
    pub variables: Vec<(Text, Text)>,
    /// What to run.
    pub run: Run,
}

/// What an [`Entry`] runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Run {
    /// A call from here to its end: `Step::Done`.
    Call(Place),
    /// A message outside a call (DL-320): like a call, without `h`.
    Message(Place),
    /// A subroutine with arguments, ended by Return: `Step::Returned` with GOSUB_RETVAL; then the VM can be started again
    /// by [`Vm::call`](crate::Vm::call) or dropped.
    Sub(Place, Vec<Text>),
    /// One application with its arguments (`Macro(name,args)`) as a step at this place would run it, without going on from there:
    /// `Step::Returned` with empty text when it is done, or `Step::Done` when it ended the dialplan.
    Line(Place, Text),
    /// Nothing but what is left at the end of a channel without a dialplan: this place (`h` of a context) if it is there, and the hangup
    /// handlers.
    Over(Place),
    /// Substitute one text as if it were the argument of an application at this place: `Step::Returned` with the result, or
    /// `Step::Done` when an application of `before` ended the dialplan.
    Eval {
        /// Where `${CONTEXT}`, `${EXTEN}`, `${PRIORITY}` say it stands.
        place: Place,
        /// Application lines (`App(args)`) to run first.
        before: Vec<Text>,
        /// The text.
        text: Text,
    },
}

impl Run {
    /// Where it begins.
    pub fn place(&self) -> &Place {
        match self {
            Run::Call(place)
            | Run::Message(place)
            | Run::Sub(place, _)
            | Run::Line(place, _)
            | Run::Over(place)
            | Run::Eval { place, .. } => place,
        }
    }
}

impl Entry {
    /// A call without variables.
    pub fn call(party: Party, at: Place) -> Entry {
        Entry {
            party,
            variables: Vec::new(),
            run: Run::Call(at),
        }
    }
}
