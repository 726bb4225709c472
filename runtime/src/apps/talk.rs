//! What comes when a called line has answered: what it is to run first, keys, announcements, and the talk.

use crate::apps::callee::{self, Callee};
use crate::apps::dial::{Calling, quiet, seconds};
use crate::apps::keys::Watch;
use crate::apps::routine::{self, Beat, Kind, Onward, Verdict};
use crate::apps::wait::until;
use crate::bridge::{self, Over};
use crate::line::{Event, LineId};
use crate::live::Live;
use crate::perform::{Inbox, Perform as _, Wake};
use std::time::Duration;
use strowger_stdlib::status::DialStatus;
use strowger_vm::effect::{Answer, Dial, Reply};
use strowger_vm::{Interrupt, Place, Run, State, Text};
use tokio::time::Instant;

/// How the time with a line that answered came to its end.
enum End {
    /// As a bridge ends.
    Bridge(Over),
    /// What the called side ran says so: the status, and where the caller goes.
    Left(Option<DialStatus>, Onward),
    /// The caller goes to the one place, the called side to the other.
    Split(Place, Place),
    /// No port for the caller.
    NoPort,
}

/// A line has answered, and the others are ended: it does what it is to do, the caller is answered, the two talk.
pub(super) async fn talk(
    live: &mut Live,
    dial: &Dial,
    mut calling: Calling,
    peer: LineId,
    inbox: &mut Inbox,
) -> Reply {
    calling.cause = None;
    let number = calling
        .record
        .peer
        .as_ref()
        .map(|(_, number)| number.clone());
    let mut called = Called {
        id: peer,
        number: number.unwrap_or_default(),
        callee: calling.callees.remove(&peer),
    };
    let mut sets = Vec::new();
    let before = before_talk(live, dial, &mut called, &mut sets, inbox).await;
    let end = match before {
        Some(end) => end,
        None => together(live, dial, &mut calling, peer, inbox).await,
    };
    let goes_on = dial.option(b'g').is_some();
    let latched = inbox.latched();
    let mut status = DialStatus::Answer;
    let answer = match &end {
        End::NoPort => {
            status = DialStatus::Congestion;
            Answer::Gone
        }
        End::Bridge(Over::Gone) => Answer::Gone,
        _ if latched.is_some() => Answer::Gone,
        End::Split(place, _) => Answer::Jump(place.clone()),
        End::Left(left, to) => {
            status = left.unwrap_or(status);
            let otherwise = if goes_on { Answer::Done } else { Answer::Stop };
            match to {
                Onward::Next => Answer::Done,
                Onward::End => otherwise,
                Onward::To(text) => {
                    let found = live.module().aim(&live.inputs(), &dial.place, text);
                    found.map_or(otherwise, Answer::Jump)
                }
            }
        }
        End::Bridge(Over::Peer(_) | Over::Limit) if goes_on => Answer::Done,
        End::Bridge(Over::Peer(_) | Over::Limit) => Answer::Stop,
    };
    calling.cause = match (&end, latched) {
        (End::NoPort, _) => Some(34),
        (End::Bridge(Over::Peer(cause)), _) => Some(*cause),
        (End::Split(..), None) => None,
        (_, Some(Interrupt::Hangup { cause })) => Some(cause),
        _ => Some(16),
    };
    if !matches!(end, End::Bridge(_)) {
        quiet(live);
    }
    let_go(live, dial, called, end, inbox).await;
    let mut reply = calling.reply(status, answer);
    if live.is_up() {
        reply = reply.state(State::Up);
    }
    reply.sets.extend(sets);
    reply
}

/// A line that answered.
struct Called {
    id: LineId,
    /// What was dialled to reach it.
    number: Text,
    callee: Option<Box<Callee>>,
}

impl Called {
    /// Its machine.
    fn machine(&mut self, live: &Live, dial: &Dial) -> &mut Callee {
        let (id, number) = (self.id, &self.number);
        self.callee.get_or_insert_with(|| {
            let line = live.called.get(&id);
            let name = line.map(|line| line.name.clone()).unwrap_or_default();
            let account = line.and_then(|line| line.account.as_deref());
            Callee::new(live, dial, &name, number, account)
        })
    }
}

