//! The table of all applications and functions: names, arguments, options,
//! results, versions, and who serves them. Read from `signatures/*.toml`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

/// The files of the table.
const FILES: &[(&str, &str)] = &[
    ("call.toml", include_str!("signatures/call.toml")),
    ("media.toml", include_str!("signatures/media.toml")),
    ("flow.toml", include_str!("signatures/flow.toml")),
    ("service.toml", include_str!("signatures/service.toml")),
    (
        "historical.toml",
        include_str!("signatures/historical.toml"),
    ),
    ("functions.toml", include_str!("signatures/functions.toml")),
    (
        "functions-channel.toml",
        include_str!("signatures/functions-channel.toml"),
    ),
    (
        "functions-historical.toml",
        include_str!("signatures/functions-historical.toml"),
    ),
];

/// An application or a function.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// As documented; applications are found in any letter case, functions
    /// only in this one.
    pub name: String,
    /// `Dial(devices[,timeout[,options[,url]]])`
    pub usage: String,
    /// One sentence.
    pub summary: String,
    /// The names of the arguments.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// How many arguments there must be.
    #[serde(default)]
    pub least: usize,
    /// The last parameter may be repeated.
    #[serde(default)]
    pub repeats: bool,
    /// The last argument is free text: commas in it are meant.
    #[serde(default)]
    pub text_last: bool,
    /// How the argument text is split.
    #[serde(default)]
    pub split: Split,
    /// Option letters and whether they take an argument.
    #[serde(default)]
    pub options: BTreeMap<char, OptionArgument>,
    /// Variables that it sets, in the order of setting, with the values that
    /// they may have (none listed: any).
    #[serde(default)]
    pub sets: Vec<Sets>,
    /// What the context must be allowed, if anything.
    #[serde(default)]
    pub capability: Option<Capability>,
    /// The first release that has it, if later than 1.0. Several with commas:
    /// the first ones of their branches, `18.16, 20.1`.
    #[serde(default)]
    pub since: Option<String>,
    /// The first release that does not have it any more.
    #[serde(default)]
    pub until: Option<String>,
    /// What to write instead.
    #[serde(default)]
    pub replaced_by: Option<String>,
    /// Who carries it out.
    pub served: Served,
    /// Compared with the documentation line by line.
    #[serde(default)]
    pub reviewed: bool,
    /// A function that `${}` may read.
    #[serde(default)]
    pub read: bool,
    /// A function that `Set()` may write.
    #[serde(default)]
    pub write: bool,
    /// The first argument is the name of a variable that is read.
    #[serde(default)]
    pub reads_variable: bool,
}

/// A variable that an application sets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sets {
    /// Its name.
    pub name: String,
    /// Its possible values; none: any.
    #[serde(default)]
    pub values: Vec<String>,
}

/// How an argument text is split (DL-229 to DL-244).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// At commas; quotes and backslashes vanish except in the last argument.
    #[default]
    Standard,
    /// At commas; nothing vanishes.
    Raw,
    /// Not at all.
    Whole,
    /// `condition?then:otherwise`
    Branches,
    /// `[[context,]extension,]priority`, with arguments in parentheses for
    /// subroutines.
    Target,
    /// `name=value`
    Assignment,
    /// `App(args)`
    Application,
    /// `family/key`
    Path,
}

/// Whether an option letter takes an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptionArgument {
    /// No.
    None,
    /// It may.
    Optional,
    /// It must.
    Required,
}

/// Who carries something out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Served {
    /// A function of [`crate::pure`].
    Pure,
    /// The VM alone.
    Vm,
    /// The VM asks the engine.
    Effect,
    /// Nobody yet: the user is told.
    Unserved,
}

/// What a context must be granted before something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// Calls to other devices and trunks.
    Dial,
    /// New calls that nobody asked for.
    Originate,
    /// Programs of the machine.
    Shell,
    /// Files of the machine.
    File,
    /// AGI programs and servers.
    Agi,
    /// HTTP.
    Http,
    /// The environment of the process.
    Env,
    /// The database of the exchange.
    Db,
}

impl Capability {
    /// As `strowger.toml` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Capability::Dial => "dial",
            Capability::Originate => "originate",
            Capability::Shell => "shell",
            Capability::File => "file",
            Capability::Agi => "agi",
            Capability::Http => "http",
            Capability::Env => "env",
            Capability::Db => "db",
        }
    }
}

