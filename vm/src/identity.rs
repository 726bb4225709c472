//! Who a party of a call is, as CALLERID(), CONNECTEDLINE() and REDIRECTING() show and change it.

use std::sync::LazyLock;

use strowger_stdlib::args::{self, Marks};
use strowger_stdlib::scan;

use crate::Text;

/// A name and a number, as telephony means it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Display name; `None`: not valid.
    pub name: Option<Text>,
    /// Number; `None`: not valid.
    pub number: Option<Text>,
    /// What is rarely known; `None`: as usual.
    pub details: Option<Box<Details>>,
}

/// What is rarely known of a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// `CALLERID(tag)`.
    pub tag: Text,
    /// Whether the name may be shown: the code of a presentation (Q.931), 0 allowed and not screened.
    pub name_presentation: i32,
    /// Whether the number may be shown.
    pub number_presentation: i32,
    /// The code of the name's character set; 1 is ISO 8859-1.
    pub name_charset: i32,
    /// Type of number and numbering plan.
    pub number_plan: i32,
    /// Subaddress, as ISDN has it.
    pub subaddress: Subaddress,
    /// Name and number while they are not valid.
    hidden: (Text, Text),
}

impl Default for Details {
    fn default() -> Details {
        Details {
            tag: Text::new(),
            name_presentation: 0,
            number_presentation: 0,
            name_charset: 1,
            number_plan: 0,
            subaddress: Subaddress::default(),
            hidden: (Text::new(), Text::new()),
        }
    }
}

/// As usual.
static USUAL: LazyLock<Details> = LazyLock::new(Details::default);

/// An ISDN subaddress.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subaddress {
    /// The digits.
    pub text: Text,
    /// Whether it is valid.
    pub is_valid: bool,
    /// 0 NSAP, 2 of the user's own making.
    pub kind: i32,
    /// An odd number of digits.
    pub is_odd: bool,
}

/// What is rarely known of the parties of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Others {
    /// Automatic number identification.
    pub ani: Identity,
    /// `CALLERID(ani2)`.
    pub ani2: i32,
    /// `CALLERID(priv-...)`.
    pub private: Identity,
    /// `CALLERID(dnid-num-plan)`.
    pub dialed_plan: i32,
    /// `CALLERID(dnid-subaddr)`.
    pub dialed_subaddress: Subaddress,
    /// Connected line: whom this channel is told it talks to.
    pub connected: Identity,
    /// `CONNECTEDLINE(priv-...)`.
    pub connected_private: Identity,
    /// `CONNECTEDLINE(source)`.
    pub source: i32,
    /// REDIRECTING().
    pub redirecting: Redirecting,
    /// `CDR(name)`: fields that the dialplan set.
    pub cdr: Vec<(Text, Text)>,
}

impl Others {
    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let call = &self.redirecting;
        let parties = [
            &self.ani,
            &self.private,
            &self.connected,
            &self.connected_private,
            &call.orig,
            &call.from,
            &call.to,
        ];
        let texts = [
            &self.dialed_subaddress.text,
            &call.reason.text,
            &call.orig_reason.text,
        ];
        parties
            .into_iter()
            .chain(&call.private)
            .map(Identity::heap_bytes)
            .sum::<usize>()
            + texts.map(Vec::capacity).iter().sum::<usize>()
            + self.cdr.capacity() * size_of::<(Text, Text)>()
            + self
                .cdr
                .iter()
                .map(|(n, v)| n.capacity() + v.capacity())
                .sum::<usize>()
    }
}

/// How the call was redirected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redirecting {
    /// Who redirected first.
    pub orig: Identity,
    /// Who redirected last.
    pub from: Identity,
    /// To whom.
    pub to: Identity,
    /// The private variants of the three.
    pub private: [Identity; 3],
    /// Why, the last time.
    pub reason: Reason,
    /// Why, the first time.
    pub orig_reason: Reason,
    /// How often.
    pub count: i32,
}

/// Why a call was redirected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    code: i32,
    /// A reason that is in no table.
    text: Text,
}

