//! `$[...]`: tokens, reader and evaluator (DL-200 to DL-223).
//!
//! The text arrives with all its holes filled. It is read into a postfix
//! program, which a [`Machine`] runs; the machine stops whenever a dialplan
//! function is called, because the answer may have to come from outside.

mod holes;
mod machine;

use std::sync::Arc;

use lalrpop_util::{ParseError, lalrpop_mod};
use logos::Logos;

use crate::dialect::Dialect;
use crate::value::Value;

pub use holes::{HOLES, Part, Piece, Shape, shape};
pub use machine::{Machine, Need};

lalrpop_mod!(
    #[allow(
        clippy::all,
        clippy::unwrap_used,
        missing_docs,
        unreachable_pub,
        unused_qualifications
    )]
    grammar,
    "/expr.rs"
);

/// A remark that Asterisk would log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The text is no expression; what its value then is, see [`compile`].
    Malformed {
        /// The index of the offending token, or of the end.
        at: usize,
    },
    /// An operand of an arithmetic operator is no number (DL-215).
    NotNumeric,
    /// `/` or `%` by zero (DL-215).
    DivisionByZero,
    /// The right side of `:` or `=~` is no regular expression (DL-217).
    BadRegex(String),
    /// A mathematical function with the wrong number of arguments.
    WrongArguments(Vec<u8>),
    /// A function whose name cannot be one (lower case), or which failed.
    FunctionFailed(Vec<u8>),
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let name = |n: &[u8]| String::from_utf8_lossy(n).into_owned();
        match self {
            Warning::Malformed { .. } => f.write_str("what $[ ] holds is no expression"),
            Warning::NotNumeric => f.write_str("an operand in $[ ] is no number"),
            Warning::DivisionByZero => f.write_str("division by zero in $[ ]"),
            Warning::BadRegex(why) => write!(f, "no regular expression in $[ ]: {why}"),
            Warning::WrongArguments(function) => {
                write!(
                    f,
                    "{} in $[ ] has the wrong number of arguments",
                    name(function)
                )
            }
            Warning::FunctionFailed(function) => {
                write!(f, "{} in $[ ] is no function, or failed", name(function))
            }
        }
    }
}

/// `=` and its relatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`, `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    LessEqual,
    /// `>=`
    GreaterEqual,
}

/// An operand as it is written: text that looks like a number, or other text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal<'a> {
    /// `[0-9]+(\.[0-9]+)?`
    Number(&'a [u8]),
    /// A bare word, or text in quotes, quotes included.
    Text(&'a [u8]),
}

/// A token of `$[...]` (DL-202).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A number, a word or text in quotes.
    Operand(Literal<'a>),
    /// `?`
    Question,
    /// `::`
    Colons,
    /// `|`, `||`
    Or,
    /// `&`, `&&`
    And,
    /// `=` and its relatives.
    Compare(Comparison),
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`, `/`, `%`
    Times(Op),
    /// `!`
    Not,
    /// `:`, `=~`, `~~`
    Matching(Op),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

/// One step of a postfix program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Push text that looks like a number.
    Number(Box<[u8]>),
    /// Push other text.
    Text(Box<[u8]>),
    /// Push empty text: an argument left out.
    Empty,
    /// `a ? b :: c`
    Choose,
    /// `a | b`
    Or,
    /// `a & b`
    And,
    /// `a = b` and its relatives.
    Compare(Comparison),
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a % b`
    Remainder,
    /// `- a`
    Negate,
    /// `! a`
    Not,
    /// `a : re`
    MatchStart,
    /// `a =~ re`
    MatchAnywhere,
    /// `a ~~ b`
    Concatenate,
    /// `NAME(a, b)`
    Call {
        /// As written.
        name: Box<[u8]>,
        /// How many operands it takes.
        count: usize,
    },
}

impl Op {
    pub(crate) fn call(name: Literal<'_>, count: usize) -> Op {
        Op::Call {
            name: name.text().into(),
            count,
        }
    }
}

impl<'a> Literal<'a> {
    /// As written.
    pub fn text(self) -> &'a [u8] {
        match self {
            Literal::Number(text) | Literal::Text(text) => text,
        }
    }
}

impl From<Literal<'_>> for Op {
    fn from(literal: Literal<'_>) -> Op {
        match literal {
            Literal::Number(text) => Op::Number(text.into()),
            Literal::Text(text) => Op::Text(text.into()),
        }
    }
}

