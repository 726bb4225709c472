//! What effects do: one file for each family of applications.

pub(crate) mod answer;
mod callee;
pub(crate) mod database;
pub(crate) mod dial;
pub mod dialled;
pub(crate) mod echo;
mod endpoints;
pub(crate) mod functions;
pub(crate) mod keys;
pub(crate) mod message;
pub(crate) mod play;
pub(crate) mod progress;
pub(crate) mod routine;
mod talk;
pub(crate) mod target;
pub(crate) mod text;
pub(crate) mod wait;

use crate::live::Live;
use strowger_stdlib::signatures;
use strowger_vm::effect::{Answer, Level, Reply};

/// Capabilities that nobody has unless `strowger.toml` grants them (vm.md 5).
const REFUSED: [&str; 5] = ["shell", "agi", "file", "http", "env"];

/// An application that reads or plays on a channel without audio, such as one that handles a text.
fn no_audio(live: &Live, application: &str) -> Reply {
    live.note(Level::Warning, "no-audio", &without_audio(application));
    Reply::done()
}

/// What is said of that.
pub(crate) fn without_audio(application: &str) -> String {
    format!("{application} does nothing here: this channel has no audio")
}

/// A function that is not served: says why, if the reason is a capability.
pub(crate) fn unserved_function(live: &Live, function: &[u8]) -> Reply {
    let grants = &live.shared.config().options.grants;
    let needs = signatures::function(function)
        .and_then(|s| s.capability)
        .map(|c| c.name())
        .filter(|needed| REFUSED.contains(needed));
    if let Some(needed) = needs {
        let name = String::from_utf8_lossy(function);
        if grants.contains(needed) {
            let text = format!(
                "{name}() is not built into this exchange yet, although [sandbox] in strowger.toml grants `{needed}`"
            );
            live.note(Level::Warning, "no-function", &text);
        } else {
            let text = format!(
                "{name}() is refused: it needs `{needed}`, which [sandbox] in strowger.toml does not grant"
            );
            live.note(Level::Warning, "refused-capability", &text);
        }
    }
    Reply::with(Answer::Unserved)
}

/// An application that this exchange does not serve: says why; the channel hangs up (DL-150).
pub(crate) fn unserved(live: &Live, application: &[u8]) -> Reply {
    let name = String::from_utf8_lossy(application);
    let grants = &live.shared.config().options.grants;
    let needs = signatures::application(application)
        .and_then(|s| s.capability)
        .map(|c| c.name());
    match needs.filter(|needed| REFUSED.contains(needed) && !grants.contains(*needed)) {
        Some(needed) => {
            let text = format!(
                "{name} is refused: it needs `{needed}`, which [sandbox] in strowger.toml does not grant; the call ends"
            );
            live.note(Level::Warning, "refused-capability", &text);
        }
        None => live.note(
            Level::Warning,
            "no-application",
            &format!("{name} is not built into this exchange yet; the call ends"),
        ),
    }
    Reply::with(Answer::Unserved)
}
