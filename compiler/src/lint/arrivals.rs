//! Which steps lead to the beginning of an extension that nobody can dial: a name such as `s-BUSY`, or a macro. What all of them have
//! set is set there.

use std::collections::HashMap;

use crate::flow::dialable;
use crate::hir::{Context, Extension, Hir, Matches, Step};
use crate::jump::Part;
use crate::lint::subroutines::subroutines;
use crate::pattern::{overlap, without_dashes};

/// Jumps that are kept for one name; of an extension that more lead to nothing is known.
const KEPT: usize = 256;
/// Applications whose options may run a routine on another channel, where other variables are set.
const ROUTINES: [&str; 5] = ["dial", "retrydial", "queue", "originate", "followme"];

/// A step by the indices of its context, extension and itself.
pub(crate) type Place = (usize, usize, usize);

/// A step that leads somewhere, and by which branch of its condition.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) from: Place,
    pub(crate) branch: Option<bool>,
}

/// A label, and a way to it.
type Labelled = (Vec<u8>, Arrival);

/// See [`Arrivals::at`].
#[derive(Default)]
pub(crate) struct Arrivals {
    /// By the name of the extension, whatever the context: an included one may be meant.
    named: HashMap<Vec<u8>, Vec<Arrival>>,
    /// By the context of a macro or subroutine.
    called: HashMap<Vec<u8>, Vec<Arrival>>,
    /// Jumps to an extension that a variable names, by the context in which they look for it.
    computed: HashMap<Vec<u8>, Vec<Arrival>>,
    /// A variable names the context of a jump, or of a macro: with what the extension begins there.
    wild: Vec<Vec<u8>>,
    /// Texts of options that may name a routine.
    options: Vec<Vec<u8>>,
    /// Jumps within an extension, by its context and itself, to a label or number.
    within: HashMap<(usize, usize), Vec<Labelled>>,
    /// Jumps to a label or number of an extension by its name.
    inside: Vec<(Vec<u8>, Vec<u8>, Arrival)>,
}

impl Arrivals {
    pub(crate) fn gather(hir: &Hir) -> Arrivals {
        let mut all = Arrivals::default();
        for (c, context) in hir.contexts.iter().enumerate() {
            for (e, extension) in context.extensions.iter().enumerate() {
                for s in 0..extension.steps.len() {
                    all.step((c, e, s), context, extension);
                }
            }
        }
        all
    }

    fn step(&mut self, from: Place, context: &Context, extension: &Extension) {
        let step = &extension.steps[from.2];
        for target in step.targets() {
            // Those that lead into the middle are none.
            let first = match &target.priority {
                Part::Text(text) => !text
                    .bytes()
                    .first()
                    .is_some_and(|b| matches!(b, b'2'..=b'9')),
                _ => true,
            };
            let arrival = Arrival {
                from,
                branch: target.branch,
            };
            if let Part::Text(priority) = &target.priority {
                let priority = priority.trimmed().bytes().to_vec();
                match &target.exten {
                    Part::Here if matches!(target.context, Part::Here) => {
                        let list = self.within.entry((from.0, from.1)).or_default();
                        list.push((priority, arrival));
                    }
                    // By number to the first step: see below.
                    Part::Text(name) if priority != b"1" => {
                        let name = without_dashes(name.bytes());
                        self.inside.push((name, priority, arrival));
                    }
                    _ => {}
                }
            }
            if !first {
                continue;
            }
            let place = match &target.context {
                Part::Here => Some(&context.name[..]),
                Part::Text(text) => Some(text.bytes()),
                Part::Computed(_) => None,
            };
            match (&target.exten, place) {
                // Within the extension, or a variable that holds a label of it. A number that was dialled is no such name.
                (Part::Here, _) => {}
                (Part::Text(text), _) => {
                    add(&mut self.named, &without_dashes(text.bytes()), arrival);
                }
                (Part::Computed(text), _) if text.bytes().starts_with(b"${EXTEN") => {}
                (Part::Computed(_), Some(place)) => add(&mut self.computed, place, arrival),
                (Part::Computed(text), None) => self.guess(text.bytes()),
            }
        }
        for call in step.calls() {
            let arrival = Arrival { from, branch: None };
            if matches!(call.app.as_str(), "macro" | "macroexclusive" | "macroif") {
                let found = subroutines(call, &context.name);
                if found.is_empty() {
                    self.options.push(call.args.bytes().to_vec());
                }
                for routine in found {
                    match routine.context {
                        Some(name) => add(&mut self.called, &name, arrival),
                        None => self.guess(b"s"),
                    }
                }
            }
            let handler = call.args.bytes().starts_with(b"CHANNEL(hangup_handler");
            if ROUTINES.contains(&call.app.as_str()) && call.args.bytes().contains(&b'(') || handler
            {
                self.options.push(call.args.bytes().to_vec());
            }
        }
    }

