//! What comes when a called side has answered in the made-up world: what it is to run first, keys, announcements, and the talk.

use super::dial::{Calling, Leg, To, since};
use super::effects::{Late, Simulated};
use super::options::Moment;
use super::report::{Came, Outcome};
use super::stage::{Rank, others_first};
use crate::apps::keys::{Pressed, Watch};
use crate::apps::routine::{self, Beat, Onward, Verdict};
use crate::line::{Event, LineId};
use crate::perform::{Inbox, Perform as _, Wake};
use std::sync::Arc;
use strowger_stdlib::status::{Cause, DialStatus};
use strowger_vm::effect::{Answer, Dial, Reply};
use strowger_vm::{Interrupt, Place, Run, State, Text};

impl Simulated {
    /// One leg answered: ends the others, has the called side do what it is to do, answers the caller, lets the two talk.
    pub(super) async fn talk(
        &mut self,
        dial: &Dial,
        mut calling: Calling,
        mut leg: Leg,
        inbox: &mut Inbox,
    ) -> Reply {
        calling.record.peer = Some((leg.name.clone(), leg.resource.clone()));
        {
            let mut world = self.stage.world();
            world.settle(leg.entry, Outcome::Answered);
            world.dial_over(self.channel, DialStatus::Answer);
        }
        if dial.option(b'a').is_some() {
            self.answer();
        }
        self.give_up(dial, &mut calling, inbox).await;
        let mut sets = Vec::new();
        let over = match self.before_talk(dial, &mut leg, &mut sets, inbox).await {
            Some(over) => over,
            None => {
                let answered = since(calling.start, self.now());
                calling.record.answered = Some(answered);
                if let Some(actor) = self.stage.world().run.channels.get_mut(self.channel) {
                    actor.joined = Some(leg.line);
                }
                // The limits of the talk begin before the keys.
                let mut limit = self.until(longest(dial), Rank::Limit);
                match self.keys_before_talk(dial, &leg, inbox).await {
                    Some(over) => over,
                    None => {
                        self.answer();
                        self.bridge(dial, &leg, &mut limit, inbox).await
                    }
                }
            }
        };
        if let Some(actor) = self.stage.world().run.channels.get_mut(self.channel) {
            actor.joined = None;
        }
        let is_local = matches!(leg.to, To::Local(..));
        let gone = inbox.latched().is_some();
        let goes_on = dial.option(b'g').is_some();
        let (module, inputs) = (Arc::clone(self.plan()), self.inputs());
        let aim = |text: &[u8]| module.aim(&inputs, &dial.place, text);
        let mut status = DialStatus::Answer;
        let answer = match &over {
            Over::Gone => Answer::Gone,
            _ if gone => Answer::Gone,
            Over::Split(place, _) => Answer::Jump(place.clone()),
            Over::Left(left, to) => {
                status = left.unwrap_or(status);
                match to {
                    Onward::Next => Answer::Done,
                    Onward::To(text) => match aim(text) {
                        Some(place) => Answer::Jump(place),
                        None if goes_on => Answer::Done,
                        None => Answer::Stop,
                    },
                    Onward::End if goes_on => Answer::Done,
                    Onward::End => Answer::Stop,
                }
            }
            Over::Peer(_) | Over::Limit if goes_on => Answer::Done,
            Over::Peer(_) | Over::Limit => Answer::Stop,
        };
        if !is_local {
            calling.cause = match (&over, inbox.latched()) {
                (Over::Peer(cause), _) => Some(*cause),
                (Over::Split(..), None) => None,
                (_, Some(Interrupt::Hangup { cause })) => Some(cause).filter(|cause| *cause != 0),
                _ => Some(Cause::NORMAL_CLEARING.0),
            };
        }
        let is_peer = matches!(over, Over::Peer(_));
        self.let_go(dial, leg, over, inbox).await;
        if is_local && !is_peer {
            others_first().await;
        }
        self.stage.world().dial_over(self.channel, status);
        let now = self.now();
        let mut reply = calling.reply(now, status, answer);
        if self.up {
            reply = reply.state(State::Up);
        }
        reply.sets.extend(sets);
        reply
    }

