//! What a test file says, understood: worlds to run and what is expected of them.

use std::sync::Arc;
use strowger_compiler::Span;
use strowger_runtime::sim::scenario::Scenario;

use super::holds::Holds;
use super::want::Want;

/// One world to run, and what must be so afterwards. A test that dials several numbers is as many cases.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The name of the test, with the number behind it where it dials several.
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) span: Span,
    /// The world.
    pub(crate) scenario: Arc<Scenario>,
    /// The numbers of its calls, as they were dialled.
    pub(crate) dialled: Vec<Dialled>,
    /// What must be so.
    pub(crate) expectations: Vec<Expectation>,
    /// It stands in a `.dial` file.
    pub(crate) in_dial: bool,
}

impl Case {
    /// The same without what would notice any change.
    pub(crate) fn without_snapshots(&self) -> Case {
        let mut case = self.clone();
        case.expectations
            .retain(|e| !matches!(e.what, What::Snapshot));
        case
    }
}

/// A number, and where in the plan it was dialled.
#[derive(Clone, Debug)]
pub(crate) struct Dialled {
    pub(crate) number: String,
    pub(crate) context: String,
}

/// One thing that must be so.
#[derive(Clone, Debug)]
pub(crate) struct Expectation {
    /// Its key: `path`, or the name of a variable.
    pub(crate) key: String,
    /// Key and value in the file.
    pub(crate) span: Span,
    /// Of what.
    pub(crate) subject: Subject,
    /// What.
    pub(crate) what: What,
}

/// Of what something is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Of everything that happened; what only one call has, of the first.
    All,
    /// Of this call.
    Call(usize),
}

/// What is expected.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// The steps, in order.
    Path(Row),
    /// Called endpoints, in order.
    Dialed(Row),
    /// None of these endpoints was called.
    NeverDialed(Vec<Want>),
    /// Prompts, in order.
    Heard(Row),
    /// None of these prompts was heard.
    NeverHeard(Vec<Want>),
    /// What came to a phone that was called.
    Phone(String, PhoneField),
    /// What was spelled or counted, in order.
    Said(Row),
    /// Texts within the call, in order.
    Texts(Row),
    /// Messages, in order.
    Messages(Vec<Option<Sent>>),
    /// Messages in mailboxes, in order.
    Voicemail(Vec<Option<Mail>>),
    /// A field of the record of the call.
    Cdr(Field, Want),
    /// How long the call took.
    Time(Want),
    /// Each of these lines is in the log.
    Logs(Vec<Want>),
    /// None of these lines is in the log.
    NeverLogged(Vec<Want>),
    /// The hangup cause.
    Cause(Want),
    /// How the call ended.
    Reason(String),
    /// Whether it was answered.
    Answered(bool),
    /// A variable of the channel at its end.
    Variable(String, Want),
    /// A global variable at the end.
    Global(String, Want),
    /// A key of the database at the end.
    Database(String, Want),
    /// What a `.dial` file claims.
    Holds(Box<Holds>),
    /// The whole trace is as it was accepted.
    Snapshot,
}

/// What is expected of a phone that was called.
#[derive(Clone, Debug)]
pub(crate) enum PhoneField {
    /// Prompts, in order.
    Heard(Row),
    /// Keys that came to it.
    Keys(Want),
    /// What its channel ran, in order.
    Path(Row),
}

/// What is wanted one after the other; `None`: any number of others.
pub(crate) type Row = Vec<Option<Want>>;

/// A message as it is expected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) to: Option<Want>,
    pub(crate) from: Option<Want>,
    pub(crate) body: Option<Want>,
    pub(crate) status: Option<Want>,
}

/// A message in a mailbox as it is expected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mail {
    pub(crate) mailbox: Option<Want>,
    pub(crate) greeting: Option<String>,
    pub(crate) length: Option<Want>,
}

/// A field of the record of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Disposition,
    Duration,
    BillSec,
}