impl Identity {
    /// The identity that `"Name" <number>`, `Name <number>`, `number` or `name` says; both parts valid.
    pub fn read(text: &[u8]) -> Identity {
        let (name, number) = split(text, ALL_LIMIT);
        Identity::new(name, number)
    }

    /// An identity of number and name, both valid.
    pub fn new(name: impl Into<Text>, number: impl Into<Text>) -> Identity {
        Identity {
            name: Some(name.into()),
            number: Some(number.into()),
            ..Identity::default()
        }
    }

    /// What is rarely known, as usual if nothing is.
    pub fn details(&self) -> &Details {
        self.details.as_deref().unwrap_or(&USUAL)
    }

    /// The same, to be changed.
    pub fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let texts = [&self.name, &self.number].into_iter().flatten();
        let details = self.details.as_ref().map_or(0, |details| {
            let texts = [
                &details.tag,
                &details.subaddress.text,
                &details.hidden.0,
                &details.hidden.1,
            ];
            size_of::<Details>() + texts.map(Vec::capacity).iter().sum::<usize>()
        });
        texts.map(Vec::capacity).sum::<usize>() + details
    }

    /// The presentation of name and number together: what restricts more counts.
    pub fn presentation(&self) -> i32 {
        let rank = |is_valid: bool, code: i32| match code & RESTRICTION {
            _ if !is_valid => (3, UNAVAILABLE),
            RESTRICTED => (0, RESTRICTED),
            0 => (1, 0),
            UNAVAILABLE => (2, UNAVAILABLE),
            _ => (3, UNAVAILABLE),
        };
        let name = rank(self.name.is_some(), self.details().name_presentation);
        let number = rank(self.number.is_some(), self.details().number_presentation);
        let (_, value) = if name.0 < number.0 { name } else { number };
        let screening = if number.0 == 3 {
            0
        } else {
            self.details().number_presentation & 3
        };
        if value == UNAVAILABLE {
            NOT_AVAILABLE
        } else {
            value | screening
        }
    }

    /// Reads an item; `None`: there is none of that name.
    fn item(&self, item: &[Text]) -> Option<Text> {
        let rest = item.get(1..)?;
        let only = rest.is_empty();
        Some(match item.first()?.as_slice() {
            b"all" if only => shown(self.name.as_deref(), self.number.as_deref()),
            b"name" => match one(rest)? {
                b"" => self.name.clone().unwrap_or_default(),
                b"valid" => flag(self.name.is_some()),
                b"charset" => named(CHARSETS, self.details().name_charset, "not-known"),
                what if what.starts_with(b"pres") => {
                    presentation_name(self.details().name_presentation)
                }
                _ => return None,
            },
            first if first.starts_with(b"num") => match one(rest)? {
                b"" => self.number.clone().unwrap_or_default(),
                b"valid" => flag(self.number.is_some()),
                b"plan" => number(self.details().number_plan),
                what if what.starts_with(b"pres") => {
                    presentation_name(self.details().number_presentation)
                }
                _ => return None,
            },
            first if first.starts_with(b"subaddr") => return self.details().subaddress.read(rest),
            b"tag" if only => self.details().tag.clone(),
            b"ton" if only => number(self.details().number_plan),
            first if only && first.starts_with(b"pres") => presentation_name(self.presentation()),
            _ => return None,
        })
    }

    /// Writes an item.
    fn write(&mut self, item: &[Text], value: &[u8]) -> Written {
        let Some(rest) = item.get(1..) else {
            return Written::Unknown;
        };
        let only = rest.is_empty();
        let trimmed = scan::trim_end(value);
        match item[0].as_slice() {
            b"all" if only => {
                let (name, number) = split(value, ALL_LIMIT);
                self.name = Some(name);
                self.number = Some(number);
            }
            b"name" => match one(rest) {
                Some(b"") => self.name = Some(trimmed.to_vec()),
                Some(b"valid") => {
                    let details = self.details.get_or_insert_default();
                    validate(&mut self.name, &mut details.hidden.0, trimmed);
                }
                Some(b"charset") => {
                    return code(&mut self.details_mut().name_charset, CHARSETS, trimmed);
                }
                Some(what) if what.starts_with(b"pres") => {
                    return code(
                        &mut self.details_mut().name_presentation,
                        PRESENTATIONS,
                        trimmed,
                    );
                }
                _ => return Written::Unknown,
            },
            first if first.starts_with(b"num") => match one(rest) {
                Some(b"") => self.number = Some(trimmed.to_vec()),
                Some(b"valid") => {
                    let details = self.details.get_or_insert_default();
                    validate(&mut self.number, &mut details.hidden.1, trimmed);
                }
                Some(b"plan") => return code(&mut self.details_mut().number_plan, &[], trimmed),
                Some(what) if what.starts_with(b"pres") => {
                    return code(
                        &mut self.details_mut().number_presentation,
                        PRESENTATIONS,
                        trimmed,
                    );
                }
                _ => return Written::Unknown,
            },
            first if first.starts_with(b"subaddr") => {
                return self.details_mut().subaddress.write(rest, trimmed);
            }
            b"tag" if only => self.details_mut().tag = trimmed.to_vec(),
            b"ton" if only => return code(&mut self.details_mut().number_plan, &[], trimmed),
            first if only && first.starts_with(b"pres") => {
                let written = code(
                    &mut self.details_mut().number_presentation,
                    PRESENTATIONS,
                    trimmed,
                );
                let details = self.details_mut();
                if written == Written::Done {
                    details.name_presentation = details.number_presentation;
                }
                return written;
            }
            _ => return Written::Unknown,
        }
        Written::Done
    }
}

