//! What somebody meant who wrote a piece that cannot be read. One mistake, one answer.

use lalrpop_util::ParseError;

use crate::error::{Error, ErrorKind, Place};
use crate::lines::Lexeme;
use crate::made::Fault;
use crate::token::Kind;
use crate::tree::At;

/// A mistake in a piece that the grammar reads nevertheless.
pub(crate) fn before(text: &str, piece: &[Lexeme], place: Place) -> Option<Error> {
    let number = match piece {
        [on, number, ..] if on.kind == Kind::On && place == Place::Context => number,
        _ => return None,
    };
    let underscore =
        number.kind == Kind::Ident && text.as_bytes()[number.at.start as usize] == b'_';
    underscore.then(|| number_as_text(text, number.at))
}

/// A mistake in which there are others: what it is, and where their places lie.
pub(crate) fn around(
    text: &str,
    piece: &[Lexeme],
    place: Place,
    told: Option<&Error>,
) -> Option<(Error, At)> {
    let (first, second) = (piece.first()?, piece.get(1)?);
    let whole = first.at.to(piece[piece.len() - 1].at);
    let error = |kind, at| Error {
        kind,
        at,
        also: Vec::new(),
    };
    let word = &text[first.at.start as usize..first.at.end as usize];
    if place == Place::Block && second.kind == Kind::ParenOpen && APPLICATIONS.contains(&word) {
        return Some((error(ErrorKind::Application(word.into()), first.at), whole));
    }
    let told = told?;
    // What stands in the braces of a head of another language is written for that head.
    let block = piece
        .iter()
        .rfind(|l| matches!(l.kind, Kind::Block(_) | Kind::Arms(_)))?;
    matches!(told.kind, ErrorKind::Foreign { meant: "match", .. }).then(|| (told.clone(), block.at))
}

/// The mistake at which the reading of a piece has stopped.
pub(crate) fn after(text: &str, piece: &[Lexeme], place: Place, fault: Fault) -> Error {
    let stop = Stop::new(text, piece, place, fault);
    let kind = stop
        .elsewhere()
        .or_else(|| stop.head())
        .or_else(|| stop.name())
        .or_else(|| stop.missing())
        .or_else(|| stop.too_much())
        .unwrap_or_else(|| stop.unexpected());
    match kind {
        ErrorKind::Number { .. } => number_as_text(text, stop.number_at()),
        kind => Error {
            at: stop.place_of(&kind),
            kind,
            also: Vec::new(),
        },
    }
}

/// The mistake in a hole of a text.
pub(crate) fn in_hole(text: &str, lexemes: &[Lexeme], fault: Fault, hole: At) -> Error {
    let stop = Stop::new(text, lexemes, Place::Block, fault);
    let kind = stop.name().unwrap_or_else(|| stop.unexpected());
    let at = stop.at.map_or(hole, |i| lexemes[i].at);
    Error {
        kind,
        at,
        also: Vec::new(),
    }
}

/// How a number must be written that stands at `at` and what sticks to it.
fn number_as_text(text: &str, at: At) -> Error {
    let rest = &text[at.start as usize..];
    let end = rest
        .find([' ', '\t', '\r', '\n', ',', '{', '='])
        .unwrap_or(rest.len())
        .max(1);
    let wrote = &rest[..end];
    let plain = wrote
        .bytes()
        .all(|b| b.is_ascii_digit() || b"*#+".contains(&b));
    let meant = if plain {
        format!("\"{wrote}\"")
    } else {
        format!("`{}`", wrote.trim_start_matches('_').replace('`', ""))
    };
    Error {
        kind: ErrorKind::Number {
            wrote: wrote.into(),
            meant: meant.into(),
        },
        at: At {
            start: at.start,
            end: at.start + end as u32,
        },
        also: Vec::new(),
    }
}

/// Where the reading has stopped.
struct Stop<'a> {
    text: &'a str,
    piece: &'a [Lexeme],
    place: Place,
    /// The lexeme that does not fit; none where the piece has ended too early.
    at: Option<usize>,
    expected: Vec<String>,
}