    /// All jumps to a step that has a label, or that some jump names by number. `None`: too many to tell.
    pub(crate) fn inside(
        &self,
        (c, e): (usize, usize),
        extension: &Extension,
        step: &Step,
    ) -> Option<Vec<Arrival>> {
        let number = step.priority.to_string();
        let label = step.label.as_ref().map(|l| l.bytes());
        let meant = |to: &[u8], from: Place| {
            let relative = matches!(to.first(), Some(b'+' | b'-'));
            Some(to) == label || to == number.as_bytes() || relative && from.0 == c && from.1 == e
        };
        if self.inside.len() > KEPT * KEPT {
            return None;
        }
        let mut out: Vec<Arrival> = Vec::new();
        for (to, arrival) in self.within.get(&(c, e)).into_iter().flatten() {
            if meant(to, arrival.from) {
                out.push(*arrival);
            }
        }
        for (name, to, arrival) in &self.inside {
            if meant(to, arrival.from) && overlap(&Matches::Name(name.clone()), &extension.matches)
            {
                out.push(*arrival);
            }
        }
        (out.len() < KEPT).then_some(out)
    }

    /// All steps that lead to the first step of an extension. `None`: calls may come from elsewhere too.
    pub(crate) fn at(&self, context: &Context, extension: &Extension) -> Option<Vec<Arrival>> {
        // A name that is made for jumps, as `s-BUSY`, is not what a variable alone holds beside a context.
        let name = &extension.name;
        let made = name.contains(&b'-');
        let meant = |begin: &Vec<u8>| name.starts_with(begin) && !(made && begin.is_empty());
        if self.wild.iter().any(meant) {
            return None;
        }
        self.by_name(context, extension)
    }

    fn guess(&mut self, exten: &[u8]) {
        let begin = exten.split(|b| *b == b'$').next().unwrap_or_default();
        if !self.wild.iter().any(|known| known == begin) {
            self.wild.push(begin.to_vec());
        }
    }

    /// The same as far as jumps name their context: one that a variable holds is not asked for.
    pub(crate) fn by_name(&self, context: &Context, extension: &Extension) -> Option<Vec<Arrival>> {
        let Matches::Name(name) = &extension.matches else {
            return None;
        };
        if extension.caller.is_some() {
            return None;
        }
        let macros = context.name.starts_with(b"macro-") && name == b"s";
        let special = matches!(
            name.as_slice(),
            b"s" | b"i" | b"t" | b"h" | b"T" | b"e" | b"o" | b"a" | b"fax" | b"failed"
        );
        if !macros && (special || dialable(&extension.matches)) {
            return None;
        }
        let own = context
            .name
            .strip_prefix(b"macro-")
            .unwrap_or(&context.name);
        // A routine begins at `s`, or at the extension that is written.
        let holds = |text: &[u8], part: &[u8]| text.windows(part.len()).any(|w| w == part);
        let routine = |text: &Vec<u8>| holds(text, own) && (macros || holds(text, name));
        if own.is_empty() || self.options.iter().any(routine) {
            return None;
        }
        let mut all = Vec::new();
        all.extend(self.named.get(name).into_iter().flatten());
        if macros {
            all.extend(self.called.get(&context.name).into_iter().flatten());
        }
        all.extend(self.computed.get(&context.name).into_iter().flatten());
        (all.len() < KEPT && !all.is_empty()).then_some(all)
    }
}

fn add(to: &mut HashMap<Vec<u8>, Vec<Arrival>>, name: &[u8], arrival: Arrival) {
    match to.get_mut(name) {
        Some(list) if list.len() >= KEPT => {}
        Some(list) => list.push(arrival),
        None => {
            to.insert(name.to_vec(), vec![arrival]);
        }
    }
}
