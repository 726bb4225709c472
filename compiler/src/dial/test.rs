//! What the `test`s of a file say, checked: the world in the keys of a test file (`*.test.yaml`), so that one reader understands both
//! notations, and what is expected as a tree that is asked when the calls are over.

use crate::source::Span;

/// A `test`.
#[derive(Clone, Debug)]
pub struct Block {
    /// What is meant.
    pub title: String,
    /// Where that stands.
    pub span: Span,
    /// The world and the calls, by the keys of a test in a test file.
    pub said: Vec<(Key, Said)>,
    /// Phones that are named by `device("...")`: the device files need not know them.
    pub unlisted: Vec<Span>,
    /// What must be so afterwards.
    pub claims: Vec<Claim>,
}

/// A key of a test file, and where the `.dial` file says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// As a test file writes it: `hang up`.
    pub name: String,
    /// Where.
    pub span: Span,
}

/// A value of a test file, and where the `.dial` file says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: SaidKind,
}

/// The kinds of value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SaidKind {
    /// A key without a value.
    Nothing,
    /// A text, a number, a time.
    Text(String),
    /// Several.
    List(Vec<Said>),
    /// Keys with values.
    Map(Vec<(Key, Said)>),
}

/// One `expect`, or a part of it that stands between `and`.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Where it stands.
    pub span: Span,
    /// What must be true; [`Ask::Trace`] alone: the trace is as it was accepted.
    pub formula: Formula,
}

/// An expression of an `expect`.
#[derive(Clone, Debug)]
pub struct Formula {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: FormulaKind,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum FormulaKind {
    /// It says its value.
    Known(Value),
    /// What happened, of all calls or of one, by its number in the test.
    Ask(Option<usize>, Ask),
    /// A text as a value of a type.
    Read(Box<Formula>, As),
    /// Several.
    List(Vec<Formula>),
    /// How many a list has.
    Count(Box<Formula>),
    /// One of a list; nothing if it has fewer.
    Item(Box<Formula>, usize),
    /// `not`.
    Not(Box<Formula>),
    /// `and`.
    Both(Box<Formula>, Box<Formula>),
    /// `or`.
    Either(Box<Formula>, Box<Formula>),
    /// `==`, `<` and the others.
    Compare(Compare, Box<Formula>, Box<Formula>),
    /// Whether a list has this.
    In(Box<Formula>, Box<Formula>),
    /// Whether a text matches this regular expression.
    Matches(Box<Formula>, String),
    /// Whether a text holds another one.
    Contains(Box<Formula>, Box<Formula>),
}

/// A comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compare {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Compare {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Compare::Equal => "==",
            Compare::Unequal => "!=",
            Compare::Less => "<",
            Compare::LessEqual => "<=",
            Compare::Greater => ">",
            Compare::GreaterEqual => ">=",
        }
    }

    /// The same with its sides changed.
    #[must_use]
    pub fn turned(self) -> Compare {
        match self {
            Compare::Less => Compare::Greater,
            Compare::LessEqual => Compare::GreaterEqual,
            Compare::Greater => Compare::Less,
            Compare::GreaterEqual => Compare::LessEqual,
            same => same,
        }
    }
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// `None`, or a variable that is not set.
    Nothing,
    /// A truth.
    Bool(bool),
    /// A number.
    Int(i64),
    /// Milliseconds.
    Duration(u64),
    /// A text; a case of an enum by its name.
    Text(String),
    /// Several.
    List(Vec<Value>),
}

/// What can be asked when the calls are over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Endpoints that were called.
    Dialed,
    /// Prompts that the caller heard.
    Heard,
    /// What was spelled or counted.
    Spoken,
    /// Texts within the call.
    Texts,
    /// Lines of the log.
    Logs,
    /// The applications that ran.
    Apps,
    /// The steps that ran, by application, application with arguments, or place.
    Path,
    /// A part of each message that was sent.
    Messages(Part),
    /// A part of each message that was left in a mailbox.
    Mail(MailPart),
    /// The messages in one mailbox.
    MailIn(String),
    /// The hangup cause, as a number.
    Cause,
    /// How the call ended, in words: one of [`REASONS`].
    Reason,
    /// Whether it was answered.
    Answered,
    /// How long it took.
    Elapsed,
    /// How often the exchange did something for it.
    Effects,
    /// A field of its record.
    Record(Record),
    /// A variable of the channel at its end.
    Variable(String),
    /// A global variable at the end.
    Global(String),
    /// A key of the database at the end.
    Database(String),
    /// Prompts that a called phone heard.
    PhoneHeard(String),
    /// Keys that came to it.
    PhoneKeys(String),
    /// Applications that its channel ran.
    PhoneApps(String),
    /// The whole trace.
    Trace,
}

/// A part of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Where it went: what stands before the `@`.
    To,
    /// Who it was from: what stands before the `@`.
    From,
    /// Its text.
    Body,
    /// What became of it, in Asterisk's words.
    Status,
}

/// A part of a message in a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailPart {
    /// The mailbox: its number, or `number@context`.
    Mailbox,
    /// What its caller was told before: one of [`GREETINGS`].
    Greeting,
    /// How long it is.
    Length,
}

