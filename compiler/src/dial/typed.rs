//! A program after checking: every name is resolved, every expression has its type, every option has its place. What
//! [`super::lower`] makes steps of. Only programs without errors get here.

use strowger_dial::tree::{At, BinaryOp};
use strowger_stdlib::words::Word;

use super::types::{EnumId, Enums, Type};
use crate::source::FileId;

/// All `.dial` files that belong together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) enums: Enums,
    pub(crate) variables: Vec<Variable>,
    /// Functions and subroutines of all files.
    pub(crate) subs: Vec<Sub>,
    pub(crate) contexts: Vec<Context>,
    /// Its files were migrated, and nobody has taken the mark away: bodies that run off their end do what lines of extensions.conf do.
    pub(crate) migrated: bool,
}

/// `global` or `channel`.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// Its name in `.dial`.
    pub(crate) name: String,
    /// Its name in a dialplan.
    pub(crate) conf: String,
    pub(crate) ty: Type,
    pub(crate) scope: Scope,
    /// The first value as text; `None` where none is written: empty.
    pub(crate) value: Option<String>,
    pub(crate) place: Place,
}

/// Where a variable lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    Global,
    /// `channel`: with as many `_` in front of its name when it is written.
    Channel(u8),
}

/// A place in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) file: FileId,
    pub(crate) at: At,
}

/// `fn` or `sub`. Its context in a dialplan has its name; it begins at `s,1`, its parameters are ARG1 and so on.
#[derive(Clone, Debug)]
pub(crate) struct Sub {
    /// The name of its context; names of different files may need another one.
    pub(crate) conf: String,
    /// The first locals of the body.
    pub(crate) params: usize,
    pub(crate) result: Type,
    pub(crate) body: Body,
    pub(crate) place: Place,
}

/// A context.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// Its name in a dialplan.
    pub(crate) conf: String,
    pub(crate) place: Place,
    pub(crate) includes: Vec<Include>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) hints: Vec<Hint>,
}

/// An include. `when` with several spans of hours is several includes.
#[derive(Clone, Debug)]
pub(crate) struct Include {
    /// The context's name in a dialplan.
    pub(crate) context: String,
    /// As a timed include writes it: `09:00-17:30,mon-fri,*,*`, with the zone as fifth field if there is one.
    pub(crate) times: Option<String>,
    pub(crate) place: Place,
}

/// One number or pattern of an `on`.
#[derive(Clone, Debug)]
pub(crate) struct Extension {
    /// As a dialplan writes it: `61`, `_10XX`, `s`, `h`.
    pub(crate) name: String,
    /// `from`, in the same spelling.
    pub(crate) from: Option<String>,
    /// `on message`: only texts, no calls.
    pub(crate) message: bool,
    pub(crate) place: Place,
    /// The same body stands here once for each number of an `on`.
    pub(crate) body: Body,
}

/// A hint.
#[derive(Clone, Debug)]
pub(crate) struct Hint {
    /// As a dialplan writes it.
    pub(crate) name: String,
    /// `PJSIP/61&SIP/62`
    pub(crate) devices: String,
    pub(crate) place: Place,
}

/// A local variable, by its number in [`Body::locals`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct LocalId(pub(crate) u32);

/// Statements with the locals that they use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    /// Parameters first, then in the order of declaration.
    pub(crate) locals: Vec<Local>,
    pub(crate) block: Block,
}

/// A local variable or parameter.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) name: String,
    pub(crate) ty: Type,
}

/// Statements, and the value of the last one if the block has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) value: Option<Expr>,
    /// Whether it can run off its end.
    pub(crate) ends: bool,
}

/// A statement.
#[derive(Clone, Debug)]
pub(crate) struct Stmt {
    pub(crate) place: Place,
    pub(crate) kind: StmtKind,
}

/// The kinds of statement.
#[derive(Clone, Debug)]
pub(crate) enum StmtKind {
    /// `let`, `var` and assignments to them.
    Set(LocalId, Expr),
    /// `let x = e else { }`: `e` has type `Option(T)`; the local has type `T`.
    Open {
        local: LocalId,
        value: Expr,
        otherwise: Block,
    },
    /// A write to a `global` or `channel`, by its number.
    Write(usize, Expr),
    /// A write to a place of the call: `caller.name`, `message.body`, `channel("X")`, `db("a/b")`. The text is what stands
    /// before `=` in Set.
    WriteTo(Text, Expr),
    While(Expr, Block),
    /// `for`: the elements, each an expression; the body once for each.
    For(LocalId, Vec<Expr>, Block),
    Break,
    Continue,
    Label(String),
    /// An expression; its value is not used.
    Expr(Expr),
}

/// An expression with its type.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) place: Place,
    pub(crate) ty: Type,
    pub(crate) kind: Box<ExprKind>,
}

