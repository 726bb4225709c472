//! The live exchange as a performer of effects: hands each effect to the application that does it.

use crate::apps;
use crate::config::CallsAtReload;
use crate::engine::Shared;
use crate::limits;
use crate::line::{Event, Line, LineId};
use crate::observe::What;
use crate::perform::{Ear, Inbox, Perform, Wake, Wall};
use crate::record::Recording;
use crate::sip::command::HeaderLine;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use strowger_vm::effect::{Effect, Level, Reply};
use strowger_vm::{Inputs, Module, Party, Text, Trace};
use tokio::time::Instant;

/// One channel of the live exchange, with the lines that it owns.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) shared: Arc<Shared>,
    /// The channel's name.
    pub(crate) name: Arc<str>,
    /// Its own line; a text has none.
    pub(crate) line: Option<Line>,
    /// Lines that it called.
    pub(crate) called: BTreeMap<LineId, Line>,
    /// `CHANNEL(language)`.
    pub(crate) language: Text,
    /// How often what it sends on may still be sent on (Max-Forwards): the end of loops between exchanges.
    pub(crate) hops: u8,
    tokens: u64,
    /// The plan with which it began, if it is to keep that over a reload.
    stays: Option<Arc<Module>>,
    /// Who writes it down, if anybody does.
    pub(crate) recording: Option<Recording>,
}

impl Live {
    pub(crate) fn new(shared: &Arc<Shared>, name: Arc<str>, line: Option<Line>) -> Live {
        let stays = shared.config().options.calls_at_reload == CallsAtReload::Stay;
        Live {
            shared: Arc::clone(shared),
            name,
            line,
            called: BTreeMap::new(),
            language: b"en".to_vec(),
            hops: 70,
            tokens: 0,
            stays: stays.then(|| shared.module()),
            recording: None,
        }
    }

    /// A called channel: what its caller gets of it is recorded there.
    pub(crate) fn called_by(caller: &Live, name: Arc<str>) -> Live {
        Live {
            shared: Arc::clone(&caller.shared),
            name,
            line: None,
            called: BTreeMap::new(),
            language: b"en".to_vec(),
            hops: caller.hops.saturating_sub(1),
            tokens: 0,
            stays: caller.stays.clone(),
            recording: None,
        }
    }

    /// The line of this number, own or called.
    pub(crate) fn line_mut(&mut self, id: LineId) -> Option<&mut Line> {
        match &mut self.line {
            Some(line) if line.id == id => Some(line),
            _ => self.called.get_mut(&id),
        }
    }

    /// True when the channel's own line is answered; a text counts as answered (DL-321).
    pub(crate) fn is_up(&self) -> bool {
        self.line.as_ref().is_none_or(|line| line.up)
    }

    /// Max-Forwards of what this channel sends on.
    pub(crate) fn max_forwards(&self) -> HeaderLine {
        let value = self.hops.saturating_sub(1).to_string();
        (Bytes::from_static(b"Max-Forwards"), value.into())
    }

    /// A number for a command whose end will be told.
    pub(crate) fn token(&mut self) -> u64 {
        self.tokens += 1;
        self.tokens
    }

    /// Where events of the own line's audio go.
    pub(crate) fn ear(&self, inbox: &Inbox) -> Ear {
        inbox.ear(self.line.as_ref().map_or(LineId(0), |line| line.id))
    }

    /// Something for the log and the observers, in this channel's name.
    pub(crate) fn note(&self, level: Level, code: &'static str, text: &str) {
        self.shared.note(&self.name, level, code, text);
    }

    /// Waits for the next event that an application cares about. What none cares about is settled here: a change of the session
    /// outside a bridge is answered, so that a phone may press hold during a prompt.
    pub(crate) async fn wait(&mut self, inbox: &mut Inbox, until: Option<Instant>) -> Wake {
        loop {
            match inbox.next(until).await {
                Wake::Event(id, event) => {
                    if let Some(event) = self.settle(id, event).await {
                        return Wake::Event(id, event);
                    }
                }
                other => return other,
            }
        }
    }

    /// Settles what comes, whatever is latched, and keeps what an application may care about later: while something else is done that
    /// concerns another channel. Does not end.
    pub(crate) async fn idle(&mut self, inbox: &mut Inbox, kept: &mut Vec<(LineId, Event)>) {
        loop {
            let (id, event) = inbox.event().await;
            if let Some(event) = self.settle(id, event).await
                && kept.len() < limits::INBOX
            {
                kept.push((id, event));
            }
        }
    }

    /// Settles an event that no application cares about; any other comes back.
    async fn settle(&mut self, id: LineId, event: Event) -> Option<Event> {
        // Late words of a line that was let go.
        let line = self.line_mut(id)?;
        match event {
            Event::Offered { sdp } => line.offered(sdp.as_deref()).await,
            Event::Settled { sdp: Some(sdp), .. } => {
                if !line.answered(&sdp) {
                    line.end(488, 58, "").await;
                }
            }
            Event::Settled { sdp: None, .. } if line.awaits_their_answer() => {
                tracing::warn!("our offer was acknowledged without an answer: the call is ended");
                line.end(488, 58, "").await;
            }
            Event::Settled { sdp: None, .. } => {}
            Event::Ended { .. } => {
                line.over();
                return Some(event);
            }
            event => return Some(event),
        }
        None
    }

    /// Answers the channel. False if that is impossible for want of an RTP port; it is then refused with 503.
    pub(crate) async fn answer(&mut self, inbox: &Inbox) -> bool {
        let ear = self.ear(inbox);
        let Some(line) = &mut self.line else {
            return true;
        };
        if line.answer(None, ear).await.is_ok() {
            return true;
        }
        line.end(503, 34, "").await;
        inbox
            .hand()
            .interrupt(strowger_vm::Interrupt::Hangup { cause: 34 });
        false
    }

