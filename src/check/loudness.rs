//! What the command line says about levels: profile, target, and single codes or families.

use strowger_compiler::Level;
use strowger_compiler::codes::{self, Code};
use strowger_compiler::edit_distance::nearest;
use strowger_compiler::levels::{Levels, Profile, Target, Who};
use strowger_runtime::config::{self, Options};
use strowger_stdlib::Dialect;

/// How loud each code is.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Loudness {
    /// asterisk: only what Asterisk itself drops or misreads; default; strict: questions of style too
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    profile: Option<Profile>,
    /// What the plan is to run on: strowger, asterisk-20, asterisk-23 ... [default: an Asterisk, unless strowger.toml says how to run it here]
    #[arg(long, value_name = "TARGET", value_parser = target)]
    target: Option<On>,
    /// Say nothing of a code or family (several: separated by commas)
    #[arg(long, value_name = "CODE|FAMILY", value_delimiter = ',', value_parser = who)]
    allow: Vec<Who>,
    /// Make a note of a code or family
    #[arg(long, value_name = "CODE|FAMILY", value_delimiter = ',', value_parser = who)]
    note: Vec<Who>,
    /// Warn of a code or family
    #[arg(long, value_name = "CODE|FAMILY", value_delimiter = ',', value_parser = who)]
    warn: Vec<Who>,
    /// Make errors (exit 1) of a code, a family, of all `warnings`, or of all `notes` too
    #[arg(long, value_name = "CODE|FAMILY|warnings|notes", value_delimiter = ',', value_parser = denied)]
    deny: Vec<Who>,
}

/// A target and the release that it means.
type On = (Target, Option<Dialect>);

impl Loudness {
    /// Tells a code that is off by default too, and one that only concerns this exchange.
    pub(crate) fn only(code: &Code) -> Loudness {
        let off = code.level == Level::Allow;
        Loudness {
            target: Some((Target::Strowger, None)),
            note: Some(Who::Code(code.id))
                .filter(|_| off)
                .into_iter()
                .collect(),
            ..Loudness::default()
        }
    }

    /// The target, and the release that it means if it is an Asterisk: the command line's, else the file's.
    pub(crate) fn target(&self, written: &Options) -> On {
        self.target.unwrap_or_else(|| written.check.target())
    }

    /// The level of every code. `runs_commands`: asterisk.conf says that commands of `#exec` are run.
    pub(crate) fn levels(&self, written: &Options, target: Target, runs_commands: bool) -> Levels {
        let profile = self.profile.or(written.check.profile).unwrap_or_default();
        let asked: Vec<(Who, Level)> = [
            (&self.allow, Level::Allow),
            (&self.note, Level::Note),
            (&self.warn, Level::Warn),
            (&self.deny, Level::Error),
        ]
        .into_iter()
        .flat_map(|(who, level)| who.iter().map(move |w| (w.clone(), level)))
        .collect();
        let levels = Levels::new(profile, target);
        let levels = match (target, self.target(written).1) {
            (Target::Asterisk, Some(_)) => levels.on_a_release(),
            _ => levels,
        };
        let run: &[(Who, Level)] = if target == Target::Asterisk && runs_commands {
            &[(Who::Code("S127"), Level::Allow)]
        } else {
            &[]
        };
        levels.with(run).with(&written.levels).with(&asked)
    }

    /// Whether the target is asked for by a release of its own.
    pub(crate) fn names_a_release(&self) -> bool {
        self.target.is_some_and(|(_, release)| release.is_some())
    }
}

fn profile(text: &str) -> Result<Profile, String> {
    Profile::parse(text).ok_or_else(|| "write asterisk, default or strict".to_owned())
}

fn target(text: &str) -> Result<On, String> {
    config::target(text).ok_or_else(|| {
        "write strowger, or asterisk- and a release from 1.4 to 23, as asterisk-20".to_owned()
    })
}

pub(crate) fn who(text: &str) -> Result<Who, String> {
    Who::parse(text).ok_or_else(|| {
        let families = codes::FAMILIES.iter().map(|(name, _)| *name);
        let ids = codes::all()
            .chain(codes::exchange())
            .chain(codes::explored())
            .map(|c| c.id);
        let known: Vec<&str> = families.clone().chain(ids).collect();
        match nearest(text, known.iter().copied()) {
            Some(near) => format!("no such code or family; did you mean {near}?"),
            None => format!(
                "no such code or family; the families are {}",
                families.collect::<Vec<_>>().join(", ")
            ),
        }
    })
}

fn denied(text: &str) -> Result<Who, String> {
    match text {
        "warnings" => Ok(Who::Warnings),
        "notes" => Ok(Who::Notes),
        _ => who(text),
    }
}
