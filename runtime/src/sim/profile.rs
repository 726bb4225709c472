//! Which steps of a call cost how much: the call run in slices of one instruction, with a real clock beside the virtual one.

use super::{Channel, Simulated, Simulation, block_on};
use crate::channel::End;
use crate::perform::{Inbox, Perform as _};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_vm::{Entry, Interrupt, Limits, Place, Reply, Step, Vm};

/// Time spent at each place. Cutting a call in slices makes all of it slower, short steps more than long ones: shares are
/// comparable, absolute times are not.
pub type Spent = HashMap<Place, Duration>;

impl Simulation {
    /// Runs a call as [`run`](Simulation::run) does and adds the time that each place took. A place counts from the moment when its
    /// arguments are read.
    pub fn profile(&mut self, entry: Entry, spent: &mut Spent) -> End {
        let limits = Limits {
            fuel: 1,
            refills: u32::MAX,
            ..self.world.limits
        };
        let most = u64::from(self.world.limits.fuel) * u64::from(self.world.limits.refills);
        let mut vm = Vm::new(limits);
        vm.trace_steps(false);
        let mut inbox = Inbox::new(None);
        let channel = Channel::new(&entry.party);
        let mut performer = Simulated {
            world: &mut self.world,
            module: Arc::clone(&self.module),
            channel,
            far: None,
        };
        let mut slices = 0;
        let mut inputs = performer.inputs();
        let mut began = Instant::now();
        let mut step = vm.start(&self.module, &inputs, entry);
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
                    let reply = block_on(performer.perform(effect, &mut inbox));
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
            step = vm.resume(&self.module, &inputs, reply);
        }
    }
}
