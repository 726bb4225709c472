//! What could be written at a place. The line in work is looked at as text: it is not yet what it will be.

use std::collections::BTreeSet;

use strowger_stdlib::signatures::{self, OptionArgument, Signature};

use super::names::{MACRO, Symbol, shown};
use super::{View, kind_of, show, variables};
use crate::ast::Kind;
use crate::conf::exten::name_end;
use crate::peers::{CONTEXT_KEYS, Tech};
use crate::source::{FileId, Span};

/// What an item is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemKind {
    /// A key of a line.
    Key,
    /// An application.
    Application,
    /// A function.
    Function,
    /// A variable.
    Variable,
    /// A context.
    Context,
    /// An extension.
    Extension,
    /// A label or a priority.
    Label,
    /// An option letter.
    Option,
    /// A device, or the word of a technology.
    Device,
    /// A prompt.
    Prompt,
    /// A case of an enum.
    Case,
    /// A type.
    Type,
}

/// Something that could be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// What is shown and compared.
    pub label: String,
    /// What is written.
    pub insert: String,
    /// A few words.
    pub detail: String,
    /// What it takes the place of.
    pub replace: Span,
}

/// What an editor knows beside the files of the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct World<'a> {
    /// Prompts by the name that `Playback` takes.
    pub prompts: &'a [String],
}

/// Items of one answer.
pub(super) const ITEMS: usize = 2_000;
/// Lines that are looked at for the header above.
const ABOVE: u32 = 100_000;
/// Calls in calls that are looked into.
const NESTING: usize = 4;

/// Applications with a list of devices first.
const DIALLING: [&str; 3] = ["dial", "page", "chanisavail"];
/// Parameters that name prompts.
const PROMPTS: [&str; 6] = [
    "filenames",
    "filename",
    "files",
    "file",
    "announce",
    "prompt",
];

impl View {
    /// What could be written at a place, at most 2000 items.
    pub fn complete(&self, file: FileId, offset: u32, world: &World<'_>) -> Vec<Item> {
        if self.is_dial(file) {
            return self.dial_complete(file, offset, world);
        }
        let source = self.sources.file(file);
        let line = source.line(offset);
        let start = source.line_range(line).start;
        let written = &source.bytes()[start..(offset as usize).max(start)];
        let mut cursor = Cursor {
            view: self,
            world,
            file,
            line,
            text: written,
            start: start as u32,
            out: Vec::new(),
        };
        cursor.line();
        let mut seen = BTreeSet::new();
        cursor.out.retain(|i| seen.insert(i.label.clone()));
        cursor.out.truncate(ITEMS);
        cursor.out
    }

    /// What kind of section a line stands in.
    fn kind_above(&self, file: FileId, line: u32) -> Kind {
        let source = self.sources.file(file);
        let from = line.saturating_sub(ABOVE).max(1);
        for line in (from..line).rev() {
            let text = source.line_bytes(line).trim_ascii_start();
            if text.first() == Some(&b'[') {
                let end = text.iter().position(|b| *b == b']').unwrap_or(text.len());
                return kind_of(&text[1..end.max(1)]);
            }
        }
        Kind::Context
    }
}

/// The text before the cursor, on its line.
struct Cursor<'a> {
    view: &'a View,
    world: &'a World<'a>,
    file: FileId,
    line: u32,
    text: &'a [u8],
    /// Where the text begins in the file.
    start: u32,
    out: Vec<Item>,
}

impl<'a> Cursor<'a> {
    /// An item that takes the place of the last bytes from `from` on.
    fn offer(&mut self, kind: ItemKind, from: usize, label: &str, insert: &str, detail: String) {
        let written = self.text[from..].to_ascii_lowercase();
        // The client sorts and filters; only what cannot be meant is left out.
        let fits = label
            .to_ascii_lowercase()
            .into_bytes()
            .starts_with(&written);
        if fits && self.out.len() < 2 * ITEMS {
            self.out.push(Item {
                kind,
                label: label.to_owned(),
                insert: insert.to_owned(),
                detail,
                replace: Span {
                    file: self.file,
                    start: self.start + from as u32,
                    end: self.start + self.text.len() as u32,
                },
            });
        }
    }

    fn word(&mut self, kind: ItemKind, from: usize, word: &str, detail: &str) {
        self.offer(kind, from, word, word, detail.to_owned());
    }