impl Subaddress {
    fn read(&self, item: &[Text]) -> Option<Text> {
        Some(match one(item)? {
            b"" => self.text.clone(),
            b"valid" => flag(self.is_valid),
            b"type" => number(self.kind),
            b"odd" => flag(self.is_odd),
            _ => return None,
        })
    }

    fn write(&mut self, item: &[Text], value: &[u8]) -> Written {
        match one(item) {
            Some(b"") => self.text = value.to_vec(),
            Some(b"valid") => self.is_valid = is_set(value),
            Some(b"type") => self.kind = if is_set(value) { 2 } else { 0 },
            Some(b"odd") => self.is_odd = is_set(value),
            _ => return Written::Unknown,
        }
        Written::Done
    }
}

impl Reason {
    fn name(&self) -> Text {
        if self.text.is_empty() {
            named(REASONS, self.code, "not-known")
        } else {
            self.text.clone()
        }
    }

    fn write(&mut self, value: &[u8]) {
        self.text.clear();
        if code(&mut self.code, REASONS, value) != Written::Done {
            self.code = 0;
            self.text = value.to_vec();
        }
    }
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is done.
    Done,
    /// The value is none that the item can have.
    Refused,
    /// There is no such item.
    Unknown,
    /// The argument names no item at all.
    Unreadable,
}

/// The parties of a channel, as the three functions see them.
pub(crate) struct Parties<'a> {
    pub(crate) caller: &'a Identity,
    pub(crate) dialed: &'a [u8],
    pub(crate) others: &'a Others,
}

/// The same, to be changed.
pub(crate) struct PartiesMut<'a> {
    pub(crate) caller: &'a mut Identity,
    pub(crate) dialed: &'a mut Text,
    pub(crate) others: &'a mut Others,
}

/// Nothing known.
pub(crate) static UNKNOWN: LazyLock<Others> = LazyLock::new(Others::default);

/// Parts that an item may have.
const PARTS: usize = 10;

/// The parts of `name-valid`, in small letters. `None`: too few or too many.
fn parts(item: &[u8]) -> Option<Vec<Text>> {
    let parts = args::split_at(&item.to_ascii_lowercase(), b'-', PARTS, Marks::Remove);
    (1..PARTS).contains(&parts.len()).then_some(parts)
}

/// What reading gives.
pub(crate) enum Item {
    Value(Text),
    Unknown,
    Unreadable,
}

impl From<Option<Text>> for Item {
    fn from(found: Option<Text>) -> Item {
        found.map_or(Item::Unknown, Item::Value)
    }
}

