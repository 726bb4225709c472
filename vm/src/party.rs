//! Who is on the channel: the state that the VM owns besides variables.

use strowger_stdlib::scan;

use crate::Text;
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
    /// Connected line: whom this channel is told it talks to; `None`: nobody told it yet.
    pub connected: Option<Box<Identity>>,
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
        let identity = |id: &Identity| {
            let optional = [&id.name, &id.number, &id.ani].into_iter().flatten();
            optional
                .chain([&id.presentation, &id.dnid, &id.rdnis, &id.tag])
                .map(Vec::capacity)
                .sum::<usize>()
        };
        [
            &self.name,
            &self.unique_id,
            &self.linked_id,
            &self.technology,
            &self.language,
            &self.account,
            &self.music,
            &self.message.to,
            &self.message.from,
            &self.message.body,
        ]
        .into_iter()
        .map(Vec::capacity)
        .sum::<usize>()
            + identity(&self.caller)
            + self
                .connected
                .as_ref()
                .map_or(0, |c| size_of::<Identity>() + identity(c))
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
            connected: None,
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
    /// The identity that `"Name" <number>`, `Name <number>`, `number` or `name` says; both parts valid.
    pub fn read(text: &[u8]) -> Identity {
        let (name, number) = parse_identity(text);
        Identity::new(name.unwrap_or_default(), number.unwrap_or_default())
    }

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

/// Reads `"Name" <number>`, `Name <number>`, `number` or `name` as a caller id: name and number.
pub(crate) fn parse_identity(text: &[u8]) -> (Option<Text>, Option<Text>) {
    let text = scan::trim(text);
    let (name, rest) = match text {
        [b'"', inner @ ..] => {
            let (name, rest) = quoted(inner);
            if scan::trim(rest).is_empty() && name.contains(&b'<') {
                return parse_identity(&name);
            }
            (Some(name), rest)
        }
        _ => (None, text),
    };
    let Some(open) = rest.iter().position(|b| *b == b'<') else {
        return match name {
            Some(name) => (Some(name), None),
            None => {
                let number = shrunk(text);
                let is_number = !number.is_empty()
                    && number
                        .iter()
                        .all(|b| b.is_ascii_digit() || b"*#+".contains(b));
                if is_number {
                    (None, Some(number))
                } else {
                    (Some(text.to_vec()), None)
                }
            }
        };
    };
    let inner = &rest[open + 1..];
    let number = &inner[..inner.iter().position(|b| *b == b'>').unwrap_or(inner.len())];
    let name = name.unwrap_or_else(|| scan::trim(&rest[..open]).to_vec());
    ((!name.is_empty()).then_some(name), Some(shrunk(number)))
}

/// The text up to the quote that closes it, escapes undone, and what follows.
fn quoted(text: &[u8]) -> (Text, &[u8]) {
    let mut out = Text::new();
    let mut at = 0;
    while let Some(b) = text.get(at) {
        at += 1;
        match b {
            b'"' => break,
            b'\\' => {
                out.extend(text.get(at));
                at += 1;
            }
            b => out.push(*b),
        }
    }
    (out, text.get(at..).unwrap_or_default())
}

/// A number without what people write into it: blanks, parentheses, dashes, points that are not last.
fn shrunk(number: &[u8]) -> Text {
    let number = scan::trim(number);
    let last = number.len().saturating_sub(1);
    let kept = number
        .iter()
        .enumerate()
        .filter(|(i, b)| !(b" ()-".contains(b) || **b == b'.' && *i != last));
    kept.map(|(_, b)| *b).collect()
}

/// The presentation of an identity that nobody restricted.
const PRESENTATION: &[u8] = b"allowed_not_screened";

