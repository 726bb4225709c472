//! Macro and its relatives, as the releases up to 20 had them (DL-260 to DL-262).
//!
//! Asterisk runs a macro in a loop of its own inside the application. Here the channel simply stands in the macro's context; what
//! that loop would do with the result of a step, [`Vm::in_macro`] does before the channel's loop sees it.

use strowger_stdlib::{Value, scan};

use crate::Text;
use crate::app::flow;
use crate::control::Phase;
use crate::effect::Level;
use crate::inputs::Place;
use crate::route::Want;
use crate::run::{Act, Flow, Vm, World};

/// Macros in each other, unless MACRO_RECURSION says otherwise.
const DEPTH: i64 = 7;

/// Arguments of one macro; what stands behind them is left out.
const ARGUMENTS: usize = 79;

/// Bytes of a context's name that a channel keeps (DL-081).
const NAME: usize = 79;

/// Bytes that a saved variable is counted for, besides its text.
const OVERHEAD: usize = 64;

/// A macro that runs.
#[derive(Debug, Clone)]
pub(crate) struct Macro {
    context: Text,
    /// Where its application stands.
    back: Place,
    /// MACRO_DEPTH around it.
    depth: i64,
    /// ARGn and MACRO_* as they were, in the order in which they are put back; `None`: unset.
    saved: Vec<(Text, Option<Value>)>,
    /// MACRO_OFFSET as it was.
    offset: Option<Value>,
    /// Subroutines open when it began: inside one of its own the channel may stand in any context.
    subroutines: usize,
    /// Bytes it is counted for.
    bytes: usize,
    /// Its first step has not run.
    fresh: bool,
    /// TryExec wants to know how it ends.
    tried: bool,
}

impl Macro {
    /// Bytes that it occupies.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Macro>() + self.bytes + self.context.capacity() + self.back.context.capacity()
    }
}

impl Vm {
    /// `Macro(name,args)`.
    pub(crate) fn macro_begins(&mut self, w: World, text: &[u8]) -> Act {
        if text.is_empty() {
            self.warn("Macro needs a name");
            return flow(Flow::End);
        }
        if matches!(self.phase, Phase::Eval { .. }) {
            self.warn("Macro does nothing where a single text is evaluated");
            return flow(Flow::Continue);
        }
        let limit = self.number(w, b"MACRO_RECURSION").unwrap_or(DEPTH);
        let depth = self.number(w, b"MACRO_DEPTH").unwrap_or(0);
        if self.place.exten == b"h" {
            self.assign(w, b"MACRO_IN_HANGUP", Value::from("1"));
        }
        if depth >= limit || self.macros.len() >= self.budget.limits.depth {
            self.note(
                Level::Error,
                "macros are nested too deeply: this one does not run",
            );
            return flow(Flow::Continue);
        }
        let separator = w.module.dialect().separator();
        let mut arguments = text.split(|b| *b == separator);
        let name = arguments.next().unwrap_or_default();
        if name.is_empty() {
            self.warn("Macro needs a name");
            return flow(Flow::Continue);
        }
        let mut context = [b"macro-", name].concat();
        context.truncate(NAME);
        if !w.module.has_context(&context) {
            self.warn(format!(
                "there is no context {} for the macro '{}'",
                context.escape_ascii(),
                name.escape_ascii()
            ));
            return flow(Flow::Continue);
        }
        // AEL calls its extension `~~s~~` (DL-296).
        let found = [&b"s"[..], b"~~s~~"]
            .into_iter()
            .find(|exten| self.find(w, &context, exten, Want::Number(1)).is_some());
        let Some(exten) = found else {
            self.warn(format!(
                "{} has no extension s with priority 1, so the macro does not run",
                context.escape_ascii()
            ));
            return flow(Flow::Continue);
        };
        let back = self.place.clone();
        let mut saved = Vec::new();
        let values = [
            (&b"MACRO_EXTEN"[..], Value::text(&back.exten)),
            (b"MACRO_CONTEXT", Value::text(&back.context)),
            (b"MACRO_PRIORITY", Value::int(i64::from(back.priority))),
        ];
        let offset = self.own(w, b"MACRO_OFFSET");
        for (name, value) in values {
            saved.push((name.to_vec(), self.own(w, name)));
            self.assign(w, name, value);
        }
        if offset.is_some() {
            self.forget(w, b"MACRO_OFFSET");
        }
        self.assign(w, b"MACRO_DEPTH", Value::int(depth.saturating_add(1)));
        let mut given = Vec::new();
        for (n, value) in arguments.take(ARGUMENTS).enumerate() {
            let name = format!("ARG{}", n + 1).into_bytes();
            given.push((name.clone(), self.own(w, &name)));
            self.assign(w, &name, Value::text(value));
        }
        given.append(&mut saved);
        let bytes = given
            .iter()
            .map(|(n, v)| n.len() + v.as_ref().map_or(0, Value::heap_bytes) + OVERHEAD)
            .sum();
        self.variables.count(bytes);
        self.macros.push(Macro {
            context: context.clone(),
            back,
            depth,
            saved: given,
            offset,
            subroutines: self.variables.depth(),
            bytes,
            fresh: true,
            tried: false,
        });
        self.jump = Some(Place {
            context,
            exten: exten.to_vec(),
            priority: 1,
        });
        flow(Flow::Continue)
    }