#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(utf8 = false)]
#[logos(skip(r"[ \t\r\n]+"))]
enum Lexeme {
    #[regex(r#"(?-u)"[^"]*""#)]
    Quoted,
    #[regex(r"[0-9]+(\.[0-9]+)?", priority = 20)]
    Number,
    #[regex(r"(?-u)([a-zA-Z0-9.';\\_^#@\x80-\xff]|\$[^{])+", priority = 10)]
    Word,
    #[token("${", braces)]
    Braces,
    #[token("?")]
    Question,
    #[token("::")]
    Colons,
    #[token("|")]
    #[token("||")]
    Or,
    #[token("&")]
    #[token("&&")]
    And,
    #[token("=")]
    #[token("==")]
    Equal,
    #[token("!=")]
    Unequal,
    #[token("<")]
    Less,
    #[token(">")]
    Greater,
    #[token("<=")]
    LessEqual,
    #[token(">=")]
    GreaterEqual,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("!")]
    Not,
    #[token(":")]
    Colon,
    #[token("=~")]
    EqualTilde,
    #[token("~~")]
    Tildes,
    #[token("(")]
    Open,
    #[token(")")]
    Close,
    #[token(",")]
    Comma,
}

/// A `${` that came in with a value: one word up to its closing brace.
fn braces(lexer: &mut logos::Lexer<'_, Lexeme>) -> bool {
    let mut depth = 1usize;
    for (at, byte) in lexer.remainder().iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            lexer.bump(at + 1);
            return true;
        }
    }
    false
}

/// Cuts the text into tokens, with the bytes each covers. What is no token is
/// dropped (DL-204).
pub fn tokens(text: &[u8]) -> Vec<(Token<'_>, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut base = 0;
    'restart: loop {
        let mut lexer = Lexeme::lexer(&text[base..]);
        while let Some(lexeme) = lexer.next() {
            let span = base + lexer.span().start..base + lexer.span().end;
            let Ok(lexeme) = lexeme else {
                // Drop one byte, not all that the lexer looked at.
                base = span.start + 1;
                continue 'restart;
            };
            found.push((lexeme.token(&text[span.clone()]), span));
        }
        return found;
    }
}

impl Lexeme {
    fn token(self, text: &[u8]) -> Token<'_> {
        match self {
            Lexeme::Number => Token::Operand(Literal::Number(text)),
            Lexeme::Quoted | Lexeme::Word | Lexeme::Braces => Token::Operand(Literal::Text(text)),
            Lexeme::Question => Token::Question,
            Lexeme::Colons => Token::Colons,
            Lexeme::Or => Token::Or,
            Lexeme::And => Token::And,
            Lexeme::Equal => Token::Compare(Comparison::Equal),
            Lexeme::Unequal => Token::Compare(Comparison::Unequal),
            Lexeme::Less => Token::Compare(Comparison::Less),
            Lexeme::Greater => Token::Compare(Comparison::Greater),
            Lexeme::LessEqual => Token::Compare(Comparison::LessEqual),
            Lexeme::GreaterEqual => Token::Compare(Comparison::GreaterEqual),
            Lexeme::Plus => Token::Plus,
            Lexeme::Minus => Token::Minus,
            Lexeme::Star => Token::Times(Op::Multiply),
            Lexeme::Slash => Token::Times(Op::Divide),
            Lexeme::Percent => Token::Times(Op::Remainder),
            Lexeme::Not => Token::Not,
            Lexeme::Colon => Token::Matching(Op::MatchStart),
            Lexeme::EqualTilde => Token::Matching(Op::MatchAnywhere),
            Lexeme::Tildes => Token::Matching(Op::Concatenate),
            Lexeme::Open => Token::Open,
            Lexeme::Close => Token::Close,
            Lexeme::Comma => Token::Comma,
        }
    }
}

/// An expression, ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Postfix; empty: the value is empty text (DL-220).
    pub ops: Vec<Op>,
    /// [`Warning::Malformed`], if the text is no expression.
    pub warnings: Vec<Warning>,
    /// It computes with 64-bit integers, as the releases before 1.6 did
    /// (DL-208).
    pub whole: bool,
}

/// Reads an expression whose holes are filled. Never fails: where the text
/// stops being an expression, what stands before decides the value. A complete
/// expression gives its value, nothing gives empty text, anything else gives
/// `0` (DL-221).
pub fn compile(text: &[u8]) -> Program {
    compile_for(text, &Dialect::default())
}

