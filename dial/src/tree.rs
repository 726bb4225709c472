//! What a `.dial` file says: its declarations, with the places where they stand.

/// A range of bytes of the file: `start..end`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct At {
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl At {
    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: At) -> At {
        At {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// A word: what it is called, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The word.
    pub text: Box<str>,
    /// Where it stands.
    pub at: At,
}

/// A text in double quotes that must be constant: what it says after escapes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Constant {
    /// The text.
    pub text: Box<str>,
    /// Where it stands, with its quotes.
    pub at: At,
}

/// A file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Module {
    /// Its declarations, in their order; those that could not be read are left out.
    pub decls: Vec<Decl>,
}

/// A declaration.
#[derive(Clone, PartialEq, Debug)]
pub struct Decl {
    /// Where it stands, without its doc comment.
    pub at: At,
    /// The `///` lines before it, joined by line ends, without their marks.
    pub doc: Option<Box<str>>,
    /// What it says.
    pub kind: DeclKind,
}

/// The kinds of declaration.
#[derive(Clone, PartialEq, Debug)]
pub enum DeclKind {
    /// `import a/b as c`: another `.dial` file.
    Import {
        /// The path, without `.dial`.
        path: Vec<Name>,
        /// What it is called here.
        name: Name,
    },
    /// `import conf "f.conf" as c`: an extensions.conf.
    ImportConf {
        /// The file.
        file: Constant,
        /// What it is called here.
        name: Name,
    },
    /// `const x = e`.
    Const {
        /// Its name.
        name: Name,
        /// Its type, if it is written.
        ty: Option<Type>,
        /// Its value.
        value: Expr,
    },
    /// `global x: T = e as "NAME"`.
    Global(Variable),
    /// `channel inherit* x: T = e as "NAME"`.
    Channel(Inherit, Variable),
    /// `enum E { A, B(x: T) }`.
    Enum {
        /// Its name.
        name: Name,
        /// Its cases.
        cases: Vec<Case>,
    },
    /// `fn f(a: T) -> U { }`.
    Fn(Callable),
    /// `sub s(a: T) -> U { }`.
    Sub(Callable),
    /// `context c as "conf-name" { }`.
    Context {
        /// Its name in `.dial`.
        name: Name,
        /// Its name in extensions.conf, if another.
        conf: Option<Constant>,
        /// What it holds.
        items: Vec<Item>,
    },
    /// `test "…" at "…" { }`.
    Test {
        /// What it is called.
        title: Constant,
        /// `at`: when it happens.
        time: Option<Expr>,
        /// What it does.
        items: Vec<TestItem>,
    },
}

/// A variable that lives longer than a block.
#[derive(Clone, PartialEq, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its first value.
    pub value: Option<Expr>,
    /// Its name in extensions.conf, if another.
    pub conf: Option<Constant>,
}

/// Who inherits a channel variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inherit {
    /// Nobody.
    None,
    /// `inherit`: the next leg.
    Once,
    /// `inherit*`: all legs.
    Ever,
}

/// A case of an enum.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// Its name.
    pub name: Name,
    /// What it carries.
    pub fields: Vec<Param>,
}

/// A parameter, or a field of a case.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
}

/// A function or subroutine.
#[derive(Clone, PartialEq, Debug)]
pub struct Callable {
    /// Its name.
    pub name: Name,
    /// Its name in a dialplan, if that is another one.
    pub conf: Option<Constant>,
    /// Its parameters.
    pub params: Vec<Param>,
    /// What it returns, if it is written.
    pub result: Option<Type>,
    /// What it does.
    pub body: Block,
}

/// A type as written: `Option(Digits)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Type {
    /// Its name.
    pub name: Name,
    /// The types in parentheses.
    pub args: Vec<Type>,
    /// The whole of it.
    pub at: At,
}

/// What a context holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Where it stands, without its doc comment.
    pub at: At,
    /// The `///` lines before it.
    pub doc: Option<Box<str>>,
    /// What it says.
    pub kind: ItemKind,
}

/// The kinds of item.
#[derive(Clone, PartialEq, Debug)]
pub enum ItemKind {
    /// `include c when hours`.
    Include {
        /// The context.
        context: Path,
        /// `when` (true) or `unless` (false), and the hours.
        condition: Option<(bool, Expr)>,
    },
    /// `on 61, 62 from 1001 { }`, `on start { }`.
    On {
        /// The numbers, or one of the names.
        numbers: Vec<Number>,
        /// `from`: only calls of this number.
        from: Option<Number>,
        /// What happens.
        body: Block,
    },
    /// `hint 61 = pjsip("x")`.
    Hint {
        /// The number.
        number: Number,
        /// The device.
        device: Expr,
    },
}

/// What an extension answers to.
#[derive(Clone, PartialEq, Debug)]
pub enum Number {
    /// `61`: the digits as written.
    Digits(Constant),
    /// `"reception"`.
    Text(Constant),
    /// `` `9{n: NXX}` ``.
    Pattern(Pattern),
    /// `start`, `invalid` and the like.
    Event(Name),
}

