//! How `.dial` spells what Asterisk has: calls, enums, and their spelling in a dialplan. The calls are part of the signatures
//! (`[application.dial]`, `[function.dial]` in `signatures/*.toml`), the enums are in `signatures/enums.toml`, but for `Cause`,
//! which is made of the causes that [`crate::status`] knows. A new application is one entry.

mod layout;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::signatures::{self, Signature};

pub use layout::{Given, Layout, Misfit, Part, layout};

// `WORDS` and `ENUMS`, as the build has made them from the files.
include!(concat!(env!("OUT_DIR"), "/words.rs"));

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
    /// The type of its value, as `.dial` writes it: `Missed`, `Option(Digits)`, `Unit`, `Never`. `Text` is `Raw` if an
    /// argument that is given is `Raw`, else `Str`.
    pub result: &'static str,
    /// Where its value comes from.
    pub value: From,
    /// The value is not to be dropped without a word (`let _ =`).
    pub must_use: bool,
    /// Option letters that are always written: `g`.
    pub fixed: &'static str,
    /// Arguments that are written where no parameter gives one: the `read` of `PJSIP_HEADER(read,name)`.
    pub given: &'static [(u8, &'static str)],
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
    /// A function that is only written to: `sip_header_add("X-Id") = x`.
    Target,
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
    /// How a `Duration` is written; for other types [`Scale::Seconds`].
    pub scale: Scale,
}

/// Where an argument stands in the argument text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Argument number so and so, from 0.
    Slot(u8),
    /// In that argument, with text before and after it. What several parameters say of one argument stands there in the
    /// order of the parameters: `61@office`, `"^6" 61`.
    Piece(u8, &'static str, &'static str),
    /// That argument is the name of a variable which holds the value: `CUT(name,-,1)`.
    Variable(u8),
    /// The elements of a list, each an argument of its own, from that number on.
    Rest(u8),
    /// This word in that argument if the value is `true`; several words are joined by commas.
    Word(u8, &'static str),
    /// An option letter with this value in parentheses: `m(default)`. An empty value: the letter alone.
    Option(char),
    /// A part of the value in parentheses, counted from 0; the parts are joined by `:`, as in `L(60000:10000)`.
    Part(char, u8),
    /// An option letter that is written if the value is `true`.
    Flag(char),
    /// Option letters by the case of an enum: `Both` writes `tT`; empty: nothing.
    Choice(&'static [(&'static str, &'static str)]),
    /// Not in the argument text: it stands in the name of the function in the place of this end, `ODBC_name`.
    Name(&'static str),
    /// Not in the argument text: written to this by Set before the call, `MESSAGE(body)`.
    Before(&'static str),
}

/// How a duration is written as an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// In seconds, with a fraction if need be.
    #[default]
    Seconds,
    /// In seconds; a fraction is lost.
    WholeSeconds,
    /// In milliseconds.
    Milliseconds,
}

/// Where the value of a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// It has none (`Unit`, `Never`).
    Nothing,
    /// What the function yields.
    Yield,
    /// A variable that the application sets: `DIALSTATUS`. If the type is an Option, the variable is emptied before the call:
    /// the application may leave it alone.
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
    /// The variable that holds it after the call of an application; empty: none does.
    pub variable: &'static str,
    /// Spellings of the variable that a word with this result cannot leave there.
    pub never: &'static [&'static str],
    /// One sentence.
    pub summary: &'static str,
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Word>> =
    LazyLock::new(|| WORDS.iter().map(|word| (word.name, word)).collect());

/// All words, in the order of the signatures: applications first.
pub fn all() -> &'static [Word] {
    WORDS
}

/// The word of this name.
pub fn named(name: &str) -> Option<&'static Word> {
    BY_NAME.get(name).copied()
}

/// The words that call an application (in any letter case) or a function.
pub fn of(signature: &Signature) -> impl Iterator<Item = &'static Word> {
    let name = signature.name;
    let function = signature.read || signature.write;
    WORDS.iter().filter(move |word| {
        word.calls == name && function == !matches!(word.kind, Kind::Application)
    })
}

/// The enum of this name.
pub fn enumeration(name: &str) -> Option<&'static Enum> {
    ENUMS.iter().find(|one| one.name == name)
}

impl Word {
    /// What it calls.
    pub fn signature(&self) -> Option<&'static Signature> {
        match self.kind {
            Kind::Application => signatures::application(self.calls.as_bytes()),
            Kind::Function | Kind::Place | Kind::Target => {
                signatures::function(self.calls.as_bytes())
            }
        }
    }

    /// How it is written: `dial(to, [ring:], ...) -> Missed`.
    pub fn usage(&self) -> String {
        let mut out = self.name.to_owned();
        if !self.is_field() {
            let shown = |param: &Param| match (param.positional, param.optional) {
                (true, false) => param.name.to_owned(),
                (true, true) => format!("[{}]", param.name),
                (false, false) => format!("{}:", param.name),
                (false, true) => format!("[{}:]", param.name),
            };
            let mut params: Vec<String> = self.params.iter().map(shown).collect();
            if params.len() > SHOWN {
                params.truncate(SHOWN);
                params.push("...".to_owned());
            }
            let _ = write!(out, "({})", params.join(", "));
        }
        let _ = write!(out, " -> {}", self.result);
        out
    }

    /// Where an argument stands in Asterisk, in Markdown.
    pub fn place_of(&self, param: &Param) -> String {
        let mut out = String::new();
        write_place(&mut out, self, param);
        out.push_str(match param.scale {
            Scale::Seconds => "",
            Scale::WholeSeconds => ", whole seconds",
            Scale::Milliseconds => ", milliseconds",
        });
        out
    }

    /// The name of what it calls, where an argument completes it: of `odbc`, `ODBC_` and what is given.
    pub fn called<'t>(
        &self,
        given: impl Fn(usize) -> Option<&'t str>,
    ) -> Option<Cow<'static, str>> {
        let ends = self.params.iter().enumerate();
        let mut ends = ends.filter_map(|(at, param)| match param.place {
            Place::Name(end) => Some((at, end)),
            _ => None,
        });
        let Some((at, end)) = ends.next() else {
            return Some(Cow::Borrowed(self.calls));
        };
        let name = given(at)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        let sound = !name.is_empty() && name.bytes().all(plain);
        sound.then(|| {
            Cow::Owned(
                self.calls
                    .strip_suffix(end)
                    .unwrap_or(self.calls)
                    .to_owned()
                    + name,
            )
        })
    }

    /// Whether it is written without parentheses: `caller.name`.
    pub fn is_field(&self) -> bool {
        self.params.is_empty() && self.name.contains('.')
    }
}

