//! Which Asterisk a plan is written for, and what that changes: one [`Dialect`] value of named switches, made from one table.
//! The reader of `.conf` files, the table of signatures, the checks and the lowering go by it; a module carries it.

use std::fmt;

use crate::signatures::Version;

/// When a switch is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// From this release on.
    Since(Version),
    /// Before this release.
    Until(Version),
}

impl When {
    /// Whether it is on in a release.
    pub fn holds(self, release: Version) -> bool {
        match self {
            When::Since(first) => release >= first,
            When::Until(first) => release < first,
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// Its name: that of the field of [`Dialect`].
    pub name: &'static str,
    /// When it is on, unless a file says otherwise.
    pub when: When,
    /// What it does.
    pub what: &'static str,
    /// Its value in a dialect.
    pub get: fn(&Dialect) -> bool,
}

macro_rules! switches {
    ($($name:ident $when:ident $major:literal $minor:literal $patch:literal $what:literal)*) => {
        /// An Asterisk release and its habits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Dialect {
            release: Version,
            $(#[doc = $what] pub $name: bool,)*
        }

        /// Every switch, in the order in which the language is read and run.
        pub const SWITCHES: &[Switch] = &[
            $(Switch {
                name: stringify!($name),
                when: When::$when(Version($major, $minor, $patch)),
                what: $what,
                get: |d| d.$name,
            },)*
        ];

        impl Dialect {
            /// The habits of a release.
            pub fn of(release: Version) -> Dialect {
                Dialect {
                    release,
                    $($name: When::$when(Version($major, $minor, $patch)).holds(release),)*
                }
            }
        }
    };
}

switches! {
    appending             Since 1 6 1  "`name += value` adds to the value before it (DL-034); before, the name ends in `+`."
    filtered_sections     Since 12 0 0 "`[name](+key=value)` picks the section to add to by what it holds (DL-026)."
    optional_includes     Since 11 0 0 "`#tryinclude` includes a file that may be absent (DL-040); before, it is no directive."
    last_wins             Since 23 0 0 "Of an option that `[general]` has twice the last counts; before, the first (DL-054)."
    trie_matcher          Since 1 6 0  "`extenpatternmatchnew` chooses the second matcher (DL-047)."
    override_switch       Since 1 6 1  "`overrideswitch` names a switch that is asked first (DL-049)."
    users_context         Until 23 0 0 "`userscontext` says where users.conf makes its entries (DL-050)."
    priority_jumping      Until 1 6 0  "`priorityjumping` and the options `j`: a failed application goes to n+101 if that exists (DL-293)."
    folded_contexts       Until 1 6 0  "Names of contexts are the same in capitals and small letters (DL-029)."
    same_lines            Since 1 6 2  "`same =>` repeats the extension (DL-292); before, no key is called so."
    bracketed_names       Since 1 6 2  "A comma inside `[...]` does not end the name of an extension (DL-057)."
    automatic_hints       Since 14 0 0 "`autohints` makes hints of devices (DL-086)."
    bare_calls            Until 1 6 0  "`App,args`: arguments without parentheses (DL-073, DL-289)."
    pipes                 Until 1 6 0  "`|` separates arguments, and the commas of a line become `|` when it is read (DL-288)."
    pairs_in_set          Until 1 8 0  "`Set(a=1,b=2)` sets several variables, and quotes vanish (DL-271)."
    global_flag           Until 1 6 0  "A last argument of Set without `=`, but with a `g`, makes the variables global."
    fractions             Since 1 6 0  "Expressions compute with fractions; before, with 64-bit integers (DL-208)."
    expression_functions  Since 1 6 0  "Expressions call functions: `$[ROUND(x)]` (DL-219)."
    concatenation         Since 1 6 1  "Expressions join text with `~~` (DL-218)."
    blanks_before_zero    Since 1 6 1  "A condition may have blanks and a sign before its number: ` 0` is false (DL-224); before, it is true."
    branches_in_execif    Since 1 6 0  "`ExecIf(condition?App(args):App(args))`; before, only `ExecIf(condition|App|args)` (DL-267)."
    otherwise_by_time     Since 1 6 0  "`GotoIfTime(times?then:otherwise)`; before, there is no `:otherwise`."
    subroutine_values     Since 1 6 0  "Gosub passes arguments and Return gives a value; before, both are left out (DL-292)."
    macros                Until 21 0 0 "Macro and its relatives are applications (DL-260)."
    error_extension       Since 1 6 0  "`e` takes what no `i`, `t` or `T` takes (DL-160)."
    units_of_time         Since 1 8 0  "Wait takes a unit behind its number: `500ms` (DL-243); before, it is seconds whatever follows."
    test_time             Since 1 8 0  "GotoIfTime goes by the variable TESTTIME if it is set (DL-136)."
    single_minutes        Since 1 6 2  "A time may be one minute, `9:00`, instead of a range (DL-132); before, such a condition never holds."
    hangup_handlers       Since 11 0 0 "`CHANNEL(hangup_handler_push)` and its relatives (DL-269)."
}

/// The releases that [`Dialect::named`] takes, as one writes them.
pub const RELEASES: &str = "1.4, 1.6, 1.8, or 10 to 23";

impl Dialect {
    /// The newest release that is known.
    pub const NEWEST: Version = Version(23, u16::MAX, u16::MAX);
    /// The oldest one whose habits are modelled.
    pub const OLDEST: Version = Version(1, 4, 0);

    /// The dialect of a release as people write it: `1.4`, `1.6.2`, `18`, `20.5`. What is left out is the newest.
    pub fn named(text: &str) -> Option<Dialect> {
        if text.bytes().any(|b| !b.is_ascii_digit() && b != b'.') {
            return None;
        }
        let mut parts = text.split('.');
        let first: u16 = parts.next()?.parse().ok()?;
        let mut next = || match parts.next() {
            None => Some(u16::MAX),
            Some(part) => part.parse().ok(),
        };
        let release = Version(first, next()?, next()?);
        let known = match release {
            Version(1, minor, _) => matches!(minor, 4 | 6 | 8),
            Version(major, ..) => (10..=Self::NEWEST.0).contains(&major),
        };
        (known && parts.next().is_none()).then(|| Dialect::of(release))
    }

    /// The release.
    pub fn release(&self) -> Version {
        self.release
    }

    /// With `app_set` of `[compat]` in asterisk.conf, which the releases from 1.6.0 to 12 read (DL-271): whether Set is that of 1.4.
    #[must_use]
    pub fn with_app_set(mut self, old: bool) -> Dialect {
        if (Version(1, 6, 0)..Version(13, 0, 0)).contains(&self.release) {
            self.pairs_in_set = old;
        }
        self
    }

    /// What separates the arguments of an application or a function.
    pub fn separator(&self) -> u8 {
        if self.pipes { b'|' } else { b',' }
    }

    /// Truth of a condition's text (DL-224).
    pub fn truth(&self, text: &[u8]) -> bool {
        if self.blanks_before_zero || text.first().is_some_and(u8::is_ascii_digit) {
            crate::value::truth(text)
        } else {
            !text.is_empty()
        }
    }

    /// Whether Set, Goto, GotoIf and conditions mean what they mean today, so that steps may be written without argument texts.
    pub fn is_quick(&self) -> bool {
        !self.pipes
            && !self.pairs_in_set
            && self.modern_expressions()
            && self.blanks_before_zero
            && self.release >= Version(1, 8, 0)
    }

    /// Whether expressions are read and computed as today.
    pub fn modern_expressions(&self) -> bool {
        self.fractions && self.expression_functions && self.concatenation
    }
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect::of(Dialect::NEWEST)
    }
}

/// As people write the release.
impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Version(major, minor, patch) = self.release;
        write!(f, "{major}")?;
        for part in [minor, patch] {
            if part == u16::MAX {
                break;
            }
            write!(f, ".{part}")?;
        }
        Ok(())
    }
}

