//! A Gosub to a function that has typed code.

use strowger_stdlib::Value;
use strowger_stdlib::value;

use super::{Exit, Running};
use crate::app::flow;
use crate::inputs::Place;
use crate::limits::Budget;
use crate::route::Route;
use crate::run::{Act, Feed, Flow, Frame, Vm, World};

/// A call of a function.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    running: Running,
    /// The argument text of its Gosub.
    text: value::Text,
    /// What was left when it began.
    before: Budget,
    /// It belongs to a module that does not run any more.
    pub(crate) stale: bool,
}

impl Vm {
    /// Runs the function that a Gosub leads to as typed code. `None`: its priorities are to run; `true`: it has tried, so the
    /// functions that they call do not try again.
    pub(crate) fn call_typed(
        &mut self,
        w: World,
        route: Route,
        text: &[u8],
        arguments: &[crate::Text],
    ) -> Result<Act, bool> {
        let entry = w.module.entry(route).filter(|_| route.index == 0);
        let function = entry.and_then(|e| e.typed).ok_or(false)? as usize;
        let may = self.budget.limits.typed
            && self.may_be_quick()
            && self.macros.is_empty()
            && !self.variables.gave_up();
        if !may {
            return Err(false);
        }
        let all = &w.module.parts.typed;
        let mut call = Call {
            running: Running::new(all, function, arguments).ok_or(false)?,
            text: value::Text::new(text),
            before: self.budget.clone(),
            stale: false,
        };
        let cost = all.get(function).map_or(0, |f| f.typed.cost());
        self.budget.burn(u32::try_from(cost).unwrap_or(u32::MAX));
        self.run_typed(w, &mut call).ok_or(true)
    }

    /// Goes on with a call that had run out of fuel.
    pub(crate) fn go_on_typed(&mut self, w: World, call: &mut Call, feed: &Feed) -> Act {
        let goes_on = matches!(feed, Feed::Begin)
            && !call.stale
            && self.may_be_quick()
            && !self.is_interrupted(w);
        if goes_on && let Some(act) = self.run_typed(w, call) {
            return act;
        }
        self.budget = call.before.clone();
        self.gosub_in_steps(w, call.text.as_bytes())
    }

    /// Runs it until it ends or the fuel is spent. `None`: it gave up; nothing has happened, and no fuel was burnt.
    fn run_typed(&mut self, w: World, call: &mut Call) -> Option<Act> {
        let depth = self.budget.limits.depth;
        let depth = depth.saturating_sub(self.variables.depth());
        let mut fuel = i64::from(self.budget.fuel);
        let native = w.module.native();
        let all = &w.module.parts.typed;
        match call.running.go(all, native, depth, &mut fuel) {
            Exit::Done(value) => {
                self.budget.fuel = u32::try_from(fuel).unwrap_or(0);
                self.assign(w, b"GOSUB_RETVAL", Value::int(value));
                Some(flow(Flow::Continue))
            }
            Exit::Spent => {
                self.budget.fuel = 0;
                let call = Call {
                    running: std::mem::take(&mut call.running),
                    text: call.text.clone(),
                    before: call.before.clone(),
                    stale: false,
                };
                Some(Act::Become(Frame::Typed(Box::new(call))))
            }
            Exit::GaveUp => {
                self.budget = call.before.clone();
                None
            }
        }
    }

    /// The function that is running as typed code, for whom its end is told.
    pub(crate) fn typed_place(&self, w: World) -> Option<Place> {
        let Some(Frame::Typed(call)) = self.frames.last() else {
            return None;
        };
        let function = call.running.function().filter(|_| !call.stale)?;
        let function = w.module.parts.typed.get(function)?;
        Some(Place::new(w.module.text(function.name), "s", 1))
    }
}

impl Call {
    /// Bytes that it occupies.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Call>() + self.running.memory()
    }
}
