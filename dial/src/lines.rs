//! From tokens to what the grammar reads: which line ends end a statement, which keywords are plain words, which `(` is closed.
//!
//! What people write who come from other languages is told here, once, and replaced by what was meant.

use crate::error::{Error, ErrorKind, Quote, plain};
use crate::literal;
use crate::token::{Kind, Token};
use crate::tree::At;

/// A token that says something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lexeme {
    /// What it is.
    pub(crate) kind: Kind,
    /// Where it stands.
    pub(crate) at: At,
    /// How far its line is indented, in bytes.
    pub(crate) indent: u32,
    /// Whether it is the first on its line.
    pub(crate) fresh: bool,
}

/// What the grammar reads.
#[derive(Default)]
pub(crate) struct Lines {
    /// In their order.
    pub(crate) lexemes: Vec<Lexeme>,
    /// Doc comments: where the lexeme begins that each is for. From top to bottom.
    pub(crate) docs: Vec<(u32, Box<str>)>,
}

impl Lines {
    /// The doc comment of what begins at a byte.
    pub(crate) fn doc(&self, start: u32) -> Option<&str> {
        let i = self.docs.binary_search_by_key(&start, |(at, _)| *at).ok()?;
        Some(&self.docs[i].1)
    }
}

/// Tokens that are looked at for the `;` of a `for`.
const HEAD: usize = 40;

/// Whether a statement may end with it.
fn ends(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
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
            | BraceClose
            | Break
            | Continue
            | Return
            | True
            | False
            | Stuck
            | Bad
            // Where others write a block: `if x:`.
            | Colon
    )
}

/// Whether nothing has begun in front of what follows.
fn opens(kind: Kind) -> bool {
    matches!(kind, Kind::BraceOpen | Kind::Newline)
}

/// Whether a line that begins with it goes on from the one before.
pub(crate) fn continues(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        BraceOpen
            | BraceClose
            | ParenClose
            | SquareClose
            | Else
            | Pipe
            | Dot
            | Default
            | And
            | Or
            | Arrow
            | Bar
            | Comma
            | Colon
            | Eq
            | EqEq
            | NotEq
            | Less
            | LessEq
            | Greater
            | GreaterEq
            | Plus
            | Star
            | Slash
            | Percent
            | In
            | As
            | From
            | When
            | Unless
            | At
    )
}

/// Whether only the beginning of a statement, item or declaration may be spelled so.
fn begins(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Break
            | Call
            | Channel
            | Const
            | Context
            | Continue
            | Enum
            | Expect
            | Fn
            | For
            | Given
            | Global
            | Gosub
            | Goto
            | Hint
            | If
            | Import
            | Include
            | Label
            | Let
            | Match
            | On
            | Return
            | Sub
            | Test
            | Var
            | While
    )
}

/// Whether it may stand nowhere but at the beginning, whatever stood before it.
fn begins_only(kind: Kind) -> bool {
    begins(kind)
        && !matches!(
            kind,
            Kind::If | Kind::Match | Kind::Gosub | Kind::Goto | Kind::Return
        )
}

/// Whether an operand may begin with it.
fn operand(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Ident | Upper | Int | Duration | Text | Raw | Pattern | True | False | Not
    )
}

struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
    lines: Lines,
    errors: &'t mut Vec<Error>,
    /// `(` and `[` that are open, with their character.
    open: Vec<Lexeme>,
    /// The last line end has not been looked at.
    line_end: bool,
    /// Where the line begins, and how far it is indented.
    line_start: u32,
    indent: u32,
    doc: Option<String>,
    semicolons: Vec<At>,
    comments: Vec<At>,
}

