//! Contexts that the graphs do not prove: their numbers are called in the old plan and in the new one.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::PLAN;
use crate::explore::{Side, side_by_side};
use crate::testing::Suite;
use strowger_compiler::Sources;
use strowger_compiler::migrate::{FILE, Migrated};
use strowger_stdlib::Dialect;

/// Calls by which one context is compared.
const CALLS: usize = 300;
/// Calls by which all contexts are that have no numbers of their own.
const CALLS_OF_ALL: usize = 3_000;
/// Waits and questions of each call.
const STEPS: u32 = 200;

/// The plan that the old one is compared with.
const SHOWN: &str = "plan.dial";

/// What came of it.
#[derive(Clone, Debug)]
pub(super) enum Tried {
    /// So many calls were alike, and took so many of the context's edges.
    Alike {
        calls: usize,
        taken: usize,
        edges: usize,
        /// Calls that begin in other contexts led here.
        through: bool,
    },
    /// The call that differs.
    Differs(String),
    /// No call came there.
    Untried(String),
}

/// Runs calls through these contexts of both plans. Where some differ, nothing is said of those without numbers of their own.
pub(super) fn tried(
    (sources, plan): (&Sources, &str),
    migrated: &Migrated,
    release: &Dialect,
    contexts: &BTreeSet<String>,
) -> BTreeMap<String, Tried> {
    let suites = suite(sources.clone(), plan, release)
        .and_then(|old| Ok((old, suite(written(sources, migrated), PLAN, release)?)));
    let all = |tried: Tried| {
        contexts
            .iter()
            .map(|c| (c.clone(), tried.clone()))
            .collect()
    };
    let (old, new) = match &suites {
        Ok(suites) => (&suites.0, &suites.1),
        Err(why) => return all(Tried::Untried(why.clone())),
    };
    let mut came = BTreeMap::new();
    let mut without = Vec::new();
    for context in contexts {
        let own = match side_by_side(old, new, SHOWN, Some(context), CALLS, STEPS) {
            Some(Side::Differs(words)) => Some(Tried::Differs(words)),
            Some(side) => alike(&side, context, false),
            None => None,
        };
        match own {
            Some(own) => {
                came.insert(context.clone(), own);
            }
            None => without.push(context),
        }
    }
    let differs = |t: &Tried| matches!(t, Tried::Differs(_));
    // Calls of the whole plan tell of the others what they are like when nothing else differs.
    if without.is_empty() || came.values().any(differs) {
        return came;
    }
    let all = side_by_side(old, new, SHOWN, None, CALLS_OF_ALL, STEPS);
    for context in without {
        let one = match &all {
            Some(Side::Differs(words)) => Tried::Differs(words.clone()),
            Some(side) => alike(side, context, true)
                .unwrap_or_else(|| Tried::Untried("no call came there".to_owned())),
            None => Tried::Untried("nothing in the plan can be dialled".to_owned()),
        };
        came.insert(context.clone(), one);
    }
    came
}

/// What calls that were alike tell of a context; none if they did not come there.
fn alike(side: &Side, context: &str, through: bool) -> Option<Tried> {
    let Side::Alike { calls, edges, .. } = side else {
        return None;
    };
    let (taken, edges) = edges.get(context.as_bytes()).copied()?;
    (taken > 0).then_some(Tried::Alike {
        calls: *calls,
        taken,
        edges,
        through,
    })
}

/// The plan that was written, beside the files of devices.
fn written(sources: &Sources, migrated: &Migrated) -> Sources {
    let mut new = Sources::new();
    for (_, file) in sources.files() {
        let of_plan = file.name().contains("extensions");
        if !of_plan && file.name() != FILE {
            new.add(file.name(), file.bytes().to_vec());
        }
    }
    new.add(PLAN, migrated.conf.clone());
    new.add(FILE, migrated.dial.clone());
    new
}

/// A plan in memory as a release reads it.
pub(super) fn suite(mut sources: Sources, plan: &str, release: &Dialect) -> Result<Suite, String> {
    let text = format!("[dialplan]\nasterisk_version = \"{release}\"\n");
    sources.add("strowger.toml", text);
    let tests = format!("dialplan: \"{plan}\"\ntests: []\n");
    Suite::of_sources(&sources, tests).map_err(|refused| refused.to_string())
}
