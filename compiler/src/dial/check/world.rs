//! Names that are there without being declared: the call, the caller, the message, the clock, and the functions of the
//! language itself.

use crate::dial::types::Type;

/// A field of `caller`, `message` or `channel`.
pub(super) struct Field {
    pub(super) object: &'static str,
    pub(super) name: &'static str,
    pub(super) ty: Type,
    /// How a dialplan reads it, without `${` and `}`; what stands before `=` if it is written.
    pub(super) conf: &'static str,
    pub(super) writable: bool,
}

const fn field(
    object: &'static str,
    name: &'static str,
    ty: Type,
    conf: &'static str,
    writable: bool,
) -> Field {
    Field {
        object,
        name,
        ty,
        conf,
        writable,
    }
}

pub(super) static FIELDS: [Field; 20] = [
    field("caller", "number", Type::Raw, "CALLERID(num)", true),
    field("caller", "name", Type::Raw, "CALLERID(name)", true),
    field("caller", "ani", Type::Raw, "CALLERID(ani)", true),
    field("caller", "dialled", Type::Raw, "CALLERID(dnid)", true),
    field("caller", "redirected_from", Type::Raw, "CALLERID(rdnis)", true),
    field("message", "to", Type::Uri, "MESSAGE(to)", true),
    field("message", "from", Type::Uri, "MESSAGE(from)", true),
    field("message", "body", Type::Raw, "MESSAGE(body)", true),
    field("channel", "name", Type::Str, "CHANNEL", false),
    field("channel", "id", Type::Str, "UNIQUEID", false),
    field("channel", "linked_id", Type::Str, "CHANNEL(linkedid)", false),
    field("channel", "language", Type::Str, "CHANNEL(language)", true),
    field("channel", "account", Type::Str, "CHANNEL(accountcode)", true),
    field("channel", "music", Type::Str, "CHANNEL(musicclass)", true),
    field("channel", "tone_zone", Type::Str, "CHANNEL(tonezone)", true),
    field("channel", "state", Type::Str, "CHANNEL(state)", false),
    field("channel", "context", Type::Str, "CONTEXT", false),
    field("channel", "peer", Type::Str, "CHANNEL(endpoint)", false),
    field("channel", "hangup_cause", Type::Int, "HANGUPCAUSE", false),
    field("channel", "transfer_from", Type::Raw, "BLINDTRANSFER", false),
];

/// The field of this name.
pub(super) fn field_of(object: &str, name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|f| f.object == object && f.name == name)
}

/// Whether the name is an object with fields.
pub(super) fn is_object(name: &str) -> bool {
    FIELDS.iter().any(|f| f.object == name)
}

/// Names that mean the same everywhere and cannot be declared.
const FIXED: [&str; 28] = [
    "exten", "now", "caller", "message", "channel", "last_dial", "peers", "digits", "keep", "unchecked",
    "hours", "trunk", "pjsip", "sip", "iax2", "local", "device", "mailbox", "prompt", "service", "uri", "sip_uri", "app",
    "asterisk", "dynamic", "true", "false", "int",
];

/// Whether the name cannot be declared.
pub(super) fn is_fixed(name: &str) -> bool {
    FIXED.contains(&name)
}

/// All fixed names, for "did you mean".
pub(super) fn fixed() -> impl Iterator<Item = &'static str> {
    FIXED.into_iter()
}

/// The names of `on`, and how a dialplan calls them.
pub(super) const EVENTS: [(&str, &str); 11] = [
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
