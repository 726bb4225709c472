//! Which steps of a call cost how much: the call run in slices of one instruction, with a real clock beside the virtual one.

use super::effects::Simulated;
use super::{Ran, Simulation};
use crate::channel::End;
use crate::perform::{Inbox, Perform as _};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use strowger_vm::{Entry, Interrupt, Limits, Place, Reply, Step, Vm};

/// Time spent at each place. Cutting a call in slices makes all of it slower, short steps more than long ones: shares are
/// comparable, absolute times are not.
pub type Spent = HashMap<Place, Duration>;

impl Simulation {
    /// Runs a call as [`run`](Simulation::run) does and adds the time that each place took. A place counts from the moment when its
    /// arguments are read.
    pub fn profile(&mut self, entry: Entry, spent: &mut Spent) -> End {
        let usual = self.world.limits;
        let most = u64::from(usual.fuel) * u64::from(usual.refills);
        self.world.limits = Limits {
            fuel: 1,
            refills: u32::MAX,
            ..usual
        };
        let kept = Arc::new(Mutex::new(std::mem::take(spent)));
        let own = Arc::clone(&kept);
        let ran = self.alone(
            entry,
            async move |mut vm, entry, mut performer, mut inbox| {
                let mut spent = taken(&own);
                vm.trace_steps(false);
                let end =
                    sliced(&mut vm, entry, &mut performer, &mut inbox, most, &mut spent).await;
                *own.lock().unwrap_or_else(PoisonError::into_inner) = spent;
                Ran { end, vm }
            },
        );
        self.world.limits = usual;
        *spent = taken(&kept);
        ran.end
    }
}

fn taken(spent: &Mutex<Spent>) -> Spent {
    std::mem::take(&mut *spent.lock().unwrap_or_else(PoisonError::into_inner))
}

/// As [`drive`](crate::drive) does, one instruction at a time.
async fn sliced(
    vm: &mut Vm,
    entry: Entry,
    performer: &mut Simulated,
    inbox: &mut Inbox,
    most: u64,
    spent: &mut Spent,
) -> End {
    let module = performer.module();
    let mut slices = 0;
    let mut inputs = performer.inputs();
    let mut began = Instant::now();
    let mut step = vm.start(&module, &inputs, entry);
    loop {
        let place = vm.place();
        let took = began.elapsed();
        match spent.get_mut(place) {
            Some(sum) => *sum += took,
            None => {
                spent.insert(place.clone(), took);
            }
        }
        slices += 1;
        let reply = match step {
            Step::Effect(effect) => {
                slices = 0;
                inbox.deadline = vm.deadline();
                performer.knows(vm.party());
                let began = Instant::now();
                let reply = performer.perform(effect, inbox).await;
                if let Some(sum) = spent.get_mut(vm.place()) {
                    *sum += began.elapsed();
                }
                if let Some(why) = inbox.take() {
                    vm.interrupt(why);
                } else if inbox
                    .deadline
                    .is_some_and(|at| at <= performer.inputs().now)
                {
                    vm.interrupt(Interrupt::AbsoluteTimeout);
                }
                inputs = performer.inputs();
                reply
            }
            // What `run` would have stopped long ago.
            Step::OutOfFuel if slices > most => return End::Returned(Vec::new()),
            Step::OutOfFuel => Reply::done(),
            Step::Returned(value) => return End::Returned(value),
            Step::Done(outcome) => return End::Done(outcome),
            Step::Fault(fault) => return End::Fault(fault),
        };
        began = Instant::now();
        step = vm.resume(&module, &inputs, reply);
    }
}
