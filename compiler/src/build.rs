//! From lines to the graph (DL-055..094): numbering of priorities, registration of extensions, `[general]` and `[globals]`.

use std::collections::{HashMap, HashSet};

use strowger_stdlib::{Dialect, template};

use crate::ast::{self, Entry, Exten, Kind, Line};
use crate::call::Reading;
use crate::compile::Options;
use crate::conf;
use crate::conf::line::{Value, boolean};
use crate::constant::{Globals, UNKNOWN};
use crate::diagnostic::Diagnostic;
use crate::draft::{Draft, EntryDraft, leading_int, rank, scan_int, split_caller};
use crate::hir::{Caller, General, Global, Hint, Hir, Include, Matches, Step, Switch};
use crate::lint::{reading, step, versions};
use crate::source::{Sources, Text};

/// Most bytes of a name with its caller-id part (DL-081).
pub(crate) const NAME_BYTES: usize = 255;
/// Most comparisons that resolving labels in priorities may cost.
const LABEL_SCANS: usize = 2_000_000;
/// The priority of a hint.
const HINT: i32 = -1;
/// The last priority of a section that has none yet; an offset may lead there too.
const NOTHING: i32 = -2;

/// What a plan of lines means, and what is wrong with its lines.
pub(crate) fn build(
    sources: &Sources,
    plan: &ast::Plan<'_>,
    options: &Options,
) -> (Hir, Vec<Diagnostic>) {
    let mut builder = Builder {
        sources,
        dialect: options.dialect,
        globals: Globals::at(options.now, options.dialect),
        unknown: false,
        contexts: Vec::new(),
        by_name: HashMap::new(),
        diagnostics: Vec::new(),
        scans: 0,
        repeated: None,
    };
    let mut general = General::default();
    if let Some(before) = &options.in_force {
        general.autofallthrough = before.options.autofallthrough;
        general.extenpatternmatchnew = before.options.best_only;
        general.priorityjumping = before.options.jumping;
        for (name, value) in &before.globals {
            builder.globals.set(name, value.clone());
        }
    }
    let general = builder.general(plan, general);
    let globals = builder.global_variables(plan);
    for section in plan.sections.iter().filter(|s| s.kind == Kind::Context) {
        builder.section(section);
    }
    let contexts = builder.contexts.into_iter().map(Draft::finish).collect();
    (
        Hir {
            dialect: options.dialect,
            general,
            globals,
            contexts,
            functions: Vec::new(),
            devices: Vec::new(),
            renamed: plan.renamed.clone(),
        },
        builder.diagnostics,
    )
}

struct Builder<'s> {
    sources: &'s Sources,
    dialect: Dialect,
    globals: Globals,
    /// The text that was substituted last asks what is not known.
    unknown: bool,
    contexts: Vec<Draft>,
    by_name: HashMap<Vec<u8>, usize>,
    diagnostics: Vec<Diagnostic>,
    scans: usize,
    repeated: Option<Repeated>,
}

/// Steps of one entry that are written again, line after line.
struct Repeated {
    /// Context and entry.
    entry: (usize, usize),
    /// The finding about the first.
    finding: usize,
    /// Lines after it.
    more: usize,
}

/// Where the numbering of a section stands.
#[derive(Default)]
struct Numbering<'a> {
    /// Priority of the last accepted line; -1 after a hint. None at the start.
    last: Option<i32>,
    /// Name and caller-id part of the last `exten` line, after substitution.
    name: Option<(Vec<u8>, Option<Caller>)>,
    /// The entry of this name, once a line has made or found it.
    entry: Option<usize>,
    /// The name is one that only a running Asterisk knows.
    unknown: bool,
    /// The line that gave the name.
    named_at: Option<&'a Value>,
    /// The last accepted line, and the index of its entry.
    previous: Option<(&'a Value, usize)>,
}

/// Name and argument of a function in the place of a variable.
fn function_written(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = name.strip_suffix(b")")?;
    let open = inner.iter().position(|b| *b == b'(')?;
    Some((&inner[..open], &inner[open + 1..]))
}

/// A line of a context again, for what is to be said of it.
fn context_line<'v>(value: &'v Value, dialect: &Dialect) -> Line<'v> {
    conf::exten::line(value, Kind::Context, dialect)
}

