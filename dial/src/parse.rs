//! From text to tree, piece by piece: a declaration, item, statement or arm that cannot be read is left out, and nothing else.
//!
//! What stands in braces is read before what stands around it and is one symbol there, so no piece is read twice and no stack grows
//! with the nesting.

use crate::braces;
use crate::error::{Error, ErrorKind, Place};
use crate::grammar::{ArmParser, DeclParser, ItemParser, StmtParser, TestItemParser};
use crate::lines::{self, Lexeme, Lines};
use crate::made::{Made, symbols};
use crate::mistake;
use crate::nesting::Nesting;
use crate::token::{self, Kind, Token};
use crate::tree::*;
use crate::{ERRORS, FILE_BYTES};

/// What reading a file gives.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Parsed {
    /// What could be read.
    pub module: Module,
    /// The whole text as tokens.
    pub tokens: Vec<Token>,
    /// What could not, from top to bottom.
    pub errors: Vec<Error>,
}

/// Reads the bytes of a file.
pub fn parse_bytes(bytes: &[u8]) -> Parsed {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text),
        Err(fault) => {
            let start = fault.valid_up_to() as u32;
            let at = At {
                start,
                end: start + 1,
            };
            alone(at, ErrorKind::NotUtf8)
        }
    }
}

fn alone(at: At, kind: ErrorKind) -> Parsed {
    Parsed {
        errors: vec![Error {
            kind,
            at,
            also: Vec::new(),
        }],
        ..Parsed::default()
    }
}

/// Reads a file.
pub fn parse(text: &str) -> Parsed {
    if text.len() > FILE_BYTES {
        return alone(At::default(), ErrorKind::TooLarge);
    }
    let tokens = token::lex(text);
    let mut made = Made::new(text);
    let Lines { lexemes, docs } = lines::read(text, &tokens, &mut made.errors);
    let lexemes = braces::mend(lexemes, &mut made.errors);
    let lines = Lines { lexemes, docs };
    let decls = Cutter::new(&mut made, &lines).cut();
    let mut errors = made.errors;
    errors.sort_by_key(|e| e.at.start);
    merge_conf(text, &mut errors);
    if errors.len() > ERRORS {
        let at = errors[ERRORS].at;
        errors.truncate(ERRORS);
        errors.push(Error {
            kind: ErrorKind::TooMany,
            at,
            also: Vec::new(),
        });
    }
    Parsed {
        module: Module { decls },
        tokens,
        errors,
    }
}

/// Lines of extensions.conf one after the other are one mistake; what is assigned below `[globals]` is one of them.
fn merge_conf(text: &str, errors: &mut Vec<Error>) {
    errors.dedup_by(|next, last| {
        let assigned = next.kind == ErrorKind::StatementElsewhere(Place::File)
            && text[last.at.start as usize..].starts_with("[globals]");
        let both = last.kind == ErrorKind::Conf && (next.kind == ErrorKind::Conf || assigned);
        let between = text.get(last.at.end as usize..next.at.start as usize);
        let plain =
            |line: &str| line.trim().is_empty() || line.trim_start().starts_with([';', '/', '=']);
        let one = both && between.is_some_and(|b| b.lines().all(plain));
        if one {
            last.at = last.at.to(next.at);
        }
        one
    });
}

/// What has been read at one pair of braces.
enum Read {
    Decls(Vec<Decl>),
    Items(Vec<Item>),
    Stmts(Vec<Stmt>),
    Arms(Vec<Arm>),
    Tests(Vec<TestItem>),
}

/// An open pair of braces.
struct Frame {
    read: Read,
    place: Place,
    /// The `{`; nothing for the file.
    open: At,
    /// Where its piece begins in the common buffer.
    start: usize,
    /// How far the last piece is indented that could not be read, if no other came behind it.
    bad: Option<u32>,
}

struct Cutter<'m, 't> {
    made: &'m mut Made<'t>,
    lines: &'m Lines,
    /// The pieces that are being collected, those of outer braces first.
    buffer: Vec<Lexeme>,
    frames: Vec<Frame>,
    nesting: Nesting,
    /// How many braces were open where it got too deep; nothing is told of what stands in them.
    deep: Option<usize>,
    /// The cases of an enum are read with it: its braces are symbols of the piece.
    in_cases: bool,
}

