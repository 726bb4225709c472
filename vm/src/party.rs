//! Who is on the channel: the state that the VM owns besides variables.

use crate::Text;
use crate::inputs::Time;

/// Everything that `CALLERID()`, `CHANNEL()`, `MESSAGE()`, `TIMEOUT()` and the built-in variables read, and that the VM keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Party {
    /// `${CHANNEL}`: `PJSIP/100-0000001a`.
    pub name: Text,
    /// `${UNIQUEID}`.
    pub unique_id: Text,
    /// `CHANNEL(linkedid)`.
    pub linked_id: Text,
    /// `CHANNEL(channeltype)`: `PJSIP`, `SIP`, `Local`, `Message`.
    pub technology: Text,
    /// `CHANNEL(state)`.
    pub state: State,
    /// Caller id.
    pub caller: Identity,
    /// Connected line: whom this channel is told it talks to.
    pub connected: Identity,
    /// `CHANNEL(language)`; default `en`.
    pub language: Text,
    /// `CHANNEL(accountcode)`.
    pub account: Text,
    /// `CHANNEL(musicclass)`.
    pub music: Text,
    /// `CHANNEL(parkinglot)`, `CHANNEL(tonezone)`, `CHANNEL(userfield)` ... : further items that are only kept and read.
    pub items: Vec<(Text, Text)>,
    /// `${HANGUPCAUSE}`.
    pub cause: u16,
    /// The message, on a channel that handles one outside a call, or as the dialplan composed it.
    pub message: Message,
    /// `TIMEOUT(digit)` in milliseconds.
    pub digit_ms: u64,
    /// `TIMEOUT(response)` in milliseconds.
    pub response_ms: u64,
    /// `TIMEOUT(absolute)`: when the call must end.
    pub deadline: Option<Time>,
}

impl Default for Party {
    fn default() -> Party {
        Party {
            name: Text::new(),
            unique_id: Text::new(),
            linked_id: Text::new(),
            technology: Text::new(),
            state: State::Down,
            caller: Identity::default(),
            connected: Identity::default(),
            language: b"en".to_vec(),
            account: Text::new(),
            music: b"default".to_vec(),
            items: Vec::new(),
            cause: 0,
            message: Message::default(),
            digit_ms: 5_000,
            response_ms: 10_000,
            deadline: None,
        }
    }
}

/// A name and a number, as telephony means it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Display name; `None`: not valid.
    pub name: Option<Text>,
    /// Number; `None`: not valid.
    pub number: Option<Text>,
    /// Presentation of both, in Asterisk's spelling, e.g. `allowed_not_screened`; empty means that.
    pub presentation: Text,
    /// Automatic number identification.
    pub ani: Option<Text>,
    /// The number that was dialled.
    pub dnid: Text,
    /// Who redirected last.
    pub rdnis: Text,
    /// `CALLERID(tag)`.
    pub tag: Text,
}

impl Identity {
    /// An identity of number and name, both valid.
    pub fn new(name: impl Into<Text>, number: impl Into<Text>) -> Identity {
        Identity {
            name: Some(name.into()),
            number: Some(number.into()),
            ..Identity::default()
        }
    }
}

/// A text message outside a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// `MESSAGE(to)`.
    pub to: Text,
    /// `MESSAGE(from)`.
    pub from: Text,
    /// `MESSAGE(body)`.
    pub body: Text,
    /// `MESSAGE_DATA(name)`: name, value, and whether it leaves with MessageSend (DL-323).
    pub data: Vec<Datum>,
}

/// One header of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datum {
    /// Its name; compared without case.
    pub name: Text,
    /// Its value.
    pub value: Text,
    /// It was set by the dialplan (or marked) and goes out.
    pub outgoing: bool,
}

/// The state of a channel (DL-309).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Nothing yet.
    #[default]
    Down,
    /// Incoming, unanswered.
    Ring,
    /// Outgoing, the far end rings.
    Ringing,
    /// Answered.
    Up,
    /// Far end busy.
    Busy,
    /// Outgoing, nothing heard yet.
    Dialing,
}

impl State {
    /// As `CHANNEL(state)` prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Down => "Down",
            State::Ring => "Ring",
            State::Ringing => "Ringing",
            State::Up => "Up",
            State::Busy => "Busy",
            State::Dialing => "Dialing",
        }
    }
}
