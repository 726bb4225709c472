//! The effects of a channel in the made-up world: they wait for its clock and for what comes to their inbox, as those of the exchange do.

use super::report::{Came, Kind, Logged, Of, Unmocked, keep};
use super::stage::{Rank, Sleep, Stage, Virtual, after};
use super::{Answered, Happened, World, answered, ask};
use crate::apps;
use crate::line::Event;
use crate::perform::{Address, Inbox, Perform, Wake};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use strowger_vm::effect::{Answer, Effect, Level, Reply};
use strowger_vm::trace::Source;
use strowger_vm::{Inputs, Interrupt, Module, Party, Place, State, Text, Trace};

/// What a channel's own line is made of.
pub(super) enum Own {
    /// None: nobody hears it and nobody hangs it up.
    Nobody,
    /// None, and no audio: it handles a text.
    Text,
    /// This phone.
    Phone(usize),
    /// One half of a `Local/` pair: what happens to it, the dialler hears of.
    Half(Address),
}

/// A channel of the made-up world.
pub(super) struct Simulated {
    pub(super) stage: Arc<Stage>,
    module: Arc<Module>,
    /// Its place among the channels.
    pub(super) channel: usize,
    pub(super) own: Own,
    pub(super) up: bool,
    /// Channels through `Local/` around it.
    pub(super) depth: usize,
    /// It said busy or congestion before the answer.
    pub(super) refused: Option<u16>,
    /// The effect during which its caller hangs up.
    pub(super) hangs_up_at: Option<u32>,
}

/// The end of a wait; none for one without an end.
pub(super) struct Late(Option<Sleep>);

impl Late {
    pub(super) fn never() -> Late {
        Late(None)
    }
}

impl Future for Late {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.get_mut().0 {
            Some(sleep) => Pin::new(sleep).poll(context),
            None => Poll::Pending,
        }
    }
}

impl Perform for Simulated {
    type Clock = Virtual;

    fn clock(&self) -> Virtual {
        Virtual(Arc::clone(&self.stage))
    }

    fn module(&self) -> Arc<Module> {
        Arc::clone(&self.module)
    }

    fn inputs(&self) -> Inputs {
        let world = self.stage.world();
        Inputs {
            now: world.now,
            globals: Arc::clone(&world.globals),
            system: Arc::clone(&world.system),
        }
    }

    async fn perform(&mut self, effect: Effect, inbox: &mut Inbox) -> Reply {
        let asked = self.begins(&effect);
        let Some((asked, what)) = asked else {
            return self.act(effect, inbox).await;
        };
        let reply = self.act(effect, inbox).await;
        let mut world = self.stage.world();
        let answered = Answered {
            before: world.trace.len(),
            channel: world.number(self.channel),
            asked,
            at: world.now,
            effect: what,
            reply: reply.clone(),
        };
        world.answers.push(answered);
        reply
    }

    fn knows(&mut self, party: &Party) {
        let up = party.state == State::Up;
        if up != self.up {
            self.up = up;
            if up {
                self.stage.world().channel_up(self.channel);
            }
        }
    }

    fn watches(&self) -> bool {
        self.stage.world().record
    }

    fn saw(&mut self, what: Trace) {
        self.stage.world().saw(self.channel, what);
    }
}

impl World {
    /// The number of a channel in the trace, from now on.
    pub(super) fn number(&mut self, channel: usize) -> usize {
        let Some(actor) = self.run.channels.get_mut(channel) else {
            return 0;
        };
        *actor.number.get_or_insert_with(|| {
            self.run.numbers.push(channel);
            self.run.numbers.len() - 1
        })
    }

    /// Something happened on a channel.
    pub(super) fn saw(&mut self, channel: usize, what: Trace) {
        let number = self.number(channel);
        if !self.record {
            return;
        }
        if let (Trace::Step(_), Some(actor)) = (&what, self.run.channels.get_mut(channel)) {
            actor.step = Some(self.trace.len());
        }
        let happened = Happened {
            channel: number,
            at: self.now,
            what,
        };
        keep(&mut self.trace, happened, &mut self.run.dropped);
    }

    pub(super) fn note(&mut self, channel: usize, level: Level, text: String) {
        self.saw(channel, Trace::Note { level, text });
    }

    /// Where a channel stands, as far as its trace tells.
    pub(super) fn stands(&self, channel: usize) -> (Place, Option<Source>) {
        let step = self
            .run
            .channels
            .get(channel)
            .and_then(|actor| self.trace.get(actor.step?));
        match step.map(|happened| &happened.what) {
            Some(Trace::Step(step)) => (
                Place::new(step.context.clone(), step.exten.clone(), step.priority),
                step.source.clone(),
            ),
            _ => (Place::default(), None),
        }
    }

    /// To whom a channel belongs.
    pub(super) fn of(&self, channel: usize) -> Of {
        self.run
            .channels
            .get(channel)
            .map_or(Of::Call(0), |actor| actor.of)
    }

