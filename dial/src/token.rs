//! A file as tokens. Nothing is left out: blanks, line ends and comments are tokens too, so a file is its tokens in a row.

use logos::{Lexer, Logos};

use crate::tree::At;

/// A token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub at: At,
}

/// The kinds of token.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Blanks and tabs.
    #[regex(r"[ \t\r\u{c}\u{feff}]+")]
    Blank,
    /// The end of a line.
    #[token("\n")]
    LineEnd,
    /// `// …`
    #[regex(r"//[^\n]*", priority = 4, allow_greedy = true)]
    Comment,
    /// `/// …`: what the next declaration or item is for.
    #[regex(r"///([^/\n][^\n]*)?", priority = 10, allow_greedy = true)]
    Doc,
    /// `//! …`: what the file is for.
    #[regex(r"//![^\n]*", priority = 10, allow_greedy = true)]
    ModuleDoc,

    /// `42`
    #[regex("[0-9]+", priority = 5)]
    Int,
    /// `20s`
    #[regex("[0-9]+(ms|s|m|h|d)", priority = 6)]
    Duration,
    /// `"…"`
    #[regex(r#""([^"\\\n]|\\[^\n])*""#)]
    Text,
    /// `'…'`
    #[regex(r"'([^'\n]|'')*'")]
    Raw,
    /// `` `…` ``
    #[regex(r"`[^`\n]*`")]
    Pattern,
    /// `exten`
    #[regex("[a-z_][A-Za-z0-9_]*", priority = 3)]
    Ident,
    /// `Busy`
    #[regex("[A-Z][A-Za-z0-9_]*")]
    Upper,
    /// `_`
    #[token("_", priority = 20)]
    Underscore,

    /// `(`
    #[token("(")]
    ParenOpen,
    /// `)`
    #[token(")")]
    ParenClose,
    /// `[`
    #[token("[")]
    SquareOpen,
    /// `]`
    #[token("]")]
    SquareClose,
    /// `{`
    #[token("{")]
    BraceOpen,
    /// `}`
    #[token("}")]
    BraceClose,
    /// `,`
    #[token(",")]
    Comma,
    /// `:`
    #[token(":")]
    Colon,
    /// `.`
    #[token(".")]
    Dot,
    /// `..`
    #[token("..")]
    DotDot,
    /// `->`
    #[token("->")]
    Arrow,
    /// `|>`
    #[token("|>")]
    Pipe,
    /// `??`
    #[token("??")]
    Default,
    /// `|`
    #[token("|")]
    Bar,
    /// `==`
    #[token("==")]
    EqEq,
    /// `!=`
    #[token("!=")]
    NotEq,
    /// `<`
    #[token("<")]
    Less,
    /// `<=`
    #[token("<=")]
    LessEq,
    /// `>`
    #[token(">")]
    Greater,
    /// `>=`
    #[token(">=")]
    GreaterEq,
    /// `=`
    #[token("=")]
    Eq,
    /// `+`
    #[token("+")]
    Plus,
    /// `-`
    #[token("-")]
    Minus,
    /// `*`
    #[token("*")]
    Star,
    /// `/`
    #[token("/")]
    Slash,
    /// `%`
    #[token("%")]
    Percent,
    /// `@`
    #[token("@")]
    AtSign,

    /// `and`
    #[token("and")]
    And,
    /// `as`
    #[token("as")]
    As,
    /// `at`
    #[token("at")]
    At,
    /// `break`
    #[token("break")]
    Break,
    /// `call`
    #[token("call")]
    Call,
    /// `channel`
    #[token("channel")]
    Channel,
    /// `const`
    #[token("const")]
    Const,
    /// `context`
    #[token("context")]
    Context,
    /// `continue`
    #[token("continue")]
    Continue,
    /// `else`
    #[token("else")]
    Else,
    /// `enum`
    #[token("enum")]
    Enum,
    /// `expect`
    #[token("expect")]
    Expect,
    /// `false`
    #[token("false")]
    False,
    /// `fn`
    #[token("fn")]
    Fn,
    /// `for`
    #[token("for")]
    For,
    /// `from`
    #[token("from")]
    From,
    /// `given`
    #[token("given")]
    Given,
    /// `global`
    #[token("global")]
    Global,
    /// `gosub`
    #[token("gosub")]
    Gosub,
    /// `goto`
    #[token("goto")]
    Goto,
    /// `hint`
    #[token("hint")]
    Hint,
    /// `if`
    #[token("if")]
    If,
    /// `import`
    #[token("import")]
    Import,
    /// `in`
    #[token("in")]
    In,
    /// `include`
    #[token("include")]
    Include,
    /// `inherit`
    #[token("inherit")]
    Inherit,
    /// `label`
    #[token("label")]
    Label,
    /// `let`
    #[token("let")]
    Let,
    /// `match`
    #[token("match")]
    Match,
    /// `not`
    #[token("not")]
    Not,
    /// `on`
    #[token("on")]
    On,
    /// `or`
    #[token("or")]
    Or,
    /// `return`
    #[token("return")]
    Return,
    /// `sub`
    #[token("sub")]
    Sub,
    /// `test`
    #[token("test")]
    Test,
    /// `true`
    #[token("true")]
    True,
    /// `unless`
    #[token("unless")]
    Unless,
    /// `var`
    #[token("var")]
    Var,
    /// `when`
    #[token("when")]
    When,
    /// `while`
    #[token("while")]
    While,

    /// A text whose quote is missing; it goes to the end of the line.
    #[regex(r#""([^"\\\n]|\\[^\n])*\\?"#)]
    OpenText,
    /// A text in single quotes that is not closed.
    #[regex(r"'([^'\n]|'')*")]
    OpenRaw,
    /// A pattern whose back-quote is missing.
    #[regex(r"`[^`\n]*")]
    OpenPattern,
    /// `10XX`: a number with something stuck to it.
    #[regex("[0-9]+[A-Za-z_][A-Za-z0-9_]*", priority = 4)]
    Stuck,
    /// `;` that ends a statement in other languages.
    #[token(";", semicolon)]
    Semicolon,
    /// `; …`, `# …`, `-- …`, `/* … */`: comments of other languages.
    #[token("#", hash)]
    #[token("--", dashes)]
    #[token("/*", block_comment)]
    Foreign,
    /// `#` in front of a digit.
    Hash,
    /// A line of extensions.conf: `exten => …`.
    #[regex(
        r"(exten|same|include|switch|eswitch|lswitch|ignorepat|hint)[ \t]*=>[^\n]*",
        priority = 30,
        allow_greedy = true
    )]
    Conf,
    /// `${…}`, `$[…]`, `$x`.
    #[regex(r"\$([A-Za-z_][A-Za-z0-9_]*)?", dollar)]
    Dollar,
    /// `=>`
    #[token("=>")]
    FatArrow,
    /// `&&`
    #[token("&&")]
    AndAnd,
    /// `||`
    #[token("||")]
    OrOr,
    /// `!`
    #[token("!")]
    Bang,
    /// `===`
    #[token("===")]
    Same,
    /// `!==`
    #[token("!==")]
    NotSame,
    /// `<>`
    #[token("<>")]
    Unequal,
    /// `:=`
    #[token(":=")]
    ColonEq,
    /// `+=` and its kin.
    #[regex(r"(\+|-|\*|/|%|\.|\|\||&&|\?\?)=")]
    Compound,
    /// `++`
    #[token("++")]
    PlusPlus,
    /// `--` behind something.
    MinusMinus,
    /// `?`
    #[token("?")]
    Question,
    /// What no token begins with.
    Unknown,

    /// A keyword where it is a plain word: `message.from`, `f(from: x)`.
    Word,
    /// `conf` behind `import`.
    ConfWord,
    /// The end of a statement.
    Newline,
    /// Statements in braces that have been read: which.
    Block(u32),
    /// The arms of a match likewise.
    Arms(u32),
    /// The items of a context likewise.
    Items(u32),
    /// The items of a test likewise.
    Tests(u32),
    /// What makes its statement unreadable, and has been told.
    Bad,
}

