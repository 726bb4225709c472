//! Texts that the plan sends in the made-up world, outside calls and inside.

use super::World;
use super::effects::{Own, Simulated};
use super::report::{Kind, Sent, keep};
use super::scenario::Attempt;
use crate::line::Event;
use strowger_vm::Text;
use strowger_vm::effect::{Level, Outgoing, Reply};

impl Simulated {
    pub(super) fn send(&mut self, message: Outgoing) -> Reply {
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

    pub(super) fn send_text(&mut self, text: Text) -> Reply {
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