impl Parties<'_> {
    /// `CALLERID(item[,other])`.
    pub(crate) fn caller(&self, text: &[u8]) -> Item {
        let arguments = args::split(text, 2);
        let Some(item) = parts(args::argument(&arguments, 0)) else {
            return Item::Unreadable;
        };
        if let Some(other) = arguments.get(1) {
            let (name, number) = split(other, OTHER_LIMIT);
            return match item.as_slice() {
                [only] if only == b"all" => Item::Value(shown(Some(&name), Some(&number))),
                [only] if only == b"name" => Item::Value(name),
                [only] if only.starts_with(b"num") => Item::Value(number),
                _ => Item::Unknown,
            };
        }
        let words: Vec<&[u8]> = item.iter().map(Vec::as_slice).collect();
        match words.as_slice() {
            [b"rdnis"] => {
                let from = &self.others.redirecting.from;
                Item::Value(from.number.clone().unwrap_or_default())
            }
            [b"dnid"] => Item::Value(self.dialed.to_vec()),
            [b"dnid", what] if what.starts_with(b"num") => Item::Value(self.dialed.to_vec()),
            [b"dnid", what, b"plan"] if what.starts_with(b"num") => {
                Item::Value(number(self.others.dialed_plan))
            }
            [b"dnid", what, ..] if what.starts_with(b"subaddr") => {
                self.others.dialed_subaddress.read(&item[2..]).into()
            }
            [b"dnid", ..] => Item::Unknown,
            [b"ani2"] => Item::Value(format!("{:02}", self.others.ani2).into_bytes()),
            [b"ani"] => Item::Value(self.others.ani.number.clone().unwrap_or_default()),
            [b"ani", ..] => self.others.ani.item(&item[1..]).into(),
            [b"priv", ..] => self.others.private.item(&item[1..]).into(),
            _ => self.caller.item(&item).into(),
        }
    }

    /// `CONNECTEDLINE(item)`.
    pub(crate) fn connected(&self, text: &[u8]) -> Item {
        let Some(item) = parts(text) else {
            return Item::Unreadable;
        };
        match item[0].as_slice() {
            b"source" if item.len() == 1 => {
                Item::Value(named(SOURCES, self.others.source, "not-known"))
            }
            b"priv" => self.others.connected_private.item(&item[1..]).into(),
            _ => self.others.connected.item(&item).into(),
        }
    }

    /// `REDIRECTING(item)`.
    pub(crate) fn redirecting(&self, text: &[u8]) -> Item {
        let Some(item) = parts(text) else {
            return Item::Unreadable;
        };
        let call = &self.others.redirecting;
        let words: Vec<&[u8]> = item.iter().map(Vec::as_slice).collect();
        match words.as_slice() {
            [b"orig", b"reason"] => Item::Value(call.orig_reason.name()),
            [b"orig", ..] => call.orig.item(&item[1..]).into(),
            [b"from", ..] => call.from.item(&item[1..]).into(),
            [b"to", ..] => call.to.item(&item[1..]).into(),
            [b"reason"] => Item::Value(call.reason.name()),
            [b"count"] => Item::Value(number(call.count)),
            [b"priv", which, ..] => match private(which) {
                Some(index) => call.private[index].item(&item[2..]).into(),
                None => Item::Unknown,
            },
            [what] if what.starts_with(b"pres") => {
                Item::Value(presentation_name(call.from.presentation()))
            }
            _ => Item::Unknown,
        }
    }
}

