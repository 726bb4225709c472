//! SendText: a text inside the present call.

use crate::line::Event;
use crate::live::Live;
use crate::perform::{Inbox, Wake};
use bytes::Bytes;
use strowger_vm::Text;
use strowger_vm::effect::Reply;

/// Sends the text and waits for its final answer.
pub(crate) async fn send(
    live: &mut Live,
    text: Text,
    content_type: Text,
    inbox: &mut Inbox,
) -> Reply {
    let token = live.token();
    // Before the answer there is no dialog that a text could travel in.
    let Some(line) = live.line.as_ref().filter(|line| line.up && !line.is_over()) else {
        return status("UNSUPPORTED", "NONE");
    };
    let kind = if content_type.is_empty() {
        Bytes::from_static(b"text/plain")
    } else {
        Bytes::from(content_type)
    };
    line.text(token, kind, Bytes::from(text)).await;
    loop {
        match live.wait(inbox, None).await {
            Wake::Event(
                _,
                Event::Sent {
                    token: sent,
                    status: code,
                },
            ) if sent == token => {
                return match code {
                    200..300 => status("SUCCESS", "BASIC"),
                    405 | 415 | 501 => status("UNSUPPORTED", "NONE"),
                    _ => status("FAILURE", "NONE"),
                };
            }
            Wake::Event(..) | Wake::Time => {}
            Wake::Gone(_) => return status("FAILURE", "NONE"),
        }
    }
}

fn status(status: &str, kind: &str) -> Reply {
    Reply::done()
        .set("SENDTEXTSTATUS", status)
        .set("SENDTEXTTYPE", kind)
}