impl Enum {
    /// The case that a spelling means.
    pub fn case(&self, spelling: &str) -> Option<&'static str> {
        let found = self.cases.iter().find(|(_, list)| list.contains(&spelling));
        found.map(|(name, _)| *name)
    }
}

/// The reference of all words and enums, in Markdown.
pub fn reference() -> String {
    let mut out = String::from("# Words\n");
    for (title, function) in [("Calls", false), ("Values", true)] {
        let _ = writeln!(out, "\n## {title}");
        let of_kind = |word: &&Word| function != matches!(word.kind, Kind::Application);
        let mut words: Vec<&Word> = WORDS.iter().filter(of_kind).collect();
        words.sort_by_key(|word| word.name);
        for word in words {
            write_word(&mut out, word);
        }
    }
    out.push_str("\n## Enums\n");
    for one in ENUMS {
        let _ = writeln!(out, "\n### {}\n\n{}\n", one.name, one.summary);
        if !one.variable.is_empty() {
            let _ = writeln!(out, "In Asterisk: the variable `{}`.\n", one.variable);
        }
        for (name, spellings) in one.cases {
            let _ = write!(out, "* `{name}`");
            for (at, spelling) in spellings.iter().enumerate() {
                let _ = write!(out, "{} `{spelling}`", if at == 0 { ":" } else { "," });
            }
            out.push('\n');
        }
    }
    out
}

/// So many parameters stand in the first line of a word.
const SHOWN: usize = 5;

fn write_word(out: &mut String, word: &Word) {
    let _ = write!(
        out,
        "\n### {}\n\n{}\n\n```text\n{}\n```\n\n",
        word.name,
        word.summary,
        word.usage()
    );
    let usage = word.signature().map_or("", |s| s.usage);
    let _ = write!(out, "In Asterisk: `{usage}`");
    if !word.fixed.is_empty() {
        let _ = write!(out, ", with `{}`", word.fixed);
    }
    for (slot, text) in word.given {
        let _ = write!(out, ", argument {} is `{text}`", slot + 1);
    }
    match word.value {
        From::Status(variable) => {
            let _ = write!(out, ", result in `{variable}`");
        }
        From::Named(slot) => {
            let _ = write!(out, ", result in the variable of argument {}", slot + 1);
        }
        From::Nothing | From::Yield => {}
    }
    out.push_str(match word.kind {
        Kind::Application | Kind::Function => ".\n",
        Kind::Place => "; may be written to.\n",
        Kind::Target => "; only written to.\n",
    });
    if let Some(capability) = word.signature().and_then(|s| s.capability) {
        let _ = writeln!(out, "Needs the capability `{}`.", capability.name());
    }
    if word.must_use {
        out.push_str("What it gives must be looked at, or dropped by `let _ =`.\n");
    }
    if word.params.is_empty() {
        return;
    }
    out.push_str("\n| parameter | type | in Asterisk |\n|---|---|---|\n");
    for param in word.params {
        let colon = if param.positional { "" } else { ":" };
        let place = word.place_of(param);
        let _ = writeln!(out, "| `{}{colon}` | {} | {place} |", param.name, param.ty);
    }
}

fn write_place(out: &mut String, word: &Word, param: &Param) {
    let name = |slot: u8| {
        let parameters = word.signature().map_or(&[][..], |s| s.parameters);
        let at = usize::from(slot).min(parameters.len().saturating_sub(1));
        parameters.get(at).copied().unwrap_or("")
    };
    let _ = match param.place {
        Place::Slot(slot) => write!(out, "{}", name(slot)),
        Place::Piece(slot, before, after) => {
            let _ = out.write_str(name(slot));
            match (before, after) {
                ("", "") => Ok(()),
                _ => write!(out, ", as `{before}...{after}`"),
            }
        }
        Place::Variable(slot) => write!(out, "{}, in a variable", name(slot)),
        Place::Rest(slot) => write!(out, "{}, one each", name(slot)),
        Place::Word(slot, text) => write!(out, "`{text}` in {}", name(slot)),
        Place::Option(letter) => write!(out, "`{letter}(...)`"),
        Place::Part(letter, part) => {
            write!(out, "`{letter}({}...)`", ":".repeat(usize::from(part)))
        }
        Place::Flag(letter) => write!(out, "`{letter}`"),
        Place::Name(end) => write!(out, "the name of the function, for `{end}`"),
        Place::Before(place) => write!(out, "`{place}`, set before"),
        Place::Choice(cases) => {
            for (at, (case, letters)) in cases.iter().enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                let _ = match *letters {
                    "" => write!(out, "{comma}{case} nothing"),
                    letters => write!(out, "{comma}{case} `{letters}`"),
                };
            }
            Ok(())
        }
    };
}
