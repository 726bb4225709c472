//! The proof: what was written is compiled as a user would compile it, and each extension of it is compared with the lines that it was.

use std::collections::BTreeMap;

use super::compare;
use super::graph::{self, Graph, Link, Reader};
use super::rest;
use super::write::{Work, Written};
use super::{At, Pads};
use crate::codes;
use crate::compile::{Options, Reading};
use crate::diagnostic::Level;
use crate::emit;
use crate::hir::{Context, Extension, Hir, Include, Matches};
use crate::resolve::Index;
use crate::source::Sources;

/// Why a context is not proved.
enum Unlike {
    /// The graphs are not the same: it may mean the same.
    Unknown(String),
    /// It is known to go another way.
    Otherwise(String),
}

impl From<String> for Unlike {
    fn from(reason: String) -> Unlike {
        Unlike::Unknown(reason)
    }
}

impl From<&str> for Unlike {
    fn from(reason: &str) -> Unlike {
        Unlike::Unknown(reason.to_owned())
    }
}

impl Unlike {
    /// The same of this extension.
    fn of(self, name: &str) -> Unlike {
        match self {
            Unlike::Unknown(reason) => Unlike::Unknown(format!("{name}: {reason}")),
            Unlike::Otherwise(reason) => Unlike::Otherwise(format!("{name}: {reason}")),
        }
    }
}

impl Work<'_, '_> {
    /// Compiles what was written, and compares. What has no form stays; what is written and not the same is `differing`.
    pub(super) fn prove(
        &mut self,
        written: &Written,
        more: &mut Vec<(At, Pads)>,
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
        self.compare(&reading.hir, written, more, differing, &mut failed);
        if failed.is_empty() && more.is_empty() {
            self.back(&reading.hir, &sources, written);
        }
        failed
    }

    /// Compares all contexts that were written with a plan that was made of them.
    fn compare(
        &self,
        made: &Hir,
        written: &Written,
        more: &mut Vec<(At, Pads)>,
        differing: &mut BTreeMap<usize, String>,
        failed: &mut BTreeMap<usize, String>,
    ) {
        let index = Index::new(made);
        let reader = Reader::new(&index, false);
        for (number, context) in self.hir.contexts.iter().enumerate() {
            if self.kept.contains_key(&number) {
                continue;
            }
            let Some(made) = index.context(&context.name) else {
                failed.insert(number, "nothing was made of it".to_owned());
                continue;
            };
            match self.same(number, context, &reader, made, written, more) {
                Ok(()) => {}
                Err(Unlike::Otherwise(reason)) => {
                    failed.insert(number, reason);
                }
                Err(Unlike::Unknown(reason)) => {
                    differing.insert(number, reason);
                }
            }
        }
    }

    /// Prints what was written as an extensions.conf, and compares that, too.
    fn back(&mut self, made: &Hir, sources: &Sources, written: &Written) {
        const PRINTED: &str = "printed.conf";
        self.returned.clear();
        let Ok(printed) = emit::conf(made, sources) else {
            return;
        };
        let text = String::from_utf8_lossy(&written.conf);
        let text = text.replace(rest::DIAL, PRINTED);
        let printed: Vec<&[u8]> = printed
            .split_inclusive(|b| *b == b'\n')
            // It includes the file that includes it here.
            .filter(|line| !line.starts_with(b"#include"))
            .collect();
        let mut again = Sources::new();
        again.add("extensions.conf", text.into_bytes());
        again.add(PRINTED, printed.concat());
        let options = Options {
            plan: "extensions.conf".to_owned(),
            ..self.options.clone()
        };
        let reading = Reading::new(&again, &options);
        let (mut more, mut differing, mut failed) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        self.compare(
            &reading.hir,
            written,
            &mut more,
            &mut differing,
            &mut failed,
        );
        let all = (0..self.hir.contexts.len()).filter(|n| {
            let caught = more.iter().any(|((c, _), _)| c == n);
            !self.kept.contains_key(n)
                && !differing.contains_key(n)
                && !failed.contains_key(n)
                && !caught
        });
        self.returned = all.collect();
    }