impl PartiesMut<'_> {
    /// `Set(CALLERID(item)=value)`.
    pub(crate) fn set_caller(&mut self, text: &[u8], value: &[u8]) -> Written {
        let arguments = args::split(text, 2);
        let Some(item) = parts(args::argument(&arguments, 0)) else {
            return Written::Unreadable;
        };
        let value = scan::trim_start(value);
        let trimmed = scan::trim_end(value);
        let words: Vec<&[u8]> = item.iter().map(Vec::as_slice).collect();
        match words.as_slice() {
            [b"rdnis"] => self.others.redirecting.from.number = Some(value.to_vec()),
            [b"dnid"] => *self.dialed = trimmed.to_vec(),
            [b"dnid", what] if what.starts_with(b"num") => *self.dialed = trimmed.to_vec(),
            [b"dnid", what, b"plan"] if what.starts_with(b"num") => {
                return code(&mut self.others.dialed_plan, &[], trimmed);
            }
            [b"dnid", what, ..] if what.starts_with(b"subaddr") => {
                return self.others.dialed_subaddress.write(&item[2..], trimmed);
            }
            [b"dnid", ..] => return Written::Unknown,
            [b"ani2"] => return code(&mut self.others.ani2, &[], trimmed),
            [b"ani"] => self.others.ani.number = Some(trimmed.to_vec()),
            [b"ani", ..] => return self.others.ani.write(&item[1..], value),
            [b"priv", ..] => return self.others.private.write(&item[1..], value),
            _ => return self.caller.write(&item, value),
        }
        Written::Done
    }

    /// `Set(CONNECTEDLINE(item[,i])=value)`.
    pub(crate) fn set_connected(&mut self, text: &[u8], value: &[u8]) -> Written {
        let arguments = args::split(text, 2);
        let Some(item) = parts(args::argument(&arguments, 0)) else {
            return Written::Unreadable;
        };
        let value = scan::trim_start(value);
        match item[0].as_slice() {
            b"source" if item.len() == 1 => {
                code(&mut self.others.source, SOURCES, scan::trim_end(value))
            }
            b"priv" => self.others.connected_private.write(&item[1..], value),
            _ => self.others.connected.write(&item, value),
        }
    }

    /// `Set(REDIRECTING(item[,i])=value)`.
    pub(crate) fn set_redirecting(&mut self, text: &[u8], value: &[u8]) -> Written {
        let arguments = args::split(text, 2);
        let Some(item) = parts(args::argument(&arguments, 0)) else {
            return Written::Unreadable;
        };
        let value = scan::trim_start(value);
        let trimmed = scan::trim_end(value);
        let call = &mut self.others.redirecting;
        let words: Vec<&[u8]> = item.iter().map(Vec::as_slice).collect();
        match words.as_slice() {
            [b"orig", b"reason"] => call.orig_reason.write(trimmed),
            [b"orig", ..] => return call.orig.write(&item[1..], value),
            [b"from", ..] => return call.from.write(&item[1..], value),
            [b"to", ..] => return call.to.write(&item[1..], value),
            [b"reason"] => call.reason.write(trimmed),
            [b"count"] => return code(&mut call.count, &[], trimmed),
            [b"priv", which, ..] => match private(which) {
                Some(index) => return call.private[index].write(&item[2..], value),
                None => return Written::Unknown,
            },
            [what] if what.starts_with(b"pres") => {
                let mut presentation = 0;
                let written = code(&mut presentation, PRESENTATIONS, trimmed);
                if written == Written::Done {
                    for party in [&mut call.from, &mut call.to] {
                        let details = party.details_mut();
                        details.name_presentation = presentation;
                        details.number_presentation = presentation;
                    }
                }
                return written;
            }
            _ => return Written::Unknown,
        }
        Written::Done
    }
}

fn private(which: &[u8]) -> Option<usize> {
    [&b"orig"[..], b"from", b"to"]
        .iter()
        .position(|known| *known == which)
}

/// The only part left, empty if none is; `None` if there are more.
fn one(rest: &[Text]) -> Option<&[u8]> {
    match rest {
        [] => Some(b""),
        // A part that is there is never the item itself.
        [only] if only.is_empty() => None,
        [only] => Some(only),
        _ => None,
    }
}

fn flag(is_true: bool) -> Text {
    vec![b'0' + u8::from(is_true)]
}

fn number(n: i32) -> Text {
    n.to_string().into_bytes()
}

/// Whether C's `atoi` makes anything but zero of it.
fn is_set(value: &[u8]) -> bool {
    scan::int32(value).is_some_and(|(n, _)| n != 0)
}

fn validate(shown: &mut Option<Text>, hidden: &mut Text, value: &[u8]) {
    if is_set(value) {
        if shown.is_none() {
            *shown = Some(std::mem::take(hidden));
        }
    } else if let Some(text) = shown.take() {
        *hidden = text;
    }
}

