//! Wait, and waiting for a digit.

use crate::line::Event;
use crate::live::Live;
use crate::perform::{Inbox, Wake};
use std::time::Duration;
use strowger_vm::effect::{Answer, Reply};
use tokio::time::Instant;

/// The instant so many milliseconds from now; `None`: never.
pub(crate) fn until(ms: Option<u64>) -> Option<Instant> {
    // Beyond a year counts as a year: `Instant` must not overflow.
    const LONGEST: u64 = 365 * 24 * 3600 * 1000;
    ms.map(|ms| Instant::now() + Duration::from_millis(ms.min(LONGEST)))
}

/// Lets time pass; digits are ignored.
pub(crate) async fn wait(live: &mut Live, ms: Option<u64>, inbox: &mut Inbox) -> Reply {
    let until = until(ms);
    loop {
        match live.wait(inbox, until).await {
            Wake::Time => return Reply::done(),
            Wake::Gone(_) => return Reply::with(Answer::Gone),
            Wake::Event(..) => {}
        }
    }
}

/// Waits for one digit.
pub(crate) async fn digit(live: &mut Live, ms: Option<u64>, inbox: &mut Inbox) -> Reply {
    let until = until(ms);
    let own = inbox.main();
    loop {
        match live.wait(inbox, until).await {
            Wake::Time => return Reply::done(),
            Wake::Gone(_) => return Reply::with(Answer::Gone),
            Wake::Event(line, Event::Digit { digit, .. }) if Some(line) == own => {
                return Reply::with(Answer::Digit(digit));
            }
            Wake::Event(..) => {}
        }
    }
}
