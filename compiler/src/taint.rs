//! Taint: which texts of a plan a caller chooses, what they may hold, and how they come to the place where they are used.
//!
//! A [`Value`] says for a text which bytes of it a caller may have chosen, and by which way: a set of bytes and a trail for each
//! way. Cleaning is not a flag: `FILTER(0-9,...)`, a pattern of fixed length, or a checked `REGEX` leave a smaller set of bytes, and
//! each use asks whether the set holds what is dangerous there: `&` in a dial string, `$` in a shell, `'` in SQL.
//!
//! Within an extension, steps are followed in their order, also over jumps inside of it. What is read there and not set before
//! is what any other extension may have left in the variable; whether a call can come from there is asked when something is
//! found ([`Taint::credible`]).

mod reading;
mod source;
mod steps;
mod written;

use strowger_stdlib::table::QuickMap;

use strowger_stdlib::Dialect;
use strowger_stdlib::signatures::Version;

use crate::pattern::ByteSet;
use crate::source::Span;
use crate::ways::{Node, Ways};

use reading::Term;
pub(crate) use source::Source;
pub(crate) use steps::At;

use written::Op;

/// Ways by which bytes come to one text; further ones are not followed.
const PIECES: usize = 6;
/// Steps of a trail; longer ones end here.
const TRAIL: u32 = 12;
/// Passes over the plan; what has not settled by then stays as it is.
const ROUNDS: usize = 8;
/// Values that one subroutine is given and that are followed.
const ARGUMENTS: usize = 32;

/// A variable, by number.
pub(crate) type Var = u32;
/// A trail, by number.
pub(crate) type Mark = u32;

/// Bytes that a caller may have chosen, and how they came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    pub(crate) bytes: ByteSet,
    pub(crate) trail: Mark,
}

/// What a caller may have chosen of a text; empty: nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Value(pub(crate) Vec<Piece>);

/// One step on the way of a caller's text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Trail {
    pub(crate) link: Link,
    /// Where.
    pub(crate) span: Span,
    /// The extension in which this stands.
    pub(crate) node: Node,
    pub(crate) before: Option<Mark>,
}

/// What happens in a step of a trail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Link {
    /// The text comes into the plan.
    From(Source),
    /// It is put into a variable.
    Set(Var),
    /// It is given to a subroutine.
    Given,
    /// It is dialled by a jump.
    Dialled,
}

impl Value {
    /// Both.
    fn join(&mut self, other: &Value) {
        for piece in &other.0 {
            self.add(*piece);
        }
    }

    fn add(&mut self, piece: Piece) {
        if piece.bytes.is_empty() {
            return;
        }
        if let Some(same) = self.0.iter_mut().find(|p| p.trail == piece.trail) {
            same.bytes = same.bytes.or(piece.bytes);
        } else if self.0.len() < PIECES {
            self.0.push(piece);
        } else if let Some(least) = self.0.iter_mut().min_by_key(|p| p.bytes.len())
            && least.bytes.len() < piece.bytes.len()
        {
            // Those that may hold the most stay.
            *least = piece;
        }
    }

    /// Only these bytes are left.
    fn masked(&self, allowed: ByteSet) -> Value {
        let mut out = Value::default();
        for piece in &self.0 {
            out.add(Piece {
                bytes: piece.bytes.and(allowed),
                ..*piece
            });
        }
        out
    }
}

/// The taint of a plan.
pub(crate) struct Taint<'a> {
    pub(crate) ways: &'a Ways<'a>,
    pub(crate) dialect: &'a Dialect,
    names: QuickMap<Vec<u8>, Var>,
    /// By variable: its name, and what it is when nothing has set it.
    vars: Vec<(Vec<u8>, Option<Source>)>,
    trails: Vec<Trail>,
    lengths: Vec<u32>,
    marks: QuickMap<Trail, Mark>,
    /// What each extension does, gathered once.
    ops: Vec<Vec<Op>>,
    /// What a variable may be left with by any extension.
    left: QuickMap<Var, Value>,
    /// What subroutines are given, by node.
    given: QuickMap<Node, Vec<Value>>,
    /// What jumps dial, by node.
    dialled: QuickMap<Node, Value>,
    /// Contexts in which somebody may dial.
    open: Vec<bool>,
    /// `${EXTEN}` on entry, by extension.
    exten: Vec<Value>,
    changed: bool,
}

