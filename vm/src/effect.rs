//! What a channel asks of the world, and what the world says back.
//!
//! The VM never waits, reads no clock and opens nothing. When an application or a function needs something that only the
//! outside knows, [`Vm::resume`](crate::Vm::resume) returns an [`Effect`]; the driver does it, however long that takes, and
//! calls `resume` again with a [`Reply`]. Both are plain data: a list of them replays a call.

use crate::identity::Identity;
use crate::party::{Message, State};
use crate::{Place, Text};

/// One thing to be done for a channel.
///
/// Each variant says who normally answers it, which [`Outcome of the reply`](Answer) is understood, and which variables the
/// reply may set ([`Reply::sets`]) and in what order. A reply of another shape is never an error: the VM takes it for "done".
///
/// "Media" effects are not handed out once the channel is hung up (in `h` and in hangup handlers): the VM then answers
/// [`Answer::Gone`] itself. Every waiting effect ends with [`Answer::Gone`] when the channel is hung up while it waits.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Answer the channel. The driver replies `Done` with `state` Up. `delay_ms`: how long to wait for media afterwards;
    /// `None` asks for no wait at all (`Answer(,i)`). Sets nothing.
    Answer {
        /// Milliseconds to wait for media after the answer; `None`: do not wait.
        delay_ms: Option<u64>,
    },
    /// Dial other channels and, when one answers, stay until the bridge ends.
    /// `Done`: the dialplan goes on with the next priority. `Stop` or `Gone`: it ends (then `h`). `Jump`: it goes on there
    /// (option `d`, a transfer, `GOSUB_RESULT=GOTO:`). Sets, in this order, those that apply: DIALSTATUS, DIALEDPEERNAME,
    /// DIALEDPEERNUMBER, DIALEDTIME, DIALEDTIME_MS, ANSWEREDTIME, ANSWEREDTIME_MS, RINGTIME, RINGTIME_MS, PROGRESSTIME,
    /// PROGRESSTIME_MS, FORWARDERNAME; the VM has blanked them before. HANGUPCAUSE is [`Reply::cause`].
    Dial(Box<Dial>),
    /// Play files one after the other. Media. `Done`: played; `Digit`: a digit of `interrupt` broke the play.
    /// Sets PLAYBACKSTATUS (`status` names the variable) to SUCCESS or FAILED.
    Play(Play),
    /// Play these prompts, already put in order (digits, numbers ...). Media. As [`Effect::Play`], but a missing file is
    /// only logged and nothing is set.
    Say {
        /// File names without extension, looked up like those of Playback.
        prompts: Vec<Text>,
        /// Digits that break it.
        interrupt: Interruptible,
    },
    /// Send back what is heard until `#` (`Done`) or hang-up (`Gone`). Media. Sets nothing.
    Echo,
    /// Do nothing for so long. Digits are ignored. `Done`, or `Gone` when hung up meanwhile. Sets nothing.
    Wait {
        /// Milliseconds.
        ms: u64,
    },
    /// Wait for one digit. Media. `Digit(d)`, or `Done` at the end of the time. Sets nothing.
    Digit {
        /// Milliseconds; `None` waits until hang-up.
        timeout_ms: Option<u64>,
    },
    /// Tell the caller that it rings (180). `Done`. Sets nothing.
    Ringing,
    /// Open early media (183). `Done`. Sets nothing.
    Progress,
    /// Tell the caller that the call proceeds (100). `Done`. Sets nothing.
    Proceeding,
    /// Refuse as busy (486 before the answer), else play the busy tone; wait, then reply `Stop`. The VM has set the cause
    /// to 17 when the channel was not up. Media only in so far as there is a tone. Sets nothing.
    Busy {
        /// Milliseconds; `None` waits until hang-up.
        timeout_ms: Option<u64>,
    },
    /// As [`Effect::Busy`], with 503, congestion tone, cause 34.
    Congestion {
        /// Milliseconds; `None` waits until hang-up.
        timeout_ms: Option<u64>,
    },
    /// Send a message outside any call (MessageSend). Wait for the far end's final answer. `Done`. Sets
    /// MESSAGE_SEND_STATUS: SUCCESS, FAILURE, INVALID_PROTOCOL, INVALID_URI.
    SendMessage(Box<Outgoing>),
    /// Send a text inside the present call (SendText). `Done`. Sets SENDTEXTSTATUS (SUCCESS, FAILURE, UNSUPPORTED), then
    /// SENDTEXTTYPE (NONE, BASIC, ENHANCED).
    SendText {
        /// The text.
        text: Text,
        /// Its media type, from SENDTEXT_CONTENT_TYPE; empty: text/plain.
        content_type: Text,
    },
    /// A line for the log (Log). `Done` at once. Sets nothing.
    Log {
        /// How grave.
        level: Level,
        /// What to print, one line.
        text: Text,
    },
    /// A line for the console (Verbose). `Done` at once. Sets nothing.
    Verbose {
        /// 0 to 4; shown when the console is at least that talkative.
        level: u8,
        /// What to print.
        text: Text,
    },
    /// Write or delete (`None`) a global variable. The next [`Inputs`](crate::Inputs) hold the new table. `Done`.
    SetGlobal {
        /// Its name, case-sensitive.
        name: Text,
        /// The new value; `None` deletes it.
        value: Option<Text>,
    },
    /// Read one key of the database. `Value`, or `Done` when there is none. The VM sets DB_RESULT.
    DbGet {
        /// Text before the first `/`.
        family: Text,
        /// Text after it.
        key: Text,
    },
    /// Write one key of the database. `Done`.
    DbPut {
        /// Text before the first `/`.
        family: Text,
        /// Text after it.
        key: Text,
        /// The new value.
        value: Text,
    },
    /// Delete a key, or with `tree` a key and everything below it. `Value(old)`, or `Done` when there was none.
    DbDelete {
        /// Text before the first `/`.
        family: Text,
        /// Text after it; empty with `tree`: the whole family.
        key: Text,
        /// The whole subtree.
        tree: bool,
    },
    /// The next path components below a prefix (DB_KEYS) joined by commas: `Value`; `Done` when there are none.
    DbKeys {
        /// `family` or `family/some/path`.
        prefix: Text,
    },
    /// A random whole number, both bounds included: `Value` in decimal.
    Random {
        /// Lowest result.
        min: i64,
        /// Highest result.
        max: i64,
    },
    /// A dialplan function that only the engine knows (DEVICE_STATE, GROUP_COUNT, PJSIP_HEADER ...), or a CHANNEL() item that
    /// the VM does not keep. `Value`; `Done`: known but empty; `Unserved`: nobody knows it, the VM warns and takes empty text.
    ReadFunction {
        /// Upper-case name.
        function: Text,
        /// Everything between the parentheses, unsplit.
        args: Text,
    },
    /// The writing side of [`Effect::ReadFunction`]. `Done` or `Unserved` (the VM warns; the dialplan goes on).
    WriteFunction {
        /// Upper-case name.
        function: Text,
        /// Everything between the parentheses, unsplit.
        args: Text,
        /// What stood right of the `=`.
        value: Text,
    },
    /// An application that the signature table knows and that has no variant of its own. A driver that serves it replies as
    /// the application would (`Done` = 0, `Stop` = -1, `Digit`, `Jump`) with its variables in the order of its signature;
    /// any other driver replies `Unserved`: the VM says so in the trace and the channel hangs up (DL-150).
    Unserved {
        /// As the signature table spells it.
        application: Text,
        /// Arguments after substitution, unsplit.
        args: Text,
    },
}