    fn line(&mut self) {
        let text = self.text;
        if in_comment(text) {
            return;
        }
        let blanks = text.iter().take_while(|b| **b <= 32).count();
        if matches!(text.get(blanks), Some(b'[' | b'#')) {
            return;
        }
        let kind = self.view.kind_above(self.file, self.line);
        let Some(equals) = text.iter().position(|b| *b == b'=') else {
            if kind == Kind::Context && self.is_plan() {
                for (word, insert, detail) in [
                    ("exten", "exten => ", "a step of an extension"),
                    ("same", "same => n,", "the next step of the extension above"),
                    ("include", "include => ", "another context's extensions"),
                    ("ignorepat", "ignorepat => ", "keep the dial tone"),
                    ("switch", "switch => ", "extensions of another exchange"),
                ] {
                    self.offer(ItemKind::Key, blanks, word, insert, detail.to_owned());
                }
            }
            return;
        };
        let key = text[blanks..equals].trim_ascii().to_ascii_lowercase();
        let mut from = equals + 1 + usize::from(text.get(equals + 1) == Some(&b'>'));
        from += text[from..].iter().take_while(|b| **b <= 32).count();
        if !self.is_plan() {
            if CONTEXT_KEYS.iter().any(|k| k.as_bytes() == key) {
                self.contexts(from);
            }
            return;
        }
        match (kind, key.as_slice()) {
            (Kind::Context, b"include") => self.contexts(from),
            (Kind::Context, b"exten") => {
                let end = from + name_end(&text[from..]);
                if end < text.len() {
                    self.step(end + 1);
                }
            }
            (Kind::Context, b"same") => self.step(from),
            _ => {
                self.hole(from);
            }
        }
    }

    /// Whether the file is a part of the plan, as far as the reader saw; an empty one may become it.
    fn is_plan(&self) -> bool {
        let name = self.view.sources.file(self.file).name();
        self.view.holds(self.file) || !OTHERS.contains(&name)
    }

    /// Priority and application.
    fn step(&mut self, from: usize) {
        let text = self.text;
        let Some(comma) = text[from..].iter().position(|b| *b == b',') else {
            let from = from + text[from..].iter().take_while(|b| **b <= 32).count();
            for (word, detail) in [
                ("n", "the next priority"),
                ("1", "the first priority"),
                ("hint", "the devices behind this extension"),
            ] {
                self.word(ItemKind::Label, from, word, detail);
            }
            return;
        };
        if text[from..from + comma].trim_ascii() == b"hint" {
            return self.devices(from + comma + 1);
        }
        self.call(from + comma + 1, 0);
    }

    /// `App(args`.
    fn call(&mut self, from: usize, depth: usize) {
        let text = self.text;
        let from = from + text[from..].iter().take_while(|b| **b <= 32).count();
        if self.hole(from) {
            return;
        }
        let Some(open) = text[from..].iter().position(|b| *b == b'(') else {
            let release = self.view.dialect.release();
            for app in signatures::applications() {
                if app.exists_in(release) {
                    let insert = format!("{}(", app.name);
                    self.offer(
                        ItemKind::Application,
                        from,
                        app.name,
                        &insert,
                        app.usage.to_owned(),
                    );
                }
            }
            return;
        };
        let app = show(text[from..from + open].trim_ascii()).to_ascii_lowercase();
        let args = from + open + 1;
        if closes(&text[args..]) {
            return;
        }
        match app.as_str() {
            "goto" | "gosub" => self.target(args),
            "gotoif" | "gosubif" | "gotoiftime" => {
                if let Some(from) = self.after(args, b"?:") {
                    self.target(from);
                }
            }
            "execif" | "execiftime" if depth < NESTING => {
                if let Some(from) = self.after(args, b"?:") {
                    self.call(from, depth + 1);
                }
            }
            "exec" | "tryexec" if depth < NESTING => self.call(args, depth + 1),
            "set" | "mset" => self.assignment(args),
            "macro" | "macroexclusive" => {
                if !text[args..].contains(&b',') {
                    self.macros(args);
                }
            }
            app => self.argument(app, args),
        }
    }

    /// Behind the last of these signs that stands outside holes and, if there are any, parentheses.
    fn after(&self, from: usize, signs: &[u8]) -> Option<usize> {
        let mut depth = 0usize;
        let mut found = None;
        let mut asked = false;
        for (i, byte) in self.text.iter().enumerate().skip(from) {
            match byte {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                b'?' if depth == 0 && signs.contains(&b'?') => {
                    asked = true;
                    found = Some(i + 1);
                }
                b':' if depth == 0 && asked && signs.contains(&b':') => found = Some(i + 1),
                byte if depth == 0 && !signs.contains(&b'?') && signs.contains(byte) => {
                    found = Some(i + 1);
                }
                _ => {}
            }
        }
        found
    }

    /// The arguments from `from` on, and where the last one begins.
    fn arguments(&self, from: usize) -> (Vec<&'a [u8]>, usize) {
        let mut out = Vec::new();
        let mut start = from;
        let mut depth = 0usize;
        for (i, byte) in self.text.iter().enumerate().skip(from) {
            match byte {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => {
                    out.push(self.text[start..i].trim_ascii());
                    start = i + 1;
                }
                _ => {}
            }
        }
        let text = self.text;
        out.push(text[start..].trim_ascii());
        start += text[start..].iter().take_while(|b| **b <= 32).count();
        (out, start)
    }

