//! One round of writing: the text of all contexts that do not stay, and the extensions.conf beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::comment::{self, Comments};
use super::graph::{Link, Reader, label_of};
use super::names::{self, Names, Site, What};
use super::print::Printer;
use super::statement::{self, Statements};
use super::text::{self, quoted};
use super::{At, Pads, rest, structure};
use crate::compile::Options;
use crate::dial;
use crate::hir::{Context, Extension, Hir, Step};
use crate::jump::Part;
use crate::resolve::Index;
use crate::source::Sources;

/// One round of writing.
pub(super) struct Work<'w, 'a> {
    pub(super) sources: &'w Sources,
    pub(super) options: &'w Options,
    pub(super) hir: &'a Hir,
    pub(super) reader: &'w Reader<'a>,
    pub(super) kept: &'w BTreeMap<usize, String>,
    /// Extensions that stay, though their contexts do not.
    pub(super) apart: &'w BTreeMap<At, String>,
    pub(super) padded: &'w BTreeMap<At, Pads>,
    pub(super) names: &'w mut Names,
    pub(super) statements: &'w mut Statements,
    /// Contexts that mean the same when they are printed as an extensions.conf.
    pub(super) returned: BTreeSet<usize>,
    /// Contexts that are included and exist nowhere.
    pub(super) stubs: BTreeSet<Vec<u8>>,
}

/// A label that some jump names, by context and extension as far as these are known.
type Wanted = (Option<Vec<u8>>, Option<Vec<u8>>, Vec<u8>);

/// What was written.
pub(super) struct Written {
    pub(super) dial: String,
    pub(super) conf: Vec<u8>,
    /// Contexts that cannot be written.
    pub(super) failed: BTreeMap<usize, String>,
    /// Where each context stands in the text.
    pub(super) ranges: Vec<(usize, Range<usize>)>,
    pub(super) counts: BTreeMap<usize, (usize, usize)>,
    /// Labels that must lead where they led, by context, extension and step.
    pub(super) roots: BTreeMap<At, Vec<(usize, Vec<u8>)>>,
}

/// The name of the import of extensions.conf.
pub(super) const LEGACY: &str = "legacy";

impl Work<'_, '_> {
    pub(super) fn write(&mut self) -> Written {
        let hir = self.hir;
        let mut written = Written {
            dial: String::new(),
            conf: Vec::new(),
            failed: BTreeMap::new(),
            ranges: Vec::new(),
            counts: BTreeMap::new(),
            roots: BTreeMap::new(),
        };
        let globals = self.globals();
        if let Some(globals) = &globals {
            self.names.globals = globals.iter().map(|(n, _)| n.clone()).collect();
        }
        // Contexts first: their names are the ones that people know.
        self.names.of(What::Context, LEGACY);
        for (number, context) in hir.contexts.iter().enumerate() {
            if !self.kept.contains_key(&number) {
                self.names
                    .of(What::Context, &String::from_utf8_lossy(&context.name));
            }
        }
        self.names.sites = self.sites();
        self.statements.forget_calls();
        let wanted = self.wanted();
        let mut comments = Comments::new(self.sources);
        let mut used: BTreeSet<(What, String)> = BTreeSet::new();
        let mut bodies: Vec<(usize, Vec<String>)> = Vec::new();
        for (number, context) in hir.contexts.iter().enumerate() {
            if self.kept.contains_key(&number) {
                continue;
            }
            match self.context(
                number,
                context,
                &wanted,
                &mut comments,
                &mut used,
                &mut written,
            ) {
                Ok(lines) => bodies.push((number, lines)),
                Err(reason) => {
                    written.failed.insert(number, reason);
                }
            }
        }
        let mut text = format!(
            "{}. What each line of it became is proved as the report says.\n",
            dial::MIGRATED
        );
        let legacy = !self.stubs.is_empty() || !self.kept.is_empty();
        if legacy {
            text.push_str(&format!("import conf \"extensions.conf\" as {LEGACY}\n"));
        }
        let declared = self.names.sorted();
        let mut variables = String::new();
        for (name, value) in globals.iter().flatten() {
            let own = self.names.of(What::Global, name);
            let ty = self.names.ty(name);
            variables.push_str(&statement::declaration(What::Global, &own, name, value, ty));
        }
        for ((what, conf), name) in &declared {
            if *what == What::Channel && used.contains(&(*what, conf.clone())) {
                let ty = self.names.ty(conf);
                variables.push_str(&statement::declaration(*what, name, conf, "", ty));
            }
        }
        if !variables.is_empty() {
            text.push('\n');
            text.push_str(&variables);
        }
        for (number, lines) in bodies {
            text.push('\n');
            let from = text.len();
            let body: String = lines.into_iter().map(|line| line + "\n").collect();
            text.push_str(&strowger_dial::print::format(&body).unwrap_or(body));
            written.ranges.push((number, from..text.len()));
        }
        written.dial = text;
        let others = hir.contexts.iter().enumerate();
        let others = others.filter(|(number, _)| !self.kept.contains_key(number));
        let on: BTreeSet<u32> = others
            .flat_map(|(_, context)| context.extensions.iter().map(move |e| (context, e)))
            .flat_map(|(context, extension)| self.reader.graph(context, extension).on)
            .collect();
        let staying = rest::Staying {
            on: &on,
            kept: self.kept,
            apart: self.apart,
            stubs: &self.stubs,
        };
        written.conf = rest::conf(self.reader, hir, &staying, globals.is_none());
        written
    }

