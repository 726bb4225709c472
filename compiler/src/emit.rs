//! A plan of `.dial` printed as an extensions.conf: for an Asterisk that does not know the language.

use strowger_stdlib::signatures;
use strowger_stdlib::template::{HoleKind, Template, What, split_body};
use strowger_vm::ON_MESSAGE;

use crate::dial;
use crate::hir::{Context, Extension, Global, Hir, Step};
use crate::source::{FileId, Sources, Span};

/// What an extensions.conf cannot say, or an Asterisk not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The statement.
    pub span: Span,
    /// Why, as a sentence without a full stop.
    pub why: String,
}

/// Most bytes of a line (DL-003).
const LINE: usize = 8_190;

/// Prints what the `.dial` files of a plan have become. Files of extensions.conf that they import are included at the end.
///
/// # Errors
/// All places that an Asterisk could not run.
pub fn conf(hir: &Hir, sources: &Sources) -> Result<Vec<u8>, Vec<Refusal>> {
    let mut printer = Printer {
        sources,
        out: Vec::new(),
        refused: Vec::new(),
        escapes: false,
    };
    let own = |span: Span| dial::is_dial(sources.file(span.file).name());
    let globals: Vec<&Global> = hir.globals.iter().filter(|g| own(g.span)).collect();
    if !globals.is_empty() {
        printer.line(b"[globals]", None);
        globals.iter().for_each(|g| printer.global(g));
    }
    // Of a context that stands in both languages the rest is in its file.
    let partly = |c: &Context| {
        own(c.span)
            || c.extensions.iter().any(|e| own(e.span))
            || c.includes.iter().any(|i| own(i.span))
    };
    let calls = |c: &&Context| partly(c) && !c.name.ends_with(ON_MESSAGE);
    for context in hir.contexts.iter().filter(calls) {
        match own(context.span) {
            true => printer.context(context),
            false => {
                let mut part = context.clone();
                part.extensions.retain(|e| own(e.span));
                part.includes.retain(|i| own(i.span));
                printer.context(&part);
            }
        }
        let texts = hir.context(&[&context.name[..], ON_MESSAGE].concat());
        let first = context.extensions.is_empty() && context.includes.is_empty();
        for texts in texts.iter().flat_map(|texts| &texts.extensions) {
            printer.texts(texts, first);
        }
    }
    printer.escape();
    printer.imports();
    if printer.refused.is_empty() {
        Ok(printer.out)
    } else {
        Err(printer.refused)
    }
}

struct Printer<'s> {
    sources: &'s Sources,
    out: Vec<u8>,
    refused: Vec<Refusal>,
    /// Whether some step needs [`Printer::escape`].
    escapes: bool,
}

