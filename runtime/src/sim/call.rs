//! Calls and texts of the made-up world, from their begin to their end.

use super::phone::{self, Phone, Script};
use super::report::{CallReport, Cdr, Disposition, MessageReport, Of};
use super::scenario::{Call, HangUp, Message, Scenario};
use super::stage::{Rank, Stage, Task, after};
use super::{Own, Simulated, World};
use crate::channel::{End, drive};
use crate::limits;
use crate::line::LineId;
use crate::messages::CHANNEL;
use crate::perform::{Hand, Inbox};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use strowger_stdlib::status::{Cause, DialStatus};
use strowger_vm::{
    Datum, Ending, Entry, Module, Outcome, Party, Place, Run, State, Text, Time, Vm,
};

/// A channel while it is there.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) name: Text,
    pub(super) of: Of,
    /// Its number in the trace, once it ran a step.
    pub(super) number: Option<usize>,
    /// By which others take it out of its waits.
    pub(super) hand: Hand,
    pub(super) up: bool,
    /// It said Progress.
    pub(super) early: bool,
    pub(super) over: bool,
    /// It was called by another channel.
    pub(super) called: bool,
    /// Who is at its end.
    pub(super) end: FarEnd,
    /// The line that it called and that its own line talks with, or hears before the answer.
    pub(super) joined: Option<LineId>,
    /// Effects so far.
    pub(super) effects: u32,
    /// Its last step, as a place in the trace.
    pub(super) step: Option<usize>,
}

/// What a channel's own line leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FarEnd {
    /// Nothing.
    Nobody,
    /// This phone.
    Phone(usize),
    /// The channel that dialled `Local/`, by this line of its.
    Dialler(usize, LineId),
}

/// A call of the scenario, or one that a phone makes by itself.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) name: Text,
    /// Its first channel.
    pub(super) channel: Option<usize>,
    pub(super) phone: Option<usize>,
    pub(super) by: Option<usize>,
    pub(super) context: Text,
    /// Keys that are pressed when the plan waits for one.
    pub(super) keys: VecDeque<u8>,
    pub(super) over: bool,
    pub(super) stalled: bool,
    end: Option<End>,
    variables: Vec<(Text, Text)>,
    began: Time,
    ended: Time,
    pub(super) answered: Option<Time>,
    /// The status of its last Dial.
    pub(super) dial: Option<DialStatus>,
}

impl Progress {
    pub(super) fn report(self, numbers: &[Option<usize>]) -> CallReport {
        let disposition = match (self.answered, self.dial) {
            (Some(_), _) => Disposition::Answered,
            (None, Some(DialStatus::Busy)) => Disposition::Busy,
            (None, Some(DialStatus::NoAnswer | DialStatus::Cancel)) => Disposition::NoAnswer,
            (None, Some(_)) => Disposition::Failed,
            // No leg was dialled: the cause tells.
            (None, None) => match self.end.as_ref().map_or(0, End::cause) {
                17 => Disposition::Busy,
                3 | 20 | 34 => Disposition::Failed,
                _ => Disposition::NoAnswer,
            },
        };
        CallReport {
            channel: self
                .channel
                .and_then(|at| numbers.get(at).copied().flatten()),
            cdr: Cdr {
                start: self.began,
                answer: self.answered,
                end: self.ended,
                disposition,
            },
            name: self.name,
            by: self.by,
            end: self.end,
            variables: self.variables,
            began: self.began,
            ended: self.ended,
            stalled: self.stalled,
        }
    }
}

/// A text that came in.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    channel: Option<usize>,
    end: Option<End>,
    variables: Vec<(Text, Text)>,
    began: Time,
    ended: Time,
}

impl Delivery {
    pub(super) fn report(self, numbers: &[Option<usize>]) -> MessageReport {
        MessageReport {
            channel: self
                .channel
                .and_then(|at| numbers.get(at).copied().flatten()),
            end: self.end,
            variables: self.variables,
            began: self.began,
            ended: self.ended,
        }
    }
}

/// Where a call is described.
pub(super) enum Which {
    /// In the scenario.
    Scene(Arc<Scenario>, usize),
    /// A phone makes it by itself.
    Own(Box<Call>),
}

impl Which {
    fn call(&self) -> Option<&Call> {
        match self {
            Which::Scene(scene, at) => scene.calls.get(*at),
            Which::Own(call) => Some(call),
        }
    }
}

impl World {
    /// A further task; `false`: there are too many.
    pub(super) fn spawn(&mut self, task: Task) -> bool {
        let at_once = self.run.at_once + self.run.spawned.len();
        let fits = self.run.tasks < limits::SIM_TASKS && at_once < limits::SIM_AT_ONCE;
        if fits {
            self.run.tasks += 1;
            self.run.spawned.push(task);
        } else {
            self.run.cut.get_or_insert(super::report::Cut::Tasks);
        }
        fits
    }

    /// A name for a line.
    pub(super) fn line(&mut self) -> LineId {
        self.run.lines += 1;
        LineId(self.run.lines)
    }

