//! Who is on the channel: the state that the VM owns besides variables.

use strowger_stdlib::scan;

use crate::Text;
use crate::identity::{self, Identity, Others, Parties, PartiesMut};
use crate::inputs::Time;
use crate::limits::NAMES;

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
    /// `CALLERID(dnid)`: the number that was dialled.
    pub dialed: Text,
    /// What is rarely known of the parties.
    pub others: Option<Box<Others>>,
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
            language: b"en".to_vec(),
            music: b"default".to_vec(),
            ..Party::nobody()
        }
    }
}

impl Party {
    /// Bytes of its texts.
    pub(crate) fn heap_bytes(&self) -> usize {
        [
            &self.name,
            &self.unique_id,
            &self.linked_id,
            &self.technology,
            &self.language,
            &self.account,
            &self.music,
            &self.dialed,
            &self.message.to,
            &self.message.from,
            &self.message.body,
        ]
        .into_iter()
        .map(Vec::capacity)
        .sum::<usize>()
            + self.caller.heap_bytes()
            + self
                .others
                .as_ref()
                .map_or(0, |others| size_of::<Others>() + others.heap_bytes())
            + self.items.capacity() * size_of::<(Text, Text)>()
            + self
                .items
                .iter()
                .map(|(n, v)| n.capacity() + v.capacity())
                .sum::<usize>()
            + self.message.data.capacity() * size_of::<Datum>()
    }

    /// On a channel that has not started.
    pub(crate) fn nobody() -> Party {
        Party {
            name: Text::new(),
            unique_id: Text::new(),
            linked_id: Text::new(),
            technology: Text::new(),
            state: State::Down,
            caller: Identity::default(),
            dialed: Text::new(),
            others: None,
            language: Text::new(),
            account: Text::new(),
            music: Text::new(),
            items: Vec::new(),
            cause: 0,
            message: Message::default(),
            digit_ms: 5_000,
            response_ms: 10_000,
            deadline: None,
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

/// Seconds of the longest timeout.
const LONGEST_SECONDS: u64 = 1_000_000_000;

impl Party {
    /// A field of CDR() that the dialplan set.
    pub(crate) fn field(&self, name: &[u8]) -> Option<&[u8]> {
        let cdr = &self.others.as_ref()?.cdr;
        cdr.iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_slice())
    }

    /// The parties of the call, for reading.
    pub(crate) fn parties(&self) -> Parties<'_> {
        Parties {
            caller: &self.caller,
            dialed: &self.dialed,
            others: self.others.as_deref().unwrap_or(&identity::UNKNOWN),
        }
    }

    /// The parties of the call, for writing.
    pub(crate) fn parties_mut(&mut self) -> PartiesMut<'_> {
        PartiesMut {
            caller: &mut self.caller,
            dialed: &mut self.dialed,
            others: self.others.get_or_insert_default(),
        }
    }

    /// `TIMEOUT(x)` in seconds with three decimals; only the first letter counts.
    pub(crate) fn timeout(&self, item: &[u8], now: Time) -> Option<Text> {
        let ms = match item.first()?.to_ascii_lowercase() {
            b'd' => self.digit_ms,
            b'r' => self.response_ms,
            b'a' => match self.deadline {
                None => return Some(b"0".to_vec()),
                Some(at) => u64::try_from((at.0 - now.0) / 1000).unwrap_or(0),
            },
            _ => return None,
        };
        Some(format!("{}.{:03}", ms / 1000, ms % 1000).into_bytes())
    }

    /// Sets a timeout: whole seconds, and a fraction behind them; text that is no number counts as 0. `false`: there is none of
    /// that name.
    pub(crate) fn set_timeout(&mut self, item: &[u8], value: &[u8], now: Time) -> bool {
        let (seconds, read) = scan::integer(value).unwrap_or((0, value.len()));
        let fraction = scan::float(&value[read..]).map_or(0.0, |(fraction, _)| fraction);
        let ms = match u64::try_from(seconds) {
            // A fraction of a second is far below what i64 holds.
            Ok(seconds) => seconds
                .min(LONGEST_SECONDS)
                .saturating_mul(1000)
                .saturating_add((fraction.clamp(0.0, 1e9) * 1000.0) as u64),
            Err(_) => 0,
        };
        match item.first().map(u8::to_ascii_lowercase) {
            Some(b'd') => self.digit_ms = ms,
            Some(b'r') => self.response_ms = ms,
            Some(b'a') => {
                self.deadline = (ms > 0).then(|| Time(now.0.saturating_add(ms as i64 * 1000)))
            }
            _ => return false,
        }
        true
    }
}

impl Message {
    /// `MESSAGE_DATA(name)`.
    pub(crate) fn data(&self, name: &[u8]) -> Option<&[u8]> {
        self.data
            .iter()
            .find(|d| d.name.eq_ignore_ascii_case(name))
            .map(|d| d.value.as_slice())
    }

    /// Sets a header that goes out; empty removes it. `false`: there are too many.
    pub(crate) fn set_data(&mut self, name: &[u8], value: Text) -> bool {
        self.data.retain(|d| !d.name.eq_ignore_ascii_case(name));
        if value.is_empty() {
            return true;
        }
        let fits = self.data.len() < NAMES;
        if fits {
            self.data.push(Datum {
                name: name.to_vec(),
                value,
                outgoing: true,
            });
        }
        fits
    }

    /// All of them go out, or none.
    pub(crate) fn mark_all(&mut self, outgoing: bool) {
        for d in &mut self.data {
            d.outgoing = outgoing;
        }
    }
}
