//! Jumps, subroutines, and applications run in the place of another (DL section S).

use strowger_stdlib::args::{self, Marks};
use strowger_stdlib::timespec::TimeSpec;
use strowger_stdlib::{Value, scan, value};

use crate::app::{App, Waits, flow};
use crate::effect::Level;
use crate::function::jump_number;
use crate::inputs::Place;
use crate::known::Known;
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
    let number = match priority {
        [b'+', rest @ ..] => jump_number(rest).map(|n| here.saturating_add(n)),
        [b'-', rest @ ..] => jump_number(rest).map(|n| here.saturating_sub(n)),
        _ => jump_number(priority),
    };
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
            priority: Err(priority),
        },
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
                context: context.to_vec(),
                exten: exten.to_vec(),
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
        let (spec, troubles) = TimeSpec::read(text);
        for t in troubles {
            self.warn(format!(
                "the time condition does not understand '{}'",
                t.text.escape_ascii()
            ));
        }
        let mut now = w.inputs.now;
        if test
            && let Some(v) = self.variables.get(w.module, b"TESTTIME")
            && let Some((seconds, _)) = scan::integer(&v.bytes())
        {
            now = crate::Time::from_seconds(seconds);
        }
        spec.matches(now.moment(), &w.inputs.system.zone)
    }

    pub(crate) fn gosub(&mut self, w: World, text: &[u8]) -> Act {
        let (target, arguments) = args::gosub(text);
        let Some(place) = self.target(w, target) else {
            self.note(
                Level::Error,
                format!("the target of Gosub is invalid: {}", target.escape_ascii()),
            );
            return flow(Flow::End);
        };
        if self
            .find(
                w,
                &place.context,
                &place.exten,
                Want::Number(place.priority),
            )
            .is_none()
        {
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
        }
        let back = Place {
            priority: self.place.priority.saturating_add(1),
            ..self.place.clone()
        };
        self.variables.push(w.module, back, &arguments, false);
        self.jump = Some(place);
        flow(Flow::Continue)
    }

    pub(crate) fn return_from(&mut self, w: World, text: &[u8]) -> Act {
        let Some(frame) = self.leave_frame(w) else {
            self.note(Level::Error, "Return outside a subroutine");
            return flow(Flow::End);
        };
        self.assign(w, b"GOSUB_RETVAL", Value::text(text));
        if frame.outermost {
            self.place = frame.back;
            self.route = None;
            return flow(Flow::Returned);
        }
        self.jump = Some(frame.back);
        flow(Flow::Continue)
    }

    /// Runs `App(args)` in the place of this application.
    pub(crate) fn run_in_place(&mut self, w: World, line: &[u8]) -> Act {
        let (name, text) = args::application(line);
        let name = scan::trim_start(name);
        Act::Become(Frame::App(Box::new(App::new(
            w.module.known(name),
            name,
            Value::text(text),
        ))))
    }

    pub(crate) fn exec_if(&mut self, w: World, text: &[u8]) -> Act {
        let b = args::branches(text, Marks::Keep);
        let holds = value::truth(&b.condition);
        let Some(then) = b.then else {
            // The form of 1.4: ExecIf(condition,App,args).
            let parts = args::split_raw(text, 3);
            self.warn("ExecIf without `?` is the form of 1.4: write ExecIf(condition?App(args))");
            if !value::truth(args::argument(&parts, 0)) {
                return flow(Flow::Continue);
            }
            let line = [
                args::argument(&parts, 1),
                b"(",
                args::argument(&parts, 2),
                b")",
            ]
            .concat();
            return self.run_in_place(w, &line);
        };
        match (holds, then.as_slice(), b.otherwise) {
            (true, b"", _) => {
                self.note(Level::Error, "ExecIf has no application to run");
                flow(Flow::End)
            }
            (true, line, _) => self.run_in_place(w, line),
            (false, _, Some(line)) if !line.is_empty() => self.run_in_place(w, &line),
            (false, ..) => flow(Flow::Continue),
        }
    }

    pub(crate) fn exec(&mut self, w: World, app: &mut App, text: &[u8], lenient: bool) -> Act {
        let (name, arguments) = args::application(text);
        let name = scan::trim_start(name);
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
        Act::Push(self.subst_frame(arguments))
    }
}