/// What [`Effect::Dial`] asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dial {
    /// Whom to call, all at once; never empty.
    pub targets: Vec<Target>,
    /// Give up after so many milliseconds; `None`: never.
    pub timeout_ms: Option<u64>,
    /// Give up when nothing at all was heard for so many milliseconds.
    pub progress_timeout_ms: Option<u64>,
    /// Option letters in order with their arguments, as the table of Dial reads them (DL-239); a letter stands once.
    pub options: Vec<(u8, Option<Text>)>,
    /// The URL argument, empty when absent.
    pub url: Text,
    /// What the new channels start with: name (with `__` if it is inherited for ever), value (DL-274).
    pub inherited: Vec<(Text, Text)>,
    /// Who calls, at this moment.
    pub caller: Identity,
    /// Language of the caller, inherited.
    pub language: Text,
    /// Account code of the caller, inherited.
    pub account: Text,
    /// What the caller dialled (context, exten), for EXITCONTEXT, call screening and the log.
    pub place: Place,
}

impl Dial {
    /// The argument of an option, `Some(None)` for one without; `None` if the option was not given.
    pub fn option(&self, letter: u8) -> Option<Option<&[u8]>> {
        self.options
            .iter()
            .find(|(l, _)| *l == letter)
            .map(|(_, a)| a.as_deref())
    }
}

