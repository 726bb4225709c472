//! What a scenario came to, as plain data.

use super::{Answered, Happened};
use crate::channel::End;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use strowger_vm::effect::Level;
use strowger_vm::trace::Source;
use strowger_vm::{Globals, Place, Text, Time};

use super::scenario::Act;

/// Everything that happened, and what is left. Lists are in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// When it began.
    pub began: Time,
    /// When the last channel was gone.
    pub ended: Time,
    /// Steps, variables and notes of all channels.
    pub trace: Vec<Happened>,
    /// What the channels asked of the world, and its answers.
    pub answers: Vec<Answered>,
    /// The channels; the number is that in the trace.
    pub channels: Vec<Channel>,
    /// Calls, in the order of the scenario; then those that phones made by themselves.
    pub calls: Vec<CallReport>,
    /// Texts that came in, in the order of the scenario.
    pub messages: Vec<MessageReport>,
    /// Endpoints, and places behind `Local/`, that were dialled.
    pub dialed: Vec<Dialed>,
    /// Prompts, played or missing.
    pub heard: Vec<Heard>,
    /// Texts that the plan sent, outside calls and inside.
    pub sent: Vec<Sent>,
    /// Messages that were left in mailboxes.
    pub mail: Vec<Mail>,
    /// What phones did.
    pub acted: Vec<Acted>,
    /// Keys and texts that came to phones in calls.
    pub received: Vec<Received>,
    /// Log() and Verbose().
    pub logs: Vec<Logged>,
    /// What the plan wanted of the outside and nobody described. A test takes each for an error.
    pub unmocked: Vec<Unmocked>,
    /// Options of Dial that would have changed this run, and that neither the exchange nor this world has.
    pub ignored: Vec<Ignored>,
    /// Somebody waited without an end, and nothing more would have happened: everybody was hung up.
    pub stalled: bool,
    /// A bound was reached; what comes after is not known.
    pub cut: Option<Cut>,
    /// Global variables at the end.
    pub globals: Arc<Globals>,
    /// The database at the end.
    pub database: BTreeMap<Text, Text>,
    /// The environment at the end.
    pub environment: BTreeMap<Text, Text>,
    /// Files at the end.
    pub files: BTreeMap<Text, Text>,
}

/// Why a run was cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Too many channels and phones ([`SIM_TASKS`](crate::limits::SIM_TASKS), [`SIM_AT_ONCE`](crate::limits::SIM_AT_ONCE)).
    Tasks,
    /// Too much happened ([`SIM_EVENTS`](crate::limits::SIM_EVENTS)).
    Events,
    /// It took too long ([`SIM_TIME`](crate::limits::SIM_TIME)), in virtual time.
    Time,
}

impl Cut {
    /// One sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Cut::Tasks => "too many channels and phones: what more was called could not be reached",
            Cut::Events => "too much happened: the run was cut short",
            Cut::Time => "the calls went on for more than ten years: they were ended",
        }
    }
}

/// To whom something belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A call: its place in [`Report::calls`].
    Call(usize),
    /// A text that came in: its place in [`Report::messages`].
    Message(usize),
}

/// A channel that ran at least one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// `PJSIP/1001-00000000`, `Local/1@x-00000001;2`.
    pub name: Text,
    /// The call or text that led to it.
    pub of: Of,
    /// It is the channel of a phone that was called, and runs dialplan of its own: by options of Dial.
    pub called: bool,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallReport {
    /// The channel's name; empty if it never began.
    pub name: Text,
    /// The number of its own channel in the trace, if it ran a step.
    pub channel: Option<usize>,
    /// The call during which a phone made this one, to transfer it.
    pub by: Option<usize>,
    /// How its dialplan ended; `None`: the run was cut short before.
    pub end: Option<End>,
    /// Its variables at the end, `h` included.
    pub variables: Vec<(Text, Text)>,
    /// When it began.
    pub began: Time,
    /// When it was over, `h` included.
    pub ended: Time,
    /// Somebody in it waited without an end, and it was hung up for that.
    pub stalled: bool,
    /// Its call detail record.
    pub cdr: Cdr,
}

impl CallReport {
    /// A variable at the end.
    #[must_use]
    pub fn variable(&self, name: &[u8]) -> Option<&[u8]> {
        let found = self.variables.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_slice())
    }

    /// The cause with which it ended; 0: nobody gave one.
    #[must_use]
    pub fn cause(&self) -> u16 {
        self.end.as_ref().map_or(0, End::cause)
    }

    /// How long it took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        span(self.began, self.ended)
    }
}

/// A call detail record of the calling side, as Asterisk writes one (its defaults: congestion counts as failed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cdr {
    /// When the call came.
    pub start: Time,
    /// When it was answered.
    pub answer: Option<Time>,
    /// When it was hung up, before `h` ran.
    pub end: Time,
    /// What became of it.
    pub disposition: Disposition,
}

impl Cdr {
    /// From start to end.
    #[must_use]
    pub fn duration(&self) -> Duration {
        span(self.start, self.end)
    }

    /// From answer to end; zero without an answer.
    #[must_use]
    pub fn billsec(&self) -> Duration {
        self.answer
            .map_or(Duration::ZERO, |answer| span(answer, self.end))
    }
}

/// `CDR(disposition)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The caller's channel was answered.
    Answered,
    /// Nobody answered.
    NoAnswer,
    /// Busy.
    Busy,
    /// It could not be connected.
    Failed,
}

impl Disposition {
    /// As Asterisk spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Disposition::Answered => "ANSWERED",
            Disposition::NoAnswer => "NO ANSWER",
            Disposition::Busy => "BUSY",
            Disposition::Failed => "FAILED",
        }
    }
}

