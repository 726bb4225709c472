//! Where jumps may enter an extension in the middle of it: by a number, or by a priority that only the running call knows.

use std::collections::{HashMap, HashSet};

use crate::hir::{Extension, Matches, Step};
use crate::jump::{Part, Target};
use crate::pattern::overlap;

/// Extensions that are kept apart for one priority; where more are named, all of them are meant.
const KEPT: usize = 64;

/// See the fields.
#[derive(Default)]
pub(crate) struct Landings {
    /// Priorities above 1 that jumps name by number, and in which extensions.
    numbers: HashMap<u32, Whither>,
    /// Extensions in which a jump takes its priority from a variable.
    computed: Whither,
    /// Labels that jumps name.
    labels: HashSet<Vec<u8>>,
}

/// Extensions that a jump may lead to.
enum Whither {
    Anywhere,
    To(Vec<Matches>),
}

impl Default for Whither {
    fn default() -> Whither {
        Whither::To(Vec::new())
    }
}

impl Whither {
    /// One extension more; `None`: any.
    fn add(&mut self, matches: Option<Matches>) {
        let (Whither::To(list), Some(matches)) = (&mut *self, matches) else {
            *self = Whither::Anywhere;
            return;
        };
        if list.len() >= KEPT {
            *self = Whither::Anywhere;
        } else if !list.contains(&matches) {
            list.push(matches);
        }
    }

    fn means(&self, extension: &Extension) -> bool {
        match self {
            Whither::Anywhere => true,
            Whither::To(list) => list.iter().any(|m| overlap(m, &extension.matches)),
        }
    }
}

impl Landings {
    /// The jumps of one step of an extension.
    pub(crate) fn read(&mut self, extension: &Extension, step: &Step) {
        for target in step.targets() {
            match &target.priority {
                Part::Here => {}
                Part::Text(text) => {
                    let text = text.trimmed();
                    let number = std::str::from_utf8(text.bytes())
                        .ok()
                        .and_then(|t| t.parse().ok());
                    let relative = matches!(text.bytes().first(), Some(b'+' | b'-'))
                        .then(|| crate::draft::scan_int(text.bytes()))
                        .flatten();
                    match (relative, number) {
                        (Some(by), _) => self.number(moved(step, by), extension, target),
                        (None, Some(number)) => self.number(Some(number), extension, target),
                        (None, None) if self.labels.contains(text.bytes()) => {}
                        (None, None) => {
                            self.labels.insert(text.bytes().to_vec());
                        }
                    }
                }
                Part::Computed(text) => match from_here(text.bytes()) {
                    Some(by) => self.number(moved(step, by), extension, target),
                    None => self.computed.add(whither(extension, target)),
                },
            }
        }
    }

    fn number(&mut self, number: Option<u32>, extension: &Extension, target: &Target) {
        // Every call enters at the first step anyway.
        if let Some(number) = number.filter(|n| *n > 1) {
            self.numbers
                .entry(number)
                .or_default()
                .add(whither(extension, target));
        }
    }

    /// Whether a jump may lead to this priority of an extension by its number.
    pub(crate) fn by_number(&self, extension: &Extension, priority: u32) -> bool {
        self.numbers
            .get(&priority)
            .is_some_and(|w| w.means(extension))
    }

    /// Whether some jump names a label.
    pub(crate) fn by_label(&self, label: &[u8]) -> bool {
        self.labels.contains(label)
    }

    /// Whether a jump may lead to any priority of an extension.
    pub(crate) fn anywhere(&self, extension: &Extension) -> bool {
        self.computed.means(extension)
    }
}

/// The extension that a jump names.
fn whither(extension: &Extension, target: &Target) -> Option<Matches> {
    match &target.exten {
        // A variable alone may hold a context and an extension too. Then it holds a label or 1, as good as always.
        Part::Here => Some(extension.matches.clone()),
        Part::Text(text) => Some(Matches::read(text.bytes())),
        Part::Computed(_) => None,
    }
}

fn moved(step: &Step, by: i32) -> Option<u32> {
    u32::try_from(i64::from(step.priority) + i64::from(by)).ok()
}

/// `$[${PRIORITY} + 2]`: how far from its own step.
fn from_here(text: &[u8]) -> Option<i32> {
    let inner = text.trim_ascii().strip_prefix(b"$[")?.strip_suffix(b"]")?;
    let rest = inner
        .trim_ascii()
        .strip_prefix(b"${PRIORITY}")?
        .trim_ascii();
    let (sign, digits) = match rest.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return None,
    };
    let by: i32 = std::str::from_utf8(digits.trim_ascii())
        .ok()?
        .parse()
        .ok()?;
    by.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_from_the_own_step() {
        assert_eq!(from_here(b"$[${PRIORITY} + 2]"), Some(2));
        assert_eq!(from_here(b"$[ ${PRIORITY}-3 ]"), Some(-3));
        for other in [
            "$[${PRIORITY} * 2]",
            "$[${X} + 2]",
            "${PRIORITY}",
            "$[${PRIORITY}+${N}]",
        ] {
            assert_eq!(from_here(other.as_bytes()), None, "{other}");
        }
    }
}