    /// `[[context,]extension,]priority`.
    fn target(&mut self, from: usize) {
        let (parts, last) = self.arguments(from);
        let here = self.here();
        match parts.as_slice() {
            [_] => {
                if let Some((context, exten)) = &here {
                    self.labels(last, context, exten);
                    self.extensions(last, context);
                }
                self.contexts(last);
            }
            [first, _] => {
                if let Some((context, _)) = &here {
                    self.labels(last, context, first);
                }
                self.extensions(last, first);
                self.word(ItemKind::Label, last, "1", "the first priority");
            }
            [context, exten, _] => {
                self.labels(last, context, exten);
                self.word(ItemKind::Label, last, "1", "the first priority");
            }
            _ => {}
        }
    }

    /// Context and extension of the nearest step at or above the cursor.
    fn here(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let view = self.view;
        let until = view
            .steps
            .partition_point(|(key, _)| *key <= (self.file, self.line));
        let ((file, _), at) = view.steps.get(until.checked_sub(1)?)?;
        (*file == self.file).then(|| {
            let context = &view.hir().contexts[at.context];
            (
                context.name.clone(),
                shown(&context.extensions[at.extension]),
            )
        })
    }

    fn labels(&mut self, from: usize, context: &[u8], exten: &[u8]) {
        let view = self.view;
        let Some(context) = view.hir().contexts.iter().find(|c| c.name == context) else {
            return;
        };
        for extension in &context.extensions {
            if shown(extension) != exten && !extension.matches.matches(exten) {
                continue;
            }
            for step in extension.steps.iter().filter(|s| !s.shadowed) {
                if let Some(label) = &step.label {
                    let detail = format!("priority {}: {}", step.priority, step.app.lossy());
                    self.word(ItemKind::Label, from, &label.lossy(), &detail);
                }
            }
        }
    }

    fn extensions(&mut self, from: usize, context: &[u8]) {
        let view = self.view;
        let Some(context) = view.hir().contexts.iter().find(|c| c.name == context) else {
            return;
        };
        for extension in context.extensions.iter().take(2 * ITEMS) {
            // A jump needs a number, not a pattern.
            if !extension.name.starts_with(b"_") {
                let detail = format!("in [{}]", show(&context.name));
                self.word(ItemKind::Extension, from, &show(&extension.name), &detail);
            }
        }
    }

    fn contexts(&mut self, from: usize) {
        let view = self.view;
        for context in &view.hir().contexts {
            let detail = format!("{} extensions", context.extensions.len());
            self.word(ItemKind::Context, from, &show(&context.name), &detail);
        }
    }

    fn macros(&mut self, from: usize) {
        let view = self.view;
        for context in &view.hir().contexts {
            if let Some(name) = context.name.strip_prefix(MACRO) {
                self.word(ItemKind::Context, from, &show(name), "macro");
            }
        }
    }

    /// The name before `=`.
    fn assignment(&mut self, from: usize) {
        let (parts, last) = self.arguments(from);
        if parts.last().is_some_and(|p| p.contains(&b'=')) {
            return;
        }
        self.variables(last);
        for function in signatures::functions().iter().filter(|f| f.write) {
            if function.exists_in(self.view.dialect.release()) {
                let insert = format!("{}(", function.name);
                self.offer(
                    ItemKind::Function,
                    last,
                    function.name,
                    &insert,
                    function.usage.to_owned(),
                );
            }
        }
    }

    fn variables(&mut self, from: usize) {
        let view = self.view;
        for symbol in view.names().symbols() {
            if let Symbol::Variable(name) = symbol
                && self.stands_elsewhere(symbol)
            {
                self.word(
                    ItemKind::Variable,
                    from,
                    &show(name),
                    "variable of the plan",
                );
            }
        }
        for (name, meaning) in variables::known() {
            self.word(ItemKind::Variable, from, &name, &meaning);
        }
    }

    /// Whether a name is more than the word in work.
    fn stands_elsewhere(&self, symbol: &Symbol) -> bool {
        let cursor = self.start + self.text.len() as u32;
        let mut places = self.view.names().occurrences(symbol);
        places.any(|o| !super::holds(o.span, self.file, cursor))
    }