/// What became of a text that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageReport {
    /// The number of its channel in the trace, if it ran a step.
    pub channel: Option<usize>,
    /// How its dialplan ended; `None`: the run was cut short before.
    pub end: Option<End>,
    /// Its variables at the end.
    pub variables: Vec<(Text, Text)>,
    /// When its dialplan began.
    pub began: Time,
    /// When it was done.
    pub ended: Time,
}

/// A target of a Dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialed {
    /// When.
    pub at: Time,
    /// For whom.
    pub of: Of,
    /// The channel that dialled.
    pub channel: usize,
    /// As dialled: `PJSIP/61`, `Local/1@x`.
    pub endpoint: Text,
    /// What became of it.
    pub outcome: Outcome,
    /// When that was known; for one that answered, the answer.
    pub settled: Time,
    /// Where the Dial stands.
    pub place: Place,
    /// Its line.
    pub source: Option<Source>,
}

impl Dialed {
    /// Whether it leads into the plan again, not to a phone.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let prefix = self.endpoint.get(..6);
        prefix.is_some_and(|p| p.eq_ignore_ascii_case(b"Local/"))
    }
}

/// What became of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It answered.
    Answered,
    /// It failed with this Q.850 cause.
    Failed(u16),
    /// Dial gave up on it: its time was over, another one answered, or the caller hung up.
    GivenUp,
}

/// A prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// When it began.
    pub at: Time,
    /// When it was over.
    pub until: Time,
    /// For whom.
    pub of: Of,
    /// The channel that played it.
    pub channel: usize,
    /// The file, as the plan names it.
    pub file: Text,
    /// How.
    pub how: Played,
    /// Somebody could hear it: the channel was answered or had said Progress (DL-311), and a caller before it listens.
    pub audible: bool,
    /// What was said with it, if SayDigits or one of its relatives did: the argument. Several prompts have the same.
    pub said: Option<Text>,
}

/// How a prompt was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played {
    /// To its end.
    Whole,
    /// A key or a hang-up broke it off.
    Broken,
    /// There is no such sound.
    Missing,
}

/// A text that the plan sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Time,
    /// For whom.
    pub of: Of,
    /// The channel that sent it.
    pub channel: usize,
    /// To whom: as MessageSend was told; for SendText the far end's channel or endpoint.
    pub to: Text,
    /// Who sends, as MessageSend was told.
    pub from: Text,
    /// The text.
    pub body: Text,
    /// MESSAGE_SEND_STATUS or SENDTEXTSTATUS.
    pub status: Text,
    /// By SendText.
    pub inside_call: bool,
}

/// A message that VoiceMail left in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// When it began.
    pub at: Time,
    /// For whom.
    pub of: Of,
    /// The channel that left it.
    pub channel: usize,
    /// `number@context`.
    pub mailbox: Text,
    /// What its caller was told before.
    pub greeting: Greeting,
    /// How long it is.
    pub length: Duration,
}

/// What VoiceMail tells a caller of the owner of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    /// Nothing.
    None,
    /// Option `b`.
    Busy,
    /// Option `u`.
    Unavailable,
}

impl Greeting {
    /// As a test calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Greeting::None => "none",
            Greeting::Busy => "busy",
            Greeting::Unavailable => "unavailable",
        }
    }
}

/// Something that a phone did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// When.
    pub at: Time,
    /// The phone.
    pub endpoint: Text,
    /// In which call.
    pub of: Of,
    /// What. Waiting is not told.
    pub act: Act,
}

/// Something that came to a phone in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// When.
    pub at: Time,
    /// The phone.
    pub endpoint: Text,
    /// In which call.
    pub of: Of,
    /// What.
    pub what: Came,
}

/// See [`Received`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// A key that the other side pressed.
    Key(u8),
    /// A text.
    Text(Text),
}

/// A line of Log() or Verbose().
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// When.
    pub at: Time,
    /// The channel.
    pub channel: usize,
    /// How grave.
    pub level: Level,
    /// The text.
    pub text: Text,
}

/// Something of the outside that nobody described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmocked {
    /// When it was wanted.
    pub at: Time,
    /// By which channel.
    pub channel: usize,
    /// What kind of thing.
    pub kind: Kind,
    /// `PJSIP/63`, `sip:63@pbx`, `CURL(http://x)`, `VoiceMail`.
    pub what: Text,
    /// The step that wanted it. What stands in its arguments is asked before it is known: then it is the step before.
    pub place: Place,
    /// Its line.
    pub source: Option<Source>,
}

/// An option of Dial without effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// When it would have counted.
    pub at: Time,
    /// On which channel.
    pub channel: usize,
    /// Its letter.
    pub option: u8,
    /// In words.
    pub text: String,
    /// The Dial.
    pub place: Place,
    /// Its line.
    pub source: Option<Source>,
}

/// See [`Unmocked`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was dialled: CHANUNAVAIL.
    Endpoint,
    /// A text was sent to it: FAILURE.
    Text,
    /// A function that reaches outside: empty.
    Function,
    /// An application that the simulator does not have: it did nothing.
    Application,
}

pub(super) fn span(from: Time, to: Time) -> Duration {
    Duration::from_micros(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0))
}

/// Adds to a list that is bounded; what is more is counted.
pub(super) fn keep<T>(list: &mut Vec<T>, item: T, dropped: &mut u64) {
    if list.len() < crate::limits::SIM_KEPT {
        list.push(item);
    } else {
        *dropped += 1;
    }
}
