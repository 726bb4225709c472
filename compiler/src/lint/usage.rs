//! Variables that are never set (V501), that differ from one only in letter case (V502), and that are never read (V510, A412). Only
//! where the whole plan is in sight (traps 15 and 16 of the catalogue of checks).

use strowger_stdlib::table::QuickSet;

use strowger_stdlib::signatures;

use crate::conf::line::boolean;
use crate::diagnostic::Diagnostic;
use crate::edit_distance::{distance, nearest};
use crate::lint::facts::{self, Facts, is_word};
use crate::lint::names::{Names, Reading, Setting, composes, is_others};
use crate::lint::{World, legs};
use crate::peers::Peers;
use crate::source::{Sources, Span};

/// Names of fewer letters are too easily near each other.
const LONG: usize = 8;

pub(crate) fn check(
    world: &World<'_>,
    sources: &Sources,
    facts: &Facts,
    out: &mut Vec<Diagnostic>,
) {
    if world.open || !world.whole {
        let mut names = Names::default();
        names.gather(world, &Peers::default());
        names.misspelt(world, out);
        return;
    }
    let outside = facts.outside || managed(sources);
    let mut names = Names::default();
    let peers = &world.peers;
    names.gather(world, peers);
    names.configured(peers);
    for name in names.set.keys() {
        let same = names.folded.entry(name.to_ascii_lowercase()).or_default();
        same.push(name.clone());
    }
    let mut unset: Vec<(&Vec<u8>, &Reading)> = names
        .read
        .iter()
        .filter(|(name, _)| names.is_unset(world, name))
        .collect();
    unset.sort_by_key(|(_, r)| (r.place.file, r.place.start));
    if !outside {
        names.unset(world, facts, &unset, out);
    }
    if !outside {
        legs::check(world, peers, &names, out);
    }
    names.other_case(outside, &unset, out);
    if !outside && !names.evaluates {
        names.unread(sources, world, &unset, out);
    }
}

/// Whether a manager or a program may set variables of calls.
pub(super) fn managed(sources: &Sources) -> bool {
    [("manager.conf", false), ("ari.conf", true)]
        .iter()
        .any(|(name, preset)| {
            sources.find(name).is_some_and(|file| {
                crate::conf::line::read(sources, file)
                    .value("general", "enabled")
                    .map_or(*preset, |v| boolean(v.text.bytes()) == Some(true))
            })
        })
}

impl Names {
    /// V501 where not everything is in sight: only a variable of the exchange with a slip of the pen.
    fn misspelt(&self, world: &World<'_>, out: &mut Vec<Diagnostic>) {
        let built_in: Vec<&str> = facts::built_in()
            .chain(signatures::variables())
            .filter_map(|n| std::str::from_utf8(n).ok())
            .filter(|n| n.len() >= LONG)
            .collect();
        let mut found: Vec<_> = self
            .read
            .iter()
            .filter(|(name, _)| {
                name.len() >= LONG
                    && name.iter().all(|b| b.is_ascii_uppercase() || *b == b'_')
                    && self.is_unset(world, name)
            })
            .collect();
        found.sort_by_key(|(_, r)| (r.place.file, r.place.start));
        for (name, reading) in found {
            let shown = String::from_utf8_lossy(name).into_owned();
            let Some(near) = world
                .afford(built_in.len())
                .then(|| built_in.iter().find(|b| distance(b, &shown) == 1))
                .flatten()
            else {
                continue;
            };
            out.push(
                Diagnostic::new(
                    "V501",
                    format!("nothing sets the variable `{shown}`"),
                    reading.place,
                )
                .label("always empty")
                .help(format!(
                    "perhaps `{near}` was meant, which the exchange sets"
                )),
            );
        }
    }

    /// V501.
    fn unset(
        &self,
        world: &World<'_>,
        facts: &Facts,
        unset: &[(&Vec<u8>, &Reading)],
        out: &mut Vec<Diagnostic>,
    ) {
        let tested: QuickSet<&[u8]> = facts
            .tested
            .keys()
            .map(|(_, body)| {
                let global = body
                    .strip_prefix(b"GLOBAL(")
                    .and_then(|b| b.strip_suffix(b")"));
                global.unwrap_or(body)
            })
            .collect();
        let known: Vec<&str> = self
            .set
            .keys()
            .filter_map(|k| std::str::from_utf8(k).ok())
            .collect();
        for (name, reading) in unset {
            // Who asks whether it is empty knows that it may be unset.
            if self.twin(name).is_some()
                || tested.contains(name.as_slice())
                || self.started.contains(*name)
            {
                continue;
            }
            let shown = String::from_utf8_lossy(name).into_owned();
            let label = if reading.count > 1 {
                format!("always empty ({} places)", reading.count)
            } else {
                "always empty".to_owned()
            };
            let mut diagnostic = Diagnostic::new(
                "V501",
                format!("nothing sets the variable `{shown}`"),
                reading.place,
            )
            .label(label);
            if world.afford(known.len())
                && let Some(near) = nearest(&shown, known.iter().copied().filter(|k| *k != shown))
            {
                diagnostic = diagnostic.help(format!("perhaps `{near}` was meant, which is set"));
            }
            out.push(diagnostic);
        }
    }

