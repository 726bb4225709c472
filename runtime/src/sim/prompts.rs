//! Prompts in the made-up world: how long they last, what breaks them off, who hears them.

use super::World;
use super::call::FarEnd;
use super::effects::{Own, Simulated};
use super::report::{Heard, Played, keep};
use super::scenario::Moment;
use super::stage::Rank;
use crate::apps;
use crate::line::Event;
use crate::perform::{Inbox, Wake};
use std::time::Duration;
use strowger_vm::effect::{Answer, Interruptible, Level, Play, Reply};
use strowger_vm::{State, Text, Time, Trace};

impl Simulated {
    pub(super) async fn play(&mut self, play: Play, inbox: &mut Inbox) -> Reply {
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
            let answer = self.sound(file, None, length, &play.interrupt, inbox).await;
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

    pub(super) async fn say(
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
            let answer = self
                .sound(prompt, said.clone(), length, interrupt, inbox)
                .await;
            if answer != Answer::Done {
                return Reply::with(answer);
            }
        }
        Reply::done()
    }

    /// Plays one sound to its end, to a key that may break it, or to the hang-up.
    pub(super) async fn sound(
        &mut self,
        name: &[u8],
        said: Option<Text>,
        length: Duration,
        interrupt: &Interruptible,
        inbox: &mut Inbox,
    ) -> Answer {
        let began = self.now();
        self.at_listener(name, Moment::Begins);
        let mut late = self.within(length, Rank::Plan);
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
        answer
    }

    fn at_listener(&self, name: &[u8], at: Moment) {
        let mut world = self.stage.world();
        if let (Some(phone), true) = world.listener(self.channel) {
            world.phone_hears(phone, name, at);
        }
    }

    pub(super) fn heard(&self, file: &[u8], said: Option<Text>, how: Played, at: Time) {
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
}

impl World {
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

    /// How long a sound lasts; `None`: it does not exist.
    pub(super) fn sound(&self, name: &[u8]) -> Option<Duration> {
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
}
