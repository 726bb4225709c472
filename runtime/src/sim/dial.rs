//! Dial in the made-up world: phones that do what the scenario says, and Local channels that run as further channels.

use super::call::FarEnd;
use super::callee::Callee;
use super::effects::{Late, Own, Simulated};
use super::options::Moment;
use super::phone::{self, Phone, Script};
use super::report::{Came, Kind, Outcome};
use super::scenario::Attempt;
use super::stage::{Rank, Stage, others_first};
use crate::apps::dial::FORWARDS;
use crate::apps::dialled::Record;
use crate::apps::routine::{self, Beat, Onward, Verdict};
use crate::channel::drive;
use crate::limits;
use crate::line::{Event, LineId};
use crate::perform::{Ear, Hand, Inbox, Perform as _, Wake};
use std::sync::Arc;
use std::time::Duration;
use strowger_stdlib::status::{Cause, DialStatus};
use strowger_vm::effect::{Answer, Dial, Level, Reply, Target};
use strowger_vm::{Entry, Interrupt, Module, Party, Place, Run, State, Text, Time, Vm};

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
    entry: Option<usize>,
    /// When the caller hangs up while it rings.
    leaves: Option<Duration>,
}

/// What a leg leads to.
pub(super) enum To {
    Phone(usize),
    /// A channel behind `Local/`: how it is taken away, and how it hears what comes from here.
    Local(Hand, Ear),
}

/// Why a target was not called.
struct Refused {
    cause: u16,
    /// HANGUPCAUSE shows it; Local channels show none.
    is_shown: bool,
}

/// One `Dial` while it runs.
struct Calling {
    start: Time,
    failed: Vec<Cause>,
    record: Record,
    open: Vec<Leg>,
    /// HANGUPCAUSE: of the line that failed last.
    cause: Option<u16>,
    /// Channels that ran something, whose lines have ended.
    gone: Vec<Box<Callee>>,
}

impl Calling {
    fn fail(&mut self, cause: u16, is_shown: bool) {
        self.failed.push(Cause(cause));
        if is_shown {
            self.cause = Some(cause);
        }
    }