/// One element of a dial string list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Text before the first `/`, as written; compared without case.
    pub technology: Text,
    /// Text after it; its grammar belongs to the technology.
    pub resource: Text,
}

/// What [`Effect::Play`] asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Play {
    /// File names without extension, in order.
    pub files: Vec<Text>,
    /// Answer the channel first when it is not up.
    pub answer: bool,
    /// A missing file ends the list (BackGround); else it is skipped (Playback).
    pub stop_at_missing: bool,
    /// Digits that break it.
    pub interrupt: Interruptible,
    /// Language to look for instead of the channel's; empty: the channel's.
    pub language: Text,
    /// The variable that receives SUCCESS or FAILED: PLAYBACKSTATUS or BACKGROUNDSTATUS; empty: none.
    pub status: Text,
}

/// Digits that break a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Interruptible {
    /// None; they are dropped.
    #[default]
    No,
    /// Any.
    Any,
    /// These.
    Only(Text),
}

/// What [`Effect::SendMessage`] asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outgoing {
    /// Destination as given to MessageSend: `pjsip:...`, `sip:...`, `xmpp:...`.
    pub destination: Text,
    /// Second argument: who sends, empty when absent.
    pub from: Text,
    /// Third argument: the To header, empty when absent.
    pub to: Text,
    /// The message as the dialplan left it: body, and the headers that it set with MESSAGE_DATA().
    pub message: Message,
}

/// Levels of Log().
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `DEBUG`
    Debug,
    /// `VERBOSE`
    Verbose,
    /// `DTMF`
    Dtmf,
    /// `NOTICE`
    Notice,
    /// `WARNING`
    Warning,
    /// `ERROR`
    Error,
}

/// What became of an effect.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    /// The result itself.
    pub answer: Answer,
    /// Channel variables to set, in order, before anything else happens.
    pub sets: Vec<(Text, Text)>,
    /// The channel's state, if it changed.
    pub state: Option<State>,
    /// The channel's hangup cause, if it changed (HANGUPCAUSE).
    pub cause: Option<u16>,
}

/// The result in a [`Reply`].
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Answer {
    /// It is done; the application's result is 0. For a question: there is no value.
    #[default]
    Done,
    /// The answer to a question.
    Value(Text),
    /// This digit was pressed.
    Digit(u8),
    /// The application's result is -1: the dialplan of this channel ends, then `h`.
    Stop,
    /// The channel is gone; as `Stop`. The driver also calls [`Vm::interrupt`](crate::Vm::interrupt).
    Gone,
    /// Go on there.
    Jump(Place),
    /// This driver does not serve what was asked.
    Unserved,
}

impl Reply {
    /// `Done`, nothing to set. Also the reply to [`Step::OutOfFuel`](crate::Step::OutOfFuel): go on.
    pub fn done() -> Reply {
        Reply::default()
    }

    /// With this answer, nothing to set.
    pub fn with(answer: Answer) -> Reply {
        Reply {
            answer,
            ..Reply::default()
        }
    }

    /// A value was found.
    pub fn value(v: impl Into<Text>) -> Reply {
        Reply::with(Answer::Value(v.into()))
    }

    /// Adds a variable.
    #[must_use]
    pub fn set(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Reply {
        self.sets.push((name.into(), value.into()));
        self
    }

    /// Adds the channel's new state.
    #[must_use]
    pub fn state(mut self, s: State) -> Reply {
        self.state = Some(s);
        self
    }

    /// Adds the channel's new hangup cause.
    #[must_use]
    pub fn cause(mut self, c: u16) -> Reply {
        self.cause = Some(c);
        self
    }
}