impl Kind {
    /// Whether it says nothing: blanks, line ends, comments.
    pub fn is_trivia(self) -> bool {
        matches!(
            self,
            Kind::Blank | Kind::LineEnd | Kind::Comment | Kind::Doc | Kind::ModuleDoc
        )
    }

    /// Whether it is a word that has a meaning of its own.
    pub fn is_keyword(self) -> bool {
        use Kind::*;
        matches!(
            self,
            And | As
                | At
                | Break
                | Call
                | Channel
                | Const
                | Context
                | Continue
                | Else
                | Enum
                | Expect
                | False
                | Fn
                | For
                | From
                | Given
                | Global
                | Gosub
                | Goto
                | Hint
                | If
                | Import
                | In
                | Include
                | Inherit
                | Label
                | Let
                | Match
                | Not
                | On
                | Or
                | Return
                | Sub
                | Test
                | True
                | Unless
                | Var
                | When
                | While
        )
    }
}

/// The text as tokens, from first to last byte.
pub fn lex(text: &str) -> Vec<Token> {
    // A token has about five bytes in real files.
    let mut tokens = Vec::with_capacity(text.len() / 4);
    lex_from(text, 0, &mut tokens);
    tokens
}

/// The same for a part of a text, which begins at the byte `base`.
pub(crate) fn lex_from(text: &str, base: u32, out: &mut Vec<Token>) {
    let mut lexer = Kind::lexer(text);
    while let Some(read) = lexer.next() {
        let kind = read.unwrap_or(Kind::Unknown);
        let span = lexer.span();
        let at = At {
            start: base + span.start as u32,
            end: base + span.end as u32,
        };
        match out.last_mut() {
            Some(last) if kind == Kind::Unknown && last.kind == kind => last.at.end = at.end,
            _ => out.push(Token { kind, at }),
        }
    }
}