/// A text with holes for variables and functions of the dialplan.
pub(crate) type Text = Vec<TextPart>;

/// A piece of a text.
#[derive(Clone, Debug)]
pub(crate) enum TextPart {
    /// Characters as they are to be in the value.
    Plain(String),
    /// Text of the dialplan language, written as it stands: `${CALLERID(num)}`.
    Asterisk(String),
    Value(Expr),
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    Int(i64),
    Bool(bool),
    /// In milliseconds.
    Duration(u64),
    /// Text; also endpoints, prompts, mailboxes: whatever is a text in a variable.
    Text(Text),
    Local(LocalId),
    /// A `global` or `channel`, by its number.
    Variable(usize),
    /// What stands at these bytes of EXTEN: from, and how many (none: the rest). A capture, or `exten` itself. Whether the pattern lets
    /// digits through only, whatever it is taken for.
    Exten {
        from: usize,
        length: Option<usize>,
        digits: bool,
    },
    /// A case of an enum, with what it carries.
    Case(EnumId, usize, Vec<Expr>),
    /// `None`, of an Option.
    Nothing,
    /// A value where an Option is wanted.
    Just(Expr),
    /// Elements.
    List(Vec<Expr>),
    /// A call of a word; arguments in the order of [`Word::params`].
    Word {
        word: &'static Word,
        args: Vec<Option<Expr>>,
    },
    /// `app("Name", 'args')`.
    App {
        name: String,
        args: Text,
    },
    /// A call of a sub or fn.
    Sub(usize, Vec<Expr>),
    /// `digits(e)`: Option(Digits).
    Digits(Expr),
    /// `keep(e, "0-9a-z")`: what is left of a text; the characters as FILTER writes them.
    Keep(Expr, String),
    /// Arithmetic on Int or Duration, comparison of these: `+ - * / %`, `< <= > >=`, `== !=`.
    Number(BinaryOp, Expr, Expr),
    /// `==` (true) or `!=` of two texts; of enums, and of Options of these, too.
    Same(bool, Expr, Expr),
    /// `and`, `or`.
    Both(Expr, Expr),
    Either(Expr, Expr),
    Not(Expr),
    /// A truth that stands in `$[ ]`, whatever it is.
    Bare(Expr),
    Neg(Expr),
    /// `a ?? b`.
    Default(Expr, Expr),
    /// Whether an Option holds something.
    IsSome(Expr),
    /// `now in hours`: one of these times, as a timed include writes them.
    InHours(Vec<String>),
    /// `e in pattern`: a regular expression that the whole text matches, with `^` and `$`.
    InPattern(Expr, String),
    /// `a[i..j]`, both constant: offset and length as `${x:o:l}` writes them.
    Slice(Expr, i64, Option<i64>),
    If(Expr, Block, Option<Block>),
    Match(Expr, Vec<Arm>),
    /// A block as a value.
    Block(Block),
    Return(Option<Expr>),
    /// `gosub` there, with what it is given: Raw.
    Gosub(Called, Vec<Expr>),
    /// `goto @label` of this body.
    GotoLabel(String),
    /// `goto context.number`: context and number as a dialplan writes them; priority 1. No context: this one.
    Goto(Option<String>, Text),
    /// `goto dynamic(c, e, p)`.
    GotoDynamic(Expr, Expr, Expr),
}

/// Where a `gosub` leads, as a `goto` does.
#[derive(Clone, Debug)]
pub(crate) enum Called {
    /// Context and number as a dialplan writes them.
    Place(String, Text),
    /// `dynamic(c, e, p)`.
    Dynamic(Expr, Expr, Expr),
}

/// An arm of a match.
#[derive(Clone, Debug)]
pub(crate) struct Arm {
    /// Any of these.
    pub(crate) tests: Vec<Test>,
    pub(crate) guard: Option<Expr>,
    pub(crate) body: Block,
    pub(crate) place: Place,
}

/// What an arm asks of the value. Bindings hold parts of it.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// Anything; bound to a local or not.
    Any(Option<LocalId>),
    Int(i64),
    Bool(bool),
    Duration(u64),
    /// From the first up to the last, without it.
    Range(Range),
    Text(String),
    /// A regular expression, with `^` and `$`; captures: locals with their stretch of the value.
    Pattern(String, Vec<(LocalId, usize, Option<usize>)>),
    Case(EnumId, usize, Vec<Test>),
    Nothing,
    Just(Box<Test>),
}

/// Numbers between two, or times in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Range {
    /// The first; none: from the smallest on.
    pub(crate) from: Option<i64>,
    /// Behind the last; none: to the largest.
    pub(crate) to: Option<i64>,
    /// They are times.
    pub(crate) time: bool,
}