/// What comes between the answer and the talk; `None`: they may talk. `sets`: variables for the caller.
async fn before_talk(
    live: &mut Live,
    dial: &Dial,
    called: &mut Called,
    sets: &mut Vec<(Text, Text)>,
    inbox: &mut Inbox,
) -> Option<End> {
    let gone = |cause| Some(End::Bridge(Over::Peer(cause)));
    if dial.option(b'a').is_some() && !live.answer(inbox).await {
        return Some(End::NoPort);
    }
    let said = routine::announced(dial);
    let (module, inputs) = (live.module(), live.inputs());
    let split = routine::split(dial, &module, &inputs);
    let kinds = routine::after_answer(dial, &module);
    if said.is_some() || split.is_some() || !kinds.is_empty() {
        // What they heard of each other before the answer is over.
        bridge::disconnect(live);
    }
    if let Some(said) = said {
        let id = called.id;
        let machine = called.machine(live, dial);
        if let Err(cause) = callee::announce(live, machine, id, said, inbox).await {
            return gone(cause);
        }
        if inbox.latched().is_some() {
            return Some(End::Bridge(Over::Gone));
        }
    }
    if let Some((caller, callee)) = split {
        return Some(End::Split(caller, callee));
    }
    for kind in kinds {
        let run = kind.run(dial, &live.module(), &live.inputs());
        let id = called.id;
        let machine = called.machine(live, dial);
        if let Err(cause) = callee::run(live, machine, id, run, inbox).await {
            return gone(cause);
        }
        if !machine.vm.returned() {
            match kind {
                Kind::Macro => return Some(End::Left(None, Onward::End)),
                Kind::Gosub => continue,
            }
        }
        let result = machine.vm.variable(kind.result());
        if result.is_some()
            && kind == Kind::Gosub
            && let Some(value) = machine.vm.variable(b"GOSUB_RETVAL")
        {
            sets.push((b"GOSUB_RETVAL".to_vec(), value));
        }
        if let Verdict::Leave { status, to } = routine::verdict(result.as_deref()) {
            return Some(End::Left(status, to));
        }
    }
    None
}

/// Keys, the caller's answer, the talk.
async fn together(
    live: &mut Live,
    dial: &Dial,
    calling: &mut Calling,
    peer: LineId,
    inbox: &mut Inbox,
) -> End {
    calling.record.answered = Some(calling.passed());
    // The limits of the talk begin before the keys.
    let limit = [(b'S', 1_000.0), (b'L', 1.0)]
        .into_iter()
        .filter_map(|(letter, unit)| Some(seconds(dial.option(letter)??)? * unit))
        .map(|ms| Instant::now() + Duration::from_millis(ms as u64))
        .min();
    let [called, caller, _] = routine::keys(dial);
    for (beats, to) in [(called, Some(peer)), (caller, None)] {
        if let Some(over) = keys(live, &beats, to, peer, inbox).await {
            return End::Bridge(over);
        }
    }
    let codec = live.called.get(&peer).and_then(|line| line.codec());
    if let (Some(line), Some(codec)) = (&mut live.line, codec)
        && !line.up
        && !line.early
    {
        line.prefer(codec);
    }
    quiet(live);
    if !live.answer(inbox).await {
        return End::NoPort;
    }
    let mut watched = Watch::both(dial, &live.shared.config().features);
    End::Bridge(bridge::bridge(live, peer, limit, &mut watched, inbox).await)
}

/// Sends keys to a called line, or to the caller; what ended it. Keys that come meanwhile are kept for the talk.
pub(super) async fn keys(
    live: &mut Live,
    beats: &[Beat],
    to: Option<LineId>,
    peer: LineId,
    inbox: &mut Inbox,
) -> Option<Over> {
    let mut kept = Vec::new();
    let mut over = None;
    for beat in beats {
        let ms = match beat {
            Beat::Pause(ms) => *ms,
            Beat::Key(digit) => {
                let token = live.token();
                let line = match to {
                    Some(id) => live.called.get(&id),
                    None => live.line.as_ref(),
                };
                if let Some(line) = line {
                    let ms = u32::try_from(routine::KEY_MS).unwrap_or(u32::MAX);
                    line.press(token, *digit, ms).await;
                }
                routine::KEY_MS
            }
        };
        let time = until(Some(ms));
        over = loop {
            match live.wait(inbox, time).await {
                Wake::Time => break None,
                Wake::Gone(_) => break Some(Over::Gone),
                Wake::Event(from, Event::Ended { cause, .. }) if from == peer => {
                    break Some(Over::Peer(cause));
                }
                Wake::Event(from, event) => kept.push((from, event)),
            }
        };
        if over.is_some() {
            break;
        }
    }
    for (from, event) in kept {
        inbox.put_back(from, event);
    }
    over
}

/// The end of a line that answered: it goes on alone, or it is over.
async fn let_go(live: &mut Live, dial: &Dial, mut called: Called, end: End, inbox: &mut Inbox) {
    let id = called.id;
    let alone = match end {
        End::Split(_, place) => Some(place),
        End::Bridge(Over::Gone) | End::Left(..) => {
            routine::behind(dial, &live.module(), &live.inputs())
        }
        End::Bridge(Over::Peer(_) | Over::Limit) | End::NoPort => None,
    };
    let is_there = live.called.get(&id).is_some_and(|line| !line.is_over());
    let alone = alone.filter(|_| is_there);
    if alone.is_some() || routine::last(dial).is_some() {
        called.machine(live, dial);
    }
    if let Some(place) = alone
        && let Some(callee) = called.callee.take()
    {
        callee::goes_on(live, callee, id, Run::Call(place), inbox).await;
        return;
    }
    if let Some(mut line) = live.called.remove(&id)
        && !line.is_over()
    {
        let cause = if matches!(end_cause(inbox), Some(34)) {
            34
        } else {
            16
        };
        line.end(0, cause, "").await;
    }
    if let Some(callee) = called.callee.take() {
        callee.over(dial, inbox).await;
    }
}

/// The cause that is latched.
fn end_cause(inbox: &Inbox) -> Option<u16> {
    match inbox.latched() {
        Some(Interrupt::Hangup { cause }) => Some(cause),
        _ => None,
    }
}