impl<'a> Stop<'a> {
    fn new(text: &'a str, piece: &'a [Lexeme], place: Place, fault: Fault) -> Stop<'a> {
        let (start, expected) = match fault {
            ParseError::UnrecognizedToken { token, expected } => (Some(token.0), expected),
            ParseError::UnrecognizedEof { expected, .. } => (None, expected),
            ParseError::ExtraToken { token } => (Some(token.0), Vec::new()),
            ParseError::InvalidToken { .. } | ParseError::User { .. } => (None, Vec::new()),
        };
        let at = start.and_then(|s| {
            piece
                .iter()
                .position(|l| l.at.start == s && l.kind != Kind::Newline)
        });
        let newline = start.and_then(|s| piece.iter().position(|l| l.at.start == s));
        Stop {
            text,
            piece,
            place,
            at: at.or(newline),
            expected,
        }
    }

    fn kind(&self, i: usize) -> Option<Kind> {
        self.piece.get(i).map(|l| l.kind)
    }

    fn first(&self) -> Kind {
        self.kind(0).unwrap_or(Kind::Bad)
    }

    /// The lexeme that does not fit.
    fn found(&self) -> Option<Kind> {
        self.kind(self.at?)
    }

    /// The one in front of it.
    fn last(&self) -> Option<Kind> {
        let end = self.at.unwrap_or(self.piece.len());
        self.kind(end.checked_sub(1)?)
    }

    fn slice(&self, i: usize) -> &'a str {
        let at = self.piece[i].at;
        &self.text[at.start as usize..at.end as usize]
    }

    fn wants(&self, terminal: &str) -> bool {
        // Terminals that are spelled out stand in quotes.
        self.expected
            .iter()
            .any(|e| e.trim_matches('"') == terminal)
    }

    /// How many parentheses are open where it stopped.
    fn open(&self) -> usize {
        let end = self.at.unwrap_or(self.piece.len());
        self.piece[..end].iter().fold(0usize, |n, l| match l.kind {
            Kind::ParenOpen | Kind::SquareOpen => n + 1,
            Kind::ParenClose | Kind::SquareClose => n.saturating_sub(1),
            _ => n,
        })
    }

    fn place_of(&self, kind: &ErrorKind) -> At {
        let last = self.piece.len().saturating_sub(1);
        let whole = self.piece[0].at.to(self.piece[last].at);
        match kind {
            ErrorKind::NestedDecl(_)
            | ErrorKind::ItemElsewhere(_)
            | ErrorKind::TestItemElsewhere(_)
            | ErrorKind::StatementElsewhere(_)
            | ErrorKind::Foreign { .. } => self.piece[0].at,
            ErrorKind::ArmElsewhere => {
                let arrow = self.piece.iter().find(|l| l.kind == Kind::Arrow);
                arrow.map_or(whole, |l| l.at)
            }
            ErrorKind::ElseIf(_) if self.first() == Kind::Ident => self.piece[0].at,
            ErrorKind::Conf => whole,
            ErrorKind::Operator {
                wrote: "is not", ..
            } => {
                let at = self.at.unwrap_or(last);
                self.piece[at].at.to(self.piece[(at + 1).min(last)].at)
            }
            ErrorKind::Needless(_)
            | ErrorKind::NoValue(_)
            | ErrorKind::NoType
            | ErrorKind::NoResult
            | ErrorKind::NoComma => {
                let end = self.at.unwrap_or(self.piece.len());
                self.piece[end.saturating_sub(1)].at
            }
            _ => self.piece[self.at.unwrap_or(last)].at,
        }
    }

    /// Something good that stands at the wrong place, or something of another language at its beginning.
    fn elsewhere(&self) -> Option<ErrorKind> {
        let first = self.first();
        let as_name = matches!(
            self.kind(1),
            Some(Kind::Eq | Kind::Dot | Kind::ParenOpen | Kind::Colon)
        );
        let last = self.kind(self.piece.len() - 1);
        // `switch (x) { }`, `try:`
        let heads = self.kind(1) == Some(Kind::ParenOpen)
            && matches!(last, Some(Kind::Block(_) | Kind::Arms(_)))
            || self.kind(1) == Some(Kind::Colon);
        if let Some(word) = keyword(first)
            && as_name
            && self.place != Place::File
            && name_like(first)
        {
            return Some(ErrorKind::KeywordAsName(word));
        }
        if let Some(word) = keyword(first) {
            use Kind::*;
            match first {
                Import | Const | Global | Channel | Enum | Fn | Sub | Context | Test
                    if self.place != Place::File =>
                {
                    return Some(ErrorKind::NestedDecl(word));
                }
                On | Include | Hint if self.place != Place::Context => {
                    return Some(ErrorKind::ItemElsewhere(word));
                }
                Given | Expect | Call if self.place != Place::Test => {
                    return Some(ErrorKind::TestItemElsewhere(word));
                }
                _ => {}
            }
        }
        if matches!(
            first,
            Kind::Ident | Kind::Let | Kind::Var | Kind::Unless | Kind::From
        ) && let Some(kind) = foreign(self.slice(0), self.place)
            && (!as_name || heads)
        {
            return Some(kind);
        }
        if self.place == Place::File && first == Kind::SquareOpen {
            return Some(ErrorKind::Conf);
        }
        let statement = match self.place {
            Place::File | Place::Context | Place::Test => self.at == Some(0),
            Place::Block | Place::Match => false,
        };
        if statement {
            return Some(ErrorKind::StatementElsewhere(self.place));
        }
        if first == Kind::Else {
            return Some(ErrorKind::ElseAlone);
        }
        let arrow = self.piece.iter().any(|l| l.kind == Kind::Arrow);
        (self.place == Place::Block && arrow).then_some(ErrorKind::ArmElsewhere)
    }

    /// The head of something with braces.
    fn head(&self) -> Option<ErrorKind> {
        let found = self.found();
        let last = self.last();
        if let Some(i) = self.at
            && found == Some(Kind::Ident)
            && matches!(last, Some(Kind::Block(_)))
            && let Some(kind @ ErrorKind::ElseIf(_)) = foreign(self.slice(i), Place::Block)
        {
            return Some(kind);
        }
        if matches!(last, Some(Kind::Goto | Kind::Gosub)) && found == Some(Kind::ParenOpen) {
            return Some(ErrorKind::GotoParen);
        }
        if self.place == Place::Match && found == Some(Kind::Comma) && self.open() == 0 {
            return Some(ErrorKind::ArmComma);
        }
        if found == Some(Kind::Eq) && self.open() > 0 && self.wants(":") {
            return Some(ErrorKind::Operator {
                wrote: "=",
                meant: ":",
            });
        }
        if found == Some(Kind::Colon) && self.open() > 0 && self.wants("..") {
            return Some(ErrorKind::Operator {
                wrote: ":",
                meant: "..",
            });
        }
        if found == Some(Kind::Eq) && self.open() == 0 {
            let end = self.at.unwrap_or(0);
            let conditional = |l: &&Lexeme| {
                matches!(
                    l.kind,
                    Kind::If | Kind::While | Kind::Match | Kind::Expect | Kind::When | Kind::Unless
                )
            };
            let braces = |l: &Lexeme| matches!(l.kind, Kind::Block(_) | Kind::Arms(_));
            let near = self.piece[..end].iter().rev().take_while(|l| !braces(l));
            if near.clone().any(|l| conditional(&l)) {
                return Some(ErrorKind::AssignInCondition);
            }
        }
        if found == Some(Kind::Colon) && self.open() == 0 {
            if self.place == Place::Match {
                return Some(ErrorKind::Operator {
                    wrote: ":",
                    meant: "->",
                });
            }
            let ends = self.at == Some(self.piece.len() - 1)
                || self.kind(self.at? + 1) == Some(Kind::Newline);
            if ends && self.head_word().is_some() {
                return Some(ErrorKind::ColonForBrace);
            }
        }
        let number = matches!(self.first(), Kind::On | Kind::Hint) && self.place == Place::Context;
        if number {
            let at = self.number_at();
            let rest = &self.text[at.start as usize..];
            let odd = rest.starts_with(|c: char| c.is_ascii_uppercase() || "_*#+[".contains(c))
                || self
                    .piece
                    .iter()
                    .any(|l| l.kind == Kind::Stuck && l.at == at);
            let early = self
                .at
                .is_some_and(|i| i > 0 && self.piece[i].at.start <= at.end);
            if odd && early {
                return Some(ErrorKind::Number {
                    wrote: Box::default(),
                    meant: Box::default(),
                });
            }
        }
        None
    }

    /// Where the number begins at which an `on` or `hint` cannot be read.
    fn number_at(&self) -> At {
        let end = self.at.unwrap_or(self.piece.len());
        let head = self.piece[..end]
            .iter()
            .rposition(|l| matches!(l.kind, Kind::On | Kind::Hint | Kind::From | Kind::Comma));
        let number = self.piece.get(head.map_or(0, |i| i + 1));
        number.unwrap_or(&self.piece[0]).at
    }

    /// A word that may not be a name, or is written otherwise.
    fn name(&self) -> Option<ErrorKind> {
        let i = self.at?;
        let found = self.found()?;
        if self.wants("IDENT") {
            let word = match found {
                Kind::Word => keyword_of(self.slice(i)),
                kind if name_like(kind) => keyword(kind),
                _ => None,
            };
            if let Some(word) = word {
                return Some(ErrorKind::KeywordAsName(word));
            }
        }
        let named = matches!(
            self.last(),
            Some(
                Kind::Let
                    | Kind::Var
                    | Kind::Const
                    | Kind::Global
                    | Kind::Channel
                    | Kind::Inherit
                    | Kind::Fn
                    | Kind::Sub
                    | Kind::Context
                    | Kind::Label
                    | Kind::For
                    | Kind::As
            )
        );
        if found == Kind::Upper && self.wants("IDENT") && (named || !self.wants("UPPER")) {
            return Some(ErrorKind::CapitalName(self.slice(i).into()));
        }
        if found == Kind::Ident && self.wants("UPPER") && !self.wants("IDENT") {
            return Some(ErrorKind::SmallType(self.slice(i).into()));
        }
        None
    }

    /// The word of the head that ought to have braces.
    fn head_word(&self) -> Option<&'static str> {
        let head = |l: &Lexeme| {
            use Kind::*;
            match l.kind {
                If | Else | While | For | Match | On | Fn | Sub | Context | Test | Enum => {
                    keyword(l.kind)
                }
                _ => None,
            }
        };
        let end = self.at.unwrap_or(self.piece.len());
        self.piece[..end].iter().rev().find_map(head)
    }

    /// Something that is not there.
    fn missing(&self) -> Option<ErrorKind> {
        use Kind::*;
        let first = self.first();
        let found = self.found();
        if let (Let | Var | Const, None | Some(Else)) = (first, found)
            && self.wants("=")
            && self.piece.len() <= VALUELESS
        {
            return Some(ErrorKind::NoValue(keyword(first)?));
        }
        if self.wants(":")
            && !self.wants("(")
            && matches!(found, None | Some(Comma | ParenClose | Eq | As))
        {
            return Some(ErrorKind::NoType);
        }
        if first == Fn && matches!(found, Some(Block(_))) && self.wants("->") {
            return Some(ErrorKind::NoResult);
        }
        if found.is_none() {
            let braces = ["BLOCK", "ARMS", "ITEMS", "TESTS"]
                .iter()
                .any(|b| self.wants(b));
            let cases = first == Enum && self.wants("{");
            if braces || cases {
                return self.head_word().map(ErrorKind::NoBrace);
            }
        }
        None
    }

    /// Something that stands where nothing more may come.
    fn too_much(&self) -> Option<ErrorKind> {
        use Kind::*;
        let found = self.found()?;
        let compares =
            |k: Kind| matches!(k, EqEq | NotEq | Less | LessEq | Greater | GreaterEq | In);
        if compares(found) {
            let end = self.at.unwrap_or(0);
            let mut near = self.piece[..end].iter().rev().take_while(|l| {
                !matches!(
                    l.kind,
                    And | Or
                        | ParenOpen
                        | Comma
                        | Default
                        | Pipe
                        | Eq
                        | If
                        | While
                        | Not
                        | Return
                        | Block(_)
                )
            });
            return near.any(|l| compares(l.kind)).then_some(ErrorKind::Chained);
        }
        let operand = matches!(
            found,
            Ident | Upper | Int | Duration | Text | Raw | Pattern | True | False | Newline
        );
        let statement = matches!(
            found,
            Let | Var
                | If
                | While
                | For
                | Match
                | Return
                | Gosub
                | Goto
                | Break
                | Continue
                | Label
                | On
                | Include
                | Hint
        );
        let complete = matches!(
            self.last()?,
            Ident
                | Upper
                | Word
                | Int
                | Duration
                | Text
                | Raw
                | Pattern
                | ParenClose
                | SquareClose
                | True
                | False
                | Break
                | Continue
                | Block(_)
                | Arms(_)
        );
        if !complete || !(operand || statement) {
            return None;
        }
        let at = self.at?;
        if found == Ident && self.slice(at) == "is" {
            let not = self.kind(at + 1) == Some(Not);
            return Some(ErrorKind::Operator {
                wrote: if not { "is not" } else { "is" },
                meant: if not { "!=" } else { "==" },
            });
        }
        if self.last() == Some(Ident) {
            let word = self.slice(at - 1);
            let sticks = self.piece[at - 1].at.end == self.piece[at].at.start;
            if matches!(word, "await" | "async" | "new" | "yield") || found == Text && sticks {
                return Some(ErrorKind::Needless(word.into()));
            }
        }
        if self.wants(",") && (self.open() > 0 || self.first() == Enum) {
            return Some(ErrorKind::NoComma);
        }
        let statements = matches!(
            self.place,
            Place::Block | Place::Match | Place::Test | Place::Context
        );
        (statements && self.open() == 0 && found != Newline).then_some(ErrorKind::TwoOnALine)
    }

    fn unexpected(&self) -> ErrorKind {
        let found = self.at.map(|i| match self.piece[i].kind {
            Kind::Newline => "the end of the line".into(),
            Kind::Block(_) | Kind::Arms(_) | Kind::Items(_) | Kind::Tests(_) => "{".into(),
            _ => self.slice(i).chars().take(SHOWN).collect::<String>().into(),
        });
        ErrorKind::Unexpected {
            found,
            wanted: self.wanted(),
        }
    }

    /// What may stand here, in a few words.
    fn wanted(&self) -> Vec<&'static str> {
        let mut out = Vec::new();
        let value = self.wants("INT") && self.wants("(");
        let goes_on = self.wants("==") || self.wants("+");
        if value {
            out.push("a value");
        }
        for (terminal, word) in WORDS {
            let covered =
                (value && OPERANDS.contains(terminal)) || (goes_on && OPERATORS.contains(terminal));
            if self.wants(terminal) && !covered && !out.contains(word) {
                out.push(word);
            }
        }
        if out.len() > WANTED { Vec::new() } else { out }
    }
}