impl Builder<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < crate::conf::line::PROBLEMS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports a line that is there already; of several in a row one finding is made.
    fn repeat(&mut self, entry: (usize, usize), found: Diagnostic) {
        if let Some(repeated) = &mut self.repeated
            && repeated.entry == entry
            && let Some(first) = self.diagnostics.get_mut(repeated.finding)
        {
            repeated.more += 1;
            let lines = if repeated.more == 1 { "line" } else { "lines" };
            first.primary.text = format!(
                "dropped, with the {} {lines} that follow: the first stay",
                repeated.more
            );
            return;
        }
        self.repeated = Some(Repeated {
            entry,
            finding: self.diagnostics.len(),
            more: 0,
        });
        self.report(found);
    }

    fn substitute(&mut self, text: &Text) -> Vec<u8> {
        self.unknown = false;
        if !template::has_hole(text.bytes()) {
            return text.bytes().to_vec();
        }
        let done = self.globals.substitute(text.bytes());
        // A file that is not there may set it.
        self.unknown = done.problems.iter().any(|p| p.code == UNKNOWN)
            || done.lacks && self.sources.absent().next().is_some();
        for problem in done.problems {
            self.report(
                Diagnostic::new(problem.code, problem.message, text.span())
                    .label("read while the file is loaded"),
            );
        }
        done.text
    }

    /// What `[general]` writes, on top of what is in force without it.
    fn general(&mut self, plan: &ast::Plan<'_>, mut general: General) -> General {
        let dialect = self.dialect;
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        let mut sections = plan.sections.iter().filter(|s| s.kind == Kind::General);
        let Some(first) = sections.next() else {
            return general;
        };
        for again in sections {
            self.report(reading::general_again(again, first.span));
        }
        for line in first.lines() {
            let key = line.key.bytes().to_ascii_lowercase();
            if reading::is_step_key(&key) {
                self.report(reading::step_outside(&line, "general"));
                continue;
            }
            if !seen.insert(key.clone()) && !dialect.last_wins {
                continue;
            }
            let value = line.value.bytes();
            let truth = boolean(value) == Some(true);
            match key.as_slice() {
                b"autofallthrough" => general.autofallthrough = truth,
                b"extenpatternmatchnew" if dialect.trie_matcher => {
                    general.extenpatternmatchnew = truth
                }
                b"clearglobalvars" => general.clearglobalvars = truth,
                b"overrideswitch" if dialect.override_switch => {
                    general.overrideswitch = (!value.is_empty()).then(|| line.value.clone())
                }
                b"userscontext" if dialect.users_context => general.userscontext = value.to_vec(),
                b"priorityjumping" if dialect.priority_jumping => general.priorityjumping = truth,
                b"static" | b"writeprotect" => {}
                b"extenpatternmatchnew"
                | b"overrideswitch"
                | b"userscontext"
                | b"priorityjumping" => {
                    if let Some(found) = versions::option(&line, &dialect) {
                        self.report(found);
                    }
                }
                _ => self.report(reading::unknown_option(&line)),
            }
        }
        general
    }

    fn global_variables(&mut self, plan: &ast::Plan) -> Vec<Global> {
        let mut globals = Vec::new();
        for line in plan
            .sections
            .iter()
            .filter(|s| s.kind == Kind::Globals)
            .flat_map(|s| s.lines())
        {
            if reading::is_step_key(line.key.bytes()) {
                self.report(reading::step_outside(&line, "globals"));
            }
            let value = self.substitute(line.value);
            let written = line.key.bytes();
            // A name that ends in a parenthesis is a function to be written (DL-053).
            let written = match function_written(written) {
                None => written,
                Some((b"GLOBAL", name)) => name,
                Some(_) => {
                    self.report(reading::not_written(&line));
                    continue;
                }
            };
            let name = written
                .strip_prefix(b"__")
                .or_else(|| written.strip_prefix(b"_"))
                .unwrap_or(written);
            self.globals.set(name, value.clone());
            globals.push(Global {
                name: name.to_vec(),
                value,
                written: line.value.clone(),
                span: line.key.span(),
            });
        }
        globals
    }

    fn section(&mut self, section: &ast::Section<'_>) {
        let mut name = section.name.to_vec();
        if self.dialect.folded_contexts {
            name.make_ascii_lowercase();
        }
        let index = match self.by_name.get(&name) {
            Some(index) => {
                let first = self.contexts[*index].span;
                let index = *index;
                self.report(reading::context_again(section, first));
                index
            }
            None => {
                let index = self.contexts.len();
                self.by_name.insert(name, index);
                self.contexts.push(Draft::new(section));
                index
            }
        };
        self.repeated = None;
        let mut numbering = Numbering::default();
        for value in section.values {
            let line = &conf::exten::line(value, section.kind, &self.dialect);
            match &line.entry {
                Entry::Exten(exten) => self.exten(index, line, exten, value, &mut numbering),
                Entry::Include => self.include(index, line),
                Entry::IgnorePat => self.ignorepat(index, line),
                Entry::Switch | Entry::LiteralSwitch | Entry::LateSwitch => {
                    self.switch(index, line)
                }
                Entry::AutoHints => {
                    self.contexts[index].autohints = boolean(line.value.bytes()) == Some(true)
                }
                Entry::Other => self.report(reading::unknown_key(line, &self.dialect)),
            }
        }
    }

    fn exten<'a>(
        &mut self,
        index: usize,
        line: &Line,
        exten: &Exten,
        value: &'a Value,
        numbering: &mut Numbering<'a>,
    ) {
        if let Some(written) = &exten.name {
            let mut name = self.substitute(written);
            name.truncate(NAME_BYTES);
            numbering.unknown = self.unknown;
            numbering.named_at = Some(value);
            numbering.entry = None;
            numbering.name = Some(split_caller(name));
        }
        let given = numbering.name.take();
        match &given {
            Some((name, caller))
                if exten.name.is_some() || !name.is_empty() || caller.is_some() =>
            {
                self.named(
                    index,
                    line,
                    exten,
                    value,
                    (name, caller.as_ref()),
                    numbering,
                );
            }
            _ if numbering.unknown => {}
            _ => self.report(reading::same_first(line)),
        }
        numbering.name = given;
    }

    /// A step or hint of a name.
    fn named<'a>(
        &mut self,
        index: usize,
        line: &Line,
        exten: &Exten,
        value: &'a Value,
        (name, caller): (&[u8], Option<&Caller>),
        numbering: &mut Numbering<'a>,
    ) {
        if let ast::Label::Open(open) = &exten.label {
            return self.report(reading::label_open(exten, *open));
        }
        let continues = matches!(exten.priority.bytes(), b"n" | b"next" | b"s" | b"same");
        let mut priority = match exten.priority.bytes() {
            b"hint" => HINT,
            b"n" | b"next" | b"s" | b"same" => match numbering.last {
                Some(last) if last > NOTHING => {
                    last.saturating_add(i32::from(exten.priority.bytes()[0] == b'n'))
                }
                _ if numbering.unknown => return,
                _ => return self.report(reading::nothing_before(line, exten, name)),
            },
            text => match scan_int(text) {
                Some(number) if number >= 1 => number,
                Some(_) => return self.report(reading::not_positive(exten)),
                None => match self.label_priority(index, name, caller, text) {
                    Some(number) => number,
                    None if numbering.unknown => return,
                    None => {
                        let named_at = numbering
                            .named_at
                            .map(|value| context_line(value, &self.dialect));
                        let found = reading::no_priority(line, exten, name, named_at.as_ref());
                        return self.report(found);
                    }
                },
            },
        };
        if priority == 0 {
            // `n` after a hint: dropped, and the count does not move.
            let before = numbering
                .previous
                .map(|(value, _)| context_line(value, &self.dialect));
            return self.report(reading::after_hint(line, exten, before.as_ref()));
        }
        if let Some(offset) = &exten.offset {
            priority = priority.saturating_add(leading_int(offset.bytes()));
        }
        numbering.last = Some(priority);
        if let Some(found) = reading::behind_priority(exten) {
            self.report(found);
        }
        step::call(
            self.sources,
            line,
            exten,
            priority == HINT,
            &mut self.diagnostics,
        );
        if priority < 1 && priority != HINT {
            return self.report(reading::not_positive(exten));
        }
        let caller_text = caller.as_ref().map(|c| c.text.clone());
        let known = self.contexts[index].entries.len();
        let entry = if name.is_empty() {
            None
        } else if numbering.entry.is_some() {
            numbering.entry
        } else {
            let span = line.key.span().to(exten.field.span());
            Some(self.contexts[index].entry(name, caller, span, exten))
        };
        numbering.entry = entry;
        if entry.is_none_or(|e| e == known)
            && !numbering.unknown
            && let Some(found) = reading::name(line, exten, name)
        {
            self.report(found);
        }
        let Some(entry) = entry else { return };
        if continues
            && let Some((before, other)) = numbering.previous
            && other != entry
            && priority > 0
            && let Some(found) = self.continued(
                index,
                entry,
                priority,
                line,
                exten,
                &context_line(before, &self.dialect),
            )
        {
            self.report(found);
        }
        numbering.previous = Some((value, entry));
        self.unknown = numbering.unknown;
        self.register(index, entry, priority, line, exten, (name, caller_text));
    }

    /// A priority counted on from a line of another extension.
    fn continued(
        &self,
        context: usize,
        entry: usize,
        priority: i32,
        line: &Line,
        exten: &Exten,
        before: &Line,
    ) -> Option<Diagnostic> {
        let last = self.contexts[context].entries[entry].steps.highest();
        let expected = last.map_or(1, |l| l as i32 + 1);
        if priority == expected {
            return None;
        }
        Some(reading::continued(line, exten, before, priority, last))
    }

    fn register(
        &mut self,
        context: usize,
        entry: usize,
        priority: i32,
        line: &Line,
        exten: &Exten,
        (name, caller): (&[u8], Option<Vec<u8>>),
    ) {
        let label = match &exten.label {
            ast::Label::Some(label) => Some(label.clone()),
            _ => None,
        };
        if priority == HINT {
            let devices = if name.first() == Some(&b'_') {
                exten.app.bytes().to_vec()
            } else {
                self.hint_devices(&exten.app, name, context)
            };
            let hint = Hint {
                devices,
                written: exten.app.clone(),
                name: (!exten.args.is_empty()).then(|| exten.args.clone()),
                label,
                file: line.file(),
                line: line.line,
                listed_line: line.listed_line,
                renamed: line.renamed,
            };
            let entry = &mut self.contexts[context].entries[entry];
            match &entry.hint {
                None => {
                    entry.hint = Some(hint);
                    entry.call(name, caller);
                }
                Some(first) => {
                    let found =
                        reading::duplicate(exten, "hint", &entry.name, first.written.span());
                    self.report(found);
                }
            }
            return;
        }
        let number = priority as u32;
        let index = entry;
        let unknown = self.unknown;
        let entry = &mut self.contexts[context].entries[index];
        if let Some(first) = entry.steps.get(number) {
            if unknown {
                return;
            }
            let what = format!("priority {number}");
            let found = reading::duplicate(exten, &what, &entry.name, first.span);
            return self.repeat((context, index), found);
        }
        let mut label = label;
        let mut labelled = None;
        let mut found = None;
        let mut shadowed = false;
        if let Some(text) = &label {
            if let Some(first) = entry.labels.get(text.bytes()) {
                found = Some(reading::label_again(
                    text,
                    entry
                        .steps
                        .get(*first)
                        .and_then(|s| s.label.as_ref())
                        .map(Text::span),
                ));
                if entry.is_label_seen(text.bytes(), number) {
                    label = None;
                } else {
                    shadowed = true;
                }
            } else {
                entry.labels.insert(text.bytes().to_vec(), number);
                labelled = Some(text.bytes().to_vec());
            }
        }
        let step = Step {
            priority: number,
            label,
            shadowed,
            app: exten.app.clone(),
            args: exten.args.clone(),
            written: None,
            span: line.span(),
            file: line.file(),
            line: line.line,
            listed_line: line.listed_line,
            renamed: line.renamed,
            reading: Reading::default(),
        };
        if entry.is_before(number) {
            entry.call(name, caller);
        }
        entry.steps.insert(step);
        self.contexts[context].labels.extend(labelled);
        self.repeated = None;
        if let Some(found) = found {
            self.report(found);
        }
    }

    /// Devices of a hint: variables are read once, at load, with EXTEN and CONTEXT known (DL-087).
    fn hint_devices(&mut self, devices: &Text, exten: &[u8], context: usize) -> Vec<u8> {
        // An expression alone is no reason to look.
        if !devices.bytes().windows(2).any(|pair| pair == b"${") {
            return devices.bytes().to_vec();
        }
        let mut globals = self.globals.clone();
        globals.set(b"EXTEN", exten.to_vec());
        globals.set(b"CONTEXT", self.contexts[context].name.clone());
        globals.substitute(devices.bytes()).text
    }

    /// The priority that a label written as a priority means: the first entry in order that matches the name and has it.
    fn label_priority(
        &mut self,
        context: usize,
        name: &[u8],
        caller: Option<&Caller>,
        label: &[u8],
    ) -> Option<i32> {
        let draft = &self.contexts[context];
        if !draft.labels.contains(label) {
            return None;
        }
        let number: &[u8] = caller.map_or(b"", |c| &c.text);
        let fits = |e: &&EntryDraft| {
            e.caller.as_ref().is_none_or(|c| c.matches.matches(number))
                && e.labels.contains_key(label)
        };
        let own = Matches::read(name);
        let mut candidates: Vec<&EntryDraft> = Vec::new();
        let keys = [caller.map(|c| &c.matches), None];
        candidates.extend(
            keys.into_iter()
                .filter_map(|caller| draft.find(&own, caller))
                .map(|i| &draft.entries[i])
                .filter(fits),
        );
        if candidates.is_empty() {
            self.scans += draft.patterns.len();
            if self.scans > LABEL_SCANS {
                return None;
            }
            candidates.extend(
                draft
                    .patterns
                    .iter()
                    .map(|i| &draft.entries[*i])
                    .filter(|e| e.matches.matches(name))
                    .filter(fits),
            );
        }
        let first = candidates
            .into_iter()
            .min_by(|a, b| rank(&a.matches, a.caller.as_ref(), &b.matches, b.caller.as_ref()))?;
        first.labels.get(label).map(|p| *p as i32)
    }

    fn include(&mut self, index: usize, line: &Line) {
        let text = self.substitute(line.value);
        let cut = text
            .iter()
            .position(|b| *b == b'|')
            .or_else(|| text.iter().position(|b| *b == b','));
        let context = text[..cut.unwrap_or(text.len())].to_vec();
        let times = cut.map(|c| text[c + 1..].to_vec());
        let draft = &self.contexts[index];
        if let Some(first) = draft
            .includes
            .iter()
            .find(|i| i.text.eq_ignore_ascii_case(&text))
        {
            let found = reading::include_again(line, first.span);
            return self.report(found);
        }
        self.contexts[index].includes.push(Include {
            text,
            context,
            times,
            span: line.value.span(),
        });
    }

    fn ignorepat(&mut self, index: usize, line: &Line) {
        let text = self.substitute(line.value);
        let value = Text::new(text, line.value.span());
        if self.contexts[index]
            .ignorepats
            .iter()
            .any(|p| p.bytes().eq_ignore_ascii_case(value.bytes()))
        {
            return self.report(
                Diagnostic::new(
                    "S137",
                    "this pattern is already ignored here",
                    line.value.span(),
                )
                .label("written twice"),
            );
        }
        self.contexts[index].ignorepats.push(value);
    }

    fn switch(&mut self, index: usize, line: &Line) {
        let text = if matches!(line.entry, Entry::Switch) {
            self.substitute(line.value)
        } else {
            line.value.bytes().to_vec()
        };
        let (tech, data) = match text.iter().position(|b| *b == b'/') {
            Some(slash) => (text[..slash].to_vec(), text[slash + 1..].to_vec()),
            None => (text, Vec::new()),
        };
        let draft = &self.contexts[index];
        if draft
            .switches
            .iter()
            .any(|s| s.tech.eq_ignore_ascii_case(&tech) && s.data.eq_ignore_ascii_case(&data))
        {
            return self.report(
                Diagnostic::new(
                    "S137",
                    "this switch is already part of the context",
                    line.value.span(),
                )
                .label("written twice"),
            );
        }
        let at_lookup = matches!(line.entry, Entry::LateSwitch);
        self.contexts[index].switches.push(Switch {
            tech,
            data,
            at_lookup,
            span: line.value.span(),
        });
    }
}
