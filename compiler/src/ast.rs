//! The syntax of `extensions.conf`: its lines as they stand, before numbering and registration.

use strowger_stdlib::Dialect;

use crate::conf::line::Value;
use crate::source::{FileId, Span, Text};

/// A whole file with everything that it includes.
#[derive(Clone, Debug, Default)]
pub struct Plan<'c> {
    /// Sections in file order, templates left out (their lines are in those that copy them).
    pub sections: Vec<Section<'c>>,
    /// Names of files that are included again, see [`Line::renamed`].
    pub renamed: Vec<String>,
}

/// What a section is (DL-044).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `[general]`, in any letter case.
    General,
    /// `[globals]`, in any letter case.
    Globals,
    /// Every other one.
    Context,
}

/// One section. Its lines are read one by one when they are asked for, since a plan has very many.
#[derive(Clone, Copy, Debug)]
pub struct Section<'c> {
    /// Its name.
    pub name: &'c [u8],
    /// Where the name stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// Its lines, not yet read.
    pub values: &'c [Value],
    /// The release that they are read as.
    pub dialect: Dialect,
}

/// One `key => value` line.
#[derive(Clone, Debug)]
pub struct Line<'c> {
    /// The key as written.
    pub key: &'c Text,
    /// The value.
    pub value: &'c Text,
    /// What it says.
    pub entry: Entry,
    /// The 1-based line of its file.
    pub line: u32,
    /// The line as Asterisk counts it.
    pub listed_line: u32,
    /// The name under which listings show its file, counted from 1 in [`Plan::renamed`]; 0: its own name.
    pub renamed: u32,
    /// Copied from a template.
    pub inherited: bool,
    /// The comment that ends the line.
    pub comment: Option<Span>,
}

impl Line<'_> {
    /// The file of the line.
    pub fn file(&self) -> FileId {
        self.key.span().file
    }

    /// Key and value together.
    pub fn span(&self) -> Span {
        self.key.span().to(self.value.span())
    }
}

/// What a line of a context says.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant)] // nearly all are of that kind, and live for one line
pub enum Entry {
    /// `exten =>` and `same =>`.
    Exten(Exten),
    /// `include =>`.
    Include,
    /// `ignorepat =>`.
    IgnorePat,
    /// `switch =>`: substituted at load.
    Switch,
    /// `lswitch =>`: never substituted.
    LiteralSwitch,
    /// `eswitch =>`: substituted at each look-up.
    LateSwitch,
    /// `autohints =`.
    AutoHints,
    /// A key that means nothing in a context, or a line of `[general]` or `[globals]`.
    Other,
}

/// `NAME[/CID],PRIORITY[+k][(LABEL)],APP[(ARGS)]`.
#[derive(Clone, Debug)]
pub struct Exten {
    /// The name with its caller-id part, not yet substituted. None: a `same` line.
    pub name: Option<Text>,
    /// The whole second field with label and offset.
    pub field: Text,
    /// The priority without offset and label.
    pub priority: Text,
    /// What stands behind the `+`.
    pub offset: Option<Text>,
    /// The label.
    pub label: Label,
    /// The application's name.
    pub app: Text,
    /// Its arguments.
    pub args: Text,
    /// How the arguments end.
    pub end: End,
    /// The whole third field.
    pub call: Text,
}

/// The label of a priority.
#[derive(Clone, Debug)]
pub enum Label {
    /// None was written, or an empty one.
    None,
    /// `(label)`.
    Some(Text),
    /// `(` without `)`: the line is dropped.
    Open(Span),
}

/// How the arguments of an application end.
#[derive(Clone, Debug)]
pub enum End {
    /// There is no `(`.
    Bare,
    /// With a `)` at the end of the line.
    Closed,
    /// Behind the last `)` stands this, which nobody reads.
    Trailing(Text),
    /// There is no `)`.
    Open,
    /// Text with `${` or `$[` before the first `(`: all of it is the name (DL-075).
    Computed,
}

impl Exten {
    /// The label, if there is one.
    pub fn label_text(&self) -> Option<&Text> {
        match &self.label {
            Label::Some(text) => Some(text),
            _ => None,
        }
    }
}
