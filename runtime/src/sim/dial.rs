//! Dial in the made-up world: phones that do what the scenario says, and Local channels that run as further channels.

use super::callee::Callee;
use super::effects::{Late, Own, Simulated};
use super::legs::Wanted;
use super::options::Moment;
use super::report::Outcome;
use super::stage::{Rank, others_first};
use crate::apps::dial::FORWARDS;
use crate::apps::dialled::Record;
use crate::apps::routine;
use crate::limits;
use crate::line::{Event, LineId};
use crate::perform::{Ear, Hand, Inbox, Perform as _, Wake};
use std::sync::Arc;
use std::time::Duration;
use strowger_stdlib::status::{Cause, DialStatus};
use strowger_vm::effect::{Answer, Dial, Level, Reply};
use strowger_vm::{Interrupt, Module, Text, Time};

/// A target that was called and has not failed.
pub(super) struct Leg {
    pub(super) line: LineId,
    /// Its channel's name.
    pub(super) name: Text,
    pub(super) resource: Text,
    pub(super) to: To,
    /// Its machine, once it has run something.
    pub(super) callee: Option<Box<Callee>>,
    /// Its entry in the list of what was dialled.
    pub(super) entry: Option<usize>,
    /// When the caller hangs up while it rings.
    pub(super) leaves: Option<Duration>,
}

/// What a leg leads to.
pub(super) enum To {
    Phone(usize),
    /// A channel behind `Local/`: how it is taken away, and how it hears what comes from here.
    Local(Hand, Ear),
}

/// One `Dial` while it runs.
pub(super) struct Calling {
    pub(super) start: Time,
    failed: Vec<Cause>,
    pub(super) record: Record,
    pub(super) open: Vec<Leg>,
    /// HANGUPCAUSE: of the line that failed last.
    pub(super) cause: Option<u16>,
    /// Channels that ran something, whose lines have ended.
    gone: Vec<Callee>,
}

impl Calling {
    fn fail(&mut self, cause: u16, is_shown: bool) {
        self.failed.push(Cause(cause));
        if is_shown {
            self.cause = Some(cause);
        }
    }

    pub(super) fn reply(mut self, now: Time, status: DialStatus, answer: Answer) -> Reply {
        self.record.ended = since(self.start, now);
        let mut reply = self.record.set(Reply::with(answer), status);
        reply.cause = self.cause;
        reply
    }
}

impl Simulated {
    pub(super) async fn dial(&mut self, dial: Dial, inbox: &mut Inbox) -> Reply {
        if matches!(self.own, Own::Text) {
            let reply = self.no_audio("Dial");
            return reply.set("DIALSTATUS", DialStatus::ChanUnavail.name());
        }
        let mut calling = Calling {
            start: self.now(),
            failed: Vec::new(),
            record: Record::default(),
            open: Vec::new(),
            cause: None,
            gone: Vec::new(),
        };
        self.options(&dial, Moment::Dialled);
        if let Some(text) = routine::lost(&dial, self.plan()) {
            self.note(Level::Warning, text.to_owned());
        }
        let targets = dial.targets.iter().take(limits::TARGETS);
        let mut wanted: Vec<Wanted<'_>> = targets.map(|t| self.request(t)).collect();
        if dial.option(b'b').is_some() {
            // On all of them, and only then the first one is called.
            for one in &mut wanted {
                if let Ok(found) = &one.found {
                    let mut callee = self.callee(&dial, found.name.clone(), &one.target.resource);
                    self.before_call(&dial, &mut callee, inbox).await;
                    one.callee = Some(callee);
                }
            }
        }
        for one in wanted {
            match self.place(one, &dial, inbox) {
                Ok(leg) => calling.open.push(leg),
                Err((refused, callee)) => {
                    calling.fail(refused.cause, refused.is_shown);
                    if let Some(mut callee) = callee {
                        self.called_over(&dial, &mut callee, inbox).await;
                    }
                }
            }
        }
        let mut time = self.until(dial.timeout_ms, Rank::Limit);
        let mut no_sign = self.until(dial.progress_timeout_ms, Rank::Limit);
        let [_, _, mut progress] = routine::keys(&dial);
        let leaves = calling.open.iter().filter_map(|leg| leg.leaves).min();
        let mut leaves = leaves.map_or_else(Late::never, |span| self.within(span, Rank::Phone));
        loop {
            if calling.open.is_empty() {
                let status = DialStatus::of_legs(&calling.failed);
                return self.over(calling, status, Answer::Done);
            }
            let has_sign = calling.record.rang.is_some() || calling.record.progressed.is_some();
            if has_sign {
                no_sign = Late::never();
            }
            let wake = tokio::select! {
                biased;
                wake = self.next(inbox, &mut time) => wake,
                () = &mut no_sign => Wake::Time,
                () = &mut leaves => {
                    leaves = Late::never();
                    self.stage.world().caller_leaves();
                    continue;
                }
            };
            match wake {
                Wake::Gone(_) => {
                    self.give_up(&dial, &mut calling, inbox).await;
                    return self.over(calling, DialStatus::Cancel, Answer::Gone);
                }
                Wake::Time => {
                    self.give_up(&dial, &mut calling, inbox).await;
                    return self.over(calling, DialStatus::NoAnswer, Answer::Done);
                }
                Wake::Event(line, event) => {
                    if matches!(event, Event::Digit { .. }) && Some(line) == inbox.main() {
                        self.options(&dial, Moment::RingingKey);
                    }
                    let is_progress = matches!(event, Event::Progress { .. });
                    let ended = matches!(event, Event::Ended { .. });
                    let heard = self.heard_of(&mut calling, line, event);
                    if is_progress && !progress.is_empty() {
                        // To the first that says so.
                        let beats = std::mem::take(&mut progress);
                        self.keys_while_ringing(&mut calling, line, &beats, inbox)
                            .await;
                    }
                    if ended {
                        let gone = std::mem::take(&mut calling.gone);
                        for mut callee in gone {
                            self.called_over(&dial, &mut callee, inbox).await;
                        }
                    }
                    if let Some(leg) = heard {
                        // Nobody waits for these any more: they must not move the clock.
                        drop((time, no_sign, leaves));
                        return self.talk(&dial, calling, leg, inbox).await;
                    }
                }
            }
        }
    }