impl<'m, 't> Cutter<'m, 't> {
    fn new(made: &'m mut Made<'t>, lines: &'m Lines) -> Cutter<'m, 't> {
        let file = Frame {
            read: Read::Decls(Vec::new()),
            place: Place::File,
            open: At::default(),
            start: 0,
            bad: None,
        };
        Cutter {
            made,
            lines,
            buffer: Vec::new(),
            frames: vec![file],
            nesting: Nesting::default(),
            deep: None,
            in_cases: false,
        }
    }

    fn cut(mut self) -> Vec<Decl> {
        let lines = self.lines;
        for (i, lexeme) in lines.lexemes.iter().enumerate() {
            if self.nesting.goes_too_deep(lexeme) {
                if self.deep.is_none() {
                    self.deep = Some(self.frames.len());
                    self.made.tell(lexeme.at, ErrorKind::TooDeep);
                }
                let bad = Lexeme {
                    kind: Kind::Bad,
                    ..*lexeme
                };
                self.buffer.push(bad);
            }
            match lexeme.kind {
                Kind::BraceOpen => self.open(i),
                Kind::BraceClose => self.close(lexeme),
                Kind::Newline if !self.in_cases => self.finish(),
                _ => self.buffer.push(*lexeme),
            }
            if self.made.errors.len() > ERRORS {
                break;
            }
        }
        // Braces are closed: they have been mended. Unless reading has been given up.
        while self.frames.len() > 1 {
            self.leave(At::default());
        }
        self.finish();
        match self.frames.pop().map(|f| f.read) {
            Some(Read::Decls(decls)) => decls,
            _ => Vec::new(),
        }
    }

    fn frame(&self) -> (Place, usize) {
        self.frames
            .last()
            .map_or((Place::File, 0), |f| (f.place, f.start))
    }

    /// What the braces hold that open at the lexeme `i`.
    fn place(&self, i: usize) -> Option<Place> {
        let (place, start) = self.frame();
        let piece = &self.buffer[start..];
        match piece.first().map(|l| l.kind) {
            Some(Kind::Context) if place == Place::File => return Some(Place::Context),
            Some(Kind::Test) if place == Place::File => return Some(Place::Test),
            Some(Kind::Enum) => return None,
            _ => {}
        }
        for lexeme in piece.iter().rev() {
            match lexeme.kind {
                Kind::Match => return Some(Place::Match),
                Kind::Arms(_)
                | Kind::Block(_)
                | Kind::If
                | Kind::While
                | Kind::For
                | Kind::On
                | Kind::Fn
                | Kind::Sub
                | Kind::Else
                | Kind::Arrow => return Some(Place::Block),
                _ => {}
            }
        }
        // A head that is none: the first line tells.
        for lexeme in &self.lines.lexemes[i + 1..] {
            match lexeme.kind {
                Kind::Arrow => return Some(Place::Match),
                Kind::Newline | Kind::BraceOpen | Kind::BraceClose => break,
                _ => {}
            }
        }
        Some(Place::Block)
    }

    fn open(&mut self, i: usize) {
        let lexeme = self.lines.lexemes[i];
        let Some(place) = self.place(i).filter(|_| !self.in_cases) else {
            self.in_cases = true;
            self.buffer.push(lexeme);
            return;
        };
        let read = match place {
            Place::File => Read::Decls(Vec::new()),
            Place::Context => Read::Items(Vec::new()),
            Place::Block => Read::Stmts(Vec::new()),
            Place::Match => Read::Arms(Vec::new()),
            Place::Test => Read::Tests(Vec::new()),
        };
        self.frames.push(Frame {
            read,
            place,
            open: lexeme.at,
            start: self.buffer.len(),
            bad: None,
        });
    }

    fn close(&mut self, lexeme: &Lexeme) {
        if self.in_cases {
            self.in_cases = false;
            self.buffer.push(*lexeme);
        } else if self.frames.len() > 1 {
            self.leave(lexeme.at);
        }
    }

