//! The lines of a plan for the newest release, before they are written in `.dial`: an old plan called macros and had pipes, and as it stands it
//! would stop at each of them. What calls tell apart, or none can be made of, stays as it was.

use super::modernise::{equal, guessed, release};
use super::tested::suite;
use crate::crew;
use crate::explore::{Side, side_by_side};
use crate::testing::Suite;
use std::collections::{BTreeMap, BTreeSet};
use strowger_compiler::hir::{Context, Hir};
use strowger_compiler::modernise::{Called, Left, calls, modernise_but};
use strowger_compiler::{Options, Reading, Sources};
use strowger_stdlib::Dialect;

/// The release that the lines are written for.
pub(super) const TARGET: &str = "asterisk-23";

/// Calls by which one context is compared.
const CALLS: usize = 150;
/// Waits and questions of each.
const STEPS: u32 = 200;
/// Rounds in which some contexts are left as they were.
const ROUNDS: usize = 8;
/// Entries that are made for a context in which nothing can be dialled.
const ENTRIES: usize = 20;
/// What a macro is given that no number leads to.
const GIVEN: &str = "1001,2,3,4";
/// The plan that the new lines are compared with.
const SHOWN: &str = "the old plan";
/// Contexts that are made to call others.
const PROBE: &str = "strowger-tries-";

/// What became of the lines of a context.
#[derive(Clone, Debug)]
pub(super) enum Lines {
    /// Others, and these calls were alike.
    Tested {
        /// How many.
        calls: usize,
        /// Edges of the context that they took.
        taken: usize,
        /// All its edges.
        edges: usize,
        /// Who called.
        by: By,
    },
    /// They stay, though they should be others: why.
    AsTheyWere(String),
}

/// Who called a context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    /// A phone that dials its numbers.
    Numbers,
    /// Lines that were written for it: nothing in it can be dialled.
    Lines,
}

/// A plan whose lines are for the newest release.
pub(super) struct Renewed {
    /// All files.
    pub(super) sources: Sources,
    /// The release that it was written for.
    pub(super) old: Dialect,
    /// The release that its new lines are for.
    pub(super) target: Dialect,
    /// How many rewrites there were.
    pub(super) changes: usize,
    /// What is left to a person.
    pub(super) left: Vec<Left>,
    /// Contexts whose lines are others, or should be.
    pub(super) contexts: BTreeMap<String, Lines>,
    /// Macros that are called and stand in no file: they were taken for ones that come back.
    pub(super) absent: Vec<String>,
}

impl Lines {
    /// In words.
    pub(super) fn words(&self) -> String {
        match self {
            Lines::Tested {
                calls,
                taken,
                edges,
                by,
            } => {
                let s = if *calls == 1 { "" } else { "s" };
                let by = match by {
                    By::Numbers => "",
                    By::Lines => " by lines that call it",
                };
                let percent = taken * 100 / edges.max(&1);
                format!("tested: {calls} run{s}{by}, {percent} % of edges")
            }
            Lines::AsTheyWere(why) => format!("as they were: {why}"),
        }
    }
}