/// Applications whose arguments look like nothing that could be read.
const APPLICATIONS: &[&str] = &[
    "AGI",
    "BackGround",
    "Background",
    "Dial",
    "ExecIf",
    "ExecIfTime",
    "Gosub",
    "GosubIf",
    "Goto",
    "GotoIf",
    "GotoIfTime",
    "Hangup",
    "MSet",
    "Macro",
    "NoOp",
    "Noop",
    "Playback",
    "Queue",
    "Read",
    "Return",
    "Set",
    "System",
    "Verbose",
    "VoiceMail",
    "Voicemail",
    "Wait",
    "WaitExten",
    "While",
];

/// Lexemes of a `let` or `var` without a value: `var x: Option(List(Str))`.
const VALUELESS: usize = 12;

/// Characters that are shown of what does not fit.
const SHOWN: usize = 40;

/// What may stand somewhere is told up to this many.
const WANTED: usize = 4;

const OPERANDS: &[&str] = &[
    "INT", "DURATION", "STR", "RAW", "PATTERN", "IDENT", "UPPER", "true", "false", "not", "-", "(",
    "[", "WORD",
];

const OPERATORS: &[&str] = &[
    "|>", "??", "or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", ".",
    "(", "[",
];

/// The terminals of the grammar, in words.
const WORDS: &[(&str, &str)] = &[
    ("IDENT", "a name"),
    ("WORD", "a name"),
    ("UPPER", "a word with a capital letter"),
    ("INT", "a number"),
    ("STR", "a text"),
    ("RAW", "a text"),
    ("PATTERN", "a pattern"),
    ("BLOCK", "`{`"),
    ("ARMS", "`{`"),
    ("ITEMS", "`{`"),
    ("TESTS", "`{`"),
    ("{", "`{`"),
    ("}", "`}`"),
    ("(", "`(`"),
    (")", "`)`"),
    ("[", "`[`"),
    ("]", "`]`"),
    (",", "`,`"),
    (":", "`:`"),
    (".", "`.`"),
    ("..", "`..`"),
    ("->", "`->`"),
    ("=", "`=`"),
    ("|", "`|`"),
    ("@", "`@`"),
    ("*", "`*`"),
    ("/", "`/`"),
    ("as", "`as`"),
    ("at", "`at`"),
    ("conf", "`conf`"),
    ("else", "`else`"),
    ("from", "`from`"),
    ("if", "`if`"),
    ("in", "`in`"),
    ("inherit", "`inherit`"),
    ("unless", "`unless`"),
    ("when", "`when`"),
];

