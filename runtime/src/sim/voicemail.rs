//! VoiceMail in the made-up world: which mailboxes there are, the way to the beep, and the message that is left.
//!
//! Greetings that somebody recorded do not exist here: the announcements are those that Asterisk puts together by itself. A caller of
//! whom nothing is said speaks for [`SPEAKS`] and hangs up.

use std::time::Duration;

use strowger_stdlib::{args, pipes};
use strowger_vm::effect::{Answer, Interruptible, Level, Reply};
use strowger_vm::{Interrupt, Place, State, Text, Time};

use super::World;
use super::effects::{Late, Own, Simulated};
use super::report::{Greeting, Mail, Of, Played, keep, span};
use super::scenario::Mailbox;
use super::stage::Rank;
use crate::line::Event;
use crate::perform::{Inbox, Wake};

/// How long a caller speaks who does nothing else.
pub(super) const SPEAKS: Duration = Duration::from_secs(10);
/// Mailboxes that one message may go to.
const BOXES: usize = 100;
/// Where Asterisk keeps messages.
const SPOOL: &str = "/var/spool/asterisk/voicemail";
/// The variable that tells how it ended.
const STATUS: &str = "VMSTATUS";

/// What a call of VoiceMail says.
struct Asked {
    /// `number@context` each; the first is that of the greeting.
    boxes: Vec<Text>,
    greeting: Greeting,
    /// Without instructions.
    silent: bool,
    /// Without instructions behind a greeting.
    short: bool,
    /// Digits leave, as extensions of this context; empty: that of the call.
    digits: Option<Text>,
    /// The greeting comes before the answer.
    early: bool,
    /// Empty: none.
    beep: Text,
}

impl Asked {
    fn read(text: &[u8], of_old: bool) -> Asked {
        // A third part, so that the second one loses its quotes.
        let parts = match of_old {
            true => pipes::split(text, 3),
            false => args::split(text, 3),
        };
        let mut boxes = args::argument(&parts, 0);
        let options = args::options(args::argument(&parts, 1));
        let letters = match of_old {
            // `u100` of Asterisk 1.2.
            true => boxes.iter().take_while(|b| b"sub".contains(b)).count(),
            false => 0,
        };
        let before = &boxes[..letters];
        boxes = &boxes[letters..];
        let has = |letter: u8| options.has(letter) || before.contains(&letter);
        let argument = |letter: u8| options.argument(letter).unwrap_or_default().to_vec();
        let boxes = boxes.split(|b| *b == b'&').take(BOXES);
        Asked {
            boxes: boxes.map(Mailbox::whole_name).collect(),
            greeting: match (has(b'b'), has(b'u')) {
                (true, _) => Greeting::Busy,
                (false, true) => Greeting::Unavailable,
                (false, false) => Greeting::None,
            },
            silent: has(b's'),
            short: has(b'S'),
            digits: has(b'd').then(|| argument(b'd')),
            early: has(b'e'),
            beep: match has(b't') {
                true => argument(b't'),
                false => b"beep".to_vec(),
            },
        }
    }
}

/// What ended an announcement.
enum Way {
    /// It is over.
    On,
    /// `#`: what is left of the announcements is skipped.
    Skip,
    /// The caller leaves by this key.
    Leave(u8),
    /// The caller is gone.
    Gone,
}

/// How a recording ended.
enum Recorded {
    /// By `#`, or because it was long enough.
    Done,
    Gone,
}

impl Simulated {
    /// VoiceMail and MailboxExists, if the scenario says which mailboxes there are.
    pub(super) async fn mail(
        &mut self,
        application: &[u8],
        text: &[u8],
        inbox: &mut Inbox,
    ) -> Option<Reply> {
        self.stage.world().scene.mailboxes.as_ref()?;
        let of_old = self.plan().dialect().pipes;
        match application {
            b"VoiceMail" => Some(self.voicemail(&Asked::read(text, of_old), inbox).await),
            b"MailboxExists" => {
                let asked = Asked::read(text, of_old);
                let name = asked.boxes.first().map_or(&b""[..], Vec::as_slice);
                let status = match self.stage.world().mailbox(name) {
                    Some(_) => "SUCCESS",
                    None => "FAILED",
                };
                Some(Reply::done().set("VMBOXEXISTSSTATUS", status))
            }
            _ => None,
        }
    }

