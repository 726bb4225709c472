//! Names that are there without being declared: the call, its fields, the clock, and the functions of the language itself.
//! Fields of the call are words without arguments, but for those that are plain variables of Asterisk.

use strowger_stdlib::signatures;
use strowger_stdlib::words::{self, Word};

use crate::dial::types::Type;

/// Fields that are variables: name, type, variable.
const VARIABLES: [(&str, Type, &str); 2] = [
    ("channel.hangup_cause", Type::Int, "HANGUPCAUSE"),
    ("channel.transfer_from", Type::Raw, "BLINDTRANSFER"),
];

/// What a field is.
pub(super) enum Field {
    /// A word without arguments.
    Word(&'static Word),
    /// A variable of Asterisk, which does not change.
    Variable(Type, &'static str),
}

/// The field of this name.
pub(super) fn field_of(object: &str, name: &str) -> Option<Field> {
    let dotted = format!("{object}.{name}");
    if let Some((_, ty, variable)) = VARIABLES.iter().find(|(n, _, _)| *n == dotted) {
        return Some(Field::Variable(ty.clone(), variable));
    }
    words::named(&dotted)
        .filter(|w| w.is_field())
        .map(Field::Word)
}

/// The names of an object's fields.
pub(crate) fn fields_of(object: &str) -> Vec<&'static str> {
    let words = words::all().iter().filter(|w| w.is_field()).map(|w| w.name);
    words
        .chain(VARIABLES.iter().map(|(n, _, _)| *n))
        .filter_map(|n| n.split_once('.'))
        .filter(|(of, _)| *of == object)
        .map(|(_, name)| name)
        .collect()
}

/// The field that a dialplan reads so: `CALLERID(num)` is `caller.number`.
pub(crate) fn field_by_conf(conf: &str) -> Option<&'static str> {
    if let Some((name, _, _)) = VARIABLES.iter().find(|(_, _, variable)| *variable == conf) {
        return Some(name);
    }
    // One that writes option letters reads something else.
    let plain = |w: &&Word| w.is_field() && w.fixed.is_empty();
    let mut words = words::all().iter().filter(plain);
    let reads = |w: &&Word| match w.given {
        [] => w.calls == conf,
        [(_, argument)] => {
            let rest = conf.strip_prefix(w.calls);
            let inner = rest.and_then(|r| r.strip_prefix('(')?.strip_suffix(')'));
            inner == Some(argument)
        }
        given => {
            let rest = conf.strip_prefix(w.calls);
            let inner = rest.and_then(|r| r.strip_prefix('(')?.strip_suffix(')'));
            inner.is_some_and(|inner| inner.split(',').eq(given.iter().map(|(_, a)| *a)))
        }
    };
    words.find(reads).map(|w| w.name)
}

/// Whether applications leave a word of a known list in this variable: VMSTATUS, READSTATUS.
pub(crate) fn is_status(variable: &str) -> bool {
    let mut sets = signatures::applications().iter().flat_map(|a| a.sets);
    sets.any(|s| s.name == variable && !s.values.is_empty())
}

/// The type of a field, as the table of words writes it.
pub(crate) fn type_of(field: &str) -> &'static str {
    match VARIABLES.iter().find(|(name, _, _)| *name == field) {
        Some((_, Type::Int, _)) => "Int",
        Some(_) => "Raw",
        None => words::named(field).map_or("", |w| w.result),
    }
}

/// Whether the name is an object with fields.
pub(super) fn is_object(name: &str) -> bool {
    words::all().iter().any(|w| {
        w.name
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// Names that mean the same everywhere and cannot be declared.
const FIXED: [&str; 37] = [
    "exten",
    "now",
    "caller",
    "message",
    "channel",
    "last_dial",
    "peers",
    "digits",
    "keep",
    "join",
    "apart",
    "choose",
    "unchecked",
    "bare",
    "hours",
    "trunk",
    "pjsip",
    "sip",
    "iax2",
    "local",
    "device",
    "mailbox",
    "prompt",
    "service",
    "uri",
    "sip_uri",
    "app",
    "asterisk",
    "dynamic",
    "true",
    "false",
    "int",
    "checked_add",
    "checked_sub",
    "checked_mul",
    "checked_div",
    "checked_rem",
];

/// Whether the name cannot be declared.
pub(crate) fn is_fixed(name: &str) -> bool {
    FIXED.contains(&name) || is_object(name)
}

/// All fixed names, for "did you mean".
pub(super) fn fixed() -> impl Iterator<Item = &'static str> {
    FIXED.into_iter()
}

/// The names of `on`, and how a dialplan calls them.
pub(crate) const EVENTS: [(&str, &str); 11] = [
    ("start", "s"),
    ("invalid", "i"),
    ("timeout", "t"),
    ("deadline", "T"),
    ("error", "e"),
    ("hangup", "h"),
    ("operator", "o"),
    ("escape", "a"),
    ("fax", "fax"),
    ("failed", "failed"),
    ("message", "message"),
];

/// The extension of an event.
pub(super) fn event(name: &str) -> Option<&'static str> {
    EVENTS.iter().find(|(n, _)| *n == name).map(|(_, e)| *e)
}
