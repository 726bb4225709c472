//! The reader of the configuration file layer: headers, directives, values.

use std::collections::{HashMap, HashSet};

use super::comment::Comments;
use super::line::{
    COPIED, Config, INCLUDE_DEPTH, INCLUDED_FILES, LINE_BYTES, NAME_BYTES, PROBLEMS, Section,
    VALUES, Value,
};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Sources, Span, Text};

/// Reads a file and what it includes.
pub(super) fn read(sources: &Sources, file: FileId) -> Config {
    let mut reader = Reader {
        sources,
        out: Config::default(),
        by_name: HashMap::new(),
        current: None,
        homeless: false,
        included: HashSet::new(),
        asked: HashSet::new(),
        files: 0,
        values: 0,
        copied: 0,
        full: false,
    };
    reader.file(file, 0, &mut 0);
    reader.out
}

/// Why reading of a file stops.
struct Stop;

struct Reader<'a> {
    sources: &'a Sources,
    out: Config,
    /// Lower-case name -> first section of that name, templates apart (DL-026, DL-029).
    by_name: HashMap<(Vec<u8>, bool), usize>,
    current: Option<usize>,
    /// A value before any section has been reported.
    homeless: bool,
    included: HashSet<FileId>,
    asked: HashSet<String>,
    files: usize,
    values: usize,
    copied: usize,
    full: bool,
}