/// Writes the lines of a plan for the newest release; none if they are that already.
pub(super) fn renewed(
    sources: &Sources,
    plan: &str,
    options: &Options,
    from: Option<&str>,
) -> Result<Option<Renewed>, String> {
    let target = release(TARGET)?;
    let old = match from {
        Some(from) => release(from)?,
        None => guessed(sources, plan, &target),
    };
    let new_options = Options {
        dialect: target,
        ..options.clone()
    };
    let before = Reading::new(
        sources,
        &Options {
            dialect: old,
            ..options.clone()
        },
    );
    let called = calls(before.hir());
    let mut absent: BTreeSet<Vec<u8>> = BTreeSet::new();
    for call in called.iter().filter(|c| !c.name.contains(&b'$')) {
        let name = [b"macro-", &call.name[..]].concat();
        if !call.name.is_empty() && before.hir().context(&name).is_none() {
            absent.insert(name);
        }
    }
    let mut spared: BTreeMap<Vec<u8>, String> = BTreeMap::new();
    for round in 0..=ROUNDS {
        let names = spared.keys().cloned().collect();
        let modern = modernise_but(sources, &new_options, &old, false, crew::together, &names);
        let after = Reading::new(&modern.sources, &new_options);
        let changed: Vec<&Context> = before
            .hir()
            .contexts
            .iter()
            .filter(|c| {
                let new = after.hir().context(&c.name);
                new.is_none_or(|new| !equal(c, new))
            })
            .collect();
        if changed.is_empty() && spared.is_empty() && modern.changes.is_empty() {
            return Ok(None);
        }
        let probes = Probes {
            plan,
            contexts: &changed,
            called: &called,
            absent: &absent,
        };
        let tried = probes.tried((sources, &old), (&modern.sources, &target));
        let mut more: BTreeMap<Vec<u8>, String> = BTreeMap::new();
        let mut contexts = BTreeMap::new();
        for (context, lines) in changed.iter().zip(tried) {
            match lines {
                Lines::AsTheyWere(why) => {
                    more.insert(context.name.clone(), why);
                }
                lines => {
                    contexts.insert(lossy(&context.name), lines);
                }
            }
        }
        callers(before.hir(), &spared, &mut more);
        if more.is_empty() || round == ROUNDS {
            if round == ROUNDS && !more.is_empty() {
                // Nothing is claimed of what was not compared to its end.
                let why = "too many contexts depend on each other";
                let all = before.hir().contexts.iter();
                let all = all.map(|c| (lossy(&c.name), Lines::AsTheyWere(why.to_owned())));
                return Ok(Some(Renewed {
                    sources: sources.clone(),
                    old,
                    target,
                    changes: 0,
                    left: modern.left,
                    contexts: all.collect(),
                    absent: Vec::new(),
                }));
            }
            let stay = spared.into_iter();
            contexts.extend(stay.map(|(name, why)| (lossy(&name), Lines::AsTheyWere(why))));
            return Ok(Some(Renewed {
                sources: modern.sources,
                old,
                target,
                changes: modern.changes.len(),
                left: modern.left,
                contexts,
                absent: absent.iter().map(|name| lossy(name)).collect(),
            }));
        }
        spared.extend(more);
    }
    Ok(None)
}

/// Who calls a macro whose lines stay has to keep its own ones: a subroutine is no macro.
fn callers(hir: &Hir, spared: &BTreeMap<Vec<u8>, String>, more: &mut BTreeMap<Vec<u8>, String>) {
    let mut work: Vec<Vec<u8>> = more.keys().cloned().collect();
    while let Some(name) = work.pop() {
        let Some(short) = name.strip_prefix(b"macro-") else {
            continue;
        };
        for context in &hir.contexts {
            let calls = context.extensions.iter().flat_map(|e| &e.steps).any(|s| {
                let args = s.args.bytes();
                let app = s.app.bytes().to_ascii_lowercase();
                let named = names(args, short);
                named
                    && (app.starts_with(b"macro")
                        || args.windows(5).any(|w| w.eq_ignore_ascii_case(b"macro")))
            });
            let known = spared.contains_key(&context.name) || more.contains_key(&context.name);
            if calls && !known {
                let why = format!("it calls the macro {}, which stays", lossy(short));
                more.insert(context.name.clone(), why);
                work.push(context.name.clone());
            }
        }
    }
}

/// Whether a text holds this name, and not as a part of another one.
fn names(text: &[u8], name: &[u8]) -> bool {
    let part = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"-_".contains(b));
    let mut places = text.windows(name.len().max(1)).enumerate();
    places.any(|(at, w)| w == name && !part(text[..at].last()) && !part(text.get(at + name.len())))
}