/// A code by number or by a name of the table.
fn code(into: &mut i32, table: &[(i32, &str)], value: &[u8]) -> Written {
    let found = if value.first().is_some_and(u8::is_ascii_digit) {
        scan::int32(value).map(|(n, _)| n)
    } else {
        table
            .iter()
            .find(|(_, name)| value.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(n, _)| *n)
    };
    match found {
        Some(n) => {
            *into = n;
            Written::Done
        }
        None => Written::Refused,
    }
}

fn named(table: &[(i32, &str)], code: i32, otherwise: &str) -> Text {
    let name = table
        .iter()
        .find(|(n, _)| *n == code)
        .map(|(_, name)| *name);
    name.unwrap_or(otherwise).as_bytes().to_vec()
}

fn presentation_name(code: i32) -> Text {
    named(PRESENTATIONS, code, "unknown")
}

const RESTRICTION: i32 = 0x60;
const RESTRICTED: i32 = 0x20;
const UNAVAILABLE: i32 = 0x40;
/// The number is not available.
pub(crate) const NOT_AVAILABLE: i32 = 0x43;

const PRESENTATIONS: &[(i32, &str)] = &[
    (0x00, "allowed_not_screened"),
    (0x01, "allowed_passed_screen"),
    (0x02, "allowed_failed_screen"),
    (0x03, "allowed"),
    (0x20, "prohib_not_screened"),
    (0x21, "prohib_passed_screen"),
    (0x22, "prohib_failed_screen"),
    (0x23, "prohib"),
    (NOT_AVAILABLE, "unavailable"),
    (0x40, "unavailable"),
    (0x42, "unavailable"),
    (0x41, "unavailable"),
];

const CHARSETS: &[(i32, &str)] = &[
    (0, "unknown"),
    (1, "iso8859-1"),
    (2, "withdrawn"),
    (3, "iso8859-2"),
    (4, "iso8859-3"),
    (5, "iso8859-4"),
    (6, "iso8859-5"),
    (7, "iso8859-7"),
    (8, "bmp"),
    (9, "utf8"),
];

const SOURCES: &[(i32, &str)] = &[
    (0, "unknown"),
    (1, "answer"),
    (2, "diversion"),
    (3, "transfer_active"),
    (3, "transfer"),
    (4, "transfer_alerting"),
];

const REASONS: &[(i32, &str)] = &[
    (0, "unknown"),
    (1, "cfb"),
    (2, "cfnr"),
    (3, "unavailable"),
    (4, "cfu"),
    (5, "time_of_day"),
    (6, "dnd"),
    (7, "deflection"),
    (8, "follow_me"),
    (9, "out_of_order"),
    (10, "away"),
    (11, "cf_dte"),
    (12, "send_to_vm"),
    // As SIP writes them.
    (1, "user-busy"),
    (2, "no-answer"),
    (4, "unconditional"),
    (5, "time-of-day"),
    (6, "do-not-disturb"),
    (8, "follow-me"),
    (9, "out-of-service"),
];

/// Bytes kept of a name or number written with `all`.
const ALL_LIMIT: usize = 255;
/// Bytes kept of a name or number in a caller id given as an argument.
const OTHER_LIMIT: usize = 79;

/// `"Name" <number>`.
fn shown(name: Option<&[u8]>, number: Option<&[u8]>) -> Text {
    let (name, number) = (name.unwrap_or_default(), number.unwrap_or_default());
    [b"\"", name, b"\" <", number, b">"].concat()
}