    /// V502: read as it is never written, while another spelling is.
    fn other_case(&self, outside: bool, unset: &[(&Vec<u8>, &Reading)], out: &mut Vec<Diagnostic>) {
        for (name, reading) in unset {
            let Some((twin, place)) = self.twin(name) else {
                continue;
            };
            // A program outside may use any spelling of its own.
            if outside && !facts::built_in().any(|own| own == twin.as_slice()) {
                continue;
            }
            let shown = String::from_utf8_lossy(name).into_owned();
            let other = String::from_utf8_lossy(&twin).into_owned();
            let mut diagnostic = Diagnostic::new(
                "V502",
                format!("nothing sets `{shown}`: it is written `{other}`"),
                reading.place,
            )
            .label("always empty: letter case matters in names of variables");
            if let Some(place) = place {
                diagnostic = diagnostic.also(place, format!("`{other}` is set here"));
            }
            out.push(diagnostic.help(format!("write `${{{other}}}`")));
        }
    }

    /// The same name in another letter case that is set, and where; `None` for one that the exchange sets.
    fn twin(&self, name: &[u8]) -> Option<(Vec<u8>, Option<Span>)> {
        let upper = name.to_ascii_uppercase();
        if upper != name && facts::is_built_in(&upper) {
            return Some((upper, None));
        }
        let same = self.folded.get(&name.to_ascii_lowercase())?;
        let other = same.iter().min()?;
        Some((other.clone(), self.set.get(other).map(|s| s.place)))
    }

    /// V510 and the second half of A412.
    fn unread(
        &self,
        sources: &Sources,
        world: &World<'_>,
        unset: &[(&Vec<u8>, &Reading)],
        out: &mut Vec<Diagnostic>,
    ) {
        let unset: Vec<&str> = unset
            .iter()
            .filter_map(|(n, _)| std::str::from_utf8(n).ok())
            .collect();
        let mut found: Vec<(&Vec<u8>, &Setting)> = self
            .set
            .iter()
            .filter(|(name, setting)| {
                is_word(name)
                    && !setting.doing
                    && !self.read.contains_key(*name)
                    && !facts::is_built_in(name)
                    && !is_others(name)
                    && !composes(world, &self.reading, name)
            })
            .collect();
        found.sort_by_key(|(_, s)| (s.place.file, s.place.start));
        let elsewhere = Elsewhere::gather(sources, world);
        for (name, setting) in found {
            if elsewhere.mentions(name) {
                continue;
            }
            let shown = String::from_utf8_lossy(name).into_owned();
            let diagnostic = if setting.collected {
                Diagnostic::new(
                    "A412",
                    format!("nothing reads the digits in `{shown}`"),
                    setting.place,
                )
                .label("collected for nothing")
            } else {
                Diagnostic::new(
                    "V510",
                    format!("nothing reads the variable `{shown}`"),
                    setting.place,
                )
                .label(if setting.global {
                    "set here"
                } else {
                    "set for nothing"
                })
            };
            let near = world
                .afford(unset.len())
                .then(|| nearest(&shown, unset.iter().copied()));
            out.push(match near.flatten() {
                Some(near) => diagnostic.help(format!("`{near}` is read, and never set")),
                None => diagnostic,
            });
        }
    }
}

/// Words of the other files: applications of features.conf, bodies of mails, drop-in settings.
struct Elsewhere(QuickSet<Vec<u8>>);

impl Elsewhere {
    fn gather(sources: &Sources, world: &World<'_>) -> Elsewhere {
        let plan: QuickSet<_> = world
            .index
            .hir()
            .contexts
            .iter()
            .flat_map(|c| &c.extensions)
            .flat_map(|e| &e.steps)
            .map(|s| s.file)
            .chain(world.index.hir().globals.iter().map(|g| g.span.file))
            .collect();
        let mut words = QuickSet::default();
        for (id, file) in sources.files() {
            if !plan.contains(&id) {
                let bytes = file.bytes();
                for word in bytes.split(|b| !(b.is_ascii_alphanumeric() || *b == b'_')) {
                    words.insert(word.to_vec());
                }
            }
        }
        Elsewhere(words)
    }

    fn mentions(&self, name: &[u8]) -> bool {
        self.0.contains(name)
    }
}
