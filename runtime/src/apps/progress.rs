//! What a caller is told before the answer: Ringing, Progress, Busy, Congestion.

use crate::apps::wait;
use crate::live::Live;
use crate::perform::Inbox;
use crate::rtp::tone::Tone;
use strowger_vm::effect::{Answer, Reply};

/// 180, or the ringing tone on an answered call.
pub(crate) async fn ringing(live: &mut Live) -> Reply {
    if let Some(line) = &mut live.line {
        if line.up {
            if let Some(stream) = line.stream() {
                stream.tone(Tone::Ringing);
            }
        } else {
            line.ring().await;
        }
    }
    Reply::done()
}

/// 183 with our SDP: from here on the caller hears us.
pub(crate) async fn progress(live: &mut Live, inbox: &mut Inbox) -> Reply {
    let ear = live.ear(inbox);
    if let Some(line) = &mut live.line {
        // Without a port the call goes on; the answer will say 503.
        let _ = line.progress(None, ear).await;
    }
    Reply::done()
}

/// Busy (cause 17) and Congestion (cause 34): a refusal before the answer, a tone after it.
pub(crate) async fn refuse(
    live: &mut Live,
    cause: u16,
    timeout_ms: Option<u64>,
    inbox: &mut Inbox,
) -> Reply {
    if let Some(line) = &mut live.line {
        if line.up {
            if let Some(stream) = line.stream() {
                stream.tone(if cause == 17 {
                    Tone::Busy
                } else {
                    Tone::Congestion
                });
            }
        } else {
            line.end(
                strowger_stdlib::status::Cause(cause).sip_answer(),
                cause,
                "",
            )
            .await;
        }
    }
    let reply = wait::wait(live, timeout_ms, inbox).await;
    if let Some(stream) = live.line.as_ref().and_then(|line| line.stream()) {
        stream.stop();
    }
    match reply.answer {
        Answer::Done => Reply::with(Answer::Stop),
        _ => reply,
    }
}
