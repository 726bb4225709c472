//! How `.dial` spells what Asterisk has: calls, enums, and their spelling in a dialplan. The calls are part of the signatures
//! (`[application.dial]`, `[function.dial]` in `signatures/*.toml`): a new application is one entry.

/// A call of `.dial` that is an application or a function of the dialplan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// In `.dial`: `dial`, `peers.find`, `db`.
    pub name: &'static str,
    /// The application or function that it is: `Dial`.
    pub calls: &'static str,
    /// How it is called.
    pub kind: Kind,
    /// Its parameters: those without a name first.
    pub params: &'static [Param],
    /// The type of its value, as `.dial` writes it: `Missed`, `Option(Digits)`, `Unit`, `Never`.
    pub result: &'static str,
    /// Where its value comes from.
    pub value: From,
    /// Option letters that are always written: `g`.
    pub fixed: &'static str,
    /// One sentence, for hover and the reference.
    pub summary: &'static str,
}

/// How a word is called in a dialplan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As a step.
    Application,
    /// `${NAME(...)}`: without effect on the call, may stand in any expression.
    Function,
    /// A function that may also be written to: `db("a/b") = x`.
    Place,
}

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name. The parameters that are [`Param::positional`] may be given without it.
    pub name: &'static str,
    /// Its type, as `.dial` writes it.
    pub ty: &'static str,
    /// It may be left out.
    pub optional: bool,
    /// It is given by its place; all others by their name.
    pub positional: bool,
    /// Where it stands in the argument text.
    pub place: Place,
}

/// Where an argument stands in the argument text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Argument number so and so, from 0.
    Slot(u8),
    /// An option letter with this value in parentheses: `m(default)`.
    Option(char),
    /// An option letter that is written if the value is `true`.
    Flag(char),
    /// Option letters by the case of an enum: `Both` writes `tT`; empty: nothing.
    Choice(&'static [(&'static str, &'static str)]),
}

/// Where the value of a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// It has none (`Unit`, `Never`).
    Nothing,
    /// What the function yields.
    Yield,
    /// A variable that the application sets: `DIALSTATUS`.
    Status(&'static str),
    /// A variable whose name is argument number so and so.
    Named(u8),
}

/// An enum of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enum {
    /// `Missed`
    pub name: &'static str,
    /// Its cases with Asterisk's spelling; a case may have several spellings, the first is written.
    pub cases: &'static [(&'static str, &'static [&'static str])],
    /// One sentence.
    pub summary: &'static str,
}

/// What comes back where a Dial without `g` goes on (dsl.md 3). A phone that declines gives `Unavailable` (DL-313).
pub const MISSED: Enum = Enum {
    name: "Missed",
    cases: &[
        ("Busy", &["BUSY"]),
        ("NoAnswer", &["NOANSWER"]),
        ("Congestion", &["CONGESTION"]),
        ("Unavailable", &["CHANUNAVAIL"]),
        ("Declined", &["DONTCALL"]),
        ("Refused", &["TORTURE"]),
    ],
    summary: "Why a call was not answered.",
};
