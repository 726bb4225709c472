//! What cannot be read, as data. Words are made of it elsewhere.

use crate::tree::At;

/// Something that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// What it is.
    pub kind: ErrorKind,
    /// Where.
    pub at: At,
    /// Other places that matter, with what is to be seen there.
    pub also: Vec<(At, &'static str)>,
}

/// The kinds of mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// The file is not UTF-8.
    NotUtf8,
    /// The file has more than [`FILE_BYTES`](crate::FILE_BYTES) bytes.
    TooLarge,
    /// More than [`ERRORS`](crate::ERRORS) mistakes; the rest is not told.
    TooMany,
    /// Deeper nested than [`NESTING`](crate::NESTING).
    TooDeep,

    /// Characters that no token begins with.
    Unknown(Box<str>),
    /// A quote, dash or blank that a word processor made.
    Typographic {
        /// The character.
        wrote: char,
        /// What is meant.
        meant: char,
    },
    /// `"…`, `'…` or `` `… `` to the end of the line.
    Unclosed(Quote),
    /// `\x` that means nothing.
    Escape(Box<str>),
    /// `10XX`: a number with something stuck to it.
    Stuck(Box<str>),
    /// `{` in a text without its `}`.
    OpenHole,
    /// `}` in a text without its `{`.
    LoneBrace,
    /// `{}` in a text.
    EmptyHole,
    /// `"{a["b"]}"`.
    QuoteInHole,
    /// `"${EXTEN}"`.
    DollarHole,
    /// `"{x:5}"`.
    FormatInHole,
    /// A hole where the text must be constant.
    HoleInConstant,
    /// A pattern that is not one.
    Pattern(PatternFault),

    /// `;` at the ends of statements: all of them.
    Semicolons(Vec<At>),
    /// Comments that begin otherwise: all of them.
    Comments {
        /// How the first begins: `;`, `#`, `--`, `/*`.
        mark: &'static str,
        /// All of them.
        all: Vec<At>,
    },
    /// `#include "file"`.
    HashInclude,
    /// Lines of extensions.conf; the place is all of them.
    Conf,
    /// `${X}`, `$x`.
    DollarVariable(Box<str>),
    /// `$[…]`.
    DollarExpression,
    /// An operator of another language.
    Operator {
        /// What is written.
        wrote: &'static str,
        /// What is meant.
        meant: &'static str,
    },
    /// `x += 1`: which operator.
    Compound(Box<str>),
    /// `x++`, `x--`: which.
    Step(&'static str),
    /// `a ? b : c`.
    Ternary,
    /// `elif` and its kin.
    ElseIf(Box<str>),
    /// `else` that follows no `if`.
    ElseAlone,
    /// A word that begins a statement or declaration elsewhere.
    Foreign {
        /// The word.
        wrote: Box<str>,
        /// What is meant.
        meant: &'static str,
    },
    /// A word that is not written here and has no other in its place: `await`, `f` in front of a text.
    Needless(Box<str>),
    /// `for (let i = 0; i < 3; i++)`.
    ForOfThree,
    /// `Set(x=1)`: a call as extensions.conf writes it; the application.
    Application(Box<str>),
    /// `goto(office,61,1)`.
    GotoParen,
    /// A comma behind an arm.
    ArmComma,
    /// `if a = b`.
    AssignInCondition,
    /// `if a:` and a line that is indented.
    ColonForBrace,
    /// `a < b < c`.
    Chained,

    /// `{` without `}`.
    OpenBrace,
    /// What needs braces has no `{`: which word.
    NoBrace(&'static str),
    /// `}` without `{`.
    ExtraBrace,
    /// `(` or `[` without its end.
    OpenParen(char),
    /// `)` or `]` without its begin.
    ExtraParen(char),
    /// `(…]`: what was written.
    WrongParen {
        /// What stands there.
        wrote: char,
        /// What ought to.
        meant: char,
    },
    /// `dial(x, { ring: 5s })`.
    BraceInArguments,

    /// A declaration inside of another: which word.
    NestedDecl(&'static str),
    /// An item of a context elsewhere: which word.
    ItemElsewhere(&'static str),
    /// An item of a test elsewhere: which word.
    TestItemElsewhere(&'static str),
    /// A statement where none may stand.
    StatementElsewhere(Place),
    /// `return` where there is nothing to return to.
    ReturnOutside,
    /// An arm outside of a `match`.
    ArmElsewhere,

    /// A keyword as a name: which.
    KeywordAsName(&'static str),
    /// A name with a capital letter.
    CapitalName(Box<str>),
    /// A type or case without one.
    SmallType(Box<str>),
    /// `let x`, `var x` without a value: which word.
    NoValue(&'static str),
    /// A name without its type.
    NoType,
    /// A `fn` without `-> Type`.
    NoResult,
    /// A number that must stand in quotes or back-quotes.
    Number {
        /// As it is written.
        wrote: Box<str>,
        /// How it ought to be.
        meant: Box<str>,
    },
    /// Two statements on a line.
    TwoOnALine,
    /// A comma is missing.
    NoComma,
    /// Something else stands here than may.
    Unexpected {
        /// What stands here; none at the end of a piece.
        found: Option<Box<str>>,
        /// What may stand here, in words; empty if that is too much.
        wanted: Vec<&'static str>,
    },
}

/// What stands around a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quote {
    /// `"`
    Double,
    /// `'`
    Single,
    /// `` ` ``
    Back,
}

/// What is wrong with a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatternFault {
    /// Nothing in it.
    Empty,
    /// `{` without `}`.
    OpenBrace,
    /// `}` without `{`.
    LoneBrace,
    /// `{` in braces.
    Nested,
    /// `{X}` without a name and `:`.
    NoName,
    /// `{1a: X}`: not a name.
    BadName,
    /// `{n:}` without characters.
    EmptyPart,
    /// A pattern begins with `_`.
    Underscore,
    /// `${` in back-quotes: a text of JavaScript.
    Template,
}

/// What may stand in a pair of braces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Declarations: the file itself.
    File,
    /// Items of a context.
    Context,
    /// Statements.
    Block,
    /// Arms of a match.
    Match,
    /// Items of a test.
    Test,
}

/// What a character stands for that a word processor has made of a plain one.
pub fn plain(typographic: char) -> Option<char> {
    Some(match typographic {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{b4}' => '\'',
        '\u{2013}' | '\u{2014}' | '\u{2212}' => '-',
        '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
        _ => return None,
    })
}
