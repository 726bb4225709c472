//! `strowger.toml`: what Asterisk's files have no word for.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Range;
use std::path::PathBuf;

use strowger_compiler::Surroundings;
use strowger_compiler::audit::Denied;
use strowger_compiler::codes;
use strowger_compiler::diagnostic::{Diagnostic, Level};
use strowger_compiler::edit_distance::nearest;
use strowger_compiler::levels::{Levels, Profile, Target, Who};
use strowger_compiler::source::{FileId, Sources, Span};
use strowger_stdlib::dialect::{self, Dialect};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::findings::Findings;

/// What an absent `allowguest` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guests {
    /// Unknown callers are refused.
    #[default]
    Refused,
    /// As in Asterisk's chan_sip: they enter the general context.
    Asterisk,
}

/// Where bindings and the database live.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreChoice {
    /// In a file of the usual place: `astdbdir`, else the configuration directory.
    #[default]
    File,
    /// In that file; a relative path starts at the configuration directory.
    At(PathBuf),
    /// Nowhere: forgotten at the end.
    Memory,
}

/// Which plan calls run that a reload finds in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallsAtReload {
    /// As in Asterisk: they move to the new plan, by name and number.
    #[default]
    Move,
    /// They stay on the plan with which they began.
    Stay,
}

/// The contents of `strowger.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// `[sip] guests`.
    pub guests: Guests,
    /// `[dialplan] asterisk_version`: whose habits count where versions differ.
    pub dialect: Dialect,
    /// `[sandbox] grants`: capabilities that applications may use, such as `shell`.
    pub grants: BTreeSet<String>,
    /// `[store]`.
    pub store: StoreChoice,
    /// `[bind] address`: what a listener on `0.0.0.0` or `::` binds instead.
    pub bind_address: Option<IpAddr>,
    /// `[bind] port`: what a listener without a port of its own binds; 0 takes a free one.
    pub bind_port: Option<u16>,
    /// `[reload] calls`.
    pub calls_at_reload: CallsAtReload,
    /// `[levels]`: code or family, and its level.
    pub levels: Vec<(Who, Level)>,
    /// `[check]`: only for those who check the plan.
    pub check: Check,
}

impl Options {
    /// How loud each code is to an exchange that runs the plan.
    #[must_use]
    pub fn levels(&self) -> Levels {
        Levels::new(Profile::Default, Target::Strowger).with(&self.levels)
    }
}

/// `[check]` of `strowger.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Check {
    /// `profile`.
    pub profile: Option<Profile>,
    /// `target`, with the release that the plan is read as.
    pub target: Option<(Target, Option<Dialect>)>,
    /// Another table than `dialplan`, `levels` and `check` is there: somebody runs the plan here.
    pub runs: bool,
    /// `generated = "all"`: files that a program wrote are checked as if somebody had.
    pub generated: bool,
    /// `entries`, `guests`, `trunks`, `trust`, `emergency` and `denied`.
    pub surroundings: Surroundings,
}

impl Check {
    /// What the plan is to run on: the target, or else this exchange if the file says how to run it here, and an Asterisk if not.
    #[must_use]
    pub fn target(&self) -> (Target, Option<Dialect>) {
        self.target.unwrap_or(match self.runs {
            true => (Target::Strowger, None),
            false => (Target::Asterisk, None),
        })
    }
}

/// What `strowger` or `asterisk-20` means: the target and, with an Asterisk, its release.
#[must_use]
pub fn target(word: &str) -> Option<(Target, Option<Dialect>)> {
    match word.strip_prefix("asterisk-") {
        Some(release) => Some((Target::Asterisk, Some(Dialect::named(release)?))),
        None => (word == "strowger").then_some((Target::Strowger, None)),
    }
}

/// Capabilities that can be granted.
pub const GRANTS: [&str; 5] = ["shell", "agi", "file", "http", "env"];

/// Tables and their keys; a table without keys takes any.
const TABLES: &[(&str, &[&str])] = &[
    ("dialplan", &["asterisk_version"]),
    ("sip", &["guests"]),
    ("sandbox", &["grants"]),
    ("store", &["location", "path"]),
    ("bind", &["address", "port"]),
    ("levels", &[]),
    (
        "check",
        &[
            "profile",
            "target",
            "generated",
            "entries",
            "guests",
            "trunks",
            "trust",
            "emergency",
            "denied",
        ],
    ),
    ("reload", &["calls"]),
    ("trust", &[]),
    ("cost", &[]),
];

