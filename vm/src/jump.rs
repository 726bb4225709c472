//! Jumps, subroutines, and applications run in the place of another (DL section S).

use strowger_stdlib::args::{self, Marks};
use strowger_stdlib::timespec::TimeSpec;
use strowger_stdlib::{Value, scan, value};

use crate::app::{App, Waits, flow};
use crate::effect::Level;
use crate::function::jump_number;
use crate::inputs::{PLACE_BYTES, Place};
use crate::known::Known;
use crate::pattern::Question;
use crate::route::Want;
use crate::run::{Act, Flow, Frame, Vm, World};

/// `[[context,]exten,]priority` of a jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// `None`: it stays in this one.
    pub context: Option<&'a [u8]>,
    /// `None`: it stays in this one.
    pub exten: Option<&'a [u8]>,
    /// A number, or a label.
    pub priority: Result<u32, &'a [u8]>,
}

/// Reads the target of a jump from priority `here`.
pub fn read_target(text: &[u8], here: u32) -> Target<'_> {
    let mut parts = text.splitn(4, |b| *b == b',').take(3).collect::<Vec<_>>();
    let priority = parts.pop().unwrap_or_default();
    let exten = parts.pop();
    let context = parts.pop();
    let (sign, label) = match priority {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => (0, priority),
    };
    let number = jump_number(label).map(i64::from).map(|n| match sign {
        0 => n,
        sign => i64::from(here) + sign * n,
    });
    // Below 0 the number is not looked at: the next one follows.
    let number = number.map(|n| u32::try_from(n).unwrap_or(here.saturating_add(1)));
    match number {
        // Empty parts stay where they are, but only with a number (DL-249).
        Some(n) => Target {
            context: context.filter(|c| !c.is_empty()),
            exten: exten.filter(|e| !e.is_empty()),
            priority: Ok(n),
        },
        None => Target {
            context,
            exten,
            priority: Err(label),
        },
    }
}

impl crate::Module {
    /// Where a target leads as Goto reads it (`[[context,]exten,]priority`), seen from a place. `None`: there is no such label.
    pub fn aim(&self, inputs: &crate::Inputs, from: &Place, target: &[u8]) -> Option<Place> {
        let target = read_target(target, from.priority);
        let context = target.context.unwrap_or(&from.context);
        let exten = target.exten.unwrap_or(&from.exten);
        let priority = match target.priority {
            Ok(number) => number,
            Err(label) => {
                let start = self.context(context)?;
                let want = Want::Label(label);
                let found =
                    crate::route::find(self, inputs, start, exten, want, None, Question::Match)?;
                self.priority(found.context, found.entry, found.index)?
                    .number
            }
        };
        Some(Place {
            context: context[..context.len().min(PLACE_BYTES)].to_vec(),
            exten: exten[..exten.len().min(PLACE_BYTES)].to_vec(),
            priority,
        })
    }
}

impl Vm {
    /// Where a target leads; notes what is wrong with it. Labels must exist, numbers need not (DL-246, DL-247).
    pub(crate) fn target(&mut self, w: World, text: &[u8]) -> Option<Place> {
        let target = read_target(text, self.place.priority);
        let here = &self.place;
        let context = target.context.unwrap_or(&here.context);
        let exten = target.exten.unwrap_or(&here.exten);
        let number = target.priority.ok();
        let priority = target.priority.err().unwrap_or_default();
        let found = number.or_else(|| {
            let route = self.find(w, context, exten, Want::Label(priority))?;
            w.module
                .priority(route.context, route.entry, route.index)
                .map(|p| p.number)
        });
        match found {
            Some(n) => Some(Place {
                context: context[..context.len().min(PLACE_BYTES)].to_vec(),
                exten: exten[..exten.len().min(PLACE_BYTES)].to_vec(),
                priority: n,
            }),
            None => {
                self.warn(format!(
                    "the priority '{}' must be a number or a label of the extension",
                    priority.escape_ascii()
                ));
                None
            }
        }
    }

