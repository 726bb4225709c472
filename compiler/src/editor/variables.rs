//! Variables that every channel has, in words.

use strowger_stdlib::signatures;

/// Names and meanings.
const BUILT_IN: &[(&str, &str)] = &[
    ("EXTEN", "The extension that is running, as it was dialled."),
    ("CONTEXT", "The context that the call is in."),
    ("PRIORITY", "The priority that is running."),
    ("CHANNEL", "The name of the channel."),
    ("UNIQUEID", "The channel's number, different for each call."),
    ("HANGUPCAUSE", "Why the last call ended, as a number."),
    ("CALLINGPRES", "Whether the caller's number may be shown."),
    ("CALLINGANI2", "The caller's ANI2 digits."),
    ("CALLINGTON", "The type of the caller's number."),
    ("CALLINGTNS", "The caller's transit network."),
    ("HINT", "The devices of this extension's hint."),
    ("HINTNAME", "The name of this extension's hint."),
    ("EPOCH", "Seconds since 1970."),
    ("SYSTEMNAME", "The name of the server, from asterisk.conf."),
    ("ENTITYID", "The identity of the server."),
    ("ASTCACHEDIR", "Where the server keeps its cache."),
    ("ASTETCDIR", "Where the configuration stands."),
    ("ASTMODDIR", "Where modules stand."),
    ("ASTVARLIBDIR", "Where the server's data stand."),
    ("ASTDBDIR", "Where the database stands."),
    ("ASTKEYDIR", "Where keys stand."),
    ("ASTDATADIR", "Where sounds stand."),
    ("ASTAGIDIR", "Where AGI programs stand."),
    ("ASTSPOOLDIR", "Where voicemail and recordings stand."),
    ("ASTRUNDIR", "Where the process number stands."),
    ("ASTLOGDIR", "Where logs stand."),
    ("ASTSBINDIR", "Where the server's programs stand."),
    ("INVALID_EXTEN", "In `i`: what was dialled."),
    (
        "BLINDTRANSFER",
        "After a blind transfer: the channel that transferred.",
    ),
    (
        "TRANSFER_CONTEXT",
        "Where transferred numbers are looked for.",
    ),
    ("MACRO_EXTEN", "In a macro: the extension that called it."),
    ("MACRO_CONTEXT", "In a macro: the context that called it."),
    ("MACRO_PRIORITY", "In a macro: the priority that called it."),
    ("MACRO_OFFSET", "Where a macro goes on after its end."),
];

/// Most arguments of a subroutine or macro that are offered.
const ARGUMENTS: usize = 9;

/// Names and meanings of the variables that the exchange sets by itself, those of applications included.
pub(super) fn known() -> impl Iterator<Item = (String, String)> {
    let own = BUILT_IN
        .iter()
        .map(|(name, meaning)| ((*name).to_owned(), (*meaning).to_owned()));
    let arguments = (1..=ARGUMENTS).map(|n| {
        (
            format!("ARG{n}"),
            format!("Argument {n} of the subroutine or macro."),
        )
    });
    let set = signatures::applications().iter().flat_map(|app| {
        app.sets
            .iter()
            .map(|set| (set.name.to_owned(), of_application(app.name, set.values)))
    });
    own.chain(arguments).chain(set)
}

fn of_application(app: &str, values: &[&str]) -> String {
    if values.is_empty() {
        format!("Set by `{app}`.")
    } else {
        format!("Set by `{app}`: {}.", values.join(", "))
    }
}

/// What the exchange says of a variable, if it sets it by itself.
pub(super) fn meaning(name: &[u8]) -> Option<String> {
    let number = name.strip_prefix(b"ARG");
    if number.is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit)) {
        return Some("An argument of the subroutine or macro.".to_owned());
    }
    let all: Vec<String> = known()
        .filter(|(known, _)| known.as_bytes() == name)
        .map(|(_, meaning)| meaning)
        .collect();
    (!all.is_empty()).then(|| all.join("\n\n"))
}
