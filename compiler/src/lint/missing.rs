//! Names of applications and functions that the release does not have: unknown ones, with what was perhaps meant, those that are
//! gone, and those that come later.

use strowger_stdlib::signatures::{self, Signature, Version};

use crate::diagnostic::Diagnostic;
use crate::edit_distance::nearest;
use crate::lint::facts::is_word;
use crate::lint::{chan_sip, old_names};
use crate::source::Text;

/// What a name names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An application; letter case does not count.
    Application,
    /// A function.
    Function,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Application => "application",
            Kind::Function => "function",
        }
    }

    /// Codes: unknown, and gone.
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Kind::Application => ("A401", "M901"),
            Kind::Function => ("V511", "M910"),
        }
    }

    /// What happens to the call.
    fn outcome(self) -> &'static str {
        match self {
            Kind::Application => "the call ends here",
            Kind::Function => "gives nothing, and an error in the log",
        }
    }

    fn all(self) -> &'static [Signature] {
        match self {
            Kind::Application => signatures::applications(),
            Kind::Function => signatures::functions(),
        }
    }
}

/// The entry of a name, if the release has it; else why not.
pub(crate) fn find(
    kind: Kind,
    name: &Text,
    version: Version,
) -> Result<&'static Signature, Box<Diagnostic>> {
    let bytes = name.bytes();
    let found = match kind {
        Kind::Application => signatures::application(bytes),
        Kind::Function => signatures::function(bytes),
    };
    settle(kind, name, version, found)
}

/// The same where the entry is known.
pub(crate) fn settle(
    kind: Kind,
    name: &Text,
    version: Version,
    found: Option<&'static Signature>,
) -> Result<&'static Signature, Box<Diagnostic>> {
    match found {
        None => Err(Box::new(unknown(kind, name, version))),
        Some(signature) if !signature.exists_in(version) => {
            Err(Box::new(elsewhere(kind, signature, name, version)))
        }
        Some(signature) => Ok(signature),
    }
}

fn unknown(kind: Kind, name: &Text, version: Version) -> Diagnostic {
    let shown = name.lossy().into_owned();
    let upper = shown.to_ascii_uppercase();
    if kind == Kind::Function && upper != shown && signatures::function(upper.as_bytes()).is_some()
    {
        return Diagnostic::new(
            "V512",
            format!("there is no function `{shown}`: names of functions are written in capitals"),
            name.span(),
        )
        .label(kind.outcome())
        .fix(format!("write `{upper}`"), name.span(), upper, true);
    }
    let known = kind
        .all()
        .iter()
        .filter(|s| s.exists_in(version))
        .map(|s| s.name);
    let near = nearest(&shown, known);
    // A word like none of Asterisk's own is as a rule the name of an application that somebody else wrote.
    let other = match kind {
        Kind::Application => signatures::function(upper.as_bytes()),
        Kind::Function => signatures::application(name.bytes()),
    };
    if near.is_none() && is_word(name.bytes()) && other.is_none() {
        return Diagnostic::new(
            "A424",
            format!("Asterisk itself has no {} `{shown}`", kind.word()),
            name.span(),
        )
        .label(match kind {
            Kind::Application => "where no other module brings it, the call ends here",
            Kind::Function => "where no other module brings it, it gives nothing",
        });
    }
    let found = Diagnostic::new(
        kind.codes().0,
        format!("there is no {} `{shown}`", kind.word()),
        name.span(),
    )
    .label(kind.outcome());
    match near {
        Some(near) => found.fix(format!("write `{near}`"), name.span(), near, false),
        None => found,
    }
}

/// A name that another release has.
fn elsewhere(kind: Kind, signature: &Signature, name: &Text, version: Version) -> Diagnostic {
    let shown = name.lossy();
    let (unknown, gone) = kind.codes();
    let until = signature
        .until
        .filter(|u| Version::read(u).is_some_and(|u| version >= u));
    let Some(until) = until else {
        let since = signature.since.unwrap_or("a later release");
        return Diagnostic::new(
            unknown,
            format!("`{shown}` comes with Asterisk {since}"),
            name.span(),
        )
        .label(format!(
            "the plan is read as Asterisk {} does: {}",
            version.0,
            kind.outcome()
        ));
    };
    let found = Diagnostic::new(
        gone,
        format!("`{shown}` is gone since Asterisk {until}"),
        name.span(),
    )
    .label(kind.outcome());
    let found = match &signature.replaced_by {
        Some(instead) => found.help(format!("now written: {instead}")),
        None => found,
    };
    old_names::zap(name, chan_sip::header(name, found))
}