/// Reads tokens of `text`, of all or of a hole.
pub(crate) fn read(text: &str, tokens: &[Token], errors: &mut Vec<Error>) -> Lines {
    let mut reader = Reader {
        text,
        tokens,
        lines: Lines {
            lexemes: Vec::with_capacity(tokens.len() * 3 / 4),
            docs: Vec::new(),
        },
        errors,
        open: Vec::new(),
        line_end: true,
        line_start: tokens.first().map_or(0, |t| t.at.start),
        indent: 0,
        doc: None,
        semicolons: Vec::new(),
        comments: Vec::new(),
    };
    let mut i = 0;
    while i < tokens.len() {
        i += reader.token(i);
    }
    reader.close_all();
    let (semicolons, comments) = (reader.semicolons, reader.comments);
    let lines = reader.lines;
    if let Some(first) = semicolons.first() {
        errors.push(error(*first, ErrorKind::Semicolons(semicolons)));
    }
    if let Some(first) = comments.first() {
        let mark = match &text[first.start as usize..first.end as usize] {
            t if t.starts_with(';') => ";",
            t if t.starts_with('#') => "#",
            t if t.starts_with('-') => "--",
            _ => "/*",
        };
        errors.push(error(
            *first,
            ErrorKind::Comments {
                mark,
                all: comments,
            },
        ));
    }
    lines
}

fn error(at: At, kind: ErrorKind) -> Error {
    Error {
        kind,
        at,
        also: Vec::new(),
    }
}