/// An item of CALLERID() or CONNECTEDLINE(), its name in lower case. `None`: no such item.
pub(crate) fn read_identity(id: &Identity, item: &[u8]) -> Option<Text> {
    let or_empty = |t: &Option<Text>| t.clone().unwrap_or_default();
    Some(match item {
        b"all" => {
            let (name, number) = (or_empty(&id.name), or_empty(&id.number));
            [b"\"", name.as_slice(), b"\" <", &number, b">"].concat()
        }
        b"name" => or_empty(&id.name),
        b"name-valid" => vec![b'0' + u8::from(id.name.is_some())],
        b"name-charset" => b"iso8859-1".to_vec(),
        b"num-valid" | b"number-valid" => vec![b'0' + u8::from(id.number.is_some())],
        b"name-pres" | b"num-pres" | b"number-pres" | b"pres" => {
            if id.presentation.is_empty() {
                PRESENTATION.to_vec()
            } else {
                id.presentation.clone()
            }
        }
        b"num-plan" | b"ton" | b"ani2" => b"0".to_vec(),
        b"ani" | b"ani-num" => or_empty(&id.ani),
        b"ani-all" | b"dnid-all" => {
            let number = if item == b"ani-all" {
                or_empty(&id.ani)
            } else {
                id.dnid.clone()
            };
            [b"\"\" <", number.as_slice(), b">"].concat()
        }
        b"priv-all" => b"\"\" <>".to_vec(),
        b"ani-name" => Text::new(),
        b"dnid" | b"dnid-num" => id.dnid.clone(),
        b"rdnis" => id.rdnis.clone(),
        b"tag" => id.tag.clone(),
        _ if item.starts_with(b"num") => or_empty(&id.number),
        _ if [&b"subaddr"[..], b"priv-", b"ani-subaddr", b"dnid-subaddr"]
            .iter()
            .any(|p| item.starts_with(p)) =>
        {
            Text::new()
        }
        _ => return None,
    })
}

/// Writes an item; `false`: it cannot be written.
pub(crate) fn write_identity(id: &mut Identity, item: &[u8], value: &[u8]) -> bool {
    match item {
        b"all" => {
            let (name, number) = parse_identity(value);
            id.name = Some(name.unwrap_or_default());
            id.number = Some(number.unwrap_or_default());
        }
        b"name" => id.name = Some(value.to_vec()),
        b"name-valid" => id.name = (value != b"0").then(|| id.name.clone().unwrap_or_default()),
        b"num-valid" | b"number-valid" => {
            id.number = (value != b"0").then(|| id.number.clone().unwrap_or_default())
        }
        b"name-pres" | b"num-pres" | b"number-pres" | b"pres" => id.presentation = value.to_vec(),
        b"ani" | b"ani-num" => id.ani = Some(value.to_vec()),
        b"dnid" | b"dnid-num" => id.dnid = value.to_vec(),
        b"rdnis" => id.rdnis = value.to_vec(),
        b"tag" => id.tag = value.to_vec(),
        b"num" | b"number" => id.number = Some(value.to_vec()),
        _ => return false,
    }
    true
}

impl Party {
    /// An item of CHANNEL() that is kept here.
    pub(crate) fn item(&self, item: &[u8]) -> Option<Text> {
        let item = item.to_ascii_lowercase();
        Some(match item.as_slice() {
            b"name" | b"channame" => self.name.clone(),
            b"uniqueid" => self.unique_id.clone(),
            b"linkedid" => self.linked_id.clone(),
            b"channeltype" => self.technology.clone(),
            b"state" => self.state.as_str().into(),
            b"language" => self.language.clone(),
            b"accountcode" => self.account.clone(),
            b"musicclass" => self.music.clone(),
            b"onhold" => self.kept(b"onhold").unwrap_or(b"0").to_vec(),
            b"max_forwards" => self.kept(b"max_forwards").unwrap_or(b"20").to_vec(),
            name => return self.kept(name).map(<[u8]>::to_vec),
        })
    }

    fn kept(&self, name: &[u8]) -> Option<&[u8]> {
        self.items
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_slice())
    }

    /// Keeps a further item of CHANNEL().
    pub(crate) fn set_item(&mut self, name: &[u8], value: Text) {
        self.items.retain(|(n, _)| n != name);
        self.items.push((name.to_vec(), value));
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

    /// Sets a timeout; text that is no number counts as 0. `false`: there is none of that name.
    pub(crate) fn set_timeout(&mut self, item: &[u8], value: &[u8], now: Time) -> bool {
        let seconds = scan::float(value).map_or(0.0, |(n, _)| n).clamp(0.0, 1e9);
        let ms = (seconds * 1000.0).round() as u64;
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
