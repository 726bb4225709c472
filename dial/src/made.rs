//! What the grammar builds its trees with: the text, what has been read in braces, and what went wrong in literals.

use crate::error::{Error, ErrorKind};
use crate::grammar::HoleParser;
use crate::lines::{self, Lexeme};
use crate::literal::{self, Stretch};
use crate::mistake;
use crate::nesting::Nesting;
use crate::token::{self, Kind, Token};
use crate::tree::*;

/// Everything that pieces are read with.
pub(crate) struct Made<'t> {
    pub(crate) text: &'t str,
    pub(crate) errors: Vec<Error>,
    /// What has been read in braces and not yet been taken by what stands around it.
    pub(crate) blocks: Vec<Vec<Stmt>>,
    pub(crate) arms: Vec<Vec<Arm>>,
    pub(crate) items: Vec<Vec<Item>>,
    pub(crate) tests: Vec<Vec<TestItem>>,
    tokens: Vec<Token>,
}

pub(crate) fn at(start: u32, end: u32) -> At {
    At { start, end }
}

pub(crate) fn expr(start: u32, end: u32, kind: ExprKind) -> Expr {
    Expr {
        at: At { start, end },
        kind: Box::new(kind),
    }
}

impl<'t> Made<'t> {
    pub(crate) fn new(text: &'t str) -> Made<'t> {
        Made {
            text,
            errors: Vec::new(),
            blocks: Vec::new(),
            arms: Vec::new(),
            items: Vec::new(),
            tests: Vec::new(),
            tokens: Vec::new(),
        }
    }

    pub(crate) fn slice(&self, at: At) -> &'t str {
        &self.text[at.start as usize..at.end as usize]
    }

    pub(crate) fn tell(&mut self, at: At, kind: ErrorKind) {
        self.errors.push(Error {
            kind,
            at,
            also: Vec::new(),
        });
    }

