//! Two lines that talk with each other: a loop in the owner's task over one inbox. It moves no packets.

use crate::line::{Event, LineId};
use crate::live::Live;
use crate::perform::{Inbox, Wake};
use crate::rtp::Digits;
use bytes::Bytes;
use tokio::time::Instant;

/// What ended a bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// The channel itself must leave: its far end hung up, or somebody took it away.
    Gone,
    /// The called line ended, with this cause.
    Peer(u16),
    /// The time limit of the call.
    Limit,
}

/// Lets the channel's own line talk with `peer` until one of them ends or the time is up. Both are answered.
pub(crate) async fn bridge(
    live: &mut Live,
    peer: LineId,
    limit: Option<Instant>,
    inbox: &mut Inbox,
) -> Over {
    connect(live, peer);
    let own = inbox.main();
    let over = loop {
        match live.wait(inbox, limit).await {
            Wake::Gone(_) => break Over::Gone,
            Wake::Time => break Over::Limit,
            Wake::Event(line, Event::Ended { cause, .. }) if line == peer => {
                break Over::Peer(cause);
            }
            Wake::Event(line, Event::Digit { digit, ms, info }) => {
                let (from, to) = sides(own, peer, line);
                press(live, from, to, digit, ms, info).await;
            }
            Wake::Event(line, Event::Text { kind, body }) => {
                let (_, to) = sides(own, peer, line);
                let token = live.token();
                if let Some(line) = to.and_then(|to| live.line_mut(to)) {
                    line.text(token, Bytes::from(kind), body).await;
                }
            }
            Wake::Event(..) => {}
        }
    };
    disconnect(live);
    over
}

/// Joins the audio of both lines, as far as they have any: before the answer for early media, and again after it.
pub(crate) fn connect(live: &Live, peer: LineId) {
    let (Some(a), Some(b)) = (&live.line, live.called.get(&peer)) else {
        return;
    };
    let (Some(ours), Some(theirs)) = (a.stream(), b.stream()) else {
        return;
    };
    // Keys for a side that wants them as INFO must not also travel in the audio.
    let treat = |other_wants_info| {
        if other_wants_info {
            Digits::Hold
        } else {
            Digits::Pass
        }
    };
    ours.connect(theirs, treat(b.wants_info()), treat(a.wants_info()));
}

/// Ends what [`connect`] began.
pub(crate) fn disconnect(live: &Live) {
    if let Some(stream) = live.line.as_ref().and_then(|line| line.stream()) {
        stream.disconnect();
    }
}

/// The line that something came from, and the other one.
fn sides(own: Option<LineId>, peer: LineId, from: LineId) -> (LineId, Option<LineId>) {
    (from, if from == peer { own } else { Some(peer) })
}

/// Passes a key on, unless the relay has done so already.
async fn press(live: &mut Live, from: LineId, to: Option<LineId>, digit: u8, ms: u32, info: bool) {
    let token = live.token();
    let Some(to) = to else { return };
    if let Some(line) = live.line_mut(to)
        && (info || line.wants_info())
    {
        tracing::debug!(from = from.0, to = to.0, "key passed on");
        line.press(token, digit, ms).await;
    }
}