/// Reads an expression as a release reads it.
pub fn compile_for(text: &[u8], dialect: &Dialect) -> Program {
    let mut tokens = tokens(text);
    if !dialect.modern_expressions() {
        tokens.retain_mut(|(token, _)| older(token, dialect));
    }
    let whole = !dialect.fractions;
    if tokens.is_empty() {
        return Program {
            ops: Vec::new(),
            warnings: Vec::new(),
            whole,
        };
    }
    let mut ops = Vec::with_capacity(tokens.len());
    // Where nothing can be called a parenthesis behind a word does not fit.
    let called = (!dialect.expression_functions)
        .then(|| call(&tokens))
        .flatten();
    let all = called.map_or(tokens.len(), |at| at + 1);
    let wrong = parse(&tokens[..called.unwrap_or(all)], &mut ops);
    let Some(at) = wrong
        .filter(|at| called.is_none_or(|end| *at < end))
        .or(called)
    else {
        return Program {
            ops,
            warnings: Vec::new(),
            whole,
        };
    };
    ops.clear();
    if at > 0 && parse(&tokens[..at], &mut ops).is_some() {
        ops.clear();
        ops.push(Op::Number(b"0".as_slice().into()));
    }
    Program {
        ops,
        warnings: vec![Warning::Malformed { at }],
        whole,
    }
}

/// Makes a token what an old release took it for; `false`: it took it for none
/// (DL-204).
fn older(token: &mut Token<'_>, dialect: &Dialect) -> bool {
    match token {
        Token::Operand(Literal::Number(text)) if !dialect.fractions && text.contains(&b'.') => {
            *token = Token::Operand(Literal::Text(text));
            true
        }
        Token::Comma => dialect.expression_functions,
        Token::Matching(Op::Concatenate) => dialect.concatenation,
        _ => true,
    }
}

/// The first parenthesis that opens right behind a word.
fn call(tokens: &[(Token<'_>, std::ops::Range<usize>)]) -> Option<usize> {
    tokens
        .windows(2)
        .position(|pair| matches!(pair[0].0, Token::Operand(_)) && matches!(pair[1].0, Token::Open))
        .map(|at| at + 1)
}

/// Parses all of `tokens`; gives the index of the token that does not fit.
fn parse(tokens: &[(Token<'_>, std::ops::Range<usize>)], ops: &mut Vec<Op>) -> Option<usize> {
    let stream = tokens
        .iter()
        .enumerate()
        .map(|(index, (token, _))| Ok((index, token.clone(), index + 1)));
    match grammar::ExprParser::new().parse(ops, stream) {
        Ok(()) => None,
        Err(
            ParseError::UnrecognizedToken {
                token: (index, _, _),
                ..
            }
            | ParseError::ExtraToken {
                token: (index, _, _),
            },
        ) => Some(index),
        Err(
            ParseError::UnrecognizedEof { .. }
            | ParseError::InvalidToken { .. }
            | ParseError::User { .. },
        ) => Some(tokens.len()),
    }
}

/// Evaluates an expression that calls no dialplan function; a call counts as
/// failed.
pub fn evaluate(text: &[u8]) -> Value {
    let mut machine = Machine::new(Arc::new(compile(text)));
    loop {
        match machine.step() {
            Need::Done(value) => return value,
            Need::Call { .. } => machine.fail(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old(text: &str) -> (String, bool) {
        let dialect = Dialect::named("1.4").unwrap();
        let program = compile_for(text.as_bytes(), &dialect);
        let malformed = !program.warnings.is_empty();
        let mut machine = Machine::new(Arc::new(program));
        loop {
            match machine.step() {
                Need::Done(value) => {
                    return (
                        String::from_utf8_lossy(&value.bytes()).into_owned(),
                        malformed,
                    );
                }
                Need::Call { .. } => machine.fail(),
            }
        }
    }

    #[test]
    fn integers_before_1_6() {
        for (text, value) in [
            ("10/4", "2"),
            ("0-10/4", "-2"),
            ("7%3", "1"),
            ("0-7%3", "-1"),
            ("1/3", "0"),
            ("5/0", "2147483647"),
            ("5%0", "0"),
            ("999999999999999999 + 1", "1000000000000000000"),
            ("9223372036854775807 + 1", "-9.22337203685477581e+18"),
            ("1.5 = 1.50", "0"),
            ("2 = 02", "1"),
            ("007", "007"),
        ] {
            assert_eq!(old(text), (value.to_owned(), false), "{text}");
        }
    }

    #[test]
    fn what_came_later_is_no_expression() {
        for (text, value) in [
            ("ROUND(2.5)", "ROUND"),
            ("1 + LEN(x)", "1"),
            ("a ~~ b", "a"),
            ("= LEN(x)", ""),
            ("1 + 2 LEN(x)", "3"),
        ] {
            assert_eq!(old(text), (value.to_owned(), true), "{text}");
        }
        assert_eq!(old("(1 + 2) * 3"), ("9".to_owned(), false));
    }
}
