//! A tree as text, read again, is the same tree; and the text is laid out already.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use strowger_dial::parse;
use strowger_dial::print::format;
use strowger_dial::tree::*;
use strowger_dial::write::{write, write_with};

/// Makes trees out of random bytes; without bytes it makes the smallest.
struct Dice<'a> {
    bytes: std::iter::Copied<std::slice::Iter<'a, u8>>,
    depth: u32,
}

fn at() -> At {
    At::default()
}

fn expr(kind: ExprKind) -> Expr {
    Expr {
        at: at(),
        kind: Box::new(kind),
    }
}

fn constant(text: &str) -> Constant {
    Constant {
        text: text.into(),
        at: at(),
    }
}

impl Dice<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.bytes.next().unwrap_or(0) % sides
    }

    fn coin(&mut self) -> bool {
        self.roll(2) == 1
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::from(self.roll(all.len() as u8))].clone()
    }

    fn some<T>(&mut self, one: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.coin().then(|| one(self))
    }

    fn many<T>(&mut self, most: u8, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.roll(most + 1)).map(|_| one(self)).collect()
    }

    /// One more level, or the smallest thing where it is deep enough.
    fn deeper<T>(
        &mut self,
        small: impl FnOnce(&mut Self) -> T,
        large: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if self.depth >= 6 || self.bytes.len() == 0 {
            return small(self);
        }
        self.depth += 1;
        let out = large(self);
        self.depth -= 1;
        out
    }

    fn word(&mut self) -> Name {
        let text = self.of(&[
            "a", "exten", "caller_2", "_x", "conf", "switch", "exten_on", "x9",
        ]);
        Name {
            text: text.into(),
            at: at(),
        }
    }

    /// A name behind a dot or before a colon, where keywords are welcome.
    fn field(&mut self) -> Name {
        if self.coin() {
            return self.word();
        }
        let text = self.of(&["from", "on", "when", "if", "true", "to", "match"]);
        Name {
            text: text.into(),
            at: at(),
        }
    }

    fn upper(&mut self) -> Name {
        let text = self.of(&["Busy", "A", "Digits", "X1_y"]);
        Name {
            text: text.into(),
            at: at(),
        }
    }

    fn string(&mut self) -> Box<str> {
        let text = self.of(&[
            "",
            "a",
            "it's \"so\"",
            "{x}",
            "}{",
            "a\\b",
            "line\nline\tz",
            "é ☎",
            "${EXTEN}",
            "// no",
            "\u{1}",
        ]);
        text.into()
    }

    fn constant(&mut self) -> Constant {
        constant(&self.string())
    }

    fn digits(&mut self) -> Box<str> {
        self.of(&["0", "61", "0033", "18446744073709551616"]).into()
    }

    fn pattern(&mut self) -> Pattern {
        let mut parts = vec![];
        let mut named = true;
        for _ in 0..=self.roll(3) {
            // Two without names would be one.
            named = !named || self.coin();
            let text = self.of(&["X", "9[1-5]", "ZX.", "N!", "1-2"]);
            parts.push(PatternPart {
                name: named.then(|| self.word()),
                text: text.into(),
                at: at(),
            });
        }
        Pattern { at: at(), parts }
    }

    fn unit(&mut self) -> Unit {
        self.of(&[
            Unit::Milliseconds,
            Unit::Seconds,
            Unit::Minutes,
            Unit::Hours,
            Unit::Days,
        ])
    }

    fn ty(&mut self) -> Type {
        let name = self.upper();
        let args = self.deeper(|_| vec![], |d| d.many(2, Self::ty));
        Type {
            name,
            args,
            at: at(),
        }
    }

    fn path(&mut self) -> Path {
        Path {
            first: self.word(),
            rest: self.many(2, |d| {
                if d.coin() {
                    PathPart::Field(d.field())
                } else {
                    PathPart::Key(d.constant())
                }
            }),
            at: at(),
        }
    }

    fn number(&mut self) -> Number {
        match self.roll(3) {
            0 => Number::Digits(constant(&self.digits())),
            1 => Number::Text(self.constant()),
            _ => Number::Pattern(self.pattern()),
        }
    }

    fn atom(&mut self, in_text: bool) -> Expr {
        expr(match self.roll(if in_text { 7 } else { 8 }) {
            0 => ExprKind::Name(self.word()),
            1 => ExprKind::Int(self.digits()),
            2 => ExprKind::Raw(self.of(&["", "it's", "${A}", "a\\b"]).into()),
            3 => ExprKind::Pattern(self.pattern()),
            4 => ExprKind::Duration {
                number: self.digits(),
                unit: self.unit(),
            },
            5 => ExprKind::Bool(self.coin()),
            6 => ExprKind::Case(self.upper()),
            _ => {
                let mut parts = vec![];
                let mut text = true;
                for _ in 0..self.roll(4) {
                    // Neither empty nor beside each other.
                    text = !text || self.coin();
                    let string = self.string();
                    if text
                        && !matches!(parts.last(), Some(TextPart::Text(_)))
                        && !string.is_empty()
                    {
                        // `$` in front of a hole would be the variable of another language.
                        parts.push(TextPart::Text(format!("{string}.").into()));
                    } else {
                        parts.push(TextPart::Hole(self.simple(true)));
                    }
                }
                ExprKind::Text(parts)
            }
        })
    }

    /// A value that needs no parentheses in front of `.`, `(` and `[`.
    fn postfix(&mut self, in_text: bool) -> Expr {
        self.deeper(
            |d| d.atom(in_text),
            |d| {
                let kind = match d.roll(7) {
                    0 => return d.atom(in_text),
                    1 => ExprKind::Field {
                        of: d.postfix(in_text),
                        name: d.field(),
                    },
                    2 => ExprKind::Call {
                        callee: d.postfix(in_text),
                        args: d.many(3, |d| Arg {
                            name: d.some(Self::field),
                            value: d.simple(in_text),
                        }),
                    },
                    3 => ExprKind::Index {
                        of: d.postfix(in_text),
                        index: d.simple(in_text),
                    },
                    4 => {
                        let from = d.some(|d| d.simple(in_text));
                        let to = if from.is_none() || d.coin() {
                            Some(d.simple(in_text))
                        } else {
                            None
                        };
                        ExprKind::Slice {
                            of: d.postfix(in_text),
                            from,
                            to,
                        }
                    }
                    5 => ExprKind::List(d.many(3, |d| d.simple(in_text))),
                    _ => ExprKind::Group(d.simple(in_text)),
                };
                expr(kind)
            },
        )
    }

    /// Any value without braces; operands in parentheses, so that the tree says what the text says.
    fn simple(&mut self, in_text: bool) -> Expr {
        use BinaryOp::*;
        self.deeper(
            |d| d.atom(in_text),
            |d| match d.roll(4) {
                0 => d.postfix(in_text),
                1 => expr(ExprKind::Unary {
                    op: UnaryOp::Not,
                    of: d.postfix(in_text),
                }),
                2 => {
                    let once = expr(ExprKind::Unary {
                        op: UnaryOp::Neg,
                        of: d.postfix(in_text),
                    });
                    if d.coin() {
                        return once;
                    }
                    expr(ExprKind::Unary {
                        op: UnaryOp::Neg,
                        of: once,
                    })
                }
                _ => {
                    let op = d.of(&[
                        Pipe, Default, Or, And, Eq, Ne, Lt, Le, Gt, Ge, In, Add, Sub, Mul, Div, Rem,
                    ]);
                    let left = d.postfix(in_text);
                    let right = d.postfix(in_text);
                    let binary = |op, left, right| {
                        expr(ExprKind::Binary {
                            op,
                            op_at: at(),
                            left,
                            right,
                        })
                    };
                    let first = binary(op, left, right);
                    // A second one beside it, as the operators bind: to the right for `??`, else to the left.
                    match (op, d.coin()) {
                        (Eq | Ne | Lt | Le | Gt | Ge | In, _) | (_, false) => first,
                        (Default, true) => binary(op, d.postfix(in_text), first),
                        (_, true) => binary(op, first, d.postfix(in_text)),
                    }
                }
            },
        )
    }

    fn block(&mut self) -> Block {
        Block {
            at: at(),
            stmts: self.deeper(|_| vec![], |d| d.many(3, Self::stmt)),
        }
    }

    fn if_(&mut self) -> Expr {
        expr(ExprKind::If {
            condition: self.simple(false),
            then: self.block(),
            otherwise: self.some(|d| {
                d.deeper(
                    |_| {
                        Else::Block(Block {
                            at: at(),
                            stmts: vec![],
                        })
                    },
                    |d| {
                        if d.coin() {
                            Else::If(d.if_())
                        } else {
                            Else::Block(d.block())
                        }
                    },
                )
            }),
        })
    }

    fn expr(&mut self) -> Expr {
        self.deeper(
            |d| d.atom(false),
            |d| match d.roll(6) {
                0 => d.simple(false),
                1 => d.if_(),
                2 => expr(ExprKind::Match {
                    of: d.simple(false),
                    arms: d.many(3, Self::arm),
                }),
                3 => expr(ExprKind::Return(d.some(|d| d.simple(false)))),
                4 => expr(ExprKind::Goto(d.target())),
                _ => {
                    let target = d.target();
                    // `gosub office(a)` is a place that takes the whole list.
                    let lists = !matches!(
                        target,
                        Target::Dynamic { .. } | Target::Place { number: None, .. }
                    );
                    let args = match lists {
                        true => d.many(2, |d| d.simple(false)),
                        false => Vec::new(),
                    };
                    expr(ExprKind::Gosub { target, args })
                }
            },
        )
    }

    fn target(&mut self) -> Target {
        match self.roll(4) {
            0 => Target::Label(self.word()),
            1 => Target::Dynamic {
                name: self.path(),
                args: self.many(3, |d| d.simple(false)),
                at: at(),
            },
            2 => Target::Place {
                context: self.path(),
                number: None,
            },
            _ => Target::Place {
                context: self.path(),
                number: Some(if self.coin() {
                    TargetNumber::Computed(self.simple(false))
                } else {
                    TargetNumber::Fixed(self.number())
                }),
            },
        }
    }

    fn arm(&mut self) -> Arm {
        Arm {
            patterns: (0..=self.roll(2)).map(|_| self.arm_pattern()).collect(),
            guard: self.some(|d| d.simple(false)),
            body: if self.coin() {
                ArmBody::Expr(self.expr())
            } else {
                ArmBody::Block(self.block())
            },
            at: at(),
        }
    }

    fn arm_pattern(&mut self) -> ArmPattern {
        let kind = match self.roll(8) {
            0 => ArmPatternKind::Any,
            1 => ArmPatternKind::Name(self.word()),
            2 => {
                let digits = self.digits();
                ArmPatternKind::Int(if self.coin() {
                    format!("-{digits}").into()
                } else {
                    digits
                })
            }
            3 => ArmPatternKind::Text(self.constant()),
            4 => ArmPatternKind::Bool(self.coin()),
            5 => ArmPatternKind::Pattern(self.pattern()),
            6 => ArmPatternKind::Duration {
                number: self.digits(),
                unit: self.unit(),
            },
            _ => ArmPatternKind::Case {
                name: self.upper(),
                fields: self.deeper(|_| None, |d| d.some(|d| d.many(2, Self::arm_pattern))),
            },
        };
        ArmPattern { at: at(), kind }
    }

    fn stmt(&mut self) -> Stmt {
        let kind = match self.roll(9) {
            0 => StmtKind::Expr(self.expr()),
            1 => {
                let otherwise = self.some(Self::block);
                StmtKind::Let {
                    name: self.some(Self::word),
                    ty: self.some(Self::ty),
                    // An `else` belongs to an `if` that stands before it.
                    value: if otherwise.is_some() {
                        self.simple(false)
                    } else {
                        self.expr()
                    },
                    otherwise,
                }
            }
            2 => StmtKind::Var {
                name: self.word(),
                ty: self.some(Self::ty),
                value: self.expr(),
            },
            3 => StmtKind::Assign {
                place: self.postfix(false),
                value: self.expr(),
            },
            4 => StmtKind::While {
                condition: self.simple(false),
                body: self.block(),
            },
            5 => StmtKind::For {
                name: self.word(),
                list: self.simple(false),
                body: self.block(),
            },
            6 => StmtKind::Break,
            7 => StmtKind::Continue,
            _ => StmtKind::Label(self.word()),
        };
        Stmt { at: at(), kind }
    }

    fn item(&mut self) -> Item {
        let kind = match self.roll(3) {
            0 => ItemKind::Include {
                context: self.path(),
                condition: self.some(|d| (d.coin(), d.simple(false))),
            },
            1 => ItemKind::Hint {
                number: self.number(),
                device: self.simple(false),
            },
            _ => ItemKind::On {
                numbers: if self.coin() {
                    // An event of that name would be taken for a pattern of extensions.conf.
                    let event = self.of(&["start", "hangup", "x"]);
                    vec![Number::Event(Name {
                        text: event.into(),
                        at: at(),
                    })]
                } else {
                    (0..=self.roll(2)).map(|_| self.number()).collect()
                },
                from: self.some(Self::number),
                // There is nothing to return to.
                body: without_return(self.block()),
            },
        };
        Item {
            at: at(),
            doc: self.doc(),
            kind,
        }
    }

    fn doc(&mut self) -> Option<Box<str>> {
        let doc = self.of(&[
            "",
            "What it does.",
            "One.\n\nTwo, with a blank line before.",
            "  indented",
        ]);
        (!doc.is_empty()).then(|| doc.into())
    }

    fn variable(&mut self) -> Variable {
        Variable {
            name: self.word(),
            ty: self.ty(),
            value: self.some(Self::expr),
            conf: self.some(Self::constant),
        }
    }

    fn params(&mut self) -> Vec<Param> {
        self.many(3, |d| Param {
            name: d.word(),
            ty: d.ty(),
        })
    }

    fn decl(&mut self) -> Decl {
        let doc = self.doc();
        let kind = match self.roll(10) {
            0 => {
                let path: Vec<Name> = (0..=self.roll(3)).map(|_| self.word()).collect();
                let name = if self.coin() {
                    self.word()
                } else {
                    path.last().unwrap().clone()
                };
                DeclKind::Import { path, name }
            }
            1 => DeclKind::ImportConf {
                file: self.constant(),
                name: self.word(),
            },
            2 => DeclKind::Const {
                name: self.word(),
                ty: self.some(Self::ty),
                value: self.expr(),
            },
            3 => DeclKind::Global(self.variable()),
            4 => {
                let inherit = self.of(&[Inherit::None, Inherit::Once, Inherit::Ever]);
                DeclKind::Channel(inherit, self.variable())
            }
            5 => DeclKind::Enum {
                name: self.upper(),
                cases: self.many(3, |d| Case {
                    name: d.upper(),
                    fields: d.params(),
                }),
            },
            n @ (6 | 7) => {
                let result = if n == 6 || self.coin() {
                    Some(self.ty())
                } else {
                    None
                };
                let f = Callable {
                    name: self.word(),
                    conf: if n == 6 {
                        None
                    } else {
                        self.some(Self::constant)
                    },
                    params: self.params(),
                    result,
                    body: self.block(),
                };
                if n == 6 {
                    DeclKind::Fn(f)
                } else {
                    DeclKind::Sub(f)
                }
            }
            8 => DeclKind::Context {
                name: self.word(),
                conf: self.some(Self::constant),
                items: self.many(4, Self::item),
            },
            _ => DeclKind::Test {
                title: self.constant(),
                time: self.some(|d| d.postfix(false)),
                items: self.many(3, |d| {
                    let kind = match d.roll(4) {
                        0 => TestItemKind::Given {
                            place: d.postfix(false),
                            value: d.simple(false),
                        },
                        1 => TestItemKind::Call {
                            number: d.postfix(false),
                            from: d.some(|d| d.postfix(false)),
                            context: d.path(),
                            actions: d.some(|d| without_return(d.block())),
                        },
                        2 => TestItemKind::Expect(d.simple(false)),
                        _ => TestItemKind::Let {
                            name: d.word(),
                            value: d.simple(false),
                        },
                    };
                    TestItem { at: at(), kind }
                }),
            },
        };
        Decl {
            at: at(),
            doc,
            kind,
        }
    }
}