    fn over(&self, calling: Calling, status: DialStatus, answer: Answer) -> Reply {
        let mut world = self.stage.world();
        world.dial_over(self.channel, status);
        calling.reply(world.now, status, answer)
    }

    /// One event while nobody has answered; the leg that does.
    fn heard_of(&mut self, calling: &mut Calling, line: LineId, event: Event) -> Option<Leg> {
        let at = calling.open.iter().position(|leg| leg.line == line)?;
        let passed = since(calling.start, self.now());
        match event {
            Event::Ringing => {
                calling.record.rang.get_or_insert(passed);
                self.tell(Event::Ringing);
            }
            Event::Progress { .. } => {
                calling.record.progressed.get_or_insert(passed);
                let mut world = self.stage.world();
                if let Some(actor) = world.run.channels.get_mut(self.channel) {
                    // What the called side plays, the caller hears.
                    actor.early = true;
                    actor.joined = Some(line);
                }
                drop(world);
                self.tell(Event::Progress { sdp: None });
            }
            Event::Answered { .. } => return Some(calling.open.remove(at)),
            Event::Ended { cause, status } => {
                let mut leg = calling.open.remove(at);
                calling.gone.extend(leg.callee.take().map(|callee| *callee));
                if matches!(status, Some(300..400)) {
                    self.note(Level::Notice, FORWARDS.to_owned());
                }
                self.stage.world().settle(leg.entry, Outcome::Failed(cause));
                calling.fail(cause, matches!(leg.to, To::Phone(_)));
            }
            _ => {}
        }
        None
    }

    /// Ends every leg that has not answered.
    pub(super) async fn give_up(&mut self, dial: &Dial, calling: &mut Calling, inbox: &Inbox) {
        let mut is_local = false;
        for mut leg in std::mem::take(&mut calling.open) {
            is_local |= matches!(leg.to, To::Local(..));
            self.stage.world().settle(leg.entry, Outcome::GivenUp);
            let callee = leg.callee.take();
            self.end_leg(leg);
            if let Some(mut callee) = callee {
                self.called_over(dial, &mut callee, inbox).await;
            }
        }
        if is_local {
            // A channel that is hung up runs its `h` while we go on.
            others_first().await;
        }
    }

    pub(super) fn end_leg(&self, leg: Leg) {
        match leg.to {
            To::Phone(phone) => drop(self.stage.world().phone_over(phone)),
            To::Local(hand, _) => hand.interrupt(Interrupt::Hangup { cause: 0 }),
        }
    }

    /// Whether something answers a number.
    pub(super) fn exists(&self, context: &[u8], exten: &[u8], caller: Option<&[u8]>) -> bool {
        let module: &Arc<Module> = self.plan();
        module.exists(&self.inputs(), context, exten, caller)
    }
}

pub(super) fn since(start: Time, now: Time) -> u64 {
    u64::try_from(now.0.saturating_sub(start.0) / 1_000).unwrap_or(0)
}