    pub(super) fn add_call(&mut self, call: &Call, by: Option<usize>) -> usize {
        self.run.calls.push(Progress {
            by,
            context: call.context.clone(),
            keys: call.keys.iter().copied().collect(),
            began: self.now,
            ended: self.now,
            ..Progress::default()
        });
        self.run.calls.len() - 1
    }

    pub(super) fn add_channel(&mut self, party: &Party, of: Of, hand: Hand, end: FarEnd) -> usize {
        self.run.channels.push(Actor {
            name: party.name.clone(),
            of,
            number: None,
            hand,
            up: party.state == State::Up,
            early: false,
            over: false,
            called: false,
            end,
            joined: None,
            effects: 0,
            step: None,
        });
        self.run.channels.len() - 1
    }

    /// The channel is gone: it is in no group and holds no lock any more.
    pub(super) fn channel_over(&mut self, channel: usize) {
        if let Some(actor) = self.run.channels.get_mut(channel) {
            actor.over = true;
            self.tables.forget(&actor.name);
        }
    }

    /// The channel is answered.
    pub(super) fn channel_up(&mut self, channel: usize) {
        let now = self.now;
        let Some(actor) = self.run.channels.get_mut(channel) else {
            return;
        };
        actor.up = true;
        if let Of::Call(number) = actor.of
            && let Some(call) = self.run.calls.get_mut(number)
            && call.channel == Some(channel)
        {
            call.answered.get_or_insert(now);
        }
    }

    /// Nothing more can happen, or too much has: everybody is hung up.
    pub(super) fn end_all(&mut self, is_stalled: bool) {
        for phone in 0..self.run.phones.len() {
            drop(self.phone_over(phone));
        }
        for actor in self.run.channels.iter().filter(|actor| !actor.over) {
            if let Of::Call(number) = actor.of
                && let Some(call) = self.run.calls.get_mut(number)
            {
                call.stalled = is_stalled;
            }
            actor
                .hand
                .interrupt(strowger_vm::Interrupt::Hangup { cause: 0 });
        }
        self.wake_waiting();
    }

    /// Those who wait for a call to begin or to end.
    fn wake_waiting(&mut self) {
        for waker in self.run.waiting.drain(..) {
            Waker::wake(waker);
        }
    }
}

/// What runs on a channel.
struct Begun {
    entry: Entry,
    performer: Simulated,
    inbox: Inbox,
    channel: usize,
    phone: usize,
}

/// Lets the calls of a scenario begin, each at its moment.
pub(super) async fn all(stage: Arc<Stage>, module: Arc<Module>, scene: Arc<Scenario>) {
    let mut order: Vec<usize> = (0..scene.calls.len()).collect();
    order.sort_by_key(|at| scene.calls[*at].at);
    let began = stage.world().run.began;
    for number in order {
        stage
            .sleep_until(after(began, scene.calls[number].at), Rank::Phone)
            .await;
        let which = Which::Scene(Arc::clone(&scene), number);
        let call = run(Arc::clone(&stage), Arc::clone(&module), which, number);
        stage.world().spawn(Box::pin(call));
    }
}

/// A call, from its begin to its end.
pub(super) async fn run(stage: Arc<Stage>, module: Arc<Module>, which: Which, number: usize) {
    let Some(call) = which.call() else {
        return;
    };
    let Begun {
        entry,
        mut performer,
        mut inbox,
        channel,
        phone,
    } = begin(&stage, &module, &which, call, number);
    let limits = stage.world().limits;
    let mut vm = Vm::new(limits);
    let of_sip = [b"SIP".as_slice(), b"PJSIP"].contains(&entry.party.technology.as_slice());
    let caller = call.caller.number.as_deref();
    let is_refused = of_sip && !performer.exists(&call.context, &call.exten, caller);
    let end = if is_refused {
        refused()
    } else {
        drive(&mut vm, entry, &mut performer, &mut inbox).await
    };
    let mut world = stage.world();
    world.channel_over(channel);
    drop(world.phone_over(phone));
    let ended = world.now;
    if let Some(call) = world.run.calls.get_mut(number) {
        call.variables = vm.variables();
        call.ended = ended;
        call.end = Some(end);
        call.over = true;
    }
    world.wake_waiting();
}

/// Nothing answers the number: 404, before any step (DL-147).
fn refused() -> End {
    End::Done(Outcome {
        cause: Cause::UNALLOCATED.0,
        why: Ending::NoWay,
    })
}