    /// Nobody described this.
    pub(super) fn unmocked(&mut self, channel: usize, kind: Kind, what: Text) {
        if !self.record {
            return;
        }
        let (place, source) = self.stands(channel);
        let unmocked = Unmocked {
            at: self.now,
            channel: self.number(channel),
            kind,
            what,
            place,
            source,
        };
        keep(&mut self.run.unmocked, unmocked, &mut self.run.dropped);
    }

    /// The keys of whoever is never in a hurry.
    fn patient_key(&mut self, channel: usize) -> Option<u8> {
        let own = match self.of(channel) {
            Of::Call(number) => self.run.calls.get_mut(number).map(|call| &mut call.keys),
            Of::Message(_) => None,
        };
        own.and_then(std::collections::VecDeque::pop_front)
            .or_else(|| self.digits.pop_front())
    }
}

impl Simulated {
    pub(super) fn new(
        stage: &Arc<Stage>,
        module: &Arc<Module>,
        channel: usize,
        own: Own,
    ) -> Simulated {
        Simulated {
            stage: Arc::clone(stage),
            module: Arc::clone(module),
            channel,
            own,
            up: false,
            depth: 0,
            refused: None,
            hangs_up_at: None,
        }
    }

    pub(super) fn plan(&self) -> &Arc<Module> {
        &self.module
    }

    /// Counts the effect, lets the caller hang up if it is the one; what is to be written down of it.
    fn begins(&mut self, effect: &Effect) -> Option<(strowger_vm::Time, Effect)> {
        let mut world = self.stage.world();
        let actor = world.run.channels.get_mut(self.channel)?;
        let number = actor.effects;
        actor.effects += 1;
        if self.hangs_up_at == Some(number)
            && let Own::Phone(phone) = self.own
        {
            world.phone_hangs_up(phone, 16, None);
        }
        (world.record && world.answers.len() < answered::KEPT).then(|| (world.now, effect.clone()))
    }

    pub(super) fn note(&self, level: Level, text: String) {
        self.stage.world().note(self.channel, level, text);
    }

    /// The end of a wait that begins now.
    pub(super) fn until(&self, ms: Option<u64>, rank: Rank) -> Late {
        match ms {
            Some(ms) => self.within(Duration::from_millis(ms), rank),
            None => Late::never(),
        }
    }

    /// The same, of a span.
    pub(super) fn within(&self, span: Duration, rank: Rank) -> Late {
        let at = after(self.stage.world().now, span);
        Late(Some(self.stage.sleep_until(at, rank)))
    }

    /// Waits for the next event that an application cares about; the change of a session is settled here, as in the exchange.
    pub(super) async fn next(&mut self, inbox: &mut Inbox, late: &mut Late) -> Wake {
        loop {
            match inbox.next_unless(&mut *late).await {
                Wake::Event(_, Event::Offered { .. } | Event::Settled { .. }) => {}
                wake => return wake,
            }
        }
    }

    async fn act(&mut self, effect: Effect, inbox: &mut Inbox) -> Reply {
        match effect {
            Effect::Answer { .. } => {
                self.answer();
                Reply::done().state(State::Up)
            }
            Effect::Dial(dial) => self.dial(*dial, inbox).await,
            Effect::Play(play) => self.play(play, inbox).await,
            Effect::Say { prompts, interrupt } => self.say(&prompts, &interrupt, inbox).await,
            Effect::Echo => self.echo(inbox).await,
            Effect::Wait { ms } => self.wait(Some(ms), inbox).await,
            Effect::Digit { timeout_ms } => self.digit(timeout_ms, inbox).await,
            Effect::Ringing => {
                self.tell(Event::Ringing);
                Reply::done()
            }
            Effect::Progress => {
                let mut world = self.stage.world();
                if let Some(actor) = world.run.channels.get_mut(self.channel) {
                    actor.early = true;
                }
                drop(world);
                self.tell(Event::Progress { sdp: None });
                Reply::done()
            }
            Effect::Proceeding => Reply::done(),
            Effect::Busy { timeout_ms } => self.refuse(17, timeout_ms, inbox).await,
            Effect::Congestion { timeout_ms } => self.refuse(34, timeout_ms, inbox).await,
            Effect::SendMessage(message) => self.send(*message),
            Effect::SendText { text, .. } => self.send_text(text),
            Effect::Log { level, text } => self.log(level, &text),
            Effect::Verbose { text, .. } => self.log(Level::Verbose, &text),
            Effect::ReadFunction { function, args } => self.read(&function, &args),
            Effect::WriteFunction {
                function,
                args,
                value,
            } => self.write(&function, &args, &value),
            Effect::Unserved { application, args } => {
                if let Some(reply) = self.mail(&application, &args, inbox).await {
                    return reply;
                }
                let name = String::from_utf8_lossy(&application).into_owned();
                self.note(Level::Notice, format!("{name} does nothing in this world"));
                let mut world = self.stage.world();
                world.unmocked(self.channel, Kind::Application, application);
                Reply::done()
            }
            at_once => self.stage.world().keeps(at_once),
        }
    }