/// Whether nothing but blanks stands before the token on its line.
fn is_first(lexer: &Lexer<'_, Kind>) -> bool {
    let before = &lexer.source()[..lexer.span().start];
    let before = before.trim_end_matches([' ', '\t']);
    before.is_empty() || before.ends_with('\n')
}

/// Takes the rest of the line.
fn take_line(lexer: &mut Lexer<'_, Kind>) -> Kind {
    let rest = lexer.remainder();
    let rest = &rest[..rest.find('\n').unwrap_or(rest.len())];
    lexer.bump(rest.trim_end_matches('\r').len());
    Kind::Foreign
}

/// Bytes behind a `;` that are looked at.
const AHEAD: usize = 64;

/// `;` ends a statement, or begins a comment of extensions.conf: what looks like code behind it tells.
fn semicolon(lexer: &mut Lexer<'_, Kind>) -> Kind {
    let ahead = lexer.remainder().as_bytes();
    let ahead = &ahead[..ahead.len().min(AHEAD)];
    let ahead = ahead.split(|b| *b == b'\n').next().unwrap_or_default();
    let behind = ahead.trim_ascii_start();
    let code = behind.is_empty() || behind.starts_with(b"//") || looks_like_code(behind);
    if code && !is_first(lexer) {
        Kind::Semicolon
    } else {
        take_line(lexer)
    }
}

/// Whether a statement may begin so. Looks at the first word and what follows it.
fn looks_like_code(text: &[u8]) -> bool {
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let (word, behind) = text.split_at(text.iter().take_while(|b| word(b)).count());
    let behind = behind.trim_ascii_start().first();
    behind.is_some_and(|b| b"(=.[+".contains(b))
        || matches!(text.first(), Some(b'}' | b';'))
        || matches!(
            word,
            b"let"
                | b"var"
                | b"return"
                | b"gosub"
                | b"goto"
                | b"break"
                | b"continue"
                | b"label"
                | b"if"
                | b"while"
                | b"match"
                | b"for"
        )
}

/// `#` begins a comment elsewhere; before a digit it belongs to a number, unless the line begins with it.
fn hash(lexer: &mut Lexer<'_, Kind>) -> Kind {
    let digit = lexer
        .remainder()
        .starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '#');
    if digit && !is_first(lexer) {
        return Kind::Hash;
    }
    take_line(lexer)
}

/// `--` begins a comment elsewhere, or takes one away.
fn dashes(lexer: &mut Lexer<'_, Kind>) -> Kind {
    if !is_first(lexer) {
        return Kind::MinusMinus;
    }
    take_line(lexer)
}

/// `/* … */`
fn block_comment(lexer: &mut Lexer<'_, Kind>) -> Kind {
    let rest = lexer.remainder();
    let end = rest.find("*/").map_or(rest.len(), |at| at + 2);
    lexer.bump(end);
    Kind::Foreign
}

/// `${…}` and `$[…]` with their braces, or up to the end of the line.
fn dollar(lexer: &mut Lexer<'_, Kind>) {
    if lexer.slice().len() > 1 {
        return;
    }
    let rest = lexer.remainder().as_bytes();
    let mut depth = 0u32;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'\n' => break,
            _ => {}
        }
        if depth == 0 {
            lexer.bump(if at > 0 { at + 1 } else { 0 });
            return;
        }
    }
    take_line(lexer);
}