    fn reply(mut self, now: Time, status: DialStatus, answer: Answer) -> Reply {
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
                calling.gone.extend(leg.callee.take());
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
    async fn give_up(&mut self, dial: &Dial, calling: &mut Calling, inbox: &Inbox) {
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

    /// One leg answered: ends the others, has the called side do what it is to do, answers the caller, lets the two talk.
    async fn talk(
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
    async fn keys_while_ringing(
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
        loop {
            match self.next(inbox, limit).await {
                Wake::Gone(_) => return Over::Gone,
                Wake::Time => return Over::Limit,
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

    /// What is known of a target before it is called.
    fn request<'t>(&self, target: &'t Target) -> Wanted<'t> {
        let name = [target.technology.as_slice(), b"/", &target.resource].concat();
        let entry = self.stage.world().dials(self.channel, &name);
        let found = if target.technology.eq_ignore_ascii_case(b"Local") {
            let (exten, context) = local(target);
            let base = [b"Local/".as_slice(), exten, b"@", context].concat();
            let pair = self.stage.world().names.channel(&base);
            Ok(Found {
                name: [pair.as_slice(), b";1"].concat(),
                endpoint: None,
                leaves: None,
            })
        } else {
            self.known(target, name)
        };
        Wanted {
            target,
            entry,
            found,
            callee: None,
        }
    }

    /// Calls one target.
    fn place(
        &self,
        wanted: Wanted<'_>,
        dial: &Dial,
        inbox: &Inbox,
    ) -> Result<Leg, (Refused, Option<Box<Callee>>)> {
        let Wanted {
            target,
            entry,
            found,
            callee,
        } = wanted;
        let placed = found.and_then(|found| match found.endpoint {
            None => self.local(target, found, dial, inbox),
            Some(at) => self.phone(target, at, found, inbox),
        });
        match placed {
            Ok(leg) => Ok(Leg {
                entry,
                callee,
                ..leg
            }),
            Err(refused) => {
                self.stage
                    .world()
                    .settle(entry, Outcome::Failed(refused.cause));
                Err((refused, callee))
            }
        }
    }

    /// The phone behind a target, if there is a way to it.
    fn known(&self, target: &Target, name: Text) -> Result<Found, Refused> {
        let refused = |cause| Refused {
            cause,
            is_shown: true,
        };
        let mut world = self.stage.world();
        let channel_name = world.names.channel(&name);
        let known = world.endpoint_of(target, &name);
        let (known, leaves) = world.ask_endpoint(known, &name);
        let Some(at) = known else {
            // An unknown technology is 66; a known one without an answer counts as not registered.
            let is_known = [b"SIP".as_slice(), b"PJSIP"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&target.technology));
            let shown = String::from_utf8_lossy(&name).into_owned();
            let text = format!("nobody said what {shown} does: CHANUNAVAIL");
            world.note(self.channel, Level::Notice, text);
            world.unmocked(self.channel, Kind::Endpoint, name);
            return Err(refused(if is_known { 20 } else { 66 }));
        };
        let is_pjsip = target.technology.eq_ignore_ascii_case(b"PJSIP");
        let full = world.is_full(at);
        let (attempt, tries) = (world.next_attempt(at), world.run.tries.get(at).copied());
        let cause = match attempt {
            _ if full => None,
            Some(Attempt::Unavailable) => Some(Cause::SUBSCRIBER_ABSENT.0),
            // As the exchange has it: PJSIP finds no contact, SIP no address.
            Some(Attempt::Unregistered) if is_pjsip => Some(Cause::NO_ROUTE_DESTINATION.0),
            Some(Attempt::Unregistered) => Some(Cause::SUBSCRIBER_ABSENT.0),
            _ => None,
        };
        if let Some(cause) = cause {
            if let (Some(own), Some(tries)) = (world.run.tries.get_mut(at), tries) {
                *own = tries + 1;
            }
            return Err(refused(cause));
        }
        Ok(Found {
            name: channel_name,
            endpoint: Some(at),
            leaves,
        })
    }

    fn phone(
        &self,
        target: &Target,
        at: usize,
        found: Found,
        inbox: &Inbox,
    ) -> Result<Leg, Refused> {
        let refused = |cause| Refused {
            cause,
            is_shown: true,
        };
        let name = [target.technology.as_slice(), b"/", &target.resource].concat();
        let Found {
            name: channel_name,
            leaves,
            ..
        } = found;
        let mut world = self.stage.world();
        if world.is_full(at) {
            return Err(refused(Cause::USER_BUSY.0));
        }
        let scene = Arc::clone(&world.scene);
        let number = world.next_number(at);
        if let Some(tries) = world.run.tries.get_mut(at) {
            *tries += 1;
        }
        let attempt = scene.endpoints[at].attempts.get(number);
        match attempt {
            Some(Attempt::Busy { after }) if after.is_zero() => {
                return Err(refused(Cause::USER_BUSY.0));
            }
            Some(Attempt::Declines { after }) if after.is_zero() => {
                return Err(refused(Cause::CALL_REJECTED.0));
            }
            Some(Attempt::Congested { after }) if after.is_zero() => {
                return Err(refused(Cause::CONGESTION.0));
            }
            Some(Attempt::Fails { after, cause }) if after.is_zero() => {
                return Err(refused(*cause));
            }
            Some(Attempt::Redirects { after, .. }) if after.is_zero() => {
                world.note(self.channel, Level::Notice, FORWARDS.to_owned());
                return Err(refused(Cause::of_sip_answer(302).0));
            }
            // Another call of this Dial has taken the attempt before.
            Some(Attempt::Unavailable | Attempt::Unregistered) => {
                return Err(refused(Cause::SUBSCRIBER_ABSENT.0));
            }
            _ => {}
        }
        let line = world.line();
        let Some(address) = inbox.address(line) else {
            return Err(refused(Cause::CONGESTION.0));
        };
        // Nobody is at a phone that only rings.
        let is_ringing = address.deliver(Event::Ringing).is_ok();
        let of = world.of(self.channel);
        let mut phone = Phone::new(name, Some(at), of, self.channel);
        phone.address = Some(address);
        let phone = world.add_phone(phone);
        let acts = !matches!(attempt, None | Some(Attempt::NeverAnswers));
        if acts {
            let script = Script::Attempt(scene, at, number);
            let task = Box::pin(phone::called(Arc::clone(&self.stage), phone, script));
            if !is_ringing || !world.spawn(task) {
                drop(world.phone_over(phone));
                return Err(refused(Cause::SUBSCRIBER_ABSENT.0));
            }
        }
        Ok(Leg {
            line,
            name: channel_name,
            resource: target.resource.clone(),
            to: To::Phone(phone),
            callee: None,
            entry: None,
            leaves,
        })
    }

    /// `Local/exten@context[/options]`: starts a further channel of this world.
    fn local(
        &self,
        target: &Target,
        found: Found,
        dial: &Dial,
        inbox: &Inbox,
    ) -> Result<Leg, Refused> {
        let refused = |cause| Refused {
            cause,
            is_shown: false,
        };
        let (exten, context) = local(target);
        let name = found.name;
        let pair = &name[..name.len().saturating_sub(2)];
        let number = dial.caller.number.as_deref();
        if self.depth >= limits::LOCAL_DEPTH || !self.exists(context, exten, number) {
            return Err(refused(Cause::NO_ROUTE_DESTINATION.0));
        }
        let mut world = self.stage.world();
        let unique_id = world.names.unique_id(world.now.seconds());
        let party = Party {
            name: [pair, b";2"].concat(),
            linked_id: unique_id.clone(),
            unique_id,
            technology: b"Local".to_vec(),
            state: State::Ring,
            caller: dial.caller.clone(),
            language: dial.language.clone(),
            account: dial.account.clone(),
            ..Party::default()
        };
        let (line, far) = (world.line(), world.line());
        let Some(address) = inbox.address(line) else {
            return Err(refused(Cause::CONGESTION.0));
        };
        let far_inbox = Inbox::new(Some(far));
        let (hand, ear) = (far_inbox.hand(), far_inbox.ear(far));
        let of = world.of(self.channel);
        let end = FarEnd::Dialler(self.channel, line);
        let channel = world.add_channel(&party, of, hand.clone(), end);
        let entry = Entry {
            variables: dial.inherited.clone(),
            run: Run::Call(Place::new(context, exten, 1)),
            party,
        };
        let mut performer = Simulated::new(&self.stage, self.plan(), channel, Own::Half(address));
        performer.depth = self.depth + 1;
        let stage = Arc::clone(&self.stage);
        if !world.spawn(Box::pin(further(stage, entry, performer, far_inbox))) {
            return Err(refused(Cause::CONGESTION.0));
        }
        Ok(Leg {
            line,
            name,
            resource: target.resource.clone(),
            to: To::Local(hand, ear),
            callee: None,
            entry: None,
            leaves: None,
        })
    }

    /// Whether something answers a number.
    pub(super) fn exists(&self, context: &[u8], exten: &[u8], caller: Option<&[u8]>) -> bool {
        let module: &Arc<Module> = self.plan();
        module.exists(&self.inputs(), context, exten, caller)
    }
}

/// Runs the channel behind a `Local/` to its end.
async fn further(stage: Arc<Stage>, entry: Entry, mut performer: Simulated, mut inbox: Inbox) {
    let limits = stage.world().limits;
    let mut vm = Vm::new(limits);
    let end = drive(&mut vm, entry, &mut performer, &mut inbox).await;
    let cause = performer.refused.unwrap_or_else(|| end.cause());
    stage.world().channel_over(performer.channel);
    if let Own::Half(address) = performer.own {
        address.end(cause, None);
    }
}

/// A target, before it is called.
struct Wanted<'t> {
    target: &'t Target,
    /// Its entry in the list of what was dialled.
    entry: Option<usize>,
    found: Result<Found, Refused>,
    callee: Option<Box<Callee>>,
}

/// What a target is.
struct Found {
    /// Its channel's name.
    name: Text,
    /// `None`: a place behind `Local/`.
    endpoint: Option<usize>,
    leaves: Option<Duration>,
}

/// Extension and context of `Local/exten@context[/options]`.
fn local(target: &Target) -> (&[u8], &[u8]) {
    let mut parts = target.resource.split(|b| *b == b'/');
    let address = parts.next().unwrap_or_default();
    match address.iter().position(|b| *b == b'@') {
        Some(at) => (&address[..at], &address[at + 1..]),
        None => (address, b"default".as_slice()),
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

fn since(start: Time, now: Time) -> u64 {
    u64::try_from(now.0.saturating_sub(start.0) / 1_000).unwrap_or(0)
}