impl Signature {
    /// How many arguments there may be; `None`: any number.
    pub fn most(&self) -> Option<usize> {
        if self.repeats || self.split == Split::Whole {
            None
        } else {
            Some(self.parameters.len())
        }
    }

    /// The slots that the splitter fills: the last one takes the rest.
    pub fn slots(&self) -> usize {
        if self.repeats {
            usize::from(u8::MAX)
        } else {
            self.parameters.len().max(1)
        }
    }

    /// The index of the argument that holds option letters.
    pub fn option_slot(&self) -> Option<usize> {
        self.parameters.iter().position(|name| name == "options")
    }

    /// Whether a release has it.
    pub fn exists_in(&self, version: Version) -> bool {
        let since = self
            .since
            .as_deref()
            .is_none_or(|list| began(list, version));
        let until = self.until.as_deref().and_then(Version::read);
        since && until.is_none_or(|until| version < until)
    }

    /// The option letters in the order of the alphabet.
    pub fn option_letters(&self) -> impl Iterator<Item = (char, OptionArgument)> {
        self.options
            .iter()
            .map(|(letter, argument)| (*letter, *argument))
    }
}

/// Whether a release has what came with one of these, `18.16, 20.1`: in a
/// branch that is named from there on, else only after all of them.
fn began(list: &str, version: Version) -> bool {
    let mut named = None;
    let mut last = None;
    for since in list.split(',').filter_map(|one| Version::read(one.trim())) {
        if since.0 == version.0 {
            named = Some(version >= since);
        }
        last = last.max(Some(since));
    }
    named.unwrap_or_else(|| last.is_none_or(|last| version >= last))
}

/// A release, `1.6.2` or `18.21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// Reads up to three numbers with points between.
    pub fn read(text: &str) -> Option<Version> {
        let mut parts = text.split('.').map(str::parse::<u16>);
        let first = parts.next()?.ok()?;
        let mut next = || parts.next().map_or(Some(0), Result::ok);
        Some(Version(first, next()?, next()?))
    }
}

/// Without zeros that say nothing: `1.6.2`, `1.8`, `21`.
impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Version(major, minor, patch) = *self;
        write!(f, "{major}")?;
        if (minor, patch) != (0, 0) {
            write!(f, ".{minor}")?;
        }
        if patch != 0 {
            write!(f, ".{patch}")?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    application: Vec<Signature>,
    #[serde(default)]
    function: Vec<Signature>,
}

/// What applications and functions of all releases may put into one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcomes {
    /// One of these words.
    Words(Vec<&'static str>),
    /// Anything.
    Any,
}

struct Table {
    applications: Vec<Signature>,
    functions: Vec<Signature>,
    by_application: HashMap<Vec<u8>, usize>,
    by_function: HashMap<Vec<u8>, usize>,
}

/// Variables that applications and functions set, made when first asked for.
static SETS: LazyLock<HashMap<&'static [u8], Outcomes>> = LazyLock::new(|| {
    let mut found: HashMap<&'static [u8], Outcomes> = HashMap::new();
    let all = applications().iter().chain(functions());
    for set in all.flat_map(|s| &s.sets) {
        let words = set.values.iter().map(String::as_str);
        match found.get_mut(set.name.as_bytes()) {
            _ if set.values.is_empty() => {
                found.insert(set.name.as_bytes(), Outcomes::Any);
            }
            None => {
                found.insert(set.name.as_bytes(), Outcomes::Words(words.collect()));
            }
            Some(Outcomes::Any) => {}
            Some(Outcomes::Words(list)) => {
                for word in words {
                    if !list.contains(&word) {
                        list.push(word);
                    }
                }
            }
        }
    }
    found
});

/// What a variable holds that applications or functions of some release set; `None`: none of them sets it.
pub fn sets(variable: &[u8]) -> Option<&'static Outcomes> {
    SETS.get(variable)
}

/// The table is part of the program, and a test reads it whole.
static TABLE: LazyLock<Table> =
    LazyLock::new(|| load().expect("the signature table is checked by a test"));