/// The channel, the phone, and who sits there.
fn begin(
    stage: &Arc<Stage>,
    module: &Arc<Module>,
    which: &Which,
    call: &Call,
    number: usize,
) -> Begun {
    let mut world = stage.world();
    let of = Of::Call(number);
    let mut party = if call.from.is_empty() {
        world.party()
    } else {
        let (now, slash) = (world.now, call.from.iter().position(|b| *b == b'/'));
        let unique_id = world.names.unique_id(now.seconds());
        Party {
            name: world.names.channel(&call.from),
            linked_id: unique_id.clone(),
            unique_id,
            technology: call.from[..slash.unwrap_or(call.from.len())].to_vec(),
            state: State::Ring,
            dialed: call.exten.clone(),
            ..Party::default()
        }
    };
    party.caller = call.caller.clone();
    if !call.language.is_empty() {
        party.language.clone_from(&call.language);
    }
    party.account.clone_from(&call.account);
    let line = world.line();
    let inbox = Inbox::new(Some(line));
    let at = world.run.phones.len();
    let channel = world.add_channel(&party, of, inbox.hand(), FarEnd::Phone(at));
    let endpoint = world.described(&call.from);
    let mut own = Phone::new(call.from.clone(), endpoint, of, channel);
    own.address = inbox.address(line);
    own.answered = party.state == State::Up;
    let phone = world.add_phone(own);
    let now = world.now;
    if let Some(progress) = world.run.calls.get_mut(number) {
        progress.name.clone_from(&party.name);
        progress.channel = Some(channel);
        progress.phone = Some(phone);
        progress.began = now;
        progress.ended = now;
    }
    if party.state == State::Up {
        world.channel_up(channel);
    }
    if let Which::Scene(scene, at) = which
        && !call.acts.is_empty()
    {
        let script = Script::Call(Arc::clone(scene), *at);
        // The channel may come to its first prompt before the caller has a turn.
        if let Some(own) = world.run.phones.get_mut(phone) {
            own.listens = script.listens();
        }
        world.spawn(Box::pin(phone::act(Arc::clone(stage), phone, script)));
    }
    let mut hangs_up_at = None;
    match call.hangs_up {
        Some(HangUp::After(span)) => {
            world.spawn(Box::pin(phone::gives_up(Arc::clone(stage), phone, span)));
        }
        Some(HangUp::AtEffect(n)) => hangs_up_at = Some(n),
        None => {}
    }
    world.wake_waiting();
    drop(world);
    let entry = Entry {
        variables: call.variables.clone(),
        run: Run::Call(Place::new(
            call.context.clone(),
            call.exten.clone(),
            call.priority,
        )),
        party,
    };
    let mut performer = Simulated::new(stage, module, channel, Own::Phone(phone));
    performer.hangs_up_at = hangs_up_at;
    Begun {
        performer,
        entry,
        inbox,
        channel,
        phone,
    }
}

/// The texts of one sender, one after the other.
pub(super) async fn texts(
    stage: Arc<Stage>,
    module: Arc<Module>,
    scene: Arc<Scenario>,
    which: Vec<usize>,
) {
    for number in which {
        let Some(message) = scene.messages.get(number) else {
            continue;
        };
        let at = after(stage.world().run.began, message.at);
        stage.sleep_until(at, Rank::Phone).await;
        text(&stage, &module, message, number).await;
    }
}

/// One text (DL-320).
async fn text(stage: &Arc<Stage>, module: &Arc<Module>, message: &Message, number: usize) {
    let mut inbox = Inbox::new(None);
    let (entry, channel, limits) = {
        let mut world = stage.world();
        let now = world.now;
        let unique_id = world.names.unique_id(now.seconds());
        let party = Party {
            name: CHANNEL.into(),
            linked_id: unique_id.clone(),
            unique_id,
            technology: "Message".into(),
            state: State::Up,
            message: strowger_vm::Message {
                to: message.to.clone(),
                from: message.from.clone(),
                body: message.body.clone(),
                data: message
                    .headers
                    .iter()
                    .map(|(name, value)| Datum {
                        name: name.clone(),
                        value: value.clone(),
                        outgoing: false,
                    })
                    .collect(),
            },
            ..Party::default()
        };
        let channel = world.add_channel(&party, Of::Message(number), inbox.hand(), FarEnd::Nobody);
        if let Some(delivery) = world.run.deliveries.get_mut(number) {
            delivery.channel = Some(channel);
            delivery.began = now;
            delivery.ended = now;
        }
        let at = Place::new(message.context.clone(), message.enters(), 1);
        let entry = Entry {
            party,
            variables: message.variables.clone(),
            run: Run::Message(at),
        };
        (entry, channel, world.limits)
    };
    let mut performer = Simulated::new(stage, module, channel, Own::Text);
    let mut vm = Vm::new(limits);
    let exten = message.enters();
    let context = module.entered_by_text(&message.context, &exten);
    let end = if performer.exists(&context, &exten, None) {
        drive(&mut vm, entry, &mut performer, &mut inbox).await
    } else {
        refused()
    };
    let mut world = stage.world();
    // All texts have a channel of the same name: groups and locks stay.
    if let Some(actor) = world.run.channels.get_mut(channel) {
        actor.over = true;
    }
    let ended = world.now;
    if let Some(delivery) = world.run.deliveries.get_mut(number) {
        delivery.variables = vm.variables();
        delivery.ended = ended;
        delivery.end = Some(end);
    }
}
