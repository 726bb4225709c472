//! Dial in the made-up world: endpoints that behave as told, and Local channels that run as further channels.

use super::{Behaviour, Channel, Simulated, World, later};
use crate::apps::dialled::Record;
use crate::channel::{End, drive};
use crate::limits;
use crate::perform::{Inbox, Perform as _};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use strowger_stdlib::status::{Cause, DialStatus};
use strowger_vm::effect::{Answer, Dial, Level, Reply, Target};
use strowger_vm::{Entry, Interrupt, Module, Party, Place, Run, State, Text, Time, Vm};

/// What the dialler of a Local channel learns from its far half, and how long it is patient.
pub(super) struct Far {
    /// When the dialler gives up on an unanswered call.
    pub(super) patience: Option<Time>,
    /// When the dialler ends an answered call.
    pub(super) end: Option<Time>,
    pub(super) rang: Option<Time>,
    pub(super) progressed: Option<Time>,
    pub(super) answered: Option<Time>,
    /// Busy or congestion, said before the answer.
    pub(super) refused: Option<u16>,
}

/// How a called line behaved.
struct Called {
    name: Text,
    rang: Option<Time>,
    progressed: Option<Time>,
    answered: Option<Time>,
    /// When it was over: the refusal, or the end of the talk.
    over: Option<Time>,
    /// Why it failed; `None` while it rang on.
    cause: Option<u16>,
    /// The cause is one that HANGUPCAUSE shows (Local channels show none).
    shown: bool,
}

