//! Two lines that talk with each other: a loop in the owner's task over one inbox. It moves no packets.

use crate::apps::keys::{Pressed, Watch};
use crate::line::{Event, LineId};
use crate::live::Live;
use crate::perform::{Inbox, Wake};
use crate::rtp::Digits;
use bytes::Bytes;
use std::time::Duration;
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

/// Lets the channel's own line talk with `peer` until one of them ends, by a key too that is `watched` for (the caller's side, the called
/// side), or the time is up. Both are answered.
pub(crate) async fn bridge(
    live: &mut Live,
    peer: LineId,
    limit: Option<Instant>,
    watched: &mut [Watch; 2],
    inbox: &mut Inbox,
) -> Over {
    connect_watched(live, peer, watched);
    let own = inbox.main();
    // The side whose keys are held back, and how long.
    let mut held: Option<(usize, Instant)> = None;
    let over = loop {
        let first = match (limit, held) {
            (Some(limit), Some((_, until))) => Some(limit.min(until)),
            (limit, held) => limit.or(held.map(|(_, until)| until)),
        };
        match live.wait(inbox, first).await {
            Wake::Gone(_) => break Over::Gone,
            Wake::Time if limit.is_some_and(|limit| limit <= Instant::now()) => break Over::Limit,
            Wake::Time => {
                if let Some((side, _)) = held.take() {
                    let keys = watched[side].late();
                    let from = if side == CALLED { Some(peer) } else { own };
                    for key in keys {
                        press_from(live, own, peer, from, key).await;
                    }
                }
            }
            Wake::Event(line, Event::Ended { cause, .. }) if line == peer => {
                break Over::Peer(cause);
            }
            Wake::Event(line, Event::Digit { digit, ms, info }) => {
                let side = usize::from(line == peer);
                let (from, to) = sides(own, peer, line);
                if !watched[side].is_on() {
                    press(live, from, to, digit, ms, info).await;
                    continue;
                }
                held = held.filter(|(other, _)| *other != side);
                match watched[side].key(digit) {
                    Pressed::Ends => break Over::Peer(16),
                    Pressed::Held(ms) => {
                        held = Some((side, Instant::now() + Duration::from_millis(ms)));
                    }
                    Pressed::On(keys) => {
                        for key in keys {
                            press_from(live, own, peer, Some(line), key).await;
                        }
                    }
                }
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

/// The place of the called side among those that are watched.
const CALLED: usize = 1;
/// How long a key is pressed that was held back.
const KEY_MS: u32 = 100;

/// Passes on a key that was held back.
async fn press_from(
    live: &mut Live,
    own: Option<LineId>,
    peer: LineId,
    from: Option<LineId>,
    key: u8,
) {
    if let Some(from) = from {
        let (from, to) = sides(own, peer, from);
        press(live, from, to, key, KEY_MS, true).await;
    }
}

/// Joins the audio of both lines, as far as they have any: before the answer for early media, and again after it.
pub(crate) fn connect(live: &Live, peer: LineId) {
    join(live, peer, [false; 2]);
}

fn connect_watched(live: &Live, peer: LineId, watched: &[Watch; 2]) {
    let [caller, called] = watched;
    join(live, peer, [caller.is_on(), called.is_on()]);
}

/// `held`: whose keys must not travel in the audio by themselves, the caller's and the called side's.
fn join(live: &Live, peer: LineId, held: [bool; 2]) {
    let (Some(a), Some(b)) = (&live.line, live.called.get(&peer)) else {
        return;
    };
    let (Some(ours), Some(theirs)) = (a.stream(), b.stream()) else {
        return;
    };
    // Keys for a side that wants them as INFO must not also travel in the audio.
    let treat = |held, other_wants_info| {
        if held || other_wants_info {
            Digits::Hold
        } else {
            Digits::Pass
        }
    };
    let [caller, called] = held;
    ours.connect(
        theirs,
        treat(caller, b.wants_info()),
        treat(called, a.wants_info()),
    );
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
