//! The dialplan as a graph: what the file means after the reader's quirks are gone. Everything after reading works on this.

use strowger_stdlib::Dialect;
use strowger_vm::typed::Typed;

use crate::call::Reading;
pub use crate::pattern::Matches;
use crate::peers::Tech;
use crate::source::{FileId, Span, Text};

/// A whole plan.
#[derive(Clone, Debug, Default)]
pub struct Hir {
    /// The release that it was read as.
    pub dialect: Dialect,
    /// `[general]`.
    pub general: General,
    /// `[globals]`, in file order; values are already substituted (DL-052). A later one of the same name wins.
    pub globals: Vec<Global>,
    /// Contexts, in the order in which they were first opened. Names differ.
    pub contexts: Vec<Context>,
    /// Functions of `.dial` in typed code; a call is to one by its number here. Their priorities stand in `contexts`.
    pub functions: Vec<Function>,
    /// Devices that `.dial` files name by a text: `pjsip("61")`, wherever it stands.
    pub devices: Vec<Device>,
    /// Names of files that are included again (`more.conf~~1`), for listings.
    pub renamed: Vec<String>,
}

/// A device that a `.dial` file names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// Of which kind.
    pub tech: Tech,
    /// Its name, where it stands.
    pub name: Text,
    /// A `test` names it.
    pub in_test: bool,
}

impl Hir {
    /// The context of this name; names are case-sensitive (DL-029).
    pub fn context(&self, name: &[u8]) -> Option<&Context> {
        self.contexts.iter().find(|c| c.name == name)
    }

    /// All steps in their order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> + Clone {
        let extensions = self.contexts.iter().flat_map(|c| &c.extensions);
        extensions.flat_map(|e| &e.steps)
    }
}

/// What a function of `.dial` computes, where that needs no text.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its context, with the extension `s`.
    pub context: Vec<u8>,
    /// Its file.
    pub file: FileId,
    /// Its code.
    pub typed: Typed,
}

/// `[general]` as far as it means something (DL-045..051).
#[derive(Clone, Debug)]
pub struct General {
    /// What happens where the priorities of an extension end (DL-154).
    pub autofallthrough: bool,
    /// The trie matcher (DL-121): no fall-through to another pattern of the same context.
    pub extenpatternmatchnew: bool,
    /// Whether a reload wipes globals.
    pub clearglobalvars: bool,
    /// A switch asked before everything else, as written (`Tech/data`).
    pub overrideswitch: Option<Text>,
    /// Where users.conf entries are created (until 22).
    pub userscontext: Vec<u8>,
    /// A failed application goes to n+101 (before 1.6).
    pub priorityjumping: bool,
}

impl Default for General {
    fn default() -> General {
        General {
            autofallthrough: true,
            extenpatternmatchnew: false,
            clearglobalvars: false,
            overrideswitch: None,
            userscontext: b"default".to_vec(),
            priorityjumping: false,
        }
    }
}

/// A global variable.
#[derive(Clone, Debug)]
pub struct Global {
    /// Its name, case-sensitive. A name that ends in `)` is a function write (DL-053).
    pub name: Vec<u8>,
    /// Its value after substitution without a channel.
    pub value: Vec<u8>,
    /// Its value as written.
    pub written: Text,
    /// Where the name stands.
    pub span: Span,
}

/// A context.
#[derive(Clone, Debug)]
pub struct Context {
    /// Its name, case-sensitive; blanks belong to it.
    pub name: Vec<u8>,
    /// Where it is opened first (the name in the header).
    pub span: Span,
    /// Its entries, in the order in which they are tried (DL-109..117): plain names in byte order, then patterns; entries with a
    /// caller-id form before the one without.
    pub extensions: Vec<Extension>,
    /// Includes in file order.
    pub includes: Vec<Include>,
    /// Switches in file order.
    pub switches: Vec<Switch>,
    /// `ignorepat` values.
    pub ignorepats: Vec<Text>,
    /// `autohints = yes`.
    pub autohints: bool,
}

