//! What is to be said of a place: signatures, patterns, numbers, names.

use strowger_stdlib::signatures::{self, OptionArgument, Served, Signature};

use super::names::{Role, Symbol, shown};
use super::parts::{self, Part};
use super::{View, holds, pattern, show, variables};
use crate::hir::Matches;
use crate::source::{FileId, Span};

/// A few words about a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hover {
    /// What they are about.
    pub span: Span,
    /// Markdown.
    pub text: String,
}

/// Places that are named one by one.
const PLACES: usize = 8;

impl View {
    /// What is to be said of a place, if anything.
    pub fn hover(&self, file: FileId, offset: u32) -> Option<Hover> {
        if self.is_dial(file) {
            return self.dial_hover(file, offset);
        }
        self.part(file, offset).or_else(|| self.name(file, offset))
    }

    /// Parts of a line that speak for themselves.
    fn part(&self, file: FileId, offset: u32) -> Option<Hover> {
        let number = self.sources.file(file).line(offset);
        let (kind, line) = self.line(file, number)?;
        let parts = parts::of(kind, &line, &self.dialect);
        let (span, part) = parts
            .into_iter()
            .filter(|(span, _)| holds(*span, file, offset))
            .min_by_key(|(span, _)| span.len())?;
        let written = self.sources.bytes(span);
        let text = match part {
            Part::Application => signature(signatures::application(written)?, "application"),
            Part::Function => {
                let words = signature(signatures::function(written)?, "function");
                self.with_chosen(words, file, offset)
            }
            Part::Extension => self.extension(file, number)?,
            Part::Priority => self.priority(file, number)?,
            Part::Variable => self.with_chosen(self.variable(written), file, offset),
            Part::Key | Part::Label | Part::Comment => return None,
        };
        Some(Hover { span, text })
    }

    /// The extension of a line.
    fn extension(&self, file: FileId, line: u32) -> Option<String> {
        let (context, extension, _) = self.step(file, line)?;
        let mut text = format!(
            "**`{}`** in `[{}]`\n\n",
            show(&shown(extension)),
            show(&context.name)
        );
        match &extension.matches {
            Matches::Name(name) => text.push_str(&format!("Matches exactly `{}`.", show(name))),
            Matches::Pattern(pattern) => {
                text.push_str(&pattern::words(pattern));
                let examples = pattern::examples(pattern);
                if !examples.is_empty() {
                    text.push_str(&format!("\n\nFor example `{}`.", examples.join("`, `")));
                }
            }
        }
        if let Some(caller) = &extension.caller {
            text.push_str(&match (&caller.matches, caller.text.is_empty()) {
                (_, true) => "\n\nOnly for callers without a number.".to_owned(),
                (Matches::Name(number), _) => {
                    format!("\n\nOnly for the caller `{}`.", show(number))
                }
                (Matches::Pattern(pattern), _) => format!(
                    "\n\nOnly for callers whose number fits. {}",
                    pattern::words(pattern)
                ),
            });
        }
        let count = extension.steps.len();
        text.push_str(&format!(
            "\n\n{count} priorit{}",
            if count == 1 { "y" } else { "ies" }
        ));
        if let Some(hint) = &extension.hint {
            text.push_str(&format!(", hint `{}`", show(&hint.devices)));
        }
        text.push('.');
        Some(text)
    }

    /// The number of a line's priority.
    fn priority(&self, file: FileId, line: u32) -> Option<String> {
        let (context, extension, step) = self.step(file, line)?;
        let mut text = format!(
            "Priority **{}** of `{}` in `[{}]`",
            step.priority,
            show(&shown(extension)),
            show(&context.name)
        );
        if let Some(label) = &step.label {
            text.push_str(&format!(", label `{}`", label.lossy()));
        }
        text.push('.');
        Some(text)
    }

    /// With what a caller may have chosen of what stands there.
    fn with_chosen(&self, words: String, file: FileId, offset: u32) -> String {
        match self.chosen(file, offset) {
            Some(chosen) => format!("{words}\n\n{chosen}"),
            None => words,
        }
    }

    fn variable(&self, name: &[u8]) -> String {
        let bare = name
            .strip_prefix(b"__")
            .or_else(|| name.strip_prefix(b"_"))
            .unwrap_or(name);
        let mut text = format!("Variable **`{}`**", show(bare));
        if let Some(meaning) = variables::meaning(bare) {
            text.push_str(&format!("\n\n{meaning}"));
        }
        let symbol = Symbol::Variable(bare.to_vec());
        let (set, read) = self.counted(&symbol);
        if let Some(global) = self.hir().globals.iter().rfind(|g| g.name == bare) {
            text.push_str(&format!(
                "\n\nA global variable; after loading it is `{}`.",
                show(&global.value)
            ));
        }
        text.push_str(&match set {
            // The exchange sets it, or another file does.
            0 => format!("\n\nRead in {}.", places(read)),
            _ => format!("\n\nSet in {}, read in {}.", places(set), places(read)),
        });
        text
    }

    /// Places where a name is defined, and where it is used.
    fn counted(&self, symbol: &Symbol) -> (usize, usize) {
        let (mut set, mut used) = (0, 0);
        for o in self.names().occurrences(symbol) {
            match o.role {
                Role::Definition => set += 1,
                Role::Use => used += 1,
            }
        }
        (set, used)
    }