/// A block in which nothing returns: `hangup()` where something would.
fn without_return(block: Block) -> Block {
    if format!("{block:?}").contains("Return(") {
        return Block {
            at: at(),
            stmts: vec![],
        };
    }
    block
}

fn tree(bytes: &[u8]) -> Module {
    let mut dice = Dice {
        bytes: bytes.iter().copied(),
        depth: 0,
    };
    let mut decls = vec![];
    while dice.bytes.len() > 0 {
        decls.push(dice.decl());
    }
    Module { decls }
}

/// A tree in words, without its places.
fn shape(module: &Module) -> String {
    let all = format!("{module:?}");
    let mut out = String::with_capacity(all.len());
    for (i, part) in all.split("At { start: ").enumerate() {
        match part.split_once('}') {
            Some((_, rest)) if i > 0 => out.push_str(rest),
            _ => out.push_str(part),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_written_is_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let tree = tree(&bytes);
        let text = write(&tree);
        let read = parse(&text);
        prop_assert!(read.errors.is_empty(), "{:?}\n{text}", read.errors);
        prop_assert_eq!(shape(&read.module), shape(&tree), "{}", text);
        prop_assert_eq!(write(&read.module), text.clone());
        let laid = format(&text).unwrap();
        prop_assert_eq!(laid, text);
    }
}

#[test]
fn examples_come_through() {
    for text in [
        include_str!("examples/reception.dial"),
        include_str!("examples/migrated.dial"),
        include_str!("examples/tested.dial"),
    ] {
        let module = parse(text).module;
        let again = parse(&write(&module));
        assert!(again.errors.is_empty(), "{:?}", again.errors);
        assert_eq!(shape(&again.module), shape(&module));
    }
}

#[test]
fn written_by_hand() {
    let module = parse(include_str!("examples/migrated.dial")).module;
    let comments = |at: At| {
        if at.start == 0 || !at.start.is_multiple_of(3) {
            vec![]
        } else {
            vec!["why".to_owned(), String::new()]
        }
    };
    insta::assert_snapshot!(write_with(&module, &comments));
}

/// Operators of a tree get the parentheses that it needs, and no others.
#[test]
fn parentheses_stand_where_they_must() {
    let name = |text: &str| {
        expr(ExprKind::Name(Name {
            text: text.into(),
            at: at(),
        }))
    };
    let binary = |op, left: Expr, right: Expr| {
        expr(ExprKind::Binary {
            op,
            op_at: at(),
            left,
            right,
        })
    };
    use BinaryOp::*;
    let not = |of: Expr| {
        expr(ExprKind::Unary {
            op: UnaryOp::Not,
            of,
        })
    };
    let (a, b, c) = (name("a"), name("b"), name("c"));
    let cases = [
        (
            binary(Mul, binary(Add, a.clone(), b.clone()), c.clone()),
            "(a + b) * c",
        ),
        (
            binary(Add, binary(Mul, a.clone(), b.clone()), c.clone()),
            "a * b + c",
        ),
        (
            binary(Sub, a.clone(), binary(Sub, b.clone(), c.clone())),
            "a - (b - c)",
        ),
        (
            binary(Sub, binary(Sub, a.clone(), b.clone()), c.clone()),
            "a - b - c",
        ),
        (
            binary(Default, a.clone(), binary(Default, b.clone(), c.clone())),
            "a ?? b ?? c",
        ),
        (
            binary(Default, binary(Default, a.clone(), b.clone()), c.clone()),
            "(a ?? b) ?? c",
        ),
        (
            binary(Eq, binary(Lt, a.clone(), b.clone()), c.clone()),
            "(a < b) == c",
        ),
        (not(binary(And, a.clone(), b.clone())), "not (a and b)"),
        (binary(And, not(a.clone()), b.clone()), "not a and b"),
        (binary(Eq, not(a.clone()), b.clone()), "(not a) == b"),
        (
            expr(ExprKind::Field {
                of: binary(Add, a, b),
                name: Name {
                    text: "from".into(),
                    at: at(),
                },
            }),
            "(a + b).from",
        ),
    ];
    for (value, wanted) in cases {
        let decl = Decl {
            at: at(),
            doc: None,
            kind: DeclKind::Const {
                name: Name {
                    text: "x".into(),
                    at: at(),
                },
                ty: None,
                value,
            },
        };
        let text = write(&Module { decls: vec![decl] });
        assert_eq!(text, format!("const x = {wanted}\n"));
        assert!(parse(&text).errors.is_empty(), "{text}");
    }
}
