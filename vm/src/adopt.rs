//! A newer plan while a call runs (DL-283): the call moves to it by name and number.
//!
//! [`Vm::resume`] is given the plan of the moment. Code of a step speaks of slots, strings and temporaries of the module it was compiled
//! into, so a step whose arguments are being computed finishes on the old one; everything else is found by name. The machine moves as
//! soon as no such code is left half done: at once while an application waits, else before the next look-up. The next priority is one,
//! in a settled route too, because what was settled was settled in the old plan.

use std::sync::Arc;

use crate::inputs::Inputs;
use crate::module::Module;
use crate::op::Op;
use crate::route::Want;
use crate::run::{Frame, Vm, World};

/// Whether a channel of one plan may go on in the other: the Asterisk whose applications and functions there are is the same.
pub(crate) fn is_kin(old: &Module, new: &Module) -> bool {
    old.dialect() == new.dialect()
}

impl Vm {
    /// Whether no code is half done: neither of the step that runs nor of one that a subroutine came in between of.
    pub(crate) fn may_move(&self, module: &Module) -> bool {
        let done = |pc: Option<u32>, frames: &[Frame]| match (pc, frames.first()) {
            // Arguments that are read as they are written.
            (None, Some(Frame::Subst(_))) => false,
            (None, _) => true,
            // An application ends the code of its step; what is left of the step is the application.
            (Some(pc), Some(_)) => {
                let last = module.parts.code.get(pc.wrapping_sub(1) as usize);
                last.is_some_and(|word| word.op() == Op::App)
            }
            (Some(_), None) => false,
        };
        done(self.pc, &self.frames) && self.suspended.iter().all(|s| done(s.pc, &s.frames))
    }

    /// Moves: variables and what subroutines hide find their slots by name, places are looked up again.
    pub(crate) fn adopt(&mut self, inputs: &Inputs, old: &Module, new: &Arc<Module>) {
        self.variables.rekey(old, new);
        let w = World {
            module: new,
            newer: None,
            inputs,
        };
        let find = |vm: &Vm, at: &crate::Place| {
            vm.find(w, &at.context, &at.exten, Want::Number(at.priority))
        };
        // A place that is gone has no route; the next look-up deals with that (DL-154).
        self.route = self.route.and_then(|_| find(self, &self.place));
        self.pc = None;
        let suspended = self.suspended.iter_mut().flat_map(|s| &mut s.frames);
        for frame in self.frames.iter_mut().chain(suspended) {
            if let Frame::Typed(call) = frame {
                call.stale = true;
            }
        }
        // A step that is only about to begin is looked up anew.
        self.quick = None;
        let mut suspended = std::mem::take(&mut self.suspended);
        for s in &mut suspended {
            s.route = s.route.and_then(|_| find(self, &s.place));
            s.pc = None;
        }
        self.suspended = suspended;
        self.module = Some(Arc::clone(new));
    }
}
