//! The types of `.dial` (dsl.md 3), and what a value looks like as the text of a variable.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use strowger_stdlib::words;

/// An enum, by its number in [`Enums`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct EnumId(pub(crate) u32);

/// A type. In brackets: the text that a value is in a variable.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Type {
    /// Text from the program or the administrator's files [itself].
    Str,
    /// Text from outside [itself].
    Raw,
    /// Text over `0-9*#+ABCD` [itself].
    Digits,
    /// [decimal]
    Int,
    /// [`1`, `0`]
    Bool,
    /// [seconds, with a fraction if need be: `20`, `0.5`]
    Duration,
    /// A moment [seconds since 1970].
    Time,
    /// Numbers: known when the file is read.
    Pattern,
    /// Opening hours: known when the file is read.
    Hours,
    /// Whom to dial [`PJSIP/61`; several with `&`].
    Endpoint,
    /// Through which to dial: known when the file is read.
    Trunk,
    /// A host name or address [itself].
    Host,
    /// An address of SIP [itself].
    Uri,
    /// A mailbox [`61` or `61@context`].
    Mailbox,
    /// A sound [its name; several with `&`].
    Prompt,
    /// [the spelling of the case; what it carries in parentheses behind it]
    Enum(EnumId),
    /// [empty for `None`, else as the type in it]
    Option(Box<Type>),
    /// [the elements, joined by `&`; only where they cannot hold one]
    List(Box<Type>),
    /// Of what does not come back.
    Never,
    /// Of what has no value.
    Unit,
    /// Of what is wrong and was told already: agrees with everything.
    Wrong,
}

impl Type {
    /// Whether no value of it can hold a character that means something in an argument list, an expression or a dial string.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Type::Digits | Type::Int | Type::Bool | Type::Duration | Type::Time => true,
            Type::Option(of) => of.is_plain(),
            _ => false,
        }
    }
}

/// An enum: the built-in ones first, then those of the files.
#[derive(Clone, Debug)]
pub(crate) struct Enum {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
}

/// A case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// How it is written in a variable; the first counts, the others are understood.
    pub(crate) spellings: Vec<String>,
    /// Names and types of what it carries.
    pub(crate) fields: Vec<(String, Type)>,
}

/// All enums of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Enums(pub(crate) Vec<Enum>);

impl Enums {
    pub(crate) fn get(&self, id: EnumId) -> &Enum {
        &self.0[id.0 as usize]
    }

    /// The enum of this name.
    pub(crate) fn named(&self, name: &str) -> Option<EnumId> {
        // The built-in ones come first, and are asked for at every call.
        static BUILT_IN: LazyLock<HashMap<&str, u32>> =
            LazyLock::new(|| words::ENUMS.iter().map(|e| e.name).zip(0..).collect());
        if let Some(at) = BUILT_IN.get(name) {
            return Some(EnumId(*at));
        }
        let own = self.0.iter().skip(words::ENUMS.len());
        let at = own
            .zip(words::ENUMS.len() as u32..)
            .find(|(e, _)| e.name == name);
        at.map(|(_, at)| EnumId(at))
    }

    /// A type as a user writes it.
    pub(crate) fn show<'e>(&'e self, ty: &'e Type) -> impl fmt::Display + 'e {
        Shown(self, ty)
    }
}

struct Shown<'e>(&'e Enums, &'e Type);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(enums, ty) = self;
        match ty {
            Type::Enum(id) => f.write_str(&enums.get(*id).name),
            Type::Option(of) => write!(f, "Option({})", enums.show(of)),
            Type::List(of) => write!(f, "List({})", enums.show(of)),
            Type::Wrong => f.write_str("?"),
            plain => write!(f, "{plain:?}"),
        }
    }
}
