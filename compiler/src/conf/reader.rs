//! The reader of the configuration file layer: headers, directives, values.

use std::collections::{HashMap, HashSet};

use strowger_stdlib::Dialect;

use super::comment::Comments;
use super::line::{
    COPIED, Config, INCLUDE_DEPTH, INCLUDED_FILES, LINE_BYTES, NAME_BYTES, PROBLEMS, Section,
    VALUES, Value,
};
use crate::diagnostic::Diagnostic;
use crate::dial;
use crate::source::{FileId, Sources, Span, Text};
use strowger_stdlib::regex::Regex;

/// Reads a file and what it includes.
pub(super) fn read(sources: &Sources, file: FileId, dialect: &Dialect) -> Config {
    let mut reader = Reader {
        sources,
        dialect,
        out: Config::default(),
        by_name: HashMap::new(),
        current: None,
        homeless: false,
        included: HashSet::new(),
        asked: HashMap::new(),
        files: 0,
        level: 1,
        values: 0,
        copied: 0,
        full: false,
    };
    reader.load(&[file], 0, 0);
    reader.out
}

/// Why reading of a file stops.
struct Stop;

struct Reader<'a> {
    sources: &'a Sources,
    dialect: &'a Dialect,
    out: Config,
    /// Lower-case name -> first section of that name, templates apart (DL-026, DL-029).
    by_name: HashMap<(Vec<u8>, bool), usize>,
    /// The section opened last in any file: an included file begins in it (DL-038).
    current: Option<usize>,
    /// A value before any section has been reported.
    homeless: bool,
    included: HashSet<FileId>,
    /// How often each include was written, spelled exactly.
    asked: HashMap<String, u32>,
    files: usize,
    /// Files that are open, as Asterisk counts them: one that it gave up stays counted, so the limit comes sooner (DL-039).
    level: usize,
    values: usize,
    copied: usize,
    full: bool,
}

/// Which sections a `(+...)` may mean.
enum Templates {
    Without,
    With,
    Only,
}

/// The files that one `#include` means, which are read like one: lines are counted through, a block comment may go on, and so does
/// the section.
struct Load {
    /// How deep below the first file.
    depth: usize,
    /// The section that lines belong to. One that an included file opens does not count for the lines behind the `#include`.
    section: Option<usize>,
    comments: Comments,
    /// Lines so far.
    counted: u32,
    /// The 1-based line of the file in work.
    line: u32,
    /// See [`Value::renamed`].
    renamed: u32,
}