impl Simulated<'_> {
    pub(super) async fn dial(&mut self, dial: Dial, inbox: &mut Inbox) -> Reply {
        let start = self.world.now;
        let limit = |ms: Option<u64>| ms.map(|ms| later(start, ms));
        // The caller is patient until Dial's time is over, or until it is itself taken away.
        let (horizon, why) = self.horizon(inbox);
        let patience = earliest(limit(dial.timeout_ms), horizon);
        let mut failed = Vec::new();
        let mut cause = None;
        let mut record = Record::default();
        let mut winner: Option<Called> = None;
        let mut end = start;
        let mut waiting = false;
        for target in dial.targets.iter().take(limits::TARGETS) {
            self.world.now = start;
            // A line that answers later than another one never gets that far.
            let until = earliest(patience, winner.as_ref().and_then(|w| w.answered));
            let called = self.call(target, &dial, until, horizon).await;
            record.rang = first(record.rang, called.rang.map(|t| since(start, t)));
            record.progressed = first(
                record.progressed,
                called.progressed.map(|t| since(start, t)),
            );
            match (called.answered, called.cause) {
                (Some(at), _) => {
                    if winner
                        .as_ref()
                        .and_then(|w| w.answered)
                        .is_none_or(|won| at < won)
                    {
                        winner = Some(called);
                    }
                }
                (None, Some(why)) => {
                    failed.push(Cause(why));
                    if called.shown {
                        cause = Some(why);
                    }
                    end = end.max(called.over.unwrap_or(start));
                }
                (None, None) => waiting = true,
            }
        }
        let finish = |record: &Record, reply: Reply, status| {
            let reply = record.set(reply, status);
            match cause {
                Some(cause) => reply.cause(cause),
                None => reply,
            }
        };
        if let Some(won) = winner {
            let answered = won.answered.unwrap_or(start);
            record.answered = Some(since(start, answered));
            let number = dial
                .targets
                .first()
                .map(|t| t.resource.clone())
                .unwrap_or_default();
            let number = dial
                .targets
                .iter()
                .find(|t| {
                    won.name
                        .windows(t.resource.len().max(1))
                        .any(|w| w == t.resource)
                })
                .map_or(number, |t| t.resource.clone());
            record.peer = Some((won.name.clone(), number));
            self.answer();
            let mut longest = horizon;
            for letter in [b'S', b'L'] {
                let text = dial.option(letter).flatten().unwrap_or_default();
                let first = text.split(|b| *b == b':').next().unwrap_or_default();
                if let Some(value) = std::str::from_utf8(first)
                    .ok()
                    .and_then(|t| t.trim().parse::<f64>().ok())
                    .filter(|v| *v > 0.0)
                {
                    let ms = if letter == b'S' {
                        value * 1000.0
                    } else {
                        value
                    };
                    longest = earliest(longest, Some(later(answered, ms as u64)));
                }
            }
            let over = earliest(won.over, longest);
            let reply = match over {
                Some(over) => {
                    self.world.now = over.max(answered);
                    Reply::done()
                }
                None => {
                    self.world.stalled = true;
                    inbox.hand().interrupt(Interrupt::Hangup { cause: 0 });
                    Reply::with(Answer::Gone)
                }
            };
            record.ended = since(start, self.world.now);
            let caller_gone = won.over.is_none_or(|o| horizon.is_some_and(|h| h <= o));
            let reply = if caller_gone {
                if let Some(why) = why {
                    inbox.hand().interrupt(why);
                }
                Reply {
                    answer: Answer::Gone,
                    ..reply
                }
            } else if dial.option(b'g').is_some() {
                reply
            } else {
                Reply {
                    answer: Answer::Stop,
                    ..reply
                }
            };
            return finish(&record, reply.state(State::Up), DialStatus::Answer);
        }
        if !waiting {
            self.world.now = end;
            record.ended = since(start, end);
            return finish(&record, Reply::done(), DialStatus::of_legs(&failed));
        }
        // Somebody rang on to the end.
        match patience {
            Some(at) if Some(at) != horizon || why.is_none() && inbox.deadline != Some(at) => {
                self.world.now = at;
                record.ended = since(start, at);
                finish(&record, Reply::done(), DialStatus::NoAnswer)
            }
            over => {
                match over {
                    Some(at) => self.world.now = at,
                    None => self.world.stalled = true,
                }
                if let Some(why) = why.or(over.is_none().then_some(Interrupt::Hangup { cause: 0 }))
                {
                    inbox.hand().interrupt(why);
                }
                record.ended = since(start, self.world.now);
                finish(&record, Reply::with(Answer::Gone), DialStatus::Cancel)
            }
        }
    }

    /// Calls one target from now on, at most until `patience` while it does not answer.
    async fn call(
        &mut self,
        target: &Target,
        dial: &Dial,
        patience: Option<Time>,
        end: Option<Time>,
    ) -> Called {
        let start = self.world.now;
        let base = [target.technology.as_slice(), b"/", &target.resource].concat();
        let mut called = Called {
            name: Text::new(),
            rang: None,
            progressed: None,
            answered: None,
            over: None,
            cause: None,
            shown: true,
        };
        if target.technology.eq_ignore_ascii_case(b"Local") {
            return self.local(target, dial, patience, end).await;
        }
        called.name = self.world.names.channel(&base);
        let name = String::from_utf8_lossy(&base).into_owned();
        match self.world.behaviour(target) {
            Some(Behaviour::Answers { after_ms, talks_ms }) => {
                called.rang = Some(start);
                let at = later(start, after_ms);
                if patience.is_none_or(|p| at < p) {
                    called.answered = Some(at);
                    called.over = talks_ms.map(|ms| later(at, ms));
                }
            }
            Some(Behaviour::NoAnswer) => called.rang = Some(start),
            Some(Behaviour::Fails { after_ms, cause }) => {
                called.rang = Some(start);
                let at = later(start, after_ms);
                // Given up before: it rang on.
                if patience.is_none_or(|p| at < p) {
                    called.cause = Some(cause);
                    called.over = Some(at);
                }
            }
            Some(Behaviour::Busy) => called.cause = Some(17),
            Some(Behaviour::Congestion) => called.cause = Some(34),
            Some(Behaviour::Refuses) => called.cause = Some(21),
            Some(Behaviour::Unavailable) => called.cause = Some(20),
            None => {
                // An unknown technology is 66; a known one without an answer counts as not registered.
                let known = [b"SIP".as_slice(), b"PJSIP"]
                    .iter()
                    .any(|t| t.eq_ignore_ascii_case(&target.technology));
                called.cause = Some(if known { 20 } else { 66 });
                self.note(
                    Level::Notice,
                    format!("nobody said what {name} does: CHANUNAVAIL"),
                );
            }
        }
        called
    }

    /// `Local/exten@context[/options]`: runs a further channel of this world.
    async fn local(
        &mut self,
        target: &Target,
        dial: &Dial,
        patience: Option<Time>,
        end: Option<Time>,
    ) -> Called {
        let mut called = Called {
            name: Text::new(),
            rang: None,
            progressed: None,
            answered: None,
            over: None,
            cause: None,
            shown: false,
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
        let pair = self.world.names.channel(&base);
        called.name = [pair.as_slice(), b";1"].concat();
        let place = Place::new(context, exten, 1);
        if self.world.depth >= limits::LOCAL_DEPTH
            || !self.module.exists(
                &self.inputs(),
                context,
                exten,
                dial.caller.number.as_deref(),
            )
        {
            called.cause = Some(3);
            return called;
        }
        let unique_id = self.world.names.unique_id(self.world.now.seconds());
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
        let entry = Entry {
            variables: dial.inherited.clone(),
            run: Run::Call(place),
            party,
        };
        let far = Far {
            patience,
            end,
            rang: None,
            progressed: None,
            answered: None,
            refused: None,
        };
        let module = Arc::clone(&self.module);
        self.world.depth += 1;
        let (ended, far) = further(self.world, module, entry, far).await;
        self.world.depth -= 1;
        called.rang = far.rang;
        called.progressed = far.progressed;
        called.answered = far.answered;
        called.over = Some(self.world.now);
        if far.answered.is_none() {
            let given_up = patience.is_some_and(|p| self.world.now >= p) && ended.hung_up();
            called.cause = if given_up {
                None
            } else {
                Some(far.refused.unwrap_or_else(|| ended.cause()))
            };
        }
        called
    }
}

/// Runs a further channel: boxed, because it may dial again.
fn further<'w>(
    world: &'w mut World,
    module: Arc<Module>,
    entry: Entry,
    far: Far,
) -> Pin<Box<dyn Future<Output = (End, Far)> + Send + 'w>> {
    Box::pin(async move {
        let mut vm = Vm::new(world.limits);
        vm.trace_steps(world.record);
        let mut inbox = Inbox::new(None);
        let channel = Channel::new(&entry.party);
        let name = channel.name.clone();
        let mut performer = Simulated {
            world,
            module,
            channel,
            far: Some(far),
        };
        let end = drive(&mut vm, entry, &mut performer, &mut inbox).await;
        performer.world.tables.forget(&name);
        let far = performer.far.take().unwrap_or(Far {
            patience: None,
            end: None,
            rang: None,
            progressed: None,
            answered: None,
            refused: None,
        });
        (end, far)
    })
}

fn since(start: Time, now: Time) -> u64 {
    u64::try_from(now.0.saturating_sub(start.0) / 1_000).unwrap_or(0)
}

fn earliest(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn first(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