/// What a caller may be told before a message is left.
pub const GREETINGS: [&str; 3] = ["none", "busy", "unavailable"];

/// A field of the record of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// `ANSWERED` and so on.
    Disposition,
    /// From its beginning to its end.
    Duration,
    /// From its answer to its end.
    BillSec,
}

/// How a text is a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum As {
    /// As it stands.
    Text,
    /// A number.
    Int,
    /// `1` is true.
    Bool,
    /// Seconds.
    Duration,
    /// A case, by what Asterisk calls it.
    Case(Vec<(String, Vec<String>)>),
    /// Nothing if it is empty.
    Option(Box<As>),
}

/// How a call may end.
pub const REASONS: [&str; 6] = [
    "not found",
    "hung up",
    "busy",
    "congestion",
    "stalled",
    "fault",
];

/// What a phone does with a call: in `.dial`, and its key in a test file.
pub const MANNERS: [(&str, &str); 9] = [
    ("answers", "answers"),
    ("busy", "busy"),
    ("never_answers", "never answers"),
    ("declines", "declines"),
    ("unavailable", "unavailable"),
    ("unregistered", "unregistered"),
    ("congested", "congested"),
    ("drops_after", "drops"),
    ("redirects", "redirects"),
];

/// What may be said of that: a named argument, and its key in a test file.
pub const MANNER_ARGUMENTS: [(&str, &str); 6] = [
    ("after", "after"),
    ("hangs_up", "hangs up"),
    ("then", "then"),
    ("to", "to"),
    ("calls_at_once", "calls at once"),
    ("texts", "texts"),
];

/// What somebody does in a call.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// In `.dial`.
    pub name: &'static str,
    /// In a test file, of a phone that is called; empty: only callers do so.
    pub phone: &'static str,
    /// In a test file, of a caller; empty: only phones do so.
    pub caller: &'static str,
    /// What it takes.
    pub takes: Takes,
}

/// What an act takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A text.
    Text,
    /// A sound.
    Prompt,
    /// A time.
    Duration,
}

const fn both(name: &'static str, key: &'static str, takes: Takes) -> Act {
    Act {
        name,
        phone: key,
        caller: key,
        takes,
    }
}

/// Everything that somebody does in a call.
pub const ACTS: [Act; 12] = [
    Act {
        name: "wait",
        phone: "wait",
        caller: "after",
        takes: Takes::Duration,
    },
    Act {
        name: "talk",
        phone: "talk",
        caller: "",
        takes: Takes::Duration,
    },
    Act {
        name: "when_answered",
        phone: "",
        caller: "at answer",
        takes: Takes::Nothing,
    },
    both("after_prompt", "after prompt", Takes::Prompt),
    both("during_prompt", "during prompt", Takes::Prompt),
    both("press", "press", Takes::Text),
    both("send_text", "text", Takes::Text),
    both("transfer", "transfer", Takes::Text),
    both("attended_transfer", "attended transfer", Takes::Text),
    both("hangup", "hang up", Takes::Nothing),
    both("hold", "hold", Takes::Nothing),
    both("unhold", "unhold", Takes::Nothing),
];

/// What is said of a caller as a whole: in `.dial`, and its key in a test file.
pub const OF_CALLERS: [(&str, &str); 3] = [
    ("begins", "after"),
    ("keys", "press"),
    ("hangs_up", "hangs up"),
];

/// What a test may ask when its calls are over, and what it is.
pub const ASKED: [(&str, &str); 18] = [
    ("dialed", "the endpoints that were called, in order"),
    ("heard", "the prompts that the caller heard, in order"),
    ("said", "what was spelled or counted, in order"),
    ("status", "how the last `dial` ended"),
    ("cause", "the hangup cause"),
    (
        "reason",
        "how the call ended: \"busy\", \"hung up\" and so on",
    ),
    ("answered", "whether the call was answered"),
    ("elapsed", "how long the call took"),
    ("effects", "how often the exchange did something for it"),
    ("apps", "the applications that ran, in order"),
    (
        "path",
        "the steps that ran, with arguments or by their places",
    ),
    ("texts", "texts that were sent within the call"),
    ("logs", "lines of the log"),
    ("messages", "texts that were sent outside calls"),
    ("cdr", "the record of the call"),
    ("calls", "each of several calls"),
    ("trace", "the whole trace: snapshot(trace)"),
    ("voicemail", "the messages that were left in mailboxes"),
];

/// What a test is given, but phones and variables, and what it is.
pub const GIVEN: [(&str, &str); 11] = [
    ("now", "when the call comes"),
    ("seed", "where random numbers begin"),
    ("caller", "`caller.name`, `caller.number`"),
    (
        "channel",
        "`channel.language`, or a variable of the call by its name",
    ),
    ("globals", "a global variable by its name"),
    ("db", "the database: db(\"family/key\")"),
    ("sound", "how long a prompt is; None: it is not there"),
    ("function", "what a function answers that reaches outside"),
    ("environment", "a variable of the environment"),
    ("mailboxes", "which mailboxes there are"),
    ("device", "an endpoint that no file names"),
];