/// Reads `strowger.toml`. What is wrong is reported and has its default.
pub(super) fn read(sources: &Sources, file: FileId, findings: &mut Findings) -> Options {
    let bytes = sources.file(file).bytes();
    let mut reader = Reader {
        file,
        options: Options::default(),
        findings,
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let (table, errors) = DeTable::parse_recoverable(text);
            for error in errors.iter().take(Reader::ERRORS) {
                let span = reader.span(error.span().unwrap_or(0..0));
                reader.findings.add(
                    Diagnostic::new("C030", "strowger.toml cannot be read here", span)
                        .label(error.message().to_owned()),
                );
            }
            reader.document(table.get_ref());
        }
        Err(error) => {
            let at = error.valid_up_to();
            let span = reader.span(at..at + 1);
            reader.findings.add(
                Diagnostic::new("C030", "strowger.toml is not UTF-8", span)
                    .label("nothing of it counts"),
            );
        }
    }
    reader.options
}

/// `18`, `"18"`, `1.8`, `"1.8"`.
fn release(value: &DeValue<'_>) -> Option<Dialect> {
    Dialect::named(match value {
        DeValue::Integer(n) => n.as_str(),
        DeValue::Float(n) => n.as_str(),
        DeValue::String(text) => text,
        _ => return None,
    })
}