    /// The contexts that are no subroutines.
    fn sites(&self) -> HashMap<String, Site> {
        let contexts = self.hir.contexts.iter().enumerate();
        let named = contexts.filter_map(|(number, context)| {
            let name = std::str::from_utf8(&context.name).ok()?;
            let all = context.extensions.iter();
            let with_steps = all.filter(|e| !e.steps.is_empty() && e.caller.is_none());
            let extensions = with_steps.filter_map(|e| String::from_utf8(e.name.clone()).ok());
            let stays = self.kept.contains_key(&number);
            let site = Site {
                stays,
                extensions: extensions.collect(),
            };
            let is_sub = !stays && self.names.subs.contains_key(name);
            (!is_sub).then(|| (name.to_owned(), site))
        });
        named.collect()
    }

    /// Global variables with their values; none if they are made of what is known only while they are loaded.
    fn globals(&self) -> Option<Vec<(String, String)>> {
        let mut all: Vec<(String, String)> = Vec::new();
        for global in &self.hir.globals {
            let computed = global.written.bytes().windows(2).any(|w| w == b"${")
                && global.written.bytes().contains(&b'(');
            let name = String::from_utf8(global.name.clone()).ok()?;
            let value = String::from_utf8(global.value.clone()).ok()?;
            if computed
                || !names::is_variable(&name)
                || value.contains("${")
                || value.contains("$[")
            {
                return None;
            }
            // A later one of the same name wins.
            all.retain(|(n, _)| *n != name);
            all.push((name, value));
        }
        Some(all)
    }

    /// Labels that some jump names which stays a text, by what it says of the place.
    fn wanted(&self) -> HashSet<Wanted> {
        let mut wanted = HashSet::new();
        for context in &self.hir.contexts {
            for extension in &context.extensions {
                for priority in self.reader.graph(context, extension).on {
                    let label = format!("priority_{priority}").into_bytes();
                    let all = self.reader.catching(context, extension, priority, b"");
                    wanted.extend(
                        all.into_iter()
                            .map(|(c, e)| (Some(c), Some(e), label.clone())),
                    );
                }
                for step in &extension.steps {
                    let own = step.own().app.as_str();
                    let structured = matches!(own, "goto" | "gotoif" | "gotoiftime")
                        || self.reader.parts(step)
                            && step
                                .commands()
                                .all(|c| &*c.app != b"gosub" && &*c.app != b"gosubif");
                    for target in step.targets() {
                        let Some(place) = self.reader.place(context, extension, step, target)
                        else {
                            // Where it leads nobody knows: its label may be any of that name, or of that context.
                            if let Part::Text(label) = &target.priority {
                                wanted.insert((None, None, label.bytes().to_vec()));
                            }
                            let to = match &target.context {
                                Part::Here => Some(context),
                                Part::Text(name) => self.reader.index.context(name.bytes()),
                                Part::Computed(_) => None,
                            };
                            if let (Part::Computed(_), Some(to)) = (&target.priority, to)
                                && !target.is_unknown()
                            {
                                let labelled = to.extensions.iter().flat_map(|e| {
                                    let steps = e.steps.iter().filter(|s| s.label.is_some());
                                    steps.map(|s| label_of(e, s))
                                });
                                wanted.extend(labelled.map(|l| (Some(to.name.clone()), None, l)));
                            }
                            continue;
                        };
                        let local = place.context.is_none() && place.exten.is_none();
                        if place.priority == b"1"
                            || local && structured && self.is_structured(context, extension, step)
                        {
                            continue;
                        }
                        let alone = self.reader.is_alone(&context.name);
                        let to = match (&place.context, local || alone) {
                            (None, true) => Some(context.name.clone()),
                            (other, _) => other.clone(),
                        };
                        let mut exten = match local {
                            true => Some(extension.name.clone()),
                            false => place.exten.clone(),
                        };
                        let own = to.as_ref().and_then(|name| self.reader.index.context(name));
                        let is_there = own.is_some_and(|c| {
                            c.extensions.iter().any(|e| Some(&e.name) == exten.as_ref())
                        });
                        let mut to = to;
                        if !is_there {
                            // It is found by a pattern, or in an included context.
                            exten = None;
                            if own.is_some_and(|c| !c.includes.is_empty()) {
                                to = None;
                            }
                        }
                        wanted.insert((to, exten, place.priority));
                    }
                }
            }
        }
        wanted
    }

