//! Somebody who says what happens outside the plan while it happens, where no scenario says it beforehand.

use super::World;
use super::scenario::{Attempt, Endpoint};
use super::stage::Stage;
use std::sync::Arc;
use std::time::Duration;
use strowger_vm::{Interrupt, Text};

/// Whoever is asked. The clock of the world stands still meanwhile.
pub trait Ask: std::fmt::Debug + Send {
    /// What an endpoint does that the plan calls and nobody described.
    fn dialled(&mut self, world: &World, endpoint: &[u8]) -> Dialled;

    /// What the caller does while the plan waits so many milliseconds for a key; `None`: without an end.
    fn key(&mut self, world: &World, within_ms: Option<u64>) -> Key;
}

/// What happens when an endpoint is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialled {
    /// What it does.
    pub attempt: Attempt,
    /// When the caller hangs up, if nobody has answered by then.
    pub caller_leaves: Option<Duration>,
}

/// What a caller does at a wait for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Nothing, until the wait is over.
    Nothing,
    /// Presses these, one now and the others at the next waits.
    Press(Text),
    /// Hangs up.
    HangUp,
}

impl World {
    /// Asks about an endpoint of which nobody said anything, or that was asked about before; its entry.
    pub(super) fn ask_endpoint(
        &mut self,
        known: Option<usize>,
        name: &[u8],
    ) -> (Option<usize>, Option<Duration>) {
        let is_said = known.is_some_and(|at| !self.run.asked.contains(&at));
        if is_said {
            return (known, None);
        }
        let Some(mut ask) = self.ask.take() else {
            return (known, None);
        };
        let said = ask.dialled(self, name);
        self.ask = Some(ask);
        let endpoints = &mut Arc::make_mut(&mut self.scene).endpoints;
        let at = known.unwrap_or(endpoints.len());
        if known.is_none() {
            endpoints.push(Endpoint {
                name: name.to_vec(),
                ..Endpoint::default()
            });
            self.run.tries.resize(endpoints.len(), 0);
            self.run
                .loads
                .resize_with(endpoints.len(), Default::default);
            self.run.asked.push(at);
        }
        if let Some(endpoint) = endpoints.get_mut(at) {
            endpoint.attempts.push(said.attempt);
        }
        (Some(at), said.caller_leaves)
    }

    /// The first channel loses its caller.
    pub(super) fn caller_leaves(&self) {
        if let Some(first) = self.run.channels.first() {
            first.hand.interrupt(Interrupt::Hangup { cause: 16 });
        }
    }
}

/// Asks for a key; the one that is pressed now.
pub(super) fn key(stage: &Arc<Stage>, within_ms: Option<u64>) -> Option<u8> {
    let mut world = stage.world();
    let mut ask = world.ask.take()?;
    let said = ask.key(&world, within_ms);
    world.ask = Some(ask);
    match said {
        Key::Nothing => None,
        Key::Press(keys) => {
            world.digits.extend(keys);
            world.digits.pop_front()
        }
        Key::HangUp => {
            world.caller_leaves();
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Simulation;
    use super::*;
    use std::sync::Mutex;
    use strowger_vm::Place;

    const PLAN: &str = "[a]
exten => 1,1,Dial(PJSIP/61,20)
same => n,Dial(PJSIP/61&PJSIP/62,20)
same => n,WaitExten(5)
same => n,Goto(1)
exten => 7,1,Dial(Local/1@a,60)
exten => h,1,Set(OVER=yes)
";

    /// What was asked, and what is said to it, in order.
    #[derive(Debug, Clone, Default)]
    struct Script {
        phones: Vec<Dialled>,
        keys: Vec<Key>,
        asked: Arc<Mutex<Vec<String>>>,
    }

    impl Script {
        fn asked(&self, world: &World, what: String) {
            let at = (world.now.0 - world.run.began.0) / 1_000_000;
            self.asked
                .lock()
                .unwrap_or_else(|_| unreachable!())
                .push(format!("{at} {what}"));
        }
    }

    impl Ask for Script {
        fn dialled(&mut self, world: &World, endpoint: &[u8]) -> Dialled {
            self.asked(world, String::from_utf8_lossy(endpoint).into_owned());
            self.phones.remove(0)
        }

        fn key(&mut self, world: &World, within_ms: Option<u64>) -> Key {
            self.asked(world, format!("{within_ms:?}"));
            self.keys.remove(0)
        }
    }

    fn busy(seconds: u64) -> Dialled {
        Dialled {
            attempt: Attempt::Busy {
                after: Duration::from_secs(seconds),
            },
            caller_leaves: None,
        }
    }

    fn run(script: &Script, exten: &str) -> (Simulation, Vec<String>) {
        let sources = strowger_compiler::source::Sources::plan(PLAN);
        let compiled = strowger_compiler::compile(&sources, &Default::default());
        let mut simulation = Simulation::new(compiled.module.unwrap_or_default());
        simulation.world.ask = Some(Box::new(script.clone()));
        simulation.call(Place::new("a", exten, 1));
        let asked = script.asked.lock().unwrap_or_else(|_| unreachable!());
        let asked = asked.clone();
        (simulation, asked)
    }

    /// The same endpoint is asked about each time, at the moment of its call; a wait for a key once.
    #[test]
    fn it_is_asked_when_it_happens() {
        let script = Script {
            phones: vec![busy(2), busy(0), busy(3)],
            keys: vec![Key::HangUp],
            ..Script::default()
        };
        let (simulation, asked) = run(&script, "1");
        assert_eq!(
            asked,
            ["0 PJSIP/61", "2 PJSIP/61", "2 PJSIP/62", "5 Some(5000)"]
        );
        assert!(!simulation.world.stalled);
        let over =
            simulation.world.trace.iter().any(
                |h| matches!(&h.what, strowger_vm::Trace::Set { name, .. } if name == b"OVER"),
            );
        assert!(over);
    }

    #[test]
    fn the_caller_leaves_while_it_rings() {
        for (exten, channels) in [("1", 1), ("7", 2)] {
            let script = Script {
                phones: vec![Dialled {
                    attempt: Attempt::NeverAnswers,
                    caller_leaves: Some(Duration::from_secs(4)),
                }],
                ..Script::default()
            };
            let (simulation, asked) = run(&script, exten);
            assert_eq!(asked, ["0 PJSIP/61"]);
            let world = &simulation.world;
            assert_eq!((world.now.0 - world.run.began.0) / 1_000_000, 4);
            assert_eq!(world.run.channels.len(), channels);
        }
    }

    /// An endpoint that was described is not asked about.
    #[test]
    fn what_was_said_is_not_asked() {
        let script = Script {
            phones: vec![busy(0)],
            keys: vec![Key::HangUp],
            ..Script::default()
        };
        let sources = strowger_compiler::source::Sources::plan(PLAN);
        let compiled = strowger_compiler::compile(&sources, &Default::default());
        let mut simulation = Simulation::new(compiled.module.unwrap_or_default());
        simulation.world.ask = Some(Box::new(script.clone()));
        simulation
            .world
            .endpoint(b"pjsip/61", super::super::Behaviour::Busy);
        simulation.call(Place::new("a", "1", 1));
        let asked = script.asked.lock().unwrap_or_else(|_| unreachable!());
        assert_eq!(*asked, ["0 PJSIP/62", "0 Some(5000)"]);
    }
}