    /// What comes between the answer and the talk; `None`: they may talk. `sets`: variables for the caller.
    async fn before_talk(
        &mut self,
        dial: &Dial,
        leg: &mut Leg,
        sets: &mut Vec<(Text, Text)>,
        inbox: &mut Inbox,
    ) -> Option<Over> {
        if let Some(said) = routine::announced(dial) {
            if let Err(cause) = self.announce(dial, leg, said, inbox).await {
                return Some(Over::Peer(cause));
            }
            if inbox.latched().is_some() {
                return Some(Over::Gone);
            }
        }
        let (module, inputs) = (Arc::clone(self.plan()), self.inputs());
        if let Some((caller, called)) = routine::split(dial, &module, &inputs) {
            return Some(Over::Split(caller, called));
        }
        for kind in routine::after_answer(dial, &module) {
            let run = kind.run(dial, &module, &inputs);
            if let Err(cause) = self.routine(dial, leg, inbox, run).await {
                return Some(Over::Peer(cause));
            }
            let callee = leg.callee.as_ref()?;
            if !callee.vm.returned() {
                match kind {
                    routine::Kind::Macro => return Some(Over::Left(None, Onward::End)),
                    routine::Kind::Gosub => continue,
                }
            }
            let result = callee.vm.variable(kind.result());
            if result.is_some()
                && kind == routine::Kind::Gosub
                && let Some(value) = callee.vm.variable(b"GOSUB_RETVAL")
            {
                sets.push((b"GOSUB_RETVAL".to_vec(), value));
            }
            if let Verdict::Leave { status, to } = routine::verdict(result.as_deref()) {
                return Some(Over::Left(status, to));
            }
        }
        None
    }

    /// `D`: keys for both sides; what ended it.
    async fn keys_before_talk(
        &mut self,
        dial: &Dial,
        leg: &Leg,
        inbox: &mut Inbox,
    ) -> Option<Over> {
        let [called, calling, _] = routine::keys(dial);
        if let Some(over) = self.keys(&called, Some(leg), leg.line, inbox).await {
            return Some(over);
        }
        self.keys(&calling, None, leg.line, inbox).await
    }

    /// The same while it rings: to the line that made progress.
    pub(super) async fn keys_while_ringing(
        &mut self,
        calling: &mut Calling,
        line: LineId,
        beats: &[Beat],
        inbox: &mut Inbox,
    ) {
        let Some(at) = calling.open.iter().position(|leg| leg.line == line) else {
            return;
        };
        let leg = calling.open.swap_remove(at);
        let over = self.keys(beats, Some(&leg), line, inbox).await;
        if let Some(Over::Peer(cause)) = over {
            inbox.put_back(
                line,
                Event::Ended {
                    cause,
                    status: None,
                },
            );
        }
        calling.open.push(leg);
        let end = calling.open.len() - 1;
        calling.open.swap(at, end);
    }