    /// Whether all that a step names is known, so that it becomes a branch or a jump.
    fn is_structured(&self, context: &Context, extension: &Extension, step: &Step) -> bool {
        step.targets()
            .iter()
            .all(|t| self.reader.place(context, extension, step, t).is_some())
    }

    fn context(
        &mut self,
        number: usize,
        context: &Context,
        wanted: &HashSet<Wanted>,
        comments: &mut Comments,
        used: &mut BTreeSet<(What, String)>,
        written: &mut Written,
    ) -> Result<Vec<String>, String> {
        let conf = String::from_utf8_lossy(&context.name).into_owned();
        let own = self.names.of(What::Context, &conf);
        let mut lines = Vec::new();
        let file = self.sources.file(context.span.file);
        for comment in comments.of(context.span.file, file.line(context.span.start)) {
            lines.push(comment::line(&comment));
        }
        self.names.within = self.names.subs.get(&conf).cloned();
        if let Some(sub) = &self.names.within {
            lines.push(format!("{} {{", statement::sub_head(&own, &conf, sub)));
            let before = lines.len();
            let extension = &context.extensions[0];
            let done = self.extension(
                (number, 0),
                context,
                extension,
                wanted,
                comments,
                used,
                written,
                &mut lines,
            );
            self.names.within = None;
            done?;
            // Its body stands one step to the left, without `on`.
            let body: Vec<String> = lines.drain(before..).collect();
            let inner = body.iter().skip(1).take(body.len().saturating_sub(2));
            lines.extend(inner.map(|l| l.strip_prefix("  ").unwrap_or(l).to_owned()));
            lines.push("}".to_owned());
            return Ok(lines);
        }
        lines.push(match own == conf {
            true => format!("context {own} {{"),
            false => format!("context {own} as {} {{", quoted(&conf)),
        });
        let head = lines.len();
        for include in &context.includes {
            let path = self
                .path(&include.context)
                .ok_or("an included context has no name in .dial")?;
            lines.push(match &include.times {
                None => format!("  include {path}"),
                Some(times) => {
                    let times = std::str::from_utf8(times)
                        .map_err(|_| "the times of an include are no text")?;
                    let hours = statement::hours(times)
                        .ok_or("the times of an include have no form in .dial")?;
                    format!("  include {path} when now in {hours}")
                }
            });
        }
        let mut order: Vec<usize> = (0..context.extensions.len()).collect();
        order.sort_by_key(|e| {
            let span = context.extensions[*e].span;
            (span.file, span.start)
        });
        for e in order {
            let extension = &context.extensions[e];
            if extension.steps.is_empty() || self.apart.contains_key(&(number, e)) {
                continue;
            }
            if lines.len() > head {
                lines.push(String::new());
            }
            self.extension(
                (number, e),
                context,
                extension,
                wanted,
                comments,
                used,
                written,
                &mut lines,
            )?;
        }
        let mut hints = Vec::new();
        for (e, extension) in context.extensions.iter().enumerate() {
            let Some(hint) = &extension.hint else {
                continue;
            };
            if self.apart.contains_key(&(number, e)) {
                continue;
            }
            let devices = std::str::from_utf8(&hint.devices).map_err(|_| "a hint is no text")?;
            let name = text::number(&extension.name, false)
                .ok_or("a hint's number has no form in .dial")?;
            hints.push(format!("  hint {name} = {}", device(devices)));
        }
        if !hints.is_empty() && lines.len() > head {
            lines.push(String::new());
        }
        lines.extend(hints);
        if lines.len() == head {
            let under = comments.under(context.span.file, file.line(context.span.start));
            lines.extend(
                under
                    .iter()
                    .map(|comment| format!("  {}", comment::line(comment))),
            );
        }
        lines.push("}".to_owned());
        Ok(lines)
    }