    /// Names that stand in arguments, headers and other files.
    pub(super) fn name(&self, file: FileId, offset: u32) -> Option<Hover> {
        let span = self.names().span_at(file, offset)?;
        let symbol = self.names().at(file, offset).into_iter().next()?;
        let text = match symbol {
            Symbol::Context(name) => self.context(name),
            Symbol::Extension { context, exten } => {
                let extension = self.found(context, exten)?;
                let first = extension.steps.first();
                match first {
                    Some(step) => self.extension(step.file, step.line)?,
                    None => format!("**`{}`** in `[{}]`", show(exten), show(context)),
                }
            }
            Symbol::Label {
                context,
                exten,
                label,
            } => {
                let step = self.found(context, exten)?.labelled(label)?;
                self.leads_to(context, exten, step.priority)?
            }
            Symbol::Step {
                context,
                exten,
                priority,
            } => self.leads_to(context, exten, *priority)?,
            Symbol::Variable(name) => self.variable(name),
            Symbol::Declared(_) => return None,
            Symbol::Device { tech, name } => {
                let device = self
                    .devices
                    .iter()
                    .find(|d| d.tech == *tech && d.name.eq_ignore_ascii_case(name))?;
                let at = self.sources.file(device.span.file);
                let mut text = format!("Device **`{}`** of {}", show(&device.name), at.name());
                if let Some(context) = &device.context {
                    text.push_str(&format!(", context `[{}]`", context.lossy()));
                }
                text
            }
        };
        Some(Hover { span, text })
    }

    fn found(&self, context: &[u8], exten: &[u8]) -> Option<&crate::hir::Extension> {
        let context = self.hir().contexts.iter().find(|c| c.name == context)?;
        context.extensions.iter().find(|e| shown(e) == exten)
    }

    fn leads_to(&self, context: &[u8], exten: &[u8], priority: u32) -> Option<String> {
        let step = self.found(context, exten)?.step(priority)?;
        Some(format!(
            "Priority **{priority}** of `{}` in `[{}]`, line {} of {}: `{}({})`",
            show(exten),
            show(context),
            step.line,
            self.sources.file(step.file).name(),
            step.app.lossy(),
            step.args.lossy()
        ))
    }

    fn context(&self, name: &[u8]) -> String {
        let Some(context) = self.hir().contexts.iter().find(|c| c.name == name) else {
            return format!("`[{}]` is not in the files that can be seen.", show(name));
        };
        let mut text = format!("Context **`[{}]`**\n\n", show(name));
        let all: Vec<String> = context.extensions.iter().map(|e| show(&shown(e))).collect();
        text.push_str(&match all.len() {
            0 => "No extension of its own.".to_owned(),
            1 => format!("One extension: `{}`.", all[0]),
            n => {
                let more = if n > PLACES { " …" } else { "" };
                format!(
                    "{n} extensions: `{}`{more}.",
                    all[..n.min(PLACES)].join("`, `")
                )
            }
        });
        if !context.includes.is_empty() {
            let all: Vec<String> = context.includes.iter().map(|i| show(&i.text)).collect();
            let more = if all.len() > PLACES { " …" } else { "" };
            let all = all[..all.len().min(PLACES)].join("`, `");
            text.push_str(&format!("\n\nIncludes `{all}`{more}."));
        }
        let (_, used) = self.counted(&Symbol::Context(name.to_vec()));
        text.push_str(&format!("\n\nNamed in {}.", places(used)));
        text
    }
}

fn places(count: usize) -> String {
    match count {
        0 => "no place".to_owned(),
        1 => "one place".to_owned(),
        n => format!("{n} places"),
    }
}

/// The signature of an application or function.
pub(super) fn signature(signature: &Signature, kind: &str) -> String {
    let mut text = format!("```\n{}\n```\n{}", signature.usage, signature.summary);
    let options: Vec<String> = signature
        .option_letters()
        .map(|(letter, argument)| match argument {
            OptionArgument::None => letter.to_string(),
            OptionArgument::Optional => format!("{letter}[()]"),
            OptionArgument::Required => format!("{letter}()"),
        })
        .collect();
    if !options.is_empty() {
        text.push_str(&format!("\n\nOptions: `{}`", options.join(" ")));
    }
    let plain: Vec<&str> = signature
        .sets
        .iter()
        .filter(|s| s.values.is_empty())
        .map(|s| s.name)
        .collect();
    for set in signature.sets.iter().filter(|s| !s.values.is_empty()) {
        text.push_str(&format!(
            "\n\nSets `{}`: {}.",
            set.name,
            set.values.join(", ")
        ));
    }
    if !plain.is_empty() {
        text.push_str(&format!("\n\nSets `{}`.", plain.join("`, `")));
    }
    if let Some(since) = &signature.since {
        text.push_str(&format!("\n\nSince Asterisk {since}."));
    }
    if let Some(until) = &signature.until {
        text.push_str(&format!("\n\nGone since Asterisk {until}."));
    }
    if let Some(instead) = &signature.replaced_by {
        text.push_str(&format!("\n\nInstead: `{instead}`"));
    }
    if signature.served == Served::Unserved {
        text.push_str(&format!("\n\nThis exchange does not serve the {kind} yet."));
    }
    text
}