impl Reader<'_> {
    fn slice(&self, at: At) -> &str {
        &self.text[at.start as usize..at.end as usize]
    }

    fn last(&self) -> Option<Kind> {
        self.lines.lexemes.last().map(|l| l.kind)
    }

    /// The next token behind `i` that is no blank; in parentheses, where lines may end anywhere, on whichever line.
    fn next(&self, i: usize) -> Option<Token> {
        let rest = self.tokens.get(i + 1..)?;
        let passed =
            |kind: Kind| kind == Kind::Blank || (!self.open.is_empty() && kind.is_trivia());
        rest.iter().find(|t| !passed(t.kind)).copied()
    }

    fn tell(&mut self, at: At, kind: ErrorKind) {
        self.errors.push(error(at, kind));
    }

    fn push(&mut self, kind: Kind, at: At) {
        let fresh = std::mem::take(&mut self.line_end);
        if let Some(doc) = self.doc.take() {
            self.lines.docs.push((at.start, doc.into()));
        }
        self.lines.lexemes.push(Lexeme {
            kind,
            at,
            indent: self.indent,
            fresh,
        });
    }

    /// Ends the statement behind what stands last.
    fn newline(&mut self) {
        if let Some(last) = self.lines.lexemes.last().copied() {
            let end = At {
                start: last.at.end,
                end: last.at.end,
            };
            self.lines.lexemes.push(Lexeme {
                kind: Kind::Newline,
                at: end,
                fresh: false,
                ..last
            });
        }
    }

    /// Says that the outermost open `(` is not closed, and goes on as if all were.
    fn close_all(&mut self) {
        if let Some(first) = self.open.first().copied() {
            let mark = if first.kind == Kind::ParenOpen {
                '('
            } else {
                '['
            };
            self.tell(first.at, ErrorKind::OpenParen(mark));
            self.open.clear();
            self.bad(first.at);
        }
    }

    /// Makes the statement unreadable.
    fn bad(&mut self, at: At) {
        self.lines.lexemes.push(Lexeme {
            kind: Kind::Bad,
            at,
            indent: self.indent,
            fresh: false,
        });
    }

    /// Looks at a token; how many are done.
    fn token(&mut self, i: usize) -> usize {
        let Token { kind, at } = self.tokens[i];
        match kind {
            Kind::Blank | Kind::Comment | Kind::ModuleDoc => return 1,
            Kind::LineEnd => {
                self.line_end = true;
                self.line_start = at.end;
                return 1;
            }
            Kind::Doc => {
                let line = self.slice(at)[3..].trim_end_matches('\r');
                let line = line.strip_prefix(' ').unwrap_or(line).to_owned();
                match &mut self.doc {
                    Some(doc) => {
                        doc.push('\n');
                        doc.push_str(&line);
                    }
                    None => self.doc = Some(line),
                }
                return 1;
            }
            Kind::Foreign => {
                self.foreign_comment(at);
                return 1;
            }
            _ => {}
        }
        if self.line_end {
            self.indent = at.start - self.line_start;
        }
        let kind = self.in_context(kind, i);
        self.line_ends(kind);
        if kind == Kind::For
            && let Some(length) = self.for_of_three(i)
        {
            return length;
        }
        match kind {
            Kind::ParenOpen | Kind::SquareOpen => {
                self.push(kind, at);
                self.open.extend(self.lines.lexemes.last());
            }
            Kind::ParenClose | Kind::SquareClose => self.close(kind, at),
            Kind::BraceOpen => {
                if !self.open.is_empty() {
                    return self.brace_in_parens(i);
                }
                self.push(kind, at);
            }
            Kind::BraceClose => {
                self.close_all();
                self.push(kind, at);
            }
            Kind::Text => return self.text(i),
            _ => return self.other(kind, at, i),
        }
        1
    }

    /// `for (let i = 0; i < 3; i++) {`, which ends in what looks like a comment; how many tokens it has.
    fn for_of_three(&mut self, i: usize) -> Option<usize> {
        if self.next(i)?.kind != Kind::ParenOpen {
            return None;
        }
        let line = self.tokens[i..]
            .iter()
            .take_while(|t| t.kind != Kind::LineEnd);
        let n = line.take(HEAD).position(|t| t.kind == Kind::Foreign)?;
        let (at, rest) = (self.tokens[i].at, self.tokens[i + n].at);
        let text = self.slice(rest).trim_ascii_end();
        if !text.starts_with(';') {
            return None;
        }
        let end = rest.start + text.len() as u32;
        let brace = text.ends_with('{').then_some(At {
            start: end - 1,
            end,
        });
        self.tell(at, ErrorKind::ForOfThree);
        self.bad(at);
        if let Some(brace) = brace {
            self.push(Kind::BraceOpen, brace);
        }
        Some(n + 1)
    }

    /// What a word is where it stands.
    fn in_context(&self, kind: Kind, i: usize) -> Kind {
        if kind == Kind::Ident {
            let conf = self.last() == Some(Kind::Import)
                && self.slice(self.tokens[i].at) == "conf"
                && matches!(
                    self.next(i).map(|t| t.kind),
                    Some(Kind::Text | Kind::Raw | Kind::OpenText | Kind::OpenRaw)
                );
            return if conf { Kind::ConfWord } else { kind };
        }
        if !kind.is_keyword() {
            return kind;
        }
        if self.last() == Some(Kind::Dot) {
            return Kind::Word;
        }
        let next = self.next(i).map(|t| t.kind);
        match next {
            Some(Kind::Colon) if !self.open.is_empty() => Kind::Word,
            // The door to the variables of the untyped world, and the channel's own fields.
            Some(Kind::ParenOpen | Kind::Dot) if kind == Kind::Channel => Kind::Ident,
            _ => kind,
        }
    }

    /// Decides what the line end before this token means.
    fn line_ends(&mut self, kind: Kind) {
        if !self.line_end {
            return;
        }
        let Some(last) = self.last() else {
            return;
        };
        if let Some(first) = self.open.first() {
            let left = self.indent <= first.indent;
            if begins(kind) || (ends(last) && last != Kind::Colon && operand(kind) && left) {
                self.close_all();
                self.newline();
            }
        } else if (ends(last) && !continues(kind)) || (begins_only(kind) && !opens(last)) {
            self.newline();
        }
    }

    fn close(&mut self, kind: Kind, at: At) {
        let mark = |round| if round { ')' } else { ']' };
        let round = kind == Kind::ParenClose;
        match self.open.pop() {
            None => {
                self.tell(at, ErrorKind::ExtraParen(mark(round)));
                self.bad(at);
                return;
            }
            Some(open) if (open.kind == Kind::ParenOpen) != round => {
                self.errors.push(Error {
                    kind: ErrorKind::WrongParen {
                        wrote: mark(round),
                        meant: mark(!round),
                    },
                    at,
                    also: vec![(open.at, "opened here")],
                });
                // The one in front may be the one that is meant.
                if self
                    .open
                    .last()
                    .is_some_and(|l| (l.kind == Kind::ParenOpen) == round)
                {
                    self.open.pop();
                }
                self.bad(at);
            }
            Some(_) => {}
        }
        self.push(kind, at);
    }

    /// A brace inside of `(` or `[`: options in braces, or the `)` is missing.
    fn brace_in_parens(&mut self, i: usize) -> usize {
        let at = self.tokens[i].at;
        if !matches!(
            self.last(),
            Some(Kind::ParenOpen | Kind::SquareOpen | Kind::Comma | Kind::Colon)
        ) {
            self.close_all();
            self.push(Kind::BraceOpen, at);
            return 1;
        }
        self.tell(at, ErrorKind::BraceInArguments);
        self.bad(at);
        let mut depth = 0;
        for (n, token) in self.tokens[i..].iter().enumerate() {
            match token.kind {
                Kind::BraceOpen => depth += 1,
                Kind::BraceClose => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return n + 1;
            }
        }
        self.tokens.len() - i
    }

    /// A text in double quotes, which may have been ended by a quote inside of a hole.
    fn text(&mut self, i: usize) -> usize {
        let at = self.tokens[i].at;
        self.push(Kind::Text, at);
        let next = self.tokens.get(i + 1);
        let adjacent = next.is_some_and(|t| {
            use Kind::*;
            matches!(
                t.kind,
                Ident
                    | Upper
                    | Int
                    | Duration
                    | Stuck
                    | Unknown
                    | Text
                    | OpenText
                    | Minus
                    | Star
                    | Hash
            )
        });
        if !adjacent || !literal::ends_in_hole(self.slice(at)) {
            return 1;
        }
        // The text goes on to the quote behind the end of the hole.
        let mut n = 1;
        let mut end = at;
        for token in &self.tokens[i + 1..] {
            if token.kind == Kind::LineEnd {
                break;
            }
            n += 1;
            end = token.at;
            if matches!(token.kind, Kind::Text | Kind::OpenText)
                && self.slice(token.at).contains('}')
            {
                break;
            }
        }
        self.tell(at.to(end), ErrorKind::QuoteInHole);
        self.bad(at.to(end));
        n
    }

    fn foreign_comment(&mut self, at: At) {
        let text = self.slice(at);
        if text.starts_with("#include")
            || text.starts_with("#exec")
            || text.starts_with("#tryinclude")
        {
            self.tell(at, ErrorKind::HashInclude);
        } else {
            self.comments.push(at);
        }
    }

    /// Everything else, and above all what does not belong here.
    fn other(&mut self, kind: Kind, at: At, i: usize) -> usize {
        let operator = |wrote, meant| ErrorKind::Operator { wrote, meant };
        let (kind, told) = match kind {
            Kind::Semicolon => {
                self.semicolons.push(at);
                let last = self.last();
                if self.open.is_empty() && last.is_some_and(|l| l != Kind::Newline) {
                    self.newline();
                }
                return 1;
            }
            Kind::AndAnd => (Kind::And, operator("&&", "and")),
            Kind::OrOr => (Kind::Or, operator("||", "or")),
            Kind::Bang => (Kind::Not, operator("!", "not")),
            Kind::Same => (Kind::EqEq, operator("===", "==")),
            Kind::NotSame => (Kind::NotEq, operator("!==", "!=")),
            Kind::Unequal => (Kind::NotEq, operator("<>", "!=")),
            Kind::ColonEq => (Kind::Eq, operator(":=", "=")),
            Kind::FatArrow => (Kind::Arrow, operator("=>", "->")),
            Kind::Compound => (Kind::Eq, ErrorKind::Compound(self.slice(at).into())),
            Kind::PlusPlus => (Kind::Bad, ErrorKind::Step("++")),
            Kind::MinusMinus => (Kind::Bad, ErrorKind::Step("--")),
            Kind::Question => (Kind::Bad, ErrorKind::Ternary),
            Kind::Conf => return self.conf(i),
            Kind::Dollar => {
                let text = self.slice(at);
                let told = if text.starts_with("$[") {
                    ErrorKind::DollarExpression
                } else {
                    let name = text.trim_start_matches(['$', '{']).trim_end_matches('}');
                    ErrorKind::DollarVariable(name.into())
                };
                (Kind::Bad, told)
            }
            Kind::Stuck => {
                // The numbers of an extension are looked at with it.
                if self.number_expected() {
                    self.push(kind, at);
                    return 1;
                }
                (Kind::Bad, ErrorKind::Stuck(self.slice(at).into()))
            }
            Kind::OpenText => return self.open_text(at, Quote::Double),
            Kind::OpenRaw => return self.open_text(at, Quote::Single),
            Kind::OpenPattern => return self.open_text(at, Quote::Back),
            Kind::Unknown => {
                let told = self.unknown(at);
                if matches!(
                    told,
                    ErrorKind::Typographic {
                        meant: '"' | '\'',
                        ..
                    }
                ) {
                    return self.typographic(i, told);
                }
                (Kind::Bad, told)
            }
            _ => {
                self.push(kind, at);
                return 1;
            }
        };
        let again = matches!(
            told,
            ErrorKind::Step(_) | ErrorKind::Ternary | ErrorKind::Unknown(_)
        ) && self.last() == Some(Kind::Bad);
        if !again {
            self.tell(at, told);
        }
        self.push(kind, at);
        1
    }

    /// Whether the number of an extension stands here.
    fn number_expected(&self) -> bool {
        let lexemes = &self.lines.lexemes;
        let head = |l: &Lexeme| matches!(l.kind, Kind::On | Kind::Hint | Kind::From);
        let last = lexemes.iter().rev().take_while(|l| l.kind != Kind::Newline);
        self.open.is_empty()
            && matches!(
                self.last(),
                Some(Kind::On | Kind::Hint | Kind::From | Kind::Comma)
            )
            && last.take(NUMBERS_AHEAD).any(head)
    }

    /// Lines of extensions.conf, one behind the other.
    fn conf(&mut self, i: usize) -> usize {
        let at = self.tokens[i].at;
        // Blanks, comments and further such lines belong to it.
        let mut n = 1;
        let mut end = at;
        for (k, token) in self.tokens[i + 1..].iter().enumerate() {
            match token.kind {
                Kind::Conf => {
                    end = token.at;
                    n = k + 2;
                }
                Kind::Blank | Kind::LineEnd | Kind::Comment => {}
                Kind::Foreign if self.slice(token.at).starts_with(';') => {}
                _ => break,
            }
        }
        self.tell(at.to(end), ErrorKind::Conf);
        self.bad(at.to(end));
        self.newline();
        self.line_end = true;
        n
    }

    /// A text that is not closed has swallowed the rest of its line, with what stood there.
    fn open_text(&mut self, at: At, quote: Quote) -> usize {
        let text = self.slice(at);
        let brace = text.trim_end().ends_with('{');
        let end = at.start + text.trim_end().len() as u32;
        self.tell(at, ErrorKind::Unclosed(quote));
        self.push(Kind::Bad, at);
        self.open.clear();
        if brace {
            let at = At {
                start: end - 1,
                end,
            };
            self.push(Kind::BraceOpen, at);
        }
        1
    }

    /// A text in quotes of a word processor: up to the last of them on the line.
    fn typographic(&mut self, i: usize, told: ErrorKind) -> usize {
        let line = self.tokens[i..]
            .iter()
            .take_while(|t| t.kind != Kind::LineEnd);
        let quote = |t: &Token| {
            t.kind == Kind::Unknown && matches!(self.unknown(t.at), ErrorKind::Typographic { .. })
        };
        let last = line
            .enumerate()
            .filter(|(_, t)| quote(t))
            .last()
            .map_or(0, |(n, _)| n);
        let at = self.tokens[i].at.to(self.tokens[i + last].at);
        self.tell(at, told);
        self.push(Kind::Bad, at);
        last + 1
    }

    fn unknown(&self, at: At) -> ErrorKind {
        let text = self.slice(at);
        let typographic = text.chars().find_map(|wrote| {
            let meant = plain(wrote)?;
            Some(ErrorKind::Typographic { wrote, meant })
        });
        typographic.unwrap_or_else(|| ErrorKind::Unknown(text.into()))
    }
}

/// Lexemes of an `on` that are looked back at.
const NUMBERS_AHEAD: usize = 64;