impl Printer<'_> {
    /// Writes a line; `at` is what it comes from.
    fn line(&mut self, line: &[u8], at: Option<Span>) {
        if let Some(span) = at {
            let broken = line.iter().any(|b| matches!(b, b'\n' | b'\r'));
            if line.len() > LINE || broken {
                let why = if broken {
                    "a line of extensions.conf cannot hold a line end".to_owned()
                } else {
                    format!("a line of extensions.conf holds no more than {LINE} bytes")
                };
                self.refused.push(Refusal { span, why });
            }
        }
        self.out.extend_from_slice(line);
        self.out.push(b'\n');
    }

    fn gap(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }

    /// The `///` lines in front of a place, as comments.
    fn doc(&mut self, span: Span) {
        let file = self.sources.file(span.file);
        let line = file.line(span.start);
        let is_doc = |line: &u32| {
            file.line_bytes(*line)
                .trim_ascii_start()
                .starts_with(b"///")
        };
        let first = (1..line).rev().take_while(is_doc).last();
        for line in first.unwrap_or(line)..line {
            let text = file.line_bytes(line).trim_ascii();
            let text = text.strip_prefix(b"///").unwrap_or(text).trim_ascii();
            let comment = if text.is_empty() {
                b";".to_vec()
            } else {
                [b"; ", text].concat()
            };
            self.line(&comment, None);
        }
    }

    fn global(&mut self, global: &Global) {
        let mut value = escaped(global.written.bytes());
        // Blanks around a value would be lost.
        if value.first() == Some(&b' ') {
            value.splice(0..1, BLANK.iter().copied());
        }
        if value.last() == Some(&b' ') {
            value.truncate(value.len() - 1);
            value.extend_from_slice(BLANK);
        }
        self.line(
            &[&global.name, &b"="[..], &value].concat(),
            Some(global.span),
        );
    }

    fn context(&mut self, context: &Context) {
        self.gap();
        self.doc(context.span);
        self.line(
            &[b"[", &context.name[..], b"]"].concat(),
            Some(context.span),
        );
        for include in &context.includes {
            let line = [b"include => ", &escaped(&include.text)[..]].concat();
            self.line(&line, Some(include.span));
        }
        for (i, extension) in context.extensions.iter().enumerate() {
            if i > 0 || !context.includes.is_empty() {
                self.gap();
            }
            self.extension(extension);
        }
    }

    /// What only texts enter: Asterisk runs them through ordinary extensions, so what is a call is sent away as if nothing were there.
    fn texts(&mut self, extension: &Extension, first: bool) {
        if !first {
            self.gap();
        }
        self.line(
            b"exten => _.,1,GotoIf($[\"${CHANNEL:0:8}\" = \"Message/\"]?3)",
            None,
        );
        self.line(
            b" same => n,Hangup(${IF($[\"${EXTEN}\" = \"h\"]?${HANGUPCAUSE}:1)})",
            None,
        );
        let mut last = 2;
        for step in &extension.steps {
            let priority = step.priority.saturating_add(2);
            let number = match priority == last + 1 {
                true => "n".to_owned(),
                false => priority.to_string(),
            };
            last = priority;
            self.step(step, b" same => ".to_vec(), &number);
        }
    }

    fn extension(&mut self, extension: &Extension) {
        self.doc(extension.span);
        let mut name = extension.name.clone();
        if let Some(caller) = &extension.caller {
            name.push(b'/');
            name.extend_from_slice(&caller.text);
        }
        let name = escaped(&name);
        let mut next = None;
        for step in &extension.steps {
            let number = if next == Some(step.priority) {
                "n".to_owned()
            } else {
                step.priority.to_string()
            };
            let head = match next {
                None => [b"exten => ", &name[..], b","].concat(),
                Some(_) => b" same => ".to_vec(),
            };
            next = step.priority.checked_add(1);
            self.step(step, head, &number);
        }
        if let Some(hint) = &extension.hint {
            // Behind the steps: `n` would count on from it.
            let devices = escaped(hint.written.bytes());
            let line = [b"exten => ", &name[..], b",hint,", &devices].concat();
            self.line(&line, Some(extension.span));
        }
    }

    /// Writes a step; a function of ours is a subroutine before it.
    fn step(&mut self, step: &Step, head: Vec<u8>, number: &str) {
        let (before, args) = self.translated(step);
        let mut start = head;
        start.extend_from_slice(number.as_bytes());
        if let Some(label) = &step.label {
            start.extend([b"(", &escaped(label.bytes())[..], b")"].concat());
        }
        start.push(b',');
        let own = [step.app.bytes(), b"(", &args[..], b")"].concat();
        for call in before.into_iter().chain([own]) {
            let mut line = std::mem::replace(&mut start, b" same => n,".to_vec());
            line.extend(escaped(&call));
            self.line(&line, Some(step.span));
        }
        if let Some(application) = signatures::application(step.app.bytes()).filter(|s| s.own) {
            self.foreign(step, application.name);
        }
    }

    fn foreign(&mut self, step: &Step, name: &str) {
        self.refused.push(Refusal {
            span: step.span,
            why: format!("this needs `{name}`, which no Asterisk has"),
        });
    }

    /// The arguments of a step without functions of ours, and what must run before.
    fn translated(&mut self, step: &Step) -> (Vec<Vec<u8>>, Vec<u8>) {
        let template = Template::read(step.args.bytes());
        let mut calls = Vec::new();
        for hole in template.holes() {
            let body = hole.body.print();
            if hole.kind == HoleKind::Variable
                && let What::Call(call) = split_body(&body).what
                && let Some(function) = signatures::function(&call.name).filter(|s| s.own)
            {
                if function.name != "ARGUMENT" {
                    self.foreign(step, function.name);
                    continue;
                }
                calls.push((hole.span.clone(), call.args));
            }
        }
        let mut before = Vec::new();
        let mut args = Vec::new();
        let mut at = 0;
        let several = calls.len() > 1;
        for (number, (span, name)) in calls.into_iter().enumerate() {
            self.escapes = true;
            before.push([b"Set(ARGUMENT=${", &name[..], b"})"].concat());
            before.push([b"Gosub(", ESCAPE, b",s,1)"].concat());
            args.extend_from_slice(&step.args.bytes()[at..span.start]);
            at = span.end;
            if several {
                before.push(format!("Set(ARGUMENT_{number}=${{ARGUMENT}})").into_bytes());
                args.extend(format!("${{ARGUMENT_{number}}}").into_bytes());
            } else {
                args.extend_from_slice(b"${ARGUMENT}");
            }
        }
        args.extend_from_slice(&step.args.bytes()[at..]);
        (before, args)
    }

    /// The subroutine that does what ARGUMENT does here.
    fn escape(&mut self) {
        if !self.escapes {
            return;
        }
        self.gap();
        self.line(b"; Puts a backslash before each character of ARGUMENT that a list of arguments would read.", None);
        self.line(&[b"[", ESCAPE, b"]"].concat(), None);
        let mut head = "exten => s,1";
        for special in ['\\', ',', '(', ')', '[', ']', '"'] {
            let line = format!(
                "{head},Set(ARGUMENT=${{STRREPLACE(ARGUMENT,\\{special},\\\\\\{special})}})"
            );
            self.line(line.as_bytes(), None);
            head = " same => n";
        }
        self.line(b" same => n,Return()", None);
    }

    /// What the files import of extensions.conf.
    fn imports(&mut self) {
        let mut all: Vec<String> = Vec::new();
        let sources = self.sources;
        for (_, file) in sources.files().filter(|(_, f)| dial::is_dial(f.name())) {
            for name in dial::imports(file.bytes()) {
                if !dial::is_dial(&name) && !all.contains(&name) && !self.includes(&name) {
                    all.push(name);
                }
            }
        }
        if !all.is_empty() {
            self.gap();
        }
        for name in all {
            self.line(format!("#include \"{name}\"").as_bytes(), None);
        }
    }

    /// Whether an extensions.conf is the one that includes the `.dial` files.
    fn includes(&self, name: &str) -> bool {
        let file: Option<FileId> = self.sources.find(name);
        let bytes = file.map_or(&b""[..], |f| self.sources.file(f).bytes());
        bytes.split(|b| *b == b'\n').any(|line| {
            let line = line.trim_ascii();
            line.starts_with(b"#include") && line.windows(5).any(|w| w == dial::SUFFIX.as_bytes())
        })
    }
}

/// The context of the subroutine that does what ARGUMENT does.
const ESCAPE: &[u8] = b"strowger-argument";

/// A blank that is not trimmed away.
const BLANK: &[u8] = b"${URIDECODE(%20)}";

/// A text as a line holds it: a semicolon would begin a comment (DL-011).
pub(crate) fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if *byte == b';' {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}
