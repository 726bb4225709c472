//! The one loop: an effect that outlives a hang-up is dropped after its grace, one that ends by itself is not.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;
use strowger_compiler::source::Sources;
use strowger_runtime::perform::Wall;
use strowger_runtime::{Inbox, Perform, drive, limits};
use strowger_vm::effect::{Answer, Effect, Reply};
use strowger_vm::{Entry, Inputs, Interrupt, Limits, Module, Party, Place, Trace, Vm};
use tokio::time::Instant;

/// Waits in each effect for so long, whatever happens.
struct Stubborn {
    module: Arc<Module>,
    busy: Duration,
    steps: Vec<String>,
}

impl Perform for Stubborn {
    type Clock = Wall;

    fn clock(&self) -> Wall {
        Wall
    }

    fn watches(&self) -> bool {
        true
    }

    fn module(&self) -> Arc<Module> {
        Arc::clone(&self.module)
    }

    fn inputs(&self) -> Inputs {
        Inputs::default()
    }

    fn knows(&mut self, _: &Party) {}

    fn saw(&mut self, happened: Trace) {
        if let Trace::Step(step) = happened {
            self.steps
                .push(String::from_utf8(step.application).unwrap());
        }
    }

    async fn perform(&mut self, _: Effect, inbox: &mut Inbox) -> Reply {
        tokio::time::sleep(self.busy).await;
        match inbox.latched() {
            Some(_) => Reply::with(Answer::Gone),
            None => Reply::done(),
        }
    }
}

/// Runs `Wait(100)` and `h`, hung up after two seconds; how long it took, and what ran.
async fn hung_up(busy: Duration) -> (Duration, Vec<String>) {
    let plan = "[main]\nexten => s,1,Wait(100)\n same => n,NoOp(never)\nexten => h,1,NoOp(h)\n";
    let compiled =
        strowger_compiler::compile(&Sources::plan(plan), &strowger_compiler::Options::default());
    let mut performer = Stubborn {
        module: compiled.module.unwrap(),
        busy,
        steps: Vec::new(),
    };
    let mut inbox = Inbox::new(None);
    let hand = inbox.hand();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        hand.interrupt(Interrupt::Hangup { cause: 16 });
    });
    let begin = Instant::now();
    let mut vm = Vm::new(Limits::default());
    let entry = Entry::call(Party::default(), Place::new("main", "s", 1));
    let end = drive(&mut vm, entry, &mut performer, &mut inbox).await;
    assert!(end.hung_up() && end.cause() == 16, "{end:?}");
    (begin.elapsed(), performer.steps)
}

#[tokio::test(start_paused = true)]
async fn an_effect_finishes_after_the_hang_up_if_it_is_quick() {
    let (took, steps) = hung_up(Duration::from_secs(4)).await;
    assert_eq!(took.as_secs(), 4);
    assert_eq!(
        steps,
        ["Wait", "NoOp"],
        "`h` ran, the next priority did not"
    );
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_does_not_end_is_dropped_after_its_grace() {
    let (took, steps) = hung_up(Duration::from_secs(100_000)).await;
    assert_eq!(took, Duration::from_secs(2) + limits::GRACE);
    assert_eq!(steps, ["Wait", "NoOp"]);
}
