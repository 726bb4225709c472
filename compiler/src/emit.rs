//! A plan of `.dial` printed as an extensions.conf: for an Asterisk that does not know the language.

use strowger_stdlib::signatures;
use strowger_stdlib::template::{HoleKind, Template, What, split_body};

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
    };
    let own = |span: Span| dial::is_dial(sources.file(span.file).name());
    let globals: Vec<&Global> = hir.globals.iter().filter(|g| own(g.span)).collect();
    if !globals.is_empty() {
        printer.line(b"[globals]", None);
        globals.iter().for_each(|g| printer.global(g));
    }
    for context in hir.contexts.iter().filter(|c| own(c.span)) {
        printer.context(context);
    }
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

    fn step(&mut self, step: &Step, mut line: Vec<u8>, number: &str) {
        line.extend_from_slice(number.as_bytes());
        if let Some(label) = &step.label {
            line.extend([b"(", &escaped(label.bytes())[..], b")"].concat());
        }
        line.push(b',');
        line.extend(escaped(step.app.bytes()));
        line.push(b'(');
        line.extend(escaped(step.args.bytes()));
        line.push(b')');
        self.line(&line, Some(step.span));
        let application = signatures::application(step.app.bytes());
        let mut foreign: Vec<&'static str> = Vec::new();
        foreign.extend(application.filter(|s| s.own).map(|s| s.name));
        let arguments = Template::read(step.args.bytes());
        for hole in arguments.holes() {
            if hole.kind == HoleKind::Variable
                && let What::Call(call) = split_body(&hole.body.print()).what
            {
                let function = signatures::function(&call.name);
                foreign.extend(function.filter(|s| s.own).map(|s| s.name));
            }
        }
        foreign.dedup();
        for name in foreign {
            self.refused.push(Refusal {
                span: step.span,
                why: format!("this needs `{name}`, which no Asterisk has"),
            });
        }
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

/// A blank that is not trimmed away.
const BLANK: &[u8] = b"${URIDECODE(%20)}";

/// A text as a line holds it: a semicolon would begin a comment (DL-011).
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if *byte == b';' {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}