/// A keyword as it is written.
pub(crate) fn keyword(kind: Kind) -> Option<&'static str> {
    KEYWORDS
        .iter()
        .find(|(k, _)| *k == kind)
        .map(|(_, word)| *word)
}

fn keyword_of(word: &str) -> Option<&'static str> {
    KEYWORDS.iter().find(|(_, w)| *w == word).map(|(_, w)| *w)
}

/// The words of the language.
const KEYWORDS: &[(Kind, &str)] = &[
    (Kind::And, "and"),
    (Kind::As, "as"),
    (Kind::At, "at"),
    (Kind::Break, "break"),
    (Kind::Call, "call"),
    (Kind::Channel, "channel"),
    (Kind::Const, "const"),
    (Kind::Context, "context"),
    (Kind::Continue, "continue"),
    (Kind::Else, "else"),
    (Kind::Enum, "enum"),
    (Kind::Expect, "expect"),
    (Kind::False, "false"),
    (Kind::Fn, "fn"),
    (Kind::For, "for"),
    (Kind::From, "from"),
    (Kind::Given, "given"),
    (Kind::Global, "global"),
    (Kind::Gosub, "gosub"),
    (Kind::Goto, "goto"),
    (Kind::Hint, "hint"),
    (Kind::If, "if"),
    (Kind::Import, "import"),
    (Kind::In, "in"),
    (Kind::Include, "include"),
    (Kind::Inherit, "inherit"),
    (Kind::Label, "label"),
    (Kind::Let, "let"),
    (Kind::Match, "match"),
    (Kind::Not, "not"),
    (Kind::On, "on"),
    (Kind::Or, "or"),
    (Kind::Return, "return"),
    (Kind::Sub, "sub"),
    (Kind::Test, "test"),
    (Kind::True, "true"),
    (Kind::Unless, "unless"),
    (Kind::Var, "var"),
    (Kind::When, "when"),
    (Kind::While, "while"),
];