fn load() -> Result<Table, String> {
    let mut applications: Vec<Signature> = Vec::new();
    let mut functions: Vec<Signature> = Vec::new();
    for (name, text) in FILES {
        let file: File = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        applications.extend(file.application);
        functions.extend(file.function);
    }
    let index = |list: &[Signature], key: fn(&str) -> Vec<u8>| {
        let mut found = HashMap::new();
        for (at, signature) in list.iter().enumerate() {
            if found.insert(key(&signature.name), at).is_some() {
                return Err(format!("{} is listed twice", signature.name));
            }
        }
        Ok(found)
    };
    let by_application = index(&applications, |name| name.to_ascii_lowercase().into_bytes())?;
    let by_function = index(&functions, |name| name.as_bytes().to_vec())?;
    Ok(Table {
        applications,
        functions,
        by_application,
        by_function,
    })
}

/// Finds an application, in any letter case.
pub fn application(name: &[u8]) -> Option<&'static Signature> {
    let at = *TABLE.by_application.get(&name.to_ascii_lowercase())?;
    TABLE.applications.get(at)
}

/// Finds a function; letter case matters (DL-196). Names that begin with
/// `ODBC_` are made up in func_odbc.conf and share one entry.
pub fn function(name: &[u8]) -> Option<&'static Signature> {
    let table = &TABLE.by_function;
    let at = table.get(name).or_else(|| {
        name.starts_with(b"ODBC_")
            .then(|| table.get(&b"ODBC_name"[..]))
            .flatten()
    })?;
    TABLE.functions.get(*at)
}

/// All applications, in the order of the files.
pub fn applications() -> &'static [Signature] {
    &TABLE.applications
}

/// All functions, in the order of the files.
pub fn functions() -> &'static [Signature] {
    &TABLE.functions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pure;

    #[test]
    fn the_table_can_be_read() {
        let table = load().unwrap();
        assert!(table.applications.len() > 150);
        assert!(table.functions.len() > 150);
    }

    #[test]
    fn names_are_found_as_asterisk_finds_them() {
        assert_eq!(application(b"DIAL").unwrap().name, "Dial");
        assert_eq!(function(b"LEN").unwrap().name, "LEN");
        assert!(function(b"len").is_none());
        assert!(application(b"NoSuchApp").is_none());
    }

    #[test]
    fn every_entry_is_whole() {
        for signature in applications().iter().chain(functions()) {
            let name = &signature.name;
            assert!(!signature.summary.is_empty(), "{name}: no summary");
            assert!(
                signature.usage.starts_with(name.as_str()),
                "{name}: usage {}",
                signature.usage
            );
            assert!(
                signature.least <= signature.parameters.len(),
                "{name}: more arguments needed than there are"
            );
            for list in [&signature.since, &signature.until].into_iter().flatten() {
                for version in list.split(',') {
                    assert!(Version::read(version.trim()).is_some(), "{name}: {version}");
                }
            }
            if !signature.options.is_empty() {
                assert!(
                    signature.option_slot().is_some(),
                    "{name}: no slot for options"
                );
            }
        }
        for signature in functions() {
            let name = &signature.name;
            assert!(
                signature.read || signature.write,
                "{name}: neither read nor written"
            );
            let served = signature.served == Served::Pure;
            let pure = pure::find(name.as_bytes());
            let written = pure::write(name.as_bytes(), b"a", &crate::Value::EMPTY, b"");
            assert_eq!(
                served,
                pure.is_some() || written.is_some(),
                "{name}: pure or not"
            );
            if let Some(id) = pure {
                assert_eq!(
                    signature.reads_variable,
                    pure::reads_variable(id),
                    "{name}: reads a variable or not"
                );
            }
        }
        for signature in applications() {
            assert!(!signature.read && !signature.write, "{}", signature.name);
            assert_ne!(signature.served, Served::Pure, "{}", signature.name);
        }
        for (_, name) in pure::names() {
            assert!(
                function(name.as_bytes()).is_some(),
                "{name} is not in the table"
            );
        }
    }

    #[test]
    fn versions_decide_what_exists() {
        let macro_ = application(b"Macro").unwrap();
        assert!(macro_.exists_in(Version(20, 0, 0)));
        assert!(!macro_.exists_in(Version(21, 0, 0)));
        assert!(!function(b"TRIM").unwrap().exists_in(Version(1, 8, 0)));
        let if_ = application(b"If").unwrap();
        for (version, has) in [
            (Version(18, 15, 0), false),
            (Version(18, 16, 0), true),
            (Version(19, 8, 0), false),
            (Version(20, 0, 0), false),
            (Version(20, 1, 0), true),
            (Version(21, 0, 0), true),
            (Version(1, 4, 0), false),
        ] {
            assert_eq!(if_.exists_in(version), has, "{version:?}");
        }
    }
}
