//! Dial in the made-up world: phones that do what the scenario says, and Local channels that run as further channels.

use super::call::FarEnd;
use super::effects::{Late, Own, Simulated};
use super::options::Moment;
use super::phone::{self, Phone, Script};
use super::report::{Came, Kind, Outcome};
use super::scenario::Attempt;
use super::stage::{Rank, Stage, others_first};
use crate::apps::dial::FORWARDS;
use crate::apps::dialled::Record;
use crate::channel::drive;
use crate::limits;
use crate::line::{Event, LineId};
use crate::perform::{Ear, Hand, Inbox, Wake};
use std::sync::Arc;
use std::time::Duration;
use strowger_stdlib::status::{Cause, DialStatus};
use strowger_vm::effect::{Answer, Dial, Level, Reply, Target};
use strowger_vm::{Entry, Interrupt, Module, Party, Place, Run, State, Text, Time, Vm};

/// A target that was called and has not failed.
struct Leg {
    line: LineId,
    /// Its channel's name.
    name: Text,
    resource: Text,
    to: To,
    /// Its entry in the list of what was dialled.
    entry: Option<usize>,
    /// When the caller hangs up while it rings.
    leaves: Option<Duration>,
}

/// What a leg leads to.
enum To {
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
        };
        self.options(&dial, Moment::Dialled);
        for target in dial.targets.iter().take(limits::TARGETS) {
            match self.place(target, &dial, inbox) {
                Ok(leg) => calling.open.push(leg),
                Err(refused) => calling.fail(refused.cause, refused.is_shown),
            }
        }
        let mut time = self.until(dial.timeout_ms, Rank::Limit);
        let mut no_sign = self.until(dial.progress_timeout_ms, Rank::Limit);
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
                    self.give_up(&mut calling).await;
                    return self.over(calling, DialStatus::Cancel, Answer::Gone);
                }
                Wake::Time => {
                    self.give_up(&mut calling).await;
                    return self.over(calling, DialStatus::NoAnswer, Answer::Done);
                }
                Wake::Event(line, event) => {
                    if matches!(event, Event::Digit { .. }) && Some(line) == inbox.main() {
                        self.options(&dial, Moment::RingingKey);
                    }
                    if let Some(leg) = self.heard_of(&mut calling, line, event) {
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
                let leg = calling.open.remove(at);
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
    async fn give_up(&mut self, calling: &mut Calling) {
        let mut is_local = false;
        for leg in calling.open.drain(..) {
            is_local |= matches!(leg.to, To::Local(..));
            self.stage.world().settle(leg.entry, Outcome::GivenUp);
            self.end_leg(leg);
        }
        if is_local {
            // A channel that is hung up runs its `h` while we go on.
            others_first().await;
        }
    }

    fn end_leg(&self, leg: Leg) {
        match leg.to {
            To::Phone(phone) => drop(self.stage.world().phone_over(phone)),
            To::Local(hand, _) => hand.interrupt(Interrupt::Hangup { cause: 0 }),
        }
    }

    /// One leg answered: ends the others, answers the caller, lets the two talk.
    async fn talk(
        &mut self,
        dial: &Dial,
        mut calling: Calling,
        leg: Leg,
        inbox: &mut Inbox,
    ) -> Reply {
        let answered = since(calling.start, self.now());
        calling.record.answered = Some(answered);
        calling.record.peer = Some((leg.name.clone(), leg.resource.clone()));
        {
            let mut world = self.stage.world();
            world.settle(leg.entry, Outcome::Answered);
            world.dial_over(self.channel, DialStatus::Answer);
            if let Some(actor) = world.run.channels.get_mut(self.channel) {
                actor.joined = Some(leg.line);
            }
        }
        let mut limit = self.until(longest(dial), Rank::Limit);
        self.answer();
        self.give_up(&mut calling).await;
        let is_local = matches!(leg.to, To::Local(..));
        let over = self.bridge(dial, &leg, &mut limit, inbox).await;
        if let Some(actor) = self.stage.world().run.channels.get_mut(self.channel) {
            actor.joined = None;
        }
        let goes_on = dial.option(b'g').is_some();
        let answer = match over {
            Over::Gone => Answer::Gone,
            Over::Peer(_) | Over::Limit if goes_on => Answer::Done,
            Over::Peer(_) | Over::Limit => Answer::Stop,
        };
        if !is_local {
            calling.cause = match (over, inbox.latched()) {
                (Over::Peer(cause), _) => Some(cause),
                (Over::Gone, Some(Interrupt::Hangup { cause })) => {
                    Some(cause).filter(|cause| *cause != 0)
                }
                (Over::Gone | Over::Limit, _) => Some(Cause::NORMAL_CLEARING.0),
            };
        }
        self.end_leg(leg);
        if is_local && !matches!(over, Over::Peer(_)) {
            others_first().await;
        }
        let now = self.now();
        calling
            .reply(now, DialStatus::Answer, answer)
            .state(State::Up)
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

    /// Calls one target.
    fn place(&self, target: &Target, dial: &Dial, inbox: &Inbox) -> Result<Leg, Refused> {
        let name = [target.technology.as_slice(), b"/", &target.resource].concat();
        let entry = self.stage.world().dials(self.channel, &name);
        let placed = if target.technology.eq_ignore_ascii_case(b"Local") {
            self.local(target, dial, inbox)
        } else {
            self.phone(target, name, inbox)
        };
        match placed {
            Ok(leg) => Ok(Leg { entry, ..leg }),
            Err(refused) => {
                self.stage
                    .world()
                    .settle(entry, Outcome::Failed(refused.cause));
                Err(refused)
            }
        }
    }

    fn phone(&self, target: &Target, name: Text, inbox: &Inbox) -> Result<Leg, Refused> {
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
        if world.is_full(at) {
            return Err(refused(Cause::USER_BUSY.0));
        }
        let scene = Arc::clone(&world.scene);
        let number = world.next_number(at);
        if let Some(tries) = world.run.tries.get_mut(at) {
            *tries += 1;
        }
        let attempt = scene.endpoints[at].attempts.get(number);
        let is_pjsip = target.technology.eq_ignore_ascii_case(b"PJSIP");
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
            Some(Attempt::Unavailable) => return Err(refused(Cause::SUBSCRIBER_ABSENT.0)),
            // As the exchange has it: PJSIP finds no contact, SIP no address.
            Some(Attempt::Unregistered) if is_pjsip => {
                return Err(refused(Cause::NO_ROUTE_DESTINATION.0));
            }
            Some(Attempt::Unregistered) => return Err(refused(Cause::SUBSCRIBER_ABSENT.0)),
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
            entry: None,
            leaves,
        })
    }

    /// `Local/exten@context[/options]`: starts a further channel of this world.
    fn local(&self, target: &Target, dial: &Dial, inbox: &Inbox) -> Result<Leg, Refused> {
        let refused = |cause| Refused {
            cause,
            is_shown: false,
        };
        let address = target
            .resource
            .split(|b| *b == b'/')
            .next()
            .unwrap_or_default();
        let (exten, context) = match address.iter().position(|b| *b == b'@') {
            Some(at) => (&address[..at], &address[at + 1..]),
            None => (address, b"default".as_slice()),
        };
        let base = [b"Local/".as_slice(), exten, b"@", context].concat();
        let pair = self.stage.world().names.channel(&base);
        let number = dial.caller.number.as_deref();
        if self.depth >= limits::LOCAL_DEPTH || !self.exists(context, exten, number) {
            return Err(refused(Cause::NO_ROUTE_DESTINATION.0));
        }
        let mut world = self.stage.world();
        let unique_id = world.names.unique_id(world.now.seconds());
        let party = Party {
            name: [pair.as_slice(), b";2"].concat(),
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
            name: [pair.as_slice(), b";1"].concat(),
            resource: target.resource.clone(),
            to: To::Local(hand, ear),
            entry: None,
            leaves: None,
        })
    }

    /// Whether something answers a number.
    pub(super) fn exists(&self, context: &[u8], exten: &[u8], caller: Option<&[u8]>) -> bool {
        use crate::perform::Perform as _;
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

/// What ended a bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The channel itself must leave.
    Gone,
    /// The called side ended, with this cause.
    Peer(u16),
    /// The time limit of the call.
    Limit,
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
