//! The proof: what was written is compiled as a user would compile it, and each extension of it is compared with the lines that it was.

use std::collections::BTreeMap;

use super::At;
use super::compare;
use super::graph::{self, Graph, Link, Reader};
use super::rest;
use super::write::{Work, Written};
use crate::codes;
use crate::compile::{Options, Reading};
use crate::diagnostic::Level;
use crate::hir::{Context, Extension, Hir, Include, Matches};
use crate::resolve::Index;
use crate::source::Sources;

impl Work<'_, '_> {
    /// Compiles what was written, and compares. What has no form stays; what is written and not the same is `differing`.
    pub(super) fn prove(
        &mut self,
        written: &Written,
        more: &mut Vec<(At, u32)>,
        differing: &mut BTreeMap<usize, String>,
    ) -> BTreeMap<usize, String> {
        let mut sources = Sources::new();
        sources.add("extensions.conf", written.conf.clone());
        sources.add(rest::DIAL, written.dial.clone());
        let options = Options {
            plan: "extensions.conf".to_owned(),
            ..self.options.clone()
        };
        let reading = Reading::new(&sources, &options);
        let mut failed = BTreeMap::new();
        let file = sources.find(rest::DIAL);
        let found = reading.found();
        let wrong = found
            .iter()
            .filter(|d| Some(d.primary.span.file) == file && codes::level(d.code) == Level::Error);
        for finding in wrong {
            let at = finding.primary.span.start as usize;
            let line = file.map_or(0, |f| sources.file(f).line(finding.primary.span.start));
            let shown = file.map_or(String::new(), |f| {
                String::from_utf8_lossy(sources.file(f).line_bytes(line).trim_ascii()).into_owned()
            });
            let reason = format!("{}: {} ({shown})", finding.code, finding.message);
            match written.ranges.iter().find(|(_, range)| range.contains(&at)) {
                Some((number, _)) => {
                    failed.entry(*number).or_insert(reason);
                }
                None => {
                    for (number, _) in &written.ranges {
                        failed.entry(*number).or_insert_with(|| reason.clone());
                    }
                }
            }
        }
        if !failed.is_empty() {
            return failed;
        }
        if globals(&reading.hir) != globals(self.hir) {
            let all = (0..self.hir.contexts.len()).filter(|n| !self.kept.contains_key(n));
            let reason = "the global variables became others".to_owned();
            return all.map(|n| (n, reason.clone())).collect();
        }
        let index = Index::new(&reading.hir);
        let reader = Reader::new(&index, false);
        for (number, context) in self.hir.contexts.iter().enumerate() {
            if self.kept.contains_key(&number) {
                continue;
            }
            let Some(made) = index.context(&context.name) else {
                failed.insert(number, "nothing was made of it".to_owned());
                continue;
            };
            if let Err(reason) = self.same(number, context, &reader, made, written, more) {
                differing.insert(number, reason);
            }
        }
        failed
    }

    /// Whether a context means what its lines meant.
    fn same(
        &self,
        number: usize,
        context: &Context,
        reader: &Reader,
        made: &Context,
        written: &Written,
        more: &mut Vec<(At, u32)>,
    ) -> Result<(), String> {
        let include = |i: &Include| {
            let times = i.times.as_ref().map(|t| graph::time(t, self.hir));
            (i.context.clone(), times)
        };
        let alike = |(a, b): (&Include, &Include)| {
            let ((to, when), (other, then)) = (include(a), include(b));
            to == other
                && match (when, then) {
                    (None, None) => true,
                    (Some(a), Some(b)) => compare::same_condition(&a, &b) == Some(true),
                    _ => false,
                }
        };
        let (old, new) = (&context.includes, &made.includes);
        if old.len() != new.len() || !old.iter().zip(new).all(alike) {
            return Err("its includes became others".to_owned());
        }
        if context.extensions.len() != made.extensions.len() {
            return Err("it has another number of extensions".to_owned());
        }
        for (e, extension) in context.extensions.iter().enumerate() {
            let own = |o: &&Extension| {
                let caller = |x: &Extension| x.caller.as_ref().map(|c| c.matches.clone());
                alike_names(&o.matches, &extension.matches) && caller(o) == caller(extension)
            };
            let name = String::from_utf8_lossy(&extension.name).into_owned();
            let place = made.extensions.iter().position(|o| own(&o));
            let Some(place) = place.filter(|p| *p == e) else {
                return Err(format!("{name} is not found as it was"));
            };
            let other = &made.extensions[place];
            let devices = |x: &Extension| x.hint.as_ref().map(|h| h.devices.clone());
            if devices(extension) != devices(other) {
                return Err(format!("the hint of {name} became another one"));
            }
            if extension.steps.is_empty() != other.steps.is_empty() {
                return Err(format!("{name} has no steps any more"));
            }
            if extension.steps.is_empty() || self.apart.contains_key(&(number, e)) {
                continue;
            }
            let roots = written.roots.get(&(number, e)).map_or(&[][..], |r| r);
            let steps = self
                .same_steps((context, extension), reader, (made, other), roots)
                .map_err(|reason| format!("{name}: {reason}"))?;
            if steps > 0 {
                more.push(((number, e), steps));
            }
        }
        Ok(())
    }

    fn same_steps(
        &self,
        (context, extension): (&Context, &Extension),
        reader: &Reader,
        (made, other): (&Context, &Extension),
        kept: &[(usize, Vec<u8>)],
    ) -> Result<u32, String> {
        let (before, after) = (
            self.reader.graph(context, extension),
            reader.graph(made, other),
        );
        let mut roots = vec![(Link::Step(0), Link::Step(0))];
        for (at, label) in kept {
            let Some(to) = after.labels.get(label) else {
                return Err(format!(
                    "the label {} is gone",
                    String::from_utf8_lossy(label)
                ));
            };
            roots.push((Link::Step(*at), Link::Step(*to)));
        }
        compare::compare(&before, &after, &roots)?;
        let on = before
            .on
            .first()
            .map(|p| format!("priority_{p}"))
            .unwrap_or_default();
        Ok(catching(
            &after,
            &roots,
            reader,
            (made, other),
            on.as_bytes(),
        ))
    }
}

/// Global variables by their names; the last value counts.
fn globals(hir: &Hir) -> BTreeMap<&[u8], &[u8]> {
    let all = hir.globals.iter();
    all.map(|g| (&g.name[..], &g.value[..])).collect()
}

/// Where a call runs off, nothing else may catch it: so many steps more are needed for that.
fn catching(
    after: &Graph,
    roots: &[(Link, Link)],
    reader: &Reader,
    (made, other): (&Context, &Extension),
    on: &[u8],
) -> u32 {
    let roots: Vec<Link> = roots.iter().map(|r| r.1).collect();
    let off = after.run_off(&roots);
    let caught = off
        .iter()
        .filter(|p| reader.runs_on_but(made, other, **p, on));
    caught
        .map(|p| {
            (1..super::PADDING)
                .find(|n| !reader.runs_on_but(made, other, p + n, on))
                .unwrap_or(super::PADDING)
        })
        .max()
        .unwrap_or_default()
}

/// Whether two names match the same numbers: what stands behind `.` in a pattern nobody reads.
fn alike_names(a: &Matches, b: &Matches) -> bool {
    match (a, b) {
        (Matches::Pattern(a), Matches::Pattern(b)) => a.matching() == b.matching(),
        (a, b) => a == b,
    }
}
