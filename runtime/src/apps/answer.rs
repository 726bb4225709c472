//! Answer: 200, and a moment for the caller's audio to come, so that the first prompt is not cut.

use crate::apps::wait::until;
use crate::line::Event;
use crate::live::Live;
use crate::perform::{Inbox, Wake};
use crate::rtp;
use strowger_vm::State;
use strowger_vm::effect::{Answer, Reply};

/// Answers; then waits for the caller's audio, at most so long.
pub(crate) async fn answer(live: &mut Live, delay_ms: Option<u64>, inbox: &mut Inbox) -> Reply {
    let silent = live.line.is_none() || live.is_up();
    if !live.answer(inbox).await {
        return Reply::with(Answer::Gone);
    }
    let limit = until(delay_ms.filter(|_| !silent));
    let own = inbox.main();
    while limit.is_some() {
        match live.wait(inbox, limit).await {
            Wake::Time => break,
            Wake::Event(line, Event::Media(rtp::Event::Learned(_))) if Some(line) == own => break,
            // A key is as good as audio, and belongs to the application that comes next.
            Wake::Event(line, event @ (Event::Digit { .. } | Event::Text { .. }))
                if Some(line) == own =>
            {
                inbox.put_back(line, event);
                break;
            }
            Wake::Event(..) => {}
            Wake::Gone(_) => return Reply::with(Answer::Gone).state(State::Up),
        }
    }
    Reply::done().state(State::Up)
}
