//! How loud each code is: from a profile and a target, a file, and a command line.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::codes;
use crate::diagnostic::Level;

/// Which codes speak at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Profile {
    /// Only what Asterisk itself drops or misreads while loading.
    Asterisk,
    /// All but what is a question of style.
    #[default]
    Default,
    /// All, with what is a question of style as notes.
    Strict,
}

impl Profile {
    /// Reads a profile as configuration writes it.
    pub fn parse(word: &str) -> Option<Profile> {
        Some(match word {
            "asterisk" => Profile::Asterisk,
            "default" => Profile::Default,
            "strict" => Profile::Strict,
            _ => return None,
        })
    }
}

/// What the plan is to run on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Target {
    /// This exchange.
    #[default]
    Strowger,
    /// An Asterisk: what is not built here does not matter.
    Asterisk,
}

/// Who a level is given to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// One code, `S103`.
    Code(&'static str),
    /// A family, `reading`.
    Family(&'static str),
    /// Everything that is a note or more would be; only to be denied.
    Notes,
    /// Everything that is a warning or more would be; only to be denied.
    Warnings,
}

impl Who {
    /// Reads a code or a family.
    pub fn parse(word: &str) -> Option<Who> {
        let family = || codes::FAMILIES.iter().find(|(name, _)| *name == word);
        codes::find(word)
            .map(|code| Who::Code(code.id))
            .or_else(|| family().map(|(name, _)| Who::Family(name)))
    }
}

/// The level of every code.
#[derive(Clone, Debug)]
pub struct Levels {
    of: BTreeMap<&'static str, Level>,
    /// Codes that no family's level switches on.
    off: BTreeSet<&'static str>,
}

impl Levels {
    /// Before anybody has asked for anything.
    pub fn new(profile: Profile, target: Target) -> Levels {
        let mut levels = Levels {
            of: BTreeMap::new(),
            off: BTreeSet::new(),
        };
        for code in codes::all()
            .chain(codes::exchange())
            .chain(codes::explored())
        {
            let ours = codes::ONLY_HERE.contains(&code.id);
            let elsewhere = ours && (target == Target::Asterisk || profile == Profile::Asterisk);
            let style = code.level == Level::Allow && profile != Profile::Strict;
            if elsewhere || style {
                levels.off.insert(code.id);
            }
            let silent = elsewhere || (profile == Profile::Asterisk && !code.loading);
            let level = match code.level {
                _ if silent => Level::Allow,
                Level::Allow if profile == Profile::Strict => Level::Note,
                level => level,
            };
            levels.of.insert(code.id, level);
        }
        levels
    }

    /// For a plan that is to run on a certain release of Asterisk: what is gone there matters. Nobody has said so of a plan that
    /// leans on chan_sip and names no release.
    #[must_use]
    pub fn on_a_release(mut self) -> Levels {
        for (code, level) in codes::ONLY_THERE {
            if let Some(at) = self.of.get_mut(code).filter(|at| **at != Level::Allow) {
                *at = level;
            }
        }
        self
    }

    /// Gives levels: first to families, then to codes, whatever the order in which they are written. A family's level does not reach
    /// codes that are off as a matter of style or that do not concern the target; their own name does.
    #[must_use]
    pub fn with(mut self, rules: &[(Who, Level)]) -> Levels {
        let mut codes: Vec<_> = codes::all()
            .chain(codes::exchange())
            .chain(codes::explored())
            .collect();
        codes.retain(|c| !self.off.contains(c.id));
        for (who, level) in rules {
            if let Who::Family(family) = who {
                for code in codes.iter().filter(|c| c.family == *family) {
                    self.of.insert(code.id, *level);
                }
            }
        }
        for (who, level) in rules {
            if let Who::Code(code) = who {
                self.of.insert(code, *level);
            }
        }
        for (who, level) in rules {
            let from = match who {
                Who::Notes => Level::Note,
                Who::Warnings => Level::Warn,
                Who::Code(_) | Who::Family(_) => continue,
            };
            for at in self.of.values_mut().filter(|at| **at >= from) {
                *at = *level;
            }
        }
        self
    }

    /// The level of a code.
    pub fn of(&self, code: &str) -> Level {
        self.of
            .get(code)
            .copied()
            .unwrap_or_else(|| codes::level(code))
    }

    /// As [`Options::levels`](crate::Options) wants them.
    pub fn by_code(&self) -> HashMap<String, Level> {
        self.of.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(words: &[(&str, Level)]) -> Vec<(Who, Level)> {
        words
            .iter()
            .map(|(w, l)| (Who::parse(w).unwrap(), *l))
            .collect()
    }

    #[test]
    fn a_code_wins_over_its_family_and_the_later_hand_over_the_earlier() {
        let file = rules(&[("S103", Level::Note), ("reading", Level::Warn)]);
        let levels = Levels::new(Profile::Default, Target::Strowger).with(&file);
        assert_eq!(levels.of("S103"), Level::Note);
        assert_eq!(levels.of("S104"), Level::Warn);
        assert_eq!(levels.of("R201"), Level::Error);
        let levels = levels.with(&rules(&[("reading", Level::Allow)]));
        assert_eq!(levels.of("S103"), Level::Allow);
    }

    #[test]
    fn denied_warnings_are_errors_and_notes_stay() {
        let levels = Levels::new(Profile::Default, Target::Strowger)
            .with(&rules(&[("P701", Level::Allow)]))
            .with(&[(Who::Warnings, Level::Error)]);
        assert_eq!(levels.of("S101"), Level::Error);
        assert_eq!(levels.of("F319"), Level::Note);
        assert_eq!(levels.of("P701"), Level::Allow);
    }

    #[test]
    fn profiles_and_targets_choose() {
        let asterisk = Levels::new(Profile::Asterisk, Target::Strowger);
        for code in codes::all()
            .chain(codes::exchange())
            .chain(codes::explored())
        {
            let told = asterisk.of(code.id) != Level::Allow;
            assert!(!told || code.loading, "{}", code.id);
        }
        assert_eq!(asterisk.of("S103"), Level::Error);
        // A plan with chan_sip was written for an Asterisk that has it, unless somebody names one that has not.
        let there = Levels::new(Profile::Default, Target::Asterisk);
        assert_eq!(there.of("M903"), Level::Note);
        assert_eq!(there.on_a_release().of("M903"), Level::Error);
        assert_eq!(asterisk.on_a_release().of("M903"), Level::Allow);
        let strict = Levels::new(Profile::Strict, Target::Asterisk);
        for code in codes::all()
            .chain(codes::exchange())
            .chain(codes::explored())
        {
            let told = strict.of(code.id) != Level::Allow;
            assert_eq!(told, !codes::ONLY_HERE.contains(&code.id), "{}", code.id);
        }
    }

    #[test]
    fn a_family_does_not_bring_back_what_does_not_concern_the_target() {
        let levels = Levels::new(Profile::Default, Target::Asterisk)
            .with(&rules(&[("arguments", Level::Error)]));
        assert_eq!(levels.of("A421"), Level::Allow);
        assert_eq!(levels.of("A405"), Level::Error);
        let levels = levels.with(&rules(&[("A421", Level::Note)]));
        assert_eq!(levels.of("A421"), Level::Note);
    }
}