    async fn voicemail(&mut self, asked: &Asked, inbox: &mut Inbox) -> Reply {
        if matches!(self.own, Own::Text) {
            return self.no_audio("VoiceMail").set(STATUS, "FAILED");
        }
        let mut reply = Reply::done();
        if !self.up {
            if asked.early {
                self.stage.world().is_early(self.channel);
                self.tell(Event::Progress { sdp: None });
            } else {
                self.answer();
                reply = reply.state(State::Up);
            }
        }
        let name = asked.boxes.first().map_or(&b""[..], Vec::as_slice);
        let found = self.stage.world().mailbox(name);
        let Some(mailbox) = found else {
            let shown = String::from_utf8_lossy(name).into_owned();
            self.note(Level::Warning, format!("there is no mailbox `{shown}`"));
            return reply.set(STATUS, "FAILED");
        };
        let keys = self.exits(asked, &mailbox);
        match self.before_beep(asked, name, &keys, inbox).await {
            Way::On | Way::Skip => {}
            Way::Gone => {
                reply.answer = Answer::Gone;
                return reply.set(STATUS, "FAILED");
            }
            Way::Leave(key) => {
                reply.answer = Answer::Jump(self.exit(asked, &mailbox, key));
                return reply.set(STATUS, "USEREXIT");
            }
        }
        if !self.up {
            self.answer();
            reply = reply.state(State::Up);
        }
        if !asked.beep.is_empty() {
            let answer = self
                .prompt(&asked.beep, None, &Interruptible::No, inbox)
                .await;
            if answer == Answer::Gone {
                reply.answer = Answer::Gone;
                return reply.set(STATUS, "FAILED");
            }
        }
        let began = self.now();
        let recorded = self.record(mailbox.longest, inbox).await;
        let length = span(began, self.now());
        if matches!(recorded, Recorded::Gone) {
            reply.answer = Answer::Gone;
        } else {
            let thanks = self.prompt(b"auth-thankyou", None, &Interruptible::No, inbox);
            if thanks.await == Answer::Gone {
                reply.answer = Answer::Gone;
            }
        }
        if length < mailbox.shortest {
            let text = format!(
                "the message is shorter than {:?}: it is not kept",
                mailbox.shortest
            );
            self.note(Level::Notice, text);
            return reply.set(STATUS, "FAILED");
        }
        let file = self.keeps_message(asked, began, length);
        reply.set("VM_MESSAGEFILE", file).set(STATUS, "SUCCESS")
    }

    /// Keys that leave.
    fn exits(&self, asked: &Asked, mailbox: &Mailbox) -> Text {
        let (place, _) = self.stage.world().stands(self.channel);
        let context = match mailbox.exit.is_empty() {
            true => &place.context,
            false => &mailbox.exit,
        };
        let mut keys = b"#".to_vec();
        if mailbox.operator && self.exists(context, b"o", None) {
            keys.push(b'0');
        }
        if self.exists(context, b"a", None) {
            keys.push(b'*');
        }
        if let Some(own) = &asked.digits {
            let of = if own.is_empty() { &place.context } else { own };
            let digits = (b'0'..=b'9').filter(|d| self.exists(of, &[*d], None));
            for digit in digits {
                if !keys.contains(&digit) {
                    keys.push(digit);
                }
            }
        }
        keys
    }

    /// Where a key leads.
    fn exit(&self, asked: &Asked, mailbox: &Mailbox, key: u8) -> Place {
        let (place, _) = self.stage.world().stands(self.channel);
        let own = match mailbox.exit.is_empty() {
            true => place.context.clone(),
            false => mailbox.exit.clone(),
        };
        match key {
            b'*' => Place::new(own, &b"a"[..], 1),
            b'0' if mailbox.operator && self.exists(&own, b"o", None) => {
                Place::new(own, &b"o"[..], 1)
            }
            key => {
                let context = asked.digits.clone().filter(|c| !c.is_empty());
                Place::new(context.unwrap_or(place.context), vec![key], 1)
            }
        }
    }

    /// Everything before the beep.
    async fn before_beep(
        &mut self,
        asked: &Asked,
        name: &[u8],
        keys: &[u8],
        inbox: &mut Inbox,
    ) -> Way {
        let number = name.split(|b| *b == b'@').next().unwrap_or_default();
        let mut prompts: Vec<(Text, Option<Text>)> = Vec::new();
        let last: Option<&[u8]> = match asked.greeting {
            Greeting::None => None,
            Greeting::Busy => Some(b"vm-isonphone"),
            Greeting::Unavailable => Some(b"vm-isunavail"),
        };
        if let Some(last) = last {
            prompts.push((b"vm-theperson".to_vec(), None));
            let digits = number.iter().filter(|b| b.is_ascii_digit());
            let digits = digits.map(|d| [&b"digits/"[..], &[*d]].concat());
            prompts.extend(digits.map(|d| (d, Some(number.to_vec()))));
            prompts.push((last.to_vec(), None));
        }
        if !(asked.silent || asked.short && last.is_some()) {
            prompts.push((b"vm-intro".to_vec(), None));
        }
        let keys = Interruptible::Only(keys.to_vec());
        for (prompt, said) in prompts {
            match self.prompt(&prompt, said, &keys, inbox).await {
                Answer::Digit(b'#') => return Way::Skip,
                Answer::Digit(key) => return Way::Leave(key),
                Answer::Gone => return Way::Gone,
                _ => {}
            }
        }
        Way::On
    }