struct Reader<'a> {
    file: FileId,
    options: Options,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    /// More errors than these in one file help nobody.
    const ERRORS: usize = 20;

    fn span(&self, range: Range<usize>) -> Span {
        let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span {
            file: self.file,
            start: offset(range.start),
            end: offset(range.end),
        }
    }

    fn bad(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let span = self.span(value.span());
        self.findings.add(
            Diagnostic::new(
                "C021",
                format!("`{key}` has a value that it cannot have"),
                span,
            )
            .label(format!("expected {wanted}")),
        );
    }

    fn unknown(&mut self, what: &str, name: &str, span: Range<usize>, known: &[&'static str]) {
        let span = self.span(span);
        let mut finding = Diagnostic::new(
            "C010",
            format!("`{name}` is no {what} of strowger.toml"),
            span,
        )
        .label("ignored");
        if let Some(near) = nearest(name, known.iter().copied()) {
            finding = finding.help(format!("did you mean `{near}`?"));
        }
        self.findings.add(finding);
    }

    fn document(&mut self, table: &DeTable<'_>) {
        let names: Vec<&'static str> = TABLES.iter().map(|(n, _)| *n).collect();
        for (name, value) in table {
            let Some((section, keys)) = TABLES.iter().find(|(n, _)| *n == name.get_ref().as_ref())
            else {
                self.unknown("table", name.get_ref(), name.span(), &names);
                continue;
            };
            let DeValue::Table(entries) = value.get_ref() else {
                self.bad(section, value, &format!("a table, written `[{section}]`"));
                continue;
            };
            self.options.check.runs |= !matches!(*section, "dialplan" | "levels" | "check");
            if matches!(*section, "trust" | "cost") {
                let span = self.span(name.span());
                self.findings.add(
                    Diagnostic::new("C020", format!("`[{section}]` is not served yet"), span)
                        .label("without effect"),
                );
                continue;
            }
            for (key, value) in entries {
                let word = key.get_ref().as_ref();
                if !keys.is_empty() && !keys.contains(&word) {
                    self.unknown(&format!("key of `[{section}]`"), word, key.span(), keys);
                    continue;
                }
                if *section == "levels" && Who::parse(word).is_none() {
                    let known: Vec<&'static str> = codes::all()
                        .chain(codes::exchange())
                        .map(|c| c.id)
                        .chain(codes::FAMILIES.iter().map(|(name, _)| *name))
                        .collect();
                    self.unknown("code or family", word, key.span(), &known);
                    continue;
                }
                self.entry(section, word, value);
            }
        }
    }

    fn entry(&mut self, section: &str, key: &str, value: &Spanned<DeValue<'_>>) {
        let text = value.get_ref().as_str();
        let integer = || match value.get_ref() {
            DeValue::Integer(n) => u32::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        match (section, key) {
            ("dialplan", "asterisk_version") => match release(value.get_ref()) {
                Some(dialect) => self.options.dialect = dialect,
                None => self.bad(
                    key,
                    value,
                    &format!("an Asterisk release: {}", dialect::RELEASES),
                ),
            },
            ("sip", "guests") => match text {
                Some("asterisk") => self.options.guests = Guests::Asterisk,
                Some("refused") => self.options.guests = Guests::Refused,
                _ => self.bad(key, value, "\"asterisk\" or \"refused\""),
            },
            ("sandbox", "grants") => self.grants(value),
            ("store", "location") => match text {
                Some("memory") => self.options.store = StoreChoice::Memory,
                Some("file") => {
                    if self.options.store == StoreChoice::Memory {
                        self.options.store = StoreChoice::File;
                    }
                }
                _ => self.bad(key, value, "\"file\" or \"memory\""),
            },
            ("store", "path") => match text {
                Some(path) if !path.is_empty() => {
                    if self.options.store != StoreChoice::Memory {
                        self.options.store = StoreChoice::At(PathBuf::from(path));
                    }
                }
                _ => self.bad(key, value, "a path"),
            },
            ("reload", "calls") => match text {
                Some("move") => self.options.calls_at_reload = CallsAtReload::Move,
                Some("stay") => self.options.calls_at_reload = CallsAtReload::Stay,
                _ => self.bad(key, value, "\"move\" or \"stay\""),
            },
            ("bind", "address") => match text.and_then(|t| t.parse().ok()) {
                Some(address) => self.options.bind_address = Some(address),
                None => self.bad(key, value, "an address, as \"127.0.0.1\""),
            },
            ("bind", "port") => match integer().and_then(|n| u16::try_from(n).ok()) {
                Some(port) => self.options.bind_port = Some(port),
                None => self.bad(key, value, "a port from 0 to 65535"),
            },
            ("levels", _) => match (Who::parse(key), text.and_then(Level::parse)) {
                (Some(who), Some(level)) => self.options.levels.push((who, level)),
                (Some(_), None) => {
                    self.bad(key, value, "\"allow\", \"note\", \"warn\" or \"deny\"");
                }
                // Told already, at its key.
                (None, _) => {}
            },
            ("check", "profile") => match text.and_then(Profile::parse) {
                Some(profile) => self.options.check.profile = Some(profile),
                None => self.bad(key, value, "\"asterisk\", \"default\" or \"strict\""),
            },
            ("check", "target") => match text.and_then(target) {
                Some(target) => self.options.check.target = Some(target),
                None => self.bad(
                    key,
                    value,
                    "\"strowger\", \"asterisk-20\" or \"asterisk-23\"",
                ),
            },
            ("check", "entries") => {
                let found = self.texts(key, value, "[\"from-trunk\"]");
                self.options.check.surroundings.entries = found;
            }
            ("check", "guests" | "trunks" | "trust") => {
                let found = self.texts(key, value, "[\"default\"]");
                let surroundings = &mut self.options.check.surroundings;
                match key {
                    "guests" => surroundings.guests = found,
                    "trunks" => surroundings.trunks = found,
                    _ => surroundings.trust = found,
                }
            }
            ("check", "emergency") => {
                let found = self.texts(key, value, "[\"112\"]");
                self.options.check.surroundings.emergency = found;
            }
            ("check", "denied") => {
                let words = self.texts(key, value, "[\"unchecked\", \"shell\"]");
                let named = |word: &Vec<u8>| std::str::from_utf8(word).ok().and_then(Denied::named);
                if words.iter().any(|word| named(word).is_none()) {
                    let all: Vec<&str> = Denied::all().map(Denied::word).collect();
                    self.bad(key, value, &format!("some of {}", all.join(", ")));
                }
                self.options.check.surroundings.denied = words.iter().filter_map(named).collect();
            }
            ("check", "generated") => match text {
                Some("all") => self.options.check.generated = true,
                Some("security") => self.options.check.generated = false,
                _ => self.bad(key, value, "\"security\" or \"all\""),
            },
            _ => {}
        }
    }

    /// A list of texts.
    fn texts(&mut self, key: &str, value: &Spanned<DeValue<'_>>, example: &str) -> Vec<Vec<u8>> {
        let DeValue::Array(list) = value.get_ref() else {
            self.bad(key, value, &format!("a list, as {example}"));
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in list {
            match item.get_ref().as_str().filter(|t| !t.is_empty()) {
                Some(text) => out.push(text.as_bytes().to_vec()),
                None => self.bad(key, item, "a text"),
            }
        }
        out
    }

    fn grants(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Array(list) = value.get_ref() else {
            self.bad("grants", value, "a list, as [\"shell\"]");
            return;
        };
        for item in list {
            match item.get_ref().as_str().filter(|t| GRANTS.contains(t)) {
                Some(grant) => {
                    self.options.grants.insert(grant.to_owned());
                }
                None => self.bad("grants", item, &format!("one of {}", GRANTS.join(", "))),
            }
        }
    }
}