/// Reads `"Name" <number>`, `Name <number>`, `number` or `name` as a caller id: name and number, empty if absent.
fn split(text: &[u8], limit: usize) -> (Text, Text) {
    let text = scan::trim(text);
    let inner = unquoted(text);
    let (mut name, mut number) = match inner.iter().rposition(|b| *b == b'<') {
        Some(open) => {
            let rest = &inner[open + 1..];
            let close = rest.iter().rposition(|b| *b == b'>');
            (
                unescaped(unquoted(&inner[..open])),
                shrunk(&rest[..close.unwrap_or(rest.len())]),
            )
        }
        None => {
            let number = shrunk(&inner[..inner.len().min(ALL_LIMIT)]);
            let is_number = inner.len() == text.len()
                && !number.is_empty()
                && number
                    .iter()
                    .all(|b| b.is_ascii_digit() || b"*#+".contains(b));
            if is_number {
                (Text::new(), number)
            } else {
                (unescaped(unquoted(inner)), Text::new())
            }
        }
    };
    name.truncate(limit);
    number.truncate(limit);
    (name, number)
}

/// Without blanks around, and without quotes if it begins and ends with one.
fn unquoted(text: &[u8]) -> &[u8] {
    match scan::trim(text) {
        [b'"'] => b"",
        [b'"', inner @ .., b'"'] => inner,
        text => text,
    }
}

/// With the character behind each backslash in its place.
fn unescaped(text: &[u8]) -> Text {
    let mut out = Text::new();
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'\\' {
            out.extend(rest.next());
        } else {
            out.push(*byte);
        }
    }
    out
}

/// A number without what people write into it: blanks, parentheses, dashes outside brackets, points that are not last.
fn shrunk(number: &[u8]) -> Text {
    let mut brackets = 0i32;
    let last = number.len().saturating_sub(1);
    let mut out = Text::new();
    for (index, byte) in number.iter().enumerate() {
        match byte {
            b'[' => brackets += 1,
            b']' => brackets -= 1,
            b'-' if brackets == 0 => continue,
            b'.' if index != last => continue,
            b'(' | b' ' | b')' => continue,
            _ => {}
        }
        out.push(*byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves(text: &str) -> (String, String) {
        let (name, number) = split(text.as_bytes(), ALL_LIMIT);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(name), text(number))
    }

    #[test]
    fn caller_ids_are_split() {
        for (text, name, number) in [
            ("\"Bob\" <(555) 1-2.3>", "Bob", "555123"),
            ("Bob <5> <6>", "Bob <5>", "6"),
            ("<5><6>", "<5>", "6"),
            ("\"a\"b\" <5>", "a\"b", "5"),
            ("\"a <5>", "\"a", "5"),
            ("a\\b <5", "ab", "5"),
            ("\"Bob\" 5551212", "\"Bob\" 5551212", ""),
            ("\"5551212\"", "5551212", ""),
            ("+1 (555) [2-3]", "+1 (555) [2-3]", ""),
            ("+1 (555) 2-3.", "+1 (555) 2-3.", ""),
            ("+1 (555) 2-3", "", "+155523"),
            ("", "", ""),
        ] {
            assert_eq!(halves(text), (name.into(), number.into()), "{text}");
        }
    }

    #[test]
    fn what_restricts_more_is_the_presentation_of_both() {
        let mut id = Identity::default();
        assert_eq!(presentation_name(id.presentation()), b"unavailable");
        id.number = Some(b"5".to_vec());
        id.details_mut().number_presentation = 1;
        assert_eq!(
            presentation_name(id.presentation()),
            b"allowed_passed_screen"
        );
        id.name = Some(b"Bob".to_vec());
        id.details_mut().name_presentation = RESTRICTED;
        assert_eq!(
            presentation_name(id.presentation()),
            b"prohib_passed_screen"
        );
    }

    #[test]
    fn what_was_hidden_shows_again() {
        let mut id = Identity::new("Bob", "5");
        let item = |text: &str| parts(text.as_bytes()).unwrap();
        assert_eq!(id.write(&item("NUM-valid"), b"0"), Written::Done);
        assert_eq!(id.item(&item("num")), Some(Text::new()));
        assert_eq!(id.write(&item("num-valid"), b"1"), Written::Done);
        assert_eq!(id.item(&item("number")), Some(b"5".to_vec()));
        assert_eq!(id.write(&item("name-pres"), b"bogus"), Written::Refused);
        assert_eq!(id.write(&item("nonsense"), b"1"), Written::Unknown);
        assert_eq!(id.item(&item("name-")), None);
    }
}