    /// One prompt, if it is there.
    async fn prompt(
        &mut self,
        name: &[u8],
        said: Option<Text>,
        keys: &Interruptible,
        inbox: &mut Inbox,
    ) -> Answer {
        let length = self.stage.world().sound(name);
        match length {
            Some(length) => self.sound(name, said, length, keys, inbox).await,
            None => {
                self.heard(name, said, Played::Missing, self.now());
                Answer::Done
            }
        }
    }

    /// Records until `#`, until it is long enough, or until the caller hangs up.
    async fn record(&mut self, longest: Option<Duration>, inbox: &mut Inbox) -> Recorded {
        let own = inbox.main();
        let idle = self.stage.world().has_nothing_to_do(self.channel);
        let (limit, hangs_up) = match (longest, idle) {
            (Some(longest), true) => (Some(longest.min(SPEAKS)), SPEAKS < longest),
            (None, true) => (Some(SPEAKS), true),
            (longest, false) => (longest, false),
        };
        let mut late = match limit {
            Some(limit) => self.within(limit, Rank::Phone),
            None => Late::never(),
        };
        loop {
            match self.next(inbox, &mut late).await {
                Wake::Time if hangs_up => {
                    late = Late::never();
                    let phone = self.stage.world().phone_of_call(self.channel);
                    match phone {
                        Some(phone) => self.stage.world().phone_hangs_up(phone, 16, None),
                        None => inbox.hand().interrupt(Interrupt::Hangup { cause: 16 }),
                    }
                }
                Wake::Time => return Recorded::Done,
                Wake::Event(line, Event::Digit { digit: b'#', .. }) if Some(line) == own => {
                    return Recorded::Done;
                }
                Wake::Event(..) => {}
                Wake::Gone(_) => return Recorded::Gone,
            }
        }
    }

    /// Puts the message into its mailboxes; the file of the first.
    fn keeps_message(&self, asked: &Asked, began: Time, length: Duration) -> String {
        let mut world = self.stage.world();
        let mut file = None;
        for name in &asked.boxes {
            if world.mailbox(name).is_none() {
                continue;
            }
            let mail = Mail {
                at: began,
                of: world.of(self.channel),
                channel: world.number(self.channel),
                mailbox: name.clone(),
                greeting: asked.greeting,
                length,
            };
            let before = world.messages_in(name);
            let run = &mut world.run;
            keep(&mut run.mail, mail, &mut run.dropped);
            file.get_or_insert_with(|| {
                let shown = String::from_utf8_lossy(name);
                let (number, context) = shown.split_once('@').unwrap_or((&shown, "default"));
                format!("{SPOOL}/{context}/{number}/INBOX/msg{before:04}")
            });
        }
        file.unwrap_or_default()
    }
}

impl World {
    /// A mailbox by its whole name.
    pub(super) fn mailbox(&self, name: &[u8]) -> Option<Mailbox> {
        self.scene.mailboxes.as_ref()?.get(name).cloned()
    }

    /// Messages that were left in a mailbox.
    pub(super) fn messages_in(&self, name: &[u8]) -> usize {
        let mail = self.run.mail.iter();
        mail.filter(|m| m.mailbox == name).count()
    }

    /// The channel lets be heard what it plays before its answer.
    fn is_early(&mut self, channel: usize) {
        if let Some(actor) = self.run.channels.get_mut(channel) {
            actor.early = true;
        }
    }

    /// The phone that made the call of a channel.
    fn phone_of_call(&self, channel: usize) -> Option<usize> {
        match self.of(channel) {
            Of::Call(number) => self.run.calls.get(number)?.phone,
            Of::Message(_) => None,
        }
    }

    /// Whether nothing is said of what the caller does.
    fn has_nothing_to_do(&self, channel: usize) -> bool {
        let Of::Call(number) = self.of(channel) else {
            return false;
        };
        let calls = &self.scene.calls;
        calls
            .get(number)
            .is_some_and(|c| c.acts.is_empty() && c.hangs_up.is_none())
    }
}