/// Keywords that somebody may take for a name.
fn name_like(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        At | Call
            | Channel
            | Context
            | Expect
            | From
            | Given
            | Global
            | Hint
            | Include
            | Inherit
            | Label
            | On
            | Sub
            | Test
            | Unless
            | When
    )
}

/// What a word at the beginning means that begins something in other languages.
fn foreign(word: &str, place: Place) -> Option<ErrorKind> {
    let meant = match (word, place) {
        ("elif" | "elsif" | "elseif" | "elsf", _) => return Some(ErrorKind::ElseIf(word.into())),
        ("def" | "function" | "func" | "fun" | "proc" | "macro" | "subroutine", Place::File) => {
            "sub"
        }
        ("def" | "function" | "func" | "fun" | "proc" | "macro", _) => "sub",
        ("class" | "struct" | "type", Place::File) => "enum",
        ("let" | "var" | "set", Place::File) => "const",
        ("use" | "require" | "using" | "from", Place::File) => "import",
        ("exten" | "extension" | "same", Place::Context) => "on",
        ("includes" | "import" | "use", Place::Context) => "include",
        ("switch" | "case" | "select", Place::Block) => "match",
        ("until" | "loop" | "do" | "repeat", Place::Block) => "while",
        ("foreach", Place::Block) => "for",
        ("unless", Place::Block) => "if not",
        ("set", Place::Block) => "let",
        ("case" | "default", Place::Match) => "->",
        ("try" | "except" | "catch" | "finally" | "throw" | "raise", Place::Block) => "result",
        _ => return None,
    };
    Some(ErrorKind::Foreign {
        wrote: word.into(),
        meant,
    })
}