    pub(crate) fn goto(&mut self, w: World, text: &[u8]) -> Act {
        match self.target(w, text) {
            Some(place) => {
                self.jump = Some(place);
                flow(Flow::Continue)
            }
            None => flow(Flow::End),
        }
    }

    pub(crate) fn goto_branch(&mut self, w: World, holds: bool, b: &args::Branches) -> Act {
        match if holds { &b.then } else { &b.otherwise } {
            Some(target) if !target.is_empty() => self.goto(w, target),
            _ => flow(Flow::Continue),
        }
    }

    /// Whether a time condition holds; with `test` TESTTIME is asked first (DL-136).
    pub(crate) fn is_time(&mut self, w: World, text: &[u8], test: bool) -> bool {
        let dialect = w.module.dialect();
        let (spec, troubles) = TimeSpec::read_for(text, dialect);
        for t in troubles {
            self.warn(format!(
                "the time condition does not understand '{}'",
                t.text.escape_ascii()
            ));
        }
        let mut now = w.inputs.now;
        if test
            && dialect.test_time
            && let Some(v) = self.variables.get(w.module, b"TESTTIME")
        {
            match scan::integer(&v.bytes()) {
                Some((seconds, _)) => now = crate::Time::from_seconds(seconds),
                None => {
                    self.warn("TESTTIME is no number of seconds: the clock decides");
                    self.forget(w, b"TESTTIME");
                }
            }
        }
        spec.matches(now.moment(), &w.inputs.system.zone)
    }

    pub(crate) fn gosub(&mut self, w: World, text: &[u8]) -> Act {
        self.gosub_to(w, text, true)
    }

    /// The same to a function whose typed code gave up.
    pub(crate) fn gosub_in_steps(&mut self, w: World, text: &[u8]) -> Act {
        self.gosub_to(w, text, false)
    }

    fn gosub_to(&mut self, w: World, text: &[u8], may_be_typed: bool) -> Act {
        let (target, mut arguments) = args::gosub(text);
        if !w.module.dialect().subroutine_values {
            arguments.clear();
        }
        let Some(place) = self.target(w, target) else {
            self.note(
                Level::Error,
                format!("the target of Gosub is invalid: {}", target.escape_ascii()),
            );
            return flow(Flow::End);
        };
        let want = Want::Number(place.priority);
        let Some(route) = self.find(w, &place.context, &place.exten, want) else {
            self.note(
                Level::Error,
                format!(
                    "Gosub leads to {},{},{}, which does not exist",
                    place.context.escape_ascii(),
                    place.exten.escape_ascii(),
                    place.priority
                ),
            );
            return flow(Flow::End);
        };
        let mut gave_up = !may_be_typed;
        if may_be_typed {
            match self.call_typed(w, route, text, &arguments) {
                Ok(act) => return act,
                Err(tried) => gave_up = tried,
            }
        }
        let back = Place {
            priority: self.place.priority.saturating_add(1),
            ..self.place.clone()
        };
        self.variables.push(w.module, back, &arguments, false);
        if gave_up {
            self.variables.give_up();
        }
        self.jump = Some(place);
        flow(Flow::Continue)
    }

    pub(crate) fn return_from(&mut self, w: World, text: &[u8]) -> Act {
        let Some(frame) = self.leave_frame(w) else {
            self.note(Level::Error, "Return outside a subroutine");
            return flow(Flow::End);
        };
        if w.module.dialect().subroutine_values {
            self.assign(w, b"GOSUB_RETVAL", Value::text(text));
        }
        if frame.outermost {
            self.place = frame.back;
            self.route = None;
            return flow(Flow::Returned);
        }
        self.jump = Some(frame.back);
        flow(Flow::Continue)
    }

    /// Runs `App(args)` in the place of this application. Blanks belong to the name.
    pub(crate) fn run_in_place(&mut self, w: World, line: &[u8]) -> Act {
        let (name, text) = args::application(line);
        self.become_app(w, name, text)
    }

