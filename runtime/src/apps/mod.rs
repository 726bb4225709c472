//! What effects do: one file for each family of applications.

pub(crate) mod database;
pub(crate) mod dial;
pub mod dialled;
pub(crate) mod echo;
pub(crate) mod functions;
pub(crate) mod message;
pub(crate) mod play;
pub(crate) mod progress;
pub(crate) mod target;
pub(crate) mod text;
pub(crate) mod wait;

use crate::live::Live;
use strowger_vm::effect::{Answer, Level, Reply};

/// An application that reads or plays on a channel without audio, such as one that handles a text.
fn no_audio(live: &Live, application: &str) -> Reply {
    live.note(
        Level::Warning,
        "no-audio",
        &format!("{application} does nothing here: this channel has no audio"),
    );
    Reply::done()
}

/// An application that this exchange does not have: says so; the channel hangs up (DL-150).
pub(crate) fn unserved(live: &Live, application: &[u8]) -> Reply {
    let name = String::from_utf8_lossy(application);
    live.note(
        Level::Warning,
        "no-application",
        &format!("{name} is not built into this exchange yet; the call ends"),
    );
    Reply::with(Answer::Unserved)
}
