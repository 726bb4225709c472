//! A channel, and [`drive`]: the one loop that runs a machine and has its effects performed.

use crate::limits;
use crate::perform::{Clock as _, Inbox, Perform};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use strowger_vm::effect::Answer;
use strowger_vm::{Effect, Ending, Entry, Fault, Interrupt, Outcome, Reply, Run, Step, Text, Vm};

/// How one run of a machine ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// The dialplan of the channel is over.
    Done(Outcome),
    /// A subroutine or an evaluation ended with this value.
    Returned(Text),
    /// A bound was hit; the call ends here.
    Fault(Fault),
}

impl End {
    /// The Q.850 cause with which the channel is to be ended; 0: nobody set one.
    #[must_use]
    pub fn cause(&self) -> u16 {
        match self {
            End::Done(outcome) => outcome.cause,
            End::Returned(_) => 0,
            // Temporary failure: the plan did not mean to end here.
            End::Fault(_) => 41,
        }
    }

    /// True when the far end, not the dialplan, ended the channel.
    #[must_use]
    pub fn hung_up(&self) -> bool {
        matches!(
            self,
            End::Done(Outcome {
                why: Ending::HungUp,
                ..
            })
        )
    }
}

/// Runs a channel's dialplan from `at` to its end: resumes the machine, has each effect performed, latches hang-ups. At each step the
/// machine is shown the plan of that moment, and moves to it by name and number if it was reloaded.
///
/// It is a future, not a task, so that an effect can run a subroutine or a further channel inside itself. The machine stays with the
/// caller, who may look at its variables afterwards. An effect that goes on for [`limits::GRACE`] after a hang-up is a defect: it is
/// dropped and logged.
pub async fn drive(vm: &mut Vm, at: Entry, p: &mut impl Perform, inbox: &mut Inbox) -> End {
    let end = turns(vm, at, p, inbox).await;
    if let Some(recording) = p.recording() {
        recording.ends(&end);
    }
    end
}

async fn turns(vm: &mut Vm, at: Entry, p: &mut impl Perform, inbox: &mut Inbox) -> End {
    vm.trace_steps(p.watches());
    let (module, inputs) = (p.module(), p.inputs());
    if let Some(recording) = p.recording() {
        recording.begins(&module, &inputs, &at);
    }
    let first = vm.start(&module, &inputs, at);
    run(vm, first, p, inbox).await
}

/// The same for a called channel that has run something already: who is on it, its variables and its hangup handlers stay. It is not
/// recorded: what its caller gets of it is.
pub async fn drive_again(vm: &mut Vm, on: Run, p: &mut impl Perform, inbox: &mut Inbox) -> End {
    vm.trace_steps(p.watches());
    let first = vm.again(&p.module(), &p.inputs(), on);
    run(vm, first, p, inbox).await
}

async fn run(vm: &mut Vm, first: Step, p: &mut impl Perform, inbox: &mut Inbox) -> End {
    let mut step = first;
    loop {
        for happened in vm.take_trace() {
            p.saw(happened);
        }
        step = match step {
            Step::Effect(effect) => {
                inbox.deadline = vm.deadline();
                p.knows(vm.party());
                let asked = p.recording().map(|_| (effect.clone(), vm.place().clone()));
                let reply = finish(p, effect, inbox).await;
                let mut why = inbox.take();
                if why.is_none() && inbox.deadline.is_some_and(|at| at <= p.inputs().now) {
                    why = Some(Interrupt::AbsoluteTimeout);
                }
                vm.trace_steps(p.watches());
                let (module, inputs) = (p.module(), p.inputs());
                if let (Some(recording), Some(asked)) = (p.recording(), asked) {
                    recording.turn(asked, &reply, why.clone(), &module, &inputs);
                }
                if let Some(why) = why {
                    vm.interrupt(why);
                }
                vm.resume(&module, &inputs, reply)
            }
            Step::OutOfFuel => {
                // Others may run; a plan that never asks for anything faults after a number of refills (the machine counts them).
                tokio::task::yield_now().await;
                if let Some(why) = inbox.take() {
                    if let Some(recording) = p.recording() {
                        recording.interrupted(why.clone());
                    }
                    vm.interrupt(why);
                }
                vm.trace_steps(p.watches());
                vm.resume(&p.module(), &p.inputs(), Reply::done())
            }
            Step::Returned(value) => return End::Returned(value),
            Step::Done(outcome) => return End::Done(outcome),
            Step::Fault(fault) => return End::Fault(fault),
        };
    }
}

/// Performs one effect to its end, or gives up on it when it outlives a hang-up by far.
async fn finish(p: &mut impl Perform, effect: Effect, inbox: &mut Inbox) -> Reply {
    let hand = inbox.hand();
    let left = inbox
        .deadline
        .map(|at| at.0.saturating_sub(p.inputs().now.0));
    let what = std::mem::discriminant(&effect);
    let clock = p.clock();
    // Both watchers are made when first polled, that is only if the effect really waits.
    let watch = async {
        if let Some(left) = left {
            let left = Duration::from_micros(u64::try_from(left).unwrap_or(0));
            tokio::select! {
                biased;
                () = hand.gone() => {}
                () = clock.sleep(left) => hand.interrupt(Interrupt::AbsoluteTimeout),
            }
        }
        hand.gone().await;
        clock.sleep(limits::GRACE).await;
        // A called channel runs dialplan of its own in there: that has its time.
        while hand.holds() {
            clock.sleep(limits::GRACE).await;
        }
    };
    tokio::select! {
        biased;
        reply = p.perform(effect, inbox) => reply,
        () = watch => {
            tracing::error!(effect = ?what, "an effect went on after the hang-up and was dropped; this is a defect of strowger");
            Reply::with(Answer::Gone)
        }
    }
}

/// Gives channels their names (DL-302, DL-303).
#[derive(Debug)]
pub struct Names {
    names: AtomicU32,
    numbers: AtomicU64,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            names: AtomicU32::new(0),
            numbers: AtomicU64::new(0),
        }
    }
}

impl Names {
    /// `PJSIP/100-0000001a` from `PJSIP/100`.
    pub fn channel(&self, base: &[u8]) -> Text {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        let mut name = base.to_vec();
        name.extend_from_slice(format!("-{number:08x}").as_bytes());
        name
    }

    /// `1795251165.1` from the seconds since 1970.
    pub fn unique_id(&self, seconds: i64) -> Text {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        format!("{seconds}.{number}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_named_like_asterisks() {
        let names = Names::default();
        assert_eq!(names.channel(b"PJSIP/100"), b"PJSIP/100-00000000");
        assert_eq!(names.channel(b"SIP/a-b"), b"SIP/a-b-00000001");
        assert_eq!(names.unique_id(1_795_251_165), b"1795251165.0");
    }
}