    /// Leaves the innermost braces: what has been read in them is a symbol of what stands around.
    fn leave(&mut self, close: At) {
        self.finish();
        let Some(frame) = self.frames.pop() else {
            return;
        };
        if self.deep.is_some_and(|d| self.frames.len() < d) {
            self.deep = None;
        }
        fn keep<T>(all: &mut Vec<Vec<T>>, one: Vec<T>) -> u32 {
            all.push(one);
            all.len() as u32 - 1
        }
        let made = &mut *self.made;
        let kind = match frame.read {
            Read::Stmts(stmts) => Kind::Block(keep(&mut made.blocks, stmts)),
            Read::Arms(arms) => Kind::Arms(keep(&mut made.arms, arms)),
            Read::Items(items) => Kind::Items(keep(&mut made.items, items)),
            Read::Tests(tests) => Kind::Tests(keep(&mut made.tests, tests)),
            Read::Decls(_) => Kind::Bad,
        };
        self.buffer.push(Lexeme {
            kind,
            at: frame.open.to(close),
            indent: 0,
            fresh: false,
        });
    }

    /// Reads the piece that has been collected.
    fn finish(&mut self) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        self.in_cases = false;
        let piece = &self.buffer[frame.start..];
        let (Some(first), Some(last)) = (piece.first(), piece.last()) else {
            return;
        };
        let at = first.at.to(last.at);
        let place = frame.place;
        let head = self.buffer.first().map(|l| l.kind);
        let mut bad = false;
        for lexeme in piece {
            match lexeme.kind {
                Kind::Bad => bad = true,
                Kind::Return if head == Some(Kind::Test) => {
                    self.made.tell(lexeme.at, ErrorKind::ReturnOutside);
                }
                _ => {}
            }
        }
        let told = if bad {
            None
        } else if let Some(told) = mistake::before(self.made.text, piece, place) {
            Some(told)
        } else {
            let made = &mut *self.made;
            let symbols = symbols(piece);
            let doc = || self.lines.doc(at.start).map(Box::from);
            let fault = match &mut frame.read {
                Read::Decls(all) => DeclParser::new().parse(made, symbols).map(|kind| {
                    all.push(Decl {
                        at,
                        doc: doc(),
                        kind,
                    });
                }),
                Read::Items(all) => ItemParser::new().parse(made, symbols).map(|kind| {
                    all.push(Item {
                        at,
                        doc: doc(),
                        kind,
                    });
                }),
                Read::Stmts(all) => StmtParser::new()
                    .parse(made, symbols)
                    .map(|kind| all.push(Stmt { at, kind })),
                Read::Arms(all) => {
                    ArmParser::new()
                        .parse(made, symbols)
                        .map(|(patterns, guard, body)| {
                            all.push(Arm {
                                patterns,
                                guard,
                                body,
                                at,
                            });
                        })
                }
                Read::Tests(all) => TestItemParser::new()
                    .parse(made, symbols)
                    .map(|kind| all.push(TestItem { at, kind })),
            };
            fault
                .err()
                .map(|fault| mistake::after(self.made.text, piece, place, fault))
        };
        let failed = told.is_some();
        let told = if bad || failed {
            match mistake::around(self.made.text, piece, place, told.as_ref()) {
                Some((error, of)) => {
                    let inside = |at: At| at.start >= of.start && at.end <= of.end;
                    self.made.errors.retain(|e| !inside(e.at));
                    Some(error)
                }
                None => told,
            }
        } else {
            told
        };
        // What is indented below a head that is none was meant as its body.
        let told = told.filter(|e| {
            !(matches!(e.kind, ErrorKind::StatementElsewhere(_))
                && frame.bad.is_some_and(|b| first.indent > b))
        });
        if bad || failed {
            frame.bad = Some(frame.bad.map_or(first.indent, |b| b.min(first.indent)));
        } else {
            frame.bad = None;
        }
        self.made.errors.extend(told);
        self.buffer.truncate(frame.start);
    }
}
