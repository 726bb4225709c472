//! The table of all applications and functions: names, arguments, options,
//! results, versions, and who serves them. Read from `signatures/*.toml` when the program is built.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::table::{Table as Numbers, hash};

// `APPLICATIONS` and `FUNCTIONS`, as the build has made them from the files.
include!(concat!(env!("OUT_DIR"), "/signatures.rs"));

/// An application or a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// As documented; applications are found in any letter case, functions
    /// only in this one.
    pub name: &'static str,
    /// The same in small letters.
    pub lower: &'static str,
    /// `Dial(devices[,timeout[,options[,url]]])`
    pub usage: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The names of the arguments.
    pub parameters: &'static [&'static str],
    /// How many arguments there must be.
    pub least: usize,
    /// The last parameter may be repeated.
    pub repeats: bool,
    /// The last argument is free text: commas in it are meant.
    pub text_last: bool,
    /// How the argument text is split.
    pub split: Split,
    /// Option letters in the order of the alphabet, and whether they take an argument.
    pub options: &'static [(char, OptionArgument)],
    /// Variables that it sets, in the order of setting, with the values that
    /// they may have (none listed: any).
    pub sets: &'static [Sets],
    /// What the context must be allowed, if anything.
    pub capability: Option<Capability>,
    /// The first release that has it, if later than 1.0. Several with commas:
    /// the first ones of their branches, `18.16, 20.1`.
    pub since: Option<&'static str>,
    /// The first release that does not have it any more.
    pub until: Option<&'static str>,
    /// What to write instead.
    pub replaced_by: Option<&'static str>,
    /// Who carries it out.
    pub served: Served,
    /// Compared with the documentation line by line.
    pub reviewed: bool,
    /// A function that `${}` may read.
    pub read: bool,
    /// A function that `Set()` may write.
    pub write: bool,
    /// The first argument is the name of a variable that is read.
    pub reads_variable: bool,
    /// No Asterisk has it: it came with this exchange.
    pub own: bool,
}

/// A variable that an application sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sets {
    /// Its name.
    pub name: &'static str,
    /// Its possible values; none: any.
    pub values: &'static [&'static str],
}

/// How an argument text is split (DL-229 to DL-244).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionArgument {
    /// No.
    None,
    /// It may.
    Optional,
    /// It must.
    Required,
}

/// Who carries something out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
        self.parameters.iter().position(|name| *name == "options")
    }

    /// Whether a release has it.
    pub fn exists_in(&self, version: Version) -> bool {
        let since = self.since.is_none_or(|list| began(list, version));
        let until = self.until.and_then(Version::read);
        since && until.is_none_or(|until| version < until)
    }

    /// Whether it has an option of this letter, and what that takes.
    pub fn option(&self, letter: char) -> Option<OptionArgument> {
        let found = self.options.iter().find(|(known, _)| *known == letter);
        found.map(|(_, argument)| *argument)
    }

    /// The option letters in the order of the alphabet.
    pub fn option_letters(&self) -> impl Iterator<Item = (char, OptionArgument)> {
        self.options.iter().copied()
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

/// What applications and functions of all releases may put into one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcomes {
    /// One of these words.
    Words(Vec<&'static str>),
    /// Anything.
    Any,
}

/// Variables that applications and functions set, made when first asked for.
static SETS: LazyLock<HashMap<&'static [u8], Outcomes>> = LazyLock::new(|| {
    let mut found: HashMap<&'static [u8], Outcomes> = HashMap::new();
    let all = applications().iter().chain(functions());
    for set in all.flat_map(|s| s.sets) {
        let words = set.values.iter().copied();
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

/// Names of all variables that applications and functions of some release set.
pub fn variables() -> impl Iterator<Item = &'static [u8]> {
    SETS.keys().copied()
}

/// What a variable holds that applications or functions of some release set; `None`: none of them sets it.
pub fn sets(variable: &[u8]) -> Option<&'static Outcomes> {
    SETS.get(variable)
}

/// Where each name is, by its hash; applications in lower case.
struct Table {
    applications: Numbers,
    functions: Numbers,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table {
        applications: Numbers::with_capacity(APPLICATIONS.len()),
        functions: Numbers::with_capacity(FUNCTIONS.len()),
    };
    for (at, signature) in (0u32..).zip(APPLICATIONS) {
        let name = signature.name.to_ascii_lowercase();
        table.applications.insert(hash(name.as_bytes()), at);
    }
    for (at, signature) in (0u32..).zip(FUNCTIONS) {
        table.functions.insert(hash(signature.name.as_bytes()), at);
    }
    table
});

/// No name of an application is longer.
const LONGEST: usize = 32;

/// Finds an application, in any letter case.
pub fn application(name: &[u8]) -> Option<&'static Signature> {
    let same = |at: u32| {
        APPLICATIONS
            .get(at as usize)
            .is_some_and(|s| s.name.as_bytes().eq_ignore_ascii_case(name))
    };
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    APPLICATIONS.get(TABLE.applications.find(hash(lower), same)? as usize)
}

/// Finds a function; letter case matters (DL-196). Names that begin with
/// `ODBC_` are made up in func_odbc.conf and share one entry.
pub fn function(name: &[u8]) -> Option<&'static Signature> {
    let find = |name: &[u8]| {
        let same = |at: u32| {
            FUNCTIONS
                .get(at as usize)
                .is_some_and(|s| s.name.as_bytes() == name)
        };
        TABLE.functions.find(hash(name), same)
    };
    let at = find(name).or_else(|| {
        name.starts_with(b"ODBC_")
            .then(|| find(b"ODBC_name"))
            .flatten()
    })?;
    FUNCTIONS.get(at as usize)
}

/// All applications, in the order of the files.
pub fn applications() -> &'static [Signature] {
    APPLICATIONS
}

/// All functions, in the order of the files.
pub fn functions() -> &'static [Signature] {
    FUNCTIONS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pure;

    #[test]
    fn every_name_is_there_once() {
        assert!(applications().len() > 150 && functions().len() > 150);
        assert!(
            applications()
                .iter()
                .all(|a| a.name.len() <= LONGEST && a.lower == a.name.to_ascii_lowercase())
        );
        for signature in applications() {
            let found = application(signature.name.as_bytes());
            assert!(
                found.is_some_and(|s| std::ptr::eq(s, signature)),
                "{}",
                signature.name
            );
        }
        for signature in functions() {
            let found = function(signature.name.as_bytes());
            assert!(
                found.is_some_and(|s| std::ptr::eq(s, signature)),
                "{}",
                signature.name
            );
        }
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
                signature.usage.starts_with(name),
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