    /// Sends keys to a leg, or to the caller; what ended it. Keys that come meanwhile are kept for the talk.
    async fn keys(
        &mut self,
        beats: &[Beat],
        to: Option<&Leg>,
        line: LineId,
        inbox: &mut Inbox,
    ) -> Option<Over> {
        let mut kept = Vec::new();
        let mut over = None;
        for beat in beats {
            let ms = match beat {
                Beat::Pause(ms) => *ms,
                Beat::Key(digit) => {
                    let event = Event::Digit {
                        digit: *digit,
                        ms: 100,
                        info: true,
                    };
                    match to {
                        Some(leg) => self.pass(leg, event),
                        None => self.tell(event),
                    }
                    routine::KEY_MS
                }
            };
            let mut late = self.until(Some(ms), Rank::Plan);
            over = loop {
                match self.next(inbox, &mut late).await {
                    Wake::Time => break None,
                    Wake::Gone(_) => break Some(Over::Gone),
                    Wake::Event(from, Event::Ended { cause, .. }) if from == line => {
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

    /// The end of a leg that answered: it goes on alone, or it is over.
    async fn let_go(&mut self, dial: &Dial, mut leg: Leg, over: Over, inbox: &Inbox) {
        let (module, inputs) = (Arc::clone(self.plan()), self.inputs());
        let alone = match over {
            Over::Split(_, place) => Some(place),
            Over::Gone | Over::Left(..) => routine::behind(dial, &module, &inputs),
            Over::Peer(_) | Over::Limit => None,
        };
        if let Some(place) = alone {
            self.goes_on(dial, leg, Run::Call(place));
            return;
        }
        let callee = leg.callee.take();
        let callee = callee.or_else(|| {
            let is_phone = leg.phone().is_some() && routine::last(dial).is_some();
            is_phone.then(|| self.callee(dial, leg.name.clone(), &leg.resource))
        });
        self.end_leg(leg);
        if let Some(mut callee) = callee {
            self.called_over(dial, &mut callee, inbox).await;
        }
    }

    /// Lets the channel's own line talk with a leg until one of them ends or the time is up.
    async fn bridge(
        &mut self,
        dial: &Dial,
        leg: &Leg,
        limit: &mut Late,
        inbox: &mut Inbox,
    ) -> Over {
        let own = inbox.main();
        let mut watched = Watch::both(dial, &self.stage.world().features);
        // The side whose keys are held back, and how long.
        let (mut side, mut held) = (0, Late::never());
        loop {
            let wake = tokio::select! {
                biased;
                wake = self.next(inbox, limit) => wake,
                () = &mut held => {
                    held = Late::never();
                    let keys = watched[side].late();
                    self.keys_on(leg, side, &keys);
                    continue;
                }
            };
            match wake {
                Wake::Gone(_) => return Over::Gone,
                Wake::Time => return Over::Limit,
                Wake::Event(line, Event::Digit { digit, .. })
                    if watched[usize::from(line == leg.line)].is_on() =>
                {
                    let from = usize::from(line == leg.line);
                    if side == from {
                        held = Late::never();
                    }
                    match watched[from].key(digit) {
                        Pressed::Ends => return Over::Peer(Cause::NORMAL_CLEARING.0),
                        Pressed::Held(ms) => {
                            side = from;
                            held = self.until(Some(ms), Rank::Plan);
                        }
                        Pressed::On(keys) => self.keys_on(leg, from, &keys),
                    }
                }
                Wake::Event(line, Event::Ended { cause, .. }) if line == leg.line => {
                    return Over::Peer(cause);
                }
                Wake::Event(line, event @ (Event::Digit { .. } | Event::Text { .. })) => {
                    if matches!(event, Event::Digit { .. }) {
                        let is_called = line == leg.line;
                        let moment = if is_called {
                            Moment::CalledKey
                        } else {
                            Moment::CallerKey
                        };
                        self.options(dial, moment);
                    }
                    if line == leg.line {
                        self.tell(event);
                    } else if Some(line) == own {
                        self.pass(leg, event);
                    }
                }
                Wake::Event(..) => {}
            }
        }
    }

    /// Keys of the caller (0) or of the called side (1) for the other one.
    fn keys_on(&self, leg: &Leg, side: usize, keys: &[u8]) {
        for digit in keys {
            let event = Event::Digit {
                digit: *digit,
                ms: 100,
                info: true,
            };
            match side {
                0 => self.pass(leg, event),
                _ => self.tell(event),
            }
        }
    }

    /// A key or a text for the called side.
    fn pass(&self, leg: &Leg, event: Event) {
        match (&leg.to, event) {
            (To::Local(_, ear), event) => ear.deliver(event),
            (To::Phone(phone), Event::Digit { digit, .. }) => {
                self.stage.world().phone_receives(*phone, Came::Key(digit));
            }
            (To::Phone(phone), Event::Text { body, .. }) => {
                self.stage
                    .world()
                    .phone_receives(*phone, Came::Text(body.to_vec()));
            }
            (To::Phone(_), _) => {}
        }
    }
}

/// What ended the time with a leg that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Over {
    /// The channel itself must leave.
    Gone,
    /// The called side ended, with this cause.
    Peer(u16),
    /// The time limit of the call.
    Limit,
    /// What the called side ran says so: the status, and where the caller goes.
    Left(Option<DialStatus>, Onward),
    /// The caller goes to the one place, the called side to the other.
    Split(Place, Place),
}

/// How long an answered call may last, by the options S and L.
fn longest(dial: &Dial) -> Option<u64> {
    [(b'S', 1_000.0), (b'L', 1.0)]
        .into_iter()
        .filter_map(|(letter, unit)| {
            let text = dial.option(letter)??;
            Some((crate::apps::dial::seconds(text)? * unit) as u64)
        })
        .min()
}
