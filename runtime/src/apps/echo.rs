//! Echo: what is heard goes back, until `#`.

use crate::line::Event;
use crate::live::Live;
use crate::perform::{Inbox, Wake};
use strowger_vm::effect::{Answer, Reply};

/// Sends back what is heard.
pub(crate) async fn echo(live: &mut Live, inbox: &mut Inbox) -> Reply {
    if live.line.is_none() {
        return super::no_audio(live, "Echo");
    }
    switch(live, true);
    let own = inbox.main();
    loop {
        match live.wait(inbox, None).await {
            Wake::Event(line, Event::Digit { digit: b'#', .. }) if Some(line) == own => {
                switch(live, false);
                return Reply::done();
            }
            Wake::Event(
                line,
                Event::Digit {
                    digit,
                    ms,
                    info: true,
                },
            ) if Some(line) == own => {
                let token = live.token();
                if let Some(line) = &live.line {
                    line.press(token, digit, ms).await;
                }
            }
            Wake::Event(..) | Wake::Time => {}
            Wake::Gone(_) => {
                switch(live, false);
                return Reply::with(Answer::Gone);
            }
        }
    }
}

fn switch(live: &Live, on: bool) {
    if let Some(stream) = live.line.as_ref().and_then(|line| line.stream()) {
        stream.echo(on);
    }
}
