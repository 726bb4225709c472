//! The effects of a channel in the made-up world: they wait for its clock and for what comes to their inbox, as those of the exchange do.

use super::call::FarEnd;
use super::report::{Came, Heard, Kind, Logged, Of, Played, Sent, Unmocked, keep};
use super::scenario::{Attempt, Moment};
use super::stage::{Rank, Sleep, Stage, Virtual, after};
use super::{Answered, Happened, World, answered};
use crate::apps;
use crate::line::Event;
use crate::perform::{Address, Inbox, Perform, Wake};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use strowger_vm::effect::{Answer, Effect, Interruptible, Level, Outgoing, Play, Reply};
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

    /// Who hears what a channel plays, and whether anybody can.
    fn listener(&self, mut channel: usize) -> (Option<usize>, bool) {
        loop {
            let Some(actor) = self.run.channels.get(channel) else {
                return (None, false);
            };
            if !actor.up && !actor.early {
                return (None, false);
            }
            match actor.end {
                FarEnd::Nobody => return (None, true),
                FarEnd::Phone(phone) => return (Some(phone), true),
                FarEnd::Dialler(dialler, line) => {
                    let joined = self.run.channels.get(dialler).and_then(|d| d.joined);
                    if joined != Some(line) {
                        return (None, false);
                    }
                    channel = dialler;
                }
            }
        }
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
        Late(ms.map(|ms| {
            let at = after(self.stage.world().now, Duration::from_millis(ms));
            self.stage.sleep_until(at, rank)
        }))
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
            Effect::Unserved { application, .. } => {
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
                    let key = self.stage.world().patient_key(self.channel);
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

    async fn play(&mut self, play: Play, inbox: &mut Inbox) -> Reply {
        if matches!(self.own, Own::Text) {
            let reply = self.no_audio("Playback");
            return if play.status.is_empty() {
                reply
            } else {
                reply.set(play.status, "FAILED")
            };
        }
        let mut reply = Reply::done();
        if play.answer && !self.up {
            self.answer();
            reply = reply.state(State::Up);
        }
        let mut missing = false;
        for file in &play.files {
            let length = self.stage.world().sound(file);
            let Some(length) = length else {
                missing = true;
                self.note(
                    Level::Warning,
                    format!("no sound file `{}`", String::from_utf8_lossy(file)),
                );
                self.heard(file, None, Played::Missing, self.now());
                if play.stop_at_missing {
                    break;
                }
                continue;
            };
            let (answer, _) = self.sound(file, None, length, &play.interrupt, inbox).await;
            if answer != Answer::Done {
                reply.answer = answer;
                break;
            }
        }
        if play.status.is_empty() {
            reply
        } else {
            reply.set(play.status, if missing { "FAILED" } else { "SUCCESS" })
        }
    }

    async fn say(
        &mut self,
        prompts: &[Text],
        interrupt: &Interruptible,
        inbox: &mut Inbox,
    ) -> Reply {
        if matches!(self.own, Own::Text) {
            return self.no_audio("saying something");
        }
        let said = self.stage.world().argument(self.channel);
        for prompt in prompts {
            let length = self.stage.world().sound(prompt);
            let Some(length) = length else {
                self.heard(prompt, said.clone(), Played::Missing, self.now());
                continue;
            };
            let (answer, _) = self
                .sound(prompt, said.clone(), length, interrupt, inbox)
                .await;
            if answer != Answer::Done {
                return Reply::with(answer);
            }
        }
        Reply::done()
    }

    pub(super) fn now(&self) -> strowger_vm::Time {
        self.stage.world().now
    }

    /// Plays one sound to its end, to a key that may break it, or to the hang-up.
    async fn sound(
        &mut self,
        name: &[u8],
        said: Option<Text>,
        length: Duration,
        interrupt: &Interruptible,
        inbox: &mut Inbox,
    ) -> (Answer, Played) {
        let began = self.now();
        self.at_listener(name, Moment::Begins);
        let mut late = Late(Some(
            self.stage.sleep_until(after(began, length), Rank::Plan),
        ));
        let own = inbox.main();
        let (answer, how) = loop {
            match self.next(inbox, &mut late).await {
                Wake::Time => break (Answer::Done, Played::Whole),
                Wake::Gone(_) => break (Answer::Gone, Played::Broken),
                Wake::Event(line, Event::Digit { digit, .. })
                    if Some(line) == own && apps::play::breaks(interrupt, digit) =>
                {
                    break (Answer::Digit(digit), Played::Broken);
                }
                Wake::Event(..) => {}
            }
        };
        self.heard(name, said, how, began);
        self.at_listener(name, Moment::Ends);
        (answer, how)
    }

    fn at_listener(&self, name: &[u8], at: Moment) {
        let mut world = self.stage.world();
        if let (Some(phone), true) = world.listener(self.channel) {
            world.phone_hears(phone, name, at);
        }
    }

    fn heard(&self, file: &[u8], said: Option<Text>, how: Played, at: strowger_vm::Time) {
        let mut world = self.stage.world();
        if !world.record {
            return;
        }
        let heard = Heard {
            at,
            until: world.now,
            of: world.of(self.channel),
            channel: world.number(self.channel),
            file: file.to_vec(),
            how,
            audible: how != Played::Missing && world.listener(self.channel).1,
            said,
        };
        let run = &mut world.run;
        keep(&mut run.heard, heard, &mut run.dropped);
    }

    fn send(&mut self, message: Outgoing) -> Reply {
        let mut world = self.stage.world();
        let status = world.takes_text(self.channel, &message.destination);
        if world.record {
            let sent = Sent {
                at: world.now,
                of: world.of(self.channel),
                channel: world.number(self.channel),
                to: message.destination,
                from: message.from,
                body: message.message.body,
                status: status.into(),
                inside_call: false,
            };
            let run = &mut world.run;
            keep(&mut run.sent, sent, &mut run.dropped);
        }
        Reply::done().set("MESSAGE_SEND_STATUS", status)
    }

    fn send_text(&mut self, text: Text) -> Reply {
        let (status, kind) = match self.own {
            // Before the answer there is no dialog that a text could travel in.
            Own::Phone(_) if !self.up => ("UNSUPPORTED", "NONE"),
            Own::Text => ("UNSUPPORTED", "NONE"),
            Own::Nobody | Own::Phone(_) | Own::Half(_) => ("SUCCESS", "BASIC"),
        };
        let mut world = self.stage.world();
        if world.record {
            let actor = world.run.channels.get(self.channel);
            let to = match (&self.own, actor) {
                (Own::Phone(phone), _) => {
                    world.run.phones.get(*phone).map(|phone| phone.name.clone())
                }
                (_, actor) => actor.map(|actor| actor.name.clone()),
            };
            let sent = Sent {
                at: world.now,
                of: world.of(self.channel),
                channel: world.number(self.channel),
                to: to.unwrap_or_default(),
                from: Text::new(),
                body: text.clone(),
                status: status.into(),
                inside_call: true,
            };
            let run = &mut world.run;
            keep(&mut run.sent, sent, &mut run.dropped);
        }
        drop(world);
        if status == "SUCCESS" {
            self.tell(Event::Text {
                kind: b"text/plain".to_vec(),
                body: text.into(),
            });
        }
        Reply::done()
            .set("SENDTEXTSTATUS", status)
            .set("SENDTEXTTYPE", kind)
    }
}

impl World {
    /// How long a sound lasts; `None`: it does not exist.
    fn sound(&self, name: &[u8]) -> Option<Duration> {
        match self.scene.sounds.named.get(name) {
            Some(length) => *length,
            None => self.prompt_ms.map(Duration::from_millis),
        }
    }

    /// What the present step says: its first argument.
    fn argument(&self, channel: usize) -> Option<Text> {
        let step = self.run.channels.get(channel)?.step?;
        match &self.trace.get(step)?.what {
            Trace::Step(step) => step
                .arguments
                .split(|b| *b == b',')
                .next()
                .map(<[u8]>::to_vec),
            Trace::Set { .. } | Trace::Note { .. } => None,
        }
    }

    /// What becomes of a text to an address.
    fn takes_text(&mut self, channel: usize, destination: &[u8]) -> &'static str {
        let scheme = destination
            .split(|b| *b == b':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if destination.is_empty() {
            return "INVALID_URI";
        }
        if !matches!(scheme.as_slice(), b"sip" | b"pjsip" | b"xmpp") {
            return "INVALID_PROTOCOL";
        }
        let rest = destination.get(scheme.len() + 1..).unwrap_or_default();
        let name = rest.split(|b| *b == b'@').next().unwrap_or_default();
        let other: &[u8] = if scheme == b"sip" { b"PJSIP/" } else { b"SIP/" };
        let endpoint = self
            .described(&[scheme.as_slice(), b"/", name].concat())
            // Each of the two reaches either kind of account.
            .or_else(|| self.described(&[other, name].concat()));
        let Some(at) = endpoint else {
            let shown = String::from_utf8_lossy(destination);
            let text = format!("nobody said that `{shown}` takes messages: FAILURE");
            self.note(channel, Level::Notice, text);
            self.unmocked(channel, Kind::Text, destination.to_vec());
            return "FAILURE";
        };
        let is_there = !matches!(
            self.next_attempt(at),
            Some(Attempt::Unavailable | Attempt::Unregistered)
        );
        let answer = self.scene.endpoints.get(at).and_then(|e| e.texts);
        match answer {
            Some(200..300) => "SUCCESS",
            None if is_there => "SUCCESS",
            _ => "FAILURE",
        }
    }
}
