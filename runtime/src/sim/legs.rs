//! Who is dialled in the made-up world: what is known of a target, and its call: a phone of the scenario, or a place behind `Local/`.

use super::call::FarEnd;
use super::callee::Callee;
use super::dial::{Leg, To};
use super::effects::{Own, Simulated};
use super::phone::{self, Phone, Script};
use super::report::{Kind, Outcome};
use super::scenario::Attempt;
use super::stage::Stage;
use crate::apps::dial::FORWARDS;
use crate::channel::drive;
use crate::limits;
use crate::line::Event;
use crate::perform::Inbox;
use std::sync::Arc;
use std::time::Duration;
use strowger_stdlib::status::Cause;
use strowger_vm::effect::{Dial, Level, Target};
use strowger_vm::{Entry, Party, Place, Run, State, Text, Vm};

/// Why a target was not called.
pub(super) struct Refused {
    pub(super) cause: u16,
    /// HANGUPCAUSE shows it; Local channels show none.
    pub(super) is_shown: bool,
}

/// A target, before it is called.
pub(super) struct Wanted<'t> {
    pub(super) target: &'t Target,
    /// Its entry in the list of what was dialled.
    entry: Option<usize>,
    pub(super) found: Result<Found, Refused>,
    pub(super) callee: Option<Box<Callee>>,
}

/// What a target is.
pub(super) struct Found {
    /// Its channel's name.
    pub(super) name: Text,
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

impl Simulated {
    /// What is known of a target before it is called.
    pub(super) fn request<'t>(&self, target: &'t Target) -> Wanted<'t> {
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
    pub(super) fn place(
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