/// The lines of a file as a reader with a buffer of [`LINE_BYTES`] sees them. A NUL byte ends a line, and hides from the reader that
/// its buffer is full: what follows then is a line of its own.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    /// A buffer full: where it begins, and its bytes.
    fn chunk(&mut self) -> Option<(usize, &'a [u8])> {
        let from = self.at;
        let rest = self.bytes.get(from..).filter(|rest| !rest.is_empty())?;
        let most = rest.len().min(LINE_BYTES + 1);
        let size = rest[..most]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(most, |n| n + 1);
        self.at += size;
        Some((from, &rest[..size]))
    }

    /// Whether the line goes on behind a chunk.
    fn is_cut(chunk: &[u8]) -> bool {
        chunk.len() > LINE_BYTES && chunk[LINE_BYTES] != b'\n' && !chunk.contains(&0)
    }
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

    /// The files of one `#include`.
    fn load(&mut self, files: &[FileId], depth: usize, renamed: u32) {
        let mut load = Load {
            depth,
            section: self.current,
            comments: Comments::new(),
            counted: 0,
            line: 0,
            renamed,
        };
        let given_up = files.iter().any(|id| {
            self.files += 1;
            self.files <= INCLUDED_FILES && self.file(*id, &mut load).is_err()
        });
        // Asterisk forgets to count a file out that it gave up.
        if !given_up {
            self.level -= 1;
        }
        for diagnostic in load.comments.finish() {
            self.report(diagnostic);
        }
    }

    /// One file.
    fn file(&mut self, id: FileId, load: &mut Load) -> Result<(), Stop> {
        let source = self.sources.file(id);
        let bytes = source.bytes();
        let mut lines = Lines { bytes, at: 0 };
        load.line = 0;
        while let Some((from, chunk)) = lines.chunk() {
            load.line += 1;
            load.counted += 1;
            if Lines::is_cut(chunk) {
                let mut end = from + chunk.len();
                while let Some((from, chunk)) = lines.chunk() {
                    end = from + chunk.len();
                    if !Lines::is_cut(chunk) {
                        break;
                    }
                }
                let start = from as u32;
                let shown = Span {
                    file: id,
                    start,
                    end: start + 40,
                };
                self.report(
                    Diagnostic::new("S126", format!("the line is {} bytes long; lines of more than {LINE_BYTES} bytes are dropped", bytes[from..end].trim_ascii_end().len()), shown)
                        .label("this whole line is ignored"),
                );
                continue;
            }
            let mark = load.counted == 1 && chunk.starts_with(b"\xef\xbb\xbf");
            let from = if mark { from + 3 } else { from };
            let raw = if mark { &chunk[3..] } else { chunk };
            let zero = match raw.contains(&0) {
                true => raw.iter().position(|b| *b == 0),
                false => None,
            };
            let raw = match zero {
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
            // Lines that nothing stands on are many.
            if raw.iter().all(|b| *b <= 32) {
                continue;
            }
            let Some(live) = load.comments.strip(source.text(span)) else {
                continue;
            };
            let live = live.into_trimmed();
            if live.is_empty() {
                continue;
            }
            match live.bytes()[0] {
                b'[' => self.header(&live, load)?,
                b'#' => self.directive(&live, load)?,
                _ => self.value(&live, load)?,
            }
        }
        // Asterisk counts the read that finds the end of a file, unless the last line ended without a line feed.
        if bytes.last().is_none_or(|b| *b == b'\n') {
            load.counted += 1;
        }
        Ok(())
    }

    /// The first section of this name; of an empty name, the first of all.
    fn find(&self, name: &[u8], template_too: bool) -> Option<usize> {
        if name.is_empty() {
            return self
                .out
                .sections
                .iter()
                .position(|s| template_too || !s.template);
        }
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
    fn header(&mut self, line: &Text, load: &mut Load) -> Result<(), Stop> {
        let depth = load.depth;
        let bytes = line.bytes();
        let Some(close) = bytes.iter().position(|b| *b == b']') else {
            load.section = None;
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
                load.section = None;
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
                } else if let Some(filter) = option
                    .strip_prefix(b"+")
                    .filter(|f| f.is_empty() || self.dialect.filtered_sections)
                {
                    match self.addition(&bytes[1..close], filter) {
                        Some(index) => {
                            let own = std::mem::take(&mut section.values);
                            if section.template {
                                self.set_template(index);
                            }
                            let target = &mut self.out.sections[index];
                            target.values.extend(own);
                            target.bases.append(&mut section.bases);
                            append_to = Some(index);
                            self.current = append_to;
                        }
                        None => {
                            load.section = None;
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
        load.section = Some(match append_to {
            Some(index) => index,
            None => {
                let index = self.out.sections.len();
                self.by_name
                    .entry((section.name.to_ascii_lowercase(), section.template))
                    .or_insert(index);
                self.out.sections.push(section);
                self.current = Some(index);
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
        let mut templates = Templates::Without;
        let mut wanted = Vec::new();
        for condition in filter.split(|b| *b == b'&') {
            let equals = condition.iter().position(|b| *b == b'=')?;
            let key = condition[..equals].trim_ascii();
            let value = condition[equals + 1..].trim_ascii();
            if key == b"TEMPLATES" {
                templates = if value.eq_ignore_ascii_case(b"include") {
                    Templates::With
                } else if value.eq_ignore_ascii_case(b"restrict") {
                    Templates::Only
                } else {
                    return None;
                };
            } else {
                wanted.push((Regex::new(key).ok()?, Regex::new(value).ok()?));
            }
        }
        self.out.sections.iter().position(|s| {
            (name.is_empty() || s.name.eq_ignore_ascii_case(name))
                && match templates {
                    Templates::Without => !s.template,
                    Templates::With => true,
                    Templates::Only => s.template,
                }
                && wanted.iter().all(|(key, value)| {
                    s.values
                        .iter()
                        .any(|v| key.is_match(v.key.bytes()) && value.is_match(v.text.bytes()))
                })
        })
    }

    /// `#include`, `#tryinclude`, `#exec` (DL-038..042).
    fn directive(&mut self, line: &Text, load: &mut Load) -> Result<(), Stop> {
        let depth = load.depth;
        let bytes = line.bytes();
        let end = bytes.iter().position(|b| *b <= 32).unwrap_or(bytes.len());
        let word = String::from_utf8_lossy(&bytes[1..end]).to_ascii_lowercase();
        let argument = line.slice(end..line.len()).into_trimmed();
        let try_only = word == "tryinclude";
        match word.as_str() {
            "include" => {}
            "tryinclude" if self.dialect.optional_includes => {}
            "tryinclude" => {
                self.report(
                    Diagnostic::new(
                        "S102",
                        "`#tryinclude` is no directive yet",
                        line.span_of(0..end),
                    )
                    .label("this line is ignored")
                    .help(format!(
                        "the plan is read as Asterisk {} does",
                        self.dialect
                    )),
                );
                return Ok(());
            }
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
        let again = match self.asked.get_mut(&name) {
            Some(count) => {
                *count += 1;
                *count
            }
            None => {
                self.asked.insert(name.clone(), 0);
                self.out.requests.push(name.clone());
                0
            }
        };
        if self.level > INCLUDE_DEPTH || self.files >= INCLUDED_FILES {
            self.out.open = true;
            let why = if self.level > INCLUDE_DEPTH {
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
        let mut files = self.sources.resolve(&name);
        if dial::is_dial(&name) && !files.is_empty() {
            for file in files.drain(..) {
                if !self.out.dials.contains(&file) {
                    self.out.dials.push(file);
                }
            }
            return Ok(());
        }
        if files.is_empty() {
            // What it would hold may be somewhere else.
            self.out.open = true;
            if try_only || self.sources.stood_in_for(&name) {
                return Ok(());
            }
            // Of another machine's folders nothing is known here.
            let why = if name.starts_with('/') {
                format!("the file `{name}` is not on this machine")
            } else {
                format!("the file `{name}` does not exist")
            };
            let found = Diagnostic::new("S111", why, place)
                .label("nothing is there by this name")
                .help("write `#tryinclude` if the file may be absent");
            return self.fatal(depth, found);
        }
        for file in &files {
            if !self.included.insert(*file) {
                let again = Diagnostic::new(
                    "S130",
                    format!(
                        "`{}` is included more than once",
                        self.sources.file(*file).name()
                    ),
                    place,
                )
                .label("its lines are read again");
                self.report(again);
            }
        }
        let renamed = if again == 0 {
            0
        } else {
            self.out.renamed.push(format!("{name}~~{again}"));
            self.out.renamed.len() as u32
        };
        self.level += 1;
        self.load(&files, depth + 1, renamed);
        Ok(())
    }

    /// `key = value`, `key => value`, `key += value` (DL-031..036).
    fn value(&mut self, line: &Text, load: &mut Load) -> Result<(), Stop> {
        let depth = load.depth;
        let Some(current) = load.section else {
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
        if escaped && line.bytes().get(1).is_none_or(|b| *b < 33 || *b >= 0x80) {
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
        let adds = self.dialect.appending && equals > from && bytes[equals - 1] == b'+';
        let key = line
            .slice(0..if adds { equals - 1 } else { equals })
            .into_trimmed();
        let object = !adds && bytes.get(equals + 1) == Some(&b'>');
        let rest = line.slice(equals + 1 + usize::from(object)..line.len());
        if adds && self.add(current, key.bytes(), &rest) {
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
            line: load.line,
            listed_line: load.counted,
            renamed: load.renamed,
            comment: load.comments.cut,
        };
        self.out.sections[current].values.push(value);
        Ok(())
    }
}

impl Reader<'_> {
    /// `key += more` (DL-034): the last value with exactly this key is longer now; false: there is none. Asterisk finds it by that
    /// key, but puts the longer text into the last value with this key in any letter case and with the same text.
    fn add(&mut self, section: usize, key: &[u8], more: &Text) -> bool {
        let values = &mut self.out.sections[section].values;
        let Some(old) = values.iter().rposition(|v| v.key.bytes() == key) else {
            return false;
        };
        let mut text = values[old].text.clone();
        let place = values.iter().rposition(|v| {
            v.key.bytes().eq_ignore_ascii_case(key)
                && (text.is_empty() || v.text.bytes().eq_ignore_ascii_case(text.bytes()))
        });
        text.append(more);
        values[place.unwrap_or(old)].text = text.trimmed();
        true
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