impl Reader<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.out.diagnostics.len() < PROBLEMS {
            self.out.diagnostics.push(diagnostic);
        }
    }

    /// Reports a problem for which Asterisk gives up the file.
    fn fatal(&mut self, depth: usize, diagnostic: Diagnostic) -> Result<(), Stop> {
        let diagnostic = if depth == 0 {
            self.out.refused = true;
            diagnostic.help("Asterisk refuses the whole file for this")
        } else {
            diagnostic.help("Asterisk stops reading this included file here")
        };
        self.report(diagnostic);
        // The first file is read on, so that one run shows everything that is wrong with it.
        if depth == 0 { Ok(()) } else { Err(Stop) }
    }

    /// One file; `counted` is the line counter that runs through the files of one pattern.
    fn file(&mut self, id: FileId, depth: usize, counted: &mut u32) {
        let source = self.sources.file(id);
        let bytes = source.bytes();
        let mut comments = Comments::new(id);
        let mut start = 0;
        let mut line = 0;
        while start < bytes.len() {
            line += 1;
            *counted += 1;
            let end = bytes[start..]
                .iter()
                .position(|b| *b == b'\n')
                .map_or(bytes.len(), |n| start + n + 1);
            let from = if line == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
                3
            } else {
                start
            };
            let raw = &bytes[from..end];
            start = end;
            let raw = match raw.iter().position(|b| *b == 0) {
                Some(zero) => {
                    let at = Span {
                        file: id,
                        start: (from + zero) as u32,
                        end: (from + zero + 1) as u32,
                    };
                    self.report(
                        Diagnostic::new("S132", "a NUL byte ends the line", at)
                            .label("what follows on this line is not read"),
                    );
                    &raw[..zero]
                }
                None => raw,
            };
            let span = Span {
                file: id,
                start: from as u32,
                end: (from + raw.len()) as u32,
            };
            if raw.len() > LINE_BYTES {
                let shown = Span {
                    end: span.start + 40,
                    ..span
                };
                self.report(
                    Diagnostic::new("S126", format!("the line is {} bytes long; lines of more than {LINE_BYTES} bytes are dropped", raw.len()), shown)
                        .label("this whole line is ignored"),
                );
                continue;
            }
            // Lines that nothing stands on are many.
            if raw.iter().all(|b| *b <= 32) {
                continue;
            }
            let Some(live) = comments.strip(source.text(span)) else {
                continue;
            };
            let live = live.into_trimmed();
            if live.is_empty() {
                continue;
            }
            let read = match live.bytes()[0] {
                b'[' => self.header(&live, depth),
                b'#' => self.directive(&live, depth),
                _ => self.value(&live, depth, (line, *counted), comments.cut),
            };
            if read.is_err() {
                break;
            }
        }
        for diagnostic in comments.finish() {
            self.report(diagnostic);
        }
        // Asterisk counts the read that finds the end of a file.
        *counted += 1;
    }

    fn find(&self, name: &[u8], template_too: bool) -> Option<usize> {
        let key = name.to_ascii_lowercase();
        let plain = self.by_name.get(&(key.clone(), false)).copied();
        let template = if template_too {
            self.by_name.get(&(key, true)).copied()
        } else {
            None
        };
        match (plain, template) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// `[name](options)` (DL-020..029).
    fn header(&mut self, line: &Text, depth: usize) -> Result<(), Stop> {
        let bytes = line.bytes();
        let Some(close) = bytes.iter().position(|b| *b == b']') else {
            self.current = None;
            self.homeless = true;
            let fix_at = line.place(line.len().saturating_sub(1)).after();
            let found =
                Diagnostic::new("S124", "the section header has no closing `]`", line.span())
                    .label("`]` is missing")
                    .fix("add `]`", fix_at, "]", false);
            return self.fatal(depth, found);
        };
        let cut = close.min(1 + NAME_BYTES);
        let name = line.slice(1..cut);
        if close > cut {
            self.report(
                Diagnostic::new(
                    "S134",
                    format!("section names end after {NAME_BYTES} bytes"),
                    line.span_of(1..close),
                )
                .label(format!("read as `{}`", name.lossy())),
            );
        }
        let mut section = Section {
            name: name.bytes().to_vec(),
            span: name.span(),
            template: false,
            bases: Vec::new(),
            values: Vec::new(),
        };
        let mut append_to = None;
        let after = &bytes[close + 1..];
        if after.first() == Some(&b'(') {
            let from = close + 2;
            let Some(end) = bytes[from..]
                .iter()
                .position(|b| *b == b')')
                .map(|n| from + n)
            else {
                self.current = None;
                self.homeless = true;
                let found = Diagnostic::new(
                    "S124",
                    "the options of the section header have no closing `)`",
                    line.span_of(close + 1..line.len()),
                )
                .label("`)` is missing");
                return self.fatal(depth, found);
            };
            if end + 1 < bytes.len() {
                self.report(
                    Diagnostic::new(
                        "S107",
                        "text after the options of a section header is ignored",
                        line.span_of(end + 1..line.len()),
                    )
                    .label("never read")
                    .fix(
                        "remove it",
                        line.span_of(end + 1..line.len()),
                        "",
                        true,
                    ),
                );
            }
            let mut at = from;
            for option in bytes[from..end].split(|b| *b == b',') {
                let place = line.span_of(at..at + option.len());
                at += option.len() + 1;
                if option == b"!" {
                    match append_to {
                        Some(index) => self.set_template(index),
                        None => section.template = true,
                    }
                } else if let Some(filter) = option.strip_prefix(b"+") {
                    match self.addition(&section.name, filter) {
                        Some(index) => {
                            let own = std::mem::take(&mut section.values);
                            if section.template {
                                self.set_template(index);
                            }
                            let target = &mut self.out.sections[index];
                            target.values.extend(own);
                            target.bases.append(&mut section.bases);
                            append_to = Some(index);
                        }
                        None => {
                            self.current = None;
                            self.homeless = true;
                            let found = Diagnostic::new(
                                "S122",
                                format!("there is no section `{}` to add to", name.lossy()),
                                place,
                            )
                            .label("`+` adds to a section that stands above")
                            .fix(
                                "remove `(+)`",
                                line.span_of(close + 1..end + 1),
                                "",
                                false,
                            );
                            return self.fatal(depth, found);
                        }
                    }
                } else {
                    let Some(base) = self.find(option, true) else {
                        let shown = String::from_utf8_lossy(option).into_owned();
                        let mut found = Diagnostic::new(
                            "S122",
                            format!("there is no section `{shown}` above to copy from"),
                            place,
                        )
                        .label("not defined above this line");
                        if option.trim_ascii() != option {
                            found = found.help("blanks inside the parentheses belong to the name");
                        }
                        // The section is opened for what follows, so that its lines are checked.
                        self.fatal(depth, found)?;
                        continue;
                    };
                    let room = COPIED.saturating_sub(self.copied);
                    let from = &self.out.sections[base].values;
                    let mut copied = from[..from.len().min(room)].to_vec();
                    if from.len() > room && !std::mem::replace(&mut self.full, true) {
                        let message =
                            format!("sections copy more than {COPIED} values from each other");
                        self.report(
                            Diagnostic::new("S135", message, place)
                                .label("not all of it is copied"),
                        );
                    }
                    self.copied += copied.len();
                    for value in &mut copied {
                        value.inherited = true;
                    }
                    let target = append_to.map_or(&mut section, |i| &mut self.out.sections[i]);
                    target.values.append(&mut copied);
                    target.bases.push(option.to_vec());
                }
            }
        } else if !after.is_empty() {
            let rest = line.span_of(close + 1..line.len());
            let found = if after.trim_ascii_start().starts_with(b"(") {
                let blanks = after.len() - after.trim_ascii_start().len();
                Diagnostic::new(
                    "S125",
                    "options of a section header must follow the `]` directly",
                    rest,
                )
                .label("ignored, so nothing is inherited")
                .fix(
                    "remove the blank",
                    line.span_of(close + 1..close + 1 + blanks),
                    "",
                    false,
                )
            } else {
                Diagnostic::new("S107", "text after a section header is ignored", rest)
                    .label("never read")
                    .fix("remove it", rest, "", true)
            };
            self.report(found);
        }
        self.current = Some(match append_to {
            Some(index) => index,
            None => {
                let index = self.out.sections.len();
                self.by_name
                    .entry((section.name.to_ascii_lowercase(), section.template))
                    .or_insert(index);
                self.out.sections.push(section);
                index
            }
        });
        Ok(())
    }

    fn set_template(&mut self, index: usize) {
        let section = &mut self.out.sections[index];
        section.template = true;
        let key = section.name.to_ascii_lowercase();
        if self.by_name.get(&(key.clone(), false)) == Some(&index) {
            self.by_name.remove(&(key.clone(), false));
            let next = self
                .out
                .sections
                .iter()
                .position(|s| !s.template && s.name.eq_ignore_ascii_case(&key));
            if let Some(next) = next {
                self.by_name.insert((key.clone(), false), next);
            }
        }
        self.by_name.entry((key, true)).or_insert(index);
    }

    /// The section that `(+)` or `(+key=value&...)` means.
    fn addition(&self, name: &[u8], filter: &[u8]) -> Option<usize> {
        if filter.is_empty() {
            return self.find(name, false);
        }
        let mut templates = false;
        let mut wanted = Vec::new();
        for condition in filter.split(|b| *b == b'&') {
            let equals = condition.iter().position(|b| *b == b'=')?;
            let (key, value) = (&condition[..equals], &condition[equals + 1..]);
            if key.eq_ignore_ascii_case(b"TEMPLATES") {
                templates = value.eq_ignore_ascii_case(b"include")
                    || value.eq_ignore_ascii_case(b"restrict");
            } else {
                wanted.push((key, value));
            }
        }
        // Keys and values are compared as text; regular expressions are not served here.
        self.out.sections.iter().position(|s| {
            s.name.eq_ignore_ascii_case(name)
                && (templates || !s.template)
                && wanted.iter().all(|(key, value)| {
                    s.values
                        .iter()
                        .any(|v| v.key.bytes() == *key && v.text.bytes() == *value)
                })
        })
    }

    /// `#include`, `#tryinclude`, `#exec` (DL-038..042).
    fn directive(&mut self, line: &Text, depth: usize) -> Result<(), Stop> {
        let bytes = line.bytes();
        let end = bytes.iter().position(|b| *b <= 32).unwrap_or(bytes.len());
        let word = String::from_utf8_lossy(&bytes[1..end]).to_ascii_lowercase();
        let argument = line.slice(end..line.len()).into_trimmed();
        let try_only = word == "tryinclude";
        match word.as_str() {
            "include" | "tryinclude" => {}
            "exec" => {
                self.out.open = true;
                self.report(
                    Diagnostic::new("S127", "`#exec` is not run", line.span())
                        .label("what this command would print is not part of the configuration")
                        .help("Asterisk runs it only with `execincludes=yes` in asterisk.conf; write its output to a file and `#include` that"),
                );
                return Ok(());
            }
            _ => {
                let found = Diagnostic::new(
                    "S102",
                    format!("`#{word}` is no directive; `#` does not begin a comment"),
                    line.span_of(0..end),
                )
                .label("this line is ignored, with a warning in Asterisk's log")
                .fix("begin the comment with `;`", line.span_of(0..1), ";", true);
                self.report(
                    match crate::edit_distance::nearest(&word, ["include", "tryinclude", "exec"]) {
                        Some(near) => found.help(format!("perhaps `#{near}` was meant")),
                        None => found,
                    },
                );
                return Ok(());
            }
        }
        if argument.is_empty() {
            self.report(
                Diagnostic::new("S133", format!("`#{word}` needs a file name"), line.span())
                    .label("nothing is included"),
            );
            return Ok(());
        }
        let name = match argument.bytes() {
            [b'"', inner @ .., b'"'] | [b'<', inner @ .., b'>'] => inner,
            plain => plain,
        };
        let name = String::from_utf8_lossy(name).into_owned();
        let place = argument.span();
        if depth >= INCLUDE_DEPTH || self.files >= INCLUDED_FILES {
            self.out.open = true;
            let why = if depth >= INCLUDE_DEPTH {
                format!("files include each other more than {INCLUDE_DEPTH} deep")
            } else {
                format!("more than {INCLUDED_FILES} files are included")
            };
            let found = Diagnostic::new("S128", why, place).label("not included");
            if try_only || self.files >= INCLUDED_FILES {
                self.report(found);
                return Ok(());
            }
            return self.fatal(depth, found);
        }
        if self.asked.insert(name.clone()) {
            self.out.requests.push(name.clone());
        }
        let files = self.sources.resolve(&name);
        if files.is_empty() {
            if try_only {
                return Ok(());
            }
            self.out.open = true;
            let found = Diagnostic::new("S111", format!("the file `{name}` does not exist"), place)
                .label("nothing is there by this name")
                .help("write `#tryinclude` if the file may be absent");
            return self.fatal(depth, found);
        }
        let mut counted = 0;
        for file in files {
            self.files += 1;
            if self.files > INCLUDED_FILES {
                break;
            }
            if !self.included.insert(file) {
                let again = Diagnostic::new(
                    "S130",
                    format!(
                        "`{}` is included more than once",
                        self.sources.file(file).name()
                    ),
                    place,
                )
                .label("its lines are read again");
                self.report(again);
            }
            self.file(file, depth + 1, &mut counted);
        }
        Ok(())
    }

    /// `key = value`, `key => value`, `key += value` (DL-031..036).
    fn value(
        &mut self,
        line: &Text,
        depth: usize,
        (number, listed_line): (u32, u32),
        comment: Option<Span>,
    ) -> Result<(), Stop> {
        let Some(current) = self.current else {
            if std::mem::replace(&mut self.homeless, true) {
                return Ok(());
            }
            let found = Diagnostic::new(
                "S114",
                "this line stands before the first section",
                line.span(),
            )
            .label("a `[section]` must come first");
            return self.fatal(depth, found);
        };
        let escaped = line.bytes()[0] == b'\\';
        if escaped && line.bytes().get(1).is_none_or(|b| *b < 33) {
            let found = Diagnostic::new(
                "S131",
                "a `\\` at the start of a line must stand before a character",
                line.span_of(0..1),
            )
            .label("nothing to protect");
            return self.fatal(depth, found);
        }
        let line = if escaped {
            &line.slice(1..line.len())
        } else {
            line
        };
        let bytes = line.bytes();
        // The protected character is not looked at.
        let from = usize::from(escaped);
        let Some(equals) = bytes[from..]
            .iter()
            .position(|b| *b == b'=')
            .map(|n| n + from)
        else {
            self.report(stray(line));
            return Ok(());
        };
        let adds = equals > from && bytes[equals - 1] == b'+';
        let key = line
            .slice(0..if adds { equals - 1 } else { equals })
            .into_trimmed();
        let object = !adds && bytes.get(equals + 1) == Some(&b'>');
        let rest = line.slice(equals + 1 + usize::from(object)..line.len());
        if adds
            && let Some(old) = self.out.sections[current]
                .values
                .iter_mut()
                .rev()
                .find(|v| v.key.bytes() == key.bytes())
        {
            old.text.append(&rest);
            let end = old
                .text
                .bytes()
                .iter()
                .rposition(|b| *b > 32)
                .map_or(0, |i| i + 1);
            old.text = old.text.slice(0..end);
            return Ok(());
        }
        if key.is_empty() {
            self.report(
                Diagnostic::new("S129", "there is no name before the `=`", line.span())
                    .label("this line is ignored"),
            );
            return Ok(());
        }
        if self.values >= VALUES {
            return Ok(());
        }
        self.values += 1;
        if self.values == VALUES {
            self.report(
                Diagnostic::new(
                    "S135",
                    format!("the configuration holds more than {VALUES} values"),
                    line.span(),
                )
                .label("what follows is not read"),
            );
        }
        let value = Value {
            key,
            text: rest.into_trimmed(),
            object,
            inherited: false,
            line: number,
            listed_line,
            comment,
        };
        self.out.sections[current].values.push(value);
        Ok(())
    }
}

/// A line that is nothing (DL-036).
fn stray(line: &Text) -> Diagnostic {
    let bytes = line.bytes();
    let found = Diagnostic::new("S101", "this line has no `=`", line.span());
    if bytes.starts_with(b"//") {
        return found.label("comments begin with `;`").fix(
            "begin the comment with `;`",
            line.span_of(0..2),
            ";",
            true,
        );
    }
    if bytes.iter().all(|b| !b.is_ascii_alphanumeric()) {
        return found
            .label("ignored")
            .fix("make it a comment", line.span().before(), ";", true);
    }
    for key in ["exten", "same", "include"] {
        if bytes.len() > key.len()
            && bytes[..key.len()].eq_ignore_ascii_case(key.as_bytes())
            && bytes[key.len()] <= 32
        {
            return found.label("ignored").fix(
                "add `=>`",
                line.span_of(key.len()..key.len()),
                " =>",
                false,
            );
        }
    }
    found.label("ignored: it is neither `key = value`, nor a section, nor a comment")
}