    /// In `${...}`: variables and functions; whether the cursor stands in one.
    fn hole(&mut self, from: usize) -> bool {
        let Some(body) = open_hole(&self.text[from..]).map(|at| from + at) else {
            return false;
        };
        let text = self.text;
        match text[body..].iter().position(|b| *b == b'(') {
            None if text[body..].contains(&b':') => {}
            None => {
                self.variables(body);
                for function in signatures::functions().iter().filter(|f| f.read) {
                    if function.exists_in(self.view.dialect.release()) {
                        let insert = format!("{}(", function.name);
                        self.offer(
                            ItemKind::Function,
                            body,
                            function.name,
                            &insert,
                            function.usage.to_owned(),
                        );
                    }
                }
            }
            Some(open) => {
                let signature = signatures::function(&text[body..body + open]);
                let (parts, last) = self.arguments(body + open + 1);
                let named = signature.is_some_and(|s| {
                    s.reads_variable || s.parameters.first().is_some_and(|p| *p == "variable")
                });
                if named && parts.len() == 1 {
                    self.variables(last);
                }
            }
        }
        true
    }

    /// An argument of any other application.
    fn argument(&mut self, app: &str, from: usize) {
        let Some(found) = signatures::application(app.as_bytes()) else {
            return;
        };
        let (parts, last) = self.arguments(from);
        let number = parts.len() - 1;
        if found.option_slot() == Some(number) {
            return self.options(found);
        }
        let Some(parameter) = found.parameters.get(number) else {
            return;
        };
        if number == 0 && DIALLING.contains(&app) {
            self.devices(from);
        } else if PROMPTS.contains(parameter) {
            self.prompts(self.after(last, b"&").unwrap_or(last));
        } else if *parameter == "variable" {
            self.variables(last);
        } else if *parameter == "context" {
            self.contexts(last);
        }
    }

    fn options(&mut self, app: &Signature) {
        // Letters follow each other, so nothing is replaced.
        let from = self.text.len();
        for (letter, argument) in app.option_letters() {
            let (insert, detail) = match argument {
                OptionArgument::None => (letter.to_string(), format!("option of {}", app.name)),
                OptionArgument::Optional => (
                    letter.to_string(),
                    format!(
                        "option of {}, may take an argument: {letter}(...)",
                        app.name
                    ),
                ),
                OptionArgument::Required => (
                    format!("{letter}("),
                    format!("option of {}, takes an argument: {letter}(...)", app.name),
                ),
            };
            self.offer(ItemKind::Option, from, &letter.to_string(), &insert, detail);
        }
    }

    /// `Tech/name`.
    fn devices(&mut self, from: usize) {
        let from = self.after(from, b"&").unwrap_or(from);
        let from = from + self.text[from..].iter().take_while(|b| **b <= 32).count();
        let text = self.text;
        if let Some(at) = text[from..].iter().position(|b| *b == b'@')
            && text[from..].to_ascii_lowercase().starts_with(b"local/")
        {
            return self.contexts(from + at + 1);
        }
        for word in ["SIP/", "PJSIP/", "IAX2/", "Local/"] {
            self.word(ItemKind::Device, from, word, "technology");
        }
        let view = self.view;
        for device in &view.devices {
            let tech = match device.tech {
                Tech::Sip => "SIP",
                Tech::Pjsip => "PJSIP",
                Tech::Iax => "IAX2",
            };
            let file = view.sources.file(device.span.file).name().to_owned();
            let word = format!("{tech}/{}", show(&device.name));
            self.word(ItemKind::Device, from, &word, &file);
        }
    }

    fn prompts(&mut self, from: usize) {
        let world = self.world;
        for prompt in world.prompts {
            self.word(ItemKind::Prompt, from, prompt, "prompt");
        }
    }
}

/// Files that are no part of a plan.
const OTHERS: [&str; 7] = [
    "sip.conf",
    "users.conf",
    "pjsip.conf",
    "iax.conf",
    "rtp.conf",
    "asterisk.conf",
    "strowger.toml",
];

/// Whether a `;` that is not written `\;` stands in the text.
fn in_comment(text: &[u8]) -> bool {
    (0..text.len()).any(|i| text[i] == b';' && (i == 0 || text[i - 1] != b'\\'))
}

/// Whether the parenthesis before the text is closed in it.
fn closes(text: &[u8]) -> bool {
    let mut depth = 1usize;
    for byte in text {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return true;
        }
    }
    false
}

/// Where the body of the innermost open `${` begins.
fn open_hole(text: &[u8]) -> Option<usize> {
    let mut open: Vec<(u8, Option<usize>)> = Vec::new();
    let mut i = 0;
    while i < text.len() {
        match text[i] {
            b'$' if text.get(i + 1) == Some(&b'{') => {
                open.push((b'}', Some(i + 2)));
                i += 1;
            }
            b'{' => open.push((b'}', None)),
            b'[' => open.push((b']', None)),
            close if open.last().is_some_and(|(b, _)| *b == close) => {
                open.pop();
            }
            _ => {}
        }
        i += 1;
    }
    open.last().and_then(|(_, body)| *body)
}