    /// `MacroIf(condition?name[,args][:name[,args]])`: nothing protects `?` and `:`.
    pub(crate) fn macro_if(&mut self, w: World, text: &[u8]) -> Act {
        let b = strowger_stdlib::args::branches_plain(text);
        let Some(then) = b.then else {
            self.warn("MacroIf needs a condition and a macro");
            return flow(Flow::Continue);
        };
        if w.module.dialect().truth(&b.condition) {
            return self.macro_begins(w, &then);
        }
        match b.otherwise {
            Some(otherwise) => self.macro_begins(w, &otherwise),
            None => flow(Flow::Continue),
        }
    }

    /// `MacroExclusive`: one channel has nobody to keep out.
    pub(crate) fn macro_exclusive(&mut self, w: World, text: &[u8]) -> Act {
        self.warn("MacroExclusive keeps no other channel out here");
        self.macro_begins(w, text)
    }

    /// TryExec ran an application: if that was Macro, its end is still to come.
    pub(crate) fn tries_macro(&mut self) -> bool {
        match self.macros.last_mut() {
            Some(m) if m.fresh && self.jump.is_some() => {
                m.tried = true;
                true
            }
            _ => false,
        }
    }

    /// The context whose extensions digits choose from: that of the outermost Macro.
    pub(crate) fn outer_context(&self) -> &[u8] {
        self.macros
            .first()
            .map_or(&self.place.context, |m| &m.back.context)
    }

    /// What the loop of a macro makes of the result of a step. `Some`: what happens next; else the channel's loop decides, from
    /// what `flow` is then.
    pub(crate) fn in_macro(&mut self, w: World, result: &mut Flow) -> Option<Act> {
        match result {
            Flow::Continue => {
                if let Some(m) = self.macros.last_mut()
                    && std::mem::replace(&mut m.fresh, false)
                {
                    return None;
                }
                self.leave_macros_behind(w);
                None
            }
            Flow::MacroExit => Some(self.macro_ends(w)),
            Flow::Returned => None,
            Flow::Digit(_) | Flow::Incomplete | Flow::Timeout | Flow::Invalid(_) => {
                self.leave_macros(w);
                None
            }
            Flow::End => {
                if self.hangup.is_some() || !self.macros.iter().any(|m| m.tried) {
                    return None;
                }
                while self.leave_macro(w, true) != Some(true) {}
                self.jump = None;
                self.assign(w, b"TRYSTATUS", Value::from("FAILED"));
                *result = Flow::Continue;
                None
            }
        }
    }

    /// The channel has jumped, or is about to. A macro outside of whose context it then stands, and not in a subroutine of its own,
    /// has been left for good.
    pub(crate) fn leave_macros_behind(&mut self, w: World) {
        while let Some(m) = self.macros.last() {
            let context = self
                .jump
                .as_ref()
                .map_or(&self.place.context, |p| &p.context);
            if m.subroutines != self.variables.depth() || same(context, &m.context) {
                break;
            }
            self.leave_macro(w, false);
        }
    }

    /// The macro has run to its end, or MacroExit: the channel goes on behind its application.
    pub(crate) fn macro_ends(&mut self, w: World) -> Act {
        self.jump = None;
        let inside = self
            .macros
            .last()
            .is_some_and(|m| same(&self.place.context, &m.context));
        if inside {
            if self.leave_macro(w, true) == Some(true) {
                self.assign(w, b"TRYSTATUS", Value::from("SUCCESS"));
            }
        } else {
            // It ended in a subroutine: the channel stays there, and nobody is left to go back to.
            while self.leave_macro(w, false).is_some() {}
        }
        self.place.priority = self.place.priority.saturating_add(1);
        self.route = None;
        Act::Again
    }

    /// Leaves all macros: the channel stands where the outermost one was called, unless it has jumped out.
    pub(crate) fn leave_macros(&mut self, w: World) {
        while self.leave_macro(w, true).is_some() {}
    }

    /// Leaves all macros where the channel stands: it is sent elsewhere.
    pub(crate) fn drop_macros(&mut self, w: World) {
        while self.leave_macro(w, false).is_some() {}
    }

    /// Puts back what the innermost macro changed; with `back` also the place, if the channel stands in its context. Tells whether
    /// TryExec ran it; `None`: there was none.
    fn leave_macro(&mut self, w: World, back: bool) -> Option<bool> {
        let m = self.macros.pop()?;
        self.variables.discount(m.bytes);
        self.assign(w, b"MACRO_DEPTH", Value::int(m.depth));
        for (name, value) in m.saved {
            self.put_back(w, &name, value);
        }
        if back && same(&self.place.context, &m.context) {
            self.place = m.back;
            self.route = None;
            let by = self
                .number(w, b"MACRO_OFFSET")
                .and_then(|by| i64::from(self.place.priority).checked_add(by))
                .and_then(|at| u32::try_from(at).ok());
            if let Some(at) = by
                && self
                    .find(
                        w,
                        &self.place.context,
                        &self.place.exten,
                        Want::Number(at.saturating_add(1)),
                    )
                    .is_some()
            {
                self.place.priority = at;
            }
        }
        self.put_back(w, b"MACRO_OFFSET", m.offset);
        Some(m.tried)
    }

    fn put_back(&mut self, w: World, name: &[u8], value: Option<Value>) {
        match value {
            Some(value) => self.assign(w, name, value),
            None if self.own(w, name).is_some() => self.forget(w, name),
            None => {}
        }
    }

    /// A variable of the channel itself.
    fn own(&self, w: World, name: &[u8]) -> Option<Value> {
        self.variables.get(w.module, name).cloned()
    }

    /// The number that a variable begins with.
    fn number(&self, w: World, name: &[u8]) -> Option<i64> {
        let value = self.read(w, name);
        scan::integer(&value.bytes()).map(|(n, _)| n)
    }
}

/// Contexts are compared in any letter case here.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.eq_ignore_ascii_case(b)
}