impl Number {
    /// Where it stands.
    pub fn at(&self) -> At {
        match self {
            Number::Digits(c) | Number::Text(c) => c.at,
            Number::Pattern(p) => p.at,
            Number::Event(n) => n.at,
        }
    }
}

/// A pattern in back-quotes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    /// With its back-quotes.
    pub at: At,
    /// Its parts from left to right.
    pub parts: Vec<PatternPart>,
}

/// A stretch of a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatternPart {
    /// The name in front of `:`, if the part stands in braces.
    pub name: Option<Name>,
    /// The pattern characters as written, in Asterisk's alphabet with capital classes.
    pub text: Box<str>,
    /// Where the pattern characters stand.
    pub at: At,
}

/// A name with qualifiers: `legacy["features"]`, `reception`, `a.b`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// The first word.
    pub first: Name,
    /// What follows it.
    pub rest: Vec<PathPart>,
    /// The whole of it.
    pub at: At,
}

/// What may follow the first word of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PathPart {
    /// `.b`.
    Field(Name),
    /// `["b"]`.
    Key(Constant),
}

/// Statements in braces.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// With its braces.
    pub at: At,
    /// In their order.
    pub stmts: Vec<Stmt>,
}

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub struct Stmt {
    /// Where it stands.
    pub at: At,
    /// What it says.
    pub kind: StmtKind,
}

/// The kinds of statement.
#[derive(Clone, PartialEq, Debug)]
pub enum StmtKind {
    /// `let x: T = e`, `let x = e else { }`, `let _ = e`.
    Let {
        /// The name; none for `_`.
        name: Option<Name>,
        /// Its type, if it is written.
        ty: Option<Type>,
        /// Its value.
        value: Expr,
        /// What happens where the value is `None`.
        otherwise: Option<Block>,
    },
    /// `var x: T = e`.
    Var {
        /// The name.
        name: Name,
        /// Its type, if it is written.
        ty: Option<Type>,
        /// Its first value.
        value: Expr,
    },
    /// `place = e`.
    Assign {
        /// What is written to.
        place: Expr,
        /// The value.
        value: Expr,
    },
    /// `while e { }`.
    While {
        /// The condition.
        condition: Expr,
        /// What is repeated.
        body: Block,
    },
    /// `for x in e { }`.
    For {
        /// The name.
        name: Name,
        /// The list.
        list: Expr,
        /// What is repeated.
        body: Block,
    },
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `label x`.
    Label(Name),
    /// An expression.
    Expr(Expr),
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// Where it stands.
    pub at: At,
    /// What it is.
    pub kind: Box<ExprKind>,
}

/// The kinds of expression.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// `42`. The digits as written: whether they fit is for the checker to say.
    Int(Box<str>),
    /// `"a {e} b"`.
    Text(Vec<TextPart>),
    /// `'${A}'`: text as it stands, `''` undone.
    Raw(Box<str>),
    /// `` `NXX` ``.
    Pattern(Pattern),
    /// `90s`, `500ms`, `5m`, `2h`, `1d`.
    Duration {
        /// The digits as written.
        number: Box<str>,
        /// `ms`, `s`, `m`, `h` or `d`.
        unit: Unit,
    },
    /// `true`, `false`.
    Bool(bool),
    /// `exten`.
    Name(Name),
    /// `Busy`: a case, without what it carries.
    Case(Name),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `f(a, name: b)`, `Support("q1")`, `a.f(b)`.
    Call {
        /// What is called: a name, a case or a field.
        callee: Expr,
        /// In their order.
        args: Vec<Arg>,
    },
    /// `a.b`.
    Field {
        /// Of what.
        of: Expr,
        /// Which. Keywords are allowed.
        name: Name,
    },
    /// `a[i]`.
    Index {
        /// Of what.
        of: Expr,
        /// Which.
        index: Expr,
    },
    /// `a[i..j]`, `a[i..]`, `a[..j]`.
    Slice {
        /// Of what.
        of: Expr,
        /// First.
        from: Option<Expr>,
        /// Behind the last.
        to: Option<Expr>,
    },
    /// `not e`, `-e`.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        of: Expr,
    },
    /// `a + b`, `a |> f()`, `a ?? b`.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Where the operator stands.
        op_at: At,
        /// Left of it.
        left: Expr,
        /// Right of it.
        right: Expr,
    },
    /// `(e)`.
    Group(Expr),
    /// `if c { } else { }`.
    If {
        /// The condition.
        condition: Expr,
        /// What happens if it holds.
        then: Block,
        /// What happens else: a block, or a further `if`.
        otherwise: Option<Else>,
    },
    /// `match e { }`.
    Match {
        /// What is looked at.
        of: Expr,
        /// The arms in their order.
        arms: Vec<Arm>,
    },
    /// `return e`.
    Return(Option<Expr>),
    /// `gosub target(args)`.
    Gosub {
        /// Where it leads. A place that takes the whole list is [`Target::Dynamic`]: `gosub office(a)`.
        target: Target,
        /// What it is given.
        args: Vec<Expr>,
    },
    /// `goto target`.
    Goto(Target),
}