/// Lines that call contexts, beside those of a plan.
struct Probes<'p> {
    plan: &'p str,
    contexts: &'p [&'p Context],
    /// Macros as the old plan calls them.
    called: &'p [Called],
    /// Those of them that stand in no file.
    absent: &'p BTreeSet<Vec<u8>>,
}

impl Probes<'_> {
    /// Calls the contexts in both plans.
    fn tried(
        &self,
        (old, before): (&Sources, &Dialect),
        (new, after): (&Sources, &Dialect),
    ) -> Vec<Lines> {
        let suites = suite(self.beside(old, true), self.plan, before).and_then(|old| {
            let new = suite(self.beside(new, false), self.plan, after)?;
            Ok((old, new))
        });
        let all = self.contexts.iter().enumerate();
        match suites {
            Ok((old, new)) => all.map(|(n, c)| one(&old, &new, n, c)).collect(),
            Err(why) => all.map(|_| Lines::AsTheyWere(why.clone())).collect(),
        }
    }

    /// The plan with lines that call each of these contexts: macros as they were called, extensions that nobody dials by a jump.
    fn beside(&self, sources: &Sources, is_old: bool) -> Sources {
        let mut out = sources.clone();
        let Some(file) = sources.find(self.plan) else {
            return out;
        };
        let mut text = sources.file(file).bytes().to_vec();
        for name in self.absent {
            let end: &[u8] = if is_old { b"NoOp()" } else { b"Return()" };
            text.extend([b"\n[", &name[..], b"]\nexten => s,1,", end, b"\n"].concat());
        }
        for (number, context) in self.contexts.iter().enumerate() {
            text.extend(format!("\n[{PROBE}{number}]\n").into_bytes());
            let mut line = |exten: usize, priority: u32, app: &[u8]| {
                text.extend(format!("exten => {exten},{priority},").into_bytes());
                text.extend_from_slice(app);
                text.push(b'\n');
            };
            let name = &context.name[..];
            if let Some(short) = name.strip_prefix(b"macro-") {
                let own = self.called.iter().filter(|c| c.name == short);
                let own: BTreeSet<&[u8]> = own.map(|c| &c.arguments[..]).collect();
                let given = match own.is_empty() {
                    true => BTreeSet::from([GIVEN.as_bytes()]),
                    false => own,
                };
                for (n, given) in given.into_iter().take(ENTRIES).enumerate() {
                    let call = match is_old {
                        true => [b"Macro(", short, b",", given, b")"].concat(),
                        false => [b"Gosub(", name, b",s,1(", given, b"))"].concat(),
                    };
                    line(n + 1, 1, &call);
                    line(n + 1, 2, b"Playback(beep)");
                }
                continue;
            }
            let named = context.extensions.iter();
            let named = named.filter(|e| !e.name.starts_with(b"_") && e.step(1).is_some());
            for (n, extension) in named.take(ENTRIES).enumerate() {
                let call = [b"Goto(", name, b",", &extension.name, b",1)"].concat();
                line(n + 1, 1, &call);
            }
        }
        out.add(self.plan, text);
        out
    }
}

/// Calls one context: its numbers, and where there are none, or they do not lead far, by lines of its own.
fn one(old: &Suite, new: &Suite, number: usize, context: &Context) -> Lines {
    let name = lossy(&context.name);
    let probe = format!("{PROBE}{number}");
    let mut why = "nothing in it can be dialled".to_owned();
    for (entered, by) in [(&name, By::Numbers), (&probe, By::Lines)] {
        match side_by_side(new, old, SHOWN, Some(entered), CALLS, STEPS) {
            Some(Side::Differs(words)) => return Lines::AsTheyWere(format!("differs: {words}")),
            Some(Side::Alike { calls, edges, .. }) => match edges.get(&context.name) {
                Some((taken, edges)) if *taken > 0 => {
                    return Lines::Tested {
                        calls,
                        taken: *taken,
                        edges: *edges,
                        by,
                    };
                }
                _ => why = "no call came there".to_owned(),
            },
            None => {}
        }
    }
    Lines::AsTheyWere(why)
}

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