impl<'a> Taint<'a> {
    /// Follows all texts of the plan. `open` says for each context whether calls from outside the plan are looked up in it.
    pub(crate) fn new(ways: &'a Ways<'a>, dialect: &'a Dialect, open: Vec<bool>) -> Taint<'a> {
        let mut taint = Taint {
            ways,
            dialect,
            names: QuickMap::default(),
            vars: Vec::new(),
            trails: Vec::new(),
            lengths: Vec::new(),
            marks: QuickMap::default(),
            ops: Vec::new(),
            left: QuickMap::default(),
            given: QuickMap::default(),
            dialled: QuickMap::default(),
            open,
            exten: Vec::new(),
            changed: false,
        };
        taint.gather();
        for _ in 0..ROUNDS {
            taint.changed = false;
            taint.dial_in();
            for node in 0..taint.ops.len() {
                if !taint.ops[node].is_empty() {
                    taint.follow(node as Node, None);
                }
            }
            if !taint.changed {
                break;
            }
        }
        taint
    }

    fn var(&mut self, name: &[u8]) -> Var {
        if let Some(var) = self.names.get(name) {
            return *var;
        }
        let var = self.vars.len() as Var;
        // Nothing fills the old names any more: they are empty.
        let gone = source::is_old(name) && self.dialect.release() >= Version(1, 6, 0);
        let source = source::of_variable(name).filter(|_| !gone);
        self.vars.push((name.to_vec(), source));
        self.names.insert(name.to_vec(), var);
        var
    }

    /// The name of a variable.
    pub(crate) fn name(&self, var: Var) -> &[u8] {
        &self.vars[var as usize].0
    }

    /// A trail.
    pub(crate) fn trail(&self, mark: Mark) -> &Trail {
        &self.trails[mark as usize]
    }

    fn mark(&mut self, trail: Trail) -> Mark {
        if let Some(mark) = self.marks.get(&trail) {
            return *mark;
        }
        let length = trail.before.map_or(0, |b| self.lengths[b as usize] + 1);
        // Round a loop, a text comes by the same places again.
        let mut at = trail.before;
        while let Some(mark) = at {
            let before = self.trails[mark as usize];
            if before.span == trail.span && before.link == trail.link {
                return mark;
            }
            at = before.before;
        }
        if let Some(before) = trail.before
            && length > TRAIL
        {
            return before;
        }
        let mark = self.trails.len() as Mark;
        self.trails.push(trail);
        self.lengths.push(length);
        self.marks.insert(trail, mark);
        mark
    }

    /// A value that has come one step further.
    fn on(&mut self, value: &Value, link: Link, span: Span, node: Node) -> Value {
        let mut out = Value::default();
        for piece in &value.0 {
            let trail = self.mark(Trail {
                link,
                span,
                node,
                before: Some(piece.trail),
            });
            out.add(Piece {
                bytes: piece.bytes,
                trail,
            });
        }
        out
    }

    /// The steps of a trail, the source first.
    pub(crate) fn path(&self, mark: Mark) -> Vec<&Trail> {
        let mut path = Vec::new();
        let mut at = Some(mark);
        while let Some(mark) = at {
            let trail = self.trail(mark);
            path.push(trail);
            at = trail.before;
        }
        path.reverse();
        path
    }

    /// Where a text comes from.
    pub(crate) fn source(&self, mark: Mark) -> Source {
        match self.path(mark).first().map(|t| t.link) {
            Some(Link::From(source)) => source,
            _ => Source::Dialled,
        }
    }

    /// Whether a call can take the whole way of a trail, to a use in an extension.
    pub(crate) fn credible(&self, mark: Mark, user: Node) -> bool {
        let mut nodes: Vec<Node> = self.path(mark).iter().map(|t| t.node).collect();
        nodes.push(user);
        nodes
            .windows(2)
            .all(|pair| self.ways.flows(pair[0], pair[1]))
    }
}