    fn become_app(&mut self, w: World, name: &[u8], text: &[u8]) -> Act {
        Act::Become(Frame::App(Box::new(App::new(
            w.module.known(name),
            name,
            Value::text(text),
        ))))
    }

    /// `ExecIf(condition|App|args)`, the only form before 1.6 (DL-267).
    fn exec_if_old(&mut self, w: World, text: &[u8]) -> Act {
        let mut parts = text.splitn(3, |b| *b == b'|');
        let condition = parts.next().unwrap_or_default();
        let Some(app) = parts.next() else {
            self.note(Level::Error, "ExecIf needs a condition and an application");
            return flow(Flow::End);
        };
        if !w.module.dialect().truth(condition) {
            return flow(Flow::Continue);
        }
        self.become_app(w, app, parts.next().unwrap_or_default())
    }

    /// `ExecIfTime(times?App(args))`: nothing protects the `?`, and a `:` is no second branch. Before 1.6
    /// `ExecIfTime(times?App|args)`.
    pub(crate) fn exec_if_time(&mut self, w: World, text: &[u8]) -> Act {
        let question = text.iter().position(|b| *b == b'?');
        let Some((times, line)) = question
            .map(|at| (&text[..at], &text[at + 1..]))
            .filter(|(times, _)| !times.is_empty())
        else {
            self.warn("ExecIfTime needs a time and an application");
            return flow(Flow::End);
        };
        if !self.is_time(w, times, false) {
            return flow(Flow::Continue);
        }
        if w.module.dialect().branches_in_execif {
            return self.run_in_place(w, line);
        }
        let mut parts = line.splitn(2, |b| *b == b'|');
        let name = parts.next().unwrap_or_default();
        self.become_app(w, name, parts.next().unwrap_or_default())
    }

    pub(crate) fn exec_if(&mut self, w: World, text: &[u8]) -> Act {
        let dialect = w.module.dialect();
        if !dialect.branches_in_execif {
            return self.exec_if_old(w, text);
        }
        let first = text.iter().find(|b| matches!(b, b',' | b'?'));
        if first != Some(&b'?') && (first.is_some() || !text.contains(&b'?')) {
            // The form of 1.4: ExecIf(condition,App,args).
            let parts = args::split(text, 3);
            let part = |n: usize| args::argument(&parts, n);
            self.warn("ExecIf with a comma before the `?`, or without one, is the form of 1.4: write ExecIf(condition?App(args))");
            if !dialect.truth(part(0)) {
                return flow(Flow::Continue);
            }
            return self.become_app(w, part(1), part(2));
        }
        let b = args::branches(text, Marks::Keep);
        let then = b.then.unwrap_or_default();
        if then.is_empty() && b.otherwise.is_none() {
            self.note(Level::Error, "ExecIf has no application to run");
            return flow(Flow::End);
        }
        if dialect.truth(&b.condition) {
            return self.run_in_place(w, &then);
        }
        match b.otherwise {
            Some(line) if !line.is_empty() => self.run_in_place(w, &line),
            _ => flow(Flow::Continue),
        }
    }

    pub(crate) fn exec(&mut self, w: World, app: &mut App, text: &[u8], lenient: bool) -> Act {
        // Blanks belong to the name.
        let (name, arguments) = args::application(text);
        if text.is_empty() {
            return flow(Flow::Continue);
        }
        if matches!(w.module.known(name), Known::Nowhere) {
            self.warn(format!("there is no application '{}'", name.escape_ascii()));
            if lenient {
                self.assign(w, b"TRYSTATUS", Value::from("NOAPP"));
                return flow(Flow::Continue);
            }
            return flow(Flow::End);
        }
        app.name = value::Text::new(name);
        app.state = Waits::Again { lenient };
        Act::Push(self.subst_frame(w, arguments))
    }
}