    #[expect(clippy::too_many_arguments)] // where it stands, and where what is written goes
    fn extension(
        &mut self,
        at: At,
        context: &Context,
        extension: &Extension,
        wanted: &HashSet<Wanted>,
        comments: &mut Comments,
        used: &mut BTreeSet<(What, String)>,
        written: &mut Written,
        lines: &mut Vec<String>,
    ) -> Result<(), String> {
        let graph = self.reader.graph(context, extension);
        let name = Some(extension.name.clone());
        let is_wanted = |label: &[u8]| {
            let contexts = [None, Some(context.name.clone())];
            let extensions = [None, name.clone()];
            contexts.iter().any(|c| {
                let mut all = extensions.iter();
                all.any(|e| wanted.contains(&(c.clone(), e.clone(), label.to_vec())))
            })
        };
        let mut roots = vec![Link::Step(0)];
        let mut kept = Vec::new();
        for (i, step) in extension.steps.iter().enumerate() {
            let label = label_of(extension, step);
            let numbered = format!("priority_{}", step.priority).into_bytes();
            for label in [&label, &numbered] {
                let known = kept
                    .iter()
                    .any(|(at, l): &(usize, Vec<u8>)| *at == i && l == label);
                if is_wanted(label) && !known {
                    roots.push(Link::Step(i));
                    kept.push((i, label.clone()));
                }
            }
        }
        let structure = structure::structure(&graph, &roots);
        let mut last = Vec::new();
        let mut labels: Vec<Vec<String>> = vec![Vec::new(); graph.nodes.len()];
        for (i, step) in extension.steps.iter().enumerate() {
            let own = label_of(extension, step);
            let shown = |label: &[u8]| String::from_utf8_lossy(label).into_owned();
            let to = Printer::settles(&graph, Link::Step(i));
            if to == Some(i) {
                labels[i].insert(0, shown(&own));
            }
            for (_, label) in kept.iter().filter(|(at, _)| *at == i) {
                match to {
                    Some(to) if to == i && *label == own => {}
                    Some(to) => labels[to].push(shown(label)),
                    None => last.push((shown(label), graph.settle(Link::Step(i)))),
                }
            }
        }
        // The steps that the graph has beside the lines.
        for (at, labels) in labels.iter_mut().enumerate().skip(extension.steps.len()) {
            labels.push(format!("step_{}", at + 1));
        }
        written.roots.insert(at, kept);
        let number = text::proves(&extension.name);
        let (kept, index, hir) = (self.kept, self.reader.index, self.hir);
        // Where nothing is, only a text can lead.
        let path = |names: &mut Names, to: &[u8]| match path_of(names, kept, index, to) {
            (path, false) => path,
            (_, true) => None,
        };
        let has = |to: &[u8], number: &[u8]| {
            let is_kept = index.number(to).is_some_and(|n| kept.contains_key(&n));
            is_kept
                || index
                    .context(to)
                    .is_some_and(|c| c.extensions.iter().any(|e| e.name == number))
        };
        let mut printer = Printer::new(
            hir,
            extension,
            &graph,
            number,
            self.names,
            self.statements,
            comments,
            &path,
            &has,
            labels,
            &structure,
        );
        printer.body(2, &last, self.padded.get(&at).copied().unwrap_or_default());
        if let Some(fault) = printer.fault {
            return Err(fault);
        }
        let counts = written.counts.entry(at.0).or_default();
        counts.0 += printer.count;
        counts.1 += printer.doors;
        used.extend(printer.used);
        let body = printer.lines;
        let number = text::number(&extension.name, true).ok_or("its name has no form in .dial")?;
        let from = match &extension.caller {
            None => String::new(),
            Some(caller) => {
                let number = text::number(&caller.text, false)
                    .ok_or("the number of a caller has no form in .dial")?;
                format!(" from {number}")
            }
        };
        lines.push(format!("  on {number}{from} {{"));
        lines.extend(body);
        lines.push("  }".to_owned());
        Ok(())
    }

    fn path(&mut self, to: &[u8]) -> Option<String> {
        let (path, stub) = path_of(self.names, self.kept, self.reader.index, to);
        if stub {
            self.stubs.insert(to.to_vec());
        }
        path
    }
}

/// How a context is named, and whether it exists nowhere.
fn path_of(
    names: &mut Names,
    kept: &BTreeMap<usize, String>,
    index: &Index,
    to: &[u8],
) -> (Option<String>, bool) {
    let Ok(name) = std::str::from_utf8(to) else {
        return (None, false);
    };
    let legacy = format!("{LEGACY}[{}]", quoted(name));
    match index.number(to) {
        Some(number) if kept.contains_key(&number) => (Some(legacy), false),
        Some(_) => (Some(names.of(What::Context, name)), false),
        None => (Some(legacy), true),
    }
}

/// The device of a hint.
fn device(devices: &str) -> String {
    let one = |d: &str| match d.split_once('/') {
        Some(("PJSIP", rest)) => format!("pjsip({})", quoted(rest)),
        Some(("SIP", rest)) => format!("sip({})", quoted(rest)),
        _ => format!("device({})", quoted(d)),
    };
    let all: Vec<String> = devices.split('&').map(one).collect();
    match all.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}
