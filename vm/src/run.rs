//! The loop.

use crate::effect::Reply;
use crate::inputs::{Entry, Inputs, Place, Time};
use crate::limits::Limits;
use crate::module::Module;
use crate::party::Party;
use crate::trace::Trace;
use crate::{Fault, FaultKind, Interrupt, Step, Text};

/// One channel's machine.
#[derive(Debug, Clone)]
pub struct Vm {
    limits: Limits,
    party: Party,
    trace: Vec<Trace>,
    place: Place,
    interrupt: Option<Interrupt>,
}

impl Vm {
    /// A machine that has not started.
    pub fn new(limits: Limits) -> Vm {
        Vm {
            limits,
            party: Party::default(),
            trace: Vec::new(),
            place: Place::default(),
            interrupt: None,
        }
    }

    /// Starts running. Whatever ran before is forgotten.
    pub fn start(&mut self, module: &Module, inputs: &Inputs, at: Entry) -> Step {
        let _ = (module, inputs, self.limits);
        self.party = at.party;
        self.fault(FaultKind::Protocol)
    }

    /// Goes on after an effect (or after running out of fuel).
    pub fn resume(&mut self, module: &Module, inputs: &Inputs, reply: Reply) -> Step {
        let _ = (module, inputs, reply, &self.interrupt);
        self.fault(FaultKind::Protocol)
    }

    /// Something happened meanwhile; the next [`Vm::resume`] acts on it.
    pub fn interrupt(&mut self, why: Interrupt) {
        self.interrupt = Some(why);
    }

    /// Runs a subroutine while an effect is open; ends in [`Step::Returned`], after which the effect is open again.
    pub fn call(&mut self, module: &Module, inputs: &Inputs, sub: Place, args: Vec<Text>) -> Step {
        let _ = (module, inputs, sub, args);
        self.fault(FaultKind::Protocol)
    }

    /// When the call must end (`TIMEOUT(absolute)`); the driver then sends [`Interrupt::AbsoluteTimeout`].
    pub fn deadline(&self) -> Option<Time> {
        self.party.deadline
    }

    /// Who is on the channel.
    pub fn party(&self) -> &Party {
        &self.party
    }

    /// The same, for the driver: an update that came in while no effect told it (connected line, state).
    pub fn party_mut(&mut self) -> &mut Party {
        &mut self.party
    }

    /// Where the channel stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// A channel variable by name (not built-ins, not globals).
    pub fn variable(&self, module: &Module, name: &[u8]) -> Option<Text> {
        let _ = (module, name);
        None
    }

    /// All channel variables, by name.
    pub fn variables(&self, module: &Module) -> Vec<(Text, Text)> {
        let _ = module;
        Vec::new()
    }

    /// What happened since the last time; empties it.
    pub fn take_trace(&mut self) -> Vec<Trace> {
        std::mem::take(&mut self.trace)
    }

    fn fault(&self, kind: FaultKind) -> Step {
        Step::Fault(Fault {
            kind,
            place: self.place.clone(),
        })
    }
}