/// The releases that the table for people shows.
const SHOWN: [&str; 9] = ["1.4", "1.8", "11", "13", "16", "18", "20", "22", "23"];

/// The table as people read it: a line for each switch, a column for each of the releases that most people have.
pub fn table() -> String {
    let shown: Vec<Dialect> = SHOWN.iter().filter_map(|r| Dialect::named(r)).collect();
    let mut out = format!("| switch | on | {} | what it does |\n", SHOWN.join(" | "));
    out.push_str(&"|---".repeat(SHOWN.len() + 3));
    out.push_str("|\n");
    for switch in SWITCHES {
        let when = match switch.when {
            When::Since(v) => format!("since {v}"),
            When::Until(v) => format!("before {v}"),
        };
        let marks = shown.iter().map(|d| if (switch.get)(d) { "x" } else { "" });
        // A `|` would end the cell.
        let what = switch.what.replace('|', "\\|");
        out.push_str(&format!(
            "| `{}` | {when} | {} | {what} |\n",
            switch.name,
            marks.collect::<Vec<_>>().join(" | ")
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The release just before another one, and that one.
    fn around(Version(major, minor, patch): Version) -> (Version, Version) {
        let before = match (major, minor, patch) {
            (_, 0, 0) => Version(major - 1, u16::MAX, u16::MAX),
            (_, _, 0) => Version(major, minor - 1, u16::MAX),
            _ => Version(major, minor, patch - 1),
        };
        (before, Version(major, minor, patch))
    }

    #[test]
    fn every_switch_flips_at_its_release_and_nowhere_else() {
        for switch in SWITCHES {
            let (at, on) = match switch.when {
                When::Since(v) => (v, true),
                When::Until(v) => (v, false),
            };
            let (before, from) = around(at);
            let get = |v| (switch.get)(&Dialect::of(v));
            assert_eq!(get(from), on, "{} at {at:?}", switch.name);
            assert_eq!(get(before), !on, "{} before {at:?}", switch.name);
            assert_eq!(get(Dialect::NEWEST), on, "{} in the newest", switch.name);
            assert_eq!(get(Dialect::OLDEST), !on, "{} in the oldest", switch.name);
        }
    }

    #[test]
    fn releases_are_named_in_short() {
        let version = |t| Dialect::named(t).map(|d| d.release());
        assert_eq!(version("1.4"), Some(Version(1, 4, u16::MAX)));
        assert_eq!(version("1.6.1"), Some(Version(1, 6, 1)));
        assert_eq!(version("18"), Some(Version(18, u16::MAX, u16::MAX)));
        assert_eq!(version("20.5"), Some(Version(20, 5, u16::MAX)));
        for bad in [
            "", "1", "1.2", "1.5", "9", "24", "18.x", "1.8.0.1", "+18", "18.",
        ] {
            assert_eq!(version(bad), None, "{bad}");
        }
        for name in ["1.4", "1.8", "1.6.2", "18", "20.5", "23"] {
            assert_eq!(Dialect::named(name).unwrap().to_string(), name);
        }
    }

    #[test]
    fn app_set_counts_from_1_6_to_12() {
        let pairs = |name: &str, old| Dialect::named(name).unwrap().with_app_set(old).pairs_in_set;
        assert!(pairs("1.4", false));
        assert!(!pairs("1.6.0", false));
        assert!(pairs("12", true));
        assert!(!pairs("13", true));
    }

    #[test]
    fn blanks_before_a_zero() {
        let (old, new) = (Dialect::named("1.6.0").unwrap(), Dialect::default());
        for (text, before, now) in [
            (" 0", true, false),
            ("-0", true, false),
            ("0", false, false),
            ("", false, false),
            ("no", true, true),
            ("7x", true, true),
        ] {
            assert_eq!(old.truth(text.as_bytes()), before, "{text:?} before");
            assert_eq!(new.truth(text.as_bytes()), now, "{text:?} now");
        }
    }

    #[test]
    fn the_table_for_people_names_every_switch() {
        assert_eq!(table().lines().count(), SWITCHES.len() + 2);
        assert!(table().contains("| `pipes` | before 1.6 | x |  |"));
        assert!(table().contains("| `macros` | before 21 | x | x | x | x | x | x | x |  |  |"));
        assert!(table().contains("| `single_minutes` | since 1.6.2 |  | x |"));
    }
}