/// An entry: one spelling of name and caller-id form (DL-089).
#[derive(Clone, Debug)]
pub struct Extension {
    /// Its name as shown: blanks removed, dashes kept, a pattern with its `_`.
    pub name: Vec<u8>,
    /// What is compared with the dialled text: a plain name without dashes, or a pattern.
    pub matches: Matches,
    /// The caller-id form (`exten/cid`). `Some` with an empty text: only callers without a number (DL-060).
    pub caller: Option<Caller>,
    /// Steps by rising priority; gaps are possible (DL-072).
    pub steps: Vec<Step>,
    /// `hint` of this entry.
    pub hint: Option<Hint>,
    /// Where the name was first written.
    pub span: Span,
}

impl Extension {
    /// The step of this priority.
    pub fn step(&self, priority: u32) -> Option<&Step> {
        self.steps
            .binary_search_by_key(&priority, |s| s.priority)
            .ok()
            .map(|i| &self.steps[i])
    }

    /// The step that carries this label; labels are case-sensitive (DL-080).
    pub fn labelled(&self, label: &[u8]) -> Option<&Step> {
        self.steps
            .iter()
            .find(|s| !s.shadowed && s.label.as_ref().is_some_and(|l| l.bytes() == label))
    }
}

/// A caller-id form.
#[derive(Clone, Debug)]
pub struct Caller {
    /// As kept: blanks, `(`, `)`, dots that are not last and dashes removed (DL-059).
    pub text: Vec<u8>,
    /// What it matches.
    pub matches: Matches,
}

/// One priority.
#[derive(Clone, Debug)]
pub struct Step {
    /// From 1.
    pub priority: u32,
    /// `n(label)`.
    pub label: Option<Text>,
    /// Another step of the entry had the label first, and jumps go there.
    pub shadowed: bool,
    /// The application's name as written: case-insensitive when run, trailing blanks count (DL-076). May be empty (DL-079).
    pub app: Text,
    /// The arguments, raw (DL-078), with their places.
    pub args: Text,
    /// Of a step that `.dial` became: which bytes of the arguments stand where, from, to and the place.
    pub(crate) written: Option<Box<[(u32, u32, Span)]>>,
    /// The whole value of the line.
    pub span: Span,
    /// The file of the line.
    pub file: FileId,
    /// The 1-based line in it.
    pub line: u32,
    /// The line as Asterisk counts it, for listings: through all files of one `#include` pattern.
    pub listed_line: u32,
    /// The name under which listings show its file, counted from 1 in [`Hir::renamed`]; 0: its own name.
    pub renamed: u32,
    /// What stands in its arguments, once somebody has asked.
    pub(crate) reading: Reading,
}

/// A hint.
#[derive(Clone, Debug)]
pub struct Hint {
    /// Devices and presence provider after substitution: `SIP/100&SIP/101,CustomPresence:x`.
    pub devices: Vec<u8>,
    /// The same as written, with its places.
    pub written: Text,
    /// Text in parentheses: the hint's name.
    pub name: Option<Text>,
    /// The label, which nothing can use.
    pub label: Option<Text>,
    /// The file of the line.
    pub file: FileId,
    /// The 1-based line in it.
    pub line: u32,
    /// The line as Asterisk counts it, for listings.
    pub listed_line: u32,
    /// The name under which listings show its file, counted from 1 in [`Hir::renamed`]; 0: its own name.
    pub renamed: u32,
}

/// `include =>`.
#[derive(Clone, Debug)]
pub struct Include {
    /// The whole value after substitution, as listings show it.
    pub text: Vec<u8>,
    /// The context.
    pub context: Vec<u8>,
    /// The time part (`9:00-17:00,mon-fri,*,*[,zone]`), raw, fields split by `,` or `|` (DL-131).
    pub times: Option<Vec<u8>>,
    /// Where the value stands.
    pub span: Span,
}

/// `switch =>`, `lswitch =>`, `eswitch =>`.
#[derive(Clone, Debug)]
pub struct Switch {
    /// `Realtime`, `IAX2`, `Loopback` ...
    pub tech: Vec<u8>,
    /// What stands after the first `/`.
    pub data: Vec<u8>,
    /// `eswitch`: substituted at each look-up.
    pub at_lookup: bool,
    /// Where the value stands.
    pub span: Span,
}
