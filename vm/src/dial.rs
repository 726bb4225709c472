//! Dial: its arguments, and what the new channels start with.

use strowger_stdlib::{Value, args};

use crate::app::{App, list};
use crate::effect::{Dial, Effect, Target};
use crate::run::{Act, Flow, Out, Vm, World};

/// Variables that Dial empties before it begins, and those that it unsets (DL-280).
const BLANK: [&[u8]; 3] = [b"DIALSTATUS", b"DIALEDPEERNUMBER", b"DIALEDPEERNAME"];
const UNSET: [&[u8]; 9] = [
    b"ANSWEREDTIME",
    b"ANSWEREDTIME_MS",
    b"DIALEDTIME",
    b"DIALEDTIME_MS",
    b"RINGTIME",
    b"RINGTIME_MS",
    b"PROGRESSTIME",
    b"PROGRESSTIME_MS",
    b"FORWARDERNAME",
];

/// Targets of one Dial; more are left out, with a warning.
const TARGETS: usize = 64;

fn flow(f: Flow) -> Act {
    Act::Return(Out::Flow(f))
}

impl Vm {
    /// Begins a Dial: the effect, or what is wrong with the arguments.
    pub(crate) fn dial_effect(&mut self, w: World, text: &[u8]) -> Result<Effect, Act> {
        for name in BLANK {
            self.assign(w, name, Value::EMPTY);
        }
        for name in UNSET {
            if self.variables.get(w.module, name).is_some() {
                self.forget(w, name);
            }
        }
        let parts = args::split(text, 4);
        let options = args::options(args::argument(&parts, 2));
        if options.unclosed {
            self.warn("an option of Dial has no closing parenthesis");
            self.assign(w, b"DIALSTATUS", Value::from("INVALIDARGS"));
            return Err(flow(Flow::End));
        }
        let mut targets = Vec::new();
        for element in list(args::argument(&parts, 0)) {
            let at = element.iter().position(|b| *b == b'/');
            match at.map(|at| (&element[..at], &element[at + 1..])) {
                Some((technology, resource)) if !resource.is_empty() => {
                    if targets.len() == TARGETS {
                        self.warn(format!(
                            "Dial calls at most {TARGETS} devices at once: the others are left out"
                        ));
                        break;
                    }
                    targets.push(Target {
                        technology: technology.to_vec(),
                        resource: resource.to_vec(),
                    });
                }
                _ => {
                    self.warn(format!(
                        "Dial needs Technology/resource, not {}",
                        element.escape_ascii()
                    ));
                    self.assign(w, b"DIALSTATUS", Value::from("CHANUNAVAIL"));
                    return Err(flow(Flow::End));
                }
            }
        }
        if targets.is_empty() {
            self.warn("Dial has nobody to call");
            self.assign(w, b"DIALSTATUS", Value::from("CHANUNAVAIL"));
            return Err(flow(Flow::Continue));
        }
        let mut times = args::argument(&parts, 1).splitn(2, |b| *b == b'^');
        let mut time = || times.next().and_then(args::duration).filter(|ms| *ms > 0);
        let (timeout_ms, progress_timeout_ms) = (time(), time());
        let mut letters: Vec<(u8, Option<crate::Text>)> = Vec::new();
        for option in options.letters {
            letters.retain(|(l, _)| *l != option.letter);
            letters.push((option.letter, option.argument));
        }
        Ok(Effect::Dial(Box::new(Dial {
            targets,
            timeout_ms,
            progress_timeout_ms,
            options: letters,
            url: args::argument(&parts, 3).to_vec(),
            inherited: self.variables.inherited(w.module),
            caller: self.party.caller.clone(),
            language: self.party.language.clone(),
            account: self.party.account.clone(),
            place: self.place.clone(),
        })))
    }

    pub(crate) fn dial(&mut self, w: World, app: &mut App, text: &[u8]) -> Act {
        match self.dial_effect(w, text) {
            Ok(effect) => app.leave(effect),
            Err(act) => act,
        }
    }
}