/// A piece of a text.
#[derive(Clone, PartialEq, Debug)]
pub enum TextPart {
    /// Characters, escapes undone.
    Text(Box<str>),
    /// `{e}`.
    Hole(Expr),
}

/// Units of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// `ms`
    Milliseconds,
    /// `s`
    Seconds,
    /// `m`
    Minutes,
    /// `h`
    Hours,
    /// `d`
    Days,
}

impl Unit {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::Minutes => "m",
            Unit::Hours => "h",
            Unit::Days => "d",
        }
    }

    /// How many milliseconds it has.
    pub fn milliseconds(self) -> u64 {
        match self {
            Unit::Milliseconds => 1,
            Unit::Seconds => 1_000,
            Unit::Minutes => 60_000,
            Unit::Hours => 3_600_000,
            Unit::Days => 86_400_000,
        }
    }
}

/// An argument.
#[derive(Clone, PartialEq, Debug)]
pub struct Arg {
    /// `name:`, if it is written. Keywords are allowed.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// Operators with one operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    /// `not`
    Not,
    /// `-`
    Neg,
}

/// Operators with two operands, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    /// `|>`
    Pipe,
    /// `??`
    Default,
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`
    In,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
}

impl BinaryOp {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            BinaryOp::Pipe => "|>",
            BinaryOp::Default => "??",
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::In => "in",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
        }
    }
}

/// What follows `else`.
#[derive(Clone, PartialEq, Debug)]
pub enum Else {
    /// `{ }`
    Block(Block),
    /// `if … { }`
    If(Expr),
}

/// An arm of a match.
#[derive(Clone, PartialEq, Debug)]
pub struct Arm {
    /// The patterns, parted by `|`.
    pub patterns: Vec<ArmPattern>,
    /// `if e`.
    pub guard: Option<Expr>,
    /// What happens.
    pub body: ArmBody,
    /// The whole of it.
    pub at: At,
}

/// What an arm does.
#[derive(Clone, PartialEq, Debug)]
pub enum ArmBody {
    /// An expression.
    Expr(Expr),
    /// A block.
    Block(Block),
}

/// What an arm is for.
#[derive(Clone, PartialEq, Debug)]
pub struct ArmPattern {
    /// Where it stands.
    pub at: At,
    /// What it is.
    pub kind: ArmPatternKind,
}

/// The kinds of arm pattern.
#[derive(Clone, PartialEq, Debug)]
pub enum ArmPatternKind {
    /// `Support(q)`.
    Case {
        /// The case.
        name: Name,
        /// What it carries; none where no parentheses stand.
        fields: Option<Vec<ArmPattern>>,
    },
    /// `x`: anything, by this name.
    Name(Name),
    /// `_`.
    Any,
    /// `42`, `-1`.
    Int(Box<str>),
    /// `"text"`.
    Text(Constant),
    /// `true`, `false`.
    Bool(bool),
    /// `` `NXX` ``.
    Pattern(Pattern),
    /// `5s`.
    Duration {
        /// The digits as written.
        number: Box<str>,
        /// The unit.
        unit: Unit,
    },
    /// `1..10`, `..10`, `5s..`: from the first up to the last, without it.
    Range {
        /// The first.
        from: Option<Bound>,
        /// Behind the last.
        to: Option<Bound>,
    },
}

/// An end of a range.
#[derive(Clone, PartialEq, Debug)]
pub enum Bound {
    /// `42`, `-1`.
    Int(Box<str>),
    /// `5s`.
    Duration {
        /// The digits as written.
        number: Box<str>,
        /// The unit.
        unit: Unit,
    },
}

/// Where a `goto` leads.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// `@name`: a label of this body.
    Label(Name),
    /// `phones.61`, `reception`, `legacy["x"].(n)`.
    Place {
        /// The context.
        context: Path,
        /// The number; none: where the call stands now, or `start`.
        number: Option<TargetNumber>,
    },
    /// `dynamic(c, e, p)`.
    Dynamic {
        /// What is called; only `dynamic` means something.
        name: Path,
        /// Its arguments.
        args: Vec<Expr>,
        /// The whole of it.
        at: At,
    },
}

/// The number of a `goto`.
#[derive(Clone, PartialEq, Debug)]
pub enum TargetNumber {
    /// `.61`.
    Fixed(Number),
    /// `.(e)`.
    Computed(Expr),
}

/// What a test does.
#[derive(Clone, PartialEq, Debug)]
pub struct TestItem {
    /// Where it stands.
    pub at: At,
    /// What it says.
    pub kind: TestItemKind,
}

/// The kinds of test item.
#[derive(Clone, PartialEq, Debug)]
pub enum TestItemKind {
    /// `given place = value`.
    Given {
        /// What is preset.
        place: Expr,
        /// To what.
        value: Expr,
    },
    /// `call 61 from "1002" in office { }`.
    Call {
        /// The number that is called.
        number: Expr,
        /// Who calls.
        from: Option<Expr>,
        /// In which context.
        context: Path,
        /// What the caller does.
        actions: Option<Block>,
    },
    /// `expect e`.
    Expect(Expr),
    /// `let x = e`.
    Let {
        /// The name.
        name: Name,
        /// The value.
        value: Expr,
    },
}