    /// Whether a context means what its lines meant.
    fn same(
        &self,
        number: usize,
        context: &Context,
        reader: &Reader,
        made: &Context,
        written: &Written,
        more: &mut Vec<(At, Pads)>,
    ) -> Result<(), Unlike> {
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
            return Err("its includes became others".into());
        }
        if context.extensions.len() != made.extensions.len() {
            return Err("it has another number of extensions".into());
        }
        for (e, extension) in context.extensions.iter().enumerate() {
            let own = |o: &&Extension| {
                let caller = |x: &Extension| x.caller.as_ref().map(|c| c.matches.clone());
                alike_names(&o.matches, &extension.matches) && caller(o) == caller(extension)
            };
            let name = String::from_utf8_lossy(&extension.name).into_owned();
            let place = made.extensions.iter().position(|o| own(&o));
            let Some(place) = place.filter(|p| *p == e) else {
                return Err(format!("{name} is not found as it was").into());
            };
            let other = &made.extensions[place];
            let devices = |x: &Extension| x.hint.as_ref().map(|h| h.devices.clone());
            if devices(extension) != devices(other) {
                return Err(format!("the hint of {name} became another one").into());
            }
            if extension.steps.is_empty() != other.steps.is_empty() {
                return Err(format!("{name} has no steps any more").into());
            }
            if extension.steps.is_empty() || self.apart.contains_key(&(number, e)) {
                continue;
            }
            let on = self.reader.graph(context, extension).on;
            if on
                .iter()
                .any(|p| self.has_another_name(context, extension, *p))
            {
                let reason = "a call may run on at a label of another name".to_owned();
                return Err(Unlike::Otherwise(reason).of(&name));
            }
            let roots = written.roots.get(&(number, e)).map_or(&[][..], |r| r);
            let steps = self
                .same_steps((context, extension), reader, (made, other), roots, more)
                .map_err(|unlike| unlike.of(&name))?;
            if steps > 0 {
                let pads = Pads {
                    behind: steps,
                    ..Pads::default()
                };
                more.push(((number, e), pads));
            }
        }
        Ok(())
    }

    /// The label at which a call runs on has to lead there: a label is a number, and the first entry that has this number gets the call
    /// (DL-119, DL-120). If it is one in front of it, the number has to become a higher one.
    fn found(
        &self,
        (context, extension, priority): (&Context, &Extension, u32),
        reader: &Reader,
        (made, other): (&Context, &Extension),
        more: &mut Vec<(At, Pads)>,
    ) -> Result<(), Unlike> {
        let label = format!("priority_{priority}").into_bytes();
        for (to, exten) in self.reader.catching(context, extension, priority, b"") {
            let lost =
                || Unlike::Otherwise("a call runs on in another extension that stays".to_owned());
            let old = self.reader.index.number(&to).ok_or_else(lost)?;
            let mut entries = self.hir.contexts[old].extensions.iter();
            let at = (old, entries.position(|e| e.name == exten).ok_or_else(lost)?);
            let entry = reader
                .index
                .context(&to)
                .and_then(|c| c.extensions.get(at.1));
            let number = entry.and_then(|e| Some(e.labelled(&label)?.priority));
            let number = number.ok_or_else(lost)?;
            let own = other.step(number).is_some();
            if !own && !reader.runs_on_but(made, other, number, &label) {
                continue;
            }
            if self.kept.contains_key(&old) || self.apart.contains_key(&at) {
                return Err(lost());
            }
            let last = other.steps.last().map_or(0, |s| s.priority);
            let before = (last + 1).saturating_sub(number).max(1);
            if before > super::PADDING {
                let reason = "a call runs on in another extension far behind it".to_owned();
                return Err(Unlike::Otherwise(reason));
            }
            let asked = more.iter_mut().find(|(a, _)| *a == at);
            match asked {
                Some((_, pads)) => pads.before = pads.before.max(before),
                None => more.push((
                    at,
                    Pads {
                        before,
                        ..Pads::default()
                    },
                )),
            }
        }
        Ok(())
    }

    /// Whether a step that stays, and in which calls of this extension run on, has a label that is not the one they look for.
    fn has_another_name(&self, context: &Context, extension: &Extension, priority: u32) -> bool {
        let wanted = format!("priority_{priority}");
        let all = self.reader.catching(context, extension, priority, b"");
        all.iter().any(|(to, exten)| {
            let Some(number) = self.reader.index.number(to) else {
                return false;
            };
            let others = self.hir.contexts[number].extensions.iter().enumerate();
            let mut stays = others.filter(|(e, other)| {
                other.name == *exten
                    && (self.kept.contains_key(&number) || self.apart.contains_key(&(number, *e)))
            });
            stays.any(|(_, other)| {
                let label = other.step(priority).and_then(|s| s.label.as_ref());
                label.is_some_and(|l| l.bytes() != wanted.as_bytes())
            })
        })
    }

    fn same_steps(
        &self,
        (context, extension): (&Context, &Extension),
        reader: &Reader,
        (made, other): (&Context, &Extension),
        kept: &[(usize, Vec<u8>)],
        more: &mut Vec<(At, Pads)>,
    ) -> Result<u32, Unlike> {
        let (before, after) = (
            self.reader.graph(context, extension),
            reader.graph(made, other),
        );
        let mut roots = vec![(Link::Step(0), Link::Step(0))];
        for (at, label) in kept {
            let Some(to) = after.labels.get(label) else {
                let label = String::from_utf8_lossy(label);
                return Err(format!("the label {label} is gone").into());
            };
            roots.push((Link::Step(*at), Link::Step(*to)));
        }
        compare::compare(&before, &after, &roots)?;
        for priority in &before.on {
            self.found((context, extension, *priority), reader, (made, other), more)?;
        }
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