    fn log(&self, level: Level, text: &[u8]) -> Reply {
        let mut world = self.stage.world();
        world.note(
            self.channel,
            level,
            String::from_utf8_lossy(text).into_owned(),
        );
        if world.record {
            let logged = Logged {
                at: world.now,
                channel: world.number(self.channel),
                level,
                text: text.to_vec(),
            };
            let run = &mut world.run;
            keep(&mut run.logs, logged, &mut run.dropped);
        }
        Reply::done()
    }

    /// Something for who is at the end of the channel's own line.
    pub(super) fn tell(&self, event: Event) {
        match (&self.own, event) {
            // A dialler that does not read gives up on us by itself.
            (Own::Half(address), event) => drop(address.deliver(event)),
            (Own::Phone(phone), Event::Digit { digit, .. }) => {
                self.stage.world().phone_receives(*phone, Came::Key(digit));
            }
            (Own::Phone(phone), Event::Text { body, .. }) => {
                self.stage
                    .world()
                    .phone_receives(*phone, Came::Text(body.to_vec()));
            }
            (Own::Nobody | Own::Text | Own::Phone(_), _) => {}
        }
    }

    pub(super) fn answer(&mut self) {
        if self.up {
            return;
        }
        self.up = true;
        let mut world = self.stage.world();
        world.channel_up(self.channel);
        if let Own::Phone(phone) = self.own {
            world.phone_answered(phone);
        }
        drop(world);
        self.tell(Event::Answered { sdp: None });
    }

    /// Whether this is the channel of a phone that was called.
    fn is_called(&self) -> bool {
        let world = self.stage.world();
        let actor = world.run.channels.get(self.channel);
        actor.is_some_and(|actor| actor.called)
    }

    /// What this channel has no audio for, in the words of the exchange.
    pub(super) fn no_audio(&self, application: &str) -> Reply {
        self.note(Level::Warning, apps::without_audio(application));
        Reply::done()
    }

    /// Lets time pass: `Done` at its end, `Gone` when the channel is taken out of the wait.
    async fn wait(&mut self, ms: Option<u64>, inbox: &mut Inbox) -> Reply {
        let mut late = self.until(ms, Rank::Plan);
        loop {
            match self.next(inbox, &mut late).await {
                Wake::Time => return Reply::done(),
                Wake::Gone(_) => return Reply::with(Answer::Gone),
                Wake::Event(..) => {}
            }
        }
    }

    async fn digit(&mut self, ms: Option<u64>, inbox: &mut Inbox) -> Reply {
        let mut asked = false;
        let mut late = self.until(ms, Rank::Plan);
        let own = inbox.main();
        loop {
            // A key that was pressed already comes before one that is pressed when asked for.
            let event = tokio::select! {
                biased;
                wake = self.next(inbox, &mut late) => Some(wake),
                () = std::future::ready(()) => None,
            };
            let wake = match event {
                Some(wake) => wake,
                None => {
                    // Those are the caller's; a called phone presses what its acts say.
                    let key = if self.is_called() {
                        None
                    } else {
                        let key = self.stage.world().patient_key(self.channel);
                        match key {
                            None if !asked => ask::key(&self.stage, ms),
                            key => key,
                        }
                    };
                    asked = true;
                    if let Some(key) = key {
                        return Reply::with(Answer::Digit(key));
                    }
                    self.next(inbox, &mut late).await
                }
            };
            match wake {
                Wake::Time => return Reply::done(),
                Wake::Gone(_) => return Reply::with(Answer::Gone),
                Wake::Event(line, Event::Digit { digit, .. }) if Some(line) == own => {
                    return Reply::with(Answer::Digit(digit));
                }
                Wake::Event(..) => {}
            }
        }
    }

    async fn echo(&mut self, inbox: &mut Inbox) -> Reply {
        if matches!(self.own, Own::Text) {
            return self.no_audio("Echo");
        }
        let own = inbox.main();
        loop {
            match self.next(inbox, &mut Late::never()).await {
                Wake::Event(line, Event::Digit { digit, .. }) if Some(line) == own => {
                    if digit == b'#' {
                        return Reply::done();
                    }
                    self.tell(Event::Digit {
                        digit,
                        ms: 100,
                        info: true,
                    });
                }
                Wake::Gone(_) => return Reply::with(Answer::Gone),
                Wake::Event(..) | Wake::Time => {}
            }
        }
    }

    async fn refuse(&mut self, cause: u16, ms: Option<u64>, inbox: &mut Inbox) -> Reply {
        if !self.up {
            match self.own {
                Own::Half(_) => {
                    // The dialler hears it and hangs up at once.
                    self.refused = Some(cause);
                    inbox.hand().interrupt(Interrupt::Hangup { cause: 0 });
                    return Reply::with(Answer::Gone);
                }
                Own::Phone(phone) => {
                    self.stage.world().phone_hangs_up(phone, cause, None);
                    return Reply::with(Answer::Gone);
                }
                Own::Nobody | Own::Text => {}
            }
        }
        let reply = self.wait(ms, inbox).await;
        if reply.answer == Answer::Done {
            Reply::with(Answer::Stop)
        } else {
            reply
        }
    }

    pub(super) fn now(&self) -> strowger_vm::Time {
        self.stage.world().now
    }
}