    /// Ends whatever is left: called lines, then the own one, with this cause.
    pub(crate) async fn hang_up(&mut self, cause: u16) {
        for (_, mut line) in std::mem::take(&mut self.called) {
            line.end(0, 16, "").await;
        }
        if let Some(line) = &mut self.line
            && !line.is_over()
        {
            let text = if self.shared.draining() && cause == 41 {
                "the exchange stops"
            } else {
                ""
            };
            line.end(
                strowger_stdlib::status::Cause(cause).sip_answer(),
                cause,
                text,
            )
            .await;
        }
    }
}

impl Perform for Live {
    type Clock = Wall;

    fn clock(&self) -> Wall {
        Wall
    }

    fn module(&self) -> Arc<Module> {
        match &self.stays {
            Some(module) => Arc::clone(module),
            None => self.shared.module(),
        }
    }

    fn inputs(&self) -> Inputs {
        Inputs {
            now: crate::call::time(self.shared.clock.now()),
            globals: self.shared.globals(),
            system: Arc::clone(&self.shared.system),
        }
    }

    fn knows(&mut self, party: &Party) {
        if self.language != party.language {
            self.language.clone_from(&party.language);
        }
    }

    fn watches(&self) -> bool {
        self.shared.observed.watched() || tracing::enabled!(tracing::Level::INFO)
    }

    fn saw(&mut self, happened: Trace) {
        match happened {
            Trace::Step(mut step) => {
                step.arguments = apps::target::without_secrets(&step.arguments);
                tracing::info!(
                    "{},{},{} {}({})",
                    String::from_utf8_lossy(&step.context),
                    String::from_utf8_lossy(&step.exten),
                    step.priority,
                    String::from_utf8_lossy(&step.application),
                    String::from_utf8_lossy(&step.arguments)
                );
                if self.shared.observed.watched() {
                    let what = What::Step {
                        channel: Arc::clone(&self.name),
                        step: Box::new(step),
                    };
                    self.shared.observed.say(self.shared.clock.now(), what);
                }
            }
            Trace::Set { name, value } => {
                if let Some(value) = &value
                    && name.ends_with(b"STATUS")
                    && self.shared.observed.watched()
                {
                    let what = What::Status {
                        channel: Arc::clone(&self.name),
                        name: name.clone(),
                        value: value.clone(),
                    };
                    self.shared.observed.say(self.shared.clock.now(), what);
                }
                let value = value.map(|v| apps::target::without_secrets(&v));
                tracing::trace!(name = %String::from_utf8_lossy(&name), value = ?value.map(|v| String::from_utf8_lossy(&v).into_owned()), "set");
            }
            Trace::Note { level, text } => self.note(level, "", &text),
        }
    }

    fn recording(&mut self) -> Option<&mut Recording> {
        self.recording.as_mut()
    }

    async fn perform(&mut self, effect: Effect, inbox: &mut Inbox) -> Reply {
        match effect {
            Effect::Answer { delay_ms } => apps::answer::answer(self, delay_ms, inbox).await,
            Effect::Dial(dial) => apps::dial::dial(self, *dial, inbox).await,
            Effect::Play(play) => apps::play::play(self, play, inbox).await,
            Effect::Say { prompts, interrupt } => {
                apps::play::say(self, &prompts, &interrupt, inbox).await
            }
            Effect::Echo => apps::echo::echo(self, inbox).await,
            Effect::Wait { ms } => apps::wait::wait(self, Some(ms), inbox).await,
            Effect::Digit { timeout_ms } => apps::wait::digit(self, timeout_ms, inbox).await,
            Effect::Ringing => apps::progress::ringing(self).await,
            Effect::Progress => apps::progress::progress(self, inbox).await,
            // 100 went out when the call was admitted.
            Effect::Proceeding => Reply::done(),
            Effect::Busy { timeout_ms } => {
                apps::progress::refuse(self, 17, timeout_ms, inbox).await
            }
            Effect::Congestion { timeout_ms } => {
                apps::progress::refuse(self, 34, timeout_ms, inbox).await
            }
            Effect::SendMessage(message) => apps::message::send(self, *message, inbox).await,
            Effect::SendText { text, content_type } => {
                apps::text::send(self, text, content_type, inbox).await
            }
            Effect::Log { level, text } => {
                self.note(level, "", &String::from_utf8_lossy(&text));
                Reply::done()
            }
            Effect::Verbose { level: _, text } => {
                self.note(Level::Verbose, "", &String::from_utf8_lossy(&text));
                Reply::done()
            }
            Effect::SetGlobal { name, value } => {
                self.shared.set_global(name, value);
                Reply::done()
            }
            Effect::DbGet { family, key } => apps::database::get(self, &family, &key),
            Effect::DbPut { family, key, value } => {
                apps::database::put(self, &family, &key, &value)
            }
            Effect::DbDelete { family, key, tree } => {
                apps::database::delete(self, &family, &key, tree)
            }
            Effect::DbKeys { prefix } => apps::database::keys(self, &prefix),
            Effect::Random { min, max } => {
                let width = u128::try_from(i128::from(max) - i128::from(min)).unwrap_or(0) + 1;
                let drawn = u128::from(self.shared.draw()) % width;
                Reply::value((i128::from(min) + i128::try_from(drawn).unwrap_or(0)).to_string())
            }
            Effect::ReadFunction { function, args } => {
                apps::functions::read(self, &function, &args, inbox).await
            }
            Effect::WriteFunction {
                function,
                args,
                value,
            } => apps::functions::write(self, &function, &args, &value),
            Effect::Unserved {
                application,
                args: _,
            } => apps::unserved(self, &application),
        }
    }
}