    pub(crate) fn block(&mut self, i: u32) -> Vec<Stmt> {
        self.blocks
            .get_mut(i as usize)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    pub(crate) fn arms(&mut self, i: u32) -> Vec<Arm> {
        self.arms
            .get_mut(i as usize)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    pub(crate) fn items(&mut self, i: u32) -> Vec<Item> {
        self.items
            .get_mut(i as usize)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    pub(crate) fn tests(&mut self, i: u32) -> Vec<TestItem> {
        self.tests
            .get_mut(i as usize)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    pub(crate) fn word(&self, at: At) -> Box<str> {
        self.slice(at).into()
    }

    pub(crate) fn name(&self, at: At) -> Name {
        Name {
            text: self.word(at),
            at,
        }
    }

    pub(crate) fn digits(&self, at: At) -> Constant {
        Constant {
            text: self.word(at),
            at,
        }
    }

    pub(crate) fn negative(&self, at: At) -> Box<str> {
        format!("-{}", self.slice(at)).into()
    }

    pub(crate) fn int(&self, at: At) -> Expr {
        expr(at.start, at.end, ExprKind::Int(self.word(at)))
    }

    fn time(&self, at: At) -> (Box<str>, Unit) {
        let word = self.slice(at);
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let unit = match &word[digits..] {
            "ms" => Unit::Milliseconds,
            "s" => Unit::Seconds,
            "m" => Unit::Minutes,
            "h" => Unit::Hours,
            _ => Unit::Days,
        };
        (word[..digits].into(), unit)
    }

    pub(crate) fn duration(&self, at: At) -> Expr {
        let (number, unit) = self.time(at);
        expr(at.start, at.end, ExprKind::Duration { number, unit })
    }

    pub(crate) fn duration_bound(&self, at: At) -> Bound {
        let (number, unit) = self.time(at);
        Bound::Duration { number, unit }
    }

    /// A bound that stands alone is a value.
    pub(crate) fn alone(&self, bound: Bound) -> ArmPatternKind {
        match bound {
            Bound::Int(digits) => ArmPatternKind::Int(digits),
            Bound::Duration { number, unit } => ArmPatternKind::Duration { number, unit },
        }
    }

    pub(crate) fn binary(
        &self,
        left: Expr,
        op: BinaryOp,
        start: u32,
        end: u32,
        right: Expr,
    ) -> Expr {
        let (first, last) = (left.at.start, right.at.end);
        let kind = ExprKind::Binary {
            op,
            op_at: At { start, end },
            left,
            right,
        };
        expr(first, last, kind)
    }

    /// An import without `as` is called as its last word.
    pub(crate) fn import(&self, path: Vec<Name>, name: Option<Name>) -> DeclKind {
        let last = path.last().cloned();
        let name = name.or(last).unwrap_or(Name {
            text: Box::default(),
            at: At::default(),
        });
        DeclKind::Import { path, name }
    }

    pub(crate) fn pattern(&mut self, at: At) -> Pattern {
        literal::pattern(self.slice(at), at, &mut self.errors)
    }

    pub(crate) fn raw(&self, at: At) -> Expr {
        expr(
            at.start,
            at.end,
            ExprKind::Raw(literal::raw(self.slice(at))),
        )
    }

    pub(crate) fn raw_constant(&self, at: At) -> Constant {
        Constant {
            text: literal::raw(self.slice(at)),
            at,
        }
    }

    pub(crate) fn constant(&mut self, at: At) -> Constant {
        let mut text = String::new();
        for stretch in literal::text(self.slice(at), at, &mut self.errors) {
            match stretch {
                Stretch::Text(piece) => text.push_str(&piece),
                Stretch::Hole(hole) => {
                    let whole = At {
                        start: hole.start - 1,
                        end: hole.end + 1,
                    };
                    self.tell(whole, ErrorKind::HoleInConstant);
                    break;
                }
            }
        }
        Constant {
            text: text.into(),
            at,
        }
    }

    pub(crate) fn text(&mut self, at: At) -> Expr {
        let stretches = literal::text(self.slice(at), at, &mut self.errors);
        let mut parts = Vec::with_capacity(stretches.len());
        for stretch in stretches {
            match stretch {
                Stretch::Text(text) => parts.push(TextPart::Text(text)),
                Stretch::Hole(hole) => parts.extend(self.hole(hole).map(TextPart::Hole)),
            }
        }
        expr(at.start, at.end, ExprKind::Text(parts))
    }

    /// What stands between `{` and `}` of a text.
    fn hole(&mut self, at: At) -> Option<Expr> {
        let slice = self.slice(at);
        let mut tokens = std::mem::take(&mut self.tokens);
        tokens.clear();
        token::lex_from(slice, at.start, &mut tokens);
        let found = self.hole_of(&tokens, at);
        self.tokens = tokens;
        found
    }

    fn hole_of(&mut self, tokens: &[Token], at: At) -> Option<Expr> {
        // Nearly all holes are a name.
        if let [
            Token {
                kind: Kind::Ident,
                at,
            },
        ] = tokens
        {
            let name = self.name(*at);
            return Some(expr(at.start, at.end, ExprKind::Name(name)));
        }
        let whole = At {
            start: at.start - 1,
            end: at.end + 1,
        };
        if self.slice(at).contains('"') {
            self.tell(whole, ErrorKind::QuoteInHole);
            return None;
        }
        if tokens.iter().all(|t| t.kind.is_trivia()) {
            self.tell(whole, ErrorKind::EmptyHole);
            return None;
        }
        let before = self.errors.len();
        let lexemes = lines::read(self.text, tokens, &mut self.errors).lexemes;
        let mut nesting = Nesting::default();
        for lexeme in &lexemes {
            if nesting.goes_too_deep(lexeme) {
                self.tell(lexeme.at, ErrorKind::TooDeep);
                return None;
            }
        }
        if self.errors.len() > before || lexemes.iter().any(|l| l.kind == Kind::Bad) {
            return None;
        }
        match HoleParser::new().parse(self, symbols(&lexemes)) {
            Ok(found) => Some(found),
            Err(error) => {
                let told = match error {
                    lalrpop_util::ParseError::UnrecognizedToken {
                        token: (_, Kind::Colon, _),
                        ..
                    } => Error {
                        kind: ErrorKind::FormatInHole,
                        at: whole,
                        also: Vec::new(),
                    },
                    error => mistake::in_hole(self.text, &lexemes, error, at),
                };
                self.errors.push(told);
                None
            }
        }
    }
}

/// What a place of the grammar is: byte, symbol, byte.
pub(crate) type Symbol = Result<(u32, Kind, u32), ()>;

/// Lexemes as the grammar takes them.
pub(crate) fn symbols(lexemes: &[Lexeme]) -> impl Iterator<Item = Symbol> + '_ {
    lexemes.iter().map(|l| Ok((l.at.start, l.kind, l.at.end)))
}

/// How the reading of a piece fails.
pub(crate) type Fault = lalrpop_util::ParseError<u32, Kind, ()>;
